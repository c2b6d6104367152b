//! What is published: drawn up from the books, frozen, proved, corrected by a new version; what is due, and who is told of it.

use domain::Timestamp;
use domain::role::Role;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::caller::{Caller, send};
use crate::world::{World, story};

fn today(w: &World) -> String {
    w.app.business.today().to_string()
}

fn about(campaign: Uuid, kind: &str) -> Value {
    json!({ "kind": kind, "campaign": campaign, "words": { "summary": "情况良好", "rest": "继续发放助学金" } })
}

async fn prepared(officer: &Caller, wish: Value) -> Value {
    officer.post("/staff/disclosures", json!({ "id": Uuid::now_v7(), "wish": wish })).await.ok()
}

async fn published(officer: &Caller, version: &Value, on: &str) -> Value {
    let path = format!("/staff/disclosures/{}/publications", version["id"].as_str().unwrap());
    let body =
        json!({ "id": Uuid::now_v7(), "place": "charity_china", "reference": "慈善中国 示例1", "published_on": on });
    officer.post(&path, body).await.ok()
}

async fn duties(officer: &Caller, filter: &str) -> Vec<Value> {
    officer.get(&format!("/staff/duties?limit=100&{filter}")).await.ok()["items"].as_array().unwrap().clone()
}

/// A campaign of so many days, open.
async fn long(w: &World, days: u64) -> Uuid {
    let mut draft = w.draft("1000.00");
    let ends: Timestamp = w.app.business.now().after(std::time::Duration::from_secs(days * 86_400));
    draft["ends_at"] = json!(ends.to_string());
    w.open_as(draft).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_frozen_proved_and_corrected_by_a_new_version() {
    story(async |w| {
        let disclosure = w.staff(Role::Disclosure).await;
        let manager = w.staff(Role::ProjectManager).await;
        let id = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let mut wish = w.wish("80.00");
        wish["anonymity"] = json!("name");
        wish["name"] = json!("王五（示例）");
        wish["show_amount"] = json!(true);
        let placed = donor.give(id, &wish).await.ok();
        w.sandbox.pay(placed["donation"]["out_trade_no"].as_str().unwrap()).unwrap();
        w.until("the gift is booked", async || w.raised(id).await == "80.00").await;
        w.gift(&w.donor("o-two").await, id, "20.50").await;

        let early = json!({ "id": Uuid::now_v7(), "wish": about(id, "raising_report") });
        disclosure.post("/staff/disclosures", early.clone()).await.refused(409, "too_early");
        manager.post(&format!("/staff/campaigns/{id}/end"), json!({ "reason": "提前结束" })).await.ok();
        let mut silent = early.clone();
        silent["wish"]["words"] = json!({ "summary": "" });
        disclosure.post("/staff/disclosures", silent).await.refused(422, "invalid_field");
        // The head of finance may draw up what only the disclosure officer publishes.
        let seen = disclosure.post("/staff/disclosures/preview", early["wish"].clone()).await.ok();
        assert_eq!(seen["figures"]["raised"]["total"], "100.50");
        let first = disclosure.post("/staff/disclosures", early.clone()).await.ok();
        assert_eq!(disclosure.post("/staff/disclosures", early.clone()).await.ok()["fingerprint"], first["fingerprint"]);
        let mut other = early.clone();
        other["wish"]["words"]["rest"] = json!("另行决定");
        disclosure.post("/staff/disclosures", other).await.refused(409, "id_reused");
        let again = json!({ "id": Uuid::now_v7(), "wish": about(id, "raising_report") });
        disclosure.post("/staff/disclosures", again).await.refused(409, "disclosure_stands");

        // Nothing is public before it is proved that it was published.
        let path = format!("/campaigns/{id}/disclosures");
        assert_eq!(w.stranger.get(&path).await.ok()["items"], json!([]));
        let content = format!("/disclosures/{}/content", first["id"].as_str().unwrap());
        w.stranger.get(&content).await.refused(404, "no_such_disclosure");
        let publications = format!("/staff/disclosures/{}/publications", first["id"].as_str().unwrap());
        let body = json!({ "id": Uuid::now_v7(), "place": "charity_china", "reference": "1", "published_on": today(w) });
        manager.post(&publications, body.clone()).await.refused(403, "forbidden");
        published(&disclosure, &first, &today(w)).await;
        disclosure.post(&publications, body).await.refused(409, "published_there");
        let page = async |path: String| {
            send(w.stranger.request(reqwest::Method::GET, &path).header("accept", "text/html")).await
        };
        let version = format!("/disclosures/{}", first["id"].as_str().unwrap());
        let shown = page(version.clone()).await;
        assert!(shown.status == 200 && shown.text.contains(first["fingerprint"].as_str().unwrap()), "{}", shown.text);
        assert!(shown.text.contains("慈善中国 示例1") && !shown.text.contains("王五"), "{}", shown.text);
        assert!(page(format!("/campaigns/{id}")).await.text.contains(&version), "the campaign's page leads there");
        assert_eq!(page(format!("/disclosures/{}", Uuid::now_v7())).await.status, 404);
        let text = w.stranger.get(&content).await;
        assert_eq!(hex::encode(Sha256::digest(text.text.as_bytes())), first["fingerprint"].as_str().unwrap());
        let figures = text.ok()["figures"].clone();
        assert_eq!(figures["received"]["wechat"]["total"], "100.50");
        assert_eq!((&figures["gifts"]["total"], &figures["gifts"]["donors"], &figures["gifts"]["named"]), (&json!(2), &json!(2), &json!(1)));
        assert_eq!((&figures["left"], &figures["used"][0]["planned"]), (&json!("100.50"), &json!("1000.00")));
        // No name is frozen; the form asks for those who agree today.
        let listed = w.stranger.get(&path).await.ok();
        assert_eq!(listed["items"][0]["published"][0]["reference"], "慈善中国 示例1");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM disclosure WHERE content LIKE '%王五%'").await, 0);
        let form = disclosure.request(reqwest::Method::GET, &format!("/api/v1/staff/disclosures/{}/form", first["id"].as_str().unwrap()));
        assert!(form.send().await.unwrap().bytes().await.unwrap().starts_with(b"PK"));

        // What stands cannot be changed, with the database in hand either.
        for (attack, rule) in [
            ("UPDATE disclosure SET content = content || ' '", "disclosure_immutable"),
            ("DELETE FROM disclosure", "disclosure_immutable"),
            ("UPDATE disclosure_publication SET reference = 'x'", "disclosure_publication_immutable"),
            ("DELETE FROM disclosure_publication", "disclosure_publication_immutable"),
        ] {
            w.attacked(attack, rule).await;
        }
        let columns = "series_id, version, kind, book_id, campaign_id, event_id, year, from_day, through_day, title, content, fingerprint, wish, correction, author_id, created_us";
        let copy = |id: &str, from: &str| {
            format!("INSERT INTO disclosure (id, {columns}) SELECT {id}, {from} FROM disclosure")
        };
        let fresh = w.sql_id(&Uuid::now_v7().to_string());
        let silent = columns.replacen("version", "version + 1", 1);
        w.attacked(&copy(&fresh, &silent), "disclosure_correction").await;
        let skipped = columns.replacen("version", "version + 2", 1).replacen("correction", "'更正'", 1);
        w.attacked(&copy(&fresh, &skipped), "disclosure_version").await;
        if w.app.db.backend() == sea_orm::DbBackend::Postgres {
            let forged = columns.replacen("version", "version + 1", 1).replacen("content", "content || ' '", 1);
            w.attacked(&copy(&fresh, &forged.replacen("correction", "'更正'", 1)), "disclosure_fingerprint").await;
            w.attacked("TRUNCATE disclosure_publication", "disclosure_publication_immutable").await;
        } else {
            let replace = format!("INSERT OR REPLACE INTO disclosure (id, {columns}) SELECT id, {columns} FROM disclosure");
            w.attacked(&replace, "disclosure_").await;
        }

        // A correction is a version of its own, with a note, and the old one stays to be read.
        let mut wish = about(id, "raising_report");
        wish["corrects"] = first["id"].clone();
        let body = json!({ "id": Uuid::now_v7(), "wish": wish });
        disclosure.post("/staff/disclosures", body).await.refused(422, "invalid_field");
        wish["correction"] = json!("捐赠人数统计口径有误");
        let second = prepared(&disclosure, wish.clone()).await;
        assert_eq!((&second["version"], &second["series"]), (&json!(2), &first["id"]));
        let superseded = json!({ "id": Uuid::now_v7(), "place": "own_site", "reference": "2", "published_on": today(w) });
        disclosure.post(&publications, superseded).await.refused(409, "disclosure_superseded");
        let body = json!({ "id": Uuid::now_v7(), "wish": wish });
        disclosure.post("/staff/disclosures", body).await.refused(409, "disclosure_superseded");
        published(&disclosure, &second, &today(w)).await;
        let listed = w.stranger.get(&path).await.ok()["items"].clone();
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert_eq!((&listed[1]["newer"], &listed[0]["correction"]), (&second["id"], &json!("捐赠人数统计口径有误")));
        let newest = w.stranger.get(&format!("/disclosures/{}/content", second["id"].as_str().unwrap())).await.ok();
        assert_eq!(newest["corrects"]["fingerprint"], first["fingerprint"]);
        assert!(w.stranger.get(&content).await.status == 200, "the version before stays to be read");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_listed_warned_of_once_and_escalated_once() {
    story(async |w| {
        let disclosure = w.staff(Role::Disclosure).await;
        let chair = w.staff(Role::Chair).await;
        let id = long(w, 300).await;
        let of_campaign = format!("campaign={id}");
        let status = |lines: Vec<Value>| {
            let of_kind = lines.into_iter().find(|line| line["kind"] == "raising_status");
            of_kind.map(|line| (line["state"].as_str().unwrap().to_owned(), line["escalated"] == true))
        };
        let waits = async |officer: &Caller| {
            let desk = officer.get("/staff/waiting").await.ok();
            let kinds = desk["items"].as_array().unwrap().clone();
            kinds.iter().find(|kind| kind["kind"] == "duty").map_or(0, |kind| kind["count"].as_i64().unwrap())
        };
        assert_eq!(status(duties(&disclosure, &of_campaign).await), Some(("due".into(), false)));
        w.run_job("duties").await;
        let before = (waits(&disclosure).await, waits(&chair).await);
        w.pass(80 * 86_400).await;
        assert_eq!(status(duties(&disclosure, &of_campaign).await), Some(("soon".into(), false)));
        assert!(w.run_job("duties").await >= 1);
        assert_eq!(w.run_job("duties").await, 0, "once");
        assert_eq!((waits(&disclosure).await, waits(&chair).await), (before.0 + 1, before.1));
        w.pass(20 * 86_400).await;
        assert_eq!(status(duties(&disclosure, &of_campaign).await), Some(("late".into(), true)));
        let late = duties(&disclosure, "state=late&kind=raising_status").await;
        assert_eq!((late.len(), &late[0]["campaign"], &late[0]["name"]), (1, &json!(id), &json!("助学·关爱行动")));
        assert!(w.run_job("duties").await >= 1);
        assert_eq!(w.run_job("duties").await, 0, "once");
        assert_eq!((waits(&disclosure).await, waits(&chair).await), (before.0 + 1, before.1 + 1));
        // Who takes a notice off the desk with the database in hand does not make the duty go away: it is written anew, and once.
        // It is closed by what it asks for, or for a reason that stays: not without one, and not by what nobody has published.
        let version = prepared(&disclosure, about(id, "raising_status")).await;
        let close = |how: &str| format!("UPDATE duty_notice SET closed_us = created_us{how} WHERE closed_us IS NULL");
        let unpublished = format!(", disclosure_id = {}", w.sql_id(version["id"].as_str().unwrap()));
        for how in ["", ", closed_why = ' '", &unpublished] {
            w.attacked(&close(how), "duty_notice_unfulfilled").await;
        }
        w.attacked("UPDATE duty_notice SET closed_why = '以后再说' WHERE closed_us IS NULL", "duty_notice_fixed").await;
        w.sql(&close(", closed_why = '手工关闭'")).await.unwrap();
        assert_eq!((waits(&disclosure).await, waits(&chair).await), (0, 0));
        assert!(w.run_job("duties").await >= 2);
        assert_eq!(w.run_job("duties").await, 0, "once");
        assert_eq!((waits(&disclosure).await, waits(&chair).await), (before.0 + 1, before.1 + 1));
        let counted = w.app.disclosures.late().await.unwrap();
        assert_eq!(counted[&domain::duty::DutyKind::RaisingStatus], 1);

        // Published, it leaves both desks at once; the next one is counted from this day.
        published(&disclosure, &version, &today(w)).await;
        assert_eq!((waits(&disclosure).await, waits(&chair).await), before);
        let by_it = "SELECT CAST(count(*) AS BIGINT) FROM duty_notice WHERE kind = 'raising_status' AND disclosure_id IS NOT NULL";
        assert_eq!(w.count(by_it).await, 2, "the warning and the escalation");
        assert_eq!(status(duties(&disclosure, &of_campaign).await), Some(("due".into(), false)));
        let done = duties(&disclosure, &format!("{of_campaign}&state=done&kind=raising_status")).await;
        assert_eq!(done.len(), 1);
        assert!(done[0]["days_late"].as_i64().unwrap() >= 7, "{done:?}");
        w.run_job("duties").await;
        for (attack, rule) in [
            ("UPDATE duty_notice SET closed_us = NULL WHERE closed_us IS NOT NULL", "duty_notice_fixed"),
            ("DELETE FROM duty_notice", "duty_notice_fixed"),
        ] {
            w.attacked(attack, rule).await;
        }

        // A page at a time, and the second one.
        let page = disclosure.get("/staff/duties?limit=1").await.ok();
        let next = page["next"].as_str().unwrap();
        let rest = disclosure.get(&format!("/staff/duties?limit=100&after={next}")).await.ok();
        assert_ne!(rest["items"][0], page["items"][0]);

        // What was published before does nothing for the next one.
        w.pass(80 * 86_400).await;
        assert!(w.run_job("duties").await >= 1);
        let next = "FROM duty_notice WHERE closed_us IS NULL AND kind = 'raising_status'";
        assert_eq!(w.count(&format!("SELECT CAST(count(*) AS BIGINT) {next}")).await, 1);
        let by_the_last = format!("{} AND kind = 'raising_status'", close(&unpublished));
        w.attacked(&by_the_last, "duty_notice_unfulfilled").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_years_and_rules_have_their_days() {
    story(async |w| {
        let disclosure = w.staff(Role::Disclosure).await;
        let book = w.book.uuid();
        let event = json!({
            "id": Uuid::now_v7(), "book": book, "kind": "investment", "title": "购买国债", "words": "经理事会决议购买国债",
            "happened_on": today(w),
        });
        disclosure.post("/staff/major-events", event.clone()).await.ok();
        disclosure.post("/staff/major-events", event.clone()).await.ok();
        let mut other = event.clone();
        other["title"] = json!("出售国债");
        disclosure.post("/staff/major-events", other).await.refused(409, "id_reused");
        w.attacked("UPDATE major_event SET title = 'x'", "major_event_immutable").await;
        assert_eq!(duties(&disclosure, "kind=major_event").await.len(), 1);
        let version = prepared(&disclosure, json!({ "kind": "major_event", "event": event["id"] })).await;
        published(&disclosure, &version, &today(w)).await;
        assert_eq!(duties(&disclosure, "kind=major_event").await, Vec::<Value>::new());
        let public = w.stranger.get("/books/hebei/disclosures").await.ok();
        assert_eq!(public["items"][0]["title"], "购买国债重大事项公布");

        // The year of a charity, once it is over.
        let year = w.app.business.today().year();
        let annual = |kind: &str| json!({ "kind": kind, "book": book, "year": year });
        let draft = json!({ "id": Uuid::now_v7(), "wish": annual("annual_report") });
        disclosure.post("/staff/disclosures", draft).await.refused(409, "too_early");
        w.lever("clock", json!({ "now": format!("{}-04-05T09:00:00+08:00", year + 1) })).await;
        let lines = duties(&disclosure, "state=soon&kind=annual_report").await;
        assert_eq!((lines.len(), lines[0]["due"].as_str().unwrap()), (1, format!("{}-05-31", year + 1).as_str()));
        let report = prepared(&disclosure, annual("annual_report")).await;
        assert!(w.stranger.get("/books/hebei/disclosures").await.ok()["items"].as_array().unwrap().len() == 1);
        published(&disclosure, &report, &today(w)).await;
        assert_eq!(duties(&disclosure, "kind=annual_report").await, Vec::<Value>::new());
        // The list of related parties goes to the authority and to nobody else.
        let parties = prepared(&disclosure, annual("related_parties")).await;
        let path = format!("/staff/disclosures/{}/publications", parties["id"].as_str().unwrap());
        let mut body = json!({ "id": Uuid::now_v7(), "place": "own_site", "reference": "1", "published_on": today(w) });
        disclosure.post(&path, body.clone()).await.refused(422, "invalid_field");
        body["place"] = json!("authority");
        disclosure.post(&path, body).await.ok();
        w.stranger.get(&format!("/disclosures/{}/content", parties["id"].as_str().unwrap())).await.refused(404, "no_such_disclosure");

        // A rule is set for what begins later.
        let rule = json!({
            "kind": "raising_report", "from": today(w), "amount": 2, "warn_days": 10, "escalate_days": 0, "escalate_to": "chair",
        });
        let set = json!({ "rule": rule, "reason": "新规定" });
        disclosure.post("/staff/duty-rules", set.clone()).await.ok();
        disclosure.post("/staff/duty-rules", set.clone()).await.ok();
        let mut back = set.clone();
        back["rule"]["from"] = json!("2026-01-01");
        disclosure.post("/staff/duty-rules", back).await.refused(422, "invalid_field");
        // Nobody alone gives themselves more time than the law does, nor lets it go unnoticed for longer.
        for (field, number) in [("amount", 12), ("escalate_days", 366)] {
            let mut loose = set.clone();
            loose["rule"][field] = json!(number);
            let refused = disclosure.post("/staff/duty-rules", loose).await;
            refused.refused(422, "invalid_field");
            assert!(refused.text.contains("不能放宽"), "{}", refused.text);
        }
        let mut filing = set.clone();
        (filing["rule"]["kind"], filing["rule"]["amount"]) = (json!("plan_filing"), json!(9));
        disclosure.post("/staff/duty-rules", filing.clone()).await.refused(422, "invalid_field");
        filing["rule"]["amount"] = json!(12);
        disclosure.post("/staff/duty-rules", filing).await.ok();
        let mut other = set;
        other["rule"]["amount"] = json!(1);
        disclosure.post("/staff/duty-rules", other).await.refused(409, "disclosure_stands");
        w.attacked("DELETE FROM duty_rule", "duty_rule_immutable").await;
        let id = w.open_campaign("10.00").await;
        w.staff(Role::ProjectManager).await.post(&format!("/staff/campaigns/{id}/end"), json!({ "reason": "结束" })).await.ok();
        let line = duties(&disclosure, &format!("campaign={id}&kind=raising_report")).await.remove(0);
        assert_eq!(line["due"], format!("{}-06-05", year + 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_is_told_of_every_five_days() {
    story(async |w| {
        let disclosure = w.staff(Role::Disclosure).await;
        let manager = w.staff(Role::ProjectManager).await;
        let mut draft = w.draft("1000.00");
        draft["plan"]["emergency"] = json!(true);
        draft["plan"]["cause"] = json!("disaster");
        let ends: Timestamp = w.app.business.now().after(std::time::Duration::from_secs(40 * 86_400));
        draft["ends_at"] = json!(ends.to_string());
        let id: Uuid = draft["id"].as_str().unwrap().parse().unwrap();
        w.staff(Role::Organiser).await.post("/staff/campaigns", draft).await.ok();
        w.walk(id, "approved").await;
        let opening = crate::world::opening();
        manager.post(&format!("/staff/campaigns/{id}/emergency-opening"), opening).await.ok();
        let of = async |kind: &str| duties(&disclosure, &format!("campaign={id}&kind={kind}")).await.remove(0);
        let begun = w.app.business.today();
        assert_eq!(of("emergency_filing").await["due"], begun.after_days(10).unwrap().to_string());
        assert_eq!(of("emergency_receipts").await["due"], begun.after_days(5).unwrap().to_string());
        w.gift(&w.donor("o-one").await, id, "50.00").await;
        w.pass(3 * 86_400).await;
        let version = prepared(&disclosure, about(id, "emergency_receipts")).await;
        published(&disclosure, &version, &today(w)).await;
        assert_eq!(of("emergency_receipts").await["due"], begun.after_days(8).unwrap().to_string());
        w.pass(86_400).await;
        let over = json!({
            "id": Uuid::now_v7(), "book": w.book.uuid(), "campaign": id, "kind": "emergency_over", "title": "应急响应终止",
            "words": "省应急响应已终止", "happened_on": today(w),
        });
        disclosure.post("/staff/major-events", over).await.ok();
        assert_eq!(duties(&disclosure, &format!("campaign={id}&kind=emergency_receipts")).await, Vec::<Value>::new());
    })
    .await;
}
