//! The console of finance as people use it.

use domain::role::Role;
use serde_json::{Value, json};

use crate::browser::{Browser, ask};
use crate::console::with_browser;
use crate::world::World;

/// Tomorrow at noon: far from midnight whenever the story is told.
async fn noon(w: &World) -> domain::BusinessDate {
    let day = w.app.business.today().next();
    w.lever("clock", json!({ "now": format!("{day}T12:00:00+08:00") })).await;
    day
}

/// The code of the book.
async fn code(w: &World) -> String {
    let books = w.staff(Role::Auditor).await.get("/staff/books").await.ok();
    books["items"][0]["code"].as_str().unwrap().to_owned()
}

async fn open_breaks(w: &World) -> Vec<Value> {
    let all = w.staff(Role::Auditor).await.get("/staff/breaks").await.ok();
    let open = all["items"].as_array().unwrap().iter().filter(|one| one["state"] == "open");
    open.cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_break_is_found_proposed_by_one_and_decided_by_another() {
    with_browser(async |w: &World, b: &Browser| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "80.00").await;
        // Paid after its order was closed: money of nobody until two persons have said what it is.
        let order = w.order(&donor, campaign, "20.50").await;
        w.pass(1_000).await;
        w.run_job("expire_orders").await;
        w.lever("pay", json!({ "out_trade_no": order.order, "force": true })).await;
        w.until("the payment waits for a person", async || !open_breaks(w).await.is_empty()).await;
        w.lever("clock", json!({ "now": format!("{}T11:00:00+08:00", day.next()) })).await;
        let report = format!("/console/reconciliation/{}/{day}", code(w).await);

        let cashier = w.staff(Role::Cashier).await;
        b.sign_in(&cashier).await;
        b.visit(&format!("/console/reconciliation?year={}&month={}", day.year(), day.month())).await;
        b.says("未对账").await;
        b.visit(&report).await;
        b.step("run").await;
        b.says("对账已开始").await;
        b.says(&format!("{day}：相符")).await;
        b.says("未决差错1笔").await;
        b.says("对账报告").await;
        let lead =
            "return document.querySelector('#progress a[href^=\"/console/reconciliation/\"]').getAttribute('href')";
        assert_eq!(b.script(lead).await, report.as_str());
        b.visit(&report).await;
        b.says("20.50").await;
        b.says("分毫不差").await;
        b.visit("/console/breaks").await;
        b.press("main tbody a").await;
        let path = b.path().await;
        b.visit(&path).await;
        b.says("2209").await;
        b.open_step("proposal").await;
        let form = "form[action$='/proposal']";
        b.press(&format!("{form} input[value='gift']")).await;
        b.fill(form, "reason", "已电话联系捐赠人，确认捐赠").await;
        b.press(&format!("{form} .go button")).await;
        b.says("待另一人决定").await;
        assert_eq!(w.raised(campaign).await, "80.00", "nothing is booked by one");

        b.sign_in(&w.staff(Role::FinanceHead).await).await;
        b.go("/console").await;
        b.says("差错").await;
        b.go(&path).await;
        // Whoever decides sees what was shown to whoever proposed it.
        b.says("将要记的分录").await;
        b.says("贷 410102").await;
        b.step("approval").await;
        b.says("已同意").await;
        assert_eq!(w.raised(campaign).await, "100.50");
        b.press("a[href*='reference=donation']").await;
        b.says("待查款").await;
        let entry = b.script("return location.pathname + location.search").await;
        b.visit(entry.as_str().unwrap()).await;
        b.visit("/console/breaks?state=").await;
        b.says("已处理").await;
        // What is decided holds no money any more, and its day is no day with breaks.
        b.visit(&path).await;
        b.says("已转出 2209 待查款").await;
        b.visit(&report).await;
        b.says("差错已处理").await;
        b.visit(&format!("/console/reconciliation?year={}&month={}", day.year(), day.month())).await;
        b.says("差错已处理").await;
    })
    .await;
}

/// What WeChat cannot give back of a campaign that takes nothing any more goes to the general fund, in the hands of two persons.
#[tokio::test(flavor = "multi_thread")]
async fn money_that_cannot_go_back_is_given_to_the_general_fund() {
    with_browser(async |w: &World, b: &Browser| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let order = w.order(&donor, campaign, "20.50").await;
        w.pass(1_000).await;
        w.run_job("expire_orders").await;
        w.lever("pay", json!({ "out_trade_no": order.order, "force": true })).await;
        w.until("the payment waits for a person", async || !open_breaks(w).await.is_empty()).await;
        let manager = w.staff(Role::ProjectManager).await;
        let step = |name: &str| format!("/staff/campaigns/{campaign}/{name}");
        manager.post(&step("end"), json!({ "reason": "募捐结束" })).await.ok();
        manager.act(&step("execution")).await.ok();
        manager.act(&step("closing")).await.ok();
        let stray = open_breaks(w).await[0]["id"].as_str().unwrap().to_owned();
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let back = json!({ "id": uuid::Uuid::now_v7(), "choice": "return", "reason": "项目不再接受捐赠" });
        cashier.post(&format!("/staff/breaks/{stray}/resolutions"), back.clone()).await.ok();
        w.lever("faults", json!({ "refund": { "outcome": "CLOSED", "times": 1 } })).await;
        head.act(&format!("/staff/resolutions/{}/approval", back["id"].as_str().unwrap())).await.ok();
        w.run_job("send_refunds").await;
        let failed = async || {
            let all = head.get(&format!("/staff/breaks/{stray}/resolutions")).await.ok();
            all["items"][0]["state"] == "failed"
        };
        w.until("WeChat cannot", failed).await;

        let path = format!("/console/breaks/{stray}");
        b.sign_in(&cashier).await;
        b.visit(&path).await;
        b.says("退回失败").await;
        b.open_step("proposal").await;
        let form = "form[action$='/proposal']";
        b.press(&format!("{form} input[value='general']")).await;
        b.fill(form, "reason", "付款账户已注销，无法退回").await;
        b.press(&format!("{form} .go button")).await;
        b.says("待另一人决定").await;
        b.sign_in(&head).await;
        b.go(&path).await;
        b.says("转入一般捐赠（不限定用途）").await;
        b.says("贷 410101").await;
        b.step("approval").await;
        b.says("已同意").await;
        b.says("已由其他办法取代").await;
        b.press("a[href*='reference=donation']").await;
        b.says("收到捐赠").await;
        b.says("捐赠收入").await;
        assert_eq!(w.balance("410101").await, "-20.50");
        assert_eq!(w.raised(campaign).await, "0.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_closed_and_its_numbers_lead_to_their_entries() {
    with_browser(async |w: &World, b: &Browser| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "80.00").await;
        let today = w.app.business.today();
        w.pass(31 * 86_400).await;
        let head = w.staff(Role::FinanceHead).await;
        b.sign_in(&head).await;
        let period = format!("year={}&month={}", today.year(), today.month());
        b.visit(&format!("/console/statements?{period}&form=activities")).await;
        b.press("main td a.yuan").await;
        b.says("收到捐赠").await;
        let lines = b.script("return location.pathname + location.search").await;
        b.visit(lines.as_str().unwrap()).await;
        b.press("main tbody a").await;
        b.says("80.00").await;
        b.says("报表数字的组成").await;
        b.press("main dl a[href^='/console/donations/']").await;
        b.says("捐赠 80.00元").await;
        for path in [
            "/console/ledger".to_owned(),
            format!("/console/statements?{period}"),
            format!("/console/statements?{period}&form=cash-flows"),
            "/console/entries".to_owned(),
            "/console/exports".to_owned(),
            "/console/seals".to_owned(),
            "/console/ratios".to_owned(),
            "/console/closing".to_owned(),
            "/console/places".to_owned(),
        ] {
            b.visit(&path).await;
        }
        b.go("/console/ledger").await;
        b.press("main tbody a").await;
        let account = b.script("return location.pathname + location.search").await;
        b.visit(account.as_str().unwrap()).await;
        b.go("/console/closing").await;
        // No day of it is reconciled: only for a reason.
        let step = match today.month() {
            12 => format!("year-{}", today.year()),
            month => format!("month-{}-{month}", today.year()),
        };
        b.says("还没有对账").await;
        b.open_step(&step).await;
        let form = format!("form[action$='/{step}']");
        b.fill(&form, "reason", "账单随后补对").await;
        b.press(&format!("{form} .go button")).await;
        if today.month() == 12 {
            let over = w.app.business.today().year() > today.year();
            b.says(if over { "已提出" } else { "目前不能结账" }).await;
        } else {
            b.says("已锁定").await;
            let closed = w.count("SELECT CAST(count(*) AS BIGINT) FROM book WHERE closed_through IS NOT NULL").await;
            assert_eq!(closed, 1);
        }
        let (status, file) = ask(w, Some(&head), &format!("/console/exports/file?format=hledger&{period}")).await;
        assert_eq!(status, 200);
        assert!(file.contains("80.00"), "{file}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_of_the_cashier_takes_two_persons() {
    with_browser(async |w: &World, b: &Browser| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "80.00").await;
        b.sign_in(&w.staff(Role::Cashier).await).await;
        b.visit("/console/transfers").await;
        b.visit("/console/transfers/new").await;
        let form = "form[action='/console/transfers']";
        b.choose(form, "kind", "提现（微信到银行）").await;
        b.fill(form, "amount", "50.00").await;
        b.fill(form, "bank_account", "基本户").await;
        b.press(&format!("{form} .go button")).await;
        b.says("待另一人确认").await;
        w.lever("withdraw", json!({ "amount": "50.00" })).await;
        let path = b.path().await;
        b.visit("/console/payment-files").await;
        b.visit("/console/payment-files/new").await;
        b.visit("/console/bank").await;
        b.visit("/console/bank/claims").await;
        b.sign_in(&w.staff(Role::Bookkeeper).await).await;
        b.visit(&path).await;
        b.step("confirmation").await;
        b.says("已确认并记账").await;
        assert_eq!(w.balance("1009[channel=wechat_transit]").await, "50.00");
        b.sign_in(&w.staff(Role::Cashier).await).await;
        b.go(&path).await;
        b.step("arrival").await;
        b.says("待另一人确认").await;
        b.sign_in(&w.staff(Role::FinanceHead).await).await;
        b.go(&path).await;
        b.step("confirmation").await;
        b.says("已确认并记账").await;
        assert_eq!(w.balance("1002[bank=基本户]").await, "50.00");
        b.visit("/console/bank/account").await;
        b.visit("/console/bank/balance").await;
        b.sign_in(&w.staff(Role::Disclosure).await).await;
        b.visit("/console/duties").await;
        b.visit("/console/disclosures").await;
        b.visit("/console/disclosures/new").await;
        let form = "form[action='/console/disclosures']";
        b.choose(form, "kind", "募捐情况定期公布").await;
        b.choose(form, "campaign", "助学·关爱行动").await;
        b.fill(form, "summary", "按计划推进。").await;
        b.press(&format!("{form} .go button")).await;
        b.says("已编制并冻结").await;
        let report = b.path().await;
        b.visit(&report).await;
        b.press(".frozen > summary").await;
        b.says("募捐目标").await;
        let foreign = "return [...document.querySelectorAll('.frozen dt, .frozen th, .frozen h3')].map(e => e.innerText).filter(t => /[a-z]/.test(t))";
        assert_eq!(b.script(foreign).await, json!([]), "everything in words");
        let (status, text) = crate::browser::ask(w, Some(&w.staff(Role::Auditor).await), &format!("{report}/text")).await;
        assert!(status == 200 && text.contains("\"figures\""), "the text itself is a file: {text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_brought_matched_and_one_line_of_it_taken_back() {
    with_browser(async |w: &World, b: &Browser| {
        let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        let accounts = format!("/staff/books/{}/bank-accounts", w.book);
        keeper.call(reqwest::Method::PUT, &accounts, Some(json!({ "name": "基本户" }))).await.ok();
        let day = w.app.business.today();
        b.sign_in(&keeper).await;
        b.go("/console/bank").await;
        b.press("a[href*='/console/bank/import']").await;
        let file = format!("date,reference,amount,counterparty,remark\n{day},N1,12.50,,结息\n{day},N2,-3.00,,短信费\n");
        b.upload("form[enctype]", "file", "对账单.csv", file.as_bytes()).await;
        b.press("form[enctype] .primary").await;
        b.says("新流水2笔").await;
        b.press("input[value='interest:']").await;
        b.press("main form .primary").await;
        b.says("已办理1笔").await;
        b.press(".tabs a[href*='/statements']").await;
        b.says("逐笔文本").await;
        b.says("对账单.csv").await;
        let found = b.script("return location.pathname + location.search").await;
        b.visit(found.as_str().unwrap()).await;
        b.press("td a[href*='state=open']").await;
        b.says("只列出一份对账单带来的流水").await;
        assert_eq!(b.script("return document.querySelectorAll('main tbody tr').length").await, 1);
        b.go("/console/bank?state=matched").await;
        b.press("td a[href*='/lines/']").await;
        b.says("须由另一名会计或财务负责人撤销").await;
        let line = b.path().await;
        b.sign_in(&head).await;
        b.visit(&line).await;
        b.step("untying").await;
        b.says("已撤销，这笔流水回到待对应").await;
        assert_eq!(w.balance("1002[bank=基本户]").await, "0.00");
        b.press("td a[href*='bank_interest']").await;
        b.says("被冲销").await;
        assert_eq!(crate::browser::ask(w, Some(&w.staff(Role::Disclosure).await), &line).await.0, 403);
    })
    .await;
}
