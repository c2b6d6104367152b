//! What may stand in a text that somebody writes, and what is wrong with an amount or a day that cannot be read.

use std::ops::Range;

use crate::{BusinessDate, Money, MoneyError};

/// Characters that no pen writes: a NUL, which PostgreSQL cannot keep, other controls but the ends of lines and tabs, and those
/// that turn the text around them (a name on the wall could rewrite its neighbours).
pub fn unwritable(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An amount as people write it, or a sentence in Chinese about what is wrong with it.
pub fn yuan(text: &str) -> Result<Money, &'static str> {
    text.parse().map_err(|error| match error {
        _ if is_negative(text) => "金额不能为负数",
        _ if has_comma(text) => "金额不要写逗号，例如 100000.00",
        MoneyError::TooLarge => "金额过大，请检查是否多写了位数",
        MoneyError::Format => "金额以元为单位，最多两位小数，例如 100000.00",
    })
}

/// A day of these years as people write it, or a sentence in Chinese about what is wrong with it.
pub fn day(text: &str, years: Range<i32>) -> Result<BusinessDate, String> {
    let shaped = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    match text.parse::<BusinessDate>() {
        Ok(day) if years.contains(&day.year()) => Ok(day),
        Ok(_) => Err(format!("年份应在{}至{}之间", years.start, years.end - 1)),
        Err(_) if shaped => Err(format!("日历上没有{text}这一天，请检查月份和日期")),
        Err(_) => Err("日期应写成 2026-01-15 的形式".to_owned()),
    }
}

/// Whether a number is written with a minus sign, of whatever keyboard.
pub fn is_negative(text: &str) -> bool {
    text.starts_with(['-', '−', '－'])
}

/// Whether a number is written with a comma, of whatever keyboard.
pub fn has_comma(text: &str) -> bool {
    text.contains([',', '，', '、'])
}
