//! Exact fractions: what a rate, a part of a year and an interest are before a fen is booked.

use crate::Money;

/// A ratio of two whole numbers. Nothing is lost until [`Fraction::of`] makes an amount of it, and that rounds once, half away
/// from zero, to the fen (四舍五入).
///
/// Numbers of 128 bits hold a principal of [`Money::MAX`] at a rate of twelve decimals over centuries; what does not fit is
/// nothing, never a wrap.
#[derive(Clone, Copy, Debug)]
pub struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl Fraction {
    /// Nothing.
    pub const ZERO: Fraction = Fraction { numerator: 0, denominator: 1 };

    /// So many parts of so many; there is no zeroth part, and a negative one is refused with it.
    pub const fn new(numerator: i128, denominator: i128) -> Option<Fraction> {
        if denominator > 0 { Some(Fraction { numerator, denominator }) } else { None }
    }

    /// The same, where it is plain to see that the denominator is positive.
    #[inline]
    pub(crate) const fn parts(numerator: i128, denominator: i128) -> Fraction {
        debug_assert!(denominator > 0, "a denominator is positive");
        Fraction { numerator, denominator }
    }

    /// The number above the line.
    pub const fn numerator(self) -> i128 {
        self.numerator
    }

    /// The number below the line, positive.
    pub const fn denominator(self) -> i128 {
        self.denominator
    }

    /// Written with the same two numbers, which is cheaper to ask than whether it is the same.
    pub(crate) const fn is(self, other: Fraction) -> bool {
        self.numerator == other.numerator && self.denominator == other.denominator
    }

    /// Exactly nothing.
    pub const fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// Less than nothing.
    pub const fn is_negative(self) -> bool {
        self.numerator < 0
    }

    /// In lowest terms.
    pub const fn reduced(self) -> Fraction {
        let (mut a, mut b) = (self.numerator.unsigned_abs(), self.denominator.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        // The greatest common divisor divides the denominator, so it fits.
        let by = a as i128;
        Fraction { numerator: self.numerator / by, denominator: self.denominator / by }
    }

    /// The product.
    #[inline]
    pub fn times(self, other: Fraction) -> Option<Fraction> {
        let raw = |a: Fraction, b: Fraction| {
            let numerator = product(a.numerator, b.numerator)?;
            Some(Fraction { numerator, denominator: product(a.denominator, b.denominator)? })
        };
        raw(self, other).or_else(|| raw(self.reduced(), other.reduced()))
    }

    /// The sum.
    pub fn plus(self, other: Fraction) -> Option<Fraction> {
        if self.denominator == other.denominator {
            return Some(Fraction { numerator: self.numerator.checked_add(other.numerator)?, ..self });
        }
        let (a, b) = (self.reduced(), other.reduced());
        let common = Fraction::parts(a.denominator, b.denominator).reduced();
        let (left, right) = (a.numerator.checked_mul(common.denominator)?, b.numerator.checked_mul(common.numerator)?);
        Some(Fraction {
            numerator: left.checked_add(right)?,
            denominator: a.denominator.checked_mul(common.denominator)?,
        })
    }

    /// One over it, if it is more than nothing.
    pub const fn inverse(self) -> Option<Fraction> {
        Fraction::new(self.denominator, self.numerator)
    }

    /// This share of an amount, rounded: the one place where interest becomes money.
    #[inline]
    pub fn of(self, amount: Money) -> Option<Money> {
        let rounded = match product(amount.fen().into(), self.numerator) {
            Some(numerator) => round(numerator, self.denominator)?,
            None => {
                let share = self.times(Fraction::parts(amount.fen().into(), 1))?;
                round(share.numerator, share.denominator)?
            }
        };
        i64::try_from(rounded).ok().map(Money::from_fen)
    }

    /// As a decimal with so many places, rounded half away from zero.
    pub fn decimal(self, places: u32) -> Option<String> {
        let scale = 10i128.checked_pow(places)?;
        let scaled = match self.numerator.checked_mul(scale) {
            Some(numerator) => round(numerator, self.denominator)?,
            None => {
                let scaled = self.times(Fraction::parts(scale, 1))?;
                round(scaled.numerator, scaled.denominator)?
            }
        };
        let sign = if scaled < 0 { "-" } else { "" };
        let (whole, rest) =
            (scaled.unsigned_abs() / scale.unsigned_abs(), scaled.unsigned_abs() % scale.unsigned_abs());
        let places = places as usize;
        Some(if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest:0places$}") })
    }
}

impl PartialEq for Fraction {
    fn eq(&self, other: &Fraction) -> bool {
        let (a, b) = (self.reduced(), other.reduced());
        (a.numerator, a.denominator) == (b.numerator, b.denominator)
    }
}

impl Eq for Fraction {}

/// The product. Halves of the width cannot overflow, and are nearly always enough.
#[inline]
fn product(a: i128, b: i128) -> Option<i128> {
    match (i64::try_from(a), i64::try_from(b)) {
        (Ok(a), Ok(b)) => Some(i128::from(a) * i128::from(b)),
        _ => a.checked_mul(b),
    }
}

/// The nearest whole number, ties away from zero.
#[inline]
fn round(numerator: i128, denominator: i128) -> Option<i128> {
    // Nearly every loan fits half the width, where a division costs a fraction.
    if let (Ok(n), Ok(d)) = (i64::try_from(numerator), i64::try_from(denominator)) {
        let (whole, rest) = (n / d, n % d);
        let up = i64::from(rest.unsigned_abs() >= d.unsigned_abs().div_ceil(2)) * n.signum();
        return Some((whole + up).into());
    }
    let (whole, rest) = (numerator.checked_div(denominator)?, numerator.checked_rem(denominator)?);
    let up = i128::from(rest.unsigned_abs() >= denominator.unsigned_abs().div_ceil(2)) * numerator.signum();
    whole.checked_add(up)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fraction(numerator: i128, denominator: i128) -> Fraction {
        Fraction::new(numerator, denominator).unwrap()
    }

    #[test]
    fn a_half_goes_away_from_zero() {
        for (numerator, denominator, rounded) in
            [(1, 2, 1), (-1, 2, -1), (3, 2, 2), (1, 3, 0), (2, 3, 1), (-2, 3, -1), (0, 7, 0), (7, 7, 1), (49, 100, 0)]
        {
            assert_eq!(round(numerator, denominator), Some(rounded), "{numerator}/{denominator}");
            let wide = 1i128 << 70;
            assert_eq!(round(numerator * wide, denominator * wide), Some(rounded), "{numerator}/{denominator}, wide");
        }
    }

    #[test]
    fn decimals_are_rounded_once() {
        assert_eq!(fraction(29, 360).decimal(12).unwrap(), "0.080555555556");
        assert_eq!(fraction(-1, 8).decimal(2).unwrap(), "-0.13");
        assert_eq!(fraction(-1, 1000).decimal(2).unwrap(), "0.00");
        assert_eq!(fraction(5, 2).decimal(0).unwrap(), "3");
    }

    #[test]
    fn what_does_not_fit_is_nothing() {
        let large = fraction(i128::MAX, 1);
        assert!(large.times(large).is_none());
        assert!(large.plus(fraction(1, 1)).is_none());
        assert!(large.of(Money::from_fen(1)).is_none());
        assert!(Fraction::new(1, 0).is_none());
        assert!(Fraction::new(1, -1).is_none());
        assert!(Fraction::ZERO.inverse().is_none());
    }

    proptest! {
        #[test]
        fn a_sum_of_parts_is_the_whole(a in -1_000_000i128..1_000_000, b in 1i128..1_000_000, d in 1i128..1_000_000) {
            let (first, second) = (fraction(a, d), fraction(b, d * 6));
            let sum = first.plus(second).unwrap();
            prop_assert_eq!(sum, fraction(a * 6 + b, d * 6));
            prop_assert_eq!(sum.plus(fraction(-b, d * 6)).unwrap(), first);
        }

        #[test]
        fn both_widths_round_alike(n in any::<i32>(), d in 1i64..1_000_000) {
            let (n, d, wide) = (i128::from(n), i128::from(d), 1i128 << 70);
            prop_assert_eq!(round(n, d), round(n * wide, d * wide));
        }
    }
}
