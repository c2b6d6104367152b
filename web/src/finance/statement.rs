//! The three statements of a month or a year (会民非01表 to 03表), each number leading to the lines of entries it is the sum of.

use app::closing::Statement;
use app::problem::Problem;
use domain::{AccountId, Money};
use ledger::{Cell as Number, CellColumn, CellPart, NamedAccount, StatementForm};
use maud::html;
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::{CampaignNames, Shelf, asked_period, period_fields, period_name};
use super::{entry, words};
use crate::page::PageError;
use crate::part;
use crate::session::{Officer, encoded};
use crate::table::{self, Asked, Cell, ROWS, Table, column, numbers};

/// The forms: as the address writes them, and what they are called.
const FORMS: [(&str, &str, StatementForm); 3] = [
    ("balance-sheet", "资产负债表", StatementForm::BalanceSheet),
    ("activities", "业务活动表", StatementForm::Activities),
    ("cash-flows", "现金流量表", StatementForm::CashFlows),
];
/// The columns, as the address writes them.
const COLUMNS: [(&str, CellColumn); 4] = [
    ("opening", CellColumn::Opening),
    ("closing", CellColumn::Closing),
    ("period", CellColumn::Period),
    ("year", CellColumn::Year),
];
/// The parts of a cell, as the address writes them.
const PARTS: [(&str, CellPart); 3] =
    [("unrestricted", CellPart::Unrestricted), ("restricted", CellPart::Restricted), ("total", CellPart::Total)];

/// How the cells of a statement lead to what they are made of.
struct Lead {
    /// The book, the period and the form.
    query: String,
}

impl Lead {
    fn cell(&self, row: &str, column: &str, part: &str, amount: Money) -> Cell {
        if amount == Money::ZERO {
            return Cell::yuan(amount);
        }
        let path = format!("/console/statements/lines?{}&row={row}&column={column}&part={part}", self.query);
        Cell::yuan_of(amount, &path)
    }
}

fn table(title: String, lead: &Lead, statement: &Statement, year: bool) -> Table {
    const NOTHING: &str = "这段时间没有记账。";
    match statement {
        Statement::Activities(activities) => {
            let columns = [
                column("项目"),
                numbers(if year { "本年 非限定性" } else { "本月 非限定性" }),
                numbers(if year { "本年 限定性" } else { "本月 限定性" }),
                numbers(if year { "本年 合计" } else { "本月 合计" }),
                numbers("累计 非限定性"),
                numbers("累计 限定性"),
                numbers("累计 合计"),
            ];
            Table::new(title, &columns, NOTHING).whole(activities.rows.iter().map(|row| {
                vec![
                    Cell::text(row.title),
                    lead.cell(row.key, "period", "unrestricted", row.period.unrestricted),
                    lead.cell(row.key, "period", "restricted", row.period.restricted),
                    lead.cell(row.key, "period", "total", row.period.total()),
                    lead.cell(row.key, "year", "unrestricted", row.year.unrestricted),
                    lead.cell(row.key, "year", "restricted", row.year.restricted),
                    lead.cell(row.key, "year", "total", row.year.total()),
                ]
            }))
        }
        Statement::CashFlows(flows) => {
            let columns = [column("项目"), numbers(if year { "本年数" } else { "本月数" }), numbers("本年累计数")];
            Table::new(title, &columns, NOTHING).whole(flows.rows.iter().map(|row| {
                vec![
                    Cell::text(row.title),
                    lead.cell(row.key, "period", "total", row.period),
                    lead.cell(row.key, "year", "total", row.year),
                ]
            }))
        }
        Statement::BalanceSheet(sheet) => {
            let columns = [column("项目"), numbers("年初数"), numbers("期末数")];
            Table::new(title, &columns, NOTHING).whole(sheet.rows.iter().map(|row| {
                vec![
                    Cell::text(row.title),
                    lead.cell(row.key, "opening", "total", row.opening),
                    lead.cell(row.key, "closing", "total", row.closing),
                ]
            }))
        }
    }
}

/// What the row of a number is called.
fn row_title(statement: &Statement, key: &str) -> Option<&'static str> {
    match statement {
        Statement::Activities(form) => form.rows.iter().find(|row| row.key == key).map(|row| row.title),
        Statement::CashFlows(form) => form.rows.iter().find(|row| row.key == key).map(|row| row.title),
        Statement::BalanceSheet(form) => form.rows.iter().find(|row| row.key == key).map(|row| row.title),
    }
}

/// What the column of a number is called, and for net assets its part.
fn column_title(column: CellColumn, part: CellPart, form: StatementForm) -> String {
    let column = match column {
        CellColumn::Opening => "年初数",
        CellColumn::Closing => "期末数",
        CellColumn::Period => "本期",
        CellColumn::Year => "本年累计",
    };
    match (part, form) {
        (CellPart::Unrestricted, _) => format!("{column} 非限定性"),
        (CellPart::Restricted, _) => format!("{column} 限定性"),
        (CellPart::Total, StatementForm::Activities) => format!("{column} 合计"),
        (CellPart::Total, _) => column.to_owned(),
    }
}

/// The form the address names, or the first.
fn form(asked: &Asked) -> (&'static str, &'static str, StatementForm) {
    FORMS.into_iter().find(|(form, ..)| asked.get("form") == Some(*form)).unwrap_or(FORMS[0])
}

/// A statement of a period.
#[handler]
pub(super) async fn get_statement(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer, &asked).await?;
    let today = officer.app.business.today();
    let (year, month, period) = asked_period(&asked, today)?;
    let closed = officer.app.closing.closed(shelf.book.id, &officer.member).await?;
    let (key, name, form) = form(&asked);
    let statement = officer.app.closing.statement(shelf.book.id, form, period, &officer.member).await?;
    let title = format!("{}{name} {}", shelf.book.name, period_name(year, month));
    let month_asked = month.map(|month| month.to_string()).unwrap_or_default();
    let lead = Lead { query: format!("{}&year={year}&month={month_asked}&form={key}", shelf.query()) };
    let table = table(title, &lead, &statement, month.is_none());
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let locked = closed.book.locked_through >= Some(period.last);
    let sealed = closed.book.closed_through >= Some(period.last);
    let content = html! {
        (part::heading(&format!("{name} {}", period_name(year, month)), &html! {
            span class="faint" { (shelf.book.name) }
            @if locked { (part::badge(("已结账", part::Tone::Good))) } @else if sealed { (part::badge(("已封存，未月结", part::Tone::Waiting))) } @else { (part::badge(("未结账，数字还会变", part::Tone::Waiting))) }
        }))
        (table::filter(&asked, &html! {
            (shelf.choice())
            (period_fields(year, month, today, closed.booked.map(|(first, _)| first)))
            input type="hidden" name="form" value=(key);
        }))
        nav class="tabs" aria-label="报表" {
            @for (one, word, _) in FORMS {
                a href=(asked.with(&[("form", one)])) aria-current=[(one == key).then_some("page")] { (word) }
            }
        }
        (table.show(&asked))
        p class="faint" { "单位：元。收入、费用的年终结转不计入报表；年末解除限定计入，会改变两类净资产的数字，合计不变。限定性净资产在年末、项目结项或会计办理时解除限定，此前项目已用的限定性款项先减少非限定性净资产。点击金额可看组成它的每一笔分录。" }
    };
    Ok(officer.page(name, &[("/console", "工作台")], &content).into_response())
}

/// The lines of entries that a number of a statement is the sum of.
#[handler]
pub(super) async fn get_lines(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer, &asked).await?;
    let (year, month, period) = asked_period(&asked, officer.app.business.today())?;
    let (key, name, form) = form(&asked);
    let none = || Problem::not_found("no_such_cell", "报表上没有这个数字。");
    let column_of = COLUMNS.into_iter().find(|(word, _)| asked.get("column") == Some(*word));
    let part_of = PARTS.into_iter().find(|(word, _)| asked.get("part") == Some(*word));
    let number = Number {
        form,
        row: asked.get("row").unwrap_or_default().to_owned(),
        column: column_of.ok_or_else(none)?.1,
        part: part_of.ok_or_else(none)?.1,
        first: period.first,
        last: period.last,
    };
    let statement = officer.app.closing.statement(shelf.book.id, form, period, &officer.member).await?;
    let row = row_title(&statement, &number.row).unwrap_or(name);
    let of = format!("{row} {}", column_title(number.column, number.part, form));
    let limit = asked.limit();
    let found = officer.app.closing.behind(shelf.book.id, &number, &officer.member, asked.get("after"), limit).await?;
    let mut found = found.ok_or_else(none)?;
    let shown = if asked.file().is_some() { table::MOST } else { usize::try_from(ROWS).unwrap_or(usize::MAX) };
    let more = found.lines.len() > shown;
    found.lines.truncate(shown);
    let next = found.lines.last().filter(|_| more).map(|line| line.key.clone());
    let id = |name: &str| app::books::words::account_id(shelf.book.id, name);
    let ids: Vec<AccountId> = found.lines.iter().flat_map(|line| [id(&line.account), id(&line.contra)]).collect();
    let named = officer.app.books.named(ids).await?;
    let all: Vec<&NamedAccount> = named.values().collect();
    let names = CampaignNames::of(&officer, &all).await?;
    let from = asked.with(&[("after", ""), ("as", "")]);
    let account = |name: &str| named.get(&id(name)).map_or_else(|| name.to_owned(), |account| names.account(account));
    let columns = [column("入账日期"), column("摘要"), column("账户"), column("对方账户"), numbers("金额")];
    let table = Table::new(format!("{name} {of}的组成"), &columns, "没有分录。");
    let table = table
        .whole(found.lines.iter().map(|line| {
            let lead = entry::path_from(&line.reference, &from);
            vec![
                Cell::day(line.book_date),
                Cell::link(&lead, words::event(&line.kind)),
                Cell::text(account(&line.account)),
                Cell::text(account(&line.contra)),
                Cell::yuan_of(line.amount, &lead),
            ]
        }))
        .then(next);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let content = html! {
        (part::heading(&format!("{of}的组成"), &html! { span class="faint" { (shelf.book.name) " " (name) " " (period_name(year, month)) } }))
        (part::facts(&[("报表上的数字", part::yuan(found.total))]))
        (table.show(&asked))
    };
    let month = month.map(|month| month.to_string()).unwrap_or_default();
    let back = format!("/console/statements?{}&year={year}&month={month}&form={}", shelf.query(), encoded(key));
    Ok(officer.page("组成", &[(back.as_str(), name)], &content).into_response())
}
