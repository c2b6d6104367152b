//! Refunds: asked for, decided by another person, sent by a job, and finished by two persons if the channel cannot.

use std::sync::Arc;

use app::App;
use crowdfunding::{Decision, NewRefund, Outcome, RefundSearch};
use domain::refund as rules;
use domain::role::Role;
use entity::refund;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::campaign::Reason;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Instant, Text, Yuan, said, wire_enum};

/// Who may see refunds.
const READERS: [Role; 6] =
    [Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Chair, Role::Auditor];

wire_enum! {
    /// Why a gift is given back.
    RefundReason = rules::RefundReason {
        Error,
        Duplicate,
        Minor,
        Incapacity,
        UnlawfulRaising,
        ConditionFailed,
        CampaignCancelled,
    }
}

wire_enum! {
    /// Where a refund stands.
    RefundState = rules::RefundState {
        Requested,
        Approved,
        Processing,
        Succeeded,
        Failed,
        PaidByBank,
        GivenUp,
        Declined,
    }
}

/// A refund as its donor sees it.
#[derive(Object)]
pub(crate) struct OwnRefund {
    id: Uuid,
    amount: Yuan,
    reason: RefundReason,
    state: RefundState,
    requested_at: Instant,
    /// When the money was on its way back, or the request was declined.
    #[oai(nullable)]
    finished_at: Option<Instant>,
}

impl From<refund::Model> for OwnRefund {
    fn from(row: refund::Model) -> OwnRefund {
        OwnRefund {
            id: row.id.uuid(),
            amount: row.amount_fen.into(),
            reason: row.reason.into(),
            state: row.state.into(),
            requested_at: row.created_us.into(),
            finished_at: row.finished_us.map(Instant),
        }
    }
}

/// A refund as staff sees it.
#[derive(Object)]
struct OfficeRefund {
    id: Uuid,
    donation: Uuid,
    amount: Yuan,
    reason: RefundReason,
    #[oai(nullable)]
    note: Option<String>,
    state: RefundState,
    /// A refund the channel closed is sent again under a new number.
    attempt: i64,
    /// `donor:{id}` or `staff:{id}`.
    requested_by: String,
    #[oai(nullable)]
    decided_by: Option<Uuid>,
    /// Whom the decider stood in for.
    #[oai(nullable)]
    decided_for: Option<Uuid>,
    /// Who proposed to end it without the channel.
    #[oai(nullable)]
    outcome_proposed_by: Option<Uuid>,
    #[oai(nullable)]
    outcome_settled_by: Option<Uuid>,
    /// Whom they stood in for.
    #[oai(nullable)]
    outcome_settled_for: Option<Uuid>,
    /// Who proposed that the general fund bears it.
    #[oai(nullable)]
    cover_proposed_by: Option<Uuid>,
    /// Who decided that the general fund bears it.
    #[oai(nullable)]
    covered_by: Option<Uuid>,
    /// Whom they stood in for.
    #[oai(nullable)]
    covered_for: Option<Uuid>,
    /// The channel's number.
    #[oai(nullable)]
    channel_refund_id: Option<String>,
    #[oai(nullable)]
    last_error: Option<String>,
    created_at: Instant,
    #[oai(nullable)]
    decided_at: Option<Instant>,
    #[oai(nullable)]
    finished_at: Option<Instant>,
}

impl From<refund::Model> for OfficeRefund {
    fn from(row: refund::Model) -> OfficeRefund {
        OfficeRefund {
            id: row.id.uuid(),
            donation: row.donation_id.uuid(),
            amount: row.amount_fen.into(),
            reason: row.reason.into(),
            note: row.note,
            state: row.state.into(),
            attempt: row.attempt,
            requested_by: row.requested_by,
            decided_by: row.decider_id.map(|id| id.uuid()),
            decided_for: row.decider_for_id.map(|id| id.uuid()),
            outcome_proposed_by: row.outcome_author_id.map(|id| id.uuid()),
            outcome_settled_by: row.outcome_approver_id.map(|id| id.uuid()),
            outcome_settled_for: row.outcome_approver_for_id.map(|id| id.uuid()),
            cover_proposed_by: row.cover_author_id.map(|id| id.uuid()),
            covered_by: row.cover_approver_id.map(|id| id.uuid()),
            covered_for: row.cover_approver_for_id.map(|id| id.uuid()),
            channel_refund_id: row.channel_refund_id,
            last_error: row.last_error,
            created_at: row.created_us.into(),
            decided_at: row.decided_us.map(Instant),
            finished_at: row.finished_us.map(Instant),
        }
    }
}

/// A refund asked for on a donor's behalf.
#[derive(Object)]
struct NewOfficeRefund {
    /// Made by the client: the same id again is the same refund.
    id: Uuid,
    donation: Uuid,
    amount: Yuan,
    reason: RefundReason,
    #[oai(validator(max_length = 500))]
    note: Option<Text>,
}

#[derive(Object)]
pub(crate) struct BankPayment {
    /// Our short name of the bank account it was paid from.
    #[oai(validator(min_length = 1, max_length = 64))]
    pub(crate) bank_account: Text,
}

pub(crate) struct RefundApi {
    pub(crate) app: Arc<App>,
}

type Answer = Result<Json<OfficeRefund>, ApiError>;

#[OpenApi(prefix_path = "/staff/refunds", tag = "Tag::Refunds")]
impl RefundApi {
    /// Refunds, newest first.
    #[oai(path = "/", method = "get")]
    async fn list(
        &self,
        officer: Officer,
        state: Query<Option<RefundState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<OfficeRefund>>, ApiError> {
        let wanted =
            RefundSearch { states: state.0.map(Into::into).into_iter().collect(), campaign: None, general: false };
        let rows = self.app.refunds.page((&officer.0, &READERS), &wanted, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// Asks for a refund on a donor's behalf.
    #[oai(path = "/", method = "post")]
    async fn request(&self, officer: Officer, body: Json<NewOfficeRefund>) -> Answer {
        let NewOfficeRefund { id, donation, amount, reason, note } = body.0;
        let (reason, note) = (reason.into(), said(note));
        let new = NewRefund { id: id.into(), donation: donation.into(), amount: amount.0, reason, note };
        Ok(Json(self.app.refunds.request(new, &officer.0).await?.into()))
    }

    /// A refund.
    #[oai(path = "/:refund_id", method = "get")]
    async fn get(&self, officer: Officer, refund_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.refunds.shown(refund_id.0.into(), &officer.0, &READERS).await?.into()))
    }

    /// Agrees; that books the debt and lets the job send it. Another person than who asked.
    #[oai(path = "/:refund_id/approval", method = "post")]
    async fn approve(&self, officer: Officer, refund_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.refunds.decide(refund_id.0.into(), Decision::Approve, &officer.0).await?.into()))
    }

    /// Proposes that the general fund bears what the campaign has spent of it already: the head of finance.
    #[oai(path = "/:refund_id/cover-proposal", method = "post")]
    async fn propose_cover(&self, officer: Officer, refund_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.refunds.propose_cover(refund_id.0.into(), &officer.0).await?.into()))
    }

    /// Agrees to the refund with what the general fund bears of it: the chair.
    #[oai(path = "/:refund_id/cover-approval", method = "post")]
    async fn cover(&self, officer: Officer, refund_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.refunds.cover(refund_id.0.into(), &officer.0).await?.into()))
    }

    /// Declines with a reason.
    #[oai(path = "/:refund_id/decline", method = "post")]
    async fn decline(&self, officer: Officer, refund_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        let decision = Decision::Reject(body.0.reason.0);
        Ok(Json(self.app.refunds.decide(refund_id.0.into(), decision, &officer.0).await?.into()))
    }

    /// Sends a failed refund again, under a new number.
    #[oai(path = "/:refund_id/retry", method = "post")]
    async fn retry(&self, officer: Officer, refund_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.refunds.retry(refund_id.0.into(), &officer.0).await?.into()))
    }

    /// Proposes to end a failed refund without the channel: the first of two persons.
    #[oai(path = "/:refund_id/outcome-proposal", method = "post")]
    async fn propose(&self, officer: Officer, refund_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.refunds.propose_outcome(refund_id.0.into(), &officer.0).await?.into()))
    }

    /// Ends it as paid by bank: the second person.
    #[oai(path = "/:refund_id/bank-payment", method = "post")]
    async fn paid_by_bank(&self, officer: Officer, refund_id: Path<Uuid>, body: Json<BankPayment>) -> Answer {
        let outcome = Outcome::PaidByBank { bank_account: body.0.bank_account.0 };
        Ok(Json(self.app.refunds.settle_outcome(refund_id.0.into(), outcome, &officer.0).await?.into()))
    }

    /// Gives it up: the second person. The money stays with the campaign.
    #[oai(path = "/:refund_id/give-up", method = "post")]
    async fn give_up(&self, officer: Officer, refund_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.refunds.settle_outcome(refund_id.0.into(), Outcome::GivenUp, &officer.0).await?.into()))
    }
}
