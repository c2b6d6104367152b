//! Keys, signatures and sealed boxes of WeChat Pay's APIv3.
//!
//! What is signed is built here, byte for byte, for both sides of the wire: the client signs requests and checks answers,
//! the sandbox does the reverse. Refused: keys that are not RSA of at least 2048 bits, an APIv3 key that is not 32 bytes, a
//! sealed box whose tag does not fit. A signature is right or it is not; `WECHATPAY/SIGNTEST/…` is simply not.
//!
//! Costs: a signature is a quarter of a millisecond, a verification fifteen microseconds.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use x509_parser::pem::{Pem, parse_x509_pem};
use x509_parser::prelude::FromDer;

/// Why a text is not the key or certificate it should be. Says nothing of the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No PEM block at all, or one of another kind.
    #[error("this is no PEM text of the expected kind")]
    Pem,
    /// A PEM block whose content is not an RSA key of at least 2048 bits.
    #[error("this is no RSA key of at least 2048 bits")]
    Rsa,
    /// A PEM block whose content is not an X.509 certificate.
    #[error("this is no X.509 certificate")]
    Certificate,
    /// An APIv3 key has 32 bytes.
    #[error("the APIv3 key must have 32 bytes")]
    Length,
}

/// Why a sealed box stays shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The nonce does not have 12 bytes.
    #[error("the nonce of an encrypted resource must have 12 bytes")]
    Nonce,
    /// The box is not Base64.
    #[error("an encrypted resource must be Base64")]
    Base64,
    /// Another key, another nonce, other associated data, or somebody changed it.
    #[error("the encrypted resource does not belong to this APIv3 key, or was changed")]
    Tag,
}

fn pem(text: &str, labels: &[&str]) -> Result<Pem, KeyError> {
    let (_, pem) = parse_x509_pem(text.as_bytes()).map_err(|_| KeyError::Pem)?;
    if labels.contains(&pem.label.as_str()) { Ok(pem) } else { Err(KeyError::Pem) }
}

/// An RSA private key: the merchant's, or the sandbox's own.
#[derive(Clone)]
pub struct PrivateKey(Arc<RsaKeyPair>);

impl PrivateKey {
    /// Reads a PKCS#8 (`PRIVATE KEY`) or PKCS#1 (`RSA PRIVATE KEY`) PEM text.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let pem = pem(text, &["PRIVATE KEY", "RSA PRIVATE KEY"])?;
        let key = if pem.label == "PRIVATE KEY" {
            RsaKeyPair::from_pkcs8(&pem.contents)
        } else {
            RsaKeyPair::from_der(&pem.contents)
        };
        key.map(|key| PrivateKey(Arc::new(key))).map_err(|_| KeyError::Rsa)
    }

    /// Signs with SHA-256 and PKCS#1 v1.5 padding; Base64. The same message always has the same signature.
    pub fn sign(&self, message: &[u8]) -> String {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .expect("the buffer is as long as the modulus, nothing else can fail");
        STANDARD.encode(signature)
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.0.public_key().as_ref())
            .expect("the public half of a usable key is usable");
        PublicKey(Arc::new(key))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey")
    }
}

/// An RSA public key that signatures are checked with.
#[derive(Clone)]
pub struct PublicKey(Arc<ParsedPublicKey>);

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo (`PUBLIC KEY`) PEM text.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        PublicKey::from_der(&pem(text, &["PUBLIC KEY"])?.contents)
    }

    fn from_der(spki: &[u8]) -> Result<Self, KeyError> {
        // `ParsedPublicKey` reads other kinds of key too and would only refuse at the first signature.
        x509_parser::x509::SubjectPublicKeyInfo::from_der(spki)
            .ok()
            .filter(|(rest, key)| rest.is_empty() && is_rsa_2048(key))
            .ok_or(KeyError::Rsa)?;
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki)
            .map(|key| PublicKey(Arc::new(key)))
            .map_err(|_| KeyError::Rsa)
    }

    /// Reads a certificate (`CERTIFICATE`): its key, its serial number and its validity. Nobody's signature on it is
    /// checked; whoever calls this knows where the text comes from.
    pub fn from_certificate_pem(text: &str) -> Result<Certificate, KeyError> {
        let pem = pem(text, &["CERTIFICATE"])?;
        let certificate = pem.parse_x509().map_err(|_| KeyError::Certificate)?;
        Ok(Certificate {
            serial: hex::encode_upper(certificate.raw_serial()),
            public_key: PublicKey::from_der(certificate.public_key().raw)?,
            not_before: Timestamp::from_seconds(certificate.validity().not_before.timestamp()),
            not_after: Timestamp::from_seconds(certificate.validity().not_after.timestamp()),
        })
    }

    /// Whether this key's owner signed this message (SHA-256, PKCS#1 v1.5, Base64).
    pub fn verify(&self, message: &[u8], signature_base64: &str) -> bool {
        STANDARD.decode(signature_base64).is_ok_and(|signature| self.0.verify_sig(message, &signature).is_ok())
    }
}

fn is_rsa_2048(key: &x509_parser::x509::SubjectPublicKeyInfo<'_>) -> bool {
    use x509_parser::public_key::PublicKey::RSA;
    matches!(key.parsed(), Ok(RSA(rsa)) if rsa.key_size() >= 2048)
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey")
    }
}

/// What matters of an X.509 certificate.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The serial number in upper-case hexadecimal, normally 40 digits, with the leading zeros the certificate has.
    pub serial: String,
    /// The key it certifies.
    pub public_key: PublicKey,
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
}

/// The merchant's APIv3 key: it opens what WeChat encrypts (AES-256-GCM).
#[derive(Clone)]
pub struct ApiV3Key(Arc<LessSafeKey>);

impl ApiV3Key {
    /// A key of 32 characters, used as bytes.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let key = UnboundKey::new(&AES_256_GCM, text.as_bytes()).map_err(|_| KeyError::Length)?;
        Ok(ApiV3Key(Arc::new(LessSafeKey::new(key))))
    }

    /// Opens a resource; what comes out was made by somebody who knows the key.
    pub fn open(&self, nonce: &str, associated_data: &str, ciphertext_base64: &str) -> Result<Vec<u8>, OpenError> {
        let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).map_err(|_| OpenError::Nonce)?;
        let mut sealed = STANDARD.decode(ciphertext_base64).map_err(|_| OpenError::Base64)?;
        let plain =
            self.0.open_in_place(nonce, Aad::from(associated_data), &mut sealed).map_err(|_| OpenError::Tag)?.len();
        sealed.truncate(plain);
        Ok(sealed)
    }

    /// Seals a resource as WeChat does; Base64 of the ciphertext and its tag.
    ///
    /// # Panics
    /// If `nonce` does not have 12 bytes.
    pub fn seal(&self, nonce: &str, associated_data: &str, plaintext: &[u8]) -> String {
        let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).expect("the caller makes nonces of 12 bytes");
        let mut sealed = plaintext.to_vec();
        self.0
            .seal_in_place_append_tag(nonce, Aad::from(associated_data), &mut sealed)
            .expect("a resource is far shorter than the 64 GiB the cipher takes");
        STANDARD.encode(sealed)
    }
}

impl fmt::Debug for ApiV3Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiV3Key")
    }
}

fn lines(parts: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum());
    for part in parts {
        message.extend_from_slice(part);
        message.push(b'\n');
    }
    message
}

/// What a request's signature covers. `path_and_query` and `body` are what travels, byte for byte.
pub fn request_message(method: &str, path_and_query: &str, timestamp: i64, nonce: &str, body: &[u8]) -> Vec<u8> {
    let timestamp = timestamp.to_string();
    lines(&[method.as_bytes(), path_and_query.as_bytes(), timestamp.as_bytes(), nonce.as_bytes(), body])
}

/// What the signature of an answer or a notification covers; an empty body has an empty line.
pub fn response_message(timestamp: i64, nonce: &str, body: &[u8]) -> Vec<u8> {
    lines(&[timestamp.to_string().as_bytes(), nonce.as_bytes(), body])
}

/// What `paySign` covers. `package` is the whole value, `prepay_id=` included.
pub fn pay_message(appid: &str, timestamp: i64, nonce: &str, package: &str) -> Vec<u8> {
    lines(&[appid.as_bytes(), timestamp.to_string().as_bytes(), nonce.as_bytes(), package.as_bytes()])
}

/// 32 random upper-case hexadecimal digits.
pub fn nonce() -> String {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).expect("the computer has randomness");
    hex::encode_upper(bytes)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead::AES_128_GCM;

    use super::*;
    use crate::testing::{KEY, NOTIFICATION, PUBLIC_KEY, signature};

    /// The messages of the published and computed vectors, in the order of their signatures.
    fn messages() -> [Vec<u8>; 6] {
        let nonce = "593BEC0C930BF1AFEB40B4A08C8FB242";
        [
            b"source".to_vec(),
            request_message(
                "GET",
                "/v3/pay/transactions/id/1217752501201407033233368018?mchid=1230000109",
                1_652_750_623,
                "eBYqCOxa0QudMnPvVilkTzOg3gHh5Z3u",
                b"",
            ),
            request_message(
                "POST",
                "/v3/pay/transactions/out-trade-no/D20260101000001/close",
                1_767_225_600,
                nonce,
                br#"{"mchid":"1230000109"}"#,
            ),
            pay_message("wx0123456789abcdef", 1_767_225_600, nonce, "prepay_id=wx201410272009395522657a690389285100"),
            response_message(1_767_225_600, nonce, b""),
            response_message(1_624_523_846, "EcZ9Cmy4Xyx1i6RlJQzLcCyEqDa26NBz", NOTIFICATION.as_bytes()),
        ]
    }

    #[test]
    fn signatures_are_the_published_ones() {
        let key = PrivateKey::from_pem(KEY).unwrap();
        let public = PublicKey::from_pem(PUBLIC_KEY).unwrap();
        for (number, message) in (1..).zip(messages()) {
            assert_eq!(key.sign(&message), signature(number), "signature {number}");
            assert!(public.verify(&message, signature(number)));
            assert!(key.public_key().verify(&message, signature(number)));
            assert!(!public.verify(&message[1..], signature(number)), "another message");
        }
        assert!(!public.verify(b"source", "WECHATPAY/SIGNTEST/BKyAfU4iMCuvXMXS0Wzam3V/cnxZ"));
        assert!(!public.verify(b"source", "not Base64!"));
    }

    #[test]
    fn every_line_of_a_message_ends() {
        assert_eq!(request_message("GET", "/v3/certificates", 1, "N", b""), b"GET\n/v3/certificates\n1\nN\n\n");
        assert_eq!(response_message(1, "N", b""), b"1\nN\n\n");
    }

    #[test]
    fn boxes_open_as_published() {
        let java = ApiV3Key::new("a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb").unwrap();
        assert_eq!(
            java.open("uluk4a9R25RW", "associatedData", "ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=").unwrap(),
            b"message"
        );
        let ours = ApiV3Key::new("0123456789abcdef0123456789abcdef").unwrap();
        let plain = r#"{"out_trade_no":"D20260101000001","trade_state":"SUCCESS","attach":"捐款"}"#;
        for (associated_data, sealed) in [
            (
                "transaction",
                "+P250vqD5r1PxVpQ9QXDEkYuGLDe2vdvThl9sJMNp+fPIDlWqIG6/qZ0KbzUHRwod6yEIuL4sooLoBMrTu1m9dYQqZ1X4ai4x1twXuIYqtmpzzjcYqfMvIRK8I8=",
            ),
            (
                "",
                "+P250vqD5r1PxVpQ9QXDEkYuGLDe2vdvThl9sJMNp+fPIDlWqIG6/qZ0KbzUHRwod6yEIuL4sooLoBMrTu1m9dYQqZ1X4ai4x1twXrEdVMS7FjCGYmbsJ/H033M=",
            ),
        ] {
            assert_eq!(ours.seal("61f9c719728a", associated_data, plain.as_bytes()), sealed);
            assert_eq!(ours.open("61f9c719728a", associated_data, sealed).unwrap(), plain.as_bytes());
            assert_eq!(ours.open("61f9c719728a", "refund", sealed), Err(OpenError::Tag));
            assert_eq!(java.open("61f9c719728a", associated_data, sealed), Err(OpenError::Tag));
        }
        assert_eq!(ours.open("short", "", "AAAA"), Err(OpenError::Nonce));
        assert_eq!(ours.open("61f9c719728a", "", "?"), Err(OpenError::Base64));
        assert_eq!(ours.open("61f9c719728a", "", ""), Err(OpenError::Tag));
    }

    /// The official notification uses a key of 16 bytes, which only this fixture does.
    #[test]
    fn the_official_notification_opens() {
        let body: serde_json::Value = serde_json::from_str(NOTIFICATION).unwrap();
        let part = |name: &str| body["resource"][name].as_str().unwrap().to_owned();
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, b"testMchAPIv3Key0").unwrap());
        let nonce = Nonce::try_assume_unique_for_key(part("nonce").as_bytes()).unwrap();
        let mut sealed = STANDARD.decode(part("ciphertext")).unwrap();
        let plain = key.open_in_place(nonce, Aad::from(part("associated_data")), &mut sealed).unwrap();
        assert_eq!(
            std::str::from_utf8(plain).unwrap(),
            r#"{"mchid":"1234567890","appid":"054aa7d7a2a54ab5898df65bd96f001c","create_time":"2020-06-30T12:12:00+08:00","out_contract_code":"21640bdbd08e473e828f3206a2741c6e"}"#
        );
        assert_eq!(ApiV3Key::new("testMchAPIv3Key0").err(), Some(KeyError::Length), "no key of 16 bytes elsewhere");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(PrivateKey::from_pem("").err(), Some(KeyError::Pem));
        assert_eq!(PrivateKey::from_pem(PUBLIC_KEY).err(), Some(KeyError::Pem));
        assert_eq!(PublicKey::from_pem(KEY).err(), Some(KeyError::Pem));
        assert_eq!(PublicKey::from_certificate_pem(PUBLIC_KEY).err(), Some(KeyError::Pem));
        let elliptic = rcgen::KeyPair::generate().unwrap();
        assert_eq!(PublicKey::from_pem(&elliptic.public_key_pem()).err(), Some(KeyError::Rsa));
        assert_eq!(PrivateKey::from_pem(&elliptic.serialize_pem()).err(), Some(KeyError::Rsa));
    }

    #[test]
    fn keys_print_nothing() {
        let printed =
            format!("{:?} {:?}", PrivateKey::from_pem(KEY), ApiV3Key::new("0123456789abcdef0123456789abcdef"));
        assert_eq!(printed, "Ok(PrivateKey) Ok(ApiV3Key)");
    }

    #[test]
    fn nonces_are_32_digits_and_differ() {
        let nonce = nonce();
        assert_eq!(nonce.len(), 32);
        assert!(nonce.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)));
        assert_ne!(nonce, super::nonce());
    }
}
