//! What of a payee goes when they are erased, and what keeps it (个人信息保护法 47; facts: charity 2.11, 2.13). Vouchers of money that was approved
//! name who received it, and the law keeps them; nothing else does. The money trail itself stays, pseudonymous.

use domain::{BusinessDate, PayeeId, Timestamp};
use entity::{Tx, execute};
use sea_orm::{ConnectionTrait, Statement};

use super::SpendingError;

/// How many whole years after the year of the last voucher the vouchers are kept (会计档案管理办法; facts: charity 2.13 [C]). The last day is
/// written down with each decision, so that another number changes no day that was told.
pub const VOUCHER_YEARS: i32 = 30;

/// What keeps the data of a payee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Something is under way: a paper that pays them or is for them, money that is being paid back, an advance that is not accounted for.
    pub under_way: bool,
    /// The last day on which the law keeps vouchers that name them, or that they were declared close; none if nothing was ever approved for
    /// them, nor declared of them.
    pub until: Option<BusinessDate>,
}

/// What keeps the data of a payee on a day. Of whoever was declared close, the accounts are kept as long as vouchers are: without them they
/// would be written down, and paid, as somebody new (慈善法 40, 59). One statement.
pub async fn kept(db: &impl ConnectionTrait, today: BusinessDate, id: PayeeId) -> Result<Kept, SpendingError> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN d.state NOT IN ('finished', 'cancelled') \
               OR EXISTS (SELECT 1 FROM payout_settlement s WHERE s.payout_id = o.id AND s.state = 'proposed') \
               OR (d.kind = 'advance' AND o.state = 'confirmed' AND o.amount_fen > (SELECT COALESCE(SUM(s.amount_fen), 0) \
                   FROM payout_settlement s WHERE s.payout_id = o.id AND s.state = 'confirmed')) THEN 1 ELSE 0 END), 0) AS BIGINT) AS under_way, \
               MAX(CASE WHEN d.approved_us IS NOT NULL THEN d.changed_us END) AS paper_us, \
               MAX((SELECT MAX(s.decided_us) FROM payout_settlement s WHERE s.payout_id = o.id)) AS settled_us, \
               (SELECT related FROM payee WHERE id = $1) AS close \
               FROM payout o JOIN disbursement d ON d.id = o.disbursement_id WHERE o.payee_id = $1 OR o.beneficiary_id = $1";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [id.into()]);
    let row = db.query_one_raw(statement).await?.ok_or(SpendingError::Conflict)?;
    let (paper, settled): (Option<Timestamp>, Option<Timestamp>) =
        (row.try_get("", "paper_us")?, row.try_get("", "settled_us")?);
    let last = paper.map(|at| settled.map_or(at, |settled| settled.max(at)));
    let close = row.try_get::<Option<bool>>("", "close")?.unwrap_or_default().then_some(today);
    let last = last.map(BusinessDate::of).into_iter().chain(close).max();
    let until = last.and_then(|day| BusinessDate::new(day.year() + VOUCHER_YEARS, 12, 31));
    Ok(Kept { under_way: row.try_get::<i64>("", "under_way")? > 0, until })
}

/// Takes everything personal out of a payee: key, name, account, telephone, the words about whom they are close to, and what they are compared by.
/// Papers, payouts and entries stay, and so does the county that statistics count by. `nobody` is random. Two statements.
pub async fn forget_payee(tx: &Tx, id: PayeeId, nobody: Vec<u8>) -> Result<(), SpendingError> {
    let sql = "UPDATE payee SET key_sealed = $2, name_sealed = $2, name_hmac = $3, phone_sealed = NULL, account_sealed = NULL, \
               bank_sealed = NULL, account_hmac = NULL, related_note = NULL, related_sealed = NULL WHERE id = $1";
    execute(tx, sql, [id.into(), Vec::<u8>::new().into(), nobody.clone().into()]).await?;
    let sql = "UPDATE payee_account SET account_sealed = $2, bank_sealed = $2, account_hmac = $3 WHERE payee_id = $1";
    execute(tx, sql, [id.into(), Vec::<u8>::new().into(), nobody.into()]).await?;
    Ok(())
}
