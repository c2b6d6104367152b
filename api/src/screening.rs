//! Screening of names: compliance alone.

use std::sync::Arc;

use app::App;
use app::spending::screening::Hit;
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

/// Where a finding stands.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum FindingState {
    Open,
    Cleared,
    Blocked,
}

impl FindingState {
    fn as_str(self) -> &'static str {
        match self {
            FindingState::Open => "open",
            FindingState::Cleared => "cleared",
            FindingState::Blocked => "blocked",
        }
    }
}

/// A payee whose name stands on a list.
#[derive(Object)]
struct ScreeningFinding {
    id: Uuid,
    /// `open`, `cleared`, `blocked`.
    state: String,
    /// Which list.
    list: String,
    /// The name there.
    name: String,
    payee: Payee,
    #[oai(nullable)]
    decided_by: Option<Uuid>,
    #[oai(nullable)]
    reason: Option<String>,
    created_at: Instant,
}

impl From<Hit> for ScreeningFinding {
    fn from(hit: Hit) -> ScreeningFinding {
        ScreeningFinding {
            id: hit.row.id.uuid(),
            state: hit.row.state,
            list: hit.list,
            name: hit.name,
            payee: hit.payee.into(),
            decided_by: hit.row.decider_id.map(|id| id.uuid()),
            reason: hit.row.reason,
            created_at: hit.row.created_us.into(),
        }
    }
}

#[derive(Object)]
struct Names {
    /// Which list.
    #[oai(validator(min_length = 1, max_length = 40))]
    list: Text,
    #[oai(validator(min_items = 1, max_items = 5000))]
    names: Vec<Text>,
}

/// What came of loading a list.
#[derive(Object)]
struct Loaded {
    /// Names that were not on it.
    new: u64,
    /// New findings among all payees.
    found: u64,
}

pub(crate) struct ScreeningApi {
    pub(crate) app: Arc<App>,
}

type Answer = Result<Json<ScreeningFinding>, ApiError>;

#[OpenApi(prefix_path = "/staff/screening", tag = "Tag::Spending")]
impl ScreeningApi {
    /// Loads names onto a list and looks every payee up again.
    #[oai(path = "/names", method = "post")]
    async fn load(&self, officer: Officer, body: Json<Names>) -> Result<Json<Loaded>, ApiError> {
        let names: Vec<String> = body.0.names.into_iter().map(|name| name.0).collect();
        let (new, found) = self.app.spending.load_watchlist(&body.0.list.0, &names, &officer.0).await?;
        Ok(Json(Loaded { new, found }))
    }

    /// What was found, newest first.
    #[oai(path = "/findings", method = "get")]
    async fn findings(
        &self,
        officer: Officer,
        state: Query<Option<FindingState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<ScreeningFinding>>, ApiError> {
        let state = state.0.map(FindingState::as_str);
        let rows = self.app.spending.hits(state, &officer.0, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |hit| hit.row.id.uuid())))
    }

    /// Somebody else of the same name.
    #[oai(path = "/findings/:finding_id/clearance", method = "post")]
    async fn clear(&self, officer: Officer, finding_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        let hit = self.app.spending.decide_hit(finding_id.0.into(), true, &body.0.reason.0, &officer.0).await?;
        Ok(Json(hit.into()))
    }

    /// The person meant: nothing is paid.
    #[oai(path = "/findings/:finding_id/block", method = "post")]
    async fn block(&self, officer: Officer, finding_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        let hit = self.app.spending.decide_hit(finding_id.0.into(), false, &body.0.reason.0, &officer.0).await?;
        Ok(Json(hit.into()))
    }
}
