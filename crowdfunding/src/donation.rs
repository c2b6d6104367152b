//! Gifts: wished for, placed at the channel, paid, expired (facts: charity 3.2). The functions take a transaction and a slice:
//! one gift is a slice of one, and the number of statements does not grow with it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use domain::anonymity::Anonymity;
use domain::campaign::{CampaignKind, CampaignState, GivingClosed, may_give};
use domain::donation::{Channel, DonationEvent, DonationState, ReceiptChoice, Tribute, Via};
use domain::plan::Way;
use domain::{BookId, BusinessDate, CampaignId, DonationId, DonorId, Money, TeamId, Timestamp};
use entity::{Rows, Tx, campaign, donation as row, execute};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use serde::Deserialize;

use crate::history::{self, Step, state};
use crate::postings::{self, Gift};
use crate::{CrowdfundingError, gate};

/// A gift as a donor wishes it. Names are sealed already; `content` is a digest of everything the donor sent, so that the
/// same id with other content is noticed.
#[derive(Clone, Debug)]
pub struct NewDonation {
    /// Made by the client.
    pub id: DonationId,
    /// What it is for.
    pub campaign: CampaignId,
    /// Who gives.
    pub donor: DonorId,
    /// How much.
    pub amount: Money,
    /// How much of the donor is shown.
    pub anonymity: Anonymity,
    /// Whether the amount is shown.
    pub show_amount: bool,
    /// The name, sealed.
    pub name_sealed: Option<Vec<u8>>,
    /// The nickname, sealed.
    pub nickname_sealed: Option<Vec<u8>>,
    /// The message.
    pub message: Option<String>,
    /// What the content check said: `none`, `passed`, `review`, `risky`.
    pub message_state: &'static str,
    /// Receipt wanted or not.
    pub receipt: ReceiptChoice,
    /// The share code it came by.
    pub origin: Option<String>,
    /// For whose sake it is given.
    pub tribute: Option<NewTribute>,
    /// The team it is given through; the caller has seen that it is open and the campaign's own.
    pub team: Option<TeamId>,
    /// See above.
    pub content: Vec<u8>,
    /// Until when it can be paid.
    pub expires: Timestamp,
}

/// For whose sake a gift is given.
#[derive(Clone, Debug)]
pub struct NewTribute {
    /// In honour or in memory.
    pub kind: Tribute,
    /// Of whom, sealed.
    pub name_sealed: Vec<u8>,
    /// Whether the wall shows it.
    pub shown: bool,
}

/// How many unpaid orders a donor may have (against card testing).
#[derive(Clone, Copy, Debug)]
pub struct UnpaidLimit {
    /// At most so many …
    pub most: u32,
    /// … started within this time.
    pub within: Duration,
}

/// What giving has to know of a plan.
#[derive(Deserialize)]
struct WaysOfPlan {
    terms: WaysOfTerms,
}

#[derive(Deserialize)]
struct WaysOfTerms {
    ways: Vec<Way>,
}

/// Writes gifts by WeChat down, each with its own answer: for campaigns that take them under the merchant number of this house. The same id
/// with the same content answers the gift that stands, whatever became of its campaign since.
pub async fn create(
    tx: &Tx,
    now: Timestamp,
    (limit, merchant): (UnpaidLimit, &str),
    wishes: &[NewDonation],
) -> Result<Vec<Result<row::Model, CrowdfundingError>>, DbErr> {
    if wishes.is_empty() {
        return Ok(Vec::new());
    }
    let backend = tx.get_database_backend();
    let unique = |ids: HashSet<uuid::Uuid>| Rows::new().uuid("id", ids);

    if backend == DbBackend::Postgres {
        // Another batch or process may be counting for the same donor, or writing the same gift.
        let ids = unique(wishes.iter().map(|w| w.donor.uuid()).collect());
        let sql = "SELECT id FROM donor WHERE id IN (SELECT id FROM {rows}) ORDER BY id FOR NO KEY UPDATE";
        tx.query_all_raw(ids.statement(backend, sql, [])).await?;
    }

    let sql = "SELECT d.* FROM {rows} JOIN donation d ON d.id = r.id";
    let ids = unique(wishes.iter().map(|w| w.id.uuid()).collect());
    let mut standing: HashMap<DonationId, row::Model> = row::Entity::find()
        .from_raw_sql(ids.statement(backend, sql, []))
        .all(tx)
        .await?
        .into_iter()
        .map(|d| (d.id, d))
        .collect();

    #[derive(FromQueryResult)]
    struct Target {
        id: CampaignId,
        state: CampaignState,
        kind: CampaignKind,
        starts_us: Timestamp,
        ends_us: Timestamp,
        target_fen: Money,
        over_target: bool,
        raised_fen: i64,
        certified: i64,
        channel: String,
        mchid: Option<String>,
        content: Option<String>,
    }
    // A certificate that was revoked after the opening ends giving at once (慈善法 22); what is older than certificates here has none.
    let sql = "SELECT c.id, c.state, c.kind, c.starts_us, c.ends_us, c.target_fen, c.over_target, COALESCE(f.raised_cash_fen, 0) AS raised_fen, \
               CAST(CASE WHEN c.plan_version = 0 OR EXISTS (SELECT 1 FROM certificate x WHERE x.book_id = c.book_id AND x.issued_on <= $1 \
               AND x.expires_on >= $1 AND x.confirmed_us IS NOT NULL AND (x.revoked_on IS NULL OR x.revoked_on > $1)) THEN 1 ELSE 0 END AS BIGINT) AS certified, \
               c.channel, h.mchid, p.content \
               FROM {rows} JOIN campaign c ON c.id = r.id LEFT JOIN fund f ON f.book_id = c.book_id AND f.campaign_id = c.id \
               LEFT JOIN charity h ON h.book_id = c.book_id \
               LEFT JOIN campaign_plan p ON p.campaign_id = c.id AND p.version = c.plan_version";
    let ids = unique(wishes.iter().map(|w| w.campaign.uuid()).collect());
    let today = BusinessDate::of(now);
    let found = Target::find_by_statement(ids.statement(backend, sql, [today.into()])).all(tx).await?;
    let mut targets: HashMap<CampaignId, (Target, bool)> = HashMap::with_capacity(found.len());
    for target in found {
        let ways = target.content.as_deref().map(serde_json::from_str::<WaysOfPlan>).transpose();
        let ways = ways.map_err(|error| DbErr::Json(error.to_string()))?.map(|plan| plan.terms.ways);
        let taken = gate::by_wechat(&target.channel, ways.as_deref(), target.mchid.as_deref(), merchant);
        targets.insert(target.id, (target, taken));
    }

    let sql = "SELECT d.donor_id AS id, CAST(count(*) AS BIGINT) AS n FROM {rows} JOIN donation d ON d.donor_id = r.id \
               WHERE d.created_us > $1 AND d.state IN ('created', 'paying', 'closed') GROUP BY d.donor_id";
    let ids = unique(wishes.iter().map(|w| w.donor.uuid()).collect());
    let since = now.before(limit.within);
    let mut unpaid: HashMap<DonorId, u32> = HashMap::new();
    for counted in tx.query_all_raw(ids.statement(backend, sql, [since.into()])).await? {
        let n: i64 = counted.try_get("", "n")?;
        unpaid.insert(counted.try_get("", "id")?, u32::try_from(n).unwrap_or(u32::MAX));
    }

    let mut answers = Vec::with_capacity(wishes.len());
    let mut fresh: Vec<row::Model> = Vec::with_capacity(wishes.len());
    for wish in wishes {
        let answer = (|| {
            if let Some(known) = standing.get(&wish.id) {
                return if known.content == wish.content {
                    Ok(known.clone())
                } else {
                    Err(CrowdfundingError::IdReused)
                };
            }
            let (target, taken) = targets.get(&wish.campaign).ok_or(CrowdfundingError::NoSuchCampaign)?;
            if !target.state.is_public() {
                return Err(CrowdfundingError::NoSuchCampaign);
            }
            if target.kind == CampaignKind::Parent {
                return Err(GivingClosed::NotOpen.into());
            }
            may_give(target.state, target.starts_us, target.ends_us, now)?;
            if target.certified == 0 {
                return Err(GivingClosed::NotOpen.into());
            }
            if !taken {
                return Err(CrowdfundingError::NotByWechat);
            }
            if !target.over_target && Money::from_fen(target.raised_fen) >= target.target_fen {
                return Err(CrowdfundingError::TargetReached);
            }
            let started = unpaid.entry(wish.donor).or_default();
            if *started >= limit.most {
                return Err(CrowdfundingError::TooManyUnpaid);
            }
            *started += 1;
            let new = model(wish, now);
            standing.insert(new.id, new.clone());
            fresh.push(new.clone());
            Ok(new)
        })();
        answers.push(answer);
    }
    insert(tx, &fresh).await?;
    Ok(answers)
}

fn model(wish: &NewDonation, now: Timestamp) -> row::Model {
    row::Model {
        id: wish.id,
        campaign_id: Some(wish.campaign),
        book_id: None,
        channel: Channel::Wechat,
        state: DonationState::Created,
        amount_fen: wish.amount,
        refunded_fen: Money::ZERO,
        donor_id: Some(wish.donor),
        content: wish.content.clone(),
        anonymity: wish.anonymity,
        show_amount: wish.show_amount,
        name_sealed: wish.name_sealed.clone(),
        nickname_sealed: wish.nickname_sealed.clone(),
        message: wish.message.clone(),
        message_state: wish.message_state.to_owned(),
        receipt: wish.receipt,
        receipt_us: now,
        origin: wish.origin.clone(),
        tribute: wish.tribute.as_ref().map(|tribute| tribute.kind),
        tribute_sealed: wish.tribute.as_ref().map(|tribute| tribute.name_sealed.clone()),
        tribute_shown: wish.tribute.as_ref().is_some_and(|tribute| tribute.shown),
        team_id: wish.team,
        payer_code: None,
        created_us: now,
        expires_us: wish.expires,
        prepay_id: None,
        prepay_us: None,
        queries: 0,
        next_query_us: now.after(QUERY_AFTER[0]),
        transaction_id: None,
        paid_us: None,
        confirmed_us: None,
        late: false,
        settled_us: None,
        bank_account: None,
        bank_reference: None,
        counterparty: None,
        author_id: None,
        author_for_id: None,
        approver_id: None,
        approver_for_id: None,
        via: Via::OwnSite,
        list_id: None,
    }
}

async fn insert(tx: &Tx, fresh: &[row::Model]) -> Result<(), DbErr> {
    if fresh.is_empty() {
        return Ok(());
    }
    let all = || fresh.iter();
    let rows = Rows::new()
        .uuid("id", all().map(|d| d.id.uuid()))
        .uuid_or_null("campaign_id", all().map(|d| d.campaign_id.map(CampaignId::uuid)))
        .int("amount_fen", all().map(|d| d.amount_fen.fen()))
        .uuid_or_null("donor_id", all().map(|d| d.donor_id.map(DonorId::uuid)))
        .bytes("content", all().map(|d| d.content.clone()))
        .text("anonymity", all().map(|d| state(d.anonymity)))
        .bool("show_amount", all().map(|d| d.show_amount))
        .bytes_or_null("name_sealed", all().map(|d| d.name_sealed.clone()))
        .bytes_or_null("nickname_sealed", all().map(|d| d.nickname_sealed.clone()))
        .text_or_null("message", all().map(|d| d.message.clone()))
        .text("message_state", all().map(|d| d.message_state.clone()))
        .text("receipt", all().map(|d| state(d.receipt)))
        .text_or_null("origin", all().map(|d| d.origin.clone()))
        .text_or_null("tribute", all().map(|d| d.tribute.map(state)))
        .bytes_or_null("tribute_sealed", all().map(|d| d.tribute_sealed.clone()))
        .bool("tribute_shown", all().map(|d| d.tribute_shown))
        .uuid_or_null("team_id", all().map(|d| d.team_id.map(TeamId::uuid)))
        .int("created_us", all().map(|d| d.created_us.us()))
        .int("expires_us", all().map(|d| d.expires_us.us()))
        .int("next_query_us", all().map(|d| d.next_query_us.us()));
    let no = if tx.get_database_backend() == DbBackend::Postgres { "false" } else { "0" };
    let sql = format!(
        "INSERT INTO donation (id, campaign_id, channel, state, amount_fen, refunded_fen, donor_id, content, anonymity, show_amount, \
         name_sealed, nickname_sealed, message, message_state, receipt, receipt_us, origin, tribute, tribute_sealed, tribute_shown, \
         team_id, created_us, expires_us, queries, next_query_us, late) \
         SELECT id, campaign_id, 'wechat', 'created', amount_fen, 0, donor_id, content, anonymity, show_amount, name_sealed, \
         nickname_sealed, message, message_state, receipt, created_us, origin, tribute, tribute_sealed, tribute_shown, team_id, created_us, \
         expires_us, 0, next_query_us, {no} FROM {{rows}}"
    );
    tx.execute_raw(rows.statement(tx.get_database_backend(), &sql, [])).await?;
    Ok(())
}

/// An order the channel has accepted.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The gift.
    pub id: DonationId,
    /// What `wx.requestPayment` is signed over.
    pub prepay_id: String,
}

/// Records accepted orders. A gift that went further meanwhile (the payment was faster than our bookkeeping) stays where it is.
pub async fn place(tx: &Tx, now: Timestamp, placed: &[Placed]) -> Result<(), DbErr> {
    if placed.is_empty() {
        return Ok(());
    }
    let backend = tx.get_database_backend();
    let orders = find_orders(tx, placed.iter().map(|p| p.id)).await?;
    let rows = Rows::new()
        .uuid("id", placed.iter().map(|p| p.id.uuid()))
        .text("prepay_id", placed.iter().map(|p| p.prepay_id.clone()));
    let sql = "UPDATE donation SET prepay_id = r.prepay_id, prepay_us = $1, state = CASE WHEN donation.state = 'created' THEN 'paying' ELSE donation.state END \
               FROM {rows} WHERE donation.id = r.id";
    tx.execute_raw(rows.statement(backend, sql, [now.into()])).await?;
    let steps: Vec<Step> = orders
        .values()
        .filter(|order| order.state == DonationState::Created)
        .filter_map(|order| {
            let to = order.state.on(DonationEvent::OrderPlaced).ok()?;
            Some(Step { donation: order.id, from: order.state, to })
        })
        .collect();
    history::donations(tx, now, "system", &steps).await
}

/// What settling has to know of a gift.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Order {
    /// The gift.
    pub id: DonationId,
    /// What it is for.
    pub campaign_id: CampaignId,
    /// Whose books receive it.
    pub book_id: BookId,
    /// Where it stands.
    pub state: DonationState,
    /// What was ordered.
    pub amount_fen: Money,
    /// Who gives.
    pub donor_id: Option<DonorId>,
    /// The payment that settled it.
    pub transaction_id: Option<String>,
    /// The end of the campaign's plan.
    pub ends_us: Timestamp,
    /// When it ended, if it is over.
    pub ended_us: Option<Timestamp>,
    /// The campaign's name, for messages.
    pub campaign_name: String,
}

/// When a campaign `c` ended, in SQL: by its clock, or before.
const ENDED: &str = "(SELECT MIN(h.at_us) FROM campaign_history h WHERE h.campaign_id = c.id AND h.to_state IN ('ended', 'terminated'))";

/// The last moment at which a campaign took gifts: the end of its plan, or when it was ended before.
pub(crate) async fn last_moment(db: &impl ConnectionTrait, campaign: &campaign::Model) -> Result<Timestamp, DbErr> {
    let sql = format!("SELECT {ENDED} AS ended_us FROM campaign c WHERE c.id = $1");
    let asked = Statement::from_sql_and_values(db.get_database_backend(), sql, [campaign.id.into()]);
    let ended: Option<Timestamp> = match db.query_one_raw(asked).await? {
        Some(row) => row.try_get("", "ended_us")?,
        None => None,
    };
    Ok(ended.map_or(campaign.ends_us, |ended| ended.min(campaign.ends_us)))
}

impl Order {
    /// The last moment at which the campaign took gifts.
    pub fn last_moment(&self) -> Timestamp {
        self.ended_us.map_or(self.ends_us, |ended| ended.min(self.ends_us))
    }

    /// What the recipes need.
    pub fn gift(&self) -> Gift {
        Gift {
            id: self.id,
            book: self.book_id,
            campaign: Some(self.campaign_id),
            donor: self.donor_id,
            counterparty: None,
            amount: self.amount_fen,
        }
    }
}

/// Loads gifts by id and locks them, in the order of their ids.
pub async fn find_orders(tx: &Tx, ids: impl Iterator<Item = DonationId>) -> Result<HashMap<DonationId, Order>, DbErr> {
    let backend = tx.get_database_backend();
    let lock = if backend == DbBackend::Postgres { " ORDER BY d.id FOR NO KEY UPDATE OF d" } else { "" };
    let sql = format!(
        "SELECT d.id, d.campaign_id, c.book_id, d.state, d.amount_fen, d.donor_id, d.transaction_id, c.ends_us, \
         CASE WHEN c.state NOT IN ('open', 'paused', 'suspended') THEN {ENDED} END AS ended_us, c.name AS campaign_name \
         FROM donation d JOIN campaign c ON c.id = d.campaign_id WHERE d.id IN (SELECT id FROM {{rows}}){lock}"
    );
    let rows = Rows::new().uuid("id", ids.map(DonationId::uuid));
    let orders = Order::find_by_statement(rows.statement(backend, &sql, [])).all(tx).await?;
    Ok(orders.into_iter().map(|order| (order.id, order)).collect())
}

/// A payment that belongs to its gift: right order, right amount, first payment.
#[derive(Clone, Debug)]
pub struct Paid {
    /// The gift, locked by [`find_orders`].
    pub order: Order,
    /// The channel's number of the payment.
    pub transaction_id: String,
    /// When the donor paid.
    pub paid: Timestamp,
}

/// What became of a gift that was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Started in time, arrived after the campaign's end: accepted and marked.
    pub late: bool,
}

/// Makes gifts paid and books them. The caller has made sure that each is `created` or `paying`.
pub async fn confirm_paid(
    tx: &Tx,
    now: Timestamp,
    paid: &[Paid],
) -> Result<Vec<Result<Confirmation, CrowdfundingError>>, DbErr> {
    if paid.is_empty() {
        return Ok(Vec::new());
    }
    let backend = tx.get_database_backend();
    let entries: Vec<_> = paid
        .iter()
        .map(|p| postings::gift_received(&p.order.gift(), &p.transaction_id, BusinessDate::of(p.paid)))
        .collect();
    let booked = ledger::post(tx, now, &entries).await?;
    let mut answers = Vec::with_capacity(paid.len());
    let mut done: Vec<(&Paid, bool)> = Vec::with_capacity(paid.len());
    let mut steps = Vec::with_capacity(paid.len());
    for (p, posted) in paid.iter().zip(booked) {
        let answer = posted.map_err(CrowdfundingError::from).and_then(|_| {
            let to = p.order.state.on(DonationEvent::Pay)?;
            let late = p.paid > p.order.last_moment();
            steps.push(Step { donation: p.order.id, from: p.order.state, to });
            done.push((p, late));
            Ok(Confirmation { late })
        });
        answers.push(answer);
    }
    let rows = Rows::new()
        .uuid("id", done.iter().map(|(p, _)| p.order.id.uuid()))
        .text("transaction_id", done.iter().map(|(p, _)| p.transaction_id.clone()))
        .int("paid_us", done.iter().map(|(p, _)| p.paid.us()))
        .bool("late", done.iter().map(|(_, late)| *late));
    let sql = "UPDATE donation SET state = 'paid', transaction_id = r.transaction_id, paid_us = r.paid_us, confirmed_us = $1, late = r.late \
               FROM {rows} WHERE donation.id = r.id AND donation.state IN ('created', 'paying')";
    let changed = tx.execute_raw(rows.statement(backend, sql, [now.into()])).await?.rows_affected();
    if changed != done.len() as u64 {
        return Err(DbErr::Custom(format!("{} gifts were to be confirmed, {changed} were", done.len())));
    }
    history::donations(tx, now, "system", &steps).await?;
    Ok(answers)
}

/// The gifts that these payments settled, and how much they were: those that came through their own order, not out of suspense.
pub async fn settled_by(
    db: &impl ConnectionTrait,
    transactions: impl Iterator<Item = &str>,
) -> Result<HashMap<String, (DonationId, Money)>, DbErr> {
    #[derive(FromQueryResult)]
    struct Found {
        id: DonationId,
        transaction_id: String,
        amount_fen: Money,
    }
    let rows = Rows::new().text("transaction_id", transactions);
    let sql = "SELECT d.id, d.transaction_id, d.amount_fen FROM {rows} JOIN donation d ON d.transaction_id = r.transaction_id \
               WHERE NOT EXISTS (SELECT 1 FROM discrepancy s WHERE s.item = d.transaction_id AND s.suspense)";
    let found = Found::find_by_statement(rows.statement(db.get_database_backend(), sql, [])).all(db).await?;
    Ok(found.into_iter().map(|gift| (gift.transaction_id, (gift.id, gift.amount_fen))).collect())
}

/// Marks gifts whose payment stands in the channel's fund-flow bill (facts: charity 6.5 (3)). A gift of which a refund is under way
/// remembers it and stands so again when the refund is dropped. Answers how many were marked now.
pub async fn settle(tx: &Tx, now: Timestamp, transactions: &[&str]) -> Result<u64, DbErr> {
    #[derive(FromQueryResult)]
    struct Found {
        id: DonationId,
        state: DonationState,
    }
    if transactions.is_empty() {
        return Ok(0);
    }
    let backend = tx.get_database_backend();
    let lock = if backend == DbBackend::Postgres { " ORDER BY d.id FOR NO KEY UPDATE OF d" } else { "" };
    let rows = Rows::new().text("transaction_id", transactions.iter().copied());
    let sql = format!(
        "SELECT d.id, d.state FROM donation d JOIN {{rows}} ON r.transaction_id = d.transaction_id \
         WHERE d.confirmed_us IS NOT NULL AND d.settled_us IS NULL{lock}"
    );
    let found = Found::find_by_statement(rows.statement(backend, &sql, [])).all(tx).await?;
    if found.is_empty() {
        return Ok(0);
    }
    let steps: Vec<Step> = found
        .iter()
        .filter_map(|gift| {
            Some(Step { donation: gift.id, from: gift.state, to: gift.state.on(DonationEvent::Match).ok()? })
        })
        .collect();
    let rows = Rows::new().uuid("id", found.iter().map(|gift| gift.id.uuid()));
    let sql = "UPDATE donation SET settled_us = $1, state = CASE WHEN donation.state = 'paid' THEN 'settled' ELSE donation.state END \
               FROM {rows} WHERE donation.id = r.id AND donation.settled_us IS NULL";
    let settled = tx.execute_raw(rows.statement(backend, sql, [now.into()])).await?.rows_affected();
    history::donations(tx, now, "system", &steps).await?;
    Ok(settled)
}

/// Closes a gift whose order is over at the channel: expired and closed there, or paid otherwise than ordered. False if it went another way
/// meanwhile.
pub async fn close(tx: &Tx, now: Timestamp, id: DonationId) -> Result<bool, CrowdfundingError> {
    let order = find_orders(tx, [id].into_iter()).await?.remove(&id).ok_or(CrowdfundingError::NoSuchDonation)?;
    let Ok(to) = order.state.on(DonationEvent::Expire) else { return Ok(false) };
    execute(tx, "UPDATE donation SET state = $1 WHERE id = $2", [state(to).into(), id.into()]).await?;
    history::donations(tx, now, "system", &[Step { donation: id, from: order.state, to }]).await?;
    Ok(true)
}

/// After how long an open payment is asked for, if nothing arrives (facts: wechat 3.6); the last span repeats.
const QUERY_AFTER: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(180),
    Duration::from_secs(300),
    Duration::from_secs(600),
    Duration::from_secs(1800),
];

/// Open payments that are due to be asked for, longest due first.
pub async fn due_for_query(db: &impl ConnectionTrait, now: Timestamp, limit: u64) -> Result<Vec<row::Model>, DbErr> {
    open()
        .filter(row::Column::NextQueryUs.lte(now))
        .filter(row::Column::PrepayId.is_not_null())
        .limit(limit)
        .all(db)
        .await
}

/// Open payments whose time is over.
pub async fn due_for_expiry(db: &impl ConnectionTrait, now: Timestamp, limit: u64) -> Result<Vec<row::Model>, DbErr> {
    open().filter(row::Column::ExpiresUs.lt(now)).limit(limit).all(db).await
}

fn open() -> sea_orm::Select<row::Entity> {
    row::Entity::find()
        .filter(row::Column::Channel.eq(Channel::Wechat))
        .filter(row::Column::State.is_in([DonationState::Created, DonationState::Paying]))
        .order_by_asc(row::Column::NextQueryUs)
        .order_by_asc(row::Column::Id)
}

/// Remembers that an open payment was asked for, and when to ask again.
pub async fn queried(tx: &Tx, now: Timestamp, id: DonationId, queries: i64) -> Result<(), DbErr> {
    let next = usize::try_from(queries + 1).unwrap_or(usize::MAX).min(QUERY_AFTER.len() - 1);
    let sql = "UPDATE donation SET queries = queries + 1, next_query_us = $1 WHERE id = $2";
    execute(tx, sql, [now.after(QUERY_AFTER[next]).into(), id.into()]).await?;
    Ok(())
}

/// A gift by id.
pub async fn donation(db: &impl ConnectionTrait, id: DonationId) -> Result<row::Model, CrowdfundingError> {
    row::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchDonation)
}

/// The donor of a locked gift wishes a receipt after all, made out to this name if the gift has none.
pub async fn choose_receipt(
    tx: &Tx,
    now: Timestamp,
    id: DonationId,
    name_sealed: Option<Vec<u8>>,
) -> Result<(), DbErr> {
    let sql = "UPDATE donation SET receipt = 'requested', receipt_us = $1, name_sealed = COALESCE(name_sealed, $2) WHERE id = $3";
    execute(tx, sql, [now.into(), name_sealed.into(), id.into()]).await?;
    Ok(())
}
