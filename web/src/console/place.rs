//! The parts of the tree year by year (地区年度汇总): each unit with all that lies below it. The sums are the books'; see `app::openness`.

use app::openness::{LOAN_READERS, PLACE_READERS, PlaceYear};
use maud::html;
use poem::{IntoResponse, Request, Response, handler};

use crate::page::PageError;
use crate::part;
use crate::session::Officer;
use crate::table::{self, Asked, Cell, Table, column, numbers, wide};

/// The years, those of one year or of one name if that is asked for.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&PLACE_READERS)?;
    let asked = Asked::of(request);
    let (year, name) = (asked.read::<u32>("year")?.map(|year| year.to_string()), asked.get("unit"));
    let all = officer.app.open_books.places(&officer.member).await?;
    let mut known: Vec<String> = all.iter().map(|one| one.year.clone()).collect();
    known.dedup();
    let wanted = |one: &PlaceYear| {
        year.as_ref().is_none_or(|year| *year == one.year) && name.is_none_or(|name| one.name.contains(name))
    };
    let rows: Vec<PlaceYear> = all.into_iter().filter(wanted).collect();
    let loans = officer.is(&LOAN_READERS);
    let mut columns = vec![
        column("年度"),
        wide("组织单位（含下级）"),
        column("上级"),
        numbers("筹集"),
        numbers("已支付"),
        numbers("受益人数"),
    ];
    if loans {
        columns.extend([numbers("发放贷款（笔）"), numbers("发放贷款金额")]);
    }
    let cells = |one: PlaceYear| {
        let indented = "　".repeat(one.depth);
        let mut cells = vec![
            Cell::text(one.year),
            Cell::shown(html! { (indented) (one.name) }, one.name.clone()),
            Cell::or_none(one.above, Cell::text),
            Cell::yuan(one.raised),
            Cell::yuan(one.paid),
            Cell::number(one.persons),
        ];
        if loans {
            cells.push(Cell::or_none(one.loans, |(count, _)| Cell::number(count)));
            cells.push(Cell::or_none(one.loans, |(_, amount)| Cell::yuan(amount)));
        }
        cells
    };
    let table = Table::new("地区年度汇总", &columns, "这个范围内还没有收支。").whole(rows.into_iter().map(cells));
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let years: Vec<(String, String)> = known.into_iter().map(|year| (year.clone(), format!("{year}年"))).collect();
    let content = html! {
        (part::heading("地区年度汇总", &html! {}))
        p class="faint" { "每一行包括该组织及其全部下级，上下级不能相加。筹集为实收减去已决定的退款，已支付为银行已付减去退票和追回，都按账簿的记账年度；不限定用途的捐赠计入慈善组织所在的单位。同一年内同一人在一个单位只计一次。" }
        (table::filter(&asked, &html! {
            (table::filter_choice(&asked, "year", "年度", &years))
            (table::filter_text(&asked, "unit", "组织单位"))
        }))
        (table.show(&asked))
    };
    Ok(officer.page("地区年度汇总", &[("/console", "工作台")], &content).into_response())
}
