//! Campaigns: drafted by an organiser, approved by two other persons, open, ended (facts: charity 3.1).
//!
//! That neither approval is the author's and that both are different persons' is kept by the database
//! (`campaign_approval_own_check`, `campaign_approval_person_key`); what is checked here only says it in better words.

use std::collections::HashMap;

use domain::campaign::{CampaignEvent, CampaignState};
use domain::role::{Member, Role};
use domain::{BookId, CampaignId, Clock, Money, Timestamp};
use entity::{Db, Tx, campaign, campaign_approval, campaign_history, execute, violation};
use ledger::Fund;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    Statement,
};

use crate::CrowdfundingError;
use crate::history::state;

/// What an organiser writes down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignDraft {
    /// The charity whose books receive the money.
    pub book: BookId,
    /// Shown to everybody.
    pub name: String,
    /// What it is for.
    pub summary: String,
    /// What is to be raised.
    pub target: Money,
    /// Whether gifts are welcome beyond the target.
    pub over_target: bool,
    /// First moment.
    pub starts: Timestamp,
    /// Last moment.
    pub ends: Timestamp,
}

/// A reviewer's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Agreed.
    Approve,
    /// Sent back, with a reason.
    Reject(String),
}

/// A campaign with its money, as strangers may see it.
#[derive(Clone, Debug)]
pub struct PublicCampaign {
    /// The campaign.
    pub campaign: campaign::Model,
    /// The charity's name.
    pub charity: String,
    /// Its money.
    pub fund: Fund,
    /// Refunds decided, in total.
    pub refunded: Money,
    /// How many gifts were paid.
    pub gifts: i64,
}

/// The campaigns of the program.
#[derive(Clone, Debug)]
pub struct Campaigns {
    db: Db,
    clock: Clock,
}

impl Campaigns {
    /// On a database, by business time.
    pub fn new(db: Db, clock: Clock) -> Campaigns {
        Campaigns { db, clock }
    }

    /// Writes a draft. The same id with the same content again answers the draft that stands.
    pub async fn draft(
        &self,
        id: CampaignId,
        draft: CampaignDraft,
        by: &Member,
    ) -> Result<campaign::Model, CrowdfundingError> {
        by.must_be(&[Role::Organiser, Role::ProjectManager])?;
        let draft = checked(draft)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        if let Some(standing) = campaign::Entity::find_by_id(id).one(&tx).await? {
            return if standing.author_id == by.id && content(&standing) == draft {
                Ok(standing)
            } else {
                Err(CrowdfundingError::IdReused)
            };
        }
        if entity::book::Entity::find_by_id(draft.book).one(&tx).await?.is_none() {
            return Err(CrowdfundingError::NoSuchBook);
        }
        let row = campaign::ActiveModel {
            id: Set(id),
            book_id: Set(draft.book),
            name: Set(draft.name),
            summary: Set(draft.summary),
            target_fen: Set(draft.target),
            over_target: Set(draft.over_target),
            starts_us: Set(draft.starts),
            ends_us: Set(draft.ends),
            state: Set(CampaignState::Draft),
            round: Set(1),
            author_id: Set(by.id),
            created_us: Set(now),
            changed_us: Set(now),
        }
        .insert(&tx)
        .await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Rewrites a draft; its author only.
    pub async fn edit(
        &self,
        id: CampaignId,
        draft: CampaignDraft,
        by: &Member,
    ) -> Result<campaign::Model, CrowdfundingError> {
        let draft = checked(draft)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = locked(&tx, id).await?;
        if row.author_id != by.id {
            return Err(CrowdfundingError::NoSuchCampaign);
        }
        if row.state != CampaignState::Draft {
            row.state.on(CampaignEvent::Submit)?;
        }
        let mut row: campaign::ActiveModel = row.into();
        row.book_id = Set(draft.book);
        row.name = Set(draft.name);
        row.summary = Set(draft.summary);
        row.target_fen = Set(draft.target);
        row.over_target = Set(draft.over_target);
        row.starts_us = Set(draft.starts);
        row.ends_us = Set(draft.ends);
        row.changed_us = Set(now);
        let row = row.update(&tx).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Hands a draft in for review.
    pub async fn submit(&self, id: CampaignId, by: &Member) -> Result<campaign::Model, CrowdfundingError> {
        self.as_author(id, by, CampaignEvent::Submit, None).await
    }

    /// Takes a rejected campaign up again; a new round of review follows.
    pub async fn revise(&self, id: CampaignId, by: &Member) -> Result<campaign::Model, CrowdfundingError> {
        self.as_author(id, by, CampaignEvent::Revise, None).await
    }

    /// Gives a campaign up before it opened.
    pub async fn cancel(
        &self,
        id: CampaignId,
        reason: String,
        by: &Member,
    ) -> Result<campaign::Model, CrowdfundingError> {
        self.as_author(id, by, CampaignEvent::Cancel, Some(required(reason)?)).await
    }

    async fn as_author(
        &self,
        id: CampaignId,
        by: &Member,
        event: CampaignEvent,
        reason: Option<String>,
    ) -> Result<campaign::Model, CrowdfundingError> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = locked(&tx, id).await?;
        if row.author_id != by.id {
            by.must_be(&[Role::Organiser, Role::ProjectManager])?;
            return Err(CrowdfundingError::OtherPerson);
        }
        let row = advance(&tx, row, event, &by.id.to_string(), reason, now).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The review that is due: the first by a project manager, the second by the head of finance. A second approval on or after
    /// the first day opens the campaign with the clock's next tick.
    pub async fn review(
        &self,
        id: CampaignId,
        decision: Decision,
        by: &Member,
    ) -> Result<campaign::Model, CrowdfundingError> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = locked(&tx, id).await?;
        let (step, role, event) = match row.state {
            CampaignState::Submitted => ("manager", Role::ProjectManager, CampaignEvent::ManagerApprove),
            CampaignState::FinanceReview => ("finance", Role::FinanceHead, CampaignEvent::FinanceApprove),
            _ => {
                by.must_be(&[Role::ProjectManager, Role::FinanceHead])?;
                return Err(row
                    .state
                    .on(CampaignEvent::ManagerApprove)
                    .err()
                    .map_or(CrowdfundingError::Conflict, Into::into));
            }
        };
        by.must_be(&[role])?;
        if row.author_id == by.id {
            return Err(CrowdfundingError::OtherPerson);
        }
        let row = match decision {
            Decision::Approve => {
                let approval = campaign_approval::ActiveModel {
                    campaign_id: Set(id),
                    round: Set(row.round),
                    step: Set(step.to_owned()),
                    author_id: Set(row.author_id),
                    approver_id: Set(by.id),
                    at_us: Set(now),
                };
                if let Err(error) = approval.insert(&tx).await {
                    return Err(if violation(&error).is_some() {
                        CrowdfundingError::OtherPerson
                    } else {
                        error.into()
                    });
                }
                advance(&tx, row, event, &by.id.to_string(), None, now).await?
            }
            Decision::Reject(reason) => {
                advance(&tx, row, CampaignEvent::Reject, &by.id.to_string(), Some(required(reason)?), now).await?
            }
        };
        tx.commit().await?;
        Ok(row)
    }

    /// Stops gifts for a while.
    pub async fn pause(
        &self,
        id: CampaignId,
        reason: String,
        by: &Member,
    ) -> Result<campaign::Model, CrowdfundingError> {
        self.as_manager(id, by, CampaignEvent::Pause, Some(required(reason)?)).await
    }

    /// Lets gifts go on.
    pub async fn resume(&self, id: CampaignId, by: &Member) -> Result<campaign::Model, CrowdfundingError> {
        self.as_manager(id, by, CampaignEvent::Resume, None).await
    }

    /// Ends a campaign before its time.
    pub async fn end(&self, id: CampaignId, reason: String, by: &Member) -> Result<campaign::Model, CrowdfundingError> {
        self.as_manager(id, by, CampaignEvent::End, Some(required(reason)?)).await
    }

    async fn as_manager(
        &self,
        id: CampaignId,
        by: &Member,
        event: CampaignEvent,
        reason: Option<String>,
    ) -> Result<campaign::Model, CrowdfundingError> {
        by.must_be(&[Role::ProjectManager])?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = locked(&tx, id).await?;
        let row = advance(&tx, row, event, &by.id.to_string(), reason, now).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Opens what has begun and ends what is over. Answers how many campaigns changed.
    pub async fn tick(&self) -> Result<u64, CrowdfundingError> {
        let now = self.clock.now();
        let due = campaign::Entity::find()
            .filter(
                Condition::any()
                    .add(
                        Condition::all()
                            .add(campaign::Column::State.eq(CampaignState::Approved))
                            .add(campaign::Column::StartsUs.lte(now)),
                    )
                    .add(
                        Condition::all()
                            .add(campaign::Column::State.is_in([CampaignState::Open, CampaignState::Paused]))
                            .add(campaign::Column::EndsUs.lt(now)),
                    ),
            )
            .all(self.db.read())
            .await?;
        let mut changed = 0;
        for seen in due {
            let tx = self.db.begin().await?;
            let row = locked(&tx, seen.id).await?;
            let event = match row.state {
                CampaignState::Approved if row.starts_us <= now => CampaignEvent::Open,
                CampaignState::Open | CampaignState::Paused if row.ends_us < now => CampaignEvent::End,
                _ => continue,
            };
            advance(&tx, row, event, "system", None, now).await?;
            tx.commit().await?;
            changed += 1;
        }
        Ok(changed)
    }

    /// A campaign, for staff.
    pub async fn get(&self, id: CampaignId) -> Result<campaign::Model, CrowdfundingError> {
        campaign::Entity::find_by_id(id).one(self.db.read()).await?.ok_or(CrowdfundingError::NoSuchCampaign)
    }

    /// What happened to a campaign, oldest first.
    pub async fn history(&self, id: CampaignId) -> Result<Vec<campaign_history::Model>, CrowdfundingError> {
        let rows = campaign_history::Entity::find()
            .filter(campaign_history::Column::CampaignId.eq(id))
            .order_by_asc(campaign_history::Column::Seq)
            .all(self.db.read())
            .await?;
        Ok(rows)
    }

    /// A page of campaigns, newest first. Strangers see public states only.
    pub async fn page(
        &self,
        states: &[CampaignState],
        after: Option<CampaignId>,
        limit: u64,
    ) -> Result<Vec<campaign::Model>, CrowdfundingError> {
        let mut query = campaign::Entity::find().filter(campaign::Column::State.is_in(states.iter().copied()));
        if let Some(after) = after {
            let last = campaign::Entity::find_by_id(after)
                .one(self.db.read())
                .await?
                .ok_or(CrowdfundingError::NoSuchCampaign)?;
            query = query.filter(
                Condition::any().add(campaign::Column::CreatedUs.lt(last.created_us)).add(
                    Condition::all()
                        .add(campaign::Column::CreatedUs.eq(last.created_us))
                        .add(campaign::Column::Id.lt(last.id)),
                ),
            );
        }
        let rows = query
            .order_by_desc(campaign::Column::CreatedUs)
            .order_by_desc(campaign::Column::Id)
            .limit(limit)
            .all(self.db.read())
            .await?;
        Ok(rows)
    }

    /// A public campaign with its money.
    pub async fn public(&self, id: CampaignId) -> Result<PublicCampaign, CrowdfundingError> {
        let row = self.get(id).await?;
        if !row.state.is_public() {
            return Err(CrowdfundingError::NoSuchCampaign);
        }
        Ok(self.with_money(vec![row]).await?.remove(0))
    }

    /// Campaigns with their money, in the order given; three statements however many.
    pub async fn with_money(&self, rows: Vec<campaign::Model>) -> Result<Vec<PublicCampaign>, CrowdfundingError> {
        let db = self.db.read();
        let ids: Vec<CampaignId> = rows.iter().map(|row| row.id).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let funds: HashMap<CampaignId, Fund> = ledger::funds(db, &ids).await?.into_iter().collect();
        let names: HashMap<BookId, String> =
            ledger::books(db).await?.into_iter().map(|book| (book.id, book.name)).collect();
        let sql = "SELECT r.id, (SELECT CAST(count(*) AS BIGINT) FROM donation d WHERE d.campaign_id = r.id AND d.confirmed_us IS NOT NULL) AS gifts, \
                   (SELECT CAST(COALESCE(SUM(f.amount_fen), 0) AS BIGINT) FROM refund f JOIN donation d ON d.id = f.donation_id \
                    WHERE d.campaign_id = r.id AND f.state IN ('approved', 'processing', 'succeeded', 'failed', 'paid_by_bank')) AS refunded_fen \
                   FROM {rows}";
        let keys = entity::Rows::new().uuid("id", ids.iter().map(|id| id.uuid()));
        let counted = db.query_all_raw(keys.statement(db.get_database_backend(), sql, [])).await?;
        let mut sums: HashMap<CampaignId, (i64, Money)> = HashMap::new();
        for row in counted {
            sums.insert(row.try_get("", "id")?, (row.try_get("", "gifts")?, row.try_get("", "refunded_fen")?));
        }
        Ok(rows
            .into_iter()
            .map(|campaign| {
                let (gifts, refunded) = sums.get(&campaign.id).copied().unwrap_or_default();
                PublicCampaign {
                    charity: names.get(&campaign.book_id).cloned().unwrap_or_default(),
                    fund: funds.get(&campaign.id).copied().unwrap_or_default(),
                    refunded,
                    gifts,
                    campaign,
                }
            })
            .collect())
    }
}

fn required(reason: String) -> Result<String, CrowdfundingError> {
    let reason = reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(CrowdfundingError::Invalid { field: "reason", problem: "请填写原因，最多500字" });
    }
    Ok(reason)
}

fn checked(mut draft: CampaignDraft) -> Result<CampaignDraft, CrowdfundingError> {
    draft.name = draft.name.trim().to_owned();
    draft.summary = draft.summary.trim().to_owned();
    let problem = if !(2..=60).contains(&draft.name.chars().count()) {
        Some(("name", "项目名称为2至60个字"))
    } else if !(1..=2000).contains(&draft.summary.chars().count()) {
        Some(("summary", "项目说明为1至2000个字"))
    } else if !draft.target.is_positive() {
        Some(("target", "筹款目标必须大于零"))
    } else if draft.starts >= draft.ends {
        Some(("ends_at", "结束时间必须晚于开始时间"))
    } else {
        None
    };
    match problem {
        Some((field, problem)) => Err(CrowdfundingError::Invalid { field, problem }),
        None => Ok(draft),
    }
}

fn content(row: &campaign::Model) -> CampaignDraft {
    CampaignDraft {
        book: row.book_id,
        name: row.name.clone(),
        summary: row.summary.clone(),
        target: row.target_fen,
        over_target: row.over_target,
        starts: row.starts_us,
        ends: row.ends_us,
    }
}

async fn locked(tx: &Tx, id: CampaignId) -> Result<campaign::Model, CrowdfundingError> {
    campaign::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?.ok_or(CrowdfundingError::NoSuchCampaign)
}

/// Moves a campaign on: compare and set, and a line of history.
async fn advance(
    tx: &Tx,
    row: campaign::Model,
    event: CampaignEvent,
    actor: &str,
    reason: Option<String>,
    now: Timestamp,
) -> Result<campaign::Model, CrowdfundingError> {
    let to = row.state.on(event)?;
    let round = if event == CampaignEvent::Revise { row.round + 1 } else { row.round };
    let sql = "UPDATE campaign SET state = $1, round = $2, changed_us = $3 WHERE id = $4 AND state = $5";
    let values = [state(to).into(), round.into(), now.into(), row.id.into(), state(row.state).into()];
    if execute(tx, sql, values).await? != 1 {
        return Err(CrowdfundingError::Conflict);
    }
    let sql = "INSERT INTO campaign_history (campaign_id, seq, from_state, to_state, at_us, actor, reason) \
               SELECT $1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM campaign_history WHERE campaign_id = $1), $2, $3, $4, $5, $6";
    let values = [row.id.into(), state(row.state).into(), state(to).into(), now.into(), actor.into(), reason.into()];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(campaign::Model { state: to, round, changed_us: now, ..row })
}
