//! Contracts that take another over: 续贷, 重组.

use serde_json::{Value, json};

use crate::world::story;

use super::{by_days, house, notice, parts, total};

/// 续贷: the new contract repays the whole of the old one and pays nothing out; what the old one's interest came to is still paid.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_takes_over_all_that_is_owed_and_the_interest_to_the_day_is_paid() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let old = h.lent(w, "interest_only", "36000.00", 1).await;
        h.closed_before(w, "2026-03-01").await;
        h.pay(&old, "2026-03-01", "116.20").await;
        h.closed_before(w, "2026-03-11").await;
        // What was judged otherwise than normal is not renewed.
        h.tell(&old, "class", "2026-03-11", json!({ "class": "special_mention" })).await.ok();
        let mut hidden = h.town.request("36000.00", 1);
        (hidden["kind"], hidden["contract"], hidden["method"]) =
            (json!("renewal"), json!(old.id), json!("interest_only"));
        let refused = old.borrower.post("/me/loan-applications", hidden).await;
        refused.refused(409, "loan_classed");
        assert!(refused.text.contains("不能续贷"), "{}", refused.text);
        h.tell(&old, "class", "2026-03-11", json!({ "class": "normal" })).await.ok();
        // Less than what is owed would leave a rest to nobody.
        let part = h.taking_over(w, (&old, 1), "renewal", "20000.00", 2).await;
        let short = h.tell(&part, "payout", "2026-03-11", json!({ "amount": "20000.00" })).await;
        short.refused(409, "not_the_whole_loan");
        assert!(short.text.contains("36000.00元"), "{}", short.text);
        let give_up = format!("/staff/loan-contracts/{}/withdrawal", part.id);
        h.town.lender.post(&give_up, json!({ "reason": "金额有误，重新签订" })).await.ok();
        let new = h.taking_over(w, (&old, 1), "renewal", "36000.00", 3).await;
        let early = h.tell(&new, "payout", "2026-03-10", json!({ "amount": "36000.00" })).await;
        early.refused(422, "invalid_field");
        assert!(early.text.contains("放款日不能早于签约日"), "{}", early.text);
        let payout = notice("payout", "2026-03-11", json!({ "amount": "36000.00" }));
        let paid_out = h.told(&new, &payout).await.ok();
        assert_eq!(h.told(&new, &payout).await.ok(), paid_out, "told again it changes nothing");
        assert_eq!((h.state(&old).await.as_str(), h.state(&new).await.as_str()), ("renewed", "paid_out"));
        // It never was: what it took over is the old contract's again. Then it is paid out after all.
        let back = json!({ "reverses": payout["id"], "reason": "放款登记有误" });
        h.tell(&new, "reversal", "2026-03-11", back).await.ok();
        assert_eq!((h.state(&old).await.as_str(), h.state(&new).await.as_str()), ("performing", "signed"));
        assert_eq!(h.standing(&old).await["principal"], "36000.00");
        assert_eq!(w.balance("L1301[contract=HT-3]").await, "0.00");
        h.tell(&new, "payout", "2026-03-11", json!({ "amount": "36000.00" })).await.ok();
        assert_eq!((h.state(&old).await.as_str(), h.state(&new).await.as_str()), ("renewed", "paid_out"));
        for (account, balance) in [
            ("L1301[contract=HT-1]", "0.00"),
            ("L1302[contract=HT-1]", "0.00"),
            ("L1301[contract=HT-3]", "36000.00"),
            ("L1003", "-35883.80"),
        ] {
            assert_eq!(w.balance(account).await, balance, "{account}: no money went but the first interest");
        }
        // Ten days of interest are due with it; nothing of that grows, and it makes nobody late.
        for day in ["2026-03-11", "2026-03-20"] {
            h.closed_before(w, day).await;
            let standing = h.standing(&old).await;
            assert_eq!(parts(&standing["due"]), ["0.00", "41.50", "0.00", "0.00", "0.00"], "{day}");
            assert_eq!((&standing["class"], &standing["days_past_due"]), (&json!("normal"), &json!(0)));
        }
        let events = h.seen(&old).await["events"].as_array().unwrap().clone();
        let stands =
            |one: &&Value| one["kind"] == "replaced" && !events.iter().any(|other| other["reverses"] == one["id"]);
        let end = events.iter().find(stands).unwrap()["id"].clone();
        let alone = h.tell(&old, "reversal", "2026-03-11", json!({ "reverses": end })).await;
        alone.refused(422, "invalid_field");
        assert!(alone.text.contains("请冲正新合同的放款"), "{}", alone.text);
        let standing = h.pay(&old, "2026-03-20", "41.50").await;
        assert_eq!((parts(&standing["due"]), h.state(&old).await.as_str()), (["0.00"; 5], "renewed"));
        h.tell(&old, "repayment", "2026-03-20", json!({ "amount": "1.00" })).await.refused(422, "loan_ended");
        h.closed_before(w, "2026-03-22").await;
    })
    .await;
}

/// 重组 of what is late: what was due beside the principal stays with the old contract as it was, and may be waived.
#[tokio::test(flavor = "multi_thread")]
async fn a_restructured_loan_keeps_what_was_due_beside_its_principal() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let old = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-03-11").await;
        assert_eq!(h.state(&old).await, "overdue");
        let new = h.taking_over(w, (&old, 1), "restructuring", "36000.00", 2).await;
        h.tell(&new, "payout", "2026-03-11", json!({ "amount": "36000.00" })).await.ok();
        assert_eq!(h.state(&old).await, "restructured");
        // 116.20 of February and ten days of 33 000.00; ten days of penalty of 3 000.00 and of compound interest.
        let due = ["0.00", "154.24", "5.19", "0.20", "0.00"];
        h.closed_before(w, "2026-08-01").await;
        let standing = h.standing(&old).await;
        assert_eq!(
            (parts(&standing["due"]), &standing["class"]),
            (due, &json!("special_mention")),
            "nothing of it grows"
        );
        let split = json!({ "principal": "0", "interest": "0", "penalty": "5.19", "compound": "0.20", "fee": "0" });
        h.tell(&old, "waiver", "2026-08-01", json!({ "split": split, "reason": "重组协议约定减免" })).await.ok();
        h.closed_before(w, "2026-08-02").await;
        let standing = h.pay(&old, "2026-08-02", "154.24").await;
        assert_eq!((total(&standing["due"]).as_str(), h.state(&old).await.as_str()), ("0.00", "restructured"));
        h.closed_before(w, "2026-08-03").await;
    })
    .await;
}
