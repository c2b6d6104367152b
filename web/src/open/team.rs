//! Teams that give together (一起捐): those of a campaign, newest first, and one with its gifts as their donors chose to be seen. No order by
//! amounts and no list of members: nobody shall be pressed to give (facts: charity 2.10).

use std::sync::Arc;

use app::App;
use app::giving::PublicTeam;
use domain::team::TeamState;
use domain::{CampaignId, Money};
use maud::{Markup, html};
use poem::web::{Data, Path};
use poem::{IntoResponse, Request, Response, handler};
use uuid::Uuid;

use super::campaign::wall;
use super::page;
use crate::chart;
use crate::page::PageError;
use crate::part;
use crate::table::Asked;

/// How many teams the page of a campaign shows.
pub(super) const FIRST: u64 = 5;
/// How many a page of teams or of gifts holds.
const ROWS: usize = 50;

/// The newest teams of a campaign, for its page.
pub(super) fn some(teams: &[PublicTeam], base: &str) -> Markup {
    let shown = usize::try_from(FIRST).unwrap_or(usize::MAX);
    html! {
        (listed(teams.iter().take(shown)))
        @if teams.len() > shown { p { a href={ (base) "/teams" } { "全部团队" } } }
    }
}

fn listed<'a>(teams: impl Iterator<Item = &'a PublicTeam>) -> Markup {
    html! {
        ul class="plainlist" { @for team in teams {
            li { a href={ "/teams/" (team.id) } { (team.name) } " 已筹 " (part::yuan(team.total.raised)) " 元，" (part::whole(team.total.gifts)) "笔"
                @if team.state == TeamState::Closed { " " span class="faint" { "已关闭" } } }
        } }
    }
}

/// The teams of a campaign, a page at a time.
#[handler]
pub(super) async fn get_list(
    Data(app): Data<&Arc<App>>,
    Path(campaign_id): Path<Uuid>,
    request: &Request,
) -> Result<Response, PageError> {
    let (asked, id) = (Asked::of(request), CampaignId::from(campaign_id));
    let one = app.campaigns.public(id).await?;
    let mut teams = app.giving.teams(id, asked.cursor()?, ROWS as u64 + 1).await?;
    let next = (teams.len() > ROWS).then(|| teams[ROWS - 1].id.to_string());
    teams.truncate(ROWS);
    let content = html! {
        (part::heading(&format!("{} · 一起捐", one.campaign.name), &html! { a href={ "/campaigns/" (one.campaign.id) } { "回到项目" } }))
        p class="faint" { "团队按发起时间排列。已筹为通过团队实收的捐赠减去已决定的退款，都计入项目。" }
        @if teams.is_empty() { (part::nothing_here("还没有团队。")) } @else { (part::block("团队", &listed(teams.iter()))) }
        (part::more(&asked, next.as_deref()))
    };
    Ok(page(&one.campaign.name, "/", &content).into_response())
}

/// A team.
#[handler]
pub(super) async fn get_one(
    Data(app): Data<&Arc<App>>,
    Path(team_id): Path<Uuid>,
    request: &Request,
) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let team = app.giving.team(team_id.into()).await?;
    let one = app.campaigns.public(team.campaign).await?;
    let (gifts, more) = app.giving.team_wall(team.id, asked.cursor()?, ROWS as u64).await?;
    let next = gifts.last().filter(|_| more).map(|last| last.id.to_string());
    let raised = team.total.raised;
    let content = html! {
        (part::heading(&team.name, &html! { a href={ "/campaigns/" (one.campaign.id) } { (one.campaign.name) } }))
        @if team.state == TeamState::Closed { p class="note" role="note" { "该团队已关闭，不再接受捐赠；已有的捐赠仍计入项目。" } }
        section class="block" {
            h2 { "已筹" }
            p class="big" { (part::yuan(raised)) span class="faint" { " 元 · " (part::whole(team.total.gifts)) "笔" } }
            @if let Some(goal) = team.goal {
                (chart::gauge(raised, Money::ZERO, goal, &format!("团队已筹{}元，目标{}元", part::grouped(raised), part::grouped(goal))))
                p { "团队目标 " (part::yuan(goal)) " 元" }
            }
            p class="faint" { "发起于 " (part::at(team.since)) "。已筹为实收减去已决定的退款，都计入项目，按项目的募捐方案使用。" }
        }
        (part::block("爱心榜", &wall(&gifts, None)))
        (part::more(&asked, next.as_deref()))
    };
    Ok(page(&team.name, "/", &content).into_response())
}
