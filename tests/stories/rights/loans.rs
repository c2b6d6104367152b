//! Who may do what about loans, tried on things that are not there: a role is asked for before anything is looked up.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::world::World;

use super::{CONTRACTS, LENDING, LOANS, SECOND, Try, delete, get, post, put, reason};

pub(super) fn tries(w: &World) -> Vec<Try> {
    use Role::{Admin, Auditor, BankOfficer, Bookkeeper, FinanceHead, LeagueOfficer};
    let (keepers, lenders, league): (&[Role], &[Role], &[Role]) = (&[Admin], &[BankOfficer], &[LeagueOfficer]);
    let (readers, authors): (&[Role], &[Role]) =
        (&[LeagueOfficer, BankOfficer, Auditor], &[LeagueOfficer, BankOfficer]);
    let nobody = Uuid::now_v7().to_string();
    let two = format!("{nobody} {nobody}");
    let version = format!("{nobody} 1");
    let today = w.app.business.today().to_string();
    let product = json!({ "id": nobody, "bank": nobody, "code": "x", "family": "farm", "name": "试", "summary": "试" });
    let quota = json!({ "id": nobody, "unit": nobody, "product": nobody, "year": 2026, "limit": "1.00" });
    let rate = json!({ "tenor": "one_year", "published_on": today, "rate": "0.03" });
    let contract =
        json!({ "id": nobody, "application": nobody, "number": "1", "signed_on": today, "payout_on": today });
    let need = json!({
        "id": nobody, "division": "130502", "enterprise": "示例企业", "credit_code": crate::world::CREDIT_CODE, "industry": "technology",
        "amount": "1.00", "term": 12, "guarantee": "credit", "words": "试", "contact": "某人 0319-0000000",
    });
    let programme = json!({
        "id": Uuid::now_v7(), "bank": nobody, "name": "示例", "pace": "daily", "match_days": 3, "first_day": "2026-01-01",
    });
    let pool = json!({ "holder": "示例财政局", "holder_credit_code": "11130000MB0000000U", "size": "1.00" });
    let repayment = json!({ "id": Uuid::now_v7(), "kind": "repayment", "on": today, "amount": "1.00" });
    vec![
        post("/staff/banks", "", json!({ "id": nobody, "code": "x", "name": "示例银行" }), keepers),
        get("/staff/banks/{bank_id}/officers", &nobody, keepers),
        put("/staff/banks/{bank_id}/officers/{member_id}", &two, json!({}), keepers),
        delete("/staff/banks/{bank_id}/officers/{member_id}", &two, keepers),
        get("/staff/loan-products", "", readers),
        post("/staff/loan-products", "", product, authors),
        put("/staff/loan-products/{product_id}/open", &nobody, json!({ "open": true }), authors),
        get("/staff/loan-products/{product_id}/versions", &nobody, readers),
        put("/staff/loan-products/{product_id}/versions/{version}", &version, crate::lending::terms(), authors),
        post("/staff/loan-products/{product_id}/versions/{version}/publication", &version, json!({}), authors),
        get("/staff/lpr", "", readers),
        post("/staff/lpr", "", rate.clone(), authors),
        post("/staff/lpr/confirmation", "", rate, authors),
        get("/staff/loan-quotas", "", readers),
        post("/staff/loan-quotas", "", quota, league),
        put("/staff/loan-quotas/{quota_id}", &nobody, json!({ "limit": "1.00" }), league),
        get("/staff/loan-applications", "", readers),
        get("/staff/loan-applications/{application_id}", &nobody, readers),
        post(
            "/staff/loan-applications/{application_id}/relations",
            &nobody,
            json!({ "id": nobody, "relation": "父亲" }),
            authors,
        ),
        post("/staff/loan-applications/{application_id}/recommendation", &nobody, json!({}), league),
        post(
            "/staff/loan-applications/{application_id}/grant",
            &nobody,
            json!({ "amount": "1.00", "term": 12, "spread_bp": 0 }),
            lenders,
        ),
        post("/staff/loan-applications/{application_id}/return", &nobody, reason(), authors),
        post("/staff/loan-applications/{application_id}/refusal", &nobody, reason(), authors),
        post("/staff/loan-applications/{application_id}/unmasking", &nobody, reason(), readers),
        get("/staff/loan-applications/{application_id}/papers", &nobody, readers),
        post("/staff/loan-applications/{application_id}/papers", &nobody, json!("bytes"), authors),
        get("/staff/loan-applications/{application_id}/papers/{paper_id}", &two, readers),
        delete("/staff/loan-applications/{application_id}/papers/{paper_id}", &two, authors),
        get("/staff/loan-contracts", "", &CONTRACTS),
        post("/staff/loan-contracts", "", contract, lenders),
        get("/staff/loan-counts", "", &CONTRACTS),
        get("/staff/loan-contracts/{contract_id}", &nobody, &CONTRACTS),
        post("/staff/loan-contracts/{contract_id}/withdrawal", &nobody, reason(), lenders),
        get("/staff/needs", "", readers),
        post("/staff/needs", "", need, league),
        get("/staff/needs/{need_id}", &nobody, readers),
        post("/staff/needs/{need_id}/contact", &nobody, reason(), authors),
        get("/staff/needs/{need_id}/products", &nobody, readers),
        get("/staff/needs/{need_id}/matches", &nobody, readers),
        post("/staff/needs/{need_id}/matches", &nobody, json!({ "id": nobody, "product": nobody }), league),
        post("/staff/need-matches/{match_id}/acceptance", &nobody, json!({}), lenders),
        post("/staff/need-matches/{match_id}/decline", &nobody, reason(), lenders),
        get("/staff/needs/{need_id}/follow-ups", &nobody, readers),
        post(
            "/staff/needs/{need_id}/follow-ups",
            &nobody,
            json!({ "id": nobody, "on": today, "words": "已联系" }),
            authors,
        ),
        post("/staff/needs/{need_id}/fulfilment", &nobody, json!({ "outcome": "已放款" }), league),
        post("/staff/needs/{need_id}/closing", &nobody, json!({ "outcome": "不再需要" }), league),
        post("/staff/needs/{need_id}/reopening", &nobody, json!({ "outcome": "又需要" }), league),
        get("/staff/loan-programmes", "", &LOANS),
        post("/staff/loan-programmes", "", programme, &[Admin, LeagueOfficer]),
        post("/staff/loan-programmes/{programme_id}/pool", &nobody, pool, &[Admin, LeagueOfficer]),
        get("/staff/loan-programmes/{programme_id}/days", &nobody, &LOANS),
        get("/staff/loan-programmes/{programme_id}/files", &nobody, &LOANS),
        get("/staff/loan-programmes/{programme_id}/subsidies", &nobody, &[Bookkeeper, FinanceHead, Auditor]),
        post("/staff/loan-programmes/{programme_id}/subsidies", &nobody, json!({}), &SECOND),
        post("/staff/loan-subsidies/{subsidy_id}/receipt", &nobody, json!({ "on": today }), &SECOND),
        post("/staff/loan-files", "", json!("bytes"), &[BankOfficer, Bookkeeper, FinanceHead]),
        get("/staff/loan-contracts/{contract_id}/servicing", &nobody, &CONTRACTS),
        post("/staff/loan-contracts/{contract_id}/events", &nobody, repayment, &[BankOfficer]),
        get("/staff/loan-report", &format!("?month={}", &today[..7]), &LENDING),
        get("/staff/loan-report.xlsx", &format!("?month={}", &today[..7]), &LENDING),
    ]
}
