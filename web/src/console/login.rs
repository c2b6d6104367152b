//! Signing in and out.

use std::sync::Arc;

use app::App;
use app::origin::Origin;
use app::problem::Problem;
use app::throttle::Throttle;
use domain::Clock;
use maud::{Markup, html};
use poem::http::header;
use poem::web::Data;
use poem::{IntoResponse, Request, Response, Result, handler};
use secrecy::ExposeSecret;

use super::lost;
use crate::field::Field;
use crate::form::{Form, Typed};
use crate::page::{Html, PageError};
use crate::part;
use crate::session::{self, Cookies, Officer, nothing};
use crate::table::Asked;

pub(super) fn page(typed: &Typed, lost: &Markup) -> Html {
    let body = html! {
        main id="main" class="alone login" {
            p class="brand" { span class="mark" aria-hidden="true" {} "桑梓" span class="faint" { "控制台" } }
            h1 { "登录" }
            (lost)
            form method="post" action="/console/login" {
                (part::alert(typed))
                input type="hidden" name="next" value=(typed.form().get("next"));
                (lost::kept(typed.form()))
                (Field::text(typed, "username", "用户名").required().longest(64).complete("username"))
                (Field::password(typed, "password", "密码").required().longest(1024).complete("current-password"))
                (Field::number(typed, "otp", "动态口令").longest(16).complete("one-time-code").needed("有动态口令的账号必填").hint("六位数字，看手机上的验证器。"))
                div class="go" { button type="submit" class="primary" { "登录" } }
            }
        }
    };
    Html::whole("登录", "plain", &body)
}

/// The form.
#[handler]
pub(super) fn get_ask(request: &Request) -> Html {
    let asked = Asked::of(request);
    page(&Typed::fresh(Form::of([("next", asked.get("next").unwrap_or_default())])), &nothing())
}

/// Signs in: always with a new token; the one the browser held is ended.
#[handler]
pub(super) async fn post_sign_in(
    app: Data<&Arc<App>>,
    cookies: Data<&Cookies>,
    throttle: Data<&Arc<Throttle>>,
    origin: Data<&Origin>,
    request: &Request,
    form: Form,
) -> Result<Response> {
    let signed_in = async {
        throttle.admit(*origin.0)?;
        let origin = origin.0.0.to_string();
        let (username, password) = (form.get("username"), form.get("password"));
        let started = app.identity.login_staff(username, password, form.given("otp"), &origin).await;
        started.map_err(Problem::from)
    };
    let started = match signed_in.await {
        Ok(started) => started,
        Err(problem) => {
            let typed = Typed::refused(&form, problem);
            return Ok(page(&typed, &lost::told(&form)).status(typed.status()).into_response());
        }
    };
    if let Some(held) = session::cookie(request, cookies.session()) {
        app.identity.logout(held).await.map_err(PageError::from)?;
    }
    let life = started.expires.apart(Clock::now(&app.real)).as_secs();
    let next = inside(form.get("next"));
    let again = lost::again(&form, &session::token_of(started.token.expose_secret()), next);
    let mut response = again.unwrap_or_else(|| session::see_other(next));
    let cookie = cookies.set(cookies.session(), started.token.expose_secret(), life);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Signs out.
#[handler]
pub(super) async fn post_sign_out(
    app: Data<&Arc<App>>,
    cookies: Data<&Cookies>,
    _officer: Officer,
    request: &Request,
) -> Result<Response> {
    if let Some(held) = session::cookie(request, cookies.session()) {
        app.identity.logout(held).await.map_err(PageError::from)?;
    }
    let mut response = session::see_other("/console/login");
    response.headers_mut().append(header::SET_COOKIE, cookies.forget(cookies.session()));
    Ok(response)
}

/// Where to go after signing in: nowhere but into the console.
pub(super) fn inside(next: &str) -> &str {
    let sound = next == "/console" || next.starts_with("/console/") || next.starts_with("/console?");
    if sound && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') { next } else { "/console" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_elsewhere_by_signing_in() {
        assert_eq!(inside("/console/campaigns?state=open"), "/console/campaigns?state=open");
        for elsewhere in
            ["", "//evil.example", "https://evil.example", "/consolex", "/console/\r\nSet-Cookie: a", "/\\evil"]
        {
            assert_eq!(inside(elsewhere), "/console", "{elsewhere}");
        }
    }
}
