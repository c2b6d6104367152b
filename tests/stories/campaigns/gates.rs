//! What the law asks for before a campaign is filed and opened, and by which ways it then takes gifts.

use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{CREDIT_CODE, opening, story};

use super::{days_pass, drafted, gates};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_filed_or_opened_that_the_law_does_not_allow() {
    story(async |w| {
        let (manager, disclosure) = (w.staff(Role::ProjectManager).await, w.staff(Role::Disclosure).await);
        let organiser = w.staff(Role::Organiser).await;
        // One named person is refused, and every problem is told at once.
        let id = drafted(w, |draft| {
            draft["plan"]["beneficiaries"]["expected"] = json!(1);
            draft["plan"]["budget"][0]["planned"] = json!("99.99");
        })
        .await;
        let refused = organiser.act(&format!("/staff/campaigns/{id}/submission")).await;
        assert_eq!(gates(refused.refused(422, "plan_incomplete")), ["beneficiaries.expected", "budget"]);

        let id = drafted(w, |_| ()).await;
        w.walk(id, "filing").await;
        let path = |step: &str| format!("/staff/campaigns/{id}/{step}");
        let today = w.app.business.today();
        let filing = |number: String| json!({ "number": number, "filed_on": today.to_string() });
        let year = today.year() % 100;
        for (number, gate) in [
            ("A26001".to_owned(), "filing_number"),
            (format!("{CREDIT_CODE}P26001"), "filing_number"),
            (format!("91350100M000100Y43A{year:02}001"), "filing_code"),
            (format!("{CREDIT_CODE}A{:02}001", year - 3), "filing_year"),
        ] {
            assert_eq!(gates(disclosure.post(&path("filing"), filing(number)).await.refused(409, "gate_closed")), [gate]);
        }
        disclosure.post(&path("filing"), filing(format!("{CREDIT_CODE}A{year:02}999"))).await.ok();
        for (change, gate) in [
            (json!({ "channels": [] }), "channel"),
            (json!({ "platform_number": null }), "designated_platform"),
            (json!({ "platform_url": "http://platform.example" }), "designated_platform"),
            (json!({ "channels": ["own_site"] }), "designated_platform"),
            (json!({ "operator_code": "91350100M000100Y43" }), "operator"),
        ] {
            let mut terms = opening();
            for (key, value) in change.as_object().unwrap() {
                if value.is_null() {
                    terms.as_object_mut().unwrap().remove(key);
                } else {
                    terms[key] = value.clone();
                }
            }
            assert_eq!(gates(manager.post(&path("schedule"), terms).await.refused(409, "gate_closed")), [gate]);
        }
        // Another operator by a decision of two.
        let operator = json!({
            "id": Uuid::now_v7(), "kind": "operator", "book": w.book.uuid(), "operator_code": "91350100M000100Y43", "reason": "受托运营",
        });
        manager.post("/staff/campaign-decisions", operator.clone()).await.ok();
        let mut terms = opening();
        terms["operator_code"] = operator["operator_code"].clone();
        manager.post(&path("schedule"), terms.clone()).await.refused(409, "gate_closed");
        let step = format!("/staff/campaign-decisions/{}/approval", operator["id"].as_str().unwrap());
        w.staff(Role::Chair).await.act(&step).await.ok();
        manager.post(&path("schedule"), terms).await.ok();

        // Ten days have to pass between filing and opening, for direct SQL too.
        let id = drafted(w, |draft| {
            let later = w.app.business.now().after(std::time::Duration::from_secs(40 * 86_400));
            draft["ends_at"] = json!(later.to_string());
        })
        .await;
        w.walk(id, "approved").await;
        let path = |step: &str| format!("/staff/campaigns/{id}/{step}");
        disclosure.post(&path("filing-submission"), json!({ "submitted_on": today.to_string() })).await.ok();
        w.walk(id, "scheduled").await;
        w.run_job("campaign_clock").await;
        assert_eq!(manager.get(&format!("/staff/campaigns/{id}")).await.ok()["state"], "scheduled");
        assert!(w.sql("UPDATE campaign SET state = 'open' WHERE state = 'scheduled' AND ends_us > starts_us + 200000000000").await.is_err());
        days_pass(w, 10).await;
        w.run_job("campaign_clock").await;
        assert_eq!(w.campaign(id).await["state"], "open");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_follow_each_other_cover_a_campaign_and_a_gap_does_not() {
    story(async |w| {
        let (head, admin) = (w.staff(Role::FinanceHead).await, w.staff(Role::Admin).await);
        let id = drafted(w, |draft| draft["ends_at"] = json!("2028-03-01T00:00:00+08:00")).await;
        w.staff(Role::Organiser).await.act(&format!("/staff/campaigns/{id}/submission")).await.ok();
        w.walk(id, "filing").await;
        let next = async |number: &str, from: &str, to: &str| {
            let path = format!("/staff/charities/{}/certificates", w.book.uuid());
            let body = json!({
                "id": Uuid::now_v7(), "number": number, "issuer": "示例民政厅", "issued_on": from, "expires_on": to,
            });
            let made = head.post(&path, body).await.ok();
            admin.act(&format!("/staff/certificates/{}/confirmation", made["id"].as_str().unwrap())).await.ok();
        };
        let disclosure = w.staff(Role::Disclosure).await;
        let (_, _, filing) = w.next_step("filing");
        let path = format!("/staff/campaigns/{id}/filing");
        // The first ends with the year 2027.
        next("示例-2028甲", "2028-01-02", "2029-12-31").await;
        let refused = disclosure.post(&path, filing.clone()).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["certificate"], "a day is not covered");
        next("示例-2028乙", "2027-12-31", "2028-01-01").await;
        disclosure.post(&path, filing).await.ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_is_not_for_wechat_takes_no_gift_by_it() {
    story(async |w| {
        let donor = w.donor("o-one").await;
        let manager = w.staff(Role::ProjectManager).await;
        // One is open in the streets only, one by bank only.
        let streets = drafted(w, |_| ()).await;
        w.staff(Role::Organiser).await.act(&format!("/staff/campaigns/{streets}/submission")).await.ok();
        w.walk(streets, "filed").await;
        manager.post(&format!("/staff/campaigns/{streets}/schedule"), json!({ "channels": ["offline"] })).await.ok();
        w.run_job("campaign_clock").await;
        let bank = {
            let mut draft = w.draft("100.00");
            draft["plan"]["ways"] = json!(["bank"]);
            w.open_as(draft).await
        };
        for id in [streets, bank] {
            let page = w.campaign(id).await;
            assert_eq!((&page["state"], &page["accepts_wechat"]), (&json!("open"), &json!(false)));
            assert!(page["other_ways"].as_str().unwrap().contains("银行转账"), "{page}");
            donor.give(id, &w.wish("12.34")).await.refused(409, "no_wechat_gifts");
            assert_eq!(w.raised(id).await, "0.00");
        }
        // What was ordered while it was taken is paid (facts: charity 3.2).
        let id = w.open_campaign("100.00").await;
        let page = w.campaign(id).await;
        assert_eq!((&page["accepts_wechat"], &page["other_ways"]), (&json!(true), &Value::Null));
        let before = w.order(&donor, id, "3.00").await;
        let mut draft = w.draft("100.00");
        draft.as_object_mut().unwrap().remove("id");
        draft["plan"]["ways"] = json!(["bank"]);
        let change = json!({ "id": Uuid::now_v7(), "reason": "改为银行转账", "draft": draft });
        w.staff(Role::Organiser).await.post(&format!("/staff/campaigns/{id}/changes"), change.clone()).await.ok();
        let of = format!("/staff/campaign-changes/{}", change["id"].as_str().unwrap());
        manager.act(&format!("{of}/approval")).await.ok();
        w.staff(Role::FinanceHead).await.act(&format!("{of}/approval")).await.ok();
        w.paper(&of, "filing_receipt").await;
        let filing = json!({ "evidence": "回执", "filed_on": w.app.business.today().to_string() });
        w.staff(Role::Disclosure).await.post(&format!("{of}/filing"), filing).await.ok();
        donor.give(id, &w.wish("3.00")).await.refused(409, "no_wechat_gifts");
        w.sandbox.pay(&before.order).unwrap();
        w.until_gift(&donor, &before, "paid").await;
        assert_eq!(w.raised(id).await, "3.00");
    })
    .await;
}
