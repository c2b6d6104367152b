//! Is a text fit to be shown? WeChat's check of what users write.
//!
//! Refused: texts of more than 2,500 characters. A word of WeChat's this program does not know counts as "let a person look".

use serde::Deserialize;
use serde_json::json;

use crate::client::Client;
use crate::error::WechatError;
use crate::login::OpenId;

/// What WeChat suggests to do with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// Show it.
    Pass,
    /// Let a person look at it.
    Review,
    /// Do not show it.
    Risky,
}

/// A comment: what a donor writes beside a gift.
const SCENE_COMMENT: u8 = 2;
const MAX_CHARACTERS: usize = 2500;

#[derive(Deserialize)]
struct Checked {
    result: Outcome,
}

#[derive(Deserialize)]
struct Outcome {
    suggest: String,
}

impl Client {
    /// Checks a text a user wrote. The user must have been in the mini-program within two hours, otherwise
    /// [`Errcode::UserInactive`](crate::Errcode::UserInactive).
    pub async fn check_content(&self, openid: &OpenId, text: &str) -> Result<Suggestion, WechatError> {
        if text.chars().count() > MAX_CHARACTERS {
            return Err(WechatError::Invalid("a text of more than 2,500 characters cannot be checked"));
        }
        let body = json!({ "version": 2, "openid": openid, "scene": SCENE_COMMENT, "content": text });
        let checked: Checked = self.call_with_token("/wxa/msg_sec_check", &body).await?;
        Ok(match checked.result.suggest.as_str() {
            "pass" => Suggestion::Pass,
            "risky" => Suggestion::Risky,
            _ => Suggestion::Review,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Errcode;
    use crate::testing::{self, Reply, TestServer};

    async fn server(answer: &'static str) -> TestServer {
        TestServer::start(move |seen, _| {
            if seen.path_and_query.starts_with("/cgi-bin/") {
                Reply::plain(200, r#"{"access_token":"T","expires_in":7200}"#)
            } else {
                Reply::plain(200, answer)
            }
        })
        .await
    }

    #[tokio::test]
    async fn the_suggestion_decides_not_the_errcode() {
        for (answer, suggestion) in [
            (r#"{"errcode":0,"result":{"suggest":"pass","label":100}}"#, Suggestion::Pass),
            (r#"{"errcode":0,"result":{"suggest":"review","label":20001}}"#, Suggestion::Review),
            (
                r#"{"errcode":0,"result":{"suggest":"risky","label":20006},"detail":[{"strategy":"keyword","errcode":0}]}"#,
                Suggestion::Risky,
            ),
            (r#"{"errcode":0,"result":{"suggest":"something","label":1}}"#, Suggestion::Review),
        ] {
            let server = server(answer).await;
            let client = testing::client(&server.url);
            let openid = OpenId::from("oSample000000000000000000001");
            assert_eq!(client.check_content(&openid, "为孩子们加油").await.unwrap(), suggestion);
            let body = String::from_utf8(server.seen()[1].body.clone()).unwrap();
            assert!(body.contains("为孩子们加油") && body.contains(r#""version":2"#), "raw UTF-8: {body}");
        }
    }

    #[tokio::test]
    async fn a_text_too_long_does_not_travel_and_an_absent_user_is_told() {
        let server = server(r#"{"errcode":61010,"errmsg":"code is expired"}"#).await;
        let client = testing::client(&server.url);
        let openid = OpenId::from("oSample000000000000000000001");
        let long = client.check_content(&openid, &"字".repeat(2501)).await.unwrap_err();
        assert!(matches!(long, WechatError::Invalid(_)));
        assert_eq!(server.seen().len(), 0);
        let error = client.check_content(&openid, &"字".repeat(2500)).await.unwrap_err();
        assert_eq!(error.errcode(), Some(Errcode::UserInactive));
    }
}
