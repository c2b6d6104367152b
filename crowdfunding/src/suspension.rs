//! Suspensions, and the complaints that may lead to them (facts: charity 2.1 Art. 103-108, 3.1). A suspension stops gifts and
//! freezes the money; another person lifts it (`suspension_own_check`, `campaign_suspension_guard`).

use domain::campaign::{CampaignEvent, CampaignState};
use domain::complaint::{ComplaintEvent, ComplaintState};
use domain::document::AttachmentKind;
use domain::role::{Member, Role};
use domain::{AttachmentId, CampaignId, ComplaintId, SuspensionId, Timestamp, UnitPath};
use entity::{Tx, attachment, campaign, complaint, suspension};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use crate::campaign::{Taken, advance, for_supervision, required};
use crate::campaign_view::within;
use crate::{CrowdfundingError, Exhibit, gate};

const STOPPERS: [Role; 4] = [Role::ProjectManager, Role::Disclosure, Role::FinanceHead, Role::Chair];
const LIFTERS: [Role; 2] = [Role::FinanceHead, Role::Chair];
const HANDLERS: [Role; 2] = [Role::Disclosure, Role::ProjectManager];
const COMPLAINT_READERS: [Role; 4] = [Role::Disclosure, Role::ProjectManager, Role::Chair, Role::Auditor];

/// Why a campaign is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Somebody complained.
    Complaint(ComplaintId),
    /// An authority ordered it; the order is among the papers of the campaign, and has stopped it never before.
    Order,
}

/// Suspends a campaign.
pub async fn suspend(
    tx: &Tx,
    now: Timestamp,
    id: CampaignId,
    new: SuspensionId,
    (ground, reason): (Ground, String),
    by: &Member,
) -> Result<campaign::Model, CrowdfundingError> {
    let (row, grant) = for_supervision(tx, id, &STOPPERS, by).await?;
    let reason = required(reason)?;
    if let Some(standing) = suspension::Entity::find_by_id(new).one(tx).await? {
        let same = (standing.campaign_id, standing.reason.as_str(), standing.author_id) == (id, &reason, Some(by.id));
        return if same { Ok(row) } else { Err(CrowdfundingError::IdReused) };
    }
    let complaint = match ground {
        Ground::Complaint(complaint) => {
            let found = complaint::Entity::find_by_id(complaint).one(tx).await?;
            let found =
                found.filter(|found| found.campaign_id == Some(id)).ok_or(CrowdfundingError::NoSuchComplaint)?;
            // What was found to be untrue stops nothing; what was found to be true does.
            gate::need(
                found.state != ComplaintState::Dismissed,
                "suspension_complaint_dismissed",
                "该投诉已查明不属实，不能据以停募",
            )?;
            Some(complaint)
        }
        Ground::Order => None,
    };
    row.state.on(CampaignEvent::Suspend)?;
    let order = if complaint.is_none() { Some(order_of(tx, id).await?) } else { None };
    let stop = suspension::Model {
        id: new,
        campaign_id: id,
        ground: if complaint.is_some() { "complaint" } else { "order" }.to_owned(),
        complaint_id: complaint,
        reason: reason.clone(),
        author_id: Some(by.id),
        author_for_id: grant.acting_for,
        created_us: now,
        lifted_by: None,
        lifted_for_id: None,
        lift_reason: None,
        lifted_us: None,
        order_id: order,
    };
    write(tx, stop).await?;
    let taken = Taken { event: CampaignEvent::Suspend, reason: Some(reason), actor: by.id.to_string(), now };
    advance(tx, row, taken).await
}

/// The clock suspends what opened in an emergency and was not filed in time (facts: charity 2.1 Art. 73).
pub(crate) async fn suspend_overdue(
    tx: &Tx,
    now: Timestamp,
    row: campaign::Model,
) -> Result<campaign::Model, CrowdfundingError> {
    let reason = "应急募捐开放后未在10日内完成备案".to_owned();
    let stop = suspension::Model {
        id: SuspensionId::new(),
        campaign_id: row.id,
        ground: "overdue".to_owned(),
        complaint_id: None,
        reason: reason.clone(),
        author_id: None,
        author_for_id: None,
        created_us: now,
        lifted_by: None,
        lifted_for_id: None,
        lift_reason: None,
        lifted_us: None,
        order_id: None,
    };
    write(tx, stop).await?;
    advance(tx, row, Taken { event: CampaignEvent::Suspend, reason: Some(reason), actor: "system".to_owned(), now })
        .await
}

/// The authority's order that stops a campaign now: the newest among its papers that has not stopped it before. An order is used once
/// (`suspension_order_key`); what was lifted is not stopped by it again. Of suspensions of which nobody wrote down the order, all that were there
/// then are used.
async fn order_of(tx: &Tx, id: CampaignId) -> Result<AttachmentId, CrowdfundingError> {
    let orders = attachment::Entity::find()
        .filter(attachment::Column::Object.eq(Exhibit::Campaign(id).object()))
        .filter(attachment::Column::Kind.eq(AttachmentKind::Order.as_str()))
        .filter(attachment::Column::WithdrawnUs.is_null())
        .order_by_desc(attachment::Column::CreatedUs)
        .order_by_desc(attachment::Column::Id)
        .all(tx)
        .await?;
    gate::need(!orders.is_empty(), "suspension_order", "请先在材料中上传主管部门的决定或通知")?;
    let before = suspensions(tx, id).await?;
    let spent = |order: &attachment::Model| {
        before.iter().any(|stop| match stop.order_id {
            Some(used) => used == order.id,
            None => stop.ground == "order" && order.created_us <= stop.created_us,
        })
    };
    let fresh = orders.into_iter().find(|order| !spent(order)).map(|order| order.id);
    gate::need(
        fresh.is_some(),
        "suspension_order_used",
        "材料中的决定或通知已用于此前的停募，该次停募已经解除；再次停募请上传新的决定或通知",
    )?;
    fresh.ok_or(CrowdfundingError::Conflict)
}

async fn write(tx: &Tx, stop: suspension::Model) -> Result<(), CrowdfundingError> {
    let active: suspension::ActiveModel = stop.into();
    active.reset_all().insert(tx).await?;
    Ok(())
}

/// Lifts a suspension; another person than who asked for it, and once the complaint that led to it is answered.
pub async fn lift(
    tx: &Tx,
    now: Timestamp,
    id: CampaignId,
    reason: String,
    by: &Member,
) -> Result<campaign::Model, CrowdfundingError> {
    let (row, grant) = for_supervision(tx, id, &LIFTERS, by).await?;
    let reason = required(reason)?;
    let stop = suspension::Entity::find()
        .filter(suspension::Column::CampaignId.eq(id))
        .filter(suspension::Column::LiftedUs.is_null())
        .one(tx)
        .await?;
    let (Some(stop), Some(before)) = (stop, row.suspended_from) else {
        return Err(row.state.on(CampaignEvent::LiftToOpen).err().map_or(CrowdfundingError::Conflict, Into::into));
    };
    if by.is_among(&grant, [stop.author_id, stop.author_for_id]) {
        return Err(CrowdfundingError::OtherPerson);
    }
    gate::need(stop.ground != "overdue" || row.filing_number.is_some(), "not_filed", "该项目尚未取得备案编号")?;
    if let Some(complaint) = stop.complaint_id {
        let answered =
            matches!(complaint_by_id(tx, complaint).await?.state, ComplaintState::Upheld | ComplaintState::Dismissed);
        gate::need(answered, "complaint_unanswered", "据以停募的投诉尚未答复，请先办结投诉")?;
    }
    let mut active: suspension::ActiveModel = stop.into();
    active.lifted_by = Set(Some(by.id));
    active.lifted_for_id = Set(grant.acting_for);
    active.lift_reason = Set(Some(reason.clone()));
    active.lifted_us = Set(Some(now));
    active.update(tx).await?;
    // What was filed meanwhile is open as any other.
    let filed = before == CampaignState::EmergencyOpen && row.filing_number.is_some();
    let event = if filed { Some(CampaignEvent::LiftToOpen) } else { before.lift() };
    let event = event.ok_or(CrowdfundingError::Conflict)?;
    advance(tx, row, Taken { event, reason: Some(reason), actor: by.id.to_string(), now }).await
}

/// The suspensions of a campaign, oldest first.
pub async fn suspensions(
    db: &impl ConnectionTrait,
    id: CampaignId,
) -> Result<Vec<suspension::Model>, CrowdfundingError> {
    let rows = suspension::Entity::find()
        .filter(suspension::Column::CampaignId.eq(id))
        .order_by_asc(suspension::Column::CreatedUs)
        .all(db)
        .await?;
    Ok(rows)
}

/// Takes a complaint down. The same id with the same words again is the complaint that stands.
pub async fn complain(
    tx: &Tx,
    now: Timestamp,
    id: ComplaintId,
    about: Option<CampaignId>,
    words: String,
) -> Result<complaint::Model, CrowdfundingError> {
    let words = words.trim().to_owned();
    if words.is_empty() || words.chars().count() > 2000 {
        return Err(CrowdfundingError::Invalid { field: "words", problem: "请填写投诉内容，最多2000字" });
    }
    if let Some(standing) = complaint::Entity::find_by_id(id).one(tx).await? {
        let same = standing.campaign_id == about && standing.words == words;
        return if same { Ok(standing) } else { Err(CrowdfundingError::IdReused) };
    }
    if let Some(about) = about {
        let found = campaign::Entity::find_by_id(about).one(tx).await?;
        if found.is_none_or(|found| !found.state.is_public()) {
            return Err(CrowdfundingError::NoSuchCampaign);
        }
    }
    let row = complaint::ActiveModel {
        id: Set(id),
        campaign_id: Set(about),
        words: Set(words),
        state: Set(ComplaintState::Received),
        handler_id: Set(None),
        answer: Set(None),
        created_us: Set(now),
        answered_us: Set(None),
    };
    Ok(row.insert(tx).await?)
}

/// A complaint, for whoever knows its id.
pub async fn complaint_by_id(
    db: &impl ConnectionTrait,
    id: ComplaintId,
) -> Result<complaint::Model, CrowdfundingError> {
    complaint::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchComplaint)
}

/// Takes a complaint up, or answers it.
pub async fn handle_complaint(
    tx: &Tx,
    now: Timestamp,
    id: ComplaintId,
    event: ComplaintEvent,
    answer: Option<String>,
    by: &Member,
) -> Result<complaint::Model, CrowdfundingError> {
    by.must_be(&HANDLERS)?;
    let row = complaint::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    let row = row.ok_or(CrowdfundingError::NoSuchComplaint)?;
    let place = match row.campaign_id {
        Some(id) => crate::campaign(tx, id).await?.unit_path,
        None => UnitPath::whole(),
    };
    if by.may(&COMPLAINT_READERS, &place).is_err() {
        return Err(CrowdfundingError::NoSuchComplaint);
    }
    by.may(&HANDLERS, &place)?;
    let to = row.state.on(event)?;
    let answer = answer.map(required).transpose()?;
    let mut active: complaint::ActiveModel = row.into();
    active.state = Set(to);
    active.handler_id = Set(Some(by.id));
    if answer.is_some() {
        active.answer = Set(answer);
        active.answered_us = Set(Some(now));
    }
    Ok(active.update(tx).await?)
}

/// The complaints about a campaign that are not answered, newest first; none for whoever reads no complaints there.
pub async fn complaints_of(
    db: &impl ConnectionTrait,
    row: &campaign::Model,
    by: &Member,
) -> Result<Vec<complaint::Model>, CrowdfundingError> {
    if by.may(&COMPLAINT_READERS, &row.unit_path).is_err() {
        return Ok(Vec::new());
    }
    let open = complaint::Entity::find()
        .filter(complaint::Column::CampaignId.eq(row.id))
        .filter(complaint::Column::State.is_in([ComplaintState::Received, ComplaintState::Taken]))
        .order_by_desc(complaint::Column::CreatedUs);
    Ok(open.all(db).await?)
}

/// A page of complaints within a member's reach, newest first.
pub async fn complaints(
    db: &impl ConnectionTrait,
    state: Option<ComplaintState>,
    after: Option<ComplaintId>,
    limit: u64,
    by: &Member,
) -> Result<Vec<complaint::Model>, CrowdfundingError> {
    by.must_be(&COMPLAINT_READERS)?;
    let parts = by.parts(&COMPLAINT_READERS);
    let mut query = complaint::Entity::find();
    if !parts.contains(&&UnitPath::whole()) {
        query = query.filter(complaint::Column::CampaignId.in_subquery(within(&parts)));
    }
    if let Some(state) = state {
        query = query.filter(complaint::Column::State.eq(state));
    }
    if let Some(after) = after {
        let last = complaint_by_id(db, after).await?;
        query = query.filter(
            Condition::any().add(complaint::Column::CreatedUs.lt(last.created_us)).add(
                Condition::all()
                    .add(complaint::Column::CreatedUs.eq(last.created_us))
                    .add(complaint::Column::Id.lt(last.id)),
            ),
        );
    }
    let newest = query.order_by_desc(complaint::Column::CreatedUs).order_by_desc(complaint::Column::Id);
    Ok(newest.limit(limit).all(db).await?)
}
