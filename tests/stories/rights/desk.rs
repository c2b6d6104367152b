//! What waits lies on the desk of whoever it waits for.

use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{Officer, agreed, identity_number, story};

use super::things::things;

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
            (Role::ProjectManager, &["campaign", "disbursement", "payment"]),
            (Role::FinanceHead, &head),
            (Role::Bookkeeper, &second),
            (Role::Cashier, &["payment", "transfer"]),
            (Role::Disclosure, &["campaign", "delegation"]),
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
        // What a lender asks for waits for an administrator who is not to hold it.
        let (lender, holder) = (w.staff(Role::Disclosure).await, w.staff(Role::Organiser).await);
        let today = w.app.business.today().to_string();
        let lent = json!({
            "id": Uuid::now_v7(), "lender": lender.id, "holder": holder.id, "role": "disclosure", "starts_on": today, "ends_on": today,
            "reason": "年休假",
        });
        lender.post("/staff/delegations", lent.clone()).await.ok();
        let lends = async |officer: &Officer| {
            let waiting = desk(officer).await;
            waiting.iter().find(|it| it["kind"] == "delegation").map_or(0, |it| it["count"].as_u64().unwrap())
        };
        // The lender's is what an administrator had asked for before.
        assert_eq!((lends(&admin).await, lends(&lender).await, lends(&holder).await), (1, 1, 0));
        admin.act(&format!("/staff/delegations/{}/approval", lent["id"].as_str().unwrap())).await.ok();
        assert_eq!(lends(&admin).await, 0);
        // Elsewhere nothing waits.
        let far = w.hire_over(Role::FinanceHead, "far-head", "/hebei/1306/").await;
        assert_eq!(desk(&far).await, [json!(null); 0]);
    })
    .await;
}
