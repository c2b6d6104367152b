//! Interest subsidy (贴息) of running loans: claimed for instalments that were paid in time, received once. Where the borrower pays the
//! interest first the memo book owes it to them until it is there; where the bank asks them for less, the claim takes its place.
//!
//! Fiscal money that passes through a foundation, and a foundation's own, are booked in its book when they move, by its own recipes;
//! here stands what was claimed and what came.

use domain::lending::product::{SubsidyRecipient, SubsidyRule};
use domain::loan::allocation::Component;
use domain::loan::life::{Life, What};
use domain::loan::{Schedule, subsidy::Subsidised};
use domain::{BusinessDate, LoanContractId, LoanEventId, LoanProgrammeId, LoanSubsidyId, Money, Timestamp};
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
/// it, the borrower has paid enough who leaves no more than it unpaid.
pub fn due(loan: &Loan, on: BusinessDate) -> Result<Vec<Due>, ServeError> {
    let (Some(text), Some((_, paid_out_on))) = (&loan.row.subsidy, loan.payout()) else { return Ok(Vec::new()) };
    let rule: SubsidyRule = serde_json::from_str(text)?;
    let contract = loan.contract(paid_out_on)?;
    let events = loan.events();
    // The table the loan really had: what fell due day by day, and what of it was left in the evening.
    let (mut instalments, mut left) = (Vec::new(), Vec::new());
    let mut day = paid_out_on;
    loop {
        let (_, life) = Life::replay(&contract, &events, day)?;
        let state = life.state(day)?;
        let Some(next) = state.rows.first().copied().filter(|row| row.due <= on) else { break };
        let due = Life::replay(&contract, &events, next.due)?.1.state(next.due)?.due;
        left.push(due[Component::Principal].checked_add(due[Component::Interest]).unwrap_or(Money::MAX));
        instalments.push(next);
        day = next.due;
    }
    let table = Schedule { regular_instalment: Money::ZERO, instalments };
    let granted = |late| rule.subsidy(late).of(&contract.terms, &table);
    let at_most = granted(Vec::new())?;
    let in_time = |(one, left): &(&Subsidised, &Money)| {
        let may_wait = if rule.recipient == SubsidyRecipient::Bank { one.government } else { Money::ZERO };
        **left <= may_wait
    };
    let late = at_most.iter().zip(&left).filter(|pair| !in_time(pair)).map(|(one, _)| one.number).collect();
    let all = granted(late)?.into_iter().zip(left);
    let due = all
        .filter(|(one, _)| one.government.is_positive())
        .map(|(of, left)| Due { of, unpaid: left.min(of.government) });
    Ok(due.collect())
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
            if standing.iter().any(|known| known.contract_id == loan.row.id && known.instalment == number) {
                continue;
            }
            let id = LoanSubsidyId::from(Uuid::new_v5(&loan.row.id.uuid(), format!("subsidy:{number}").as_bytes()));
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

/// A claim was paid. Once: told again it changes nothing.
pub async fn receive(
    tx: &Tx,
    now: Timestamp,
    programme: &loan_programme::Model,
    id: LoanSubsidyId,
    on: BusinessDate,
) -> Result<loan_subsidy::Model, ServeError> {
    let row = loan_subsidy::Entity::find_by_id(id).one(tx).await?.ok_or(ServeError::NoSuchSubsidy)?;
    if row.programme_id != programme.id {
        return Err(ServeError::NoSuchSubsidy);
    }
    if let Some(received) = row.received_on {
        return if received == on { Ok(row) } else { Err(ServeError::IdReused) };
    }
    if on < row.claimed_on || on > BusinessDate::of(now) {
        return Err(ServeError::Invalid { field: "on", problem: "到账日应不早于申报日，不晚于今天" });
    }
    let loans = loan::load(tx, &[row.contract_id], false).await?;
    let loan = loans.get(&row.contract_id).ok_or(ServeError::NoSuchContract)?;
    let taken = loan.facts.iter().find_map(|(event, _, fact)| match fact {
        Fact::Event(What::Subsidy(amount)) if *event == applied(id) => Some(amount.fen()),
        _ => None,
    });
    let of_the_borrower = Money::from_fen(row.amount_fen.fen() - taken.unwrap_or(0));
    let entry =
        postings::subsidy_received(programme.book_id, &loan.row.number, row.id, row.amount_fen, of_the_borrower, on);
    for posted in ledger::post(tx, now, &[entry]).await? {
        posted?;
    }
    let mut active: loan_subsidy::ActiveModel = row.into();
    active.state = Set("received".to_owned());
    active.received_on = Set(Some(on));
    Ok(active.update(tx).await?)
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
        query = query.filter(C::ReceivedOn.is_null());
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
