//! What two persons decide about campaigns, and the release of what has been used.

use std::sync::Arc;

use app::App;
use crowdfunding::{Decision, Matter, Released};
use domain::decision as decision_rules;
use entity::campaign_decision;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::campaign::Reason;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, SignedYuan, Text, Yuan, wire_enum};

wire_enum! {
    /// Where a decision stands.
    DecisionState = decision_rules::DecisionState { Proposed, Approved, Declined }
}

wire_enum! {
    /// What is decided.
    DecisionKind = decision_rules::DecisionKind { Operator, Leftover, Exception, Termination }
}

/// What two persons decide.
#[derive(Object)]
struct CampaignDecision {
    id: Uuid,
    kind: DecisionKind,
    book: Uuid,
    #[oai(nullable)]
    campaign: Option<Uuid>,
    #[oai(nullable)]
    to_campaign: Option<Uuid>,
    #[oai(nullable)]
    amount: Option<Yuan>,
    #[oai(nullable)]
    operator_code: Option<String>,
    reason: String,
    /// What is told the public.
    #[oai(nullable)]
    publication: Option<String>,
    state: DecisionState,
    author: Uuid,
    #[oai(nullable)]
    approver: Option<Uuid>,
    created_at: Instant,
}

impl From<campaign_decision::Model> for CampaignDecision {
    fn from(row: campaign_decision::Model) -> CampaignDecision {
        CampaignDecision {
            id: row.id.uuid(),
            kind: row.kind.into(),
            book: row.book_id.uuid(),
            campaign: row.campaign_id.map(|id| id.uuid()),
            to_campaign: row.to_campaign_id.map(|id| id.uuid()),
            amount: row.amount_fen.map(Yuan),
            operator_code: row.operator_code,
            reason: row.reason,
            publication: row.publication,
            state: row.state.into(),
            author: row.author_id.uuid(),
            approver: row.approver_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
        }
    }
}

/// What is proposed: for `operator` a book and a credit code, for `leftover` two campaigns, an amount and what is told the public,
/// for `exception` and `termination` a campaign.
#[derive(Object)]
struct DecisionProposal {
    /// Made by the client: the same id again is the same proposal.
    id: Uuid,
    kind: DecisionKind,
    book: Option<Uuid>,
    #[oai(validator(max_length = 18))]
    operator_code: Option<Text>,
    campaign: Option<Uuid>,
    to_campaign: Option<Uuid>,
    amount: Option<Yuan>,
    #[oai(validator(max_length = 2000))]
    publication: Option<Text>,
    #[oai(validator(max_length = 500))]
    reason: Text,
}

impl DecisionProposal {
    fn matter(&self) -> Result<Matter, ApiError> {
        let missing = |field| ApiError::field(field, "请填写此项");
        let campaign = || self.campaign.map(Into::into).ok_or_else(|| missing("campaign"));
        Ok(match self.kind {
            DecisionKind::Operator => Matter::Operator {
                book: self.book.map(Into::into).ok_or_else(|| missing("book"))?,
                code: self.operator_code.clone().ok_or_else(|| missing("operator_code"))?.0,
            },
            DecisionKind::Leftover => Matter::Leftover {
                campaign: campaign()?,
                to: self.to_campaign.map(Into::into).ok_or_else(|| missing("to_campaign"))?,
                amount: self.amount.ok_or_else(|| missing("amount"))?.0,
                publication: self.publication.clone().ok_or_else(|| missing("publication"))?.0,
            },
            DecisionKind::Exception => Matter::Exception { campaign: campaign()? },
            DecisionKind::Termination => Matter::Termination { campaign: campaign()? },
        })
    }
}

/// What shall be released. How much is a rule and nobody's choice.
#[derive(Object)]
struct ReleaseRequest {
    /// Made by the client: the same id again is the same release.
    id: Uuid,
    /// What was charged by the end of this day; up to now without one.
    through: Option<Day>,
}

/// A release of restriction.
#[derive(Object)]
struct Release {
    campaign: Uuid,
    /// The reference of its entry; none if there was nothing to release.
    #[oai(nullable)]
    reference: Option<String>,
    /// Less than nothing if what was released is restricted again, because its expense was taken back.
    amount: SignedYuan,
}

impl From<Released> for Release {
    fn from(released: Released) -> Release {
        let Released { campaign, reference, amount } = released;
        Release { campaign: campaign.uuid(), reference, amount: amount.into() }
    }
}

/// Decisions of two persons.
pub(crate) struct DecisionApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Campaigns")]
impl DecisionApi {
    /// What two persons decide about campaigns, newest first.
    #[oai(path = "/campaign-decisions", method = "get")]
    async fn decisions(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<CampaignDecision>>, ApiError> {
        let rows = self.app.campaigns.decisions(after.0.map(Into::into), limit.0 + 1, &officer.0).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.id.uuid())))
    }

    /// Proposes what another person decides.
    #[oai(path = "/campaign-decisions", method = "post")]
    async fn propose_decision(
        &self,
        officer: Officer,
        body: Json<DecisionProposal>,
    ) -> Result<Json<CampaignDecision>, ApiError> {
        let matter = body.0.matter()?;
        let (id, reason) = (body.0.id.into(), body.0.reason.0);
        Ok(Json(self.app.campaigns.propose_decision(id, matter, reason, &officer.0).await?.into()))
    }

    /// Agrees; another person than who proposed it. A leftover is moved with it, a campaign that is given up is terminated.
    #[oai(path = "/campaign-decisions/:decision_id/approval", method = "post")]
    async fn approve(&self, officer: Officer, decision_id: Path<Uuid>) -> Result<Json<CampaignDecision>, ApiError> {
        Ok(Json(self.app.campaigns.decide(decision_id.0.into(), Decision::Approve, &officer.0).await?.into()))
    }

    /// Does not agree, and says why.
    #[oai(path = "/campaign-decisions/:decision_id/rejection", method = "post")]
    async fn decline(
        &self,
        officer: Officer,
        decision_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<CampaignDecision>, ApiError> {
        let no = body.0.declines()?;
        Ok(Json(self.app.campaigns.decide(decision_id.0.into(), no, &officer.0).await?.into()))
    }

    /// Releases the restriction from what the campaign's expenses have used and no release covered before: at year end, with the last
    /// day of the year; the close-out does it by itself.
    #[oai(path = "/campaigns/:campaign_id/releases", method = "post")]
    async fn release(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        body: Json<ReleaseRequest>,
    ) -> Result<Json<Release>, ApiError> {
        let (id, through) = (body.0.id.into(), body.0.through.map(|day| day.0));
        Ok(Json(self.app.campaigns.release(campaign_id.0.into(), id, through, &officer.0).await?.into()))
    }
}
