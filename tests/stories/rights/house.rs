//! Who may do what about the house: staff and their roles, units, charities and their papers, the calendar, the jobs.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::world::{World, identity_number};

use super::{ADMIN, ALL, BOOKS, Things, Try, delete, get, nothing, post, put, reason};

pub(super) fn tries(w: &World, t: &Things) -> Vec<Try> {
    let member = json!({
        "id": Uuid::now_v7(), "username": "newcomer", "name": "新人", "grants": [{ "role": "organiser" }],
        "identity_number": identity_number(9),
    });
    let role = json!({ "id": Uuid::now_v7(), "role": "organiser", "reason": "试" });
    let delegation = json!({
        "id": Uuid::now_v7(), "lender": t.member, "holder": t.stand_in, "role": "disclosure", "starts_on": w.app.business.today().to_string(),
        "ends_on": w.app.business.today().to_string(), "reason": "试",
    });
    let today = w.app.business.today().to_string();
    let operators: &[Role] = &[Role::Admin, Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
    let readers: &[Role] = &[Role::Admin, Role::Auditor];
    let keepers: &[Role] = &[Role::Admin, Role::FinanceHead];
    let deciders: &[Role] = &[Role::FinanceHead, Role::Chair];
    let confirmers: &[Role] = &[Role::Admin, Role::FinanceHead, Role::Chair];
    let book = w.book.to_string();
    let scan = format!("{} {}", t.certificate, t.scan);
    let unit =
        json!({ "id": Uuid::now_v7(), "parent": t.unit, "code": "school", "name": "示例小学", "kind": "school" });
    let contact =
        json!({ "office_address": "示例路9号", "contact": "0311-1", "information_url": "https://example.org" });
    let charity = json!({
        "id": Uuid::now_v7(), "code": "other", "name": "别的基金会", "unit": t.unit, "bank_account": "基本户", "contact": contact,
    });
    let certificate = json!({
        "id": Uuid::now_v7(), "number": "示例9号", "issuer": "示例民政局", "issued_on": "2026-01-01", "expires_on": "2027-01-01",
    });
    let change = json!({
        "id": Uuid::now_v7(), "profile": "full", "single_limit": "1.00", "third_limit": "2.00", "account_quiet_days": 1, "reason": "试",
    });
    let nobody = Uuid::now_v7().to_string();
    let account_readers: &[Role] =
        &[Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Chair, Role::Auditor];
    let account = json!({ "id": Uuid::now_v7(), "bank_account": "第三户", "mchid": w.app.wechat.mchid(), "valid_from": today, "reason": "试" });
    let account_paper = format!("{} {}", t.account_change, t.account_paper);
    vec![
        get("/sessions/current", "", &ALL),
        put("/sessions/current/password", "", json!({ "current": "guess", "new": "short" }), &ALL),
        get("/staff/waiting", "", &ALL),
        get(
            "/staff/calendar/{year}",
            "2026",
            &[
                Role::Admin,
                Role::Disclosure,
                Role::ProjectManager,
                Role::Cashier,
                Role::Bookkeeper,
                Role::FinanceHead,
                Role::Auditor,
            ],
        ),
        put(
            "/staff/calendar/days/{day}",
            "2026-10-01",
            json!({ "working": false, "name": "国庆节" }),
            &[Role::Admin, Role::Disclosure],
        ),
        get("/staff/members", "", readers),
        post("/staff/members", "", member, &ADMIN),
        post("/staff/members/{member_id}/activation", &t.member, nothing(), &ADMIN),
        post(
            "/staff/members/{member_id}/identification",
            &t.member,
            json!({ "identity_number": identity_number(8) }),
            &ADMIN,
        ),
        post("/staff/members/{member_id}/disablement", &t.member, nothing(), &ADMIN),
        post("/staff/members/{member_id}/credentials-reset", &t.member, nothing(), &ADMIN),
        // One's own sessions are one's own.
        get("/staff/members/{member_id}/sessions", &t.member, &[Role::Admin, Role::Auditor, Role::Disclosure]),
        delete("/staff/members/{member_id}/sessions", &t.member, &[Role::Admin, Role::Disclosure]),
        delete(
            "/staff/members/{member_id}/sessions/{session_id}",
            &format!("{} {nobody}", t.member),
            &[Role::Admin, Role::Disclosure],
        ),
        get("/staff/units", "", &ALL),
        post("/staff/units", "", unit, &ADMIN),
        put("/staff/units/{unit_id}/name", &t.unit, json!({ "name": "别名" }), &ADMIN),
        post("/staff/units/{unit_id}/closing", &t.unit, nothing(), &ADMIN),
        post("/staff/units/{unit_id}/opening", &t.unit, nothing(), &ADMIN),
        get("/staff/charities", "", &ALL),
        post("/staff/charities", "", charity, &ADMIN),
        put("/staff/charities/{charity_id}/contact", &book, contact, &ADMIN),
        get("/staff/charities/{charity_id}/certificates", &book, &ALL),
        post("/staff/charities/{charity_id}/certificates", &book, certificate, keepers),
        post("/staff/certificates/{certificate_id}/confirmation", &t.certificate, nothing(), confirmers),
        post("/staff/certificates/{certificate_id}/discarding", &t.certificate, nothing(), confirmers),
        post("/staff/certificates/{certificate_id}/revocation", &t.certificate, nothing(), keepers),
        get("/staff/certificates/{certificate_id}/attachments", &t.certificate, &ALL),
        post("/staff/certificates/{certificate_id}/attachments", &t.certificate, json!("bytes"), keepers),
        get("/staff/certificates/{certificate_id}/attachments/{attachment_id}", &scan, &ALL),
        delete("/staff/certificates/{certificate_id}/attachments/{attachment_id}", &scan, keepers),
        get(
            "/staff/charities/{charity_id}/profile-changes",
            &book,
            &[
                Role::Admin,
                Role::ProjectManager,
                Role::Cashier,
                Role::Bookkeeper,
                Role::FinanceHead,
                Role::Chair,
                Role::Disclosure,
                Role::Auditor,
            ],
        ),
        post("/staff/charities/{charity_id}/profile-changes", &book, change, deciders),
        post("/staff/profile-changes/{change_id}/approval", &t.change, nothing(), deciders),
        post("/staff/profile-changes/{change_id}/decline", &t.change, reason(), deciders),
        get("/staff/charities/{charity_id}/account-changes", &book, account_readers),
        post("/staff/charities/{charity_id}/account-changes", &book, account, deciders),
        get("/staff/charities/{charity_id}/outdated-campaigns", &book, account_readers),
        post("/staff/account-changes/{change_id}/approval", &t.account_change, nothing(), deciders),
        post("/staff/account-changes/{change_id}/decline", &t.account_change, reason(), deciders),
        get("/staff/account-changes/{change_id}/attachments", &t.account_change, account_readers),
        post("/staff/account-changes/{change_id}/attachments", &t.account_change, json!("bytes"), deciders),
        get("/staff/account-changes/{change_id}/attachments/{attachment_id}", &account_paper, account_readers),
        delete("/staff/account-changes/{change_id}/attachments/{attachment_id}", &account_paper, deciders),
        get("/staff/small-profile-months", "", &[Role::Auditor]),
        post(
            "/staff/charities/{charity_id}/small-profile-months/{month}/review",
            &format!("{book} 2026-01"),
            json!({ "findings": "试" }),
            &[Role::Auditor],
        ),
        post("/staff/members/{member_id}/roles", &t.member, role, &ADMIN),
        delete("/staff/members/{member_id}/roles/{role}", &format!("{} auditor", t.member), &ADMIN),
        get("/staff/role-grants", "", readers),
        post("/staff/role-grants/{grant_id}/approval", &t.role_grant, nothing(), &ADMIN),
        post("/staff/role-grants/{grant_id}/decline", &t.role_grant, reason(), &ADMIN),
        // One's own roles are one's own to lend; what one holds is one's own to give back.
        get("/staff/delegations", "", &ALL),
        post("/staff/delegations", "", delegation, &[Role::Admin, Role::Disclosure]),
        post("/staff/delegations/{delegation_id}/approval", &t.delegation, nothing(), &[Role::Admin, Role::Disclosure]),
        post(
            "/staff/delegations/{delegation_id}/revocation",
            &t.delegation,
            nothing(),
            &[Role::Admin, Role::Disclosure],
        ),
        post(
            "/staff/donations/{donation_id}/unmasking",
            &t.gift,
            json!({ "reason": "核对捐赠人", "fields": ["name"] }),
            &BOOKS,
        ),
        get("/staff/unmaskings", "", readers),
        get("/staff/trail", "", readers),
        get("/jobs/runs", "", &[Role::Admin, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor]),
        get("/jobs", "", &[Role::Admin, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor]),
        get(
            "/jobs/runs/{run_id}",
            &nobody,
            &[Role::Admin, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor],
        ),
        post("/jobs/{name}/runs", "session_sweep", nothing(), operators),
    ]
}
