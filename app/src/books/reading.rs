//! The books as people read them: from the trial balance to an account, from there to an entry, and back. Each part asks who is
//! asking; what lies outside of their part of the tree is not there.

use std::collections::BTreeMap;

use domain::role::{Forbidden, Member, Role};
use domain::{AccountId, BookId, BusinessDate};
use entity::{account, book, entry};
use ledger::{AccountPage, AccountPlace, Balance, EntrySheet, NamedAccount};
use sea_orm::{DbErr, EntityTrait};

use super::Books;

/// Who reads the books.
pub const READERS: [Role; 4] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];

/// Why something of the books is not shown.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    /// There is no such book, for whoever asks.
    #[error("no such book")]
    NoSuchBook,
    /// There is no such account, or nothing was posted to it.
    #[error("no such account")]
    NoSuchAccount,
    /// There is no such entry.
    #[error("no such entry")]
    NoSuchEntry,
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// An account with its balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountBalance {
    /// The account and its subject's name.
    pub named: NamedAccount,
    /// What went in and out.
    pub balance: Balance,
}

impl Books {
    /// The books somebody may read, by code.
    pub async fn readable(&self, by: &Member) -> Result<Vec<book::Model>, BooksError> {
        by.must_be(&READERS)?;
        Ok(self.within(by, &READERS).await?)
    }

    /// The subjects of a chart (科目表) by code: what a person may name on a voucher.
    pub async fn subjects(&self, chart: &str, by: &Member) -> Result<BTreeMap<String, String>, BooksError> {
        by.must_be(&READERS)?;
        let all = ledger::subjects(self.db.read()).await?;
        let of_chart = all.into_iter().filter(|((known, _), _)| known == chart);
        Ok(of_chart.map(|((_, code), subject)| (code, subject.name)).collect())
    }

    /// The names of all subjects by code, of the chart in force and of the memo books of loans.
    pub async fn titles(&self, by: &Member) -> Result<BTreeMap<String, String>, BooksError> {
        by.must_be(&READERS)?;
        let all = ledger::subjects(self.db.read()).await?;
        let in_force = all.into_iter().filter(|((chart, _), _)| chart != ledger::OLD_CHART);
        Ok(in_force.map(|((_, code), subject)| (code, subject.name)).collect())
    }

    /// The accounts of a book with their balances at the end of a day, or now, by name; those that nothing was posted to by then are left
    /// out. Three statements.
    pub async fn balances(
        &self,
        book: BookId,
        day: Option<BusinessDate>,
        by: &Member,
    ) -> Result<Vec<AccountBalance>, BooksError> {
        self.may_read(book, by).await?;
        let db = self.db.read();
        let balances = ledger::balances(db, book, day).await?;
        let mut named = ledger::named_accounts(db, balances.keys().copied()).await?;
        let mut all: Vec<AccountBalance> = balances
            .into_iter()
            .filter_map(|(id, balance)| Some(AccountBalance { named: named.remove(&id)?, balance }))
            .collect();
        all.sort_by(|a, b| a.named.account.name.cmp(&b.named.account.name));
        Ok(all)
    }

    /// An account with the name of its subject.
    pub async fn account(&self, id: AccountId, by: &Member) -> Result<NamedAccount, BooksError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        let row = account::Entity::find_by_id(id).one(db).await?.ok_or(BooksError::NoSuchAccount)?;
        self.may_read(row.book_id, by).await.map_err(|error| match error {
            BooksError::NoSuchBook => BooksError::NoSuchAccount,
            other => other,
        })?;
        ledger::named_accounts(db, [id]).await?.remove(&id).ok_or(BooksError::NoSuchAccount)
    }

    /// A page of an account's statement between two days.
    pub async fn account_page(
        &self,
        id: AccountId,
        days: (BusinessDate, BusinessDate),
        after: Option<AccountPlace>,
        limit: u64,
        by: &Member,
    ) -> Result<AccountPage, BooksError> {
        self.account(id, by).await?;
        Ok(ledger::account_page(self.db.read(), id, days, after, limit).await?)
    }

    /// Accounts by id, with the names of their subjects: those that stand on what the asker was shown. Two statements.
    pub async fn named(
        &self,
        ids: impl IntoIterator<Item = AccountId>,
    ) -> Result<BTreeMap<AccountId, NamedAccount>, BooksError> {
        Ok(ledger::named_accounts(self.db.read(), ids).await?)
    }

    /// An entry with everything that stands on its voucher.
    pub async fn sheet(&self, reference: &str, by: &Member) -> Result<EntrySheet, BooksError> {
        let books = self.readable(by).await?;
        let sheet = ledger::entry_sheet(self.db.read(), reference).await?;
        let known = |sheet: &EntrySheet| books.iter().any(|book| book.id == sheet.entry.book_id);
        sheet.filter(known).ok_or(BooksError::NoSuchEntry)
    }

    /// The entries that somebody means by a text: a reference, the number of what an entry is about, a voucher number.
    pub async fn find(&self, text: &str, by: &Member) -> Result<Vec<entry::Model>, BooksError> {
        let books: Vec<BookId> = self.readable(by).await?.into_iter().map(|book| book.id).collect();
        Ok(ledger::find_entries(self.db.read(), &books, text).await?)
    }

    async fn may_read(&self, book: BookId, by: &Member) -> Result<(), BooksError> {
        let books = self.readable(by).await?;
        if books.iter().any(|known| known.id == book) { Ok(()) } else { Err(BooksError::NoSuchBook) }
    }
}
