//! All the money: what came and what went, by month, purpose and place; and the seals by which it can be proved.

use std::sync::Arc;

use app::App;
use app::openness::{Openness, Sums};
use crowdfunding::spending::ChildrenCell;
use maud::{Markup, html};
use poem::web::Data;
use poem::{IntoResponse, Request, Response, handler};

use super::page;
use crate::chart::{self, Bar};
use crate::page::PageError;
use crate::part;
use crate::table::{Asked, Cell, Column, Table, column, numbers};
use crate::words;

/// How many months the charts show.
const MONTHS: usize = 24;
/// The tables that are given as files.
const TABLES: [&str; 4] = ["months", "causes", "places", "counties"];
/// How many seals are shown; the interface gives all.
const SEALS: u64 = 14;

/// The page, or one of its tables as a file: `?table=months&as=csv`.
#[handler]
pub(super) async fn get_show(Data(app): Data<&Arc<App>>, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    asked.among("as", &["csv", "xlsx"])?;
    let wanted = asked.among("table", &TABLES)?;
    let open = app.open_books.all().await?;
    if let (Some(kind), Some(table)) = (asked.file(), wanted) {
        let table = match table {
            "causes" => causes(&open),
            "places" => places(&open),
            "counties" => counties(&app.spending.counties().await?),
            _ => months(&open),
        };
        return Ok(table.file(kind, &asked));
    }
    let seals = app.open_books.seals(SEALS).await?;
    let went = app.spending.counties().await?;
    let recent = &open.months[open.months.len().saturating_sub(MONTHS)..];
    let bars = |pick: fn(&Sums) -> domain::Money| -> Vec<Bar> {
        recent.iter().map(|(month, sums)| Bar { label: month.clone(), amount: pick(sums) }).collect()
    };
    let content = html! {
        h1 { "公开透明" }
        p class="lead" { "以下数字由账簿汇总：筹集为实收减去已决定的退款，支出为已入账的费用。年末结转、项目间调剂不改变这些数字。" }
        section class="block" {
            dl class="figures" {
                div { dt { "累计筹集" } dd { (part::yuan(open.total.raised)) } }
                div { dt { "累计支出" } dd { (part::yuan(open.total.spent())) } }
                div { dt { "业务活动成本" } dd { (part::yuan(open.total.programme)) } }
                div { dt { "管理费用" } dd { (part::yuan(open.total.management)) } }
                div { dt { "筹资费用" } dd { (part::yuan(open.total.fundraising)) } }
                div { dt { "捐赠笔数" } dd { (part::whole(open.gifts)) } }
            }
            @if let Some(position) = open.position {
                p class="faint" { "账簿" (super::as_of(&position)) "。" }
            }
        }
        @if open.months.is_empty() {
            (part::nothing_here("账簿中还没有收支。"))
        } @else {
            (part::block("按月", &html! {
                @if recent.len() > 1 {
                    div class="pair" {
                        div { h3 { "筹集" } (chart::bars("每月筹集", &bars(|sums| sums.raised))) }
                        div { h3 { "支出" } (chart::bars("每月支出", &bars(Sums::spent))) }
                    }
                }
                (months(&open).plain()) (exports("months"))
            }))
            (part::block("按领域", &html! { (causes(&open).plain()) (exports("causes")) }))
            (part::block("按组织单位", &html! {
                p class="faint" { "按组织序列排列，不作排名；各组织只列它自己发起的项目，下级组织另列。" }
                (places(&open).plain()) (exports("places"))
            }))
            (part::block("按善款到达的县（市、区）", &html! {
                p class="faint" { "按受益人所在地汇总银行已付出的款项；不足五人的县（市、区）和没有登记地区的合并列出，以保护个人信息。" }
                (counties(&went).plain()) (exports("counties"))
            }))
        }
        section class="block" id="seals" {
            h2 { "封账指纹" }
            p { "每个对账完成的日子，当日全部凭证按无断号的编号封存：其指纹（RFC 6962 树头）与前一日的封账串联。持有任何一日的指纹，就能发现此前任何凭证被改动。核验脚本与说明随源代码公开。" }
            @if seals.is_empty() {
                (part::nothing_here("还没有封账的日子。"))
            } @else {
                (Table::new("封账指纹", &[column("日期"), column("账簿"), column("凭证编号"), column("封账指纹")], "").whole(seals.into_iter().map(|(seal, book)| {
                    vec![
                        Cell::day(seal.day),
                        Cell::text(book),
                        Cell::text(if seal.last_number >= seal.first_number { format!("{}–{}", seal.first_number, seal.last_number) } else { "无凭证".to_owned() }),
                        Cell::shown(html! { span class="code" { (hex::encode(&seal.seal)) } }, hex::encode(&seal.seal)),
                    ]
                })).plain())
            }
        }
    };
    Ok(page("公开透明", "/transparency", &content).into_response())
}

fn exports(table: &str) -> Markup {
    let link = |kind: &str| format!("/transparency?table={table}&as={kind}");
    html! { p class="pages" { span class="export" { "导出 " a href=(link("csv")) { "CSV" } " " a href=(link("xlsx")) { "XLSX" } } } }
}

fn columns(first: &'static str) -> [Column; 6] {
    [
        column(first),
        numbers("筹集"),
        numbers("业务活动成本"),
        numbers("管理费用"),
        numbers("筹资费用"),
        numbers("其他费用"),
    ]
}

fn cells(name: String, sums: &Sums) -> Vec<Cell> {
    let amounts = [sums.raised, sums.programme, sums.management, sums.fundraising, sums.other];
    std::iter::once(Cell::text(name)).chain(amounts.map(Cell::yuan)).collect()
}

fn months(open: &Openness) -> Table {
    let rows = open.months.iter().rev().map(|(month, sums)| cells(month.clone(), sums));
    Table::new("按月收支", &columns("月份"), "还没有收支。").whole(rows)
}

fn causes(open: &Openness) -> Table {
    let name = |cause| Option::map_or(cause, "非限定（机构统筹）", words::cause);
    let rows = open.causes.iter().map(|(cause, sums)| cells(name(*cause).to_owned(), sums));
    Table::new("按领域收支", &columns("领域"), "还没有收支。").whole(rows)
}

fn counties(cells: &[ChildrenCell]) -> Table {
    let place = |code: &Option<String>| match code.as_deref() {
        Some(code) => domain::division::place(code),
        None => "其他和未登记地区合计".to_owned(),
    };
    let rows =
        cells.iter().map(|one| vec![Cell::text(place(&one.division)), Cell::number(one.count), Cell::yuan(one.amount)]);
    let columns = [column("县（市、区）"), numbers("付款笔数"), numbers("已支付")];
    Table::new("按县（市、区）支出", &columns, "还没有付款。").whole(rows)
}

fn places(open: &Openness) -> Table {
    let name = |name: &str| if name.is_empty() { "机构统筹".to_owned() } else { name.to_owned() };
    let rows = open.places.iter().map(|(place, _, sums)| cells(name(place), sums));
    Table::new("按组织单位收支", &columns("组织单位"), "还没有收支。").whole(rows)
}
