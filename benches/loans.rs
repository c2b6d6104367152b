//! Loans in memory: the close of a day for a million of them, tables, quotes and payoffs.
//!
//! In one run: accrual, penalty and class of a million loans by `domain::loan`, and the same whole-number arithmetic written out over
//! plain arrays of one day count with nothing checked, which is as fast as this machine divides; and the same once more from what
//! servicing keeps of each loan, `domain::loan::reckoning::Growth`. Then tables a second, and quote and payoff of a loan of 24 months
//! early and late in its life. Then the persisted day: a programme of a million loans on SQLite, of which every thirtieth has an
//! instalment falling due and every twentieth is late, closed as the job closes it; beside it one statement that writes every
//! loan once. The aims are in docs/performance.md.
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
use domain::loan::reckoning::Growth;
use domain::loan::{DayCount, DueDays, InterestMode, Method, Repayment, Schedule, Terms};
use domain::{BusinessDate, Fraction, Money, Rate};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
                multiplier: Fraction::new(3, 2).unwrap(),
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

/// What servicing keeps of each loan, as the close of a day reads it.
struct Kept {
    interest: Vec<Growth>,
    penalty: Vec<Growth>,
    compound: Vec<Growth>,
    late_since: Vec<Option<BusinessDate>>,
}

fn kept(portfolio: &[Numbers], day: BusinessDate) -> Kept {
    // amount × points × days over 10 000 × 360, times 1.5 for what is late; twice both, so that the half is whole.
    let growth = |days: i64, fen: i64, points: i64, times: i64, under: i64| Growth {
        from: day.after_days(-days).unwrap(),
        start: 0,
        step: 2 * fen * points * times,
        den: 2 * under,
    };
    let late: Vec<&Numbers> = portfolio.iter().filter(|one| one.late_days > 0).collect();
    let of_late = |fen: fn(&Numbers) -> i64| {
        late.iter().map(|one| growth(one.late_days, fen(one), one.rate_points, 3, 7_200_000)).collect()
    };
    Kept {
        interest: portfolio
            .iter()
            .map(|one| growth(one.bearing_days, one.balance_fen, one.rate_points, 1, 3_600_000))
            .collect(),
        penalty: of_late(|one| one.late_fen),
        compound: of_late(|one| one.late_interest_fen),
        late_since: portfolio
            .iter()
            .map(|one| (one.late_days > 0).then(|| day.after_days(-one.late_days).unwrap()))
            .collect(),
    }
}

fn from_kept(kept: &Kept, day: BusinessDate) -> Sums {
    let before = day.previous();
    let grown = |all: &[Growth]| -> i64 {
        all.iter().map(|one| one.to(day).unwrap().fen() - one.to(before).unwrap().fen()).sum()
    };
    let mut counts = [0; 5];
    for since in &kept.late_since {
        counts[Class::of(since.map_or(0, |since| since.days_to(day))) as usize] += 1;
    }
    (grown(&kept.interest), grown(&kept.penalty), grown(&kept.compound), counts)
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
    let (positions, columns, kept) = (positions(&portfolio, day), columns(&portfolio), kept(&portfolio, day));
    let (ours, booked) = fastest(|| ours(&positions, day));
    let (reference, expected) = fastest(|| reference(&columns));
    let (from_kept, again) = fastest(|| from_kept(&kept, day));
    assert_eq!(booked, expected, "both book the same to the fen");
    assert_eq!(again, expected, "and so does what servicing keeps");
    let ms = |took: Duration| took.as_secs_f64() * 1e3;
    println!("close of a day, {LOANS} loans in memory: accrual, penalty, compound interest, class");
    println!("  domain::loan, loan by loan                     {:>8.1} ms", ms(ours));
    println!("  the same numbers over plain columns            {:>8.1} ms", ms(reference));
    println!("    {:.2} × the columns", ms(ours) / ms(reference));
    println!("  what servicing keeps of each loan              {:>8.1} ms", ms(from_kept));
    println!("    {:.2} × the columns", ms(from_kept) / ms(reference));

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
    persisted::run();
}

/// The persisted day.
mod persisted {
    use app::servicing::Servicing;
    use domain::{BookId, BusinessDate, Clock, LoanContractId, LoanProgrammeId, Money};
    use entity::{Db, loan_contract};
    use lending::servicing::close;
    use lending::servicing::loan::Fact;
    use lending::servicing::{self, NewEvent};
    use migration::{Migrator, MigratorTrait};
    use sea_orm::{ConnectionTrait, EntityTrait, Statement};
    use std::time::Instant;

    /// Loans on which something changes: an instalment falls due.
    const CHANGED: usize = super::LOANS / 30;
    const BATCH: usize = 2_000;

    pub(super) fn run() {
        tokio::runtime::Runtime::new().unwrap().block_on(close_a_day());
    }

    async fn text(db: &Db, sql: &str) {
        db.migrations().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    async fn close_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::connect(&format!("sqlite://{}", dir.path().join("loans.db").display())).await.unwrap();
        Migrator::up(db.migrations(), None).await.unwrap();
        // The guards of an application's way have no part in a day's close.
        text(&db, "PRAGMA foreign_keys = OFF; DROP TRIGGER loan_contract_insert; DROP TRIGGER loan_programme_forwards")
            .await;
        let paid_out = BusinessDate::new(2026, 10, 24).unwrap();
        let day = BusinessDate::new(2026, 11, 24).unwrap();
        let clock = Clock::settable();
        clock.set(paid_out.start());
        let programme = LoanProgrammeId::new();
        let tx = db.begin().await.unwrap();
        let memo = ledger::NewBook {
            id: BookId::from(programme.uuid()),
            code: "loan".into(),
            name: "loans".into(),
            kind: ledger::BookKind::Memo,
            credit_code: None,
        };
        ledger::create_book(&tx, memo, clock.now()).await.unwrap();
        let sql = "INSERT INTO loan_programme (id, bank_id, book_id, name, pace, match_days, first_day, closed_through, created_us) \
                   VALUES ($1, $1, $1, 'loans', 'daily', 3, '2026-10-01', '2026-10-23', 0)";
        entity::execute(&tx, sql, [programme.into()]).await.unwrap();
        let sql = format!(
            "INSERT INTO loan_contract (id, number, application_id, donor_id, kind, renewal_count, bank_id, product_id, version, unit_path, \
             division, applicant, person_hmac, personal_sealed, principal_fen, payout_fen, outstanding_fen, annual_rate, lpr_tenor, lpr_on, \
             lpr_rate, spread_bp, repricing, method, interest_mode, day_count, odd_first_period, term, due_day, payout_on, first_due_on, \
             maturity_on, allocation, penalty_multiplier, misuse_multiplier, compound, grace_days, grace_mode, prepayment_fee_rate, \
             prepayment_fee_months, state, class, signed_on, author_id, created_us, changed_us) \
             WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {CHANGED}) \
             SELECT randomblob(16), 'C' || n, randomblob(16), $1, 'new', 0, $1, $1, 1, '', '130102', 'person', $1, $1, \
             1000000 + n * 700, 1000000 + n * 700, 0, '0.0435', 'one_year', '2026-10-01', '0.03', 135, 'fixed', 'equal_installment', 'daily', \
             'ACT/360', 0, 24, 24, '2026-10-24', '2026-11-24', '2028-10-24', $2, '1.5', '2', 1, 0, 'excluded', '0', 0, 'signed', 'normal', \
             '2026-10-20', $1, 0, 0 FROM n"
        );
        let rule = serde_json::to_string(&domain::lending::product::AllocationRule::usual()).unwrap();
        entity::execute(&tx, &sql, [programme.into(), rule.into()]).await.unwrap();
        tx.commit().await.unwrap();

        let contracts: Vec<(LoanContractId, Money)> = loan_contract::Entity::find()
            .all(db.read())
            .await
            .unwrap()
            .into_iter()
            .map(|row| (row.id, row.principal_fen))
            .collect();
        for batch in contracts.chunks(BATCH) {
            let tx = db.begin().await.unwrap();
            let row = close::locked(&tx, programme).await.unwrap();
            let payout = |(contract, principal): &(LoanContractId, Money)| NewEvent {
                id: uuid::Uuid::now_v7().into(),
                contract: *contract,
                on: paid_out,
                fact: Fact::Payout(*principal),
                told: None,
                reason: None,
                actor: "bench".into(),
            };
            let events: Vec<NewEvent> = batch.iter().map(payout).collect();
            servicing::record(&tx, clock.now(), &row, &events).await.map_err(|(_, error)| error).unwrap();
            tx.commit().await.unwrap();
        }
        // All others are like them, but nothing changes on them today; every twentieth has something late. Their first day is over.
        let columns = "as_of, class, accruing, undue_fen, due_fen, late_since, credit_fen, earned_interest_fen, earned_penalty_fen, \
                       earned_compound_fen, open_interest_fen, open_penalty_fen, open_compound_fen, interest_from, interest_start, \
                       interest_step, interest_den, compensated_fen, recovered_fen";
        text(&db, &format!(
            "INSERT INTO loan_standing (contract_id, programme_id, until_day, {columns}) \
             WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 29) \
             SELECT randomblob(16), programme_id, date('2026-11-24', '+' || n || ' days'), {columns} FROM loan_standing, n; \
             INSERT INTO loan_late (contract_id, line, programme_id, due_on, late_from, penalty_step, penalty_den, compound_step, compound_den) \
             SELECT contract_id, 0, programme_id, '2026-11-01', 20758, undue_fen / 24 * 2 * 435 * 15, 72000000, 90000 * 2 * 435, 72000000 \
             FROM loan_standing WHERE abs(random()) % 20 = 0 AND until_day > '2026-11-24'; \
             UPDATE loan_contract SET state = 'performing'; \
             UPDATE loan_programme SET closed_through = '2026-11-23'; ANALYZE; PRAGMA foreign_keys = ON"
        )).await;
        clock.set(day.next().start());

        let ahead = Instant::now();
        close::ahead(&db, programme, day, None, close::PIECE).await.unwrap();
        let ahead = ahead.elapsed();
        let rest = Instant::now();
        close::rest(&db, programme, day).await.unwrap();
        let rest = rest.elapsed();
        let servicing = Servicing::new(db.clone(), clock.clone());
        let begun = Instant::now();
        let row = servicing.close_day(programme, day, close::PIECE).await.unwrap();
        let took = begun.elapsed();
        assert_eq!((row.loans as u64 + 40) / 1_000, super::LOANS as u64 / 1_000);
        assert_eq!(row.changed, CHANGED as i64);
        println!("the persisted day, {} loans on SQLite, durable", row.loans);
        println!(
            "  {:>6} of them read and reckoned, alone         {:>8.0} ms",
            close::PIECE,
            ahead.as_secs_f64() * 1e3
        );
        println!("  how all others grow, what all come to, alone   {:>8.0} ms", rest.as_secs_f64() * 1e3);
        println!("  the whole day, {} of them changing          {:>8.0} ms", row.changed, took.as_secs_f64() * 1e3);
        let begun = Instant::now();
        text(&db, "UPDATE loan_standing SET earned_interest_fen = earned_interest_fen + 1").await;
        println!("  one statement that writes every loan once      {:>8.0} ms", begun.elapsed().as_secs_f64() * 1e3);
        let sum =
            Statement::from_string(db.backend(), "SELECT CAST(SUM(interest_step) AS BIGINT) AS fen FROM loan_standing");
        db.read().query_one_raw(sum).await.unwrap();
    }
}
