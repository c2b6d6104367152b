//! Lists of gifts that came by bank or in cash, or through a designated platform: written by one person, posted by another, as many statements
//! for five thousand as for one. A list tells nobody anything: no donor is thanked by it.

use std::collections::HashSet;

use domain::anonymity::Anonymity;
use domain::bank::ListState;
use domain::campaign::may_receive;
use domain::donation::{DonationEvent, Purpose, ReceiptChoice, Via};
use domain::role::{Member, Role};
use domain::{BusinessDate, DonationId, GiftListId, Money, Timestamp};
use entity::{Rows, Tx, campaign, donation, execute, gift_list, violation};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};

use crate::CrowdfundingError;
use crate::bank_gift::{Target, bank_account_known};
use crate::donation::last_moment;
use crate::history::{self, Step, state};
use crate::postings::{self, Gift};
use crate::reach::{books_within, campaigns_within, hand_on};

/// Who writes lists.
const WRITERS: [Role; 2] = [Role::Cashier, Role::Bookkeeper];
/// Who posts them.
const POSTERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];

/// Where the money of a list went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListPlace {
    /// To this bank account.
    Bank(String),
    /// Into the cash box.
    Cash,
    /// To a designated platform of this name, which settles later.
    Platform(String),
}

impl ListPlace {
    /// As it stands in a row.
    fn text(&self) -> String {
        match self {
            ListPlace::Bank(name) => format!("bank:{name}"),
            ListPlace::Cash => "cash".to_owned(),
            ListPlace::Platform(name) => format!("platform:{name}"),
        }
    }

    /// As it is kept with a list.
    pub fn of(text: &str) -> ListPlace {
        match text.split_once(':') {
            Some(("bank", name)) => ListPlace::Bank(name.to_owned()),
            Some((_, name)) => ListPlace::Platform(name.to_owned()),
            None => ListPlace::Cash,
        }
    }

    /// What stands for the bank account of its gifts: a number is unique there.
    pub fn account(&self) -> String {
        match self {
            ListPlace::Bank(name) => name.clone(),
            ListPlace::Cash => "现金".to_owned(),
            ListPlace::Platform(name) => format!("platform:{name}"),
        }
    }

    /// Where its gifts were given.
    pub fn via(&self) -> Via {
        match self {
            ListPlace::Bank(_) | ListPlace::Cash => Via::Offline,
            ListPlace::Platform(_) => Via::DesignatedPlatform,
        }
    }
}

/// A gift of a list. Names are sealed already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListGift {
    /// Follows from the list and the line.
    pub id: DonationId,
    /// How much.
    pub amount: Money,
    /// Its number; it can be booked once.
    pub reference: String,
    /// The day it was given.
    pub received_on: BusinessDate,
    /// The organisation that gave it.
    pub counterparty: Option<String>,
    /// Its 统一社会信用代码, if it told it.
    pub payer_code: Option<String>,
    /// The person who gave it, sealed by the house.
    pub name_sealed: Option<Vec<u8>>,
    /// How much of the donor is shown.
    pub anonymity: Anonymity,
    /// Receipt wanted or not.
    pub receipt: ReceiptChoice,
    /// A digest of day, amount and name, by which the same gift is noticed.
    pub content: Vec<u8>,
}

/// A list to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewList {
    /// Made by the client.
    pub id: GiftListId,
    /// What it is for.
    pub purpose: Purpose,
    /// Where the money went.
    pub place: ListPlace,
    /// SHA-256 of the file.
    pub sha256: Vec<u8>,
    /// The gifts.
    pub gifts: Vec<ListGift>,
}

/// Which of these numbers stand for gifts there already, and which gifts of the same purpose say the same.
pub async fn known_gifts(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    place: &ListPlace,
    gifts: &[ListGift],
) -> Result<(HashSet<String>, HashSet<Vec<u8>>), DbErr> {
    if gifts.is_empty() {
        return Ok(Default::default());
    }
    let backend = db.get_database_backend();
    let rows = Rows::new().text("reference", gifts.iter().map(|gift| gift.reference.clone()));
    let sql = "SELECT d.bank_reference FROM {rows} JOIN donation d ON d.bank_reference = r.reference WHERE d.bank_account = $1";
    let found = db.query_all_raw(rows.statement(backend, sql, [place.account().into()])).await?;
    let numbers = found.iter().map(|row| row.try_get("", "bank_reference")).collect::<Result<_, _>>()?;
    let rows = Rows::new().bytes("content", gifts.iter().map(|gift| gift.content.clone()).collect::<HashSet<_>>());
    let (column, id) = match purpose {
        Purpose::Campaign(id) => ("campaign_id", id.uuid()),
        Purpose::General(book) => ("book_id", book.uuid()),
    };
    let sql = format!(
        "SELECT DISTINCT d.content FROM {{rows}} JOIN donation d ON d.content = r.content \
         WHERE d.{column} = $1 AND d.channel = 'bank' AND d.state <> 'closed'"
    );
    let found = db.query_all_raw(rows.statement(backend, &sql, [id.into()])).await?;
    let contents = found.iter().map(|row| row.try_get("", "content")).collect::<Result<_, _>>()?;
    Ok((numbers, contents))
}

/// A list by id.
pub async fn gift_list(db: &impl ConnectionTrait, id: GiftListId) -> Result<Option<gift_list::Model>, DbErr> {
    gift_list::Entity::find_by_id(id).one(db).await
}

/// The first gifts of a list, by the day they were given.
pub async fn gifts_of_list(
    db: &impl ConnectionTrait,
    id: GiftListId,
    skip: u64,
    limit: u64,
) -> Result<Vec<donation::Model>, DbErr> {
    let gifts = donation::Entity::find().filter(donation::Column::ListId.eq(id));
    let in_order = gifts.order_by_asc(donation::Column::PaidUs).order_by_asc(donation::Column::Id);
    in_order.offset(skip).limit(limit).all(db).await
}

/// The list of a purpose with these bytes, if one stands.
pub async fn list_of_file(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    sha256: &[u8],
) -> Result<Option<gift_list::Model>, DbErr> {
    use gift_list::Column as C;
    let same = match purpose {
        Purpose::Campaign(id) => Condition::all().add(C::CampaignId.eq(id)),
        Purpose::General(book) => Condition::all().add(C::CampaignId.is_null()).add(C::BookId.eq(book)),
    };
    gift_list::Entity::find()
        .filter(same)
        .filter(gift_list::Column::Sha256.eq(sha256.to_vec()))
        .filter(gift_list::Column::State.ne(ListState::Declined))
        .one(db)
        .await
}

/// What a list is for, if that takes gifts and whoever asks may write one for it. Money comes to a bank account that its book has.
pub async fn may_list(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    place: &ListPlace,
    by: &Member,
) -> Result<Target, CrowdfundingError> {
    by.must_be(&WRITERS)?;
    hand_on(db, purpose, by, &WRITERS).await?;
    let target = Target::of(db, purpose, None).await?;
    if let ListPlace::Bank(name) = place {
        bank_account_known(db, target.book, name).await?;
    }
    Ok(target)
}

/// Writes a list down with its gifts; nothing is booked until another person posts it.
pub async fn write_list(
    tx: &Tx,
    now: Timestamp,
    new: NewList,
    by: &Member,
) -> Result<gift_list::Model, CrowdfundingError> {
    let target = may_list(tx, new.purpose, &new.place, by).await?;
    let hand = hand_on(tx, new.purpose, by, &WRITERS).await?;
    for gift in &new.gifts {
        target.given_on(gift.received_on)?;
    }
    let total = Money::checked_sum(new.gifts.iter().map(|gift| gift.amount))
        .ok_or(CrowdfundingError::Invalid { field: "total", problem: "金额合计超出范围" })?;
    let row = gift_list::ActiveModel {
        id: Set(new.id),
        book_id: Set(target.book),
        campaign_id: Set(new.purpose.campaign()),
        via: Set(new.place.via()),
        place: Set(new.place.text()),
        sha256: Set(new.sha256),
        lines: Set(i64::try_from(new.gifts.len()).unwrap_or(i64::MAX)),
        total_fen: Set(total),
        state: Set(ListState::Proposed),
        author_id: Set(by.id),
        author_for_id: Set(hand.acting_for()),
        approver_id: Set(None),
        approver_for_id: Set(None),
        created_us: Set(now),
        decided_us: Set(None),
    };
    let row = row.insert(tx).await.map_err(|error| match violation(&error) {
        // Another process writes the same list.
        Some(rule) if rule.contains("gift_list") => CrowdfundingError::Conflict,
        _ => error.into(),
    })?;
    let all = || new.gifts.iter();
    let rows = Rows::new()
        .uuid("id", all().map(|gift| gift.id.uuid()))
        .int("amount_fen", all().map(|gift| gift.amount.fen()))
        .bytes("content", all().map(|gift| gift.content.clone()))
        .text("anonymity", all().map(|gift| state(gift.anonymity)))
        .bytes_or_null("name_sealed", all().map(|gift| gift.name_sealed.clone()))
        .text("receipt", all().map(|gift| state(gift.receipt)))
        .int("paid_us", all().map(|gift| gift.received_on.start().us()))
        .text("reference", all().map(|gift| gift.reference.clone()))
        .text_or_null("counterparty", all().map(|gift| gift.counterparty.clone()))
        .text_or_null("payer_code", all().map(|gift| gift.payer_code.clone()));
    let sql = "INSERT INTO donation (id, campaign_id, book_id, channel, state, amount_fen, refunded_fen, content, anonymity, show_amount, name_sealed, \
               message_state, receipt, receipt_us, created_us, expires_us, queries, next_query_us, paid_us, late, bank_account, bank_reference, \
               counterparty, payer_code, author_id, via, list_id) \
               SELECT id, $1, $8, 'bank', 'created', amount_fen, 0, content, anonymity, true, name_sealed, 'none', receipt, $2, $2, $2, 0, $2, paid_us, \
               paid_us > $3, $4, reference, counterparty, payer_code, $5, $6, $7 FROM {rows}";
    let values = [
        new.purpose.campaign().into(),
        now.into(),
        // Behind it a gift is late; for the general fund nothing is.
        target.last_moment(tx).await?.map_or(i64::MAX, Timestamp::us).into(),
        new.place.account().into(),
        by.id.into(),
        state(new.place.via()).into(),
        new.id.into(),
        new.purpose.general().into(),
    ];
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, values)).await.map_err(|error| {
        match violation(&error) {
            Some(rule) if rule.contains("bank") => CrowdfundingError::ReferenceUsed,
            _ => error.into(),
        }
    })?;
    Ok(row)
}

/// Posts a list, or declines it: the second person. Posting books each gift; the numbers of a declined list are free again.
pub async fn decide_list(
    tx: &Tx,
    now: Timestamp,
    id: GiftListId,
    agree: bool,
    by: &Member,
) -> Result<gift_list::Model, CrowdfundingError> {
    by.must_be(&POSTERS)?;
    let row = gift_list::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    let row = row.ok_or(CrowdfundingError::NoSuchDonation)?;
    let hand = hand_on(tx, row.purpose(), by, &POSTERS).await?;
    if hand.is_of([Some(row.author_id), row.author_for_id]) {
        return Err(CrowdfundingError::OtherPerson);
    }
    let to = if agree { ListState::Posted } else { ListState::Declined };
    if row.state == to && row.approver_id == Some(by.id) {
        return Ok(row);
    }
    if row.state != ListState::Proposed {
        return Err(CrowdfundingError::Conflict);
    }
    let gifts = donation::Entity::find()
        .filter(donation::Column::ListId.eq(id))
        .order_by_asc(donation::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?;
    // Behind it a gift is late; for the general fund nothing is.
    let mut in_time = i64::MAX;
    if agree && let Some(campaign) = row.campaign_id {
        let campaign = campaign::Entity::find_by_id(campaign).lock(LockType::Share).one(tx).await?;
        let campaign = campaign.ok_or(CrowdfundingError::NoSuchCampaign)?;
        may_receive(campaign.state)?;
        in_time = last_moment(tx, &campaign).await?.us();
    }
    let event = if agree { DonationEvent::Pay } else { DonationEvent::Expire };
    let mut steps = Vec::with_capacity(gifts.len());
    for gift in &gifts {
        steps.push(Step { donation: gift.id, from: gift.state, to: gift.state.on(event)? });
    }
    if agree {
        let place = ListPlace::of(&row.place);
        let entry = |gift: &donation::Model| {
            let of = Gift {
                id: gift.id,
                book: row.book_id,
                campaign: row.campaign_id,
                donor: None,
                counterparty: gift.counterparty.clone(),
                amount: gift.amount_fen,
            };
            let on = BusinessDate::of(gift.paid_us.unwrap_or(now));
            let reference = gift.bank_reference.as_deref().unwrap_or_default();
            let entry = match &place {
                ListPlace::Bank(account) => postings::bank_gift_received(&of, account, reference, on),
                ListPlace::Cash => postings::cash_gift_received(&of, reference, on),
                ListPlace::Platform(name) => postings::platform_gift_received(&of, name, reference, on),
            };
            entry.by(by.id.to_string())
        };
        let entries: Vec<_> = gifts.iter().map(entry).collect();
        for booked in ledger::post(tx, now, &entries).await? {
            booked?;
        }
    }
    let sql = if agree {
        "UPDATE donation SET state = 'paid', confirmed_us = $1, settled_us = $1, late = paid_us > $5, approver_id = $2, approver_for_id = $3 \
         WHERE list_id = $4"
    } else {
        // The bare id reads alike on both databases.
        "UPDATE donation SET state = 'closed', bank_reference = 'declined:' || CAST($1 AS TEXT) || ':' || bank_reference, approver_id = $2, \
         approver_for_id = $3 WHERE list_id = $4"
    };
    let mut values = vec![now.into(), by.id.into(), hand.acting_for().into(), id.into()];
    values.extend(agree.then(|| in_time.into()));
    execute(tx, sql, values).await?;
    history::donations(tx, now, &by.id.to_string(), &steps).await?;
    let mut active: gift_list::ActiveModel = row.into();
    active.state = Set(to);
    active.approver_id = Set(Some(by.id));
    active.approver_for_id = Set(hand.acting_for());
    active.decided_us = Set(Some(now));
    Ok(active.update(tx).await?)
}

/// A page of the lists where somebody has one of these roles, newest first.
pub async fn gift_lists(
    db: &impl ConnectionTrait,
    (by, roles): (&Member, &[Role]),
    state: Option<ListState>,
    after: Option<GiftListId>,
    limit: u64,
) -> Result<Vec<gift_list::Model>, CrowdfundingError> {
    by.must_be(roles)?;
    let mut query = gift_list::Entity::find();
    if let Some(state) = state {
        query = query.filter(gift_list::Column::State.eq(state));
    }
    if let (Some(campaigns), Some(books)) = (campaigns_within(by, roles), books_within(by, roles)) {
        let general = Condition::all()
            .add(gift_list::Column::CampaignId.is_null())
            .add(gift_list::Column::BookId.in_subquery(books));
        query = query.filter(Condition::any().add(gift_list::Column::CampaignId.in_subquery(campaigns)).add(general));
    }
    if let Some(after) = after {
        let last = gift_list(db, after).await?.ok_or(CrowdfundingError::NoSuchDonation)?;
        query = query.filter(
            Condition::any().add(gift_list::Column::CreatedUs.lt(last.created_us)).add(
                Condition::all()
                    .add(gift_list::Column::CreatedUs.eq(last.created_us))
                    .add(gift_list::Column::Id.lt(last.id)),
            ),
        );
    }
    let newest = query.order_by_desc(gift_list::Column::CreatedUs).order_by_desc(gift_list::Column::Id);
    Ok(newest.limit(limit).all(db).await?)
}
