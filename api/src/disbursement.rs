//! Disbursements: written by one, approved by others as the charity's profile asks, and the payouts they consist of.

use std::sync::Arc;

use app::App;
use app::spending::lists::object;
use app::spending::{Draft, SpendError};
use crowdfunding::spending::{
    NewPayout, NewSettlement, PaperSearch, SettlementKind as SettlementWord, SmallReview, settlement_object,
};
use domain::disbursement as rules;
use entity::{disbursement, disbursement_approval, disbursement_history, payout, payout_settlement};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::campaign::Reason;
use crate::document::{self, Attachment, Download};
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::payee::Reading;
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text, Yuan, said, wire_enum};

wire_enum! {
    /// What the money is for.
    DisbursementKind = rules::DisbursementKind { Grant, Purchase, Reimbursement, Advance }
}

wire_enum! {
    /// Where a disbursement stands. Once it is approved, its payouts tell the rest.
    DisbursementState = rules::DisbursementState {
        Draft,
        Submitted,
        PmApproved,
        FinanceApproved,
        Approved,
        Finished,
        Cancelled,
    }
}

wire_enum! {
    /// Where a payout stands.
    PayoutState = rules::PayoutState { Planned, Approved, Scheduled, Sent, Confirmed, Bounced, Retried, Cancelled }
}

/// A paper that asks for money.
#[derive(Object)]
pub(crate) struct Disbursement {
    id: Uuid,
    campaign: Uuid,
    /// The code of the budget line.
    line: String,
    kind: DisbursementKind,
    state: DisbursementState,
    /// The round of approvals; a paper that was sent back begins another.
    round: i64,
    /// What its payouts add up to.
    amount: Yuan,
    /// How many payouts.
    payouts: i64,
    purpose: String,
    /// Why it is no second paper for the same payment, where another one asks for it.
    #[oai(nullable)]
    repeat_reason: Option<String>,
    /// How many persons have to approve it, once it is handed in.
    #[oai(nullable)]
    approvals_needed: Option<i64>,
    author: Uuid,
    created_at: Instant,
    changed_at: Instant,
    #[oai(nullable)]
    approved_at: Option<Instant>,
    #[oai(nullable)]
    finished_at: Option<Instant>,
}

impl From<disbursement::Model> for Disbursement {
    fn from(row: disbursement::Model) -> Disbursement {
        Disbursement {
            id: row.id.uuid(),
            campaign: row.campaign_id.uuid(),
            line: row.line_code,
            kind: row.kind.into(),
            state: row.state.into(),
            round: row.round,
            amount: row.amount_fen.into(),
            payouts: row.payouts,
            purpose: row.purpose,
            repeat_reason: row.repeat_reason,
            approvals_needed: row.needed,
            author: row.author_id.uuid(),
            created_at: row.created_us.into(),
            changed_at: row.changed_us.into(),
            approved_at: row.approved_us.map(Instant),
            finished_at: row.finished_us.map(Instant),
        }
    }
}

/// An approval of a paper.
#[derive(Object)]
struct Approval {
    step: i64,
    approver: Uuid,
    /// Whom the approver stood in for.
    #[oai(nullable)]
    acting_for: Option<Uuid>,
    at: Instant,
}

/// A paper that was approved under the profile `small`, and by whom.
#[derive(Object)]
struct SmallProfileReview {
    #[oai(flatten)]
    disbursement: Disbursement,
    approvals: Vec<Approval>,
}

impl From<SmallReview> for SmallProfileReview {
    fn from(review: SmallReview) -> SmallProfileReview {
        let approval = |row: disbursement_approval::Model| Approval {
            step: row.step,
            approver: row.approver_id.uuid(),
            acting_for: row.acting_for_id.map(|id| id.uuid()),
            at: row.at_us.into(),
        };
        let approvals = review.approvals.into_iter().map(approval).collect();
        SmallProfileReview { disbursement: review.paper.into(), approvals }
    }
}

/// One payment of it.
#[derive(Object)]
pub(crate) struct Payout {
    id: Uuid,
    disbursement: Uuid,
    /// Its place in the paper.
    position: i64,
    payee: Uuid,
    /// The payee's name, masked.
    payee_name: String,
    /// For whom it is, if somebody else receives it.
    #[oai(nullable)]
    beneficiary: Option<Uuid>,
    #[oai(nullable)]
    relation: Option<String>,
    amount: Yuan,
    state: PayoutState,
    /// What bounced is paid again under the next number.
    attempt: i64,
    #[oai(nullable)]
    payment_file: Option<Uuid>,
    /// The day on the bank's statement.
    #[oai(nullable)]
    paid_on: Option<Day>,
    #[oai(nullable)]
    bank_reference: Option<String>,
    /// Why it bounced.
    #[oai(nullable)]
    last_error: Option<String>,
    changed_at: Instant,
}

fn wire_payout(row: payout::Model, payee_name: String) -> Payout {
    Payout {
        id: row.id.uuid(),
        disbursement: row.disbursement_id.uuid(),
        position: row.position,
        payee: row.payee_id.uuid(),
        payee_name,
        beneficiary: row.beneficiary_id.map(|id| id.uuid()),
        relation: row.relation,
        amount: row.amount_fen.into(),
        state: row.state.into(),
        attempt: row.attempt,
        payment_file: row.payment_file_id.map(|id| id.uuid()),
        paid_on: row.paid_on.map(Day),
        bank_reference: row.bank_reference,
        last_error: row.last_error,
        changed_at: row.changed_us.into(),
    }
}

#[derive(Object)]
struct PayoutDraft {
    /// Made by the client.
    id: Uuid,
    payee: Uuid,
    /// For whom it is, if somebody else receives it (a guardian for a child).
    beneficiary: Option<Uuid>,
    /// What the payee is to the beneficiary: 监护人 and the like.
    #[oai(validator(max_length = 20))]
    relation: Option<Text>,
    amount: Yuan,
}

#[derive(Object)]
struct Paper {
    campaign: Uuid,
    /// The code of the budget line.
    #[oai(validator(max_length = 40))]
    line: Text,
    kind: DisbursementKind,
    /// The public reads it: no names.
    #[oai(validator(min_length = 1, max_length = 200))]
    purpose: Text,
    #[oai(validator(min_items = 1, max_items = 5000))]
    payouts: Vec<PayoutDraft>,
    /// Why it is no second paper for the same payment; asked for (`likely_repeated`) where another paper of the campaign pays the same person as
    /// much for the same purpose.
    #[oai(validator(max_length = 200))]
    repeat_reason: Option<Text>,
}

#[derive(Object)]
struct NewPaper {
    /// Made by the client: the same id again is the same paper.
    id: Uuid,
    #[oai(flatten)]
    paper: Paper,
}

fn draft(id: Uuid, paper: Paper) -> Draft {
    let payout = |payout: PayoutDraft| NewPayout {
        id: payout.id.into(),
        payee: payout.payee.into(),
        beneficiary: payout.beneficiary.map(Into::into),
        relation: said(payout.relation),
        amount: payout.amount.0,
    };
    Draft {
        id: id.into(),
        campaign: paper.campaign.into(),
        line: paper.line.0,
        kind: paper.kind.into(),
        purpose: paper.purpose.0,
        payouts: paper.payouts.into_iter().map(payout).collect(),
        repeat_reason: said(paper.repeat_reason),
    }
}

/// A step in the life of a disbursement.
#[derive(Object)]
struct DisbursementStep {
    from: String,
    to: String,
    at: Instant,
    /// The id of a member of staff.
    actor: String,
    #[oai(nullable)]
    reason: Option<String>,
}

impl From<disbursement_history::Model> for DisbursementStep {
    fn from(row: disbursement_history::Model) -> DisbursementStep {
        DisbursementStep {
            from: row.from_state,
            to: row.to_state,
            at: row.at_us.into(),
            actor: row.actor,
            reason: row.reason,
        }
    }
}

/// How many papers wait for the caller.
#[derive(Object)]
struct Waiting {
    count: u64,
}

/// What comes after a payment: 追回 or 核销.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum SettlementKind {
    /// The payee paid back.
    Recovered,
    /// A partner accounts for an advance.
    Accounted,
}

#[derive(Object)]
struct BankMovement {
    /// Our short name of the bank account.
    #[oai(validator(min_length = 1, max_length = 40))]
    bank_account: Text,
    /// The bank's number.
    #[oai(validator(min_length = 1, max_length = 64))]
    reference: Text,
}

#[derive(Object)]
struct NewSettlementBody {
    /// Made by the client: the same id again is the same settlement.
    id: Uuid,
    kind: SettlementKind,
    amount: Yuan,
    /// Why, or what the documents are.
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: Text,
    /// For money that came back.
    bank: Option<BankMovement>,
    /// The day it came, or of the documents.
    on: Day,
}

#[derive(Object)]
struct Settlement {
    id: Uuid,
    payout: Uuid,
    /// `recovered` or `accounted`.
    kind: String,
    /// `proposed`, `confirmed`, `declined`.
    state: String,
    amount: Yuan,
    reason: String,
    on: Day,
    author: Uuid,
    #[oai(nullable)]
    approver: Option<Uuid>,
    created_at: Instant,
}

impl From<payout_settlement::Model> for Settlement {
    fn from(row: payout_settlement::Model) -> Settlement {
        Settlement {
            id: row.id.uuid(),
            payout: row.payout_id.uuid(),
            kind: row.kind,
            state: row.state,
            amount: row.amount_fen.into(),
            reason: row.reason,
            on: row.happened_on.into(),
            author: row.author_id.uuid(),
            approver: row.approver_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
        }
    }
}

pub(crate) struct DisbursementApi {
    pub(crate) app: Arc<App>,
}

type Answer = Result<Json<Disbursement>, ApiError>;

fn answer(row: Result<disbursement::Model, SpendError>) -> Answer {
    Ok(Json(row?.into()))
}

#[OpenApi(tag = "Tag::Spending")]
impl DisbursementApi {
    /// Disbursements, newest first.
    #[oai(path = "/staff/disbursements", method = "get")]
    async fn list(
        &self,
        officer: Officer,
        campaign: Query<Option<Uuid>>,
        state: Query<Option<DisbursementState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Disbursement>>, ApiError> {
        let (campaign, state) = (campaign.0.map(Into::into), state.0.map(Into::into));
        let wanted = PaperSearch { campaign, state, words: None };
        let rows = self.app.spending.page(&wanted, &officer.0, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// How many papers wait for a decision of the caller.
    #[oai(path = "/staff/disbursements/waiting", method = "get")]
    async fn waiting(&self, officer: Officer) -> Result<Json<Waiting>, ApiError> {
        Ok(Json(Waiting { count: self.app.spending.waiting(&officer.0).await? }))
    }

    /// Writes a draft.
    #[oai(path = "/staff/disbursements", method = "post")]
    async fn draft(&self, officer: Officer, body: Json<NewPaper>) -> Answer {
        answer(self.app.spending.draft(draft(body.0.id, body.0.paper), &officer.0).await)
    }

    /// A disbursement.
    #[oai(path = "/staff/disbursements/:disbursement_id", method = "get")]
    async fn get(&self, officer: Officer, disbursement_id: Path<Uuid>) -> Answer {
        answer(self.app.spending.get(disbursement_id.0.into(), &officer.0).await)
    }

    /// Rewrites a draft; its author only.
    #[oai(path = "/staff/disbursements/:disbursement_id", method = "put")]
    async fn edit(&self, officer: Officer, disbursement_id: Path<Uuid>, body: Json<Paper>) -> Answer {
        answer(self.app.spending.edit(draft(disbursement_id.0, body.0), &officer.0).await)
    }

    /// Its payouts, in order; `after` is a position.
    #[oai(path = "/staff/disbursements/:disbursement_id/payouts", method = "get")]
    async fn payouts_of(
        &self,
        officer: Officer,
        disbursement_id: Path<Uuid>,
        #[oai(validator(minimum(value = "0")))] after: Query<Option<i64>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Payout>>, ApiError> {
        let (spending, id) = (&self.app.spending, disbursement_id.0.into());
        let mut rows = spending.payouts_of(id, &officer.0, after.0.unwrap_or_default(), limit.0 + 1).await?;
        let more = rows.len() as u64 > limit.0;
        rows.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.position.to_string());
        Ok(Json(Page { items: self.named(rows).await?, next }))
    }

    /// Hands a draft in; a document has to be attached.
    #[oai(path = "/staff/disbursements/:disbursement_id/submission", method = "post")]
    async fn submit(&self, officer: Officer, disbursement_id: Path<Uuid>) -> Answer {
        answer(self.app.spending.submit(disbursement_id.0.into(), &officer.0).await)
    }

    /// Agrees: the project manager first, then the head of finance, above the limit the chair. The last one promises the money.
    #[oai(path = "/staff/disbursements/:disbursement_id/approval", method = "post")]
    async fn approve(&self, officer: Officer, disbursement_id: Path<Uuid>) -> Answer {
        answer(self.app.spending.approve(disbursement_id.0.into(), &officer.0).await)
    }

    /// Sends it back to its author with a reason.
    #[oai(path = "/staff/disbursements/:disbursement_id/rejection", method = "post")]
    async fn reject(&self, officer: Officer, disbursement_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        answer(self.app.spending.reject(disbursement_id.0.into(), &body.0.reason.0, &officer.0).await)
    }

    /// Gives it up before its last approval.
    #[oai(path = "/staff/disbursements/:disbursement_id/cancellation", method = "post")]
    async fn cancel(&self, officer: Officer, disbursement_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        answer(self.app.spending.cancel(disbursement_id.0.into(), &body.0.reason.0, &officer.0).await)
    }

    /// What happened to it, oldest first.
    #[oai(path = "/staff/disbursements/:disbursement_id/history", method = "get")]
    async fn history(
        &self,
        officer: Officer,
        disbursement_id: Path<Uuid>,
    ) -> Result<Json<Page<DisbursementStep>>, ApiError> {
        Ok(Json(Page::whole(self.app.spending.history(disbursement_id.0.into(), &officer.0).await?)))
    }

    /// What was approved in a month under the profile `small`, oldest first: what the supervisors look through.
    #[oai(path = "/staff/small-profile-reviews", method = "get")]
    async fn small_reviews(
        &self,
        officer: Officer,
        /// `2026-11`.
        #[oai(validator(min_length = 7, max_length = 7))]
        month: Query<String>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<SmallProfileReview>>, ApiError> {
        let month = format!("{}-01", month.0).parse().map_err(|_| ApiError::field("month", "月份格式为2026-11"))?;
        let rows = self.app.spending.small_reviews(month, &officer.0, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |review| review.paper.id.uuid())))
    }

    /// The documents that prove it.
    #[oai(path = "/staff/disbursements/:disbursement_id/attachments", method = "get")]
    async fn attachments(
        &self,
        officer: Officer,
        disbursement_id: Path<Uuid>,
    ) -> Result<Json<Page<Attachment>>, ApiError> {
        self.app.spending.get(disbursement_id.0.into(), &officer.0).await?;
        document::list(&self.app, &object(disbursement_id.0.into())).await
    }

    /// Attaches a document to a draft; its author.
    #[oai(path = "/staff/disbursements/:disbursement_id/attachments", method = "post")]
    async fn attach(
        &self,
        officer: Officer,
        disbursement_id: Path<Uuid>,
        /// What it proves: `contract`, `invoice`, `roster`, `list`, `filing`, `filing_receipt`, `minutes`, `report`, `statement`, `scan`,
        /// `picture` or `other`.
        #[oai(validator(min_length = 1, max_length = 40))]
        kind: Query<String>,
        #[oai(validator(min_length = 1, max_length = 200))] file_name: Query<String>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<Attachment>, ApiError> {
        self.app.spending.may_document(disbursement_id.0.into(), &officer.0).await?;
        document::upload(&self.app, &officer.0, &object(disbursement_id.0.into()), &kind.0, &file_name.0, body).await
    }

    /// A document of it; a list or a roster asks for a reason (`reading`).
    #[oai(path = "/staff/disbursements/:disbursement_id/attachments/:attachment_id", method = "get")]
    async fn attachment(
        &self,
        officer: Officer,
        disbursement_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<Download, ApiError> {
        let (id, document) = (disbursement_id.0.into(), attachment_id.0.into());
        Ok(document::given(self.app.spending.document(id, document, &officer.0).await?))
    }

    /// A list or a roster of it, which names people: for a reason that is written down. Where it pays children, those responsible for them read
    /// it, and whoever they allowed.
    #[oai(path = "/staff/disbursements/:disbursement_id/attachments/:attachment_id/reading", method = "post")]
    async fn read_list(
        &self,
        officer: Officer,
        disbursement_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
        body: Json<Reading>,
    ) -> Result<Download, ApiError> {
        let (id, document) = (disbursement_id.0.into(), attachment_id.0.into());
        Ok(document::given(self.app.spending.read_list(id, document, &body.0.reason.0, &officer.0).await?))
    }

    /// Withdraws a document of a draft; its author.
    #[oai(path = "/staff/disbursements/:disbursement_id/attachments/:attachment_id", method = "delete")]
    async fn detach(
        &self,
        officer: Officer,
        disbursement_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<(), ApiError> {
        self.app.spending.may_document(disbursement_id.0.into(), &officer.0).await?;
        document::withdraw(&self.app, &officer.0, &object(disbursement_id.0.into()), attachment_id.0).await
    }

    /// Payouts in one state, those that have waited longest first.
    #[oai(path = "/staff/payouts", method = "get")]
    async fn payouts(
        &self,
        officer: Officer,
        state: Query<PayoutState>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Payout>>, ApiError> {
        let spending = &self.app.spending;
        let rows = spending
            .payouts(domain::disbursement::PayoutState::from(state.0), &officer.0, after.0.map(Into::into), limit.0 + 1)
            .await;
        let mut rows = rows.map_err(ApiError::of_list)?;
        let more = rows.len() as u64 > limit.0;
        rows.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        Ok(Json(Page { items: self.named(rows).await?, next }))
    }

    /// What bounced shall be paid again, to the payee's account of today.
    #[oai(path = "/staff/payouts/:payout_id/retry", method = "post")]
    async fn retry(&self, officer: Officer, payout_id: Path<Uuid>) -> Result<Json<Payout>, ApiError> {
        let row = self.app.spending.retry(payout_id.0.into(), &officer.0).await?;
        Ok(Json(self.named(vec![row]).await?.remove(0)))
    }

    /// Gives a payout up before it is paid; the money is the campaign's again.
    #[oai(path = "/staff/payouts/:payout_id/cancellation", method = "post")]
    async fn cancel_payout(
        &self,
        officer: Officer,
        payout_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<Payout>, ApiError> {
        let row = self.app.spending.cancel_payout(payout_id.0.into(), &body.0.reason.0, &officer.0).await?;
        Ok(Json(self.named(vec![row]).await?.remove(0)))
    }

    /// What came back of a payout, and what a partner accounted for.
    #[oai(path = "/staff/payouts/:payout_id/settlements", method = "get")]
    async fn settlements(&self, officer: Officer, payout_id: Path<Uuid>) -> Result<Json<Page<Settlement>>, ApiError> {
        Ok(Json(Page::whole(self.app.spending.settlements(payout_id.0.into(), &officer.0).await?)))
    }

    /// Writes down that the payee paid back, or that a partner accounts for an advance. Another person confirms it.
    #[oai(path = "/staff/payouts/:payout_id/settlements", method = "post")]
    async fn settle(
        &self,
        officer: Officer,
        payout_id: Path<Uuid>,
        body: Json<NewSettlementBody>,
    ) -> Result<Json<Settlement>, ApiError> {
        let new = body.0;
        let new = NewSettlement {
            id: new.id.into(),
            payout: payout_id.0.into(),
            kind: match new.kind {
                SettlementKind::Recovered => SettlementWord::Recovered,
                SettlementKind::Accounted => SettlementWord::Accounted,
            },
            amount: new.amount.0,
            reason: new.reason.0,
            bank: new.bank.map(|bank| (bank.bank_account.0, bank.reference.0)),
            on: new.on.0,
        };
        Ok(Json(self.app.spending.settle(new, &officer.0).await?.into()))
    }

    /// The documents a settlement is proved by.
    #[oai(path = "/staff/settlements/:settlement_id/attachments", method = "get")]
    async fn settlement_attachments(
        &self,
        officer: Officer,
        settlement_id: Path<Uuid>,
    ) -> Result<Json<Page<Attachment>>, ApiError> {
        self.app.spending.settlement(settlement_id.0.into(), &officer.0).await?;
        document::list(&self.app, &settlement_object(settlement_id.0.into())).await
    }

    /// Attaches a document to a settlement that is not decided; its author. What a partner accounts for is not confirmed without one.
    #[oai(path = "/staff/settlements/:settlement_id/attachments", method = "post")]
    async fn settlement_attach(
        &self,
        officer: Officer,
        settlement_id: Path<Uuid>,
        /// What it proves: `invoice`, `contract`, `statement`, `report`, `scan` and the like.
        #[oai(validator(min_length = 1, max_length = 40))]
        kind: Query<String>,
        #[oai(validator(min_length = 1, max_length = 200))] file_name: Query<String>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<Attachment>, ApiError> {
        self.app.spending.may_document_settlement(settlement_id.0.into(), &officer.0).await?;
        let object = settlement_object(settlement_id.0.into());
        document::upload(&self.app, &officer.0, &object, &kind.0, &file_name.0, body).await
    }

    /// A document of a settlement.
    #[oai(path = "/staff/settlements/:settlement_id/attachments/:attachment_id", method = "get")]
    async fn settlement_attachment(
        &self,
        officer: Officer,
        settlement_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<Download, ApiError> {
        self.app.spending.settlement(settlement_id.0.into(), &officer.0).await?;
        document::download(&self.app, &settlement_object(settlement_id.0.into()), attachment_id.0).await
    }

    /// Withdraws a document of a settlement that is not decided; its author.
    #[oai(path = "/staff/settlements/:settlement_id/attachments/:attachment_id", method = "delete")]
    async fn settlement_detach(
        &self,
        officer: Officer,
        settlement_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<(), ApiError> {
        self.app.spending.may_document_settlement(settlement_id.0.into(), &officer.0).await?;
        let object = settlement_object(settlement_id.0.into());
        document::withdraw(&self.app, &officer.0, &object, attachment_id.0).await
    }

    /// Confirms a settlement; that books it. Another person than who wrote it down, and where all duties are apart than those who wrote or
    /// approved the paper.
    #[oai(path = "/staff/settlements/:settlement_id/confirmation", method = "post")]
    async fn confirm(&self, officer: Officer, settlement_id: Path<Uuid>) -> Result<Json<Settlement>, ApiError> {
        let row = self.app.spending.decide_settlement(settlement_id.0.into(), true, &officer.0).await?;
        Ok(Json(row.into()))
    }

    /// Does not confirm it, and says why.
    #[oai(path = "/staff/settlements/:settlement_id/decline", method = "post")]
    async fn decline(
        &self,
        officer: Officer,
        settlement_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<Settlement>, ApiError> {
        let no = body.0.declines()?;
        let row = self.app.spending.decide_settlement(settlement_id.0.into(), no, &officer.0).await?;
        Ok(Json(row.into()))
    }
}

impl DisbursementApi {
    /// Payouts with the masked names of their payees.
    async fn named(&self, rows: Vec<payout::Model>) -> Result<Vec<Payout>, ApiError> {
        let mut names = self.app.spending.masked_payees(rows.iter().map(|row| row.payee_id)).await?;
        let name = |row: &payout::Model| names.get(&row.payee_id).map(|payee| payee.name.clone()).unwrap_or_default();
        let items = rows.into_iter().map(|row| (name(&row), row)).collect::<Vec<_>>();
        names.clear();
        Ok(items.into_iter().map(|(name, row)| wire_payout(row, name)).collect())
    }
}
