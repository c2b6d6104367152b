//! Statements as the banks write them: tables by a saved mapping of columns (CSV, XLSX), and CAMT.053. A file is read to its end and
//! everything that is wrong with it is said with its line; one that contradicts itself (a balance that does not follow from the one before,
//! an opening and lines that do not make the closing) is refused.

use std::cell::RefCell;
use std::fmt::Write as _;

use domain::{BusinessDate, Money};
use serde::{Deserialize, Serialize};

use super::camt;
use crate::sheet::{self, Cell, Encoding};

/// The largest file.
const BYTES: usize = 10 << 20;
/// The longest statement.
const LINES: usize = 50_000;
/// How many problems are told of a file.
pub(super) const TOLD: usize = 100;
/// Rows in which a bank says sums, below or between the lines.
const SUMS: [&str; 6] = ["合计", "总计", "小计", "本页", "累计", "期末"];
/// Rows in which it says who printed the table and when: they hold no amount.
const FOOT: [&str; 2] = ["打印", "制表"];
/// What stands before the number of the account, above the lines.
const ACCOUNT: [&str; 7] = ["账号", "帐号", "卡号", "账户号码", "本方账号", "查询账号", "银行账号"];

/// How a bank writes its tables: the names of its columns, as their first line has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// Of CSV files.
    pub encoding: Encoding,
    /// The day of the movement.
    pub date: String,
    /// How the day is written: `YYYY-MM-DD`, `YYYYMMDD`, `YYYY年MM月DD日`, `DD/MM/YYYY`; what stands behind it is left.
    pub date_format: String,
    /// One column with a sign …
    pub amount: Option<String>,
    /// … or two: what came (贷方发生额) …
    pub income: Option<String>,
    /// … and what left (借方发生额).
    pub expense: Option<String>,
    /// The balance after the movement; checked line by line.
    pub balance: Option<String>,
    /// The bank's number of the movement.
    pub reference: Option<String>,
    /// Who is on the other side.
    pub counterparty: Option<String>,
    /// Their account.
    pub counterparty_account: Option<String>,
    /// What is said about it, in one column or several.
    pub remarks: Vec<String>,
    /// The cell before the opening balance, if the file says it.
    pub opening_label: Option<String>,
    /// The cell before the closing balance, if the file says it.
    pub closing_label: Option<String>,
}

impl Mapping {
    /// What is wrong with it, in Chinese.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let texts = [
            &self.amount,
            &self.income,
            &self.expense,
            &self.balance,
            &self.reference,
            &self.counterparty,
            &self.counterparty_account,
            &self.opening_label,
            &self.closing_label,
        ];
        let named = texts.into_iter().flatten().chain(&self.remarks).chain([&self.date, &self.date_format]);
        if named.into_iter().any(|name| name.trim().is_empty() || name.chars().count() > 60) {
            return Some("列名为1至60个字");
        }
        match (&self.amount, &self.income, &self.expense) {
            (Some(_), None, None) | (None, Some(_), Some(_)) => {}
            _ => return Some("请指定一个带正负号的金额列，或收入、支出两列"),
        }
        if self.remarks.len() > 6 {
            return Some("摘要最多6列");
        }
        if !["YYYY", "MM", "DD"].iter().all(|part| self.date_format.contains(part)) {
            return Some("日期格式须含YYYY、MM、DD");
        }
        None
    }
}

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

/// The one table whose columns everybody may rely on: `date,reference,amount,counterparty,remark`.
fn plain_mapping() -> Mapping {
    let name = |name: &str| Some(name.to_owned());
    Mapping {
        encoding: Encoding::Utf8,
        date: "date".to_owned(),
        date_format: "YYYY-MM-DD".to_owned(),
        amount: name("amount"),
        income: None,
        expense: None,
        balance: None,
        reference: name("reference"),
        counterparty: name("counterparty"),
        counterparty_account: None,
        remarks: vec!["remark".to_owned()],
        opening_label: None,
        closing_label: None,
    }
}

fn is_plain(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let mut names: Vec<&[u8]> = first.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).collect();
    names.sort_unstable();
    let plain: [&[u8]; 5] = [b"amount", b"counterparty", b"date", b"reference", b"remark"];
    names == plain
}

/// An amount as banks write it: with a sign, a mark of the currency, commas between thousands.
pub(crate) fn amount(text: &str) -> Option<Money> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix(['-', '−', '－']) {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.trim_start_matches(['¥', '￥']).trim();
    let (whole, rest) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    if whole.contains(',') {
        let mut groups = whole.split(',');
        let first = groups.next().unwrap_or_default();
        if !(1..=3).contains(&first.len()) || !groups.all(|group| group.len() == 3) {
            return None;
        }
    }
    let mut plain = whole.replace(',', "");
    if let Some(rest) = rest {
        let _ = write!(plain, ".{rest}");
    }
    let amount: Money = plain.parse().ok()?;
    Some(Money::from_fen(sign * amount.fen()))
}

/// A day in the bank's way of writing; what stands behind it (the time) is left.
fn day(text: &str, format: &str) -> Option<BusinessDate> {
    let mut digits = text.chars().peekable();
    let mut form = format.chars().peekable();
    let (mut year, mut month, mut day) = (0i32, 0u8, 0u8);
    while let Some(sign) = form.next() {
        if !matches!(sign, 'Y' | 'M' | 'D') {
            if digits.next()? != sign {
                return None;
            }
            continue;
        }
        let mut width = 1;
        while form.peek() == Some(&sign) {
            form.next();
            width += 1;
        }
        // Where a sign follows, a month may have one digit.
        let packed = form.peek().is_some_and(|next| matches!(next, 'Y' | 'M' | 'D'));
        let (mut value, mut taken) = (0u32, 0);
        while taken < width
            && let Some(digit) = digits.peek().and_then(|c| c.to_digit(10))
        {
            value = value * 10 + digit;
            taken += 1;
            digits.next();
        }
        if taken == 0 || (taken < width && (packed || sign == 'Y')) {
            return None;
        }
        match sign {
            'Y' => year = i32::try_from(value).ok()?,
            'M' => month = u8::try_from(value).ok()?,
            _ => day = u8::try_from(value).ok()?,
        }
    }
    if digits.peek().is_some_and(char::is_ascii_digit) {
        return None;
    }
    BusinessDate::new(year, month, day)
}

struct Places {
    /// The last of them: a row that ends before it was cut.
    last: usize,
    date: usize,
    amount: Option<usize>,
    income: Option<usize>,
    expense: Option<usize>,
    balance: Option<usize>,
    reference: Option<usize>,
    counterparty: Option<usize>,
    account: Option<usize>,
    remarks: Vec<usize>,
}

impl Places {
    /// Where the columns stand, if this is the line that names them; else the first name that is missing.
    fn of(mapping: &Mapping, cells: &[Cell]) -> Result<Places, String> {
        let find =
            |name: &str| cells.iter().position(|cell| cell.text() == name.trim()).ok_or_else(|| name.trim().to_owned());
        let maybe = |name: &Option<String>| name.as_deref().map(find).transpose();
        let mut places = Places {
            last: 0,
            date: find(&mapping.date)?,
            amount: maybe(&mapping.amount)?,
            income: maybe(&mapping.income)?,
            expense: maybe(&mapping.expense)?,
            balance: maybe(&mapping.balance)?,
            reference: maybe(&mapping.reference)?,
            counterparty: maybe(&mapping.counterparty)?,
            account: maybe(&mapping.counterparty_account)?,
            remarks: mapping.remarks.iter().map(|name| find(name)).collect::<Result<_, _>>()?,
        };
        let named =
            [places.amount, places.income, places.expense, places.balance, places.reference, places.counterparty];
        let named = named.into_iter().chain([places.account, Some(places.date)]).flatten();
        places.last = named.chain(places.remarks.iter().copied()).max().unwrap_or_default();
        Ok(places)
    }
}

fn table(bytes: &[u8], mapping: &Mapping) -> Result<Statement, Vec<Problem>> {
    let sheet = sheet::read(bytes, mapping.encoding).map_err(|words| vec![Problem::whole(words)])?;
    let mut rows = sheet.iter();
    let (mut places, mut of) = (None, None);
    let mut missing = mapping.date.clone();
    for (_, cells) in rows.by_ref() {
        match Places::of(mapping, cells) {
            Ok(found) => {
                places = Some(found);
                break;
            }
            Err(_) if of.is_none() && account_in(cells).is_some() => of = account_in(cells),
            // The nearest miss is the line that has the day's column.
            Err(name) if cells.iter().any(|cell| cell.text() == mapping.date.trim()) => missing = name,
            Err(_) => {}
        }
    }
    let Some(places) = places else {
        return Err(vec![Problem::whole(format!("没有找到“{missing}”一列，请会计或财务负责人核对“账户与列对应”"))]);
    };
    let (mut lines, mut problems) = (Vec::new(), Vec::new());
    for (number, cells) in rows {
        if problems.len() >= TOLD || lines.len() > LINES {
            break;
        }
        match row(*number, cells, mapping, &places) {
            Ok(line) => lines.extend(line),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    chained(&mut lines).map_err(|problem| vec![problem])?;
    let said = |label: &Option<String>| label.as_deref().and_then(|label| labelled(&sheet, label.trim()));
    let first = lines.first().and_then(|line| line.balance?.checked_sub(line.amount));
    let last = lines.last().and_then(|line| line.balance);
    let opening = said(&mapping.opening_label).or(first);
    let closing = said(&mapping.closing_label).or(last);
    Ok(Statement { format: "csv", account: of, opening, closing, lines })
}

/// The number of the account in a line above the table: in the cell that names it, or in the next. What stands behind it in the same cell,
/// as the currency and the days of the statement, is none of it.
fn account_in(cells: &[Cell]) -> Option<String> {
    let number = |text: &str| {
        let of_number = text.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '*' | ' ' | '-'));
        let digits: String = of_number.filter(|c| c.is_ascii_digit() || *c == '*').collect();
        (digits.chars().filter(char::is_ascii_digit).count() >= 8).then_some(digits)
    };
    cells.iter().enumerate().find_map(|(at, cell)| {
        let text = cell.text();
        let word = ACCOUNT.iter().find(|word| text.starts_with(**word))?;
        let rest = text[word.len()..].trim_start_matches(['：', ':', ' ']);
        if rest.is_empty() { cells.get(at + 1).and_then(|cell| number(cell.text())) } else { number(rest) }
    })
}

/// Whether two ways of writing an account's number may mean the same: spaces do not count, and a star hides a figure.
pub(super) fn same_account(one: &str, other: &str) -> bool {
    let plain = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '*').map(|c| c.to_ascii_uppercase()).collect()
    };
    let (one, other) = (plain(one), plain(other));
    let hidden = |text: &[char]| text.contains(&'*');
    if !hidden(&one) && !hidden(&other) {
        return one == other;
    }
    // Banks hide with as many stars as they like: what is shown before and behind them has to agree.
    let ends = |text: &[char]| {
        let head: Vec<char> = text.iter().copied().take_while(|c| *c != '*').collect();
        let tail: Vec<char> = text.iter().rev().copied().take_while(|c| *c != '*').collect();
        (head, tail)
    };
    let agree = |one: &[char], other: &[char]| one.iter().zip(other).all(|(a, b)| a == b);
    let ((head, tail), (other_head, other_tail)) = (ends(&one), ends(&other));
    agree(&head, &other_head) && agree(&tail, &other_tail)
}

/// The amount behind the cell that says this.
fn labelled(sheet: &[(u64, Vec<Cell>)], label: &str) -> Option<Money> {
    let clean = |cell: &Cell| cell.text().trim_end_matches(['：', ':']).to_owned();
    sheet.iter().find_map(|(_, cells)| {
        let at = cells.iter().position(|cell| clean(cell) == label)?;
        cells[at + 1..].iter().find(|cell| !cell.text().is_empty()).and_then(|cell| amount(cell.text()))
    })
}

/// A line of the table; none if it is empty, says sums or who printed it. Whatever has a day is read or refused: somebody may be called 打印….
fn row(number: u64, cells: &[Cell], mapping: &Mapping, places: &Places) -> Result<Option<ReadLine>, Vec<Problem>> {
    let cell = |place: usize| cells.get(place).map_or("", Cell::text);
    let maybe = |place: Option<usize>| place.map_or("", cell);
    let Some(first) = cells.iter().map(Cell::text).find(|text| !text.is_empty()) else { return Ok(None) };
    let date = day(cell(places.date), mapping.date_format.trim()).or_else(|| cell(places.date).parse().ok());
    if date.is_none() {
        let says = |words: &[&str], text: &str| words.iter().any(|word| text.starts_with(word));
        let dateless = cell(places.date).is_empty() || says(&SUMS, cell(places.date));
        let moneyless = [places.amount, places.income, places.expense].into_iter().all(|place| maybe(place).is_empty());
        if (says(&SUMS, first) && dateless) || (says(&FOOT, first) && moneyless) {
            return Ok(None);
        }
    }
    if cells.len() <= places.last {
        return Err(vec![Problem::at(number, format!("这一行只有{}格，不完整，文件可能被截断", cells.len()))]);
    }
    let problems = RefCell::new(Vec::new());
    let wrong = |column: &str, words: &str| {
        problems.borrow_mut().push(Problem::at(number, format!("“{column}”{words}")));
    };
    if date.is_none() {
        wrong(&mapping.date, "的日期无法识别");
    }
    let money = |place: Option<usize>, name: &Option<String>| {
        let text = maybe(place);
        if text.is_empty() || text == "-" || text == "--" {
            return Money::ZERO;
        }
        amount(text).unwrap_or_else(|| {
            wrong(name.as_deref().unwrap_or_default(), "的金额无法识别");
            Money::ZERO
        })
    };
    let total = if places.amount.is_some() {
        money(places.amount, &mapping.amount)
    } else {
        let income = money(places.income, &mapping.income);
        let expense = money(places.expense, &mapping.expense);
        if income != Money::ZERO && expense != Money::ZERO {
            wrong(mapping.income.as_deref().unwrap_or_default(), "与支出同时有金额");
        }
        income.checked_sub(expense).unwrap_or_default()
    };
    let balance = places.balance.map(|place| money(Some(place), &mapping.balance));
    if let (Some(name), Some(place)) = (&mapping.balance, places.balance)
        && cell(place).is_empty()
    {
        wrong(name, "没有余额");
    }
    for (place, name) in [(places.reference, &mapping.reference), (places.account, &mapping.counterparty_account)] {
        let rounded = place
            .and_then(|place| cells.get(place))
            .is_some_and(|cell| matches!(cell, Cell::Number(digits) if digits.len() > 15));
        if let (true, Some(name)) = (rounded, name) {
            wrong(name, "须以文本格式填写，数字格式会丢失末几位");
        }
    }
    let mut problems = problems.into_inner();
    if problems.is_empty() && total == Money::ZERO {
        problems.push(Problem::at(number, "没有金额"));
    }
    let (Some(day), true) = (date, problems.is_empty()) else { return Err(problems) };
    let remarks: Vec<&str> = places.remarks.iter().map(|place| cell(*place)).filter(|text| !text.is_empty()).collect();
    Ok(Some(ReadLine {
        line: number,
        day,
        reference: clipped(maybe(places.reference), 64),
        amount: total,
        balance,
        counterparty: clipped(maybe(places.counterparty), 120),
        account: clipped(maybe(places.account), 40),
        remark: clipped(&remarks.join(" "), 300),
    }))
}

pub(super) fn clipped(text: &str, most: usize) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(most).collect()
}

/// Checks each balance against the one before, and turns a statement around that has the newest line first.
fn chained(lines: &mut [ReadLine]) -> Result<(), Problem> {
    let follows = |before: &ReadLine, after: &ReadLine| match (before.balance, after.balance) {
        (Some(before), Some(balance)) => before.checked_add(after.amount) == Some(balance),
        _ => true,
    };
    let broken = lines.windows(2).position(|pair| !follows(&pair[0], &pair[1]));
    let Some(at) = broken else {
        // Without balances, the days tell the order.
        if lines.first().map(|line| line.day) > lines.last().map(|line| line.day) {
            lines.reverse();
        }
        return Ok(());
    };
    if lines.windows(2).all(|pair| follows(&pair[1], &pair[0])) {
        lines.reverse();
        return Ok(());
    }
    let (before, line) = (&lines[at], &lines[at + 1]);
    let due = before.balance.and_then(|balance| balance.checked_add(line.amount)).unwrap_or_default();
    let said = line.balance.unwrap_or_default();
    Err(Problem::at(line.line, format!("余额应为{due}，文件写的是{said}，与上一行不衔接")))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping() -> Mapping {
        let name = |name: &str| Some(name.to_owned());
        Mapping {
            encoding: Encoding::Gbk,
            date: "交易日期".to_owned(),
            date_format: "YYYY/MM/DD".to_owned(),
            amount: None,
            income: name("贷方发生额"),
            expense: name("借方发生额"),
            balance: name("余额"),
            reference: name("流水号"),
            counterparty: name("对方户名"),
            counterparty_account: None,
            remarks: vec!["摘要".to_owned(), "附言".to_owned()],
            opening_label: name("期初余额"),
            closing_label: None,
        }
    }

    const TEXT: &str = "账户明细\n期初余额：,\"1,000.00\"\n交易日期,流水号,借方发生额,贷方发生额,余额,对方户名,摘要,附言\n\
        2026/3/1 09:00,A1,,\"1,200.50\",\"2,200.50\",示例公司,汇款,捐款\n2026/03/02,A2,0.50,,\"2,200.00\",,手续费,\n合计,,0.50,1200.50,,,,\n";

    fn gbk(text: &str) -> Vec<u8> {
        encoding_rs::GB18030.encode(text).0.into_owned()
    }

    #[test]
    fn a_table_of_a_bank_is_read_by_its_mapping() {
        let read = read(&gbk(TEXT), Some(&mapping())).unwrap();
        assert_eq!((read.opening, read.closing), (amount("1000.00"), amount("2200.00")));
        let lines: Vec<(u64, String, String, &str)> = read
            .lines
            .iter()
            .map(|line| (line.line, line.day.to_string(), line.amount.to_string(), line.remark.as_str()))
            .collect();
        assert_eq!(
            lines,
            [
                (4, "2026-03-01".to_owned(), "1200.50".to_owned(), "汇款 捐款"),
                (5, "2026-03-02".to_owned(), "-0.50".to_owned(), "手续费")
            ]
        );
    }

    #[test]
    fn a_table_that_contradicts_itself_is_refused_with_its_line() {
        for (from, to, line) in [
            ("\"2,200.00\"", "\"2,200.01\"", 5),
            ("\"1,000.00\"", "\"1,000.01\"", 4),
            ("0.50,,\"2", "0.5x,,\"2", 5),
            ("2026/03/02", "2026/13/02", 5),
            ("0.50,,\"2", "0.50,1.00,\"2", 5),
            ("\"1,200.50\"", "\"1,20.50\"", 4),
        ] {
            let text = TEXT.replacen(from, to, 1);
            assert_ne!(text, TEXT);
            let problems = read(&gbk(&text), Some(&mapping())).unwrap_err();
            assert_eq!(problems[0].line, line, "{from} → {to}: {problems:?}");
        }
        assert!(read(TEXT.as_bytes(), Some(&mapping())).is_err(), "UTF-8 is not GBK");
        assert!(read(b"date,x\n", None).unwrap_err()[0].words.contains("列对应关系"));
    }

    #[test]
    fn the_newest_line_may_stand_first() {
        let text = "交易日期,流水号,借方发生额,贷方发生额,余额,对方户名,摘要,附言\n\
            2026/03/02,A2,0.50,,\"2,200.00\",,手续费,\n2026/03/01,A1,,\"1,200.50\",\"2,200.50\",示例公司,汇款,捐款\n";
        let read = read(&gbk(text), Some(&mapping())).unwrap();
        assert_eq!(read.lines[0].reference, "A1");
        assert_eq!(read.opening, amount("1000.00"));
    }

    #[test]
    fn a_line_with_a_day_is_never_taken_for_a_sum() {
        let name = |name: &str| Some(name.to_owned());
        let mapping = Mapping {
            encoding: Encoding::Utf8,
            date: "date".to_owned(),
            date_format: "YYYY-MM-DD".to_owned(),
            amount: name("amount"),
            income: None,
            expense: None,
            balance: None,
            reference: name("number"),
            counterparty: name("who"),
            counterparty_account: None,
            remarks: Vec::new(),
            opening_label: None,
            closing_label: None,
        };
        let table = |rows: &str| read(format!("who,date,number,amount\n{rows}").as_bytes(), Some(&mapping));
        let found = table(
            "打印耗材公司,2026-11-03,R1,-55.00\n合计建材,2026-11-04,R2,-5\n合计,,,-60.00\n打印时间：2026-11-05,,,\n制表人,张三,,\n",
        );
        let amounts: Vec<i64> = found.unwrap().lines.iter().map(|line| line.amount.fen()).collect();
        assert_eq!(amounts, [-5_500, -500]);
        // Nor does it vanish when its day cannot be read.
        for wrong in
            ["打印耗材公司,2026-13-03,R1,-55.00\n", "打印耗材公司,,R1,-55.00\n", "合计建材,2026-13-03,R1,-55.00\n"]
        {
            assert_eq!(table(wrong).unwrap_err()[0].line, 2, "{wrong}");
        }
        // A row that was cut off holds another amount than it had.
        let cut = table("某人,2026-11-03,R1,7.00\n某人,2026-11-03,R1").unwrap_err();
        assert_eq!(cut[0].line, 3);
        assert!(cut[0].words.contains("不完整"), "{cut:?}");
        let plain = "date,reference,amount,counterparty,remark\n2026-11-03,R14,7";
        assert!(read(plain.as_bytes(), None).unwrap_err()[0].words.contains("不完整"));
    }

    #[test]
    fn forms_that_are_not_read_are_called_by_their_name() {
        for (bytes, word) in [
            (&b":20:START\n:25:1\n:60F:C"[..], "MT940"),
            (b"{1:F01}{2:O940}{4:\n:20:A\n-}", "MT940"),
            (b"%PDF-1.7", "PDF"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xls"),
            (b"<HTML><body>", "网页"),
        ] {
            let problems = read(bytes, None).unwrap_err();
            assert!(problems[0].words.contains(word), "{problems:?}");
        }
    }

    #[test]
    fn a_table_says_whose_it_is() {
        for (line, number) in [
            ("账号：6222 0000 1111,户名：某会", Some("622200001111")),
            ("户名,某会,账号,6222****1111", Some("6222****1111")),
            ("账号：622200001111 币种：CNY 起止日期：20261001-20261031", Some("622200001111")),
            ("账号：622200001111 币种：CNY 起止日期：20261101-20261130", Some("622200001111")),
            ("账号类型,对公", None),
        ] {
            let text = TEXT.replacen("账户明细", line, 1);
            assert_eq!(read(&gbk(&text), Some(&mapping())).unwrap().account.as_deref(), number, "{line}");
        }
        for (one, other, same) in [
            ("6222 0000 1111", "622200001111", true),
            ("622200001111", "622200001112", false),
            ("6222****1111", "622200001111", true),
            ("6222****1111", "622200002222", false),
            ("*1111", "622200001111", true),
        ] {
            assert_eq!(same_account(one, other), same, "{one} {other}");
        }
    }

    #[test]
    fn days_and_amounts_as_banks_write_them() {
        for (text, format) in [
            ("20260301", "YYYYMMDD"),
            ("2026年3月1日", "YYYY年MM月DD日"),
            ("01/03/2026", "DD/MM/YYYY"),
            ("2026-03-01 10:00:00", "YYYY-MM-DD"),
        ] {
            assert_eq!(day(text, format).map(|day| day.to_string()).as_deref(), Some("2026-03-01"), "{text}");
        }
        assert_eq!(day("202603011", "YYYYMMDD"), None);
        assert_eq!(day("2026-02-30", "YYYY-MM-DD"), None);
        assert_eq!(amount("-1,234,567.8"), Some(Money::from_fen(-123_456_780)));
        assert_eq!(amount("￥12"), Some(Money::from_fen(1_200)));
        for wrong in ["", "1,2", "1e3", "12.345", "1.2.3", "--1"] {
            assert_eq!(amount(wrong), None, "{wrong}");
        }
    }
}
