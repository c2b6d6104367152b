//! Sealing (日封存): what was booked up to a day gets voucher numbers without gaps and a fingerprint that anybody can compute again.
//!
//! The leaves of a day are its vouchers, the head is the Merkle tree hash of RFC 6962 over SHA-256, and the seal chains it to the day
//! before. The exact bytes are in `docs/sealing.md`; `docs/verify_seals.py` computes them from the CSV export. A leaf holds ids, days and
//! amounts, never a name, and a random salt.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use domain::{AccountId, BookId, BusinessDate, EntryId, Timestamp};
use entity::{Rows, Tx, account, book, day_seal};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use sha2::Sha256;

use crate::book::{BookError, close_through};
use crate::{AuditReport, journal};

type Names = BTreeMap<AccountId, String>;

/// What a leaf says of a line: names of the debit and the credit account, fen, public total.
type LeafLine<'a> = (&'a str, &'a str, i64, &'a str);

/// Why a day was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Days are sealed forwards only.
    #[error("the book is sealed through {0} already")]
    SealedFurther(BusinessDate),
    /// The book cannot be closed.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// Closes a book through a day and seals every day up to it that is not sealed yet, each chained to the one before. The first day
/// is the first on which something is booked. A book without entries has nothing to seal.
pub async fn seal_through(
    tx: &Tx,
    book: BookId,
    day: BusinessDate,
    now: Timestamp,
) -> Result<Vec<day_seal::Model>, SealError> {
    match close_through(tx, book, day).await {
        Ok(()) | Err(BookError::ClosedFurther(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let row = book::Entity::find_by_id(book).one(tx).await?.ok_or(BookError::NoSuchBook)?;
    let last = last_seal(tx, book).await?;
    if let Some(last) = last.as_ref().filter(|last| last.day >= day) {
        return Err(SealError::SealedFurther(last.day));
    }
    let first = match &last {
        Some(last) => Some(last.day.next()),
        None => journal::booked_days(tx, book).await?.map(|(first, _)| first),
    };
    let Some(mut on) = first else { return Ok(Vec::new()) };

    let names = account_names(tx, book).await?;
    let mut number = last.as_ref().map_or(0, |last| last.last_number);
    let mut previous = last.map(|last| last.seal);
    let mut leaves: BTreeMap<BusinessDate, MemoryBackedTree<Sha256, Vec<u8>>> = BTreeMap::new();
    let mut vouchers: Vec<(i64, EntryId, [u8; 16])> = Vec::new();
    journal::journal(tx, book, Some(on), Some(day), &mut |mut entry| {
        number += 1;
        let mut salt = [0; 16];
        rand::fill(&mut salt).map_err(|_| DbErr::Custom("the system has no randomness".to_owned()))?;
        entry.voucher = Some((number, salt.to_vec()));
        leaves.entry(entry.book_date).or_default().push(leaf(&entry, &names));
        vouchers.push((number, entry.id, salt));
        Ok::<_, DbErr>(())
    })
    .await?;

    let mut seals = Vec::new();
    let mut first_number = vouchers.first().map_or(number + 1, |(first, ..)| *first);
    while on <= day {
        let tree = leaves.remove(&on).unwrap_or_default();
        let last_number = first_number - 1 + i64::try_from(tree.len()).unwrap_or(i64::MAX);
        let tree_head = tree.root().as_bytes().to_vec();
        let seal = seal_of(&row.code, on, first_number, last_number, &tree_head, previous.as_deref());
        let previous_seal = previous.replace(seal.clone());
        seals.push(day_seal::Model {
            book_id: book,
            day: on,
            first_number,
            last_number,
            tree_head,
            previous: previous_seal,
            seal,
            sealed_us: now,
        });
        first_number = last_number + 1;
        on = on.next();
    }
    write(tx, book, &vouchers, &seals).await?;
    Ok(seals)
}

async fn write(
    tx: &Tx,
    book: BookId,
    vouchers: &[(i64, EntryId, [u8; 16])],
    seals: &[day_seal::Model],
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    if !vouchers.is_empty() {
        let rows = Rows::new()
            .int("number", vouchers.iter().map(|(number, ..)| *number))
            .uuid("entry_id", vouchers.iter().map(|(_, entry, _)| entry.uuid()))
            .bytes("salt", vouchers.iter().map(|(.., salt)| salt.to_vec()));
        let sql = "INSERT INTO voucher (book_id, number, entry_id, salt) SELECT $1, number, entry_id, salt FROM {rows} WHERE true ORDER BY number";
        tx.execute_raw(rows.statement(backend, sql, [book.into()])).await?;
    }
    let rows = Rows::new()
        .text("day", seals.iter().map(|seal| seal.day.to_string()))
        .int("first_number", seals.iter().map(|seal| seal.first_number))
        .int("last_number", seals.iter().map(|seal| seal.last_number))
        .bytes("tree_head", seals.iter().map(|seal| seal.tree_head.clone()))
        .bytes_or_null("previous", seals.iter().map(|seal| seal.previous.clone()))
        .bytes("seal", seals.iter().map(|seal| seal.seal.clone()))
        .int("sealed_us", seals.iter().map(|seal| seal.sealed_us.us()));
    let sql = "INSERT INTO day_seal (book_id, day, first_number, last_number, tree_head, previous, seal, sealed_us) \
               SELECT $1, day, first_number, last_number, tree_head, previous, seal, sealed_us FROM {rows} WHERE true ORDER BY day";
    tx.execute_raw(rows.statement(backend, sql, [book.into()])).await?;
    Ok(())
}

/// The newest seal of a book.
pub async fn last_seal(db: &impl ConnectionTrait, book: BookId) -> Result<Option<day_seal::Model>, DbErr> {
    day_seal::Entity::find().filter(day_seal::COLUMN.book_id.eq(book)).order_by_desc(day_seal::COLUMN.day).one(db).await
}

/// A page of the seals of a book, newest first, before the day named.
pub async fn seals(
    db: &impl ConnectionTrait,
    book: BookId,
    before: Option<BusinessDate>,
    limit: u64,
) -> Result<Vec<day_seal::Model>, DbErr> {
    let mut query = day_seal::Entity::find().filter(day_seal::COLUMN.book_id.eq(book));
    if let Some(before) = before {
        query = query.filter(day_seal::Column::Day.lt(before));
    }
    query.order_by_desc(day_seal::COLUMN.day).limit(limit).all(db).await
}

async fn account_names(db: &impl ConnectionTrait, book: BookId) -> Result<Names, DbErr> {
    let rows = account::Entity::find().filter(account::COLUMN.book_id.eq(book)).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// The bytes of a leaf: a JSON array without spaces, its texts as they are.
fn leaf(entry: &journal::JournalEntry, names: &Names) -> Vec<u8> {
    let name = |id: &AccountId| names.get(id).map(String::as_str).unwrap_or_default();
    let lines: Vec<LeafLine<'_>> = entry
        .lines
        .iter()
        .map(|line| (name(&line.debit), name(&line.credit), line.amount.fen(), line.raised.as_str()))
        .collect();
    let (number, salt) =
        entry.voucher.as_ref().map_or((0, String::new()), |(number, salt)| (*number, hex::encode(salt)));
    let content = (
        salt,
        number,
        entry.id.to_string(),
        &entry.reference,
        &entry.kind,
        entry.book_date.to_string(),
        entry.event_date.to_string(),
        entry.booked_us.us(),
        entry.reverses.map(|id| id.to_string()),
        lines,
    );
    serde_json::to_vec(&content).expect("strings and integers always serialise")
}

fn seal_of(
    book: &str,
    day: BusinessDate,
    first_number: i64,
    last_number: i64,
    tree_head: &[u8],
    previous: Option<&[u8]>,
) -> Vec<u8> {
    let content = (book, day.to_string(), first_number, last_number, hex::encode(tree_head), previous.map(hex::encode));
    let json = serde_json::to_vec(&content).expect("strings and integers always serialise");
    digest(&SHA256, &json).as_ref().to_vec()
}

/// Computes every seal again: numbers without gaps, every entry of a sealed day with its number, heads, and the chain.
pub(crate) async fn audit(db: &Tx, report: &mut AuditReport) -> Result<(), DbErr> {
    for book in book::Entity::find().order_by_asc(book::COLUMN.code).all(db).await? {
        let seals = day_seal::Entity::find()
            .filter(day_seal::COLUMN.book_id.eq(book.id))
            .order_by_asc(day_seal::COLUMN.day)
            .all(db)
            .await?;
        let Some(last) = seals.last() else { continue };
        let names = account_names(db, book.id).await?;
        // The journal comes day after day: one tree at a time.
        let mut heads: BTreeMap<BusinessDate, DayTree> = BTreeMap::new();
        let (mut unnumbered, mut numbered) = (0, 0);
        journal::journal(db, book.id, None, Some(last.day), &mut |entry| {
            let Some((number, _)) = &entry.voucher else {
                unnumbered += 1;
                return Ok(());
            };
            numbered += 1;
            if !heads.contains_key(&entry.book_date) {
                heads.values_mut().for_each(DayTree::finish);
            }
            heads.entry(entry.book_date).or_default().push(*number, leaf(&entry, &names));
            Ok::<_, DbErr>(())
        })
        .await?;
        report.compare("voucher.missing", &book.code, 0, unnumbered);
        report.compare("voucher.count", &book.code, vouchers(db, book.id).await?, numbered);
        let mut next = 1;
        let mut previous: Option<Vec<u8>> = None;
        for (index, seal) in seals.iter().enumerate() {
            let key = format!("{} {}", book.code, seal.day);
            if index > 0 {
                report.compare("day_seal.day", &key, seal.day, seals[index - 1].day.next());
            }
            report.compare("day_seal.first_number", &key, seal.first_number, next);
            let mut day = heads.remove(&seal.day).unwrap_or_default();
            day.finish();
            let sound = !day.broken && day.count == seal.last_number - seal.first_number + 1;
            let first = day.first.unwrap_or(seal.first_number);
            report.compare("day_seal.numbers", &key, true, sound && first == seal.first_number);
            let head = day.head;
            report.compare("day_seal.tree_head", &key, hex::encode(&seal.tree_head), hex::encode(&head));
            report.compare(
                "day_seal.previous",
                &key,
                seal.previous.as_deref().map(hex::encode).unwrap_or_default(),
                previous.as_deref().map(hex::encode).unwrap_or_default(),
            );
            let computed =
                seal_of(&book.code, seal.day, seal.first_number, seal.last_number, &head, previous.as_deref());
            report.compare("day_seal.seal", &key, hex::encode(&seal.seal), hex::encode(&computed));
            next = seal.last_number + 1;
            previous = Some(seal.seal.clone());
        }
    }
    Ok(())
}

/// The tree of a day while its vouchers are read, then its head alone.
#[derive(Default)]
struct DayTree {
    first: Option<i64>,
    count: i64,
    /// Whether a number was not one more than the number before.
    broken: bool,
    tree: MemoryBackedTree<Sha256, Vec<u8>>,
    head: Vec<u8>,
}

impl DayTree {
    fn push(&mut self, number: i64, leaf: Vec<u8>) {
        let first = *self.first.get_or_insert(number);
        self.broken |= number != first + self.count;
        self.count += 1;
        self.tree.push(leaf);
    }

    fn finish(&mut self) {
        if self.head.is_empty() {
            self.head = std::mem::take(&mut self.tree).root().as_bytes().to_vec();
        }
    }
}

async fn vouchers(db: &impl ConnectionTrait, book: BookId) -> Result<i64, DbErr> {
    let sql = "SELECT CAST(count(*) AS BIGINT) AS n FROM voucher WHERE book_id = $1";
    let row = db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [book.into()])).await?;
    row.map_or(Ok(0), |row| row.try_get("", "n"))
}
