//! Sets travel as one value: a statement over n rows has the same text and the same number of parameters for every n, so it
//! is prepared once.
//!
//! On PostgreSQL each column is an array and the set is `unnest(…)`; on SQLite the set is one JSON text read by `jsonb_each`.
//! SeaORM's arrays hold no NULL, so on PostgreSQL a missing cell travels as a value that no cell of ours has (the nil UUID, the
//! control character U+0001, the smallest integer, no bytes) and becomes NULL again in the statement. A column of which every
//! cell is missing travels empty: `unnest` fills a short column with NULL, and most columns of most batches are such.

use std::fmt::Write as _;

use sea_orm::sea_query::ArrayType;
use sea_orm::{DbBackend, Statement, Value};
use uuid::Uuid;

/// A set of rows, filled column by column; every column has as many cells.
#[derive(Debug, Default)]
pub struct Rows {
    columns: Vec<(&'static str, Cells)>,
}

#[derive(Debug)]
enum Cells {
    Uuid(Vec<Option<Uuid>>),
    Text(Vec<Option<String>>),
    Int(Vec<Option<i64>>),
    Bool(Vec<bool>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Rows {
    /// No columns yet.
    pub fn new() -> Rows {
        Rows::default()
    }

    /// A column of ids.
    pub fn uuid(self, name: &'static str, cells: impl IntoIterator<Item = Uuid>) -> Rows {
        self.with(name, Cells::Uuid(cells.into_iter().map(Some).collect()))
    }

    /// A column of ids that may be missing.
    pub fn uuid_or_null(self, name: &'static str, cells: impl IntoIterator<Item = Option<Uuid>>) -> Rows {
        self.with(name, Cells::Uuid(cells.into_iter().collect()))
    }

    /// A column of texts.
    pub fn text(self, name: &'static str, cells: impl IntoIterator<Item = impl Into<String>>) -> Rows {
        self.with(name, Cells::Text(cells.into_iter().map(|cell| Some(cell.into())).collect()))
    }

    /// A column of texts that may be missing.
    pub fn text_or_null(self, name: &'static str, cells: impl IntoIterator<Item = Option<String>>) -> Rows {
        self.with(name, Cells::Text(cells.into_iter().collect()))
    }

    /// A column of integers.
    pub fn int(self, name: &'static str, cells: impl IntoIterator<Item = i64>) -> Rows {
        self.with(name, Cells::Int(cells.into_iter().map(Some).collect()))
    }

    /// A column of integers that may be missing.
    pub fn int_or_null(self, name: &'static str, cells: impl IntoIterator<Item = Option<i64>>) -> Rows {
        self.with(name, Cells::Int(cells.into_iter().collect()))
    }

    /// A column of truths.
    pub fn bool(self, name: &'static str, cells: impl IntoIterator<Item = bool>) -> Rows {
        self.with(name, Cells::Bool(cells.into_iter().collect()))
    }

    /// A column of byte strings.
    pub fn bytes(self, name: &'static str, cells: impl IntoIterator<Item = Vec<u8>>) -> Rows {
        self.with(name, Cells::Bytes(cells.into_iter().map(Some).collect()))
    }

    /// A column of byte strings that may be missing.
    pub fn bytes_or_null(self, name: &'static str, cells: impl IntoIterator<Item = Option<Vec<u8>>>) -> Rows {
        self.with(name, Cells::Bytes(cells.into_iter().collect()))
    }

    fn with(mut self, name: &'static str, cells: Cells) -> Rows {
        debug_assert!(
            self.columns.first().is_none_or(|(_, first)| first.len() == cells.len()),
            "column {name} is uneven"
        );
        self.columns.push((name, cells));
        self
    }

    /// The statement in which `{rows}` stands for this set, as a table named `r`. `before` are the parameters `$1 …` that the
    /// statement names itself.
    pub fn statement(self, backend: DbBackend, sql: &str, before: impl IntoIterator<Item = Value>) -> Statement {
        Rows::statements(backend, sql, before, [("{rows}", self)])
    }

    /// The same over several sets, each standing for its own word. SQLite takes several statements in one text, with one
    /// numbering of parameters for all of them, so that a batch crosses to its thread once.
    pub fn statements(
        backend: DbBackend,
        sql: &str,
        before: impl IntoIterator<Item = Value>,
        sets: impl IntoIterator<Item = (&'static str, Rows)>,
    ) -> Statement {
        let mut values: Vec<Value> = before.into_iter().collect();
        let mut text = sql.to_owned();
        for (word, set) in sets {
            text = text.replace(word, &set.table(backend, &mut values));
        }
        Statement::from_sql_and_values(backend, text, values)
    }

    /// The set as a table named `r`; its parameters join the values.
    fn table(self, backend: DbBackend, values: &mut Vec<Value>) -> String {
        let mut table = String::with_capacity(64 + self.columns.len() * 24);
        match backend {
            DbBackend::Sqlite => {
                table.push_str("(SELECT ");
                for (i, (name, cells)) in self.columns.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    let cell = match cells {
                        Cells::Uuid(_) | Cells::Bytes(_) => format!("unhex(value ->> {i})"),
                        Cells::Text(_) | Cells::Int(_) | Cells::Bool(_) => format!("value ->> {i}"),
                    };
                    let _ = write!(table, "{comma}{cell} AS {name}");
                }
                let _ = write!(table, " FROM jsonb_each(${})) AS r", values.len() + 1);
                values.push(self.json().into());
            }
            _ => {
                let (mut names, mut arrays) = (String::new(), String::new());
                table.push_str("(SELECT ");
                for (i, (name, mut cells)) in self.columns.into_iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    let (kind, missing) = cells.postgres_type();
                    let _ = write!(table, "{comma}NULLIF({name}, {missing}) AS {name}");
                    let _ = write!(arrays, "{comma}${}::{kind}[]", values.len() + 1);
                    let _ = write!(names, "{comma}{name}");
                    // The first column says how many rows there are.
                    if i > 0 {
                        cells.clear_if_missing();
                    }
                    values.push(cells.into_array());
                }
                let _ = write!(table, " FROM unnest({arrays}) AS u({names})) AS r");
            }
        }
        table
    }

    fn json(&self) -> String {
        let n = self.columns.first().map_or(0, |(_, cells)| cells.len());
        let mut json = String::with_capacity(n * self.columns.len() * 24 + 2);
        json.push('[');
        for row in 0..n {
            json.push_str(if row == 0 { "[" } else { ",[" });
            for (i, (_, cells)) in self.columns.iter().enumerate() {
                if i > 0 {
                    json.push(',');
                }
                cells.write_json(row, &mut json);
            }
            json.push(']');
        }
        json.push(']');
        json
    }
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Cells::Uuid(cells) => cells.len(),
            Cells::Text(cells) => cells.len(),
            Cells::Int(cells) => cells.len(),
            Cells::Bool(cells) => cells.len(),
            Cells::Bytes(cells) => cells.len(),
        }
    }

    /// Takes the cells away if all are missing.
    fn clear_if_missing(&mut self) {
        match self {
            Cells::Uuid(cells) if cells.iter().all(Option::is_none) => cells.clear(),
            Cells::Text(cells) if cells.iter().all(Option::is_none) => cells.clear(),
            Cells::Int(cells) if cells.iter().all(Option::is_none) => cells.clear(),
            Cells::Bytes(cells) if cells.iter().all(Option::is_none) => cells.clear(),
            _ => {}
        }
    }

    /// The type, and the value that stands for a missing cell.
    fn postgres_type(&self) -> (&'static str, &'static str) {
        match self {
            Cells::Uuid(_) => ("uuid", "'00000000-0000-0000-0000-000000000000'"),
            Cells::Text(_) => ("text", "chr(1)"),
            Cells::Int(_) => ("bigint", "(-9223372036854775807 - 1)"),
            Cells::Bool(_) => ("boolean", "NULL"),
            Cells::Bytes(_) => ("bytea", "''"),
        }
    }

    fn into_array(self) -> Value {
        fn array<T: Into<Value>>(kind: ArrayType, cells: impl Iterator<Item = T>) -> Value {
            Value::Array(kind, Some(Box::new(cells.map(Into::into).collect())))
        }
        match self {
            Cells::Uuid(cells) => array(ArrayType::Uuid, cells.into_iter().map(Option::unwrap_or_default)),
            Cells::Text(cells) => {
                array(ArrayType::String, cells.into_iter().map(|cell| cell.unwrap_or_else(|| "\u{1}".to_owned())))
            }
            Cells::Int(cells) => array(ArrayType::BigInt, cells.into_iter().map(|cell| cell.unwrap_or(i64::MIN))),
            Cells::Bool(cells) => array(ArrayType::Bool, cells.into_iter()),
            Cells::Bytes(cells) => array(ArrayType::Bytes, cells.into_iter().map(Option::unwrap_or_default)),
        }
    }

    fn write_json(&self, row: usize, json: &mut String) {
        fn hex(bytes: &[u8], json: &mut String) {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            json.push('"');
            for byte in bytes {
                json.push(char::from(DIGITS[usize::from(byte >> 4)]));
                json.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
            json.push('"');
        }
        let null = |json: &mut String| json.push_str("null");
        match self {
            Cells::Uuid(cells) => match &cells[row] {
                Some(id) => hex(id.as_bytes(), json),
                None => null(json),
            },
            Cells::Bytes(cells) => match &cells[row] {
                Some(bytes) => hex(bytes, json),
                None => null(json),
            },
            Cells::Text(cells) => match &cells[row] {
                Some(text) => json.push_str(&serde_json::Value::from(text.as_str()).to_string()),
                None => null(json),
            },
            Cells::Int(cells) => match &cells[row] {
                Some(number) => {
                    let _ = write!(json, "{number}");
                }
                None => null(json),
            },
            Cells::Bool(cells) => json.push(if cells[row] { '1' } else { '0' }),
        }
    }
}
