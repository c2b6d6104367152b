//! What was sent after the session had ended: it is not done, and not lost either. It is shown, carried through the signing in, and sent
//! again by whoever signed in, with a token of the new session, once they have looked at it.
//!
//! Passwords are not carried, nor are files; a form with files is only shown. The fields travel in the pages, nothing is kept here.

use app::problem::Problem;
use maud::{Markup, html};
use poem::http::{Method, header};
use poem::{IntoResponse, Request, Response};

use super::login;
use crate::form::{Form, Typed};
use crate::page::Html;
use crate::part;
use crate::session::TOKEN;

/// Where it was sent; stands in the form to sign in.
const AGAIN: &str = "_again";
/// What its fields are called there.
const KEPT: &str = "_kept:";
/// Fields that nobody sees twice.
const SECRET: [&str; 5] = ["password", "otp", "current", "new", "again"];
/// How much of it is carried.
const LONGEST: usize = 100_000;

/// A form that came without a session.
pub(crate) struct Lost {
    path: String,
    /// The page it came from, to which signing in leads back.
    back: String,
    form: Form,
}

impl Lost {
    /// What a request has sent, if it was a step in the console.
    pub(crate) fn of(request: &Request) -> Option<Lost> {
        let path = request.uri().path();
        let step = *request.method() == Method::POST && path.starts_with("/console/");
        if !step || path == "/console/login" || path == "/console/logout" {
            return None;
        }
        let referer = request.header(header::REFERER).and_then(|from| from.parse::<poem::http::Uri>().ok());
        let back = referer.as_ref().and_then(|uri| uri.path_and_query()).map_or("/console", |all| all.as_str());
        let form = request.data::<Form>().cloned()?;
        Some(Lost { path: path.to_owned(), back: back.to_owned(), form })
    }

    /// The page that says so, with the form to sign in.
    pub(crate) fn page(&self, problem: &Problem) -> Html {
        let mut form = Form::of([("next", login::inside(&self.back))]);
        let carried = !self.form.has_files() && !self.path.ends_with("/password");
        let fields = self.form.fields().filter(|(name, _)| *name != TOKEN && !SECRET.contains(name));
        let size: usize = self.form.fields().map(|(name, value)| name.len() + value.len()).sum();
        if carried && size <= LONGEST {
            form.add(AGAIN, self.path.as_str());
        }
        for (name, value) in fields {
            form.add(&format!("{KEPT}{name}"), value);
        }
        let said = html! {
            p class="alert" role="alert" { (problem.detail) }
            (told(&form))
            @if form.given(AGAIN).is_none() { p class="note" { "文件和密码没有保留，登录后请回到原来的页面重新填写。" } }
        };
        login::page(&Typed::fresh(form), &said).status(problem.status)
    }
}

fn fields(form: &Form) -> impl Iterator<Item = (&str, &str)> {
    form.fields().filter_map(|(name, value)| Some((name.strip_prefix(KEPT)?, value)))
}

/// The fields of the form to sign in that carry what was lost.
pub(super) fn kept(form: &Form) -> Markup {
    html! {
        @if let Some(path) = form.given(AGAIN) {
            input type="hidden" name=(AGAIN) value=(path);
            @for (name, value) in fields(form) { input type="hidden" name={ (KEPT) (name) } value=(value); }
        }
    }
}

/// What was typed, to be read: without keys that nobody has typed.
pub(super) fn told(form: &Form) -> Markup {
    let typed: Vec<&str> = fields(form)
        .map(|(_, value)| value.trim())
        .filter(|value| !value.is_empty() && value.parse::<uuid::Uuid>().is_err())
        // A word of a choice says nothing by itself.
        .filter(|value| !value.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_' || letter == b'-'))
        .collect();
    html! {
        @if !typed.is_empty() {
            p { "已填写的内容：" }
            ul class="plainlist" { @for one in typed { li { (part::lines(one)) } } }
        }
    }
}

/// After signing in: what was lost, to be looked at and sent again; nothing, if nothing was.
pub(super) fn again(form: &Form, token: &str, back: &str) -> Option<Response> {
    let path = form.given(AGAIN)?;
    if login::inside(path) != path {
        return None;
    }
    let body = html! {
        main id="main" class="alone" {
            h1 { "再次提交" }
            p { "您已登录。下面是登录过期时没有提交的内容，核对后可以再次提交。" }
            (told(form))
            form method="post" action=(path) {
                input type="hidden" name=(TOKEN) value=(token);
                @for (name, value) in fields(form) { input type="hidden" name=(name) value=(value); }
                div class="go" {
                    button type="submit" class="primary" { "再次提交" }
                    a href=(back) { "不提交，回到原来的页面" }
                }
            }
        }
    };
    Some(Html::whole("再次提交", "plain", &body).into_response())
}
