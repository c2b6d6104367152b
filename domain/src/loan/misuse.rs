//! What money costs that is used for another purpose (挪用; facts: lending 2): from that day on, until it is mended or everything is paid, a
//! multiple of the contract rate; never beside the multiple for being late, but the higher of both (择其重，不能并处).
//!
//! The table of the loan stays as it is. What the misused part costs beyond the contract rate is penalty of the period under way, and due with its
//! instalment; of what is late the higher multiple takes the place of the other, for compound interest too. A grace spares what is late whatever
//! it was used for. Repayments lower the misused part and the rest alike. No convention at hand says more: it is our expectation, and a bank
//! that reckons otherwise tells its own split.

use super::life::Contract;
use super::{LoanError, product};
use crate::{BusinessDate, Fraction, Money};

/// How much of a loan is misused, and what that has come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Misuse {
    /// What part of all principal.
    part: Fraction,
    /// Until when its penalty is reckoned.
    pub(super) since: BusinessDate,
    /// What it has come to in the period under way.
    pub(super) carried: Money,
}

impl Misuse {
    /// Everything is used as agreed.
    pub(super) fn none(on: BusinessDate) -> Misuse {
        Misuse { part: Fraction::ZERO, since: on, carried: Money::ZERO }
    }

    /// So much of the principal from a day on, all of it if nothing is said; what had come to before stays.
    pub(super) fn begin(&mut self, on: BusinessDate, amount: Option<Money>, principal: Money) {
        let of = |amount: Money| Fraction::new(amount.min(principal).fen().into(), principal.fen().into());
        self.part = amount.and_then(of).unwrap_or(Fraction::parts(1, 1)).reduced();
        self.since = on;
    }

    /// Used as agreed again.
    pub(super) fn end(&mut self, on: BusinessDate) {
        (self.part, self.since) = (Fraction::ZERO, on);
    }

    /// Whether something is misused.
    pub(super) fn is_any(&self) -> bool {
        !self.part.is_zero()
    }

    /// The misused part of an amount.
    pub(super) fn of(&self, principal: Money) -> Result<Money, LoanError> {
        super::share(self.part, principal)
    }

    /// How many times the contract rate late money costs.
    pub(super) fn late(&self, contract: &Contract) -> Result<Fraction, LoanError> {
        let late = contract.multiplier.fraction();
        let more = product(self.part, beyond(contract.misuse.fraction(), late)?)?;
        if more.is_zero() { Ok(late) } else { late.plus(more).ok_or(LoanError::TooLarge) }
    }

    /// How many times the contract rate what is not yet due costs beyond it.
    pub(super) fn undue(&self, contract: &Contract) -> Result<Fraction, LoanError> {
        product(self.part, beyond(contract.misuse.fraction(), Fraction::parts(1, 1))?)
    }
}

/// By how much one is more than the other; nothing if it is not.
fn beyond(one: Fraction, other: Fraction) -> Result<Fraction, LoanError> {
    let less = product(other, Fraction::parts(-1, 1))?;
    let more = one.plus(less).ok_or(LoanError::TooLarge)?;
    Ok(if more.is_negative() { Fraction::ZERO } else { more })
}
