//! The trail each gift and refund leaves: who, when, from, to.

use domain::donation::DonationState;
use domain::refund::RefundState;
use domain::{DonationId, RefundId, Timestamp};
use entity::{Rows, Tx, execute};
use sea_orm::{ConnectionTrait, DbErr};

/// A step of a gift.
pub(crate) struct Step {
    pub(crate) donation: DonationId,
    pub(crate) from: DonationState,
    pub(crate) to: DonationState,
}

/// Writes the steps of many gifts at once.
pub(crate) async fn donations(tx: &Tx, now: Timestamp, actor: &str, steps: &[Step]) -> Result<(), DbErr> {
    if steps.is_empty() {
        return Ok(());
    }
    let rows = Rows::new()
        .uuid("donation_id", steps.iter().map(|s| s.donation.uuid()))
        .text("from_state", steps.iter().map(|s| state(s.from)))
        .text("to_state", steps.iter().map(|s| state(s.to)));
    let sql = "INSERT INTO donation_history (donation_id, to_state, at_us, from_state, actor) \
               SELECT donation_id, to_state, $1, from_state, $2 FROM {rows} WHERE true ON CONFLICT DO NOTHING";
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [now.into(), actor.into()])).await?;
    Ok(())
}

/// The word of a state in the database.
pub(crate) fn state(state: impl sea_orm::ActiveEnum<Value = String>) -> String {
    state.into_value()
}

/// Writes a step of a refund.
pub(crate) async fn refund(
    tx: &Tx,
    now: Timestamp,
    actor: &str,
    id: RefundId,
    from: RefundState,
    to: RefundState,
    reason: Option<&str>,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO refund_history (refund_id, to_state, at_us, from_state, actor, reason) VALUES ($1, $2, $3, $4, $5, $6)";
    let values =
        [id.into(), state(to).into(), now.into(), state(from).into(), actor.into(), reason.map(str::to_owned).into()];
    execute(tx, sql, values).await?;
    Ok(())
}
