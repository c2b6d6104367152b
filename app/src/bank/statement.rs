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
/// Of these, what the sum of all lines is called.
const TOTALS: [&str; 4] = ["合计", "总计", "本期合计", "合计金额"];
/// What banks call the balance before the first line, whatever the mapping says (spaces left out) …
const OPENINGS: [&str; 12] = [
    "期初余额",
    "期初结存",
    "上期余额",
    "上期结余",
    "上期结存",
    "上月余额",
    "上月结余",
    "上日余额",
    "昨日余额",
    "起始余额",
    "承前余额",
    "openingbalance",
];
/// … after the last …
const CLOSINGS: [&str; 7] = ["期末余额", "期末结存", "本期余额", "本期结余", "本月结余", "月末余额", "closingbalance"];
/// … and where a page ends and another begins.
const CARRIED: [&str; 5] = ["承前页", "承上页", "接前页", "过次页", "转下页"];
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

/// Which balance a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Balance {
    Opening,
    Closing,
    /// That of the page before, or for the next.
    Carried,
}

impl Balance {
    /// Which balance a cell announces, in the bank's usual words or in those of the mapping.
    fn announced(mapping: &Mapping, text: &str) -> Option<Balance> {
        let plain = |text: &str| {
            let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            text.trim_end_matches(['：', ':']).to_lowercase()
        };
        let text = plain(text);
        let is = |words: &[&str], own: &Option<String>| {
            words.contains(&text.as_str()) || own.as_deref().is_some_and(|own| plain(own) == text)
        };
        if text.is_empty() {
            None
        } else if is(&OPENINGS, &mapping.opening_label) {
            Some(Balance::Opening)
        } else if is(&CLOSINGS, &mapping.closing_label) {
            Some(Balance::Closing)
        } else {
            is(&CARRIED, &None).then_some(Balance::Carried)
        }
    }

    fn words(self) -> &'static str {
        match self {
            Balance::Opening => "期初余额",
            Balance::Closing => "期末余额",
            Balance::Carried => "转页余额",
        }
    }
}

/// The opening and the closing balance that a file says, each with the row that said it first.
#[derive(Default)]
struct Balances {
    opening: Option<(u64, Money)>,
    closing: Option<(u64, Money)>,
    said: Vec<Problem>,
}

impl Balances {
    /// Takes what a row says. A file that says two different balances contradicts itself.
    fn take(&mut self, number: u64, which: Balance, amount: Money) -> Result<(), Problem> {
        self.said.push(Problem::at(number, format!("取作{}{amount}", which.words())));
        let place = match which {
            Balance::Opening => &mut self.opening,
            Balance::Closing => &mut self.closing,
            Balance::Carried => return Ok(()),
        };
        match *place {
            Some((before, known)) if known != amount => {
                let words = format!("{}写的是{amount}，第{before}行写的是{known}", which.words());
                Err(Problem::at(number, words))
            }
            Some(_) => Ok(()),
            None => {
                *place = Some((number, amount));
                Ok(())
            }
        }
    }
}

/// What a row of the table is.
enum Row {
    /// Nothing to read: empty, a sum of a part, the head of a further page, who printed it.
    Nothing,
    Line(ReadLine),
    Balance(Balance, Money),
    /// What came and what left in all, if it says so.
    Total(Money, Money),
}

fn table(bytes: &[u8], mapping: &Mapping) -> Result<Statement, Vec<Problem>> {
    let sheet = sheet::read(bytes, mapping.encoding).map_err(|words| vec![Problem::whole(words)])?;
    let mut rows = sheet.iter();
    let (mut places, mut of) = (None, None);
    let mut missing = mapping.date.clone();
    let mut balances = Balances::default();
    for (number, cells) in rows.by_ref() {
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
        for (which, amount) in above(cells, mapping) {
            balances.take(*number, which, amount).map_err(|problem| vec![problem])?;
        }
    }
    let Some(places) = places else {
        return Err(vec![Problem::whole(format!("没有找到“{missing}”一列，请会计或财务负责人核对“账户与列对应”"))]);
    };
    let (mut lines, mut problems) = (Vec::new(), Vec::new());
    let mut total = None;
    for (number, cells) in rows {
        if problems.len() >= TOLD || lines.len() > LINES {
            break;
        }
        match row(*number, cells, mapping, &places) {
            Ok(Row::Nothing) => {}
            Ok(Row::Line(line)) => lines.push(line),
            Ok(Row::Balance(which, amount)) => {
                problems.extend(turned(*number, which, amount, lines.last()));
                // What is carried from before the first line is what the file begins with.
                let first = which == Balance::Carried && lines.is_empty();
                let which = if first { Balance::Opening } else { which };
                problems.extend(balances.take(*number, which, amount).err());
            }
            Ok(Row::Total(came, left)) => total = Some((*number, came, left, lines.len())),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let Balances { opening, closing, mut said } = balances;
    let mut doubts = Vec::new();
    // A sum of all lines says whether some are missing. Banks write many sums: one that differs wants a look, and refuses nothing.
    if let Some((number, came, left, of)) = total
        && of == lines.len()
    {
        let sum = |sign: bool| {
            let wanted = lines.iter().map(|line| line.amount).filter(|amount| amount.is_positive() == sign);
            Money::checked_sum(wanted).map_or(i64::MAX, |sum| sum.fen().abs())
        };
        if (came.fen(), left.fen()) == (sum(true), sum(false)) {
            said.push(Problem::at(number, "合计与各行相符"));
        } else {
            let (here, there) = (Money::from_fen(sum(true)), Money::from_fen(sum(false)));
            let words = format!("合计写的是收入{came}、支出{left}，各行相加是收入{here}、支出{there}，可能缺少流水");
            doubts.push(Problem::at(number, words));
        }
    }
    chained(&mut lines).map_err(|problem| vec![problem])?;
    let first = lines.first().and_then(|line| line.balance?.checked_sub(line.amount));
    let last = lines.last().and_then(|line| line.balance);
    let opening = opening.map(|(_, amount)| amount).or(first);
    let closing = closing.map(|(_, amount)| amount).or(last);
    Ok(Statement { format: "csv", account: of, opening, closing, lines, said, doubts })
}

/// The balances that a line above the table says: behind the cell that announces it, or in that cell itself.
fn above(cells: &[Cell], mapping: &Mapping) -> Vec<(Balance, Money)> {
    let behind = |at: usize| cells[at + 1..].iter().find(|cell| !cell.text().is_empty());
    let found = cells.iter().enumerate().filter_map(|(at, cell)| {
        if let Some(which) = Balance::announced(mapping, cell.text()) {
            return Some((which, behind(at).and_then(|cell| amount(cell.text()))?));
        }
        let (word, rest) = cell.text().split_once(['：', ':'])?;
        Some((Balance::announced(mapping, word)?, amount(rest)?))
    });
    found.filter(|(which, _)| *which != Balance::Carried).collect()
}

/// What is wrong with a balance that is carried from page to page: it is that of the line before it, or from which that line led.
fn turned(number: u64, which: Balance, amount: Money, before: Option<&ReadLine>) -> Option<Problem> {
    let line = before.filter(|_| which == Balance::Carried)?;
    let stood = line.balance?;
    let fits = stood == amount || stood.checked_sub(line.amount) == Some(amount);
    (!fits).then(|| Problem::at(number, format!("转页余额是{amount}，与上一行的余额{stood}不衔接")))
}

/// The balance that a row says instead of a movement. A row with a day says one only if it moves nothing.
fn balance_of(cells: &[Cell], mapping: &Mapping, places: &Places, dated: bool) -> Option<(Balance, Money)> {
    let mut named =
        cells.iter().enumerate().filter_map(|(at, cell)| Some((at, Balance::announced(mapping, cell.text())?)));
    let (at, which) = named.next()?;
    let moving = [places.amount, places.income, places.expense];
    let cell = |place: usize| cells.get(place).map_or("", Cell::text);
    let still = moving.into_iter().flatten().all(|place| is_nothing(cell(place)));
    if dated && !still {
        return None;
    }
    let of_column = places.balance.and_then(|place| amount(cell(place)));
    let behind = |also_moving: bool| {
        let rest = (at + 1..cells.len()).filter(|place| also_moving || !moving.contains(&Some(*place)));
        rest.map(cell).find(|text| !text.is_empty()).and_then(amount)
    };
    Some((which, of_column.or_else(|| behind(false)).or_else(|| behind(true))?))
}

/// Whether a cell for an amount says that nothing moved.
fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "-" | "--") || amount(text) == Some(Money::ZERO)
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

/// What a row of the table is. Whatever has a day and moves something is a line or refused: somebody may be called 打印….
fn row(number: u64, cells: &[Cell], mapping: &Mapping, places: &Places) -> Result<Row, Vec<Problem>> {
    let cell = |place: usize| cells.get(place).map_or("", Cell::text);
    let maybe = |place: Option<usize>| place.map_or("", cell);
    let Some(first) = cells.iter().map(Cell::text).find(|text| !text.is_empty()) else { return Ok(Row::Nothing) };
    let date = day(cell(places.date), mapping.date_format.trim()).or_else(|| cell(places.date).parse().ok());
    if let Some((which, amount)) = balance_of(cells, mapping, places, date.is_some()) {
        return Ok(Row::Balance(which, amount));
    }
    if date.is_none() {
        // The head of a further page.
        if Places::of(mapping, cells).is_ok() {
            return Ok(Row::Nothing);
        }
        let says = |words: &[&str], text: &str| words.iter().any(|word| text.starts_with(word));
        let dateless = cell(places.date).is_empty() || says(&SUMS, cell(places.date));
        let moneyless = [places.amount, places.income, places.expense].into_iter().all(|place| maybe(place).is_empty());
        if says(&SUMS, first) && dateless {
            let sum =
                |place: Option<usize>| amount(maybe(place)).or_else(|| is_nothing(maybe(place)).then_some(Money::ZERO));
            let total = TOTALS.contains(&first.trim_end_matches(['：', ':'])) && !moneyless && places.amount.is_none();
            let both = sum(places.income).zip(sum(places.expense)).filter(|_| total);
            return Ok(both.map_or(Row::Nothing, |(came, left)| Row::Total(came, left)));
        }
        if says(&FOOT, first) && moneyless {
            return Ok(Row::Nothing);
        }
    }
    if cells.len() <= places.last {
        return Err(vec![Problem::at(number, format!("这一行只有{}格，不完整，文件可能被截断", cells.len()))]);
    }
    // With no balance beside it that would prove it, this may be either.
    if places.balance.is_none() && cells.iter().any(|cell| Balance::announced(mapping, cell.text()).is_some()) {
        let words =
            "这一行写着余额，金额一栏又有数，分不清是余额还是流水；请在“账户与列对应”里写明余额一列，或删去这一行";
        return Err(vec![Problem::at(number, words)]);
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
    Ok(Row::Line(ReadLine {
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
    fn rows_of_balances_and_sums_are_read_as_what_they_say() {
        const HEAD: &str = "交易日期,流水号,借方发生额,贷方发生额,余额,对方户名,摘要,附言\n";
        let own = Mapping { opening_label: None, ..mapping() };
        let said = |text: &str| -> Vec<(u64, String)> {
            let read = read(&gbk(text), Some(&own)).unwrap();
            assert_eq!(read.lines.len(), 2, "{read:?}");
            assert_eq!((read.opening, read.closing), (amount("1000.00"), amount("2200.00")));
            assert_eq!(read.doubts, []);
            read.said.into_iter().map(|one| (one.line, one.words)).collect()
        };
        let taken = |line: u64, words: &str| (line, words.to_owned());
        let (first, second) = (
            "2026/3/1 09:00,A1,,\"1,200.50\",\"2,200.50\",示例公司,汇款,捐款\n",
            "2026/03/02,A2,0.50,,\"2,200.00\",,手续费,\n",
        );
        // Under the head with a day, without one, and with zeros where nothing moved.
        let (opening, closing) = (taken(2, "取作期初余额1000.00"), taken(5, "取作期末余额2200.00"));
        for (above, below) in [
            ("2026/03/01,,,,\"1,000.00\",,期初余额,\n", "2026/03/02,,,,\"2,200.00\",,期末余额,\n"),
            (",,0.00,0.00,\"1,000.00\",,上期余额,\n", "期末余额：,,,,\"2,200.00\",,,\n"),
            ("期初余额,\"1,000.00\",,,,,,\n", "本期结余,,,\"2,200.00\",,,,\n"),
            ("承前页,,,,\"1,000.00\",,,\n", "2026/03/02,,--,--,\"2,200.00\",,期末 余额,\n"),
        ] {
            let text = format!("{HEAD}{above}{first}{second}{below}");
            assert_eq!(said(&text), [opening.clone(), closing.clone()], "{text}");
        }
        // Above the head in one cell, and a page that ends in the middle.
        let text = format!(
            "期初余额：\"1,000.00\"\n{HEAD}{first}过次页,,,,\"2,200.50\",,,\n{HEAD}承前页,,,,\"2,200.50\",,,\n{second}合计,,0.50,\"1,200.50\",,,,\n"
        );
        assert!(read(&gbk(&text), Some(&own)).is_ok(), "a quote within a cell is none");
        let text = text.replacen("期初余额：\"1,000.00\"", "\"期初余额：1,000.00\"", 1);
        let words = ["取作期初余额1000.00", "取作转页余额2200.50", "取作转页余额2200.50", "合计与各行相符"];
        assert_eq!(
            said(&text),
            [(1, words[0]), (4, words[1]), (6, words[2]), (8, words[3])].map(|(line, words)| taken(line, words))
        );

        // What contradicts the lines is refused, with the row that says so or the line where it breaks.
        for (extra, line, word) in [
            ("2026/03/02,,,,\"2,200.01\",,期末余额,\n", 3, "2200.01"),
            ("期末余额,,,,\"2,200.00\",,,\n期末余额,,,,\"2,300.00\",,,\n", 5, "第4行"),
            ("期初余额,,,,999.00,,,\n", 2, "999.00"),
            ("过次页,,,,\"2,200.50\",,,\n", 0, ""),
            ("过次页,,,,1.00,,,\n", 4, "不衔接"),
        ] {
            let read = read(&gbk(&format!("{HEAD}{first}{second}{extra}")), Some(&own));
            match line {
                0 => assert!(read.is_ok(), "{read:?}"),
                line => {
                    let problem = &read.unwrap_err()[0];
                    assert_eq!(problem.line, line, "{extra}: {problem:?}");
                    assert!(problem.words.contains(word), "{extra}: {problem:?}");
                }
            }
        }
        // A sum that differs wants a look; a movement is never taken for a balance.
        let read_in = |text: String| read(&gbk(&text), Some(&own)).unwrap();
        let less = read_in(format!("{HEAD}{first}{second}合计,,0.50,\"1,300.50\",,,,\n"));
        assert_eq!((less.doubts[0].line, less.lines.len()), (4, 2), "{less:?}");
        let named = read_in(format!("{HEAD}{first}{}", second.replacen("手续费", "期初余额", 1)));
        assert_eq!((named.lines.len(), named.said.len()), (2, 0), "{named:?}");
        let blind = Mapping { balance: None, ..own.clone() };
        let text = format!("{HEAD}{first}{}", second.replacen("手续费", "期初余额", 1));
        let refused = read(&gbk(&text), Some(&blind)).unwrap_err();
        assert_eq!((refused[0].line, refused.len()), (3, 1), "{refused:?}");
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
