//! What can go wrong, by what the caller can do about it.
//!
//! APIv3 errors are told apart by HTTP status and `code`, mini-program errors by `errcode`; messages are for people and are
//! never compared. Nothing here prints an openid, a token or a key: addresses are taken out of transport errors, and long
//! runs of letters and digits out of messages.

use std::error::Error;
use std::fmt;

use crate::wire::words;

words! {
    /// The `code` of an APIv3 error.
    ErrorCode {
        /// A parameter is wrong.
        ParamError = "PARAM_ERROR",
        /// The request is not possible as it stands.
        InvalidRequest = "INVALID_REQUEST",
        /// The appid is not bound to the merchant.
        AppidMchidNotMatch = "APPID_MCHID_NOT_MATCH",
        /// No such merchant.
        MchNotExists = "MCH_NOT_EXISTS",
        /// The order was closed.
        OrderClosed = "ORDER_CLOSED",
        /// The order was paid.
        OrderPaid = "ORDER_PAID",
        /// No such order.
        OrderNotExist = "ORDER_NOT_EXIST",
        /// No such refund, certificate or other thing.
        ResourceNotExists = "RESOURCE_NOT_EXISTS",
        /// There is no bill for the day.
        NoStatementExist = "NO_STATEMENT_EXIST",
        /// The bill is not ready yet.
        StatementCreating = "STATEMENT_CREATING",
        /// Our signature was refused.
        SignError = "SIGN_ERROR",
        /// The merchant may not do this.
        NoAuth = "NO_AUTH",
        /// A rule of the merchant's or the payer's account stands against it.
        RuleLimit = "RULE_LIMIT",
        /// The order number was used with other content.
        OutTradeNoUsed = "OUT_TRADE_NO_USED",
        /// The trade failed for a reason of the payer's.
        TradeError = "TRADE_ERROR",
        /// The merchant's balance does not suffice.
        NotEnough = "NOT_ENOUGH",
        /// The payer's account is closed or blocked.
        UserAccountAbnormal = "USER_ACCOUNT_ABNORMAL",
        /// The order is too old to be refunded.
        TradeOverdue = "TRADE_OVERDUE",
        /// The refund does not fit what was paid.
        RefundFeeMismatch = "REFUND_FEE_MISMATCH",
        /// Too many requests, as the interface pages call it.
        FrequencyLimited = "FREQUENCY_LIMITED",
        /// Too many requests, as the status page calls it.
        RatelimitExceeded = "RATELIMIT_EXCEEDED",
        /// WeChat failed; the outcome is unknown.
        SystemError = "SYSTEM_ERROR",
        /// WeChat is not there at the moment.
        ServiceUnavailable = "SERVICE_UNAVAILABLE",
        /// No code at all: an unknown path, a wrong method, or a machine in between.
        Missing = "",
    }
}

/// An APIv3 answer that is no success. Such answers are not signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The code.
    pub code: ErrorCode,
    /// For people; long runs of letters and digits are taken out.
    pub message: String,
    /// WeChat's number of the request, for its support.
    pub request_id: Option<String>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeChat answered {} {}", self.status, self.code)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl Error for ApiError {}

impl ApiError {
    /// Whether it is we, or the way there, that is refused: our signature, our merchant number, our rights, a machine in between.
    fn refuses_us(&self) -> bool {
        use ErrorCode::{AppidMchidNotMatch, MchNotExists, Missing, NoAuth, SignError};
        matches!(self.status, 300..=399 | 401 | 405)
            || matches!(self.code, AppidMchidNotMatch | MchNotExists | Missing | NoAuth | SignError)
    }
}

macro_rules! errcodes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal,)*) => {
        /// The `errcode` of a mini-program error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Errcode {
            $($(#[$doc])* $variant,)*
            /// A number this program does not know.
            Other(i64),
        }

        impl Errcode {
            /// The number on the wire.
            pub const fn number(self) -> i64 {
                match self {
                    $(Errcode::$variant => $number,)*
                    Errcode::Other(number) => number,
                }
            }
        }

        impl From<i64> for Errcode {
            fn from(number: i64) -> Errcode {
                match number {
                    $($number => Errcode::$variant,)*
                    other => Errcode::Other(other),
                }
            }
        }
    };
}

errcodes! {
    /// WeChat is busy; later.
    SystemBusy = -1,
    /// The access token is wrong.
    InvalidCredential = 40001,
    /// The grant type is wrong.
    InvalidGrantType = 40002,
    /// No such openid at this mini-program.
    InvalidOpenid = 40003,
    /// No such appid, or a code of another one.
    InvalidAppid = 40013,
    /// The code is wrong, used, or older than five minutes.
    InvalidCode = 40029,
    /// No such message template.
    InvalidTemplate = 40037,
    /// The secret is wrong.
    InvalidSecret = 40125,
    /// No such scene.
    InvalidScene = 40129,
    /// The code was used.
    CodeUsed = 40163,
    /// Our address is not on the list of the mini-program.
    AddressNotAllowed = 40164,
    /// WeChat blocks this user's login.
    RiskyUser = 40226,
    /// The access token is missing.
    TokenMissing = 41001,
    /// The appid is missing.
    AppidMissing = 41002,
    /// The secret is missing.
    SecretMissing = 41004,
    /// The code is missing.
    CodeMissing = 41008,
    /// The page of a message does not exist.
    InvalidPage = 41030,
    /// The access token is over.
    TokenExpired = 42001,
    /// The request must be a POST.
    MustBePost = 43002,
    /// The user has not agreed to this message, or the agreement is used up. Not to be repeated.
    NotSubscribed = 43101,
    /// The openid is of another appid.
    OpenidMismatch = 43104,
    /// The body is empty.
    EmptyBody = 44002,
    /// Too many texts were checked this minute.
    ContentMinuteQuota = 44991,
    /// The quota of the day is used up.
    DailyQuota = 45009,
    /// The quota of the minute is used up.
    MinuteQuota = 45011,
    /// The message has words WeChat does not carry.
    SensitiveWords = 45168,
    /// The body cannot be read.
    UnreadableBody = 47001,
    /// A value of the message does not fit its kind.
    BadArgument = 47003,
    /// The mini-program may not use this interface.
    NotAuthorised = 48001,
    /// The user was not in the mini-program within two hours.
    UserInactive = 61010,
    /// An administrator has to confirm our address.
    AddressUnconfirmed = 89503,
    /// An administrator refused our address.
    AddressRefused = 89506,
    /// An administrator refused our address a short while ago.
    AddressRefusedRecently = 89507,
}

/// A mini-program answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MiniProgramError {
    /// The number.
    pub errcode: Errcode,
    /// For people; long runs of letters and digits are taken out.
    pub message: String,
}

impl fmt::Display for MiniProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeChat answered errcode {}: {}", self.errcode.number(), self.message)
    }
}

impl Error for MiniProgramError {}

/// Why a signature is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header that belongs to the signature is not there.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// The timestamp is no number, or five minutes or more from our clock.
    #[error("the signature is not from within five minutes")]
    Stale,
    /// No key of this serial number is known.
    #[error("no platform key {0} is known")]
    UnknownSerial(String),
    /// The certificate of this serial number is over.
    #[error("the platform certificate {0} is over")]
    Expired(String),
    /// The signature does not belong to the body.
    #[error("the signature does not belong to the body")]
    Wrong,
}

/// A text that is not what it should be. Says where, never what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it fails at line {line}, column {column}")]
pub struct Unreadable {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Unreadable {
        Unreadable { line: error.line(), column: error.column() }
    }
}

/// What can go wrong with a call.
#[derive(Debug, thiserror::Error)]
pub enum WechatError {
    /// No such order or refund.
    #[error("WeChat knows no such order or refund")]
    NotFound(#[source] ApiError),
    /// The order was closed; its number is used up.
    #[error("the order is closed")]
    OrderClosed(#[source] ApiError),
    /// The order was paid already.
    #[error("the order is paid")]
    OrderPaid(#[source] ApiError),
    /// The order number was used with other content.
    #[error("the order number was used with other content")]
    OutTradeNoUsed(#[source] ApiError),
    /// The merchant's balance does not suffice for the refund.
    #[error("the balance at WeChat does not suffice")]
    NotEnough(#[source] ApiError),
    /// Too many requests; nothing happened. Later.
    #[error("WeChat asks for fewer requests")]
    RateLimited(#[source] ApiError),
    /// Whether it happened is not known: no answer came in time, or WeChat failed. Ask, or repeat with the same content.
    #[error("the outcome at WeChat is unknown")]
    OutcomeUnknown(#[source] Box<dyn Error + Send + Sync>),
    /// Refused for another reason. Nothing happened, and repeating it as it stands will not help.
    #[error("WeChat refused the request")]
    Refused(#[source] ApiError),
    /// The answer is not signed as it should be. What it says is not believed; whether it happened is not known.
    #[error("the answer of WeChat is not to be believed")]
    BadSignature(#[source] SignatureError),
    /// No connection could be made, at no host. Nothing happened.
    #[error("WeChat cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// A renewed access token was refused, too.
    #[error("WeChat does not accept our access token, even a new one")]
    TokenInvalid(#[source] MiniProgramError),
    /// Another caller just failed to get an access token; why is in its error.
    #[error("no access token could be had just now")]
    TokenUnavailable,
    /// A mini-program interface refused.
    #[error("WeChat refused the request")]
    MiniProgram(#[source] MiniProgramError),
    /// A good answer that cannot be read.
    #[error("the answer of WeChat cannot be read")]
    Unreadable(#[source] Unreadable),
    /// A good answer that does not belong to what was asked: another order, another amount, another merchant.
    #[error("the answer of WeChat does not belong to the request: {0}")]
    Unexpected(&'static str),
    /// Something we were about to send cannot be sent. Nothing happened.
    #[error("the request cannot be sent: {0}")]
    Invalid(&'static str),
    /// A downloaded file does not have the hash that was announced.
    #[error("the downloaded file is not the one that was announced")]
    HashMismatch,
}

impl WechatError {
    /// Whether what was asked for may have happened all the same. Then ask, or repeat with the same content.
    pub fn outcome_unknown(&self) -> bool {
        match self {
            WechatError::OutcomeUnknown(_)
            | WechatError::BadSignature(_)
            | WechatError::Unreadable(_)
            | WechatError::Unexpected(_) => true,
            WechatError::NotFound(_)
            | WechatError::OrderClosed(_)
            | WechatError::OrderPaid(_)
            | WechatError::OutTradeNoUsed(_)
            | WechatError::NotEnough(_)
            | WechatError::RateLimited(_)
            | WechatError::Refused(_)
            | WechatError::Unreachable(_)
            | WechatError::TokenInvalid(_)
            | WechatError::TokenUnavailable
            | WechatError::MiniProgram(_)
            | WechatError::Invalid(_)
            | WechatError::HashMismatch => false,
        }
    }

    /// Whether every other request would be refused as well, and the same one may succeed once the reason is mended.
    pub fn refuses_us(&self) -> bool {
        matches!(self, WechatError::Refused(answer) if answer.refuses_us())
    }

    /// What an APIv3 interface refused with, if that is what this is.
    pub fn refusal(&self) -> Option<&ApiError> {
        match self {
            WechatError::NotFound(answer)
            | WechatError::OrderClosed(answer)
            | WechatError::OrderPaid(answer)
            | WechatError::OutTradeNoUsed(answer)
            | WechatError::NotEnough(answer)
            | WechatError::RateLimited(answer)
            | WechatError::Refused(answer) => Some(answer),
            _ => None,
        }
    }

    /// The mini-program error number, if that is what this is.
    pub fn errcode(&self) -> Option<Errcode> {
        match self {
            WechatError::MiniProgram(error) | WechatError::TokenInvalid(error) => Some(error.errcode),
            _ => None,
        }
    }
}

impl From<ApiError> for WechatError {
    fn from(error: ApiError) -> WechatError {
        use ErrorCode::{
            FrequencyLimited, NotEnough, OrderClosed, OrderNotExist, OrderPaid, OutTradeNoUsed, RatelimitExceeded,
            ResourceNotExists, SystemError,
        };
        match (error.status, &error.code) {
            (429, _) | (_, FrequencyLimited | RatelimitExceeded) => WechatError::RateLimited(error),
            (202 | 500.., _) | (_, SystemError) => WechatError::OutcomeUnknown(Box::new(error)),
            (404, OrderNotExist | ResourceNotExists) => WechatError::NotFound(error),
            (_, OrderClosed) => WechatError::OrderClosed(error),
            (_, OrderPaid) => WechatError::OrderPaid(error),
            (_, OutTradeNoUsed) => WechatError::OutTradeNoUsed(error),
            (_, NotEnough) => WechatError::NotEnough(error),
            _ => WechatError::Refused(error),
        }
    }
}

/// A message fit for a log: runs of 24 and more letters, digits, `-` and `_` could be an openid or a token.
pub(crate) fn without_ids(message: &str) -> String {
    let in_id = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut text = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(first) = rest.chars().next() {
        let run = rest.find(|c| in_id(c) != in_id(first)).unwrap_or(rest.len());
        text.push_str(if in_id(first) && run >= 24 { "…" } else { &rest[..run] });
        rest = &rest[run..];
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, code: &str) -> WechatError {
        ApiError { status, code: code.into(), message: String::new(), request_id: None }.into()
    }

    #[test]
    fn the_status_and_the_code_decide() {
        for (status, code, variant) in [
            (404, "ORDER_NOT_EXIST", "NotFound"),
            (404, "RESOURCE_NOT_EXISTS", "NotFound"),
            (404, "", "Refused"),
            (404, "MCH_NOT_EXISTS", "Refused"),
            (400, "ORDER_CLOSED", "OrderClosed"),
            (400, "ORDER_PAID", "OrderPaid"),
            (403, "OUT_TRADE_NO_USED", "OutTradeNoUsed"),
            (403, "NOT_ENOUGH", "NotEnough"),
            (429, "FREQUENCY_LIMITED", "RateLimited"),
            (429, "RATELIMIT_EXCEEDED", "RateLimited"),
            (202, "", "OutcomeUnknown"),
            (500, "SYSTEM_ERROR", "OutcomeUnknown"),
            (503, "SERVICE_UNAVAILABLE", "OutcomeUnknown"),
            (502, "", "OutcomeUnknown"),
            (401, "SIGN_ERROR", "Refused"),
            (403, "SOMETHING_NEW", "Refused"),
        ] {
            let error = format!("{:?}", answered(status, code));
            assert!(error.starts_with(variant), "{status} {code}: {error}");
        }
    }

    #[test]
    fn what_refuses_us_says_nothing_of_the_request() {
        for (status, code, us) in [
            (401, "SIGN_ERROR", true),
            (403, "NO_AUTH", true),
            (404, "MCH_NOT_EXISTS", true),
            (404, "", true),
            (405, "", true),
            (302, "", true),
            (400, "INVALID_REQUEST", false),
            (403, "USER_ACCOUNT_ABNORMAL", false),
            (403, "SOMETHING_NEW", false),
            (404, "RESOURCE_NOT_EXISTS", false),
        ] {
            assert_eq!(answered(status, code).refuses_us(), us, "{status} {code}");
        }
    }

    #[test]
    fn codes_keep_what_they_do_not_know() {
        assert_eq!(ErrorCode::from("SOMETHING_NEW").as_str(), "SOMETHING_NEW");
        assert_eq!(Errcode::from(40029), Errcode::InvalidCode);
        assert_eq!(Errcode::from(12345).number(), 12345);
    }

    #[test]
    fn messages_lose_what_could_be_a_person() {
        assert_eq!(without_ids("无效的oSample000000000000000000001，再试"), "无效的…，再试");
        assert_eq!(
            without_ids("invalid code, hints: [ req_id: aBcD1234 ]"),
            "invalid code, hints: [ req_id: aBcD1234 ]"
        );
    }
}
