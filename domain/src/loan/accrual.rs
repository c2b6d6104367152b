//! Daily accrual (计提) by cumulative difference: what is booked for a day is interest to that day less interest to the day
//! before, so that days add up to the rounded whole, and a late or repeated run books the same.

use super::{DayCount, LoanError, minus, product, share};
use crate::{BusinessDate, Money, Rate};

/// Interest on a balance that did not change from one day (counted) to another (not counted).
pub fn interest(
    principal: Money,
    annual_rate: Rate,
    day_count: DayCount,
    from: BusinessDate,
    to: BusinessDate,
) -> Result<Money, LoanError> {
    if to < from {
        return Err(LoanError::DatesReversed);
    }
    share(product(annual_rate.fraction(), day_count.year_fraction(from, to))?, principal)
}

/// What is booked on `day` for a balance that bears interest since `from`.
#[inline]
pub fn booked_on(
    principal: Money,
    annual_rate: Rate,
    day_count: DayCount,
    from: BusinessDate,
    day: BusinessDate,
) -> Result<Money, LoanError> {
    if day <= from {
        return Ok(Money::ZERO);
    }
    let rate = annual_rate.fraction();
    let to = |day| share(product(rate, day_count.year_fraction(from, day))?, principal);
    minus(to(day)?, to(day.previous())?)
}

/// All bookings of a span, from the day after `from` to `to`.
pub fn daily(
    principal: Money,
    annual_rate: Rate,
    day_count: DayCount,
    from: BusinessDate,
    to: BusinessDate,
) -> Result<Vec<Money>, LoanError> {
    let mut booked = Vec::new();
    let (mut day, mut before) = (from, Money::ZERO);
    while day < to {
        day = day.next();
        let whole = interest(principal, annual_rate, day_count, from, day)?;
        booked.push(minus(whole, before)?);
        before = whole;
    }
    Ok(booked)
}
