//! Budget lines as spending changes them. What is promised and spent never exceeds the plan: the row is locked by the statement
//! that looks and writes.

use domain::disbursement::DisbursementKind;
use domain::{CampaignId, Money};
use entity::{Tx, budget_line, execute};
use sea_orm::EntityTrait;

use super::SpendingError;

/// How a line changes: what is promised and what is spent, in fen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) committed: i64,
    pub(super) used: i64,
}

impl Change {
    /// A payment of this kind is approved: an advance is promised, everything else is spent (it is booked with the approval).
    pub(super) fn approved(kind: DisbursementKind, amount: Money) -> Change {
        match kind {
            DisbursementKind::Advance => Change { committed: amount.fen(), used: 0 },
            DisbursementKind::Grant | DisbursementKind::Purchase | DisbursementKind::Reimbursement => {
                Change { committed: 0, used: amount.fen() }
            }
        }
    }

    /// The opposite.
    pub(super) fn back(self) -> Change {
        Change { committed: -self.committed, used: -self.used }
    }

    /// A promise becomes an expense.
    pub(super) fn redeemed(amount: Money) -> Change {
        Change { committed: -amount.fen(), used: amount.fen() }
    }
}

/// Changes a line, or says how much of it is left.
pub(super) async fn change(tx: &Tx, campaign: CampaignId, code: &str, change: Change) -> Result<(), SpendingError> {
    let sql = "UPDATE budget_line SET committed_fen = committed_fen + $1, used_fen = used_fen + $2 \
               WHERE campaign_id = $3 AND code = $4 AND ($1 + $2 <= 0 OR planned_fen - committed_fen - used_fen >= $1 + $2)";
    let values = [change.committed.into(), change.used.into(), campaign.into(), code.into()];
    if execute(tx, sql, values).await? == 1 {
        return Ok(());
    }
    let row = budget_line::Entity::find_by_id((campaign, code.to_owned())).one(tx).await?;
    Err(SpendingError::LineShort { left: row.map(|row| left(&row)).ok_or(SpendingError::NoSuchLine)? })
}

/// What a voucher charges to a line, in fen, or takes back of it: a share of cost that the plan lets the campaign carry (facts: charity 6.2,
/// entries 14, 15).
pub async fn charge_line(tx: &Tx, campaign: CampaignId, code: &str, fen: i64) -> Result<(), SpendingError> {
    change(tx, campaign, code, Change { committed: 0, used: fen }).await
}

/// What may still be promised or spent of a line.
pub(super) fn left(row: &budget_line::Model) -> Money {
    Money::from_fen(row.planned_fen.fen() - row.committed_fen.fen() - row.used_fen.fen())
}
