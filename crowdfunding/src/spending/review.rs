//! What the supervisors look at every month (facts: charity 6.6a): each paper that got its last approval under the profile `small`, with
//! everybody who had a hand in it.

use domain::charity::Profile;
use domain::role::{Member, Role};
use domain::{BusinessDate, DisbursementId};
use entity::{disbursement, disbursement_approval};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::SpendingError;
use super::disbursement::{disbursement as known, within};

/// 监事.
const SUPERVISORS: [Role; 1] = [Role::Auditor];

/// A paper and its approvals, in order.
#[derive(Clone, Debug)]
pub struct SmallReview {
    /// The paper.
    pub paper: disbursement::Model,
    /// The approvals of the round it was approved in.
    pub approvals: Vec<disbursement_approval::Model>,
}

/// A page of what was approved under `small` in the month of a day, oldest first. Two statements.
pub async fn small_reviews(
    db: &impl ConnectionTrait,
    month: BusinessDate,
    by: &Member,
    after: Option<DisbursementId>,
    limit: u64,
) -> Result<Vec<SmallReview>, SpendingError> {
    use disbursement::Column as C;
    by.must_be(&SUPERVISORS)?;
    let first = month.day_of_month_after(0, 1).unwrap_or(month);
    let mut query = disbursement::Entity::find()
        .filter(within(C::UnitPath, by, &SUPERVISORS))
        .filter(C::Profile.eq(Profile::Small))
        .filter(C::ApprovedUs.gte(first.start()));
    if let Some(next) = month.day_of_month_after(1, 1) {
        query = query.filter(C::ApprovedUs.lt(next.start()));
    }
    if let Some(after) = after {
        let last = known(db, after, by).await?;
        let same = Condition::all().add(C::ApprovedUs.eq(last.approved_us)).add(C::Id.gt(last.id));
        query = query.filter(Condition::any().add(C::ApprovedUs.gt(last.approved_us)).add(same));
    }
    let papers = query.order_by_asc(C::ApprovedUs).order_by_asc(C::Id).limit(limit).all(db).await?;
    let approvals = disbursement_approval::Entity::find()
        .filter(disbursement_approval::Column::DisbursementId.is_in(papers.iter().map(|paper| paper.id)))
        .order_by_asc(disbursement_approval::Column::Step)
        .all(db)
        .await?;
    let of = |paper: disbursement::Model| {
        let ours = approvals.iter().filter(|a| a.disbursement_id == paper.id && a.round == paper.round);
        SmallReview { approvals: ours.cloned().collect(), paper }
    };
    Ok(papers.into_iter().map(of).collect())
}
