//! The journal and the seals as CSV (UTF-8 with the mark that spreadsheets look for). A row is a line of an entry; amounts are yuan
//! with two decimals, `booked_us` is microseconds since 1970 UTC. `docs/sealing.md` tells how seals are computed from the two files: the
//! columns it names stay as they are, and what people read stands behind them in words.

use std::io::{self, Write};
use std::path::Path;

use entity::{Tx, book};
use ledger::JournalEntry;

use super::{Draft, ExportError, Form, Frame, close, create};
use crate::books::words;

const COLUMNS: [&str; 22] = [
    "voucher",
    "book_date",
    "event_date",
    "booked_us",
    "entry_id",
    "reference",
    "kind",
    "reverses",
    "line",
    "debit_account",
    "credit_account",
    "amount",
    "raised",
    "actor",
    "channel",
    "counterparty",
    "document",
    "memo",
    "salt",
    "摘要",
    "借方账户",
    "贷方账户",
];

/// How many seals are read at once.
const PAGE: u64 = 1_000;

pub(super) struct Entries<'a> {
    frame: Frame<'a>,
    out: csv::Writer<Draft>,
}

pub(super) fn open(frame: Frame<'_>, out: Draft) -> Result<Entries<'_>, ExportError> {
    let mut out = marked(out)?;
    out.write_record(COLUMNS).map_err(io::Error::from)?;
    Ok(Entries { frame, out })
}

fn marked(mut out: Draft) -> io::Result<csv::Writer<Draft>> {
    out.write_all("\u{feff}".as_bytes())?;
    Ok(csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out))
}

fn end(out: csv::Writer<Draft>) -> Result<(), ExportError> {
    let out = out.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    Ok(close(out)?)
}

/// A text that somebody wrote: spreadsheets must not take it for a formula.
fn harmless(text: Option<&String>) -> String {
    let text = text.cloned().unwrap_or_default();
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

impl Form for Entries<'_> {
    fn entry(&mut self, entry: &JournalEntry) -> Result<(), ExportError> {
        let (number, salt) = match &entry.voucher {
            Some((number, salt)) => (number.to_string(), hex::encode(salt)),
            None => Default::default(),
        };
        for (index, line) in entry.lines.iter().enumerate() {
            let row = [
                number.clone(),
                entry.book_date.to_string(),
                entry.event_date.to_string(),
                entry.booked_us.us().to_string(),
                entry.id.to_string(),
                entry.reference.clone(),
                entry.kind.clone(),
                entry.reverses.map(|id| id.to_string()).unwrap_or_default(),
                index.to_string(),
                self.frame.chart.name(line.debit).to_owned(),
                self.frame.chart.name(line.credit).to_owned(),
                line.amount.to_string(),
                line.raised.clone(),
                entry.actor.clone(),
                entry.channel.clone().unwrap_or_default(),
                harmless(entry.counterparty.as_ref()),
                harmless(entry.document.as_ref()),
                harmless(entry.memo.as_ref()),
                salt.clone(),
                words::event(&entry.kind).to_owned(),
                harmless(Some(&self.frame.chart.shown(line.debit).to_owned())),
                harmless(Some(&self.frame.chart.shown(line.credit).to_owned())),
            ];
            self.out.write_record(row).map_err(io::Error::from)?;
        }
        Ok(())
    }

    fn end(self: Box<Self>) -> Result<(), ExportError> {
        end(self.out)
    }
}

/// All seals of a book, newest first.
pub(super) async fn write_seals(tx: &Tx, book: &book::Model, file: &Path) -> Result<(), ExportError> {
    let draft = file.with_extension("part");
    let mut out = marked(create(&draft)?)?;
    out.write_record(["book", "day", "first_number", "last_number", "tree_head", "previous", "seal"])
        .map_err(io::Error::from)?;
    let mut before = None;
    loop {
        let page = ledger::seals(tx, book.id, before, PAGE).await?;
        let Some(last) = page.last() else { break };
        before = Some(last.day);
        for seal in &page {
            let row = [
                book.code.clone(),
                seal.day.to_string(),
                seal.first_number.to_string(),
                seal.last_number.to_string(),
                hex::encode(&seal.tree_head),
                seal.previous.as_deref().map(hex::encode).unwrap_or_default(),
                hex::encode(&seal.seal),
            ];
            out.write_record(row).map_err(io::Error::from)?;
        }
    }
    end(out)?;
    Ok(std::fs::rename(draft, file)?)
}
