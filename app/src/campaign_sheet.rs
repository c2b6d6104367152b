//! The sheet of a campaign (项目收支表): raised, refunded, fees, spent by budget line, left; from the books, on a day's end or now.

use std::collections::BTreeMap;

use domain::role::{Forbidden, Member, Role};
use domain::{BookId, BusinessDate, CampaignId, Clock, Money};
use entity::{Db, Rows, Tx, budget_line, campaign};
use rust_decimal::Decimal;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

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
        let (book, through) = (row.book_id, through.unwrap_or(today).min(today));
        let sheet = sheets(&tx, book, vec![row], through).await?.pop().ok_or(SheetError::NoSuchCampaign)?;
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

/// The sheets of campaigns of one book, all or one, on a snapshot. Five statements however many.
pub(crate) async fn sheets(
    tx: &Tx,
    book: BookId,
    rows: Vec<campaign::Model>,
    through: BusinessDate,
) -> Result<Vec<CampaignSheet>, DbErr> {
    let ids: Vec<CampaignId> = rows.iter().map(|row| row.id).collect();
    let only = if let [id] = ids[..] { Some(id) } else { None };
    let mut moved = ledger::campaign_sheets(tx, book, only, (through, through)).await?;
    let mut fees = fees(tx, &ids, through).await?;
    let committed: BTreeMap<CampaignId, Money> =
        ledger::funds(tx, &ids).await?.into_iter().map(|(id, fund)| (id, fund.committed)).collect();
    let planned = budget_line::Entity::find()
        .filter(budget_line::Column::CampaignId.is_in(ids.iter().copied()))
        .order_by_asc(budget_line::Column::Position)
        .order_by_asc(budget_line::Column::Code)
        .all(tx)
        .await?;
    let mut lines: BTreeMap<CampaignId, Vec<budget_line::Model>> = BTreeMap::new();
    for line in planned {
        lines.entry(line.campaign_id).or_default().push(line);
    }
    let sheet = |row: campaign::Model| {
        let mut sheet = of_books(moved.remove(&row.id).unwrap_or_default(), lines.remove(&row.id).unwrap_or_default());
        sheet.0.fees = fees.remove(&row.id).unwrap_or_default();
        sheet.0.committed = committed.get(&row.id).copied().unwrap_or_default();
        CampaignSheet { campaign: row, through, totals: sheet.0, lines: sheet.1 }
    };
    Ok(rows.into_iter().map(sheet).collect())
}

/// What the books say of a campaign, in the words of its sheet, and what was spent on each of its budget lines.
fn of_books(moved: ledger::CampaignSheet, planned: Vec<budget_line::Model>) -> (Totals, Vec<SpentLine>) {
    let fen = |pick: &dyn Fn(&ledger::Inflow) -> bool| {
        Money::from_fen(moved.inflows.iter().filter(|line| pick(line)).map(|line| line.total_fen.fen()).sum())
    };
    let back = |line: &ledger::Inflow| line.kind.starts_with("refund");
    let given = fen(&|line| line.raised == "cash" && !back(line));
    let raised = moved.raised().1;
    // An expense of a former year that comes back is credited to 320101 (12d, 12e), and counts as spent less.
    let mut spent: BTreeMap<String, (Money, Money)> = BTreeMap::new();
    for line in &moved.outflows {
        let of_line = spent.entry(line.budget_line.clone().unwrap_or_default()).or_default();
        let part = if line.subject == "1141" { &mut of_line.1 } else { &mut of_line.0 };
        *part = Money::from_fen(part.fen() + line.total_fen.fen());
    }
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
    let totals = Totals {
        given,
        refunded: Money::from_fen(given.fen() - raised.fen()),
        raised,
        goods: moved.goods().1,
        fees: Money::ZERO,
        other: fen(&|line| line.raised == "none"),
        spent: sum(|line| line.spent),
        advanced: sum(|line| line.advanced),
        left: moved.left(),
        committed: Money::ZERO,
    };
    (totals, lines)
}

/// What the channel's bills took for the gifts of campaigns, less what they gave back. What was charged is found by the payment it was
/// charged for.
async fn fees(tx: &Tx, campaigns: &[CampaignId], through: BusinessDate) -> Result<BTreeMap<CampaignId, Money>, DbErr> {
    let half = |own: &str, sign: &str| {
        format!(
            "SELECT d.campaign_id, {sign}p.amount_fen AS fen FROM account a JOIN posting p ON p.{own} = a.id JOIN entry e ON e.id = p.entry_id \
             JOIN donation d ON d.transaction_id = e.document JOIN {{rows}} ON r.id = d.campaign_id \
             WHERE a.subject = '5401' AND a.channel = 'wechat' AND e.kind = 'fee' AND e.book_date <= $1"
        )
    };
    let refunds = "SELECT d.campaign_id, -p.amount_fen AS fen FROM refund f JOIN donation d ON d.id = f.donation_id \
                   JOIN {rows} ON r.id = d.campaign_id JOIN entry e ON e.document = f.channel_refund_id JOIN posting p ON p.entry_id = e.id \
                   JOIN account a ON a.id = p.credit_account \
                   WHERE e.kind = 'fee_returned' AND e.book_date <= $1 AND a.subject = '5401'";
    let sql = format!(
        "SELECT campaign_id, CAST(COALESCE(SUM(fen), 0) AS BIGINT) AS fen FROM ({} UNION ALL {} UNION ALL {refunds}) t GROUP BY campaign_id",
        half("debit_account", ""),
        half("credit_account", "-"),
    );
    let rows = Rows::new().uuid("id", campaigns.iter().map(|id| id.uuid()));
    let found = tx.query_all_raw(rows.statement(tx.get_database_backend(), &sql, [through.to_string().into()])).await?;
    found.iter().map(|row| Ok((row.try_get("", "campaign_id")?, Money::from_fen(row.try_get("", "fen")?)))).collect()
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
