//! Money between the payment channel and the bank: recorded by the cashier, confirmed by a second person, booked with the
//! confirmation (facts: charity 6.2, entries 3a-3d). There is no interface to withdraw by: the cashier does it at the
//! channel's own site and records it here.

use std::time::Duration;

use crowdfunding::Hand;
use domain::role::{Forbidden, Member, Role};
use domain::transfer::{TransferEvent, TransferKind, TransferState};
use domain::{BookId, BusinessDate, Clock, Money, Refused, Timestamp, TransferId};
use entity::{Db, Tx, transfer};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use crate::{postings, trail};

/// For how long a transfer that the bill has shown first stands for what a cashier would record late.
const FORGOTTEN: Duration = Duration::from_secs(5 * 86_400);

/// Why a transfer was not moved on. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// There is no such transfer.
    #[error("no such transfer")]
    NoSuchTransfer,
    /// There is no such book.
    #[error("no such book")]
    NoSuchBook,
    /// The id stands for another transfer.
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
    /// The channel's bill has shown such a transfer already, and it is booked.
    #[error("the bill of the channel has shown this transfer already")]
    AlreadyBooked,
    /// Whoever records does not confirm.
    #[error("another person has to do this step")]
    OtherPerson,
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// It is in no state for it.
    #[error(transparent)]
    Refused(#[from] Refused<TransferState, TransferEvent>),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] ledger::Refusal),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// A transfer to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTransfer {
    /// Made by the client.
    pub id: TransferId,
    /// Whose money.
    pub book: BookId,
    /// Which way.
    pub kind: TransferKind,
    /// How much.
    pub amount: Money,
    /// Our short name of the bank account.
    pub bank_account: String,
    /// For whoever confirms.
    pub note: Option<String>,
}

/// The transfers of the program.
#[derive(Clone, Debug)]
pub struct Transfers {
    db: Db,
    clock: Clock,
}

impl Transfers {
    pub(crate) fn new(db: Db, clock: Clock) -> Transfers {
        Transfers { db, clock }
    }

    /// The cashier records a transfer; nothing is booked yet.
    pub async fn propose(&self, new: NewTransfer, by: &Member) -> Result<transfer::Model, TransferError> {
        by.must_be(&[Role::Cashier])?;
        if !new.amount.is_positive() {
            return Err(TransferError::Invalid { field: "amount", problem: "金额必须大于零" });
        }
        if !(1..=40).contains(&new.bank_account.trim().chars().count()) {
            return Err(TransferError::Invalid {
                field: "bank_account", problem: "请填写银行账户简称，最多40字"
            });
        }
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        if entity::book::Entity::find_by_id(new.book).one(&tx).await?.is_none() {
            return Err(TransferError::NoSuchBook);
        }
        let hand = Hand::in_book(new.book, by, &[Role::Cashier])?;
        if let Some(known) = transfer::Entity::find_by_id(new.id).one(&tx).await? {
            let same = (known.book_id, known.kind, known.amount_fen, known.bank_account.as_str(), known.author_id)
                == (new.book, new.kind, new.amount, new.bank_account.trim(), Some(by.id));
            return if same { Ok(known) } else { Err(TransferError::IdReused) };
        }
        if !crowdfunding::has_bank_account(&tx, new.book, new.bank_account.trim()).await? {
            return Err(TransferError::Invalid { field: "bank_account", problem: crowdfunding::NO_BANK_ACCOUNT });
        }
        // The bill was read before the cashier came: what it shows is booked, and shall not be booked twice.
        let recent = now.before(FORGOTTEN);
        let billed = transfer::Entity::find()
            .filter(transfer::Column::BookId.eq(new.book))
            .filter(transfer::Column::Kind.eq(new.kind))
            .filter(transfer::Column::AmountFen.eq(new.amount))
            .filter(transfer::Column::AuthorId.is_null())
            .filter(transfer::Column::CreatedUs.gt(recent))
            .one(&tx)
            .await?;
        if billed.is_some() {
            return Err(TransferError::AlreadyBooked);
        }
        // It is asked again when it leaves: by then there may be less.
        if new.kind == TransferKind::Withdrawal {
            let account = ledger::Account::wechat_balance(new.book);
            let balance = ledger::balance(&tx, &account, None).await?.net();
            let short = new.amount.checked_sub(balance).unwrap_or(new.amount);
            if short.is_positive() {
                return Err(ledger::Refusal::Overdrawn { account: account.name(), balance, short }.into());
            }
        }
        let row = transfer::ActiveModel {
            id: Set(new.id),
            book_id: Set(new.book),
            kind: Set(new.kind),
            state: Set(TransferState::Proposed),
            amount_fen: Set(new.amount),
            bank_account: Set(new.bank_account.trim().to_owned()),
            note: Set(new.note),
            author_id: Set(Some(by.id)),
            author_for_id: Set(hand.acting_for()),
            outcome_author_for_id: Set(None),
            approver_id: Set(None),
            outcome_author_id: Set(None),
            outcome_approver_id: Set(None),
            created_us: Set(now),
            departed_us: Set(None),
            finished_us: Set(None),
            approver_for_id: Set(None),
            outcome_approver_for_id: Set(None),
            flow_no: Set(None),
            bank_line: Set(None),
            return_no: Set(None),
            left_on: Set(None),
        }
        .insert(&tx)
        .await?;
        self.trail(&tx, &row, "transfer.propose", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The cashier reports that it arrived, or that it came back.
    pub async fn report(&self, id: TransferId, arrived: bool, by: &Member) -> Result<transfer::Model, TransferError> {
        by.must_be(&[Role::Cashier])?;
        let event = if arrived { TransferEvent::ProposeArrival } else { TransferEvent::ProposeReturn };
        let tx = self.db.begin().await?;
        let row = locked(&tx, id).await?;
        let hand = Hand::in_book(row.book_id, by, &[Role::Cashier])?;
        let to = row.state.on(event)?;
        let mut active: transfer::ActiveModel = row.into();
        active.state = Set(to);
        active.outcome_author_id = Set(Some(by.id));
        active.outcome_author_for_id = Set(hand.acting_for());
        let row = active.update(&tx).await?;
        self.trail(&tx, &row, "transfer.report", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The second person confirms what the cashier said; that books it.
    pub async fn confirm(&self, id: TransferId, by: &Member) -> Result<transfer::Model, TransferError> {
        by.must_be(&[Role::Bookkeeper, Role::FinanceHead])?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = locked(&tx, id).await?;
        let hand = Hand::in_book(row.book_id, by, &[Role::Bookkeeper, Role::FinanceHead])?;
        let said_by = match row.state {
            TransferState::Proposed => [row.author_id, row.author_for_id],
            _ => [row.outcome_author_id, row.outcome_author_for_id],
        };
        if hand.is_of(said_by) {
            return Err(TransferError::OtherPerson);
        }
        let to = row.state.on(TransferEvent::Confirm)?;
        let (book, amount, bank, on) = (row.book_id, row.amount_fen, row.bank_account.clone(), BusinessDate::of(now));
        let entry = match (row.kind, to) {
            (TransferKind::Withdrawal, TransferState::Departed) => postings::withdrawal_left(book, id, amount, on),
            (TransferKind::Withdrawal, TransferState::Arrived) => {
                postings::withdrawal_arrived(book, id, amount, &bank, on)
            }
            (TransferKind::Withdrawal, _) => postings::withdrawal_returned(book, id, amount, on),
            (TransferKind::TopUp, TransferState::Departed) => postings::top_up_left(book, id, amount, &bank, on),
            (TransferKind::TopUp, TransferState::Arrived) => postings::top_up_arrived(book, id, amount, on),
            (TransferKind::TopUp, _) => postings::top_up_returned(book, id, amount, &bank, on),
        };
        for booked in ledger::post(&tx, now, &[entry.by(by.id.to_string())]).await? {
            booked?;
        }
        let departed = to == TransferState::Departed;
        let mut active: transfer::ActiveModel = row.into();
        active.state = Set(to);
        if departed {
            active.approver_id = Set(Some(by.id));
            active.approver_for_id = Set(hand.acting_for());
            active.departed_us = Set(Some(now));
            active.left_on = Set(Some(BusinessDate::of(now)));
        } else {
            active.outcome_approver_id = Set(Some(by.id));
            active.outcome_approver_for_id = Set(hand.acting_for());
            active.finished_us = Set(Some(now));
        }
        let row = active.update(&tx).await?;
        self.trail(&tx, &row, "transfer.confirm", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The second person does not confirm what the cashier said.
    pub async fn reject(
        &self,
        id: TransferId,
        reason: Option<&str>,
        by: &Member,
    ) -> Result<transfer::Model, TransferError> {
        by.must_be(&[Role::Bookkeeper, Role::FinanceHead])?;
        let tx = self.db.begin().await?;
        let row = locked(&tx, id).await?;
        Hand::in_book(row.book_id, by, &[Role::Bookkeeper, Role::FinanceHead])?;
        let to = row.state.on(TransferEvent::Reject)?;
        let mut active: transfer::ActiveModel = row.into();
        active.state = Set(to);
        active.outcome_author_id = Set(None);
        active.outcome_author_for_id = Set(None);
        let row = active.update(&tx).await?;
        self.trail(&tx, &row, "transfer.reject", by).await?;
        trail::because(&tx, self.clock.now(), format!("transfer:{id}"), reason, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A transfer, for somebody who has one of these roles where its charity is.
    pub async fn shown(&self, id: TransferId, by: &Member, roles: &[Role]) -> Result<transfer::Model, TransferError> {
        let row = self.get(id).await?;
        by.may(roles, &crowdfunding::book_place(self.db.read(), row.book_id).await?)?;
        Ok(row)
    }

    /// A transfer by id.
    pub async fn get(&self, id: TransferId) -> Result<transfer::Model, TransferError> {
        transfer::Entity::find_by_id(id).one(self.db.read()).await?.ok_or(TransferError::NoSuchTransfer)
    }

    /// A page of the transfers where somebody has one of these roles, newest first.
    pub async fn page(
        &self,
        (by, roles): (&Member, &[Role]),
        state: Option<TransferState>,
        after: Option<TransferId>,
        limit: u64,
    ) -> Result<Vec<transfer::Model>, TransferError> {
        by.must_be(roles)?;
        let mut query = transfer::Entity::find();
        if let Some(state) = state {
            query = query.filter(transfer::Column::State.eq(state));
        }
        if let Some(books) = crowdfunding::books_within(by, roles) {
            query = query.filter(transfer::Column::BookId.in_subquery(books));
        }
        if let Some(after) = after {
            let last = self.get(after).await?;
            query = query.filter(
                Condition::any().add(transfer::Column::CreatedUs.lt(last.created_us)).add(
                    Condition::all()
                        .add(transfer::Column::CreatedUs.eq(last.created_us))
                        .add(transfer::Column::Id.lt(last.id)),
                ),
            );
        }
        let newest_first = query.order_by_desc(transfer::Column::CreatedUs).order_by_desc(transfer::Column::Id);
        Ok(newest_first.limit(limit).all(self.db.read()).await?)
    }

    async fn trail(&self, tx: &Tx, row: &transfer::Model, action: &'static str, by: &Member) -> Result<(), DbErr> {
        trail::money(tx, self.clock.now(), action, format!("transfer:{}", row.id), (row.amount_fen, row.state), by)
            .await
    }
}

/// The channel's bill shows a transfer nobody has recorded: it is recorded by its line, and its departure is booked.
pub(crate) async fn shown_first(tx: &Tx, now: Timestamp, new: Shown<'_>) -> Result<transfer::Model, TransferError> {
    let id = TransferId::new();
    let entry = match new.kind {
        TransferKind::Withdrawal => postings::withdrawal_left(new.book, id, new.amount, new.on),
        TransferKind::TopUp => postings::top_up_left(new.book, id, new.amount, new.bank_account, new.on),
    };
    for booked in ledger::post(tx, now, &[entry]).await? {
        booked?;
    }
    let row = transfer::ActiveModel {
        id: Set(id),
        book_id: Set(new.book),
        kind: Set(new.kind),
        state: Set(TransferState::Departed),
        amount_fen: Set(new.amount),
        bank_account: Set(new.bank_account.to_owned()),
        note: Set(None),
        author_id: Set(None),
        author_for_id: Set(None),
        outcome_author_for_id: Set(None),
        approver_id: Set(None),
        outcome_author_id: Set(None),
        outcome_approver_id: Set(None),
        created_us: Set(now),
        departed_us: Set(Some(now)),
        finished_us: Set(None),
        approver_for_id: Set(None),
        outcome_approver_for_id: Set(None),
        flow_no: Set(Some(new.flow_no.to_owned())),
        bank_line: Set(None),
        return_no: Set(None),
        left_on: Set(Some(new.on)),
    };
    Ok(row.insert(tx).await?)
}

/// What a line of the fund-flow bill says of a transfer.
pub(crate) struct Shown<'a> {
    pub(crate) book: BookId,
    pub(crate) kind: TransferKind,
    pub(crate) amount: Money,
    pub(crate) bank_account: &'a str,
    pub(crate) flow_no: &'a str,
    pub(crate) on: BusinessDate,
}

/// A line that belongs to a transfer.
pub(crate) enum Line<'a> {
    /// Of the fund-flow bill: the money moved at the channel.
    Flow(&'a str),
    /// Of the fund-flow bill: a withdrawal came back.
    Return(&'a str),
    /// Of the bank's statement.
    Bank(&'a str),
}

/// Ties a line to its transfer. Where the line is the proof of an arrival or a return that nobody has confirmed yet, it is booked.
pub(crate) async fn tie(
    tx: &Tx,
    now: Timestamp,
    id: TransferId,
    line: Line<'_>,
    on: BusinessDate,
) -> Result<transfer::Model, TransferError> {
    let row = locked(tx, id).await?;
    let event = match (&line, row.kind) {
        (Line::Flow(_), TransferKind::TopUp) | (Line::Bank(_), TransferKind::Withdrawal) => TransferEvent::ShowArrival,
        (Line::Return(_), _) => TransferEvent::ShowReturn,
        // It only shows the departure, which is booked.
        (Line::Flow(_), TransferKind::Withdrawal) | (Line::Bank(_), TransferKind::TopUp) => {
            return tied(tx, row, &line, on).await;
        }
    };
    let (book, amount, bank) = (row.book_id, row.amount_fen, row.bank_account.clone());
    let entry = match (row.state.on(event), event, row.kind) {
        // Two persons were faster than the line.
        (Err(_), ..) => return tied(tx, row, &line, on).await,
        (Ok(_), TransferEvent::ShowReturn, _) => postings::withdrawal_returned(book, id, amount, on),
        (Ok(_), _, TransferKind::Withdrawal) => postings::withdrawal_arrived(book, id, amount, &bank, on),
        (Ok(_), _, TransferKind::TopUp) => postings::top_up_arrived(book, id, amount, on),
    };
    for booked in ledger::post(tx, now, &[entry]).await? {
        booked?;
    }
    let to = row.state.on(event)?;
    let row = tied(tx, row, &line, on).await?;
    let mut active: transfer::ActiveModel = row.into();
    active.state = Set(to);
    active.finished_us = Set(Some(now));
    Ok(active.update(tx).await?)
}

async fn tied(
    tx: &Tx,
    row: transfer::Model,
    line: &Line<'_>,
    on: BusinessDate,
) -> Result<transfer::Model, TransferError> {
    let withdrawal = row.kind == TransferKind::Withdrawal;
    let mut active: transfer::ActiveModel = row.into();
    match line {
        Line::Flow(number) => {
            active.flow_no = Set(Some((*number).to_owned()));
            if withdrawal {
                active.left_on = Set(Some(on));
            }
        }
        Line::Return(number) => active.return_no = Set(Some((*number).to_owned())),
        Line::Bank(number) => active.bank_line = Set(Some((*number).to_owned())),
    }
    Ok(active.update(tx).await?)
}

async fn locked(tx: &Tx, id: TransferId) -> Result<transfer::Model, TransferError> {
    let row = transfer::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    row.ok_or(TransferError::NoSuchTransfer)
}
