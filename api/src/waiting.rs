//! What waits for whoever asks: the console opens on it.

use std::sync::Arc;

use app::App;
use app::runs::{JobStanding, ListJobs, OPERATORS, Runs};
use app::waiting as rules;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::tag::Tag;
use crate::wire::{Instant, Yuan, wire_enum};

wire_enum! {
    /// What can wait for somebody.
    WaitingKind = rules::WaitingKind {
        Campaign,
        CampaignChange,
        CampaignDecision,
        Disbursement,
        Payment,
        PaymentFile,
        Settlement,
        Refund,
        Transfer,
        BankGift,
        BankLine,
        BankClaim,
        GiftList,
        BankBalance,
        Break,
        Voucher,
        CashCount,
        MonthLock,
        YearClosing,
        AuditReport,
        AccountChange,
        SmallReview,
        RoleGrant,
        Delegation,
        Account,
        Enquiry,
        Complaint,
        Screening,
        ChildAccess,
        PayeeErasure,
        Message,
        TeamName,
        LoanApplication,
        LoanDecision,
        LoanSignature,
        LoanProduct,
        NeedMatch,
        Duty,
    }
}

/// A thing that waits.
#[derive(Object)]
struct WaitingItem {
    id: Uuid,
    /// What it is called, or belongs to.
    #[oai(nullable)]
    title: Option<String>,
    /// What tells it from others of that name: its kind, a number, why it came back.
    #[oai(nullable)]
    note: Option<String>,
    /// Its last day, if it has one.
    #[oai(nullable)]
    last_day: Option<String>,
    /// How much it is about.
    #[oai(nullable)]
    amount: Option<Yuan>,
    since: Instant,
}

/// Everything of a kind that waits.
#[derive(Object)]
struct WaitingOfKind {
    kind: WaitingKind,
    /// How many wait.
    count: i64,
    /// Those that have waited longest.
    first: Vec<WaitingItem>,
}

impl From<rules::Waiting> for WaitingOfKind {
    fn from(waiting: rules::Waiting) -> WaitingOfKind {
        let item = |item: rules::WaitingItem| WaitingItem {
            id: item.id,
            title: item.title,
            note: item.note,
            last_day: item.last_day,
            amount: item.fen.map(Yuan),
            since: item.since_us.into(),
        };
        let first = waiting.first.into_iter().map(item).collect();
        WaitingOfKind { kind: waiting.kind.into(), count: waiting.count, first }
    }
}

/// A job that needs somebody to look at it.
#[derive(Object)]
struct TroubledJob {
    name: String,
    /// Its last run failed, or its process died.
    failing: bool,
    /// It did not succeed for three times as long as it should take, or never.
    missing: bool,
    #[oai(nullable)]
    last_success: Option<Instant>,
    /// What its last run said.
    #[oai(nullable)]
    detail: Option<String>,
}

impl From<JobStanding> for TroubledJob {
    fn from(job: JobStanding) -> TroubledJob {
        TroubledJob {
            name: job.expected.name.to_owned(),
            failing: job.failing,
            missing: job.missing,
            last_success: job.last_success.map(Instant),
            detail: job.last.and_then(|run| run.detail),
        }
    }
}

/// The first screen: what waits for me, and for finance and administrators which jobs are in trouble.
#[derive(Object)]
struct Desk {
    items: Vec<WaitingOfKind>,
    /// Always null: the list is never long.
    #[oai(nullable)]
    next: Option<String>,
    jobs: Vec<TroubledJob>,
}

pub(crate) struct WaitingApi {
    pub(crate) app: Arc<App>,
    pub(crate) runs: Runs,
    pub(crate) jobs: ListJobs,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::House")]
impl WaitingApi {
    /// What waits for a step of mine, by my roles and where I hold them: how much of each kind, and the first few. Kinds of which
    /// nothing waits are left out. Finance and administrators also see jobs that fail or do not run.
    #[oai(path = "/waiting", method = "get")]
    async fn waiting(&self, officer: Officer) -> Result<Json<Desk>, ApiError> {
        let waiting = self.app.desk.of(&officer.0).await.map_err(|error| ApiError::internal(&error))?;
        let jobs = if officer.0.is_one_of(&OPERATORS) { self.runs.standing((self.jobs)()).await? } else { Vec::new() };
        let troubled = jobs.into_iter().filter(JobStanding::is_troubled).map(Into::into).collect();
        Ok(Json(Desk { items: waiting.into_iter().map(Into::into).collect(), next: None, jobs: troubled }))
    }
}
