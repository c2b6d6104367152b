//! The life of a loan (facts: lending 3 to 6): its contract and what happened to it give where it stands on any day. There is no
//! other truth about a running loan: what is stored of it is what this gives, and what is heard of late is put in its place and
//! everything after it reckoned again.
//!
//! Where a bank keeps the loan, an event carries the bank's own split ([`Split`]): it is taken as it is, and what our arithmetic expected
//! of it is answered beside it ([`Outcome`]), so that a difference is found once and does not run on through all later days.

mod changing;
mod paying;

use serde::{Deserialize, Serialize};

use super::allocation::{Amounts, Component, Order, Scan};
use super::misuse::Misuse;
use super::overdue::{Class, Grace, GraceMode, Penalty, days_past_due};
use super::prepayment::{Mode, Onwards};
use super::repricing::{Pace, RateChange, in_force, over, parts, rows_from, steady};
use super::schedule::Course;
use super::subsidy::Rates;
use super::terms::Period;
use super::{Instalment, InterestMode, LoanError, Terms, minus, plus, product, share, sum};
use crate::{BusinessDate, Fraction, LoanEventId, Money, Multiplier, Rate};

/// Beyond so many days past due interest is income only when it is paid (非应计).
pub const NON_ACCRUAL: i64 = 90;

/// What borrower and bank agreed, as far as it rules a running loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// The terms; the payout is on their first day.
    pub terms: Terms,
    /// How many times the contract rate late money costs.
    pub multiplier: Multiplier,
    /// And money that is used for another purpose (挪用).
    pub misuse: Multiplier,
    /// Whether late interest costs too (复利).
    pub compound: bool,
    /// 宽限期.
    pub grace: Grace,
    /// Which debt a payment settles first, by class.
    pub orders: Orders,
    /// Which way through instalments and components.
    pub scan: Scan,
    /// What a prepayment costs, as a part of its principal.
    pub fee_rate: Rate,
    /// From this day on it costs nothing.
    pub fee_until: Option<BusinessDate>,
}

/// An order of settlement for each class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders([Order; 5]);

impl Orders {
    /// As each class has it.
    pub fn new(of: impl Fn(Class) -> Order) -> Orders {
        use Class::*;
        Orders([Normal, SpecialMention, Substandard, Doubtful, Loss].map(of))
    }

    /// The order of a class.
    pub fn of(&self, class: Class) -> &Order {
        &self.0[class as usize]
    }
}

/// What a payment was spread over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// By component.
    pub amounts: Amounts,
    /// What was left: credit of the borrower (溢缴).
    pub credit: Money,
}

impl Split {
    /// All of it.
    pub fn total(&self) -> Result<Money, LoanError> {
        plus(self.amounts.total()?, self.credit)
    }
}

/// Something that happened to a loan after its payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id; of events of a day and a kind the earlier id comes first.
    pub id: LoanEventId,
    /// The day it counts for.
    pub on: BusinessDate,
    /// What it is.
    pub what: What,
}

/// What can happen. The order of a day is the order here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// 利率调整: from this day on, this day included.
    RateChange(Rate),
    /// 挪用: from this day on so much of the principal is used for another purpose, all of it if nothing is said; whatever was said before.
    Misuse(Option<Money>),
    /// 挪用已纠正: from this day on everything is used as agreed.
    MisuseMended,
    /// A judgement that the loan is at least as bad (五级分类人工认定), or that there is none any more.
    Judgement(Option<Class>),
    /// 贴息 that pays the borrower's interest at once.
    Subsidy(Money),
    /// 还款 of what is due.
    Repayment {
        /// How much.
        amount: Money,
        /// How the bank spread it, if it has said so.
        booked: Option<Split>,
    },
    /// 提前还款.
    Prepayment {
        /// What becomes of the rest.
        mode: Mode,
        /// The principal; of a full prepayment it is known.
        principal: Option<Money>,
        /// How the bank spread it, if it has said so.
        booked: Option<Split>,
    },
    /// 减免: this much is owed no longer.
    Waiver(Amounts),
    /// 代偿: the pool repays the bank this much principal.
    Compensation(Money),
    /// Repaid of what was compensated or written off (追偿).
    Recovery(Money),
    /// 续贷, 展期, 重组: another contract takes over this much principal, and nothing falls due any more; nothing is said where all of it is.
    Replaced(Option<Money>),
    /// 核销.
    WriteOff,
    /// 退还溢缴: this much of the borrower's credit is paid back.
    CreditBack(Money),
    /// 冲正: that event never was.
    Reversal(LoanEventId),
}

impl What {
    /// The place between a prepayment and what comes next.
    const AFTER_PREPAYMENT: u8 = 7;

    /// Its place within a day.
    fn rank(&self) -> u8 {
        match self {
            What::RateChange(_) => 0,
            What::Misuse(_) | What::MisuseMended => 1,
            What::Judgement(_) => 2,
            What::Subsidy(_) => 3,
            // Before payments: its interest to the day is due with it, and they may settle that.
            What::Replaced(_) => 4,
            What::Repayment { .. } => 5,
            What::Prepayment { .. } => 6,
            What::Waiver(_) => 8,
            What::Compensation(_) => 9,
            What::Recovery(_) => 10,
            What::WriteOff => 11,
            What::CreditBack(_) => 12,
            What::Reversal(_) => 13,
        }
    }
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Which.
    pub id: LoanEventId,
    /// How our arithmetic spreads it; nothing if it does not allow it at all.
    pub expected: Option<Split>,
    /// How it was spread.
    pub taken: Split,
    /// Principal of it that was not yet due.
    pub undue: Money,
    /// What of a recovery goes back to the pool.
    pub to_pool: Money,
    /// What was due before it.
    pub due_before: Amounts,
    /// Whether interest was income before it was paid.
    pub accruing: bool,
}

/// How a loan can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Nothing is owed any more.
    Settled,
    /// By another contract.
    Replaced,
    /// 核销.
    WrittenOff,
}

/// An instalment that is due and not wholly paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrear {
    pub(super) due: BusinessDate,
    /// Until when its penalties are reckoned.
    pub(super) since: BusinessDate,
    pub(super) owed: Amounts,
    /// Reckoned within the grace days: owed if they are overstayed and count.
    pub(super) latent: (Money, Money),
}

impl Arrear {
    pub(super) fn bears(&self) -> bool {
        self.owed[Component::Principal].is_positive() || self.owed[Component::Interest].is_positive()
    }
}

/// Interest, penalty and compound interest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Income {
    /// 利息.
    pub interest: Money,
    /// 罚息.
    pub penalty: Money,
    /// 复利.
    pub compound: Money,
}

/// A running loan.
#[derive(Clone, Debug)]
pub struct Life<'a> {
    pub(super) contract: &'a Contract,
    pub(super) rates: Vec<RateChange>,
    /// One for each row, as are the periods.
    paces: Vec<Pace>,
    pub(super) periods: Vec<Period>,
    rows: Vec<Instalment>,
    /// The first row that is not yet due.
    pub(super) next: usize,
    pub(super) arrears: Vec<Arrear>,
    /// Interest of the period under way that was reckoned before its principal changed.
    pub(super) carried: Money,
    pub(super) misuse: Misuse,
    pub(super) earned: Income,
    credit: Money,
    judged: Option<Class>,
    accruing: bool,
    paid: Amounts,
    compensated: Money,
    recovered: Money,
    /// Of what was recovered, the pool's, and what came of what was written off.
    returned: Money,
    regained: Money,
    written_off: Amounts,
    end: Option<End>,
    /// Its class when another contract took it over: it stays.
    class_then: Class,
}

/// An instalment, and what is open of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// As it was, or is to be, due.
    pub row: Instalment,
    /// Whether it is due.
    pub is_due: bool,
    /// Not paid of it, and what its delay has cost.
    pub open: Amounts,
}

/// Where a loan stands at the end of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Principal not yet due.
    pub undue: Money,
    /// Owed on instalments that are due.
    pub due: Amounts,
    /// Interest of the period under way, to the day.
    pub accrued: Money,
    /// What 挪用 has cost in it beyond that, to the day.
    pub misuse_penalty: Money,
    /// Principal that is used for another purpose.
    pub misused: Money,
    /// Credit of the borrower.
    pub credit: Money,
    /// Since the oldest instalment with principal or interest unpaid.
    pub days_past_due: i64,
    /// The worse of what the days and a judgement say.
    pub class: Class,
    /// Whether interest is income before it is paid.
    pub accruing: bool,
    /// All interest, penalty and compound interest so far, paid or not.
    pub earned: Income,
    /// All that was paid.
    pub paid: Amounts,
    /// Principal the pool repaid.
    pub compensated: Money,
    /// Of that and of what was written off, repaid by the borrower.
    pub recovered: Money,
    /// What was written off.
    pub written_off: Amounts,
    /// What is still to fall due.
    pub rows: Vec<Instalment>,
    /// How it ended, if it did.
    pub end: Option<End>,
}

impl State {
    /// Principal not repaid, due or not.
    pub fn principal(&self) -> Result<Money, LoanError> {
        plus(self.undue, self.due[Component::Principal])
    }

    /// Interest and what its delay costs, not paid.
    pub fn outstanding(&self) -> Result<Income, LoanError> {
        Ok(Income {
            interest: plus(self.due[Component::Interest], self.accrued)?,
            penalty: plus(self.due[Component::Penalty], self.misuse_penalty)?,
            compound: self.due[Component::Compound],
        })
    }
}

impl<'a> Life<'a> {
    /// From the payout, with nothing else known.
    pub fn begin(contract: &'a Contract) -> Result<Life<'a>, LoanError> {
        let terms = &contract.terms;
        let periods = terms.periods()?;
        let course = Course::new(terms, terms.principal, &periods)?;
        let rows = course.schedule(terms, &periods)?.instalments;
        Ok(Life {
            contract,
            rates: Vec::new(),
            paces: vec![Pace { annual_rate: terms.annual_rate, course }; periods.len()],
            periods,
            rows,
            next: 0,
            arrears: Vec::new(),
            carried: Money::ZERO,
            misuse: Misuse::none(terms.disbursed_on),
            earned: Income::default(),
            credit: Money::ZERO,
            judged: None,
            accruing: true,
            paid: Amounts::default(),
            compensated: Money::ZERO,
            recovered: Money::ZERO,
            returned: Money::ZERO,
            regained: Money::ZERO,
            written_off: Amounts::default(),
            end: None,
            class_then: Class::Normal,
        })
    }

    /// The whole story to the end of a day, whatever order it was heard of in. Later events are left out.
    pub fn replay(
        contract: &'a Contract,
        events: &[Event],
        as_of: BusinessDate,
    ) -> Result<(Vec<Outcome>, Life<'a>), LoanError> {
        let mut life = Life::begin(contract)?;
        let never: Vec<LoanEventId> = events
            .iter()
            .filter_map(|event| match event.what {
                What::Reversal(of) => Some(of),
                _ => None,
            })
            .collect();
        let real = |event: &&Event| !matches!(event.what, What::Reversal(_)) && !never.contains(&event.id);
        let mut events: Vec<&Event> = events.iter().filter(real).filter(|event| event.on <= as_of).collect();
        let is_prepayment = |event: &&&Event| matches!(event.what, What::Prepayment { .. });
        let prepaid: Vec<BusinessDate> = events.iter().filter(is_prepayment).map(|event| event.on).collect();
        // A prepayment settles its own interest to the day: what takes the rest over comes after it.
        let rank = |event: &Event| match event.what {
            What::Replaced(_) if prepaid.contains(&event.on) => What::AFTER_PREPAYMENT,
            what => what.rank(),
        };
        events.sort_by_key(|event| (event.on, rank(event), event.id));
        let outcomes = events.into_iter().map(|event| life.take(event)).collect::<Result<_, _>>()?;
        life.advance(as_of)?;
        life.look(as_of);
        Ok((outcomes, life))
    }

    /// Lets an event happen; all before it have.
    fn take(&mut self, event: &Event) -> Result<Outcome, LoanError> {
        let &Event { id, on, what } = event;
        if on < self.contract.terms.disbursed_on {
            return Err(LoanError::PaymentDate(on));
        }
        if !self.allows(&what) {
            return Err(LoanError::Ended);
        }
        self.advance(on)?;
        self.look(on);
        self.reckon(on)?;
        let due_before = self.due()?;
        let (taken, accruing) = (Split::default(), self.accruing);
        let (undue, to_pool) = (Money::ZERO, Money::ZERO);
        let mut outcome = Outcome { id, expected: None, taken, undue, to_pool, due_before, accruing };
        match what {
            What::RateChange(rate) => self.reprice(on, rate)?,
            What::Misuse(amount) => {
                let principal = plus(self.undue(), due_before[Component::Principal])?;
                self.misuse.begin(on, amount, principal);
            }
            What::MisuseMended => self.misuse.end(on),
            What::Judgement(class) => self.judged = class,
            What::Repayment { amount, booked } => {
                let class = self.class(on);
                let (paid, credit) = self.allocate(self.contract.orders.of(class), amount)?;
                outcome.expected = Some(Split { amounts: paid, credit });
                outcome.taken = booked.unwrap_or(Split { amounts: paid, credit });
                outcome.undue = self.settle(on, &outcome.taken)?;
            }
            What::Subsidy(amount) => {
                let (paid, left) = self.allocate(&Order::new(vec![Component::Interest])?, amount)?;
                if left.is_positive() {
                    return Err(LoanError::TooMuch(amount));
                }
                outcome.taken = Split { amounts: paid, credit: Money::ZERO };
                outcome.expected = Some(outcome.taken);
                self.settle(on, &outcome.taken)?;
            }
            What::Prepayment { mode, principal, booked } => self.prepay(on, mode, principal, booked, &mut outcome)?,
            What::Waiver(amounts) => self.waive(&amounts)?,
            What::Compensation(amount) => {
                outcome.undue = self.lower(on, amount)?;
                self.compensated = plus(self.compensated, amount)?;
            }
            What::Recovery(amount) => self.recover(on, amount, &mut outcome)?,
            What::Replaced(amount) => {
                let principal = plus(self.undue(), due_before[Component::Principal])?;
                let amount = amount.unwrap_or(principal);
                outcome.undue = self.replace(on, amount)?;
                outcome.taken.amounts[Component::Principal] = amount;
                outcome.expected = Some(outcome.taken);
            }
            What::WriteOff => outcome.undue = self.write_off(on, &mut outcome.taken)?,
            What::CreditBack(amount) => {
                if amount > self.credit {
                    return Err(LoanError::TooMuch(amount));
                }
                self.credit = minus(self.credit, amount)?;
            }
            What::Reversal(_) => {}
        }
        if !self.arrears.iter().any(Arrear::bears) {
            self.arrears.retain(|one| one.owed != Amounts::default());
            self.accruing = true;
        }
        if self.end.is_none() && self.next == self.rows.len() && self.arrears.is_empty() {
            self.end = Some(End::Settled);
        }
        Ok(outcome)
    }

    /// Whether something may still happen to it: once another contract has taken it over, that what is due of it is paid or waived.
    fn allows(&self, what: &What) -> bool {
        match (self.end, what) {
            (None, _) => true,
            (Some(_), What::Recovery(_) | What::Judgement(_) | What::Waiver(_) | What::CreditBack(_)) => true,
            (Some(End::Replaced), What::Repayment { .. }) => !self.arrears.is_empty(),
            (Some(_), _) => false,
        }
    }

    /// Lets instalments fall due, up to a day and with it.
    fn advance(&mut self, to: BusinessDate) -> Result<(), LoanError> {
        while let Some(row) = self.rows.get(self.next).copied().filter(|row| row.due <= to) {
            self.reckon_misuse(row.due)?;
            let mut owed = Amounts::default();
            (owed[Component::Principal], owed[Component::Interest]) =
                (row.principal, plus(row.interest, self.carried)?);
            owed[Component::Penalty] = std::mem::take(&mut self.misuse.carried);
            let arrear = Arrear { due: row.due, since: row.due, owed, latent: Default::default() };
            self.earned.interest = plus(self.earned.interest, owed[Component::Interest])?;
            self.carried = Money::ZERO;
            self.next += 1;
            if arrear.owed != Amounts::default() {
                self.arrears.push(arrear);
            }
        }
        Ok(())
    }

    /// Interest is income only when it is paid once an instalment is too late; that ends when nothing is late.
    fn look(&mut self, day: BusinessDate) {
        if self.days_past_due(day) > NON_ACCRUAL {
            self.accruing = false;
        }
    }

    fn days_past_due(&self, day: BusinessDate) -> i64 {
        self.late_since().map_or(0, |due| days_past_due(due, day))
    }

    /// Since when the oldest instalment waits.
    pub(super) fn late_since(&self) -> Option<BusinessDate> {
        self.arrears.iter().find(|one| one.bears() && !self.has_ended()).map(|one| one.due)
    }

    /// Whether it has ended: then nothing falls due any more, and what was not paid of it costs no more.
    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    fn class(&self, day: BusinessDate) -> Class {
        match self.end {
            Some(End::WrittenOff) => return Class::Loss,
            Some(End::Replaced) => return self.class_then,
            Some(End::Settled) | None => {}
        }
        let by_days = Class::of(self.days_past_due(day));
        self.judged.map_or(by_days, |judged| by_days.max(judged))
    }

    /// The rate in force on a day.
    pub(super) fn rate_on(&self, day: BusinessDate) -> Rate {
        in_force(&self.contract.terms, &self.rates, day)
    }

    /// What late money costs on a day.
    pub(super) fn penalty(&self, day: BusinessDate) -> Result<Penalty, LoanError> {
        let Contract { terms, compound, .. } = self.contract;
        Ok(Penalty {
            annual_rate: in_force(terms, &self.rates, day),
            multiplier: self.misuse.late(self.contract)?,
            compound: *compound,
            day_count: terms.day_count,
        })
    }

    /// What a yuan that is not yet due costs in a year beyond its interest, where a part is misused, by the rate of a day.
    pub(super) fn misuse_a_year(&self, day: BusinessDate) -> Result<Fraction, LoanError> {
        product(self.rate_on(day).fraction(), self.misuse.undue(self.contract)?)
    }

    /// Writes down what 挪用 has cost in the period under way, up to a day within it.
    fn reckon_misuse(&mut self, to: BusinessDate) -> Result<(), LoanError> {
        let since = self.misuse.since;
        if !self.misuse.is_any() || to <= since || self.has_ended() {
            return Ok(());
        }
        let years = self.contract.terms.day_count.year_fraction(since, to);
        let cost = share(product(self.misuse_a_year(to.previous())?, years)?, self.undue())?;
        self.misuse.since = to;
        self.misuse.carried = plus(self.misuse.carried, cost)?;
        self.earned.penalty = plus(self.earned.penalty, cost)?;
        Ok(())
    }

    /// Writes penalty and compound interest down, up to a day; none of a loan that has ended.
    fn reckon(&mut self, to: BusinessDate) -> Result<(), LoanError> {
        if self.has_ended() {
            return Ok(());
        }
        self.reckon_misuse(to)?;
        let (grace, penalty) = (self.contract.grace, self.penalty(to.previous())?);
        for one in self.arrears.iter_mut().filter(|one| one.since < to && one.bears()) {
            let (principal, interest) = (one.owed[Component::Principal], one.owed[Component::Interest]);
            let cost = |from| penalty.between(from, to, principal, interest);
            let added = match grace.charged_from(one.due, to)? {
                None => {
                    let (a, b) = cost(one.since)?;
                    one.latent = (plus(one.latent.0, a)?, plus(one.latent.1, b)?);
                    Default::default()
                }
                Some(from) => {
                    let (a, b) = cost(one.since.max(from))?;
                    let (late_a, late_b) = std::mem::take(&mut one.latent);
                    match grace.mode {
                        GraceMode::Retroactive => (plus(a, late_a)?, plus(b, late_b)?),
                        GraceMode::Excluded => (a, b),
                    }
                }
            };
            one.since = to;
            one.owed[Component::Penalty] = plus(one.owed[Component::Penalty], added.0)?;
            one.owed[Component::Compound] = plus(one.owed[Component::Compound], added.1)?;
            self.earned.penalty = plus(self.earned.penalty, added.0)?;
            self.earned.compound = plus(self.earned.compound, added.1)?;
        }
        Ok(())
    }

    fn due(&self) -> Result<Amounts, LoanError> {
        let mut total = Amounts::default();
        for component in <Component as sea_orm::Iterable>::iter() {
            total[component] = sum(self.arrears.iter().map(|one| one.owed[component]))?;
        }
        Ok(total)
    }

    /// Principal not yet due.
    pub(super) fn undue(&self) -> Money {
        self.rows.get(self.next).map_or(Money::ZERO, |row| row.opening)
    }

    /// The period under way and its row.
    pub(super) fn under_way(&self) -> Option<(&Period, &Instalment)> {
        self.periods.get(self.next).zip(self.rows.get(self.next))
    }

    /// The rates of the period under way, as a subsidy asks for them: by days those that follow each other in it, by months that of its row.
    pub fn rates_under_way(&self) -> Result<Rates, LoanError> {
        let (period, _) = self.under_way().ok_or(LoanError::PaidInstalments)?;
        Ok(match self.contract.terms.interest_mode {
            InterestMode::Monthly => vec![(self.pace()?.annual_rate, Fraction::parts(1, 1))],
            InterestMode::Daily => parts(&self.contract.terms, &self.rates, period).collect(),
        })
    }

    /// The pace of the row under way.
    pub(super) fn pace(&self) -> Result<Pace, LoanError> {
        self.paces.get(self.next).copied().ok_or(LoanError::PaidInstalments)
    }

    /// The periods from the one under way on, at its rate: what is solved anew within a period knows of no later change.
    fn ahead(&self, terms: &Terms) -> Result<Vec<Period>, LoanError> {
        let mut periods = self.periods[self.next..].to_vec();
        if let Some((_, later)) = periods.split_first_mut() {
            steady(terms, terms.annual_rate, later)?;
        }
        Ok(periods)
    }

    /// Goes on by other periods and another course, and by the rates already known of later ones.
    fn go_on(&mut self, now: Rate, (periods, course): Onwards, rows: Vec<Instalment>) -> Result<(), LoanError> {
        self.paces.truncate(self.next);
        self.paces.resize(self.next + periods.len(), Pace { annual_rate: now, course });
        self.periods.splice(self.next.., periods);
        self.rows.splice(self.next.., rows);
        self.rows_from(self.next + 1)
    }

    fn rows_from(&mut self, start: usize) -> Result<(), LoanError> {
        let Life { contract, rates, paces, periods, rows, .. } = self;
        rows_from(&contract.terms, rates, start, paces, periods, rows)
    }

    /// The terms with the rate of a day within the row under way; by months that of the row.
    fn now(&self, on: BusinessDate) -> Result<Terms, LoanError> {
        let annual_rate = match self.contract.terms.interest_mode {
            InterestMode::Monthly => self.pace()?.annual_rate,
            InterestMode::Daily => self.rate_on(on),
        };
        Ok(Terms { annual_rate, ..self.contract.terms })
    }

    /// Interest of the period under way, to a day within it. By months it grows evenly over the days of the period.
    pub(super) fn accrued(&self, day: BusinessDate) -> Result<Money, LoanError> {
        let Some((period, row)) = self.under_way().filter(|(period, _)| day > period.from) else {
            return Ok(self.carried);
        };
        let terms = &self.contract.terms;
        let grown = match terms.interest_mode {
            InterestMode::Daily => {
                let so_far = Period { due: day, ..*period };
                share(over(terms, &self.rates, &so_far)?, self.pace()?.course.bearing(row.opening))?
            }
            InterestMode::Monthly => {
                let days = |to: BusinessDate| i128::from(period.from.days_to(to));
                share(Fraction::parts(days(day), days(period.due)), row.interest)?
            }
        };
        plus(self.carried, grown)
    }

    /// Every instalment with what is open of it at the end of a day not before the last event; what was prepaid is no instalment any more.
    pub fn instalments(&self, day: BusinessDate) -> Result<Vec<Standing>, LoanError> {
        let mut life = self.clone();
        life.advance(day)?;
        life.reckon(day)?;
        let open = |row: &Instalment| life.arrears.iter().find(|one| one.due == row.due).map(|one| one.owed);
        let standing = |(at, row): (usize, &Instalment)| {
            let mut owed = Amounts::default();
            if at < life.next {
                owed = open(row).unwrap_or_default();
            } else {
                (owed[Component::Principal], owed[Component::Interest]) = (row.principal, row.interest);
            }
            Standing { row: *row, is_due: at < life.next, open: owed }
        };
        Ok(life.rows.iter().enumerate().map(standing).collect())
    }

    /// Where it stands at the end of a day not before the last event.
    pub fn state(&self, day: BusinessDate) -> Result<State, LoanError> {
        let mut life = self.clone();
        life.advance(day)?;
        life.look(day);
        life.reckon(day)?;
        let accrued = life.accrued(day)?;
        let mut earned = life.earned;
        earned.interest = plus(earned.interest, accrued)?;
        Ok(State {
            undue: life.undue(),
            due: life.due()?,
            accrued,
            misuse_penalty: life.misuse.carried,
            misused: if life.has_ended() {
                Money::ZERO
            } else {
                life.misuse.of(plus(life.undue(), life.due()?[Component::Principal])?)?
            },
            credit: life.credit,
            days_past_due: life.days_past_due(day),
            class: life.class(day),
            accruing: life.accruing,
            earned,
            paid: life.paid,
            compensated: life.compensated,
            recovered: life.recovered,
            written_off: life.written_off,
            rows: life.rows.split_off(life.next),
            end: life.end,
        })
    }
}

impl Income {
    fn of(&mut self, component: Component) -> &mut Money {
        match component {
            Component::Penalty => &mut self.penalty,
            Component::Compound => &mut self.compound,
            Component::Fee | Component::Interest | Component::Principal => &mut self.interest,
        }
    }

    /// All three.
    pub fn total(&self) -> Result<Money, LoanError> {
        sum([self.interest, self.penalty, self.compound])
    }
}
