//! The monthly report of loans.

use std::sync::Arc;

use app::App;
use app::servicing::{Fresh, Group, Late, Line, OfClass, Report, Scope};
use domain::loan::overdue as rules;
use poem_openapi::param::Query;
use poem_openapi::payload::{Attachment, AttachmentType, Json};
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::auth::Officer;
use crate::error::ApiError;
use crate::loan_terms::LoanClass;
use crate::tag::Tag;
use crate::wire::{Day, Yuan};

/// How many loans of a class, and how much.
#[derive(Object)]
struct LoanClassTotal {
    class: LoanClass,
    count: u64,
    balance: Yuan,
    /// What is late of it.
    arrears: Yuan,
}

/// What some loans add up to.
#[derive(Object)]
struct LoanReportLine {
    /// The county's code.
    division: String,
    bank: String,
    product: String,
    count: u64,
    balance: Yuan,
    overdue_count: u64,
    arrears: Yuan,
    classes: Vec<LoanClassTotal>,
    subsidy_claimed: Yuan,
    subsidy_received: Yuan,
}

fn line(division: String, bank: String, product: String, group: Group) -> LoanReportLine {
    use rules::Class::*;
    let classes = [Normal, SpecialMention, Substandard, Doubtful, Loss].into_iter().zip(group.classes);
    LoanReportLine {
        division,
        bank,
        product,
        count: group.count,
        balance: group.balance.into(),
        overdue_count: group.overdue_count,
        arrears: group.arrears.into(),
        classes: classes
            .map(|(class, OfClass { count, balance, arrears })| LoanClassTotal {
                class: class.into(),
                count,
                balance: balance.into(),
                arrears: arrears.into(),
            })
            .collect(),
        subsidy_claimed: group.subsidy_claimed.into(),
        subsidy_received: group.subsidy_received.into(),
    }
}

/// A loan that is late, of a borrower who agreed that the bank tells the League.
#[derive(Object)]
struct LoanInArrears {
    contract: String,
    division: String,
    days_past_due: i64,
    arrears: Yuan,
    class: LoanClass,
}

impl From<Late> for LoanInArrears {
    fn from(late: Late) -> LoanInArrears {
        LoanInArrears {
            contract: late.contract,
            division: late.division,
            days_past_due: late.days,
            arrears: late.arrears.into(),
            class: late.class.into(),
        }
    }
}

/// How fresh the figures of a bank are in the report.
#[derive(Object)]
struct LoanReportBank {
    bank: String,
    /// How much the bank tells: `daily`, `monthly` or `summary`.
    pace: String,
    /// The day its last file tells of.
    #[oai(nullable)]
    told_through: Option<Day>,
    /// The day at whose end its loans are told: the report's, or that of the last file of a bank that does not tell every day, for what fell
    /// due later is not known to be late.
    as_of: Day,
}

impl From<Fresh> for LoanReportBank {
    fn from(fresh: Fresh) -> LoanReportBank {
        LoanReportBank {
            bank: fresh.bank,
            pace: fresh.pace,
            told_through: fresh.told.map(Day),
            as_of: fresh.as_of.into(),
        }
    }
}

/// The monthly report to the League (月报).
#[derive(Object)]
struct LoanReport {
    /// The day it tells of: the last of the month, or today.
    day: Day,
    /// How far the slowest programme in it is closed.
    #[oai(nullable)]
    closed_through: Option<Day>,
    /// How fresh the figures of each bank are.
    banks: Vec<LoanReportBank>,
    lines: Vec<LoanReportLine>,
    total: LoanReportLine,
    late: Vec<LoanInArrears>,
    /// How many more are late, whose borrowers did not agree.
    unnamed: u64,
}

impl From<Report> for LoanReport {
    fn from(report: Report) -> LoanReport {
        let own = |Line { division, bank, product, group, .. }: Line| line(division, bank, product, group);
        LoanReport {
            day: report.day.into(),
            closed_through: report.closed_through.map(Day),
            banks: report.banks.into_iter().map(Into::into).collect(),
            lines: report.lines.into_iter().map(own).collect(),
            total: line(String::new(), String::new(), String::new(), report.total),
            late: report.late.into_iter().map(Into::into).collect(),
            unnamed: report.unnamed,
        }
    }
}

/// A workbook.
#[derive(ApiResponse)]
enum Sheet {
    /// The workbook.
    #[oai(status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")]
    Bytes(Attachment<Vec<u8>>),
}

fn scope(month: &str) -> Result<Scope, ApiError> {
    let wrong = || ApiError::field("month", "月份写作 2026-05");
    let (year, month) = month.split_once('-').filter(|_| month.len() == 7).ok_or_else(wrong)?;
    Ok(Scope { year: year.parse().map_err(|_| wrong())?, month: month.parse().map_err(|_| wrong())? })
}

pub(crate) struct LoanReportApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(tag = "Tag::Loans")]
impl LoanReportApi {
    /// The report of a month, by county, bank and product (月报).
    #[oai(path = "/staff/loan-report", method = "get")]
    async fn report(&self, officer: Officer, month: Query<String>) -> Result<Json<LoanReport>, ApiError> {
        Ok(Json(self.app.servicing.report(scope(&month.0)?, &officer.0).await?.into()))
    }

    /// The same as a workbook.
    #[oai(path = "/staff/loan-report.xlsx", method = "get")]
    async fn report_sheet(&self, officer: Officer, month: Query<String>) -> Result<Sheet, ApiError> {
        let bytes = self.app.servicing.report_sheet(scope(&month.0)?, &officer.0).await?;
        let name = format!("loans-{}.xlsx", month.0);
        Ok(Sheet::Bytes(Attachment::new(bytes).attachment_type(AttachmentType::Attachment).filename(name)))
    }
}
