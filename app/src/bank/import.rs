//! Statements into lines. What stands n times in a file stands n times among the lines, whichever of the overlapping files came first.

use std::collections::{BTreeSet, HashMap};

use aws_lc_rs::digest::{SHA256, digest};
use domain::bank::{GiftCode, LineState};
use domain::role::Member;
use domain::{BankLineId, BankStatementId, BookId, BusinessDate, Money, Timestamp};
use entity::{Rows, Tx, bank_account, bank_line, bank_statement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Set,
};

use super::statement::{Mapping, Problem, ReadLine, Statement, TOLD, clipped, read, same_account};
use super::{Bank, BankError, CLERKS, KEEPERS, LineWords, account, hand, purpose, reads};
use crate::trail;
use crate::vault::Vault;

/// A statement somebody brings.
#[derive(Clone, Debug)]
pub struct Import {
    /// Made by the client.
    pub id: BankStatementId,
    /// Whose account.
    pub book: BookId,
    /// Our short name of it.
    pub bank_account: String,
    /// What the file is called, if that is known.
    pub file_name: Option<String>,
    /// The file.
    pub bytes: Vec<u8>,
}

/// What is in a file, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// `plain`, `csv`, `xlsx`, `camt053`.
    pub format: &'static str,
    /// The balance before the first line, if the file says it.
    pub opening: Option<Money>,
    /// The balance after the last line.
    pub closing: Option<Money>,
    /// The days of its lines.
    pub days: Option<(BusinessDate, BusinessDate)>,
    /// How many lines, and what they add up to.
    pub lines: u64,
    /// What came.
    pub income: Money,
    /// What left.
    pub expense: Money,
    /// Lines that no earlier file told of.
    pub fresh: u64,
    /// Rows that are no movement: which balance or sum each was taken for.
    pub balance_rows: Vec<Problem>,
    /// What refuses the file.
    pub problems: Vec<Problem>,
    /// What somebody should look at before it is taken.
    pub warnings: Vec<Problem>,
    /// The statement, if it was kept, or was kept before.
    pub statement: Option<BankStatementId>,
    /// Lines that were tied to their entries at once.
    pub matched: u64,
}

/// A statement that was brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// The statement.
    pub row: bank_statement::Model,
    /// How many of the lines it brought wait for their entry.
    pub open: i64,
}

/// A line of the file that the books do not know yet.
struct Fresh<'a> {
    line: &'a ReadLine,
    position: usize,
    identity: Vec<u8>,
    occurrence: i64,
}

#[derive(FromQueryResult)]
struct Known {
    identity: Vec<u8>,
    occurrence: i64,
    balance_fen: Option<Money>,
}

impl Bank {
    /// Looks at a statement and, with `write`, takes it. Nothing is written while there is a problem, nor with a warning unless somebody says
    /// that it is right so. Then what is clear is tied at once.
    pub async fn import(
        &self,
        import: Import,
        write: bool,
        despite_warnings: bool,
        by: &Member,
    ) -> Result<ImportReport, BankError> {
        let roles = [CLERKS.as_slice(), KEEPERS.as_slice()].concat();
        by.must_be(&roles)?;
        let name = import.bank_account.trim();
        hand(import.book, by, &roles)?;
        let known = bank_account::Entity::find_by_id((import.book, name.to_owned())).one(self.db.read()).await?;
        let mapping = known.ok_or(BankError::NoSuchAccount)?.mapping;
        let mapping: Option<Mapping> = mapping
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| DbErr::Custom(error.to_string()))?;
        let statement = match read(&import.bytes, mapping.as_ref()) {
            Ok(statement) => statement,
            Err(problems) => return Ok(ImportReport { problems, ..ImportReport::default() }),
        };
        let (now, actor) = (self.clock.now(), by.id.to_string());
        let tx = self.db.begin().await?;
        let file_name = import.file_name.as_deref().map(|name| clipped(name, 200)).filter(|name| !name.is_empty());
        let file = File { id: import.id, book: import.book, account: name, name: file_name, bytes: &import.bytes };
        let (mut report, fresh) =
            take(&tx, &self.vault, now, &file, &statement, &actor, write, despite_warnings).await?;
        if !write || report.statement.is_none() || !report.problems.is_empty() {
            return Ok(report);
        }
        if !fresh.is_empty() {
            report.matched = self.tie_what_is_clear(&tx, now, import.book, name, &actor).await?;
        }
        let line = trail::Line {
            actor: trail::staff(by.id),
            action: "bank.import",
            object: format!("bank_statement:{}", report.statement.unwrap_or(import.id)),
            origin: by.origin.clone(),
            detail: serde_json::json!({ "lines": report.lines, "fresh": report.fresh }),
        };
        trail::record(&tx, now, line).await?;
        tx.commit().await?;
        Ok(report)
    }

    /// The statements of an account, newest first, each with what of it still waits. Two statements.
    pub async fn statements(
        &self,
        (book, name): (BookId, &str),
        after: Option<BankStatementId>,
        limit: u64,
        by: &Member,
    ) -> Result<Vec<StatementLine>, BankError> {
        let db = self.db.read();
        reads(db, book, by).await?;
        let mut query = bank_statement::Entity::find()
            .filter(bank_statement::Column::BookId.eq(book))
            .filter(bank_statement::Column::BankAccount.eq(name));
        if let Some(after) = after {
            let last = bank_statement::Entity::find_by_id(after).one(db).await?.ok_or(BankError::NoSuchStatement)?;
            query = query.filter(
                sea_orm::Condition::any().add(bank_statement::Column::ReceivedUs.lt(last.received_us)).add(
                    sea_orm::Condition::all()
                        .add(bank_statement::Column::ReceivedUs.eq(last.received_us))
                        .add(bank_statement::Column::Id.lt(last.id)),
                ),
            );
        }
        let newest = query.order_by_desc(bank_statement::Column::ReceivedUs).order_by_desc(bank_statement::Column::Id);
        let rows = newest.limit(limit).all(db).await?;
        let open: Vec<(BankStatementId, i64)> = bank_line::Entity::find()
            .select_only()
            .column(bank_line::Column::StatementId)
            .column_as(bank_line::Column::Id.count(), "open")
            .filter(bank_line::Column::StatementId.is_in(rows.iter().map(|row| row.id)))
            .filter(bank_line::Column::State.eq(LineState::Open))
            .group_by(bank_line::Column::StatementId)
            .into_tuple()
            .all(db)
            .await?;
        let open: HashMap<BankStatementId, i64> = open.into_iter().collect();
        let shown = |row: bank_statement::Model| StatementLine { open: open.get(&row.id).copied().unwrap_or(0), row };
        Ok(rows.into_iter().map(shown).collect())
    }
}

/// A file, and where it belongs.
pub(crate) struct File<'a> {
    pub(crate) id: BankStatementId,
    pub(crate) book: BookId,
    pub(crate) account: &'a str,
    pub(crate) name: Option<String>,
    pub(crate) bytes: &'a [u8],
}

/// What a file adds, and with `write` adds it. Six statements however many lines. Answers the ids of what was added.
#[allow(clippy::too_many_arguments, reason = "a file, where it goes, and what may be done with it")]
pub(crate) async fn take(
    tx: &Tx,
    vault: &Vault,
    now: Timestamp,
    file: &File<'_>,
    statement: &Statement,
    actor: &str,
    write: bool,
    despite_warnings: bool,
) -> Result<(ImportReport, Vec<BankLineId>), BankError> {
    let known = account(tx, now, file.book, file.account, actor).await?;
    let lines = &statement.lines;
    let of = |sign: bool| lines.iter().map(|line| line.amount).filter(move |amount| amount.is_positive() == sign);
    let days = lines.iter().map(|line| line.day);
    let mut report = ImportReport {
        format: statement.format,
        opening: statement.opening,
        closing: statement.closing,
        days: days.clone().min().zip(days.max()),
        lines: lines.len() as u64,
        income: Money::checked_sum(of(true)).unwrap_or(Money::MAX),
        expense: Money::from_fen(-Money::checked_sum(of(false)).unwrap_or_default().fen()),
        balance_rows: statement.said.iter().take(TOLD).cloned().collect(),
        ..ImportReport::default()
    };
    let sha256 = digest(&SHA256, file.bytes).as_ref().to_vec();
    let of_account = || {
        bank_statement::Entity::find()
            .filter(bank_statement::Column::BookId.eq(file.book))
            .filter(bank_statement::Column::BankAccount.eq(file.account))
    };
    if let Some(same) = of_account().filter(bank_statement::Column::Sha256.eq(sha256.clone())).one(tx).await? {
        report.statement = Some(same.id);
        return Ok((report, Vec::new()));
    }
    if bank_statement::Entity::find_by_id(file.id).one(tx).await?.is_some() {
        return Err(BankError::IdReused);
    }
    let Some((first, last)) = report.days else {
        report.problems.push(Problem::whole("对账单没有任何一笔流水"));
        return Ok((report, Vec::new()));
    };
    report.problems.extend(foreign(&known, statement));
    let today = BusinessDate::of(now);
    let future = lines.iter().filter(|line| line.day > today);
    report.problems.extend(future.map(|line| Problem::at(line.line, format!("日期{}还没有到", line.day))));
    if !report.problems.is_empty() {
        report.problems.truncate(TOLD);
        return Ok((report, Vec::new()));
    }
    report.warnings.extend(statement.doubts.iter().cloned());
    if let Some((begun, _)) = ledger::booked_days(tx, file.book).await?
        && first < begun
    {
        let early = lines.iter().filter(|line| line.day < begun).count();
        let words = format!("有{early}笔流水早于账套的第一张凭证（{begun}），请确认不是其他年度的对账单");
        report.warnings.push(Problem::whole(words));
    }
    // Another file of the same day says how it began; only a file that follows on others has to follow from them.
    let overlaps = of_account()
        .filter(bank_statement::Column::FirstDay.lte(first))
        .filter(bank_statement::Column::LastDay.gte(first))
        .one(tx)
        .await?
        .is_some();
    let before = of_account()
        .filter(bank_statement::Column::LastDay.lt(first))
        .filter(bank_statement::Column::ClosingFen.is_not_null())
        .order_by_desc(bank_statement::Column::LastDay)
        .order_by_desc(bank_statement::Column::ReceivedUs)
        .limit(1)
        .one(tx)
        .await?;
    if let (Some(before), Some(opening)) = (before.and_then(|row| row.closing_fen), statement.opening)
        && before != opening
        && !overlaps
    {
        let words = format!("期初余额{opening}与上一份对账单的期末余额{before}不衔接，中间可能缺少对账单");
        report.warnings.push(Problem::whole(words));
    }
    let identities: Vec<Vec<u8>> = lines.iter().map(|line| identity(vault, file, line)).collect();
    let fresh = unknown(tx, file, lines, &identities).await?;
    report.fresh = fresh.len() as u64;
    for line in alike(tx, file, &fresh).await? {
        report.warnings.push(Problem::at(line, "已有同日、同流水号、同金额的一笔，但户名或摘要不同，请确认不是重复"));
    }
    if !write || (!despite_warnings && !report.warnings.is_empty()) {
        return Ok((report, Vec::new()));
    }
    let row = bank_statement::ActiveModel {
        id: Set(file.id),
        book_id: Set(file.book),
        bank_account: Set(file.account.to_owned()),
        file_name: Set(file.name.clone()),
        format: Set(statement.format.to_owned()),
        sha256: Set(sha256),
        content_sealed: Set(vault.seal_own(&format!("sangzi: bank statement {}", file.id), file.bytes)),
        opening_fen: Set(statement.opening),
        closing_fen: Set(statement.closing),
        first_day: Set(first),
        last_day: Set(last),
        lines: Set(i64::try_from(lines.len()).unwrap_or(i64::MAX)),
        fresh: Set(i64::try_from(fresh.len()).unwrap_or(i64::MAX)),
        actor: Set(actor.to_owned()),
        received_us: Set(now),
    };
    row.insert(tx).await?;
    report.statement = Some(file.id);
    // The first statement that says the account's number says it for all that follow; who keeps the books may set it right.
    if let (None, Some(number)) = (&known.number, statement.account.as_deref().filter(|number| !number.contains('*'))) {
        let mut active: bank_account::ActiveModel = known.into();
        active.number = Set(Some(clipped(number, 40)));
        active.update(tx).await?;
    }
    let ids: Vec<BankLineId> = fresh.iter().map(|_| BankLineId::new()).collect();
    write_lines(tx, vault, now, file, &fresh, &ids).await?;
    Ok((report, ids))
}

/// What is wrong with a statement that names another account than this one.
fn foreign(known: &bank_account::Model, statement: &Statement) -> Option<Problem> {
    let (ours, said) = (known.number.as_deref()?, statement.account.as_deref()?);
    (!same_account(ours, said)).then(|| {
        let words = format!("对账单的账号是{said}，“{}”的账号是{ours}，不是同一个账户", known.name);
        Problem::whole(words)
    })
}

/// A line is what it says. A keyed digest: whoever reads the column guesses no names.
fn identity(vault: &Vault, file: &File<'_>, line: &ReadLine) -> Vec<u8> {
    let said = serde_json::json!([
        file.book,
        file.account,
        line.day,
        line.reference,
        line.amount.fen(),
        line.counterparty,
        line.account,
        line.remark
    ]);
    vault.lookup(&said.to_string())
}

/// The lines of the file that are not among those of the account. Lines that say the same are told apart by their balances, where both
/// have one; otherwise the first of the file is the first of the account, and so on.
async fn unknown<'a>(
    tx: &Tx,
    file: &File<'_>,
    lines: &'a [ReadLine],
    identities: &[Vec<u8>],
) -> Result<Vec<Fresh<'a>>, DbErr> {
    let distinct: BTreeSet<&Vec<u8>> = identities.iter().collect();
    let rows = Rows::new().bytes("identity", distinct.into_iter().cloned());
    let sql = "SELECT l.identity, l.occurrence, l.balance_fen FROM {rows} JOIN bank_line l ON l.identity = r.identity \
               WHERE l.book_id = $1 AND l.bank_account = $2 ORDER BY l.identity, l.occurrence";
    let statement = rows.statement(tx.get_database_backend(), sql, [file.book.into(), file.account.into()]);
    let mut known: HashMap<Vec<u8>, Vec<Known>> = HashMap::new();
    for row in Known::find_by_statement(statement).all(tx).await? {
        known.entry(row.identity.clone()).or_default().push(row);
    }
    let mut last: HashMap<&[u8], i64> = HashMap::new();
    for (identity, rows) in &known {
        last.insert(identity.as_slice(), rows.iter().map(|row| row.occurrence).max().unwrap_or_default());
    }
    let mut left: HashMap<&[u8], Vec<Option<Money>>> = HashMap::new();
    for (identity, rows) in &known {
        left.insert(identity.as_slice(), rows.iter().map(|row| row.balance_fen).collect());
    }
    // Whoever has the very same balance is the same, before anybody else is taken for it.
    let mut taken = vec![false; lines.len()];
    for (at, (line, identity)) in lines.iter().zip(identities).enumerate() {
        if let (Some(balance), Some(left)) = (line.balance, left.get_mut(identity.as_slice()))
            && let Some(same) = left.iter().position(|known| *known == Some(balance))
        {
            left.remove(same);
            taken[at] = true;
        }
    }
    let mut fresh = Vec::new();
    for (at, (line, identity)) in lines.iter().zip(identities).enumerate() {
        if taken[at] {
            continue;
        }
        if let Some(left) = left.get_mut(identity.as_slice())
            && let Some(same) = left.iter().position(|known| known.is_none() || line.balance.is_none())
        {
            left.remove(same);
            continue;
        }
        let occurrence = last.entry(identity.as_slice()).or_default();
        *occurrence += 1;
        fresh.push(Fresh { line, position: at, identity: identity.clone(), occurrence: *occurrence });
    }
    Ok(fresh)
}

/// The numbers of lines that look like one that is there, said in other words.
async fn alike(tx: &Tx, file: &File<'_>, fresh: &[Fresh<'_>]) -> Result<Vec<u64>, DbErr> {
    let named: Vec<&Fresh<'_>> = fresh.iter().filter(|one| !one.line.reference.is_empty()).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let number = |line: u64| i64::try_from(line).unwrap_or_default();
    let rows = Rows::new()
        .int("line", named.iter().map(|one| number(one.line.line)))
        .text("day", named.iter().map(|one| one.line.day.to_string()))
        .text("reference", named.iter().map(|one| one.line.reference.clone()))
        .int("amount_fen", named.iter().map(|one| one.line.amount.fen()));
    let sql = "SELECT DISTINCT r.line FROM {rows} JOIN bank_line l ON l.day = r.day AND l.reference = r.reference AND l.amount_fen = r.amount_fen \
               WHERE l.book_id = $1 AND l.bank_account = $2 ORDER BY r.line";
    let statement = rows.statement(tx.get_database_backend(), sql, [file.book.into(), file.account.into()]);
    let found = tx.query_all_raw(statement).await?;
    found.iter().map(|row| Ok(u64::try_from(row.try_get::<i64>("", "line")?).unwrap_or_default())).collect()
}

async fn write_lines(
    tx: &Tx,
    vault: &Vault,
    now: Timestamp,
    file: &File<'_>,
    fresh: &[Fresh<'_>],
    ids: &[BankLineId],
) -> Result<(), DbErr> {
    if fresh.is_empty() {
        return Ok(());
    }
    let all = || fresh.iter();
    let code = |line: &ReadLine| match GiftCode::all_in(&line.remark).as_slice() {
        // Two codes say nothing.
        [one] if line.amount.is_positive() => Some(one.as_str().to_owned()),
        _ => None,
    };
    let sealed = |id: &BankLineId, line: &ReadLine| {
        let words = LineWords {
            counterparty: line.counterparty.clone(),
            account: line.account.clone(),
            remark: line.remark.clone(),
        };
        let words = serde_json::to_vec(&words).map_err(|error| DbErr::Custom(error.to_string()))?;
        Ok::<_, DbErr>(vault.seal_own(&purpose(*id), &words))
    };
    let words: Vec<Vec<u8>> = ids.iter().zip(fresh).map(|(id, one)| sealed(id, one.line)).collect::<Result<_, _>>()?;
    let rows = Rows::new()
        .uuid("id", ids.iter().map(|id| id.uuid()))
        .int("position", all().map(|one| i64::try_from(one.position).unwrap_or(i64::MAX)))
        .text("day", all().map(|one| one.line.day.to_string()))
        .text("reference", all().map(|one| one.line.reference.clone()))
        .int("amount_fen", all().map(|one| one.line.amount.fen()))
        .int_or_null("balance_fen", all().map(|one| one.line.balance.map(Money::fen)))
        .text_or_null("code", all().map(|one| code(one.line)))
        .bytes("identity", all().map(|one| one.identity.clone()))
        .int("occurrence", all().map(|one| one.occurrence))
        .bytes("words_sealed", words);
    let sql = "INSERT INTO bank_line (id, statement_id, book_id, bank_account, position, day, reference, amount_fen, balance_fen, code, identity, \
               occurrence, words_sealed, state, created_us) \
               SELECT id, $1, $2, $3, position, day, reference, amount_fen, balance_fen, code, identity, occurrence, words_sealed, 'open', $4 FROM {rows}";
    let values = [file.id.into(), file.book.into(), file.account.into(), now.into()];
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// The open lines of an account, in the order of the statement.
pub(super) async fn open_lines(
    db: &impl ConnectionTrait,
    book: BookId,
    name: &str,
) -> Result<Vec<bank_line::Model>, DbErr> {
    bank_line::Entity::find()
        .filter(bank_line::Column::BookId.eq(book))
        .filter(bank_line::Column::BankAccount.eq(name))
        .filter(bank_line::Column::State.eq(LineState::Open))
        .order_by_asc(bank_line::Column::Day)
        .order_by_asc(bank_line::Column::Id)
        .all(db)
        .await
}
