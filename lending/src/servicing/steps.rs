//! The states a contract goes through, one step at a time, and where its row says it stands.

use std::collections::BTreeMap;

use domain::lending::{LoanEvent, LoanState};
use domain::loan::life::State;
use domain::{BusinessDate, LoanContractId, Money, Timestamp};
use entity::{Rows, Tx};
use sea_orm::{ActiveEnum, ConnectionTrait, Iterable};

use super::ServeError;
use super::loan::{self, Loan};

/// A step of a contract's state.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) contract: LoanContractId,
    from: LoanState,
    to: LoanState,
    event: LoanEvent,
    on: BusinessDate,
    actor: String,
    reason: Option<String>,
}

/// The steps of the contract to where its loan stands.
pub(super) fn advance(
    loan: &mut Loan,
    steps: &mut Vec<Step>,
    state: &State,
    on: BusinessDate,
    actor: &str,
    reason: Option<&str>,
) -> Result<(), ServeError> {
    let to = loan::state_of(loan, state);
    walk(loan, steps, to, on, actor, reason)
}

pub(super) fn walk(
    loan: &mut Loan,
    steps: &mut Vec<Step>,
    to: LoanState,
    on: BusinessDate,
    actor: &str,
    reason: Option<&str>,
) -> Result<(), ServeError> {
    let way = way(loan.row.state, to).ok_or(ServeError::Conflict)?;
    for (event, state) in way {
        steps.push(Step {
            contract: loan.row.id,
            from: loan.row.state,
            to: state,
            event,
            on,
            actor: actor.to_owned(),
            reason: reason.map(str::to_owned),
        });
        loan.row.state = state;
    }
    Ok(())
}

/// The shortest way from one state to another by the table of [`LoanState::on`].
fn way(from: LoanState, to: LoanState) -> Option<Vec<(LoanEvent, LoanState)>> {
    let mut ways = vec![(from, Vec::new())];
    for _ in 0..4 {
        if let Some((_, way)) = ways.iter().find(|(state, _)| *state == to) {
            return Some(way.clone());
        }
        let longer = |(state, way): &(LoanState, Vec<(LoanEvent, LoanState)>)| {
            let (state, way) = (*state, way.clone());
            LoanEvent::iter().filter_map(move |event| {
                let next = state.on(event).ok()?;
                let mut way = way.clone();
                way.push((event, next));
                Some((next, way))
            })
        };
        ways = ways.iter().flat_map(longer).collect();
    }
    None
}

/// Writes states, principal, class and ends of contracts, and the steps they took.
pub(super) async fn contracts(
    tx: &Tx,
    now: Timestamp,
    changed: &[(&Loan, Option<&State>)],
    steps: &[Step],
) -> Result<(), ServeError> {
    if changed.is_empty() {
        return Ok(());
    }
    let backend = tx.get_database_backend();
    let outstanding =
        |(_, state): &(&Loan, Option<&State>)| state.map_or(Ok(Money::ZERO), State::principal).map(Money::fen);
    let outstanding: Vec<i64> = changed.iter().map(outstanding).collect::<Result<_, _>>()?;
    let rows = Rows::new()
        .uuid("id", changed.iter().map(|(loan, _)| loan.row.id.uuid()))
        .int("outstanding_fen", outstanding)
        .text(
            "class",
            changed
                .iter()
                .map(|(loan, state)| domain::bank_file::class_of(state.map_or(loan.row.class, |state| state.class))),
        )
        .text_or_null("paid_out_on", changed.iter().map(|(loan, _)| loan.payout().map(|(_, on)| on.to_string())))
        .bool("ended", changed.iter().map(|(_, state)| state.is_some_and(|state| state.end.is_some())));
    let sql = "UPDATE loan_contract SET outstanding_fen = r.outstanding_fen, class = r.class, \
               paid_out_on = COALESCE(r.paid_out_on, loan_contract.paid_out_on), \
               changed_us = $1, ended_us = CASE WHEN r.ended THEN COALESCE(loan_contract.ended_us, $1) END \
               FROM {rows} WHERE loan_contract.id = r.id";
    tx.execute_raw(rows.statement(backend, sql, [now.into()])).await?;
    if steps.is_empty() {
        return Ok(());
    }
    let mut taken: BTreeMap<LoanContractId, i64> = BTreeMap::new();
    let places: Vec<i64> = steps
        .iter()
        .map(|step| {
            let place = taken.entry(step.contract).or_default();
            *place += 1;
            *place
        })
        .collect();
    // The database lets a contract go one step at a time.
    for place in 1..=places.iter().copied().max().unwrap_or(0) {
        let now_taken = || steps.iter().zip(&places).filter(move |(_, at)| **at == place).map(|(step, _)| step);
        let rows = Rows::new()
            .uuid("id", now_taken().map(|step| step.contract.uuid()))
            .text("state", now_taken().map(|step| step.to.to_value()));
        let sql = "UPDATE loan_contract SET state = r.state FROM {rows} WHERE loan_contract.id = r.id";
        tx.execute_raw(rows.statement(backend, sql, [])).await?;
    }
    let unpaid = changed.iter().filter(|(loan, _)| loan.payout().is_none()).map(|(loan, _)| loan.row.id.uuid());
    let sql = "UPDATE loan_contract SET paid_out_on = NULL FROM {rows} WHERE loan_contract.id = r.id AND loan_contract.state = 'signed'";
    tx.execute_raw(Rows::new().uuid("id", unpaid).statement(backend, sql, [])).await?;
    let rows = Rows::new()
        .int("place", places)
        .uuid("contract_id", steps.iter().map(|step| step.contract.uuid()))
        .text("from_state", steps.iter().map(|step| step.from.to_value()))
        .text("to_state", steps.iter().map(|step| step.to.to_value()))
        .text("event", steps.iter().map(|step| step.event.to_value()))
        .text("on_day", steps.iter().map(|step| step.on.to_string()))
        .text("actor", steps.iter().map(|step| step.actor.clone()))
        .text_or_null("reason", steps.iter().map(|step| step.reason.clone()));
    let sql = "INSERT INTO loan_contract_history (contract_id, seq, from_state, to_state, event, on_day, at_us, actor, reason) \
               SELECT r.contract_id, r.place + (SELECT COALESCE(MAX(h.seq), 0) FROM loan_contract_history h WHERE h.contract_id = r.contract_id), \
               r.from_state, r.to_state, r.event, r.on_day, $1, r.actor, r.reason FROM {rows} ORDER BY r.contract_id, r.place";
    tx.execute_raw(rows.statement(backend, sql, [now.into()])).await?;
    Ok(())
}
