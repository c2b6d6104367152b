//! Youth loans for everybody: the banks' products, and what a loan would cost, the annualised cost first (facts: lending 2). The League
//! recommends and matches; the bank decides and lends, and the page says so.

use std::str::FromStr;
use std::sync::Arc;

use ::lending::product::Search;
use app::App;
use app::loans::products::Priced;
use app::loans::terms::{Answer, ByTerms, Question};
use app::problem::Problem;
use domain::loan::{DayCount, InterestMode};
use domain::{LoanProductId, Money, Rate, writing};
use maud::{Markup, html};
use poem::web::Data;
use poem::{IntoResponse, Request, Response, handler};

use super::page;
use crate::page::PageError;
use crate::part;
use crate::quote;
use crate::table::{Asked, Cell, Table, column, numbers};
use crate::words;

/// How many products are shown; there are three families and a few banks.
const SHOWN: u64 = 60;
/// The longest loan anybody quotes, in months.
const LONGEST: u32 = 600;

/// The products, and what a loan would cost if the address asks.
#[handler]
pub(super) async fn get_loans(Data(app): Data<&Arc<App>>, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let offers = app.loans.offers(&Search::default(), None, SHOWN).await?;
    let mut quoted = None;
    let mut refused = None;
    if let Err(problem) = known(&asked, &offers) {
        refused = Some(problem);
    } else if TYPED.iter().any(|name| asked.names(name)) {
        match question(&asked) {
            Ok(question) => match app.loans.quote(&question).await {
                Ok(answer) => quoted = Some(shown(&question, &answer)?),
                Err(error) => {
                    let problem = Problem::from(error);
                    if problem.status >= 500 {
                        return Err(PageError(problem));
                    }
                    refused = Some(problem);
                }
            },
            Err(problem) => refused = Some(problem),
        }
    }
    let content = html! {
        h1 { "青年贷款" }
        p class="lead" { "团组织推荐和对接，银行独立审批、放款和收款。这里先看清楚一年的真实成本，再决定是否申请；申请请打开微信小程序“桑梓”。" }
        (calculator(&asked, &offers, refused.as_ref()))
        @if let Some(quoted) = quoted { (quoted) }
        (part::block("在办产品", &products(&offers)))
    };
    Ok(page("青年贷款", "/loans", &content).into_response())
}

/// What the form asks for beside the product; a link that names a product alone asks for nothing yet.
const TYPED: [&str; 5] = ["amount", "term", "method", "rate", "fees"];

/// The product that is asked about, if one is: one of those on offer.
fn product(asked: &Asked) -> Result<Option<LoanProductId>, Problem> {
    let Some(given) = asked.get("product") else { return Ok(None) };
    given.parse().map(Some).map_err(|_| Problem::field("product", NO_PRODUCT))
}

/// What is said of a product that is none.
const NO_PRODUCT: &str = "没有这个贷款产品，或已不再受理，请重新选择";

/// Refuses a product that is not among those on offer.
fn known(asked: &Asked, offers: &[Priced]) -> Result<(), Problem> {
    let found = |id| offers.iter().any(|one| one.offered.product.id == id);
    if product(asked)?.is_some_and(|id| !found(id)) {
        return Err(Problem::field("product", NO_PRODUCT));
    }
    Ok(())
}

/// Reads what was asked, in words where it cannot be read.
fn question(asked: &Asked) -> Result<Question, Problem> {
    let product = product(asked)?;
    let Some(amount) = asked.get("amount") else { return Err(Problem::field("amount", "请填写贷款金额")) };
    let amount = writing::yuan(amount).map_err(|problem| Problem::field("amount", problem))?;
    if !amount.is_positive() {
        return Err(Problem::field("amount", "贷款金额必须大于零"));
    }
    let term = asked.get("term").and_then(|term| term.parse::<u32>().ok()).filter(|term| (1..=LONGEST).contains(term));
    let term = term.ok_or_else(|| Problem::field("term", "贷款期限应为1至600个月的整数"))?;
    let method = asked.get("method").and_then(|method| method.parse::<words::Key<_>>().ok()).map(|key| key.0);
    let method = method.ok_or_else(|| Problem::field("method", "请选择还款方式"))?;
    let by = match (product, asked.get("rate")) {
        (Some(product), _) => ByTerms::Product(product),
        (None, None) => return Err(Problem::field("rate", "请选择产品，或填写年利率")),
        (None, Some(rate)) => ByTerms::Offer {
            annual_rate: rate_of(rate)?,
            interest_mode: InterestMode::Monthly,
            day_count: DayCount::Actual360,
            fees: match asked.get("fees") {
                None => Money::ZERO,
                Some(fees) => writing::yuan(fees).map_err(|problem| Problem::field("fees", problem))?,
            },
        },
    };
    Ok(Question { by, amount, term, method, paid_out_on: None, due_day: None })
}

/// A rate as people write it: `4.35` and `4.35%` are the same, for nobody is offered four hundred percent.
fn rate_of(text: &str) -> Result<Rate, Problem> {
    if text.contains([',', '，']) {
        return Err(Problem::field("rate", "年利率的小数点请用“.”，不要用逗号，例如 4.35"));
    }
    let percent = text.trim_end_matches(['%', '％']);
    Rate::from_str(&format!("{percent}%")).map_err(|_| Problem::field("rate", "年利率应在0至100%之间，例如 4.35"))
}

fn calculator(asked: &Asked, offers: &[Priced], refused: Option<&Problem>) -> Markup {
    let product = asked.get("product");
    html! {
        form class="block" method="get" action="/loans" {
            h2 { "算一算" }
            @if let Some(problem) = refused {
                div class="alert" role="alert" {
                    p { (problem.detail) }
                    @if !problem.problems.is_empty() { ul { @for one in &problem.problems { li { (one.problem) } } } }
                }
            }
            div class="fields" {
                div class="field" {
                    label for="product" { "产品" }
                    select id="product" name="product" {
                        option value="" { "其他报价（填写年利率）" }
                        @for one in offers {
                            @let id = one.offered.product.id.to_string();
                            option value=(id) selected[product == Some(id.as_str())] { (one.offered.product.name) " · " (one.offered.bank) }
                        }
                    }
                }
                (field(asked, "amount", "贷款金额（元）", "decimal", "100000"))
                (field(asked, "term", "期限（月）", "numeric", "24"))
                div class="field" {
                    label for="method" { "还款方式" }
                    select id="method" name="method" {
                        @for (key, word) in words::all(words::repayment) {
                            option value=(key) selected[asked.get("method") == Some(&key)] { (word) }
                        }
                    }
                }
                (field(asked, "rate", "年利率（%，其他报价）", "decimal", ""))
                (field(asked, "fees", "放款时一次性费用（元，其他报价）", "decimal", ""))
            }
            button type="submit" class="primary" { "计算" }
        }
    }
}

fn field(asked: &Asked, name: &str, label: &str, mode: &str, example: &str) -> Markup {
    html! {
        div class="field" {
            label for=(name) { (label) }
            input id=(name) name=(name) value=[asked.get(name)] inputmode=(mode) placeholder=(example) autocomplete="off" maxlength="20";
        }
    }
}

fn shown(question: &Question, answer: &Answer) -> Result<Markup, PageError> {
    Ok(html! {
        section class="block" aria-live="polite" {
            h2 { "试算结果" }
            (quote::cost(answer, question.method)?)
            h3 { "还款计划" }
            (quote::table(answer))
            p class="faint" { "以银行合同为准。" }
        }
    })
}

fn products(offers: &[Priced]) -> Markup {
    let columns = [
        column("产品"),
        column("银行"),
        numbers("最高额度"),
        column("期限"),
        column("年利率"),
        column("贴息"),
        column("说明"),
    ];
    let rows = offers.iter().map(|one| {
        let terms = &one.offered.terms;
        let quote = format!("/loans?product={}", one.offered.product.id);
        vec![
            Cell::link(&quote, one.offered.product.name.clone()),
            Cell::text(one.offered.bank.clone()),
            Cell::yuan(terms.max_amount),
            Cell::text(format!("{}–{}个月", terms.min_term, terms.max_term)),
            Cell::text(one.rate.map_or_else(|| "待公布LPR".to_owned(), |rate| format!("最高{}", rate.percent()))),
            Cell::text(terms.subsidy.as_ref().map_or_else(|| "无".to_owned(), |subsidy| subsidy.payer.clone())),
            Cell::text(one.offered.product.summary.clone()),
        ]
    });
    Table::new("在办贷款产品", &columns, "还没有在办的贷款产品。").whole(rows).plain()
}
