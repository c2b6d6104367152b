//! To whom money may go ahead (facts: charity 2.1 Art. 26; 6.2 entry 13): the executing partner that the plan in force names, with whom the
//! campaign has a written agreement and whose evaluation was passed. Anybody else is paid for what they did.

use domain::disbursement::DisbursementKind;
use domain::plan::{PASSING_SCORE, Plan};
use domain::{CampaignId, PayeeId};
use entity::{Tx, campaign, campaign_plan, cooperation, partner};
use sea_orm::EntityTrait;

use super::SpendingError;
use super::payee::payees_of;

/// What a name is compared by; whoever holds the keys knows.
pub type Compared<'a> = &'a (dyn Fn(&str) -> Vec<u8> + Send + Sync);

/// Refuses an advance that does not go to the campaign's partner alone. Five statements, none for another kind of paper.
pub(super) async fn to_partner(
    tx: &Tx,
    kind: DisbursementKind,
    campaign: CampaignId,
    payees: &[PayeeId],
    compared: Compared<'_>,
) -> Result<(), SpendingError> {
    match kind {
        DisbursementKind::Advance => {}
        DisbursementKind::Grant | DisbursementKind::Purchase | DisbursementKind::Reimbursement => return Ok(()),
    }
    let agreed = cooperation::Entity::find_by_id(campaign).one(tx).await?;
    let agreed = agreed.filter(|agreed| agreed.score.is_some_and(|score| score >= PASSING_SCORE));
    let agreed = agreed.ok_or(SpendingError::NoPartner)?;
    let partner = partner::Entity::find_by_id(agreed.partner_id).one(tx).await?.ok_or(SpendingError::NoPartner)?;
    // With whom money is raised says the plan in force.
    let row = campaign::Entity::find_by_id(campaign).one(tx).await?.ok_or(SpendingError::NoSuchCampaign)?;
    let plan = campaign_plan::Entity::find_by_id((campaign, row.plan_version)).one(tx).await?;
    let plan: Option<Plan> = plan.and_then(|version| serde_json::from_str(&version.content).ok());
    let named = plan.and_then(|plan| plan.terms.cooperation).is_some_and(|with| with.name.trim() == partner.name);
    if !named {
        return Err(SpendingError::NoPartner);
    }
    let name = compared(&partner.name);
    let known = payees_of(tx, payees.iter().copied()).await?;
    for id in payees {
        let payee = known.get(id).ok_or(SpendingError::NoSuchPayee)?;
        if payee.part != "partner" || payee.name_hmac != name {
            return Err(SpendingError::NoPartner);
        }
    }
    Ok(())
}
