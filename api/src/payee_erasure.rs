//! Wishes of payees and beneficiaries to be erased, and what those responsible for personal data decide.

use std::sync::Arc;

use app::App;
use app::spending::erasure::Erasure;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::campaign::Reason;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::payee::Payee;
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text};

/// Where a wish stands.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum ErasureState {
    Asked,
    Declined,
    Restricted,
    Erased,
}

impl ErasureState {
    fn as_str(self) -> &'static str {
        match self {
            ErasureState::Asked => "asked",
            ErasureState::Declined => "declined",
            ErasureState::Restricted => "restricted",
            ErasureState::Erased => "erased",
        }
    }
}

/// A payee's wish to be erased.
#[derive(Object)]
struct PayeeErasure {
    id: Uuid,
    /// `asked`; `declined`; `restricted`: kept with the vouchers and used for nothing; `erased`.
    state: String,
    /// The payee, masked.
    payee: Payee,
    /// How the wish came.
    reason: String,
    author: Uuid,
    created_at: Instant,
    #[oai(nullable)]
    decided_by: Option<Uuid>,
    #[oai(nullable)]
    decision_reason: Option<String>,
    #[oai(nullable)]
    decided_at: Option<Instant>,
    /// The last day on which the law keeps the vouchers that name them; they are erased after it. None if nothing keeps them.
    #[oai(nullable)]
    kept_until: Option<Day>,
    #[oai(nullable)]
    erased_at: Option<Instant>,
}

impl From<Erasure> for PayeeErasure {
    fn from(erasure: Erasure) -> PayeeErasure {
        let row = erasure.row;
        PayeeErasure {
            id: row.id.uuid(),
            state: row.state,
            payee: erasure.payee.into(),
            reason: row.reason,
            author: row.author_id.uuid(),
            created_at: row.created_us.into(),
            decided_by: row.decider_id.map(|id| id.uuid()),
            decision_reason: row.decision_reason,
            decided_at: row.decided_us.map(Instant),
            kept_until: row.kept_until.map(Day),
            erased_at: row.erased_us.map(Instant),
        }
    }
}

/// What is asked.
#[derive(Object)]
struct NewErasure {
    /// Made by the client: the same id again is the same wish.
    id: Uuid,
    /// When and how the person asked for it; nothing personal.
    #[oai(validator(min_length = 2, max_length = 200))]
    reason: Text,
}

pub(crate) struct PayeeErasureApi {
    pub(crate) app: Arc<App>,
}

type Answer = Result<Json<PayeeErasure>, ApiError>;

#[OpenApi(prefix_path = "/staff", tag = "Tag::Spending")]
impl PayeeErasureApi {
    /// Puts down that a payee or beneficiary wishes to be erased (个人信息保护法 47).
    #[oai(path = "/payees/:payee_id/erasures", method = "post")]
    async fn ask(&self, officer: Officer, payee_id: Path<Uuid>, body: Json<NewErasure>) -> Answer {
        let NewErasure { id, reason } = body.0;
        let spending = &self.app.spending;
        Ok(Json(spending.ask_erasure(id.into(), payee_id.0.into(), &reason.0, &officer.0).await?.into()))
    }

    /// Wishes, newest first: those one put down, and for those responsible and auditors all of their part of the tree.
    #[oai(path = "/payee-erasures", method = "get")]
    async fn list(
        &self,
        officer: Officer,
        state: Query<Option<ErasureState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<PayeeErasure>>, ApiError> {
        let state = state.0.map(ErasureState::as_str);
        let spending = &self.app.spending;
        let rows = spending.erasures(state, &officer.0, after.0.map(Into::into), limit.0 + 1).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |erasure| erasure.row.id.uuid())))
    }

    /// Follows the wish; another person than who put it down, responsible for personal data. Whoever is in no approved paper is erased at
    /// once, whoever is in one on the day after the law lets go of the vouchers; until then their data is used for nothing.
    #[oai(path = "/payee-erasures/:erasure_id/approval", method = "post")]
    async fn agree(&self, officer: Officer, erasure_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        let (spending, reason) = (&self.app.spending, &body.0.reason.0);
        Ok(Json(spending.decide_erasure(erasure_id.0.into(), true, reason, &officer.0).await?.into()))
    }

    /// Declines it.
    #[oai(path = "/payee-erasures/:erasure_id/decline", method = "post")]
    async fn decline(&self, officer: Officer, erasure_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        let (spending, reason) = (&self.app.spending, &body.0.reason.0);
        Ok(Json(spending.decide_erasure(erasure_id.0.into(), false, reason, &officer.0).await?.into()))
    }
}
