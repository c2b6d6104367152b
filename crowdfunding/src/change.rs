//! Changes of a filed plan (facts: charity 3.1, 2.1 Art. 56): a new version, two approvals by different persons, new evidence of
//! filing; then the version is in force, target and budget move with it, and the old version stays readable.

use domain::campaign::CampaignState;
use domain::change::{ChangeEvent, ChangeState};
use domain::plan::Plan;
use domain::role::{Member, Role};
use domain::{BusinessDate, CampaignChangeId, CampaignId, Timestamp};
use entity::{Tx, campaign, campaign_change as row, campaign_change_approval, execute, violation};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::campaign::{AUTHORS, for_step, required, unapproved};
use crate::gate::Setting;
use crate::{CrowdfundingError, Decision, gate, plan};

const REVIEWERS: [Role; 2] = [Role::ProjectManager, Role::FinanceHead];
const FILERS: [Role; 2] = [Role::Disclosure, Role::ProjectManager];

/// Asks for a change. The same id with the same content again answers the one that stands.
pub async fn propose_change(
    tx: &Tx,
    setting: &Setting,
    id: CampaignId,
    change: CampaignChangeId,
    (plan, reason): (Plan, String),
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    use CampaignState as S;
    let now = setting.now;
    let (campaign, grant) = for_step(tx, id, &AUTHORS, by).await?;
    let reason = required(reason)?;
    if let Some(standing) = row::Entity::find_by_id(change).one(tx).await? {
        let same = (standing.campaign_id, standing.reason.as_str(), standing.author_id) == (id, &reason, by.id)
            && plan::read(tx, id, standing.version).await?.plan == plan;
        return if same { Ok(standing) } else { Err(CrowdfundingError::IdReused) };
    }
    let live = matches!(
        campaign.state,
        S::Filed | S::Scheduled | S::Open | S::Paused | S::EmergencyOpen | S::Ended | S::Executing | S::Suspended
    );
    gate::need(live && campaign.filing_number.is_some(), "not_filed", "只有已备案且未结项的项目可以申请变更")?;
    let problems = plan.check();
    if !problems.is_empty() {
        return Err(CrowdfundingError::PlanIncomplete(problems));
    }
    gate::may_change(tx, &campaign, setting, &plan).await?;
    let last = plan::latest(tx, id).await?;
    plan::write(tx, now, id, last + 1, &plan, by.id).await?;
    let new = row::ActiveModel {
        id: Set(change),
        campaign_id: Set(id),
        version: Set(last + 1),
        reason: Set(reason),
        state: Set(ChangeState::Submitted),
        author_id: Set(by.id),
        author_for_id: Set(grant.acting_for),
        evidence: Set(None),
        refiled_on: Set(None),
        created_us: Set(now),
        decided_us: Set(None),
    };
    match new.insert(tx).await {
        Ok(row) => Ok(row),
        // One at a time.
        Err(error) if violation(&error).is_some() => Err(CrowdfundingError::ChangeUnderWay),
        Err(error) => Err(error.into()),
    }
}

/// A change, locked after its campaign.
async fn for_change(
    tx: &Tx,
    change: CampaignChangeId,
    roles: &[Role],
    by: &Member,
) -> Result<(campaign::Model, row::Model), CrowdfundingError> {
    by.must_be(roles)?;
    let seen = row::Entity::find_by_id(change).one(tx).await?.ok_or(CrowdfundingError::NoSuchChange)?;
    let (campaign, _) = for_step(tx, seen.campaign_id, roles, by).await?;
    let row = row::Entity::find_by_id(change).lock(LockType::NoKeyUpdate).one(tx).await?;
    Ok((campaign, row.ok_or(CrowdfundingError::NoSuchChange)?))
}

/// The review that is due: first by a project manager, then by the head of finance. Neither is its author, nor the same person, nor in
/// the name of one of them.
pub async fn review_change(
    tx: &Tx,
    now: Timestamp,
    change: CampaignChangeId,
    decision: Decision,
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    let (campaign, row) = for_change(tx, change, &REVIEWERS, by).await?;
    let id = campaign.id;
    let (role, step, event) = match row.state {
        ChangeState::ManagerApproved => (Role::FinanceHead, "finance", ChangeEvent::FinanceApprove),
        _ => (Role::ProjectManager, "manager", ChangeEvent::ManagerApprove),
    };
    let grant = by.acts(&[role], campaign.book_id, &campaign.unit_path)?;
    if by.is_among(grant, [Some(row.author_id), row.author_for_id]) {
        return Err(CrowdfundingError::OtherPerson);
    }
    let event = if decision == Decision::Approve { event } else { ChangeEvent::Decline };
    let to = row.state.on(event)?;
    if event == ChangeEvent::Decline {
        let sql =
            "UPDATE campaign_plan SET state = 'declined' WHERE campaign_id = $1 AND version = $2 AND state = 'draft'";
        execute(tx, sql, [id.into(), row.version.into()]).await?;
    } else {
        let given = campaign_change_approval::Entity::find()
            .filter(campaign_change_approval::Column::ChangeId.eq(change))
            .all(tx)
            .await?;
        if by.is_among(grant, given.iter().flat_map(|before| [Some(before.approver_id), before.acting_for_id])) {
            return Err(CrowdfundingError::OtherPerson);
        }
        let approval = campaign_change_approval::ActiveModel {
            change_id: Set(change),
            step: Set(step.to_owned()),
            author_id: Set(row.author_id),
            approver_id: Set(by.id),
            acting_for_id: Set(grant.acting_for),
            at_us: Set(now),
        };
        approval.insert(tx).await.map_err(unapproved)?;
    }
    let mut active: row::ActiveModel = row.into();
    active.state = Set(to);
    active.decided_us = Set(Some(now));
    Ok(active.update(tx).await?)
}

/// The change was filed, as the authority's receipt under it shows: the version comes into force, with its target, its dates and its budget. A line of the budget never goes
/// below what is promised and spent of it.
pub async fn file_change(
    tx: &Tx,
    setting: &Setting,
    change: CampaignChangeId,
    (evidence, on): (String, BusinessDate),
    by: &Member,
) -> Result<campaign::Model, CrowdfundingError> {
    let now = setting.now;
    let (campaign, row) = for_change(tx, change, &FILERS, by).await?;
    let to = row.state.on(ChangeEvent::File)?;
    let evidence = evidence.trim().to_owned();
    if evidence.is_empty() || evidence.chars().count() > 200 {
        return Err(CrowdfundingError::Invalid {
            field: "evidence", problem: "请填写备案变更凭证，最多200字"
        });
    }
    gate::need(on <= BusinessDate::of(now), "filed_day", "备案日期不能晚于今天")?;
    let agreed = row.decided_us.map(BusinessDate::of);
    gate::need(agreed.is_some_and(|day| day <= on), "filed_day", "备案日期不能早于变更获批之日")?;
    let version = row.version;
    let mut active: row::ActiveModel = row.into();
    active.evidence = Set(Some(evidence));
    active.refiled_on = Set(Some(on));
    let filed = active.update(tx).await?;
    let before = plan::read(tx, campaign.id, campaign.plan_version).await?.plan;
    let campaign = plan::into_force(tx, now, campaign, version).await?;
    gate::changed(tx, &before, &campaign, setting, change).await?;
    let mut active: row::ActiveModel = filed.into();
    active.state = Set(to);
    active.update(tx).await?;
    Ok(campaign)
}

/// The campaign a change belongs to.
pub async fn campaign_of_change(
    db: &impl ConnectionTrait,
    change: CampaignChangeId,
) -> Result<CampaignId, CrowdfundingError> {
    let row = row::Entity::find_by_id(change).one(db).await?.ok_or(CrowdfundingError::NoSuchChange)?;
    Ok(row.campaign_id)
}

/// The changes of a campaign, oldest first.
pub async fn changes(db: &impl ConnectionTrait, id: CampaignId) -> Result<Vec<row::Model>, CrowdfundingError> {
    let rows =
        row::Entity::find().filter(row::Column::CampaignId.eq(id)).order_by_asc(row::Column::CreatedUs).all(db).await?;
    Ok(rows)
}
