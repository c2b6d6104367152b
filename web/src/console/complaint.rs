//! Complaints: taken up, then answered.

use app::problem::Problem;
use domain::ComplaintId;
use domain::complaint::{ComplaintEvent, ComplaintState};
use domain::role::Role;
use maud::{Markup, html};
use poem::web::Path;
use poem::{Request, Response, handler};

use super::campaign;
use super::donation::campaign_names;
use super::people::Names;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, ROWS};
use crate::words;

const HANDLERS: [Role; 2] = [Role::Disclosure, Role::ProjectManager];

async fn show(
    officer: &Officer,
    asked: &Asked,
    at: Option<(ComplaintId, &str)>,
    typed: &Typed,
) -> Result<Response, PageError> {
    let state = asked.read::<words::Key<ComplaintState>>("state")?.map(|key| key.0);
    let campaigns = &officer.app.campaigns;
    let mut rows =
        campaigns.complaints(state, asked.after(), ROWS + 1, &officer.member).await.map_err(Problem::of_list)?;
    let more = rows.len() as u64 > ROWS;
    rows.truncate(ROWS as usize);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let campaign_name = campaign_names(officer, rows.iter().filter_map(|row| row.campaign_id)).await?;
    let names = Names::of(officer, rows.iter().filter_map(|row| row.handler_id)).await?;
    let fresh = Typed::default();
    let refused = |id: ComplaintId, step: &str| (at == Some((id, step))).then_some(typed);
    let steps = |row: &entity::complaint::Model| -> Markup {
        let to = |step: &str| format!("/console/complaints/{}/{step}", row.id);
        let answer = |step: &str| html! { (Field::area(refused(row.id, step).unwrap_or(&fresh), "answer", "答复").required().longest(500)) };
        html! {
            div class="steps" {
                @if row.state == ComplaintState::Received {
                    (Step { name: "受理", will: "由您负责调查并答复。", to: &to("taking"), grave: false, fields: nothing() }.show(officer, refused(row.id, "taking")))
                }
                @if row.state == ComplaintState::Taken {
                    (Step { name: "投诉属实", will: "将答复投诉人：投诉属实。", to: &to("upheld"), grave: false, fields: answer("upheld") }.show(officer, refused(row.id, "upheld")))
                    (Step { name: "投诉不属实", will: "将答复投诉人：投诉不属实。", to: &to("dismissed"), grave: false, fields: answer("dismissed") }.show(officer, refused(row.id, "dismissed")))
                }
            }
        }
    };
    let states = words::all(|state: ComplaintState| words::complaint(state).0);
    let content = html! {
        (part::heading("投诉", &nothing()))
        (table::filter(asked, &table::filter_choice(asked, "state", "状态", &states)))
        @if rows.is_empty() { (part::nothing_here("没有这样的投诉。")) }
        @for row in &rows {
            article class="block" {
                p { (part::badge(words::complaint(row.state))) " " (part::at(row.created_us))
                    @if let Some(id) = row.campaign_id { " · " a href=(campaign::path(id)) { (campaign_name.name(id)) } }
                    @if row.handler_id.is_some() { " · 经办：" (names.maybe(row.handler_id)) } }
                p { (part::lines(&row.words)) }
                @if let Some(answer) = &row.answer { p class="said" { "答复：" (answer) } }
                @if officer.is(&HANDLERS) { (steps(row)) }
            }
        }
        (part::more(asked, next.as_deref()))
    };
    Ok(officer.shown("投诉", &[("/console", "工作台")], &content, typed))
}

/// Complaints, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    show(&officer, &Asked::of(request), None, &Typed::default()).await
}

/// Takes one up, or answers it.
#[handler]
pub(super) async fn post_act(
    officer: Officer,
    Path((id, word)): Path<(ComplaintId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let taken: Result<(), Problem> = async {
        let mut check = form.check();
        let (event, answer) = match word.as_str() {
            "taking" => (ComplaintEvent::Take, None),
            "upheld" => (ComplaintEvent::Uphold, Some(check.text("answer"))),
            "dismissed" => (ComplaintEvent::Dismiss, Some(check.text("answer"))),
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        };
        check.done()?;
        officer.app.campaigns.handle_complaint(id, event, answer, &officer.member).await?;
        Ok(())
    }
    .await;
    match taken {
        Ok(()) => Ok(officer.done("已办理。", "/console/complaints")),
        Err(refused) => {
            let asked = Asked::at("/console/complaints");
            show(&officer, &asked, Some((id, word.as_str())), &Typed::refused(&form, refused)).await
        }
    }
}
