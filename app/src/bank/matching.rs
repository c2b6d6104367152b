//! Which entry a line is. What is clear is tied as soon as it is read, or once its other side is there ([`super::again`]): withdrawals and
//! top-ups of the channel, a number that stands in both.
//! The rest is suggested ([`super::suggestions`]) and accepted by a person ([`super::acceptance`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::bank::LineState;
use domain::disbursement::PayoutState;
use domain::transfer::{TransferKind, TransferState};
use domain::{
    BankLineId, BankMatchId, BookId, BusinessDate, EntryId, Money, PaymentFileId, PayoutId, StaffId, Timestamp,
};
use entity::{Rows, Tx, bank_line, transfer};
use ledger::Account;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Statement};

use super::import::open_lines;
use super::{Bank, BankError, LineWords};
use crate::reconciliation::{BankLine, pairs};
use crate::transfers::{self, Line};

/// An entry that moved the account, and how much of it no line shows yet.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct OpenEntry {
    pub(super) id: EntryId,
    pub(super) reference: String,
    pub(super) document: Option<String>,
    pub(super) counterparty: Option<String>,
    pub(super) book_date: BusinessDate,
    pub(super) open_fen: Money,
}

/// A tie that is to be written.
pub(super) struct Tie {
    pub(super) line: BankLineId,
    pub(super) entry: EntryId,
    pub(super) amount: Money,
    pub(super) rule: &'static str,
}

#[derive(FromQueryResult)]
pub(super) struct SentPayout {
    pub(super) id: PayoutId,
    pub(super) state: PayoutState,
    pub(super) amount_fen: Money,
    pub(super) attempt: i64,
    pub(super) payment_file_id: PaymentFileId,
    pub(super) paid_on: Option<BusinessDate>,
}

/// Entries on a bank account that no line or not enough lines show. What was taken back before any line showed it is shown by none.
pub(super) async fn open_entries(db: &impl ConnectionTrait, account: &Account) -> Result<Vec<OpenEntry>, DbErr> {
    let sql = "SELECT e.id, e.reference, e.document, e.counterparty, e.book_date, CAST(m.moved - COALESCE(t.tied, 0) AS BIGINT) AS open_fen \
               FROM (SELECT s.entry_id, SUM(s.fen) AS moved FROM ( \
                   SELECT entry_id, amount_fen AS fen FROM posting WHERE debit_account = $1 \
                   UNION ALL SELECT entry_id, -amount_fen FROM posting WHERE credit_account = $1) s GROUP BY s.entry_id) m \
               JOIN entry e ON e.id = m.entry_id \
               LEFT JOIN (SELECT entry_id, SUM(amount_fen) AS tied FROM bank_match WHERE untied_us IS NULL GROUP BY entry_id) t ON t.entry_id = m.entry_id \
               WHERE m.moved <> COALESCE(t.tied, 0) AND NOT EXISTS (SELECT 1 FROM entry o WHERE (o.reverses = e.id OR o.id = e.reverses) \
                   AND NOT EXISTS (SELECT 1 FROM bank_match b WHERE b.untied_us IS NULL AND b.entry_id IN (e.id, o.id))) \
               ORDER BY e.book_date, e.id";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [account.id().into()]);
    OpenEntry::find_by_statement(statement).all(db).await
}

/// Who ties, and whom they stand in for.
pub(super) type By<'a> = (&'a str, Option<StaffId>);

/// Writes ties. One statement however many.
pub(super) async fn write_ties(
    tx: &Tx,
    now: Timestamp,
    ties: &[Tie],
    (actor, acting_for): By<'_>,
) -> Result<(), DbErr> {
    if ties.is_empty() {
        return Ok(());
    }
    let rows = Rows::new()
        .uuid("id", ties.iter().map(|_| BankMatchId::new().uuid()))
        .uuid("line_id", ties.iter().map(|tie| tie.line.uuid()))
        .uuid("entry_id", ties.iter().map(|tie| tie.entry.uuid()))
        .int("amount_fen", ties.iter().map(|tie| tie.amount.fen()))
        .text("rule", ties.iter().map(|tie| tie.rule));
    let sql = "INSERT INTO bank_match (id, line_id, entry_id, amount_fen, rule, actor, actor_for, at_us) \
               SELECT id, line_id, entry_id, amount_fen, rule, $1, $2, $3 FROM {rows}";
    let values = [actor.into(), acting_for.map(|id| id.to_string()).into(), now.into()];
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// Moves lines that are tied to the last fen.
pub(super) async fn settle_lines(tx: &Tx, lines: &BTreeSet<BankLineId>) -> Result<u64, DbErr> {
    if lines.is_empty() {
        return Ok(0);
    }
    let rows = Rows::new().uuid("id", lines.iter().map(|id| id.uuid()));
    let sql = "UPDATE bank_line SET state = 'matched' FROM {rows} WHERE bank_line.id = r.id AND bank_line.state = 'open' AND bank_line.amount_fen = \
               (SELECT COALESCE(SUM(m.amount_fen), 0) FROM bank_match m WHERE m.line_id = bank_line.id AND m.untied_us IS NULL)";
    Ok(tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [])).await?.rows_affected())
}

/// Ids of entries by reference.
pub(super) async fn entry_ids(tx: &Tx, references: Vec<String>) -> Result<HashMap<String, EntryId>, DbErr> {
    if references.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = Rows::new().text("reference", references);
    let sql = "SELECT e.reference, e.id FROM {rows} JOIN entry e ON e.reference = r.reference";
    let found = tx.query_all_raw(rows.statement(tx.get_database_backend(), sql, [])).await?;
    found.iter().map(|row| Ok((row.try_get("", "reference")?, row.try_get("", "id")?))).collect()
}

/// The number under which a line of the bank is known to a transfer.
fn number(line: &bank_line::Model) -> String {
    if line.reference.is_empty() { format!("line:{}", line.id) } else { line.reference.clone() }
}

impl Bank {
    /// Ties what is clear: transfers of the channel, which are booked if nobody has, and entries that carry the line's number or whose payment
    /// the line names. Answers how many lines.
    pub(super) async fn tie_what_is_clear(
        &self,
        tx: &Tx,
        now: Timestamp,
        book: BookId,
        name: &str,
        actor: &str,
    ) -> Result<u64, BankError> {
        let (spoken_of, parted) = spoken_of(tx, book, name).await?;
        let mut lines = open_lines(tx, book, name).await?;
        lines.retain(|line| !spoken_of.contains(&line.id));
        let words: Vec<LineWords> = lines.iter().map(|line| self.words(line)).collect::<Result<_, _>>()?;
        let known = transfer::Entity::find()
            .filter(transfer::Column::BookId.eq(book))
            .filter(transfer::Column::BankAccount.eq(name))
            .filter(transfer::Column::State.ne(TransferState::Rejected))
            .order_by_asc(transfer::Column::CreatedUs)
            .order_by_asc(transfer::Column::Id)
            .all(tx)
            .await?;
        let as_read: Vec<BankLine> = lines
            .iter()
            .zip(&words)
            .map(|(line, words)| BankLine {
                reference: number(line),
                amount: line.amount_fen,
                words: format!("{} {}", words.counterparty, words.remark),
            })
            .collect();
        let reference_of = |one: &transfer::Model| match one.kind {
            TransferKind::Withdrawal => format!("transfer_done:{}", one.id),
            TransferKind::TopUp => format!("transfer_left:{}", one.id),
        };
        // Which lines are which entries: of transfers that a day's reconciliation has tied before, then of those that fit.
        let mut named: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        let mut spoken = BTreeSet::new();
        for (at, one) in known.iter().enumerate() {
            let Some(tied) = &one.bank_line else { continue };
            let of: Vec<usize> = (0..lines.len())
                .filter(|line| !spoken.contains(line) && tied.split('+').any(|part| part == as_read[*line].reference))
                .collect();
            if of.is_empty() {
                continue;
            }
            spoken.extend(of.iter().copied());
            named.push((of, vec![at]));
        }
        let free: Vec<usize> = (0..lines.len()).filter(|at| !spoken.contains(at)).collect();
        let free_lines: Vec<(BusinessDate, &BankLine)> =
            free.iter().map(|at| (lines[*at].day, &as_read[*at])).collect();
        for (of, those) in pairs(&free_lines, &known) {
            let of: Vec<usize> = of.into_iter().map(|at| free[at]).collect();
            let reference = of.iter().map(|at| as_read[*at].reference.as_str()).collect::<Vec<_>>().join("+");
            let on = of.iter().map(|at| lines[*at].day).max().unwrap_or(BusinessDate::of(now));
            for at in &those {
                transfers::tie(tx, now, known[*at].id, Line::Bank(&reference), on).await?;
            }
            named.push((of, those));
        }
        let references = named.iter().flat_map(|(_, those)| those.iter().map(|at| reference_of(&known[*at]))).collect();
        let ids = entry_ids(tx, references).await?;
        let account = Account::bank(book, name);
        let mut open: BTreeMap<EntryId, OpenEntry> =
            open_entries(tx, &account).await?.into_iter().map(|entry| (entry.id, entry)).collect();
        let mut ties = Vec::new();
        for (of, those) in &named {
            // What a person has parted stays parted.
            let is_parted = |id: &EntryId| of.iter().any(|at| parted.contains(&(lines[*at].id, *id)));
            let entries: Vec<EntryId> = those
                .iter()
                .filter_map(|at| ids.get(&reference_of(&known[*at])).copied())
                .filter(|id| !is_parted(id))
                .collect();
            spread(&lines, of, &entries, &mut open, "transfer", &mut ties);
        }
        let tied: BTreeSet<BankLineId> = ties.iter().map(|tie: &Tie| tie.line).collect();
        for (line, words) in lines.iter().zip(&words).filter(|(line, _)| !tied.contains(&line.id)) {
            let carries = |entry: &&OpenEntry| {
                entry.open_fen == line.amount_fen
                    && !parted.contains(&(line.id, entry.id))
                    && ((!line.reference.is_empty() && entry.document.as_deref() == Some(line.reference.as_str()))
                        || payout_of(&entry.reference).is_some_and(|payout| {
                            words.remark.contains(&payout.simple()) || line.reference == payout.simple()
                        }))
            };
            let mut fit = open.values().filter(carries);
            // Two that fit are no answer.
            let (Some(entry), None) = (fit.next().map(|entry| entry.id), fit.next()) else { continue };
            ties.push(Tie { line: line.id, entry, amount: line.amount_fen, rule: "document" });
            open.remove(&entry);
        }
        write_ties(tx, now, &ties, (actor, None)).await?;
        Ok(settle_lines(tx, &ties.iter().map(|tie| tie.line).collect()).await?)
    }
}

/// Open lines that only a person goes on with: a claim is about them, or they are tied in part. And which line a person parted from which
/// entry. Two statements.
async fn spoken_of(
    tx: &Tx,
    book: BookId,
    name: &str,
) -> Result<(BTreeSet<BankLineId>, BTreeSet<(BankLineId, EntryId)>), DbErr> {
    let of = |sql: &str| {
        let sql = format!("{sql} AND l.book_id = $1 AND l.bank_account = $2 AND l.state = 'open'");
        Statement::from_sql_and_values(tx.get_database_backend(), sql, [book.into(), name.into()])
    };
    let lines = "SELECT l.id FROM bank_line l WHERE (EXISTS (SELECT 1 FROM bank_claim c WHERE c.line_id = l.id AND c.state <> 'declined') \
                 OR EXISTS (SELECT 1 FROM bank_match m WHERE m.line_id = l.id AND m.untied_us IS NULL))";
    let lines = tx.query_all_raw(of(lines)).await?;
    let parted = "SELECT m.line_id, m.entry_id FROM bank_match m JOIN bank_line l ON l.id = m.line_id WHERE m.untied_us IS NOT NULL";
    let parted = tx.query_all_raw(of(parted)).await?;
    let lines = lines.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?;
    let parted = parted.iter().map(|row| Ok((row.try_get("", "line_id")?, row.try_get("", "entry_id")?)));
    Ok((lines, parted.collect::<Result<_, DbErr>>()?))
}

/// Ties lines to entries so that both are used up, in order: several lines to one entry, or one line to several.
pub(super) fn spread(
    lines: &[bank_line::Model],
    of: &[usize],
    entries: &[EntryId],
    open: &mut BTreeMap<EntryId, OpenEntry>,
    rule: &'static str,
    ties: &mut Vec<Tie>,
) {
    let mut left: Vec<(BankLineId, i64)> = of.iter().map(|at| (lines[*at].id, lines[*at].amount_fen.fen())).collect();
    for id in entries {
        let Some(entry) = open.get_mut(id) else { continue };
        for (line, fen) in &mut left {
            let rest = entry.open_fen.fen();
            if *fen == 0 || rest == 0 || (*fen < 0) != (rest < 0) {
                continue;
            }
            let part = if fen.abs() < rest.abs() { *fen } else { rest };
            ties.push(Tie { line: *line, entry: *id, amount: Money::from_fen(part), rule });
            *fen -= part;
            entry.open_fen = Money::from_fen(rest - part);
        }
    }
}

/// The payout whose payment an entry booked.
fn payout_of(reference: &str) -> Option<PayoutId> {
    let rest = reference.strip_prefix("disbursement_paid:")?;
    rest.split(':').next()?.parse().ok()
}

/// Payouts that this account has paid or was told to pay.
pub(super) async fn payouts_at(db: &impl ConnectionTrait, book: BookId, name: &str) -> Result<Vec<SentPayout>, DbErr> {
    let sql = "SELECT o.id, o.state, o.amount_fen, o.attempt, o.payment_file_id, o.paid_on FROM payout o \
               JOIN payment_file f ON f.id = o.payment_file_id \
               WHERE f.book_id = $1 AND f.bank_account = $2 AND o.state IN ('sent', 'confirmed') ORDER BY o.id";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [book.into(), name.into()]);
    SentPayout::find_by_statement(statement).all(db).await
}

/// Whether a line stands open, for those who ask outside of this file.
pub(super) fn is_open(line: &bank_line::Model) -> bool {
    line.state == LineState::Open
}
