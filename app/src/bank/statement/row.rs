//! What a row of a table is: a movement, a balance, a sum, or nothing.

use std::cell::RefCell;

use domain::{BusinessDate, Money};

use super::balance::{Balance, balance_of};
use super::mapping::Mapping;
use super::writing::{amount, clipped, day, is_nothing};
use super::{Problem, ReadLine};
use crate::sheet::Cell;

/// Rows in which a bank says sums, below or between the lines.
const SUMS: [&str; 6] = ["合计", "总计", "小计", "本页", "累计", "期末"];
/// Of these, what the sum of all lines is called.
const TOTALS: [&str; 4] = ["合计", "总计", "本期合计", "合计金额"];
/// Rows in which it says who printed the table and when: they hold no amount.
const FOOT: [&str; 2] = ["打印", "制表"];

pub(super) struct Places {
    /// The last of them: a row that ends before it was cut.
    last: usize,
    date: usize,
    pub(super) amount: Option<usize>,
    pub(super) income: Option<usize>,
    pub(super) expense: Option<usize>,
    pub(super) balance: Option<usize>,
    reference: Option<usize>,
    counterparty: Option<usize>,
    account: Option<usize>,
    remarks: Vec<usize>,
}

impl Places {
    /// Where the columns stand, if this is the line that names them; else the first name that is missing.
    pub(super) fn of(mapping: &Mapping, cells: &[Cell]) -> Result<Places, String> {
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

/// What a row of the table is.
pub(super) enum Row {
    /// Nothing to read: empty, a sum of a part, the head of a further page, who printed it.
    Nothing,
    Line(ReadLine),
    Balance(Balance, Money),
    /// What came and what left in all, if it says so.
    Total(Money, Money),
    /// A sum that carries a day like a movement: it is one if the lines above it add up to it.
    DatedTotal(Total),
}

/// A sum as its columns say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Total {
    /// Of nothing: a day on which nothing moved, or a bank that counts the rows only.
    Still,
    /// What came, and what left.
    Sides(Money, Money),
    /// Both in one column.
    Net(Money),
}

/// Whether a cell is the name of a sum and nothing else: somebody may be called 合计建材.
fn names_total(text: &str) -> bool {
    TOTALS.contains(&text.trim_end_matches(['：', ':']))
}

/// The sum that a row with a day says instead of a movement.
fn dated_total(cells: &[Cell], places: &Places) -> Option<Total> {
    let cell = |place: usize| cells.get(place).map_or("", Cell::text);
    let named = cells.iter().any(|cell| names_total(cell.text()));
    let moving = [places.amount, places.income, places.expense];
    if moving.into_iter().flatten().all(|place| is_nothing(cell(place))) {
        // What moves nothing may be called by any word for a sum.
        let sums = cells.iter().any(|cell| SUMS.iter().any(|word| cell.text().starts_with(word)));
        return (named || sums).then_some(Total::Still);
    }
    let money = |place: usize| if is_nothing(cell(place)) { Some(Money::ZERO) } else { amount(cell(place)) };
    match (places.amount, places.income, places.expense) {
        _ if !named => None,
        (Some(place), ..) => Some(Total::Net(money(place)?)),
        (None, Some(income), Some(expense)) => Some(Total::Sides(money(income)?, money(expense)?)),
        (None, ..) => None,
    }
}

/// The day of a row, as the mapping writes days or as we do.
fn date_of(cells: &[Cell], mapping: &Mapping, places: &Places) -> Option<BusinessDate> {
    let text = cells.get(places.date).map_or("", Cell::text);
    day(text, mapping.date_format.trim()).or_else(|| text.parse().ok())
}

/// What a row of the table is. Whatever has a day and moves something is a line or refused: somebody may be called 打印….
pub(super) fn row(number: u64, cells: &[Cell], mapping: &Mapping, places: &Places) -> Result<Row, Vec<Problem>> {
    let cell = |place: usize| cells.get(place).map_or("", Cell::text);
    let maybe = |place: Option<usize>| place.map_or("", cell);
    let Some(first) = cells.iter().map(Cell::text).find(|text| !text.is_empty()) else { return Ok(Row::Nothing) };
    let date = date_of(cells, mapping, places);
    if let Some((which, amount)) = balance_of(cells, mapping, places, date.is_some()) {
        return Ok(Row::Balance(which, amount));
    }
    if date.is_some()
        && let Some(total) = dated_total(cells, places)
    {
        return Ok(Row::DatedTotal(total));
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
            let total = names_total(first) && !moneyless && places.amount.is_none();
            let both = sum(places.income).zip(sum(places.expense)).filter(|_| total);
            return Ok(both.map_or(Row::Nothing, |(came, left)| Row::Total(came, left)));
        }
        if says(&FOOT, first) && moneyless {
            return Ok(Row::Nothing);
        }
    }
    line(number, cells, mapping, places).map(Row::Line)
}

/// Reads a row as a movement.
pub(super) fn line(number: u64, cells: &[Cell], mapping: &Mapping, places: &Places) -> Result<ReadLine, Vec<Problem>> {
    let cell = |place: usize| cells.get(place).map_or("", Cell::text);
    let maybe = |place: Option<usize>| place.map_or("", cell);
    let date = date_of(cells, mapping, places);
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
        let columns = [&mapping.amount, &mapping.income, &mapping.expense].into_iter().flatten();
        let columns: Vec<String> = columns.map(|name| format!("“{name}”")).collect();
        let words = format!("{}没有金额或为0；这一行若不是流水，请删去后再导入", columns.join("和"));
        problems.push(Problem::at(number, words));
    }
    let (Some(day), true) = (date, problems.is_empty()) else { return Err(problems) };
    let remarks: Vec<&str> = places.remarks.iter().map(|place| cell(*place)).filter(|text| !text.is_empty()).collect();
    Ok(ReadLine {
        line: number,
        day,
        reference: clipped(maybe(places.reference), 64),
        amount: total,
        balance,
        counterparty: clipped(maybe(places.counterparty), 120),
        account: clipped(maybe(places.account), 40),
        remark: clipped(&remarks.join(" "), 300),
    })
}
