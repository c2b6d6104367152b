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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Errcode;
    use crate::testing::{self, Reply, TestServer};

    #[tokio::test]
    async fn a_code_leads_to_a_user() {
        let body = r#"{"openid":"oSample000000000000000000001","session_key":"bWFkZS11cC1zZXNzaW9uLWtleQ=="}"#;
        let server = TestServer::start(move |_, _| Reply::plain(200, body).with("content-type", "text/plain")).await;
        let login = testing::client(&server.url).login("a code&more").await.unwrap();
        assert_eq!(login.openid.as_str(), "oSample000000000000000000001");
        assert!(login.unionid.is_none());
        let printed = format!("{login:?}");
        assert!(!printed.contains("oSample") && !printed.contains("bWFkZS"), "{printed}");
        assert_eq!(
            server.seen()[0].path_and_query,
            "/sns/jscode2session?appid=wx0123456789abcdef&secret=a+secret&js_code=a+code%26more&grant_type=authorization_code"
        );
    }

    #[tokio::test]
    async fn a_code_that_leads_nowhere_is_told_by_its_number() {
        for (number, errcode) in
            [(40029, Errcode::InvalidCode), (-1, Errcode::SystemBusy), (77777, Errcode::Other(77777))]
        {
            let body = json!({ "errcode": number, "errmsg": "invalid code, hints: [ req_id: aBcD1234 ]" }).to_string();
            let server = TestServer::start(move |_, _| Reply::plain(200, body.clone())).await;
            let error = testing::client(&server.url).login("code").await.unwrap_err();
            assert_eq!(error.errcode(), Some(errcode), "{error:?}");
            assert_eq!(server.seen().len(), 1);
        }
    }

    #[tokio::test]
    async fn a_phone_number_is_read_whatever_the_kind_of_its_country_code() {
        for country in [json!("86"), json!(86)] {
            let answer = json!({
                "errcode": 0, "errmsg": "ok",
                "phone_info": {
                    "phoneNumber": "13800000000", "purePhoneNumber": "13800000000", "countryCode": country,
                    "watermark": { "timestamp": 1_767_225_600, "appid": "wx0123456789abcdef" },
                },
            });
            let server = TestServer::start(move |seen, _| {
                if seen.path_and_query.starts_with("/cgi-bin/") {
                    Reply::plain(200, r#"{"access_token":"T","expires_in":7200}"#)
                } else {
                    Reply::plain(200, answer.to_string())
                }
            })
            .await;
            let phone = testing::client(&server.url).phone_number("code").await.unwrap();
            assert_eq!((phone.number.expose_secret(), phone.country_code.as_str()), ("13800000000", "86"));
            assert!(!format!("{phone:?}").contains("13800000000"));
            assert_eq!(server.seen()[1].json(), json!({ "code": "code" }));
        }
    }
}
