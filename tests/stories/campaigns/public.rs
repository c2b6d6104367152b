//! What everybody finds, says and complains of.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::world::story;

use super::gates;

#[tokio::test(flavor = "multi_thread")]
async fn campaigns_are_found_by_their_words_and_a_parent_is_the_sum_of_its_leaves() {
    story(async |w| {
        let parent = {
            let mut draft = w.draft("3000.00");
            draft["kind"] = json!("parent");
            draft["name"] = json!("桑梓·母计划");
            w.open_as(draft).await
        };
        let leaf = {
            let mut draft = w.draft("1000.00");
            draft["parent"] = json!(parent);
            draft["name"] = json!("扬帆护航·返校路费");
            w.open_as(draft).await
        };
        let donor = w.donor("o-one").await;
        donor.give(parent, &w.wish("1.00")).await.refused(409, "campaign_not_open");
        w.gift(&donor, leaf, "12.00").await;
        assert_eq!((w.raised(parent).await, w.raised(leaf).await), ("12.00".to_owned(), "12.00".to_owned()));
        let found = async |query: &str| {
            let page = w.stranger.get(&format!("/campaigns?{query}")).await.ok();
            let items = page["items"].as_array().unwrap().iter();
            items.map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let (parent, leaf) = (parent.to_string(), leaf.to_string());
        assert_eq!(found("q=返校").await, std::slice::from_ref(&leaf));
        assert_eq!(found("q=100%25").await, [""; 0]);
        assert_eq!(found(&format!("parent={parent}")).await, std::slice::from_ref(&leaf));
        assert_eq!(found("order=raised").await, [leaf.clone(), parent.clone()]);
        assert_eq!(found("order=newest").await, [leaf.clone(), parent.clone()]);
        assert_eq!(found(&format!("order=raised&limit=1&after={leaf}")).await, [parent]);
        assert_eq!(found("cause=disaster").await, [""; 0]);
        // Where it is, whoever manages it: a county's campaign is in its city, and 雄县 lies in 保定.
        let of_unit = async |code: &str| {
            let mut draft = w.draft("1000.00");
            draft["unit"] = json!(w.unit(code).await);
            w.open_as(draft).await.to_string()
        };
        let (county, xiong) = (of_unit("130502").await, of_unit("130638").await);
        assert_eq!(found("division=130502").await, std::slice::from_ref(&county));
        assert_eq!(found("division=1305").await, [county]);
        assert_eq!(found("division=1306").await, [xiong]);
        assert_eq!(found("division=130503").await, [""; 0]);
        w.stranger.get("/campaigns?division=13%25").await.refused(422, "invalid_field");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_hidden_with_a_reason_and_shown_again() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let mut wish = w.wish("5.00");
        wish["message"] = json!("愿你们越来越好");
        let placed = donor.give(campaign, &wish).await.ok();
        w.sandbox.pay(placed["donation"]["out_trade_no"].as_str().unwrap()).unwrap();
        let silent = w.gift(&donor, campaign, "1.00").await;
        w.until("it is paid", async || w.raised(campaign).await == "6.00").await;
        let told = async || {
            let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await.ok();
            wall["items"].as_array().unwrap().iter().filter(|gift| gift["message"].is_string()).count()
        };
        let path = |gift: &str| format!("/staff/donations/{gift}/message-moderation");
        let id = wish["id"].as_str().unwrap();
        let how = |hidden: bool, reason: &str| json!({ "hidden": hidden, "reason": reason });
        assert_eq!(told().await, 1);
        let (disclosure, manager) = (w.staff(Role::Disclosure).await, w.staff(Role::ProjectManager).await);
        disclosure.post(&path(id), how(true, "  ")).await.refused(422, "invalid_field");
        assert_eq!(gates(&disclosure.post(&path(&silent.id.to_string()), how(true, "广告")).await), ["no_message"]);
        let far = w.hire_over(Role::Disclosure, "far", "/hebei/1306/").await;
        far.post(&path(id), how(true, "广告")).await.refused(404, "no_such_donation");
        disclosure.post(&path(id), how(true, "含有联系方式")).await.ok();
        assert_eq!(told().await, 0);
        manager.post(&path(id), how(false, "复核无误")).await.ok();
        assert_eq!(told().await, 1);
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM moderation").await, 2);
        w.attacked("DELETE FROM moderation", "moderation_immutable").await;
        w.attacked("UPDATE moderation SET reason = 'x'", "moderation_immutable").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_may_complain_and_nobody_floods() {
    story(async |w| {
        let complaint = || json!({ "id": Uuid::now_v7(), "words": "用途与说明不符" });
        let mut taken = 0;
        let refused = loop {
            let answer = w.stranger.post("/complaints", complaint()).await;
            if answer.status != 200 {
                break answer;
            }
            taken += 1;
            assert!(taken < 1_000, "nobody is stopped");
        };
        let wait: u64 = refused.refused(429, "too_many_requests").header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait) && taken > 0);
        let listed = w.count("SELECT CAST(count(*) AS BIGINT) FROM complaint").await;
        assert_eq!(listed, taken, "what was refused was not taken");
        // Whoever reads what became of theirs is not in the way.
        w.stranger.get(&format!("/complaints/{}", Uuid::now_v7())).await.refused(404, "no_such_complaint");
    })
    .await;
}
