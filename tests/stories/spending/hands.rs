//! Who approves, pays and confirms: never one person, whatever their roles, and never more than there is.

use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{identity_number, story};

use super::{
    approved, attach, funded, funded_with, id, line, lit, paper, partner, payee, payouts, person, results, sent, sql,
    step, submitted,
};

/// One person with as many roles as one person may join is still one person, and a second session makes no second person.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_pays_or_confirms_their_own_whatever_their_roles() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let code = line(w, campaign).await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let (first, second) = (w.hire(Role::Admin, "admin-1").await, w.hire(Role::Admin, "admin-2").await);
        let person_id = Uuid::now_v7();
        let roles = ["cashier", "finance_head", "organiser", "project_manager", "chair", "disclosure"];
        let grants: Vec<Value> = roles.iter().map(|role| json!({ "role": role })).collect();
        let proposal = json!({
            "id": person_id, "username": "everything", "name": "能人", "grants": grants, "identity_number": identity_number(3),
        });
        first.post("/staff/members", proposal).await.ok();
        let made = second.act(&format!("/staff/members/{person_id}/activation")).await.ok();
        let seed = made["totp_secret"].as_str().map(str::to_owned);
        let everybody = w.sign_in("everything", made["password"].as_str().unwrap(), seed).await;

        let own = paper(campaign, &code, &[student], "10.00");
        everybody.post("/staff/disbursements", own.clone()).await.ok();
        attach(&everybody, &own).await.ok();
        step(&everybody, &own, "submission").await.ok();
        step(&everybody, &own, "approval").await.refused(403, "other_person_needed");
        step(&first, &own, "approval").await.refused(403, "forbidden");
        step(&w.staff(Role::ProjectManager).await, &own, "approval").await.ok();
        step(&everybody, &own, "approval").await.refused(403, "other_person_needed");
        step(&w.staff(Role::FinanceHead).await, &own, "approval").await.ok();
        let file =
            |paper: &Value| json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(paper)] });
        everybody.post("/staff/payment-files", file(&own)).await.refused(403, "other_person_needed");

        let theirs = paper(campaign, &code, &[student], "20.00");
        submitted(w, &theirs).await;
        step(&everybody, &theirs, "approval").await.ok();
        step(&everybody, &theirs, "approval").await.refused(403, "other_person_needed");
        step(&w.staff(Role::FinanceHead).await, &theirs, "approval").await.ok();
        everybody.post("/staff/payment-files", file(&theirs)).await.refused(403, "other_person_needed");

        let other = paper(campaign, &code, &[student], "30.00");
        approved(w, &other).await;
        let made = id(&everybody.post("/staff/payment-files", file(&other)).await.ok());
        w.staff(Role::Cashier)
            .await
            .act(&format!("/staff/payment-files/{made}/sending"))
            .await
            .refused(403, "other_person_needed");
        everybody.act(&format!("/staff/payment-files/{made}/sending")).await.ok();
        let path = format!("/staff/payment-files/{made}/results");
        everybody.post(&path, results(w, &payouts(&other), true)).await.refused(403, "other_person_needed");
        // In a charity that keeps all duties apart, neither does whoever approved it say what the bank did.
        let paid = results(w, &payouts(&other), true);
        let head = w.staff(Role::FinanceHead).await;
        head.post(&path, paid.clone()).await.refused(403, "other_person_needed");
        let forged = format!(
            "UPDATE payout SET state = 'confirmed', confirmer_id = {}, paid_on = '2026-11-22' WHERE id = {}",
            lit(w, head.id), lit(w, payouts(&other)[0])
        );
        w.attacked(&forged, "payout_hands").await;
        w.staff(Role::Bookkeeper).await.post(&path, paid).await.ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_keeps_duties_apart() {
    story(async |w| {
        let campaign = funded(w, "200000.00").await;
        let code = line(w, campaign).await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let (organiser, manager) = (w.staff(Role::Organiser).await, w.staff(Role::ProjectManager).await);
        let (head, cashier) = (w.staff(Role::FinanceHead).await, w.staff(Role::Cashier).await);
        let (author, first, second, payer) =
            (lit(w, organiser.id), lit(w, manager.id), lit(w, head.id), lit(w, cashier.id));
        let grant = paper(campaign, &code, &[student], "100.00");
        submitted(w, &grant).await;
        let (key, payout) = (lit(w, id(&grant)), lit(w, payouts(&grant)[0]));
        let refused = async |statement: String| {
            let answer = sql(w, &statement).await;
            assert!(answer.is_err(), "the database took: {statement}");
        };
        let approval = |step: i64, approver: &str, acting: &str, amount: i64| {
            format!(
                "INSERT INTO disbursement_approval (disbursement_id, round, step, author_id, approver_id, acting_for_id, amount_fen, at_us) \
                 VALUES ({key}, 1, {step}, {author}, {approver}, {acting}, {amount}, 1)"
            )
        };
        let to = |state: &str| format!("UPDATE disbursement SET state = '{state}', approved_us = 1 WHERE id = {key}");
        // The author's own, in the author's stead, of another step, of another amount, under another author's name.
        refused(approval(1, &author, "NULL", 10_000)).await;
        refused(approval(1, &first, &author, 10_000)).await;
        refused(approval(2, &first, "NULL", 10_000)).await;
        refused(approval(1, &first, "NULL", 9_999)).await;
        refused(approval(1, &author, "NULL", 10_000).replace(&format!("{author}, {author}"), &format!("{first}, {author}"))).await;
        // Forward without approvals, or past the profile that was fixed when it was handed in.
        for state in ["pm_approved", "finance_approved", "approved", "finished"] {
            refused(to(state)).await;
        }
        refused(format!("UPDATE disbursement SET needed = 1, profile = 'small' WHERE id = {key}")).await;
        for change in [
            format!("amount_fen = 1 WHERE id = {key}"),
            format!("author_id = {first} WHERE id = {key}"),
            format!("line_code = 'other' WHERE id = {key}"),
            format!("round = 2 WHERE id = {key}"),
        ] {
            refused(format!("UPDATE disbursement SET {change}")).await;
        }
        refused(format!("UPDATE payout SET amount_fen = 1 WHERE id = {payout}")).await;
        refused(format!("UPDATE payout SET state = 'approved' WHERE id = {payout}")).await;
        refused(format!("DELETE FROM payout WHERE id = {payout}")).await;
        refused(format!("DELETE FROM disbursement WHERE id = {key}")).await;
        step(&manager, &grant, "approval").await.ok();
        refused(approval(2, &first, "NULL", 10_000)).await;
        refused(to("approved")).await;
        refused(format!("DELETE FROM disbursement_approval WHERE disbursement_id = {key}")).await;
        refused(format!("UPDATE disbursement_approval SET approver_id = {second} WHERE disbursement_id = {key}")).await;
        if w.app.db.backend() == sea_orm::DbBackend::Sqlite {
            refused(approval(1, &second, "NULL", 10_000).replace("INSERT INTO", "INSERT OR REPLACE INTO")).await;
        }
        step(&head, &grant, "approval").await.ok();

        // Paid by the author or an approver, without a file, past the bank.
        let file = Uuid::now_v7();
        let make = |payer: &str| {
            let bytes = match w.app.db.backend() {
                sea_orm::DbBackend::Postgres => format!("'\\x{}'::bytea", "00".repeat(32)),
                _ => format!("X'{}'", "00".repeat(32)),
            };
            format!(
                "INSERT INTO payment_file (id, book_id, bank_account, state, lines, total_fen, hash, content, request, author_id, created_us) \
                 VALUES ({}, {}, '基本户', 'made', 1, 10000, {bytes}, {bytes}, {bytes}, {payer}, 1)",
                lit(w, file), lit(w, w.book.uuid())
            )
        };
        let account = format!("(SELECT account_hmac FROM payee WHERE id = {})", lit(w, student));
        for person in [&author, &first, &second] {
            let schedule = format!(
                "{}; UPDATE payout SET state = 'scheduled', payment_file_id = {}, payer_id = {person}, account_hmac = {account}, scheduled_us = 2 \
                 WHERE id = {payout}", make(person), lit(w, file)
            );
            refused(schedule).await;
        }
        for state in ["scheduled", "sent", "confirmed", "bounced"] {
            refused(format!("UPDATE payout SET state = '{state}' WHERE id = {payout}")).await;
        }
        let made = sent(w, &grant).await;
        refused(format!("UPDATE payout SET state = 'confirmed', confirmer_id = {payer}, paid_on = '2026-11-22' WHERE id = {payout}")).await;
        refused(format!("UPDATE payout SET payer_id = {second} WHERE id = {payout}")).await;
        refused(format!("UPDATE payment_file SET total_fen = 1 WHERE id = {}", lit(w, made))).await;
        let path = format!("/staff/payment-files/{made}/results");
        w.staff(Role::Bookkeeper).await.post(&path, results(w, &payouts(&grant), true)).await.ok();
        refused(format!("UPDATE payout SET state = 'retried' WHERE id = {payout}")).await;
        refused(format!("DELETE FROM payout_history WHERE payout_id = {payout}")).await;

        // Above the limit two persons are not enough.
        let large = paper(campaign, &code, &[student], "100000.01");
        submitted(w, &large).await;
        step(&manager, &large, "approval").await.ok();
        assert_eq!(step(&head, &large, "approval").await.ok()["state"], "finance_approved");
        refused(format!("UPDATE disbursement SET state = 'approved', approved_us = 1 WHERE id = {}", lit(w, id(&large)))).await;
        assert_eq!(step(&w.staff(Role::Chair).await, &large, "approval").await.ok()["state"], "approved");

        // A payee who was declared close stays so, and an account is not confirmed by whoever changed it.
        let key = lit(w, student);
        sql(w, &format!("UPDATE payee SET related = true WHERE id = {key}")).await.unwrap();
        refused(format!("UPDATE payee SET related = false WHERE id = {key}")).await;
        refused(format!("UPDATE payee SET account_changed_us = {}, account_changed_by = {payer}, account_confirmed_by = {payer} WHERE id = {key}", i64::MAX)).await;
        let new = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&large)] });
        cashier.post("/staff/payment-files", new).await.refused(409, "related_party");
        for id in payouts(&large) {
            head.post(&format!("/staff/payouts/{id}/cancellation"), json!({ "reason": "关联关系" })).await.ok();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_approvals_at_once_spend_no_more_than_there_is() {
    story(async |w| {
        let campaign = funded_with(w, "示例服务中心", "700.00").await;
        let code = line(w, campaign).await;
        let partner = partner(w, campaign, "示例服务中心", 60).await;
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        let mut papers = Vec::new();
        for number in 0..20 {
            let mut grant = paper(campaign, &code, &[partner], "100.00");
            if number % 2 == 0 {
                grant["kind"] = json!("advance");
            }
            submitted(w, &grant).await;
            step(&manager, &grant, "approval").await.ok();
            papers.push(grant);
        }
        let answers = futures_util::future::join_all(papers.iter().map(|grant| step(&head, grant, "approval"))).await;
        let passed = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(passed, 7);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.refused(409, "fund_short");
        }
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!(fund.available().to_string(), "0.00");
    })
    .await;
}

/// Whoever is paid says neither that the bank did not pay, nor that the money came back: they would be paid twice.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_paid_does_not_say_what_the_bank_did() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        let second = w.hire(Role::Bookkeeper, "keeper-2").await;
        let mut own = person(campaign, "吴会计（示例）", 5);
        (own["part"], own["staff"]) = (json!("staff"), json!(keeper.id));
        w.staff(Role::Organiser).await.post("/staff/payees", own.clone()).await.ok();
        let mut spent = paper(campaign, "a", &[id(&own)], "50.00");
        spent["kind"] = json!("reimbursement");
        approved(w, &spent).await;
        let file = sent(w, &spent).await;
        let path = format!("/staff/payment-files/{file}/results");
        let payout = payouts(&spent)[0];
        for paid in [true, false] {
            keeper.post(&path, results(w, &[payout], paid)).await.refused(403, "other_person_needed");
        }
        let (row, now) = (lit(w, payout), w.app.business.now().us());
        let bounced = format!(
            "UPDATE payout SET state = 'bounced', confirmer_id = {}, last_error = '退票', changed_us = {now} WHERE id = {row}",
            lit(w, keeper.id)
        );
        w.attacked(&bounced, "payout_hands").await;
        // A day before the payment is none on which it came back.
        w.pass(2 * 86_400).await;
        second.post(&path, results(w, &[payout], true)).await.ok();
        let mut early = results(w, &[payout], false);
        early["lines"][0]["on"] = json!(w.app.business.today().previous().to_string());
        let refused = second.post(&path, early).await;
        assert!(refused.refused(422, "invalid_field").text.contains("退票日期"), "{}", refused.text);

        let back = json!({
            "id": Uuid::now_v7(), "kind": "recovered", "amount": "50.00", "reason": "多报", "on": w.app.business.today().to_string(),
            "bank": { "bank_account": "基本户", "reference": "R-1" },
        });
        w.staff(Role::Cashier).await.post(&format!("/staff/payouts/{payout}/settlements"), back.clone()).await.ok();
        let confirm = format!("/staff/settlements/{}/confirmation", id(&back));
        keeper.act(&confirm).await.refused(403, "other_person_needed");
        let settled = format!(
            "UPDATE payout_settlement SET state = 'confirmed', approver_id = {}, decided_us = {} WHERE id = {}",
            lit(w, keeper.id), w.app.business.now().us(), lit(w, id(&back))
        );
        w.attacked(&settled, "payout_settlement_persons").await;
        head.act(&confirm).await.refused(403, "other_person_needed");
        second.act(&confirm).await.ok();
    })
    .await;
}
