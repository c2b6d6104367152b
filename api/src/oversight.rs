//! What happens to a campaign beside its straight way: changes of its plan ([`change`]), decisions of two persons ([`decision`]), partners
//! ([`partner`]), its milestones, updates and full report ([`progress`]); here suspensions and complaints, and the messages under it.

mod change;
mod decision;
mod partner;
mod progress;

use std::sync::Arc;

use app::App;
use crowdfunding::Ground;
use domain::complaint::ComplaintEvent;
use entity::suspension;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::campaign::{OfficeCampaign, Reason};
use crate::complaint::{Complaint, ComplaintState};
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Instant, Text};

pub(crate) use self::change::ChangeApi;
pub(crate) use self::decision::DecisionApi;
pub(crate) use self::partner::PartnerApi;
pub(crate) use self::progress::{CampaignUpdate, MilestoneProgress, ProgressApi};

#[derive(Object)]
struct SuspensionOrder {
    /// Made by the client: the same id again is the same suspension.
    id: Uuid,
    /// The complaint that led to it; without one it follows an authority's order, which is among the papers of the campaign (`order`) and has not
    /// stopped it before.
    complaint: Option<Uuid>,
    #[oai(validator(max_length = 500))]
    reason: Text,
}

/// A suspension of a campaign, and its lifting.
#[derive(Object)]
struct Suspension {
    id: Uuid,
    /// `complaint`, `order`, or `overdue` if the clock did it.
    ground: String,
    #[oai(nullable)]
    complaint: Option<Uuid>,
    /// The authority's order among the papers of the campaign, if it follows one.
    #[oai(nullable)]
    order: Option<Uuid>,
    reason: String,
    #[oai(nullable)]
    author: Option<Uuid>,
    created_at: Instant,
    #[oai(nullable)]
    lifted_by: Option<Uuid>,
    /// For whom they stood in.
    #[oai(nullable)]
    lifted_for: Option<Uuid>,
    #[oai(nullable)]
    lift_reason: Option<String>,
    #[oai(nullable)]
    lifted_at: Option<Instant>,
}

impl From<suspension::Model> for Suspension {
    fn from(row: suspension::Model) -> Suspension {
        Suspension {
            id: row.id.uuid(),
            ground: row.ground,
            complaint: row.complaint_id.map(|id| id.uuid()),
            order: row.order_id.map(|id| id.uuid()),
            reason: row.reason,
            author: row.author_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
            lifted_by: row.lifted_by.map(|id| id.uuid()),
            lifted_for: row.lifted_for_id.map(|id| id.uuid()),
            lift_reason: row.lift_reason,
            lifted_at: row.lifted_us.map(Instant),
        }
    }
}

#[derive(Object)]
struct ComplaintAnswer {
    /// Whether it is right.
    upheld: bool,
    #[oai(validator(max_length = 500))]
    answer: Text,
}

#[derive(Object)]
struct Moderation {
    hidden: bool,
    #[oai(validator(max_length = 500))]
    reason: Text,
}

/// What stops a campaign or is said against it.
pub(crate) struct OversightApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Campaigns")]
impl OversightApi {
    /// Suspends a campaign: no gifts, and its money is frozen.
    #[oai(path = "/campaigns/:campaign_id/suspensions", method = "post")]
    async fn suspend(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        body: Json<SuspensionOrder>,
    ) -> Result<Json<OfficeCampaign>, ApiError> {
        let SuspensionOrder { id, complaint, reason } = body.0;
        let ground = complaint.map_or(Ground::Order, |id| Ground::Complaint(id.into()));
        let why = (ground, reason.0);
        Ok(Json(self.app.campaigns.suspend(campaign_id.0.into(), id.into(), why, &officer.0).await?.into()))
    }

    /// The suspensions of a campaign, oldest first.
    #[oai(path = "/campaigns/:campaign_id/suspensions", method = "get")]
    async fn suspensions(&self, officer: Officer, campaign_id: Path<Uuid>) -> Result<Json<Page<Suspension>>, ApiError> {
        Ok(Json(Page::whole(self.app.campaigns.suspensions(campaign_id.0.into(), &officer.0).await?)))
    }

    /// Lifts the suspension; another person than who asked for it, once the complaint that led to it is answered.
    #[oai(path = "/campaigns/:campaign_id/suspension-lift", method = "post")]
    async fn lift(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<OfficeCampaign>, ApiError> {
        Ok(Json(self.app.campaigns.lift(campaign_id.0.into(), body.0.reason.0, &officer.0).await?.into()))
    }

    /// Complaints, newest first.
    #[oai(path = "/complaints", method = "get")]
    async fn complaints(
        &self,
        officer: Officer,
        state: Query<Option<ComplaintState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Complaint>>, ApiError> {
        let (state, after) = (state.0.map(Into::into), after.0.map(Into::into));
        let rows = self.app.campaigns.complaints(state, after, limit.0 + 1, &officer.0).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.id.uuid())))
    }

    /// Takes a complaint up.
    #[oai(path = "/complaints/:complaint_id/taking", method = "post")]
    async fn take_complaint(&self, officer: Officer, complaint_id: Path<Uuid>) -> Result<Json<Complaint>, ApiError> {
        let taken = self.app.campaigns.handle_complaint(complaint_id.0.into(), ComplaintEvent::Take, None, &officer.0);
        Ok(Json(taken.await?.into()))
    }

    /// Answers a complaint.
    #[oai(path = "/complaints/:complaint_id/answer", method = "post")]
    async fn answer_complaint(
        &self,
        officer: Officer,
        complaint_id: Path<Uuid>,
        body: Json<ComplaintAnswer>,
    ) -> Result<Json<Complaint>, ApiError> {
        let ComplaintAnswer { upheld, answer } = body.0;
        let event = if upheld { ComplaintEvent::Uphold } else { ComplaintEvent::Dismiss };
        let answer = Some(answer.0);
        Ok(Json(self.app.campaigns.handle_complaint(complaint_id.0.into(), event, answer, &officer.0).await?.into()))
    }

    /// Hides a donor's message, or shows it again.
    #[oai(path = "/donations/:donation_id/message-moderation", method = "post")]
    async fn moderate(
        &self,
        officer: Officer,
        donation_id: Path<Uuid>,
        body: Json<Moderation>,
    ) -> Result<(), ApiError> {
        let how = (body.0.hidden, body.0.reason.0);
        self.app.campaigns.moderate(donation_id.0.into(), how, &officer.0).await?;
        Ok(())
    }
}
