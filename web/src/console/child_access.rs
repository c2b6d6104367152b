//! Requests to read children's data, answered by those responsible for it.

use app::problem::Problem;
use app::spending::children::{Access, GUARDIANS, WATCHERS};
use domain::ChildAccessId;
use maud::html;
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::people::Names;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column};

pub(super) fn state(word: &str) -> (&str, Tone) {
    match word {
        "asked" => ("待批准", Tone::Waiting),
        "granted" => ("已批准", Tone::Good),
        "declined" => ("未批准", Tone::Bad),
        other => (other, Tone::Calm),
    }
}

async fn show(
    officer: &Officer,
    asked: &Asked,
    at: Option<(&str, &str)>,
    typed: &Typed,
) -> Result<Response, PageError> {
    let spending = &officer.app.spending;
    let waiting = match officer.is(&GUARDIANS) {
        true => spending.child_accesses(Some("asked"), &officer.member, None, table::ROWS).await?,
        false => Vec::new(),
    };
    let rows = spending.child_accesses(None, &officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let people = rows.iter().chain(&waiting).flat_map(|one| [Some(one.row.requester_id), one.row.decider_id]).flatten();
    let names = Names::of(officer, people).await?;
    let columns = [
        column("申请时间"),
        column("申请人"),
        column("未成年人"),
        column("理由"),
        column("天数"),
        column("状态"),
        column("批准人"),
        column("批准意见"),
        column("查阅截止"),
    ];
    let cells = |one: Access| {
        let row = one.row;
        vec![
            Cell::at(row.created_us),
            Cell::text(names.name(row.requester_id)),
            Cell::link(&format!("/console/payees/{}", row.payee_id), one.payee.name),
            Cell::text(row.reason),
            Cell::text(row.days.to_string()),
            Cell::badge(state(&row.state)),
            Cell::text(names.maybe(row.decider_id)),
            Cell::text(row.decision_reason.unwrap_or_default()),
            Cell::or_none(row.ends_us, Cell::at),
        ]
    };
    let fresh = Typed::default();
    let step = |id: ChildAccessId, word: &str, name: &str, will: &str, grave: bool| {
        let refused = (at == Some((&id.to_string(), word))).then_some(typed);
        let fields = html! { (Field::area(refused.unwrap_or(&fresh), "reason", "意见").required().longest(200)) };
        Step { name, will, to: &format!("/console/child-access/{id}/{word}"), grave, fields }.show(officer, refused)
    };
    let table =
        Table::new("未成年人信息查阅", &columns, "没有查阅申请。").page(asked, rows, |one| one.row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let content = html! {
        (part::heading("未成年人信息查阅", &nothing()))
        p class="note" { "未成年人的信息由负责人（理事长、反洗钱专员）查看；其他人员经负责人批准后，在批准的期限内查看，每次查看都记录在案。" }
        @if officer.is(&GUARDIANS) {
            (part::block("待批准", &html! {
                @if waiting.is_empty() { (part::nothing_here("没有待批准的申请。")) }
                @for one in &waiting {
                    article {
                        p { (names.name(one.row.requester_id)) "申请查阅 "
                            a href={ "/console/payees/" (one.row.payee_id) } { (one.payee.name) }
                            " 的信息" (one.row.days) "天 · " (part::at(one.row.created_us)) }
                        p class="faint" { (one.row.reason) }
                        @if one.row.requester_id != officer.id() {
                            div class="steps" {
                                (step(one.row.id, "approval", "批准", "申请人从现在起可以在期限内查看此人的完整信息。", false))
                                (step(one.row.id, "decline", "不批准", "申请人不能查看此人的完整信息。", true))
                            }
                        }
                    }
                }
            }))
        }
        (part::block(if officer.is(&WATCHERS) { "全部申请" } else { "我的申请" }, &table.show(asked)))
    };
    let reader = officer.is(&crowdfunding::spending::READERS);
    let way = if reader { ("/console/payees", "收款人") } else { ("/console", "工作台") };
    Ok(officer.shown("未成年人信息查阅", &[way], &content, typed))
}

/// What was asked and answered.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    show(&officer, &Asked::of(request), None, &Typed::default()).await
}

/// Answers a request.
#[handler]
pub(super) async fn post_answer(
    officer: Officer,
    Path((id, word)): Path<(ChildAccessId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let granted = match word.as_str() {
        "approval" => true,
        "decline" => false,
        _ => return Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
    };
    match officer.app.spending.decide_child_access(id, granted, form.get("reason"), &officer.member).await {
        Ok(_) => {
            let said =
                if granted { "已批准，申请人可以在期限内查看。" } else { "已记录不批准。" };
            Ok(officer.done(said, "/console/child-access").into_response())
        }
        Err(refused) => {
            let asked = Asked::at("/console/child-access");
            show(&officer, &asked, Some((&id.to_string(), &word)), &Typed::refused(&form, refused)).await
        }
    }
}
