//! Manual vouchers (手工凭证): what no recipe books. One person writes it, somebody hands it in, and another person posts it (facts:
//! charity 6.2, entries 21 and 25). Its lines are those of a bookkeeper's voucher; [`pairs`] makes postings of them.

use std::collections::BTreeSet;

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::{BusinessDate, CampaignId, Money, Refused};

/// What a voucher is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum VoucherKind {
    /// 记账凭证: payroll, depreciation, accruals, bank charges.
    Ordinary,
    /// 红字冲销: the mirror of a posted voucher.
    Reversal,
    /// 期初余额: what stood when the book was begun.
    Opening,
    /// 审计调整: of a year that is ended and not yet audited; booked on the first open day through 3201, shown with both dates.
    Adjustment,
}

/// Where a voucher stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum VoucherState {
    /// Its author writes it.
    Draft,
    /// Handed in; waits for another person.
    Submitted,
    /// In the books.
    Posted,
    /// Given up.
    Discarded,
}

/// What can happen to a voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum VoucherEvent {
    /// Handed in.
    Submit,
    /// Sent back with a reason.
    Return,
    /// Posted by another person.
    Post,
    /// Given up.
    Discard,
}

impl VoucherState {
    /// The whole table.
    pub fn on(self, event: VoucherEvent) -> Result<VoucherState, Refused<VoucherState, VoucherEvent>> {
        use VoucherEvent::*;
        use VoucherState::*;
        Ok(match (self, event) {
            (Draft, Submit) => Submitted,
            (Submitted, Return) => Draft,
            (Submitted, Post) => Posted,
            (Draft | Submitted, Discard) => Discarded,
            (Draft | Submitted | Posted | Discarded, _) => return Err(Refused { state: self, event }),
        })
    }
}

/// How often a voucher comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Cadence {
    /// Every month.
    Monthly,
    /// Every third month, counted from the first.
    Quarterly,
    /// Every twelfth.
    Yearly,
}

impl Cadence {
    /// The first day it is due on or after a day: day `day` of the month, or its last if the month is shorter. None if the calendar ends.
    pub fn first(self, from: BusinessDate, day: u8) -> Option<BusinessDate> {
        let here = from.day_of_month_after(0, day)?;
        if here >= from { Some(here) } else { from.day_of_month_after(1, day) }
    }

    /// The day it is due after a day it was due on.
    pub fn next(self, due: BusinessDate, day: u8) -> Option<BusinessDate> {
        let months = match self {
            Cadence::Monthly => 1,
            Cadence::Quarterly => 3,
            Cadence::Yearly => 12,
        };
        due.day_of_month_after(months, day)
    }
}

/// Debit or credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// 借.
    Debit,
    /// 贷.
    Credit,
}

/// The account of a line: a subject and what money is kept apart by.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VoucherAccount {
    /// The code of the subject.
    pub subject: String,
    /// Whose money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// Which line of its budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_line: Option<String>,
    /// Which channel, or which cash box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Which bank account of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account: Option<String>,
    /// Which contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// Which kind of debt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payable: Option<String>,
    /// Goods, not money.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub goods: bool,
}

/// A line of a voucher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherLine {
    /// Which account.
    pub account: VoucherAccount,
    /// On which side.
    pub side: Side,
    /// More than nothing.
    pub amount: Money,
    /// The line of 现金流量表, on a line of cash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cash_flow: Option<String>,
}

impl VoucherLine {
    /// The same line on the other side.
    #[must_use]
    pub fn mirrored(self) -> VoucherLine {
        let side = match self.side {
            Side::Debit => Side::Credit,
            Side::Credit => Side::Debit,
        };
        VoucherLine { side, ..self }
    }
}

/// Why lines are no voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbalanced {
    /// No line on one of the sides, or more lines than a voucher has.
    #[error("a voucher has 2 to 500 lines, on both sides")]
    Count,
    /// An amount of nothing, or a sum beyond what can be written.
    #[error("an amount is not positive, or the sum is too large")]
    Amount,
    /// An account stands on both sides, or twice on one.
    #[error("an account stands on two lines")]
    Twice,
    /// The sides differ.
    #[error("debits are not credits")]
    Sum {
        /// All debits.
        debit: Money,
        /// All credits.
        credit: Money,
    },
}

/// The sum of a side, if the lines are a voucher.
pub fn total(lines: &[VoucherLine]) -> Result<Money, Unbalanced> {
    let side = |side: Side| lines.iter().filter(move |line| line.side == side);
    if lines.len() > 500 || side(Side::Debit).next().is_none() || side(Side::Credit).next().is_none() {
        return Err(Unbalanced::Count);
    }
    if lines.iter().any(|line| !line.amount.is_positive() || line.amount > Money::MAX) {
        return Err(Unbalanced::Amount);
    }
    if lines.iter().map(|line| &line.account).collect::<BTreeSet<_>>().len() < lines.len() {
        return Err(Unbalanced::Twice);
    }
    let sum = |of: Side| Money::checked_sum(side(of).map(|line| line.amount)).ok_or(Unbalanced::Amount);
    let (debit, credit) = (sum(Side::Debit)?, sum(Side::Credit)?);
    if debit > Money::MAX {
        return Err(Unbalanced::Amount);
    }
    if debit == credit { Ok(debit) } else { Err(Unbalanced::Sum { debit, credit }) }
}

/// The lines as postings: which debit line, which credit line, how much; of n debits and m credits at most n + m − 1. The lines must
/// balance.
pub fn pairs(lines: &[VoucherLine]) -> Vec<(usize, usize, Money)> {
    let side = |side: Side| {
        let of_side = lines.iter().enumerate().filter(move |(_, line)| line.side == side);
        of_side.map(|(index, line)| (index, line.amount.fen()))
    };
    let (mut debits, mut credits) = (side(Side::Debit), side(Side::Credit));
    let (mut debit, mut credit) = (debits.next(), credits.next());
    let mut pairs = Vec::with_capacity(lines.len());
    while let (Some((d, owed)), Some((c, there))) = (debit, credit) {
        let part = owed.min(there);
        pairs.push((d, c, Money::from_fen(part)));
        debit = if owed == part { debits.next() } else { Some((d, owed - part)) };
        credit = if there == part { credits.next() } else { Some((c, there - part)) };
    }
    pairs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use sea_orm::Iterable;

    use super::*;

    #[test]
    fn the_grid() {
        let states: Vec<_> = VoucherState::iter().collect();
        let events: Vec<_> = VoucherEvent::iter().collect();
        insta::assert_snapshot!(crate::state::grid(&states, &events, VoucherState::on), @r"
        Draft
            Submit -> Submitted
            Discard -> Discarded
        Submitted
            Return -> Draft
            Post -> Posted
            Discard -> Discarded
        Posted
        Discarded
        ");
    }

    fn day(text: &str) -> BusinessDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_day_of_a_month_stays_the_last() {
        assert_eq!(Cadence::Monthly.first(day("2026-01-31"), 31), Some(day("2026-01-31")));
        assert_eq!(Cadence::Monthly.first(day("2026-02-01"), 31), Some(day("2026-02-28")));
        assert_eq!(Cadence::Monthly.first(day("2026-01-20"), 15), Some(day("2026-02-15")));
        assert_eq!(Cadence::Monthly.next(day("2026-02-28"), 31), Some(day("2026-03-31")));
        assert_eq!(Cadence::Quarterly.next(day("2026-11-30"), 31), Some(day("2027-02-28")));
        assert_eq!(Cadence::Yearly.next(day("2028-02-29"), 29), Some(day("2029-02-28")));
    }

    fn line(subject: &str, side: Side, fen: i64) -> VoucherLine {
        let account = VoucherAccount { subject: subject.to_owned(), ..VoucherAccount::default() };
        VoucherLine { account, side, amount: Money::from_fen(fen), cash_flow: None }
    }

    #[test]
    fn what_is_no_voucher_is_told_why() {
        let (debit, credit) = (line("5301", Side::Debit, 5), line("1001", Side::Credit, 5));
        assert_eq!(total(&[debit.clone(), credit.clone()]), Ok(Money::from_fen(5)));
        assert_eq!(total(std::slice::from_ref(&debit)), Err(Unbalanced::Count));
        assert_eq!(total(&[debit.clone(), line("1001", Side::Credit, 0)]), Err(Unbalanced::Amount));
        assert_eq!(total(&[debit.clone(), line("5301", Side::Credit, 5)]), Err(Unbalanced::Twice));
        let sums = Unbalanced::Sum { debit: Money::from_fen(5), credit: Money::from_fen(4) };
        assert_eq!(total(&[debit, line("1001", Side::Credit, 4)]), Err(sums));
    }

    proptest! {
        #[test]
        fn postings_add_up_to_the_lines(debits in prop::collection::vec(1i64..1_000, 1..9), cuts in prop::collection::vec(1i64..9_000, 0..8)) {
            let whole: i64 = debits.iter().sum();
            let mut edges: Vec<i64> = cuts.into_iter().map(|cut| cut % whole).filter(|cut| *cut > 0).collect();
            edges.extend([0, whole]);
            edges.sort_unstable();
            edges.dedup();
            let credits: Vec<i64> = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let mut lines: Vec<_> = debits.iter().enumerate().map(|(n, fen)| line(&format!("d{n}"), Side::Debit, *fen)).collect();
            lines.extend(credits.iter().enumerate().map(|(n, fen)| line(&format!("c{n}"), Side::Credit, *fen)));
            prop_assert_eq!(total(&lines), Ok(Money::from_fen(whole)));
            let pairs = pairs(&lines);
            prop_assert!(pairs.len() < lines.len());
            let mut sums: BTreeMap<usize, i64> = BTreeMap::new();
            for (debit, credit, amount) in pairs {
                prop_assert!(amount.is_positive());
                *sums.entry(debit).or_default() += amount.fen();
                *sums.entry(credit).or_default() += amount.fen();
            }
            prop_assert_eq!(sums.into_values().collect::<Vec<_>>(), lines.iter().map(|line| line.amount.fen()).collect::<Vec<_>>());
        }
    }
}
