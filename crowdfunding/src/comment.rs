//! What reviewers and the author say about the sections of a plan, until it is filed. It stands with the version and the round it was
//! said in, and the public reads none of it.

use domain::campaign::CampaignState;
use domain::plan::Section;
use domain::role::{Member, Role};
use domain::{CampaignCommentId, CampaignId, Timestamp};
use entity::{Tx, campaign_comment as row};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::campaign::{for_step, required};
use crate::{CrowdfundingError, gate};

const SPEAKERS: [Role; 4] = [Role::Organiser, Role::ProjectManager, Role::FinanceHead, Role::Disclosure];

/// Says something about a section of the plan as it stands. The same id with the same words again is the comment that stands.
pub async fn comment(
    tx: &Tx,
    now: Timestamp,
    id: CampaignId,
    comment: CampaignCommentId,
    (section, words): (Section, String),
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    use CampaignState as S;
    let (campaign, _) = for_step(tx, id, &SPEAKERS, by).await?;
    let words = required(words)?;
    if let Some(standing) = row::Entity::find_by_id(comment).one(tx).await? {
        let same = (standing.campaign_id, standing.section, standing.words.as_str(), standing.author_id)
            == (id, section, words.as_str(), by.id);
        return if same { Ok(standing) } else { Err(CrowdfundingError::IdReused) };
    }
    let reviewed = matches!(
        campaign.state,
        S::Draft | S::Submitted | S::OrgReview | S::FinanceReview | S::Approved | S::Filing | S::Rejected
    );
    gate::need(reviewed && campaign.plan_version > 0, "not_in_review", "方案备案后不再批注，变更请提交变更申请")?;
    let new = row::ActiveModel {
        id: Set(comment),
        campaign_id: Set(id),
        version: Set(campaign.plan_version),
        round: Set(campaign.round),
        section: Set(section),
        words: Set(words),
        author_id: Set(by.id),
        created_us: Set(now),
    };
    Ok(new.insert(tx).await?)
}

/// What was said about a campaign's plan, oldest first.
pub async fn comments(db: &impl ConnectionTrait, id: CampaignId) -> Result<Vec<row::Model>, CrowdfundingError> {
    let rows = row::Entity::find()
        .filter(row::Column::CampaignId.eq(id))
        .order_by_asc(row::Column::CreatedUs)
        .order_by_asc(row::Column::Id)
        .all(db)
        .await?;
    Ok(rows)
}
