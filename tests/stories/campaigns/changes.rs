//! A plan that was filed changes by a new version.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::world::story;

use super::gates;

#[tokio::test(flavor = "multi_thread")]
async fn a_filed_plan_changes_by_a_new_version_and_the_old_one_stays_readable() {
    story(async |w| {
        let id = w.open_campaign("1000.00").await;
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        let organiser = w.staff(Role::Organiser).await;
        for attack in [
            "UPDATE campaign SET target_fen = 5",
            "UPDATE campaign SET name = '另一个'",
            "UPDATE campaign SET ends_us = ends_us + 1",
            "UPDATE campaign_plan SET content = '{}'",
            "UPDATE campaign_plan SET state = 'draft'",
            "DELETE FROM campaign_plan",
        ] {
            assert!(w.sql(attack).await.is_err(), "{attack}");
        }
        let mut draft = w.draft("2000.00");
        draft.as_object_mut().unwrap().remove("id");
        draft["plan"]["usage"] = json!("发放助学金和路费");
        let change = json!({ "id": Uuid::now_v7(), "reason": "扩大受益范围", "draft": draft });
        for (field, value, gate) in
            [("bank_account", json!("某私人账户"), "bank_account"), ("emergency", json!(true), "emergency")]
        {
            let mut wrong = change.clone();
            wrong["draft"]["plan"][field] = value;
            wrong["draft"]["plan"]["cause"] = json!("disaster");
            let refused = organiser.post(&format!("/staff/campaigns/{id}/changes"), wrong).await;
            assert_eq!(gates(refused.refused(409, "gate_closed")), [gate]);
        }
        organiser.post(&format!("/staff/campaigns/{id}/changes"), change.clone()).await.ok();
        organiser.post(&format!("/staff/campaigns/{id}/changes"), change.clone()).await.ok();
        let mut second = change.clone();
        second["id"] = json!(Uuid::now_v7());
        organiser.post(&format!("/staff/campaigns/{id}/changes"), second).await.refused(409, "change_under_way");
        let step = |name: &str| format!("/staff/campaign-changes/{}/{name}", change["id"].as_str().unwrap());
        let filing = json!({ "evidence": "变更备案回执 示例", "filed_on": w.app.business.today().to_string() });
        manager.post(&step("filing"), filing.clone()).await.refused(409, "wrong_state");
        manager.act(&step("approval")).await.ok();
        assert!(w.sql("UPDATE campaign_change SET state = 'approved'").await.is_err());
        head.act(&step("approval")).await.ok();
        assert_eq!(w.campaign(id).await["target"], "1000.00", "not before it is filed");
        assert!(w.sql("UPDATE campaign_plan SET state = 'in_force', in_force_us = 1 WHERE version = 2").await.is_err());
        let disclosure = w.staff(Role::Disclosure).await;
        let refused = disclosure.post(&step("filing"), filing.clone()).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["filing_receipt"]);
        let forged = "UPDATE campaign_change SET state = 'in_force', evidence = 'x', refiled_on = '2026-01-01'";
        w.attacked(forged, "campaign_change_unproven").await;
        w.paper(&format!("/staff/campaign-changes/{}", change["id"].as_str().unwrap()), "filing_receipt").await;
        disclosure.post(&step("filing"), filing).await.ok();
        let page = w.campaign(id).await;
        assert_eq!((page["target"].as_str(), page["state"].as_str()), (Some("2000.00"), Some("open")));
        let budget = manager.get(&format!("/staff/campaigns/{id}/budget")).await.ok();
        assert_eq!(budget["items"][0]["planned"], "2000.00");
        let plans = w.stranger.get(&format!("/campaigns/{id}/plans")).await.ok();
        assert_eq!(plans["items"][0]["target"], "1000.00");
        assert_eq!(plans["items"][1]["plan"]["usage"], "发放助学金和路费");
    })
    .await;
}
