//! What donors ask, and the ten working days in which an office answers.

use domain::role::Role;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::world::story;

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_within_ten_working_days() {
    story(async |w| {
        w.lever("clock", json!({ "now": "2026-09-25T10:00:00+08:00" })).await;
        let disclosure = w.staff(Role::Disclosure).await;
        for day in 1..=7 {
            let body = json!({ "working": false, "name": "国庆节" });
            disclosure.call(Method::PUT, &format!("/staff/calendar/days/2026-10-0{day}"), Some(body)).await.ok();
        }
        let worked = json!({ "working": true, "name": "国庆节调休" });
        disclosure.call(Method::PUT, "/staff/calendar/days/2026-10-10", Some(worked)).await.ok();
        assert_eq!(disclosure.get("/staff/calendar/2026").await.ok()["items"].as_array().unwrap().len(), 8);

        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let gift = w.gift(&donor, campaign, "10.00").await;
        let question = json!({ "id": Uuid::now_v7(), "donation": gift.id, "question": "我的捐款用在哪里了？" });
        let asked = donor.post("/me/enquiries", question.clone()).await.ok();
        // Friday: 28, 29, 30 September, 8, 9, 10 (a Saturday that is worked), 12, 13, 14, 15 October.
        assert_eq!(asked["due_on"], "2026-10-15");
        assert_eq!(donor.post("/me/enquiries", question.clone()).await.ok(), asked);
        let mut other = question.clone();
        other["question"] = json!("别的");
        donor.post("/me/enquiries", other).await.refused(409, "id_reused");
        let stranger = w.donor("o-two").await;
        let foreign = json!({ "id": Uuid::now_v7(), "donation": gift.id, "question": "？" });
        stranger.post("/me/enquiries", foreign).await.refused(404, "no_such_donation");
        assert_eq!(stranger.get("/me/enquiries").await.ok()["items"], json!([]));

        let open = disclosure.get("/staff/enquiries").await.ok();
        assert_eq!(
            (&open["items"][0]["overdue"], &open["items"][0]["question"]),
            (&json!(false), &question["question"])
        );
        w.lever("clock", json!({ "now": "2026-10-16T09:00:00+08:00" })).await;
        assert_eq!(disclosure.get("/staff/enquiries").await.ok()["items"][0]["overdue"], true);
        let path = format!("/staff/enquiries/{}/answer", question["id"].as_str().unwrap());
        disclosure.post(&path, json!({ "answer": "已用于发放秋季助学金" })).await.ok();
        disclosure.post(&path, json!({ "answer": "改一改" })).await.refused(409, "already_answered");
        assert_eq!(disclosure.get("/staff/enquiries").await.ok()["items"], json!([]));
        assert_eq!(disclosure.get("/staff/enquiries?answered=true").await.ok()["items"][0]["overdue"], false);
        assert_eq!(donor.get("/me/enquiries").await.ok()["items"][0]["answer"], "已用于发放秋季助学金");
        for attack in ["UPDATE enquiry SET answer = 'x'", "DELETE FROM enquiry"] {
            assert!(w.sql(attack).await.is_err(), "{attack}");
        }
        for number in 0..20 {
            let body = json!({ "id": Uuid::now_v7(), "question": format!("第{number}问") });
            donor.post("/me/enquiries", body).await.ok();
        }
        let body = json!({ "id": Uuid::now_v7(), "question": "再问" });
        donor.post("/me/enquiries", body).await.refused(409, "too_many_enquiries");
        let first = donor.get("/me/enquiries?limit=15").await.ok();
        let next = first["next"].as_str().unwrap();
        let rest = donor.get(&format!("/me/enquiries?limit=15&after={next}")).await.ok();
        assert_eq!(rest["items"].as_array().unwrap().len(), 6);
    })
    .await;
}
