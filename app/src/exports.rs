//! The books in formats that other programs read: hledger and beancount journals, CSV, XLSX.
//!
//! One snapshot gives accounts, entries and balances, and every journal ends with the balances we store, so the program that reads
//! it checks them. A file is written under another name and renamed when it is whole.

mod beancount;
mod chart;
mod csv;
mod download;
mod hledger;
mod xlsx;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use domain::role::Forbidden;
use domain::{AccountId, BookId, BusinessDate};
use entity::{Db, Tx, book};
use ledger::{Balance, JournalEntry};
use sea_orm::DbErr;

pub(crate) use self::chart::Chart;

pub use download::{Download, download};

/// What the books are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `DIR/{book}.journal`.
    Hledger,
    /// `DIR/{book}.beancount`.
    Beancount,
    /// `DIR/{book}/entries.csv`, and `seals.csv` beside it.
    Csv,
    /// `DIR/{book}.xlsx`: 凭证 and 科目余额.
    Xlsx,
}

/// What to write.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// As what.
    pub format: Format,
    /// One book by code or id, or all.
    pub book: Option<String>,
    /// From this book date; what was there before is one opening entry in the journals.
    pub from: Option<BusinessDate>,
    /// To this book date.
    pub to: Option<BusinessDate>,
}

/// A book that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The book's code.
    pub book: String,
    /// Where it is.
    pub file: PathBuf,
    /// How many entries it has.
    pub entries: u64,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no such book.
    #[error("there is no book {0}")]
    NoSuchBook(String),
    /// The days are in the wrong order.
    #[error("{from} is after {to}")]
    Backwards {
        /// The first day.
        from: BusinessDate,
        /// The last day.
        to: BusinessDate,
    },
    /// More than is made while somebody waits.
    #[error("{entries} entries are more than {most}")]
    TooLarge {
        /// How many there are.
        entries: i64,
        /// How many may be.
        most: i64,
    },
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A file could not be written.
    #[error("the files cannot be written")]
    File(#[from] io::Error),
    /// A sheet could not be written.
    #[error("the sheet cannot be written")]
    Sheet(#[from] rust_xlsxwriter::XlsxError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// What a form is written from besides the entries.
struct Frame<'a> {
    book: &'a book::Model,
    chart: &'a Chart,
    /// The first day written.
    from: BusinessDate,
    /// The last day written.
    to: BusinessDate,
    /// What stood before the first day, by account; empty if nothing did.
    opening: BTreeMap<AccountId, Balance>,
    /// What stands after the last day.
    closing: BTreeMap<AccountId, Balance>,
}

/// A form the books are written in: opened with its frame, then an entry at a time, then ended.
trait Form {
    fn entry(&mut self, entry: &JournalEntry) -> Result<(), ExportError>;
    fn end(self: Box<Self>) -> Result<(), ExportError>;
}

/// Writes books into a directory, which is made if it is missing. `progress` hears how many entries were written so far.
pub async fn export(
    db: &Db,
    wanted: &Wanted,
    dir: &Path,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Exported>, ExportError> {
    if let (Some(from), Some(to)) = (wanted.from, wanted.to)
        && from > to
    {
        return Err(ExportError::Backwards { from, to });
    }
    let tx = db.snapshot().await?;
    let mut books = ledger::books(&tx).await?;
    if let Some(name) = &wanted.book {
        let id: Option<BookId> = name.parse().ok();
        books.retain(|book| book.code == *name || Some(book.id) == id);
        if books.is_empty() {
            return Err(ExportError::NoSuchBook(name.clone()));
        }
    }
    let mut exported = Vec::with_capacity(books.len());
    let mut before = 0;
    for book in &books {
        let one = write_book(&tx, book, wanted, dir, &|n| progress(before + n)).await?;
        before += one.entries;
        exported.push(one);
    }
    tx.commit().await?;
    Ok(exported)
}

async fn write_book(
    tx: &Tx,
    book: &book::Model,
    wanted: &Wanted,
    dir: &Path,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Exported, ExportError> {
    let (first, last) = match ledger::booked_days(tx, book.id).await? {
        Some(days) => days,
        None => {
            let opened = BusinessDate::of(book.created_us);
            (opened, opened)
        }
    };
    let from = wanted.from.unwrap_or(first);
    let to = wanted.to.unwrap_or(last).max(from);
    let chart = Chart::read(tx, book).await?;
    let frame = Frame {
        book,
        chart: &chart,
        from,
        to,
        opening: ledger::balances(tx, book.id, Some(from.previous())).await?,
        closing: ledger::balances(tx, book.id, Some(to)).await?,
    };
    let file = match wanted.format {
        Format::Hledger => dir.join(format!("{}.journal", book.code)),
        Format::Beancount => dir.join(format!("{}.beancount", book.code)),
        Format::Csv => dir.join(&book.code).join("entries.csv"),
        Format::Xlsx => dir.join(format!("{}.xlsx", book.code)),
    };
    let draft = file.with_extension("part");
    fs::create_dir_all(file.parent().unwrap_or(dir))?;
    let mut form: Box<dyn Form + Send + '_> = match wanted.format {
        Format::Hledger => Box::new(hledger::open(frame, create(&draft)?)?),
        Format::Beancount => Box::new(beancount::open(frame, create(&draft)?)?),
        Format::Csv => Box::new(csv::open(frame, create(&draft)?)?),
        Format::Xlsx => Box::new(xlsx::open(frame, draft.clone())?),
    };
    let mut entries = 0;
    ledger::journal(tx, book.id, Some(from), Some(to), &mut |entry| {
        entries += 1;
        if entries % 1_000 == 0 {
            progress(entries);
        }
        form.entry(&entry)
    })
    .await?;
    form.end()?;
    progress(entries);
    fs::rename(&draft, &file)?;
    if wanted.format == Format::Csv {
        csv::write_seals(tx, book, &file.with_file_name("seals.csv")).await?;
    }
    Ok(Exported { book: book.code.clone(), file, entries })
}

type Draft = BufWriter<File>;

fn create(path: &Path) -> io::Result<Draft> {
    Ok(BufWriter::with_capacity(1 << 16, File::create(path)?))
}

/// Ends a text file: what is buffered reaches the disk.
fn close(mut file: Draft) -> io::Result<()> {
    file.flush()?;
    file.get_ref().sync_all()
}
