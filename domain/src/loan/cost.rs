//! The annualised cost (年化利率) that every quote shows first (PBoC announcement 2021 no. 3): the rate at which what a borrower
//! receives and pays is worth nothing, or the simple rate on the principal in use.
//!
//! A rate is found by halving an interval of the discount factor of one step (a day, a month), which every flow is a whole power
//! of. The arithmetic is in whole numbers with [`BITS`] binary places, the same on every machine; the error is far below a
//! billionth, half a unit of the last place shown is 5 · 10⁻⁹.

use num_bigint::{BigInt, Sign};

use super::LoanError;
use crate::{BusinessDate, Fraction, Money};

/// Binary places of a discount factor and of all that is computed with it.
const BITS: u32 = 96;
/// Halvings of the interval: a discount factor to 2⁻⁷².
const HALVINGS: u32 = 72;
/// Decimal places of a rate that is found, before it is shown with fewer.
const PLACES: u32 = 15;
/// Days of the year of an annual rate.
const DAYS: u32 = 365;
const MONTHS: u32 = 12;

/// Money the borrower receives (positive) or pays (negative).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The day.
    pub on: BusinessDate,
    /// How much.
    pub amount: Money,
}

/// Principal in use for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupancy {
    /// First day.
    pub from: BusinessDate,
    /// The day after the last.
    pub to: BusinessDate,
    /// How much.
    pub balance: Money,
}

/// A monthly rate and what it is in a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthlyCost {
    /// The monthly rate.
    pub irr: Fraction,
    /// Twelve times it.
    pub nominal: Fraction,
    /// With interest on interest.
    pub effective: Fraction,
}

/// The annual rate of flows on days, over years of 365 days (XIRR).
pub fn xirr(flows: &[Flow]) -> Result<Fraction, LoanError> {
    let flows = by_day(flows)?;
    let steps =
        flows.windows(2).map(|pair| u32::try_from(pair[0].on.days_to(pair[1].on)).unwrap_or(u32::MAX)).collect();
    growth(&discount(&flows, steps)?, DAYS)
}

/// The rate of flows a month apart (IRR), whatever the days of the months.
pub fn monthly(flows: &[Flow]) -> Result<MonthlyCost, LoanError> {
    let flows = by_day(flows)?;
    let month = discount(&flows, vec![1; flows.len() - 1])?;
    let irr = growth(&month, 1)?;
    let nominal = irr.times(Fraction::parts(MONTHS.into(), 1)).ok_or(LoanError::NoCost)?;
    Ok(MonthlyCost { irr, nominal, effective: growth(&month, MONTHS)? })
}

/// The simple rate: cost × 365 over principal × days.
pub fn simple(total_cost: Money, occupancy: &[Occupancy]) -> Result<Fraction, LoanError> {
    let mut used = 0i128;
    for one in occupancy {
        let days = one.from.days_to(one.to);
        if days < 0 {
            return Err(LoanError::DatesReversed);
        }
        let yuan_days = i128::from(one.balance.fen()) * i128::from(days);
        used = used.checked_add(yuan_days).ok_or(LoanError::TooLarge)?;
    }
    Fraction::new(i128::from(total_cost.fen()) * i128::from(DAYS), used).ok_or(LoanError::NoOccupancy)
}

/// In the order of days, one flow a day, days without one left out.
fn by_day(flows: &[Flow]) -> Result<Vec<Flow>, LoanError> {
    let mut flows = flows.to_vec();
    flows.sort_by_key(|flow| flow.on);
    let mut merged: Vec<Flow> = Vec::with_capacity(flows.len());
    for flow in flows {
        match merged.last_mut() {
            Some(last) if last.on == flow.on => {
                last.amount = last.amount.checked_add(flow.amount).ok_or(LoanError::TooLarge)?;
            }
            _ => merged.push(flow),
        }
    }
    match merged.as_slice() {
        [first, _, ..] if first.amount.is_positive() => Ok(merged),
        _ => Err(LoanError::FirstFlow),
    }
}

/// The discount factor of a step at which the flows are worth nothing. Between nothing, where only what was received counts, and one,
/// where all counts in full; beyond one if less comes back than was received.
fn discount(flows: &[Flow], steps: Vec<u32>) -> Result<BigInt, LoanError> {
    let worth = |factor: &BigInt| worth(flows, &steps, factor);
    let one = BigInt::from(1) << BITS;
    let (mut low, mut high) = (BigInt::ZERO, one.clone());
    match worth(&one).sign() {
        Sign::NoSign => return Ok(one),
        Sign::Minus => {}
        Sign::Plus => {
            (low, high) = (one.clone(), one * 2u8);
            for _ in 0..MONTHS {
                if worth(&high).sign() != Sign::Plus {
                    break;
                }
                (low, high) = (high.clone(), high * 2u8);
            }
            if worth(&high).sign() == Sign::Plus {
                return Err(LoanError::NoCost);
            }
        }
    }
    for _ in 0..HALVINGS {
        let middle: BigInt = (&low + &high) >> 1u8;
        if worth(&middle).sign() == Sign::Plus { low = middle } else { high = middle }
    }
    Ok((low + high) >> 1u8)
}

/// What the flows are worth on the first day (Horner's scheme).
fn worth(flows: &[Flow], steps: &[u32], factor: &BigInt) -> BigInt {
    let mut powers: Vec<(u32, BigInt)> = Vec::new();
    let mut total = BigInt::ZERO;
    for (at, flow) in flows.iter().enumerate().rev() {
        total += BigInt::from(flow.amount.fen()) << BITS;
        let Some(step) = at.checked_sub(1).map(|before| steps[before]) else { break };
        let known = powers.iter().position(|(known, _)| *known == step).unwrap_or_else(|| {
            powers.push((step, power(factor, step)));
            powers.len() - 1
        });
        total = (total * &powers[known].1) >> BITS;
    }
    total
}

fn power(factor: &BigInt, mut exponent: u32) -> BigInt {
    let (mut result, mut square) = (BigInt::from(1) << BITS, factor.clone());
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = (result * &square) >> BITS;
        }
        exponent >>= 1;
        if exponent > 0 {
            square = (&square * &square) >> BITS;
        }
    }
    result
}

/// What a yuan grows by in so many steps.
fn growth(discount: &BigInt, steps: u32) -> Result<Fraction, LoanError> {
    let power = power(discount, steps);
    if power.sign() != Sign::Plus {
        return Err(LoanError::NoCost);
    }
    let scale = 10i128.pow(PLACES);
    let grown = ((BigInt::from(scale) << BITS) + (&power >> 1u8)) / power;
    let grown = i128::try_from(grown).map_err(|_| LoanError::NoCost)?;
    Ok(Fraction::parts(grown - scale, scale))
}
