//! A grant from the draft to the bank's word, and what is refused on the way.

use domain::role::Role;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::world::story;

use super::{
    approved, attach, funded, funded_with, id, line, paid, paper, partner, payee, payout_states, payouts, person,
    results, sent, state, step,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_goes_from_one_hand_to_the_next_and_is_booked_on_the_way() {
    story(async |w| {
        let campaign = funded(w, "10000.00").await;
        let code = line(w, campaign).await;
        let organiser = w.staff(Role::Organiser).await;
        let student = person(campaign, "王小明（示例）", 1);
        let registered = organiser.post("/staff/payees", student.clone()).await.ok();
        assert_eq!((registered["name"].as_str(), registered["account"].as_str()), (Some("王**"), Some("****0001")));
        organiser.post("/staff/payees", student.clone()).await.ok();
        let mut other = student.clone();
        other["name"] = json!("李四（示例）");
        organiser.post("/staff/payees", other).await.refused(409, "id_reused");

        let grant = paper(campaign, &code, &[id(&student)], "80.00");
        organiser.post("/staff/disbursements", grant.clone()).await.ok();
        organiser.post("/staff/disbursements", grant.clone()).await.ok();
        let mut changed = grant.clone();
        changed["purpose"] = json!("别的用途");
        organiser.post("/staff/disbursements", changed).await.refused(409, "id_reused");
        step(&organiser, &grant, "submission").await.refused(409, "document_needed");
        attach(&organiser, &grant).await.ok();
        step(&organiser, &grant, "submission").await.ok();
        attach(&organiser, &grant).await.refused(409, "wrong_state");
        let (manager, head) = (w.staff(Role::ProjectManager).await, w.staff(Role::FinanceHead).await);
        step(&head, &grant, "approval").await.refused(403, "forbidden");
        let waiting = manager.get("/staff/disbursements/waiting").await.ok();
        assert_eq!(waiting["count"], 1);
        assert_eq!(step(&manager, &grant, "approval").await.ok()["state"], "pm_approved");
        let expense = format!("5101[campaign={campaign},line={code}]");
        assert_eq!(w.balance(&expense).await, "0.00");
        assert_eq!(step(&head, &grant, "approval").await.ok()["state"], "approved");
        assert_eq!(w.balance(&expense).await, "80.00", "12a with the last approval");
        assert_eq!(w.balance("2209[payable=grant]").await, "-80.00");
        assert_eq!(paid(w, campaign).await, ["80.00", "0.00"], "approved is not paid");

        let cashier = w.staff(Role::Cashier).await;
        let new = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&grant)] });
        let file = cashier.post("/staff/payment-files", new.clone()).await.ok();
        assert_eq!(cashier.post("/staff/payment-files", new.clone()).await.ok(), file, "the same again");
        assert_eq!((file["lines"].as_i64(), file["total"].as_str()), (Some(1), Some("80.00")));
        let path = format!("/staff/payment-files/{}", id(&file));
        let content = cashier.get(&format!("{path}/content")).await;
        assert_eq!(content.status, 200);
        assert!(
            content.text.contains("王小明（示例）,6222020000000000001,示例银行邢台分行,80.00,秋季助学金"),
            "{}",
            content.text
        );
        assert!(content.text.contains(&payouts(&grant)[0].simple().to_string()));
        head.get(&format!("{path}/content")).await.refused(403, "forbidden");
        assert_eq!(
            w.count("SELECT CAST(count(*) AS BIGINT) FROM unmasking WHERE object LIKE 'payment_file:%'").await,
            1
        );
        cashier.act(&format!("{path}/sending")).await.ok();
        let done = results(w, &payouts(&grant), true);
        cashier.post(&format!("{path}/results"), done.clone()).await.refused(403, "forbidden");
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        assert_eq!(bookkeeper.post(&format!("{path}/results"), done.clone()).await.ok()["changed"], 1);
        assert_eq!(bookkeeper.post(&format!("{path}/results"), done).await.ok()["changed"], 0);
        assert_eq!(state(w, &grant).await, "finished");
        assert_eq!(w.balance("2209[payable=grant]").await, "0.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "9920.00");
        assert_eq!(w.campaign(campaign).await["used"], "80.00");
        assert_eq!(paid(w, campaign).await, ["0.00", "80.00"]);
        let listed = w.stranger.get(&format!("/campaigns/{campaign}/disbursements")).await.ok();
        assert_eq!(listed["items"][0]["amount"], "80.00", "what is paid is what is listed");
        let trail = w.staff(Role::Auditor).await.get("/staff/trail?limit=100").await.ok();
        for action in ["payee.register", "disbursement.approve", "payment_file.send", "payment_file.results"] {
            assert!(trail["items"].as_array().unwrap().iter().any(|line| line["action"] == action), "{action}");
        }
        assert!(!trail.to_string().contains("王小明"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_bounced_is_paid_again_to_a_confirmed_account_or_given_up() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let code = line(w, campaign).await;
        let people = [payee(w, campaign, "王一（示例）", 1).await, payee(w, campaign, "王二（示例）", 2).await];
        let grant = paper(campaign, &code, &people, "300.00");
        approved(w, &grant).await;
        let file = sent(w, &grant).await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let path = format!("/staff/payment-files/{file}/results");
        let all = payouts(&grant);
        bookkeeper.post(&path, results(w, &all, false)).await.ok();
        assert_eq!(payout_states(w, &grant).await, ["bounced", "bounced"]);
        assert_eq!(w.balance("2209[payable=grant]").await, "-600.00", "it stays owed");

        let cashier = w.staff(Role::Cashier).await;
        let manager = w.staff(Role::ProjectManager).await;
        for who in [&cashier, &manager] {
            let desk = who.get("/staff/waiting").await.ok().to_string();
            assert!(desk.contains("有退票"), "who may pay it again is told: {desk}");
        }
        cashier.act(&format!("/staff/payouts/{}/retry", all[0])).await.ok();
        let account = json!({ "number": "6222020099999999999", "bank": "示例银行" });
        let account_path = format!("/staff/payees/{}/account", people[0]);
        cashier.call(Method::PUT, &account_path, Some(account.clone())).await.ok();
        let again = || json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "payouts": [all[0]] });
        cashier.post("/staff/payment-files", again()).await.refused(409, "account_changed");
        let confirmation = format!("/staff/payees/{}/account-confirmation", people[0]);
        cashier.act(&confirmation).await.refused(403, "forbidden");
        w.staff(Role::ProjectManager).await.act(&confirmation).await.ok();
        let second = id(&cashier.post("/staff/payment-files", again()).await.ok());
        cashier.act(&format!("/staff/payment-files/{second}/sending")).await.ok();
        let second_path = format!("/staff/payment-files/{second}/results");
        bookkeeper.post(&second_path, results(w, &all[..1], true)).await.ok();
        // The file before speaks of it no more.
        bookkeeper.post(&path, results(w, &all[..1], true)).await.refused(404, "no_such_payout");

        let head = w.staff(Role::FinanceHead).await;
        let cancel = format!("/staff/payouts/{}/cancellation", all[1]);
        head.post(&cancel, json!({ "reason": "学生已转学" })).await.ok();
        assert_eq!(state(w, &grant).await, "finished");
        assert!(!manager.get("/staff/waiting").await.ok().to_string().contains("有退票"));
        assert_eq!(w.balance("2209[payable=grant]").await, "0.00");
        assert_eq!(w.balance(&format!("5101[campaign={campaign},line={code}]")).await, "300.00", "12e");

        // The bank sends back what it had paid: entry 12c, and it is owed again.
        bookkeeper.post(&second_path, results(w, &all[..1], false)).await.ok();
        assert_eq!(state(w, &grant).await, "approved");
        assert_eq!(w.balance("2209[payable=grant]").await, "-300.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "1000.00");
        head.post(&format!("/staff/payouts/{}/cancellation", all[0]), json!({ "reason": "放弃受助" })).await.ok();
        assert_eq!(state(w, &grant).await, "cancelled");
        assert_eq!(w.campaign(campaign).await["used"], "0.00");
    })
    .await;
}

/// Nobody but an executing partner is paid ahead, and a parent campaign pays nobody: both are told when the paper is written.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_paper_can_ask_for_is_refused_when_it_is_written() {
    story(async |w| {
        let campaign = funded_with(w, "示例服务中心", "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let write = async |kind: &str, payee: Uuid| {
            let mut new = paper(campaign, "a", &[payee], "10.00");
            new["kind"] = json!(kind);
            (organiser.post("/staff/disbursements", new.clone()).await, new)
        };
        let supplier = {
            let mut new = person(campaign, "示例文化用品有限公司", 5);
            (new["kind"], new["part"]) = (json!("organisation"), json!("supplier"));
            organiser.post("/staff/payees", new.clone()).await.ok();
            id(&new)
        };
        write("advance", supplier).await.0.refused(422, "advance_needs_partner");
        let (answer, purchase) = write("purchase", supplier).await;
        answer.ok();
        let mut turned = purchase.clone();
        turned["kind"] = json!("advance");
        let at = format!("/staff/disbursements/{}", id(&purchase));
        organiser.call(Method::PUT, &at, Some(turned)).await.refused(422, "advance_needs_partner");
        // Somebody calls himself a partner, another is the partner, and one failed.
        let named = {
            let mut new = person(campaign, "自称的执行方（示例）", 6);
            new["part"] = json!("partner");
            organiser.post("/staff/payees", new.clone()).await.ok();
            id(&new)
        };
        let failed = partner(w, campaign, "示例服务中心", 59).await;
        write("advance", failed).await.0.refused(422, "advance_needs_partner");
        let manager = w.staff(Role::ProjectManager).await;
        let evaluation = format!("/staff/campaigns/{campaign}/partner-evaluation");
        manager.post(&evaluation, json!({ "score": 60, "findings": "整改后复评" })).await.ok();
        write("advance", named).await.0.refused(422, "advance_needs_partner");
        let (answer, advance) = write("advance", failed).await;
        answer.ok();
        // What was true when it was written may be so no more when it is handed in.
        manager.post(&evaluation, json!({ "score": 0, "findings": "账目不清" })).await.ok();
        attach(&organiser, &advance).await.ok();
        step(&organiser, &advance, "submission").await.refused(422, "advance_needs_partner");
        manager.post(&evaluation, json!({ "score": 90, "findings": "整改后复评" })).await.ok();
        step(&organiser, &advance, "submission").await.ok();

        let mut draft = w.draft("5000.00");
        draft["kind"] = json!("parent");
        let parent = id(&organiser.post("/staff/campaigns", draft).await.ok());
        let asked = paper(parent, "a", &[supplier], "10.00");
        organiser.post("/staff/disbursements", asked).await.refused(422, "parent_campaign");
    })
    .await;
}

/// The same payment is not asked for twice without a word, whoever of the two rows of a payee it names.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_paper_for_the_same_payment_wants_a_reason() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let student = payee(w, campaign, "王一（示例）", 1).await;
        let asked = |payee: Uuid, amount: &str| {
            let mut new = paper(campaign, "a", &[payee], amount);
            new.as_object_mut().unwrap().remove("repeat_reason");
            new
        };
        let first = asked(student, "80.00");
        organiser.post("/staff/disbursements", first.clone()).await.ok();
        let told = organiser.post("/staff/disbursements", asked(student, "80.00")).await;
        assert!(told.refused(409, "likely_repeated").text.contains("草稿"), "{}", told.text);
        let again = payee(w, campaign, "王一（示例）", 1).await;
        organiser.post("/staff/disbursements", asked(again, "80.00")).await.refused(409, "likely_repeated");
        let other = asked(student, "81.00");
        organiser.post("/staff/disbursements", other.clone()).await.ok();
        let mut turned = other.clone();
        turned["payouts"][0]["amount"] = json!("80.00");
        let at = format!("/staff/disbursements/{}", id(&other));
        organiser.call(Method::PUT, &at, Some(turned.clone())).await.refused(409, "likely_repeated");
        turned["repeat_reason"] = json!("x");
        organiser.call(Method::PUT, &at, Some(turned.clone())).await.refused(422, "invalid_field");
        turned["repeat_reason"] = json!("第二学期的助学金");
        let second = organiser.call(Method::PUT, &at, Some(turned)).await.ok();
        assert_eq!(second["repeat_reason"], "第二学期的助学金");
        organiser.post("/staff/disbursements", first).await.ok();
    })
    .await;
}
