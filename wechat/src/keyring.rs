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
        let public_key = public_key.map(|(id, key)| (spelled(&id), Key { key, not_after: None }));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOTIFICATION, PUBLIC_KEY, signature};

    /// The official notification of 2021, with the clock set to then.
    #[test]
    fn the_official_notification_verifies_for_five_minutes() {
        let serial = "D7CE59D1F522D701";
        let keyring = Keyring::new(Some((serial.to_owned(), PublicKey::from_pem(PUBLIC_KEY).unwrap())), &[]);
        let headers = NotificationHeaders {
            timestamp: Some("1624523846"),
            nonce: Some("EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz"),
            signature: Some(signature(6)),
            serial: Some(serial),
        };
        let verify =
            |headers, body: &str, second| keyring.verify(headers, body.as_bytes(), Timestamp::from_seconds(second));
        let sent = 1_624_523_846;
        for second in [sent, sent + 299, sent - 299] {
            assert_eq!(verify(headers, NOTIFICATION, second), Ok(()));
        }
        for second in [sent + 300, sent - 300, sent + 100_000_000] {
            assert_eq!(verify(headers, NOTIFICATION, second), Err(SignatureError::Stale));
        }
        assert_eq!(verify(headers, &NOTIFICATION.replace("成功", "失败"), sent), Err(SignatureError::Wrong));
        let probe = format!("WECHATPAY/SIGNTEST/{}", signature(6));
        let probing = NotificationHeaders { signature: Some(&probe), ..headers };
        assert_eq!(verify(probing, NOTIFICATION, sent), Err(SignatureError::Wrong));
        let later = NotificationHeaders { timestamp: Some("1624523847"), ..headers };
        assert_eq!(verify(later, NOTIFICATION, sent), Err(SignatureError::Wrong), "the time is signed, too");
        for (missing, name) in [
            (NotificationHeaders { timestamp: None, ..headers }, "Wechatpay-Timestamp"),
            (NotificationHeaders { nonce: None, ..headers }, "Wechatpay-Nonce"),
            (NotificationHeaders { signature: None, ..headers }, "Wechatpay-Signature"),
            (NotificationHeaders { serial: None, ..headers }, "Wechatpay-Serial"),
        ] {
            assert_eq!(verify(missing, NOTIFICATION, sent), Err(SignatureError::Missing(name)));
        }
        let unknown = NotificationHeaders { serial: Some("D7CE59D1F522D702"), ..headers };
        assert!(matches!(verify(unknown, NOTIFICATION, sent), Err(SignatureError::UnknownSerial(_))));
        for timestamp in ["", "soon", "9223372036854775807", "-9223372036854775808", "1e9"] {
            let odd = NotificationHeaders { timestamp: Some(timestamp), ..headers };
            assert_eq!(verify(odd, NOTIFICATION, sent), Err(SignatureError::Stale), "{timestamp}");
        }
    }
}
