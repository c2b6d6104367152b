//! `loan import`: a bank's file into its programme; it needs the database and nothing else. Differences end with 0: they are listed and
//! lie on somebody's desk; a refused file ends with 2 and changes nothing.
//!
//! `loan calc`: questions about loans, a JSON array of `{id, kind, input}` on standard input, answered by `{id, result}` or
//! `{id, error: {code, detail}}` in the same order. Needs no configuration and no database.
//!
//! Ends with 1 if a question has no answer and with 2 if the input is no such array. What is missing, unknown or written otherwise
//! than the wire wants is refused, never guessed.

mod kinds;
mod members;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use app::servicing::{Imported, Servicing, ServicingError};
use domain::Clock;
use lending::servicing::ServeError;
use serde_json::{Value, json};

use crate::commands::WrongInput;
use crate::commands::loan::members::{Members, Wrong};
use crate::config::Config;
use crate::output::Output;
use crate::{house, telemetry};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Answer questions about loans: a JSON array of {id, kind, input} on standard input.
    Calc,
    /// Read a bank's file (docs/bank-file.md).
    Import {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

pub(crate) async fn run(args: Args, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Calc => calc(),
        Command::Import { file } => import(&file, config, output).await,
    }
}

async fn import(file: &Path, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let base = config.base()?;
    telemetry::log(&base.log);
    let bytes = std::fs::read(file).map_err(|error| WrongInput(format!("{}: {error}", file.display())))?;
    let db = house::connect(&base).await?;
    house::refuse_pending(&db).await?;
    let imported = Servicing::new(db.clone(), Clock::system()).import_by_hand(&bytes).await;
    db.close().await.context("the database did not close")?;
    let Imported { day, sequence, known, report, .. } = imported.map_err(|error| match error {
        ServicingError::File(_)
        | ServicingError::FileGap { .. }
        | ServicingError::FileRepeated(_)
        | ServicingError::FileDay(_)
        | ServicingError::FilePace(_)
        | ServicingError::Loan(ServeError::NoSuchBank | ServeError::NoSuchProgramme) => {
            WrongInput(error.to_string()).into()
        }
        error => anyhow::Error::from(error),
    })?;
    let mut lines: Vec<String> =
        report.breaks.iter().map(|one| format!("{} {}: {}", one.class, one.key, one.detail)).collect();
    lines.push(format!(
        "{day} no. {sequence}{}: {} records, {} booked, {} matched, {} agree, {} breaks",
        if known { " (read before)" } else { "" },
        report.records,
        report.booked,
        report.matched,
        report.agreed,
        report.breaks.len()
    ));
    output.report(&json!({ "date": day, "sequence": sequence, "known": known, "report": report }), lines)?;
    Ok(ExitCode::SUCCESS)
}

fn calc() -> anyhow::Result<ExitCode> {
    let text = std::io::read_to_string(std::io::stdin())
        .map_err(|error| WrongInput(format!("standard input cannot be read: {error}")))?;
    let questions: Vec<Value> = serde_json::from_str(&text)
        .map_err(|error| WrongInput(format!("standard input is no JSON array of {{id, kind, input}}: {error}")))?;
    let answers: Vec<Value> = questions.into_iter().map(answer).collect();
    let refused = answers.iter().any(|answer| answer.get("error").is_some());
    // One document is all there is to say, to people and programs alike.
    Output { json: true }.report(&answers, []).context("standard output")?;
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The answer to one question.
fn answer(question: Value) -> Value {
    let id = question.get("id").cloned().unwrap_or(Value::Null);
    let result = (|| {
        let Value::Object(mut question) = question else { return Err(Wrong::object("题目")) };
        if id.is_null() {
            return Err(Wrong::missing("id"));
        }
        let kind = match question.remove("kind") {
            Some(Value::String(kind)) => kind,
            Some(_) => return Err(Wrong::text("kind")),
            None => return Err(Wrong::missing("kind")),
        };
        let input = question.remove("input").ok_or_else(|| Wrong::missing("input"))?;
        let mut input = Members::new("input", input)?;
        let result = kinds::answer(&kind, &mut input)?;
        input.finish()?;
        Ok(result)
    })();
    match result {
        Ok(result) => json!({ "id": id, "result": result }),
        Err(Wrong { code, detail }) => json!({ "id": id, "error": { "code": code, "detail": detail } }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    const VECTORS: &str = include_str!("../../tests/samples/loan_vectors.json");

    fn vectors() -> Vec<Map<String, Value>> {
        let mut file: Map<String, Value> = serde_json::from_str(VECTORS).unwrap();
        let vectors = serde_json::from_value(file.remove("vectors").unwrap()).unwrap();
        // Those of another system's own conventions are left out (facts: lending 5).
        let ours = |vector: &Map<String, Value>| !vector["kind"].as_str().unwrap().starts_with("fineract_");
        let vectors: Vec<Map<String, Value>> = vectors;
        vectors.into_iter().filter(ours).collect()
    }

    fn vector(id: &str) -> Map<String, Value> {
        vectors().into_iter().find(|vector| vector["id"] == id).unwrap()
    }

    /// Rates that are found by trial agree within the tolerance; everything else to the letter.
    #[test]
    fn every_public_vector_is_answered() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 27);
        for mut vector in vectors {
            let (expected, id) = (vector.remove("expected").unwrap(), vector["id"].clone());
            assert_eq!(answer(vector.into()), json!({ "id": id, "result": expected }));
        }
    }

    /// Under whichever name: `null` says nothing.
    #[test]
    fn what_is_null_is_not_said() {
        let mut vector = vector("RAT-001");
        let (expected, id) = (vector.remove("expected").unwrap(), vector["id"].clone());
        for name in ["floor", "floor_rate", "cap", "cap_rate"] {
            vector["input"][name] = Value::Null;
        }
        assert_eq!(answer(vector.into()), json!({ "id": id, "result": expected }));
    }

    /// A sample's input with one member another.
    fn refused(id: &str, pointer: &str, value: Value) -> String {
        let mut question = Value::Object(vector(id));
        match value {
            Value::Null => {
                let (object, member) = pointer.rsplit_once('/').unwrap();
                question.pointer_mut(object).unwrap().as_object_mut().unwrap().remove(member);
            }
            value => {
                let (object, member) = pointer.rsplit_once('/').unwrap();
                let object = question.pointer_mut(object).unwrap();
                match object {
                    Value::Array(items) => items[member.parse::<usize>().unwrap()] = value,
                    object => object[member] = value,
                }
            }
        }
        let answer = answer(question);
        let detail = answer["error"]["detail"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(detail.chars().any(|letter| ('一'..='龥').contains(&letter)), "{detail}");
        answer["error"]["code"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_question_that_is_none_is_refused_and_the_others_are_answered() {
        assert_eq!(answer(json!(7))["error"]["code"], "not_object");
        assert_eq!(answer(json!({ "kind": "schedule", "input": {} }))["error"]["code"], "missing_member");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (id, pointer, value, code) in [
            ("SCH-001", "/input/principal", json!("100000000000000.00"), "amount_too_large"),
            ("SCH-001", "/input/principal", json!("-1.00"), "amount_negative"),
            ("SCH-001", "/input/principal", json!("0.00"), "principal_not_positive"),
            ("SCH-001", "/input/principal", json!("1,000.00"), "amount_format"),
            ("SCH-001", "/input/principal", json!("1000.001"), "amount_format"),
            ("SCH-001", "/input/principal", json!(1000), "not_text"),
            ("SCH-001", "/input/principal", Value::Null, "missing_member"),
            ("SCH-001", "/input/princpal", json!("1.00"), "unknown_member"),
            ("SCH-001", "/input/annual_rate", json!("0,0435"), "rate_format"),
            ("SCH-001", "/input/annual_rate", json!("-0.01"), "rate_negative"),
            ("SCH-001", "/input/annual_rate", json!("4.35"), "rate_above_one"),
            ("SCH-001", "/input/annual_rate", json!("4.35%"), "rate_format"),
            ("SCH-001", "/input/annual_rate", json!("0.0000000000001"), "rate_too_fine"),
            ("SCH-001", "/input/disbursed_on", json!("2025-02-31"), "no_such_day"),
            ("SCH-001", "/input/disbursed_on", json!("2025/02/01"), "date_format"),
            ("SCH-001", "/input/disbursed_on", json!("2025-02-10"), "first_due_not_after_payout"),
            ("SCH-001", "/input/term", json!(0), "term_out_of_range"),
            ("SCH-001", "/input/term", json!(601), "term_out_of_range"),
            ("SCH-001", "/input/term", json!(-3), "not_whole_number"),
            ("SCH-001", "/input/term", json!(1.5), "not_whole_number"),
            ("SCH-001", "/input/due_day", json!(32), "due_day_out_of_range"),
            ("SCH-001", "/input/method", json!("balloon"), "unknown_value"),
            ("SCH-001", "/input/day_count", json!("ACT/364"), "unknown_value"),
            ("SCH-001", "/input/odd_first_period", json!("false"), "not_boolean"),
            ("SCH-001", "/kind", json!("fineract_schedule"), "unknown_kind"),
            ("SCH-001", "/kind", Value::Null, "missing_member"),
            ("SCH-001", "/input", json!([]), "not_object"),
            ("SCH-004", "/input/maturity_on", json!("2024-02-29"), "maturity_not_after_payout"),
            ("SCH-004", "/input/term", json!(12), "unknown_member"),
            ("PRE-001", "/input/prepay_on", json!("2025-06-10"), "prepayment_date_outside"),
            ("PRE-001", "/input/prepay_on", json!("2025-05-09"), "prepayment_date_outside"),
            ("PRE-001", "/input/paid_installments", json!(12), "paid_installments_out_of_range"),
            ("PRE-001", "/input/loan/principal", json!("x"), "amount_format"),
            ("PRE-002", "/input/amount", json!("67147.95"), "prepaid_amount_out_of_range"),
            ("PRE-002", "/input/amount", Value::Null, "prepaid_amount_out_of_range"),
            ("PRE-002", "/input/prepay_on", json!("2025-05-11"), "prepayment_between_due_days"),
            ("OVD-001", "/input/grace_days", json!(-1), "not_whole_number"),
            ("OVD-001", "/input/installments/0", json!({ "n": 3 }), "missing_member"),
            ("ALC-001", "/input/order/0", json!("principal"), "component_twice"),
            ("ALC-001", "/input/order/0", json!("tip"), "unknown_value"),
            ("TML-001", "/input/as_of", json!("2025-05-01"), "payment_date_outside"),
            ("SUB-001", "/input/model", json!("gift"), "unknown_value"),
            ("SUB-001", "/input/borrower_rate", Value::Null, "missing_member"),
            ("RST-001", "/input/loan/method", json!("flat"), "cannot_reprice"),
            ("RAT-001", "/input/spread_bp", json!("-400"), "rate_negative"),
            ("RAT-001", "/input/penalty_multiplier", json!("1,5"), "multiplier_format"),
            ("ACC-001", "/input/to", json!("2025-01-09"), "dates_reversed"),
            ("APR-001", "/input/cashflows/0/amount", json!("-1.00"), "first_flow_not_positive"),
            ("APR-001", "/input/total_cost", Value::Null, "missing_member"),
        ] {
            assert_eq!(refused(id, pointer, value.clone()), code, "{id} {pointer} {value}");
        }
    }
}
