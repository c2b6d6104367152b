//! The end of a year (年终结转; facts: charity 6.2, entries 16 and 22): income and prior-year adjustments go to net assets, then the
//! restriction is lifted from what the year used, then expenses go to unrestricted net assets. Income and expense accounts end at
//! nothing; what is available to a campaign and every public total stay as they are.

use std::collections::BTreeMap;

use domain::{AccountId, BookId, BusinessDate, Money};
use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::{Account, Entry, Subject, accounts, balances};

/// What a year-end entry is called; statements leave these out.
pub(crate) const CLOSING: &str = "closing";

/// The entries that end a year, in the order they are booked; fewer if there is nothing to carry, none if the year was ended. Compute
/// and book them in one transaction, then close the year: nothing of it may come after them.
///
/// | step | account                                       | debit  | credit |
/// | ---- | --------------------------------------------- | ------ | ------ |
/// | 22   | 41xx02…49xx02, 320102; campaign               | amount |        |
/// |      | 3102 限定性净资产, campaign                   |        | amount |
/// | 22   | 41xx01…49xx01, 320101                         | amount |        |
/// |      | 3101 非限定性净资产                           |        | amount |
/// | 16   | 3102 限定性净资产, campaign                   | amount |        |
/// |      | 3101 非限定性净资产                           |        | amount |
/// | 22   | 3101 非限定性净资产                           | amount |        |
/// |      | 5xxx                                          |        | amount |
pub async fn year_end(db: &impl ConnectionTrait, book: BookId, year: i32) -> Result<Vec<Entry>, DbErr> {
    let (Some(first), Some(last)) = (BusinessDate::new(year, 1, 1), BusinessDate::new(year, 12, 31)) else {
        return Err(DbErr::Custom(format!("there is no year {year}")));
    };
    if is_ended(db, book, year).await? {
        return Ok(Vec::new());
    }
    let standing = balances(db, book, Some(last)).await?;
    let net = |id: &AccountId| standing.get(id).map_or(0, |balance| balance.net().fen());
    let unrestricted = Account::new(book, Subject::UNRESTRICTED_NET_ASSETS);
    let [income, release, expense] = references(book, year);
    let entry = |kind, reference| Entry::new(book, kind, reference, last).on(last);
    let mut income = entry(CLOSING, income);
    let mut release = entry("release", release);
    let mut expense = entry(CLOSING, expense);
    let mut used: BTreeMap<Account, i64> = BTreeMap::new();

    for row in accounts(db, book).await? {
        let Some(account) = Account::of_row(&row) else { continue };
        let net = net(&row.id);
        let code = account.subject.code();
        if code.starts_with('4') || code.starts_with("3201") {
            let to = if code.ends_with("02") { restricted(&account) } else { unrestricted.clone() };
            income = moving(income, &account, &to, -net);
        }
        if code.starts_with('5') {
            expense = moving(expense, &unrestricted, &account, net);
        }
        if account.campaign.is_some() && (code.starts_with('5') || code == Subject::PRIOR_YEAR_UNRESTRICTED.code()) {
            *used.entry(restricted(&account)).or_default() += net;
        }
    }
    let released = released(db, book, first, last).await?;
    for (account, used) in used {
        let left = used - released.get(&account.id()).copied().unwrap_or_default();
        release = moving(release, &account, &unrestricted, left);
    }
    Ok([income, release, expense].into_iter().filter(|entry| !entry.postings().is_empty()).collect())
}

fn references(book: BookId, year: i32) -> [String; 3] {
    ["income", "release", "expense"].map(|step| format!("year_end:{book}:{year}:{step}"))
}

/// Whether the entries of a year's end stand.
async fn is_ended(db: &impl ConnectionTrait, book: BookId, year: i32) -> Result<bool, DbErr> {
    let references = references(book, year).map(Into::into);
    let sql = "SELECT 1 AS one FROM entry WHERE reference IN ($1, $2, $3) LIMIT 1";
    let found = db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, references)).await?;
    Ok(found.is_some())
}

/// 3102 of an account's campaign, goods kept apart.
fn restricted(account: &Account) -> Account {
    let restricted =
        Account { campaign: account.campaign, ..Account::new(account.book, Subject::RESTRICTED_NET_ASSETS) };
    if account.goods { restricted.in_goods() } else { restricted }
}

/// Adds a line that moves an amount from `credit` to `debit`, or back if it is less than nothing.
fn moving(entry: Entry, debit: &Account, credit: &Account, fen: i64) -> Entry {
    let amount = Money::from_fen(fen.saturating_abs());
    match fen {
        0 => entry,
        1.. => entry.posting(debit.clone(), credit.clone(), amount),
        _ => entry.posting(credit.clone(), debit.clone(), amount),
    }
}

/// What was released of each restricted account between two days, less what was restricted again.
async fn released(
    db: &impl ConnectionTrait,
    book: BookId,
    first: BusinessDate,
    last: BusinessDate,
) -> Result<BTreeMap<AccountId, i64>, DbErr> {
    let half = |own: &str, other: &str, sign: &str| {
        format!(
            "SELECT o.id, {sign}p.amount_fen AS fen FROM entry e JOIN posting p ON p.entry_id = e.id \
             JOIN account o ON o.id = p.{own} JOIN account t ON t.id = p.{other} \
             WHERE e.book_id = $1 AND e.book_date >= $2 AND e.book_date <= $3 AND o.subject = '3102' AND t.subject = '3101'"
        )
    };
    let sql = format!(
        "SELECT id, CAST(SUM(fen) AS BIGINT) AS fen FROM ({} UNION ALL {}) moved GROUP BY id",
        half("debit_account", "credit_account", ""),
        half("credit_account", "debit_account", "-"),
    );
    let values = [book.into(), first.into(), last.into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "fen")?))).collect()
}
