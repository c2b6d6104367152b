//! Administrative divisions (行政区划) of Hebei: where something is, not who manages it (facts: charity 11).
//!
//! The table holds the province, its 11 cities and their 167 counties as they stood in 2023, with the codes of the national
//! statistics; development zones are no divisions and are left out. Codes change over time: a division that is no more stays
//! in the table with its last day and its successor. Recorded so are the changes of 邢台 in 2020, on the day they were made
//! known; earlier ones are not. 雄安新区 has no row of its own, its three counties stand under 保定.

use std::sync::LazyLock;

use crate::BusinessDate;

/// A division.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// Two digits for the province, four for a city, six for a county.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is a part of; nothing for the province.
    pub parent: Option<&'static str>,
    /// Its first day; nothing if it is older than the table.
    pub valid_from: Option<BusinessDate>,
    /// Its last day, if it is no more.
    pub valid_to: Option<BusinessDate>,
    /// What took its place.
    pub replaced_by: Option<&'static str>,
}

static HEBEI: LazyLock<Vec<Division>> = LazyLock::new(|| {
    let day = |cell: &str| (!cell.is_empty()).then(|| cell.parse().expect("the days of the table are days"));
    let said = |cell: &'static str| (!cell.is_empty()).then_some(cell);
    let line = |line: &'static str| {
        let cells: Vec<&'static str> = line.split(',').collect();
        let [code, name, parent, from, to, by] = cells[..] else { panic!("the table has six columns: {line}") };
        Division { code, name, parent: said(parent), valid_from: day(from), valid_to: day(to), replaced_by: said(by) }
    };
    include_str!("../data/hebei_divisions.csv").lines().skip(1).map(line).collect()
});

/// All divisions of Hebei, those that are no more included, by level and code.
pub fn hebei() -> &'static [Division] {
    &HEBEI
}

/// The province, as its units carry it.
const PROVINCE: &str = "13";

/// Where a code is, in words: city and county, whatever lies within the county; a code nobody knows is its own name.
pub fn place(code: &str) -> String {
    let known = |code: &str| hebei().iter().find(|one| one.code == code).map(|one| one.name);
    match (code.get(..4).and_then(known), code.get(..6).and_then(known)) {
        (Some(city), Some(county)) => format!("{city}{county}"),
        (Some(only), None) | (None, Some(only)) => only.to_owned(),
        (None, None) if code == PROVINCE => "河北省".to_owned(),
        (None, None) => code.to_owned(),
    }
}

/// The division of a code that stands on a day.
pub fn standing(code: &str, on: BusinessDate) -> Option<&'static Division> {
    let stands = |division: &&Division| {
        division.code == code
            && division.valid_from.is_none_or(|from| from <= on)
            && division.valid_to.is_none_or(|to| on <= to)
    };
    hebei().iter().find(stands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_what_stands_and_leads_from_old_to_new() {
        let today: BusinessDate = "2026-11-22".parse().unwrap();
        let now: Vec<&Division> =
            hebei().iter().filter(|d| standing(d.code, today).is_some_and(|there| there == *d)).collect();
        let of_length = |length: usize| now.iter().filter(|division| division.code.len() == length).count();
        assert_eq!((of_length(2), of_length(4), of_length(6)), (1, 11, 167));
        for division in hebei() {
            let known = |code: &&str| hebei().iter().any(|other| other.code == *code);
            assert!(division.parent.is_none_or(|parent| known(&parent) && division.code.starts_with(parent)));
            assert!(division.replaced_by.is_none_or(|new| standing(new, today).is_some()), "{}", division.code);
            assert_eq!(division.valid_to.is_some(), division.replaced_by.is_some());
        }
        let name = |code| standing(code, today).map(|division| division.name);
        assert_eq!(name("130481"), Some("武安市"));
        assert_eq!(name("130526"), None);
        assert_eq!(standing("130526", "2019-01-01".parse().unwrap()).unwrap().replaced_by, Some("130505"));
        assert!(hebei().iter().all(|division| division.code.as_bytes().get(4) != Some(&b'7')), "no development zone");
    }
}
