//! Wishes of payees and beneficiaries to be erased, decided by those responsible for personal data.

use app::problem::Problem;
use app::spending::children::{GUARDIANS, WATCHERS};
use app::spending::erasure::Erasure;
use domain::PayeeErasureId;
use entity::payee_erasure;
use maud::{Markup, html};
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::people::Names;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step, Tone};
use crate::session::{Officer, nothing};
use crate::table::{self, Asked, Cell, Table, column};

const LIST: &str = "/console/payee-erasures";

fn state(word: &str) -> (&str, Tone) {
    match word {
        "asked" => ("待批准", Tone::Waiting),
        "restricted" => ("依法保存，限制使用", Tone::Calm),
        "erased" => ("已删除", Tone::Good),
        "declined" => ("未批准", Tone::Bad),
        other => (other, Tone::Calm),
    }
}

/// What stands of a payee's wish, for the payee's page.
pub(super) fn note(wish: &payee_erasure::Model) -> Markup {
    html! {
        p class="note" { "删除个人信息的申请：" (part::badge(state(&wish.state)))
            @if let (Some(last), "restricted") = (wish.kept_until, wish.state.as_str()) {
                " 依法保管至" (last) "，期间只保存、不使用，期满自动删除。"
            }
            @if let Some(at) = wish.erased_us { " " (part::at(at)) } }
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
        true => spending.erasures(Some("asked"), &officer.member, None, table::ROWS).await?,
        false => Vec::new(),
    };
    let rows = spending.erasures(None, &officer.member, asked.after(), asked.limit()).await;
    let rows = rows.map_err(Problem::of_list)?;
    let people = rows.iter().chain(&waiting).flat_map(|one| [Some(one.row.author_id), one.row.decider_id]).flatten();
    let names = Names::of(officer, people).await?;
    let columns = [
        column("申请时间"),
        column("登记人"),
        column("收款人"),
        column("申请经过"),
        column("状态"),
        column("批准人"),
        column("批准意见"),
        column("依法保存至"),
        column("删除时间"),
    ];
    let cells = |one: Erasure| {
        let row = one.row;
        vec![
            Cell::at(row.created_us),
            Cell::text(names.name(row.author_id)),
            Cell::link(&format!("/console/payees/{}", row.payee_id), one.payee.name),
            Cell::text(row.reason),
            Cell::badge(state(&row.state)),
            Cell::text(names.maybe(row.decider_id)),
            Cell::text(row.decision_reason.unwrap_or_default()),
            Cell::or_none(row.kept_until, |day| Cell::text(day.to_string())),
            Cell::or_none(row.erased_us, Cell::at),
        ]
    };
    let fresh = Typed::default();
    let step = |id: PayeeErasureId, word: &str, name: &str, will: &str| {
        let refused = (at == Some((&id.to_string(), word))).then_some(typed);
        let fields = html! { (Field::area(refused.unwrap_or(&fresh), "reason", "意见").required().longest(200)) };
        Step { name, will, to: &format!("{LIST}/{id}/{word}"), grave: true, fields }.show(officer, refused)
    };
    let table =
        Table::new("收款人信息删除", &columns, "没有删除申请。").page(asked, rows, |one| one.row.id.uuid(), cells);
    if let Some(kind) = asked.file() {
        return Ok(table.file(kind, asked));
    }
    let content = html! {
        (part::heading("收款人信息删除", &nothing()))
        p class="note" { "收款人、受益人要求删除个人信息的，由工作人员在收款人页登记，由个人信息负责人（理事长、反洗钱专员）批准。没有列入过已批准支出的，批准后立即删除；列入过的，户名、账号随会计凭证依法保存，期间只保存、不使用，期满自动删除。" }
        @if officer.is(&GUARDIANS) {
            (part::block("待批准", &html! {
                @if waiting.is_empty() { (part::nothing_here("没有待批准的申请。")) }
                @for one in &waiting {
                    article {
                        p { (names.name(one.row.author_id)) "登记："
                            a href={ "/console/payees/" (one.row.payee_id) } { (one.payee.name) }
                            "要求删除个人信息 · " (part::at(one.row.created_us)) }
                        p class="faint" { (one.row.reason) }
                        @if one.row.author_id != officer.id() {
                            div class="steps" {
                                (step(one.row.id, "approval", "批准", "没有列入过已批准支出的立即删除，不能恢复；列入过的从现在起限制使用，保管期满后删除。"))
                                (step(one.row.id, "decline", "不批准", "信息照常使用，须告知本人理由。"))
                            }
                        }
                    }
                }
            }))
        }
        (part::block(if officer.is(&WATCHERS) { "全部申请" } else { "我登记的申请" }, &table.show(asked)))
    };
    let reader = officer.is(&crowdfunding::spending::READERS);
    let way = if reader { ("/console/payees", "收款人") } else { ("/console", "工作台") };
    Ok(officer.shown("收款人信息删除", &[way], &content, typed))
}

/// What was asked and decided.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    show(&officer, &Asked::of(request), None, &Typed::default()).await
}

/// Decides on a wish.
#[handler]
pub(super) async fn post_answer(
    officer: Officer,
    Path((id, word)): Path<(PayeeErasureId, String)>,
    form: Form,
) -> Result<Response, PageError> {
    let agreed = match word.as_str() {
        "approval" => true,
        "decline" => false,
        _ => return Err(Problem::not_found("no_such_address", "没有这个页面。").into()),
    };
    match officer.app.spending.decide_erasure(id, agreed, form.get("reason"), &officer.member).await {
        Ok(done) => {
            let said = match (done.row.state.as_str(), done.row.kept_until) {
                ("erased", _) => "已删除此人的个人信息。".to_owned(),
                (_, Some(last)) => format!("已限制使用，依法保管至{last}，期满自动删除。"),
                _ => "已记录不批准。".to_owned(),
            };
            Ok(officer.done(&said, LIST).into_response())
        }
        Err(refused) => {
            let asked = Asked::at(LIST);
            show(&officer, &asked, Some((&id.to_string(), &word)), &Typed::refused(&form, refused)).await
        }
    }
}
