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
use super::{entry, words};
use crate::console::donation::amount;
use crate::console::people::{Names, why_not};
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

/// Where a break stands.
const STATES: [&str; 3] = ["open", "resolved", "cleared"];
/// On whose desk it is.
const DESKS: [&str; 2] = ["cashier", "bookkeeper"];

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
    let (item, amount) = (text("item"), amount(&asked)?);
    asked.among("state", &STATES)?;
    asked.among("owner", &DESKS)?;
    asked.among("class", &words::classes().iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>())?;
    // What is open is what there is to do; who names a thing wants it wherever it stands.
    let named = item.is_some() || amount.is_some() || asked.names("state");
    let wanted = BreakSearch {
        state: if named { text("state") } else { Some("open".to_owned()) },
        class: text("class"),
        owner: text("owner"),
        book: (shelf.books.len() > 1 && asked.get("book").is_some()).then_some(shelf.book.id),
        day: asked.read::<BusinessDate>("day")?,
        item,
        amount,
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
            Cell::text(words::item(&row.item)),
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
    let states = STATES.map(|state| (state.to_owned(), words::break_state(state).0.to_owned()));
    let desks = DESKS.map(|desk| (desk.to_owned(), words::desk(desk).to_owned()));
    let content = html! {
        (part::heading("差错", &html! { a class="button" href="/console/reconciliation" { "对账日历" } }))
        (table::filter(&asked, &html! {
            (shelf.choice_or_all(&asked))
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
            (table::filter_text(&asked, "amount", "金额或差额（元）"))
        }))
        (table.show(&asked))
    };
    Ok(officer.page("差错", &[("/console", "工作台")], &content).into_response())
}

/// Where the books have what a break is about, and what stands there; nothing where they have nothing.
async fn in_books(officer: &Officer, row: &discrepancy::Model) -> Result<Option<(String, &'static str)>, PageError> {
    if row.contract_id.is_some() && !row.item.starts_with("loan_event:") {
        return Ok(None);
    }
    if row.suspense {
        return Ok(Some((entry::path(&format!("suspense:{}", row.item)), "记入待查款的凭证")));
    }
    if let Some(donation) = row.donation_id {
        let reference = format!("donation:{donation}");
        let found = officer.app.books.entry(&reference).await.map_err(app::books::BooksError::Db)?;
        return Ok(found.map(|_| (entry::path(&reference), "捐赠的凭证")));
    }
    let number = app::breaks::entry_number(&row.item);
    let found = officer.app.books.find(&number, &officer.member).await?;
    let search = || (format!("/console/entries?q={}", encoded(&number)), "按单号查到的凭证");
    Ok((!found.is_empty()).then(search))
}

/// Where the entry is that carrying out a resolution booked, and what stands there; nothing if it booked none.
async fn booked(
    officer: &Officer,
    row: &discrepancy::Model,
    one: &resolution::Model,
) -> Result<Option<(String, &'static str)>, PageError> {
    let books = &officer.app.books;
    let references = match (one.choice, app::breaks::loan_references(row, one)) {
        (ResolutionChoice::Correct | ResolutionChoice::Explain, _) => return Ok(None),
        (ResolutionChoice::Gift | ResolutionChoice::General, _) => vec![format!("donation:{}", one.id)],
        (ResolutionChoice::Return, _) => vec![format!("suspense_returned:{}", one.id)],
        (ResolutionChoice::Follow, Some(references)) => references.to_vec(),
        (ResolutionChoice::Follow, None) => {
            let number = app::breaks::entry_number(&row.item);
            let found = books.find(&number, &officer.member).await?;
            // A payment that was settled is booked under its gift, which the search knows by the channel's number.
            let (page, word) =
                if found.is_empty() { ("search", "查看这笔支付") } else { ("entries", "查看凭证") };
            return Ok(Some((format!("/console/{page}?q={}", encoded(&number)), word)));
        }
    };
    for reference in references {
        if books.entry(&reference).await.map_err(app::books::BooksError::Db)?.is_some() {
            return Ok(Some((entry::path(&reference), "查看凭证")));
        }
    }
    Ok(None)
}

/// What each side has of it: the channel or the bank, and the books.
fn both_sides(officer: &Officer, row: &discrepancy::Model, in_books: Option<&(String, &'static str)>) -> Markup {
    use BreakClass as C;
    let none = || html! { span class="faint" { "没有" } };
    let amount = || part::yuan(row.amount_fen);
    let expected = || html! { @match row.expected_fen { Some(fen) => (part::yuan(fen)), None => (none()) } };
    // What is held in suspense is in the books as it came, whatever its order asked for.
    let held = || {
        let order = row.expected_fen.filter(|order| *order != row.amount_fen);
        let word = if row.state == "open" { "（记在待查款）" } else { "（曾记在待查款）" };
        html! { (amount()) (word) @if let Some(order) = order { "；订单金额 " (part::yuan(order)) } }
    };
    let (theirs, ours) = match words::break_class(&row.class) {
        _ if row.suspense => (amount(), held()),
        Some(C::MissingThere | C::RefundMissingThere | C::DuplicateHere) => (expected(), amount()),
        // How much, stands in its own words: there is no figure in yuan.
        Some(C::Currency) => {
            (html! { "外币，见上" }, html! { @if row.expected_fen.is_some() { "订单金额 " } (expected()) })
        }
        Some(
            C::MissingHere
            | C::Amount
            | C::Fee
            | C::Status
            | C::DuplicateThere
            | C::RefundMissingHere
            | C::RefundAmount
            | C::SettlementAmount
            | C::PaidAfterClose
            | C::PaidTwice
            | C::UnknownLine
            | C::Loan(_),
        )
        | None => (amount(), expected()),
    };
    html! {
        div class="pair" {
            (part::block("账单（微信或银行）", &part::facts(&[
                ("金额", theirs),
                ("单号", html! { span class="code" { (words::item(&row.item)) } }),
                ("账单日", html! { (row.day) }),
            ])))
            (part::block("账本", &part::facts(&[
                ("金额", ours),
                ("凭证", html! { @if let Some((path, word)) = in_books { a href=(path) { (word) } } }),
                ("贷款", html! { @if let Some(contract) = row.contract_id.filter(|_| officer.is(&::lending::CONTRACT_READERS)) { a href={ "/console/loans/" (contract) } { "查看贷款" } } }),
                ("捐赠", html! { @if let Some(donation) = row.donation_id { a href={ "/console/donations/" (donation) } { "查看捐赠" } } }),
            ])))
        }
    }
}

/// A way out of a break, and the lines it would book: debit, credit, amount.
struct Offer {
    choice: ResolutionChoice,
    /// What it will do, in a sentence.
    will: &'static str,
    lines: Vec<(String, String, Money)>,
}

/// The lines that a way out would book.
fn entry_lines(lines: &[(String, String, Money)]) -> Markup {
    html! {
        @for (debit, credit, amount) in lines {
            br; span class="faint" { "借 " (debit) "，贷 " (credit) "，" } (part::yuan(*amount))
        }
    }
}

/// The ways out that there are for a break.
async fn offers(officer: &Officer, id: BreakId) -> Result<Vec<Offer>, PageError> {
    let ways = officer.app.breaks.ways(id, &officer.member, &app::books::READERS).await?;
    let postings = ways.iter().filter_map(|way| way.entry.as_ref()).flat_map(|entry| entry.postings());
    let ids: Vec<AccountId> = postings.flat_map(|line| [line.debit.id(), line.credit.id()]).collect();
    let named = officer.app.books.named(ids).await?;
    let all: Vec<&NamedAccount> = named.values().collect();
    let names = CampaignNames::of(officer, &all).await?;
    let titles = officer.app.books.titles(&officer.member).await?;
    // An account comes into being with its first line; until then it is called by what it will be.
    let unborn = |account: &Account| {
        let title = titles.get(account.subject().code()).map(String::as_str).unwrap_or_default();
        let campaign = account.campaign().and_then(|id| names.name(id));
        app::books::words::unborn(account, title, campaign)
    };
    let name = |account: &Account| named.get(&account.id()).map_or_else(|| unborn(account), |one| names.account(one));
    let lines = |entry: &Entry| {
        entry.postings().iter().map(|line| (name(&line.debit), name(&line.credit), line.amount)).collect()
    };
    let will = |way: &Way| match way.choice {
        ResolutionChoice::Follow if way.of_loan => words::will_follow_bank(way.recorded, way.entry.is_some()),
        choice => words::will_book(choice),
    };
    let offer = |way: &Way| Offer {
        choice: way.choice,
        will: will(way),
        lines: way.entry.as_ref().map(lines).unwrap_or_default(),
    };
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
                        span class="faint" { (way.will) }
                        (entry_lines(&way.lines))
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

/// What agreeing will book, for whoever decides: the very lines that were offered to whoever proposed it.
fn will_book(ways: &[Offer], choice: ResolutionChoice) -> Markup {
    let way = ways.iter().find(|way| way.choice == choice);
    html! {
        p {
            @match way {
                Some(way) if way.lines.is_empty() => (way.will),
                Some(way) => { strong { "将要记的分录" } (entry_lines(&way.lines)) }
                None => span class="faint" { "账上或对方的数据此后又有变动，这个办法现在没有可记的分录；请核对后决定，或不同意后重新提出。" }
            }
        }
    }
}

fn steps(
    officer: &Officer,
    (row, others): (&resolution::Model, &[resolution::Model]),
    ways: &[Offer],
    (word, typed): (&str, &Typed),
) -> Markup {
    let will =
        ways.iter().find(|way| way.choice == row.choice).map_or_else(|| words::will_book(row.choice), |way| way.will);
    let to = |step: &str| format!("/console/resolutions/{}/{step}", row.id);
    let refused = |step: &str| (word == step).then_some(typed);
    let fresh = Typed::default();
    let own = row.author_id == officer.id();
    // While another way waits for its decision, the return that failed stays as it is.
    let alone = !others.iter().any(|one| one.state.is_taken());
    html! {
        div class="steps" {
            @if row.state == ResolutionState::Proposed && officer.is(&DECIDERS) {
                @if own {
                    p class="faint" { "这是您自己提出的，须由另一人决定。" }
                } @else {
                    (Step { name: "同意", will: &format!("同意“{}”。{will}", words::choice(row.choice)), to: &to("approval"), grave: false, fields: nothing() }.show(officer, refused("approval")))
                    (Step { name: "不同意", will: "这份意见作废，不记账；可以再提别的意见。", to: &to("decline"), grave: false, fields: part::why(refused("decline")) }.show(officer, refused("decline")))
                }
            }
            @if row.state == ResolutionState::Failed && alone && officer.is(&SENDERS) {
                (Step { name: "重新发起退回", will: "会先再问一次微信，以免重复退款；然后用新的退款单号再发起一次。", to: &to("retry"), grave: false, fields: nothing() }.show(officer, refused("retry")))
            }
            @if row.state == ResolutionState::Failed && alone && officer.is(&[Role::FinanceHead]) && !own {
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
    let said = why_not(officer, resolutions.iter().map(|one| format!("resolution:{}", one.id))).await?;
    let pending = resolutions.iter().any(|one| one.state.is_taken());
    let failed = resolutions.iter().any(|one| one.state == ResolutionState::Failed);
    let may_propose = row.state == "open" && !pending && officer.keeps(&PROPOSERS, row.book_id);
    let proposed = resolutions.iter().any(|one| one.state == ResolutionState::Proposed);
    let ways = if may_propose || proposed { offers(officer, id).await? } else { Vec::new() };
    let in_books = in_books(officer, &row).await?;
    // One at most is carried out.
    let done = resolutions.iter().find(|one| one.state == ResolutionState::Done);
    let booked = match done {
        Some(one) => booked(officer, &row, one).await?,
        None => None,
    };
    let now = officer.app.business.now();
    let title = words::class(&row.class).to_owned();
    let content = html! {
        (part::heading(&title, &html! { (part::badge(words::break_state(&row.state))) }))
        p { (words::told(&row.detail)) }
        @if let Some(because) = &row.cleared_because { p { "已消除：" (because) "。" } }
        @if let Some(gone) = row.gone_us { p { "银行自" (part::at(gone)) "起不再报这一差额；此后再报，另列差错。" } }
        (both_sides(officer, &row, in_books.as_ref()))
        (part::block("建议", &html! {
            p { strong { (row.proposal) } }
            (part::facts(&[
                ("办理岗位", html! { (words::desk(&row.owner)) }),
                ("发现时间", part::at(row.created_us)),
                ("已有天数", html! { @if row.state == "open" { (age_days(&row, now)) "天" } }),
                ("资金", html! { @if !row.suspense { "不占用资金" } @else if row.state == "open" { "记在 2209 待查款" } @else { "已转出 2209 待查款" } }),
            ]))
            @if may_propose && failed && ways.is_empty() {
                p class="faint" { "微信未能退回：可以重新发起退回，或由银行退回。" }
            }
            @else if may_propose { div class="steps" { (propose(officer, &row, &ways, typed, word == "proposal")) } }
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
                        (part::refusal(said.get(&format!("resolution:{}", one.id))))
                        @if let Some(error) = &one.last_error { p class="fault" { (error) } }
                        @if one.state == ResolutionState::Done {
                            @match &booked {
                                Some((path, word)) => p { a href=(path) { (word) } },
                                None => p class="faint" { "没有产生凭证。" }
                            }
                        }
                        @if one.state == ResolutionState::Proposed { (will_book(&ways, one.choice)) }
                        (steps(officer, (one, &resolutions), &ways, (word, typed)))
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
            "decline" => {
                let mut check = form.check();
                let decision = check.decision(false);
                check.done()?;
                breaks.decide(id, decision, by).await.map(|_| "已记为不同意。")?
            }
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
