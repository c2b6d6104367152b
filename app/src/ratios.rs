//! The ratios of 慈善法 61 and what platforms ask (facts: charity 7), from the books: each with the rule that is in force on the last day
//! of its year, what it is held against, and whether it holds. They are computed from the audited figures where there are adjustments, so
//! they are those of the published report.

use std::collections::BTreeMap;

use domain::role::{Forbidden, Member, Role};
use domain::{BookId, BusinessDate, CampaignId, Clock, Fraction, Money, Rate};
use entity::{Db, Tx, book, campaign, ratio_rule};
use ledger::Activities;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Set, Statement,
};
use serde_json::json;

use crate::closing::{Period, adjustments};
use crate::receipts::{Backlog, Receipts};
use crate::trail::{self, Line, staff};

/// Who reads ratios.
const READERS: [Role; 6] =
    [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Chair, Role::Disclosure, Role::Auditor];
/// Who writes down a new rule.
const KEEPERS: [Role; 1] = [Role::FinanceHead];

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
pub enum RatioError {
    /// There is no such book.
    #[error("no such book")]
    NoSuchBook,
    /// A field is not acceptable.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// In Chinese, for the person who filled it in.
        problem: &'static str,
    },
    /// Another rule begins on that day, or a later one stands.
    #[error("a rule of this ratio begins on that day or later")]
    RuleStands,
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// Which ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ratio {
    /// 年度慈善活动支出比例: programme cost ÷ income of the year before; at least.
    CharitableSpending,
    /// 管理费用比例: management ÷ all expenses; at most.
    ManagementShare,
    /// 募捐成本比例: fundraising cost ÷ what was raised; at most.
    FundraisingShare,
    /// 项目执行率: used ÷ raised of each campaign; at least.
    CampaignExecution,
}

impl Ratio {
    /// All of them.
    pub const ALL: [Ratio; 4] =
        [Ratio::CharitableSpending, Ratio::ManagementShare, Ratio::FundraisingShare, Ratio::CampaignExecution];

    /// Its name in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Ratio::CharitableSpending => "charitable_spending",
            Ratio::ManagementShare => "management_share",
            Ratio::FundraisingShare => "fundraising_share",
            Ratio::CampaignExecution => "campaign_execution",
        }
    }

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Ratio::CharitableSpending => "慈善活动支出占上年总收入比例",
            Ratio::ManagementShare => "管理费用占当年总支出比例",
            Ratio::FundraisingShare => "募捐成本占当年募捐收入比例",
            Ratio::CampaignExecution => "项目执行率",
        }
    }

    /// Whether it has to be at least what its rule says, not at most.
    pub fn is_floor(self) -> bool {
        matches!(self, Ratio::CharitableSpending | Ratio::CampaignExecution)
    }
}

/// Whether a ratio holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It is beyond what it is warned at.
    Warns,
    /// It is beyond what the rule allows.
    Breaks,
    /// The rule does not ask it of so little.
    Exempt,
    /// There is nothing to divide by.
    Undefined,
}

/// A ratio with its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Which.
    pub ratio: Ratio,
    /// Above the line.
    pub numerator: Money,
    /// Below it.
    pub denominator: Money,
    /// In per cent with two decimals, if there is something to divide by.
    pub percent: Option<String>,
    /// What it is held against.
    pub rule: Option<ratio_rule::Model>,
    /// Whether it holds.
    pub verdict: Verdict,
}

/// The ratio of one campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Which campaign.
    pub campaign: CampaignId,
    /// Its name.
    pub name: String,
    /// Its numbers.
    pub measured: Measured,
}

/// The ratios of a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ratios {
    /// The year.
    pub year: i32,
    /// The last day they are of.
    pub through: BusinessDate,
    /// Those of the book.
    pub of_book: Vec<Measured>,
    /// Those of its campaigns.
    pub of_campaigns: Vec<Executed>,
    /// Receipts that are wished for and missing.
    pub backlog: Backlog,
}

/// A rule as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    /// Of which ratio.
    pub ratio: Ratio,
    /// From which day.
    pub valid_from: BusinessDate,
    /// What it must not be beyond.
    pub bound: Option<Rate>,
    /// From where on it is warned.
    pub warning: Option<Rate>,
    /// Below this much a year it is not asked.
    pub exempt_below: Option<Money>,
    /// Where it is written.
    pub source: String,
}

/// Computes ratios.
#[derive(Clone)]
pub struct RatioBook {
    db: Db,
    clock: Clock,
    receipts: Receipts,
}

impl RatioBook {
    pub(crate) fn new(db: Db, clock: Clock, receipts: Receipts) -> RatioBook {
        RatioBook { db, clock, receipts }
    }

    /// The ratios of a year, up to today if it is not over. Eight statements.
    pub async fn of_year(&self, id: BookId, year: i32, by: &Member) -> Result<Ratios, RatioError> {
        by.must_be(&READERS)?;
        by.may(&READERS, &crowdfunding::book_place(self.db.read(), id).await?)?;
        let invalid = RatioError::Invalid { field: "year", problem: "没有这个会计年度" };
        let Some(period) = Period::year(year) else { return Err(invalid) };
        let tx = self.db.snapshot().await?;
        book::Entity::find_by_id(id).one(&tx).await?.ok_or(RatioError::NoSuchBook)?;
        let through = period.last.min(self.clock.today());
        if through < period.first {
            return Err(invalid);
        }
        let (of_book, of_campaigns) = measure(&tx, id, year, through).await?;
        tx.commit().await?;
        Ok(Ratios { year, through, of_book, of_campaigns, backlog: self.receipts.waiting().await? })
    }

    /// Every rule, by ratio, newest first.
    pub async fn rules(&self, by: &Member) -> Result<Vec<ratio_rule::Model>, RatioError> {
        by.must_be(&READERS)?;
        let rows = ratio_rule::Entity::find().order_by_asc(ratio_rule::Column::Ratio);
        Ok(rows.order_by_desc(ratio_rule::Column::ValidFrom).all(self.db.read()).await?)
    }

    /// Writes down what a ratio is held against from a day on, after every rule it has. The same again is the rule that stands.
    pub async fn rule(&self, new: NewRule, by: &Member) -> Result<ratio_rule::Model, RatioError> {
        by.must_be(&KEEPERS)?;
        by.may(&KEEPERS, &domain::UnitPath::whole())?;
        let source = new.source.trim().to_owned();
        if !(2..=200).contains(&source.chars().count()) {
            return Err(RatioError::Invalid { field: "source", problem: "请填写依据，2至200字" });
        }
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let text = |rate: Option<Rate>| rate.map(|rate| rate.to_string());
        let (bound, warning) = (text(new.bound), text(new.warning));
        let newest = ratio_rule::Entity::find()
            .filter(ratio_rule::Column::Ratio.eq(new.ratio.as_str()))
            .order_by_desc(ratio_rule::Column::ValidFrom)
            .one(&tx)
            .await?;
        if let Some(newest) = newest.filter(|newest| newest.valid_from >= new.valid_from) {
            let same = newest.valid_from == new.valid_from
                && (&newest.bound, &newest.warning, newest.exempt_below_fen, &newest.source)
                    == (&bound, &warning, new.exempt_below, &source);
            return if same { Ok(newest) } else { Err(RatioError::RuleStands) };
        }
        let row = ratio_rule::ActiveModel {
            ratio: Set(new.ratio.as_str().to_owned()),
            valid_from: Set(new.valid_from),
            bound: Set(bound),
            warning: Set(warning),
            exempt_below_fen: Set(new.exempt_below),
            source: Set(source),
            author_id: Set(Some(by.id)),
            created_us: Set(now),
        };
        let row = row.insert(&tx).await?;
        let detail = json!({ "valid_from": row.valid_from, "bound": row.bound, "warning": row.warning });
        let (actor, object) = (staff(by.id), format!("ratio:{}", row.ratio));
        let line = Line { actor, action: "ratio.rule", object, origin: by.origin.clone(), detail };
        trail::record(&tx, now, line).await?;
        tx.commit().await?;
        Ok(row)
    }
}

/// The ratios of a book and of its campaigns up to a day of a year, on a snapshot.
pub(crate) async fn measure(
    tx: &Tx,
    book: BookId,
    year: i32,
    through: BusinessDate,
) -> Result<(Vec<Measured>, Vec<Executed>), DbErr> {
    let no_year = || DbErr::Custom(format!("there is no year {year}"));
    let (period, before) = Period::year(year).zip(Period::year(year - 1)).ok_or_else(no_year)?;
    let (late, earlier) = (adjustments(tx, book, year).await?, adjustments(tx, book, year - 1).await?);
    let now = ledger::adjusted_activities(tx, book, (period.first, through), &late).await?;
    let then = ledger::adjusted_activities(tx, book, (before.first, before.last), &earlier).await?;
    let rules = rules_on(tx, through).await?;
    let measure = |ratio: Ratio, numerator: Money, denominator: Money| {
        measured(ratio, numerator, denominator, rules.get(ratio.as_str()))
    };
    let of_book = vec![
        measure(Ratio::CharitableSpending, row(&now, "programme_cost"), row(&then, "income")),
        measure(Ratio::ManagementShare, row(&now, "management"), row(&now, "expenses")),
        measure(Ratio::FundraisingShare, row(&now, "fundraising"), row(&now, "donations")),
    ];
    let of_campaigns = executed(tx, book, through).await?.into_iter().map(|(campaign, name, raised, used)| Executed {
        campaign,
        name,
        measured: measure(Ratio::CampaignExecution, used, raised),
    });
    Ok((of_book, of_campaigns.collect()))
}

/// The whole of a row of the year.
fn row(activities: &Activities, key: &str) -> Money {
    activities.rows.iter().find(|row| row.key == key).map_or(Money::ZERO, |row| row.year.total())
}

/// The rules in force on a day, by ratio.
async fn rules_on(tx: &Tx, day: BusinessDate) -> Result<BTreeMap<String, ratio_rule::Model>, DbErr> {
    let rows = ratio_rule::Entity::find().filter(ratio_rule::Column::ValidFrom.lte(day));
    let rows = rows.order_by_asc(ratio_rule::Column::ValidFrom).all(tx).await?;
    Ok(rows.into_iter().map(|row| (row.ratio.clone(), row)).collect())
}

fn measured(ratio: Ratio, numerator: Money, denominator: Money, rule: Option<&ratio_rule::Model>) -> Measured {
    let share = Fraction::new(i128::from(numerator.fen()), i128::from(denominator.fen()));
    let hundred = Fraction::new(100, 1);
    let percent = share.zip(hundred).and_then(|(share, hundred)| share.times(hundred)?.decimal(2));
    let rate = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Rate>().ok());
    // Compared by cross multiplication, so that a hair above ten per cent is above it.
    let beyond = |limit: Option<Rate>| {
        share.zip(limit).is_some_and(|(share, limit)| {
            let limit = limit.fraction();
            let left = share.numerator().checked_mul(limit.denominator());
            let right = limit.numerator().checked_mul(share.denominator());
            left.zip(right).is_some_and(|(left, right)| if ratio.is_floor() { left < right } else { left > right })
        })
    };
    let verdict = match rule {
        _ if share.is_none() => Verdict::Undefined,
        None => Verdict::Holds,
        Some(rule) if rule.exempt_below_fen.is_some_and(|least| numerator < least) => Verdict::Exempt,
        Some(rule) if beyond(rate(&rule.bound)) => Verdict::Breaks,
        Some(rule) if beyond(rate(&rule.warning)) => Verdict::Warns,
        Some(_) => Verdict::Holds,
    };
    Measured {
        ratio,
        numerator,
        denominator,
        percent: percent.map(|text| format!("{text}%")),
        rule: rule.cloned(),
        verdict,
    }
}

/// Each campaign with what was raised for it and what was used of it by the end of a day.
async fn executed(tx: &Tx, book: BookId, day: BusinessDate) -> Result<Vec<(CampaignId, String, Money, Money)>, DbErr> {
    // From the movement of days, as the public total is, less what closing moved and what raises nothing.
    let used = "(a.subject LIKE '5%' OR a.subject = '320101')";
    let closing = |own: &str, sign: &str| {
        format!(
            "SELECT a.campaign_id, {sign}p.amount_fen, 0 FROM entry e JOIN posting p ON p.entry_id = e.id JOIN a ON a.id = p.{own} \
             WHERE e.book_id = $1 AND e.book_date <= $2 AND e.kind = 'closing' AND {used}"
        )
    };
    let unmarked = |own: &str, sign: &str| {
        format!(
            "SELECT r.campaign_id, 0, {sign}p.amount_fen FROM r JOIN posting p ON p.{own} = r.id AND p.raised = 'none' \
             JOIN entry e ON e.id = p.entry_id WHERE e.book_date <= $2"
        )
    };
    let sql = format!(
        "WITH a AS (SELECT id, campaign_id, subject FROM account WHERE book_id = $1 AND campaign_id IS NOT NULL AND goods = false), \
         r AS (SELECT id, campaign_id FROM a WHERE subject LIKE '4101%' OR subject LIKE '3201%' OR subject = '3102'), \
         m AS (SELECT a.campaign_id, d.debit_fen - d.credit_fen AS used, 0 AS raised FROM a JOIN account_day d ON d.account_id = a.id \
         WHERE d.day <= $2 AND {used} UNION ALL {} UNION ALL {} \
         UNION ALL SELECT r.campaign_id, 0, d.credit_fen - d.debit_fen FROM r JOIN account_day d ON d.account_id = r.id WHERE d.day <= $2 \
         UNION ALL {} UNION ALL {}) \
         SELECT campaign_id, CAST(SUM(used) AS BIGINT) AS used, CAST(SUM(raised) AS BIGINT) AS raised FROM m \
         GROUP BY campaign_id ORDER BY campaign_id",
        closing("debit_account", "-"),
        closing("credit_account", ""),
        unmarked("credit_account", "-"),
        unmarked("debit_account", ""),
    );
    let values = [book.into(), day.to_string().into()];
    let rows = tx.query_all_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    let names = campaign::Entity::find().filter(campaign::Column::BookId.eq(book)).all(tx).await?;
    let names: BTreeMap<CampaignId, String> = names.into_iter().map(|row| (row.id, row.name)).collect();
    rows.iter()
        .map(|row| {
            let id: CampaignId = row.try_get("", "campaign_id")?;
            let money = |column: &str| row.try_get::<i64>("", column).map(Money::from_fen);
            Ok((id, names.get(&id).cloned().unwrap_or_default(), money("raised")?, money("used")?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(bound: Option<&str>, warning: Option<&str>, exempt: Option<i64>) -> ratio_rule::Model {
        ratio_rule::Model {
            ratio: String::new(),
            valid_from: "2024-09-05".parse().unwrap(),
            bound: bound.map(str::to_owned),
            warning: warning.map(str::to_owned),
            exempt_below_fen: exempt.map(Money::from_fen),
            source: String::new(),
            author_id: None,
            created_us: domain::Timestamp::from_us(0),
        }
    }

    fn verdict(ratio: Ratio, above: i64, below: i64, rule: &ratio_rule::Model) -> (Option<String>, Verdict) {
        let measured = measured(ratio, Money::from_fen(above), Money::from_fen(below), Some(rule));
        (measured.percent, measured.verdict)
    }

    #[test]
    fn the_worked_shares_of_the_facts() {
        let ten = rule(Some("0.1"), None, Some(20_000_000));
        let of = |above, below| verdict(Ratio::ManagementShare, above, below, &ten);
        assert_eq!(of(60_000_000, 650_000_000), (Some("9.23%".into()), Verdict::Holds));
        assert_eq!(of(66_000_000, 650_000_000), (Some("10.15%".into()), Verdict::Breaks));
        assert_eq!(of(65_000_000, 650_000_000), (Some("10.00%".into()), Verdict::Holds));
        assert_eq!(of(65_000_001, 650_000_000), (Some("10.00%".into()), Verdict::Breaks), "a fen above ten per cent");
        assert_eq!(of(3_000, 11_060), (Some("27.12%".into()), Verdict::Exempt));
        assert_eq!(of(0, 0), (None, Verdict::Undefined));
    }

    #[test]
    fn a_floor_breaks_from_below_and_a_draft_only_warns() {
        let seventy = rule(Some("0.7"), None, None);
        assert_eq!(verdict(Ratio::CharitableSpending, 70, 100, &seventy).1, Verdict::Holds);
        assert_eq!(verdict(Ratio::CharitableSpending, 69, 100, &seventy).1, Verdict::Breaks);
        let draft = rule(None, Some("0.03"), None);
        assert_eq!(verdict(Ratio::FundraisingShare, 3, 100, &draft).1, Verdict::Holds);
        assert_eq!(verdict(Ratio::FundraisingShare, 4, 100, &draft).1, Verdict::Warns);
    }
}
