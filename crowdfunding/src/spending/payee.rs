//! Payees and beneficiaries. What is personal comes sealed and stays so: this crate holds no keys.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::role::{Member, Role};
use domain::{CampaignId, PayeeId, StaffId, Timestamp};
use entity::{Rows, Tx, campaign, charity, execute, payee as row};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Set, Statement,
};

use super::disbursement::{may_know, within};
use super::{READERS, SpendingError};

/// Who may write payees down and change their accounts.
const KEEPERS: [Role; 3] = [Role::Organiser, Role::ProjectManager, Role::Cashier];
/// Who may confirm a changed account.
const CONFIRMERS: [Role; 3] = [Role::ProjectManager, Role::FinanceHead, Role::Bookkeeper];

/// Who may declare somebody close.
pub const DECLARERS: [Role; 5] = [Role::Organiser, Role::ProjectManager, Role::Cashier, Role::FinanceHead, Role::Chair];

/// A bank account, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedAccount {
    /// The number.
    pub number: Vec<u8>,
    /// The bank.
    pub bank: Vec<u8>,
    /// What the number is looked up by.
    pub hmac: Vec<u8>,
}

/// Somebody to be paid, or for whom money is paid; sealed.
#[derive(Clone, Debug)]
pub struct NewPayee {
    /// Made by the client.
    pub id: PayeeId,
    /// The campaign they come with: their place in the tree and the books.
    pub campaign: CampaignId,
    /// `person` or `organisation`.
    pub kind: String,
    /// `beneficiary`, `guardian`, `supplier`, `partner`, `staff`.
    pub part: String,
    /// A child: public lists show sums only.
    pub minor: bool,
    /// The division (行政区划) they live in.
    pub division: Option<String>,
    /// The member of staff it is.
    pub staff: Option<StaffId>,
    /// Declared as close to a manager or donor who chose them (慈善法 Art. 40, 59), and how.
    pub related: Option<Vec<u8>>,
    /// The name.
    pub name: Vec<u8>,
    /// What the name is compared by.
    pub name_hmac: Vec<u8>,
    /// The phone number.
    pub phone: Option<Vec<u8>>,
    /// The account, unless somebody else receives the money.
    pub account: Option<SealedAccount>,
    /// The wrapped key of all of it.
    pub key_sealed: Vec<u8>,
    /// The master key it is wrapped with.
    pub key_version: i64,
}

/// Writes payees down; all come with one campaign. Those whose id stands already are left as they are and answered by the caller's look-up.
/// Another account under a name the book knows is a changed account: it waits like one ([`change_account`]).
pub async fn register(
    tx: &Tx,
    now: Timestamp,
    campaign: CampaignId,
    new: Vec<NewPayee>,
    by: &Member,
) -> Result<(), SpendingError> {
    by.must_be(&KEEPERS)?;
    let campaign = campaign::Entity::find_by_id(campaign).one(tx).await?.ok_or(SpendingError::NoSuchCampaign)?;
    let acting_for = by.acts(&KEEPERS, campaign.book_id, &campaign.unit_path)?.acting_for;
    if charity::Entity::find_by_id(campaign.book_id).one(tx).await?.is_none() {
        return Err(SpendingError::NoCharity);
    }
    if new.is_empty() {
        return Ok(());
    }
    let all = || new.iter();
    let rows = Rows::new()
        .uuid("id", all().map(|payee| payee.id.uuid()))
        .text("kind", all().map(|payee| payee.kind.clone()))
        .text("part", all().map(|payee| payee.part.clone()))
        .bool("minor", all().map(|payee| payee.minor))
        .text_or_null("division", all().map(|payee| payee.division.clone()))
        .uuid_or_null("staff_id", all().map(|payee| payee.staff.map(StaffId::uuid)))
        .bool("related", all().map(|payee| payee.related.is_some()))
        .bytes_or_null("related_sealed", all().map(|payee| payee.related.clone()))
        .bytes("name_sealed", all().map(|payee| payee.name.clone()))
        .bytes("name_hmac", all().map(|payee| payee.name_hmac.clone()))
        .bytes_or_null("phone_sealed", all().map(|payee| payee.phone.clone()))
        .bytes_or_null(
            "account_sealed",
            all().map(|payee| payee.account.as_ref().map(|account| account.number.clone())),
        )
        .bytes_or_null("bank_sealed", all().map(|payee| payee.account.as_ref().map(|account| account.bank.clone())))
        .bytes_or_null("account_hmac", all().map(|payee| payee.account.as_ref().map(|account| account.hmac.clone())))
        .bytes("key_sealed", all().map(|payee| payee.key_sealed.clone()))
        .int("key_version", all().map(|payee| payee.key_version));
    let sql = "INSERT INTO payee (id, book_id, unit_path, kind, part, minor, division, staff_id, related, related_sealed, name_sealed, name_hmac, \
               phone_sealed, account_sealed, bank_sealed, account_hmac, key_sealed, key_version, author_id, created_us, account_changed_us, \
               account_changed_by, account_changed_for) \
               SELECT r.id, $1, $2, r.kind, r.part, r.minor, r.division, r.staff_id, r.related, r.related_sealed, r.name_sealed, r.name_hmac, \
               r.phone_sealed, r.account_sealed, r.bank_sealed, r.account_hmac, r.key_sealed, r.key_version, $3, $4, \
               CASE WHEN o.id IS NULL THEN NULL ELSE $4 END, CASE WHEN o.id IS NULL THEN NULL ELSE $3 END, \
               CASE WHEN o.id IS NULL THEN NULL ELSE $5 END FROM {rows} LEFT JOIN payee o ON o.id = (SELECT q.id FROM payee_account h \
                   JOIN payee q ON q.id = h.payee_id WHERE q.book_id = $1 AND q.name_hmac = r.name_hmac AND h.account_hmac <> r.account_hmac \
                   AND NOT EXISTS (SELECT 1 FROM payee k WHERE k.book_id = $1 AND k.name_hmac = r.name_hmac AND k.account_hmac = r.account_hmac \
                       AND (k.account_changed_us IS NULL OR k.account_confirmed_by IS NOT NULL)) LIMIT 1)";
    let values = [campaign.book_id.into(), campaign.unit_path.into(), by.id.into(), now.into(), acting_for.into()];
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, values)).await?;
    let ids = Rows::new().uuid("id", all().map(|payee| payee.id.uuid()));
    let sql = "INSERT INTO payee_account (payee_id, seq, account_sealed, bank_sealed, account_hmac, author_id, at_us) \
               SELECT p.id, 1, p.account_sealed, p.bank_sealed, p.account_hmac, p.author_id, p.created_us \
               FROM {rows} JOIN payee p ON p.id = r.id WHERE p.account_hmac IS NOT NULL";
    tx.execute_raw(ids.statement(tx.get_database_backend(), sql, [])).await?;
    Ok(())
}

async fn locked(tx: &Tx, id: PayeeId, by: &Member) -> Result<row::Model, SpendingError> {
    by.must_be(&READERS)?;
    let payee = row::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    let payee = payee.ok_or(SpendingError::NoSuchPayee)?;
    may_know(by, &payee.unit_path, SpendingError::NoSuchPayee)?;
    Ok(payee)
}

/// Changes the account. It waits for another person's word, or for the charity's quiet days, before money goes there. The account that
/// stands already is not changed again.
pub async fn change_account(
    tx: &Tx,
    now: Timestamp,
    id: PayeeId,
    account: SealedAccount,
    by: &Member,
) -> Result<row::Model, SpendingError> {
    let payee = locked(tx, id, by).await?;
    let acting_for = by.acts(&KEEPERS, payee.book_id, &payee.unit_path)?.acting_for;
    if payee.account_hmac.as_ref() == Some(&account.hmac) {
        return Ok(payee);
    }
    let mut active: row::ActiveModel = payee.into();
    active.account_sealed = Set(Some(account.number.clone()));
    active.bank_sealed = Set(Some(account.bank.clone()));
    active.account_hmac = Set(Some(account.hmac.clone()));
    active.account_changed_us = Set(Some(now));
    active.account_changed_by = Set(Some(by.id));
    active.account_changed_for = Set(acting_for);
    active.account_confirmed_by = Set(None);
    active.account_confirmed_for = Set(None);
    let payee = active.update(tx).await?;
    let sql = "INSERT INTO payee_account (payee_id, seq, account_sealed, bank_sealed, account_hmac, author_id, at_us) \
               SELECT $1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM payee_account WHERE payee_id = $1), $2, $3, $4, $5, $6";
    let values = [id.into(), account.number.into(), account.bank.into(), account.hmac.into(), by.id.into(), now.into()];
    execute(tx, sql, values).await?;
    Ok(payee)
}

/// Whose account the register knows it as, of the house's own staff.
async fn staff_with_account(tx: &Tx, payee: &row::Model) -> Result<Vec<StaffId>, SpendingError> {
    let sql = "SELECT DISTINCT q.staff_id FROM payee p JOIN payee_account h ON h.account_hmac = p.account_hmac \
               JOIN payee q ON q.id = h.payee_id AND q.book_id = p.book_id WHERE p.id = $1 AND q.staff_id IS NOT NULL";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [payee.id.into()]);
    let found = tx.query_all_raw(statement).await?;
    Ok(found.iter().map(|row| row.try_get("", "staff_id")).collect::<Result<_, _>>()?)
}

/// A different person confirms the changed account (having called the payee, say), and not the one whose account the register knows it as.
pub async fn confirm_account(tx: &Tx, id: PayeeId, by: &Member) -> Result<row::Model, SpendingError> {
    let payee = locked(tx, id, by).await?;
    let grant = by.acts(&CONFIRMERS, payee.book_id, &payee.unit_path)?;
    let Some(changed_by) = payee.account_changed_by else { return Err(SpendingError::Decided) };
    if payee.account_confirmed_by.is_some() {
        return Err(SpendingError::Decided);
    }
    if by.is_among(grant, [Some(changed_by), payee.account_changed_for]) {
        return Err(SpendingError::OtherPerson);
    }
    if staff_with_account(tx, &payee).await?.into_iter().any(|owner| by.is_among(grant, [Some(owner)])) {
        return Err(SpendingError::Related);
    }
    let acting_for = grant.acting_for;
    let mut active: row::ActiveModel = payee.into();
    active.account_confirmed_by = Set(Some(by.id));
    active.account_confirmed_for = Set(acting_for);
    Ok(active.update(tx).await?)
}

/// A payee, locked, of whom a member is to declare that they are close to a manager or a donor who chose them.
pub async fn to_declare(tx: &Tx, id: PayeeId, by: &Member) -> Result<row::Model, SpendingError> {
    let payee = locked(tx, id, by).await?;
    by.may(&DECLARERS, &payee.unit_path)?;
    Ok(payee)
}

/// Declares a payee close to a manager or a donor who chose them (慈善法 Art. 40, 59); how, sealed with their key. One person's word stops the
/// money at once; nobody takes it back.
pub async fn declare_related(tx: &Tx, id: PayeeId, words: Vec<u8>, by: &Member) -> Result<row::Model, SpendingError> {
    let payee = to_declare(tx, id, by).await?;
    if payee.related {
        return Err(SpendingError::Decided);
    }
    let mut active: row::ActiveModel = payee.into();
    active.related = Set(true);
    active.related_sealed = Set(Some(words));
    Ok(active.update(tx).await?)
}

/// Payees whose words about whom they are close to stand in clear, from before these were sealed.
pub async fn declared_in_clear(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<row::Model>, SpendingError> {
    let rows = row::Entity::find().filter(row::Column::RelatedNote.is_not_null());
    Ok(rows.order_by_asc(row::Column::Id).limit(limit).all(db).await?)
}

/// Puts the sealed words in the place of those in clear.
pub async fn seal_words(tx: &Tx, id: PayeeId, words: Vec<u8>) -> Result<(), SpendingError> {
    let sql = "UPDATE payee SET related_note = NULL, related_sealed = $2 WHERE id = $1 AND related_note IS NOT NULL";
    execute(tx, sql, [id.into(), words.into()]).await?;
    Ok(())
}

/// A payee, for whoever may know of them; who screens names looks at those that were found, too.
pub async fn payee(db: &impl ConnectionTrait, id: PayeeId, by: &Member) -> Result<row::Model, SpendingError> {
    let readers = [&READERS[..], &[Role::Compliance]].concat();
    by.must_be(&readers)?;
    let payee = row::Entity::find_by_id(id).one(db).await?.ok_or(SpendingError::NoSuchPayee)?;
    by.may(&readers, &payee.unit_path).map_err(|_| SpendingError::NoSuchPayee)?;
    Ok(payee)
}

/// Payees by id, whoever asks; one statement.
pub async fn payees_of(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = PayeeId>,
) -> Result<HashMap<PayeeId, row::Model>, SpendingError> {
    let mut ids: Vec<PayeeId> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = Rows::new().uuid("id", ids.into_iter().map(PayeeId::uuid));
    let sql = "SELECT p.* FROM {rows} JOIN payee p ON p.id = r.id";
    let found = db.query_all_raw(rows.statement(db.get_database_backend(), sql, [])).await?;
    let mut payees = HashMap::with_capacity(found.len());
    for row in &found {
        let payee = row::Model::from_query_result(row, "")?;
        payees.insert(payee.id, payee);
    }
    Ok(payees)
}

/// The payees of a book that have one of these accounts, but for those whose data is kept for the vouchers alone; one statement.
pub async fn same_account(
    db: &impl ConnectionTrait,
    book: domain::BookId,
    accounts: impl IntoIterator<Item = Vec<u8>>,
) -> Result<Vec<row::Model>, SpendingError> {
    let mut accounts: Vec<Vec<u8>> = accounts.into_iter().collect();
    accounts.sort_unstable();
    accounts.dedup();
    let rows = Rows::new().bytes("hmac", accounts);
    let sql = "SELECT p.* FROM {rows} JOIN payee p ON p.book_id = $1 AND p.account_hmac = r.hmac \
               WHERE NOT EXISTS (SELECT 1 FROM payee_erasure e WHERE e.payee_id = p.id AND e.state IN ('restricted', 'erased')) \
               ORDER BY p.created_us, p.id";
    let found = db.query_all_raw(rows.statement(db.get_database_backend(), sql, [book.into()])).await?;
    Ok(found.iter().map(|row| row::Model::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

/// Which of these accounts somebody of a book had whose data is kept for the vouchers alone; one statement.
pub async fn forgotten_accounts(
    db: &impl ConnectionTrait,
    book: domain::BookId,
    accounts: impl IntoIterator<Item = Vec<u8>>,
) -> Result<HashSet<Vec<u8>>, SpendingError> {
    let accounts: BTreeSet<Vec<u8>> = accounts.into_iter().collect();
    let rows = Rows::new().bytes("hmac", accounts);
    let sql = "SELECT DISTINCT h.account_hmac FROM {rows} JOIN payee_account h ON h.account_hmac = r.hmac \
               JOIN payee p ON p.id = h.payee_id AND p.book_id = $1 \
               JOIN payee_erasure e ON e.payee_id = p.id AND e.state = 'restricted'";
    let found = db.query_all_raw(rows.statement(db.get_database_backend(), sql, [book.into()])).await?;
    Ok(found.iter().map(|row| row.try_get("", "account_hmac")).collect::<Result<_, _>>()?)
}

/// Which of these names a book knows under an account; one statement.
pub async fn names_with_accounts(
    db: &impl ConnectionTrait,
    book: domain::BookId,
    names: impl IntoIterator<Item = Vec<u8>>,
) -> Result<HashSet<Vec<u8>>, SpendingError> {
    let names: BTreeSet<Vec<u8>> = names.into_iter().collect();
    let rows = Rows::new().bytes("hmac", names);
    let sql = "SELECT DISTINCT p.name_hmac FROM {rows} JOIN payee p ON p.book_id = $1 AND p.name_hmac = r.hmac \
               JOIN payee_account h ON h.payee_id = p.id \
               WHERE NOT EXISTS (SELECT 1 FROM payee_erasure e WHERE e.payee_id = p.id AND e.state IN ('restricted', 'erased'))";
    let found = db.query_all_raw(rows.statement(db.get_database_backend(), sql, [book.into()])).await?;
    Ok(found.iter().map(|row| row.try_get("", "name_hmac")).collect::<Result<_, _>>()?)
}

/// A page of payees, newest first; of one name, if its HMAC is given.
pub async fn payees(
    db: &impl ConnectionTrait,
    name_hmac: Option<Vec<u8>>,
    by: &Member,
    after: Option<PayeeId>,
    limit: u64,
) -> Result<Vec<row::Model>, SpendingError> {
    by.must_be(&READERS)?;
    let mut query = row::Entity::find().filter(within(row::Column::UnitPath, by, &READERS));
    if let Some(hmac) = name_hmac {
        query = query.filter(row::Column::NameHmac.eq(hmac));
    }
    if let Some(after) = after {
        let last = payee(db, after, by).await?;
        query =
            query.filter(Condition::any().add(row::Column::CreatedUs.lt(last.created_us)).add(
                Condition::all().add(row::Column::CreatedUs.eq(last.created_us)).add(row::Column::Id.lt(last.id)),
            ));
    }
    Ok(query.order_by_desc(row::Column::CreatedUs).order_by_desc(row::Column::Id).limit(limit).all(db).await?)
}

/// The payees a campaign's next paper is likely for, the latest first: who was paid by it, and who was written down where it belongs. One
/// statement.
pub async fn recent_payees(
    db: &impl ConnectionTrait,
    id: CampaignId,
    by: &Member,
    limit: u64,
) -> Result<Vec<row::Model>, SpendingError> {
    let campaign = campaign::Entity::find_by_id(id).one(db).await?.ok_or(SpendingError::NoSuchCampaign)?;
    may_know(by, &campaign.unit_path, SpendingError::NoSuchCampaign)?;
    let sql = "SELECT p.* FROM payee p LEFT JOIN (SELECT o.payee_id, MAX(d.changed_us) AS last_us FROM payout o \
               JOIN disbursement d ON d.id = o.disbursement_id WHERE d.campaign_id = $1 GROUP BY o.payee_id) x ON x.payee_id = p.id \
               WHERE p.book_id = $2 AND (x.last_us IS NOT NULL OR p.unit_path = $3) \
               AND NOT EXISTS (SELECT 1 FROM payee_erasure e WHERE e.payee_id = p.id AND e.state IN ('restricted', 'erased')) \
               ORDER BY COALESCE(x.last_us, p.created_us) DESC, p.id DESC LIMIT $4";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [id.into(), campaign.book_id.into(), campaign.unit_path.into(), limit.into()];
    let found =
        db.query_all_raw(sea_orm::Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    Ok(found.iter().map(|row| row::Model::from_query_result(row, "")).collect::<Result<_, _>>()?)
}
