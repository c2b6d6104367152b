//! Statements as the banks write them: tables by a saved mapping of columns (CSV, XLSX; [`table`]), and CAMT.053. A file is read to its end and
//! everything that is wrong with it is said with its line; one that contradicts itself (a balance that does not follow from the one before,
//! an opening and lines that do not make the closing) is refused.

mod account;
mod balance;
mod mapping;
mod row;
mod table;
#[cfg(test)]
mod tests;
mod writing;

use domain::{BusinessDate, Money};

use self::mapping::{is_plain, plain_mapping};
use self::table::table;
use super::camt;

pub(super) use self::account::same_account;
pub use self::mapping::Mapping;
pub(crate) use self::writing::amount;
pub(super) use self::writing::clipped;

/// The largest file.
const BYTES: usize = 10 << 20;
/// The longest statement.
const LINES: usize = 50_000;
/// How many problems are told of a file.
pub(super) const TOLD: usize = 100;

/// Something found in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line in the file, from 1; 0 for the file as a whole. In CAMT.053 the number of the entry.
    pub line: u64,
    /// In Chinese, for whoever brought it.
    pub words: String,
}

impl Problem {
    pub(crate) fn at(line: u64, words: impl Into<String>) -> Problem {
        Problem { line, words: words.into() }
    }

    pub(crate) fn whole(words: impl Into<String>) -> Problem {
        Problem::at(0, words)
    }
}

/// A movement as the file says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReadLine {
    pub(crate) line: u64,
    pub(crate) day: BusinessDate,
    pub(crate) reference: String,
    /// What left is negative.
    pub(crate) amount: Money,
    pub(crate) balance: Option<Money>,
    pub(crate) counterparty: String,
    pub(crate) account: String,
    pub(crate) remark: String,
}

/// A statement that agrees with itself, its lines in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) format: &'static str,
    /// The number of the account it is of, if it says it.
    pub(crate) account: Option<String>,
    pub(crate) opening: Option<Money>,
    pub(crate) closing: Option<Money>,
    pub(crate) lines: Vec<ReadLine>,
    /// Rows that say no movement but a balance or a sum, and what they were taken for.
    pub(crate) said: Vec<Problem>,
    /// What somebody should look at.
    pub(crate) doubts: Vec<Problem>,
}

/// Reads a file of any known shape.
pub(crate) fn read(bytes: &[u8], mapping: Option<&Mapping>) -> Result<Statement, Vec<Problem>> {
    let whole = |words: &str| vec![Problem::whole(words)];
    if bytes.is_empty() {
        return Err(whole("文件是空的"));
    }
    if bytes.len() > BYTES {
        return Err(whole("文件过大，最多10MB"));
    }
    if let Some(words) = other_form(bytes) {
        return Err(whole(words));
    }
    let statement = if camt::is_one(bytes) {
        camt::read(bytes).map_err(|problem| vec![problem])?
    } else {
        let xlsx = bytes.starts_with(b"PK");
        let plain = !xlsx && is_plain(bytes);
        let mapping = match mapping {
            _ if plain => &plain_mapping(),
            Some(mapping) => mapping,
            None => return Err(whole("请先为该银行账户设置列对应关系")),
        };
        let format = if plain {
            "plain"
        } else if xlsx {
            "xlsx"
        } else {
            "csv"
        };
        Statement { format, ..table(bytes, mapping)? }
    };
    if statement.lines.len() > LINES {
        return Err(whole("一份对账单最多50000行"));
    }
    agrees(&statement).map_err(|problem| vec![problem])?;
    Ok(statement)
}

/// What is wrong with a file of a form that is known and not read.
fn other_form(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let lower = start[..start.len().min(64)].to_ascii_lowercase();
    if start.starts_with(b"%PDF") {
        return Some("这是PDF文件，请从网银下载CSV、XLSX或CAMT.053格式的对账单");
    }
    if start.starts_with(b"\xd0\xcf\x11\xe0") {
        return Some("这是旧版Excel（.xls）文件，请另存为XLSX或CSV后再导入");
    }
    if start.starts_with(b":20:") || (start.starts_with(b"{1:") && bytes.windows(4).any(|part| part == b":20:")) {
        return Some("这是MT940报文，暂不支持，请从网银下载CSV、XLSX或CAMT.053格式的对账单");
    }
    if [&b"<html"[..], b"<!doctype html", b"<table"].iter().any(|tag| lower.starts_with(tag)) {
        return Some("这是网页文件，请从网银下载CSV、XLSX或CAMT.053格式的对账单");
    }
    None
}

/// Opening and lines make the closing.
fn agrees(statement: &Statement) -> Result<(), Problem> {
    let total = Money::checked_sum(statement.lines.iter().map(|line| line.amount))
        .ok_or_else(|| Problem::whole("金额合计超出范围"))?;
    let (Some(opening), Some(closing)) = (statement.opening, statement.closing) else { return Ok(()) };
    let due = opening.checked_add(total).ok_or_else(|| Problem::whole("金额合计超出范围"))?;
    if due == closing {
        return Ok(());
    }
    // With balances on the lines, it is known where it breaks.
    let first = statement
        .lines
        .first()
        .filter(|line| line.balance.is_some_and(|balance| opening.checked_add(line.amount) != Some(balance)));
    let line = first.or(statement.lines.last()).map_or(0, |line| line.line);
    let words = format!("期初余额{opening}加各行合计{total}应为{due}，文件的期末余额是{closing}");
    Err(Problem::at(line, words))
}
