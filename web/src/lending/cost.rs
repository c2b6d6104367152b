//! What a loan costs and by which terms, in the order people ask: the annualised cost first (facts: lending 2).

use app::loans::terms::Answer;
use domain::lending::{ProductTerms, RepaymentMethod};
use maud::{Markup, html};

use super::{shelf, words};
use crate::page::PageError;
use crate::part;
use crate::quote;
use crate::words as all_words;

/// A quote with its table folded away.
pub(super) fn quote(answer: &Answer, method: RepaymentMethod) -> Result<Markup, PageError> {
    Ok(html! {
        (quote::cost(answer, method)?)
        details {
            summary { "还款计划（" (answer.quote.schedule.instalments.len()) "期）" }
            (quote::table(answer))
        }
    })
}

/// The terms of a product's version.
pub(super) fn terms(terms: &ProductTerms) -> Markup {
    let joined = |words: Vec<&str>| words.join("、");
    let price = &terms.price;
    let spread =
        if price.spread_bp < 0 { format!("减{}", -price.spread_bp) } else { format!("加{}", price.spread_bp) };
    part::facts(&[
        ("适用对象", html! { (joined(terms.applicants.iter().map(|one| words::applicant(*one)).collect())) }),
        ("年龄", html! { (terms.min_age) "至" (terms.max_age) "周岁" }),
        ("额度", html! { (part::yuan(terms.min_amount)) " 至 " (part::yuan(terms.max_amount)) }),
        ("期限", html! { (terms.min_term) "至" (terms.max_term) "个月" }),
        (
            "利率",
            html! { (words::tenor(price.tenor)) "LPR" (spread) "个基点" @if let Some(cap) = price.cap { "，最高" (cap.percent()) } @if let Some(floor) = price.floor { "，最低" (floor.percent()) } },
        ),
        ("利率调整", html! { (words::repricing(price.repricing)) }),
        ("还款方式", html! { (joined(terms.methods.iter().map(|one| all_words::repayment(*one)).collect())) }),
        ("担保方式", html! { (joined(terms.guarantees.iter().map(|one| words::guarantee(*one)).collect())) }),
        (
            "用途",
            html! { @if terms.industries.is_empty() { "不限" } @else { (joined(terms.industries.iter().map(|one| words::industry(*one)).collect())) } },
        ),
        (
            "地区",
            html! { @if terms.divisions.is_empty() { "全省" } @else { (terms.divisions.iter().map(|code| shelf::place(code)).collect::<Vec<_>>().join("、")) } },
        ),
        (
            "费用",
            html! { @if terms.fees.is_empty() { "无" } @else { @for fee in &terms.fees { (fee.name) (fee.rate.percent()) " " } } },
        ),
        (
            "逾期罚息",
            html! { "合同利率的" (terms.penalty.multiplier) "倍，宽限" (terms.penalty.grace_days) "天" @if terms.penalty.compound { "，欠息计复利" } },
        ),
        ("挪用罚息", html! { "合同利率的" (terms.penalty.misuse) "倍" }),
        (
            "提前还款",
            html! { @if terms.prepayment.fee_months == 0 { "不收违约金" } @else { "前" (terms.prepayment.fee_months) "个月收" (terms.prepayment.fee_rate.percent()) } },
        ),
        (
            "贴息",
            html! { @match &terms.subsidy { Some(subsidy) => { (subsidy.payer) "，" (words::subsidy(subsidy.model)) (subsidy.value.percent()) @if let Some(most) = subsidy.max_instalments { "，前" (most) "期" } }, None => "无" } },
        ),
        (
            "风险补偿",
            html! { @match &terms.compensation { Some(pool) => { (pool.holder) "承担损失的" (pool.ratio.percent()) "，逾期" (pool.trigger_days) "天后" }, None => "无" } },
        ),
        ("续贷", html! { "最多" (terms.renewals) "次" }),
    ])
}
