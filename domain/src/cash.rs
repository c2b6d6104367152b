//! Counted cash (库存现金盘点; facts: charity 6.2, entries 7 and 24): one person counts, another signs, and what is missing or too much is
//! settled by a third.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::{Money, Refused};

/// The pieces of renminbi, in fen: notes of 100 to 1 yuan, coins of 5 jiao to 1 fen.
pub const FACES: [i64; 12] = [10_000, 5_000, 2_000, 1_000, 500, 100, 50, 20, 10, 5, 2, 1];

/// So many pieces of one face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pieces {
    /// The face.
    pub face: Money,
    /// How many.
    pub count: u32,
}

/// What the pieces are worth; none if a face is none, stands twice, or the sum is beyond what can be written.
pub fn worth(pieces: &[Pieces]) -> Option<Money> {
    let mut seen = [false; FACES.len()];
    let mut sum: i64 = 0;
    for one in pieces {
        let place = FACES.iter().position(|face| *face == one.face.fen())?;
        if std::mem::replace(&mut seen[place], true) {
            return None;
        }
        sum = sum.checked_add(one.face.fen().checked_mul(i64::from(one.count))?)?;
    }
    Some(Money::from_fen(sum)).filter(|sum| *sum <= Money::MAX)
}

/// Where a count stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum CountState {
    /// One person counted.
    Counted,
    /// Another signed; it is what the books say.
    Agreed,
    /// Another signed; it is not, and the difference is booked.
    Different,
    /// A third said what becomes of the difference.
    Settled,
    /// Given up before it was signed.
    Withdrawn,
}

/// What can happen to a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum CountEvent {
    /// Signed, and the books say the same.
    SignEqual,
    /// Signed, and the books say something else.
    SignDifferent,
    /// The difference is settled.
    Settle,
    /// Given up.
    Withdraw,
}

impl CountState {
    /// The whole table.
    pub fn on(self, event: CountEvent) -> Result<CountState, Refused<CountState, CountEvent>> {
        use CountEvent::*;
        use CountState::*;
        Ok(match (self, event) {
            (Counted, SignEqual) => Agreed,
            (Counted, SignDifferent) => Different,
            (Counted, Withdraw) => Withdrawn,
            (Different, Settle) => Settled,
            (Counted | Agreed | Different | Settled | Withdrawn, _) => return Err(Refused { state: self, event }),
        })
    }
}

/// What becomes of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum DifferenceChoice {
    /// 短款核销: nobody makes it good (5901).
    WriteOff,
    /// 短款赔补: whoever is responsible puts it back into the box.
    MadeGood,
    /// 长款转收入: nobody it belongs to is found (4901).
    Income,
    /// 长款支付: paid to whom it belongs.
    PaidOut,
}

impl DifferenceChoice {
    /// Whether it settles what is missing, not what is too much.
    pub fn is_of_shortage(self) -> bool {
        matches!(self, DifferenceChoice::WriteOff | DifferenceChoice::MadeGood)
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Iterable;

    use super::*;

    #[test]
    fn the_grid() {
        let states: Vec<_> = CountState::iter().collect();
        let events: Vec<_> = CountEvent::iter().collect();
        insta::assert_snapshot!(crate::state::grid(&states, &events, CountState::on), @r"
        Counted
            SignEqual -> Agreed
            SignDifferent -> Different
            Withdraw -> Withdrawn
        Agreed
        Different
            Settle -> Settled
        Settled
        Withdrawn
        ");
    }

    #[test]
    fn only_what_is_minted_is_counted() {
        let pieces = |faces: &[(i64, u32)]| -> Vec<Pieces> {
            faces.iter().map(|(face, count)| Pieces { face: Money::from_fen(*face), count: *count }).collect()
        };
        assert_eq!(worth(&pieces(&[(10_000, 3), (100, 7), (1, 2)])), Some(Money::from_fen(30_702)));
        assert_eq!(worth(&[]), Some(Money::ZERO));
        assert_eq!(worth(&pieces(&[(300, 1)])), None, "there is no note of three yuan");
        assert_eq!(worth(&pieces(&[(100, 1), (100, 1)])), None, "twice the same face");
    }
}
