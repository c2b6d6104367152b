//! Screening of names and of large gifts: compliance alone.

use std::sync::Arc;

use app::App;
use app::gift_watch::GiftAlert;
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
use crate::wire::{Instant, Text, Yuan};

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

/// Where an alert stands.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum AlertState {
    Open,
    Cleared,
    Reported,
}

impl AlertState {
    fn as_str(self) -> &'static str {
        match self {
            AlertState::Open => "open",
            AlertState::Cleared => "cleared",
            AlertState::Reported => "reported",
        }
    }
}

/// A gift that is large, or with which the gifts of one giver within a day add up.
#[derive(Object)]
struct ScreenedGift {
    id: Uuid,
    /// `open`, `cleared`, `reported`.
    state: String,
    /// `single` or `repeated`.
    ground: String,
    donation: Uuid,
    /// Null for a gift to the general fund of a charity.
    #[oai(nullable)]
    campaign: Option<Uuid>,
    #[oai(nullable)]
    donor: Option<Uuid>,
    /// The organisation, if it came by bank.
    #[oai(nullable)]
    counterparty: Option<String>,
    amount: Yuan,
    /// How many gifts within a day, this one included.
    gifts: i64,
    /// What they add up to.
    total: Yuan,
    /// The list that the giver's name stands on.
    #[oai(nullable)]
    list: Option<String>,
    #[oai(nullable)]
    decided_by: Option<Uuid>,
    #[oai(nullable)]
    reason: Option<String>,
    created_at: Instant,
}

impl From<GiftAlert> for ScreenedGift {
    fn from(alert: GiftAlert) -> ScreenedGift {
        let GiftAlert { row, gift, list } = alert;
        ScreenedGift {
            id: row.id.uuid(),
            state: row.state,
            ground: row.ground,
            donation: gift.id.uuid(),
            campaign: gift.campaign_id.map(|id| id.uuid()),
            donor: gift.donor_id.map(|id| id.uuid()),
            counterparty: gift.counterparty,
            amount: gift.amount_fen.into(),
            gifts: row.gifts,
            total: row.total_fen.into(),
            list,
            decided_by: row.decider_id.map(|id| id.uuid()),
            reason: row.reason,
            created_at: row.created_us.into(),
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
type Gift = Result<Json<ScreenedGift>, ApiError>;

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

    /// Gifts that are large or add up, newest first. They were taken; nobody else is told.
    #[oai(path = "/gifts", method = "get")]
    async fn gifts(
        &self,
        officer: Officer,
        state: Query<Option<AlertState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<ScreenedGift>>, ApiError> {
        let state = state.0.map(AlertState::as_str);
        let rows = self.app.gift_watch.page(state, &officer.0, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |alert| alert.row.id.uuid())))
    }

    /// Nothing is wrong with it.
    #[oai(path = "/gifts/:alert_id/clearance", method = "post")]
    async fn clear_gift(&self, officer: Officer, alert_id: Path<Uuid>, body: Json<Reason>) -> Gift {
        let alert = self.app.gift_watch.decide(alert_id.0.into(), false, &body.0.reason.0, &officer.0).await?;
        Ok(Json(alert.into()))
    }

    /// It was reported to the authority (可疑交易报告).
    #[oai(path = "/gifts/:alert_id/report", method = "post")]
    async fn report_gift(&self, officer: Officer, alert_id: Path<Uuid>, body: Json<Reason>) -> Gift {
        let alert = self.app.gift_watch.decide(alert_id.0.into(), true, &body.0.reason.0, &officer.0).await?;
        Ok(Json(alert.into()))
    }
}
