//! 银行存款余额调节表: what the books say an account holds, what the bank says, and every line and entry that only one side knows, so that both
//! come to the same to the fen. It rests on the lines and ties as they stand; what the bank's own balances say must follow from its lines, or
//! a statement is missing and nothing is signed.

use std::collections::BTreeMap;

use crowdfunding::Decision;
use domain::bank::BalanceState;
use domain::role::{Member, Role};
use domain::{BankBalanceId, BookId, BusinessDate, Money};
use entity::{bank_balance, bank_line, bank_statement, violation};
use ledger::Account;
use rust_decimal::Decimal;
use rust_xlsxwriter::{Format, Workbook};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Set, Statement,
};
use serde::{Deserialize, Serialize};

use super::{Bank, BankError, hand, locked_account, reads};
use crate::books::words;
use crate::trail;

/// Who prepares it: not the cashier, who moves the money.
const PREPARERS: [Role; 1] = [Role::Bookkeeper];
/// Who reviews it.
const REVIEWERS: [Role; 1] = [Role::FinanceHead];

/// The gap of a month of which nobody has brought a statement.
const NO_STATEMENT: &str = "当月没有银行对账单";

/// Something that only one side knows at the end of the month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceItem {
    /// `bank_received` 银行已收企业未收, `bank_paid` 银行已付企业未付, `booked_received` 企业已收银行未收, `booked_paid` 企业已付银行未付, `opening`
    /// 期初差额.
    pub kind: String,
    /// The day of the line, or of the entry.
    pub day: BusinessDate,
    /// The bank's number, or the entry's reference.
    pub reference: String,
    /// How much; never negative but for `opening`.
    pub amount: Money,
}

impl BalanceItem {
    /// Whether an entry of the books is what only one side knows.
    pub fn is_entry(&self) -> bool {
        self.kind.starts_with("booked_")
    }

    /// What it is called: an entry by what it books, a line by the bank's number.
    pub fn named(&self) -> String {
        if self.is_entry() { words::reference(&self.reference) } else { self.reference.clone() }
    }
}

/// The whole of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceReport {
    /// The account.
    pub bank_account: String,
    /// `2026-03`.
    pub month: String,
    /// 1002 at the end of the month.
    pub ledger: Money,
    /// The bank's balance at the end of the month.
    pub statement: Money,
    /// What only one side knows.
    pub items: Vec<BalanceItem>,
    /// The ledger with what only the bank knows.
    pub adjusted_ledger: Money,
    /// The bank with what only the ledger knows.
    pub adjusted_statement: Money,
    /// What is wrong with the statements themselves, in Chinese; then nothing can be signed.
    pub gaps: Vec<String>,
}

impl BalanceReport {
    /// Both sides come to the same, and the statements are whole.
    pub fn agrees(&self) -> bool {
        self.gaps.is_empty() && self.adjusted_ledger == self.adjusted_statement
    }

    /// Whether the month has no statement: then the bank has said nothing that could agree or not.
    pub fn lacks_statement(&self) -> bool {
        self.gaps.iter().any(|gap| gap == NO_STATEMENT)
    }
}

/// The first and the last day of a month.
fn month_of(month: &str) -> Option<(BusinessDate, BusinessDate)> {
    let (year, number) = month.split_once('-')?;
    if year.len() != 4 || number.len() != 2 {
        return None;
    }
    let (year, number) = (year.parse::<i32>().ok()?, number.parse::<u8>().ok()?);
    let first = BusinessDate::new(year, number, 1)?;
    let next = if number == 12 { BusinessDate::new(year + 1, 1, 1)? } else { BusinessDate::new(year, number + 1, 1)? };
    Some((first, next.previous()))
}

/// How a line or an entry stands on a day: what of it the other side knows by then.
#[derive(FromQueryResult)]
struct Half {
    day: BusinessDate,
    reference: String,
    open_fen: Money,
}

/// Lines up to a day with what of them is tied to entries of the same days.
const LINES: &str = "SELECT l.day, l.reference, CAST(l.amount_fen - COALESCE((SELECT SUM(m.amount_fen) FROM bank_match m JOIN entry e ON e.id = m.entry_id \
     WHERE m.line_id = l.id AND m.untied_us IS NULL AND e.book_date >= $3 AND e.book_date <= $4), 0) AS BIGINT) AS open_fen \
     FROM bank_line l WHERE l.book_id = $1 AND l.bank_account = $2 AND l.day >= $3 AND l.day <= $4 ORDER BY l.day, l.id";

/// The same of entries.
const ENTRIES: &str = "SELECT e.book_date AS day, e.reference, CAST(s.moved - COALESCE((SELECT SUM(m.amount_fen) FROM bank_match m JOIN bank_line l ON l.id = m.line_id \
     WHERE m.entry_id = e.id AND m.untied_us IS NULL AND l.book_id = $1 AND l.bank_account = $2 AND l.day >= $3 AND l.day <= $4), 0) AS BIGINT) AS open_fen \
     FROM (SELECT u.entry_id, SUM(u.fen) AS moved FROM (SELECT entry_id, amount_fen AS fen FROM posting WHERE debit_account = $5 \
         UNION ALL SELECT entry_id, -amount_fen FROM posting WHERE credit_account = $5) u GROUP BY u.entry_id) s \
     JOIN entry e ON e.id = s.entry_id WHERE s.moved <> 0 AND e.book_date >= $3 AND e.book_date <= $4 \
     AND NOT EXISTS (SELECT 1 FROM entry o WHERE (o.reverses = e.id OR o.id = e.reverses) AND o.book_date >= $3 AND o.book_date <= $4 \
         AND NOT EXISTS (SELECT 1 FROM bank_match b WHERE b.untied_us IS NULL AND b.entry_id IN (e.id, o.id))) ORDER BY e.book_date, e.id";

impl Bank {
    /// The sheet of a month as things stand now.
    pub async fn balance(
        &self,
        (book, name): (BookId, &str),
        month: &str,
        by: &Member,
    ) -> Result<BalanceReport, BankError> {
        reads(self.db.read(), book, by).await?;
        compute(self.db.read(), book, name, month).await
    }

    /// Prepares the sheet of a month that is over: the first of two persons. Refused while a statement is missing.
    pub async fn prepare_balance(
        &self,
        id: BankBalanceId,
        (book, name): (BookId, &str),
        month: &str,
        by: &Member,
    ) -> Result<bank_balance::Model, BankError> {
        by.must_be(&PREPARERS)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let preparer = hand(book, by, &PREPARERS)?;
        locked_account(&tx, book, name).await?;
        if let Some(known) = bank_balance::Entity::find_by_id(id).one(&tx).await? {
            let same = (known.book_id, known.bank_account.as_str(), known.month.as_str(), known.author_id)
                == (book, name, month, by.id);
            return if same { Ok(known) } else { Err(BankError::IdReused) };
        }
        let report = compute(&tx, book, name, month).await?;
        if month_of(month).is_some_and(|(_, last)| last >= BusinessDate::of(now)) {
            return Err(BankError::Invalid { field: "month", problem: "该月尚未结束" });
        }
        if !report.agrees() {
            return Err(BankError::Incomplete(report.gaps.join("；")));
        }
        let row = bank_balance::ActiveModel {
            id: Set(id),
            book_id: Set(book),
            bank_account: Set(name.to_owned()),
            month: Set(month.to_owned()),
            ledger_fen: Set(report.ledger),
            statement_fen: Set(report.statement),
            adjusted_fen: Set(report.adjusted_ledger),
            report: Set(text(&report)?),
            state: Set(BalanceState::Prepared),
            author_id: Set(by.id),
            author_for_id: Set(preparer.acting_for()),
            reviewer_id: Set(None),
            reviewer_for_id: Set(None),
            created_us: Set(now),
            reviewed_us: Set(None),
        };
        let row = row.insert(&tx).await.map_err(|error| match violation(&error) {
            Some(rule) if rule.contains("bank_balance_open_key") || rule.contains("month") => BankError::UnderWay,
            _ => error.into(),
        })?;
        self.balance_trail(&tx, &row, "bank.balance.prepare", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The second person signs it, or sends it back. Refused if a number has changed since it was prepared.
    pub async fn review_balance(
        &self,
        id: BankBalanceId,
        decision: impl Into<Decision>,
        by: &Member,
    ) -> Result<bank_balance::Model, BankError> {
        by.must_be(&REVIEWERS)?;
        let decision = decision.into();
        let agree = decision.agrees();
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let seen = bank_balance::Entity::find_by_id(id).one(&tx).await?.ok_or(BankError::NoSuchBalance)?;
        locked_account(&tx, seen.book_id, &seen.bank_account).await?;
        let row = bank_balance::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(BankError::NoSuchBalance)?;
        let hand = hand(row.book_id, by, &REVIEWERS)?;
        if hand.is_of([Some(row.author_id), row.author_for_id]) {
            return Err(BankError::OtherPerson);
        }
        if row.state != BalanceState::Prepared {
            return Err(BankError::UnderWay);
        }
        if agree {
            let report = compute(&tx, row.book_id, &row.bank_account, &row.month).await?;
            if text(&report)? != row.report {
                return Err(BankError::Changed);
            }
        }
        let mut active: bank_balance::ActiveModel = row.into();
        active.state = Set(if agree { BalanceState::Reviewed } else { BalanceState::Returned });
        active.reviewer_id = Set(Some(by.id));
        active.reviewer_for_id = Set(hand.acting_for());
        active.reviewed_us = Set(Some(now));
        let row = active.update(&tx).await?;
        self.balance_trail(&tx, &row, if agree { "bank.balance.review" } else { "bank.balance.return" }, by).await?;
        trail::because(&tx, now, format!("bank_balance:{id}"), decision.reason(), by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The sheets of an account that were prepared, newest first.
    pub async fn balances(
        &self,
        (book, name): (BookId, &str),
        by: &Member,
    ) -> Result<Vec<bank_balance::Model>, BankError> {
        reads(self.db.read(), book, by).await?;
        let rows = bank_balance::Entity::find()
            .filter(bank_balance::Column::BookId.eq(book))
            .filter(bank_balance::Column::BankAccount.eq(name))
            .order_by_desc(bank_balance::Column::CreatedUs)
            .order_by_desc(bank_balance::Column::Id)
            .limit(200);
        Ok(rows.all(self.db.read()).await?)
    }

    /// The sheet of a month as a workbook.
    pub async fn balance_workbook(
        &self,
        (book, name): (BookId, &str),
        month: &str,
        by: &Member,
    ) -> Result<Vec<u8>, BankError> {
        workbook(&self.balance((book, name), month, by).await?)
    }

    async fn balance_trail(
        &self,
        tx: &entity::Tx,
        row: &bank_balance::Model,
        action: &'static str,
        by: &Member,
    ) -> Result<(), DbErr> {
        let object = format!("bank_balance:{}", row.id);
        crate::trail::money(tx, self.clock.now(), action, object, (row.adjusted_fen, row.state), by).await
    }
}

fn text(report: &BalanceReport) -> Result<String, DbErr> {
    serde_json::to_string(report).map_err(|error| DbErr::Custom(error.to_string()))
}

async fn compute(db: &impl ConnectionTrait, book: BookId, name: &str, month: &str) -> Result<BalanceReport, BankError> {
    let wrong = BankError::Invalid { field: "month", problem: "月份的格式为2026-03" };
    let (first_of_month, last) = month_of(month).ok_or(wrong)?;
    let account = Account::bank(book, name);
    let statements = bank_statement::Entity::find()
        .filter(bank_statement::Column::BookId.eq(book))
        .filter(bank_statement::Column::BankAccount.eq(name))
        .order_by_asc(bank_statement::Column::FirstDay)
        .order_by_asc(bank_statement::Column::ReceivedUs)
        .all(db)
        .await?;
    let ledger = ledger::balance(db, &account, Some(last)).await?.net();
    let mut report = BalanceReport {
        bank_account: name.to_owned(),
        month: month.to_owned(),
        ledger,
        statement: Money::ZERO,
        items: Vec::new(),
        adjusted_ledger: ledger,
        adjusted_statement: Money::ZERO,
        gaps: Vec::new(),
    };
    let first = statements.first().map(|statement| statement.first_day).filter(|first| *first <= last);
    let Some(first) = first else {
        report.gaps.push(NO_STATEMENT.to_owned());
        return Ok(report);
    };
    let by_day = day_sums(db, book, name).await?;
    let moved = |from: BusinessDate, to: BusinessDate| -> i64 { by_day.range(from..=to).map(|(_, fen)| fen).sum() };
    // The earliest balance that a file says is the beginning; lines before it lead back from it.
    let known = statements.iter().find_map(|one| Some((one.first_day, one.opening_fen?)));
    let Some((from, said)) = known else {
        report.gaps.push("对账单没有余额，无法证明银行余额".to_owned());
        return Ok(report);
    };
    let opening = Money::from_fen(said.fen() - if first < from { moved(first, from.previous()) } else { 0 });
    // Of files that end on the same day the newest knows most, wherever it begins.
    let mut newest: Vec<&bank_statement::Model> = statements.iter().filter(|one| one.last_day <= last).collect();
    newest.sort_by_key(|one| one.received_us);
    let ends: BTreeMap<BusinessDate, Money> =
        newest.into_iter().filter_map(|one| Some((one.last_day, one.closing_fen?))).collect();
    for (day, closing) in &ends {
        let due = opening.fen() + moved(first, *day);
        if due != closing.fen() {
            let due = Money::from_fen(due);
            report.gaps.push(format!("{day}银行余额为{closing}，按已导入的流水应为{due}，可能缺少对账单"));
        }
    }
    let in_month = statements.iter().any(|one| one.first_day <= last && one.last_day >= first_of_month);
    if !in_month && !quiet(&statements, first_of_month, last) {
        report.gaps.push(NO_STATEMENT.to_owned());
    }
    report.statement = Money::from_fen(opening.fen() + moved(first, last));
    let before = ledger::balance(db, &account, Some(first.previous())).await?.net();
    let difference = Money::from_fen(opening.fen() - before.fen());
    let opened = opened(db, book, &account, (first, last)).await?;
    let explained = difference == Money::from_fen(opened.iter().map(|(_, fen)| fen).sum());
    if !explained && difference != Money::ZERO {
        let words = "请先办理期初余额，或导入更早的对账单";
        report.gaps.push(format!(
            "{first}的期初银行余额为{opening}，账面余额为{before}，相差{difference}，没有期初余额凭证可以说明，{words}"
        ));
    }
    let mut adjusted = (report.ledger.fen(), report.statement.fen());
    if !explained && difference != Money::ZERO {
        adjusted.0 += difference.fen();
        let reference = "期初银行余额与账面余额的差额".to_owned();
        report.items.push(BalanceItem { kind: "opening".to_owned(), day: first, reference, amount: difference });
    }
    let values: [sea_orm::Value; 4] = [book.into(), name.into(), first.into(), last.into()];
    let backend = db.get_database_backend();
    let lines = Half::find_by_statement(Statement::from_sql_and_values(backend, LINES, values.clone())).all(db).await?;
    let values = values.into_iter().chain([account.id().into()]);
    let entries = Half::find_by_statement(Statement::from_sql_and_values(backend, ENTRIES, values)).all(db).await?;
    for (halves, received, paid, side) in [
        (lines, "bank_received", "bank_paid", &mut adjusted.0),
        (entries, "booked_received", "booked_paid", &mut adjusted.1),
    ] {
        // Opening balances that say what the bank said at the beginning are no movement of their own.
        let stood = |half: &Half| explained && opened.iter().any(|(reference, _)| *reference == half.reference);
        for half in halves.into_iter().filter(|half| half.open_fen != Money::ZERO && !stood(half)) {
            *side += half.open_fen.fen();
            report.items.push(BalanceItem {
                kind: if half.open_fen.is_positive() { received } else { paid }.to_owned(),
                day: half.day,
                reference: half.reference,
                amount: Money::from_fen(half.open_fen.fen().abs()),
            });
        }
    }
    report.adjusted_ledger = Money::from_fen(adjusted.0);
    report.adjusted_statement = Money::from_fen(adjusted.1);
    if report.adjusted_ledger != report.adjusted_statement && report.gaps.is_empty() {
        report.gaps.push("调节后余额不相等".to_owned());
    }
    Ok(report)
}

/// Whether the statements before and after a month without one show that nothing moved in it: the one ends with what the other begins with.
fn quiet(statements: &[bank_statement::Model], first: BusinessDate, last: BusinessDate) -> bool {
    let before = statements.iter().filter(|one| one.last_day < first).max_by_key(|one| (one.last_day, one.received_us));
    let Some(ends) = before.and_then(|one| one.closing_fen) else { return false };
    let after = || statements.iter().filter(|one| one.first_day > last);
    let begins = after().map(|one| one.first_day).min();
    after().any(|one| Some(one.first_day) == begins && one.opening_fen == Some(ends))
}

/// What opening balances (期初余额) of these days have put on the account, each entry by its reference.
async fn opened(
    db: &impl ConnectionTrait,
    book: BookId,
    account: &Account,
    (first, last): (BusinessDate, BusinessDate),
) -> Result<Vec<(String, i64)>, DbErr> {
    let sql = "SELECT e.reference, CAST(SUM(CASE WHEN p.debit_account = $2 THEN p.amount_fen ELSE -p.amount_fen END) AS BIGINT) AS fen \
               FROM manual_voucher v JOIN entry e ON e.id = v.entry_id JOIN posting p ON p.entry_id = e.id \
               WHERE v.book_id = $1 AND v.kind = 'opening' AND v.state = 'posted' AND e.book_date >= $3 AND e.book_date <= $4 \
               AND (p.debit_account = $2 OR p.credit_account = $2) GROUP BY e.reference";
    let values: [sea_orm::Value; 4] = [book.into(), account.id().into(), first.into(), last.into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "reference")?, row.try_get("", "fen")?))).collect()
}

/// What each day's lines add up to.
async fn day_sums(db: &impl ConnectionTrait, book: BookId, name: &str) -> Result<BTreeMap<BusinessDate, i64>, DbErr> {
    let rows: Vec<(BusinessDate, Money)> = bank_line::Entity::find()
        .select_only()
        .column(bank_line::Column::Day)
        .column(bank_line::Column::AmountFen)
        .filter(bank_line::Column::BookId.eq(book))
        .filter(bank_line::Column::BankAccount.eq(name))
        .into_tuple()
        .all(db)
        .await?;
    let mut sums = BTreeMap::new();
    for (day, amount) in rows {
        *sums.entry(day).or_default() += amount.fen();
    }
    Ok(sums)
}

/// A kind in the words of finance.
fn spoken(kind: &str) -> &'static str {
    match kind {
        "bank_received" => "加：银行已收、企业未收",
        "bank_paid" => "减：银行已付、企业未付",
        "booked_received" => "加：企业已收、银行未收",
        "booked_paid" => "减：企业已付、银行未付",
        _ => "加：期初差额",
    }
}

fn workbook(report: &BalanceReport) -> Result<Vec<u8>, BankError> {
    let mut workbook = Workbook::new();
    let money = Format::new().set_num_format("#,##0.00;[Red]-#,##0.00");
    let head = Format::new().set_bold();
    let yuan = |amount: Money| Decimal::new(amount.fen(), 2);
    let sheet = workbook.add_worksheet();
    sheet.set_name("银行存款余额调节表")?;
    for (column, width) in [(0, 30), (1, 14), (2, 48), (3, 18)] {
        sheet.set_column_width(column, width)?;
    }
    sheet.write_string_with_format(
        0,
        0,
        format!("银行存款余额调节表 {} {}", report.bank_account, report.month),
        &head,
    )?;
    let mut row = 1;
    for (title, total, closing, of_bank) in [
        ("企业银行存款账面余额", report.ledger, report.adjusted_ledger, false),
        ("银行对账单余额", report.statement, report.adjusted_statement, true),
    ] {
        sheet.write_string_with_format(row, 0, title, &head)?;
        sheet.write_with_format(row, 3, yuan(total), &money)?;
        row += 1;
        for item in report.items.iter().filter(|item| item.kind.starts_with("booked_") == of_bank) {
            sheet.write_string(row, 0, spoken(&item.kind))?;
            sheet.write_string(row, 1, item.day.to_string())?;
            sheet.write_string(row, 2, item.named())?;
            sheet.write_with_format(row, 3, yuan(item.amount), &money)?;
            row += 1;
        }
        sheet.write_string_with_format(row, 0, "调节后余额", &head)?;
        sheet.write_with_format(row, 3, yuan(closing), &money)?;
        row += 2;
    }
    for gap in &report.gaps {
        sheet.write_string(row, 0, gap.as_str())?;
        row += 1;
    }
    sheet.write_string(row, 0, "编制：")?;
    sheet.write_string(row, 2, "复核：")?;
    Ok(workbook.save_to_buffer()?)
}

#[cfg(test)]
mod tests {
    use domain::{BankStatementId, Timestamp};

    use super::*;

    #[test]
    fn a_month_without_a_statement_is_quiet_only_between_two_that_meet() {
        let day = |text: &str| text.parse::<BusinessDate>().unwrap();
        let statement = |first: &str, last: &str, opening: i64, closing: i64| bank_statement::Model {
            id: BankStatementId::new(),
            book_id: BookId::new(),
            bank_account: String::new(),
            file_name: None,
            format: String::new(),
            sha256: Vec::new(),
            content_sealed: Vec::new(),
            opening_fen: Some(Money::from_fen(opening)),
            closing_fen: Some(Money::from_fen(closing)),
            first_day: day(first),
            last_day: day(last),
            lines: 1,
            fresh: 1,
            actor: String::new(),
            received_us: Timestamp::from_seconds(0),
        };
        let (september, november) = (statement("2026-09-02", "2026-09-30", 0, 500), |opening| {
            statement("2026-11-03", "2026-11-04", opening, 900)
        });
        let of = |all: &[bank_statement::Model]| quiet(all, day("2026-10-01"), day("2026-10-31"));
        assert!(of(&[september.clone(), november(500)]));
        assert!(!of(&[september.clone(), november(501)]), "something moved in between");
        assert!(!of(&[november(500)]), "nobody says how October began");
        assert!(!of(&[september]), "nor how it ended");
    }

    #[test]
    fn a_month_has_its_last_day() {
        let last = |month: &str| month_of(month).map(|(_, last)| last.to_string());
        assert_eq!(last("2026-02").as_deref(), Some("2026-02-28"));
        assert_eq!(last("2026-12").as_deref(), Some("2026-12-31"));
        for wrong in ["", "2026", "2026-13", "26-01", "2026-1", "2026-01-01"] {
            assert_eq!(last(wrong), None, "{wrong}");
        }
    }
}
