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
