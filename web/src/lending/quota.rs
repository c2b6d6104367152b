//! Quotas city × bank × product × year: how much is used, how much is held for what was granted, how much is left.

use ::lending::quota::{NewQuota, QuotaSearch};
use app::problem::Problem;
use domain::{LoanProductId, LoanQuotaId, Money, UnitId};
use entity::loan_quota;
use maud::{Markup, html};
use poem::web::Path;
use poem::{Request, Response, handler};

use super::shelf::Shelf;
use crate::chart;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::Officer;
use crate::table::{self, Asked, Cell, Table, column, numbers};

const PAGE: &str = "/console/loan-quotas";

fn left(row: &loan_quota::Model) -> Money {
    let taken = row.reserved_fen.checked_add(row.used_fen);
    taken.and_then(|taken| row.limit_fen.checked_sub(taken)).unwrap_or(Money::ZERO)
}

/// The step that gives a quota another limit, in its row.
fn change(officer: &Officer, row: &loan_quota::Model, word: &str, typed: &Typed) -> Markup {
    let known = Typed::fresh(Form::of([("limit", row.limit_fen.to_string())]));
    let refused = (word == row.id.to_string()).then_some(typed);
    let to = format!("{PAGE}/{}/limit", row.id);
    let will = "将改为新的额度；不能低于已用和占用之和。";
    Step {
        name: "调整",
        will,
        to: &to,
        grave: false,
        fields: html! {
            (Field::money(refused.unwrap_or(&known), "limit", "额度（元）").required())
        },
    }
    .show(officer, refused)
}

async fn show(officer: &Officer, asked: &Asked, word: &str, typed: &Typed) -> Result<Response, PageError> {
    officer.must_be(&::lending::READERS)?;
    let shelf = Shelf::of(officer).await?;
    let of = super::shelf::wanted(asked, &shelf)?;
    let wanted = QuotaSearch { product: of.product, bank: of.bank, place: of.place, year: asked.read("year")? };
    let rows = officer.app.loans.quotas(&wanted, &officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let writes = shelf.sets_quotas(officer);
    let mut columns = vec![
        column("地区"),
        column("产品"),
        column("银行"),
        column("年度"),
        numbers("额度"),
        numbers("已用"),
        numbers("占用"),
        numbers("剩余"),
    ];
    if writes {
        columns.push(column("办理"));
    }
    let cells = |row: loan_quota::Model| {
        let title = format!("{}已用和占用", shelf.unit(&row.unit_path));
        let mut cells = vec![
            Cell::text(shelf.unit(&row.unit_path)),
            Cell::text(shelf.product(row.product_id)),
            Cell::text(shelf.bank(row.bank_id)),
            Cell::number(row.year),
            Cell::yuan(row.limit_fen),
            Cell::yuan_of(row.used_fen, &format!("/console/loans?quota={}", row.id)),
            Cell::yuan(row.reserved_fen),
            Cell::yuan(left(&row)).over(&chart::gauge(row.used_fen, row.reserved_fen, row.limit_fen, &title)),
        ];
        if writes {
            cells.push(Cell::shown(change(officer, &row, word, typed), ""));
        }
        cells
    };
    let table = Table::new("贷款额度", &columns, "还没有设定额度。").page(asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let cities = options(shelf.cities().into_iter().map(|unit| (unit.id, unit.name.clone())));
    let products = {
        let mut all = vec![(String::new(), "请选择".to_owned())];
        all.extend(shelf.product_options());
        all
    };
    let refused = (word == "new").then_some(typed);
    let known = Typed::fresh(Form::of([("year", officer.app.business.today().year().to_string())]));
    let blank = refused.unwrap_or(&known);
    let content = html! {
        (part::heading("额度", &html! {}))
        @if writes {
            div class="steps" {
                (Step { name: "设定额度", will: "将为这个地区、产品和年度设定额度；银行批准贷款时占用，签约后转为已用。", to: PAGE, grave: false, fields: html! {
                    (part::new_id(blank))
                    div class="fields" {
                        (Field::choice(blank, "unit", "地区", &cities).required())
                        (Field::choice(blank, "product", "产品", &products).required())
                        (Field::number(blank, "year", "年度").required())
                        (Field::money(blank, "limit", "额度（元）").required())
                    }
                } }.show(officer, refused))
            }
        }
        (table::filter(asked, &html! { (shelf.filters(asked)) (table::filter_text(asked, "year", "年度")) }))
        (table.show(asked))
        p class="faint" { "剩余金额下的横条：绿色为已用，黄色为银行已批准、尚未签约的占用。" }
    };
    Ok(officer.shown("额度", &[("/console", "工作台")], &content, typed))
}

/// Quotas.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    show(&officer, &Asked::of(request), "", &Typed::default()).await
}

/// Sets one.
#[handler]
pub(super) async fn post_set(officer: Officer, form: Form) -> Result<Response, PageError> {
    let set: Result<(), Problem> = async {
        let mut check = form.check();
        let (id, unit): (LoanQuotaId, UnitId) = (check.id("id"), check.id("unit"));
        let (product, year): (LoanProductId, _) = (check.id("product"), check.number("year"));
        let limit = check.money("limit");
        check.done()?;
        let new = NewQuota { id, unit, product, year: year.unwrap_or_default(), limit };
        officer.app.loans.set_quota(new, &officer.member).await?;
        Ok(())
    }
    .await;
    match set {
        Ok(()) => Ok(officer.done("额度已设定。", PAGE)),
        Err(refused) => show(&officer, &Asked::at(PAGE), "new", &Typed::refused(&form, refused)).await,
    }
}

/// Changes one.
#[handler]
pub(super) async fn post_change(
    officer: Officer,
    Path(id): Path<LoanQuotaId>,
    form: Form,
) -> Result<Response, PageError> {
    let changed: Result<(), Problem> = async {
        let mut check = form.check();
        let limit = check.money("limit");
        check.done()?;
        officer.app.loans.change_quota(id, limit, &officer.member).await?;
        Ok(())
    }
    .await;
    match changed {
        Ok(()) => Ok(officer.done("额度已调整。", PAGE)),
        Err(refused) => show(&officer, &Asked::at(PAGE), &id.to_string(), &Typed::refused(&form, refused)).await,
    }
}
