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
        let rest = old.instalments.get(paid..).unwrap_or_default();
        let first = rest.first().ok_or(LoanError::PaidInstalments)?;
        let running = Running { terms, course: &course, periods: &periods[paid..], rows: rest };
        let accrued = share(accrued(terms, first.from, self.on)?, first.opening)?;
        Ok(running.prepay(self, accrued)?.0)
    }
}

/// The periods that are left, and how one instalment follows from the one before.
pub(super) type Onwards = (Vec<Period>, Course);

/// A loan between two due days: the period under way and those to come, with their rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running<'a> {
    pub(super) terms: &'a Terms,
    pub(super) course: &'a Course,
    pub(super) periods: &'a [Period],
    pub(super) rows: &'a [Instalment],
}

impl Running<'_> {
    /// What a prepayment costs and changes, and the periods and the course of what is left. `accrued` is the interest on the whole
    /// balance to its day.
    pub(super) fn prepay(
        &self,
        wish: &Prepayment,
        accrued_interest: Money,
    ) -> Result<(Prepaid, Option<Onwards>), LoanError> {
        let terms = self.terms;
        let &Instalment { from: last, due: next, opening: balance, .. } =
            self.rows.first().ok_or(LoanError::PaidInstalments)?;
        if wish.on < last || wish.on >= next {
            return Err(LoanError::PrepaymentDate { from: last, before: next });
        }
        let principal = match (wish.mode, wish.amount) {
            (Mode::Full, Some(amount)) if amount != balance => return Err(LoanError::PrepaidInFull(balance)),
            (Mode::Full, _) => balance,
            (Mode::ReduceInstalment | Mode::ShortenTerm, amount) => amount
                .filter(|amount| amount.is_positive() && *amount < balance)
                .ok_or(LoanError::PrepaidAmount(balance))?,
        };
        let left = minus(balance, principal)?;
        let (rest, onwards) = match wish.mode {
            Mode::Full => (None, None),
            Mode::ReduceInstalment => {
                let periods = self.remaining(wish.on)?;
                let course = Course::new(terms, left, &periods)?;
                (Some(course.schedule(terms, &periods)?), Some((periods, course)))
            }
            Mode::ShortenTerm => {
                let mut periods = self.remaining(wish.on)?;
                let instalments = shortened(terms.method(), self.course, left, &periods)?;
                periods.truncate(instalments.len());
                let regular_instalment = self.course.regular(terms, self.periods)?;
                (Some(Schedule { regular_instalment, instalments }), Some((periods, *self.course)))
            }
        };
        let fee = share(wish.fee_rate.fraction(), principal)?;
        let before = sum(self.rows.iter().map(|one| one.interest))?;
        let after = sum(rest.iter().flat_map(|rest| &rest.instalments).map(|one| one.interest))?;
        let prepaid = Prepaid {
            principal,
            accrued_interest,
            fee,
            cash_total: sum([principal, accrued_interest, fee])?,
            rest,
            interest_saved: minus(minus(before, accrued_interest)?, after)?,
        };
        Ok((prepaid, onwards))
    }

    /// The periods that remain; by days, the first begins on the day of the prepayment.
    fn remaining(&self, on: BusinessDate) -> Result<Vec<Period>, LoanError> {
        let mut periods = self.periods.to_vec();
        let first = &mut periods[0];
        if on == first.from {
            return Ok(periods);
        }
        match self.terms.interest_mode {
            InterestMode::Monthly => return Err(LoanError::PrepaymentBetweenDueDays),
            InterestMode::Daily => {
                first.from = on;
                first.factor = self.terms.by_days(on, first.due)?;
                first.regular = first.factor;
            }
        }
        Ok(periods)
    }
}

/// What a yuan cost since the last due day. By months, a bullet counts whole months first; other loans have only odd days.
pub(super) fn accrued(terms: &Terms, last: BusinessDate, on: BusinessDate) -> Result<Fraction, LoanError> {
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
