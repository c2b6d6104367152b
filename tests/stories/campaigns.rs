//! A campaign from the draft to the close-out, and every gate on its way tried to be broken: by the interface, by direct SQL, and
//! by somebody with all the roles.

use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::{Caller, send};
use crate::world::{CREDIT_CODE, Officer, World, agreed, identity_number, opening, story};

const DAY_S: i64 = 86_400;

fn gates(answer: &crate::caller::Answer) -> Vec<String> {
    let problems: Value = serde_json::from_str(&answer.text).unwrap();
    let fields = problems["problems"].as_array().into_iter().flatten();
    fields.map(|problem| problem["field"].as_str().unwrap().to_owned()).collect()
}

async fn days_pass(w: &World, days: i64) {
    w.lever("clock", json!({ "advance_seconds": days * DAY_S })).await;
}

async fn drafted(w: &World, change: impl Fn(&mut Value)) -> Uuid {
    let mut draft = w.draft("100.00");
    change(&mut draft);
    w.staff(Role::Organiser).await.post("/staff/campaigns", draft.clone()).await.ok();
    draft["id"].as_str().unwrap().parse().unwrap()
}

fn reason() -> Value {
    json!({ "reason": "核实情况" })
}

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

/// Sends a document to be attached.
async fn attach(who: &Officer, path: &str, query: &str, bytes: &[u8]) -> crate::caller::Answer {
    let request = who.request(reqwest::Method::POST, &format!("/api/v1{path}/attachments?{query}"));
    send(request.header("content-type", "application/octet-stream").body(bytes.to_vec())).await
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_has_an_agreement_and_an_evaluation_before_the_plan_is_filed() {
    story(async |w| {
        let id = drafted(w, |draft| {
            draft["plan"]["cooperation"] = json!({ "kind": "organisation", "name": "示例县志愿者协会" });
        })
        .await;
        w.walk(id, "filing").await;
        let path = |step: &str| format!("/staff/campaigns/{id}/{step}");
        let (disclosure, manager) = (w.staff(Role::Disclosure).await, w.staff(Role::ProjectManager).await);
        let (_, _, filing) = w.next_step("filing");
        let refused = disclosure.post(&path("filing"), filing.clone()).await;
        let missing = ["partner_agreement", "partner_paper", "partner_evaluation"];
        assert_eq!(gates(refused.refused(409, "gate_closed")), missing);
        let partner = json!({
            "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "organisation", "name": "示例县志愿者协会",
            "credit_code": "91350100M000100Y43",
        });
        manager.post("/staff/partners", partner.clone()).await.ok();
        let agreement = json!({ "partner": partner["id"], "signed_on": "2026-01-05", "agreement": "合作协议 示例1号" });
        manager.post(&path("cooperation"), agreement).await.ok();
        for own in ["author_id", "signer_id"] {
            let forged =
                format!("UPDATE cooperation SET score = 90, evaluator_id = {own}, evaluated_on = '2026-01-06'");
            assert!(w.sql(&forged).await.is_err(), "{own}");
        }
        let found = |score: i64, words: &str| json!({ "score": score, "findings": words });
        manager.post(&path("partner-evaluation"), found(90, "甚好")).await.refused(403, "other_person_needed");
        w.paper(&format!("/staff/campaigns/{id}"), "contract").await;
        for score in [0, 59] {
            disclosure.post(&path("partner-evaluation"), found(score, "账目不清")).await.ok();
            let refused = disclosure.post(&path("filing"), filing.clone()).await;
            assert_eq!(gates(refused.refused(409, "gate_closed")), ["partner_evaluation"], "{score} is no pass");
        }
        disclosure.post(&path("partner-evaluation"), found(60, "具备执行能力")).await.ok();
        disclosure.post(&path("filing"), filing).await.ok();

        // What was agreed stands from now on: another partner comes by a change that two persons approve, with a paper of its own.
        let paper = format!("/staff/campaigns/{id}/attachments");
        let listed = disclosure.get(&paper).await.ok();
        let contract = listed["items"].as_array().unwrap().iter().find(|one| one["kind"] == "contract").unwrap();
        let paper = format!("{paper}/{}", contract["id"].as_str().unwrap());
        let refused = disclosure.call(reqwest::Method::DELETE, &paper, None).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["partner_paper"]);
        let next = json!({ "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "individual", "name": "示例接手人" });
        manager.post("/staff/partners", next.clone()).await.ok();
        let agreement = json!({ "partner": next["id"], "signed_on": "2026-01-08", "agreement": "口头" });
        let refused = manager.post(&path("cooperation"), agreement.clone()).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["partner_fixed"]);
        for attack in ["signed_on = '2026-01-07'", "agreement = '口头'"] {
            w.attacked(&format!("UPDATE cooperation SET {attack}"), "cooperation_fixed").await;
        }
        let mut draft = w.draft("100.00");
        draft.as_object_mut().unwrap().remove("id");
        draft["plan"]["cooperation"] = json!({ "kind": "individual", "name": "示例接手人" });
        let change = json!({ "id": Uuid::now_v7(), "reason": "更换合作方", "draft": draft });
        w.staff(Role::Organiser).await.post(&path("changes"), change.clone()).await.ok();
        let of = format!("/staff/campaign-changes/{}", change["id"].as_str().unwrap());
        manager.act(&format!("{of}/approval")).await.ok();
        w.staff(Role::FinanceHead).await.act(&format!("{of}/approval")).await.ok();
        manager.post(&path("cooperation"), agreement).await.ok();
        disclosure.post(&path("partner-evaluation"), found(80, "具备执行能力")).await.ok();
        w.paper(&of, "filing_receipt").await;
        let refiled = json!({ "evidence": "回执", "filed_on": w.app.business.today().to_string() });
        let refused = disclosure.post(&format!("{of}/filing"), refiled.clone()).await;
        assert_eq!(gates(refused.refused(409, "gate_closed")), ["partner_paper"]);
        w.paper(&of, "contract").await;
        disclosure.post(&format!("{of}/filing"), refiled).await.ok();

        // A county without a campaign of the charity registers nobody with it, and sees none of its partners.
        let county = w.hire_over(Role::ProjectManager, "county", "/hebei/1306/").await;
        let own = json!({ "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "individual", "name": "县里的人" });
        county.post("/staff/partners", own.clone()).await.refused(403, "forbidden");
        assert_eq!(county.get("/staff/partners").await.ok()["items"], json!([]));
        let mut foreign = own;
        foreign["campaign"] = json!(id);
        county.post("/staff/partners", foreign).await.refused(404, "no_such_campaign");
        w.attacked("UPDATE partner SET name = '别人'", "partner_fixed").await;
        w.attacked("DELETE FROM partner", "partner_fixed").await;
        let seen = manager.get("/staff/partners?limit=1").await.ok();
        assert_eq!(seen["items"][0]["name"], "示例接手人", "the newest first");
        let rest = manager.get(&format!("/staff/partners?after={}", seen["next"].as_str().unwrap())).await.ok();
        assert_eq!(rest["items"][0]["name"], "示例县志愿者协会");
    })
    .await;
}

/// A county that raises money under the province's charity registers the partner of its own campaign; another person evaluates all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_county_registers_the_partner_of_its_own_campaign() {
    story(async |w| {
        let county = "/hebei/1306/";
        let organiser = w.hire_over(Role::Organiser, "county-organiser", county).await;
        let manager = w.hire_over(Role::ProjectManager, "county-manager", county).await;
        let elsewhere = w.hire_over(Role::Organiser, "elsewhere", "/hebei/1305/").await;
        let mut draft = w.draft("100.00");
        draft["unit"] = json!(w.unit("1306").await);
        draft["plan"]["cooperation"] = json!({ "kind": "individual", "name": "示例讲师" });
        organiser.post("/staff/campaigns", draft.clone()).await.ok();
        let of = |step: &str| format!("/staff/campaigns/{}/{step}", draft["id"].as_str().unwrap());
        let new = |name: &str, kind: &str, code: Option<&str>| {
            json!({
                "id": Uuid::now_v7(), "book": w.book.uuid(), "campaign": draft["id"], "kind": kind, "name": name, "credit_code": code,
            })
        };
        let (teacher, club) =
            (new("示例讲师", "individual", None), new("示例志愿者协会", "organisation", Some("91350100M000100Y43")));
        elsewhere.post("/staff/partners", teacher.clone()).await.refused(404, "no_such_campaign");
        for one in [&teacher, &club, &teacher] {
            assert_eq!(organiser.post("/staff/partners", one.clone()).await.ok()["id"], one["id"]);
        }
        organiser.post("/staff/partners", new("示例讲师", "individual", None)).await.refused(409, "partner_known");
        let listed = manager.get("/staff/partners").await.ok();
        let names: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["示例志愿者协会", "示例讲师"]);
        assert_eq!(elsewhere.get("/staff/partners").await.ok()["items"], json!([]));
        let agreement = json!({ "partner": teacher["id"], "signed_on": "2026-01-05", "agreement": "合作协议 示例1号" });
        organiser.post(&of("cooperation"), agreement).await.ok();
        let found = json!({ "score": 80, "findings": "具备执行能力" });
        organiser.post(&of("partner-evaluation"), found.clone()).await.refused(403, "forbidden");
        manager.post(&of("partner-evaluation"), found).await.ok();
        let foreign = format!(
            "INSERT INTO partner (id, book_id, kind, name, author_id, created_us, campaign_id) \
             SELECT {}, book_id, 'individual', '外人', author_id, 1, {0} FROM partner",
            w.sql_id(&Uuid::now_v7().to_string())
        );
        w.attacked(&foreign, "partner_foreign").await;
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

#[tokio::test(flavor = "multi_thread")]
async fn campaigns_are_found_by_their_words_and_a_parent_is_the_sum_of_its_leaves() {
    story(async |w| {
        let parent = {
            let mut draft = w.draft("3000.00");
            draft["kind"] = json!("parent");
            draft["name"] = json!("桑梓·母计划");
            w.open_as(draft).await
        };
        let leaf = {
            let mut draft = w.draft("1000.00");
            draft["parent"] = json!(parent);
            draft["name"] = json!("扬帆护航·返校路费");
            w.open_as(draft).await
        };
        let donor = w.donor("o-one").await;
        donor.give(parent, &w.wish("1.00")).await.refused(409, "campaign_not_open");
        w.gift(&donor, leaf, "12.00").await;
        assert_eq!((w.raised(parent).await, w.raised(leaf).await), ("12.00".to_owned(), "12.00".to_owned()));
        let found = async |query: &str| {
            let page = w.stranger.get(&format!("/campaigns?{query}")).await.ok();
            let items = page["items"].as_array().unwrap().iter();
            items.map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let (parent, leaf) = (parent.to_string(), leaf.to_string());
        assert_eq!(found("q=返校").await, std::slice::from_ref(&leaf));
        assert_eq!(found("q=100%25").await, [""; 0]);
        assert_eq!(found(&format!("parent={parent}")).await, std::slice::from_ref(&leaf));
        assert_eq!(found("order=raised").await, [leaf.clone(), parent.clone()]);
        assert_eq!(found("order=newest").await, [leaf.clone(), parent.clone()]);
        assert_eq!(found(&format!("order=raised&limit=1&after={leaf}")).await, [parent]);
        assert_eq!(found("cause=disaster").await, [""; 0]);
        // Where it is, whoever manages it: a county's campaign is in its city, and 雄县 lies in 保定.
        let of_unit = async |code: &str| {
            let mut draft = w.draft("1000.00");
            draft["unit"] = json!(w.unit(code).await);
            w.open_as(draft).await.to_string()
        };
        let (county, xiong) = (of_unit("130502").await, of_unit("130638").await);
        assert_eq!(found("division=130502").await, std::slice::from_ref(&county));
        assert_eq!(found("division=1305").await, [county]);
        assert_eq!(found("division=1306").await, [xiong]);
        assert_eq!(found("division=130503").await, [""; 0]);
        w.stranger.get("/campaigns?division=13%25").await.refused(422, "invalid_field");
    })
    .await;
}

/// One person with every role, signed in twice, is still one person.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_with_many_roles_and_two_sessions_does_not_approve_their_own_campaign() {
    story(async |w| {
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        let (first, second) = (w.hire(Role::Admin, "admin-1").await, w.hire(Role::Admin, "admin-2").await);
        let id = Uuid::now_v7();
        let proposal = |roles: &[&str]| {
            let grants: Vec<Value> = roles.iter().map(|role| json!({ "role": role })).collect();
            json!({ "id": id, "username": "everything", "name": "能人", "grants": grants, "identity_number": identity_number(3) })
        };
        let administrator = proposal(&["admin", "organiser", "project_manager", "finance_head"]);
        first.post("/staff/members", administrator).await.refused(409, "admin_moves_no_money");
        let proposal = proposal(&["organiser", "project_manager", "finance_head"]);
        first.post("/staff/members", proposal).await.ok();
        let made = second.act(&format!("/staff/members/{id}/activation")).await.ok();
        let (password, seed) = (made["password"].as_str().unwrap(), made["totp_secret"].as_str().unwrap());
        let one = w.sign_in("everything", password, Some(seed.to_owned())).await;
        let login = json!({ "username": "everything", "password": password, "otp": w.otp(seed, 30) });
        let session = w.stranger.post("/sessions/staff", login).await.ok();
        let other = Caller { token: Some(session["token"].as_str().unwrap().to_owned()), ..w.stranger.clone() };

        let draft = w.draft("100.00");
        one.post("/staff/campaigns", draft.clone()).await.ok();
        let path = |step: &str| format!("/staff/campaigns/{}/{step}", draft["id"].as_str().unwrap());
        one.act(&path("submission")).await.ok();
        for session in [&one.caller, &other] {
            session.act(&path("review")).await.refused(403, "other_person_needed");
            session.post(&path("approval"), agreed()).await.refused(403, "other_person_needed");
        }
        let silent = json!({ "for_a_group": false });
        assert_eq!(gates(manager.post(&path("approval"), silent).await.refused(409, "gate_closed")), ["for_a_group"]);
        manager.post(&path("approval"), agreed()).await.ok();
        for session in [&one.caller, &other] {
            session.post(&path("approval"), agreed()).await.refused(403, "other_person_needed");
        }
        let (campaign, author) = (w.sql_id(draft["id"].as_str().unwrap()), w.sql_id(&id.to_string()));
        let approval = |author: &str, approver: &str| {
            format!(
                "INSERT INTO campaign_approval (campaign_id, round, step, author_id, approver_id, at_us) \
                 VALUES ({campaign}, 1, 'finance', {author}, {approver}, 1)"
            )
        };
        w.attacked(&approval(&author, &author), "campaign_approval_own_check").await;
        let manager = w.sql_id(&manager.id.to_string());
        assert!(w.sql(&approval(&manager, &author)).await.is_err(), "nor in another author's name");
        assert!(w.sql(&approval(&author, &manager)).await.is_err(), "nor twice by the first");
        assert!(w.sql(&format!("UPDATE campaign SET state = 'approved' WHERE id = {campaign}")).await.is_err());
        assert_eq!(head.post(&path("approval"), agreed()).await.ok()["state"], "approved");
        let said = "SELECT CAST(count(*) AS BIGINT) FROM campaign_approval WHERE for_a_group";
        assert_eq!(w.count(said).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_hidden_with_a_reason_and_shown_again() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let mut wish = w.wish("5.00");
        wish["message"] = json!("愿你们越来越好");
        let placed = donor.give(campaign, &wish).await.ok();
        w.sandbox.pay(placed["donation"]["out_trade_no"].as_str().unwrap()).unwrap();
        let silent = w.gift(&donor, campaign, "1.00").await;
        w.until("it is paid", async || w.raised(campaign).await == "6.00").await;
        let told = async || {
            let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await.ok();
            wall["items"].as_array().unwrap().iter().filter(|gift| gift["message"].is_string()).count()
        };
        let path = |gift: &str| format!("/staff/donations/{gift}/message-moderation");
        let id = wish["id"].as_str().unwrap();
        let how = |hidden: bool, reason: &str| json!({ "hidden": hidden, "reason": reason });
        assert_eq!(told().await, 1);
        let (disclosure, manager) = (w.staff(Role::Disclosure).await, w.staff(Role::ProjectManager).await);
        disclosure.post(&path(id), how(true, "  ")).await.refused(422, "invalid_field");
        assert_eq!(gates(&disclosure.post(&path(&silent.id.to_string()), how(true, "广告")).await), ["no_message"]);
        let far = w.hire_over(Role::Disclosure, "far", "/hebei/1306/").await;
        far.post(&path(id), how(true, "广告")).await.refused(404, "no_such_donation");
        disclosure.post(&path(id), how(true, "含有联系方式")).await.ok();
        assert_eq!(told().await, 0);
        manager.post(&path(id), how(false, "复核无误")).await.ok();
        assert_eq!(told().await, 1);
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM moderation").await, 2);
        w.attacked("DELETE FROM moderation", "moderation_immutable").await;
        w.attacked("UPDATE moderation SET reason = 'x'", "moderation_immutable").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_may_complain_and_nobody_floods() {
    story(async |w| {
        let complaint = || json!({ "id": Uuid::now_v7(), "words": "用途与说明不符" });
        let mut taken = 0;
        let refused = loop {
            let answer = w.stranger.post("/complaints", complaint()).await;
            if answer.status != 200 {
                break answer;
            }
            taken += 1;
            assert!(taken < 1_000, "nobody is stopped");
        };
        let wait: u64 = refused.refused(429, "too_many_requests").header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait) && taken > 0);
        let listed = w.count("SELECT CAST(count(*) AS BIGINT) FROM complaint").await;
        assert_eq!(listed, taken, "what was refused was not taken");
        // Whoever reads what became of theirs is not in the way.
        w.stranger.get(&format!("/complaints/{}", Uuid::now_v7())).await.refused(404, "no_such_complaint");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reviewers_speak_of_sections_and_what_they_said_stands_with_its_round() {
    story(async |w| {
        let id = drafted(w, |_| ()).await;
        let path = |step: &str| format!("/staff/campaigns/{id}/{step}");
        let (organiser, manager) = (w.staff(Role::Organiser).await, w.staff(Role::ProjectManager).await);
        organiser.act(&path("submission")).await.ok();
        let said = |section: &str, words: &str| json!({ "id": Uuid::now_v7(), "section": section, "words": words });
        let first = said("budget", "请说明助学金标准");
        manager.post(&path("comments"), first.clone()).await.ok();
        manager.post(&path("comments"), first.clone()).await.ok();
        organiser.post(&path("comments"), first.clone()).await.refused(409, "id_reused");
        manager.post(&path("comments"), said("weather", "试")).await.refused(400, "invalid_body");
        manager.post(&path("rejection"), reason()).await.ok();
        organiser.act(&path("revision")).await.ok();
        organiser.post(&path("comments"), said("budget", "已补充标准")).await.ok();
        let comments = w.staff(Role::FinanceHead).await.get(&path("comments")).await.ok();
        let told: Vec<(i64, &str)> = comments["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["round"].as_i64().unwrap(), it["words"].as_str().unwrap()))
            .collect();
        assert_eq!(told, [(1, "请说明助学金标准"), (2, "已补充标准")]);
        w.attacked("UPDATE campaign_comment SET words = 'x'", "campaign_comment_immutable").await;
        w.attacked("DELETE FROM campaign_comment", "campaign_comment_immutable").await;
        let open = w.open_campaign("10.00").await;
        let late = manager.post(&format!("/staff/campaigns/{open}/comments"), said("budget", "试")).await;
        assert_eq!(gates(late.refused(409, "gate_closed")), ["not_in_review"]);
    })
    .await;
}
