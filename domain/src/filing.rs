//! Numbers of the authorities: the unified social credit code (统一社会信用代码) of a legal person, the filing number (备案编号) of
//! a fundraising plan and the number of a charity project on 慈善中国 (facts: charity 2.4).
//!
//! Shapes are hard. The check digit of a credit code is a warning only: one published number fails it.

/// Digits and letters of a credit code, in the order of their values (GB 32100-2015: no I, O, S, V, Z).
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// A number that has not the shape of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no {0}")]
pub struct BadNumber(&'static str);

/// A unified social credit code: 18 digits and letters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreditCode(String);

impl CreditCode {
    /// Whether the last sign is what the others make it. A code that fails this may be real.
    pub fn check_digit_fits(&self) -> bool {
        self.0.as_bytes().last().copied() == check_digit(&self.0)
    }

    /// How it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for CreditCode {
    type Err = BadNumber;

    fn from_str(text: &str) -> Result<CreditCode, BadNumber> {
        if text.len() == 18 && text.bytes().all(|sign| ALPHABET.contains(&sign)) {
            Ok(CreditCode(text.to_owned()))
        } else {
            Err(BadNumber("credit code"))
        }
    }
}

/// The check digit of the first 17 signs: weights are the powers of 3 modulo 31.
fn check_digit(code: &str) -> Option<u8> {
    let mut weight = 1;
    let mut sum = 0;
    for sign in code.bytes().take(17) {
        sum += ALPHABET.iter().position(|known| *known == sign)? * weight;
        weight = weight * 3 % 31;
    }
    ALPHABET.get((31 - sum % 31) % 31).copied()
}

/// The number of a filed plan: the charity's credit code, `A`, two digits of the year, three of the series.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FilingNumber(String);

/// The number of a charity project: the charity's credit code, `P`, two digits of the year, four of the series.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProjectNumber(String);

macro_rules! numbers {
    ($($name:ident, $letter:literal, $digits:literal, $what:literal;)*) => {$(
        impl $name {
            /// Whose number it is.
            pub fn credit_code(&self) -> &str {
                &self.0[..18]
            }

            /// The year it was given in.
            pub fn year(&self) -> i32 {
                2000 + self.0[19..21].bytes().fold(0, |year, digit| year * 10 + i32::from(digit - b'0'))
            }

            /// How it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadNumber;

            fn from_str(text: &str) -> Result<$name, BadNumber> {
                let parts = text.split_at_checked(18).filter(|_| text.is_ascii());
                let fits = parts.is_some_and(|(code, rest)| {
                    let series = rest.strip_prefix($letter).unwrap_or_default();
                    code.parse::<CreditCode>().is_ok()
                        && series.len() == $digits
                        && series.bytes().all(|digit| digit.is_ascii_digit())
                });
                if fits { Ok($name(text.to_owned())) } else { Err(BadNumber($what)) }
            }
        }
    )*};
}

numbers! {
    FilingNumber, 'A', 5, "filing number";
    ProjectNumber, 'P', 6, "project number";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code() -> impl Strategy<Value = String> {
        proptest::collection::vec(proptest::sample::select(ALPHABET.to_vec()), 17).prop_map(|signs| {
            let mut code = String::from_utf8(signs).unwrap_or_default();
            code.extend(check_digit(&code).map(char::from));
            code
        })
    }

    #[test]
    fn the_check_digit_of_a_known_code_fits() {
        // The example of the standard.
        let code: CreditCode = "91350100M000100Y43".parse().unwrap();
        assert!(code.check_digit_fits());
        let other: CreditCode = "91350100M000100Y44".parse().unwrap();
        assert!(!other.check_digit_fits());
    }

    #[test]
    fn other_shapes_are_no_numbers() {
        for wrong in ["", "91350100M000100Y4", "91350100M000100Y4I", "91350100m000100Y43", "９1350100M000100Y43"] {
            assert!(wrong.parse::<CreditCode>().is_err(), "{wrong}");
        }
        for wrong in [
            "91350100M000100Y43",
            "91350100M000100Y43A2600",
            "91350100M000100Y43P26001",
            "91350100M000100Y43A26O01",
            "桑",
        ] {
            assert!(wrong.parse::<FilingNumber>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_code_with_one_other_sign_fails_its_check(code in code(), at in 0_usize..17, by in 1_usize..31) {
            let right: CreditCode = code.parse().unwrap();
            prop_assert!(right.check_digit_fits());
            let mut signs = code.into_bytes();
            let value = ALPHABET.iter().position(|known| *known == signs[at]).unwrap();
            signs[at] = ALPHABET[(value + by) % 31];
            let wrong: CreditCode = String::from_utf8(signs).unwrap().parse().unwrap();
            prop_assert!(!wrong.check_digit_fits());
        }

        #[test]
        fn a_number_says_whose_and_when(code in code(), year in 0_u32..100, series in 0_u32..1000) {
            let filing: FilingNumber = format!("{code}A{year:02}{series:03}").parse().unwrap();
            prop_assert_eq!(filing.credit_code(), code.as_str());
            prop_assert_eq!(filing.year(), 2000 + i32::try_from(year).unwrap());
            let project: ProjectNumber = format!("{code}P{year:02}{series:04}").parse().unwrap();
            prop_assert_eq!(project.credit_code(), code.as_str());
        }

        #[test]
        fn no_text_makes_it_stumble(text in "\\PC{0,30}") {
            let _ = text.parse::<FilingNumber>();
            let _ = text.parse::<CreditCode>();
        }
    }
}
