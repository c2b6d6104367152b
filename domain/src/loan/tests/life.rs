//! The life of a loan: preview, contract and servicing are one, and what is heard of late changes nothing but the order.

use super::*;
use crate::loan::life::{Contract, Event, Life, Orders, Outcome, Split, State, What};
use crate::loan::overdue::{Class, Grace, GraceMode};
use crate::loan::reckoning::Reckoning;

fn contract(terms: Terms, grace: Grace) -> Contract {
    Contract {
        terms,
        multiplier: "1.5".parse().unwrap(),
        misuse: "2".parse().unwrap(),
        compound: true,
        grace,
        orders: Orders::new(|_| order()),
        scan: Scan::InstallmentFirst,
        fee_rate: "0.01".parse().unwrap(),
        fee_until: None,
    }
}

const NO_GRACE: Grace = Grace { days: 0, mode: GraceMode::Retroactive };

fn grace() -> impl Strategy<Value = Grace> {
    (prop_oneof![Just(0u32), 1u32..40], any::<bool>()).prop_map(|(days, excluded)| Grace {
        days,
        mode: if excluded { GraceMode::Excluded } else { GraceMode::Retroactive },
    })
}

fn event(number: u128, on: BusinessDate, what: What) -> Event {
    Event { id: uuid::Uuid::from_u128(number).into(), on, what }
}

fn repayment(fen: i64) -> What {
    What::Repayment { amount: Money::from_fen(fen), booked: None }
}

fn state(contract: &Contract, events: &[Event], day: BusinessDate) -> State {
    Life::replay(contract, events, day).unwrap().1.state(day).unwrap()
}

/// Wishes of all kinds on days after the payout; those the loan does not allow are left out, as a service would refuse them.
fn story(contract: &Contract, wishes: &[(i64, u8, i64)]) -> Vec<Event> {
    let on = |days: i64| contract.terms.disbursed_on.after_days(days).unwrap();
    let mut events: Vec<Event> = Vec::new();
    for (number, &(days, kind, fen)) in (1u128..).zip(wishes) {
        let money = Money::from_fen(fen);
        let what = match kind {
            0..=4 => repayment(fen),
            5 => What::RateChange(format!("0.{:04}", fen % 1_000).parse().unwrap()),
            6 => What::Judgement([None, Some(Class::Substandard)][(fen % 2) as usize]),
            7 => What::Prepayment { mode: Mode::ReduceInstalment, principal: Some(money), booked: None },
            8 => What::Prepayment { mode: Mode::ShortenTerm, principal: Some(money), booked: None },
            9 => What::Compensation(money),
            10 => What::Subsidy(Money::from_fen(fen % 500 + 1)),
            11 => What::Prepayment { mode: Mode::Full, principal: None, booked: None },
            12 => match events.get((fen % 7) as usize) {
                Some(earlier) => What::Reversal(earlier.id),
                None => continue,
            },
            13 => What::Replaced((fen % 2 == 0).then_some(money)),
            14 => What::Recovery(money),
            15 => What::Misuse((fen % 3 > 0).then_some(money)),
            16 => What::MisuseMended,
            _ => {
                let mut split = Split::default();
                split.amounts[Component::Interest] = Money::from_fen(fen % 300);
                split.amounts[Component::Principal] = Money::from_fen(fen % 50_000);
                What::Repayment { amount: split.total().unwrap(), booked: Some(split) }
            }
        };
        events.push(event(number, on(days), what));
        if Life::replay(contract, &events, on(1_500)).is_err() {
            events.pop();
        }
    }
    events
}

fn wishes() -> impl Strategy<Value = Vec<(i64, u8, i64)>> {
    proptest::collection::vec((0i64..700, 0u8..19, 1i64..3_000_000), 0..9)
}

proptest! {
    /// Quote, contract and what is expected while the loan runs are one table: whoever pays it row by row owes nothing, and day by day
    /// as much interest was booked as the table says.
    #[test]
    fn preview_is_contract_is_servicing(terms in terms()) {
        let contract = contract(terms, NO_GRACE);
        let quoted = Schedule::of(&terms).unwrap();
        prop_assert_eq!(&state(&contract, &[], terms.disbursed_on).rows, &quoted.instalments);
        let events: Vec<_> = (1..).zip(&quoted.instalments).map(|(n, row)| event(n, row.due, repayment(row.total.fen()))).collect();
        let end = quoted.instalments.last().unwrap().due;
        let paying: Vec<_> = events.iter().copied().filter(|one| matches!(one.what, What::Repayment { amount, .. } if amount.is_positive())).collect();
        let (outcomes, life) = Life::replay(&contract, &paying, end).unwrap();
        let rows = quoted.instalments.iter().filter(|row| row.total.is_positive());
        for (row, outcome) in rows.zip(&outcomes) {
            prop_assert_eq!(outcome.taken.amounts[Component::Principal], row.principal);
            prop_assert_eq!(outcome.taken.amounts[Component::Interest], row.interest);
            prop_assert_eq!(outcome.taken.credit, Money::ZERO);
        }
        let state = life.state(end).unwrap();
        prop_assert_eq!(state.earned.interest, quoted.totals().unwrap().interest);
        prop_assert_eq!((state.principal().unwrap(), state.outstanding().unwrap().total().unwrap()), (Money::ZERO, Money::ZERO));
    }

    /// The older reckoning of payments and arrears says the same.
    #[test]
    fn agrees_with_the_timeline(terms in terms(), payments in proptest::collection::btree_map(0i64..1_200, 1i64..10_000_000, 0..8)) {
        let contract = contract(terms, NO_GRACE);
        let on = |days: i64| terms.disbursed_on.after_days(days).unwrap();
        let list: Vec<_> = payments.iter().map(|(days, fen)| Payment { on: on(*days), amount: Money::from_fen(*fen) }).collect();
        let events: Vec<_> = (1..).zip(&payments).map(|(n, (days, fen))| event(n, on(*days), repayment(*fen))).collect();
        let (penalty, order) = (penalty(&terms), order());
        let penalty = Penalty { day_count: terms.day_count, ..penalty };
        let schedule = Schedule::of(&terms).unwrap();
        let (applied, standing) = Servicing::begin(&schedule, &penalty, &order).replay(&list, on(1_200)).unwrap();
        let Ok((outcomes, life)) = Life::replay(&contract, &events, on(1_200)) else {
            // Paid when nothing is owed any more.
            prop_assert_eq!(standing.principal, Money::ZERO);
            return Ok(());
        };
        for (applied, outcome) in applied.iter().zip(&outcomes) {
            prop_assert_eq!((applied.amounts, applied.unapplied), (outcome.taken.amounts, outcome.taken.credit));
        }
        let state = life.state(on(1_200)).unwrap();
        prop_assert_eq!(state.due, standing.due);
        prop_assert_eq!(state.principal().unwrap(), standing.principal);
        prop_assert_eq!((state.days_past_due, state.class, state.credit), (standing.days_past_due, standing.class, standing.unapplied));
    }

    /// A prepayment of a running loan is the one a borrower was quoted.
    #[test]
    fn a_prepayment_is_the_quoted_one(terms in terms(), paid in any::<prop::sample::Index>(), later in 0i64..31, part in 1i64..100, mode in 0u8..3) {
        let quoted = Schedule::of(&terms).unwrap();
        let paid = paid.index(quoted.instalments.len());
        let row = quoted.instalments[paid];
        let on = row.from.after_days(later).unwrap();
        prop_assume!(on < row.due && row.opening > Money::from_fen(1));
        let contract = contract(terms, NO_GRACE);
        let mut events: Vec<_> = (1..).zip(&quoted.instalments[..paid])
            .map(|(n, row)| event(n, row.due, repayment(row.total.fen()))).collect();
        let mode = [Mode::Full, Mode::ReduceInstalment, Mode::ShortenTerm][usize::from(mode)];
        let amount = (mode != Mode::Full).then(|| Money::from_fen((i128::from(row.opening.fen()) * i128::from(part) / 100).max(1) as i64));
        let wish = Prepayment { paid_instalments: row.number - 1, on, mode, amount, fee_rate: contract.fee_rate };
        events.push(event(1_000, on, What::Prepayment { mode, principal: amount, booked: None }));
        match (wish.of(&terms), Life::replay(&contract, &events, on)) {
            (Ok(prepaid), Ok((outcomes, life))) => {
                let taken = outcomes.last().unwrap().taken;
                prop_assert_eq!(taken.total().unwrap(), prepaid.cash_total);
                prop_assert_eq!(taken.amounts[Component::Interest], prepaid.accrued_interest);
                let rows = prepaid.rest.map(|rest| rest.instalments).unwrap_or_default();
                prop_assert_eq!(life.state(on).unwrap().rows, rows);
            }
            (Err(quoted), Err(served)) => prop_assert_eq!(quoted, served),
            (quoted, served) => prop_assert!(false, "{quoted:?} {:?}", served.map(|served| served.0)),
        }
    }

    /// A rate that changes while the loan runs gives the table of a loan whose changes were known.
    #[test]
    fn a_repriced_loan_is_the_repriced_table(terms in terms(), changes in proptest::collection::btree_map(1i64..900, rate(), 1..4)) {
        let contract = contract(terms, NO_GRACE);
        let on = |days: i64| terms.disbursed_on.after_days(days).unwrap();
        let known: Vec<_> = changes.iter().map(|(days, rate)| RateChange { effective_on: on(*days), annual_rate: *rate }).collect();
        let events: Vec<_> = (1..).zip(&known).map(|(n, change)| event(n, change.effective_on, What::RateChange(change.annual_rate))).collect();
        let (Ok(repriced), Ok((_, life))) = (reprice(&terms, &known), Life::replay(&contract, &events, on(900))) else { return Ok(()) };
        let state = life.state(on(900)).unwrap();
        let due = repriced.schedule.instalments.iter().filter(|row| row.due <= on(900));
        let interest = sum(due.map(|row| row.interest)).unwrap();
        prop_assert_eq!(state.due[Component::Interest], interest);
        let later: Vec<_> = repriced.schedule.instalments.iter().filter(|row| row.due > on(900)).copied().collect();
        prop_assert_eq!(state.rows, later);
    }

    /// The order in which events are heard of changes nothing, and nothing is lost or made.
    #[test]
    fn a_backdated_event_gives_the_ordered_run(terms in terms(), grace in grace(), wishes in wishes(), at in any::<prop::sample::Index>()) {
        let contract = contract(terms, grace);
        let mut events = story(&contract, &wishes);
        let end = terms.disbursed_on.after_days(1_500).unwrap();
        let (ordered, life) = Life::replay(&contract, &events, end).unwrap();
        let stands = life.state(end).unwrap();
        if !events.is_empty() {
            let late = events.remove(at.index(events.len()));
            events.push(late);
        }
        let (backdated, life) = Life::replay(&contract, &events, end).unwrap();
        prop_assert_eq!(&backdated, &ordered);
        prop_assert_eq!(&life.state(end).unwrap(), &stands);
        let moved = |outcome: &&Outcome| events.iter().any(|one| one.id == outcome.id && matches!(one.what, What::Replaced(_) | What::Recovery(_)));
        let moved = sum(ordered.iter().filter(moved).map(|outcome| outcome.taken.amounts[Component::Principal])).unwrap();
        let lent = sum([stands.principal().unwrap(), stands.paid[Component::Principal], stands.compensated, stands.written_off[Component::Principal], moved]).unwrap();
        prop_assert_eq!(lent, terms.principal);
        let outstanding = stands.outstanding().unwrap();
        for (component, earned, outstanding) in [
            (Component::Interest, stands.earned.interest, outstanding.interest),
            (Component::Penalty, stands.earned.penalty, outstanding.penalty),
            (Component::Compound, stands.earned.compound, outstanding.compound),
        ] {
            prop_assert_eq!(plus(stands.paid[component], outstanding).unwrap(), earned);
        }
    }

    /// What is kept of a loan between two changes says of every day what a replay says.
    #[test]
    fn a_reckoning_holds_until_something_changes(terms in terms(), grace in grace(), wishes in wishes(), from in 0i64..700) {
        let contract = contract(terms, grace);
        let events = story(&contract, &wishes);
        let last = events.iter().map(|event| event.on).max().unwrap_or(terms.disbursed_on);
        let mut as_of = last.max(terms.disbursed_on.after_days(from).unwrap());
        for _ in 0..3 {
            let (_, life) = Life::replay(&contract, &events, as_of).unwrap();
            let kept = Reckoning::of(&life, as_of).unwrap();
            let until = kept.until.unwrap_or_else(|| as_of.after_days(40).unwrap());
            prop_assert!(until > as_of);
            let span = as_of.days_to(until);
            for days in [0, 1, 2, span / 2, span - 2, span - 1] {
                let day = as_of.after_days(days.clamp(0, span - 1)).unwrap();
                let (_, life) = Life::replay(&contract, &events, day).unwrap();
                let state = life.state(day).unwrap();
                prop_assert!(kept.holds(day));
                prop_assert_eq!(kept.books(day).unwrap(), state.books().unwrap(), "{} of {}", day, as_of);
                prop_assert_eq!((kept.class, kept.days_past_due(day)), (state.class, state.days_past_due));
            }
            as_of = until;
        }
    }
}

/// A change that is taken back before it comes into force leaves the table as it was. (What is late costs by the rate of each day.)
#[test]
fn a_change_taken_back_in_time_changes_nothing() {
    let day = |year, month, day| BusinessDate::new(year, month, day).unwrap();
    let terms = Terms {
        principal: "10000.00".parse().unwrap(),
        annual_rate: "0.05".parse().unwrap(),
        disbursed_on: day(2026, 1, 10),
        interest_mode: InterestMode::Monthly,
        day_count: DayCount::Actual360,
        repayment: Repayment::Instalments {
            method: Method::LevelInstalment,
            due: DueDays { first_due_on: day(2026, 2, 10), due_day: 10, term: 12 },
            odd_first_period: false,
        },
    };
    let contract = contract(terms, NO_GRACE);
    let rate = |number, on, rate: &str| event(number, on, What::RateChange(rate.parse().unwrap()));
    let changed = [rate(1, day(2026, 3, 12), "0.08"), rate(2, day(2026, 3, 20), "0.05")];
    assert_eq!(state(&contract, &changed, day(2026, 4, 1)).rows, state(&contract, &[], day(2026, 4, 1)).rows);
    // Taken back on the very day.
    let changed = [rate(1, day(2026, 3, 12), "0.08"), rate(2, day(2026, 4, 10), "0.05")];
    assert_eq!(state(&contract, &changed, day(2026, 6, 1)).rows, state(&contract, &[], day(2026, 6, 1)).rows);
}

/// More than ninety days late, interest stops to be income until all that was late is paid.
#[test]
fn interest_is_income_again_when_nothing_is_late() {
    let terms = Terms {
        principal: Money::from_fen(12_000_000),
        annual_rate: "0.0435".parse().unwrap(),
        disbursed_on: BusinessDate::new(2026, 1, 15).unwrap(),
        interest_mode: InterestMode::Daily,
        day_count: DayCount::Actual360,
        repayment: Repayment::Instalments {
            method: Method::EqualPrincipal,
            due: DueDays { first_due_on: BusinessDate::new(2026, 2, 15).unwrap(), due_day: 15, term: 12 },
            odd_first_period: false,
        },
    };
    let contract = contract(terms, NO_GRACE);
    let day = |text: &str| text.parse::<BusinessDate>().unwrap();
    let on_the_day = state(&contract, &[], day("2026-05-16"));
    assert_eq!((on_the_day.days_past_due, on_the_day.accruing), (90, true));
    let later = state(&contract, &[], day("2026-05-17"));
    assert_eq!((later.days_past_due, later.accruing, later.class), (91, false, Class::Substandard));
    let books = later.books().unwrap();
    assert_eq!(books.receivable, [Money::ZERO; 3]);
    assert_eq!(books.income, [Money::ZERO; 3]);
    assert_eq!(books.off_balance, later.outstanding().unwrap().total().unwrap());
    let owed = later.due.total().unwrap();
    let part = [event(1, day("2026-05-17"), repayment(owed.fen() - 1))];
    assert!(!state(&contract, &part, day("2026-05-17")).accruing, "one fen is still late");
    let paid = [event(1, day("2026-05-17"), repayment(owed.fen()))];
    let back = state(&contract, &paid, day("2026-05-17"));
    assert_eq!((back.accruing, back.days_past_due, back.class), (true, 0, Class::Normal));
    assert_eq!(back.books().unwrap().income[0], back.earned.interest);
}

/// What takes a loan over on the day of a prepayment takes over what that leaves; on another day its interest to the day is due with it.
#[test]
fn a_loan_is_prepaid_in_part_and_taken_over_on_one_day() {
    let terms = Terms {
        principal: Money::from_fen(3_600_000),
        annual_rate: "0.0415".parse().unwrap(),
        disbursed_on: BusinessDate::new(2026, 2, 1).unwrap(),
        interest_mode: InterestMode::Daily,
        day_count: DayCount::Actual360,
        repayment: Repayment::Instalments {
            method: Method::EqualPrincipal,
            due: DueDays { first_due_on: BusinessDate::new(2026, 3, 1).unwrap(), due_day: 1, term: 12 },
            odd_first_period: false,
        },
    };
    let contract = contract(terms, NO_GRACE);
    let day = BusinessDate::new(2026, 2, 11).unwrap();
    let part =
        What::Prepayment { mode: Mode::ReduceInstalment, principal: Some(Money::from_fen(600_000)), booked: None };
    let events = [event(1, day, What::Replaced(Some(Money::from_fen(3_000_000)))), event(2, day, part)];
    let end = state(&contract, &events, day);
    assert_eq!((end.end, end.due.total().unwrap()), (Some(crate::loan::life::End::Replaced), Money::ZERO));
    assert_eq!(end.paid[Component::Principal], Money::from_fen(600_000));
    assert_eq!(end.paid[Component::Interest], Money::from_fen(4_150));
    // Without it the ten days are due.
    let whole = [event(1, day, What::Replaced(None))];
    assert_eq!(state(&contract, &whole, day).due[Component::Interest], Money::from_fen(4_150));
}

/// A loan by days, three hundred thousand fen of principal each month from the first of March.
fn by_days() -> Contract {
    let terms = Terms {
        principal: Money::from_fen(3_600_000),
        annual_rate: "0.0415".parse().unwrap(),
        disbursed_on: BusinessDate::new(2026, 2, 1).unwrap(),
        interest_mode: InterestMode::Daily,
        day_count: DayCount::Actual360,
        repayment: Repayment::Instalments {
            method: Method::EqualPrincipal,
            due: DueDays { first_due_on: BusinessDate::new(2026, 3, 1).unwrap(), due_day: 1, term: 12 },
            odd_first_period: false,
        },
    };
    contract(terms, NO_GRACE)
}

/// Used for another purpose, money costs the higher multiple from that day on, due or not, and never both.
#[test]
fn what_is_misused_costs_the_higher_rate_and_never_both() {
    let day = |text: &str| text.parse::<BusinessDate>().unwrap();
    let contract = by_days();
    let penalties = |events: &[Event], on: &str| {
        let state = state(&contract, events, day(on));
        [state.due[Component::Penalty], state.due[Component::Compound], state.misuse_penalty].map(Money::fen)
    };
    let whole = [event(1, day("2026-02-11"), What::Misuse(None))];
    // 36 000 × 4.15 % × (2 − 1) × 18 / 360, due with the instalment; the table is as it was.
    assert_eq!(penalties(&whole, "2026-02-28"), [0, 0, 7_055]);
    let due = state(&contract, &whole, day("2026-03-01"));
    assert_eq!(due.due[Component::Penalty], Money::from_fen(7_470));
    assert_eq!(
        (due.due[Component::Interest], due.rows),
        (Money::from_fen(11_620), state(&contract, &[], day("2026-03-01")).rows)
    );
    // Ten days late: twice the rate and not one and a half, nor three and a half; what is not due goes on.
    assert_eq!(penalties(&whole, "2026-03-11"), [7_470 + 692, 27, 3_804]);
    // Mended: the rate for being late again, and what has come to stays.
    let mended = [whole[0], event(2, day("2026-03-11"), What::MisuseMended)];
    assert_eq!(penalties(&mended, "2026-03-21"), [7_470 + 692 + 519, 27 + 20, 3_804]);
    assert_eq!(state(&contract, &mended, day("2026-03-21")).misused, Money::ZERO);
    // A third of it.
    let part = [event(1, day("2026-02-11"), What::Misuse(Some(Money::from_fen(1_200_000))))];
    assert_eq!(state(&contract, &part, day("2026-02-11")).misused, Money::from_fen(1_200_000));
    assert_eq!(penalties(&part, "2026-03-01"), [2_490, 0, 0]);
    assert_eq!(penalties(&part, "2026-03-11")[0], 2_490 + 576);
    // As if it had never been told.
    let undone = [whole[0], event(2, day("2026-03-05"), What::Reversal(whole[0].id))];
    assert_eq!(state(&contract, &undone, day("2026-03-21")), state(&contract, &[], day("2026-03-21")));
}

/// Whoever pays a misused loan off pays what that has cost to the day.
#[test]
fn a_misused_loan_is_paid_off_with_what_it_cost() {
    let day = |text: &str| text.parse::<BusinessDate>().unwrap();
    let contract = by_days();
    let all = What::Prepayment { mode: Mode::Full, principal: None, booked: None };
    let events = [event(1, day("2026-02-11"), What::Misuse(None)), event(2, day("2026-02-21"), all)];
    let (outcomes, life) = Life::replay(&contract, &events, day("2026-02-21")).unwrap();
    let taken = outcomes[1].taken.amounts;
    assert_eq!(taken[Component::Penalty], Money::from_fen(4_150));
    assert_eq!((taken[Component::Interest], taken[Component::Fee]), (Money::from_fen(8_300), Money::from_fen(36_000)));
    let state = life.state(day("2026-02-21")).unwrap();
    assert_eq!(
        (state.end, state.outstanding().unwrap().total().unwrap()),
        (Some(crate::loan::life::End::Settled), Money::ZERO)
    );
    assert_eq!(state.earned.penalty, Money::from_fen(4_150));
}
