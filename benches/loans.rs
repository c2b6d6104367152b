//! Loans in memory: the close of a day for a million of them, tables, quotes and payoffs.
//!
//! In one run: accrual, penalty and class of a million loans by `domain::loan`, and the same whole-number arithmetic written out over
//! plain arrays of one day count with nothing checked, which is as fast as this machine divides. Then tables a second, and quote
//! and payoff of a loan of 24 months early and late in its life. The aims are in docs/performance.md.
//!
//! `cargo bench --bench loans`
#![allow(clippy::float_arithmetic, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints ratios")]
#![allow(missing_docs, reason = "a program")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use domain::loan::close::{Late, Position};
use domain::loan::cost::{self, Flow};
use domain::loan::overdue::{Class, Penalty};
use domain::loan::prepayment::{Mode, Prepayment};
use domain::loan::{DayCount, DueDays, InterestMode, Method, Repayment, Schedule, Terms};
use domain::{BusinessDate, Money, Rate};

const LOANS: usize = 1_000_000;
const RUNS: usize = 7;

/// A loan of the portfolio, the one form for both: every twentieth is late.
struct Numbers {
    balance_fen: i64,
    rate_points: i64,
    bearing_days: i64,
    late_days: i64,
    late_fen: i64,
    late_interest_fen: i64,
}

fn portfolio() -> Vec<Numbers> {
    let mut state = 20_260_115u64;
    let mut next = |below: i64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as i64) % below
    };
    let one = |_| {
        let late = next(20) == 0;
        let if_late = |number: i64| if late { number } else { 0 };
        Numbers {
            balance_fen: 100_000 + next(30_000_000),
            rate_points: 300 + next(300),
            bearing_days: 1 + next(31),
            late_days: if_late(1 + next(400)),
            late_fen: if_late(50_000 + next(1_000_000)),
            late_interest_fen: if_late(100 + next(50_000)),
        }
    };
    (0..LOANS).map(one).collect()
}

fn positions(portfolio: &[Numbers], day: BusinessDate) -> Vec<Position> {
    let one = |one: &Numbers| {
        let annual_rate: Rate = format!("0.{:04}", one.rate_points).parse().unwrap();
        let due = day.after_days(-one.late_days).unwrap();
        let late = Late {
            due,
            reckoned_to: due,
            principal: Money::from_fen(one.late_fen),
            interest: Money::from_fen(one.late_interest_fen),
        };
        Position {
            balance: Money::from_fen(one.balance_fen),
            bearing_since: day.after_days(-one.bearing_days).unwrap(),
            annual_rate,
            day_count: DayCount::Actual360,
            penalty: Penalty {
                annual_rate,
                multiplier: "1.5".parse().unwrap(),
                compound: true,
                day_count: DayCount::Actual360,
            },
            late: if one.late_days > 0 { vec![late] } else { Vec::new() },
        }
    };
    portfolio.iter().map(one).collect()
}

/// The fastest of some runs, and what it came to.
fn fastest<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut best: Option<(Duration, T)> = None;
    for _ in 0..RUNS {
        let begun = Instant::now();
        let result = black_box(work());
        let took = begun.elapsed();
        if best.as_ref().is_none_or(|(least, _)| took < *least) {
            best = Some((took, result));
        }
    }
    best.unwrap()
}

type Sums = (i64, i64, i64, [usize; 5]);

fn ours(positions: &[Position], day: BusinessDate) -> Sums {
    let mut sums = Sums::default();
    for position in positions {
        let close = position.close(day).unwrap();
        sums.0 += close.interest.fen();
        sums.1 += close.penalty.fen();
        sums.2 += close.compound.fen();
        sums.3[close.class as usize] += 1;
    }
    sums
}

/// Columns, as a vectorised engine holds them.
struct Columns {
    balance: Vec<i64>,
    rate: Vec<i64>,
    bearing: Vec<i64>,
    late: Vec<i64>,
    principal: Vec<i64>,
    interest: Vec<i64>,
}

fn columns(portfolio: &[Numbers]) -> Columns {
    let column = |of: fn(&Numbers) -> i64| portfolio.iter().map(of).collect();
    Columns {
        balance: column(|one| one.balance_fen),
        rate: column(|one| one.rate_points),
        bearing: column(|one| one.bearing_days),
        late: column(|one| one.late_days),
        principal: column(|one| one.late_fen),
        interest: column(|one| one.late_interest_fen),
    }
}

/// The same numbers a column at a time: half up of amount × points × days over 10 000 × 360, this day less the day before.
fn reference(columns: &Columns) -> Sums {
    let difference = |amount: &[i64], days: &[i64], under: i64, times: i64| -> Vec<i64> {
        let rows = amount.iter().zip(&columns.rate).zip(days);
        let half_up = |top: i64| (2 * top + under) / (2 * under);
        let one = |((amount, rate), days): ((&i64, &i64), &i64)| {
            let a_day = amount * rate * times;
            half_up(a_day * days) - half_up(a_day * (days - 1).max(0))
        };
        rows.map(one).collect()
    };
    let interest = difference(&columns.balance, &columns.bearing, 3_600_000, 1);
    // Times 1.5.
    let penalty = difference(&columns.principal, &columns.late, 7_200_000, 3);
    let compound = difference(&columns.interest, &columns.late, 7_200_000, 3);
    let class: Vec<u8> = columns.late.iter().map(|days| Class::of(*days) as u8).collect();
    let mut counts = [0; 5];
    class.iter().for_each(|class| counts[*class as usize] += 1);
    (interest.iter().sum(), penalty.iter().sum(), compound.iter().sum(), counts)
}

fn terms(method: Method, term: u32) -> Terms {
    Terms {
        principal: Money::from_fen(20_000_000),
        annual_rate: "0.0435".parse().unwrap(),
        disbursed_on: BusinessDate::new(2025, 1, 10).unwrap(),
        interest_mode: InterestMode::Daily,
        day_count: DayCount::Actual360,
        repayment: Repayment::Instalments {
            method,
            due: DueDays { first_due_on: BusinessDate::new(2025, 2, 10).unwrap(), due_day: 10, term },
            odd_first_period: false,
        },
    }
}

/// What a stranger is shown: the table, and the annual cost by days and by months.
fn quote(terms: &Terms) -> Schedule {
    let schedule = Schedule::of(terms).unwrap();
    let back = schedule.instalments.iter().map(|row| Flow { on: row.due, amount: row.total.checked_neg().unwrap() });
    let flows: Vec<Flow> = [Flow { on: terms.disbursed_on, amount: terms.principal }].into_iter().chain(back).collect();
    black_box((cost::xirr(&flows).unwrap(), cost::monthly(&flows).unwrap()));
    schedule
}

/// How long one of many takes.
fn each<T>(count: u32, mut work: impl FnMut() -> T) -> Duration {
    fastest(|| (0..count).for_each(|_| drop(black_box(work())))).0 / count
}

fn main() {
    let day = BusinessDate::new(2026, 11, 24).unwrap();
    let portfolio = portfolio();
    let (positions, columns) = (positions(&portfolio, day), columns(&portfolio));
    let (ours, booked) = fastest(|| ours(&positions, day));
    let (reference, expected) = fastest(|| reference(&columns));
    assert_eq!(booked, expected, "both book the same to the fen");
    let ms = |took: Duration| took.as_secs_f64() * 1e3;
    println!("close of a day, {LOANS} loans in memory: accrual, penalty, compound interest, class");
    println!("  domain::loan, loan by loan                     {:>8.1} ms", ms(ours));
    println!("  the same numbers over plain columns            {:>8.1} ms", ms(reference));
    println!("    {:.2} × the columns", ms(ours) / ms(reference));

    println!("tables");
    for (method, name) in [(Method::LevelInstalment, "level instalment"), (Method::EqualPrincipal, "equal principal")] {
        for term in [24, 360] {
            let terms = terms(method, term);
            let took = each(if term > 100 { 200 } else { 5_000 }, || Schedule::of(&terms).unwrap());
            println!("  {name:<18} {term:>3} months, by days       {:>8.0} /s", 1.0 / took.as_secs_f64());
        }
    }

    let loan = terms(Method::LevelInstalment, 24);
    println!("one loan of 24 months, by days");
    println!("  quote, with the annual cost twice              {:>8.3} ms", ms(each(200, || quote(&loan))));
    for age in [1u32, 23] {
        let on = BusinessDate::new(2025, 2, 10).unwrap().day_of_month_after(age - 1, 20).unwrap();
        let payoff = Prepayment { paid_instalments: age, on, mode: Mode::Full, amount: None, fee_rate: Rate::ZERO };
        println!(
            "  payoff at age {age:>2}                               {:>8.3} ms",
            ms(each(2_000, || payoff.of(&loan).unwrap()))
        );
    }
}
