//! Natural persons, as far as the house must tell one from another.

use std::str::FromStr;

use crate::BusinessDate;

/// The number of an identity card (公民身份号码, GB 11643). Never printed, and stored only sealed in a borrower's own application: it
/// is the HMAC that says whether two accounts are one person's.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityNumber(String);

/// 18 digits, the last perhaps an X, with a day of birth and a check digit that are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no number of an identity card")]
pub struct NoIdentityNumber;

impl IdentityNumber {
    /// The number, for whoever computes its HMAC.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The day of birth it tells.
    pub fn born(&self) -> BusinessDate {
        let digits =
            |at: std::ops::Range<usize>| self.0[at].bytes().fold(0, |n, digit| n * 10 + u16::from(digit - b'0'));
        let (month, day) = (digits(10..12) as u8, digits(12..14) as u8);
        BusinessDate::new(digits(6..10).into(), month, day).expect("it was read as a day")
    }
}

impl std::fmt::Debug for IdentityNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdentityNumber")
    }
}

impl FromStr for IdentityNumber {
    type Err = NoIdentityNumber;

    fn from_str(text: &str) -> Result<IdentityNumber, NoIdentityNumber> {
        let text = text.trim().to_ascii_uppercase();
        let (digits, check) = text.split_at_checked(17).ok_or(NoIdentityNumber)?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) || !(b'1'..=b'8').contains(&digits.as_bytes()[0]) {
            return Err(NoIdentityNumber);
        }
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: usize = digits.bytes().zip(weights).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
        if check.as_bytes() != [b"10X98765432"[sum % 11]] {
            return Err(NoIdentityNumber);
        }
        let born = format!("{}-{}-{}", &digits[6..10], &digits[10..12], &digits[12..14]);
        born.parse::<BusinessDate>().map_err(|_| NoIdentityNumber)?;
        Ok(IdentityNumber(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_a_day_and_a_check_digit() {
        // From the standard's own example, and one that ends in X.
        for good in ["11010519491231002X", "11010519491231002x", "440524188001010014"] {
            let number: IdentityNumber = good.parse().unwrap();
            assert_eq!(format!("{number:?}"), "IdentityNumber", "it is not printed");
            assert_eq!(number.born().to_string().replace('-', ""), good[6..14]);
        }
        for bad in [
            "110105194912310021",
            "11010519491331002X",
            "1101051949123100",
            "",
            "９１０105194912310021",
            "01010519491231002X",
        ] {
            assert!(bad.parse::<IdentityNumber>().is_err(), "{bad}");
        }
    }
}
