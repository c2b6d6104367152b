//! What everybody may see of spending (facts: charity 5, 6.6b): amount, purpose, payee masked; of aid to children sums by county only, and
//! no cell of fewer than five.

use std::collections::BTreeMap;

use domain::{BusinessDate, CampaignId, Money, PayeeId, PayoutId};
use entity::payee;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement};

use super::disbursement::NewDisbursement;

/// A cell of fewer persons is told together with others.
const SMALLEST_CELL: i64 = 5;

/// A payment as everybody may see it, before the payee's name is masked.
#[derive(Clone, Debug)]
pub struct PublicPayout {
    /// The payout: the key of the page.
    pub id: PayoutId,
    /// The day the bank paid.
    pub paid_on: BusinessDate,
    /// How much, net of what was paid back.
    pub amount: Money,
    /// What for.
    pub purpose: String,
    /// Who received it.
    pub payee: PayeeId,
}

/// Aid to the children of a county, or of several counties together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildrenCell {
    /// The county's code; none for what is told together.
    pub division: Option<String>,
    /// How many payments.
    pub count: i64,
    /// How many persons they are for, told apart by name: whoever was written down twice is one.
    pub persons: i64,
    /// How much.
    pub amount: Money,
}

/// What of a budget line was approved, by whether the bank has paid it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePaid {
    /// Of the campaign, or of a leaf of it.
    pub campaign: CampaignId,
    /// The line's code.
    pub line: String,
    /// 已批准未付: approved, and not yet confirmed as paid.
    pub owed: Money,
    /// 已支付: confirmed as paid, less what was paid back. All lines together are what [`public_payouts`] and [`children`] list.
    pub paid: Money,
}

/// What every line of a campaign and of its leaves has paid and owes; lines of which nothing was approved are left out.
/// One statement.
pub async fn lines_paid(db: &impl ConnectionTrait, campaign: CampaignId) -> Result<Vec<LinePaid>, DbErr> {
    let sql = format!(
        "SELECT d.campaign_id, d.line_code, \
         CAST(SUM(CASE WHEN o.state IN ('approved', 'scheduled', 'sent', 'bounced', 'retried') THEN o.amount_fen ELSE 0 END) AS BIGINT) AS owed, \
         CAST(SUM(CASE WHEN o.state = 'confirmed' THEN {NET} ELSE 0 END) AS BIGINT) AS paid \
         FROM payout o JOIN disbursement d ON d.id = o.disbursement_id \
         WHERE (d.campaign_id = $1 OR d.campaign_id IN (SELECT id FROM campaign WHERE parent_id = $1)) \
         AND o.state NOT IN ('planned', 'cancelled') GROUP BY d.campaign_id, d.line_code ORDER BY d.campaign_id, d.line_code"
    );
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [campaign.into()]);
    let rows = db.query_all_raw(statement).await?;
    let line = |row: &sea_orm::QueryResult| {
        Ok(LinePaid {
            campaign: row.try_get("", "campaign_id")?,
            line: row.try_get("", "line_code")?,
            owed: Money::from_fen(row.try_get("", "owed")?),
            paid: Money::from_fen(row.try_get("", "paid")?),
        })
    };
    rows.iter().map(line).collect()
}

const PERSONS: &str = "CAST(count(DISTINCT COALESCE(b.name_hmac, p.name_hmac)) AS BIGINT)";

const NET: &str = "o.amount_fen - COALESCE((SELECT SUM(s.amount_fen) FROM payout_settlement s WHERE s.payout_id = o.id \
                   AND s.kind = 'recovered' AND s.state = 'confirmed'), 0)";

/// A page of what was paid to or for grown-ups and organisations, newest id first.
pub async fn public_payouts(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    after: Option<PayoutId>,
    limit: u64,
) -> Result<Vec<PublicPayout>, DbErr> {
    let mut values = vec![campaign.into()];
    let behind = match after {
        Some(after) => {
            values.push(after.into());
            "AND (o.paid_on, o.id) < (SELECT x.paid_on, x.id FROM payout x WHERE x.id = $2)"
        }
        None => "",
    };
    let sql = format!(
        "SELECT o.id, o.paid_on, CAST({NET} AS BIGINT) AS fen, d.purpose, o.payee_id FROM payout o \
         JOIN disbursement d ON d.id = o.disbursement_id JOIN payee p ON p.id = o.payee_id LEFT JOIN payee b ON b.id = o.beneficiary_id \
         WHERE d.campaign_id = $1 AND o.state = 'confirmed' AND NOT p.minor AND (b.id IS NULL OR NOT b.minor) {behind} \
         ORDER BY o.paid_on DESC, o.id DESC LIMIT {limit}"
    );
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    rows.iter()
        .map(|row| {
            Ok(PublicPayout {
                id: row.try_get("", "id")?,
                paid_on: row.try_get("", "paid_on")?,
                amount: Money::from_fen(row.try_get("", "fen")?),
                purpose: row.try_get("", "purpose")?,
                payee: row.try_get("", "payee_id")?,
            })
        })
        .collect()
}

/// Aid to children of a campaign, by county.
pub async fn children(db: &impl ConnectionTrait, campaign: CampaignId) -> Result<Vec<ChildrenCell>, DbErr> {
    let sql = format!(
        "SELECT COALESCE(b.division, p.division, '') AS division, CAST(count(*) AS BIGINT) AS n, {PERSONS} AS persons, \
         CAST(SUM({NET}) AS BIGINT) AS fen FROM payout o JOIN disbursement d ON d.id = o.disbursement_id JOIN payee p ON p.id = o.payee_id \
         LEFT JOIN payee b ON b.id = o.beneficiary_id \
         WHERE d.campaign_id = $1 AND o.state = 'confirmed' AND (p.minor OR (b.id IS NOT NULL AND b.minor)) GROUP BY 1 ORDER BY 1"
    );
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [campaign.into()]);
    let mut cells = Vec::new();
    for row in db.query_all_raw(statement).await? {
        let division: String = row.try_get("", "division")?;
        cells.push(ChildrenCell {
            division: Some(division).filter(|code| !code.is_empty()),
            count: row.try_get("", "n")?,
            persons: row.try_get("", "persons")?,
            amount: Money::from_fen(row.try_get("", "fen")?),
        });
    }
    Ok(merged(cells))
}

/// What was paid, by the county of whom it is for, of all campaigns: no cell of fewer than five persons, as of children; what is written
/// down of no county is told with the others. One statement.
pub async fn counties(db: &impl ConnectionTrait) -> Result<Vec<ChildrenCell>, DbErr> {
    let sql = format!(
        "SELECT SUBSTR(COALESCE(b.division, p.division, ''), 1, 6) AS division, CAST(count(*) AS BIGINT) AS n, \
         {PERSONS} AS persons, CAST(SUM({NET}) AS BIGINT) AS fen \
         FROM payout o JOIN payee p ON p.id = o.payee_id LEFT JOIN payee b ON b.id = o.beneficiary_id \
         WHERE o.state = 'confirmed' GROUP BY 1 ORDER BY 1"
    );
    let mut cells = Vec::new();
    for row in db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await? {
        let division: String = row.try_get("", "division")?;
        cells.push(ChildrenCell {
            division: Some(division).filter(|code| code.len() == 6),
            count: row.try_get("", "n")?,
            persons: row.try_get("", "persons")?,
            amount: Money::from_fen(row.try_get("", "fen")?),
        });
    }
    Ok(merged(cells))
}

/// Puts small cells together until no cell tells of fewer than five persons; what cannot be put together is left out.
fn merged(cells: Vec<ChildrenCell>) -> Vec<ChildrenCell> {
    let (mut large, small): (Vec<_>, Vec<_>) =
        cells.into_iter().partition(|cell| cell.persons >= SMALLEST_CELL && cell.division.is_some());
    large.sort_by_key(|cell| std::cmp::Reverse(cell.persons));
    let mut together = ChildrenCell { division: None, count: 0, persons: 0, amount: Money::ZERO };
    let take = |cell: ChildrenCell, together: &mut ChildrenCell| {
        together.count += cell.count;
        together.persons += cell.persons;
        together.amount = together.amount.checked_add(cell.amount).unwrap_or(Money::MAX);
    };
    for cell in small {
        take(cell, &mut together);
    }
    // The rest of a sum tells a small cell as well as the cell itself.
    while (1..SMALLEST_CELL).contains(&together.persons) {
        match large.pop() {
            Some(cell) => take(cell, &mut together),
            None => return Vec::new(),
        }
    }
    let mut shown: BTreeMap<Option<String>, ChildrenCell> =
        large.into_iter().map(|cell| (cell.division.clone(), cell)).collect();
    if together.persons > 0 {
        shown.insert(None, together);
    }
    shown.into_values().collect()
}

/// How far another paper of the campaign has come with a payee: the furthest of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Before {
    /// A draft names them.
    Drafted,
    /// A paper that names them was handed in or approved.
    Asked,
    /// They were paid.
    Paid,
}

/// Which of these payees were paid, or are to be, by another paper of the campaign. A payment that came back or was given up is none.
pub async fn paid_before(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    but: domain::DisbursementId,
    payees: impl IntoIterator<Item = PayeeId>,
) -> Result<std::collections::HashMap<PayeeId, Before>, DbErr> {
    let rows = entity::Rows::new().uuid("id", payees.into_iter().map(PayeeId::uuid));
    let sql = "SELECT o.payee_id, CAST(MAX(CASE WHEN o.state = 'confirmed' THEN 3 WHEN d.state = 'draft' THEN 1 ELSE 2 END) AS BIGINT) AS far \
               FROM {rows} JOIN payout o ON o.payee_id = r.id JOIN disbursement d ON d.id = o.disbursement_id \
               WHERE d.campaign_id = $1 AND d.id <> $2 AND o.state <> 'cancelled' GROUP BY o.payee_id";
    let found = db.query_all_raw(rows.statement(db.get_database_backend(), sql, [campaign.into(), but.into()])).await?;
    found.iter().map(|row| Ok((row.try_get("", "payee_id")?, before(row.try_get("", "far")?)))).collect()
}

/// As the statements count it.
fn before(far: i64) -> Before {
    match far {
        1 => Before::Drafted,
        2 => Before::Asked,
        _ => Before::Paid,
    }
}

/// How far another paper of the campaign has come that pays somebody of a paper, by account or by name of whom it is for, as much for the
/// same purpose; the furthest of them. One statement.
pub async fn same_before(db: &impl ConnectionTrait, new: &NewDisbursement) -> Result<Option<Before>, DbErr> {
    let rows = entity::Rows::new()
        .uuid("payee_id", new.payouts.iter().map(|payout| payout.payee.uuid()))
        .uuid("whose_id", new.payouts.iter().map(|payout| payout.beneficiary.unwrap_or(payout.payee).uuid()))
        .int("amount", new.payouts.iter().map(|payout| payout.amount.fen()));
    // One search for each way to be the same: with OR the database compares every payout of the paper with every other of the campaign.
    let sql = "WITH w AS (SELECT p.id, p.book_id, p.account_hmac, v.name_hmac, r.amount \
                          FROM {rows} JOIN payee p ON p.id = r.payee_id JOIN payee v ON v.id = r.whose_id), \
               met AS (SELECT o.disbursement_id, o.state FROM w JOIN payout o ON o.payee_id = w.id WHERE o.amount_fen = w.amount \
               UNION ALL SELECT o.disbursement_id, o.state FROM w JOIN payee q ON q.book_id = w.book_id AND q.account_hmac = w.account_hmac \
                         JOIN payout o ON o.payee_id = q.id WHERE o.amount_fen = w.amount \
               UNION ALL SELECT o.disbursement_id, o.state FROM w JOIN payee v ON v.name_hmac = w.name_hmac \
                         JOIN payout o ON o.beneficiary_id = v.id WHERE o.amount_fen = w.amount \
               UNION ALL SELECT o.disbursement_id, o.state FROM w JOIN payee v ON v.name_hmac = w.name_hmac \
                         JOIN payout o ON o.payee_id = v.id AND o.beneficiary_id IS NULL WHERE o.amount_fen = w.amount) \
               SELECT CAST(MAX(CASE WHEN m.state = 'confirmed' THEN 3 WHEN d.state = 'draft' THEN 1 ELSE 2 END) AS BIGINT) AS far \
               FROM met m JOIN disbursement d ON d.id = m.disbursement_id \
               WHERE d.campaign_id = $1 AND d.id <> $2 AND d.purpose = $3 AND m.state <> 'cancelled'";
    let values = [new.campaign.into(), new.id.into(), new.purpose.trim().into()];
    let found = db.query_one_raw(rows.statement(db.get_database_backend(), sql, values)).await?;
    let far: Option<i64> = found.map(|row| row.try_get("", "far")).transpose()?.flatten();
    Ok(far.map(before))
}

/// Which of these names, as they are compared, another paper of the campaign is for. One statement.
pub async fn names_before(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    but: domain::DisbursementId,
    names: impl IntoIterator<Item = Vec<u8>>,
) -> Result<std::collections::HashMap<Vec<u8>, Before>, DbErr> {
    let names: std::collections::BTreeSet<Vec<u8>> = names.into_iter().collect();
    let rows = entity::Rows::new().bytes("hmac", names);
    let sql = "SELECT v.name_hmac, CAST(MAX(CASE WHEN o.state = 'confirmed' THEN 3 WHEN d.state = 'draft' THEN 1 ELSE 2 END) AS BIGINT) AS far \
               FROM {rows} JOIN payee v ON v.name_hmac = r.hmac JOIN payout o ON COALESCE(o.beneficiary_id, o.payee_id) = v.id \
               JOIN disbursement d ON d.id = o.disbursement_id WHERE d.campaign_id = $1 AND d.id <> $2 AND o.state <> 'cancelled' \
               GROUP BY v.name_hmac";
    let found = db.query_all_raw(rows.statement(db.get_database_backend(), sql, [campaign.into(), but.into()])).await?;
    found.iter().map(|row| Ok((row.try_get("", "name_hmac")?, before(row.try_get("", "far")?)))).collect()
}

/// Which of these ids are payees already.
pub async fn known_payees(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = PayeeId>,
) -> Result<std::collections::HashSet<PayeeId>, DbErr> {
    let rows = entity::Rows::new().uuid("id", ids.into_iter().map(PayeeId::uuid));
    let sql = "SELECT p.* FROM {rows} JOIN payee p ON p.id = r.id";
    let found = db.query_all_raw(rows.statement(db.get_database_backend(), sql, [])).await?;
    found.iter().map(|row| Ok(payee::Model::from_query_result(row, "")?.id)).collect()
}

/// The paper that was made of a list, if there is one that stands.
pub async fn of_list(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    file_hash: &[u8],
) -> Result<Option<domain::DisbursementId>, DbErr> {
    use domain::disbursement::DisbursementState;
    use entity::disbursement::{Column, Entity};
    use sea_orm::ColumnTrait;
    let paper = Entity::find()
        .filter(Column::CampaignId.eq(campaign))
        .filter(Column::FileHash.eq(file_hash.to_vec()))
        .filter(Column::State.ne(DisbursementState::Cancelled))
        .one(db)
        .await?;
    Ok(paper.map(|paper| paper.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(division: &str, persons: i64) -> ChildrenCell {
        let amount = Money::from_fen(persons * 100);
        ChildrenCell { division: Some(division.to_owned()), count: persons, persons, amount }
    }

    #[test]
    fn many_payments_to_one_child_are_one_child() {
        let often = ChildrenCell { count: 12, ..cell("130502", 1) };
        assert!(merged(vec![often.clone()]).is_empty());
        let shown = merged(vec![often, cell("130503", 6)]);
        assert_eq!(shown.iter().map(|cell| (cell.division.is_some(), cell.persons)).collect::<Vec<_>>(), [(false, 7)]);
    }

    #[test]
    fn no_cell_tells_of_fewer_than_five_children() {
        assert!(merged(vec![cell("130502", 4)]).is_empty());
        let shown = merged(vec![cell("130502", 4), cell("130503", 3), cell("130504", 9)]);
        assert_eq!(shown.iter().map(|cell| cell.count).collect::<Vec<_>>(), [7, 9]);
        // One small cell would be the difference to the total: a large one goes with it.
        let shown = merged(vec![cell("130502", 2), cell("130503", 6), cell("130504", 9)]);
        assert_eq!(
            shown.iter().map(|cell| (cell.division.is_some(), cell.count)).collect::<Vec<_>>(),
            [(false, 8), (true, 9)]
        );
        assert_eq!(merged(vec![cell("130503", 6), cell("130504", 9)]).len(), 2);
    }
}
