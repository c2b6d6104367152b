//! Changes of a filed plan, and what is said about the sections of one before.

use std::sync::Arc;

use app::App;
use crowdfunding::{CampaignDraft, Decision};
use domain::change as change_rules;
use domain::plan::Section;
use entity::{campaign_change, campaign_comment};
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::campaign::{Draft, OfficeCampaign, Reason};
use crate::error::ApiError;
use crate::page::Page;
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text, wire_enum};

wire_enum! {
    /// Where a change stands.
    ChangeState = change_rules::ChangeState { Submitted, ManagerApproved, Approved, InForce, Declined }
}

/// A change of a filed plan.
#[derive(Object)]
struct Change {
    id: Uuid,
    campaign: Uuid,
    /// The version of the plan it would put in force.
    version: i64,
    reason: String,
    state: ChangeState,
    author: Uuid,
    /// What proves that it was filed.
    #[oai(nullable)]
    evidence: Option<String>,
    #[oai(nullable)]
    refiled_on: Option<Day>,
    created_at: Instant,
}

impl From<campaign_change::Model> for Change {
    fn from(row: campaign_change::Model) -> Change {
        Change {
            id: row.id.uuid(),
            campaign: row.campaign_id.uuid(),
            version: row.version,
            reason: row.reason,
            state: row.state.into(),
            author: row.author_id.uuid(),
            evidence: row.evidence,
            refiled_on: row.refiled_on.map(Day),
            created_at: row.created_us.into(),
        }
    }
}

/// A change that is asked for: the whole plan as it shall be.
#[derive(Object)]
struct ChangeRequest {
    /// Made by the client: the same id again is the same change.
    id: Uuid,
    #[oai(validator(max_length = 500))]
    reason: Text,
    draft: Draft,
}

/// That a change was filed.
#[derive(Object)]
struct ChangeFiling {
    /// What proves it.
    #[oai(validator(max_length = 200))]
    evidence: Text,
    filed_on: Day,
}

wire_enum! {
    /// A section of a plan.
    PlanSection = Section {
        Head,
        Purpose,
        Area,
        Responsible,
        Ways,
        Beneficiaries,
        Budget,
        Leftover,
        Cooperation,
        Milestones,
        Remarks,
    }
}

/// Something to be said about a section of a plan.
#[derive(Object)]
struct NewComment {
    /// Made by the client: the same id again is the same comment.
    id: Uuid,
    section: PlanSection,
    #[oai(validator(max_length = 500))]
    words: Text,
}

/// What somebody said about a section of a plan.
#[derive(Object)]
struct PlanComment {
    id: Uuid,
    /// The version of the plan it was said of.
    version: i64,
    /// The round of review it was said in.
    round: i64,
    section: PlanSection,
    words: String,
    author: Uuid,
    created_at: Instant,
}

impl From<campaign_comment::Model> for PlanComment {
    fn from(row: campaign_comment::Model) -> PlanComment {
        PlanComment {
            id: row.id.uuid(),
            version: row.version,
            round: row.round,
            section: row.section.into(),
            words: row.words,
            author: row.author_id.uuid(),
            created_at: row.created_us.into(),
        }
    }
}

/// Changes and comments of plans.
pub(crate) struct ChangeApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Campaigns")]
impl ChangeApi {
    /// What reviewers and the author said about the sections of a plan, oldest first.
    #[oai(path = "/campaigns/:campaign_id/comments", method = "get")]
    async fn comments(&self, officer: Officer, campaign_id: Path<Uuid>) -> Result<Json<Page<PlanComment>>, ApiError> {
        Ok(Json(Page::whole(self.app.campaigns.comments(campaign_id.0.into(), &officer.0).await?)))
    }

    /// Says something about a section of a plan that is not filed yet.
    #[oai(path = "/campaigns/:campaign_id/comments", method = "post")]
    async fn comment(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        body: Json<NewComment>,
    ) -> Result<Json<PlanComment>, ApiError> {
        let NewComment { id, section, words } = body.0;
        let what = (section.into(), words.0);
        Ok(Json(self.app.campaigns.comment(campaign_id.0.into(), id.into(), what, &officer.0).await?.into()))
    }

    /// The changes of a campaign's filed plan, oldest first.
    #[oai(path = "/campaigns/:campaign_id/changes", method = "get")]
    async fn changes(&self, officer: Officer, campaign_id: Path<Uuid>) -> Result<Json<Page<Change>>, ApiError> {
        Ok(Json(Page::whole(self.app.campaigns.changes(campaign_id.0.into(), &officer.0).await?)))
    }

    /// Asks for a change of a filed plan; the old version stays in force until the new one is filed.
    #[oai(path = "/campaigns/:campaign_id/changes", method = "post")]
    async fn propose_change(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        body: Json<ChangeRequest>,
    ) -> Result<Json<Change>, ApiError> {
        let ChangeRequest { id, reason, draft } = body.0;
        let what = (CampaignDraft::from(draft).plan, reason.0);
        Ok(Json(self.app.campaigns.propose_change(campaign_id.0.into(), id.into(), what, &officer.0).await?.into()))
    }

    /// Agrees to a change: first as a project manager, then as the head of finance.
    #[oai(path = "/campaign-changes/:change_id/approval", method = "post")]
    async fn approve_change(&self, officer: Officer, change_id: Path<Uuid>) -> Result<Json<Change>, ApiError> {
        Ok(Json(self.app.campaigns.review_change(change_id.0.into(), Decision::Approve, &officer.0).await?.into()))
    }

    /// Does not agree to a change, and says why.
    #[oai(path = "/campaign-changes/:change_id/rejection", method = "post")]
    async fn decline_change(
        &self,
        officer: Officer,
        change_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<Change>, ApiError> {
        let no = body.0.declines()?;
        Ok(Json(self.app.campaigns.review_change(change_id.0.into(), no, &officer.0).await?.into()))
    }

    /// Records that a change was filed: its version is in force from now on, with its target and its budget.
    #[oai(path = "/campaign-changes/:change_id/filing", method = "post")]
    async fn file_change(
        &self,
        officer: Officer,
        change_id: Path<Uuid>,
        body: Json<ChangeFiling>,
    ) -> Result<Json<OfficeCampaign>, ApiError> {
        let evidence = (body.0.evidence.0, body.0.filed_on.0);
        Ok(Json(self.app.campaigns.file_change(change_id.0.into(), evidence, &officer.0).await?.into()))
    }
}
