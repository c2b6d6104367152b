//! An entry as people read it: with the names of its accounts, its voucher number, and what takes it back; and how one is found by
//! what somebody has at hand.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, BookId, BusinessDate, EntryId};
use entity::{account, entry, posting, voucher};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::{Account, CashFlow, Entry, Posting, Raised, entry_by_reference, subjects};

/// An account with the name of its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAccount {
    /// The account.
    pub account: account::Model,
    /// What its subject is called.
    pub subject: String,
}

/// An entry with everything that stands on its voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntrySheet {
    /// The entry.
    pub entry: entry::Model,
    /// Its lines.
    pub lines: Vec<posting::Model>,
    /// The accounts of its lines.
    pub accounts: BTreeMap<AccountId, NamedAccount>,
    /// 凭证号, once its day is sealed.
    pub voucher: Option<i64>,
    /// The reference of the entry it takes back.
    pub reverses: Option<String>,
    /// The reference of the entry that takes it back.
    pub reversed_by: Option<String>,
}

/// Accounts by id, with the names of their subjects. Two statements.
pub async fn named_accounts(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = AccountId>,
) -> Result<BTreeMap<AccountId, NamedAccount>, DbErr> {
    let ids: BTreeSet<AccountId> = ids.into_iter().collect();
    let rows = account::Entity::find().filter(account::COLUMN.id.is_in(ids)).all(db).await?;
    let subjects = subjects(db).await?;
    let named = |account: account::Model| {
        let subject = subjects.get(&(account.chart.clone(), account.subject.clone()));
        let subject = subject.map_or_else(|| account.subject.clone(), |subject| subject.name.clone());
        (account.id, NamedAccount { account, subject })
    };
    Ok(rows.into_iter().map(named).collect())
}

/// An entry by its reference. Seven statements at most.
pub async fn entry_sheet(db: &impl ConnectionTrait, reference: &str) -> Result<Option<EntrySheet>, DbErr> {
    let Some((row, lines)) = entry_by_reference(db, reference).await? else { return Ok(None) };
    let accounts = named_accounts(db, lines.iter().flat_map(|line| [line.debit_account, line.credit_account])).await?;
    let voucher = voucher::Entity::find().filter(voucher::Column::EntryId.eq(row.id)).one(db).await?;
    let reverses = match row.reverses {
        Some(original) => entry::Entity::find_by_id(original).one(db).await?.map(|original| original.reference),
        None => None,
    };
    let reversed_by = entry::Entity::find().filter(entry::Column::Reverses.eq(row.id)).one(db).await?;
    Ok(Some(EntrySheet {
        entry: row,
        lines,
        accounts,
        voucher: voucher.map(|voucher| voucher.number),
        reverses,
        reversed_by: reversed_by.map(|row| row.reference),
    }))
}

/// The exact mirror of a booked entry (红字冲销), to be booked for a day; nothing if no entry has this reference. It tells neither whose money
/// it is nor through which channel it came: whoever knows says so. Three statements.
pub async fn mirror(db: &impl ConnectionTrait, reference: &str, day: BusinessDate) -> Result<Option<Entry>, DbErr> {
    let Some((row, lines)) = entry_by_reference(db, reference).await? else { return Ok(None) };
    let ids: BTreeSet<AccountId> = lines.iter().flat_map(|line| [line.debit_account, line.credit_account]).collect();
    let accounts = account::Entity::find().filter(account::COLUMN.id.is_in(ids)).all(db).await?;
    let account = |id| {
        let found = accounts.iter().find(|account| account.id == id).and_then(Account::of_row);
        found.ok_or_else(|| DbErr::Type(format!("an account of {reference} cannot be read")))
    };
    let mut original = Entry::new(row.book_id, "reversed", row.reference, row.event_date).document(row.document);
    for line in &lines {
        original.postings.push(Posting {
            debit: account(line.debit_account)?,
            credit: account(line.credit_account)?,
            amount: line.amount_fen,
            raised: Raised::parse(&line.raised),
            cash_flow: line.cash_flow.as_deref().and_then(CashFlow::of),
        });
    }
    Ok(Some(Entry::reversal(row.id, &original, day)))
}

/// What an entry may be named after: the number of the thing it is about follows.
const ABOUT: [&str; 28] = [
    "donation",
    "refund",
    "refund_sent",
    "refund_given_up",
    "refund_covered",
    "refund_cover_returned",
    "suspense",
    "suspense_returned",
    "channel_difference",
    "fee",
    "fee_returned",
    "transfer_left",
    "transfer_done",
    "disbursement",
    "disbursement_settled",
    "disbursement_cancelled",
    "release",
    "leftover",
    "manual",
    "voucher",
    "bank_line",
    "claim",
    "bank_interest",
    "bank_charge",
    "cash_banked",
    "platform_settled",
    "unclaimed",
    "unclaimed_returned",
];

/// How often a payment may have been tried.
const ATTEMPTS: u8 = 9;

/// Entries of these books that somebody means by a text: a reference, the number of what an entry is about, a voucher number. In the
/// order of booking. Two statements, each by unique keys.
pub async fn find_entries(db: &impl ConnectionTrait, books: &[BookId], text: &str) -> Result<Vec<entry::Model>, DbErr> {
    let number = text.parse::<Uuid>().map_or_else(|_| text.to_owned(), |id| id.to_string());
    let mut names = vec![text.to_owned()];
    for about in ABOUT {
        names.push(format!("{about}:{number}"));
        names.push(format!("reversal:{about}:{number}"));
    }
    for attempt in 1..=ATTEMPTS {
        names.push(format!("disbursement_paid:{number}:{attempt}"));
        names.push(format!("disbursement_bounced:{number}:{attempt}"));
    }
    // The entries of a year's end, by what they have in common: `year_end:{book}:{year}`.
    names.extend(["income", "release", "expense"].map(|step| format!("{text}:{step}")));
    let mut ids: Vec<EntryId> = Vec::new();
    if let Ok(voucher_number) = text.parse::<i64>() {
        let rows = voucher::Entity::find()
            .filter(voucher::Column::BookId.is_in(books.iter().copied()))
            .filter(voucher::Column::Number.eq(voucher_number))
            .all(db)
            .await?;
        ids.extend(rows.into_iter().map(|row| row.entry_id));
    }
    entry::Entity::find()
        .filter(entry::Column::BookId.is_in(books.iter().copied()))
        .filter(Condition::any().add(entry::Column::Reference.is_in(names)).add(entry::Column::Id.is_in(ids)))
        .order_by_asc(entry::Column::Id)
        .all(db)
        .await
}
