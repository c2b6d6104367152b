//! Who may do what, asked of every operation of the OpenAPI document, and what lies on whose desk.

use std::collections::{BTreeMap, BTreeSet};

use domain::role::Role;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::{Answer, send};
use crate::privacy::operations;
use crate::spending::{Papers, papers};
use crate::vouchers::{voucher, voucher_template};
use crate::world::{Officer, World, agreed, identity_number, opening, story};
use crate::year::{audit_report, cash_count, new_box};

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

/// Things for operations to be tried on, each in a state that the operation is for.
struct Things {
    draft: String,
    submitted: String,
    filing: String,
    filed: String,
    scheduled: String,
    ended: String,
    executing: String,
    closing: String,
    in_finance: String,
    rejected: String,
    approved: String,
    open: String,
    paused: String,
    gift: String,
    bank_gift: String,
    requested: String,
    failed: String,
    proposed: String,
    departed: String,
    arriving: String,
    stray: String,
    resolution: String,
    member: String,
    stand_in: String,
    role_grant: String,
    delegation: String,
    unit: String,
    certificate: String,
    scan: String,
    change: String,
    account_change: String,
    account_paper: String,
    update: String,
    voucher: String,
    submitted_voucher: String,
    voucher_template: String,
    cash_count: String,
    papers: Papers,
}

impl Things {
    /// The ids of what belongs to this part of the tree, as an answer would name them.
    fn ids(&self) -> Vec<String> {
        let of_papers = &self.papers;
        let all = [
            &self.draft,
            &self.submitted,
            &self.open,
            &self.paused,
            &self.gift,
            &self.bank_gift,
            &self.requested,
            &self.failed,
            &self.proposed,
            &self.departed,
            &self.arriving,
            &self.stray,
            &self.resolution,
            &self.member,
            &self.stand_in,
            &self.role_grant,
            &self.delegation,
            &self.change,
            &self.account_change,
            &self.account_paper,
            &self.update,
            &self.voucher,
            &self.submitted_voucher,
            &self.voucher_template,
            &self.cash_count,
            &of_papers.payee,
            &of_papers.draft,
            &of_papers.submitted,
            &of_papers.approved_payout,
            &of_papers.made_file,
            &of_papers.sent_file,
        ];
        all.into_iter().cloned().chain([of_papers.campaign.to_string()]).collect()
    }
}

async fn things(w: &World) -> Things {
    let staff = async |role| w.staff(role).await;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let reason = json!({ "reason": "核实情况" });
    let campaign = async |steps: &[(Role, &str)]| {
        let draft = w.draft("1.00");
        staff(Role::Organiser).await.post("/staff/campaigns", draft.clone()).await.ok();
        for (role, step) in steps {
            let path = format!("/staff/campaigns/{}/{step}", id(&draft));
            let said = if *step == "approval" { agreed() } else { reason.clone() };
            staff(*role).await.post(&path, said).await.ok();
        }
        id(&draft)
    };
    let submitted = (Role::Organiser, "submission");
    let first = (Role::ProjectManager, "approval");
    // A campaign of its own, walked as far as that.
    let walked = async |goal: &str| {
        let draft = w.draft("1.00");
        staff(Role::Organiser).await.post("/staff/campaigns", draft.clone()).await.ok();
        w.walk(id(&draft).parse().unwrap(), goal).await;
        id(&draft)
    };
    // One that was open, and what its manager did with it.
    let after = async |steps: &[&str]| {
        let open = w.open_campaign("1.00").await.to_string();
        for step in steps {
            let path = format!("/staff/campaigns/{open}/{step}");
            staff(Role::ProjectManager).await.post(&path, reason.clone()).await.ok();
        }
        open
    };
    let (open, paused) = (w.open_campaign("1000.00").await, w.open_campaign("1000.00").await);
    let path = format!("/staff/campaigns/{paused}/pause");
    staff(Role::ProjectManager).await.post(&path, reason.clone()).await.ok();

    let donor = w.donor("o-one").await;
    let gift = w.gift(&donor, open, "50.00").await;
    let refund = async |approve: bool| {
        let gift = w.gift(&donor, open, "5.00").await;
        let asked = json!({ "id": Uuid::now_v7(), "amount": "5.00", "reason": "error" });
        donor.post(&format!("/donations/{}/refund-requests", gift.id), asked.clone()).await.ok();
        if approve {
            let path = format!("/staff/refunds/{}/approval", id(&asked));
            staff(Role::FinanceHead).await.act(&path).await.ok();
        }
        id(&asked)
    };
    let (requested, failed) = (refund(false).await, refund(true).await);
    w.lever("faults", json!({ "refund": { "outcome": "CLOSED", "times": 1 } })).await;
    w.run_job("send_refunds").await;
    let path = format!("/staff/refunds/{failed}");
    let auditor = staff(Role::Auditor).await;
    w.until("the refund failed", async || auditor.get(&path).await.ok()["state"] == "failed").await;
    staff(Role::Bookkeeper).await.act(&format!("{path}/outcome-proposal")).await.ok();

    let transfer = async |steps: &[(Role, &str)]| {
        let new = json!({ "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": "1.00", "bank_account": "基本户" });
        staff(Role::Cashier).await.post("/staff/transfers", new.clone()).await.ok();
        if !steps.is_empty() {
            w.lever("withdraw", json!({ "amount": "1.00" })).await;
        }
        for (role, step) in steps {
            staff(*role).await.act(&format!("/staff/transfers/{}/{step}", id(&new))).await.ok();
        }
        id(&new)
    };
    let left = (Role::FinanceHead, "confirmation");
    let bank_gift = json!({
        "id": Uuid::now_v7(), "campaign": open, "amount": "10.00", "counterparty": "示例公司", "bank_account": "基本户",
        "reference": "B-1", "received_on": w.app.business.today().to_string(),
    });
    staff(Role::Cashier).await.post("/staff/bank-gifts", bank_gift.clone()).await.ok();
    let twice = w.gift(&donor, open, "5.00").await;
    w.lever("pay", json!({ "out_trade_no": twice.order, "again": true })).await;
    let strays = async || auditor.get("/staff/breaks").await.ok()["items"].as_array().unwrap().clone();
    w.until("a payment waits for a person", async || strays().await.len() == 1).await;
    let stray = strays().await.remove(0);
    let resolution = json!({ "id": Uuid::now_v7(), "choice": "return", "reason": "重复付款" });
    let of = format!("/staff/breaks/{}/resolutions", stray["id"].as_str().unwrap());
    staff(Role::Cashier).await.post(&of, resolution.clone()).await.ok();
    let member = w.staff(Role::Disclosure).await.id;
    let stand_in = w.hire_over(Role::LeagueOfficer, "stand-in", "/").await;
    let role_grant = json!({ "id": Uuid::now_v7(), "role": "league_officer", "reason": "试" });
    let admin = staff(Role::Admin).await;
    admin.post(&format!("/staff/members/{member}/roles"), role_grant.clone()).await.ok();
    let today = w.app.business.today().to_string();
    let delegation = json!({
        "id": Uuid::now_v7(), "lender": member, "holder": stand_in.id, "role": "disclosure", "starts_on": today, "ends_on": today,
        "reason": "试",
    });
    admin.post("/staff/delegations", delegation.clone()).await.ok();
    let charity = format!("/staff/charities/{}", w.book);
    let head = staff(Role::FinanceHead).await;
    let certificate = id(&head.get(&format!("{charity}/certificates")).await.ok()["items"][0]);
    let path = format!("/api/v1/staff/certificates/{certificate}/attachments?kind=scan&file_name=a.txt");
    let scan =
        send(head.request(Method::POST, &path).header(CONTENT_TYPE, "application/octet-stream").body("一")).await;
    let scan = id(&scan.ok());
    let change = json!({
        "id": Uuid::now_v7(), "profile": "small", "single_limit": "1.00", "third_limit": "2.00", "account_quiet_days": 1, "reason": "试",
    });
    staff(Role::Chair).await.post(&format!("{charity}/profile-changes"), change.clone()).await.ok();
    let account_change = json!({ "id": Uuid::now_v7(), "bank_account": "第二户", "mchid": w.app.wechat.mchid(), "valid_from": today, "reason": "试" });
    staff(Role::Chair).await.post(&format!("{charity}/account-changes"), account_change.clone()).await.ok();
    let path = format!("/api/v1/staff/account-changes/{}/attachments?kind=scan&file_name=a.txt", id(&account_change));
    let account_paper =
        send(head.request(Method::POST, &path).header(CONTENT_TYPE, "application/octet-stream").body("户")).await.ok();
    let update = json!({ "id": Uuid::now_v7(), "title": "进展", "words": "已开始" });
    let path = format!("/staff/campaigns/{open}/updates");
    staff(Role::ProjectManager).await.post(&path, update.clone()).await.ok();
    let (voucher, submitted_voucher, voucher_template) = crate::vouchers::things(w).await;
    let cash_count = new_box(cash_count("A箱"));
    staff(Role::Cashier).await.post(&format!("/staff/books/{}/cash-counts", w.book), cash_count.clone()).await.ok();
    Things {
        voucher,
        cash_count: id(&cash_count),
        submitted_voucher,
        voucher_template,
        update: id(&update),
        papers: papers(w).await,
        draft: campaign(&[]).await,
        submitted: campaign(&[submitted]).await,
        in_finance: campaign(&[submitted, first]).await,
        rejected: campaign(&[submitted, (Role::ProjectManager, "rejection")]).await,
        approved: walked("approved").await,
        filing: walked("filing").await,
        filed: walked("filed").await,
        ended: after(&["end"]).await,
        executing: after(&["end", "execution"]).await,
        closing: after(&["end", "execution", "closing"]).await,
        // The clock would open it.
        scheduled: walked("scheduled").await,
        open: open.to_string(),
        paused: paused.to_string(),
        gift: gift.id.to_string(),
        bank_gift: id(&bank_gift),
        requested,
        failed,
        proposed: transfer(&[]).await,
        departed: transfer(&[left]).await,
        stray: stray["id"].as_str().unwrap().to_owned(),
        resolution: id(&resolution),
        arriving: transfer(&[left, (Role::Cashier, "arrival")]).await,
        member: w.staff(Role::Disclosure).await.id.to_string(),
        stand_in: stand_in.id.to_string(),
        role_grant: id(&role_grant),
        delegation: id(&delegation),
        unit: w.unit("130502").await.to_string(),
        certificate,
        scan,
        change: id(&change),
        account_change: id(&account_change),
        account_paper: id(&account_paper),
    }
}

/// An operation, tried on a thing, and who may.
struct Try<'a> {
    method: Method,
    /// As the document names it, below `/api/v1`.
    path: &'static str,
    /// What stands for the parameter, and the query.
    on: String,
    body: Value,
    may: &'a [Role],
}

fn tries<'a>(w: &World, t: &Things) -> Vec<Try<'a>> {
    let reason = || json!({ "reason": "核实情况" });
    let nothing = || json!({});
    let get = |path, on: &str, may| Try { method: Method::GET, path, on: on.to_owned(), body: json!({}), may };
    let post = |path, on: &str, body, may| Try { method: Method::POST, path, on: on.to_owned(), body, may };
    let delete = |path, on: &str, may| Try { method: Method::DELETE, path, on: on.to_owned(), body: json!({}), may };
    let put = |path, on: &str, body, may| Try { method: Method::PUT, path, on: on.to_owned(), body, may };
    let refund = json!({ "id": Uuid::now_v7(), "donation": t.gift, "amount": "1.00", "reason": "error" });
    let transfer = json!({ "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": "1.00", "bank_account": "基本户" });
    let bank_gift = json!({
        "id": Uuid::now_v7(), "campaign": t.open, "amount": "10.00", "counterparty": "示例公司", "bank_account": "基本户",
        "reference": "B-2", "received_on": w.app.business.today().to_string(),
    });
    let member = json!({
        "id": Uuid::now_v7(), "username": "newcomer", "name": "新人", "grants": [{ "role": "organiser" }],
        "identity_number": identity_number(9),
    });
    let role = json!({ "id": Uuid::now_v7(), "role": "organiser", "reason": "试" });
    let delegation = json!({
        "id": Uuid::now_v7(), "lender": t.member, "holder": t.stand_in, "role": "disclosure", "starts_on": w.app.business.today().to_string(),
        "ends_on": w.app.business.today().to_string(), "reason": "试",
    });
    let proposal = json!({ "id": Uuid::now_v7(), "choice": "return", "reason": "重复付款" });
    let (manager, head, cashier): (&[Role], &[Role], &[Role]) =
        (&[Role::ProjectManager], &[Role::FinanceHead], &[Role::Cashier]);
    let filers: &[Role] = &[Role::Disclosure, Role::ProjectManager];
    let today = w.app.business.today().to_string();
    let operators: &[Role] = &[Role::Admin, Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
    let readers: &[Role] = &[Role::Admin, Role::Auditor];
    let keeper: &[Role] = &[Role::Bookkeeper];
    let (keepers, deciders): (&[Role], &[Role]) =
        (&[Role::Admin, Role::FinanceHead], &[Role::FinanceHead, Role::Chair]);
    let confirmers: &[Role] = &[Role::Admin, Role::FinanceHead, Role::Chair];
    let (book, scan) = (w.book.to_string(), format!("{} {}", t.certificate, t.scan));
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
    let clerks: &[Role] = &[Role::Cashier, Role::Bookkeeper];
    let finance: &[Role] = &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
    let bank_code = |who: &[Role]| [who, &[Role::ProjectManager]].concat();
    let (issuers, code_readers): (&[Role], &[Role]) = (bank_code(clerks).leak(), bank_code(&BOOKS).leak());
    let claims = json!({ "claims": [nobody] });
    let claim = json!({ "id": Uuid::now_v7(), "choice": "return", "reason": "试" });
    let accepted = json!({ "items": [{ "line": nobody, "kind": "unclaimed" }] });
    let of_account = format!("{book} ?account=基本户");
    let of_month = format!("{book} 2026-01 ?account=基本户");
    let programme = json!({
        "id": Uuid::now_v7(), "bank": nobody, "name": "示例", "pace": "daily", "match_days": 3, "first_day": "2026-01-01",
    });
    let pool = json!({ "holder": "示例财政局", "holder_credit_code": "11130000MB0000000U", "size": "1.00" });
    let repayment = json!({ "id": Uuid::now_v7(), "kind": "repayment", "on": today, "amount": "1.00" });
    let refund_readers: &[Role] = [&MONEY[..], &[Role::Chair]].concat().leak();
    let account_readers: &[Role] =
        &[Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Chair, Role::Auditor];
    let account = json!({ "id": Uuid::now_v7(), "bank_account": "第三户", "mchid": w.app.wechat.mchid(), "valid_from": today, "reason": "试" });
    let account_paper = format!("{} {}", t.account_change, t.account_paper);
    let asking: &[Role] = &[Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
    vec![
        get("/sessions/current", "", &ALL),
        Try {
            method: Method::PUT,
            path: "/sessions/current/password",
            on: String::new(),
            body: json!({ "current": "guess", "new": "short" }),
            may: &ALL,
        },
        get("/staff/waiting", "", &ALL),
        get("/staff/campaigns", "", &CAMPAIGNS),
        post("/staff/campaigns", "", w.draft("1.00"), &AUTHORS),
        get("/staff/campaigns/{campaign_id}", &t.draft, &CAMPAIGNS),
        get("/staff/campaigns/{campaign_id}/history", &t.open, &CAMPAIGNS),
        // An author's draft is nobody else's business.
        Try {
            method: Method::PUT,
            path: "/staff/campaigns/{campaign_id}",
            on: t.draft.clone(),
            body: w.draft("2.00"),
            may: &[Role::Organiser],
        },
        get("/staff/campaigns/{campaign_id}/plans", &t.open, &CAMPAIGNS),
        get("/staff/campaigns/{campaign_id}/budget", &t.open, &CAMPAIGNS),
        post("/staff/campaigns/{campaign_id}/submission", &t.draft, nothing(), &AUTHORS),
        post("/staff/campaigns/{campaign_id}/withdrawal", &t.submitted, nothing(), &AUTHORS),
        post("/staff/campaigns/{campaign_id}/review", &t.submitted, nothing(), manager),
        // In another state than the one it is tried in, the head of finance may.
        post("/staff/campaigns/{campaign_id}/approval", &t.submitted, agreed(), manager),
        post("/staff/campaigns/{campaign_id}/rejection", &t.submitted, reason(), manager),
        post("/staff/campaigns/{campaign_id}/filing-submission", &t.approved, json!({ "submitted_on": today }), filers),
        post("/staff/campaigns/{campaign_id}/filing-return", &t.filing, reason(), filers),
        post("/staff/campaigns/{campaign_id}/filing", &t.filing, w.next_step("filing").2, filers),
        post("/staff/campaigns/{campaign_id}/schedule", &t.filed, opening(), manager),
        post("/staff/campaigns/{campaign_id}/schedule-withdrawal", &t.scheduled, reason(), manager),
        post("/staff/campaigns/{campaign_id}/emergency-opening", &t.approved, opening(), manager),
        post("/staff/campaigns/{campaign_id}/execution", &t.ended, nothing(), manager),
        post("/staff/campaigns/{campaign_id}/closing", &t.executing, nothing(), manager),
        post("/staff/campaigns/{campaign_id}/closing-return", &t.closing, reason(), manager),
        post("/staff/campaigns/{campaign_id}/approval", &t.in_finance, agreed(), head),
        post("/staff/campaigns/{campaign_id}/rejection", &t.in_finance, reason(), head),
        post("/staff/campaigns/{campaign_id}/revision", &t.rejected, nothing(), &AUTHORS),
        post("/staff/campaigns/{campaign_id}/cancellation", &t.approved, reason(), &AUTHORS),
        post("/staff/campaigns/{campaign_id}/pause", &t.open, reason(), manager),
        post("/staff/campaigns/{campaign_id}/resumption", &t.paused, nothing(), manager),
        post("/staff/campaigns/{campaign_id}/end", &t.open, reason(), manager),
        post("/staff/campaigns/{campaign_id}/closure", &t.closing, nothing(), head),
        post(
            "/staff/campaigns/{campaign_id}/suspensions",
            &t.open,
            json!({ "id": Uuid::now_v7(), "reason": "试" }),
            &[Role::ProjectManager, Role::Disclosure, Role::FinanceHead, Role::Chair],
        ),
        get("/staff/campaigns/{campaign_id}/suspensions", &t.open, &CAMPAIGNS),
        post("/staff/campaigns/{campaign_id}/suspension-lift", &t.open, reason(), deciders),
        get("/staff/campaigns/{campaign_id}/comments", &t.submitted, &CAMPAIGNS),
        post(
            "/staff/campaigns/{campaign_id}/comments",
            &t.submitted,
            json!({ "id": Uuid::now_v7(), "section": "budget", "words": "试" }),
            &[Role::Organiser, Role::ProjectManager, Role::FinanceHead, Role::Disclosure],
        ),
        get("/staff/campaigns/{campaign_id}/changes", &t.open, &CAMPAIGNS),
        post(
            "/staff/campaigns/{campaign_id}/changes",
            &t.open,
            json!({ "id": Uuid::now_v7(), "reason": "试", "draft": w.draft("1.00") }),
            &AUTHORS,
        ),
        post(
            "/staff/campaign-changes/{change_id}/approval",
            &nobody,
            nothing(),
            &[Role::ProjectManager, Role::FinanceHead],
        ),
        post(
            "/staff/campaign-changes/{change_id}/rejection",
            &nobody,
            nothing(),
            &[Role::ProjectManager, Role::FinanceHead],
        ),
        post(
            "/staff/campaign-changes/{change_id}/filing",
            &nobody,
            json!({ "evidence": "回执", "filed_on": today }),
            filers,
        ),
        get("/staff/campaign-decisions", "", &CAMPAIGNS),
        post(
            "/staff/campaign-decisions",
            "",
            json!({ "id": Uuid::now_v7(), "kind": "exception", "campaign": t.draft, "reason": "试" }),
            filers,
        ),
        post("/staff/campaign-decisions/{decision_id}/approval", &nobody, nothing(), deciders),
        post("/staff/campaign-decisions/{decision_id}/rejection", &nobody, nothing(), deciders),
        post("/staff/campaigns/{campaign_id}/releases", &t.open, json!({ "id": Uuid::now_v7() }), &SECOND),
        get("/staff/partners", "", &CAMPAIGNS),
        post(
            "/staff/partners",
            "",
            json!({ "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "individual", "name": "示例志愿者" }),
            &AUTHORS,
        ),
        post(
            "/staff/campaigns/{campaign_id}/cooperation",
            &t.draft,
            json!({ "partner": nobody, "signed_on": today, "agreement": "试" }),
            &AUTHORS,
        ),
        post(
            "/staff/campaigns/{campaign_id}/partner-evaluation",
            &t.draft,
            json!({ "score": 80, "findings": "试" }),
            filers,
        ),
        post(
            "/staff/campaigns/{campaign_id}/milestone-progress",
            &t.open,
            json!({ "code": "m1", "progress": 50 }),
            &AUTHORS,
        ),
        get("/staff/campaigns/{campaign_id}/updates", &t.open, &CAMPAIGNS),
        post(
            "/staff/campaigns/{campaign_id}/updates",
            &t.open,
            json!({ "id": Uuid::now_v7(), "title": "进展", "words": "已开始" }),
            &AUTHORS,
        ),
        post("/staff/updates/{update_id}/publication", &nobody, nothing(), filers),
        get("/staff/campaigns/{campaign_id}/attachments", &t.open, &CAMPAIGNS),
        post("/staff/campaigns/{campaign_id}/attachments", &t.open, json!("bytes"), &BRINGERS),
        get("/staff/campaigns/{campaign_id}/attachments/{attachment_id}", &format!("{} {nobody}", t.open), &CAMPAIGNS),
        delete("/staff/campaigns/{campaign_id}/attachments/{attachment_id}", &format!("{} {nobody}", t.open), &CLERKS),
        get("/staff/campaign-changes/{change_id}/attachments", &nobody, &CAMPAIGNS),
        post("/staff/campaign-changes/{change_id}/attachments", &nobody, json!("bytes"), &CLERKS),
        get(
            "/staff/campaign-changes/{change_id}/attachments/{attachment_id}",
            &format!("{nobody} {nobody}"),
            &CAMPAIGNS,
        ),
        delete(
            "/staff/campaign-changes/{change_id}/attachments/{attachment_id}",
            &format!("{nobody} {nobody}"),
            &CLERKS,
        ),
        get("/staff/updates/{update_id}/attachments", &t.update, &CAMPAIGNS),
        post("/staff/updates/{update_id}/attachments", &t.update, json!("bytes"), &AUTHORS),
        get("/staff/updates/{update_id}/attachments/{attachment_id}", &format!("{} {nobody}", t.update), &CAMPAIGNS),
        delete("/staff/updates/{update_id}/attachments/{attachment_id}", &format!("{} {nobody}", t.update), &CLERKS),
        post(
            "/staff/campaigns/{campaign_id}/final-disclosure",
            &t.ended,
            json!({ "published_on": today, "reference": "试" }),
            &[Role::Disclosure],
        ),
        get("/staff/disclosures", "", TOLD),
        post("/staff/disclosures/preview", "", json!({ "kind": "raising_report", "campaign": t.ended }), DRAWERS),
        post(
            "/staff/disclosures",
            "",
            json!({ "id": Uuid::now_v7(), "wish": { "kind": "raising_status", "campaign": t.open } }),
            DRAWERS,
        ),
        get("/staff/disclosures/{disclosure_id}", &nobody, TOLD),
        get("/staff/disclosures/{disclosure_id}/content", &nobody, TOLD),
        get("/staff/disclosures/{disclosure_id}/form", &nobody, TOLD),
        post(
            "/staff/disclosures/{disclosure_id}/publications",
            &nobody,
            json!({ "id": Uuid::now_v7(), "place": "own_site", "reference": "试", "published_on": today }),
            &[Role::Disclosure],
        ),
        get("/staff/duties", "", DUTIES),
        get("/staff/duty-rules", "", TOLD),
        post(
            "/staff/duty-rules",
            "",
            json!({ "reason": "试", "rule": { "kind": "enquiry", "from": today, "amount": 9, "warn_days": 1, "escalate_days": 1,
                "escalate_to": "finance_head" } }),
            &[Role::Disclosure, Role::Admin],
        ),
        get("/staff/major-events", &format!("?book={book}"), TOLD),
        post(
            "/staff/major-events",
            "",
            json!({ "id": Uuid::now_v7(), "book": book, "kind": "investment", "title": "试", "words": "试", "happened_on": today }),
            DRAWERS,
        ),
        get("/staff/complaints", "", &[Role::Disclosure, Role::ProjectManager, Role::Chair, Role::Auditor]),
        post("/staff/complaints/{complaint_id}/taking", &nobody, nothing(), filers),
        post(
            "/staff/complaints/{complaint_id}/answer",
            &nobody,
            json!({ "upheld": false, "answer": "已核实" }),
            filers,
        ),
        post(
            "/staff/donations/{donation_id}/message-moderation",
            &t.gift,
            json!({ "hidden": true, "reason": "试" }),
            filers,
        ),
        get("/staff/donations", "?number=B-1", &MONEY),
        get("/staff/bank-gifts", "", &MONEY),
        post("/staff/bank-gifts", "", bank_gift, &[Role::Cashier, Role::Bookkeeper]),
        post("/staff/bank-gifts/{donation_id}/confirmation", &t.bank_gift, nothing(), &SECOND),
        post("/staff/bank-gifts/{donation_id}/rejection", &t.bank_gift, nothing(), &SECOND),
        get("/staff/refunds", "", refund_readers),
        get("/staff/refunds/{refund_id}", &t.requested, refund_readers),
        post("/staff/refunds", "", refund, asking),
        post("/staff/refunds/{refund_id}/approval", &t.requested, nothing(), &[Role::FinanceHead]),
        post("/staff/refunds/{refund_id}/decline", &t.requested, reason(), &[Role::FinanceHead]),
        post(
            "/staff/refunds/{refund_id}/retry",
            &t.failed,
            nothing(),
            &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead],
        ),
        post("/staff/refunds/{refund_id}/outcome-proposal", &t.failed, nothing(), &[Role::Cashier, Role::Bookkeeper]),
        post("/staff/refunds/{refund_id}/bank-payment", &t.failed, json!({ "bank_account": "基本户" }), head),
        post("/staff/refunds/{refund_id}/give-up", &t.failed, nothing(), head),
        get("/staff/reconciliations", &format!("?book={}", w.book.uuid()), &BOOKS),
        get("/staff/reconciliations/missing", &format!("?book={}", w.book.uuid()), &BOOKS),
        get("/staff/reconciliations/rule", &format!("?book={}", w.book.uuid()), &BOOKS),
        post(
            "/staff/reconciliations/rule",
            &format!("?book={}", w.book.uuid()),
            json!({ "id": Uuid::now_v7(), "border_minutes": 60, "buffer_days": 3, "bank_days": 3 }),
            head,
        ),
        get("/staff/reconciliations/{date}", &format!("{} ?book={}", w.app.business.today(), w.book.uuid()), &BOOKS),
        get(
            "/staff/reconciliations/{date}/sheet",
            &format!("{} ?book={}", w.app.business.today(), w.book.uuid()),
            &BOOKS,
        ),
        post(
            "/staff/reconciliations/{date}/bills",
            &format!("{} ?book={}", w.app.business.today(), w.book.uuid()),
            json!("form"),
            &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead],
        ),
        post(
            "/staff/reconciliations/{date}/runs",
            &format!("{} ?book={}", w.app.business.today(), w.book.uuid()),
            nothing(),
            &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead],
        ),
        get("/staff/books/{book_id}/bank-accounts", &book, &BOOKS),
        put("/staff/books/{book_id}/bank-accounts", &book, json!({ "name": "基本户" }), &SECOND),
        post(
            "/staff/books/{book_id}/bank-statements",
            &format!("{book} ?id={}&account=基本户&", Uuid::now_v7()),
            json!("date,reference"),
            finance,
        ),
        get("/staff/books/{book_id}/bank-statements", &of_account, &BOOKS),
        get("/staff/books/{book_id}/bank-lines", &of_account, &BOOKS),
        get("/staff/books/{book_id}/bank-suggestions", &of_account, &BOOKS),
        post("/staff/books/{book_id}/bank-lines/acceptance", &of_account, accepted, &SECOND),
        get("/staff/books/{book_id}/bank-claims", &book, &BOOKS),
        post("/staff/bank-lines/{line_id}/claims", &nobody, claim, clerks),
        get("/staff/bank-lines/{line_id}", &nobody, &BOOKS),
        post("/staff/bank-lines/{line_id}/untying", &nobody, nothing(), &SECOND),
        post("/staff/bank-claims/approvals", "", claims.clone(), &SECOND),
        post("/staff/bank-claims/declines", "", claims, &SECOND),
        get("/staff/books/{book_id}/bank-balances", &of_account, &BOOKS),
        get("/staff/books/{book_id}/bank-balances/{month}", &of_month, &BOOKS),
        get(
            "/staff/books/{book_id}/bank-balances/{month}/workbook",
            &format!("{book} 2026-01 ?account=基本户"),
            &BOOKS,
        ),
        post(
            "/staff/books/{book_id}/bank-balances/{month}",
            &of_month,
            json!({ "id": Uuid::now_v7() }),
            &[Role::Bookkeeper],
        ),
        post("/staff/bank-balances/{balance_id}/review", &nobody, nothing(), head),
        post("/staff/bank-balances/{balance_id}/return", &nobody, nothing(), head),
        get("/staff/campaigns/{campaign_id}/bank-codes", &t.open, code_readers),
        post("/staff/campaigns/{campaign_id}/bank-codes", &t.open, json!({ "id": Uuid::now_v7() }), issuers),
        get("/staff/gift-lists", "", &MONEY),
        post(
            "/staff/gift-lists",
            &format!("?id={}&campaign={}&money=cash&", Uuid::now_v7(), t.open),
            json!("日期,金额"),
            clerks,
        ),
        post("/staff/gift-lists/{list_id}/posting", &nobody, nothing(), &SECOND),
        post("/staff/gift-lists/{list_id}/decline", &nobody, nothing(), &SECOND),
        get("/staff/loan-programmes", "", &LOANS),
        post("/staff/loan-programmes", "", programme, &[Role::Admin, Role::LeagueOfficer]),
        post("/staff/loan-programmes/{programme_id}/pool", &nobody, pool, &[Role::Admin, Role::LeagueOfficer]),
        get("/staff/loan-programmes/{programme_id}/days", &nobody, &LOANS),
        get("/staff/loan-programmes/{programme_id}/files", &nobody, &LOANS),
        get(
            "/staff/loan-programmes/{programme_id}/subsidies",
            &nobody,
            &[Role::Bookkeeper, Role::FinanceHead, Role::Auditor],
        ),
        post("/staff/loan-programmes/{programme_id}/subsidies", &nobody, nothing(), &SECOND),
        post("/staff/loan-subsidies/{subsidy_id}/receipt", &nobody, json!({ "on": today }), &SECOND),
        post("/staff/loan-files", "", json!("bytes"), &[Role::BankOfficer, Role::Bookkeeper, Role::FinanceHead]),
        get("/staff/loan-contracts/{contract_id}/servicing", &nobody, &CONTRACTS),
        post("/staff/loan-contracts/{contract_id}/events", &nobody, repayment, &[Role::BankOfficer]),
        get("/staff/loan-report", &format!("?month={}", &today[..7]), &LENDING),
        get("/staff/loan-report.xlsx", &format!("?month={}", &today[..7]), &LENDING),
        get("/staff/transfers", "", &BOOKS),
        get("/staff/transfers/{transfer_id}", &t.proposed, &BOOKS),
        post("/staff/transfers", "", transfer, cashier),
        post("/staff/transfers/{transfer_id}/arrival", &t.departed, nothing(), cashier),
        post("/staff/transfers/{transfer_id}/return", &t.departed, nothing(), cashier),
        post("/staff/transfers/{transfer_id}/confirmation", &t.proposed, nothing(), &SECOND),
        post("/staff/transfers/{transfer_id}/confirmation", &t.arriving, nothing(), &SECOND),
        post("/staff/transfers/{transfer_id}/rejection", &t.proposed, nothing(), &SECOND),
        get(
            "/staff/books",
            "",
            &[Role::Organiser, Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor],
        ),
        get("/staff/trial-balance", "", &BOOKS),
        get("/staff/books/{book_id}/closing", &book, &BOOKS),
        get("/staff/books/{book_id}/statements", &format!("{book} ?year=2026"), &BOOKS),
        post(
            "/staff/books/{book_id}/years/{year}/months/{month}/closing",
            &format!("{book} 2026 1"),
            nothing(),
            &[Role::Bookkeeper, Role::FinanceHead],
        ),
        post(
            "/staff/books/{book_id}/years/{year}/closing",
            &format!("{book} 2026"),
            json!({ "id": Uuid::now_v7() }),
            &[Role::Bookkeeper, Role::FinanceHead],
        ),
        get("/staff/year-closings/{closing_id}", &nobody, &COUNTS),
        post("/staff/year-closings/{closing_id}/approval", &nobody, nothing(), deciders),
        post("/staff/year-closings/{closing_id}/decline", &nobody, nothing(), deciders),
        post(
            "/staff/year-closings/{closing_id}/withdrawal",
            &nobody,
            nothing(),
            &[Role::Bookkeeper, Role::FinanceHead],
        ),
        get(
            "/staff/books/{book_id}/statements/lines",
            &format!("{book} ?year=2026&form=balance_sheet&row=cash&column=closing"),
            &BOOKS,
        ),
        get("/staff/books/{book_id}/statements/workbook", &format!("{book} ?year=2026"), &BOOKS),
        get("/staff/books/{book_id}/years", &book, &BOOKS),
        post("/staff/books/{book_id}/years/{year}/audit-reports", &format!("{book} 2026"), audit_report(), &SECOND),
        post("/staff/audit-reports/{report_id}/approval", &nobody, nothing(), deciders),
        post("/staff/audit-reports/{report_id}/decline", &nobody, nothing(), deciders),
        get("/staff/audit-reports/{report_id}/attachments", &nobody, &COUNTS),
        post("/staff/audit-reports/{report_id}/attachments", &nobody, json!("bytes"), &SECOND),
        get("/staff/audit-reports/{report_id}/attachments/{attachment_id}", &format!("{nobody} {nobody}"), &COUNTS),
        get("/staff/books/{book_id}/cash-counts", &book, &COUNTS),
        post("/staff/books/{book_id}/cash-counts", &book, new_box(cash_count("B箱")), cashier),
        post("/staff/cash-counts/{count_id}/signature", &t.cash_count, nothing(), &SECOND),
        post(
            "/staff/cash-counts/{count_id}/settlement",
            &t.cash_count,
            json!({ "choice": "write_off", "reason": "无法查明" }),
            deciders,
        ),
        post("/staff/cash-counts/{count_id}/withdrawal", &t.cash_count, nothing(), cashier),
        get(
            "/staff/books/{book_id}/years/{year}/ratios",
            &format!("{book} {}", w.app.business.today().year()),
            &RATIOS,
        ),
        get(
            "/staff/books/{book_id}/years/{year}/audit-pack",
            &format!("{book} {}", w.app.business.today().year()),
            &[Role::Bookkeeper, Role::FinanceHead, Role::Auditor],
        ),
        get("/staff/ratio-rules", "", &RATIOS),
        post(
            "/staff/ratio-rules",
            "",
            json!({ "ratio": "fundraising_share", "valid_from": "2020-01-01", "bound": "3%", "source": "试行规定" }),
            head,
        ),
        get("/staff/campaigns/{campaign_id}/sheet", &t.open, &CAMPAIGNS),
        get("/staff/campaigns/{campaign_id}/sheet/workbook", &t.open, &CAMPAIGNS),
        get("/staff/cash-flow-lines", "", &BOOKS),
        get("/staff/books/{book_id}/vouchers", &book, &BOOKS),
        post("/staff/books/{book_id}/vouchers", &book, voucher(Uuid::now_v7()), keeper),
        put(
            "/staff/books/{book_id}/vouchers/{voucher_id}",
            &format!("{book} {}", t.voucher),
            voucher(Uuid::now_v7()),
            keeper,
        ),
        post(
            "/staff/books/{book_id}/opening-conversion",
            &book,
            json!({ "lines": voucher(Uuid::now_v7())["lines"] }),
            &BOOKS,
        ),
        get("/staff/vouchers/{voucher_id}", &t.voucher, &BOOKS),
        post("/staff/vouchers/{voucher_id}/submission", &t.voucher, nothing(), keeper),
        post("/staff/vouchers/{voucher_id}/posting", &t.submitted_voucher, nothing(), head),
        post("/staff/vouchers/{voucher_id}/return", &t.submitted_voucher, reason(), head),
        post("/staff/vouchers/{voucher_id}/discard", &t.submitted_voucher, nothing(), &SECOND),
        post(
            "/staff/vouchers/{voucher_id}/reversal",
            &t.submitted_voucher,
            json!({ "id": Uuid::now_v7(), "event_date": today, "reason": "记错科目" }),
            keeper,
        ),
        get("/staff/vouchers/{voucher_id}/attachments", &t.voucher, &BOOKS),
        post("/staff/vouchers/{voucher_id}/attachments", &t.voucher, json!("bytes"), keeper),
        get("/staff/vouchers/{voucher_id}/attachments/{attachment_id}", &format!("{} {nobody}", t.voucher), &BOOKS),
        delete("/staff/vouchers/{voucher_id}/attachments/{attachment_id}", &format!("{} {nobody}", t.voucher), keeper),
        get("/staff/books/{book_id}/voucher-templates", &book, &BOOKS),
        post("/staff/books/{book_id}/voucher-templates", &book, voucher_template(Uuid::now_v7()), keeper),
        post("/staff/voucher-templates/{template_id}/stop", &t.voucher_template, nothing(), keeper),
        get("/staff/accounts/{account_id}", &Uuid::now_v7().to_string(), &BOOKS),
        get("/staff/accounts/{account_id}/statement", &Uuid::now_v7().to_string(), &BOOKS),
        get("/staff/entries", "?reference=x", &BOOKS),
        get("/staff/receipts", "", &BOOKS),
        get("/staff/receipts/backlog", "", &BOOKS),
        get("/staff/receipts/wishes", "", &BOOKS),
        post("/staff/receipts/wishes/export", "", reason(), cashier),
        post("/staff/receipts/import", "", json!({ "csv": "订单号", "trial": true }), cashier),
        post("/staff/receipts/{receipt_id}/void", &Uuid::now_v7().to_string(), reason(), cashier),
        post(
            "/staff/receipts/{receipt_id}/reversal",
            &Uuid::now_v7().to_string(),
            json!({ "reason": "退款", "code": "13060126", "number": "0000000001" }),
            cashier,
        ),
        get("/staff/enquiries", "", &[Role::Disclosure, Role::ProjectManager, Role::FinanceHead, Role::Auditor]),
        post(
            "/staff/enquiries/{enquiry_id}/answer",
            &Uuid::now_v7().to_string(),
            json!({ "answer": "已用于发放助学金" }),
            &[Role::Disclosure, Role::ProjectManager],
        ),
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
        Try {
            method: Method::PUT,
            path: "/staff/calendar/days/{day}",
            on: "2026-10-01".to_owned(),
            body: json!({ "working": false, "name": "国庆节" }),
            may: &[Role::Admin, Role::Disclosure],
        },
        get("/staff/breaks", "", &BOOKS),
        get("/staff/breaks/{break_id}/resolutions", &t.stray, &BOOKS),
        get("/staff/breaks/{break_id}/ways", &t.stray, &BOOKS),
        post("/staff/breaks/{break_id}/resolutions", &t.stray, proposal, &[Role::Cashier, Role::Bookkeeper]),
        post("/staff/resolutions/{resolution_id}/approval", &t.resolution, nothing(), &SECOND),
        post("/staff/resolutions/{resolution_id}/decline", &t.resolution, nothing(), &SECOND),
        post(
            "/staff/resolutions/{resolution_id}/retry",
            &t.resolution,
            nothing(),
            &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead],
        ),
        post(
            "/staff/resolutions/{resolution_id}/bank-payment",
            &t.resolution,
            json!({ "bank_account": "基本户" }),
            head,
        ),
        post("/staff/refunds/{refund_id}/cover-proposal", &t.requested, nothing(), head),
        post("/staff/refunds/{refund_id}/cover-approval", &t.requested, nothing(), &[Role::Chair]),
        get("/staff/members", "", readers),
        post("/staff/members", "", member, &ADMIN),
        post("/staff/members/{member_id}/activation", &t.member, nothing(), &ADMIN),
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
        post("/staff/profile-changes/{change_id}/decline", &t.change, nothing(), deciders),
        get("/staff/charities/{charity_id}/account-changes", &book, account_readers),
        post("/staff/charities/{charity_id}/account-changes", &book, account, deciders),
        get("/staff/charities/{charity_id}/outdated-campaigns", &book, account_readers),
        post("/staff/account-changes/{change_id}/approval", &t.account_change, nothing(), deciders),
        post("/staff/account-changes/{change_id}/decline", &t.account_change, nothing(), deciders),
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
        post("/staff/role-grants/{grant_id}/decline", &t.role_grant, nothing(), &ADMIN),
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

/// Who may do what about spending.
fn spending_tries<'a>(w: &World, t: &Papers) -> Vec<Try<'a>> {
    use Role::{Auditor, Bookkeeper, Cashier, Chair, Compliance, FinanceHead, Organiser, ProjectManager};
    let readers: &[Role] = &[Organiser, ProjectManager, FinanceHead, Chair, Cashier, Bookkeeper, Auditor];
    let files: &[Role] = &[Cashier, Bookkeeper, FinanceHead, Auditor];
    let (keepers, cashier, manager): (&[Role], &[Role], &[Role]) =
        (&[Organiser, ProjectManager, Cashier], &[Cashier], &[ProjectManager]);
    let try_it = |method: Method, path, on: &str, body: Value, may: &'a [Role]| Try {
        method,
        path,
        on: on.to_owned(),
        body,
        may,
    };
    let get = |path, on: &str, may| try_it(Method::GET, path, on, json!({}), may);
    let post = |path, on: &str, body: Value, may| try_it(Method::POST, path, on, body, may);
    let reason = || json!({ "reason": "核实情况" });
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
        try_it(Method::PUT, "/staff/payees/{payee_id}/account", &t.payee, account, keepers),
        post(
            "/staff/payees/{payee_id}/account-confirmation",
            &t.payee,
            json!({}),
            &[ProjectManager, FinanceHead, Bookkeeper],
        ),
        try_it(
            Method::PUT,
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
        get("/staff/child-access", "", &OPENERS),
        post("/staff/child-access/{access_id}/approval", &t.payee, reason(), &[Compliance, Chair]),
        post("/staff/child-access/{access_id}/decline", &t.payee, reason(), &[Compliance, Chair]),
        get("/staff/disbursements", "", readers),
        get("/staff/disbursements/waiting", "", readers),
        get("/staff/small-profile-reviews", "?month=2026-11", &[Auditor]),
        post("/staff/disbursements", "", paper.clone(), &AUTHORS),
        get("/staff/disbursements/{disbursement_id}", &t.draft, readers),
        try_it(Method::PUT, "/staff/disbursements/{disbursement_id}", &t.draft, paper, &AUTHORS),
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
        try_it(
            Method::DELETE,
            "/staff/disbursements/{disbursement_id}/attachments/{attachment_id}",
            &t.document,
            json!({}),
            &AUTHORS,
        ),
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
        try_it(
            Method::DELETE,
            "/staff/settlements/{settlement_id}/attachments/{attachment_id}",
            &proof,
            json!({}),
            settlers,
        ),
        post("/staff/settlements/{settlement_id}/confirmation", &t.settlement, json!({}), &SECOND),
        post("/staff/settlements/{settlement_id}/decline", &t.settlement, json!({}), &SECOND),
        get("/staff/payment-files", "", files),
        post("/staff/payment-files", "", file, cashier),
        get("/staff/payment-files/{file_id}", &t.made_file, files),
        get("/staff/payment-files/{file_id}/content", &t.made_file, cashier),
        post("/staff/payment-files/{file_id}/sending", &t.made_file, json!({}), cashier),
        post("/staff/payment-files/{file_id}/withdrawal", &t.made_file, json!({}), cashier),
        post("/staff/payment-files/{file_id}/results", &t.sent_file, results, &SECOND),
    ]
}

/// Who may do what about loans, tried on things that are not there: a role is asked for before anything is looked up.
fn lending_tries<'a>(w: &World) -> Vec<Try<'a>> {
    use Role::{Admin, Auditor, BankOfficer, LeagueOfficer};
    let (keepers, lenders, league): (&[Role], &[Role], &[Role]) = (&[Admin], &[BankOfficer], &[LeagueOfficer]);
    let (readers, authors): (&[Role], &[Role]) =
        (&[LeagueOfficer, BankOfficer, Auditor], &[LeagueOfficer, BankOfficer]);
    let nobody = Uuid::now_v7().to_string();
    let two = format!("{nobody} {nobody}");
    let version = format!("{nobody} 1");
    let try_it = |method: Method, path, on: &str, body: Value, may: &'a [Role]| Try {
        method,
        path,
        on: on.to_owned(),
        body,
        may,
    };
    let get = |path, on: &str, may| try_it(Method::GET, path, on, json!({}), may);
    let post = |path, on: &str, body: Value, may| try_it(Method::POST, path, on, body, may);
    let reason = || json!({ "reason": "核实情况" });
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
    vec![
        post("/staff/banks", "", json!({ "id": nobody, "code": "x", "name": "示例银行" }), keepers),
        get("/staff/banks/{bank_id}/officers", &nobody, keepers),
        try_it(Method::PUT, "/staff/banks/{bank_id}/officers/{member_id}", &two, json!({}), keepers),
        try_it(Method::DELETE, "/staff/banks/{bank_id}/officers/{member_id}", &two, json!({}), keepers),
        get("/staff/loan-products", "", readers),
        post("/staff/loan-products", "", product, authors),
        try_it(Method::PUT, "/staff/loan-products/{product_id}/open", &nobody, json!({ "open": true }), authors),
        get("/staff/loan-products/{product_id}/versions", &nobody, readers),
        try_it(
            Method::PUT,
            "/staff/loan-products/{product_id}/versions/{version}",
            &version,
            crate::lending::terms(),
            authors,
        ),
        post("/staff/loan-products/{product_id}/versions/{version}/publication", &version, json!({}), authors),
        get("/staff/lpr", "", readers),
        post("/staff/lpr", "", rate.clone(), authors),
        post("/staff/lpr/confirmation", "", rate, authors),
        get("/staff/loan-quotas", "", readers),
        post("/staff/loan-quotas", "", quota, authors),
        try_it(Method::PUT, "/staff/loan-quotas/{quota_id}", &nobody, json!({ "limit": "1.00" }), authors),
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
        try_it(Method::DELETE, "/staff/loan-applications/{application_id}/papers/{paper_id}", &two, json!({}), authors),
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
    ]
}

async fn attempt(officer: &Officer, it: &Try<'_>) -> Answer {
    let mut path = it.path.to_owned();
    for on in it.on.split(' ') {
        path = match path.split_once('{') {
            Some((before, rest)) => format!("{before}{on}{}", rest.split_once('}').unwrap().1),
            None => format!("{path}{on}"),
        };
    }
    // A form without parts.
    if it.body == json!("form") {
        let request = officer.request(it.method.clone(), &format!("/api/v1{path}"));
        return send(request.header(CONTENT_TYPE, "multipart/form-data; boundary=x").body("--x--\r\n")).await;
    }
    // A body that is a text stands for a document.
    if let Some(text) = it.body.as_str() {
        let request = officer.request(it.method.clone(), &format!("/api/v1{path}?kind=scan&file_name=a.txt"));
        return send(request.header(CONTENT_TYPE, "application/octet-stream").body(text.to_owned())).await;
    }
    officer.call(it.method.clone(), &path, (it.method != Method::GET).then(|| it.body.clone())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_refuses_every_role_it_is_not_for() {
    story(async |w| {
        let things = things(w).await;
        let mut tries = tries(w, &things);
        tries.extend(spending_tries(w, &things.papers));
        tries.extend(lending_tries(w));
        let tried: BTreeSet<(String, String)> =
            tries.iter().map(|it| (it.method.to_string(), format!("/api/v1{}", it.path))).collect();
        for operation in operations(w).await.iter().filter(|operation| operation.token.as_deref() == Some("Officer")) {
            let name = (operation.method.to_string(), operation.path.clone());
            assert!(tried.contains(&name), "nobody has said who may {name:?}");
        }
        for role in ALL {
            w.staff(role).await;
        }
        let before = standing(w).await;
        let mut refused = 0;
        for role in ALL {
            let officer = w.staff(role).await;
            for it in tries.iter().filter(|it| !it.may.contains(&role)) {
                let answer = attempt(&officer, it).await;
                if it.method == Method::PUT && it.path == "/staff/campaigns/{campaign_id}" {
                    answer.refused(404, "no_such_campaign");
                } else {
                    answer.refused(403, "forbidden");
                }
                refused += 1;
            }
        }
        assert!(refused > 300, "{refused}");
        assert_eq!(standing(w).await, before, "nothing came of it");
        // Whoever may read, reads.
        for role in ALL {
            let officer = w.staff(role).await;
            for it in tries.iter().filter(|it| it.method == Method::GET && it.may.contains(&role)) {
                let answer = attempt(&officer, it).await;
                assert!([200, 404].contains(&answer.status), "{role:?} {}: {}", it.path, answer.text);
            }
        }
    })
    .await;
}

/// A role over another county is no role here: each operation that a role may do on a thing of its own part of the tree is
/// tried by the same role from elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn no_role_reaches_into_another_county() {
    story(async |w| {
        let things = things(w).await;
        let mut tries = tries(w, &things);
        tries.extend(spending_tries(w, &things.papers));
        tries.extend(lending_tries(w));
        let mut strangers = Vec::new();
        for role in ALL {
            let username = format!("far-{}", role.as_str().replace('_', "-"));
            strangers.push((role, w.hire_over(role, &username, "/hebei/1306/").await));
        }
        let before = standing(w).await;
        let (mut refused, mut reached) = (0, BTreeSet::new());
        for (role, officer) in &strangers {
            let local = |it: &&Try<'_>| {
                let on_a_thing = it.path.contains('{') || it.method != Method::GET;
                let known = it.method == Method::GET && KNOWN_TO_ALL.contains(&it.path);
                on_a_thing && it.may.contains(role) && !known && !OF_THE_HOUSE.contains(&it.path)
            };
            for it in tries.iter().filter(local) {
                let answer = attempt(officer, it).await;
                if [403, 404].contains(&answer.status) {
                    refused += 1;
                } else {
                    reached.insert(format!("{} {} {}", answer.status, it.method, it.path));
                }
            }
        }
        assert!(reached.is_empty(), "{reached:#?}");
        assert!(refused > 50, "{refused}");
        // And no list tells of what is here.
        let (ours, mut told, mut read) = (things.ids(), BTreeSet::new(), 0);
        for (role, officer) in &strangers {
            let list = |it: &&Try<'_>| {
                it.method == Method::GET
                    && !it.path.contains('{')
                    && it.may.contains(role)
                    && !OF_THE_HOUSE.contains(&it.path)
            };
            for it in tries.iter().filter(list) {
                let answer = attempt(officer, it).await;
                let ours = ours.iter().filter(|id| answer.text.contains(id.as_str()));
                told.extend(ours.map(|id| format!("{role:?} {} tells of {id}", it.path)));
                // Who drafts names the book of the charity above them; nobody else has anything to do with it.
                if it.path == "/staff/books" && !AUTHORS.contains(role) {
                    assert_eq!(answer.body["items"], json!([]), "{role:?}");
                }
                read += 1;
            }
        }
        assert!(told.is_empty(), "{told:#?}");
        assert!(read > 50, "{read}");
        assert_eq!(standing(w).await, before, "nothing came of it");
    })
    .await;
}

/// Each role finds on its desk what its next step is for, and nothing of its own making.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_lies_on_the_desk_of_whoever_it_waits_for() {
    story(async |w| {
        let things = things(w).await;
        let desk =
            async |officer: &Officer| officer.get("/staff/waiting").await.ok()["items"].as_array().unwrap().clone();
        let second = ["payment_file", "settlement", "transfer", "bank_gift", "break", "cash_count"];
        let head = [
            // Payments of papers the head approved are for others to confirm.
            "campaign",
            "refund",
            "transfer",
            "bank_gift",
            "break",
            "voucher",
            "cash_count",
            "account_change",
        ];
        for (role, kinds) in [
            (Role::Organiser, &["campaign"][..]),
            (Role::ProjectManager, &["campaign", "disbursement"]),
            (Role::FinanceHead, &head),
            (Role::Bookkeeper, &second),
            (Role::Cashier, &["payment", "transfer"]),
            (Role::Disclosure, &["campaign"]),
            (Role::Admin, &[]),
            (Role::Chair, &[]),
            (Role::Auditor, &[]),
            (Role::Compliance, &[]),
        ] {
            let waiting = desk(&w.staff(role).await).await;
            let found: Vec<&str> = waiting.iter().map(|it| it["kind"].as_str().unwrap()).collect();
            assert_eq!(found, kinds, "{role:?}");
            for it in &waiting {
                let (count, first) = (it["count"].as_u64().unwrap(), it["first"].as_array().unwrap().len() as u64);
                assert_eq!(first, count.min(5), "{role:?} {it}");
            }
        }
        let head = w.staff(Role::FinanceHead).await;
        let waiting = desk(&head).await;
        assert_eq!((&waiting[0]["count"], &waiting[0]["first"][0]["id"]), (&json!(1), &json!(things.in_finance)));
        // Done is gone, and a second administrator sees what the first proposed.
        head.post(&format!("/staff/campaigns/{}/approval", things.in_finance), agreed()).await.ok();
        assert_eq!(desk(&head).await[0]["kind"], "refund");
        let admin = w.hire_over(Role::Admin, "admin-2", "/").await;
        assert_eq!(desk(&admin).await[0]["first"][0]["id"], json!(things.role_grant));
        // An account waits for another administrator than who asked for it.
        let new = json!({
            "id": Uuid::now_v7(), "username": "newcomer", "name": "新人", "grants": [{ "role": "organiser" }],
            "identity_number": identity_number(900),
        });
        admin.post("/staff/members", new.clone()).await.ok();
        let accounts = async |officer: &Officer| -> Vec<Value> {
            desk(officer).await.into_iter().filter(|it| it["kind"] == "account").collect()
        };
        let told = accounts(&w.staff(Role::Admin).await).await;
        assert_eq!((&told[0]["first"][0]["id"], &told[0]["first"][0]["note"]), (&new["id"], &json!("newcomer")));
        assert_eq!(accounts(&admin).await, [json!(null); 0]);
        // Elsewhere nothing waits.
        let far = w.hire_over(Role::FinanceHead, "far-head", "/hebei/1306/").await;
        assert_eq!(desk(&far).await, [json!(null); 0]);
    })
    .await;
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
