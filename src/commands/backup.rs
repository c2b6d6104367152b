//! `backup` and `restore` of an SQLite database: a consistent copy while the program serves, and the way back. PostgreSQL has its own
//! tools for both (`pg_dump`, `pg_basebackup`).

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use app::books::Books;
use serde_json::json;

use crate::commands::WrongInput;
use crate::config::{Base, Config};
use crate::output::Output;
use crate::{house, telemetry};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The copy.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Copies the database to a file that must not exist yet. Whatever was committed when it began is in it.
pub(crate) async fn backup(args: Args, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let base = config.base()?;
    telemetry::log(&base.log);
    let database = sqlite_file(&base)?;
    if !database.exists() {
        return Err(wrong(format!("there is no database at {}", database.display())));
    }
    if args.file.exists() {
        return Err(wrong(format!("{} exists: a backup overwrites nothing", args.file.display())));
    }
    let name = args.file.to_str().ok_or_else(|| wrong("the name of the file is not UTF-8".to_owned()))?;
    let db = house::connect(&base).await?;
    let copied = db.copy_to(name).await;
    db.close().await.context("the database did not close")?;
    copied.with_context(|| format!("{} cannot be written", args.file.display()))?;
    let bytes = std::fs::metadata(&args.file).context("the copy cannot be seen")?.len();
    let line = format!("{} bytes of {} are in {}", bytes, database.display(), args.file.display());
    output.report(&json!({ "file": args.file, "bytes": bytes }), [line])?;
    Ok(ExitCode::SUCCESS)
}

/// Puts a copy in the place of the database, after its books were audited. The database of before is kept beside it. Nobody may be
/// using the database.
pub(crate) async fn restore(args: Args, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let base = config.base()?;
    telemetry::log(&base.log);
    let database = sqlite_file(&base)?;
    if !args.file.is_file() {
        return Err(wrong(format!("there is no file {}", args.file.display())));
    }
    if database.exists() && !entity::is_unused(&base.database_url).await.context("the database that stands")? {
        return Err(wrong(format!("{} is in use: stop the program first", database.display())));
    }
    // Audited as a copy of its own, so that the backup itself is never written to.
    let draft = beside(&database, "restoring");
    if let Some(dir) = database.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        std::fs::create_dir_all(dir).with_context(|| format!("the directory {} cannot be made", dir.display()))?;
    }
    std::fs::copy(&args.file, &draft).with_context(|| format!("{} cannot be copied", args.file.display()))?;
    let checked = audited(&draft).await;
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(ended(&draft, end));
    }
    let checked = match checked {
        Ok(checked) => checked,
        Err(error) => {
            let _ = std::fs::remove_file(&draft);
            return Err(error);
        }
    };
    let kept = database.exists().then(|| beside(&database, &format!("before-{}", uuid::Uuid::now_v7().simple())));
    if let Some(kept) = &kept {
        for end in ["", "-wal", "-shm"] {
            let from = ended(&database, end);
            if from.exists() {
                std::fs::rename(&from, ended(kept, end)).context("the database that stands cannot be put aside")?;
            }
        }
    }
    std::fs::rename(&draft, &database).context("the copy cannot be put in its place")?;
    let mut lines = vec![format!(
        "{} is in the place of {}; {checked} numbers compared, 0 differ",
        args.file.display(),
        database.display()
    )];
    lines.extend(kept.as_ref().map(|kept| format!("the database of before is {}", kept.display())));
    output
        .report(&json!({ "database": database, "kept": kept, "audit": { "ok": true, "checked": checked } }), lines)?;
    Ok(ExitCode::SUCCESS)
}

/// Brings a copy to this version and audits it: how many numbers were compared; an error if one differs, or if it is no database of ours.
async fn audited(file: &Path) -> anyhow::Result<u64> {
    let report = async {
        let db = entity::Db::connect(&format!("sqlite://{}", file.display())).await.context("it is no database")?;
        let report = async {
            house::bring_up(&db).await?;
            Books::new(db.clone()).audit(&|_| {}).await.context("its books cannot be read")
        };
        let report = report.await;
        db.close().await.context("the copy did not close")?;
        report
    };
    let report = report.await.map_err(|error: anyhow::Error| wrong(format!("nothing was restored: {error:#}")))?;
    if !report.is_clean() {
        return Err(wrong(format!(
            "the books in it do not agree, {} numbers differ; nothing was changed",
            report.differences.len()
        )));
    }
    Ok(report.checked)
}

fn wrong(sentence: String) -> anyhow::Error {
    WrongInput(sentence).into()
}

fn sqlite_file(base: &Base) -> anyhow::Result<PathBuf> {
    let path = base.database_url.strip_prefix("sqlite://");
    let path = path.ok_or_else(|| {
        wrong("database.url is not SQLite: use the tools of PostgreSQL (pg_dump, pg_restore)".to_owned())
    })?;
    Ok(PathBuf::from(path.split('?').next().unwrap_or(path)))
}

fn beside(database: &Path, word: &str) -> PathBuf {
    ended(database, &format!(".{word}"))
}

fn ended(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
