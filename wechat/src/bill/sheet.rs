//! The sheet that every bill is: a line of column names, lines of cells that each begin with a backtick, a line of names of
//! totals, a line of totals (facts: wechat 4.3). Read as a stream: a quarter of a megabyte of the file is in memory at a time,
//! however long it is, and a line is looked at where it lies.
//!
//! Accepted: with and without a byte order mark, CRLF and LF, gzip, columns in any order and more of them than we know, half-
//! and full-width brackets in their names, cells that lost their backtick while their line kept its first. Refused, with the line
//! and what is wrong: a file that ends before its totals, a line with more or fewer cells than there are columns, a cell that
//! cannot be what its column says, totals that are not those of the lines.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use domain::{BusinessDate, Money, Timestamp};
use flate2::read::MultiGzDecoder;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZIP: [u8; 2] = *b"PK";
/// How much of a file is in memory, and the longest line there may be.
const BUFFER: usize = 1 << 18;
/// A hundred-thousandth of a yuan: what fees are printed in.
pub(super) const UNITS_PER_FEN: i64 = 1_000;

/// Why a bill is not believed. The sentences are for the bookkeeper.
#[derive(Debug, thiserror::Error)]
pub enum BillError {
    /// The file cannot be read.
    #[error("文件无法读取")]
    Io(#[from] std::io::Error),
    /// It is packed, and does not unpack.
    #[error("压缩文件不完整或已损坏")]
    Packed(#[source] std::io::Error),
    /// An archive, or a workbook, which is one.
    #[error("这是ZIP压缩包或XLSX表格，请提供CSV格式的账单")]
    Archive,
    /// Its lines end as those of no bill do.
    #[error("文件的换行符不是账单的（应为CRLF或LF），可能被其他软件改动过")]
    LineEnds,
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
    /// A line that is neither one of the sheet nor its totals: a spreadsheet has saved the file again.
    #[error("第{0}行不是账单的明细，文件可能被表格软件改动过")]
    NotALine(u64),
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
    /// A line longer than any bill has.
    #[error("第{0}行过长")]
    TooLong(u64),
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

    /// An amount that is never negative, zero where there is no such column or nothing in it.
    pub(super) fn money_if_any(&self, at: Option<usize>, column: &'static str) -> Result<Money, BillError> {
        at.filter(|at| !self.get(*at).is_empty()).map_or(Ok(Money::ZERO), |at| self.money(at, column))
    }

    /// A moment in Beijing, `2026-01-15 09:00:42`.
    pub(super) fn instant(&self, at: usize, column: &'static str, day: &Day) -> Result<Timestamp, BillError> {
        let text = self.get(at);
        let found = match text.get(..10) {
            Some(date) if date == day.text => clock(text).map(|since| day.start.after(since)),
            _ => instant(text),
        };
        found.ok_or_else(|| self.bad(column))
    }
}

/// The day a bill is of: nearly all its moments lie on it.
pub(super) struct Day {
    pub(super) date: BusinessDate,
    text: String,
    start: Timestamp,
}

impl Day {
    pub(super) fn of(date: BusinessDate) -> Day {
        Day { date, text: date.to_string(), start: date.start() }
    }

    /// Whether a moment lies on it.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        (0..86_400).contains(&(at.seconds() - self.start.seconds()))
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    let since_midnight = clock(text)?;
    let day: BusinessDate = text.get(..10)?.parse().ok()?;
    Some(day.start().after(since_midnight))
}

/// The time of a moment's text, since midnight.
fn clock(text: &str) -> Option<Duration> {
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
    u64::try_from(hour * 3_600 + minute * 60 + second).ok().map(Duration::from_secs)
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

    /// A total that had another name before.
    pub(super) fn must_one_of(&self, what: &'static str, names: [&'static str; 2]) -> Result<(), BillError> {
        self.must(what, names[0]).or_else(|missing| self.must(what, names[1]).map_err(|_| missing))
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

/// Reads a sheet: `begin` sees the columns and makes what `row` is called with for each line. `end` is a name that only the line of
/// the totals' names has.
pub(super) fn read<S>(
    mut file: impl Read,
    end: &'static str,
    begin: impl FnOnce(&Columns) -> Result<S, BillError>,
    mut row: impl FnMut(&mut S, Cells<'_>) -> Result<(), BillError>,
) -> Result<(S, Totals), BillError> {
    let mut first = [0; 2];
    let mut length = 0;
    while length < first.len() {
        match file.read(&mut first[length..])? {
            0 => break,
            more => length += more,
        }
    }
    if first == ZIP {
        return Err(BillError::Archive);
    }
    let file = first[..length].chain(file);
    if first == GZIP {
        let unpacked = read_lines(Lines::of(MultiGzDecoder::new(file)), end, begin, &mut row);
        unpacked.map_err(|error| if let BillError::Io(cause) = error { BillError::Packed(cause) } else { error })
    } else {
        read_lines(Lines::of(file), end, begin, &mut row)
    }
}

fn read_lines<S>(
    mut lines: Lines<impl Read>,
    end: &'static str,
    begin: impl FnOnce(&Columns) -> Result<S, BillError>,
    row: &mut impl FnMut(&mut S, Cells<'_>) -> Result<(), BillError>,
) -> Result<(S, Totals), BillError> {
    let mut places = Vec::new();
    let (_, first) = lines.next()?.ok_or(BillError::CutOff)?;
    if first.contains('\r') {
        return Err(BillError::LineEnds);
    }
    let columns = Columns::read(first.trim_start_matches('\u{feff}'))?;
    let expected = columns.names.len();
    let mut state = begin(&columns)?;
    let names = loop {
        let (line, text) = lines.next()?.ok_or(BillError::CutOff)?;
        if text.is_empty() {
            continue;
        }
        if !text.starts_with('`') {
            let names = Columns::read(text);
            if names.as_ref().is_ok_and(|names| names.find(end).is_some()) {
                break names?;
            }
            return Err(BillError::NotALine(line));
        }
        split(text, expected, &mut places);
        if places.len() != expected {
            return Err(BillError::Ragged { line, found: places.len(), expected });
        }
        row(&mut state, Cells { line, text, places: &places })?;
    };
    let (line, text) = lines.next()?.ok_or(BillError::CutOff)?;
    split(text, names.names.len(), &mut places);
    if places.len() != names.names.len() {
        return Err(BillError::Ragged { line, found: places.len(), expected: names.names.len() });
    }
    let cells = places.iter().map(|(from, to)| text[*from..*to].to_owned()).collect();
    let totals = Totals { columns: names, cells, line };
    while let Some((line, text)) = lines.next()? {
        if !text.trim().is_empty() {
            return Err(BillError::AfterTheEnd(line));
        }
    }
    Ok((state, totals))
}

/// A file line by line, where the lines lie.
struct Lines<R> {
    file: R,
    buffer: Vec<u8>,
    from: usize,
    to: usize,
    line: u64,
}

impl<R: Read> Lines<R> {
    fn of(file: R) -> Lines<R> {
        Lines { file, buffer: vec![0; BUFFER], from: 0, to: 0, line: 0 }
    }

    /// The next line without its end, counted from 1.
    fn next(&mut self) -> Result<Option<(u64, &str)>, BillError> {
        let mut searched = self.from;
        let end = loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[searched..self.to]) {
                break Some(searched + at);
            }
            searched = self.to - self.from;
            if !self.fill()? {
                break None;
            }
        };
        let (from, to) = (self.from, end.unwrap_or(self.to));
        if end.is_none() && from == to {
            return Ok(None);
        }
        self.from = end.map_or(self.to, |end| end + 1);
        self.line += 1;
        let bytes = &self.buffer[from..to];
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| BillError::NotText(self.line))?;
        Ok(Some((self.line, text)))
    }

    /// Moves what is left to the front and reads on behind it. False at the end of the file.
    fn fill(&mut self) -> Result<bool, BillError> {
        self.buffer.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        if self.to == self.buffer.len() {
            return Err(BillError::TooLong(self.line + 1));
        }
        loop {
            match self.file.read(&mut self.buffer[self.to..]) {
                Ok(length) => {
                    self.to += length;
                    return Ok(length > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Where the cells of a line begin and end: each begins with a backtick, and a comma stands before the next one's. Where that does not
/// make as many as there are columns, some may have lost their backtick: commas in text are escaped, so every comma parts cells.
fn split(text: &str, expected: usize, places: &mut Vec<(usize, usize)>) {
    let bytes = text.as_bytes();
    let first = usize::from(bytes.first() == Some(&b'`'));
    places.clear();
    let mut from = first;
    for at in memchr::memchr_iter(b',', bytes) {
        if bytes.get(at + 1) == Some(&b'`') {
            places.push((from, at));
            from = at + 2;
        }
    }
    places.push((from, bytes.len()));
    if places.len() >= expected {
        return;
    }
    places.clear();
    from = first;
    for at in memchr::memchr_iter(b',', bytes) {
        places.push((from, at));
        from = at + 1 + usize::from(bytes.get(at + 1) == Some(&b'`'));
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
        split("`a,`,`b\\ c,d,`", 4, &mut places);
        assert_eq!(places, [(1, 2), (4, 4), (6, 12), (14, 14)]);
        split("`a,,`b,12.00", 4, &mut places);
        assert_eq!(places, [(1, 2), (3, 3), (5, 6), (7, 12)]);
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
