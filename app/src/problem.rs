//! What a caller is told when something is not done: a status, a code that never changes, a sentence in Chinese fit for a
//! stranger.
//!
//! Every error of every service becomes a [`Problem`] here, by an exhaustive match: a new variant asks what people shall read.
//! It is said in one place, so that the interface and the pages say the same. A failure of our own is logged here, once, with
//! its whole chain, and says nothing to anybody but that it happened.

mod charity;
mod finance;
mod house;
mod lending;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use domain::plan;
use sea_orm::DbErr;

const BAD_REQUEST: u16 = 400;
const UNAUTHORIZED: u16 = 401;
const FORBIDDEN: u16 = 403;
const NOT_FOUND: u16 = 404;
const CONFLICT: u16 = 409;
const PAYLOAD_TOO_LARGE: u16 = 413;
const UNPROCESSABLE: u16 = 422;
const TOO_MANY_REQUESTS: u16 = 429;
const INTERNAL: u16 = 500;
const BAD_GATEWAY: u16 = 502;
const UNAVAILABLE: u16 = 503;

/// Why something was not done.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The status of HTTP that says it best.
    pub status: u16,
    /// The kind of problem, for programs. Never renamed.
    pub code: &'static str,
    /// What happened, for people, in Chinese.
    pub detail: Cow<'static, str>,
    /// What a developer should look at: the field, the state, the role that was missing.
    pub reason: Option<String>,
    /// Everything that is wrong at once, where it is more than one thing.
    pub problems: Vec<plan::Problem>,
    /// After how many seconds it makes sense to try again.
    pub retry_after_s: Option<u64>,
}

impl Problem {
    /// A refusal. `code` is for ever.
    pub const fn new(status: u16, code: &'static str, detail: &'static str) -> Problem {
        Problem { status, code, detail: Cow::Borrowed(detail), reason: None, problems: Vec::new(), retry_after_s: None }
    }

    /// Something that is not there, or that the caller may not know of.
    pub const fn not_found(code: &'static str, detail: &'static str) -> Problem {
        Problem::new(NOT_FOUND, code, detail)
    }

    /// Something that cannot be done in the state things are in.
    pub const fn conflict(code: &'static str, detail: &'static str) -> Problem {
        Problem::new(CONFLICT, code, detail)
    }

    /// Something that reads well and makes no sense.
    pub const fn unprocessable(code: &'static str, detail: &'static str) -> Problem {
        Problem::new(UNPROCESSABLE, code, detail)
    }

    /// Something that the caller may not do.
    pub const fn forbidden(code: &'static str, detail: &'static str) -> Problem {
        Problem::new(FORBIDDEN, code, detail)
    }

    /// Nobody is signed in, or not for this.
    pub const fn unauthorized() -> Problem {
        Problem::new(UNAUTHORIZED, "unauthorized", "请先登录。")
    }

    /// Too much at once; come back a little later.
    pub fn overloaded() -> Problem {
        let busy = Problem::new(UNAVAILABLE, "overloaded", "系统繁忙，请稍后再试。");
        Problem { retry_after_s: Some(1), ..busy }
    }

    /// Too often; come back after so many seconds.
    pub fn too_many(seconds: u64) -> Problem {
        let often = Problem::new(TOO_MANY_REQUESTS, "too_many_requests", "操作过于频繁，请稍后再试。");
        Problem { retry_after_s: Some(seconds), ..often }
    }

    /// A cursor that none of our pages gave out.
    pub fn cursor() -> Problem {
        Problem::new(BAD_REQUEST, "invalid_cursor", "翻页参数不正确，请从第一页开始。")
    }

    /// The number of an identity card that cannot be one.
    pub fn no_identity_number() -> Problem {
        Problem::field("identity_number", "身份证号码不正确")
    }

    /// Why a list could not be read. A list names nothing but its cursor: what is not there is the cursor.
    pub fn of_list(error: impl Into<Problem>) -> Problem {
        let error = error.into();
        if error.status == NOT_FOUND { Problem::cursor() } else { error }
    }

    /// A failure of our own: logged here with its whole chain, told without it.
    pub fn internal(error: &dyn StdError) -> Problem {
        tracing::error!(error = chain(error), "a request failed");
        Problem::new(INTERNAL, "internal", "系统出现异常，请稍后再试。")
    }

    /// The database failed; if it asks for a repetition, or has no connection free for so long, so do we.
    fn database(error: &(dyn StdError + 'static), transient: bool) -> Problem {
        let crowded = matches!(error.downcast_ref(), Some(DbErr::ConnectionAcquire(_)));
        if transient || crowded { Problem::overloaded() } else { Problem::internal(error) }
    }

    /// A field that is not acceptable, in the words of whoever refused it.
    pub fn field(field: &'static str, problem: &'static str) -> Problem {
        Problem::unprocessable("invalid_field", problem).because(field)
    }

    /// The same with a detail that was made for this case.
    pub fn saying(self, detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem { detail: detail.into(), ..self }
    }

    /// The same with what a developer should look at.
    pub fn because(self, reason: impl Into<String>) -> Problem {
        Problem { reason: Some(reason.into()), ..self }
    }

    /// The same with everything that is wrong at once.
    pub fn listing(self, problems: Vec<plan::Problem>) -> Problem {
        Problem { problems, ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.code)
    }
}

impl StdError for Problem {}

fn wrong_state() -> Problem {
    Problem::conflict("wrong_state", "当前状态不允许此操作。")
}

fn other_person() -> Problem {
    Problem::forbidden("other_person_needed", "此步骤须由另一人办理。")
}

fn id_reused() -> Problem {
    Problem::conflict("id_reused", "该编号已用于其他内容。")
}

fn stopping() -> Problem {
    Problem::overloaded().saying("系统正在重启，请稍后再试。")
}

/// An error with everything behind it, in one line.
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // `#[error(transparent)]` says the same sentence twice.
        let sentence = error.to_string();
        if !text.ends_with(&sentence) {
            text.push_str(": ");
            text.push_str(&sentence);
        }
        cause = error.source();
    }
    text
}
