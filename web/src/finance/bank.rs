//! The bank: a book and one of its accounts, and the lines of its statements.

use app::bank::{CLERKS, KEEPERS, READERS, ShownLine, Sought};
use app::problem::Problem;
use domain::BankLineId;
use domain::bank::LineState;
use entity::bank_account;
use maud::{Markup, html};
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::{Shelf, one_of};
use crate::page::PageError;
use crate::part::{self, Tone};
use crate::session::{Officer, encoded};
use crate::table::{self, Asked, Cell, Table, column, numbers, wide};
use crate::words as all_words;

/// How many lines are asked about at once.
pub(super) const LINES: u64 = 50;
/// Where a line stands.
pub(super) fn line_state(state: LineState) -> (&'static str, Tone) {
    match state {
        LineState::Open => ("待对应", Tone::Waiting),
        LineState::Matched => ("已对应", Tone::Good),
        LineState::Unclaimed => ("待认领", Tone::Waiting),
        LineState::Claimed => ("已认领", Tone::Good),
        LineState::Returned => ("已退回", Tone::Calm),
    }
}

/// The page of a line.
pub(super) fn line_path(id: BankLineId) -> String {
    format!("/console/bank/lines/{id}")
}

/// A book and one of its accounts at the bank.
pub(super) struct Desk {
    pub(super) shelf: Shelf,
    pub(super) accounts: Vec<bank_account::Model>,
    /// The account the address names, or the first.
    pub(super) account: Option<String>,
}

impl Desk {
    /// The account of this name, or the first of the book.
    pub(super) async fn of(officer: &Officer, book: Option<&str>, account: Option<&str>) -> Result<Desk, PageError> {
        officer.must_be(&READERS)?;
        let shelf = Shelf::named(officer, book).await?;
        let accounts = officer.app.bank.accounts(shelf.book.id, &officer.member).await?;
        let named = accounts.iter().find(|one| account.is_none_or(|name| one.name == name));
        let account = named.map(|one| one.name.clone());
        Ok(Desk { shelf, accounts, account })
    }

    fn query(&self) -> String {
        let account = self.account.as_deref().unwrap_or_default();
        format!("{}&account={}", self.shelf.query(), encoded(account))
    }

    /// A page of the bank about this account.
    pub(super) fn path(&self, page: &str) -> String {
        format!("/console/bank{page}?{}", self.query())
    }

    /// A page of the bank about this account, as it is shown again when a form on it was refused.
    pub(super) fn asked(&self, page: &str, more: &[(&str, &str)]) -> Asked {
        let account = self.account.as_deref().unwrap_or_default();
        let kept = [("book", self.shelf.book.code.as_str()), ("account", account)];
        let query: Vec<(&str, &str)> = kept.into_iter().chain(more.iter().copied()).collect();
        Asked::about(&format!("/console/bank{page}"), &query)
    }

    /// Hidden fields that keep the book and the account of a form.
    pub(super) fn kept(&self) -> Markup {
        html! {
            input type="hidden" name="book" value=(self.shelf.book.code);
            input type="hidden" name="account" value=(self.account.as_deref().unwrap_or_default());
        }
    }

    pub(super) fn tabs(&self, here: &str) -> Markup {
        let pages = [
            ("", "流水"),
            ("/statements", "对账单"),
            ("/matching", "对应"),
            ("/claims", "待认领"),
            ("/balance", "余额调节表"),
        ];
        html! {
            nav class="tabs" aria-label="银行" {
                @for (page, word) in pages { a href=(self.path(page)) aria-current=[(page == here).then_some("page")] { (word) } }
            }
        }
    }

    pub(super) fn filter(&self, asked: &Asked, more: &Markup) -> Markup {
        let accounts: Vec<(String, String)> =
            self.accounts.iter().map(|one| (one.name.clone(), one.name.clone())).collect();
        table::filter(
            asked,
            &html! {
                (self.shelf.choice())
                @if accounts.len() > 1 { (one_of("account", "账户", &accounts, self.account.as_deref().unwrap_or_default())) }
                (more)
            },
        )
    }

    pub(super) fn none(&self, officer: &Officer) -> Markup {
        html! {
            (part::nothing_here("还没有登记银行账户。"))
            @if officer.keeps(&KEEPERS, self.shelf.book.id) { p { a class="button" href={ "/console/bank/account?" (self.shelf.query()) } { "登记银行账户" } } }
        }
    }
}

/// The one the address names.
pub(super) async fn desk(officer: &Officer, asked: &Asked) -> Result<Desk, PageError> {
    let mut desk = Desk::of(officer, asked.get("book"), asked.get("account")).await?;
    // The account of another book, when the filter has just turned to this one.
    if desk.account.is_none() {
        desk.account = desk.accounts.first().map(|one| one.name.clone());
    }
    Ok(desk)
}

/// The lines of an account, newest first.
#[handler]
pub(super) async fn get_lines(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let desk = desk(&officer, &asked).await?;
    let Some(name) = &desk.account else {
        let content = html! { (part::heading("银行流水", &html! {})) (desk.none(&officer)) };
        return Ok(officer.page("银行流水", &[("/console", "工作台")], &content).into_response());
    };
    let state = asked.read::<all_words::Key<LineState>>("state")?.map(|key| key.0);
    // Names on a statement are shown to finance at work, not handed out as a list.
    let limit = table::ROWS + 1;
    let amount = crate::console::donation::amount(&asked)?;
    let sought = Sought { state, statement: asked.read::<uuid::Uuid>("statement")?.map(Into::into), amount };
    let rows = officer.app.bank.lines((desk.shelf.book.id, name), sought, asked.after(), limit, &officer.member).await;
    let rows = rows.map_err(Problem::of_list)?;
    let columns = [
        column("日期"),
        column("状态"),
        numbers("金额"),
        numbers("余额"),
        wide("对方"),
        wide("摘要"),
        column("银行流水号"),
        column("办理"),
    ];
    let cells = |line: ShownLine| {
        let lead = match line.row.state {
            LineState::Open => Cell::link(&desk.path("/matching"), "对应"),
            LineState::Unclaimed if officer.is(&CLERKS) => {
                Cell::link(&format!("{}&line={}", desk.path("/claims/new"), line.row.id), "认领或退回")
            }
            LineState::Unclaimed | LineState::Matched | LineState::Claimed | LineState::Returned => Cell::none(),
        };
        vec![
            Cell::link(&line_path(line.row.id), line.row.day.to_string()),
            Cell::badge(line_state(line.row.state)),
            Cell::yuan_of(line.row.amount_fen, &line_path(line.row.id)),
            Cell::or_none(line.row.balance_fen, Cell::yuan),
            Cell::or_none(Some(line.words.counterparty).filter(|name| !name.is_empty()), Cell::text),
            Cell::or_none(Some(line.words.remark).filter(|remark| !remark.is_empty()), Cell::text),
            Cell::or_none(Some(line.row.reference).filter(|number| !number.is_empty()), Cell::digits),
            lead,
        ]
    };
    let table = Table::new("银行流水", &columns, "没有这样的流水。");
    let next = (rows.len() as u64 > table::ROWS).then(|| rows.get(49).map(|line| line.row.id.to_string())).flatten();
    let shown = rows.into_iter().take(50).map(cells);
    let table = table.whole(shown);
    let states = all_words::all(|state: LineState| line_state(state).0);
    let content = html! {
        (part::heading("银行流水", &html! {
            span class="faint" { (desk.shelf.book.name) " · " (name) }
            @if officer.is(&CLERKS) || officer.is(&KEEPERS) { a class="button primary" href=(desk.path("/import")) { "导入对账单" } }
            @if officer.is(&KEEPERS) { a class="button" href=(desk.path("/account")) { "账户与列对应" } }
        }))
        (desk.tabs(""))
        (desk.filter(&asked, &html! {
            (table::filter_choice(&asked, "state", "状态", &states))
            (table::filter_text(&asked, "amount", "金额"))
            @if let Some(statement) = asked.get("statement") { input type="hidden" name="statement" value=(statement); }
        }))
        @if asked.get("statement").is_some() { p class="note" { "只列出一份对账单带来的流水。" a href=(asked.with(&[("statement", ""), ("after", "")])) { "列出全部" } } }
        (table.plain())
        nav class="pages" aria-label="翻页" {
            @if asked.get("after").is_some() { a href=(asked.with(&[("after", "")])) { "第一页" } }
            @if let Some(next) = &next { a href=(asked.with(&[("after", next)])) rel="next" { "下一页" } }
        }
    };
    Ok(officer.page("银行流水", &[("/console", "工作台")], &content).into_response())
}
