//! Campaigns: the service around the steps of `crowdfunding`. Each step is one transaction with its line in the audit trail.

use crowdfunding::{
    Access, CampaignDraft, CampaignFilter, CrowdfundingError, Decision, Exhibit, Ground, Matter, NewPartner, NewUpdate,
    PlanVersion, PublicCampaign, READERS, Released, Search, Setting, Standing, Step, TeamSearch, TeamTotal,
};
use domain::campaign::CampaignState;
use domain::complaint::{ComplaintEvent, ComplaintState};
use domain::donation::MessageState;
use domain::plan::{Plan, Section};
use domain::role::{Member, Role};
use domain::team::TeamStep;
use domain::{
    BusinessDate, CampaignChangeId, CampaignCommentId, CampaignDecisionId, CampaignId, CampaignUpdateId, Clock,
    ComplaintId, DonationId, PartnerId, ReleaseId, SuspensionId, TeamId, Timestamp,
};
use entity::{
    Db, Tx, budget_line, campaign, campaign_change, campaign_comment, campaign_decision, campaign_history,
    campaign_update, complaint, cooperation, donation, milestone, partner, suspension, team,
};
use sea_orm::DbErr;

use crate::trail;

/// The campaigns of the program.
#[derive(Clone, Debug)]
pub struct Campaigns {
    db: Db,
    clock: Clock,
    merchant: String,
}

type Result<T, E = CrowdfundingError> = std::result::Result<T, E>;

impl Campaigns {
    /// On a database, by business time, for the house that takes money under this merchant number.
    pub fn new(db: Db, clock: Clock, merchant: String) -> Campaigns {
        Campaigns { db, clock, merchant }
    }

    fn setting(&self) -> Setting {
        Setting { now: self.clock.now(), merchant: self.merchant.clone() }
    }

    /// Writes a draft. The same id with the same content again answers the campaign that stands.
    pub async fn draft(&self, id: CampaignId, draft: CampaignDraft, by: &Member) -> Result<campaign::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::draft_campaign(&tx, now, id, draft, by).await?;
        // What stood already was told before.
        if row.created_us == now {
            self.trail(&tx, now, "campaign.draft", &row, by).await?;
        }
        tx.commit().await?;
        Ok(row)
    }

    /// Rewrites a draft; its author only.
    pub async fn edit(&self, id: CampaignId, draft: CampaignDraft, by: &Member) -> Result<campaign::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::edit_campaign(&tx, now, id, draft, by).await?;
        self.trail(&tx, now, "campaign.edit", &row, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Takes a step.
    pub async fn step(&self, id: CampaignId, step: Step, by: &Member) -> Result<campaign::Model> {
        let (setting, word) = (self.setting(), step.word());
        let tx = self.db.begin().await?;
        let row = crowdfunding::step_campaign(&tx, &setting, id, step, by).await?;
        self.trail(&tx, setting.now, word, &row, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Opens what has begun and ends what is over. Answers how many campaigns changed.
    pub async fn tick(&self) -> Result<u64> {
        let setting = self.setting();
        let now = setting.now;
        let mut changed = 0;
        for id in crowdfunding::due_campaigns(self.db.read(), now).await? {
            let tx = self.db.begin().await?;
            if let Some(row) = crowdfunding::clock_campaign(&tx, &setting, id).await? {
                let line = trail::Line {
                    actor: trail::SYSTEM.to_owned(),
                    action: "campaign.clock",
                    object: object(id),
                    origin: "campaign_clock".to_owned(),
                    detail: serde_json::json!({ "state": row.state }),
                };
                trail::record(&tx, now, line).await?;
                tx.commit().await?;
                changed += 1;
            }
        }
        Ok(changed)
    }

    /// A campaign, for staff whose roles reach it.
    pub async fn get(&self, id: CampaignId, by: &Member) -> Result<campaign::Model> {
        crowdfunding::campaign_of(self.db.read(), id, by).await
    }

    /// What happened to a campaign, oldest first.
    pub async fn history(&self, id: CampaignId, by: &Member) -> Result<Vec<campaign_history::Model>> {
        self.get(id, by).await?;
        Ok(crowdfunding::campaign_steps(self.db.read(), id).await?)
    }

    /// The versions of a campaign's plan, oldest first, for staff.
    pub async fn plans(&self, id: CampaignId, by: &Member) -> Result<Vec<PlanVersion>> {
        self.get(id, by).await?;
        crowdfunding::plan_versions(self.db.read(), id).await
    }

    /// The budget of a campaign and what of it is promised and spent, for staff.
    pub async fn budget(&self, id: CampaignId, by: &Member) -> Result<Vec<budget_line::Model>> {
        self.get(id, by).await?;
        crowdfunding::budget(self.db.read(), id).await
    }

    /// A page of the campaigns within a member's reach, newest first.
    pub async fn page(
        &self,
        state: Option<CampaignState>,
        by: &Member,
        after: Option<CampaignId>,
        limit: u64,
    ) -> Result<Vec<campaign::Model>> {
        self.named(None, state, by, after, limit).await
    }

    /// The same of those whose name holds these words.
    pub async fn named(
        &self,
        words: Option<&str>,
        state: Option<CampaignState>,
        by: &Member,
        after: Option<CampaignId>,
        limit: u64,
    ) -> Result<Vec<campaign::Model>> {
        by.must_be(&READERS)?;
        let parts = Some(by.parts(&READERS).into_iter().cloned().collect());
        let filter = CampaignFilter { states: state.into_iter().collect(), parts, words: words.map(str::to_owned) };
        crowdfunding::campaigns(self.db.read(), &filter, after, limit).await
    }

    /// A page of public campaigns with their money.
    pub async fn search(&self, search: &Search, after: Option<CampaignId>, limit: u64) -> Result<Vec<PublicCampaign>> {
        let rows = crowdfunding::search(self.db.read(), search, after, limit).await?;
        crowdfunding::with_money(self.db.read(), rows).await
    }

    /// A public campaign with its money.
    pub async fn public(&self, id: CampaignId) -> Result<PublicCampaign> {
        crowdfunding::public_campaign(self.db.read(), id).await
    }

    /// A public campaign with its money and with what the law wants shown of it.
    pub async fn page_of(&self, id: CampaignId) -> Result<(PublicCampaign, Standing)> {
        let public = self.public(id).await?;
        let standing = crowdfunding::standing(self.db.read(), &self.setting(), &public.campaign).await?;
        Ok((public, standing))
    }

    /// The versions of a public campaign's plan that were ever in force, oldest first.
    pub async fn public_plans(&self, id: CampaignId) -> Result<Vec<PlanVersion>> {
        crowdfunding::public_row(self.db.read(), id).await?;
        let mut versions = crowdfunding::plan_versions(self.db.read(), id).await?;
        versions.retain(|version| version.in_force.is_some());
        Ok(versions)
    }

    /// The budget of a public campaign and what of it is promised and spent.
    pub async fn public_budget(&self, id: CampaignId) -> Result<Vec<budget_line::Model>> {
        crowdfunding::public_row(self.db.read(), id).await?;
        crowdfunding::budget(self.db.read(), id).await
    }

    /// The milestones of a public campaign.
    pub async fn public_milestones(&self, id: CampaignId) -> Result<Vec<milestone::Model>> {
        crowdfunding::public_row(self.db.read(), id).await?;
        crowdfunding::milestones(self.db.read(), id).await
    }

    /// The published updates of a public campaign, newest first.
    pub async fn public_updates(
        &self,
        id: CampaignId,
        after: Option<CampaignUpdateId>,
        limit: u64,
    ) -> Result<Vec<campaign_update::Model>> {
        crowdfunding::public_row(self.db.read(), id).await?;
        crowdfunding::updates(self.db.read(), id, true, after, limit).await
    }

    /// The name among documents of a public campaign's published update: its pictures.
    pub async fn public_pictures(&self, id: CampaignId, update: CampaignUpdateId) -> Result<String> {
        crowdfunding::public_pictures(self.db.read(), id, update).await
    }

    /// The name among documents of something about a campaign, for whoever may do this with them.
    pub async fn exhibit(&self, exhibit: Exhibit, access: Access, by: &Member) -> Result<String> {
        crowdfunding::exhibit(self.db.read(), exhibit, access, by).await
    }

    /// Campaigns of any state with their money, as they are named; those that are not there are left out.
    pub async fn with_money(&self, ids: &[CampaignId]) -> Result<Vec<PublicCampaign>> {
        let rows = crowdfunding::named_campaigns(self.db.read(), ids).await?;
        crowdfunding::with_money(self.db.read(), rows).await
    }

    /// Suspends a campaign: no gifts, and its money is frozen.
    pub async fn suspend(
        &self,
        id: CampaignId,
        suspension: SuspensionId,
        why: (Ground, String),
        by: &Member,
    ) -> Result<campaign::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::suspend(&tx, now, id, suspension, why, by).await?;
        let detail = serde_json::json!({ "state": row.state });
        self.line(&tx, now, "campaign.suspend", object(id), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Lifts a suspension; another person than who asked for it.
    pub async fn lift(&self, id: CampaignId, reason: String, by: &Member) -> Result<campaign::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::lift(&tx, now, id, reason, by).await?;
        let detail = serde_json::json!({ "state": row.state });
        self.line(&tx, now, "campaign.lift", object(id), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Takes a complaint up, or answers it.
    pub async fn handle_complaint(
        &self,
        id: ComplaintId,
        event: ComplaintEvent,
        answer: Option<String>,
        by: &Member,
    ) -> Result<complaint::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::handle_complaint(&tx, now, id, event, answer, by).await?;
        let detail = serde_json::json!({ "state": row.state });
        self.line(&tx, now, "complaint.handle", format!("complaint:{id}"), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Asks for a change of a filed plan.
    pub async fn propose_change(
        &self,
        id: CampaignId,
        change: CampaignChangeId,
        what: (Plan, String),
        by: &Member,
    ) -> Result<campaign_change::Model> {
        let setting = self.setting();
        let now = setting.now;
        let tx = self.db.begin().await?;
        let row = crowdfunding::propose_change(&tx, &setting, id, change, what, by).await?;
        let detail = serde_json::json!({ "state": row.state, "version": row.version });
        self.line(&tx, now, "campaign.propose_change", object(id), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The review of a change that is due.
    pub async fn review_change(
        &self,
        change: CampaignChangeId,
        decision: Decision,
        by: &Member,
    ) -> Result<campaign_change::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        trail::because(&tx, now, format!("change:{change}"), decision.reason(), by).await?;
        let row = crowdfunding::review_change(&tx, now, change, decision, by).await?;
        let detail = serde_json::json!({ "state": row.state, "version": row.version });
        self.line(&tx, now, "campaign.review_change", object(row.campaign_id), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A change was filed: its version comes into force.
    pub async fn file_change(
        &self,
        change: CampaignChangeId,
        evidence: (String, BusinessDate),
        by: &Member,
    ) -> Result<campaign::Model> {
        let setting = self.setting();
        let now = setting.now;
        let tx = self.db.begin().await?;
        let row = crowdfunding::file_change(&tx, &setting, change, evidence, by).await?;
        let detail = serde_json::json!({ "plan": row.plan_version });
        self.line(&tx, now, "campaign.file_change", object(row.id), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Proposes what another person decides.
    pub async fn propose_decision(
        &self,
        id: CampaignDecisionId,
        matter: Matter,
        reason: String,
        by: &Member,
    ) -> Result<campaign_decision::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::propose_decision(&tx, now, id, matter, reason, by).await?;
        let detail = serde_json::json!({ "kind": row.kind, "amount": row.amount_fen });
        self.line(&tx, now, "decision.propose", format!("decision:{id}"), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Another person decides.
    pub async fn decide(
        &self,
        id: CampaignDecisionId,
        decision: Decision,
        by: &Member,
    ) -> Result<campaign_decision::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        trail::because(&tx, now, format!("decision:{id}"), decision.reason(), by).await?;
        let row = crowdfunding::decide_decision(&tx, now, id, decision, by).await?;
        let detail = serde_json::json!({ "kind": row.kind, "state": row.state, "amount": row.amount_fen });
        self.line(&tx, now, "decision.decide", format!("decision:{id}"), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Releases the restriction from what a campaign's expenses have used (entry 16).
    pub async fn release(
        &self,
        id: CampaignId,
        release: ReleaseId,
        through: Option<BusinessDate>,
        by: &Member,
    ) -> Result<Released> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let released = crowdfunding::release(&tx, now, id, release, through, by).await?;
        let detail = serde_json::json!({ "release": released.reference, "amount": released.amount });
        self.line(&tx, now, "campaign.release", object(id), detail, by).await?;
        tx.commit().await?;
        Ok(released)
    }

    /// Registers a partner.
    pub async fn register_partner(&self, new: NewPartner, by: &Member) -> Result<partner::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::register_partner(&tx, now, new, by).await?;
        let detail = serde_json::json!({ "kind": row.kind });
        self.line(&tx, now, "partner.register", format!("partner:{}", row.id), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Records the agreement of a campaign with its partner.
    pub async fn sign_cooperation(
        &self,
        id: CampaignId,
        agreement: (PartnerId, BusinessDate, String),
        by: &Member,
    ) -> Result<cooperation::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::sign_cooperation(&tx, now, id, agreement, by).await?;
        let detail = serde_json::json!({ "partner": row.partner_id });
        self.line(&tx, now, "campaign.sign_cooperation", object(id), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The agreement of a campaign and the partner it is with, for whoever may see the campaign.
    pub async fn cooperation(
        &self,
        id: CampaignId,
        by: &Member,
    ) -> Result<Option<(cooperation::Model, partner::Model)>> {
        self.get(id, by).await?;
        crowdfunding::cooperation_of(self.db.read(), id).await
    }

    /// Evaluates a campaign's partner.
    pub async fn evaluate_cooperation(
        &self,
        id: CampaignId,
        evaluation: (i64, String),
        by: &Member,
    ) -> Result<cooperation::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::evaluate_cooperation(&tx, now, id, evaluation, by).await?;
        let detail = serde_json::json!({ "score": row.score });
        self.line(&tx, now, "campaign.evaluate_cooperation", object(id), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Tells how far a milestone is.
    pub async fn progress(
        &self,
        id: CampaignId,
        progress: (String, i64, String),
        by: &Member,
    ) -> Result<milestone::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::progress(&tx, now, id, progress, by).await?;
        let detail = serde_json::json!({ "milestone": row.code, "progress": row.progress });
        self.line(&tx, now, "campaign.progress", object(id), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Writes an update, or writes it anew until it is published.
    pub async fn write_update(&self, id: CampaignId, new: NewUpdate, by: &Member) -> Result<campaign_update::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::write_update(&tx, now, id, new, by).await?;
        let detail = serde_json::json!({ "update": row.id });
        self.line(&tx, now, "campaign.write_update", object(id), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Publishes an update; from then on it stands.
    pub async fn publish_update(&self, update: CampaignUpdateId, by: &Member) -> Result<campaign_update::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::publish_update(&tx, now, update, by).await?;
        let detail = serde_json::json!({ "update": row.id });
        self.line(&tx, now, "campaign.publish_update", object(row.campaign_id), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A page of what donors wrote, where somebody has one of these roles, newest first.
    pub async fn messages(
        &self,
        whose: (&Member, &[Role]),
        state: MessageState,
        after: Option<DonationId>,
        limit: u64,
    ) -> Result<Vec<donation::Model>> {
        crowdfunding::messages(self.db.read(), whose, state, after, limit).await
    }

    /// Hides a donor's message, or shows it again.
    pub async fn moderate(&self, id: DonationId, how: (bool, String), by: &Member) -> Result<donation::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::moderate(&tx, now, id, how, by).await?;
        let detail = serde_json::json!({ "message": row.message_state });
        self.line(&tx, now, "message.moderate", format!("donation:{id}"), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A page of teams with what each raised, where somebody has one of these roles, newest first.
    pub async fn teams(
        &self,
        whose: (&Member, &[Role]),
        search: TeamSearch,
        after: Option<TeamId>,
        limit: u64,
    ) -> Result<Vec<(team::Model, TeamTotal)>> {
        let teams = crowdfunding::teams(self.db.read(), whose, search, after, limit).await?;
        let totals = crowdfunding::team_totals(self.db.read(), &teams).await?;
        let with = |team: team::Model| {
            let total = totals.get(&team.id).copied().unwrap_or_default();
            (team, total)
        };
        Ok(teams.into_iter().map(with).collect())
    }

    /// The teams whose names hold these words, where somebody has one of these roles, newest first.
    pub async fn teams_named(&self, whose: (&Member, &[Role]), words: &str, limit: u64) -> Result<Vec<team::Model>> {
        crowdfunding::teams_named(self.db.read(), whose, words, limit).await
    }

    /// Hides the name of a team, shows it, or closes the team.
    pub async fn moderate_team(&self, id: TeamId, how: (TeamStep, String), by: &Member) -> Result<team::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let step = how.0;
        let row = crowdfunding::moderate_team(&tx, now, id, how, by).await?;
        let detail = serde_json::json!({ "state": step });
        self.line(&tx, now, "team.handle", format!("team:{id}"), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Takes a complaint down; anybody may complain.
    pub async fn complain(
        &self,
        id: ComplaintId,
        about: Option<CampaignId>,
        words: String,
    ) -> Result<complaint::Model> {
        let tx = self.db.begin().await?;
        let row = crowdfunding::complain(&tx, self.clock.now(), id, about, words).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A complaint, for whoever knows its id.
    pub async fn complaint(&self, id: ComplaintId) -> Result<complaint::Model> {
        crowdfunding::complaint_by_id(self.db.read(), id).await
    }

    /// A page of complaints within a member's reach, newest first.
    pub async fn complaints(
        &self,
        state: Option<ComplaintState>,
        after: Option<ComplaintId>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<complaint::Model>> {
        crowdfunding::complaints(self.db.read(), state, after, limit, by).await
    }

    /// The complaints about a campaign that are not answered, newest first; none for whoever reads no complaints there.
    pub async fn complaints_of(&self, id: CampaignId, by: &Member) -> Result<Vec<complaint::Model>> {
        let row = self.get(id, by).await?;
        crowdfunding::complaints_of(self.db.read(), &row, by).await
    }

    /// Says something about a section of a campaign's plan.
    pub async fn comment(
        &self,
        id: CampaignId,
        comment: CampaignCommentId,
        what: (Section, String),
        by: &Member,
    ) -> Result<campaign_comment::Model> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::comment(&tx, now, id, comment, what, by).await?;
        let detail = serde_json::json!({ "comment": row.id, "version": row.version });
        self.line(&tx, now, "campaign.comment", object(id), detail, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// What was said about a campaign's plan, oldest first.
    pub async fn comments(&self, id: CampaignId, by: &Member) -> Result<Vec<campaign_comment::Model>> {
        self.get(id, by).await?;
        crowdfunding::comments(self.db.read(), id).await
    }

    /// The suspensions of a campaign, oldest first.
    pub async fn suspensions(&self, id: CampaignId, by: &Member) -> Result<Vec<suspension::Model>> {
        self.get(id, by).await?;
        crowdfunding::suspensions(self.db.read(), id).await
    }

    /// The campaign that a change is of, for whoever may see it.
    pub async fn campaign_of_change(&self, change: CampaignChangeId, by: &Member) -> Result<CampaignId> {
        let id = crowdfunding::campaign_of_change(self.db.read(), change).await?;
        // What the caller may not know of is not there.
        self.get(id, by).await.map_err(|error| match error {
            CrowdfundingError::NoSuchCampaign => CrowdfundingError::NoSuchChange,
            other => other,
        })?;
        Ok(id)
    }

    /// The changes of a campaign, oldest first.
    pub async fn changes(&self, id: CampaignId, by: &Member) -> Result<Vec<campaign_change::Model>> {
        self.get(id, by).await?;
        crowdfunding::changes(self.db.read(), id).await
    }

    /// A page of decisions within a member's reach, newest first.
    pub async fn decisions(
        &self,
        after: Option<CampaignDecisionId>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<campaign_decision::Model>> {
        crowdfunding::decisions(self.db.read(), after, limit, by).await
    }

    /// A page of the register of partners.
    pub async fn partners(&self, after: Option<PartnerId>, limit: u64, by: &Member) -> Result<Vec<partner::Model>> {
        crowdfunding::partners(self.db.read(), after, limit, by).await
    }

    /// The updates of a campaign, drafts included, newest first.
    pub async fn updates(
        &self,
        id: CampaignId,
        after: Option<CampaignUpdateId>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<campaign_update::Model>> {
        self.get(id, by).await?;
        crowdfunding::updates(self.db.read(), id, false, after, limit).await
    }

    async fn line(
        &self,
        tx: &Tx,
        now: Timestamp,
        action: &'static str,
        object: String,
        detail: serde_json::Value,
        by: &Member,
    ) -> Result<(), DbErr> {
        let (actor, origin) = (trail::staff(by.id), by.origin.clone());
        trail::record(tx, now, trail::Line { actor, action, object, origin, detail }).await
    }

    async fn trail(
        &self,
        tx: &Tx,
        now: Timestamp,
        action: &'static str,
        row: &campaign::Model,
        by: &Member,
    ) -> Result<(), DbErr> {
        let detail = serde_json::json!({ "state": row.state, "round": row.round, "plan": row.plan_version });
        self.line(tx, now, action, object(row.id), detail, by).await
    }
}

/// A campaign in the audit trail.
fn object(id: CampaignId) -> String {
    format!("campaign:{id}")
}
