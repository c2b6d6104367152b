//! What of a request cannot be read, and what is expected in its place. The library's parsers say which type they did not find, in English,
//! and not where it was missing; this looks for it with the schemas that the document is made of, once a request was refused.
//!
//! It refuses nothing itself: what the schemas do not show (a rule in a handler's own words) is told as before.

use std::collections::{BTreeMap, HashMap};

use domain::plan::Problem;
use poem::http::Method;
use poem_openapi::OpenApi;
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef, Registry};
use serde_json::Value;
use uuid::Uuid;

use crate::wire;

/// So many things are told at once.
const MOST: usize = 20;
/// So many words of a list are told.
const WORDS: usize = 24;
/// What stands for the whole body.
const WHOLE: &str = "body";
/// How a form of parts is sent.
const FORM: &str = "multipart/form-data";

/// What each operation expects.
pub(crate) struct Expected {
    schemas: BTreeMap<String, MetaSchema>,
    operations: HashMap<(String, Method), Operation>,
}

struct Operation {
    body: Option<MetaSchemaRef>,
    /// What the parts of its form are called, if it takes one.
    parts: Vec<&'static str>,
    /// By the name that the parser calls it, which for those of the path is their number.
    parameters: HashMap<String, (String, MetaSchemaRef)>,
}

impl Expected {
    /// Of handlers below a prefix.
    pub(crate) fn of<T: OpenApi>(prefix: &str) -> Expected {
        let mut registry = Registry::new();
        T::register(&mut registry);
        let mut operations = HashMap::new();
        for path in T::meta().into_iter().flat_map(|api| api.paths) {
            for one in path.operations {
                let json = |kind: &str| kind.starts_with("application/json");
                let content: Vec<_> = one.request.into_iter().flat_map(|request| request.content).collect();
                let parts =
                    content.iter().filter(|kind| kind.content_type == FORM).flat_map(|kind| parts(&kind.schema));
                let parts = parts.collect();
                let body = content.into_iter().find(|kind| json(kind.content_type)).map(|kind| kind.schema);
                let mut of_path = (0..).map(|number| format!("param{number}"));
                let mut parameters = HashMap::new();
                for parameter in one.params {
                    let called = if parameter.in_type == MetaParamIn::Path { of_path.next() } else { None };
                    let named = (parameter.name, parameter.schema);
                    parameters.insert(called.unwrap_or_else(|| named.0.clone()), named);
                }
                operations
                    .insert((format!("{prefix}{}", path.path), one.method), Operation { body, parts, parameters });
            }
        }
        Expected { schemas: registry.schemas, operations }
    }

    /// What is wrong with a body, in the order of its schema; nothing if that is not to be seen from here.
    pub(crate) fn body(&self, route: &str, method: &Method, sent: &[u8]) -> Vec<Problem> {
        let mut found = Vec::new();
        let operation = self.operations.get(&(route.to_owned(), method.clone()));
        let Some(schema) = operation.and_then(|one| one.body.as_ref()) else { return found };
        let value = if sent.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(sent) };
        match value {
            Ok(value) => self.look(schema, &value, "", &mut found),
            Err(error) => {
                let words = format!("应为JSON，第{}行第{}列附近有误", error.line(), error.column());
                found.push(Problem { field: WHOLE.to_owned(), problem: words });
            }
        }
        found
    }

    /// What is wrong with a form of parts, from the words of whoever read it: they name a part, or say where the form ends.
    pub(crate) fn form(&self, route: &str, method: &Method, words: &str) -> Vec<Problem> {
        let operation = self.operations.get(&(route.to_owned(), method.clone()));
        let wanted = operation.filter(|one| !one.parts.is_empty()).map(|one| one.parts.join("、"));
        let named = words.split_once("field `").and_then(|(_, rest)| rest.split_once('`'));
        let (field, problem) = match named {
            // Whichever part it broke off in.
            _ if words.contains("ncomplete") => (WHOLE, "表单没有写完，可能在传输中被截断".to_owned()),
            Some((name, _)) if words.contains("unknown field") => {
                (name, wanted.map_or("没有这一部分".to_owned(), |wanted| format!("没有这一部分，应为{wanted}之一")))
            }
            Some((name, _)) if words.contains("repeated") => (name, "只能有一份".to_owned()),
            Some((name, _)) if words.contains("is required") => (name, "不能缺少".to_owned()),
            Some((name, _)) => (name, "无法读取".to_owned()),
            None if words.contains("boundary") => ("Content-Type", "缺少分隔符 boundary".to_owned()),
            None => {
                let wanted = wanted.map_or(String::new(), |wanted| format!("，各部分的名称为{wanted}"));
                (WHOLE, format!("应为 multipart/form-data 表单{wanted}"))
            }
        };
        vec![Problem { field: field.to_owned(), problem }]
    }

    /// The name of what the parser calls so, and what is expected of it.
    pub(crate) fn parameter(&self, route: &str, method: &Method, called: &str) -> Option<(&str, Option<String>)> {
        let operation = self.operations.get(&(route.to_owned(), method.clone()))?;
        let (name, schema) = operation.parameters.get(called)?;
        Some((name, self.kind(schema).map(|kind| format!("应为{kind}"))))
    }

    fn resolved<'a>(&'a self, schema: &'a MetaSchemaRef) -> Option<&'a MetaSchema> {
        match schema {
            MetaSchemaRef::Inline(schema) => Some(schema),
            MetaSchemaRef::Reference(name) => self.schemas.get(name),
        }
    }

    fn look(&self, schema: &MetaSchemaRef, value: &Value, at: &str, found: &mut Vec<Problem>) {
        let Some(schema) = self.resolved(schema).filter(|_| found.len() < MOST) else { return };
        let before = found.len();
        for part in &schema.all_of {
            self.look(part, value, at, found);
        }
        if found.len() > before {
            return;
        }
        if let Some(problem) = self.wrong(schema, value) {
            let field = if at.is_empty() { WHOLE } else { at }.to_owned();
            found.push(Problem { field, problem });
            return;
        }
        match value {
            Value::Object(members) => {
                for (name, member) in &schema.properties {
                    let at = if at.is_empty() { (*name).to_owned() } else { format!("{at}.{name}") };
                    match members.get(*name).filter(|value| !value.is_null()) {
                        Some(value) => self.look(member, value, &at, found),
                        None if schema.required.contains(name) && found.len() < MOST => {
                            let problem = match self.kind(member) {
                                Some(kind) => format!("不能缺少，应为{kind}"),
                                None => "不能缺少".to_owned(),
                            };
                            found.push(Problem { field: at, problem });
                        }
                        None => {}
                    }
                }
            }
            Value::Array(items) => {
                let Some(schema) = &schema.items else { return };
                for (number, value) in items.iter().enumerate() {
                    self.look(schema, value, &format!("{at}[{number}]"), found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// What a schema takes, in words; nothing if it takes anything.
    fn kind(&self, schema: &MetaSchemaRef) -> Option<String> {
        let schema = self.resolved(schema)?;
        if let Some(kind) = schema.all_of.iter().find_map(|part| self.kind(part)) {
            return Some(kind);
        }
        let words = match schema.ty {
            "string" if !schema.enum_items.is_empty() => return Some(one_of(&schema.enum_items)),
            "string" => match (schema.format, Text::of(schema)) {
                (Some("uuid"), _) => "编号（UUID），例如 019b8bb0-84c0-784b-b5a7-a98f5e07a02f",
                (Some("date"), _) => "日期，例如 2026-01-15",
                (Some("date-time"), _) => "时间，例如 2026-01-15T09:00:42+08:00",
                (_, Text::Yuan) => "以元为单位的金额，写成文字，例如 \"12.30\"",
                (_, Text::Part) => "0至1之间的比例或利率，写成文字，例如 \"0.0435\"",
                (_, Text::Times) => "倍数，写成文字，例如 \"1.5\"",
                (_, Text::Writing | Text::Other) => "文字",
            },
            "integer" => {
                return Some(match bounds(schema) {
                    (Some(least), Some(most)) => format!("{least}至{most}之间的整数"),
                    (Some(least), None) => format!("不小于{least}的整数"),
                    (None, Some(most)) => format!("不大于{most}的整数"),
                    (None, None) => "整数".to_owned(),
                });
            }
            "number" => "数字",
            "boolean" => "true 或 false",
            "array" => "列表",
            "object" => "对象",
            _ => return None,
        };
        Some(words.to_owned())
    }

    /// What is wrong with a value itself, whatever is in it.
    fn wrong(&self, schema: &MetaSchema, value: &Value) -> Option<String> {
        let expected = || self.kind(&MetaSchemaRef::Inline(Box::new(schema.clone()))).map(|kind| format!("应为{kind}"));
        match (schema.ty, value) {
            ("string", Value::String(_)) if !schema.enum_items.is_empty() => {
                if schema.enum_items.contains(value) {
                    None
                } else {
                    expected()
                }
            }
            ("string" | "", Value::String(text)) => in_text(schema, text),
            // The library reads these as text, where nothing more is said of it.
            ("string", Value::Number(_) | Value::Bool(_))
                if schema.enum_items.is_empty() && schema.format.is_none() && schema.pattern.is_none() =>
            {
                None
            }
            ("integer", Value::Number(number)) => {
                let Some(whole) = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)) else {
                    return expected();
                };
                let (least, most) = bounds(schema);
                if least.is_some_and(|least| whole < least) || most.is_some_and(|most| whole > most) {
                    return expected();
                }
                if fits(schema, whole) { None } else { Some("数值超出范围".to_owned()) }
            }
            ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) | ("object", Value::Object(_)) | ("", _) => None,
            ("array", Value::Array(items)) => match (schema.min_items, schema.max_items) {
                (Some(least), _) if items.len() < least => Some(format!("至少{least}项")),
                (_, Some(most)) if items.len() > most => Some(format!("最多{most}项")),
                _ => None,
            },
            _ => expected(),
        }
    }
}

/// What the parts of a form are called.
fn parts(schema: &MetaSchemaRef) -> Vec<&'static str> {
    match schema {
        MetaSchemaRef::Inline(schema) => schema.properties.iter().map(|(name, _)| *name).collect(),
        MetaSchemaRef::Reference(_) => Vec::new(),
    }
}

/// Texts of the wire that mean something.
enum Text {
    Yuan,
    Part,
    Times,
    Writing,
    Other,
}

impl Text {
    fn of(schema: &MetaSchema) -> Text {
        match schema.pattern.as_deref() {
            Some(wire::YUAN) => Text::Yuan,
            Some(wire::PART) => Text::Part,
            Some(wire::TIMES) => Text::Times,
            Some(wire::WRITABLE) => Text::Writing,
            _ => Text::Other,
        }
    }
}

/// What is wrong with a text.
fn in_text(schema: &MetaSchema, text: &str) -> Option<String> {
    let meaning = match (schema.format, Text::of(schema)) {
        (Some("uuid"), _) => Uuid::parse_str(text).err().map(|_| "编号应为UUID".to_owned()),
        (Some("date"), _) => wire::day(text).err(),
        (Some("date-time"), _) => wire::instant(text).err(),
        (_, Text::Yuan) => wire::yuan(text).err(),
        (_, Text::Part) => wire::part(text).err(),
        (_, Text::Times) => wire::times(text).err(),
        (_, Text::Writing) => text.contains(domain::writing::unwritable).then(|| "含有不能书写的控制字符".to_owned()),
        (_, Text::Other) => {
            choices(schema).filter(|words| !words.contains(&text)).map(|words| format!("应为{}之一", words.join("、")))
        }
    };
    let letters = text.chars().count();
    let long = schema.max_length.filter(|most| letters > *most).map(|most| format!("最多{most}字"));
    let short = schema.min_length.filter(|least| letters < *least).map(|least| format!("至少{least}字"));
    meaning.or(long).or(short)
}

/// The words of a pattern that names nothing else: `^(2004|2024)$`.
fn choices(schema: &MetaSchema) -> Option<Vec<&str>> {
    let words: Vec<&str> = schema.pattern.as_deref()?.strip_prefix("^(")?.strip_suffix(")$")?.split('|').collect();
    let is_word =
        |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    words.iter().all(is_word).then_some(words)
}

/// From where to where a whole number goes, as far as somebody is told.
fn bounds(schema: &MetaSchema) -> (Option<i128>, Option<i128>) {
    let natural = schema.format.filter(|format| format.starts_with("uint")).map(|_| 0);
    // Bounds of the document are small whole numbers.
    (schema.minimum.map(|bound| bound as i128).or(natural), schema.maximum.map(|bound| bound as i128))
}

/// Whether what reads it holds it.
fn fits(schema: &MetaSchema, whole: i128) -> bool {
    match schema.format {
        Some("uint8") => u8::try_from(whole).is_ok(),
        Some("uint16") => u16::try_from(whole).is_ok(),
        Some("uint32") => u32::try_from(whole).is_ok(),
        Some("uint64") => u64::try_from(whole).is_ok(),
        Some("int32") => i32::try_from(whole).is_ok(),
        _ => i64::try_from(whole).is_ok(),
    }
}

fn one_of(words: &[Value]) -> String {
    let told: Vec<&str> = words.iter().filter_map(Value::as_str).take(WORDS).collect();
    let more = if words.len() > told.len() { "等" } else { "" };
    format!("{}{more}之一", told.join("、"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Handlers;
    use serde_json::json;

    fn found(path: &str, body: &str) -> Vec<(String, String)> {
        let expected = Expected::of::<Handlers>("");
        let found = expected.body(path, &Method::POST, body.as_bytes());
        found.into_iter().map(|one| (one.field, one.problem)).collect()
    }

    /// Whatever is sent to whatever takes a body: it comes to an end, and tells so many things at most.
    #[test]
    fn nothing_that_is_sent_is_too_much() {
        let expected = Expected::of::<Handlers>("");
        let nested = |depth: usize, open: &str, close: &str| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let bodies = [
            b"\xff\xfe{\x00}".to_vec(),
            b"\"\xed\xa0\x80\"".to_vec(),
            nested(100_000, "[", "]").into_bytes(),
            nested(50, "{\"items\":[", "]}").into_bytes(),
            format!("[{}null]", "{},".repeat(1_000)).into_bytes(),
            b"1e999999".to_vec(),
            b"null".to_vec(),
        ];
        let mut tried = 0;
        for (route, method) in expected.operations.keys() {
            for body in &bodies {
                let found = expected.body(route, method, body);
                assert!(found.len() <= MOST, "{method} {route}: {}", found.len());
                assert!(found.iter().all(|one| !one.field.is_empty() && !one.problem.is_empty()), "{found:?}");
                tried += found.len();
            }
        }
        assert!(tried > 0);
        // What nobody expects is for others to refuse.
        assert!(expected.body("/nowhere", &Method::POST, b"{").is_empty());
        // Of a list each place is named, as many as are told.
        let many = json!({ "methods": vec![1; 100] }).to_string();
        let version = "/staff/loan-products/{product_id}/versions/{version}";
        let found = expected.body(version, &Method::PUT, many.as_bytes());
        assert!(found.iter().any(|one| one.field == "methods[0]") && found.len() <= MOST, "{found:?}");
    }

    #[test]
    fn each_slip_is_told_with_its_place() {
        let event = "/staff/loan-contracts/{contract_id}/events";
        let id = Uuid::nil();
        let right = json!({ "id": id, "kind": "repayment", "on": "2026-03-01", "amount": "1.00", "reason": null });
        assert_eq!(found(event, &right.to_string()), []);
        let one = |member: &str, value: Value| {
            let mut body = right.clone();
            body[member] = value;
            let mut found = found(event, &body.to_string());
            assert_eq!(found.len(), 1, "{member}: {found:?}");
            let (field, words) = found.remove(0);
            (field, words)
        };
        for (member, value, words) in [
            ("on", json!("2026-02-31"), "日历上没有2026-02-31"),
            ("on", json!("9999-12-31"), "2000至2199"),
            ("on", json!(20260301), "日期"),
            ("on", Value::Null, "不能缺少"),
            ("amount", json!("1,00"), "逗号"),
            ("amount", json!(1.5), "写成文字"),
            ("amount", json!("-1.00"), "负数"),
            ("amount", json!("99999999999999999999"), "过大"),
            ("kind", json!("repay"), "repayment"),
            ("id", json!("1"), "UUID"),
            ("reason", json!("a\u{0}b"), "控制字符"),
        ] {
            let (field, told) = one(member, value);
            assert!(field == member && told.contains(words), "{member}: {told}");
        }
        let split = json!({ "principal": [], "interest": "0", "penalty": "0", "compound": "0", "fee": "0" });
        let (field, words) = one("split", split);
        assert!(field == "split.principal" && words.contains("金额"), "{field}: {words}");
        assert_eq!(found(event, "{\"id\"")[0].0, WHOLE);
        assert_eq!(found(event, ""), [(WHOLE.to_owned(), "应为对象".to_owned())]);
        assert_eq!(found(event, "[]"), [(WHOLE.to_owned(), "应为对象".to_owned())]);
    }
}
