//! How often one neighbourhood may try to sign in, and how often one donor may make us ask WeChat. Counted in memory, by this process alone: it
//! slows guessing down, and the lock on the account (identity) ends it; and what WeChat lets us ask is there for all donors.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::DonorId;
use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::origin::Origin;
use crate::problem::Problem;

/// How many complaints one neighbourhood may hand in a minute, on pages and at the interface together.
pub const COMPLAINTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(6).expect("six is more than nothing");
/// After so many questions those who have been quiet are forgotten.
const SWEEP: u32 = 4096;

/// Counts by whom, and forgets who has been quiet.
struct Counter<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    asked: AtomicU32,
}

impl<K: Hash + Eq + Clone> Counter<K> {
    fn per_minute(times: NonZeroU32) -> Counter<K> {
        Counter { limiter: RateLimiter::keyed(Quota::per_minute(times)), asked: AtomicU32::new(0) }
    }

    /// Counts once more, or says how long to wait.
    fn count(&self, whose: &K) -> Result<(), Duration> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        self.limiter.check_key(whose).map_err(|early| early.wait_time_from(self.limiter.clock().now()))
    }
}

/// A limit on one kind of request.
pub struct Throttle(Counter<IpAddr>);

impl Throttle {
    /// So many a minute, all of them at once if need be.
    pub fn per_minute(times: NonZeroU32) -> Throttle {
        Throttle(Counter::per_minute(times))
    }

    /// Counts a request, or refuses it.
    pub fn admit(&self, origin: Origin) -> Result<(), Problem> {
        let counted = self.0.count(&origin.neighbourhood());
        counted.map_err(|wait| Problem::too_many(wait.as_secs().saturating_add(1)))
    }
}

/// A limit on what one donor makes us ask WeChat.
pub(crate) struct Questions(Counter<DonorId>);

impl Questions {
    /// So many a minute, all of them at once if need be.
    pub(crate) fn per_minute(times: NonZeroU32) -> Questions {
        Questions(Counter::per_minute(times))
    }

    /// Counts a question; false if the donor has had their share.
    pub(crate) fn may_ask(&self, donor: DonorId) -> bool {
        self.0.count(&donor).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_neighbourhood_does_not_spend_the_share_of_another() {
        let throttle = Throttle::per_minute(NonZeroU32::new(2).unwrap());
        let origin = |text: &str| Origin(text.parse().unwrap());
        assert!(throttle.admit(origin("203.0.113.9")).is_ok());
        assert!(throttle.admit(origin("203.0.113.9")).is_ok());
        assert!(throttle.admit(origin("203.0.113.9")).is_err());
        assert!(throttle.admit(origin("203.0.113.10")).is_ok());
    }

    #[test]
    fn one_donor_does_not_spend_the_share_of_another() {
        let questions = Questions::per_minute(NonZeroU32::new(2).unwrap());
        let (one, other) = (DonorId::new(), DonorId::new());
        assert_eq!([one, one, one, other].map(|donor| questions.may_ask(donor)), [true, true, false, true]);
    }
}
