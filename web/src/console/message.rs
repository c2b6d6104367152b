//! What donors write for others, a message, the name it is signed with, whom it is for the sake of: what waits for a person, what everybody reads, what is hidden. Each step with its reason.

use app::problem::Problem;
use domain::donation::MessageState;
use domain::role::Role;
use domain::{DonationId, Iterable};
use entity::donation;
use maud::{Markup, html};
use poem::web::Path;
use poem::{Request, Response, handler};

use super::donation::campaign_names;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{Asked, ROWS};
use crate::words;

/// Who reads messages as a list.
pub(super) const READERS: [Role; 3] = [Role::Disclosure, Role::ProjectManager, Role::Auditor];
const MODERATORS: [Role; 2] = [Role::Disclosure, Role::ProjectManager];
const LIST: &str = "/console/messages";

fn word(state: MessageState) -> (&'static str, Tone) {
    match state {
        MessageState::Review => ("待审核", Tone::Waiting),
        MessageState::Passed => ("公开显示", Tone::Good),
        MessageState::Risky => ("已隐藏", Tone::Bad),
    }
}

/// Whether what a donor wrote is shown to nobody.
pub(super) fn is_hidden(gift: &donation::Model) -> bool {
    [MessageState::Review, MessageState::Risky].iter().any(|state| gift.message_state == state.as_str())
}

fn steps(officer: &Officer, gift: &donation::Model, at: &str, typed: &Typed) -> Markup {
    let id = gift.id.to_string();
    let step = |word: &str, name: &str, will: &str, grave: bool| {
        let refused = (at == format!("{id}/{word}")).then_some(typed);
        let fresh = Typed::default();
        let fields = html! { (Field::text(refused.unwrap_or(&fresh), "reason", "原因").required().longest(500)) };
        Step { name, will, to: &format!("{LIST}/{id}/{word}"), grave, fields }.show(officer, refused)
    };
    html! {
        div class="steps" {
            @if is_hidden(gift) { (step("shown", "公开显示", "留言、所选的姓名或昵称将在项目的捐赠墙上公开显示；致敬、纪念的姓名按捐赠人的选择显示。", false)) }
            @if gift.message_state != MessageState::Risky.as_str() { (step("hidden", "隐藏", "留言和致敬、纪念的姓名不公开显示，捐赠人显示为爱心人士；捐赠本身不受影响。", true)) }
        }
    }
}

async fn show(officer: &Officer, asked: &Asked, at: &str, typed: &Typed) -> Result<Response, PageError> {
    let state = asked.read::<words::Key<MessageState>>("state")?.map_or(MessageState::Review, |key| key.0);
    let whose = (&officer.member, &READERS[..]);
    let rows = officer.app.campaigns.messages(whose, state, asked.after(), ROWS + 1).await;
    let mut rows = rows.map_err(Problem::of_list)?;
    let more = rows.len() as u64 > ROWS;
    rows.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let campaigns = campaign_names(officer, rows.iter().filter_map(|row| row.campaign_id)).await?;
    let names = officer.app.giving.chosen_names(&rows).await?;
    let tributes = officer.app.giving.tribute_names(&rows).await?;
    let moderates = officer.is(&MODERATORS);
    let content = html! {
        (part::heading("捐赠留言", &nothing()))
        nav class="tabs" aria-label="留言的状态" {
            @for one in MessageState::iter() {
                a href=(asked.with(&[("state", &words::key(one)), ("after", "")])) aria-current=[(one == state).then_some("page")] { (word(one).0) }
            }
        }
        @if rows.is_empty() { (part::nothing_here("没有这样的留言。")) }
        @for (row, (name, tribute)) in rows.iter().zip(names.iter().zip(&tributes)) {
            article class="block" {
                p { (part::badge(word(state))) " " (campaigns.link(officer, row.purpose())) " "
                    span class="faint" { (part::yuan(row.amount_fen)) "元 · " @if let Some(at) = row.confirmed_us { (part::at(at)) } } }
                @if let Some(name) = name { p { "署名：" (name) } }
                @if let (Some(kind), Some(of)) = (row.tribute, tribute) {
                    p { (kind.word()) "：" (of) @if !row.tribute_shown { " " span class="faint" { "（只在捐赠人转交的卡片上显示）" } } }
                }
                @if let Some(message) = &row.message { blockquote { (part::lines(message)) } }
                @if moderates { (steps(officer, row, at, typed)) }
            }
        }
        (part::more(asked, next.as_deref()))
    };
    Ok(officer.shown("捐赠留言", &[("/console", "工作台")], &content, typed))
}

/// Messages of a state, newest first.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&READERS)?;
    show(&officer, &Asked::of(request), "", &Typed::default()).await
}

/// Hides a message, or shows it.
#[handler]
pub(super) async fn post_act(
    officer: Officer,
    Path((id, word)): Path<(DonationId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let done: Result<(&str, &str), Problem> = async {
        let (hidden, state, said) = match word.as_str() {
            "hidden" => (true, "risky", "已隐藏。"),
            "shown" => (false, "passed", "已公开显示。"),
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        };
        let mut check = form.check();
        let reason = check.text("reason");
        check.done()?;
        officer.app.campaigns.moderate(id, (hidden, reason), &officer.member).await?;
        Ok((state, said))
    }
    .await;
    match done {
        Ok((state, said)) => Ok(officer.done(said, &format!("{LIST}?state={state}"))),
        Err(refused) => {
            show(&officer, &Asked::at(LIST), &format!("{id}/{word}"), &Typed::refused(&form, refused)).await
        }
    }
}
