//! Who may do what about spending.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::spending::Papers;
use crate::world::World;

use super::{ALL, AUTHORS, OPENERS, PAYEE_READERS, SECOND, Try, delete, get, post, put, reason};

pub(super) fn tries(w: &World, t: &Papers) -> Vec<Try> {
    use Role::{Auditor, Bookkeeper, Cashier, Chair, Compliance, FinanceHead, Organiser, ProjectManager};
    let readers: &[Role] = &[Organiser, ProjectManager, FinanceHead, Chair, Cashier, Bookkeeper, Auditor];
    let files: &[Role] = &[Cashier, Bookkeeper, FinanceHead, Auditor];
    let (keepers, cashier, manager): (&[Role], &[Role], &[Role]) =
        (&[Organiser, ProjectManager, Cashier], &[Cashier], &[ProjectManager]);
    let account = json!({ "number": "6222020088888888888", "bank": "示例银行" });
    let new_payee = crate::spending::person(t.campaign, "李四（示例）", 9);
    let payee: Uuid = t.payee.parse().unwrap();
    let paper = crate::spending::paper(t.campaign, "a", &[payee], "1.00");
    let settlers: &[Role] = &[Cashier, ProjectManager, Bookkeeper];
    let proof = format!("{} {}", t.settlement, Uuid::now_v7());
    let results = crate::spending::results(w, &[t.sent_payout.parse().unwrap()], true);
    let file = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "payouts": [t.approved_payout] });
    let settlement = json!({
        "id": Uuid::now_v7(), "kind": "recovered", "amount": "1.00", "reason": "退回余款", "on": w.app.business.today().to_string(),
        "bank": { "bank_account": "基本户", "reference": "R-2" },
    });
    vec![
        get("/staff/payees", "", readers),
        post("/staff/payees", "", new_payee, keepers),
        get("/staff/payees/{payee_id}", &t.payee, &PAYEE_READERS),
        put("/staff/payees/{payee_id}/account", &t.payee, account, keepers),
        post(
            "/staff/payees/{payee_id}/account-confirmation",
            &t.payee,
            json!({}),
            &[ProjectManager, FinanceHead, Bookkeeper],
        ),
        put(
            "/staff/payees/{payee_id}/related",
            &t.payee,
            json!({ "relation": "亲属" }),
            &[Organiser, ProjectManager, Cashier, FinanceHead, Chair],
        ),
        post("/staff/payees/{payee_id}/unmasking", &t.payee, reason(), &OPENERS),
        post(
            "/staff/payees/{payee_id}/child-access",
            &t.payee,
            json!({ "id": Uuid::now_v7(), "reason": "核实情况", "days": 3 }),
            &OPENERS,
        ),
        post(
            "/staff/payees/{payee_id}/erasures",
            &t.payee,
            json!({ "id": Uuid::now_v7(), "reason": "本人来电提出" }),
            keepers,
        ),
        get("/staff/payee-erasures", "", &[Organiser, ProjectManager, Cashier, Chair, Compliance, Auditor]),
        post("/staff/payee-erasures/{erasure_id}/approval", &t.payee, reason(), &[Compliance, Chair]),
        post("/staff/payee-erasures/{erasure_id}/decline", &t.payee, reason(), &[Compliance, Chair]),
        get("/staff/child-access", "", &OPENERS),
        post("/staff/child-access/{access_id}/approval", &t.payee, reason(), &[Compliance, Chair]),
        post("/staff/child-access/{access_id}/decline", &t.payee, reason(), &[Compliance, Chair]),
        get("/staff/disbursements", "", readers),
        get("/staff/disbursements/waiting", "", readers),
        get("/staff/small-profile-reviews", "?month=2026-11", &[Auditor]),
        post("/staff/disbursements", "", paper.clone(), &AUTHORS),
        get("/staff/disbursements/{disbursement_id}", &t.draft, readers),
        put("/staff/disbursements/{disbursement_id}", &t.draft, paper, &AUTHORS),
        get("/staff/disbursements/{disbursement_id}/payouts", &t.draft, readers),
        get("/staff/disbursements/{disbursement_id}/history", &t.submitted, readers),
        get("/staff/disbursements/{disbursement_id}/attachments", &t.draft, readers),
        post("/staff/disbursements/{disbursement_id}/attachments", &t.draft, json!("bytes"), &AUTHORS),
        get("/staff/disbursements/{disbursement_id}/attachments/{attachment_id}", &t.document, readers),
        post(
            "/staff/disbursements/{disbursement_id}/attachments/{attachment_id}/reading",
            &t.document,
            reason(),
            &OPENERS,
        ),
        delete("/staff/disbursements/{disbursement_id}/attachments/{attachment_id}", &t.document, &AUTHORS),
        post("/staff/disbursements/{disbursement_id}/submission", &t.draft, json!({}), &AUTHORS),
        post("/staff/disbursements/{disbursement_id}/approval", &t.submitted, json!({}), manager),
        post("/staff/disbursements/{disbursement_id}/rejection", &t.submitted, reason(), manager),
        post("/staff/disbursements/{disbursement_id}/cancellation", &t.submitted, reason(), &AUTHORS),
        post(
            "/staff/disbursement-batches",
            &format!("?id={}&campaign={}&line=a&purpose=a&", Uuid::now_v7(), t.campaign),
            json!("收款人户名"),
            &AUTHORS,
        ),
        get("/staff/payout-notices", "", &ALL),
        post("/staff/payout-notices/{disbursement_id}/reading", &t.submitted, json!({}), &ALL),
        post("/staff/screening/names", "", json!({ "list": "示例名单", "names": ["某某（示例）"] }), &[Compliance]),
        get("/staff/screening/findings", "", &[Compliance]),
        post("/staff/screening/findings/{finding_id}/clearance", &t.payee, reason(), &[Compliance]),
        post("/staff/screening/findings/{finding_id}/block", &t.payee, reason(), &[Compliance]),
        get("/staff/screening/gifts", "", &[Compliance]),
        post("/staff/screening/gifts/{alert_id}/clearance", &t.payee, reason(), &[Compliance]),
        post("/staff/screening/gifts/{alert_id}/report", &t.payee, reason(), &[Compliance]),
        get("/staff/payouts", "?state=approved", readers),
        post("/staff/payouts/{payout_id}/retry", &t.bounced_payout, json!({}), &[Cashier, ProjectManager]),
        post("/staff/payouts/{payout_id}/cancellation", &t.approved_payout, reason(), &[ProjectManager, FinanceHead]),
        get("/staff/payouts/{payout_id}/settlements", &t.paid_payout, readers),
        post("/staff/payouts/{payout_id}/settlements", &t.paid_payout, settlement, settlers),
        get("/staff/settlements/{settlement_id}/attachments", &t.settlement, readers),
        post("/staff/settlements/{settlement_id}/attachments", &t.settlement, json!("bytes"), settlers),
        get("/staff/settlements/{settlement_id}/attachments/{attachment_id}", &proof, readers),
        delete("/staff/settlements/{settlement_id}/attachments/{attachment_id}", &proof, settlers),
        post("/staff/settlements/{settlement_id}/confirmation", &t.settlement, json!({}), &SECOND),
        post("/staff/settlements/{settlement_id}/decline", &t.settlement, reason(), &SECOND),
        get("/staff/payment-files", "", files),
        post("/staff/payment-files", "", file, cashier),
        get("/staff/payment-files/{file_id}", &t.made_file, files),
        get("/staff/payment-files/{file_id}/content", &t.made_file, cashier),
        post("/staff/payment-files/{file_id}/sending", &t.made_file, json!({}), cashier),
        post("/staff/payment-files/{file_id}/withdrawal", &t.made_file, json!({}), cashier),
        post("/staff/payment-files/{file_id}/results", &t.sent_file, results, &SECOND),
    ]
}
