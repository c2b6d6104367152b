//! The arithmetic of loans (facts: lending 3 to 5): one set of functions for the quote a stranger asks for, the table of a
//! contract, and what is expected of a bank while the loan runs.
//!
//! Everything between two amounts is an exact [`crate::Fraction`]; a value is rounded once, half up, when it becomes a booked amount.
//! Nothing here knows a product, a bank or today's date.

pub mod accrual;
pub mod allocation;
pub mod close;
pub mod cost;
pub mod day_count;
pub mod error;
pub mod life;
mod misuse;
pub mod overdue;
pub mod prepayment;
pub mod pricing;
pub mod reckoning;
pub mod repricing;
pub mod schedule;
pub mod servicing;
pub mod subsidy;
pub mod terms;

#[cfg(test)]
mod tests;

pub use day_count::DayCount;
pub use error::LoanError;
pub use schedule::{Instalment, Schedule, Totals};
pub use terms::{DueDays, InterestMode, Method, Repayment, Terms};

use crate::{Fraction, Money};

/// A share of an amount, as an amount that can be booked.
#[inline]
fn share(fraction: Fraction, amount: Money) -> Result<Money, LoanError> {
    // So that sums over all instalments of a loan exist.
    fraction.of(amount).filter(|share| *share <= Money::MAX).ok_or(LoanError::TooLarge)
}

#[inline]
fn product(a: Fraction, b: Fraction) -> Result<Fraction, LoanError> {
    a.times(b).ok_or(LoanError::TooLarge)
}

fn plus(a: Money, b: Money) -> Result<Money, LoanError> {
    a.checked_add(b).ok_or(LoanError::TooLarge)
}

fn minus(a: Money, b: Money) -> Result<Money, LoanError> {
    a.checked_sub(b).ok_or(LoanError::TooLarge)
}

fn sum(amounts: impl IntoIterator<Item = Money>) -> Result<Money, LoanError> {
    Money::checked_sum(amounts).ok_or(LoanError::TooLarge)
}
