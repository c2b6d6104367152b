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

/// An unknown serial number asks for the list at most this often.
const ASK_AGAIN: Duration = Duration::from_secs(60);

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
    /// notification whose serial number is unknown: call this, answer 5xx, and WeChat's repetition will verify. Strangers
    /// can send any serial number, so WeChat is asked at most once a minute.
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
