//! Vouchers that come again (周期凭证): rent, payroll, depreciation. A template proposes a draft each time it is due.

use app::problem::Problem;
use app::vouchers::NewTemplate;
use domain::VoucherTemplateId;
use domain::voucher::{Cadence, VoucherLine};
use maud::html;
use poem::web::Path;
use poem::{IntoResponse, Request, Response, handler};

use super::lines::Chart;
use super::shelf::Shelf;
use super::voucher::{AUTHORS, tabs};
use super::words;
use crate::console::people::Names;
use crate::field::{Field, options};
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part::{self, Step};
use crate::session::{Officer, nothing};
use crate::table::Asked;
use crate::words as all_words;

const LIST: &str = "/console/voucher-templates";

/// The templates of a book.
#[handler]
pub(super) async fn get_list(officer: Officer, request: &Request) -> Result<Response, PageError> {
    let shelf = Shelf::of(&officer, &Asked::of(request)).await?;
    let rows = officer.app.vouchers.templates(shelf.book.id, &officer.member).await?;
    let chart = Chart::of(&officer, shelf.book.id, "2024").await?;
    let names = Names::of(&officer, rows.iter().map(|row| row.author_id)).await?;
    let content = html! {
        (part::heading("周期凭证", &html! {
            span class="faint" { (shelf.book.name) }
            @if officer.keeps(&AUTHORS, shelf.book.id) { a class="button primary" href={ (LIST) "/new?" (shelf.query()) } { "新建周期凭证" } }
        }))
        (tabs(&shelf, "voucher-templates"))
        p class="note" { "到期时系统按模板生成一张草稿，放到会计的待办里；补上单据、提交、审核后才入账。" }
        @if rows.is_empty() { (part::nothing_here("还没有周期凭证。")) }
        @for row in &rows {
            @let lines: Vec<VoucherLine> = serde_json::from_str(&row.lines).unwrap_or_default();
            (part::block(&row.name, &html! {
                (part::facts(&[
                    ("状态", part::badge(words::template(&row.state))),
                    ("周期", html! { (words::cadence(row.cadence)) (row.day) "日" }),
                    ("下次生成", html! { @if let Some(day) = row.next_on { (day) } }),
                    ("起止", html! { (row.starts_on) " 起" @if let Some(day) = row.ends_on { "，至 " (day) } }),
                    ("摘要", html! { (row.summary) }),
                    ("金额", part::yuan(row.total_fen)),
                    ("制单人", html! { (names.name(row.author_id)) }),
                ]))
                (chart.table(&lines))
                @if row.state == "active" && officer.keeps(&AUTHORS, row.book_id) {
                    div class="steps" {
                        (Step { name: "停用", will: "以后不再生成草稿；已生成的照常办理。", to: &format!("{LIST}/{}/stop", row.id), grave: true, fields: nothing() }.show(&officer, None))
                    }
                }
            }))
        }
    };
    Ok(officer.page("周期凭证", &[("/console/vouchers", "手工凭证")], &content).into_response())
}

async fn ask(officer: &Officer, shelf: &Shelf, typed: &Typed) -> Result<Response, PageError> {
    let chart = Chart::of(officer, shelf.book.id, "2024").await?;
    let cadences = options(all_words::all(words::cadence));
    let content = html! {
        (part::heading("新建周期凭证", &html! { span class="faint" { (shelf.book.name) } }))
        (part::alert(typed))
        (officer.form(LIST, &html! {
            (part::new_id(typed))
            input type="hidden" name="book" value=(shelf.book.code);
            (Field::text(typed, "name", "名称").required().longest(200))
            div class="fields" {
                (Field::choice(typed, "cadence", "周期", &cadences).required())
                (Field::number(typed, "day", "在几日").required().hint("1至31；月份没有这一天时为月末。"))
                (Field::day(typed, "starts_on", "从哪天起").required())
                (Field::day(typed, "ends_on", "到哪天止"))
            }
            (Field::text(typed, "summary", "凭证摘要").required().longest(200))
            fieldset { legend { "分录" } (chart.rows(typed)) }
            div class="go" {
                button type="submit" class="primary" { "保存" }
                button type="submit" name="do" value="more" formnovalidate { "增加几行" }
            }
        }))
    };
    Ok(officer.shown("新建周期凭证", &[(LIST, "周期凭证")], &content, typed))
}

/// The form of a template.
#[handler]
pub(super) async fn get_blank(officer: Officer, request: &Request) -> Result<Response, PageError> {
    officer.must_be(&AUTHORS)?;
    let shelf = Shelf::of(&officer, &Asked::of(request)).await?;
    ask(&officer, &shelf, &Typed::default()).await
}

/// Writes a template.
#[handler]
pub(super) async fn post_write(officer: Officer, form: Form) -> Result<Response, PageError> {
    officer.must_be(&AUTHORS)?;
    let shelf = Shelf::named(&officer, form.given("book")).await?;
    if form.get("do") == "more" {
        return ask(&officer, &shelf, &Typed::fresh(form)).await;
    }
    let chart = Chart::of(&officer, shelf.book.id, "2024").await?;
    let written: Result<(), Problem> = async {
        let mut check = form.check();
        let (id, name, summary) = (check.id("id"), check.text("name"), check.text("summary"));
        let cadence = check.choice::<all_words::Key<Cadence>>("cadence");
        let (day, starts_on, ends_on) =
            (check.number::<u8>("day"), check.day("starts_on"), check.day_or_none("ends_on"));
        check.done()?;
        let (Some(cadence), Some(day), Some(starts_on)) = (cadence, day, starts_on) else {
            return Err(Problem::field("cadence", "请选择"));
        };
        let lines = chart.read(&form)?;
        let (book, cadence) = (shelf.book.id, cadence.0);
        let new = NewTemplate { id, book, name, summary, lines, cadence, day, starts_on, ends_on };
        officer.app.vouchers.plan(new, &officer.member).await?;
        Ok(())
    }
    .await;
    match written {
        Ok(()) => Ok(officer.done("已保存，到期时自动生成草稿。", &format!("{LIST}?{}", shelf.query()))),
        Err(refused) => ask(&officer, &shelf, &Typed::refused(&form, refused)).await,
    }
}

/// Stops a template.
#[handler]
pub(super) async fn post_stop(officer: Officer, Path(id): Path<VoucherTemplateId>) -> Result<Response, PageError> {
    officer.app.vouchers.stop(id, &officer.member).await?;
    Ok(officer.done("已停用。", LIST))
}
