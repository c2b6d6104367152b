//! The end of a year (年终结转): one person proposes it, with what stands against it and why it is ended all the same; another decides, and
//! with the decision it is done. Every month before December is locked by then; both look at the year as a whole (see
//! [`super::MonthStanding`]). In a small foundation (facts: charity 6.6a) the second person is the chair, or a guest approver to whom the
//! chair's role is lent.

use crowdfunding::{Decision, Hand};
use domain::proposal::{ProposalEvent, ProposalState};
use domain::role::Member;
use domain::{BookId, YearClosingId};
use entity::{Tx, book, year_closing};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, QuerySelect, Set};
use serde_json::json;

use super::{Closing, ClosingError, FIRST, Period, READERS, SECOND, is_live_already, may_read, reasoned, standing};
use crate::trail;

/// The end of a year as it is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClosing {
    /// Made by the client.
    pub id: YearClosingId,
    /// Of which book.
    pub book: BookId,
    /// Which year.
    pub year: i32,
    /// Why it is ended although something stands against it.
    pub reason: Option<String>,
}

impl Closing {
    /// Proposes to end a year: the first of two persons. The same id with the same content again is the same.
    pub async fn propose_year(&self, new: NewClosing, by: &Member) -> Result<year_closing::Model, ClosingError> {
        by.must_be(&FIRST)?;
        let reason = reasoned(new.reason.as_deref())?;
        let period = Period::year(new.year).ok_or(ClosingError::YearOpen(new.year))?;
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        if let Some(known) = year_closing::Entity::find_by_id(new.id).one(&tx).await? {
            let same = (known.book_id, known.year, known.author_id, &known.reason)
                == (new.book, i64::from(new.year), by.id, &reason);
            return if same { Ok(known) } else { Err(ClosingError::IdReused) };
        }
        let book = self.over(&tx, new.book, period, by, &FIRST).await?;
        let acting_for = by.keeps(&FIRST, new.book)?.acting_for;
        self.year_before(&tx, &book, period).await?;
        Closing::months_before(&tx, &book, new.year).await?;
        let against = standing::standing(&tx, &book, period, self.clock.today()).await?.against(period);
        if !against.is_empty() && reason.is_none() {
            return Err(ClosingError::YearNotReady(against));
        }
        let row = year_closing::ActiveModel {
            id: Set(new.id),
            book_id: Set(new.book),
            year: Set(i64::from(new.year)),
            unmet: Set(text(&against)?),
            reason: Set(reason),
            state: Set(ProposalState::Proposed),
            author_id: Set(by.id),
            author_for_id: Set(acting_for),
            approver_id: Set(None),
            approver_for_id: Set(None),
            created_us: Set(now),
            decided_us: Set(None),
        };
        let row = row.insert(&tx).await.map_err(|error| {
            if is_live_already(&error, "year_closing") { ClosingError::UnderWay } else { error.into() }
        })?;
        self.told(&tx, "book.propose_year", &row, json!([]), by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Decides a proposal: the second person. Agreed, the year is ended and locked: income and prior-year adjustments to net assets,
    /// release of restriction, expenses to unrestricted net assets, all dated 31 December. Refused if something else stands against it
    /// than what was proposed.
    pub async fn decide_year(
        &self,
        id: YearClosingId,
        decision: impl Into<Decision>,
        by: &Member,
    ) -> Result<year_closing::Model, ClosingError> {
        by.must_be(&SECOND)?;
        let decision = decision.into();
        let agree = decision.agrees();
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = year_closing::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(ClosingError::NoSuchClosing)?;
        let hand = Closing::second(row.book_id, [Some(row.author_id), row.author_for_id], by)?;
        let to = row.state.on(if agree { ProposalEvent::Approve } else { ProposalEvent::Decline })?;
        let (of, year) = (row.book_id, i32::try_from(row.year).map_err(|_| ClosingError::NoSuchClosing)?);
        let period = Period::year(year).ok_or(ClosingError::YearOpen(year))?;
        if agree {
            let book = self.over(&tx, of, period, by, &SECOND).await?;
            self.year_before(&tx, &book, period).await?;
            Closing::months_before(&tx, &book, year).await?;
            let against = standing::standing(&tx, &book, period, self.clock.today()).await?.against(period);
            if !against.is_empty() && text(&against)? != row.unmet {
                return Err(ClosingError::Changed);
            }
        }
        let mut active: year_closing::ActiveModel = row.into();
        active.state = Set(to);
        active.approver_id = Set(Some(by.id));
        active.approver_for_id = Set(hand.acting_for());
        active.decided_us = Set(Some(now));
        let row = active.update(&tx).await?;
        if !agree {
            self.told(&tx, "book.decline_year", &row, json!([]), by).await?;
            trail::because(&tx, now, format!("year_closing:{id}"), decision.reason(), by).await?;
            tx.commit().await?;
            return Ok(row);
        }
        // Nothing is posted from here on: what is carried is all there is.
        book::Entity::find_by_id(of).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let entries = ledger::year_end(&tx, of, year).await?;
        let entries: Vec<_> = entries.into_iter().map(|entry| entry.by(by.id.to_string())).collect();
        for booked in ledger::post(&tx, now, &entries).await? {
            booked?;
        }
        ledger::lock_through(&tx, of, period.last).await?;
        let references: Vec<_> = entries.iter().map(ledger::Entry::reference).collect();
        self.told(&tx, "book.close_year", &row, json!(references), by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Takes a proposal back that nobody has decided: whoever proposed it, or they for whom it was. It can be proposed again.
    pub async fn withdraw_year(&self, id: YearClosingId, by: &Member) -> Result<year_closing::Model, ClosingError> {
        by.must_be(&FIRST)?;
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = year_closing::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(ClosingError::NoSuchClosing)?;
        if !Hand::in_book(row.book_id, by, &FIRST)?.is_of([Some(row.author_id), row.author_for_id]) {
            return Err(ClosingError::NotAuthor);
        }
        let to = row.state.on(ProposalEvent::Decline)?;
        let mut active: year_closing::ActiveModel = row.into();
        active.state = Set(to);
        active.decided_us = Set(Some(now));
        let row = active.update(&tx).await?;
        self.told(&tx, "book.withdraw_year", &row, json!([]), by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A proposal, for whoever reads the books or decides it.
    pub async fn closing_of(&self, id: YearClosingId, by: &Member) -> Result<year_closing::Model, ClosingError> {
        by.must_be(&[&READERS[..], &SECOND[..]].concat())?;
        let db = self.db.read();
        let row = year_closing::Entity::find_by_id(id).one(db).await?.ok_or(ClosingError::NoSuchClosing)?;
        may_read(db, row.book_id, by).await?;
        Ok(row)
    }

    /// The trail keeps what stood against it and why it is ended all the same.
    async fn told(
        &self,
        tx: &Tx,
        action: &'static str,
        row: &year_closing::Model,
        entries: serde_json::Value,
        by: &Member,
    ) -> Result<(), DbErr> {
        let detail = json!({
            "closing": row.id, "year": row.year, "state": row.state, "unmet": unmet(row), "reason": row.reason, "entries": entries,
        });
        self.note(tx, action, row.book_id, detail, by).await
    }
}

fn text(against: &[String]) -> Result<String, DbErr> {
    serde_json::to_string(against).map_err(|error| DbErr::Json(error.to_string()))
}

/// Whether whoever proposed it took it back: it is declined, and by no second person.
pub fn taken_back(row: &year_closing::Model) -> bool {
    row.state == ProposalState::Declined && row.approver_id.is_none()
}

/// What stood against it when it was proposed.
pub fn unmet(row: &year_closing::Model) -> Vec<String> {
    serde_json::from_str(&row.unmet).unwrap_or_default()
}
