//! The books, read. Nobody writes an entry here: entries come from what happens.

use std::sync::Arc;

use app::App;
use domain::role::Role;
use domain::{BookId, BusinessDate};
use entity::{book, entry, posting};
use ledger::{StatementLine, TrialLine};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Yuan};

/// Who may read the books.
pub(crate) const READERS: [Role; 4] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];

/// Who drafts campaigns.
const DRAFTERS: [Role; 2] = [Role::Organiser, Role::ProjectManager];

fn no_such_account() -> ApiError {
    ApiError::not_found("no_such_account", "没有这个账户，或当日尚无记录。")
}

/// The books of one legal entity, or a memo ledger.
#[derive(Object)]
struct Book {
    id: Uuid,
    code: String,
    name: String,
    /// `charity` or `memo`.
    kind: String,
    /// 统一社会信用代码.
    #[oai(nullable)]
    credit_code: Option<String>,
    /// The last closed day.
    #[oai(nullable)]
    closed_through: Option<Day>,
}

impl From<book::Model> for Book {
    fn from(row: book::Model) -> Book {
        Book {
            id: row.id.uuid(),
            code: row.code,
            name: row.name,
            kind: row.kind,
            credit_code: row.credit_code,
            closed_through: row.closed_through.map(Day),
        }
    }
}

/// An account with its balance, on one of the two sides.
#[derive(Object)]
struct TrialBalanceLine {
    book: String,
    account_id: Uuid,
    account: String,
    /// The subject's name (会计科目).
    subject: String,
    debit: Yuan,
    credit: Yuan,
}

impl From<TrialLine> for TrialBalanceLine {
    fn from(line: TrialLine) -> TrialBalanceLine {
        TrialBalanceLine {
            book: line.book,
            account_id: line.account_id.uuid(),
            account: line.account,
            subject: line.subject,
            debit: line.debit.into(),
            credit: line.credit.into(),
        }
    }
}

/// A line of an account's statement.
#[derive(Object)]
struct AccountLine {
    entry_id: Uuid,
    line: i64,
    reference: String,
    kind: String,
    book_date: Day,
    event_date: Day,
    /// The account on the other side.
    contra: String,
    debit: Yuan,
    credit: Yuan,
}

impl From<StatementLine> for AccountLine {
    fn from(line: StatementLine) -> AccountLine {
        AccountLine {
            entry_id: line.entry_id.uuid(),
            line: line.line,
            reference: line.reference,
            kind: line.kind,
            book_date: line.book_date.into(),
            event_date: line.event_date.into(),
            contra: line.contra,
            debit: line.debit.into(),
            credit: line.credit.into(),
        }
    }
}

/// A line of an entry: an amount from the credit account to the debit account.
#[derive(Object)]
struct EntryLine {
    line: i64,
    debit_account: Uuid,
    credit_account: Uuid,
    amount: Yuan,
}

/// An entry (凭证).
#[derive(Object)]
struct Entry {
    id: Uuid,
    book: Uuid,
    reference: String,
    kind: String,
    book_date: Day,
    event_date: Day,
    booked_at: Instant,
    actor: String,
    #[oai(nullable)]
    document: Option<String>,
    #[oai(nullable)]
    memo: Option<String>,
    /// The entry this one takes back.
    #[oai(nullable)]
    reverses: Option<Uuid>,
    total: Yuan,
    lines: Vec<EntryLine>,
}

impl From<(entry::Model, Vec<posting::Model>)> for Entry {
    fn from((row, postings): (entry::Model, Vec<posting::Model>)) -> Entry {
        let line = |posting: posting::Model| EntryLine {
            line: posting.line,
            debit_account: posting.debit_account.uuid(),
            credit_account: posting.credit_account.uuid(),
            amount: posting.amount_fen.into(),
        };
        Entry {
            id: row.id.uuid(),
            book: row.book_id.uuid(),
            reference: row.reference,
            kind: row.kind,
            book_date: row.book_date.into(),
            event_date: row.event_date.into(),
            booked_at: row.booked_us.into(),
            actor: row.actor,
            document: row.document,
            memo: row.memo,
            reverses: row.reverses.map(|id| id.uuid()),
            total: row.total_fen.into(),
            lines: postings.into_iter().map(line).collect(),
        }
    }
}

pub(crate) struct BookApi {
    pub(crate) app: Arc<App>,
}

impl BookApi {
    /// The books within the officer's reach.
    async fn shown(&self, officer: &Officer) -> Result<Vec<book::Model>, ApiError> {
        officer.must_be(&READERS)?;
        self.app.books.within(&officer.0, &READERS).await.map_err(|error| ApiError::internal(&error))
    }

    async fn lines(
        &self,
        officer: &Officer,
        book: Option<BookId>,
        day: Option<BusinessDate>,
    ) -> Result<Vec<TrialLine>, ApiError> {
        let shown = self.shown(officer).await?;
        if book.is_some_and(|book| !shown.iter().any(|known| known.id == book)) {
            return Err(ApiError::not_found("no_such_book", "没有这个账套。"));
        }
        let lines = self.app.books.trial_balance(book, day).await;
        let mut lines = lines.map_err(|error| ApiError::internal(&error))?;
        lines.retain(|line| shown.iter().any(|book| book.code == line.book));
        Ok(lines)
    }
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Books")]
impl BookApi {
    /// Books within one's part of the tree, by code; who drafts campaigns sees also those of the charities above.
    #[oai(path = "/books", method = "get")]
    async fn books(&self, officer: Officer) -> Result<Json<Page<Book>>, ApiError> {
        // Whoever drafts a campaign names the book it is for.
        officer.must_be(&[&READERS[..], &DRAFTERS].concat())?;
        let books = self.app.books.within(&officer.0, &READERS).await;
        let mut books = books.map_err(|error| ApiError::internal(&error))?;
        let named = self.app.books.named_by(&officer.0, &DRAFTERS).await;
        for book in named.map_err(|error| ApiError::internal(&error))? {
            if !books.iter().any(|known| known.id == book.id) {
                books.push(book);
            }
        }
        books.sort_by(|a, b| a.code.cmp(&b.code));
        Ok(Json(Page::whole(books)))
    }

    /// The trial balance, at the end of a day or now: its two columns add up to the same sum.
    #[oai(path = "/trial-balance", method = "get")]
    async fn trial_balance(
        &self,
        officer: Officer,
        book: Query<Option<Uuid>>,
        day: Query<Option<Day>>,
    ) -> Result<Json<Page<TrialBalanceLine>>, ApiError> {
        let lines = self.lines(&officer, book.0.map(Into::into), day.0.map(|day| day.0)).await?;
        Ok(Json(Page::whole(lines)))
    }

    /// The balance of an account, at the end of a day or now.
    #[oai(path = "/accounts/:account_id", method = "get")]
    async fn balance(
        &self,
        officer: Officer,
        account_id: Path<Uuid>,
        day: Query<Option<Day>>,
    ) -> Result<Json<TrialBalanceLine>, ApiError> {
        let lines = self.lines(&officer, None, day.0.map(|day| day.0)).await?;
        let line = lines.into_iter().find(|line| line.account_id.uuid() == account_id.0);
        Ok(Json(line.ok_or_else(no_such_account)?.into()))
    }

    /// The statement of an account, in the order of booking. `after` is `next` of the page before.
    #[oai(path = "/accounts/:account_id/statement", method = "get")]
    async fn statement(
        &self,
        officer: Officer,
        account_id: Path<Uuid>,
        #[oai(validator(max_length = 64))] after: Query<Option<String>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<AccountLine>>, ApiError> {
        let (shown, account) = (self.shown(&officer).await?, account_id.0.into());
        let place = |text: &str| {
            let (entry, line) = text.split_once('.')?;
            Some((entry.parse().ok()?, line.parse().ok()?))
        };
        let after = match after.0.as_deref() {
            Some(text) => Some(place(text).ok_or_else(ApiError::cursor)?),
            None => None,
        };
        // A page that names a next one has one: nothing leaves the books. An account comes into being with its first posting.
        let nothing = || if after.is_some() { ApiError::cursor() } else { no_such_account() };
        let book = self.app.books.book_of(account).await.map_err(|error| ApiError::internal(&error))?;
        if !shown.iter().any(|known| Some(known.id) == book) {
            return Err(nothing());
        }
        let lines = self.app.books.statement(account, after, limit.0 + 1).await;
        let mut lines = lines.map_err(|error| ApiError::internal(&error))?;
        if lines.is_empty() {
            return Err(nothing());
        }
        let more = lines.len() as u64 > limit.0;
        lines.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = lines.last().filter(|_| more).map(|line| format!("{}.{}", line.entry_id, line.line));
        Ok(Json(Page { items: lines.into_iter().map(AccountLine::from).collect(), next }))
    }

    /// An entry by its reference, such as `donation:{id}`.
    #[oai(path = "/entries", method = "get")]
    async fn entry(
        &self,
        officer: Officer,
        #[oai(validator(min_length = 1, max_length = 200))] reference: Query<String>,
    ) -> Result<Json<Entry>, ApiError> {
        let shown = self.shown(&officer).await?;
        let found = self.app.books.entry(&reference).await.map_err(|error| ApiError::internal(&error))?;
        let found = found.filter(|(entry, _)| shown.iter().any(|book| book.id == entry.book_id));
        let found = found.ok_or_else(|| ApiError::not_found("no_such_entry", "没有这张凭证。"))?;
        Ok(Json(found.into()))
    }
}
