//! Lists of gifts: looked at without a trace, posted by another person.

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{accept, account, bring, file, line, suggested};
use crate::world::{Officer, story};

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_gifts_are_posted_by_another_person_and_tell_nobody() {
    story(async |w| {
        let campaign = w.open_campaign("10000.00").await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let head = w.staff(Role::FinanceHead).await;
        let day = w.app.business.today();
        let send = async |who: &Officer, list: Uuid, money: &str, text: &str, more: &str| {
            let path = format!("/api/v1/staff/gift-lists?id={list}&campaign={campaign}&money={money}{more}");
            let request = who.request(Method::POST, &path).header("content-type", "application/octet-stream");
            crate::caller::send(request.body(text.to_owned())).await
        };
        let header = "日期,金额,捐赠人,单位捐赠,编号,票据,实名公开\n";
        let platform = format!("{header}{day},20.00,网友甲,否,T-1,放弃,否\n{day},30.50,示例公司,是,T-2,需要,是\n");
        let list = Uuid::now_v7();
        let on = "&name=示例公益平台";
        let looked = send(&cashier, list, "platform", &platform, on).await.ok();
        assert_eq!((&looked["lines"], &looked["total"], &looked["list"]), (&json!(2), &json!("50.50"), &Value::Null));
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM donation").await, 0, "a look writes nothing");
        let write = format!("{on}&write=true");
        let written = send(&cashier, list, "platform", &platform, &write).await.ok();
        assert_eq!(
            (&written["list"]["state"], &written["list"]["via"]),
            (&json!("proposed"), &json!("designated_platform"))
        );
        assert_eq!(send(&cashier, list, "platform", &platform, &write).await.ok()["list"], written["list"]);
        let elsewhere = "&name=另一平台&write=true";
        send(&cashier, list, "platform", &platform, elsewhere).await.refused(409, "id_reused");
        let other = send(&cashier, Uuid::now_v7(), "platform", &platform, &write).await.ok();
        assert_eq!(other["list"], Value::Null);
        let said = other["problems"].to_string();
        assert!(said.contains("已经导入过") && said.contains("已登记过"), "{said}");
        let alike = format!("{header}{day},20.00,网友甲,否,T-3,,\n");
        let warned = send(&cashier, Uuid::now_v7(), "platform", &alike, &write).await.ok();
        assert_eq!((&warned["list"], &warned["warnings"][0]["line"]), (&Value::Null, &json!(2)), "{warned:#}");
        let broken = format!("{header}{day},0,,,,,\n{day},x,,是,,也许,\n");
        let refused = send(&cashier, Uuid::now_v7(), "platform", &broken, &write).await.ok();
        assert_eq!((&refused["list"], refused["problems"].as_array().unwrap().len()), (&Value::Null, 4), "{refused:#}");

        let step = |list: Uuid, how: &str| format!("/staff/gift-lists/{list}/{how}");
        cashier.act(&step(list, "posting")).await.refused(403, "forbidden");
        let single = w.count("SELECT CAST(count(*) AS BIGINT) FROM donation WHERE list_id IS NOT NULL").await;
        assert_eq!((single, w.raised(campaign).await.as_str()), (2, "0.00"), "nothing counts before it is posted");
        w.attacked("UPDATE gift_list SET state = 'posted', approver_id = author_id", "gift_list_own").await;
        let early = "UPDATE gift_list SET approver_id = (SELECT id FROM staff WHERE id <> author_id LIMIT 1) WHERE state = 'proposed'";
        w.attacked(early, "gift_list_persons").await;
        head.act(&step(list, "posting")).await.ok();
        head.act(&step(list, "posting")).await.ok();
        let why = json!({ "reason": "编号与回单不符" });
        keeper.post(&step(list, "decline"), why.clone()).await.refused(409, "changed_meanwhile");
        assert_eq!(w.raised(campaign).await, "50.50");
        assert_eq!(w.balance("1009[channel=platform:示例公益平台]").await, "50.50");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM message").await, 0, "nobody was told");

        // Cash, by the one who keeps the books, posted by the head; and a list that is declined leaves its numbers free.
        let cash = format!("{header}{day},8.00,,,,,\n{day},8.00,,,,,\n");
        let box_list = Uuid::now_v7();
        let twice = send(&keeper, box_list, "cash", &cash, "&write=true").await.ok();
        assert_eq!(twice["list"], Value::Null, "two that look alike want a word");
        send(&keeper, box_list, "cash", &cash, "&write=true&despite_warnings=true").await.ok();
        keeper.act(&step(box_list, "posting")).await.refused(403, "other_person_needed");
        head.act(&step(box_list, "posting")).await.ok();
        assert_eq!(w.balance("1001").await, "16.00");
        let (wrong, right) = (Uuid::now_v7(), Uuid::now_v7());
        let banked = format!("{header}{day},5.00,示例公司,是,K-1,,\n");
        let on = "&name=基本户&write=true&despite_warnings=true";
        send(&cashier, wrong, "bank", &banked, on).await.ok();
        keeper.post(&step(wrong, "decline"), json!({ "reason": " " })).await.refused(422, "invalid_field");
        keeper.post(&step(wrong, "decline"), why).await.ok();
        let again = send(&cashier, right, "bank", &banked, on).await.ok();
        assert_eq!(again["list"]["state"], "proposed", "{again:#}");
        keeper.act(&step(right, "posting")).await.ok();
        assert_eq!(w.raised(campaign).await, "71.50");

        // The bank shows them: the platform settles, the box is banked, the gift is known by its number.
        let statement = file(
            day,
            0,
            &[("K-1", 500, "示例公司", "捐款"), ("S-1", 5_050, "示例公益平台", "结算"), ("C-1", 1_600, "", "现金缴存")],
        );
        assert_eq!(bring(&cashier, &book, statement, "&write=true").await.ok()["matched"], 1);
        let mut items = Vec::new();
        for (number, kind) in [("S-1", "platform"), ("C-1", "cash")] {
            let suggestion = suggested(w, number).await.remove(0);
            assert_eq!(suggestion["kind"], kind, "{suggestion:#}");
            items.push(json!({ "line": line(w, "open", number).await, "kind": kind, "name": suggestion["name"] }));
        }
        accept(&keeper, &book, json!(items)).await.ok();
        assert_eq!(w.balance("1009[channel=platform:示例公益平台]").await, "0.00");
        assert_eq!(
            (w.balance("1001").await, w.balance("1002[bank=基本户]").await),
            ("0.00".to_owned(), "71.50".to_owned())
        );
        w.run_job("outbox").await;
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM message").await, 0);

        // What was written while the campaign took gifts is not posted to it when it takes none any more.
        let late = Uuid::now_v7();
        let rest = format!("{header}{day},9.00,示例公司,是,K-2,,\n");
        send(&cashier, late, "bank", &rest, "&name=基本户&write=true&despite_warnings=true").await.ok();
        let manager = w.staff(Role::ProjectManager).await;
        manager.post(&format!("/staff/campaigns/{campaign}/end"), json!({ "reason": "提前完成" })).await.ok();
        manager.act(&format!("/staff/campaigns/{campaign}/execution")).await.ok();
        manager.act(&format!("/staff/campaigns/{campaign}/closing")).await.ok();
        keeper.act(&step(late, "posting")).await.refused(409, "campaign_ended");
        assert_eq!(w.raised(campaign).await, "71.50");
        keeper.post(&step(late, "decline"), json!({ "reason": "项目已结束" })).await.ok();
    })
    .await;
}
