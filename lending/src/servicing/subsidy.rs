//! Interest subsidy (贴息) of running loans: claimed for instalments that were paid in time, received once. Where the borrower pays the
//! interest first the memo book owes it to them until it is there; where the bank asks them for less, the claim takes its place. The payer may
//! cut or refuse it; and it is withdrawn if what is heard of later does not grant it any more.
//!
//! Fiscal money that passes through a foundation, and a foundation's own, are booked in its book when they move, by its own recipes;
//! here stands what was claimed and what came, and of a foundation's own money by which payment.

use std::collections::BTreeMap;

use domain::lending::product::{SubsidyRecipient, SubsidyRule};
use domain::loan::allocation::{Amounts, Component};
use domain::loan::life::{Event, Life, What};
use domain::loan::{Schedule, subsidy::Subsidised};
use domain::{BusinessDate, LoanContractId, LoanEventId, LoanProgrammeId, LoanSubsidyId, Money, PayoutId, Timestamp};
use entity::{Rows, Tx, loan_contract, loan_programme, loan_subsidy};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use uuid::Uuid;

use super::NewEvent;
use super::ServeError;
use super::loan::{self, Fact, Loan};
use crate::postings;

/// A subsidy that may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Of which instalment, and how much.
    pub of: Subsidised,
    /// How much of it takes the place of interest that waits for it; the rest the borrower has paid.
    pub unpaid: Money,
}

/// What may be claimed of a loan on a day, instalment by instalment: due and paid, never late, within the rule. Where the bank receives
/// it, the borrower has paid enough who leaves no more than it unpaid. Of the instalments before, what was once claimed counts as paid:
/// that the payer cut it or that it was lost later made nobody late then.
pub fn due(loan: &Loan, on: BusinessDate) -> Result<Vec<Due>, ServeError> {
    let (Some(text), Some((_, paid_out_on))) = (&loan.row.subsidy, loan.payout()) else { return Ok(Vec::new()) };
    let rule: SubsidyRule = serde_json::from_str(text)?;
    let contract = loan.contract(paid_out_on)?;
    let events = loan.events();
    // The table the loan really had: what fell due day by day, at which rates, and what of it was left in the evening.
    let (mut instalments, mut rates, mut left, mut open) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (then, is_subsidised) = (then(&events), events.iter().any(is_subsidy));
    let first = Life::replay(&contract, &events, paid_out_on)?.1.state(paid_out_on)?;
    let mut next = first.rows.first().map(|row| row.due);
    while let Some(due_on) = next.filter(|due| *due <= on) {
        // On the eve everything that changed the row has happened.
        let eve = due_on.previous().max(paid_out_on);
        let (_, life) = Life::replay(&contract, &events, eve)?;
        let Some(row) = life.state(eve)?.rows.first().copied() else { break };
        rates.push(life.rates_under_way()?);
        let state = Life::replay(&contract, &events, row.due)?.1.state(row.due)?;
        left.push(unpaid(&state.due));
        let before: Vec<Event> = then.iter().copied().filter(|one| !is_subsidy(one) || one.on != row.due).collect();
        // Where it does not go together with what is known now, what is known now counts.
        open.push(match is_subsidised.then(|| Life::replay(&contract, &before, row.due)) {
            Some(Ok((_, life))) => unpaid(&life.state(row.due)?.due),
            Some(Err(_)) | None => unpaid(&state.due),
        });
        instalments.push(row);
        next = state.rows.first().map(|row| row.due);
    }
    let table = Schedule { regular_instalment: Money::ZERO, instalments };
    let granted = |late| rule.subsidy(late).by_rates(&table, &rates);
    let at_most = granted(Vec::new())?;
    let in_time = |(one, open): &(&Subsidised, &Money)| {
        let may_wait = if rule.recipient == SubsidyRecipient::Bank { one.government } else { Money::ZERO };
        **open <= may_wait
    };
    let late = at_most.iter().zip(&open).filter(|pair| !in_time(pair)).map(|(one, _)| one.number).collect();
    let all = granted(late)?.into_iter().zip(left);
    let due = all
        .filter(|(one, _)| one.government.is_positive())
        .map(|(of, left)| Due { of, unpaid: left.min(of.government) });
    Ok(due.collect())
}

fn unpaid(due: &Amounts) -> Money {
    due[Component::Principal].checked_add(due[Component::Interest]).unwrap_or(Money::MAX)
}

fn is_subsidy(event: &Event) -> bool {
    matches!(event.what, What::Subsidy(_))
}

/// What happened as the borrower knew it when an instalment fell due: of each day the most that a claim took of its interest, whatever
/// became of that later.
fn then(events: &[Event]) -> Vec<Event> {
    let subsidies = || events.iter().filter(|one| is_subsidy(one));
    let mut most: BTreeMap<BusinessDate, (Money, LoanEventId)> = BTreeMap::new();
    for one in subsidies() {
        if let What::Subsidy(amount) = one.what {
            let best = most.entry(one.on).or_insert((amount, one.id));
            *best = (*best).max((amount, one.id));
        }
    }
    let stands = |one: &Event| match one.what {
        What::Reversal(of) => !subsidies().any(|subsidy| subsidy.id == of),
        What::Subsidy(_) => most.get(&one.on).is_some_and(|(_, id)| *id == one.id),
        _ => true,
    };
    events.iter().copied().filter(stands).collect()
}

/// The event by which a claim takes the place of interest.
fn applied(id: LoanSubsidyId) -> LoanEventId {
    Uuid::new_v5(&id.uuid(), b"applied").into()
}

/// Claims everything of some loans that is due and was not claimed. Answers the claims that are new.
pub async fn claim(
    tx: &Tx,
    now: Timestamp,
    programme: &loan_programme::Model,
    ids: &[LoanContractId],
    actor: &str,
) -> Result<Vec<loan_subsidy::Model>, ServeError> {
    let on = BusinessDate::of(now);
    let loans = loan::load(tx, ids, true).await?;
    let standing: Vec<loan_subsidy::Model> = of(tx, ids).await?;
    let (mut fresh, mut entries, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for loan in loans.values().filter(|loan| loan.row.bank_id == programme.bank_id) {
        for Due { of: one, unpaid } in due(loan, on)? {
            let number = i64::from(one.number);
            let known = standing.iter().filter(|known| known.contract_id == loan.row.id && known.instalment == number);
            let (withdrawn, live): (Vec<_>, Vec<_>) = known.partition(|known| known.withdrawn_on.is_some());
            if !live.is_empty() {
                continue;
            }
            // Claimed again after it was withdrawn, it is another claim.
            let name = match withdrawn.len() {
                0 => format!("subsidy:{number}"),
                before => format!("subsidy:{number}:{before}"),
            };
            let id = LoanSubsidyId::from(Uuid::new_v5(&loan.row.id.uuid(), name.as_bytes()));
            let paid = Money::from_fen(one.government.fen() - unpaid.fen());
            if paid.is_positive() {
                entries.push(postings::subsidy_claimed(programme.book_id, &loan.row.number, id, paid, on));
            }
            if unpaid.is_positive() {
                // It counts for the day the interest fell due: nothing of it was ever late.
                events.push(NewEvent {
                    id: applied(id),
                    contract: loan.row.id,
                    on: one.due,
                    fact: Fact::Event(What::Subsidy(unpaid)),
                    told: None,
                    reason: None,
                    actor: actor.to_owned(),
                });
            }
            fresh.push(loan_subsidy::Model {
                id,
                programme_id: programme.id,
                contract_id: loan.row.id,
                instalment: number,
                due_on: one.due,
                interest_fen: one.interest,
                amount_fen: one.government,
                state: "claimed".to_owned(),
                claimed_on: on,
                received_on: None,
                actor: actor.to_owned(),
                created_us: now,
                received_fen: None,
                withdrawn_on: None,
                reason: None,
                payout_id: None,
            });
        }
    }
    insert(tx, &fresh).await?;
    for posted in ledger::post(tx, now, &entries).await? {
        posted?;
    }
    super::record(tx, now, programme, &events).await.map_err(|(_, error)| error)?;
    Ok(fresh)
}

async fn insert(tx: &Tx, fresh: &[loan_subsidy::Model]) -> Result<(), ServeError> {
    let Some(first) = fresh.first() else { return Ok(()) };
    let rows = Rows::new()
        .uuid("id", fresh.iter().map(|one| one.id.uuid()))
        .uuid("contract_id", fresh.iter().map(|one| one.contract_id.uuid()))
        .int("instalment", fresh.iter().map(|one| one.instalment))
        .text("due_on", fresh.iter().map(|one| one.due_on.to_string()))
        .int("interest_fen", fresh.iter().map(|one| one.interest_fen.fen()))
        .int("amount_fen", fresh.iter().map(|one| one.amount_fen.fen()));
    let sql = "INSERT INTO loan_subsidy (id, programme_id, contract_id, instalment, due_on, interest_fen, amount_fen, state, claimed_on, \
               actor, created_us) SELECT id, $1, contract_id, instalment, due_on, interest_fen, amount_fen, 'claimed', $2, $3, $4 FROM {rows}";
    let values =
        [first.programme_id.into(), first.claimed_on.into(), first.actor.clone().into(), first.created_us.into()];
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// What the payer of a claim has decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The day the money came, or the day it was refused.
    pub on: BusinessDate,
    /// How much of the claim; all of it if nothing is said, nothing if it was refused.
    pub amount: Option<Money>,
    /// Why it is less than what was claimed.
    pub reason: Option<String>,
    /// The payment by which a foundation paid it with its own money; checked by whoever knows payments.
    pub payout: Option<PayoutId>,
    /// `staff:{id}`.
    pub actor: String,
}

/// A claim was paid, in part or not at all. Once: told again it changes nothing. What was cut is owed to the borrower no longer; as far as
/// it took the place of interest, the borrower owes that again, as of its day.
pub async fn receive(
    tx: &Tx,
    now: Timestamp,
    programme: &loan_programme::Model,
    id: LoanSubsidyId,
    receipt: &Receipt,
) -> Result<loan_subsidy::Model, ServeError> {
    let row = loan_subsidy::Entity::find_by_id(id).one(tx).await?.ok_or(ServeError::NoSuchSubsidy)?;
    if row.programme_id != programme.id {
        return Err(ServeError::NoSuchSubsidy);
    }
    let (on, amount) = (receipt.on, receipt.amount.unwrap_or(row.amount_fen));
    if row.withdrawn_on.is_some() {
        return Err(ServeError::Withdrawn);
    }
    if row.received_on.is_some() {
        let same = (row.received_on, row.received_fen, row.payout_id) == (Some(on), Some(amount), receipt.payout);
        return if same { Ok(row) } else { Err(ServeError::IdReused) };
    }
    if on < row.claimed_on || on > BusinessDate::of(now) {
        return Err(ServeError::Invalid { field: "on", problem: "到账日应不早于申报日，不晚于今天" });
    }
    if amount > row.amount_fen {
        return Err(ServeError::Invalid { field: "amount", problem: "到账金额不能超过申报金额" });
    }
    let reason = receipt.reason.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    if amount < row.amount_fen && reason.is_none() {
        return Err(ServeError::Invalid { field: "reason", problem: "到账少于申报的，请说明原因" });
    }
    let loans = loan::load(tx, &[row.contract_id], false).await?;
    let loan = loans.get(&row.contract_id).ok_or(ServeError::NoSuchContract)?;
    // What is cut is first what the borrower would have got back.
    let taken = taken(loan, id);
    let less = |a: Money, b: Money| Money::from_fen(a.fen() - b.fen());
    let (claimed, cut) = (less(row.amount_fen, taken), less(row.amount_fen, amount));
    let cut_of_borrower = cut.min(claimed);
    let of_the_borrower = less(claimed, cut_of_borrower);
    let cut_of_interest = less(cut, cut_of_borrower);
    let parts = (amount, of_the_borrower, cut_of_borrower);
    let entry = postings::subsidy_received(programme.book_id, &loan.row.number, row.id, parts, on);
    if !entry.postings().is_empty() {
        for posted in ledger::post(tx, now, &[entry]).await? {
            posted?;
        }
    }
    let event = |name: &[u8], what| NewEvent {
        id: Uuid::new_v5(&id.uuid(), name).into(),
        contract: row.contract_id,
        on: row.due_on,
        fact: Fact::Event(what),
        told: None,
        reason: reason.clone(),
        actor: receipt.actor.clone(),
    };
    let mut events = Vec::new();
    if cut_of_interest.is_positive() {
        events.push(event(b"cut", What::Reversal(applied(id))));
        let left = less(taken, cut_of_interest);
        if left.is_positive() {
            events.push(event(b"left", What::Subsidy(left)));
        }
    }
    let mut active: loan_subsidy::ActiveModel = row.into();
    active.state = Set(if amount.is_positive() { "received" } else { "rejected" }.to_owned());
    active.received_on = Set(Some(on));
    active.received_fen = Set(Some(amount));
    active.reason = Set(reason);
    active.payout_id = Set(receipt.payout);
    let row = active.update(tx).await?;
    super::record(tx, now, programme, &events).await.map_err(|(_, error)| error)?;
    Ok(row)
}

/// How much of a claim takes the place of interest.
fn taken(loan: &Loan, id: LoanSubsidyId) -> Money {
    let of_claim = |(event, _, fact): &(LoanEventId, BusinessDate, Fact)| match fact {
        Fact::Event(What::Subsidy(amount)) if *event == applied(id) => Some(*amount),
        _ => None,
    };
    loan.facts.iter().find_map(of_claim).unwrap_or_default()
}

/// Withdraws claims nobody has paid yet that what was told since does not grant any more: a payment that never was, a rate or principal
/// that was another. It may be claimed again as it is granted now. A claim without which the loan could not have gone as it went stays: it
/// does not hold up what was told.
pub(super) async fn review(
    tx: &Tx,
    now: Timestamp,
    programme: &loan_programme::Model,
    told: &[NewEvent],
    loans: &BTreeMap<LoanContractId, Loan>,
) -> Result<(), ServeError> {
    let may_undo = |one: &&NewEvent| match one.fact {
        Fact::Payout(_) | Fact::Event(What::Subsidy(_) | What::Judgement(_) | What::CreditBack(_)) => false,
        Fact::Event(_) => true,
    };
    let mut ids: Vec<LoanContractId> = told.iter().filter(may_undo).map(|one| one.contract).collect();
    ids.retain(|id| loans.get(id).is_some_and(|loan| loan.row.subsidy.is_some()));
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    let first = |id: LoanContractId| told.iter().filter(|one| one.contract == id).map(|one| one.on).min();
    let is_reversed = |id: LoanContractId| {
        told.iter().any(|one| one.contract == id && matches!(one.fact, Fact::Event(What::Reversal(_))))
    };
    let claims = of(tx, &ids).await?;
    let on = BusinessDate::of(now);
    let (mut entries, mut events) = (Vec::new(), Vec::new());
    for (id, loan) in loans {
        let open: Vec<&loan_subsidy::Model> = claims
            .iter()
            .filter(|claim| claim.contract_id == *id && claim.state == "claimed")
            .filter(|claim| is_reversed(*id) || first(*id).is_some_and(|first| first <= claim.due_on))
            .collect();
        if open.is_empty() {
            continue;
        }
        let granted = if loan.payout().is_some() { due(loan, on)? } else { Vec::new() };
        let mut back: Vec<NewEvent> = Vec::new();
        for claim in open {
            let is_granted = |one: &Due| {
                (i64::from(one.of.number), one.of.due, one.of.government)
                    == (claim.instalment, claim.due_on, claim.amount_fen)
            };
            if granted.iter().any(is_granted) {
                continue;
            }
            let taken = taken(loan, claim.id);
            let paid = Money::from_fen(claim.amount_fen.fen() - taken.fen());
            if taken.is_positive() {
                back.push(NewEvent {
                    id: Uuid::new_v5(&claim.id.uuid(), b"withdrawn").into(),
                    contract: *id,
                    on: claim.due_on,
                    fact: Fact::Event(What::Reversal(applied(claim.id))),
                    told: None,
                    reason: Some("该期已不符合贴息条件，申报撤回".to_owned()),
                    actor: "system".to_owned(),
                });
                match super::check(tx, now, programme, &back).await {
                    Ok(_) => {}
                    Err((_, ServeError::Db(error))) => return Err(error.into()),
                    Err((_, error)) => {
                        tracing::warn!(claim = %claim.id, %error, "a claim that is not granted any more cannot be withdrawn");
                        back.pop();
                        continue;
                    }
                }
            }
            if paid.is_positive() {
                entries.push(postings::subsidy_withdrawn(programme.book_id, &loan.row.number, claim.id, paid, on));
            }
            let mut active: loan_subsidy::ActiveModel = claim.clone().into();
            active.state = Set("withdrawn".to_owned());
            active.withdrawn_on = Set(Some(on));
            active.update(tx).await?;
        }
        events.extend(back);
    }
    for posted in ledger::post(tx, now, &entries).await? {
        posted?;
    }
    if events.is_empty() {
        return Ok(());
    }
    super::record(tx, now, programme, &events).await.map_err(|(_, error)| error)?;
    Ok(())
}

/// The claims of some loans, oldest first.
pub async fn of(db: &impl ConnectionTrait, ids: &[LoanContractId]) -> Result<Vec<loan_subsidy::Model>, ServeError> {
    let rows = loan_subsidy::Entity::find().filter(loan_subsidy::Column::ContractId.is_in(ids.iter().copied()));
    Ok(rows.order_by_asc(loan_subsidy::Column::DueOn).all(db).await?)
}

/// A page of a programme's claims, newest first, with the numbers of their contracts: all, or those that nobody has paid yet.
pub async fn page(
    db: &impl ConnectionTrait,
    programme: LoanProgrammeId,
    waiting: bool,
    after: Option<LoanSubsidyId>,
    limit: u64,
) -> Result<Vec<(loan_subsidy::Model, String)>, ServeError> {
    use loan_subsidy::Column as C;
    let mut query = loan_subsidy::Entity::find().filter(C::ProgrammeId.eq(programme));
    if waiting {
        query = query.filter(C::State.eq("claimed"));
    }
    if let Some(after) = after {
        let last = loan_subsidy::Entity::find_by_id(after).one(db).await?.ok_or(ServeError::NoSuchSubsidy)?;
        let same = Condition::all().add(C::CreatedUs.eq(last.created_us)).add(C::Id.lt(last.id));
        query = query.filter(Condition::any().add(C::CreatedUs.lt(last.created_us)).add(same));
    }
    let rows = query.order_by_desc(C::CreatedUs).order_by_desc(C::Id).limit(limit).all(db).await?;
    let contracts = loan_contract::Entity::find()
        .filter(loan_contract::Column::Id.is_in(rows.iter().map(|row| row.contract_id)))
        .all(db)
        .await?;
    let number = |id| contracts.iter().find(|one| one.id == id).map(|one| one.number.clone()).unwrap_or_default();
    Ok(rows.into_iter().map(|row| (row.clone(), number(row.contract_id))).collect())
}
