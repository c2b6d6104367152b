//! Teams that give together to one campaign (一起捐; facts: charity 3.2). A donor founds one with a name and perhaps a goal, others give through
//! it. A team holds no money and decides nothing: a gift through it is a gift to the campaign, and what it raised is counted from its gifts
//! whenever somebody asks, so that it cannot differ from them. Nobody learns more of those who give than the wall tells: no list of members, no
//! order by amounts (facts: charity 2.10). Costs: one statement for the sums of as many teams as there are.

use std::collections::HashMap;

use domain::campaign::{CampaignKind, may_give};
use domain::donation::MessageState;
use domain::role::{Member, Role};
use domain::team::{MOST, NAME_LONGEST, TeamState, TeamStep};
use domain::{CampaignId, DonorId, Money, TeamId, Timestamp};
use entity::{Rows, Tx, campaign, donor, execute, team as row, team_moderation};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select, Set,
};

use crate::campaign::required;
use crate::campaign_view::holding;
use crate::reach::campaigns_within;
use crate::{CrowdfundingError, gate};

const MODERATORS: [Role; 2] = [Role::Disclosure, Role::ProjectManager];

/// A team as a donor wishes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTeam {
    /// Made by the client.
    pub id: TeamId,
    /// What it gives to.
    pub campaign: CampaignId,
    /// Who founds it.
    pub donor: DonorId,
    /// What it is called.
    pub name: String,
    /// What the content check said of the name.
    pub name_state: MessageState,
    /// How much it hopes to raise; nothing follows from it.
    pub goal: Option<Money>,
}

/// What a team raised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TeamTotal {
    /// Gifts that were paid, less refunds decided.
    pub raised: Money,
    /// How many gifts were paid.
    pub gifts: i64,
}

/// What a team may be called, trimmed.
pub fn team_name(name: &str) -> Result<String, CrowdfundingError> {
    let name = name.trim();
    if !(2..=NAME_LONGEST).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(CrowdfundingError::Invalid { field: "name", problem: "团队名称为2至20个字" });
    }
    Ok(name.to_owned())
}

/// Founds a team of a campaign that takes gifts. The same id with the same content again is the team that stands.
pub async fn found_team(tx: &Tx, now: Timestamp, new: NewTeam) -> Result<row::Model, CrowdfundingError> {
    let name = team_name(&new.name)?;
    if new.goal.is_some_and(|goal| !goal.is_positive() || goal.fen() > 1_000_000_000_000_000) {
        return Err(CrowdfundingError::Invalid {
            field: "goal", problem: "目标金额应大于零，且不能过大"
        });
    }
    // Another request of the same donor may be counting, or may just have erased them: then nobody would take the name out any more.
    let founder = donor::Entity::find_by_id(new.donor).lock(LockType::NoKeyUpdate).one(tx).await?;
    if founder.is_none_or(|row| row.key_sealed.is_empty()) {
        return Err(CrowdfundingError::Conflict);
    }
    if let Some(known) = row::Entity::find_by_id(new.id).one(tx).await? {
        let same = (known.campaign_id, known.donor_id, known.goal_fen) == (new.campaign, new.donor, new.goal)
            && known.name.as_deref() == Some(name.as_str());
        return if same { Ok(known) } else { Err(CrowdfundingError::IdReused) };
    }
    let target = campaign::Entity::find_by_id(new.campaign).one(tx).await?;
    let target = target
        .filter(|target| target.state.is_public() && target.kind != CampaignKind::Parent)
        .ok_or(CrowdfundingError::NoSuchCampaign)?;
    may_give(target.state, target.starts_us, target.ends_us, now)?;
    let own = row::Entity::find()
        .filter(row::Column::CampaignId.eq(new.campaign))
        .filter(row::Column::DonorId.eq(new.donor))
        .count(tx)
        .await?;
    if own >= MOST {
        return Err(CrowdfundingError::TooManyTeams);
    }
    let founded = row::ActiveModel {
        id: Set(new.id),
        campaign_id: Set(new.campaign),
        donor_id: Set(new.donor),
        name: Set(Some(name)),
        name_state: Set(new.name_state.as_str().to_owned()),
        goal_fen: Set(new.goal),
        state: Set(TeamState::Open),
        created_us: Set(now),
        closed_us: Set(None),
    };
    Ok(founded.insert(tx).await?)
}

/// A team of a campaign that strangers know.
pub async fn team(db: &impl ConnectionTrait, id: TeamId) -> Result<row::Model, CrowdfundingError> {
    let team = row::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchTeam)?;
    let target = campaign::Entity::find_by_id(team.campaign_id).one(db).await?;
    target.filter(|target| target.state.is_public()).ok_or(CrowdfundingError::NoSuchTeam)?;
    Ok(team)
}

/// Refuses a team that is none of the campaign, or that nobody gives through any more.
pub async fn open_team(
    db: &impl ConnectionTrait,
    id: TeamId,
    campaign: CampaignId,
) -> Result<TeamId, CrowdfundingError> {
    let found = row::Entity::find_by_id(id).one(db).await?.filter(|team| team.campaign_id == campaign);
    match found.ok_or(CrowdfundingError::NoSuchTeam)?.state {
        TeamState::Open => Ok(id),
        TeamState::Closed => Err(CrowdfundingError::TeamClosed),
    }
}

/// A page of a campaign's teams, newest first.
pub async fn teams_of(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    after: Option<TeamId>,
    limit: u64,
) -> Result<Vec<row::Model>, CrowdfundingError> {
    page(db, row::Entity::find(), Some(campaign), after, limit).await
}

/// Which teams staff looks for; nothing narrows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TeamSearch {
    /// Of this campaign.
    pub campaign: Option<CampaignId>,
    /// Whose names stand so.
    pub name_state: Option<MessageState>,
}

/// A page of the teams where somebody has one of these roles, newest first.
pub async fn teams(
    db: &impl ConnectionTrait,
    (by, roles): (&Member, &[Role]),
    search: TeamSearch,
    after: Option<TeamId>,
    limit: u64,
) -> Result<Vec<row::Model>, CrowdfundingError> {
    by.must_be(roles)?;
    let mut query = row::Entity::find();
    if let Some(state) = search.name_state {
        query = query.filter(row::Column::NameState.eq(state.as_str()));
    }
    if let Some(campaigns) = campaigns_within(by, roles) {
        query = query.filter(row::Column::CampaignId.in_subquery(campaigns));
    }
    page(db, query, search.campaign, after, limit).await
}

/// The teams where somebody has one of these roles and whose names hold these words, newest first.
pub async fn teams_named(
    db: &impl ConnectionTrait,
    (by, roles): (&Member, &[Role]),
    words: &str,
    limit: u64,
) -> Result<Vec<row::Model>, CrowdfundingError> {
    by.must_be(roles)?;
    let Some(like) = holding(words) else { return Ok(Vec::new()) };
    let mut query = row::Entity::find().filter(row::Column::Name.like(like));
    if let Some(campaigns) = campaigns_within(by, roles) {
        query = query.filter(row::Column::CampaignId.in_subquery(campaigns));
    }
    page(db, query, None, None, limit).await
}

async fn page(
    db: &impl ConnectionTrait,
    mut query: Select<row::Entity>,
    campaign: Option<CampaignId>,
    after: Option<TeamId>,
    limit: u64,
) -> Result<Vec<row::Model>, CrowdfundingError> {
    if let Some(campaign) = campaign {
        query = query.filter(row::Column::CampaignId.eq(campaign));
    }
    if let Some(after) = after {
        let last = row::Entity::find_by_id(after).one(db).await?;
        // What a list does not show it does not tell either.
        let last = last.filter(|team| campaign.is_none_or(|campaign| team.campaign_id == campaign));
        let last = last.ok_or(CrowdfundingError::NoSuchTeam)?;
        query =
            query.filter(Condition::any().add(row::Column::CreatedUs.lt(last.created_us)).add(
                Condition::all().add(row::Column::CreatedUs.eq(last.created_us)).add(row::Column::Id.lt(last.id)),
            ));
    }
    Ok(query.order_by_desc(row::Column::CreatedUs).order_by_desc(row::Column::Id).limit(limit).all(db).await?)
}

/// The teams a donor founded, newest first; a campaign takes few of each.
pub async fn own_teams(db: &impl ConnectionTrait, donor: DonorId) -> Result<Vec<row::Model>, DbErr> {
    let own = row::Entity::find().filter(row::Column::DonorId.eq(donor));
    own.order_by_desc(row::Column::CreatedUs).order_by_desc(row::Column::Id).all(db).await
}

/// What teams raised, counted from their gifts and the refunds of these.
pub async fn team_totals(db: &impl ConnectionTrait, teams: &[row::Model]) -> Result<HashMap<TeamId, TeamTotal>, DbErr> {
    #[derive(FromQueryResult)]
    struct Counted {
        id: TeamId,
        gifts: i64,
        raised: Money,
    }
    if teams.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT r.id, CAST(count(d.id) AS BIGINT) AS gifts, CAST(COALESCE(SUM(d.amount_fen), 0) - COALESCE((SELECT SUM(f.amount_fen) \
               FROM donation g JOIN refund f ON f.donation_id = g.id WHERE g.team_id = r.id \
               AND f.state IN ('approved', 'processing', 'succeeded', 'failed', 'paid_by_bank')), 0) AS BIGINT) AS raised \
               FROM {rows} LEFT JOIN donation d ON d.team_id = r.id AND d.confirmed_us IS NOT NULL GROUP BY r.id";
    let rows = Rows::new().uuid("id", teams.iter().map(|team| team.id.uuid()));
    let counted = Counted::find_by_statement(rows.statement(db.get_database_backend(), sql, [])).all(db).await?;
    Ok(counted.into_iter().map(|one| (one.id, TeamTotal { raised: one.raised, gifts: one.gifts })).collect())
}

/// Closes a team for its founder; what is closed stays as it is.
pub async fn close_own_team(
    tx: &Tx,
    now: Timestamp,
    id: TeamId,
    donor: DonorId,
) -> Result<row::Model, CrowdfundingError> {
    let team = row::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    let team = team.filter(|team| team.donor_id == donor).ok_or(CrowdfundingError::NoSuchTeam)?;
    if team.state == TeamState::Closed {
        return Ok(team);
    }
    closed(tx, now, team).await
}

async fn closed(tx: &Tx, now: Timestamp, team: row::Model) -> Result<row::Model, CrowdfundingError> {
    let mut team: row::ActiveModel = team.into();
    team.state = Set(TeamState::Closed);
    team.closed_us = Set(Some(now));
    Ok(team.update(tx).await?)
}

/// Hides the name of a team, shows it, or closes the team; with a reason.
pub async fn moderate_team(
    tx: &Tx,
    now: Timestamp,
    id: TeamId,
    (step, reason): (TeamStep, String),
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    by.must_be(&MODERATORS)?;
    let reason = required(reason)?;
    let team = row::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    let team = team.ok_or(CrowdfundingError::NoSuchTeam)?;
    let campaign = crate::campaign(tx, team.campaign_id).await?;
    if by.may(&MODERATORS, &campaign.unit_path).is_err() {
        return Err(CrowdfundingError::NoSuchTeam);
    }
    let team = match step {
        TeamStep::Closed => {
            gate::need(team.state == TeamState::Open, "team_closed", "该团队已经关闭")?;
            closed(tx, now, team).await?
        }
        TeamStep::Hidden | TeamStep::Shown => {
            gate::need(team.name.is_some(), "no_name", "发起人已注销，该团队没有名称")?;
            let state = if step == TeamStep::Shown { MessageState::Passed } else { MessageState::Risky };
            let mut team: row::ActiveModel = team.into();
            team.name_state = Set(state.as_str().to_owned());
            team.update(tx).await?
        }
    };
    let before = team_moderation::Entity::find().filter(team_moderation::Column::TeamId.eq(id)).count(tx).await?;
    let line = team_moderation::ActiveModel {
        team_id: Set(id),
        seq: Set(i64::try_from(before).unwrap_or(i64::MAX - 1) + 1),
        step: Set(step),
        reason: Set(reason),
        author_id: Set(by.id),
        at_us: Set(now),
    };
    line.insert(tx).await?;
    Ok(team)
}

/// Takes the names out of the teams a donor founded and closes them; what was given through them stays.
pub(crate) async fn forget_founder(tx: &Tx, now: Timestamp, donor: DonorId) -> Result<(), DbErr> {
    let sql = "UPDATE team SET name = NULL, state = 'closed', closed_us = COALESCE(closed_us, $1) WHERE donor_id = $2";
    execute(tx, sql, [now.into(), donor.into()]).await?;
    Ok(())
}
