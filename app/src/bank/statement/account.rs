//! Whose statement it is: the number of the account, as a table says it.

use crate::sheet::Cell;

/// What stands before the number of the account, above the lines.
const ACCOUNT: [&str; 7] = ["账号", "帐号", "卡号", "账户号码", "本方账号", "查询账号", "银行账号"];

/// The number of the account in a line above the table: in the cell that names it, or in the next. What stands behind it in the same cell,
/// as the currency and the days of the statement, is none of it.
pub(super) fn account_in(cells: &[Cell]) -> Option<String> {
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
pub(in crate::bank) fn same_account(one: &str, other: &str) -> bool {
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
