//! How values look on WeChat's wire: amounts as whole fen, words that may grow in number, members that may be missing or
//! empty.

use domain::{Money, Timestamp};
use serde::{Deserialize, Deserializer, de};

/// An enum of WeChat's words that keeps a word it does not know.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// A word this program does not know, as it came.
            Other(String),
        }

        impl $name {
            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $text,)*
                    $name::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($text => $name::$variant,)*
                    other => $name::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(<String as serde::Deserialize>::deserialize(deserializer)?.as_str().into())
            }
        }
    };
}
pub(crate) use words;

/// An amount as a whole number of fen.
pub(crate) fn fen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    i64::deserialize(deserializer).map(Money::from_fen)
}

/// An amount that may be missing.
pub(crate) fn fen_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Money>, D::Error> {
    Ok(Option::<i64>::deserialize(deserializer)?.map(Money::from_fen))
}

/// Whether a figure beside this currency is in fen: members about yuan may leave it out.
pub(crate) fn in_yuan(currency: Option<&str>) -> bool {
    currency.is_none_or(|word| word.is_empty() || word == "CNY")
}

/// A text; an empty one is none.
pub(crate) fn text_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}

/// An instant; an empty text is none.
pub(crate) fn instant_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    text_if_any(deserializer)?.map(|text| text.parse().map_err(de::Error::custom)).transpose()
}

/// Anything that is made from one word; an empty word is none.
pub(crate) fn word_if_any<'de, D: Deserializer<'de>, T: for<'a> From<&'a str>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(text_if_any(deserializer)?.map(|word| T::from(word.as_str())))
}

/// A list; `null` is an empty one.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
