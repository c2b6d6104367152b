//! `openapi`: the document of the HTTP interface, which needs no configuration and no database.

use std::process::ExitCode;

use crate::output::Output;

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    // It is JSON in any case.
    let document: serde_json::Value = serde_json::from_str(&api::document())?;
    Output { json: true }.report(&document, [])?;
    Ok(ExitCode::SUCCESS)
}
