//! What a bank sees and grants: its own applications, within its quotas, and what takes another contract over.

use domain::BusinessDate;
use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::story;

use super::{state, town};

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_officer_sees_only_their_bank() {
    story(async |w| {
        let town = town(w).await;
        let admin = w.staff(Role::Admin).await;
        let other = Uuid::now_v7();
        admin.post("/staff/banks", json!({ "id": other, "code": "other", "name": "另一示例银行" })).await.ok();
        let rival = w.hire_over(Role::BankOfficer, "rival", "/").await;
        admin.call(Method::PUT, &format!("/staff/banks/{other}/officers/{}", rival.id), None).await.ok();
        let borrower = w.donor("o-borrower").await;
        let id = town.before_the_bank(&borrower, &town.request("20000.00", 1)).await;
        assert_eq!(state(&borrower, &id).await, "bank_review");
        let path = format!("/staff/loan-applications/{id}");
        rival.get(&path).await.refused(404, "no_such_loan_application");
        rival.post(&format!("{path}/grant"), town.grant("20000.00")).await.refused(404, "no_such_loan_application");
        rival.post(&format!("{path}/unmasking"), json!({ "reason": "好奇一下" })).await.refused(404, "no_such_loan_application");
        assert_eq!(rival.get("/staff/waiting").await.ok()["items"], json!([]));
        assert_eq!(rival.get("/staff/loan-products").await.ok()["items"], json!([]));
        assert_eq!(rival.get("/staff/loan-quotas").await.ok()["items"], json!([]));
        let new = json!({ "id": Uuid::now_v7(), "bank": town.bank, "code": "x", "family": "farm", "name": "冒名", "summary": "试" });
        rival.post("/staff/loan-products", new).await.refused(404, "no_such_bank");
        let publish = format!("/staff/loan-products/{}/versions/1/publication", town.product);
        rival.act(&publish).await.refused(404, "no_such_loan_product");
        town.lender.post(&format!("{path}/grant"), town.grant("20000.00")).await.ok();
        let contract = town.contract(w, &id, 1);
        rival.post("/staff/loan-contracts", contract.clone()).await.refused(404, "no_such_loan_application");
        let signed = town.lender.post("/staff/loan-contracts", contract).await.ok();
        rival.get(&format!("/staff/loan-contracts/{}", signed["contract"]["id"].as_str().unwrap())).await.refused(404, "no_such_loan_contract");
        assert_eq!(rival.get("/staff/loan-counts").await.ok()["items"], json!([]));
        assert_eq!(town.lender.get("/staff/loan-counts").await.ok()["items"][0]["contracts"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_at_once_never_exceed_the_quota_and_what_ends_gives_it_back() {
    story(async |w| {
        let town = town(w).await;
        let mut files = Vec::new();
        for serial in 1..=8 {
            let borrower = w.donor(&format!("o-{serial}")).await;
            let id = town.before_the_bank(&borrower, &town.request("100000.00", serial)).await;
            files.push((borrower, id));
        }
        // Half a million for eight who ask for a hundred thousand each, all at once.
        let grants = files.iter().map(|(_, id)| {
            let (lender, body) = (town.lender.clone(), town.grant("100000.00"));
            let path = format!("/staff/loan-applications/{id}/grant");
            tokio::spawn(async move { lender.post(&path, body).await })
        });
        let grants: Vec<_> = grants.collect();
        let (mut granted, mut short) = (0, 0);
        for grant in grants {
            let answer = grant.await.unwrap();
            if answer.status == 200 {
                granted += 1;
            } else {
                answer.refused(409, "quota_short");
                assert!(answer.text.contains("目前剩余0.00元"), "{}", answer.text);
                short += 1;
            }
        }
        assert_eq!((granted, short), (5, 3));
        let quota = async || town.province.get("/staff/loan-quotas").await.ok()["items"][0].clone();
        assert_eq!((&quota().await["reserved"], &quota().await["left"]), (&json!("500000.00"), &json!("0.00")));
        w.attacked("UPDATE loan_quota SET reserved_fen = reserved_fen + 1", "loan_quota_room_check").await;
        // How much a bank may lend in a city is said by the League's top: not by the bank, and not by the city.
        let more = json!({ "limit": "900000.00" });
        let other = json!({ "id": Uuid::now_v7(), "unit": w.unit("1305").await, "product": town.product, "year": 2030, "limit": "1.00" });
        for officer in [&town.lender, &town.city] {
            let path = format!("/staff/loan-quotas/{}", town.quota);
            officer.call(Method::PUT, &path, Some(more.clone())).await.refused(403, "forbidden");
            officer.post("/staff/loan-quotas", other.clone()).await.refused(403, "forbidden");
        }
        let mut no_year = other;
        no_year["year"] = json!(0);
        town.province.post("/staff/loan-quotas", no_year).await.refused(422, "invalid_field");
        let lower = json!({ "limit": "499999.99" });
        town.province
            .call(Method::PUT, &format!("/staff/loan-quotas/{}", town.quota), Some(lower))
            .await
            .refused(409, "quota_taken");
        // Withdrawn, it is there for another.
        let mut states = Vec::new();
        for (borrower, id) in &files {
            states.push(state(borrower, id).await);
        }
        let at = states.iter().position(|state| state == "approved").unwrap();
        files[at].0.act(&format!("/me/loan-applications/{}/withdrawal", files[at].1)).await.ok();
        assert_eq!(quota().await["left"], "100000.00");
        let next = states.iter().position(|state| state == "bank_review").unwrap();
        town.lender
            .post(&format!("/staff/loan-applications/{}/grant", files[next].1), town.grant("100000.00"))
            .await
            .ok();
        // Nobody signs for a month: the clock gives it back.
        w.pass(31 * 86_400).await;
        assert!(w.run_job("loan_deadlines").await >= 5);
        assert_eq!((&quota().await["reserved"], &quota().await["left"]), (&json!("0.00"), &json!("500000.00")));
        assert_eq!(state(&files[next].0, &files[next].1).await, "expired");
        // Another city has no quota of this product.
        let total = "SELECT CAST(SUM(reserved_fen + used_fen) AS BIGINT) FROM loan_quota";
        assert_eq!(w.count(total).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_is_counted_pays_nothing_out_and_comes_three_times_at_most() {
    story(async |w| {
        let town = town(w).await;
        let borrower = w.donor("o-borrower").await;
        let mut contract = town.signed(w, &borrower, "50000.00", 1).await;
        let id = |contract: &Value| contract["id"].as_str().unwrap().to_owned();
        // What servicing will do once the bank has paid out, and once the renewal is in force.
        let run = async |contract: &str, state: &str| {
            let row = w.sql_id(contract);
            let today: BusinessDate = w.app.business.today();
            for sql in [
                format!("UPDATE loan_contract SET state = 'paid_out', paid_out_on = '{today}', outstanding_fen = principal_fen WHERE id = {row}"),
                format!("UPDATE loan_contract SET state = 'performing' WHERE id = {row}"),
            ] {
                w.sql(&sql).await.unwrap();
            }
            if state != "performing" {
                w.sql(&format!("UPDATE loan_contract SET state = '{state}' WHERE id = {row}")).await.unwrap();
            }
        };
        let change = |kind: &str, contract: &str, serial: u32| {
            let mut request = town.request("50000.00", serial);
            (request["kind"], request["contract"]) = (json!(kind), json!(contract));
            request
        };
        let early = change("renewal", &id(&contract), 1);
        borrower.post("/me/loan-applications", early).await.refused(409, "contract_not_changeable");
        for count in 1..=3 {
            run(&id(&contract), "performing").await;
            let request = change("renewal", &id(&contract), 1);
            borrower.post("/me/loan-applications", request.clone()).await.ok();
            let again = change("extension", &id(&contract), 1);
            borrower.post("/me/loan-applications", again).await.refused(409, "change_under_way");
            let application = request["id"].as_str().unwrap();
            borrower.act(&format!("/me/loan-applications/{application}/submission")).await.ok();
            for officer in [&town.township, &town.county, &town.city] {
                town.recommend(officer, application).await;
            }
            town.lender.post(&format!("/staff/loan-applications/{application}/grant"), town.grant("50000.00")).await.ok();
            let signed = town.lender.post("/staff/loan-contracts", town.contract(w, application, 100 + count)).await.ok();
            let renewed = signed["contract"].clone();
            assert_eq!((&renewed["renewals"], &renewed["payout"], &renewed["replaces"]), (&json!(count), &json!("0.00"), &json!(id(&contract))));
            assert_eq!(renewed["class"], "normal");
            w.sql(&format!("UPDATE loan_contract SET state = 'renewed', outstanding_fen = 0 WHERE id = {}", w.sql_id(&id(&contract)))).await.unwrap();
            contract = renewed;
        }
        run(&id(&contract), "performing").await;
        let fourth = change("renewal", &id(&contract), 1);
        borrower.post("/me/loan-applications", fourth).await.refused(409, "no_more_renewals");
        // Renewals take no quota: what was used is the first contract's.
        assert_eq!(town.province.get("/staff/loan-quotas").await.ok()["items"][0]["used"], "50000.00");
        // An overdue loan is restructured, not renewed, and is at least 关注 then.
        w.sql(&format!("UPDATE loan_contract SET state = 'overdue' WHERE id = {}", w.sql_id(&id(&contract)))).await.unwrap();
        let request = change("restructuring", &id(&contract), 1);
        borrower.post("/me/loan-applications", request.clone()).await.ok();
        let application = request["id"].as_str().unwrap();
        borrower.act(&format!("/me/loan-applications/{application}/submission")).await.ok();
        for officer in [&town.township, &town.county, &town.city] {
            town.recommend(officer, application).await;
        }
        town.lender.post(&format!("/staff/loan-applications/{application}/grant"), town.grant("50000.00")).await.ok();
        let signed = town.lender.post("/staff/loan-contracts", town.contract(w, application, 200)).await.ok();
        assert_eq!((&signed["contract"]["class"], &signed["contract"]["payout"]), (&json!("special_mention"), &json!("0.00")));
        let backwards = format!("UPDATE loan_contract SET state = 'renewed' WHERE id = {}", w.sql_id(&id(&signed["contract"])));
        w.attacked(&backwards, "loan_contract").await;
    })
    .await;
}
