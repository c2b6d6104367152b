//! Days that are closed: once, again, late, by two at once and after a kill, and what they book.

use app::servicing::ServicingError;
use domain::Money;
use domain::loan::life::What;
use domain::loan::prepayment::Mode;
use lending::servicing::ServeError;
use lending::servicing::close::{self, Ahead, Piece};
use lending::servicing::loan::Fact;

use super::{Bank, day, identity_world, yuan};

#[tokio::test(flavor = "multi_thread")]
async fn a_day_closed_twice_killed_in_the_middle_or_late_gives_the_same_books() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        for method in ["equal_principal", "equal_installment", "interest_only", "flat", "bullet"] {
            for mode in ["daily", "monthly"] {
                b.lent(method, mode).await;
            }
        }
        let late = b.lent("equal_principal", "daily").await;
        b.at("2026-02-15");
        assert_eq!(b.close().await, 45);
        assert_eq!(b.close().await, 0, "a closed day is closed");
        b.audit().await;
        // One instalment is paid, the loan falls due that day.
        b.pay(late, "2026-02-15", "1046.50").await;
        b.at("2026-02-16");
        // Killed after each piece of two loans: the next one goes on.
        let mut pieces = 0;
        loop {
            pieces += 1;
            match b.servicing.close_piece(b.programme, day("2026-02-15"), 2).await.unwrap() {
                Piece::Changed(count) => assert!(count <= 2),
                Piece::Closed(row) => {
                    assert_eq!(
                        (row.changed, row.loans),
                        (8, 11),
                        "the paid loan was reckoned when it was paid; bullets are not due"
                    );
                    break;
                }
                Piece::There(_) => panic!("it was not closed"),
            }
            b.audit().await;
        }
        assert!(pieces > 4, "{pieces}");
        assert!(matches!(b.servicing.close_piece(b.programme, day("2026-02-15"), 2).await.unwrap(), Piece::There(_)));
        // Three days late: in their order, each by itself.
        b.at("2026-02-20");
        assert_eq!(b.close().await, 4);
        b.audit().await;
        let skipped = b.servicing.close_piece(b.programme, day("2026-02-22"), 2).await;
        assert!(matches!(skipped, Err(ServicingError::Loan(ServeError::NotThatDay))));
        let (days, ..) = b.picture().await;
        let digests: std::collections::BTreeSet<_> = days.iter().map(|row| row.digest.clone()).collect();
        assert_eq!(digests.len(), days.len());
    })
    .await;
}

/// A piece that was read ahead is written only if nothing was told since and nobody else has closed it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_between_reading_and_writing_is_noticed() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        let paid = b.lent("equal_principal", "daily").await;
        let other = b.lent("equal_principal", "daily").await;
        for method in ["equal_installment", "interest_only", "bullet"] {
            b.lent(method, "daily").await;
        }
        b.at("2026-02-15");
        b.close().await;
        let read = async |on: &str| close::ahead(&b.db, b.programme, day(on), None, 100).await.unwrap().unwrap();
        let piece = async |on: &str, ahead: Ahead| {
            let tx = b.db.begin().await.unwrap();
            let piece = close::piece(&tx, b.clock.now(), b.programme, day(on), 100, Some(ahead)).await.unwrap();
            tx.commit().await.unwrap();
            piece
        };
        b.at("2026-02-16");
        // Four fall due; one of them is paid after they were read.
        let due = read("2026-02-15").await;
        let last = due.last();
        assert!(close::ahead(&b.db, b.programme, day("2026-02-15"), last, 100).await.unwrap().is_none());
        b.pay(paid, "2026-02-15", "1046.50").await;
        let written = piece("2026-02-15", due).await;
        assert!(matches!(written, Piece::Changed(3)), "{written:?}");
        b.audit().await;
        // The same with what only grows.
        let rest = close::rest(&b.db, b.programme, day("2026-02-15")).await.unwrap();
        b.pay(other, "2026-02-16", "10.00").await;
        assert!(matches!(piece("2026-02-15", rest).await, Piece::Closed(_)));
        b.audit().await;
        // Two closes at once read the same; the first writes it.
        b.at("2026-02-17");
        let (first, second) = (read("2026-02-16").await, read("2026-02-16").await);
        let early = read("2026-02-17").await;
        let written = piece("2026-02-16", first).await;
        assert!(matches!(written, Piece::Changed(2)), "{written:?}");
        assert!(matches!(piece("2026-02-16", second).await, Piece::Closed(_)));
        b.audit().await;
        // What was read of a day before the day before it was closed counts no more.
        b.at("2026-02-18");
        assert!(matches!(piece("2026-02-17", early).await, Piece::Closed(_)));
        b.audit().await;
        // With nothing in between it is written as it was read.
        b.at("2026-03-16");
        b.close().await;
        b.audit().await;
    })
    .await;
}

/// Two closes at once, piece by piece with the next read ahead, while something is told: one day, and the books of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_closed_by_two_at_once_while_something_is_told_is_closed_once() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        let paid = b.lent("equal_principal", "daily").await;
        for method in ["equal_principal", "equal_installment", "interest_only", "flat", "bullet"] {
            for mode in ["daily", "monthly"] {
                b.lent(method, mode).await;
            }
        }
        b.at("2026-02-15");
        b.close().await;
        for (today, on) in [("2026-02-16", "2026-02-15"), ("2026-02-17", "2026-02-16"), ("2026-02-18", "2026-02-17")] {
            b.at(today);
            let close = || b.servicing.close_day(b.programme, day(on), 2);
            let (one, other, _) = tokio::join!(close(), close(), b.pay(paid, on, "300.00"));
            assert_eq!(one.unwrap(), other.unwrap(), "{on}");
            b.audit().await;
        }
        assert_eq!(b.close().await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn interest_booked_by_days_is_the_interest_of_the_table() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        let contract = b.lent("equal_principal", "daily").await;
        b.at("2026-02-16");
        b.close().await;
        // 12 000.00 × 4.5 % × 31 / 360.
        assert_eq!(b.balance("L1321").await, yuan("46.50"));
        assert_eq!(b.balance("L1302[contract=HT-1]").await, yuan("1000.00"));
        assert_eq!(b.balance("L1301[contract=HT-1]").await, yuan("11000.00"));
        let served = b.servicing.loan(contract, &b.officer).await.unwrap();
        assert_eq!(served.state.unwrap().days_past_due, 1);
        // Ninety-one days late: what was income is taken back and stands beside the balance sheet.
        b.at("2026-05-18");
        b.close().await;
        assert_eq!(b.balance("L1321").await, Money::ZERO);
        assert!(b.balance("L7001").await.is_positive());
        let mut income = 0;
        for subject in ["L6011", "L6012", "L6013", "L6014", "L6015"] {
            income += b.balance(subject).await.fen();
        }
        assert_eq!(income, 0, "over all classes");
        b.audit().await;
        // All that is late is paid: it is income again.
        let due = b.servicing.loan(contract, &b.officer).await.unwrap().state.unwrap().due.total().unwrap();
        b.pay(contract, "2026-05-18", &due.to_string()).await;
        assert_eq!(b.balance("L7001").await, Money::ZERO);
        b.at("2026-05-20");
        b.close().await;
        b.audit().await;
    })
    .await;
}

/// A day is the same whether all that only grows, and what all come to, is added up before its pieces are written or after them.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_comes_to_the_same_whenever_it_is_added_up() {
    let figures = std::sync::Mutex::new(Vec::new());
    for ahead in [true, false] {
        identity_world::on_both(async |w| {
            let b = Bank::open(w).await;
            for method in ["equal_principal", "equal_installment", "interest_only", "flat", "bullet"] {
                for mode in ["daily", "monthly"] {
                    b.lent(method, mode).await;
                }
            }
            let (paid, ended) = (b.lent("equal_principal", "daily").await, b.lent("bullet", "daily").await);
            b.at("2026-02-15");
            b.close().await;
            b.pay(paid, "2026-02-15", "1046.50").await;
            let all = What::Prepayment { mode: Mode::Full, principal: None, booked: None };
            b.tell(ended, "2026-02-15", Fact::Event(all)).await.unwrap();
            // Through the day they fall due, the first day they are late, and the ninety-first.
            let mut on = day("2026-02-15");
            while on < day("2026-05-20") {
                b.clock.set(on.next().start());
                while !ahead && matches!(b.servicing.close_piece(b.programme, on, 3).await.unwrap(), Piece::Changed(_))
                {
                }
                if ahead {
                    b.servicing.close_day(b.programme, on, 3).await.unwrap();
                }
                on = on.next();
            }
            b.audit().await;
            let (mut days, ..) = b.picture().await;
            for row in &mut days {
                (row.programme_id, row.digest) = (uuid::Uuid::nil().into(), Vec::new());
            }
            assert!(days.iter().any(|row| row.overdue_fen.is_positive()), "something was late");
            figures.lock().unwrap().push(days);
        })
        .await;
    }
    let figures = figures.into_inner().unwrap();
    for other in &figures[1..] {
        assert_eq!(&figures[0], other);
    }
}
