//! Entries (凭证) before they are booked: what a recipe writes down.

use aws_lc_rs::digest;
use domain::{AccountId, BookId, BusinessDate, CampaignId, DonorId, EntryId, Money};

use crate::{Account, CashFlow};

/// Which public total a posting moves (charity 6.5 (5)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Raised {
    /// The campaign's cash total.
    Cash,
    /// The campaign's total of goods.
    Goods,
    /// None.
    #[default]
    None,
}

impl Raised {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Raised::Cash => "cash",
            Raised::Goods => "goods",
            Raised::None => "none",
        }
    }

    pub(crate) fn parse(text: &str) -> Raised {
        match text {
            "cash" => Raised::Cash,
            "goods" => Raised::Goods,
            _ => Raised::None,
        }
    }
}

/// One line: an amount from the credit account to the debit account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The account debited.
    pub debit: Account,
    /// The account credited.
    pub credit: Account,
    /// More than nothing.
    pub amount: Money,
    /// Which public total it moves.
    pub raised: Raised,
    /// The line of 现金流量表 a person gave it; without one it follows from the accounts.
    pub cash_flow: Option<CashFlow>,
}

/// The day an entry is booked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookOn {
    /// The day of the event, or the first day that is still open: nothing that happened stays outside the books.
    EventOrFirstOpen,
    /// That day and no other; refused if it is closed.
    Day(BusinessDate),
    /// That day, or the first day that is still open.
    DayOrFirstOpen(BusinessDate),
}

/// An entry to be booked. Named by a reference that is unique for ever; the same reference with the same content is the same
/// entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub(crate) book: BookId,
    pub(crate) reference: String,
    pub(crate) kind: &'static str,
    pub(crate) event_date: BusinessDate,
    pub(crate) book_on: BookOn,
    pub(crate) actor: String,
    pub(crate) source: &'static str,
    pub(crate) donor: Option<DonorId>,
    pub(crate) channel: Option<&'static str>,
    pub(crate) counterparty: Option<String>,
    pub(crate) document: Option<String>,
    pub(crate) memo: Option<String>,
    pub(crate) reverses: Option<EntryId>,
    pub(crate) within: Vec<Account>,
    pub(crate) commitments: Vec<(CampaignId, i64)>,
    pub(crate) postings: Vec<Posting>,
}

impl Entry {
    /// An entry without postings yet. `kind` is the business event in one word, `reference` its unique name.
    pub fn new(book: BookId, kind: &'static str, reference: String, event_date: BusinessDate) -> Entry {
        Entry {
            book,
            reference,
            kind,
            event_date,
            book_on: BookOn::EventOrFirstOpen,
            actor: "system".to_owned(),
            source: kind,
            donor: None,
            channel: None,
            counterparty: None,
            document: None,
            memo: None,
            reverses: None,
            within: Vec::new(),
            commitments: Vec::new(),
            postings: Vec::with_capacity(1),
        }
    }

    /// Adds a line that moves no public total.
    pub fn posting(self, debit: Account, credit: Account, amount: Money) -> Entry {
        self.raising(debit, credit, amount, Raised::None)
    }

    /// Adds a line.
    pub fn raising(mut self, debit: Account, credit: Account, amount: Money, raised: Raised) -> Entry {
        self.postings.push(Posting { debit, credit, amount, raised, cash_flow: None });
        self
    }

    /// Adds a line of a manual voucher, with the line of 现金流量表 it belongs to if it moves cash.
    pub fn flowing(mut self, debit: Account, credit: Account, amount: Money, cash_flow: Option<CashFlow>) -> Entry {
        self.postings.push(Posting { debit, credit, amount, raised: Raised::None, cash_flow });
        self
    }

    /// Who did it: a natural person's id, or `system` (the default).
    pub fn by(mut self, actor: impl Into<String>) -> Entry {
        self.actor = actor.into();
        self
    }

    /// The donor whose money it is.
    pub fn donor(mut self, donor: Option<DonorId>) -> Entry {
        self.donor = donor;
        self
    }

    /// Which way a gift came.
    pub fn channel(mut self, channel: &'static str) -> Entry {
        self.channel = Some(channel);
        self
    }

    /// The other party, where it is an organisation.
    pub fn counterparty(mut self, counterparty: Option<String>) -> Entry {
        self.counterparty = counterparty;
        self
    }

    /// The number of the source document: a transaction, a bank reference.
    pub fn document(mut self, document: Option<String>) -> Entry {
        self.document = document;
        self
    }

    /// A remark for the bookkeeper; no part of the content.
    pub fn memo(mut self, memo: impl Into<String>) -> Entry {
        self.memo = Some(memo.into());
        self
    }

    /// Refuses the entry if it would take more from this account than it holds (a debit balance below zero).
    pub fn within(mut self, account: Account) -> Entry {
        self.within.push(account);
        self
    }

    /// Redeems a promise ([`crate::commit`]) with the entry that books it, in the same moment, so that the money is neither
    /// counted twice nor free in between.
    pub fn redeeming(mut self, campaign: CampaignId, amount: Money) -> Entry {
        self.commitments.push((campaign, -amount.fen()));
        self
    }

    /// Takes the promise on again: what was paid came back and is still owed.
    pub fn promising(mut self, campaign: CampaignId, amount: Money) -> Entry {
        self.commitments.push((campaign, amount.fen()));
        self
    }

    /// Books on exactly that day.
    pub fn on(mut self, day: BusinessDate) -> Entry {
        self.book_on = BookOn::Day(day);
        self
    }

    /// Books on that day, or on the first day that is still open.
    pub fn on_or_after(mut self, day: BusinessDate) -> Entry {
        self.book_on = BookOn::DayOrFirstOpen(day);
        self
    }

    /// The exact mirror of a booked entry (红字冲销), naming what it reverses. It inherits the marks, so that the public total
    /// goes back too.
    pub fn reversal(original: EntryId, of: &Entry, event_date: BusinessDate) -> Entry {
        let mirror = |p: &Posting| Posting {
            debit: p.credit.clone(),
            credit: p.debit.clone(),
            amount: p.amount,
            raised: p.raised,
            cash_flow: p.cash_flow,
        };
        Entry {
            reference: format!("reversal:{}", of.reference),
            kind: "reversal",
            source: "reversal",
            event_date,
            book_on: BookOn::EventOrFirstOpen,
            reverses: Some(original),
            within: Vec::new(),
            commitments: Vec::new(),
            postings: of.postings.iter().map(mirror).collect(),
            ..of.clone()
        }
    }

    /// The unique name.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// The lines.
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// The sum of its lines, if it has any, all are positive, none crosses books and the sum exists.
    pub(crate) fn total(&self) -> Option<Money> {
        let sound = |p: &Posting| {
            p.amount.is_positive()
                && p.amount <= Money::MAX
                && p.debit.book == self.book
                && p.credit.book == self.book
                && p.debit != p.credit
        };
        if self.postings.is_empty() || !self.postings.iter().all(sound) {
            return None;
        }
        Money::checked_sum(self.postings.iter().map(|p| p.amount))
    }

    /// SHA-256 over what makes the entry this entry: everything but the day it was booked on, who booked it and remarks.
    /// A JSON array, so that no two contents read alike.
    pub(crate) fn digest(&self, accounts: &[(AccountId, AccountId)]) -> Vec<u8> {
        content_digest(
            &self.book.to_string(),
            self.kind,
            &self.event_date.to_string(),
            self.reverses.map(|id| id.to_string()).as_deref(),
            self.donor.map(|id| id.to_string()).as_deref(),
            self.channel,
            self.counterparty.as_deref(),
            self.document.as_deref(),
            &self
                .postings
                .iter()
                .zip(accounts)
                .map(|(p, (debit, credit))| (debit.to_string(), credit.to_string(), p.amount.fen(), p.raised.as_str()))
                .collect::<Vec<_>>(),
            &self.postings.iter().map(|p| p.cash_flow.map(CashFlow::key)).collect::<Vec<_>>(),
        )
    }
}

/// The digest from stored values; the audit computes it again from the rows.
#[allow(clippy::too_many_arguments, reason = "the columns that make the content, each once")]
pub(crate) fn content_digest(
    book: &str,
    kind: &str,
    event_date: &str,
    reverses: Option<&str>,
    donor: Option<&str>,
    channel: Option<&str>,
    counterparty: Option<&str>,
    document: Option<&str>,
    postings: &[(String, String, i64, &str)],
    cash_flows: &[Option<&str>],
) -> Vec<u8> {
    let content = (book, kind, event_date, reverses, donor, channel, counterparty, document, postings);
    // What nobody gave is no content: recipes read as they did before there were lines to give.
    let json = if cash_flows.iter().any(Option::is_some) {
        serde_json::to_vec(&(content, cash_flows))
    } else {
        serde_json::to_vec(&content)
    };
    let json = json.expect("strings and integers always serialise");
    digest::digest(&digest::SHA256, &json).as_ref().to_vec()
}
