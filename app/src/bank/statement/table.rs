//! A table of a bank, from its first row to its last.

use domain::Money;

use super::account::account_in;
use super::balance::{Balance, Balances, above, turned};
use super::mapping::Mapping;
use super::row::{Places, Row, Total, line, row};
use super::{LINES, Problem, ReadLine, Statement, TOLD};
use crate::sheet;

/// What is said of a sum with a day that the lines do not make, where no balance tells it from a movement.
const UNCLEAR: &str =
    "这一行写着合计，又有日期和金额，与以上各行相加不符，分不清是合计还是流水；请核对，是合计的请删去这一行";

/// Reads a table, its lines in the order of time.
pub(super) fn table(bytes: &[u8], mapping: &Mapping) -> Result<Statement, Vec<Problem>> {
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
            Ok(Row::DatedTotal(sum)) if adds_up(sum, &lines) => {
                let words =
                    if sum == Total::Still { "取作合计行，没有发生额" } else { "合计与各行相符" };
                balances.said.push(Problem::at(*number, words));
            }
            // Somebody may write nothing but 合计 on a transfer: the balance beside it says whether it moved anything.
            Ok(Row::DatedTotal(_)) if places.balance.is_some() => match line(*number, cells, mapping, &places) {
                Ok(line) => lines.push(line),
                Err(found) => problems.extend(found),
            },
            Ok(Row::DatedTotal(_)) => problems.push(Problem::at(*number, UNCLEAR)),
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
        let (here, there) = sides(&lines);
        if (came, left) == (here, there) {
            said.push(Problem::at(number, "合计与各行相符"));
        } else {
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

/// What the lines brought and what they took, both above nothing.
fn sides(lines: &[ReadLine]) -> (Money, Money) {
    let sum = |sign: bool| {
        let wanted = lines.iter().map(|line| line.amount).filter(|amount| amount.is_positive() == sign);
        Money::from_fen(Money::checked_sum(wanted).map_or(i64::MAX, |sum| sum.fen().abs()))
    };
    (sum(true), sum(false))
}

/// Whether the lines so far make a sum. That of no movement is made by all.
fn adds_up(total: Total, lines: &[ReadLine]) -> bool {
    match total {
        Total::Still => true,
        Total::Sides(came, left) => (came, left) == sides(lines),
        Total::Net(net) => Money::checked_sum(lines.iter().map(|line| line.amount)) == Some(net),
    }
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
