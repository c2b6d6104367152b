//! Requests to read a child's data, and the answers of those responsible for it.

use std::sync::Arc;

use app::App;
use app::spending::children::Access;
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
use crate::wire::{Instant, Text};

/// Where a request stands.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum AccessState {
    Asked,
    Granted,
    Declined,
}

impl AccessState {
    fn as_str(self) -> &'static str {
        match self {
            AccessState::Asked => "asked",
            AccessState::Granted => "granted",
            AccessState::Declined => "declined",
        }
    }
}

/// A request to read a child's data.
#[derive(Object)]
struct ChildAccess {
    id: Uuid,
    /// `asked`, `granted`, `declined`.
    state: String,
    /// The child, masked.
    payee: Payee,
    reason: String,
    /// For how many days from the answer.
    days: i64,
    requester: Uuid,
    created_at: Instant,
    #[oai(nullable)]
    decided_by: Option<Uuid>,
    #[oai(nullable)]
    decision_reason: Option<String>,
    #[oai(nullable)]
    decided_at: Option<Instant>,
    /// Until when the data may be read.
    #[oai(nullable)]
    ends_at: Option<Instant>,
}

impl From<Access> for ChildAccess {
    fn from(access: Access) -> ChildAccess {
        let row = access.row;
        ChildAccess {
            id: row.id.uuid(),
            state: row.state,
            payee: access.payee.into(),
            reason: row.reason,
            days: row.days,
            requester: row.requester_id.uuid(),
            created_at: row.created_us.into(),
            decided_by: row.decider_id.map(|id| id.uuid()),
            decision_reason: row.decision_reason,
            decided_at: row.decided_us.map(Instant),
            ends_at: row.ends_us.map(Instant),
        }
    }
}

/// What is asked.
#[derive(Object)]
struct NewAccess {
    /// Made by the client: the same id again is the same request.
    id: Uuid,
    /// What the data is needed for.
    #[oai(validator(min_length = 2, max_length = 200))]
    reason: Text,
    /// For how many days.
    #[oai(validator(minimum(value = "1"), maximum(value = "30")))]
    days: i64,
}

pub(crate) struct ChildAccessApi {
    pub(crate) app: Arc<App>,
}

type Answer = Result<Json<ChildAccess>, ApiError>;

#[OpenApi(prefix_path = "/staff", tag = "Tag::Spending")]
impl ChildAccessApi {
    /// Asks to be allowed to read a child's data.
    #[oai(path = "/payees/:payee_id/child-access", method = "post")]
    async fn ask(&self, officer: Officer, payee_id: Path<Uuid>, body: Json<NewAccess>) -> Answer {
        let NewAccess { id, reason, days } = body.0;
        let spending = &self.app.spending;
        let access = spending.ask_child_access(id.into(), payee_id.0.into(), &reason.0, days, &officer.0).await?;
        Ok(Json(access.into()))
    }

    /// Requests, newest first: one's own, and for those responsible and auditors all of their part of the tree.
    #[oai(path = "/child-access", method = "get")]
    async fn list(
        &self,
        officer: Officer,
        state: Query<Option<AccessState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<ChildAccess>>, ApiError> {
        let state = state.0.map(AccessState::as_str);
        let spending = &self.app.spending;
        let rows = spending.child_accesses(state, &officer.0, after.0.map(Into::into), limit.0 + 1).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |access| access.row.id.uuid())))
    }

    /// Allows it; another person than who asked, responsible for children's data.
    #[oai(path = "/child-access/:access_id/approval", method = "post")]
    async fn grant(&self, officer: Officer, access_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        let (spending, reason) = (&self.app.spending, &body.0.reason.0);
        Ok(Json(spending.decide_child_access(access_id.0.into(), true, reason, &officer.0).await?.into()))
    }

    /// Declines it.
    #[oai(path = "/child-access/:access_id/decline", method = "post")]
    async fn decline(&self, officer: Officer, access_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        let (spending, reason) = (&self.app.spending, &body.0.reason.0);
        Ok(Json(spending.decide_child_access(access_id.0.into(), false, reason, &officer.0).await?.into()))
    }
}
