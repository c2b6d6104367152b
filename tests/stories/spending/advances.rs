//! Money paid ahead to a partner, and what becomes of it.

use domain::role::Role;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::world::story;

use super::{
    approved, funded_with, id, line, lit, paid, paper, partner, payouts, proves, results, sent, step, submitted,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_advance_is_a_promise_then_a_claim_then_an_expense() {
    story(async |w| {
        let campaign = funded_with(w, "示例服务中心", "1000.00").await;
        let code = line(w, campaign).await;
        let partner = partner(w, campaign, "示例服务中心", 60).await;
        let mut advance = paper(campaign, &code, &[partner], "600.00");
        advance["kind"] = json!("advance");
        approved(w, &advance).await;
        let prepaid = format!("1141[campaign={campaign},line={code}]");
        let fund = async || ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!((fund().await.committed.to_string(), fund().await.used.to_string()), ("600.00".into(), "0.00".into()));
        assert_eq!(paid(w, campaign).await, ["600.00", "0.00"]);
        let mut too_much = paper(campaign, &code, &[partner], "400.01");
        submitted(w, &too_much).await;
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        step(&manager, &too_much, "approval").await.ok();
        let refused = step(&head, &too_much, "approval").await;
        assert!(refused.refused(409, "fund_short").text.contains("400.00"), "{}", refused.text);
        too_much["kind"] = json!("advance");

        let file = sent(w, &advance).await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let path = format!("/staff/payment-files/{file}/results");
        let all = payouts(&advance);
        bookkeeper.post(&path, results(w, &all, true)).await.ok();
        assert_eq!(w.balance(&prepaid).await, "600.00");
        assert_eq!((fund().await.committed.to_string(), fund().await.used.to_string()), ("0.00".into(), "600.00".into()));

        let cashier = w.staff(Role::Cashier).await;
        let settlement = |kind: &str, amount: &str| {
            json!({
                "id": Uuid::now_v7(), "kind": kind, "amount": amount, "reason": "发票与签收单", "on": w.app.business.today().to_string(),
                "bank": (kind == "recovered").then(|| json!({ "bank_account": "基本户", "reference": "R-1" })),
            })
        };
        let place = format!("/staff/payouts/{}/settlements", all[0]);
        cashier.post(&place, settlement("accounted", "600.01")).await.refused(422, "settlement_too_large");
        let accounted = id(&cashier.post(&place, settlement("accounted", "500.00")).await.ok());
        let confirm = |id: Uuid| format!("/staff/settlements/{id}/confirmation");
        cashier.act(&confirm(accounted)).await.refused(403, "forbidden");
        // Whoever approved the paper does not say what came of it, and nobody does without a document.
        head.act(&confirm(accounted)).await.refused(403, "other_person_needed");
        bookkeeper.act(&confirm(accounted)).await.refused(409, "document_needed");
        let forged = format!(
            "UPDATE payout_settlement SET state = 'confirmed', decided_us = 1, approver_id = {} WHERE id = {}",
            lit(w, bookkeeper.id), lit(w, accounted)
        );
        w.attacked(&forged, "payout_settlement_document").await;
        proves(&bookkeeper, accounted).await.refused(403, "other_person_needed");
        let invoice = id(&proves(&cashier, accounted).await.ok());
        bookkeeper.act(&confirm(accounted)).await.ok();
        let at = format!("/staff/settlements/{accounted}/attachments/{invoice}");
        cashier.call(Method::DELETE, &at, None).await.refused(409, "wrong_state");
        assert_eq!(head.get(&at).await.status, 200);
        w.attacked("UPDATE attachment SET withdrawn_us = 1 WHERE object LIKE 'settlement:%'", "attachment_settled").await;
        bookkeeper.act(&confirm(accounted)).await.refused(409, "wrong_state");
        // Money came into an account that the charity has.
        let mut elsewhere = settlement("recovered", "100.00");
        elsewhere["bank"]["bank_account"] = json!("不存在的账户");
        assert!(cashier.post(&place, elsewhere).await.refused(422, "invalid_field").text.contains("银行账户"));
        let rest = id(&cashier.post(&place, settlement("recovered", "100.00")).await.ok());
        bookkeeper.post(&path, results(w, &all, false)).await.refused(409, "wrong_state");
        head.act(&confirm(rest)).await.refused(403, "other_person_needed");
        let stand_in = "UPDATE payout_settlement SET approver_for_id = author_id WHERE state = 'proposed'";
        w.attacked(stand_in, "payout_settlement_acting_check").await;
        bookkeeper.act(&confirm(rest)).await.ok();
        assert_eq!(w.balance(&prepaid).await, "0.00");
        assert_eq!(w.balance(&format!("5101[campaign={campaign},line={code}]")).await, "500.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "500.00");
        let budget = head.get(&format!("/staff/campaigns/{campaign}/budget")).await.ok();
        assert_eq!(budget["items"][0]["used"], "500.00");
        assert_eq!(paid(w, campaign).await, ["0.00", "500.00"], "what came back is not paid");
    })
    .await;
}
