//! The append-only file from which the state is rebuilt: one JSON event a line.
//!
//! A line is handed to the operating system before the change is answered, so it survives the end of the process (not of
//! the machine: nothing is synced). A last line without its end was never answered and is cut off. Two processes cannot
//! hold one journal.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use crate::book::Event;

/// Where events go; nowhere when the state is not durable.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    file: Option<File>,
    line: Vec<u8>,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("the journal cannot be read or written")]
    Io(#[from] io::Error),
    /// Another process writes it.
    #[error("another sandbox is using this directory")]
    InUse,
    /// A line before the last is no event of ours.
    #[error("line {line} of the journal is unreadable")]
    Line {
        /// Counted from one.
        line: usize,
        /// What the reader said.
        source: serde_json::Error,
    },
}

impl Journal {
    /// A journal that keeps nothing.
    pub(crate) fn nowhere() -> Journal {
        Journal::default()
    }

    /// Opens a journal and tells `replay` every event in it.
    pub(crate) fn open(path: &Path, mut replay: impl FnMut(Event)) -> Result<Journal, JournalError> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => JournalError::InUse,
            TryLockError::Error(error) => JournalError::Io(error),
        })?;
        let mut reader = BufReader::new(&mut file);
        let mut line = Vec::new();
        let mut whole = 0u64;
        for number in 1.. {
            line.clear();
            let read = reader.read_until(b'\n', &mut line)?;
            if line.last() != Some(&b'\n') {
                break;
            }
            replay(serde_json::from_slice(&line).map_err(|source| JournalError::Line { line: number, source })?);
            whole += read as u64;
        }
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Journal { file: Some(file), line: Vec::new() })
    }

    /// Writes one event down.
    pub(crate) fn append(&mut self, event: &Event) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        self.line.clear();
        serde_json::to_writer(&mut self.line, event)?;
        self.line.push(b'\n');
        file.write_all(&self.line)
    }
}
