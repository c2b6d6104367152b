//! What everybody may see, as a stranger with a browser sees it.

use serde_json::json;

use crate::console::with_browser;

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_reads_the_books_and_reckons_a_loan() {
    with_browser(async |w, b| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-open").await;
        w.gift(&donor, campaign, "80.00").await;
        w.lever("clock", json!({})).await;
        b.visit("/").await;
        b.says("累计筹集").await;
        b.visit(&format!("/campaigns/{campaign}")).await;
        b.says("80.00").await;
        b.says("备案编号").await;
        b.says("募捐方式").await;
        b.says("捐赠途径").await;
        b.visit(&format!("/campaigns/{campaign}/gifts")).await;
        b.visit(&format!("/campaigns/{campaign}/payments")).await;
        let team = json!({ "id": uuid::Uuid::now_v7(), "name": "九班同学", "goal": "100.00" });
        donor.post(&format!("/campaigns/{campaign}/teams"), team.clone()).await.ok();
        let mut wish = w.wish("20.00");
        wish["team"] = team["id"].clone();
        wish["tribute"] = json!({ "kind": "memory", "name": "钱学慈", "shown": true });
        let placed = donor.give(campaign, &wish).await.ok();
        w.sandbox.pay(placed["donation"]["out_trade_no"].as_str().unwrap()).unwrap();
        w.until("it is paid", async || w.raised(campaign).await == "100.00").await;
        b.visit(&format!("/campaigns/{campaign}/teams")).await;
        b.says("九班同学").await;
        b.visit(&format!("/teams/{}", team["id"].as_str().unwrap())).await;
        b.says("纪念钱学慈").await;
        let own = donor.get(&format!("/donations/{}", wish["id"].as_str().unwrap())).await.ok();
        b.visit(own["card"].as_str().unwrap()).await;
        b.says("本页由捐赠人转交").await;
        b.visit(&format!("/campaigns/{campaign}/disclosures")).await;
        b.says("还没有公布过报告").await;
        b.visit(&format!("/campaigns/{campaign}/complaints")).await;
        b.fill("main form", "words", "用途与说明不符（示例）").await;
        b.press("main form button").await;
        b.says("投诉已收到").await;
        b.visit("/disclosures").await;
        b.says("还没有公布过机构的报告").await;
        b.visit("/transparency").await;
        b.says("封账指纹").await;
        b.says("按善款到达的县（市、区）").await;
        b.visit("/gift?number=1&amount=2").await;
        b.says("没有找到这笔捐赠").await;
        b.visit("/loans").await;
        b.visit("/loans?amount=100000&term=12&method=flat&rate=6").await;
        b.says("真实年化成本").await;
        b.visit("/loans?amount=1,000&term=12&method=flat&rate=6").await;
        b.says("金额不要写逗号").await;
    })
    .await;
}
