//! An hledger journal. `hledger -f FILE check` proves it: every entry balances, every account is declared, and the last entry asserts
//! the balances that we store.

use std::collections::BTreeMap;
use std::io::Write;

use domain::{AccountId, Money};
use ledger::JournalEntry;

use super::chart::Named;
use super::{Draft, ExportError, Form, Frame, close};

pub(super) struct Hledger<'a> {
    frame: Frame<'a>,
    names: BTreeMap<AccountId, String>,
    out: Draft,
}

pub(super) fn open(frame: Frame<'_>, mut out: Draft) -> Result<Hledger<'_>, ExportError> {
    let names = frame.chart.names(name);
    let book = frame.book;
    writeln!(out, "; {} ({})  {}..{}", line(&book.name), book.code, frame.from, frame.to)?;
    writeln!(out, "; 会计科目 {} 版\n\ncommodity CNY 1000.00\n", book.chart)?;
    for (id, account) in frame.chart.accounts() {
        let kind = match account.element.as_str() {
            "asset" if ["1001", "1002", "1009"].contains(&account.subject.0.as_str()) => "C",
            "asset" => "A",
            "liability" => "L",
            "net_assets" => "E",
            "income" => "R",
            _ => "X",
        };
        writeln!(out, "account {}  ; type:{kind}, name:{}", names[id], account.name.replace(',', " "))?;
    }
    if frame.opening.values().any(|balance| balance.net() != Money::ZERO) {
        writeln!(out, "\n{} * 期初余额  ; kind:opening", frame.from)?;
        for (id, balance) in frame.opening.iter().filter(|(_, balance)| balance.net() != Money::ZERO) {
            writeln!(out, "    {}    CNY {}", names[id], balance.net())?;
        }
    }
    Ok(Hledger { frame, names, out })
}

fn name(account: &Named) -> String {
    let root = match account.element.as_str() {
        "asset" => "assets",
        "liability" => "liabilities",
        "net_assets" => "equity",
        "income" => "income",
        _ => "expenses",
    };
    let mut name = format!("{root}:{} {}", account.subject.0, part(&account.subject.1));
    for (_, text) in &account.dimensions {
        name.push(':');
        name.push_str(&part(text));
    }
    name
}

/// A component of an account's name: no colon, no comment sign, no second space (it ends the name).
fn part(text: &str) -> String {
    let text = text.replace([':', ';', '"'], "-");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text that ends with its line.
fn line(text: &str) -> String {
    text.replace(';', ",").split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Form for Hledger<'_> {
    fn entry(&mut self, entry: &JournalEntry) -> Result<(), ExportError> {
        let out = &mut self.out;
        let code = entry.voucher.as_ref().map(|(number, _)| format!("(记-{number}) ")).unwrap_or_default();
        writeln!(
            out,
            "\n{} * {code}{}  ; kind:{}, event:{}, actor:{}",
            entry.book_date,
            line(&entry.reference),
            entry.kind,
            entry.event_date,
            line(&entry.actor).replace(',', " ")
        )?;
        for (word, text) in
            [("counterparty", &entry.counterparty), ("document", &entry.document), ("memo", &entry.memo)]
        {
            if let Some(text) = text {
                writeln!(out, "    ; {word}: {}", line(text).replace(',', "，"))?;
            }
        }
        for (id, balance) in entry.voucher_lines() {
            writeln!(out, "    {}    CNY {}", self.names[&id], balance.net())?;
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), ExportError> {
        if !self.frame.closing.is_empty() {
            writeln!(self.out, "\n{} * 期末余额核对  ; kind:assertion", self.frame.to)?;
            for (id, balance) in &self.frame.closing {
                writeln!(self.out, "    {}    CNY 0.00 = CNY {}", self.names[id], balance.net())?;
            }
        }
        Ok(close(self.out)?)
    }
}
