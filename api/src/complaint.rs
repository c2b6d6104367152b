//! Complaints, by anybody: what is handed in, and what became of it. What staff does with them stands beside the other steps of a
//! campaign.

use app::origin::Origin;
use app::throttle::Throttle;
use std::sync::Arc;

use app::App;
use domain::complaint as complaint_rules;
use entity::complaint;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::error::ApiError;
use crate::tag::Tag;
use crate::wire::{Instant, Text, wire_enum};

wire_enum! {
    /// Where a complaint stands.
    ComplaintState = complaint_rules::ComplaintState { Received, Taken, Upheld, Dismissed }
}

/// A complaint as whoever handed it in sees it.
#[derive(Object)]
pub(crate) struct Complaint {
    id: Uuid,
    #[oai(nullable)]
    campaign: Option<Uuid>,
    words: String,
    state: ComplaintState,
    #[oai(nullable)]
    answer: Option<String>,
    created_at: Instant,
    #[oai(nullable)]
    answered_at: Option<Instant>,
}

impl From<complaint::Model> for Complaint {
    fn from(row: complaint::Model) -> Complaint {
        Complaint {
            id: row.id.uuid(),
            campaign: row.campaign_id.map(|id| id.uuid()),
            words: row.words,
            state: row.state.into(),
            answer: row.answer,
            created_at: row.created_us.into(),
            answered_at: row.answered_us.map(Instant),
        }
    }
}

#[derive(Object)]
struct ComplaintDraft {
    /// Made by the client; the answer can be asked for by it.
    id: Uuid,
    campaign: Option<Uuid>,
    #[oai(validator(max_length = 2000))]
    words: Text,
}

/// Complaints, by anybody.
pub(crate) struct ComplaintApi {
    pub(crate) app: Arc<App>,
    pub(crate) throttle: Arc<Throttle>,
}

#[OpenApi(prefix_path = "/complaints", tag = "Tag::Public")]
impl ComplaintApi {
    /// Hands a complaint in. Nobody has to sign in, and no name is asked for.
    #[oai(path = "/", method = "post")]
    async fn complain(&self, origin: Data<&Origin>, body: Json<ComplaintDraft>) -> Result<Json<Complaint>, ApiError> {
        self.throttle.admit(*origin.0)?;
        let ComplaintDraft { id, campaign, words } = body.0;
        Ok(Json(self.app.campaigns.complain(id.into(), campaign.map(Into::into), words.0).await?.into()))
    }

    /// What became of a complaint, for whoever knows its id.
    #[oai(path = "/:complaint_id", method = "get")]
    async fn get(&self, complaint_id: Path<Uuid>) -> Result<Json<Complaint>, ApiError> {
        Ok(Json(self.app.campaigns.complaint(complaint_id.0.into()).await?.into()))
    }
}
