//! What is looked at afterwards: what donors wrote, with whom a charity works, what has to be told, who did what, and what runs by itself.

use std::collections::BTreeSet;

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::browser::{Browser, ask};
use crate::console::with_browser;
use crate::world::{CREDIT_CODE, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_shown_and_hidden_with_a_reason_and_the_trail_finds_who_did_it() {
    with_browser(async |w: &World, b: &Browser| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let mut wish = w.wish("5.00");
        wish["message"] = json!("愿你们越来越好");
        let placed = donor.give(campaign, &wish).await.ok();
        w.sandbox.pay(placed["donation"]["out_trade_no"].as_str().unwrap()).unwrap();
        w.until("it is paid", async || w.raised(campaign).await == "5.00").await;
        // As if the check of its words had not been sure.
        w.sql("UPDATE donation SET message_state = 'review'").await.unwrap();
        let wall = format!("/campaigns/{campaign}/gifts");
        let (_, page) = ask(w, None, &wall).await;
        assert!(!page.contains("愿你们越来越好"), "what nobody looked at is shown to nobody");
        let officer = w.staff(Role::Disclosure).await;
        b.sign_in(&officer).await;
        b.visit("/console").await;
        b.press(".waiting a[href='/console/messages']").await;
        b.visit("/console/messages").await;
        b.says("愿你们越来越好").await;
        b.open_step("shown").await;
        b.fill("form[action$='/shown']", "reason", "内容无不当").await;
        b.press("form[action$='/shown'] .go button").await;
        b.says("已公开显示").await;
        let (_, page) = ask(w, None, &wall).await;
        assert!(page.contains("愿你们越来越好"));
        b.open_step("hidden").await;
        b.fill("form[action$='/hidden']", "reason", "应捐赠人要求").await;
        b.press("form[action$='/hidden'] .go button").await;
        b.says("已隐藏").await;
        assert_eq!(w.count("SELECT count(*) FROM moderation WHERE reason = '应捐赠人要求'").await, 1);

        b.sign_in(&w.staff(Role::Auditor).await).await;
        b.go("/console/trail").await;
        b.set(".filter", "who", &officer.id.to_string()).await;
        b.choose(".filter", "what", "留言").await;
        b.press(".filter button").await;
        b.says("留言：审核留言").await;
        let rows = b.script("return document.querySelectorAll('main tbody tr').length").await;
        assert_eq!(rows, 2, "both steps of this officer, and nothing else");
        let found = b.script("return location.pathname + location.search").await;
        b.visit(found.as_str().unwrap()).await;
        b.go(&format!("/console/trail?object=campaign:{campaign}")).await;
        b.says("公益项目：批准").await;
        // Everything is told in words, and nobody is led to a page that refuses them.
        b.go("/console/trail").await;
        let foreign =
            "return [...document.querySelectorAll('[data-member]')].map(e => e.innerText).filter(t => /[a-z]/.test(t))";
        assert_eq!(b.script(foreign).await, json!([]));
        for role in [Role::Auditor, Role::Admin] {
            let reader = w.staff(role).await;
            let (_, page) = ask(w, Some(&reader), "/console/trail").await;
            let table = page.split("<tbody").nth(1).unwrap();
            let leads = table.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
            let leads: BTreeSet<&str> = leads.filter(|lead| !lead.contains('?')).collect();
            assert!(role != Role::Auditor || leads.len() > 2, "{leads:?}");
            for lead in leads {
                assert_eq!(ask(w, Some(&reader), lead).await.0, 200, "{role:?} is led to {lead}");
            }
        }
        b.go("/console/trail?to=2020-01-01").await;
        b.says("没有这样的记录").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_started_shows_how_it_goes_on() {
    with_browser(async |w: &World, b: &Browser| {
        b.sign_in(&w.staff(Role::Admin).await).await;
        // What did not run is told on the first page.
        b.visit("/console").await;
        b.says("后台任务异常").await;
        b.press("main a[href='/console/jobs?job=expire_orders']").await;
        b.says("订单").await;
        b.visit("/console/jobs").await;
        b.press("form[action='/console/jobs/expire_orders/runs'] button").await;
        b.says("任务已开始").await;
        // The page asks by itself until the run is over.
        b.says("完成").await;
        b.until_gone("[hx-trigger]").await;
        let path = b.path().await;
        b.visit(&path).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_has_the_books_computed_again_and_sees_what_differs() {
    with_browser(async |w: &World, b: &Browser| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "80.00").await;
        b.sign_in(&w.staff(Role::Auditor).await).await;
        b.visit("/console/audit").await;
        b.says("还没有核验过").await;
        b.step("audit").await;
        b.says("核验已开始").await;
        b.says("0项不一致").await;
        b.until_gone("[hx-trigger]").await;
        let run = b.path().await;
        b.visit(&run).await;
        b.go("/console/audit").await;
        b.says("全部一致").await;
        let (status, _) = ask(w, Some(&w.staff(Role::Disclosure).await), "/console/audit").await;
        assert_eq!(status, 403);

        // Somebody changes a number beside the program: the next one says which, and what it should be.
        w.sql("UPDATE fund SET received_fen = received_fen + 1, raised_cash_fen = raised_cash_fen + 1").await.unwrap();
        b.step("audit").await;
        b.says("项不一致").await;
        b.until_gone("[hx-trigger]").await;
        b.says("账上为80.01，重新计算为80.00").await;
        b.go("/console/audit").await;
        b.says("项不一致").await;
        let shown = b.script("return document.querySelector('.heading').innerText").await;
        assert!(shown.as_str().unwrap().contains("不一致"), "{shown}");
        w.sql("UPDATE fund SET received_fen = received_fen - 1, raised_cash_fen = raised_cash_fen - 1").await.unwrap();
        b.visit("/console/audit").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_is_registered_agreed_with_and_evaluated_by_another() {
    with_browser(async |w: &World, b: &Browser| {
        let manager = w.staff(Role::ProjectManager).await;
        b.sign_in(&w.staff(Role::Organiser).await).await;
        b.visit("/console/partners").await;
        let form = "form[action='/console/partners']";
        b.press("main .step > summary").await;
        b.choose(form, "kind", "不具有公开募捐资格的组织").await;
        b.fill(form, "name", "示例青年志愿者协会").await;
        b.fill(form, "credit_code", "一二三").await;
        b.press(&format!("{form} .go button")).await;
        b.says("统一社会信用代码").await;
        b.fill(form, "credit_code", CREDIT_CODE).await;
        b.press(&format!("{form} .go button")).await;
        b.says("合作方已登记").await;
        let campaign = w.open_campaign("1000.00").await;
        // Once it is filed, nobody is agreed with any more without a change.
        let draft = w.draft("1000.00");
        w.staff(Role::Organiser).await.post("/staff/campaigns", draft.clone()).await.ok();
        let page = format!("/console/campaigns/{}", draft["id"].as_str().unwrap());
        b.go(&page).await;
        b.open_step("partner").await;
        let form = "form[action$='/partner']";
        b.choose(form, "kind", "个人").await;
        b.fill(form, "name", "示例讲师").await;
        b.press(&format!("{form} .go button")).await;
        b.says("合作方已登记").await;
        b.go(&page).await;
        b.open_step("cooperation").await;
        let form = "form[action$='/cooperation']";
        b.choose(form, "partner", "示例青年志愿者协会").await;
        b.set(form, "signed_on", &w.app.business.today().to_string()).await;
        b.fill(form, "agreement", "合作协议2026第1号").await;
        b.press(&format!("{form} .go button")).await;
        b.says("合作协议已登记").await;
        b.sign_in(&manager).await;
        b.go(&page).await;
        b.open_step("partner-evaluation").await;
        let form = "form[action$='/partner-evaluation']";
        b.fill(form, "score", "90").await;
        b.fill(form, "findings", "按约履行").await;
        b.press(&format!("{form} .go button")).await;
        b.says("90分").await;
        b.visit(&page).await;
        let page = format!("/console/campaigns/{campaign}");
        b.sign_in(&w.staff(Role::FinanceHead).await).await;
        b.go(&page).await;
        b.step("release").await;
        b.says("没有需要解除限定的金额").await;
        b.visit("/console/events").await;
        b.press("main .step > summary").await;
        let form = "form[action='/console/events']";
        b.choose(form, "kind", "重大交易").await;
        b.set(form, "happened_on", &w.app.business.today().to_string()).await;
        b.fill(form, "title", "购置办公用房").await;
        b.fill(form, "words", "经理事会决议购置。").await;
        b.press(&format!("{form} .go button")).await;
        b.says("列入公开期限").await;
        b.visit("/console/events").await;
        b.press("main td a").await;
        b.says("编制公开内容").await;
        b.go("/console/ratios").await;
        b.press("main .step > summary").await;
        let form = "form[action='/console/ratios']";
        b.choose(form, "ratio", "管理费用占当年总支出比例").await;
        b.set(form, "valid_from", "2027-01-01").await;
        b.fill(form, "bound", "十分之一").await;
        b.fill(form, "source", "内部规定").await;
        b.press(&format!("{form} .go button")).await;
        b.says("写法如 70% 或 0.7").await;
        b.fill(form, "bound", "9%").await;
        b.press(&format!("{form} .go button")).await;
        b.says("规则已设定").await;
        b.says("9.00%").await;
        b.visit("/console/ratios").await;
        b.sign_in(&w.staff(Role::Disclosure).await).await;
        b.visit("/console/duty-rules").await;
        b.press("main .step > summary").await;
        let form = "form[action='/console/duty-rules']";
        b.choose(form, "kind", "重大事项公布").await;
        b.choose(form, "escalate_to", "理事长").await;
        b.set(form, "from", &w.app.business.today().to_string()).await;
        for (name, number) in [("amount", "20"), ("warn_days", "5"), ("escalate_days", "0")] {
            b.fill(form, name, number).await;
        }
        b.fill(form, "reason", "理事会决议").await;
        b.press(&format!("{form} .go button")).await;
        b.says("规则已设定").await;
        b.says("发生后20天内").await;
    })
    .await;
}

/// Whoever was paid asks staff to be forgotten; one person puts it down, another decides, and the page of the payee tells.
#[tokio::test(flavor = "multi_thread")]
async fn a_payees_wish_to_be_forgotten_is_put_down_and_followed_by_another() {
    with_browser(async |w: &World, b: &Browser| {
        let campaign = w.open_campaign("1000.00").await;
        let person = json!({
            "id": Uuid::now_v7(), "campaign": campaign, "kind": "person", "part": "beneficiary", "name": "沙悟净（示例）",
            "account": { "number": "6222020000000001234", "bank": "示例银行邢台分行" }, "phone": "00000000000",
        });
        let organiser = w.staff(Role::Organiser).await;
        organiser.post("/staff/payees", person.clone()).await.ok();
        let page = format!("/console/payees/{}", person["id"].as_str().unwrap());
        let list = "/console/payee-erasures";
        b.sign_in(&organiser).await;
        b.go(&page).await;
        b.open_step("erasures").await;
        b.fill("form[action$='/erasures']", "reason", "本人来电提出，已核实身份").await;
        b.press("form[action$='/erasures'] .go button").await;
        b.says("待负责人批准").await;
        b.visit(list).await;
        b.says("本人来电提出").await;
        let approval = "return document.querySelector(\"form[action$='/approval']\")";
        assert_eq!(b.script(approval).await, json!(null), "nobody decides what they put down");

        b.sign_in(&w.staff(Role::Chair).await).await;
        b.visit("/console").await;
        b.press(&format!(".waiting a[href='{list}']")).await;
        b.visit(list).await;
        assert!(!b.text().await.contains("沙悟净"), "whoever decides sees whom it is about, masked");
        b.open_step("approval").await;
        b.fill("form[action$='/approval']", "reason", "同意").await;
        b.press("form[action$='/approval'] .go button").await;
        b.says("已删除此人的个人信息").await;
        b.visit(&page).await;
        b.says("删除个人信息的申请").await;
        let steps = "return document.querySelectorAll(\"form[action$='/account'], form[action$='/unmasking']\").length";
        assert_eq!(b.script(steps).await, json!(0), "nothing is left to change or to read");
    })
    .await;
}

/// Whoever works with a child's data asks, another answers, and what was allowed is read for a reason until its last day.
#[tokio::test(flavor = "multi_thread")]
async fn a_childs_data_is_asked_for_answered_by_another_and_read_until_its_day() {
    with_browser(async |w: &World, b: &Browser| {
        let campaign = w.open_campaign("1000.00").await;
        let child = json!({
            "id": Uuid::now_v7(), "campaign": campaign, "kind": "person", "part": "beneficiary", "name": "小明（示例）", "minor": true,
            "account": { "number": "6222020000000001234", "bank": "示例银行邢台分行" }, "phone": "00000000000",
        });
        w.staff(Role::Organiser).await.post("/staff/payees", child.clone()).await.ok();
        let page = format!("/console/payees/{}", child["id"].as_str().unwrap());
        let (manager, chair) = (w.staff(Role::ProjectManager).await, w.staff(Role::Chair).await);
        let reading = "return document.querySelector(\"form[action$='/unmasking']\")";
        let ask_for = async |days: &str, why: &str| {
            b.go(&page).await;
            b.open_step("child-access").await;
            b.fill("form[action$='/child-access']", "reason", why).await;
            b.fill("form[action$='/child-access']", "days", days).await;
            b.press("form[action$='/child-access'] .go button").await;
        };
        b.sign_in(&manager).await;
        ask_for("3", "家访核实监护人电话").await;
        b.says("待负责人批准").await;
        assert_eq!(b.script(reading).await, json!(null), "nothing is read before it is allowed");
        b.visit("/console/child-access").await;
        b.says("家访核实监护人电话").await;
        let approval = "return document.querySelector(\"form[action$='/approval']\")";
        assert_eq!(b.script(approval).await, json!(null), "nobody answers their own request");

        b.sign_in(&chair).await;
        b.visit("/console").await;
        b.press(".waiting a[href='/console/child-access']").await;
        b.visit("/console/child-access").await;
        assert!(!b.text().await.contains("小明"), "whoever answers sees whom it is about, masked");
        b.open_step("approval").await;
        b.fill("form[action$='/approval']", "reason", "同意，用后即止").await;
        b.press("form[action$='/approval'] .go button").await;
        b.says("已批准，申请人可以在期限内查看").await;
        b.says("没有待批准的申请").await;

        b.sign_in(&manager).await;
        b.visit(&page).await;
        b.open_step("unmasking").await;
        b.fill("form[action$='/unmasking']", "reason", "家访前核对电话").await;
        b.press("form[action$='/unmasking'] .go button").await;
        b.says("小明（示例）").await;
        assert_eq!(w.count("SELECT count(*) FROM unmasking WHERE reason = '家访前核对电话'").await, 1);
        b.go(&page).await;
        assert!(!b.text().await.contains("小明（示例）"), "it is shown once");

        w.pass(3 * 86_400 + 1).await;
        b.go(&page).await;
        assert_eq!(b.script(reading).await, json!(null), "its day is over");
        ask_for("1", "再次核实").await;
        b.says("待负责人批准").await;
        b.sign_in(&w.staff(Role::Compliance).await).await;
        b.go("/console/child-access").await;
        b.open_step("decline").await;
        b.fill("form[action$='/decline']", "reason", "理由不足").await;
        b.press("form[action$='/decline'] .go button").await;
        b.says("已记录不批准").await;
        b.sign_in(&manager).await;
        b.go(&page).await;
        assert_eq!(b.script(reading).await, json!(null));
        b.go("/console/child-access").await;
        b.says("理由不足").await;
        let (status, _) = ask(w, Some(&w.staff(Role::Organiser).await), "/console/child-access").await;
        assert_eq!(status, 403);
    })
    .await;
}

/// An account is changed by two persons, the second with the paper before them; what a small foundation approved is reviewed by month.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_changed_on_a_paper_and_the_campaigns_that_name_the_old_one_are_listed() {
    with_browser(async |w: &World, b: &Browser| {
        w.open_campaign("1000.00").await;
        let (head, chair) = (w.staff(Role::FinanceHead).await, w.staff(Role::Chair).await);
        let page = format!("/console/charities/{}", w.book);
        let form = "form[action$='/account']";
        b.sign_in(&head).await;
        b.go(&page).await;
        b.open_step("account").await;
        b.fill(form, "bank_account", "新基本户").await;
        b.set(form, "valid_from", &w.app.business.today().to_string()).await;
        b.fill(form, "reason", "开户行调整").await;
        b.press(&format!("{form} .go button")).await;
        b.says("请上传证明材料").await;
        b.visit(&page).await;
        b.press("article a[href^='/console/account-changes/']").await;
        let change = b.path().await;
        let approval = "return document.querySelector(\"form[action$='/approval']\")";
        assert_eq!(b.script(approval).await, json!(null), "nobody decides on their own");

        b.sign_in(&chair).await;
        b.visit("/console").await;
        b.press(".waiting a[href^='/console/account-changes/']").await;
        b.step("approval").await;
        b.says("请先上传账户或商户号的证明材料").await;
        b.go(&change).await;
        let papers = "form[action$='/papers']";
        b.open_step("papers").await;
        b.choose(papers, "kind", "银行回单").await;
        b.upload(papers, "file", "account.pdf", b"%PDF-1.7 account").await;
        b.press(&format!("{papers} .go button")).await;
        b.says("account.pdf").await;
        b.visit(&change).await;
        b.step("approval").await;
        b.says("新的账户和商户号即日生效").await;
        b.visit(&page).await;
        b.says("方案中仍写其他账户的项目").await;
        b.says("助学·关爱行动").await;

        b.sign_in(&w.staff(Role::Auditor).await).await;
        b.visit(&change).await;
        b.visit("/console/small-reviews").await;
        b.says("没有按小型机构规则批准的支出").await;
        let (status, _) = ask(w, Some(&head), "/console/small-reviews").await;
        assert_eq!(status, 403);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_team_is_looked_at_from_the_desk() {
    with_browser(async |w, b| {
        let campaign = w.open_campaign("1000.00").await;
        let team = json!({ "id": Uuid::now_v7(), "name": "加微信小队", "goal": "100.00" });
        w.donor("o-team").await.post(&format!("/campaigns/{campaign}/teams"), team.clone()).await.ok();
        b.sign_in(&w.staff(Role::Disclosure).await).await;
        b.visit("/console").await;
        b.press(".waiting a[href='/console/teams?state=review']").await;
        b.visit("/console/teams?state=review").await;
        b.says("加微信小队").await;
        b.open_step("hidden").await;
        b.fill("form[action$='/hidden']", "reason", "引导添加微信").await;
        b.press("form[action$='/hidden'] .go button").await;
        b.says("名称已隐藏").await;
        b.open_step("closed").await;
        b.fill("form[action$='/closed']", "reason", "与公益无关").await;
        b.press("form[action$='/closed'] .go button").await;
        b.says("团队已关闭").await;
        let (_, page) = ask(w, None, &format!("/teams/{}", team["id"].as_str().unwrap())).await;
        assert!(page.contains("爱心小队") && page.contains("该团队已关闭") && !page.contains("加微信"), "{page}");
        b.visit(&format!("/console/campaigns/{campaign}")).await;
        b.visit(&format!("/console/teams?campaign={campaign}")).await;
        b.says("已关闭").await;
    })
    .await;
}

/// Whoever is above reads the books of a county's own foundation and is offered nothing to write there; its own people are (decision 26).
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_above_reads_the_books_of_another_legal_entity_and_is_offered_nothing() {
    with_browser(async |w: &World, b: &Browser| {
        let charity = json!({
            "id": Uuid::now_v7(), "code": "xiangdu", "name": "示例区青少年基金会", "unit": w.unit("130502").await, "bank_account": "区基本户",
            "contact": { "office_address": "示例路2号", "contact": "0319-0", "information_url": "https://example.org" },
        });
        w.staff(Role::Admin).await.post("/staff/charities", charity).await.ok();
        let own = w.hire_over(Role::Bookkeeper, "xiangdu-keeper", "/hebei/1305/130502/").await;
        let offered = async |book: &str| {
            b.visit(&format!("/console/vouchers?book={book}")).await;
            b.says("凭证").await;
            let links = b.script("return document.querySelectorAll(\"a[href^='/console/vouchers/new']\").length").await;
            links == 1
        };
        b.sign_in(&w.staff(Role::Bookkeeper).await).await;
        assert!(offered("hebei").await && !offered("xiangdu").await);
        b.sign_in(&own).await;
        assert!(offered("xiangdu").await);
    })
    .await;
}
