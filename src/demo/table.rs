//! Tables on a terminal. Chinese characters take two columns.

use domain::Money;

/// To which side a column keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table with a line of titles, rows, and maybe a line below.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
    foot: Option<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: &[(&'static str, Align)]) -> Table {
        Table { columns: columns.to_vec(), rows: Vec::new(), foot: None }
    }

    /// Adds a row, one cell a column.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Sets the line below.
    pub(crate) fn foot<const N: usize>(&mut self, cells: [String; N]) {
        self.foot = Some(cells.into());
    }

    /// Draws it under a title.
    pub(crate) fn lines(&self, title: &str) -> Vec<String> {
        let titles: Vec<String> = self.columns.iter().map(|(title, _)| (*title).to_owned()).collect();
        let all = || std::iter::once(&titles).chain(&self.rows).chain(&self.foot);
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| all().filter_map(|cells| cells.get(column)).map(|cell| width(cell)).max().unwrap_or_default())
            .collect();
        let rule = |left, cross, right| {
            let bars: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
            format!("{left}{}{right}", bars.join(cross))
        };
        let row = |cells: &Vec<String>| {
            let cells: Vec<String> = cells
                .iter()
                .zip(&widths)
                .zip(&self.columns)
                .map(|((cell, wide), (_, align))| {
                    let blank = " ".repeat(wide.saturating_sub(width(cell)));
                    match align {
                        Align::Left => format!(" {cell}{blank} "),
                        Align::Right => format!(" {blank}{cell} "),
                    }
                })
                .collect();
            format!("│{}│", cells.join("│"))
        };
        let mut lines = vec![title.to_owned(), rule("┌", "┬", "┐"), row(&titles), rule("├", "┼", "┤")];
        lines.extend(self.rows.iter().map(row));
        if let Some(foot) = &self.foot {
            lines.push(rule("├", "┼", "┤"));
            lines.push(row(foot));
        }
        lines.push(rule("└", "┴", "┘"));
        lines
    }
}

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6 | 0x20000..=0x3FFFD)
}

/// An amount with its thousands apart: `6,840,000.00`.
pub(crate) fn yuan(amount: Money) -> String {
    let text = amount.to_string();
    let (whole, fen) = text.split_once('.').unwrap_or((&text, "00"));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut out = String::from(sign);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    format!("{out}.{fen}")
}

/// A bar of ten parts and the hundredths, rounded down.
pub(crate) fn progress(raised: Money, target: Money) -> String {
    let hundredths = i128::from(raised.fen().max(0)) * 100 / i128::from(target.fen().max(1));
    let full = usize::try_from(hundredths / 10).unwrap_or(10).min(10);
    format!("{}{} {hundredths:>3}%", "█".repeat(full), "░".repeat(10 - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_as_wide_as_the_others() {
        let mut table = Table::new(&[("项目", Align::Left), ("元", Align::Right)]);
        table.row(["助学·关爱行动".to_owned(), "6,840,000.00".to_owned()]);
        table.row(["a".to_owned(), String::new()]);
        table.foot(["合计".to_owned(), "1.00".to_owned()]);
        let lines = table.lines("表");
        assert!(lines[1..].iter().all(|line| width(line) == width(&lines[1])), "{lines:#?}");
        assert_eq!(lines[4], "│ 助学·关爱行动 │ 6,840,000.00 │");
    }

    #[test]
    fn thousands_stand_apart() {
        for (fen, text) in [(1, "0.01"), (100_000, "1,000.00"), (-123_456_789, "-1,234,567.89"), (99_999, "999.99")] {
            assert_eq!(yuan(Money::from_fen(fen)), text);
        }
        assert_eq!(progress(Money::from_fen(684), Money::from_fen(684)), "██████████ 100%");
        assert_eq!(progress(Money::ZERO, Money::from_fen(1)), "░░░░░░░░░░   0%");
    }
}
