//! What changes a loan without a payment of its borrower: another rate, a waiver, another contract in its place, a loss and what comes back.

use super::super::allocation::{Amounts, Component};
use super::super::repricing::{Pace, RateChange, follow, in_force};
use super::super::schedule::Course;
use super::super::{InterestMode, LoanError, Method, Repayment, Terms, minus, plus, share};
use super::{End, Life, Outcome, Split};
use crate::{BusinessDate, Fraction, Money, Rate};

impl Life<'_> {
    /// A new rate from a day on. By months it waits for the next period that begins, as a level instalment does.
    pub(super) fn reprice(&mut self, on: BusinessDate, rate: Rate) -> Result<(), LoanError> {
        let terms = &self.contract.terms;
        if in_force(terms, &self.rates, on) == rate {
            return Ok(());
        }
        let bullet = matches!(terms.repayment, Repayment::Bullet { .. });
        if terms.method() == Method::Flat || bullet && terms.interest_mode == InterestMode::Monthly {
            return Err(LoanError::CannotReprice);
        }
        match self.rates.iter_mut().find(|change| change.effective_on == on) {
            Some(_) => return Err(LoanError::RateChangedTwice(on)),
            None => self.rates.push(RateChange { effective_on: on, annual_rate: rate }),
        }
        let is_last = self.next + 1 == self.rows.len();
        if let Some((period, row)) = self.periods.get_mut(self.next).zip(self.rows.get_mut(self.next)) {
            follow(terms, &self.rates, period)?;
            *row = self.paces[self.next].course.next(row.opening, period, is_last)?;
        }
        match self.periods.iter().position(|period| period.from >= on) {
            Some(0) => {
                // On the day of the payout, before anything else.
                let terms = Terms { annual_rate: rate, ..*terms };
                self.periods = terms.periods()?;
                let course = Course::new(&terms, terms.principal, &self.periods)?;
                self.paces.fill(Pace { annual_rate: rate, course });
                self.rows = course.schedule(&terms, &self.periods)?.instalments;
                Ok(())
            }
            Some(start) => self.rows_from(start),
            None => Ok(()),
        }
    }

    pub(super) fn waive(&mut self, amounts: &Amounts) -> Result<(), LoanError> {
        for component in [Component::Penalty, Component::Compound, Component::Interest] {
            let wished = amounts[component];
            let mut left = self.off(component, wished)?;
            if component == Component::Penalty {
                left = self.off_misuse(left)?;
            }
            if left.is_positive() {
                return Err(LoanError::TooMuch(wished));
            }
            let earned = self.earned.of(component);
            *earned = minus(*earned, wished)?;
        }
        if amounts[Component::Principal].is_positive() || amounts[Component::Fee].is_positive() {
            return Err(LoanError::TooMuch(amounts[Component::Principal]));
        }
        Ok(())
    }

    pub(super) fn write_off(&mut self, on: BusinessDate, gone: &mut Split) -> Result<Money, LoanError> {
        let (undue, accrued) = (self.undue(), self.accrued(on)?);
        self.earned.interest = plus(self.earned.interest, accrued)?;
        let mut amounts = self.due()?;
        amounts[Component::Principal] = plus(amounts[Component::Principal], undue)?;
        amounts[Component::Interest] = plus(amounts[Component::Interest], accrued)?;
        amounts[Component::Penalty] = plus(amounts[Component::Penalty], std::mem::take(&mut self.misuse.carried))?;
        if !self.accruing {
            // It never was income.
            for component in [Component::Penalty, Component::Compound, Component::Interest] {
                let earned = self.earned.of(component);
                *earned = minus(*earned, amounts[component])?;
            }
        }
        (self.written_off, gone.amounts) = (amounts, amounts);
        self.carried = Money::ZERO;
        self.arrears.clear();
        self.rows.truncate(self.next);
        self.periods.truncate(self.next);
        self.end = Some(End::WrittenOff);
        Ok(undue)
    }

    /// Something comes back of a loss: to the pool in the share of it that the pool still bears, the rest to the bank, which bears what is
    /// not repaid or was written off. Interest that was written off comes last, and is the bank's alone.
    pub(super) fn recover(&mut self, on: BusinessDate, amount: Money, outcome: &mut Outcome) -> Result<(), LoanError> {
        let pool = minus(self.compensated, self.returned)?;
        let open = plus(self.undue(), self.due()?[Component::Principal])?;
        let gone = minus(self.written_off.total()?, self.regained)?;
        let principal_gone =
            Money::from_fen((self.written_off[Component::Principal].fen() - self.regained.fen()).max(0));
        let borne = plus(plus(pool, open)?, principal_gone)?;
        let has_lost = self.compensated.is_positive() || self.end == Some(End::WrittenOff);
        if !has_lost || amount > plus(plus(pool, open)?, gone)? {
            return Err(LoanError::TooMuch(amount));
        }
        if let Some(part) = Fraction::new(pool.fen().into(), borne.fen().into()) {
            outcome.to_pool = share(part, amount.min(borne))?.min(pool);
        }
        let rest = minus(amount, outcome.to_pool)?;
        let principal = rest.min(open);
        outcome.taken.amounts[Component::Principal] = principal;
        outcome.undue = self.lower(on, principal)?;
        self.recovered = plus(self.recovered, amount)?;
        self.returned = plus(self.returned, outcome.to_pool)?;
        self.regained = plus(self.regained, minus(rest, principal)?)?;
        Ok(())
    }

    /// Another contract takes over this much principal, what is not yet due first; what it leaves is due at once. Answers how much was
    /// not yet due.
    pub(super) fn replace(&mut self, on: BusinessDate, amount: Money) -> Result<Money, LoanError> {
        let (class, undue) = (self.class(on), self.undue());
        let early = amount.min(undue);
        if self.off(Component::Principal, minus(amount, early)?)?.is_positive() {
            return Err(LoanError::TooMuch(amount));
        }
        self.carried = self.accrued(on)?;
        self.cut_short(on, minus(undue, early)?)?;
        (self.end, self.class_then) = (Some(End::Replaced), class);
        Ok(early)
    }
}
