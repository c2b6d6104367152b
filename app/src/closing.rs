//! Closing the books: months locked, years ended, days sealed (facts: charity 6.2; design: docs/sealing.md).
//!
//! A closed day takes nothing more; what comes late is booked on the first open day and keeps the day it happened. Nothing is opened
//! again: what was wrong in a closed month is reversed in an open one. Days are sealed in their order, and 31 December waits until
//! its year is ended, so the entries of the year end stand in it.
//!
//! Two things close a day: its seal, by itself as soon as it is reconciled, and the lock of its month, by finance after it has looked at
//! the month as a whole. A month of sealed days still waits for its lock, and no year ends before its months are locked.

mod audited;
mod ending;
mod sheets;
mod standing;
mod year;

use crowdfunding::Hand;
use domain::proposal::{ProposalEvent, ProposalState};
use domain::role::{Forbidden, Member, Role};
use domain::{BookId, BusinessDate, Clock, Refused, StaffId};
use entity::{Db, Tx, book, charity, day_seal, violation};
use ledger::{Activities, Adjustments, BalanceSheet, BookError, CashFlows, Cell, CellLines, SealError, StatementForm};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use serde_json::json;

use crate::reconciliation;
use crate::trail::{self, Line, SYSTEM, staff};

/// Who locks a month, and who is the first of two where a year is ended or its report recorded.
const FIRST: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
/// Who is the second of two.
const SECOND: [Role; 2] = [Role::FinanceHead, Role::Chair];
/// Who reads statements.
const READERS: [Role; 4] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];

/// Why nothing was closed.
#[derive(Debug, thiserror::Error)]
pub enum ClosingError {
    /// There is no such book.
    #[error("no such book")]
    NoSuchBook,
    /// The period is not over.
    #[error("{0} is not over")]
    NotOver(BusinessDate),
    /// It is closed.
    #[error("the books are closed through {0} already")]
    Closed(BusinessDate),
    /// Something stands against locking the month, and nobody gave a reason.
    #[error("the month is not ready: {0:?}")]
    NotReady(Vec<String>),
    /// Something stands against ending the year, and nobody gave a reason.
    #[error("the year is not ready: {0:?}")]
    YearNotReady(Vec<String>),
    /// There is no such proposal.
    #[error("no such year closing")]
    NoSuchClosing,
    /// The year is proposed to be ended.
    #[error("the year is about to be ended")]
    UnderWay,
    /// What stands against it is not what it was when it was proposed.
    #[error("what stands against it has changed")]
    Changed,
    /// The annual report with what the auditors found is not published.
    #[error("the annual report is not published")]
    Unpublished,
    /// The year before has entries and was not ended.
    #[error("the year {0} is not ended")]
    YearOpen(i32),
    /// Months of the year are not locked, from this one on.
    #[error("the months from {0} on are not locked")]
    MonthsOpen(BusinessDate),
    /// There is no such report.
    #[error("no such audited report")]
    NoSuchReport,
    /// The id stands for another report.
    #[error("this id was used with other content")]
    IdReused,
    /// The year has its report, or one is under way.
    #[error("the year has its audited report, or one is under way")]
    Audited,
    /// The report itself is not attached.
    #[error("no document is attached")]
    NoDocument,
    /// A field is not acceptable.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// In Chinese, for the person who filled it in.
        problem: &'static str,
    },
    /// Who recorded it does not confirm it.
    #[error("another person has to do this step")]
    OtherPerson,
    /// Only whoever proposed it takes it back.
    #[error("only the author takes it back")]
    NotAuthor,
    /// It is in no state for it.
    #[error(transparent)]
    Refused(#[from] Refused<ProposalState, ProposalEvent>),
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A sheet could not be written.
    #[error("the sheet cannot be written")]
    Sheet(#[from] rust_xlsxwriter::XlsxError),
    /// The ledger refused an entry of the year end.
    #[error(transparent)]
    Ledger(#[from] ledger::Refusal),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

impl From<BookError> for ClosingError {
    fn from(error: BookError) -> ClosingError {
        match error {
            BookError::NoSuchBook => ClosingError::NoSuchBook,
            BookError::ClosedFurther(day) => ClosingError::Closed(day),
            BookError::Db(error) => ClosingError::Db(error),
        }
    }
}

impl From<SealError> for ClosingError {
    fn from(error: SealError) -> ClosingError {
        match error {
            SealError::SealedFurther(day) => ClosingError::Closed(day),
            SealError::Book(error) => error.into(),
            SealError::Db(error) => error.into(),
        }
    }
}

/// How far a book is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The book.
    pub book: book::Model,
    /// The last sealed day.
    pub sealed: Option<day_seal::Model>,
    /// The first and the last day something is booked on.
    pub booked: Option<(BusinessDate, BusinessDate)>,
}

/// A month or a year of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first day.
    pub first: BusinessDate,
    /// Its last day.
    pub last: BusinessDate,
}

impl Period {
    /// A month; none if there is none of that number.
    pub fn month(year: i32, month: u8) -> Option<Period> {
        let first = BusinessDate::new(year, month, 1)?;
        let next = if month == 12 { BusinessDate::new(year + 1, 1, 1) } else { BusinessDate::new(year, month + 1, 1) };
        Some(Period { first, last: next?.previous() })
    }

    /// A year.
    pub fn year(year: i32) -> Option<Period> {
        Some(Period { first: BusinessDate::new(year, 1, 1)?, last: BusinessDate::new(year, 12, 31)? })
    }
}

/// The three statements of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statements {
    /// 资产负债表.
    pub balance_sheet: BalanceSheet,
    /// 业务活动表.
    pub activities: Activities,
    /// 现金流量表.
    pub cash_flows: CashFlows,
}

/// One statement of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// 资产负债表.
    BalanceSheet(BalanceSheet),
    /// 业务活动表.
    Activities(Activities),
    /// 现金流量表.
    CashFlows(CashFlows),
}

pub use audited::{NewReport, YearStanding, YearState, adjustments};
pub use ending::{Ending, Moved, NetAssets};
pub(crate) use sheets::workbook as statements_workbook;
pub use standing::MonthStanding;
pub(crate) use standing::sheets_missing;
pub use year::{NewClosing, taken_back, unmet};

/// Closes the books, and says how far they are closed.
#[derive(Clone, Debug)]
pub struct Closing {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
}

impl Closing {
    pub(crate) fn new(db: Db, clock: Clock) -> Closing {
        Closing { db, clock }
    }

    /// Locks a month: no entry is dated into it or before any more, and finance has looked at it, whether its days were sealed before or
    /// not. Closing entries are for the end of the year (表结法). December is locked with its year. Months before it that are not locked
    /// are locked with it, and looked at like it. Where something stands against them (see
    /// [`MonthStanding`]), they are locked for a reason only, which the audit trail keeps with what stood against them.
    pub async fn close_month(
        &self,
        id: BookId,
        month: Period,
        reason: Option<&str>,
        by: &Member,
    ) -> Result<Closed, ClosingError> {
        by.must_be(&FIRST)?;
        let reason = reasoned(reason)?;
        let tx = self.db.begin().await?;
        let row = self.over(&tx, id, month, by, &FIRST).await?;
        let year = month.last.year();
        if month.last.next().year() != year {
            return Err(ClosingError::YearOpen(year));
        }
        self.year_before(&tx, &row, month).await?;
        let against = standing::standing(&tx, &row, month, self.clock.today()).await?.against(month);
        let mut detail = json!({ "month": month.first, "through": month.last });
        if !against.is_empty() {
            let reason = reason.ok_or_else(|| ClosingError::NotReady(against.clone()))?;
            detail["unmet"] = json!(against);
            detail["reason"] = json!(reason);
        }
        ledger::lock_through(&tx, id, month.last).await?;
        self.note(&tx, "book.close_month", id, detail, by).await?;
        self.answer(tx, id).await
    }

    /// The last day of a book that may be sealed: of a book whose money goes through the channel the last that is reconciled with all before
    /// it; of another the last of its locked months, since nothing shows before that a day is whole.
    pub async fn sealable(&self, id: BookId) -> Result<Option<BusinessDate>, ClosingError> {
        let db = self.db.read();
        let owner = charity::Entity::find_by_id(id).one(db).await?;
        if owner.is_some_and(|owner| owner.mchid.is_some()) {
            return Ok(reconciliation::through(db, id).await?);
        }
        let row = book::Entity::find_by_id(id).one(db).await?.ok_or(ClosingError::NoSuchBook)?;
        Ok(row.locked_through)
    }

    /// Closes and seals a book through a day. 31 December is sealed when its year is ended, and nothing after it before.
    pub async fn seal_through(&self, id: BookId, day: BusinessDate) -> Result<Vec<day_seal::Model>, ClosingError> {
        if day >= self.clock.today() {
            return Err(ClosingError::NotOver(day));
        }
        let tx = self.db.begin().await?;
        let row = book::Entity::find_by_id(id).one(&tx).await?.ok_or(ClosingError::NoSuchBook)?;
        // The year of the first open day is not ended: its last day waits.
        let open = Closing::open_from(&tx, &row).await?.unwrap_or(day);
        let day = Period::year(open.year()).map_or(day, |year| day.min(year.last.previous()));
        if ledger::last_seal(&tx, id).await?.is_some_and(|last| last.day >= day) {
            return Ok(Vec::new());
        }
        let seals = ledger::seal_through(&tx, id, day, self.clock.now()).await?;
        if let Some(last) = seals.last() {
            let detail =
                json!({ "through": last.day, "last_number": last.last_number, "seal": hex::encode(&last.seal) });
            let line = Line {
                actor: SYSTEM.to_owned(),
                action: "book.seal",
                object: format!("book:{id}"),
                origin: "job".to_owned(),
                detail,
            };
            trail::record(&tx, self.clock.now(), line).await?;
        }
        tx.commit().await?;
        Ok(seals)
    }

    /// How far a book is closed and sealed.
    pub async fn closed(&self, id: BookId, by: &Member) -> Result<Closed, ClosingError> {
        by.may(&READERS, &crowdfunding::book_place(self.db.read(), id).await?)?;
        self.read(id).await
    }

    /// The newest seals of a book by its code, for everybody.
    pub async fn seals(
        &self,
        code: &str,
        before: Option<BusinessDate>,
        limit: u64,
    ) -> Result<Vec<day_seal::Model>, ClosingError> {
        let books = ledger::books(self.db.read()).await?;
        let book = books.into_iter().find(|book| book.code == code).ok_or(ClosingError::NoSuchBook)?;
        Ok(ledger::seals(self.db.read(), book.id, before, limit).await?)
    }

    /// One statement of a period within one year.
    pub async fn statement(
        &self,
        id: BookId,
        form: StatementForm,
        Period { first, last }: Period,
        by: &Member,
    ) -> Result<Statement, ClosingError> {
        by.may(&READERS, &crowdfunding::book_place(self.db.read(), id).await?)?;
        let tx = self.db.snapshot().await?;
        book::Entity::find_by_id(id).one(&tx).await?.ok_or(ClosingError::NoSuchBook)?;
        let statement = match form {
            StatementForm::BalanceSheet => Statement::BalanceSheet(ledger::balance_sheet(&tx, id, last).await?),
            StatementForm::Activities => Statement::Activities(ledger::activities(&tx, id, first, last).await?),
            StatementForm::CashFlows => Statement::CashFlows(ledger::cash_flows(&tx, id, first, last).await?),
        };
        tx.commit().await?;
        Ok(statement)
    }

    /// The three statements of a period within one year; `adjusted`: with what the audit of the year found, which is booked later.
    pub async fn statements(
        &self,
        id: BookId,
        period: Period,
        adjusted: bool,
        by: &Member,
    ) -> Result<Statements, ClosingError> {
        by.may(&READERS, &crowdfunding::book_place(self.db.read(), id).await?)?;
        let tx = self.db.snapshot().await?;
        book::Entity::find_by_id(id).one(&tx).await?.ok_or(ClosingError::NoSuchBook)?;
        let Period { first, last } = period;
        let late = if adjusted { adjustments(&tx, id, last.year()).await? } else { Adjustments::default() };
        let statements = Statements {
            balance_sheet: ledger::adjusted_balance_sheet(&tx, id, last, &late).await?,
            activities: ledger::adjusted_activities(&tx, id, (first, last), &late).await?,
            cash_flows: ledger::cash_flows(&tx, id, first, last).await?,
        };
        tx.commit().await?;
        Ok(statements)
    }

    /// The lines of entries behind a cell of a statement; none if there is no such cell.
    pub async fn behind(
        &self,
        id: BookId,
        cell: &Cell,
        by: &Member,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Option<CellLines>, ClosingError> {
        by.may(&READERS, &crowdfunding::book_place(self.db.read(), id).await?)?;
        let tx = self.db.snapshot().await?;
        book::Entity::find_by_id(id).one(&tx).await?.ok_or(ClosingError::NoSuchBook)?;
        let lines = ledger::cell_lines(&tx, id, cell, after, limit).await?;
        tx.commit().await?;
        Ok(lines)
    }

    /// The three statements of a period as a workbook, the forms side by side with their names.
    pub async fn statements_workbook(
        &self,
        id: BookId,
        period: Period,
        adjusted: bool,
        by: &Member,
    ) -> Result<Vec<u8>, ClosingError> {
        let statements = self.statements(id, period, adjusted, by).await?;
        let row = book::Entity::find_by_id(id).one(self.db.read()).await?.ok_or(ClosingError::NoSuchBook)?;
        Ok(sheets::workbook(&row, period, adjusted, &statements)?)
    }

    /// The book of a period that is over and not locked, if the asker may lock it.
    async fn over(
        &self,
        tx: &Tx,
        id: BookId,
        period: Period,
        by: &Member,
        roles: &[Role],
    ) -> Result<book::Model, ClosingError> {
        let row = book::Entity::find_by_id(id).one(tx).await?.ok_or(ClosingError::NoSuchBook)?;
        by.keeps(roles, id)?;
        if period.last >= self.clock.today() {
            return Err(ClosingError::NotOver(period.last));
        }
        match row.locked_through {
            Some(locked) if locked >= period.last => Err(ClosingError::Closed(locked)),
            _ => Ok(row),
        }
    }

    /// Refuses if something is booked in a month of the year before December that nobody has locked.
    async fn months_before(tx: &Tx, row: &book::Model, year: i32) -> Result<(), ClosingError> {
        let november = Period::month(year, 11).ok_or(ClosingError::YearOpen(year))?.last;
        let open = Closing::unlocked_from(tx, row).await?.filter(|day| *day <= november);
        open.map_or(Ok(()), |day| Err(ClosingError::MonthsOpen(day)))
    }

    /// The first day that is not locked; none before the first entry.
    async fn unlocked_from(db: &impl ConnectionTrait, row: &book::Model) -> Result<Option<BusinessDate>, DbErr> {
        match row.locked_through {
            Some(locked) => Ok(Some(locked.next())),
            None => Ok(ledger::booked_days(db, row.id).await?.map(|(first, _)| first)),
        }
    }

    /// Refuses if the year before has entries and is open.
    async fn year_before(&self, tx: &Tx, row: &book::Model, period: Period) -> Result<(), ClosingError> {
        let year = period.last.year() - 1;
        let ended = Period::year(year).is_some_and(|year| row.closed_through >= Some(year.last));
        let first = ledger::booked_days(tx, row.id).await?.map(|(first, _)| first.year());
        if !ended && first.is_some_and(|first| first <= year) {
            return Err(ClosingError::YearOpen(year));
        }
        Ok(())
    }

    /// The first day that is open; none before the first entry.
    async fn open_from(db: &impl ConnectionTrait, row: &book::Model) -> Result<Option<BusinessDate>, DbErr> {
        match row.closed_through {
            Some(closed) => Ok(Some(closed.next())),
            None => Ok(ledger::booked_days(db, row.id).await?.map(|(first, _)| first)),
        }
    }

    /// The hand of the second of two persons: neither the first, nor for whom the first acted.
    fn second(book: BookId, first: [Option<StaffId>; 2], by: &Member) -> Result<Hand, ClosingError> {
        let hand = Hand::in_book(book, by, &SECOND)?;
        if hand.is_of(first) { Err(ClosingError::OtherPerson) } else { Ok(hand) }
    }

    async fn note(
        &self,
        tx: &Tx,
        action: &'static str,
        book: BookId,
        detail: serde_json::Value,
        by: &Member,
    ) -> Result<(), DbErr> {
        let (actor, object) = (staff(by.id), format!("book:{book}"));
        trail::record(tx, self.clock.now(), Line { actor, action, object, origin: by.origin.clone(), detail }).await
    }

    async fn answer(&self, tx: Tx, id: BookId) -> Result<Closed, ClosingError> {
        tx.commit().await?;
        self.read(id).await
    }

    async fn read(&self, id: BookId) -> Result<Closed, ClosingError> {
        let db = self.db.read();
        Ok(Closed {
            book: book::Entity::find_by_id(id).one(db).await?.ok_or(ClosingError::NoSuchBook)?,
            sealed: ledger::last_seal(db, id).await?,
            booked: ledger::booked_days(db, id).await?,
        })
    }
}

/// Why something is done although something stands against it; none if nothing was said.
fn reasoned(reason: Option<&str>) -> Result<Option<String>, ClosingError> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| !(2..=500).contains(&reason.chars().count())) {
        return Err(ClosingError::Invalid { field: "reason", problem: "请填写原因，2至500字" });
    }
    Ok(reason.map(str::to_owned))
}

/// Whether a row was refused because another one of the same year of the book is live.
fn is_live_already(error: &DbErr, table: &str) -> bool {
    // PostgreSQL names the index, SQLite its columns.
    let rules = [format!("{table}_live_key"), format!("{table}.book_id")];
    violation(error).is_some_and(|rule| rules.iter().any(|one| rule.contains(one)))
}

/// Whether somebody may read what two persons decide about a book: whoever reads its books, or is the second.
async fn may_read(db: &impl ConnectionTrait, book: BookId, by: &Member) -> Result<(), ClosingError> {
    by.may(&[&READERS[..], &SECOND[..]].concat(), &crowdfunding::book_place(db, book).await?)?;
    Ok(())
}
