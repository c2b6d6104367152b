//! The cashier: what the payment channel says about money becomes true here, and only here.
//!
//! The channel's callback, our own query and (later) reconciliation all end in [`Cashier::settle`]. It may be told the same
//! payment any number of times, at once, in any order: a gift is confirmed and booked exactly once. Money that came but
//! belongs to no open order (unknown, another amount, paid twice, paid after close) is booked too, into 2209 待查款, and
//! becomes a break for a person to decide; it is never outside the books and never a gift before the decision. What cannot be booked, because
//! it came in another currency or is told otherwise than it stands in the books, is a break without an entry: it is answered as understood, so
//! that it is not repeated for a day, and somebody looks.

use std::sync::Arc;

use crowdfunding::{BankGift, CrowdfundingError, Decision, NewDonation, Order, Paid, Placed, UnpaidLimit};
use domain::donation::DonationState;
use domain::reconciliation::BreakClass;
use domain::role::Member;
use domain::{BookId, BreakId, BusinessDate, Clock, DonationId, Money, Timestamp};
use entity::{Db, GroupCommit, GroupError, GroupOptions, Rows, Tx, book, charity, discrepancy, donation};
use futures_util::StreamExt;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::json;
use wechat::{Transaction, WechatError};

use crate::outbox::{self, NewMessage};
use crate::{Limits, Templates, postings, reconciliation, trail};

/// How many questions to the channel are under way at once.
const ASKING: usize = 8;
/// How many open payments a run of the job looks at.
const BATCH: u64 = 500;

/// A payment the channel has confirmed, by a signed message or in answer to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Our order number, as the channel says it.
    pub out_trade_no: String,
    /// The channel's number of the payment.
    pub transaction_id: String,
    /// What was paid.
    pub amount: Money,
    /// When.
    pub paid: Timestamp,
}

/// What became of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// The gift is confirmed and booked now.
    Paid {
        /// Which gift.
        donation: DonationId,
        /// It arrived after the campaign's end.
        late: bool,
    },
    /// This very payment was settled before.
    AlreadyPaid {
        /// Which gift.
        donation: DonationId,
    },
    /// The money stands in suspense and a person decides.
    Break {
        /// The kind of difference.
        class: &'static str,
        /// The gift whose order it names, if there is one.
        donation: Option<DonationId>,
    },
}

/// Why the cashier did not do it.
#[derive(Debug, thiserror::Error)]
pub enum CashierError {
    /// Too much at once; nothing was taken. Come again.
    #[error("too many payments are waiting")]
    Overloaded,
    /// The program is stopping; nothing was taken.
    #[error("the program is stopping")]
    Stopping,
    /// The channel's message lacks what a payment must have.
    #[error("the channel's answer is no payment: {0}")]
    NotAPayment(&'static str),
    /// The channel could not be asked.
    #[error(transparent)]
    Channel(#[from] WechatError),
    /// The channel speaks of another refund under our number. The sentence is for whoever looks into it.
    #[error("the channel speaks of another refund: {0}")]
    Contradicted(&'static str),
    /// The gift or refund does not allow it.
    #[error(transparent)]
    Gift(#[from] CrowdfundingError),
    /// The database failed.
    #[error("database")]
    Db(#[source] Arc<DbErr>),
}

impl From<DbErr> for CashierError {
    fn from(error: DbErr) -> CashierError {
        CashierError::Db(Arc::new(error))
    }
}

impl From<GroupError> for CashierError {
    fn from(error: GroupError) -> CashierError {
        match error {
            GroupError::Overloaded => CashierError::Overloaded,
            GroupError::Stopping => CashierError::Stopping,
            GroupError::Db(error) => CashierError::Db(error),
        }
    }
}

/// What settling needs to know.
#[derive(Clone, Debug)]
pub(crate) struct House {
    pub(crate) templates: Templates,
    /// Our merchant number.
    pub(crate) mchid: String,
}

/// What every batch of the queue needs to know.
struct Terms {
    limit: UnpaidLimit,
    house: House,
}

/// One thing in the queue to the books.
enum Task {
    Create(NewDonation),
    Place(Placed),
    Settle(Payment),
}

enum Done {
    Created(Box<Result<donation::Model, CrowdfundingError>>),
    Placed,
    Settled(Settlement),
}

/// Settles payments, creates and places gifts, and enters bank gifts.
#[derive(Clone)]
pub struct Cashier {
    db: Db,
    business: Clock,
    wechat: wechat::Client,
    queue: GroupCommit<Task, Done>,
}

impl Cashier {
    pub(crate) fn new(
        db: Db,
        business: Clock,
        wechat: wechat::Client,
        limits: &Limits,
        templates: Templates,
    ) -> Cashier {
        let limit = UnpaidLimit { most: limits.max_unpaid, within: limits.unpaid_window };
        let clock = business.clone();
        let options = GroupOptions { name: "gifts", queue: limits.queue, batch: 512 };
        let terms = Arc::new(Terms { limit, house: House { templates, mchid: wechat.mchid().to_owned() } });
        let queue = GroupCommit::start(
            db.clone(),
            options,
            Arc::new(move |tx, tasks| {
                let (clock, terms) = (clock.clone(), terms.clone());
                Box::pin(async move { run(tx, clock.now(), &terms, tasks).await })
            }),
        );
        Cashier { db, business, wechat, queue }
    }

    /// Writes a gift down; shares its commit with whatever arrives at the same time.
    pub(crate) async fn create(&self, wish: NewDonation) -> Result<donation::Model, CashierError> {
        match self.queue.submit(Task::Create(wish)).await? {
            Done::Created(created) => Ok((*created)?),
            Done::Placed | Done::Settled(_) => Err(CashierError::Stopping),
        }
    }

    /// Records that the channel has accepted an order.
    pub(crate) async fn place(&self, placed: Placed) -> Result<(), CashierError> {
        self.queue.submit(Task::Place(placed)).await.map(|_| ()).map_err(Into::into)
    }

    /// Makes a payment true. Answers after the commit that holds it.
    pub async fn settle(&self, payment: Payment) -> Result<Settlement, CashierError> {
        match self.queue.submit(Task::Settle(payment)).await? {
            Done::Settled(settlement) => {
                let outcome = match &settlement {
                    Settlement::Paid { .. } => "paid",
                    Settlement::AlreadyPaid { .. } => "again",
                    Settlement::Break { class, .. } => class,
                };
                metrics::counter!("sangzi_settlements_total", "outcome" => outcome).increment(1);
                Ok(settlement)
            }
            Done::Created(_) | Done::Placed => Err(CashierError::Stopping),
        }
    }

    /// Settles what the channel says of an order, if it says that it is paid.
    pub async fn settle_transaction(&self, transaction: &Transaction) -> Result<Option<Settlement>, CashierError> {
        if !transaction.is_paid() {
            return Ok(None);
        }
        if let Some(foreign) = transaction.foreign() {
            return self.note_foreign(transaction, foreign).await.map(Some);
        }
        let payment = payment_of(transaction)?;
        self.settle(payment).await.map(Some)
    }

    /// Money has come in another currency: what it is in yuan the channel settles and its bill shows, so nothing is booked. The order takes no
    /// other payment. Once a payment.
    async fn note_foreign(
        &self,
        transaction: &Transaction,
        (total, currency): (i64, &str),
    ) -> Result<Settlement, CashierError> {
        let number = transaction.transaction_id.clone().ok_or(CashierError::NotAPayment("no transaction number"))?;
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let id = DonationId::from_out_trade_no(&transaction.out_trade_no);
        let order = crowdfunding::find_orders(&tx, id.into_iter()).await?.into_values().next();
        let book = match &order {
            Some(order) => order.book_id,
            None => merchant_book(&tx, self.wechat.mchid()).await?,
        };
        if let Some(order) = &order {
            crowdfunding::close(&tx, now, order.id).await?;
        }
        let (class, of) = (BreakClass::Currency.as_str(), discrepancy::Column::Class);
        let known = discrepancy::Entity::find().filter(of.eq(class)).filter(discrepancy::Column::Item.eq(&*number));
        if known.count(&tx).await? == 0 {
            let note = Note {
                class,
                item: number,
                amount: Money::ZERO,
                expected: order.as_ref().map(|order| order.amount_fen),
                book,
                donation: order.as_ref().map(|order| order.id),
                detail: format!("以{currency}支付，金额{total}（该币种的最小单位），订单 {}", transaction.out_trade_no),
                proposal: reconciliation::proposal(BreakClass::Currency),
                day: BusinessDate::of(transaction.success_time.unwrap_or(now)),
            };
            note_down(&tx, now, &[note]).await?;
        }
        tx.commit().await?;
        metrics::counter!("sangzi_settlements_total", "outcome" => class).increment(1);
        Ok(Settlement::Break { class, donation: order.map(|order| order.id) })
    }

    /// Asks the channel for a gift's order and settles what it says. Answers the gift as it stands then.
    pub async fn query(&self, id: DonationId) -> Result<donation::Model, CashierError> {
        let gift = crowdfunding::donation(self.db.read(), id).await?;
        if matches!(gift.state, DonationState::Created | DonationState::Paying) && gift.prepay_id.is_some() {
            self.ask(id).await?;
        }
        Ok(crowdfunding::donation(self.db.read(), id).await?)
    }

    async fn ask(&self, id: DonationId) -> Result<Option<Settlement>, CashierError> {
        match self.wechat.query_by_out_trade_no(&id.out_trade_no()).await {
            Ok(transaction) => self.settle_transaction(&transaction).await,
            // The channel never heard of the order: it was not placed.
            Err(WechatError::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks for every open payment that is due. Answers how many were asked for, and how many could not be.
    pub async fn query_open_payments(&self) -> Result<(u64, u64), CashierError> {
        let now = self.business.now();
        let due = crowdfunding::due_for_query(self.db.read(), now, BATCH).await?;
        let answers: Vec<Result<(), CashierError>> = futures_util::stream::iter(due)
            .map(|gift| async move {
                let asked = self.ask(gift.id).await;
                // A full queue says nothing about the payment: it is asked for again at once, not in half an hour.
                if matches!(asked, Err(CashierError::Overloaded | CashierError::Stopping)) {
                    return asked.map(|_| ());
                }
                let tx = self.db.begin().await?;
                crowdfunding::queried(&tx, self.business.now(), gift.id, gift.queries).await?;
                tx.commit().await?;
                asked.map(|_| ())
            })
            .buffer_unordered(ASKING)
            .collect()
            .await;
        Ok(count(answers))
    }

    /// Closes orders whose time is over: at the channel first, then here. An order that turns out to be paid is settled.
    pub async fn expire_orders(&self) -> Result<(u64, u64), CashierError> {
        let due = crowdfunding::due_for_expiry(self.db.read(), self.business.now(), BATCH).await?;
        let answers: Vec<Result<(), CashierError>> = futures_util::stream::iter(due)
            .map(|gift| async move {
                match self.wechat.close(&gift.id.out_trade_no()).await {
                    // Closed there now or before, or never placed there.
                    Ok(()) | Err(WechatError::OrderClosed(_) | WechatError::NotFound(_)) => {}
                    // As ordered or not, what was paid is settled, and this order is over.
                    Err(WechatError::OrderPaid(_)) => return self.ask(gift.id).await.map(|_| ()),
                    Err(error) => return Err(error.into()),
                }
                let tx = self.db.begin().await?;
                crowdfunding::close(&tx, self.business.now(), gift.id).await?;
                tx.commit().await?;
                Ok(())
            })
            .buffer_unordered(ASKING)
            .collect()
            .await;
        Ok(count(answers))
    }

    /// Enters a gift that reached the bank; another person confirms it.
    pub async fn enter_bank_gift(&self, gift: BankGift, by: &Member) -> Result<donation::Model, CashierError> {
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::bank_gift(&tx, now, gift, by).await?;
        bank_trail(&tx, now, &row, "bank_gift.enter", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Confirms or rejects a bank gift.
    pub async fn decide_bank_gift(
        &self,
        id: DonationId,
        decision: impl Into<Decision>,
        by: &Member,
    ) -> Result<donation::Model, CashierError> {
        let decision = decision.into();
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let (row, action) = if decision.agrees() {
            (crowdfunding::confirm_bank_gift(&tx, now, id, by).await?, "bank_gift.confirm")
        } else {
            (crowdfunding::reject_bank_gift(&tx, now, id, by).await?, "bank_gift.reject")
        };
        bank_trail(&tx, now, &row, action, by).await?;
        trail::because(&tx, now, format!("donation:{id}"), decision.reason(), by).await?;
        tx.commit().await?;
        Ok(row)
    }
}

/// The payment a channel's transaction is.
pub fn payment_of(transaction: &Transaction) -> Result<Payment, CashierError> {
    let missing = CashierError::NotAPayment;
    Ok(Payment {
        out_trade_no: transaction.out_trade_no.clone(),
        transaction_id: transaction.transaction_id.clone().ok_or(missing("no transaction number"))?,
        amount: transaction.total().filter(|total| total.is_positive()).ok_or(missing("no amount in yuan"))?,
        paid: transaction.success_time.ok_or(missing("no time"))?,
    })
}

fn count(answers: Vec<Result<(), CashierError>>) -> (u64, u64) {
    let mut failed = 0;
    for answer in &answers {
        if let Err(error) = answer {
            failed += 1;
            tracing::warn!(error = error as &dyn std::error::Error, "an open payment could not be cleared up");
        }
    }
    (answers.len() as u64 - failed, failed)
}

async fn bank_trail(
    tx: &Tx,
    now: Timestamp,
    row: &donation::Model,
    action: &'static str,
    by: &Member,
) -> Result<(), DbErr> {
    trail::money(tx, now, action, format!("donation:{}", row.id), (row.amount_fen, row.state), by).await
}

/// A batch of the queue: what is created first, then what is placed, then what is paid.
async fn run(tx: &Tx, now: Timestamp, terms: &Terms, tasks: &[Task]) -> Result<Vec<Done>, DbErr> {
    let (mut wishes, mut placed, mut payments) = (Vec::new(), Vec::new(), Vec::new());
    for task in tasks {
        match task {
            Task::Create(wish) => wishes.push(wish.clone()),
            Task::Place(order) => placed.push(order.clone()),
            Task::Settle(payment) => payments.push(payment.clone()),
        }
    }
    let mut created = crowdfunding::create(tx, now, (terms.limit, &terms.house.mchid), &wishes).await?.into_iter();
    crowdfunding::place(tx, now, &placed).await?;
    let mut settled = settle(tx, now, &terms.house, &payments).await?.into_iter();
    let short = || DbErr::Custom("a batch answered fewer items than it was given".to_owned());
    tasks
        .iter()
        .map(|task| match task {
            Task::Create(_) => created.next().map(|created| Done::Created(Box::new(created))).ok_or_else(short),
            Task::Place(_) => Ok(Done::Placed),
            Task::Settle(_) => settled.next().map(Done::Settled).ok_or_else(short),
        })
        .collect()
}

/// Money that belongs to no open order.
struct Stray<'a> {
    payment: &'a Payment,
    class: &'static str,
    order: Option<Order>,
}

/// What the channel says and nothing is booked of: a break for somebody to look into.
struct Note {
    class: &'static str,
    item: String,
    amount: Money,
    expected: Option<Money>,
    book: BookId,
    donation: Option<DonationId>,
    detail: String,
    proposal: &'static str,
    day: BusinessDate,
}

impl Note {
    /// A payment that stands in the books as `booked`, and is told otherwise now: of another amount, or of another order.
    fn contradicts(payment: &Payment, booked: Money, book: BookId, donation: Option<DonationId>) -> Note {
        let other_amount = booked != payment.amount;
        let class = if other_amount { BreakClass::Amount } else { BreakClass::Status };
        let what = if other_amount {
            "微信先后所报金额不一致"
        } else {
            "微信先后所报订单或时间不一致"
        };
        Note {
            class: class.as_str(),
            item: payment.transaction_id.clone(),
            amount: payment.amount,
            expected: Some(booked),
            book,
            donation,
            detail: format!("{what}，未另记账，订单 {}", payment.out_trade_no),
            proposal: reconciliation::proposal(class),
            day: BusinessDate::of(payment.paid),
        }
    }
}

/// Settles a slice of payments in a fixed number of statements. The orders are locked, so whoever comes second sees what the
/// first did. Callback and query come here through the queue, reconciliation with a slice of its own.
pub(crate) async fn settle(
    tx: &Tx,
    now: Timestamp,
    house: &House,
    payments: &[Payment],
) -> Result<Vec<Settlement>, DbErr> {
    if payments.is_empty() {
        return Ok(Vec::new());
    }
    let ids = payments.iter().filter_map(|p| DonationId::from_out_trade_no(&p.out_trade_no));
    let mut orders = crowdfunding::find_orders(tx, ids).await?;
    let mut answers = Vec::with_capacity(payments.len());
    let mut paid: Vec<Paid> = Vec::with_capacity(payments.len());
    let mut places: Vec<usize> = Vec::with_capacity(payments.len());
    let mut strays: Vec<Stray<'_>> = Vec::new();
    let mut notes: Vec<Note> = Vec::new();
    for payment in payments {
        let order = DonationId::from_out_trade_no(&payment.out_trade_no).and_then(|id| orders.get_mut(&id));
        let stray = match order {
            None => Stray { payment, class: "missing_here", order: None },
            Some(order) if order.transaction_id.as_ref() == Some(&payment.transaction_id) => {
                if order.amount_fen != payment.amount {
                    notes.push(Note::contradicts(payment, order.amount_fen, order.book_id, Some(order.id)));
                }
                answers.push(Settlement::AlreadyPaid { donation: order.id });
                continue;
            }
            Some(order) if order.state.was_paid() => Stray { payment, class: "paid_twice", order: Some(order.clone()) },
            Some(order) if order.state == DonationState::Closed => {
                Stray { payment, class: "paid_after_close", order: Some(order.clone()) }
            }
            Some(order) if order.amount_fen != payment.amount => {
                let stray = Stray { payment, class: "amount", order: Some(order.clone()) };
                order.state = DonationState::Closed;
                stray
            }
            Some(order) => {
                places.push(answers.len());
                answers.push(Settlement::Paid { donation: order.id, late: false });
                paid.push(Paid {
                    order: order.clone(),
                    transaction_id: payment.transaction_id.clone(),
                    paid: payment.paid,
                });
                order.state = DonationState::Paid;
                order.transaction_id = Some(payment.transaction_id.clone());
                continue;
            }
        };
        answers.push(Settlement::Break { class: stray.class, donation: stray.order.as_ref().map(|order| order.id) });
        strays.push(stray);
    }
    let confirmed = crowdfunding::confirm_paid(tx, now, &paid).await?;
    let mut messages = Vec::new();
    for ((place, paid), confirmation) in places.into_iter().zip(&paid).zip(confirmed) {
        let confirmation = confirmation
            .map_err(|refused| DbErr::Custom(format!("gift {} cannot be booked: {refused}", paid.order.id)))?;
        answers[place] = Settlement::Paid { donation: paid.order.id, late: confirmation.late };
        messages.extend(thanks(&house.templates, paid));
    }
    notes.extend(suspend(tx, now, &house.mchid, &strays).await?);
    note_down(tx, now, &notes).await?;
    for stray in strays.iter().filter(|stray| stray.class == "amount") {
        // The channel takes no second payment of it, and what it says next of this one must not be taken for another.
        if let Some(order) = &stray.order {
            crowdfunding::close(tx, now, order.id).await.map_err(|refused| {
                DbErr::Custom(format!("the order of gift {} cannot be closed: {refused}", order.id))
            })?;
        }
    }
    outbox::enqueue(tx, now, &messages).await?;
    Ok(answers)
}

/// The message that a gift has arrived, if there is a template for it.
fn thanks(templates: &Templates, paid: &Paid) -> Option<NewMessage> {
    let campaign: String = paid.order.campaign_name.chars().take(20).collect();
    Some(NewMessage {
        topic: format!("gift:{}", paid.order.id),
        donor: paid.order.donor_id?,
        template: templates.gift_received.clone()?,
        content: json!({
            "thing1": campaign,
            "amount2": format!("{}元", paid.order.amount_fen),
            "time3": paid.paid.wall(),
        }),
    })
}

/// Books stray money into suspense and writes a break with each new entry; the entry is named by the payment, so a repetition
/// changes nothing. Answers what stands in the books otherwise than it is told now: that is not booked a second time.
async fn suspend(tx: &Tx, now: Timestamp, mchid: &str, strays: &[Stray<'_>]) -> Result<Vec<Note>, DbErr> {
    if strays.is_empty() {
        return Ok(Vec::new());
    }
    let merchant = merchant_book(tx, mchid).await?;
    let book = |stray: &Stray<'_>| stray.order.as_ref().map_or(merchant, |order| order.book_id);
    // A gift that was taken out of suspense is no other: told again, its entry stands.
    let settled =
        crowdfunding::settled_by(tx, strays.iter().map(|stray| stray.payment.transaction_id.as_str())).await?;
    let gift_of = |stray: &Stray<'_>| settled.get(&stray.payment.transaction_id);
    let mut notes: Vec<Note> = strays
        .iter()
        .filter_map(|stray| {
            let (id, amount) = *gift_of(stray)?;
            Some(Note::contradicts(stray.payment, amount, book(stray), Some(id)))
        })
        .collect();
    let strays: Vec<&Stray<'_>> = strays.iter().filter(|stray| gift_of(stray).is_none()).collect();
    let entries: Vec<_> = strays
        .iter()
        .map(|s| {
            postings::suspense(book(s), &s.payment.transaction_id, s.payment.amount, BusinessDate::of(s.payment.paid))
        })
        .collect();
    let mut fresh: Vec<&Stray<'_>> = Vec::with_capacity(strays.len());
    for ((stray, entry), posted) in strays.into_iter().zip(&entries).zip(ledger::post(tx, now, &entries).await?) {
        match posted {
            Ok(ledger::Posted::Booked { .. }) => fresh.push(stray),
            // Told again, perhaps after its order was closed, it would be of another class: one payment is one break.
            Ok(_) => {}
            Err(ledger::Refusal::ReferenceTaken) => {
                let stands = ledger::entry_by_reference(tx, entry.reference()).await?;
                let booked = stands.map_or(stray.payment.amount, |(entry, _)| entry.total_fen);
                let donation = stray.order.as_ref().map(|order| order.id);
                notes.push(Note::contradicts(stray.payment, booked, book(stray), donation));
            }
            Err(refused) => {
                let number = &stray.payment.transaction_id;
                return Err(DbErr::Custom(format!("payment {number} cannot be suspended: {refused}")));
            }
        }
    }
    if fresh.is_empty() {
        return Ok(notes);
    }
    let proposal = |class: &str| match class {
        "missing_here" => "查无此单：核对后退回付款人",
        "amount" => "金额与订单不符：联系捐赠人，退回或确认为捐赠",
        "paid_twice" => "同一订单重复付款：退回后一笔",
        _ => "订单关闭后付款：联系捐赠人，退回或确认为捐赠",
    };
    let rows = Rows::new()
        .uuid("id", fresh.iter().map(|_| BreakId::new().uuid()))
        .text("class", fresh.iter().map(|s| s.class))
        .text("item", fresh.iter().map(|s| s.payment.transaction_id.clone()))
        .int("amount_fen", fresh.iter().map(|s| s.payment.amount.fen()))
        .int_or_null("expected_fen", fresh.iter().map(|s| s.order.as_ref().map(|order| order.amount_fen.fen())))
        .uuid("book_id", fresh.iter().map(|s| book(s).uuid()))
        .uuid_or_null("donation_id", fresh.iter().map(|s| s.order.as_ref().map(|order| order.id.uuid())))
        .text("detail", fresh.iter().map(|s| s.payment.out_trade_no.clone()))
        .text("proposal", fresh.iter().map(|s| proposal(s.class)))
        .text("day", fresh.iter().map(|s| BusinessDate::of(s.payment.paid).to_string()));
    let sql = "INSERT INTO discrepancy (id, class, item, state, amount_fen, expected_fen, book_id, donation_id, detail, proposal, created_us, \
               suspense, day, owner) \
               SELECT id, class, item, 'open', amount_fen, expected_fen, book_id, donation_id, detail, proposal, $1, true, day, 'cashier' \
               FROM {rows} WHERE true ON CONFLICT DO NOTHING";
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [now.into()])).await?;
    Ok(notes)
}

/// Writes breaks down that hold no money. One that stands open as it is, stays.
async fn note_down(tx: &Tx, now: Timestamp, notes: &[Note]) -> Result<(), DbErr> {
    if notes.is_empty() {
        return Ok(());
    }
    let rows = Rows::new()
        .uuid("id", notes.iter().map(|_| BreakId::new().uuid()))
        .text("class", notes.iter().map(|note| note.class))
        .text("item", notes.iter().map(|note| note.item.clone()))
        .int("amount_fen", notes.iter().map(|note| note.amount.fen()))
        .int_or_null("expected_fen", notes.iter().map(|note| note.expected.map(Money::fen)))
        .uuid("book_id", notes.iter().map(|note| note.book.uuid()))
        .uuid_or_null("donation_id", notes.iter().map(|note| note.donation.map(DonationId::uuid)))
        .text("detail", notes.iter().map(|note| note.detail.clone()))
        .text("proposal", notes.iter().map(|note| note.proposal))
        .text("day", notes.iter().map(|note| note.day.to_string()));
    let sql = "INSERT INTO discrepancy (id, class, item, state, amount_fen, expected_fen, book_id, donation_id, detail, proposal, created_us, \
               suspense, day, owner) \
               SELECT id, class, item, 'open', amount_fen, expected_fen, book_id, donation_id, detail, proposal, $1, false, day, 'cashier' \
               FROM {rows} WHERE true ON CONFLICT DO NOTHING";
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [now.into()])).await?;
    Ok(())
}

/// The books of the charity the merchant number belongs to; where none says that it does, the first charity of this
/// installation.
async fn merchant_book(tx: &Tx, mchid: &str) -> Result<BookId, DbErr> {
    if let Some(owner) = charity::Entity::find().filter(charity::Column::Mchid.eq(mchid)).one(tx).await? {
        return Ok(owner.book_id);
    }
    let book = book::Entity::find()
        .filter(book::Column::Kind.eq("charity"))
        .order_by_asc(book::Column::CreatedUs)
        .order_by_asc(book::Column::Id)
        .one(tx)
        .await?;
    book.map(|book| book.id).ok_or_else(|| DbErr::Custom("there are no books of a charity yet".to_owned()))
}
