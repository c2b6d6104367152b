//! The whole story of a line, and how what it was taken for by mistake is undone.

use std::collections::HashMap;

use domain::bank::{ClaimState, LineEvent};
use domain::role::Member;
use domain::{BankLineId, EntryId, Timestamp};
use entity::{Tx, bank_claim, bank_line, bank_match, entry};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Bank, BankError, KEEPERS, READERS, ShownLine, hand, reads};

/// How what a line was taken for can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// The tie is undone, the entries stand.
    Untie,
    /// What was booked from the line is taken back by its mirror, by another person than who accepted it.
    Reverse,
    /// Not from here: more hangs on it than the line, or nothing is tied.
    Nothing,
}

/// Undoes by the rules of what is tied now.
fn undo_of(ties: &[&bank_match::Model]) -> Undo {
    let all = |rules: &[&str]| !ties.is_empty() && ties.iter().all(|tie| rules.contains(&tie.rule.as_str()));
    if all(&["entry", "document"]) {
        Undo::Untie
    } else if all(&["interest", "charge", "cash", "platform", "unclaimed"]) {
        Undo::Reverse
    } else {
        Undo::Nothing
    }
}

/// An entry that a line is or was tied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tied {
    /// Since when, by whom, by which rule, and until when.
    pub tie: bank_match::Model,
    /// The reference of the entry.
    pub reference: String,
}

/// A line with its whole story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineSheet {
    /// The line.
    pub line: ShownLine,
    /// What it was tied to, oldest first.
    pub ties: Vec<Tied>,
    /// How that can be undone.
    pub undo: Undo,
    /// What two persons have made of its money, or were asked to, oldest first.
    pub claims: Vec<bank_claim::Model>,
}

impl Bank {
    /// A line with everything it was tied to, oldest first, how that can be undone, and what was claimed of it.
    pub async fn line(&self, id: BankLineId, by: &Member) -> Result<LineSheet, BankError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        let row = bank_line::Entity::find_by_id(id).one(db).await?.ok_or(BankError::NoSuchLine)?;
        reads(db, row.book_id, by).await?;
        let ties = bank_match::Entity::find()
            .filter(bank_match::Column::LineId.eq(id))
            .order_by_asc(bank_match::Column::AtUs)
            .order_by_asc(bank_match::Column::Id)
            .all(db)
            .await?;
        let references: Vec<(EntryId, String)> = entry::Entity::find()
            .select_only()
            .column(entry::Column::Id)
            .column(entry::Column::Reference)
            .filter(entry::Column::Id.is_in(ties.iter().map(|tie| tie.entry_id)))
            .into_tuple()
            .all(db)
            .await?;
        let references: HashMap<EntryId, String> = references.into_iter().collect();
        let standing: Vec<&bank_match::Model> = ties.iter().filter(|tie| tie.untied_us.is_none()).collect();
        let undo = if row.state.on(LineEvent::Untie).is_ok() { undo_of(&standing) } else { Undo::Nothing };
        let named = |tie: bank_match::Model| {
            let reference = references.get(&tie.entry_id).cloned().unwrap_or_default();
            Tied { tie, reference }
        };
        let claims = bank_claim::Entity::find()
            .filter(bank_claim::Column::LineId.eq(id))
            .order_by_asc(bank_claim::Column::CreatedUs)
            .order_by_asc(bank_claim::Column::Id)
            .all(db)
            .await?;
        Ok(LineSheet { line: self.shown(row)?, ties: ties.into_iter().map(named).collect(), undo, claims })
    }

    /// Undoes what a line was taken for by mistake, and it waits again. Entries it was tied to stand; what was booked from it alone is taken
    /// back by its mirror, by another person than who accepted it.
    pub async fn untie(&self, id: BankLineId, by: &Member) -> Result<bank_line::Model, BankError> {
        by.must_be(&KEEPERS)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = super::locked_line(&tx, id).await?;
        let hand = hand(row.book_id, by, &KEEPERS)?;
        row.state.on(LineEvent::Untie)?;
        let ties = bank_match::Entity::find()
            .filter(bank_match::Column::LineId.eq(id))
            .filter(bank_match::Column::UntiedUs.is_null())
            .all(&tx)
            .await?;
        match undo_of(&ties.iter().collect::<Vec<_>>()) {
            Undo::Untie => {}
            Undo::Reverse => {
                let accepted = |tie: &bank_match::Model| {
                    [Some(&tie.actor), tie.actor_for.as_ref()].map(|person| person.and_then(|id| id.parse().ok()))
                };
                if ties.iter().any(|tie| hand.is_of(accepted(tie))) {
                    return Err(BankError::OtherPerson);
                }
                let claimed = bank_claim::Entity::find()
                    .filter(bank_claim::Column::LineId.eq(id))
                    .filter(bank_claim::Column::State.ne(ClaimState::Declined));
                if claimed.one(&tx).await?.is_some() {
                    return Err(BankError::UnderWay);
                }
                self.take_back(&tx, now, &row, &ties, by).await?;
            }
            Undo::Nothing => {
                return Err(BankError::NotThat {
                    line: id,
                    problem: "该笔流水已随付款、划转、认领或退回办理，不能在此撤销",
                });
            }
        }
        let sql = "UPDATE bank_match SET untied_us = $1, untied_by = $2, untied_for = $3 WHERE line_id = $4 AND untied_us IS NULL";
        let acting_for = hand.acting_for().map(|person| person.to_string());
        entity::execute(&tx, sql, [now.into(), by.id.to_string().into(), acting_for.into(), id.into()]).await?;
        let row = super::moved(&tx, row, LineEvent::Untie).await?;
        self.trail(&tx, now, "bank.untie", &row, by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Books the mirrors of what was booked from a line.
    async fn take_back(
        &self,
        tx: &Tx,
        now: Timestamp,
        line: &bank_line::Model,
        ties: &[bank_match::Model],
        by: &Member,
    ) -> Result<(), BankError> {
        let booked =
            entry::Entity::find().filter(entry::Column::Id.is_in(ties.iter().map(|tie| tie.entry_id))).all(tx).await?;
        let mut mirrors = Vec::new();
        // A line is booked by one entry.
        for entry in &booked {
            let mirror = ledger::mirror(tx, &entry.reference, line.day).await?.ok_or(BankError::NoSuchEntry)?;
            mirrors.push(mirror.channel("bank").by(by.id.to_string()));
        }
        for posted in ledger::post(tx, now, &mirrors).await? {
            posted?;
        }
        Ok(())
    }
}
