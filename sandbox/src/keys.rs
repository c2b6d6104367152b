//! The sandbox's keys: the merchant's pair and certificate, the platform's certificates and its public-key pair.
//!
//! Made once, kept in `DIR/keys.json`, so that a restart keeps them. Making the first three takes about a second, each in a
//! thread of its own. They protect nothing: whoever reads the directory may pay with invented money.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use aws_lc_rs::rand;
use domain::{Clock, Timestamp};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize, SerialNumber};
use serde::{Deserialize, Serialize};
use wechat::crypto::{ApiV3Key, KeyError, PrivateKey, PublicKey};

use crate::file;

/// Platform certificates that are listed at a time; older ones are forgotten.
const LISTED: usize = 3;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// `keys.json` cannot be read or written.
    #[error("keys.json cannot be read or written")]
    Io(#[from] io::Error),
    /// `keys.json` is not ours.
    #[error("keys.json is unreadable")]
    Json(#[from] serde_json::Error),
    /// A key could not be made.
    #[error("a key could not be made")]
    Make(#[from] rcgen::Error),
    /// A key of `keys.json` is none.
    #[error("a key of keys.json is unusable")]
    Key(#[from] KeyError),
}

/// `keys.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    mchid: String,
    appid: String,
    secret: String,
    apiv3_key: String,
    merchant: Pair,
    public_key_id: String,
    public_key: Pair,
    /// Newest last.
    certificates: VecDeque<Pair>,
}

/// A private key with its certificate.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pair {
    serial: String,
    private_key: String,
    public_key: String,
    certificate: String,
    effective: Timestamp,
    expires: Timestamp,
}

/// What a developer needs to talk to this sandbox: the content of `sandbox.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// Where it listens, without a slash at the end.
    pub base_url: String,
    /// The merchant number.
    pub mchid: String,
    /// The mini-program.
    pub appid: String,
    /// The mini-program's secret.
    pub secret: String,
    /// PKCS#8 PEM.
    pub merchant_private_key: String,
    /// X.509 PEM.
    pub merchant_certificate: String,
    /// 40 hexadecimal digits.
    pub merchant_serial: String,
    /// SubjectPublicKeyInfo PEM.
    pub platform_public_key: String,
    /// `PUB_KEY_ID_…`.
    pub platform_public_key_id: String,
    /// The newest platform certificate; `/v3/certificates` has it.
    pub platform_certificate_serial: String,
    /// 32 characters.
    pub apiv3_key: String,
}

/// A platform key that signs, and the serial it goes by.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) serial: Arc<str>,
    pub(crate) key: PrivateKey,
}

/// Which kind of platform key a merchant wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    PublicKey,
    Certificate,
}

/// A platform certificate as `/v3/certificates` lists it.
pub(crate) struct Listed {
    pub(crate) serial: String,
    pub(crate) certificate: String,
    pub(crate) effective: Timestamp,
    pub(crate) expires: Timestamp,
}

/// All keys, ready for use.
pub(crate) struct Keys {
    pub(crate) mchid: String,
    pub(crate) appid: String,
    pub(crate) secret: String,
    pub(crate) merchant_serial: String,
    pub(crate) merchant: PublicKey,
    pub(crate) apiv3: ApiV3Key,
    public_key: Signer,
    platform: RwLock<Platform>,
    file: PathBuf,
}

struct Platform {
    stored: Stored,
    newest: Signer,
    changes: u32,
}

impl Keys {
    /// Reads the keys of a directory, or makes them. Blocks.
    pub(crate) fn open(dir: &Path) -> Result<Keys, KeysError> {
        let file = dir.join("keys.json");
        let stored: Stored = match fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let stored = Stored::make()?;
                file::replace(&file, &serde_json::to_vec_pretty(&stored)?)?;
                stored
            }
            Err(error) => return Err(error.into()),
        };
        let newest = stored.newest()?;
        Ok(Keys {
            mchid: stored.mchid.clone(),
            appid: stored.appid.clone(),
            secret: stored.secret.clone(),
            merchant_serial: stored.merchant.serial.clone(),
            merchant: PublicKey::from_pem(&stored.merchant.public_key)?,
            apiv3: ApiV3Key::new(&stored.apiv3_key)?,
            public_key: Signer {
                serial: stored.public_key_id.as_str().into(),
                key: PrivateKey::from_pem(&stored.public_key.private_key)?,
            },
            platform: RwLock::new(Platform { newest, stored, changes: 0 }),
            file,
        })
    }

    fn platform(&self) -> std::sync::RwLockReadGuard<'_, Platform> {
        self.platform.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key that answers are signed with.
    pub(crate) fn signer(&self, mode: Mode) -> Signer {
        match mode {
            Mode::PublicKey => self.public_key.clone(),
            Mode::Certificate => self.platform().newest.clone(),
        }
    }

    /// The key a notification is signed with. After a key change old and new take turns, the new one first: the new
    /// certificate, and what the merchant saw before (the public key, or the certificate before the newest).
    pub(crate) fn notifier(&self, mode: Mode, turn: u64) -> Signer {
        let platform = self.platform();
        if platform.changes == 0 {
            return match mode {
                Mode::PublicKey => self.public_key.clone(),
                Mode::Certificate => platform.newest.clone(),
            };
        }
        if turn.is_multiple_of(2) {
            return platform.newest.clone();
        }
        let before = platform.stored.certificates.iter().rev().nth(1);
        match (mode, before) {
            (Mode::Certificate, Some(pair)) => match PrivateKey::from_pem(&pair.private_key) {
                Ok(key) => Signer { serial: pair.serial.as_str().into(), key },
                Err(_) => platform.newest.clone(),
            },
            _ => self.public_key.clone(),
        }
    }

    /// The platform certificates, old and new.
    pub(crate) fn certificates(&self) -> Vec<Listed> {
        let platform = self.platform();
        let listed = platform.stored.certificates.iter().map(|pair| Listed {
            serial: pair.serial.clone(),
            certificate: pair.certificate.clone(),
            effective: pair.effective,
            expires: pair.expires,
        });
        listed.collect()
    }

    /// A new platform certificate; the one before stays listed. Answers old and new serial. Blocks.
    pub(crate) fn change(&self) -> Result<(String, String), KeysError> {
        let pair = Pair::make("WeChat Pay platform (sandbox)")?;
        let mut platform = self.platform.write().unwrap_or_else(PoisonError::into_inner);
        let mut stored = platform.stored.clone();
        stored.certificates.push_back(pair);
        if stored.certificates.len() > LISTED {
            stored.certificates.pop_front();
        }
        let newest = stored.newest()?;
        file::replace(&self.file, &serde_json::to_vec_pretty(&stored)?)?;
        let serials = (platform.newest.serial.to_string(), newest.serial.to_string());
        *platform = Platform { stored, newest, changes: platform.changes + 1 };
        Ok(serials)
    }

    /// What a client must know.
    pub(crate) fn connection(&self, base_url: &str) -> Connection {
        let platform = self.platform();
        let stored = &platform.stored;
        Connection {
            base_url: base_url.to_owned(),
            mchid: stored.mchid.clone(),
            appid: stored.appid.clone(),
            secret: stored.secret.clone(),
            merchant_private_key: stored.merchant.private_key.clone(),
            merchant_certificate: stored.merchant.certificate.clone(),
            merchant_serial: stored.merchant.serial.clone(),
            platform_public_key: stored.public_key.public_key.clone(),
            platform_public_key_id: stored.public_key_id.clone(),
            platform_certificate_serial: platform.newest.serial.to_string(),
            apiv3_key: stored.apiv3_key.clone(),
        }
    }
}

impl Stored {
    fn make() -> Result<Stored, KeysError> {
        let names = ["Sangzi merchant (sandbox)", "WeChat Pay public key (sandbox)", "WeChat Pay platform (sandbox)"];
        let making = names.map(|name| thread::spawn(move || Pair::make(name)));
        let mut made = Vec::with_capacity(names.len());
        for thread in making {
            made.push(thread.join().map_err(|_| rcgen::Error::RemoteKeyError)??);
        }
        let mut made = made.into_iter();
        let (Some(merchant), Some(public_key), Some(platform)) = (made.next(), made.next(), made.next()) else {
            return Err(rcgen::Error::RemoteKeyError.into());
        };
        let day = Clock::system().today().to_string().replace('-', "");
        Ok(Stored {
            mchid: "1900000001".to_owned(),
            appid: "wx0123456789abcdef".to_owned(),
            secret: hex::encode(random::<16>()),
            apiv3_key: hex::encode(random::<16>()),
            public_key_id: format!("PUB_KEY_ID_01190000000120{}00000000000000", &day[2..]),
            merchant,
            public_key,
            certificates: VecDeque::from([platform]),
        })
    }

    fn newest(&self) -> Result<Signer, KeyError> {
        let pair = self.certificates.back().ok_or(KeyError::Certificate)?;
        Ok(Signer { serial: pair.serial.as_str().into(), key: PrivateKey::from_pem(&pair.private_key)? })
    }
}

impl Pair {
    /// A new RSA key and a certificate it signed for itself, valid for five years.
    fn make(name: &str) -> Result<Pair, rcgen::Error> {
        const DAY: Duration = Duration::from_secs(86_400);
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        let mut serial = random::<20>();
        // Some libraries drop leading zeros, and a first byte from 0x80 up would get a zero byte in front of it.
        serial[0] = 0x10 | (serial[0] & 0x6F);
        let now = Clock::system().now();
        let (effective, expires) = (now.before(DAY), now.after(DAY * 365 * 5));
        let mut params = CertificateParams::new(Vec::new())?;
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = effective.beijing();
        params.not_after = expires.beijing();
        let certificate = params.self_signed(&key)?;
        Ok(Pair {
            serial: hex::encode_upper(serial),
            private_key: key.serialize_pem(),
            public_key: key.public_key_pem(),
            certificate: certificate.pem(),
            effective,
            expires,
        })
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the computer has randomness");
    bytes
}
