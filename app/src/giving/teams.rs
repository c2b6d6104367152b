//! Teams, from the donor's side: founded, given through, closed (facts: charity 3.2). What strangers read of one is made here and nowhere else.

use std::collections::HashMap;

use crowdfunding::{CrowdfundingError, NewTeam, TeamTotal, team_name};
use domain::donation::MessageState;
use domain::team::{NAMELESS, TeamState};
use domain::{CampaignId, DonorId, Money, TeamId, Timestamp};
use entity::team;

use super::{Giving, GivingError};

/// A team as strangers may see it. Nothing of who founded it, and nothing of who gave but the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicTeam {
    /// The team.
    pub id: TeamId,
    /// What it gives to.
    pub campaign: CampaignId,
    /// What it is called, once the name has passed.
    pub name: String,
    /// How much it hopes to raise.
    pub goal: Option<Money>,
    /// Whether others may give through it.
    pub state: TeamState,
    /// What it raised.
    pub total: TeamTotal,
    /// Since when.
    pub since: Timestamp,
}

impl PublicTeam {
    fn of(row: &team::Model, totals: &HashMap<TeamId, TeamTotal>) -> PublicTeam {
        let passed = row.name_state == MessageState::Passed.as_str();
        PublicTeam {
            id: row.id,
            campaign: row.campaign_id,
            name: row.name.as_deref().filter(|_| passed).unwrap_or(NAMELESS).to_owned(),
            goal: row.goal_fen,
            state: row.state,
            total: totals.get(&row.id).copied().unwrap_or_default(),
            since: row.created_us,
        }
    }
}

/// A team as a donor wishes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WishedTeam {
    /// Made by the client.
    pub id: TeamId,
    /// What it gives to.
    pub campaign: CampaignId,
    /// What it is called.
    pub name: String,
    /// How much it hopes to raise.
    pub goal: Option<Money>,
}

/// An own team: the row, and what it raised.
pub type OwnTeam = (team::Model, TeamTotal);

impl Giving {
    /// Founds a team, or answers the one that stands under the id. A name that is looked at is read by nobody until then; gifts wait for nothing.
    pub async fn found_team(&self, donor: DonorId, wish: WishedTeam) -> Result<OwnTeam, GivingError> {
        let name = team_name(&wish.name)?;
        let openid = self.identity.openid_of(donor).await?;
        let known = crowdfunding::own_teams(self.db.read(), donor).await?.into_iter().find(|team| team.id == wish.id);
        let name_state = match known {
            // The same again needs no second look; another name under the id is refused below.
            Some(_) => MessageState::Review,
            None => self.judged((donor, &openid), &[&name]).await?,
        };
        let now = self.business.now();
        let new = NewTeam { id: wish.id, campaign: wish.campaign, donor, name, name_state, goal: wish.goal };
        let tx = self.db.begin().await?;
        let team = crowdfunding::found_team(&tx, now, new).await?;
        tx.commit().await?;
        let total = self.totals(std::slice::from_ref(&team)).await?.remove(&team.id).unwrap_or_default();
        Ok((team, total))
    }

    /// Closes an own team.
    pub async fn close_team(&self, donor: DonorId, id: TeamId) -> Result<OwnTeam, GivingError> {
        let tx = self.db.begin().await?;
        let team = crowdfunding::close_own_team(&tx, self.business.now(), id, donor).await?;
        tx.commit().await?;
        let total = self.totals(std::slice::from_ref(&team)).await?.remove(&team.id).unwrap_or_default();
        Ok((team, total))
    }

    /// The teams a donor founded, newest first, with what each raised.
    pub async fn own_teams(&self, donor: DonorId) -> Result<Vec<OwnTeam>, GivingError> {
        let teams = crowdfunding::own_teams(self.db.read(), donor).await?;
        let totals = self.totals(&teams).await?;
        let with = |team: team::Model| {
            let total = totals.get(&team.id).copied().unwrap_or_default();
            (team, total)
        };
        Ok(teams.into_iter().map(with).collect())
    }

    /// A team.
    pub async fn team(&self, id: TeamId) -> Result<PublicTeam, GivingError> {
        let team = crowdfunding::team(self.db.read(), id).await?;
        let totals = self.totals(std::slice::from_ref(&team)).await?;
        Ok(PublicTeam::of(&team, &totals))
    }

    /// A page of a campaign's teams, newest first and in no other order: who gave more than whom is nobody's business.
    pub async fn teams(
        &self,
        campaign: CampaignId,
        after: Option<TeamId>,
        limit: u64,
    ) -> Result<Vec<PublicTeam>, GivingError> {
        let teams = crowdfunding::teams_of(self.db.read(), campaign, after, limit).await?;
        let totals = self.totals(&teams).await?;
        Ok(teams.iter().map(|team| PublicTeam::of(team, &totals)).collect())
    }

    async fn totals(&self, teams: &[team::Model]) -> Result<HashMap<TeamId, TeamTotal>, CrowdfundingError> {
        Ok(crowdfunding::team_totals(self.db.read(), teams).await?)
    }
}
