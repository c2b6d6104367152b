//! What came and what went, by day or by month: what the public pages draw.
//!
//! What came is Raised (facts: charity 6.5 (5)). It is read from the movement of a day, which `account_day` holds, less the few
//! postings on the same accounts that raise nothing; so it costs the days of the accounts and not the gifts in them, and its sum is the
//! public total to the fen. What went is what the expense accounts bear, closing entries left out.

use domain::{BookId, BusinessDate, CampaignId, EntryId, Money, Timestamp};
use entity::Rows;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};

use crate::year_end::CLOSING;

/// What an amount is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowKind {
    /// 筹集, money and goods.
    Raised,
    /// 业务活动成本, 5101.
    Programme,
    /// 管理费用, 5301.
    Management,
    /// 筹资费用, 5401.
    Fundraising,
    /// Every other expense.
    Other,
}

/// What came to or went from a campaign, or the general fund, in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// `2026-03`.
    pub month: String,
    /// Whose books.
    pub book: BookId,
    /// The campaign; none for the general fund.
    pub campaign: Option<CampaignId>,
    /// What it is.
    pub kind: FlowKind,
    /// How much, net; negative where more went back than came.
    pub amount: Money,
}

/// The newest entry of all books: how far what is shown goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Position {
    /// The entry.
    pub id: EntryId,
    /// When it was booked.
    pub booked_us: Timestamp,
}

/// The accounts that carry what is raised, and what moved on them and counts. Within it stands who is asked for.
fn raised(which: &str) -> String {
    format!(
        "WITH a AS (SELECT id, book_id, campaign_id FROM account \
         WHERE (subject LIKE '4101%' OR subject LIKE '3201%' OR subject = '3102') {which}), \
         m AS (SELECT a.book_id, a.campaign_id, d.day, d.credit_fen - d.debit_fen AS fen FROM a JOIN account_day d ON d.account_id = a.id \
         UNION ALL SELECT a.book_id, a.campaign_id, e.book_date, -p.amount_fen FROM a \
         JOIN posting p ON p.credit_account = a.id AND p.raised = 'none' JOIN entry e ON e.id = p.entry_id \
         UNION ALL SELECT a.book_id, a.campaign_id, e.book_date, p.amount_fen FROM a \
         JOIN posting p ON p.debit_account = a.id AND p.raised = 'none' JOIN entry e ON e.id = p.entry_id)"
    )
}

/// What some campaigns together raised on each day on which something moved, oldest first.
pub async fn raised_by_day(
    db: &impl ConnectionTrait,
    campaigns: &[CampaignId],
) -> Result<Vec<(BusinessDate, Money)>, DbErr> {
    let which = raised("AND campaign_id IN (SELECT r.id FROM {rows})");
    let sql = format!(
        "{which} SELECT day, CAST(SUM(fen) AS BIGINT) AS fen FROM m GROUP BY day HAVING SUM(fen) <> 0 ORDER BY day"
    );
    let ids = Rows::new().uuid("id", campaigns.iter().map(|id| id.uuid()));
    let rows = db.query_all_raw(ids.statement(db.get_database_backend(), &sql, [])).await?;
    rows.iter().map(|row| Ok((row.try_get("", "day")?, Money::from_fen(row.try_get("", "fen")?)))).collect()
}

/// Everything that came and went, by month. Two statements.
pub async fn flows(db: &impl ConnectionTrait) -> Result<Vec<Flow>, DbErr> {
    let came = format!(
        "{} SELECT substr(day, 1, 7) AS month, book_id, campaign_id, '' AS subject, CAST(SUM(fen) AS BIGINT) AS fen FROM m GROUP BY 1, 2, 3",
        raised("")
    );
    let went = format!(
        "WITH a AS (SELECT id, book_id, campaign_id, subject FROM account WHERE subject LIKE '5%'), \
         m AS (SELECT a.book_id, a.campaign_id, a.subject, d.day, d.debit_fen - d.credit_fen AS fen FROM a \
         JOIN account_day d ON d.account_id = a.id \
         UNION ALL SELECT a.book_id, a.campaign_id, a.subject, e.book_date, p.amount_fen FROM entry e JOIN posting p ON p.entry_id = e.id \
         JOIN a ON a.id = p.credit_account WHERE e.kind = '{CLOSING}' \
         UNION ALL SELECT a.book_id, a.campaign_id, a.subject, e.book_date, -p.amount_fen FROM entry e JOIN posting p ON p.entry_id = e.id \
         JOIN a ON a.id = p.debit_account WHERE e.kind = '{CLOSING}') \
         SELECT substr(day, 1, 7) AS month, book_id, campaign_id, subject, CAST(SUM(fen) AS BIGINT) AS fen FROM m GROUP BY 1, 2, 3, 4"
    );
    let mut flows = Vec::new();
    for sql in [came, went] {
        for row in db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await? {
            let subject: String = row.try_get("", "subject")?;
            let kind = match subject.as_str() {
                "" => FlowKind::Raised,
                "5101" => FlowKind::Programme,
                "5301" => FlowKind::Management,
                "5401" => FlowKind::Fundraising,
                _ => FlowKind::Other,
            };
            let amount = Money::from_fen(row.try_get("", "fen")?);
            if amount != Money::ZERO {
                let (month, book) = (row.try_get("", "month")?, row.try_get("", "book_id")?);
                flows.push(Flow { month, book, campaign: row.try_get("", "campaign_id")?, kind, amount });
            }
        }
    }
    Ok(flows)
}

/// How far the books go; none while nothing is booked.
pub async fn position(db: &impl ConnectionTrait) -> Result<Option<Position>, DbErr> {
    let sql = "SELECT id, booked_us FROM entry ORDER BY id DESC LIMIT 1";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.map(|row| Position::from_query_result(&row, "")).transpose()
}
