//! How long a line may wait before it is a break, as the head of finance sets it for a book.

use app::problem::Problem;
use app::reconciliation::Rule;
use domain::role::Role;
use maud::html;
use poem::{Request, Response, handler};

use super::shelf::Shelf;
use crate::console::people::Names;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::PageError;
use crate::part;
use crate::session::Officer;
use crate::table::{self, Asked};

const SETTERS: [Role; 1] = [Role::FinanceHead];
const PAGE: &str = "/console/reconciliation/rule";

async fn show(officer: &Officer, asked: &Asked, typed: &Typed) -> Result<Response, PageError> {
    let shelf = Shelf::named(officer, typed.form().given("book").or(asked.get("book"))).await?;
    let (rule, set) = officer.app.reconciliation.rule(shelf.book.id).await?;
    let names = Names::of(officer, set.map(|(id, _)| id)).await?;
    let known = Typed::fresh(Form::of([
        ("border_minutes", rule.border_minutes.to_string()),
        ("buffer_days", rule.buffer_days.to_string()),
        ("bank_days", rule.bank_days.to_string()),
    ]));
    let typed_or_known = if typed.problem().is_some() { typed } else { &known };
    let content = html! {
        (part::heading("对账规则", &html! { span class="faint" { (shelf.book.name) } }))
        @if shelf.books.len() > 1 { (table::filter(asked, &shelf.choice())) }
        p class="note" { "只在一边出现的流水先等待另一边，过了期限才列为差错。修改从下一次对账起生效，以前按旧规则得出的结果不变。" }
        (part::block("现行规则", &part::facts(&[
            ("跨日时段", html! { "零点前后" (rule.border_minutes) "分钟" }),
            ("账单缓冲期", html! { (rule.buffer_days) "天" }),
            ("银行到账期限", html! { (rule.bank_days) "个工作日" }),
            ("设定人", html! { @match set { Some((id, _)) => (names.name(id)), None => "系统默认" } }),
            ("设定时间", html! { @if let Some((_, at)) = set { (part::at(at)) } }),
        ])))
        @if officer.keeps(&SETTERS, shelf.book.id) {
            (part::block("修改", &html! {
                (part::alert(typed))
                (officer.form(PAGE, &html! {
                    (part::new_id(typed_or_known))
                    input type="hidden" name="book" value=(shelf.book.code);
                    div class="fields" {
                        (Field::number(typed_or_known, "border_minutes", "跨日时段（分钟）").required().hint("0至360。零点前后的交易可能在相邻一天的账单里。"))
                        (Field::number(typed_or_known, "buffer_days", "账单缓冲期（天）").required().hint("0至30。"))
                        (Field::number(typed_or_known, "bank_days", "银行到账期限（工作日）").required().hint("1至20。提现后等待银行到账的时间。"))
                    }
                    div class="go" { button type="submit" class="primary" { "保存规则" } }
                }))
            }))
        } @else { p class="faint" { "由财务负责人设定。" } }
    };
    Ok(officer.shown("对账规则", &[("/console/reconciliation", "每日对账")], &content, typed))
}

/// The rule of a book.
#[handler]
pub(super) async fn get_rule(officer: Officer, request: &Request) -> Result<Response, PageError> {
    show(&officer, &Asked::of(request), &Typed::default()).await
}

/// Sets it.
#[handler]
pub(super) async fn post_rule(officer: Officer, form: Form) -> Result<Response, PageError> {
    let shelf = Shelf::named(&officer, form.given("book")).await?;
    let set: Result<Rule, Problem> = async {
        let mut check = form.check();
        let id = check.id("id");
        let mut number = |name: &str| check.number::<i64>(name).unwrap_or_default();
        let rule = Rule {
            border_minutes: number("border_minutes"),
            buffer_days: number("buffer_days"),
            bank_days: number("bank_days"),
        };
        check.done()?;
        Ok(officer.app.reconciliation.set_rule(id, shelf.book.id, rule, &officer.member).await?)
    }
    .await;
    match set {
        Ok(_) => Ok(officer.done("规则已保存，下一次对账起生效。", &format!("{PAGE}?{}", shelf.query()))),
        Err(refused) => show(&officer, &Asked::at(PAGE), &Typed::refused(&form, refused)).await,
    }
}
