//! What stands behind a cell of a statement: the lines of entries whose sum it is.
//!
//! A cell is told by the same subjects and the same days as the statement computes it from, so the lines add up to it to the fen; a sum
//! of rows shows the lines of its rows.

use std::fmt::Write as _;

use domain::{BookId, BusinessDate, EntryId, Money};
use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::CashFlow;
use crate::statements::{ASSETS, EXPENSES, FLOWS, INCOME, LIABILITIES, OPENING, Part as RowPart, flow, is_restricted};
use crate::subject::CODES;
use crate::year_end::CLOSING;

/// Which statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementForm {
    /// 资产负债表.
    BalanceSheet,
    /// 业务活动表.
    Activities,
    /// 现金流量表.
    CashFlows,
}

/// Which column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellColumn {
    /// 年初数.
    Opening,
    /// 期末数.
    Closing,
    /// 本月数.
    Period,
    /// 本年累计数.
    Year,
}

/// Which part of a cell of 业务活动表.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellPart {
    /// 非限定性.
    Unrestricted,
    /// 限定性.
    Restricted,
    /// 合计.
    Total,
}

/// A cell of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Of which statement.
    pub form: StatementForm,
    /// The key of its row.
    pub row: String,
    /// Its column.
    pub column: CellColumn,
    /// Its part.
    pub part: CellPart,
    /// The first day of the statement's period.
    pub first: BusinessDate,
    /// Its last day.
    pub last: BusinessDate,
}

/// A line behind a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellLine {
    /// Its key among the lines of the cell: book date, entry, line, side.
    pub key: String,
    /// The entry.
    pub entry_id: EntryId,
    /// The entry's reference.
    pub reference: String,
    /// The business event.
    pub kind: String,
    /// The day it is booked on.
    pub book_date: BusinessDate,
    /// The day it happened.
    pub event_date: BusinessDate,
    /// The account the cell counts.
    pub account: String,
    /// The account on the other side.
    pub contra: String,
    /// What it adds to the cell; less than nothing where it lowers it.
    pub amount: Money,
}

/// The lines of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellLines {
    /// The cell itself.
    pub total: Money,
    /// A page of what it is made of.
    pub lines: Vec<CellLine>,
}

/// What of the postings a cell counts.
enum Pick {
    /// What moved on these subjects: debits less credits, by this sign.
    Net(Vec<&'static str>, i64),
    /// What went from one subject to the other: debit, credit, sign.
    Moved(&'static str, &'static str, i64),
    /// What moved cash by this row of 现金流量表, by this sign.
    Flow(&'static str, i64),
}

/// A page of the lines behind a cell, in the order of book date and booking; none if the statement has no such cell. `after` is the key of
/// the last line of the page before. Three statements at most.
pub async fn cell_lines(
    db: &impl ConnectionTrait,
    book: BookId,
    cell: &Cell,
    after: Option<&str>,
    limit: u64,
) -> Result<Option<CellLines>, DbErr> {
    let Some(picks) = picks(cell) else { return Ok(None) };
    let Some((from, to)) = days(cell) else { return Ok(None) };
    let backend = db.get_database_backend();
    let mut parts = Vec::new();
    for pick in picks {
        match pick {
            Pick::Net(subjects, sign) => {
                let subjects = listed(&subjects);
                parts.push(half("debit_account", "credit_account", 'd', sign, &format!("o.subject IN ({subjects})")));
                parts.push(half("credit_account", "debit_account", 'c', -sign, &format!("o.subject IN ({subjects})")));
            }
            Pick::Moved(debit, credit, sign) => {
                let both = format!("o.subject = '{debit}' AND t.subject = '{credit}' AND e.kind <> '{CLOSING}'");
                parts.push(half("debit_account", "credit_account", 'm', sign, &both));
            }
            Pick::Flow(row, sign) => parts.extend(flow_halves(db, book, (&from, &to), row, sign).await?),
        }
    }
    if parts.is_empty() {
        return Ok(Some(CellLines { total: Money::ZERO, lines: Vec::new() }));
    }
    let all = parts.join(" UNION ALL ");
    let span = [book.into(), from.into(), to.into()];
    let sql = format!("SELECT CAST(COALESCE(SUM(fen), 0) AS BIGINT) AS fen FROM ({all}) t");
    let sum = db.query_one_raw(Statement::from_sql_and_values(backend, sql, span.clone())).await?;
    let total = Money::from_fen(sum.map_or(Ok(0), |row| row.try_get("", "fen"))?);
    let sql = format!("SELECT * FROM ({all}) t WHERE key > $4 ORDER BY key LIMIT {limit}");
    let values = span.into_iter().chain([after.unwrap_or_default().to_owned().into()]);
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    let line = |row: &sea_orm::QueryResult| {
        Ok(CellLine {
            key: row.try_get("", "key")?,
            entry_id: row.try_get("", "entry_id")?,
            reference: row.try_get("", "reference")?,
            kind: row.try_get("", "kind")?,
            book_date: row.try_get("", "book_date")?,
            event_date: row.try_get("", "event_date")?,
            account: row.try_get("", "account")?,
            contra: row.try_get("", "contra")?,
            amount: Money::from_fen(row.try_get::<i64>("", "fen")?),
        })
    };
    Ok(Some(CellLines { total, lines: rows.iter().map(line).collect::<Result<_, DbErr>>()? }))
}

fn half(own: &str, other: &str, side: char, sign: i64, filter: &str) -> String {
    format!(
        "SELECT e.book_date || ' ' || e.reference || ' ' || substr('0000' || CAST(p.line AS TEXT), length(CAST(p.line AS TEXT))) || '{side}' AS key, \
         e.id AS entry_id, e.reference, e.kind, e.book_date, e.event_date, o.name AS account, t.name AS contra, {sign} * p.amount_fen AS fen \
         FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account o ON o.id = p.{own} JOIN account t ON t.id = p.{other} \
         WHERE e.book_id = $1 AND e.book_date >= $2 AND e.book_date <= $3 AND e.kind <> '{CLOSING}' AND {filter}"
    )
}

/// The postings of a row of 现金流量表: those whose accounts, or whose own word, put them there.
async fn flow_halves(
    db: &impl ConnectionTrait,
    book: BookId,
    (from, to): (&str, &str),
    row: &str,
    sign: i64,
) -> Result<Vec<String>, DbErr> {
    const CASH: &str = "('1001', '1002', '1009')";
    let ways = |cash: &str, other: &str, inward: i64| {
        format!(
            "SELECT o.subject, o.payable, p.cash_flow, {inward} AS inward FROM entry e JOIN posting p ON p.entry_id = e.id \
             JOIN account c ON c.id = p.{cash} JOIN account o ON o.id = p.{other} \
             WHERE e.book_id = $1 AND e.book_date >= $2 AND e.book_date <= $3 AND c.subject IN {CASH} AND o.subject NOT IN {CASH}"
        )
    };
    let sql =
        format!("{} UNION {}", ways("debit_account", "credit_account", 1), ways("credit_account", "debit_account", 0));
    let values = [book.into(), from.to_owned().into(), to.to_owned().into()];
    let mut found = [String::new(), String::new()];
    for way in db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await? {
        let (subject, payable): (String, Option<String>) = (way.try_get("", "subject")?, way.try_get("", "payable")?);
        let given: Option<String> = way.try_get("", "cash_flow")?;
        let inward = way.try_get::<i32>("", "inward")? == 1;
        let known = given.as_deref().and_then(CashFlow::of);
        if known.map_or_else(|| flow(&subject, payable.as_deref(), inward), CashFlow::key) != row {
            continue;
        }
        let is = |column: &str, value: &Option<String>| match value {
            Some(text) => format!("{column} = '{}'", text.replace('\'', "''")),
            None => format!("{column} IS NULL"),
        };
        let filter = &mut found[usize::from(inward)];
        let or = if filter.is_empty() { "" } else { " OR " };
        let (payable, given) = (is("t.payable", &payable), is("p.cash_flow", &given));
        // A string takes whatever is written to it.
        let _ = write!(filter, "{or}(t.subject = '{subject}' AND {payable} AND {given})");
    }
    let [outward, inward] = found;
    let cash = |filter: &str| {
        format!("o.subject IN {CASH} AND t.subject NOT IN {CASH} AND e.kind <> '{OPENING}' AND ({filter})")
    };
    let mut parts = Vec::new();
    if !inward.is_empty() {
        parts.push(half("debit_account", "credit_account", 'd', sign, &cash(&inward)));
    }
    if !outward.is_empty() {
        parts.push(half("credit_account", "debit_account", 'c', -sign, &cash(&outward)));
    }
    Ok(parts)
}

fn listed(subjects: &[&str]) -> String {
    subjects.iter().map(|code| format!("'{code}'")).collect::<Vec<_>>().join(", ")
}

fn days(cell: &Cell) -> Option<(String, String)> {
    let new_year = BusinessDate::new(cell.last.year(), 1, 1)?;
    let (from, to) = match cell.column {
        CellColumn::Opening => (String::new(), new_year.previous()),
        CellColumn::Closing => (String::new(), cell.last),
        CellColumn::Period => (cell.first.to_string(), cell.last),
        CellColumn::Year => (new_year.to_string(), cell.last),
    };
    Some((from, to.to_string()))
}

fn picks(cell: &Cell) -> Option<Vec<Pick>> {
    let balance = matches!(cell.column, CellColumn::Opening | CellColumn::Closing);
    match cell.form {
        StatementForm::BalanceSheet if balance && cell.part == CellPart::Total => balance_picks(&cell.row),
        StatementForm::Activities if !balance => activity_picks(&cell.row, cell.part),
        StatementForm::CashFlows if !balance && cell.part == CellPart::Total => flow_picks(&cell.row),
        _ => None,
    }
}

/// The subjects of a row, those of the rows it sums included.
fn subjects_of(form: &[(&'static str, &'static str, RowPart)], row: &str) -> Option<Vec<&'static str>> {
    let (.., part) = form.iter().find(|(key, ..)| *key == row)?;
    Some(match part {
        RowPart::Of(subjects) => subjects.to_vec(),
        RowPart::Sum(rows) => rows.iter().filter_map(|row| subjects_of(form, row)).flatten().collect(),
    })
}

fn net_assets(kind: impl Fn(&str) -> bool) -> Vec<&'static str> {
    CODES.iter().copied().filter(|code| *code >= "3" && kind(code)).collect()
}

fn balance_picks(row: &str) -> Option<Vec<Pick>> {
    if let Some(subjects) = subjects_of(ASSETS, row) {
        return Some(vec![Pick::Net(subjects, 1)]);
    }
    if let Some(subjects) = subjects_of(LIABILITIES, row) {
        return Some(vec![Pick::Net(subjects, -1)]);
    }
    let subjects = match row {
        "unrestricted_net_assets" => net_assets(|code| !is_restricted(code)),
        "restricted_net_assets" => net_assets(is_restricted),
        "net_assets" => net_assets(|_| true),
        "liabilities_and_net_assets" => {
            [subjects_of(LIABILITIES, "liabilities").unwrap_or_default(), net_assets(|_| true)].concat()
        }
        _ => return None,
    };
    Some(vec![Pick::Net(subjects, -1)])
}

fn activity_picks(row: &str, part: CellPart) -> Option<Vec<Pick>> {
    use CellPart::{Restricted, Total, Unrestricted};
    let fits = |code: &&'static str| match part {
        Unrestricted => !is_restricted(code),
        Restricted => is_restricted(code),
        Total => true,
    };
    let of =
        |subjects: &[&'static str], sign| Pick::Net(subjects.iter().copied().filter(|code| fits(code)).collect(), sign);
    let income = || INCOME.iter().flat_map(|(.., subjects)| subjects.iter().copied()).collect::<Vec<_>>();
    let expenses = || EXPENSES.iter().map(|(.., subject)| *subject).collect::<Vec<_>>();
    let moved = |debit, credit| match part {
        Total => Vec::new(),
        // What leaves one of them reaches the other.
        Unrestricted => vec![Pick::Moved(debit, credit, if credit == "3101" { 1 } else { -1 })],
        Restricted => vec![Pick::Moved(debit, credit, if credit == "3101" { -1 } else { 1 })],
    };
    let adjusted = ["320101", "320102"];
    let mut picks = match row {
        "income" => vec![of(&income(), -1)],
        "expenses" => vec![of(&expenses(), 1)],
        "released" => moved("3102", "3101"),
        "restricted" => moved("3101", "3102"),
        "prior_year_adjustment" => vec![of(&adjusted, -1)],
        "change" => {
            let mut picks = vec![of(&[income(), expenses(), adjusted.to_vec()].concat(), -1)];
            picks.extend(moved("3102", "3101"));
            picks.extend(moved("3101", "3102"));
            picks
        }
        row => match (INCOME.iter().find(|(key, ..)| *key == row), EXPENSES.iter().find(|(key, ..)| *key == row)) {
            (Some((.., subjects)), _) => vec![of(subjects, -1)],
            (_, Some((.., subject))) => vec![of(&[subject], 1)],
            (None, None) => return None,
        },
    };
    picks.retain(|pick| !matches!(pick, Pick::Net(subjects, _) if subjects.is_empty()));
    Some(picks)
}

fn flow_picks(row: &str) -> Option<Vec<Pick>> {
    let place = FLOWS.iter().position(|(key, ..)| *key == row)?;
    let (key, _, sign) = FLOWS[place];
    if sign != 0 {
        // Money out is shown positive, and lowers it when it comes back.
        return Some(vec![Pick::Flow(key, sign)]);
    }
    // A sum ends its part; the last one is the sum of all.
    let begins = if row == "change" {
        0
    } else {
        FLOWS[..place].iter().rposition(|(.., sign)| *sign == 0).map_or(0, |before| before + 1)
    };
    let rows = FLOWS[begins..place].iter().filter(|(.., sign)| *sign != 0);
    Some(rows.map(|(key, ..)| Pick::Flow(key, 1)).collect())
}
