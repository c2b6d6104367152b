//! The mini-program's server calls: login, access token, phone number, subscribe messages, content security.
//!
//! HTTP 200 for everything; an error is an `errcode`. Codes and tokens live in real time and in memory only. What a test can
//! provoke:
//!
//! - an openid that contains `refuses` takes no messages (43101), one that contains `inactive` was not seen in two hours
//!   (61010), one that contains `foreign` belongs to another mini-program (40003);
//! - a template id that contains `invalid` does not exist (40037);
//! - a text with `赌博` or `risky` is risky (20006), one with `加微信` or `review` is for review (10001).
//!
//! The real server's quotas are not kept: a forced refresh may follow the last at once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};
use wechat::crypto::nonce;

use crate::answer::{Answer, JSON};
use crate::fault::TokenFault;
use crate::server::{Call, Server};

/// How long codes live.
const CODE: Duration = Duration::from_secs(300);
/// How long access tokens live; in the last five minutes the next one is handed out already.
const TOKEN: Duration = Duration::from_secs(7_200);
const OVERLAP: Duration = Duration::from_secs(300);
/// Messages that are remembered for `/sandbox/state`.
const REMEMBERED: usize = 200;

/// What the mini-program host remembers.
#[derive(Default)]
pub(crate) struct Login(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    codes: HashMap<String, (Grant, Timestamp)>,
    tokens: Vec<Token>,
    messages: VecDeque<Value>,
}

/// What a code stands for.
enum Grant {
    User(String),
    Phone(String),
}

struct Token {
    text: String,
    until: Timestamp,
    killed: bool,
}

/// An error of the mini-program host.
struct Errcode(i64, String);

fn err(code: i64, message: &str) -> Errcode {
    Errcode(code, format!("{message} rid: {}", nonce().to_lowercase()))
}

fn answer(body: &Value, content_type: &'static str) -> Answer {
    Answer { status: StatusCode::OK, content_type, body: body.to_string().into_bytes() }
}

impl Login {
    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A login code for a user, as `wx.login` would give.
    pub(crate) fn code(&self, openid: &str, now: Timestamp) -> String {
        self.lock().grant(Grant::User(openid.to_owned()), now)
    }

    /// A code for a phone number, as the phone-number button would give.
    pub(crate) fn phone_code(&self, phone: &str, now: Timestamp) -> String {
        self.lock().grant(Grant::Phone(phone.to_owned()), now)
    }

    /// The last messages that were accepted, oldest first.
    pub(crate) fn messages(&self) -> Vec<Value> {
        self.lock().messages.iter().cloned().collect()
    }

    /// Lets every token die.
    pub(crate) fn end_tokens(&self, how: TokenFault, now: Timestamp) {
        for token in &mut self.lock().tokens {
            match how {
                TokenFault::Expire => token.until = token.until.min(now),
                TokenFault::Invalidate => token.killed = true,
            }
        }
    }
}

impl Memory {
    fn grant(&mut self, grant: Grant, now: Timestamp) -> String {
        if self.codes.len() >= 10_000 {
            self.codes.retain(|_, (_, until)| now < *until);
        }
        let code = format!("0{}", nonce());
        self.codes.insert(code.clone(), (grant, now.after(CODE)));
        code
    }

    /// What a code stands for; it works once. A code of the other kind stays good.
    fn spend(&mut self, code: &str, now: Timestamp, phone: bool) -> Option<String> {
        if matches!(self.codes.get(code)?.0, Grant::Phone(_)) != phone {
            return None;
        }
        let (Grant::User(text) | Grant::Phone(text), until) = self.codes.remove(code)?;
        (now < until).then_some(text)
    }
}

/// Answers a call of the mini-program host, or nothing if the path is unknown.
pub(crate) fn serve(server: &Server, call: &Call) -> Option<Answer> {
    type Handler = fn(&Server, &Call, &Value) -> Result<Value, Errcode>;
    let (method, handler): (_, Handler) = match call.path.as_str() {
        "/sns/jscode2session" => (Method::GET, code_to_session),
        "/cgi-bin/stable_token" => (Method::POST, stable_token),
        "/wxa/business/getuserphonenumber" => (Method::POST, phone_number),
        "/cgi-bin/message/subscribe/send" => (Method::POST, send_message),
        "/wxa/msg_sec_check" => (Method::POST, check_text),
        _ => return None,
    };
    let content_type = if call.path == "/sns/jscode2session" { "text/plain" } else { JSON };
    let result = body(call, &method).and_then(|body| handler(server, call, &body));
    let body = result.unwrap_or_else(|Errcode(code, message)| json!({"errcode": code, "errmsg": message}));
    Some(answer(&body, content_type))
}

/// An error of the mini-program host on order.
pub(crate) fn failed(errcode: i64) -> Answer {
    let Errcode(code, message) = err(errcode, "ordered by the sandbox's faults");
    answer(&json!({"errcode": code, "errmsg": message}), JSON)
}

fn body(call: &Call, method: &Method) -> Result<Value, Errcode> {
    if call.method != *method {
        return Err(if *method == Method::POST {
            err(43002, "require POST method")
        } else {
            err(43001, "require GET method")
        });
    }
    if *method == Method::GET {
        return Ok(Value::Null);
    }
    if call.body.is_empty() {
        return Err(err(44002, "empty post data"));
    }
    match serde_json::from_slice(&call.body) {
        Ok(body @ Value::Object(_)) => Ok(body),
        _ => Err(err(47001, "data format error")),
    }
}

fn known_app(server: &Server, appid: Option<&str>, secret: Option<&str>) -> Result<(), Errcode> {
    let appid = appid.filter(|text| !text.is_empty()).ok_or_else(|| err(41002, "appid missing"))?;
    let secret = secret.filter(|text| !text.is_empty()).ok_or_else(|| err(41004, "appsecret missing"))?;
    if appid != server.keys.appid {
        return Err(err(40013, "invalid appid"));
    }
    if secret != server.keys.secret {
        return Err(err(40125, "invalid appsecret"));
    }
    Ok(())
}

fn code_to_session(server: &Server, call: &Call, _: &Value) -> Result<Value, Errcode> {
    known_app(server, call.query("appid"), call.query("secret"))?;
    let code = call.query("js_code").filter(|code| !code.is_empty()).ok_or_else(|| err(41008, "missing code"))?;
    if call.query("grant_type") != Some("authorization_code") {
        return Err(err(40002, "invalid grant_type"));
    }
    let openid = server
        .login
        .lock()
        .spend(code, server.real.now(), false)
        .ok_or_else(|| Errcode(40029, format!("invalid code, hints: [ req_id: {} ]", &nonce()[..8])))?;
    let session_key = STANDARD.encode(&nonce().as_bytes()[..16]);
    Ok(json!({"openid": openid, "session_key": session_key}))
}

fn stable_token(server: &Server, _: &Call, body: &Value) -> Result<Value, Errcode> {
    if body["grant_type"] != "client_credential" {
        return Err(err(40002, "invalid grant_type"));
    }
    known_app(server, body["appid"].as_str(), body["secret"].as_str())?;
    let force = match &body["force_refresh"] {
        Value::Null => false,
        Value::Bool(force) => *force,
        _ => return Err(err(47001, "data format error")),
    };
    let now = server.real.now();
    let mut memory = server.login.lock();
    // Long dead tokens are forgotten: they answer 40001 then instead of 42001.
    memory.tokens.retain(|token| now < token.until.after(TOKEN));
    if force {
        memory.tokens.iter_mut().for_each(|token| token.killed = true);
    }
    let usable = |token: &&Token| !token.killed && now.after(OVERLAP) < token.until;
    let (text, until) = match memory.tokens.iter().rev().find(usable) {
        Some(token) => (token.text.clone(), token.until),
        None => {
            let (text, until) = (format!("{}_{}{}", nonce().len(), nonce(), nonce()), now.after(TOKEN));
            memory.tokens.push(Token { text: text.clone(), until, killed: false });
            (text, until)
        }
    };
    let left = until.apart(now).as_micros().div_ceil(1_000_000);
    Ok(json!({"access_token": text, "expires_in": u64::try_from(left).unwrap_or_default()}))
}

fn known_token(server: &Server, call: &Call) -> Result<(), Errcode> {
    let text = call.query("access_token").filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| err(41001, "access_token missing"))?;
    let memory = server.login.lock();
    match memory.tokens.iter().find(|token| token.text == text) {
        Some(token) if token.killed => Err(err(40001, "invalid credential, access_token is invalid or not latest")),
        Some(token) if token.until <= server.real.now() => Err(err(42001, "access_token expired")),
        Some(_) => Ok(()),
        None => Err(err(40001, "invalid credential, access_token is invalid or not latest")),
    }
}

fn known_user(openid: &str) -> Result<(), Errcode> {
    let plain = !openid.is_empty() && openid.len() <= 128 && openid.bytes().all(|b| b.is_ascii_graphic());
    if plain && !openid.contains("foreign") { Ok(()) } else { Err(err(40003, "invalid openid")) }
}

fn phone_number(server: &Server, call: &Call, body: &Value) -> Result<Value, Errcode> {
    known_token(server, call)?;
    let code = body["code"].as_str().unwrap_or_default();
    let now = server.real.now();
    let phone = server.login.lock().spend(code, now, true).ok_or_else(|| err(40029, "invalid code"))?;
    Ok(json!({"errcode": 0, "errmsg": "ok", "phone_info": {
        "phoneNumber": phone, "purePhoneNumber": phone, "countryCode": "86",
        "watermark": {"timestamp": now.seconds(), "appid": server.keys.appid},
    }}))
}

fn send_message(server: &Server, call: &Call, body: &Value) -> Result<Value, Errcode> {
    known_token(server, call)?;
    let openid = body["touser"].as_str().unwrap_or_default();
    known_user(openid)?;
    let template = body["template_id"].as_str().unwrap_or_default();
    if template.is_empty() || template.contains("invalid") {
        return Err(err(40037, "invalid template_id"));
    }
    if body["page"].as_str().is_some_and(|page| page.contains("://") || page.contains(char::is_whitespace)) {
        return Err(err(41030, "invalid page"));
    }
    for (member, words) in
        [("miniprogram_state", &["developer", "trial", "formal"][..]), ("lang", &["zh_CN", "en_US", "zh_HK", "zh_TW"])]
    {
        if !body[member].is_null() && !body[member].as_str().is_some_and(|word| words.contains(&word)) {
            return Err(err(47003, &format!("argument invalid! {member} invalid")));
        }
    }
    let Some(data) = body["data"].as_object().filter(|data| !data.is_empty()) else {
        return Err(err(47003, "argument invalid! data is emtpy"));
    };
    for (key, cell) in data {
        match cell["value"].as_str() {
            None => return Err(err(47003, &format!("argument invalid! data.{key}.value invalid"))),
            Some("") => return Err(err(47003, &format!("argument invalid! data.{key}.value is emtpy"))),
            Some(value) if !fits(key, value) => {
                return Err(err(47003, &format!("argument invalid! data.{key}.value invalid")));
            }
            Some(_) => {}
        }
    }
    if openid.contains("refuses") {
        return Err(err(43101, "user refuse to accept the msg"));
    }
    let mut memory = server.login.lock();
    if memory.messages.len() >= REMEMBERED {
        memory.messages.pop_front();
    }
    memory.messages.push_back(json!({
        "touser": openid, "template_id": template, "page": body["page"], "data": body["data"],
    }));
    Ok(json!({"errcode": 0, "errmsg": "ok"}))
}

/// Whether a value keeps the rule of its key's type (`thing1` is a `thing`).
fn fits(key: &str, value: &str) -> bool {
    let kind = key.trim_end_matches(|c: char| c.is_ascii_digit());
    if kind.len() == key.len() || value.chars().any(char::is_control) {
        return false;
    }
    let length = value.chars().count();
    let decimal = |text: &str| {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        digits(whole) && digits(decimals)
    };
    match kind {
        "thing" => length <= 20,
        "number" => length <= 32 && decimal(value.strip_prefix('-').unwrap_or(value)),
        "letter" => length <= 32 && value.chars().all(|c| c.is_ascii_alphabetic()),
        "symbol" => length <= 5,
        "character_string" => length <= 32 && value.is_ascii(),
        "time" => value.contains(':') && value.chars().any(|c| c.is_ascii_digit()) && length <= 64,
        "date" => value.chars().any(|c| c.is_ascii_digit()) && length <= 64,
        "amount" => {
            let text = value.strip_suffix('元').unwrap_or(value);
            let text = text.strip_prefix(['¥', '￥', '$', '€', '£']).unwrap_or(text);
            decimal(text) && text.split('.').next().is_some_and(|whole| whole.len() <= 10)
        }
        "phone_number" => length <= 17 && value.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c)),
        "car_number" => length <= 8,
        "name" => length <= 10 || (length <= 20 && value.is_ascii()),
        "phrase" => length <= 5 && value.chars().all(|c| !c.is_ascii()),
        _ => false,
    }
}

fn check_text(server: &Server, call: &Call, body: &Value) -> Result<Value, Errcode> {
    known_token(server, call)?;
    if body["version"] != 2 {
        return Err(err(47001, "data format error: version must be 2"));
    }
    let openid = body["openid"].as_str().unwrap_or_default();
    known_user(openid)?;
    if !body["scene"].as_i64().is_some_and(|scene| (1..=4).contains(&scene)) {
        return Err(err(40129, "invalid scene"));
    }
    let content = body["content"].as_str().unwrap_or_default();
    if content.is_empty() || content.chars().count() > 2_500 {
        return Err(err(47001, "data format error: content"));
    }
    if openid.contains("inactive") {
        return Err(err(61010, "code is expired"));
    }
    let mut texts = vec![content];
    texts.extend(["title", "nickname", "signature"].iter().filter_map(|&member| body[member].as_str()));
    let hit = |words: [&'static str; 2]| words.into_iter().find(|word| texts.iter().any(|text| text.contains(word)));
    let (suggest, label, keyword) = match (hit(["赌博", "risky"]), hit(["加微信", "review"])) {
        (Some(word), _) => ("risky", 20006, Some(word)),
        (None, Some(word)) => ("review", 10001, Some(word)),
        (None, None) => ("pass", 100, None),
    };
    let by_keyword = match keyword {
        Some(word) => json!({"strategy": "keyword", "errcode": 0, "suggest": suggest, "label": label, "keyword": word}),
        None => json!({"strategy": "keyword", "errcode": 0}),
    };
    Ok(json!({
        "errcode": 0, "errmsg": "ok",
        "result": {"suggest": suggest, "label": label},
        "detail": [
            {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90},
            by_keyword,
        ],
        "trace_id": format!("{}-00000000", &nonce().to_lowercase()[..8]),
    }))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn values_keep_the_rule_of_their_key() {
        for (key, value) in [
            ("thing1", "爱心捐款到账"),
            ("amount2", "¥12.30"),
            ("amount2", "12.30元"),
            ("date3", "2026年01月15日"),
            ("time4", "2026年01月15日 15:01"),
            ("character_string5", "D2026-01"),
            ("phrase6", "已到账"),
            ("number7", "12.5"),
            ("name8", "张三"),
            ("phone_number9", "+86-13800000000"),
        ] {
            assert!(fits(key, value), "{key} {value}");
        }
        for (key, value) in [
            ("thing1", "一二三四五六七八九十一二三四五六七八九十一"),
            ("thing1", "a\nb"),
            ("amount2", "twelve"),
            ("amount2", "12345678901"),
            ("phrase6", "一二三四五六"),
            ("thing", "no digit"),
            ("other1", "x"),
            ("number7", "1,5"),
            ("character_string5", "中文"),
        ] {
            assert!(!fits(key, value), "{key} {value}");
        }
    }
}
