//! What the banks of the invented year book and send: each loan's facts by the arithmetic of its contract, gathered into files. A few
//! lines say something else on purpose.

use std::collections::BTreeMap;

use domain::bank_file::{BankFile, Detail, Kind, Pace, Position, Total};
use domain::lending::RepaymentMethod;
use domain::loan::LoanError;
use domain::loan::allocation::{Amounts, Component};
use domain::loan::life::{Contract, Event, Life, Split, State, What};
use domain::loan::overdue::Class;
use domain::loan::prepayment::Mode;
use domain::{BusinessDate, Fraction, LoanEventId, Money, Timestamp};
use uuid::Uuid;

use super::chance::Seed;
use super::loans::{Fate, Habit, Loan, Loans, MISUSED, Plant};

/// A loan as its bank keeps it.
struct Kept<'a> {
    loan: &'a Loan,
    contract: Contract,
    events: Vec<Event>,
    details: Vec<Detail>,
    until: BusinessDate,
}

impl Kept<'_> {
    fn state(&self, on: BusinessDate) -> Result<State, LoanError> {
        Life::replay(&self.contract, &self.events, on)?.1.state(on)
    }

    /// Lets something happen and writes the line that tells it; nothing after the last file.
    fn take(&mut self, on: BusinessDate, kind: Kind, what: What) -> Result<(), LoanError> {
        if on > self.until {
            return Ok(());
        }
        let number = self.details.len();
        let id = LoanEventId::from(Uuid::from_u128(1 + number as u128));
        let mut events = self.events.clone();
        events.push(Event { id, on, what });
        let (outcomes, _) = Life::replay(&self.contract, &events, on)?;
        let mut split = outcomes.iter().find(|one| one.id == id).map(|one| one.taken).unwrap_or_default();
        if let What::Compensation(amount) | What::Recovery(amount) = what {
            split.amounts[Component::Principal] = amount;
        }
        let second = number == 2;
        if second {
            shift(&mut split.amounts, self.loan.plant);
        }
        let booked = match what {
            What::Repayment { amount, .. } => What::Repayment { amount, booked: Some(split) },
            What::Prepayment { mode, principal, .. } => What::Prepayment { mode, principal, booked: Some(split) },
            other => other,
        };
        self.events.push(Event { id, on, what: booked });
        let state = self.state(on)?;
        let (mut balance, mut class) = (state.principal()?, state.class);
        match self.loan.plant.filter(|_| second) {
            Some(Plant::Balance) => balance = Money::from_fen(balance.fen() - 10_000),
            Some(Plant::Class) => class = Class::SpecialMention,
            _ => {}
        }
        self.details.push(self.line(kind, on, split.total()?, split, balance, class));
        Ok(())
    }

    fn line(&self, kind: Kind, on: BusinessDate, amount: Money, split: Split, balance: Money, class: Class) -> Detail {
        let serial = format!("{}-{:03}", self.loan.number, self.details.len() + 1);
        let contract = self.loan.number.clone();
        Detail { line: 0, contract, serial, kind, on, amount, split, balance, class, reverses: None }
    }

    /// The borrower pays everything that is due.
    fn pay(&mut self, on: BusinessDate) -> Result<(), LoanError> {
        let amount = self.state(on)?.due.total()?;
        if amount.is_positive() {
            self.take(on, Kind::Repayment, What::Repayment { amount, booked: None })?;
        }
        Ok(())
    }

    /// The whole story of a habit.
    fn live(&mut self, habit: Habit) -> Result<(), LoanError> {
        let rows = self.state(self.loan.on)?.rows;
        for (number, row) in (1usize..).zip(&rows) {
            let later = |days: i64| row.due.after_days(days).ok_or(LoanError::DateOutOfRange);
            match habit {
                Habit::Slow(days) if number % 3 == 0 => self.pay(later(days)?)?,
                Habit::Stops(paid) if number > paid => return Ok(()),
                Habit::ComesBack(left_out) if (2..2 + left_out).contains(&number) => {}
                Habit::Compensated | Habit::WrittenOff if number == 3 => return self.lose(row.due, habit),
                Habit::PaysOff(paid) if number == paid => {
                    self.pay(row.due)?;
                    let mode = Mode::Full;
                    let what = What::Prepayment { mode, principal: None, booked: None };
                    return self.take(row.due, Kind::Prepayment(mode), what);
                }
                Habit::PaysSome(mode) if number == 2 => {
                    self.pay(row.due)?;
                    let third = part(1, 3, self.state(row.due)?.principal()?);
                    let what = What::Prepayment { mode, principal: third, booked: None };
                    self.take(row.due, Kind::Prepayment(mode), what)?;
                }
                _ => self.pay(row.due)?,
            }
        }
        Ok(())
    }

    /// The pool pays six tenths a hundred days after the first instalment that was never paid; later a little comes back, or the
    /// rest is given up.
    fn lose(&mut self, due: BusinessDate, habit: Habit) -> Result<(), LoanError> {
        let later = |days: i64| due.after_days(days).ok_or(LoanError::DateOutOfRange);
        let owed = self.state(later(100)?)?.principal()?;
        let share = part(6, 10, owed).ok_or(LoanError::TooLarge)?;
        self.take(later(100)?, Kind::Compensation, What::Compensation(share))?;
        if habit == Habit::WrittenOff {
            self.take(later(130)?, Kind::WriteOff, What::WriteOff)?;
        }
        self.take(later(150)?, Kind::Recovery, What::Recovery(Money::from_fen(50_000)))
    }
}

fn part(of: i128, all: i128, amount: Money) -> Option<Money> {
    Fraction::new(of, all)?.of(amount)
}

/// What the plant changes of a split, if it is one of the split.
fn shift(amounts: &mut Amounts, plant: Option<Plant>) {
    let fen = match plant {
        Some(Plant::Fen) => 1,
        Some(Plant::Split) => 500,
        _ => return,
    };
    let moved = |amount: Money, fen: i64| Money::from_fen(amount.fen() + fen);
    amounts[Component::Interest] = moved(amounts[Component::Interest], fen);
    amounts[Component::Principal] = moved(amounts[Component::Principal], -fen);
}

fn kept<'a>(plan: &'a Loans, at: usize, until: BusinessDate) -> Result<Option<Kept<'a>>, LoanError> {
    let loan = &plan.loans[at];
    let Fate::Runs(habit) = loan.fate else { return Ok(None) };
    if loan.on > until {
        return Ok(None);
    }
    let contract = plan.products[loan.product].contract(loan)?;
    let replaced = plan.replaced_on(at);
    let last = replaced.map_or(until, |on| on.previous().min(until));
    let mut kept = Kept { loan, contract, events: Vec::new(), details: Vec::new(), until: last };
    if loan.changes.is_some_and(|(_, kind)| kind == "extension") {
        let what = What::Judgement(Some(Class::SpecialMention));
        kept.events.push(Event { id: Uuid::nil().into(), on: loan.on, what });
    }
    // The bank and we have written down alike what a visit found; its file has no line for it.
    for (number, on) in (1..).zip(loan.misused.into_iter().flatten()) {
        let what = if number == 1 { What::Misuse(Some(MISUSED.2)) } else { What::MisuseMended };
        kept.events.push(Event { id: Uuid::from_u128(u128::MAX - number).into(), on, what });
    }
    let class = kept.state(loan.on)?.class;
    let payout = kept.line(Kind::Payout, loan.on, loan.amount, Split::default(), loan.amount, class);
    kept.details.push(payout);
    kept.live(if habit == Habit::Changed { Habit::Punctual } else { habit })?;
    if let Some(on) = replaced {
        // The interest to the day is due with it, and is paid.
        kept.events.push(Event { id: Uuid::max().into(), on, what: What::Replaced(None) });
        kept.until = until;
        kept.pay(on)?;
    }
    debug_assert!(loan.method != RepaymentMethod::Bullet);
    Ok(Some(kept))
}

/// Where loans stand at the end of a day.
fn positions(all: &[Kept<'_>], day: BusinessDate) -> Result<Vec<Position>, LoanError> {
    let mut positions = Vec::new();
    for one in all.iter().filter(|one| one.loan.on <= day) {
        let state = one.state(day)?;
        if state.end.is_none() {
            let (balance, arrears) = (state.principal()?, state.due.total()?);
            positions.push(Position {
                line: 0,
                contract: one.loan.number.clone(),
                balance,
                arrears,
                class: state.class,
            });
        }
    }
    Ok(positions)
}

/// The files of a bank until the last day of the world but one, in their order. One that sends every day sends when there is something
/// to tell; the other at the end of each month, and a summary of September.
pub(super) fn files(plan: &Loans, seed: Seed, bank: usize, opens: &[Timestamp]) -> Result<Vec<BankFile>, LoanError> {
    let until = BusinessDate::of(opens[opens.len() - 1]).previous();
    let mut all = Vec::new();
    for (at, loan) in plan.loans.iter().enumerate() {
        if plan.products[loan.product].bank == bank {
            all.extend(kept(plan, at, until)?);
        }
    }
    let daily = plan.banks[bank].pace == "daily";
    let month_end = |day: BusinessDate| day.day_of_month_after(0, 31).unwrap_or(day);
    let mut days: BTreeMap<BusinessDate, Vec<Detail>> = BTreeMap::new();
    for detail in all.iter().flat_map(|one| &one.details) {
        let day = if daily { detail.on } else { month_end(detail.on) };
        days.entry(day).or_default().push(detail.clone());
        days.entry(month_end(detail.on)).or_default();
    }
    days.retain(|day, _| *day <= until);
    if daily {
        plant(&mut days, &all, seed);
    }
    let mut files = Vec::new();
    for (day, mut details) in days {
        details.sort_by(|a, b| (a.on, &a.serial).cmp(&(b.on, &b.serial)));
        let pace = if daily { Pace::Daily } else { Pace::Monthly };
        let positions = if day == month_end(day) { positions(&all, day)? } else { Vec::new() };
        let sequence = files.len() as u64 + 1;
        let code = plan.banks[bank].code.clone();
        files.push(BankFile { bank: code.clone(), day, pace, sequence, details, positions, totals: Vec::new() });
        if !daily && day.month() == 9 {
            let (sequence, totals) = (sequence + 1, totals(&all, day)?);
            let (details, positions) = (Vec::new(), Vec::new());
            files.push(BankFile { bank: code, day, pace: Pace::Summary, sequence, details, positions, totals });
        }
    }
    Ok(files)
}

/// What all of them add up to by class; of one class the bank counts a loan too many.
fn totals(all: &[Kept<'_>], day: BusinessDate) -> Result<Vec<Total>, LoanError> {
    let mut sums: BTreeMap<Class, (u64, i64, i64)> = BTreeMap::new();
    for one in all.iter().filter(|one| one.loan.on <= day) {
        let state = one.state(day)?;
        if state.end.is_none() {
            let sum = sums.entry(state.class).or_default();
            *sum = (sum.0 + 1, sum.1 + state.principal()?.fen(), sum.2 + state.due.total()?.fen());
        }
    }
    if let Some(sum) = sums.get_mut(&Class::Normal) {
        sum.0 += 1;
    }
    let (yuan, total) =
        (Money::from_fen, |class, count, balance, arrears| Total { line: 0, class, count, balance, arrears });
    Ok(sums.into_iter().map(|(class, (count, fen, late))| total(class, count, yuan(fen), yuan(late))).collect())
}

/// A line of a contract nobody knows, and a payment that is told twice.
fn plant(days: &mut BTreeMap<BusinessDate, Vec<Detail>>, all: &[Kept<'_>], seed: Seed) {
    let twice = all.iter().find(|one| one.loan.plant == Some(Plant::Twice)).and_then(|one| one.details.get(1));
    let mut later = days.keys().copied().filter(|day| twice.is_some_and(|twice| *day > twice.on));
    if let (Some(twice), Some(day)) = (twice.cloned(), later.next()) {
        days.entry(day).or_default().push(twice);
    }
    let places = days.len() as u64;
    let place = usize::try_from(places / 2 + seed.dice("stranger", 0).below(places / 4)).unwrap_or_default();
    if let Some((day, details)) = days.iter_mut().nth(place) {
        let mut split = Split::default();
        split.amounts[Component::Principal] = Money::from_fen(100_000);
        details.push(Detail {
            line: 0,
            contract: "QND-2026-9999".to_owned(),
            serial: "QND-2026-9999-001".to_owned(),
            kind: Kind::Repayment,
            on: *day,
            amount: Money::from_fen(100_000),
            split,
            balance: Money::from_fen(4_900_000),
            class: Class::Normal,
            reverses: None,
        });
    }
}
