//! Youth loans: the price of one, and its way from the quote to the signed contract.

use std::collections::BTreeSet;

use domain::BusinessDate;
use domain::role::Role;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::{Answer, Caller, send};
use crate::world::{LOAN_PROGRESS, Officer, World, story};

/// The number of an identity card of somebody born that day whom nobody knows.
fn citizen(born: &str, serial: u32) -> String {
    let digits = format!("130502{born}{serial:03}");
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize = digits.bytes().zip(weights).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{digits}{}", char::from(b"10X98765432"[sum % 11]))
}

/// The terms of an example product: up to 300 000 yuan and 36 months for persons of 18 to 45 years.
pub(crate) fn terms() -> Value {
    let first = ["fee", "penalty", "compound", "interest", "principal"];
    let last = ["principal", "fee", "interest", "compound", "penalty"];
    json!({
        "applicants": ["person", "enterprise"], "min_age": 18, "max_age": 45, "min_amount": "10000.00", "max_amount": "300000.00",
        "min_term": 3, "max_term": 36, "divisions": ["1305"], "industries": ["planting", "breeding", "technology"],
        "guarantees": ["credit", "surety"],
        "price": { "tenor": "one_year", "spread_bp": 115, "floor": null, "cap": "0.05", "repricing": "fixed" },
        "fees": [], "methods": ["equal_installment", "equal_principal", "flat", "bullet"],
        "interest_mode": "monthly", "day_count": "ACT/360", "odd_first_period": true,
        "allocation": { "scan": "installment_first", "orders": [
            { "class": "normal", "order": first }, { "class": "special_mention", "order": first },
            { "class": "substandard", "order": last }, { "class": "doubtful", "order": last }, { "class": "loss", "order": last },
        ] },
        "penalty": { "multiplier": "1.5", "misuse": "2", "compound": true, "grace_days": 3, "grace_mode": "excluded" },
        "prepayment": { "fee_rate": "0.01", "fee_months": 12 },
        "subsidy": { "model": "share", "value": "0.5", "max_instalments": 24, "until": null, "cap_total": null,
            "payer": "示例财政局", "flow": "direct", "book": null, "recipient": "borrower" },
        "compensation": { "holder": "示例风险补偿资金", "book": null, "ratio": "0.6", "trigger_days": 90, "cap_multiple": 10 },
        "renewals": 3,
    })
}

/// Sends a paper.
async fn upload(caller: &Caller, path: &str, bytes: &[u8]) -> Answer {
    let request = caller.request(Method::POST, &format!("/api/v1{path}"));
    let request = request.query(&[("kind", "proof"), ("file_name", "材料.txt")]);
    send(request.header("content-type", "application/octet-stream").body(bytes.to_vec())).await
}

/// A bank, its product, and everybody whose word a loan needs.
pub(crate) struct Town {
    pub(crate) bank: Uuid,
    pub(crate) product: Uuid,
    quota: Uuid,
    township: Officer,
    pub(crate) county: Officer,
    pub(crate) city: Officer,
    pub(crate) province: Officer,
    pub(crate) lender: Officer,
}

async fn town(w: &World) -> Town {
    town_with(w, terms()).await
}

/// The same with a product of other terms.
pub(crate) async fn town_with(w: &World, terms: Value) -> Town {
    let admin = w.staff(Role::Admin).await;
    let county_unit = w.unit("130502").await;
    let township = json!({
        "id": Uuid::now_v7(), "parent": county_unit, "code": "130502001", "name": "示例镇团委", "kind": "township", "division": "130502001",
    });
    admin.post("/staff/units", township).await.ok();
    let (bank, product, quota) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    admin.post("/staff/banks", json!({ "id": bank, "code": "shili", "name": "示例农村商业银行" })).await.ok();
    let league = async |name: &str, over: &str| w.hire_over(Role::LeagueOfficer, name, over).await;
    let town = Town {
        bank,
        product,
        quota,
        township: league("township", "/hebei/1305/130502/130502001/").await,
        county: league("county", "/hebei/1305/130502/").await,
        city: league("city", "/hebei/1305/").await,
        province: league("province", "/hebei/").await,
        lender: w.hire_over(Role::BankOfficer, "lender", "/hebei/1305/").await,
    };
    let seat = format!("/staff/banks/{bank}/officers/{}", town.lender.id);
    admin.call(Method::PUT, &seat, None).await.ok();
    let new = json!({ "id": product, "bank": bank, "code": "qnd", "family": "farm", "name": "青农贷（示例）", "summary": "示例产品" });
    town.lender.post("/staff/loan-products", new).await.ok();
    let version = format!("/staff/loan-products/{product}/versions/1");
    town.lender.call(Method::PUT, &version, Some(terms)).await.ok();
    town.province.act(&format!("{version}/publication")).await.ok();
    let rate = json!({ "tenor": "one_year", "published_on": "2026-01-20", "rate": "0.03" });
    town.lender.post("/staff/lpr", rate.clone()).await.ok();
    town.province.post("/staff/lpr/confirmation", rate).await.ok();
    let year = w.app.business.today().year();
    let limit =
        json!({ "id": quota, "unit": w.unit("1305").await, "product": product, "year": year, "limit": "500000.00" });
    town.province.post("/staff/loan-quotas", limit).await.ok();
    town
}

impl Town {
    /// What a borrower writes down.
    pub(crate) fn request(&self, amount: &str, serial: u32) -> Value {
        json!({
            "id": Uuid::now_v7(), "product": self.product, "applicant": "person", "amount": amount, "term": 12,
            "method": "equal_installment", "division": "130502001", "industry": "planting", "guarantee": "credit",
            "purpose": "购买大棚材料",
            "borrower": { "name": "李青禾", "identity_number": citizen("19960612", serial), "phone": "13800000000", "address": "示例镇一号" },
        })
    }

    /// An application of a borrower, handed in.
    async fn applied(&self, borrower: &Caller, request: &Value) -> String {
        borrower.post("/me/loan-applications", request.clone()).await.ok();
        let id = request["id"].as_str().unwrap().to_owned();
        borrower.act(&format!("/me/loan-applications/{id}/submission")).await.ok();
        id
    }

    pub(crate) async fn agree(&self, borrower: &Caller, scope: &str) -> String {
        let consent = json!({ "id": Uuid::now_v7(), "bank": self.bank, "scope": scope });
        borrower.post("/me/loan-consents", consent).await.ok()["id"].as_str().unwrap().to_owned()
    }

    async fn recommend(&self, officer: &Officer, id: &str) -> Value {
        officer.act(&format!("/staff/loan-applications/{id}/recommendation")).await.ok()["application"].clone()
    }

    /// An application that lies before the bank.
    pub(crate) async fn before_the_bank(&self, borrower: &Caller, request: &Value) -> String {
        self.agree(borrower, "application").await;
        let id = self.applied(borrower, request).await;
        for officer in [&self.township, &self.county, &self.city] {
            self.recommend(officer, &id).await;
        }
        id
    }

    /// Another person compares a published rate with what the lender wrote down.
    pub(crate) async fn rates(&self, rate: &Value) {
        self.province.post("/staff/lpr/confirmation", rate.clone()).await.ok();
    }

    pub(crate) fn grant(&self, amount: &str) -> Value {
        json!({ "amount": amount, "term": 12, "spread_bp": 115 })
    }

    /// A signed contract.
    pub(crate) async fn signed(&self, w: &World, borrower: &Caller, amount: &str, serial: u32) -> Value {
        let id = self.before_the_bank(borrower, &self.request(amount, serial)).await;
        self.lender.post(&format!("/staff/loan-applications/{id}/grant"), self.grant(amount)).await.ok();
        self.lender.post("/staff/loan-contracts", self.contract(w, &id, serial)).await.ok()["contract"].clone()
    }

    fn contract(&self, w: &World, application: &str, serial: u32) -> Value {
        let today = w.app.business.today();
        json!({
            "id": Uuid::now_v7(), "application": application, "number": format!("示例-{serial}"), "signed_on": today, "payout_on": today.next(),
            "due_day": 20,
        })
    }
}

async fn state(caller: &Caller, id: &str) -> String {
    let seen = caller.get(&format!("/me/loan-applications/{id}")).await.ok();
    seen["application"]["state"].as_str().unwrap().to_owned()
}

fn ids(page: &Value, of: &str) -> BTreeSet<String> {
    page["items"].as_array().unwrap().iter().map(|one| one[of]["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_tells_the_annual_cost_first_and_what_is_wrong_in_words() {
    story(async |w| {
        let town = town(w).await;
        let ask = json!({ "product": town.product, "amount": "120000.00", "term": 12, "method": "equal_installment", "paid_out_on": "2026-12-01" });
        let answer = w.stranger.post("/loan-quotes", ask.clone()).await;
        assert!(answer.text.starts_with("{\"annual_cost\":{"), "{}", answer.text);
        let quote = answer.ok();
        let (cost, loan) = (&quote["annual_cost"], &quote["loan"]);
        assert_eq!(cost["headline"], "年化利率（复利法，含全部费用）4.26%");
        assert_eq!((&loan["annual_rate"], &cost["warning"]), (&json!("0.0415"), &json!(null)), "3.00 % and 115 points");
        let rows = quote["rows"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[11]["balance"]), (12, &json!("0.00")));
        assert_eq!(rows[11]["due_on"], "2027-12-01");
        let fen = |amount: &Value| amount.as_str().unwrap().parse::<domain::Money>().unwrap().fen();
        let (subsidy, interest) = (fen(&quote["subsidy"]["total"]), fen(&loan["total_interest"]));
        assert!((subsidy * 2 - interest).abs() < 20, "half of the interest: {subsidy} of {interest}");

        // A flat offer from elsewhere shows what it truly costs.
        let flat = json!({ "amount": "120000", "term": 12, "method": "flat", "annual_rate": "6%", "paid_out_on": "2026-01-15" });
        let quote = w.stranger.post("/loan-quotes", flat.clone()).await.ok();
        assert_eq!(quote["annual_cost"]["compound"]["percent"], "11.51%");
        assert!(quote["annual_cost"]["warning"].as_str().unwrap().contains("名义年利率6.00%，真实年化成本11.51%"));

        let with = |base: &Value, key: &str, value: Value| {
            let mut other = base.clone();
            other[key] = value;
            other
        };
        for (question, code, words) in [
            (with(&ask, "amount", json!("300000.01")), "not_admitted", "贷款金额应为10000.00元至300000.00元"),
            (with(&ask, "term", json!(37)), "not_admitted", "贷款期限应为3至36个月"),
            (with(&ask, "method", json!("interest_only")), "not_admitted", "该产品不支持所选还款方式"),
            (with(&ask, "amount", json!("-5")), "invalid_field", "金额不能为负数"),
            (with(&ask, "amount", json!("100,000")), "invalid_field", "金额不要写逗号"),
            (with(&ask, "amount", json!("0")), "invalid_field", "贷款金额必须大于零"),
            (with(&ask, "term", json!(-3)), "invalid_field", "贷款期限应为1至600个月的整数"),
            (with(&ask, "paid_out_on", json!("2026-02-31")), "invalid_field", "日历上没有2026-02-31这一天"),
            (with(&ask, "paid_out_on", json!("31.2.2026")), "invalid_field", "日期应写成 2026-01-15 的形式"),
            (with(&ask, "due_day", json!(32)), "invalid_field", "还款日应为1至31的整数"),
            (with(&ask, "annual_rate", json!("0.05")), "invalid_field", "不必填写年利率"),
            (with(&flat, "annual_rate", json!("4,35%")), "invalid_field", "不要用逗号"),
            (with(&flat, "annual_rate", json!("-0.05")), "invalid_field", "年利率不能为负"),
            (with(&flat, "annual_rate", json!("435")), "invalid_field", "年利率应在0至100%之间"),
            (with(&flat, "annual_rate", json!(null)), "invalid_field", "请选择产品，或填写年利率"),
            (with(&flat, "fees", json!("120000")), "invalid_field", "费用应小于贷款金额"),
        ] {
            let answer = w.stranger.post("/loan-quotes", question.clone()).await;
            answer.refused(422, code);
            assert!(answer.body["detail"].as_str().unwrap().contains(words), "{question}: {}", answer.text);
        }
        let spelt = w.stranger.post("/loan-quotes", with(&ask, "payout_on", json!("2026-02-31"))).await;
        spelt.refused(400, "invalid_body");
        assert!(spelt.text.contains("payout_on（没有这一项）"), "{}", spelt.text);
        let nobody = with(&ask, "product", json!(Uuid::now_v7()));
        w.stranger.post("/loan-quotes", nobody).await.refused(404, "no_such_loan_product");
        let listed = w.stranger.get("/loan-products?family=farm").await.ok();
        assert_eq!(listed["items"][0]["annual_rate"], "0.0415");
        assert_eq!(w.stranger.get("/loan-products?family=innovation").await.ok()["items"], json!([]));
    })
    .await;
}

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

#[tokio::test(flavor = "multi_thread")]
async fn products_and_rates_need_two_persons_and_never_change_behind_a_contract() {
    story(async |w| {
        let town = town(w).await;
        let version = |n: i64| format!("/staff/loan-products/{}/versions/{n}", town.product);
        town.lender.call(Method::PUT, &version(1), Some(terms())).await.ok();
        let mut dearer = terms();
        dearer["price"]["spread_bp"] = json!(150);
        town.lender.call(Method::PUT, &version(1), Some(dearer.clone())).await.refused(409, "version_published");
        town.lender.call(Method::PUT, &version(3), Some(dearer.clone())).await.refused(422, "invalid_field");
        town.lender.call(Method::PUT, &version(2), Some(dearer.clone())).await.ok();
        town.lender.act(&format!("{}/publication", version(2))).await.refused(403, "other_person_needed");
        let mut wrong = terms();
        wrong["penalty"]["multiplier"] = json!("1.6");
        wrong["max_term"] = json!(61);
        let answer = town.province.call(Method::PUT, &version(3), Some(wrong)).await;
        answer.refused(422, "terms_unsound");
        assert_eq!(answer.body["problems"].as_array().unwrap().len(), 2);
        // No charity's money bears a risk.
        let mut pool = terms();
        pool["compensation"]["book"] = json!(w.book.uuid());
        town.province.call(Method::PUT, &version(3), Some(pool)).await.refused(422, "charity_pool");
        let mut holder = terms();
        holder["compensation"]["holder"] = json!("示例 青少年发展基金会");
        town.province.call(Method::PUT, &version(3), Some(holder)).await.refused(422, "charity_pool");
        // What was applied for by the old version keeps it.
        let borrower = w.donor("o-borrower").await;
        let id = town.before_the_bank(&borrower, &town.request("20000.00", 1)).await;
        town.province.act(&format!("{}/publication", version(2))).await.ok();
        town.lender.post(&format!("/staff/loan-applications/{id}/grant"), town.grant("20000.00")).await.ok();
        let signed = town.lender.post("/staff/loan-contracts", town.contract(w, &id, 1)).await.ok();
        assert_eq!((&signed["contract"]["version"], &signed["contract"]["annual_rate"]), (&json!(1), &json!("0.0415")));
        assert_eq!(w.stranger.get(&format!("/loan-products/{}", town.product)).await.ok()["annual_rate"], "0.045");
        w.attacked("UPDATE product_version SET terms = '{}'", "product_version").await;
        w.attacked("UPDATE loan_contract SET annual_rate = '0.01'", "loan_contract_fixed").await;
        w.attacked("DELETE FROM loan_contract", "loan_contract").await;

        let rate = |day: &str, rate: &str| json!({ "tenor": "one_year", "published_on": day, "rate": rate });
        town.lender.post("/staff/lpr", rate("2026-01-20", "0.031")).await.refused(409, "wrong_state");
        town.lender.post("/staff/lpr", rate("2026-02-20", "0.029")).await.ok();
        town.lender
            .post("/staff/lpr/confirmation", rate("2026-02-20", "0.029"))
            .await
            .refused(403, "other_person_needed");
        assert_eq!(
            w.stranger.get("/lpr").await.ok()["items"].as_array().unwrap().len(),
            1,
            "it counts once it is confirmed"
        );
        town.province.post("/staff/lpr/confirmation", rate("2026-02-20", "0.0290")).await.ok();
        assert_eq!(w.stranger.get(&format!("/loan-products/{}", town.product)).await.ok()["annual_rate"], "0.044");
        town.lender.post("/staff/lpr", rate("2099-02-20", "0.029")).await.refused(422, "invalid_field");
        // Closed, the product takes nothing new.
        town.lender
            .call(Method::PUT, &format!("/staff/loan-products/{}/open", town.product), Some(json!({ "open": false })))
            .await
            .ok();
        borrower.post("/me/loan-applications", town.request("20000.00", 2)).await.refused(409, "loan_product_closed");
        assert_eq!(w.stranger.get("/loan-products").await.ok()["items"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enterprises_need_is_matched_followed_up_and_met() {
    story(async |w| {
        let town = town(w).await;
        let need = json!({
            "id": Uuid::now_v7(), "division": "130502", "enterprise": "示例青创科技有限公司", "credit_code": crate::world::CREDIT_CODE,
            "industry": "technology", "amount": "200000.00", "term": 12, "guarantee": "surety", "words": "扩大生产",
            "contact": "赵经理 13900000000",
        });
        let added = town.county.post("/staff/needs", need.clone()).await.ok();
        assert_eq!(town.county.post("/staff/needs", need.clone()).await.ok(), added);
        assert!(!added.to_string().contains("13900000000"));
        let path = format!("/staff/needs/{}", need["id"].as_str().unwrap());
        town.lender.get(&path).await.refused(404, "no_such_need");
        let fits = town.county.get(&format!("{path}/products")).await.ok();
        assert_eq!((&fits["items"][0]["product"], &fits["items"][0]["fits"]), (&json!(town.product), &json!(true)));
        let proposal = json!({ "id": Uuid::now_v7(), "product": town.product });
        town.county.post(&format!("{path}/matches"), proposal.clone()).await.ok();
        let twice = json!({ "id": Uuid::now_v7(), "product": town.product });
        town.county.post(&format!("{path}/matches"), twice).await.refused(409, "code_taken");
        assert_eq!(town.lender.get("/staff/waiting").await.ok()["items"][0]["kind"], "need_match");
        assert_eq!(town.lender.get(&path).await.ok()["state"], "open");
        let contact = town.lender.post(&format!("{path}/contact"), json!({ "reason": "联系企业" })).await.ok();
        assert_eq!(contact["contact"], "赵经理 13900000000");
        let answer = |step: &str| format!("/staff/need-matches/{}/{step}", proposal["id"].as_str().unwrap());
        let stranger = w.hire_over(Role::BankOfficer, "stranger", "/").await;
        stranger.act(&answer("acceptance")).await.refused(404, "no_such_match");
        town.lender.act(&answer("acceptance")).await.ok();
        town.lender.post(&answer("decline"), json!({ "reason": "改主意" })).await.refused(409, "wrong_state");
        let today = w.app.business.today();
        let visit = json!({ "id": Uuid::now_v7(), "match": proposal["id"], "on": today, "words": "已上门走访" });
        town.lender.post(&format!("{path}/follow-ups"), visit).await.ok();
        let ahead = json!({ "id": Uuid::now_v7(), "on": today.next(), "words": "明天走访" });
        town.county.post(&format!("{path}/follow-ups"), ahead).await.refused(422, "invalid_field");
        assert_eq!(town.county.get(&format!("{path}/follow-ups")).await.ok()["items"].as_array().unwrap().len(), 1);
        let met = town.county.post(&format!("{path}/fulfilment"), json!({ "outcome": "已获贷款20万元" })).await.ok();
        assert_eq!((&met["state"], &met["outcome"]), (&json!("met"), &json!("已获贷款20万元")));
        town.county.post(&format!("{path}/closing"), json!({ "outcome": "关闭" })).await.refused(409, "wrong_state");
        w.attacked("UPDATE need_follow_up SET words = ''", "need_follow_up").await;
    })
    .await;
}
