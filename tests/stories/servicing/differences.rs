//! What a bank's files say otherwise of a loan again and again: one break while it is so, cleared up when it is not, and new when it comes back.

use domain::Money;
use domain::bank_file::{Kind, Pace, Total};
use domain::loan::allocation::Component;
use domain::loan::overdue::Class;
use domain::role::Role;
use serde_json::{Value, json};

use crate::world::{World, story};

use super::files::{one, settled, ways};
use super::{Loan, by_days, fen, file, house, on, open, stands, told, total};

/// A fen of what is due is cleared up by a file that agrees, or the bank is followed in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_fen_of_what_is_due_is_cleared_up_or_followed() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-03-11").await;
        let late = |day: &str, sequence: u64, arrears: &str| {
            let mut position = stands(&loan, "36000.00", Class::SpecialMention);
            position.arrears = arrears.parse().unwrap();
            file(day, sequence, Vec::new(), vec![position])
        };
        h.bring(&h.town.lender, &late("2026-03-10", 1, "3121.04")).await.ok();
        assert_eq!(open(w).await[0]["item"], "loan:HT-1:2026-03-10:rounding");
        h.bring(&h.town.lender, &late("2026-03-10", 2, "3121.05")).await.ok();
        assert_eq!(open(w).await.len(), 0, "cleared up by the next file");
        h.closed_before(w, "2026-03-12").await;
        h.bring(&h.town.lender, &late("2026-03-11", 3, "3121.58")).await.ok();
        let of = one(w, "loan_rounding").await;
        assert_eq!(ways(w, &of).await, ["follow", "correct", "explain"]);
        let before = h.standing(&loan).await["due"].clone();
        settled(w, &of, "follow").await;
        let after = h.standing(&loan).await["due"].clone();
        assert_eq!(fen(&total(&after)), fen(&total(&before)) - 1);
    })
    .await;
}

/// Every file says where a loan stands: what it says otherwise each time is one break, until it is another difference or settled.
#[tokio::test(flavor = "multi_thread")]
async fn a_difference_that_every_file_repeats_is_one_break() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-02-20").await;
        let mut sequence = 0;
        let mut says = async |day: u32, balance: &str, class: Class| {
            sequence += 1;
            let day = format!("2026-02-{day}");
            let file = file(&day, sequence, Vec::new(), vec![stands(&loan, balance, class)]);
            let read = h.bring(&h.town.lender, &file).await.ok();
            (read["breaks"].as_array().unwrap().len(), open(w).await)
        };
        let (found, first) = says(10, "36100.00", Class::SpecialMention).await;
        assert_eq!((found, first.len()), (2, 2), "{first:?}");
        // Told again it is the same; the file says what it found all the same.
        for day in 11..14 {
            assert_eq!(says(day, "36100.00", Class::SpecialMention).await, (2, first.clone()));
        }
        // Another difference takes the place of the first.
        let (_, second) = says(14, "36050.00", Class::SpecialMention).await;
        let of = |all: &[Value], class: &str| all.iter().find(|one| one["class"] == class).cloned();
        assert_eq!((second.len(), of(&second, "loan_class")), (2, of(&first, "loan_class")));
        let balance = of(&second, "loan_balance").unwrap();
        assert_ne!(balance["id"], of(&first, "loan_balance").unwrap()["id"]);
        // What two persons explained stays explained; what the bank has to correct comes back until it has.
        settled(w, &balance, "explain").await;
        settled(w, &of(&second, "loan_class").unwrap(), "correct").await;
        let (_, third) = says(15, "36050.00", Class::SpecialMention).await;
        assert_eq!(third.iter().map(|one| &one["class"]).collect::<Vec<_>>(), ["loan_class"], "{third:?}");
        assert_eq!(says(16, "36049.00", Class::SpecialMention).await.1.len(), 2);
        // What it says as we do is cleared, whatever else it says of the loan.
        let (_, left) = says(17, "36000.00", Class::SpecialMention).await;
        assert_eq!(left.iter().map(|one| &one["class"]).collect::<Vec<_>>(), ["loan_class"], "{left:?}");
        assert_eq!(says(18, "36000.00", Class::Normal).await, (0, Vec::new()));

        // The same of sums, which a later file says as we do.
        let mut sums = file("2026-02-19", 10, Vec::new(), Vec::new());
        sums.pace = Pace::Summary;
        let (class, arrears) = (Class::Normal, Money::ZERO);
        for (count, left) in [(2, 1), (2, 1), (3, 1), (1, 0)] {
            sums.totals = vec![Total { line: 0, class, count, balance: "36000.00".parse().unwrap(), arrears }];
            h.bring(&h.town.lender, &sums).await.ok();
            assert_eq!(open(w).await.len(), left, "{count}");
            sums.sequence += 1;
        }
    })
    .await;
}

/// What penalties have come to is told again and again: what differs is one break, until the bank says it as we do.
#[tokio::test(flavor = "multi_thread")]
async fn penalties_told_otherwise_are_one_break_until_they_agree() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-03-12").await;
        let come_to = |day: &str, sequence: u64, penalty: &str, compound: &str| {
            let serial = format!("S{sequence}");
            let mut line = told(&loan, &serial, "0.00", "0.00", "36000.00", Class::SpecialMention);
            (line.kind, line.on) = (Kind::Penalty, day.parse().unwrap());
            line.split.amounts[Component::Penalty] = penalty.parse().unwrap();
            line.split.amounts[Component::Compound] = compound.parse().unwrap();
            line.amount = line.split.total().unwrap();
            file(day, sequence, vec![line], Vec::new())
        };
        for (day, sequence) in [("2026-03-09", 1), ("2026-03-10", 2)] {
            let read = h.bring(&h.town.lender, &come_to(day, sequence, "9.00", "0.18")).await.ok();
            assert_eq!(read["breaks"][0]["class"], "split", "{read}");
            let left = open(w).await;
            assert_eq!(left.len(), 1, "{left:?}");
        }
        let read = h.bring(&h.town.lender, &come_to("2026-03-11", 3, "5.19", "0.20")).await.ok();
        assert_eq!((&read["agreed"], open(w).await.len()), (&json!(1), 0), "{read}");
    })
    .await;
}

/// What two persons explained is over once the bank says as the books do, or tells another difference: as large again, it is new.
#[tokio::test(flavor = "multi_thread")]
async fn an_explained_difference_that_went_and_comes_back_is_a_new_break() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-02-25").await;
        let mut sequence = 0;
        let mut says = async |day: u32, balance: &str, class: Class| {
            sequence += 1;
            let file = file(&format!("2026-02-{day}"), sequence, Vec::new(), vec![stands(&loan, balance, class)]);
            h.bring(&h.town.lender, &file).await.ok();
            open(w).await
        };
        let all = says(10, "36100.00", Class::SpecialMention).await;
        let ids: Vec<Value> = all.iter().map(|one| one["id"].clone()).collect();
        for one in &all {
            settled(w, one, "explain").await;
        }
        assert_eq!(says(11, "36100.00", Class::SpecialMention).await, Vec::<Value>::new(), "explained while it stands");
        // The balance agrees, the class does not: that stays explained.
        assert_eq!(says(12, "36000.00", Class::SpecialMention).await, Vec::<Value>::new());
        let back = says(13, "36100.00", Class::SpecialMention).await;
        assert_eq!(back.len(), 1, "{back:?}");
        assert_eq!((&back[0]["class"], &back[0]["detail"]), (&json!("loan_balance"), &all[0]["detail"]));
        assert!(!ids.contains(&back[0]["id"]));
        let before = breaks(w).await.into_iter().find(|one| one["id"] == all[0]["id"]).unwrap();
        assert_eq!(before["state"], "resolved");
        assert!(before["gone_at"].is_string(), "{before}");

        // Another difference ends an explanation, too; and a file of the same day that says otherwise is no other difference.
        settled(w, &back[0], "explain").await;
        let other = says(14, "36050.00", Class::SpecialMention).await;
        assert_eq!(other.len(), 1);
        let third = says(14, "36100.00", Class::SpecialMention).await;
        assert_eq!((third.len(), &third[0]["amount"]), (1, &json!("36100.00")), "{third:?}");
        let cleared = breaks(w).await.into_iter().find(|one| one["id"] == other[0]["id"]).unwrap();
        assert_eq!(
            (&cleared["state"], &cleared["cleared_because"]),
            (&json!("cleared"), &json!("银行文件改报另一差额，另列差错"))
        );
        // All of one day: explained, gone, and back.
        settled(w, &third[0], "explain").await;
        assert_eq!(says(14, "36000.00", Class::Normal).await.len(), 0);
        assert_eq!(says(14, "36100.00", Class::SpecialMention).await.len(), 2);
        w.attacked("UPDATE discrepancy SET gone_us = NULL WHERE gone_us IS NOT NULL", "discrepancy_fixed").await;
        w.attacked("UPDATE discrepancy SET cleared_because = NULL WHERE state = 'cleared'", "discrepancy_fixed").await;
        w.attacked("UPDATE discrepancy SET gone_us = 1 WHERE state = 'open'", "discrepancy_gone_check").await;
    })
    .await;
}

/// A loan the bank lists before anybody has written its contract down: once it is in the books, or off the list, there is no break.
#[tokio::test(flavor = "multi_thread")]
async fn a_loan_that_only_the_bank_knew_is_cleared_once_it_is_registered() {
    story(async |w| {
        let h = house(w, by_days()).await;
        on(w, "2026-02-01").await;
        let second = h.signed(w, "equal_principal", "36000.00", 2).await;
        on(w, "2026-02-03").await;
        let unknown =
            |serial: u32| Loan { id: String::new(), number: format!("HT-{serial}"), borrower: w.stranger.clone() };
        let listed = |serials: &[u32]| -> Vec<_> {
            serials.iter().map(|serial| stands(&unknown(*serial), "36000.00", Class::Normal)).collect()
        };
        // The payments nobody could place either.
        let mut line = told(&unknown(1), "S1", "10.00", "0.00", "35990.00", Class::Normal);
        line.on = "2026-02-02".parse().unwrap();
        h.bring(&h.town.lender, &file("2026-02-02", 1, vec![line], listed(&[1, 2, 3, 4]))).await.ok();
        let missing = async || -> Vec<String> {
            let all = open(w).await.into_iter().filter(|one| one["class"] == "loan_missing_here");
            let mut items: Vec<String> = all.map(|one| one["item"].as_str().unwrap().to_owned()).collect();
            items.sort();
            items
        };
        assert_eq!(missing().await.len(), 4);
        let of = async |serial: u32| {
            let item = format!("loan:HT-{serial}:2026-02-02:missing_here");
            breaks(w).await.into_iter().find(|one| one["item"] == item.as_str()).unwrap()
        };
        settled(w, &of(3).await, "explain").await;

        // Signed alone it is not in the books; paid out after the bank's day it was not, either.
        let first = h.signed(w, "equal_principal", "36000.00", 1).await;
        assert_eq!(missing().await.len(), 3);
        h.tell(&first, "payout", "2026-02-03", json!({ "amount": "36000.00" })).await.ok();
        assert_eq!(missing().await.len(), 3, "on the second there was no loan");
        h.tell(&second, "payout", "2026-02-01", json!({ "amount": "36000.00" })).await.ok();
        assert_eq!(missing().await, ["loan:HT-1:2026-02-02:missing_here", "loan:HT-4:2026-02-02:missing_here"]);
        let why = |of: &Value| (of["state"].clone(), of["cleared_because"].clone());
        let registered = (json!("cleared"), json!("合同已登记并放款，账上有这笔贷款"));
        assert_eq!(why(&of(2).await), registered);

        // The next list has the first, as the books do, and leaves out the others; its line comes again and is booked.
        on(w, "2026-02-04").await;
        let mut line = told(&first, "S1", "10.00", "0.00", "35990.00", Class::Normal);
        line.on = "2026-02-03".parse().unwrap();
        let mut positions = listed(&[1, 2]);
        positions[0].balance = "35990.00".parse().unwrap();
        let read = h.bring(&h.town.lender, &file("2026-02-03", 2, vec![line], positions)).await.ok();
        assert_eq!(read["booked"], 1, "{read}");
        assert_eq!(why(&of(1).await), registered);
        assert_eq!(why(&of(4).await).1, "银行余额清单不再列有这笔贷款");
        assert!(of(3).await["gone_at"].is_string(), "what was explained is over");
        let placed = breaks(w).await.into_iter().find(|one| one["item"] == "loan:HT-1:S1:contract").unwrap();
        assert_eq!(why(&placed), (json!("cleared"), json!("银行重报后已入账")));
        let left = open(w).await;
        assert!(left.iter().all(|one| one["class"] == "loan_split"), "of the payment, which came early: {left:?}");
        // And on the list again it is missing here again.
        on(w, "2026-02-05").await;
        let mut positions = listed(&[1, 2, 3]);
        positions[0].balance = "35990.00".parse().unwrap();
        h.bring(&h.town.lender, &file("2026-02-04", 3, Vec::new(), positions)).await.ok();
        assert_eq!(missing().await, ["loan:HT-3:2026-02-04:missing_here"]);
    })
    .await;
}

/// All breaks of loans, whatever became of them.
async fn breaks(w: &World) -> Vec<Value> {
    let all = w.staff(Role::Auditor).await.get("/staff/breaks?limit=100").await.ok();
    all["items"].as_array().unwrap().clone()
}
