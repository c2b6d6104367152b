//! Between the end of a year and its audit (软结账): the year is closed, and what the auditors find is written as adjustments
//! ([`crate::vouchers`]) by two persons, about the ended year and booked on the first open day through 3201, with both dates shown. The
//! statements of the year can be read with them. The audited report, recorded by two persons with the report attached, closes the year
//! for good (硬结账), once the annual report of the year is published with it: until then it is not public, and may be corrected.

use std::collections::BTreeSet;

use crowdfunding::Decision;
use domain::proposal::{ProposalEvent, ProposalState};
use domain::role::Member;
use domain::voucher::{Side, VoucherKind, VoucherLine, VoucherState};
use domain::{AuditedYearId, BookId, BusinessDate, ManualVoucherId};
use entity::{audited_year, book, manual_voucher, violation, year_closing};
use ledger::Adjustments;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde_json::json;

use super::{Closing, ClosingError, FIRST, READERS, SECOND, is_live_already, may_read};
use crate::trail;
use crate::vouchers::year_ended;

/// A report as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReport {
    /// Made by the client.
    pub id: AuditedYearId,
    /// Of which book.
    pub book: BookId,
    /// Of which year.
    pub year: i32,
    /// The auditors (会计师事务所).
    pub auditor: String,
    /// The number of the report.
    pub report_number: String,
    /// Its day.
    pub reported_on: BusinessDate,
}

/// How far a year is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YearState {
    /// Something may still be booked into it.
    Open,
    /// 软结账: ended, open to adjustments.
    SoftClosed,
    /// 硬结账: its audited report is recorded.
    Audited,
}

/// A year of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearStanding {
    /// The year.
    pub year: i32,
    /// How far it is closed.
    pub state: YearState,
    /// Its end (年终结转), decided or proposed; a year that was ended by one person, before two were asked for, has none.
    pub closing: Option<year_closing::Model>,
    /// Its report, recorded or under way.
    pub report: Option<audited_year::Model>,
}

/// What a report is called where documents and the trail name it.
fn object(id: AuditedYearId) -> String {
    format!("audited_year:{id}")
}

impl Closing {
    /// Records the audited report of an ended year: the first of two persons. The same id with the same content again is the same.
    pub async fn report(&self, new: NewReport, by: &Member) -> Result<audited_year::Model, ClosingError> {
        by.must_be(&FIRST)?;
        let sized = |text: &str, field| {
            let text = text.trim().to_owned();
            if (2..=100).contains(&text.chars().count()) {
                Ok(text)
            } else {
                Err(ClosingError::Invalid { field, problem: "请填写2至100字" })
            }
        };
        let (auditor, report_number) = (sized(&new.auditor, "auditor")?, sized(&new.report_number, "report_number")?);
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let of = book::Entity::find_by_id(new.book).one(&tx).await?.ok_or(ClosingError::NoSuchBook)?;
        let acting_for = by.keeps(&FIRST, new.book)?.acting_for;
        if let Some(standing) = audited_year::Entity::find_by_id(new.id).one(&tx).await? {
            let same = (standing.book_id, standing.year, standing.reported_on, standing.author_id)
                == (new.book, i64::from(new.year), new.reported_on, by.id)
                && (&standing.auditor, &standing.report_number) == (&auditor, &report_number);
            return if same { Ok(standing) } else { Err(ClosingError::IdReused) };
        }
        if !year_ended(&of, new.year) {
            return Err(ClosingError::YearOpen(new.year));
        }
        if new.reported_on.year() <= new.year || new.reported_on > self.clock.today() {
            return Err(ClosingError::Invalid {
                field: "reported_on",
                problem: "报告日期应在该年度之后，且不晚于今天",
            });
        }
        let row = audited_year::ActiveModel {
            id: Set(new.id),
            book_id: Set(new.book),
            year: Set(i64::from(new.year)),
            auditor: Set(auditor),
            report_number: Set(report_number),
            reported_on: Set(new.reported_on),
            state: Set(ProposalState::Proposed),
            author_id: Set(by.id),
            author_for_id: Set(acting_for),
            approver_id: Set(None),
            approver_for_id: Set(None),
            created_us: Set(now),
            decided_us: Set(None),
        };
        let row = row.insert(&tx).await.map_err(|error| {
            if is_live_already(&error, "audited_year") { ClosingError::Audited } else { error.into() }
        })?;
        self.tell(&tx, "book.report_audit", &row, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Confirms a report, or says why not: the second person. Confirmed, the year takes no adjustment any more.
    pub async fn confirm_report(
        &self,
        id: AuditedYearId,
        decision: impl Into<Decision>,
        by: &Member,
    ) -> Result<audited_year::Model, ClosingError> {
        by.must_be(&SECOND)?;
        let decision = decision.into();
        let agree = decision.agrees();
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = audited_year::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(ClosingError::NoSuchReport)?;
        let hand = Closing::second(row.book_id, [Some(row.author_id), row.author_for_id], by)?;
        let to = row.state.on(if agree { ProposalEvent::Approve } else { ProposalEvent::Decline })?;
        let mut active: audited_year::ActiveModel = row.into();
        active.state = Set(to);
        active.approver_id = Set(Some(by.id));
        active.approver_for_id = Set(hand.acting_for());
        active.decided_us = Set(Some(now));
        let row = active.update(&tx).await.map_err(|error| match violation(&error) {
            Some(rule) if rule.contains("audited_year_undocumented") => ClosingError::NoDocument,
            Some(rule) if rule.contains("audited_year_unpublished") => ClosingError::Unpublished,
            _ => error.into(),
        })?;
        self.tell(&tx, if agree { "book.confirm_audit" } else { "book.decline_audit" }, &row, by).await?;
        trail::because(&tx, now, object(id), decision.reason(), by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A report, for whoever reads the books or confirms it.
    pub async fn report_of(&self, id: AuditedYearId, by: &Member) -> Result<audited_year::Model, ClosingError> {
        by.must_be(&[&READERS[..], &SECOND[..]].concat())?;
        let db = self.db.read();
        let row = audited_year::Entity::find_by_id(id).one(db).await?.ok_or(ClosingError::NoSuchReport)?;
        may_read(db, row.book_id, by).await?;
        Ok(row)
    }

    /// Says whether somebody may read a report, or attach to it; answers what its documents are filed under.
    pub async fn report_file(&self, id: AuditedYearId, attach: bool, by: &Member) -> Result<String, ClosingError> {
        if attach {
            by.must_be(&FIRST)?;
        }
        let row = self.report_of(id, by).await?;
        if attach {
            by.keeps(&FIRST, row.book_id)?;
            row.state.on(ProposalEvent::Decline)?;
        }
        Ok(object(id))
    }

    /// The years of a book from its first entry on, newest first, and how far each is closed.
    pub async fn years(&self, id: BookId, by: &Member) -> Result<Vec<YearStanding>, ClosingError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        let of = book::Entity::find_by_id(id).one(db).await?.ok_or(ClosingError::NoSuchBook)?;
        by.may(&READERS, &crowdfunding::book_place(db, id).await?)?;
        let reports = audited_year::Entity::find()
            .filter(audited_year::Column::BookId.eq(id))
            .filter(audited_year::Column::State.ne(ProposalState::Declined))
            .order_by_desc(audited_year::Column::Year)
            .all(db)
            .await?;
        let closings = year_closing::Entity::find()
            .filter(year_closing::Column::BookId.eq(id))
            .filter(year_closing::Column::State.ne(ProposalState::Declined))
            .all(db)
            .await?;
        let Some((first, last)) = ledger::booked_days(db, id).await? else { return Ok(Vec::new()) };
        let years = (first.year()..=last.year()).rev();
        Ok(years
            .map(|year| {
                let report = reports.iter().find(|report| report.year == i64::from(year)).cloned();
                let audited = report.as_ref().is_some_and(|report| report.state == ProposalState::Approved);
                let state = match (year_ended(&of, year), audited) {
                    (_, true) => YearState::Audited,
                    (true, false) => YearState::SoftClosed,
                    (false, false) => YearState::Open,
                };
                let closing = closings.iter().find(|closing| closing.year == i64::from(year)).cloned();
                YearStanding { year, state, closing, report }
            })
            .collect())
    }

    async fn tell(
        &self,
        tx: &entity::Tx,
        action: &'static str,
        row: &audited_year::Model,
        by: &Member,
    ) -> Result<(), DbErr> {
        let detail = json!({ "report": row.id, "year": row.year, "state": row.state });
        self.note(tx, action, row.book_id, detail, by).await
    }
}

/// What the audit of a year found and nobody took back, as its statements show it. One statement.
pub async fn adjustments(db: &impl ConnectionTrait, book: BookId, year: i32) -> Result<Adjustments, DbErr> {
    let posted = manual_voucher::Entity::find()
        .filter(manual_voucher::Column::BookId.eq(book))
        .filter(manual_voucher::Column::State.eq(VoucherState::Posted))
        .filter(manual_voucher::Column::Kind.is_in([VoucherKind::Adjustment, VoucherKind::Reversal]))
        .all(db)
        .await?;
    let reversed: BTreeSet<ManualVoucherId> = posted.iter().filter_map(|row| row.reverses_id).collect();
    let mut found = Adjustments { year, ..Adjustments::default() };
    let of_year = |row: &&manual_voucher::Model| {
        row.kind == VoucherKind::Adjustment && row.event_date.year() == year && !reversed.contains(&row.id)
    };
    for row in posted.iter().filter(of_year) {
        let lines: Vec<VoucherLine> =
            serde_json::from_str(&row.lines).map_err(|error| DbErr::Json(error.to_string()))?;
        for line in lines {
            let fen = if line.side == Side::Debit { line.amount.fen() } else { -line.amount.fen() };
            let subject = line.account.subject;
            if subject.starts_with('5') && line.account.campaign.is_some() {
                found.released += fen;
                *found.nets.entry("3102".to_owned()).or_default() += fen;
                *found.nets.entry("3101".to_owned()).or_default() -= fen;
            }
            *found.nets.entry(subject).or_default() += fen;
        }
    }
    Ok(found)
}
