//! A bank's file with planted differences, and with lines that no loan allows.

use app::servicing::ServicingError;
use domain::bank_file::{BankFile, Detail, Kind, Pace, Position};
use domain::loan::allocation::Component;
use domain::loan::life::Split;
use domain::loan::overdue::Class;
use domain::{LoanContractId, Money};
use entity::loan_event;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{Bank, day, identity_world, yuan};

/// The lines a bank that reckons as we do would send.
fn line(b: &Bank, serial: u32, contract: &str, kind: Kind, amount: &str, principal: &str, balance: &str) -> Detail {
    let _ = b;
    let (amount, principal) = (yuan(amount), yuan(principal));
    let mut split = Split::default();
    if kind != Kind::Payout {
        split.amounts[Component::Principal] = principal;
        split.amounts[Component::Interest] = Money::from_fen(amount.fen() - principal.fen());
    }
    Detail {
        line: 0,
        contract: contract.into(),
        serial: format!("S{serial:06}"),
        kind,
        on: day("2026-02-15"),
        amount,
        split,
        balance: yuan(balance),
        class: Class::Normal,
        reverses: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_planted_differences_finds_them_and_nothing_else() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        for _ in 0..6 {
            b.lent("equal_principal", "daily").await;
        }
        b.at("2026-02-15");
        b.close().await;
        let own = b.pay(loan(&b, 6).await, "2026-02-15", "1046.50").await;
        b.at("2026-02-16");
        let pay = |serial, number, amount: &str, principal: &str, balance: &str| {
            line(&b, serial, &format!("HT-{number}"), Kind::Repayment, amount, principal, balance)
        };
        let mut file = BankFile {
            bank: "demo".into(),
            day: day("2026-02-15"),
            pace: Pace::Daily,
            sequence: 1,
            details: vec![
                pay(1, 1, "1046.50", "1000.00", "11000.00"),
                // Rounded otherwise.
                pay(2, 2, "1046.51", "1000.00", "11000.00"),
                // Spread otherwise.
                pay(3, 3, "1046.50", "990.00", "11010.00"),
                // The balance is another.
                pay(4, 4, "1046.50", "1000.00", "10999.00"),
                // Nobody's.
                pay(5, 99, "1.00", "1.00", "0.00"),
                // Ours, which the bank tells too.
                pay(6, 6, "1046.50", "1000.00", "11000.00"),
            ],
            positions: [
                (1, "11000.00", "0.00", Class::Normal),
                (2, "11000.00", "0.00", Class::Normal),
                (3, "11010.00", "10.00", Class::Normal),
                (4, "11000.00", "0.00", Class::Normal),
                // Due today, not late.
                (5, "12000.00", "1046.50", Class::SpecialMention),
                (6, "11000.00", "0.00", Class::Normal),
            ]
            .map(|(number, balance, arrears, class)| Position {
                line: 0,
                contract: format!("HT-{number}"),
                balance: yuan(balance),
                arrears: yuan(arrears),
                class,
            })
            .into(),
            totals: Vec::new(),
        };
        let bytes = file.to_string().into_bytes();
        let imported = b.servicing.import(&bytes, &b.bookkeeper).await.unwrap();
        let mut found: Vec<_> = imported.report.breaks.iter().map(|one| one.class.as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, ["balance", "class", "rounding", "split", "unknown_line"], "{:#?}", imported.report.breaks);
        assert_eq!((imported.report.booked, imported.report.matched, imported.known), (4, 1, false));
        // The memo book follows the bank: what it took off the principal of each loan.
        for (number, balance) in [(1, "11000.00"), (2, "11000.00"), (3, "11010.00"), (4, "11000.00"), (6, "11000.00")] {
            let due = b.balance(&format!("L1302[contract=HT-{number}]")).await.fen();
            let undue = b.balance(&format!("L1301[contract=HT-{number}]")).await.fen();
            assert_eq!(Money::from_fen(due + undue), yuan(balance), "HT-{number}");
        }
        b.audit().await;
        // Our own payment was taken back for the bank's, which has a number.
        let events =
            loan_event::Entity::find().filter(loan_event::Column::Kind.eq("reversal")).all(b.db.read()).await.unwrap();
        assert_eq!(events.iter().map(|row| row.reverses).collect::<Vec<_>>(), [Some(own.id)]);

        let before = b.picture().await;
        let again = b.servicing.import(&bytes, &b.bookkeeper).await.unwrap();
        assert!(again.known);
        assert_eq!(again.report, imported.report);
        assert_eq!(b.picture().await, before, "read again it changes nothing");
        file.details.clear();
        let other = file.to_string().into_bytes();
        assert!(matches!(b.servicing.import(&other, &b.bookkeeper).await, Err(ServicingError::FileRepeated(1))));
        file.sequence = 3;
        let gap = b.servicing.import(&file.to_string().into_bytes(), &b.bookkeeper).await;
        assert!(matches!(gap, Err(ServicingError::FileGap { expected: 2 })));
        let open = entity::discrepancy::Entity::find().all(b.db.read()).await.unwrap();
        assert_eq!(open.len(), 5);
        // What we say and the bank's files do not, though they should have by now.
        b.pay(loan(&b, 5).await, "2026-02-16", "1046.50").await;
        b.at("2026-02-21");
        (file.sequence, file.day) = (2, day("2026-02-20"));
        file.positions.clear();
        let second = b.servicing.import(&file.to_string().into_bytes(), &b.bookkeeper).await.unwrap();
        assert_eq!(second.report.breaks.iter().map(|one| one.class.as_str()).collect::<Vec<_>>(), ["missing_there"]);
        assert!(open.iter().all(|row| row.owner == "bookkeeper" || row.owner == "cashier"));
        b.close().await;
        b.audit().await;
    })
    .await;
}

/// Lines that no loan allows are told one by one, several of one loan too; the others are booked.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_refused_stops_no_other() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        b.lent("equal_principal", "daily").await;
        for _ in 0..2 {
            b.signed("equal_principal", "daily").await;
        }
        b.at("2026-02-15");
        b.close().await;
        b.at("2026-02-16");
        let pay = |serial, number| {
            line(&b, serial, &format!("HT-{number}"), Kind::Repayment, "1046.50", "1000.00", "11000.00")
        };
        let file = BankFile {
            bank: "demo".into(),
            day: day("2026-02-15"),
            pace: Pace::Daily,
            sequence: 1,
            // Only the first contract was paid out.
            details: vec![pay(1, 2), pay(2, 1), pay(3, 2), pay(4, 3)],
            positions: Vec::new(),
            totals: Vec::new(),
        };
        let read = b.servicing.import(&file.to_string().into_bytes(), &b.bookkeeper).await.unwrap().report;
        let mut refused: Vec<&str> = read.breaks.iter().map(|one| one.key.as_str()).collect();
        refused.sort_unstable();
        let expected = ["loan:HT-2:S000001:refused", "loan:HT-2:S000003:refused", "loan:HT-3:S000004:refused"];
        assert_eq!((refused.as_slice(), read.booked), (&expected[..], 1), "{:#?}", read.breaks);
        assert_eq!(b.balance("L1302[contract=HT-1]").await, Money::ZERO);
        b.audit().await;
    })
    .await;
}

/// Of two lines within the days of one payment of ours, the one that tells it to the fen is it, whichever comes first.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_ours_is_the_line_of_its_amount() {
    identity_world::on_both(async |w| {
        let b = Bank::open(w).await;
        b.lent("equal_principal", "daily").await;
        b.at("2026-02-15");
        b.close().await;
        let own = b.pay(loan(&b, 1).await, "2026-02-15", "100.00").await;
        b.at("2026-02-16");
        let pay = |serial, amount: &str, principal: &str, balance: &str| {
            line(&b, serial, "HT-1", Kind::Repayment, amount, principal, balance)
        };
        let file = BankFile {
            bank: "demo".into(),
            day: day("2026-02-15"),
            pace: Pace::Daily,
            sequence: 1,
            details: vec![pay(1, "946.50", "900.00", "11100.00"), pay(2, "100.00", "100.00", "11000.00")],
            positions: Vec::new(),
            totals: Vec::new(),
        };
        let read = b.servicing.import(&file.to_string().into_bytes(), &b.bookkeeper).await.unwrap().report;
        assert_eq!((read.booked, read.matched), (1, 1));
        assert!(read.breaks.iter().all(|one| one.class != "amount"), "{:#?}", read.breaks);
        let reversals = loan_event::Entity::find().filter(loan_event::Column::Reverses.eq(own.id));
        assert_eq!(reversals.all(b.db.read()).await.unwrap().len(), 1, "the bank's own figures took its place");
        assert_eq!(b.balance("L1302[contract=HT-1]").await, Money::ZERO);
        b.audit().await;
    })
    .await;
}

async fn loan(b: &Bank, number: u32) -> LoanContractId {
    let rows = entity::loan_contract::Entity::find().all(b.db.read()).await.unwrap();
    rows.into_iter().find(|row| row.number == format!("HT-{number}")).unwrap().id
}
