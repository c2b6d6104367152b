//! What a loan costs and by which terms, in the order people ask: the annualised cost first (facts: lending 2).

use app::loans::terms::Answer;
use domain::Fraction;
use domain::lending::{ProductTerms, RepaymentMethod};
use domain::loan::LoanError;
use lending::LendingError;
use maud::{Markup, html};

use super::{shelf, words};
use crate::page::PageError;
use crate::part;
use crate::table::{Cell, Table, column, numbers};
use crate::words as all_words;

/// A rate that was reckoned, as a percentage with two decimals.
pub(super) fn percent(cost: Fraction) -> Result<String, PageError> {
    let told = || cost.times(Fraction::new(100, 1)?)?.decimal(2);
    let told = told().ok_or_else(|| PageError::from(LendingError::Loan(LoanError::TooLarge)))?;
    Ok(format!("{told}%"))
}

/// A quote with its table folded away.
pub(super) fn quote(answer: &Answer, method: RepaymentMethod) -> Result<Markup, PageError> {
    let quote = &answer.quote;
    let (cost, simple) = (percent(quote.annual_cost)?, percent(quote.simple_cost)?);
    let subsidised = match &quote.subsidised {
        Some(subsidy) => Some((subsidy.total, percent(subsidy.annual_cost)?)),
        None => None,
    };
    let columns =
        [column("期次"), column("还款日"), numbers("本金"), numbers("利息"), numbers("合计"), numbers("剩余本金")];
    let rows = quote.schedule.instalments.iter().map(|one| {
        vec![
            Cell::number(i64::from(one.number)),
            Cell::day(one.due),
            Cell::yuan(one.principal),
            Cell::yuan(one.interest),
            Cell::yuan(one.total),
            Cell::yuan(one.closing),
        ]
    });
    Ok(html! {
        p class="big" { (cost) span class="faint" { " 年化利率（复利法，含全部利息和费用）" } }
        p class="faint" { "单利法 " (simple) " · 合同名义年利率 " (answer.annual_rate.percent()) " · 按 " (answer.paid_out_on) " 放款试算" }
        @if method == RepaymentMethod::Flat {
            p class="note" { "等本等息按最初本金计息，名义年利率" (answer.annual_rate.percent()) "，真实年化成本" (cost) "。" }
        }
        @if let Some((total, after)) = &subsidised {
            p { "按期还款可获贴息共 " (part::yuan(*total)) " 元，贴息后年化利率 " strong { (after) } "。" }
        }
        dl class="figures small" {
            div { dt { "首期还款" } dd { (quote.schedule.instalments.first().map_or_else(|| html! {}, |one| part::yuan(one.total))) } }
            div { dt { "利息合计" } dd { (part::yuan(quote.totals.interest)) } }
            div { dt { "费用" } dd { (part::yuan(quote.fees)) } }
            div { dt { "还款合计" } dd { (part::yuan(quote.totals.total)) } }
        }
        details {
            summary { "还款计划（" (quote.schedule.instalments.len()) "期）" }
            (Table::new("还款计划", &columns, "没有还款计划。").whole(rows).plain())
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
