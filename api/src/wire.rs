//! How amounts, instants and days look on the wire. They are strings: a JSON number is a float to half of the world's
//! parsers, and `12.3` yuan in a float is not twelve yuan thirty.

use std::borrow::Cow;

use domain::rate::RateError;
use domain::writing::{self, has_comma, is_negative};
use domain::{BusinessDate, Money, Multiplier, Rate, Timestamp};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use serde_json::Value;

macro_rules! text {
    ($(#[$doc:meta])* $name:ident($inner:ty) = $schema:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct $name(pub(crate) $inner);

        impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                $name(inner)
            }
        }

        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new($schema))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(Some(self).into_iter())
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<Value> {
                Some(Value::String(self.0.to_string()))
            }
        }
    };
}

macro_rules! readable {
    ($name:ident, $read:expr) => {
        impl ParseFromJSON for $name {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                match value.unwrap_or_default() {
                    Value::String(text) => $read(&text).map($name).map_err(ParseError::custom),
                    other => Err(ParseError::expected_type(other)),
                }
            }
        }

        impl ParseFromParameter for $name {
            fn parse_from_parameter(text: &str) -> ParseResult<Self> {
                $read(text).map($name).map_err(ParseError::custom)
            }
        }
    };
}

text! {
    /// An amount in yuan, never negative: `"12.30"`.
    Yuan(Money) = MetaSchema {
        pattern: Some(YUAN.to_owned()),
        example: Some("12.30".into()),
        ..MetaSchema::new("string")
    }
}
readable!(Yuan, yuan);

text! {
    /// A difference or a balance in yuan: `"-0.01"`. Only ever written.
    SignedYuan(Money) = MetaSchema {
        pattern: Some(r"^-?(0|[1-9]\d{0,16})\.\d{2}$".to_owned()),
        example: Some("-12.30".into()),
        ..MetaSchema::new("string")
    }
}

impl ParseFromJSON for SignedYuan {
    fn parse_from_json(_: Option<Value>) -> ParseResult<Self> {
        Err(ParseError::custom("a balance is only ever written"))
    }
}

text! {
    /// An instant, RFC 3339, written in Beijing time.
    Instant(Timestamp) = MetaSchema {
        example: Some("2026-01-15T09:00:42+08:00".into()),
        ..MetaSchema::new_with_format("string", "date-time")
    }
}
readable!(Instant, instant);

text! {
    /// A day in Beijing.
    Day(BusinessDate) = MetaSchema {
        example: Some("2026-01-15".into()),
        ..MetaSchema::new_with_format("string", "date")
    }
}
readable!(Day, day);

text! {
    /// A part of the whole, or a rate of a year: `"0.0435"` is 4.35 %.
    Part(Rate) = MetaSchema {
        pattern: Some(PART.to_owned()),
        example: Some("0.0435".into()),
        ..MetaSchema::new("string")
    }
}
readable!(Part, part);

text! {
    /// How many times something: `"1.5"`.
    Times(Multiplier) = MetaSchema {
        pattern: Some(TIMES.to_owned()),
        example: Some("1.5".into()),
        ..MetaSchema::new("string")
    }
}
readable!(Times, times);

/// Text that a client sends: a JSON string and nothing else. The library reads `false` and `12.30` as text, too, and a client
/// with a slip in it would give under the name "false". Characters that no pen writes are refused: a NUL, which PostgreSQL
/// cannot keep, other controls but the ends of lines and tabs, and those that turn the text around them (a name on the wall
/// could rewrite its neighbours).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

impl Type for Text {
    const IS_REQUIRED: bool = true;
    type RawValueType = String;
    type RawElementValueType = String;

    fn name() -> Cow<'static, str> {
        String::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema { pattern: Some(WRITABLE.to_owned()), ..MetaSchema::new("string") }))
    }

    fn as_raw_value(&self) -> Option<&String> {
        Some(&self.0)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a String> + 'a> {
        Box::new(Some(&self.0).into_iter())
    }
}

impl ParseFromJSON for Text {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value.unwrap_or_default() {
            Value::String(text) if text.contains(domain::writing::unwritable) => {
                Err(ParseError::custom("the text holds a control character"))
            }
            Value::String(text) => Ok(Text(text)),
            other => Err(ParseError::expected_type(other)),
        }
    }
}

impl ToJSON for Text {
    fn to_json(&self) -> Option<Value> {
        self.0.to_json()
    }
}

/// How an amount looks, for the document.
pub(crate) const YUAN: &str = r"^(0|[1-9]\d{0,13})(\.\d{1,2})?$";
/// How a part of the whole does.
pub(crate) const PART: &str = r"^(0|1|0\.\d{1,12})$";
/// How many times something does.
pub(crate) const TIMES: &str = r"^\d{1,2}(\.\d{1,4})?$";
/// What [`domain::writing::unwritable`] says, for the document.
pub(crate) const WRITABLE: &str =
    r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$";

/// The strings of optional texts.
pub(crate) fn said(text: Option<Text>) -> Option<String> {
    text.map(|text| text.0)
}

/// An amount as people write it, or a sentence about what is wrong with it.
pub(crate) fn yuan(text: &str) -> Result<Money, String> {
    writing::yuan(text).map_err(str::to_owned)
}

/// A rate as people write it, or a sentence about what is wrong with it.
pub(crate) fn rate(text: &str) -> Result<Rate, String> {
    let wrong = match text.parse() {
        Ok(rate) if text.len() <= 14 => return Ok(rate),
        Ok(_) => "年利率最多12位小数",
        Err(_) if is_negative(text) => "年利率不能为负",
        Err(_) if has_comma(text) => "年利率的小数点请用“.”，不要用逗号，例如 4.35% 或 0.0435",
        Err(RateError) => "年利率应在0至100%之间，例如 4.35% 或 0.0435",
    };
    Err(wrong.to_owned())
}

pub(crate) fn part(text: &str) -> Result<Rate, String> {
    text.parse().map_err(|RateError| match has_comma(text) {
        true => format!("比例或利率的小数点请用“.”，不要用逗号，收到的是{text}"),
        false => format!("比例或利率应在0至1之间，例如 0.0435，收到的是{text}"),
    })
}

pub(crate) fn times(text: &str) -> Result<Multiplier, String> {
    text.parse().map_err(|_| format!("倍数应在0至10之间，例如 1.5，收到的是{text}"))
}

/// Instants outside of two centuries are slips of the finger, and the last hours of the year 9999 have no Beijing time.
pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    let at: Timestamp = text.parse().map_err(|_| "时间应写成 2026-01-15T09:00:42+08:00 的形式".to_owned())?;
    day(&BusinessDate::of(at.min(FAR)).to_string()).map(|_| at)
}

/// Later than any instant that is taken, and early enough to have a day in Beijing.
const FAR: Timestamp = Timestamp::from_seconds(10_000_000_000);

/// A day as people write it, or a sentence about what is wrong with it.
pub(crate) fn day(text: &str) -> Result<BusinessDate, String> {
    writing::day(text, 2000..2200)
}

/// An enum of the wire beside its enum of the domain. Both ways are exhaustive: a new state asks what clients shall see.
macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident = $($domain:ident)::+ { $($(#[$word_doc:meta])* $word:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum)]
        #[oai(rename_all = "snake_case")]
        pub(crate) enum $name {
            $($(#[$word_doc])* $word,)*
        }

        impl From<$($domain)::+> for $name {
            fn from(word: $($domain)::+) -> $name {
                use $($domain)::+ as D;
                match word {
                    $(D::$word => $name::$word,)*
                }
            }
        }

        impl From<$name> for $($domain)::+ {
            fn from(word: $name) -> $($domain)::+ {
                use $($domain)::+ as D;
                match word {
                    $($name::$word => D::$word,)*
                }
            }
        }
    };
}
pub(crate) use wire_enum;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_amount_is_a_string_and_nothing_else() {
        let yuan = |value: Value| Yuan::parse_from_json(Some(value)).map(|yuan| yuan.0.fen()).ok();
        assert_eq!(yuan(json!("12.3")), Some(1230));
        for wrong in [json!(12.3), json!(12), json!("-1"), json!("1e3"), json!("1.234"), json!("１２"), json!(null)] {
            assert_eq!(yuan(wrong.clone()), None, "{wrong}");
        }
        assert_eq!(SignedYuan(Money::from_fen(-1)).to_json(), Some(json!("-0.01")));
    }

    #[test]
    fn text_is_a_string_and_nothing_else() {
        let text = |value: Value| Text::parse_from_json(Some(value)).map(|text| text.0).ok();
        for right in ["", "a\r\n\tb", r"a \u0000 of letters", "👩‍👩‍👧"] {
            assert_eq!(text(json!(right)).as_deref(), Some(right));
        }
        for wrong in
            [json!(false), json!(12.3), json!(12), json!(["a"]), json!(null), json!("a\0b"), json!("\u{202e}a")]
        {
            assert_eq!(text(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn an_instant_is_of_this_age() {
        let instant = |text: &str| Instant::parse_from_json(Some(json!(text))).ok();
        assert!(instant("2026-01-15T09:00:42+08:00").is_some());
        for wrong in ["9999-12-31T23:59:59Z", "1999-12-31T00:00:00+08:00", "0001-01-01T00:00:00Z", "2026-01-15"] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }
}
