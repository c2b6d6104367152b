//! `config`: what holds, wherever it was said, and what is wrong with it.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use crate::config::{Config, Shown};
use crate::output::Output;

pub(crate) fn run(config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let problems = config.service().err().map(|problems| problems.0).unwrap_or_default();
    let mut tree = Value::Object(Map::new());
    for (key, shown) in config.effective() {
        let value = match shown {
            Shown::Plain(text) => json!(text),
            Shown::Secret => json!("***"),
            Shown::Missing => Value::Null,
        };
        tree = plant(tree, key, value);
    }
    let lines = config.effective().iter().map(|(key, shown)| match shown {
        Shown::Plain(text) => format!("{key} = {text:?}"),
        Shown::Secret => format!("{key} = \"***\""),
        Shown::Missing => format!("# {key} is not set"),
    });
    output.report(&json!({ "config": tree, "problems": problems }), lines)?;
    for problem in &problems {
        eprintln!("sangzi: {problem}");
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// Puts a value where its dotted key says.
fn plant(tree: Value, key: &str, value: Value) -> Value {
    let mut branches = match tree {
        Value::Object(branches) => branches,
        _ => Map::new(),
    };
    match key.split_once('.') {
        Some((branch, rest)) => {
            let inner = branches.remove(branch).unwrap_or(Value::Null);
            branches.insert(branch.to_owned(), plant(inner, rest, value));
        }
        None => drop(branches.insert(key.to_owned(), value)),
    }
    Value::Object(branches)
}
