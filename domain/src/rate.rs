//! Rates: exact decimals, applied once, rounded once.

use std::fmt;
use std::str::FromStr;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::DeriveValueType;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Fraction, Money};

/// An exact fraction of an amount: `0.006` is 0.60 %. Stored as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, DeriveValueType)]
#[sea_orm(value_type = "String")]
pub struct Rate(Decimal);

/// Why a text is not a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rate is a decimal fraction between 0 and 1 like 0.006, or a percentage like 0.60%")]
pub struct RateError;

impl Rate {
    /// Nothing of it.
    pub const ZERO: Rate = Rate(Decimal::ZERO);

    /// This share of an amount, rounded half away from zero to the fen: the one rounding rule (facts: charity 6.7).
    /// Nothing if the result does not fit an amount.
    pub fn of(self, amount: Money) -> Option<Money> {
        let exact = Decimal::from(amount.fen()).checked_mul(self.0)?;
        let fen = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        fen.to_i64().map(Money::from_fen)
    }

    /// The same number for arithmetic that rounds later.
    #[inline]
    pub fn fraction(self) -> Fraction {
        fraction(self.0)
    }

    /// As a percentage with two decimals, the way the channel's bill prints it: `0.60%`.
    pub fn percent(self) -> String {
        format!("{:.2}%", self.0 * Decimal::ONE_HUNDRED)
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Rate, RateError> {
        let (digits, scale) = match text.strip_suffix('%') {
            Some(digits) => (digits, Decimal::ONE_HUNDRED),
            None => (text, Decimal::ONE),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(RateError);
        }
        let rate = Decimal::from_str_exact(digits).map_err(|_| RateError)? / scale;
        if rate > Decimal::ONE { Err(RateError) } else { Ok(Rate(rate)) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.normalize())
    }
}

/// How many times the contract rate something costs: `1.5` for money that is overdue (罚息), `2.0` for money used otherwise than
/// agreed (挪用).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, DeriveValueType)]
#[sea_orm(value_type = "String")]
pub struct Multiplier(Decimal);

/// Why a text is not a multiplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a multiplier is a decimal between 0 and 10 like 1.5")]
pub struct MultiplierError;

impl Multiplier {
    /// The same number for arithmetic that rounds later.
    pub fn fraction(self) -> Fraction {
        fraction(self.0)
    }
}

impl FromStr for Multiplier {
    type Err = MultiplierError;

    fn from_str(text: &str) -> Result<Multiplier, MultiplierError> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(MultiplierError);
        }
        let times = Decimal::from_str_exact(text).map_err(|_| MultiplierError)?;
        if times > Decimal::TEN { Err(MultiplierError) } else { Ok(Multiplier(times)) }
    }
}

impl fmt::Display for Multiplier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.normalize())
    }
}

macro_rules! written_as_text {
    ($($name:ident)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

written_as_text! { Rate Multiplier }

/// Powers of ten for the 28 places a decimal can have.
const POWERS: [i128; 29] = {
    let mut powers = [1; 29];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

#[inline]
fn fraction(decimal: Decimal) -> Fraction {
    Fraction::parts(decimal.mantissa(), POWERS[decimal.scale() as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of real bills (facts: wechat 4.3).
    #[test]
    fn fees_of_real_bills() {
        for (amount, rate, fee) in [
            ("60.00", "0.54%", "0.32"),
            ("6.00", "0.60%", "0.04"),
            ("0.01", "0.90%", "0.00"),
            ("50.00", "0.0054", "0.27"),
            ("260.00", "0.60%", "1.56"),
            ("100.00", "0.00%", "0.00"),
        ] {
            let amount: Money = amount.parse().unwrap();
            assert_eq!(rate.parse::<Rate>().unwrap().of(amount), Some(fee.parse().unwrap()), "{amount} at {rate}");
        }
    }

    #[test]
    fn refuses_what_is_no_rate() {
        for text in ["", "%", "-0.1", "0,006", "1.5", "101%", "six"] {
            assert_eq!(text.parse::<Rate>(), Err(RateError), "{text:?}");
        }
    }
}
