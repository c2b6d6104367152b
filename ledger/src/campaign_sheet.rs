//! What the books say of a campaign up to a day: how its money came, what it was charged with, what is left. The figures of every
//! published report.
//!
//! They follow the day an entry is booked on, so a report of a day can be made again later and says the same. Year-end closing is left
//! out, as in the statements: ending a year moves nothing of a campaign. Two statements; the first reads the campaign's entries.

use std::collections::BTreeMap;

use domain::{BookId, BusinessDate, CampaignId, Money};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};

use crate::year_end::CLOSING;

/// What came, of one channel and kind of entry.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Inflow {
    /// The channel of the entry.
    pub channel: Option<String>,
    /// The kind of entry: `donation`, `refund_decided`, …
    pub kind: String,
    /// `cash`, `goods` or `none`: how it counts for the public total.
    pub raised: String,
    /// Within the period.
    pub period_fen: Money,
    /// Up to its last day.
    pub total_fen: Money,
}

/// What it was charged with, of one subject and budget line.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Outflow {
    /// The subject: 5101, 5301, 5401, 1141, or 320101 for what came back of an earlier year.
    pub subject: String,
    /// The budget line.
    pub budget_line: Option<String>,
    /// Within the period.
    pub period_fen: Money,
    /// Up to its last day.
    pub total_fen: Money,
}

/// A campaign's money up to a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignSheet {
    /// What came, net of what went back.
    pub inflows: Vec<Inflow>,
    /// What it was charged with.
    pub outflows: Vec<Outflow>,
}

impl CampaignSheet {
    /// The public total in cash, within the period and up to its last day.
    pub fn raised(&self) -> (Money, Money) {
        sum(self.inflows.iter().filter(|line| line.raised == "cash").map(|line| (line.period_fen, line.total_fen)))
    }

    /// The public total of goods.
    pub fn goods(&self) -> (Money, Money) {
        sum(self.inflows.iter().filter(|line| line.raised == "goods").map(|line| (line.period_fen, line.total_fen)))
    }

    /// Everything it was charged with, advances included.
    pub fn used(&self) -> (Money, Money) {
        sum(self.outflows.iter().map(|line| (line.period_fen, line.total_fen)))
    }

    /// What is left on the last day: all that came, moved leftovers and covered refunds included, less what it was charged with.
    pub fn left(&self) -> Money {
        let came = sum(self
            .inflows
            .iter()
            .filter(|line| line.raised != "goods")
            .map(|line| (line.period_fen, line.total_fen)));
        Money::from_fen(came.1.fen() - self.used().1.fen())
    }
}

fn sum(amounts: impl Iterator<Item = (Money, Money)>) -> (Money, Money) {
    let (period, total) =
        amounts.fold((0, 0), |(period, total), (of_period, of_all)| (period + of_period.fen(), total + of_all.fen()));
    (Money::from_fen(period), Money::from_fen(total))
}

/// The money of a campaign within a period and up to its last day, both days included.
pub async fn campaign_sheet(
    db: &impl ConnectionTrait,
    book: BookId,
    campaign: CampaignId,
    period: (BusinessDate, BusinessDate),
) -> Result<CampaignSheet, DbErr> {
    Ok(campaign_sheets(db, book, Some(campaign), period).await?.remove(&campaign).unwrap_or_default())
}

/// The same of all campaigns of a book, or of one of them; a campaign without money is not there. Two statements.
pub async fn campaign_sheets(
    db: &impl ConnectionTrait,
    book: BookId,
    only: Option<CampaignId>,
    (from, to): (BusinessDate, BusinessDate),
) -> Result<BTreeMap<CampaignId, CampaignSheet>, DbErr> {
    let backend = db.get_database_backend();
    let mut values: Vec<Value> = vec![book.into(), from.into(), to.into()];
    values.extend(only.map(Value::from));
    let whose = if only.is_some() { "a.campaign_id = $4" } else { "a.campaign_id IS NOT NULL" };
    let statement = |sql: String| Statement::from_sql_and_values(backend, sql, values.clone());
    // A release (3102 against 3101) takes nothing from what came: its expense is among what was charged.
    let side = |own: &str, other: &str, sign: &str| {
        format!(
            "SELECT a.campaign_id, e.channel, e.kind, CASE WHEN a.goods AND p.raised = 'none' THEN 'goods_none' ELSE p.raised END AS raised, \
             e.book_date, {sign}p.amount_fen AS fen FROM account a JOIN posting p ON p.{own} = a.id JOIN account o ON o.id = p.{other} \
             JOIN entry e ON e.id = p.entry_id WHERE a.book_id = $1 AND {whose} AND e.book_date <= $3 AND o.subject <> '3101' \
             AND (a.subject IN ('3102', '320102') OR (length(a.subject) = 6 AND a.subject LIKE '4%02'))"
        )
    };
    let sql = format!(
        "SELECT campaign_id, channel, kind, raised, CAST(COALESCE(SUM(CASE WHEN book_date >= $2 THEN fen ELSE 0 END), 0) AS BIGINT) AS period_fen, \
         CAST(SUM(fen) AS BIGINT) AS total_fen FROM ({} UNION ALL {}) moved WHERE raised <> 'goods_none' AND kind <> '{CLOSING}' \
         GROUP BY campaign_id, channel, kind, raised ORDER BY campaign_id, channel, kind, raised",
        side("credit_account", "debit_account", ""),
        side("debit_account", "credit_account", "-"),
    );
    let mut sheets: BTreeMap<CampaignId, CampaignSheet> = BTreeMap::new();
    for row in db.query_all_raw(statement(sql)).await? {
        let sheet = sheets.entry(row.try_get("", "campaign_id")?).or_default();
        sheet.inflows.push(Inflow::from_query_result(&row, "")?);
    }
    let charged = format!(
        "a.book_id = $1 AND {whose} AND a.goods = false AND (a.subject LIKE '5%' OR a.subject IN ('1141', '320101'))"
    );
    let closing = |own: &str, sign: &str| {
        format!(
            "SELECT a.campaign_id, a.subject, a.budget_line, e.book_date AS day, {sign}p.amount_fen AS fen FROM account a \
             JOIN posting p ON p.{own} = a.id JOIN entry e ON e.id = p.entry_id WHERE {charged} AND e.book_date <= $3 AND e.kind = '{CLOSING}'"
        )
    };
    let sql = format!(
        "SELECT campaign_id, subject, budget_line, CAST(COALESCE(SUM(CASE WHEN day >= $2 THEN fen ELSE 0 END), 0) AS BIGINT) AS period_fen, \
         CAST(SUM(fen) AS BIGINT) AS total_fen FROM (SELECT a.campaign_id, a.subject, a.budget_line, d.day, d.debit_fen - d.credit_fen AS fen \
         FROM account a JOIN account_day d ON d.account_id = a.id WHERE {charged} AND d.day <= $3 UNION ALL {} UNION ALL {}) moved \
         GROUP BY campaign_id, subject, budget_line ORDER BY campaign_id, subject, budget_line",
        closing("debit_account", "-"),
        closing("credit_account", ""),
    );
    for row in db.query_all_raw(statement(sql)).await? {
        let sheet = sheets.entry(row.try_get("", "campaign_id")?).or_default();
        sheet.outflows.push(Outflow::from_query_result(&row, "")?);
    }
    Ok(sheets)
}
