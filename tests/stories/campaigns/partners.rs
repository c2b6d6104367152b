//! With whom a campaign is carried out.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::world::story;

use super::{drafted, gates};

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
