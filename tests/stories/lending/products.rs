//! Products, their rates and what a loan of them would cost.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::story;

use super::{terms, town};

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_tells_the_annual_cost_first_and_what_is_wrong_in_words() {
    story(async |w| {
        let town = town(w).await;
        let ask = json!({ "product": town.product, "amount": "120000.00", "term": 12, "method": "equal_installment", "paid_out_on": "2026-12-01" });
        let answer = w.stranger.post("/loan-quotes", ask.clone()).await;
        assert!(answer.text.starts_with("{\"annual_cost\":{"), "{}", answer.text);
        let quote = answer.ok();
        let (cost, loan) = (&quote["annual_cost"], &quote["loan"]);
        assert_eq!(cost["headline"], "年化利率（复利法，含全部费用）4.26%");
        assert_eq!((&loan["annual_rate"], &cost["warning"]), (&json!("0.0415"), &json!(null)), "3.00 % and 115 points");
        let rows = quote["rows"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[11]["balance"]), (12, &json!("0.00")));
        assert_eq!(rows[11]["due_on"], "2027-12-01");
        let fen = |amount: &Value| amount.as_str().unwrap().parse::<domain::Money>().unwrap().fen();
        let (subsidy, interest) = (fen(&quote["subsidy"]["total"]), fen(&loan["total_interest"]));
        assert!((subsidy * 2 - interest).abs() < 20, "half of the interest: {subsidy} of {interest}");

        // A flat offer from elsewhere shows what it truly costs.
        let flat = json!({ "amount": "120000", "term": 12, "method": "flat", "annual_rate": "6%", "paid_out_on": "2026-01-15" });
        let quote = w.stranger.post("/loan-quotes", flat.clone()).await.ok();
        assert_eq!(quote["annual_cost"]["compound"]["percent"], "11.51%");
        assert!(quote["annual_cost"]["warning"].as_str().unwrap().contains("名义年利率6.00%，真实年化成本11.51%"));

        let with = |base: &Value, key: &str, value: Value| {
            let mut other = base.clone();
            other[key] = value;
            other
        };
        for (question, code, words) in [
            (with(&ask, "amount", json!("300000.01")), "not_admitted", "贷款金额应为10000.00元至300000.00元"),
            (with(&ask, "term", json!(37)), "not_admitted", "贷款期限应为3至36个月"),
            (with(&ask, "method", json!("interest_only")), "not_admitted", "该产品不支持所选还款方式"),
            (with(&ask, "amount", json!("-5")), "invalid_field", "金额不能为负数"),
            (with(&ask, "amount", json!("100,000")), "invalid_field", "金额不要写逗号"),
            (with(&ask, "amount", json!("0")), "invalid_field", "贷款金额必须大于零"),
            (with(&ask, "term", json!(-3)), "invalid_field", "贷款期限应为1至600个月的整数"),
            (with(&ask, "paid_out_on", json!("2026-02-31")), "invalid_field", "日历上没有2026-02-31这一天"),
            (with(&ask, "paid_out_on", json!("31.2.2026")), "invalid_field", "日期应写成 2026-01-15 的形式"),
            (with(&ask, "due_day", json!(32)), "invalid_field", "还款日应为1至31的整数"),
            (with(&ask, "annual_rate", json!("0.05")), "invalid_field", "不必填写年利率"),
            (with(&flat, "annual_rate", json!("4,35%")), "invalid_field", "不要用逗号"),
            (with(&flat, "annual_rate", json!("-0.05")), "invalid_field", "年利率不能为负"),
            (with(&flat, "annual_rate", json!("435")), "invalid_field", "年利率应在0至100%之间"),
            (with(&flat, "annual_rate", json!(null)), "invalid_field", "请选择产品，或填写年利率"),
            (with(&flat, "fees", json!("120000")), "invalid_field", "费用应小于贷款金额"),
        ] {
            let answer = w.stranger.post("/loan-quotes", question.clone()).await;
            answer.refused(422, code);
            assert!(answer.body["detail"].as_str().unwrap().contains(words), "{question}: {}", answer.text);
        }
        let spelt = w.stranger.post("/loan-quotes", with(&ask, "payout_on", json!("2026-02-31"))).await;
        spelt.refused(400, "invalid_body");
        assert!(spelt.text.contains("payout_on（没有这一项）"), "{}", spelt.text);
        let nobody = with(&ask, "product", json!(Uuid::now_v7()));
        w.stranger.post("/loan-quotes", nobody).await.refused(404, "no_such_loan_product");
        let listed = w.stranger.get("/loan-products?family=farm").await.ok();
        assert_eq!(listed["items"][0]["annual_rate"], "0.0415");
        assert_eq!(w.stranger.get("/loan-products?family=innovation").await.ok()["items"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn products_and_rates_need_two_persons_and_never_change_behind_a_contract() {
    story(async |w| {
        let town = town(w).await;
        let version = |n: i64| format!("/staff/loan-products/{}/versions/{n}", town.product);
        town.lender.call(Method::PUT, &version(1), Some(terms())).await.ok();
        let mut dearer = terms();
        dearer["price"]["spread_bp"] = json!(150);
        town.lender.call(Method::PUT, &version(1), Some(dearer.clone())).await.refused(409, "version_published");
        town.lender.call(Method::PUT, &version(3), Some(dearer.clone())).await.refused(422, "invalid_field");
        town.lender.call(Method::PUT, &version(2), Some(dearer.clone())).await.ok();
        town.lender.act(&format!("{}/publication", version(2))).await.refused(403, "other_person_needed");
        let mut wrong = terms();
        wrong["penalty"]["multiplier"] = json!("1.6");
        wrong["max_term"] = json!(61);
        let answer = town.province.call(Method::PUT, &version(3), Some(wrong)).await;
        answer.refused(422, "terms_unsound");
        assert_eq!(answer.body["problems"].as_array().unwrap().len(), 2);
        // No charity's money bears a risk.
        let mut pool = terms();
        pool["compensation"]["book"] = json!(w.book.uuid());
        town.province.call(Method::PUT, &version(3), Some(pool)).await.refused(422, "charity_pool");
        let mut holder = terms();
        holder["compensation"]["holder"] = json!("示例 青少年发展基金会");
        town.province.call(Method::PUT, &version(3), Some(holder)).await.refused(422, "charity_pool");
        // What was applied for by the old version keeps it.
        let borrower = w.donor("o-borrower").await;
        let id = town.before_the_bank(&borrower, &town.request("20000.00", 1)).await;
        town.province.act(&format!("{}/publication", version(2))).await.ok();
        town.lender.post(&format!("/staff/loan-applications/{id}/grant"), town.grant("20000.00")).await.ok();
        let signed = town.lender.post("/staff/loan-contracts", town.contract(w, &id, 1)).await.ok();
        assert_eq!((&signed["contract"]["version"], &signed["contract"]["annual_rate"]), (&json!(1), &json!("0.0415")));
        assert_eq!(w.stranger.get(&format!("/loan-products/{}", town.product)).await.ok()["annual_rate"], "0.045");
        w.attacked("UPDATE product_version SET terms = '{}'", "product_version").await;
        w.attacked("UPDATE loan_contract SET annual_rate = '0.01'", "loan_contract_fixed").await;
        w.attacked("DELETE FROM loan_contract", "loan_contract").await;

        let rate = |day: &str, rate: &str| json!({ "tenor": "one_year", "published_on": day, "rate": rate });
        town.lender.post("/staff/lpr", rate("2026-01-20", "0.031")).await.refused(409, "wrong_state");
        town.lender.post("/staff/lpr", rate("2026-02-20", "0.029")).await.ok();
        town.lender
            .post("/staff/lpr/confirmation", rate("2026-02-20", "0.029"))
            .await
            .refused(403, "other_person_needed");
        assert_eq!(
            w.stranger.get("/lpr").await.ok()["items"].as_array().unwrap().len(),
            1,
            "it counts once it is confirmed"
        );
        town.province.post("/staff/lpr/confirmation", rate("2026-02-20", "0.0290")).await.ok();
        assert_eq!(w.stranger.get(&format!("/loan-products/{}", town.product)).await.ok()["annual_rate"], "0.044");
        town.lender.post("/staff/lpr", rate("2099-02-20", "0.029")).await.refused(422, "invalid_field");
        // Closed, the product takes nothing new.
        town.lender
            .call(Method::PUT, &format!("/staff/loan-products/{}/open", town.product), Some(json!({ "open": false })))
            .await
            .ok();
        borrower.post("/me/loan-applications", town.request("20000.00", 2)).await.refused(409, "loan_product_closed");
        assert_eq!(w.stranger.get("/loan-products").await.ok()["items"], json!([]));
    })
    .await;
}
