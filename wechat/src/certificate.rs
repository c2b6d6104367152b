//! Platform certificates: fetched, opened with the APIv3 key, adopted into the key ring.
//!
//! The list is signed by one of the certificates in it. A box that opens was sealed by somebody who knows the APIv3 key, so
//! the first list is opened first and verified then. A merchant that only has a public key gets 404, which here is an empty
//! list. A list takes the place of the one before, so a certificate WeChat withdraws is gone at the next refresh.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::client::{Client, MAX_ANSWER, Target};
use crate::crypto::{Certificate, PublicKey};
use crate::error::{SignatureError, WechatError};
use crate::keyring::{Keyring, is_certificate, spelled};

/// An unknown serial number asks for the list at most this often: less than the 15 s after which a notification is repeated.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// When an unknown serial number last made us ask, and the gate that lets one caller ask for all.
#[derive(Debug, Default)]
pub(crate) struct Renewal(Mutex<Option<Instant>>);

#[derive(Deserialize)]
struct List {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    serial_no: String,
    encrypt_certificate: Sealed,
}

#[derive(Deserialize)]
struct Sealed {
    nonce: String,
    #[serde(default)]
    associated_data: Option<String>,
    ciphertext: String,
}

impl Client {
    /// WeChat's platform certificates, adopted into the key ring. Empty if the merchant only has a public key.
    pub async fn certificates(&self) -> Result<Vec<Certificate>, WechatError> {
        let sent = self.send_signed(Method::GET, Target::Path("/v3/certificates"), None, MAX_ANSWER).await;
        let answer = match sent {
            Err(WechatError::NotFound(_)) => return Ok(Vec::new()),
            sent => sent?,
        };
        let list: List = serde_json::from_slice(&answer.body).map_err(|e| WechatError::Unreadable(e.into()))?;
        let certificates = list.data.iter().map(|item| self.open(item)).collect::<Result<Vec<_>, _>>()?;
        let now = self.now();
        let verified = match self.0.keyring.verify(answer.signature(), &answer.body, now) {
            Err(SignatureError::UnknownSerial(_)) => {
                Keyring::new(None, &certificates).verify(answer.signature(), &answer.body, now)
            }
            verified => verified,
        };
        verified.map_err(WechatError::BadSignature)?;
        if !certificates.is_empty() {
            self.0.keyring.adopt(&certificates);
        }
        tracing::info!(count = certificates.len(), "platform certificates are fresh");
        Ok(certificates)
    }

    /// Fetches the platform certificates anew; answers how many there are. A job calls this at least every 12 hours.
    pub async fn refresh_certificates(&self) -> Result<usize, WechatError> {
        Ok(self.certificates().await?.len())
    }

    /// Whether the key of this serial number is known, if need be after asking WeChat for its certificates. For a
    /// notification whose serial number is unknown: answer 5xx, call this, and WeChat's repetition will verify. It may take
    /// longer than the five seconds WeChat waits for the reply. Strangers can send any serial number, so WeChat is asked at
    /// most every ten seconds.
    pub async fn learn(&self, serial: &str) -> Result<bool, WechatError> {
        if self.0.keyring.knows(serial) {
            return Ok(true);
        }
        if !is_certificate(serial) {
            return Ok(false);
        }
        let mut asked = self.0.renewal.0.lock().await;
        if self.0.keyring.knows(serial) {
            return Ok(true);
        }
        if asked.is_some_and(|at| at.elapsed() < ASK_AGAIN) {
            return Ok(false);
        }
        *asked = Some(Instant::now());
        self.certificates().await?;
        Ok(self.0.keyring.knows(serial))
    }

    fn open(&self, item: &Item) -> Result<Certificate, WechatError> {
        let sealed = &item.encrypt_certificate;
        let associated_data = sealed.associated_data.as_deref().unwrap_or_default();
        let opened = self
            .0
            .apiv3_key
            .open(&sealed.nonce, associated_data, &sealed.ciphertext)
            .map_err(|_| WechatError::Unexpected("a platform certificate does not open with our APIv3 key"))?;
        let certificate = std::str::from_utf8(&opened)
            .ok()
            .and_then(|pem| PublicKey::from_certificate_pem(pem).ok())
            .ok_or(WechatError::Unexpected("a platform certificate is no certificate"))?;
        if spelled(&certificate.serial) != spelled(&item.serial_no) {
            return Err(WechatError::Unexpected(
                "a platform certificate has another serial number than it is listed by",
            ));
        }
        Ok(certificate)
    }
}

#[cfg(test)]
mod tests {
    use domain::Clock;
    use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize, SerialNumber};
    use serde_json::{Value, json};

    use super::*;
    use crate::Settings;
    use crate::crypto::ApiV3Key;
    use crate::testing::{self, APIV3_KEY, Reply, Seen, TestServer};

    const PATH: &str = "/v3/certificates";
    const ORDER: &str = "D20260115090036000001";

    struct Platform {
        key: String,
        pem: String,
        serial: String,
    }

    /// A platform certificate; the first byte of its serial number is `first`.
    fn platform(first: u8) -> Platform {
        let key = if first == 0x51 {
            KeyPair::from_pem_and_sign_algo(testing::KEY, &PKCS_RSA_SHA256).unwrap()
        } else {
            KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
        };
        let mut params = CertificateParams::default();
        let mut serial = vec![0x11; 20];
        serial[0] = first;
        params.serial_number = Some(SerialNumber::from(serial.clone()));
        let pem = params.self_signed(&key).unwrap().pem();
        Platform { key: key.serialize_pem(), pem, serial: hex::encode_upper(serial) }
    }

    fn listed(platform: &Platform, apiv3_key: &str) -> Value {
        let nonce = "61f9c719728a";
        let ciphertext = ApiV3Key::new(apiv3_key).unwrap().seal(nonce, "certificate", platform.pem.as_bytes());
        json!({
            "serial_no": platform.serial,
            "effective_time": "2026-01-01T00:00:00+08:00", "expire_time": "2031-01-01T00:00:00+08:00",
            "encrypt_certificate": {
                "algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": "certificate", "ciphertext": ciphertext,
            },
        })
    }

    fn signed(by: &Platform, body: impl Into<Vec<u8>>) -> Reply {
        Reply::signed_by(&by.key, &by.serial, Clock::system().now().seconds(), 200, body)
    }

    fn order() -> String {
        json!({ "appid": "wx0123456789abcdef", "mchid": "1900000001", "out_trade_no": ORDER, "trade_state": "CLOSED" })
            .to_string()
    }

    fn keyless(server: &TestServer) -> Client {
        Client::new(testing::without_keys(&server.url), Clock::system()).unwrap()
    }

    #[test]
    fn a_certificate_is_read() {
        let certificate = PublicKey::from_certificate_pem(&platform(0x51).pem).unwrap();
        assert_eq!(certificate.serial, format!("51{}", "11".repeat(19)));
        assert!(certificate.not_before < certificate.not_after);
        assert!(certificate.public_key.verify(b"source", testing::signature(1)));
    }

    #[test]
    fn both_spellings_of_a_serial_number_are_one() {
        assert_eq!(spelled("0a0B"), spelled("A0B"));
        assert_ne!(spelled("PUB_KEY_ID_0a"), spelled("PUB_KEY_ID_0A"));
        assert!(!is_certificate("PUB_KEY_ID_01"));
    }

    #[tokio::test]
    async fn the_first_list_is_opened_and_then_verified() {
        let one = platform(0x51);
        let server = TestServer::start(move |seen: &Seen, _| {
            if seen.path_and_query == PATH {
                signed(&one, json!({ "data": [listed(&one, APIV3_KEY)] }).to_string())
            } else {
                signed(&one, order())
            }
        })
        .await;
        let client = keyless(&server);
        client.query_by_out_trade_no(ORDER).await.unwrap();
        client.query_by_out_trade_no(ORDER).await.unwrap();
        assert_eq!((server.seen().len(), server.seen_at(PATH)), (3, 1));
        server.seen().iter().for_each(Seen::assert_signed);
        assert!(!server.seen()[0].headers.contains_key("wechatpay-serial"), "no public key, no wish for it");
        assert_eq!(client.refresh_certificates().await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_new_certificate_is_learnt_and_the_old_one_still_verifies() {
        let (old, new) = (platform(0x51), platform(0x52));
        let known = vec![old.pem.clone()];
        let server = TestServer::start(move |seen: &Seen, before| {
            if seen.path_and_query == PATH {
                let list = json!({ "data": [listed(&old, APIV3_KEY), listed(&new, APIV3_KEY)] });
                signed(&new, list.to_string())
            } else if before == 0 {
                signed(&new, order())
            } else {
                signed(&old, order())
            }
        })
        .await;
        let settings = Settings { platform_certificates: known, ..testing::without_keys(&server.url) };
        let client = Client::new(settings, Clock::system()).unwrap();
        client.query_by_out_trade_no(ORDER).await.unwrap();
        client.query_by_out_trade_no(ORDER).await.unwrap();
        assert_eq!(server.seen_at(PATH), 1);
    }

    #[tokio::test]
    async fn a_serial_number_nobody_lists_is_asked_for_once() {
        let (one, stranger) = (platform(0x51), platform(0x52));
        let server = TestServer::start(move |seen: &Seen, _| {
            if seen.path_and_query == PATH {
                signed(&one, json!({ "data": [listed(&one, APIV3_KEY)] }).to_string())
            } else {
                signed(&stranger, order())
            }
        })
        .await;
        let client = keyless(&server);
        for _ in 0..3 {
            let error = client.query_by_out_trade_no(ORDER).await.unwrap_err();
            assert!(matches!(error, WechatError::BadSignature(SignatureError::UnknownSerial(_))), "{error:?}");
        }
        assert_eq!(server.seen_at(PATH), 1, "strangers do not make us ask again and again");
    }

    #[tokio::test]
    async fn a_list_that_is_not_sealed_for_us_or_not_signed_by_its_own_is_refused() {
        let (one, stranger) = (platform(0x51), platform(0x52));
        let foreign = json!({ "data": [listed(&one, "ffffffffffffffffffffffffffffffff")] }).to_string();
        let mut misnamed = listed(&one, APIV3_KEY);
        misnamed["serial_no"] = "5157F09EFDC096DE15EBE81A47057A72AAAAAAAA".into();
        let misnamed = json!({ "data": [misnamed] }).to_string();
        let good = json!({ "data": [listed(&one, APIV3_KEY)] }).to_string();
        let server = TestServer::start(move |_, before| match before {
            0 => signed(&one, foreign.clone()),
            1 => signed(&one, misnamed.clone()),
            2 => signed(&stranger, good.clone()),
            _ => Reply { body: format!("{good} ").into(), ..signed(&one, good.clone()) },
        })
        .await;
        let client = keyless(&server);
        for variant in ["Unexpected", "Unexpected", "BadSignature", "BadSignature"] {
            let error = client.certificates().await.unwrap_err();
            assert!(format!("{error:?}").starts_with(variant), "{error:?}");
        }
        assert!(!client.0.keyring.knows(&platform(0x51).serial), "nothing was adopted");
    }

    #[tokio::test]
    async fn a_merchant_with_a_public_key_only_has_no_certificates() {
        let server = TestServer::start(|_, _| {
            Reply::plain(404, r#"{"code":"RESOURCE_NOT_EXISTS","message":"无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。"}"#)
        })
        .await;
        assert_eq!(testing::client(&server.url).refresh_certificates().await.unwrap(), 0);
    }
}
