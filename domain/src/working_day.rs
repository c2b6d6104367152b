//! Days on which offices work (工作日): Monday to Friday, but for the holidays and the weekends that make up for them (调休), which
//! the State Council names anew each year and an officer enters.

use std::collections::BTreeMap;

use crate::BusinessDate;

/// The exceptions to the week.
#[derive(Clone, Debug, Default)]
pub struct WorkingCalendar {
    exceptions: BTreeMap<BusinessDate, bool>,
}

impl WorkingCalendar {
    /// With these exceptions: the day, and whether it is worked.
    pub fn new(exceptions: impl IntoIterator<Item = (BusinessDate, bool)>) -> WorkingCalendar {
        WorkingCalendar { exceptions: exceptions.into_iter().collect() }
    }

    /// Whether offices work on a day.
    pub fn works(&self, day: BusinessDate) -> bool {
        self.exceptions.get(&day).copied().unwrap_or(!day.is_weekend())
    }

    /// The last day of a term of so many working days that begins on the day after `from`.
    pub fn term(&self, from: BusinessDate, working_days: u32) -> BusinessDate {
        let (mut day, mut left) = (from, working_days);
        while left > 0 {
            day = day.next();
            if self.works(day) {
                left -= 1;
            }
        }
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> BusinessDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_term_counts_worked_days_only() {
        let plain = WorkingCalendar::default();
        // 2026-11-20 is a Friday.
        assert_eq!(plain.term(day("2026-11-20"), 1), day("2026-11-23"));
        assert_eq!(plain.term(day("2026-11-20"), 10), day("2026-12-04"));
        assert_eq!(plain.term(day("2026-11-20"), 0), day("2026-11-20"));
        let exceptions = [(day("2026-11-23"), false), (day("2026-11-21"), true)];
        let moved = WorkingCalendar::new(exceptions);
        assert_eq!(moved.term(day("2026-11-20"), 1), day("2026-11-21"), "a Saturday that is worked");
        assert_eq!(moved.term(day("2026-11-20"), 2), day("2026-11-24"), "a Monday that is not");
    }
}
