//! Vouchers that come again (周期凭证): rent, payroll, depreciation. A template proposes a draft when it is due; the draft is looked at,
//! gets its document, and is handed in and posted by two persons like any other.

use crowdfunding::Hand;
use domain::role::Member;
use domain::voucher::{Cadence, VoucherKind, VoucherLine};
use domain::{BookId, BusinessDate, ManualVoucherId, Timestamp, VoucherTemplateId};
use entity::{Rows, Tx, book, manual_voucher, voucher_template};
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde_json::json;
use uuid::Uuid;

use super::lines::Ground;
use super::{AUTHORS, READERS, VoucherError, Vouchers, fresh, summary, written};
use crate::trail::{self, Line, SYSTEM, staff};

/// Proposed in one run at most.
const BATCH: u64 = 500;

/// A template as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTemplate {
    /// Made by the client.
    pub id: VoucherTemplateId,
    /// For which book.
    pub book: BookId,
    /// What it is called.
    pub name: String,
    /// 摘要 of its vouchers.
    pub summary: String,
    /// The lines of its vouchers.
    pub lines: Vec<VoucherLine>,
    /// How often.
    pub cadence: Cadence,
    /// On which day of the month, 1 to 31; the last of a shorter month.
    pub day: u8,
    /// Not before this day.
    pub starts_on: BusinessDate,
    /// Not after this day.
    pub ends_on: Option<BusinessDate>,
}

impl Vouchers {
    /// Writes a template. The same id with the same content again answers the one that stands.
    pub async fn plan(&self, new: NewTemplate, by: &Member) -> Result<voucher_template::Model, VoucherError> {
        by.must_be(&AUTHORS)?;
        let (name, summary) = (summary(&new.name)?, summary(&new.summary)?);
        if !(1..=31).contains(&new.day) {
            return Err(VoucherError::Invalid { field: "day", problem: "日期为1至31" });
        }
        let first = new.cadence.first(new.starts_on, new.day);
        if new.ends_on.is_some_and(|last| first.is_none_or(|first| last < first)) {
            return Err(VoucherError::Invalid { field: "ends_on", problem: "结束日期早于第一次到期" });
        }
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let of = book::Entity::find_by_id(new.book).one(&tx).await?.ok_or(VoucherError::NoSuchBook)?;
        Hand::in_book(new.book, by, &AUTHORS)?;
        if of.kind != "charity" {
            return Err(VoucherError::Invalid { field: "book", problem: "备查账套不手工记账" });
        }
        let total = Ground::read(&tx, new.book, &new.lines).await?.check(VoucherKind::Ordinary, &new.lines)?;
        let lines = written(&new.lines)?;
        if let Some(standing) = voucher_template::Entity::find_by_id(new.id).one(&tx).await? {
            let same = (standing.book_id, standing.cadence, standing.day, standing.starts_on, standing.ends_on)
                == (new.book, new.cadence, i64::from(new.day), new.starts_on, new.ends_on)
                && (&standing.name, &standing.summary, &standing.lines) == (&name, &summary, &lines);
            return if same { Ok(standing) } else { Err(VoucherError::IdReused) };
        }
        let row = voucher_template::ActiveModel {
            id: Set(new.id),
            book_id: Set(new.book),
            name: Set(name),
            summary: Set(summary),
            lines: Set(lines),
            total_fen: Set(total),
            cadence: Set(new.cadence),
            day: Set(i64::from(new.day)),
            starts_on: Set(new.starts_on),
            ends_on: Set(new.ends_on),
            next_on: Set(first),
            state: Set("active".to_owned()),
            author_id: Set(by.id),
            created_us: Set(now),
            changed_us: Set(now),
        };
        let row = row.insert(&tx).await?;
        told(&tx, now, "voucher_template.plan", &row, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Stops a template; what it proposed stays. Stopped already is as good.
    pub async fn stop(&self, id: VoucherTemplateId, by: &Member) -> Result<voucher_template::Model, VoucherError> {
        by.must_be(&AUTHORS)?;
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = voucher_template::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(VoucherError::NoSuchTemplate)?;
        Hand::in_book(row.book_id, by, &AUTHORS)?;
        if row.state == "stopped" {
            return Ok(row);
        }
        let mut active: voucher_template::ActiveModel = row.into();
        active.state = Set("stopped".to_owned());
        active.next_on = Set(None);
        active.changed_us = Set(now);
        let row = active.update(&tx).await?;
        told(&tx, now, "voucher_template.stop", &row, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The templates of a book, newest first.
    pub async fn templates(&self, book: BookId, by: &Member) -> Result<Vec<voucher_template::Model>, VoucherError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        book::Entity::find_by_id(book).one(db).await?.ok_or(VoucherError::NoSuchBook)?;
        by.may(&READERS, &crowdfunding::book_place(db, book).await?)?;
        let rows = voucher_template::Entity::find().filter(voucher_template::Column::BookId.eq(book));
        let newest_first =
            rows.order_by_desc(voucher_template::Column::CreatedUs).order_by_desc(voucher_template::Column::Id);
        Ok(newest_first.all(db).await?)
    }

    /// Proposes a draft of every template that is due, each time it was due: twice is once, because the id of a draft follows from its
    /// template and its day. Answers how many. Four statements for each round, and a round for each period somebody was away.
    pub async fn propose_due(&self) -> Result<u64, VoucherError> {
        let mut proposed = 0;
        loop {
            let (now, today) = (self.clock.now(), self.clock.today());
            let tx = self.db.begin().await?;
            let due = voucher_template::Entity::find()
                .filter(voucher_template::Column::State.eq("active"))
                .filter(voucher_template::Column::NextOn.lte(today))
                .order_by_asc(voucher_template::Column::Id)
                .limit(BATCH)
                .lock(LockType::NoKeyUpdate)
                .all(&tx)
                .await?;
            if due.is_empty() {
                return Ok(proposed);
            }
            proposed += due.len() as u64;
            let drafts = due.iter().filter_map(|of| Some(draft(of, of.next_on?, now)));
            let unless = OnConflict::new().do_nothing().to_owned();
            manual_voucher::Entity::insert_many(drafts).on_conflict(unless).exec_without_returning(&tx).await?;
            let next = |of: &voucher_template::Model| {
                let day = u8::try_from(of.day).ok()?;
                let next = of.cadence.next(of.next_on?, day)?;
                (of.ends_on.is_none_or(|last| next <= last)).then(|| next.to_string())
            };
            let rows =
                Rows::new().uuid("id", due.iter().map(|of| of.id.uuid())).text_or_null("next_on", due.iter().map(next));
            let sql = "UPDATE voucher_template SET next_on = r.next_on, changed_us = $1 FROM {rows} WHERE voucher_template.id = r.id";
            tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [now.into()])).await?;
            let ids: Vec<_> = due.iter().map(|of| of.id).collect();
            let line = Line {
                actor: SYSTEM.to_owned(),
                action: "voucher_template.propose",
                object: "voucher_template".to_owned(),
                origin: "job".to_owned(),
                detail: json!({ "templates": ids }),
            };
            trail::record(&tx, now, line).await?;
            tx.commit().await?;
        }
    }
}

fn draft(of: &voucher_template::Model, on: BusinessDate, now: Timestamp) -> manual_voucher::ActiveModel {
    let id = Uuid::new_v5(&of.id.uuid(), on.to_string().as_bytes());
    manual_voucher::ActiveModel {
        event_date: Set(on),
        summary: Set(of.summary.clone()),
        lines: Set(of.lines.clone()),
        total_fen: Set(of.total_fen),
        template_id: Set(Some(of.id)),
        ..fresh(ManualVoucherId::from(id), of.book_id, VoucherKind::Ordinary, now, (of.author_id, None))
    }
}

async fn told(
    tx: &Tx,
    now: Timestamp,
    action: &'static str,
    row: &voucher_template::Model,
    by: &Member,
) -> Result<(), DbErr> {
    let detail = json!({ "amount": row.total_fen, "state": row.state, "next_on": row.next_on });
    let (actor, object, origin) = (staff(by.id), format!("voucher_template:{}", row.id), by.origin.clone());
    trail::record(tx, now, Line { actor, action, object, origin, detail }).await
}
