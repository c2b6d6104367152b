//! The trail an application and a contract leave: who, when, from, to, in which office.

use domain::lending::{LoanEvent, LoanState, Office};
use domain::{BusinessDate, LoanApplicationId, LoanContractId, Timestamp};
use entity::{Tx, execute};
use sea_orm::{ActiveEnum, DbErr};

/// A step.
pub(crate) struct Step<'a> {
    pub(crate) from: LoanState,
    pub(crate) to: LoanState,
    pub(crate) event: LoanEvent,
    /// `donor:{id}`, `staff:{id}` or `system`.
    pub(crate) actor: &'a str,
    pub(crate) reason: Option<&'a str>,
}

/// Writes a step of an application.
pub(crate) async fn application(
    tx: &Tx,
    now: Timestamp,
    id: LoanApplicationId,
    office: Option<Office>,
    step: Step<'_>,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO loan_application_history (application_id, seq, from_state, to_state, event, office, at_us, actor, reason) \
               SELECT $1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM loan_application_history WHERE application_id = $1), $2, $3, $4, $5, $6, \
               $7, $8";
    let Step { from, to, event, actor, reason } = step;
    let values = [
        id.into(),
        from.to_value().into(),
        to.to_value().into(),
        event.to_value().into(),
        office.map(|office| office.to_value()).into(),
        now.into(),
        actor.into(),
        reason.map(str::to_owned).into(),
    ];
    execute(tx, sql, values).await.map(|_| ())
}

/// Writes a step of a contract.
pub(crate) async fn contract(
    tx: &Tx,
    now: Timestamp,
    id: LoanContractId,
    on: BusinessDate,
    step: Step<'_>,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO loan_contract_history (contract_id, seq, from_state, to_state, event, on_day, at_us, actor, reason) \
               SELECT $1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM loan_contract_history WHERE contract_id = $1), $2, $3, $4, $5, $6, $7, $8";
    let Step { from, to, event, actor, reason } = step;
    let values = [
        id.into(),
        from.to_value().into(),
        to.to_value().into(),
        event.to_value().into(),
        on.into(),
        now.into(),
        actor.into(),
        reason.map(str::to_owned).into(),
    ];
    execute(tx, sql, values).await.map(|_| ())
}
