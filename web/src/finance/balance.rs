//! The month's 银行存款余额调节表: prepared by one person from statement and books, reviewed by another.

use app::bank::{BalanceItem, BalanceReport};
use app::closing::Period;
use app::problem::Problem;
use domain::bank::BalanceState;
use domain::role::Role;
use domain::{BankBalanceId, BusinessDate, Money};
use maud::html;
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::bank::{Desk, desk};
use super::entry;
use crate::console::people::{Names, why_not};
use crate::form::{Form, Typed};
use crate::page::{self, PageError};
use crate::part::{self, Step, Tone};
use crate::session::{Officer, encoded};
use crate::table::{Asked, Cell, Table, column, numbers};

/// Who prepares the month's sheet.
const PREPARERS: [Role; 1] = [Role::Bookkeeper];
/// Who reviews it.
const REVIEWERS: [Role; 1] = [Role::FinanceHead];
fn balance_state(state: BalanceState) -> (&'static str, Tone) {
    match state {
        BalanceState::Prepared => ("待复核", Tone::Waiting),
        BalanceState::Returned => ("已退回", Tone::Bad),
        BalanceState::Reviewed => ("已复核", Tone::Good),
    }
}

/// The month before a day, as it is written.
fn last_month(today: BusinessDate) -> String {
    let last = BusinessDate::new(today.year(), today.month(), 1).map_or(today, BusinessDate::previous);
    format!("{:04}-{:02}", last.year(), last.month())
}

/// What comes of a month's sheet as things stand.
fn outcome(report: &BalanceReport) -> (&'static str, Tone) {
    if report.agrees() {
        ("相符", Tone::Good)
    } else if report.lacks_statement() {
        ("缺少本月对账单", Tone::Waiting)
    } else if report.adjusted_ledger == report.adjusted_statement {
        ("对账单不完整", Tone::Waiting)
    } else {
        ("不符", Tone::Bad)
    }
}

fn item_kind(kind: &str) -> &str {
    match kind {
        "bank_received" => "银行已收、账上未收",
        "bank_paid" => "银行已付、账上未付",
        "booked_received" => "账上已收、银行未收",
        "booked_paid" => "账上已付、银行未付",
        "opening" => "期初差额",
        other => other,
    }
}

async fn show_balance(officer: &Officer, asked: &Asked, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let desk = desk(officer, asked).await?;
    let Some(name) = desk.account.clone() else {
        let content = html! { (part::heading("银行存款余额调节表", &html! {})) (desk.none(officer)) };
        return Ok(officer.page("银行存款余额调节表", &[("/console/bank", "银行流水")], &content).into_response());
    };
    let of = (desk.shelf.book.id, name.as_str());
    let month = asked.get("month").map_or_else(|| last_month(officer.app.business.today()), str::to_owned);
    let report = officer.app.bank.balance(of, &month, &officer.member).await?;
    let sheets = officer.app.bank.balances(of, &officer.member).await?;
    let names =
        Names::of(officer, sheets.iter().flat_map(|one| [Some(one.author_id), one.reviewer_id]).flatten()).await?;
    let said = why_not(officer, sheets.iter().map(|one| format!("bank_balance:{}", one.id))).await?;
    let refused = |step: &str| (word == step).then_some(typed);
    let columns = [column("原因"), column("日期"), column("凭证或银行流水号"), numbers("金额")];
    // Each leads to its entry, or to the lines of its amount.
    let lead = |one: &BalanceItem| match one.kind.as_str() {
        "bank_received" | "bank_paid" => Some(format!("{}&amount={}", desk.path(""), one.amount)),
        _ if one.is_entry() => Some(entry::path(&one.reference)),
        _ => None,
    };
    let items = Table::new("未达账项", &columns, "没有未达账项。").whole(report.items.iter().map(|one| {
        // Not every line of a bank has a number.
        let word = if one.named().is_empty() { "查看流水".to_owned() } else { one.named() };
        let (named, amount) = match lead(one) {
            Some(lead) => (Cell::link(&lead, word), Cell::yuan_of(one.amount, &lead)),
            None => (Cell::text(one.named()), Cell::yuan(one.amount)),
        };
        vec![Cell::text(item_kind(&one.kind)), Cell::day(one.day), named, amount]
    }));
    // Without a statement the bank has said nothing: what leads on from an older one proves nothing.
    let known = |amount: Money| {
        if report.lacks_statement() {
            html! {}
        } else {
            part::yuan(amount)
        }
    };
    let last = month.split_once('-').and_then(|(year, month)| Period::month(year.parse().ok()?, month.parse().ok()?));
    let until = last.map(|period| format!("&day={}", period.last)).unwrap_or_default();
    let standing = sheets.iter().find(|one| one.month == month && one.state != BalanceState::Returned);
    let kept = || html! { (desk.kept()) input type="hidden" name="month" value=(month); };
    let content = html! {
        (part::heading(&format!("银行存款余额调节表 {month}"), &html! {
            span class="faint" { (desk.shelf.book.name) " · " (name) }
            a class="button" href={ (desk.path("/balance/sheet")) "&month=" (month) } { "下载表格" }
        }))
        (desk.tabs("/balance"))
        (desk.filter(asked, &html! { label { "月份" input type="month" name="month" value=(month); } }))
        @if !report.gaps.is_empty() {
            div class="alert" { p { @if report.lacks_statement() { "还不能编制：" } @else { "对账单不完整，还不能编制：" } } ul { @for gap in &report.gaps { li { (gap) } } } }
        }
        (part::block("余额", &part::facts(&[
            ("账上余额（1002）", part::yuan_of(report.ledger, &format!("/console/ledger?{}&subjects=1002{until}", desk.shelf.query()))),
            ("对账单余额", known(report.statement)),
            ("调节后账上", known(report.adjusted_ledger)),
            ("调节后对账单", known(report.adjusted_statement)),
            ("结果", part::badge(outcome(&report))),
        ])))
        (part::block("未达账项", &items.plain()))
        div class="steps" {
            @if standing.is_none() && officer.keeps(&PREPARERS, desk.shelf.book.id) && report.agrees() {
                (Step { name: "编制", will: "按现在的数字编制这个月的调节表，由财务负责人复核。", to: "/console/bank/balance", grave: false, fields: html! {
                    (part::new_id(refused("prepare").unwrap_or(&Typed::default())))
                    (kept())
                } }.show(officer, refused("prepare")))
            }
            @if let Some(one) = standing {
                @if one.state == BalanceState::Prepared && officer.keeps(&REVIEWERS, one.book_id) && one.author_id != officer.id() {
                    @let to = |step: &str| format!("/console/bank/balance/{}/{step}", one.id);
                    (Step { name: "复核通过", will: "确认调节后两边相符，未达账项属实。", to: &to("approval"), grave: false, fields: kept() }.show(officer, refused("approval")))
                    (Step { name: "退回", will: "退回编制人，更正后重新编制。", to: &to("return"), grave: false, fields: html! { (kept()) (part::why(refused("return"))) } }.show(officer, refused("return")))
                }
            }
        }
        @if !sheets.is_empty() {
            @if standing.is_none() { (part::refusal(sheets.iter().find(|one| one.month == month).and_then(|one| said.get(&format!("bank_balance:{}", one.id))))) }
            (part::block("已编制的", &html! {
                ul class="papers" {
                    @for one in &sheets {
                        li {
                            a href={ (desk.path("/balance")) "&month=" (one.month) } { (one.month) } " " (part::badge(balance_state(one.state))) " " (part::yuan(one.adjusted_fen))
                            " " span class="faint" { (names.name(one.author_id)) "编制" @if one.reviewer_id.is_some() { "，" (names.maybe(one.reviewer_id)) "复核" } }
                        }
                    }
                }
            }))
        }
    };
    Ok(officer.shown("银行存款余额调节表", &[("/console/bank", "银行流水")], &content, typed))
}

/// The month's sheet as things stand.
#[handler]
pub(super) async fn get_balance(officer: Officer, request: &Request) -> Result<Response, PageError> {
    show_balance(&officer, &Asked::of(request), "", &Typed::default()).await
}

/// The month's sheet as a workbook.
#[handler]
pub(super) async fn get_sheet(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let desk = desk(&officer, &asked).await?;
    let name = desk
        .account
        .clone()
        .ok_or_else(|| Problem::not_found("no_such_bank_account", "没有这个银行账户，请先登记。"))?;
    let month = asked.get("month").map_or_else(|| last_month(officer.app.business.today()), str::to_owned);
    let bytes = officer.app.bank.balance_workbook((desk.shelf.book.id, &name), &month, &officer.member).await?;
    Ok(page::file(&format!("余额调节表-{name}-{month}.xlsx"), page::XLSX, bytes))
}

/// Prepares a month's sheet.
#[handler]
pub(super) async fn post_prepare(officer: Officer, form: Form) -> Result<Response, PageError> {
    let desk = Desk::of(&officer, form.given("book"), form.given("account")).await?;
    let prepared: Result<(), Problem> = async {
        let name = desk.account.clone().ok_or_else(|| Problem::field("account", "请先登记银行账户"))?;
        let mut check = form.check();
        let (id, month) = (check.id::<BankBalanceId>("id"), check.text("month"));
        check.done()?;
        officer.app.bank.prepare_balance(id, (desk.shelf.book.id, &name), &month, &officer.member).await?;
        Ok(())
    }
    .await;
    let next = format!("{}&month={}", desk.path("/balance"), encoded(form.get("month")));
    match prepared {
        Ok(()) => Ok(officer.done("已编制，待财务负责人复核。", &next)),
        Err(refused) => {
            let asked = desk.asked("/balance", &[("month", form.get("month"))]);
            show_balance(&officer, &asked, "prepare", &Typed::refused(&form, refused)).await
        }
    }
}

/// The second person about a month's sheet.
#[handler]
pub(super) async fn post_review(
    officer: Officer,
    Path((id, word)): Path<(BankBalanceId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let desk = Desk::of(&officer, form.given("book"), form.given("account")).await?;
    let agree = match word.as_str() {
        "approval" => true,
        "return" => false,
        _ => return Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
    };
    let reviewed: Result<(), Problem> = async {
        let mut check = form.check();
        let decision = check.decision(agree);
        check.done()?;
        officer.app.bank.review_balance(id, decision, &officer.member).await?;
        Ok(())
    }
    .await;
    match reviewed {
        Ok(()) => {
            let next = format!("{}&month={}", desk.path("/balance"), encoded(form.get("month")));
            Ok(officer.done(if agree { "已复核。" } else { "已退回。" }, &next))
        }
        Err(refused) => {
            let asked = desk.asked("/balance", &[("month", form.get("month"))]);
            show_balance(&officer, &asked, &word, &Typed::refused(&form, refused)).await
        }
    }
}
