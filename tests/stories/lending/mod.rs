//! Youth loans: the price of one, and its way from the quote to the signed contract.

mod bank;
mod needs;
mod products;
mod way;

use std::collections::BTreeSet;

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::{Answer, Caller, send};
use crate::world::{Officer, World};

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
