//! Days against their bills: the morning's report, and a run by hand.

use std::sync::Arc;

use app::App;
use app::reconciliation::{BreakLine, BufferLine, DayReport, Files, Proof, ProofItem, Rule, Side, Sides};
use domain::role::Role;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::multipart::Upload;
use poem_openapi::{Multipart, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::books::READERS;
use crate::document::{Download, XLSX, saved};
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Yuan};

/// Who may start a run by hand.
const RUNNERS: [Role; 3] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead];

/// How many, and how much.
#[derive(Object)]
#[oai(rename = "ReconciliationSide")]
struct WireSide {
    count: u64,
    sum: Yuan,
}

impl From<Side> for WireSide {
    fn from(side: Side) -> WireSide {
        WireSide { count: side.count, sum: side.sum.into() }
    }
}

/// The four sides of a day: books, trade bill, fund-flow bill, bank. What was not read is null.
#[derive(Object)]
#[oai(rename = "ReconciliationSides")]
struct WireSides {
    booked_payments: WireSide,
    booked_refunds: WireSide,
    #[oai(nullable)]
    trade_payments: Option<WireSide>,
    #[oai(nullable)]
    trade_refunds: Option<WireSide>,
    #[oai(nullable)]
    flow_in: Option<WireSide>,
    #[oai(nullable)]
    flow_out: Option<WireSide>,
    #[oai(nullable)]
    bank_in: Option<WireSide>,
    #[oai(nullable)]
    bank_out: Option<WireSide>,
}

impl From<Sides> for WireSides {
    fn from(sides: Sides) -> WireSides {
        WireSides {
            booked_payments: sides.booked_payments.into(),
            booked_refunds: sides.booked_refunds.into(),
            trade_payments: sides.trade_payments.map(Into::into),
            trade_refunds: sides.trade_refunds.map(Into::into),
            flow_in: sides.flow_in.map(Into::into),
            flow_out: sides.flow_out.map(Into::into),
            bank_in: sides.bank_in.map(Into::into),
            bank_out: sides.bank_out.map(Into::into),
        }
    }
}

/// What only one side has moved that day.
#[derive(Object)]
#[oai(rename = "ReconciliationProofItem")]
struct WireProofItem {
    what: String,
    key: String,
    /// By how much it puts the channel ahead of the books.
    amount: Yuan,
    /// Of what earlier days have left: since which day, where that is known.
    #[oai(nullable)]
    since: Option<Day>,
}

impl From<ProofItem> for WireProofItem {
    fn from(item: ProofItem) -> WireProofItem {
        WireProofItem { what: item.what, key: item.key, amount: item.amount.into(), since: item.since.map(Into::into) }
    }
}

/// 1009 微信余额, explained to the fen: `channel` = `ledger` + `carried` + the items + `unexplained`.
#[derive(Object)]
#[oai(rename = "ReconciliationProof")]
struct WireProof {
    ledger: Yuan,
    /// The last balance of the fund-flow bill.
    #[oai(nullable)]
    channel: Option<Yuan>,
    /// By how much the channel was ahead when the day began.
    carried: Yuan,
    /// What that consists of: what earlier days have left.
    carried_items: Vec<WireProofItem>,
    items: Vec<WireProofItem>,
    unexplained: Yuan,
    /// 1009 微信在途.
    in_transit: Yuan,
}

impl From<Proof> for WireProof {
    fn from(proof: Proof) -> WireProof {
        WireProof {
            ledger: proof.ledger.into(),
            channel: proof.channel.map(Yuan),
            carried: proof.carried.into(),
            carried_items: proof.carried_items.into_iter().map(Into::into).collect(),
            items: proof.items.into_iter().map(Into::into).collect(),
            unexplained: proof.unexplained.into(),
            in_transit: proof.in_transit.into(),
        }
    }
}

/// A break that was open when the day was run.
#[derive(Object)]
#[oai(rename = "ReconciliationBreak")]
struct WireBreak {
    class: String,
    key: String,
    amount: Yuan,
    #[oai(nullable)]
    expected: Option<Yuan>,
    proposal: String,
    owner: String,
    age_days: u64,
    /// Why it is one.
    why: String,
}

impl From<BreakLine> for WireBreak {
    fn from(line: BreakLine) -> WireBreak {
        WireBreak {
            class: line.class,
            key: line.key,
            amount: line.amount.into(),
            expected: line.expected.map(Yuan),
            proposal: line.proposal,
            owner: line.owner,
            age_days: line.age_days,
            why: line.why,
        }
    }
}

/// A line that waits for its other side (缓冲).
#[derive(Object)]
#[oai(rename = "ReconciliationBufferLine")]
struct WireBufferLine {
    /// Where it stands: `books`, `trade`, `fund_flow`, `bank`.
    side: String,
    /// What it becomes if nothing comes.
    class: String,
    key: String,
    amount: Yuan,
    age_days: u64,
    /// The last day it may wait.
    until: Day,
}

impl From<BufferLine> for WireBufferLine {
    fn from(line: BufferLine) -> WireBufferLine {
        WireBufferLine {
            side: line.side,
            class: line.class,
            key: line.key,
            amount: line.amount.into(),
            age_days: line.age_days,
            until: line.until.into(),
        }
    }
}

/// How long reconciliation lets a line wait before it is a break.
#[derive(Object)]
struct ReconciliationRule {
    /// What happens so near to midnight may stand in the neighbour's bill.
    border_minutes: i64,
    /// How many days a line of the books or of a bill may wait for its other side.
    buffer_days: i64,
    /// How many working days a withdrawal may take to the bank.
    bank_days: i64,
    /// Who set it; null while nobody has.
    #[oai(nullable)]
    set_by: Option<Uuid>,
    #[oai(nullable)]
    set_at: Option<Instant>,
}

/// A rule to be set.
#[derive(Object)]
struct NewReconciliationRule {
    /// Made by the client: the same id again is the same rule.
    id: Uuid,
    border_minutes: i64,
    buffer_days: i64,
    bank_days: i64,
}

/// What the newest run of a day found (日对账报告).
#[derive(Object)]
struct Reconciliation {
    date: Day,
    /// `waiting` for its bills, partly `read`, `matched`, or `with_breaks`.
    state: String,
    matched: u64,
    /// What that run booked from the bills because nobody had told us.
    healed: u64,
    /// What waits for the bill of another day (缓冲).
    waiting: u64,
    /// The lines that wait.
    buffer: Vec<WireBufferLine>,
    breaks: Vec<WireBreak>,
    sides: WireSides,
    proof: WireProof,
    ran_at: Instant,
}

impl From<DayReport> for Reconciliation {
    fn from(report: DayReport) -> Reconciliation {
        Reconciliation {
            date: report.date.into(),
            state: report.state,
            matched: report.matched,
            healed: report.healed,
            waiting: report.waiting,
            buffer: report.buffer.into_iter().map(Into::into).collect(),
            breaks: report.breaks.into_iter().map(Into::into).collect(),
            sides: report.sides.into(),
            proof: report.proof.into(),
            ran_at: report.ran_at.into(),
        }
    }
}

/// The files of a day; each may be left out, not all of them.
#[derive(Multipart)]
#[oai(deny_unknown_fields)]
struct DayFiles {
    /// 交易账单: CSV, or packed with GZIP.
    trade: Option<Upload>,
    /// 资金账单: CSV, or packed with GZIP.
    fund_flow: Option<Upload>,
    /// 银行对账单: CSV `date,reference,amount,counterparty,remark`, or CAMT.053.
    bank: Option<Upload>,
}

/// The bytes of a part.
async fn bytes(part: Option<Upload>) -> Result<Option<Vec<u8>>, ApiError> {
    let Some(part) = part else { return Ok(None) };
    part.into_vec().await.map(Some).map_err(|error| ApiError::internal(&error))
}

pub(crate) struct ReconciliationApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff/reconciliations", tag = "Tag::Books")]
impl ReconciliationApi {
    /// The newest reports of a book's days, newest day first. `after` is a day.
    #[oai(path = "/", method = "get")]
    async fn list(
        &self,
        officer: Officer,
        book: Query<Uuid>,
        after: Query<Option<Day>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Reconciliation>>, ApiError> {
        self.may(&officer, book.0, &READERS).await?;
        let before = after.0.map(|day| day.0);
        let mut days = self.app.reconciliation.reports(book.0.into(), before, limit.0 + 1).await?;
        let more = days.len() as u64 > limit.0;
        days.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = days.last().filter(|_| more).map(|day| day.date.to_string());
        Ok(Json(Page { items: days.into_iter().map(Into::into).collect(), next }))
    }

    /// The days of the merchant's book that are over and were not reconciled with both bills, oldest first, as far back as the channel keeps
    /// bills.
    #[oai(path = "/missing", method = "get")]
    async fn missing(&self, officer: Officer, book: Query<Uuid>) -> Result<Json<Page<Day>>, ApiError> {
        self.may(&officer, book.0, &READERS).await?;
        let days = self.app.reconciliation.missing().await?;
        Ok(Json(Page { items: days.into_iter().map(Day).collect(), next: None }))
    }

    /// How long a book's lines may wait.
    #[oai(path = "/rule", method = "get")]
    async fn rule(&self, officer: Officer, book: Query<Uuid>) -> Result<Json<ReconciliationRule>, ApiError> {
        self.may(&officer, book.0, &READERS).await?;
        Ok(Json(self.shown_rule(book.0).await?))
    }

    /// Sets how long a book's lines may wait, from the next run on.
    #[oai(path = "/rule", method = "post")]
    async fn set_rule(
        &self,
        officer: Officer,
        book: Query<Uuid>,
        body: Json<NewReconciliationRule>,
    ) -> Result<Json<ReconciliationRule>, ApiError> {
        self.may(&officer, book.0, &[Role::FinanceHead]).await?;
        let NewReconciliationRule { id, border_minutes, buffer_days, bank_days } = body.0;
        let rule = Rule { border_minutes, buffer_days, bank_days };
        self.app.reconciliation.set_rule(id.into(), book.0.into(), rule, &officer.0).await?;
        Ok(Json(self.shown_rule(book.0).await?))
    }

    /// The report of a day.
    #[oai(path = "/:date", method = "get")]
    async fn report(
        &self,
        officer: Officer,
        date: Path<Day>,
        book: Query<Uuid>,
    ) -> Result<Json<Reconciliation>, ApiError> {
        self.may(&officer, book.0, &READERS).await?;
        let report = self.app.reconciliation.report(book.0.into(), date.0.0).await?;
        let none = || ApiError::not_found("not_reconciled", "当日尚未对账。");
        Ok(Json(report.ok_or_else(none)?.into()))
    }

    /// The report of a day as a workbook (XLSX).
    #[oai(path = "/:date/sheet", method = "get")]
    async fn sheet(&self, officer: Officer, date: Path<Day>, book: Query<Uuid>) -> Result<Download, ApiError> {
        self.may(&officer, book.0, &READERS).await?;
        let sheet = self.app.reconciliation.sheet(book.0.into(), date.0.0).await?;
        let (name, bytes) = sheet.ok_or_else(|| ApiError::not_found("not_reconciled", "当日尚未对账。"))?;
        Ok(saved(&name, XLSX, bytes))
    }

    /// Fetches the bills of a day and reconciles it, now. Again gives the same books.
    #[oai(path = "/:date/runs", method = "post")]
    async fn run(
        &self,
        officer: Officer,
        date: Path<Day>,
        book: Query<Uuid>,
    ) -> Result<Json<Reconciliation>, ApiError> {
        runs(&officer, book.0)?;
        let actor = officer.0.id.to_string();
        Ok(Json(self.app.reconciliation.fetch(Some(book.0.into()), date.0.0, &actor).await?.into()))
    }

    /// Brings files of a day and reconciles it with all that is known of it, now. Each file has to be whole, of this merchant and day; if one
    /// is refused, none is kept and nothing is booked. A file that says a day anew takes the place of the one before.
    #[oai(path = "/:date/bills", method = "post")]
    async fn bring(
        &self,
        officer: Officer,
        date: Path<Day>,
        book: Query<Uuid>,
        files: DayFiles,
    ) -> Result<Json<Reconciliation>, ApiError> {
        runs(&officer, book.0)?;
        self.app.reconciliation.can_be_brought(date.0.0)?;
        let DayFiles { trade, fund_flow, bank } = files;
        let files = Files { trade: bytes(trade).await?, fund_flow: bytes(fund_flow).await?, bank: bytes(bank).await? };
        if files.trade.is_none() && files.fund_flow.is_none() && files.bank.is_none() {
            return Err(ApiError::field("trade", "请至少提交一个文件"));
        }
        let actor = officer.0.id.to_string();
        Ok(Json(self.app.reconciliation.run(Some(book.0.into()), date.0.0, &files, &actor).await?.into()))
    }

    async fn shown_rule(&self, book: Uuid) -> Result<ReconciliationRule, ApiError> {
        let (rule, set) = self.app.reconciliation.rule(book.into()).await?;
        Ok(ReconciliationRule {
            border_minutes: rule.border_minutes,
            buffer_days: rule.buffer_days,
            bank_days: rule.bank_days,
            set_by: set.map(|(by, _)| by.uuid()),
            set_at: set.map(|(_, at)| Instant(at)),
        })
    }

    async fn may(&self, officer: &Officer, book: Uuid, roles: &[Role]) -> Result<(), ApiError> {
        officer.must_be(roles)?;
        Ok(self.app.reconciliation.shown(book.into(), &officer.0, roles).await?)
    }
}

/// Refuses whoever does not keep the book.
fn runs(officer: &Officer, book: Uuid) -> Result<(), ApiError> {
    officer.must_be(&RUNNERS)?;
    officer.0.keeps(&RUNNERS, book.into())?;
    Ok(())
}
