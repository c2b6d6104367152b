//! Papers and pictures of a campaign.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::world::{agreed, story};

use super::{attach, drafted, gates};

/// The ten days run from the authority's receipt: a day before the plan was approved here is shown, not said (facts: charity 3.1).
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_was_filed_before_it_was_approved_shows_the_receipt() {
    story(async |w| {
        let id = drafted(w, |_| {}).await;
        w.staff(Role::Organiser).await.act(&format!("/staff/campaigns/{id}/submission")).await.ok();
        w.walk(id, "approved").await;
        let disclosure = w.staff(Role::Disclosure).await;
        let path = format!("/staff/campaigns/{id}/filing-submission");
        let (_, _, early) = w.next_step("approved");
        let refused = disclosure.post(&path, early.clone()).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["filing_receipt"]);
        let tomorrow = json!({ "submitted_on": w.app.business.today().next().to_string() });
        assert_eq!(gates(disclosure.post(&path, tomorrow).await.refused(409, "gate_closed")), ["filing_day"]);
        w.filing_receipt(id).await;
        assert_eq!(disclosure.post(&path, early).await.ok()["state"], "filing");
        // The receipt stays, for everybody.
        let of = format!("/staff/campaigns/{id}/attachments");
        let listed = disclosure.get(&of).await.ok();
        let receipt = format!("{of}/{}", listed["items"][0]["id"].as_str().unwrap());
        let refused = disclosure.call(reqwest::Method::DELETE, &receipt, None).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["filing_receipt"]);
        w.attacked("UPDATE attachment SET withdrawn_us = 1", "attachment_filed").await;

        // Whoever wrote a campaign tells nobody alone that it was filed before.
        let manager = w.staff(Role::ProjectManager).await;
        let other = w.hire(Role::ProjectManager, "manager-2").await;
        let draft = w.draft("100.00");
        let id: Uuid = draft["id"].as_str().unwrap().parse().unwrap();
        manager.post("/staff/campaigns", draft).await.ok();
        let path = |step: &str| format!("/staff/campaigns/{id}/{step}");
        manager.act(&path("submission")).await.ok();
        other.post(&path("approval"), agreed()).await.ok();
        w.walk(id, "approved").await;
        let (_, _, early) = w.next_step("approved");
        let forged =
            format!("UPDATE campaign SET filing_submitted_on = '2026-01-01' WHERE id = {}", w.sql_id(&id.to_string()));
        w.attacked(&forged, "campaign_filing_unproven").await;
        w.filing_receipt(id).await;
        manager.post(&path("filing-submission"), early.clone()).await.refused(403, "other_person_needed");
        disclosure.post(&path("filing-submission"), early).await.ok();
        let (_, _, filing) = w.next_step("filing");
        manager.post(&path("filing"), filing.clone()).await.refused(403, "other_person_needed");
        disclosure.post(&path("filing"), filing).await.ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_proves_a_step_is_attached_and_pictures_are_seen_once_another_person_published_them() {
    story(async |w| {
        let id = w.open_campaign("1000.00").await;
        let (organiser, manager) = (w.staff(Role::Organiser).await, w.staff(Role::ProjectManager).await);
        let (disclosure, auditor) = (w.staff(Role::Disclosure).await, w.staff(Role::Auditor).await);
        let campaign = format!("/staff/campaigns/{id}");
        let receipt = attach(&disclosure, &campaign, "kind=filing_receipt&file_name=a.pdf", b"%PDF-1.7 ...").await.ok();
        attach(&auditor, &campaign, "kind=filing_receipt&file_name=a.pdf", b"%PDF-1.7").await.refused(403, "forbidden");
        let listed = auditor.get(&format!("{campaign}/attachments")).await.ok();
        assert_eq!(listed["items"][0]["kind"], "filing_receipt");
        let path = format!("{campaign}/attachments/{}", receipt["id"].as_str().unwrap());
        assert_eq!(auditor.get(&path).await.text, "%PDF-1.7 ...");
        let far = w.hire_over(Role::Auditor, "far", "/hebei/1306/").await;
        far.get(&path).await.refused(404, "no_such_campaign");
        w.stranger.get(&path).await.refused(401, "unauthorized");

        let mut draft = w.draft("2000.00");
        draft.as_object_mut().unwrap().remove("id");
        let change = json!({ "id": Uuid::now_v7(), "reason": "扩大受益范围", "draft": draft });
        organiser.post(&format!("{campaign}/changes"), change.clone()).await.ok();
        let of = format!("/staff/campaign-changes/{}", change["id"].as_str().unwrap());
        attach(&disclosure, &of, "kind=filing_receipt&file_name=b.pdf", b"%PDF-1.7 b").await.ok();
        manager.post(&format!("{of}/rejection"), json!({ "reason": "" })).await.refused(422, "invalid_field");
        manager.post(&format!("{of}/rejection"), json!({ "reason": "超出备案范围" })).await.ok();
        attach(&disclosure, &of, "kind=filing_receipt&file_name=c.pdf", b"%PDF-1.7 c").await.refused(409, "wrong_state");
        assert_eq!(auditor.get(&format!("{of}/attachments")).await.ok()["items"].as_array().unwrap().len(), 1);

        let update = json!({ "id": Uuid::now_v7(), "title": "进展", "words": "物资已送达" });
        manager.post(&format!("{campaign}/updates"), update.clone()).await.ok();
        let number = update["id"].as_str().unwrap();
        let of = format!("/staff/updates/{number}");
        attach(&manager, &of, "file_name=a.txt", b"text").await.refused(422, "picture_needed");
        let png = b"\x89PNG\r\n\x1a\n one".as_slice();
        let picture = attach(&manager, &of, "file_name=%E5%BC%A0%E4%B8%89.png", png).await.ok();
        let public = format!("/campaigns/{id}/updates/{number}/pictures");
        w.stranger.get(&public).await.refused(404, "no_such_update");
        manager.act(&format!("{of}/publication")).await.refused(403, "other_person_needed");
        disclosure.act(&format!("{of}/publication")).await.ok();
        let shown = w.stranger.get(&public).await.ok();
        assert_eq!(shown["items"], json!([{ "id": picture["id"], "media_type": "image/png", "size": png.len() }]));
        let one = format!("{public}/{}", picture["id"].as_str().unwrap());
        let answer = w.stranger.get(&one).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/png")));
        assert!(!format!("{:?}", answer.headers).contains("%E5%BC%A0"), "its name is not told");
        let other = w.open_campaign("1000.00").await;
        w.stranger.get(&one.replace(&id.to_string(), &other.to_string())).await.refused(404, "no_such_update");
        attach(&manager, &of, "file_name=b.png", b"\x89PNG\r\n\x1a\n two").await.refused(409, "gate_closed");
        let forged = "INSERT INTO attachment SELECT id2, object, kind, file_name, hash, author_id, created_us, withdrawn_us FROM \
                      (SELECT a.*, c.id AS id2 FROM attachment a JOIN campaign c ON true WHERE a.kind = 'picture' LIMIT 1) x";
        w.attacked(forged, "attachment_published").await;
        // Whose picture it is asked not to be seen.
        let path = format!("{of}/attachments/{}", picture["id"].as_str().unwrap());
        disclosure.call(reqwest::Method::DELETE, &path, None).await.ok();
        w.stranger.get(&one).await.refused(404, "no_such_attachment");
        assert_eq!(w.stranger.get(&public).await.ok()["items"], json!([]));
    })
    .await;
}
