//! Money between WeChat and the bank, and gifts that reached the bank by themselves: always two persons.

use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{World, agreed, identity_number, story};

pub(crate) fn withdrawal(w: &World, amount: &str) -> Value {
    json!({
        "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": amount, "bank_account": "基本户",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_takes_two_persons() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "80.00").await;
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let new = withdrawal(w, "50.00");
        let step = |name: &str| format!("/staff/transfers/{}/{name}", new["id"].as_str().unwrap());
        head.post("/staff/transfers", new.clone()).await.refused(403, "forbidden");
        assert_eq!(cashier.post("/staff/transfers", new.clone()).await.ok()["state"], "proposed");
        assert_eq!(cashier.post("/staff/transfers", new.clone()).await.ok()["state"], "proposed", "the same again");
        let mut changed = new.clone();
        changed["amount"] = json!("51.00");
        cashier.post("/staff/transfers", changed).await.refused(409, "id_reused");
        cashier.act(&step("confirmation")).await.refused(403, "forbidden");
        assert_eq!(w.balance("1009[channel=wechat]").await, "80.00", "nothing is booked yet");

        w.lever("withdraw", json!({ "amount": "50.00" })).await;
        assert_eq!(head.act(&step("confirmation")).await.ok()["state"], "departed");
        assert_eq!(w.balance("1009[channel=wechat]").await, "30.00");
        assert_eq!(w.balance("1009[channel=wechat_transit]").await, "50.00");
        head.act(&step("arrival")).await.refused(403, "forbidden");
        cashier.act(&step("arrival")).await.ok();
        cashier.act(&step("confirmation")).await.refused(403, "forbidden");
        let accountant = w.staff(Role::Bookkeeper).await;
        assert_eq!(accountant.act(&step("confirmation")).await.ok()["state"], "arrived");
        accountant.act(&step("confirmation")).await.refused(409, "wrong_state");
        assert_eq!(w.balance("1009[channel=wechat_transit]").await, "0.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "50.00");
        assert_eq!(w.raised(campaign).await, "80.00", "where money lies changes nothing for the public");

        cashier.post("/staff/transfers", withdrawal(w, "30.01")).await.refused(409, "overdrawn");
        // What another withdrawal has taken meanwhile is not there any more when it leaves.
        let (first, too_much) = (withdrawal(w, "20.00"), withdrawal(w, "30.00"));
        for new in [&first, &too_much] {
            cashier.post("/staff/transfers", new.clone()).await.ok();
        }
        w.lever("withdraw", json!({ "amount": "20.00" })).await;
        head.act(&format!("/staff/transfers/{}/confirmation", first["id"].as_str().unwrap())).await.ok();
        let path = format!("/staff/transfers/{}", too_much["id"].as_str().unwrap());
        head.act(&format!("{path}/confirmation")).await.refused(409, "overdrawn");
        let no = format!("{path}/rejection");
        head.post(&no, json!({ "reason": " " })).await.refused(422, "invalid_field");
        assert_eq!(head.post(&no, json!({ "reason": "余额不足" })).await.ok()["state"], "rejected");
        let said = format!(
            "SELECT CAST(count(*) AS BIGINT) FROM audit_log WHERE action = 'refusal.reason' AND object = 'transfer:{}'",
            too_much["id"].as_str().unwrap()
        );
        assert_eq!(w.count(&said).await, 1, "why is kept for who proposed it");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_that_came_back_is_as_if_it_had_never_left() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "80.00").await;
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let new = withdrawal(w, "70.00");
        let step = |name: &str| format!("/staff/transfers/{}/{name}", new["id"].as_str().unwrap());
        w.lever("withdraw", json!({ "amount": "70.00", "fail": true })).await;
        cashier.post("/staff/transfers", new.clone()).await.ok();
        head.act(&step("confirmation")).await.ok();
        cashier.act(&step("arrival")).await.ok();
        let no = json!({ "reason": "银行未见到账" });
        assert_eq!(head.post(&step("rejection"), no).await.ok()["state"], "departed", "it did not arrive");
        cashier.act(&step("return")).await.ok();
        assert_eq!(head.act(&step("confirmation")).await.ok()["state"], "returned");
        assert_eq!(w.balance("1009[channel=wechat]").await, "80.00");
        assert_eq!(w.balance("1009[channel=wechat_transit]").await, "0.00");
        cashier.act(&step("return")).await.refused(409, "wrong_state");
    })
    .await;
}

/// One person with both roles is still one person.
#[tokio::test(flavor = "multi_thread")]
async fn who_holds_two_roles_is_one_person_all_the_same() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "80.00").await;
        let (first, second) = (w.hire(Role::Admin, "admin-1").await, w.hire(Role::Admin, "admin-2").await);
        let id = Uuid::now_v7();
        let roles = ["cashier", "finance_head", "organiser", "project_manager"];
        let proposal = json!({
            "id": id, "username": "everything", "name": "能人", "identity_number": identity_number(1),
            "grants": roles.map(|role| json!({ "role": role })),
        });
        first.post("/staff/members", proposal).await.ok();
        let made = second.act(&format!("/staff/members/{id}/activation")).await.ok();
        let seed = made["totp_secret"].as_str().map(str::to_owned);
        let everybody = w.sign_in("everything", made["password"].as_str().unwrap(), seed).await;

        let new = withdrawal(w, "10.00");
        everybody.post("/staff/transfers", new.clone()).await.ok();
        let path = format!("/staff/transfers/{}/confirmation", new["id"].as_str().unwrap());
        everybody.act(&path).await.refused(403, "other_person_needed");

        let draft = w.draft("10.00");
        let campaign_path = format!("/staff/campaigns/{}", draft["id"].as_str().unwrap());
        everybody.post("/staff/campaigns", draft.clone()).await.ok();
        everybody.act(&format!("{campaign_path}/submission")).await.ok();
        everybody.post(&format!("{campaign_path}/approval"), agreed()).await.refused(403, "other_person_needed");
        let draft = w.draft("10.00");
        let campaign_path = format!("/staff/campaigns/{}", draft["id"].as_str().unwrap());
        let organiser = w.staff(Role::Organiser).await;
        organiser.post("/staff/campaigns", draft).await.ok();
        organiser.act(&format!("{campaign_path}/submission")).await.ok();
        everybody.post(&format!("{campaign_path}/approval"), agreed()).await.ok();
        everybody.post(&format!("{campaign_path}/approval"), agreed()).await.refused(403, "other_person_needed");

        let gift = bank_gift(w, campaign, "B-1");
        everybody.post("/staff/bank-gifts", gift.clone()).await.ok();
        let path = format!("/staff/bank-gifts/{}", gift["id"].as_str().unwrap());
        everybody.act(&format!("{path}/confirmation")).await.refused(403, "other_person_needed");
        let no = json!({ "reason": "登记有误" });
        everybody.post(&format!("{path}/rejection"), no).await.refused(403, "other_person_needed");
    })
    .await;
}

fn bank_gift(w: &World, campaign: Uuid, reference: &str) -> Value {
    json!({
        "id": Uuid::now_v7(), "campaign": campaign, "amount": "1000.00", "counterparty": "示例公司", "bank_account": "基本户",
        "reference": reference, "received_on": w.app.business.today().to_string(), "anonymity": "name",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gift_by_bank_is_entered_by_one_and_confirmed_by_another() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let (cashier, accountant) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let gift = bank_gift(w, campaign, "B-1");
        let step = |name: &str| format!("/staff/bank-gifts/{}/{name}", gift["id"].as_str().unwrap());
        cashier.post("/staff/bank-gifts", gift.clone()).await.ok();
        cashier.post("/staff/bank-gifts", gift.clone()).await.ok();
        let before = w.app.business.today().previous().to_string();
        for (field, value) in [("received_on", before.as_str()), ("anonymity", "hidden")] {
            let mut other = gift.clone();
            other[field] = json!(value);
            cashier.post("/staff/bank-gifts", other).await.refused(409, "id_reused");
        }
        cashier.post("/staff/bank-gifts", bank_gift(w, campaign, "B-1")).await.refused(409, "reference_used");
        assert_eq!(w.raised(campaign).await, "0.00");
        cashier.act(&step("confirmation")).await.refused(403, "forbidden");
        accountant.act(&step("confirmation")).await.ok();
        assert_eq!(w.raised(campaign).await, "1000.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "1000.00");
        let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await.ok();
        assert_eq!(wall["items"][0]["donor"], "示例公司");
        let found = accountant.get("/staff/donations?number=B-1").await.ok();
        assert_eq!(found["items"][0]["channel"], "bank");
        // Entered wrongly, rejected, and entered rightly: the reference is free again.
        let wrong = bank_gift(w, campaign, "B-2");
        cashier.post("/staff/bank-gifts", wrong.clone()).await.ok();
        let no = format!("/staff/bank-gifts/{}/rejection", wrong["id"].as_str().unwrap());
        accountant.post(&no, json!({ "reason": " " })).await.refused(422, "invalid_field");
        accountant.post(&no, json!({ "reason": "登记有误" })).await.ok();
        cashier.post("/staff/bank-gifts", bank_gift(w, campaign, "B-2")).await.ok();
        assert_eq!(w.raised(campaign).await, "1000.00");
    })
    .await;
}
