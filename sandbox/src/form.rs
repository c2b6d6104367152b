//! Reading a request's JSON: each field by its pointer, refused in the words of the real server.

use serde_json::Value;

use crate::answer::Refusal;

/// A JSON body, field by field. `null` counts as absent, an empty text as missing where one is required.
pub(crate) struct Form(Value);

impl Form {
    /// Reads a body; anything but an object is refused.
    pub(crate) fn read(body: &[u8]) -> Result<Form, Refusal> {
        match serde_json::from_slice(body) {
            Ok(value @ Value::Object(_)) => Ok(Form(value)),
            _ => Err(Refusal::new(400, "PARAM_ERROR", "无法将输入源“/body”映射到目标字段中，此字段不是一个JSON对象")),
        }
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    fn at(&self, field: &str) -> Option<&Value> {
        self.0.pointer(field).filter(|value| !value.is_null())
    }

    /// A refusal of this field.
    pub(crate) fn refuse(&self, field: &str, title: &str, issue: &str) -> Refusal {
        Refusal::param("body", field, title, issue, self.at(field).cloned().unwrap_or(Value::Null))
    }

    /// A text of at most `max` characters that may be left out.
    pub(crate) fn text(&self, field: &str, title: &str, max: usize) -> Result<Option<&str>, Refusal> {
        match self.at(field) {
            None => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= max => Ok(Some(text)),
            Some(Value::String(_)) => Err(self.refuse(field, title, &format!("字符串长度超过最大值 {max}"))),
            Some(_) => Err(self.refuse(field, title, "值不是字符串")),
        }
    }

    /// A text that must be there.
    pub(crate) fn required_text(&self, field: &str, title: &str, max: usize) -> Result<&str, Refusal> {
        match self.text(field, title, max)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.refuse(field, title, "此字段为必填项")),
        }
    }

    /// A whole number of at least `min` that may be left out.
    pub(crate) fn integer(&self, field: &str, title: &str, min: i64) -> Result<Option<i64>, Refusal> {
        /// A hundred million yuan: far above what the channel takes, far below where sums end.
        const MAX: i64 = 10_000_000_000;
        match self.at(field) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                None => Err(self.refuse(field, title, "值不是整数")),
                Some(n) if n < min => Err(self.refuse(field, title, &format!("值低于最小值 {min}"))),
                Some(n) if n > MAX => Err(self.refuse(field, title, &format!("值高于最大值 {MAX}"))),
                Some(n) => Ok(Some(n)),
            },
        }
    }

    /// A whole number that must be there.
    pub(crate) fn required_integer(&self, field: &str, title: &str, min: i64) -> Result<i64, Refusal> {
        self.integer(field, title, min)?.ok_or_else(|| self.refuse(field, title, "此字段为必填项"))
    }

    /// A truth value that may be left out.
    pub(crate) fn flag(&self, field: &str, title: &str) -> Result<Option<bool>, Refusal> {
        match self.at(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.refuse(field, title, "值不是布尔值")),
        }
    }

    /// An object that may be left out.
    pub(crate) fn object(&self, field: &str, title: &str) -> Result<bool, Refusal> {
        match self.at(field) {
            None => Ok(false),
            Some(Value::Object(_)) => Ok(true),
            Some(_) => Err(self.refuse(field, title, "值不是对象")),
        }
    }

    /// A list that may be left out.
    pub(crate) fn list(&self, field: &str, title: &str) -> Result<&[Value], Refusal> {
        match self.at(field) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.refuse(field, title, "值不是数组")),
        }
    }

    /// A text out of a fixed list that may be left out.
    pub(crate) fn word(&self, field: &str, title: &str, words: &[&str]) -> Result<Option<&str>, Refusal> {
        match self.text(field, title, 64)? {
            Some(text) if !words.contains(&text) => Err(self.refuse(field, title, "值不在允许的枚举范围内")),
            text => Ok(text),
        }
    }

    /// A number made of letters, digits and a few signs.
    pub(crate) fn number(
        &self,
        field: &str,
        title: &str,
        lengths: std::ops::RangeInclusive<usize>,
        signs: &[u8],
    ) -> Result<&str, Refusal> {
        let text = self.required_text(field, title, *lengths.end())?;
        if !lengths.contains(&text.len()) {
            return Err(self.refuse(field, title, &format!("字符串长度低于最小值 {}", lengths.start())));
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || signs.contains(&b)) {
            return Err(self.refuse(field, title, "只能包含数字、大小写字母和规定的符号"));
        }
        Ok(text)
    }

    /// The address notifications go to: https, or http on this very computer; without query.
    pub(crate) fn notify_url(&self, max: usize) -> Result<Option<&str>, Refusal> {
        const TITLE: &str = "通知地址";
        let Some(text) = self.text("/notify_url", TITLE, max)? else { return Ok(None) };
        let refuse = |issue: &str| Err(self.refuse("/notify_url", TITLE, issue));
        let Ok(url) = reqwest::Url::parse(text) else { return refuse("不是合法的URL") };
        let host = url.host_str().unwrap_or_default();
        let loopback = host == "localhost" || host == "[::1]" || host.starts_with("127.");
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return refuse("必须为https协议（沙箱另外允许本机的http地址）"),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("不能携带参数");
        }
        Ok(Some(text))
    }
}

/// One text for all ways to write the same JSON: members sorted, no blanks. Two requests with equal texts ask for the same.
pub(crate) fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().filter(|(_, value)| !value.is_null()).collect();
            members.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (name, value) in members {
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_same_request_has_the_same_text() {
        let text = |value: Value| {
            let mut out = String::new();
            canonical(&value, &mut out);
            out
        };
        assert_eq!(text(json!({"a": 1, "b": {"c": [1, "x"]}, "n": null})), text(json!({"b": {"c": [1, "x"]}, "a": 1})));
        assert_ne!(text(json!({"a": 1})), text(json!({"a": "1"})));
    }

    #[test]
    fn notifications_go_to_https_or_to_this_computer() {
        let form = |url: &str| Form(json!({ "notify_url": url }));
        for url in ["https://pay.example.org/x", "http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]:1/x"] {
            assert_eq!(form(url).notify_url(255), Ok(Some(url)));
        }
        for url in ["http://pay.example.org/x", "ftp://127.0.0.1/", "https://a.example/x?y=1", "nowhere", ""] {
            assert_eq!(form(url).notify_url(255).unwrap_err().code, "PARAM_ERROR", "{url}");
        }
    }
}
