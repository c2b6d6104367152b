//! What two persons decide about campaigns (facts: charity 2.1 Art. 58; 7; open point 1): who may run the service, where a leftover
//! goes, whether a unit may begin again, that a campaign is given up after money came. That the second is another person is kept by the database
//! (`campaign_decision_own_check`).

use domain::campaign::{CampaignEvent, CampaignKind, CampaignState};
use domain::decision::{DecisionEvent, DecisionKind, DecisionState};
use domain::filing::CreditCode;
use domain::role::{Member, Role};
use domain::{BookId, BusinessDate, CampaignDecisionId, CampaignId, Money, Timestamp, UnitPath};
use entity::{Tx, campaign, campaign_decision as row, charity, unit, violation};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use crate::campaign::{READERS, Taken, advance, locked, required};
use crate::campaign_view::within;
use crate::{CrowdfundingError, Decision, gate, postings};

const PROPOSERS: [Role; 2] = [Role::ProjectManager, Role::Disclosure];
const DECIDERS: [Role; 2] = [Role::FinanceHead, Role::Chair];

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matter {
    /// Whoever has this credit code may run the service for this charity.
    Operator {
        /// The charity's book.
        book: BookId,
        /// 运营者的统一社会信用代码.
        code: String,
    },
    /// What is left of a campaign goes to another.
    Leftover {
        /// From.
        campaign: CampaignId,
        /// To.
        to: CampaignId,
        /// How much.
        amount: Money,
        /// What is told the public.
        publication: String,
    },
    /// A campaign may begin though its unit has not done with its last.
    Exception {
        /// Which.
        campaign: CampaignId,
    },
    /// A campaign is given up after money came.
    Termination {
        /// Which.
        campaign: CampaignId,
    },
}

/// Proposes a decision. The same id with the same content again answers the one that stands.
pub async fn propose_decision(
    tx: &Tx,
    now: Timestamp,
    id: CampaignDecisionId,
    matter: Matter,
    reason: String,
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    by.must_be(&PROPOSERS)?;
    let reason = required(reason)?;
    let mut new = row::Model {
        id,
        kind: DecisionKind::Operator,
        book_id: BookId::new(),
        campaign_id: None,
        to_campaign_id: None,
        amount_fen: None,
        operator_code: None,
        reason,
        publication: None,
        state: DecisionState::Proposed,
        author_id: by.id,
        author_for_id: None,
        approver_id: None,
        acting_for_id: None,
        created_us: now,
        decided_us: None,
    };
    match matter {
        Matter::Operator { book, code } => {
            if code.parse::<CreditCode>().is_err() {
                return Err(CrowdfundingError::Invalid {
                    field: "operator_code",
                    problem: "统一社会信用代码的格式不正确",
                });
            }
            (new.book_id, new.operator_code) = (book, Some(code));
        }
        Matter::Leftover { campaign, to, amount, publication } => {
            let publication = publication.trim().to_owned();
            if publication.is_empty() || publication.chars().count() > 2000 {
                return Err(CrowdfundingError::Invalid {
                    field: "publication", problem: "请填写公告内容，最多2000字"
                });
            }
            let from = locked(tx, campaign).await?;
            check_leftover(tx, &from, to, amount).await?;
            (new.kind, new.book_id, new.campaign_id) = (DecisionKind::Leftover, from.book_id, Some(campaign));
            (new.to_campaign_id, new.amount_fen, new.publication) = (Some(to), Some(amount), Some(publication));
        }
        Matter::Exception { campaign } => {
            let row = locked(tx, campaign).await?;
            (new.kind, new.book_id, new.campaign_id) = (DecisionKind::Exception, row.book_id, Some(campaign));
        }
        Matter::Termination { campaign } => {
            let row = locked(tx, campaign).await?;
            (new.kind, new.book_id, new.campaign_id) = (DecisionKind::Termination, row.book_id, Some(campaign));
            // What stands is answered below, whatever became of the campaign since.
            if row::Entity::find_by_id(id).one(tx).await?.is_none() {
                row.state.on(CampaignEvent::Terminate)?;
            }
        }
    }
    let place = place(tx, &new).await?;
    if by.may(&READERS, &place).is_err() {
        return Err(CrowdfundingError::NoSuchCampaign);
    }
    new.author_for_id = by.acts(&PROPOSERS, new.book_id, &place)?.acting_for;
    if let Some(standing) = row::Entity::find_by_id(id).one(tx).await? {
        let content = |row: &row::Model| {
            let about = (row.kind, row.book_id, row.campaign_id, row.to_campaign_id, row.amount_fen, row.author_id);
            (about, row.operator_code.clone(), row.reason.clone(), row.publication.clone())
        };
        return if content(&standing) == content(&new) { Ok(standing) } else { Err(CrowdfundingError::IdReused) };
    }
    let active: row::ActiveModel = new.into();
    Ok(active.reset_all().insert(tx).await?)
}

/// A leftover goes to a campaign of the same charity that can still use it, from one whose giving is over.
async fn check_leftover(
    tx: &Tx,
    from: &campaign::Model,
    to: CampaignId,
    amount: Money,
) -> Result<(), CrowdfundingError> {
    use CampaignState as S;
    let target = campaign::Entity::find_by_id(to).one(tx).await?.filter(|to| to.id != from.id);
    let mut gates = gate::Gates::default();
    // Money comes back to what is closed, too: a payee gives it back, a bank returns it.
    let over = matches!(from.state, S::Ended | S::Executing | S::Closing | S::Closed | S::Terminated);
    gates.need(over && !from.frozen, "leftover_from", "只有募捐已结束且未被冻结的项目可以处理剩余财产");
    let fits = target.is_some_and(|to| {
        let live = matches!(to.state, S::Open | S::Paused | S::EmergencyOpen | S::Ended | S::Executing);
        live && to.kind == CampaignKind::Leaf && to.book_id == from.book_id && !to.frozen
    });
    gates.need(fits, "leftover_to", "剩余财产只能转入同一慈善组织尚在进行的项目");
    gates.need(amount.is_positive(), "leftover_amount", "金额必须大于零");
    gates.passed()
}

/// Another person decides. A leftover that is agreed to is moved with it (entry 20), and a campaign that is given up is terminated.
pub async fn decide_decision(
    tx: &Tx,
    now: Timestamp,
    id: CampaignDecisionId,
    decision: Decision,
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    by.must_be(&DECIDERS)?;
    let seen = row::Entity::find_by_id(id).one(tx).await?.ok_or(CrowdfundingError::NoSuchDecision)?;
    // Campaigns are locked before what is decided about them, the smaller id first.
    let mut campaigns: Vec<CampaignId> = seen.campaign_id.into_iter().chain(seen.to_campaign_id).collect();
    campaigns.sort_unstable();
    for campaign in campaigns {
        locked(tx, campaign).await?;
    }
    let row = row::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    let row = row.ok_or(CrowdfundingError::NoSuchDecision)?;
    let place = place(tx, &row).await?;
    if by.may(&READERS, &place).is_err() {
        return Err(CrowdfundingError::NoSuchDecision);
    }
    let grant = by.acts(&DECIDERS, row.book_id, &place)?;
    if by.is_among(grant, [Some(row.author_id), row.author_for_id]) {
        return Err(CrowdfundingError::OtherPerson);
    }
    let event = if decision == Decision::Approve { DecisionEvent::Approve } else { DecisionEvent::Decline };
    let to = row.state.on(event)?;
    if let (DecisionState::Approved, Some(from), Some(into), Some(amount)) =
        (to, row.campaign_id, row.to_campaign_id, row.amount_fen)
    {
        check_leftover(tx, &locked(tx, from).await?, into, amount).await?;
        let entry = postings::leftover_moved(row.book_id, id, (from, into), amount, BusinessDate::of(now));
        for booked in ledger::post(tx, now, &[entry.by(by.id.to_string())]).await? {
            booked?;
        }
    }
    let mut active: row::ActiveModel = row.into();
    active.state = Set(to);
    active.approver_id = Set(Some(by.id));
    active.acting_for_id = Set(grant.acting_for);
    active.decided_us = Set(Some(now));
    let row = match active.update(tx).await {
        Ok(row) => row,
        Err(error) if violation(&error).is_some() => return Err(CrowdfundingError::OtherPerson),
        Err(error) => return Err(error.into()),
    };
    if let (DecisionKind::Termination, DecisionState::Approved, Some(id)) = (row.kind, to, row.campaign_id) {
        let (event, reason) = (CampaignEvent::Terminate, Some(row.reason.clone()));
        advance(tx, locked(tx, id).await?, Taken { event, reason, actor: by.id.to_string(), now }).await?;
    }
    Ok(row)
}

/// A page of decisions within a member's reach, newest first.
pub async fn decisions(
    db: &impl ConnectionTrait,
    after: Option<CampaignDecisionId>,
    limit: u64,
    by: &Member,
) -> Result<Vec<row::Model>, CrowdfundingError> {
    by.must_be(&READERS)?;
    let parts = by.parts(&READERS);
    let mut query = row::Entity::find();
    if !parts.contains(&&UnitPath::whole()) {
        query = query.filter(row::Column::CampaignId.in_subquery(within(&parts)));
    }
    if let Some(after) = after {
        let last = row::Entity::find_by_id(after).one(db).await?.ok_or(CrowdfundingError::NoSuchDecision)?;
        query =
            query.filter(Condition::any().add(row::Column::CreatedUs.lt(last.created_us)).add(
                Condition::all().add(row::Column::CreatedUs.eq(last.created_us)).add(row::Column::Id.lt(last.id)),
            ));
    }
    Ok(query.order_by_desc(row::Column::CreatedUs).order_by_desc(row::Column::Id).limit(limit).all(db).await?)
}

/// Where it belongs: to its campaign's unit, or to the charity's.
async fn place(tx: &Tx, row: &row::Model) -> Result<UnitPath, CrowdfundingError> {
    if let Some(id) = row.campaign_id {
        let campaign = campaign::Entity::find_by_id(id).one(tx).await?;
        return Ok(campaign.ok_or(CrowdfundingError::NoSuchCampaign)?.unit_path);
    }
    let charity = charity::Entity::find_by_id(row.book_id).one(tx).await?.ok_or(CrowdfundingError::NoSuchBook)?;
    let unit = unit::Entity::find_by_id(charity.unit_id).one(tx).await?;
    Ok(unit.map_or_else(UnitPath::whole, |unit| unit.path))
}
