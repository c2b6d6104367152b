//! What is personal about gifts: read for the donor's own copy, and taken out when the donor is erased. The money trail stays.

use std::collections::HashMap;

use domain::donation::{GENERAL_FUND, Purpose};
use domain::{DonorId, Timestamp};
use entity::{Tx, campaign, donation, execute, refund};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Statement};

use crate::CrowdfundingError;

/// Everything that is known of a donor's gifts, oldest first: each with its campaign's name, and the refunds. A statement for
/// each five hundred gifts, and two.
pub async fn everything_of(
    db: &impl ConnectionTrait,
    donor: DonorId,
) -> Result<(Vec<(donation::Model, String)>, Vec<refund::Model>), CrowdfundingError> {
    let gifts = donation::Entity::find()
        .filter(donation::Column::DonorId.eq(donor))
        .order_by_asc(donation::Column::CreatedUs)
        .all(db)
        .await?;
    let campaigns = campaign::Entity::find().all(db).await?;
    let names: HashMap<_, _> = campaigns.into_iter().map(|row| (row.id, row.name)).collect();
    let mut refunds = Vec::new();
    for part in gifts.chunks(500) {
        let of = refund::Column::DonationId.is_in(part.iter().map(|gift| gift.id));
        refunds.extend(refund::Entity::find().filter(of).order_by_asc(refund::Column::CreatedUs).all(db).await?);
    }
    let named = |gift: donation::Model| {
        let name = match gift.purpose() {
            Purpose::Campaign(id) => names.get(&id).cloned().unwrap_or_default(),
            Purpose::General(_) => GENERAL_FUND.to_owned(),
        };
        (gift, name)
    };
    Ok((gifts.into_iter().map(named).collect(), refunds))
}

/// Takes everything personal out of a donor's gifts: names, words, and what a repeated wish is known by. Refused while money
/// of theirs is on its way: a gift that can still be paid, a refund that is not finished. Four statements.
pub async fn forget_donor(tx: &Tx, now: Timestamp, donor: DonorId) -> Result<(), CrowdfundingError> {
    let sql = "SELECT CAST(count(*) AS BIGINT) AS paying, \
               (SELECT CAST(count(*) AS BIGINT) FROM refund r JOIN donation g ON g.id = r.donation_id \
                WHERE g.donor_id = $1 AND r.state IN ('requested', 'approved', 'processing', 'failed')) AS refunding \
               FROM donation d WHERE d.donor_id = $1 AND d.state IN ('created', 'paying')";
    let row = tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [donor.into()])).await?;
    if let Some(row) = row {
        if row.try_get::<i64>("", "paying")? > 0 {
            return Err(CrowdfundingError::GiftUnderWay);
        }
        if row.try_get::<i64>("", "refunding")? > 0 {
            return Err(CrowdfundingError::RefundUnderWay);
        }
    }
    let sql = "UPDATE refund SET note = NULL WHERE note IS NOT NULL AND donation_id IN (SELECT id FROM donation WHERE donor_id = $1)";
    execute(tx, sql, [donor.into()]).await?;
    let sql = "UPDATE donation SET name_sealed = NULL, nickname_sealed = NULL, message = NULL, message_state = 'none', \
               anonymity = 'hidden', origin = NULL, tribute = NULL, tribute_sealed = NULL, tribute_shown = $3, content = $2 WHERE donor_id = $1";
    execute(tx, sql, [donor.into(), Vec::<u8>::new().into(), false.into()]).await?;
    crate::team::forget_founder(tx, now, donor).await?;
    Ok(())
}
