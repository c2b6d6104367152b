//! How attempts are slowed down: five are free, then each waits twice as long as the last, a quarter of an hour at most.
//!
//! Accounts are counted in their row. Names that belong to nobody are counted here, so that being locked tells nothing about
//! whether a name exists; this memory is each process's own and bounded.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Timestamp;

const FREE: i64 = 5;
const FIRST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(900);
const REMEMBERED: usize = 10_000;

/// Until when an account is locked by its `failures`-th failure in a row.
pub(super) fn locked_until(failures: i64, now: Timestamp) -> Option<Timestamp> {
    if failures < FREE {
        return None;
    }
    let doublings = u32::try_from(failures - FREE).unwrap_or(u32::MAX).min(16);
    Some(now.after(FIRST.saturating_mul(1 << doublings).min(LONGEST)))
}

/// Attempts under names that belong to nobody, by what the name is looked up by.
#[derive(Default)]
pub(super) struct Strangers(Mutex<HashMap<Vec<u8>, (i64, Timestamp)>>);

impl Strangers {
    /// Counts an attempt; until when the name is locked, if it is.
    pub(super) fn attempt(&self, name: Vec<u8>, now: Timestamp) -> Result<(), Timestamp> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= REMEMBERED {
            names.retain(|_, (_, until)| *until > now);
            if names.len() >= REMEMBERED {
                names.clear();
            }
        }
        let (failures, until) = names.entry(name).or_insert((0, Timestamp::from_us(0)));
        if *until > now {
            return Err(*until);
        }
        *failures += 1;
        if let Some(locked) = locked_until(*failures, now) {
            *until = locked;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_after_the_fifth_waits_twice_as_long() {
        let now = Timestamp::from_seconds(1_000);
        let waits: Vec<u64> =
            (1..=12).map(|n| locked_until(n, now).map_or(0, |until| until.apart(now).as_secs())).collect();
        assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert!(locked_until(i64::MAX, now).is_some());
    }

    #[test]
    fn strangers_are_counted_like_members() {
        let strangers = Strangers::default();
        let now = Timestamp::from_seconds(1_000);
        for _ in 0..5 {
            assert_eq!(strangers.attempt(b"x".to_vec(), now), Ok(()));
        }
        let until = now.after(FIRST);
        assert_eq!(strangers.attempt(b"x".to_vec(), now), Err(until));
        assert_eq!(strangers.attempt(b"y".to_vec(), now), Ok(()));
        assert_eq!(strangers.attempt(b"x".to_vec(), until), Ok(()));
        assert_eq!(strangers.attempt(b"x".to_vec(), until), Err(until.after(FIRST * 2)));
    }
}
