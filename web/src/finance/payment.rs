//! Payment files: the cashier makes one of what is approved and hands it to the bank; another person says what the bank did.

use std::collections::BTreeMap;

use app::problem::Problem;
use app::spending::files::FileRequest;
use crowdfunding::spending::{Outcome, PaperSearch, Verdict};
use domain::disbursement::{DisbursementState, PayoutState};
use domain::role::Role;
use domain::{DisbursementId, Money, PaymentFileId};
use entity::{payment_file, payout};
use maud::{Markup, html};
use poem::http::header;
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::bank_names;
use super::words;
use crate::console::people::Names;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words as all_words;

/// Who says what the bank did.
const CONFIRMERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
/// How a file stands.
const FILE_STATES: [&str; 3] = ["made", "sent", "withdrawn"];
/// How many payouts of a state are gathered into papers.
const DUE: u64 = 5_000;
/// How many lines are asked for one by one; of a longer file all can be confirmed at once.
const LINES: usize = 200;

fn path(id: PaymentFileId) -> String {
    format!("/console/payment-files/{id}")
}

/// Files, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let rows = officer.app.spending.files(&officer.member, asked.get("state"), asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let names = Names::of(&officer, rows.iter().map(|row| row.author_id)).await?;
    let columns = [
        column("制作时间"),
        column("状态"),
        numbers("笔数"),
        numbers("金额"),
        column("付款账户"),
        column("出纳"),
        column("交银行时间"),
    ];
    let cells = |row: payment_file::Model| {
        let lead = path(row.id);
        vec![
            Cell::shown(html! { a href=(lead) { (part::at(row.created_us)) } }, row.created_us.wall()),
            Cell::badge(words::payment_file(&row.state)),
            Cell::number(row.lines),
            Cell::yuan_of(row.total_fen, &lead),
            Cell::text(row.bank_account),
            Cell::text(names.name(row.author_id)),
            Cell::or_none(row.sent_us, Cell::at),
        ]
    };
    let table = Table::new("付款文件", &columns, "还没有付款文件。").page(&asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let states: Vec<(String, String)> =
        FILE_STATES.map(|state| (state.to_owned(), words::payment_file(state).0.to_owned())).into();
    let content = html! {
        (part::heading("付款文件", &html! {
            @if officer.is(&[Role::Cashier]) { a class="button primary" href="/console/payment-files/new" { "制作付款文件" } }
        }))
        (table::filter(&asked, &table::filter_choice(&asked, "state", "状态", &states)))
        (table.show(&asked))
    };
    Ok(officer.page("付款文件", &[("/console", "工作台")], &content).into_response())
}

async fn ask(officer: &Officer, typed: &Typed) -> Result<Response, PageError> {
    let (spending, by) = (&officer.app.spending, &officer.member);
    let mut due: BTreeMap<DisbursementId, (i64, Money)> = BTreeMap::new();
    for state in [PayoutState::Approved, PayoutState::Retried] {
        for one in spending.payouts(state, by, None, DUE).await? {
            let (count, sum) = due.entry(one.disbursement_id).or_default();
            *count += 1;
            *sum = sum.checked_add(one.amount_fen).unwrap_or(Money::MAX);
        }
    }
    let approved = PaperSearch { state: Some(DisbursementState::Approved), ..PaperSearch::default() };
    let papers = spending.page(&approved, by, None, 500).await?;
    let banks = bank_names(officer).await?;
    let chosen: Vec<&str> = typed.form().all("paper").collect();
    let fresh = typed.problem().is_none();
    let content = html! {
        h1 { "制作付款文件" }
        p class="note" { "选择已批准、待付款的支出申请，生成交给银行的付款文件。由没有参与经办和审批的出纳制作；每份文件只付一个账套的款。" }
        (part::alert(typed))
        @if due.is_empty() { (part::nothing_here("没有待付的款项。")) } @else {
            (officer.form("/console/payment-files", &html! {
                (part::new_id(typed))
                fieldset {
                    legend { "待付的支出申请" }
                    @for (id, (count, sum)) in &due {
                        @let key = id.to_string();
                        @let purpose = papers.iter().find(|paper| paper.id == *id).map_or("支出申请", |paper| paper.purpose.as_str());
                        div class="tick" {
                            input id={ "paper-" (key) } type="checkbox" name="paper" value=(key) checked[fresh || chosen.contains(&key.as_str())];
                            label for={ "paper-" (key) } { (purpose) " " span class="faint" { (count) "笔 " (part::yuan(*sum)) "元" } }
                        }
                    }
                }
                (Field::listed(typed, "bank_account", "付款的银行账户简称", &banks).required().longest(40))
                div class="go" { button type="submit" class="primary" { "制作" } }
            }))
        }
    };
    Ok(officer.shown("制作付款文件", &[("/console/payment-files", "付款文件")], &content, typed))
}

/// The form of a file.
#[handler]
pub(super) async fn get_blank(officer: Officer) -> Result<Response, PageError> {
    officer.must_be(&[Role::Cashier])?;
    ask(&officer, &Typed::default()).await
}

/// Makes a file.
#[handler]
pub(super) async fn post_make(officer: Officer, form: Form) -> Result<Response, PageError> {
    let made: Result<PaymentFileId, Problem> = async {
        officer.member.must_be(&[Role::Cashier])?;
        let mut check = form.check();
        let (id, bank_account) = (check.id("id"), check.text("bank_account"));
        check.done()?;
        let papers: Result<Vec<DisbursementId>, _> = form.all("paper").map(|id| id.parse::<DisbursementId>()).collect();
        let disbursements = papers.map_err(|_| Problem::field("paper", "编号不正确"))?;
        if disbursements.is_empty() {
            return Err(Problem::field("paper", "请至少选择一份支出申请"));
        }
        let new = FileRequest { id, bank_account, disbursements, payouts: Vec::new() };
        Ok(officer.app.spending.make_file(new, &officer.member).await?.id)
    }
    .await;
    match made {
        Ok(id) => Ok(officer.done("付款文件已制作。请下载后交银行，再回来登记。", &path(id))),
        Err(refused) => ask(&officer, &Typed::refused(&form, refused)).await,
    }
}

/// What is said of the lines that wait for the bank's answer.
fn results(lines: &[payout::Model], payees: &BTreeMap<String, String>, typed: &Typed) -> Markup {
    let form = typed.form();
    html! {
        (Field::day(typed, "on", "银行处理日期").required())
        div class="scroll" tabindex="0" role="region" aria-label="逐笔结果" {
            table {
                caption class="unseen" { "逐笔结果" }
                thead { tr { th scope="col" { "收款人" } th scope="col" class="right" { "金额" } th scope="col" { "结果" } th scope="col" { "银行流水号或退票原因" } } }
                tbody {
                    @for line in lines.iter().take(LINES) {
                        @let key = line.id.to_string();
                        @let said = form.get(&format!("result-{key}"));
                        tr {
                            td { (payees.get(&key).map(String::as_str).unwrap_or_default()) }
                            td class="right" { (part::yuan_of(line.amount_fen, &format!("/console/payouts/{key}"))) }
                            td {
                                select name={ "result-" (key) } aria-label={ "第" (line.position) "笔的结果" } {
                                    option value="" { "还不知道" }
                                    option value="paid" selected[said == "paid"] { "已付款" }
                                    option value="bounced" selected[said == "bounced"] { "退票" }
                                }
                            }
                            td { input type="text" name={ "words-" (key) } value=(form.get(&format!("words-{key}"))) maxlength="200" aria-label={ "第" (line.position) "笔的流水号或原因" }; }
                        }
                    }
                }
            }
        }
        @if lines.len() > LINES { p class="faint" { "只列出前" (LINES) "笔。" } }
    }
}

async fn show(
    officer: &Officer,
    id: PaymentFileId,
    asked: &Asked,
    word: &str,
    typed: &Typed,
) -> Result<Response, PageError> {
    let skipped = asked.skipped()?;
    let (spending, by) = (&officer.app.spending, &officer.member);
    let row = spending.file(id, by).await?;
    let lines = spending.file_payouts(id, by).await?;
    let payees = spending.masked_payees(lines.iter().map(|line| line.payee_id)).await?;
    let names = Names::of(officer, lines.iter().filter_map(|line| line.confirmer_id).chain([row.author_id])).await?;
    let payee_of =
        |line: &payout::Model| payees.get(&line.payee_id).map(|payee| payee.name.clone()).unwrap_or_default();
    let columns = [
        column("收款人"),
        column("账户"),
        numbers("金额"),
        column("状态"),
        column("到账日"),
        column("银行流水号"),
        column("确认人"),
        column("备注"),
    ];
    let (skip, shown) = match asked.file() {
        Some(_) => (0, table::MOST),
        None => (usize::try_from(skipped).unwrap_or(usize::MAX), usize::try_from(table::LINES).unwrap_or(usize::MAX)),
    };
    let table = Table::new("付款明细", &columns, "这份文件里已没有付款。").whole(
        lines.iter().skip(skip).take(shown).map(|line| {
            vec![
                Cell::link(&format!("/console/disbursements/{}", line.disbursement_id), payee_of(line)),
                Cell::text(payees.get(&line.payee_id).and_then(|payee| payee.account.clone()).unwrap_or_default()),
                Cell::yuan_of(line.amount_fen, &format!("/console/payouts/{}", line.id)),
                Cell::badge(all_words::payout(line.state)),
                Cell::or_none(line.paid_on, Cell::day),
                Cell::or_none(line.bank_reference.clone(), Cell::text),
                Cell::text(names.maybe(line.confirmer_id)),
                Cell::or_none(line.last_error.clone(), Cell::text),
            ]
        }),
    );
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let refused = |step: &str| (word == step).then_some(typed);
    let fresh = Typed::default();
    let to = |step: &str| format!("{}/{step}", path(id));
    let own = row.author_id == officer.id();
    let waiting: Vec<payout::Model> = lines.iter().filter(|line| line.state == PayoutState::Sent).cloned().collect();
    let payee_names: BTreeMap<String, String> =
        waiting.iter().map(|line| (line.id.to_string(), payee_of(line))).collect();
    let title = format!("付款文件 {}元", part::grouped(row.total_fen));
    let content = html! {
        (part::heading(&title, &html! {
            (part::badge(words::payment_file(&row.state)))
            @if own && officer.is(&[Role::Cashier]) { a class="button" href={ (path(id)) "/content" } { "下载文件" } }
        }))
        div class="steps" {
            @if own && row.state == "made" {
                (Step { name: "已交银行", will: "登记这份文件已经提交给银行。之后由另一人按银行回单逐笔确认。", to: &to("sending"), grave: false, fields: nothing() }.show(officer, refused("sending")))
                (Step { name: "撤回文件", will: "这份文件不再使用，其中的付款回到待付款。只有确实没有交给银行时才能撤回。", to: &to("withdrawal"), grave: true, fields: nothing() }.show(officer, refused("withdrawal")))
            }
            @if !waiting.is_empty() && officer.is_for(&CONFIRMERS, row.book_id) {
                @if own { p class="faint" { "这份文件是您制作的，结果须由另一人确认。" } } @else {
                    (Step { name: "全部已付款", will: &format!("按银行回单确认其余{}笔全部付款成功，并记账：借应付款项，贷 1002 银行存款·{}。", waiting.len(), row.bank_account), to: &to("all-paid"), grave: false,
                        fields: html! { (Field::day(refused("all-paid").unwrap_or(&fresh), "on", "银行处理日期").required()) } }.show(officer, refused("all-paid")))
                    (Step { name: "逐笔登记结果", will: "按银行回单逐笔登记。已付款的记账；退票的仍是应付，可更正账户后重付。没有选结果的不变。", to: &to("results"), grave: false,
                        fields: results(&waiting, &payee_names, refused("results").unwrap_or(&fresh)) }.show(officer, refused("results")))
                }
            }
        }
        (part::block("文件", &part::facts(&[
            ("笔数", html! { (row.lines) }),
            ("金额", part::yuan(row.total_fen)),
            ("付款账户", html! { (row.bank_account) }),
            ("制作人", html! { (names.name(row.author_id)) }),
            ("制作时间", part::at(row.created_us)),
            ("交银行时间", html! { @if let Some(at) = row.sent_us { (part::at(at)) } }),
            ("SHA-256", html! { span class="code" { (hex::encode(&row.hash)) } }),
        ])))
        (part::block("付款明细", &html! {
            p { "共" (lines.len()) "笔。" }
            (table.plain())
            (table::turn_lines(asked, skipped, lines.len() as u64))
        }))
    };
    Ok(officer.shown(&title, &[("/console/payment-files", "付款文件")], &content, typed))
}

/// One file.
#[handler]
pub(super) async fn get_one(
    officer: Officer,
    Path(id): Path<PaymentFileId>,
    request: &Request,
) -> Result<Response, PageError> {
    show(&officer, id, &Asked::of(request), "", &Typed::default()).await
}

/// Its bytes, for the bank; that they were read is written down.
#[handler]
pub(super) async fn get_content(officer: Officer, Path(id): Path<PaymentFileId>) -> Result<Response, PageError> {
    let bytes = officer.app.spending.file_content(id, &officer.member).await?;
    Ok(Response::builder()
        .content_type("text/csv; charset=utf-8")
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"payment-{}.csv\"", id.simple()))
        .body(bytes))
}

/// What somebody read on the bank's slip, line by line.
fn verdicts(form: &Form, lines: &[payout::Model], all: bool) -> Result<Vec<Verdict>, Problem> {
    let mut check = form.check();
    let on = check.day("on");
    let mut verdicts = Vec::new();
    for line in lines.iter().filter(|line| line.state == PayoutState::Sent) {
        let words = form.given(&format!("words-{}", line.id)).map(str::to_owned);
        let said = if all { "paid" } else { form.get(&format!("result-{}", line.id)) };
        let outcome = match (said, on) {
            ("paid", Some(on)) => Outcome::Paid { on, reference: words },
            ("bounced", Some(on)) => Outcome::Bounced { on, reason: words.unwrap_or_default() },
            _ => continue,
        };
        verdicts.push(Verdict { payout: line.id, outcome });
    }
    check.done()?;
    if verdicts.is_empty() {
        return Err(Problem::unprocessable("invalid_field", "请至少登记一笔的结果。"));
    }
    Ok(verdicts)
}

/// A step of a file.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(PaymentFileId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (spending, by) = (&officer.app.spending, &officer.member);
    let taken: Result<String, Problem> = async {
        Ok(match word.as_str() {
            "sending" => spending.send_file(id, by).await.map(|_| "已登记交银行。".to_owned())?,
            "withdrawal" => spending.withdraw_file(id, by).await.map(|_| "文件已撤回。".to_owned())?,
            "all-paid" | "results" => {
                let lines = spending.file_payouts(id, by).await?;
                let verdicts = verdicts(&form, &lines, word == "all-paid")?;
                let (_, changed) = spending.file_results(id, &verdicts, by).await?;
                format!("已登记{changed}笔的结果。")
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        })
    }
    .await;
    match taken {
        Ok(said) => Ok(officer.done(&said, &path(id))),
        Err(refused) => show(&officer, id, &Asked::at(&path(id)), &word, &Typed::refused(&form, refused)).await,
    }
}
