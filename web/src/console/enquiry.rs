//! What donors ask, by the day the law gives for the answer.

use domain::EnquiryId;
use domain::role::Role;
use entity::enquiry;
use maud::html;
use poem::web::Path;
use poem::{Request, Response, handler};

use super::campaign;
use super::donation::{self, campaign_names};
use super::people::Names;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{Asked, ROWS};

const ANSWERERS: [Role; 2] = [Role::Disclosure, Role::ProjectManager];

async fn show(officer: &Officer, asked: &Asked, at: Option<EnquiryId>, typed: &Typed) -> Result<Response, PageError> {
    let all = asked.get("show") == Some("all");
    let rows = officer.app.enquiries.page(&officer.member, !all, asked.after(), ROWS + 1).await;
    let mut rows = rows.map_err(app::problem::Problem::of_list)?;
    let more = rows.len() as u64 > ROWS;
    rows.truncate(ROWS as usize);
    let next = rows.last().filter(|_| more).map(|one| one.row.id.to_string());
    let of_gifts = officer.app.enquiries.campaigns_asked_about(&rows).await?;
    let about = |row: &enquiry::Model| {
        row.campaign_id.or_else(|| row.donation_id.and_then(|gift| of_gifts.get(&gift).copied()))
    };
    let campaign_name = campaign_names(officer, rows.iter().filter_map(|one| about(&one.row))).await?;
    let names = Names::of(officer, rows.iter().filter_map(|one| one.row.answered_by)).await?;
    let fresh = Typed::default();
    let content = html! {
        (part::heading("捐赠人查询", &nothing()))
        nav class="tabs" aria-label="查询的范围" {
            a href=(asked.with(&[("show", ""), ("after", "")])) aria-current=[(!all).then_some("page")] { "待答复" }
            a href=(asked.with(&[("show", "all"), ("after", "")])) aria-current=[all.then_some("page")] { "全部" }
        }
        @if rows.is_empty() { (part::nothing_here("没有待答复的查询。")) }
        @for one in &rows {
            @let row = &one.row;
            article class="block" {
                p {
                    @if row.answer.is_some() { (part::badge(("已答复", Tone::Good))) }
                    @else if one.overdue { (part::badge(("已逾期", Tone::Bad))) }
                    @else { (part::badge(("待答复", Tone::Waiting))) }
                    " " (part::at(row.created_us)) " · 须在" (row.due_on) "前答复"
                    @if let Some(id) = about(row) { " · " a href=(campaign::path(id)) { (campaign_name.name(id)) } }
                    @if let Some(id) = row.donation_id { " · 捐赠订单号 " (donation::number(officer, id)) }
                }
                p { (part::lines(&one.question)) }
                @match &row.answer {
                    Some(answer) => p class="said" { (names.maybe(row.answered_by)) "答复：" (part::lines(answer)) },
                    None => { @if officer.is(&ANSWERERS) {
                        @let refused = (at == Some(row.id)).then_some(typed);
                        (Step { name: "答复", will: "将发给捐赠人；发出后不能修改。", to: &format!("/console/enquiries/{}/answer", row.id), grave: false, fields: html! {
                            (Field::area(refused.unwrap_or(&fresh), "answer", "答复").required().longest(2000)) } }.show(officer, refused))
                    } },
                }
            }
        }
        (part::more(asked, next.as_deref()))
    };
    Ok(officer.shown("捐赠人查询", &[("/console", "工作台")], &content, typed))
}

/// Enquiries, by the day they are due.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    show(&officer, &Asked::of(request), None, &Typed::default()).await
}

/// Answers one.
#[handler]
pub(super) async fn post_answer(
    officer: Officer,
    Path(id): Path<EnquiryId>,
    form: Form,
) -> Result<Response, PageError> {
    match officer.app.enquiries.answer(&officer.member, id, form.get("answer")).await {
        Ok(_) => Ok(officer.done("已答复。", "/console/enquiries")),
        Err(refused) => {
            let asked = Asked::at("/console/enquiries");
            show(&officer, &asked, Some(id), &Typed::refused(&form, refused)).await
        }
    }
}
