//! What is told of a loan: late, taken back, lost; and what the database lets nobody change.

use app::servicing::ServicingError;
use domain::Money;
use domain::loan::allocation::Component;
use domain::loan::life::{Split, What};
use domain::loan::overdue::Class;
use domain::loan::prepayment::Mode;
use lending::servicing::loan::Fact;
use lending::servicing::{NewEvent, ServeError};

use super::{Bank, day, identity_world, yuan};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_of_late_or_taken_back_leaves_the_books_of_the_ordered_run() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        let (ordered, backdated) =
            (b.lent("equal_installment", "daily").await, b.lent("equal_installment", "daily").await);
        for (closed_to, payment) in [("2026-02-15", Some("2026-02-15")), ("2026-03-20", None), ("2026-05-25", None)] {
            b.at(closed_to);
            b.close().await;
            if let Some(on) = payment {
                b.pay(ordered, on, "1024.53").await;
            }
        }
        // Three months later: the payment, and one that never was.
        b.pay(backdated, "2026-02-15", "1024.53").await;
        let wrong = b.pay(backdated, "2026-04-01", "500.00").await;
        b.audit().await;
        let reversal = b.tell(backdated, "2026-04-01", Fact::Event(What::Reversal(wrong.id))).await.unwrap();
        b.audit().await;
        let known = b.servicing.tell(reversal.clone(), &b.officer).await;
        assert!(known.is_ok(), "told again it changes nothing");
        let other = NewEvent { on: day("2026-04-02"), ..reversal };
        assert!(matches!(b.servicing.tell(other, &b.officer).await, Err(ServicingError::Loan(ServeError::IdReused))));
        b.at("2026-05-26");
        b.close().await;
        let [a, c] = [ordered, backdated].map(|id| {
            let servicing = &b.servicing;
            let officer = &b.officer;
            async move { servicing.loan(id, officer).await.unwrap().state.unwrap() }
        });
        assert_eq!(a.await, c.await);
        let (_, standings, _) = b.picture().await;
        let of = |id| {
            let mut row = standings.iter().find(|row| row.contract_id == id).unwrap().clone();
            row.contract_id = ordered;
            row.as_of = day("2026-01-01");
            row
        };
        assert_eq!(of(ordered), of(backdated));
        b.audit().await;
    })
    .await;
}

/// Heard of on its day, months late, or before any day was closed: what a day brings stands at the class the loan had at its end.
#[tokio::test(flavor = "multi_thread")]
async fn interest_stands_at_the_class_of_each_day_however_it_was_heard_of() {
    let pictures = std::sync::Mutex::new(Vec::new());
    for way in ["ordered", "late", "unclosed"] {
        identity_world::on_both(async |w| {
            let b = Bank::open(w).await;
            let mut loans = Vec::new();
            for (method, mode) in [
                ("equal_principal", "daily"),
                ("equal_installment", "monthly"),
                ("interest_only", "daily"),
                ("bullet", "daily"),
                ("equal_principal", "monthly"),
                ("equal_installment", "daily"),
                ("equal_principal", "daily"),
            ] {
                loans.push(b.lent(method, mode).await);
            }
            let pay = |amount: &str| What::Repayment { amount: yuan(amount), booked: None };
            let mut waived = Split::default().amounts;
            waived[Component::Interest] = yuan("5.00");
            let told = [
                (0, "2026-02-20", pay("1050.00")),
                (5, "2026-02-20", pay("1030.00")),
                (1, "2026-03-01", What::Judgement(Some(Class::Substandard))),
                (5, "2026-03-16", pay("1030.00")),
                (1, "2026-03-20", pay("1024.53")),
                (3, "2026-03-20", What::Judgement(Some(Class::SpecialMention))),
                (1, "2026-04-02", What::Judgement(None)),
                (0, "2026-04-20", pay("2000.00")),
                (0, "2026-05-20", What::Waiver(waived)),
                (2, "2026-06-01", pay("100.00")),
                (2, "2026-06-01", pay("60.00")),
                // It was more than ninety days late, and is not any more.
                (2, "2026-06-10", pay("100.00")),
            ];
            // One that is not accruing and one that is: lost, in this order.
            let lost = [
                (4, "2026-06-12", What::Compensation(yuan("9600.00"))),
                (4, "2026-06-12", What::WriteOff),
                (5, "2026-06-12", What::WriteOff),
                (4, "2026-06-20", What::Recovery(yuan("100.00"))),
            ];
            let tell = async |(at, on, what): &(usize, &str, What)| {
                b.tell(loans[*at], on, Fact::Event(*what)).await.unwrap();
            };
            if way == "late" {
                b.at("2026-07-01");
                b.close().await;
                for one in told.iter().rev().chain(&lost) {
                    tell(one).await;
                    b.audit().await;
                }
            } else {
                for one in told.iter().chain(&lost) {
                    b.at(one.1);
                    if way == "ordered" {
                        b.close().await;
                    }
                    tell(one).await;
                }
            }
            if way != "ordered" {
                // What never was leaves nothing.
                for (at, on) in [(6, "2026-04-01"), (2, "2026-05-25")] {
                    let wrong = b.pay(loans[at], on, "500.00").await;
                    b.tell(loans[at], on, Fact::Event(What::Reversal(wrong.id))).await.unwrap();
                    b.audit().await;
                }
            }
            b.at("2026-07-02");
            b.close().await;
            b.audit().await;
            let mut seen = Vec::new();
            for account in ["L6011", "L6012", "L6013", "L6015", "L1321", "L1322", "L1323", "L6021", "L6022", "L7001"]
                .into_iter()
                .chain(["L6014", "L1304", "L1401", "L2011", "L7011"])
            {
                seen.push((account, b.balance(account).await.fen()));
            }
            assert!(seen[..4].iter().all(|(_, fen)| *fen != 0), "{way}: {seen:?}");
            pictures.lock().unwrap().push(seen);
        })
        .await;
    }
    let pictures = pictures.into_inner().unwrap();
    for other in &pictures[1..] {
        assert_eq!(&pictures[0], other);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_goes_its_whole_way_to_the_pool_and_is_written_off() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        let early = b.lent("equal_principal", "daily").await;
        let lost = b.lent("equal_principal", "monthly").await;
        b.at("2026-02-01");
        b.close().await;
        let half = What::Prepayment { mode: Mode::ReduceInstalment, principal: Some(yuan("6000.00")), booked: None };
        b.tell(early, "2026-02-01", Fact::Event(half)).await.unwrap();
        b.audit().await;
        assert_eq!(b.balance("L6031").await, yuan("60.00").checked_neg().unwrap());
        let all = What::Prepayment { mode: Mode::Full, principal: None, booked: None };
        b.at("2026-02-15");
        b.close().await;
        let late = b.tell(early, "2026-02-15", Fact::Event(all)).await;
        assert!(matches!(late, Err(ServicingError::Loan(ServeError::Loan(domain::loan::LoanError::InArrears)))));
        let owed = b.servicing.loan(early, &b.officer).await.unwrap().state.unwrap().due.total().unwrap();
        b.pay(early, "2026-02-15", &owed.to_string()).await;
        b.tell(early, "2026-02-15", Fact::Event(all)).await.unwrap();
        let gone = b.servicing.loan(early, &b.officer).await.unwrap();
        assert_eq!(gone.state.unwrap().principal().unwrap(), Money::ZERO);
        assert_eq!(gone.contract.state, domain::lending::LoanState::Settled);
        b.audit().await;

        b.at("2026-06-01");
        b.close().await;
        b.tell(lost, "2026-06-01", Fact::Event(What::Compensation(yuan("9600.00")))).await.unwrap();
        assert_eq!(b.balance("L1401").await, yuan("9600.00"));
        b.audit().await;
        b.tell(lost, "2026-06-01", Fact::Event(What::WriteOff)).await.unwrap();
        b.audit().await;
        b.tell(lost, "2026-06-01", Fact::Event(What::Recovery(yuan("100.00")))).await.unwrap();
        assert_eq!(b.balance("L1401").await, yuan("9520.00"), "in the share in which the loss was borne");
        b.at("2026-06-03");
        b.close().await;
        b.audit().await;
        let over =
            b.tell(lost, "2026-06-02", Fact::Event(What::Repayment { amount: yuan("1.00"), booked: None })).await;
        assert!(matches!(over, Err(ServicingError::Loan(ServeError::Loan(domain::loan::LoanError::Ended)))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_charity_holds_a_pool() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        let tx = b.db.begin().await.unwrap();
        let charity = ledger::NewBook {
            id: domain::BookId::new(),
            code: "hebei".into(),
            name: "示例基金会".into(),
            kind: ledger::BookKind::Charity,
            credit_code: Some("53130000MJX000000U".into()),
        };
        ledger::create_book(&tx, charity, b.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let pool = |holder: &'static str, code: &'static str| {
            b.servicing.set_pool(b.programme, holder, code, yuan("500000.00"), &b.keeper)
        };
        let refused = pool("示例基金会", "53130000MJX000000U").await;
        assert!(matches!(refused, Err(ServicingError::Loan(ServeError::CharityPool))), "{refused:?}");
        pool("示例市财政局", "11130000MB0000000U").await.unwrap();
    })
    .await;
}

/// The database itself lets nobody change what happened, close a day twice or leave out a file.
#[tokio::test(flavor = "multi_thread")]
async fn what_happened_stays_happened() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        b.lent("equal_principal", "daily").await;
        b.at("2026-01-17");
        b.close().await;
        for (text, guard) in [
            ("UPDATE loan_event SET amount_fen = 1", "loan_event_immutable"),
            ("DELETE FROM loan_event", "loan_event_immutable"),
            ("UPDATE loan_day SET interest_fen = 0", "loan_day_closed"),
            ("DELETE FROM loan_day", "loan_day_closed"),
            ("UPDATE loan_programme SET closed_through = '2020-01-01'", "loan_programme_forwards"),
            ("UPDATE loan_contract SET principal_fen = 1", "loan_contract_fixed"),
        ] {
            let tx = b.db.begin().await.unwrap();
            let error = entity::execute(&tx, text, []).await.unwrap_err().to_string();
            assert!(error.contains(guard), "{text}: {error}");
        }
    })
    .await;
}

/// The audit knows what each class earned: an amount that stands at another class is found, though all classes together are right.
#[tokio::test(flavor = "multi_thread")]
async fn interest_at_another_class_is_found_by_the_audit() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        b.lent("equal_principal", "daily").await;
        b.at("2026-03-01");
        b.close().await;
        b.audit().await;
        let tx = b.db.begin().await.unwrap();
        let book = domain::BookId::from(b.programme.uuid());
        let [normal, mention, ..] = ledger::Subject::LOAN_INTEREST_INCOME.map(|one| ledger::Account::new(book, one));
        let moved = ledger::Entry::new(book, "loan_change", "loan_event:moved".to_owned(), day("2026-02-28"));
        let moved = moved.posting(normal, mention, yuan("1.00"));
        ledger::post(&tx, b.clock.now(), &[moved]).await.unwrap().pop().unwrap().unwrap();
        tx.commit().await.unwrap();
        let tx = b.db.snapshot().await.unwrap();
        let mut report = ledger::AuditReport::default();
        lending::servicing::audit::audit(&tx, &mut report).await.unwrap();
        let found: Vec<(&str, i64)> = report
            .differences
            .iter()
            .map(|one| (one.what, one.stored.parse::<i64>().unwrap() - one.computed.parse::<i64>().unwrap()))
            .collect();
        assert_eq!(found, [("loan.interest_class", -100), ("loan.interest_class", 100)], "{:#?}", report.differences);
    })
    .await;
}
