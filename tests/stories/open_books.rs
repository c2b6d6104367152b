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
