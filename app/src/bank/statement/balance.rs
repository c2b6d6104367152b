//! Rows of a table that say a balance: the opening, the closing, and what is carried from page to page.

use domain::Money;

use super::mapping::Mapping;
use super::row::Places;
use super::writing::{amount, is_nothing};
use super::{Problem, ReadLine};
use crate::sheet::Cell;

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

/// Which balance a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Balance {
    Opening,
    Closing,
    /// That of the page before, or for the next.
    Carried,
}

impl Balance {
    /// Which balance a cell announces, in the bank's usual words or in those of the mapping.
    pub(super) fn announced(mapping: &Mapping, text: &str) -> Option<Balance> {
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
pub(super) struct Balances {
    pub(super) opening: Option<(u64, Money)>,
    pub(super) closing: Option<(u64, Money)>,
    pub(super) said: Vec<Problem>,
}

impl Balances {
    /// Takes what a row says. A file that says two different balances contradicts itself.
    pub(super) fn take(&mut self, number: u64, which: Balance, amount: Money) -> Result<(), Problem> {
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

/// The balances that a line above the table says: behind the cell that announces it, or in that cell itself.
pub(super) fn above(cells: &[Cell], mapping: &Mapping) -> Vec<(Balance, Money)> {
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
pub(super) fn turned(number: u64, which: Balance, amount: Money, before: Option<&ReadLine>) -> Option<Problem> {
    let line = before.filter(|_| which == Balance::Carried)?;
    let stood = line.balance?;
    let fits = stood == amount || stood.checked_sub(line.amount) == Some(amount);
    (!fits).then(|| Problem::at(number, format!("转页余额是{amount}，与上一行的余额{stood}不衔接")))
}

/// The balance that a row says instead of a movement. A row with a day says one only if it moves nothing.
pub(super) fn balance_of(cells: &[Cell], mapping: &Mapping, places: &Places, dated: bool) -> Option<(Balance, Money)> {
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
