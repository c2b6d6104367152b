//! The access token of the mini-program interfaces.
//!
//! It is a *stable* token in normal mode: WeChat gives the same token to everybody who asks until five minutes before its
//! end, so several processes may each fetch it without spoiling the others', and `force_refresh` is never used. One process
//! fetches it once however many callers wait. Processes that want to save the fetch share it through
//! [`Client::access_token_cached`] and [`Client::adopt_access_token`].

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::Timestamp;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::client::Client;
use crate::error::{Errcode, WechatError};

/// WeChat hands out a new token in the last five minutes of the old one; both work until then.
const MARGIN: Duration = Duration::from_secs(300);

/// An access token and its end.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The token.
    pub value: SecretString,
    /// Its end, real time.
    pub expires: Timestamp,
}

#[derive(Debug, Default)]
pub(crate) struct Tokens {
    cached: Mutex<Option<AccessToken>>,
    /// Whoever holds this fetches; the rest wait and find the token, or that the fetch failed while they waited.
    fetching: tokio::sync::Mutex<Option<Instant>>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    expires_in: u64,
}

impl Client {
    /// The token this process holds, if it is good for five minutes more.
    pub fn access_token_cached(&self) -> Option<AccessToken> {
        let fresh_until = self.now().after(MARGIN);
        let cached = self.0.tokens.cached.lock().unwrap_or_else(PoisonError::into_inner);
        cached.as_ref().filter(|token| token.expires > fresh_until).cloned()
    }

    /// Takes over a token another process fetched, if it lasts longer than ours.
    pub fn adopt_access_token(&self, token: AccessToken) {
        let mut cached = self.0.tokens.cached.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.as_ref().is_none_or(|ours| ours.expires < token.expires) {
            *cached = Some(token);
        }
    }

    /// A token that is good now, fetched if need be.
    pub async fn access_token(&self) -> Result<AccessToken, WechatError> {
        match self.access_token_cached() {
            Some(token) => Ok(token),
            None => self.fetch_token(None).await,
        }
    }

    /// Fetches a token unless somebody else just did. `refused` is a token WeChat no longer takes.
    async fn fetch_token(&self, refused: Option<&AccessToken>) -> Result<AccessToken, WechatError> {
        let arrived = Instant::now();
        let mut failed = self.0.tokens.fetching.lock().await;
        if let Some(token) = self.access_token_cached()
            && refused.is_none_or(|refused| refused.value.expose_secret() != token.value.expose_secret())
        {
            return Ok(token);
        }
        if failed.is_some_and(|at| at >= arrived) {
            return Err(WechatError::TokenUnavailable);
        }
        let granted = self.ask_for_token().await;
        *failed = granted.is_err().then(Instant::now);
        let token = granted?;
        *self.0.tokens.cached.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    async fn ask_for_token(&self) -> Result<AccessToken, WechatError> {
        let asked = self.now();
        let body = json!({
            "grant_type": "client_credential",
            "appid": self.0.appid,
            "secret": self.0.secret.expose_secret(),
            "force_refresh": false,
        });
        let granted: Granted = self.call_mini_program(Method::POST, "/cgi-bin/stable_token", &[], Some(&body)).await?;
        let expires = asked.after(Duration::from_secs(granted.expires_in.min(7200)));
        Ok(AccessToken { value: granted.access_token, expires })
    }

    /// One call with the token. A token that WeChat no longer takes is fetched anew once, and the call repeated once: a call
    /// that was refused for its token did nothing.
    pub(crate) async fn call_with_token<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<T, WechatError> {
        let token = self.access_token().await?;
        match self.post_with(&token, path, body).await {
            Err(WechatError::MiniProgram(error)) if is_about_token(error.errcode) => {
                tracing::info!(errcode = error.errcode.number(), "the access token is over, fetching another");
                let token = self.fetch_token(Some(&token)).await?;
                match self.post_with(&token, path, body).await {
                    Err(WechatError::MiniProgram(error)) if is_about_token(error.errcode) => {
                        Err(WechatError::TokenInvalid(error))
                    }
                    outcome => outcome,
                }
            }
            outcome => outcome,
        }
    }

    async fn post_with<T: DeserializeOwned>(
        &self,
        token: &AccessToken,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<T, WechatError> {
        let query = [("access_token", token.value.expose_secret())];
        self.call_mini_program(Method::POST, path, &query, Some(body)).await
    }
}

fn is_about_token(errcode: Errcode) -> bool {
    matches!(errcode, Errcode::InvalidCredential | Errcode::TokenExpired)
}
