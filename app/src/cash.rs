//! Counting of cash boxes (库存现金盘点; facts: charity 6.2, entries 7 and 24). The cashier counts, another person signs at the box; if the
//! books say something else the difference is booked at that moment, and a third person says what becomes of it. The database compares
//! the persons. What the books say is told to nobody here before both have signed: who counts finds what is there, not what should be.

use crowdfunding::Hand;
use domain::cash::{CountEvent, CountState, DifferenceChoice, Pieces, worth};
use domain::role::{Forbidden, Member, Role};
use domain::{BookId, BusinessDate, CashCountId, Clock, Money, Refused, Timestamp};
use entity::{Db, Tx, account, book, cash_count, violation};
use ledger::{Account, Entry, Subject};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};

use crate::{postings, trail};

/// Who counts.
const COUNTERS: [Role; 1] = [Role::Cashier];
/// Who signs beside them.
const WITNESSES: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
/// Who settles a difference.
const DECIDERS: [Role; 2] = [Role::FinanceHead, Role::Chair];
/// Who reads.
pub const READERS: [Role; 5] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Chair, Role::Auditor];

/// Why nothing was done about a count.
#[derive(Debug, thiserror::Error)]
pub enum CashError {
    /// There is no such count.
    #[error("no such count")]
    NoSuchCount,
    /// There is no such book.
    #[error("no such book")]
    NoSuchBook,
    /// The id stands for another count.
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
    /// The books know no such box, and nobody said that it is a new one.
    #[error("the book has no cash box {name}")]
    NoSuchBox {
        /// As it was named.
        name: String,
        /// Those of the book.
        known: Vec<String>,
    },
    /// The box is being counted.
    #[error("a count of this box is under way")]
    UnderWay,
    /// The books moved between the count and the signature. By how much is not said: the box is counted again.
    #[error("the books have moved since it was counted")]
    Moved,
    /// This choice is not for such a difference.
    #[error("this choice is not for such a difference")]
    WrongChoice,
    /// Who counted does not sign, and who did either does not settle.
    #[error("another person has to do this step")]
    OtherPerson,
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// It is in no state for it.
    #[error(transparent)]
    Refused(#[from] Refused<CountState, CountEvent>),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] ledger::Refusal),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// A count as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCount {
    /// Made by the client.
    pub id: CashCountId,
    /// Of which book.
    pub book: BookId,
    /// Which box.
    pub cash_box: String,
    /// Whether it may be a box that the books do not know yet: otherwise such a name is a slip, and its count would book a surplus.
    pub new_box: bool,
    /// What lay in it.
    pub pieces: Vec<Pieces>,
}

/// What the books said when a box was counted, and how far the count is off it; none before both have signed, nor of a count that was given
/// up.
pub fn told_of(row: &cash_count::Model) -> Option<(Money, Money)> {
    // Neither amount is negative, so the difference fits.
    let difference = Money::from_fen(row.counted_fen.fen() - row.booked_fen.fen());
    row.signed_us.map(|_| (row.booked_fen, difference))
}

/// The cash boxes of the program.
#[derive(Clone, Debug)]
pub struct Cash {
    db: Db,
    clock: Clock,
}

impl Cash {
    pub(crate) fn new(db: Db, clock: Clock) -> Cash {
        Cash { db, clock }
    }

    /// The boxes of a book that its books know, by name.
    pub async fn boxes(&self, book: BookId, by: &Member) -> Result<Vec<String>, CashError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        book::Entity::find_by_id(book).one(db).await?.ok_or(CashError::NoSuchBook)?;
        by.may(&READERS, &crowdfunding::book_place(db, book).await?)?;
        Ok(boxes(db, book).await?)
    }

    /// Writes down what lies in a box, today. The same id with the same content again answers the count that stands.
    pub async fn count(&self, new: NewCount, by: &Member) -> Result<cash_count::Model, CashError> {
        by.must_be(&COUNTERS)?;
        let cash_box = new.cash_box.trim().to_owned();
        let fits = |c: char| !c.is_control() && !matches!(c, '[' | ']' | ',' | '=');
        if !(1..=60).contains(&cash_box.chars().count()) || !cash_box.chars().all(fits) {
            return Err(CashError::Invalid {
                field: "box", problem: "钱箱名称为1至60个字，不含方括号、逗号和等号"
            });
        }
        let counted = worth(&new.pieces);
        let counted = counted
            .ok_or(CashError::Invalid { field: "pieces", problem: "面额不存在或重复，或数量过大" })?;
        let pieces = serde_json::to_string(&new.pieces).map_err(|error| DbErr::Json(error.to_string()))?;
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        book::Entity::find_by_id(new.book).one(&tx).await?.ok_or(CashError::NoSuchBook)?;
        let hand = Hand::in_book(new.book, by, &COUNTERS)?;
        if let Some(standing) = cash_count::Entity::find_by_id(new.id).one(&tx).await? {
            let same = (standing.book_id, standing.counter_id) == (new.book, by.id)
                && (&standing.cash_box, &standing.pieces) == (&cash_box, &pieces);
            return if same { Ok(standing) } else { Err(CashError::IdReused) };
        }
        if !new.new_box {
            let known = boxes(&tx, new.book).await?;
            if !known.contains(&cash_box) {
                return Err(CashError::NoSuchBox { name: cash_box, known });
            }
        }
        let booked = booked(&tx, new.book, &cash_box).await?;
        let row = cash_count::ActiveModel {
            id: Set(new.id),
            book_id: Set(new.book),
            cash_box: Set(cash_box),
            counted_on: Set(BusinessDate::of(now)),
            pieces: Set(pieces),
            counted_fen: Set(counted),
            booked_fen: Set(booked),
            state: Set(CountState::Counted),
            choice: Set(None),
            reason: Set(None),
            counter_id: Set(by.id),
            counter_for_id: Set(hand.acting_for()),
            witness_id: Set(None),
            witness_for_id: Set(None),
            decider_id: Set(None),
            decider_for_id: Set(None),
            created_us: Set(now),
            signed_us: Set(None),
            decided_us: Set(None),
        };
        let row = row.insert(&tx).await.map_err(|error| match violation(&error) {
            // PostgreSQL names the index, SQLite its columns.
            Some(rule) if rule.contains("cash_count_open_key") || rule.contains("cash_count.book_id") => {
                CashError::UnderWay
            }
            _ => error.into(),
        })?;
        self.told(&tx, now, "cash.count", &row, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Signs a count: another person, who saw it. What the books say differently is booked now (entry 24).
    pub async fn sign(&self, id: CashCountId, by: &Member) -> Result<cash_count::Model, CashError> {
        by.must_be(&WITNESSES)?;
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = locked(&tx, id).await?;
        let hand = Hand::in_book(row.book_id, by, &WITNESSES)?;
        if hand.is_of([Some(row.counter_id), row.counter_for_id]) {
            return Err(CashError::OtherPerson);
        }
        let difference = row.counted_fen.fen() - row.booked_fen.fen();
        let to = row.state.on(if difference == 0 { CountEvent::SignEqual } else { CountEvent::SignDifferent })?;
        if difference != 0 {
            let entry = postings::cash_difference(row.book_id, id, &row.cash_box, difference, row.counted_on);
            for posted in ledger::post(&tx, now, &[entry.by(by.id.to_string())]).await? {
                posted?;
            }
        }
        // The books may have moved since: then nobody knows what was missing when. The account is locked by the entry, if there is one.
        let stands = booked(&tx, row.book_id, &row.cash_box).await?.fen() - difference;
        if stands != row.booked_fen.fen() {
            return Err(CashError::Moved);
        }
        let mut active: cash_count::ActiveModel = row.into();
        active.state = Set(to);
        active.witness_id = Set(Some(by.id));
        active.witness_for_id = Set(hand.acting_for());
        active.signed_us = Set(Some(now));
        let row = active.update(&tx).await?;
        self.told(&tx, now, "cash.sign", &row, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Says what becomes of a difference: a third person.
    pub async fn settle(
        &self,
        id: CashCountId,
        choice: DifferenceChoice,
        reason: &str,
        by: &Member,
    ) -> Result<cash_count::Model, CashError> {
        by.must_be(&DECIDERS)?;
        let reason = reason.trim();
        if !(2..=500).contains(&reason.chars().count()) {
            return Err(CashError::Invalid { field: "reason", problem: "请填写原因，2至500字" });
        }
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = locked(&tx, id).await?;
        let hand = Hand::in_book(row.book_id, by, &DECIDERS)?;
        let had_part = [Some(row.counter_id), row.counter_for_id, row.witness_id, row.witness_for_id];
        if hand.is_of(had_part) {
            return Err(CashError::OtherPerson);
        }
        let to = row.state.on(CountEvent::Settle)?;
        if choice.is_of_shortage() != (row.counted_fen < row.booked_fen) {
            return Err(CashError::WrongChoice);
        }
        let amount = Money::from_fen((row.counted_fen.fen() - row.booked_fen.fen()).abs());
        let entry: Entry =
            postings::cash_difference_settled(row.book_id, id, &row.cash_box, choice, amount, BusinessDate::of(now));
        for posted in ledger::post(&tx, now, &[entry.by(by.id.to_string())]).await? {
            posted?;
        }
        let mut active: cash_count::ActiveModel = row.into();
        active.state = Set(to);
        active.choice = Set(Some(choice));
        active.reason = Set(Some(reason.to_owned()));
        active.decider_id = Set(Some(by.id));
        active.decider_for_id = Set(hand.acting_for());
        active.decided_us = Set(Some(now));
        let row = active.update(&tx).await?;
        self.told(&tx, now, "cash.settle", &row, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Gives a count up before it is signed; a new one can be made.
    pub async fn withdraw(&self, id: CashCountId, by: &Member) -> Result<cash_count::Model, CashError> {
        by.must_be(&COUNTERS)?;
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = locked(&tx, id).await?;
        Hand::in_book(row.book_id, by, &COUNTERS)?;
        let to = row.state.on(CountEvent::Withdraw)?;
        let mut active: cash_count::ActiveModel = row.into();
        active.state = Set(to);
        let row = active.update(&tx).await?;
        self.told(&tx, now, "cash.withdraw", &row, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A count.
    pub async fn get(&self, id: CashCountId, by: &Member) -> Result<cash_count::Model, CashError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        let row = cash_count::Entity::find_by_id(id).one(db).await?.ok_or(CashError::NoSuchCount)?;
        by.may(&READERS, &crowdfunding::book_place(db, row.book_id).await?)?;
        Ok(row)
    }

    /// A page of a book's counts, newest first.
    pub async fn page(
        &self,
        book: BookId,
        by: &Member,
        after: Option<CashCountId>,
        limit: u64,
    ) -> Result<Vec<cash_count::Model>, CashError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        book::Entity::find_by_id(book).one(db).await?.ok_or(CashError::NoSuchBook)?;
        by.may(&READERS, &crowdfunding::book_place(db, book).await?)?;
        let mut query = cash_count::Entity::find().filter(cash_count::Column::BookId.eq(book));
        if let Some(after) = after {
            let last = cash_count::Entity::find_by_id(after).one(db).await?.ok_or(CashError::NoSuchCount)?;
            query = query.filter(
                Condition::any().add(cash_count::Column::CreatedUs.lt(last.created_us)).add(
                    Condition::all()
                        .add(cash_count::Column::CreatedUs.eq(last.created_us))
                        .add(cash_count::Column::Id.lt(last.id)),
                ),
            );
        }
        let newest_first = query.order_by_desc(cash_count::Column::CreatedUs).order_by_desc(cash_count::Column::Id);
        Ok(newest_first.limit(limit).all(db).await?)
    }

    async fn told(
        &self,
        tx: &Tx,
        now: Timestamp,
        action: &'static str,
        row: &cash_count::Model,
        by: &Member,
    ) -> Result<(), DbErr> {
        trail::money(tx, now, action, format!("cash_count:{}", row.id), (row.counted_fen, row.state), by).await
    }
}

/// What the box is called that the books do not name.
pub const THE_BOX: &str = "库存现金";

/// 1001 of a box.
pub(crate) fn account(book: BookId, cash_box: &str) -> Account {
    if cash_box == THE_BOX { Account::cash(book) } else { Account::cash(book).through(cash_box) }
}

/// The boxes that have an account, by name.
async fn boxes(db: &impl ConnectionTrait, book: BookId) -> Result<Vec<String>, DbErr> {
    let of_cash = account::Entity::find()
        .filter(account::Column::BookId.eq(book))
        .filter(account::Column::Subject.eq(Subject::CASH.code()))
        .all(db)
        .await?;
    let named = of_cash.into_iter().filter_map(|row| {
        let name = row.channel.as_deref().unwrap_or(THE_BOX).to_owned();
        // What is kept apart by anything else is no box.
        (row.id == account(book, &name).id()).then_some(name)
    });
    let mut boxes: Vec<String> = named.collect();
    boxes.sort();
    Ok(boxes)
}

/// What the books say lies in a box. A box never holds less than nothing.
async fn booked(db: &impl ConnectionTrait, book: BookId, cash_box: &str) -> Result<Money, DbErr> {
    Ok(ledger::balance(db, &account(book, cash_box), None).await?.net())
}

async fn locked(tx: &Tx, id: CashCountId) -> Result<cash_count::Model, CashError> {
    let row = cash_count::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    row.ok_or(CashError::NoSuchCount)
}
