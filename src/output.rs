//! Standard output: for people, or one JSON document for programs. The only place that prints.

use std::io::{ErrorKind, Result, Write};

use serde::Serialize;

/// How a command reports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// One JSON document instead of lines.
    pub(crate) json: bool,
}

impl Output {
    /// Reports: `document` to programs, `lines` to people. A reader that has seen enough (`| head`) is no error.
    pub(crate) fn report<D: Serialize>(self, document: &D, lines: impl IntoIterator<Item = String>) -> Result<()> {
        let write = || {
            let mut out = std::io::stdout().lock();
            if self.json {
                serde_json::to_writer_pretty(&mut out, document)?;
                writeln!(out)?;
            } else {
                for line in lines {
                    writeln!(out, "{line}")?;
                }
            }
            out.flush()
        };
        match write() {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }
}
