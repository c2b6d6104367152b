//! Repricing (利率重定价): the rate of a running loan changes.

use super::schedule::Course;
use super::terms::Period;
use super::{Instalment, InterestMode, LoanError, Method, Repayment, Schedule, Terms, product};
use crate::{BusinessDate, Fraction, Money, Rate};

/// A new rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateChange {
    /// From this day on, this day included.
    pub effective_on: BusinessDate,
    /// What it is then.
    pub annual_rate: Rate,
}

/// A level instalment and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The first instalment it concerns.
    pub from_instalment: u32,
    /// By which rate.
    pub annual_rate: Rate,
    /// How much.
    pub instalment: Money,
}

/// The table of a loan whose rate changes, and its level instalments if it has such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repriced {
    /// The level instalments, the first first; nothing with other methods.
    pub levels: Vec<Level>,
    /// The table.
    pub schedule: Schedule,
}

/// The table with all changes. Monthly, a period has the rate in force on its first day; by days, interest follows the rates within
/// the period and is rounded once. A level instalment stays until the next period begins and is then solved anew for the balance,
/// if the rate is another one.
pub fn reprice(terms: &Terms, changes: &[RateChange]) -> Result<Repriced, LoanError> {
    let mut rates = changes.to_vec();
    rates.sort_by_key(|change| change.effective_on);
    if let Some(twice) = rates.windows(2).find(|pair| pair[0].effective_on == pair[1].effective_on) {
        return Err(LoanError::RateChangedTwice(twice[0].effective_on));
    }
    // A change to the rate in force is none: 30/360 counts other days where a period is cut in two.
    let mut before = terms.annual_rate;
    rates.retain(|change| std::mem::replace(&mut before, change.annual_rate) != change.annual_rate);
    match (terms.repayment, terms.interest_mode, terms.method()) {
        (Repayment::Bullet { .. }, InterestMode::Monthly, _) => Err(LoanError::CannotReprice),
        (_, _, Method::Flat) => Err(LoanError::CannotReprice),
        (_, _, Method::LevelInstalment | Method::EqualPrincipal | Method::InterestOnly) => table(terms, &rates),
    }
}

/// The rate in force on a day.
pub(super) fn in_force(terms: &Terms, rates: &[RateChange], day: BusinessDate) -> Rate {
    match rates.partition_point(|change| change.effective_on <= day) {
        0 => terms.annual_rate,
        passed => rates[passed - 1].annual_rate,
    }
}

/// By which rate and which course a row is reckoned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) annual_rate: Rate,
    pub(super) course: Course,
}

fn table(terms: &Terms, rates: &[RateChange]) -> Result<Repriced, LoanError> {
    let annual_rate = in_force(terms, rates, terms.disbursed_on);
    let mut periods = Terms { annual_rate, ..*terms }.periods()?;
    let course = Course::new(terms, terms.principal, &periods)?;
    let mut paces = vec![Pace { annual_rate, course }; periods.len()];
    let Schedule { regular_instalment, mut instalments } = course.schedule(terms, &periods)?;
    follow(terms, rates, &mut periods[0])?;
    instalments[0] = course.next(terms.principal, &periods[0], periods.len() == 1)?;
    rows_from(terms, rates, 1, &mut paces, &mut periods, &mut instalments)?;
    let mut levels: Vec<Level> = Vec::new();
    if terms.method() == Method::LevelInstalment {
        for (period, pace) in periods.iter().zip(&paces) {
            if levels.last().is_none_or(|level| level.annual_rate != pace.annual_rate) {
                let (from_instalment, instalment) = (period.number, pace.course.step);
                levels.push(Level { from_instalment, annual_rate: pace.annual_rate, instalment });
            }
        }
    }
    Ok(Repriced { levels, schedule: Schedule { regular_instalment, instalments } })
}

/// Rows from one on, which is not the first, as the rates in force make them; each goes on at the pace of the row before until the
/// rate is another one. Nothing that was reckoned of these rows before has a say: a change may be taken back before it is in force.
pub(super) fn rows_from(
    terms: &Terms,
    rates: &[RateChange],
    start: usize,
    paces: &mut [Pace],
    periods: &mut [Period],
    rows: &mut [Instalment],
) -> Result<(), LoanError> {
    steady(terms, paces[start - 1].annual_rate, &mut periods[start..])?;
    for at in start..periods.len() {
        let (balance, mut pace) = (rows[at - 1].closing, paces[at - 1]);
        let annual_rate = in_force(terms, rates, periods[at].from);
        if annual_rate != pace.annual_rate {
            pace.annual_rate = annual_rate;
            steady(terms, annual_rate, &mut periods[at..])?;
            if terms.method() == Method::LevelInstalment {
                pace.course = Course::new(terms, balance, &periods[at..])?;
            }
        }
        follow(terms, rates, &mut periods[at])?;
        paces[at] = pace;
        rows[at] = pace.course.next(balance, &periods[at], at + 1 == periods.len())?;
    }
    Ok(())
}

/// By days, a period costs what the rates within it say.
pub(super) fn follow(terms: &Terms, rates: &[RateChange], period: &mut Period) -> Result<(), LoanError> {
    if terms.interest_mode == InterestMode::Daily {
        period.factor = over(terms, rates, period)?;
        period.regular = period.factor;
    }
    Ok(())
}

/// Later periods at one rate.
pub(super) fn steady(terms: &Terms, annual_rate: Rate, periods: &mut [Period]) -> Result<(), LoanError> {
    let terms = Terms { annual_rate, ..*terms };
    for period in periods {
        period.factor = match terms.interest_mode {
            InterestMode::Monthly => terms.by_month()?,
            InterestMode::Daily => terms.by_days(period.from, period.due)?,
        };
        period.regular = period.factor;
    }
    Ok(())
}

/// Σ rate × part of a year, over the parts of a period with one rate each.
pub(super) fn over(terms: &Terms, rates: &[RateChange], period: &Period) -> Result<Fraction, LoanError> {
    parts(terms, rates, period).try_fold(Fraction::ZERO, |factor, (rate, years)| {
        factor.plus(product(rate.fraction(), years)?).ok_or(LoanError::TooLarge)
    })
}

/// The parts of a period with one rate each, and what part of a year each is.
pub(super) fn parts<'a>(
    terms: &'a Terms,
    rates: &'a [RateChange],
    period: &Period,
) -> impl Iterator<Item = (Rate, Fraction)> + use<'a> {
    let (first, last) = (period.from, period.due);
    let within = rates.iter().map(|change| change.effective_on).filter(move |day| *day > first && *day < last);
    within.chain([last]).scan(first, |from, to| {
        let from = std::mem::replace(from, to);
        Some((in_force(terms, rates, from), terms.day_count.year_fraction(from, to)))
    })
}
