//! Passwords and one-time passwords.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use aws_lc_rs::rand;
use domain::{StaffId, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use totp_rs::{Builder, Secret};

use super::IdentityError;
use crate::Once;
use crate::vault::{Vault, VaultError};

/// How many hashes are computed at once: each takes 19 MiB and a core.
const AT_ONCE: usize = 4;
/// A hash of nothing anybody knows, with the cost of the real ones.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2FuZ3ppIG5vYm9keSBzYWx0$Wm9QNmZ0eUh2bFhKcTdSdEtpM0JkOHNOZ1RhNFljRXU";

/// Computes argon2id away from the threads that serve.
#[derive(Clone)]
pub(super) struct Hashing(Arc<Semaphore>);

impl Hashing {
    pub(super) fn new() -> Hashing {
        Hashing(Arc::new(Semaphore::new(AT_ONCE)))
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, IdentityError> {
        let permit = self.0.clone().acquire_owned().await.map_err(|_| IdentityError::Stopping)?;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(|_| IdentityError::Stopping)
    }

    pub(super) async fn hash(&self, password: &SecretString) -> Result<String, IdentityError> {
        let password = password.clone();
        self.run(move || {
            let hash: PasswordHash = Argon2::default()
                .hash_password(password.expose_secret().as_bytes())
                .expect("the parameters are the library's own, and the system gives random bytes");
            hash.to_string()
        })
        .await
    }

    /// Whether the password belongs to the hash. Without a hash, or with one that is none, the answer is no and takes as
    /// long.
    pub(super) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, IdentityError> {
        let password = SecretString::from(password);
        let hash = hash.map(str::to_owned);
        self.run(move || {
            let known = hash.as_deref().and_then(|hash| PasswordHash::new(hash).ok());
            let is_known = known.is_some();
            let hash = known.unwrap_or_else(|| PasswordHash::new(NOBODY).expect("the constant is a hash"));
            let fits = Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok();
            is_known && fits
        })
        .await
    }
}

/// A password nobody chose: 20 characters of 32, a hundred bits, in groups that can be read over the telephone.
pub(super) fn new_password() -> Once {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 20];
    rand::fill(&mut bytes).expect("the system gives random bytes");
    let mut text = String::with_capacity(23);
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 && i % 5 == 0 {
            text.push('-');
        }
        text.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    Once::from(text)
}

/// A fresh one-time password seed, Base32.
pub(super) fn new_seed() -> Once {
    let mut bytes = [0; 20];
    rand::fill(&mut bytes).expect("the system gives random bytes");
    Once::from(Secret::from(bytes).to_base32())
}

fn purpose(staff: StaffId) -> String {
    format!("sangzi: one-time password of {staff}")
}

/// Seals a seed; refuses one that is not Base32 of at least 16 bytes.
pub(super) fn seal_seed(vault: &Vault, staff: StaffId, seed: &Once) -> Result<Vec<u8>, IdentityError> {
    let bad = || IdentityError::Invalid("a one-time password's seed is Base32 of at least 16 bytes");
    let secret = Secret::try_from_base32(seed.expose_secret()).map_err(|_| bad())?;
    Builder::new().with_secret(secret.clone()).build().map_err(|_| bad())?;
    Ok(vault.seal_own(&purpose(staff), secret.as_bytes()))
}

/// The step a one-time password belongs to: now, the step before, or the step after.
pub(super) fn step_of(
    vault: &Vault,
    staff: StaffId,
    sealed: &[u8],
    otp: &str,
    now: Timestamp,
) -> Result<Option<i64>, VaultError> {
    let seed = vault.open_own(&purpose(staff), sealed)?;
    let totp = Builder::new().with_secret(seed).with_skew(1).build().map_err(|_| VaultError::Tag)?;
    let seconds = u64::try_from(now.seconds()).unwrap_or_default();
    Ok(totp.check(otp, seconds).and_then(|step| i64::try_from(step).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_costs_as_much_as_somebody_and_is_never_let_in() {
        let hashing = Hashing::new();
        let hash = hashing.hash(&"a password".into()).await.unwrap();
        let (real, nobody) = (PasswordHash::new(&hash).unwrap(), PasswordHash::new(NOBODY).unwrap());
        assert_eq!(real.algorithm, nobody.algorithm);
        assert_eq!(real.params, nobody.params);
        assert!(hashing.verify("a password", Some(&hash)).await.unwrap());
        assert!(!hashing.verify("another", Some(&hash)).await.unwrap());
        for hash in [None, Some(""), Some("disabled"), Some("awaiting credentials"), Some(NOBODY)] {
            assert!(!hashing.verify("", hash).await.unwrap(), "{hash:?}");
        }
    }

    #[test]
    fn a_one_time_password_is_good_for_a_step_on_either_side() {
        let vault = Vault::new(crate::vault::MasterKeys::derived_from("a secret"));
        let staff = StaffId::new();
        let seed = new_seed();
        let sealed = seal_seed(&vault, staff, &seed).unwrap();
        let at = Timestamp::from_seconds(1_768_438_830);
        let secret = Secret::try_from_base32(seed.expose_secret()).unwrap();
        let totp = Builder::new().with_secret(secret).build().unwrap();
        let code = totp.generate(1_768_438_830).to_string();
        let step = Some(1_768_438_830 / 30);
        for (seconds, expected) in [(-31, None), (-30, step), (0, step), (29, step), (59, step), (60, None)] {
            let now = Timestamp::from_seconds(at.seconds() + seconds);
            assert_eq!(step_of(&vault, staff, &sealed, &code, now).unwrap(), expected, "{seconds}");
        }
        assert_eq!(step_of(&vault, StaffId::new(), &sealed, &code, at), Err(VaultError::Tag), "another's seed");
        for wrong in ["", "12345", "1234567", "+12345", "ABCDEFG!", "１２３４５６"] {
            assert_eq!(step_of(&vault, staff, &sealed, wrong, at), Ok(None), "{wrong}");
        }
        assert!(seal_seed(&vault, staff, &Once::from("AAAA")).is_err());
    }

    #[test]
    fn passwords_can_be_read_aloud() {
        let password = new_password();
        let text = password.expose_secret();
        assert_eq!(text.len(), 23);
        assert!(text.bytes().all(|b| b == b'-' || b.is_ascii_lowercase() || (b'2'..=b'9').contains(&b)));
        assert_ne!(text, new_password().expose_secret());
    }
}
