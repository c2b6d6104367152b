//! The books from the top: every account of a book on a day, and what was posted to one.

use app::problem::Problem;
use domain::{AccountId, BusinessDate, CampaignId, Money};
use ledger::{AccountPlace, NamedAccount};
use maud::html;
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::{CampaignNames, Shelf, first_of_month};
use super::{entry, words};
use crate::page::PageError;
use crate::part;
use crate::session::{Officer, encoded};
use crate::table::{self, Asked, Cell, ROWS, Table, column, numbers};

/// The path of an account's statement that ends on a day.
pub(super) fn path(id: AccountId, to: BusinessDate) -> String {
    format!("/console/accounts/{id}?from={}&to={to}", first_of_month(to))
}

/// The path of an account's statement from its first entry to a day.
pub(super) fn whole_path(id: AccountId, to: BusinessDate) -> String {
    format!("/console/accounts/{id}?from=2000-01-01&to={to}")
}

/// A balance on the side it stands on: nothing on the other.
fn sides(net: Money) -> (Money, Money) {
    let fen = net.fen();
    (Money::from_fen(fen.max(0)), Money::from_fen(fen.saturating_neg().max(0)))
}

fn sum(amounts: impl IntoIterator<Item = Money>) -> Money {
    Money::checked_sum(amounts).unwrap_or(Money::MAX)
}

/// The trial balance (科目余额表): every account with its balance, at the end of a day or now.
#[handler]
pub(super) async fn get_trial_balance(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let campaign = asked.read::<CampaignId>("campaign")?;
    let shelf = match campaign {
        Some(id) => Shelf::of_campaign(&officer, id).await?,
        None => Shelf::of(&officer, &asked).await?,
    };
    let day = asked.read::<BusinessDate>("day")?;
    let subjects: Vec<&str> = asked.get("subjects").map(|list| list.split(',').collect()).unwrap_or_default();
    let mut rows = officer.app.books.balances(shelf.book.id, day, &officer.member).await?;
    rows.retain(|row| subjects.is_empty() || subjects.contains(&row.named.account.subject.as_str()));
    rows.retain(|row| campaign.is_none() || row.named.account.campaign_id == campaign);
    let whole = subjects.is_empty() && campaign.is_none();
    let named: Vec<&NamedAccount> = rows.iter().map(|row| &row.named).collect();
    let names = CampaignNames::of(&officer, &named).await?;
    let to = day.unwrap_or_else(|| officer.app.business.today());
    let debits = sum(rows.iter().map(|row| sides(row.balance.net()).0));
    let credits = sum(rows.iter().map(|row| sides(row.balance.net()).1));
    let columns = [column("账户"), numbers("借方余额"), numbers("贷方余额"), numbers("借方累计"), numbers("贷方累计")];
    let title = format!("{}科目余额表 截至{to}", shelf.book.name);
    let table = Table::new(title.clone(), &columns, "该日以前没有记账。").titled(format!("{title}（单位：元）"));
    let table = table.whole(rows.iter().map(|row| {
        let (debit, credit) = sides(row.balance.net());
        let (lead, all) = (path(row.named.account.id, to), whole_path(row.named.account.id, to));
        let side = |amount: Money| if amount.is_positive() { Cell::yuan_of(amount, &lead) } else { Cell::none() };
        vec![
            Cell::link(&lead, names.account(&row.named)),
            side(debit),
            side(credit),
            Cell::yuan_of(row.balance.debit, &all),
            Cell::yuan_of(row.balance.credit, &all),
        ]
    }));
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let content = html! {
        (part::heading("科目余额", &html! { span class="faint" { (shelf.book.name) } }))
        (table::filter(&asked, &html! {
            @if campaign.is_none() { (shelf.choice()) }
            @if let Some(campaign) = campaign { input type="hidden" name="campaign" value=(campaign); }
            label { "截至" input type="date" name="day" value=[day.map(|day| day.to_string())]; }
            @if !subjects.is_empty() { input type="hidden" name="subjects" value=(subjects.join(",")); }
        }))
        @if !subjects.is_empty() {
            p class="note" { "只列出科目 " (subjects.join("、")) "。 " a href=(asked.with(&[("subjects", "")])) { "列出全部科目" } }
        }
        @if let Some(campaign) = campaign {
            p class="note" { "只列出项目“" (names.name(campaign).unwrap_or_default()) "”的账户。已募集为收到的捐赠减去已决定的退款，已使用为记入费用的支出；年终结转的分录不计在内。 " a href=(asked.with(&[("campaign", "")])) { "列出全部账户" } }
        }
        (part::facts(&[
            ("截至", html! { @match day { Some(day) => (day), None => "现在" } }),
            ("借方余额合计", part::yuan(debits)),
            ("贷方余额合计", part::yuan(credits)),
            ("试算", html! { @if whole {
                @if debits == credits { (part::badge(("平衡", part::Tone::Good))) } @else { (part::badge(("不平衡", part::Tone::Bad))) }
            } @else { "仅部分科目" } }),
        ]))
        (table.show(&asked))
    };
    Ok(officer.page("科目余额", &[("/console", "工作台")], &content).into_response())
}

/// The statement of an account (明细账) between two days.
#[handler]
pub(super) async fn get_account(
    officer: Officer,
    Path(id): Path<AccountId>,
    request: &Request,
) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let books = &officer.app.books;
    let named = books.account(id, &officer.member).await?;
    let to = asked.read::<BusinessDate>("to")?.unwrap_or_else(|| officer.app.business.today());
    let from = asked.read::<BusinessDate>("from")?.unwrap_or_else(|| first_of_month(to));
    if from > to {
        return Err(Problem::field("from", "起始日期不能晚于截止日期").into());
    }
    let after = match asked.get("after") {
        Some(text) => Some(text.parse::<AccountPlace>().map_err(|_| Problem::cursor())?),
        None => None,
    };
    let mut page = books.account_page(id, (from, to), after, asked.limit(), &officer.member).await?;
    let shown = if asked.file().is_some() { table::MOST } else { usize::try_from(ROWS).unwrap_or(usize::MAX) };
    let more = page.lines.len() > shown;
    page.lines.truncate(shown);
    let next = page.lines.last().filter(|_| more).map(|line| line.place.to_string());
    let contras: Vec<AccountId> = page.lines.iter().map(|line| line.contra).collect();
    let contras = books.named(contras).await?;
    let shown_accounts: Vec<&NamedAccount> = contras.values().chain([&named]).collect();
    let names = CampaignNames::of(&officer, &shown_accounts).await?;
    let side = |net: Money| match net.fen() {
        0 => "平",
        fen if fen > 0 => "借",
        _ => "贷",
    };
    let whole = |net: Money| Money::from_fen(net.fen().saturating_abs());
    let debits = sum(page.lines.iter().map(|line| line.debit));
    let credits = sum(page.lines.iter().map(|line| line.credit));
    let closing = page.lines.last().map_or(page.opening, |line| line.balance);
    // What a balance elsewhere leads here for stands here, on whichever page.
    let end = if more {
        books.account_page(id, (to.next(), to.next()), None, 1, &officer.member).await?.opening
    } else {
        closing
    };
    let here = asked.with(&[("as", "")]);
    let columns = [
        column("入账日期"),
        column("摘要"),
        column("对方账户"),
        column("原始单据"),
        numbers("借方"),
        numbers("贷方"),
        column("方向"),
        numbers("余额"),
    ];
    let name = names.account(&named);
    let table = Table::new(format!("{name} {from}至{to}"), &columns, "这段时间没有记账。");
    let table = table
        .whole(page.lines.iter().map(|line| {
            let lead = entry::path_from(&line.reference, &here);
            let side_of =
                |amount: Money| if amount.is_positive() { Cell::yuan_of(amount, &lead) } else { Cell::none() };
            let contra = contras.get(&line.contra).map(|named| names.account(named)).unwrap_or_default();
            vec![
                Cell::day(line.place.day),
                Cell::link(&lead, line.memo.clone().unwrap_or_else(|| words::event(&line.kind).to_owned())),
                Cell::link(&path(line.contra, to), contra),
                Cell::or_none(line.document.clone(), Cell::text),
                side_of(line.debit),
                side_of(line.credit),
                Cell::text(side(line.balance)),
                Cell::yuan(whole(line.balance)),
            ]
        }))
        .then(next);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let first = after.is_none();
    let content = html! {
        (part::heading(&name, &html! {}))
        (table::filter(&asked, &html! {
            label { "从" input type="date" name="from" value=(from); }
            label { "到" input type="date" name="to" value=(to); }
        }))
        (part::facts(&[
            (if first { "期初余额" } else { "承前页余额" }, html! { (side(page.opening)) " " (part::yuan(whole(page.opening))) }),
            ("本页借方", part::yuan(debits)),
            ("本页贷方", part::yuan(credits)),
            ("过次页余额", html! { @if more { (side(closing)) " " (part::yuan(whole(closing))) } }),
            ("期末余额", html! { (side(end)) " " (part::yuan(whole(end))) }),
        ]))
        (table.show(&asked))
    };
    let readable = books.readable(&officer.member).await?;
    let code = readable.iter().find(|book| book.id == named.account.book_id).map(|book| encoded(&book.code));
    let whole = format!("/console/ledger?book={}", code.unwrap_or_default());
    let balance = format!("{whole}&day={to}");
    Ok(officer.page(&name, &[(whole.as_str(), "科目余额"), (balance.as_str(), "截至该日")], &content).into_response())
}
