//! Breaks (差错) and what is done about them: one person proposes, another decides, and the decision is carried out and booked
//! (facts: charity 6.2, entry 6d). A gift is booked with the decision. A return goes back through the channel like a refund:
//! the decision is committed before the channel hears of it, the same number is the same return, and when the channel cannot,
//! it is sent again, paid by bank, or another way out is decided: to the campaign, or to the general fund (docs/decisions/0025). A break is over
//! when that is done, and its money leaves suspense at the same moment.

pub(crate) mod loans;
mod worklist;

use std::time::Duration;

use crowdfunding::{Adoption, CrowdfundingError, Decision, Hand};
use domain::resolution::{ResolutionChoice, ResolutionEvent, ResolutionState};
use domain::role::{Forbidden, Member, Role};
use domain::{BreakId, BusinessDate, Clock, DonationId, Refused, ResolutionId, Timestamp};
use entity::{Db, Tx, discrepancy, execute, resolution, violation};
use ledger::Entry;
use lending::servicing::ServeError;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set, StreamTrait,
};
use wechat::{OrderReference, RefundNotification, RefundRequest, RefundStatus, WechatError};

use crate::reconciliation::{self, Follow, ReconcileError};
use crate::refunds::{self, Told};
use crate::transfers::{self, Line};
use crate::{Templates, cashier, postings, trail};

pub use worklist::BreakSearch;

const BATCH: u64 = 200;
const ASK_AGAIN: Duration = Duration::from_secs(10);
const NOT_ENOUGH_AGAIN: Duration = Duration::from_secs(600);
const UNCLEAR_AGAIN: Duration = Duration::from_secs(20);

/// Why nothing was done about a break.
#[derive(Debug, thiserror::Error)]
pub enum BreakError {
    /// There is no such break.
    #[error("no such break")]
    NoSuchBreak,
    /// There is no such resolution.
    #[error("no such resolution")]
    NoSuchResolution,
    /// The id stands for another resolution.
    #[error("this id was used with other content")]
    IdReused,
    /// A field is not acceptable.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// In Chinese, for the person who filled it in.
        problem: &'static str,
    },
    /// It is over, or a resolution of it is under way.
    #[error("the break is decided, or a resolution of it is under way")]
    UnderWay,
    /// No order of ours says who gave it, so it cannot be a gift.
    #[error("it names no order of ours and can only go back")]
    NoOrder,
    /// What names an order goes to the general fund only when the channel could not give it back.
    #[error("it has to go back first")]
    ReturnFirst,
    /// The bills in force show no such payment.
    #[error("the bills of the channel show no such payment")]
    NeverPaid,
    /// Money in suspense is not explained away, and what holds no money neither becomes a gift nor goes back.
    #[error("this choice is not for such a break")]
    WrongChoice,
    /// Who proposes does not decide.
    #[error("another person has to do this step")]
    OtherPerson,
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// It is in no state for it.
    #[error(transparent)]
    Refused(#[from] Refused<ResolutionState, ResolutionEvent>),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] ledger::Refusal),
    /// The bills of its day cannot be read again.
    #[error(transparent)]
    Bills(#[from] Box<ReconcileError>),
    /// The gift cannot be made.
    #[error(transparent)]
    Gift(#[from] CrowdfundingError),
    /// The channel could not be asked.
    #[error(transparent)]
    Channel(#[from] WechatError),
    /// The channel speaks of another refund under our number. The sentence is for whoever looks into it.
    #[error("the channel speaks of another refund: {0}")]
    Contradicted(&'static str),
    /// The loan does not allow it.
    #[error(transparent)]
    Loan(#[from] ServeError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// A way out of a break, as it is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewResolution {
    /// Made by the client.
    pub id: ResolutionId,
    /// Of which break.
    pub of: BreakId,
    /// What shall become of the money.
    pub choice: ResolutionChoice,
    /// Why.
    pub reason: String,
}

/// A way out of a break that is open, and what it would book.
#[derive(Clone, Debug)]
pub struct Way {
    /// What shall become of it.
    pub choice: ResolutionChoice,
    /// Whether it is about a loan: then whom it follows is the bank.
    pub of_loan: bool,
    /// Whether it is about a line of the bank's: then whom it follows is the bank, too.
    pub of_bank: bool,
    /// Whether the decision changes anything: a bank's figure may have taken the place of ours when its file was read, and an
    /// explanation changes nothing.
    pub recorded: bool,
    /// The entry that the decision books, or that is booked when the channel has given the money back. None is booked for an explanation.
    pub entry: Option<Entry>,
}

/// The breaks of the program.
#[derive(Clone)]
pub struct Breaks {
    db: Db,
    business: Clock,
    wechat: wechat::Client,
    templates: Templates,
}

/// A resolution with its break, both locked.
struct Loaded {
    row: resolution::Model,
    of: discrepancy::Model,
}

impl Breaks {
    pub(crate) fn new(db: Db, business: Clock, wechat: wechat::Client, templates: Templates) -> Breaks {
        Breaks { db, business, wechat, templates }
    }

    /// A page of the breaks where somebody has one of these roles, newest first.
    pub async fn page(
        &self,
        (by, roles): (&Member, &[Role]),
        after: Option<BreakId>,
        limit: u64,
    ) -> Result<Vec<discrepancy::Model>, BreakError> {
        by.must_be(roles)?;
        let db = self.db.read();
        let mut query = discrepancy::Entity::find();
        if let Some(books) = crowdfunding::books_within(by, roles) {
            query = query.filter(discrepancy::Column::BookId.in_subquery(books));
        }
        if let Some(after) = after {
            let last = discrepancy::Entity::find_by_id(after).one(db).await?.ok_or(BreakError::NoSuchBreak)?;
            query = query.filter(
                Condition::any().add(discrepancy::Column::CreatedUs.lt(last.created_us)).add(
                    Condition::all()
                        .add(discrepancy::Column::CreatedUs.eq(last.created_us))
                        .add(discrepancy::Column::Id.lt(last.id)),
                ),
            );
        }
        let newest_first = query.order_by_desc(discrepancy::Column::CreatedUs).order_by_desc(discrepancy::Column::Id);
        Ok(newest_first.limit(limit).all(db).await?)
    }

    /// What was proposed and done about a break, oldest first.
    pub async fn resolutions(
        &self,
        of: BreakId,
        by: &Member,
        roles: &[Role],
    ) -> Result<Vec<resolution::Model>, BreakError> {
        let db = self.db.read();
        let about = discrepancy::Entity::find_by_id(of).one(db).await?.ok_or(BreakError::NoSuchBreak)?;
        by.may(roles, &crowdfunding::book_place(db, about.book_id).await?)?;
        let rows = resolution::Entity::find()
            .filter(resolution::Column::BreakId.eq(of))
            .order_by_asc(resolution::Column::CreatedUs)
            .order_by_asc(resolution::Column::Id)
            .all(db)
            .await?;
        Ok(rows)
    }

    /// The ways out of a break, each with the entry it would book today. None if it is over.
    pub async fn ways(&self, of: BreakId, by: &Member, roles: &[Role]) -> Result<Vec<Way>, BreakError> {
        let db = self.db.read();
        let about = discrepancy::Entity::find_by_id(of).one(db).await?.ok_or(BreakError::NoSuchBreak)?;
        by.may(roles, &crowdfunding::book_place(db, about.book_id).await?)?;
        if about.state != "open" {
            return Ok(Vec::new());
        }
        let today = self.business.today();
        let mut ways = Vec::new();
        let of_loan = loans::is_one(&about);
        let of_bank = about.item.starts_with(reconciliation::AT_BANK);
        if of_loan {
            // Tried and taken back: what it would book is known only when it is checked.
            let tx = self.db.begin().await?;
            if let Some(loans::Followed { recorded, entry }) = loans::followed(&tx, self.business.now(), &about).await?
            {
                ways.push(Way { choice: ResolutionChoice::Follow, of_loan, of_bank, recorded, entry });
            }
            ways.push(Way { choice: ResolutionChoice::Correct, of_loan, of_bank, recorded: false, entry: None });
        }
        let told = told(db, &about).await?;
        if about.suspense {
            let failed = failed_return(db, about.id).await?;
            for choice in [ResolutionChoice::Gift, ResolutionChoice::General] {
                match gift_entry(db, (&about, failed.as_ref()), choice, told.as_ref(), today).await {
                    Ok(entry) => {
                        let entry = Some(entry);
                        ways.push(Way { choice, of_loan, of_bank, recorded: true, entry });
                    }
                    // The campaign may receive nothing, or may and comes first; or the money has to go back before.
                    Err(
                        BreakError::Gift(
                            CrowdfundingError::Giving(_)
                            | CrowdfundingError::CampaignReceives
                            | CrowdfundingError::NoSuchBook,
                        )
                        | BreakError::NoOrder
                        | BreakError::ReturnFirst
                        | BreakError::NeverPaid,
                    ) => {}
                    Err(error) => return Err(error),
                }
            }
            // One that failed is sent again, not proposed again.
            if failed.is_none() {
                let entry = postings::suspense_returned(about.book_id, ResolutionId::new(), about.amount_fen, today);
                let (choice, entry) = (ResolutionChoice::Return, Some(entry));
                ways.push(Way { choice, of_loan, of_bank, recorded: true, entry });
            }
        }
        if let Some(way) = followed(db, &about, told).await? {
            let entry = Some(way.entry().clone());
            ways.push(Way { choice: ResolutionChoice::Follow, of_loan, of_bank, recorded: true, entry });
        }
        if !about.suspense {
            ways.push(Way { choice: ResolutionChoice::Explain, of_loan, of_bank, recorded: false, entry: None });
        }
        Ok(ways)
    }

    /// Proposes a way out. The same id with the same content again answers the one that stands.
    pub async fn propose(&self, new: NewResolution, by: &Member) -> Result<resolution::Model, BreakError> {
        by.must_be(&[Role::Cashier, Role::Bookkeeper])?;
        let reason = new.reason.trim().to_owned();
        if reason.is_empty() || reason.chars().count() > 500 {
            return Err(BreakError::Invalid { field: "reason", problem: "请填写原因，最多500字" });
        }
        let now = self.business.now();
        let told = if reads_bills(new.choice) { self.told(new.of).await? } else { None };
        let tx = self.db.begin().await?;
        let of = locked(&tx, new.of).await?;
        let hand = Hand::in_book(of.book_id, by, &[Role::Cashier, Role::Bookkeeper])?;
        if let Some(known) = resolution::Entity::find_by_id(new.id).one(&tx).await? {
            let same = (known.break_id, known.choice, &known.reason) == (new.of, new.choice, &reason);
            return if same { Ok(known) } else { Err(BreakError::IdReused) };
        }
        if of.state != "open" {
            return Err(BreakError::UnderWay);
        }
        // A return that failed leaves room for another way; what else is under way, the index keeps apart.
        let failed = failed_return(&tx, of.id).await?;
        if failed.is_some() && new.choice == ResolutionChoice::Return {
            return Err(BreakError::UnderWay);
        }
        // Money in suspense leaves it by an entry; a difference without money is explained, or booked as the other side says.
        let of_loan = loans::is_one(&of);
        let fits = match new.choice {
            ResolutionChoice::Gift | ResolutionChoice::General | ResolutionChoice::Return => of.suspense,
            ResolutionChoice::Explain => !of.suspense,
            ResolutionChoice::Correct => of_loan,
            ResolutionChoice::Follow if of_loan => loans::followed(&tx, now, &of).await?.is_some(),
            ResolutionChoice::Follow => followed(&tx, &of, told.clone()).await?.is_some(),
        };
        if !fits {
            return Err(BreakError::WrongChoice);
        }
        if is_gift(new.choice) {
            // What the second person could not agree with is not proposed.
            let of = (&of, failed.as_ref());
            gift_entry(&tx, of, new.choice, told.as_ref(), BusinessDate::of(now)).await?;
        }
        let row = resolution::ActiveModel {
            id: Set(new.id),
            break_id: Set(new.of),
            choice: Set(new.choice),
            reason: Set(reason),
            state: Set(ResolutionState::Proposed),
            author_id: Set(by.id),
            author_for_id: Set(hand.acting_for()),
            approver_id: Set(None),
            attempt: Set(1),
            channel_refund_id: Set(None),
            last_error: Set(None),
            created_us: Set(now),
            decided_us: Set(None),
            next_try_us: Set(now),
            finished_us: Set(None),
            approver_for_id: Set(None),
        };
        let row = row.insert(&tx).await.map_err(|error| match violation(&error) {
            // PostgreSQL names the index, SQLite its column.
            Some(rule) if rule.contains("resolution_open_key") || rule.contains("break_id") => BreakError::UnderWay,
            _ => error.into(),
        })?;
        self.trail(&tx, now, "break.propose", &row, &of, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// What the channel's bills say of a break: read before the transaction that decides, for they may be long.
    async fn told(&self, of: BreakId) -> Result<Option<reconciliation::Told>, BreakError> {
        let db = self.db.read();
        let of = discrepancy::Entity::find_by_id(of).one(db).await?.ok_or(BreakError::NoSuchBreak)?;
        told(db, &of).await
    }

    /// Another person decides. A gift, and what the channel's bills say, is booked at once; a return is sent by the job.
    pub async fn decide(
        &self,
        id: ResolutionId,
        decision: impl Into<Decision>,
        by: &Member,
    ) -> Result<resolution::Model, BreakError> {
        by.must_be(&[Role::Bookkeeper, Role::FinanceHead])?;
        let decision = decision.into();
        let agree = decision.agrees();
        let now = self.business.now();
        let seen = self.get(id).await?;
        let told = if agree && reads_bills(seen.choice) { self.told(seen.break_id).await? } else { None };
        if agree && seen.state == ResolutionState::Proposed {
            self.clear_up(seen.break_id, by).await?;
        }
        let tx = self.db.begin().await?;
        let Loaded { row, of } = load(&tx, id).await?;
        let hand = Hand::in_book(of.book_id, by, &[Role::Bookkeeper, Role::FinanceHead])?;
        if hand.is_of([Some(row.author_id), row.author_for_id]) {
            return Err(BreakError::OtherPerson);
        }
        let event = match (agree, row.choice) {
            (false, _) => ResolutionEvent::Decline,
            (true, ResolutionChoice::Gift | ResolutionChoice::General) => ResolutionEvent::TakeAsGift,
            (true, ResolutionChoice::Return) => ResolutionEvent::SendBack,
            (true, ResolutionChoice::Follow) => ResolutionEvent::Follow,
            (true, ResolutionChoice::Correct) => ResolutionEvent::HandBack,
            (true, ResolutionChoice::Explain) => ResolutionEvent::Explain,
        };
        let to = row.state.on(event)?;
        let failed = if agree { failed_return(&tx, of.id).await? } else { None };
        if event == ResolutionEvent::TakeAsGift {
            gift_entry(&tx, (&of, failed.as_ref()), row.choice, told.as_ref(), BusinessDate::of(now)).await?;
            let stray = Adoption {
                id: DonationId::from(id.uuid()),
                transaction_id: of.item.clone(),
                amount: of.amount_fen,
                paid: of.created_us,
                settled: of.settled_us,
                actor: by.id.to_string(),
            };
            if row.choice == ResolutionChoice::General {
                crowdfunding::adopt_to_general(&tx, now, stray, (of.book_id, of.donation_id)).await?;
            } else {
                crowdfunding::adopt(&tx, now, stray, of.donation_id.ok_or(BreakError::NoOrder)?).await?;
            }
        }
        trail::because(&tx, now, format!("resolution:{id}"), decision.reason(), by).await?;
        // What the bills say now; if a later bill or run has made the books agree meanwhile, nothing.
        if event == ResolutionEvent::Follow && loans::is_one(&of) {
            loans::follow(&tx, now, &of, &row, &trail::staff(by.id)).await?;
        } else if event == ResolutionEvent::Follow {
            match followed(&tx, &of, told).await? {
                Some(Follow::Book(entry)) => book(&tx, now, entry.by(by.id.to_string())).await?,
                Some(Follow::Settle(payment, _)) => {
                    let mchid = self.wechat.mchid().to_owned();
                    let house = cashier::House { templates: self.templates.clone(), mchid };
                    cashier::settle(&tx, now, &house, &[payment]).await?;
                }
                Some(Follow::Back(transfer, number, _)) => {
                    let back = transfers::tie(&tx, now, transfer, Line::Return(&number), of.day).await;
                    back.map_err(|error| of_bills(error.into()))?;
                }
                None => {}
            }
        }
        let done = to == ResolutionState::Done;
        let row = moved(&tx, row, to, |row| {
            row.approver_id = Set(Some(by.id));
            row.approver_for_id = Set(hand.acting_for());
            row.decided_us = Set(Some(now));
            row.next_try_us = Set(now);
            row.finished_us = Set(done.then_some(now));
        })
        .await?;
        if done {
            if let Some(failed) = failed {
                moved(&tx, failed, ResolutionState::Failed.on(ResolutionEvent::Supersede)?, |row| {
                    row.finished_us = Set(Some(now));
                })
                .await?;
            }
            close(&tx, &of).await?;
        }
        self.trail(&tx, now, if agree { "break.agree" } else { "break.decline" }, &row, &of, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Sends a return that failed again, under a new number, after the channel was asked for those it had: what was mended at its own site goes
    /// back under its own number.
    pub async fn retry(&self, id: ResolutionId, by: &Member) -> Result<resolution::Model, BreakError> {
        by.must_be(&[Role::Cashier, Role::Bookkeeper, Role::FinanceHead])?;
        let seen = self.get(id).await?;
        if seen.state == ResolutionState::Failed {
            self.clear_up(seen.break_id, by).await?;
        }
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let Loaded { row, of } = load(&tx, id).await?;
        Hand::in_book(of.book_id, by, &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead])?;
        let to = row.state.on(ResolutionEvent::Retry)?;
        only_way(&tx, of.id).await?;
        let attempt = row.attempt + 1;
        let row = moved(&tx, row, to, |row| {
            row.attempt = Set(attempt);
            row.channel_refund_id = Set(None);
            row.next_try_us = Set(now);
        })
        .await?;
        self.trail(&tx, now, "break.retry", &row, &of, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A head of finance who did not propose it says that a failed return was paid from this bank account. The channel is
    /// asked once more before: what it has paid after all, or still works on, is not paid twice, and while it does not answer, or speaks of
    /// another refund, nothing is decided.
    pub async fn paid_by_bank(
        &self,
        id: ResolutionId,
        bank_account: &str,
        by: &Member,
    ) -> Result<resolution::Model, BreakError> {
        by.must_be(&[Role::FinanceHead])?;
        let seen = self.get(id).await?;
        if seen.state == ResolutionState::Failed {
            self.clear_up(seen.break_id, by).await?;
        }
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let Loaded { row, of } = load(&tx, id).await?;
        let hand = Hand::in_book(of.book_id, by, &[Role::FinanceHead])?;
        let to = row.state.on(ResolutionEvent::PayByBank)?;
        only_way(&tx, of.id).await?;
        if hand.is_of([Some(row.author_id), row.author_for_id]) {
            return Err(BreakError::OtherPerson);
        }
        let on = BusinessDate::of(now);
        let entry = postings::suspense_returned_by_bank(of.book_id, id, of.amount_fen, bank_account, on);
        book(&tx, now, entry.by(by.id.to_string())).await?;
        let row = moved(&tx, row, to, |row| row.finished_us = Set(Some(now))).await?;
        close(&tx, &of).await?;
        self.trail(&tx, now, "break.paid_by_bank", &row, &of, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Before a return that failed gives way, is sent again or paid by bank: asks the channel for each number it had. What it has given back after
    /// all is booked, what it works on is waited for, and while it does not answer, or speaks of another refund, nothing is decided.
    async fn clear_up(&self, of: BreakId, by: &Member) -> Result<(), BreakError> {
        let db = self.db.read();
        let of = discrepancy::Entity::find_by_id(of).one(db).await?.ok_or(BreakError::NoSuchBreak)?;
        // Nobody has it asked who may not decide.
        Hand::in_book(of.book_id, by, &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead])?;
        let Some(failed) = failed_return(db, of.id).await? else { return Ok(()) };
        for attempt in 1..=failed.attempt {
            match self.wechat.query_refund(&failed.id.out_refund_no(attempt)).await {
                Ok(answer) => {
                    let told = Told::from(&answer);
                    if let Some(why) = contradicts(&told, &of) {
                        return Err(BreakError::Contradicted(why));
                    }
                    match answer.status {
                        RefundStatus::Processing => return Err(BreakError::UnderWay),
                        RefundStatus::Success => self.heard(failed.id, attempt, &told).await?,
                        _ => {}
                    }
                }
                // It never took the refund, so it cannot make it.
                Err(WechatError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Sends returns that are decided and asks for those under way. Answers how many went on, and how many did not.
    pub async fn send_due(&self) -> Result<(u64, u64), BreakError> {
        let due = resolution::Entity::find()
            .filter(resolution::Column::State.is_in([ResolutionState::Approved, ResolutionState::Processing]))
            .filter(resolution::Column::NextTryUs.lte(self.business.now()))
            .order_by_asc(resolution::Column::NextTryUs)
            .limit(BATCH)
            .all(self.db.read())
            .await?;
        let mut done = (0, 0);
        for row in due {
            let outcome = match row.state {
                ResolutionState::Approved => self.send(&row).await,
                _ => self.ask(&row).await,
            };
            match outcome {
                Ok(()) => done.0 += 1,
                Err(error) => {
                    done.1 += 1;
                    tracing::warn!(resolution = %row.id, error = &error as &dyn std::error::Error, "a return did not go on");
                }
            }
        }
        Ok(done)
    }

    async fn send(&self, listed: &resolution::Model) -> Result<(), BreakError> {
        // The list may have grown old.
        let row = &self.get(listed.id).await?;
        if row.state != ResolutionState::Approved || row.attempt != listed.attempt {
            return Ok(());
        }
        let of = discrepancy::Entity::find_by_id(row.break_id).one(self.db.read()).await?;
        let of = of.ok_or(BreakError::NoSuchBreak)?;
        let request = RefundRequest {
            order: OrderReference::TransactionId(of.item),
            out_refund_no: row.id.out_refund_no(row.attempt),
            reason: Some("支付与订单不符，原路退回".to_owned()),
            refund: of.amount_fen,
            total: of.amount_fen,
        };
        match self.wechat.refund(&request).await {
            Ok(answer) => self.heard(row.id, row.attempt, &Told::from(&answer)).await,
            Err(WechatError::NotEnough(_)) => {
                self.wait(row.id, "微信商户可用余额不足，请充值后自动重试", NOT_ENOUGH_AGAIN).await
            }
            Err(error) if error.refuses_us() => {
                self.wait(row.id, &refunds::refused_us(&error), refunds::REFUSED_US_AGAIN).await?;
                Err(error.into())
            }
            Err(error @ (WechatError::Refused(_) | WechatError::NotFound(_) | WechatError::Invalid(_))) => {
                self.fail(row.id, row.attempt, &refunds::refused(&error)).await
            }
            Err(error) => {
                self.wait(row.id, "微信未明确答复，将以同一单号重试", UNCLEAR_AGAIN).await?;
                Err(error.into())
            }
        }
    }

    async fn ask(&self, row: &resolution::Model) -> Result<(), BreakError> {
        match self.wechat.query_refund(&row.id.out_refund_no(row.attempt)).await {
            Ok(answer) => self.heard(row.id, row.attempt, &Told::from(&answer)).await,
            Err(error) => {
                self.wait(row.id, "微信退款查询失败，稍后再查", UNCLEAR_AGAIN).await?;
                Err(error.into())
            }
        }
    }

    /// Takes the channel's message about a return. Answers whether it was about one of ours.
    pub async fn notified(&self, message: &RefundNotification) -> Result<bool, BreakError> {
        let Some((id, attempt)) = ResolutionId::from_out_refund_no(&message.out_refund_no) else { return Ok(false) };
        match self.heard(id, attempt, &Told::from(message)).await {
            Err(BreakError::NoSuchResolution) => Ok(false),
            other => other.map(|()| true),
        }
    }

    /// The one door for what the channel says of a return. What does not speak of all of that payment (facts: wechat 3.6) changes nothing and
    /// is told where somebody looks.
    async fn heard(&self, id: ResolutionId, attempt: i64, told: &Told<'_>) -> Result<(), BreakError> {
        let now = self.business.now();
        let of = self.get(id).await?.break_id;
        let of = discrepancy::Entity::find_by_id(of).one(self.db.read()).await?.ok_or(BreakError::NoSuchBreak)?;
        if let Some(why) = contradicts(told, &of) {
            tracing::error!(resolution = %id, why, "the channel speaks of another refund under this number");
            return self.wait(id, why, UNCLEAR_AGAIN).await;
        }
        match told.status {
            RefundStatus::Closed | RefundStatus::Abnormal => return self.fail(id, attempt, told.status.as_str()).await,
            RefundStatus::Success => {}
            _ => {
                let tx = self.db.begin().await?;
                let Loaded { row, .. } = load(&tx, id).await?;
                let under_way = row.attempt == attempt
                    && matches!(row.state, ResolutionState::Approved | ResolutionState::Processing);
                if under_way {
                    let number = told.number.to_owned();
                    moved(&tx, row, ResolutionState::Processing, |row| {
                        row.channel_refund_id = Set(Some(number));
                        row.last_error = Set(None);
                        row.next_try_us = Set(now.after(ASK_AGAIN));
                    })
                    .await?;
                    tx.commit().await?;
                }
                return Ok(());
            }
        }
        let tx = self.db.begin().await?;
        match returned(&tx, now, (id, attempt), told.number, told.success.unwrap_or(now)).await {
            Ok(_) => Ok(tx.commit().await?),
            // Another way was carried out since the channel said that it cannot. The bill lists what left twice, and reconciliation makes a
            // break of it; told again, it would be no other.
            Err(BreakError::Refused(Refused {
                state: ResolutionState::Superseded,
                event: ResolutionEvent::Success,
            })) => {
                tracing::error!(resolution = %id, "the channel made a return that another way had taken the place of");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn fail(&self, id: ResolutionId, attempt: i64, why: &str) -> Result<(), BreakError> {
        let tx = self.db.begin().await?;
        let Loaded { row, .. } = load(&tx, id).await?;
        // It speaks of an attempt that is over, or is told again: what came after stands.
        let (true, Ok(to)) = (row.attempt == attempt, row.state.on(ResolutionEvent::Failure)) else { return Ok(()) };
        moved(&tx, row, to, |row| row.last_error = Set(Some(why.to_owned()))).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn wait(&self, id: ResolutionId, why: &str, again: Duration) -> Result<(), BreakError> {
        let tx = self.db.begin().await?;
        let sql = "UPDATE resolution SET last_error = $1, next_try_us = $2 WHERE id = $3 AND state IN ('approved', 'processing')";
        execute(&tx, sql, [why.into(), self.business.now().after(again).into(), id.into()]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A resolution by id.
    pub async fn get(&self, id: ResolutionId) -> Result<resolution::Model, BreakError> {
        resolution::Entity::find_by_id(id).one(self.db.read()).await?.ok_or(BreakError::NoSuchResolution)
    }

    async fn trail(
        &self,
        tx: &Tx,
        now: Timestamp,
        action: &'static str,
        row: &resolution::Model,
        of: &discrepancy::Model,
        by: &Member,
    ) -> Result<(), DbErr> {
        trail::money(tx, now, action, format!("break:{}", of.id), (of.amount_fen, row.state), by).await
    }
}

/// The references under which a resolution of a loan's break may have booked; nothing if the break is none of a loan. None of them need
/// be there: what the books followed already was not booked again.
pub fn loan_references(of: &discrepancy::Model, resolution: &resolution::Model) -> Option<[String; 2]> {
    loans::is_one(of).then(|| loans::references(of, resolution))
}

/// The number by which the entry of a break that was followed is found.
pub fn entry_number(item: &str) -> String {
    reconciliation::refund_key(item)
}

/// Whether a choice makes a gift of money in suspense.
fn is_gift(choice: ResolutionChoice) -> bool {
    matches!(choice, ResolutionChoice::Gift | ResolutionChoice::General)
}

/// Whether the channel's bills have a say in a choice: they are followed, or do not know what would be a gift.
fn reads_bills(choice: ResolutionChoice) -> bool {
    is_gift(choice) || choice == ResolutionChoice::Follow
}

/// The entry with which money in suspense would become a gift: to the campaign of the order it names, or to the general fund. What names an order
/// goes there only if the channel could not give it back (docs/decisions/0025).
async fn gift_entry(
    db: &impl ConnectionTrait,
    (of, failed): (&discrepancy::Model, Option<&resolution::Model>),
    choice: ResolutionChoice,
    told: Option<&reconciliation::Told>,
    on: BusinessDate,
) -> Result<Entry, BreakError> {
    if matches!(told, Some(reconciliation::Told::Never)) {
        return Err(BreakError::NeverPaid);
    }
    let (id, number, amount) = (DonationId::new(), of.item.as_str(), of.amount_fen);
    if choice == ResolutionChoice::Gift {
        let order = of.donation_id.ok_or(BreakError::NoOrder)?;
        return Ok(crowdfunding::adoption_entry(db, (id, order), number, amount, on).await?);
    }
    let entry = crowdfunding::general_entry(db, (id, of.book_id, of.donation_id), number, amount, on).await?;
    if of.donation_id.is_some() && failed.is_none() {
        return Err(BreakError::ReturnFirst);
    }
    Ok(entry)
}

/// The return of a break that failed and was not ended otherwise.
async fn failed_return(db: &impl ConnectionTrait, of: BreakId) -> Result<Option<resolution::Model>, DbErr> {
    resolution::Entity::find()
        .filter(resolution::Column::BreakId.eq(of))
        .filter(resolution::Column::State.eq(ResolutionState::Failed))
        .one(db)
        .await
}

/// What waits for a decision about a break, if anything does.
async fn proposed(tx: &Tx, of: BreakId) -> Result<Option<resolution::Model>, DbErr> {
    resolution::Entity::find()
        .filter(resolution::Column::BreakId.eq(of))
        .filter(resolution::Column::State.eq(ResolutionState::Proposed))
        .one(tx)
        .await
}

/// Refuses to go on with a return that failed while another way out waits for a decision.
async fn only_way(tx: &Tx, of: BreakId) -> Result<(), BreakError> {
    if proposed(tx, of).await?.is_some() { Err(BreakError::UnderWay) } else { Ok(()) }
}

/// In which way the channel does not speak of all of the payment in suspense.
fn contradicts(told: &Told<'_>, of: &discrepancy::Model) -> Option<&'static str> {
    told.contradicts(of.amount_fen, (Some(&of.item), of.amount_fen))
}

/// What the channel's bills say of a break that is open.
async fn told(
    db: &(impl ConnectionTrait + StreamTrait),
    of: &discrepancy::Model,
) -> Result<Option<reconciliation::Told>, BreakError> {
    if of.state != "open" || loans::is_one(of) {
        Ok(None)
    } else {
        reconciliation::told(db, of).await.map_err(of_bills)
    }
}

/// With what the books follow them, if they do not say the same.
async fn followed(
    db: &impl ConnectionTrait,
    of: &discrepancy::Model,
    told: Option<reconciliation::Told>,
) -> Result<Option<Follow>, BreakError> {
    let Some(told) = told else { return Ok(None) };
    reconciliation::follow(db, of, told).await.map_err(of_bills)
}

fn of_bills(error: ReconcileError) -> BreakError {
    match error {
        ReconcileError::Db(error) => error.into(),
        error => Box::new(error).into(),
    }
}

/// The channel has given the money back: booked once, whoever says it (its answer, its message, its bill). Answers whether now.
pub(crate) async fn returned(
    tx: &Tx,
    now: Timestamp,
    (id, attempt): (ResolutionId, i64),
    channel_refund_id: &str,
    at: Timestamp,
) -> Result<bool, BreakError> {
    let Loaded { row, of } = load(tx, id).await?;
    if row.state == ResolutionState::Done {
        return Ok(false);
    }
    let to = row.state.on(ResolutionEvent::Success)?;
    // Nothing is left to decide about.
    if let Some(other) = proposed(tx, of.id).await? {
        moved(tx, other, ResolutionState::Proposed.on(ResolutionEvent::Supersede)?, |row| {
            row.finished_us = Set(Some(now));
        })
        .await?;
    }
    let (number, on) = (id.out_refund_no(attempt), BusinessDate::of(at));
    book(tx, now, postings::suspense_returned(of.book_id, id, of.amount_fen, on).document(Some(number))).await?;
    let number = channel_refund_id.to_owned();
    moved(tx, row, to, |row| {
        row.channel_refund_id = Set(Some(number));
        row.last_error = Set(None);
        row.finished_us = Set(Some(now));
    })
    .await?;
    close(tx, &of).await?;
    Ok(true)
}

async fn locked(tx: &Tx, id: BreakId) -> Result<discrepancy::Model, BreakError> {
    let row = discrepancy::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    row.ok_or(BreakError::NoSuchBreak)
}

/// The break first: it is what every step locks.
async fn load(tx: &Tx, id: ResolutionId) -> Result<Loaded, BreakError> {
    let seen = resolution::Entity::find_by_id(id).one(tx).await?.ok_or(BreakError::NoSuchResolution)?;
    let of = locked(tx, seen.break_id).await?;
    let row = resolution::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    Ok(Loaded { row: row.ok_or(BreakError::NoSuchResolution)?, of })
}

async fn moved(
    tx: &Tx,
    row: resolution::Model,
    to: ResolutionState,
    change: impl FnOnce(&mut resolution::ActiveModel),
) -> Result<resolution::Model, DbErr> {
    let mut active: resolution::ActiveModel = row.into();
    active.state = Set(to);
    change(&mut active);
    active.update(tx).await
}

async fn close(tx: &Tx, of: &discrepancy::Model) -> Result<(), DbErr> {
    execute(tx, "UPDATE discrepancy SET state = 'resolved' WHERE id = $1", [of.id.into()]).await?;
    Ok(())
}

async fn book(tx: &Tx, now: Timestamp, entry: Entry) -> Result<(), BreakError> {
    for booked in ledger::post(tx, now, &[entry]).await? {
        booked?;
    }
    Ok(())
}
