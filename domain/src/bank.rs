//! Money at the bank: where a line of a statement stands, what two persons make of it, and the code by which a gift is known.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::Refused;

/// Where a line of a statement stands (facts: charity 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum LineState {
    /// Nobody knows yet which entry it is.
    Open,
    /// Tied to the entries it is, to the last fen.
    Matched,
    /// In the books as 2209 待认领.
    Unclaimed,
    /// It was a gift after all.
    Claimed,
    /// It went back.
    Returned,
}

/// What can happen to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum LineEvent {
    /// Its entries were found, or booked from it.
    Match,
    /// What was tied by mistake is untied.
    Untie,
    /// It is booked as money of nobody.
    Suspend,
    /// Two persons say that it is a gift.
    Claim,
    /// It was paid back, as two persons had decided.
    Return,
}

impl LineState {
    /// The whole table.
    pub fn on(self, event: LineEvent) -> Result<LineState, Refused<LineState, LineEvent>> {
        use LineEvent as E;
        use LineState::*;
        Ok(match (self, event) {
            (Open, E::Match) => Matched,
            (Open, E::Suspend) => Unclaimed,
            (Matched | Unclaimed, E::Untie) => Open,
            (Unclaimed, E::Claim) => Claimed,
            (Unclaimed, E::Return) => Returned,
            (Open | Matched | Unclaimed | Claimed | Returned, _) => return Err(Refused { state: self, event }),
        })
    }
}

/// What shall become of money that came to the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ClaimChoice {
    /// 认领: a gift to a campaign.
    Gift,
    /// 退回: back to whoever sent it.
    Return,
}

/// Where a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ClaimState {
    /// Waits for another person.
    Proposed,
    /// The other person does not agree, or a return was called off before it was paid.
    Declined,
    /// A return that the bank has yet to pay.
    Approved,
    /// Booked.
    Done,
}

/// What can happen to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum ClaimEvent {
    /// The second person does not agree.
    Decline,
    /// The second person agrees that it is a gift; that books it.
    TakeAsGift,
    /// The second person agrees that it goes back.
    SendBack,
    /// The bank has paid it back.
    Paid,
}

impl ClaimState {
    /// The whole table.
    pub fn on(self, event: ClaimEvent) -> Result<ClaimState, Refused<ClaimState, ClaimEvent>> {
        use ClaimEvent as E;
        use ClaimState::*;
        Ok(match (self, event) {
            (Proposed | Approved, E::Decline) => Declined,
            (Proposed, E::TakeAsGift) => Done,
            (Proposed, E::SendBack) => Approved,
            (Approved, E::Paid) => Done,
            (Proposed | Declined | Approved | Done, _) => return Err(Refused { state: self, event }),
        })
    }
}

/// Where a list of gifts, or a 银行存款余额调节表, stands: one person has written it, another says yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ListState {
    /// Waits for another person.
    Proposed,
    /// The other person does not agree.
    Declined,
    /// In the books.
    Posted,
}

/// Where a 银行存款余额调节表 stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum BalanceState {
    /// One person has prepared it.
    Prepared,
    /// Another person sent it back.
    Returned,
    /// Another person has reviewed it.
    Reviewed,
}

/// What a donor writes into the remark of a transfer: `SZ`, nine digits, and a check digit that catches each wrong digit and each
/// swap of neighbours (Damm). A code that was mistyped is no code, rather than somebody else's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GiftCode(String);

const PREFIX: &str = "SZ";
const DIGITS: usize = 9;
/// A totally anti-symmetric quasigroup of order 10.
const QUASIGROUP: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

fn damm(digits: &[u8]) -> u8 {
    digits.iter().fold(0, |interim, digit| QUASIGROUP[usize::from(interim)][usize::from(digit - b'0')])
}

impl GiftCode {
    /// The code of a number; only its last nine digits count.
    pub fn of(number: u64) -> GiftCode {
        let digits = format!("{:0DIGITS$}", number % 1_000_000_000);
        let check = damm(digits.as_bytes());
        GiftCode(format!("{PREFIX}{digits}{check}"))
    }

    /// Every code that stands in a text, however it was typed: full-width, in small letters, with spaces or dashes inside.
    pub fn all_in(text: &str) -> Vec<GiftCode> {
        let plain: Vec<u8> = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '\u{3000}' | '\u{a0}' | '—' | '－' | '_'))
            .map(|c| match c {
                '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
                other => other,
            })
            .map(|c| u8::try_from(c.to_ascii_uppercase()).unwrap_or(0))
            .collect();
        let mut found = Vec::new();
        for at in 0..plain.len() {
            let Some(digits) = plain[at..].strip_prefix(PREFIX.as_bytes()) else { continue };
            let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if length == DIGITS + 1 && damm(&digits[..length]) == 0 {
                found
                    .extend(std::str::from_utf8(&digits[..length]).map(|digits| GiftCode(format!("{PREFIX}{digits}"))));
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sea_orm::Iterable;

    use super::*;
    use crate::state::grid;

    #[test]
    fn the_grids() {
        let states: Vec<_> = LineState::iter().collect();
        let events: Vec<_> = LineEvent::iter().collect();
        insta::assert_snapshot!("line", grid(&states, &events, LineState::on));
        let states: Vec<_> = ClaimState::iter().collect();
        let events: Vec<_> = ClaimEvent::iter().collect();
        insta::assert_snapshot!("claim", grid(&states, &events, ClaimState::on));
    }

    #[test]
    fn a_code_is_found_however_it_was_typed() {
        let code = GiftCode::of(123_456_789);
        assert_eq!(code.as_str().len(), 12);
        let digits = &code.as_str()[2..];
        for text in [
            code.as_str().to_owned(),
            format!("捐款 {code} 张三", code = code.as_str()),
            format!("sz {}-{}", &digits[..4], &digits[4..]),
            "捐赠ＳＺ１２３４５６７８９".to_owned() + &digits[9..],
        ] {
            assert_eq!(GiftCode::all_in(&text), std::slice::from_ref(&code), "{text}");
        }
        for text in ["", "SZ", "SZ123", &format!("SZ{digits}1"), digits] {
            assert_eq!(GiftCode::all_in(text), [], "{text}");
        }
        let two = format!("{} {}", GiftCode::of(1).as_str(), GiftCode::of(2).as_str());
        assert_eq!(GiftCode::all_in(&two).len(), 2);
    }

    proptest! {
        /// One wrong digit, or two neighbours swapped, is never another code.
        #[test]
        fn a_slip_is_no_code(number in 0u64..1_000_000_000, at in 0usize..10, other in 0u8..10) {
            let code = GiftCode::of(number);
            let bytes = code.as_str().as_bytes().to_vec();
            let mut wrong = bytes.clone();
            wrong[2 + at] = b'0' + other;
            let mut swapped = bytes.clone();
            if at < 9 { swapped.swap(2 + at, 3 + at); }
            for slip in [wrong, swapped] {
                let text = String::from_utf8(slip.clone()).unwrap_or_default();
                let found = GiftCode::all_in(&text);
                prop_assert_eq!(found.is_empty(), slip != bytes, "{}", text);
            }
        }
    }
}
