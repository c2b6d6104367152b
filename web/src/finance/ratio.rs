//! The ratios of a year against what the rules allow, each with the two numbers it is made of.

use app::ratios::{Measured, Verdict};
use maud::{Markup, html};
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::Shelf;
use crate::page::PageError;
use crate::part::{self, Tone};
use crate::session::Officer;
use crate::table::{self, Asked, Cell, Table, column, numbers};

fn verdict(verdict: Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Holds => ("符合", Tone::Good),
        Verdict::Warns => ("接近限度", Tone::Waiting),
        Verdict::Breaks => ("不符合", Tone::Bad),
        Verdict::Exempt => ("不适用", Tone::Calm),
        Verdict::Undefined => ("无法计算", Tone::Calm),
    }
}

fn cells(name: Cell, one: &Measured) -> Vec<Cell> {
    vec![
        name,
        Cell::badge(verdict(one.verdict)),
        Cell::or_none(one.percent.as_ref(), |percent| Cell::text(format!("{percent}%"))),
        Cell::yuan(one.numerator),
        Cell::yuan(one.denominator),
    ]
}

/// The ratios of a book's year, and of its campaigns.
#[handler]
pub(super) async fn get_ratios(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer, &asked).await?;
    let today = officer.app.business.today();
    let year = asked.read::<i32>("year").filter(|year| (2000..3000).contains(year)).unwrap_or(today.year());
    let found = officer.app.ratios.of_year(shelf.book.id, year, &officer.member).await?;
    let columns =
        |first: &'static str| [column(first), column("结果"), numbers("比例"), numbers("分子"), numbers("分母")];
    let of_book = Table::new("机构比例", &columns("指标"), "没有可以计算的比例。")
        .whole(found.of_book.iter().map(|one| cells(Cell::text(one.ratio.title()), one)));
    let of_campaigns = Table::new(format!("{}{year}年项目执行率", shelf.book.name), &columns("项目"), "没有项目。");
    let of_campaigns = of_campaigns.whole(found.of_campaigns.iter().map(|one| {
        cells(Cell::link(&format!("/console/campaigns/{}", one.campaign), one.name.clone()), &one.measured)
    }));
    if let Some(kind) = asked.file() {
        return Ok(of_campaigns.file(kind, &asked));
    }
    let years: Vec<(String, String)> =
        (today.year() - 5..=today.year()).rev().map(|one| (one.to_string(), format!("{one}年"))).collect();
    let block = |title: &str, table: Markup| part::block(title, &table);
    let content = html! {
        (part::heading(&format!("财务比例 {year}年"), &html! { span class="faint" { (shelf.book.name) "，截至" (found.through) } }))
        (table::filter(&asked, &html! { (shelf.choice(&asked)) (table::filter_choice(&asked, "year", "年度", &years)) }))
        (block("机构", of_book.plain()))
        (block("项目执行率（已用 ÷ 募集）", of_campaigns.show(&asked)))
    };
    Ok(officer.page("财务比例", &[("/console/statements", "会计报表")], &content).into_response())
}
