//! Loans in the console, from the application to the first repayment, each step by the person whose it is.

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::browser::ask;
use crate::caller::Caller;
use crate::console::with_browser;
use crate::world::{Officer, World};

/// The number of an identity card of somebody born in 1996 whom nobody knows.
fn citizen(serial: u32) -> String {
    let digits = format!("13050219960612{serial:03}");
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize = digits.bytes().zip(weights).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{digits}{}", char::from(b"10X98765432"[sum % 11]))
}

fn terms() -> Value {
    let first = ["fee", "penalty", "compound", "interest", "principal"];
    let order = |class: &str| json!({ "class": class, "order": first });
    let orders = ["normal", "special_mention", "substandard", "doubtful", "loss"].map(order);
    json!({
        "applicants": ["person", "enterprise"], "min_age": 18, "max_age": 45, "min_amount": "10000.00", "max_amount": "300000.00",
        "min_term": 3, "max_term": 36, "divisions": ["1305"], "industries": ["planting", "breeding", "technology"],
        "guarantees": ["credit", "surety"],
        "price": { "tenor": "one_year", "spread_bp": 115, "floor": null, "cap": "0.05", "repricing": "fixed" },
        "fees": [], "methods": ["equal_installment", "equal_principal"],
        "interest_mode": "monthly", "day_count": "ACT/360", "odd_first_period": true,
        "allocation": { "scan": "installment_first", "orders": orders },
        "penalty": { "multiplier": "1.5", "misuse": "2", "compound": true, "grace_days": 3, "grace_mode": "excluded" },
        "prepayment": { "fee_rate": "0.01", "fee_months": 12 },
        "subsidy": { "model": "share", "value": "0.5", "max_instalments": 24, "until": null, "cap_total": null,
            "payer": "示例财政局", "flow": "direct", "book": null, "recipient": "borrower" },
        "compensation": { "holder": "示例风险补偿资金", "book": null, "ratio": "0.6", "trigger_days": 90, "cap_multiple": 10 },
        "renewals": 3,
    })
}

/// A bank, its product, and everybody whose word a loan needs.
struct Town {
    bank: Uuid,
    product: Uuid,
    township: Officer,
    county: Officer,
    city: Officer,
    province: Officer,
    lender: Officer,
    stranger: Officer,
}

async fn town(w: &World) -> Town {
    let admin = w.staff(Role::Admin).await;
    let township = json!({
        "id": Uuid::now_v7(), "parent": w.unit("130502").await, "code": "130502001", "name": "示例镇团委", "kind": "township",
        "division": "130502001",
    });
    admin.post("/staff/units", township).await.ok();
    let (bank, other, product) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    admin.post("/staff/banks", json!({ "id": bank, "code": "shili", "name": "示例农村商业银行" })).await.ok();
    admin.post("/staff/banks", json!({ "id": other, "code": "other", "name": "示例村镇银行" })).await.ok();
    let league = async |name: &str, over: &str| w.hire_over(Role::LeagueOfficer, name, over).await;
    let town = Town {
        bank,
        product,
        township: league("township", "/hebei/1305/130502/130502001/").await,
        county: league("county", "/hebei/1305/130502/").await,
        city: league("city", "/hebei/1305/").await,
        province: league("province", "/hebei/").await,
        lender: w.hire_over(Role::BankOfficer, "lender", "/hebei/1305/").await,
        stranger: w.hire_over(Role::BankOfficer, "stranger", "/hebei/1305/").await,
    };
    for (bank, officer) in [(bank, &town.lender), (other, &town.stranger)] {
        admin.call(Method::PUT, &format!("/staff/banks/{bank}/officers/{}", officer.id), None).await.ok();
    }
    let new = json!({ "id": product, "bank": bank, "code": "qnd", "family": "farm", "name": "青农贷（示例）", "summary": "示例产品" });
    town.lender.post("/staff/loan-products", new).await.ok();
    let version = format!("/staff/loan-products/{product}/versions/1");
    town.lender.call(Method::PUT, &version, Some(terms())).await.ok();
    town.province.act(&format!("{version}/publication")).await.ok();
    let rate = json!({ "tenor": "one_year", "published_on": "2026-01-20", "rate": "0.03" });
    town.lender.post("/staff/lpr", rate.clone()).await.ok();
    town.province.post("/staff/lpr/confirmation", rate).await.ok();
    let today = w.app.business.today();
    let limit = json!({
        "id": Uuid::now_v7(), "unit": w.unit("1305").await, "product": product, "year": today.year(), "limit": "500000.00",
    });
    town.province.post("/staff/loan-quotas", limit).await.ok();
    let programme = json!({
        "id": Uuid::now_v7(), "bank": bank, "name": "示例青年贷款", "pace": "daily", "match_days": 3, "first_day": today,
    });
    admin.post("/staff/loan-programmes", programme).await.ok();
    town
}

impl Town {
    /// An application, handed in by its borrower, who agrees to all that can be agreed to.
    async fn applied(&self, borrower: &Caller, amount: &str, serial: u32) -> String {
        let id = Uuid::now_v7();
        let request = json!({
            "id": id, "product": self.product, "applicant": "person", "amount": amount, "term": 12, "method": "equal_installment",
            "division": "130502001", "industry": "planting", "guarantee": "credit", "purpose": "购买大棚材料",
            "borrower": { "name": "李青禾", "identity_number": citizen(serial), "phone": "13800000000", "address": "示例镇一号" },
        });
        for scope in ["application", "servicing"] {
            let consent = json!({ "id": Uuid::now_v7(), "bank": self.bank, "scope": scope });
            borrower.post("/me/loan-consents", consent).await.ok();
        }
        borrower.post("/me/loan-applications", request).await.ok();
        borrower.act(&format!("/me/loan-applications/{id}/submission")).await.ok();
        id.to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_goes_from_the_application_to_its_first_repayment() {
    with_browser(async |w, b| {
        let town = town(w).await;
        let borrower = w.donor("o-borrower").await;
        let id = town.applied(&borrower, "100000.00", 1).await;
        let page = format!("/console/loan-applications/{id}");

        // Each office finds it among what waits for it, and nobody else does.
        b.sign_in(&town.county).await;
        b.visit("/console/loan-applications").await;
        b.says("没有等您办理的贷款申请").await;
        b.go(&page).await;
        assert_eq!(b.script("return document.querySelector(\"form[action$='/recommendation']\")").await, Value::Null);
        b.sign_in(&town.township).await;
        b.visit("/console").await;
        b.says("贷款推荐").await;
        b.press(&format!("a[href='{page}']")).await;
        b.says("年化利率（复利法，含全部利息和费用）").await;
        b.says("李**").await;
        b.visit(&page).await;
        assert!(!b.text().await.contains("13800000000"));
        b.open_step("unmasking").await;
        b.fill("form[action$='/unmasking']", "reason", "上门走访").await;
        b.press("form[action$='/unmasking'] .go button").await;
        b.says("13800000000").await;
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM unmasking WHERE reason = '上门走访'").await, 1);
        b.go(&page).await;
        b.open_step("papers").await;
        b.choose("form[action$='/papers']", "kind", "走访调查").await;
        b.upload("form[action$='/papers']", "file", "走访.txt", "走访记录（示例）".as_bytes()).await;
        b.press("form[action$='/papers'] .go button").await;
        b.says("材料已添加").await;
        for officer in [&town.township, &town.county, &town.city] {
            b.sign_in(officer).await;
            b.go("/console/loan-applications").await;
            b.press("td a").await;
            b.step("recommendation").await;
            b.says("已推荐").await;
        }
        b.says("银行审查中").await;

        // Another bank's officer knows of nothing; its own grants less than was asked for.
        let (status, _) = ask(w, Some(&town.stranger), &page).await;
        assert_eq!(status, 404);
        assert_eq!(ask(w, Some(&w.staff(Role::ProjectManager).await), &page).await.0, 403);
        b.sign_in(&town.lender).await;
        b.visit("/console/loan-applications").await;
        b.press("td a").await;
        b.open_step("grant").await;
        let form = "form[action$='/grant']";
        b.fill(form, "amount", "100000.01").await;
        b.press(&format!("{form} .go button")).await;
        b.says("批准金额应大于零且不超过申请金额").await;
        b.fill(form, "amount", "60,000.00").await;
        b.press(&format!("{form} .go button")).await;
        b.says("已批准，等待签约").await;
        b.open_step("contract").await;
        let form = "form[action$='/contract']";
        b.fill(form, "number", "示例-2026-001").await;
        b.press(&format!("{form} .go button")).await;
        b.says("合同已登记").await;
        let loan = b.path().await;
        b.visit(&loan).await;
        b.open_step("payout").await;
        b.says("将登记放款60,000.00元").await;
        b.press("form[action$='/payout'] .go button").await;
        b.says("放款已登记").await;
        b.says("还款计划").await;

        // The first instalment falls due; what is paid of it is seen in the table, and leads to what it booked.
        let paid_out_on = w.app.business.today();
        let due = paid_out_on.day_of_month_after(1, paid_out_on.day()).unwrap();
        w.pass(31 * 86_400).await;
        w.run_job("close_loans").await;
        b.sign_in(&town.lender).await;
        b.go(&loan).await;
        b.open_step("repayment").await;
        b.set("form[action$='/repayment']", "on", &due.to_string()).await;
        b.fill("form[action$='/repayment']", "amount", "6,000.00").await;
        b.press("form[action$='/repayment'] .go button").await;
        b.says("还款已登记").await;
        b.says("已还清").await;

        // Used for another purpose, and mended: each with the paper by which it was found.
        for (step, told) in [("misuse", "挪用已登记"), ("misuse-mended", "挪用的纠正已登记")] {
            b.open_step(step).await;
            let form = format!("form[action$='/{step}']");
            b.fill(&form, "reason", "贷后检查意见书（示例）第1号").await;
            b.press(&format!("{form} .go button")).await;
            b.says(told).await;
        }
        b.visit(&loan).await;
        b.press("a[href*='/entries/']").await;
        b.says("分录（备查账）").await;
        let entry = b.path().await;
        b.visit(&entry).await;
        b.fill(".search", "q", "示例-2026-001").await;
        b.press(".search button").await;
        b.says("结清试算").await;
        assert_eq!(b.path().await, loan);
        b.visit("/console/loans").await;

        // What was paid in time is subsidised: finance claims it, and says when it came.
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        b.sign_in(&bookkeeper).await;
        b.go("/console/loan-programmes").await;
        b.press("td a").await;
        b.press("a[href$='/subsidies']").await;
        b.says("没有待到账的贴息").await;
        b.step("subsidies").await;
        b.says("已申报1笔贴息").await;
        let claims = b.path().await;
        b.visit(&claims).await;
        b.open_step("receipt").await;
        b.set("form[action$='/receipt']", "on", "2020-01-01").await;
        b.press("form[action$='/receipt'] .go button").await;
        b.says("到账日应不早于申报日").await;
        b.set("form[action$='/receipt']", "on", &w.app.business.today().to_string()).await;
        b.press("form[action$='/receipt'] .go button").await;
        b.says("贴息到账已登记").await;
        b.says("没有待到账的贴息").await;
        b.go(&format!("{claims}?show=all")).await;
        b.says("已到账").await;
        for (officer, status) in [(&town.lender, 403), (&w.staff(Role::Auditor).await, 200)] {
            assert_eq!(ask(w, Some(officer), &claims).await.0, status);
        }

        // A month without a payment makes it late; the city's office sees it, for its borrower agreed.
        w.pass(62 * 86_400).await;
        w.run_job("close_loans").await;
        b.sign_in(&town.city).await;
        b.visit("/console/loan-arrears").await;
        b.says("示例-2026-001").await;
        b.go("/console/loan-arrears?days=3").await;
        b.says("示例-2026-001").await;
        b.go("/console/loan-arrears?days=400").await;
        b.says("没有逾期的贷款").await;
        b.visit("/console/loan-applications?show=all").await;
        b.go(&loan).await;
        b.says("逾期").await;
        let (status, text) = ask(w, Some(&town.stranger), &loan).await;
        assert_eq!(status, 404, "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_products_rates_reports_and_needs_are_looked_after() {
    with_browser(async |w, b| {
        let town = town(w).await;
        b.sign_in(&town.province).await;
        b.visit("/console/loan-products").await;
        b.visit(&format!("/console/loan-products/{}", town.product)).await;
        b.says("合同利率的1.5倍").await;
        b.visit("/console/loan-quotas").await;
        b.open_step("limit").await;
        b.fill("form[action$='/limit']", "limit", "800,000.00").await;
        b.press("form[action$='/limit'] .go button").await;
        b.says("额度已调整").await;
        b.says("800,000.00").await;
        b.visit("/console/lpr").await;
        b.open_step("lpr").await;
        let form = "form[action='/console/lpr']";
        b.choose(form, "tenor", "五年期以上").await;
        b.set(form, "on", "2026-01-20").await;
        b.fill(form, "rate", "3.50").await;
        b.press(&format!("{form} .go button")).await;
        b.says("待另一人复核").await;
        b.sign_in(&town.lender).await;
        b.go("/console/lpr").await;
        b.press("form[action$='/confirmation'] button").await;
        b.says("LPR已复核").await;
        b.visit("/console/loan-programmes").await;
        b.press("td a").await;
        b.says("还没有导入过文件").await;
        let programme = b.path().await;
        b.visit(&programme).await;
        b.go("/console/loan-programmes").await;
        b.press("details.step > summary").await;
        b.upload("form[enctype]", "file", "错误.txt", "不是银行文件".as_bytes()).await;
        b.press("form[enctype] .go button").await;
        b.says("文件被拒收").await;
        b.visit("/console/loan-report").await;
        b.says("没有可以列名的逾期贷款").await;

        // A county writes down what an enterprise needs; the bank takes it up; what was done is written down.
        b.sign_in(&town.county).await;
        b.visit("/console/needs").await;
        b.visit("/console/needs/new").await;
        let form = "form[action='/console/needs']";
        for (name, text) in [
            ("enterprise", "示例青禾农业有限公司"),
            ("credit_code", "91130502MA0000000G"),
            ("division", "130502001"),
            ("amount", "200,000.00"),
            ("term", "12"),
            ("contact", "王女士 13900000000"),
            ("words", "扩建大棚"),
        ] {
            b.fill(form, name, text).await;
        }
        b.choose(form, "industry", "种植").await;
        b.choose(form, "guarantee", "信用").await;
        b.press(&format!("{form} .go button")).await;
        b.says("需求已登记").await;
        let need = b.path().await;
        assert!(!b.text().await.contains("13900000000"));
        b.press("form[action$='/matches'] button").await;
        b.says("已推送给银行").await;
        b.visit(&need).await;
        assert_eq!(ask(w, Some(&town.stranger), &need).await.0, 404);
        b.sign_in(&town.lender).await;
        b.go(&need).await;
        b.step("acceptance").await;
        b.says("对接中").await;
        b.sign_in(&town.county).await;
        b.go(&need).await;
        b.open_step("follow-ups").await;
        b.fill("form[action$='/follow-ups']", "words", "已与企业面谈").await;
        b.press("form[action$='/follow-ups'] .go button").await;
        b.says("已与企业面谈").await;
        b.open_step("met").await;
        b.fill("form[action$='/met']", "outcome", "银行已放款").await;
        b.press("form[action$='/met'] .go button").await;
        b.says("已满足").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_its_officers_its_programme_and_its_terms_are_set_up_without_the_interface() {
    with_browser(async |w, b| {
        let admin = w.staff(Role::Admin).await;
        let lender = w.hire_over(Role::BankOfficer, "lender", "/hebei/1305/").await;
        let province = w.hire_over(Role::LeagueOfficer, "province", "/hebei/").await;
        let city = w.hire_over(Role::LeagueOfficer, "city", "/hebei/1305/").await;
        b.sign_in(&admin).await;
        b.visit("/console/banks").await;
        b.says("还没有登记银行").await;
        let form = "form[action='/console/banks']";
        b.press("main .step > summary").await;
        b.fill(form, "name", "示例农村商业银行").await;
        b.fill(form, "code", "Bank 1").await;
        b.press(&format!("{form} .go button")).await;
        b.says("小写字母、数字或连字符").await;
        assert_eq!(b.script("return document.querySelector('[name=name]').value").await, "示例农村商业银行");
        b.fill(form, "code", "shili").await;
        b.press(&format!("{form} .go button")).await;
        b.says("银行已登记").await;
        b.open_step("officers").await;
        b.set("form[action$='/officers']", "officer", &lender.id.to_string()).await;
        b.press("form[action$='/officers'] .go button").await;
        b.says("经办人员已指定").await;
        let bank = b.path().await;
        b.visit(&bank).await;
        b.press("main a[href='/console/loan-programmes']").await;
        b.open_step("opening").await;
        let form = "form[action$='/opening']";
        b.choose(form, "bank", "示例农村商业银行").await;
        b.choose(form, "pace", "每日明细").await;
        b.fill(form, "name", "示例青年贷款").await;
        b.fill(form, "match_days", "99").await;
        b.press(&format!("{form} .go button")).await;
        b.says("匹配天数应为0至31天").await;
        b.fill(form, "match_days", "3").await;
        b.press(&format!("{form} .go button")).await;
        b.says("贷款项目已开设").await;
        b.open_step("pool").await;
        b.fill("form[action$='/pool']", "holder", "示例县财政局").await;
        b.fill("form[action$='/pool']", "holder_credit_code", "11130000MB0000000U").await;
        b.fill("form[action$='/pool']", "size", "1,000,000.00").await;
        b.press("form[action$='/pool'] .go button").await;
        b.says("规模 1,000,000.00").await;
        b.open_step("pool").await;
        b.fill("form[action$='/pool']", "size", "2,000,000.00").await;
        b.press("form[action$='/pool'] .go button").await;
        b.says("规模 2,000,000.00").await;
        let programme = b.path().await;
        b.visit(&programme).await;
        b.visit("/console/loan-programmes").await;
        assert_eq!(b.script("return document.querySelector(\"form[action$='/opening']\")").await, Value::Null);

        // The bank writes its product's terms; what is wrong with them stands beside the field, and nothing is lost.
        b.sign_in(&lender).await;
        b.go("/console/loan-products").await;
        b.press("main .step > summary").await;
        let form = "form[action='/console/loan-products']";
        b.choose(form, "bank", "示例农村商业银行").await;
        b.choose(form, "family", "青农贷").await;
        b.fill(form, "name", "青农贷（示例）").await;
        b.fill(form, "code", "qnd").await;
        b.fill(form, "summary", "示例产品").await;
        b.press(&format!("{form} .go button")).await;
        b.says("产品已登记").await;
        let product = b.path().await;
        let terms = format!("{product}/terms");
        b.visit(&terms).await;
        let form = "form[action$='/terms']";
        for (name, value) in [
            ("min_amount", "10,000.00"),
            ("max_amount", "300,000.00"),
            ("min_term", "3"),
            ("max_term", "36"),
            ("divisions", "邢台市、桥西区"),
            ("price.spread_bp", "115"),
            ("price.cap", "5"),
            ("penalty.multiplier", "1.6"),
        ] {
            b.fill(form, name, value).await;
        }
        for (name, value) in [("applicants", "person"), ("guarantees", "credit"), ("methods", "equal_installment")] {
            b.press(&format!("{form} [name='{name}'][value='{value}']")).await;
        }
        b.press(&format!("{form} .go button")).await;
        b.says("没有“桥西区”").await;
        b.fill(form, "divisions", "邢台市").await;
        b.press(&format!("{form} .go button")).await;
        b.says("逾期罚息应为合同利率的1.3至1.5倍").await;
        assert_eq!(b.script("return document.querySelector('[name=max_amount]').value").await, "300,000.00");
        b.fill(form, "penalty.multiplier", "1.5").await;
        b.press(&format!("{form} .go button")).await;
        b.says("条款已保存，待另一人发布").await;
        b.says("一年期LPR加115个基点，最高5.00%").await;
        b.press("a[href$='/terms']").await;
        b.fill(form, "renewals", "1").await;
        b.press(&format!("{form} .go button")).await;
        b.says("最多1次").await;

        // Who may not write is led to no form; who may publishes, and the next version begins with what the last one says.
        let (status, page) = ask(w, Some(&city), &product).await;
        assert!(status == 200 && !page.contains("/terms"), "{page}");
        assert_eq!(ask(w, Some(&city), &terms).await.0, 403);
        assert_eq!(ask(w, Some(&city), "/console/banks").await.0, 403);
        b.sign_in(&province).await;
        b.go(&terms).await;
        b.says("另一人编写的条款待发布").await;
        b.go(&product).await;
        b.step("publication-1").await;
        b.says("已发布").await;
        b.press("a[href$='/terms']").await;
        b.says("第2版条款").await;
        assert_eq!(b.script("return document.querySelector('[name=divisions]').value").await, "邢台市");
        b.fill(form, "price.spread_bp", "-15").await;
        b.press(&format!("{form} .go button")).await;
        b.says("一年期LPR减15个基点").await;
        b.visit(&product).await;
    })
    .await;
}
