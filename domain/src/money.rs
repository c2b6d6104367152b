//! Money: whole fen, checked arithmetic, one way to read it and one way to print it.

use std::fmt;
use std::str::FromStr;

use sea_orm::DeriveValueType;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An amount of renminbi in whole fen. Negative only where a difference or a balance is meant.
///
/// The wire form is yuan with two decimals, as a string: `"12.30"`. Arithmetic is checked: an overflow is a refusal, never a
/// wrap. There is no division here; a rate is applied by [`crate::Rate`].
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Money(i64);

/// Why a text is not an amount, or a sum does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Anything but ASCII digits with at most two decimals: signs, exponents, separators, full-width digits, blanks.
    #[error("an amount is written in yuan with at most two decimals, like 12.30")]
    Format,
    /// More than [`Money::MAX`].
    #[error("the amount is too large")]
    TooLarge,
}

impl Money {
    /// No money.
    pub const ZERO: Money = Money(0);
    /// The largest amount that is read or stored: ten thousand billion yuan, far from the edge of an `i64` so that sums of a
    /// thousand of them still exist.
    pub const MAX: Money = Money(1_000_000_000_000_000);

    /// An amount of so many fen.
    pub const fn from_fen(fen: i64) -> Money {
        Money(fen)
    }

    /// The amount in fen.
    pub const fn fen(self) -> i64 {
        self.0
    }

    /// The sum, or nothing on overflow.
    pub const fn checked_add(self, other: Money) -> Option<Money> {
        match self.0.checked_add(other.0) {
            Some(fen) => Some(Money(fen)),
            None => None,
        }
    }

    /// The difference, or nothing on overflow.
    pub const fn checked_sub(self, other: Money) -> Option<Money> {
        match self.0.checked_sub(other.0) {
            Some(fen) => Some(Money(fen)),
            None => None,
        }
    }

    /// The same amount with the other sign, or nothing on overflow.
    pub const fn checked_neg(self) -> Option<Money> {
        match self.0.checked_neg() {
            Some(fen) => Some(Money(fen)),
            None => None,
        }
    }

    /// The sum of many, or nothing on overflow.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Money>) -> Option<Money> {
        amounts.into_iter().try_fold(Money::ZERO, Money::checked_add)
    }

    /// More than nothing.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Less than nothing.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads yuan as a person writes them: `12`, `12.3`, `12.30`. A leading zero stands only before the point.
    fn from_str(text: &str) -> Result<Money, MoneyError> {
        let (yuan, decimals) = match text.split_once('.') {
            Some((yuan, decimals)) if matches!(decimals.len(), 1 | 2) => (yuan, decimals),
            Some(_) => return Err(MoneyError::Format),
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if yuan.is_empty() || !digits(yuan) || !digits(decimals) || (yuan.len() > 1 && yuan.starts_with('0')) {
            return Err(MoneyError::Format);
        }
        if yuan.len() > 14 {
            return Err(MoneyError::TooLarge);
        }
        let number = |part: &str| part.parse::<i64>().map_err(|_| MoneyError::Format);
        let cents = match decimals.len() {
            0 => 0,
            1 => number(decimals)? * 10,
            _ => number(decimals)?,
        };
        let amount = Money(number(yuan)? * 100 + cents);
        if amount > Money::MAX { Err(MoneyError::TooLarge) } else { Ok(amount) }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fen = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        f.pad(&format!("{sign}{}.{:02}", fen / 100, fen % 100))
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "¥{self}")
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_a_person_writes() {
        for (text, fen) in
            [("0.01", 1), ("1", 100), ("12.3", 1230), ("12.30", 1230), ("0", 0), ("100000.01", 10_000_001)]
        {
            assert_eq!(text.parse::<Money>(), Ok(Money(fen)), "{text}");
        }
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "", ".", "1.", ".5", "1.234", "-1", "+1", "1e3", "１２", "1,000", " 1", "1 ", "01", "00.10", "0x1", "NaN",
            "1.2.3", "١",
        ] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError::Format), "{text:?}");
        }
        for text in ["10000000000000.01", "99999999999999999999"] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError::TooLarge), "{text:?}");
        }
    }

    #[test]
    fn arithmetic_never_wraps() {
        assert_eq!(Money(i64::MAX).checked_add(Money(1)), None);
        assert_eq!(Money(i64::MIN).checked_sub(Money(1)), None);
        assert_eq!(Money(i64::MIN).checked_neg(), None);
        assert_eq!(Money::checked_sum([Money(1), Money(i64::MAX)]), None);
    }

    proptest! {
        #[test]
        fn printed_and_read_again_is_the_same(fen in 0..=Money::MAX.fen()) {
            prop_assert_eq!(Money(fen).to_string().parse::<Money>(), Ok(Money(fen)));
        }

        #[test]
        fn no_text_panics(text in ".{0,24}") {
            let _ = text.parse::<Money>();
        }
    }
}
