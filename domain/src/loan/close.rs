//! The end of a day (日终): what is booked for it, and the class a loan has then. Everything is a difference to what the day before
//! came to, so the days between two payments add up to what [`super::servicing`] reckons at the second.

use super::overdue::{Class, Penalty, days_past_due};
use super::{DayCount, LoanError, accrual, minus, plus};
use crate::{BusinessDate, Money, Rate};

/// An instalment that was not paid when it was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    /// The day it was due.
    pub due: BusinessDate,
    /// That day, or the last time its penalties were reckoned.
    pub reckoned_to: BusinessDate,
    /// Principal unpaid.
    pub principal: Money,
    /// Interest unpaid.
    pub interest: Money,
}

/// What the end of a day needs to know of a loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Principal not yet due.
    pub balance: Money,
    /// Since when it bears interest.
    pub bearing_since: BusinessDate,
    /// At which rate.
    pub annual_rate: Rate,
    /// What part of a year days are.
    pub day_count: DayCount,
    /// What late money costs.
    pub penalty: Penalty,
    /// What is late, the oldest first.
    pub late: Vec<Late>,
}

/// What a day brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close {
    /// Interest.
    pub interest: Money,
    /// Penalty interest (罚息).
    pub penalty: Money,
    /// Interest on late interest (复利).
    pub compound: Money,
    /// How late the oldest instalment is.
    pub days_past_due: i64,
    /// What that makes of the loan.
    pub class: Class,
}

impl Position {
    /// Closes a day later than all this knows of.
    pub fn close(&self, day: BusinessDate) -> Result<Close, LoanError> {
        let interest = accrual::booked_on(self.balance, self.annual_rate, self.day_count, self.bearing_since, day)?;
        let (mut penalty, mut compound) = (Money::ZERO, Money::ZERO);
        for late in &self.late {
            let to = |day| self.penalty.between(late.reckoned_to, day, late.principal, late.interest);
            let (whole, before) = (to(day)?, to(day.previous())?);
            penalty = plus(penalty, minus(whole.0, before.0)?)?;
            compound = plus(compound, minus(whole.1, before.1)?)?;
        }
        let days_past_due = self.late.first().map_or(0, |oldest| days_past_due(oldest.due, day));
        Ok(Close { interest, penalty, compound, days_past_due, class: Class::of(days_past_due) })
    }
}
