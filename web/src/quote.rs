//! What a loan costs, the annualised cost first (facts: lending 2): the same figures for a stranger who asks and for an officer with a file.

use ::lending::LendingError;
use app::loans::terms::Answer;
use domain::Fraction;
use domain::lending::RepaymentMethod;
use domain::loan::LoanError;
use maud::{Markup, html};

use crate::page::PageError;
use crate::part;
use crate::table::{Cell, Table, column, numbers};

/// A rate that was reckoned, as a percentage with two decimals.
fn percent(cost: Fraction) -> Result<String, PageError> {
    let told = || cost.times(Fraction::new(100, 1)?)?.decimal(2);
    let told = told().ok_or_else(|| PageError::from(LendingError::Loan(LoanError::TooLarge)))?;
    Ok(format!("{told}%"))
}

/// The cost of a quote.
pub(crate) fn cost(answer: &Answer, method: RepaymentMethod) -> Result<Markup, PageError> {
    let quote = &answer.quote;
    let (cost, simple) = (percent(quote.annual_cost)?, percent(quote.simple_cost)?);
    let nominal = answer.annual_rate.percent();
    let subsidised = match &quote.subsidised {
        Some(subsidy) => Some((subsidy.total, percent(subsidy.annual_cost)?)),
        None => None,
    };
    Ok(html! {
        p class="big" { (cost) span class="faint" { " 年化利率（复利法，含全部利息和费用）" } }
        p class="faint" { "单利法 " (simple) " · 合同名义年利率 " (nominal) " · 按 " (answer.paid_out_on) " 放款试算" }
        @if method == RepaymentMethod::Flat {
            p class="note" role="note" { "等本等息按最初本金计息，本金越还越少而利息不减：名义年利率" (nominal) "，真实年化成本" (cost) "。" }
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
    })
}

/// What is paid when.
pub(crate) fn table(answer: &Answer) -> Markup {
    let columns =
        [column("期次"), column("还款日"), numbers("本金"), numbers("利息"), numbers("合计"), numbers("剩余本金")];
    let rows = answer.quote.schedule.instalments.iter().map(|one| {
        vec![
            Cell::number(i64::from(one.number)),
            Cell::day(one.due),
            Cell::yuan(one.principal),
            Cell::yuan(one.interest),
            Cell::yuan(one.total),
            Cell::yuan(one.closing),
        ]
    });
    Table::new("还款计划", &columns, "没有还款计划。").whole(rows).plain()
}
