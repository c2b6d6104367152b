//! What a campaign tells of itself after its opening (facts: charity 3.7, 4, 2.5 Art. 16): the progress of its milestones, updates
//! that stand once they are published and are corrected by others that name them, the full report at the end; and what donors
//! write, which staff may hide with a reason and show again.

use domain::anonymity::Anonymity;
use domain::donation::MessageState;
use domain::role::{Member, Role};
use domain::{BusinessDate, CampaignId, CampaignUpdateId, DonationId, Timestamp};
use entity::{Tx, attachment, campaign_update as row, donation, execute, final_disclosure, milestone, moderation};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};

use crate::campaign::{AUTHORS, for_step, required};
use crate::reach::{of_gifts, purpose_place};
use crate::{CrowdfundingError, Exhibit, gate};

const PUBLISHERS: [Role; 2] = [Role::Disclosure, Role::ProjectManager];
const DISCLOSERS: [Role; 1] = [Role::Disclosure];

/// The milestones of a campaign, in their order.
pub async fn milestones(db: &impl ConnectionTrait, id: CampaignId) -> Result<Vec<milestone::Model>, CrowdfundingError> {
    let rows = milestone::Entity::find()
        .filter(milestone::Column::CampaignId.eq(id))
        .order_by_asc(milestone::Column::Position)
        .all(db)
        .await?;
    Ok(rows)
}

/// Tells how far a milestone is.
pub async fn progress(
    tx: &Tx,
    now: Timestamp,
    id: CampaignId,
    (code, percent, note): (String, i64, String),
    by: &Member,
) -> Result<milestone::Model, CrowdfundingError> {
    for_step(tx, id, &AUTHORS, by).await?;
    if !(0..=100).contains(&percent) || note.chars().count() > 500 {
        return Err(CrowdfundingError::Invalid { field: "progress", problem: "进度为0至100，说明最多500字" });
    }
    let row = milestone::Entity::find_by_id((id, code)).one(tx).await?.ok_or(CrowdfundingError::NoSuchUpdate)?;
    let mut active: milestone::ActiveModel = row.into();
    active.progress = Set(percent);
    active.note = Set(note.trim().to_owned());
    active.changed_us = Set(now);
    Ok(active.update(tx).await?)
}

/// An update to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUpdate {
    /// Made by the client.
    pub id: CampaignUpdateId,
    /// The one it corrects.
    pub corrects: Option<CampaignUpdateId>,
    /// Its headline.
    pub title: String,
    /// What it says.
    pub words: String,
}

/// Writes an update, or writes it anew until it is published.
pub async fn write_update(
    tx: &Tx,
    now: Timestamp,
    id: CampaignId,
    new: NewUpdate,
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    let (campaign, _) = for_step(tx, id, &AUTHORS, by).await?;
    gate::need(campaign.state.is_public(), "not_public", "项目公开后才能发布进展")?;
    let (title, words) = (new.title.trim().to_owned(), new.words.trim().to_owned());
    if !(1..=60).contains(&title.chars().count()) || !(1..=5000).contains(&words.chars().count()) {
        return Err(CrowdfundingError::Invalid {
            field: "words", problem: "标题为1至60个字，内容为1至5000个字"
        });
    }
    if let Some(corrected) = new.corrects {
        let found = row::Entity::find_by_id(corrected).one(tx).await?;
        found
            .filter(|found| found.campaign_id == id && found.state == "published")
            .ok_or(CrowdfundingError::NoSuchUpdate)?;
    }
    match row::Entity::find_by_id(new.id).one(tx).await? {
        Some(standing) if standing.campaign_id != id || standing.corrects_id != new.corrects => {
            Err(CrowdfundingError::IdReused)
        }
        Some(standing) if standing.state == "published" => {
            let same = standing.title == title && standing.words == words;
            if same { Ok(standing) } else { Err(CrowdfundingError::IdReused) }
        }
        Some(standing) => {
            let mut active: row::ActiveModel = standing.into();
            active.title = Set(title);
            active.words = Set(words);
            Ok(active.update(tx).await?)
        }
        None => {
            let fresh = row::ActiveModel {
                id: Set(new.id),
                campaign_id: Set(id),
                corrects_id: Set(new.corrects),
                title: Set(title),
                words: Set(words),
                state: Set("draft".to_owned()),
                author_id: Set(by.id),
                publisher_id: Set(None),
                created_us: Set(now),
                published_us: Set(None),
            };
            Ok(fresh.insert(tx).await?)
        }
    }
}

/// Publishes an update with its pictures; from then on it stands. A picture is published by another person than whoever attached it.
pub async fn publish_update(
    tx: &Tx,
    now: Timestamp,
    update: CampaignUpdateId,
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    by.must_be(&PUBLISHERS)?;
    let seen = row::Entity::find_by_id(update).one(tx).await?.ok_or(CrowdfundingError::NoSuchUpdate)?;
    for_step(tx, seen.campaign_id, &PUBLISHERS, by).await?;
    let row = row::Entity::find_by_id(update).lock(LockType::NoKeyUpdate).one(tx).await?;
    let row = row.ok_or(CrowdfundingError::NoSuchUpdate)?;
    if row.state == "published" {
        return Ok(row);
    }
    let own = attachment::Entity::find()
        .filter(attachment::Column::Object.eq(Exhibit::Update(update).object()))
        .filter(attachment::Column::WithdrawnUs.is_null())
        .filter(attachment::Column::AuthorId.eq(by.id))
        .count(tx)
        .await?;
    if own > 0 {
        return Err(CrowdfundingError::OtherPerson);
    }
    let mut active: row::ActiveModel = row.into();
    active.state = Set("published".to_owned());
    active.publisher_id = Set(Some(by.id));
    active.published_us = Set(Some(now));
    Ok(active.update(tx).await?)
}

/// The updates of a campaign, newest first: strangers see what is published, by when it was; staff see all, by when they were written.
pub async fn updates(
    db: &impl ConnectionTrait,
    id: CampaignId,
    published: bool,
    after: Option<CampaignUpdateId>,
    limit: u64,
) -> Result<Vec<row::Model>, CrowdfundingError> {
    let at = if published { row::Column::PublishedUs } else { row::Column::CreatedUs };
    let mut query = row::Entity::find().filter(row::Column::CampaignId.eq(id));
    if published {
        query = query.filter(row::Column::State.eq("published"));
    }
    if let Some(after) = after {
        let last = query.clone().filter(row::Column::Id.eq(after)).one(db).await?;
        let last = last.ok_or(CrowdfundingError::NoSuchUpdate)?;
        let since = last.published_us.filter(|_| published).unwrap_or(last.created_us);
        query = query.filter(
            Condition::any().add(at.lt(since)).add(Condition::all().add(at.eq(since)).add(row::Column::Id.lt(last.id))),
        );
    }
    Ok(query.order_by_desc(at).order_by_desc(row::Column::Id).limit(limit).all(db).await?)
}

/// Notes that the full report of a campaign was published, which opens the gate of its closing; the first publication stands. The
/// database asks for the report itself (`final_disclosure_guard`).
pub async fn disclose(
    tx: &Tx,
    now: Timestamp,
    id: CampaignId,
    (published_on, reference): (BusinessDate, String),
    by: &Member,
) -> Result<final_disclosure::Model, CrowdfundingError> {
    let (campaign, _) = for_step(tx, id, &DISCLOSERS, by).await?;
    let reference = required(reference)?;
    if let Some(standing) = final_disclosure::Entity::find_by_id(id).one(tx).await? {
        return Ok(standing);
    }
    let over = campaign.ended_us.is_some_and(|ended| BusinessDate::of(ended) <= published_on);
    gate::need(over && published_on <= BusinessDate::of(now), "published_on", "全面情况报告在募捐结束后公开")?;
    let row = final_disclosure::ActiveModel {
        campaign_id: Set(id),
        published_on: Set(published_on),
        reference: Set(reference),
        author_id: Set(by.id),
        created_us: Set(now),
    };
    Ok(row.insert(tx).await?)
}

/// A page of gifts that came with words for others, a message, the name it is signed with or a tribute, where somebody has one of these roles, newest first.
pub async fn messages(
    db: &impl ConnectionTrait,
    (by, roles): (&Member, &[Role]),
    state: MessageState,
    after: Option<DonationId>,
    limit: u64,
) -> Result<Vec<donation::Model>, CrowdfundingError> {
    by.must_be(roles)?;
    let mut query = donation::Entity::find()
        .filter(donation::Column::MessageState.ne("none"))
        .filter(donation::Column::MessageState.eq(state.as_str()))
        .filter(donation::Column::ConfirmedUs.is_not_null());
    if let Some(reached) = of_gifts(by, roles) {
        query = query.filter(reached);
    }
    if let Some(after) = after {
        let last = donation::Entity::find_by_id(after).one(db).await?.ok_or(CrowdfundingError::NoSuchDonation)?;
        let confirmed = last.confirmed_us.ok_or(CrowdfundingError::NoSuchDonation)?;
        query = query.filter(Condition::any().add(donation::Column::ConfirmedUs.lt(confirmed)).add(
            Condition::all().add(donation::Column::ConfirmedUs.eq(confirmed)).add(donation::Column::Id.lt(last.id)),
        ));
    }
    let newest = query.order_by_desc(donation::Column::ConfirmedUs).order_by_desc(donation::Column::Id);
    Ok(newest.limit(limit).all(db).await?)
}

/// Hides what a donor wrote for the wall, message and name, or shows it again.
pub async fn moderate(
    tx: &Tx,
    now: Timestamp,
    id: DonationId,
    (hidden, reason): (bool, String),
    by: &Member,
) -> Result<donation::Model, CrowdfundingError> {
    by.must_be(&PUBLISHERS)?;
    let reason = required(reason)?;
    let gift = donation::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    let gift = gift.ok_or(CrowdfundingError::NoSuchDonation)?;
    if by.may(&PUBLISHERS, &purpose_place(tx, gift.purpose()).await?).is_err() {
        return Err(CrowdfundingError::NoSuchDonation);
    }
    let signed = gift.name_sealed.is_some() || gift.nickname_sealed.is_some();
    let has_words = gift.message.is_some() || gift.tribute.is_some() || gift.anonymity != Anonymity::Hidden && signed;
    gate::need(has_words, "no_message", "该笔捐赠没有留言和致敬、纪念的姓名，也没有公开的姓名或昵称")?;
    let state = if hidden { MessageState::Risky } else { MessageState::Passed }.as_str();
    execute(tx, "UPDATE donation SET message_state = $1 WHERE id = $2", [state.into(), id.into()]).await?;
    let before = moderation::Entity::find().filter(moderation::Column::DonationId.eq(id)).count(tx).await?;
    moderation::ActiveModel {
        donation_id: Set(id),
        seq: Set(i64::try_from(before).unwrap_or(i64::MAX - 1) + 1),
        hidden: Set(hidden),
        reason: Set(reason),
        author_id: Set(by.id),
        at_us: Set(now),
    }
    .insert(tx)
    .await?;
    Ok(donation::Model { message_state: state.to_owned(), ..gift })
}
