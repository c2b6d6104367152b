//! The three statements of a month or a year (会民非01表 to 03表), each number leading to the accounts it is made of.

use app::closing::Statements;
use domain::{BusinessDate, Money};
use maud::html;
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::{Shelf, asked_period, period_fields, period_name};
use crate::page::PageError;
use crate::part;
use crate::session::Officer;
use crate::table::{self, Asked, Cell, Table, column, numbers};

/// The forms: as the address writes them, and what they are called.
const FORMS: [(&str, &str); 3] =
    [("balance-sheet", "资产负债表"), ("activities", "业务活动表"), ("cash-flows", "现金流量表")];

/// An amount, leading to the accounts of these subjects on a day; a sum leads nowhere.
fn amount(shelf: &Shelf, day: BusinessDate, subjects: &[&str], amount: Money) -> Cell {
    if subjects.is_empty() || amount == Money::ZERO {
        return Cell::yuan(amount);
    }
    let path = format!("/console/ledger?{}&day={day}&subjects={}", shelf.query(), subjects.join("%2C"));
    Cell::yuan_of(amount, &path)
}

fn table(form: &str, title: String, shelf: &Shelf, statements: &Statements, last: BusinessDate, year: bool) -> Table {
    const NOTHING: &str = "这段时间没有记账。";
    let before = BusinessDate::new(last.year(), 1, 1).map_or(last, BusinessDate::previous);
    let period = if year { "本年数" } else { "本月数" };
    match form {
        "activities" => {
            let columns = [
                column("项目"),
                numbers(if year { "本年 非限定性" } else { "本月 非限定性" }),
                numbers(if year { "本年 限定性" } else { "本月 限定性" }),
                numbers(if year { "本年 合计" } else { "本月 合计" }),
                numbers("累计 非限定性"),
                numbers("累计 限定性"),
                numbers("累计 合计"),
            ];
            Table::new(title, &columns, NOTHING).whole(statements.activities.rows.iter().map(|row| {
                let cell = |money| amount(shelf, last, &row.subjects, money);
                vec![
                    Cell::text(row.title),
                    cell(row.period.unrestricted),
                    cell(row.period.restricted),
                    cell(row.period.total()),
                    cell(row.year.unrestricted),
                    cell(row.year.restricted),
                    cell(row.year.total()),
                ]
            }))
        }
        "cash-flows" => {
            let columns = [column("项目"), numbers(period), numbers("本年累计数")];
            Table::new(title, &columns, NOTHING).whole(
                statements
                    .cash_flows
                    .rows
                    .iter()
                    .map(|row| vec![Cell::text(row.title), Cell::yuan(row.period), Cell::yuan(row.year)]),
            )
        }
        _ => {
            let columns = [column("项目"), numbers("年初数"), numbers("期末数")];
            Table::new(title, &columns, NOTHING).whole(statements.balance_sheet.rows.iter().map(|row| {
                vec![
                    Cell::text(row.title),
                    amount(shelf, before, &row.subjects, row.opening),
                    amount(shelf, last, &row.subjects, row.closing),
                ]
            }))
        }
    }
}

/// A statement of a period.
#[handler]
pub(super) async fn get_statement(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer, &asked).await?;
    let today = officer.app.business.today();
    let (year, month, period) = asked_period(&asked, today)?;
    let closed = officer.app.closing.closed(shelf.book.id, &officer.member).await?;
    let statements = officer.app.closing.statements(shelf.book.id, period, false, &officer.member).await?;
    let (form, name) = FORMS.into_iter().find(|(form, _)| asked.get("form") == Some(*form)).unwrap_or(FORMS[0]);
    let title = format!("{}{name} {}", shelf.book.name, period_name(year, month));
    let table = table(form, title, &shelf, &statements, period.last, month.is_none());
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let locked = closed.book.closed_through >= Some(period.last);
    let content = html! {
        (part::heading(&format!("{name} {}", period_name(year, month)), &html! {
            span class="faint" { (shelf.book.name) }
            @if locked { (part::badge(("已结账", part::Tone::Good))) } @else { (part::badge(("未结账，数字还会变", part::Tone::Waiting))) }
        }))
        (table::filter(&asked, &html! {
            (shelf.choice(&asked))
            (period_fields(year, month, today, closed.booked.map(|(first, _)| first)))
            input type="hidden" name="form" value=(form);
        }))
        nav class="tabs" aria-label="报表" {
            @for (one, word) in FORMS {
                a href=(asked.with(&[("form", one)])) aria-current=[(one == form).then_some("page")] { (word) }
            }
        }
        (table.show(&asked))
        p class="faint" { "单位：元。年终结转分录不计入报表，结转前后看到的数字相同。点击金额可看组成它的账户。" }
    };
    Ok(officer.page(name, &[("/console", "工作台")], &content).into_response())
}
