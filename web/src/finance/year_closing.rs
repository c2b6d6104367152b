//! The end of a year (年终结转) as it was proposed: what stood against it, why it is ended all the same, and what the second person decides.

use app::closing::{taken_back, unmet};
use app::problem::Problem;
use domain::YearClosingId;
use domain::proposal::ProposalState;
use domain::role::Role;
use maud::html;
use poem::web::Path;
use poem::{Response, handler};

use super::words;
use crate::console::people::{Names, why_not};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};

const PROPOSERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
const DECIDERS: [Role; 2] = [Role::FinanceHead, Role::Chair];

pub(super) fn path(id: YearClosingId) -> String {
    format!("/console/year-closings/{id}")
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
    let title = format!("{}年度年终结转", row.year);
    let content = html! {
        (part::heading(&title, &part::badge(words::proposal(row.state))))
        (part::refusal(said.get(&object)))
        @if row.state == ProposalState::Proposed && (officer.is(&DECIDERS) || (own && officer.is(&PROPOSERS))) {
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
            ("没有办完的事项", html! { @if against.is_empty() { "无" } @else { ul class="rules" { @for one in &against { li class="unmet" { (one) } } } } }),
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
