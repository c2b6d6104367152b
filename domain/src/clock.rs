//! Time: instants, days in Beijing, and the clocks they are read from.
//!
//! There are two clocks in the program. *Business time* rules due dates, deadlines, expiry and the day an entry is booked on;
//! in development it can be set, and it follows the WeChat sandbox. *Real time* serves signatures, sessions, one-time
//! passwords, leases and the age of a notification. Both are values of [`Clock`] and both are injected; reading the
//! computer's time anywhere else is refused by the linter.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sea_orm::DeriveValueType;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime, UtcOffset, macros::format_description, macros::offset};

/// China has one time zone and no summer time.
const BEIJING: UtcOffset = offset!(+8);
const US_PER_SECOND: i64 = 1_000_000;

/// An instant: microseconds since 1970 in UTC. Columns that hold one end in `_us`.
///
/// The wire form is RFC 3339 in Beijing time: `2026-01-15T09:00:42+08:00`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970.
    pub const fn from_us(us: i64) -> Timestamp {
        Timestamp(us)
    }

    /// From whole seconds since 1970, as WeChat's headers carry them.
    pub const fn from_seconds(seconds: i64) -> Timestamp {
        Timestamp(seconds.saturating_mul(US_PER_SECOND))
    }

    /// Microseconds since 1970.
    pub const fn us(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(US_PER_SECOND)
    }

    /// So much later; stays at the end of time instead of wrapping.
    pub fn after(self, span: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// So much earlier.
    pub fn before(self, span: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How far two instants lie apart, whichever is earlier.
    pub const fn apart(self, other: Timestamp) -> Duration {
        Duration::from_micros(self.0.abs_diff(other.0))
    }

    /// The same moment as a Beijing date and time.
    pub fn beijing(self) -> OffsetDateTime {
        let nanos = i128::from(self.0) * 1000;
        OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH).to_offset(BEIJING)
    }

    /// `2026-01-15 09:00:42` in Beijing, as bills and pages print it.
    pub fn wall(self) -> String {
        self.beijing()
            .format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"))
            .expect("year, month, day and time can always be printed")
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in Beijing time, to the second as WeChat writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self
            .beijing()
            .format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]+08:00"))
            .expect("year, month, day and time can always be printed");
        f.write_str(&text)
    }
}

/// Why a text is not an instant or a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a day is written 2026-01-15, an instant 2026-01-15T09:00:42+08:00")]
pub struct TimeError;

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Timestamp, TimeError> {
        let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimeError)?;
        i64::try_from(at.unix_timestamp_nanos() / 1000).map(Timestamp).map_err(|_| TimeError)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A day in Beijing. Stored and sent as `YYYY-MM-DD`, which sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusinessDate(Date);

impl BusinessDate {
    /// The day an instant falls on.
    pub fn of(at: Timestamp) -> BusinessDate {
        BusinessDate(at.beijing().date())
    }

    /// A day by its numbers, if it exists.
    pub fn new(year: i32, month: u8, day: u8) -> Option<BusinessDate> {
        Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok().map(BusinessDate)
    }

    /// The first instant of the day.
    pub fn start(self) -> Timestamp {
        Timestamp::from_seconds(self.0.midnight().assume_offset(BEIJING).unix_timestamp())
    }

    /// The next day.
    pub fn next(self) -> BusinessDate {
        BusinessDate(self.0.next_day().unwrap_or(Date::MAX))
    }

    /// The day before.
    #[inline]
    pub fn previous(self) -> BusinessDate {
        BusinessDate(self.0.previous_day().unwrap_or(Date::MIN))
    }

    /// Saturday or Sunday. Public holidays are not known here.
    pub fn is_weekend(self) -> bool {
        self.0.weekday().number_days_from_monday() >= 5
    }

    /// So many days later, if the calendar goes on so long.
    pub fn after_days(self, days: i64) -> Option<BusinessDate> {
        let julian = i64::from(self.0.to_julian_day()).checked_add(days)?;
        Date::from_julian_day(i32::try_from(julian).ok()?).ok().map(BusinessDate)
    }

    /// Calendar days from this day (counted) to another (not counted): 算头不算尾. Negative if the other is earlier.
    #[inline]
    pub fn days_to(self, other: BusinessDate) -> i64 {
        i64::from(other.0.to_julian_day()) - i64::from(self.0.to_julian_day())
    }

    /// Day `day` of the month that lies so many months later, or that month's last day if it is shorter.
    pub fn day_of_month_after(self, months: u32, day: u8) -> Option<BusinessDate> {
        let index = i64::from(self.0.year()) * 12 + i64::from(self.month()) - 1 + i64::from(months);
        let year = i32::try_from(index.div_euclid(12)).ok()?;
        let month = Month::try_from(u8::try_from(index.rem_euclid(12) + 1).ok()?).ok()?;
        BusinessDate::new(year, month.into(), day.min(month.length(year)))
    }

    /// The day of the month.
    pub fn day(self) -> u8 {
        self.0.day()
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u8 {
        self.0.month().into()
    }

    /// The day of the year, from 1.
    pub fn ordinal(self) -> u16 {
        self.0.ordinal()
    }

    /// Whether its year has 366 days.
    pub fn is_in_leap_year(self) -> bool {
        time::util::is_leap_year(self.0.year())
    }

    /// The accounting year, which is the calendar year (会计法 Art. 11).
    pub fn year(self) -> i32 {
        self.0.year()
    }
}

impl fmt::Display for BusinessDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

impl FromStr for BusinessDate {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<BusinessDate, TimeError> {
        if text.len() != 10 {
            return Err(TimeError);
        }
        Date::parse(text, format_description!("[year]-[month]-[day]")).map(BusinessDate).map_err(|_| TimeError)
    }
}

impl Serialize for BusinessDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BusinessDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<BusinessDate, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl From<BusinessDate> for sea_orm::Value {
    fn from(date: BusinessDate) -> sea_orm::Value {
        date.to_string().into()
    }
}

impl sea_orm::TryGetable for BusinessDate {
    fn try_get_by<I: sea_orm::ColIdx>(res: &sea_orm::QueryResult, index: I) -> Result<Self, sea_orm::TryGetError> {
        let text = String::try_get_by(res, index)?;
        text.parse().map_err(|e: TimeError| sea_orm::TryGetError::DbErr(sea_orm::DbErr::Type(format!("{text:?}: {e}"))))
    }
}

impl sea_orm::TryFromU64 for BusinessDate {
    /// Databases do not number days.
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("BusinessDate"))
    }
}

impl sea_orm::sea_query::ValueType for BusinessDate {
    fn try_from(v: sea_orm::Value) -> Result<Self, sea_orm::sea_query::ValueTypeErr> {
        let text = <String as sea_orm::sea_query::ValueType>::try_from(v)?;
        text.parse().map_err(|_| sea_orm::sea_query::ValueTypeErr)
    }

    fn type_name() -> String {
        "BusinessDate".to_owned()
    }

    fn array_type() -> sea_orm::sea_query::ArrayType {
        sea_orm::sea_query::ArrayType::String
    }

    fn column_type() -> sea_orm::sea_query::ColumnType {
        sea_orm::sea_query::ColumnType::Text
    }
}

impl sea_orm::sea_query::Nullable for BusinessDate {
    fn null() -> sea_orm::Value {
        <String as sea_orm::sea_query::Nullable>::null()
    }
}

/// Where the time of an operation comes from. Cheap to clone; clones share what is set.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    System,
    Shifted { offset_us: AtomicI64 },
    Following { file: PathBuf },
}

impl Clock {
    /// The computer's clock.
    pub fn system() -> Clock {
        Clock(Arc::new(Source::System))
    }

    /// A clock that can be [set](Clock::set) and goes on from there. Development and tests only.
    pub fn settable() -> Clock {
        Clock(Arc::new(Source::Shifted { offset_us: AtomicI64::new(0) }))
    }

    /// A clock that follows another process: `file` holds how many microseconds that process is ahead of the computer's
    /// clock, as decimal text. A missing or unreadable file means "not ahead". Development only.
    pub fn following(file: PathBuf) -> Clock {
        Clock(Arc::new(Source::Following { file }))
    }

    /// Whether this clock can be anything but the computer's.
    pub fn is_system(&self) -> bool {
        matches!(*self.0, Source::System)
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let ahead = match &*self.0 {
            Source::System => 0,
            Source::Shifted { offset_us } => offset_us.load(Ordering::SeqCst),
            Source::Following { file } => {
                std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
            }
        };
        Timestamp(system_us().saturating_add(ahead))
    }

    /// The day in Beijing.
    pub fn today(&self) -> BusinessDate {
        BusinessDate::of(self.now())
    }

    /// Sets a settable clock; answers how far it now is ahead of the computer's, in microseconds. Other clocks stay as they
    /// are and answer nothing.
    pub fn set(&self, now: Timestamp) -> Option<i64> {
        match &*self.0 {
            Source::Shifted { offset_us } => {
                let ahead = now.0.saturating_sub(system_us());
                offset_us.store(ahead, Ordering::SeqCst);
                Some(ahead)
            }
            Source::System | Source::Following { .. } => None,
        }
    }

    /// Sets a settable clock back to the computer's time.
    pub fn reset(&self) {
        if let Source::Shifted { offset_us } = &*self.0 {
            offset_us.store(0, Ordering::SeqCst);
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place where the computer's clock is read")]
fn system_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_day_in_beijing() {
        let late: Timestamp = "2026-01-15T23:59:59+08:00".parse().unwrap();
        assert_eq!(BusinessDate::of(late).to_string(), "2026-01-15");
        assert_eq!(BusinessDate::of(late.after(Duration::from_secs(1))).to_string(), "2026-01-16");
        assert_eq!(BusinessDate::of(late).start().to_string(), "2026-01-15T00:00:00+08:00");
    }

    #[test]
    fn instants_are_printed_as_wechat_prints_them() {
        let at: Timestamp = "2026-01-15T01:00:42.123456Z".parse().unwrap();
        assert_eq!(at.to_string(), "2026-01-15T09:00:42+08:00");
        assert_eq!(at.us(), 1_768_438_842_123_456);
        assert_eq!(at.wall(), "2026-01-15 09:00:42");
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in ["2026-02-29", "2026-1-1", "20260101", "2026-13-01", "二〇二六"] {
            assert_eq!(text.parse::<BusinessDate>(), Err(TimeError), "{text}");
        }
    }

    #[test]
    fn a_settable_clock_goes_on_from_where_it_was_set() {
        let clock = Clock::settable();
        let then: Timestamp = "2026-03-01T08:00:00+08:00".parse().unwrap();
        clock.set(then);
        assert!(clock.now() >= then && clock.now() < then.after(Duration::from_secs(60)));
        assert_eq!(Clock::system().set(then), None);
    }
}
