//! Whoever is paid: their accounts, to whom they are close, and the lists that name them.

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::story;

use super::{approved, attach, funded, id, lit, paper, payee, payouts, person};

/// Another account is a changed account, whether it is written into the row that stands or into a new one of the same name.
#[tokio::test(flavor = "multi_thread")]
async fn another_account_under_a_known_name_waits_like_a_changed_one() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let (organiser, cashier) = (w.staff(Role::Organiser).await, w.staff(Role::Cashier).await);
        let known = payee(w, campaign, "王一（示例）", 1).await;
        let new = organiser.post("/staff/payees", person(campaign, "王一（示例）", 2)).await.ok();
        assert_eq!(new["account_changed_by"], json!(organiser.id));
        let same = organiser.post("/staff/payees", person(campaign, "王一（示例）", 1)).await.ok();
        assert_eq!(same["account_changed_at"], Value::Null, "the account that is known");
        let grant = paper(campaign, "a", &[id(&new)], "10.00");
        approved(w, &grant).await;
        let file = || json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&grant)] });
        cashier.post("/staff/payment-files", file()).await.refused(409, "account_changed");
        let confirmation = format!("/staff/payees/{}/account-confirmation", id(&new));
        organiser.act(&confirmation).await.refused(403, "forbidden");
        w.staff(Role::ProjectManager).await.act(&confirmation).await.ok();
        let lent = "UPDATE payee SET account_confirmed_for = account_changed_by WHERE account_confirmed_by IS NOT NULL";
        w.attacked(lent, "payee_persons").await;
        cashier.post("/staff/payment-files", file()).await.ok();
        // What is known of a name is what it ever had.
        let account = json!({ "number": "6222020099999999999", "bank": "示例银行" });
        cashier.call(Method::PUT, &format!("/staff/payees/{known}/account"), Some(account.clone())).await.ok();
        let mut third = person(campaign, "王一（示例）", 3);
        third["account"] = account;
        assert_ne!(organiser.post("/staff/payees", third).await.ok()["account_changed_at"], Value::Null);
        let forged = format!(
            "INSERT INTO payee (id, book_id, unit_path, kind, part, minor, related, name_sealed, name_hmac, account_sealed, bank_sealed, \
             account_hmac, key_sealed, key_version, author_id, created_us) SELECT {}, book_id, unit_path, kind, part, minor, related, \
             name_sealed, name_hmac, account_sealed, bank_sealed, key_sealed, key_sealed, key_version, author_id, created_us \
             FROM payee WHERE id = {}",
            lit(w, Uuid::now_v7()), lit(w, known)
        );
        w.attacked(&forged, "payee_account_unconfirmed").await;
    })
    .await;
}

/// Whoever learns later that a payee is close to somebody says so, and nothing is paid any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_payee_is_declared_close_when_it_is_known() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let grant = paper(campaign, "a", &[student], "10.00");
        approved(w, &grant).await;
        let (manager, path) = (w.staff(Role::ProjectManager).await, format!("/staff/payees/{student}/related"));
        let said = |relation: &str| Some(json!({ "relation": relation }));
        w.staff(Role::Auditor).await.call(Method::PUT, &path, said("亲属")).await.refused(403, "forbidden");
        assert_eq!(manager.call(Method::PUT, &path, said("项目负责人的外甥")).await.ok()["related"], true);
        manager.call(Method::PUT, &path, said("项目负责人的外甥")).await.ok();
        manager.call(Method::PUT, &path, said("别的关系")).await.refused(409, "wrong_state");
        let new = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&grant)] });
        w.staff(Role::Cashier).await.post("/staff/payment-files", new).await.refused(409, "related_party");
        w.attacked("UPDATE payee SET related_note = '无' WHERE related", "payee_related").await;
        let head = w.staff(Role::FinanceHead).await;
        head.post(&format!("/staff/payouts/{}/cancellation", payouts(&grant)[0]), json!({ "reason": "关联关系" }))
            .await
            .ok();
    })
    .await;
}

/// A list names people: it is read for a reason that is written down, and where it pays a child by those responsible.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_under_a_paper_is_read_for_a_reason() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let guardian = payee(w, campaign, "王一（示例）", 1).await;
        let mut child = person(campaign, "小明（示例）", 7);
        (child["minor"], child["account"]) = (json!(true), Value::Null);
        organiser.post("/staff/payees", child.clone()).await.ok();
        let plain = paper(campaign, "a", &[guardian], "10.00");
        let mut of_child = paper(campaign, "a", &[guardian], "20.00");
        (of_child["payouts"][0]["beneficiary"], of_child["payouts"][0]["relation"]) =
            (child["id"].clone(), json!("父亲"));
        let mut lists = Vec::new();
        for grant in [&plain, &of_child] {
            organiser.post("/staff/disbursements", grant.clone()).await.ok();
            let list = id(&attach(&organiser, grant).await.ok());
            lists.push(format!("/staff/disbursements/{}/attachments/{list}", id(grant)));
        }
        let (manager, chair) = (w.staff(Role::ProjectManager).await, w.staff(Role::Chair).await);
        let why = || json!({ "reason": "复核名单" });
        let reading = |list: &str| format!("{list}/reading");
        for officer in [&organiser, &manager, &chair] {
            officer.get(&lists[0]).await.refused(409, "reason_needed");
        }
        organiser.post(&reading(&lists[0]), why()).await.refused(403, "forbidden");
        manager.post(&reading(&lists[0]), json!({ "reason": "  " })).await.refused(422, "invalid_field");
        let read = manager.post(&reading(&lists[0]), why()).await;
        assert!(read.status == 200 && read.text.contains("名单"), "{}", read.text);
        manager.post(&reading(&lists[1]), why()).await.refused(403, "child_data");
        assert_eq!(chair.post(&reading(&lists[1]), why()).await.status, 200);
        let ask = json!({ "id": Uuid::now_v7(), "reason": "复核名单", "days": 3 });
        manager.post(&format!("/staff/payees/{}/child-access", id(&child)), ask.clone()).await.ok();
        chair.post(&format!("/staff/child-access/{}/approval", id(&ask)), why()).await.ok();
        assert_eq!(manager.post(&reading(&lists[1]), why()).await.status, 200);
        let noted =
            "SELECT CAST(count(*) AS BIGINT) FROM unmasking WHERE object LIKE 'disbursement:%' AND fields = 'list'";
        assert_eq!(w.count(noted).await, 3, "refusals show nothing");
    })
    .await;
}

/// In what relation somebody is paid for another tells of both: it is sealed with the key of the second, read with the paper, and stays.
#[tokio::test(flavor = "multi_thread")]
async fn in_what_relation_somebody_is_paid_for_another_is_sealed() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let guardian = payee(w, campaign, "王一（示例）", 1).await;
        let mut child = person(campaign, "小明（示例）", 7);
        (child["minor"], child["account"]) = (json!(true), Value::Null);
        organiser.post("/staff/payees", child.clone()).await.ok();
        let mut grant = paper(campaign, "a", &[guardian], "20.00");
        (grant["payouts"][0]["beneficiary"], grant["payouts"][0]["relation"]) = (child["id"].clone(), json!("父亲"));
        organiser.post("/staff/disbursements", grant.clone()).await.ok();
        organiser.post("/staff/disbursements", grant.clone()).await.ok();
        let path = format!("/staff/disbursements/{}", id(&grant));
        let told = async || organiser.get(&format!("{path}/payouts")).await.ok()["items"][0]["relation"].clone();
        assert_eq!(told().await, "父亲");
        let mut other = grant.clone();
        other["payouts"][0]["relation"] = json!("祖父");
        organiser.call(Method::PUT, &path, Some(other)).await.ok();
        assert_eq!(told().await, "祖父", "of a draft they are written anew");
        let clear = "SELECT CAST(count(*) AS BIGINT) FROM payout WHERE relation <> ''";
        let sealed = "SELECT CAST(count(*) AS BIGINT) FROM payout WHERE relation = '' AND length(relation_sealed) > 20";
        assert_eq!((w.count(clear).await, w.count(sealed).await), (0, 1));
        for forged in ["relation = '本人'", "relation_sealed = NULL", "relation = NULL, relation_sealed = NULL"] {
            w.attacked(&format!("UPDATE payout SET {forged} WHERE relation = ''"), "payout_").await;
        }
        // What a release before wrote in clear is sealed by the job.
        let before = format!(
            "INSERT INTO payout (id, disbursement_id, position, payee_id, beneficiary_id, relation, amount_fen, state, attempt, created_us, changed_us) \
             SELECT {}, disbursement_id, 2, payee_id, beneficiary_id, '监护人', amount_fen, state, attempt, created_us, changed_us FROM payout",
            lit(w, Uuid::now_v7())
        );
        w.sql(&before).await.unwrap();
        let second = async || organiser.get(&format!("{path}/payouts")).await.ok()["items"][1]["relation"].clone();
        assert_eq!((w.count(clear).await, second().await), (1, json!("监护人")));
        w.run_job("erase_payees").await;
        assert_eq!((w.count(clear).await, second().await), (0, json!("监护人")));
        organiser.post(&format!("{path}/cancellation"), json!({ "reason": "试" })).await.ok();
    })
    .await;
}
