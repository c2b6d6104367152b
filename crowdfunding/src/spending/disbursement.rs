//! The papers that ask for money, from the draft to the last approval.

use std::collections::HashMap;

use domain::campaign::CampaignState;
use domain::charity::Profile;
use domain::disbursement::{
    ApprovalRule, DisbursementEvent, DisbursementKind, DisbursementState, PayoutState, approvers,
};
use domain::role::{Grant, Member, Role};
use domain::{BusinessDate, CampaignId, DisbursementId, Money, PayeeId, PayoutId, StaffId, Timestamp, UnitPath};
use entity::{
    Rows, Tx, attachment, budget_line, campaign, charity, disbursement as row, disbursement_approval,
    disbursement_history, execute, payout, payout_notice,
};
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};

use super::advance::{Compared, to_partner};
use super::due::nobody_close;
use super::line::{self, Change};
use super::postings::{self, Spending};
use super::room::holds_money;
use super::{AUTHORS, READERS, SpendingError};
use crate::campaign_view::holding;
use crate::history::state;

/// A paper as its author writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDisbursement {
    /// Made by the client.
    pub id: DisbursementId,
    /// Whose money.
    pub campaign: CampaignId,
    /// The code of the budget line.
    pub line: String,
    /// What for, in one word.
    pub kind: DisbursementKind,
    /// What for, in the author's words; the public reads it.
    pub purpose: String,
    /// To whom; in the order of the list.
    pub payouts: Vec<NewPayout>,
    /// In what relation whoever is paid stands to whom it is for, sealed with the key of the second.
    pub relations: HashMap<PayoutId, Vec<u8>>,
    /// A digest of all of it: the same id with the same content is the same paper.
    pub content: Vec<u8>,
    /// SHA-256 of the list it was read from: a list is handed in once.
    pub file_hash: Option<Vec<u8>>,
    /// Why it is no second paper for the same payment, if somebody asked.
    pub repeat_reason: Option<String>,
}

/// One payment of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPayout {
    /// Made by the client.
    pub id: PayoutId,
    /// Who receives it.
    pub payee: PayeeId,
    /// For whom it is, if somebody else receives it.
    pub beneficiary: Option<PayeeId>,
    /// Why somebody else does: 监护人 and the like.
    pub relation: Option<String>,
    /// How much.
    pub amount: Money,
}

/// What is wrong with a purpose, if anything.
pub fn purpose_problem(purpose: &str) -> Option<&'static str> {
    (!(1..=200).contains(&purpose.trim().chars().count())).then_some("请填写用途，最多200字")
}

/// The amount of all payouts, if the paper is sound.
fn checked(new: &NewDisbursement) -> Result<Money, SpendingError> {
    let invalid = |field, problem| Err(SpendingError::Invalid { field, problem });
    if let Some(problem) = purpose_problem(&new.purpose) {
        return invalid("purpose", problem);
    }
    if !(1..=5_000).contains(&new.payouts.len()) {
        return invalid("payouts", "请填写1至5000笔付款");
    }
    if new.payouts.iter().any(|payout| !payout.amount.is_positive()) {
        return invalid("amount", "金额必须大于零");
    }
    for payout in &new.payouts {
        let said = payout.relation.as_deref().map_or(0, |relation| relation.trim().chars().count());
        match payout.beneficiary {
            Some(beneficiary) if beneficiary == payout.payee => {
                return invalid("beneficiary", "收款人与受益人相同时不必另填受益人");
            }
            Some(_) if !(1..=20).contains(&said) => return invalid("relation", "请填写收款人与受益人的关系，最多20字"),
            None if said > 0 => return invalid("relation", "没有另填受益人时不必填写关系"),
            Some(_) | None => {}
        }
    }
    let reason = new.repeat_reason.as_deref().map(|reason| reason.trim().chars().count());
    if reason.is_some_and(|length| !(2..=200).contains(&length)) {
        return invalid("repeat_reason", "请说明为何不是重复支付，2至200字");
    }
    match Money::checked_sum(new.payouts.iter().map(|payout| payout.amount)) {
        Some(total) if total <= Money::MAX => Ok(total),
        _ => invalid("payouts", "合计金额过大"),
    }
}

/// Writes a draft. The same id with the same content again answers the draft that stands.
pub async fn draft(
    tx: &Tx,
    now: Timestamp,
    new: NewDisbursement,
    compared: Compared<'_>,
    by: &Member,
) -> Result<row::Model, SpendingError> {
    by.must_be(&AUTHORS)?;
    let campaign = campaign::Entity::find_by_id(new.campaign).one(tx).await?.ok_or(SpendingError::NoSuchCampaign)?;
    let grant = by.acts(&AUTHORS, campaign.book_id, &campaign.unit_path)?;
    let amount = checked(&new)?;
    if let Some(standing) = row::Entity::find_by_id(new.id).one(tx).await? {
        return if standing.author_id == by.id && standing.content == new.content {
            Ok(standing)
        } else {
            Err(SpendingError::IdReused)
        };
    }
    if charity::Entity::find_by_id(campaign.book_id).one(tx).await?.is_none() {
        return Err(SpendingError::NoCharity);
    }
    holds_money(&campaign)?;
    line_of(tx, new.campaign, &new.line).await?;
    to_partner(tx, new.kind, new.campaign, &paid(&new), compared).await?;
    let paper = row::ActiveModel {
        id: Set(new.id),
        book_id: Set(campaign.book_id),
        campaign_id: Set(new.campaign),
        unit_path: Set(campaign.unit_path.clone()),
        line_code: Set(new.line.clone()),
        kind: Set(new.kind),
        state: Set(DisbursementState::Draft),
        round: Set(1),
        amount_fen: Set(amount),
        payouts: Set(new.payouts.len() as i64),
        purpose: Set(new.purpose.trim().to_owned()),
        content: Set(new.content.clone()),
        file_hash: Set(new.file_hash.clone()),
        profile: Set(None),
        needed: Set(None),
        author_id: Set(by.id),
        author_for_id: Set(grant.acting_for),
        created_us: Set(now),
        changed_us: Set(now),
        submitted_us: Set(None),
        approved_us: Set(None),
        finished_us: Set(None),
        repeat_reason: Set(repeat_reason(&new)),
    }
    .insert(tx)
    .await?;
    write_payouts(tx, now, &new).await?;
    Ok(paper)
}

/// Rewrites a draft; its author only.
pub async fn edit(
    tx: &Tx,
    now: Timestamp,
    new: NewDisbursement,
    compared: Compared<'_>,
    by: &Member,
) -> Result<row::Model, SpendingError> {
    by.must_be(&AUTHORS)?;
    let amount = checked(&new)?;
    let paper = locked(tx, new.id).await?;
    may_know(by, &paper.unit_path, SpendingError::NoSuchDisbursement)?;
    if paper.author_id != by.id {
        return Err(SpendingError::OtherPerson);
    }
    if paper.state != DisbursementState::Draft {
        paper.state.on(DisbursementEvent::Submit)?;
    }
    if paper.campaign_id != new.campaign {
        return Err(SpendingError::Invalid { field: "campaign", problem: "草稿不能改到另一个项目" });
    }
    line_of(tx, new.campaign, &new.line).await?;
    to_partner(tx, new.kind, new.campaign, &paid(&new), compared).await?;
    execute(tx, "DELETE FROM payout WHERE disbursement_id = $1", [new.id.into()]).await?;
    write_payouts(tx, now, &new).await?;
    let repeat_reason = repeat_reason(&new);
    let mut paper: row::ActiveModel = paper.into();
    paper.line_code = Set(new.line);
    paper.kind = Set(new.kind);
    paper.amount_fen = Set(amount);
    paper.payouts = Set(new.payouts.len() as i64);
    paper.purpose = Set(new.purpose.trim().to_owned());
    paper.content = Set(new.content);
    paper.file_hash = Set(new.file_hash);
    paper.repeat_reason = Set(repeat_reason);
    paper.changed_us = Set(now);
    Ok(paper.update(tx).await?)
}

fn repeat_reason(new: &NewDisbursement) -> Option<String> {
    new.repeat_reason.as_deref().map(|reason| reason.trim().to_owned())
}

/// Who receives the money of a paper.
fn paid(new: &NewDisbursement) -> Vec<PayeeId> {
    new.payouts.iter().map(|payout| payout.payee).collect()
}

async fn line_of(tx: &Tx, campaign: CampaignId, code: &str) -> Result<budget_line::Model, SpendingError> {
    budget_line::Entity::find_by_id((campaign, code.to_owned())).one(tx).await?.ok_or(SpendingError::NoSuchLine)
}

async fn write_payouts(tx: &Tx, now: Timestamp, new: &NewDisbursement) -> Result<(), SpendingError> {
    let all = || new.payouts.iter();
    let mut ids: Vec<PayoutId> = all().map(|payout| payout.id).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() != new.payouts.len() {
        return Err(SpendingError::Invalid { field: "payouts", problem: "付款编号重复" });
    }
    let rows = Rows::new()
        .uuid("id", all().map(|payout| payout.id.uuid()))
        .int("position", 1..=new.payouts.len() as i64)
        .uuid("payee_id", all().map(|payout| payout.payee.uuid()))
        .uuid_or_null("beneficiary_id", all().map(|payout| payout.beneficiary.map(PayeeId::uuid)))
        .text_or_null("relation", all().map(|payout| payout.beneficiary.map(|_| String::new())))
        .bytes_or_null("relation_sealed", all().map(|payout| new.relations.get(&payout.id).cloned()))
        .int("amount_fen", all().map(|payout| payout.amount.fen()));
    let sql = "INSERT INTO payout (id, disbursement_id, position, payee_id, beneficiary_id, relation, relation_sealed, amount_fen, state, attempt, \
               created_us, changed_us) SELECT id, $1, position, payee_id, beneficiary_id, relation, \
               relation_sealed, amount_fen, 'planned', 1, $2, $2 FROM {rows}";
    match tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [new.id.into(), now.into()])).await {
        Ok(_) => Ok(()),
        Err(error) => {
            let violation = entity::violation(&error).unwrap_or_default();
            if violation.contains("payout_pkey")
                || violation.contains("payout.id")
                || violation.contains("payout_fixed")
            {
                Err(SpendingError::IdReused)
            } else {
                Err(error.into())
            }
        }
    }
}

/// Hands a draft in. What it needs from now on is what its charity's profile asks at this moment.
pub async fn submit(
    tx: &Tx,
    now: Timestamp,
    id: DisbursementId,
    compared: Compared<'_>,
    by: &Member,
) -> Result<row::Model, SpendingError> {
    let (campaign, paper) = locked_with_campaign(tx, id, by).await?;
    if paper.author_id != by.id {
        by.must_be(&AUTHORS)?;
        return Err(SpendingError::OtherPerson);
    }
    by.acts(&AUTHORS, paper.book_id, &paper.unit_path)?;
    let to = paper.state.on(DisbursementEvent::Submit)?;
    holds_money(&campaign)?;
    may_spend(&campaign)?;
    let documents = attachment::Entity::find()
        .filter(attachment::Column::Object.eq(format!("disbursement:{id}")))
        .filter(attachment::Column::WithdrawnUs.is_null())
        .count(tx)
        .await?;
    if documents == 0 {
        return Err(SpendingError::NoDocument);
    }
    let payouts = payout::Entity::find().filter(payout::Column::DisbursementId.eq(id)).all(tx).await?;
    let mut people: Vec<PayeeId> = payouts.iter().map(|payout| payout.payee_id).collect();
    to_partner(tx, paper.kind, paper.campaign_id, &people, compared).await?;
    people.extend(payouts.iter().filter_map(|payout| payout.beneficiary_id));
    nobody_close(tx, &people).await?;
    let charity = charity::Entity::find_by_id(paper.book_id).one(tx).await?.ok_or(SpendingError::NoCharity)?;
    let line = line_of(tx, paper.campaign_id, &paper.line_code).await?;
    if line::left(&line) < paper.amount_fen {
        return Err(SpendingError::LineShort { left: line::left(&line) });
    }
    let rule = rule_of(&charity);
    let needed = rule.needed(paper.amount_fen);
    advance(tx, now, paper, to, &by.id.to_string(), None, |paper| {
        paper.profile = Set(Some(rule.profile));
        paper.needed = Set(Some(needed));
        paper.submitted_us = Set(Some(now));
    })
    .await
}

fn rule_of(charity: &charity::Model) -> ApprovalRule {
    ApprovalRule {
        profile: charity.profile,
        single_limit: charity.single_limit_fen,
        third_limit: charity.third_limit_fen,
    }
}

/// Refuses unless the campaign may spend now: from the first gift on until its last accounts are drawn, and never while its money is
/// frozen (facts: charity 3.1, 6.5 (4)).
pub(super) fn may_spend(campaign: &campaign::Model) -> Result<(), SpendingError> {
    if campaign.frozen {
        return Err(SpendingError::Frozen);
    }
    match campaign.state {
        CampaignState::Open
        | CampaignState::EmergencyOpen
        | CampaignState::Paused
        | CampaignState::Ended
        | CampaignState::Executing => Ok(()),
        CampaignState::Draft
        | CampaignState::Submitted
        | CampaignState::OrgReview
        | CampaignState::FinanceReview
        | CampaignState::Approved
        | CampaignState::Filing
        | CampaignState::Filed
        | CampaignState::Scheduled
        | CampaignState::Closing
        | CampaignState::Closed
        | CampaignState::Rejected
        | CampaignState::Suspended
        | CampaignState::Cancelled
        | CampaignState::Terminated => Err(SpendingError::NotSpendable),
    }
}

/// The approval that is due: by whom, the profile says. The last one promises the money: the budget line and the fund are checked under
/// lock, and what is owed is booked (entry 12a).
pub async fn approve(tx: &Tx, now: Timestamp, id: DisbursementId, by: &Member) -> Result<row::Model, SpendingError> {
    let (campaign, paper) = locked_with_campaign(tx, id, by).await?;
    let grant = approver(&paper, by)?.clone();
    // No two approvals in one person's name.
    let given = disbursement_approval::Entity::find()
        .filter(disbursement_approval::Column::DisbursementId.eq(id))
        .filter(disbursement_approval::Column::Round.eq(paper.round))
        .all(tx)
        .await?;
    if by.is_among(&grant, given.iter().flat_map(|before| [Some(before.approver_id), before.acting_for_id])) {
        return Err(SpendingError::OtherPerson);
    }
    may_spend(&campaign)?;
    let step = paper.state.step().ok_or(SpendingError::Conflict)?;
    let last = step >= paper.needed.unwrap_or(i64::MAX);
    let to = paper.state.on(if last { DisbursementEvent::ApproveLast } else { DisbursementEvent::Approve })?;
    disbursement_approval::ActiveModel {
        disbursement_id: Set(id),
        round: Set(paper.round),
        step: Set(step),
        author_id: Set(paper.author_id),
        approver_id: Set(by.id),
        acting_for_id: Set(grant.acting_for),
        amount_fen: Set(paper.amount_fen),
        at_us: Set(now),
    }
    .insert(tx)
    .await?;
    let paper = advance(tx, now, paper, to, &by.id.to_string(), None, |paper| {
        if last {
            paper.approved_us = Set(Some(now));
        }
    })
    .await?;
    if last {
        promise(tx, now, &paper, &campaign, by).await?;
    }
    Ok(paper)
}

/// Sends it back to its author with a reason; whoever could approve it now can.
pub async fn reject(
    tx: &Tx,
    now: Timestamp,
    id: DisbursementId,
    reason: &str,
    by: &Member,
) -> Result<row::Model, SpendingError> {
    let reason = required(reason)?;
    let (_, paper) = locked_with_campaign(tx, id, by).await?;
    approver(&paper, by)?;
    let to = paper.state.on(DisbursementEvent::Reject)?;
    let round = paper.round + 1;
    advance(tx, now, paper, to, &by.id.to_string(), Some(reason), |paper| paper.round = Set(round)).await
}

/// Gives it up before its last approval; its author.
pub async fn cancel(
    tx: &Tx,
    now: Timestamp,
    id: DisbursementId,
    reason: &str,
    by: &Member,
) -> Result<row::Model, SpendingError> {
    let reason = required(reason)?;
    let (_, paper) = locked_with_campaign(tx, id, by).await?;
    by.must_be(&AUTHORS)?;
    if paper.author_id != by.id {
        return Err(SpendingError::OtherPerson);
    }
    let to = paper.state.on(DisbursementEvent::Cancel)?;
    let sql = "UPDATE payout SET state = 'cancelled', changed_us = $1 WHERE disbursement_id = $2";
    execute(tx, sql, [now.into(), id.into()]).await?;
    advance(tx, now, paper, to, &by.id.to_string(), Some(reason), |paper| paper.finished_us = Set(Some(now))).await
}

/// The grant by which somebody may decide on the step a paper is at, and the plain words if they may not.
fn approver<'a>(paper: &row::Model, by: &'a Member) -> Result<&'a Grant, SpendingError> {
    const ANY: [Role; 3] = [Role::ProjectManager, Role::FinanceHead, Role::Chair];
    let (Some(step), Some(profile)) = (paper.state.step(), paper.profile) else {
        by.must_be(&ANY)?;
        return Err(paper.state.on(DisbursementEvent::Approve).err().map_or(SpendingError::Conflict, Into::into));
    };
    let grant = by.acts(approvers(profile, step), paper.book_id, &paper.unit_path)?;
    if by.is_among(grant, [Some(paper.author_id), paper.author_for_id]) {
        return Err(SpendingError::OtherPerson);
    }
    Ok(grant)
}

/// Takes the money of a paper that got its last approval, and lets its payouts be paid.
async fn promise(
    tx: &Tx,
    now: Timestamp,
    paper: &row::Model,
    campaign: &campaign::Model,
    by: &Member,
) -> Result<(), SpendingError> {
    let sql = "UPDATE payout SET state = 'approved', changed_us = $1 WHERE disbursement_id = $2 AND state = 'planned'";
    execute(tx, sql, [now.into(), paper.id.into()]).await?;
    let sql = "INSERT INTO payout_history (payout_id, attempt, to_state, at_us, from_state, actor) \
               SELECT id, attempt, 'approved', $1, 'planned', $2 FROM payout WHERE disbursement_id = $3";
    execute(tx, sql, [now.into(), by.id.to_string().into(), paper.id.into()]).await?;
    // The organiser's side hears of money before it goes out.
    for person in std::collections::BTreeSet::from([campaign.author_id, paper.author_id]) {
        notify(tx, now, paper.id, person).await?;
    }
    line::change(tx, paper.campaign_id, &paper.line_code, Change::approved(paper.kind, paper.amount_fen)).await?;
    if paper.kind == DisbursementKind::Advance {
        ledger::commit(tx, paper.book_id, paper.campaign_id, paper.amount_fen).await??;
        return Ok(());
    }
    let spending = spending_of(tx, paper).await?;
    let entry = postings::approved(&spending, paper.amount_fen, BusinessDate::of(now)).by(by.id.to_string());
    book(tx, now, &[entry]).await
}

async fn notify(tx: &Tx, now: Timestamp, paper: DisbursementId, person: StaffId) -> Result<(), SpendingError> {
    let notice = payout_notice::ActiveModel {
        disbursement_id: Set(paper),
        staff_id: Set(person),
        at_us: Set(now),
        read_us: Set(None),
    };
    payout_notice::Entity::insert(notice)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Somebody has read the word of a payment.
pub async fn mark_notice(tx: &Tx, now: Timestamp, paper: DisbursementId, by: &Member) -> Result<(), SpendingError> {
    let sql = "UPDATE payout_notice SET read_us = $1 WHERE disbursement_id = $2 AND staff_id = $3 AND read_us IS NULL";
    execute(tx, sql, [now.into(), paper.into(), by.id.into()]).await?;
    Ok(())
}

/// Books entries; the first refusal refuses all.
pub(super) async fn book(tx: &Tx, now: Timestamp, entries: &[ledger::Entry]) -> Result<(), SpendingError> {
    for booked in ledger::post(tx, now, entries).await? {
        booked?;
    }
    Ok(())
}

/// What the recipes need of a paper.
pub(super) async fn spending_of(tx: &Tx, paper: &row::Model) -> Result<Spending, SpendingError> {
    let line = line_of(tx, paper.campaign_id, &paper.line_code).await?;
    Ok(Spending {
        id: paper.id,
        book: paper.book_id,
        campaign: paper.campaign_id,
        line: paper.line_code.clone(),
        budget: line.kind,
        kind: paper.kind,
    })
}

/// Refuses whoever wrote or approved one of these papers, or acts for somebody who did, where the charity keeps all duties apart (facts:
/// charity 1, 6.6a: who books does not approve what is booked). One statement.
pub(super) async fn apart(tx: &Tx, papers: &[(&row::Model, &Grant)], by: &Member) -> Result<(), SpendingError> {
    let full = papers.iter().filter(|(paper, _)| paper.profile == Some(Profile::Full));
    let approvals = disbursement_approval::Entity::find()
        .filter(disbursement_approval::Column::DisbursementId.is_in(full.clone().map(|(paper, _)| paper.id)))
        .all(tx)
        .await?;
    for (paper, grant) in full {
        let given = approvals.iter().filter(|a| a.disbursement_id == paper.id && a.round == paper.round);
        let persons = given.flat_map(|approval| [Some(approval.approver_id), approval.acting_for_id]);
        if by.is_among(grant, persons.chain([Some(paper.author_id), paper.author_for_id])) {
            return Err(SpendingError::OtherPerson);
        }
    }
    Ok(())
}

pub(super) fn required(reason: &str) -> Result<&str, SpendingError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(SpendingError::Invalid { field: "reason", problem: "请填写原因，最多500字" });
    }
    Ok(reason)
}

/// Refuses whoever may not know of something at a place: first by role, then by place.
pub(super) fn may_know(by: &Member, place: &UnitPath, unknown: SpendingError) -> Result<(), SpendingError> {
    by.must_be(&READERS)?;
    by.may(&READERS, place).map(|_| ()).map_err(|_| unknown)
}

pub(super) async fn locked(tx: &Tx, id: DisbursementId) -> Result<row::Model, SpendingError> {
    let paper = row::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    paper.ok_or(SpendingError::NoSuchDisbursement)
}

/// A paper and its campaign, the campaign locked first and shared, so that freezing it waits and is waited for.
async fn locked_with_campaign(
    tx: &Tx,
    id: DisbursementId,
    by: &Member,
) -> Result<(campaign::Model, row::Model), SpendingError> {
    by.must_be(&READERS)?;
    let seen = row::Entity::find_by_id(id).one(tx).await?.ok_or(SpendingError::NoSuchDisbursement)?;
    may_know(by, &seen.unit_path, SpendingError::NoSuchDisbursement)?;
    let campaign = campaign::Entity::find_by_id(seen.campaign_id).lock(LockType::Share).one(tx).await?;
    Ok((campaign.ok_or(SpendingError::NoSuchCampaign)?, locked(tx, id).await?))
}

/// Moves a paper on, with a line of history. The row is locked.
pub(super) async fn advance(
    tx: &Tx,
    now: Timestamp,
    paper: row::Model,
    to: DisbursementState,
    actor: &str,
    reason: Option<&str>,
    change: impl FnOnce(&mut row::ActiveModel),
) -> Result<row::Model, SpendingError> {
    let (id, from) = (paper.id, paper.state);
    let mut active: row::ActiveModel = paper.into();
    active.state = Set(to);
    active.changed_us = Set(now);
    change(&mut active);
    let paper = active.update(tx).await?;
    let sql = "INSERT INTO disbursement_history (disbursement_id, seq, from_state, to_state, at_us, actor, reason) \
               SELECT $1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM disbursement_history WHERE disbursement_id = $1), $2, $3, $4, $5, $6";
    let values =
        [id.into(), state(from).into(), state(to).into(), now.into(), actor.into(), reason.map(str::to_owned).into()];
    execute(tx, sql, values).await?;
    Ok(paper)
}

/// A paper, for whoever may know of it.
pub async fn disbursement(
    db: &impl ConnectionTrait,
    id: DisbursementId,
    by: &Member,
) -> Result<row::Model, SpendingError> {
    by.must_be(&READERS)?;
    let paper = row::Entity::find_by_id(id).one(db).await?.ok_or(SpendingError::NoSuchDisbursement)?;
    may_know(by, &paper.unit_path, SpendingError::NoSuchDisbursement)?;
    Ok(paper)
}

/// Payouts whose word for a relation stands in clear, from before it was sealed.
pub async fn relations_in_clear(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<payout::Model>, SpendingError> {
    let rows = payout::Entity::find().filter(payout::Column::Relation.ne(""));
    Ok(rows.order_by_asc(payout::Column::Id).limit(limit).all(db).await?)
}

/// Puts the sealed words for relations in the place of those in clear. One statement.
pub async fn seal_relations(tx: &Tx, words: Vec<(PayoutId, Vec<u8>)>) -> Result<(), SpendingError> {
    let rows = Rows::new()
        .uuid("id", words.iter().map(|(id, _)| id.uuid()))
        .bytes("sealed", words.iter().map(|(_, sealed)| sealed.clone()));
    let sql = "UPDATE payout SET relation = '', relation_sealed = r.sealed FROM {rows} WHERE payout.id = r.id AND payout.relation_sealed IS NULL";
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [])).await?;
    Ok(())
}

/// A page of the payouts of a paper, in order.
pub async fn payouts_of(
    db: &impl ConnectionTrait,
    id: DisbursementId,
    after: i64,
    limit: u64,
) -> Result<Vec<payout::Model>, SpendingError> {
    let rows = payout::Entity::find()
        .filter(payout::Column::DisbursementId.eq(id))
        .filter(payout::Column::Position.gt(after))
        .order_by_asc(payout::Column::Position)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows)
}

/// What happened to a paper, oldest first.
pub async fn history(
    db: &impl ConnectionTrait,
    id: DisbursementId,
) -> Result<Vec<disbursement_history::Model>, SpendingError> {
    let rows = disbursement_history::Entity::find()
        .filter(disbursement_history::Column::DisbursementId.eq(id))
        .order_by_asc(disbursement_history::Column::Seq)
        .all(db)
        .await?;
    Ok(rows)
}

/// Rows whose place lies in one of these parts of the tree.
pub(super) fn within(column: impl ColumnTrait, by: &Member, roles: &[Role]) -> Condition {
    by.parts(roles).into_iter().fold(Condition::any(), |any, part| any.add(column.starts_with(part.as_str())))
}

/// Papers on which a member may act by one of these roles.
fn acting(by: &Member, roles: &[Role]) -> Condition {
    let of = |reach: domain::role::Reach<'_>| {
        let there = Condition::all().add(row::Column::UnitPath.starts_with(reach.part.as_str()));
        there.add(row::Column::BookId.is_not_in(reach.without))
    };
    by.reach(roles).into_iter().fold(Condition::any(), |any, reach| any.add(of(reach)))
}

/// Which papers are wanted; nothing narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaperSearch {
    /// Of a campaign.
    pub campaign: Option<CampaignId>,
    /// In this state.
    pub state: Option<DisbursementState>,
    /// Whose purpose holds these words.
    pub words: Option<String>,
}

/// A page of the papers a reader may know of, newest first.
pub async fn disbursements(
    db: &impl ConnectionTrait,
    wanted: &PaperSearch,
    by: &Member,
    after: Option<DisbursementId>,
    limit: u64,
) -> Result<Vec<row::Model>, SpendingError> {
    by.must_be(&READERS)?;
    let mut query = row::Entity::find().filter(within(row::Column::UnitPath, by, &READERS));
    if let Some(campaign) = wanted.campaign {
        query = query.filter(row::Column::CampaignId.eq(campaign));
    }
    if let Some(state) = wanted.state {
        query = query.filter(row::Column::State.eq(state));
    }
    if let Some(like) = wanted.words.as_deref().and_then(holding) {
        query = query.filter(row::Column::Purpose.like(like));
    }
    if let Some(after) = after {
        let last = disbursement(db, after, by).await?;
        query =
            query.filter(Condition::any().add(row::Column::CreatedUs.lt(last.created_us)).add(
                Condition::all().add(row::Column::CreatedUs.eq(last.created_us)).add(row::Column::Id.lt(last.id)),
            ));
    }
    Ok(query.order_by_desc(row::Column::CreatedUs).order_by_desc(row::Column::Id).limit(limit).all(db).await?)
}

/// How many papers wait for a decision that this person may give.
pub async fn waiting(db: &impl ConnectionTrait, by: &Member) -> Result<u64, SpendingError> {
    by.must_be(&READERS)?;
    let mut due = Condition::any();
    for profile in [Profile::Full, Profile::Small] {
        for state in [DisbursementState::Submitted, DisbursementState::PmApproved, DisbursementState::FinanceApproved] {
            let Some(step) = state.step() else { continue };
            let roles = approvers(profile, step);
            if by.is_one_of(roles) {
                due = due.add(
                    Condition::all()
                        .add(row::Column::Profile.eq(profile))
                        .add(row::Column::State.eq(state))
                        .add(acting(by, roles)),
                );
            }
        }
    }
    if due.is_empty() {
        return Ok(0);
    }
    let mine = row::Column::AuthorId.ne(by.id);
    Ok(row::Entity::find().filter(due).filter(mine).count(db).await?)
}

/// Its author may add documents to a draft and take them away; nobody else, and not later.
pub async fn may_document(
    db: &impl ConnectionTrait,
    id: DisbursementId,
    by: &Member,
) -> Result<row::Model, SpendingError> {
    let paper = disbursement(db, id, by).await?;
    by.acts(&AUTHORS, paper.book_id, &paper.unit_path)?;
    if paper.author_id != by.id {
        return Err(SpendingError::OtherPerson);
    }
    if paper.state != DisbursementState::Draft {
        paper.state.on(DisbursementEvent::Submit)?;
    }
    Ok(paper)
}

/// The state a paper is in once its payouts stand as they do: the event that leads there, if any.
pub(super) fn closing(states: &[PayoutState]) -> Option<DisbursementEvent> {
    if states.iter().any(|state| state.is_owed() || *state == PayoutState::Planned) {
        None
    } else if states.contains(&PayoutState::Confirmed) {
        Some(DisbursementEvent::Finish)
    } else {
        Some(DisbursementEvent::GiveUp)
    }
}
