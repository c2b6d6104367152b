//! The way of an application: from the draft through all offices to the contract, who may say a word, and what lies too long.

use domain::role::Role;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::json;
use uuid::Uuid;

use crate::world::{LOAN_PROGRESS, Officer, story};

use super::{citizen, ids, state, town, upload};

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_goes_from_the_draft_through_all_offices_to_the_signed_contract() {
    story(async |w| {
        let town = town(w).await;
        let borrower = w.donor("o-borrower").await;
        borrower.post("/me/consents", json!({ "template": LOAN_PROGRESS, "count": 7 })).await.ok();
        let request = town.request("100000.00", 1);
        let drafted = borrower.post("/me/loan-applications", request.clone()).await.ok();
        assert_eq!(drafted["state"], "draft");
        assert_eq!(borrower.post("/me/loan-applications", request.clone()).await.ok(), drafted, "again is the same");
        let mut other = request.clone();
        other["amount"] = json!("90000.00");
        borrower.post("/me/loan-applications", other.clone()).await.refused(409, "id_reused");
        let id = request["id"].as_str().unwrap();
        let mine = format!("/me/loan-applications/{id}");
        // A draft is nobody's business but its borrower's.
        town.township.get(&format!("/staff/loan-applications/{id}")).await.refused(404, "no_such_loan_application");
        w.donor("o-other").await.get(&mine).await.refused(404, "no_such_loan_application");

        // Papers prove it; they are sealed, and the draft's borrower alone adds and takes them away.
        let papers = format!("{mine}/papers");
        let paper = upload(&borrower, &papers, "承包合同（示例）".as_bytes()).await.ok();
        assert_eq!(upload(&borrower, &papers, "承包合同（示例）".as_bytes()).await.ok(), paper, "again is the same");
        upload(&borrower, &papers, &[0, 159, 146, 150]).await.refused(422, "document_kind");
        let spare = upload(&borrower, &papers, "写错了".as_bytes()).await.ok()["id"].as_str().unwrap().to_owned();
        borrower.call(Method::DELETE, &format!("{papers}/{spare}"), None).await.ok();
        assert_eq!(borrower.get(&papers).await.ok()["items"].as_array().unwrap().len(), 1);

        let applied = borrower.act(&format!("{mine}/submission")).await.ok();
        upload(&borrower, &papers, "迟到的材料".as_bytes()).await.refused(409, "wrong_state");
        let filed = format!("/staff/loan-applications/{id}/papers");
        let read = town.township.get(&format!("{filed}/{}", paper["id"].as_str().unwrap())).await;
        assert_eq!((read.status, read.text.as_str()), (200, "承包合同（示例）"));
        let survey = upload(&town.township, &filed, "走访记录（示例）".as_bytes()).await.ok();
        assert_eq!(survey["by_officer"], true);
        town.lender.get(&filed).await.refused(404, "no_such_loan_application");
        assert_eq!((&applied["state"], &applied["office"]), (&json!("applied"), &json!("township")));
        assert!(applied["due_on"].as_str().unwrap() > w.app.business.today().to_string().as_str());
        borrower.call(Method::PUT, &mine, Some(other)).await.refused(409, "wrong_state");

        // Each office in its turn, each another person; the county's officer cannot speak for the township's neighbours.
        let path = format!("/staff/loan-applications/{id}");
        let waiting = town.township.get("/staff/waiting").await.ok();
        assert_eq!(
            (&waiting["items"][0]["kind"], &waiting["items"][0]["first"][0]["id"]),
            (&json!("loan_application"), &json!(id))
        );
        assert_eq!(town.city.get("/staff/waiting").await.ok()["items"], json!([]), "not yet");
        town.lender.get(&path).await.refused(404, "no_such_loan_application");
        let far = w.hire_over(Role::LeagueOfficer, "far", "/hebei/1306/").await;
        far.get(&path).await.refused(404, "no_such_loan_application");
        far.act(&format!("{path}/recommendation")).await.refused(404, "no_such_loan_application");
        assert_eq!(town.recommend(&town.township, id).await["office"], "county");
        town.township.act(&format!("{path}/recommendation")).await.refused(403, "forbidden");
        assert_eq!(town.recommend(&town.county, id).await["office"], "city");
        assert_eq!(town.recommend(&town.city, id).await["state"], "recommended");
        // Without consent nothing is sent.
        town.lender.get(&path).await.refused(404, "no_such_loan_application");
        w.attacked(
            &format!("UPDATE loan_application SET state = 'bank_review', sent_us = 1 WHERE id = {}", w.sql_id(id)),
            "loan_application_consent",
        )
        .await;
        town.agree(&borrower, "application").await;
        assert_eq!(state(&borrower, id).await, "bank_review");

        let seen = town.lender.get(&path).await.ok();
        assert_eq!(seen["borrower"], "李**");
        assert!(!seen.to_string().contains("李青禾") && !seen.to_string().contains("13800000000"));
        let plain = town.lender.post(&format!("{path}/unmasking"), json!({ "reason": "核对借款人" })).await.ok();
        assert_eq!((&plain["name"], &plain["identity_number"]), (&json!("李青禾"), &json!(citizen("19960612", 1))));
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM unmasking").await, 1);

        let grant = |amount: &str, bp: i64| json!({ "amount": amount, "term": 12, "spread_bp": bp });
        town.lender.post(&format!("{path}/grant"), grant("100000.01", 115)).await.refused(422, "invalid_field");
        town.lender.post(&format!("{path}/grant"), grant("80000.00", 116)).await.refused(422, "invalid_field");
        town.lender.post(&format!("{path}/grant"), grant("80000.00", -500)).await.refused(422, "rate_negative");
        let granted = town.lender.post(&format!("{path}/grant"), grant("80000.00", 100)).await.ok();
        assert_eq!(
            (&granted["application"]["state"], &granted["application"]["approved_amount"]),
            (&json!("approved"), &json!("80000.00"))
        );
        let quota = async || town.province.get("/staff/loan-quotas").await.ok()["items"][0].clone();
        assert_eq!((&quota().await["reserved"], &quota().await["left"]), (&json!("80000.00"), &json!("420000.00")));
        let on_desk = town.lender.get("/staff/waiting").await.ok();
        assert_eq!(on_desk["items"][0]["kind"], "loan_signature");

        let contract = town.contract(w, id, 1);
        // Nothing is signed before the bank has the application, whatever was the price then.
        let mut before = contract.clone();
        before["signed_on"] = json!(w.app.business.today().previous());
        let refused = town.lender.post("/staff/loan-contracts", before).await;
        refused.refused(422, "invalid_field");
        assert!(refused.text.contains("签约日期不能早于申请送达银行的日期"), "{}", refused.text);
        let signed = town.lender.post("/staff/loan-contracts", contract.clone()).await.ok();
        assert_eq!(town.lender.post("/staff/loan-contracts", contract.clone()).await.ok(), signed, "again is the same");
        let row = &signed["contract"];
        assert_eq!(
            (&row["annual_rate"], &row["lpr"], &row["spread_bp"]),
            (&json!("0.04"), &json!("0.03"), &json!(100))
        );
        assert_eq!(
            (&row["state"], &row["principal"], &row["payout"]),
            (&json!("signed"), &json!("80000.00"), &json!("80000.00"))
        );
        assert_eq!((&quota().await["reserved"], &quota().await["used"]), (&json!("0.00"), &json!("80000.00")));
        assert_eq!(state(&borrower, id).await, "signed");
        assert_eq!(borrower.get("/me/loans").await.ok()["items"][0]["id"], row["id"]);
        borrower.act(&format!("{mine}/withdrawal")).await.refused(409, "wrong_state");

        // The League sees a contract by name only if the borrower agreed; the bank and auditors do anyhow.
        let of = async |officer: &Officer| ids(&officer.get("/staff/loan-contracts").await.ok(), "contract").len();
        assert_eq!((of(&town.city).await, of(&town.lender).await), (0, 1));
        assert_eq!(of(&w.staff(Role::Auditor).await).await, 1);
        let contract = format!("/staff/loan-contracts/{}", row["id"].as_str().unwrap());
        town.city.get(&contract).await.refused(404, "no_such_loan_contract");
        let counts = town.city.get("/staff/loan-counts").await.ok();
        assert_eq!(
            counts["items"][0],
            json!({ "state": "signed", "contracts": 1, "principal": "80000.00", "outstanding": "0.00" })
        );
        let consent = town.agree(&borrower, "servicing").await;
        assert_eq!(of(&town.city).await, 1);
        assert_eq!(town.city.get(&contract).await.ok()["borrower"], "李**");
        borrower.call(Method::DELETE, &format!("/me/loan-consents/{consent}"), None).await.ok();
        assert_eq!(of(&town.city).await, 0);

        // The borrower was told of each step, and sees all of them without officers' names.
        w.run_job("outbox").await;
        let messages = w.sandbox.state()["messages"].clone();
        assert_eq!(messages.as_array().unwrap().len(), 7, "{messages}");
        let steps = borrower.get(&mine).await.ok()["steps"].clone();
        let events: Vec<&str> = steps.as_array().unwrap().iter().map(|step| step["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["submit", "pass_on", "pass_on", "recommend", "send", "approve", "sign"]);
        assert!(!steps.to_string().contains(&town.county.id.to_string()));
        assert!(town.city.get(&path).await.ok()["steps"].to_string().contains(&town.county.id.to_string()));

        // While the contract binds, the borrower is not erased.
        borrower.call(Method::DELETE, "/me", None).await.refused(409, "loan_binds");
        // Given up before the payout, the quota is free again.
        let given_up =
            town.lender.post(&format!("{contract}/withdrawal"), json!({ "reason": "借款人不再需要" })).await.ok();
        assert_eq!(given_up["contract"]["state"], "withdrawn");
        assert_eq!(quota().await["used"], "0.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_admitted_learns_why_and_whoever_is_refused_too() {
    story(async |w| {
        let town = town(w).await;
        let borrower = w.donor("o-borrower").await;
        let mut request = town.request("300000.01", 1);
        request["borrower"]["identity_number"] = json!(citizen("19800101", 1));
        request["industry"] = json!("tourism");
        borrower.post("/me/loan-applications", request.clone()).await.ok();
        let path = format!("/me/loan-applications/{}", request["id"].as_str().unwrap());
        let answer = borrower.act(&format!("{path}/submission")).await;
        answer.refused(422, "not_admitted");
        let fields: Vec<&str> =
            answer.body["problems"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["amount", "identity_number", "industry"]);
        assert!(answer.body["detail"].as_str().unwrap().contains("借款人年龄应为18至45周岁，现为46周岁"));
        for (key, value) in [("division", json!("110101")), ("purpose", json!("")), ("term", json!(0))] {
            let mut wrong = town.request("20000.00", 1);
            wrong[key] = value;
            assert_eq!(borrower.post("/me/loan-applications", wrong).await.status, 422, "{key}");
        }
        let mut wrong = town.request("20000.00", 1);
        wrong["borrower"]["identity_number"] = json!("130502199606120011");
        borrower.post("/me/loan-applications", wrong).await.refused(422, "invalid_field");

        // Mended, handed in, sent back with a reason, mended again, refused with a reason.
        let mut mended = request.clone();
        (mended["amount"], mended["industry"]) = (json!("20000.00"), json!("planting"));
        mended["borrower"]["identity_number"] = json!(citizen("19960612", 1));
        borrower.call(Method::PUT, &path, Some(mended.clone())).await.ok();
        borrower.act(&format!("{path}/submission")).await.ok();
        let id = request["id"].as_str().unwrap();
        let step = |step: &str| format!("/staff/loan-applications/{id}/{step}");
        town.township.post(&step("return"), json!({ "reason": " " })).await.refused(422, "invalid_field");
        town.township.post(&step("return"), json!({ "reason": "请补充土地承包合同" })).await.ok();
        let seen = borrower.get(&path).await.ok();
        assert_eq!((&seen["application"]["state"], &seen["application"]["reason"]), (&json!("draft"), &json!("请补充土地承包合同")));
        borrower.act(&format!("{path}/submission")).await.ok();
        town.recommend(&town.township, id).await;
        town.county.post(&step("refusal"), json!({ "reason": "不符合推荐条件" })).await.ok();
        let seen = borrower.get(&path).await.ok();
        assert_eq!((&seen["application"]["state"], &seen["application"]["reason"]), (&json!("refused"), &json!("不符合推荐条件")));
        town.county.post(&step("refusal"), json!({ "reason": "再次" })).await.refused(409, "wrong_state");

        // After a while the file is purged of everything personal; what was decided stays.
        w.pass(200 * 86_400).await;
        assert_eq!(w.run_job("loan_purge").await, 1, "200 days later");
        assert_eq!(w.run_job("loan_purge").await, 0, "once");
        let seen = borrower.get(&path).await.ok();
        assert_eq!((&seen["borrower"], &seen["application"]["purpose"]), (&json!(null), &json!("")));
        let left = "SELECT CAST(count(*) AS BIGINT) FROM loan_application WHERE personal_sealed IS NOT NULL OR person_hmac IS NOT NULL";
        assert_eq!(w.count(left).await, 0);
        let decisions = town.city.get(&format!("/staff/loan-applications/{id}")).await.ok()["decisions"].clone();
        assert_eq!(decisions.as_array().unwrap().len(), 3);
        for said in ["请补充土地承包合同", "不符合推荐条件"] {
            let left = format!(
                "SELECT CAST((SELECT count(*) FROM loan_decision WHERE reason = '{said}') \
                 + (SELECT count(*) FROM loan_application_history WHERE reason = '{said}') AS BIGINT)"
            );
            assert_eq!(w.count(&left).await, 0, "nor what was said of the borrower");
        }
        w.attacked("UPDATE loan_decision SET reason = '改'", "loan_decision_immutable").await;
        w.attacked("UPDATE loan_application_history SET actor = 'x'", "loan_application_history_immutable").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_their_own_file_nor_a_relatives_whoever_asks_the_database() {
    story(async |w| {
        let town = town(w).await;
        // The county has an officer who is the borrower, and one who is the borrower's sister.
        let own = citizen("19960612", 7).parse().unwrap();
        let sister = citizen("19980101", 8);
        let officer = async |name: &str, person: &domain::person::IdentityNumber| {
            let made = w.app.identity.create_first_staff(Role::LeagueOfficer, name, "某人", Some(person)).await.unwrap();
            w.sign_in(name, made.password.expose_secret(), None).await
        };
        let (own, sister_officer) = (officer("own", &own).await, officer("sister", &sister.parse().unwrap()).await);
        let borrower = w.donor("o-borrower").await;
        let mut request = town.request("20000.00", 7);
        request["relatives"] = json!([{ "id": Uuid::now_v7(), "name": "李青苗", "identity_number": sister, "relation": "姐妹" }]);
        let id = town.applied(&borrower, &request).await;
        let path = format!("/staff/loan-applications/{id}");
        for related in [&own, &sister_officer] {
            related.act(&format!("{path}/recommendation")).await.refused(403, "related_party");
            related.post(&format!("{path}/refusal"), json!({ "reason": "不同意" })).await.refused(403, "related_party");
        }
        // An officer who finds out that they are close says so, and is out.
        town.township.post(&format!("{path}/relations"), json!({ "id": Uuid::now_v7(), "relation": "表兄" })).await.ok();
        town.township.act(&format!("{path}/recommendation")).await.refused(403, "related_party");
        assert_eq!(town.township.get("/staff/waiting").await.ok()["items"], json!([]));

        let application = w.sql_id(&id);
        let decide = |who: &str, office: &str| {
            format!(
                "INSERT INTO loan_decision (application_id, round, office, verdict, decider_id, at_us) \
                 VALUES ({application}, 1, '{office}', 'agreed', {}, 1)",
                w.sql_id(who)
            )
        };
        for related in [&own, &sister_officer, &town.township] {
            w.attacked(&decide(&related.id.to_string(), "township"), "loan_related").await;
        }
        let county = town.county.id.to_string();
        w.attacked(&decide(&county, "city"), "loan_decision_file").await;
        let forget = format!("DELETE FROM loan_relation WHERE application_id = {application}");
        w.attacked(&forget, "loan_relation_immutable").await;
        w.attacked(&format!("UPDATE loan_application SET state = 'recommended', office = NULL, office_path = NULL WHERE id = {application}"), "loan_application_undecided").await;
        w.attacked(&format!("UPDATE loan_application SET amount_fen = 1 WHERE id = {application}"), "loan_application_fixed").await;
        w.attacked(&format!("UPDATE loan_application SET state = 'signed' WHERE id = {application}"), "loan_application").await;

        // The office below has its days; then one above speaks in its stead. One person speaks once in a round, for whichever office: the
        // county's officer for the township, too, but then not for the county.
        town.county.act(&format!("{path}/recommendation")).await.refused(403, "office_first");
        w.pass(5 * 86_400).await;
        assert_eq!(w.run_job("loan_deadlines").await, 1);
        town.recommend(&town.county, &id).await;
        town.county.act(&format!("{path}/recommendation")).await.refused(403, "other_person_needed");
        w.attacked(&decide(&county, "county"), "loan_decision").await;
        w.attacked("DELETE FROM loan_decision", "loan_decision").await;
        // A bank's word is its own officer's.
        let stranger = w.hire_over(Role::BankOfficer, "stranger", "/").await;
        assert_eq!(ids(&stranger.get("/staff/loan-applications").await.ok(), "application").len(), 0);
        stranger.post(&format!("{path}/grant"), town.grant("20000.00")).await.refused(404, "no_such_loan_application");
        w.attacked(&decide(&stranger.id.to_string(), "bank"), "loan_decision").await;
        // Nobody seats themselves.
        let admin = w.staff(Role::Admin).await;
        let seat = format!("/staff/banks/{}/officers/{}", town.bank, admin.id);
        admin.call(Method::PUT, &seat, None).await.refused(403, "other_person_needed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_office_leaves_lying_is_seen_by_the_offices_above() {
    story(async |w| {
        let town = town(w).await;
        let borrower = w.donor("o-borrower").await;
        let id = town.applied(&borrower, &town.request("20000.00", 1)).await;
        assert_eq!(w.run_job("loan_deadlines").await, 0, "nobody is late");
        for above in [&town.county, &town.city, &town.province] {
            let path = format!("/staff/loan-applications/{id}/recommendation");
            above.act(&path).await.refused(403, "office_first");
        }
        w.pass(5 * 86_400).await;
        assert_eq!(w.run_job("loan_deadlines").await, 1);
        assert_eq!(w.run_job("loan_deadlines").await, 0, "once");
        for officer in [&town.township, &town.county, &town.city, &town.province] {
            let waiting = officer.get("/staff/waiting").await.ok();
            assert_eq!(waiting["items"][0]["first"][0]["id"], json!(id));
        }
        assert_eq!(borrower.get(&format!("/me/loan-applications/{id}")).await.ok()["application"]["escalated"], true);
        assert_eq!(town.recommend(&town.city, &id).await["office"], "county");
        assert_eq!(town.city.get("/staff/waiting").await.ok()["items"], json!([]));

        // What the bank leaves lying, the city that recommended it sees; it decides nothing there.
        let slow = w.donor("o-slow").await;
        let id = town.before_the_bank(&slow, &town.request("20000.00", 2)).await;
        assert_eq!(town.city.get("/staff/waiting").await.ok()["items"], json!([]), "nobody is late");
        w.pass(10 * 86_400).await;
        w.run_job("loan_deadlines").await;
        let waiting = town.city.get("/staff/waiting").await.ok();
        let late = waiting["items"].as_array().unwrap().iter().find(|one| one["kind"] == "loan_decision");
        assert_eq!(late.unwrap()["first"][0]["id"], json!(id));
        let elsewhere = town.county.get("/staff/waiting").await.ok();
        assert!(!elsewhere.to_string().contains("loan_decision"), "{elsewhere}");
        town.city
            .post(&format!("/staff/loan-applications/{id}/grant"), town.grant("20000.00"))
            .await
            .refused(403, "forbidden");
    })
    .await;
}
