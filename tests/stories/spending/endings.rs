//! What is spent is released; what comes back later is the year's in which it does.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::world::story;

use super::{approved, funded, funded_with, id, paper, partner, payee, payouts, proves, results, sent};

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_spent_released_and_closed_with_nothing_left() {
    story(async |w| {
        let campaign = funded_with(w, "示例服务中心", "1000.00").await;
        let partner = partner(w, campaign, "示例服务中心", 60).await;
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        let (cashier, bookkeeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let today = w.app.business.today().to_string();
        let spent = async |kind: &str, amount: &str| {
            let mut new = paper(campaign, "a", &[partner], amount);
            new["kind"] = json!(kind);
            approved(w, &new).await;
            let path = format!("/staff/payment-files/{}/results", sent(w, &new).await);
            bookkeeper.post(&path, results(w, &payouts(&new), true)).await.ok();
            payouts(&new)[0]
        };
        let settled = async |payout: Uuid, kind: &str, amount: &str| {
            let new = json!({
                "id": Uuid::now_v7(), "kind": kind, "amount": amount, "reason": "发票与签收单", "on": today,
                "bank": (kind == "recovered").then(|| json!({ "bank_account": "基本户", "reference": "R-1" })),
            });
            cashier.post(&format!("/staff/payouts/{payout}/settlements"), new.clone()).await.ok();
            if kind == "accounted" {
                proves(&cashier, id(&new)).await.ok();
            }
            bookkeeper.act(&format!("/staff/settlements/{}/confirmation", id(&new))).await.ok();
        };
        let grant = spent("grant", "600.00").await;
        let advance = spent("advance", "300.00").await;
        let kept = format!("3102[campaign={campaign}]");
        let income = format!("410102[campaign={campaign}]");
        let release = async || {
            let path = format!("/staff/campaigns/{campaign}/releases");
            let done = bookkeeper.post(&path, json!({ "id": Uuid::now_v7() })).await.ok();
            done["amount"].as_str().unwrap().to_owned()
        };
        assert_eq!(release().await, "600.00", "an advance is no expense yet");
        assert_eq!((w.balance(&kept).await, w.balance("3101").await), ("600.00".into(), "-600.00".into()));
        settled(grant, "recovered", "50.00").await;
        settled(advance, "accounted", "280.00").await;
        assert_eq!(release().await, "230.00", "as often as there is something, net of what came back");

        let path = |step: &str| format!("/staff/campaigns/{campaign}/{step}");
        manager.post(&path("end"), json!({ "reason": "完成" })).await.ok();
        manager.act(&path("execution")).await.ok();
        let last = spent("grant", "100.00").await;
        manager.act(&path("closing")).await.ok();
        let report = json!({ "published_on": today, "reference": "慈善中国 示例" });
        w.staff(Role::Disclosure).await.post(&path("final-disclosure"), report).await.ok();
        let refused = head.act(&path("closure")).await;
        let gates = refused.refused(409, "gate_closed").body["problems"].clone();
        assert_eq!((&gates[0]["field"], &gates[1]["field"]), (&json!("advances"), &json!("leftover")));
        settled(advance, "recovered", "20.00").await;
        settled(last, "recovered", "30.00").await;
        // 1000.00 came; 600.00 − 50.00, 280.00 and 100.00 − 30.00 were spent.
        let to = w.open_campaign("1000.00").await;
        let leftover = json!({
            "id": Uuid::now_v7(), "kind": "leftover", "campaign": campaign, "to_campaign": to, "amount": "100.00",
            "publication": "剩余财产转入同类项目", "reason": "项目已完成",
        });
        manager.post("/staff/campaign-decisions", leftover.clone()).await.ok();
        head.act(&format!("/staff/campaign-decisions/{}/approval", id(&leftover))).await.ok();
        assert_eq!(w.balance(&format!("3102[campaign={to}]")).await, "-100.00", "entry 20");
        assert_eq!(head.act(&path("closure")).await.ok()["state"], "closed");

        let last = w.staff(Role::Auditor).await.get(&format!("/staff/entries?reference=release:{campaign}")).await.ok();
        assert_eq!(last["total"], "70.00", "the close-out releases the rest");
        assert_eq!(w.balance("3101").await, "-900.00");
        assert_eq!((w.balance(&kept).await, w.balance(&income).await), ("1000.00".into(), "-1000.00".into()));
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!((fund.received.to_string(), fund.used.to_string()), ("0.00".into(), "0.00".into()));
        assert_eq!(w.raised(campaign).await, "1000.00");
        // What comes back to it after that is restricted again, and goes on as what was left.
        let back = json!({
            "id": Uuid::now_v7(), "kind": "recovered", "amount": "40.00", "reason": "退回余款", "on": today,
            "bank": { "bank_account": "基本户", "reference": "R-9" },
        });
        cashier.post(&format!("/staff/payouts/{grant}/settlements"), back.clone()).await.ok();
        bookkeeper.act(&format!("/staff/settlements/{}/confirmation", id(&back))).await.ok();
        assert_eq!(release().await, "-40.00");
        let mut more = leftover.clone();
        (more["id"], more["amount"]) = (json!(Uuid::now_v7()), json!("40.00"));
        manager.post("/staff/campaign-decisions", more.clone()).await.ok();
        head.act(&format!("/staff/campaign-decisions/{}/approval", id(&more))).await.ok();
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!((fund.received.to_string(), fund.used.to_string()), ("0.00".into(), "0.00".into()));
        assert_eq!(w.balance(&format!("3102[campaign={to}]")).await, "-140.00");
        let late = json!({ "id": Uuid::now_v7() });
        let path = format!("/staff/campaigns/{to}/releases");
        assert_eq!(bookkeeper.post(&path, late).await.ok()["amount"], "0.00", "and nothing is left to release");
        // The year end releases nothing twice and carries income over (entry 22): nothing of the campaign is left anywhere.
        let tx = w.app.db.begin().await.unwrap();
        let year = w.app.business.today().year();
        let entries = ledger::year_end(&tx, w.book, year).await.unwrap();
        for booked in ledger::post(&tx, w.app.business.now(), &entries).await.unwrap() {
            booked.unwrap();
        }
        ledger::close_through(&tx, w.book, domain::BusinessDate::new(year, 12, 31).unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        for account in [&kept, &income, "3101", &format!("5101[campaign={campaign},line=a]")] {
            assert_eq!(w.balance(account).await, "0.00", "{account}");
        }
        assert_eq!(w.raised(campaign).await, "1000.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "140.00", "what the other campaign has");
    })
    .await;
}

/// What is taken back after the books of its year are closed goes through 320101, and its release goes back with it (12d, 12e).
#[tokio::test(flavor = "multi_thread")]
async fn an_expense_of_a_closed_year_is_taken_back_through_the_prior_years_account() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let (head, bookkeeper) = (w.staff(Role::FinanceHead).await, w.staff(Role::Bookkeeper).await);
        let (paid, unpaid) = (paper(campaign, "a", &[student], "300.00"), paper(campaign, "a", &[student], "200.00"));
        approved(w, &paid).await;
        approved(w, &unpaid).await;
        let path = format!("/staff/payment-files/{}/results", sent(w, &paid).await);
        bookkeeper.post(&path, results(w, &payouts(&paid), true)).await.ok();
        let year_end = domain::BusinessDate::new(w.app.business.today().year(), 12, 31).unwrap();
        while w.app.business.today() <= year_end {
            w.pass(7 * 86_400).await;
        }
        let release = json!({ "id": Uuid::now_v7(), "through": year_end.to_string() });
        let released = bookkeeper.post(&format!("/staff/campaigns/{campaign}/releases"), release).await.ok();
        assert_eq!(released["amount"], "500.00");
        let reference = released["reference"].as_str().unwrap();
        let entry = head.get(&format!("/staff/entries?reference={reference}")).await.ok();
        assert_eq!(entry["book_date"], year_end.to_string(), "in the year it is of");
        let tx = w.app.db.begin().await.unwrap();
        ledger::close_through(&tx, w.book, year_end).await.unwrap();
        tx.commit().await.unwrap();

        let settlement = json!({
            "id": Uuid::now_v7(), "kind": "recovered", "amount": "50.00", "reason": "退回余款", "on": w.app.business.today().to_string(),
            "bank": { "bank_account": "基本户", "reference": "R-1" },
        });
        let of = format!("/staff/payouts/{}/settlements", payouts(&paid)[0]);
        w.staff(Role::Cashier).await.post(&of, settlement.clone()).await.ok();
        bookkeeper.act(&format!("/staff/settlements/{}/confirmation", id(&settlement))).await.ok();
        let cancel = format!("/staff/payouts/{}/cancellation", payouts(&unpaid)[0]);
        head.post(&cancel, json!({ "reason": "放弃受助" })).await.ok();

        assert_eq!(w.balance(&format!("5101[campaign={campaign},line=a]")).await, "500.00", "the closed year stays as it was");
        assert_eq!(w.balance(&format!("320101[campaign={campaign}]")).await, "-250.00", "12d and 12e");
        assert_eq!(w.balance(&format!("3102[campaign={campaign}]")).await, "250.00", "their release went back");
        assert_eq!(w.balance("3101").await, "-250.00");
        assert_eq!(w.balance("2209[payable=grant]").await, "0.00");
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!((fund.available().to_string(), fund.used.to_string()), ("750.00".into(), "0.00".into()));
        assert_eq!(w.raised(campaign).await, "1000.00");
    })
    .await;
}
