//! Business time, and the file by which the application follows it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::{Clock, Timestamp};

use crate::file;

/// The clock that rules expiry and bill days. `DIR/clock` says, as decimal text, how many microseconds it is ahead of the
/// computer's; the file is in place before a change is answered.
pub(crate) struct BusinessClock {
    clock: Clock,
    system: Clock,
    file: PathBuf,
    changing: Mutex<()>,
}

impl BusinessClock {
    /// Starts where the last run stopped.
    pub(crate) fn start(dir: &Path, ahead_us: i64) -> io::Result<BusinessClock> {
        let clock = BusinessClock {
            clock: Clock::settable(),
            system: Clock::system(),
            file: dir.join("clock"),
            changing: Mutex::new(()),
        };
        if ahead_us != 0 {
            clock.clock.set(Timestamp::from_us(clock.system.now().us().saturating_add(ahead_us)));
        }
        clock.publish(ahead_us)?;
        Ok(clock)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Changes the time; `to` is told the time now and answers the new one, or nothing for real time. Answers how far the
    /// clock is ahead from now on.
    pub(crate) fn change(&self, to: impl FnOnce(Timestamp) -> Option<Timestamp>) -> io::Result<i64> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = match to(self.clock.now()) {
            Some(at) => self.clock.set(at).unwrap_or_default(),
            None => {
                self.clock.reset();
                0
            }
        };
        self.publish(ahead)?;
        Ok(ahead)
    }

    fn publish(&self, ahead_us: i64) -> io::Result<()> {
        file::replace(&self.file, ahead_us.to_string().as_bytes())
    }
}

/// The same moment so many seconds away; `None` outside the years 2000 to 2100, where nobody tests crowdfunding.
pub(crate) fn shifted(at: Timestamp, seconds: i64) -> Option<Timestamp> {
    let span = Duration::from_secs(seconds.unsigned_abs());
    sensible(if seconds < 0 { at.before(span) } else { at.after(span) })
}

/// The moment itself, if it lies in the years 2000 to 2100.
pub(crate) fn sensible(at: Timestamp) -> Option<Timestamp> {
    (2000..2100).contains(&at.beijing().year()).then_some(at)
}
