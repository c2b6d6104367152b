//! `export`: the books as files for other programs. Needs the database and nothing else, changes nothing in it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use app::exports::{self, ExportError, Wanted};
use clap::ValueEnum;
use domain::BusinessDate;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::commands::WrongInput;
use crate::config::Config;
use crate::output::Output;
use crate::{house, telemetry};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// As what the books are written.
    #[arg(long)]
    format: Format,
    /// Where; made if it is missing. Files of the same name are replaced.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// One book, by its code or id; otherwise all.
    #[arg(long, value_name = "BOOK")]
    book: Option<String>,
    /// From this book date. Journals begin with the balances of before.
    #[arg(long, value_name = "DATE")]
    from: Option<BusinessDate>,
    /// To this book date.
    #[arg(long, value_name = "DATE")]
    to: Option<BusinessDate>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// BOOK.journal
    Hledger,
    /// BOOK.beancount
    Beancount,
    /// BOOK/entries.csv and BOOK/seals.csv
    Csv,
    /// BOOK.xlsx
    Xlsx,
}

pub(crate) async fn run(args: Args, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let base = config.base()?;
    telemetry::log(&base.log);
    let db = house::connect(&base).await?;
    house::refuse_pending(&db).await?;
    let wanted = Wanted {
        format: match args.format {
            Format::Hledger => exports::Format::Hledger,
            Format::Beancount => exports::Format::Beancount,
            Format::Csv => exports::Format::Csv,
            Format::Xlsx => exports::Format::Xlsx,
        },
        book: args.book,
        from: args.from,
        to: args.to,
    };
    // Hidden by itself where standard error is no terminal.
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {pos} entries").context("the template of the progress")?);
    let exported = exports::export(&db, &wanted, &args.out, &|entries| bar.set_position(entries)).await;
    bar.finish_and_clear();
    db.close().await.context("the database did not close")?;
    let exported = exported.map_err(|error| match error {
        ExportError::NoSuchBook(_) | ExportError::Backwards { .. } => WrongInput(error.to_string()).into(),
        error => anyhow::Error::from(error),
    })?;
    let books: Vec<_> =
        exported.iter().map(|one| json!({ "book": one.book, "file": one.file, "entries": one.entries })).collect();
    let lines = exported.iter().map(|one| format!("{}: {} entries in {}", one.book, one.entries, one.file.display()));
    output.report(&json!({ "books": books }), lines)?;
    Ok(ExitCode::SUCCESS)
}
