//! A book of a month or a year as a file that other programs read.

use app::exports::{self, Format};
use app::problem::Problem;
use maud::html;
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::{Shelf, asked_period, period_fields};
use crate::page::{self, PageError};
use crate::part;
use crate::session::Officer;
use crate::table::Asked;

/// As what: as the address writes it, what it is called, and what it is good for.
const FORMATS: [(&str, &str, &str, Format); 4] = [
    ("xlsx", "Excel", "凭证和科目余额两张表", Format::Xlsx),
    ("csv", "CSV", "一行一条分录，供其他软件导入", Format::Csv),
    ("hledger", "hledger", "纯文本记账，带期末余额断言", Format::Hledger),
    ("beancount", "Beancount", "纯文本记账，带期末余额断言", Format::Beancount),
];

/// What can be had.
#[handler]
pub(super) async fn get_ask(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer, &asked).await?;
    let today = officer.app.business.today();
    let (year, month, _) = asked_period(&asked, today)?;
    let closed = officer.app.closing.closed(shelf.book.id, &officer.member).await?;
    let content = html! {
        (part::heading("导出账簿", &html! {}))
        (part::block("凭证", &html! {
            form method="get" action="/console/exports/file" {
                div class="filter" {
                    label { "账套" select name="book" { @for book in &shelf.books {
                        option value=(book.code) selected[book.id == shelf.book.id] { (book.name) }
                    } } }
                    (period_fields(year, month, today, closed.booked.map(|(first, _)| first)))
                }
                fieldset {
                    legend { "格式" }
                    @for (at, (key, name, good, _)) in FORMATS.iter().enumerate() {
                        div class="tick" {
                            input id={ "format-" (key) } type="radio" name="format" value=(key) checked[at == 0];
                            label for={ "format-" (key) } { (name) " " span class="faint" { (good) } }
                        }
                    }
                }
                div class="go" { button type="submit" class="primary" { "下载" } }
            }
            p class="faint" { "期初余额以一笔开账分录写在纯文本文件的开头。文件里没有捐赠人的个人信息。谁在何时下载会记入审计日志。" }
        }))
        (part::block("报表", &html! {
            p { "三张会计报表和科目余额表在各自的页面上以 CSV 或 Excel 导出：" }
            p {
                a href={ "/console/statements?" (shelf.query()) } { "会计报表" } "、"
                a href={ "/console/ledger?" (shelf.query()) } { "科目余额" }
            }
        }))
    };
    Ok(officer.page("导出账簿", &[("/console", "工作台")], &content).into_response())
}

/// The file.
#[handler]
pub(super) async fn get_file(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer, &asked).await?;
    let (_, _, period) = asked_period(&asked, officer.app.business.today())?;
    let format = FORMATS.into_iter().find(|(key, ..)| asked.get("format") == Some(*key));
    let (.., format) = format.ok_or_else(|| Problem::field("format", "请选择格式"))?;
    let app = &officer.app;
    let days = (period.first, period.last);
    let file = exports::download(&app.db, app.business.now(), (shelf.book.id, format), days, &officer.member).await?;
    let content_type = match format {
        Format::Xlsx => page::XLSX,
        Format::Csv => "text/csv; charset=utf-8",
        Format::Hledger | Format::Beancount => "text/plain; charset=utf-8",
    };
    Ok(page::file(&file.name, content_type, file.content))
}
