//! What everybody may see: the pages, and that their sums are the books'.

use domain::CampaignId;
use domain::role::Role;
use ledger::FlowKind;
use reqwest::Method;
use serde_json::json;

use crate::caller::send;
use crate::world::{World, story};

/// A page, as a browser asks for it.
async fn page(w: &World, path: &str) -> String {
    let answer = send(w.stranger.request(Method::GET, path).header("accept", "text/html")).await;
    assert_eq!(answer.status, 200, "{path}");
    answer.text
}

#[tokio::test]
async fn pages_show_what_the_books_say() {
    story(async |w| {
        let campaign = w.open_campaign("200.00").await;
        let (one, two) = (w.donor("o-open-one").await, w.donor("o-open-two").await);
        w.gift(&one, campaign, "1234.56").await;
        let back = w.gift(&two, campaign, "20.50").await;
        let request = json!({ "id": uuid::Uuid::now_v7(), "amount": "20.50", "reason": "error" });
        let refund = two.post(&format!("/donations/{}/refund-requests", back.id), request).await.ok();
        let decided = w.staff(Role::FinanceHead).await;
        decided.act(&format!("/staff/refunds/{}/approval", refund["id"].as_str().unwrap())).await.ok();

        let first = page(w, "/").await;
        assert!(first.contains("1,234.56") && first.contains(&format!("/campaigns/{campaign}")), "{first}");
        let shown = page(w, &format!("/campaigns/{campaign}")).await;
        for word in ["1,234.56", "20.50", "备案编号", "公开募捐资格证书", "统一社会信用代码", "募捐方案", "爱心人士"]
        {
            assert!(shown.contains(word), "{word}");
        }
        assert!(page(w, "/transparency").await.contains("1,234.56"));
        let file = send(w.stranger.request(Method::GET, "/transparency?table=months&as=csv")).await;
        assert!(file.text.contains("1234.56"), "{}", file.text);
        assert!(page(w, &format!("/campaigns/{campaign}/gifts")).await.contains("爱心榜"));
        assert!(page(w, &format!("/campaigns/{campaign}/payments")).await.contains("支出"));

        // By month and by day the sums are the public total.
        let db = w.app.db.read();
        let flows = ledger::flows(db).await.unwrap();
        let raised: i64 = flows.iter().filter(|f| f.kind == FlowKind::Raised).map(|f| f.amount.fen()).sum();
        assert_eq!(raised, 123_456);
        let days = ledger::raised_by_day(db, &[CampaignId::from(campaign)]).await.unwrap();
        assert_eq!(days.iter().map(|(_, amount)| amount.fen()).sum::<i64>(), 123_456);
    })
    .await;
}

#[tokio::test]
async fn a_gift_is_shown_to_whoever_holds_its_number() {
    story(async |w| {
        let campaign = w.open_campaign("200.00").await;
        let donor = w.donor("o-open-gift").await;
        let gift = w.gift(&donor, campaign, "66.00").await;
        let seen = w.staff(Role::Bookkeeper).await.get(&format!("/staff/donations?number={}", gift.order)).await.ok();
        let number = seen["items"][0]["transaction_id"].as_str().unwrap().to_owned();
        let found = page(w, &format!("/gift?number={number}&amount=66")).await;
        assert!(found.contains(&gift.id.to_string()) && found.contains("善款去向"), "{found}");
        for wrong in [
            format!("/gift?number={number}&amount=66.01"),
            "/gift?number=1&amount=66".to_owned(),
            "/gift?number=1&amount=x".to_owned(),
        ] {
            let answer = page(w, &wrong).await;
            assert!(answer.contains("role=\"alert\"") && !answer.contains(&gift.id.to_string()), "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_not_public_has_no_page() {
    story(async |w| {
        let draft = w.draft("1.00");
        w.staff(Role::Organiser).await.post("/staff/campaigns", draft.clone()).await.ok();
        let id = draft["id"].as_str().unwrap();
        for path in [
            format!("/campaigns/{id}"),
            format!("/campaigns/{id}/gifts"),
            format!("/campaigns/{}", uuid::Uuid::now_v7()),
            "/nowhere".to_owned(),
        ] {
            let answer = send(w.stranger.request(Method::GET, &path).header("accept", "text/html")).await;
            assert_eq!(answer.status, 404, "{path}");
            assert!(
                answer.text.contains("没有找到") && !answer.text.contains(draft["name"].as_str().unwrap()),
                "{path}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn anybody_complains_on_a_page_and_reads_what_became_of_it() {
    story(async |w| {
        let campaign = w.open_campaign("200.00").await;
        let path = format!("/campaigns/{campaign}/complaints");
        assert!(page(w, &format!("/campaigns/{campaign}")).await.contains(&path));
        assert!(page(w, &path).await.contains("name=\"words\""));
        let id = uuid::Uuid::now_v7().to_string();
        let complain = async |words: &str, from: &str| {
            let request = w.stranger.request(Method::POST, &path).header("accept", "text/html");
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            send(request.header("sec-fetch-site", from).body(format!("id={id}&words={words}"))).await
        };
        let strange = complain("用途与说明不符", "cross-site").await;
        assert_eq!(strange.status, 403, "another site's form is no form of ours");
        let empty = complain(" ", "same-origin").await;
        assert!(empty.status == 422 && empty.text.contains("请填写此项"), "{}", empty.text);
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM complaint").await, 0);
        for _ in 0..2 {
            complain("用途与说明不符", "same-origin").await;
        }
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM complaint").await, 1, "sent twice it is one");
        let shown = page(w, &format!("/complaints/{id}")).await;
        assert!(shown.contains(&id) && shown.contains("用途与说明不符") && shown.contains("尚未答复"), "{shown}");
        let missing = send(w.stranger.request(Method::GET, "/complaints/1").header("accept", "text/html")).await;
        assert_eq!(missing.status, 404);
        // The share of one neighbourhood is the same on pages and at the interface.
        let mut more = 0;
        while w.stranger.post("/complaints", json!({ "id": uuid::Uuid::now_v7(), "words": "又一件" })).await.status
            == 200
        {
            more += 1;
            assert!(more < 10, "nobody is stopped");
        }
        assert_eq!(complain("再来一件", "same-origin").await.status, 429);
    })
    .await;
}

#[tokio::test]
async fn pages_say_in_words_that_nothing_was_published() {
    story(async |w| {
        let campaign = w.open_campaign("200.00").await;
        assert!(page(w, "/disclosures").await.contains("还没有公布过机构的报告"));
        let shown = page(w, &format!("/campaigns/{campaign}")).await;
        for word in ["还没有公布过报告", "已支付", "已批准未付", "我要投诉", "十个工作日"] {
            assert!(shown.contains(word), "{word}");
        }
        assert!(!shown.contains("/api/docs"));
    })
    .await;
}
