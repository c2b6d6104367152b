//! The statements that were brought, and one line with its whole story: what it was tied to, by whom, and how that is undone.

use app::bank::{CLERKS, KEEPERS, LineSheet, StatementLine, Tied, Undo};
use app::problem::Problem;
use domain::BankLineId;
use domain::bank::LineState;
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::bank::{Desk, desk, line_path, line_state};
use super::{claim, entry, words};
use crate::console::people::{Names, staff_of};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{Asked, Cell, Table, column, numbers};

/// How a file was written, by its word.
pub(super) fn format(word: &str) -> &str {
    match word {
        "plain" => "逐笔文本",
        "csv" => "CSV",
        "xlsx" => "Excel",
        "camt053" => "CAMT.053",
        other => other,
    }
}

/// The statements of an account, newest first.
#[handler]
pub(super) async fn get_statements(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let desk = desk(&officer, &asked).await?;
    let way = [("/console/bank", "银行流水")];
    let Some(name) = &desk.account else {
        let content = html! { (part::heading("银行对账单", &html! {})) (desk.none(&officer)) };
        return Ok(officer.page("银行对账单", &way, &content).into_response());
    };
    let of = (desk.shelf.book.id, name.as_str());
    let rows = officer.app.bank.statements(of, asked.after(), asked.limit(), &officer.member).await;
    let rows = rows.map_err(Problem::of_list)?;
    let people: Vec<_> = rows.iter().filter_map(|one| staff_of(&one.row.actor)).collect();
    let names = Names::of(&officer, people).await?;
    let columns = [
        column("导入时间"),
        column("起止日期"),
        column("文件"),
        numbers("笔数"),
        numbers("新增"),
        numbers("待对应"),
        numbers("期初余额"),
        numbers("期末余额"),
        column("导入人"),
    ];
    let cells = |StatementLine { row, open }: StatementLine| {
        let lead = format!("{}&statement={}", desk.path(""), row.id);
        let print = hex::encode(row.sha256.get(..4).unwrap_or_default());
        let waits = match open {
            0 => Cell::number(0),
            open => Cell::link(&format!("{lead}&state=open"), open.to_string()),
        };
        vec![
            Cell::at(row.received_us),
            Cell::link(&lead, format!("{} 至 {}", row.first_day, row.last_day)),
            Cell::shown(
                html! {
                    @if let Some(file) = &row.file_name { (file) " " }
                    (format(&row.format)) " " span class="code faint" title=(hex::encode(&row.sha256)) { (print) }
                },
                format!(
                    "{} {} {}",
                    row.file_name.as_deref().unwrap_or_default(),
                    format(&row.format),
                    hex::encode(&row.sha256)
                ),
            ),
            Cell::number(row.lines),
            Cell::number(row.fresh),
            waits,
            Cell::or_none(row.opening_fen, Cell::yuan),
            Cell::or_none(row.closing_fen, Cell::yuan),
            Cell::text(names.actor(&row.actor)),
        ]
    };
    let table = Table::new(format!("{name}对账单"), &columns, "还没有导入过对账单。");
    let table = table.page(&asked, rows, |one| one.row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let content = html! {
        (part::heading("银行对账单", &html! {
            span class="faint" { (desk.shelf.book.name) " · " (name) }
            @if officer.is(&CLERKS) || officer.is(&KEEPERS) { a class="button primary" href=(desk.path("/import")) { "导入对账单" } }
        }))
        (desk.tabs("/statements"))
        @if desk.accounts.len() > 1 || desk.shelf.books.len() > 1 { (desk.filter(&asked, &html! {})) }
        (table.show(&asked))
        p class="faint" { "“新增”是此前的对账单没有带来过的流水；同一份文件再次导入不会重复。文件后的编号是其指纹的开头。" }
    };
    Ok(officer.page("银行对账单", &way, &content).into_response())
}

/// What a line was taken for, by the word of its rule.
fn rule(word: &str) -> &str {
    match word {
        "entry" => "已有凭证",
        "document" => "按编号自动对应",
        "transfer" => "提现或充值",
        "payout" => "付款结果",
        "interest" => "利息",
        "charge" => "银行手续费",
        "cash" => "现金存入",
        "platform" => "平台结算",
        "return" => "退回已付",
        "unclaimed" => "列入待认领",
        "gift" => "认领为捐赠",
        other => other,
    }
}

/// How it is undone: a step for whoever may, or why it is not.
fn undo(officer: &Officer, sheet: &LineSheet, refused: Option<&Typed>) -> Markup {
    if !matches!(sheet.line.row.state, LineState::Matched | LineState::Unclaimed) {
        return html! {};
    }
    let of_mine =
        sheet.ties.iter().any(|one| one.tie.untied_us.is_none() && staff_of(&one.tie.actor) == Some(officer.id()));
    let to = format!("{}/untying", line_path(sheet.line.row.id));
    let step = |name, will| {
        html! { div class="steps" { (Step { name, will, to: &to, grave: true, fields: nothing() }.show(officer, refused)) } }
    };
    html! {
        @match (sheet.undo, officer.is(&KEEPERS)) {
            (Undo::Untie, true) => (step("解除对应", "将解除与凭证的对应，凭证不变；这笔流水回到待对应。")),
            (Undo::Reverse, true) if of_mine => p class="note" { "这笔流水由您确认入账，须由另一名会计或财务负责人撤销。" },
            (Undo::Reverse, true) => (step("撤销入账", "将以红字凭证冲销据这笔流水所记的凭证，并解除对应；这笔流水回到待对应，可重新选定。")),
            (Undo::Nothing, _) => p class="faint" { "这笔流水已随付款、划转、认领或退回办理，不能在此撤销；付款被退回时，请把退回的流水对应为退票。" },
            (Undo::Untie | Undo::Reverse, false) => {},
        }
    }
}

async fn show(officer: &Officer, id: BankLineId, typed: &Typed) -> Result<Response, PageError> {
    let sheet = officer.app.bank.line(id, &officer.member).await?;
    let books = officer.app.books.readable(&officer.member).await?;
    let code = books.iter().find(|book| book.id == sheet.line.row.book_id).map(|book| book.code.clone());
    let desk = Desk::of(officer, code.as_deref(), Some(&sheet.line.row.bank_account)).await?;
    let who = |one: &Tied| [Some(one.tie.actor.clone()), one.tie.untied_by.clone()];
    let mut people: Vec<_> = sheet.ties.iter().flat_map(who).flatten().filter_map(|actor| staff_of(&actor)).collect();
    people.extend(sheet.claims.iter().flat_map(|one| [Some(one.author_id), one.approver_id]).flatten());
    let names = Names::of(officer, people).await?;
    let columns = [
        column("凭证"),
        column("作为"),
        numbers("金额"),
        column("状态"),
        column("办理人"),
        column("办理时间"),
        column("撤销人"),
        column("撤销时间"),
    ];
    let rows = sheet.ties.iter().map(|Tied { tie, reference }| {
        let state = if tie.untied_us.is_none() { ("有效", Tone::Good) } else { ("已撤销", Tone::Calm) };
        vec![
            Cell::link(&entry::path(reference), words::reference(reference)),
            Cell::text(rule(&tie.rule)),
            Cell::yuan(tie.amount_fen),
            Cell::badge(state),
            Cell::text(names.actor(&tie.actor)),
            Cell::at(tie.at_us),
            Cell::or_none(tie.untied_by.as_deref(), |by| Cell::text(names.actor(by))),
            Cell::or_none(tie.untied_us, Cell::at),
        ]
    });
    let table = Table::new("对应的凭证", &columns, "还没有对应的凭证。").whole(rows);
    let claims = html! {
        @for one in &sheet.claims {
            article class="update" {
                p { (part::badge(claim::claim_state(one.state))) " " strong { (claim::claim_choice(one.choice)) } "：" (one.reason) }
                p {
                    span class="faint" { (names.name(one.author_id)) "于" (part::at(one.created_us)) "提出" @if one.approver_id.is_some() { "；" (names.maybe(one.approver_id)) "决定" } }
                    @if let Some(gift) = claim::gift_of(one) { " " a href=(gift) { "成为的捐赠" } }
                    @if let Some(payment) = one.payment_line_id { " " a href=(line_path(payment)) { "退回付款的流水" } }
                }
            }
        }
    };
    let row = &sheet.line.row;
    let refused = typed.problem().is_some().then_some(typed);
    let title = format!("{}的流水", row.day);
    let content = html! {
        (part::heading(&title, &part::badge(line_state(row.state))))
        (undo(officer, &sheet, refused))
        @if row.state == LineState::Open { p { a class="button" href=(desk.path("/matching")) { "去对应" } } }
        (part::block("流水", &part::facts(&[
            ("金额", part::yuan(row.amount_fen)),
            ("对方", html! { (sheet.line.words.counterparty) }),
            ("摘要", html! { (sheet.line.words.remark) }),
            ("银行流水号", html! { @if !row.reference.is_empty() { span class="code" { (row.reference) } } }),
            ("余额", html! { @if let Some(balance) = row.balance_fen { (part::yuan(balance)) } }),
            ("账户", html! { (desk.shelf.book.name) " · " (row.bank_account) }),
            ("对账单", html! { a href={ (desk.path("")) "&statement=" (row.statement_id) } { "同一份对账单的流水" } " 第" (row.position + 1) "笔" }),
        ])))
        (part::block("对应的凭证", &table.plain()))
        @if !sheet.claims.is_empty() { (part::block("认领与退回", &claims)) }
    };
    let list = desk.path("");
    Ok(officer.shown(&title, &[(&list, "银行流水")], &content, typed))
}

/// One line.
#[handler]
pub(super) async fn get_line(officer: Officer, Path(id): Path<BankLineId>) -> Result<Response, PageError> {
    show(&officer, id, &Typed::default()).await
}

/// Undoes what it was taken for.
#[handler]
pub(super) async fn post_untie(officer: Officer, Path(id): Path<BankLineId>) -> Result<Response, PageError> {
    match officer.app.bank.untie(id, &officer.member).await {
        Ok(_) => Ok(officer.done("已撤销，这笔流水回到待对应。", &line_path(id))),
        Err(refused) => show(&officer, id, &Typed::refused(&Form::default(), refused)).await,
    }
}
