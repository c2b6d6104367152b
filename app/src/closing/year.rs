//! The end of a year (年终结转): one person proposes it, with what stands against it and why it is ended all the same; another decides, and
//! with the decision it is done. Both look at every open month of the year (see [`super::MonthStanding`]). In a small foundation (facts:
//! charity 6.6a) the second person is the chair, or a guest approver to whom the chair's role is lent.

use crowdfunding::Decision;
use domain::proposal::{ProposalEvent, ProposalState};
use domain::role::{Member, Role};
use domain::{BookId, YearClosingId};
use entity::{Tx, violation, year_closing};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, QuerySelect, Set};
use serde_json::json;

use super::{Closing, ClosingError, Period, READERS, standing};
use crate::trail::{self, Line, staff};

/// Who proposes to end a year, and who decides.
const PROPOSERS: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
const DECIDERS: [Role; 2] = [Role::FinanceHead, Role::Chair];

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
        by.must_be(&PROPOSERS)?;
        let reason = new.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
        if reason.as_ref().is_some_and(|reason| !(2..=500).contains(&reason.chars().count())) {
            return Err(ClosingError::Invalid { field: "reason", problem: "请填写原因，2至500字" });
        }
        let period = Period::year(new.year).ok_or(ClosingError::YearOpen(new.year))?;
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        if let Some(known) = year_closing::Entity::find_by_id(new.id).one(&tx).await? {
            let same = (known.book_id, known.year, known.author_id, &known.reason)
                == (new.book, i64::from(new.year), by.id, &reason);
            return if same { Ok(known) } else { Err(ClosingError::IdReused) };
        }
        let book = self.over(&tx, new.book, period, by, &PROPOSERS).await?;
        let acting_for = by.may(&PROPOSERS, &crowdfunding::book_place(&tx, new.book).await?)?.acting_for;
        self.year_before(&tx, &book, period).await?;
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
        let row = row.insert(&tx).await.map_err(|error| match violation(&error) {
            // PostgreSQL names the index, SQLite its columns.
            Some(rule) if rule.contains("year_closing_live_key") || rule.contains("year_closing.book_id") => {
                ClosingError::UnderWay
            }
            _ => error.into(),
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
        by.must_be(&DECIDERS)?;
        let decision = decision.into();
        let agree = decision.agrees();
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = year_closing::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(ClosingError::NoSuchClosing)?;
        let place = crowdfunding::book_place(&tx, row.book_id).await?;
        let hand = crowdfunding::Hand::at(by, &DECIDERS, &place)?;
        if hand.is_of([Some(row.author_id), row.author_for_id]) {
            return Err(ClosingError::OtherPerson);
        }
        let to = row.state.on(if agree { ProposalEvent::Approve } else { ProposalEvent::Decline })?;
        let (of, known) = (row.clone(), row.unmet.clone());
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
        let year = i32::try_from(of.year).map_err(|_| ClosingError::NoSuchClosing)?;
        let period = Period::year(year).ok_or(ClosingError::YearOpen(year))?;
        let book = self.over(&tx, of.book_id, period, by, &DECIDERS).await?;
        self.year_before(&tx, &book, period).await?;
        let against = standing::standing(&tx, &book, period, self.clock.today()).await?.against(period);
        if !against.is_empty() && text(&against)? != known {
            return Err(ClosingError::Changed);
        }
        let entries = ledger::year_end(&tx, of.book_id, year).await?;
        let entries: Vec<_> = entries.into_iter().map(|entry| entry.by(by.id.to_string())).collect();
        for booked in ledger::post(&tx, now, &entries).await? {
            booked?;
        }
        ledger::close_through(&tx, of.book_id, period.last).await?;
        let references: Vec<_> = entries.iter().map(ledger::Entry::reference).collect();
        self.told(&tx, "book.close_year", &row, json!(references), by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Takes a proposal back that nobody has decided: whoever proposed it, or they for whom it was. It can be proposed again.
    pub async fn withdraw_year(&self, id: YearClosingId, by: &Member) -> Result<year_closing::Model, ClosingError> {
        by.must_be(&PROPOSERS)?;
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        let row = year_closing::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(ClosingError::NoSuchClosing)?;
        let place = crowdfunding::book_place(&tx, row.book_id).await?;
        if !crowdfunding::Hand::at(by, &PROPOSERS, &place)?.is_of([Some(row.author_id), row.author_for_id]) {
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
        let roles = [&READERS[..], &DECIDERS[..]].concat();
        by.must_be(&roles)?;
        let db = self.db.read();
        let row = year_closing::Entity::find_by_id(id).one(db).await?.ok_or(ClosingError::NoSuchClosing)?;
        by.may(&roles, &crowdfunding::book_place(db, row.book_id).await?)?;
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
        let (actor, object) = (staff(by.id), format!("book:{}", row.book_id));
        trail::record(tx, self.clock.now(), Line { actor, action, object, origin: by.origin.clone(), detail }).await
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
