//! Closing the books, their statements, and the public seals.

use std::sync::Arc;

use app::App;
use app::closing::{Closed, NewClosing, NewReport, Period, YearStanding, YearState};
use domain::role::Role;
use entity::{audited_year, day_seal, year_closing};
use ledger::{
    ActivityRow, Amounts, BalanceRow, CashFlowRow, Cell, CellColumn, CellLine, CellLines, CellPart, StatementForm,
};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::cached::Cached;
use crate::campaign::Reason;
use crate::document::{self, Attachment, Download};
use crate::error::ApiError;
use crate::member::ProposalState;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, SignedYuan, Text, said};

/// How far a book is closed and sealed.
#[derive(Object)]
struct BookClosing {
    book: Uuid,
    code: String,
    /// The last closed day; nothing is dated on it or before any more.
    #[oai(nullable)]
    closed_through: Option<Day>,
    /// The last day of the last locked month (月结). Sealed days may be closed beyond it: their month waits for its lock all the same.
    #[oai(nullable)]
    locked_through: Option<Day>,
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
            locked_through: closed.book.locked_through.map(Day),
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
    /// The version of the chart its codes are of.
    chart: String,
    balance_sheet: Vec<BalanceSheetRow>,
    activities: Vec<ActivitiesRow>,
    cash_flows: Vec<CashFlowsRow>,
}

/// Which statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum StatementWord {
    /// 资产负债表.
    BalanceSheet,
    /// 业务活动表.
    Activities,
    /// 现金流量表.
    CashFlows,
}

/// Which column of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum StatementColumn {
    /// 年初数 of 资产负债表.
    Opening,
    /// 期末数 of 资产负债表.
    Closing,
    /// 本月数.
    Period,
    /// 本年累计数.
    Year,
}

/// Which part of a cell of 业务活动表.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum StatementPart {
    /// 非限定性.
    Unrestricted,
    /// 限定性.
    Restricted,
    /// 合计.
    Total,
}

/// A line of an entry behind a cell of a statement.
#[derive(Object)]
struct StatementLine {
    entry_id: Uuid,
    reference: String,
    kind: String,
    book_date: Day,
    event_date: Day,
    /// The account that the cell counts.
    account: String,
    /// The account on the other side.
    contra: String,
    /// What it adds to the cell.
    amount: SignedYuan,
}

impl From<CellLine> for StatementLine {
    fn from(line: CellLine) -> StatementLine {
        StatementLine {
            entry_id: line.entry_id.uuid(),
            reference: line.reference,
            kind: line.kind,
            book_date: line.book_date.into(),
            event_date: line.event_date.into(),
            account: line.account,
            contra: line.contra,
            amount: line.amount.into(),
        }
    }
}

/// A page of the lines behind a cell. All pages together add up to the total, which is the number in the cell.
#[derive(Object)]
struct StatementLines {
    total: SignedYuan,
    items: Vec<StatementLine>,
    /// What `after` is for the next page; null on the last.
    #[oai(nullable)]
    next: Option<String>,
}

/// How far a year is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum BookYearState {
    /// Something may still be booked into it.
    Open,
    /// 软结账: ended, open to adjustments.
    SoftClosed,
    /// 硬结账: its audited report is recorded.
    Audited,
}

/// The audited report of a year (审计报告).
#[derive(Object)]
struct AuditReport {
    id: Uuid,
    book: Uuid,
    year: i64,
    auditor: String,
    report_number: String,
    reported_on: Day,
    /// `proposed`, `approved` or `declined`.
    state: ProposalState,
    recorded_by: Uuid,
    #[oai(nullable)]
    decided_by: Option<Uuid>,
    created_at: Instant,
    #[oai(nullable)]
    decided_at: Option<Instant>,
}

impl From<audited_year::Model> for AuditReport {
    fn from(row: audited_year::Model) -> AuditReport {
        AuditReport {
            id: row.id.uuid(),
            book: row.book_id.uuid(),
            year: row.year,
            auditor: row.auditor,
            report_number: row.report_number,
            reported_on: row.reported_on.into(),
            state: row.state.into(),
            recorded_by: row.author_id.uuid(),
            decided_by: row.approver_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
            decided_at: row.decided_us.map(Instant),
        }
    }
}

/// The end of a year (年终结转), proposed by one person and decided by another.
#[derive(Object)]
struct YearClosing {
    id: Uuid,
    book: Uuid,
    year: i64,
    /// What stood against it when it was proposed.
    unmet: Vec<String>,
    /// Why it is ended all the same.
    #[oai(nullable)]
    reason: Option<String>,
    /// `proposed`, `approved` or `declined`.
    state: ProposalState,
    proposed_by: Uuid,
    /// Null if nobody has decided, or whoever proposed it took it back.
    #[oai(nullable)]
    decided_by: Option<Uuid>,
    created_at: Instant,
    #[oai(nullable)]
    decided_at: Option<Instant>,
}

impl From<year_closing::Model> for YearClosing {
    fn from(row: year_closing::Model) -> YearClosing {
        YearClosing {
            id: row.id.uuid(),
            book: row.book_id.uuid(),
            year: row.year,
            unmet: app::closing::unmet(&row),
            reason: row.reason,
            state: row.state.into(),
            proposed_by: row.author_id.uuid(),
            decided_by: row.approver_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
            decided_at: row.decided_us.map(Instant),
        }
    }
}

/// The end of a year as it is proposed.
#[derive(Object)]
struct NewYearClosing {
    /// Made by the client: the same id again is the same proposal.
    id: Uuid,
    /// Why it is ended although something stands against it.
    #[oai(validator(max_length = 500))]
    reason: Option<Text>,
}

/// A year of a book.
#[derive(Object)]
struct BookYear {
    year: i32,
    state: BookYearState,
    /// Its end, decided or proposed.
    #[oai(nullable)]
    closing: Option<YearClosing>,
    /// Its audited report, recorded or under way.
    #[oai(nullable)]
    report: Option<AuditReport>,
}

impl From<YearStanding> for BookYear {
    fn from(standing: YearStanding) -> BookYear {
        BookYear {
            year: standing.year,
            state: match standing.state {
                YearState::Open => BookYearState::Open,
                YearState::SoftClosed => BookYearState::SoftClosed,
                YearState::Audited => BookYearState::Audited,
            },
            closing: standing.closing.map(Into::into),
            report: standing.report.map(Into::into),
        }
    }
}

/// An audited report as it is recorded.
#[derive(Object)]
struct NewAuditReport {
    /// Made by the client: the same id again is the same report.
    id: Uuid,
    /// 会计师事务所.
    #[oai(validator(min_length = 2, max_length = 100))]
    auditor: Text,
    #[oai(validator(min_length = 2, max_length = 100))]
    report_number: Text,
    reported_on: Day,
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
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<DaySeal>>, ApiError> {
        let mut rows = self.app.closing.seals(&code, after.0.map(|day| day.0), limit.0 + 1).await?;
        let more = rows.len() as u64 > limit.0;
        rows.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.day.to_string());
        Ok(Cached::of(Page { items: rows.into_iter().map(DaySeal::from).collect(), next }, known.0.as_deref()))
    }

    /// How far a book is closed and sealed.
    #[oai(path = "/staff/books/:book_id/closing", method = "get")]
    async fn closed(&self, officer: Officer, book_id: Path<Uuid>) -> Result<Json<BookClosing>, ApiError> {
        officer.must_be(&[Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor])?;
        Ok(Json(self.app.closing.closed(book_id.0.into(), &officer.0).await?.into()))
    }

    /// Locks a month, and those before it that are not locked: nothing is dated into them any more. Days that were sealed before do not
    /// lock their month. December is locked with its year, which is not ended before its other months are locked. Where days are
    /// not reconciled, breaks or lines of the bank are open, a 余额调节表 is not reviewed, vouchers wait or money is too long on its way,
    /// with a reason only, which the audit trail keeps.
    #[oai(path = "/staff/books/:book_id/years/:year/months/:month/closing", method = "post")]
    async fn close_month(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        #[oai(validator(minimum(value = "2000"), maximum(value = "2999")))] year: Path<i32>,
        #[oai(validator(minimum(value = "1"), maximum(value = "12")))] month: Path<u8>,
        #[oai(validator(max_length = 500))] reason: Query<Option<String>>,
    ) -> Result<Json<BookClosing>, ApiError> {
        let month = period(year.0, Some(month.0))?;
        let closed = self.app.closing.close_month(book_id.0.into(), month, reason.0.as_deref(), &officer.0).await?;
        Ok(Json(closed.into()))
    }

    /// Proposes to end a year (年终结转): the first of two persons. Where something stands against it, with a reason only, which the audit
    /// trail keeps.
    #[oai(path = "/staff/books/:book_id/years/:year/closing", method = "post")]
    async fn propose_year(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        #[oai(validator(minimum(value = "2000"), maximum(value = "2999")))] year: Path<i32>,
        body: Json<NewYearClosing>,
    ) -> Result<Json<YearClosing>, ApiError> {
        let NewYearClosing { id, reason } = body.0;
        let new = NewClosing { id: id.into(), book: book_id.0.into(), year: year.0, reason: said(reason) };
        Ok(Json(self.app.closing.propose_year(new, &officer.0).await?.into()))
    }

    /// Ends a year and locks it: the second person. Income and prior-year adjustments go to net assets, restriction is released, expenses
    /// go to unrestricted net assets.
    #[oai(path = "/staff/year-closings/:closing_id/approval", method = "post")]
    async fn close_year(&self, officer: Officer, closing_id: Path<Uuid>) -> Result<Json<YearClosing>, ApiError> {
        Ok(Json(self.app.closing.decide_year(closing_id.0.into(), true, &officer.0).await?.into()))
    }

    /// Does not end it, and says why; it can be proposed again.
    #[oai(path = "/staff/year-closings/:closing_id/decline", method = "post")]
    async fn decline_year(
        &self,
        officer: Officer,
        closing_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<YearClosing>, ApiError> {
        let no = body.0.declines()?;
        Ok(Json(self.app.closing.decide_year(closing_id.0.into(), no, &officer.0).await?.into()))
    }

    /// Takes it back before it is decided: whoever proposed it. It is `declined` by nobody, and can be proposed again.
    #[oai(path = "/staff/year-closings/:closing_id/withdrawal", method = "post")]
    async fn withdraw_year(&self, officer: Officer, closing_id: Path<Uuid>) -> Result<Json<YearClosing>, ApiError> {
        Ok(Json(self.app.closing.withdraw_year(closing_id.0.into(), &officer.0).await?.into()))
    }

    /// A proposal to end a year, for whoever reads the books or decides it.
    #[oai(path = "/staff/year-closings/:closing_id", method = "get")]
    async fn year_closing(&self, officer: Officer, closing_id: Path<Uuid>) -> Result<Json<YearClosing>, ApiError> {
        Ok(Json(self.app.closing.closing_of(closing_id.0.into(), &officer.0).await?.into()))
    }

    /// The three statements of a month, or of a year.
    #[oai(path = "/staff/books/:book_id/statements", method = "get")]
    async fn statements(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        #[oai(validator(minimum(value = "2000"), maximum(value = "2999")))] year: Query<i32>,
        #[oai(validator(minimum(value = "1"), maximum(value = "12")))] month: Query<Option<u8>>,
        /// With what the audit of an ended year found (审计调整), which is booked later.
        #[oai(default)]
        adjusted: Query<bool>,
    ) -> Result<Json<BookStatements>, ApiError> {
        let period = period(year.0, month.0)?;
        let found = self.app.closing.statements(book_id.0.into(), period, adjusted.0, &officer.0).await?;
        Ok(Json(BookStatements {
            first: period.first.into(),
            last: period.last.into(),
            chart: "2024".to_owned(),
            balance_sheet: found.balance_sheet.rows.into_iter().map(Into::into).collect(),
            activities: found.activities.rows.into_iter().map(Into::into).collect(),
            cash_flows: found.cash_flows.rows.into_iter().map(Into::into).collect(),
        }))
    }

    /// The entries behind a cell of a statement, in the order of book date: their amounts add up to it.
    #[oai(path = "/staff/books/:book_id/statements/lines", method = "get")]
    #[allow(clippy::too_many_arguments, reason = "what names a cell")]
    async fn behind(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        #[oai(validator(minimum(value = "2000"), maximum(value = "2999")))] year: Query<i32>,
        #[oai(validator(minimum(value = "1"), maximum(value = "12")))] month: Query<Option<u8>>,
        form: Query<StatementWord>,
        /// The key of the row.
        #[oai(validator(min_length = 1, max_length = 40))]
        row: Query<String>,
        column: Query<StatementColumn>,
        /// Of 业务活动表; elsewhere the whole.
        part: Query<Option<StatementPart>>,
        #[oai(validator(max_length = 300))] after: Query<Option<String>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<StatementLines>, ApiError> {
        officer.must_be(&[Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor])?;
        let period = period(year.0, month.0)?;
        let cell = Cell {
            form: match form.0 {
                StatementWord::BalanceSheet => StatementForm::BalanceSheet,
                StatementWord::Activities => StatementForm::Activities,
                StatementWord::CashFlows => StatementForm::CashFlows,
            },
            row: row.0,
            column: match column.0 {
                StatementColumn::Opening => CellColumn::Opening,
                StatementColumn::Closing => CellColumn::Closing,
                StatementColumn::Period => CellColumn::Period,
                StatementColumn::Year => CellColumn::Year,
            },
            part: match part.0 {
                Some(StatementPart::Unrestricted) => CellPart::Unrestricted,
                Some(StatementPart::Restricted) => CellPart::Restricted,
                Some(StatementPart::Total) | None => CellPart::Total,
            },
            first: period.first,
            last: period.last,
        };
        let found = self.app.closing.behind(book_id.0.into(), &cell, &officer.0, after.0.as_deref(), limit.0 + 1);
        let none = || ApiError::not_found("no_such_cell", "报表没有这个栏目。");
        let CellLines { total, mut lines } = found.await?.ok_or_else(none)?;
        let more = lines.len() as u64 > limit.0;
        lines.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = lines.last().filter(|_| more).map(|line| line.key.clone());
        Ok(Json(StatementLines { total: total.into(), items: lines.into_iter().map(Into::into).collect(), next }))
    }

    /// The three statements of a month, or of a year, as a workbook.
    #[oai(path = "/staff/books/:book_id/statements/workbook", method = "get")]
    async fn workbook(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        #[oai(validator(minimum(value = "2000"), maximum(value = "2999")))] year: Query<i32>,
        #[oai(validator(minimum(value = "1"), maximum(value = "12")))] month: Query<Option<u8>>,
        #[oai(default)] adjusted: Query<bool>,
    ) -> Result<Download, ApiError> {
        officer.must_be(&[Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor])?;
        let period = period(year.0, month.0)?;
        let bytes = self.app.closing.statements_workbook(book_id.0.into(), period, adjusted.0, &officer.0).await?;
        let name = match month.0 {
            Some(month) => format!("会计报表-{}-{month:02}.xlsx", year.0),
            None => format!("会计报表-{}.xlsx", year.0),
        };
        Ok(document::workbook(bytes, &name))
    }

    /// The years of a book, newest first: open, ended and open to adjustments (软结账), or audited (硬结账).
    #[oai(path = "/staff/books/:book_id/years", method = "get")]
    async fn years(&self, officer: Officer, book_id: Path<Uuid>) -> Result<Json<Page<BookYear>>, ApiError> {
        Ok(Json(Page::whole(self.app.closing.years(book_id.0.into(), &officer.0).await?)))
    }

    /// Records the audited report of an ended year: the first of two persons. The report itself is attached to it.
    #[oai(path = "/staff/books/:book_id/years/:year/audit-reports", method = "post")]
    async fn report(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        #[oai(validator(minimum(value = "2000"), maximum(value = "2999")))] year: Path<i32>,
        body: Json<NewAuditReport>,
    ) -> Result<Json<AuditReport>, ApiError> {
        let NewAuditReport { id, auditor, report_number, reported_on } = body.0;
        let new = NewReport {
            id: id.into(),
            book: book_id.0.into(),
            year: year.0,
            auditor: auditor.0,
            report_number: report_number.0,
            reported_on: reported_on.0,
        };
        Ok(Json(self.app.closing.report(new, &officer.0).await?.into()))
    }

    /// Confirms a report: the second person, once the annual report of the year is published with it. The year is closed for good.
    #[oai(path = "/staff/audit-reports/:report_id/approval", method = "post")]
    async fn confirm_report(&self, officer: Officer, report_id: Path<Uuid>) -> Result<Json<AuditReport>, ApiError> {
        Ok(Json(self.app.closing.confirm_report(report_id.0.into(), true, &officer.0).await?.into()))
    }

    /// Does not confirm it, and says why; another one can be recorded.
    #[oai(path = "/staff/audit-reports/:report_id/decline", method = "post")]
    async fn decline_report(
        &self,
        officer: Officer,
        report_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<AuditReport>, ApiError> {
        let no = body.0.declines()?;
        Ok(Json(self.app.closing.confirm_report(report_id.0.into(), no, &officer.0).await?.into()))
    }

    /// The documents of a report.
    #[oai(path = "/staff/audit-reports/:report_id/attachments", method = "get")]
    async fn report_attachments(
        &self,
        officer: Officer,
        report_id: Path<Uuid>,
    ) -> Result<Json<Page<Attachment>>, ApiError> {
        let file = self.app.closing.report_file(report_id.0.into(), false, &officer.0).await?;
        document::list(&self.app, &file).await
    }

    /// Attaches the report, before it is confirmed.
    #[oai(path = "/staff/audit-reports/:report_id/attachments", method = "post")]
    async fn attach_report(
        &self,
        officer: Officer,
        report_id: Path<Uuid>,
        /// What it proves: `contract`, `invoice`, `roster`, `list`, `filing`, `filing_receipt`, `minutes`, `report`, `statement`, `scan`,
        /// `picture` or `other`.
        #[oai(validator(min_length = 1, max_length = 40))]
        kind: Query<String>,
        #[oai(validator(min_length = 1, max_length = 200))] file_name: Query<String>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<Attachment>, ApiError> {
        let file = self.app.closing.report_file(report_id.0.into(), true, &officer.0).await?;
        document::upload(&self.app, &officer.0, &file, &kind.0, &file_name.0, body).await
    }

    /// A document of a report.
    #[oai(path = "/staff/audit-reports/:report_id/attachments/:attachment_id", method = "get")]
    async fn report_attachment(
        &self,
        officer: Officer,
        report_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<Download, ApiError> {
        let file = self.app.closing.report_file(report_id.0.into(), false, &officer.0).await?;
        document::download(&self.app, &file, attachment_id.0).await
    }

    /// Everything an auditor asks of a year, in one archive: statements, balances, journal, ledgers, vouchers, proofs, breaks and what was
    /// decided, counts, seals, papers with their approvals, refunds, ages of 1122 and 2209, publications, ratios, campaigns, the months that
    /// were locked and in spite of what, and a list of it all with its SHA-256.
    #[oai(path = "/staff/books/:book_id/years/:year/audit-pack", method = "get")]
    async fn audit_pack(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        #[oai(validator(minimum(value = "2000"), maximum(value = "2999")))] year: Path<i32>,
    ) -> Result<Download, ApiError> {
        let (name, bytes) = self.app.closing.audit_pack(book_id.0.into(), year.0, &officer.0).await?;
        Ok(document::archive(bytes, &name))
    }
}
