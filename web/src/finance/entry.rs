//! An entry (凭证) with its lines, where it comes from and what takes it back; and how one is found.

use std::collections::BTreeMap;

use domain::{AccountId, BusinessDate, Money};
use ledger::{EntrySheet, NamedAccount};
use maud::{Markup, html};
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::CampaignNames;
use super::{ledger as accounts, words};
use crate::page::PageError;
use crate::part;
use crate::session::{self, Officer, encoded};
use crate::table::{self, Asked, Cell, Table, column, numbers};

/// Pages an entry is reached from, and what they are called on the way back.
const FROM: [(&str, &str); 2] = [("/console/statements/lines?", "报表数字的组成"), ("/console/accounts/", "明细账")];

/// The path of an entry.
pub(crate) fn path(reference: &str) -> String {
    format!("/console/entry?reference={}", encoded(reference))
}

/// Where the entries of a thing are found by its number: the one, or a list of them.
pub(crate) fn of(number: impl std::fmt::Display) -> String {
    format!("/console/entries?q={number}")
}

/// An amount in a list that leads to the entries of its thing, for whoever reads the books; to others it is plain.
pub(crate) fn amount(officer: &Officer, amount: Money, number: impl std::fmt::Display) -> Cell {
    if officer.is(&app::books::READERS) { Cell::yuan_of(amount, &of(number)) } else { Cell::yuan(amount) }
}

/// The same on a page.
pub(crate) fn yuan(officer: &Officer, amount: Money, number: impl std::fmt::Display) -> Markup {
    if officer.is(&app::books::READERS) { part::yuan_of(amount, &of(number)) } else { part::yuan(amount) }
}

/// The same, with the page it was reached from.
pub(super) fn path_from(reference: &str, from: &str) -> String {
    format!("{}&from={}", path(reference), encoded(from))
}

/// The way back to where an entry was reached from: the lines of a statement's cell, an account, or all entries.
fn way_back(asked: &Asked) -> (String, &'static str) {
    let from = asked.get("from").filter(|from| !from.contains(['\\', '\r', '\n']));
    let known = from.and_then(|from| Some((from, FROM.into_iter().find(|(start, _)| from.starts_with(start))?.1)));
    known.map_or_else(|| ("/console/entries".to_owned(), "凭证"), |(from, name)| (from.to_owned(), name))
}

/// What an entry is called: its memo (摘要), or the business event.
pub(crate) fn title(row: &entity::entry::Model) -> String {
    row.memo.clone().unwrap_or_else(|| words::event(&row.kind).to_owned())
}

/// Where the thing is that an entry books, and what it is.
fn source(reference: &str, document: Option<&str>) -> Option<(String, &'static str)> {
    let (about, rest) = reference.split_once(':')?;
    let id = rest.split(':').next().unwrap_or(rest);
    Some(match about {
        "donation" => (format!("/console/donations/{id}"), "捐赠"),
        "refund" | "refund_sent" | "refund_given_up" | "refund_covered" | "refund_cover_returned" => {
            (format!("/console/refunds/{id}"), "退款")
        }
        "transfer_left" | "transfer_done" => (format!("/console/transfers/{id}"), "提现与充值"),
        "disbursement" => (format!("/console/disbursements/{id}"), "支出申请"),
        "disbursement_paid" | "disbursement_bounced" | "disbursement_cancelled" => {
            (format!("/console/payouts/{id}"), "付款")
        }
        "suspense" => (format!("/console/breaks?item={}", encoded(rest)), "差错"),
        "suspense_returned" => (format!("/console/resolutions/{id}"), "差错"),
        "disbursement_settled" => (format!("/console/settlements/{id}"), "追回或核销"),
        "fee" => (format!("/console/search?q={}", encoded(document?)), "这笔支付"),
        "year_end" => ("/console/closing".to_owned(), "结账"),
        "voucher" => (format!("/console/vouchers/{id}"), "手工凭证"),
        "cash_count" | "cash_count_settled" => (format!("/console/cash-counts/{id}"), "现金盘点"),
        "bank_interest" | "bank_charge" | "cash_banked" | "platform_settled" | "unclaimed" => {
            (format!("/console/bank/lines/{id}"), "银行流水")
        }
        "reversal" => return source(rest, document),
        _ => return None,
    })
}

/// The voucher's lines as a bookkeeper writes them: one an account and side, debits first.
fn voucher_lines(sheet: &EntrySheet) -> Vec<(AccountId, Option<Money>, Option<Money>)> {
    let (mut debits, mut credits): (BTreeMap<AccountId, i64>, BTreeMap<AccountId, i64>) = Default::default();
    for line in &sheet.lines {
        *debits.entry(line.debit_account).or_default() += line.amount_fen.fen();
        *credits.entry(line.credit_account).or_default() += line.amount_fen.fen();
    }
    let debits = debits.into_iter().map(|(id, fen)| (id, Some(Money::from_fen(fen)), None));
    let credits = credits.into_iter().map(|(id, fen)| (id, None, Some(Money::from_fen(fen))));
    debits.chain(credits).collect()
}

fn lines(sheet: &EntrySheet, names: &CampaignNames, to: BusinessDate) -> Markup {
    let account = |id: AccountId| {
        let name = sheet.accounts.get(&id).map(|named| names.account(named)).unwrap_or_default();
        Cell::link(&accounts::path(id, to), name)
    };
    let side = |amount: Option<Money>| Cell::or_none(amount, Cell::yuan);
    let rows = voucher_lines(sheet).into_iter().map(|(id, debit, credit)| vec![account(id), side(debit), side(credit)]);
    let columns = [column("账户"), numbers("借方"), numbers("贷方")];
    Table::new("凭证分录", &columns, "没有分录。").whole(rows).plain()
}

/// One entry.
#[handler]
pub(super) async fn get_one(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let sheet = officer.app.books.sheet(asked.get("reference").unwrap_or_default(), &officer.member).await?;
    let named: Vec<&NamedAccount> = sheet.accounts.values().collect();
    let names = CampaignNames::of(&officer, &named).await?;
    let row = &sheet.entry;
    let actor = crate::console::people::staff_of(&row.actor);
    let people = crate::console::people::Names::of(&officer, actor).await?;
    let lead = source(&row.reference, row.document.as_deref());
    let title = title(row);
    let number = sheet.voucher.map(|number| format!("记-{number}"));
    let content = html! {
        (part::heading(&title, &html! {
            @match &number { Some(number) => (part::badge((number.as_str(), part::Tone::Good))), None => (part::badge(("未封存，暂无凭证号", part::Tone::Calm))) }
        }))
        @if let Some(by) = &sheet.reversed_by {
            p class="note" { "这张凭证已被冲销。 " a href=(path(by)) { "查看冲销凭证" } }
        }
        (part::block("分录", &lines(&sheet, &names, row.book_date)))
        (part::block("凭证", &part::facts(&[
            ("金额", part::yuan(row.total_fen)),
            ("业务", html! { (words::event(&row.kind)) }),
            ("来源", html! { @if let Some((lead, word)) = &lead { a href=(lead) { "查看" (word) } } }),
            ("入账日期", html! { (row.book_date) }),
            ("发生日期", html! { (row.event_date) }),
            ("入账时间", part::at(row.booked_us)),
            ("经办", html! { (people.actor(&row.actor)) }),
            ("途径", html! { @if let Some(channel) = &row.channel { (words::channel(channel)) } }),
            ("对方单位", html! { (row.counterparty.as_deref().map(domain::mask::organisation).unwrap_or_default()) }),
            ("原始单据", html! { @if let Some(document) = &row.document { span class="code" { (document) } } }),
            ("冲销的凭证", html! { @if let Some(original) = &sheet.reverses { a href=(path(original)) { "查看原凭证" } } }),
            ("编号", html! { span class="code" { (row.reference) } }),
        ])))
    };
    let (back, name) = way_back(&asked);
    Ok(officer.page(&title, &[(back.as_str(), name)], &content).into_response())
}

/// Finds entries by what somebody has at hand.
#[handler]
pub(super) async fn get_search(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let wanted = asked.get("q").unwrap_or_default().trim_start_matches("记-").to_owned();
    let found = if wanted.is_empty() {
        officer.must_be(&app::books::READERS)?;
        Vec::new()
    } else {
        officer.app.books.find(&wanted, &officer.member).await?
    };
    if let [only] = found.as_slice() {
        return Ok(session::see_other(&path(&only.reference)));
    }
    let columns = [column("入账日期"), column("摘要"), numbers("金额"), column("编号")];
    let nothing = if wanted.is_empty() { "请输入要查的号码。" } else { "没有找到。" };
    let table = Table::new("找到的凭证", &columns, nothing).whole(found.into_iter().map(|row| {
        let lead = path(&row.reference);
        vec![
            Cell::day(row.book_date),
            Cell::link(&lead, title(&row)),
            Cell::yuan_of(row.total_fen, &lead),
            Cell::shown(html! { span class="code faint" { (row.reference) } }, row.reference.clone()),
        ]
    }));
    let content = html! {
        (part::heading("凭证", &html! {}))
        (table::filter(&asked, &table::filter_text(&asked, "q", "凭证号、凭证编号、订单号、退款或付款编号、微信支付单号")))
        (table.plain())
        p class="faint" { "要按日期或科目看凭证，请从" a href="/console/ledger" { "科目余额" } "进入账户明细。" }
    };
    Ok(officer.page("凭证", &[("/console", "工作台")], &content).into_response())
}
