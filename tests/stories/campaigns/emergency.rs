//! A disaster: opened before it is filed, and filed all the same.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::world::{opening, story};

use super::{days_pass, drafted, gates, reason};

#[tokio::test(flavor = "multi_thread")]
async fn a_disaster_does_not_wait_for_the_filing_but_only_ten_days() {
    story(async |w| {
        let ends = w.app.business.now().after(std::time::Duration::from_secs(60 * 86_400)).to_string();
        let emergency = async |really: bool| {
            let id = drafted(w, |draft| {
                draft["ends_at"] = json!(ends);
                draft["plan"]["emergency"] = json!(really);
                draft["plan"]["cause"] = json!("disaster");
            })
            .await;
            w.walk(id, "approved").await;
            id
        };
        let manager = w.staff(Role::ProjectManager).await;
        let hurried = drafted(w, |draft| draft["plan"]["emergency"] = json!(true)).await;
        let refused = w.staff(Role::Organiser).await.act(&format!("/staff/campaigns/{hurried}/submission")).await;
        assert_eq!(gates(refused.refused(422, "plan_incomplete")), ["emergency"]);
        let (calm, id) = (emergency(false).await, emergency(true).await);
        let refused = manager.post(&format!("/staff/campaigns/{calm}/emergency-opening"), opening()).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["emergency"]);
        manager.post(&format!("/staff/campaigns/{id}/emergency-opening"), opening()).await.ok();
        let page = w.campaign(id).await;
        assert_eq!(page["state"], "emergency_open");
        assert!(page["filing_due_on"].is_string(), "{page}");
        let donor = w.donor("o-one").await;
        w.gift(&donor, id, "5.00").await;
        days_pass(w, 10).await;
        w.run_job("campaign_clock").await;
        assert_eq!(w.campaign(id).await["state"], "emergency_open");
        days_pass(w, 1).await;
        w.run_job("campaign_clock").await;
        assert_eq!(w.campaign(id).await["state"], "suspended");
        let chair = w.staff(Role::Chair).await;
        let lift = format!("/staff/campaigns/{id}/suspension-lift");
        assert_eq!(gates(chair.post(&lift, reason()).await.refused(409, "gate_closed")), ["not_filed"]);
        w.filing_receipt(id).await;
        for state in ["approved", "filing"] {
            let (role, step, body) = w.next_step(state);
            w.staff(role).await.post(&format!("/staff/campaigns/{id}/{step}"), body).await.ok();
        }
        assert_eq!(chair.post(&lift, reason()).await.ok()["state"], "open");
    })
    .await;
}

/// An emergency that is given up before it was filed is filed before its last accounts.
#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_that_is_given_up_is_filed_all_the_same() {
    story(async |w| {
        let (manager, disclosure) = (w.staff(Role::ProjectManager).await, w.staff(Role::Disclosure).await);
        let id = drafted(w, |draft| {
            draft["plan"]["emergency"] = json!(true);
            draft["plan"]["cause"] = json!("disaster");
        })
        .await;
        let path = |step: &str| format!("/staff/campaigns/{id}/{step}");
        w.walk(id, "approved").await;
        manager.post(&path("emergency-opening"), opening()).await.ok();
        w.gift(&w.donor("o-one").await, id, "5.00").await;
        let termination = json!({ "id": Uuid::now_v7(), "kind": "termination", "campaign": id, "reason": "灾情解除" });
        manager.post("/staff/campaign-decisions", termination.clone()).await.ok();
        let step = format!("/staff/campaign-decisions/{}/approval", termination["id"].as_str().unwrap());
        w.staff(Role::FinanceHead).await.act(&step).await.ok();
        let refused = manager.act(&path("closing")).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["not_filed"]);
        w.filing_receipt(id).await;
        disclosure.post(&path("filing-submission"), w.next_step("approved").2).await.ok();
        disclosure.post(&path("filing"), w.next_step("filing").2).await.ok();
        assert_eq!(manager.act(&path("closing")).await.ok()["state"], "closing");
    })
    .await;
}
