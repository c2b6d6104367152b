//! Gifts: wished for, placed at the channel, paid, expired (facts: charity 3.2). The functions take a transaction and a slice:
//! one gift is a slice of one, and the number of statements does not grow with it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use domain::anonymity::Anonymity;
use domain::campaign::{CampaignKind, CampaignState, GivingClosed, may_give, may_receive};
use domain::donation::{Channel, DonationEvent, DonationState, GENERAL_FUND, Purpose, ReceiptChoice, Tribute, Via};
use domain::plan::Way;
use domain::role::{Member, Role};
use domain::{BookId, BusinessDate, CampaignId, DonationId, DonorId, Money, TeamId, Timestamp};
use entity::{ListOrder, Rows, Tx, bank_account, book, campaign, charity, donation as row, execute, listed, violation};
use sea_orm::sea_query::{LockType, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult,
    QueryFilter, QueryOrder, QuerySelect, Set, Statement,
};
use serde::Deserialize;

use crate::history::{self, Step, state};
use crate::postings::{self, Gift};
use crate::reach::{Hand, hand_on, of_gifts};
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

    if backend == DbBackend::Postgres {
        // Another process may be counting for the same donor.
        let ids = unique(wishes.iter().map(|w| w.donor.uuid()).collect());
        let sql = "SELECT id FROM donor WHERE id IN (SELECT id FROM {rows}) ORDER BY id FOR NO KEY UPDATE";
        tx.query_all_raw(ids.statement(backend, sql, [])).await?;
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

/// Closes a gift whose order has expired and is closed at the channel. False if it went another way meanwhile.
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

/// A page of a donor's own gifts, newest first.
pub async fn of_donor(
    db: &impl ConnectionTrait,
    donor: DonorId,
    after: Option<DonationId>,
    limit: u64,
) -> Result<Vec<(row::Model, String)>, CrowdfundingError> {
    let mut query = row::Entity::find().filter(row::Column::DonorId.eq(donor));
    if let Some(after) = after {
        let last = donation(db, after).await?;
        if last.donor_id != Some(donor) {
            return Err(CrowdfundingError::NoSuchDonation);
        }
        query =
            query.filter(Condition::any().add(row::Column::CreatedUs.lt(last.created_us)).add(
                Condition::all().add(row::Column::CreatedUs.eq(last.created_us)).add(row::Column::Id.lt(last.id)),
            ));
    }
    let gifts = query.order_by_desc(row::Column::CreatedUs).order_by_desc(row::Column::Id).limit(limit).all(db).await?;
    let campaigns: HashMap<CampaignId, String> = campaign::Entity::find()
        .filter(campaign::Column::Id.is_in(gifts.iter().filter_map(|gift| gift.campaign_id)))
        .all(db)
        .await?
        .into_iter()
        .map(|campaign| (campaign.id, campaign.name))
        .collect();
    let name = |gift: &row::Model| match gift.purpose() {
        Purpose::Campaign(id) => campaigns.get(&id).cloned().unwrap_or_default(),
        Purpose::General(_) => GENERAL_FUND.to_owned(),
    };
    Ok(gifts.into_iter().map(|gift| (name(&gift), gift)).map(|(name, gift)| (gift, name)).collect())
}

/// Gifts where somebody has one of these roles that carry a number: our order number, the channel's transaction number, or a bank reference.
pub async fn search_number(
    db: &impl ConnectionTrait,
    (by, roles): (&Member, &[Role]),
    number: &str,
) -> Result<Vec<row::Model>, CrowdfundingError> {
    by.must_be(roles)?;
    let mut any =
        Condition::any().add(row::Column::TransactionId.eq(number)).add(row::Column::BankReference.eq(number));
    if let Ok(id) = number.parse::<DonationId>() {
        any = any.add(row::Column::Id.eq(id));
    }
    let mut query = row::Entity::find().filter(any);
    if let Some(reached) = of_gifts(by, roles) {
        query = query.filter(reached);
    }
    Ok(query.limit(20).all(db).await?)
}

/// Which gifts are wanted; nothing narrows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GiftSearch {
    /// Given to this campaign.
    pub campaign: Option<CampaignId>,
    /// Given to the general fund of a charity.
    pub general: bool,
    /// How they stand.
    pub state: Option<DonationState>,
    /// Which way they came.
    pub channel: Option<Channel>,
    /// Placed at this moment or later.
    pub from: Option<Timestamp>,
    /// Placed before this moment.
    pub before: Option<Timestamp>,
    /// Arrived at this moment or later: paid at the channel, or received by the bank.
    pub paid_from: Option<Timestamp>,
    /// Arrived before this moment.
    pub paid_before: Option<Timestamp>,
    /// Of exactly this amount.
    pub amount: Option<Money>,
    /// In which order.
    pub order: ListOrder,
}

/// A page of the gifts where somebody has one of these roles, by id or by amount, as a rule the newest first: an id begins with the time
/// it was made. One statement, and one for the gift a page begins behind when it goes by amounts.
pub async fn gifts(
    db: &impl ConnectionTrait,
    (by, roles): (&Member, &[Role]),
    search: GiftSearch,
    after: Option<DonationId>,
    limit: u64,
) -> Result<Vec<row::Model>, CrowdfundingError> {
    use row::Column as C;
    by.must_be(roles)?;
    let mut wanted = Condition::all()
        .add_option(search.campaign.map(|campaign| C::CampaignId.eq(campaign)))
        .add_option(search.general.then(|| C::BookId.is_not_null()))
        .add_option(search.state.map(|state| C::State.eq(state)))
        .add_option(search.channel.map(|channel| C::Channel.eq(channel)))
        .add_option(search.from.map(|from| C::CreatedUs.gte(from)))
        .add_option(search.before.map(|before| C::CreatedUs.lt(before)))
        .add_option(search.paid_from.map(|from| C::PaidUs.gte(from)))
        .add_option(search.paid_before.map(|before| C::PaidUs.lt(before)))
        .add_option(search.amount.map(|amount| C::AmountFen.eq(amount)));
    if let Some(reached) = of_gifts(by, roles) {
        wanted = wanted.add(reached);
    }
    let key = if search.order.is_by_amount() { C::AmountFen } else { C::Id };
    let after = match after {
        Some(after) if search.order.is_by_amount() => {
            Some((donation(db, after).await?.amount_fen.into(), after.into()))
        }
        Some(after) => Some((after.into(), after.into())),
        None => None,
    };
    let query = listed(row::Entity::find().filter(wanted), (key, C::Id), search.order.is_down(), after);
    Ok(query.limit(limit).all(db).await?)
}

/// A page of the bank gifts where somebody has one of these roles, newest first: those that wait for a second person, or all.
pub async fn bank_gifts(
    db: &impl ConnectionTrait,
    (by, roles): (&Member, &[Role]),
    waiting: bool,
    after: Option<DonationId>,
    limit: u64,
) -> Result<Vec<row::Model>, CrowdfundingError> {
    by.must_be(roles)?;
    let mut query = row::Entity::find().filter(row::Column::Channel.eq(Channel::Bank));
    if let Some(reached) = of_gifts(by, roles) {
        query = query.filter(reached);
    }
    if waiting {
        query = query.filter(row::Column::State.eq(DonationState::Created));
    }
    if let Some(after) = after {
        let last = donation(db, after).await?;
        query =
            query.filter(Condition::any().add(row::Column::CreatedUs.lt(last.created_us)).add(
                Condition::all().add(row::Column::CreatedUs.eq(last.created_us)).add(row::Column::Id.lt(last.id)),
            ));
    }
    Ok(query.order_by_desc(row::Column::CreatedUs).order_by_desc(row::Column::Id).limit(limit).all(db).await?)
}

/// A page of a campaign's wall: gifts that are paid and not given back, newest first. Names are still sealed.
#[derive(Clone, Debug)]
pub struct WallPage {
    /// The gifts.
    pub gifts: Vec<row::Model>,
    /// Whether more follow.
    pub more: bool,
}

/// A page of the wall, after the gift named.
pub async fn wall(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    after: Option<DonationId>,
    limit: u64,
) -> Result<WallPage, CrowdfundingError> {
    on_wall(db, row::Column::CampaignId.eq(campaign), |gift| gift.campaign_id == Some(campaign), after, limit).await
}

/// The same of the gifts through one team.
pub async fn team_wall(
    db: &impl ConnectionTrait,
    team: TeamId,
    after: Option<DonationId>,
    limit: u64,
) -> Result<WallPage, CrowdfundingError> {
    on_wall(db, row::Column::TeamId.eq(team), |gift| gift.team_id == Some(team), after, limit).await
}

async fn on_wall(
    db: &impl ConnectionTrait,
    whose: SimpleExpr,
    belongs: impl Fn(&row::Model) -> bool,
    after: Option<DonationId>,
    limit: u64,
) -> Result<WallPage, CrowdfundingError> {
    let mut query = row::Entity::find()
        .filter(whose)
        .filter(row::Column::ConfirmedUs.is_not_null())
        .filter(row::Column::State.ne(DonationState::Refunded));
    if let Some(after) = after {
        let last = donation(db, after).await?;
        let (Some(confirmed), true) = (last.confirmed_us, belongs(&last)) else {
            return Err(CrowdfundingError::NoSuchDonation);
        };
        query = query.filter(
            Condition::any()
                .add(row::Column::ConfirmedUs.lt(confirmed))
                .add(Condition::all().add(row::Column::ConfirmedUs.eq(confirmed)).add(row::Column::Id.lt(last.id))),
        );
    }
    let mut gifts =
        query.order_by_desc(row::Column::ConfirmedUs).order_by_desc(row::Column::Id).limit(limit + 1).all(db).await?;
    let more = gifts.len() as u64 > limit;
    gifts.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(WallPage { gifts, more })
}

// ---- gifts by bank ----

/// A gift that reached the bank account, as its maker reads it off the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankGift {
    /// Made by the client.
    pub id: DonationId,
    /// What it is for.
    pub purpose: Purpose,
    /// Who gave it.
    pub payer: Payer,
    /// How much.
    pub amount: Money,
    /// Our short name of the bank account.
    pub bank_account: String,
    /// The bank's reference; it can be booked once.
    pub reference: String,
    /// The day it arrived.
    pub received_on: BusinessDate,
    /// Whether its name is shown.
    pub anonymity: Anonymity,
    /// Receipt wanted or not.
    pub receipt: ReceiptChoice,
}

/// Who gave a gift that came by bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payer {
    /// 法人或其他组织: its name is no secret.
    Organisation {
        /// The name, which a receipt is made out to.
        name: String,
        /// 统一社会信用代码, if the organisation told it.
        credit_code: Option<String>,
    },
    /// 自然人.
    Person {
        /// The name, sealed by the house.
        name_sealed: Vec<u8>,
        /// A digest of the name, so that the same id with another name is noticed.
        digest: Vec<u8>,
    },
}

/// Enters a bank gift; nothing is booked until another person confirms it.
pub async fn bank_gift(tx: &Tx, now: Timestamp, gift: BankGift, by: &Member) -> Result<row::Model, CrowdfundingError> {
    let roles = &[Role::Cashier, Role::Bookkeeper];
    by.must_be(roles)?;
    let hand = hand_on(tx, gift.purpose, by, roles).await?;
    let text = |field, text: &str, most| match text.trim().chars().count() {
        n if n == 0 || n > most => Err(CrowdfundingError::Invalid { field, problem: "不能为空，也不能过长" }),
        _ => Ok(text.trim().to_owned()),
    };
    let (counterparty, payer_code, name_sealed, content) = match gift.payer {
        Payer::Organisation { name, credit_code } => {
            (Some(text("counterparty", &name, 100)?), credit_code, None, Vec::new())
        }
        Payer::Person { name_sealed, digest } => (None, None, Some(name_sealed), digest),
    };
    let new = row::Model {
        id: gift.id,
        campaign_id: gift.purpose.campaign(),
        book_id: gift.purpose.general(),
        channel: Channel::Bank,
        state: DonationState::Created,
        amount_fen: gift.amount,
        refunded_fen: Money::ZERO,
        donor_id: None,
        content,
        anonymity: gift.anonymity,
        show_amount: true,
        name_sealed,
        nickname_sealed: None,
        message: None,
        message_state: "none".to_owned(),
        receipt: gift.receipt,
        receipt_us: now,
        origin: None,
        created_us: now,
        expires_us: now,
        prepay_id: None,
        prepay_us: None,
        queries: 0,
        next_query_us: now,
        transaction_id: None,
        paid_us: Some(gift.received_on.start()),
        confirmed_us: None,
        late: false,
        settled_us: None,
        bank_account: Some(text("bank_account", &gift.bank_account, 40)?),
        bank_reference: Some(text("reference", &gift.reference, 64)?),
        counterparty,
        payer_code,
        tribute: None,
        tribute_sealed: None,
        tribute_shown: false,
        team_id: None,
        author_id: Some(by.id),
        author_for_id: hand.acting_for(),
        approver_id: None,
        approver_for_id: None,
        via: Via::Offline,
        list_id: None,
    };
    if !gift.amount.is_positive() {
        return Err(CrowdfundingError::Invalid { field: "amount", problem: "金额必须大于零" });
    }
    if gift.received_on > BusinessDate::of(now) {
        return Err(CrowdfundingError::Invalid { field: "received_on", problem: "到账日期不能晚于今天" });
    }
    if let Some(known) = row::Entity::find_by_id(gift.id).one(tx).await? {
        let same = known.channel == Channel::Bank
            && (
                known.purpose(),
                known.amount_fen,
                &known.bank_account,
                &known.bank_reference,
                (&known.counterparty, &known.payer_code, &known.content),
                known.author_id,
            ) == (
                gift.purpose,
                new.amount_fen,
                &new.bank_account,
                &new.bank_reference,
                (&new.counterparty, &new.payer_code, &new.content),
                new.author_id,
            );
        return if same { Ok(known) } else { Err(CrowdfundingError::IdReused) };
    }
    let target = Target::of(tx, gift.purpose, Some(LockType::Share)).await?;
    target.given_on(gift.received_on)?;
    bank_account_known(tx, target.book, new.bank_account.as_deref().unwrap_or_default()).await?;
    let active: row::ActiveModel = new.into();
    // Every column is written: a row made from a model counts as unchanged otherwise.
    let inserted = active.reset_all().insert(tx).await;
    match inserted {
        Ok(row) => Ok(row),
        Err(error) if violation(&error).is_some_and(|v| v.contains("bank")) => Err(CrowdfundingError::ReferenceUsed),
        Err(error) => Err(error.into()),
    }
}

/// What is said of an account that is none of the book's.
pub const NO_BANK_ACCOUNT: &str = "该账套没有这个银行账户，请先由会计或财务负责人登记";

/// Whether a book has a bank account of this name: booked on, or registered. In another one money would stand that no statement ever shows.
/// A book that knows none yet learns its first from its first gift.
pub async fn has_bank_account(db: &impl ConnectionTrait, book: BookId, name: &str) -> Result<bool, DbErr> {
    let known = ledger::bank_accounts(db, book).await?;
    let registered = bank_account::Entity::find().filter(bank_account::Column::BookId.eq(book)).all(db).await?;
    let mut names = known.into_iter().chain(registered.into_iter().map(|row| row.name)).peekable();
    Ok(names.peek().is_none() || names.any(|known| known == name))
}

/// Refuses the name of a bank account that is none of the book's.
pub(crate) async fn bank_account_known(
    db: &impl ConnectionTrait,
    book: BookId,
    name: &str,
) -> Result<(), CrowdfundingError> {
    if has_bank_account(db, book, name).await? {
        return Ok(());
    }
    Err(CrowdfundingError::Invalid { field: "bank_account", problem: NO_BANK_ACCOUNT })
}

/// Where a gift goes that reached the charity without the mini-program: to a campaign that may receive, or to the general fund.
#[derive(Clone, Debug)]
pub struct Target {
    /// Whose books receive it.
    pub book: BookId,
    /// The first day on which it could be given: nothing reached a campaign before it took gifts (facts: charity 3.1), nor a book before the
    /// year it was opened in.
    pub from: BusinessDate,
    campaign: Option<campaign::Model>,
}

impl Target {
    /// Of a purpose; its campaign is locked if that is asked for. A general fund is a charity's.
    pub(crate) async fn of(
        db: &impl ConnectionTrait,
        purpose: Purpose,
        lock: Option<LockType>,
    ) -> Result<Target, CrowdfundingError> {
        match purpose {
            Purpose::Campaign(id) => {
                let query = campaign::Entity::find_by_id(id);
                let found = match lock {
                    Some(lock) => query.lock(lock).one(db).await?,
                    None => query.one(db).await?,
                };
                let campaign = found
                    .filter(|one| one.state.is_public() && one.kind != CampaignKind::Parent)
                    .ok_or(CrowdfundingError::NoSuchCampaign)?;
                may_receive(campaign.state)?;
                let from = BusinessDate::of(campaign.opened_us.unwrap_or(campaign.starts_us));
                Ok(Target { book: campaign.book_id, from, campaign: Some(campaign) })
            }
            Purpose::General(id) => {
                charity::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchBook)?;
                let book = book::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchBook)?;
                let opened = BusinessDate::of(book.created_us);
                let from = BusinessDate::new(opened.year(), 1, 1).unwrap_or(opened);
                Ok(Target { book: id, from, campaign: None })
            }
        }
    }

    /// Refuses a day on which nothing was given yet: a year typed wrongly would open a year of the books that was never there.
    pub(crate) fn given_on(&self, day: BusinessDate) -> Result<(), CrowdfundingError> {
        if day >= self.from {
            return Ok(());
        }
        let problem = match self.campaign {
            Some(_) => "到账日期早于项目开始募捐之日",
            None => "到账日期早于该账套启用的年度",
        };
        Err(CrowdfundingError::Invalid { field: "received_on", problem })
    }

    /// The last moment at which it is in time; none for the general fund, which takes gifts for ever.
    pub(crate) async fn last_moment(&self, db: &impl ConnectionTrait) -> Result<Option<Timestamp>, DbErr> {
        match &self.campaign {
            Some(campaign) => Ok(Some(last_moment(db, campaign).await?)),
            None => Ok(None),
        }
    }
}

async fn locked_bank_gift(tx: &Tx, id: DonationId, by: &Member) -> Result<(row::Model, Hand), CrowdfundingError> {
    let roles = &[Role::Bookkeeper, Role::FinanceHead];
    by.must_be(roles)?;
    let row = row::Entity::find_by_id(id)
        .filter(row::Column::Channel.eq(Channel::Bank))
        // A gift of a list is posted with its list.
        .filter(row::Column::ListId.is_null())
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?
        .ok_or(CrowdfundingError::NoSuchDonation)?;
    let hand = hand_on(tx, row.purpose(), by, roles).await?;
    if hand.is_of([row.author_id, row.author_for_id]) {
        return Err(CrowdfundingError::OtherPerson);
    }
    Ok((row, hand))
}

/// Confirms a bank gift and books it (entry 6a); another person than its maker.
pub async fn confirm_bank_gift(
    tx: &Tx,
    now: Timestamp,
    id: DonationId,
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    let (row, hand) = locked_bank_gift(tx, id, by).await?;
    if row.state == DonationState::Paid && row.approver_id == Some(by.id) {
        return Ok(row);
    }
    let to = row.state.on(DonationEvent::Pay)?;
    let campaign = match row.campaign_id {
        Some(id) => {
            let campaign = campaign::Entity::find_by_id(id).lock(LockType::Share).one(tx).await?;
            Some(campaign.ok_or(CrowdfundingError::NoSuchCampaign)?)
        }
        None => None,
    };
    if let Some(campaign) = &campaign {
        may_receive(campaign.state)?;
    }
    let book = campaign.as_ref().map(|campaign| campaign.book_id).or(row.book_id);
    let book = book.ok_or(CrowdfundingError::NoSuchBook)?;
    let (Some(account), Some(reference), Some(received)) = (&row.bank_account, &row.bank_reference, row.paid_us) else {
        return Err(CrowdfundingError::Conflict);
    };
    let gift = Gift {
        id,
        book,
        campaign: row.campaign_id,
        donor: None,
        counterparty: row.counterparty.clone(),
        amount: row.amount_fen,
    };
    let entry =
        postings::bank_gift_received(&gift, account, reference, BusinessDate::of(received)).by(by.id.to_string());
    for booked in ledger::post(tx, now, &[entry]).await? {
        booked?;
    }
    let late = match &campaign {
        Some(campaign) => received > last_moment(tx, campaign).await?,
        None => false,
    };
    let from = row.state;
    let mut row: row::ActiveModel = row.into();
    row.state = Set(to);
    row.confirmed_us = Set(Some(now));
    row.settled_us = Set(Some(now));
    row.late = Set(late);
    row.approver_id = Set(Some(by.id));
    row.approver_for_id = Set(hand.acting_for());
    let row = row.update(tx).await?;
    history::donations(tx, now, &by.id.to_string(), &[Step { donation: id, from, to }]).await?;
    Ok(row)
}

/// Rejects a bank gift; nothing was booked.
pub async fn reject_bank_gift(
    tx: &Tx,
    now: Timestamp,
    id: DonationId,
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    let (row, hand) = locked_bank_gift(tx, id, by).await?;
    let (from, to) = (row.state, row.state.on(DonationEvent::Expire)?);
    let mut row: row::ActiveModel = row.into();
    row.state = Set(to);
    // The reference is free again: what was entered wrongly can be entered rightly.
    row.bank_reference = Set(Some(format!("rejected:{id}")));
    row.approver_id = Set(Some(by.id));
    row.approver_for_id = Set(hand.acting_for());
    let row = row.update(tx).await?;
    history::donations(tx, now, &by.id.to_string(), &[Step { donation: id, from, to }]).await?;
    Ok(row)
}
