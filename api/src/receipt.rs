//! Receipts: what a donor wishes and gets, and the register with its imports.

use std::sync::Arc;

use app::App;
use app::receipts::{BadLine, ImportReport, ReceiptFilter, Wish, WishSearch};
use domain::receipt as rules;
use entity::receipt;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::{Donor, Officer};
use crate::campaign::Reason;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text, Yuan, said, wire_enum};

wire_enum! {
    /// Where a receipt stands.
    ReceiptState = rules::ReceiptState { Issued, Voided, Reversed }
}

/// A receipt as its donor sees it.
#[derive(Object)]
struct OwnReceipt {
    /// 票据代码.
    code: String,
    /// 票据号码.
    number: String,
    /// 校验码: with it the receipt can be looked up at the finance bureau.
    check_code: String,
    issued_on: Day,
    amount: Yuan,
}

/// What a donor wishes.
#[derive(Object)]
struct ReceiptWish {
    /// The name it is made out to; needed if the gift has none.
    #[oai(validator(max_length = 40))]
    name: Option<Text>,
}

/// A receipt of the register.
#[derive(Object)]
struct Receipt {
    id: Uuid,
    donation: Uuid,
    code: String,
    number: String,
    check_code: String,
    issued_on: Day,
    amount: Yuan,
    state: ReceiptState,
    imported_by: Uuid,
    created_at: Instant,
    #[oai(nullable)]
    ended_by: Option<Uuid>,
    #[oai(nullable)]
    ended_at: Option<Instant>,
    /// Why it is void or was reversed.
    #[oai(nullable)]
    reason: Option<String>,
    /// The code of the red receipt.
    #[oai(nullable)]
    reversal_code: Option<String>,
    /// The number of the red receipt.
    #[oai(nullable)]
    reversal_number: Option<String>,
}

impl From<receipt::Model> for Receipt {
    fn from(row: receipt::Model) -> Receipt {
        Receipt {
            id: row.id.uuid(),
            donation: row.donation_id.uuid(),
            code: row.code,
            number: row.number,
            check_code: row.check_code,
            issued_on: row.issued_on.into(),
            amount: row.amount_fen.into(),
            state: row.state.into(),
            imported_by: row.author_id.uuid(),
            created_at: row.created_us.into(),
            ended_by: row.ended_by.map(|id| id.uuid()),
            ended_at: row.ended_us.map(Instant),
            reason: row.end_reason,
            reversal_code: row.reversal_code,
            reversal_number: row.reversal_number,
        }
    }
}

/// A wish that no receipt meets yet.
#[derive(Object)]
struct WaitingWish {
    donation: Uuid,
    out_trade_no: String,
    /// What was given less what went back.
    amount: Yuan,
    confirmed_at: Instant,
    /// Older than seven days.
    overdue: bool,
    /// The legal entity that received it and has to give the receipt.
    entity: String,
}

/// How much waits.
#[derive(Object)]
struct ReceiptBacklog {
    /// Wishes without a receipt.
    waiting: i64,
    /// Those older than seven days.
    overdue: i64,
    /// Receipts whose gift went back afterwards, in part or whole.
    to_reverse: i64,
}

/// A file, as text.
#[derive(Object)]
struct CsvFile {
    csv: String,
}

/// The numbers that came back from the finance bureau's system.
#[derive(Object)]
struct ReceiptNumbers {
    /// With a head: 订单号, 票据代码, 票据号码, 校验码, 开票日期, 金额; at most 5000 lines.
    #[oai(validator(max_length = 1000000))]
    csv: Text,
    /// Only says what would be taken.
    #[oai(default)]
    trial: bool,
}

/// A line that cannot be taken.
#[derive(Object)]
pub(crate) struct FaultyLine {
    /// Counted from 1, the head being line 1.
    line: u64,
    column: String,
    /// What is wrong, in Chinese.
    problem: String,
}

impl From<BadLine> for FaultyLine {
    fn from(bad: BadLine) -> FaultyLine {
        FaultyLine { line: bad.line, column: bad.column.to_owned(), problem: bad.problem }
    }
}

/// What became of a file. With one faulty line nothing is taken.
#[derive(Object)]
struct ReceiptImport {
    lines: u64,
    /// Lines that were taken; in a trial, that would be.
    taken: u64,
    /// Lines that stood already.
    known: u64,
    faulty: Vec<FaultyLine>,
}

impl From<ImportReport> for ReceiptImport {
    fn from(report: ImportReport) -> ReceiptImport {
        let ImportReport { lines, taken, known, bad } = report;
        ReceiptImport { lines, taken, known, faulty: bad.into_iter().map(FaultyLine::from).collect() }
    }
}

/// A red receipt.
#[derive(Object)]
struct Reversal {
    #[oai(validator(min_length = 4, max_length = 20))]
    code: Text,
    #[oai(validator(min_length = 4, max_length = 20))]
    number: Text,
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: Text,
}

pub(crate) struct ReceiptApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi]
impl ReceiptApi {
    /// The receipt of an own gift.
    #[oai(path = "/donations/:donation_id/receipt", method = "get", tag = "Tag::Giving")]
    async fn own(&self, donor: Donor, donation_id: Path<Uuid>) -> Result<Json<OwnReceipt>, ApiError> {
        let found = self.app.receipts.of_gift(donor.0, donation_id.0.into()).await?;
        let row = found.ok_or_else(|| ApiError::not_found("no_receipt", "该捐赠尚未开具票据。"))?;
        Ok(Json(OwnReceipt {
            code: row.code,
            number: row.number,
            check_code: row.check_code,
            issued_on: row.issued_on.into(),
            amount: row.amount_fen.into(),
        }))
    }

    /// Wishes a receipt for an own gift after all.
    #[oai(path = "/donations/:donation_id/receipt-wish", method = "post", tag = "Tag::Giving")]
    async fn wish(&self, donor: Donor, donation_id: Path<Uuid>, body: Json<ReceiptWish>) -> Result<(), ApiError> {
        Ok(self.app.receipts.wish(donor.0, donation_id.0.into(), said(body.0.name)).await?)
    }

    /// The register, newest first.
    #[oai(path = "/staff/receipts", method = "get", tag = "Tag::Receipts")]
    async fn list(
        &self,
        officer: Officer,
        state: Query<Option<ReceiptState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Receipt>>, ApiError> {
        let state = state.0.map(|state| ReceiptFilter::State(state.into()));
        let rows = self.app.receipts.page(&officer.0, state, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// How much waits.
    #[oai(path = "/staff/receipts/backlog", method = "get", tag = "Tag::Receipts")]
    async fn backlog(&self, officer: Officer) -> Result<Json<ReceiptBacklog>, ApiError> {
        let backlog = self.app.receipts.backlog(&officer.0).await?;
        let app::receipts::Backlog { waiting, overdue, to_reverse } = backlog;
        Ok(Json(ReceiptBacklog { waiting, overdue, to_reverse }))
    }

    /// Wishes that no receipt meets yet, oldest first. Names stay sealed.
    #[oai(path = "/staff/receipts/wishes", method = "get", tag = "Tag::Receipts")]
    async fn wishes(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<WaitingWish>>, ApiError> {
        let (receipts, all) = (&self.app.receipts, WishSearch::default());
        let rows = receipts.wishes(&officer.0, &all, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        let overdue = |wish: &Wish| self.app.receipts.overdue(wish.confirmed_us);
        let waiting: Vec<WaitingWish> = rows
            .into_iter()
            .map(|wish| WaitingWish {
                donation: wish.id.uuid(),
                out_trade_no: wish.id.out_trade_no(),
                amount: wish.amount_fen.into(),
                confirmed_at: wish.confirmed_us.into(),
                overdue: overdue(&wish),
                entity: wish.entity,
            })
            .collect();
        Ok(Json(Page::of(waiting, limit.0, |wish| wish.donation)))
    }

    /// The wishes with the names they are made out to, as CSV for the finance bureau's system. Leaves a line: names are shown.
    #[oai(path = "/staff/receipts/wishes/export", method = "post", tag = "Tag::Receipts")]
    async fn export(&self, officer: Officer, body: Json<Reason>) -> Result<Json<CsvFile>, ApiError> {
        let csv = self.app.receipts.export_wishes(&officer.0, &body.0.reason.0).await?;
        Ok(Json(CsvFile { csv: String::from_utf8(csv).map_err(|error| ApiError::internal(&error))? }))
    }

    /// Takes the numbers that came back, all of them or none.
    #[oai(path = "/staff/receipts/import", method = "post", tag = "Tag::Receipts")]
    async fn import(&self, officer: Officer, body: Json<ReceiptNumbers>) -> Result<Json<ReceiptImport>, ApiError> {
        let ReceiptNumbers { csv: Text(csv), trial } = body.0;
        Ok(Json(self.app.receipts.import(&officer.0, csv.as_bytes(), trial).await?.into()))
    }

    /// Says that a receipt is void. The wish waits again.
    #[oai(path = "/staff/receipts/:receipt_id/void", method = "post", tag = "Tag::Receipts")]
    async fn void(
        &self,
        officer: Officer,
        receipt_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<Receipt>, ApiError> {
        Ok(Json(self.app.receipts.void(&officer.0, receipt_id.0.into(), &body.0.reason.0).await?.into()))
    }

    /// Says that a receipt was reversed by a red one (红冲).
    #[oai(path = "/staff/receipts/:receipt_id/reversal", method = "post", tag = "Tag::Receipts")]
    async fn reverse(
        &self,
        officer: Officer,
        receipt_id: Path<Uuid>,
        body: Json<Reversal>,
    ) -> Result<Json<Receipt>, ApiError> {
        let Reversal { code: Text(code), number: Text(number), reason: Text(reason) } = body.0;
        let row = self.app.receipts.reverse(&officer.0, receipt_id.0.into(), &reason, (code, number)).await?;
        Ok(Json(row.into()))
    }
}
