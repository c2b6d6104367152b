//! What a loan comes to on any day until something changes: a few whole numbers, so that the close of a day (日终) costs what happens on
//! it and not what exists.
//!
//! Between two changes (an instalment falls due, a class or the grace ends, an event) every amount is constant or grows evenly with
//! the days ([`Growth`]): half up of (start + step × days) / den. What does not (30/360, ACT/ACT, numbers beyond 64 bits) says that it
//! holds for its one day only, and is reckoned by [`super::life`] each day. A database computes the same with its own integers.

use serde::{Deserialize, Serialize};

use super::allocation::{Amounts, Component};
use super::life::{Income, Life, NON_ACCRUAL, State};
use super::overdue::{Class, GraceMode};
use super::{DayCount, InterestMode, LoanError, minus, plus, product, sum};
use crate::{BusinessDate, Fraction, Money, Rate};

/// An amount that grows evenly: (start + step × days since `from`) / den, half up. `den` is even and positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Growth {
    /// The day it begins on, which counts.
    pub from: BusinessDate,
    /// What it begins with, in parts of a fen.
    pub start: i64,
    /// What each day adds.
    pub step: i64,
    /// How many parts a fen has.
    pub den: i64,
}

impl Growth {
    /// Nothing, for ever.
    pub const fn none(from: BusinessDate) -> Growth {
        Growth { from, start: 0, step: 0, den: 2 }
    }

    /// A share of an amount that is `daily` for each day, after `before`; nothing if 64 bits do not hold it for a century.
    fn of(from: BusinessDate, amount: Money, before: Fraction, daily: Fraction) -> Option<Growth> {
        let (before, daily) = (before.reduced(), daily.reduced());
        let common = before.denominator().checked_mul(daily.denominator())?.checked_mul(2)?;
        let fen = i128::from(amount.fen());
        let start = fen.checked_mul(before.numerator())?.checked_mul(daily.denominator())?.checked_mul(2)?;
        let step = fen.checked_mul(daily.numerator())?.checked_mul(before.denominator())?.checked_mul(2)?;
        let most = step.checked_mul(36_600)?.checked_add(start)?.checked_add(common)?;
        i64::try_from(most).ok()?;
        Some(Growth {
            from,
            start: i64::try_from(start).ok()?,
            step: i64::try_from(step).ok()?,
            den: i64::try_from(common).ok()?,
        })
    }

    /// What it has grown to.
    #[inline]
    pub fn to(&self, day: BusinessDate) -> Option<Money> {
        let days = self.from.days_to(day).max(0);
        let parts = self.step.checked_mul(days)?.checked_add(self.start)?.checked_add(self.den / 2)?;
        Some(Money::from_fen(parts / self.den))
    }
}

/// An instalment that is due and not wholly paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// When it was due.
    pub due: BusinessDate,
    /// Penalty, beyond what was written down before.
    pub penalty: Growth,
    /// Compound interest, likewise.
    pub compound: Growth,
}

/// A loan between two changes. What the amounts are called is what [`State`] calls them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reckoning {
    /// The first day it holds.
    pub as_of: BusinessDate,
    /// The first day it does not; none if nothing changes any more.
    pub until: Option<BusinessDate>,
    /// Its class, all the while.
    pub class: Class,
    /// Whether interest is income before it is paid.
    pub accruing: bool,
    /// Principal not yet due.
    pub undue: Money,
    /// Principal due.
    pub due_principal: Money,
    /// Since when the oldest instalment waits.
    pub late_since: Option<BusinessDate>,
    /// Credit of the borrower.
    pub credit: Money,
    /// Earned before the period under way; penalties as they were written down.
    pub earned: [Money; 3],
    /// Outstanding of that.
    pub outstanding: [Money; 3],
    /// Interest of the period under way.
    pub interest: Growth,
    /// What is late, the oldest first; last what 挪用 costs until the next instalment falls due.
    pub late: Vec<Late>,
}

/// What the books show of a loan: balances, and income so far (facts: lending 6). What is not accruing is income only when it is
/// paid, and stands beside the balance sheet until then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// 未到期本金.
    pub undue: Money,
    /// 到期未还本金.
    pub due: Money,
    /// 应收利息, 应收罚息, 应收复利.
    pub receivable: [Money; 3],
    /// 表外应收.
    pub off_balance: Money,
    /// Income so far of each.
    pub income: [Money; 3],
    /// 溢缴款.
    pub credit: Money,
}

impl Books {
    fn new(
        principal: (Money, Money),
        accruing: bool,
        earned: [Money; 3],
        outstanding: [Money; 3],
        credit: Money,
    ) -> Result<Books, LoanError> {
        let (undue, due) = principal;
        if accruing {
            let off_balance = Money::ZERO;
            return Ok(Books { undue, due, receivable: outstanding, off_balance, income: earned, credit });
        }
        let mut income = earned;
        for (income, outstanding) in income.iter_mut().zip(outstanding) {
            *income = minus(*income, outstanding)?;
        }
        Ok(Books { undue, due, receivable: Default::default(), off_balance: sum(outstanding)?, income, credit })
    }

    /// Principal, due or not.
    pub fn principal(&self) -> Result<Money, LoanError> {
        plus(self.undue, self.due)
    }
}

fn three(of: &Income) -> [Money; 3] {
    [of.interest, of.penalty, of.compound]
}

impl State {
    /// What the books show of it.
    pub fn books(&self) -> Result<Books, LoanError> {
        let principal = (self.undue, self.due[Component::Principal]);
        Books::new(principal, self.accruing, three(&self.earned), three(&self.outstanding()?), self.credit)
    }
}

impl Reckoning {
    /// Of a loan that was replayed to the end of `as_of`.
    pub fn of(life: &Life<'_>, as_of: BusinessDate) -> Result<Reckoning, LoanError> {
        let state = life.state(as_of)?;
        let grace = life.contract.grace;
        let mut until = None;
        let mut changes = |day: BusinessDate| {
            if day > as_of {
                until = Some(until.map_or(day, |first: BusinessDate| first.min(day)));
            }
        };
        let later = |day: BusinessDate, days: i64| day.after_days(days).ok_or(LoanError::DateOutOfRange);
        let to = |growth: &Growth| growth.to(as_of).ok_or(LoanError::TooLarge);
        let mut plain = true;

        let mut interest = Growth::none(as_of);
        if let Some((period, _)) = life.under_way() {
            changes(period.due);
            match life.growth() {
                Some(growth) => interest = growth,
                None => plain = false,
            }
        }
        let mut late = Vec::with_capacity(life.arrears.len());
        let penalty = life.penalty(as_of)?;
        let linear = base(penalty.day_count);
        let mut written: Amounts = state.due;
        (written[Component::Penalty], written[Component::Compound]) = (Money::ZERO, Money::ZERO);
        let mut earned = state.earned;
        for one in &life.arrears {
            if life.has_ended() {
                written[Component::Penalty] = plus(written[Component::Penalty], one.owed[Component::Penalty])?;
                written[Component::Compound] = plus(written[Component::Compound], one.owed[Component::Compound])?;
                continue;
            }
            for days in [1, NON_ACCRUAL + 1, 271, 361, i64::from(grace.days) + 1] {
                changes(later(one.due, days)?);
            }
            let none = Growth::none(one.since);
            let mut entry = Late { due: one.due, penalty: none, compound: none };
            written[Component::Penalty] = plus(written[Component::Penalty], one.owed[Component::Penalty])?;
            written[Component::Compound] = plus(written[Component::Compound], one.owed[Component::Compound])?;
            let charged = grace.charged_from(one.due, as_of)?;
            if let (Some(from), Some(base), true) = (charged, linear, one.bears()) {
                let (kept_penalty, kept_compound) = one.kept(grace.mode);
                written[Component::Penalty] = plus(written[Component::Penalty], kept_penalty)?;
                written[Component::Compound] = plus(written[Component::Compound], kept_compound)?;
                let since = one.since.max(from);
                let a_day = product(penalty.a_year()?, Fraction::parts(1, base))?;
                let grown = |amount| Growth::of(since, amount, Fraction::ZERO, a_day);
                match (grown(one.owed[Component::Principal]), grown(one.owed[Component::Interest])) {
                    (Some(principal), Some(interest)) => {
                        entry.penalty = principal;
                        entry.compound = if penalty.compound { interest } else { none };
                    }
                    _ => plain = false,
                }
            } else if charged.is_some() && one.bears() {
                plain = false;
            }
            late.push(entry);
        }
        if let Some((period, _)) = life.under_way().filter(|_| !life.has_ended()) {
            written[Component::Penalty] = plus(written[Component::Penalty], life.misuse.carried)?;
            if life.misuse.is_any() {
                match life.misuse_growth(as_of)? {
                    Some(penalty) => late.push(Late { due: period.due, penalty, compound: Growth::none(penalty.from) }),
                    None => plain = false,
                }
            }
        }
        if !plain {
            // Everything is as it stands this evening.
            (interest, late) = (Growth::none(as_of), Vec::new());
            until = Some(as_of.next());
            written = state.due;
            written[Component::Interest] = plus(written[Component::Interest], state.accrued)?;
            written[Component::Penalty] = plus(written[Component::Penalty], state.misuse_penalty)?;
        } else {
            let grown = |pick: fn(&Late) -> &Growth| -> Result<Money, LoanError> {
                late.iter().try_fold(Money::ZERO, |total, one| plus(total, to(pick(one))?))
            };
            earned.interest = minus(earned.interest, to(&interest)?)?;
            earned.penalty = minus(earned.penalty, grown(|one| &one.penalty)?)?;
            earned.compound = minus(earned.compound, grown(|one| &one.compound)?)?;
            written[Component::Interest] = plus(written[Component::Interest], life.carried)?;
        }
        Ok(Reckoning {
            as_of,
            until,
            class: state.class,
            accruing: state.accruing,
            undue: state.undue,
            due_principal: state.due[Component::Principal],
            late_since: life.late_since(),
            credit: state.credit,
            earned: three(&earned),
            outstanding: [Component::Interest, Component::Penalty, Component::Compound].map(|one| written[one]),
            interest,
            late,
        })
    }

    /// Whether it says what the loan comes to on a day.
    pub fn holds(&self, day: BusinessDate) -> bool {
        day >= self.as_of && self.until.is_none_or(|until| day < until)
    }

    /// What the books show at the end of a day on which it holds.
    pub fn books(&self, day: BusinessDate) -> Result<Books, LoanError> {
        let to = |growth: &Growth| growth.to(day).ok_or(LoanError::TooLarge);
        let mut grown = [to(&self.interest)?, Money::ZERO, Money::ZERO];
        for one in &self.late {
            grown[1] = plus(grown[1], to(&one.penalty)?)?;
            grown[2] = plus(grown[2], to(&one.compound)?)?;
        }
        let (mut earned, mut outstanding) = (self.earned, self.outstanding);
        for (at, grown) in grown.into_iter().enumerate() {
            earned[at] = plus(earned[at], grown)?;
            outstanding[at] = plus(outstanding[at], grown)?;
        }
        Books::new((self.undue, self.due_principal), self.accruing, earned, outstanding, self.credit)
    }

    /// How late the oldest instalment is at the end of a day.
    pub fn days_past_due(&self, day: BusinessDate) -> i64 {
        self.late_since.map_or(0, |due| super::overdue::days_past_due(due, day))
    }
}

/// How many days its year has, if a day is always the same part of one.
fn base(day_count: DayCount) -> Option<i128> {
    match day_count {
        DayCount::Actual360 => Some(360),
        DayCount::Actual365 => Some(365),
        DayCount::ActualActual | DayCount::Thirty360 | DayCount::ThirtyE360 => None,
    }
}

impl super::life::Arrear {
    /// What the grace days have held back and no longer do.
    fn kept(&self, mode: GraceMode) -> (Money, Money) {
        match mode {
            GraceMode::Retroactive => self.latent,
            GraceMode::Excluded => (Money::ZERO, Money::ZERO),
        }
    }
}

impl Life<'_> {
    /// How interest of the period under way grows; nothing if not evenly.
    fn growth(&self) -> Option<Growth> {
        let (period, row) = self.under_way()?;
        let whole = Fraction::parts(1, 1);
        if self.contract.terms.interest_mode == InterestMode::Monthly {
            let days = Fraction::parts(1, period.from.days_to(period.due).into());
            return Growth::of(period.from, row.interest, Fraction::ZERO, whole.times(days)?);
        }
        let base = base(self.contract.terms.day_count)?;
        let a_day = |rate: Rate| rate.fraction().times(Fraction::parts(1, base));
        let bearing = self.pace().ok()?.course.bearing(row.opening);
        // The rates within the period: what the earlier ones came to, and the last one from its day on.
        let within = self.rates.iter().filter(|change| change.effective_on > period.from);
        let mut rate = self.rate_on(period.from);
        let (mut from, mut before) = (period.from, Fraction::ZERO);
        for change in within {
            let days = Fraction::parts(from.days_to(change.effective_on).into(), 1);
            before = before.plus(a_day(rate)?.times(days)?)?;
            (from, rate) = (change.effective_on, change.annual_rate);
        }
        Growth::of(from, bearing, before, a_day(rate)?)
    }

    /// How what 挪用 costs grows until the next instalment falls due; nothing if not evenly.
    fn misuse_growth(&self, as_of: BusinessDate) -> Result<Option<Growth>, LoanError> {
        let Some(base) = base(self.contract.terms.day_count) else { return Ok(None) };
        let a_day = product(self.misuse_a_year(as_of)?, Fraction::parts(1, base))?;
        Ok(Growth::of(self.misuse.since, self.undue(), Fraction::ZERO, a_day))
    }
}
