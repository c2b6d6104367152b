//! What must always hold (facts: lending 4), for terms nobody would have thought of. A failure prints the terms it found.

use proptest::prelude::*;

use super::allocation::{Amounts, Component, Order, Scan};
use super::close::{Late, Position};
use super::cost::{Flow, monthly, xirr};
use super::overdue::Penalty;
use super::prepayment::{Mode, Prepayment};
use super::repricing::{RateChange, reprice};
use super::servicing::{Payment, Servicing};
use super::subsidy::{Model, Subsidy};
use super::*;
use crate::{BusinessDate, Fraction, Rate};

mod life;

fn rate() -> impl Strategy<Value = Rate> {
    prop_oneof![Just(0u32), 1u32..4_000, 1u32..10].prop_map(|points| format!("0.{points:04}").parse().unwrap())
}

fn date() -> impl Strategy<Value = BusinessDate> {
    let first = BusinessDate::new(2019, 1, 1).unwrap();
    (0i64..4_000).prop_map(move |days| first.after_days(days).unwrap())
}

fn day_count() -> impl Strategy<Value = DayCount> {
    proptest::sample::select(<DayCount as sea_orm::Iterable>::iter().collect::<Vec<_>>())
}

fn method() -> impl Strategy<Value = Method> {
    proptest::sample::select(<Method as sea_orm::Iterable>::iter().collect::<Vec<_>>())
}

prop_compose! {
    fn terms()(
        fen in prop_oneof![1i64..2_000, 1i64..100_000_000, 1i64..Money::MAX.fen() / 100],
        annual_rate in rate(),
        disbursed_on in date(),
        daily in any::<bool>(),
        day_count in day_count(),
        method in method(),
        bullet in 0u8..5,
        term in prop_oneof![1u32..4, 1u32..40],
        due_day in 1u8..=31,
        wait in 1u32..3,
        odd_first_period in any::<bool>(),
        days in 1i64..1_500,
    ) -> Terms {
        let first_due_on = disbursed_on.day_of_month_after(wait, due_day).unwrap();
        let due = DueDays { first_due_on, due_day, term };
        Terms {
            principal: Money::from_fen(fen),
            annual_rate,
            disbursed_on,
            interest_mode: if daily { InterestMode::Daily } else { InterestMode::Monthly },
            day_count,
            repayment: match bullet {
                0 => Repayment::Bullet { maturity_on: disbursed_on.after_days(days).unwrap() },
                _ => Repayment::Instalments { method, due, odd_first_period },
            },
        }
    }
}

fn penalty(terms: &Terms) -> Penalty {
    let multiplier = Fraction::parts(3, 2);
    Penalty { annual_rate: terms.annual_rate, multiplier, compound: true, day_count: DayCount::Actual360 }
}

fn order() -> Order {
    use Component::*;
    Order::new(vec![Fee, Penalty, Compound, Interest, Principal]).unwrap()
}

/// Each row follows from the one before, and all of it adds up.
fn whole(instalments: &[Instalment], principal: Money) {
    let mut balance = principal;
    for row in instalments {
        assert_eq!(row.opening, balance);
        assert_eq!(row.closing, minus(row.opening, row.principal).unwrap());
        assert_eq!(row.total, plus(row.principal, row.interest).unwrap());
        for amount in [row.opening, row.principal, row.interest, row.closing] {
            assert!(!amount.is_negative(), "{row:?}");
        }
        balance = row.closing;
    }
    assert_eq!(balance, Money::ZERO);
    assert_eq!(sum(instalments.iter().map(|row| row.principal)).unwrap(), principal);
}

proptest! {
    #[test]
    fn a_table_repays_what_was_lent(terms in terms()) {
        whole(&Schedule::of(&terms).unwrap().instalments, terms.principal);
    }

    #[test]
    fn due_days_never_drift(terms in terms()) {
        if let Repayment::Instalments { due, .. } = terms.repayment {
            for (k, day) in (0..).zip(due.list().unwrap()) {
                let month = due.first_due_on.day_of_month_after(k, 1).unwrap();
                prop_assert_eq!((day.year(), day.month()), (month.year(), month.month()));
                prop_assert!(day.day() == due.due_day || day.next().day() == 1 && day.day() < due.due_day);
            }
        }
    }

    #[test]
    fn days_add_up_to_the_whole(
        fen in 0i64..10_000_000_000, rate in rate(), count in day_count(), from in date(), days in 0i64..800,
    ) {
        let (principal, to) = (Money::from_fen(fen), from.after_days(days).unwrap());
        let booked = accrual::daily(principal, rate, count, from, to).unwrap();
        prop_assert_eq!(booked.len() as i64, days);
        prop_assert!(booked.iter().all(|one| !one.is_negative()));
        prop_assert_eq!(sum(booked.iter().copied()).unwrap(), accrual::interest(principal, rate, count, from, to).unwrap());
        if let Some(last) = booked.last() {
            prop_assert_eq!(*last, accrual::booked_on(principal, rate, count, from, to).unwrap());
        }
    }

    /// Quote, contract and what is expected while the loan runs come from one table: whoever pays it row by row owes nothing.
    #[test]
    fn paying_the_table_settles_the_loan(terms in terms()) {
        let schedule = Schedule::of(&terms).unwrap();
        let (penalty, order) = (penalty(&terms), order());
        let payments: Vec<_> =
            schedule.instalments.iter().map(|row| Payment { on: row.due, amount: row.total }).collect();
        let end = payments.last().unwrap().on;
        let (applied, standing) = Servicing::begin(&schedule, &penalty, &order).replay(&payments, end).unwrap();
        for (row, applied) in schedule.instalments.iter().zip(&applied) {
            prop_assert_eq!(applied.amounts[Component::Principal], row.principal);
            prop_assert_eq!(applied.amounts[Component::Interest], row.interest);
            prop_assert_eq!(applied.unapplied, Money::ZERO);
        }
        prop_assert_eq!((standing.principal, standing.due.total().unwrap()), (Money::ZERO, Money::ZERO));
        prop_assert_eq!((standing.days_past_due, standing.unapplied), (0, Money::ZERO));
    }

    /// What is heard of late is as if it had been heard of in time; and nothing of a payment is lost.
    #[test]
    fn a_backdated_payment_gives_the_ordered_run(
        terms in terms(), wishes in proptest::collection::vec((0i64..1_200, 1i64..10_000_000), 0..12), at in any::<prop::sample::Index>(),
    ) {
        let schedule = Schedule::of(&terms).unwrap();
        let (penalty, order) = (penalty(&terms), order());
        let on = |days| terms.disbursed_on.after_days(days).unwrap();
        let mut payments: Vec<_> =
            wishes.iter().map(|(days, fen)| Payment { on: on(*days), amount: Money::from_fen(*fen) }).collect();
        let replay = |payments: &[Payment]| {
            Servicing::begin(&schedule, &penalty, &order).replay(payments, on(1_200)).unwrap()
        };
        payments.sort_by_key(|one| one.on);
        payments.dedup_by_key(|one| one.on);
        let ordered = replay(&payments);
        if !payments.is_empty() {
            let late = payments.remove(at.index(payments.len()));
            payments.push(late);
        }
        prop_assert_eq!(&replay(&payments), &ordered);
        let (applied, standing) = ordered;
        for one in &applied {
            let paid = payments.iter().find(|payment| payment.on == one.on).unwrap().amount;
            prop_assert_eq!(one.amount().unwrap(), paid);
        }
        let repaid = sum(applied.iter().map(|one| one.amounts[Component::Principal])).unwrap();
        prop_assert_eq!(plus(repaid, standing.principal).unwrap(), terms.principal);
        prop_assert!(!standing.undue().unwrap().is_negative());
    }

    #[test]
    fn a_prepayment_leaves_a_whole_loan(
        terms in terms(), paid in any::<prop::sample::Index>(), later in 0i64..31, part in 1i64..100, shorten in any::<bool>(),
    ) {
        let old = Schedule::of(&terms).unwrap();
        let paid_instalments = paid.index(old.instalments.len());
        let row = old.instalments[paid_instalments];
        let on = row.from.after_days(later).unwrap();
        prop_assume!(on < row.due && row.opening > Money::from_fen(1));
        let full = Prepayment { paid_instalments: row.number - 1, on, mode: Mode::Full, amount: None, fee_rate: Rate::ZERO };
        let settled = full.of(&terms).unwrap();
        prop_assert_eq!(settled.principal, row.opening);
        prop_assert_eq!(settled.cash_total, plus(row.opening, settled.accrued_interest).unwrap());
        let amount = Money::from_fen((i128::from(row.opening.fen()) * i128::from(part) / 100).max(1) as i64);
        let mode = if shorten { Mode::ShortenTerm } else { Mode::ReduceInstalment };
        match (Prepayment { mode, amount: Some(amount), ..full }.of(&terms), mode) {
            (Ok(prepaid), _) => {
                let rest = prepaid.rest.unwrap();
                whole(&rest.instalments, minus(row.opening, amount).unwrap());
                prop_assert!(rest.instalments.len() <= old.instalments.len() - paid_instalments);
                prop_assert_eq!(rest.instalments[0].from, on);
            }
            (Err(LoanError::PrepaymentBetweenDueDays), _) => {
                prop_assert!(terms.interest_mode == InterestMode::Monthly && on != row.from);
            }
            (Err(LoanError::CannotShorten), Mode::ShortenTerm) => {
                prop_assert!(matches!(terms.method(), Method::Flat | Method::InterestOnly));
            }
            (Err(error), _) => prop_assert!(false, "{error}"),
        }
    }

    /// Closing every day books what a reckoning at the end finds.
    #[test]
    fn closed_days_add_up(terms in terms(), due in date(), fens in proptest::array::uniform2(0i64..100_000_000), days in 1i64..400) {
        let penalty = penalty(&terms);
        let [principal, interest] = fens.map(Money::from_fen);
        let position = Position {
            balance: terms.principal,
            bearing_since: due,
            annual_rate: terms.annual_rate,
            day_count: terms.day_count,
            penalty,
            late: vec![Late { due, reckoned_to: due, principal, interest }],
        };
        let closed: Vec<_> = (1..=days).map(|later| position.close(due.after_days(later).unwrap()).unwrap()).collect();
        let end = due.after_days(days).unwrap();
        let whole = penalty.between(due, end, principal, interest).unwrap();
        prop_assert_eq!(sum(closed.iter().map(|one| one.penalty)).unwrap(), whole.0);
        prop_assert_eq!(sum(closed.iter().map(|one| one.compound)).unwrap(), whole.1);
        let whole = accrual::interest(terms.principal, terms.annual_rate, terms.day_count, due, end).unwrap();
        prop_assert_eq!(sum(closed.iter().map(|one| one.interest)).unwrap(), whole);
        prop_assert_eq!(closed.last().unwrap().days_past_due, days);
    }

    #[test]
    fn an_allocation_is_the_payment(
        owed in proptest::collection::vec(proptest::array::uniform5(0i64..1_000), 0..6), fen in 0i64..20_000, by_component in any::<bool>(),
    ) {
        let mut left: Vec<Amounts> = owed
            .iter()
            .map(|fen| {
                let mut one = Amounts::default();
                for (component, fen) in <Component as sea_orm::Iterable>::iter().zip(fen) {
                    one[component] = Money::from_fen(*fen);
                }
                one
            })
            .collect();
        let before = left.clone();
        let scan = if by_component { Scan::ComponentFirst } else { Scan::InstallmentFirst };
        let (paid, unapplied) = order().allocate(scan, Money::from_fen(fen), &mut left).unwrap();
        let settled = sum(paid.iter().map(|one| one.total().unwrap())).unwrap();
        prop_assert_eq!(plus(settled, unapplied).unwrap().fen(), fen);
        let still = sum(left.iter().map(|one| one.total().unwrap())).unwrap();
        prop_assert!(unapplied == Money::ZERO || still == Money::ZERO);
        for ((before, paid), left) in before.iter().zip(&paid).zip(&left) {
            for component in <Component as sea_orm::Iterable>::iter() {
                prop_assert_eq!(plus(paid[component], left[component]).unwrap(), before[component]);
                prop_assert!(!left[component].is_negative());
            }
        }
    }

    #[test]
    fn government_and_borrower_pay_the_interest(
        terms in terms(), rate in rate(), which in 0u8..3, most in proptest::option::of(0u32..20), cap in proptest::option::of(0i64..100_000),
    ) {
        let model = [Model::Share, Model::Points, Model::AboveFloor][which as usize](rate);
        let cap_total = cap.map(Money::from_fen);
        let subsidy = Subsidy { model, late_instalments: vec![2], max_instalments: most, until: None, cap_total };
        let split = subsidy.of(&terms, &Schedule::of(&terms).unwrap()).unwrap();
        for one in &split {
            prop_assert_eq!(plus(one.government, one.borrower).unwrap(), one.interest);
            prop_assert!(!one.government.is_negative() && !one.borrower.is_negative());
            prop_assert!(one.number != 2 || one.government == Money::ZERO);
        }
        let total = sum(split.iter().map(|one| one.government)).unwrap();
        prop_assert!(cap_total.is_none_or(|cap| total <= cap));
    }

    #[test]
    fn a_change_to_the_same_rate_changes_nothing(terms in terms(), day in date()) {
        let change = RateChange { effective_on: day, annual_rate: terms.annual_rate };
        match reprice(&terms, &[change]) {
            // An odd first month has its own factor either way.
            Ok(repriced) => prop_assert_eq!(repriced.schedule.instalments, Schedule::of(&terms).unwrap().instalments),
            Err(error) => prop_assert_eq!(error, LoanError::CannotReprice),
        }
    }

    #[test]
    fn a_repriced_table_repays_what_was_lent(terms in terms(), changes in proptest::collection::btree_map(date(), rate(), 0..4)) {
        let changes: Vec<_> =
            changes.into_iter().map(|(effective_on, annual_rate)| RateChange { effective_on, annual_rate }).collect();
        if let Ok(repriced) = reprice(&terms, &changes) {
            whole(&repriced.schedule.instalments, terms.principal);
        }
    }

    /// A loan with level instalments by months costs its own rate.
    #[test]
    fn the_cost_of_a_plain_loan_is_its_rate(points in 1u32..3_000, term in 1u32..60) {
        let terms = Terms {
            principal: Money::from_fen(100_000_000_000),
            annual_rate: format!("0.{points:04}").parse().unwrap(),
            disbursed_on: BusinessDate::new(2025, 1, 15).unwrap(),
            interest_mode: InterestMode::Monthly,
            day_count: DayCount::Actual360,
            repayment: Repayment::Instalments {
                method: Method::LevelInstalment,
                due: DueDays { first_due_on: BusinessDate::new(2025, 2, 15).unwrap(), due_day: 15, term },
                odd_first_period: false,
            },
        };
        let schedule = Schedule::of(&terms).unwrap();
        let paid = schedule.instalments.iter().map(|row| Flow { on: row.due, amount: row.total.checked_neg().unwrap() });
        let flows: Vec<_> = [Flow { on: terms.disbursed_on, amount: terms.principal }].into_iter().chain(paid).collect();
        let cost = monthly(&flows).unwrap();
        prop_assert_eq!(cost.nominal.decimal(6).unwrap(), format!("0.{points:04}00"));
        prop_assert!(!xirr(&flows).unwrap().is_negative());
    }
}

/// 30/360 counts the 30th and the 31st of March as one day, so a period that is cut there bears other interest than a whole one.
#[test]
fn a_change_to_the_same_rate_on_the_31st_cuts_nothing() {
    let day = |year, month, day| BusinessDate::new(year, month, day).unwrap();
    let terms = Terms {
        principal: Money::from_fen(2_112),
        annual_rate: "0.1006".parse().unwrap(),
        disbursed_on: day(2019, 1, 1),
        interest_mode: InterestMode::Daily,
        day_count: DayCount::Thirty360,
        repayment: Repayment::Bullet { maturity_on: day(2020, 9, 3) },
    };
    let change = RateChange { effective_on: day(2019, 3, 31), annual_rate: terms.annual_rate };
    assert_eq!(reprice(&terms, &[change]).unwrap().schedule, Schedule::of(&terms).unwrap());
    let other = RateChange { annual_rate: "0.2".parse().unwrap(), ..change };
    assert_ne!(reprice(&terms, &[other]).unwrap().schedule, Schedule::of(&terms).unwrap());
}
