//! What a payment does to a loan: in its order or as the bank split it, when it is due, before, and to be rid of it.

use super::super::allocation::{Amounts, Component, Order};
use super::super::prepayment::{Mode, Onwards, Prepayment, Running, accrued};
use super::super::repricing::over;
use super::super::schedule::Course;
use super::super::terms::Period;
use super::super::{InterestMode, LoanError, Schedule, minus, plus, product, share, sum};
use super::{Arrear, Contract, Life, Outcome, Split};
use crate::{BusinessDate, Fraction, Money, Rate};

impl Life<'_> {
    /// How a payment of what is due would be spread.
    pub(super) fn allocate(&self, order: &Order, amount: Money) -> Result<(Amounts, Money), LoanError> {
        let mut owed: Vec<Amounts> = self.arrears.iter().map(|one| one.owed).collect();
        let (paid, left) = order.allocate(self.contract.scan, amount, &mut owed)?;
        let mut total = Amounts::default();
        for component in <Component as sea_orm::Iterable>::iter() {
            total[component] = sum(paid.iter().map(|one| one[component]))?;
        }
        Ok((total, left))
    }

    /// Takes a split as it is, the oldest instalment first. Whoever took more interest than was owed has earned it; principal
    /// beyond what is due lowers what is not. Answers how much that was.
    pub(super) fn settle(&mut self, on: BusinessDate, split: &Split) -> Result<Money, LoanError> {
        self.credit = plus(self.credit, split.credit)?;
        let principal = split.amounts[Component::Principal];
        for component in [Component::Penalty, Component::Compound, Component::Interest] {
            let mut left = self.off(component, split.amounts[component])?;
            if component == Component::Interest {
                let before = left.min(self.carried);
                (self.carried, left) = (minus(self.carried, before)?, minus(left, before)?);
                self.earned.interest = plus(self.earned.interest, before)?;
            }
            if component == Component::Penalty {
                left = self.off_misuse(left)?;
            }
            let earned = self.earned.of(component);
            *earned = plus(*earned, left)?;
        }
        for component in <Component as sea_orm::Iterable>::iter() {
            self.paid[component] = plus(self.paid[component], split.amounts[component])?;
        }
        self.lower(on, principal)
    }

    /// Lowers what is owed on instalments that are due, the oldest first. Answers what is left.
    pub(super) fn off(&mut self, component: Component, amount: Money) -> Result<Money, LoanError> {
        let mut left = amount;
        for one in &mut self.arrears {
            let part = left.min(one.owed[component]);
            one.owed[component] = minus(one.owed[component], part)?;
            left = minus(left, part)?;
        }
        Ok(left)
    }

    /// Lowers what 挪用 has cost in the period under way. Answers what is left.
    pub(super) fn off_misuse(&mut self, amount: Money) -> Result<Money, LoanError> {
        let part = amount.min(self.misuse.carried);
        self.misuse.carried = minus(self.misuse.carried, part)?;
        minus(amount, part)
    }

    /// Lowers principal: first what is due, then what is not; instalments are solved anew for the rest. Answers how much was not
    /// yet due.
    pub(super) fn lower(&mut self, on: BusinessDate, amount: Money) -> Result<Money, LoanError> {
        let early = self.off(Component::Principal, amount)?;
        if early == Money::ZERO {
            return Ok(early);
        }
        let undue = self.undue();
        if early > undue {
            return Err(LoanError::TooMuch(amount));
        }
        self.carried = self.accrued(on)?;
        let left = minus(undue, early)?;
        if left == Money::ZERO {
            return self.cut_short(on, left).map(|()| early);
        }
        let terms = self.now(on)?;
        let mut periods = self.ahead(&terms)?;
        let period = &mut periods[0];
        if on > period.from {
            let days = |from: BusinessDate| i128::from(from.days_to(period.due));
            period.factor = match terms.interest_mode {
                InterestMode::Monthly => product(period.factor, Fraction::parts(days(on), days(period.from)))?,
                InterestMode::Daily => terms.by_days(on, period.due)?,
            };
            if terms.interest_mode == InterestMode::Daily {
                period.regular = period.factor;
            }
            period.from = on;
        }
        let course = Course::new(&terms, left, &periods)?;
        let rest = course.schedule(&terms, &periods)?;
        self.go_on(terms.annual_rate, (periods, course), rest.instalments).map(|()| early)
    }

    /// Nothing falls due any more; interest of the period under way, and this much principal, is due at once.
    pub(super) fn cut_short(&mut self, on: BusinessDate, principal: Money) -> Result<(), LoanError> {
        let mut owed = Amounts::default();
        (owed[Component::Principal], owed[Component::Interest]) = (principal, std::mem::take(&mut self.carried));
        owed[Component::Penalty] = std::mem::take(&mut self.misuse.carried);
        self.earned.interest = plus(self.earned.interest, owed[Component::Interest])?;
        self.rows.truncate(self.next);
        self.periods.truncate(self.next);
        let arrear = Arrear { due: on, since: on, owed, latent: Default::default() };
        if arrear.owed != Amounts::default() {
            self.arrears.push(arrear);
        }
        Ok(())
    }

    /// A prepayment: as our arithmetic has it, or as the bank booked it.
    pub(super) fn prepay(
        &mut self,
        on: BusinessDate,
        mode: Mode,
        amount: Option<Money>,
        booked: Option<Split>,
        outcome: &mut Outcome,
    ) -> Result<(), LoanError> {
        let wished = self.prepaid(on, mode, amount);
        let (split, prepaid, onwards) = match (wished, booked) {
            (Ok((split, prepaid, onwards)), _) => (split, prepaid, onwards),
            (Err(_), Some(booked)) => {
                outcome.taken = booked;
                outcome.undue = self.settle(on, &booked)?;
                return Ok(());
            }
            (Err(error), None) => return Err(error),
        };
        outcome.expected = Some(split);
        outcome.taken = booked.unwrap_or(split);
        if outcome.taken.amounts[Component::Principal] != split.amounts[Component::Principal] {
            outcome.undue = self.settle(on, &outcome.taken)?;
            return Ok(());
        }
        // What the bank took is what was earned to the day; the rest begins on it.
        self.carried = Money::ZERO;
        self.earned.penalty = minus(self.earned.penalty, std::mem::take(&mut self.misuse.carried))?;
        for component in [Component::Penalty, Component::Compound, Component::Interest] {
            let earned = self.earned.of(component);
            *earned = plus(*earned, outcome.taken.amounts[component])?;
        }
        for component in <Component as sea_orm::Iterable>::iter() {
            self.paid[component] = plus(self.paid[component], outcome.taken.amounts[component])?;
        }
        self.credit = plus(self.credit, outcome.taken.credit)?;
        outcome.undue = prepaid;
        match onwards {
            None => {
                self.rows.truncate(self.next);
                self.periods.truncate(self.next);
            }
            Some((onwards, rest)) => self.go_on(self.now(on)?.annual_rate, onwards, rest.instalments)?,
        }
        Ok(())
    }

    /// What a prepayment would cost and change. Nothing may be late.
    #[allow(clippy::type_complexity, reason = "things that are known together, for the two callers")]
    pub(super) fn prepaid(
        &self,
        on: BusinessDate,
        mode: Mode,
        amount: Option<Money>,
    ) -> Result<(Split, Money, Option<(Onwards, Schedule)>), LoanError> {
        if !self.arrears.is_empty() {
            return Err(LoanError::InArrears);
        }
        let Contract { fee_rate, fee_until, .. } = self.contract;
        let fee_rate = if fee_until.is_some_and(|until| on >= until) { Rate::ZERO } else { *fee_rate };
        let terms = self.now(on)?;
        let (period, row) = self.under_way().ok_or(LoanError::PaidInstalments)?;
        let interest = match terms.interest_mode {
            InterestMode::Daily => {
                let so_far = Period { due: on, ..*period };
                plus(self.carried, share(over(&self.contract.terms, &self.rates, &so_far)?, row.opening)?)?
            }
            InterestMode::Monthly if period.from == terms.disbursed_on => {
                plus(self.carried, share(accrued(&terms, period.from, on)?, row.opening)?)?
            }
            InterestMode::Monthly => plus(self.carried, share(terms.by_days(period.from, on)?, row.opening)?)?,
        };
        let running = Running {
            terms: &terms,
            course: &self.pace()?.course,
            periods: &self.ahead(&terms)?,
            rows: &self.rows[self.next..],
        };
        let wish = Prepayment { paid_instalments: row.number - 1, on, mode, amount, fee_rate };
        let (prepaid, onwards) = running.prepay(&wish, interest)?;
        let mut split = Split::default();
        split.amounts[Component::Fee] = prepaid.fee;
        split.amounts[Component::Penalty] = self.misuse.carried;
        split.amounts[Component::Interest] = prepaid.accrued_interest;
        split.amounts[Component::Principal] = prepaid.principal;
        Ok((split, prepaid.principal, onwards.zip(prepaid.rest)))
    }

    /// What a borrower would pay to be rid of the loan on a day (结清试算): all that is due, and the rest with its interest and fee.
    pub fn payoff(&self, on: BusinessDate) -> Result<Split, LoanError> {
        let mut life = self.clone();
        life.advance(on)?;
        life.reckon(on)?;
        let mut amounts = life.due()?;
        life.arrears.clear();
        if life.under_way().is_some() {
            let (split, ..) = life.prepaid(on, Mode::Full, None)?;
            for component in <Component as sea_orm::Iterable>::iter() {
                amounts[component] = plus(amounts[component], split.amounts[component])?;
            }
        }
        Ok(Split { amounts, credit: Money::ZERO })
    }
}
