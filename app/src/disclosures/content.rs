//! The text of a report: who tells, of what, up to which day; the figures, from the ledger; and words for what figures cannot say.
//!
//! It is JSON with its members in a fixed order and is frozen as it is written here. Every sum is of entries booked by the last day it
//! tells of. Counts of gifts follow the day of confirmation; what went back since is not counted.

use std::collections::BTreeMap;

use crowdfunding::spending::children;
use domain::campaign::CampaignState;
use domain::duty::{DutyKind, EventKind};
use domain::plan::{BudgetKind, PartnerKind};
use domain::{BookId, BusinessDate, CampaignId, DisclosureId, MajorEventId, Money, Timestamp};
use entity::{Tx, budget_line, campaign, campaign_update, cooperation, disclosure, milestone, partner};
use ledger::CampaignSheet;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Statement};
use serde::Serialize;

use super::{About, DisclosureError, OF_CAMPAIGN, Result, Subject, Wish, unevaluated};

/// What figures cannot say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Words {
    /// 情况说明.
    pub summary: String,
    /// 剩余款物的使用计划或处理情况.
    pub rest: String,
    /// 对合作方的评估、监督情况, beyond what the evaluation itself says.
    pub partner: String,
}

/// A text, and what it tells of.
pub(super) struct Drawn {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) from: BusinessDate,
    pub(super) through: BusinessDate,
}

#[derive(Serialize)]
struct Content<'a> {
    form: &'static str,
    kind: DutyKind,
    title: String,
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<Corrects<'a>>,
    drawn_at: Timestamp,
    organisation: Organisation<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<Campaign<'a>>,
    period: Period,
    figures: Figures,
    words: &'a Words,
}

/// Which version it takes the place of, and why.
#[derive(Serialize)]
struct Corrects<'a> {
    id: DisclosureId,
    version: i64,
    fingerprint: String,
    note: &'a str,
}

#[derive(Serialize)]
struct Organisation<'a> {
    name: &'a str,
    credit_code: Option<&'a str>,
}

#[derive(Serialize)]
struct Campaign<'a> {
    id: CampaignId,
    name: &'a str,
    filing_number: Option<&'a str>,
    project_number: Option<String>,
    platform_number: Option<&'a str>,
    target: Money,
    opened_on: Option<BusinessDate>,
    ended_on: Option<BusinessDate>,
    planned_end: BusinessDate,
}

#[derive(Serialize)]
struct Period {
    from: BusinessDate,
    through: BusinessDate,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Figures {
    Campaign(Box<OfCampaign>),
    Year(Box<OfYear>),
    Event(OfEvent),
}

/// Within the period, and up to its last day.
#[derive(Clone, Copy, Serialize)]
struct Both {
    period: Money,
    total: Money,
}

impl From<(Money, Money)> for Both {
    fn from((period, total): (Money, Money)) -> Both {
        Both { period, total }
    }
}

#[derive(Serialize)]
struct OfCampaign {
    /// 募得款 net of refunds: the public total.
    raised: Both,
    /// 募得物资折价.
    goods: Both,
    /// 按渠道.
    received: BTreeMap<String, Both>,
    /// 退款, decided and not given up.
    refunded: Both,
    gifts: Gifts,
    /// 募捐成本 borne by the campaign.
    fundraising_cost: Both,
    /// 按预算项目.
    used: Vec<Used>,
    used_total: Both,
    /// 预付未核销.
    advances: Money,
    /// 剩余款物转出 (negative) and 转入.
    moved: Both,
    /// 尚未使用.
    left: Money,
    milestones: Vec<Step>,
    /// What was told of progress within the period.
    updates: Vec<Told>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner: Option<Partner>,
    /// Aid to minors by county, no cell under five.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    minors: Vec<Cell>,
}

#[derive(Serialize)]
struct Gifts {
    period: i64,
    total: i64,
    /// Different givers.
    donors: i64,
    /// Gifts whose givers agree to be named. The names are in no frozen text.
    named: i64,
    named_amount: Money,
}

#[derive(Serialize)]
struct Used {
    line: Option<String>,
    name: String,
    kind: Option<BudgetKind>,
    planned: Money,
    #[serde(flatten)]
    used: Both,
}

#[derive(Serialize)]
struct Step {
    name: String,
    due: BusinessDate,
    progress: i64,
    note: String,
}

#[derive(Serialize)]
struct Told {
    title: String,
    on: BusinessDate,
}

#[derive(Serialize)]
struct Partner {
    name: String,
    kind: PartnerKind,
    signed_on: BusinessDate,
    agreement: String,
    score: Option<i64>,
    findings: Option<String>,
    evaluated_on: Option<BusinessDate>,
}

#[derive(Serialize)]
struct Cell {
    /// The county; none for several told together.
    county: Option<String>,
    name: Option<&'static str>,
    payments: i64,
    amount: Money,
}

#[derive(Serialize)]
struct OfYear {
    year: i32,
    /// 业务活动表, 本年累计.
    activities: Vec<Activity>,
    ratios: Ratios,
    /// Public campaigns of the year.
    campaigns: Vec<CampaignOfYear>,
    /// Payments to related persons and organisations.
    related: Related,
}

#[derive(Serialize)]
struct Activity {
    key: &'static str,
    title: &'static str,
    unrestricted: Money,
    restricted: Money,
    total: Money,
}

/// In percent, two places, half up; none without what it is measured by.
#[derive(Serialize)]
struct Ratios {
    /// 业务活动成本 to last year's income (facts: charity 7).
    charitable_spending: Option<String>,
    /// 管理费用 to all expenses.
    management: Option<String>,
    /// 筹资费用 to income from donations.
    fundraising: Option<String>,
}

#[derive(Serialize)]
struct CampaignOfYear {
    id: CampaignId,
    name: String,
    filing_number: Option<String>,
    raised: Money,
}

#[derive(Serialize)]
struct Related {
    payments: i64,
    amount: Money,
}

#[derive(Serialize)]
struct OfEvent {
    id: MajorEventId,
    kind: EventKind,
    title: String,
    words: String,
    happened_on: BusinessDate,
}

/// Draws a report up as the books stand in this transaction. `before` is the version it takes the place of.
pub(super) async fn draw(
    tx: &Tx,
    now: Timestamp,
    wish: &Wish,
    subject: &Subject,
    before: Option<(DisclosureId, &disclosure::Model)>,
) -> Result<Drawn> {
    let today = BusinessDate::of(now);
    for (field, text) in [
        ("words.summary", &wish.words.summary),
        ("words.rest", &wish.words.rest),
        ("words.partner", &wish.words.partner),
    ] {
        if text.chars().count() > 5_000 {
            return Err(DisclosureError::Invalid { field, problem: "说明最多5000字" });
        }
    }
    let (from, through) = days(wish, subject, today)?;
    let figures = match (wish.about, &subject.campaign, &subject.event) {
        (About::Campaign(_), Some(row), _) if OF_CAMPAIGN.contains(&wish.kind) => {
            due(wish.kind, row)?;
            Figures::Campaign(Box::new(of_campaign(tx, wish, row, (from, through)).await?))
        }
        (About::Year(book, year), ..) if matches!(wish.kind, DutyKind::AnnualReport | DutyKind::RelatedParties) => {
            Figures::Year(Box::new(of_year(tx, book, year, (from, through)).await?))
        }
        (About::Event(_), _, Some(row))
            if wish.kind == DutyKind::MajorEvent && row.kind != EventKind::EmergencyOver =>
        {
            Figures::Event(OfEvent {
                id: row.id,
                kind: row.kind,
                title: row.title.clone(),
                words: row.words.clone(),
                happened_on: row.happened_on,
            })
        }
        _ => {
            return Err(DisclosureError::Invalid {
                field: "kind", problem: "该类报告不适用于所选的项目、年度或事项"
            });
        }
    };
    let name = match (&subject.campaign, wish.about, &subject.event) {
        (_, About::Year(_, year), _) => format!("{}{year}年", subject.book.name),
        (_, _, Some(event)) => event.title.clone(),
        (Some(row), ..) => row.name.clone(),
        (None, ..) => subject.book.name.clone(),
    };
    let title = format!("{name}{}", wish.kind.title());
    let corrects = before.map(|(_, row)| Corrects {
        id: row.id,
        version: row.version,
        fingerprint: hex::encode(&row.fingerprint),
        note: wish.correction.as_deref().map(str::trim).unwrap_or_default(),
    });
    let campaign = match &subject.campaign {
        Some(row) => Some(head(tx, row).await?),
        None => None,
    };
    let content = Content {
        form: "sangzi-disclosure/1",
        kind: wish.kind,
        title: title.clone(),
        version: before.map_or(1, |(_, row)| row.version + 1),
        corrects,
        drawn_at: now,
        organisation: Organisation { name: &subject.book.name, credit_code: subject.book.credit_code.as_deref() },
        campaign,
        period: Period { from, through },
        figures,
        words: &wish.words,
    };
    let text = serde_json::to_string_pretty(&content).map_err(|error| DbErr::Custom(error.to_string()))?;
    Ok(Drawn { title, text, from, through })
}

/// The first and the last day it tells of.
fn days(wish: &Wish, subject: &Subject, today: BusinessDate) -> Result<(BusinessDate, BusinessDate)> {
    let (from, through) = match (wish.about, &subject.event) {
        (About::Year(_, year), _) => {
            let (first, last) = (BusinessDate::new(year, 1, 1), BusinessDate::new(year, 12, 31));
            first.zip(last).ok_or(DisclosureError::Invalid { field: "year", problem: "没有这个年度" })?
        }
        (_, Some(event)) => (event.happened_on, event.happened_on),
        (About::Campaign(_) | About::Event(_), None) => {
            let opened = subject.campaign.as_ref().and_then(|row| row.opened_us).map(BusinessDate::of);
            let through = wish.through.unwrap_or(today);
            (wish.from.or(opened).unwrap_or(through).min(through), through)
        }
    };
    if through > today {
        return Err(DisclosureError::TooEarly("所公布的期间尚未结束。"));
    }
    if wish.from.is_some_and(|first| first > through) {
        return Err(DisclosureError::Invalid { field: "from", problem: "起始日期不能晚于截止日期" });
    }
    Ok((from, through))
}

/// Whether the time of a report has come.
fn due(kind: DutyKind, row: &campaign::Model) -> Result<()> {
    use CampaignState::{Closed, Closing, Terminated};
    let too_early = |why| Err(DisclosureError::TooEarly(why));
    match kind {
        _ if !row.state.is_public() => too_early("项目尚未公开。"),
        DutyKind::RaisingReport if row.ended_us.is_none() => too_early("募捐活动结束后才能编制全面情况报告。"),
        DutyKind::ProjectReport if !matches!(row.state, Closing | Closed | Terminated) => {
            too_early("项目进入结项后才能编制项目实施情况全面报告。")
        }
        DutyKind::EmergencyReceipts if !row.emergency => too_early("只有应急募捐项目需要应急阶段公示。"),
        _ => Ok(()),
    }
}

async fn head<'a>(tx: &Tx, row: &'a campaign::Model) -> Result<Campaign<'a>> {
    let plans = crowdfunding::plan_versions(tx, row.id).await?;
    let plan = plans.into_iter().find(|version| version.version == row.plan_version);
    Ok(Campaign {
        id: row.id,
        name: &row.name,
        filing_number: row.filing_number.as_deref(),
        project_number: plan.and_then(|version| version.plan.terms.project_number),
        platform_number: row.platform_number.as_deref(),
        target: row.target_fen,
        opened_on: row.opened_us.map(BusinessDate::of),
        ended_on: row.ended_us.map(BusinessDate::of),
        planned_end: BusinessDate::of(row.ends_us),
    })
}

fn both<T>(lines: &[T], fits: impl Fn(&T) -> bool, amounts: impl Fn(&T) -> (Money, Money)) -> Both {
    let (period, total) = lines
        .iter()
        .filter(|line| fits(line))
        .map(amounts)
        .fold((0, 0), |(period, total), (of_period, of_all)| (period + of_period.fen(), total + of_all.fen()));
    Both { period: Money::from_fen(period), total: Money::from_fen(total) }
}

async fn of_campaign(
    tx: &Tx,
    wish: &Wish,
    row: &campaign::Model,
    period: (BusinessDate, BusinessDate),
) -> Result<OfCampaign> {
    let sheet = ledger::campaign_sheet(tx, row.book_id, row.id, period).await?;
    let left = sheet.left();
    let full = matches!(wish.kind, DutyKind::RaisingReport | DutyKind::ProjectReport);
    if full && left.is_positive() && wish.words.rest.trim().is_empty() {
        let problem = "尚有未使用的款项，请写明使用计划或处理情况";
        return Err(DisclosureError::Invalid { field: "words.rest", problem });
    }
    if wish.kind == DutyKind::RaisingReport && unevaluated(tx, row.id).await? {
        let problem = "请先完成对合作方的评估，全面情况报告须包含评估情况";
        return Err(DisclosureError::Invalid { field: "partner", problem });
    }
    let inflow = |line: &ledger::Inflow| (line.period_fen, line.total_fen);
    let outflow = |line: &ledger::Outflow| (line.period_fen, line.total_fen);
    let refund = |kind: &str| kind.starts_with("refund_");
    let mut received: BTreeMap<String, Both> = BTreeMap::new();
    for line in sheet.inflows.iter().filter(|line| line.raised == "cash" && !refund(&line.kind)) {
        let sum = received.entry(line.channel.clone().unwrap_or_else(|| "other".to_owned()));
        let sum = sum.or_insert(Both { period: Money::ZERO, total: Money::ZERO });
        *sum = (
            Money::from_fen(sum.period.fen() + line.period_fen.fen()),
            Money::from_fen(sum.total.fen() + line.total_fen.fen()),
        )
            .into();
    }
    let back = both(&sheet.inflows, |line| line.raised == "cash" && refund(&line.kind), inflow);
    let partner = if wish.kind == DutyKind::RaisingReport { partner_of(tx, row.id).await? } else { None };
    // Cells of one report and the next would tell a single child as the difference: they stand in the last report alone.
    let minors = if wish.kind == DutyKind::ProjectReport { minors_of(tx, row.id, period.1).await? } else { Vec::new() };
    Ok(OfCampaign {
        raised: sheet.raised().into(),
        goods: sheet.goods().into(),
        received,
        refunded: Both { period: Money::from_fen(-back.period.fen()), total: Money::from_fen(-back.total.fen()) },
        gifts: gifts(tx, row.id, period).await?,
        fundraising_cost: both(&sheet.outflows, |line| line.subject == "5401", outflow),
        used: used(tx, row.id, &sheet).await?,
        used_total: both(&sheet.outflows, |line| line.subject != "1141", outflow),
        advances: both(&sheet.outflows, |line| line.subject == "1141", outflow).total,
        moved: both(&sheet.inflows, |line| line.kind == "leftover", inflow),
        left,
        milestones: milestones(tx, row.id).await?,
        updates: updates(tx, row.id, period).await?,
        partner,
        minors,
    })
}

/// What each line of the budget was planned and used for; what was charged to no line, or came back of an earlier year, by itself.
async fn used(tx: &Tx, campaign: CampaignId, sheet: &CampaignSheet) -> Result<Vec<Used>> {
    let lines: Vec<budget_line::Model> = crowdfunding::budget(tx, campaign).await?;
    let amounts = |line: &ledger::Outflow| (line.period_fen, line.total_fen);
    let expense = |line: &ledger::Outflow| line.subject != "1141";
    let mut used: Vec<Used> = lines
        .iter()
        .map(|line| Used {
            line: Some(line.code.clone()),
            name: line.name.clone(),
            kind: Some(line.kind),
            planned: line.planned_fen,
            used: both(&sheet.outflows, |of| expense(of) && of.budget_line.as_deref() == Some(&line.code), amounts),
        })
        .collect();
    let known = |of: &ledger::Outflow| lines.iter().any(|line| of.budget_line.as_deref() == Some(&line.code));
    let rest = both(&sheet.outflows, |of| expense(of) && !known(of), amounts);
    if rest.total != Money::ZERO || rest.period != Money::ZERO {
        used.push(Used {
            line: None, name: "未列预算项目".to_owned(), kind: None, planned: Money::ZERO, used: rest
        });
    }
    Ok(used)
}

/// Gifts that were confirmed and are not given back, and who gave them.
async fn gifts(tx: &Tx, campaign: CampaignId, (from, through): (BusinessDate, BusinessDate)) -> Result<Gifts, DbErr> {
    let sql = "SELECT CAST(count(*) AS BIGINT) AS total, \
               CAST(COALESCE(SUM(CASE WHEN confirmed_us >= $2 THEN 1 ELSE 0 END), 0) AS BIGINT) AS period, \
               CAST(count(DISTINCT donor_id) + count(DISTINCT CASE WHEN donor_id IS NULL THEN counterparty END) AS BIGINT) AS donors, \
               CAST(COALESCE(SUM(CASE WHEN anonymity = 'name' THEN 1 ELSE 0 END), 0) AS BIGINT) AS named, \
               CAST(COALESCE(SUM(CASE WHEN anonymity = 'name' THEN amount_fen - refunded_fen ELSE 0 END), 0) AS BIGINT) AS named_fen \
               FROM donation WHERE campaign_id = $1 AND confirmed_us < $3 AND state <> 'refunded'";
    let values = [campaign.into(), from.start().into(), through.next().start().into()];
    let row = tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    let row = row.ok_or_else(|| DbErr::Custom("a count has no row".to_owned()))?;
    Ok(Gifts {
        period: row.try_get("", "period")?,
        total: row.try_get("", "total")?,
        donors: row.try_get("", "donors")?,
        named: row.try_get("", "named")?,
        named_amount: Money::from_fen(row.try_get("", "named_fen")?),
    })
}

async fn milestones(tx: &Tx, campaign: CampaignId) -> Result<Vec<Step>> {
    let rows: Vec<milestone::Model> = crowdfunding::milestones(tx, campaign).await?;
    let step = |row: milestone::Model| Step { name: row.name, due: row.due, progress: row.progress, note: row.note };
    Ok(rows.into_iter().map(step).collect())
}

async fn updates(
    tx: &Tx,
    campaign: CampaignId,
    (from, through): (BusinessDate, BusinessDate),
) -> Result<Vec<Told>, DbErr> {
    let rows = campaign_update::Entity::find()
        .filter(campaign_update::Column::CampaignId.eq(campaign))
        .filter(campaign_update::Column::State.eq("published"))
        .filter(campaign_update::Column::PublishedUs.gte(from.start()))
        .filter(campaign_update::Column::PublishedUs.lt(through.next().start()))
        .order_by_asc(campaign_update::Column::PublishedUs)
        .all(tx)
        .await?;
    let told = |row: campaign_update::Model| Some(Told { on: BusinessDate::of(row.published_us?), title: row.title });
    Ok(rows.into_iter().filter_map(told).collect())
}

async fn partner_of(tx: &Tx, campaign: CampaignId) -> Result<Option<Partner>, DbErr> {
    let Some(with) = cooperation::Entity::find_by_id(campaign).one(tx).await? else { return Ok(None) };
    let found = partner::Entity::find_by_id(with.partner_id).one(tx).await?;
    Ok(found.map(|partner| Partner {
        name: partner.name,
        kind: partner.kind,
        signed_on: with.signed_on,
        agreement: with.agreement,
        score: with.score,
        findings: with.findings,
        evaluated_on: with.evaluated_on,
    }))
}

async fn minors_of(tx: &Tx, campaign: CampaignId, on: BusinessDate) -> Result<Vec<Cell>, DbErr> {
    let cell = |cell: crowdfunding::spending::ChildrenCell| Cell {
        name: cell.division.as_deref().and_then(|code| domain::division::standing(code, on)).map(|found| found.name),
        county: cell.division,
        payments: cell.count,
        amount: cell.amount,
    };
    Ok(children(tx, campaign).await?.into_iter().map(cell).collect())
}

async fn of_year(
    tx: &Tx,
    book: BookId,
    year: i32,
    (first, last): (BusinessDate, BusinessDate),
) -> Result<OfYear, DbErr> {
    let rows = ledger::activities(tx, book, first, last).await?.rows;
    let total = |key: &str| rows.iter().find(|row| row.key == key).map_or(0, |row| row.year.total().fen());
    let expenses: i64 = [
        "programme_cost",
        "taxes_and_levies",
        "management",
        "fundraising",
        "impairment",
        "income_tax",
        "other_expenses",
    ]
    .into_iter()
    .map(total)
    .sum();
    let before = match (BusinessDate::new(year - 1, 1, 1), BusinessDate::new(year - 1, 12, 31)) {
        (Some(first), Some(last)) => ledger::activities(tx, book, first, last).await?.rows,
        _ => Vec::new(),
    };
    const INCOME: [&str; 8] = [
        "donations",
        "membership_fees",
        "services",
        "government_grants",
        "sales",
        "investment_income",
        "head_office_grants",
        "other_income",
    ];
    let last_income: i64 =
        before.iter().filter(|row| INCOME.contains(&row.key)).map(|row| row.year.total().fen()).sum();
    let ratios = Ratios {
        charitable_spending: percent(total("programme_cost"), last_income),
        management: percent(total("management"), expenses),
        fundraising: percent(total("fundraising"), total("donations")),
    };
    let activities = rows
        .iter()
        .map(|row| Activity {
            key: row.key,
            title: row.title,
            unrestricted: row.year.unrestricted,
            restricted: row.year.restricted,
            total: row.year.total(),
        })
        .collect();
    Ok(OfYear {
        year,
        activities,
        ratios,
        campaigns: campaigns(tx, book, first, last).await?,
        related: related(tx, book, first, last).await?,
    })
}

/// Hundredths of a percent, half up.
fn percent(part: i64, whole: i64) -> Option<String> {
    if whole <= 0 {
        return None;
    }
    let (part, whole) = (i128::from(part.max(0)), i128::from(whole));
    let hundredths = (part * 20_000 + whole) / (2 * whole);
    Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

/// The campaigns that money came for in the year, and how much.
async fn campaigns(
    tx: &Tx,
    book: BookId,
    first: BusinessDate,
    last: BusinessDate,
) -> Result<Vec<CampaignOfYear>, DbErr> {
    #[derive(FromQueryResult)]
    struct Line {
        id: CampaignId,
        name: String,
        filing_number: Option<String>,
        fen: Money,
    }
    // Days of the income accounts, year-end closing taken back: it moves the year's income to net assets on its last day.
    let sql = "SELECT c.id, c.name, c.filing_number, CAST(SUM(m.fen) AS BIGINT) AS fen FROM ( \
               SELECT a.campaign_id, d.credit_fen - d.debit_fen AS fen FROM account a JOIN account_day d ON d.account_id = a.id \
               WHERE a.book_id = $1 AND a.campaign_id IS NOT NULL AND a.goods = false AND a.subject LIKE '4101%' AND d.day >= $2 AND d.day <= $3 \
               UNION ALL SELECT a.campaign_id, p.amount_fen AS fen FROM entry e JOIN posting p ON p.entry_id = e.id \
               JOIN account a ON a.id = p.debit_account WHERE e.book_id = $1 AND e.kind = 'closing' AND e.book_date >= $2 AND e.book_date <= $3 \
               AND a.campaign_id IS NOT NULL AND a.goods = false AND a.subject LIKE '4101%') m \
               JOIN campaign c ON c.id = m.campaign_id GROUP BY c.id, c.name, c.filing_number HAVING SUM(m.fen) <> 0 ORDER BY c.id";
    let values = [book.into(), first.into(), last.into()];
    let lines =
        Line::find_by_statement(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).all(tx).await?;
    let line = |line: Line| CampaignOfYear {
        id: line.id,
        name: line.name,
        filing_number: line.filing_number,
        raised: line.fen,
    };
    Ok(lines.into_iter().map(line).collect())
}

/// What was paid to payees that are marked as related.
async fn related(tx: &Tx, book: BookId, first: BusinessDate, last: BusinessDate) -> Result<Related, DbErr> {
    let sql = "SELECT CAST(count(*) AS BIGINT) AS n, CAST(COALESCE(SUM(o.amount_fen), 0) AS BIGINT) AS fen FROM payout o \
               JOIN payee p ON p.id = o.payee_id WHERE p.book_id = $1 AND p.related AND o.state = 'confirmed' \
               AND o.paid_on >= $2 AND o.paid_on <= $3";
    let values = [book.into(), first.into(), last.into()];
    let row = tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    let row = row.ok_or_else(|| DbErr::Custom("a count has no row".to_owned()))?;
    Ok(Related { payments: row.try_get("", "n")?, amount: Money::from_fen(row.try_get("", "fen")?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_half_up_to_two_places() {
        // The example of the fact sheet, and its breach.
        assert_eq!(percent(60_000_000, 650_000_000).as_deref(), Some("9.23"));
        assert_eq!(percent(66_000_000, 650_000_000).as_deref(), Some("10.15"));
        assert_eq!(percent(1, 20_000).as_deref(), Some("0.01"));
        assert_eq!(percent(0, 1).as_deref(), Some("0.00"));
        assert_eq!(percent(1, 0), None);
    }
}
