//! Manual vouchers (手工凭证): what no recipe books, by two persons and with a document (facts: charity 6.2, entries 21 and 25).
//!
//! A bookkeeper writes a draft, a bookkeeper hands it in, a head of finance who did neither posts it; the database compares the persons
//! and looks for the document. A posted voucher is taken back by a reversal (红字冲销), by two persons again; of a year that is ended, what
//! it charged goes through 以前年度净资产调整 (3201). What may be written is in [`lines`]; what a campaign has is the ledger's to refuse, and
//! what a budget line has its own (`voucher_charge` says what of it a voucher used).

mod lines;
mod opening;
mod template;

use crowdfunding::Hand;
use crowdfunding::spending::SpendingError;
use domain::proposal::ProposalState;
use domain::role::{Forbidden, Member, Role};
use domain::voucher::{Unbalanced, VoucherEvent, VoucherKind, VoucherLine, VoucherState};
use domain::{BookId, BusinessDate, Clock, ManualVoucherId, Refused, StaffId, Timestamp};
use entity::{Db, Rows, Tx, audited_year, book, entry, manual_voucher, violation};
use ledger::Entry;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QueryResult, QuerySelect, Set, Statement,
};

use self::lines::Ground;
use crate::{documents, trail};

pub use self::opening::{Conversion, Converted, OldLine};
pub use self::template::NewTemplate;

/// Who writes vouchers.
const AUTHORS: [Role; 1] = [Role::Bookkeeper];
/// Who posts them.
const POSTERS: [Role; 1] = [Role::FinanceHead];
/// Who gives them up.
const DISCARDERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
/// Who reads them.
pub const READERS: [Role; 4] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];

/// Why nothing was done about a voucher.
#[derive(Debug, thiserror::Error)]
pub enum VoucherError {
    /// There is no such voucher.
    #[error("no such voucher")]
    NoSuchVoucher,
    /// There is no such template.
    #[error("no such template")]
    NoSuchTemplate,
    /// There is no such book.
    #[error("no such book")]
    NoSuchBook,
    /// The id stands for another voucher or template.
    #[error("this id was used with other content")]
    IdReused,
    /// A field is not acceptable.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// In Chinese, for the person who filled it in.
        problem: &'static str,
    },
    /// The lines are no voucher.
    #[error(transparent)]
    Unbalanced(#[from] Unbalanced),
    /// A line is not acceptable.
    #[error("line {line}: {problem}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// In Chinese, for the person who filled it in.
        problem: &'static str,
    },
    /// Nothing is attached that it is based on.
    #[error("no document is attached")]
    NoDocument,
    /// Its year is ended: income and expenses of it are corrected through 3201.
    #[error("the year {0} is ended")]
    YearEnded(i32),
    /// Its year is not ended: an ordinary voucher does.
    #[error("the year {0} is not ended")]
    YearOpen(i32),
    /// The audited report of its year stands.
    #[error("the year {0} is audited")]
    YearAudited(i32),
    /// Something is booked on that day or before it.
    #[error("something is booked on {0} or before")]
    OpeningTooLate(BusinessDate),
    /// It is reversed, or a reversal of it is under way.
    #[error("the voucher is reversed, or a reversal of it is under way")]
    Reversed,
    /// The book has its opening balances, or they are under way.
    #[error("the book is opened, or its opening is under way")]
    Opened,
    /// Who wrote it or handed it in does not post it.
    #[error("another person has to do this step")]
    OtherPerson,
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// It is in no state for it.
    #[error(transparent)]
    Refused(#[from] Refused<VoucherState, VoucherEvent>),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] ledger::Refusal),
    /// A budget line refused, or the campaign's money is frozen.
    #[error(transparent)]
    Spending(#[from] SpendingError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// A voucher as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVoucher {
    /// Made by the client.
    pub id: ManualVoucherId,
    /// Into which book.
    pub book: BookId,
    /// What for; a reversal is written by [`Vouchers::reverse`].
    pub kind: VoucherKind,
    /// The day it is about.
    pub event_date: BusinessDate,
    /// 摘要.
    pub summary: String,
    /// Its lines.
    pub lines: Vec<VoucherLine>,
}

/// A voucher with its lines and, once it is posted, the day it is booked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// The voucher.
    pub row: manual_voucher::Model,
    /// Its lines.
    pub lines: Vec<VoucherLine>,
    /// The day it is booked on, and the reference of its entry.
    pub booked: Option<(BusinessDate, String)>,
}

/// The manual vouchers of the program.
#[derive(Clone, Debug)]
pub struct Vouchers {
    db: Db,
    clock: Clock,
}

/// What a voucher is called where documents and the trail name it.
pub fn object(id: ManualVoucherId) -> String {
    format!("manual_voucher:{id}")
}

impl Vouchers {
    pub(crate) fn new(db: Db, clock: Clock) -> Vouchers {
        Vouchers { db, clock }
    }

    /// Writes a draft. The same id with the same content again answers the draft that stands.
    pub async fn draft(&self, new: NewVoucher, by: &Member) -> Result<Voucher, VoucherError> {
        self.draft_from(new, None, by).await
    }

    /// Rewrites a draft; its author only.
    pub async fn edit(&self, new: NewVoucher, by: &Member) -> Result<Voucher, VoucherError> {
        by.must_be(&AUTHORS)?;
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = locked(&tx, new.id).await?;
        by.keeps(&AUTHORS, row.book_id)?;
        if row.author_id != by.id {
            return Err(VoucherError::OtherPerson);
        }
        if row.state != VoucherState::Draft {
            row.state.on(VoucherEvent::Submit)?;
        }
        if row.kind == VoucherKind::Reversal || row.converted_from.is_some() {
            return Err(VoucherError::Invalid {
                field: "lines", problem: "系统生成的分录不能修改，请作废后重新填写"
            });
        }
        if (row.book_id, row.kind) != (new.book, new.kind) {
            return Err(VoucherError::Invalid {
                field: "kind", problem: "草稿不能改到另一个账套或另一类凭证"
            });
        }
        let summary = summary(&new.summary)?;
        let total = Ground::read(&tx, new.book, &new.lines).await?.check(new.kind, &new.lines)?;
        let mut active: manual_voucher::ActiveModel = row.into();
        active.event_date = Set(new.event_date);
        active.summary = Set(summary);
        active.lines = Set(written(&new.lines)?);
        active.total_fen = Set(total);
        active.changed_us = Set(now);
        let row = active.update(&tx).await?;
        told(&tx, now, "voucher.edit", &row, by).await?;
        tx.commit().await?;
        shown(row, None)
    }

    /// Hands a draft in. Its own author, or any bookkeeper for one that a template proposed.
    pub async fn submit(&self, id: ManualVoucherId, by: &Member) -> Result<Voucher, VoucherError> {
        by.must_be(&AUTHORS)?;
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = locked(&tx, id).await?;
        let hand = Hand::in_book(row.book_id, by, &AUTHORS)?;
        if row.author_id != by.id && row.template_id.is_none() {
            return Err(VoucherError::OtherPerson);
        }
        let to = row.state.on(VoucherEvent::Submit)?;
        self.may_be_dated(&tx, &row, &read(&row)?).await?;
        if row.kind != VoucherKind::Reversal && documents::of(&tx, &object(id)).await.map_err(plain)?.is_empty() {
            return Err(VoucherError::NoDocument);
        }
        let mut active: manual_voucher::ActiveModel = row.into();
        active.state = Set(to);
        active.submitter_id = Set(Some(by.id));
        active.submitter_for_id = Set(hand.acting_for());
        active.changed_us = Set(now);
        let row = active.update(&tx).await?;
        told(&tx, now, "voucher.submit", &row, by).await?;
        tx.commit().await?;
        shown(row, None)
    }

    /// Sends a voucher back to its author, with a reason.
    pub async fn send_back(&self, id: ManualVoucherId, reason: &str, by: &Member) -> Result<Voucher, VoucherError> {
        by.must_be(&POSTERS)?;
        let reason = reason.trim();
        if !(2..=500).contains(&reason.chars().count()) {
            return Err(VoucherError::Invalid { field: "reason", problem: "请填写原因，2至500字" });
        }
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = locked(&tx, id).await?;
        Hand::in_book(row.book_id, by, &POSTERS)?;
        let to = row.state.on(VoucherEvent::Return)?;
        let mut active: manual_voucher::ActiveModel = row.into();
        active.state = Set(to);
        active.submitter_id = Set(None);
        active.submitter_for_id = Set(None);
        active.returned_because = Set(Some(reason.to_owned()));
        active.changed_us = Set(now);
        let row = active.update(&tx).await?;
        told(&tx, now, "voucher.return", &row, by).await?;
        tx.commit().await?;
        shown(row, None)
    }

    /// Gives a voucher up before it is posted.
    pub async fn discard(&self, id: ManualVoucherId, by: &Member) -> Result<Voucher, VoucherError> {
        by.must_be(&DISCARDERS)?;
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = locked(&tx, id).await?;
        Hand::in_book(row.book_id, by, &DISCARDERS)?;
        let to = row.state.on(VoucherEvent::Discard)?;
        let mut active: manual_voucher::ActiveModel = row.into();
        active.state = Set(to);
        active.changed_us = Set(now);
        let row = active.update(&tx).await?;
        told(&tx, now, "voucher.discard", &row, by).await?;
        tx.commit().await?;
        shown(row, None)
    }

    /// Posts a voucher that was handed in: a head of finance who neither wrote it nor handed it in, and stands in for neither.
    pub async fn post(&self, id: ManualVoucherId, by: &Member) -> Result<Voucher, VoucherError> {
        by.must_be(&POSTERS)?;
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = locked(&tx, id).await?;
        let hand = Hand::in_book(row.book_id, by, &POSTERS)?;
        let had_part = [Some(row.author_id), row.author_for_id, row.submitter_id, row.submitter_for_id];
        if hand.is_of(had_part) {
            return Err(VoucherError::OtherPerson);
        }
        let to = row.state.on(VoucherEvent::Post)?;
        let lines = read(&row)?;
        // What was allowed when it was written may not be any more: a campaign, a line, a year.
        if row.kind != VoucherKind::Reversal {
            Ground::read(&tx, row.book_id, &lines).await?.check(row.kind, &lines)?;
        }
        self.may_be_dated(&tx, &row, &lines).await?;
        let entry = self.entry(&tx, &row, &lines).await?.by(by.id.to_string());
        if entry.postings().is_empty() {
            return Err(VoucherError::Invalid {
                field: "lines",
                problem: "损益科目之间的重分类不影响净资产，该年度已结转，不需要入账",
            });
        }
        let reference = entry.reference().to_owned();
        charge(&tx, &row, &lines).await?;
        let mut booked = None;
        for posted in ledger::post(&tx, now, &[entry]).await? {
            booked = Some(posted?);
        }
        let booked = booked.ok_or_else(|| DbErr::Custom("nothing was answered for an entry".to_owned()))?;
        let (opening, event_date) = (row.kind == VoucherKind::Opening, row.event_date);
        let mut active: manual_voucher::ActiveModel = row.into();
        active.state = Set(to);
        active.poster_id = Set(Some(by.id));
        active.poster_for_id = Set(hand.acting_for());
        active.entry_id = Set(Some(booked.id()));
        active.posted_us = Set(Some(now));
        active.changed_us = Set(now);
        let row = active.update(&tx).await.map_err(|error| match violation(&error) {
            Some(rule) if rule.contains("manual_voucher_undocumented") => VoucherError::NoDocument,
            Some(rule) if rule.contains("year_audited") => VoucherError::YearAudited(event_date.year()),
            _ => error.into(),
        })?;
        if opening {
            opening::close_before(&tx, &row).await?;
        }
        told(&tx, now, "voucher.post", &row, by).await?;
        tx.commit().await?;
        shown(row, Some((booked.book_date(), reference)))
    }

    /// Writes the reversal (红字冲销) of a posted voucher, which is handed in and posted like any other.
    pub async fn reverse(
        &self,
        id: ManualVoucherId,
        of: ManualVoucherId,
        event_date: BusinessDate,
        reason: &str,
        by: &Member,
    ) -> Result<Voucher, VoucherError> {
        by.must_be(&AUTHORS)?;
        let summary = summary(reason)?;
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let original = locked(&tx, of).await?;
        let hand = Hand::in_book(original.book_id, by, &AUTHORS)?;
        if let Some(standing) = manual_voucher::Entity::find_by_id(id).one(&tx).await? {
            let same = standing.reverses_id == Some(of)
                && (standing.event_date, &standing.summary, standing.author_id) == (event_date, &summary, by.id);
            return if same { shown(standing, None) } else { Err(VoucherError::IdReused) };
        }
        if original.state != VoucherState::Posted {
            return Err(Refused { state: original.state, event: VoucherEvent::Return }.into());
        }
        match original.kind {
            VoucherKind::Ordinary | VoucherKind::Adjustment => {}
            VoucherKind::Reversal | VoucherKind::Opening => {
                let problem = "期初余额和红字凭证不能冲销，请另填凭证更正";
                return Err(VoucherError::Invalid { field: "voucher", problem });
            }
        }
        if event_date < original.event_date {
            return Err(VoucherError::Invalid { field: "event_date", problem: "冲销日期不能早于原凭证" });
        }
        let lines: Vec<_> = read(&original)?.into_iter().map(VoucherLine::mirrored).collect();
        let row = manual_voucher::ActiveModel {
            reverses_id: Set(Some(of)),
            ..fresh(id, original.book_id, VoucherKind::Reversal, now, (by.id, hand.acting_for()))
        };
        let row = manual_voucher::ActiveModel {
            event_date: Set(event_date),
            summary: Set(summary),
            lines: Set(written(&lines)?),
            total_fen: Set(original.total_fen),
            ..row
        };
        let row = insert(&tx, row).await?;
        told(&tx, now, "voucher.reverse", &row, by).await?;
        tx.commit().await?;
        shown(row, None)
    }

    /// A voucher.
    pub async fn get(&self, id: ManualVoucherId, by: &Member) -> Result<Voucher, VoucherError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        let row = manual_voucher::Entity::find_by_id(id).one(db).await?.ok_or(VoucherError::NoSuchVoucher)?;
        by.may(&READERS, &crowdfunding::book_place(db, row.book_id).await?)?;
        let booked = match row.entry_id {
            Some(entry) => entry::Entity::find_by_id(entry).one(db).await?.map(|e| (e.book_date, e.reference)),
            None => None,
        };
        shown(row, booked)
    }

    /// A page of a book's vouchers, newest first.
    pub async fn page(
        &self,
        book: BookId,
        state: Option<VoucherState>,
        by: &Member,
        after: Option<ManualVoucherId>,
        limit: u64,
    ) -> Result<Vec<Voucher>, VoucherError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        book::Entity::find_by_id(book).one(db).await?.ok_or(VoucherError::NoSuchBook)?;
        by.may(&READERS, &crowdfunding::book_place(db, book).await?)?;
        let mut query = manual_voucher::Entity::find().filter(manual_voucher::Column::BookId.eq(book));
        if let Some(state) = state {
            query = query.filter(manual_voucher::Column::State.eq(state));
        }
        if let Some(after) = after {
            let last = manual_voucher::Entity::find_by_id(after).one(db).await?.ok_or(VoucherError::NoSuchVoucher)?;
            query = query.filter(
                Condition::any().add(manual_voucher::Column::CreatedUs.lt(last.created_us)).add(
                    Condition::all()
                        .add(manual_voucher::Column::CreatedUs.eq(last.created_us))
                        .add(manual_voucher::Column::Id.lt(last.id)),
                ),
            );
        }
        let newest_first =
            query.order_by_desc(manual_voucher::Column::CreatedUs).order_by_desc(manual_voucher::Column::Id);
        let rows = newest_first.limit(limit).all(db).await?;
        let entries = rows.iter().filter_map(|row| row.entry_id);
        let entries = entry::Entity::find().filter(entry::Column::Id.is_in(entries)).all(db).await?;
        rows.into_iter()
            .map(|row| {
                let of_row = entries.iter().find(|entry| Some(entry.id) == row.entry_id);
                shown(row, of_row.map(|entry| (entry.book_date, entry.reference.clone())))
            })
            .collect()
    }

    /// Says whether somebody may attach a document to a voucher; `withdraw`: or take one away, which only a draft allows.
    pub async fn may_document(&self, id: ManualVoucherId, withdraw: bool, by: &Member) -> Result<(), VoucherError> {
        by.must_be(&AUTHORS)?;
        let db = self.db.read();
        let row = manual_voucher::Entity::find_by_id(id).one(db).await?.ok_or(VoucherError::NoSuchVoucher)?;
        by.keeps(&AUTHORS, row.book_id)?;
        match row.state {
            VoucherState::Draft => Ok(()),
            VoucherState::Submitted | VoucherState::Posted if !withdraw => Ok(()),
            state => Err(Refused { state, event: VoucherEvent::Submit }.into()),
        }
    }

    /// Writes a draft, with the lines of another chart it was made of.
    async fn draft_from(
        &self,
        new: NewVoucher,
        converted_from: Option<String>,
        by: &Member,
    ) -> Result<Voucher, VoucherError> {
        by.must_be(&AUTHORS)?;
        let summary = summary(&new.summary)?;
        if new.kind == VoucherKind::Reversal {
            return Err(VoucherError::Invalid { field: "kind", problem: "红字凭证由原凭证生成" });
        }
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let of = book::Entity::find_by_id(new.book).one(&tx).await?.ok_or(VoucherError::NoSuchBook)?;
        let hand = Hand::in_book(new.book, by, &AUTHORS)?;
        if of.kind != "charity" {
            return Err(VoucherError::Invalid { field: "book", problem: "备查账套不手工记账" });
        }
        let total = Ground::read(&tx, new.book, &new.lines).await?.check(new.kind, &new.lines)?;
        let lines = written(&new.lines)?;
        if let Some(standing) = manual_voucher::Entity::find_by_id(new.id).one(&tx).await? {
            let same = (standing.book_id, standing.kind, standing.event_date, standing.author_id)
                == (new.book, new.kind, new.event_date, by.id)
                && (&standing.summary, &standing.lines) == (&summary, &lines);
            return if same { shown(standing, None) } else { Err(VoucherError::IdReused) };
        }
        let row = manual_voucher::ActiveModel {
            event_date: Set(new.event_date),
            summary: Set(summary),
            lines: Set(lines),
            total_fen: Set(total),
            converted_from: Set(converted_from),
            ..fresh(new.id, new.book, new.kind, now, (by.id, hand.acting_for()))
        };
        let row = insert(&tx, row).await?;
        told(&tx, now, "voucher.draft", &row, by).await?;
        tx.commit().await?;
        shown(row, None)
    }

    /// Refuses a voucher that cannot be booked for its day.
    async fn may_be_dated(
        &self,
        tx: &Tx,
        row: &manual_voucher::Model,
        lines: &[VoucherLine],
    ) -> Result<(), VoucherError> {
        if row.event_date > self.clock.today() {
            return Err(VoucherError::Invalid { field: "event_date", problem: "业务日期不能晚于今天" });
        }
        let of = book::Entity::find_by_id(row.book_id).one(tx).await?.ok_or(VoucherError::NoSuchBook)?;
        let year = row.event_date.year();
        let ended = year_ended(&of, year);
        let charges = lines.iter().any(|line| line.account.subject.starts_with(['4', '5']));
        match row.kind {
            VoucherKind::Ordinary if ended && charges => Err(VoucherError::YearEnded(year)),
            VoucherKind::Adjustment if !ended => Err(VoucherError::YearOpen(year)),
            VoucherKind::Adjustment if is_audited(tx, row.book_id, year).await? => Err(VoucherError::YearAudited(year)),
            VoucherKind::Opening => opening::may_begin(tx, &of, row.event_date).await,
            VoucherKind::Ordinary | VoucherKind::Adjustment | VoucherKind::Reversal => Ok(()),
        }
    }

    async fn entry(&self, tx: &Tx, row: &manual_voucher::Model, lines: &[VoucherLine]) -> Result<Entry, VoucherError> {
        let Some(of) = row.reverses_id else {
            let entry = Ground::entry(row.book_id, row, lines, row.kind == VoucherKind::Adjustment);
            let entry = entry.memo(row.summary.clone());
            return Ok(if row.kind == VoucherKind::Opening { entry.on(row.event_date) } else { entry });
        };
        let original = manual_voucher::Entity::find_by_id(of).one(tx).await?.ok_or(VoucherError::NoSuchVoucher)?;
        let booked = original.entry_id.ok_or(VoucherError::NoSuchVoucher)?;
        let stood = entry::Entity::find_by_id(booked).one(tx).await?.ok_or(VoucherError::NoSuchVoucher)?;
        let of_book = book::Entity::find_by_id(row.book_id).one(tx).await?.ok_or(VoucherError::NoSuchBook)?;
        let late = original.kind == VoucherKind::Adjustment || year_ended(&of_book, stood.book_date.year());
        let mirror = Ground::entry(row.book_id, &original, &read(&original)?, late);
        let entry = Entry::reversal(booked, &mirror, row.event_date).memo(row.summary.clone());
        Ok(lines::within(entry))
    }
}

/// Charges the budget lines that a voucher names, or, for a reversal, takes back what the other one charged.
async fn charge(tx: &Tx, row: &manual_voucher::Model, lines: &[VoucherLine]) -> Result<(), VoucherError> {
    let charges = match row.reverses_id {
        None => lines::charges(lines),
        Some(of) => {
            let sql = "SELECT campaign_id, line_code, amount_fen FROM voucher_charge WHERE voucher_id = $1";
            let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [of.into()]);
            let charged = tx.query_all_raw(statement).await?;
            let back = |row: &QueryResult| {
                let line = (row.try_get("", "campaign_id")?, row.try_get("", "line_code")?);
                Ok::<_, DbErr>((line, -row.try_get::<i64>("", "amount_fen")?))
            };
            charged.iter().map(back).collect::<Result<_, DbErr>>()?
        }
    };
    if charges.is_empty() {
        return Ok(());
    }
    // A voucher names few lines.
    for ((campaign, code), fen) in &charges {
        crowdfunding::spending::charge_line(tx, *campaign, code, *fen).await?;
    }
    let rows = Rows::new()
        .uuid("campaign_id", charges.keys().map(|(campaign, _)| campaign.uuid()))
        .text("line_code", charges.keys().map(|(_, code)| code.clone()))
        .int("amount_fen", charges.values().copied());
    let sql = "INSERT INTO voucher_charge (voucher_id, campaign_id, line_code, amount_fen) \
               SELECT $1, campaign_id, line_code, amount_fen FROM {rows}";
    let statement = rows.statement(tx.get_database_backend(), sql, [row.id.into()]);
    tx.execute_raw(statement).await.map_err(SpendingError::from)?;
    Ok(())
}

/// Whether the audited report of a year is recorded.
async fn is_audited(tx: &Tx, book: BookId, year: i32) -> Result<bool, DbErr> {
    let reports = audited_year::Entity::find()
        .filter(audited_year::Column::BookId.eq(book))
        .filter(audited_year::Column::Year.eq(i64::from(year)))
        .filter(audited_year::Column::State.eq(ProposalState::Approved));
    Ok(reports.one(tx).await?.is_some())
}

/// Whether a year of a book is ended: nothing is booked into it any more.
pub(crate) fn year_ended(book: &book::Model, year: i32) -> bool {
    BusinessDate::new(year, 12, 31).is_some_and(|last| book.closed_through >= Some(last))
}

/// A draft of whoever writes it, and whom they stand in for; what it says is still to be set.
fn fresh(
    id: ManualVoucherId,
    book: BookId,
    kind: VoucherKind,
    now: Timestamp,
    (author, author_for): (StaffId, Option<StaffId>),
) -> manual_voucher::ActiveModel {
    manual_voucher::ActiveModel {
        id: Set(id),
        book_id: Set(book),
        kind: Set(kind),
        state: Set(VoucherState::Draft),
        converted_from: Set(None),
        template_id: Set(None),
        reverses_id: Set(None),
        author_id: Set(author),
        author_for_id: Set(author_for),
        submitter_id: Set(None),
        submitter_for_id: Set(None),
        poster_id: Set(None),
        poster_for_id: Set(None),
        returned_because: Set(None),
        entry_id: Set(None),
        created_us: Set(now),
        changed_us: Set(now),
        posted_us: Set(None),
        ..Default::default()
    }
}

async fn insert(tx: &Tx, row: manual_voucher::ActiveModel) -> Result<manual_voucher::Model, VoucherError> {
    row.insert(tx).await.map_err(|error| match violation(&error) {
        // PostgreSQL names the index, SQLite its column.
        Some(rule) if rule.contains("reverses") => VoucherError::Reversed,
        Some(rule) if rule.contains("manual_voucher_opening_key") || rule.contains("manual_voucher.book_id") => {
            VoucherError::Opened
        }
        _ => error.into(),
    })
}

async fn locked(tx: &Tx, id: ManualVoucherId) -> Result<manual_voucher::Model, VoucherError> {
    let row = manual_voucher::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    row.ok_or(VoucherError::NoSuchVoucher)
}

fn summary(text: &str) -> Result<String, VoucherError> {
    let text = text.trim();
    if !(2..=200).contains(&text.chars().count()) {
        return Err(VoucherError::Invalid { field: "summary", problem: "请填写摘要，2至200字" });
    }
    Ok(text.to_owned())
}

fn written(lines: &[VoucherLine]) -> Result<String, DbErr> {
    serde_json::to_string(lines).map_err(|error| DbErr::Json(error.to_string()))
}

fn read(row: &manual_voucher::Model) -> Result<Vec<VoucherLine>, DbErr> {
    serde_json::from_str(&row.lines).map_err(|error| DbErr::Json(error.to_string()))
}

fn shown(row: manual_voucher::Model, booked: Option<(BusinessDate, String)>) -> Result<Voucher, VoucherError> {
    Ok(Voucher { lines: read(&row)?, row, booked })
}

/// Documents are asked for with an object of ours, so only the database can fail.
fn plain(error: documents::DocumentError) -> DbErr {
    match error {
        documents::DocumentError::Db(error) => error,
        other => DbErr::Custom(other.to_string()),
    }
}

async fn told(
    tx: &Tx,
    now: Timestamp,
    action: &'static str,
    row: &manual_voucher::Model,
    by: &Member,
) -> Result<(), DbErr> {
    trail::money(tx, now, action, object(row.id), (row.total_fen, row.state), by).await
}
