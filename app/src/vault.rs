//! Personal data at rest: a key of its own for each person, wrapped by a master key from configuration.
//!
//! Sealed is AES-256-GCM under a random nonce; what comes out of a row was put there by somebody who held the keys, for the
//! purpose it is opened for. Equality lookup (an openid) goes by HMAC-SHA256 under a key that seals nothing. Master keys have
//! versions: new wrappings use the current one, old ones stay readable as long as their version is configured, and
//! [`Vault::rewrap`] moves a person's key over without touching the data. Erasing a person empties the wrapped key; then
//! nothing that was sealed with it can be read again, by anybody.
//!
//! Refused: a wrapping of a version that is not configured, a box that was changed, moved to another person or another
//! purpose. Costs: microseconds, no I/O. Random nonces bound a master key to 2³² wrappings, one a person.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use aws_lc_rs::rand;

const KEY_LEN: usize = 32;
/// What a box is for; a box made for one purpose does not open for another.
const PERSON_KEY: &str = "sangzi: key of a person";
const PERSONAL_DATA: &str = "sangzi: data of a person";

/// Why something stays sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The person was erased.
    #[error("the person's key was destroyed")]
    Erased,
    /// The key that wraps this one is not configured.
    #[error("master key {0} is not configured")]
    UnknownVersion(u32),
    /// Another key, another purpose, or somebody changed it.
    #[error("the sealed data does not belong to this key, or was changed")]
    Tag,
}

/// The keys everything else is sealed with. Prints without them.
#[derive(Clone)]
pub struct MasterKeys {
    current: u32,
    keys: Arc<BTreeMap<u32, RandomizedNonceKey>>,
    lookup: hmac::Key,
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKeys {{ current: {}, versions: {:?} }}", self.current, self.keys.keys().collect::<Vec<_>>())
    }
}

impl MasterKeys {
    /// Keys by version, the version new wrappings use, and the key of the lookups, which can never change without a
    /// rewriting of every lookup column. Refused if the current version is not among the keys.
    pub fn new(
        current: u32,
        keys: BTreeMap<u32, [u8; KEY_LEN]>,
        lookup_key: [u8; KEY_LEN],
    ) -> Result<MasterKeys, VaultError> {
        if !keys.contains_key(&current) {
            return Err(VaultError::UnknownVersion(current));
        }
        let keys = keys.into_iter().map(|(version, key)| (version, cipher(&key))).collect();
        Ok(MasterKeys { current, keys: Arc::new(keys), lookup: hmac::Key::new(hmac::HMAC_SHA256, &lookup_key) })
    }

    /// All keys from one secret, as version 1. For development, tests and the demonstration: whoever knows the secret
    /// knows everything, and it cannot be changed in steps.
    pub fn derived_from(secret: &str) -> MasterKeys {
        let keys = BTreeMap::from([(1, derived(secret, "master key 1"))]);
        MasterKeys::new(1, keys, derived(secret, "lookup key")).expect("version 1 is among the keys")
    }
}

/// HKDF-SHA256 of a secret.
fn derived(secret: &str, purpose: &str) -> [u8; KEY_LEN] {
    struct Length;
    impl KeyType for Length {
        fn len(&self) -> usize {
            KEY_LEN
        }
    }
    let mut key = [0; KEY_LEN];
    Salt::new(HKDF_SHA256, b"sangzi master keys")
        .extract(secret.as_bytes())
        .expand(&[purpose.as_bytes()], Length)
        .and_then(|okm| okm.fill(&mut key))
        .expect("one block of output is always to be had");
    key
}

fn cipher(key: &[u8; KEY_LEN]) -> RandomizedNonceKey {
    RandomizedNonceKey::new(&AES_256_GCM, key).expect("AES-256 keys have 32 bytes")
}

/// The nonce, the ciphertext, the tag.
fn shut(key: &RandomizedNonceKey, purpose: &str, plain: &[u8]) -> Vec<u8> {
    let mut rest = plain.to_vec();
    let nonce = key
        .seal_in_place_append_tag(Aad::from(purpose), &mut rest)
        .expect("personal data is far shorter than the 64 GiB the cipher takes");
    let mut sealed = nonce.as_ref().to_vec();
    sealed.append(&mut rest);
    sealed
}

fn unshut(key: &RandomizedNonceKey, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
    let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(VaultError::Tag)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Tag)?;
    let mut rest = rest.to_vec();
    let plain = key.open_in_place(nonce, Aad::from(purpose), &mut rest).map_err(|_| VaultError::Tag)?.len();
    rest.truncate(plain);
    Ok(rest)
}

/// A person's key as it lies in the database. Empty once the person is erased.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedKey {
    /// The wrapped key.
    pub sealed: Vec<u8>,
    /// The master key it is wrapped with.
    pub version: u32,
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedKey {{ version: {} }}", self.version)
    }
}

/// Seals and opens. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Vault(MasterKeys);

impl Vault {
    /// A vault with these keys.
    pub fn new(keys: MasterKeys) -> Vault {
        Vault(keys)
    }

    /// What a text is looked up by. The same text always gives the same bytes.
    pub fn lookup(&self, text: &str) -> Vec<u8> {
        self.lookup_bytes(text.as_bytes())
    }

    /// The same of bytes.
    pub fn lookup_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0.lookup, bytes).as_ref().to_vec()
    }

    /// A fresh key for a person, wrapped by the current master key.
    pub fn new_key(&self) -> SealedKey {
        let mut key = [0; KEY_LEN];
        rand::fill(&mut key).expect("the system gives random bytes");
        SealedKey { sealed: shut(self.master(self.0.current).1, PERSON_KEY, &key), version: self.0.current }
    }

    /// Seals a text with a person's key.
    pub fn seal(&self, key: &SealedKey, text: &str) -> Result<Vec<u8>, VaultError> {
        self.seal_bytes(key, text.as_bytes())
    }

    /// Seals bytes with a person's key.
    pub fn seal_bytes(&self, key: &SealedKey, bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
        Ok(shut(&self.unwrap_key(key)?, PERSONAL_DATA, bytes))
    }

    /// Opens what was sealed with a person's key.
    pub fn open(&self, key: &SealedKey, sealed: &[u8]) -> Result<String, VaultError> {
        String::from_utf8(self.open_bytes(key, sealed)?).map_err(|_| VaultError::Tag)
    }

    /// Opens bytes that were sealed with a person's key.
    pub fn open_bytes(&self, key: &SealedKey, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        unshut(&self.unwrap_key(key)?, PERSONAL_DATA, sealed)
    }

    /// The same key, wrapped by the current master key.
    pub fn rewrap(&self, key: &SealedKey) -> Result<SealedKey, VaultError> {
        if key.sealed.is_empty() {
            return Err(VaultError::Erased);
        }
        let plain = unshut(self.known(key.version)?, PERSON_KEY, &key.sealed)?;
        Ok(SealedKey { sealed: shut(self.master(self.0.current).1, PERSON_KEY, &plain), version: self.0.current })
    }

    /// Seals something that belongs to the house, not to a person with a key of their own; `purpose` says what and whose.
    /// The version of the master key stands in front.
    pub(crate) fn seal_own(&self, purpose: &str, plain: &[u8]) -> Vec<u8> {
        let (version, master) = self.master(self.0.current);
        let mut sealed = version.to_be_bytes().to_vec();
        sealed.append(&mut shut(master, purpose, plain));
        sealed
    }

    /// Opens what [`seal_own`](Vault::seal_own) sealed for the same purpose.
    pub(crate) fn open_own(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (version, rest) = sealed.split_first_chunk::<4>().ok_or(VaultError::Tag)?;
        unshut(self.known(u32::from_be_bytes(*version))?, purpose, rest)
    }

    fn master(&self, version: u32) -> (u32, &RandomizedNonceKey) {
        (version, self.known(version).expect("the current version is among the keys"))
    }

    fn known(&self, version: u32) -> Result<&RandomizedNonceKey, VaultError> {
        self.0.keys.get(&version).ok_or(VaultError::UnknownVersion(version))
    }

    fn unwrap_key(&self, key: &SealedKey) -> Result<RandomizedNonceKey, VaultError> {
        if key.sealed.is_empty() {
            return Err(VaultError::Erased);
        }
        let plain = unshut(self.known(key.version)?, PERSON_KEY, &key.sealed)?;
        RandomizedNonceKey::new(&AES_256_GCM, &plain).map_err(|_| VaultError::Tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(current: u32, versions: &[u32]) -> Vault {
        let keys = versions.iter().map(|&version| (version, derived("test", &version.to_string()))).collect();
        Vault::new(MasterKeys::new(current, keys, [7; 32]).unwrap())
    }

    #[test]
    fn what_is_sealed_opens_for_that_person_alone() {
        let vault = Vault::new(MasterKeys::derived_from("a secret"));
        let (mine, theirs) = (vault.new_key(), vault.new_key());
        let sealed = vault.seal(&mine, "王小明").unwrap();
        assert_eq!(vault.open(&mine, &sealed).unwrap(), "王小明");
        assert_ne!(sealed, vault.seal(&mine, "王小明").unwrap(), "no two boxes are alike");
        assert_eq!(vault.open(&theirs, &sealed), Err(VaultError::Tag));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(vault.open(&mine, &changed), Err(VaultError::Tag), "byte {at}");
        }
        for length in 0..sealed.len() {
            assert_eq!(vault.open(&mine, &sealed[..length]), Err(VaultError::Tag), "{length} bytes");
        }
    }

    #[test]
    fn a_box_opens_for_its_purpose_alone() {
        let vault = Vault::new(MasterKeys::derived_from("a secret"));
        let sealed = vault.seal_own("one", b"seed");
        assert_eq!(vault.open_own("one", &sealed).unwrap(), b"seed");
        assert_eq!(vault.open_own("another", &sealed), Err(VaultError::Tag));
        assert_eq!(vault.open_own("one", b"abc"), Err(VaultError::Tag));
    }

    #[test]
    fn a_new_master_key_takes_over_without_touching_the_data() {
        let old = vault(1, &[1]);
        let key = old.new_key();
        let sealed = old.seal(&key, "oSample").unwrap();
        let both = vault(2, &[1, 2]);
        assert_eq!(both.open(&key, &sealed).unwrap(), "oSample");
        let moved = both.rewrap(&key).unwrap();
        assert_eq!(moved.version, 2);
        let new = vault(2, &[2]);
        assert_eq!(new.open(&moved, &sealed).unwrap(), "oSample");
        assert_eq!(new.open(&key, &sealed), Err(VaultError::UnknownVersion(1)));
        assert_eq!(old.lookup("oSample"), new.lookup("oSample"), "lookups do not depend on the version");
    }

    #[test]
    fn nothing_of_an_erased_person_opens() {
        let vault = vault(1, &[1]);
        let key = vault.new_key();
        let sealed = vault.seal(&key, "王小明").unwrap();
        let erased = SealedKey { sealed: Vec::new(), ..key };
        assert_eq!(vault.open(&erased, &sealed), Err(VaultError::Erased));
        assert_eq!(vault.seal(&erased, "x"), Err(VaultError::Erased));
        assert_eq!(vault.rewrap(&erased), Err(VaultError::Erased));
    }

    #[test]
    fn keys_are_not_printed_and_a_missing_current_key_is_refused() {
        let vault = vault(1, &[1]);
        assert_eq!(format!("{vault:?}"), "Vault(MasterKeys { current: 1, versions: [1] })");
        let missing = MasterKeys::new(2, BTreeMap::from([(1, [0; 32])]), [0; 32]);
        assert_eq!(missing.unwrap_err(), VaultError::UnknownVersion(2));
    }
}
