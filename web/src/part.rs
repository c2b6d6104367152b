//! Parts that pages are made of: amounts, times, states, facts, and the panels in which a step is taken.

use domain::{Money, Timestamp};
use maud::{Markup, Render, html};
use poem::Request;
use uuid::Uuid;

use crate::field::Field;
use crate::form::Typed;
use crate::session::Officer;
use crate::table::Asked;

/// An amount as people read it: `12,345.60`, the sign of minus before it.
pub(crate) fn grouped(amount: Money) -> String {
    let plain = amount.to_string();
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |digits| ("−", digits));
    let (yuan, rest) = digits.split_once('.').unwrap_or((digits, "00"));
    let mut text = String::from(sign);
    for (at, digit) in yuan.chars().enumerate() {
        if at > 0 && (yuan.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text}.{rest}")
}

/// A number of things as people read it: `12,345`.
pub(crate) fn whole(number: i64) -> String {
    // As many yuan as there are things, without the fen.
    let text = number.checked_mul(100).map(|fen| grouped(Money::from_fen(fen)));
    text.and_then(|text| text.strip_suffix(".00").map(str::to_owned)).unwrap_or_else(|| number.to_string())
}

/// An amount.
pub(crate) fn yuan(amount: Money) -> Markup {
    html! { span class={ "yuan" @if amount.is_negative() { " minus" } } { (grouped(amount)) } }
}

/// An amount that leads to its entries, or to what it is made of.
pub(crate) fn yuan_of(amount: Money, path: &str) -> Markup {
    html! { a class="yuan" href=(path) { (grouped(amount)) } }
}

/// A moment, in Beijing, to the minute; the second is in the title.
pub(crate) fn at(at: Timestamp) -> Markup {
    let wall = at.wall();
    let minute = wall.get(..16).unwrap_or(&wall);
    html! { time datetime=(at.to_string()) title=(wall) { (minute) } }
}

/// What a state or a class is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing to be done.
    Calm,
    /// Under way, somebody's turn.
    Waiting,
    /// Came to a good end.
    Good,
    /// Refused, failed, late.
    Bad,
}

/// A state as a badge; the word says it all, the colour says it again.
pub(crate) fn badge((word, tone): (&str, Tone)) -> Markup {
    let class = match tone {
        Tone::Calm => "badge",
        Tone::Waiting => "badge waiting",
        Tone::Good => "badge good",
        Tone::Bad => "badge bad",
    };
    html! { span class=(class) { (word) } }
}

/// Facts about a thing: name and value. A value that is empty is shown as a dash.
pub(crate) fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! {
        dl class="facts" {
            @for (name, value) in facts {
                div { dt { (name) } dd { @if value.0.is_empty() { "—" } @else { (value) } } }
            }
        }
    }
}

/// Some text, with its lines.
pub(crate) fn lines(text: &str) -> Markup {
    html! { @for line in text.lines() { (line) br; } }
}

/// What a list says that has nothing in it.
pub(crate) fn nothing_here(sentence: &str) -> Markup {
    html! { p class="nothing" { (sentence) } }
}

/// The links below a list of articles: to the first page and to the next.
pub(crate) fn more(asked: &Asked, next: Option<&str>) -> Markup {
    html! {
        @if asked.get("after").is_some() || next.is_some() {
            nav class="pages" aria-label="翻页" {
                @if asked.get("after").is_some() { a href=(asked.with(&[("after", "")])) { "第一页" } }
                @if let Some(next) = next { a href=(asked.with(&[("after", next)])) rel="next" { "下一页" } }
            }
        }
    }
}

/// A part of a page under a heading of its own.
pub(crate) fn block(heading: &str, content: &Markup) -> Markup {
    html! { section class="block" { h2 { (heading) } (content) } }
}

/// The heading of a page with what stands beside it.
pub(crate) fn heading(title: &str, beside: &Markup) -> Markup {
    html! { div class="heading" { h1 { (title) } div class="beside" { (beside) } } }
}

/// A step somebody may take: closed, it is a button; open, it says what it will do, asks for what it needs, and is confirmed.
pub(crate) struct Step<'a> {
    /// What the button says: 批准.
    pub(crate) name: &'a str,
    /// What it will do, in a sentence.
    pub(crate) will: &'a str,
    /// Where it goes.
    pub(crate) to: &'a str,
    /// Whether it cannot be taken back.
    pub(crate) grave: bool,
    /// Its fields.
    pub(crate) fields: Markup,
}

impl Step<'_> {
    /// The panel; open if what was typed into it was refused.
    pub(crate) fn show(&self, officer: &Officer, refused: Option<&Typed>) -> Markup {
        let (name, will) = (self.name, self.will);
        let class = if self.grave { "step grave" } else { "step" };
        html! {
            details class=(class) open[refused.is_some()] {
                summary { (name) }
                (officer.form(self.to, &html! {
                    @if let Some(typed) = refused { (alert(typed)) }
                    p class="will" { (will) }
                    (self.fields)
                    div class="go" { button type="submit" class={ @if self.grave { "danger" } @else { "primary" } } { @if !name.starts_with("确认") { "确认" } (name) } }
                }))
            }
        }
    }
}

/// The field in which somebody says why they do not agree; `typed` is what was typed into its panel, if that was refused.
pub(crate) fn why(typed: Option<&Typed>) -> Markup {
    let fresh = Typed::default();
    Field::area(typed.unwrap_or(&fresh), "reason", "原因")
        .required()
        .longest(500)
        .hint("给提出的人看，也留给审计。")
        .render()
}

/// Why something was not agreed to, if it was said.
pub(crate) fn refusal(reason: Option<&String>) -> Markup {
    html! { @if let Some(reason) = reason { p class="note" { "不同意的原因：" (lines(reason)) } } }
}

/// Why a form was refused, over the form.
pub(crate) fn alert(typed: &Typed) -> Markup {
    html! {
        @if let Some(problem) = typed.problem() {
            div class="alert" role="alert" {
                p { (problem.detail) }
                @if !problem.problems.is_empty() {
                    ul { @for one in &problem.problems { li { (one.problem) } } }
                }
            }
        }
    }
}

/// What is wrong with a file, line by line.
pub(crate) fn file_problems(title: &str, problems: &[app::bank::Problem]) -> Markup {
    html! {
        @if !problems.is_empty() {
            h3 { (title) }
            ul class="problems" { @for one in problems { li { @if one.line > 0 { "第" (one.line) "行：" } (one.words) } } }
        }
    }
}

/// The button that has the file of a form looked at; what is found is shown in `#found`, and the file stays chosen.
pub(crate) fn look_first(to: &str) -> Markup {
    html! {
        button type="submit" name="do" value="look" hx-post=(to) hx-encoding="multipart/form-data" hx-target="#found" { "先检查" }
    }
}

/// Whether only a part of a page is asked for.
pub(crate) fn is_piece(request: &Request) -> bool {
    request.header("HX-Request").is_some()
}

/// A hidden field with a new id for what the form makes.
pub(crate) fn new_id(typed: &Typed) -> Markup {
    let known = typed.form().given("id").map(str::to_owned);
    html! { input type="hidden" name="id" value=(known.unwrap_or_else(|| Uuid::now_v7().to_string())); }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (fen, text) in [
            (0, "0.00"),
            (1, "0.01"),
            (99_999, "999.99"),
            (100_000, "1,000.00"),
            (123_456_789, "1,234,567.89"),
            (-100_000, "−1,000.00"),
        ] {
            assert_eq!(grouped(Money::from_fen(fen)), text);
        }
        assert_eq!([0, 999, 1_000].map(whole), ["0", "999", "1,000"]);
        assert_eq!(whole(i64::MAX), "9223372036854775807");
    }
}
