//! The sheet that every bill is: a line of column names, lines of cells that each begin with a backtick, a line of names of
//! totals, a line of totals (facts: wechat 4.3). Read as a stream: one line is in memory at a time.
//!
//! Accepted: with and without a byte order mark, CRLF and LF, gzip, columns in any order and more of them than we know, half-
//! and full-width brackets in their names. Refused, with the line and what is wrong: a file that ends before its totals, a line
//! with more or fewer cells than there are columns, a cell that cannot be what its column says, totals that are not those of
//! the lines.

use std::io::{BufRead, BufReader, Read};

use domain::{BusinessDate, Money, Timestamp};
use flate2::bufread::MultiGzDecoder;

/// A hundred-thousandth of a yuan: what fees are printed in.
pub(super) const UNITS_PER_FEN: i64 = 1_000;

/// Why a bill is not believed. The sentences are for the bookkeeper.
#[derive(Debug, thiserror::Error)]
pub enum BillError {
    /// The file cannot be read.
    #[error("文件无法读取")]
    Io(#[from] std::io::Error),
    /// It is no bill of this kind.
    #[error("不是{what}：缺少列“{column}”")]
    NoColumn {
        /// Which bill was expected.
        what: &'static str,
        /// The column that is not there.
        column: &'static str,
    },
    /// A column stands twice.
    #[error("列“{0}”出现两次")]
    ColumnTwice(String),
    /// A line has another number of cells than there are columns.
    #[error("第{line}行有{found}列，应为{expected}列")]
    Ragged {
        /// Counted from 1.
        line: u64,
        /// How many cells it has.
        found: usize,
        /// How many columns there are.
        expected: usize,
    },
    /// A cell cannot be what its column says.
    #[error("第{line}行“{column}”的内容无法识别")]
    BadCell {
        /// Counted from 1.
        line: u64,
        /// Which column.
        column: &'static str,
    },
    /// Bytes that are no UTF-8.
    #[error("第{0}行不是UTF-8文本")]
    NotText(u64),
    /// The file ends before its totals: it was cut off.
    #[error("文件在合计行之前结束，内容不完整")]
    CutOff,
    /// Something follows the totals.
    #[error("合计行之后还有内容（第{0}行）")]
    AfterTheEnd(u64),
    /// The totals are not those of the lines: the bill contradicts itself.
    #[error("“{what}”合计为{said}，逐行相加为{found}")]
    Contradiction {
        /// Which total.
        what: &'static str,
        /// What the bill says.
        said: String,
        /// What its lines add up to.
        found: String,
    },
    /// A line of another merchant.
    #[error("第{0}行属于其他商户")]
    ForeignMerchant(u64),
    /// A line of another day.
    #[error("第{line}行的日期是{found}，应为{expected}")]
    OtherDay {
        /// Counted from 1.
        line: u64,
        /// Its day.
        found: BusinessDate,
        /// The day of the bill.
        expected: BusinessDate,
    },
    /// More than can be added up.
    #[error("金额超出可计算的范围")]
    TooMuch,
}

/// The names of a sheet's columns, and where they stand.
#[derive(Debug, Default)]
pub(super) struct Columns {
    names: Vec<String>,
}

impl Columns {
    fn read(line: &str) -> Result<Columns, BillError> {
        let name = |cell: &str| cell.trim().trim_start_matches('`').replace('（', "(").replace('）', ")");
        let names: Vec<String> = line.split(',').map(name).collect();
        for (at, name) in names.iter().enumerate() {
            if names[..at].contains(name) {
                return Err(BillError::ColumnTwice(name.clone()));
            }
        }
        Ok(Columns { names })
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    pub(super) fn must(&self, what: &'static str, column: &'static str) -> Result<usize, BillError> {
        self.find(column).ok_or(BillError::NoColumn { what, column })
    }
}

/// One line's cells.
pub(super) struct Cells<'a> {
    pub(super) line: u64,
    text: &'a str,
    /// Where each cell begins and ends.
    places: &'a [(usize, usize)],
}

impl<'a> Cells<'a> {
    pub(super) fn get(&self, at: usize) -> &'a str {
        let (from, to) = self.places[at];
        &self.text[from..to]
    }

    pub(super) fn optional(&self, at: Option<usize>) -> &'a str {
        at.map_or("", |at| self.get(at))
    }

    pub(super) fn bad(&self, column: &'static str) -> BillError {
        BillError::BadCell { line: self.line, column }
    }

    /// An amount in fen, with its sign. Decimals beyond the fen must be zeros.
    pub(super) fn fen(&self, at: usize, column: &'static str) -> Result<i64, BillError> {
        let units = units(self.get(at)).ok_or_else(|| self.bad(column))?;
        if units % UNITS_PER_FEN == 0 { Ok(units / UNITS_PER_FEN) } else { Err(self.bad(column)) }
    }

    /// An amount that is never negative.
    pub(super) fn money(&self, at: usize, column: &'static str) -> Result<Money, BillError> {
        let fen = self.fen(at, column)?;
        if fen >= 0 { Ok(Money::from_fen(fen)) } else { Err(self.bad(column)) }
    }

    /// An amount that is never negative, zero where there is no such column.
    pub(super) fn money_if_any(&self, at: Option<usize>, column: &'static str) -> Result<Money, BillError> {
        at.map_or(Ok(Money::ZERO), |at| self.money(at, column))
    }

    /// A moment in Beijing, `2026-01-15 09:00:42`.
    pub(super) fn instant(&self, at: usize, column: &'static str) -> Result<Timestamp, BillError> {
        instant(self.get(at)).ok_or_else(|| self.bad(column))
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.len() != 19 || bytes[10] != b' ' || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let two = |at: usize| {
        let (high, low) = (bytes[at].wrapping_sub(b'0'), bytes[at + 1].wrapping_sub(b'0'));
        (high < 10 && low < 10).then_some(i64::from(high) * 10 + i64::from(low))
    };
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let day: BusinessDate = text.get(..10)?.parse().ok()?;
    let since_midnight = u64::try_from(hour * 3_600 + minute * 60 + second).ok()?;
    Some(day.start().after(std::time::Duration::from_secs(since_midnight)))
}

/// Hundred-thousandths of a yuan from decimal text; nothing else is a number here.
pub(super) fn units(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || fraction.len() > 5 || (fraction.is_empty() && digits.contains('.')) {
        return None;
    }
    let mut units = 0i64;
    for digit in whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', 5 - fraction.len())) {
        if !digit.is_ascii_digit() {
            return None;
        }
        units = units.checked_mul(10)?.checked_add(i64::from(digit - b'0'))?;
    }
    Some(if negative { -units } else { units })
}

/// A cell's text as it was written: a comma travels as backslash and space, a line break as backslash and `n`.
pub(super) fn unescaped(cell: &str) -> String {
    if cell.contains('\\') {
        cell.replace("\\ ", ",").replace("\\r", "\r").replace("\\n", "\n")
    } else {
        cell.to_owned()
    }
}

/// The totals as the bill says them.
pub(super) struct Totals {
    columns: Columns,
    cells: Vec<String>,
    line: u64,
}

impl Totals {
    /// What the bill says under a name, in hundred-thousandths, if it says it.
    pub(super) fn said(&self, name: &'static str) -> Result<Option<i64>, BillError> {
        let Some(at) = self.columns.find(name) else { return Ok(None) };
        units(&self.cells[at]).map(Some).ok_or(BillError::BadCell { line: self.line, column: name })
    }

    /// Refuses unless the bill says nothing of it or says this. Counts are units of whole yuan.
    pub(super) fn agrees(&self, name: &'static str, found: i64) -> Result<(), BillError> {
        match self.said(name)? {
            Some(said) if said != found => {
                Err(BillError::Contradiction { what: name, said: plain(said), found: plain(found) })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn must(&self, what: &'static str, name: &'static str) -> Result<(), BillError> {
        self.columns.must(what, name).map(|_| ())
    }
}

/// So many whole ones.
pub(super) fn count(n: u64) -> Result<i64, BillError> {
    i64::try_from(n).ok().and_then(|n| n.checked_mul(100 * UNITS_PER_FEN)).ok_or(BillError::TooMuch)
}

fn plain(units: i64) -> String {
    let (sign, units) = if units < 0 { ("-", units.unsigned_abs()) } else { ("", units.unsigned_abs()) };
    let (whole, rest) = (units / 100_000, units % 100_000);
    if rest % 1_000 == 0 { format!("{sign}{whole}.{:02}", rest / 1_000) } else { format!("{sign}{whole}.{rest:05}") }
}

/// Reads a sheet: `begin` sees the columns and makes what `row` is called with for each line.
pub(super) fn read<S>(
    file: impl Read,
    begin: impl FnOnce(&Columns) -> Result<S, BillError>,
    mut row: impl FnMut(&mut S, Cells<'_>) -> Result<(), BillError>,
) -> Result<(S, Totals), BillError> {
    let mut file = BufReader::with_capacity(1 << 18, file);
    if file.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        read_lines(&mut BufReader::with_capacity(1 << 18, MultiGzDecoder::new(file)), begin, &mut row)
    } else {
        read_lines(&mut file, begin, &mut row)
    }
}

fn read_lines<S>(
    file: &mut impl BufRead,
    begin: impl FnOnce(&Columns) -> Result<S, BillError>,
    row: &mut impl FnMut(&mut S, Cells<'_>) -> Result<(), BillError>,
) -> Result<(S, Totals), BillError> {
    let (mut buffer, mut line, mut places) = (Vec::new(), 0, Vec::new());
    let first = next(file, &mut buffer, &mut line)?.ok_or(BillError::CutOff)?;
    let columns = Columns::read(first.trim_start_matches('\u{feff}'))?;
    let expected = columns.names.len();
    let mut state = begin(&columns)?;
    let names = loop {
        let text = next(file, &mut buffer, &mut line)?.ok_or(BillError::CutOff)?;
        if !text.starts_with('`') {
            break Columns::read(text)?;
        }
        split(text, &mut places);
        if places.len() != expected {
            return Err(BillError::Ragged { line, found: places.len(), expected });
        }
        row(&mut state, Cells { line, text, places: &places })?;
    };
    let text = next(file, &mut buffer, &mut line)?.ok_or(BillError::CutOff)?;
    split(text, &mut places);
    if places.len() != names.names.len() {
        return Err(BillError::Ragged { line, found: places.len(), expected: names.names.len() });
    }
    let cells = places.iter().map(|(from, to)| text[*from..*to].to_owned()).collect();
    let totals = Totals { columns: names, cells, line };
    while let Some(text) = next(file, &mut buffer, &mut line)? {
        if !text.trim().is_empty() {
            return Err(BillError::AfterTheEnd(line));
        }
    }
    Ok((state, totals))
}

/// The next line without its end.
fn next<'a>(file: &mut impl BufRead, buffer: &'a mut Vec<u8>, line: &mut u64) -> Result<Option<&'a str>, BillError> {
    buffer.clear();
    if file.read_until(b'\n', buffer)? == 0 {
        return Ok(None);
    }
    *line += 1;
    let mut bytes = buffer.as_slice();
    for end in [b'\n', b'\r'] {
        bytes = bytes.strip_suffix(&[end]).unwrap_or(bytes);
    }
    std::str::from_utf8(bytes).map(Some).map_err(|_| BillError::NotText(*line))
}

/// Where the cells of a line begin and end: each begins with a backtick, and a comma stands before the next one's.
fn split(text: &str, places: &mut Vec<(usize, usize)>) {
    places.clear();
    let bytes = text.as_bytes();
    let mut from = usize::from(bytes.first() == Some(&b'`'));
    let mut at = from;
    while at < bytes.len() {
        if bytes[at] == b',' && bytes.get(at + 1) == Some(&b'`') {
            places.push((from, at));
            from = at + 2;
            at = from;
        } else {
            at += 1;
        }
    }
    places.push((from, bytes.len()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_number_and_nothing_else() {
        assert_eq!(units("0.32000"), Some(32_000));
        assert_eq!(units("-0.12000"), Some(-12_000));
        assert_eq!(units("45.0"), Some(4_500_000));
        assert_eq!(units("6"), Some(600_000));
        for wrong in
            ["", ".", "1.", ".5", "1,000.00", "1e3", "+1", "１", "0.000001", "--1", "1.2.3", "99999999999999999999"]
        {
            assert_eq!(units(wrong), None, "{wrong}");
        }
        assert_eq!((plain(-12_000), plain(32_001), plain(600_000)), ("-0.12".into(), "0.32001".into(), "6.00".into()));
    }

    #[test]
    fn commas_in_text_do_not_part_cells() {
        let mut places = Vec::new();
        split("`a,`,`b\\ c,d,`", &mut places);
        assert_eq!(places.len(), 4);
        assert_eq!(unescaped("b\\ c\\nd"), "b,c\nd");
    }

    #[test]
    fn a_moment_is_one_of_the_calendar() {
        assert_eq!(instant("2026-01-15 09:00:42").map(|at| at.to_string()), Some("2026-01-15T09:00:42+08:00".into()));
        for wrong in ["2026-02-30 09:00:42", "2026-01-15T09:00:42", "2026-01-15 24:00:00", "2026-01-15 09:00", ""] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }
}
