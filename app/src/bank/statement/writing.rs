//! Amounts, days and words as banks write them.

use std::fmt::Write as _;

use domain::{BusinessDate, Money};

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
pub(super) fn day(text: &str, format: &str) -> Option<BusinessDate> {
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

/// Whether a cell for an amount says that nothing moved.
pub(super) fn is_nothing(text: &str) -> bool {
    matches!(text, "" | "-" | "--") || amount(text) == Some(Money::ZERO)
}

pub(in crate::bank) fn clipped(text: &str, most: usize) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(most).collect()
}
