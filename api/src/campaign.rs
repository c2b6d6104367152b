//! Campaigns: what everybody may see of them, and the way of a draft through its reviews.

use std::sync::Arc;

use app::App;
use crowdfunding::{CampaignDraft, Decision, Opening, PublicCampaign, Search, Sorting, Standing, Step};
use domain::Money;
use domain::campaign as rules;
use domain::plan::Plan;
use entity::{budget_line, campaign, campaign_history};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::cached::{Cached, Readings, Ready};
use crate::document::{self, Download, Picture};
use crate::error::ApiError;
use crate::oversight::{CampaignUpdate, MilestoneProgress};
use crate::page::{Page, default_limit};
use crate::plan::{BudgetKind, PlanTerms, PlanVersion};
use crate::tag::Tag;
use crate::wire::{Day, Instant, SignedYuan, Text, Yuan, said, wire_enum};

wire_enum! {
    /// Where a campaign stands.
    CampaignState = rules::CampaignState {
        Draft,
        Submitted,
        OrgReview,
        FinanceReview,
        Approved,
        Filing,
        Filed,
        Scheduled,
        Open,
        Paused,
        Ended,
        Executing,
        Closing,
        Closed,
        Rejected,
        Suspended,
        Cancelled,
        Terminated,
        EmergencyOpen,
    }
}

wire_enum! {
    /// Whether a campaign takes gifts itself or is the sum of its leaves.
    CampaignKind = rules::CampaignKind { Leaf, Parent }
}

wire_enum! {
    /// What a campaign is for.
    Cause = rules::Cause { Education, Care, Medical, Disaster, Rural, Environment, Other }
}

wire_enum! {
    /// Where a campaign is open.
    CampaignChannel = crowdfunding::Channel { DesignatedPlatform, OwnSite, Offline }
}

/// The states strangers may ask for.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum PublicState {
    Open,
    EmergencyOpen,
    Paused,
    Suspended,
    Ended,
    Executing,
    Closing,
    Closed,
    Terminated,
}

impl From<PublicState> for rules::CampaignState {
    fn from(state: PublicState) -> rules::CampaignState {
        match state {
            PublicState::Open => rules::CampaignState::Open,
            PublicState::EmergencyOpen => rules::CampaignState::EmergencyOpen,
            PublicState::Paused => rules::CampaignState::Paused,
            PublicState::Suspended => rules::CampaignState::Suspended,
            PublicState::Ended => rules::CampaignState::Ended,
            PublicState::Executing => rules::CampaignState::Executing,
            PublicState::Closing => rules::CampaignState::Closing,
            PublicState::Closed => rules::CampaignState::Closed,
            PublicState::Terminated => rules::CampaignState::Terminated,
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
    /// Whether it takes gifts itself or is the sum of its leaves.
    kind: CampaignKind,
    /// What it is for.
    cause: Cause,
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
            kind: row.kind.into(),
            cause: row.cause.into(),
        }
    }
}

/// A campaign with everything that its page has to show in a prominent place.
#[derive(Object)]
pub(crate) struct CampaignPage {
    #[oai(flatten)]
    campaign: Campaign,
    /// The charity's unified social credit code.
    #[oai(nullable)]
    credit_code: Option<String>,
    /// The charity's fundraising certificate that covers the campaign.
    #[oai(nullable)]
    certificate: Option<PublicCertificate>,
    /// 备案编号.
    #[oai(nullable)]
    filing_number: Option<String>,
    /// Until when it has to be filed, if it opened in an emergency before that.
    #[oai(nullable)]
    filing_due_on: Option<Day>,
    /// Where the charity can be asked.
    #[oai(nullable)]
    contact: Option<String>,
    #[oai(nullable)]
    office_address: Option<String>,
    /// Where everything about the charity can be looked up.
    #[oai(nullable)]
    information_url: Option<String>,
    /// The campaign at the designated platform.
    #[oai(nullable)]
    platform_number: Option<String>,
    #[oai(nullable)]
    platform_url: Option<String>,
    /// The version of the plan in force.
    #[oai(nullable)]
    plan: Option<PlanVersion>,
    /// Whether gifts by WeChat are taken while it is open.
    accepts_wechat: bool,
    /// How to give to one that takes gifts and none by WeChat, in Chinese.
    #[oai(nullable)]
    other_ways: Option<String>,
}

/// A fundraising certificate.
#[derive(Object)]
struct PublicCertificate {
    number: String,
    issuer: String,
    issued_on: Day,
    expires_on: Day,
}

impl From<(PublicCampaign, Standing)> for CampaignPage {
    fn from((public, standing): (PublicCampaign, Standing)) -> CampaignPage {
        let Standing { credit_code, certificate, charity, plan, filing_due, by_wechat, other_ways } = standing;
        let (contact, office_address, information_url) = match charity {
            Some(charity) => (Some(charity.contact), Some(charity.office_address), Some(charity.information_url)),
            None => (None, None, None),
        };
        let row = &public.campaign;
        CampaignPage {
            credit_code,
            certificate: certificate.map(|row| PublicCertificate {
                number: row.number,
                issuer: row.issuer,
                issued_on: row.issued_on.into(),
                expires_on: row.expires_on.into(),
            }),
            filing_number: row.filing_number.clone(),
            filing_due_on: filing_due.map(Day),
            contact,
            office_address,
            information_url,
            platform_number: row.platform_number.clone(),
            platform_url: row.platform_url.clone(),
            plan: plan.map(PlanVersion::public),
            accepts_wechat: by_wechat,
            other_ways,
            campaign: public.into(),
        }
    }
}

/// How a list of campaigns is ordered.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum CampaignOrder {
    Newest,
    Ending,
    Raised,
}

/// A campaign as staff sees it.
#[derive(Object)]
pub(crate) struct OfficeCampaign {
    id: Uuid,
    /// The charity whose books receive the money.
    book: Uuid,
    /// The unit that organises it.
    #[oai(nullable)]
    unit: Option<Uuid>,
    /// The campaign it is a part of.
    #[oai(nullable)]
    parent: Option<Uuid>,
    kind: CampaignKind,
    name: String,
    summary: String,
    cause: Cause,
    state: CampaignState,
    /// Where it stood when it was suspended.
    #[oai(nullable)]
    suspended_from: Option<CampaignState>,
    /// Whether its money is frozen.
    frozen: bool,
    target: Yuan,
    over_target: bool,
    starts_at: Instant,
    ends_at: Instant,
    /// The version of the plan it stands for; 0 for a campaign from before there were plans.
    plan_version: i64,
    /// Whether it may open before it is filed.
    emergency: bool,
    /// Where it is open.
    channels: Vec<String>,
    #[oai(nullable)]
    platform_number: Option<String>,
    #[oai(nullable)]
    platform_url: Option<String>,
    /// The credit code of whoever runs this service.
    #[oai(nullable)]
    operator_code: Option<String>,
    #[oai(nullable)]
    filing_submitted_on: Option<Day>,
    #[oai(nullable)]
    filing_number: Option<String>,
    #[oai(nullable)]
    filed_on: Option<Day>,
    #[oai(nullable)]
    opened_at: Option<Instant>,
    #[oai(nullable)]
    ended_at: Option<Instant>,
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
            unit: row.unit_id.map(|id| id.uuid()),
            parent: row.parent_id.map(|id| id.uuid()),
            kind: row.kind.into(),
            name: row.name,
            summary: row.summary,
            cause: row.cause.into(),
            state: row.state.into(),
            suspended_from: row.suspended_from.map(Into::into),
            frozen: row.frozen,
            target: row.target_fen.into(),
            over_target: row.over_target,
            starts_at: row.starts_us.into(),
            ends_at: row.ends_us.into(),
            plan_version: row.plan_version,
            emergency: row.emergency,
            channels: row.channel.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            platform_number: row.platform_number,
            platform_url: row.platform_url,
            operator_code: row.operator_code,
            filing_submitted_on: row.filing_submitted_on.map(Day),
            filing_number: row.filing_number,
            filed_on: row.filed_on.map(Day),
            opened_at: row.opened_us.map(Instant),
            ended_at: row.ended_us.map(Instant),
            round: row.round,
            author: row.author_id.uuid(),
            created_at: row.created_us.into(),
            changed_at: row.changed_us.into(),
        }
    }
}

/// What an organiser writes down.
#[derive(Object)]
pub(crate) struct Draft {
    /// The charity whose books receive the money.
    book: Uuid,
    /// The unit that organises it; if it is not said, the charity's.
    unit: Option<Uuid>,
    /// The campaign it is a part of.
    parent: Option<Uuid>,
    /// Whether it takes gifts itself.
    #[oai(default = "leaf")]
    kind: CampaignKind,
    #[oai(validator(max_length = 200))]
    name: Text,
    #[oai(validator(max_length = 4000))]
    summary: Text,
    target: Yuan,
    /// Whether gifts are welcome beyond the target.
    #[oai(default)]
    over_target: bool,
    starts_at: Instant,
    ends_at: Instant,
    /// What the law wants besides; a draft may be written without it, and is not handed in without it.
    plan: Option<PlanTerms>,
}

fn leaf() -> CampaignKind {
    CampaignKind::Leaf
}

impl From<Draft> for CampaignDraft {
    fn from(draft: Draft) -> CampaignDraft {
        CampaignDraft {
            book: draft.book.into(),
            unit: draft.unit.map(Into::into),
            parent: draft.parent.map(Into::into),
            kind: draft.kind.into(),
            plan: Plan {
                name: draft.name.0,
                summary: draft.summary.0,
                target: draft.target.0,
                over_target: draft.over_target,
                starts: draft.starts_at.0,
                ends: draft.ends_at.0,
                terms: draft.plan.map(Into::into).unwrap_or_default(),
            },
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

impl Reason {
    /// That somebody does not agree, and why: it is never left empty, as on the pages.
    pub(crate) fn declines(self) -> Result<Decision, ApiError> {
        declined(&self.reason.0)
    }
}

/// The same of a reason that came with something else.
pub(crate) fn declined(reason: &str) -> Result<Decision, ApiError> {
    match reason.trim() {
        "" => Err(ApiError::field("reason", "请填写原因")),
        reason => Ok(Decision::Reject(reason.to_owned())),
    }
}

/// What a reviewer says who agrees.
#[derive(Object)]
struct CampaignApproval {
    /// The reviewer has looked at whom it is for, and it is not for one named person (不为特定个人募捐).
    for_a_group: bool,
}

/// The day on the authority's receipt.
#[derive(Object)]
struct FilingSubmission {
    submitted_on: Day,
}

/// What the authority answered.
#[derive(Object)]
struct Filing {
    /// 备案编号: the charity's credit code, `A`, two digits of the year, three of the series.
    #[oai(validator(max_length = 24))]
    number: Text,
    filed_on: Day,
}

/// How a campaign is opened.
#[derive(Object)]
struct OpeningTerms {
    /// Where.
    channels: Vec<CampaignChannel>,
    /// Its number at the designated platform; needed for opening online.
    #[oai(validator(max_length = 64))]
    platform_number: Option<Text>,
    /// Its page there.
    #[oai(validator(max_length = 300))]
    platform_url: Option<Text>,
    /// The credit code of whoever runs this service.
    #[oai(validator(max_length = 18))]
    operator_code: Option<Text>,
}

impl From<OpeningTerms> for Opening {
    fn from(terms: OpeningTerms) -> Opening {
        Opening {
            channels: terms.channels.into_iter().map(Into::into).collect(),
            platform_number: said(terms.platform_number),
            platform_url: said(terms.platform_url),
            operator_code: said(terms.operator_code),
        }
    }
}

/// A line of a campaign's budget, and what of it is promised and spent.
#[derive(Object)]
struct BudgetLine {
    code: String,
    name: String,
    kind: BudgetKind,
    planned: Yuan,
    committed: Yuan,
    used: Yuan,
}

impl From<budget_line::Model> for BudgetLine {
    fn from(row: budget_line::Model) -> BudgetLine {
        BudgetLine {
            code: row.code,
            name: row.name,
            kind: row.kind.into(),
            planned: row.planned_fen.into(),
            committed: row.committed_fen.into(),
            used: row.used_fen.into(),
        }
    }
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
    pub(crate) pages: Arc<Readings<Uuid, CampaignPage>>,
}

#[OpenApi(prefix_path = "/campaigns", tag = "Tag::Public")]
impl CampaignApi {
    /// Campaigns, newest first unless asked otherwise. Campaigns can be ordered; units are not.
    #[oai(path = "/", method = "get")]
    #[allow(clippy::too_many_arguments, reason = "a search has many sides")]
    async fn list(
        &self,
        state: Query<Option<PublicState>>,
        /// A part of the name.
        #[oai(validator(max_length = 60))]
        q: Query<Option<String>>,
        /// Of this unit, or one below.
        unit: Query<Option<Uuid>>,
        /// In this city or county, by its code (行政区划代码): `1305`, `130502`.
        #[oai(validator(max_length = 9))]
        division: Query<Option<String>>,
        cause: Query<Option<Cause>>,
        /// Parts of this campaign.
        parent: Query<Option<Uuid>>,
        order: Query<Option<CampaignOrder>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<Campaign>>, ApiError> {
        let search = Search {
            words: q.0,
            state: state.0.map(Into::into),
            unit: unit.0.map(Into::into),
            division: division.0,
            cause: cause.0.map(Into::into),
            parent: parent.0.map(Into::into),
            order: match order.0 {
                None | Some(CampaignOrder::Newest) => Sorting::Newest,
                Some(CampaignOrder::Ending) => Sorting::Ending,
                Some(CampaignOrder::Raised) => Sorting::Raised,
            },
        };
        let rows = self.app.campaigns.search(&search, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Cached::of(Page::of(rows, limit.0, |row| row.campaign.id.uuid()), known.0.as_deref()))
    }

    /// A campaign with its money, and with everything that its page has to show.
    #[oai(path = "/:campaign_id", method = "get")]
    async fn get(
        &self,
        campaign_id: Path<Uuid>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<CampaignPage>, ApiError> {
        let (id, app, db) = (campaign_id.0, self.app.clone(), self.app.db.clone());
        let commits = move || db.commits();
        let read = move || {
            let app = app.clone();
            async move { Ok(Ready::new(&CampaignPage::from(app.campaigns.page_of(id.into()).await?))) }
        };
        Ok(self.pages.ask(id, commits, read).await?.unless(known.0.as_deref()))
    }

    /// Every version of its plan that was ever in force, oldest first.
    #[oai(path = "/:campaign_id/plans", method = "get")]
    async fn plans(
        &self,
        campaign_id: Path<Uuid>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<PlanVersion>>, ApiError> {
        let plans = self.app.campaigns.public_plans(campaign_id.0.into()).await?;
        Ok(Cached::of(
            Page { items: plans.into_iter().map(PlanVersion::public).collect(), next: None },
            known.0.as_deref(),
        ))
    }

    /// The steps of its project, and how far they are.
    #[oai(path = "/:campaign_id/milestones", method = "get")]
    async fn milestones(
        &self,
        campaign_id: Path<Uuid>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<MilestoneProgress>>, ApiError> {
        Ok(Cached::of(
            Page::whole(self.app.campaigns.public_milestones(campaign_id.0.into()).await?),
            known.0.as_deref(),
        ))
    }

    /// What it has told of its progress, newest first.
    #[oai(path = "/:campaign_id/updates", method = "get")]
    async fn updates(
        &self,
        campaign_id: Path<Uuid>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<CampaignUpdate>>, ApiError> {
        let after = after.0.map(Into::into);
        let rows = self.app.campaigns.public_updates(campaign_id.0.into(), after, limit.0 + 1).await?;
        Ok(Cached::of(Page::of(rows, limit.0, |row| row.id.uuid()), known.0.as_deref()))
    }

    /// The pictures of a published update.
    #[oai(path = "/:campaign_id/updates/:update_id/pictures", method = "get")]
    async fn pictures(&self, campaign_id: Path<Uuid>, update_id: Path<Uuid>) -> Result<Json<Page<Picture>>, ApiError> {
        let object = self.app.campaigns.public_pictures(campaign_id.0.into(), update_id.0.into()).await?;
        document::pictures(&self.app, &object).await
    }

    /// A picture of a published update.
    #[oai(path = "/:campaign_id/updates/:update_id/pictures/:picture_id", method = "get")]
    async fn picture(
        &self,
        campaign_id: Path<Uuid>,
        update_id: Path<Uuid>,
        picture_id: Path<Uuid>,
    ) -> Result<Download, ApiError> {
        let object = self.app.campaigns.public_pictures(campaign_id.0.into(), update_id.0.into()).await?;
        document::picture(&self.app, &object, picture_id.0).await
    }
}

/// The way of a draft.
pub(crate) struct OfficeCampaignApi {
    pub(crate) app: Arc<App>,
}

type Answer = Result<Json<OfficeCampaign>, ApiError>;

impl OfficeCampaignApi {
    async fn step(&self, officer: &Officer, id: Uuid, step: Step) -> Answer {
        Ok(Json(self.app.campaigns.step(id.into(), step, &officer.0).await?.into()))
    }
}

#[OpenApi(prefix_path = "/staff/campaigns", tag = "Tag::Campaigns")]
impl OfficeCampaignApi {
    /// Campaigns of any state within one's part of the tree, newest first.
    #[oai(path = "/", method = "get")]
    async fn list(
        &self,
        officer: Officer,
        state: Query<Option<CampaignState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<OfficeCampaign>>, ApiError> {
        let (state, after) = (state.0.map(Into::into), after.0.map(Into::into));
        let rows = self.app.campaigns.page(state, &officer.0, after, limit.0 + 1).await.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// Writes a draft.
    #[oai(path = "/", method = "post")]
    async fn draft(&self, officer: Officer, body: Json<NewDraft>) -> Answer {
        let row = self.app.campaigns.draft(body.0.id.into(), body.0.draft.into(), &officer.0).await?;
        Ok(Json(row.into()))
    }

    /// A campaign of any state.
    #[oai(path = "/:campaign_id", method = "get")]
    async fn get(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.campaigns.get(campaign_id.0.into(), &officer.0).await?.into()))
    }

    /// Rewrites a draft; its author only.
    #[oai(path = "/:campaign_id", method = "put")]
    async fn edit(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Draft>) -> Answer {
        Ok(Json(self.app.campaigns.edit(campaign_id.0.into(), body.0.into(), &officer.0).await?.into()))
    }

    /// The versions of its plan, oldest first.
    #[oai(path = "/:campaign_id/plans", method = "get")]
    async fn plans(&self, officer: Officer, campaign_id: Path<Uuid>) -> Result<Json<Page<PlanVersion>>, ApiError> {
        Ok(Json(Page::whole(self.app.campaigns.plans(campaign_id.0.into(), &officer.0).await?)))
    }

    /// Its budget, and what of it is promised and spent.
    #[oai(path = "/:campaign_id/budget", method = "get")]
    async fn budget(&self, officer: Officer, campaign_id: Path<Uuid>) -> Result<Json<Page<BudgetLine>>, ApiError> {
        Ok(Json(Page::whole(self.app.campaigns.budget(campaign_id.0.into(), &officer.0).await?)))
    }

    /// Hands a draft in for review.
    #[oai(path = "/:campaign_id/submission", method = "post")]
    async fn submit(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        self.step(&officer, campaign_id.0, Step::Submit).await
    }

    /// Takes it back before anybody took it up.
    #[oai(path = "/:campaign_id/withdrawal", method = "post")]
    async fn withdraw(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        self.step(&officer, campaign_id.0, Step::Withdraw).await
    }

    /// Takes up the first review.
    #[oai(path = "/:campaign_id/review", method = "post")]
    async fn take_up(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        self.step(&officer, campaign_id.0, Step::TakeUp).await
    }

    /// Agrees: the first time as a project manager, the second time as the head of finance.
    #[oai(path = "/:campaign_id/approval", method = "post")]
    async fn approve(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<CampaignApproval>) -> Answer {
        self.step(&officer, campaign_id.0, Step::Approve { for_a_group: body.0.for_a_group }).await
    }

    /// Sends it back with a reason.
    #[oai(path = "/:campaign_id/rejection", method = "post")]
    async fn reject(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        self.step(&officer, campaign_id.0, Step::Reject(body.0.reason.0)).await
    }

    /// Takes a campaign that was sent back up again.
    #[oai(path = "/:campaign_id/revision", method = "post")]
    async fn revise(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        self.step(&officer, campaign_id.0, Step::Revise).await
    }

    /// Records that the plan was handed to the authority.
    #[oai(path = "/:campaign_id/filing-submission", method = "post")]
    async fn submit_filing(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<FilingSubmission>) -> Answer {
        self.step(&officer, campaign_id.0, Step::SubmitFiling(body.0.submitted_on.0)).await
    }

    /// Records that the authority asks for completion.
    #[oai(path = "/:campaign_id/filing-return", method = "post")]
    async fn return_filing(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        self.step(&officer, campaign_id.0, Step::ReturnFiling(body.0.reason.0)).await
    }

    /// Records the number that the authority gave.
    #[oai(path = "/:campaign_id/filing", method = "post")]
    async fn file(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Filing>) -> Answer {
        let Filing { number, filed_on } = body.0;
        self.step(&officer, campaign_id.0, Step::File { number: number.0, on: filed_on.0 }).await
    }

    /// Says how it will be opened; it opens by the clock.
    #[oai(path = "/:campaign_id/schedule", method = "post")]
    async fn schedule(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<OpeningTerms>) -> Answer {
        self.step(&officer, campaign_id.0, Step::Schedule(body.0.into())).await
    }

    /// Takes that back: something is missing after all.
    #[oai(path = "/:campaign_id/schedule-withdrawal", method = "post")]
    async fn unschedule(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        self.step(&officer, campaign_id.0, Step::Unschedule(body.0.reason.0)).await
    }

    /// Opens it before it is filed, for a disaster; it has to be filed within ten days.
    #[oai(path = "/:campaign_id/emergency-opening", method = "post")]
    async fn open_in_emergency(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<OpeningTerms>) -> Answer {
        self.step(&officer, campaign_id.0, Step::OpenInEmergency(body.0.into())).await
    }

    /// Stops gifts for a while.
    #[oai(path = "/:campaign_id/pause", method = "post")]
    async fn pause(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        self.step(&officer, campaign_id.0, Step::Pause(body.0.reason.0)).await
    }

    /// Lets gifts go on.
    #[oai(path = "/:campaign_id/resumption", method = "post")]
    async fn resume(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        self.step(&officer, campaign_id.0, Step::Resume).await
    }

    /// Ends a campaign before its time.
    #[oai(path = "/:campaign_id/end", method = "post")]
    async fn end(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        self.step(&officer, campaign_id.0, Step::End(body.0.reason.0)).await
    }

    /// Begins to use what was raised.
    #[oai(path = "/:campaign_id/execution", method = "post")]
    async fn start_execution(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        self.step(&officer, campaign_id.0, Step::StartExecution).await
    }

    /// Begins the last accounts.
    #[oai(path = "/:campaign_id/closing", method = "post")]
    async fn start_closing(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        self.step(&officer, campaign_id.0, Step::StartClosing).await
    }

    /// Nothing is left to be done.
    #[oai(path = "/:campaign_id/closure", method = "post")]
    async fn close(&self, officer: Officer, campaign_id: Path<Uuid>) -> Answer {
        self.step(&officer, campaign_id.0, Step::Close).await
    }

    /// Something is still to be done: back to execution.
    #[oai(path = "/:campaign_id/closing-return", method = "post")]
    async fn reopen_execution(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        self.step(&officer, campaign_id.0, Step::ReopenExecution(body.0.reason.0)).await
    }

    /// Gives a campaign up before any money came; after that two persons decide it (`termination`).
    #[oai(path = "/:campaign_id/cancellation", method = "post")]
    async fn cancel(&self, officer: Officer, campaign_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        self.step(&officer, campaign_id.0, Step::Cancel(body.0.reason.0)).await
    }

    /// What happened to a campaign, oldest first.
    #[oai(path = "/:campaign_id/history", method = "get")]
    async fn history(&self, officer: Officer, campaign_id: Path<Uuid>) -> Result<Json<Page<CampaignStep>>, ApiError> {
        Ok(Json(Page::whole(self.app.campaigns.history(campaign_id.0.into(), &officer.0).await?)))
    }
}
