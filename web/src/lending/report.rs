//! The monthly report to the League (月报): how many, how much, what is late, by class; by county, bank and product.

use std::collections::BTreeMap;

use app::problem::Problem;
use app::servicing::{Group, OfClass, Report, Scope, ServicingError};
use domain::Money;
use domain::loan::overdue::Class;
use domain::role::Role;
use maud::{Markup, html};
use poem::http::header;
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::{self, Shelf};
use super::words;
use crate::chart::{self, Bar};
use crate::page::PageError;
use crate::part;
use crate::session::Officer;
use crate::table::{self, Asked, Cell, Table, column, numbers};

/// Who reads it.
pub(super) const READERS: [Role; 3] = [Role::LeagueOfficer, Role::BankOfficer, Role::Auditor];
const CLASSES: [Class; 5] = [Class::Normal, Class::SpecialMention, Class::Substandard, Class::Doubtful, Class::Loss];

fn scope(officer: &Officer, asked: &Asked) -> Result<(String, Scope), Problem> {
    let today = officer.app.business.today();
    let month = asked.get("month").map_or_else(|| format!("{}-{:02}", today.year(), today.month()), str::to_owned);
    let wrong = || Problem::field("month", "月份写作 2026-05");
    let (year, number) = month.split_once('-').ok_or_else(wrong)?;
    let scope = Scope { year: year.parse().map_err(|_| wrong())?, month: number.parse().map_err(|_| wrong())? };
    Ok((month, scope))
}

fn figures(total: &Group) -> Markup {
    let good = total.balance.checked_sub(total.arrears).unwrap_or(Money::ZERO);
    html! {
        dl class="figures" {
            div { dt { "在贷户数" } dd { (part::whole(i64::try_from(total.count).unwrap_or(i64::MAX))) } }
            div { dt { "贷款余额" } dd { (part::yuan(total.balance)) } }
            div { dt { "逾期户数" } dd { (part::whole(i64::try_from(total.overdue_count).unwrap_or(i64::MAX))) } }
            div { dt { "逾期金额" } dd { (part::yuan(total.arrears)) } }
            div { dt { "本月申报贴息" } dd { (part::yuan(total.subsidy_claimed)) } }
            div { dt { "本月到账贴息" } dd { (part::yuan(total.subsidy_received)) } }
        }
        @if total.balance.is_positive() { (chart::gauge(good, total.arrears, total.balance, "未逾期与逾期金额占余额")) }
    }
}

/// Balances by county, as bars: more than a dozen are too many to look at, so the largest.
fn by_county(report: &Report) -> Markup {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for line in &report.lines {
        *sums.entry(line.division.get(..6).unwrap_or(&line.division)).or_default() += line.group.balance.fen();
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, fen)| std::cmp::Reverse(*fen));
    sums.truncate(8);
    let short = |code: &str| {
        let known = domain::division::hebei().iter().find(|one| one.code == code);
        known.map_or_else(|| code.to_owned(), |one| one.name.to_owned())
    };
    let bars: Vec<Bar> =
        sums.into_iter().map(|(code, fen)| Bar { label: short(code), amount: Money::from_fen(fen) }).collect();
    html! { @if bars.len() > 1 { (part::block("余额最大的县（市、区）", &chart::ranked(&bars))) } }
}

fn classes(total: &Group) -> Markup {
    let columns = [column("五级分类"), numbers("户数"), numbers("余额"), numbers("逾期金额"), column("占比")];
    let rows = CLASSES.into_iter().zip(total.classes).map(|(class, OfClass { count, balance, arrears })| {
        let title = format!("{}类占余额", words::class(class).0);
        vec![
            Cell::badge(words::class(class)),
            Cell::number(i64::try_from(count).unwrap_or(i64::MAX)),
            Cell::yuan(balance),
            Cell::yuan(arrears),
            Cell::shown(chart::gauge(balance, Money::ZERO, total.balance, &title), ""),
        ]
    });
    Table::new("五级分类", &columns, "没有在贷的贷款。").whole(rows).plain()
}

fn of_month(asked: &Asked, month: &str) -> Markup {
    table::filter(asked, &html! { label { "月份" input type="month" name="month" value=(month); } })
}

/// What is said of a month that has not begun.
fn nothing(officer: &Officer, asked: &Asked, month: &str) -> Response {
    let content = html! {
        (part::heading("贷款月报", &html! {}))
        (of_month(asked, month))
        (part::nothing_here("这个月还没有数据：月份还没有开始，请选择本月或以前的月份。"))
    };
    officer.page("贷款月报", &[("/console", "工作台")], &content).into_response()
}

/// The report of a month.
#[handler]
pub(super) async fn get_report(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&READERS)?;
    let asked = Asked::of(request);
    let (month, scope) = scope(&officer, &asked)?;
    if asked.get("as") == Some("report") {
        let bytes = officer.app.servicing.report_sheet(scope, &officer.member).await?;
        let name = crate::session::encoded(&format!("贷款月报{month}"));
        return Ok(Response::builder()
            .content_type("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
            .header(header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}.xlsx"))
            .body(bytes));
    }
    let report = match officer.app.servicing.report(scope, &officer.member).await {
        Err(ServicingError::NoSuchMonth) => return Ok(nothing(&officer, &asked, &month)),
        found => found?,
    };
    let shelf = Shelf::of(&officer).await?;
    let count = |number: u64| Cell::number(i64::try_from(number).unwrap_or(i64::MAX));
    let columns = [
        column("县（市、区）"),
        column("银行"),
        column("产品"),
        numbers("户数"),
        numbers("余额"),
        numbers("逾期户数"),
        numbers("逾期金额"),
        numbers("申报贴息"),
        numbers("到账贴息"),
    ];
    let rows = report.lines.iter().map(|line| {
        let group = &line.group;
        let of_line = |list: &str| {
            let place =
                shelf.county(&line.division).map(|path| format!("&place={}", crate::session::encoded(path.as_str())));
            format!("{list}?bank={}&product={}{}", line.bank_id, line.product_id, place.unwrap_or_default())
        };
        vec![
            Cell::text(shelf::place(&line.division)),
            Cell::text(line.bank.clone()),
            Cell::text(line.product.clone()),
            count(group.count),
            Cell::yuan_of(group.balance, &of_line("/console/loans")),
            count(group.overdue_count),
            Cell::yuan_of(group.arrears, &of_line("/console/loan-arrears")),
            Cell::yuan(group.subsidy_claimed),
            Cell::yuan(group.subsidy_received),
        ]
    });
    let table = Table::new("分县、分银行、分产品", &columns, "这个月没有在贷的贷款。").whole(rows);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let late_columns = [column("合同号"), column("地区"), numbers("逾期天数"), numbers("逾期金额"), column("五级分类")];
    let late = report.late.iter().map(|one| {
        vec![
            Cell::link(
                &format!("/console/loans?number={}", crate::session::encoded(&one.contract)),
                one.contract.clone(),
            ),
            Cell::text(shelf::place(&one.division)),
            Cell::number(one.days),
            Cell::yuan(one.arrears),
            Cell::badge(words::class(one.class)),
        ]
    });
    let content = html! {
        (part::heading("贷款月报", &html! { a class="button" href={ "/console/loan-report?as=report&month=" (month) } { "下载XLSX" } }))
        (of_month(&asked, &month))
        p class="faint" {
            "截至 " (report.day) "。"
            @match report.closed_through { Some(day) => { "结账最慢的银行已结到 " (day) "。" }, None => "还没有贷款项目。" }
        }
        @if !report.banks.is_empty() {
            ul class="plainlist" { @for fresh in &report.banks { li { (fresh.words()) "。" } } }
            p class="faint" { "不是每日报送的银行，最近一份文件之后到期的还款是否已还尚未报送，不算逾期。" }
        }
        (part::block("合计", &figures(&report.total)))
        (part::block("五级分类", &classes(&report.total)))
        (by_county(&report))
        h2 { "分县、分银行、分产品" }
        (table.show(&asked))
        (part::block("逾期明细", &html! {
            (Table::new("逾期明细", &late_columns, "没有可以列名的逾期贷款。").whole(late).plain())
            @if report.unnamed > 0 { p class="note" { "另有" (report.unnamed) "户借款人未同意银行向团组织提供明细，只计户数。" } }
        }))
    };
    Ok(officer.page("贷款月报", &[("/console", "工作台")], &content).into_response())
}
