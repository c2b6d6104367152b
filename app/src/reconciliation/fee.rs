//! What the channel's bills say of one fee, for those who decide about a break: 以微信为准 books it.

use domain::{BookId, BusinessDate, Money};
use entity::charity;
use ledger::Entry;
use sea_orm::{ConnectionTrait, EntityTrait, StreamTrait};

use super::bills::{self, FlowKind};
use super::channel::fee_reference;
use super::flow::{Refunds, fees_taken};
use super::{ReconcileError, ours};
use crate::postings;

/// The entry that books of the fee of a payment, or of a refund, what the bills of the day say and the books do not yet. The fund-flow bill
/// is believed before the trade bill: it shows the money. Nothing if the books say the same, or no bill says anything.
pub(super) async fn fee_owed(
    db: &(impl ConnectionTrait + StreamTrait),
    book: BookId,
    day: BusinessDate,
    number: &str,
) -> Result<Option<Entry>, ReconcileError> {
    let Some(owner) = charity::Entity::find_by_id(book).one(db).await? else { return Ok(None) };
    let bills = bills::in_force(db, &owner, day, day).await?.remove(&day).unwrap_or_default();
    let Some(trade) = &bills.trade else { return Ok(None) };
    let booked: Vec<Money> = ours::movements(db, book, day)
        .await?
        .into_iter()
        .filter(|one| one.event_date == day && one.kind.starts_with("fee") && one.document.as_deref() == Some(number))
        .map(|one| one.amount_fen)
        .collect();
    let so_far: i64 = booked.iter().map(|amount| amount.fen()).sum();
    // Whatever day it was booked under, each entry has a name of its own.
    let (_, taken_before) = ours::fee_booked(db, book, ("fee", number)).await?;
    if let Some(payment) = trade.payments.iter().find(|line| line.transaction == number) {
        let taken = bills.flow.as_ref().map(|flow| fees_taken(&trade.payments, flow).get(number).copied().unwrap_or(0));
        let missing = Money::from_fen(taken.unwrap_or(payment.fee.fen()) + so_far);
        let entry = || postings::channel_fee(book, fee_reference("fee", number, taken_before), number, missing, day);
        return Ok((missing != Money::ZERO).then(entry));
    }
    let Some(refund) = trade.refunds.iter().find(|line| line.refund_id == number) else {
        // Of a payment that the bill in force does not know, nothing was taken.
        let entry = || {
            let reference = fee_reference("fee", number, taken_before);
            postings::channel_fee(book, reference, number, Money::from_fen(so_far), day)
        };
        return Ok((so_far != 0 && trade.lists.0).then(entry));
    };
    let known = Refunds::of(trade.refunds.iter());
    let moved: Option<i64> = bills.flow.as_ref().and_then(|flow| {
        let of_it = |kind: FlowKind| matches!(kind, FlowKind::Refund | FlowKind::FeeReturned);
        let lines = flow
            .iter()
            .filter(|line| of_it(line.kind) && known.find(line).is_some_and(|one| one.number == refund.number));
        let amounts: Vec<i64> = lines.map(|line| line.amount.fen()).collect();
        (!amounts.is_empty()).then(|| refund.amount.fen() + amounts.iter().sum::<i64>())
    });
    let missing = Money::from_fen(moved.unwrap_or(refund.fee.fen()) - so_far);
    let (_, returned_before) = ours::fee_booked(db, book, ("fee_returned", number)).await?;
    let reference = fee_reference("fee_returned", number, returned_before);
    let entry = || postings::channel_fee_returned(book, reference, number, missing, day);
    Ok((missing != Money::ZERO).then(entry))
}
