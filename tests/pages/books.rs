//! What people write into the books, and what they count: always two of them.

use domain::role::Role;
use serde_json::json;

use crate::browser::{Browser, ask};
use crate::console::with_browser;
use crate::world::World;

/// Fills a line of a voucher's form, from 1.
async fn line(b: &Browser, form: &str, row: usize, cells: [(&str, &str); 3]) {
    for (name, text) in cells {
        // The first row is the heading.
        b.fill(&format!("{form} .row:nth-child({})", row + 1), name, text).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voucher_is_written_by_one_posted_by_another_and_taken_back() {
    with_browser(async |w: &World, b: &Browser| {
        b.sign_in(&w.staff(Role::Bookkeeper).await).await;
        b.visit("/console/vouchers").await;
        b.visit("/console/vouchers/new").await;
        let form = "form[action='/console/vouchers']";
        b.fill(form, "summary", "计提办公室租金").await;
        line(b, form, 1, [("subject", "5301"), ("debit", "30.00"), ("credit", "")]).await;
        line(b, form, 2, [("subject", "2202"), ("detail", "rent"), ("credit", "29.00")]).await;
        b.fill(form, "summary", "计提办公室租金").await;
        b.says("借贷不平").await;
        b.press(&format!("{form} .go button.primary")).await;
        b.says("借方30.00元，贷方29.00元").await;
        b.fill(&format!("{form} .row:nth-child(3)"), "credit", "30").await;
        b.fill(form, "summary", "计提办公室租金").await;
        b.says("借贷平衡").await;
        b.press(&format!("{form} .go button.primary")).await;
        b.says("草稿已保存").await;
        let path = b.path().await;
        b.open_step("papers").await;
        let papers = "form[action$='/papers']";
        b.choose(papers, "kind", "合同或协议").await;
        b.upload(papers, "file", "合同.txt", "租赁合同".as_bytes()).await;
        b.press(&format!("{papers} .go button")).await;
        b.says("单据已添加").await;
        b.visit(&format!("{path}/edit")).await;
        b.visit(&path).await;
        b.step("submission").await;
        b.says("待审核").await;
        assert_eq!(b.script("return document.querySelector(\"form[action$='/posting']\")").await, json!(null));

        b.sign_in(&w.staff(Role::FinanceHead).await).await;
        b.visit("/console").await;
        b.press(&format!("a[href='{path}']")).await;
        b.visit(&path).await;
        b.step("posting").await;
        b.says("已审核记账").await;
        assert_eq!(w.balance("5301").await, "30.00");
        b.press("a[href^='/console/entry']").await;
        b.says("计提办公室租金").await;
        b.press("main dl a[href^='/console/vouchers/']").await;

        b.sign_in(&w.staff(Role::Bookkeeper).await).await;
        b.go(&path).await;
        b.open_step("reversal").await;
        let reversal = "form[action$='/reversal']";
        b.set(reversal, "event_date", &w.app.business.today().to_string()).await;
        b.fill(reversal, "reason", "记错科目").await;
        b.press(&format!("{reversal} .go button")).await;
        b.says("红字凭证").await;
        let red = b.path().await;
        b.step("submission").await;
        b.sign_in(&w.staff(Role::FinanceHead).await).await;
        b.go(&red).await;
        b.step("posting").await;
        b.says("已审核记账").await;
        assert_eq!(w.balance("5301").await, "0.00");
        b.visit("/console/years").await;
        b.visit("/console/reconciliation/rule").await;
        let rule = "form[action='/console/reconciliation/rule']";
        b.fill(rule, "buffer_days", "40").await;
        b.press(&format!("{rule} .go button")).await;
        b.says("缓冲期为0至30天").await;
        b.fill(rule, "buffer_days", "5").await;
        b.press(&format!("{rule} .go button")).await;
        b.says("规则已保存").await;
        let year = w.app.business.today().year();
        let auditor = w.staff(Role::Auditor).await;
        let (status, _) = ask_bytes(w, &auditor, &format!("/console/years/pack?year={year}")).await;
        assert_eq!(status, 200);
    })
    .await;
}

/// Asks for a file that is no text.
async fn ask_bytes(w: &World, officer: &crate::world::Officer, path: &str) -> (u16, usize) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let cookie = format!("sangzi-console={}", officer.caller.token.clone().unwrap());
    let answer = http.get(format!("{}{path}", w.stranger.base)).header("Cookie", cookie).send().await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn old_balances_and_vouchers_that_come_again_are_written_without_help() {
    with_browser(async |w: &World, b: &Browser| {
        b.sign_in(&w.staff(Role::Bookkeeper).await).await;
        b.visit("/console/vouchers/new?kind=opening").await;
        let form = "form[action='/console/vouchers']";
        b.choose(form, "chart", "2004年制度，换算为现行科目").await;
        b.fill(form, "summary", "年初余额").await;
        line(b, form, 1, [("subject", "1001"), ("debit", "500"), ("credit", "")]).await;
        line(b, form, 2, [("subject", "3101"), ("debit", ""), ("credit", "500")]).await;
        b.press(&format!("{form} button[value='trial']")).await;
        b.says("换算结果（尚未保存）").await;
        b.press(&format!("{form} button[value='more']")).await;
        let kept = b.script("return document.querySelector('.lines .row:nth-child(2) [name=debit]').value").await;
        assert_eq!(kept, "500", "more lines lose none");
        b.press(&format!("{form} .go button.primary")).await;
        b.says("草稿已保存").await;
        let opening = b.path().await;
        b.visit(&opening).await;
        b.says("由2004年制度的余额换算").await;

        b.visit("/console/voucher-templates/new").await;
        let form = "form[action='/console/voucher-templates']";
        for (name, text) in [("name", "办公室租金"), ("summary", "本月租金"), ("day", "31")] {
            b.fill(form, name, text).await;
        }
        b.choose(form, "cadence", "每月").await;
        b.set(form, "starts_on", &w.app.business.today().to_string()).await;
        line(b, form, 1, [("subject", "5301"), ("debit", "30.00"), ("credit", "")]).await;
        line(b, form, 2, [("subject", "2202"), ("detail", "rent"), ("credit", "30.00")]).await;
        b.press(&format!("{form} .go button.primary")).await;
        b.says("到期时自动生成草稿").await;
        b.visit("/console/voucher-templates").await;
        b.step("stop").await;
        b.says("停用").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_is_counted_by_one_signed_by_another_and_a_third_settles() {
    with_browser(async |w: &World, b: &Browser| {
        b.sign_in(&w.staff(Role::Cashier).await).await;
        b.visit("/console/cash-counts").await;
        b.visit("/console/cash-counts/new").await;
        let form = "form[action='/console/cash-counts']";
        b.fill(form, "face-10000", "3").await;
        b.fill(form, "face-50", "1").await;
        b.press(&format!("{form} .go button")).await;
        b.says("请监盘人签字").await;
        b.says("300.50").await;
        let path = b.path().await;
        b.visit(&path).await;
        b.sign_in(&w.staff(Role::Bookkeeper).await).await;
        b.go("/console").await;
        b.press(&format!("a[href='{path}']")).await;
        b.step("signature").await;
        b.says("有差额，待处理").await;
        assert_eq!(w.balance("1001").await, "300.50", "the books follow the box at once");
        b.sign_in(&w.staff(Role::Chair).await).await;
        b.visit("/console/cash-counts").await;
        b.visit(&path).await;
        b.open_step("settlement").await;
        let settlement = "form[action$='/settlement']";
        b.choose(settlement, "choice", "长款转为收入").await;
        b.fill(settlement, "reason", "无法查明应付给谁").await;
        b.press(&format!("{settlement} .go button")).await;
        b.says("差额已处理").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_gifts_is_looked_at_before_it_is_taken_and_another_posts_it() {
    with_browser(async |w: &World, b: &Browser| {
        let campaign = w.open_campaign("1000.00").await;
        let day = w.app.business.today();
        b.sign_in(&w.staff(Role::Cashier).await).await;
        b.visit("/console/gift-lists").await;
        b.visit("/console/gift-lists/new").await;
        let form = "form[action='/console/gift-lists']";
        b.choose(form, "campaign", "助学·关爱行动").await;
        b.choose(form, "place", "银行账户").await;
        b.fill(form, "name", "基本户").await;
        let bad = format!("日期,金额,捐赠人,单位捐赠,编号\n{day},12.30,示例甲,,A-1\n{day},一百,,,A-2\n");
        b.upload(form, "file", "清单.csv", bad.as_bytes()).await;
        b.press(&format!("{form} button[value='look']")).await;
        b.says("第3行").await;
        assert_eq!(w.count("SELECT count(*) FROM gift_list").await, 0, "a look writes nothing");
        let good = format!("日期,金额,捐赠人,单位捐赠,编号\n{day},12.30,示例甲,,A-1\n{day},100,示例公司,是,A-2\n");
        b.upload(form, "file", "清单.csv", good.as_bytes()).await;
        b.press(&format!("{form} button[value='look']")).await;
        b.says("没有发现问题，可以导入").await;
        b.press(&format!("{form} button[value='take']")).await;
        b.says("待另一人审核入账").await;
        let path = b.path().await;
        b.visit(&path).await;
        assert_eq!(w.raised(campaign).await, "0.00", "nothing is booked by one");
        b.sign_in(&w.staff(Role::FinanceHead).await).await;
        b.go("/console").await;
        b.press(&format!("a[href='{path}']")).await;
        b.open_step("posting").await;
        b.says("合计112.30元").await;
        b.press("form[action$='/posting'] .go button").await;
        b.says("已逐笔入账").await;
        assert_eq!(w.raised(campaign).await, "112.30");
        let (status, csv) = ask(w, Some(&w.staff(Role::Auditor).await), &format!("{path}?as=csv")).await;
        assert!(status == 200 && csv.contains("A-2") && !csv.contains("示例甲"), "{csv}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_is_ended_by_one_who_proposes_it_and_another_who_decides() {
    with_browser(async |w: &World, b: &Browser| {
        let year = w.app.business.today().year() + 1;
        w.lever("clock", json!({ "now": format!("{year}-12-05T12:00:00+08:00") })).await;
        let campaign = w.open_campaign("1000.00").await;
        w.gift(&w.donor("o-one").await, campaign, "80.00").await;
        w.lever("clock", json!({ "now": format!("{}-01-06T12:00:00+08:00", year + 1) })).await;
        b.sign_in(&w.staff(Role::Bookkeeper).await).await;
        b.visit("/console/closing").await;
        b.says("还没有对账").await;
        let step = format!("year-{year}");
        let form = format!("form[action$='/{step}']");
        let propose = async |reason: &str| {
            b.open_step(&step).await;
            b.fill(&form, "reason", reason).await;
            b.press(&format!("{form} .go button")).await;
            b.says("请另一人决定").await;
            b.press("main a[href*='/console/year-closings/']").await;
        };
        // What was proposed with the wrong words is taken back, and proposed again.
        propose("写错了原因").await;
        b.step("withdrawal").await;
        b.says("已撤回").await;
        b.says("提出人撤回").await;
        b.visit("/console/closing").await;
        propose("审计前补对").await;
        let path = b.path().await;
        b.visit(&path).await;
        b.says("审计前补对").await;
        b.sign_in(&w.staff(Role::Chair).await).await;
        b.go("/console").await;
        b.press(&format!("a[href='{path}']")).await;
        // Whoever decides sees what will be booked, account by account, and what becomes of the net assets.
        b.says("同意后将要记的分录").await;
        b.says("3102 限定性净资产").await;
        b.says("贷 80.00").await;
        b.step("approval").await;
        b.says("已办理年终结转").await;
        // What was booked stays to be seen as it was agreed to.
        b.says("已记的结转分录").await;
        b.says("贷 80.00").await;
        let ended = format!("SELECT CAST(count(*) AS BIGINT) FROM book WHERE closed_through = '{year}-12-31'");
        assert_eq!(w.count(&ended).await, 1);
    })
    .await;
}
