//! Who is at the mini-program: the login code and the phone-number code.
//!
//! Codes work once and live five minutes; a used or wrong one is [`Errcode::InvalidCode`](crate::Errcode::InvalidCode). What
//! comes back is personal and prints without its content. `session_key` never leaves the server.

use std::fmt;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::Client;
use crate::error::WechatError;

/// A user of the mini-program, as WeChat names them to it. Prints without its content.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpenId(String);

impl OpenId {
    /// The openid itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for OpenId {
    fn from(openid: String) -> OpenId {
        OpenId(openid)
    }
}

impl From<&str> for OpenId {
    fn from(openid: &str) -> OpenId {
        OpenId(openid.to_owned())
    }
}

impl fmt::Debug for OpenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenId")
    }
}

/// What a login code stands for.
#[derive(Clone, Debug, Deserialize)]
pub struct Login {
    /// The user at this mini-program.
    pub openid: OpenId,
    /// The key of the user's session.
    pub session_key: SecretString,
    /// The user at all programs of the same owner, if the mini-program is bound to such a group.
    #[serde(default)]
    pub unionid: Option<SecretString>,
}

/// A phone number the user agreed to give.
#[derive(Clone, Debug)]
pub struct PhoneNumber {
    /// With the country's prefix if it is foreign.
    pub number: SecretString,
    /// Without prefix.
    pub pure_number: SecretString,
    /// `86` and the like.
    pub country_code: String,
}

#[derive(Deserialize)]
struct PhoneAnswer {
    phone_info: PhoneInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhoneInfo {
    phone_number: SecretString,
    pure_phone_number: SecretString,
    country_code: CountryCode,
    watermark: Option<Watermark>,
}

/// A string by WeChat's table, a number in its example.
#[derive(Deserialize)]
#[serde(untagged)]
enum CountryCode {
    Text(String),
    Number(u32),
}

#[derive(Deserialize)]
struct Watermark {
    appid: String,
}

impl Client {
    /// Who stands behind a login code.
    pub async fn login(&self, code: &str) -> Result<Login, WechatError> {
        let query = [
            ("appid", self.0.appid.as_str()),
            ("secret", self.0.secret.expose_secret()),
            ("js_code", code),
            ("grant_type", "authorization_code"),
        ];
        self.call_mini_program(Method::GET, "/sns/jscode2session", &query, None).await
    }

    /// The phone number behind a code of the phone-number button.
    pub async fn phone_number(&self, code: &str) -> Result<PhoneNumber, WechatError> {
        let body = json!({ "code": code });
        let answer: PhoneAnswer = self.call_with_token("/wxa/business/getuserphonenumber", &body).await?;
        let info = answer.phone_info;
        if info.watermark.is_some_and(|watermark| watermark.appid != self.0.appid) {
            return Err(WechatError::Unexpected("the phone number was given to another mini-program"));
        }
        let country_code = match info.country_code {
            CountryCode::Text(code) => code,
            CountryCode::Number(code) => code.to_string(),
        };
        Ok(PhoneNumber { number: info.phone_number, pure_number: info.pure_phone_number, country_code })
    }
}
