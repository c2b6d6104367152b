//! The close of a day (日终) of a programme, in pieces that are whole: each reckons some loans anew, books what that brings and says how far
//! it came, in one transaction. Killed between two, the next run goes on where it stood; run again, it finds the day closed; late, it
//! closes the days it missed in their order.
//!
//! Loans on which something changes that day (an instalment falls due, a class or the grace ends) are replayed, at most [`PIECE`] at a time.
//! All others only grow: the last piece adds up by how much, and what all come to, in the database, two statements however many loans there
//! are, and writes none of them. What a day booked is a difference to the day before, so an interest that is booked day by day adds up to the rounded whole.
//!
//! While a piece is written the next may be read and reckoned beside it ([`ahead`]), and all others added up ([`rest`]): no loan's reckoning asks
//! for another loan, and what they share (accounts, the pool, the day itself) is only written under the lock.

use std::collections::{BTreeMap, BTreeSet};

use domain::loan::life::State;
use domain::loan::overdue::Class;
use domain::{BusinessDate, LoanContractId, LoanProgrammeId, Money, Timestamp};
use entity::{Db, Rows, Tx, loan_day, loan_programme};
use ledger::{Account, Entry, Subject};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set, Statement,
};
use sha2::{Digest, Sha256};

use super::ServeError;
use super::loan::{self, Loan, Replayed};
use super::programme::{self, Known};
use super::steps::{Step, advance, contracts};
use super::through;
use crate::postings::{self, Delta};

/// How many loans a piece reckons anew at most. On SQLite nobody else writes for so long, a second for a piece that is full; many small
/// pieces would write the same pages of accounts again and again.
pub const PIECE: u64 = 8_000;

/// What a piece did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The day was closed before.
    There(loan_day::Model),
    /// So many loans were reckoned anew; there is more to do.
    Changed(u64),
    /// It was the last one.
    Closed(loan_day::Model),
}

/// A part of a day that was read and reckoned before its turn, as long as it holds: nothing was told of the programme's loans since, and
/// nobody else has closed it.
#[derive(Debug)]
pub struct Ahead {
    told_count: i64,
    closed_through: BusinessDate,
    part: Part,
}

#[derive(Debug)]
enum Part {
    /// Loans on which something changes.
    Changed(Reckoned),
    /// All others.
    Rest(Rest),
}

impl Ahead {
    /// The loan after which the next piece begins; nothing if this is how all others grow.
    pub fn last(&self) -> Option<LoanContractId> {
        match &self.part {
            Part::Changed(reckoned) => reckoned.ids.last().copied(),
            Part::Rest(_) => None,
        }
    }
}

/// How all others have grown, and what all loans come to.
#[derive(Debug, Default)]
struct Rest {
    grown: Grown,
    loans: i64,
    balance_fen: i64,
    overdue_fen: i64,
}

/// Loans reckoned anew, and what that brings.
#[derive(Debug)]
struct Reckoned {
    ids: Vec<LoanContractId>,
    loans: BTreeMap<LoanContractId, Loan>,
    replayed: Vec<(LoanContractId, Replayed)>,
    /// Of which contracts how much principal fell due, in fen.
    due: Vec<(LoanContractId, i64)>,
    grown: Grown,
    steps: Vec<Step>,
}

/// Interest, penalties and what stands beside the balance sheet that grew, by class.
#[derive(Debug, Default)]
struct Grown(BTreeMap<Class, ([i64; 3], i64)>);

impl Grown {
    fn add(&mut self, class: Class, receivable: [i64; 3], off_balance: i64) {
        let sum = self.0.entry(class).or_default();
        for (sum, fen) in sum.0.iter_mut().zip(receivable) {
            *sum += fen;
        }
        sum.1 += off_balance;
    }

    /// What is not accruing stands beside the balance sheet.
    fn grow(&mut self, class: Class, accruing: bool, fen: [i64; 3]) {
        match accruing {
            true => self.add(class, fen, 0),
            false => self.add(class, [0; 3], fen.iter().sum()),
        }
    }

    fn total(&self) -> ([i64; 3], i64) {
        let mut total = ([0; 3], 0);
        for (receivable, off_balance) in self.0.values() {
            for (sum, fen) in total.0.iter_mut().zip(receivable) {
                *sum += fen;
            }
            total.1 += off_balance;
        }
        total
    }

    fn onto(&self, entry: Entry, programme: &loan_programme::Model) -> Entry {
        self.0.iter().fold(entry, |entry, (class, (receivable, off_balance))| {
            postings::grow(entry, programme.book_id, *class, *receivable, *off_balance)
        })
    }
}

/// The next day of a programme to be closed.
pub fn next_day(programme: &loan_programme::Model) -> BusinessDate {
    programme.closed_through.next()
}

/// A programme by id, locked against every other close and against events.
pub async fn locked(tx: &Tx, id: LoanProgrammeId) -> Result<loan_programme::Model, ServeError> {
    let row = loan_programme::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    row.ok_or(ServeError::NoSuchProgramme)
}

/// Reads the piece of a day that begins after a loan, beside whoever writes; nothing if nothing changes after it. It sees one state of the
/// database and changes nothing.
pub async fn ahead(
    db: &Db,
    id: LoanProgrammeId,
    day: BusinessDate,
    after: Option<LoanContractId>,
    size: u64,
) -> Result<Option<Ahead>, ServeError> {
    let seen = db.wide_snapshot().await?;
    let programme = programme::one(&seen, id).await?;
    let ids = changing(&seen, id, day, after, size).await?;
    let loans = loan::load(&seen, &ids, false).await?;
    seen.rollback().await?;
    if ids.is_empty() {
        return Ok(None);
    }
    let part = Part::Changed(reckon(&programme, day, ids, loans)?);
    Ok(Some(Ahead { told_count: programme.told_count, closed_through: programme.closed_through, part }))
}

/// Adds up how the loans grow on which nothing changes on a day, likewise: the pieces of the day are of other loans, and lower no principal,
/// end none and make none late since before the day, so what all come to is the same before them.
pub async fn rest(db: &Db, id: LoanProgrammeId, day: BusinessDate) -> Result<Ahead, ServeError> {
    let seen = db.wide_snapshot().await?;
    let programme = programme::one(&seen, id).await?;
    let part = Part::Rest(others(&seen, id, day).await?);
    seen.rollback().await?;
    Ok(Ahead { told_count: programme.told_count, closed_through: programme.closed_through, part })
}

/// What was read ahead, if it still holds; its loans are locked. The programme is.
async fn still(
    tx: &Tx,
    programme: &loan_programme::Model,
    day: BusinessDate,
    ahead: Option<Ahead>,
) -> Result<Option<Part>, DbErr> {
    let same = |one: &Ahead| (one.told_count, one.closed_through) == (programme.told_count, programme.closed_through);
    let Some(Ahead { part, .. }) = ahead.filter(same) else { return Ok(None) };
    if let Part::Changed(Reckoned { ids, .. }) = &part {
        let backend = tx.get_database_backend();
        let set = || Rows::new().uuid("id", ids.iter().map(|id| id.uuid()));
        if backend == DbBackend::Postgres {
            let sql = "SELECT c.id FROM loan_contract c WHERE c.id IN (SELECT id FROM {rows}) ORDER BY c.id FOR NO KEY UPDATE";
            tx.query_all_raw(set().statement(backend, sql, [])).await?;
        }
        // Another close may have been here.
        let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM loan_standing \
                   WHERE contract_id IN (SELECT id FROM {rows}) AND until_day <= $1";
        let row = tx.query_one_raw(set().statement(backend, sql, [day.into()])).await?;
        let n: i64 = row.map_or(Ok(0), |row| row.try_get("", "n"))?;
        if n != ids.len() as i64 {
            return Ok(None);
        }
    }
    Ok(Some(part))
}

/// One piece of a day, as it was read ahead if that still holds. Only the day after the last closed one can be closed, and only when it is
/// over and the bank has told of it, if it tells by month or by sums.
pub async fn piece(
    tx: &Tx,
    now: Timestamp,
    id: LoanProgrammeId,
    day: BusinessDate,
    size: u64,
    ahead: Option<Ahead>,
) -> Result<Piece, ServeError> {
    let programme = locked(tx, id).await?;
    let standing = loan_day::Entity::find_by_id((id, day)).one(tx).await?;
    if let Some(closed) = standing.as_ref().filter(|row| row.state == "closed") {
        return Ok(Piece::There(closed.clone()));
    }
    let today = BusinessDate::of(now);
    let Known { programme, .. } = match programme::known_one(tx, programme, today).await? {
        known if day == next_day(&known.programme) && day <= known.last_day(today) => known,
        _ => return Err(ServeError::NotThatDay),
    };
    let row = match standing {
        Some(row) => row,
        None => begin(tx, now, id, day).await?,
    };
    let part = match still(tx, &programme, day, ahead).await? {
        Some(Part::Changed(reckoned)) => Part::Changed(reckoned),
        read => {
            let ids = changing(tx, id, day, None, size).await?;
            match (ids.is_empty(), read) {
                (true, Some(Part::Rest(rest))) => Part::Rest(rest),
                (true, _) => Part::Rest(others(tx, id, day).await?),
                (false, _) => {
                    let loans = loan::load(tx, &ids, true).await?;
                    Part::Changed(reckon(&programme, day, ids, loans)?)
                }
            }
        }
    };
    match part {
        Part::Rest(rest) => finish(tx, now, &programme, row, &rest).await.map(Piece::Closed),
        Part::Changed(reckoned) => {
            let count = reckoned.ids.len() as u64;
            write(tx, now, &programme, row, reckoned).await?;
            Ok(Piece::Changed(count))
        }
    }
}

async fn begin(tx: &Tx, now: Timestamp, id: LoanProgrammeId, day: BusinessDate) -> Result<loan_day::Model, DbErr> {
    let row = loan_day::ActiveModel {
        programme_id: Set(id),
        day: Set(day),
        state: Set("closing".to_owned()),
        step: Set(0),
        loans: Set(0),
        changed: Set(0),
        balance_fen: Set(Money::ZERO),
        overdue_fen: Set(Money::ZERO),
        interest_fen: Set(Money::ZERO),
        penalty_fen: Set(Money::ZERO),
        compound_fen: Set(Money::ZERO),
        off_balance_fen: Set(Money::ZERO),
        digest: Set(vec![0; 32]),
        began_us: Set(now),
        closed_us: Set(None),
    };
    row.insert(tx).await
}

/// Loans whose standing does not hold on the day, by id, from after one on.
async fn changing(
    db: &impl ConnectionTrait,
    id: LoanProgrammeId,
    day: BusinessDate,
    after: Option<LoanContractId>,
    size: u64,
) -> Result<Vec<LoanContractId>, DbErr> {
    let sql = format!(
        "WITH due AS MATERIALIZED (SELECT contract_id FROM loan_standing WHERE programme_id = $1 AND until_day <= $2) \
         SELECT contract_id FROM due WHERE contract_id > $3 ORDER BY contract_id LIMIT {size}"
    );
    let after = after.map_or(uuid::Uuid::nil(), LoanContractId::uuid);
    let values = [id.into(), day.into(), after.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.query_all_raw(statement).await?.iter().map(|row| row.try_get("", "contract_id")).collect()
}

/// Reckons loans anew to the end of a day. Nothing but the loans themselves is asked.
fn reckon(
    programme: &loan_programme::Model,
    day: BusinessDate,
    ids: Vec<LoanContractId>,
    mut loans: BTreeMap<LoanContractId, Loan>,
) -> Result<Reckoned, ServeError> {
    let (mut grown, mut steps) = (Grown::default(), Vec::<Step>::new());
    let (mut replayed, mut due) = (Vec::with_capacity(loans.len()), Vec::with_capacity(loans.len()));
    for (id, loan) in &mut loans {
        let before = loan.books(through(programme, loan))?;
        let Some(it) = loan.replay(day)? else { continue };
        let left = Delta::between(&before, &it.state.books()?);
        if left.undue != -left.due || left.credit != 0 {
            return Err(ServeError::Ledger(ledger::Refusal::Unsound));
        }
        due.push((*id, left.due));
        grown.add(it.state.class, left.receivable, left.off_balance);
        advance(loan, &mut steps, &it.state, day, "system", None)?;
        replayed.push((*id, it));
    }
    Ok(Reckoned { ids, loans, replayed, due, grown, steps })
}

/// Writes loans that were reckoned anew, and books what that brings.
async fn write(
    tx: &Tx,
    now: Timestamp,
    programme: &loan_programme::Model,
    row: loan_day::Model,
    reckoned: Reckoned,
) -> Result<(), ServeError> {
    let Reckoned { ids, loans, replayed, due, grown, steps } = reckoned;
    let mut entry = postings::day(programme.book_id, postings::day_reference(programme.id, row.day, row.step), row.day);
    for (id, fen) in due {
        let Some(loan) = loans.get(&id) else { continue };
        let principal = |subject| Account::of_contract(programme.book_id, subject, &loan.row.number);
        entry = postings::signed(entry, principal(Subject::LOAN_DUE), principal(Subject::LOAN_UNDUE), fen);
    }
    let standings: Vec<_> = replayed.iter().map(|(id, it)| (*id, &it.reckoning, &it.state)).collect();
    loan::write(tx, programme.id, &standings).await?;
    // Of most the contract stays as it is: an instalment fell due.
    let stepped: BTreeSet<LoanContractId> = steps.iter().map(|step| step.contract).collect();
    let mut changed: Vec<(&Loan, Option<&State>)> = Vec::new();
    for (id, it) in &replayed {
        let Some(loan) = loans.get(id) else { continue };
        let (row, state) = (&loan.row, &it.state);
        if stepped.contains(id) || (row.outstanding_fen, row.class) != (state.principal()?, state.class) {
            changed.push((loan, Some(state)));
        }
    }
    contracts(tx, now, &changed, &steps).await?;
    book(tx, now, grown.onto(entry, programme)).await?;
    let mut after = row.clone();
    after.changed += ids.len() as i64;
    note(tx, row, after, &grown).await?;
    Ok(())
}

async fn book(tx: &Tx, now: Timestamp, entry: Entry) -> Result<(), ServeError> {
    if entry.postings().is_empty() {
        return Ok(());
    }
    for posted in ledger::post(tx, now, &[entry]).await? {
        posted?;
    }
    Ok(())
}

/// Adds a piece to the day.
async fn note(tx: &Tx, row: loan_day::Model, after: loan_day::Model, grown: &Grown) -> Result<loan_day::Model, DbErr> {
    let ([interest, penalty, compound], off_balance) = grown.total();
    let plus = |amount: Money, fen: i64| Set(Money::from_fen(amount.fen() + fen));
    let step = row.step + 1;
    let mut active: loan_day::ActiveModel = row.clone().into();
    active.step = Set(step);
    active.changed = Set(after.changed);
    active.state = Set(after.state);
    active.loans = Set(after.loans);
    active.balance_fen = Set(after.balance_fen);
    active.overdue_fen = Set(after.overdue_fen);
    active.interest_fen = plus(row.interest_fen, interest);
    active.penalty_fen = plus(row.penalty_fen, penalty);
    active.compound_fen = plus(row.compound_fen, compound);
    active.off_balance_fen = plus(row.off_balance_fen, off_balance);
    active.digest = Set(after.digest);
    active.closed_us = Set(after.closed_us);
    active.update(tx).await
}

/// By how much interest grew on a day on loans on which nothing changes, those that stand as they did the evening before, and hold: half up
/// of what it has come to, less the same of the evening before. And what all come to.
const ALL: &str = "SELECT class, accruing, CAST(COALESCE(SUM(CASE WHEN interest_step > 0 AND as_of < $3 AND (until_day IS NULL OR until_day > $3) THEN \
     (interest_start + interest_step * ($2 - interest_from) + interest_den / 2) / interest_den \
     - (interest_start + interest_step * ($2 - 1 - interest_from) + interest_den / 2) / interest_den ELSE 0 END), 0) AS BIGINT) AS fen, \
     CAST(COUNT(CASE WHEN ended IS NULL THEN 1 END) AS BIGINT) AS loans, \
     CAST(COALESCE(SUM(CASE WHEN ended IS NULL THEN undue_fen + due_fen ELSE 0 END), 0) AS BIGINT) AS balance, \
     CAST(COALESCE(SUM(CASE WHEN ended IS NULL AND late_since < $3 THEN undue_fen + due_fen ELSE 0 END), 0) AS BIGINT) AS overdue \
     FROM loan_standing WHERE programme_id = $1 GROUP BY class, accruing";
/// The same of penalties.
const PENALTY: &str = "SELECT s.class, s.accruing, \
     CAST(SUM((l.penalty_step * ($2 - l.late_from) + l.penalty_den / 2) / l.penalty_den \
     - (l.penalty_step * ($2 - 1 - l.late_from) + l.penalty_den / 2) / l.penalty_den) AS BIGINT) AS penalty, \
     CAST(SUM((l.compound_step * ($2 - l.late_from) + l.compound_den / 2) / l.compound_den \
     - (l.compound_step * ($2 - 1 - l.late_from) + l.compound_den / 2) / l.compound_den) AS BIGINT) AS compound \
     FROM loan_late l JOIN loan_standing s ON s.contract_id = l.contract_id \
     WHERE l.programme_id = $1 AND s.as_of < $3 AND (s.until_day IS NULL OR s.until_day > $3) \
     AND (l.penalty_step > 0 OR l.compound_step > 0) GROUP BY s.class, s.accruing";
/// All loans on which nothing changes, and what all come to. Two statements.
async fn others(db: &impl ConnectionTrait, id: LoanProgrammeId, day: BusinessDate) -> Result<Rest, DbErr> {
    let backend = db.get_database_backend();
    let mut rest = Rest::default();
    let ask = |sql: &str| {
        let values = [id.into(), loan::number(day).into(), day.into()];
        Statement::from_sql_and_values(backend, sql, values)
    };
    for one in db.query_all_raw(ask(ALL)).await? {
        rest.grown.grow(one.try_get("", "class")?, one.try_get("", "accruing")?, [one.try_get("", "fen")?, 0, 0]);
        rest.loans += one.try_get::<i64>("", "loans")?;
        rest.balance_fen += one.try_get::<i64>("", "balance")?;
        rest.overdue_fen += one.try_get::<i64>("", "overdue")?;
    }
    for one in db.query_all_raw(ask(PENALTY)).await? {
        let fen = [0, one.try_get("", "penalty")?, one.try_get("", "compound")?];
        rest.grown.grow(one.try_get("", "class")?, one.try_get("", "accruing")?, fen);
    }
    Ok(rest)
}

/// The last piece: what only grows, and the end of the day.
async fn finish(
    tx: &Tx,
    now: Timestamp,
    programme: &loan_programme::Model,
    row: loan_day::Model,
    rest: &Rest,
) -> Result<loan_day::Model, ServeError> {
    let (day, grown) = (row.day, &rest.grown);
    let entry = postings::day(programme.book_id, postings::day_reference(programme.id, day, row.step), day);
    book(tx, now, grown.onto(entry, programme)).await?;
    begun(tx, now, programme, day).await?;
    let mut after = row.clone();
    after.state = "closed".to_owned();
    after.closed_us = Some(now);
    after.loans = rest.loans;
    after.balance_fen = Money::from_fen(rest.balance_fen);
    after.overdue_fen = Money::from_fen(rest.overdue_fen);
    let ([interest, penalty, compound], off_balance) = grown.total();
    let figures = [
        after.loans,
        after.changed,
        after.balance_fen.fen(),
        after.overdue_fen.fen(),
        row.interest_fen.fen() + interest,
        row.penalty_fen.fen() + penalty,
        row.compound_fen.fen() + compound,
        row.off_balance_fen.fen() + off_balance,
    ];
    after.digest = digest(tx, programme, day, &figures).await?;
    let row = note(tx, row, after, grown).await?;
    let sql = "UPDATE loan_programme SET closed_through = $1 WHERE id = $2";
    entity::execute(tx, sql, [day.into(), programme.id.into()]).await?;
    Ok(row)
}

/// The first day of loans that were paid out is over: they are performing from now on. Two statements.
async fn begun(tx: &Tx, now: Timestamp, programme: &loan_programme::Model, day: BusinessDate) -> Result<(), DbErr> {
    let history = "INSERT INTO loan_contract_history (contract_id, seq, from_state, to_state, event, on_day, at_us, actor, reason) \
                   SELECT c.id, 1 + (SELECT COALESCE(MAX(h.seq), 0) FROM loan_contract_history h WHERE h.contract_id = c.id), 'paid_out', \
                   'performing', 'begin', $2, $3, 'system', NULL FROM loan_contract c \
                   WHERE c.bank_id = $1 AND c.state = 'paid_out' AND c.paid_out_on <= $2";
    let bank = programme.bank_id;
    entity::execute(tx, history, [bank.into(), day.into(), now.into()]).await?;
    let state = "UPDATE loan_contract SET state = 'performing', changed_us = $3 \
                 WHERE bank_id = $1 AND state = 'paid_out' AND paid_out_on <= $2";
    entity::execute(tx, state, [bank.into(), day.into(), now.into()]).await?;
    Ok(())
}

/// SHA-256 over the digest of the day before, the programme, the day and its figures, as decimal text with one blank between.
async fn digest(
    tx: &Tx,
    programme: &loan_programme::Model,
    day: BusinessDate,
    figures: &[i64],
) -> Result<Vec<u8>, DbErr> {
    let before = loan_day::Entity::find_by_id((programme.id, day.previous())).one(tx).await?;
    Ok(seal(before.as_ref(), programme.id, day, figures))
}

/// The digest of a day after the one before.
pub(super) fn seal(
    before: Option<&loan_day::Model>,
    programme: LoanProgrammeId,
    day: BusinessDate,
    figures: &[i64],
) -> Vec<u8> {
    let mut text = format!("{programme} {day}");
    figures.iter().for_each(|figure| text.push_str(&format!(" {figure}")));
    let mut hash = Sha256::new();
    hash.update(before.map_or(&[0; 32][..], |row| row.digest.as_slice()));
    hash.update(text.as_bytes());
    hash.finalize().to_vec()
}

/// The closed days of a programme, newest first.
pub async fn days(
    db: &impl ConnectionTrait,
    id: LoanProgrammeId,
    before: Option<BusinessDate>,
    limit: u64,
) -> Result<Vec<loan_day::Model>, DbErr> {
    let mut query = loan_day::Entity::find().filter(loan_day::Column::ProgrammeId.eq(id));
    if let Some(before) = before {
        query = query.filter(loan_day::Column::Day.lt(before));
    }
    query.order_by_desc(loan_day::Column::Day).limit(limit).all(db).await
}
