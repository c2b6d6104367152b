//! Campaigns: what everybody may see of them, and the way of a draft through its reviews.

use std::sync::Arc;

use app::App;
use crowdfunding::{CampaignDraft, Decision, PublicCampaign};
use domain::Money;
use domain::campaign as rules;
use domain::role::Role;
use entity::{campaign, campaign_history};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::cached::Cached;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Instant, SignedYuan, Text, Yuan, wire_enum};

/// Who may see campaigns before the public does.
const READERS: [Role; 7] = [
    Role::Organiser,
    Role::ProjectManager,
    Role::FinanceHead,
    Role::Cashier,
    Role::Bookkeeper,
    Role::Disclosure,
    Role::Auditor,
];

wire_enum! {
    /// Where a campaign stands.
    CampaignState = rules::CampaignState {
        Draft,
        Submitted,
        FinanceReview,
        Approved,
        Open,
        Paused,
        Ended,
        Rejected,
        Cancelled,
    }
}

/// The states strangers may ask for.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum PublicState {
    Open,
    Paused,
    Ended,
}

impl From<PublicState> for rules::CampaignState {
    fn from(state: PublicState) -> rules::CampaignState {
        match state {
            PublicState::Open => rules::CampaignState::Open,
            PublicState::Paused => rules::CampaignState::Paused,
            PublicState::Ended => rules::CampaignState::Ended,
        }
    }
}

/// A campaign as everybody may see it.
#[derive(Object)]
struct Campaign {
    id: Uuid,
    name: String,
    /// What it is for.
    summary: String,
    state: CampaignState,
    /// What is to be raised.
    target: Yuan,
    /// What was raised, as the books say: gifts paid less refunds decided.
    raised: SignedYuan,
    /// Refunds decided, in total.
    refunded: Yuan,
    /// What has been spent of it, or paid ahead.
    used: SignedYuan,
    /// How many gifts were paid.
    gifts: i64,
    /// Whether gifts are welcome beyond the target.
    over_target: bool,
    starts_at: Instant,
    ends_at: Instant,
    /// The charity whose books receive the money.
    organisation: String,
}

impl From<PublicCampaign> for Campaign {
    fn from(public: PublicCampaign) -> Campaign {
        let PublicCampaign { campaign: row, charity, fund, refunded, gifts } = public;
        Campaign {
            id: row.id.uuid(),
            name: row.name,
            summary: row.summary,
            state: row.state.into(),
            target: row.target_fen.into(),
            raised: fund.raised_cash.checked_add(fund.raised_goods).unwrap_or(Money::MAX).into(),
            refunded: refunded.into(),
            used: fund.used.into(),
            gifts,
            over_target: row.over_target,
            starts_at: row.starts_us.into(),
            ends_at: row.ends_us.into(),
            organisation: charity,
        }
    }
}

/// A campaign as staff sees it.
#[derive(Object)]
struct OfficeCampaign {
    id: Uuid,
    /// The charity whose books receive the money.
    book: Uuid,
    name: String,
    summary: String,
    state: CampaignState,
    target: Yuan,
    over_target: bool,
    starts_at: Instant,
    ends_at: Instant,
    /// The round of review; a campaign that was sent back and revised begins another.
    round: i64,
    /// Who drafted it.
    author: Uuid,
    created_at: Instant,
    changed_at: Instant,
}

impl From<campaign::Model> for OfficeCampaign {
    fn from(row: campaign::Model) -> OfficeCampaign {
        OfficeCampaign {
            id: row.id.uuid(),
            book: row.book_id.uuid(),
            name: row.name,
            summary: row.summary,
            state: row.state.into(),
            target: row.target_fen.into(),
            over_target: row.over_target,
            starts_at: row.starts_us.into(),
            ends_at: row.ends_us.into(),
            round: row.round,
            author: row.author_id.uuid(),
            created_at: row.created_us.into(),
            changed_at: row.changed_us.into(),
        }
    }
}

/// What an organiser writes down.
#[derive(Object)]
struct Draft {
    /// The charity whose books receive the money.
    book: Uuid,
    name: Text,
    summary: Text,
    target: Yuan,
    /// Whether gifts are welcome beyond the target.
    #[oai(default)]
    over_target: bool,
    starts_at: Instant,
    ends_at: Instant,
}

impl From<Draft> for CampaignDraft {
    fn from(draft: Draft) -> CampaignDraft {
        CampaignDraft {
            book: draft.book.into(),
            name: draft.name.0,
            summary: draft.summary.0,
            target: draft.target.0,
            over_target: draft.over_target,
            starts: draft.starts_at.0,
            ends: draft.ends_at.0,
        }
    }
}

#[derive(Object)]
struct NewDraft {
    /// Made by the client: the same id again is the same draft.
    id: Uuid,
    #[oai(flatten)]
    draft: Draft,
}

#[derive(Object)]
pub(crate) struct Reason {
    /// For the record and for whoever is concerned, in Chinese.
    #[oai(validator(max_length = 500))]
    pub(crate) reason: Text,
}

/// A step in the life of a campaign.
#[derive(Object)]
struct CampaignStep {
    from: String,
    to: String,
    at: Instant,
    /// `system`, or the id of a member of staff.
    actor: String,
    #[oai(nullable)]
    reason: Option<String>,
}

impl From<campaign_history::Model> for CampaignStep {
    fn from(row: campaign_history::Model) -> CampaignStep {
        CampaignStep {
            from: row.from_state,
            to: row.to_state,
            at: row.at_us.into(),
            actor: row.actor,
            reason: row.reason,
        }
    }
}

/// What everybody may see.
pub(crate) struct CampaignApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/campaigns", tag = "Tag::Public")]
impl CampaignApi {
    /// Campaigns, newest first.
    #[oai(path = "/", method = "get")]
    async fn list(
        &self,
        state: Query<Option<PublicState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<Campaign>>, ApiError> {
        use rules::CampaignState::{Ended, Open, Paused};
        let states = state.0.map_or(vec![Open, Paused, Ended], |state| vec![state.into()]);
        let campaigns = &self.app.campaigns;
        let mut rows =
            campaigns.page(&states, after.0.map(Into::into), limit.0 + 1).await.map_err(ApiError::of_list)?;
        let next: Page<OfficeCampaign> = Page::of(rows.clone(), limit.0, |row| row.id.uuid());
        rows.truncate(next.items.len());
        let items = campaigns.with_money(rows).await?.into_iter().map(Campaign::from).collect();
        Ok(Cached::of(Page { items, next: next.next }, known.0.as_deref()))
    }

    /// A campaign with its money.
    #[oai(path = "/:campaign_id", method = "get")]
    async fn get(
        &self,
        campaign_id: Path<Uuid>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Campaign>, ApiError> {
        let campaign = self.app.campaigns.public(campaign_id.0.into()).await?;
        Ok(Cached::of(campaign.into(), known.0.as_deref()))
    }
}

/// The way of a draft.
pub(crate) struct OfficeCampaignApi {
    pub(crate) app: Arc<App>,
}

type Answer = Result<Json<OfficeCampaign>, ApiError>;

fn answer(row: Result<campaign::Model, crowdfunding::CrowdfundingError>) -> Answer {
    Ok(Json(row?.into()))
}

#[OpenApi(prefix_path = "/staff/campaigns", tag = "Tag::Campaigns")]
impl OfficeCampaignApi {
    /// Campaigns of any state, newest first.
    #[oai(path = "/", method = "get")]
    async fn list(
        &self,
        officer: Officer,
        state: Query<Option<CampaignState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<OfficeCampaign>>, ApiError> {
        use rules::CampaignState as S;
        officer.must_be(&READERS)?;
        let all = [
            S::Draft,
            S::Submitted,
            S::FinanceReview,
            S::Approved,
            S::Open,
            S::Paused,
            S::Ended,
            S::Rejected,
            S::Cancelled,
        ];
        let states = state.0.map_or(all.to_vec(), |state| vec![state.into()]);
        let rows = self.app.campaigns.page(&states, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// Writes a draft.
    #[oai(path = "/", method = "post")]
    async fn draft(&self, officer: Officer, body: Json<NewDraft>) -> Answer {
        answer(self.app.campaigns.draft(body.0.id.into(), body.0.draft.into(), &officer.0).await)
    }

    /// A campaign of any state.
    #[oai(path = "/:campaign_id", method = "get")]
    async fn get(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        officer.must_be(&READERS)?;
        answer(self.app.campaigns.get(campaign_id.0.into()).await)
    }

    /// Rewrites a draft; its author only.
    #[oai(path = "/:campaign_id", method = "put")]
    async fn edit(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Draft>) -> Answer {
        answer(self.app.campaigns.edit(campaign_id.0.into(), body.0.into(), &officer.0).await)
    }

    /// Hands a draft in for review.
    #[oai(path = "/:campaign_id/submission", method = "post")]
    async fn submit(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        answer(self.app.campaigns.submit(campaign_id.0.into(), &officer.0).await)
    }

    /// Agrees: the first time as a project manager, the second time as the head of finance.
    #[oai(path = "/:campaign_id/approval", method = "post")]
    async fn approve(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        answer(self.app.campaigns.review(campaign_id.0.into(), Decision::Approve, &officer.0).await)
    }

    /// Sends it back with a reason.
    #[oai(path = "/:campaign_id/rejection", method = "post")]
    async fn reject(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        let decision = Decision::Reject(body.0.reason.0);
        answer(self.app.campaigns.review(campaign_id.0.into(), decision, &officer.0).await)
    }

    /// Takes a campaign that was sent back up again.
    #[oai(path = "/:campaign_id/revision", method = "post")]
    async fn revise(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        answer(self.app.campaigns.revise(campaign_id.0.into(), &officer.0).await)
    }

    /// Gives a campaign up before it opened.
    #[oai(path = "/:campaign_id/cancellation", method = "post")]
    async fn cancel(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        answer(self.app.campaigns.cancel(campaign_id.0.into(), body.0.reason.0, &officer.0).await)
    }

    /// Stops gifts for a while.
    #[oai(path = "/:campaign_id/pause", method = "post")]
    async fn pause(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        answer(self.app.campaigns.pause(campaign_id.0.into(), body.0.reason.0, &officer.0).await)
    }

    /// Lets gifts go on.
    #[oai(path = "/:campaign_id/resumption", method = "post")]
    async fn resume(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        answer(self.app.campaigns.resume(campaign_id.0.into(), &officer.0).await)
    }

    /// Ends a campaign before its time.
    #[oai(path = "/:campaign_id/end", method = "post")]
    async fn end(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        answer(self.app.campaigns.end(campaign_id.0.into(), body.0.reason.0, &officer.0).await)
    }

    /// What happened to a campaign, oldest first.
    #[oai(path = "/:campaign_id/history", method = "get")]
    async fn history(&self, officer: Officer, campaign_id: Path<Uuid>) -> Result<Json<Page<CampaignStep>>, ApiError> {
        officer.must_be(&READERS)?;
        Ok(Json(Page::whole(self.app.campaigns.history(campaign_id.0.into()).await?)))
    }
}
