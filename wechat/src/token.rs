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

#[cfg(test)]
mod tests {
    use domain::Clock;
    use serde_json::Value;

    use super::*;
    use crate::OpenId;
    use crate::testing::{self, Reply, Seen, TestServer};

    const TOKEN_PATH: &str = "/cgi-bin/stable_token";
    const CHECK_PATH: &str = "/wxa/msg_sec_check";
    const PASS: &str = r#"{"errcode":0,"errmsg":"ok","result":{"suggest":"pass","label":100}}"#;

    fn is_token(seen: &Seen) -> bool {
        seen.path_and_query == TOKEN_PATH
    }

    fn granted(token: &str, expires_in: u64) -> Reply {
        Reply::plain(200, json!({ "access_token": token, "expires_in": expires_in }).to_string())
    }

    async fn check(client: &Client) -> Result<crate::Suggestion, WechatError> {
        client.check_content(&OpenId::from("oSample000000000000000000001"), "加油").await
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn fifty_callers_share_one_fetch() {
        let server = TestServer::start(|seen, _| {
            if is_token(seen) {
                std::thread::sleep(Duration::from_millis(50));
                granted("T1", 7200)
            } else {
                Reply::plain(200, PASS)
            }
        })
        .await;
        let client = testing::client(&server.url);
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { check(&client).await })
            })
            .collect();
        for caller in callers {
            assert_eq!(caller.await.unwrap().unwrap(), crate::Suggestion::Pass);
        }
        assert_eq!((server.seen_at(TOKEN_PATH), server.seen_at(CHECK_PATH)), (1, 50));
        let asked = server.seen().into_iter().find(is_token).unwrap().json();
        assert_eq!((&asked["grant_type"], &asked["force_refresh"]), (&json!("client_credential"), &Value::Bool(false)));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn those_who_waited_for_a_failed_fetch_fail_with_it() {
        let server = TestServer::start(|_, _| {
            std::thread::sleep(Duration::from_millis(100));
            Reply::plain(200, r#"{"errcode":-1,"errmsg":"system error"}"#)
        })
        .await;
        let client = testing::client(&server.url);
        let callers: Vec<_> = (0..20)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { check(&client).await })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap().unwrap_err();
        }
        assert!(server.seen_at(TOKEN_PATH) <= 2, "{} fetches", server.seen_at(TOKEN_PATH));
        let error = check(&client).await.unwrap_err();
        assert_eq!(error.errcode(), Some(Errcode::SystemBusy), "whoever comes later asks again: {error:?}");
    }

    #[tokio::test]
    async fn a_token_wechat_no_longer_takes_is_renewed_once_and_the_call_repeated_once() {
        for errcode in [40001, 42001] {
            let server = TestServer::start(move |seen, before| match (is_token(seen), before) {
                (true, 0) => granted("old", 7200),
                (true, _) => granted("new", 7200),
                (false, _) if seen.path_and_query.ends_with("access_token=new") => Reply::plain(200, PASS),
                (false, _) => Reply::plain(200, json!({ "errcode": errcode, "errmsg": "token" }).to_string()),
            })
            .await;
            let client = testing::client(&server.url);
            check(&client).await.unwrap();
            assert_eq!((server.seen_at(TOKEN_PATH), server.seen_at(CHECK_PATH)), (2, 2));
            check(&client).await.unwrap();
            assert_eq!((server.seen_at(TOKEN_PATH), server.seen_at(CHECK_PATH)), (2, 3), "the new one is kept");
        }
    }

    #[tokio::test]
    async fn a_renewed_token_that_is_refused_too_is_the_end() {
        let server = TestServer::start(|seen, _| {
            if is_token(seen) {
                granted("T", 7200)
            } else {
                Reply::plain(200, r#"{"errcode":40001,"errmsg":"invalid credential, rid: 6788a40f-0a1b2c3d-4e5f6071"}"#)
            }
        })
        .await;
        let error = check(&testing::client(&server.url)).await.unwrap_err();
        assert!(matches!(error, WechatError::TokenInvalid(_)), "{error:?}");
        assert_eq!((server.seen_at(TOKEN_PATH), server.seen_at(CHECK_PATH)), (2, 2));
    }

    #[tokio::test]
    async fn a_token_is_kept_until_five_minutes_before_its_end() {
        let server = TestServer::start(|_, before| granted(&format!("T{before}"), 7200)).await;
        let clock = Clock::settable();
        let client = Client::new(testing::settings(&server.url), clock.clone()).unwrap();
        let first = client.access_token().await.unwrap();
        clock.set(first.expires.before(Duration::from_secs(310)));
        assert_eq!(client.access_token().await.unwrap().value.expose_secret(), "T0");
        clock.set(first.expires.before(Duration::from_secs(299)));
        assert_eq!(client.access_token().await.unwrap().value.expose_secret(), "T1");
    }

    #[tokio::test]
    async fn processes_share_a_token_through_a_store_of_their_own() {
        let server = TestServer::start(|_, _| granted("T", 7200)).await;
        let (one, other) = (testing::client(&server.url), testing::client(&server.url));
        assert!(one.access_token_cached().is_none());
        other.adopt_access_token(one.access_token().await.unwrap());
        assert_eq!(other.access_token().await.unwrap().value.expose_secret(), "T");
        assert_eq!(server.seen_at(TOKEN_PATH), 1);
        let past = AccessToken { value: "P".to_owned().into(), expires: Timestamp::from_seconds(1) };
        other.adopt_access_token(past);
        assert_eq!(other.access_token_cached().unwrap().value.expose_secret(), "T", "the longer one stays");
    }

    #[tokio::test]
    async fn no_token_and_no_person_is_printed() {
        let client = testing::client(&testing::nobody());
        let secret = AccessToken { value: "SECRET-TOKEN".to_owned().into(), expires: client.now().after(MARGIN * 3) };
        client.adopt_access_token(secret.clone());
        let error = check(&client).await.unwrap_err();
        let printed = format!("{error} {error:?} {secret:?} {:?}", OpenId::from("oSample"));
        assert!(matches!(error, WechatError::Unreachable(_)));
        assert!(!printed.contains("SECRET-TOKEN") && !printed.contains("oSample"), "{printed}");
        let error = client.login("the-code").await.unwrap_err();
        let printed = format!("{error:?}");
        assert!(!printed.contains("the-code") && !printed.contains("a secret") && !printed.contains("a%20secret"));
    }
}
