//! The table of instalments (还款计划表).

use num_bigint::BigUint;

use super::terms::Period;
use super::{LoanError, Method, Repayment, Terms, minus, plus, share, sum};
use crate::{BusinessDate, Fraction, Money};

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instalment {
    /// From 1.
    pub number: u32,
    /// First day that bears interest.
    pub from: BusinessDate,
    /// The day it is due, which bears none.
    pub due: BusinessDate,
    /// Principal before.
    pub opening: Money,
    /// Principal it repays.
    pub principal: Money,
    /// Interest it pays.
    pub interest: Money,
    /// Both.
    pub total: Money,
    /// Principal after.
    pub closing: Money,
}

/// What a table adds up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Principal.
    pub principal: Money,
    /// Interest.
    pub interest: Money,
    /// Both.
    pub total: Money,
}

/// A table whose principal adds up to what was lent, to the fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// What a borrower is told to pay each month: the level instalment; with equal principal that principal; with flat interest both;
    /// with interest first the last period's interest; of a bullet all of it.
    pub regular_instalment: Money,
    /// The rows.
    pub instalments: Vec<Instalment>,
}

impl Schedule {
    /// The table of these terms.
    pub fn of(terms: &Terms) -> Result<Schedule, LoanError> {
        let periods = terms.periods()?;
        Course::new(terms, terms.principal, &periods)?.schedule(terms, &periods)
    }

    /// What it adds up to.
    pub fn totals(&self) -> Result<Totals, LoanError> {
        Ok(Totals {
            principal: sum(self.instalments.iter().map(|one| one.principal))?,
            interest: sum(self.instalments.iter().map(|one| one.interest))?,
            total: sum(self.instalments.iter().map(|one| one.total))?,
        })
    }
}

/// How one instalment follows from the one before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    method: Method,
    /// The principal it began with, on which flat interest is charged.
    base: Money,
    /// The level instalment, or the regular principal; nothing where principal comes last.
    pub(super) step: Money,
}

impl Course {
    /// Solved for a balance and the periods it is repaid in.
    pub(super) fn new(terms: &Terms, base: Money, periods: &[Period]) -> Result<Course, LoanError> {
        let method = terms.method();
        let step = match method {
            Method::LevelInstalment => level(base, periods)?,
            Method::EqualPrincipal | Method::Flat => share(Fraction::parts(1, periods.len() as i128), base)?,
            Method::InterestOnly => Money::ZERO,
        };
        Ok(Course { method, base, step })
    }

    /// The next row. The last repays whatever is left, with its own interest.
    pub(super) fn next(&self, opening: Money, period: &Period, last: bool) -> Result<Instalment, LoanError> {
        let interest = share(period.factor, self.bearing(opening))?;
        let principal = match self.method {
            _ if last => opening,
            Method::LevelInstalment => minus(self.step, share(period.regular, opening)?)?.clamp(Money::ZERO, opening),
            Method::EqualPrincipal | Method::Flat => self.step.min(opening),
            Method::InterestOnly => Money::ZERO,
        };
        let &Period { number, from, due, .. } = period;
        let (total, closing) = (plus(principal, interest)?, minus(opening, principal)?);
        Ok(Instalment { number, from, due, opening, principal, interest, total, closing })
    }

    /// The principal interest is charged on.
    pub(super) fn bearing(&self, opening: Money) -> Money {
        match self.method {
            Method::Flat if opening.is_positive() => self.base,
            Method::Flat | Method::LevelInstalment | Method::EqualPrincipal | Method::InterestOnly => opening,
        }
    }

    /// All rows.
    pub(super) fn schedule(&self, terms: &Terms, periods: &[Period]) -> Result<Schedule, LoanError> {
        let mut instalments = Vec::with_capacity(periods.len());
        let mut balance = self.base;
        for (at, period) in periods.iter().enumerate() {
            let row = self.next(balance, period, at + 1 == periods.len())?;
            balance = row.closing;
            instalments.push(row);
        }
        Ok(Schedule { regular_instalment: self.regular(terms, periods)?, instalments })
    }

    /// What the borrower is told to pay each month.
    pub(super) fn regular(&self, terms: &Terms, periods: &[Period]) -> Result<Money, LoanError> {
        let interest = share(periods.last().map_or(Fraction::ZERO, |last| last.factor), self.base)?;
        match (terms.repayment, self.method) {
            (Repayment::Bullet { .. }, _) => plus(self.base, interest),
            (_, Method::LevelInstalment | Method::EqualPrincipal) => Ok(self.step),
            (_, Method::Flat) => plus(self.step, interest),
            (_, Method::InterestOnly) => Ok(interest),
        }
    }
}

/// The level instalment P / Σₖ Πⱼ≤ₖ 1/(1+fⱼ), exact until it is rounded.
///
/// Over a common denominator it is P·Πa / (q₁·Gₙ), where 1 + fₖ = aₖ/qₖ, G₁ = 1 and Gₖ = q₂…qₖ + Gₖ₋₁·aₖ: whole numbers of some
/// thousand bits, one product a period, one division at the end.
fn level(principal: Money, periods: &[Period]) -> Result<Money, LoanError> {
    let positive = |number: i128| u128::try_from(number).map_err(|_| LoanError::TooLarge);
    let (mut top, mut under, mut paid, mut first) = (BigUint::from(1u8), BigUint::from(1u8), BigUint::ZERO, 1);
    let mut seen: Option<(Fraction, u128, u128)> = None;
    for (at, period) in periods.iter().enumerate() {
        let (a, q) = match seen {
            Some((factor, a, q)) if factor.is(period.regular) => (a, q),
            _ => {
                let factor = period.regular.reduced();
                let (p, q) = (positive(factor.numerator())?, positive(factor.denominator())?);
                let a = p.checked_add(q).ok_or(LoanError::TooLarge)?;
                seen = Some((period.regular, a, q));
                (a, q)
            }
        };
        if at == 0 {
            (first, paid) = (q, BigUint::from(1u8));
        } else {
            under *= q;
            paid = paid * a + &under;
        }
        top *= a;
    }
    let top = top * positive(principal.fen().into())?;
    let under = paid * first;
    // Half up: ⌊(2·top + under) / (2·under)⌋.
    let rounded = (top * 2u8 + &under) / (under * 2u8);
    i64::try_from(rounded).ok().map(Money::from_fen).filter(|level| *level <= Money::MAX).ok_or(LoanError::TooLarge)
}
