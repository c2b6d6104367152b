//! Who may do what, asked of every operation of the OpenAPI document; and how staff come, sign in and go.

use std::collections::{BTreeMap, BTreeSet};

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::Answer;
use crate::privacy::operations;
use crate::world::{Officer, Terms, World, story, story_with};

const ALL: [Role; 10] = [
    Role::Organiser,
    Role::ProjectManager,
    Role::FinanceHead,
    Role::Cashier,
    Role::Bookkeeper,
    Role::Disclosure,
    Role::LeagueOfficer,
    Role::BankOfficer,
    Role::Auditor,
    Role::Admin,
];
const BOOKS: [Role; 4] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];
const MONEY: [Role; 5] = [Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];
const CAMPAIGNS: [Role; 7] = [
    Role::Organiser,
    Role::ProjectManager,
    Role::FinanceHead,
    Role::Cashier,
    Role::Bookkeeper,
    Role::Disclosure,
    Role::Auditor,
];
const AUTHORS: [Role; 2] = [Role::Organiser, Role::ProjectManager];
const SECOND: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
const ADMIN: [Role; 1] = [Role::Admin];

/// Things for operations to be tried on, each in a state that the operation is for.
struct Things {
    draft: String,
    submitted: String,
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
    member: String,
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
            staff(*role).await.post(&path, reason.clone()).await.ok();
        }
        id(&draft)
    };
    let submitted = (Role::Organiser, "submission");
    let first = (Role::ProjectManager, "approval");
    let second = (Role::FinanceHead, "approval");
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
    Things {
        draft: campaign(&[]).await,
        submitted: campaign(&[submitted]).await,
        in_finance: campaign(&[submitted, first]).await,
        rejected: campaign(&[submitted, (Role::ProjectManager, "rejection")]).await,
        approved: campaign(&[submitted, first, second]).await,
        open: open.to_string(),
        paused: paused.to_string(),
        gift: gift.id.to_string(),
        bank_gift: id(&bank_gift),
        requested,
        failed,
        proposed: transfer(&[]).await,
        departed: transfer(&[left]).await,
        arriving: transfer(&[left, (Role::Cashier, "arrival")]).await,
        member: w.staff(Role::Disclosure).await.id.to_string(),
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
    let refund = json!({ "id": Uuid::now_v7(), "donation": t.gift, "amount": "1.00", "reason": "error" });
    let transfer = json!({ "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": "1.00", "bank_account": "基本户" });
    let bank_gift = json!({
        "id": Uuid::now_v7(), "campaign": t.open, "amount": "10.00", "counterparty": "示例公司", "bank_account": "基本户",
        "reference": "B-2", "received_on": w.app.business.today().to_string(),
    });
    let member = json!({ "id": Uuid::now_v7(), "username": "newcomer", "name": "新人", "roles": ["organiser"] });
    let (manager, head, cashier): (&[Role], &[Role], &[Role]) =
        (&[Role::ProjectManager], &[Role::FinanceHead], &[Role::Cashier]);
    let operators: &[Role] = &[Role::Admin, Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
    let readers: &[Role] = &[Role::Admin, Role::Auditor];
    let asking: &[Role] = &[Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
    vec![
        get("/sessions/current", "", &ALL),
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
        post("/staff/campaigns/{campaign_id}/submission", &t.draft, nothing(), &AUTHORS),
        post("/staff/campaigns/{campaign_id}/approval", &t.submitted, nothing(), manager),
        post("/staff/campaigns/{campaign_id}/rejection", &t.submitted, reason(), manager),
        post("/staff/campaigns/{campaign_id}/approval", &t.in_finance, nothing(), head),
        post("/staff/campaigns/{campaign_id}/rejection", &t.in_finance, reason(), head),
        post("/staff/campaigns/{campaign_id}/revision", &t.rejected, nothing(), &AUTHORS),
        post("/staff/campaigns/{campaign_id}/cancellation", &t.approved, reason(), &AUTHORS),
        post("/staff/campaigns/{campaign_id}/pause", &t.open, reason(), manager),
        post("/staff/campaigns/{campaign_id}/resumption", &t.paused, nothing(), manager),
        post("/staff/campaigns/{campaign_id}/end", &t.open, reason(), manager),
        get("/staff/donations", "?number=B-1", &MONEY),
        post("/staff/bank-gifts", "", bank_gift, &[Role::Cashier, Role::Bookkeeper]),
        post("/staff/bank-gifts/{donation_id}/confirmation", &t.bank_gift, nothing(), &SECOND),
        post("/staff/bank-gifts/{donation_id}/rejection", &t.bank_gift, nothing(), &SECOND),
        get("/staff/refunds", "", &MONEY),
        get("/staff/refunds/{refund_id}", &t.requested, &MONEY),
        post("/staff/refunds", "", refund, asking),
        post("/staff/refunds/{refund_id}/approval", &t.requested, nothing(), &SECOND),
        post("/staff/refunds/{refund_id}/decline", &t.requested, reason(), &SECOND),
        post(
            "/staff/refunds/{refund_id}/retry",
            &t.failed,
            nothing(),
            &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead],
        ),
        post("/staff/refunds/{refund_id}/outcome-proposal", &t.failed, nothing(), &[Role::Cashier, Role::Bookkeeper]),
        post("/staff/refunds/{refund_id}/bank-payment", &t.failed, json!({ "bank_account": "基本户" }), head),
        post("/staff/refunds/{refund_id}/give-up", &t.failed, nothing(), head),
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
        get("/staff/accounts/{account_id}", &Uuid::now_v7().to_string(), &BOOKS),
        get("/staff/accounts/{account_id}/statement", &Uuid::now_v7().to_string(), &BOOKS),
        get("/staff/entries", "?reference=x", &BOOKS),
        get("/staff/breaks", "", &BOOKS),
        get("/staff/members", "", readers),
        post("/staff/members", "", member, &ADMIN),
        post("/staff/members/{member_id}/activation", &t.member, nothing(), &ADMIN),
        post("/staff/members/{member_id}/disablement", &t.member, nothing(), &ADMIN),
        post("/staff/members/{member_id}/credentials-reset", &t.member, nothing(), &ADMIN),
        // One's own sessions are one's own.
        get("/staff/members/{member_id}/sessions", &t.member, &[Role::Admin, Role::Auditor, Role::Disclosure]),
        Try {
            method: Method::DELETE,
            path: "/staff/members/{member_id}/sessions",
            on: t.member.clone(),
            body: json!({}),
            may: &[Role::Admin, Role::Disclosure],
        },
        get("/staff/trail", "", readers),
        get("/jobs/runs", "", &[Role::Admin, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor]),
        post("/jobs/{name}/runs", "session_sweep", nothing(), operators),
    ]
}

async fn attempt(officer: &Officer, it: &Try<'_>) -> Answer {
    let path = match it.path.split_once('{') {
        Some((before, rest)) => format!("{before}{}{}", it.on, rest.split_once('}').unwrap().1),
        None => format!("{}{}", it.path, it.on),
    };
    officer.call(it.method.clone(), &path, (it.method != Method::GET).then(|| it.body.clone())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_refuses_every_role_it_is_not_for() {
    story(async |w| {
        let things = things(w).await;
        let tries = tries(w, &things);
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
                if it.method == Method::PUT {
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

/// How many things stand where.
async fn standing(w: &World) -> BTreeMap<&'static str, i64> {
    let mut counts = BTreeMap::new();
    for (what, sql) in [
        ("steps of campaigns", "SELECT CAST(count(*) AS BIGINT) FROM campaign_history"),
        ("campaigns", "SELECT CAST(count(*) AS BIGINT) FROM campaign"),
        ("steps of gifts", "SELECT CAST(count(*) AS BIGINT) FROM donation_history"),
        ("gifts", "SELECT CAST(count(*) AS BIGINT) FROM donation"),
        ("steps of refunds", "SELECT CAST(count(*) AS BIGINT) FROM refund_history"),
        ("refunds", "SELECT CAST(count(*) AS BIGINT) FROM refund"),
        ("transfers", "SELECT CAST(count(*) AS BIGINT) FROM transfer"),
        ("transfers proposed", "SELECT CAST(count(*) AS BIGINT) FROM transfer WHERE state = 'proposed'"),
        ("transfers arriving", "SELECT CAST(count(*) AS BIGINT) FROM transfer WHERE state = 'arrival_proposed'"),
        ("entries", "SELECT CAST(count(*) AS BIGINT) FROM entry"),
        ("staff who can sign in", "SELECT CAST(count(*) AS BIGINT) FROM staff WHERE active"),
        ("sessions ended", "SELECT CAST(count(*) AS BIGINT) FROM session WHERE revoked_us IS NOT NULL"),
        ("runs", "SELECT CAST(count(*) AS BIGINT) FROM job_run"),
    ] {
        counts.insert(what, w.count(sql).await);
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_make_staff_and_one_is_enough_to_shut_somebody_out() {
    story(async |w| {
        let (first, second) = (w.hire(Role::Admin, "admin-1").await, w.hire(Role::Admin, "admin-2").await);
        let refused = w.app.identity.create_first_staff(Role::Cashier, "late", "某人").await;
        assert!(refused.is_err(), "from now on the console makes staff");
        let id = Uuid::now_v7();
        let proposal = json!({ "id": id, "username": "cashier-1", "name": "出纳", "roles": ["cashier"] });
        first.post("/staff/members", proposal.clone()).await.ok();
        first.post("/staff/members", proposal.clone()).await.ok();
        let taken = json!({ "id": Uuid::now_v7(), "username": "cashier-1", "name": "出纳", "roles": ["cashier"] });
        first.post("/staff/members", taken).await.refused(409, "username_taken");
        let mut other = proposal.clone();
        other["roles"] = json!(["admin"]);
        second.post("/staff/members", other).await.refused(409, "id_reused");
        let step = |name: &str| format!("/staff/members/{id}/{name}");
        first.act(&step("activation")).await.refused(403, "other_person_needed");
        let made = second.act(&step("activation")).await.ok();
        second.act(&step("activation")).await.refused(409, "wrong_state");
        let (password, seed) = (made["password"].as_str().unwrap(), made["totp_secret"].as_str().unwrap().to_owned());
        let cashier = w.sign_in("cashier-1", password, Some(seed.clone())).await;
        assert_eq!(cashier.get("/sessions/current").await.ok()["roles"], json!(["cashier"]));

        first.act(&step("disablement")).await.ok();
        cashier.get("/sessions/current").await.refused(401, "unauthorized");
        let login = json!({ "username": "cashier-1", "password": password, "otp": w.otp(&seed, 30) });
        w.stranger.post("/sessions/staff", login).await.refused(401, "wrong_credentials");
        first.act(&step("credentials-reset")).await.ok();
        first.act(&step("activation")).await.refused(403, "other_person_needed");
        let again = second.act(&step("activation")).await.ok();
        assert_ne!(again["password"], made["password"]);
        assert_ne!(again["totp_secret"], made["totp_secret"]);
        let members = second.get("/staff/members").await.ok();
        assert_eq!(members["items"].as_array().unwrap().len(), 3);
        let trail = second.get("/staff/trail?limit=100").await.ok();
        for action in ["staff.propose", "staff.activate", "staff.disable", "staff.reset_credentials", "staff.login"] {
            assert!(trail["items"].as_array().unwrap().iter().any(|line| line["action"] == action), "{action}");
        }
        assert!(!trail.to_string().contains(password));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_password_works_once_and_guessing_locks_the_account() {
    story(async |w| {
        let made = w.hire(Role::Cashier, "cashier-1").await;
        let login = |password: &str, otp: Option<String>| {
            json!({ "username": made.username, "password": password, "otp": otp })
        };
        let seed = made.seed.as_deref().unwrap();
        let sign_in = async |body: Value| w.stranger.post("/sessions/staff", body).await;
        sign_in(login(&made.password, None)).await.refused(401, "otp_needed");
        // The one they signed in with is used up; the next one is good, once, even for three at once.
        sign_in(login(&made.password, made.otp.clone())).await.refused(401, "wrong_credentials");
        let next = w.otp(seed, 30);
        let tries = (0..3).map(|_| sign_in(login(&made.password, Some(next.clone()))));
        let answers = futures_util::future::join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);

        for name in ["cashier-1", "nobody-at-all"] {
            let mut locked = 0;
            for _ in 0..7 {
                let guess = json!({ "username": name, "password": "guess", "otp": "000000" });
                let answer = sign_in(guess).await;
                if answer.status == 429 {
                    answer.refused(429, "locked");
                    locked += 1;
                } else {
                    answer.refused(401, "wrong_credentials");
                }
            }
            assert!(locked >= 2, "{name}");
        }
        sign_in(login(&made.password, Some(w.otp(seed, 30)))).await.refused(429, "locked");
        made.get("/sessions/current").await.ok();
        made.call(Method::DELETE, "/sessions/current", None).await.ok();
        made.get("/sessions/current").await.refused(401, "unauthorized");
        made.call(Method::DELETE, "/sessions/current", None).await.ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_may_not_try_for_ever() {
    let terms = Terms { staff_logins_per_minute: 6, ..Terms::default() };
    story_with(terms, async |w| {
        let guess = |number: usize| json!({ "username": format!("nobody-{number}"), "password": "guess" });
        for number in 0..6 {
            w.stranger.post("/sessions/staff", guess(number)).await.refused(401, "wrong_credentials");
        }
        for _ in 0..3 {
            let answer = w.stranger.post("/sessions/staff", guess(7)).await;
            let wait: u64 = answer.refused(429, "too_many_requests").header("retry-after").unwrap().parse().unwrap();
            assert!((1..=60).contains(&wait));
        }
        // A header that nobody of ours wrote does not make another address of it.
        let forged =
            w.stranger.request(Method::POST, "/api/v1/sessions/staff").header("X-Forwarded-For", "203.0.113.9");
        crate::caller::send(forged.json(&guess(8))).await.refused(429, "too_many_requests");
        w.donor("o-one").await;
    })
    .await;
}
