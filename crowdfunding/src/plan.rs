//! The versions of a campaign's plan, and the budget that follows the one in force (facts: charity 2.1 Art. 24, 53-56).

use domain::plan::{BudgetKind, Plan};
use domain::{CampaignId, Money, StaffId, Timestamp};
use entity::{Rows, Tx, budget_line, campaign, campaign_plan as row, execute, violation};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::CrowdfundingError;
use crate::history::state;

/// A version of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanVersion {
    /// Which campaign.
    pub campaign: CampaignId,
    /// Which version; they count up from 1.
    pub version: i64,
    /// `draft`, `in_force`, `superseded` or `declined`.
    pub state: String,
    /// Who wrote it.
    pub author: StaffId,
    /// When.
    pub created: Timestamp,
    /// Since when it has been in force, or was.
    pub in_force: Option<Timestamp>,
    /// What it says.
    pub plan: Plan,
}

impl TryFrom<row::Model> for PlanVersion {
    type Error = CrowdfundingError;

    fn try_from(row: row::Model) -> Result<PlanVersion, CrowdfundingError> {
        Ok(PlanVersion {
            campaign: row.campaign_id,
            version: row.version,
            state: row.state,
            author: row.author_id,
            created: row.created_us,
            in_force: row.in_force_us,
            plan: serde_json::from_str(&row.content)?,
        })
    }
}

/// A version of a campaign's plan.
pub(crate) async fn read(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    version: i64,
) -> Result<PlanVersion, CrowdfundingError> {
    let row = row::Entity::find_by_id((campaign, version)).one(db).await?;
    row.ok_or(CrowdfundingError::NoSuchPlan)?.try_into()
}

/// All versions of a campaign's plan, oldest first.
pub async fn plan_versions(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
) -> Result<Vec<PlanVersion>, CrowdfundingError> {
    let rows = row::Entity::find()
        .filter(row::Column::CampaignId.eq(campaign))
        .order_by_asc(row::Column::Version)
        .all(db)
        .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The budget of a campaign, in its order.
pub async fn budget(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
) -> Result<Vec<budget_line::Model>, CrowdfundingError> {
    let lines = budget_line::Entity::find()
        .filter(budget_line::Column::CampaignId.eq(campaign))
        .order_by_asc(budget_line::Column::Position)
        .order_by_asc(budget_line::Column::Code)
        .all(db)
        .await?;
    Ok(lines)
}

/// Writes a version that is not in force yet, or writes it anew while its campaign is a draft.
pub(crate) async fn write(
    tx: &Tx,
    now: Timestamp,
    campaign: CampaignId,
    version: i64,
    plan: &Plan,
    author: StaffId,
) -> Result<(), CrowdfundingError> {
    let content = serde_json::to_string(plan)?;
    let sql = "UPDATE campaign_plan SET content = $1 WHERE campaign_id = $2 AND version = $3 AND state = 'draft'";
    if execute(tx, sql, [content.clone().into(), campaign.into(), version.into()]).await? == 1 {
        return Ok(());
    }
    row::ActiveModel {
        campaign_id: Set(campaign),
        version: Set(version),
        content: Set(content),
        state: Set("draft".to_owned()),
        author_id: Set(author),
        created_us: Set(now),
        in_force_us: Set(None),
    }
    .insert(tx)
    .await?;
    Ok(())
}

/// Copies to the campaign what everybody reads of its plan.
pub(crate) fn head(row: &mut campaign::ActiveModel, plan: &Plan) {
    row.name = Set(plan.name.clone());
    row.summary = Set(plan.summary.clone());
    row.cause = Set(plan.terms.cause);
    row.target_fen = Set(plan.target);
    row.over_target = Set(plan.over_target);
    row.starts_us = Set(plan.starts);
    row.ends_us = Set(plan.ends);
    row.emergency = Set(plan.terms.emergency);
}

/// A campaign that was sent back is written on: if its plan had come into force already, in a new version.
pub(crate) async fn reopen(
    tx: &Tx,
    now: Timestamp,
    campaign: campaign::Model,
) -> Result<campaign::Model, CrowdfundingError> {
    if campaign.plan_version == 0 {
        return Ok(campaign);
    }
    let standing = read(tx, campaign.id, campaign.plan_version).await?;
    if standing.state == "draft" {
        return Ok(campaign);
    }
    let version = latest(tx, campaign.id).await? + 1;
    write(tx, now, campaign.id, version, &standing.plan, campaign.author_id).await?;
    let mut row: campaign::ActiveModel = campaign.into();
    row.plan_version = Set(version);
    Ok(row.update(tx).await?)
}

/// Puts a version in force, instead of the one before, with what everybody reads of it, its budget and its milestones.
pub(crate) async fn into_force(
    tx: &Tx,
    now: Timestamp,
    campaign: campaign::Model,
    version: i64,
) -> Result<campaign::Model, CrowdfundingError> {
    let sql = "UPDATE campaign_plan SET state = 'superseded' WHERE campaign_id = $1 AND state = 'in_force'";
    execute(tx, sql, [campaign.id.into()]).await?;
    let sql = "UPDATE campaign_plan SET state = 'in_force', in_force_us = $1 WHERE campaign_id = $2 AND version = $3 AND state = 'draft'";
    if execute(tx, sql, [now.into(), campaign.id.into(), version.into()]).await? != 1 {
        return Err(CrowdfundingError::Conflict);
    }
    let plan = read(tx, campaign.id, version).await?.plan;
    set_budget(tx, campaign.id, &plan).await?;
    set_milestones(tx, now, campaign.id, &plan).await?;
    if campaign.plan_version == version {
        return Ok(campaign);
    }
    let mut row: campaign::ActiveModel = campaign.into();
    row.plan_version = Set(version);
    row.changed_us = Set(now);
    head(&mut row, &plan);
    Ok(row.update(tx).await?)
}

/// The number of the latest version, whatever became of it.
pub(crate) async fn latest(tx: &Tx, campaign: CampaignId) -> Result<i64, CrowdfundingError> {
    let last = row::Entity::find()
        .filter(row::Column::CampaignId.eq(campaign))
        .order_by_desc(row::Column::Version)
        .one(tx)
        .await?;
    Ok(last.map_or(0, |last| last.version))
}

/// Makes the milestones what the plan says; progress that was made stays.
async fn set_milestones(tx: &Tx, now: Timestamp, campaign: CampaignId, plan: &Plan) -> Result<(), CrowdfundingError> {
    let steps = &plan.terms.milestones;
    let backend = tx.get_database_backend();
    let rows = || {
        Rows::new()
            .text("code", steps.iter().map(|step| step.code.clone()))
            .text("name", steps.iter().map(|step| step.name.trim().to_owned()))
            .text("due", steps.iter().map(|step| step.due.to_string()))
            .int("position", (1..).take(steps.len()))
    };
    if steps.is_empty() {
        execute(tx, "DELETE FROM milestone WHERE campaign_id = $1", [campaign.into()]).await?;
        return Ok(());
    }
    let sql = "UPDATE milestone SET name = r.name, due = r.due, position = r.position FROM {rows} \
               WHERE milestone.campaign_id = $1 AND milestone.code = r.code";
    tx.execute_raw(rows().statement(backend, sql, [campaign.into()])).await?;
    let sql = "INSERT INTO milestone (campaign_id, code, name, due, progress, note, position, changed_us) \
               SELECT $1, r.code, r.name, r.due, 0, '', r.position, $2 FROM {rows} \
               WHERE r.code NOT IN (SELECT code FROM milestone WHERE campaign_id = $1)";
    tx.execute_raw(rows().statement(backend, sql, [campaign.into(), now.into()])).await?;
    let sql = "DELETE FROM milestone WHERE campaign_id = $1 AND code NOT IN (SELECT r.code FROM {rows})";
    tx.execute_raw(rows().statement(backend, sql, [campaign.into()])).await?;
    Ok(())
}

/// Makes the budget what the plan says: three statements however many lines. A line is never planned below what is promised and
/// spent of it (`budget_line_spent_check`), and a line that is used does not go.
pub(crate) async fn set_budget(tx: &Tx, campaign: CampaignId, plan: &Plan) -> Result<(), CrowdfundingError> {
    let lines = &plan.terms.budget;
    let backend = tx.get_database_backend();
    let rows = || {
        Rows::new()
            .text("code", lines.iter().map(|line| line.code.clone()))
            .text("name", lines.iter().map(|line| line.name.trim().to_owned()))
            .text("kind", lines.iter().map(|line| state(line.kind)))
            .int("planned", lines.iter().map(|line| line.planned.fen()))
            .int("position", (1..).take(lines.len()))
    };
    // A guard of SQLite keeps lines from being replaced; it stands before an upsert as before any other INSERT.
    let change = "UPDATE budget_line SET name = r.name, kind = r.kind, planned_fen = r.planned, position = r.position FROM {rows} \
                  WHERE budget_line.campaign_id = $1 AND budget_line.code = r.code";
    let add = "INSERT INTO budget_line (campaign_id, code, name, kind, planned_fen, committed_fen, used_fen, position) \
               SELECT $1, r.code, r.name, r.kind, r.planned, 0, 0, r.position FROM {rows} \
               WHERE r.code NOT IN (SELECT code FROM budget_line WHERE campaign_id = $1)";
    let spent = |error: sea_orm::DbErr| match violation(&error) {
        // SQLite does not name the key that holds a line: of a payment, or of a voucher that charged it once.
        Some(rule) if rule.contains("budget_line") || rule.contains("FOREIGN KEY") => CrowdfundingError::BudgetSpent,
        _ => error.into(),
    };
    for sql in [change, add] {
        tx.execute_raw(rows().statement(backend, sql, [campaign.into()])).await.map_err(spent)?;
    }
    let sql = "DELETE FROM budget_line WHERE campaign_id = $1 AND code NOT IN (SELECT r.code FROM {rows})";
    tx.execute_raw(rows().statement(backend, sql, [campaign.into()])).await.map_err(spent)?;
    Ok(())
}

/// What is planned of a kind.
pub fn planned_of(lines: &[budget_line::Model], kind: BudgetKind) -> Money {
    let of_kind = lines.iter().filter(|line| line.kind == kind).map(|line| line.planned_fen);
    Money::checked_sum(of_kind).unwrap_or(Money::MAX)
}
