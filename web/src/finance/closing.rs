//! Closing: a month is locked, a year is ended, days are sealed. What a step will do is said before it is taken, with what is still open.

use app::closing::{Closed, MonthStanding, NewClosing, Period};
use app::problem::Problem;
use domain::BusinessDate;
use domain::role::Role;
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::{Shelf, period_name};
use super::{words, year_closing};
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, encoded};
use crate::table::{self, Asked, Cell, ROWS, Table, column, numbers};

/// Who locks months.
const MONTHLY: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];

fn path(code: &str) -> String {
    format!("/console/closing?book={}", encoded(code))
}

/// The first month that is not locked; none before the first entry.
fn next_month(closed: &Closed) -> Option<(i32, u8, Period)> {
    let open = closed.book.locked_through.map(BusinessDate::next).or(closed.booked.map(|(first, _)| first))?;
    Some((open.year(), open.month(), Period::month(open.year(), open.month())?))
}

/// The page on which each missing 余额调节表 is made, by account and month; of an account nobody has entered, the page on which that is done.
fn sheet_leads(shelf: &Shelf, stands: &MonthStanding, accounts: &[String]) -> Vec<(String, String)> {
    let lead = |sheet: &String| {
        let (account, month) = sheet.rsplit_once(' ')?;
        let known = accounts.iter().any(|name| name == account);
        let query = format!("{}&account={}", shelf.query(), encoded(account));
        Some(if known {
            (format!("/console/bank/balance?{query}&month={month}"), format!("去编制：{sheet}"))
        } else {
            (format!("/console/bank/account?{}", shelf.query()), format!("登记银行账户“{account}”"))
        })
    };
    let mut leads: Vec<(String, String)> = stands.sheets.iter().filter_map(lead).collect();
    leads.dedup();
    leads
}

/// What is still open in a period, and what stands against closing it; each point that does leads to where it is mended.
fn standing(
    officer: &Officer,
    (shelf, accounts): (&Shelf, &[String]),
    stands: &MonthStanding,
    period: Period,
) -> Markup {
    let point = |met: bool, text: &str, leads: &[(String, String)]| {
        html! {
            li class={ @if met { "met" } @else { "unmet" } } {
                (text)
                @for (lead, word) in leads.iter().filter(|_| !met) { " " a href=(lead) { (word) } }
            }
        }
    };
    let one = |lead: String, word: &str| [(lead, word.to_owned())];
    let (reconciled, here) = (stands.is_reconciled(period), stands.breaks);
    let over = period.last < officer.app.business.today();
    let code = &shelf.book.code;
    let missing = match stands.reconciled {
        Some(day) => super::reconciliation::path(code, day.next()),
        None => format!("/console/reconciliation?{}", shelf.query()),
    };
    let matching = |account: &String| {
        let lead = format!("/console/bank/matching?{}&account={}", shelf.query(), encoded(account));
        (lead, format!("去对应：{account}"))
    };
    let lines: Vec<(String, String)> = stands.lines_at.iter().map(matching).collect();
    let jobs = one("/console/jobs?job=close_loans".to_owned(), "看日终任务");
    let jobs = if officer.is(&app::runs::WATCHERS) { &jobs[..] } else { &[] };
    html! {
        ul class="rules" {
            (point(over, &if over { "期间已经结束".to_owned() } else { format!("期间到{}才结束", period.last) }, &[]))
            (point(stands.balanced, if stands.balanced { "试算平衡" } else { "试算不平衡" }, &one(format!("/console/ledger?{}&day={}", shelf.query(), period.last), "看科目余额")))
            (point(reconciled, &match stands.reconciled {
                _ if !stands.on_channel => "这个账套没有微信支付商户号，不需要对账".to_owned(),
                Some(_) if reconciled => "期间内每天都已对账".to_owned(),
                Some(day) => format!("连续对账到{day}，其后还有未对账的日子"),
                None => "还没有对账".to_owned(),
            }, &one(missing, "去对账")))
            (point(here == 0, &if here == 0 { "期间内没有待处理的差错".to_owned() } else { format!("期间内有{here}笔差错待处理；结账后在开放的期间处理") }, &one(format!("/console/breaks?{}", shelf.query()), "去处理")))
            (point(stands.sheets.is_empty(), &stands.sheets_missing().unwrap_or_else(|| "银行存款余额调节表都已复核".to_owned()), &sheet_leads(shelf, stands, accounts)))
            (point(stands.lines == 0, &if stands.lines == 0 { "银行流水都已核对".to_owned() } else { format!("有{}笔银行流水还没有核对", stands.lines) }, &lines))
            (point(stands.vouchers == 0, &if stands.vouchers == 0 { "提交的凭证都已记账".to_owned() } else { format!("有{}张凭证已提交、尚未记账", stands.vouchers) }, &one(format!("/console/vouchers?{}&state=submitted", shelf.query()), "去复核")))
            (point(stands.transit == 0, &if stands.transit == 0 { "没有超过期限的在途资金".to_owned() } else { format!("有{}笔在途资金超过期限仍未到账", stands.transit) }, &one("/console/transfers?state=departed".to_owned(), "去登记结果")))
            @if let Some(through) = stands.loans {
                @let met = stands.has_all_loan_days(period);
                (point(met, &if met { "期间内的贷款日终都已结账".to_owned() } else { format!("贷款日终只结到{through}，其后的日子和银行文件将记在下一期间") }, jobs))
            }
        }
    }
}

/// Asks for a reason, if something stands against the step.
fn reasoned(against: &[String], known: &Typed, label: &'static str) -> Markup {
    html! {
        @if !against.is_empty() {
            p { strong { "检查没有全部通过：" (against.join("；")) "。" } "请先办完；确实不能等的，写明原因。" }
            (Field::area(known, "reason", label).required().longest(500).hint("记入审计日志。"))
        }
    }
}

async fn show(officer: &Officer, code: Option<&str>, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let shelf = Shelf::named(officer, code).await?;
    let closed = officer.app.closing.closed(shelf.book.id, &officer.member).await?;
    let next = next_month(&closed);
    // December is locked with its year, which is looked at as a whole.
    let next = next
        .and_then(|(year, month, period)| Some((year, month, if month == 12 { Period::year(year)? } else { period })));
    let state = match next {
        Some((_, _, period)) => Some(officer.app.closing.standing(shelf.book.id, period, &officer.member).await?),
        None => None,
    };
    let accounts: Vec<String> = match &state {
        Some(stands) if !stands.sheets.is_empty() && officer.is(&app::bank::READERS) => {
            let rows = officer.app.bank.accounts(shelf.book.id, &officer.member).await?;
            rows.into_iter().map(|row| row.name).collect()
        }
        _ => Vec::new(),
    };
    let years = officer.app.closing.years(shelf.book.id, &officer.member).await?;
    let proposed = next.and_then(|(year, ..)| years.into_iter().find(|one| one.year == year)?.closing);
    let refused = |step: &str| (word == step).then_some(typed);
    let fresh = Typed::default();
    let to = |step: &str| format!("/console/closing/{}/{step}", encoded(&shelf.book.code));
    let day = |day: Option<BusinessDate>| html! { @match day { Some(day) => (day), None => "" } };
    let content = html! {
        (part::heading("结账与封存", &html! { span class="faint" { (shelf.book.name) } }))
        @if shelf.books.len() > 1 {
            (table::filter(&Asked::at("/console/closing"), &html! {
                label { "账套" select name="book" { @for book in &shelf.books {
                    option value=(book.code) selected[book.id == shelf.book.id] { (book.name) }
                } } }
            }))
        }
        (part::block("现在", &part::facts(&[
            ("已月结至", day(closed.book.locked_through)),
            ("不再记账的最后一日", day(closed.book.closed_through)),
            ("已封存至", html! { @if let Some(seal) = &closed.sealed { a href={ "/console/seals?" (shelf.query()) } { (seal.day) } } }),
            ("最后的凭证号", html! { @if let Some(seal) = &closed.sealed { "记-" (seal.last_number) } }),
            ("首笔记账日", day(closed.booked.map(|(first, _)| first))),
            ("末笔记账日", day(closed.booked.map(|(_, last)| last))),
        ])))
        @match (next, state) {
            (Some((year, month, period)), Some(stands)) => {
                @let against = stands.against(period);
                @let step = format!("month-{year}-{month}");
                @let over = period.last < officer.app.business.today();
                @let known = refused(&step).unwrap_or(&fresh);
                (part::block(&format!("下一个期间：{}", period_name(year, Some(month))), &html! {
                    @if closed.book.closed_through >= Some(period.last) {
                        p { strong { "这个期间的日子都已封存，不再接受凭证，但月份还没有锁定。" } "封存只说明每天对过账；月结还要看下面的各项。" }
                    }
                    (standing(officer, (&shelf, &accounts), &stands, period))
                    p { a href={ "/console/statements?" (shelf.query()) "&year=" (year) "&month=" (month) } { "先看这个月的报表" } }
                    // What still runs is locked by nobody: its last day may bring something yet.
                    @if !over {
                        p class="faint" { "期间到" (period.last) "才结束，" (period.last.next()) "起可以" @if month == 12 { "提出年终结转" } @else { "锁定" } "。" }
                    } @else if month == 12 {
                        p { "十二月随年度一起结账：请先看" a href={ "/console/statements?" (shelf.query()) "&year=" (year) "&month=&form=activities" } { "全年业务活动表" } "，再提出年终结转。" }
                        @let step = format!("year-{year}");
                        @let known = refused(&step).unwrap_or(&fresh);
                        @if let Some(one) = &proposed {
                            p { a href=(year_closing::path(one.id)) { (year) "年度年终结转" } " " (part::badge(words::proposal(one.state))) "，等待另一人决定。" }
                        } @else if officer.keeps(&MONTHLY, shelf.book.id) {
                            (Step {
                                name: &format!("提出{year}年度年终结转"),
                                will: "提出后由另一人决定（财务负责人或理事长）；同意即办理结转并锁定全年，不能撤销。",
                                to: &to(&step), grave: false, fields: html! {
                                    (part::new_id(known))
                                    (reasoned(&against, known, "仍要结转的原因"))
                                },
                            }.show(officer, refused(&step)))
                        } @else { p class="faint" { "由会计或财务负责人提出，另一人决定。" } }
                    } @else if officer.keeps(&MONTHLY, shelf.book.id) {
                        (Step {
                            name: &format!("锁定{}", period_name(year, Some(month))),
                            will: "之后不能再有记在这个月及以前的凭证：迟到的业务记在第一个未结账的日子，并保留发生日期；错误用红字冲销。不产生分录，不能解除。",
                            to: &to(&step), grave: true, fields: html! {
                                (reasoned(&against, known, "仍要锁定的原因"))
                            },
                        }.show(officer, refused(&step)))
                    } @else { p class="faint" { "由会计或财务负责人办理。" } }
                }))
            }
            _ => (part::nothing_here("这个账套还没有记账，没有可以结账的期间。")),
        }
        p class="faint" { "封存与月结是两件事：月份由财务检查后锁定，日子封存了也要月结；一至十一月没有锁定，年终结转不能办理。对账完成的日子由系统自动封存：凭证得到连续的编号，当天所有凭证的哈希连成一个公开的封条，任何人都能验证账簿此后没有改动。" }
    };
    Ok(officer.shown("结账与封存", &[("/console", "工作台")], &content, typed))
}

/// How far a book is closed, and what comes next.
#[handler]
pub(super) async fn get_closing(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    show(&officer, asked.get("book"), "", &Typed::default()).await
}

/// Locks a month or proposes to end a year: `month-2026-3`, `year-2026`. Named, so that a page that was left open does not close the next one.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((code, word)): Path<(String, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let shelf = Shelf::named(&officer, Some(&code)).await?;
    let none = || Problem::not_found("no_such_period", "没有这个会计期间。");
    let taken: Result<String, Problem> = async {
        let (closing, by) = (&officer.app.closing, &officer.member);
        let parts: Vec<&str> = word.split('-').collect();
        match parts.as_slice() {
            ["month", year, month] => {
                let (year, month) = (year.parse::<i32>(), month.parse::<u8>());
                let (year, month) = (year.map_err(|_| none())?, month.map_err(|_| none())?);
                let period = Period::month(year, month).ok_or_else(none)?;
                closing.close_month(shelf.book.id, period, form.given("reason"), by).await?;
                Ok(format!("已锁定{}。", period_name(year, Some(month))))
            }
            ["year", year] => {
                let year = year.parse::<i32>().map_err(|_| none())?;
                let mut check = form.check();
                let id = check.id("id");
                check.done()?;
                let reason = form.given("reason").map(str::to_owned);
                let new = NewClosing { id, book: shelf.book.id, year, reason };
                closing.propose_year(new, by).await?;
                Ok(format!("已提出{year}年度年终结转，请另一人决定。"))
            }
            _ => Err(none()),
        }
    }
    .await;
    match taken {
        Ok(said) => Ok(officer.done(&said, &path(&shelf.book.code))),
        Err(refused) => show(&officer, Some(&code), &word, &Typed::refused(&form, refused)).await,
    }
}

/// The seals of a book, newest first.
#[handler]
pub(super) async fn get_seals(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer, &asked).await?;
    let before = asked.read::<BusinessDate>("after")?;
    let mut rows = officer.app.closing.seals(&shelf.book.code, before, asked.limit()).await?;
    let shown = if asked.file().is_some() { table::MOST } else { usize::try_from(ROWS).unwrap_or(usize::MAX) };
    let more = rows.len() > shown;
    rows.truncate(shown);
    let next = rows.last().filter(|_| more).map(|row| row.day.to_string());
    let columns =
        [column("日期"), column("凭证号"), numbers("张数"), column("当日树根"), column("封条"), column("封存时间")];
    let short = |hash: &[u8]| {
        let whole = hex::encode(hash);
        let start = whole.get(..16).unwrap_or(&whole).to_owned();
        Cell::shown(html! { span class="code" title=(whole) { (start) "…" } }, whole.clone())
    };
    let table = Table::new(format!("{}日封存", shelf.book.name), &columns, "还没有封存的日子。");
    let table = table
        .whole(rows.iter().map(|row| {
            let count = row.last_number - row.first_number + 1;
            let range = if count > 0 {
                format!("记-{} 至 记-{}", row.first_number, row.last_number)
            } else {
                "无".to_owned()
            };
            vec![
                Cell::link(
                    &format!("/console/reconciliation/{}/{}", encoded(&shelf.book.code), row.day),
                    row.day.to_string(),
                ),
                Cell::text(range),
                Cell::number(count),
                short(&row.tree_head),
                short(&row.seal),
                Cell::at(row.sealed_us),
            ]
        }))
        .then(next);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let content = html! {
        (part::heading("日封存", &html! { span class="faint" { (shelf.book.name) } }))
        (table.show(&asked))
    };
    Ok(officer.page("日封存", &[(path(&shelf.book.code).as_str(), "结账与封存")], &content).into_response())
}
