//! The end of a year (年终结转) as it was proposed: what stood against it, why it is ended all the same, and what the second person decides.

use app::closing::{Ending, Moved, NetAssets, taken_back, unmet};
use app::problem::Problem;
use domain::proposal::ProposalState;
use domain::role::Role;
use domain::{BusinessDate, Money, YearClosingId};
use entity::year_closing;
use maud::{Markup, html};
use poem::web::Path;
use poem::{Response, handler};

use super::{entry, ledger, words};
use crate::console::people::{Names, why_not};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, encoded, nothing};
use crate::table::{Cell, Table, column, numbers};

const PROPOSERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
const DECIDERS: [Role; 2] = [Role::FinanceHead, Role::Chair];

pub(super) fn path(id: YearClosingId) -> String {
    format!("/console/year-closings/{id}")
}

/// How many accounts stand open; more are unfolded by whoever looks at each.
const SEEN: usize = 40;

/// A balance with the side it stands on.
fn side(net: Money) -> Cell {
    let amount = part::grouped(Money::from_fen(net.fen().saturating_abs()));
    let text = match net.fen() {
        0 => return Cell::yuan(Money::ZERO),
        1.. => format!("借 {amount}"),
        _ => format!("贷 {amount}"),
    };
    Cell::shown(html! { span class="solid" { (text) } }, text)
}

/// What agreeing will book or has booked, account by account, and what becomes of the net assets. Amounts lead to the accounts for whoever reads
/// the books.
fn will_book(officer: &Officer, row: &year_closing::Model, code: &str, ending: &Ending) -> Markup {
    let reads = officer.is(&app::books::READERS);
    let last = i32::try_from(row.year).ok().and_then(|year| BusinessDate::new(year, 12, 31));
    let named = |one: &Moved| match (one.id, last) {
        (Some(id), Some(last)) if reads => Cell::link(&ledger::whole_path(id, last), one.name.clone()),
        _ => Cell::text(one.name.clone()),
    };
    let moved = |amount: Money| if amount.is_positive() { Cell::yuan(amount) } else { Cell::none() };
    let after = |one: &Moved| Money::from_fen(one.before.fen() + one.debit.fen() - one.credit.fen());
    let columns = [column("账户"), numbers("办理前余额"), numbers("借方"), numbers("贷方"), numbers("办理后余额")];
    let lines = ending
        .accounts
        .iter()
        .map(|one| vec![named(one), side(one.before), moved(one.debit), moved(one.credit), side(after(one))]);
    let table = Table::new("结转分录", &columns, "没有需要结转的余额，只锁定全年。").whole(lines);
    let sum = |of: fn(&Moved) -> Money| Money::checked_sum(ending.accounts.iter().map(of)).unwrap_or(Money::MAX);
    let both = |of: fn(&NetAssets) -> Money| {
        of(&ending.unrestricted).checked_add(of(&ending.restricted)).unwrap_or(Money::MAX)
    };
    let subject = |code_of: &str, name: &str| {
        let lead = format!("/console/ledger?book={}&subjects={code_of}&day={}-12-31", encoded(code), row.year);
        if reads { Cell::link(&lead, name) } else { Cell::text(name) }
    };
    let net = |name: Cell, before: Money, after: Money| {
        let change = Money::from_fen(after.fen() - before.fen());
        vec![name, Cell::yuan(before), Cell::yuan(change), Cell::yuan(after)]
    };
    let (free, bound) = (ending.unrestricted, ending.restricted);
    let sums = Table::new("净资产", &[column("净资产"), numbers("办理前"), numbers("变动"), numbers("办理后")], "")
        .whole([
            net(subject("3101", "3101 非限定性净资产"), free.before, free.after),
            net(subject("3102", "3102 限定性净资产"), bound.before, bound.after),
            net(Cell::text("合计"), both(|one| one.before), both(|one| one.after)),
        ]);
    let ended = row.state == ProposalState::Approved;
    part::block(
        if ended { "已记的结转分录" } else { "同意后将要记的分录" },
        &html! {
            p {
                @if !ended { "按现在的账簿计算，" }
                "都记在" (row.year) "年12月31日：借方合计" (part::yuan(sum(|one| one.debit))) "元，贷方合计" (part::yuan(sum(|one| one.credit))) "元。"
                @if !ended { "决定前账簿又有变动的，以办理时为准。" }
            }
            (sums.plain())
            details open[ending.accounts.len() <= SEEN] { summary { "各账户（" (ending.accounts.len()) "个）" } (table.plain()) }
            @if reads { p {
                a href={ "/console/ledger?book=" (encoded(code)) "&day=" (row.year) "-12-31" } { "年末科目余额" } " · "
                a href={ "/console/statements?book=" (encoded(code)) "&year=" (row.year) "&month=&form=activities" } { "全年业务活动表" }
            } }
        },
    )
}

async fn show(officer: &Officer, id: YearClosingId, word: &str, typed: &Typed) -> Result<Response, PageError> {
    let row = officer.app.closing.closing_of(id, &officer.member).await?;
    let books = officer.app.books.all().await.map_err(app::books::BooksError::Db)?;
    let book = books.into_iter().find(|book| book.id == row.book_id);
    let people = [Some(row.author_id), row.author_for_id, row.approver_id, row.approver_for_id];
    let names = Names::of(officer, people.into_iter().flatten()).await?;
    let object = format!("year_closing:{id}");
    let said = why_not(officer, [object.clone()]).await?;
    let refused = |step: &str| (word == step).then_some(typed);
    let own = [Some(row.author_id), row.author_for_id].contains(&Some(officer.id()));
    let to = |step: &str| format!("{}/{step}", path(id));
    let against = unmet(&row);
    let ending = match row.state {
        ProposalState::Proposed | ProposalState::Approved => {
            Some(officer.app.closing.ending(id, &officer.member).await?)
        }
        ProposalState::Declined => None,
    };
    let code = book.as_ref().map(|book| book.code.as_str()).unwrap_or_default();
    let title = format!("{}年度年终结转", row.year);
    let content = html! {
        (part::heading(&title, &part::badge(words::proposal(row.state))))
        (part::refusal(said.get(&object)))
        @if let Some(ending) = &ending { (will_book(officer, &row, code, ending)) }
        @if row.state == ProposalState::Approved && officer.is(&app::books::READERS) {
            p { a href=(entry::of(format!("year_end:{}:{}", row.book_id, row.year))) { "本次结转的凭证" } }
        }
        @if row.state == ProposalState::Proposed && (officer.keeps(&DECIDERS, row.book_id) || (own && officer.keeps(&PROPOSERS, row.book_id))) {
            div class="steps" {
                @if own {
                    p class="faint" { "这是您提出的，须由另一人决定。" }
                    (Step { name: "撤回", will: "本次年终结转作废，可重新提出。", to: &to("withdrawal"), grave: false, fields: nothing() }.show(officer, refused("withdrawal")))
                } @else {
                    (Step {
                        name: "同意并办理",
                        will: "将把全年收入和以前年度调整转入净资产，把还没有解除限定的已用资金转入非限定性净资产，再把全年费用转入非限定性净资产；分录都记在12月31日，并锁定全年。不能撤销：以后发现的错误在下一年度冲销。",
                        to: &to("approval"), grave: true, fields: nothing(),
                    }.show(officer, refused("approval")))
                    (Step { name: "不同意", will: "本次年终结转作废，可重新提出。", to: &to("decline"), grave: false, fields: part::why(refused("decline")) }.show(officer, refused("decline")))
                }
            }
        }
        (part::block("提出时的情况", &part::facts(&[
            ("账套", html! { @if let Some(book) = &book { (book.name) } }),
            ("年度", html! { (row.year) }),
            ("没有办完的事项", html! { @if against.is_empty() { "无" } @else { ul class="rules" { @for one in &against { li class="unmet" { (one) } } } @if row.state == ProposalState::Proposed && officer.is(&app::books::READERS) { a href={ "/console/closing?book=" (encoded(code)) } { "逐项去办" } } } }),
            ("仍要结转的原因", html! { (row.reason.as_deref().unwrap_or_default()) }),
            ("提出人", names.signed(Some(row.author_id), row.author_for_id)),
            ("提出时间", part::at(row.created_us)),
            ("决定人", html! { @if taken_back(&row) { "提出人撤回" } @else { (names.signed(row.approver_id, row.approver_for_id)) } }),
            ("决定时间", html! { @if let Some(at) = row.decided_us { (part::at(at)) } }),
        ])))
    };
    Ok(officer.shown(&title, &[("/console", "工作台")], &content, typed))
}

/// One proposal.
#[handler]
pub(super) async fn get_one(officer: Officer, Path(id): Path<YearClosingId>) -> Result<Response, PageError> {
    show(&officer, id, "", &Typed::default()).await
}

/// Decides it.
#[handler]
pub(super) async fn post_step(
    officer: Officer,
    Path((id, word)): Path<(YearClosingId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let (closing, by) = (&officer.app.closing, &officer.member);
    let taken: Result<&str, Problem> = async {
        Ok(match word.as_str() {
            "approval" => closing.decide_year(id, true, by).await.map(|_| "已办理年终结转。")?,
            "decline" => {
                let mut check = form.check();
                let decision = check.decision(false);
                check.done()?;
                closing.decide_year(id, decision, by).await.map(|_| "已记为不同意。")?
            }
            "withdrawal" => closing.withdraw_year(id, by).await.map(|_| "已撤回。")?,
            _ => return Err(Problem::not_found("no_such_address", "没有这个页面。")),
        })
    }
    .await;
    match taken {
        Ok(said) => Ok(officer.done(said, &path(id))),
        Err(refused) => show(&officer, id, &word, &Typed::refused(&form, refused)).await,
    }
}
