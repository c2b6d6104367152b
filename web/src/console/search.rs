//! The search box of every page: a gift by a number it carries, a loan by its contract, a campaign by its name, a member of staff, an entry of the books. Each
//! part is asked only for whoever may see its page, and answers what lies in their part of the tree.

use domain::Money;
use domain::bank::GiftCode;
use domain::role::Role;
use maud::{Markup, html};
use poem::{IntoResponse, Request, Response, handler};

use super::donation::{self, SEARCHERS, campaign_names};
use super::{campaign, member};
use crate::finance::entry;
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
    let number = text.trim_start_matches("记-").replace(' ', "");
    let rows = officer.app.books.find(&number, &officer.member).await?;
    Ok(rows
        .into_iter()
        .map(|row| Found {
            path: entry::path(&row.reference),
            title: entry::title(&row),
            about: html! { (part::yuan(row.total_fen)) "元 " (row.book_date) },
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

/// What carries a number or a name.
#[handler]
pub(super) async fn get_search(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let text = asked.get("q").unwrap_or_default().trim().to_owned();
    let mut kinds: Vec<Kind> = Vec::new();
    if !text.is_empty() {
        let found = gifts(&officer, &text).await?;
        // A number that is a gift's is asked for because of the gift, whatever else was booked under it.
        if let [only] = found.as_slice() {
            return Ok(see_other(&only.path));
        }
        kinds.push(Kind { name: "捐赠", found });
        kinds.push(Kind { name: "借款合同", found: loans(&officer, &text).await? });
        kinds.push(Kind { name: "公益项目", found: campaigns(&officer, &text).await? });
        kinds.push(Kind { name: "工作人员", found: members(&officer, &text).await? });
        kinds.push(Kind { name: "凭证", found: entries(&officer, &text).await? });
        kinds.push(Kind { name: "银行流水", found: lines(&officer, &text).await? });
        kinds.retain(|kind| !kind.found.is_empty());
        // A whole number is sooner the number of a voucher.
        if kinds.is_empty() || text.contains('.') {
            kinds.push(Kind { name: "按金额", found: amounts(&officer, &text) });
            kinds.retain(|kind| !kind.found.is_empty());
        }
    }
    if let [Kind { found, .. }] = kinds.as_slice()
        && let [only] = found.as_slice()
    {
        return Ok(see_other(&only.path));
    }
    let content = html! {
        h1 { "查找" }
        @if text.is_empty() { (part::nothing_here("请输入要查的号码或名称。")) } @else {
            p { "查找的内容：" span class="code" { (text) } }
            @if kinds.is_empty() {
                (part::nothing_here("没有找到。可以查我方订单号、微信支付单号、银行流水号、转账附言中的代码（SZ开头），借款合同号，项目名称和备案编号，凭证号和各种编号，金额；只能查到您有权查看的内容。"))
            }
        }
        @for kind in &kinds {
            (part::block(kind.name, &html! {
                ul class="papers" { @for one in &kind.found { li { a href=(one.path) { (one.title) } " " span class="faint" { (one.about) } } } }
            }))
        }
    };
    Ok(officer.page("查找", &[("/console", "工作台")], &content).into_response())
}
