//! A page as an answer, and an error as a page.

use app::problem::Problem;
use maud::{DOCTYPE, Markup, html};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};

use crate::asset;
use crate::session::encoded;

/// What a page may load: from us alone, and nothing that stands in the page itself.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
/// Without a referrer a browser hides the origin of a form, too, and the gate looks at that.
const REFERRER: HeaderValue = HeaderValue::from_static("same-origin");
/// htmx may neither evaluate text nor write styles of its own.
const HTMX: &str = r#"{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true,"historyCacheSize":0}"#;

/// A page.
pub(crate) struct Html {
    status: StatusCode,
    markup: Markup,
}

impl Html {
    /// A whole page: what is outside of its frame, and within.
    pub(crate) fn whole(title: &str, body_class: &str, body: &Markup) -> Html {
        let markup = html! {
            (DOCTYPE)
            html lang="zh-CN" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="htmx-config" content=(HTMX);
                    title { (title) " · 桑梓" }
                    link rel="icon" type="image/svg+xml" href=(asset::icon());
                    link rel="stylesheet" href=(asset::style());
                    script src=(asset::script()) defer {}
                }
                body class=(body_class) { (body) }
            }
        };
        Html { status: StatusCode::OK, markup }
    }

    /// A part of a page, for htmx.
    pub(crate) fn part(markup: Markup) -> Html {
        Html { status: StatusCode::OK, markup }
    }

    /// The same with another status.
    pub(crate) fn status(self, status: u16) -> Html {
        Html { status: StatusCode::from_u16(status).unwrap_or(StatusCode::OK), ..self }
    }
}

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        Response::builder()
            .status(self.status)
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, POLICY)
            .header(header::REFERRER_POLICY, REFERRER)
            .body(self.markup.into_string())
    }
}

/// The type of a workbook.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A file that the browser keeps and never runs, its name in its own letters (RFC 6266).
pub(crate) fn file(name: &str, content_type: &str, bytes: impl Into<poem::Body>) -> Response {
    let name = encoded(name).replace('+', "%20");
    Response::builder()
        .content_type(content_type)
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}"))
        .body(bytes)
}

/// Why a page is not shown or a step not done. Made from every error of a service; the gate makes a page of it.
#[derive(Debug)]
pub(crate) struct PageError(pub(crate) Problem);

impl<E: Into<Problem>> From<E> for PageError {
    fn from(error: E) -> PageError {
        PageError(error.into())
    }
}

impl From<PageError> for poem::Error {
    fn from(error: PageError) -> poem::Error {
        let status = StatusCode::from_u16(error.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        poem::Error::new(error.0, status)
    }
}

/// What the heading of an error page says.
pub(crate) fn heading(status: u16) -> &'static str {
    match status {
        401 => "请先登录",
        403 => "没有权限",
        404 => "没有找到",
        405 | 409 => "现在不能这样做",
        408 => "请求超时",
        413 => "内容过大",
        429 => "请稍候",
        400 | 422 => "内容有误",
        503 => "系统繁忙",
        _ => "出现异常",
    }
}

/// The code of a form that none of our pages of this session has sent.
pub(crate) const STRANGE: &str = "strange_form";

/// The same of a refusal: a form that came too late is nobody's want of rights.
fn heading_of(problem: &Problem) -> &'static str {
    if problem.code == STRANGE { "页面已过期" } else { heading(problem.status) }
}

/// What an error page says below its heading.
pub(crate) fn sorry(problem: &Problem, request_id: Option<&str>, home: &str) -> Markup {
    html! {
        section class="empty" {
            h1 { (heading_of(problem)) }
            p { (problem.detail) }
            // Whoever has to stand aside, or may not know, is not told to ask for a role.
            @if problem.code == "forbidden" && home != "/" {
                p class="faint" { "这件事由其他岗位办理。需要由您办理的，请管理员授予角色，或请该岗位的人在“授权代办”中授权。" }
            }
            @if !problem.problems.is_empty() {
                ul class="problems" { @for one in &problem.problems { li { (one.problem) } } }
            }
            @if let Some(id) = request_id.filter(|_| problem.status >= 500) { p class="faint" { "编号 " (id) } }
            p { a href=(home) { @if home == "/" { "回到首页" } @else { "回到控制台" } } }
        }
    }
}

/// The page of a refusal that no page made: the door's.
pub fn refuse(problem: &Problem, request_id: &str) -> Response {
    let body = html! { main id="main" class="alone" { (sorry(problem, Some(request_id), "/")) } };
    let mut response = Html::whole(heading(problem.status), "plain", &body).status(problem.status).into_response();
    if let Some(seconds) = problem.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
