//! The ratios of a year against what the rules allow, each with the two numbers it is made of.

use app::closing::Period;
use app::problem::Problem;
use app::ratios::{Measured, NewRule, Ratio, Verdict};
use domain::Rate;
use domain::role::Role;
use maud::{Markup, html};
use poem::{Request, Response, handler};

use super::shelf::{Shelf, one_of};
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::Officer;
use crate::table::{self, Asked, Cell, Table, column, numbers};

/// What a ratio is said to be; what has to come to so much by the end of the year is not short of it while the year runs.
fn verdict(one: &Measured, runs: bool) -> (&'static str, Tone) {
    match one.verdict {
        Verdict::Holds => ("符合", Tone::Good),
        Verdict::Warns | Verdict::Breaks if one.ratio.is_floor() && runs => ("年度未结束", Tone::Waiting),
        Verdict::Warns if one.ratio.is_floor() => ("未达标", Tone::Waiting),
        Verdict::Warns => ("接近限度", Tone::Waiting),
        Verdict::Breaks => ("不符合", Tone::Bad),
        Verdict::Exempt => ("不适用", Tone::Calm),
        Verdict::Undefined => ("无法计算", Tone::Calm),
    }
}

fn cells(name: Cell, one: &Measured, runs: bool, lead: &str) -> Vec<Cell> {
    vec![
        name,
        Cell::badge(verdict(one, runs)),
        Cell::or_none(one.percent.clone(), Cell::text),
        Cell::yuan_of(one.numerator, lead),
        Cell::yuan_of(one.denominator, lead),
    ]
}

/// The ratios of a book's year, and of its campaigns.
#[handler]
pub(super) async fn get_ratios(officer: Officer, request: &Request) -> Result<Response, PageError> {
    show(&officer, &Asked::of(request), &Typed::default()).await
}

async fn show(officer: &Officer, asked: &Asked, typed: &Typed) -> Result<Response, PageError> {
    let shelf = Shelf::of(officer, asked).await?;
    let today = officer.app.business.today();
    let year = asked.read::<i32>("year")?.filter(|year| (2000..3000).contains(year)).unwrap_or(today.year());
    let found = officer.app.ratios.of_year(shelf.book.id, year, &officer.member).await?;
    let runs = Period::year(year).is_some_and(|year| found.through < year.last);
    // What the amounts are made of, by account.
    let of_year = format!("/console/ledger?{}&day={}", shelf.query(), found.through);
    let columns =
        |first: &'static str| [column(first), column("结果"), numbers("比例"), numbers("分子"), numbers("分母")];
    let of_book = Table::new("机构比例", &columns("指标"), "没有可以计算的比例。")
        .whole(found.of_book.iter().map(|one| cells(Cell::text(one.ratio.title()), one, runs, &of_year)));
    let of_campaigns = Table::new(format!("{}{year}年项目执行率", shelf.book.name), &columns("项目"), "没有项目。");
    let of_campaigns = of_campaigns.whole(found.of_campaigns.iter().map(|one| {
        let name = Cell::link(&format!("/console/campaigns/{}", one.campaign), one.name.clone());
        let lead = format!("/console/ledger?campaign={}&day={}", one.campaign, found.through);
        cells(name, &one.measured, runs, &lead)
    }));
    if let Some(kind) = asked.file() {
        return Ok(of_campaigns.file(kind, asked));
    }
    let years: Vec<(String, String)> =
        (today.year() - 5..=today.year()).rev().map(|one| (one.to_string(), format!("{one}年"))).collect();
    let block = |title: &str, table: Markup| part::block(title, &table);
    let content = html! {
        (part::heading(&format!("财务比例 {year}年"), &html! { span class="faint" { (shelf.book.name) "，截至" (found.through) } }))
        (table::filter(asked, &html! { (shelf.choice()) (one_of("year", "年度", &years, &year.to_string())) }))
        (block("机构", of_book.plain()))
        (block("项目执行率（已用 ÷ 募集）", of_campaigns.show(asked)))
        (block("对照的规则", rules(officer, typed).await?))
    };
    Ok(officer.shown("财务比例", &[("/console/statements", "会计报表")], &content, typed))
}

/// What the ratios are held against, and a form for another rule.
async fn rules(officer: &Officer, typed: &Typed) -> Result<Markup, PageError> {
    let rows = officer.app.ratios.rules(&officer.member).await?;
    let title = |word: &str| Ratio::ALL.into_iter().find(|one| one.as_str() == word).map_or("", Ratio::title);
    let columns =
        [column("指标"), column("起始日期"), numbers("限度"), numbers("预警"), numbers("豁免额"), column("依据")];
    let table = Table::new("比例规则", &columns, "还没有规则。").whole(rows.into_iter().map(|row| {
        vec![
            Cell::text(title(&row.ratio)),
            Cell::day(row.valid_from),
            Cell::or_none(row.bound, percent),
            Cell::or_none(row.warning, percent),
            Cell::or_none(row.exempt_below_fen, Cell::yuan),
            Cell::text(row.source),
        ]
    }));
    let ratios = options(Ratio::ALL.map(|one| (one.as_str(), one.title())));
    let will = "从起始日起按新规则判断；设定后不能修改，只能另设更晚起始的规则。";
    Ok(html! {
        (table.plain())
        @if officer.is(&[Role::FinanceHead]) {
            (Step { name: "设定比例规则", will, to: "/console/ratios", grave: false, fields: html! {
                div class="fields" {
                    (Field::choice(typed, "ratio", "指标", &ratios).required())
                    (Field::day(typed, "valid_from", "起始日期").required())
                    (Field::text(typed, "bound", "限度").longest(12).hint("如 70% 或 0.7。"))
                    (Field::text(typed, "warning", "预警线").longest(12))
                    (Field::money(typed, "exempt_below", "年度总额低于多少不适用（元）"))
                }
                (Field::text(typed, "source", "依据").required().longest(200))
            } }.show(officer, typed.problem().is_some().then_some(typed)))
        }
    })
}

/// A rate as it stands in a row, as a percentage.
fn percent(text: String) -> Cell {
    Cell::text(text.parse::<Rate>().map_or(text, Rate::percent))
}

/// Writes a rule down.
#[handler]
pub(super) async fn post_rule(officer: Officer, form: Form) -> Result<Response, PageError> {
    officer.must_be(&[Role::FinanceHead])?;
    let set: Result<(), Problem> = async {
        let mut check = form.check();
        let ratio = Ratio::ALL.into_iter().find(|one| one.as_str() == form.get("ratio"));
        let (valid_from, source) = (check.day("valid_from"), check.text("source"));
        let mut rate = |name: &str| {
            let read = form.given(name).map(str::parse::<Rate>);
            if matches!(read, Some(Err(_))) {
                check.say(name, "写法如 70% 或 0.7");
            }
            read.and_then(Result::ok)
        };
        let (bound, warning) = (rate("bound"), rate("warning"));
        let exempt_below = check.money_or_none("exempt_below");
        check.done()?;
        let (Some(ratio), Some(valid_from)) = (ratio, valid_from) else {
            return Err(Problem::field("ratio", "请选择"));
        };
        let new = NewRule { ratio, valid_from, bound, warning, exempt_below, source };
        officer.app.ratios.rule(new, &officer.member).await?;
        Ok(())
    }
    .await;
    match set {
        Ok(()) => Ok(officer.done("规则已设定。", "/console/ratios")),
        Err(refused) => show(&officer, &Asked::at("/console/ratios"), &Typed::refused(&form, refused)).await,
    }
}
