//! A loan while it runs: payments in the order of their days, arrears that grow between them. What is stored of a loan is what a
//! replay from the payout gives; a payment that is heard of late is put in its place and the replay run again.

use super::allocation::{Amounts, Component, Order, Scan};
use super::overdue::{Class, Penalty, days_past_due};
use super::{LoanError, Schedule, minus, plus, sum};
use crate::{BusinessDate, Money};

/// A payment of the borrower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The day it counts for.
    pub on: BusinessDate,
    /// How much.
    pub amount: Money,
}

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The day.
    pub on: BusinessDate,
    /// What it settled.
    pub amounts: Amounts,
    /// What it did not: credit of the borrower (溢缴).
    pub unapplied: Money,
}

/// Where a loan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Owed on instalments that are due, the penalties of the day included.
    pub due: Amounts,
    /// Principal not repaid, due or not.
    pub principal: Money,
    /// Credit of the borrower.
    pub unapplied: Money,
    /// Since the oldest instalment with principal or interest unpaid.
    pub days_past_due: i64,
    /// What that makes of it.
    pub class: Class,
}

/// A running loan.
#[derive(Clone, Debug)]
pub struct Servicing<'a> {
    penalty: &'a Penalty,
    order: &'a Order,
    disbursed_on: BusinessDate,
    /// Of each instalment, and what it owes.
    dues: Vec<BusinessDate>,
    owed: Vec<Amounts>,
    /// Until when penalties are reckoned.
    reckoned_to: BusinessDate,
    unapplied: Money,
}

impl<'a> Servicing<'a> {
    /// From its payout.
    pub fn begin(schedule: &Schedule, penalty: &'a Penalty, order: &'a Order) -> Servicing<'a> {
        let owed = schedule.instalments.iter().map(|one| {
            let mut owed = Amounts::default();
            (owed[Component::Principal], owed[Component::Interest]) = (one.principal, one.interest);
            owed
        });
        let disbursed_on = schedule.instalments[0].from;
        Servicing {
            penalty,
            order,
            disbursed_on,
            dues: schedule.instalments.iter().map(|one| one.due).collect(),
            owed: owed.collect(),
            reckoned_to: disbursed_on,
            unapplied: Money::ZERO,
        }
    }

    /// The whole story: payments in whatever order they were heard of, then the standing at the end of `as_of`.
    pub fn replay(mut self, payments: &[Payment], as_of: BusinessDate) -> Result<(Vec<Applied>, Standing), LoanError> {
        let outside = |one: &&Payment| one.on < self.disbursed_on || one.on > as_of;
        if let Some(payment) = payments.iter().find(outside) {
            return Err(LoanError::PaymentDate(payment.on));
        }
        if as_of < self.disbursed_on {
            return Err(LoanError::DatesReversed);
        }
        let mut payments = payments.to_vec();
        payments.sort_by_key(|one| one.on);
        let applied = payments.iter().map(|one| self.pay(one)).collect::<Result<_, _>>()?;
        let standing = self.standing(as_of)?;
        Ok((applied, standing))
    }

    /// Reckons penalties to the day, then spreads the payment over the instalments that are due.
    fn pay(&mut self, payment: &Payment) -> Result<Applied, LoanError> {
        self.reckon(payment.on)?;
        let due = self.due(payment.on);
        let (paid, unapplied) = self.order.allocate(Scan::InstallmentFirst, payment.amount, &mut self.owed[..due])?;
        self.unapplied = plus(self.unapplied, unapplied)?;
        Ok(Applied { on: payment.on, amounts: added(&paid)?, unapplied })
    }

    fn standing(&mut self, as_of: BusinessDate) -> Result<Standing, LoanError> {
        self.reckon(as_of)?;
        let due = self.due(as_of);
        let unpaid =
            |owed: &Amounts| owed[Component::Principal].is_positive() || owed[Component::Interest].is_positive();
        let oldest = self.owed[..due].iter().position(unpaid);
        let days_past_due = oldest.map_or(0, |at| days_past_due(self.dues[at], as_of));
        Ok(Standing {
            due: added(&self.owed[..due])?,
            principal: sum(self.owed.iter().map(|owed| owed[Component::Principal]))?,
            unapplied: self.unapplied,
            days_past_due,
            class: Class::of(days_past_due),
        })
    }

    /// How many instalments are due.
    fn due(&self, day: BusinessDate) -> usize {
        self.dues.partition_point(|due| *due <= day)
    }

    /// Penalty and compound interest since the due day or the last time.
    fn reckon(&mut self, to: BusinessDate) -> Result<(), LoanError> {
        for (due, owed) in self.dues.iter().zip(&mut self.owed).take_while(|(due, _)| **due < to) {
            let since = (*due).max(self.reckoned_to);
            let (principal, interest) = (owed[Component::Principal], owed[Component::Interest]);
            let (penalty, compound) = self.penalty.between(since, to, principal, interest)?;
            owed[Component::Penalty] = plus(owed[Component::Penalty], penalty)?;
            owed[Component::Compound] = plus(owed[Component::Compound], compound)?;
        }
        self.reckoned_to = to;
        Ok(())
    }
}

fn added(amounts: &[Amounts]) -> Result<Amounts, LoanError> {
    let mut total = Amounts::default();
    for component in <Component as sea_orm::Iterable>::iter() {
        total[component] = sum(amounts.iter().map(|one| one[component]))?;
    }
    Ok(total)
}

impl Applied {
    /// What came: all that was settled and what was left.
    pub fn amount(&self) -> Result<Money, LoanError> {
        plus(self.amounts.total()?, self.unapplied)
    }
}

impl Standing {
    /// Principal of instalments that are not yet due.
    pub fn undue(&self) -> Result<Money, LoanError> {
        minus(self.principal, self.due[Component::Principal])
    }
}
