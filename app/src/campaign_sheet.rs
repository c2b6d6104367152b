//! The sheet of a campaign (项目收支表): raised, refunded, fees, spent by budget line, left; from the books, on a day's end or now.

use std::collections::BTreeMap;

use domain::role::{Forbidden, Member, Role};
use domain::{BookId, BusinessDate, CampaignId, Clock, Money};
use entity::{Db, Tx, budget_line, campaign};
use rust_decimal::Decimal;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Statement};

/// Who reads it.
const READERS: [Role; 8] = [
    Role::Organiser,
    Role::ProjectManager,
    Role::Cashier,
    Role::Bookkeeper,
    Role::FinanceHead,
    Role::Chair,
    Role::Disclosure,
    Role::Auditor,
];

/// Why there is no sheet.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// There is no such campaign.
    #[error("no such campaign")]
    NoSuchCampaign,
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A sheet could not be written.
    #[error("the sheet cannot be written")]
    Xlsx(#[from] XlsxError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// A budget line and what was spent on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpentLine {
    /// Its code; empty for what names no line.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What the plan gives it.
    pub planned: Money,
    /// Charged to it (5xxx), net of what came back.
    pub spent: Money,
    /// Paid ahead and not accounted for (1141).
    pub advanced: Money,
}

/// What a campaign came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Given in cash, before refunds.
    pub given: Money,
    /// Refunds decided, less those given up.
    pub refunded: Money,
    /// Raised(X): given less refunded, and what was re-designated.
    pub raised: Money,
    /// Goods, apart.
    pub goods: Money,
    /// What the channel took for its gifts; the general fund bears it unless an expense of the campaign says so.
    pub fees: Money,
    /// Received in other ways: opening balances, subsidies, leftovers of other campaigns less those given to others.
    pub other: Money,
    /// Charged to it, net.
    pub spent: Money,
    /// Paid ahead.
    pub advanced: Money,
    /// What is left of its money: restricted net assets and income less what was charged and paid ahead.
    pub left: Money,
    /// Promised and not booked yet.
    pub committed: Money,
}

/// The sheet of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignSheet {
    /// Which campaign.
    pub campaign: campaign::Model,
    /// Up to the end of this day.
    pub through: BusinessDate,
    /// Its totals.
    pub totals: Totals,
    /// Each budget line; what names none comes last.
    pub lines: Vec<SpentLine>,
}

/// Makes sheets.
#[derive(Clone, Debug)]
pub struct Sheets {
    db: Db,
    clock: Clock,
}

impl Sheets {
    pub(crate) fn new(db: Db, clock: Clock) -> Sheets {
        Sheets { db, clock }
    }

    /// The sheet of a campaign up to the end of a day, or up to now. Six statements.
    pub async fn of(
        &self,
        id: CampaignId,
        through: Option<BusinessDate>,
        by: &Member,
    ) -> Result<CampaignSheet, SheetError> {
        by.must_be(&READERS)?;
        let tx = self.db.snapshot().await?;
        let row = campaign::Entity::find_by_id(id).one(&tx).await?.ok_or(SheetError::NoSuchCampaign)?;
        // Of what lies elsewhere nobody learns that it is there.
        by.may(&READERS, &row.unit_path).map_err(|_| SheetError::NoSuchCampaign)?;
        let today = self.clock.today();
        let sheet = sheet(&tx, row, through.unwrap_or(today).min(today)).await?;
        tx.commit().await?;
        Ok(sheet)
    }

    /// The same as a workbook.
    pub async fn workbook(
        &self,
        id: CampaignId,
        through: Option<BusinessDate>,
        by: &Member,
    ) -> Result<(String, Vec<u8>), SheetError> {
        let sheet = self.of(id, through, by).await?;
        Ok((sheet.campaign.name.clone(), workbook(&sheet)?))
    }
}

/// The sheet of a campaign on a snapshot.
pub(crate) async fn sheet(tx: &Tx, row: campaign::Model, through: BusinessDate) -> Result<CampaignSheet, DbErr> {
    let mut totals = moved(tx, row.book_id, row.id, through).await?;
    totals.fees = fees(tx, row.id, through).await?;
    totals.committed = ledger::fund(tx, row.book_id, row.id).await?.committed;
    let planned = budget_line::Entity::find()
        .filter(budget_line::Column::CampaignId.eq(row.id))
        .order_by_asc(budget_line::Column::Position)
        .order_by_asc(budget_line::Column::Code)
        .all(tx)
        .await?;
    let mut spent = by_line(tx, row.book_id, row.id, through).await?;
    let mut lines: Vec<SpentLine> = planned
        .into_iter()
        .map(|line| {
            let (spent, advanced) = spent.remove(&line.code).unwrap_or_default();
            SpentLine { code: line.code, name: line.name, planned: line.planned_fen, spent, advanced }
        })
        .collect();
    lines.extend(spent.into_iter().map(|(code, (spent, advanced))| SpentLine {
        code,
        name: "未分预算行".to_owned(),
        planned: Money::ZERO,
        spent,
        advanced,
    }));
    let sum = |pick: fn(&SpentLine) -> Money| Money::from_fen(lines.iter().map(|line| pick(line).fen()).sum());
    (totals.spent, totals.advanced) = (sum(|line| line.spent), sum(|line| line.advanced));
    totals.left =
        Money::from_fen(totals.raised.fen() + totals.other.fen() - totals.spent.fen() - totals.advanced.fen());
    Ok(CampaignSheet { campaign: row, through, totals, lines })
}

/// What came in, by the marks of its postings and by what moves its restricted money without one.
async fn moved(tx: &Tx, book: BookId, campaign: CampaignId, through: BusinessDate) -> Result<Totals, DbErr> {
    // Raised sides: 4101, 3201, 3102. Releases and closings move no money, and with an expense of a former year that came back its release does.
    let half = |own: &str, other: &str, sign: &str| {
        format!(
            "SELECT p.raised, e.kind, CASE WHEN o.subject = '3101' OR e.kind = 'closing' THEN 1 ELSE 0 END AS turned, \
             {sign}p.amount_fen AS fen, a.goods \
             FROM account a JOIN posting p ON p.{own} = a.id JOIN entry e ON e.id = p.entry_id JOIN account o ON o.id = p.{other} \
             WHERE a.book_id = $1 AND a.campaign_id = $2 AND e.book_date <= $3 \
             AND (a.subject = '3102' OR a.subject = '320102' OR a.subject LIKE '4___02' OR a.subject LIKE '4101__')"
        )
    };
    let sql = format!(
        "SELECT raised, kind, turned, goods, CAST(SUM(fen) AS BIGINT) AS fen FROM ({} UNION ALL {}) t GROUP BY raised, kind, turned, goods",
        half("credit_account", "debit_account", ""),
        half("debit_account", "credit_account", "-"),
    );
    let values = [book.into(), campaign.into(), through.to_string().into()];
    let mut totals = Totals::default();
    let add = |to: &mut Money, fen: i64| *to = Money::from_fen(to.fen() + fen);
    for row in tx.query_all_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await? {
        let (raised, kind): (String, String) = (row.try_get("", "raised")?, row.try_get("", "kind")?);
        let (fen, goods): (i64, bool) = (row.try_get("", "fen")?, row.try_get("", "goods")?);
        match raised.as_str() {
            "goods" => add(&mut totals.goods, fen),
            "cash" => {
                add(&mut totals.raised, fen);
                let back = kind.starts_with("refund");
                add(if back { &mut totals.refunded } else { &mut totals.given }, if back { -fen } else { fen });
            }
            _ if row.try_get::<i32>("", "turned")? == 1 || goods => {}
            _ => add(&mut totals.other, fen),
        }
    }
    Ok(totals)
}

/// What the channel's bills took for the gifts of a campaign, less what they gave back.
async fn fees(tx: &Tx, campaign: CampaignId, through: BusinessDate) -> Result<Money, DbErr> {
    let half = |own: &str, sign: &str| {
        format!(
            "SELECT {sign}p.amount_fen AS fen FROM donation d JOIN entry e ON e.document = d.transaction_id \
             JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.{own} \
             WHERE d.campaign_id = $1 AND e.kind = 'fee' AND e.book_date <= $2 AND a.subject = '5401'"
        )
    };
    let refunds = "SELECT -p.amount_fen AS fen FROM refund r JOIN donation d ON d.id = r.donation_id \
                   JOIN entry e ON e.document = r.channel_refund_id JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.credit_account \
                   WHERE d.campaign_id = $1 AND e.kind = 'fee_returned' AND e.book_date <= $2 AND a.subject = '5401'";
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(fen), 0) AS BIGINT) AS fen FROM ({} UNION ALL {} UNION ALL {refunds}) t",
        half("debit_account", ""),
        half("credit_account", "-"),
    );
    let values = [campaign.into(), through.to_string().into()];
    let row = tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(Money::from_fen(row.map_or(Ok(0), |row| row.try_get("", "fen"))?))
}

/// What was charged and paid ahead, by the code of the budget line.
async fn by_line(
    tx: &Tx,
    book: BookId,
    campaign: CampaignId,
    through: BusinessDate,
) -> Result<BTreeMap<String, (Money, Money)>, DbErr> {
    // An expense of a former year that comes back is credited to 320101 (12d, 12e).
    let half = |own: &str, sign: &str| {
        format!(
            "SELECT COALESCE(a.budget_line, '') AS line, CASE WHEN a.subject = '1141' THEN 1 ELSE 0 END AS ahead, {sign}p.amount_fen AS fen \
             FROM account a JOIN posting p ON p.{own} = a.id JOIN entry e ON e.id = p.entry_id \
             WHERE a.book_id = $1 AND a.campaign_id = $2 AND a.goods = false AND e.book_date <= $3 AND e.kind <> 'closing' \
             AND (a.subject LIKE '5%' OR a.subject = '320101' OR a.subject = '1141')"
        )
    };
    let sql = format!(
        "SELECT line, ahead, CAST(SUM(fen) AS BIGINT) AS fen FROM ({} UNION ALL {}) t GROUP BY line, ahead ORDER BY line",
        half("debit_account", ""),
        half("credit_account", "-"),
    );
    let values = [book.into(), campaign.into(), through.to_string().into()];
    let mut lines: BTreeMap<String, (Money, Money)> = BTreeMap::new();
    for row in tx.query_all_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await? {
        let line = lines.entry(row.try_get("", "line")?).or_default();
        let fen = Money::from_fen(row.try_get("", "fen")?);
        if row.try_get::<i32>("", "ahead")? == 1 {
            line.1 = fen;
        } else {
            line.0 = fen;
        }
    }
    Ok(lines)
}

/// The rows of a sheet's totals, as they are shown.
pub(crate) fn titled(totals: &Totals) -> [(&'static str, Money); 10] {
    [
        ("捐赠总额", totals.given),
        ("退款", totals.refunded),
        ("募集净额", totals.raised),
        ("其中实物另计", totals.goods),
        ("其他来源与调拨", totals.other),
        ("通道手续费（由非限定性资金负担）", totals.fees),
        ("支出", totals.spent),
        ("预付未核销", totals.advanced),
        ("结余", totals.left),
        ("其中已承诺未付", totals.committed),
    ]
}

fn workbook(sheet: &CampaignSheet) -> Result<Vec<u8>, XlsxError> {
    let yuan = |amount: Money| Decimal::new(amount.fen(), 2);
    let money = Format::new().set_num_format("#,##0.00;[Red]-#,##0.00");
    let head = Format::new().set_bold();
    let mut workbook = Workbook::new();
    let page = workbook.add_worksheet();
    page.set_name("项目收支表")?;
    page.set_column_width(0, 34)?;
    for column in 1..5 {
        page.set_column_width(column, 18)?;
    }
    page.write_string_with_format(0, 0, &sheet.campaign.name, &head)?;
    page.write_string(1, 0, format!("截至{}  单位：元", sheet.through))?;
    let mut line = 3;
    for (title, amount) in titled(&sheet.totals) {
        page.write_string(line, 0, title)?;
        page.write_with_format(line, 1, yuan(amount), &money)?;
        line += 1;
    }
    line += 1;
    for (column, title) in (0u16..).zip(["预算行", "预算", "支出", "预付未核销", "预算结余"]) {
        page.write_string_with_format(line, column, title, &head)?;
    }
    for row in &sheet.lines {
        line += 1;
        page.write_string(line, 0, format!("{} {}", row.code, row.name).trim())?;
        let rest = Money::from_fen(row.planned.fen() - row.spent.fen() - row.advanced.fen());
        for (column, amount) in (1u16..).zip([row.planned, row.spent, row.advanced, rest]) {
            page.write_with_format(line, column, yuan(amount), &money)?;
        }
    }
    workbook.save_to_buffer()
}
