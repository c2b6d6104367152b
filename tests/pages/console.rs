//! The console as people use it.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::browser::{Browser, ask, driver};
use crate::world::{CREDIT_CODE, Officer, Terms, World, identity_number, story_on_sqlite};

/// A story with a browser, if there is one.
pub(crate) async fn with_browser(tell: impl AsyncFn(&World, &Browser)) {
    let Some(driver) = driver() else { return };
    story_on_sqlite(Terms::default(), async |w| {
        let browser = Browser::open(w, &driver).await;
        tell(w, &browser).await;
        browser.close().await;
    })
    .await;
}

/// The id at the end of the page's path.
async fn id_here(b: &Browser) -> Uuid {
    let path = b.path().await;
    path.rsplit('/').next().unwrap().parse().unwrap_or_else(|_| panic!("{path} ends in no id"))
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_and_out() {
    with_browser(async |w, b| {
        let officer = w.staff(Role::Organiser).await;
        b.visit("/console/login").await;
        b.go("/console/campaigns").await;
        assert_eq!(b.path().await, "/console/login", "whoever has no session is asked for one");
        b.fill("form", "username", &officer.username).await;
        b.fill("form", "password", "wrong").await;
        b.press(".go button").await;
        b.says("用户名、密码或动态口令不正确").await;
        b.fill("form", "password", &officer.password).await;
        b.press(".go button").await;
        b.says("公益项目").await;
        assert_eq!(b.path().await, "/console/campaigns", "and led where they wished");
        b.press("form[action='/console/logout'] button").await;
        b.says("登录").await;
        b.go("/console").await;
        assert_eq!(b.path().await, "/console/login");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_goes_from_draft_to_open_by_two_people_and_a_gift_is_seen() {
    with_browser(async |w, b| {
        let organiser = w.staff(Role::Organiser).await;
        b.sign_in(&organiser).await;
        b.visit("/console/campaigns").await;
        b.visit("/console/campaigns/new").await;
        let form = "form[action='/console/campaigns']";
        let now = w.app.business.now();
        let minute = |at: domain::Timestamp| at.wall()[..16].replace(' ', "T");
        for (name, text) in [
            ("name", "助学·春风行动"),
            ("target", "1,000.00"),
            ("purpose", "资助困难学生"),
            ("usage", "发放助学金"),
            ("area", "河北省"),
            ("bank_account", "基本户"),
            ("responsible.name", "示例甲"),
            ("responsible.office_address", "示例路1号"),
            ("responsible.contact", "0311-00000000"),
            ("beneficiaries.scope", "家庭经济困难学生"),
            ("summary", "资助困难学生继续学业"),
            ("beneficiaries.expected", "100"),
            ("leftover", "用于同类项目"),
        ] {
            b.fill(form, name, text).await;
        }
        b.set(form, "starts_at", &minute(now)).await;
        b.set(form, "ends_at", &minute(now.after(std::time::Duration::from_secs(86_400)))).await;
        b.choose(form, "cause", "助学").await;
        b.press("input[name='methods'][value='internet']").await;
        b.press("input[name='ways'][value='wechat']").await;
        // What cannot be read is told, and nothing that was typed is lost.
        b.fill(form, "budget_code", "a").await;
        b.fill(form, "budget_name", "助学金").await;
        b.fill(form, "budget_planned", "一千").await;
        b.choose(form, "budget_kind", "资助受益人").await;
        b.press(&format!("{form} .go button")).await;
        b.says("第1项预算的金额写法").await;
        assert_eq!(b.script("return document.querySelector('[name=\"leftover\"]').value").await, "用于同类项目");
        b.fill(form, "budget_planned", "1000").await;
        b.press(&format!("{form} .go button")).await;
        b.says("草稿已保存").await;
        let id = id_here(b).await;
        // How they are chosen is missing: the rules say so beside the plan, and so does the refusal.
        b.step("submission").await;
        b.says("募捐方案尚不完整").await;
        b.press("a[href$='/edit']").await;
        b.fill("form[action$='/edit']", "beneficiaries.selection", "本人申请、学校评议").await;
        b.press("form[action$='/edit'] .go button").await;
        b.says("草稿已保存").await;
        b.step("submission").await;
        b.says("待初审").await;
        let page = format!("/console/campaigns/{id}");
        assert_eq!(w.count("SELECT count(*) FROM campaign").await, 1);

        let manager = w.staff(Role::ProjectManager).await;
        b.sign_in(&manager).await;
        b.visit("/console").await;
        b.says("助学·春风行动").await;
        b.press(&format!("a[href='{page}']")).await;
        b.open_step("rejection").await;
        b.says("将退回发起人修改").await;
        // Whoever agrees says that it is not for one named person.
        b.step("approval").await;
        b.says("请核对受益人并确认").await;
        b.press("form[action$='/approval'] [name='for_a_group']").await;
        b.press("form[action$='/approval'] .go button").await;
        b.says("待财务审核").await;
        b.sign_in(&w.staff(Role::FinanceHead).await).await;
        b.go(&page).await;
        b.open_step("approval").await;
        b.press("form[action$='/approval'] [name='for_a_group']").await;
        b.press("form[action$='/approval'] .go button").await;
        b.says("已批准").await;

        let (before, today) = (now.before(std::time::Duration::from_secs(12 * 86_400)), w.app.business.today());
        b.sign_in(&w.staff(Role::Disclosure).await).await;
        b.go(&page).await;
        b.open_step("filing-submission").await;
        b.set("form[action$='/filing-submission']", "submitted_on", &domain::BusinessDate::of(before).to_string())
            .await;
        b.press("form[action$='/filing-submission'] .go button").await;
        b.says("请先上传备案回执").await;
        w.filing_receipt(id).await;
        b.go(&page).await;
        b.open_step("filing-submission").await;
        b.set("form[action$='/filing-submission']", "submitted_on", &domain::BusinessDate::of(before).to_string())
            .await;
        b.press("form[action$='/filing-submission'] .go button").await;
        b.says("备案中").await;
        b.open_step("filing").await;
        let number = format!("{CREDIT_CODE}A{:02}777", today.year() % 100);
        b.fill("form[action$='/filing']", "number", &number).await;
        b.set("form[action$='/filing']", "filed_on", &today.to_string()).await;
        b.press("form[action$='/filing'] .go button").await;
        b.says("已备案").await;
        b.sign_in(&manager).await;
        b.go(&page).await;
        b.open_step("schedule").await;
        let schedule = "form[action$='/schedule']";
        b.press(&format!("{schedule} input[value='designated_platform']")).await;
        b.press(&format!("{schedule} input[value='own_site']")).await;
        b.fill(schedule, "platform_number", "P-1").await;
        b.fill(schedule, "platform_url", "https://platform.example/1").await;
        b.fill(schedule, "operator_code", CREDIT_CODE).await;
        b.press(&format!("{schedule} .go button")).await;
        b.says("待开放").await;
        w.run_job("campaign_clock").await;
        b.visit(&page).await;
        b.says("募捐中").await;
        b.visit("/console/campaigns?q=春风").await;
        b.says("助学·春风行动").await;
        b.go("/console/campaigns?q=没有这个").await;
        b.says("没有这样的项目").await;

        let donor = w.donor("o-one").await;
        let gift = w.gift(&donor, id, "12.30").await;
        let cashier = w.staff(Role::Cashier).await;
        b.sign_in(&cashier).await;
        b.go(&page).await;
        b.says("12.30").await;
        b.fill(".search", "q", &gift.order).await;
        b.press(".search button").await;
        b.says("已到账").await;
        b.visit(&format!("/console/donations/{}", gift.id)).await;
        b.open_step("refund").await;
        let refund = "form[action$='/refund']";
        b.fill(refund, "amount", "99.00").await;
        b.choose(refund, "reason", "误捐").await;
        b.press(&format!("{refund} .go button")).await;
        b.says("最多可退12.30元").await;
        b.fill(refund, "amount", "2.30").await;
        b.press(&format!("{refund} .go button")).await;
        b.says("待另一人审批").await;
        let refund_page = b.path().await;
        b.visit(&refund_page).await;
        b.sign_in(&w.hire(Role::FinanceHead, "deputy").await).await;
        b.go(&refund_page).await;
        b.step("approval").await;
        b.says("待发起").await;
        w.run_job("send_refunds").await;
        assert_eq!(w.raised(id).await, "10.00");
    })
    .await;
}

/// A campaign with money, a payee with an account, a draft with its paper, and the browser on its page.
async fn a_paper(w: &World, b: &Browser, author: &Officer) -> (Uuid, Uuid) {
    let campaign = w.open_campaign("1000.00").await;
    let donor = w.donor("o-one").await;
    w.gift(&donor, campaign, "500.00").await;
    b.sign_in(author).await;
    b.go("/console/payees/new").await;
    let form = "form[action='/console/payees']";
    b.choose(form, "campaign", "助学·关爱行动").await;
    b.choose(form, "kind", "个人").await;
    b.choose(form, "part", "受益人").await;
    b.fill(form, "name", "王小明").await;
    b.fill(form, "number", "6222 0200 0000 0001 234").await;
    b.fill(form, "bank", "示例银行").await;
    b.press(&format!("{form} .go button")).await;
    b.says("收款人已登记").await;
    b.says("王**").await;
    let payee = id_here(b).await;
    b.go(&format!("/console/disbursements/new?campaign={campaign}")).await;
    let form = "form[action='/console/disbursements']";
    b.fill(form, "purpose", "春季助学金").await;
    b.set(form, "line", "a").await;
    b.choose(form, "kind", "资助").await;
    b.set(form, "payee", &payee.to_string()).await;
    b.fill(form, "amount", "120.00").await;
    b.press(&format!("{form} .go button")).await;
    b.says("草稿已保存").await;
    (campaign, id_here(b).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disbursement_takes_its_paper_and_two_approvals() {
    with_browser(async |w, b| {
        let author = w.staff(Role::Organiser).await;
        let (campaign, paper) = a_paper(w, b, &author).await;
        let page = format!("/console/disbursements/{paper}");
        b.step("submission").await;
        b.says("请先上传证明材料").await;
        b.open_step("papers").await;
        let form = "form[action$='/papers']";
        b.choose(form, "kind", "名单").await;
        b.upload(form, "file", "名单.csv", "姓名,金额\n王小明,120.00\n".as_bytes()).await;
        b.press(&format!("{form} .go button")).await;
        b.says("材料已添加").await;
        b.step("submission").await;
        b.says("待一级审批").await;
        b.visit(&page).await;

        // The author is not offered what another person decides, and the server would not take it.
        assert_eq!(b.script("return document.querySelector(\"form[action$='/approval']\")").await, json!(null));
        b.sign_in(&w.staff(Role::ProjectManager).await).await;
        b.go(&page).await;
        b.says("批准后剩余").await;
        b.step("approval").await;
        b.says("待二级审批").await;
        b.sign_in(&w.staff(Role::FinanceHead).await).await;
        b.visit("/console").await;
        b.press(&format!("a[href='{page}']")).await;
        b.open_step("approval").await;
        b.says("将承诺支出120.00元").await;
        b.press("form[action$='/approval'] .go button").await;
        b.says("已批准").await;
        b.visit(&page).await;
        b.visit("/console/disbursements").await;
        b.visit("/console/payouts?state=approved").await;
        b.visit(&format!("/console/campaigns/{campaign}")).await;
        let budget = w.staff(Role::Auditor).await.get(&format!("/staff/campaigns/{campaign}/budget")).await.ok();
        assert_eq!(budget["items"][0]["used"], "120.00", "approved is owed, and owed is used");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_at_personal_data_says_why() {
    with_browser(async |w, b| {
        let (_, _) = a_paper(w, b, &w.staff(Role::Organiser).await).await;
        b.sign_in(&w.staff(Role::Cashier).await).await;
        b.visit("/console/payees").await;
        b.press("td a").await;
        b.says("王**").await;
        assert!(!b.text().await.contains("王小明"));
        let page = b.path().await;
        b.visit(&page).await;
        b.open_step("unmasking").await;
        b.fill("form[action$='/unmasking']", "reason", "核对银行退票").await;
        b.press("form[action$='/unmasking'] .go button").await;
        b.says("王小明").await;
        b.says("6222020000000001234").await;
        b.go(&page).await;
        assert!(!b.text().await.contains("王小明"), "it is shown once");
        assert_eq!(w.count("SELECT count(*) FROM unmasking WHERE reason = '核对银行退票'").await, 1);
    })
    .await;
}

/// The authority's receipt of a change is added on the page of the change, and an order to stop on that of its campaign.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_change_and_a_stop_rest_on_is_attached_first() {
    with_browser(async |w, b| {
        let campaign = w.open_campaign("1000.00").await;
        let mut draft = w.draft("2000.00");
        draft.as_object_mut().unwrap().remove("id");
        let change = json!({ "id": Uuid::now_v7(), "reason": "扩大受益范围", "draft": draft });
        let path = format!("/staff/campaigns/{campaign}/changes");
        w.staff(Role::Organiser).await.post(&path, change.clone()).await.ok();
        let step = format!("/staff/campaign-changes/{}/approval", change["id"].as_str().unwrap());
        w.staff(Role::ProjectManager).await.act(&step).await.ok();
        w.staff(Role::FinanceHead).await.act(&step).await.ok();
        let today = w.app.business.today().to_string();
        b.sign_in(&w.staff(Role::Disclosure).await).await;
        b.go(&format!("/console/campaign-changes/{}", change["id"].as_str().unwrap())).await;
        let page = b.path().await;
        let (papers, filing) = ("form[action$='/papers']", "form[action$='/filing']");
        let file = async || {
            b.open_step("filing").await;
            b.fill(filing, "evidence", "变更备案回执 示例").await;
            b.set(filing, "filed_on", &today).await;
            b.press(&format!("{filing} .go button")).await;
        };
        file().await;
        b.says("请先上传变更的备案回执").await;
        b.go(&page).await;
        b.open_step("papers").await;
        b.choose(papers, "kind", "备案回执").await;
        b.upload(papers, "file", "receipt.pdf", b"%PDF-1.7 change").await;
        b.press(&format!("{papers} .go button")).await;
        b.says("receipt.pdf").await;
        b.visit(&page).await;
        file().await;
        b.says("已生效").await;

        let page = format!("/console/campaigns/{campaign}");
        b.go(&page).await;
        b.open_step("suspensions").await;
        b.choose("form[action$='/suspensions']", "complaint", "主管部门的决定或通知").await;
        b.fill("form[action$='/suspensions']", "reason", "民政部门要求核查").await;
        b.press("form[action$='/suspensions'] .go button").await;
        b.says("请先在材料中上传主管部门的决定或通知").await;
        let complaint = json!({ "id": Uuid::now_v7(), "campaign": campaign, "words": "用途与说明不符" });
        w.stranger.post("/complaints", complaint).await.ok();
        b.visit(&page).await;
        b.open_step("suspensions").await;
        b.choose("form[action$='/suspensions']", "complaint", "投诉：用途与说明不符").await;
        b.fill("form[action$='/suspensions']", "reason", "收到投诉，先行核查").await;
        b.press("form[action$='/suspensions'] .go button").await;
        b.says("已停止募捐并冻结资金").await;
        b.visit(&page).await;
    })
    .await;
}

/// A paper on which a step was taken is not offered to be taken back, nor to whoever only brings papers.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_stopped_a_campaign_is_not_offered_to_be_taken_back() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let of = format!("/staff/campaigns/{campaign}");
        let order = w.paper(&of, "order").await;
        let withdrawal = format!("/papers/{}/withdrawal", order["id"].as_str().unwrap());
        let (clerk, head) = (w.staff(Role::Disclosure).await, w.staff(Role::FinanceHead).await);
        let offered = async |officer: &Officer| {
            let (status, page) = ask(w, Some(officer), &format!("/console/campaigns/{campaign}")).await;
            assert!(status == 200 && page.contains("order.pdf"), "{status}");
            page.contains(&withdrawal)
        };
        assert!(offered(&clerk).await && !offered(&head).await);
        let stop = json!({ "id": Uuid::now_v7(), "reason": "民政部门要求核查" });
        head.post(&format!("{of}/suspensions"), stop).await.ok();
        assert!(!offered(&clerk).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_gift_takes_two_people() {
    with_browser(async |w, b| {
        let campaign = w.open_campaign("1000.00").await;
        b.sign_in(&w.staff(Role::Cashier).await).await;
        b.visit("/console/bank-gifts/new").await;
        let form = "form[action='/console/bank-gifts']";
        b.choose(form, "campaign", "助学·关爱行动").await;
        b.choose(form, "donor_type", "法人或其他组织").await;
        for (name, text) in [
            ("amount", "88.00"),
            ("counterparty", "示例文化用品有限公司"),
            ("bank_account", "基本户"),
            ("reference", "B-1"),
        ] {
            b.fill(form, name, text).await;
        }
        b.set(form, "received_on", &w.app.business.today().to_string()).await;
        b.press(&format!("{form} .go button")).await;
        b.says("待另一人确认").await;
        b.visit("/console/bank-gifts").await;
        b.sign_in(&w.staff(Role::Bookkeeper).await).await;
        b.go("/console/bank-gifts").await;
        b.press("td a").await;
        b.says("示例文化***").await;
        b.step("confirmation").await;
        b.says("已到账").await;
        assert_eq!(w.raised(campaign).await, "88.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_gift_without_a_campaign_goes_to_the_general_fund() {
    with_browser(async |w, b| {
        b.sign_in(&w.staff(Role::Cashier).await).await;
        b.visit("/console/bank-gifts/new").await;
        let form = "form[action='/console/bank-gifts']";
        b.choose(form, "campaign", "一般捐赠（不限定用途）：示例青少年发展基金会").await;
        b.choose(form, "donor_type", "法人或其他组织").await;
        for (name, text) in [
            ("amount", "66.00"),
            ("counterparty", "示例文化用品有限公司"),
            ("bank_account", "基本户"),
            ("reference", "G-1"),
        ] {
            b.fill(form, name, text).await;
        }
        b.set(form, "received_on", &w.app.business.today().to_string()).await;
        b.press(&format!("{form} .go button")).await;
        b.says("待另一人确认").await;
        b.sign_in(&w.staff(Role::Bookkeeper).await).await;
        b.visit("/console").await;
        b.says("一般捐赠（不限定用途）").await;
        b.go("/console/bank-gifts").await;
        b.press("td a").await;
        b.says("一般捐赠（不限定用途）").await;
        b.open_step("confirmation").await;
        b.says("410101 捐赠收入—非限定性").await;
        b.press("form[action$='/confirmation'] .go button").await;
        b.says("已到账").await;
        assert_eq!(w.balance("410101").await, "-66.00");
        b.visit("/console/donations?campaign=general").await;
        b.says("66.00").await;
        b.visit("/gift?number=G-1&amount=66.00").await;
        b.says("统筹使用").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_the_house_are_sound() {
    with_browser(async |w, b| {
        let admin = w.staff(Role::Admin).await;
        let campaign = w.open_campaign("1000.00").await;
        let complaint = json!({ "id": Uuid::now_v7(), "campaign": campaign, "words": "受助名单有误，请核实。" });
        w.stranger.post("/complaints", complaint).await.ok();
        let donor = w.donor("o-one").await;
        let enquiry = json!({ "id": Uuid::now_v7(), "campaign": campaign, "question": "钱用到哪里了？" });
        donor.post("/me/enquiries", enquiry).await.ok();
        b.sign_in(&admin).await;
        b.go("/console/members/new").await;
        let form = "form[action='/console/members']";
        b.fill(form, "username", "newcomer").await;
        b.fill(form, "name", "新人").await;
        b.fill(form, "identity_number", &identity_number(77)).await;
        b.choose(form, "role", "信息公开专员").await;
        b.choose(form, "unit", "全部范围").await;
        b.press(&format!("{form} .go button")).await;
        b.says("待另一名管理员启用").await;
        let member = b.path().await;
        b.says("您提出的账号由另一名管理员启用").await;
        let activation = "return document.querySelector(\"form[action$='/activation']\")";
        assert_eq!(b.script(activation).await, json!(null), "nobody is offered what another does");
        for path in [
            "/console",
            &member,
            "/console/members",
            "/console/members/new",
            "/console/roles",
            "/console/delegations",
            "/console/units",
            "/console/charities",
            &format!("/console/charities/{}", w.book),
            "/console/calendar",
            "/console/trail",
            "/console/unmaskings",
            "/console/jobs",
            "/console/sessions",
            "/console/search?q=nothing",
        ] {
            b.visit(path).await;
        }
        b.sign_in(&w.staff(Role::Disclosure).await).await;
        for path in ["/console", "/console/complaints", "/console/enquiries", "/console/decisions"] {
            b.visit(path).await;
        }
        b.go("/console/enquiries").await;
        b.open_step("answer").await;
        b.fill("form[action$='/answer']", "answer", "全部用于助学金。").await;
        b.press("form[action$='/answer'] .go button").await;
        b.says("已答复").await;
        b.sign_in(&w.staff(Role::Cashier).await).await;
        for path in ["/console/receipts", "/console/receipts/wishes", "/console/refunds"] {
            b.visit(path).await;
        }
        b.go("/console/members").await;
        b.says("没有权限").await;
        b.sign_in(&w.staff(Role::Compliance).await).await;
        b.go("/console/screening").await;
        b.open_step("loading").await;
        let list = "form[action$='/loading']";
        b.fill(list, "list", "示例名单").await;
        b.fill(list, "names", "李某某").await;
        b.press(&format!("{list} .go button")).await;
        b.says("新增1个").await;
        b.visit("/console/screening").await;
        b.sign_in(&w.staff(Role::Organiser).await).await;
        b.visit("/console/disbursements/batch").await;
        b.visit(&format!("/console/disbursements/new?campaign={campaign}")).await;
        b.visit(&format!("/console/campaigns/{campaign}/changes/new")).await;
    })
    .await;
}
