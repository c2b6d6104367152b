//! Money at the bank (facts: charity 3.3, 6.2): statements line by line, which entry each line is, and what becomes of money nobody knows.
//!
//! A file is read whole or refused ([`statement`]), looked at without a trace if that is all somebody wants, and kept sealed. A line is known
//! by what it says, so that the same file again, or one that overlaps it, adds nothing. What a line is in the books is either there already
//! and only tied to it, or booked from it through the recipes everybody uses; a person accepts both. Names on a statement are personal data:
//! they are sealed with the house's key, shown to finance alone, and never logged.

mod acceptance;
mod again;
mod balance;
mod camt;
mod claims;
mod codes;
mod import;
mod matching;
pub(crate) mod statement;
mod suggestions;
mod undoing;

use crowdfunding::CrowdfundingError;
use crowdfunding::spending::SpendingError;
use domain::bank::{ClaimEvent, ClaimState, LineEvent, LineState};
use domain::role::{Forbidden, Member, Role};
use domain::{BankLineId, BankStatementId, BookId, Clock, Money, Refused, Timestamp};
use entity::{Db, Tx, bank_account, bank_line, book};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};

use crate::trail;
use crate::transfers::TransferError;
use crate::vault::{Vault, VaultError};

pub use acceptance::{Accepted, Choice};
pub use balance::{BalanceItem, BalanceReport};
pub use claims::NewClaim;
pub use codes::{CodeMaker, NewCode, ShownCode};
pub use import::{Import, ImportReport, StatementLine};
pub use statement::{Mapping, Problem};
pub use suggestions::{Suggestion, SuggestionKind};
pub use undoing::{LineSheet, Tied, Undo};

/// Who may see what the bank says.
pub const READERS: [Role; 4] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];
/// Who brings statements, and says first what money is.
pub const CLERKS: [Role; 2] = [Role::Cashier, Role::Bookkeeper];
/// Who accepts what a line is, and decides second. The cashier keeps no books.
pub const KEEPERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];

/// Why something about the bank was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BankError {
    /// There is no such book.
    #[error("no such book")]
    NoSuchBook,
    /// There is no such bank account.
    #[error("no such bank account")]
    NoSuchAccount,
    /// There is no such statement.
    #[error("no such statement")]
    NoSuchStatement,
    /// There is no such line.
    #[error("no such line")]
    NoSuchLine,
    /// There is no such claim.
    #[error("no such claim")]
    NoSuchClaim,
    /// There is no such code.
    #[error("no such code")]
    NoSuchCode,
    /// There is no such balance statement.
    #[error("no such balance statement")]
    NoSuchBalance,
    /// The entry is not there, or not open on this account.
    #[error("no such open entry")]
    NoSuchEntry,
    /// The id stands for something else.
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
    /// A claim of the line is under way or done.
    #[error("a claim of this money is under way")]
    UnderWay,
    /// The line cannot be that.
    #[error("line {line}: {problem}")]
    NotThat {
        /// Which line.
        line: BankLineId,
        /// In Chinese.
        problem: &'static str,
    },
    /// The statements do not reach from the beginning to the end of the month, or do not follow from one another.
    #[error("the statements of the month are not complete: {0}")]
    Incomplete(String),
    /// The numbers have changed since it was prepared.
    #[error("the numbers have changed since it was prepared")]
    Changed,
    /// Who prepares does not decide.
    #[error("another person has to do this step")]
    OtherPerson,
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The line is in no state for it.
    #[error(transparent)]
    Line(#[from] Refused<LineState, LineEvent>),
    /// The claim is in no state for it.
    #[error(transparent)]
    Claim(#[from] Refused<ClaimState, ClaimEvent>),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] ledger::Refusal),
    /// The gift cannot be made.
    #[error(transparent)]
    Gift(#[from] CrowdfundingError),
    /// The payout cannot be moved on.
    #[error(transparent)]
    Spending(#[from] SpendingError),
    /// The transfer cannot be moved on.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// What is sealed does not open.
    #[error("sealed data")]
    Sealed(#[from] VaultError),
    /// The workbook could not be made.
    #[error("workbook")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// What is sealed of a line: names, accounts, remarks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineWords {
    /// Who is on the other side.
    pub counterparty: String,
    /// Their account.
    pub account: String,
    /// What is said about it.
    pub remark: String,
}

/// Which lines somebody looks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// In one state.
    pub state: Option<LineState>,
    /// Of one statement.
    pub statement: Option<BankStatementId>,
    /// Of exactly this amount, whether it came or left.
    pub amount: Option<Money>,
}

/// A line as finance sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownLine {
    /// The row.
    pub row: bank_line::Model,
    /// Its words, opened.
    pub words: LineWords,
}

/// The bank.
#[derive(Clone, Debug)]
pub struct Bank {
    db: Db,
    clock: Clock,
    vault: Vault,
}

/// What the words of a line are sealed for.
fn purpose(id: BankLineId) -> String {
    format!("sangzi: bank line {id}")
}

impl Bank {
    pub(crate) fn new(db: Db, clock: Clock, vault: Vault) -> Bank {
        Bank { db, clock, vault }
    }

    /// Names a bank account of a book and says how its bank writes statements. Its number is what statements are compared with; without
    /// one, the number that is known stays.
    pub async fn set_account(
        &self,
        book: BookId,
        name: &str,
        number: Option<&str>,
        mapping: Option<Mapping>,
        by: &Member,
    ) -> Result<bank_account::Model, BankError> {
        by.must_be(&KEEPERS)?;
        let name = name.trim();
        if !(1..=40).contains(&name.chars().count()) || name.contains(|c: char| c.is_control() || "[],=".contains(c)) {
            return Err(BankError::Invalid {
                field: "name", problem: "银行账户简称为1至40个字，不含[],="
            });
        }
        let number = number.map(str::trim).filter(|number| !number.is_empty()).map(|number| number.replace(' ', ""));
        let fits = |number: &String| {
            (4..=40).contains(&number.len()) && number.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if number.as_ref().is_some_and(|number| !fits(number)) {
            return Err(BankError::Invalid { field: "number", problem: "银行账号为4至40位数字或字母" });
        }
        if let Some(problem) = mapping.as_ref().and_then(Mapping::problem) {
            return Err(BankError::Invalid { field: "mapping", problem });
        }
        let mapping = mapping.map(|mapping| serde_json::to_string(&mapping)).transpose();
        let mapping = mapping.map_err(|error| DbErr::Custom(error.to_string()))?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        hand(book, by, &KEEPERS)?;
        let row = account(&tx, now, book, name, &by.id.to_string()).await?;
        let mut active: bank_account::ActiveModel = row.into();
        active.mapping = Set(mapping);
        if let Some(number) = number {
            active.number = Set(Some(number));
        }
        active.changed_by = Set(by.id.to_string());
        active.changed_us = Set(now);
        let row = active.update(&tx).await?;
        let line = trail::Line {
            actor: trail::staff(by.id),
            action: "bank.account",
            object: format!("book:{book}"),
            origin: by.origin.clone(),
            detail: serde_json::json!({ "account": row.name, "number": row.number, "mapping": row.mapping }),
        };
        trail::record(&tx, now, line).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// What the bank accounts of all books are called that somebody reads, each name once.
    pub async fn account_names(&self, by: &Member) -> Result<Vec<String>, BankError> {
        use bank_account::Column as C;
        by.must_be(&READERS)?;
        let mut names = bank_account::Entity::find().select_only().column(C::Name).distinct().order_by_asc(C::Name);
        if let Some(books) = crowdfunding::books_within(by, &READERS) {
            names = names.filter(C::BookId.in_subquery(books));
        }
        Ok(names.into_tuple().all(self.db.read()).await?)
    }

    /// The bank accounts of a book, by name.
    pub async fn accounts(&self, book: BookId, by: &Member) -> Result<Vec<bank_account::Model>, BankError> {
        reads(self.db.read(), book, by).await?;
        let rows = bank_account::Entity::find()
            .filter(bank_account::Column::BookId.eq(book))
            .order_by_asc(bank_account::Column::Name);
        Ok(rows.all(self.db.read()).await?)
    }

    /// A page of an account's lines, newest day first: all, or those that are sought. Who of staff reads names is known by their role, and what
    /// is on a statement is finance's daily work: the page itself is no unmasking, its export would be.
    pub async fn lines(
        &self,
        (book, name): (BookId, &str),
        sought: Sought,
        after: Option<BankLineId>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<ShownLine>, BankError> {
        let db = self.db.read();
        reads(db, book, by).await?;
        let mut query = bank_line::Entity::find()
            .filter(bank_line::Column::BookId.eq(book))
            .filter(bank_line::Column::BankAccount.eq(name));
        if let Some(state) = sought.state {
            query = query.filter(bank_line::Column::State.eq(state));
        }
        if let Some(statement) = sought.statement {
            query = query.filter(bank_line::Column::StatementId.eq(statement));
        }
        if let Some(amount) = sought.amount {
            let left = Money::from_fen(amount.fen().saturating_neg());
            query = query.filter(bank_line::Column::AmountFen.is_in([amount, left]));
        }
        if let Some(after) = after {
            let last = bank_line::Entity::find_by_id(after).one(db).await?.ok_or(BankError::NoSuchLine)?;
            query = query.filter(
                sea_orm::Condition::any().add(bank_line::Column::Day.lt(last.day)).add(
                    sea_orm::Condition::all()
                        .add(bank_line::Column::Day.eq(last.day))
                        .add(bank_line::Column::Id.lt(last.id)),
                ),
            );
        }
        let newest = query.order_by_desc(bank_line::Column::Day).order_by_desc(bank_line::Column::Id);
        newest.limit(limit).all(db).await?.into_iter().map(|row| self.shown(row)).collect()
    }

    /// The lines of the books somebody may read whose remark carries a code, newest first.
    pub async fn with_code(&self, code: &str, by: &Member) -> Result<Vec<bank_line::Model>, BankError> {
        let db = self.db.read();
        by.must_be(&READERS)?;
        let mut lines = bank_line::Entity::find().filter(bank_line::Column::Code.eq(code));
        if let Some(books) = crowdfunding::books_within(by, &READERS) {
            lines = lines.filter(bank_line::Column::BookId.in_subquery(books));
        }
        Ok(lines.order_by_desc(bank_line::Column::Id).limit(20).all(db).await?)
    }

    fn shown(&self, row: bank_line::Model) -> Result<ShownLine, BankError> {
        let words = self.words(&row)?;
        Ok(ShownLine { row, words })
    }

    fn words(&self, row: &bank_line::Model) -> Result<LineWords, BankError> {
        let plain = self.vault.open_own(&purpose(row.id), &row.words_sealed)?;
        Ok(serde_json::from_slice(&plain).map_err(|error| DbErr::Custom(error.to_string()))?)
    }

    async fn trail(
        &self,
        tx: &Tx,
        now: Timestamp,
        action: &'static str,
        line: &bank_line::Model,
        by: &Member,
    ) -> Result<(), DbErr> {
        trail::money(tx, now, action, format!("bank_line:{}", line.id), (line.amount_fen, line.state), by).await
    }
}

/// The row of an account, locked; it comes into being with the first thing that is said of it.
pub(crate) async fn account(
    tx: &Tx,
    now: Timestamp,
    book: BookId,
    name: &str,
    actor: &str,
) -> Result<bank_account::Model, BankError> {
    if book::Entity::find_by_id(book).one(tx).await?.is_none() {
        return Err(BankError::NoSuchBook);
    }
    let sql = "INSERT INTO bank_account (book_id, name, changed_by, created_us, changed_us) VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING";
    entity::execute(tx, sql, [book.into(), name.into(), actor.into(), now.into()]).await?;
    locked_account(tx, book, name).await
}

/// The row of an account that is there, locked: whoever changes something about its lines comes by here.
async fn locked_account(tx: &Tx, book: BookId, name: &str) -> Result<bank_account::Model, BankError> {
    bank_account::Entity::find_by_id((book, name.to_owned()))
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?
        .ok_or(BankError::NoSuchAccount)
}

/// A line with its account locked before it.
async fn locked_line(tx: &Tx, id: BankLineId) -> Result<bank_line::Model, BankError> {
    let seen = bank_line::Entity::find_by_id(id).one(tx).await?.ok_or(BankError::NoSuchLine)?;
    locked_account(tx, seen.book_id, &seen.bank_account).await?;
    let row = bank_line::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    row.ok_or(BankError::NoSuchLine)
}

/// Moves a line on.
async fn moved(tx: &Tx, row: bank_line::Model, event: LineEvent) -> Result<bank_line::Model, BankError> {
    let to = row.state.on(event)?;
    let mut active: bank_line::ActiveModel = row.into();
    active.state = Set(to);
    Ok(active.update(tx).await?)
}

/// The member's hand on money of a book.
fn hand(book: BookId, by: &Member, roles: &[Role]) -> Result<crowdfunding::Hand, BankError> {
    by.must_be(roles)?;
    Ok(crowdfunding::Hand::in_book(book, by, roles)?)
}

/// Refuses a member who may not see what the bank says of a book.
async fn reads(db: &impl ConnectionTrait, book: BookId, by: &Member) -> Result<(), BankError> {
    by.must_be(&READERS)?;
    by.may(&READERS, &crowdfunding::book_place(db, book).await?)?;
    Ok(())
}
