//! What a campaign tells of itself: its milestones, its updates, its full report.

use std::sync::Arc;

use app::App;
use crowdfunding::NewUpdate;
use entity::{campaign_update, final_disclosure, milestone};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text};

/// How far a step of a project is.
#[derive(Object)]
pub(crate) struct MilestoneProgress {
    code: String,
    name: String,
    due: Day,
    /// From 0 to 100.
    progress: i64,
    note: String,
    changed_at: Instant,
}

impl From<milestone::Model> for MilestoneProgress {
    fn from(row: milestone::Model) -> MilestoneProgress {
        MilestoneProgress {
            code: row.code,
            name: row.name,
            due: row.due.into(),
            progress: row.progress,
            note: row.note,
            changed_at: row.changed_us.into(),
        }
    }
}

/// What a campaign tells of its progress. Once published it stands; a correction is another one that names it.
#[derive(Object)]
pub(crate) struct CampaignUpdate {
    id: Uuid,
    /// The one it corrects.
    #[oai(nullable)]
    corrects: Option<Uuid>,
    title: String,
    words: String,
    /// `draft` or `published`.
    state: String,
    #[oai(nullable)]
    published_at: Option<Instant>,
}

impl From<campaign_update::Model> for CampaignUpdate {
    fn from(row: campaign_update::Model) -> CampaignUpdate {
        CampaignUpdate {
            id: row.id.uuid(),
            corrects: row.corrects_id.map(|id| id.uuid()),
            title: row.title,
            words: row.words,
            state: row.state,
            published_at: row.published_us.map(Instant),
        }
    }
}

/// An update to be written.
#[derive(Object)]
struct UpdateDraft {
    /// Made by the client: the same id again is the same update.
    id: Uuid,
    corrects: Option<Uuid>,
    #[oai(validator(max_length = 60))]
    title: Text,
    #[oai(validator(max_length = 5000))]
    words: Text,
}

#[derive(Object)]
struct Progress {
    /// Which milestone.
    #[oai(validator(max_length = 20))]
    code: Text,
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    progress: i64,
    #[oai(default, validator(max_length = 500))]
    note: Text,
}

/// Where and when the full report was published.
#[derive(Object)]
struct FinalReport {
    published_on: Day,
    /// Its entry on 慈善中国, or its address.
    #[oai(validator(max_length = 500))]
    reference: Text,
}

#[derive(Object)]
struct FinalDisclosure {
    published_on: Day,
    reference: String,
    author: Uuid,
}

impl From<final_disclosure::Model> for FinalDisclosure {
    fn from(row: final_disclosure::Model) -> FinalDisclosure {
        FinalDisclosure {
            published_on: row.published_on.into(),
            reference: row.reference,
            author: row.author_id.uuid(),
        }
    }
}

/// Progress of a campaign.
pub(crate) struct ProgressApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Campaigns")]
impl ProgressApi {
    /// Tells how far a milestone is.
    #[oai(path = "/campaigns/:campaign_id/milestone-progress", method = "post")]
    async fn progress(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        body: Json<Progress>,
    ) -> Result<Json<MilestoneProgress>, ApiError> {
        let Progress { code, progress, note } = body.0;
        let progress = (code.0, progress, note.0);
        Ok(Json(self.app.campaigns.progress(campaign_id.0.into(), progress, &officer.0).await?.into()))
    }

    /// What a campaign tells of its progress, drafts included, newest first.
    #[oai(path = "/campaigns/:campaign_id/updates", method = "get")]
    async fn updates(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<CampaignUpdate>>, ApiError> {
        let after = after.0.map(Into::into);
        let rows = self.app.campaigns.updates(campaign_id.0.into(), after, limit.0 + 1, &officer.0).await?;
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// Writes an update, or writes it anew until it is published.
    #[oai(path = "/campaigns/:campaign_id/updates", method = "post")]
    async fn write_update(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        body: Json<UpdateDraft>,
    ) -> Result<Json<CampaignUpdate>, ApiError> {
        let UpdateDraft { id, corrects, title, words } = body.0;
        let new = NewUpdate { id: id.into(), corrects: corrects.map(Into::into), title: title.0, words: words.0 };
        Ok(Json(self.app.campaigns.write_update(campaign_id.0.into(), new, &officer.0).await?.into()))
    }

    /// Publishes an update; from then on it stands.
    #[oai(path = "/updates/:update_id/publication", method = "post")]
    async fn publish_update(&self, officer: Officer, update_id: Path<Uuid>) -> Result<Json<CampaignUpdate>, ApiError> {
        Ok(Json(self.app.campaigns.publish_update(update_id.0.into(), &officer.0).await?.into()))
    }

    /// Draws up and publishes the last reports of a campaign in one step: of the raising, and of the project once its last accounts are
    /// drawn. Reports that were drawn up before are published as they stand.
    #[oai(path = "/campaigns/:campaign_id/final-disclosure", method = "post")]
    async fn disclose(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        body: Json<FinalReport>,
    ) -> Result<Json<FinalDisclosure>, ApiError> {
        let report = (body.0.published_on.0, body.0.reference.0);
        Ok(Json(self.app.disclosures.publish_final(campaign_id.0.into(), report, &officer.0).await?.into()))
    }
}
