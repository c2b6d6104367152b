//! A beancount ledger. `bean-check FILE` proves it: every entry balances, and the balances that we store are asserted on the day after
//! the last.

use std::collections::BTreeMap;
use std::io::Write;

use domain::{AccountId, Money};
use ledger::JournalEntry;

use super::chart::Named;
use super::{Draft, ExportError, Form, Frame, close};

pub(super) struct Beancount<'a> {
    frame: Frame<'a>,
    names: BTreeMap<AccountId, String>,
    out: Draft,
}

pub(super) fn open(frame: Frame<'_>, mut out: Draft) -> Result<Beancount<'_>, ExportError> {
    let names = frame.chart.names(name);
    writeln!(out, "option \"title\" {}", quoted(&frame.book.name))?;
    writeln!(out, "option \"operating_currency\" \"CNY\"\n")?;
    for (id, account) in frame.chart.accounts() {
        writeln!(out, "{} open {} CNY\n  name: {}", frame.from, names[id], quoted(&account.name))?;
    }
    if frame.opening.values().any(|balance| balance.net() != Money::ZERO) {
        writeln!(out, "\n{} * \"期初余额\"", frame.from)?;
        for (id, balance) in frame.opening.iter().filter(|(_, balance)| balance.net() != Money::ZERO) {
            writeln!(out, "  {}  {} CNY", names[id], balance.net())?;
        }
    }
    Ok(Beancount { frame, names, out })
}

fn name(account: &Named) -> String {
    let root = match account.element.as_str() {
        "asset" => "Assets",
        "liability" => "Liabilities",
        "net_assets" => "Equity",
        "income" => "Income",
        _ => "Expenses",
    };
    let mut name = format!("{root}:{}-{}", account.subject.0, part(&account.subject.1));
    // A component begins with a capital letter or a digit, which no Chinese word does.
    for (word, text) in &account.dimensions {
        name.push_str(&format!(":{word}-{}", part(text)));
    }
    name
}

/// Letters, digits and hyphens: all that a component of a name may have.
fn part(text: &str) -> String {
    let parts: Vec<&str> =
        text.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " "))
}

impl Form for Beancount<'_> {
    fn entry(&mut self, entry: &JournalEntry) -> Result<(), ExportError> {
        let out = &mut self.out;
        writeln!(out, "\n{} * {} {}", entry.book_date, quoted(&entry.kind), quoted(&entry.reference))?;
        writeln!(out, "  event: {}\n  actor: {}", entry.event_date, quoted(&entry.actor))?;
        if let Some((number, _)) = &entry.voucher {
            writeln!(out, "  voucher: {number}")?;
        }
        for (word, text) in
            [("counterparty", &entry.counterparty), ("document", &entry.document), ("memo", &entry.memo)]
        {
            if let Some(text) = text {
                writeln!(out, "  {word}: {}", quoted(text))?;
            }
        }
        for (id, balance) in entry.voucher_lines() {
            writeln!(out, "  {}  {} CNY", self.names[&id], balance.net())?;
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), ExportError> {
        writeln!(self.out)?;
        // An assertion counts what stands beneath an account, too: a subject and one payable of it are accounts here both.
        let nets: BTreeMap<&str, i128> = self
            .frame
            .closing
            .iter()
            .map(|(id, balance)| (self.names[id].as_str(), balance.net().fen().into()))
            .collect();
        for (name, net) in &nets {
            let (first, behind) = (format!("{name}:"), format!("{name};"));
            let sum = net + nets.range(first.as_str()..behind.as_str()).map(|(_, net)| net).sum::<i128>();
            let sum = Money::from_fen(i64::try_from(sum).unwrap_or(i64::MAX));
            writeln!(self.out, "{} balance {name} {sum} CNY", self.frame.to.next())?;
        }
        Ok(close(self.out)?)
    }
}
