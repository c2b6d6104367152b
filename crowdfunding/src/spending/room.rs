//! What a campaign could spend at this moment, before a paper asks for it: for whoever prepares one. Nothing is locked and nothing promised;
//! what counts is looked at again when the paper is handed in and approved.

use domain::Money;
use domain::campaign::CampaignKind;
use entity::{Tx, budget_line, campaign, disbursement};
use sea_orm::EntityTrait;

use super::disbursement::may_spend;
use super::{SpendingError, line};

/// What there is to spend.
#[derive(Debug)]
pub struct Room {
    /// What is left of the budget line; nothing if the campaign has no such line.
    pub line: Option<Money>,
    /// What is available of the campaign's fund.
    pub fund: Money,
    /// Why nothing of it can be spent now, if so.
    pub closed: Option<SpendingError>,
}

/// What a campaign could spend now on the line of this code. Two statements.
pub async fn room(tx: &Tx, campaign: &campaign::Model, code: &str) -> Result<Room, SpendingError> {
    let found = budget_line::Entity::find_by_id((campaign.id, code.to_owned())).one(tx).await?;
    let fund = ledger::fund(tx, campaign.book_id, campaign.id).await?;
    Ok(Room {
        line: found.as_ref().map(line::left),
        fund: fund.available(),
        closed: holds_money(campaign).and_then(|()| may_spend(campaign)).err(),
    })
}

/// Whether a paper was written already.
pub async fn stands(tx: &Tx, id: domain::DisbursementId) -> Result<bool, SpendingError> {
    Ok(disbursement::Entity::find_by_id(id).one(tx).await?.is_some())
}

/// Refuses a parent campaign: its money is its leaves', and is asked for there.
pub(super) fn holds_money(campaign: &campaign::Model) -> Result<(), SpendingError> {
    match campaign.kind {
        CampaignKind::Parent => Err(SpendingError::ParentCampaign),
        CampaignKind::Leaf => Ok(()),
    }
}
