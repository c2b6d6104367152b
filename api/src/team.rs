//! Teams that give together (一起捐): for everybody, for their founders, and for staff.

use std::sync::Arc;

use app::App;
use app::giving::{OwnTeam, PublicTeam, WishedTeam};
use crowdfunding::{TeamSearch, TeamTotal};
use domain::donation::MessageState;
use domain::role::{Member, Role};
use domain::team as rules;
use entity::team;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::{Donor, Officer};
use crate::cached::{Cached, Readings, Ready};
use crate::donation::PublicGift;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Instant, Text, Yuan, wire_enum};

wire_enum! {
    /// Where a team stands.
    TeamState = rules::TeamState { Open, Closed }
}

wire_enum! {
    /// What staff does with a team: hides its name, shows it, or closes the team.
    TeamStep = rules::TeamStep { Hidden, Shown, Closed }
}

wire_enum! {
    /// Whether everybody reads the name of a team: `passed`; `review` waits for a person, `risky` is hidden.
    TeamNameState = MessageState { Review, Passed, Risky }
}

impl TeamNameState {
    /// What the word of a row says; what it does not say is read by nobody.
    fn of(word: &str) -> TeamNameState {
        let all = [MessageState::Review, MessageState::Passed];
        all.into_iter().find(|state| state.as_str() == word).unwrap_or(MessageState::Risky).into()
    }
}

/// Who reads teams as a list.
const READERS: [Role; 3] = [Role::Disclosure, Role::ProjectManager, Role::Auditor];

/// A team as strangers may see it. What it raised is counted from its gifts, less refunds decided.
#[derive(Object)]
pub(crate) struct Team {
    id: Uuid,
    campaign: Uuid,
    /// Once checked; 爱心小队 until then.
    name: String,
    #[oai(nullable)]
    goal: Option<Yuan>,
    state: TeamState,
    raised: Yuan,
    /// How many gifts were paid.
    gifts: i64,
    created_at: Instant,
}

impl From<PublicTeam> for Team {
    fn from(team: PublicTeam) -> Team {
        Team {
            id: team.id.uuid(),
            campaign: team.campaign.uuid(),
            name: team.name,
            goal: team.goal.map(Yuan),
            state: team.state.into(),
            raised: team.total.raised.into(),
            gifts: team.total.gifts,
            created_at: team.since.into(),
        }
    }
}

/// A team as its founder and staff see it.
#[derive(Object)]
struct FoundedTeam {
    id: Uuid,
    campaign: Uuid,
    /// Null once the founder has been erased.
    #[oai(nullable)]
    name: Option<String>,
    name_state: TeamNameState,
    #[oai(nullable)]
    goal: Option<Yuan>,
    state: TeamState,
    raised: Yuan,
    gifts: i64,
    created_at: Instant,
    #[oai(nullable)]
    closed_at: Option<Instant>,
}

impl From<OwnTeam> for FoundedTeam {
    fn from((row, total): (team::Model, TeamTotal)) -> FoundedTeam {
        FoundedTeam {
            id: row.id.uuid(),
            campaign: row.campaign_id.uuid(),
            name: row.name,
            name_state: TeamNameState::of(&row.name_state),
            goal: row.goal_fen.map(Yuan),
            state: row.state.into(),
            raised: total.raised.into(),
            gifts: total.gifts,
            created_at: row.created_us.into(),
            closed_at: row.closed_us.map(Instant),
        }
    }
}

/// A team as a donor wishes it.
#[derive(Object)]
struct NewTeam {
    /// Made by the client: the same id again is the same team.
    id: Uuid,
    #[oai(validator(max_length = 20))]
    name: Text,
    /// How much it hopes to raise; nothing follows from it.
    goal: Option<Yuan>,
}

#[derive(Object)]
struct TeamModeration {
    step: TeamStep,
    #[oai(validator(max_length = 500))]
    reason: Text,
}

/// Teams.
pub(crate) struct TeamApi {
    pub(crate) app: Arc<App>,
    pub(crate) pages: Arc<Readings<Uuid, Team>>,
}

#[OpenApi(tag = "Tag::Giving")]
impl TeamApi {
    /// The teams of a campaign, newest first.
    #[oai(path = "/campaigns/:campaign_id/teams", method = "get", tag = "Tag::Public")]
    async fn list(
        &self,
        campaign_id: Path<Uuid>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<Team>>, ApiError> {
        self.app.campaigns.public(campaign_id.0.into()).await?;
        let teams = self.app.giving.teams(campaign_id.0.into(), after.0.map(Into::into), limit.0 + 1).await;
        Ok(Cached::of(Page::of(teams.map_err(ApiError::of_list)?, limit.0, |team| team.id.uuid()), known.0.as_deref()))
    }

    /// A team.
    #[oai(path = "/teams/:team_id", method = "get", tag = "Tag::Public")]
    async fn get(
        &self,
        team_id: Path<Uuid>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Team>, ApiError> {
        let (id, app, db) = (team_id.0, self.app.clone(), self.app.db.clone());
        let commits = move || db.commits();
        let read = move || {
            let app = app.clone();
            async move { Ok(Ready::new(&Team::from(app.giving.team(id.into()).await?))) }
        };
        Ok(self.pages.ask(id, commits, read).await?.unless(known.0.as_deref()))
    }

    /// The gifts through a team as strangers may see them, newest first.
    #[oai(path = "/teams/:team_id/donations", method = "get", tag = "Tag::Public")]
    async fn wall(
        &self,
        team_id: Path<Uuid>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<PublicGift>>, ApiError> {
        self.app.giving.team(team_id.0.into()).await?;
        let page = self.app.giving.team_wall(team_id.0.into(), after.0.map(Into::into), limit.0).await;
        let (gifts, more) = page.map_err(ApiError::of_list)?;
        let next = gifts.last().filter(|_| more).map(|gift| gift.id.to_string());
        let items = gifts.into_iter().map(PublicGift::from).collect();
        Ok(Cached::of(Page { items, next }, known.0.as_deref()))
    }

    /// Founds a team of a campaign that takes gifts. A donor founds five of a campaign at most.
    #[oai(path = "/campaigns/:campaign_id/teams", method = "post")]
    async fn found(
        &self,
        donor: Donor,
        campaign_id: Path<Uuid>,
        body: Json<NewTeam>,
    ) -> Result<Json<FoundedTeam>, ApiError> {
        let NewTeam { id, name, goal } = body.0;
        let wish =
            WishedTeam { id: id.into(), campaign: campaign_id.0.into(), name: name.0, goal: goal.map(|goal| goal.0) };
        Ok(Json(self.app.giving.found_team(donor.0, wish).await?.into()))
    }

    /// Closes an own team: nobody gives through it any more, what was given stays counted.
    #[oai(path = "/teams/:team_id/closing", method = "post")]
    async fn close(&self, donor: Donor, team_id: Path<Uuid>) -> Result<Json<FoundedTeam>, ApiError> {
        Ok(Json(self.app.giving.close_team(donor.0, team_id.0.into()).await?.into()))
    }

    /// Own teams, newest first.
    #[oai(path = "/me/teams", method = "get")]
    async fn mine(&self, donor: Donor) -> Result<Json<Page<FoundedTeam>>, ApiError> {
        Ok(Json(Page::whole(self.app.giving.own_teams(donor.0).await?)))
    }

    /// Teams with the names that wait or are hidden, newest first.
    #[oai(path = "/staff/teams", method = "get", tag = "Tag::Campaigns")]
    async fn looked_at(
        &self,
        officer: Officer,
        campaign: Query<Option<Uuid>>,
        name_state: Query<Option<TeamNameState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<FoundedTeam>>, ApiError> {
        let search = TeamSearch { campaign: campaign.0.map(Into::into), name_state: name_state.0.map(Into::into) };
        let whose: (&Member, &[Role]) = (&officer.0, &READERS);
        let teams = self.app.campaigns.teams(whose, search, after.0.map(Into::into), limit.0 + 1).await;
        Ok(Json(Page::of(teams.map_err(ApiError::of_list)?, limit.0, |(team, _)| team.id.uuid())))
    }

    /// Hides the name of a team, shows it, or closes the team; with a reason.
    #[oai(path = "/staff/teams/:team_id/moderation", method = "post", tag = "Tag::Campaigns")]
    async fn moderate(
        &self,
        officer: Officer,
        team_id: Path<Uuid>,
        body: Json<TeamModeration>,
    ) -> Result<(), ApiError> {
        let how = (body.0.step.into(), body.0.reason.0);
        self.app.campaigns.moderate_team(team_id.0.into(), how, &officer.0).await?;
        Ok(())
    }
}
