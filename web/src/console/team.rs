//! Teams that give together (一起捐), as staff looks after them: the names that wait for a person, what each raised, and the steps, each with its
//! reason.

use app::problem::Problem;
use crowdfunding::TeamSearch;
use domain::donation::MessageState;
use domain::role::Role;
use domain::team::{TeamState, TeamStep};
use domain::{CampaignId, Iterable, TeamId};
use entity::team;
use maud::{Markup, html};
use poem::web::Path;
use poem::{Request, Response, handler};

use super::campaign;
use super::donation::campaign_names;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{Asked, ROWS};
use crate::words;

/// Who reads teams as a list.
pub(super) const READERS: [Role; 3] = [Role::Disclosure, Role::ProjectManager, Role::Auditor];
const MODERATORS: [Role; 2] = [Role::Disclosure, Role::ProjectManager];
const LIST: &str = "/console/teams";

fn word(state: MessageState) -> (&'static str, Tone) {
    match state {
        MessageState::Review => ("名称待审核", Tone::Waiting),
        MessageState::Passed => ("名称公开显示", Tone::Good),
        MessageState::Risky => ("名称已隐藏", Tone::Bad),
    }
}

fn state_of(row: &team::Model) -> MessageState {
    MessageState::iter().find(|state| state.as_str() == row.name_state).unwrap_or(MessageState::Risky)
}

fn steps(officer: &Officer, row: &team::Model, at: &str, typed: &Typed) -> Markup {
    let id = row.id.to_string();
    let step = |word: &str, name: &str, will: &str, grave: bool| {
        let refused = (at == format!("{id}/{word}")).then_some(typed);
        let fresh = Typed::default();
        let fields = html! { (Field::text(refused.unwrap_or(&fresh), "reason", "原因").required().longest(500)) };
        Step { name, will, to: &format!("{LIST}/{id}/{word}"), grave, fields }.show(officer, refused)
    };
    let state = state_of(row);
    html! {
        div class="steps" {
            @if row.name.is_some() && state != MessageState::Passed { (step("shown", "公开显示名称", "团队名称将在项目页和团队页上公开显示。", false)) }
            @if row.name.is_some() && state != MessageState::Risky { (step("hidden", "隐藏名称", "团队名称不公开显示，显示为爱心小队；捐赠不受影响。", true)) }
            @if row.state == TeamState::Open { (step("closed", "关闭团队", "不再接受通过该团队的捐赠，不能恢复；已有的捐赠仍计入项目。", true)) }
        }
    }
}

async fn show(officer: &Officer, asked: &Asked, at: &str, typed: &Typed) -> Result<Response, PageError> {
    let name_state = asked.read::<words::Key<MessageState>>("state")?.map(|key| key.0);
    let search = TeamSearch { campaign: asked.read::<CampaignId>("campaign")?, name_state };
    let whose = (&officer.member, &READERS[..]);
    let rows = officer.app.campaigns.teams(whose, search, asked.after(), ROWS + 1).await;
    let mut rows = rows.map_err(Problem::of_list)?;
    let more = rows.len() as u64 > ROWS;
    rows.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(|(row, _)| row.id.to_string());
    let campaigns = campaign_names(officer, rows.iter().map(|(row, _)| row.campaign_id)).await?;
    let moderates = officer.is(&MODERATORS);
    let content = html! {
        (part::heading("捐赠团队", &nothing()))
        nav class="tabs" aria-label="名称的状态" {
            a href=(asked.with(&[("state", ""), ("after", "")])) aria-current=[name_state.is_none().then_some("page")] { "全部" }
            @for one in MessageState::iter() {
                a href=(asked.with(&[("state", &words::key(one)), ("after", "")])) aria-current=[(name_state == Some(one)).then_some("page")] { (word(one).0) }
            }
        }
        @if rows.is_empty() { (part::nothing_here("没有这样的团队。")) }
        @for (row, total) in &rows {
            article class="block" {
                p { (part::badge(word(state_of(row)))) @if row.state == TeamState::Closed { " " (part::badge(("已关闭", Tone::Bad))) } " "
                    a href=(campaign::path(row.campaign_id)) { (campaigns.name(row.campaign_id)) } " " span class="faint" { (part::at(row.created_us)) } }
                p { a href={ "/teams/" (row.id) } { (row.name.as_deref().unwrap_or("（发起人已注销）")) }
                    " 已筹 " (part::yuan(total.raised)) " 元，" (part::whole(total.gifts)) "笔" @if let Some(goal) = row.goal_fen { "，目标 " (part::yuan(goal)) " 元" } }
                @if moderates { (steps(officer, row, at, typed)) }
            }
        }
        (part::more(asked, next.as_deref()))
    };
    Ok(officer.shown("捐赠团队", &[("/console", "工作台")], &content, typed))
}

/// Teams, newest first: all, of a campaign, or those whose names stand so.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&READERS)?;
    show(&officer, &Asked::of(request), "", &Typed::default()).await
}

/// Hides a name, shows it, or closes a team.
#[handler]
pub(super) async fn post_act(
    officer: Officer,
    Path((id, word)): Path<(TeamId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let done: Result<&str, Problem> = async {
        let (step, said) = match word.as_str() {
            "hidden" => (TeamStep::Hidden, "名称已隐藏。"),
            "shown" => (TeamStep::Shown, "名称已公开显示。"),
            "closed" => (TeamStep::Closed, "团队已关闭。"),
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        };
        let mut check = form.check();
        let reason = check.text("reason");
        check.done()?;
        officer.app.campaigns.moderate_team(id, (step, reason), &officer.member).await?;
        Ok(said)
    }
    .await;
    match done {
        Ok(said) => Ok(officer.done(said, LIST)),
        Err(refused) => {
            show(&officer, &Asked::at(LIST), &format!("{id}/{word}"), &Typed::refused(&form, refused)).await
        }
    }
}
