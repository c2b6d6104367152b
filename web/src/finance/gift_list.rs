//! Lists of gifts that came outside of the mini-program: looked at line by line, written down by one person, posted by another.

use app::gift_lists::{List, ListReport};
use app::problem::Problem;
use crowdfunding::ListPlace;
use domain::bank::ListState;
use domain::donation::{Purpose, Via};
use domain::role::{Member, Role};
use domain::{BusinessDate, GiftListId};
use entity::{donation, gift_list};
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::bank_names;
use super::words;
use crate::console::donation::campaign_names;
use crate::console::people::{Names, why_not};
use crate::console::purpose;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::{Html, PageError};
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{Asked, Cell, LINES, MOST, Table, column, filter, filter_choice, numbers, turn_lines};
use crate::words as all_words;

/// Who reads lists.
pub(crate) const READERS: [Role; 5] =
    [Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];
const WRITERS: [Role; 2] = [Role::Cashier, Role::Bookkeeper];
const POSTERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
const LIST: &str = "/console/gift-lists";
/// Where the money of a list went.
const PLACES: [(&str, &str); 3] =
    [("bank", "银行账户"), ("cash", "现金"), ("platform", "指定的互联网募捐平台（待结算）")];

fn path(id: GiftListId) -> String {
    format!("{LIST}/{id}")
}

fn whose(officer: &Officer) -> (&Member, &[Role]) {
    (&officer.member, &READERS)
}

/// Where the money of a list went, as it stands in its row.
fn place(text: &str) -> String {
    match text.split_once(':') {
        Some(("bank", name)) => format!("银行·{name}"),
        Some((_, name)) => format!("平台·{name}"),
        None => "现金".to_owned(),
    }
}

/// Lists, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let state = asked.read::<all_words::Key<ListState>>("state")?.map(|key| key.0);
    let rows = officer.app.gift_lists.page(whose(&officer), state, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let names = Names::of(&officer, rows.iter().map(|row| row.author_id)).await?;
    let campaigns = campaign_names(&officer, rows.iter().filter_map(|row| row.campaign_id)).await?;
    let columns = [
        column("项目"),
        column("状态"),
        numbers("笔数"),
        numbers("金额"),
        column("渠道"),
        column("款项去向"),
        column("导入人"),
        column("导入时间"),
    ];
    let cells = |row: gift_list::Model| {
        let lead = path(row.id);
        vec![
            Cell::link(&lead, campaigns.of(row.purpose())),
            Cell::badge(words::gift_list(row.state)),
            Cell::number(row.lines),
            Cell::yuan_of(row.total_fen, &lead),
            Cell::text(words::via(row.via)),
            Cell::text(place(&row.place)),
            Cell::text(names.name(row.author_id)),
            Cell::at(row.created_us),
        ]
    };
    let table = Table::new("捐赠清单", &columns, "没有这样的捐赠清单。");
    let table = table.page(&asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let states = all_words::all(|state: ListState| words::gift_list(state).0);
    let content = html! {
        (part::heading("捐赠清单", &html! {
            @if officer.is(&WRITERS) { a class="button primary" href={ (LIST) "/new" } { "导入清单" } }
        }))
        (filter(&asked, &filter_choice(&asked, "state", "状态", &states)))
        (table.show(&asked))
    };
    Ok(officer.page("捐赠清单", &[("/console", "工作台")], &content).into_response())
}

/// What is in a list, and what stands against it.
fn found(report: &ListReport) -> Markup {
    html! {
        (part::block("检查结果（尚未写入）", &html! {
            (part::facts(&[("能读的笔数", html! { (report.lines) }), ("金额合计", part::yuan(report.total))]))
            (part::file_problems("不能导入的问题", &report.problems))
            (part::file_problems("请先看一看的提示", &report.warnings))
            @if report.problems.is_empty() && report.warnings.is_empty() { p class="met" { "没有发现问题，可以导入。" } }
            @else if report.problems.is_empty() { p { "确认无误后，勾选“有提示也导入”再导入。" } }
        }))
    }
}

async fn ask(officer: &Officer, typed: &Typed, report: Option<&ListReport>) -> Result<Response, PageError> {
    let rows = officer.app.campaigns.page(None, &officer.member, None, 500).await?;
    let mut campaigns = options(rows.into_iter().filter(|row| row.state.is_public()).map(|row| (row.id, row.name)));
    campaigns.extend(purpose::general_funds(officer, &WRITERS).await?);
    let places = options(PLACES);
    let banks = bank_names(officer).await?;
    let content = html! {
        h1 { "导入捐赠清单" }
        p class="note" {
            "CSV（UTF-8）或 XLSX，首行是列名：日期、金额，以及可以没有的 捐赠人、单位捐赠（是/否）、编号、票据（需要/放弃）、实名公开（是/否）、统一社会信用代码（单位捐赠开具票据时填写）。最多5000行。"
            "导入后由另一人审核，审核时才入账；不会通知捐赠人。"
        }
        (part::alert(typed))
        (officer.form_with_files(LIST, &html! {
            (part::new_id(typed))
            (Field::choice(typed, "campaign", "捐给哪个项目", &campaigns).required())
            div class="fields" {
                (Field::choice(typed, "place", "款项去向", &places).required())
                (Field::listed(typed, "name", "银行账户简称或平台名称", &banks).longest(40).needed("现金不填，其他必填"))
            }
            (Field::file(typed, "file", "清单文件").required())
            (Field::tick(typed, "despite", "有提示也导入"))
            div class="go" {
                button type="submit" name="do" value="take" class="primary" { "导入" }
                (part::look_first(LIST))
            }
        }))
        div id="found" role="status" { @if let Some(report) = report { (found(report)) } }
    };
    Ok(officer.shown("导入捐赠清单", &[(LIST, "捐赠清单")], &content, typed))
}

/// The form of a list.
#[handler]
pub(super) async fn get_blank(officer: Officer) -> Result<Response, PageError> {
    officer.must_be(&WRITERS)?;
    ask(&officer, &Typed::default(), None).await
}

/// Looks at a list, or writes it down.
#[handler]
pub(super) async fn post_bring(officer: Officer, form: Form, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&WRITERS)?;
    let write = form.get("do") == "take";
    let brought: Result<ListReport, Problem> = async {
        let mut check = form.check();
        let (id, purpose) = (check.id("id"), check.choice::<purpose::Key>("campaign"));
        let place = check.text("place");
        check.done()?;
        let name = form.get("name").to_owned();
        let place = match place.as_str() {
            "bank" => ListPlace::Bank(name),
            "cash" => ListPlace::Cash,
            "platform" => ListPlace::Platform(name),
            _ => return Err(Problem::field("place", "请选择")),
        };
        let file = form.upload("file").ok_or_else(|| Problem::field("file", "请选择文件"))?;
        let purpose = purpose.map(|key| key.0).ok_or_else(|| Problem::field("campaign", "请选择"))?;
        let list = List { id, purpose, place, bytes: file.content.clone() };
        Ok(officer.app.gift_lists.bring(list, write, form.ticked("despite"), &officer.member).await?)
    }
    .await;
    match brought {
        Ok(ListReport { list: Some(row), .. }) => Ok(officer.done("清单已导入，待另一人审核入账。", &path(row.id))),
        Ok(report) if part::is_piece(request) => Ok(Html::part(found(&report)).into_response()),
        Ok(report) => ask(&officer, &Typed::fresh(form), Some(&report)).await,
        Err(refused) if part::is_piece(request) => {
            Ok(Html::part(part::alert(&Typed::refused(&form, refused))).into_response())
        }
        Err(refused) => ask(&officer, &Typed::refused(&form, refused), None).await,
    }
}

fn gifts(rows: Vec<donation::Model>) -> Table {
    let columns = [column("日期"), numbers("金额"), column("捐赠人"), column("编号"), column("票据"), column("公开")];
    Table::new("清单明细", &columns, "清单里没有捐赠。").whole(rows.into_iter().map(|row| {
        let giver = row.counterparty.as_deref().map(domain::mask::organisation);
        let named = row.name_sealed.is_some();
        vec![
            Cell::or_none(row.paid_us, |at| {
                Cell::link(&format!("/console/donations/{}", row.id), BusinessDate::of(at).to_string())
            }),
            Cell::yuan_of(row.amount_fen, &format!("/console/donations/{}", row.id)),
            Cell::text(giver.unwrap_or_else(|| if named { "个人（有姓名）" } else { "未留姓名" }.to_owned())),
            Cell::or_none(row.bank_reference, Cell::text),
            Cell::text(all_words::receipt_choice(row.receipt)),
            Cell::text(all_words::anonymity(row.anonymity)),
        ]
    }))
}

async fn show(
    officer: &Officer,
    id: GiftListId,
    asked: &Asked,
    word: &str,
    typed: &Typed,
) -> Result<Response, PageError> {
    let row = officer.app.gift_lists.get(id, whose(officer)).await?;
    let skipped = asked.skipped()?;
    let (skip, limit) = if asked.file().is_some() { (0, MOST as u64) } else { (skipped, LINES) };
    let table = gifts(officer.app.gift_lists.gifts(&row, skip, limit).await?);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let names =
        Names::of(officer, [Some(row.author_id), row.approver_id, row.approver_for_id].into_iter().flatten()).await?;
    let campaigns = campaign_names(officer, row.campaign_id).await?;
    let object = format!("gift_list:{id}");
    let said = why_not(officer, [object.clone()]).await?;
    let refused = |step: &str| (word == step).then_some(typed);
    let to = |step: &str| format!("{}/{step}", path(id));
    let title = format!("{} {}笔", campaigns.of(row.purpose()), row.lines);
    let total = part::grouped(row.total_fen);
    let credited = match row.purpose() {
        Purpose::Campaign(_) => "计入项目募集额",
        Purpose::General(_) => "不限定用途，不计入任何项目的募集额",
    };
    let debit = match row.via {
        Via::DesignatedPlatform => "1009 其他货币资金",
        Via::Offline | Via::OwnSite if row.place == "cash" => "1001 库存现金",
        Via::Offline | Via::OwnSite => "1002 银行存款",
    };
    let content = html! {
        (part::heading(&title, &part::badge(words::gift_list(row.state))))
        (part::refusal(said.get(&object)))
        @if row.state == ListState::Proposed && officer.is(&POSTERS) {
            div class="steps" {
                @if row.author_id == officer.id() { p class="faint" { "这是您导入的，须由另一人审核。" } } @else {
                    (Step { name: "审核入账", will: &format!("{}笔捐赠逐笔入账，合计{total}元，{credited}：借 {debit}，贷 捐赠收入。", row.lines), to: &to("posting"), grave: false, fields: nothing() }.show(officer, refused("posting")))
                    (Step { name: "不同意", will: "清单不入账，其中的编号可以重新导入。", to: &to("decline"), grave: true, fields: part::why(refused("decline")) }.show(officer, refused("decline")))
                }
            }
        }
        (part::block("清单", &part::facts(&[
            ("项目", campaigns.link(officer, row.purpose())),
            ("笔数", html! { (row.lines) }),
            ("金额", part::yuan(row.total_fen)),
            ("渠道", html! { (words::via(row.via)) }),
            ("款项去向", html! { (place(&row.place)) }),
            ("导入人", html! { (names.name(row.author_id)) }),
            ("导入时间", part::at(row.created_us)),
            ("审核人", names.signed(row.approver_id, row.approver_for_id)),
            ("审核时间", html! { @if let Some(at) = row.decided_us { (part::at(at)) } }),
        ])))
        (part::block("明细", &html! {
            p { "共" (row.lines) "笔，合计" (total) "元。" }
            (table.plain())
            (turn_lines(asked, skipped, u64::try_from(row.lines).unwrap_or_default()))
        }))
    };
    Ok(officer.shown(&title, &[(LIST, "捐赠清单")], &content, typed))
}

/// One list.
#[handler]
pub(super) async fn get_one(
    officer: Officer,
    Path(id): Path<GiftListId>,
    request: &Request,
) -> Result<Response, PageError> {
    show(&officer, id, &Asked::of(request), "", &Typed::default()).await
}

/// Posts a list, or declines it.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(GiftListId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (lists, by) = (&officer.app.gift_lists, &officer.member);
    let taken: Result<&str, Problem> = async {
        Ok(match word.as_str() {
            "posting" => lists.decide(id, true, by).await.map(|_| "已逐笔入账。")?,
            "decline" => {
                let mut check = form.check();
                let decision = check.decision(false);
                check.done()?;
                lists.decide(id, decision, by).await.map(|_| "已记为不同意。")?
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        })
    }
    .await;
    match taken {
        Ok(said) => Ok(officer.done(said, &path(id))),
        Err(refused) => show(&officer, id, &Asked::at(&path(id)), &word, &Typed::refused(&form, refused)).await,
    }
}
