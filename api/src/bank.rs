//! The bank: accounts and how their statements are read, statements, lines and what they may be, the month's 银行存款余额调节表.

use std::sync::Arc;

use app::App;
use app::bank::{
    Accepted, BalanceItem, BalanceReport, Choice, ImportReport, Mapping, Problem, ShownLine, Sought, StatementLine,
    Suggestion, Tied, Undo,
};
use domain::bank as rules;
use entity::{bank_account, bank_balance};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::bank_claim::BankClaim;
use crate::campaign::Reason;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, SignedYuan, Text, Yuan, said, wire_enum};

wire_enum! {
    /// Where a line of a statement stands.
    BankLineState = rules::LineState { Open, Matched, Unclaimed, Claimed, Returned }
}

wire_enum! {
    /// Where a 银行存款余额调节表 stands.
    BankBalanceState = rules::BalanceState { Prepared, Returned, Reviewed }
}

/// How the bytes of a CSV file spell letters.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum FileEncoding {
    Utf8,
    Gbk,
}

/// The names of a bank's columns, as the first line of its table has them.
#[derive(Object)]
struct ColumnMapping {
    encoding: FileEncoding,
    date: Text,
    /// `YYYY-MM-DD`, `YYYYMMDD`, `YYYY年MM月DD日`, `DD/MM/YYYY` and the like.
    date_format: Text,
    /// One column with a sign …
    amount: Option<Text>,
    /// … or two: what came …
    income: Option<Text>,
    /// … and what left.
    expense: Option<Text>,
    /// The balance after each movement; checked line by line.
    balance: Option<Text>,
    reference: Option<Text>,
    counterparty: Option<Text>,
    counterparty_account: Option<Text>,
    #[oai(default)]
    remarks: Vec<Text>,
    /// The cell before the opening balance.
    opening_label: Option<Text>,
    /// The cell before the closing balance.
    closing_label: Option<Text>,
}

impl From<ColumnMapping> for Mapping {
    fn from(wire: ColumnMapping) -> Mapping {
        Mapping {
            encoding: match wire.encoding {
                FileEncoding::Utf8 => app::sheet::Encoding::Utf8,
                FileEncoding::Gbk => app::sheet::Encoding::Gbk,
            },
            date: wire.date.0,
            date_format: wire.date_format.0,
            amount: said(wire.amount),
            income: said(wire.income),
            expense: said(wire.expense),
            balance: said(wire.balance),
            reference: said(wire.reference),
            counterparty: said(wire.counterparty),
            counterparty_account: said(wire.counterparty_account),
            remarks: wire.remarks.into_iter().map(|name| name.0).collect(),
            opening_label: said(wire.opening_label),
            closing_label: said(wire.closing_label),
        }
    }
}

/// A bank account, and how its bank writes tables.
#[derive(Object)]
struct BankAccountMapping {
    /// Our short name, as 1002 has it.
    #[oai(validator(min_length = 1, max_length = 40))]
    name: Text,
    /// Its number at the bank, which statements are compared with; left out, the one that is known stays.
    #[oai(validator(max_length = 40))]
    number: Option<Text>,
    /// None if its statements are CAMT.053 or the plain CSV `date,reference,amount,counterparty,remark`.
    mapping: Option<ColumnMapping>,
}

/// A bank account of a book.
#[derive(Object)]
struct BookBankAccount {
    name: String,
    /// Its number at the bank: set, or taken from the first statement that says it.
    #[oai(nullable)]
    number: Option<String>,
    /// Whether tables of its bank can be read.
    mapped: bool,
    /// The mapping, JSON.
    #[oai(nullable)]
    mapping: Option<String>,
    changed_at: Instant,
}

impl From<bank_account::Model> for BookBankAccount {
    fn from(row: bank_account::Model) -> BookBankAccount {
        BookBankAccount {
            name: row.name,
            number: row.number,
            mapped: row.mapping.is_some(),
            mapping: row.mapping,
            changed_at: row.changed_us.into(),
        }
    }
}

/// Something found in a file.
#[derive(Object)]
pub(crate) struct FileProblem {
    /// The line in the file, or the entry of CAMT.053; 0 for the file as a whole.
    line: u64,
    problem: String,
}

impl From<Problem> for FileProblem {
    fn from(problem: Problem) -> FileProblem {
        FileProblem { line: problem.line, problem: problem.words }
    }
}

/// What is in a statement, and what came of it.
#[derive(Object)]
struct BankImport {
    /// `plain`, `csv`, `xlsx`, `camt053`; empty if it could not be read.
    format: String,
    #[oai(nullable)]
    opening: Option<SignedYuan>,
    #[oai(nullable)]
    closing: Option<SignedYuan>,
    #[oai(nullable)]
    first_day: Option<Day>,
    #[oai(nullable)]
    last_day: Option<Day>,
    lines: u64,
    income: Yuan,
    expense: Yuan,
    /// Lines that no earlier file told of.
    fresh: u64,
    /// Lines that were tied to their entries at once.
    matched: u64,
    /// Rows that are no movement: which balance or sum each was taken for.
    balance_rows: Vec<FileProblem>,
    /// What refuses the file.
    problems: Vec<FileProblem>,
    /// What wants a word before the file is taken.
    warnings: Vec<FileProblem>,
    /// The statement, if it was kept now or before.
    #[oai(nullable)]
    statement: Option<Uuid>,
}

impl From<ImportReport> for BankImport {
    fn from(report: ImportReport) -> BankImport {
        BankImport {
            format: report.format.to_owned(),
            opening: report.opening.map(SignedYuan),
            closing: report.closing.map(SignedYuan),
            first_day: report.days.map(|(first, _)| Day(first)),
            last_day: report.days.map(|(_, last)| Day(last)),
            lines: report.lines,
            income: report.income.into(),
            expense: report.expense.into(),
            fresh: report.fresh,
            matched: report.matched,
            balance_rows: report.balance_rows.into_iter().map(Into::into).collect(),
            problems: report.problems.into_iter().map(Into::into).collect(),
            warnings: report.warnings.into_iter().map(Into::into).collect(),
            statement: report.statement.map(|id| id.uuid()),
        }
    }
}

/// A statement that was kept.
#[derive(Object)]
struct BankStatement {
    id: Uuid,
    /// What the file was called.
    #[oai(nullable)]
    file_name: Option<String>,
    format: String,
    first_day: Day,
    last_day: Day,
    #[oai(nullable)]
    opening: Option<SignedYuan>,
    #[oai(nullable)]
    closing: Option<SignedYuan>,
    lines: i64,
    fresh: i64,
    /// How many of the lines it brought wait for their entry.
    open: i64,
    received_at: Instant,
}

impl From<StatementLine> for BankStatement {
    fn from(StatementLine { row, open }: StatementLine) -> BankStatement {
        BankStatement {
            open,
            id: row.id.uuid(),
            file_name: row.file_name,
            format: row.format,
            first_day: row.first_day.into(),
            last_day: row.last_day.into(),
            opening: row.opening_fen.map(SignedYuan),
            closing: row.closing_fen.map(SignedYuan),
            lines: row.lines,
            fresh: row.fresh,
            received_at: row.received_us.into(),
        }
    }
}

/// A line of a statement.
#[derive(Object)]
struct BankLine {
    id: Uuid,
    statement: Uuid,
    day: Day,
    /// The bank's number.
    reference: String,
    /// What left is negative.
    amount: SignedYuan,
    state: BankLineState,
    /// The code its remark holds (附言识别码).
    #[oai(nullable)]
    code: Option<String>,
    counterparty: String,
    counterparty_account: String,
    remark: String,
    /// How many days ago it came.
    age_days: i64,
}

impl BankLine {
    fn of(app: &App, line: ShownLine) -> BankLine {
        let age_days = app.bank.age_days(&line.row);
        BankLine {
            id: line.row.id.uuid(),
            statement: line.row.statement_id.uuid(),
            day: line.row.day.into(),
            reference: line.row.reference,
            amount: line.row.amount_fen.into(),
            state: line.row.state.into(),
            code: line.row.code,
            counterparty: line.words.counterparty,
            counterparty_account: line.words.account,
            remark: line.words.remark,
            age_days,
        }
    }
}

/// What a line may be.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum BankLineKind {
    /// A gift: two persons claim it (6a, 6c). Only suggested.
    Gift,
    /// Entries that are there.
    Entry,
    /// Payments of a file that the bank has made (12b).
    Payouts,
    /// A payment that came back (12c).
    Bounced,
    /// Interest (18): 1002 / 4901.
    Interest,
    /// A charge of the bank (23): 5301 / 1002.
    Charge,
    /// Cash that was banked (7): 1002 / 1001.
    Cash,
    /// What a designated platform has settled: 1002 / 1009.
    Platform,
    /// The payment of a return two persons have decided: 2209 / 1002.
    Return,
    /// Money of nobody yet (6b): 1002 / 2209 待认领.
    Unclaimed,
}

/// What a line may be, and why.
#[derive(Object)]
struct BankSuggestion {
    kind: BankLineKind,
    /// The entries, payouts, claim or campaign; none for a gift to the general fund.
    ids: Vec<Uuid>,
    /// The platform, or the reference of the entry.
    #[oai(nullable)]
    name: Option<String>,
    reason: String,
}

impl From<Suggestion> for BankSuggestion {
    fn from(suggestion: Suggestion) -> BankSuggestion {
        use app::bank::SuggestionKind as K;
        BankSuggestion {
            kind: match suggestion.kind {
                K::Gift => BankLineKind::Gift,
                K::Entry => BankLineKind::Entry,
                K::Payouts => BankLineKind::Payouts,
                K::Bounced => BankLineKind::Bounced,
                K::Interest => BankLineKind::Interest,
                K::Charge => BankLineKind::Charge,
                K::Cash => BankLineKind::Cash,
                K::Platform => BankLineKind::Platform,
                K::Return => BankLineKind::Return,
                K::Unclaimed => BankLineKind::Unclaimed,
            },
            ids: suggestion.ids,
            name: suggestion.name,
            reason: suggestion.reason,
        }
    }
}

/// An open line with what it may be.
#[derive(Object)]
struct OpenBankLine {
    line: BankLine,
    suggestions: Vec<BankSuggestion>,
}

/// What a person says a line is.
#[derive(Object)]
struct AcceptedLine {
    line: Uuid,
    kind: BankLineKind,
    /// As the suggestion has them.
    #[oai(default)]
    ids: Vec<Uuid>,
    /// The platform, or the bank's words for a bounce.
    #[oai(validator(max_length = 100))]
    name: Option<Text>,
}

impl AcceptedLine {
    fn read(self) -> Result<Accepted, ApiError> {
        let first = || self.ids.first().copied().ok_or_else(|| ApiError::field("ids", "请指明对应的单据"));
        let name = said(self.name);
        let choice = match self.kind {
            BankLineKind::Gift => return Err(ApiError::field("kind", "认领为捐赠须由两人办理")),
            BankLineKind::Entry => Choice::Entries(self.ids.iter().map(|id| (*id).into()).collect()),
            BankLineKind::Payouts => Choice::Payouts(self.ids.iter().map(|id| (*id).into()).collect()),
            BankLineKind::Bounced => Choice::Bounced(first()?.into(), name.unwrap_or_else(|| "银行退汇".to_owned())),
            BankLineKind::Interest => Choice::Interest,
            BankLineKind::Charge => Choice::Charge,
            BankLineKind::Cash => Choice::Cash,
            BankLineKind::Platform => Choice::Platform(name.ok_or_else(|| ApiError::field("name", "请填写平台名称"))?),
            BankLineKind::Return => Choice::Return(first()?.into()),
            BankLineKind::Unclaimed => Choice::Unclaimed,
        };
        Ok(Accepted { line: self.line.into(), choice })
    }
}

/// Lines that are accepted together, all or none.
#[derive(Object)]
struct AcceptedLines {
    items: Vec<AcceptedLine>,
}

/// How many lines were accepted.
#[derive(Object)]
struct AcceptedCount {
    accepted: u64,
}

/// What only one side knows at the end of the month.
#[derive(Object)]
struct BankBalanceItem {
    /// `bank_received` 银行已收企业未收, `bank_paid` 银行已付企业未付, `booked_received` 企业已收银行未收, `booked_paid` 企业已付银行未付, `opening`
    /// 期初差额.
    kind: String,
    day: Day,
    reference: String,
    amount: SignedYuan,
}

impl From<BalanceItem> for BankBalanceItem {
    fn from(item: BalanceItem) -> BankBalanceItem {
        BankBalanceItem { kind: item.kind, day: item.day.into(), reference: item.reference, amount: item.amount.into() }
    }
}

/// 银行存款余额调节表.
#[derive(Object)]
struct BankBalance {
    bank_account: String,
    month: String,
    ledger: SignedYuan,
    statement: SignedYuan,
    items: Vec<BankBalanceItem>,
    adjusted_ledger: SignedYuan,
    adjusted_statement: SignedYuan,
    /// What is wrong with the statements; then nothing can be signed.
    gaps: Vec<String>,
    /// Both sides come to the same, to the fen.
    agrees: bool,
}

impl From<BalanceReport> for BankBalance {
    fn from(report: BalanceReport) -> BankBalance {
        BankBalance {
            agrees: report.agrees(),
            bank_account: report.bank_account,
            month: report.month,
            ledger: report.ledger.into(),
            statement: report.statement.into(),
            items: report.items.into_iter().map(Into::into).collect(),
            adjusted_ledger: report.adjusted_ledger.into(),
            adjusted_statement: report.adjusted_statement.into(),
            gaps: report.gaps,
        }
    }
}

/// A sheet that was prepared.
#[derive(Object)]
struct PreparedBalance {
    id: Uuid,
    bank_account: String,
    month: String,
    state: BankBalanceState,
    ledger: SignedYuan,
    statement: SignedYuan,
    adjusted: SignedYuan,
    prepared_by: Uuid,
    #[oai(nullable)]
    reviewed_by: Option<Uuid>,
    /// Whom the reviewer stood in for.
    #[oai(nullable)]
    reviewed_for: Option<Uuid>,
    prepared_at: Instant,
    #[oai(nullable)]
    reviewed_at: Option<Instant>,
}

impl From<bank_balance::Model> for PreparedBalance {
    fn from(row: bank_balance::Model) -> PreparedBalance {
        PreparedBalance {
            id: row.id.uuid(),
            bank_account: row.bank_account,
            month: row.month,
            state: row.state.into(),
            ledger: row.ledger_fen.into(),
            statement: row.statement_fen.into(),
            adjusted: row.adjusted_fen.into(),
            prepared_by: row.author_id.uuid(),
            reviewed_by: row.reviewer_id.map(|id| id.uuid()),
            reviewed_for: row.reviewer_for_id.map(|id| id.uuid()),
            prepared_at: row.created_us.into(),
            reviewed_at: row.reviewed_us.map(Instant),
        }
    }
}

/// A sheet to be prepared.
#[derive(Object)]
struct NewBalance {
    /// Made by the client: the same id again is the same sheet.
    id: Uuid,
}

/// A workbook, to be saved.
#[derive(ApiResponse)]
enum Workbook {
    /// XLSX.
    #[oai(status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")]
    Bytes(Binary<Vec<u8>>, #[oai(header = "Content-Disposition")] String),
}

pub(crate) struct BankApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff/books", tag = "Tag::Bank")]
impl BankApi {
    /// The bank accounts of a book.
    #[oai(path = "/:book_id/bank-accounts", method = "get")]
    async fn accounts(&self, officer: Officer, book_id: Path<Uuid>) -> Result<Json<Page<BookBankAccount>>, ApiError> {
        Ok(Json(Page::whole(self.app.bank.accounts(book_id.0.into(), &officer.0).await?)))
    }

    /// Names a bank account and says how its bank writes tables.
    #[oai(path = "/:book_id/bank-accounts", method = "put")]
    async fn set_account(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        body: Json<BankAccountMapping>,
    ) -> Result<Json<BookBankAccount>, ApiError> {
        let BankAccountMapping { name, number, mapping } = body.0;
        let (number, mapping) = (said(number), mapping.map(Into::into));
        let bank = &self.app.bank;
        let row = bank.set_account(book_id.0.into(), &name.0, number.as_deref(), mapping, &officer.0).await?;
        Ok(Json(row.into()))
    }

    /// Looks at a statement (CSV, XLSX or CAMT.053, sent as the body) and, with `write`, takes it. A file that contradicts itself is told with
    /// its line and refused. The same file again, or one that overlaps, adds nothing twice.
    #[oai(path = "/:book_id/bank-statements", method = "post")]
    #[allow(clippy::too_many_arguments, reason = "the body is the file, so all else stands in the query")]
    async fn import(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        /// Made by the client.
        id: Query<Uuid>,
        #[oai(validator(min_length = 1, max_length = 40))] account: Query<String>,
        #[oai(default)] write: Query<bool>,
        #[oai(default)] despite_warnings: Query<bool>,
        /// What the file is called.
        #[oai(validator(max_length = 200))]
        file_name: Query<Option<String>>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<BankImport>, ApiError> {
        let import = app::bank::Import {
            id: id.0.into(),
            book: book_id.0.into(),
            bank_account: account.0,
            file_name: file_name.0,
            bytes: body.0,
        };
        Ok(Json(self.app.bank.import(import, write.0, despite_warnings.0, &officer.0).await?.into()))
    }

    /// The statements of an account, newest first.
    #[oai(path = "/:book_id/bank-statements", method = "get")]
    async fn statements(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        account: Query<String>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<BankStatement>>, ApiError> {
        let of = (book_id.0.into(), account.0.as_str());
        let rows = self.app.bank.statements(of, after.0.map(Into::into), limit.0 + 1, &officer.0).await?;
        Ok(Json(Page::of(rows, limit.0, |one| one.row.id.uuid())))
    }

    /// The lines of an account, newest day first: all, or those in one state (`unclaimed`: 待认领, with their age).
    #[oai(path = "/:book_id/bank-lines", method = "get")]
    async fn lines(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        account: Query<String>,
        state: Query<Option<BankLineState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<BankLine>>, ApiError> {
        let of = (book_id.0.into(), account.0.as_str());
        let sought = Sought { state: state.0.map(Into::into), ..Sought::default() };
        let mut lines = self.app.bank.lines(of, sought, after.0.map(Into::into), limit.0 + 1, &officer.0).await?;
        let more = lines.len() as u64 > limit.0;
        lines.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = lines.last().filter(|_| more).map(|line| line.row.id.to_string());
        Ok(Json(Page { items: lines.into_iter().map(|line| BankLine::of(&self.app, line)).collect(), next }))
    }

    /// What each open line may be, oldest first, with the reasons.
    #[oai(path = "/:book_id/bank-suggestions", method = "get")]
    async fn suggestions(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        account: Query<String>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<OpenBankLine>>, ApiError> {
        let of = (book_id.0.into(), account.0.as_str());
        let mut lines = self.app.bank.suggestions(of, after.0.map(Into::into), limit.0 + 1, &officer.0).await?;
        let more = lines.len() as u64 > limit.0;
        lines.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = lines.last().filter(|_| more).map(|(line, _)| line.row.id.to_string());
        let items = lines.into_iter().map(|(line, suggestions)| OpenBankLine {
            line: BankLine::of(&self.app, line),
            suggestions: suggestions.into_iter().map(Into::into).collect(),
        });
        Ok(Json(Page { items: items.collect(), next }))
    }

    /// Accepts what lines of an account are, many at once, all or none. What is not booked is booked from its line.
    #[oai(path = "/:book_id/bank-lines/acceptance", method = "post")]
    async fn accept(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        account: Query<String>,
        body: Json<AcceptedLines>,
    ) -> Result<Json<AcceptedCount>, ApiError> {
        let accepted = body.0.items.into_iter().map(AcceptedLine::read).collect::<Result<Vec<_>, _>>()?;
        let of = (book_id.0.into(), account.0.as_str());
        Ok(Json(AcceptedCount { accepted: self.app.bank.accept(of, &accepted, &officer.0).await? }))
    }

    /// The 银行存款余额调节表 of an account and a month (`2026-03`), as things stand now.
    #[oai(path = "/:book_id/bank-balances/:month", method = "get")]
    async fn balance(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        month: Path<String>,
        account: Query<String>,
    ) -> Result<Json<BankBalance>, ApiError> {
        let of = (book_id.0.into(), account.0.as_str());
        Ok(Json(self.app.bank.balance(of, &month.0, &officer.0).await?.into()))
    }

    /// The same as a workbook.
    #[oai(path = "/:book_id/bank-balances/:month/workbook", method = "get")]
    async fn workbook(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        month: Path<String>,
        account: Query<String>,
    ) -> Result<Workbook, ApiError> {
        let of = (book_id.0.into(), account.0.as_str());
        let bytes = self.app.bank.balance_workbook(of, &month.0, &officer.0).await?;
        Ok(Workbook::Bytes(Binary(bytes), "attachment; filename=\"bank-balance.xlsx\"".to_owned()))
    }

    /// Prepares the sheet of a month that is over: the first of two persons.
    #[oai(path = "/:book_id/bank-balances/:month", method = "post")]
    async fn prepare(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        month: Path<String>,
        account: Query<String>,
        body: Json<NewBalance>,
    ) -> Result<Json<PreparedBalance>, ApiError> {
        let of = (book_id.0.into(), account.0.as_str());
        Ok(Json(self.app.bank.prepare_balance(body.0.id.into(), of, &month.0, &officer.0).await?.into()))
    }

    /// The sheets of an account that were prepared, newest first.
    #[oai(path = "/:book_id/bank-balances", method = "get")]
    async fn balances(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        account: Query<String>,
    ) -> Result<Json<Page<PreparedBalance>>, ApiError> {
        let of = (book_id.0.into(), account.0.as_str());
        Ok(Json(Page::whole(self.app.bank.balances(of, &officer.0).await?)))
    }
}

/// What is done to a thing of the bank by its id.
pub(crate) struct BankThingApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Bank")]
impl BankThingApi {
    /// A line with everything it was tied to, oldest first, and how that can be undone.
    #[oai(path = "/bank-lines/:line_id", method = "get")]
    async fn line(&self, officer: Officer, line_id: Path<Uuid>) -> Result<Json<BankLineSheet>, ApiError> {
        let sheet = self.app.bank.line(line_id.0.into(), &officer.0).await?;
        let ties = sheet.ties.into_iter().map(Into::into).collect();
        let claims = sheet.claims.into_iter().map(Into::into).collect();
        Ok(Json(BankLineSheet { line: BankLine::of(&self.app, sheet.line), ties, undo: sheet.undo.into(), claims }))
    }

    /// Undoes what a line was taken for by mistake. What was booked from it alone is taken back by a reversal, by another person than who
    /// accepted it.
    #[oai(path = "/bank-lines/:line_id/untying", method = "post")]
    async fn untie(&self, officer: Officer, line_id: Path<Uuid>) -> Result<Json<BankLineStanding>, ApiError> {
        let row = self.app.bank.untie(line_id.0.into(), &officer.0).await?;
        Ok(Json(BankLineStanding { id: row.id.uuid(), state: row.state.into() }))
    }

    /// Signs a 银行存款余额调节表: the second person.
    #[oai(path = "/bank-balances/:balance_id/review", method = "post")]
    async fn review(&self, officer: Officer, balance_id: Path<Uuid>) -> Result<Json<PreparedBalance>, ApiError> {
        Ok(Json(self.app.bank.review_balance(balance_id.0.into(), true, &officer.0).await?.into()))
    }

    /// Sends a 银行存款余额调节表 back with a reason: the second person.
    #[oai(path = "/bank-balances/:balance_id/return", method = "post")]
    async fn send_back(
        &self,
        officer: Officer,
        balance_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<PreparedBalance>, ApiError> {
        let no = body.0.declines()?;
        Ok(Json(self.app.bank.review_balance(balance_id.0.into(), no, &officer.0).await?.into()))
    }
}

wire_enum! {
    /// How what a line was taken for can be undone: `untie` leaves the entries, `reverse` takes back what was booked from the line.
    BankLineUndo = Undo { Untie, Reverse, Nothing }
}

/// An entry that a line is or was tied to.
#[derive(Object)]
struct BankTie {
    entry: Uuid,
    reference: String,
    amount: SignedYuan,
    /// What it was taken for.
    rule: String,
    tied_at: Instant,
    /// Since when it is so no more.
    #[oai(nullable)]
    untied_at: Option<Instant>,
}

impl From<Tied> for BankTie {
    fn from(Tied { tie, reference }: Tied) -> BankTie {
        BankTie {
            entry: tie.entry_id.uuid(),
            reference,
            amount: tie.amount_fen.into(),
            rule: tie.rule,
            tied_at: tie.at_us.into(),
            untied_at: tie.untied_us.map(Into::into),
        }
    }
}

/// A line with its whole story.
#[derive(Object)]
struct BankLineSheet {
    line: BankLine,
    ties: Vec<BankTie>,
    undo: BankLineUndo,
    /// What two persons have made of its money, or were asked to, oldest first; a gift has the id of its claim.
    claims: Vec<BankClaim>,
}

/// Where a line stands now.
#[derive(Object)]
struct BankLineStanding {
    id: Uuid,
    state: BankLineState,
}
