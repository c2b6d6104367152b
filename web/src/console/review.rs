//! What the supervisors look through every month: all that was approved under the rules of a small foundation.

use domain::BookId;
use maud::html;
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::people::Names;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{Asked, Cell, Table, column, numbers};

const NAME: &str = "小型机构支出按月复核";

fn path(book: BookId, month: &str) -> String {
    format!("/console/small-reviews/{book}/{month}")
}

/// The months.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let asked = Asked::of(request);
    let months = officer.app.organisation.small_months(&officer.member).await?;
    let columns = [column("月份"), column("慈善组织"), numbers("支出笔数"), numbers("金额"), column("复核")];
    let rows = months.into_iter().map(|one| {
        let state = match (&one.review, one.over) {
            (Some(_), _) => ("已复核", Tone::Good),
            (None, true) => ("待复核", Tone::Waiting),
            (None, false) => ("本月未结束", Tone::Calm),
        };
        vec![
            Cell::link(&path(one.book, &one.month), one.month.clone()),
            Cell::text(one.name),
            Cell::number(one.papers),
            Cell::yuan(one.amount),
            Cell::badge(state),
        ]
    });
    let list = Table::new(NAME, &columns, "没有按小型机构规则批准的支出。").whole(rows);
    if let Some(kind) = asked.file() {
        return Ok(list.file(kind, &asked));
    }
    let content = html! {
        (part::heading(NAME, &nothing()))
        p class="note" { "按小型机构规则批准的支出由监事逐月复核：月份结束后，由没有经办、批准其中任何一笔的监事填写复核意见。" }
        (list.show(&asked))
    };
    Ok(officer.page(NAME, &[("/console", "工作台")], &content).into_response())
}

async fn show(officer: &Officer, book: BookId, month: &str, typed: &Typed) -> Result<Response, PageError> {
    let organisation = &officer.app.organisation;
    let papers = organisation.small_papers(book, month, &officer.member).await?;
    let line = organisation.small_months(&officer.member).await?;
    let line = line.into_iter().find(|one| one.book == book && one.month == month);
    let people = papers.iter().flat_map(|one| {
        let approvers = one.approvals.iter().flat_map(|approval| [Some(approval.approver_id), approval.acting_for_id]);
        [Some(one.paper.author_id), one.paper.author_for_id].into_iter().chain(approvers).collect::<Vec<_>>()
    });
    let reviewer = line.as_ref().and_then(|one| one.review.as_ref()).map(|review| review.reviewer_id);
    let names = Names::of(officer, people.flatten().chain(reviewer)).await?;
    let columns = [column("支出申请"), numbers("金额"), column("经办"), column("批准"), column("批准时间")];
    let rows = papers.into_iter().map(|one| {
        let approvers: Vec<String> = one
            .approvals
            .iter()
            .map(|approval| names.signed(Some(approval.approver_id), approval.acting_for_id).into_string())
            .collect();
        let paper = one.paper;
        vec![
            Cell::link(&format!("/console/disbursements/{}", paper.id), paper.purpose),
            Cell::yuan(paper.amount_fen),
            Cell::text(names.name(paper.author_id)),
            Cell::text(approvers.join("、")),
            Cell::or_none(paper.approved_us, Cell::at),
        ]
    });
    let heading = format!("{month} 小型机构支出");
    let list = Table::new(heading.as_str(), &columns, "这个月没有按小型机构规则批准的支出。").whole(rows);
    let refused = typed.problem().map(|_| typed);
    let content = html! {
        (part::heading(&heading, &nothing()))
        @if let Some(line) = &line {
            p { (line.name) "，共" (line.papers) "笔，" (part::yuan(line.amount)) "。" }
            @if let Some(review) = &line.review {
                (part::block("复核意见", &html! {
                    p { (review.findings) }
                    p class="faint" { (names.signed(Some(review.reviewer_id), review.reviewer_for_id)) " · " (part::at(review.at_us)) }
                }))
            } @else if line.over {
                div class="steps" {
                    (Step { name: "填写复核意见", will: "将记为已复核，意见不能再修改。", to: &path(book, month), grave: false, fields: html! {
                        (Field::area(typed, "findings", "复核意见").required().longest(1000))
                    } }.show(officer, refused))
                }
            } @else {
                p class="faint" { "本月结束后可以填写复核意见。" }
            }
        }
        (list.plain())
    };
    Ok(officer.shown(&heading, &[("/console/small-reviews", NAME)], &content, typed))
}

/// One month of a charity.
#[handler]
pub(super) async fn get_one(
    officer: Officer,
    Path((book, month)): Path<(BookId, String)>,
) -> Result<Response, PageError> {
    show(&officer, book, &month, &Typed::default()).await
}

/// Says what was found.
#[handler]
pub(super) async fn post_review(
    officer: Officer,
    Path((book, month)): Path<(BookId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let findings = form.get("findings");
    match officer.app.organisation.review_small(book, &month, findings, &officer.member).await {
        Ok(_) => Ok(officer.done("已记为复核。", &path(book, &month))),
        Err(refused) => show(&officer, book, &month, &Typed::refused(&form, refused)).await,
    }
}
