//! The members of a JSON object, read one by one: each is of its form, none is missing, none is left over. Whatever is wrong is
//! said in a sentence that names the member.

use domain::loan::LoanError;
use domain::{BusinessDate, Fraction, Money, MoneyError, Multiplier, Rate};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Places of a rate that exact arithmetic has room for.
const MOST_PLACES: usize = 12;

/// Why a question has no answer.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) code: &'static str,
    pub(super) detail: String,
}

impl Wrong {
    fn new(code: &'static str, detail: String) -> Wrong {
        Wrong { code, detail }
    }

    pub(super) fn missing(name: &str) -> Wrong {
        Wrong::new("missing_member", format!("缺少 {name}。"))
    }

    pub(super) fn text(name: &str) -> Wrong {
        Wrong::new("not_text", format!("{name} 应为字符串（金额和利率也写成字符串）。"))
    }

    pub(super) fn object(name: &str) -> Wrong {
        Wrong::new("not_object", format!("{name} 应为对象。"))
    }

    pub(super) fn kind(kind: &str) -> Wrong {
        Wrong::new("unknown_kind", format!("不支持的题目类型“{kind}”。"))
    }
}

impl From<LoanError> for Wrong {
    fn from(error: LoanError) -> Wrong {
        Wrong::new(error.code(), error.to_string())
    }
}

/// An object that is being read.
#[derive(Debug)]
pub(super) struct Members {
    path: String,
    left: Map<String, Value>,
}

type Read<T> = Result<T, Wrong>;

impl Members {
    pub(super) fn new(path: &str, value: Value) -> Read<Members> {
        match value {
            Value::Object(left) => Ok(Members { path: path.to_owned(), left }),
            _ => Err(Wrong::object(path)),
        }
    }

    /// Refuses what nobody asked for: a member that is spelt otherwise would silently count for nothing. `null` says nothing.
    pub(super) fn finish(&self) -> Read<()> {
        match self.left.keys().find(|name| self.has(name)) {
            Some(name) => Err(Wrong::new("unknown_member", format!("多余或不认识的 {}。", self.named(name)))),
            None => Ok(()),
        }
    }

    /// Whether there is such a member; `null` is none.
    pub(super) fn has(&self, name: &str) -> bool {
        self.left.get(name).is_some_and(|value| !value.is_null())
    }

    /// A member that may be left out.
    pub(super) fn maybe<T>(&mut self, name: &str, read: impl FnOnce(&mut Members, &str) -> Read<T>) -> Read<Option<T>> {
        if self.has(name) {
            return read(self, name).map(Some);
        }
        self.left.remove(name);
        Ok(None)
    }

    pub(super) fn object(&mut self, name: &str) -> Read<Members> {
        let value = self.take(name)?;
        Members::new(&self.named(name), value)
    }

    /// The objects of a list, each read to its end.
    pub(super) fn objects<T>(&mut self, name: &str, read: impl Fn(&mut Members) -> Read<T>) -> Read<Vec<T>> {
        let items = self.list(name)?.into_iter().enumerate();
        let one = |(at, item): (usize, Value)| {
            let mut members = Members::new(&format!("{}[{at}]", self.named(name)), item)?;
            let one = read(&mut members)?;
            members.finish()?;
            Ok(one)
        };
        items.map(one).collect()
    }

    /// The words of a list.
    pub(super) fn words<T: DeserializeOwned>(&mut self, name: &str) -> Read<Vec<T>> {
        let named = self.named(name);
        self.list(name)?.into_iter().map(|item| word(&named, item)).collect()
    }

    /// The numbers of a list.
    pub(super) fn wholes(&mut self, name: &str) -> Read<Vec<u32>> {
        let named = self.named(name);
        self.list(name)?.iter().map(|item| whole(&named, item)).collect()
    }

    pub(super) fn whole(&mut self, name: &str) -> Read<u32> {
        whole(&self.named(name), &self.take(name)?)
    }

    pub(super) fn word<T: DeserializeOwned>(&mut self, name: &str) -> Read<T> {
        word(&self.named(name), self.take(name)?)
    }

    pub(super) fn flag(&mut self, name: &str) -> Read<bool> {
        let value = self.take(name)?;
        value.as_bool().ok_or_else(|| Wrong::new("not_boolean", format!("{} 应为 true 或 false。", self.named(name))))
    }

    /// An amount, never negative.
    pub(super) fn amount(&mut self, name: &str) -> Read<Money> {
        let text = self.text(name)?;
        if text.starts_with('-') {
            return Err(Wrong::new("amount_negative", format!("{}“{text}”不能为负数。", self.named(name))));
        }
        self.money(name, &text)
    }

    /// An amount that is received or, negative, paid.
    pub(super) fn signed_amount(&mut self, name: &str) -> Read<Money> {
        let text = self.text(name)?;
        match text.strip_prefix('-') {
            Some(digits) => Ok(Money::from_fen(-self.money(name, digits)?.fen())),
            None => self.money(name, &text),
        }
    }

    fn money(&self, name: &str, text: &str) -> Read<Money> {
        let name = self.named(name);
        text.parse().map_err(|error| match error {
            MoneyError::Format => Wrong::new(
                "amount_format",
                format!("{name}“{text}”不是金额，请以元为单位、最多两位小数书写，如 12.30。"),
            ),
            MoneyError::TooLarge => {
                Wrong::new("amount_too_large", format!("{name}“{text}”超过上限 {} 元。", Money::MAX))
            }
        })
    }

    /// A fraction of a year's interest.
    pub(super) fn rate(&mut self, name: &str) -> Read<Rate> {
        let (text, name) = (self.text(name)?, self.named(name));
        if text.starts_with('-') {
            return Err(Wrong::new("rate_negative", format!("{name}“{text}”不能为负数。")));
        }
        let wrong = || Wrong::new("rate_format", format!("{name}“{text}”不是利率，请写成小数，如 0.0435 表示 4.35%。"));
        decimal(&text).ok_or_else(wrong)?.map_err(|TooFine| too_fine(&name, &text))?;
        text.parse().map_err(|_| {
            Wrong::new("rate_above_one", format!("{name}“{text}”应在 0 与 1 之间，如 0.0435 表示 4.35%。"))
        })
    }

    /// How many times the contract rate.
    pub(super) fn multiplier(&mut self, name: &str) -> Read<Multiplier> {
        let (text, name) = (self.text(name)?, self.named(name));
        let wrong =
            || Wrong::new("multiplier_format", format!("{name}“{text}”不是倍数，请写成 0 至 10 的小数，如 1.5。"));
        decimal(&text).ok_or_else(wrong)?.map_err(|TooFine| too_fine(&name, &text))?;
        text.parse().map_err(|_| wrong())
    }

    /// Basis points, as a fraction of a year's interest.
    pub(super) fn basis_points(&mut self, name: &str) -> Read<Fraction> {
        let (text, name) = (self.text(name)?, self.named(name));
        let wrong = || Wrong::new("basis_points_format", format!("{name}“{text}”不是基点数，如 85 或 -20。"));
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let places = decimal(digits).ok_or_else(wrong)?.map_err(|TooFine| too_fine(&name, &text))?;
        let number: i128 = digits.replace('.', "").parse().map_err(|_| wrong())?;
        let number = if digits.len() < text.len() { -number } else { number };
        Fraction::new(number, 10_000 * 10i128.pow(places)).ok_or_else(wrong)
    }

    pub(super) fn date(&mut self, name: &str) -> Read<BusinessDate> {
        let (text, name) = (self.text(name)?, self.named(name));
        text.parse().map_err(|_| {
            let shaped = text.len() == 10
                && text
                    .bytes()
                    .enumerate()
                    .all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
            match shaped {
                true => Wrong::new("no_such_day", format!("{name}“{text}”这一天不存在。")),
                false => Wrong::new("date_format", format!("{name}“{text}”不是日期，请写成 2025-01-31 的样子。")),
            }
        })
    }

    fn text(&mut self, name: &str) -> Read<String> {
        match self.take(name)? {
            Value::String(text) => Ok(text),
            _ => Err(Wrong::text(&self.named(name))),
        }
    }

    fn list(&mut self, name: &str) -> Read<Vec<Value>> {
        match self.take(name)? {
            Value::Array(items) => Ok(items),
            _ => Err(Wrong::new("not_list", format!("{} 应为数组。", self.named(name)))),
        }
    }

    fn take(&mut self, name: &str) -> Read<Value> {
        self.left.remove(name).filter(|value| !value.is_null()).ok_or_else(|| Wrong::missing(&self.named(name)))
    }

    fn named(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }
}

fn whole(name: &str, value: &Value) -> Read<u32> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| Wrong::new("not_whole_number", format!("{name} 应为不小于零的整数（不加引号）。")))
}

fn word<T: DeserializeOwned>(name: &str, value: Value) -> Read<T> {
    let Value::String(text) = &value else { return Err(Wrong::text(name)) };
    let text = text.clone();
    serde_json::from_value(value).map_err(|error| {
        // What is possible stands in backticks after the word.
        let error = error.to_string();
        let possible: Vec<&str> =
            error.rsplit("expected").next().unwrap_or_default().split('`').skip(1).step_by(2).collect();
        Wrong::new("unknown_value", format!("{name} 不能是“{text}”，可选：{}。", possible.join("、")))
    })
}

struct TooFine;

fn too_fine(name: &str, text: &str) -> Wrong {
    Wrong::new("rate_too_fine", format!("{name}“{text}”的小数位过多，最多 {MOST_PLACES} 位。"))
}

/// The places of a plain decimal: ASCII digits, at most one point with digits on either side. Nothing if it is none.
fn decimal(text: &str) -> Option<Result<u32, TooFine>> {
    let (whole, places) = match text.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (text, ""),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let plain = !whole.is_empty() && whole.len() <= MOST_PLACES && digits(whole) && digits(places);
    plain.then_some(if places.len() <= MOST_PLACES { Ok(places.len() as u32) } else { Err(TooFine) })
}
