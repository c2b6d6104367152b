//! From the chart of 2004 to the one in force since 2026 (财会〔2004〕7号 → 财会〔2024〕25号; transition rules 财会〔2025〕6号). A code is
//! looked up together with its chart, never alone: 5301 was 筹资费用 and is 管理费用 now, 1701 was 受托代理资产 and is 长期待摊费用 now.

use crate::Subject;

/// The chart that balances are brought over from.
pub const OLD_CHART: &str = "2004";

/// Every subject of the chart of 2004 and what it became. Income has two details since: its row names the unrestricted one.
const CONVERTED: [(&str, &str); 48] = [
    ("1001", "1001"),
    ("1002", "1002"),
    ("1009", "1009"),
    ("1101", "1101"),
    ("1102", "1102"),
    ("1111", "1111"),
    ("1121", "1121"),
    ("1122", "1122"),
    ("1131", "1131"),
    ("1141", "1141"),
    ("1201", "1201"),
    ("1202", "1202"),
    ("1301", "1301"),
    ("1401", "1401"),
    ("1402", "1402"),
    ("1421", "1421"),
    ("1501", "1501"),
    ("1502", "1502"),
    ("1505", "1505"),
    ("1506", "1506"),
    ("1509", "1509"),
    ("1601", "1601"),
    ("1701", "1801"),
    ("2101", "2101"),
    ("2201", "2201"),
    ("2202", "2202"),
    ("2203", "2203"),
    ("2204", "2204"),
    ("2206", "2206"),
    ("2209", "2209"),
    ("2301", "2301"),
    ("2401", "2503"),
    ("2501", "2501"),
    ("2502", "2502"),
    ("2601", "2601"),
    ("3101", "3101"),
    ("3102", "3102"),
    ("4101", "410101"),
    ("4201", "420101"),
    ("4301", "430101"),
    ("4401", "440101"),
    ("4501", "450101"),
    ("4601", "460101"),
    ("4901", "490101"),
    ("5101", "5101"),
    ("5201", "5301"),
    ("5301", "5401"),
    ("5401", "5901"),
];

/// What a subject of the chart of 2004 became.
pub fn converted(old_code: &str) -> Option<Subject> {
    CONVERTED.iter().find(|(old, _)| *old == old_code).and_then(|(_, new)| Subject::of(new))
}

/// The whole map: every code of 2004 beside its subject of today.
pub fn conversion() -> impl Iterator<Item = (&'static str, Subject)> {
    CONVERTED.iter().filter_map(|(old, new)| Some((*old, Subject::of(new)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_goes_somewhere_and_no_two_to_the_same() {
        assert_eq!(conversion().count(), CONVERTED.len());
        let mut to: Vec<_> = conversion().map(|(_, new)| new).collect();
        to.sort_unstable();
        to.dedup();
        assert_eq!(to.len(), CONVERTED.len());
    }

    #[test]
    fn the_same_code_is_not_the_same_subject() {
        let new = |old| converted(old).map(Subject::code);
        assert_eq!((new("5201"), new("5301"), new("5401")), (Some("5301"), Some("5401"), Some("5901")));
        assert_eq!((new("1701"), new("2401")), (Some("1801"), Some("2503")));
        assert_eq!(new("1801"), None, "the chart of 2004 had none of this code");
    }
}
