//! The ratios of a year, what they are held against, and the sheet of a campaign.

use std::sync::Arc;

use app::App;
use app::campaign_sheet::{CampaignSheet, SpentLine, Totals};
use app::ratios::{Executed, Measured, NewRule, Ratio, Verdict};
use domain::Rate;
use entity::ratio_rule;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::document::{self, Download};
use crate::error::ApiError;
use crate::page::Page;
use crate::tag::Tag;
use crate::wire::{Day, SignedYuan, Text, Yuan};

/// Which ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum RatioWord {
    /// 慈善活动支出 ÷ 上年总收入, at least.
    CharitableSpending,
    /// 管理费用 ÷ 当年总支出, at most.
    ManagementShare,
    /// 募捐成本 ÷ 当年募捐收入, at most.
    FundraisingShare,
    /// 项目已用 ÷ 已募, at least.
    CampaignExecution,
}

impl From<Ratio> for RatioWord {
    fn from(ratio: Ratio) -> RatioWord {
        match ratio {
            Ratio::CharitableSpending => RatioWord::CharitableSpending,
            Ratio::ManagementShare => RatioWord::ManagementShare,
            Ratio::FundraisingShare => RatioWord::FundraisingShare,
            Ratio::CampaignExecution => RatioWord::CampaignExecution,
        }
    }
}

impl From<RatioWord> for Ratio {
    fn from(word: RatioWord) -> Ratio {
        match word {
            RatioWord::CharitableSpending => Ratio::CharitableSpending,
            RatioWord::ManagementShare => Ratio::ManagementShare,
            RatioWord::FundraisingShare => Ratio::FundraisingShare,
            RatioWord::CampaignExecution => Ratio::CampaignExecution,
        }
    }
}

/// Whether a ratio holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum RatioVerdict {
    /// It holds.
    Holds,
    /// It is beyond what it is warned at.
    Warns,
    /// It is beyond the limit.
    Breaks,
    /// The rule does not ask it of so little.
    Exempt,
    /// There is nothing to divide by.
    Undefined,
}

/// A ratio with its numbers and what it is held against.
#[derive(Object)]
struct MeasuredRatio {
    ratio: RatioWord,
    title: String,
    numerator: SignedYuan,
    denominator: SignedYuan,
    /// `27.12%`.
    #[oai(nullable)]
    value: Option<String>,
    /// As a decimal, `0.1`.
    #[oai(nullable)]
    bound: Option<String>,
    /// As a decimal, `0.03`.
    #[oai(nullable)]
    warning: Option<String>,
    #[oai(nullable)]
    exempt_below: Option<Yuan>,
    /// From when on the rule holds.
    #[oai(nullable)]
    valid_from: Option<Day>,
    /// Where it is written.
    #[oai(nullable)]
    source: Option<String>,
    verdict: RatioVerdict,
}

impl From<Measured> for MeasuredRatio {
    fn from(measured: Measured) -> MeasuredRatio {
        let rule = measured.rule;
        MeasuredRatio {
            ratio: measured.ratio.into(),
            title: measured.ratio.title().to_owned(),
            numerator: measured.numerator.into(),
            denominator: measured.denominator.into(),
            value: measured.percent,
            bound: rule.as_ref().and_then(|rule| rule.bound.clone()),
            warning: rule.as_ref().and_then(|rule| rule.warning.clone()),
            exempt_below: rule.as_ref().and_then(|rule| rule.exempt_below_fen).map(Yuan),
            valid_from: rule.as_ref().map(|rule| Day(rule.valid_from)),
            source: rule.map(|rule| rule.source),
            verdict: match measured.verdict {
                Verdict::Holds => RatioVerdict::Holds,
                Verdict::Warns => RatioVerdict::Warns,
                Verdict::Breaks => RatioVerdict::Breaks,
                Verdict::Exempt => RatioVerdict::Exempt,
                Verdict::Undefined => RatioVerdict::Undefined,
            },
        }
    }
}

/// What was used of a campaign's money.
#[derive(Object)]
struct ExecutedCampaign {
    campaign: Uuid,
    name: String,
    execution: MeasuredRatio,
}

impl From<Executed> for ExecutedCampaign {
    fn from(executed: Executed) -> ExecutedCampaign {
        let Executed { campaign, name, measured } = executed;
        ExecutedCampaign { campaign: campaign.uuid(), name, execution: measured.into() }
    }
}

/// The ratios of a year (facts that the law asks for), from the books.
#[derive(Object)]
struct YearRatios {
    year: i32,
    /// The last day they are of.
    through: Day,
    ratios: Vec<MeasuredRatio>,
    campaigns: Vec<ExecutedCampaign>,
    /// Gifts older than seven days with a wish and no receipt; there should be none.
    receipts_overdue: i64,
}

/// What a ratio is held against from a day on.
#[derive(Object)]
struct RatioRule {
    ratio: String,
    valid_from: Day,
    #[oai(nullable)]
    bound: Option<String>,
    #[oai(nullable)]
    warning: Option<String>,
    #[oai(nullable)]
    exempt_below: Option<Yuan>,
    source: String,
    /// Nobody, if it came with the program.
    #[oai(nullable)]
    author: Option<Uuid>,
}

impl From<ratio_rule::Model> for RatioRule {
    fn from(row: ratio_rule::Model) -> RatioRule {
        RatioRule {
            ratio: row.ratio,
            valid_from: row.valid_from.into(),
            bound: row.bound,
            warning: row.warning,
            exempt_below: row.exempt_below_fen.map(Yuan),
            source: row.source,
            author: row.author_id.map(|id| id.uuid()),
        }
    }
}

/// A rule as it is written down.
#[derive(Object)]
struct NewRatioRule {
    ratio: RatioWord,
    valid_from: Day,
    /// A decimal between 0 and 1, or a percentage.
    #[oai(validator(max_length = 20))]
    bound: Option<Text>,
    #[oai(validator(max_length = 20))]
    warning: Option<Text>,
    exempt_below: Option<Yuan>,
    #[oai(validator(min_length = 2, max_length = 200))]
    source: Text,
}

/// A budget line and what was spent on it.
#[derive(Object)]
struct SheetLine {
    code: String,
    name: String,
    planned: Yuan,
    spent: SignedYuan,
    advanced: SignedYuan,
}

impl From<SpentLine> for SheetLine {
    fn from(line: SpentLine) -> SheetLine {
        SheetLine {
            code: line.code,
            name: line.name,
            planned: line.planned.into(),
            spent: line.spent.into(),
            advanced: line.advanced.into(),
        }
    }
}

/// What a campaign came to (项目收支表).
#[derive(Object)]
struct Sheet {
    campaign: Uuid,
    name: String,
    /// Up to the end of this day.
    through: Day,
    given: SignedYuan,
    refunded: SignedYuan,
    /// Given less refunded: the public total.
    raised: SignedYuan,
    goods: SignedYuan,
    /// Received in other ways: opening balances, subsidies, leftovers.
    other: SignedYuan,
    /// What the channel took for its gifts; the general fund bears it.
    fees: SignedYuan,
    spent: SignedYuan,
    advanced: SignedYuan,
    left: SignedYuan,
    /// Of what is left, promised.
    committed: SignedYuan,
    lines: Vec<SheetLine>,
}

impl From<CampaignSheet> for Sheet {
    fn from(sheet: CampaignSheet) -> Sheet {
        let CampaignSheet { campaign, through, totals, lines } = sheet;
        let Totals { given, refunded, raised, goods, fees, other, spent, advanced, left, committed } = totals;
        Sheet {
            campaign: campaign.id.uuid(),
            name: campaign.name,
            through: through.into(),
            given: given.into(),
            refunded: refunded.into(),
            raised: raised.into(),
            goods: goods.into(),
            other: other.into(),
            fees: fees.into(),
            spent: spent.into(),
            advanced: advanced.into(),
            left: left.into(),
            committed: committed.into(),
            lines: lines.into_iter().map(Into::into).collect(),
        }
    }
}

pub(crate) struct RatioApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Books")]
impl RatioApi {
    /// The ratios of a year, up to today if it is not over.
    #[oai(path = "/books/:book_id/years/:year/ratios", method = "get")]
    async fn ratios(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        #[oai(validator(minimum(value = "2000"), maximum(value = "2999")))] year: Path<i32>,
    ) -> Result<Json<YearRatios>, ApiError> {
        let found = self.app.ratios.of_year(book_id.0.into(), year.0, &officer.0).await?;
        Ok(Json(YearRatios {
            year: found.year,
            through: found.through.into(),
            ratios: found.of_book.into_iter().map(Into::into).collect(),
            campaigns: found.of_campaigns.into_iter().map(Into::into).collect(),
            receipts_overdue: found.backlog.overdue,
        }))
    }

    /// What ratios are held against, by ratio, newest first.
    #[oai(path = "/ratio-rules", method = "get")]
    async fn rules(&self, officer: Officer) -> Result<Json<Page<RatioRule>>, ApiError> {
        Ok(Json(Page::whole(self.app.ratios.rules(&officer.0).await?)))
    }

    /// Writes down what a ratio is held against from a day on; what was in force before stays so for its days.
    #[oai(path = "/ratio-rules", method = "post")]
    async fn rule(&self, officer: Officer, body: Json<NewRatioRule>) -> Result<Json<RatioRule>, ApiError> {
        let new = body.0;
        let rate = |text: Option<Text>, field| {
            let read =
                |text: Text| text.0.parse::<Rate>().map_err(|_| ApiError::field(field, "比例为0到1的小数或百分数"));
            text.map(read).transpose()
        };
        let new = NewRule {
            ratio: new.ratio.into(),
            valid_from: new.valid_from.0,
            bound: rate(new.bound, "bound")?,
            warning: rate(new.warning, "warning")?,
            exempt_below: new.exempt_below.map(|amount| amount.0),
            source: new.source.0,
        };
        Ok(Json(self.app.ratios.rule(new, &officer.0).await?.into()))
    }

    /// The sheet of a campaign: raised, refunded, fees, spent by budget line, left.
    #[oai(path = "/campaigns/:campaign_id/sheet", method = "get")]
    async fn sheet(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        /// Up to the end of this day.
        day: Query<Option<Day>>,
    ) -> Result<Json<Sheet>, ApiError> {
        let day = day.0.map(|day| day.0);
        Ok(Json(self.app.sheets.of(campaign_id.0.into(), day, &officer.0).await?.into()))
    }

    /// The same as a workbook.
    #[oai(path = "/campaigns/:campaign_id/sheet/workbook", method = "get")]
    async fn sheet_workbook(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        day: Query<Option<Day>>,
    ) -> Result<Download, ApiError> {
        let day = day.0.map(|day| day.0);
        let (name, bytes) = self.app.sheets.workbook(campaign_id.0.into(), day, &officer.0).await?;
        Ok(document::workbook(bytes, &format!("项目收支表-{name}.xlsx")))
    }
}
