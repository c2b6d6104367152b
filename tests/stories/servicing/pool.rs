//! The pool: what it stands for, what it pays, what it gets back.

use serde_json::json;

use crate::world::story;

use super::{POOL_HOLDER, by_days, house};

/// A pool stands for ten times its size, and pays what it has.
#[tokio::test(flavor = "multi_thread")]
async fn a_pool_stands_for_so_many_times_its_size() {
    story(async |w| {
        let h = house(w, by_days()).await;
        h.pool("4000.00").await;
        let lost = h.lent(w, "equal_principal", "36000.00", 1).await;
        let (_, contract) = h.granted(w, "equal_principal", "36000.00", 2).await;
        let full = h.town.lender.post("/staff/loan-contracts", contract.clone()).await;
        full.refused(409, "pool_full");
        assert!(full.text.contains("还能覆盖4000.00元"), "{}", full.text);
        h.pool("7200.00").await;
        h.town.lender.post("/staff/loan-contracts", contract).await.ok();

        h.closed_before(w, "2026-06-03").await;
        let share = || json!({ "amount": "21600.00" });
        let empty = h.tell(&lost, "compensation", "2026-06-03", share()).await;
        empty.refused(409, "pool_empty");
        assert!(empty.text.contains("剩余7200.00元"), "{}", empty.text);
        h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "7200.00" })).await.ok();
        h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "0.01" })).await.refused(409, "pool_empty");
        h.pool("21600.00").await;
        h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "14400.00" })).await.ok();
        let less = json!({ "holder": "示例市财政局", "holder_credit_code": POOL_HOLDER, "size": "21599.99" });
        let refused = h.admin.post(&format!("/staff/loan-programmes/{}/pool", h.programme), less).await;
        refused.refused(409, "pool_paid");
        assert!(refused.text.contains("21600.00元"), "{}", refused.text);
        assert_eq!(w.balance("L1401").await, "21600.00");
    })
    .await;
}

/// What comes back of a loss before it is written off goes back in the share in which it is borne: the pool's part, and principal.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_recovered_before_a_loan_is_written_off_is_shared_with_the_pool() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let lost = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.pool("500000.00").await;
        h.closed_before(w, "2026-06-03").await;
        h.tell(&lost, "recovery", "2026-06-03", json!({ "amount": "1.00" }))
            .await
            .refused(422, "more_than_outstanding");
        h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "18000.00" })).await.ok();
        h.tell(&lost, "recovery", "2026-06-03", json!({ "amount": "1000.00" })).await.ok();
        assert_eq!(w.balance("L1401").await, "17500.00", "half of it");
        assert_eq!(h.standing(&lost).await["principal"], "17500.00", "and half");
        h.closed_before(w, "2026-06-04").await;
        h.tell(&lost, "write_off", "2026-06-04", json!({})).await.ok();
        h.tell(&lost, "recovery", "2026-06-04", json!({ "amount": "1000.00" })).await.ok();
        assert_eq!((w.balance("L1401").await, w.balance("L1304").await), ("17000.00".into(), "17000.00".into()));
        h.closed_before(w, "2026-06-06").await;
        assert_eq!(h.state(&lost).await, "written_off");
    })
    .await;
}
