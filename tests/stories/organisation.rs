//! Units, charities, certificates and their documents; the profile by which a charity separates duties.

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::{Answer, Caller, send};
use crate::spending::{funded, id as id_of, lit, paper, payee, step as paper_step, submitted};
use crate::world::{Officer, World, story};

/// Sends a document.
async fn upload(caller: &Caller, path: &str, kind: &str, name: &str, bytes: &[u8]) -> Answer {
    let request = caller.request(Method::POST, &format!("/api/v1{path}"));
    let request = request.query(&[("kind", kind), ("file_name", name)]);
    send(request.header("content-type", "application/octet-stream").body(bytes.to_vec())).await
}

fn charity(id: Uuid, code: &str, unit: Uuid) -> Value {
    json!({
        "id": id, "code": code, "name": "示例市青少年基金会", "unit": unit, "bank_account": "基本户",
        "contact": { "office_address": "示例路2号", "contact": "0319-00000000", "information_url": "https://example.org/x" },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_of_hebei_grows_by_hand_and_is_planted_once() {
    story(async |w| {
        assert_eq!(w.app.organisation.plant().await.unwrap(), 0, "nothing is planted twice");
        let (admin, auditor) = (w.staff(Role::Admin).await, w.staff(Role::Auditor).await);
        let units = auditor.get("/staff/units").await.ok();
        let units = units["items"].as_array().unwrap();
        assert_eq!(units.len(), 180);
        let path = |code: &str| units.iter().find(|unit| unit["code"] == code).unwrap()["path"].clone();
        assert_eq!(path("130502"), "/hebei/1305/130502/");
        assert_eq!(path("130682"), "/hebei/130682/", "定州 is managed by the province");
        assert_eq!(path("130638"), "/hebei/xiongan/130638/", "雄县 is managed by 雄安");

        let county = w.unit("130502").await;
        let school = json!({ "id": Uuid::now_v7(), "parent": county, "code": "school-1", "name": "示例小学", "kind": "school", "division": "130502" });
        let made = admin.post("/staff/units", school.clone()).await.ok();
        assert_eq!(made["path"], "/hebei/1305/130502/school-1/");
        assert_eq!(admin.post("/staff/units", school.clone()).await.ok(), made);
        let with = |key: &str, value: Value| {
            let mut other = school.clone();
            other[key] = value;
            other
        };
        admin.post("/staff/units", with("name", json!("别的"))).await.refused(409, "id_reused");
        admin.post("/staff/units", with("id", json!(Uuid::now_v7()))).await.refused(409, "code_taken");
        let mut other = with("id", json!(Uuid::now_v7()));
        other["code"] = json!("A/b");
        admin.post("/staff/units", other).await.refused(422, "invalid_field");
        let mut other = with("id", json!(Uuid::now_v7()));
        other["division"] = json!("130526");
        admin.post("/staff/units", other).await.refused(422, "invalid_field");
        admin.post("/staff/units", with("parent", json!(Uuid::now_v7()))).await.refused(409, "id_reused");

        let step = |unit: &str, step: &str| format!("/staff/units/{unit}/{step}");
        let (school, county) = (made["id"].as_str().unwrap(), county.to_string());
        let name = json!({ "name": "示例中心小学" });
        let renamed = admin.call(Method::PUT, &step(school, "name"), Some(name)).await.ok();
        assert_eq!(renamed["name"], "示例中心小学");
        admin.act(&step(&county, "closing")).await.refused(409, "unit_in_use");
        admin.act(&step(school, "closing")).await.ok();
        admin.act(&step(&county, "closing")).await.ok();
        admin.act(&step(school, "opening")).await.refused(409, "unit_closed");
        let under = json!({ "id": Uuid::now_v7(), "parent": county, "code": "school-2", "name": "示例二小", "kind": "school" });
        admin.post("/staff/units", under).await.refused(409, "unit_closed");
        assert_eq!(admin.act(&step(&county, "opening")).await.ok()["active"], true);

        // An administrator of one city makes nothing in another.
        let local = w.hire_over(Role::Admin, "admin-1306", "/hebei/1306/").await;
        local.act(&step(&county, "closing")).await.refused(403, "forbidden");
        let here = json!({ "id": Uuid::now_v7(), "parent": w.unit("130606").await, "code": "school-3", "name": "示例三小", "kind": "school" });
        local.post("/staff/units", here).await.ok();
        let moved = format!("UPDATE unit SET path = '/elsewhere/' WHERE id = {}", w.sql_id(school));
        w.attacked(&moved, "unit_fixed").await;
        let trail = auditor.get("/staff/trail?limit=100").await.ok().to_string();
        for action in ["unit.plant", "unit.create", "unit.rename", "unit.close", "unit.open", "charity.open", "certificate.register"] {
            assert!(trail.contains(action), "{action}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charity_is_opened_once_with_its_book_and_its_certificate() {
    story(async |w| {
        let admin = w.staff(Role::Admin).await;
        let head = w.hire_over(Role::FinanceHead, "head-1305", "/hebei/1305/").await;
        let (id, city) = (Uuid::now_v7(), w.unit("1305").await);
        let new = charity(id, "xingtai", city);
        let made = admin.post("/staff/charities", new.clone()).await.ok();
        assert_eq!((&made["profile"], &made["unit_path"]), (&json!("full"), &json!("/hebei/1305/")));
        assert_eq!(admin.post("/staff/charities", new.clone()).await.ok(), made);
        admin.post("/staff/charities", charity(id, "other", city)).await.refused(409, "id_reused");
        admin.post("/staff/charities", charity(Uuid::now_v7(), "xingtai", city)).await.refused(409, "code_taken");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM book").await, 2, "a refused charity leaves no book");
        let contact = json!({ "office_address": "示例路3号", "contact": "0319-1", "information_url": "http://example.org" });
        let path = format!("/staff/charities/{id}/contact");
        admin.call(Method::PUT, &path, Some(contact)).await.refused(422, "invalid_field");
        let contact = json!({ "office_address": "示例路3号", "contact": "0319-1", "information_url": "https://example.org" });
        assert_eq!(admin.call(Method::PUT, &path, Some(contact)).await.ok()["office_address"], "示例路3号");
        admin.post("/staff/charities", new).await.ok();

        let path = format!("/staff/charities/{id}/certificates");
        let certificate = json!({
            "id": Uuid::now_v7(), "number": "示例2号", "issuer": "示例民政局", "issued_on": "2026-03-01", "expires_on": "2027-02-28",
        });
        let mut wrong = certificate.clone();
        wrong["expires_on"] = json!("2026-02-28");
        head.post(&path, wrong).await.refused(422, "invalid_field");
        let stands = head.post(&path, certificate.clone()).await.ok();
        assert_eq!(head.post(&path, certificate.clone()).await.ok(), stands);
        assert_eq!(stands["confirmed_at"], Value::Null);
        let good = async |from: &str, to: &str| {
            let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
            w.app.organisation.valid_for(id.into(), from, to).await.unwrap().is_some()
        };
        // One person alone makes nothing good, whatever their role; what was mistyped is taken back and written anew.
        let of = |step: &str| format!("/staff/certificates/{}/{step}", certificate["id"].as_str().unwrap());
        assert!(!good("2026-03-01", "2027-02-28").await);
        head.act(&of("confirmation")).await.refused(403, "other_person_needed");
        w.staff(Role::Organiser).await.act(&of("confirmation")).await.refused(403, "forbidden");
        head.act(&of("discarding")).await.ok();
        head.act(&of("discarding")).await.refused(404, "no_such_certificate");
        assert_eq!(head.post(&path, certificate.clone()).await.ok(), stands);
        let (key, mine, other) = (lit(w, id_of(&certificate)), lit(w, head.id), lit(w, admin.id));
        for (who, rule) in [(mine.as_str(), "certificate_own_check"), ("NULL", "certificate_unconfirmed")] {
            let forged = format!("UPDATE certificate SET confirmer_id = {who}, confirmed_us = 1 WHERE id = {key}");
            w.attacked(&forged, rule).await;
        }
        let lent = format!("UPDATE certificate SET confirmer_id = {other}, confirmer_for_id = {mine}, confirmed_us = 1 WHERE id = {key}");
        w.attacked(&lent, "certificate_acting_check").await;
        let copied = "INSERT INTO certificate (id, book_id, number, issuer, issued_on, expires_on, author_id, created_us, confirmer_id, confirmed_us)";
        let copied = format!("{copied} SELECT author_id, book_id, 'x', issuer, issued_on, expires_on, author_id, 1, {other}, 1 FROM certificate WHERE id = {key}");
        w.attacked(&copied, "certificate_unconfirmed").await;
        assert!(admin.act(&of("confirmation")).await.ok()["confirmed_at"].is_string());
        admin.act(&of("confirmation")).await.ok();
        head.act(&of("discarding")).await.refused(409, "wrong_state");
        for change in ["expires_on = '2099-12-31'", "issued_on = '2020-01-01'", "confirmer_id = author_id", "confirmed_us = NULL"] {
            w.attacked(&format!("UPDATE certificate SET {change} WHERE id = {key}"), "certificate").await;
        }
        w.attacked("DELETE FROM certificate", "certificate_fixed").await;
        for change in ["bank_account = '别的户'", "mchid = '9999999999'"] {
            w.attacked(&format!("UPDATE charity SET {change}"), "charity_account_undecided").await;
        }
        assert!(good("2026-03-01", "2027-02-28").await);
        assert!(!good("2026-02-28", "2027-02-28").await && !good("2026-03-01", "2027-03-01").await);

        let path = format!("/staff/certificates/{}", certificate["id"].as_str().unwrap());
        head.act(&format!("{path}/revocation")).await.ok();
        let today = w.app.business.today();
        assert!(!good("2026-03-01", "2027-02-28").await);
        let until_yesterday = w.app.organisation.valid_for(id.into(), today.previous(), today.previous()).await.unwrap();
        assert_eq!(until_yesterday.is_some(), today.previous().to_string().as_str() >= "2026-03-01");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_what_its_bytes_say_and_is_never_overwritten() {
    story(async |w| {
        let head = w.staff(Role::FinanceHead).await;
        let charity = w.book.uuid();
        let certificates = head.get(&format!("/staff/charities/{charity}/certificates")).await.ok();
        let path = format!("/staff/certificates/{}/attachments", certificates["items"][0]["id"].as_str().unwrap());
        let pdf = [b"%PDF-1.7\n".to_vec(), vec![7; (10 << 20) - 9]].concat();
        let first = upload(&head, &path, "scan", "证书 扫描件.pdf", &pdf).await.ok();
        assert_eq!((&first["media_type"], &first["size"]), (&json!("application/pdf"), &json!(10 << 20)));
        assert_eq!(upload(&head, &path, "scan", "证书.pdf", &pdf).await.ok()["id"], first["id"], "the same bytes again");
        upload(&head, &path, "scan", "a.pdf", &[&pdf[..], b"x"].concat()).await.refused(413, "body_too_large");
        for (name, bytes, status, code) in [
            ("a.png", &b"%PDF-1.7"[..], 422, "document_disguised"),
            ("a.pdf", b"MZ\x90\x00", 422, "document_kind"),
            ("a.txt", b"<script>", 422, "document_kind"),
            ("a.txt", b"", 422, "document_empty"),
            ("../a.txt", b"a", 422, "invalid_field"),
        ] {
            upload(&head, &path, "scan", name, bytes).await.refused(status, code);
        }
        for kind in ["bogus", "Scan!", "Scan"] {
            let refused = upload(&head, &path, kind, "a.txt", b"a").await;
            assert!(refused.refused(422, "attachment_kind").text.contains("filing_receipt"), "{}", refused.text);
        }
        let untold = head.request(Method::POST, &format!("/api/v1{path}?kind=scan&file_name=a.txt")).body("a");
        let refused = send(untold).await;
        let detail = refused.refused(415, "unsupported_media_type").body["detail"].as_str().unwrap();
        assert!(detail.contains("application/octet-stream") && !detail.contains("JSON"), "{detail}");
        let listed = head.get(&path).await.ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);

        let one = format!("{path}/{}", first["id"].as_str().unwrap());
        let request = w.staff(Role::Auditor).await.request(Method::GET, &format!("/api/v1{one}"));
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/pdf");
        assert!(header("content-disposition").starts_with("attachment; filename*=UTF-8''%E8%AF%81"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-security-policy").contains("sandbox"));
        assert!(answer.bytes().await.unwrap() == pdf);
        // Known by its id, but under something else.
        let other = json!({
            "id": Uuid::now_v7(), "number": "示例3号", "issuer": "示例民政局", "issued_on": "2026-03-01", "expires_on": "2027-02-28",
        });
        head.post(&format!("/staff/charities/{charity}/certificates"), other.clone()).await.ok();
        let elsewhere = format!("/staff/certificates/{}/attachments/{}", other["id"].as_str().unwrap(), first["id"].as_str().unwrap());
        head.get(&elsewhere).await.refused(404, "no_such_attachment");

        head.call(Method::DELETE, &one, None).await.ok();
        head.call(Method::DELETE, &one, None).await.ok();
        assert_eq!(head.get(&path).await.ok()["items"], json!([]));
        assert_ne!(upload(&head, &path, "scan", "证书.pdf", &pdf).await.ok()["id"], first["id"]);
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM document").await, 1);
        w.attacked("UPDATE document SET media_type = 'text/html'", "document_immutable").await;
        w.attacked("DELETE FROM document", "document_immutable").await;
        w.attacked("UPDATE attachment SET object = 'campaign:x'", "attachment_fixed").await;
        w.attacked("DELETE FROM attachment", "attachment_fixed").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_profile_of_a_charity_is_changed_by_two_persons_and_by_no_statement() {
    story(async |w: &World| {
        let (head, chair) = (w.staff(Role::FinanceHead).await, w.staff(Role::Chair).await);
        let charity = w.book.uuid();
        let path = format!("/staff/charities/{charity}/profile-changes");
        let change = json!({
            "id": Uuid::now_v7(), "profile": "small", "single_limit": "2000.00", "third_limit": "50000.00", "account_quiet_days": 15,
            "reason": "人员不足",
        });
        let mut wrong = change.clone();
        wrong["single_limit"] = json!("50000.01");
        head.post(&path, wrong).await.refused(422, "invalid_field");
        assert_eq!(head.post(&path, change.clone()).await.ok()["state"], "proposed");
        head.post(&path, change.clone()).await.ok();
        chair.post(&path, change.clone()).await.refused(409, "id_reused");
        let step = |name: &str| format!("/staff/profile-changes/{}/{name}", change["id"].as_str().unwrap());
        head.act(&step("approval")).await.refused(403, "other_person_needed");
        let local = w.hire_over(Role::Chair, "chair-1306", "/hebei/1306/").await;
        local.act(&step("approval")).await.refused(403, "forbidden");
        // Nor by direct SQL, whoever types it.
        let small = "UPDATE charity SET profile = 'small'";
        w.attacked(small, "profile_undecided").await;
        let own = format!("UPDATE profile_change SET state = 'approved', approver_id = author_id, decided_us = 1 WHERE id = {}", w.sql_id(change["id"].as_str().unwrap()));
        w.attacked(&own, "profile_change_own_check").await;
        let nobody = format!("UPDATE profile_change SET state = 'approved', decided_us = 1 WHERE id = {}", w.sql_id(change["id"].as_str().unwrap()));
        w.attacked(&nobody, "profile_change_approved_check").await;
        let born = "INSERT INTO profile_change SELECT * FROM profile_change";
        assert!(w.sql(born).await.is_err());

        // A small foundation has three persons at least: whoever registers certificates in this world goes, two are left.
        let off = match w.app.db.backend() {
            sea_orm::DbBackend::Postgres => "UPDATE staff SET active = false WHERE username LIKE 'registrar%'",
            _ => "UPDATE staff SET active = 0 WHERE username LIKE 'registrar%'",
        };
        w.sql(off).await.unwrap();
        let two = "UPDATE charity SET profile = 'small'";
        w.attacked(two, "profile_").await;
        chair.act(&step("approval")).await.refused(409, "too_few_persons");
        w.staff(Role::Cashier).await;
        assert_eq!(chair.act(&step("approval")).await.ok()["state"], "approved");
        chair.post(&step("decline"), json!({ "reason": "" })).await.refused(422, "invalid_field");
        chair.post(&step("decline"), json!({ "reason": "再议" })).await.refused(409, "wrong_state");
        let line = head.get("/staff/charities").await.ok()["items"][0].clone();
        assert_eq!((&line["profile"], &line["single_limit"], &line["account_quiet_days"]), (&json!("small"), &json!("2000.00"), &json!(15)));
        w.attacked("UPDATE charity SET single_limit_fen = 1000000", "profile_undecided").await;
        w.attacked("UPDATE profile_change SET reason = 'x'", "profile_change_decided").await;
        // Whoever leaves does not keep a small foundation from stricter limits.
        w.sql(&off.replace("registrar", "cashier")).await.unwrap();
        let mut stricter = change.clone();
        (stricter["id"], stricter["single_limit"]) = (json!(Uuid::now_v7()), json!("1000.00"));
        head.post(&path, stricter.clone()).await.ok();
        let approval = format!("/staff/profile-changes/{}/approval", stricter["id"].as_str().unwrap());
        assert_eq!(chair.act(&approval).await.ok()["state"], "approved");
    })
    .await;
}

/// Money comes to the account and the merchant number that two persons agreed on with the bank's paper before them, from their first day on;
/// what was before stays in the history, and a plan that names the old account is found (facts: charity 2.1 Art. 24 and 26, 2.6).
#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_changed_by_two_persons_on_a_paper_and_leaves_plans_to_be_changed() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let (head, chair) = (w.staff(Role::FinanceHead).await, w.staff(Role::Chair).await);
        let (house, today) = (w.book.uuid(), w.app.business.today());
        let path = format!("/staff/charities/{house}/account-changes");
        let line = async || head.get("/staff/charities").await.ok()["items"][0].clone();
        let mchid = line().await["mchid"].clone();
        let change = |account: &str, mchid: &Value, from: domain::BusinessDate| {
            json!({ "id": Uuid::now_v7(), "bank_account": account, "mchid": mchid, "valid_from": from.to_string(), "reason": "开户行调整" })
        };
        head.post(&path, change("基本户", &mchid, today)).await.refused(422, "invalid_field");
        head.post(&path, change("新基本户", &json!("12ab"), today)).await.refused(422, "invalid_field");
        let mut other = charity(Uuid::now_v7(), "xingtai", w.unit("1305").await);
        other["mchid"] = json!("99990000");
        w.staff(Role::Admin).await.post("/staff/charities", other.clone()).await.ok();
        head.post(&path, change("新基本户", &json!("99990000"), today)).await.refused(409, "code_taken");
        // Gifts, bills and refunds go through this one.
        for left in [json!("99990001"), Value::Null] {
            head.post(&path, change("新基本户", &left, today)).await.refused(409, "merchant_in_use");
        }

        let new = change("新基本户", &mchid, today);
        assert_eq!(head.post(&path, new.clone()).await.ok()["old_bank_account"], "基本户");
        head.post(&path, new.clone()).await.ok();
        chair.post(&path, new.clone()).await.refused(409, "id_reused");
        let step = |change: &Value, step: &str| format!("/staff/account-changes/{}/{step}", change["id"].as_str().unwrap());
        let waiting = async |who: &Officer| who.get("/staff/waiting").await.ok().to_string().contains("account_change");
        assert!(waiting(&chair).await && !waiting(&head).await);
        head.act(&step(&new, "approval")).await.refused(403, "other_person_needed");
        let far = w.hire_over(Role::Chair, "chair-1306", "/hebei/1306/").await;
        far.act(&step(&new, "approval")).await.refused(403, "forbidden");
        chair.act(&step(&new, "approval")).await.refused(409, "account_unproved");
        upload(&head, &step(&new, "attachments"), "minutes", "纪要.txt", b"a").await.ok();
        chair.act(&step(&new, "approval")).await.refused(409, "account_unproved");
        let key = lit(w, id_of(&new));
        let (mine, theirs) = (lit(w, head.id), lit(w, chair.id));
        let decide = |who: &str, more: &str| {
            format!("UPDATE charity_account_change SET state = 'approved', decided_us = 4102444800000000, approver_id = {who}{more} WHERE id = {key}")
        };
        w.attacked(&decide(&theirs, ""), "charity_account_change_evidence").await;
        let statement = upload(&head, &step(&new, "attachments"), "statement", "开户证明.txt", b"b").await.ok();
        let one = format!("{}/{}", step(&new, "attachments"), statement["id"].as_str().unwrap());
        head.call(Method::DELETE, &one, None).await.ok();
        chair.act(&step(&new, "approval")).await.refused(409, "account_unproved");
        upload(&chair, &step(&new, "attachments"), "statement", "开户证明.txt", b"b").await.ok();

        // By direct SQL nobody has another account: not without a change, not by one person, not by an old or a forged change.
        w.attacked(&decide(&mine, ""), "charity_account_change_own_check").await;
        w.attacked(&decide(&theirs, &format!(", approver_for_id = {mine}")), "charity_account_change_acting_check").await;
        w.attacked(&decide("NULL", ""), "charity_account_change_approved_check").await;
        for forged in ["new_bank_account = '私人账户'", "valid_from = '2020-01-01'", "old_mchid = '1'"] {
            w.attacked(&format!("UPDATE charity_account_change SET {forged} WHERE id = {key}"), "charity_account_change_fixed").await;
        }
        let columns = "book_id, old_bank_account, old_mchid, new_bank_account, new_mchid, valid_from, reason, author_id, created_us";
        let born = format!(
            "INSERT INTO charity_account_change (id, {columns}, state, approver_id, decided_us) \
             SELECT author_id, {columns}, 'approved', {theirs}, 1 FROM charity_account_change WHERE id = {key}"
        );
        w.attacked(&born, "charity_account_change_undecided").await;
        w.attacked("UPDATE charity SET bank_account = '新基本户' WHERE bank_account = '基本户'", "charity_account_undecided").await;

        assert_eq!(chair.act(&step(&new, "approval")).await.ok()["approver"], json!(chair.id));
        chair.post(&step(&new, "decline"), json!({ "reason": "再议" })).await.refused(409, "wrong_state");
        upload(&head, &step(&new, "attachments"), "scan", "a.txt", b"c").await.refused(409, "wrong_state");
        assert_eq!(line().await["bank_account"], "新基本户");
        for undone in ["bank_account = '基本户'", "mchid = NULL", "bank_account = '私人账户'"] {
            w.attacked(&format!("UPDATE charity SET {undone} WHERE bank_account = '新基本户'"), "charity_account_undecided").await;
        }
        w.attacked("DELETE FROM charity_account_change", "charity_account_change_fixed").await;
        w.attacked(&format!("UPDATE charity_account_change SET state = 'declined' WHERE id = {key}"), "charity_account_change_decided").await;

        // The plan keeps the account it names until a change of its own, and is found until then.
        let outdated = head.get(&format!("/staff/charities/{house}/outdated-campaigns")).await.ok();
        let found = (&outdated["items"][0]["id"], &outdated["items"][0]["bank_account"]);
        assert_eq!(found, (&json!(campaign), &json!("基本户")));
        w.staff(Role::Disclosure).await.get(&path).await.refused(403, "forbidden");

        // Not before its first day, and not over what was decided meanwhile.
        let (later, meanwhile) = (change("第三户", &mchid, today.next()), change("第四户", &mchid, today));
        for proposed in [&later, &meanwhile] {
            chair.post(&path, proposed.clone()).await.ok();
            upload(&head, &step(proposed, "attachments"), "contract", "协议.txt", b"d").await.ok();
        }
        head.act(&step(&later, "approval")).await.refused(409, "account_early");
        head.act(&step(&meanwhile, "approval")).await.ok();
        w.pass(86_400).await;
        head.act(&step(&later, "approval")).await.refused(409, "account_stale");
        head.post(&step(&later, "decline"), json!({ "reason": "" })).await.refused(422, "invalid_field");
        head.post(&step(&later, "decline"), json!({ "reason": "账户未启用" })).await.ok();
        // Opened again as it was, it is the same charity, whatever account it has by now.
        let theirs = change("市基本户", &json!("99990000"), today);
        let of_city = async |role: Role, name: &str| w.hire_over(role, name, "/hebei/1305/").await;
        let (chair, head) = (of_city(Role::Chair, "chair-1305").await, of_city(Role::FinanceHead, "head-1305").await);
        chair.post(&format!("/staff/charities/{}/account-changes", id_of(&other)), theirs.clone()).await.ok();
        upload(&head, &step(&theirs, "attachments"), "scan", "许可证.txt", b"e").await.ok();
        head.act(&step(&theirs, "approval")).await.ok();
        assert_eq!(w.staff(Role::Admin).await.post("/staff/charities", other).await.ok()["bank_account"], "市基本户");
        let listed = w.staff(Role::Auditor).await.get(&path).await.ok();
        let states: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|row| &row["state"]).collect();
        assert_eq!(states, ["approved", "declined", "approved"], "newest first, all of them kept");
        let trail = w.staff(Role::Auditor).await.get("/staff/trail?limit=100").await.ok().to_string();
        for action in ["charity.propose_account", "charity.approve_account", "charity.decline_account"] {
            assert!(trail.contains(action), "{action}");
        }
    })
    .await;
}

/// What ran under the rules of a small foundation waits for a supervisor when its month is over (facts: charity 6.6a).
#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_a_small_foundation_is_reviewed_by_somebody_who_approved_none_of_it() {
    story(async |w| {
        let campaign = funded(w, "5000.00").await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let (head, chair) = (w.staff(Role::FinanceHead).await, w.staff(Role::Chair).await);
        let change = json!({
            "id": Uuid::now_v7(), "profile": "small", "single_limit": "100.00", "third_limit": "1000.00", "account_quiet_days": 30, "reason": "小型基金会",
        });
        head.post(&format!("/staff/charities/{}/profile-changes", w.book), change.clone()).await.ok();
        chair.act(&format!("/staff/profile-changes/{}/approval", id_of(&change))).await.ok();
        let little = paper(campaign, "a", &[student], "80.00");
        submitted(w, &little).await;
        paper_step(&head, &little, "approval").await.ok();

        let auditor = w.staff(Role::Auditor).await;
        let month = w.app.business.today().to_string()[..7].to_owned();
        let listed = auditor.get("/staff/small-profile-months").await.ok()["items"][0].clone();
        assert_eq!((&listed["month"], &listed["papers"], &listed["amount"]), (&json!(month), &json!(1), &json!("80.00")));
        assert_eq!((&listed["over"], &listed["review"]), (&json!(false), &Value::Null));
        let path = format!("/staff/charities/{}/small-profile-months/{month}/review", w.book);
        let words = json!({ "findings": "手续齐全" });
        auditor.post(&path, words.clone()).await.refused(409, "nothing_to_review");
        head.post(&path, words.clone()).await.refused(403, "forbidden");
        let waits = async || auditor.get("/staff/waiting").await.ok().to_string().contains("small_review");
        assert!(!waits().await, "the month is not over");

        let first: domain::BusinessDate = format!("{month}-01").parse().unwrap();
        let next = first.day_of_month_after(1, 1).unwrap();
        while w.app.business.today() < next {
            w.pass(86_400).await;
        }
        let auditor = w.staff(Role::Auditor).await;
        assert!(waits().await);
        let (book, micros) = (lit(w, w.book.uuid()), |day: domain::BusinessDate| day.start().seconds() * 1_000_000);
        let forged = |who: Uuid, until: i64, papers: i64| {
            let (first, who) = (micros(first), lit(w, who));
            format!(
                "INSERT INTO small_review (book_id, month, first_us, until_us, reviewer_id, papers, findings, at_us) \
                 VALUES ({book}, '{month}', {first}, {until}, {who}, {papers}, '无', {until})"
            )
        };
        w.attacked(&forged(head.id, micros(next), 1), "small_review_persons").await;
        w.attacked(&forged(auditor.id, micros(next.next()), 1), "small_review_month").await;
        w.attacked(&forged(auditor.id, micros(next), 2), "small_review_papers").await;
        let far = w.hire_over(Role::Auditor, "auditor-1306", "/hebei/1306/").await;
        far.post(&path, words.clone()).await.refused(403, "forbidden");
        assert_eq!(far.get("/staff/small-profile-months").await.ok()["items"], json!([]));

        assert_eq!(auditor.post(&path, words.clone()).await.ok()["papers"], 1);
        auditor.post(&path, words).await.ok();
        auditor.post(&path, json!({ "findings": "别的" })).await.refused(409, "month_reviewed");
        assert!(!waits().await);
        w.attacked("UPDATE small_review SET findings = 'x'", "small_review_fixed").await;
        w.attacked("DELETE FROM small_review", "small_review_fixed").await;
    })
    .await;
}
