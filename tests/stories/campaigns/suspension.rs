//! Complaints and orders stop a campaign, and another person lets it go on.

use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::story;

use super::{gates, reason};

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_freezes_and_another_person_lifts_it() {
    story(async |w| {
        let id = w.open_campaign("1000.00").await;
        let path = |step: &str| format!("/staff/campaigns/{id}/{step}");
        let (head, chair) = (w.staff(Role::FinanceHead).await, w.staff(Role::Chair).await);
        let donor = w.donor("o-one").await;
        let refund = async |why: &str| {
            let gift = w.gift(&donor, id, "5.00").await;
            let asked = json!({ "id": Uuid::now_v7(), "amount": "5.00", "reason": why });
            donor.post(&format!("/donations/{}/refund-requests", gift.id), asked.clone()).await.ok();
            format!("/staff/refunds/{}/approval", asked["id"].as_str().unwrap())
        };
        let (by_wish, by_law) = (refund("error").await, refund("minor").await);
        let complaint = json!({ "id": Uuid::now_v7(), "campaign": id, "words": "这个项目的用途与说明不符" });
        w.stranger.post("/complaints", complaint.clone()).await.ok();
        let disclosure = w.staff(Role::Disclosure).await;
        let of = |step: &str| format!("/staff/complaints/{}/{step}", complaint["id"].as_str().unwrap());
        disclosure.act(&of("taking")).await.ok();
        let order = json!({ "id": Uuid::now_v7(), "complaint": complaint["id"], "reason": "收到投诉，先行核查" });
        let stopped = head.post(&path("suspensions"), order.clone()).await.ok();
        assert_eq!((stopped["state"].as_str(), stopped["frozen"].as_bool()), (Some("suspended"), Some(true)));
        assert_eq!(w.campaign(id).await["state"], "suspended");
        donor.give(id, &w.wish("1.00")).await.refused(409, "campaign_not_open");
        // What the law gives back goes back; what is wished waits.
        assert_eq!(gates(head.act(&by_wish).await.refused(409, "gate_closed")), ["frozen"]);
        head.act(&by_law).await.ok();
        head.post(&path("suspension-lift"), reason()).await.refused(403, "other_person_needed");
        for attack in [
            "UPDATE campaign SET state = 'open'",
            "UPDATE campaign SET frozen = false",
            "UPDATE suspension SET lifted_by = author_id, lift_reason = 'x', lifted_us = 1",
            "DELETE FROM suspension",
        ] {
            assert!(w.sql(attack).await.is_err(), "{attack}");
        }
        let early = chair.post(&path("suspension-lift"), reason()).await;
        assert_eq!(gates(early.refused(409, "gate_closed")), ["complaint_unanswered"]);
        let forged = format!(
            "UPDATE suspension SET lifted_by = {}, lift_reason = 'x', lifted_us = 1",
            w.sql_id(&chair.id.to_string())
        );
        w.attacked(&forged, "suspension_unanswered").await;
        disclosure.post(&of("answer"), json!({ "upheld": false, "answer": "经核查，用途与方案一致。" })).await.ok();
        let answered = w.stranger.get(&format!("/complaints/{}", complaint["id"].as_str().unwrap())).await.ok();
        assert_eq!(answered["state"], "dismissed");
        assert_eq!(chair.post(&path("suspension-lift"), reason()).await.ok()["state"], "open");
        w.gift(&donor, id, "1.00").await;
        let untrue = json!({ "id": Uuid::now_v7(), "complaint": complaint["id"], "reason": "再次先行核查" });
        let refused = head.post(&path("suspensions"), untrue).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["suspension_complaint_dismissed"]);

        // An authority's order is there to be read, and stays.
        let order = json!({ "id": Uuid::now_v7(), "reason": "民政部门要求核查" });
        let refused = head.post(&path("suspensions"), order.clone()).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["suspension_order"]);
        let paper = w.paper(&format!("/staff/campaigns/{id}"), "order").await;
        head.post(&path("suspensions"), order).await.ok();
        w.staff(Role::Organiser).await.post(&path("cancellation"), reason()).await.refused(409, "wrong_state");
        let paper = path(&format!("attachments/{}", paper["id"].as_str().unwrap()));
        let refused = disclosure.call(reqwest::Method::DELETE, &paper, None).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["suspension_order"]);
        w.attacked("UPDATE attachment SET withdrawn_us = 1 WHERE kind = 'order'", "attachment_filed").await;
        assert_eq!(chair.post(&path("suspension-lift"), reason()).await.ok()["state"], "open");

        // An order stops a campaign once: what was lifted is stopped again by another one.
        let again = json!({ "id": Uuid::now_v7(), "reason": "再次核查" });
        let refused = head.post(&path("suspensions"), again.clone()).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["suspension_order_used"]);
        let forge = |order: &str| {
            format!(
                "INSERT INTO suspension (id, campaign_id, ground, reason, author_id, created_us, order_id) \
                 SELECT {}, campaign_id, 'order', reason, author_id, 1, {order} FROM suspension WHERE ground = 'order'",
                w.sql_id(&Uuid::now_v7().to_string())
            )
        };
        w.attacked(&forge("order_id"), "suspension_order_used").await;
        w.attacked(&forge("NULL"), "suspension_undocumented").await;
        w.attacked("UPDATE suspension SET order_id = NULL WHERE ground = 'order'", "suspension_fixed").await;
        let newer = w.paper(&format!("/staff/campaigns/{id}"), "order").await;
        head.post(&path("suspensions"), again).await.ok();
        let told = head.get(&path("suspensions")).await.ok();
        let orders: Vec<&Value> = told["items"].as_array().unwrap().iter().map(|one| &one["order"]).collect();
        assert_eq!((orders[0], orders[2]), (&Value::Null, &newer["id"]));
        assert_ne!(orders[1], orders[2]);
        assert_eq!(chair.post(&path("suspension-lift"), reason()).await.ok()["state"], "open");
    })
    .await;
}
