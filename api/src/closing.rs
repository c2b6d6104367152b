//! Closing the books, their statements, and the public seals.

use std::sync::Arc;

use app::App;
use app::closing::{Closed, Period};
use domain::role::Role;
use entity::day_seal;
use ledger::{ActivityRow, Amounts, BalanceRow, CashFlowRow};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, SignedYuan};

/// How far a book is closed and sealed.
#[derive(Object)]
struct BookClosing {
    book: Uuid,
    code: String,
    /// The last closed day; nothing is dated on it or before any more.
    #[oai(nullable)]
    closed_through: Option<Day>,
    /// The last sealed day (日封存).
    #[oai(nullable)]
    sealed_through: Option<Day>,
    /// The last voucher number given.
    #[oai(nullable)]
    last_voucher: Option<i64>,
    /// The first day something is booked on.
    #[oai(nullable)]
    first_booked: Option<Day>,
    /// The last day something is booked on.
    #[oai(nullable)]
    last_booked: Option<Day>,
}

impl From<Closed> for BookClosing {
    fn from(closed: Closed) -> BookClosing {
        BookClosing {
            book: closed.book.id.uuid(),
            code: closed.book.code,
            closed_through: closed.book.closed_through.map(Day),
            sealed_through: closed.sealed.as_ref().map(|seal| Day(seal.day)),
            last_voucher: closed.sealed.map(|seal| seal.last_number),
            first_booked: closed.booked.map(|(first, _)| Day(first)),
            last_booked: closed.booked.map(|(_, last)| Day(last)),
        }
    }
}

/// The seal of a day: what was booked until then can be compared with it for ever. Hashes are lower-case hex.
#[derive(Object)]
struct DaySeal {
    day: Day,
    first_voucher: i64,
    /// One less than the first on a day without vouchers.
    last_voucher: i64,
    /// RFC 6962 over the vouchers of the day.
    tree_head: String,
    /// The seal of the day before.
    #[oai(nullable)]
    previous: Option<String>,
    seal: String,
    sealed_at: Instant,
}

impl From<day_seal::Model> for DaySeal {
    fn from(row: day_seal::Model) -> DaySeal {
        DaySeal {
            day: row.day.into(),
            first_voucher: row.first_number,
            last_voucher: row.last_number,
            tree_head: hex::encode(row.tree_head),
            previous: row.previous.map(hex::encode),
            seal: hex::encode(row.seal),
            sealed_at: row.sealed_us.into(),
        }
    }
}

/// A row of 资产负债表.
#[derive(Object)]
struct BalanceSheetRow {
    key: String,
    title: String,
    /// 年初数.
    opening: SignedYuan,
    /// 期末数.
    closing: SignedYuan,
    /// The subjects it is made of; none for a sum.
    subjects: Vec<String>,
}

impl From<BalanceRow> for BalanceSheetRow {
    fn from(row: BalanceRow) -> BalanceSheetRow {
        BalanceSheetRow {
            key: row.key.to_owned(),
            title: row.title.to_owned(),
            opening: row.opening.into(),
            closing: row.closing.into(),
            subjects: row.subjects.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// 非限定性, 限定性, 合计.
#[derive(Object)]
struct ActivityAmounts {
    unrestricted: SignedYuan,
    restricted: SignedYuan,
    total: SignedYuan,
}

impl From<Amounts> for ActivityAmounts {
    fn from(amounts: Amounts) -> ActivityAmounts {
        ActivityAmounts {
            unrestricted: amounts.unrestricted.into(),
            restricted: amounts.restricted.into(),
            total: amounts.total().into(),
        }
    }
}

/// A row of 业务活动表.
#[derive(Object)]
struct ActivitiesRow {
    key: String,
    title: String,
    /// 本月数.
    period: ActivityAmounts,
    /// 本年累计数.
    year: ActivityAmounts,
    /// The subjects it is made of; none for a sum.
    subjects: Vec<String>,
}

impl From<ActivityRow> for ActivitiesRow {
    fn from(row: ActivityRow) -> ActivitiesRow {
        ActivitiesRow {
            key: row.key.to_owned(),
            title: row.title.to_owned(),
            period: row.period.into(),
            year: row.year.into(),
            subjects: row.subjects.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// A row of 现金流量表.
#[derive(Object)]
struct CashFlowsRow {
    key: String,
    title: String,
    /// 本月数.
    period: SignedYuan,
    /// 本年累计数.
    year: SignedYuan,
}

impl From<CashFlowRow> for CashFlowsRow {
    fn from(row: CashFlowRow) -> CashFlowsRow {
        CashFlowsRow {
            key: row.key.to_owned(),
            title: row.title.to_owned(),
            period: row.period.into(),
            year: row.year.into(),
        }
    }
}

/// 资产负债表, 业务活动表 and 现金流量表, year-end closing entries left out.
#[derive(Object)]
struct BookStatements {
    /// The first day of the period.
    first: Day,
    /// Its last day.
    last: Day,
    balance_sheet: Vec<BalanceSheetRow>,
    activities: Vec<ActivitiesRow>,
    cash_flows: Vec<CashFlowsRow>,
}

pub(crate) struct ClosingApi {
    pub(crate) app: Arc<App>,
}

fn period(year: i32, month: Option<u8>) -> Result<Period, ApiError> {
    let found = match month {
        Some(month) => Period::month(year, month),
        None => Period::year(year),
    };
    found.ok_or_else(|| ApiError::field("month", "没有这个会计期间"))
}

#[OpenApi(tag = "Tag::Books")]
impl ClosingApi {
    /// The seals of a book by its code, newest first. `after` is `next` of the page before.
    #[oai(path = "/books/:code/seals", method = "get")]
    async fn seals(
        &self,
        #[oai(validator(min_length = 1, max_length = 64))] code: Path<String>,
        after: Query<Option<Day>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<DaySeal>>, ApiError> {
        let mut rows = self.app.closing.seals(&code, after.0.map(|day| day.0), limit.0 + 1).await?;
        let more = rows.len() as u64 > limit.0;
        rows.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.day.to_string());
        Ok(Json(Page { items: rows.into_iter().map(DaySeal::from).collect(), next }))
    }

    /// How far a book is closed and sealed.
    #[oai(path = "/staff/books/:book_id/closing", method = "get")]
    async fn closed(&self, officer: Officer, book_id: Path<Uuid>) -> Result<Json<BookClosing>, ApiError> {
        officer.must_be(&[Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor])?;
        Ok(Json(self.app.closing.closed(book_id.0.into(), &officer.0).await?.into()))
    }

    /// Locks a month: nothing is dated into it any more. December is locked with its year.
    #[oai(path = "/staff/books/:book_id/years/:year/months/:month/closing", method = "post")]
    async fn close_month(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        #[oai(validator(minimum(value = "2000"), maximum(value = "2999")))] year: Path<i32>,
        #[oai(validator(minimum(value = "1"), maximum(value = "12")))] month: Path<u8>,
    ) -> Result<Json<BookClosing>, ApiError> {
        let month = period(year.0, Some(month.0))?;
        Ok(Json(self.app.closing.close_month(book_id.0.into(), month, &officer.0).await?.into()))
    }

    /// Ends a year (年终结转) and locks it: income and prior-year adjustments to net assets, release of restriction, expenses to
    /// unrestricted net assets.
    #[oai(path = "/staff/books/:book_id/years/:year/closing", method = "post")]
    async fn close_year(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        #[oai(validator(minimum(value = "2000"), maximum(value = "2999")))] year: Path<i32>,
    ) -> Result<Json<BookClosing>, ApiError> {
        Ok(Json(self.app.closing.close_year(book_id.0.into(), year.0, &officer.0).await?.into()))
    }

    /// The three statements of a month, or of a year.
    #[oai(path = "/staff/books/:book_id/statements", method = "get")]
    async fn statements(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        #[oai(validator(minimum(value = "2000"), maximum(value = "2999")))] year: Query<i32>,
        #[oai(validator(minimum(value = "1"), maximum(value = "12")))] month: Query<Option<u8>>,
    ) -> Result<Json<BookStatements>, ApiError> {
        let period = period(year.0, month.0)?;
        let found = self.app.closing.statements(book_id.0.into(), period, &officer.0).await?;
        Ok(Json(BookStatements {
            first: period.first.into(),
            last: period.last.into(),
            balance_sheet: found.balance_sheet.rows.into_iter().map(Into::into).collect(),
            activities: found.activities.rows.into_iter().map(Into::into).collect(),
            cash_flows: found.cash_flows.rows.into_iter().map(Into::into).collect(),
        }))
    }
}
