//! Breaks (差错): a list of work, both sides of one, and what two persons do about it.

use app::breaks::{BreakSearch, NewResolution, Way};
use app::problem::Problem;
use domain::reconciliation::BreakClass;
use domain::resolution::{ResolutionChoice, ResolutionState};
use domain::role::Role;
use domain::{AccountId, BreakId, BusinessDate, Money, ResolutionId, Timestamp};
use entity::{discrepancy, resolution};
use ledger::{Account, Entry, NamedAccount};
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::shelf::{CampaignNames, Shelf};
use super::words;
use crate::console::people::Names;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{self, Officer, encoded, nothing};
use crate::table::{self, Asked, Cell, Table, column, numbers};
use crate::words as all_words;

/// Who proposes.
const PROPOSERS: [Role; 2] = [Role::Cashier, Role::Bookkeeper];
/// Who decides.
const DECIDERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
/// Who sends a return again.
const SENDERS: [Role; 3] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead];

/// The path of a break.
pub(super) fn path(id: BreakId) -> String {
    format!("/console/breaks/{id}")
}

/// How many days a break has been open.
pub(super) fn age_days(row: &discrepancy::Model, now: Timestamp) -> i64 {
    ((now.seconds() - row.created_us.seconds()) / 86_400).max(0)
}

/// The breaks that wait, or those that are looked for.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let shelf = Shelf::of(&officer, &asked).await?;
    let text = |name: &str| asked.get(name).map(str::to_owned);
    let item = text("item");
    // What is open is what there is to do; who names a thing wants it wherever it stands.
    let named = item.is_some() || asked.names("state");
    let wanted = BreakSearch {
        state: if named { text("state") } else { Some("open".to_owned()) },
        class: text("class"),
        owner: text("owner"),
        book: (shelf.books.len() > 1 && asked.get("book").is_some()).then_some(shelf.book.id),
        day: asked.read::<BusinessDate>("day"),
        item,
    };
    let whose = (&officer.member, &app::books::READERS[..]);
    let rows = officer.app.breaks.worklist(whose, &wanted, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let now = officer.app.business.now();
    let columns = [
        column("类别"),
        column("状态"),
        column("对象"),
        numbers("金额"),
        numbers("账上"),
        column("办理"),
        column("账单日"),
        numbers("天数"),
    ];
    let cells = |row: discrepancy::Model| {
        let lead = path(row.id);
        vec![
            Cell::link(&lead, words::class(&row.class)),
            Cell::badge(words::break_state(&row.state)),
            Cell::text(row.item.clone()),
            Cell::yuan_of(row.amount_fen, &lead),
            Cell::or_none(row.expected_fen, Cell::yuan),
            Cell::text(words::desk(&row.owner)),
            Cell::day(row.day),
            Cell::number(age_days(&row, now)),
        ]
    };
    let table = Table::new("差错", &columns, "没有这样的差错。").page(&asked, rows, |row| row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, &asked));
    }
    let states: Vec<(String, String)> = ["open", "resolved", "cleared"]
        .into_iter()
        .map(|state| (state.to_owned(), words::break_state(state).0.to_owned()))
        .collect();
    let desks: Vec<(String, String)> =
        ["cashier", "bookkeeper"].into_iter().map(|desk| (desk.to_owned(), words::desk(desk).to_owned())).collect();
    let content = html! {
        (part::heading("差错", &html! { a class="button" href="/console/reconciliation" { "对账日历" } }))
        (table::filter(&asked, &html! {
            (shelf.choice(&asked))
            label {
                "状态"
                select name="state" {
                    option value="" { "全部" }
                    @for (key, word) in &states { option value=(key) selected[wanted.state.as_deref() == Some(key)] { (word) } }
                }
            }
            (table::filter_choice(&asked, "class", "类别", &words::classes()))
            (table::filter_choice(&asked, "owner", "办理岗位", &desks))
            label { "账单日" input type="date" name="day" value=[asked.get("day")]; }
            (table::filter_text(&asked, "item", "单号"))
        }))
        (table.show(&asked))
    };
    Ok(officer.page("差错", &[("/console", "工作台")], &content).into_response())
}

/// What each side has of it: the channel or the bank, and the books.
fn both_sides(row: &discrepancy::Model) -> Markup {
    use BreakClass as C;
    let none = || html! { span class="faint" { "没有" } };
    let amount = || part::yuan(row.amount_fen);
    let expected = || html! { @match row.expected_fen { Some(fen) => (part::yuan(fen)), None => (none()) } };
    let (theirs, ours) = match words::break_class(&row.class) {
        Some(C::MissingThere | C::RefundMissingThere | C::DuplicateHere) => (expected(), amount()),
        Some(C::PaidAfterClose | C::PaidTwice) => (amount(), html! { (amount()) "（记在待查款）" }),
        Some(
            C::MissingHere
            | C::Amount
            | C::Fee
            | C::Status
            | C::DuplicateThere
            | C::RefundMissingHere
            | C::RefundAmount
            | C::SettlementAmount
            | C::UnknownLine
            | C::Loan(_),
        )
        | None => (amount(), expected()),
    };
    let search = format!("/console/entries?q={}", encoded(&row.item));
    let suspense = format!("/console/entry?reference=suspense%3A{}", encoded(&row.item));
    html! {
        div class="pair" {
            (part::block("账单（微信或银行）", &part::facts(&[
                ("金额", theirs),
                ("单号", html! { span class="code" { (row.item) } }),
                ("账单日", html! { (row.day) }),
            ])))
            (part::block("账本", &part::facts(&[
                ("金额", ours),
                ("凭证", html! {
                    @if row.suspense { a href=(suspense) { "记入待查款的凭证" } }
                    @else if let Some(donation) = row.donation_id { a href={ "/console/entry?reference=donation%3A" (donation) } { "捐赠的凭证" } }
                    @else { a href=(search) { "按单号查凭证" } }
                }),
                ("捐赠", html! { @if let Some(donation) = row.donation_id { a href={ "/console/donations/" (donation) } { "查看捐赠" } } }),
            ])))
        }
    }
}

/// A way out of a break, and the lines it would book: debit, credit, amount.
struct Offer {
    choice: ResolutionChoice,
    lines: Vec<(String, String, Money)>,
}

/// The ways out that there are for a break.
async fn offers(officer: &Officer, id: BreakId) -> Result<Vec<Offer>, PageError> {
    let ways = officer.app.breaks.ways(id, &officer.member, &app::books::READERS).await?;
    let postings = ways.iter().filter_map(|way| way.entry.as_ref()).flat_map(|entry| entry.postings());
    let ids: Vec<AccountId> = postings.flat_map(|line| [line.debit.id(), line.credit.id()]).collect();
    let named = officer.app.books.named(ids).await?;
    let all: Vec<&NamedAccount> = named.values().collect();
    let names = CampaignNames::of(officer, &all).await?;
    // An account comes into being with its first line; until then it has its own name only.
    let name = |account: &Account| named.get(&account.id()).map_or_else(|| account.name(), |one| names.account(one));
    let lines = |entry: &Entry| {
        entry.postings().iter().map(|line| (name(&line.debit), name(&line.credit), line.amount)).collect()
    };
    let offer = |way: &Way| Offer { choice: way.choice, lines: way.entry.as_ref().map(lines).unwrap_or_default() };
    Ok(ways.iter().map(offer).collect())
}

fn propose(officer: &Officer, row: &discrepancy::Model, ways: &[Offer], typed: &Typed, refused: bool) -> Markup {
    let chosen = typed.form().get("choice");
    let only = ways.len() == 1;
    let fields = html! {
        (part::new_id(typed))
        fieldset {
            legend { "怎样处理" }
            @for way in ways {
                @let key = all_words::key(way.choice);
                div class="tick" {
                    input id={ "choice-" (key) } type="radio" name="choice" value=(key) required checked[only || chosen == key];
                    label for={ "choice-" (key) } {
                        strong { (words::choice(way.choice)) } br;
                        span class="faint" { (words::will_book(way.choice)) }
                        @for (debit, credit, amount) in &way.lines {
                            br; span class="faint" { "借 " (debit) "，贷 " (credit) "，" } (part::yuan(*amount))
                        }
                    }
                }
            }
            @if let Some(fault) = typed.fault("choice") { p class="fault" { (fault) } }
        }
        (Field::area(typed, "reason", "原因").required().longest(500).hint("查明的情况和依据，给决定的人看，也留给审计。"))
    };
    let to = format!("{}/proposal", path(row.id));
    let step = Step {
        name: "提出处理意见",
        will: "提出后由另一人（会计或财务负责人）决定；在此之前不记账。",
        to: &to,
        grave: false,
        fields,
    };
    step.show(officer, refused.then_some(typed))
}

fn steps(officer: &Officer, row: &resolution::Model, word: &str, typed: &Typed) -> Markup {
    let to = |step: &str| format!("/console/resolutions/{}/{step}", row.id);
    let refused = |step: &str| (word == step).then_some(typed);
    let fresh = Typed::default();
    let own = row.author_id == officer.id();
    html! {
        div class="steps" {
            @if row.state == ResolutionState::Proposed && officer.is(&DECIDERS) {
                @if own {
                    p class="faint" { "这是您自己提出的，须由另一人决定。" }
                } @else {
                    (Step { name: "同意", will: &format!("同意“{}”。{}", words::choice(row.choice), words::will_book(row.choice)), to: &to("approval"), grave: false, fields: nothing() }.show(officer, refused("approval")))
                    (Step { name: "不同意", will: "这份意见作废，不记账；可以再提别的意见。", to: &to("decline"), grave: false, fields: nothing() }.show(officer, refused("decline")))
                }
            }
            @if row.state == ResolutionState::Failed && officer.is(&SENDERS) {
                (Step { name: "重新发起退回", will: "将用新的退款单号再向微信发起一次。", to: &to("retry"), grave: false, fields: nothing() }.show(officer, refused("retry")))
            }
            @if row.state == ResolutionState::Failed && officer.is(&[Role::FinanceHead]) && !own {
                (Step { name: "已由银行退回", will: "说明这笔款已由银行账户退给付款人；会先再问一次微信，以免重复退款。记账：借 2209 待查款，贷 1002 银行存款。", to: &to("bank-payment"), grave: true, fields: html! {
                    (Field::text(refused("bank-payment").unwrap_or(&fresh), "bank_account", "付款的银行账户简称").required().longest(40))
                } }.show(officer, refused("bank-payment")))
            }
        }
    }
}

async fn show(officer: &Officer, id: BreakId, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let (breaks, by) = (&officer.app.breaks, &officer.member);
    let row = breaks.shown(id, by, &app::books::READERS).await?;
    let resolutions = breaks.resolutions(id, by, &app::books::READERS).await?;
    let people = resolutions.iter().flat_map(|one| [Some(one.author_id), one.approver_id, one.approver_for_id]);
    let names = Names::of(officer, people.flatten()).await?;
    let pending = resolutions.iter().any(|one| one.state != ResolutionState::Declined);
    let may_propose = row.state == "open" && !pending && officer.is(&PROPOSERS);
    let ways = if may_propose { offers(officer, id).await? } else { Vec::new() };
    let now = officer.app.business.now();
    let title = words::class(&row.class).to_owned();
    let content = html! {
        (part::heading(&title, &html! { (part::badge(words::break_state(&row.state))) }))
        p { (row.detail) }
        (both_sides(&row))
        (part::block("建议", &html! {
            p { strong { (row.proposal) } }
            (part::facts(&[
                ("办理岗位", html! { (words::desk(&row.owner)) }),
                ("发现时间", part::at(row.created_us)),
                ("已有天数", html! { @if row.state == "open" { (age_days(&row, now)) "天" } }),
                ("资金", html! { @if row.suspense { "记在 2209 待查款" } @else { "不占用资金" } }),
            ]))
            @if may_propose { div class="steps" { (propose(officer, &row, &ways, typed, word == "proposal")) } }
            @else if row.state == "open" && !pending { p class="faint" { "由出纳或会计提出处理意见。" } }
        }))
        @if !resolutions.is_empty() {
            (part::block("处理经过", &html! {
                @for one in &resolutions {
                    article class="update" {
                        p { (part::badge(words::resolution(one.state))) " " strong { (words::choice(one.choice)) } "：" (one.reason) }
                        p class="faint" {
                            (names.name(one.author_id)) "于" (part::at(one.created_us)) "提出"
                            @if let (Some(approver), Some(at)) = (one.approver_id, one.decided_us) {
                                "；" (names.name(approver)) @if one.approver_for_id.is_some() { "（代" (names.maybe(one.approver_for_id)) "）" } "于" (part::at(at)) "决定"
                            }
                        }
                        @if let Some(error) = &one.last_error { p class="fault" { (error) } }
                        @if one.state == ResolutionState::Done {
                            @match one.choice {
                                ResolutionChoice::Gift => p { a href={ "/console/entry?reference=donation%3A" (one.id) } { "查看凭证" } },
                                ResolutionChoice::Return => p { a href={ "/console/entry?reference=suspense_returned%3A" (one.id) } { "查看凭证" } },
                                ResolutionChoice::Follow => p { a href={ "/console/entries?q=" (encoded(&app::breaks::entry_number(&row.item))) } { "查看凭证" } },
                                ResolutionChoice::Correct | ResolutionChoice::Explain => {}
                            }
                        }
                        (steps(officer, one, word, typed))
                    }
                }
            }))
        }
    };
    Ok(officer.shown(&title, &[("/console/breaks", "差错")], &content, typed))
}

/// One break.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<BreakId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default()).await
}

/// The break of a resolution.
#[handler]
pub(super) async fn get_resolution(officer: Officer, Path(id): Path<ResolutionId>) -> Result<Response, PageError> {
    officer.must_be(&app::books::READERS)?;
    let row = officer.app.breaks.get(id).await?;
    Ok(session::see_other(&path(row.break_id)))
}

/// Proposes a way out.
#[handler]
pub(super) async fn post_propose(officer: Officer, Path(id): Path<BreakId>, form: Form) -> Result<Response, PageError> {
    let proposed: Result<(), Problem> = async {
        let mut check = form.check();
        let (new_id, reason) = (check.id("id"), check.text("reason"));
        let choice = check.choice::<all_words::Key<ResolutionChoice>>("choice");
        check.done()?;
        let choice = choice.map(|key| key.0).ok_or_else(|| Problem::field("choice", "请选择"))?;
        officer.app.breaks.propose(NewResolution { id: new_id, of: id, choice, reason }, &officer.member).await?;
        Ok(())
    }
    .await;
    match proposed {
        Ok(()) => Ok(officer.done("已提出，待另一人决定。", &path(id))),
        Err(refused) => show(&officer, id, "proposal", &Typed::refused(&form, refused)).await,
    }
}

/// A step of a resolution.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(ResolutionId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (breaks, by) = (&officer.app.breaks, &officer.member);
    officer.must_be(&SENDERS)?;
    let of = breaks.get(id).await?.break_id;
    let taken: Result<&str, Problem> = async {
        Ok(match word.as_str() {
            "approval" => breaks.decide(id, true, by).await.map(|_| "已同意。")?,
            "decline" => breaks.decide(id, false, by).await.map(|_| "已记为不同意。")?,
            "retry" => breaks.retry(id, by).await.map(|_| "将重新发起退回。")?,
            "bank-payment" => {
                let mut check = form.check();
                let account = check.text("bank_account");
                check.done()?;
                breaks.paid_by_bank(id, &account, by).await.map(|_| "已记为由银行退回。")?
            }
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        })
    }
    .await;
    match taken {
        Ok(said) => Ok(officer.done(said, &path(of))),
        Err(refused) => show(&officer, of, &word, &Typed::refused(&form, refused)).await,
    }
}
