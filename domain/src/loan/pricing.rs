//! The price of a loan: LPR of a day plus basis points, within a floor and a cap.

use super::{LoanError, product};
use crate::{Fraction, Multiplier, Rate};

/// How a contract rate comes about.
#[derive(Clone, Copy, Debug)]
pub struct Pricing {
    /// 贷款市场报价利率.
    pub lpr: Rate,
    /// 加点: a fraction of a year's interest, a hundredth of a percent the basis point; may be negative.
    pub spread: Fraction,
    /// Never less.
    pub floor: Option<Rate>,
    /// Never more.
    pub cap: Option<Rate>,
}

impl Pricing {
    /// The contract rate: floor first, then cap.
    pub fn contract_rate(&self) -> Result<Fraction, LoanError> {
        if let (Some(floor), Some(cap)) = (self.floor, self.cap)
            && floor > cap
        {
            return Err(LoanError::FloorAboveCap);
        }
        let less = |a: Fraction, b: Fraction| {
            let negative = product(b, Fraction::parts(-1, 1))?;
            Ok(a.plus(negative).ok_or(LoanError::TooLarge)?.is_negative())
        };
        let mut rate = self.lpr.fraction().plus(self.spread).ok_or(LoanError::TooLarge)?;
        if let Some(floor) = self.floor.map(Rate::fraction)
            && less(rate, floor)?
        {
            rate = floor;
        }
        if let Some(cap) = self.cap.map(Rate::fraction)
            && less(cap, rate)?
        {
            rate = cap;
        }
        match rate.is_negative() {
            true => Err(LoanError::NegativeRate),
            false if less(Fraction::parts(1, 1), rate)? => Err(LoanError::RateAboveOne),
            false => Ok(rate),
        }
    }
}

/// So many times the contract rate.
pub fn times(rate: Fraction, multiplier: Multiplier) -> Result<Fraction, LoanError> {
    product(rate, multiplier.fraction())
}
