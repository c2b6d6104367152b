//! Day counts (计息基础): what part of a year lies between two days.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::{BusinessDate, Fraction};

/// How days become a part of a year. The first day counts, the last does not (算头不算尾).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum DayCount {
    /// Calendar days over 360.
    #[serde(rename = "ACT/360")]
    #[sea_orm(string_value = "ACT/360")]
    Actual360,
    /// Calendar days over 365.
    #[serde(rename = "ACT/365")]
    #[sea_orm(string_value = "ACT/365")]
    Actual365,
    /// ISDA: days in leap years over 366, the others over 365.
    #[serde(rename = "ACT/ACT")]
    #[sea_orm(string_value = "ACT/ACT")]
    ActualActual,
    /// US bond basis without its rule for February.
    #[serde(rename = "30/360")]
    #[sea_orm(string_value = "30/360")]
    Thirty360,
    /// Both 31sts become 30ths.
    #[serde(rename = "30E/360")]
    #[sea_orm(string_value = "30E/360")]
    ThirtyE360,
}

/// Holds a day of either length of year.
const BOTH_YEARS: i64 = 365 * 366;

impl DayCount {
    /// Days as this convention counts them.
    #[inline]
    pub fn days(self, from: BusinessDate, to: BusinessDate) -> i64 {
        let thirties = |first: u8, last: u8| {
            let years = i64::from(to.year()) - i64::from(from.year());
            let months = i64::from(to.month()) - i64::from(from.month());
            360 * years + 30 * months + i64::from(last) - i64::from(first)
        };
        let first = from.day().min(30);
        match self {
            DayCount::Actual360 | DayCount::Actual365 | DayCount::ActualActual => from.days_to(to),
            DayCount::Thirty360 => thirties(first, if first == 30 { to.day().min(30) } else { to.day() }),
            DayCount::ThirtyE360 => thirties(first, to.day().min(30)),
        }
    }

    /// The part of a year between two days; more than one if they are that far apart.
    #[inline]
    pub fn year_fraction(self, from: BusinessDate, to: BusinessDate) -> Fraction {
        let over = |days: i64, base: i64| Fraction::parts(days.into(), base.into());
        match self {
            DayCount::Actual360 | DayCount::Thirty360 | DayCount::ThirtyE360 => over(self.days(from, to), 360),
            DayCount::Actual365 => over(self.days(from, to), 365),
            DayCount::ActualActual => over(since_the_year_zero(to) - since_the_year_zero(from), BOTH_YEARS),
        }
    }
}

/// Years, whole ones and the part of this one, in units of [`BOTH_YEARS`].
fn since_the_year_zero(day: BusinessDate) -> i64 {
    let length = if day.is_in_leap_year() { 366 } else { 365 };
    i64::from(day.year()) * BOTH_YEARS + i64::from(day.ordinal() - 1) * (BOTH_YEARS / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> BusinessDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_ends_of_months() {
        for (count, from, to, days) in [
            (DayCount::Thirty360, "2024-01-31", "2024-02-29", 29),
            (DayCount::Thirty360, "2024-01-31", "2024-03-31", 60),
            (DayCount::Thirty360, "2024-01-30", "2024-03-31", 60),
            (DayCount::Thirty360, "2024-01-29", "2024-03-31", 62),
            (DayCount::ThirtyE360, "2024-01-29", "2024-03-31", 61),
            (DayCount::Thirty360, "2024-02-29", "2024-03-31", 32),
            (DayCount::ThirtyE360, "2024-02-29", "2024-03-31", 31),
            (DayCount::Actual360, "2024-02-28", "2024-03-01", 2),
            (DayCount::Actual365, "2023-02-28", "2023-03-01", 1),
            (DayCount::ActualActual, "2024-05-05", "2024-05-05", 0),
        ] {
            assert_eq!(count.days(day(from), day(to)), days, "{count:?} from {from} to {to}");
        }
    }

    #[test]
    fn a_year_is_one_in_either_kind_of_year() {
        let year = |from, to| DayCount::ActualActual.year_fraction(day(from), day(to)).decimal(12).unwrap();
        assert_eq!(year("2023-01-01", "2024-01-01"), "1.000000000000");
        assert_eq!(year("2024-01-01", "2025-01-01"), "1.000000000000");
        assert_eq!(year("2020-01-01", "2030-01-01"), "10.000000000000");
        // 47 days of 2023 over 365 and 74 of 2024 over 366.
        assert_eq!(year("2023-11-15", "2024-03-15"), "0.330952915637");
    }
}
