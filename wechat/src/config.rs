//! Where WeChat is and who we are there.
//!
//! [`Settings::problems`] says why settings cannot be used at all, [`Settings::production_problems`] why they may not be used
//! in production: there only WeChat's own hosts are talked to, so that a production program cannot take the sandbox's
//! play money for donations.

use std::net::IpAddr;
use std::path::Path;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::crypto::{ApiV3Key, PrivateKey, PublicKey};

/// The hosts of WeChat Pay.
pub(crate) const PAY_HOSTS: [&str; 4] =
    ["api.mch.weixin.qq.com", "api2.mch.weixin.qq.com", "api.wechatpay.cn", "api2.wechatpay.cn"];
/// The hosts of the mini-program interfaces.
const MINI_PROGRAM_HOSTS: [&str; 1] = ["api.weixin.qq.com"];

/// The WeChat Pay public key of the merchant, as downloaded from the merchant platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformPublicKey {
    /// `PUB_KEY_ID_` and digits.
    pub id: String,
    /// The key, PEM.
    pub pem: String,
}

/// Everything a [`Client`](crate::Client) needs to know. Prints without its secrets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// WeChat Pay.
    #[serde(default = "pay_url")]
    pub base_url: String,
    /// WeChat Pay's second host, asked only when no connection to the first can be made.
    #[serde(default)]
    pub backup_url: Option<String>,
    /// The mini-program interfaces.
    #[serde(default = "mini_program_url")]
    pub mini_program_url: String,
    /// The merchant number.
    pub mchid: String,
    /// The mini-program.
    pub appid: String,
    /// The mini-program's secret.
    pub secret: SecretString,
    /// The serial number of the merchant's certificate, upper-case hexadecimal.
    pub merchant_serial: String,
    /// The merchant's private key, PEM.
    pub merchant_private_key: SecretString,
    /// The APIv3 key, 32 characters.
    pub apiv3_key: SecretString,
    /// The WeChat Pay public key, if the merchant has one. With it answers are asked to be signed by it.
    #[serde(default)]
    pub platform_public_key: Option<PlatformPublicKey>,
    /// Platform certificates known in advance, PEM. They are fetched anyhow.
    #[serde(default)]
    pub platform_certificates: Vec<String>,
    /// Where WeChat sends notifications of payments.
    pub payment_notify_url: String,
    /// Where WeChat sends notifications of refunds.
    pub refund_notify_url: String,
    /// How long a connection may take.
    #[serde(default = "connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    /// How long a request may take in all.
    #[serde(default = "total_timeout_ms")]
    pub total_timeout_ms: u64,
    /// How long the download of a bill may take.
    #[serde(default = "download_timeout_ms")]
    pub download_timeout_ms: u64,
    /// Whether these settings came from a sandbox; production refuses them.
    #[serde(skip)]
    pub sandbox: bool,
}

fn pay_url() -> String {
    "https://api.mch.weixin.qq.com".to_owned()
}

fn mini_program_url() -> String {
    "https://api.weixin.qq.com".to_owned()
}

const fn connect_timeout_ms() -> u64 {
    2_000
}

const fn total_timeout_ms() -> u64 {
    8_000
}

const fn download_timeout_ms() -> u64 {
    120_000
}

/// Why there are no settings, or no client with them.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// `sandbox.json` is not there.
    #[error("sandbox.json cannot be read; is the sandbox running?")]
    Io(#[from] std::io::Error),
    /// `sandbox.json` is not what a sandbox writes.
    #[error("sandbox.json is not what a sandbox writes")]
    Unreadable(#[source] crate::error::Unreadable),
    /// All that is wrong with the settings.
    #[error("the WeChat settings cannot be used: {}", .0.join("; "))]
    Unusable(Vec<String>),
    /// The HTTP client did not start, for instance because the computer has no root certificates.
    #[error("the HTTP client does not start")]
    Http(#[source] reqwest::Error),
}

/// What a sandbox writes for its clients.
#[derive(Deserialize)]
struct SandboxFile {
    base_url: String,
    mchid: String,
    appid: String,
    secret: SecretString,
    merchant_private_key: SecretString,
    merchant_serial: String,
    platform_public_key: String,
    platform_public_key_id: String,
    apiv3_key: SecretString,
}

impl Settings {
    /// The settings of the sandbox whose state is in `dir`. Marked, so that production refuses them.
    pub fn from_sandbox(
        dir: &Path,
        payment_notify_url: impl Into<String>,
        refund_notify_url: impl Into<String>,
    ) -> Result<Settings, SettingsError> {
        let text = std::fs::read_to_string(dir.join("sandbox.json"))?;
        let file: SandboxFile = serde_json::from_str(&text).map_err(|e| SettingsError::Unreadable(e.into()))?;
        Ok(Settings {
            mini_program_url: file.base_url.clone(),
            base_url: file.base_url,
            backup_url: None,
            mchid: file.mchid,
            appid: file.appid,
            secret: file.secret,
            merchant_serial: file.merchant_serial,
            merchant_private_key: file.merchant_private_key,
            apiv3_key: file.apiv3_key,
            platform_public_key: Some(PlatformPublicKey {
                id: file.platform_public_key_id,
                pem: file.platform_public_key,
            }),
            platform_certificates: Vec::new(),
            payment_notify_url: payment_notify_url.into(),
            refund_notify_url: refund_notify_url.into(),
            connect_timeout_ms: connect_timeout_ms(),
            total_timeout_ms: total_timeout_ms(),
            download_timeout_ms: download_timeout_ms(),
            sandbox: true,
        })
    }

    /// Why no client can work with these settings; empty if one can.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let urls = [
            ("base_url", Some(self.base_url.as_str())),
            ("backup_url", self.backup_url.as_deref()),
            ("mini_program_url", Some(self.mini_program_url.as_str())),
        ];
        for (name, url) in urls {
            if url.is_some_and(|url| host(url).is_none()) {
                problems.push(format!("wechat.{name} must be https:// or http:// and a host, without a path"));
            }
        }
        for (name, value) in
            [("mchid", &self.mchid), ("appid", &self.appid), ("merchant_serial", &self.merchant_serial)]
        {
            // These travel inside a quoted header.
            if value.is_empty() || !value.bytes().all(|b| b.is_ascii_alphanumeric()) {
                problems.push(format!("wechat.{name} must be letters and digits"));
            }
        }
        if self.secret.expose_secret().is_empty() {
            problems.push("wechat.secret is empty".to_owned());
        }
        if let Err(error) = PrivateKey::from_pem(self.merchant_private_key.expose_secret()) {
            problems.push(format!("wechat.merchant_private_key: {error}"));
        }
        if let Err(error) = ApiV3Key::new(self.apiv3_key.expose_secret()) {
            problems.push(format!("wechat.apiv3_key: {error}"));
        }
        if let Some(key) = &self.platform_public_key {
            if !key.id.starts_with("PUB_KEY_ID_") || !key.id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                problems.push("wechat.platform_public_key.id must start with PUB_KEY_ID_".to_owned());
            }
            if let Err(error) = PublicKey::from_pem(&key.pem) {
                problems.push(format!("wechat.platform_public_key.pem: {error}"));
            }
        }
        for pem in &self.platform_certificates {
            if let Err(error) = PublicKey::from_certificate_pem(pem) {
                problems.push(format!("wechat.platform_certificates: {error}"));
            }
        }
        problems
    }

    /// Why these settings may not be used in production; empty if they may.
    pub fn production_problems(&self) -> Vec<String> {
        let mut problems = self.problems();
        if self.sandbox {
            problems.push("the WeChat settings come from a sandbox".to_owned());
        }
        let hosts = [
            ("base_url", Some(self.base_url.as_str()), PAY_HOSTS.as_slice()),
            ("backup_url", self.backup_url.as_deref(), PAY_HOSTS.as_slice()),
            ("mini_program_url", Some(self.mini_program_url.as_str()), MINI_PROGRAM_HOSTS.as_slice()),
        ];
        for (name, url, allowed) in hosts {
            if url.is_some_and(|url| !is_real(url, allowed)) {
                problems.push(format!("wechat.{name} must be https:// and one of {}", allowed.join(", ")));
            }
        }
        for (name, url) in
            [("payment_notify_url", &self.payment_notify_url), ("refund_notify_url", &self.refund_notify_url)]
        {
            if !is_public(url) {
                problems.push(format!("wechat.{name} must be https://, public, without a query, at most 255 bytes"));
            }
        }
        problems
    }

    /// Whether WeChat is this computer: then no proxy stands in between.
    pub(crate) fn is_local(&self) -> bool {
        host(&self.base_url).is_some_and(|url| is_loopback(&url))
    }
}

/// The address, if it is nothing but scheme, host and port.
fn host(url: &str) -> Option<Url> {
    let url = Url::parse(url).ok()?;
    let bare = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    bare.then_some(url)
}

fn is_real(url: &str, allowed: &[&str]) -> bool {
    host(url).is_some_and(|url| {
        url.scheme() == "https" && url.port().is_none() && url.host_str().is_some_and(|host| allowed.contains(&host))
    })
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_public(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    url.scheme() == "https"
        && url.query().is_none()
        && url.fragment().is_none()
        && text.len() <= 255
        && !is_loopback(&url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn real() -> Settings {
        Settings {
            base_url: pay_url(),
            backup_url: Some("https://api2.mch.weixin.qq.com".to_owned()),
            mini_program_url: mini_program_url(),
            ..testing::settings("http://127.0.0.1:1")
        }
    }

    #[test]
    fn real_settings_may_be_used_in_production() {
        assert_eq!(real().production_problems(), Vec::<String>::new());
    }

    #[test]
    fn production_talks_to_wechat_only() {
        for url in [
            "http://api.mch.weixin.qq.com",
            "https://api.mch.weixin.qq.com:8443",
            "https://api.mch.weixin.qq.com@example.org",
            "https://api.mch.weixin.qq.com.example.org",
            "http://127.0.0.1:8090",
            "https://api.weixin.qq.com",
            "",
        ] {
            assert!(!Settings { base_url: url.to_owned(), ..real() }.production_problems().is_empty(), "{url}");
            assert!(!Settings { backup_url: Some(url.to_owned()), ..real() }.production_problems().is_empty(), "{url}");
        }
        let both = Settings { mini_program_url: pay_url(), ..real() };
        assert!(!both.production_problems().is_empty());
        for url in
            ["http://pay.example.org/n", "https://pay.example.org/n?a=1", "https://127.0.0.1/n", "https://localhost/n"]
        {
            assert!(
                !Settings { refund_notify_url: url.to_owned(), ..real() }.production_problems().is_empty(),
                "{url}"
            );
        }
    }

    #[test]
    fn what_a_sandbox_wrote_is_read_and_marked() {
        let dir = std::env::temp_dir().join(crate::crypto::nonce());
        std::fs::create_dir(&dir).unwrap();
        let file = serde_json::json!({
            "base_url": "http://127.0.0.1:9", "mchid": "1900000001", "appid": "wx0123456789abcdef", "secret": "s",
            "merchant_private_key": testing::KEY, "merchant_certificate": "", "merchant_serial": "0A",
            "platform_public_key": testing::PUBLIC_KEY, "platform_public_key_id": "PUB_KEY_ID_01",
            "platform_certificate_serial": "0B", "apiv3_key": testing::APIV3_KEY,
        });
        std::fs::write(dir.join("sandbox.json"), file.to_string()).unwrap();
        let settings = Settings::from_sandbox(&dir, "http://127.0.0.1/p", "http://127.0.0.1/r").unwrap();
        std::fs::remove_dir_all(&dir).unwrap();
        assert_eq!(settings.problems(), Vec::<String>::new());
        assert!(settings.sandbox);
        let pretended = Settings { base_url: pay_url(), mini_program_url: mini_program_url(), ..settings };
        assert!(pretended.production_problems().iter().any(|problem| problem.contains("sandbox")));
        assert!(!format!("{pretended:?}").contains("MIIE"), "secrets are not printed");
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let settings = Settings {
            apiv3_key: "short".to_owned().into(),
            merchant_private_key: "none".to_owned().into(),
            mchid: "1\"".to_owned(),
            base_url: "ftp://x".to_owned(),
            ..real()
        };
        assert_eq!(settings.problems().len(), 4, "{:?}", settings.problems());
    }
}
