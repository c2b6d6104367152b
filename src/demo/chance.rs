//! Chance that is the same every time: numbers and ids that follow from the seed and a name, and from nothing else.

use domain::Timestamp;
use uuid::{Builder, Uuid};

/// Where everything invented begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed(Uuid);

impl Seed {
    /// A seed by its name.
    pub(crate) fn named(name: &str) -> Seed {
        Seed(Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("sangzi demo {name}").as_bytes()))
    }

    /// Another seed that follows from this one.
    pub(crate) fn branch(self, name: &str) -> Seed {
        Seed(Uuid::new_v5(&self.0, name.as_bytes()))
    }

    /// The dice of one thing.
    pub(crate) fn dice(self, of: &str, number: usize) -> Dice {
        let (high, low) = self.about(of, number).as_u64_pair();
        Dice(high.rotate_left(32) ^ low)
    }

    /// An id as its maker would have made it at that moment (UUID version 7).
    pub(crate) fn id(self, of: &str, number: usize, at: Timestamp) -> Uuid {
        let about = self.about(of, number);
        let mut random = [0; 10];
        random.copy_from_slice(&about.as_bytes()[..10]);
        let millis = u64::try_from(at.us() / 1000).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// So many characters of an alphabet.
    pub(crate) fn word(self, of: &str, length: usize, alphabet: &[u8]) -> String {
        let mut dice = self.dice(of, length);
        (0..length).map(|_| char::from(dice.pick(alphabet))).collect()
    }

    fn about(self, of: &str, number: usize) -> Uuid {
        Uuid::new_v5(&self.0, format!("{of}:{number}").as_bytes())
    }
}

/// A row of numbers (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to `limit` − 1; 0 if there is none.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(limit)) >> 64).unwrap_or_default()
    }

    /// Whether it happens, if it happens `times` in a hundred.
    pub(crate) fn percent(&mut self, times: u64) -> bool {
        self.below(100) < times
    }

    /// One of some. There is at least one.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap_or_default()]
    }

    /// One of some, each as likely as its weight.
    pub(crate) fn weighted<T: Copy>(&mut self, of: &[(u64, T)]) -> T {
        let mut left = self.below(of.iter().map(|(weight, _)| weight).sum());
        for (weight, thing) in of {
            if left < *weight {
                return *thing;
            }
            left -= weight;
        }
        of[of.len() - 1].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_world() {
        let at: Timestamp = "2026-01-05T09:00:00+08:00".parse().unwrap();
        let id = Seed::named("sangzi").id("gift", 7, at);
        assert_eq!(id, Seed::named("sangzi").id("gift", 7, at));
        assert_ne!(id, Seed::named("another").id("gift", 7, at));
        assert_eq!(id.get_version_num(), 7);
        let mut dice = Seed::named("sangzi").dice("size", 1);
        assert!((0..1000).all(|_| dice.below(10) < 10));
    }

    #[test]
    fn weights_are_kept() {
        let mut dice = Seed::named("sangzi").dice("weights", 0);
        let ones = (0..10_000).filter(|_| dice.weighted(&[(3, 1), (1, 2)]) == 1).count();
        assert!((7_300..7_700).contains(&ones), "{ones}");
    }
}
