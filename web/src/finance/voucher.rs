//! Manual vouchers (手工凭证): written by a bookkeeper with the document it is based on, handed in, posted by a head of finance who had no
//! part in it, taken back by its mirror (红字冲销).

use app::problem::Problem;
use app::vouchers::{NewVoucher, OldLine, READERS, Voucher, object};
use domain::role::Role;
use domain::voucher::{VoucherKind, VoucherState};
use domain::{AttachmentId, ManualVoucherId};
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::lines::{Chart, sums};
use super::shelf::Shelf;
use super::{entry, words};
use crate::console::paper;
use crate::console::people::Names;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::{Html, PageError};
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words as all_words;

/// Who writes and hands in.
pub(super) const AUTHORS: [Role; 1] = [Role::Bookkeeper];
/// Who posts and sends back.
const POSTERS: [Role; 1] = [Role::FinanceHead];
/// The chart of today, and the one before it.
const CHARTS: [(&str, &str); 2] = [("2024", "现行制度（2024）"), ("2004", "2004年制度，换算为现行科目")];
/// What a person may begin.
const KINDS: [VoucherKind; 3] = [VoucherKind::Ordinary, VoucherKind::Adjustment, VoucherKind::Opening];

pub(super) fn path(id: ManualVoucherId) -> String {
    format!("/console/vouchers/{id}")
}

/// The pages of vouchers beside each other.
pub(super) fn tabs(shelf: &Shelf, here: &str) -> Markup {
    html! {
        nav class="tabs" aria-label="手工凭证" {
            @for (page, word) in [("vouchers", "凭证"), ("voucher-templates", "周期凭证")] {
                a href={ "/console/" (page) "?" (shelf.query()) } aria-current=[(page == here).then_some("page")] { (word) }
            }
        }
    }
}

/// The vouchers of a book, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer, &asked).await?;
    let state = asked.read::<all_words::Key<VoucherState>>("state")?.map(|key| key.0);
    let rows = officer.app.vouchers.page(shelf.book.id, state, &officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let names = Names::of(&officer, rows.iter().map(|one| one.row.author_id)).await?;
    let columns = [
        column("摘要"),
        column("种类"),
        column("状态"),
        numbers("金额"),
        column("业务日期"),
        column("记账日期"),
        column("制单人"),
    ];
    let cells = |one: Voucher| {
        let lead = path(one.row.id);
        vec![
            Cell::link(&lead, one.row.summary),
            Cell::text(words::voucher_kind(one.row.kind)),
            Cell::badge(words::voucher(one.row.state)),
            Cell::yuan_of(one.row.total_fen, &lead),
            Cell::day(one.row.event_date),
            Cell::or_none(one.booked, |(day, _)| Cell::day(day)),
            Cell::text(names.name(one.row.author_id)),
        ]
    };
    let table = Table::new("手工凭证", &columns, "没有这样的凭证。");
    let table = table.page(&asked, rows, |one| one.row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let states = all_words::all(|state: VoucherState| words::voucher(state).0);
    let content = html! {
        (part::heading("手工凭证", &html! {
            span class="faint" { (shelf.book.name) }
            @if officer.keeps(&AUTHORS, shelf.book.id) { a class="button primary" href={ "/console/vouchers/new?" (shelf.query()) } { "填制凭证" } }
        }))
        (tabs(&shelf, "vouchers"))
        (table::filter(&asked, &html! { (shelf.choice()) (table::filter_choice(&asked, "state", "状态", &states)) }))
        (table.show(&asked))
    };
    Ok(officer.page("手工凭证", &[("/console", "工作台")], &content).into_response())
}

/// Which chart the lines of a form are written in: only opening balances may come from the chart before.
fn chart_of(form: &Form) -> &str {
    let old = form.get("kind") == "opening" && form.get("chart") == ledger::OLD_CHART;
    if old { ledger::OLD_CHART } else { "2024" }
}

/// The form of a voucher; `edits` is the draft it rewrites.
async fn ask(
    officer: &Officer,
    shelf: &Shelf,
    edits: Option<ManualVoucherId>,
    typed: &Typed,
    more: Markup,
) -> Result<Response, PageError> {
    let form = typed.form();
    let chart = Chart::of(officer, shelf.book.id, chart_of(form)).await?;
    let kinds: Vec<(String, String)> =
        KINDS.iter().map(|kind| (all_words::key(*kind), words::voucher_kind(*kind).to_owned())).collect();
    let charts = CHARTS.map(|(key, word)| (key.to_owned(), word.to_owned()));
    let opening = form.get("kind") == "opening";
    let title = if edits.is_some() { "修改凭证" } else { "填制凭证" };
    let to = edits.map_or_else(|| "/console/vouchers".to_owned(), |id| format!("{}/edit", path(id)));
    let content = html! {
        (part::heading(title, &html! { span class="faint" { (shelf.book.name) } }))
        p class="note" {
            "有专门办理方式的业务不在这里填：捐赠、微信收付、退款、项目支出、解除限定和年终结转由各自的办理入账。"
            "保存后上传单据，提交给财务负责人审核记账。"
        }
        (part::alert(typed))
        (officer.form(&to, &html! {
            (part::new_id(typed))
            input type="hidden" name="book" value=(shelf.book.code);
            div class="fields" {
                @if edits.is_some() { input type="hidden" name="kind" value=(form.get("kind")); } @else {
                    (Field::choice(typed, "kind", "种类", &kinds).required().hint("期初余额每个账套登记一次；审计调整只针对已结转、尚未审计的年度。"))
                }
                (Field::day(typed, "event_date", "业务日期").required())
                @if opening && edits.is_none() { (Field::choice(typed, "chart", "科目按", &charts)) }
            }
            (Field::text(typed, "summary", "摘要").required().longest(200))
            fieldset { legend { "分录" } (chart.rows(typed)) }
            (more)
            div class="go" {
                button type="submit" class="primary" { "保存草稿" }
                @if opening && edits.is_none() { button type="submit" name="do" value="trial" formnovalidate { "试算换算" } }
                button type="submit" name="do" value="more" formnovalidate { "增加几行" }
            }
        }))
    };
    Ok(officer.shown(title, &[("/console/vouchers", "手工凭证")], &content, typed))
}

/// The form of a new voucher.
#[handler]
pub(super) async fn get_blank(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&AUTHORS)?;
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer, &asked).await?;
    let kind = asked.get("kind").unwrap_or("ordinary");
    let form = Form::of([("kind", kind.to_owned()), ("event_date", officer.app.business.today().to_string())]);
    ask(&officer, &shelf, None, &Typed::fresh(form), nothing()).await
}

fn voucher(officer: &Officer, shelf: &Shelf, chart: &Chart, form: &Form) -> Result<NewVoucher, Problem> {
    officer.member.must_be(&AUTHORS)?;
    let mut check = form.check();
    let (id, event_date) = (check.id("id"), check.day("event_date"));
    let kind = check.choice::<all_words::Key<VoucherKind>>("kind");
    let summary = check.text("summary");
    check.done()?;
    let (Some(kind), Some(event_date)) = (kind, event_date) else { return Err(Problem::field("kind", "请选择")) };
    Ok(NewVoucher { id, book: shelf.book.id, kind: kind.0, event_date, summary, lines: chart.read(form)? })
}

/// What a conversion from the chart of 2004 would give.
async fn trial(officer: &Officer, shelf: &Shelf, old: &[OldLine]) -> Result<Markup, PageError> {
    let trial = officer.app.vouchers.convert(shelf.book.id, old, &officer.member).await?;
    let today = Chart::of(officer, shelf.book.id, "2024").await?;
    let columns = [column("2004年科目"), column("现行科目"), column("说明")];
    let table = Table::new("科目换算", &columns, "没有可换算的行。").whole(trial.lines.iter().map(|line| {
        let to = line.to.as_ref().map(|(code, name)| format!("{code} {name}"));
        vec![
            Cell::text(format!("{} {}", line.from.account.subject, line.from_name)),
            Cell::or_none(to, Cell::text),
            Cell::text(line.problem.unwrap_or_default()),
        ]
    }));
    let sum = |(debit, credit)| html! { "借方 " (part::yuan(debit)) "，贷方 " (part::yuan(credit)) };
    Ok(part::block(
        "换算结果（尚未保存）",
        &html! {
            (table.plain())
            (part::facts(&[("换算前", sum(trial.before)), ("换算后", sum(trial.after))]))
            @if !trial.voucher.is_empty() { (today.table(&trial.voucher)) }
        },
    ))
}

/// Writes a draft; or more rows, or a trial of the conversion.
#[handler]
pub(super) async fn post_write(officer: Officer, form: Form) -> Result<Response, PageError> {
    officer.must_be(&AUTHORS)?;
    let shelf = Shelf::named(&officer, form.given("book")).await?;
    let chart = Chart::of(&officer, shelf.book.id, chart_of(&form)).await?;
    let old = |form: &Form| -> Result<Vec<OldLine>, Problem> {
        let lines = chart.read(form)?.into_iter();
        Ok(lines.map(|line| OldLine { account: line.account, side: line.side, amount: line.amount }).collect())
    };
    if form.get("do") == "more" {
        return ask(&officer, &shelf, None, &Typed::fresh(form), nothing()).await;
    }
    if form.get("do") == "trial" {
        let shown = match old(&form) {
            Ok(old) => trial(&officer, &shelf, &old).await,
            Err(problem) => Err(problem.into()),
        };
        return match shown {
            Ok(shown) => ask(&officer, &shelf, None, &Typed::fresh(form), shown).await,
            Err(refused) => ask(&officer, &shelf, None, &Typed::refused(&form, refused.0), nothing()).await,
        };
    }
    let written: Result<Voucher, Problem> = async {
        let new = voucher(&officer, &shelf, &chart, &form)?;
        let (vouchers, by) = (&officer.app.vouchers, &officer.member);
        if chart_of(&form) == ledger::OLD_CHART {
            let old = old(&form)?;
            return Ok(vouchers.open_converted(new.id, (new.book, new.event_date), &new.summary, &old, by).await?);
        }
        Ok(vouchers.draft(new, by).await?)
    }
    .await;
    match written {
        Ok(voucher) => Ok(officer.done("草稿已保存。请上传单据，再提交审核。", &path(voucher.row.id))),
        Err(refused) => ask(&officer, &shelf, None, &Typed::refused(&form, refused), nothing()).await,
    }
}

/// The shelf with the book of a voucher on top.
async fn shelf_of(officer: &Officer, voucher: &Voucher) -> Result<Shelf, PageError> {
    let mut shelf = Shelf::named(officer, None).await?;
    if let Some(book) = shelf.books.iter().find(|book| book.id == voucher.row.book_id) {
        shelf.book = book.clone();
    }
    Ok(shelf)
}

/// The form of a draft.
#[handler]
pub(super) async fn get_rewrite(officer: Officer, Path(id): Path<ManualVoucherId>) -> Result<Response, PageError> {
    officer.must_be(&AUTHORS)?;
    let voucher = officer.app.vouchers.get(id, &officer.member).await?;
    let shelf = shelf_of(&officer, &voucher).await?;
    let chart = Chart::of(&officer, shelf.book.id, "2024").await?;
    let mut form = Form::of([
        ("id", id.to_string()),
        ("kind", all_words::key(voucher.row.kind)),
        ("event_date", voucher.row.event_date.to_string()),
        ("summary", voucher.row.summary.clone()),
    ]);
    chart.typed(&mut form, &voucher.lines);
    ask(&officer, &shelf, Some(id), &Typed::fresh(form), nothing()).await
}

/// Rewrites a draft.
#[handler]
pub(super) async fn post_save(
    officer: Officer,
    Path(id): Path<ManualVoucherId>,
    form: Form,
) -> Result<Response, PageError> {
    let standing = officer.app.vouchers.get(id, &officer.member).await?;
    let shelf = shelf_of(&officer, &standing).await?;
    if form.get("do") == "more" {
        return ask(&officer, &shelf, Some(id), &Typed::fresh(form), nothing()).await;
    }
    let chart = Chart::of(&officer, shelf.book.id, "2024").await?;
    let saved: Result<Voucher, Problem> = async {
        let new = NewVoucher { id, ..voucher(&officer, &shelf, &chart, &form)? };
        Ok(officer.app.vouchers.edit(new, &officer.member).await?)
    }
    .await;
    match saved {
        Ok(_) => Ok(officer.done("草稿已保存。", &path(id))),
        Err(refused) => ask(&officer, &shelf, Some(id), &Typed::refused(&form, refused), nothing()).await,
    }
}

/// What the rows of a form add up to, while they are typed.
#[handler]
pub(super) async fn post_sums(officer: Officer, form: Form) -> Result<Html, PageError> {
    officer.must_be(&AUTHORS)?;
    Ok(Html::part(sums(&form)))
}

fn steps(officer: &Officer, voucher: &Voucher, documented: bool, word: &str, typed: &Typed) -> Markup {
    let row = &voucher.row;
    let refused = |step: &str| (word == step).then_some(typed);
    let fresh = Typed::default();
    let to = |step: &str| format!("{}/{step}", path(row.id));
    let me = Some(officer.id());
    let had_part = [Some(row.author_id), row.author_for_id, row.submitter_id, row.submitter_for_id].contains(&me);
    let own = row.author_id == officer.id();
    let (writes, posts) = (officer.keeps(&AUTHORS, row.book_id), officer.keeps(&POSTERS, row.book_id));
    let reason = |step: &str, word: &'static str| {
        let typed = refused(step).unwrap_or(&fresh);
        html! { (Field::area(typed, "reason", word).required().longest(200)) }
    };
    html! {
        div class="steps" {
            @if row.state == VoucherState::Draft && writes && (own || row.template_id.is_some()) {
                @if own && row.kind != VoucherKind::Reversal && row.converted_from.is_none() { a class="button" href=(to("edit")) { "修改" } }
                @if documented || row.kind == VoucherKind::Reversal {
                    (Step { name: "提交审核", will: "提交后不能再修改，由财务负责人审核记账。", to: &to("submission"), grave: false, fields: nothing() }.show(officer, refused("submission")))
                } @else { p class="faint" { "请先上传凭证所依据的单据，再提交审核。" } }
            }
            @if row.state == VoucherState::Submitted && posts {
                @if had_part { p class="faint" { "您参与了制单，须由另一位财务负责人审核记账。" } } @else {
                    (Step { name: "审核记账", will: &format!("按以上分录入账，合计{}元。入账后不能修改，只能红字冲销。", part::grouped(row.total_fen)), to: &to("posting"), grave: false, fields: nothing() }.show(officer, refused("posting")))
                }
                (Step { name: "退回", will: "退回制单人修改。", to: &to("return"), grave: false, fields: reason("return", "原因") }.show(officer, refused("return")))
            }
            @if matches!(row.state, VoucherState::Draft | VoucherState::Submitted) && (writes || posts) {
                (Step { name: "作废", will: "这张凭证不再办理，不入账；不能恢复。", to: &to("discard"), grave: true, fields: nothing() }.show(officer, refused("discard")))
            }
            @if row.state == VoucherState::Posted && writes && matches!(row.kind, VoucherKind::Ordinary | VoucherKind::Adjustment) {
                (Step {
                    name: "红字冲销", will: "生成一张借贷相反的红字凭证，提交后由财务负责人审核记账；原凭证保留。", to: &to("reversal"), grave: true,
                    fields: html! {
                        (part::new_id(refused("reversal").unwrap_or(&fresh)))
                        (Field::day(refused("reversal").unwrap_or(&fresh), "event_date", "冲销日期").required())
                        (reason("reversal", "冲销原因（作为摘要）"))
                    },
                }.show(officer, refused("reversal")))
            }
        }
    }
}

async fn show(officer: &Officer, id: ManualVoucherId, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let voucher = officer.app.vouchers.get(id, &officer.member).await?;
    let row = &voucher.row;
    let chart = Chart::of(officer, row.book_id, "2024").await?;
    let people = [
        Some(row.author_id),
        row.author_for_id,
        row.submitter_id,
        row.submitter_for_id,
        row.poster_id,
        row.poster_for_id,
    ];
    let names = Names::of(officer, people.into_iter().flatten()).await?;
    let documented = !officer.app.documents.of(&object(id)).await?.is_empty();
    let fresh = Typed::default();
    let papers_typed = if word == "papers" { typed } else { &fresh };
    let may_add = officer.keeps(&AUTHORS, row.book_id) && row.state != VoucherState::Discarded;
    let papers = paper::list(officer, &object(id), &path(id), may_add, papers_typed).await?;
    let content = html! {
        (part::heading(&row.summary, &html! { (part::badge(words::voucher(row.state))) span class="faint" { (words::voucher_kind(row.kind)) } }))
        @if let Some(reason) = row.returned_because.as_ref().filter(|_| row.state == VoucherState::Draft) {
            p class="note" { "退回原因：" (reason) }
        }
        (steps(officer, &voucher, documented, word, typed))
        (part::block("分录", &chart.table(&voucher.lines)))
        (part::block("凭证", &part::facts(&[
            ("合计", part::yuan(row.total_fen)),
            ("业务日期", html! { (row.event_date) }),
            ("记账日期", html! { @if let Some((day, reference)) = &voucher.booked { (day) " " a href=(entry::path(reference)) { "查看记账凭证" } } }),
            ("制单人", names.signed(Some(row.author_id), row.author_for_id)),
            ("提交人", names.signed(row.submitter_id, row.submitter_for_id)),
            ("记账人", names.signed(row.poster_id, row.poster_for_id)),
            ("填制时间", part::at(row.created_us)),
            ("来源", html! {
                @if row.template_id.is_some() { a href="/console/voucher-templates" { "周期凭证" } }
                @if row.converted_from.is_some() { "由2004年制度的余额换算" }
                @if let Some(of) = row.reverses_id { "冲销 " a href=(path(of)) { "原凭证" } }
            }),
        ])))
        (part::block("单据", &papers))
    };
    Ok(officer.shown(&row.summary, &[("/console/vouchers", "手工凭证")], &content, typed))
}

/// One voucher.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<ManualVoucherId>) -> Result<Response, PageError> {
    officer.must_be(&READERS)?;
    show(&officer, id, "", &Typed::default()).await
}

/// A step of a voucher.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(ManualVoucherId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (vouchers, by) = (&officer.app.vouchers, &officer.member);
    let taken: Result<(&str, ManualVoucherId), PageError> = async {
        let mut check = form.check();
        Ok(match word.as_str() {
            "submission" => vouchers.submit(id, by).await.map(|_| ("已提交，待财务负责人审核记账。", id))?,
            "posting" => vouchers.post(id, by).await.map(|_| ("已审核记账。", id))?,
            "return" => vouchers.send_back(id, form.get("reason"), by).await.map(|_| ("已退回。", id))?,
            "discard" => vouchers.discard(id, by).await.map(|_| ("已作废。", id))?,
            "reversal" => {
                let (new, on) = (check.id::<ManualVoucherId>("id"), check.day("event_date"));
                let reason = check.text("reason");
                check.done()?;
                let on = on.ok_or_else(|| Problem::field("event_date", "请填写日期"))?;
                vouchers.reverse(new, id, on, &reason, by).await?;
                ("红字凭证已生成，请提交审核。", new)
            }
            "papers" => {
                vouchers.may_document(id, false, by).await?;
                paper::attach(&officer, &object(id), &form).await.map(|()| ("单据已添加。", id))?
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
        })
    }
    .await;
    match taken {
        Ok((said, next)) => Ok(officer.done(said, &path(next))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused.0)).await,
    }
}

/// A document of a voucher.
#[handler]
pub(super) async fn get_read_paper(
    officer: Officer,
    Path((id, paper_id)): Path<(ManualVoucherId, AttachmentId)>,
) -> Result<Response, PageError> {
    officer.app.vouchers.get(id, &officer.member).await?;
    Ok(paper::download(officer.app.documents.read(&object(id), paper_id).await?))
}

/// Takes a document of a draft back.
#[handler]
pub(super) async fn post_withdraw_paper(
    officer: Officer,
    Path((id, paper_id)): Path<(ManualVoucherId, AttachmentId)>,
) -> Result<Response, PageError> {
    officer.app.vouchers.may_document(id, true, &officer.member).await?;
    officer.app.documents.withdraw(&officer.member, &object(id), paper_id).await?;
    Ok(officer.done("单据已撤下。", &path(id)))
}
