//! Prepayment (提前还款): all of it, or a part with smaller instalments (缩额) or a shorter term (缩期).

use sea_orm::EnumIter;
use serde::{Deserialize, Serialize};

use super::schedule::Course;
use super::terms::Period;
use super::{Instalment, InterestMode, LoanError, Method, Repayment, Schedule, Terms, minus, plus, share, sum};
use crate::{BusinessDate, Fraction, Money, Rate};

/// What becomes of the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// There is none.
    Full,
    /// Instalments are solved anew over the periods that remain.
    #[serde(rename = "reduce_installment")]
    ReduceInstalment,
    /// Instalments stay, and end earlier.
    ShortenTerm,
}

/// A wish to repay before the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepayment {
    /// How many instalments are paid, each on its day.
    pub paid_instalments: u32,
    /// The day.
    pub on: BusinessDate,
    /// What becomes of the rest.
    pub mode: Mode,
    /// The principal repaid; of a full prepayment it is known.
    pub amount: Option<Money>,
    /// Fee (违约金) as a part of that principal.
    pub fee_rate: Rate,
}

/// What a prepayment costs and changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepaid {
    /// Principal repaid.
    pub principal: Money,
    /// Interest on the whole balance since the last due day, settled at once.
    pub accrued_interest: Money,
    /// The fee.
    pub fee: Money,
    /// What the borrower pays: all three.
    pub cash_total: Money,
    /// What is still to be repaid, and how.
    pub rest: Option<Schedule>,
    /// Interest that will not be paid; the fee is not taken off.
    pub interest_saved: Money,
}

impl Prepayment {
    /// What it costs and changes.
    pub fn of(&self, terms: &Terms) -> Result<Prepaid, LoanError> {
        let periods = terms.periods()?;
        let course = Course::new(terms, terms.principal, &periods)?;
        let old = course.schedule(terms, &periods)?;
        let paid = self.paid_instalments as usize;
        let remaining = old.instalments.get(paid..).unwrap_or_default();
        let &Instalment { from: last, due: next, opening: balance, .. } =
            remaining.first().ok_or(LoanError::PaidInstalments)?;
        if self.on < last || self.on >= next {
            return Err(LoanError::PrepaymentDate { from: last, before: next });
        }
        let accrued_interest = share(accrued(terms, last, self.on)?, balance)?;
        let principal = match (self.mode, self.amount) {
            (Mode::Full, Some(amount)) if amount != balance => return Err(LoanError::PrepaidInFull(balance)),
            (Mode::Full, _) => balance,
            (Mode::ReduceInstalment | Mode::ShortenTerm, amount) => amount
                .filter(|amount| amount.is_positive() && *amount < balance)
                .ok_or(LoanError::PrepaidAmount(balance))?,
        };
        let rest = match self.mode {
            Mode::Full => None,
            Mode::ReduceInstalment => {
                let periods = self.remaining(terms, &periods[paid..])?;
                let course = Course::new(terms, minus(balance, principal)?, &periods)?;
                Some(course.schedule(terms, &periods)?)
            }
            Mode::ShortenTerm => {
                let periods = self.remaining(terms, &periods[paid..])?;
                Some(Schedule {
                    regular_instalment: old.regular_instalment,
                    instalments: shortened(terms.method(), &course, minus(balance, principal)?, &periods)?,
                })
            }
        };
        let fee = share(self.fee_rate.fraction(), principal)?;
        let before = sum(remaining.iter().map(|one| one.interest))?;
        let after = sum(rest.iter().flat_map(|rest| &rest.instalments).map(|one| one.interest))?;
        Ok(Prepaid {
            principal,
            accrued_interest,
            fee,
            cash_total: sum([principal, accrued_interest, fee])?,
            rest,
            interest_saved: minus(minus(before, accrued_interest)?, after)?,
        })
    }

    /// The periods that remain; by days, the first begins on the day of the prepayment.
    fn remaining(&self, terms: &Terms, periods: &[Period]) -> Result<Vec<Period>, LoanError> {
        let mut periods = periods.to_vec();
        let first = &mut periods[0];
        if self.on == first.from {
            return Ok(periods);
        }
        match terms.interest_mode {
            InterestMode::Monthly => return Err(LoanError::PrepaymentBetweenDueDays),
            InterestMode::Daily => {
                first.from = self.on;
                first.factor = terms.by_days(self.on, first.due)?;
                first.regular = first.factor;
            }
        }
        Ok(periods)
    }
}

/// What a yuan cost since the last due day. By months, a bullet counts whole months first; other loans have only odd days.
fn accrued(terms: &Terms, last: BusinessDate, on: BusinessDate) -> Result<Fraction, LoanError> {
    match (terms.repayment, terms.interest_mode) {
        _ if on == last => Ok(Fraction::ZERO),
        (Repayment::Bullet { .. }, InterestMode::Monthly) => terms.by_months_and_days(on),
        (Repayment::Bullet { .. }, InterestMode::Daily) | (Repayment::Instalments { .. }, _) => terms.by_days(last, on),
    }
}

/// The same instalments until one of them is enough for the whole balance.
fn shortened(
    method: Method,
    course: &Course,
    mut balance: Money,
    periods: &[Period],
) -> Result<Vec<Instalment>, LoanError> {
    let mut instalments = Vec::new();
    for (at, period) in periods.iter().enumerate() {
        let enough = match method {
            Method::LevelInstalment => plus(balance, share(period.factor, balance)?)? <= course.step,
            Method::EqualPrincipal => balance <= course.step,
            Method::InterestOnly | Method::Flat => return Err(LoanError::CannotShorten),
        };
        let last = enough || at + 1 == periods.len();
        let row = course.next(balance, period, last)?;
        balance = row.closing;
        instalments.push(row);
        if last {
            break;
        }
    }
    Ok(instalments)
}
