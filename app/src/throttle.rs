//! How often one neighbourhood may try to sign in. Counted in memory, by this process alone: it slows guessing down, and the
//! lock on the account (identity) ends it.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::origin::Origin;
use crate::problem::Problem;

/// How many complaints one neighbourhood may hand in a minute, on pages and at the interface together.
pub const COMPLAINTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(6).expect("six is more than nothing");
/// After so many questions those who have been quiet are forgotten.
const SWEEP: u32 = 4096;

/// A limit on one kind of request.
pub struct Throttle {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    asked: AtomicU32,
}

impl Throttle {
    /// So many a minute, all of them at once if need be.
    pub fn per_minute(times: NonZeroU32) -> Throttle {
        Throttle { limiter: RateLimiter::keyed(Quota::per_minute(times)), asked: AtomicU32::new(0) }
    }

    /// Counts a request, or refuses it.
    pub fn admit(&self, origin: Origin) -> Result<(), Problem> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        self.limiter.check_key(&origin.neighbourhood()).map_err(|early| {
            let wait = early.wait_time_from(self.limiter.clock().now());
            Problem::too_many(wait.as_secs().saturating_add(1))
        })
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
}
