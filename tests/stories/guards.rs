//! What a lent role, and a hand at the database itself, may not do: two approvals in one person's name, a campaign approved by those in
//! whose name it was written, and rows that stand changed, replaced or taken away (facts: charity 3.1, 3.5, 6.6a).

use domain::role::Role;
use entity::Tx;
use ledger::{Account, Entry, Subject};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::spending::{
    approved, attach, funded, id, line, lit, paper, payee, payouts, person, results, sent, step, submitted,
};
use crate::world::{Officer, World, agreed, identity_number, story};

/// Lends a role for today: the lender asks, an administrator agrees.
async fn lends(w: &World, lender: &Officer, holder: &Officer, role: &str) {
    let today = w.app.business.today();
    let lent = json!({
        "id": Uuid::now_v7(), "lender": lender.id, "holder": holder.id, "role": role, "starts_on": today.to_string(),
        "ends_on": today.next().to_string(), "reason": "出差",
    });
    lender.post("/staff/delegations", lent.clone()).await.ok();
    w.staff(Role::Admin).await.act(&format!("/staff/delegations/{}/approval", id(&lent))).await.ok();
}

/// A member of staff with several roles, made by two administrators.
async fn member(w: &World, username: &str, roles: &[&str]) -> Officer {
    let (first, second) = (w.hire(Role::Admin, "admin-1").await, w.staff(Role::Admin).await);
    let grants: Vec<Value> = roles.iter().map(|role| json!({ "role": role })).collect();
    let new = json!({
        "id": Uuid::now_v7(), "username": username, "name": "某人", "grants": grants, "identity_number": identity_number(7),
    });
    first.post("/staff/members", new.clone()).await.ok();
    let made = second.act(&format!("/staff/members/{}/activation", id(&new))).await.ok();
    let seed = made["totp_secret"].as_str().map(str::to_owned);
    w.sign_in(username, made["password"].as_str().unwrap(), seed).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_approvals_in_one_persons_name_are_one() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let code = line(w, campaign).await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        // Once two administrators are there, staff is made in the console.
        let (chair, head) = (w.staff(Role::Chair).await, w.staff(Role::FinanceHead).await);
        w.staff(Role::Auditor).await;
        let manager = member(w, "both", &["project_manager", "finance_head"]).await;
        lends(w, &manager, &chair, "finance_head").await;

        // Money.
        let grant = paper(campaign, &code, &[student], "10.00");
        submitted(w, &grant).await;
        step(&manager, &grant, "approval").await.ok();
        step(&chair, &grant, "approval").await.refused(403, "other_person_needed");
        let (first, other, author) =
            (lit(w, manager.id), lit(w, chair.id), lit(w, w.staff(Role::Organiser).await.id));
        let now = w.app.business.now().us();
        let forged = format!(
            "INSERT INTO disbursement_approval (disbursement_id, round, step, author_id, approver_id, acting_for_id, amount_fen, at_us) \
             VALUES ({}, 1, 2, {author}, {other}, {first}, 1000, {now})", lit(w, id(&grant))
        );
        w.attacked(&forged, "disbursement_approval_persons").await;
        step(&head, &grant, "approval").await.ok();

        // A campaign.
        let draft = w.draft("100.00");
        let of = |step: &str| format!("/staff/campaigns/{}/{step}", id(&draft));
        let organiser = w.staff(Role::Organiser).await;
        organiser.post("/staff/campaigns", draft.clone()).await.ok();
        organiser.act(&of("submission")).await.ok();
        manager.post(&of("approval"), agreed()).await.ok();
        chair.post(&of("approval"), agreed()).await.refused(403, "other_person_needed");
        let forged = format!(
            "INSERT INTO campaign_approval (campaign_id, round, step, author_id, approver_id, acting_for_id, at_us) \
             VALUES ({}, 1, 'finance', {author}, {other}, {first}, {now})", lit(w, id(&draft))
        );
        w.attacked(&forged, "campaign_approval_persons").await;
        assert_eq!(head.post(&of("approval"), agreed()).await.ok()["state"], "approved");

        // A change of a plan.
        let mut draft = w.draft("5000000.00");
        draft.as_object_mut().unwrap().remove("id");
        let change = json!({ "id": Uuid::now_v7(), "reason": "扩大受益范围", "draft": draft });
        organiser.post(&format!("/staff/campaigns/{campaign}/changes"), change.clone()).await.ok();
        let of = |step: &str| format!("/staff/campaign-changes/{}/{step}", id(&change));
        manager.act(&of("approval")).await.ok();
        chair.act(&of("approval")).await.refused(403, "other_person_needed");
        let forged = format!(
            "INSERT INTO campaign_change_approval (change_id, step, author_id, approver_id, acting_for_id, at_us) \
             VALUES ({}, 'finance', {author}, {other}, {first}, {now})", lit(w, id(&change))
        );
        w.attacked(&forged, "campaign_change_approval_persons").await;
        head.act(&of("approval")).await.ok();
        w.paper(&format!("/staff/campaign-changes/{}", id(&change)), "filing_receipt").await;
        let filing = json!({ "evidence": "变更备案回执 示例", "filed_on": w.app.business.today().to_string() });
        w.staff(Role::Disclosure).await.post(&of("filing"), filing).await.ok();
        w.attacked("UPDATE campaign_change SET evidence = '另一份' WHERE state = 'in_force'", "campaign_change_fixed").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_in_somebodys_name_is_not_approved_by_them() {
    story(async |w| {
        let stand_in = w.hire_over(Role::Disclosure, "stand-in", "/").await;
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        // With a one-time password, which a lent role of money asks for.
        let organiser = member(w, "organiser-1", &["organiser", "cashier"]).await;
        lends(w, &organiser, &stand_in, "organiser").await;
        lends(w, &manager, &organiser, "project_manager").await;
        let draft = w.draft("100.00");
        let of = |step: &str| format!("/staff/campaigns/{}/{step}", id(&draft));
        stand_in.post("/staff/campaigns", draft.clone()).await.ok();
        stand_in.act(&of("submission")).await.ok();
        organiser.act(&of("review")).await.refused(403, "other_person_needed");
        organiser.post(&of("approval"), agreed()).await.refused(403, "other_person_needed");
        let (key, author, other) = (lit(w, id(&draft)), lit(w, stand_in.id), lit(w, organiser.id));
        let forged = format!(
            "INSERT INTO campaign_approval (campaign_id, round, step, author_id, approver_id, acting_for_id, at_us) \
             VALUES ({key}, 1, 'manager', {author}, {other}, {}, {})",
            lit(w, manager.id),
            w.app.business.now().us()
        );
        w.attacked(&forged, "campaign_approval_persons").await;
        w.attacked(&format!("UPDATE campaign SET author_for_id = NULL WHERE id = {key}"), "campaign_author_fixed")
            .await;
        // Their own role does it, and whoever has nothing to do with it.
        manager.post(&of("approval"), agreed()).await.ok();
        assert_eq!(head.post(&of("approval"), agreed()).await.ok()["state"], "approved");
    })
    .await;
}

/// The same of money, in every paper that two persons decide: whoever lent the role by which it was written is not the second of them.
#[tokio::test(flavor = "multi_thread")]
async fn money_written_in_somebodys_name_is_not_decided_by_them() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let grant = paper(campaign, "a", &[student], "100.00");
        submitted(w, &grant).await;
        step(&w.staff(Role::ProjectManager).await, &grant, "approval").await.ok();
        step(&w.staff(Role::FinanceHead).await, &grant, "approval").await.ok();
        let path = format!("/staff/payment-files/{}/results", sent(w, &grant).await);
        let (bookkeeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        // Who approved a paper does not say what became of its money.
        let other_head = w.hire_over(Role::FinanceHead, "head-2", "/").await;
        bookkeeper.post(&path, results(w, &payouts(&grant), true)).await.ok();
        let donor = w.donor("o-one").await;
        let paid = w.gift(&donor, campaign, "20.00").await;
        let stand_in = w.hire_over(Role::Chair, "stand-in", "/").await;
        lends(w, &bookkeeper, &stand_in, "bookkeeper").await;
        let today = w.app.business.today().to_string();
        let lender = lit(w, bookkeeper.id);

        let back = json!({
            "id": Uuid::now_v7(), "kind": "recovered", "amount": "10.00", "reason": "退回", "on": today,
            "bank": { "bank_account": "基本户", "reference": "R-1" },
        });
        stand_in.post(&format!("/staff/payouts/{}/settlements", payouts(&grant)[0]), back.clone()).await.ok();
        let gift = json!({
            "id": Uuid::now_v7(), "campaign": campaign, "amount": "5.00", "counterparty": "示例公司", "bank_account": "基本户",
            "reference": "B-1", "received_on": today,
        });
        stand_in.post("/staff/bank-gifts", gift.clone()).await.ok();
        let refund = json!({ "id": Uuid::now_v7(), "donation": paid.id, "amount": "1.00", "reason": "error", "note": "输错了金额" });
        stand_in.post("/staff/refunds", refund.clone()).await.ok();
        for (table, of, step, forged) in [
            ("payout_settlement", &back, "settlements/{}/confirmation", "state = 'confirmed', decided_us = 1, approver_id"),
            ("donation", &gift, "bank-gifts/{}/confirmation", "approver_id"),
            ("refund", &refund, "refunds/{}/approval", "decider_id"),
        ] {
            let path = format!("/staff/{}", step.replace("{}", &id(of).to_string()));
            // A refund is the head of finance's to decide, whoever asked for it.
            let refusal = if table == "refund" { "forbidden" } else { "other_person_needed" };
            bookkeeper.act(&path).await.refused(403, refusal);
            let forged = format!("UPDATE {table} SET {forged} = {lender} WHERE id = {}", lit(w, id(of)));
            w.attacked(&forged, &format!("{table}_persons")).await;
            let column = if table == "refund" { "requester_for_id" } else { "author_for_id" };
            let unsaid = format!("UPDATE {table} SET {column} = NULL WHERE id = {}", lit(w, id(of)));
            w.attacked(&unsaid, &format!("{table}_persons")).await;
            other_head.act(&path).await.ok();
        }

        let stand_in = w.hire_over(Role::Cashier, "stand-in-2", "/").await;
        lends(w, &head, &stand_in, "finance_head").await;
        let change = json!({
            "id": Uuid::now_v7(), "profile": "small", "single_limit": "1.00", "third_limit": "2.00", "account_quiet_days": 1, "reason": "试",
        });
        stand_in.post(&format!("/staff/charities/{}/profile-changes", w.book), change.clone()).await.ok();
        let path = format!("/staff/profile-changes/{}/approval", id(&change));
        head.act(&path).await.refused(403, "other_person_needed");
        let forged = format!(
            "UPDATE profile_change SET state = 'approved', decided_us = 1, approver_id = {} WHERE id = {}",
            lit(w, head.id),
            lit(w, id(&change))
        );
        w.attacked(&forged, "profile_change_persons").await;
        w.staff(Role::Chair).await.act(&path).await.ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filing_number_is_one_campaigns() {
    story(async |w| {
        let filed = w.open_campaign("100.00").await;
        let (number, second) = (w.campaign(filed).await["filing_number"].clone(), w.draft("200.00"));
        let organiser = w.staff(Role::Organiser).await;
        organiser.post("/staff/campaigns", second.clone()).await.ok();
        organiser.act(&format!("/staff/campaigns/{}/submission", id(&second))).await.ok();
        w.walk(id(&second), "filing").await;
        let (role, step, mut filing) = w.next_step("filing");
        let path = format!("/staff/campaigns/{}/{step}", id(&second));
        let own = std::mem::replace(&mut filing["number"], number.clone());
        w.staff(role).await.post(&path, filing.clone()).await.refused(409, "filing_number_taken");
        let key = lit(w, id(&second));
        let set = |number: &str| {
            format!("UPDATE campaign SET filing_number = '{number}', filed_on = '2026-01-01' WHERE id = {key}")
        };
        w.attacked(&set(number.as_str().unwrap()), "campaign_filing_number_key").await;
        let own = own.as_str().unwrap();
        for wrong in ["A", &*own.replace('A', "P"), &*format!("{own}1"), &*format!("X{}", &own[1..])] {
            w.attacked(&set(wrong), "campaign_filing_number_check").await;
        }
        filing["number"] = json!(own);
        w.staff(role).await.post(&path, filing).await.ok();
        for (state, rule) in [("open", "campaign"), ("executing", "campaign_steps"), ("approved", "campaign_steps")] {
            w.attacked(&format!("UPDATE campaign SET state = '{state}' WHERE id = {key}"), rule).await;
        }
        for change in [
            "filing_number = 'x'",
            "filing_number = NULL, filed_on = NULL",
            "filing_submitted_on = '2020-01-01'",
            "filed_on = '2020-01-01'",
        ] {
            w.attacked(&format!("UPDATE campaign SET {change} WHERE id = {key}"), "campaign_filing_fixed").await;
        }
        for change in ["round = 0", "round = 2"] {
            w.attacked(&format!("UPDATE campaign SET {change} WHERE id = {key}"), "campaign_round").await;
        }
        let third = w.draft("300.00");
        organiser.post("/staff/campaigns", third.clone()).await.ok();
        organiser.act(&format!("/staff/campaigns/{}/submission", id(&third))).await.ok();
        w.walk(id(&third), "approved").await;
        for state in ["open", "executing", "filed", "scheduled", "ended"] {
            w.attacked(&format!("UPDATE campaign SET state = '{state}' WHERE id = {}", lit(w, id(&third))), "campaign")
                .await;
        }
    })
    .await;
}

/// Nothing opens by hand whose gates are shut, and no receipt is invented.
#[tokio::test(flavor = "multi_thread")]
async fn what_its_gates_keep_shut_is_not_opened_by_hand() {
    story(async |w| {
        let filed = async |starts: u64| {
            let mut draft = w.draft("100.00");
            let at = |days: u64| w.app.business.now().after(std::time::Duration::from_secs(days * 86_400)).to_string();
            (draft["starts_at"], draft["ends_at"]) = (json!(at(starts)), json!(at(starts + 2)));
            let organiser = w.staff(Role::Organiser).await;
            organiser.post("/staff/campaigns", draft.clone()).await.ok();
            organiser.act(&format!("/staff/campaigns/{}/submission", id(&draft))).await.ok();
            w.walk(id(&draft), "filed").await;
            id(&draft)
        };
        let (early, bare) = (filed(2).await, filed(0).await);
        w.walk(early, "scheduled").await;
        let open = format!("UPDATE campaign SET state = 'open' WHERE id = {}", lit(w, early));
        w.attacked(&open, "campaign_not_begun").await;
        let schedule = |more: &str| format!("UPDATE campaign SET state = 'scheduled'{more} WHERE id = {}", lit(w, bare));
        w.attacked(&schedule(""), "campaign_no_channel").await;
        w.attacked(&schedule(", channel = 'own_site'"), "campaign_no_platform").await;
        let alone = ", channel = 'designated_platform', platform_number = '1', platform_url = 'https://example.org'";
        w.attacked(&schedule(alone), "campaign_no_platform").await;

        let campaign = w.open_campaign("1000.00").await;
        w.gift(&w.donor("o-one").await, campaign, "20.00").await;
        let receipt = |amount: &str| {
            format!(
                "INSERT INTO receipt (id, donation_id, code, number, check_code, issued_on, amount_fen, state, author_id, created_us) \
                 SELECT id, id, '13010126', '0000000001', '1', '2026-01-01', {amount}, 'issued', (SELECT id FROM staff LIMIT 1), 1 \
                 FROM donation"
            )
        };
        for amount in ["amount_fen + 1", "1"] {
            w.attacked(&receipt(amount), "receipt_amount").await;
        }

        let head = w.staff(Role::FinanceHead).await;
        let listed = head.get(&format!("/staff/charities/{}/certificates", w.book.uuid())).await.ok();
        let path = format!("/staff/certificates/{}/revocation", id(&listed["items"][0]));
        head.act(&path).await.ok();
        w.attacked(&schedule(", channel = 'offline'"), "campaign_uncertified").await;
    })
    .await;
}

/// A house in which much has happened: a gift by bank and one by WeChat, a refund that is asked for, a transfer, a payment made.
async fn full_house(w: &World) {
    let campaign = funded(w, "1000.00").await;
    let code = line(w, campaign).await;
    let student = payee(w, campaign, "王一（示例）", 1).await;
    let grant = paper(campaign, &code, &[student], "10.00");
    submitted(w, &grant).await;
    step(&w.staff(Role::ProjectManager).await, &grant, "approval").await.ok();
    step(&w.staff(Role::FinanceHead).await, &grant, "approval").await.ok();
    let file = sent(w, &grant).await;
    let path = format!("/staff/payment-files/{file}/results");
    w.staff(Role::Bookkeeper).await.post(&path, results(w, &payouts(&grant), true)).await.ok();
    let donor = w.donor("o-one").await;
    let gift = w.gift(&donor, campaign, "20.00").await;
    let asked = json!({ "id": Uuid::now_v7(), "amount": "1.00", "reason": "error", "note": "输错了金额" });
    donor.post(&format!("/donations/{}/refund-requests", gift.id), asked).await.ok();
    let transfer = json!({ "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": "1.00", "bank_account": "基本户" });
    w.staff(Role::Cashier).await.post("/staff/transfers", transfer.clone()).await.ok();
    w.staff(Role::FinanceHead).await.act(&format!("/staff/transfers/{}/confirmation", id(&transfer))).await.ok();
    w.lever("withdraw", json!({ "amount": "1.00" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_is_not_changed_from_outside() {
    story(async |w| {
        full_house(w).await;
        let other = "(SELECT id FROM staff WHERE username = 'organiser')";
        let me = w.staff(Role::Admin).await.id.to_string();
        let upper = format!("UPDATE staff_role SET approved_by = '{}'", me.to_uppercase());
        for (attack, rule) in [
            ("UPDATE budget_line SET planned_fen = planned_fen + 1", "budget_line_not_planned"),
            ("UPDATE budget_line SET kind = 'management'", "budget_line_not_planned"),
            (&*format!("UPDATE donation SET author_id = {other} WHERE channel = 'bank'"), "donation_persons"),
            (&*format!("UPDATE donation SET author_id = {other} WHERE channel = 'wechat'"), "donation_persons"),
            (&*format!("UPDATE donation SET approver_id = {other} WHERE channel = 'bank'"), "donation_persons"),
            (&*format!("UPDATE donation SET approver_for_id = {other} WHERE channel = 'bank'"), "donation_persons"),
            (&*format!("UPDATE refund SET requester_id = {other}"), "refund_persons"),
            ("UPDATE refund SET requested_by = 'staff'", "refund_persons"),
            (&*format!("UPDATE transfer SET author_id = {other}"), "transfer_persons"),
            (&*format!("UPDATE transfer SET approver_id = {other}"), "transfer_persons"),
            (&*format!("UPDATE payout SET confirmer_id = {other}"), "payout_fixed"),
            ("UPDATE payout SET paid_on = '2020-01-01'", "payout_fixed"),
            ("UPDATE staff_role SET approved_by = 'nobody'", "staff_role_persons"),
            (upper.as_str(), "staff_role_persons"),
            ("UPDATE staff_role SET granted_by = 'nobody'", "staff_role_persons"),
            ("DELETE FROM milestone", "milestone_fixed"),
            ("DELETE FROM payout_notice", "payout_notice_fixed"),
            ("DELETE FROM campaign", "campaign_fixed"),
            ("DELETE FROM donation", "donation_fixed"),
            ("DELETE FROM refund", "refund_fixed"),
            ("DELETE FROM transfer", "transfer_fixed"),
        ] {
            w.attacked(attack, rule).await;
        }
        let insert = |granted: &str, approved: &str| {
            format!(
                "INSERT INTO staff_role (staff_id, role, granted_by, granted_us, approved_by) \
                 SELECT id, 'league_officer', '{granted}', 1, '{approved}' FROM staff WHERE username = 'organiser'"
            )
        };
        let head = w.staff(Role::FinanceHead).await.id.to_string();
        for (granted, approved) in [
            ("nobody", head.as_str()),
            (me.as_str(), "somebody"),
            (me.as_str(), &*me.to_uppercase()),
            (me.as_str(), &*me.replace('-', "")),
        ] {
            w.attacked(&insert(granted, approved), "staff_role_persons").await;
        }
    })
    .await;
}

/// What a step of the house changes goes the way of that step; what none changes does not change (facts: charity 3.2, 3.5, 6.1).
#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_changes_is_not_changed_by_hand() {
    story(async |w| {
        full_house(w).await;
        let (campaign, donor) = (w.open_campaign("1000.00").await, w.donor("o-two").await);
        let gift = w.gift(&donor, campaign, "20.00").await;
        let asked = json!({ "id": Uuid::now_v7(), "amount": "20.00", "reason": "error", "note": "输错了金额" });
        donor.post(&format!("/donations/{}/refund-requests", gift.id), asked.clone()).await.ok();
        w.staff(Role::FinanceHead).await.act(&format!("/staff/refunds/{}/approval", id(&asked))).await.ok();
        w.run_job("send_refunds").await;
        w.until_gift(&donor, &gift, "refunded").await;
        // A payment that comes twice waits for a person.
        let twice = w.gift(&donor, campaign, "5.00").await;
        w.lever("pay", json!({ "out_trade_no": twice.order, "again": true })).await;
        w.until("a break", async || w.count("SELECT CAST(count(*) AS BIGINT) FROM discrepancy").await == 1).await;
        for (attack, rule) in [
            ("donation SET refunded_fen = 0 WHERE refunded_fen > 0", "donation_refunded"),
            ("donation SET refunded_fen = amount_fen WHERE refunded_fen = 0", "donation_refunded"),
            ("donation SET state = 'paid' WHERE state = 'refunded'", "donation_steps"),
            ("donation SET state = 'closed' WHERE state = 'paid'", "donation_steps"),
            ("donation SET confirmed_us = confirmed_us + 1", "donation_fixed"),
            ("donation SET transaction_id = 'x' WHERE state = 'refunded'", "donation_fixed"),
            ("donation SET anonymity = 'x'", "donation_fixed"),
            ("donation SET show_amount = NOT show_amount", "donation_fixed"),
            ("donation SET receipt = 'x'", "donation_fixed"),
            ("refund SET state = 'approved' WHERE state = 'succeeded'", "refund_"),
            ("refund SET state = 'succeeded' WHERE state = 'requested'", "refund_steps"),
            ("refund SET finished_us = 1 WHERE state = 'requested'", "refund_decided"),
            ("refund SET attempt = attempt + 1 WHERE state = 'requested'", "refund_decided"),
            ("refund SET decided_us = 1 WHERE state = 'succeeded'", "refund_"),
            ("refund SET channel_refund_id = 'x' WHERE state = 'succeeded'", "refund_"),
            ("refund SET outcome_approver_id = (SELECT id FROM staff WHERE username = 'organiser') WHERE state = 'requested'", "refund_persons"),
            ("campaign SET operator_code = 'x'", "campaign_opening_fixed"),
            ("campaign SET platform_number = 'x'", "campaign_opening_fixed"),
            ("campaign SET platform_url = 'x'", "campaign_opening_fixed"),
            ("campaign SET opened_us = opened_us + 1", "campaign_opening_fixed"),
            ("budget_line SET name = '别的'", "budget_line_not_planned"),
            ("payout SET bank_reference = 'x'", "payout_fixed"),
            ("payee SET name_sealed = key_sealed", "payee_fixed"),
            ("payee SET bank_sealed = name_sealed", "payee_account_unconfirmed"),
            ("account SET budget_line = 'x'", "account_immutable"),
            ("account SET channel = 'x'", "account_immutable"),
            ("account SET bank_account = 'x'", "account_immutable"),
            ("account SET contract = 'x'", "account_immutable"),
            ("account SET payable = 'x'", "account_immutable"),
            ("account SET campaign_id = NULL", "account_immutable"),
            ("account SET goods = NOT goods", "account_immutable"),
            ("book SET kind = 'memo'", "book_fixed"),
            ("book SET credit_code = NULL", "book_fixed"),
            ("book SET chart = 'loan'", "book_fixed"),
            ("transfer SET amount_fen = 1", "transfer_fixed"),
            ("transfer SET kind = 'top_up'", "transfer_fixed"),
            ("transfer SET bank_account = 'x'", "transfer_fixed"),
            ("transfer SET departed_us = 1", "transfer_fixed"),
            ("transfer SET finished_us = 1", "transfer_fixed"),
            ("transfer SET state = 'proposed'", "transfer_steps"),
            ("transfer SET outcome_author_id = author_id", "transfer_persons"),
            ("discrepancy SET settled_us = 1", "discrepancy_unsettled"),
            ("discrepancy SET detail = 'x'", "discrepancy_fixed"),
        ] {
            w.attacked(&format!("UPDATE {attack}"), rule).await;
        }
    })
    .await;
}

/// What the audit finds after somebody has done something to the database, which is undone. A transaction sees what it did.
async fn found(w: &World, done: impl AsyncFnOnce(&Tx)) -> Vec<(&'static str, String)> {
    let tx = w.app.db.begin().await.unwrap();
    done(&tx).await;
    let report = app::books::audit(&tx, &|_| {}).await.unwrap();
    tx.rollback().await.unwrap();
    report.differences.into_iter().map(|one| (one.what, one.key)).collect()
}

async fn found_by_hand(w: &World, sql: &str) -> Vec<(&'static str, String)> {
    found(w, async |tx| {
        assert!(tx.execute_unprepared(sql).await.unwrap().rows_affected() > 0, "{sql}");
    })
    .await
}

/// An entry that balances, bears its own digest and stands in every total is found if nothing stands behind it: of every kind, and of one
/// that no recipe makes.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_without_its_paper_is_found() {
    story(async |w| {
        full_house(w).await;
        let (today, stray) = (w.app.business.today(), Uuid::now_v7());
        for (kind, about) in [
            ("voucher", "voucher"),
            ("opening", "voucher"),
            ("adjustment", "voucher"),
            ("reversal", "reversal:voucher"),
            ("bank_charge", "bank_charge"),
            ("bank_interest", "bank_interest"),
            ("cash_banked", "cash_banked"),
            ("platform_settled", "platform_settled"),
            ("unclaimed", "unclaimed"),
            ("unclaimed_returned", "unclaimed_returned"),
            ("cash_difference", "cash_count"),
            ("suspense", "suspense"),
            ("suspense_returned", "suspense_returned"),
            ("line_difference", "channel_difference"),
            ("fee", "fee"),
            ("fee_returned", "fee_returned"),
            ("withdrawal", "transfer_left"),
            ("withdrawal", "transfer_done"),
            ("top_up", "transfer_left"),
            ("refund_decided", "refund"),
            ("refund_sent", "refund_sent"),
            ("refund_covered", "refund_covered"),
            ("refund_cover_returned", "refund_cover_returned"),
            ("leftover", "leftover"),
            ("disbursement", "disbursement"),
            ("disbursement_recovered", "disbursement_settled"),
            ("release", "release"),
            ("closing", "year_end"),
            ("loan_day", "loan_day"),
            ("loan_repayment", "loan_event"),
            ("offline", "offline"),
            ("bank_line", "bank_line"),
        ] {
            let reference = format!("{about}:{stray}");
            let forged = Entry::new(w.book, kind, reference.clone(), today)
                .document(Some(stray.to_string()))
                .posting(Account::bank(w.book, "基本户"), Account::new(w.book, Subject::OTHER_INCOME), "1.00".parse().unwrap());
            let found = found(w, async |tx| {
                for booked in ledger::post(tx, w.app.business.now(), &[forged]).await.unwrap() {
                    booked.unwrap();
                }
            })
            .await;
            assert!(found.contains(&("entry.paper", reference)), "{kind}: {found:?}");
        }
        // A paper of another amount than its entry, and one that was never booked.
        let transfer = "UPDATE transfer SET state = 'arrived', outcome_author_id = author_id, outcome_approver_id = approver_id, finished_us = 1";
        assert!(found_by_hand(w, transfer).await.iter().any(|(what, key)| *what == "paper.entry" && key.starts_with("transfer_done:")));
    })
    .await;
}

/// What guards cannot keep the audit looks at: a gift against its refunds, a file of the channel that gave way to none.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_rows_of_gifts_and_bills_say_is_compared() {
    story(async |w| {
        full_house(w).await;
        let alone = found_by_hand(w, "UPDATE donation SET state = 'refund_requested' WHERE channel = 'bank'").await;
        assert!(alone.iter().any(|(what, _)| *what == "donation.state"), "{alone:?}");
        let twice = "UPDATE refund SET state = 'approved', decided_us = 1, decider_id = (SELECT id FROM staff WHERE username = 'finance_head'); \
                     UPDATE donation SET refunded_fen = refunded_fen + 100 WHERE state = 'refund_requested'";
        let found = found_by_hand(w, twice).await;
        assert!(found.iter().any(|(what, _)| *what == "donation.refunded"), "{found:?}");
        let hash = match w.app.db.backend() {
            DbBackend::Postgres => format!("'\\x{}'::bytea", "00".repeat(32)),
            _ => format!("X'{}'", "00".repeat(32)),
        };
        let gone = format!(
            "INSERT INTO bill (id, book_id, day, kind, sha256, content, actor, received_us, replaced_us) \
             VALUES ({}, {}, '2026-01-05', 'fund_flow', {hash}, {hash}, 'x', 1, 2)",
            lit(w, Uuid::now_v7()),
            lit(w, w.book.uuid())
        );
        let found = found_by_hand(w, &gone).await;
        assert!(found.contains(&("bill.in_force", "2026-01-05 fund_flow".to_owned())), "{found:?}");
    })
    .await;
}

/// Of a loan every column that follows from its contract and events is compared; what is taken of a quota with what was granted and signed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_of_a_loan_is_replayed_column_by_column() {
    story(async |w| {
        let house = crate::servicing::house(w, crate::lending::terms()).await;
        let pool =
            json!({ "holder": "示例市财政局", "holder_credit_code": "11130000MB0000000U", "size": "1000000.00" });
        let path = format!("/staff/loan-programmes/{}/pool", house.programme);
        w.staff(Role::Admin).await.post(&path, pool).await.ok();
        house.lent(w, "equal_principal", "36000.00", 1).await;
        w.attacked("DELETE FROM loan_pool", "loan_pool_fixed").await;
        w.attacked("UPDATE bank_seat SET bank_id = bank_id", "bank_seat_fixed").await;
        let unseated = found_by_hand(w, "DELETE FROM bank_seat").await;
        assert!(unseated.iter().any(|(what, _)| *what == "bank_seat"), "{unseated:?}");
        for (change, what) in [
            ("loan_contract SET class = 'loss'", "loan.class"),
            ("loan_contract SET state = 'overdue'", "loan.state"),
            ("loan_contract SET paid_out_on = '2026-02-02'", "loan.paid_out_on"),
            ("loan_standing SET class = 'loss'", "loan.class"),
            ("loan_standing SET late_since = '2026-01-01'", "loan.late_since"),
            ("loan_standing SET compensated_fen = 1", "loan.compensated"),
            ("loan_standing SET recovered_fen = 1", "loan.recovered"),
            ("loan_standing SET ended = 'settled'", "loan.state"),
            ("loan_quota SET used_fen = used_fen - 1", "loan_quota.used"),
            ("loan_quota SET reserved_fen = reserved_fen + 1", "loan_quota.reserved"),
        ] {
            let found = found_by_hand(w, &format!("UPDATE {change}")).await;
            assert!(found.iter().any(|(name, _)| *name == what), "{change}: {found:?}");
        }
    })
    .await;
}

/// A stranger's connection to SQLite does not set `recursive_triggers`: REPLACE would take rows away without asking a DELETE trigger.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_stands_is_replaced() {
    story(async |w| {
        if w.app.db.backend() != DbBackend::Sqlite {
            return;
        }
        full_house(w).await;
        let guarded =
            "SELECT DISTINCT tbl_name AS name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%BEFORE DELETE%'";
        let rows = w.app.db.read().query_all_raw(Statement::from_string(DbBackend::Sqlite, guarded)).await.unwrap();
        let mut attacked = Vec::new();
        for table in rows.iter().map(|row| row.try_get::<String>("", "name").unwrap()) {
            // Totals of accounts are added to by an upsert; whoever replaces one by itself changes nothing.
            if table == "account" || w.count(&format!("SELECT count(*) FROM {table}")).await == 0 {
                continue;
            }
            let tx = w.app.db.begin().await.unwrap();
            tx.execute_unprepared("PRAGMA recursive_triggers = off").await.unwrap();
            let done = tx.execute_unprepared(&format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}")).await;
            tx.execute_unprepared("PRAGMA recursive_triggers = on").await.unwrap();
            tx.rollback().await.unwrap();
            if let Ok(done) = done {
                assert_eq!(done.rows_affected(), 0, "{table} was replaced");
            }
            attacked.push(table);
        }
        for table in [
            "campaign",
            "campaign_history",
            "donation",
            "donation_history",
            "disbursement_history",
            "payout_history",
            "staff_role",
        ] {
            assert!(attacked.iter().any(|name| name == table), "{table} has rows");
        }
        // Nor does a row take the place of another by taking its key.
        let other = |table: &str| format!("(SELECT id FROM {table} ORDER BY rowid LIMIT 1)");
        w.open_campaign("100.00").await;
        for (attack, rule) in [
            (format!("UPDATE OR REPLACE donation SET id = {} WHERE channel = 'wechat'", other("donation")), "donation_pkey"),
            ("UPDATE OR REPLACE donation SET bank_account = '基本户', bank_reference = (SELECT bank_reference FROM donation WHERE channel = 'bank') WHERE channel = 'wechat'".to_owned(), "donation_bank_key"),
            (format!("UPDATE OR REPLACE campaign SET id = {} WHERE target_fen = 10000", other("campaign")), "campaign_pkey"),
            ("UPDATE OR REPLACE campaign_plan SET campaign_id = (SELECT id FROM campaign ORDER BY rowid LIMIT 1)".to_owned(), "campaign_plan"),
        ] {
            let tx = w.app.db.begin().await.unwrap();
            tx.execute_unprepared("PRAGMA recursive_triggers = off").await.unwrap();
            let done = tx.execute_unprepared(&attack).await;
            tx.execute_unprepared("PRAGMA recursive_triggers = on").await.unwrap();
            tx.rollback().await.unwrap();
            let refusal = done.expect_err(&attack).to_string();
            assert!(refusal.contains(rule), "{attack}: {refusal}");
        }
    })
    .await;
}

/// Every rule of spending is tried by hand, each against the guard that keeps it: what a paper needs, to whom money goes, from what, and what comes
/// of it (facts: charity 3.5, 2.1 Art. 40 and 59). The persons are tried in `the_database_itself_keeps_duties_apart`.
#[tokio::test(flavor = "multi_thread")]
async fn each_rule_of_spending_is_kept_by_the_database() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let code = line(w, campaign).await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let (organiser, manager) = (w.staff(Role::Organiser).await, w.staff(Role::ProjectManager).await);
        let (head, cashier, bookkeeper) =
            (w.staff(Role::FinanceHead).await, w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let submit = |key: &str, set: &str| {
            format!(
                "UPDATE disbursement SET state = 'submitted', profile = 'full', needed = 2, submitted_us = 1{set} WHERE id = {key}"
            )
        };

        // What a paper is made of, and what it needs to be handed in.
        let draft = paper(campaign, &code, &[student], "10.00");
        organiser.post("/staff/disbursements", draft.clone()).await.ok();
        let key = lit(w, id(&draft));
        let payout = |payee: &str, more: &str| {
            format!(
                "INSERT INTO payout (id, disbursement_id, position, payee_id, beneficiary_id, relation, amount_fen, state, attempt, created_us, \
                 changed_us) VALUES ({}, {key}, 9, {payee}, {more}, 1, 1)",
                lit(w, Uuid::now_v7())
            )
        };
        let (one, nobody) = (lit(w, student), lit(w, Uuid::now_v7()));
        let other = lit(w, payee(w, campaign, "王二（示例）", 2).await);
        for (attack, rule) in [
            (payout(&one, &format!("{one}, '本人', 1, 'planned', 1")), "payout_"),
            (payout(&one, &format!("{other}, NULL, 1, 'planned', 1")), "payout_beneficiary_check"),
            (payout(&nobody, "NULL, NULL, 1, 'planned', 1"), "payout_foreign"),
            (payout(&one, "NULL, NULL, 0, 'planned', 1"), "payout_amount_check"),
            (payout(&one, "NULL, NULL, 1, 'approved', 1"), "payout_fixed"),
            (submit(&key, ""), "disbursement_document"),
        ] {
            w.attacked(&attack, rule).await;
        }
        attach(&organiser, &draft).await.ok();
        for (attack, rule) in [
            (submit(&key, "").replace("needed = 2", "needed = 1"), "disbursement_profile"),
            (submit(&key, "").replace("'full'", "'small'"), "disbursement_profile"),
            (submit(&key, ", amount_fen = amount_fen + 1"), "disbursement_payouts"),
            (format!("UPDATE disbursement SET state = 'pm_approved' WHERE id = {key}"), "disbursement_"),
            (format!("UPDATE disbursement SET state = 'finished' WHERE id = {key}"), "disbursement_"),
        ] {
            w.attacked(&attack, rule).await;
        }

        // Nobody close: who was declared, whose account it is, who writes, decides or pays.
        let mut close = person(campaign, "王三（示例）", 3);
        close["related"] = json!("负责人的亲属");
        organiser.post("/staff/payees", close.clone()).await.ok();
        let twin = payee(w, campaign, "王三（示例）", 3).await;
        let staff_payee = async |officer: &Officer, name: &str, number: u64| {
            let mut new = person(campaign, name, number);
            (new["part"], new["staff"]) = (json!("staff"), json!(officer.id));
            id(&organiser.post("/staff/payees", new).await.ok())
        };
        let author = staff_payee(&organiser, "经办人（示例）", 4).await;
        for payee in [id(&close), twin, author] {
            let grant = paper(campaign, &code, &[payee], "10.00");
            organiser.post("/staff/disbursements", grant.clone()).await.ok();
            attach(&organiser, &grant).await.ok();
            w.attacked(&submit(&lit(w, id(&grant)), ""), "disbursement_related").await;
        }
        let decides = paper(campaign, &code, &[staff_payee(&manager, "审批人（示例）", 5).await], "10.00");
        submitted(w, &decides).await;
        step(&manager, &decides, "approval").await.refused(409, "related_party");
        let approval = format!(
            "INSERT INTO disbursement_approval (disbursement_id, round, step, author_id, approver_id, amount_fen, at_us) \
             VALUES ({}, 1, 1, {}, {}, 1000, 1)",
            lit(w, id(&decides)), lit(w, organiser.id), lit(w, manager.id)
        );
        w.attacked(&approval, "disbursement_related").await;

        // Into a file goes what is owed to a known account of somebody nobody looks at, by a cashier who is no payee.
        let compliance = w.staff(Role::Compliance).await;
        let payer = staff_payee(&cashier, "出纳（示例）", 6).await;
        let (later, watched) = (payee(w, campaign, "王五（示例）", 7).await, payee(w, campaign, "王六（示例）", 8).await);
        let (declared, moved) = (payee(w, campaign, "王七（示例）", 9).await, payee(w, campaign, "王八（示例）", 10).await);
        let people = [student, payer, later, watched, declared, moved];
        let owed = paper(campaign, &code, &people, "10.00");
        approved(w, &owed).await;
        let carrier = paper(campaign, &code, &[student], "11.00");
        approved(w, &carrier).await;
        let file = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&carrier)] });
        cashier.post("/staff/payment-files", file.clone()).await.ok();
        let account = json!({ "number": "6222020099999999999", "bank": "示例银行" });
        cashier.call(reqwest::Method::PUT, &format!("/staff/payees/{moved}/account"), Some(account)).await.ok();
        let named = json!({ "list": "示例名单", "names": ["王六（示例）"] });
        compliance.post("/staff/screening/names", named).await.ok();
        let relation = json!({ "relation": "理事的亲属" });
        head.call(reqwest::Method::PUT, &format!("/staff/payees/{declared}/related"), Some(relation)).await.ok();
        let schedule = |number: usize, account: &str| {
            format!(
                "UPDATE payout SET state = 'scheduled', payment_file_id = {}, payer_id = {}, scheduled_us = \
                 (SELECT COALESCE(account_changed_us, created_us) FROM payee WHERE id = payee_id), \
                 account_hmac = (SELECT {account} FROM payee WHERE id = payee_id) WHERE id = {}",
                lit(w, id(&file)), lit(w, cashier.id), lit(w, payouts(&owed)[number])
            )
        };
        for (number, account, rule) in [
            (0, "name_hmac", "payout_account"),
            (1, "account_hmac", "disbursement_related"),
            (3, "account_hmac", "payout_held"),
            (4, "account_hmac", "disbursement_related"),
            (5, "account_hmac", "payout_account_quiet"),
        ] {
            w.attacked(&schedule(number, account), rule).await;
        }
        let hit = |set: &str| format!("UPDATE screening_hit SET {set} WHERE payee_id = {}", lit(w, watched));
        let clears = hit(&format!("state = 'cleared', decided_us = 1, reason = '无', decider_id = {}", lit(w, organiser.id)));
        w.attacked(&clears, "screening_hit_persons").await;
        w.attacked(&hit(&format!("payee_id = {one}")), "screening_hit_decided").await;
        w.attacked("DELETE FROM screening_hit", "screening_hit_decided").await;
        w.attacked("UPDATE watch_name SET list = 'x'", "watch_name_fixed").await;
        w.attacked("UPDATE payment_file SET hash = content", "payment_file_fixed").await;
        let finish = |of: &Value| format!("UPDATE disbursement SET state = 'finished', finished_us = 1 WHERE id = {}", lit(w, id(of)));
        w.attacked(&finish(&owed), "disbursement_unpaid").await;

        // From no more than the plan has and the campaign received.
        for (attack, rule) in [
            ("UPDATE budget_line SET committed_fen = planned_fen + 1", "budget_line_spent_check"),
            ("UPDATE budget_line SET used_fen = planned_fen + 1", "budget_line_spent_check"),
            ("UPDATE fund SET committed_fen = received_fen + 1", "fund_available_check"),
            ("UPDATE fund SET used_fen = received_fen + 1", "fund_available_check"),
        ] {
            w.attacked(attack, rule).await;
        }

        // What was paid comes back once, no more than was paid, and not on one person's word.
        cashier.act(&format!("/staff/payment-files/{}/sending", id(&file))).await.ok();
        let told = format!("/staff/payment-files/{}/results", id(&file));
        bookkeeper.post(&told, results(w, &payouts(&carrier), true)).await.ok();
        let paid = lit(w, payouts(&carrier)[0]);
        let back = |state: &str, fen: i64| {
            format!(
                "INSERT INTO payout_settlement (id, payout_id, kind, state, amount_fen, reason, bank_account, bank_reference, happened_on, \
                 author_id, approver_id, created_us, decided_us) VALUES ({}, {paid}, 'recovered', '{state}', {fen}, '退回', '基本户', 'R-9', \
                 '2026-01-09', {}, NULL, 1, NULL)",
                lit(w, Uuid::now_v7()), lit(w, cashier.id)
            )
        };
        w.attacked(&back("proposed", 1101), "payout_settlement_amount").await;
        w.attacked(&back("confirmed", 1), "payout_settlement_decided").await;
        let returned = json!({
            "id": Uuid::now_v7(), "kind": "recovered", "amount": "1.00", "reason": "退回", "on": w.app.business.today().to_string(),
            "bank": { "bank_account": "基本户", "reference": "R-1" },
        });
        // Whoever wrote it down could confirm another's.
        bookkeeper.post(&format!("/staff/payouts/{}/settlements", payouts(&carrier)[0]), returned.clone()).await.ok();
        let own = format!(
            "UPDATE payout_settlement SET state = 'confirmed', decided_us = 1, approver_id = author_id WHERE id = {}",
            lit(w, id(&returned))
        );
        w.attacked(&own, "payout_settlement_own_check").await;
        w.attacked("UPDATE payout_settlement SET amount_fen = 2", "payout_settlement_decided").await;
        w.attacked("DELETE FROM payout_settlement", "payout_settlement_decided").await;
        w.attacked(&format!("UPDATE payout SET state = 'bounced' WHERE id = {paid}"), "payout_").await;
        let second = w.hire(Role::Bookkeeper, "bookkeeper-2").await;
        second.act(&format!("/staff/settlements/{}/confirmation", id(&returned))).await.ok();

        // Frozen money goes nowhere.
        w.paper(&format!("/staff/campaigns/{campaign}"), "order").await;
        let order = json!({ "id": Uuid::now_v7(), "reason": "民政部门要求核查" });
        head.post(&format!("/staff/campaigns/{campaign}/suspensions"), order).await.ok();
        w.attacked(&schedule(2, "account_hmac"), "campaign_frozen").await;
    })
    .await;
}

/// A notice of a duty leaves the desk with the publication that does the duty, or for a reason that stays; with nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_closed_by_what_it_asks_for_or_for_a_reason() {
    story(async |w| {
        let disclosure = w.staff(Role::Disclosure).await;
        let today = w.app.business.today();
        let event = json!({
            "id": Uuid::now_v7(), "book": w.book, "kind": "investment", "title": "购买国债", "words": "经理事会决议购买国债",
            "happened_on": today,
        });
        disclosure.post("/staff/major-events", event.clone()).await.ok();
        let book = lit(w, w.book.uuid());
        for (kind, subject) in [("major_event", lit(w, id(&event))), ("annual_report", book.clone())] {
            let notice = format!(
                "INSERT INTO duty_notice (id, kind, book_id, subject, due, level, addressee, created_us) \
                 VALUES ({}, '{kind}', {book}, {subject}, '{}-05-31', 'warning', 'disclosure', 1)",
                lit(w, Uuid::now_v7()),
                today.year() + 1,
            );
            w.sql(&notice).await.unwrap();
        }
        let version = json!({ "id": Uuid::now_v7(), "wish": { "kind": "major_event", "event": event["id"] } });
        disclosure.post("/staff/disclosures", version.clone()).await.ok();
        let at = lit(w, id(&version));
        let close = |kind: &str, how: &str| format!("UPDATE duty_notice SET closed_us = 2{how} WHERE kind = '{kind}'");
        w.attacked(&close("major_event", ""), "duty_notice_unfulfilled").await;
        w.attacked(&close("major_event", ", closed_why = '。'"), "duty_notice_unfulfilled").await;
        w.attacked(&close("major_event", &format!(", disclosure_id = {at}")), "duty_notice_unfulfilled").await;
        let place = json!({ "id": Uuid::now_v7(), "place": "charity_china", "reference": "慈善中国 示例", "published_on": today });
        disclosure.post(&format!("/staff/disclosures/{}/publications", id(&version)), place).await.ok();
        let by_it = "SELECT CAST(count(*) AS BIGINT) FROM duty_notice WHERE kind = 'major_event' AND disclosure_id IS NOT NULL";
        assert_eq!(w.count(by_it).await, 1, "published, it leaves the desk");
        // What was published of something else does not do it, nor is a reason changed afterwards.
        w.attacked(&close("annual_report", &format!(", disclosure_id = {at}")), "duty_notice_unfulfilled").await;
        w.sql(&close("annual_report", ", closed_why = '账套已注销，无须公布'")).await.unwrap();
        w.attacked("UPDATE duty_notice SET closed_why = '另一个原因'", "duty_notice_fixed").await;
    })
    .await;
}

/// Whoever approves holds the role of the step, there and on that day, also for whoever sits at the database; and what was approved past the
/// books is not paid.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_needs_the_role_of_its_step() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let code = line(w, campaign).await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        let second = w.hire(Role::ProjectManager, "manager-2").await;
        let elsewhere = w.hire_over(Role::ProjectManager, "manager-3", "/hebei/1305/").await;
        let grant = paper(campaign, &code, &[student], "10.00");
        submitted(w, &grant).await;
        let (author, now) = (lit(w, w.staff(Role::Organiser).await.id), w.app.business.now().us());
        let key = lit(w, id(&grant));
        let approval = |step: i64, approver: &Officer, lender: Option<&Officer>| {
            let lender = lender.map_or("NULL".to_owned(), |lender| lit(w, lender.id));
            format!(
                "INSERT INTO disbursement_approval (disbursement_id, round, step, author_id, approver_id, acting_for_id, amount_fen, at_us) \
                 VALUES ({key}, 1, {step}, {author}, {}, {lender}, 1000, {now})",
                lit(w, approver.id)
            )
        };
        let rule = "disbursement_approval_role";
        let others = [
            Role::Admin, Role::Cashier, Role::Bookkeeper, Role::Chair, Role::Disclosure, Role::Compliance, Role::LeagueOfficer,
            Role::BankOfficer, Role::Auditor,
        ];
        for role in others {
            w.attacked(&approval(1, &w.staff(role).await, None), rule).await;
        }
        for (approver, lender) in [(&head, None), (&elsewhere, None), (&w.staff(Role::Chair).await, Some(&manager))] {
            w.attacked(&approval(1, approver, lender), rule).await;
        }
        step(&manager, &grant, "approval").await.ok();
        w.attacked(&approval(2, &second, None), rule).await;

        // A loan that is over is none, and one that was agreed on lasts as long as it says.
        lends(w, &head, &second, "finance_head").await;
        let lent = head.get("/staff/delegations").await.ok()["items"][0].clone();
        second.act(&format!("/staff/delegations/{}/revocation", id(&lent))).await.ok();
        step(&second, &grant, "approval").await.refused(403, "forbidden");
        w.attacked(&approval(2, &second, Some(&head)), rule).await;
        lends(w, &head, &second, "finance_head").await;
        let late = approval(2, &second, Some(&head)).replace(&format!("{now})"), &format!("{})", now + 5 * 86_400_000_000));
        w.attacked(&late, rule).await;
        step(&second, &grant, "approval").await.ok();

        // The same of a campaign, and of what shall change of it.
        let draft = w.draft("100.00");
        let of = |step: &str| format!("/staff/campaigns/{}/{step}", id(&draft));
        let organiser = w.staff(Role::Organiser).await;
        organiser.post("/staff/campaigns", draft.clone()).await.ok();
        organiser.act(&of("submission")).await.ok();
        manager.act(&of("review")).await.ok();
        let forged = |step: &str, approver: &Officer| {
            format!(
                "INSERT INTO campaign_approval (campaign_id, round, step, author_id, approver_id, at_us) \
                 VALUES ({}, 1, '{step}', {author}, {}, {now})",
                lit(w, id(&draft)), lit(w, approver.id)
            )
        };
        for (step, approver) in [("manager", &head), ("manager", &elsewhere), ("finance", &second)] {
            w.attacked(&forged(step, approver), "campaign_approval_role").await;
        }
        let mut wider = w.draft("5000000.00");
        wider.as_object_mut().unwrap().remove("id");
        let change = json!({ "id": Uuid::now_v7(), "reason": "扩大受益范围", "draft": wider });
        organiser.post(&format!("/staff/campaigns/{campaign}/changes"), change.clone()).await.ok();
        let forged = format!(
            "INSERT INTO campaign_change_approval (change_id, step, author_id, approver_id, at_us) VALUES ({}, 'manager', {author}, {}, {now})",
            lit(w, id(&change)), lit(w, head.id)
        );
        w.attacked(&forged, "campaign_change_approval_role").await;

        // Approvals that were written by hand in the names of the right persons book nothing, and nothing goes to the bank.
        let other = paper(campaign, &code, &[student], "20.00");
        submitted(w, &other).await;
        let (key, file) = (lit(w, id(&other)), Uuid::now_v7());
        let by_hand = |step: i64, approver: &Officer, state: &str| {
            format!(
                "INSERT INTO disbursement_approval (disbursement_id, round, step, author_id, approver_id, amount_fen, at_us) \
                 VALUES ({key}, 1, {step}, {author}, {}, 2000, {now}); \
                 UPDATE disbursement SET state = '{state}', approved_us = {now} WHERE id = {key};",
                lit(w, approver.id)
            )
        };
        let bytes = match w.app.db.backend() {
            DbBackend::Postgres => format!("'\\x{}'::bytea", "00".repeat(32)),
            _ => format!("X'{}'", "00".repeat(32)),
        };
        let cashier = lit(w, w.staff(Role::Cashier).await.id);
        let attack = format!(
            "{} {} UPDATE payout SET state = 'approved' WHERE disbursement_id = {key}; \
             INSERT INTO payment_file (id, book_id, bank_account, state, lines, total_fen, hash, content, request, author_id, created_us) \
             VALUES ({}, {}, '基本户', 'made', 1, 2000, {bytes}, {bytes}, {bytes}, {cashier}, {now}); \
             UPDATE payout SET state = 'scheduled', payment_file_id = {}, payer_id = {cashier}, scheduled_us = {now}, \
             account_hmac = (SELECT account_hmac FROM payee WHERE id = {}) WHERE disbursement_id = {key}",
            by_hand(1, &manager, "pm_approved"), by_hand(2, &head, "approved"), lit(w, file), lit(w, w.book.uuid()), lit(w, file),
            lit(w, student)
        );
        w.attacked(&attack, "payout_unbooked").await;

        // Nor does anybody pay, or say what the bank did, without the role for it.
        step(&manager, &other, "approval").await.ok();
        step(&head, &other, "approval").await.ok();
        let payout = lit(w, payouts(&other)[0]);
        for payer in [w.staff(Role::Bookkeeper).await, w.staff(Role::Disclosure).await] {
            let made = format!(
                "INSERT INTO payment_file (id, book_id, bank_account, state, lines, total_fen, hash, content, request, author_id, created_us) \
                 VALUES ({}, {}, '基本户', 'made', 1, 2000, {bytes}, {bytes}, {bytes}, {payer}, {now}); \
                 UPDATE payout SET state = 'scheduled', payment_file_id = {}, payer_id = {payer}, scheduled_us = {now}, \
                 account_hmac = (SELECT account_hmac FROM payee WHERE id = {}) WHERE id = {payout}",
                lit(w, file), lit(w, w.book.uuid()), lit(w, file), lit(w, student), payer = lit(w, payer.id)
            );
            w.attacked(&made, "payout_payer_role").await;
        }
        // Whoever stands in for the cashier does.
        lends(w, &w.staff(Role::Cashier).await, &second, "cashier").await;
        let lent = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&other)] });
        second.post("/staff/payment-files", lent.clone()).await.ok();
        second.act(&format!("/staff/payment-files/{}/withdrawal", id(&lent))).await.ok();
        sent(w, &other).await;
        for confirmer in [w.staff(Role::Auditor).await, w.staff(Role::Admin).await] {
            let told = format!(
                "UPDATE payout SET state = 'confirmed', confirmer_id = {}, paid_on = '2026-11-22', changed_us = {now} WHERE id = {payout}",
                lit(w, confirmer.id)
            );
            w.attacked(&told, "payout_confirmer_role").await;
        }
    })
    .await;
}
