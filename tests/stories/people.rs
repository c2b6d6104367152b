//! Who belongs to the house: one account a person, roles over parts of the tree, roles lent for some days; how staff come, sign in and go.

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{Officer, Terms, World, identity_number, story, story_with};

async fn administrators(w: &World) -> (Officer, Officer) {
    (w.hire(Role::Admin, "admin-1").await, w.hire(Role::Admin, "admin-2").await)
}

fn proposal(serial: u32, username: &str, grants: Value) -> Value {
    json!({
        "id": Uuid::now_v7(), "username": username, "name": "某人", "grants": grants, "identity_number": identity_number(serial),
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_natural_person_has_one_account() {
    story(async |w| {
        let (first, second) = administrators(w).await;
        let unit = w.unit("1305").await;
        let new = proposal(1, "manager-1", json!([{ "role": "project_manager", "unit": unit }]));
        first.post("/staff/members", new.clone()).await.ok();
        first.post("/staff/members", new.clone()).await.ok();
        let again = proposal(1, "manager-2", json!([{ "role": "cashier" }]));
        second.post("/staff/members", again).await.refused(409, "person_has_account");
        let mut wrong = proposal(2, "manager-3", json!([{ "role": "cashier" }]));
        wrong["identity_number"] = json!("130502189901010001");
        second.post("/staff/members", wrong).await.refused(422, "invalid_field");
        let both = proposal(3, "both", json!([{ "role": "cashier" }, { "role": "bookkeeper" }]));
        second.post("/staff/members", both).await.refused(409, "cashier_is_no_bookkeeper");
        let made = second.act(&format!("/staff/members/{}/activation", text(&new["id"]))).await.ok();
        let seed = made["totp_secret"].as_str().map(str::to_owned);
        assert!(seed.is_some(), "who approves money signs in with a one-time password");
        let manager = w.sign_in("manager-1", text(&made["password"]), seed).await;
        let me = manager.get("/sessions/current").await.ok();
        assert_eq!(me["grants"], json!([{ "role": "project_manager", "over": "/hebei/1305/", "acting_for": null }]));
        let members = first.get("/staff/members").await.ok();
        assert!(!members.to_string().contains(&identity_number(1)[..17]));
        let two = "UPDATE staff SET person_hmac = (SELECT person_hmac FROM staff WHERE username = 'manager-1') WHERE username = 'admin-1'";
        w.attacked(two, "person").await;
        w.attacked("UPDATE staff SET person_hmac = NULL WHERE username = 'manager-1'", "staff_person_fixed").await;

        // Who was made on the command line is written down later: once, by another, and no other person's.
        let known = |who: &Officer| {
            let members = members.clone();
            let id = who.id.to_string();
            members["items"].as_array().unwrap().iter().find(|row| row["id"] == id.as_str()).unwrap()["identified"].clone()
        };
        assert_eq!((known(&first), known(&manager)), (json!(false), json!(true)));
        let of = |who: &Officer| format!("/staff/members/{}/identification", who.id);
        let number = |serial: u32| json!({ "identity_number": identity_number(serial) });
        first.post(&of(&first), number(4)).await.refused(403, "own_account");
        manager.post(&of(&first), number(4)).await.refused(403, "forbidden");
        second.post(&of(&first), number(1)).await.refused(409, "person_has_account");
        second.post(&of(&first), json!({ "identity_number": "130502189901010001" })).await.refused(422, "invalid_field");
        for _ in 0..2 {
            second.post(&of(&first), number(4)).await.ok();
        }
        second.post(&of(&first), number(5)).await.refused(409, "wrong_state");
        first.post(&of(&second), number(4)).await.refused(409, "person_has_account");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM staff WHERE username = 'both'").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_granted_by_two_and_taken_by_one_and_nobody_helps_themselves() {
    story(async |w| {
        let (first, second) = administrators(w).await;
        let officer = w.hire_over(Role::Disclosure, "officer-1", "/").await;
        let role = |role: &str, unit: Option<Uuid>| json!({ "id": Uuid::now_v7(), "role": role, "unit": unit, "reason": "岗位调整" });
        let of = |member: Uuid| format!("/staff/members/{member}/roles");
        let step = |role: &Value, step: &str| format!("/staff/role-grants/{}/{step}", text(&role["id"]));
        first.post(&of(first.id), role("chair", None)).await.refused(403, "own_account");
        let head = role("finance_head", Some(w.unit("1306").await));
        first.post(&of(officer.id), head.clone()).await.ok();
        first.post(&of(officer.id), head.clone()).await.ok();
        first.act(&step(&head, "approval")).await.refused(403, "other_person_needed");
        officer.act(&step(&head, "approval")).await.refused(403, "forbidden");
        assert_eq!(officer.get("/sessions/current").await.ok()["roles"], json!(["disclosure"]), "nothing yet");
        let decided = second.act(&step(&head, "approval")).await.ok();
        let seed = text(&decided["totp_secret"]).to_owned();
        officer.get("/sessions/current").await.refused(401, "unauthorized");
        let both = w.sign_in("officer-1", &officer.password, Some(seed)).await;
        assert_eq!(both.get("/sessions/current").await.ok()["grants"][0], json!({ "role": "finance_head", "over": "/hebei/1306/", "acting_for": null }));
        let why = json!({ "reason": "岗位已有人" });
        second.post(&step(&head, "decline"), why.clone()).await.refused(409, "wrong_state");
        first.post(&of(officer.id), role("admin", None)).await.refused(409, "admin_moves_no_money");
        let declined = role("league_officer", None);
        first.post(&of(officer.id), declined.clone()).await.ok();
        both.act(&step(&declined, "approval")).await.refused(403, "forbidden");
        second.post(&step(&declined, "decline"), json!({ "reason": " " })).await.refused(422, "invalid_field");
        assert_eq!(second.post(&step(&declined, "decline"), why).await.ok()["grant"]["state"], "declined");

        // Taken away at once, by one.
        first.call(Method::DELETE, &format!("{}/finance_head", of(officer.id)), None).await.ok();
        first.call(Method::DELETE, &format!("{}/finance_head", of(officer.id)), None).await.ok();
        assert_eq!(both.get("/sessions/current").await.ok()["roles"], json!(["disclosure"]));
        first.call(Method::DELETE, &format!("{}/disclosure", of(officer.id)), None).await.refused(409, "wrong_state");
        first.call(Method::DELETE, &format!("{}/admin", of(first.id)), None).await.refused(403, "own_account");

        // By direct SQL nobody is given a role by one person, by nobody, or by themselves.
        let (one, other, me) = (first.id, second.id, officer.id);
        let insert = |granted: &str, approved: &str| {
            format!(
                "INSERT INTO staff_role (staff_id, role, granted_by, granted_us, approved_by) \
                 SELECT id, 'cashier', '{granted}', 1, {approved} FROM staff WHERE username = 'officer-1'"
            )
        };
        w.attacked(&insert(&one.to_string(), "NULL"), "staff_role_unapproved").await;
        w.attacked(&insert(&one.to_string(), &format!("'{one}'")), "staff_role_own_check").await;
        w.attacked(&insert(&one.to_string(), &format!("'{me}'")), "staff_role_unapproved").await;
        w.attacked(&insert(&me.to_string(), &format!("'{other}'")), "staff_role_unapproved").await;
        w.attacked(&insert("command line", "NULL"), "staff_role_unapproved").await;
        w.attacked("UPDATE staff_role SET role = 'admin' WHERE role = 'disclosure'", "staff_role_fixed").await;
        let id = w.sql_id(text(&declined["id"]));
        w.attacked(&format!("UPDATE role_grant SET state = 'approved' WHERE id = {id}"), "role_grant_decided").await;
        let own = role("chair", None);
        first.post(&of(officer.id), own.clone()).await.ok();
        let id = w.sql_id(text(&own["id"]));
        w.attacked(&format!("UPDATE role_grant SET approver_id = author_id WHERE id = {id}"), "role_grant_own_check").await;
        w.attacked(&format!("UPDATE role_grant SET approver_id = staff_id WHERE id = {id}"), "role_grant_self_check").await;
        // An account that was proposed is not switched on by a statement.
        first.post("/staff/members", proposal(1, "later", json!([{ "role": "admin" }]))).await.ok();
        w.attacked("UPDATE staff SET active = NOT active WHERE username = 'later'", "").await;
        let trail = second.get("/staff/trail?limit=100").await.ok().to_string();
        for action in ["staff.propose_role", "staff.grant_role", "staff.decline_role", "staff.revoke_role"] {
            assert!(trail.contains(action), "{action}");
        }
    })
    .await;
}

/// Roles that one person does not join (facts: charity 1, 6.6a; 会计法), whoever asks for them, lends them, or writes them by hand.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_person_may_not_hold_together_is_refused_however_it_is_asked_for() {
    story(async |w| {
        let (first, second) = administrators(w).await;
        let today = w.app.business.today().to_string();
        let pairs = [
            (Role::Auditor, Role::Cashier, "auditor_is_alone"),
            (Role::Auditor, Role::Organiser, "auditor_is_alone"),
            (Role::Admin, Role::FinanceHead, "admin_moves_no_money"),
            (Role::Admin, Role::ProjectManager, "admin_moves_no_money"),
            (Role::Compliance, Role::Organiser, "compliance_is_no_author"),
            (Role::Compliance, Role::Cashier, "compliance_is_no_author"),
            (Role::Cashier, Role::Bookkeeper, "cashier_is_no_bookkeeper"),
            (Role::Bookkeeper, Role::ProjectManager, "bookkeeper_is_no_approver"),
            (Role::Bookkeeper, Role::FinanceHead, "bookkeeper_is_no_approver"),
        ];
        let mut serial = 100;
        for (held, other, code) in pairs.into_iter().flat_map(|(one, other, code)| [(one, other, code), (other, one, code)]) {
            let (one, two) = (held.as_str(), other.as_str());
            serial += 1;
            let both = proposal(serial, &format!("both-{serial}"), json!([{ "role": one }, { "role": two }]));
            first.post("/staff/members", both).await.refused(409, code);
            let person = w.hire_over(held, &format!("one-{serial}"), "/hebei/1305/").await;
            let role = json!({ "id": Uuid::now_v7(), "role": two, "unit": null, "reason": "岗位调整" });
            first.post(&format!("/staff/members/{}/roles", person.id), role).await.refused(409, code);
            let lender = w.hire_over(other, &format!("two-{serial}"), "/hebei/1305/").await;
            let lent = json!({
                "id": Uuid::now_v7(), "lender": lender.id, "holder": person.id, "role": two, "starts_on": today, "ends_on": today,
                "reason": "出差",
            });
            lender.post("/staff/delegations", lent).await.refused(409, code);
            let by_hand = format!(
                "INSERT INTO staff_role (staff_id, role, granted_by, granted_us, approved_by) \
                 VALUES ({}, '{two}', '{}', 1, '{}')",
                w.sql_id(&person.id.to_string()),
                first.id,
                second.id
            );
            w.attacked(&by_hand, code).await;
            let key = w.sql_id(&Uuid::now_v7().to_string());
            let lent_by_hand = format!(
                "INSERT INTO delegation (id, lender_id, holder_id, role, starts_on, ends_on, reason, author_id, created_us) \
                 VALUES ({key}, {lender}, {}, '{two}', '{today}', '{today}', '试', {lender}, 1)",
                w.sql_id(&person.id.to_string()),
                lender = w.sql_id(&lender.id.to_string()),
            );
            w.attacked(&lent_by_hand, code).await;
        }
        // What a small foundation joins, it may: author and payer of different papers, the head and the chair.
        let some = proposal(99, "joined", json!([{ "role": "organiser" }, { "role": "cashier" }, { "role": "chair" }]));
        first.post("/staff/members", some).await.ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_left_who_can_make_staff() {
    story(async |w| {
        let (first, second) = administrators(w).await;
        let step = |who: &Officer, step: &str| format!("/staff/members/{}/{step}", who.id);
        first.act(&step(&first, "disablement")).await.refused(403, "own_account");
        first.act(&step(&first, "credentials-reset")).await.refused(403, "own_account");
        let local = w.hire_over(Role::Admin, "admin-1305", "/hebei/1305/").await;
        local.act(&step(&first, "disablement")).await.refused(403, "forbidden");
        // Each wants the other out, at the same moment: one stays.
        let (there, here) = (step(&second, "disablement"), step(&first, "disablement"));
        let (one, other) = tokio::join!(first.act(&there), second.act(&here));
        let done = [&one, &other].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(done, 1, "{} {}", one.text, other.text);
        let left = "SELECT CAST(count(*) AS BIGINT) FROM staff s JOIN staff_role r ON r.staff_id = s.id WHERE r.role = 'admin' AND s.active AND r.unit_id IS NULL";
        assert_eq!(w.count(left).await, 1);
        let off = match w.app.db.backend() {
            sea_orm::DbBackend::Postgres => "UPDATE staff SET active = false WHERE username LIKE 'admin-_' AND active",
            _ => "UPDATE staff SET active = 0 WHERE username LIKE 'admin-_' AND active = 1",
        };
        w.attacked(off, "last_administrator").await;
        let role = "DELETE FROM staff_role WHERE role = 'admin' AND unit_id IS NULL AND staff_id IN (SELECT id FROM staff WHERE active)";
        w.attacked(role, "last_administrator").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_lent_by_two_persons_until_its_last_day() {
    story(async |w| {
        let (admin, other) = administrators(w).await;
        let lender = w.hire_over(Role::FinanceHead, "head-1305", "/hebei/1305/").await;
        let holder = w.hire_over(Role::Chair, "chair-1305", "/hebei/1305/").await;
        let organiser = w.hire_over(Role::Organiser, "organiser-1305", "/hebei/1305/").await;
        let today = w.app.business.today();
        let lend = |holder: &Officer, role: &str| {
            json!({
                "id": Uuid::now_v7(), "lender": lender.id, "holder": holder.id, "role": role, "starts_on": today.to_string(),
                "ends_on": today.next().to_string(), "reason": "出差",
            })
        };
        let step = |lent: &Value, step: &str| format!("/staff/delegations/{}/{step}", text(&lent["id"]));
        lender.post("/staff/delegations", lend(&holder, "cashier")).await.refused(409, "role_not_held");
        lender.post("/staff/delegations", lend(&lender, "finance_head")).await.refused(422, "invalid_field");
        lender.post("/staff/delegations", lend(&organiser, "finance_head")).await.refused(409, "otp_missing");
        holder.post("/staff/delegations", lend(&holder, "finance_head")).await.refused(403, "forbidden");
        let mut elsewhere = lend(&holder, "finance_head");
        elsewhere["unit"] = json!(w.unit("1306").await);
        lender.post("/staff/delegations", elsewhere).await.refused(409, "role_not_held");
        let mut long = lend(&holder, "finance_head");
        long["ends_on"] = json!("2099-01-01");
        lender.post("/staff/delegations", long).await.refused(422, "invalid_field");

        let lent = lend(&holder, "finance_head");
        let stands = lender.post("/staff/delegations", lent.clone()).await.ok();
        assert_eq!(lender.post("/staff/delegations", lent.clone()).await.ok(), stands);
        assert_eq!(holder.get("/sessions/current").await.ok()["roles"], json!(["chair"]), "not approved yet");
        lender.act(&step(&lent, "approval")).await.refused(403, "other_person_needed");
        holder.act(&step(&lent, "approval")).await.refused(403, "forbidden");
        let id = w.sql_id(text(&lent["id"]));
        for who in ["author_id", "holder_id"] {
            w.attacked(&format!("UPDATE delegation SET approver_id = {who} WHERE id = {id}"), "delegation_own_check").await;
        }
        admin.act(&step(&lent, "approval")).await.ok();
        admin.act(&step(&lent, "approval")).await.ok();
        w.attacked(&format!("UPDATE delegation SET approver_id = NULL WHERE id = {id}"), "delegation_decided").await;
        w.attacked(&format!("UPDATE delegation SET ends_on = '2099-01-01' WHERE id = {id}"), "delegation_fixed").await;
        let me = holder.get("/sessions/current").await.ok();
        let grant = json!({ "role": "finance_head", "over": "/hebei/1305/", "acting_for": lender.id });
        assert!(me["grants"].as_array().unwrap().contains(&grant), "{me}");

        // Whose role it is wrote the paper: who stands in for them may not decide on it.
        let charity = json!({
            "id": Uuid::now_v7(), "code": "xingtai", "name": "示例市基金会", "unit": w.unit("1305").await, "bank_account": "基本户",
            "contact": { "office_address": "示例路2号", "contact": "0319-0", "information_url": "https://example.org" },
        });
        admin.post("/staff/charities", charity.clone()).await.ok();
        let changes = format!("/staff/charities/{}/profile-changes", text(&charity["id"]));
        let change = json!({
            "id": Uuid::now_v7(), "profile": "small", "single_limit": "1.00", "third_limit": "2.00", "account_quiet_days": 1, "reason": "试",
        });
        lender.post(&changes, change.clone()).await.ok();
        // The chair's own role suffices for it; the cashier who only stands in has no other.
        let cashier = w.hire_over(Role::Cashier, "cashier-1305", "/hebei/1305/").await;
        let second = lend(&cashier, "finance_head");
        admin.post("/staff/delegations", second.clone()).await.ok();
        lender.act(&step(&second, "approval")).await.ok();
        let decide = format!("/staff/profile-changes/{}/approval", text(&change["id"]));
        cashier.act(&decide).await.refused(403, "other_person_needed");
        let id = w.sql_id(text(&change["id"]));
        let forged = format!("UPDATE profile_change SET acting_for_id = author_id WHERE id = {id}");
        w.attacked(&forged, "profile_change_acting_check").await;
        holder.act(&decide).await.ok();

        // Nobody's role is lent without them, and administrators come by none among themselves.
        let own = json!({
            "id": Uuid::now_v7(), "lender": lender.id, "holder": admin.id, "role": "finance_head", "starts_on": today.to_string(),
            "ends_on": today.to_string(), "reason": "代办",
        });
        admin.post("/staff/delegations", own.clone()).await.refused(403, "own_account");
        other.post("/staff/delegations", own).await.refused(409, "admin_moves_no_money");
        let third = lend(&holder, "finance_head");
        admin.post("/staff/delegations", third.clone()).await.ok();
        other.act(&step(&third, "approval")).await.refused(403, "other_person_needed");
        let id = w.sql_id(text(&third["id"]));
        let (by, lent_to) = (w.sql_id(&other.id.to_string()), w.sql_id(&holder.id.to_string()));
        w.attacked(&format!("UPDATE delegation SET approver_id = {by} WHERE id = {id}"), "delegation_unasked").await;
        let fresh = w.sql_id(&Uuid::now_v7().to_string());
        let forged = format!(
            "INSERT INTO delegation (id, lender_id, holder_id, role, starts_on, ends_on, reason, author_id, created_us) \
             SELECT {fresh}, lender_id, holder_id, role, starts_on, ends_on, reason, {lent_to}, 1 FROM delegation WHERE id = {id}"
        );
        w.attacked(&forged, "delegation_unasked").await;
        lender.act(&step(&third, "revocation")).await.ok();

        // Over at once when somebody says so, and for ever.
        cashier.act(&step(&second, "revocation")).await.ok();
        assert_eq!(cashier.get("/sessions/current").await.ok()["roles"], json!(["cashier"]));
        let id = w.sql_id(text(&second["id"]));
        w.attacked(&format!("UPDATE delegation SET revoked_us = NULL WHERE id = {id}"), "delegation_decided").await;

        let roles = async || holder.get("/sessions/current").await.ok()["roles"].clone();
        let to = |at: domain::Timestamp| json!({ "now": at.to_string() });
        w.lever("clock", to(today.next().next().start().before(std::time::Duration::from_secs(1)))).await;
        assert_eq!(roles().await, json!(["finance_head", "chair"]), "the last second of the last day");
        w.lever("clock", to(today.next().next().start())).await;
        assert_eq!(roles().await, json!(["chair"]));
        let listed = holder.get("/staff/delegations").await.ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), 2, "one's own");
        assert_eq!(admin.get("/staff/delegations").await.ok()["items"].as_array().unwrap().len(), 3);
        w.lever("clock", json!({})).await;
    })
    .await;
}

/// Who decides on money with a lent role is named with the lender, and the lender's own papers are none of theirs (facts: charity 6.6a).
#[tokio::test(flavor = "multi_thread")]
async fn money_that_a_stand_in_decides_on_names_whom_they_stood_in_for() {
    story(async |w| {
        let (lender, cashier) = (w.staff(Role::Bookkeeper).await, w.staff(Role::Cashier).await);
        let (holder, head) = (w.staff(Role::Chair).await, w.staff(Role::FinanceHead).await);
        let today = w.app.business.today();
        let lent = json!({
            "id": Uuid::now_v7(), "lender": lender.id, "holder": holder.id, "role": "bookkeeper", "starts_on": today.to_string(),
            "ends_on": today.next().to_string(), "reason": "出差",
        });
        lender.post("/staff/delegations", lent.clone()).await.ok();
        let approval = format!("/staff/delegations/{}/approval", text(&lent["id"]));
        w.staff(Role::Admin).await.act(&approval).await.ok();
        let campaign = w.open_campaign("1000.00").await;
        let stood_for = json!(lender.id);

        let bank_gift = async |author: &Officer, reference: &str| {
            let new = json!({
                "id": Uuid::now_v7(), "campaign": campaign, "amount": "10.00", "counterparty": "示例公司", "bank_account": "基本户",
                "reference": reference, "received_on": today.to_string(),
            });
            author.post("/staff/bank-gifts", new.clone()).await.ok();
            format!("/staff/bank-gifts/{}/confirmation", text(&new["id"]))
        };
        let theirs = bank_gift(&lender, "B-1").await;
        holder.act(&theirs).await.refused(403, "other_person_needed");
        let forged = "UPDATE donation SET approver_for_id = author_id WHERE author_id IS NOT NULL";
        w.attacked(forged, "donation_approver_for_check").await;
        let other = bank_gift(&cashier, "B-2").await;
        assert_eq!(holder.act(&other).await.ok()["approver_for"], stood_for);
        assert_eq!(head.act(&theirs).await.ok()["approver_for"], json!(null), "by an own role");

        let donor = w.donor("o-one").await;
        let gift = w.gift(&donor, campaign, "5.00").await;
        let refund = |donation: Uuid| json!({ "id": Uuid::now_v7(), "donation": donation, "amount": "5.00", "reason": "error" });
        let step = |refund: &Value, step: &str| format!("/staff/refunds/{}/{step}", text(&refund["id"]));
        let stand_in = w.hire(Role::Chair, "stand-in").await;
        let lent = json!({
            "id": Uuid::now_v7(), "lender": head.id, "holder": stand_in.id, "role": "finance_head", "starts_on": today.to_string(),
            "ends_on": today.next().to_string(), "reason": "出差",
        });
        head.post("/staff/delegations", lent.clone()).await.ok();
        let approval = format!("/staff/delegations/{}/approval", text(&lent["id"]));
        w.staff(Role::Admin).await.act(&approval).await.ok();
        let asked = refund(gift.id);
        head.post("/staff/refunds", asked.clone()).await.ok();
        stand_in.act(&step(&asked, "approval")).await.refused(403, "other_person_needed");
        let forged = "UPDATE refund SET decider_for_id = requester_id";
        w.attacked(forged, "refund_decider_for_check").await;
        let deputy = w.hire(Role::FinanceHead, "deputy").await;
        deputy.post(&step(&asked, "decline"), json!({ "reason": "已核实" })).await.ok();
        let asked = refund(gift.id);
        cashier.post("/staff/refunds", asked.clone()).await.ok();
        assert_eq!(stand_in.act(&step(&asked, "approval")).await.ok()["decided_for"], json!(head.id));

        let twice = w.gift(&donor, campaign, "5.00").await;
        w.lever("pay", json!({ "out_trade_no": twice.order, "again": true })).await;
        let breaks = async || head.get("/staff/breaks").await.ok()["items"].as_array().unwrap().clone();
        w.until("a payment waits for a person", async || breaks().await.len() == 1).await;
        let stray = text(&breaks().await[0]["id"]).to_owned();
        let resolution = async |author: &Officer| {
            let new = json!({ "id": Uuid::now_v7(), "choice": "gift", "reason": "确认为重复捐赠" });
            author.post(&format!("/staff/breaks/{stray}/resolutions"), new.clone()).await.ok();
            format!("/staff/resolutions/{}", text(&new["id"]))
        };
        let theirs = resolution(&lender).await;
        holder.act(&format!("{theirs}/approval")).await.refused(403, "other_person_needed");
        w.attacked("UPDATE resolution SET approver_for_id = author_id", "resolution_approver_for_check").await;
        head.post(&format!("{theirs}/decline"), json!({ "reason": "未联系到付款人" })).await.ok();
        let other = resolution(&cashier).await;
        assert_eq!(holder.act(&format!("{other}/approval")).await.ok()["decided_for"], stood_for);

        let new = json!({ "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": "1.00", "bank_account": "基本户" });
        cashier.post("/staff/transfers", new.clone()).await.ok();
        w.lever("withdraw", json!({ "amount": "1.00" })).await;
        w.attacked("UPDATE transfer SET approver_for_id = author_id", "transfer_approver_for_check").await;
        let path = format!("/staff/transfers/{}", text(&new["id"]));
        assert_eq!(holder.act(&format!("{path}/confirmation")).await.ok()["approver_for"], stood_for);
        cashier.act(&format!("{path}/arrival")).await.ok();
        assert_eq!(holder.act(&format!("{path}/confirmation")).await.ok()["outcome_approver_for"], stood_for);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_of_a_city_stays_in_the_city() {
    story(async |w| {
        let local = w.hire_over(Role::Admin, "admin-1305", "/hebei/1305/").await;
        let near = w.hire_over(Role::LeagueOfficer, "league-1305", "/hebei/1305/130502/").await;
        let far = w.hire_over(Role::LeagueOfficer, "league-1306", "/hebei/1306/").await;
        let (county, city) = (w.unit("130502").await, w.unit("1306").await);
        for (unit, status) in [(Some(county), 200), (Some(city), 403), (None, 403)] {
            let serial = u32::from(unit == Some(county));
            let new = proposal(serial, "newcomer", json!([{ "role": "organiser", "unit": unit }]));
            assert_eq!(local.post("/staff/members", new).await.status, status, "{unit:?}");
        }
        let listed = local.get("/staff/members").await.ok();
        let names: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|line| text(&line["username"])).collect();
        assert_eq!(names, ["admin-1305", "league-1305", "newcomer"]);
        local.act(&format!("/staff/members/{}/disablement", far.id)).await.refused(403, "forbidden");
        local
            .call(Method::DELETE, &format!("/staff/members/{}/sessions", far.id), None)
            .await
            .refused(403, "forbidden");
        let role = json!({ "id": Uuid::now_v7(), "role": "disclosure", "unit": county, "reason": "岗位调整" });
        local.post(&format!("/staff/members/{}/roles", far.id), role.clone()).await.refused(403, "forbidden");
        local.post(&format!("/staff/members/{}/roles", near.id), role).await.ok();
        local.act(&format!("/staff/members/{}/disablement", near.id)).await.ok();
    })
    .await;
}

/// Who was handed a password replaces it by one that nobody else has seen.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_by_whoever_it_belongs_to() {
    story(async |w| {
        let (first, second) = administrators(w).await;
        let new = proposal(1, "manager-1", json!([{ "role": "organiser" }]));
        first.post("/staff/members", new.clone()).await.ok();
        let made = second.act(&format!("/staff/members/{}/activation", text(&new["id"]))).await.ok();
        let handed = text(&made["password"]).to_owned();
        let id: domain::StaffId = text(&new["id"]).parse().unwrap();
        let own = async || w.app.identity.has_own_password(id).await.unwrap();
        let (here, other) = (w.sign_in("manager-1", &handed, None).await, w.sign_in("manager-1", &handed, None).await);
        assert!(!own().await);

        let chosen = "一匹白马 走过 旧木桥头";
        let change = async |current: &str, new: &str| {
            here.call(Method::PUT, "/sessions/current/password", Some(json!({ "current": current, "new": new }))).await
        };
        change(&handed, "short").await.refused(422, "invalid_field");
        change(&handed, &handed).await.refused(422, "invalid_field");
        change("not this one", chosen).await.refused(422, "wrong_password");
        other.get("/sessions/current").await.ok();
        assert!(!own().await, "a refusal changes nothing");
        assert_eq!(change(&handed, chosen).await.ok()["ended"], 1);
        assert!(own().await);
        here.get("/sessions/current").await.ok();
        other.get("/sessions/current").await.refused(401, "unauthorized");
        let login = |password: &str| json!({ "username": "manager-1", "password": password });
        w.stranger.post("/sessions/staff", login(&handed)).await.refused(401, "wrong_credentials");
        let again = w.sign_in("manager-1", chosen, None).await;
        let trail = second.get("/staff/trail?limit=100").await.ok().to_string();
        for action in ["staff.change_password", "staff.change_password_refused"] {
            assert!(trail.contains(&format!("\"{action}\"")), "{action}");
        }
        assert!(!trail.contains(chosen));

        // One session is ended by itself, by its owner or an administrator.
        let of = format!("/staff/members/{}/sessions", text(&new["id"]));
        let listed = again.get(&of).await.ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), 2);
        let oldest = format!("{of}/{}", text(&listed["items"][1]["id"]));
        second.call(Method::DELETE, &oldest, None).await.ok();
        second.call(Method::DELETE, &oldest, None).await.refused(404, "no_such_session");
        here.get("/sessions/current").await.refused(401, "unauthorized");
        again.get("/sessions/current").await.ok();

        // Guesses lock the account as they do at the door.
        let guess = async || {
            let body = json!({ "current": "guess", "new": chosen.to_uppercase() + "甲" });
            again.call(Method::PUT, "/sessions/current/password", Some(body)).await
        };
        for _ in 0..5 {
            guess().await.refused(422, "wrong_password");
        }
        guess().await.refused(429, "locked");
        // What an administrator resets is handed out again.
        first.act(&format!("/staff/members/{}/credentials-reset", text(&new["id"]))).await.ok();
        assert!(!own().await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_make_staff_and_one_is_enough_to_shut_somebody_out() {
    story(async |w| {
        let (first, second) = (w.hire(Role::Admin, "admin-1").await, w.hire(Role::Admin, "admin-2").await);
        let refused = w.app.identity.create_first_staff(Role::Cashier, "late", "某人", None).await;
        assert!(refused.is_err(), "from now on the console makes staff");
        let id = Uuid::now_v7();
        let proposal = json!({
            "id": id, "username": "cashier-1", "name": "出纳", "grants": [{ "role": "cashier" }], "identity_number": identity_number(1),
        });
        first.post("/staff/members", proposal.clone()).await.ok();
        first.post("/staff/members", proposal.clone()).await.ok();
        let mut taken = proposal.clone();
        (taken["id"], taken["identity_number"]) = (json!(Uuid::now_v7()), json!(identity_number(2)));
        first.post("/staff/members", taken).await.refused(409, "username_taken");
        let mut other = proposal.clone();
        other["grants"] = json!([{ "role": "admin" }]);
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
        // With the two who stand behind the world's certificate.
        assert_eq!(members["items"].as_array().unwrap().len(), 5);
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
                    let wait: u64 = answer.refused(429, "locked").header("retry-after").unwrap().parse().unwrap();
                    assert!(wait >= 1);
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
