//! Reconciliation (对账) as pure matching: two sides, each a multi-set of items by key, compared exactly.
//!
//! An item is forty bytes and holds no text: its key is a 128-bit fingerprint of kind and number, and `place` leads back to where it
//! came from. Both sides are sorted where they lie (large ones at once, on two threads) and walked once, so a million against a million
//! take eighty megabytes and no hash table. A key that stands twice on a side is a finding of its own; it never multiplies rows.

use std::fmt;

/// What a difference is called (差错类别). The words are those of `sangzi reconcile --json` and of the table `discrepancy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BreakClass {
    /// 长款: the channel has it, we do not.
    MissingHere,
    /// 短款: we have it, the channel does not.
    MissingThere,
    /// Another amount.
    Amount,
    /// Another fee than the rate gives, or than the other bill says.
    Fee,
    /// The two sides say that it stands differently.
    Status,
    /// Twice in our books.
    DuplicateHere,
    /// Twice in the bill.
    DuplicateThere,
    /// The channel has refunded what we know nothing of.
    RefundMissingHere,
    /// We have booked a refund the channel does not show.
    RefundMissingThere,
    /// Another amount of a refund.
    RefundAmount,
    /// What was settled differs from what was paid.
    SettlementAmount,
    /// Paid after the order was closed.
    PaidAfterClose,
    /// One order paid twice.
    PaidTwice,
    /// A line nobody can place.
    UnknownLine,
    /// Paid in another currency than the order's.
    Currency,
    /// A bank's file says otherwise of a loan than we expected.
    Loan(LoanBreak),
}

/// In what a bank's file differs of a loan (facts: lending 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoanBreak {
    /// Another amount of the same fact, or one or a rate the contract does not allow.
    Amount,
    /// The same amount, spread otherwise over principal, interest and penalties.
    Split,
    /// A fen, by rounding.
    Rounding,
    /// Another principal that is not repaid.
    Balance,
    /// Another sum that is due and not paid.
    Arrears,
    /// 五级分类.
    Class,
    /// The loans of a class add up otherwise.
    Total,
    /// Another day.
    Date,
    /// The bank has it, we do not.
    MissingHere,
    /// We have it, the bank's files do not tell it.
    MissingThere,
    /// A serial number that was used before.
    DuplicateThere,
    /// A line that cannot be placed or booked.
    UnknownLine,
}

impl LoanBreak {
    /// All of them.
    pub const ALL: [LoanBreak; 12] = [
        LoanBreak::Amount,
        LoanBreak::Split,
        LoanBreak::Rounding,
        LoanBreak::Balance,
        LoanBreak::Arrears,
        LoanBreak::Class,
        LoanBreak::Total,
        LoanBreak::Date,
        LoanBreak::MissingHere,
        LoanBreak::MissingThere,
        LoanBreak::DuplicateThere,
        LoanBreak::UnknownLine,
    ];

    /// The word of the class in the worklist; without what it begins with, the word in the report of a file.
    pub const fn as_str(self) -> &'static str {
        match self {
            LoanBreak::Amount => "loan_amount",
            LoanBreak::Split => "loan_split",
            LoanBreak::Rounding => "loan_rounding",
            LoanBreak::Balance => "loan_balance",
            LoanBreak::Arrears => "loan_arrears",
            LoanBreak::Class => "loan_class",
            LoanBreak::Total => "loan_total",
            LoanBreak::Date => "loan_date",
            LoanBreak::MissingHere => "loan_missing_here",
            LoanBreak::MissingThere => "loan_missing_there",
            LoanBreak::DuplicateThere => "loan_duplicate_there",
            LoanBreak::UnknownLine => "loan_unknown_line",
        }
    }

    /// The class of a word of the worklist.
    pub fn of(word: &str) -> Option<LoanBreak> {
        LoanBreak::ALL.into_iter().find(|class| class.as_str() == word)
    }
}

impl BreakClass {
    /// The word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            BreakClass::MissingHere => "missing_here",
            BreakClass::MissingThere => "missing_there",
            BreakClass::Amount => "amount",
            BreakClass::Fee => "fee",
            BreakClass::Status => "status",
            BreakClass::DuplicateHere => "duplicate_here",
            BreakClass::DuplicateThere => "duplicate_there",
            BreakClass::RefundMissingHere => "refund_missing_here",
            BreakClass::RefundMissingThere => "refund_missing_there",
            BreakClass::RefundAmount => "refund_amount",
            BreakClass::SettlementAmount => "settlement_amount",
            BreakClass::PaidAfterClose => "paid_after_close",
            BreakClass::PaidTwice => "paid_twice",
            BreakClass::UnknownLine => "unknown_line",
            BreakClass::Currency => "currency",
            BreakClass::Loan(class) => class.as_str(),
        }
    }
}

impl fmt::Display for BreakClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The fingerprint of a kind and a number. Numbers come from the channel and from us, not from whoever would look for two that
/// collide; by chance two of a thousand million do with a probability below 10⁻²⁰.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u64; 2]);

impl Key {
    /// The key of a number of this kind.
    pub fn of(kind: u8, number: &str) -> Key {
        let bytes = number.as_bytes();
        let mut a = fold(0x243F_6A88_85A3_08D3 ^ u64::from(kind), 0x9E37_79B9_7F4A_7C15);
        let mut b = fold(0x1319_8A2E_0370_7344 ^ bytes.len() as u64, 0xD6E8_FEB8_6659_FD93);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            let word = u64::from_le_bytes(word);
            a = fold(a ^ word, 0xA076_1D64_78BD_642F) ^ b;
            b = fold(b.rotate_left(23) ^ word, 0xE703_7ED1_A0B4_28DB);
        }
        Key([fold(a ^ b.rotate_left(32), 0x8EBC_6AF0_9C88_C6E3) ^ a, fold(b ^ a, 0x5899_65CC_7537_4CC3) ^ b])
    }
}

/// Both halves of the product.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ (product >> 64) as u64
}

/// One thing on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub key: Key,
    /// How much, in fen.
    pub amount_fen: i64,
    /// The fee in fen; the same on both sides where it is not to be compared.
    pub fee_fen: i64,
    /// Where it stands; the same on both sides where it is not to be compared.
    pub status: u8,
    /// Where it came from: a line, a row.
    pub place: u32,
}

impl Item {
    fn says(&self) -> (i64, i64, u8) {
        (self.amount_fen, self.fee_fen, self.status)
    }
}

/// In what two items of one key differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// In the amount.
    pub amount: bool,
    /// In the fee.
    pub fee: bool,
    /// In where they stand.
    pub status: bool,
}

/// What the comparison finds. The places are those of the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The same on both sides.
    Matched(Item, Item),
    /// On our side only.
    OnlyHere(Item),
    /// On the other side only.
    OnlyThere(Item),
    /// One key, said differently.
    Differs(Item, Item, Difference),
    /// Once more on our side.
    DuplicateHere(Item),
    /// Once more on the other side.
    DuplicateThere(Item),
}

/// Compares two sides and hands out what it finds, key by key. A key is paired once, with what says the same if there is such a one;
/// whatever else stands under it is a duplicate on its side. The sides are left sorted.
pub fn compare(here: &mut [Item], there: &mut [Item], mut each: impl FnMut(Finding)) {
    if here.len().min(there.len()) < APART {
        sort(here);
        sort(there);
    } else {
        std::thread::scope(|scope| {
            scope.spawn(|| sort(here));
            sort(there);
        });
    }
    let (mut h, mut t) = (0, 0);
    while h < here.len() || t < there.len() {
        let key = match (here.get(h), there.get(t)) {
            (Some(a), Some(b)) => a.key.min(b.key),
            (Some(one), None) | (None, Some(one)) => one.key,
            (None, None) => break,
        };
        let ours = run(here, h, key);
        let theirs = run(there, t, key);
        h += ours.len();
        t += theirs.len();
        group(ours, theirs, &mut each);
    }
}

/// Sides so long are sorted on a thread each.
const APART: usize = 1 << 15;

fn sort(side: &mut [Item]) {
    side.sort_unstable_by(|a, b| a.key.cmp(&b.key).then_with(|| a.place.cmp(&b.place)));
}

/// The items of a key from here on.
fn run(side: &[Item], from: usize, key: Key) -> &[Item] {
    let length = side[from..].iter().take_while(|item| item.key == key).count();
    &side[from..from + length]
}

fn group(ours: &[Item], theirs: &[Item], each: &mut impl FnMut(Finding)) {
    let (mut a, mut b) = (0, 0);
    if ours.len() > 1 || theirs.len() > 1 {
        let equal = ours
            .iter()
            .enumerate()
            .find_map(|(i, one)| theirs.iter().position(|other| other.says() == one.says()).map(|j| (i, j)));
        (a, b) = equal.unwrap_or_default();
    }
    match (ours.get(a), theirs.get(b)) {
        (Some(one), Some(other)) if one.says() == other.says() => each(Finding::Matched(*one, *other)),
        (Some(one), Some(other)) => {
            let difference = Difference {
                amount: one.amount_fen != other.amount_fen,
                fee: one.fee_fen != other.fee_fen,
                status: one.status != other.status,
            };
            each(Finding::Differs(*one, *other, difference));
        }
        (Some(one), None) => each(Finding::OnlyHere(*one)),
        (None, Some(other)) => each(Finding::OnlyThere(*other)),
        (None, None) => {}
    }
    ours.iter().enumerate().filter(|(i, _)| *i != a).for_each(|(_, one)| each(Finding::DuplicateHere(*one)));
    theirs.iter().enumerate().filter(|(i, _)| *i != b).for_each(|(_, one)| each(Finding::DuplicateThere(*one)));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_item_is_forty_bytes() {
        assert_eq!(size_of::<Item>(), 40);
    }

    #[test]
    fn keys_tell_kinds_and_numbers_apart() {
        let mut keys: Vec<Key> = (0..200_000u32).map(|n| Key::of(0, &format!("4200{n:024}"))).collect();
        keys.extend((0..1000u32).map(|n| Key::of(1, &format!("4200{n:024}"))));
        keys.extend(["", "\0", "\0\0", "a", "a\0", "12345678", "12345678\0"].map(|number| Key::of(0, number)));
        let many = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), many);
        assert_eq!(Key::of(3, "4200000001"), Key::of(3, "4200000001"));
    }

    /// A side: how often each number stands there, and what it says.
    fn side() -> impl Strategy<Value = Vec<(u8, i64, i64, u8)>> {
        prop::collection::vec((0u8..12, 1i64..4, 0i64..3, 0u8..2), 0..24)
    }

    fn items(rows: &[(u8, i64, i64, u8)]) -> Vec<Item> {
        let item = |(place, (number, amount_fen, fee_fen, status)): (usize, &(u8, i64, i64, u8))| Item {
            key: Key::of(0, &number.to_string()),
            amount_fen: *amount_fen,
            fee_fen: *fee_fen,
            status: *status,
            place: u32::try_from(place).unwrap_or_default(),
        };
        rows.iter().enumerate().map(item).collect()
    }

    proptest! {
        /// Every item is told exactly once, and what is told of each key follows from how often it stands on each side.
        #[test]
        fn agrees_with_counting(here in side(), there in side()) {
            let (mut ours, mut theirs) = (items(&here), items(&there));
            let mut told = (vec![0; here.len()], vec![0; there.len()]);
            let mut pairs: BTreeMap<Key, (u32, u32, u32, u32, u32)> = BTreeMap::new();
            compare(&mut ours, &mut theirs, |finding| {
                let mut tell = |one: Option<Item>, other: Option<Item>| {
                    if let Some(one) = one { told.0[one.place as usize] += 1; }
                    if let Some(other) = other { told.1[other.place as usize] += 1; }
                };
                match finding {
                    Finding::Matched(a, b) => { tell(Some(a), Some(b)); assert_eq!(a.says(), b.says()); pairs.entry(a.key).or_default().0 += 1; }
                    Finding::Differs(a, b, d) => {
                        tell(Some(a), Some(b));
                        assert_eq!((d.amount, d.fee, d.status), (a.amount_fen != b.amount_fen, a.fee_fen != b.fee_fen, a.status != b.status));
                        assert!(d != Difference::default());
                        pairs.entry(a.key).or_default().1 += 1;
                    }
                    Finding::OnlyHere(a) => { tell(Some(a), None); pairs.entry(a.key).or_default().2 += 1; }
                    Finding::OnlyThere(b) => { tell(None, Some(b)); pairs.entry(b.key).or_default().2 += 1; }
                    Finding::DuplicateHere(a) => { tell(Some(a), None); pairs.entry(a.key).or_default().3 += 1; }
                    Finding::DuplicateThere(b) => { tell(None, Some(b)); pairs.entry(b.key).or_default().4 += 1; }
                }
            });
            prop_assert!(told.0.iter().chain(&told.1).all(|times| *times == 1));
            for number in 0u8..12 {
                let of = |rows: &[(u8, i64, i64, u8)]| rows.iter().filter(|row| row.0 == number).copied().collect::<Vec<_>>();
                let (a, b) = (of(&here), of(&there));
                let said = pairs.get(&Key::of(0, &number.to_string())).copied().unwrap_or_default();
                let same = a.iter().any(|row| b.contains(row));
                let both = !a.is_empty() && !b.is_empty();
                let count = |n: usize| u32::try_from(n).unwrap_or_default();
                prop_assert_eq!(said, (
                    u32::from(same), u32::from(both && !same), u32::from(a.is_empty() != b.is_empty()),
                    count(a.len().saturating_sub(1)), count(b.len().saturating_sub(1)),
                ));
            }
        }
    }
}
