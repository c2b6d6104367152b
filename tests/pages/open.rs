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
