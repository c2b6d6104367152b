//! WeChat's keys by serial number, and the check of a signature against them.
//!
//! Both kinds verify side by side: the public key, known by its `PUB_KEY_ID_…`, and platform certificates, known by their
//! hexadecimal serial number. Never special-cased: a probe signature fails like any wrong one.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use domain::Timestamp;

use crate::crypto::{Certificate, PublicKey, response_message};
use crate::error::SignatureError;
use crate::notification::NotificationHeaders;

/// This old is too old.
const MAX_AGE: Duration = Duration::from_secs(300);

#[derive(Clone, Debug)]
struct Key {
    key: PublicKey,
    /// None for the public key, which has no end.
    not_after: Option<Timestamp>,
}

#[derive(Debug)]
pub(crate) struct Keyring(RwLock<HashMap<String, Key>>);

/// Whether a serial number is a certificate's.
pub(crate) fn is_certificate(serial: &str) -> bool {
    !serial.is_empty() && serial.len() <= 64 && serial.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The one spelling of a serial number: some programs write the leading zeros of a certificate's number, some do not.
pub(crate) fn spelled(serial: &str) -> String {
    if is_certificate(serial) { serial.trim_start_matches('0').to_ascii_uppercase() } else { serial.to_owned() }
}

impl Keyring {
    pub(crate) fn new(public_key: Option<(String, PublicKey)>, certificates: &[Certificate]) -> Keyring {
        let public_key = public_key.map(|(id, key)| (id, Key { key, not_after: None }));
        let keyring = Keyring(RwLock::new(public_key.into_iter().collect()));
        keyring.adopt(certificates);
        keyring
    }

    /// Takes the listed certificates in place of the ones known so far; the public key stays.
    pub(crate) fn adopt(&self, certificates: &[Certificate]) {
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|_, key| key.not_after.is_none());
        for certificate in certificates {
            let key = Key { key: certificate.public_key.clone(), not_after: Some(certificate.not_after) };
            keys.insert(spelled(&certificate.serial), key);
        }
    }

    pub(crate) fn knows(&self, serial: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(&spelled(serial))
    }

    /// Checks the signature of an answer or a notification over its raw bytes.
    pub(crate) fn verify(
        &self,
        headers: NotificationHeaders<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        let timestamp = headers.timestamp.ok_or(SignatureError::Missing("Wechatpay-Timestamp"))?;
        let nonce = headers.nonce.ok_or(SignatureError::Missing("Wechatpay-Nonce"))?;
        let signature = headers.signature.ok_or(SignatureError::Missing("Wechatpay-Signature"))?;
        let serial = headers.serial.ok_or(SignatureError::Missing("Wechatpay-Serial"))?;
        let timestamp: i64 = timestamp.parse().map_err(|_| SignatureError::Stale)?;
        if Timestamp::from_seconds(timestamp).apart(now) >= MAX_AGE {
            return Err(SignatureError::Stale);
        }
        let key = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&spelled(serial)).cloned();
        let key = key.ok_or_else(|| SignatureError::UnknownSerial(serial.chars().take(64).collect()))?;
        if key.not_after.is_some_and(|end| end < now) {
            return Err(SignatureError::Expired(serial.to_owned()));
        }
        if key.key.verify(&response_message(timestamp, nonce, body), signature) {
            Ok(())
        } else {
            Err(SignatureError::Wrong)
        }
    }
}
