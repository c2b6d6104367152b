//! Programmes: the loans of a bank that we follow, with a memo book each, and the pool that bears a part of the losses.
//!
//! A pool is memo: nothing of it is in a book of ours, and whoever holds it is no charity whose books are (facts: lending 6); the
//! database refuses it by the holder's 统一社会信用代码.

use std::collections::HashMap;

use domain::{BankId, BookId, BusinessDate, LoanContractId, LoanProgrammeId, Money, StaffId, Timestamp};
use entity::{Tx, bank, loan_pool, loan_programme};
use ledger::{BookKind, NewBook, Subject};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    Statement,
};

use super::ServeError;

/// How much a bank tells, in the database.
pub const PACES: [&str; 3] = [EVERY_DAY, "monthly", "summary"];
/// Of a bank that tells every day.
const EVERY_DAY: &str = "daily";

/// A programme as somebody writes it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProgramme {
    /// Made by the client; the memo book has the same.
    pub id: LoanProgrammeId,
    /// Whose loans.
    pub bank: BankId,
    /// Its name, in Chinese.
    pub name: String,
    /// How much the bank tells: one of [`PACES`].
    pub pace: String,
    /// How far a fact of ours and one of the bank's may lie apart, in days.
    pub match_days: i64,
    /// The first day that is closed.
    pub first_day: BusinessDate,
}

/// Opens a programme and its memo book. The same id with the same content again answers the one that stands.
pub async fn open(
    tx: &Tx,
    now: Timestamp,
    new: NewProgramme,
    by: StaffId,
) -> Result<loan_programme::Model, ServeError> {
    let name = new.name.trim().to_owned();
    if !(1..=40).contains(&name.chars().count()) {
        return Err(ServeError::Invalid { field: "name", problem: "请填写名称，最多40字" });
    }
    if !PACES.contains(&new.pace.as_str()) {
        return Err(ServeError::Invalid { field: "pace", problem: "文件频率应为 daily、monthly 或 summary" });
    }
    if !(0..=31).contains(&new.match_days) {
        return Err(ServeError::Invalid { field: "match_days", problem: "匹配天数应为0至31天" });
    }
    if new.first_day > BusinessDate::of(now) {
        return Err(ServeError::Invalid { field: "first_day", problem: "起始日不能晚于今天" });
    }
    if let Some(known) = loan_programme::Entity::find_by_id(new.id).one(tx).await? {
        let same = (known.bank_id, &known.name, &known.pace, known.match_days, known.first_day)
            == (new.bank, &name, &new.pace, new.match_days, new.first_day);
        return if same { Ok(known) } else { Err(ServeError::IdReused) };
    }
    let bank = bank::Entity::find_by_id(new.bank).one(tx).await?.ok_or(ServeError::NoSuchBank)?;
    let book = BookId::from(new.id.uuid());
    let memo = NewBook {
        id: book,
        code: format!("loan-{}", bank.code),
        name: name.clone(),
        kind: BookKind::Memo,
        credit_code: None,
    };
    ledger::create_book(tx, memo, now).await?;
    let row = loan_programme::ActiveModel {
        id: Set(new.id),
        bank_id: Set(new.bank),
        book_id: Set(book),
        name: Set(name),
        pace: Set(new.pace),
        match_days: Set(new.match_days),
        first_day: Set(new.first_day),
        closed_through: Set(new.first_day.previous()),
        author_id: Set(Some(by)),
        created_us: Set(now),
        told_count: Set(0),
    };
    Ok(row.insert(tx).await?)
}

/// Says who holds the pool and how large it is. The size may change, the holder not; it never falls below what the pool has paid and not
/// got back. Below what it stands for it may fall: those loans keep their cover, and no new one finds any until it is enough again.
pub async fn set_pool(
    tx: &Tx,
    now: Timestamp,
    id: LoanProgrammeId,
    holder: &str,
    holder_credit_code: &str,
    size: Money,
    by: StaffId,
) -> Result<loan_pool::Model, ServeError> {
    let programme = super::close::locked(tx, id).await?;
    let holder = holder.trim();
    if !(1..=40).contains(&holder.chars().count()) {
        return Err(ServeError::Invalid {
            field: "holder", problem: "请填写风险补偿金管理方，最多40字"
        });
    }
    let code = holder_credit_code.trim();
    if code.len() != 18 || !code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
        return Err(ServeError::Invalid {
            field: "holder_credit_code",
            problem: "统一社会信用代码应为18位数字或大写字母",
        });
    }
    if !size.is_positive() || size > Money::MAX {
        return Err(ServeError::Invalid { field: "size", problem: "规模应大于零" });
    }
    let standing = loan_pool::Entity::find_by_id(id).one(tx).await?;
    if let Some(known) = standing {
        if (known.holder.as_str(), known.holder_credit_code.as_str()) != (holder, code) {
            return Err(ServeError::Conflict);
        }
        let paid = paid_by_pool(tx, &programme).await?;
        if size < paid {
            return Err(ServeError::PoolPaid { paid });
        }
        let mut row: loan_pool::ActiveModel = known.into();
        row.size_fen = Set(size);
        return Ok(row.update(tx).await?);
    }
    let row = loan_pool::ActiveModel {
        programme_id: Set(id),
        holder: Set(holder.to_owned()),
        holder_credit_code: Set(code.to_owned()),
        size_fen: Set(size),
        author_id: Set(Some(by)),
        created_us: Set(now),
    };
    Ok(row.insert(tx).await?)
}

/// A programme.
pub async fn one(db: &impl ConnectionTrait, id: LoanProgrammeId) -> Result<loan_programme::Model, ServeError> {
    loan_programme::Entity::find_by_id(id).one(db).await?.ok_or(ServeError::NoSuchProgramme)
}

/// The programme of a bank, by the bank's code.
pub async fn of_bank(db: &impl ConnectionTrait, code: &str) -> Result<loan_programme::Model, ServeError> {
    let bank = bank::Entity::find().filter(bank::Column::Code.eq(code)).one(db).await?.ok_or(ServeError::NoSuchBank)?;
    of(db, bank.id).await
}

/// The programme of a bank.
pub async fn of(db: &impl ConnectionTrait, bank: BankId) -> Result<loan_programme::Model, ServeError> {
    let found = loan_programme::Entity::find().filter(loan_programme::Column::BankId.eq(bank)).one(db).await?;
    found.ok_or(ServeError::NoSuchProgramme)
}

/// All programmes, oldest first. There are as many as banks.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<loan_programme::Model>, ServeError> {
    let rows = loan_programme::Entity::find().order_by_asc(loan_programme::Column::CreatedUs);
    Ok(rows.order_by_asc(loan_programme::Column::Id).all(db).await?)
}

/// A programme, and the day to which it is known how its loans stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The programme.
    pub programme: loan_programme::Model,
    /// The day the bank's last file tells of.
    pub told: Option<BusinessDate>,
    /// Today, or the day of the last file of a bank that does not tell every day: whether what fell due after it was paid nobody has heard
    /// yet, so none of it is called late (facts: lending 6). As long as there is no file its officers tell all there is.
    pub until: BusinessDate,
}

impl Known {
    fn of(programme: loan_programme::Model, told: Option<BusinessDate>, today: BusinessDate) -> Known {
        let until = match told {
            Some(day) if programme.pace != EVERY_DAY => day.min(today),
            _ => today,
        };
        Known { programme, told, until }
    }

    /// The last day that can be closed: yesterday, or the day the bank last told of.
    pub fn last_day(&self, today: BusinessDate) -> BusinessDate {
        self.until.min(today.previous())
    }
}

/// A programme with the day to which it is known.
pub(super) async fn known_one(
    db: &impl ConnectionTrait,
    programme: loan_programme::Model,
    today: BusinessDate,
) -> Result<Known, DbErr> {
    let told = match programme.pace.as_str() {
        EVERY_DAY => None,
        _ => super::file::last(db, programme.id).await?.map(|file| file.day),
    };
    Ok(Known::of(programme, told, today))
}

/// All programmes with the day to which each is known, oldest first. Two statements.
pub async fn known(db: &impl ConnectionTrait, today: BusinessDate) -> Result<Vec<Known>, ServeError> {
    let sql = "SELECT f.programme_id, f.day FROM loan_file f \
               WHERE f.sequence = (SELECT MAX(g.sequence) FROM loan_file g WHERE g.programme_id = f.programme_id)";
    let mut told: HashMap<LoanProgrammeId, BusinessDate> = HashMap::new();
    for row in db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await? {
        told.insert(row.try_get("", "programme_id")?, row.try_get("", "day")?);
    }
    let known = |one: loan_programme::Model| {
        let day = told.get(&one.id).copied();
        Known::of(one, day, today)
    };
    Ok(all(db).await?.into_iter().map(known).collect())
}

/// The pool of a programme.
pub async fn pool(db: &impl ConnectionTrait, id: LoanProgrammeId) -> Result<Option<loan_pool::Model>, ServeError> {
    Ok(loan_pool::Entity::find_by_id(id).one(db).await?)
}

/// What a programme's pool can still pay: its size less what it has paid and not got back. Nothing is known of a pool nobody
/// registered. Whoever asks has locked the programme.
pub(crate) async fn left_in_pool(tx: &Tx, programme: &loan_programme::Model) -> Result<Option<Money>, ServeError> {
    let Some(pool) = pool(tx, programme.id).await? else { return Ok(None) };
    let paid = paid_by_pool(tx, programme).await?;
    Ok(Some(pool.size_fen.checked_sub(paid).unwrap_or(Money::ZERO)))
}

/// What a pool has paid and not got back.
async fn paid_by_pool(tx: &Tx, programme: &loan_programme::Model) -> Result<Money, DbErr> {
    let sql = "SELECT CAST(COALESCE(SUM(debit_fen - credit_fen), 0) AS BIGINT) AS fen FROM account WHERE book_id = $1 AND subject = $2";
    fen_of(tx, sql, [programme.book_id.into(), Subject::LOAN_POOL.code().into()]).await
}

/// What a bank may still lend for which its pool stands: so many times the pool, less what it stands for already. Locks the pool.
pub(crate) async fn left_to_cover(
    tx: &Tx,
    bank: BankId,
    multiple: u32,
    replaces: Option<LoanContractId>,
) -> Result<Option<Money>, DbErr> {
    let programme = loan_programme::Entity::find().filter(loan_programme::Column::BankId.eq(bank)).one(tx).await?;
    let Some(programme) = programme else { return Ok(None) };
    let Some(pool) = loan_pool::Entity::find_by_id(programme.id).lock_exclusive().one(tx).await? else {
        return Ok(None);
    };
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN state = 'signed' THEN principal_fen ELSE outstanding_fen END), 0) AS BIGINT) AS fen \
               FROM loan_contract WHERE bank_id = $1 AND compensation IS NOT NULL AND id <> $2";
    let replaces = replaces.map_or(uuid::Uuid::nil(), LoanContractId::uuid);
    let covered = fen_of(tx, sql, [bank.into(), replaces.into()]).await?;
    let most = Money::from_fen(pool.size_fen.fen().saturating_mul(multiple.into()).min(Money::MAX.fen()));
    Ok(Some(most.checked_sub(covered).unwrap_or(Money::ZERO).max(Money::ZERO)))
}

async fn fen_of(tx: &Tx, sql: &str, values: [sea_orm::Value; 2]) -> Result<Money, DbErr> {
    let row = tx.query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    row.map_or(Ok(Money::ZERO), |row| row.try_get("", "fen"))
}
