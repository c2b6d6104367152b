//! The search box of every page: gifts, refunds, payments, payees and vouchers by the numbers they carry, a loan by its contract, a campaign, a
//! team or a paper by its words, a member of staff, a line of the bank. Each part is asked only for whoever may see its page, and answers what
//! lies in their part of the tree.

use app::breaks::BreakSearch;
use app::problem::Problem;
use crowdfunding::spending::{PaperSearch, PayoutSearch};
use domain::bank::GiftCode;
use domain::donation::GENERAL_FUND;
use domain::role::Role;
use domain::{DisbursementId, ManualVoucherId, Money, PayeeId, PayoutId, RefundId};
use maud::{Markup, html};
use poem::{IntoResponse, Request, Response, handler};
use uuid::Uuid;

use super::donation::{self, SEARCHERS, campaign_names};
use super::{campaign, disbursement, member, refund, team};
use crate::finance::{self, entry};
use crate::page::PageError;
use crate::part;
use crate::session::{Officer, see_other};
use crate::table::Asked;
use crate::words;

/// How many of a kind are shown.
const MOST: u64 = 20;

/// Something that was found: where it is looked at, what it is called, and what else tells it from others.
pub(super) struct Found {
    path: String,
    title: String,
    about: Markup,
}

/// What was found of a kind, under its heading.
struct Kind {
    name: &'static str,
    found: Vec<Found>,
}

/// What is there and the officer may see; nothing where the service says that there is no such thing.
fn known<T>(answer: Result<T, impl Into<Problem>>) -> Result<Option<T>, PageError> {
    match answer.map_err(Into::<Problem>::into) {
        Ok(thing) => Ok(Some(thing)),
        Err(problem) if matches!(problem.status, 403 | 404) => Ok(None),
        Err(problem) => Err(PageError(problem)),
    }
}

/// A text as a number of ours: the id of a thing, with its dashes or without.
fn id(text: &str) -> Option<Uuid> {
    text.replace(' ', "").parse().ok()
}

async fn gifts(officer: &Officer, number: &str) -> Result<Vec<Found>, PageError> {
    if !officer.is(&SEARCHERS) {
        return Ok(Vec::new());
    }
    let number = number.replace(' ', "");
    let rows = officer.app.giving.search((&officer.member, &SEARCHERS), &number).await?;
    let names = campaign_names(officer, rows.iter().filter_map(|row| row.campaign_id)).await?;
    Ok(rows
        .into_iter()
        .map(|row| Found {
            path: donation::path(row.id),
            title: row.id.simple(),
            about: html! { (part::badge(words::donation(row.state))) " " (part::yuan(row.amount_fen)) "元 " (names.of(row.purpose())) },
        })
        .collect())
}

/// The gifts that are for no campaign, by the words for them.
fn general_fund(officer: &Officer, text: &str) -> Vec<Found> {
    let meant = text.chars().count() > 1 && (GENERAL_FUND.contains(text) || "非限定性捐赠".contains(text));
    if !meant || !officer.is(&SEARCHERS) {
        return Vec::new();
    }
    vec![Found {
        path: format!("/console/donations?campaign={}", super::purpose::GENERAL),
        title: GENERAL_FUND.to_owned(),
        about: html! { "全部不指定项目的捐赠" },
    }]
}

/// A refund by the number it goes to the channel under, or by the one the channel gave it.
async fn refunds(officer: &Officer, text: &str) -> Result<Vec<Found>, PageError> {
    if !officer.is(&refund::READERS) {
        return Ok(Vec::new());
    }
    let (refunds, by) = (&officer.app.refunds, &officer.member);
    let named = RefundId::from_out_refund_no(text).map(|(id, _)| id).or_else(|| id(text).map(RefundId::from));
    let row = match named {
        Some(id) => known(refunds.shown(id, by, &refund::READERS).await)?,
        None => known(refunds.numbered(&text.replace(' ', ""), by, &refund::READERS).await)?.flatten(),
    };
    let found = row.map(|row| Found {
        path: refund::path(row.id),
        title: row.id.simple(),
        about: html! { (part::badge(words::refund(row.state))) " " (part::yuan(row.amount_fen)) "元" },
    });
    Ok(found.into_iter().collect())
}

/// Teams by their names, whether these are shown to everybody or not.
async fn teams(officer: &Officer, text: &str) -> Result<Vec<Found>, PageError> {
    if !officer.is(&team::READERS) {
        return Ok(Vec::new());
    }
    let rows = officer.app.campaigns.teams_named((&officer.member, &team::READERS), text, MOST).await?;
    let names = campaign_names(officer, rows.iter().map(|row| row.campaign_id)).await?;
    Ok(rows
        .into_iter()
        .map(|row| Found {
            path: format!("/console/teams?campaign={}", row.campaign_id),
            about: html! { (names.name(row.campaign_id)) },
            title: row.name.unwrap_or_default(),
        })
        .collect())
}

/// Papers by number or by words of their purpose.
async fn papers(officer: &Officer, text: &str) -> Result<Vec<Found>, PageError> {
    if !officer.is(&crowdfunding::spending::READERS) {
        return Ok(Vec::new());
    }
    let (spending, by) = (&officer.app.spending, &officer.member);
    let rows = match id(text).map(DisbursementId::from) {
        Some(id) => known(spending.get(id, by).await)?.into_iter().collect(),
        None => {
            let wanted = PaperSearch { words: Some(text.to_owned()), ..PaperSearch::default() };
            spending.page(&wanted, by, None, MOST).await?
        }
    };
    Ok(rows
        .into_iter()
        .map(|row| Found {
            path: disbursement::path(row.id),
            about: html! { (part::badge(words::disbursement(row.state))) " " (part::yuan(row.amount_fen)) "元" },
            title: row.purpose,
        })
        .collect())
}

/// Payments by their number, or by the one the bank gave them.
async fn payments(officer: &Officer, text: &str) -> Result<Vec<Found>, PageError> {
    if !officer.is(&crowdfunding::spending::READERS) {
        return Ok(Vec::new());
    }
    let (spending, by) = (&officer.app.spending, &officer.member);
    let rows = match id(text).map(PayoutId::from) {
        Some(id) => known(spending.payout(id, by).await)?.map(|(_, row)| row).into_iter().collect(),
        None => {
            let wanted = PayoutSearch { reference: Some(text.replace(' ', "")), ..PayoutSearch::default() };
            spending.payouts(wanted, by, None, MOST).await?
        }
    };
    Ok(rows
        .into_iter()
        .map(|row| Found {
            path: format!("/console/payouts/{}", row.id),
            title: format!("付款 {}元", part::grouped(row.amount_fen)),
            about: html! { (part::badge(words::payout(row.state))) " " @if let Some(day) = row.paid_on { (day) } },
        })
        .collect())
}

/// Receipts by the number of the finance bureau, which has as many digits as no voucher's.
async fn receipts(officer: &Officer, text: &str) -> Result<Vec<Found>, PageError> {
    let number = text.replace(' ', "");
    let is_one = (6..=20).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit());
    if !is_one || !officer.is(&app::receipts::READERS) {
        return Ok(Vec::new());
    }
    let rows = officer.app.receipts.numbered(&officer.member, &number, MOST).await?;
    Ok(rows
        .into_iter()
        .map(|row| Found {
            path: format!("/console/receipts/{}", row.id),
            title: format!("票据 {} {}", row.code, row.number),
            about: html! { (part::yuan(row.amount_fen)) "元 " (row.issued_on) },
        })
        .collect())
}

/// Payees by number or by their whole name, masked as everywhere.
async fn payees(officer: &Officer, text: &str) -> Result<Vec<Found>, PageError> {
    if !officer.is(&crowdfunding::spending::READERS) {
        return Ok(Vec::new());
    }
    let (spending, by) = (&officer.app.spending, &officer.member);
    let rows = match id(text).map(PayeeId::from) {
        Some(id) => known(spending.payee(id, by).await)?.into_iter().collect(),
        None => spending.payees(Some(text), by, None, MOST).await?,
    };
    Ok(rows
        .into_iter()
        .map(|one| Found {
            path: format!("/console/payees/{}", one.row.id),
            about: html! { (one.account.unwrap_or_default()) },
            title: one.name,
        })
        .collect())
}

async fn campaigns(officer: &Officer, text: &str) -> Result<Vec<Found>, PageError> {
    if !officer.is(&crowdfunding::READERS) {
        return Ok(Vec::new());
    }
    let rows = officer.app.campaigns.named(Some(text), None, &officer.member, None, MOST).await?;
    Ok(rows
        .into_iter()
        .map(|row| Found {
            path: campaign::path(row.id),
            title: row.name,
            about: html! { (part::badge(words::campaign(row.state))) " " span class="code" { (row.filing_number.unwrap_or_default()) } },
        })
        .collect())
}

async fn members(officer: &Officer, text: &str) -> Result<Vec<Found>, PageError> {
    if !officer.is(&[Role::Admin, Role::Auditor]) {
        return Ok(Vec::new());
    }
    let all = officer.app.identity.staff(&officer.member).await?;
    let meant = all.into_iter().filter(|one| one.username == text || one.name.contains(text));
    Ok(meant
        .take(usize::try_from(MOST).unwrap_or(usize::MAX))
        .map(|one| Found {
            path: member::path(one.id),
            about: html! { span class="code" { (one.username) } },
            title: one.name,
        })
        .collect())
}

async fn entries(officer: &Officer, text: &str) -> Result<Vec<Found>, PageError> {
    if !officer.is(&app::books::READERS) {
        return Ok(Vec::new());
    }
    let rows = officer.app.books.find(&voucher_number(text), &officer.member).await?;
    let mut found: Vec<Found> = rows
        .into_iter()
        .map(|row| Found {
            path: entry::path(&row.reference),
            title: entry::title(&row),
            about: html! { (part::yuan(row.total_fen)) "元 " (row.book_date) },
        })
        .collect();
    // One that is not booked yet has no entry.
    let own = id(text).map(ManualVoucherId::from).filter(|_| found.is_empty() && officer.is(&app::vouchers::READERS));
    if let Some(id) = own
        && let Some(one) = known(officer.app.vouchers.get(id, &officer.member).await)?
    {
        found.push(Found {
            path: format!("/console/vouchers/{id}"),
            about: html! { (part::yuan(one.row.total_fen)) "元 " (one.row.event_date) },
            title: one.row.summary,
        });
    }
    Ok(found)
}

/// The number of a voucher, however it is written: `记-12`, `记字第12号`, `12`.
fn voucher_number(text: &str) -> String {
    let text = text.replace(' ', "");
    let bare = text.trim_start_matches(['记', '字', '第', '-', '－']).trim_end_matches('号');
    bare.to_owned()
}

/// Breaks about a number of the channel's: of a payment that is no gift yet, or of a refund.
async fn breaks(officer: &Officer, text: &str) -> Result<Vec<Found>, PageError> {
    if !officer.is(&app::books::READERS) {
        return Ok(Vec::new());
    }
    let wanted = BreakSearch { item: Some(text.replace(' ', "")), ..BreakSearch::default() };
    let whose = (&officer.member, &app::books::READERS[..]);
    let rows = officer.app.breaks.worklist(whose, &wanted, None, MOST).await?;
    Ok(rows
        .into_iter()
        .map(|row| Found {
            path: format!("/console/breaks/{}", row.id),
            title: finance::break_class(&row.class).to_owned(),
            about: html! { (part::badge(finance::break_state(&row.state))) " " (part::yuan(row.amount_fen)) "元 " (row.day) },
        })
        .collect())
}

/// A loan by the bank's number of its contract; whoever may not see the loan finds nothing.
async fn loans(officer: &Officer, number: &str) -> Result<Vec<Found>, PageError> {
    if !officer.is(&lending::CONTRACT_READERS) {
        return Ok(Vec::new());
    }
    let wanted = lending::view::Wanted { number: Some(number.to_owned()), ..Default::default() };
    let rows = officer.app.loans.contracts(&wanted, &officer.member, None, MOST).await?;
    Ok(rows
        .into_iter()
        .map(|one| Found {
            path: format!("/console/loans/{}", one.row.id),
            title: one.row.number,
            about: html! { (one.row.state.chinese()) " " (part::yuan(one.row.principal_fen)) "元" },
        })
        .collect())
}

/// Bank lines whose remark carries a gift's code, however it was typed.
async fn lines(officer: &Officer, text: &str) -> Result<Vec<Found>, PageError> {
    let codes = GiftCode::all_in(text);
    let [code] = codes.as_slice() else { return Ok(Vec::new()) };
    if !officer.is(&app::bank::READERS) {
        return Ok(Vec::new());
    }
    let rows = officer.app.bank.with_code(code.as_str(), &officer.member).await?;
    Ok(rows
        .into_iter()
        .map(|row| Found {
            path: format!("/console/bank/lines/{}", row.id),
            title: format!("{} {}", code.as_str(), row.day),
            about: html! { (part::yuan(row.amount_fen)) "元 " span class="code" { (row.reference) } },
        })
        .collect())
}

/// Gifts, bank lines and breaks are found in their lists by an amount.
fn amounts(officer: &Officer, text: &str) -> Vec<Found> {
    let plain = text.replace([',', '，'], "");
    let Some(amount) = plain.parse::<Money>().ok().filter(|amount| amount.is_positive() && plain.len() < 12) else {
        return Vec::new();
    };
    let lists = [
        (officer.is(&SEARCHERS), "/console/donations", "捐赠"),
        (officer.is(&app::bank::READERS), "/console/bank", "银行流水"),
        (officer.is(&app::books::READERS), "/console/breaks", "差错（金额或差额）"),
    ];
    let offered = lists.into_iter().filter(|(offered, ..)| *offered);
    offered
        .map(|(_, list, name)| Found {
            path: format!("{list}?amount={amount}"),
            title: format!("金额为{}元的{name}", part::grouped(amount)),
            about: html! {},
        })
        .collect()
}

/// What somebody can search for, in words: of each line what they may see.
const SEARCHED: [(&str, &[Role]); 9] = [
    ("捐赠：我方订单号、微信支付单号、银行流水号、转账附言中的代码（SZ开头）、金额，或“一般捐赠”", &SEARCHERS),
    ("退款：我方退款单号、微信退款单号", &refund::READERS),
    ("捐赠票据：票据号码", &app::receipts::READERS),
    ("支出和付款：编号、银行流水号、用途中的文字；收款人：编号、完整户名", &crowdfunding::spending::READERS),
    ("公益项目：名称、备案编号", &crowdfunding::READERS),
    ("捐赠团队：名称", &team::READERS),
    ("凭证：凭证号（如 记-12）、业务编号；差错：微信支付单号、金额；银行流水：金额", &app::books::READERS),
    ("借款合同：合同号", &lending::CONTRACT_READERS),
    ("工作人员：姓名、用户名", &[Role::Admin, Role::Auditor]),
];

/// What the officer can search for.
fn searched(officer: &Officer) -> Markup {
    let known: Vec<_> = SEARCHED.iter().filter(|(_, roles)| officer.is(roles)).collect();
    html! {
        @if known.is_empty() { p class="faint" { "您的角色办理的事项不在查找的范围，请从菜单进入。" } }
        @else {
            p { "按您的权限，可以查找：" }
            ul { @for (what, _) in known { li { (what) } } }
            p class="faint" { "号码要写全，名称可以只写一部分；查不到的，也可能是不在您的权限和地区范围之内。" }
        }
    }
}

/// What was found, kind by kind.
async fn found(officer: &Officer, text: &str) -> Result<Vec<Kind>, PageError> {
    let gifts = gifts(officer, text).await?;
    // A number that is a gift's is asked for because of the gift, whatever else was booked under it.
    if gifts.len() == 1 {
        return Ok(vec![Kind { name: "捐赠", found: gifts }]);
    }
    let (refunds, papers) = (refunds(officer, text).await?, papers(officer, text).await?);
    // Likewise that of a paper, a payment or a refund: their entries stand on their pages.
    let by_number = id(text).is_some() || !refunds.is_empty();
    let mut kinds = vec![
        Kind { name: "捐赠", found: gifts },
        Kind { name: "一般捐赠", found: general_fund(officer, text) },
        Kind { name: "退款", found: refunds },
        Kind { name: "捐赠票据", found: receipts(officer, text).await? },
        Kind { name: "借款合同", found: loans(officer, text).await? },
        Kind { name: "公益项目", found: campaigns(officer, text).await? },
        Kind { name: "捐赠团队", found: teams(officer, text).await? },
        Kind { name: "支出申请", found: papers },
        Kind { name: "付款", found: payments(officer, text).await? },
        Kind { name: "收款人", found: payees(officer, text).await? },
        Kind { name: "工作人员", found: members(officer, text).await? },
        Kind { name: "差错", found: breaks(officer, text).await? },
    ];
    kinds.retain(|kind| !kind.found.is_empty());
    if !(by_number && kinds.len() == 1) {
        kinds.push(Kind { name: "凭证", found: entries(officer, text).await? });
        kinds.push(Kind { name: "银行流水", found: lines(officer, text).await? });
        kinds.retain(|kind| !kind.found.is_empty());
    }
    // A whole number is sooner the number of a voucher.
    if kinds.is_empty() || text.contains('.') {
        kinds.push(Kind { name: "按金额", found: amounts(officer, text) });
        kinds.retain(|kind| !kind.found.is_empty());
    }
    Ok(kinds)
}

/// What carries a number or a name.
#[handler]
pub(super) async fn get_search(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let text = asked.get("q").unwrap_or_default().trim().to_owned();
    let kinds = if text.is_empty() { Vec::new() } else { found(&officer, &text).await? };
    if let [Kind { found, .. }] = kinds.as_slice()
        && let [only] = found.as_slice()
    {
        return Ok(see_other(&only.path));
    }
    let content = html! {
        h1 { "查找" }
        @if text.is_empty() { p { "请在页面上方的查找框里输入号码、名称或金额。" } }
        @else if kinds.is_empty() { p class="nothing" { "没有找到“" (text) "”。" } }
        @else { p { "查找的内容：" span class="code" { (text) } } }
        @for kind in &kinds {
            (part::block(kind.name, &html! {
                ul class="papers" { @for one in &kind.found { li { a href=(one.path) { (one.title) } " " span class="faint" { (one.about) } } } }
                @if kind.found.len() as u64 >= MOST { p class="faint" { "只列出前" (MOST) "条；请写得更完整，或到相应的列表里筛选。" } }
            }))
        }
        @if kinds.is_empty() { (searched(&officer)) }
    };
    Ok(officer.page("查找", &[("/console", "工作台")], &content).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voucher_is_found_however_its_number_is_written() {
        for written in ["12", "记-12", "记字第12号", " 记 - 12 "] {
            assert_eq!(voucher_number(written), "12", "{written}");
        }
    }
}
