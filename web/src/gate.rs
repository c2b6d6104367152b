//! What every request for a page passes, after the door: who is asking is found out once, what is sent is read once and its
//! token checked, and whatever goes wrong becomes a page.
//!
//! A form is taken only from our own pages: the browser says where it comes from (`Sec-Fetch-Site`, or `Origin` beside `Host`), and
//! the form carries a token that only a page of this session can hold. Either alone would do against a stranger's page; the
//! first also guards the form to sign in, which has no session yet, and complaints of everybody, who have none.

use std::sync::Arc;

use app::App;
use app::problem::Problem;
use poem::error::{MethodNotAllowedError, NotFoundError, SizedLimitError};
use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, Error, IntoResponse, PathPattern, Request, RequestBody, Response, Result};

use crate::console::lost;
use crate::form::Form;
use crate::open;
use crate::page::{PageError, STRANGE, sorry};
use crate::session::{self, Cookies, Officer};

/// The only form that belongs to no session.
const LOGIN: &str = "/console/login";

/// The pages behind it.
pub(crate) struct Gate<E> {
    pub(crate) inner: E,
    pub(crate) app: Arc<App>,
    pub(crate) cookies: Cookies,
}

impl<E: Endpoint> Endpoint for Gate<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let officer = Officer::of(&self.app, self.cookies, &request).await?;
        let page = request.header(header::ACCEPT).is_some_and(|kinds| kinds.contains("text/html"));
        if let Some(officer) = &officer {
            request.set_data(officer.clone());
        }
        let answer = self.read(&mut request, officer.as_ref()).await;
        // Only what nobody who is signed in has sent can come back as lost.
        let lost = officer.is_none().then(|| lost::Lost::of(&request)).flatten();
        let answer = match answer {
            Ok(()) => self.inner.call(request).await.map(IntoResponse::into_response),
            Err(error) => Err(error),
        };
        let mut response = match answer {
            Ok(response) => response,
            Err(error) if page && !error.is_from_response() => {
                let problem = problem(&error);
                let mut page = match &officer {
                    Some(officer) => officer
                        .page("提示", &[], &sorry(&problem, None, "/console"))
                        .status(problem.status)
                        .into_response(),
                    None => match lost.filter(|_| problem.status == 401) {
                        Some(lost) => lost.page(&problem).into_response(),
                        None => {
                            open::page("提示", "", &sorry(&problem, None, "/")).status(problem.status).into_response()
                        }
                    },
                };
                if let Some(pattern) = error.data::<PathPattern>() {
                    page.set_data(pattern.clone());
                }
                page
            }
            Err(error) => return Err(error),
        };
        if officer.is_some_and(|officer| officer.flash.is_some()) && !response.headers().contains_key(header::LOCATION)
        {
            // It was shown.
            response.headers_mut().append(header::SET_COOKIE, self.cookies.forget(session::FLASH));
        }
        Ok(response)
    }
}

impl<E> Gate<E> {
    /// Reads what is sent and makes sure that one of our own pages sent it.
    async fn read(&self, request: &mut Request, officer: Option<&Officer>) -> Result<()> {
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return Ok(());
        }
        if !is_ours(request) {
            return Err(strange());
        }
        let mut body = RequestBody::new(request.take_body());
        let form = Form::read(request, &mut body).await?;
        match officer {
            // Whoever signs in has no session yet, or leaves the one they have.
            Some(officer) if officer.path != LOGIN && !officer.knows(form.get(session::TOKEN)) => return Err(strange()),
            Some(_) | None => {}
        }
        request.set_data(form);
        Ok(())
    }
}

/// Whether a browser says that one of our pages sent it. What says nothing is no browser, and holds no cookie of anybody.
fn is_ours(request: &Request) -> bool {
    if let Some(site) = request.header("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match request.header(header::ORIGIN) {
        Some(origin) => {
            let host = request.header(header::HOST).unwrap_or_default();
            origin.split_once("://").is_some_and(|(_, from)| from == host)
        }
        None => true,
    }
}

fn strange() -> Error {
    let problem = Problem::forbidden(STRANGE, "页面已过期，或请求不是由本站页面发出。请刷新页面后重试。");
    PageError(problem).into()
}

/// What an error says to people.
fn problem(error: &Error) -> Problem {
    if let Some(problem) = error.downcast_ref::<Problem>() {
        return problem.clone();
    }
    if error.is::<NotFoundError>() || error.is::<poem::error::ParsePathError>() {
        return Problem::not_found("no_such_address", "没有这个页面。");
    }
    if error.is::<MethodNotAllowedError>() {
        return Problem::new(405, "method_not_allowed", "这个地址不支持该操作。");
    }
    if error.is::<SizedLimitError>() {
        return Problem::new(413, "body_too_large", "提交的内容过大。");
    }
    match error.status() {
        StatusCode::BAD_REQUEST => Problem::new(400, "bad_request", "请求不正确。"),
        status if status.is_server_error() => Problem::internal(error),
        status => Problem::new(status.as_u16(), "bad_request", "请求不正确。"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_send_forms() {
        let request = |headers: &[(&'static str, &'static str)]| {
            let mut request = Request::builder().header("host", "a.example:8080");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            request.finish()
        };
        assert!(is_ours(&request(&[("sec-fetch-site", "same-origin")])));
        assert!(is_ours(&request(&[("origin", "https://a.example:8080")])));
        assert!(is_ours(&request(&[])));
        for foreign in ["cross-site", "same-site"] {
            assert!(!is_ours(&request(&[("sec-fetch-site", foreign), ("origin", "https://a.example:8080")])));
        }
        for foreign in ["https://b.example", "null", "https://a.example", "https://xa.example:8080"] {
            assert!(!is_ours(&request(&[("origin", foreign)])), "{foreign}");
        }
    }
}
