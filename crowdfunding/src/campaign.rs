//! The way of a campaign: drafted by an organiser, approved by two other persons, filed, open, executed, closed (facts: charity
//! 3.1). Which step may follow which says `domain`; what has to be true besides says `gate`; here it is done.
//!
//! That neither approval is the author's and that both are different persons' is kept by the database
//! (`campaign_approval_own_check`, `campaign_approval_person_key`, `campaign_guard`); what is checked here only says it in better
//! words.

use std::collections::BTreeSet;

use domain::campaign::{CampaignEvent, CampaignKind, CampaignState};
use domain::plan::Plan;
use domain::role::{Grant, Member, Role};
use domain::{BookId, BusinessDate, CampaignId, StaffId, Timestamp, UnitId, UnitPath};
use entity::{Tx, campaign, campaign_approval, charity, execute, unit, violation};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set, Statement,
};

use crate::gate::Setting;
use crate::history::state;
use crate::{CrowdfundingError, Decision, gate, plan, release, suspension};

/// Who may see campaigns before the public does.
pub const READERS: [Role; 8] = [
    Role::Organiser,
    Role::ProjectManager,
    Role::FinanceHead,
    Role::Chair,
    Role::Cashier,
    Role::Bookkeeper,
    Role::Disclosure,
    Role::Auditor,
];
/// Who may write campaigns down.
pub const AUTHORS: [Role; 2] = [Role::Organiser, Role::ProjectManager];
const FILERS: [Role; 2] = [Role::Disclosure, Role::ProjectManager];
const MANAGERS: [Role; 1] = [Role::ProjectManager];
const CLOSERS: [Role; 1] = [Role::FinanceHead];
const REVIEWERS: [Role; 2] = [Role::ProjectManager, Role::FinanceHead];

/// What an organiser writes down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignDraft {
    /// The charity whose books receive the money.
    pub book: BookId,
    /// The unit that organises it; if it is not said, the charity's.
    pub unit: Option<UnitId>,
    /// The campaign it is a part of.
    pub parent: Option<CampaignId>,
    /// Whether it takes gifts itself.
    pub kind: CampaignKind,
    /// The plan, as far as it is written.
    pub plan: Plan,
}

/// How a campaign is opened (facts: charity 2.1 Art. 27, open point 1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Where it is open.
    pub channels: BTreeSet<Channel>,
    /// Its number at the designated platform.
    pub platform_number: Option<String>,
    /// Its page at the designated platform.
    pub platform_url: Option<String>,
    /// The credit code of whoever runs this service.
    pub operator_code: Option<String>,
}

/// Where a campaign is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// 互联网公开募捐服务平台.
    DesignatedPlatform,
    /// The charity's own site, beside a designated platform.
    OwnSite,
    /// 线下.
    Offline,
}

impl Channel {
    /// The word in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::DesignatedPlatform => "designated_platform",
            Channel::OwnSite => "own_site",
            Channel::Offline => "offline",
        }
    }
}

/// A step that a person takes with a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Hands it in for review.
    Submit,
    /// Takes it back.
    Withdraw,
    /// Takes a rejected one up again.
    Revise,
    /// Takes up the first review.
    TakeUp,
    /// Agrees in the review that is due.
    Approve {
        /// What the reviewer has looked at and says: it is not for one named person (facts: charity 6.6).
        for_a_group: bool,
    },
    /// Sends it back, with a reason.
    Reject(String),
    /// The plan was handed to the authority on this day.
    SubmitFiling(BusinessDate),
    /// The authority asks for completion.
    ReturnFiling(String),
    /// The authority has given this number on this day.
    File {
        /// 备案编号.
        number: String,
        /// When.
        on: BusinessDate,
    },
    /// Everything for the opening is there.
    Schedule(Opening),
    /// Something is missing after all.
    Unschedule(String),
    /// Opens before it is filed.
    OpenInEmergency(Opening),
    /// Stops gifts for a while.
    Pause(String),
    /// Lets gifts go on.
    Resume,
    /// Ends it before its time.
    End(String),
    /// Begins to use what was raised.
    StartExecution,
    /// Begins the last accounts.
    StartClosing,
    /// Nothing is left to be done.
    Close,
    /// Something is still to be done.
    ReopenExecution(String),
    /// Gives it up before any money came; after that it takes a decision of two persons.
    Cancel(String),
}

impl Step {
    /// The word in the audit trail.
    pub fn word(&self) -> &'static str {
        match self {
            Step::Submit => "campaign.submit",
            Step::Withdraw => "campaign.withdraw",
            Step::Revise => "campaign.revise",
            Step::TakeUp => "campaign.take_up",
            Step::Approve { .. } => "campaign.approve",
            Step::Reject(_) => "campaign.reject",
            Step::SubmitFiling(_) => "campaign.submit_filing",
            Step::ReturnFiling(_) => "campaign.return_filing",
            Step::File { .. } => "campaign.file",
            Step::Schedule(_) => "campaign.schedule",
            Step::Unschedule(_) => "campaign.unschedule",
            Step::OpenInEmergency(_) => "campaign.open_in_emergency",
            Step::Pause(_) => "campaign.pause",
            Step::Resume => "campaign.resume",
            Step::End(_) => "campaign.end",
            Step::StartExecution => "campaign.start_execution",
            Step::StartClosing => "campaign.start_closing",
            Step::Close => "campaign.close",
            Step::ReopenExecution(_) => "campaign.reopen_execution",
            Step::Cancel(_) => "campaign.cancel",
        }
    }

    /// Who may take it at all.
    fn roles(&self) -> &'static [Role] {
        match self {
            Step::Submit | Step::Withdraw | Step::Revise | Step::Cancel(_) => &AUTHORS,
            Step::Approve { .. } | Step::Reject(_) => &REVIEWERS,
            Step::SubmitFiling(_) | Step::ReturnFiling(_) | Step::File { .. } => &FILERS,
            Step::Close => &CLOSERS,
            Step::TakeUp
            | Step::Schedule(_)
            | Step::Unschedule(_)
            | Step::OpenInEmergency(_)
            | Step::Pause(_)
            | Step::Resume
            | Step::End(_)
            | Step::StartExecution
            | Step::StartClosing
            | Step::ReopenExecution(_) => &MANAGERS,
        }
    }
}

/// Writes a draft. The same id with the same content again answers the campaign that stands.
pub async fn draft_campaign(
    tx: &Tx,
    now: Timestamp,
    id: CampaignId,
    draft: CampaignDraft,
    by: &Member,
) -> Result<campaign::Model, CrowdfundingError> {
    by.must_be(&AUTHORS)?;
    let draft = checked(draft)?;
    if let Some(standing) = campaign::Entity::find_by_id(id).one(tx).await? {
        return if standing.author_id == by.id && is_content(tx, &standing, &draft).await? {
            Ok(standing)
        } else {
            Err(CrowdfundingError::IdReused)
        };
    }
    let (unit_id, unit_path, author_for) = place(tx, &draft, by).await?;
    let row = campaign::ActiveModel {
        id: Set(id),
        book_id: Set(draft.book),
        unit_id: Set(unit_id),
        unit_path: Set(unit_path),
        parent_id: Set(draft.parent),
        kind: Set(draft.kind),
        name: Set(draft.plan.name.clone()),
        summary: Set(draft.plan.summary.clone()),
        cause: Set(draft.plan.terms.cause),
        target_fen: Set(draft.plan.target),
        over_target: Set(draft.plan.over_target),
        starts_us: Set(draft.plan.starts),
        ends_us: Set(draft.plan.ends),
        state: Set(CampaignState::Draft),
        suspended_from: Set(None),
        frozen: Set(false),
        round: Set(1),
        plan_version: Set(1),
        emergency: Set(draft.plan.terms.emergency),
        channel: Set(String::new()),
        platform_number: Set(None),
        platform_url: Set(None),
        operator_code: Set(None),
        filing_submitted_on: Set(None),
        filing_number: Set(None),
        filed_on: Set(None),
        opened_us: Set(None),
        ended_us: Set(None),
        author_id: Set(by.id),
        author_for_id: Set(author_for),
        created_us: Set(now),
        changed_us: Set(now),
    }
    .insert(tx)
    .await?;
    plan::write(tx, now, id, 1, &draft.plan, by.id).await?;
    Ok(row)
}

/// Rewrites a draft; its author only.
pub async fn edit_campaign(
    tx: &Tx,
    now: Timestamp,
    id: CampaignId,
    draft: CampaignDraft,
    by: &Member,
) -> Result<campaign::Model, CrowdfundingError> {
    let draft = checked(draft)?;
    let row = locked(tx, id).await?;
    if row.author_id != by.id {
        return Err(CrowdfundingError::NoSuchCampaign);
    }
    if row.state != CampaignState::Draft {
        row.state.on(CampaignEvent::Submit)?;
    }
    let (unit_id, unit_path, _) = place(tx, &draft, by).await?;
    let version = row.plan_version.max(1);
    plan::write(tx, now, id, version, &draft.plan, by.id).await?;
    let mut row: campaign::ActiveModel = row.into();
    row.book_id = Set(draft.book);
    row.unit_id = Set(unit_id);
    row.unit_path = Set(unit_path);
    row.parent_id = Set(draft.parent);
    row.kind = Set(draft.kind);
    row.plan_version = Set(version);
    row.changed_us = Set(now);
    plan::head(&mut row, &draft.plan);
    Ok(row.update(tx).await?)
}

/// Takes a step, or says why not.
pub async fn step_campaign(
    tx: &Tx,
    setting: &Setting,
    id: CampaignId,
    step: Step,
    by: &Member,
) -> Result<campaign::Model, CrowdfundingError> {
    use CampaignEvent as E;
    let now = setting.now;
    let (row, grant) = for_step(tx, id, step.roles(), by).await?;
    let taken = |event: CampaignEvent, reason: Option<String>| Taken { event, reason, actor: by.id.to_string(), now };
    let because =
        |event: CampaignEvent, reason: String| Ok::<_, CrowdfundingError>(taken(event, Some(required(reason)?)));
    match step {
        Step::Submit | Step::Withdraw | Step::Revise | Step::Cancel(_) if row.author_id != by.id => {
            Err(CrowdfundingError::OtherPerson)
        }
        Step::Submit => {
            row.state.on(E::Submit)?;
            gate::complete(tx, &row).await?;
            gate::may_begin_another(tx, now, &row).await?;
            advance(tx, row, taken(E::Submit, None)).await
        }
        Step::Withdraw => advance(tx, row, taken(E::Withdraw, None)).await,
        Step::Revise => {
            row.state.on(E::Revise)?;
            let row = plan::reopen(tx, now, row).await?;
            advance(tx, row, taken(E::Revise, None)).await
        }
        Step::TakeUp if by.is_among(&grant, authors(&row)) => Err(CrowdfundingError::OtherPerson),
        Step::TakeUp => advance(tx, row, taken(E::TakeUp, None)).await,
        Step::Approve { for_a_group } => review(tx, now, row, (Decision::Approve, for_a_group), &grant, by).await,
        Step::Reject(reason) => review(tx, now, row, (Decision::Reject(reason), false), &grant, by).await,
        // What is told of a day that is past is told by another person than who wrote the campaign.
        Step::SubmitFiling(on) if on < BusinessDate::of(now) && by.is_among(&grant, authors(&row)) => {
            Err(CrowdfundingError::OtherPerson)
        }
        Step::File { .. } if backdated(&row) && by.is_among(&grant, authors(&row)) => {
            Err(CrowdfundingError::OtherPerson)
        }
        Step::SubmitFiling(on) => {
            row.state.on(E::SubmitFiling)?;
            gate::filing_submitted(tx, &row, on, now).await?;
            let mut filed: campaign::ActiveModel = row.into();
            filed.filing_submitted_on = Set(Some(on));
            advance(tx, filed.update(tx).await?, taken(E::SubmitFiling, None)).await
        }
        Step::ReturnFiling(reason) => {
            row.state.on(E::ReturnFiling)?;
            gate::not_filed(&row)?;
            let mut returned: campaign::ActiveModel = row.into();
            returned.filing_submitted_on = Set(None);
            advance(tx, returned.update(tx).await?, because(E::ReturnFiling, reason)?).await
        }
        Step::File { number, on } => {
            row.state.on(E::File)?;
            gate::filed(tx, &row, &number, on, now).await?;
            let mut filed: campaign::ActiveModel = row.into();
            filed.filing_number = Set(Some(number));
            filed.filed_on = Set(Some(on));
            advance(tx, filed.update(tx).await.map_err(number_taken)?, taken(E::File, None)).await
        }
        Step::Schedule(opening) => {
            row.state.on(E::Schedule)?;
            let row = opened_by(tx, row, opening).await?;
            gate::ready_to_open(tx, &row, setting).await?;
            advance(tx, row, taken(E::Schedule, None)).await
        }
        Step::Unschedule(reason) => advance(tx, row, because(E::Unschedule, reason)?).await,
        Step::OpenInEmergency(opening) => {
            row.state.on(E::OpenInEmergency)?;
            let row = opened_by(tx, row, opening).await?;
            gate::ready_to_open(tx, &row, setting).await?;
            gate::emergency(&row, now)?;
            advance(tx, row, taken(E::OpenInEmergency, None)).await
        }
        Step::Pause(reason) => advance(tx, row, because(E::Pause, reason)?).await,
        Step::Resume => advance(tx, row, taken(E::Resume, None)).await,
        Step::End(reason) => advance(tx, row, because(E::End, reason)?).await,
        Step::StartExecution => {
            row.state.on(E::StartExecution)?;
            gate::filed_at_last(&row)?;
            advance(tx, row, taken(E::StartExecution, None)).await
        }
        Step::StartClosing => {
            row.state.on(E::StartClosing)?;
            gate::filed_at_last(&row)?;
            advance(tx, row, taken(E::StartClosing, None)).await
        }
        Step::Close => {
            row.state.on(E::Close)?;
            gate::closed(tx, &row).await?;
            release::at_closure(tx, now, &row, by).await?;
            advance(tx, row, taken(E::Close, None)).await
        }
        Step::ReopenExecution(reason) => advance(tx, row, because(E::ReopenExecution, reason)?).await,
        Step::Cancel(reason) => {
            let step = because(E::Cancel, reason)?;
            row.state.on(E::Cancel)?;
            if gate::money_came(tx, row.id).await? {
                return Err(CrowdfundingError::MoneyCame);
            }
            advance(tx, row, step).await
        }
    }
}

/// The campaign a step is to be taken with, locked, and the grant by which the member may take it: for the legal entity whose it is. Who
/// holds none of the roles anywhere is told so; of a campaign of another part of the tree one is told nothing.
pub(crate) async fn for_step(
    tx: &Tx,
    id: CampaignId,
    roles: &[Role],
    by: &Member,
) -> Result<(campaign::Model, Grant), CrowdfundingError> {
    let row = seen(tx, id, roles, by).await?;
    let grant = by.acts(roles, row.book_id, &row.unit_path)?.clone();
    Ok((row, grant))
}

/// The same for what whoever is above does, too: stopping a campaign, and letting it go on.
pub(crate) async fn for_supervision(
    tx: &Tx,
    id: CampaignId,
    roles: &[Role],
    by: &Member,
) -> Result<(campaign::Model, Grant), CrowdfundingError> {
    let row = seen(tx, id, roles, by).await?;
    let grant = by.may(roles, &row.unit_path)?.clone();
    Ok((row, grant))
}

async fn seen(tx: &Tx, id: CampaignId, roles: &[Role], by: &Member) -> Result<campaign::Model, CrowdfundingError> {
    by.must_be(roles)?;
    let row = locked(tx, id).await?;
    if by.may(&READERS, &row.unit_path).is_err() && row.author_id != by.id {
        return Err(CrowdfundingError::NoSuchCampaign);
    }
    Ok(row)
}

/// The review that is due: the first by a project manager, who takes it up with it, the second by the head of finance. What the
/// authority wants changed is sent back by a project manager.
async fn review(
    tx: &Tx,
    now: Timestamp,
    row: campaign::Model,
    (decision, for_a_group): (Decision, bool),
    grant: &Grant,
    by: &Member,
) -> Result<campaign::Model, CrowdfundingError> {
    use CampaignState as S;
    let taken = |event: CampaignEvent, reason: Option<String>| Taken { event, reason, actor: by.id.to_string(), now };
    let (step, role, event) = match row.state {
        S::Submitted | S::OrgReview => ("manager", Role::ProjectManager, CampaignEvent::ManagerApprove),
        S::FinanceReview => ("finance", Role::FinanceHead, CampaignEvent::FinanceApprove),
        S::Approved if decision != Decision::Approve => ("manager", Role::ProjectManager, CampaignEvent::Reject),
        _ => {
            return Err(row
                .state
                .on(CampaignEvent::ManagerApprove)
                .err()
                .map_or(CrowdfundingError::Conflict, Into::into));
        }
    };
    let grant = if grant.role == role { grant } else { by.acts(&[role], row.book_id, &row.unit_path)? };
    if by.is_among(grant, authors(&row)) {
        return Err(CrowdfundingError::OtherPerson);
    }
    if let Decision::Reject(reason) = decision {
        return advance(tx, row, taken(CampaignEvent::Reject, Some(required(reason)?))).await;
    }
    // Neither in one person's name twice.
    let given = campaign_approval::Entity::find()
        .filter(campaign_approval::Column::CampaignId.eq(row.id))
        .filter(campaign_approval::Column::Round.eq(row.round))
        .all(tx)
        .await?;
    if by.is_among(grant, given.iter().flat_map(|before| [Some(before.approver_id), before.acting_for_id])) {
        return Err(CrowdfundingError::OtherPerson);
    }
    gate::complete(tx, &row).await?;
    gate::need(for_a_group, "for_a_group", "请核对受益人并确认：本项目不为特定个人募捐")?;
    let row = if row.state == S::Submitted { advance(tx, row, taken(CampaignEvent::TakeUp, None)).await? } else { row };
    row.state.on(event)?;
    approve(tx, now, &row, step, grant.acting_for, by).await?;
    let row = if event == CampaignEvent::FinanceApprove {
        {
            let version = row.plan_version;
            plan::into_force(tx, now, row, version).await?
        }
    } else {
        row
    };
    advance(tx, row, taken(event, None)).await
}

/// Whether the day of the filing lay before the day on which it was told here.
fn backdated(row: &campaign::Model) -> bool {
    row.filing_submitted_on.is_some_and(|day| day < BusinessDate::of(row.changed_us))
}

/// In whose names a campaign was written.
fn authors(row: &campaign::Model) -> [Option<StaffId>; 2] {
    [Some(row.author_id), row.author_for_id]
}

/// One number, one campaign.
fn number_taken(error: DbErr) -> CrowdfundingError {
    match violation(&error) {
        // PostgreSQL names the index, SQLite its column or the guard.
        Some(rule) if rule.contains("campaign_filing_number_key") || rule.contains("campaign.filing_number") => {
            CrowdfundingError::FilingNumberTaken
        }
        _ => error.into(),
    }
}

async fn approve(
    tx: &Tx,
    now: Timestamp,
    row: &campaign::Model,
    step: &str,
    acting_for: Option<StaffId>,
    by: &Member,
) -> Result<(), CrowdfundingError> {
    let approval = campaign_approval::ActiveModel {
        campaign_id: Set(row.id),
        round: Set(row.round),
        step: Set(step.to_owned()),
        author_id: Set(row.author_id),
        approver_id: Set(by.id),
        at_us: Set(now),
        acting_for_id: Set(acting_for),
        for_a_group: Set(Some(true)),
    };
    approval.insert(tx).await.map(|_| ()).map_err(unapproved)
}

/// Why the database does not take an approval, of a campaign or its change.
pub(crate) fn unapproved(error: DbErr) -> CrowdfundingError {
    match violation(&error) {
        // The role, or the loan of it, ended between the question and the answer.
        Some(rule) if rule.contains("_approval_role") => CrowdfundingError::Conflict,
        Some(_) => CrowdfundingError::OtherPerson,
        None => error.into(),
    }
}

async fn opened_by(tx: &Tx, row: campaign::Model, opening: Opening) -> Result<campaign::Model, CrowdfundingError> {
    let channels: Vec<&str> = opening.channels.iter().map(|channel| channel.as_str()).collect();
    let mut row: campaign::ActiveModel = row.into();
    row.channel = Set(channels.join(","));
    row.platform_number = Set(said(opening.platform_number));
    row.platform_url = Set(said(opening.platform_url));
    row.operator_code = Set(said(opening.operator_code));
    Ok(row.update(tx).await?)
}

fn said(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Campaigns that the clock has something to do with.
pub async fn due_campaigns(db: &impl ConnectionTrait, now: Timestamp) -> Result<Vec<CampaignId>, DbErr> {
    use CampaignState::{EmergencyOpen, Ended, Open, Paused, Scheduled};
    let ten_days =
        std::time::Duration::from_secs(86_400).saturating_mul(u32::try_from(gate::FILING_DAYS).unwrap_or(10));
    let due = Condition::any()
        .add(Condition::all().add(campaign::Column::State.eq(Scheduled)).add(campaign::Column::StartsUs.lte(now)))
        .add(
            Condition::all()
                .add(campaign::Column::State.is_in([Open, Paused, EmergencyOpen]))
                .add(campaign::Column::EndsUs.lt(now)),
        )
        .add(
            Condition::all()
                .add(campaign::Column::State.is_in([EmergencyOpen, Ended]))
                .add(campaign::Column::Emergency.eq(true))
                .add(campaign::Column::FilingNumber.is_null())
                .add(campaign::Column::OpenedUs.lt(now.before(ten_days))),
        );
    campaign::Entity::find()
        .select_only()
        .column(campaign::Column::Id)
        .filter(due)
        .order_by_asc(campaign::Column::Id)
        .into_tuple()
        .all(db)
        .await
}

/// Opens a campaign that has begun, ends one that is over, suspends one that should have been filed. Answers none if there is
/// nothing to do.
pub async fn clock_campaign(
    tx: &Tx,
    setting: &Setting,
    id: CampaignId,
) -> Result<Option<campaign::Model>, CrowdfundingError> {
    let now = setting.now;
    let row = locked(tx, id).await?;
    let overdue = gate::filing_due(&row).is_some_and(|due| due < BusinessDate::of(now));
    let event = match row.state {
        CampaignState::EmergencyOpen | CampaignState::Ended if overdue => {
            return suspension::suspend_overdue(tx, now, row).await.map(Some);
        }
        CampaignState::Scheduled if row.starts_us <= now => CampaignEvent::Open,
        CampaignState::Open | CampaignState::Paused | CampaignState::EmergencyOpen if row.ends_us < now => {
            CampaignEvent::End
        }
        _ => return Ok(None),
    };
    if event == CampaignEvent::Open {
        match gate::open(tx, &row, setting).await {
            Ok(()) => {}
            // It waits; whoever looks at it is told for what.
            Err(CrowdfundingError::GateClosed(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    advance(tx, row, Taken { event, reason: None, actor: "system".to_owned(), now }).await.map(Some)
}

pub(crate) async fn locked(tx: &Tx, id: CampaignId) -> Result<campaign::Model, CrowdfundingError> {
    campaign::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?.ok_or(CrowdfundingError::NoSuchCampaign)
}

pub(crate) fn required(reason: String) -> Result<String, CrowdfundingError> {
    let reason = reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(CrowdfundingError::Invalid { field: "reason", problem: "请填写原因，最多500字" });
    }
    Ok(reason)
}

/// What even a draft has to say; the rest is asked for when it is handed in. Instants are whole seconds, as they are written.
fn checked(mut draft: CampaignDraft) -> Result<CampaignDraft, CrowdfundingError> {
    let plan = &mut draft.plan;
    plan.name = plan.name.trim().to_owned();
    plan.summary = plan.summary.trim().to_owned();
    plan.starts = Timestamp::from_seconds(plan.starts.seconds());
    plan.ends = Timestamp::from_seconds(plan.ends.seconds());
    let problem = if !(2..=60).contains(&plan.name.chars().count()) {
        Some(("name", "项目名称为2至60个字"))
    } else if !(1..=2000).contains(&plan.summary.chars().count()) {
        Some(("summary", "项目说明为1至2000个字"))
    } else if !plan.target.is_positive() {
        Some(("target", "筹款目标必须大于零"))
    } else if plan.starts >= plan.ends {
        Some(("ends_at", "结束时间必须晚于开始时间"))
    } else if draft.parent.is_some() && draft.kind == CampaignKind::Parent {
        Some(("parent", "母项目不能再隶属于其他项目"))
    } else {
        None
    };
    match problem {
        Some((field, problem)) => Err(CrowdfundingError::Invalid { field, problem }),
        None => Ok(draft),
    }
}

/// Where in the tree a campaign belongs: the unit that is named, or the charity's, or the top of the tree; in a house without a
/// tree, to the whole of it. The author's role has to reach it; if it is lent, whose it is.
async fn place(
    tx: &Tx,
    draft: &CampaignDraft,
    by: &Member,
) -> Result<(Option<UnitId>, UnitPath, Option<StaffId>), CrowdfundingError> {
    if entity::book::Entity::find_by_id(draft.book).one(tx).await?.is_none() {
        return Err(CrowdfundingError::NoSuchBook);
    }
    if let Some(parent) = draft.parent {
        let parent = campaign::Entity::find_by_id(parent).one(tx).await?;
        if parent.is_none_or(|parent| parent.kind != CampaignKind::Parent || parent.book_id != draft.book) {
            return Err(CrowdfundingError::Invalid { field: "parent", problem: "没有这个母项目" });
        }
    }
    let unit = match draft.unit {
        Some(id) => {
            let unit = unit::Entity::find_by_id(id).one(tx).await?.filter(|unit| unit.active);
            Some(unit.ok_or(CrowdfundingError::NoSuchUnit)?)
        }
        None => {
            let of_charity = charity::Entity::find_by_id(draft.book).one(tx).await?.map(|charity| charity.unit_id);
            let query = match of_charity {
                Some(id) => unit::Entity::find_by_id(id),
                None => unit::Entity::find().filter(unit::Column::ParentId.is_null()),
            };
            query.order_by_asc(unit::Column::CreatedUs).order_by_asc(unit::Column::Id).limit(1).one(tx).await?
        }
    };
    let (id, path) = match unit {
        Some(unit) => (Some(unit.id), unit.path),
        None => (None, UnitPath::whole()),
    };
    // A charity raises money for whoever is in its part of the tree, and keeps the books of nobody else.
    if let Some(charity) = charity::Entity::find_by_id(draft.book).one(tx).await? {
        let seat = unit::Entity::find_by_id(charity.unit_id).one(tx).await?;
        if seat.is_some_and(|seat| !seat.path.covers(&path)) {
            return Err(CrowdfundingError::Invalid {
                field: "unit",
                problem: "所选组织不属于该慈善组织所在的单位或其下级，请改选组织或慈善组织",
            });
        }
    }
    let author_for = by.acts(&AUTHORS, draft.book, &path)?.acting_for;
    Ok((id, path, author_for))
}

/// Whether a draft says what stands. A campaign from before there were plans is compared by what it has.
async fn is_content(tx: &Tx, row: &campaign::Model, draft: &CampaignDraft) -> Result<bool, CrowdfundingError> {
    let at = draft.unit.is_none() || draft.unit == row.unit_id;
    let same = at && (row.book_id, row.parent_id, row.kind) == (draft.book, draft.parent, draft.kind);
    if row.plan_version == 0 {
        let new = &draft.plan;
        let head = (row.name.as_str(), row.summary.as_str(), row.target_fen, row.over_target);
        return Ok(same && head == (new.name.as_str(), new.summary.as_str(), new.target, new.over_target));
    }
    Ok(same && plan::read(tx, row.id, row.plan_version).await?.plan == draft.plan)
}

/// What happens to a campaign, by whom and why.
pub(crate) struct Taken {
    pub(crate) event: CampaignEvent,
    pub(crate) reason: Option<String>,
    pub(crate) actor: String,
    pub(crate) now: Timestamp,
}

/// Moves a campaign on: compare and set, and a line of history.
pub(crate) async fn advance(
    tx: &Tx,
    row: campaign::Model,
    Taken { event, reason, actor, now }: Taken,
) -> Result<campaign::Model, CrowdfundingError> {
    let to = row.state.on(event)?;
    let round = if event == CampaignEvent::Revise { row.round + 1 } else { row.round };
    let before = if row.state == CampaignState::Suspended { row.suspended_from } else { Some(row.state) };
    let suspended_from = before.filter(|_| to == CampaignState::Suspended);
    let frozen = to == CampaignState::Suspended;
    let opened_us = row.opened_us.or(to.accepts_gifts().then_some(now));
    let over = matches!(to, CampaignState::Ended | CampaignState::Terminated);
    let ended_us = row.ended_us.or(over.then_some(now));
    let sql = "UPDATE campaign SET state = $1, round = $2, changed_us = $3, suspended_from = $4, frozen = $5, opened_us = $6, \
               ended_us = $7 WHERE id = $8 AND state = $9";
    let values = [
        state(to).into(),
        round.into(),
        now.into(),
        suspended_from.map(state).into(),
        frozen.into(),
        opened_us.into(),
        ended_us.into(),
        row.id.into(),
        state(row.state).into(),
    ];
    if execute(tx, sql, values).await? != 1 {
        return Err(CrowdfundingError::Conflict);
    }
    let sql = "INSERT INTO campaign_history (campaign_id, seq, from_state, to_state, at_us, actor, reason) \
               SELECT $1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM campaign_history WHERE campaign_id = $1), $2, $3, $4, $5, $6";
    let values = [row.id.into(), state(row.state).into(), state(to).into(), now.into(), actor.into(), reason.into()];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(campaign::Model { state: to, round, changed_us: now, suspended_from, frozen, opened_us, ended_us, ..row })
}
