//! Who uses the console: a session in a cookie.
//!
//! The cookie holds the opaque token of `identity`, which knows its hash alone; a script cannot read it, and no other site's page
//! sends it along with a form. Signing in always makes a new token and ends the one the browser held before, so nobody is handed a
//! session that somebody else knows.
//!
//! The token of a form is a random salt and the HMAC of it under the session's token: it needs no key of its own, dies with
//! the session, and is another one in each page, so that nothing can be learnt from how well a page compresses.

use std::sync::Arc;

use app::App;
use app::identity::IdentityError;
use app::origin::Origin;
use app::problem::Problem;
use aws_lc_rs::{hmac, rand};
use domain::role::{Member, Role};
use domain::{BookId, StaffId, UnitPath};
use maud::{Markup, PreEscaped, html};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{FromRequest, IntoResponse, Request, RequestBody, Response, Result};

use crate::form::Typed;
use crate::layout;
use crate::page::{Html, PageError};
use crate::part;

/// The cookie of what is to be said on the next page.
pub(crate) const FLASH: &str = "sangzi-flash";
/// The field that carries the token.
pub(crate) const TOKEN: &str = "_token";
const SALT: usize = 8;
/// How a page says that something was refused.
const ALERT: &str = "role=\"alert\"";

/// How cookies are written.
#[derive(Clone, Copy)]
pub(crate) struct Cookies {
    pub(crate) https: bool,
}

impl Cookies {
    /// The cookie of the session. With the prefix, a browser takes it by https alone, from this very host, for all of it.
    pub(crate) fn session(self) -> &'static str {
        if self.https { "__Host-sangzi-console" } else { "sangzi-console" }
    }

    /// The header that sets a cookie; `value` is of characters that a cookie may hold.
    pub(crate) fn set(self, name: &str, value: &str, seconds: u64) -> HeaderValue {
        let secure = if self.https { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        // Percent-encoded text and our own tokens are plain ASCII.
        HeaderValue::from_str(&cookie).unwrap_or(HeaderValue::from_static(""))
    }

    /// The header that takes a cookie away.
    pub(crate) fn forget(self, name: &str) -> HeaderValue {
        self.set(name, "", 0)
    }
}

/// A cookie of a request.
pub(crate) fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let all = request.headers().get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// What is to be said on the next page.
#[derive(Clone)]
pub(crate) struct Flash {
    /// The sentence.
    pub(crate) text: String,
}

/// A member of staff who uses the console. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Officer {
    /// The services.
    pub(crate) app: Arc<App>,
    /// Who it is, and what they may do at this moment.
    pub(crate) member: Member,
    /// What they are called.
    pub(crate) name: String,
    /// What is to be said on this page.
    pub(crate) flash: Option<Flash>,
    /// The path of the page.
    pub(crate) path: String,
    /// What the browser holds.
    pub(crate) held: Held,
    cookies: Cookies,
    key: hmac::Key,
}

/// The token of a session. It is shown to nobody, not even to a log.
#[derive(Clone)]
pub(crate) struct Held(Arc<str>);

impl Held {
    /// For the service alone.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl Officer {
    /// Whoever the cookie belongs to, if it still belongs to anybody. Two reads.
    pub(crate) async fn of(app: &Arc<App>, cookies: Cookies, request: &Request) -> Result<Option<Officer>> {
        let path = request.uri().path();
        if path != "/console" && !path.starts_with("/console/") {
            return Ok(None);
        }
        let Some(token) = cookie(request, cookies.session()) else { return Ok(None) };
        let origin = request.data::<Origin>().map(|origin| origin.0.to_string()).unwrap_or_default();
        let member = match app.identity.member_of(token, &origin).await {
            Ok(member) => member,
            Err(IdentityError::NotSignedIn) => return Ok(None),
            Err(error) => return Err(PageError::from(error).into()),
        };
        let names = app.identity.names_of(&[member.id]).await.map_err(PageError::from)?;
        let flash = cookie(request, FLASH).map(|said| Flash { text: decoded(said) });
        Ok(Some(Officer {
            app: app.clone(),
            name: names.get(&member.id).cloned().unwrap_or_default(),
            member,
            flash,
            path: path.to_owned(),
            held: Held(Arc::from(token)),
            cookies,
            key: hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes()),
        }))
    }

    /// For what no service guards: refuses unless the member holds one of these roles somewhere.
    pub(crate) fn must_be(&self, roles: &[Role]) -> Result<(), PageError> {
        Ok(self.member.must_be(roles)?)
    }

    /// Whether the member holds one of these roles somewhere: what is offered, not what is allowed.
    pub(crate) fn is(&self, roles: &[Role]) -> bool {
        self.member.is_one_of(roles)
    }

    /// Whether the member acts for the books of a legal entity by one of these roles, on something at a place.
    pub(crate) fn acts(&self, roles: &[Role], book: BookId, place: &UnitPath) -> bool {
        self.member.acts(roles, book, place).is_ok()
    }

    /// Whether the member acts somewhere for the books of a legal entity by one of these roles: what is offered, not what is allowed.
    pub(crate) fn is_for(&self, roles: &[Role], book: BookId) -> bool {
        self.member.reach(roles).iter().any(|reach| !reach.without.contains(&book))
    }

    /// The same as `acts` at the seat of the legal entity.
    pub(crate) fn keeps(&self, roles: &[Role], book: BookId) -> bool {
        self.member.keeps(roles, book).is_ok()
    }

    /// The id of the person.
    pub(crate) fn id(&self) -> StaffId {
        self.member.id
    }

    /// The token of the forms of a page.
    pub(crate) fn token(&self) -> String {
        form_token(&self.key)
    }

    /// Whether a token belongs to this session.
    pub(crate) fn knows(&self, token: &str) -> bool {
        let Ok(bytes) = hex::decode(token) else { return false };
        let Some((salt, tag)) = bytes.split_at_checked(SALT) else { return false };
        hmac::verify(&self.key, salt, tag).is_ok()
    }

    /// A page of the console: its title, the way to it (address and name), and what is on it.
    pub(crate) fn page(&self, title: &str, way: &[(&str, &str)], content: &Markup) -> Html {
        layout::console(self, title, way, content)
    }

    /// A page with a form on it: as it is first shown, or with what was typed and why it was refused. Where the panel of a refused step is
    /// gone, because the thing has moved on, the reason stands over the page.
    pub(crate) fn shown(&self, title: &str, way: &[(&str, &str)], content: &Markup, typed: &Typed) -> Response {
        let unsaid = typed.problem().is_some() && !content.0.contains(ALERT);
        let content = html! { @if unsaid { (part::alert(typed)) } (content) };
        self.page(title, way, &content).status(typed.status()).into_response()
    }

    /// A form that changes something.
    pub(crate) fn form(&self, action: &str, content: &Markup) -> Markup {
        html! {
            form method="post" action=(action) {
                input type="hidden" name=(TOKEN) value=(self.token());
                (content)
            }
        }
    }

    /// The same with files.
    pub(crate) fn form_with_files(&self, action: &str, content: &Markup) -> Markup {
        html! {
            form method="post" action=(action) enctype="multipart/form-data" {
                input type="hidden" name=(TOKEN) value=(self.token());
                (content)
            }
        }
    }

    /// What follows a step that was done: another page, on which it is said.
    pub(crate) fn done(&self, said: &str, next: &str) -> Response {
        let mut response = see_other(next);
        response.headers_mut().append(header::SET_COOKIE, self.cookies.set(FLASH, &encoded(said), 60));
        response
    }
}

impl<'a> FromRequest<'a> for Officer {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Officer> {
        if let Some(officer) = request.data::<Officer>() {
            return Ok(officer.clone());
        }
        if *request.method() == poem::http::Method::GET {
            let wished = request.uri().path_and_query().map(|all| all.as_str()).unwrap_or_default();
            let login = format!("/console/login?next={}", encoded(wished));
            return Err(poem::Error::from_response(see_other(&login)));
        }
        let over = Problem::unauthorized().saying("登录已过期，内容没有提交。请登录后再提交。");
        Err(PageError(over).into())
    }
}

fn form_token(key: &hmac::Key) -> String {
    let mut salt = [0; SALT];
    rand::fill(&mut salt).expect("the system gives random bytes");
    format!("{}{}", hex::encode(salt), hex::encode(hmac::sign(key, &salt)))
}

/// The token of a form for a session that has just begun.
pub(crate) fn token_of(session: &str) -> String {
    form_token(&hmac::Key::new(hmac::HMAC_SHA256, session.as_bytes()))
}

/// An answer that leads to another page.
pub(crate) fn see_other(next: &str) -> Response {
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, next).finish()
}

/// Text as a cookie and a query may hold it.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn decoded(text: &str) -> String {
    let pair = form_urlencoded::parse(text.as_bytes()).next();
    pair.map(|(text, _)| text.into_owned()).unwrap_or_default()
}

/// Nothing; what a panel holds that needs no fields.
pub(crate) fn nothing() -> Markup {
    PreEscaped(String::new())
}
