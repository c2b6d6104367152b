//! Payment files: made by the cashier, handed to the bank, confirmed line by line by another person.

use std::sync::Arc;

use app::App;
use app::spending::files::FileRequest;
use crowdfunding::spending::{Outcome, Verdict};
use entity::payment_file;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Attachment, AttachmentType, Json};
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text, Yuan, said};

#[derive(Object)]
struct PaymentFile {
    id: Uuid,
    book: Uuid,
    /// Our short name of the bank account it is paid from.
    bank_account: String,
    /// `made`, `sent`, `withdrawn`.
    state: String,
    lines: i64,
    total: Yuan,
    /// SHA-256 of its bytes, hexadecimal.
    sha256: String,
    author: Uuid,
    created_at: Instant,
    #[oai(nullable)]
    sent_at: Option<Instant>,
}

impl From<payment_file::Model> for PaymentFile {
    fn from(row: payment_file::Model) -> PaymentFile {
        PaymentFile {
            id: row.id.uuid(),
            book: row.book_id.uuid(),
            bank_account: row.bank_account,
            state: row.state,
            lines: row.lines,
            total: row.total_fen.into(),
            sha256: row.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            author: row.author_id.uuid(),
            created_at: row.created_us.into(),
            sent_at: row.sent_us.map(Instant),
        }
    }
}

#[derive(Object)]
struct NewFile {
    /// Made by the client: the same id again is the same file.
    id: Uuid,
    /// Our short name of the bank account it is paid from.
    #[oai(validator(min_length = 1, max_length = 40))]
    bank_account: Text,
    /// Every payout of these papers that waits.
    #[oai(default, validator(max_items = 200))]
    disbursements: Vec<Uuid>,
    /// Single payouts.
    #[oai(default, validator(max_items = 5000))]
    payouts: Vec<Uuid>,
}

/// What the bank did with one payment.
#[derive(Object)]
struct LineResult {
    /// The payout: 业务编号 in the file.
    payout: Uuid,
    /// Whether it was paid.
    paid: bool,
    /// The day on the bank's statement.
    on: Day,
    /// The bank's number, if it was paid.
    #[oai(validator(max_length = 64))]
    reference: Option<Text>,
    /// Why not, if it was not.
    #[oai(validator(max_length = 500))]
    reason: Option<Text>,
}

impl From<LineResult> for Verdict {
    fn from(line: LineResult) -> Verdict {
        let outcome = if line.paid {
            Outcome::Paid { on: line.on.0, reference: said(line.reference) }
        } else {
            Outcome::Bounced { on: line.on.0, reason: said(line.reason).unwrap_or_default() }
        };
        Verdict { payout: line.payout.into(), outcome }
    }
}

#[derive(Object)]
struct Results {
    #[oai(validator(min_items = 1, max_items = 5000))]
    lines: Vec<LineResult>,
}

/// What came of it.
#[derive(Object)]
struct Recorded {
    file: PaymentFile,
    /// How many payouts changed; the rest stood so already.
    changed: u64,
}

/// A file for the bank.
#[derive(ApiResponse)]
enum Download {
    /// CSV, UTF-8.
    #[oai(status = 200)]
    File(Attachment<Vec<u8>>),
}

pub(crate) struct PaymentApi {
    pub(crate) app: Arc<App>,
}

type Answer = Result<Json<PaymentFile>, ApiError>;

#[OpenApi(prefix_path = "/staff/payment-files", tag = "Tag::Spending")]
impl PaymentApi {
    /// Payment files, newest first.
    #[oai(path = "/", method = "get")]
    async fn list(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<PaymentFile>>, ApiError> {
        let rows = self.app.spending.files(&officer.0, None, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// Makes a file of approved payouts; a cashier who has neither written nor approved any of them.
    #[oai(path = "/", method = "post")]
    async fn make(&self, officer: Officer, body: Json<NewFile>) -> Answer {
        let NewFile { id, bank_account, disbursements, payouts } = body.0;
        let request = FileRequest {
            id: id.into(),
            bank_account: bank_account.0,
            disbursements: disbursements.into_iter().map(Into::into).collect(),
            payouts: payouts.into_iter().map(Into::into).collect(),
        };
        Ok(Json(self.app.spending.make_file(request, &officer.0).await?.into()))
    }

    /// A payment file.
    #[oai(path = "/:file_id", method = "get")]
    async fn get(&self, officer: Officer, file_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.spending.file(file_id.0.into(), &officer.0).await?.into()))
    }

    /// Its bytes, for the bank; whoever made it. That they were read is written down.
    #[oai(path = "/:file_id/content", method = "get")]
    async fn content(&self, officer: Officer, file_id: Path<Uuid>) -> Result<Download, ApiError> {
        let bytes = self.app.spending.file_content(file_id.0.into(), &officer.0).await?;
        let name = format!("payment-{}.csv", file_id.0.simple());
        Ok(Download::File(Attachment::new(bytes).attachment_type(AttachmentType::Attachment).filename(name)))
    }

    /// The file is with the bank; whoever made it.
    #[oai(path = "/:file_id/sending", method = "post")]
    async fn send(&self, officer: Officer, file_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.spending.send_file(file_id.0.into(), &officer.0).await?.into()))
    }

    /// The file was not handed in after all; its payouts wait again.
    #[oai(path = "/:file_id/withdrawal", method = "post")]
    async fn withdraw(&self, officer: Officer, file_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.spending.withdraw_file(file_id.0.into(), &officer.0).await?.into()))
    }

    /// What the bank did with its lines; another person than who sent it. That books what was paid.
    #[oai(path = "/:file_id/results", method = "post")]
    async fn results(
        &self,
        officer: Officer,
        file_id: Path<Uuid>,
        body: Json<Results>,
    ) -> Result<Json<Recorded>, ApiError> {
        let verdicts: Vec<Verdict> = body.0.lines.into_iter().map(Into::into).collect();
        let (file, changed) = self.app.spending.file_results(file_id.0.into(), &verdicts, &officer.0).await?;
        Ok(Json(Recorded { file: file.into(), changed }))
    }
}
