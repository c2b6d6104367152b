//! What happens to a campaign beside its straight way: changes of its plan, decisions of two persons, partners, suspensions and
//! complaints, its milestones and updates, its full report, and the messages under it.

use std::sync::Arc;

use app::App;
use crowdfunding::{CampaignDraft, Decision, Ground, Matter, NewPartner, NewUpdate, Released};
use domain::change as change_rules;
use domain::complaint::ComplaintEvent;
use domain::decision as decision_rules;
use domain::plan::Section;
use entity::{
    campaign_change, campaign_comment, campaign_decision, campaign_update, cooperation, final_disclosure, milestone,
    partner, suspension,
};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::campaign::{Draft, OfficeCampaign, Reason};
use crate::complaint::{Complaint, ComplaintState};
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::plan::PartnerKind;
use crate::tag::Tag;
use crate::wire::{Day, Instant, SignedYuan, Text, Yuan, said, wire_enum};

wire_enum! {
    /// Where a change stands.
    ChangeState = change_rules::ChangeState { Submitted, ManagerApproved, Approved, InForce, Declined }
}

wire_enum! {
    /// Where a decision stands.
    DecisionState = decision_rules::DecisionState { Proposed, Approved, Declined }
}

wire_enum! {
    /// What is decided.
    DecisionKind = decision_rules::DecisionKind { Operator, Leftover, Exception, Termination }
}

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

/// Somebody without a certificate with whom money is raised.
#[derive(Object)]
struct Partner {
    id: Uuid,
    book: Uuid,
    kind: PartnerKind,
    name: String,
    #[oai(nullable)]
    credit_code: Option<String>,
}

impl From<partner::Model> for Partner {
    fn from(row: partner::Model) -> Partner {
        Partner {
            id: row.id.uuid(),
            book: row.book_id.uuid(),
            kind: row.kind.into(),
            name: row.name,
            credit_code: row.credit_code,
        }
    }
}

#[derive(Object)]
struct PartnerDraft {
    /// Made by the client: the same id again is the same partner.
    id: Uuid,
    book: Uuid,
    /// The campaign it is registered for: whoever manages it may do so wherever the charity is. Without one it is the charity's own staff that
    /// registers.
    campaign: Option<Uuid>,
    kind: PartnerKind,
    #[oai(validator(max_length = 100))]
    name: Text,
    #[oai(validator(max_length = 18))]
    credit_code: Option<Text>,
}

#[derive(Object)]
struct Agreement {
    partner: Uuid,
    signed_on: Day,
    /// Its number and what it says in short.
    #[oai(validator(max_length = 500))]
    agreement: Text,
}

#[derive(Object)]
struct Evaluation {
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    score: i64,
    #[oai(validator(max_length = 500))]
    findings: Text,
}

/// The agreement of a campaign with its partner, and the partner's evaluation.
#[derive(Object)]
struct CampaignCooperation {
    partner: Uuid,
    signed_on: Day,
    agreement: String,
    #[oai(nullable)]
    score: Option<i64>,
    #[oai(nullable)]
    findings: Option<String>,
    /// Who signed it; null of what was signed before that was asked.
    #[oai(nullable)]
    signer: Option<Uuid>,
    #[oai(nullable)]
    evaluator: Option<Uuid>,
    #[oai(nullable)]
    evaluated_on: Option<Day>,
}

impl From<cooperation::Model> for CampaignCooperation {
    fn from(row: cooperation::Model) -> CampaignCooperation {
        CampaignCooperation {
            partner: row.partner_id.uuid(),
            signed_on: row.signed_on.into(),
            agreement: row.agreement,
            score: row.score,
            findings: row.findings,
            signer: row.signer_id.map(|id| id.uuid()),
            evaluator: row.evaluator_id.map(|id| id.uuid()),
            evaluated_on: row.evaluated_on.map(Day),
        }
    }
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

/// What staff does with a campaign beside its straight way.
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

    /// The register of partners: of the charities one reaches; of those whose campaigns one manages the organisations, and the persons of these
    /// campaigns.
    #[oai(path = "/partners", method = "get")]
    async fn partners(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Partner>>, ApiError> {
        let rows = self.app.campaigns.partners(after.0.map(Into::into), limit.0 + 1, &officer.0).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.id.uuid())))
    }

    /// Registers a partner, for its charity or for one of its campaigns.
    #[oai(path = "/partners", method = "post")]
    async fn register_partner(&self, officer: Officer, body: Json<PartnerDraft>) -> Result<Json<Partner>, ApiError> {
        let PartnerDraft { id, book, campaign, kind, name, credit_code } = body.0;
        let credit_code = said(credit_code);
        let campaign = campaign.map(Into::into);
        let new =
            NewPartner { id: id.into(), book: book.into(), campaign, kind: kind.into(), name: name.0, credit_code };
        Ok(Json(self.app.campaigns.register_partner(new, &officer.0).await?.into()))
    }

    /// Records the agreement of a campaign with its partner.
    #[oai(path = "/campaigns/:campaign_id/cooperation", method = "post")]
    async fn sign_cooperation(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        body: Json<Agreement>,
    ) -> Result<Json<CampaignCooperation>, ApiError> {
        let Agreement { partner, signed_on, agreement } = body.0;
        let agreed = (partner.into(), signed_on.0, agreement.0);
        Ok(Json(self.app.campaigns.sign_cooperation(campaign_id.0.into(), agreed, &officer.0).await?.into()))
    }

    /// Evaluates a campaign's partner; another person than the campaign's author.
    #[oai(path = "/campaigns/:campaign_id/partner-evaluation", method = "post")]
    async fn evaluate_cooperation(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        body: Json<Evaluation>,
    ) -> Result<Json<CampaignCooperation>, ApiError> {
        let found = (body.0.score, body.0.findings.0);
        Ok(Json(self.app.campaigns.evaluate_cooperation(campaign_id.0.into(), found, &officer.0).await?.into()))
    }

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
