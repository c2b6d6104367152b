//! Who may do what, asked of every operation of the OpenAPI document, and what lies on whose desk.

mod bank;
mod books;
mod campaigns;
mod desk;
mod disclosures;
mod gifts;
mod house;
mod loans;
mod matrix;
mod spending;
mod things;

use std::collections::BTreeMap;

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

use self::things::Things;

pub(crate) const ALL: [Role; 12] = [
    Role::Organiser,
    Role::ProjectManager,
    Role::FinanceHead,
    Role::Chair,
    Role::Cashier,
    Role::Bookkeeper,
    Role::Disclosure,
    Role::Compliance,
    Role::LeagueOfficer,
    Role::BankOfficer,
    Role::Auditor,
    Role::Admin,
];
pub(crate) const BOOKS: [Role; 4] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];
const MONEY: [Role; 5] = [Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];
pub(crate) const CAMPAIGNS: [Role; 8] = [
    Role::Organiser,
    Role::ProjectManager,
    Role::FinanceHead,
    Role::Chair,
    Role::Cashier,
    Role::Bookkeeper,
    Role::Disclosure,
    Role::Auditor,
];
const AUTHORS: [Role; 2] = [Role::Organiser, Role::ProjectManager];
pub(crate) const CLERKS: [Role; 3] = [Role::Organiser, Role::ProjectManager, Role::Disclosure];
const BRINGERS: [Role; 5] = [Role::Organiser, Role::ProjectManager, Role::Disclosure, Role::FinanceHead, Role::Chair];
pub(crate) const SECOND: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
const COUNTS: [Role; 5] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Chair, Role::Auditor];
const RATIOS: [Role; 6] =
    [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Chair, Role::Disclosure, Role::Auditor];
const ADMIN: [Role; 1] = [Role::Admin];
/// Who draws reports up, and who sees them and what is due.
const DRAWERS: &[Role] = &[Role::Disclosure, Role::ProjectManager, Role::FinanceHead];
pub(crate) const TOLD: &[Role] =
    &[Role::Disclosure, Role::ProjectManager, Role::FinanceHead, Role::Chair, Role::Auditor];
/// Who sees what is due: whoever may be told of it, too.
const DUTIES: &[Role] = &app::disclosures::TOLD;
/// Who reads how loan programmes stand, and who single loans.
const LOANS: [Role; 7] = [
    Role::Admin,
    Role::LeagueOfficer,
    Role::BankOfficer,
    Role::Bookkeeper,
    Role::FinanceHead,
    Role::Cashier,
    Role::Auditor,
];
pub(crate) const LENDING: [Role; 3] = [Role::LeagueOfficer, Role::BankOfficer, Role::Auditor];
/// Who knows of signed contracts: finance, too, which decides what a bank's file says otherwise.
pub(crate) const CONTRACTS: [Role; 5] =
    [Role::LeagueOfficer, Role::BankOfficer, Role::Auditor, Role::Bookkeeper, Role::FinanceHead];

/// Operations on what belongs to the whole house and to no part of the tree: the jobs, the calendar, and the partners of a
/// foundation, whom the organisers of all its counties register.
const OF_THE_HOUSE: [&str; 6] = [
    "/sessions/current/password",
    "/jobs/{name}/runs",
    "/jobs/runs/{run_id}",
    "/staff/calendar/{year}",
    "/staff/calendar/days/{day}",
    "/staff/duty-rules",
];
/// What every page of a campaign tells of its charity is no secret among staff.
const KNOWN_TO_ALL: [&str; 3] = [
    "/staff/certificates/{certificate_id}/attachments",
    "/staff/certificates/{certificate_id}/attachments/{attachment_id}",
    "/staff/charities/{charity_id}/certificates",
];

/// Who may read what is personal of payees.
pub(crate) const OPENERS: [Role; 7] = [
    Role::ProjectManager,
    Role::FinanceHead,
    Role::Cashier,
    Role::Bookkeeper,
    Role::Auditor,
    Role::Compliance,
    Role::Chair,
];

/// Who reads a payee, masked: who screens names, too.
pub(crate) const PAYEE_READERS: [Role; 8] = [
    Role::Organiser,
    Role::ProjectManager,
    Role::FinanceHead,
    Role::Chair,
    Role::Cashier,
    Role::Bookkeeper,
    Role::Auditor,
    Role::Compliance,
];

/// An operation, tried on a thing, and who may.
struct Try {
    method: Method,
    /// As the document names it, below `/api/v1`.
    path: &'static str,
    /// What stands for the parameter, and the query.
    on: String,
    body: Value,
    may: &'static [Role],
}

fn get(path: &'static str, on: &str, may: &'static [Role]) -> Try {
    Try { method: Method::GET, path, on: on.to_owned(), body: json!({}), may }
}

fn post(path: &'static str, on: &str, body: Value, may: &'static [Role]) -> Try {
    Try { method: Method::POST, path, on: on.to_owned(), body, may }
}

fn put(path: &'static str, on: &str, body: Value, may: &'static [Role]) -> Try {
    Try { method: Method::PUT, path, on: on.to_owned(), body, may }
}

fn delete(path: &'static str, on: &str, may: &'static [Role]) -> Try {
    Try { method: Method::DELETE, path, on: on.to_owned(), body: json!({}), may }
}

fn reason() -> Value {
    json!({ "reason": "核实情况" })
}

fn nothing() -> Value {
    json!({})
}

/// Every operation of staff.
fn tries(w: &World, t: &Things) -> Vec<Try> {
    let mut all = house::tries(w, t);
    all.extend(campaigns::tries(w, t));
    all.extend(disclosures::tries(w, t));
    all.extend(gifts::tries(w, t));
    all.extend(bank::tries(w, t));
    all.extend(books::tries(w, t));
    all.extend(spending::tries(w, &t.papers));
    all.extend(loans::tries(w));
    all
}

/// How many things stand where.
pub(crate) async fn standing(w: &World) -> BTreeMap<&'static str, i64> {
    let mut counts = BTreeMap::new();
    for (what, sql) in [
        ("steps of campaigns", "SELECT CAST(count(*) AS BIGINT) FROM campaign_history"),
        ("campaigns", "SELECT CAST(count(*) AS BIGINT) FROM campaign"),
        ("steps of gifts", "SELECT CAST(count(*) AS BIGINT) FROM donation_history"),
        ("gifts", "SELECT CAST(count(*) AS BIGINT) FROM donation"),
        ("steps of refunds", "SELECT CAST(count(*) AS BIGINT) FROM refund_history"),
        ("refunds", "SELECT CAST(count(*) AS BIGINT) FROM refund"),
        ("resolutions", "SELECT CAST(count(*) AS BIGINT) FROM resolution WHERE state = 'proposed'"),
        ("transfers", "SELECT CAST(count(*) AS BIGINT) FROM transfer"),
        ("transfers proposed", "SELECT CAST(count(*) AS BIGINT) FROM transfer WHERE state = 'proposed'"),
        ("transfers arriving", "SELECT CAST(count(*) AS BIGINT) FROM transfer WHERE state = 'arrival_proposed'"),
        ("entries", "SELECT CAST(count(*) AS BIGINT) FROM entry"),
        ("staff who can sign in", "SELECT CAST(count(*) AS BIGINT) FROM staff WHERE active"),
        ("sessions ended", "SELECT CAST(count(*) AS BIGINT) FROM session WHERE revoked_us IS NOT NULL"),
        ("roles", "SELECT CAST(count(*) AS BIGINT) FROM staff_role"),
        ("roles proposed", "SELECT CAST(count(*) AS BIGINT) FROM role_grant WHERE state = 'proposed'"),
        (
            "delegations",
            "SELECT CAST(count(*) AS BIGINT) FROM delegation WHERE approver_id IS NULL AND revoked_us IS NULL",
        ),
        ("unmaskings", "SELECT CAST(count(*) AS BIGINT) FROM unmasking"),
        ("units", "SELECT CAST(count(*) AS BIGINT) FROM unit WHERE active"),
        ("charities", "SELECT CAST(count(*) AS BIGINT) FROM charity"),
        ("steps of papers", "SELECT CAST(count(*) AS BIGINT) FROM disbursement_history"),
        ("papers", "SELECT CAST(count(*) AS BIGINT) FROM disbursement"),
        ("steps of payouts", "SELECT CAST(count(*) AS BIGINT) FROM payout_history"),
        ("payees", "SELECT CAST(count(*) AS BIGINT) FROM payee WHERE account_confirmed_by IS NULL"),
        ("unmaskings", "SELECT CAST(count(*) AS BIGINT) FROM unmasking"),
        ("settlements proposed", "SELECT CAST(count(*) AS BIGINT) FROM payout_settlement WHERE state = 'proposed'"),
        ("certificates", "SELECT CAST(count(*) AS BIGINT) FROM certificate WHERE revoked_on IS NULL"),
        ("documents", "SELECT CAST(count(*) AS BIGINT) FROM attachment WHERE withdrawn_us IS NULL"),
        ("changes of profile", "SELECT CAST(count(*) AS BIGINT) FROM profile_change WHERE state = 'proposed'"),
        ("runs", "SELECT CAST(count(*) AS BIGINT) FROM job_run"),
    ] {
        counts.insert(what, w.count(sql).await);
    }
    counts
}
