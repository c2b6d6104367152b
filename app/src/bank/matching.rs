//! Which entry a line is. What is clear is tied as soon as it is read: withdrawals and top-ups of the channel, a number that stands in both.
//! For the rest there are suggestions with their reasons, and a person accepts as many at once as they like: everything or nothing. What the
//! bank did and nobody has booked is booked from its line, through the recipes everybody uses.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crowdfunding::spending::{self, Outcome, Verdict};
use domain::bank::{ClaimChoice, ClaimEvent, ClaimState, LineEvent, LineState};
use domain::disbursement::PayoutState;
use domain::role::Member;
use domain::transfer::{TransferKind, TransferState};
use domain::{
    BankClaimId, BankLineId, BankMatchId, BookId, BusinessDate, CampaignId, EntryId, Money, PaymentFileId, PayoutId,
    StaffId, Timestamp,
};
use entity::{Rows, Tx, bank_claim, bank_line, bank_match, entry, gift_code, transfer};
use ledger::{Account, Entry};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Set, Statement,
};

use super::import::open_lines;
use super::{Bank, BankError, KEEPERS, LineWords, READERS, ShownLine, hand, locked_account};
use crate::postings;
use crate::reconciliation::{BankLine, pairs};
use crate::transfers::{self, Line};

/// How many lines are accepted at once.
const AT_ONCE: usize = 500;
/// How many days an entry may lie from its line to be suggested.
const NEAR_DAYS: i64 = 10;

/// What a line may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuggestionKind {
    /// A gift: two persons claim it.
    Gift,
    /// An entry that is there.
    Entry,
    /// Payments of a file that the bank has made (12b).
    Payouts,
    /// A payment that came back (12c).
    Bounced,
    /// Interest (18).
    Interest,
    /// A charge of the bank (23).
    Charge,
    /// Cash of the box that was banked (7).
    Cash,
    /// What a designated platform has settled.
    Platform,
    /// A return that two persons have decided.
    Return,
    /// Money of nobody yet (6b).
    Unclaimed,
}

/// What a line may be, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What.
    pub kind: SuggestionKind,
    /// The entries, payouts or the claim it would be; the campaign of a gift.
    pub ids: Vec<uuid::Uuid>,
    /// The platform, or the reference of the entry.
    pub name: Option<String>,
    /// Why, in Chinese.
    pub reason: String,
}

/// What a person says a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// These entries.
    Entries(Vec<EntryId>),
    /// The bank has made these payments.
    Payouts(Vec<PayoutId>),
    /// This payment came back, in the bank's words.
    Bounced(PayoutId, String),
    /// Interest.
    Interest,
    /// A charge of the bank.
    Charge,
    /// Cash that was banked.
    Cash,
    /// A settlement of this platform.
    Platform(String),
    /// The payment of a decided return.
    Return(BankClaimId),
    /// Money of nobody yet.
    Unclaimed,
}

/// A line that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Which.
    pub line: BankLineId,
    /// What it is.
    pub choice: Choice,
}

/// How what a line was taken for can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// The tie is undone, the entries stand.
    Untie,
    /// What was booked from the line is taken back by its mirror, by another person than who accepted it.
    Reverse,
    /// Not from here: more hangs on it than the line, or nothing is tied.
    Nothing,
}

/// Undoes by the rules of what is tied now.
fn undo_of(ties: &[&bank_match::Model]) -> Undo {
    let all = |rules: &[&str]| !ties.is_empty() && ties.iter().all(|tie| rules.contains(&tie.rule.as_str()));
    if all(&["entry", "document"]) {
        Undo::Untie
    } else if all(&["interest", "charge", "cash", "platform", "unclaimed"]) {
        Undo::Reverse
    } else {
        Undo::Nothing
    }
}

/// An entry that a line is or was tied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tied {
    /// Since when, by whom, by which rule, and until when.
    pub tie: bank_match::Model,
    /// The reference of the entry.
    pub reference: String,
}

/// A line with its whole story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineSheet {
    /// The line.
    pub line: ShownLine,
    /// What it was tied to, oldest first.
    pub ties: Vec<Tied>,
    /// How that can be undone.
    pub undo: Undo,
}

/// An entry that moved the account, and how much of it no line shows yet.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct OpenEntry {
    pub(super) id: EntryId,
    pub(super) reference: String,
    pub(super) document: Option<String>,
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
struct SentPayout {
    id: PayoutId,
    state: PayoutState,
    amount_fen: Money,
    attempt: i64,
    payment_file_id: PaymentFileId,
    paid_on: Option<BusinessDate>,
}

/// Entries on a bank account that no line or not enough lines show. What was taken back before any line showed it is shown by none.
pub(super) async fn open_entries(db: &impl ConnectionTrait, account: &Account) -> Result<Vec<OpenEntry>, DbErr> {
    let sql = "SELECT e.id, e.reference, e.document, e.book_date, CAST(m.moved - COALESCE(t.tied, 0) AS BIGINT) AS open_fen \
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
async fn settle_lines(tx: &Tx, lines: &BTreeSet<BankLineId>) -> Result<u64, DbErr> {
    if lines.is_empty() {
        return Ok(0);
    }
    let rows = Rows::new().uuid("id", lines.iter().map(|id| id.uuid()));
    let sql = "UPDATE bank_line SET state = 'matched' FROM {rows} WHERE bank_line.id = r.id AND bank_line.state = 'open' AND bank_line.amount_fen = \
               (SELECT COALESCE(SUM(m.amount_fen), 0) FROM bank_match m WHERE m.line_id = bank_line.id AND m.untied_us IS NULL)";
    Ok(tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [])).await?.rows_affected())
}

/// Ids of entries by reference.
async fn entry_ids(tx: &Tx, references: Vec<String>) -> Result<HashMap<String, EntryId>, DbErr> {
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
        let lines = open_lines(tx, book, name).await?;
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
            let entries: Vec<EntryId> =
                those.iter().filter_map(|at| ids.get(&reference_of(&known[*at])).copied()).collect();
            spread(&lines, of, &entries, &mut open, "transfer", &mut ties);
        }
        let tied: BTreeSet<BankLineId> = ties.iter().map(|tie: &Tie| tie.line).collect();
        for (line, words) in lines.iter().zip(&words).filter(|(line, _)| !tied.contains(&line.id)) {
            let carries = |entry: &&OpenEntry| {
                entry.open_fen == line.amount_fen
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

    /// What each open line of an account may be, oldest first, with the reasons.
    pub async fn suggestions(
        &self,
        (book, name): (BookId, &str),
        after: Option<BankLineId>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<(ShownLine, Vec<Suggestion>)>, BankError> {
        let db = self.db.read();
        hand(db, book, by, &READERS).await?;
        let mut lines = open_lines(db, book, name).await?;
        if let Some(after) = after {
            let at = lines.iter().position(|line| line.id == after).ok_or(BankError::NoSuchLine)?;
            lines.drain(..=at);
        }
        lines.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let entries = open_entries(db, &Account::bank(book, name)).await?;
        let payouts = payouts_at(db, book, name).await?;
        let codes: Vec<String> = lines.iter().filter_map(|line| line.code.clone()).collect();
        let codes: HashMap<String, gift_code::Model> = gift_code::Entity::find()
            .filter(gift_code::Column::BookId.eq(book))
            .filter(gift_code::Column::Code.is_in(codes))
            .all(db)
            .await?
            .into_iter()
            .map(|code| (code.code.clone(), code))
            .collect();
        let returns = open_returns(db, book, name).await?;
        let platforms = platforms(db, book).await?;
        let cash = ledger::balance(db, &Account::cash(book), None).await?.net();
        let known = Known { entries, payouts, codes, returns, platforms, cash };
        lines
            .into_iter()
            .map(|line| {
                let shown = self.shown(line)?;
                let found = known.of(&shown);
                Ok((shown, found))
            })
            .collect()
    }

    /// Accepts what lines of one account are, all or none: ties them to their entries, and books what is not booked. Answers how many.
    pub async fn accept(
        &self,
        (book, name): (BookId, &str),
        accepted: &[Accepted],
        by: &Member,
    ) -> Result<u64, BankError> {
        by.must_be(&KEEPERS)?;
        if accepted.is_empty() || accepted.len() > AT_ONCE {
            return Err(BankError::Invalid { field: "items", problem: "每次1至500笔" });
        }
        let (now, actor) = (self.clock.now(), by.id.to_string());
        let tx = self.db.begin().await?;
        let hand = hand(&tx, book, by, &KEEPERS).await?;
        locked_account(&tx, book, name).await?;
        let lines: HashMap<BankLineId, bank_line::Model> = bank_line::Entity::find()
            .filter(bank_line::Column::BookId.eq(book))
            .filter(bank_line::Column::BankAccount.eq(name))
            .filter(bank_line::Column::Id.is_in(accepted.iter().map(|one| one.line)))
            .all(&tx)
            .await?
            .into_iter()
            .map(|line| (line.id, line))
            .collect();
        if lines.len() != accepted.iter().map(|one| one.line).collect::<BTreeSet<_>>().len()
            || lines.len() != accepted.len()
        {
            return Err(BankError::NoSuchLine);
        }
        let claims = bank_claim::Entity::find()
            .filter(bank_claim::Column::LineId.is_in(accepted.iter().map(|one| one.line)))
            .filter(bank_claim::Column::State.ne(ClaimState::Declined))
            .all(&tx)
            .await?;
        if !claims.is_empty() {
            return Err(BankError::UnderWay);
        }
        let mut work = Work::default();
        let payouts: BTreeMap<PayoutId, SentPayout> =
            payouts_at(&tx, book, name).await?.into_iter().map(|payout| (payout.id, payout)).collect();
        // What was booked from a line before and taken back keeps its name; what is booked now gets the next.
        let turns = bank_match::Entity::find()
            .filter(bank_match::Column::LineId.is_in(accepted.iter().map(|one| one.line)))
            .filter(bank_match::Column::UntiedUs.is_not_null())
            .all(&tx)
            .await?;
        for one in accepted {
            let line = &lines[&one.line];
            line.state.on(if one.choice == Choice::Unclaimed { LineEvent::Suspend } else { LineEvent::Match })?;
            let turn = |rule: &str| 1 + turns.iter().filter(|tie| tie.line_id == line.id && tie.rule == rule).count();
            work.plan(line, &one.choice, &payouts, turn)?;
        }
        for (file, verdicts) in &work.verdicts {
            spending::results(&tx, now, *file, verdicts, by).await?;
        }
        for (claim, line) in &work.returns {
            let entry = self.return_paid(&tx, now, *claim, &lines[line]).await?;
            work.entries.push((*line, "return", entry));
        }
        let booked: Vec<Entry> = work.entries.iter().map(|(.., entry)| entry.clone().by(&actor)).collect();
        let mut ties = Vec::new();
        for ((line, rule, _), posted) in work.entries.iter().zip(ledger::post(&tx, now, &booked).await?) {
            ties.push(Tie { line: *line, entry: posted?.id(), amount: lines[line].amount_fen, rule });
        }
        let ids = entry_ids(&tx, work.references.iter().map(|(_, reference)| reference.clone()).collect()).await?;
        for (line, reference) in &work.references {
            work.named.entry(*line).or_default().push(*ids.get(reference).ok_or(BankError::NoSuchEntry)?);
        }
        if !work.named.is_empty() {
            let account = Account::bank(book, name);
            let mut open: BTreeMap<EntryId, OpenEntry> =
                open_entries(&tx, &account).await?.into_iter().map(|entry| (entry.id, entry)).collect();
            for (line, entries) in &work.named {
                if entries.iter().any(|entry| !open.contains_key(entry)) {
                    return Err(BankError::NoSuchEntry);
                }
                let row = std::slice::from_ref(&lines[line]);
                // What the bank's verdict has booked is not untied like a slip of the hand.
                let of_verdict = work.references.iter().any(|(of, _)| of == line);
                spread(row, &[0], entries, &mut open, if of_verdict { "payout" } else { "entry" }, &mut ties);
                let of: i64 = ties.iter().filter(|tie| tie.line == *line).map(|tie| tie.amount.fen()).sum();
                if of != lines[line].amount_fen.fen() {
                    return Err(BankError::NotThat {
                        line: *line, problem: "所选凭证的合计与该笔流水不符"
                    });
                }
            }
        }
        write_ties(&tx, now, &ties, (&actor, hand.acting_for())).await?;
        let unclaimed: BTreeSet<BankLineId> =
            accepted.iter().filter(|one| one.choice == Choice::Unclaimed).map(|one| one.line).collect();
        suspend_lines(&tx, &unclaimed).await?;
        let matched: BTreeSet<BankLineId> = lines.keys().copied().filter(|id| !unclaimed.contains(id)).collect();
        if settle_lines(&tx, &matched).await? != matched.len() as u64 {
            return Err(BankError::NoSuchEntry);
        }
        for one in accepted {
            let line = &lines[&one.line];
            self.trail(&tx, now, "bank.accept", line, by).await?;
        }
        tx.commit().await?;
        Ok(accepted.len() as u64)
    }

    /// A line with everything it was tied to, oldest first, and how that can be undone.
    pub async fn line(&self, id: BankLineId, by: &Member) -> Result<LineSheet, BankError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        let row = bank_line::Entity::find_by_id(id).one(db).await?.ok_or(BankError::NoSuchLine)?;
        hand(db, row.book_id, by, &READERS).await?;
        let ties = bank_match::Entity::find()
            .filter(bank_match::Column::LineId.eq(id))
            .order_by_asc(bank_match::Column::AtUs)
            .order_by_asc(bank_match::Column::Id)
            .all(db)
            .await?;
        let references: Vec<(EntryId, String)> = entry::Entity::find()
            .select_only()
            .column(entry::Column::Id)
            .column(entry::Column::Reference)
            .filter(entry::Column::Id.is_in(ties.iter().map(|tie| tie.entry_id)))
            .into_tuple()
            .all(db)
            .await?;
        let references: HashMap<EntryId, String> = references.into_iter().collect();
        let standing: Vec<&bank_match::Model> = ties.iter().filter(|tie| tie.untied_us.is_none()).collect();
        let undo = if row.state.on(LineEvent::Untie).is_ok() { undo_of(&standing) } else { Undo::Nothing };
        let named = |tie: bank_match::Model| {
            let reference = references.get(&tie.entry_id).cloned().unwrap_or_default();
            Tied { tie, reference }
        };
        Ok(LineSheet { line: self.shown(row)?, ties: ties.into_iter().map(named).collect(), undo })
    }

    /// Undoes what a line was taken for by mistake, and it waits again. Entries it was tied to stand; what was booked from it alone is taken
    /// back by its mirror, by another person than who accepted it.
    pub async fn untie(&self, id: BankLineId, by: &Member) -> Result<bank_line::Model, BankError> {
        by.must_be(&KEEPERS)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = super::locked_line(&tx, id).await?;
        let hand = hand(&tx, row.book_id, by, &KEEPERS).await?;
        row.state.on(LineEvent::Untie)?;
        let ties = bank_match::Entity::find()
            .filter(bank_match::Column::LineId.eq(id))
            .filter(bank_match::Column::UntiedUs.is_null())
            .all(&tx)
            .await?;
        match undo_of(&ties.iter().collect::<Vec<_>>()) {
            Undo::Untie => {}
            Undo::Reverse => {
                let accepted = |tie: &bank_match::Model| {
                    [Some(&tie.actor), tie.actor_for.as_ref()].map(|person| person.and_then(|id| id.parse().ok()))
                };
                if ties.iter().any(|tie| hand.is_of(accepted(tie))) {
                    return Err(BankError::OtherPerson);
                }
                let claimed = bank_claim::Entity::find()
                    .filter(bank_claim::Column::LineId.eq(id))
                    .filter(bank_claim::Column::State.ne(ClaimState::Declined));
                if claimed.one(&tx).await?.is_some() {
                    return Err(BankError::UnderWay);
                }
                self.take_back(&tx, now, &row, &ties, by).await?;
            }
            Undo::Nothing => {
                return Err(BankError::NotThat {
                    line: id,
                    problem: "该笔流水已随付款、划转、认领或退回办理，不能在此撤销",
                });
            }
        }
        let sql = "UPDATE bank_match SET untied_us = $1, untied_by = $2, untied_for = $3 WHERE line_id = $4 AND untied_us IS NULL";
        let acting_for = hand.acting_for().map(|person| person.to_string());
        entity::execute(&tx, sql, [now.into(), by.id.to_string().into(), acting_for.into(), id.into()]).await?;
        let row = super::moved(&tx, row, LineEvent::Untie).await?;
        self.trail(&tx, now, "bank.untie", &row, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Books the mirrors of what was booked from a line.
    async fn take_back(
        &self,
        tx: &Tx,
        now: Timestamp,
        line: &bank_line::Model,
        ties: &[bank_match::Model],
        by: &Member,
    ) -> Result<(), BankError> {
        let booked =
            entry::Entity::find().filter(entry::Column::Id.is_in(ties.iter().map(|tie| tie.entry_id))).all(tx).await?;
        let mut mirrors = Vec::new();
        // A line is booked by one entry.
        for entry in &booked {
            let mirror = ledger::mirror(tx, &entry.reference, line.day).await?.ok_or(BankError::NoSuchEntry)?;
            mirrors.push(mirror.channel("bank").by(by.id.to_string()));
        }
        for posted in ledger::post(tx, now, &mirrors).await? {
            posted?;
        }
        Ok(())
    }

    /// The bank has paid a return back: the claim is done, and its line has gone.
    async fn return_paid(
        &self,
        tx: &Tx,
        now: Timestamp,
        id: BankClaimId,
        payment: &bank_line::Model,
    ) -> Result<Entry, BankError> {
        let claim = bank_claim::Entity::find_by_id(id).one(tx).await?.ok_or(BankError::NoSuchClaim)?;
        let of = bank_line::Entity::find_by_id(claim.line_id).one(tx).await?.ok_or(BankError::NoSuchLine)?;
        let wrong = |problem| BankError::NotThat { line: payment.id, problem };
        if claim.choice != ClaimChoice::Return || of.book_id != payment.book_id {
            return Err(BankError::NoSuchClaim);
        }
        let to = claim.state.on(ClaimEvent::Paid)?;
        if payment.amount_fen.fen() != -of.amount_fen.fen() {
            return Err(wrong("金额与应退回的款项不符"));
        }
        let mut active: bank_claim::ActiveModel = claim.into();
        active.state = Set(to);
        active.payment_line_id = Set(Some(payment.id));
        active.finished_us = Set(Some(now));
        active.update(tx).await?;
        let amount = of.amount_fen;
        super::moved(tx, of, LineEvent::Return).await?;
        Ok(postings::unclaimed_returned(payment.book_id, id, amount, &payment.bank_account, payment.day))
    }
}

async fn suspend_lines(tx: &Tx, lines: &BTreeSet<BankLineId>) -> Result<(), DbErr> {
    if lines.is_empty() {
        return Ok(());
    }
    let rows = Rows::new().uuid("id", lines.iter().map(|id| id.uuid()));
    let sql = "UPDATE bank_line SET state = 'unclaimed' FROM {rows} WHERE bank_line.id = r.id";
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [])).await?;
    Ok(())
}

/// Ties lines to entries so that both are used up, in order: several lines to one entry, or one line to several.
fn spread(
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
async fn payouts_at(db: &impl ConnectionTrait, book: BookId, name: &str) -> Result<Vec<SentPayout>, DbErr> {
    let sql = "SELECT o.id, o.state, o.amount_fen, o.attempt, o.payment_file_id, o.paid_on FROM payout o \
               JOIN payment_file f ON f.id = o.payment_file_id \
               WHERE f.book_id = $1 AND f.bank_account = $2 AND o.state IN ('sent', 'confirmed') ORDER BY o.id";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [book.into(), name.into()]);
    SentPayout::find_by_statement(statement).all(db).await
}

/// Returns that are decided and not paid yet, with their amounts.
async fn open_returns(db: &impl ConnectionTrait, book: BookId, name: &str) -> Result<Vec<(BankClaimId, Money)>, DbErr> {
    let sql = "SELECT c.id, l.amount_fen FROM bank_claim c JOIN bank_line l ON l.id = c.line_id \
               WHERE c.state = 'approved' AND c.choice = 'return' AND l.book_id = $1 AND l.bank_account = $2 ORDER BY c.created_us, c.id";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [book.into(), name.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "amount_fen")?))).collect()
}

/// What designated platforms hold for us, by name.
async fn platforms(db: &impl ConnectionTrait, book: BookId) -> Result<Vec<(String, Money)>, DbErr> {
    let sql = "SELECT channel, CAST(debit_fen - credit_fen AS BIGINT) AS fen FROM account \
               WHERE book_id = $1 AND subject = '1009' AND channel LIKE 'platform:%' AND debit_fen > credit_fen ORDER BY channel";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [book.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            let channel: String = row.try_get("", "channel")?;
            Ok((channel.trim_start_matches("platform:").to_owned(), row.try_get("", "fen")?))
        })
        .collect()
}

/// What has to be done for the lines that were accepted.
#[derive(Default)]
struct Work {
    /// Entries booked from their lines.
    entries: Vec<(BankLineId, &'static str, Entry)>,
    /// Entries that are there.
    named: BTreeMap<BankLineId, Vec<EntryId>>,
    /// Entries that are there when the verdicts are in.
    references: Vec<(BankLineId, String)>,
    verdicts: BTreeMap<PaymentFileId, Vec<Verdict>>,
    returns: Vec<(BankClaimId, BankLineId)>,
}

impl Work {
    fn plan(
        &mut self,
        line: &bank_line::Model,
        choice: &Choice,
        payouts: &BTreeMap<PayoutId, SentPayout>,
        turn: impl Fn(&str) -> usize,
    ) -> Result<(), BankError> {
        let of = |rule: &str| (line.id, turn(rule));
        let wrong = |problem| BankError::NotThat { line: line.id, problem };
        let (book, account, amount) = (line.book_id, line.bank_account.as_str(), line.amount_fen);
        let incoming = |yes: bool| {
            if amount.is_positive() == yes { Ok(()) } else { Err(wrong("收支方向不符")) }
        };
        match choice {
            Choice::Entries(entries) if entries.is_empty() => return Err(wrong("请选择凭证")),
            Choice::Entries(entries) => {
                self.named.insert(line.id, entries.clone());
            }
            Choice::Payouts(ids) => {
                incoming(false)?;
                let reference = Some(line.reference.clone()).filter(|number| !number.is_empty());
                for id in ids {
                    let payout = payouts.get(id).ok_or(wrong("没有这笔已发送的付款"))?;
                    let outcome = Outcome::Paid { on: line.day, reference: reference.clone() };
                    let verdicts = self.verdicts.entry(payout.payment_file_id).or_default();
                    verdicts.push(Verdict { payout: *id, outcome });
                    self.references.push((line.id, format!("disbursement_paid:{id}:{}", payout.attempt)));
                }
                let total: i64 = ids.iter().filter_map(|id| payouts.get(id)).map(|one| one.amount_fen.fen()).sum();
                if total != -amount.fen() {
                    return Err(wrong("所选付款的合计与该笔流水不符"));
                }
            }
            Choice::Bounced(id, reason) => {
                incoming(true)?;
                let payout = payouts.get(id).ok_or(wrong("没有这笔已付的款项"))?;
                // What was never confirmed was never booked: first the payment, then its return.
                if payout.state != PayoutState::Confirmed {
                    return Err(wrong("该笔付款尚未确认付出，请先匹配付出的流水"));
                }
                if payout.amount_fen != amount {
                    return Err(wrong("金额与付款不符"));
                }
                let outcome = Outcome::Bounced { on: line.day, reason: reason.clone() };
                let verdicts = self.verdicts.entry(payout.payment_file_id).or_default();
                verdicts.push(Verdict { payout: *id, outcome });
                self.references.push((line.id, format!("disbursement_bounced:{id}:{}", payout.attempt)));
            }
            Choice::Interest => {
                incoming(true)?;
                self.entries.push((
                    line.id,
                    "interest",
                    postings::bank_interest(book, of("interest"), amount, account, line.day),
                ));
            }
            Choice::Charge => {
                incoming(false)?;
                let charge = Money::from_fen(-amount.fen());
                self.entries.push((
                    line.id,
                    "charge",
                    postings::bank_charge(book, of("charge"), charge, account, line.day),
                ));
            }
            Choice::Cash => {
                incoming(true)?;
                self.entries.push((
                    line.id,
                    "cash",
                    postings::cash_banked(book, of("cash"), amount, account, line.day),
                ));
            }
            Choice::Platform(name) => {
                incoming(true)?;
                let entry = postings::platform_settled(book, of("platform"), name.trim(), amount, account, line.day);
                self.entries.push((line.id, "platform", entry));
            }
            Choice::Unclaimed => {
                incoming(true)?;
                self.entries.push((
                    line.id,
                    "unclaimed",
                    postings::unclaimed(book, of("unclaimed"), amount, account, line.day),
                ));
            }
            Choice::Return(claim) => {
                incoming(false)?;
                self.returns.push((*claim, line.id));
            }
        }
        Ok(())
    }
}

/// What is known when suggestions are made.
struct Known {
    entries: Vec<OpenEntry>,
    payouts: Vec<SentPayout>,
    codes: HashMap<String, gift_code::Model>,
    returns: Vec<(BankClaimId, Money)>,
    platforms: Vec<(String, Money)>,
    cash: Money,
}

impl Known {
    /// The best first.
    fn of(&self, shown: &ShownLine) -> Vec<Suggestion> {
        let (line, words) = (&shown.row, format!("{} {}", shown.words.counterparty, shown.words.remark));
        let says = |all: &[&str]| all.iter().any(|word| words.contains(word));
        let mut found = Vec::new();
        let mut add = |kind, ids: Vec<uuid::Uuid>, reason: String| {
            found.push(Suggestion { kind, ids, name: None, reason });
        };
        let incoming = line.amount_fen.is_positive();
        if let Some(code) = line.code.as_ref().and_then(|code| self.codes.get(code)) {
            let campaign: CampaignId = code.campaign_id;
            let as_wished = code.amount_fen.is_none_or(|amount| amount == line.amount_fen);
            let note = if as_wished { "" } else { "，但金额与登记的不同" };
            add(SuggestionKind::Gift, vec![campaign.uuid()], format!("附言含识别码{}{note}", code.code));
        }
        let far = |day: BusinessDate| day.days_to(line.day).abs() > NEAR_DAYS;
        let sent: Vec<&SentPayout> = self.payouts.iter().filter(|one| one.state == PayoutState::Sent).collect();
        if incoming {
            let came_back = self.payouts.iter().filter(|one| {
                one.state == PayoutState::Confirmed
                    && one.amount_fen == line.amount_fen
                    && one.paid_on.is_some_and(|day| day <= line.day)
            });
            for one in came_back.take(3) {
                if words.contains(&one.id.simple()) {
                    add(SuggestionKind::Bounced, vec![one.id.uuid()], "附言含已付款项的业务编号".to_owned());
                } else if says(&["退汇", "退回", "退票", "冲正"]) {
                    add(SuggestionKind::Bounced, vec![one.id.uuid()], "银行退汇，金额与已付款项相同".to_owned());
                }
            }
        } else {
            let out = -line.amount_fen.fen();
            let named: Vec<&SentPayout> = sent
                .iter()
                .copied()
                .filter(|one| words.contains(&one.id.simple()) && one.amount_fen.fen() == out)
                .collect();
            if let [one] = named.as_slice() {
                add(SuggestionKind::Payouts, vec![one.id.uuid()], "附言含业务编号，金额相同".to_owned());
            }
            let mut files: BTreeMap<PaymentFileId, Vec<&SentPayout>> = BTreeMap::new();
            for one in &sent {
                files.entry(one.payment_file_id).or_default().push(one);
            }
            for payouts in files.values() {
                let total: i64 = payouts.iter().map(|one| one.amount_fen.fen()).sum();
                if total == out && (payouts.len() > 1 || named.is_empty()) {
                    let ids = payouts.iter().map(|one| one.id.uuid()).collect();
                    add(SuggestionKind::Payouts, ids, format!("与付款文件的{}笔合计相同", payouts.len()));
                }
            }
            for (claim, amount) in self.returns.iter().filter(|(_, amount)| amount.fen() == out) {
                add(SuggestionKind::Return, vec![claim.uuid()], format!("与应退回的待认领款{amount}相同"));
            }
        }
        let near: Vec<&OpenEntry> =
            self.entries.iter().filter(|entry| entry.open_fen == line.amount_fen && !far(entry.book_date)).collect();
        for entry in near.iter().take(3) {
            let reason =
                format!("{}的凭证“{}”金额相同", entry.book_date, crate::books::words::reference(&entry.reference));
            add(SuggestionKind::Entry, vec![entry.id.uuid()], reason);
        }
        if incoming && says(&["利息", "结息"]) {
            add(SuggestionKind::Interest, Vec::new(), "摘要为银行结息".to_owned());
        }
        if !incoming && says(&["手续费", "工本费", "账户管理费", "短信费", "汇划费"]) {
            add(SuggestionKind::Charge, Vec::new(), "摘要为银行收费".to_owned());
        }
        if incoming && says(&["现金", "存现"]) && self.cash >= line.amount_fen {
            add(SuggestionKind::Cash, Vec::new(), format!("现金缴存，库存现金账面{}", self.cash));
        }
        let settled =
            self.platforms.iter().filter(|(name, held)| words.contains(name.as_str()) && *held >= line.amount_fen);
        if incoming {
            for (name, held) in settled {
                let reason = format!("户名或摘要含“{name}”，该平台账面{held}");
                let name = Some(name.clone());
                found.push(Suggestion { kind: SuggestionKind::Platform, ids: Vec::new(), name, reason });
            }
            let reason = "暂不能识别时先转入待认领".to_owned();
            found.push(Suggestion { kind: SuggestionKind::Unclaimed, ids: Vec::new(), name: None, reason });
        }
        for one in found.iter_mut().filter(|one| one.kind == SuggestionKind::Entry) {
            let entry = near.iter().find(|entry| one.ids == [entry.id.uuid()]);
            one.name = entry.map(|entry| entry.reference.clone());
        }
        found
    }
}

/// Whether a line stands open, for those who ask outside of this file.
pub(super) fn is_open(line: &bank_line::Model) -> bool {
    line.state == LineState::Open
}
