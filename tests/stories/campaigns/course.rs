//! The way of a campaign: from the draft to the close-out, or to where it is given up.

use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::story;

use super::{days_pass, drafted, gates, reason};

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_goes_from_the_draft_to_the_close_out() {
    story(async |w| {
        let id = w.open_campaign("100.00").await;
        let path = |step: &str| format!("/staff/campaigns/{id}/{step}");
        let manager = w.staff(Role::ProjectManager).await;
        let head = w.staff(Role::FinanceHead).await;
        let disclosure = w.staff(Role::Disclosure).await;
        let budget = manager.get(&path("budget")).await.ok();
        assert_eq!(budget["items"][0]["planned"], "100.00");
        // What the page shows (慈善法 25).
        let page = w.campaign(id).await;
        for item in [
            "organisation",
            "credit_code",
            "certificate",
            "filing_number",
            "contact",
            "office_address",
            "information_url",
            "platform_number",
            "platform_url",
            "plan",
        ] {
            assert!(!page[item].is_null(), "{item}: {page}");
        }
        assert_eq!(page["plan"]["plan"]["beneficiaries"]["expected"], 100);

        let donor = w.donor("o-one").await;
        w.gift(&donor, id, "80.00").await;
        manager.post(&path("cancellation"), reason()).await.refused(403, "other_person_needed");
        w.staff(Role::Organiser).await.post(&path("cancellation"), reason()).await.refused(409, "wrong_state");
        // What is told of it stands.
        let update = json!({ "id": Uuid::now_v7(), "title": "进展", "words": "已完成评审" });
        manager.post(&path("updates"), update.clone()).await.ok();
        assert_eq!(w.stranger.get(&format!("/campaigns/{id}/updates")).await.ok()["items"], json!([]));
        let publication = format!("/staff/updates/{}/publication", update["id"].as_str().unwrap());
        disclosure.act(&publication).await.ok();
        let mut other = update.clone();
        other["words"] = json!("改写");
        manager.post(&path("updates"), other).await.refused(409, "id_reused");
        assert!(w.sql("UPDATE campaign_update SET words = '改写'").await.is_err());
        manager.post(&path("milestone-progress"), json!({ "code": "m1", "progress": 60 })).await.ok();
        let milestones = w.stranger.get(&format!("/campaigns/{id}/milestones")).await.ok();
        assert_eq!(milestones["items"][0]["progress"], 60);

        manager.post(&path("end"), reason()).await.ok();
        manager.act(&path("execution")).await.ok();
        manager.act(&path("closing")).await.ok();
        // Money is left and nothing is published.
        let closed = gates(head.act(&path("closure")).await.refused(409, "gate_closed"));
        assert_eq!(closed, ["gifts_unsettled", "leftover", "final_disclosure", "project_report"]);
        assert!(w.sql("UPDATE campaign SET state = 'closed'").await.is_err());
        let report = json!({ "published_on": w.app.business.today().to_string(), "reference": "慈善中国 示例" });
        disclosure.post(&path("final-disclosure"), report).await.ok();
        assert!(w.sql("UPDATE campaign SET state = 'closed' WHERE state = 'closing'").await.is_err());
        // What is left goes on to another campaign, by two persons.
        let to = w.open_campaign("1000.00").await;
        let leftover = json!({
            "id": Uuid::now_v7(), "kind": "leftover", "campaign": id, "to_campaign": to, "amount": "80.00",
            "publication": "剩余财产转入同类项目", "reason": "项目已完成",
        });
        manager.post("/staff/campaign-decisions", leftover.clone()).await.ok();
        manager.post("/staff/campaign-decisions", leftover.clone()).await.ok();
        let step = format!("/staff/campaign-decisions/{}/approval", leftover["id"].as_str().unwrap());
        manager.act(&step).await.refused(403, "forbidden");
        assert!(
            w.sql("UPDATE campaign_decision SET approver_id = author_id, state = 'approved', decided_us = 1")
                .await
                .is_err()
        );
        head.act(&step).await.ok();
        head.act(&step).await.refused(409, "wrong_state");
        assert_eq!((w.raised(id).await.as_str(), w.raised(to).await.as_str()), ("80.00", "0.00"));
        // Each gift is found in the channel's bill.
        w.pass(3 * 86_400).await;
        w.run_job("reconcile").await;
        assert_eq!(head.act(&path("closure")).await.ok()["state"], "closed");
        assert_eq!(w.campaign(id).await["state"], "closed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_has_money_is_given_up_by_two_persons() {
    story(async |w| {
        let id = w.open_campaign("1000.00").await;
        w.gift(&w.donor("o-one").await, id, "30.00").await;
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        let termination =
            || json!({ "id": Uuid::now_v7(), "kind": "termination", "campaign": id, "reason": "受助学校撤并" });
        let step = |it: &Value, step: &str| format!("/staff/campaign-decisions/{}/{step}", it["id"].as_str().unwrap());
        let (refused, agreed) = (termination(), termination());
        head.post("/staff/campaign-decisions", refused.clone()).await.refused(403, "forbidden");
        manager.post("/staff/campaign-decisions", refused.clone()).await.ok();
        manager.act(&step(&refused, "approval")).await.refused(403, "forbidden");
        head.post(&step(&refused, "rejection"), json!({ "reason": " " })).await.refused(422, "invalid_field");
        head.post(&step(&refused, "rejection"), json!({ "reason": "学校并未撤并" })).await.ok();
        assert_eq!(w.campaign(id).await["state"], "open");
        w.attacked("UPDATE campaign SET state = 'terminated' WHERE state = 'open'", "campaign_undecided").await;
        manager.post("/staff/campaign-decisions", agreed.clone()).await.ok();
        head.act(&step(&agreed, "approval")).await.ok();
        assert_eq!(w.campaign(id).await["state"], "terminated");
        manager.post("/staff/campaign-decisions", agreed.clone()).await.ok();
        manager.post("/staff/campaign-decisions", termination()).await.refused(409, "wrong_state");
        let history = manager.get(&format!("/staff/campaigns/{id}/history")).await.ok();
        let last = history["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((last["to"].as_str(), last["reason"].as_str()), (Some("terminated"), Some("受助学校撤并")));
        // What is left goes on by another decision of two.
        let to = w.open_campaign("1000.00").await;
        let leftover = json!({
            "id": Uuid::now_v7(), "kind": "leftover", "campaign": id, "to_campaign": to, "amount": "30.00",
            "publication": "剩余财产转入同类项目", "reason": "项目终止",
        });
        manager.post("/staff/campaign-decisions", leftover.clone()).await.ok();
        w.staff(Role::Chair).await.act(&step(&leftover, "approval")).await.ok();
        let fund = ledger::fund(w.app.db.read(), w.book, to.into()).await.unwrap();
        assert_eq!(fund.available().to_string(), "30.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_has_not_done_with_its_last_campaign_does_not_begin_the_next() {
    story(async |w| {
        let id = w.open_campaign("1000.00").await;
        let small = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, id, "50.00").await;
        let manager = w.staff(Role::ProjectManager).await;
        manager.post(&format!("/staff/campaigns/{id}/end"), reason()).await.ok();
        days_pass(w, 93).await;
        // Another that is over since today does not hide it.
        w.run_job("campaign_clock").await;
        assert_eq!(w.campaign(small).await["state"], "ended");
        let next = drafted(w, |_| ()).await;
        let organiser = w.staff(Role::Organiser).await;
        let submission = format!("/staff/campaigns/{next}/submission");
        let refused = organiser.act(&submission).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["last_not_executed", "last_not_disclosed"]);
        let exception = json!({ "id": Uuid::now_v7(), "kind": "exception", "campaign": next, "reason": "灾后急需" });
        manager.post("/staff/campaign-decisions", exception.clone()).await.ok();
        organiser.act(&submission).await.refused(409, "gate_closed");
        let step = format!("/staff/campaign-decisions/{}/approval", exception["id"].as_str().unwrap());
        w.staff(Role::FinanceHead).await.act(&step).await.ok();
        organiser.act(&submission).await.ok();
    })
    .await;
}
