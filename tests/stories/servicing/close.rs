//! Days closed by the job: at once, in pieces, twice, late, they are the same days.

use std::sync::Mutex;

use app::servicing::Servicing;
use domain::role::Role;
use domain::{BusinessDate, LoanProgrammeId};
use lending::servicing::close::Piece;
use serde_json::{Value, json};

use crate::world::{World, story};

use super::{House, by_days, fen, house, notice, on};

/// What must not depend on the way it came about: days with their digests, and every balance.
async fn picture(w: &World, h: &House) -> (Vec<Value>, Value, Vec<Value>) {
    let auditor = w.staff(Role::Auditor).await;
    let balance = auditor.get("/staff/trial-balance").await.ok()["items"].clone();
    let contracts =
        h.town.lender.get("/staff/loan-contracts?limit=100").await.ok()["items"].as_array().unwrap().clone();
    let mut loans = Vec::new();
    for one in &contracts {
        let id = one["contract"]["id"].as_str().unwrap();
        let seen = h.town.lender.get(&format!("/staff/loan-contracts/{id}/servicing")).await.ok();
        loans.push(json!([seen["number"], one["contract"]["state"], seen["standing"]]));
    }
    loans.sort_by_key(Value::to_string);
    (h.days().await, balance, loans)
}

#[tokio::test(flavor = "multi_thread")]
async fn days_closed_at_once_in_pieces_twice_or_late_are_the_same_days() {
    let pictures = Mutex::new(Vec::new());
    for way in ["daily", "killed", "late"] {
        story(async |w| {
            let h = house(w, by_days()).await;
            let mut loans = Vec::new();
            for (serial, method) in (1..).zip([
                "equal_installment",
                "equal_principal",
                "interest_only",
                "flat",
                "bullet",
                "equal_principal",
            ]) {
                loans.push(h.lent(w, method, "36000.00", serial).await);
            }
            let servicing: &Servicing = &w.app.servicing;
            let programme = LoanProgrammeId::from(h.programme);
            let piece = async |day: BusinessDate| servicing.close_piece(programme, day, 2).await.unwrap();
            let mut day: BusinessDate = "2026-02-26".parse().unwrap();
            h.closed_before(w, &day.to_string()).await;
            while day.to_string().as_str() < "2026-03-08" {
                let next = day.next();
                on(w, &next.to_string()).await;
                match way {
                    "daily" => assert_eq!(w.run_job("close_loans").await, 1),
                    "killed" => {
                        // One piece of two loans, then the program dies; the job goes on and is run once more.
                        let first = piece(day).await;
                        assert!(matches!(first, Piece::Changed(_) | Piece::Closed(_)), "{first:?}");
                        let left = u64::from(matches!(first, Piece::Changed(_)));
                        assert_eq!(w.run_job("close_loans").await, left);
                        assert_eq!(w.run_job("close_loans").await, 0);
                        assert!(matches!(piece(day).await, Piece::There(_)));
                    }
                    _ => {}
                }
                // Told on the fifth, whatever is closed by then.
                if next.to_string() == "2026-03-05" {
                    if way == "late" {
                        assert_eq!(w.run_job("close_loans").await, 7);
                    }
                    h.pay(&loans[5], "2026-03-05", "3116.20").await;
                }
                day = next;
            }
            if way == "late" {
                assert_eq!(w.run_job("close_loans").await, 3, "three days late");
            }
            let not_over = servicing.close_piece(programme, day, 2).await;
            assert!(not_over.is_err(), "a day that is not over is not closed");
            let seen = picture(w, &h).await;
            pictures.lock().unwrap().push(seen);
        })
        .await;
    }
    let pictures = pictures.into_inner().unwrap();
    let (first, others) = pictures.split_first().unwrap();
    assert!(first.0.len() > 40 && first.2.len() == 6);
    for other in others {
        assert_eq!(first, other);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_of_late_or_never_was_leaves_the_books_of_the_ordered_run() {
    let pictures = Mutex::new(Vec::new());
    for way in ["ordered", "never closed between", "heard of late"] {
        story(async |w| {
            let h = house(w, by_days()).await;
            let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
            let other = h.lent(w, "equal_installment", "24000.00", 2).await;
            let payments = [("2026-03-01", "3116.20"), ("2026-04-03", "3120.00"), ("2026-05-20", "2000.00")];
            if way != "heard of late" {
                for (day, amount) in payments {
                    if way == "ordered" {
                        h.closed_before(w, day).await;
                    } else {
                        on(w, day).await;
                    }
                    h.pay(&loan, day, amount).await;
                }
                h.closed_before(w, "2026-07-10").await;
            } else {
                // Nobody heard of any of it until it was months late and its interest no income any more.
                h.closed_before(w, "2026-07-10").await;
                assert_eq!(h.standing(&loan).await["accruing"], json!(false));
                for (day, amount) in payments.iter().rev() {
                    h.pay(&loan, day, amount).await;
                }
                // A payment that was somebody else's, and a whole payout that never was.
                let wrong = notice("repayment", "2026-04-01", json!({ "amount": "500.00" }));
                let seen = h.told(&other, &wrong).await.ok();
                assert_eq!(w.balance("L1003").await, "-51263.80");
                let back = notice("reversal", "2026-04-01", json!({ "reverses": wrong["id"], "reason": "记错合同" }));
                let undone = h.told(&other, &back).await.ok();
                assert_ne!(seen["standing"], undone["standing"]);
                assert_eq!(h.told(&other, &back).await.ok(), undone, "told again it changes nothing");
                let twice = notice("reversal", "2026-04-01", json!({ "reverses": wrong["id"] }));
                h.told(&other, &twice).await.refused(409, "changed_meanwhile");
                let of_itself = notice("reversal", "2026-04-01", json!({ "reverses": back["id"] }));
                h.told(&other, &of_itself).await.refused(422, "no_such_loan_event");
                let payout = h.seen(&loan).await["events"][0]["id"].clone();
                let never = notice("reversal", "2026-02-01", json!({ "reverses": payout }));
                h.told(&loan, &never).await.refused(409, "changed_meanwhile");
            }
            h.closed_before(w, "2026-07-12").await;
            let (_, balance, loans) = picture(w, &h).await;
            // Debits and credits that met are not told; what is left is the same.
            let net = |line: &Value| {
                let side = |side: &str| fen(line[side].as_str().unwrap());
                (line["account"].as_str().unwrap().to_owned(), side("debit") - side("credit"))
            };
            let net: Vec<_> = balance.as_array().unwrap().iter().map(net).filter(|(_, fen)| *fen != 0).collect();
            // Interest stands at the class of each day, whenever it was booked.
            let class = |subject: &str| net.iter().any(|(account, _)| account.starts_with(subject));
            assert!(class("L6011") && class("L6012") && class("L6013"), "{way}: {net:?}");
            pictures.lock().unwrap().push((net, loans));
        })
        .await;
    }
    let pictures = pictures.into_inner().unwrap();
    for other in &pictures[1..] {
        assert_eq!(&pictures[0], other);
    }
}
