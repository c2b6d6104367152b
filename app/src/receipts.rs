//! The register of receipts (公益事业捐赠统一票据; facts: charity 2.9). A donor's wish is met by a number that the finance bureau's system
//! gives; it comes back as a file, is tried without effect, and then stands. A wrong one is voided or reversed by a red one.
//! Wishes older than seven days without a receipt are backlog, a monitored number (慈善法 115).
//!
//! The file is CSV with a head: 订单号, 票据代码, 票据号码, 校验码, 开票日期, 金额 in any order. All of it is taken or none; a line that
//! stands already with the same content changes nothing. Four statements however long the file.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use domain::donation::{DonationState, ReceiptChoice};
use domain::receipt::{PROMPT_DAYS, ReceiptEvent, ReceiptState};
use domain::role::{Forbidden, Member, Role};
use domain::{
    BookId, BusinessDate, Clock, DonationId, DonorId, Money, ReceiptId, Refused, Timestamp, UnitPath, UnmaskingId,
};
use entity::{Db, ListOrder, Rows, donation, receipt, unmasking};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, Set, Statement,
};
use serde_json::json;

use crate::identity::{Identity, IdentityError};
use crate::trail::{self, Line};

/// More lines are refused.
pub const MOST_LINES: usize = 5_000;
/// Who reads who waits for a receipt.
pub const READERS: [Role; 4] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];
/// Who gives receipts.
const ISSUERS: [Role; 1] = [Role::Cashier];
const COLUMNS: [&str; 6] = ["订单号", "票据代码", "票据号码", "校验码", "开票日期", "金额"];

/// Why a receipt was not touched. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// There is no such receipt.
    #[error("no such receipt")]
    NoSuchReceipt,
    /// There is no such gift, or it is not the asker's.
    #[error("no such donation")]
    NoSuchDonation,
    /// The gift was not paid, or all of it went back.
    #[error("there is nothing to issue a receipt for")]
    NothingReceived,
    /// The name belongs to the gift already and cannot become another.
    #[error("the gift has a name already")]
    NameGiven,
    /// A field is not acceptable.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// In Chinese, for the person who filled it in.
        problem: &'static str,
    },
    /// The file cannot be read at all.
    #[error("the file: {0}")]
    Unreadable(String),
    /// The number stands for another receipt.
    #[error("this number is in the register")]
    NumberUsed,
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// It is in no state for it.
    #[error(transparent)]
    Refused(#[from] Refused<ReceiptState, ReceiptEvent>),
    /// Personal data stays sealed.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// A wish that no receipt meets yet.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Wish {
    /// The gift.
    pub id: DonationId,
    /// What it is worth now: what was given less what went back.
    pub amount_fen: Money,
    /// When the money was confirmed.
    pub confirmed_us: Timestamp,
    /// Who gave, if through the mini-program.
    pub donor_id: Option<DonorId>,
    /// The name it is made out to, sealed.
    pub name_sealed: Option<Vec<u8>>,
    /// The organisation, if one gave it by bank.
    pub counterparty: Option<String>,
    /// The 统一社会信用代码 of that organisation, if it told it.
    pub payer_code: Option<String>,
    /// The legal entity that received it and has to give the receipt.
    pub entity: String,
    /// Its 统一社会信用代码.
    pub credit_code: Option<String>,
}

/// Which receipts of the register are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptFilter {
    /// Those in one state.
    State(ReceiptState),
    /// Those whose gift went back afterwards, in part or whole: to be reversed.
    ToReverse,
}

/// A receipt that stands for another amount than its gift is worth now.
const TO_REVERSE: &str = "receipt.state = 'issued' AND EXISTS (SELECT 1 FROM donation d WHERE d.id = receipt.donation_id \
     AND receipt.amount_fen <> d.amount_fen - d.refunded_fen)";

/// Which wishes are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WishSearch {
    /// Of one gift.
    pub gift: Option<DonationId>,
    /// Of what one legal entity received.
    pub book: Option<BookId>,
    /// Those that wait too long, or those that do not.
    pub overdue: Option<bool>,
    /// Of this amount.
    pub amount: Option<Money>,
    /// In this order; the oldest first if none is asked for.
    pub order: Option<ListOrder>,
}

/// How many wishes wait, and how many too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// All that wait.
    pub waiting: i64,
    /// Those older than seven days.
    pub overdue: i64,
    /// Receipts whose gift went back afterwards, in part or whole: to be reversed.
    pub to_reverse: i64,
}

/// A line of a file that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Counted from 1, the head being line 1.
    pub line: u64,
    /// Which column.
    pub column: &'static str,
    /// What is wrong, in Chinese.
    pub problem: String,
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Lines below the head.
    pub lines: u64,
    /// Lines that are in the register now and were not before; in a trial, that would be.
    pub taken: u64,
    /// Lines that stood already.
    pub known: u64,
    /// Lines that cannot be taken; with any of them nothing is.
    pub bad: Vec<BadLine>,
}

/// A line as it reads.
struct Number {
    line: u64,
    donation: DonationId,
    code: String,
    number: String,
    check_code: String,
    issued_on: BusinessDate,
    amount: Money,
}

/// The register.
#[derive(Clone)]
pub struct Receipts {
    db: Db,
    clock: Clock,
    identity: Identity,
}

impl Receipts {
    pub(crate) fn new(db: Db, clock: Clock, identity: Identity) -> Receipts {
        Receipts { db, clock, identity }
    }

    /// A donor wishes a receipt after all, made out to this name unless the gift has one.
    pub async fn wish(&self, donor: DonorId, id: DonationId, name: Option<String>) -> Result<(), ReceiptError> {
        let name = name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        if name.as_ref().is_some_and(|name| name.chars().count() > 40 || name.chars().any(char::is_control)) {
            return Err(ReceiptError::Invalid {
                field: "name", problem: "姓名最多40字，不能含有控制字符"
            });
        }
        let sealed = match &name {
            Some(name) => Some(self.identity.seal_for(donor, name).await?),
            None => None,
        };
        let tx = self.db.begin().await?;
        let gift = donation::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let gift = gift.filter(|gift| gift.donor_id == Some(donor)).ok_or(ReceiptError::NoSuchDonation)?;
        if gift.confirmed_us.is_none() || gift.state == DonationState::Refunded {
            return Err(ReceiptError::NothingReceived);
        }
        if gift.receipt == ReceiptChoice::Requested {
            return Ok(());
        }
        match (&gift.name_sealed, &sealed) {
            (None, None) => {
                return Err(ReceiptError::Invalid { field: "name", problem: "请填写票据抬头（姓名）" });
            }
            (Some(_), Some(_)) => return Err(ReceiptError::NameGiven),
            _ => {}
        }
        crowdfunding::choose_receipt(&tx, self.clock.now(), id, sealed).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The receipt of a donor's own gift that stands, if one does.
    pub async fn of_gift(&self, donor: DonorId, id: DonationId) -> Result<Option<receipt::Model>, ReceiptError> {
        let gift = donation::Entity::find_by_id(id).one(self.db.read()).await?;
        gift.filter(|gift| gift.donor_id == Some(donor)).ok_or(ReceiptError::NoSuchDonation)?;
        let live = receipt::Entity::find()
            .filter(receipt::Column::DonationId.eq(id))
            .filter(receipt::Column::State.eq(ReceiptState::Issued));
        Ok(live.one(self.db.read()).await?)
    }

    /// A receipt of the register.
    pub async fn get(&self, by: &Member, id: ReceiptId) -> Result<receipt::Model, ReceiptError> {
        by.must_be(&READERS)?;
        let mut query = receipt::Entity::find_by_id(id);
        if let Some(gifts) = crowdfunding::gifts_within(by, &READERS) {
            query = query.filter(receipt::Column::DonationId.in_subquery(gifts));
        }
        query.one(self.db.read()).await?.ok_or(ReceiptError::NoSuchReceipt)
    }

    /// The receipts that carry a number, where the member may look.
    pub async fn numbered(&self, by: &Member, number: &str, limit: u64) -> Result<Vec<receipt::Model>, ReceiptError> {
        by.must_be(&READERS)?;
        let mut query = receipt::Entity::find().filter(receipt::Column::Number.eq(number));
        if let Some(gifts) = crowdfunding::gifts_within(by, &READERS) {
            query = query.filter(receipt::Column::DonationId.in_subquery(gifts));
        }
        Ok(query.order_by_desc(receipt::Column::Id).limit(limit).all(self.db.read()).await?)
    }

    /// A page of the register, newest first: all, or what is asked for.
    pub async fn page(
        &self,
        by: &Member,
        wanted: Option<ReceiptFilter>,
        after: Option<ReceiptId>,
        limit: u64,
    ) -> Result<Vec<receipt::Model>, ReceiptError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        let mut query = receipt::Entity::find();
        if let Some(gifts) = crowdfunding::gifts_within(by, &READERS) {
            query = query.filter(receipt::Column::DonationId.in_subquery(gifts));
        }
        match wanted {
            Some(ReceiptFilter::State(state)) => query = query.filter(receipt::Column::State.eq(state)),
            Some(ReceiptFilter::ToReverse) => query = query.filter(Expr::cust(TO_REVERSE)),
            None => {}
        }
        if let Some(after) = after {
            let last = receipt::Entity::find_by_id(after).one(db).await?.ok_or(ReceiptError::NoSuchReceipt)?;
            query = query.filter(
                Condition::any().add(receipt::Column::CreatedUs.lt(last.created_us)).add(
                    Condition::all()
                        .add(receipt::Column::CreatedUs.eq(last.created_us))
                        .add(receipt::Column::Id.lt(last.id)),
                ),
            );
        }
        let newest_first = query.order_by_desc(receipt::Column::CreatedUs).order_by_desc(receipt::Column::Id);
        Ok(newest_first.limit(limit).all(db).await?)
    }

    /// Whether a wish of this moment is overdue.
    pub fn overdue(&self, confirmed: Timestamp) -> bool {
        confirmed < self.prompt_since()
    }

    fn prompt_since(&self) -> Timestamp {
        self.clock.now().before(Duration::from_secs(PROMPT_DAYS * 86_400))
    }

    /// How much waits where the member may look. Two statements.
    pub async fn backlog(&self, by: &Member) -> Result<Backlog, ReceiptError> {
        by.must_be(&READERS)?;
        Ok(self.waiting_at(&Place::of(by)).await?)
    }

    /// The same of all, for whoever counts: the number is monitored.
    pub async fn waiting(&self) -> Result<Backlog, DbErr> {
        self.waiting_at(&Place::default()).await
    }

    async fn waiting_at(&self, place: &Place) -> Result<Backlog, DbErr> {
        let backend = self.db.backend();
        let here = place.sql(2);
        let sql = format!(
            "SELECT CAST(count(*) AS BIGINT) AS waiting, \
             CAST(COALESCE(SUM(CASE WHEN d.confirmed_us < $1 THEN 1 ELSE 0 END), 0) AS BIGINT) AS overdue FROM donation d WHERE {WAITS} {here}"
        );
        let since = std::iter::once(self.prompt_since().into()).chain(place.values());
        let waits = self.db.read().query_one_raw(Statement::from_sql_and_values(backend, sql, since)).await?;
        let sql = format!(
            "SELECT CAST(count(*) AS BIGINT) AS n FROM receipt r JOIN donation d ON d.id = r.donation_id \
             WHERE r.state = 'issued' AND r.amount_fen <> d.amount_fen - d.refunded_fen {}",
            place.sql(1)
        );
        let wrong = Statement::from_sql_and_values(backend, sql, place.values());
        let wrong = self.db.read().query_one_raw(wrong).await?;
        let (Some(waits), Some(wrong)) = (waits, wrong) else { return Ok(Backlog::default()) };
        Ok(Backlog {
            waiting: waits.try_get("", "waiting")?,
            overdue: waits.try_get("", "overdue")?,
            to_reverse: wrong.try_get("", "n")?,
        })
    }

    /// A page of wishes that no receipt meets, as a rule the oldest first.
    pub async fn wishes(
        &self,
        by: &Member,
        wanted: &WishSearch,
        after: Option<DonationId>,
        limit: u64,
    ) -> Result<Vec<Wish>, ReceiptError> {
        by.must_be(&READERS)?;
        Ok(self.wishes_after(&Place::of(by), wanted, after, limit).await?)
    }

    async fn wishes_after(
        &self,
        at: &Place,
        wanted: &WishSearch,
        after: Option<DonationId>,
        limit: u64,
    ) -> Result<Vec<Wish>, DbErr> {
        let order = wanted.order.unwrap_or(ListOrder::Oldest);
        let (beyond, way) = if order.is_down() { ("<", "DESC") } else { (">", "ASC") };
        let by_amount = order.is_by_amount();
        let key = if by_amount { "d.amount_fen - d.refunded_fen" } else { "d.confirmed_us" };
        let of_last = if by_amount { "l.amount_fen - l.refunded_fen" } else { "l.confirmed_us" };
        let mut values: Vec<sea_orm::Value> = vec![i64::try_from(limit).unwrap_or(i64::MAX).into()];
        let mut terms = String::new();
        let mut add = |term: &str, value: sea_orm::Value| {
            values.push(value);
            terms.push_str(&term.replace('?', &format!("${}", values.len())));
        };
        if let Some(gift) = wanted.gift {
            add(" AND d.id = ?", gift.into());
        }
        if let Some(book) = wanted.book {
            add(" AND b.id = ?", book.into());
        }
        if let Some(amount) = wanted.amount {
            add(" AND d.amount_fen - d.refunded_fen = ?", amount.into());
        }
        if let Some(overdue) = wanted.overdue {
            let late = if overdue { " AND d.confirmed_us < ?" } else { " AND d.confirmed_us >= ?" };
            add(late, self.prompt_since().into());
        }
        if let Some(after) = after {
            let behind = format!(" AND ({key}, d.id) {beyond} (SELECT {of_last}, l.id FROM donation l WHERE l.id = ?)");
            add(&behind, after.into());
        }
        let here = at.sql(values.len() + 1);
        values.extend(at.values());
        let sql = format!(
            "SELECT d.id, d.amount_fen - d.refunded_fen AS amount_fen, d.confirmed_us, d.donor_id, d.name_sealed, d.counterparty, \
             d.payer_code, b.name AS entity, b.credit_code FROM donation d LEFT JOIN campaign w ON w.id = d.campaign_id JOIN book b ON b.id = COALESCE(w.book_id, d.book_id) \
             WHERE {WAITS} {here}{terms} ORDER BY {key} {way}, d.id {way} LIMIT $1"
        );
        let rows = self.db.read().query_all_raw(Statement::from_sql_and_values(self.db.backend(), sql, values)).await?;
        rows.iter().map(|row| Wish::from_query_result(row, "")).collect()
    }

    /// The wishes of the legal entities one is cashier of, with the names they are made out to and which of them received each, as CSV for the
    /// finance bureau's system: whoever keeps several takes each one's lines to its own account there. The names are shown in plain, so
    /// it takes a reason and leaves a line.
    pub async fn export_wishes(&self, by: &Member, reason: &str) -> Result<Vec<u8>, ReceiptError> {
        by.must_be(&ISSUERS)?;
        issues(by)?;
        let reason = required(reason)?;
        let wishes = self.wishes_after(&Place::issued_by(by), &WishSearch::default(), None, MOST_LINES as u64).await?;
        let sealed: Vec<_> = wishes.iter().filter_map(|wish| wish.donor_id.zip(wish.name_sealed.clone())).collect();
        let mut names = self.identity.open_many(&sealed).await?.into_iter();
        let mut file = csv::Writer::from_writer(Vec::new());
        let written = |error: csv::Error| DbErr::Custom(format!("a CSV file in memory: {error}"));
        let payer = ["付款人类型", "付款人统一社会信用代码"];
        let head = ["订单号", "付款人", "金额", "到账日期", "收款单位", "统一社会信用代码", payer[0], payer[1]];
        file.write_record(head).map_err(written)?;
        for wish in &wishes {
            let name = match (wish.donor_id, &wish.name_sealed) {
                (Some(_), Some(_)) => names.next().flatten(),
                // Who gave without the mini-program has no key of their own.
                (None, Some(sealed)) => Some(self.identity.house_name(wish.id, sealed)?),
                (_, None) => wish.counterparty.clone(),
            };
            let (kind, payer_code) = match (&wish.counterparty, wish.donor_id, &wish.name_sealed) {
                (Some(_), ..) => ("单位", wish.payer_code.clone().unwrap_or_default()),
                (None, None, None) => ("", String::new()),
                (None, ..) => ("个人", String::new()),
            };
            let day = BusinessDate::of(wish.confirmed_us).to_string();
            let payer = harmless(&name.unwrap_or_default());
            let (entity, code) = (harmless(&wish.entity), wish.credit_code.clone().unwrap_or_default());
            let amount = wish.amount_fen.to_string();
            let line = [wish.id.out_trade_no(), payer, amount, day, entity, code, kind.to_owned(), payer_code];
            file.write_record(line).map_err(written)?;
        }
        let bytes = file.into_inner().map_err(|error| DbErr::Custom(format!("a CSV file in memory: {error}")))?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        unmasking::ActiveModel {
            id: Set(UnmaskingId::new()),
            at_us: Set(now),
            staff_id: Set(by.id),
            object: Set("receipt_wishes".to_owned()),
            fields: Set("name".to_owned()),
            reason: Set(reason),
            origin: Set(by.origin.clone()),
        }
        .insert(&tx)
        .await?;
        let detail = json!({ "wishes": wishes.len() });
        tell(&tx, now, by, "receipt.export_wishes", "receipts".to_owned(), detail).await?;
        tx.commit().await?;
        Ok(bytes)
    }

    /// Takes the numbers that came back, or only says what would be taken. A gift that another legal entity received is none to the asker.
    pub async fn import(&self, by: &Member, file: &[u8], trial: bool) -> Result<ImportReport, ReceiptError> {
        by.must_be(&ISSUERS)?;
        issues(by)?;
        let (lines, numbers, mut bad) = read(file)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let ids = || Rows::new().uuid("id", numbers.iter().map(|number| number.donation.uuid()));
        let backend = self.db.backend();
        let sql = "SELECT d.id, d.amount_fen - d.refunded_fen AS left_fen, d.paid_us, d.confirmed_us, d.receipt, COALESCE(c.book_id, d.book_id) AS book_id FROM {rows} \
                   JOIN donation d ON d.id = r.id LEFT JOIN campaign c ON c.id = d.campaign_id";
        let mut gifts: HashMap<DonationId, Received> = HashMap::new();
        for row in tx.query_all_raw(ids().statement(backend, sql, [])).await? {
            if by.keeps(&ISSUERS, row.try_get("", "book_id")?).is_err() {
                continue;
            }
            let confirmed = row.try_get::<Option<Timestamp>>("", "confirmed_us")?;
            let paid = row.try_get::<Option<Timestamp>>("", "paid_us")?.or(confirmed);
            let on = paid.filter(|_| confirmed.is_some()).map(BusinessDate::of);
            let gift = Received { left: row.try_get("", "left_fen")?, on, choice: row.try_get("", "receipt")? };
            gifts.insert(row.try_get("", "id")?, gift);
        }
        let codes = Rows::new()
            .text("code", numbers.iter().map(|number| number.code.clone()))
            .text("number", numbers.iter().map(|number| number.number.clone()))
            .uuid("donation_id", numbers.iter().map(|number| number.donation.uuid()));
        let sql = "SELECT DISTINCT t.id, t.donation_id, t.code, t.number, t.check_code, t.issued_on, t.amount_fen, t.state, t.author_id, \
                   t.created_us, t.ended_by, t.ended_us, t.end_reason, t.reversal_code, t.reversal_number FROM {rows} JOIN receipt t \
                   ON (t.code = r.code AND t.number = r.number) OR (t.donation_id = r.donation_id AND t.state = 'issued')";
        let mut by_number: HashMap<(String, String), receipt::Model> = HashMap::new();
        let mut live: HashSet<DonationId> = HashSet::new();
        for row in tx.query_all_raw(codes.statement(backend, sql, [])).await? {
            let known = receipt::Model::from_query_result(&row, "")?;
            if known.state == ReceiptState::Issued {
                live.insert(known.donation_id);
            }
            by_number.insert((known.code.clone(), known.number.clone()), known);
        }
        let mut report = ImportReport { lines, ..ImportReport::default() };
        let mut fresh = Vec::new();
        for number in &numbers {
            let ours = gifts.contains_key(&number.donation);
            let problem = match by_number.get(&(number.code.clone(), number.number.clone())) {
                Some(known) if same(known, number) && ours => {
                    report.known += 1;
                    continue;
                }
                Some(_) if ours => Some((COLUMNS[2], "票据号码已登记在其他捐赠上".to_owned())),
                Some(_) => refused(None, false, number, BusinessDate::of(now)),
                None => {
                    refused(gifts.get(&number.donation), live.contains(&number.donation), number, BusinessDate::of(now))
                }
            };
            match problem {
                Some((column, problem)) => bad.push(BadLine { line: number.line, column, problem }),
                None => fresh.push(number),
            }
        }
        bad.sort_by_key(|bad| bad.line);
        report.bad = bad;
        report.taken = if report.bad.is_empty() { fresh.len() as u64 } else { 0 };
        if trial || !report.bad.is_empty() || fresh.is_empty() {
            return Ok(report);
        }
        let rows = Rows::new()
            .uuid("id", fresh.iter().map(|_| ReceiptId::new().uuid()))
            .uuid("donation_id", fresh.iter().map(|n| n.donation.uuid()))
            .text("code", fresh.iter().map(|n| n.code.clone()))
            .text("number", fresh.iter().map(|n| n.number.clone()))
            .text("check_code", fresh.iter().map(|n| n.check_code.clone()))
            .text("issued_on", fresh.iter().map(|n| n.issued_on.to_string()))
            .int("amount_fen", fresh.iter().map(|n| n.amount.fen()));
        let sql = "INSERT INTO receipt (id, donation_id, code, number, check_code, issued_on, amount_fen, state, author_id, created_us) \
                   SELECT id, donation_id, code, number, check_code, issued_on, amount_fen, 'issued', $1, $2 FROM {rows}";
        tx.execute_raw(rows.statement(backend, sql, [by.id.into(), now.into()])).await?;
        tell(&tx, now, by, "receipt.import", "receipts".to_owned(), json!({ "taken": report.taken })).await?;
        tx.commit().await?;
        Ok(report)
    }

    /// Says that a receipt is void.
    pub async fn void(&self, by: &Member, id: ReceiptId, reason: &str) -> Result<receipt::Model, ReceiptError> {
        self.end(by, id, reason, None).await
    }

    /// Says that a receipt was reversed by a red one with this code and number.
    pub async fn reverse(
        &self,
        by: &Member,
        id: ReceiptId,
        reason: &str,
        red: (String, String),
    ) -> Result<receipt::Model, ReceiptError> {
        if !numeral(&red.0) {
            return Err(ReceiptError::Invalid { field: "code", problem: "票据代码为4至20位字母或数字" });
        }
        if !numeral(&red.1) {
            return Err(ReceiptError::Invalid { field: "number", problem: "票据号码为4至20位字母或数字" });
        }
        self.end(by, id, reason, Some(red)).await
    }

    async fn end(
        &self,
        by: &Member,
        id: ReceiptId,
        reason: &str,
        red: Option<(String, String)>,
    ) -> Result<receipt::Model, ReceiptError> {
        by.must_be(&ISSUERS)?;
        let reason = required(reason)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = receipt::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(ReceiptError::NoSuchReceipt)?;
        by.keeps(&ISSUERS, issuer(&tx, row.donation_id).await?)?;
        let (event, action) = match &red {
            Some(_) => (ReceiptEvent::Reverse, "receipt.reverse"),
            None => (ReceiptEvent::Void, "receipt.void"),
        };
        let to = row.state.on(event)?;
        if red.as_ref().is_some_and(|(code, number)| (code, number) == (&row.code, &row.number)) {
            return Err(ReceiptError::Invalid {
                field: "number", problem: "红字票据的号码不能与原票据相同"
            });
        }
        let mut active: receipt::ActiveModel = row.into();
        active.state = Set(to);
        active.ended_by = Set(Some(by.id));
        active.ended_us = Set(Some(now));
        active.end_reason = Set(Some(reason));
        if let Some((code, number)) = red {
            active.reversal_code = Set(Some(code));
            active.reversal_number = Set(Some(number));
        }
        let row = active.update(&tx).await.map_err(|error| match entity::violation(&error) {
            Some(_) => ReceiptError::NumberUsed,
            None => error.into(),
        })?;
        tell(&tx, now, by, action, format!("receipt:{id}"), json!({ "state": row.state })).await?;
        tx.commit().await?;
        Ok(row)
    }
}

/// Refuses whoever is cashier of no legal entity: a receipt is its own to give, wherever the campaign is.
fn issues(by: &Member) -> Result<(), ReceiptError> {
    if by.entities.iter().any(|entity| by.keeps(&ISSUERS, entity.book).is_ok()) {
        return Ok(());
    }
    by.may(&ISSUERS, &UnitPath::whole())?;
    Ok(())
}

/// The book of the legal entity that received a gift.
async fn issuer(db: &impl ConnectionTrait, id: DonationId) -> Result<BookId, ReceiptError> {
    let sql = "SELECT COALESCE(c.book_id, d.book_id) AS book_id FROM donation d LEFT JOIN campaign c ON c.id = d.campaign_id WHERE d.id = $1";
    let row = Statement::from_sql_and_values(db.get_database_backend(), sql, [id.into()]);
    let found = db.query_one_raw(row).await?.ok_or(ReceiptError::NoSuchReceipt)?;
    Ok(found.try_get("", "book_id")?)
}

/// Where gifts are looked for: in these parts of the tree, or everywhere.
#[derive(Default)]
struct Place {
    parts: Vec<UnitPath>,
    /// The books of the legal entities that received them, wherever the campaign is.
    books: Option<Vec<BookId>>,
}

impl Place {
    /// Where a reader may look.
    fn of(by: &Member) -> Place {
        Place { parts: parts(by, &READERS), books: None }
    }

    /// What the legal entities received that somebody is cashier of.
    fn issued_by(by: &Member) -> Place {
        let kept = by.entities.iter().map(|entity| entity.book).filter(|book| by.keeps(&ISSUERS, *book).is_ok());
        Place { parts: Vec::new(), books: (!by.entities.is_empty()).then(|| kept.collect()) }
    }

    /// The condition on a gift `d`; its values are numbered from here.
    fn sql(&self, first: usize) -> String {
        if let Some(books) = &self.books {
            let all: Vec<String> = (first..first + books.len()).map(|n| format!("${n}")).collect();
            return format!(
                "AND EXISTS (SELECT 1 FROM book k LEFT JOIN campaign c ON c.id = d.campaign_id \
                 WHERE k.id = COALESCE(c.book_id, d.book_id) AND k.id IN ({}))",
                all.join(", ")
            );
        }
        if self.parts.is_empty() {
            return String::new();
        }
        // A path holds no character that LIKE reads as another.
        let under = |path: &str| {
            let parts: Vec<String> = (first..first + self.parts.len()).map(|n| format!("{path} LIKE ${n}")).collect();
            parts.join(" OR ")
        };
        format!(
            "AND (EXISTS (SELECT 1 FROM campaign c WHERE c.id = d.campaign_id AND ({})) \
             OR EXISTS (SELECT 1 FROM charity h JOIN unit u ON u.id = h.unit_id WHERE h.book_id = d.book_id AND ({})))",
            under("c.unit_path"),
            under("u.path")
        )
    }

    fn values(&self) -> impl Iterator<Item = sea_orm::Value> {
        let parts = self.parts.iter().map(|part| format!("{}%", part.as_str()).into());
        parts.chain(self.books.iter().flatten().map(|book| (*book).into()))
    }
}

/// The parts of the tree over which somebody has one of these roles; none if that is everywhere.
fn parts(by: &Member, roles: &[Role]) -> Vec<UnitPath> {
    let parts = by.parts(roles);
    if parts.contains(&&UnitPath::whole()) { Vec::new() } else { parts.into_iter().cloned().collect() }
}

/// A wish that waits: of a gift that is paid and not all given back, and that no receipt stands for.
pub(crate) const WAITS: &str = "d.receipt = 'requested' AND d.confirmed_us IS NOT NULL AND d.refunded_fen < d.amount_fen \
     AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.donation_id = d.id AND r.state = 'issued')";

async fn tell(
    tx: &entity::Tx,
    now: Timestamp,
    by: &Member,
    action: &'static str,
    object: String,
    detail: serde_json::Value,
) -> Result<(), DbErr> {
    let line = Line { actor: trail::staff(by.id), action, object, origin: by.origin.clone(), detail };
    trail::record(tx, now, line).await
}

fn required(reason: &str) -> Result<String, ReceiptError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        return Err(ReceiptError::Invalid { field: "reason", problem: "请填写原因，最多500字" });
    }
    Ok(reason.to_owned())
}

/// A spreadsheet takes a cell that begins like this for a formula.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn numeral(text: &str) -> bool {
    (4..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn same(known: &receipt::Model, number: &Number) -> bool {
    (known.donation_id, &known.check_code, known.issued_on, known.amount_fen)
        == (number.donation, &number.check_code, number.issued_on, number.amount)
}

/// Why a number cannot be taken for its gift.
fn refused(
    gift: Option<&Received>,
    has_one: bool,
    number: &Number,
    today: BusinessDate,
) -> Option<(&'static str, String)> {
    let Some(gift) = gift else { return Some((COLUMNS[0], "没有这个订单号".to_owned())) };
    let Some(on) = gift.on else { return Some((COLUMNS[0], "该捐赠尚未到账".to_owned())) };
    match gift {
        _ if gift.choice != ReceiptChoice::Requested => Some((COLUMNS[0], "捐赠人没有要求开具票据".to_owned())),
        _ if has_one => Some((COLUMNS[0], "该捐赠已有有效票据".to_owned())),
        _ if gift.left != number.amount => Some((COLUMNS[5], format!("金额应为{}元（已扣除退款）", gift.left))),
        _ if number.issued_on < on => Some((COLUMNS[4], format!("开票日期不能早于捐赠到账日{on}"))),
        _ if number.issued_on > today => Some((COLUMNS[4], "开票日期不能晚于今天".to_owned())),
        _ => None,
    }
}

/// A gift as a receipt is checked against it.
struct Received {
    /// What is left of it after refunds.
    left: Money,
    /// The day it was paid, once it is confirmed.
    on: Option<BusinessDate>,
    choice: ReceiptChoice,
}

/// Reads a file: how many lines, what reads, and what does not.
fn read(file: &[u8]) -> Result<(u64, Vec<Number>, Vec<BadLine>), ReceiptError> {
    let text = std::str::from_utf8(file).map_err(|_| ReceiptError::Unreadable("文件须为UTF-8编码的CSV".to_owned()))?;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let head = reader.headers().map_err(|error| ReceiptError::Unreadable(error.to_string()))?.clone();
    let mut places = BTreeMap::new();
    for column in COLUMNS {
        let mut found = head.iter().enumerate().filter(|(_, name)| *name == column);
        let (Some((place, _)), None) = (found.next(), found.next()) else {
            return Err(ReceiptError::Unreadable(format!("表头须有且只有一列“{column}”")));
        };
        places.insert(column, place);
    }
    let (mut lines, mut numbers, mut bad) = (0, Vec::new(), Vec::new());
    let (mut gifts, mut seen) = (HashSet::new(), HashSet::new());
    for record in reader.records() {
        let record = record.map_err(|error| ReceiptError::Unreadable(error.to_string()))?;
        lines += 1;
        if lines as usize > MOST_LINES {
            return Err(ReceiptError::Unreadable(format!("一次最多{MOST_LINES}行")));
        }
        let line = lines + 1;
        let cell = |column: &'static str| record.get(places[column]).unwrap_or_default();
        match parse(line, cell) {
            Err((column, problem)) => bad.push(BadLine { line, column, problem: problem.to_owned() }),
            Ok(number) if !gifts.insert(number.donation) => {
                bad.push(BadLine { line, column: COLUMNS[0], problem: "同一订单号在文件中重复".to_owned() });
            }
            Ok(number) if !seen.insert((number.code.clone(), number.number.clone())) => {
                bad.push(BadLine {
                    line, column: COLUMNS[2], problem: "同一票据号码在文件中重复".to_owned()
                });
            }
            Ok(number) => numbers.push(number),
        }
    }
    Ok((lines, numbers, bad))
}

fn parse<'a>(line: u64, cell: impl Fn(&'static str) -> &'a str) -> Result<Number, (&'static str, &'static str)> {
    let [order, code, number, check, day, amount] = COLUMNS;
    let donation = DonationId::from_out_trade_no(cell(order)).ok_or((order, "订单号为32位字母和数字"))?;
    for (column, problem) in [(code, "票据代码为4至20位字母或数字"), (number, "票据号码为4至20位字母或数字")]
    {
        if !numeral(cell(column)) {
            return Err((column, problem));
        }
    }
    if !numeral(cell(check)) {
        return Err((check, "校验码为4至20位字母或数字"));
    }
    Ok(Number {
        line,
        donation,
        code: cell(code).to_owned(),
        number: cell(number).to_owned(),
        check_code: cell(check).to_owned(),
        issued_on: cell(day).parse().map_err(|_| (day, "日期格式为2026-01-15"))?,
        amount: cell(amount).parse().ok().filter(|m: &Money| m.is_positive()).ok_or((amount, "金额格式为12.30"))?,
    })
}
