//! Another profile or other limits of a charity (facts: charity 6.6a: switching a profile takes two persons).

use std::collections::HashSet;

use crowdfunding::Decision;
use domain::charity::Profile;
use domain::proposal::{ProposalEvent, ProposalState};
use domain::role::{Member, Role};
use domain::{BookId, Money, ProfileChangeId, StaffId, UnitPath};
use entity::{Tx, charity as charity_row, profile_change};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set, Statement,
};
use serde_json::json;

use super::{Organisation, OrganisationError, charity, sized, told};
use crate::trail;

/// Who decides how duties are separated.
pub(super) const DECIDERS: [Role; 2] = [Role::FinanceHead, Role::Chair];
/// Who counts among the persons of a small foundation, and how many it has at least (facts: charity 6.6a).
const WORKERS: [Role; 6] =
    [Role::Organiser, Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Chair];
const PERSONS: usize = 3;
/// 10 000 000 000 000.00.
const MOST: Money = Money::from_fen(1_000_000_000_000_000);

/// A change to be proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProfileChange {
    /// Made by the client.
    pub id: ProfileChangeId,
    /// Of which charity.
    pub book: BookId,
    /// How many persons papers need.
    pub profile: Profile,
    /// Up to here one approval suffices, in a small foundation.
    pub single_limit: Money,
    /// Above it a third person approves.
    pub third_limit: Money,
    /// A payee's account that changed within so many days needs another look.
    pub account_quiet_days: i64,
    /// Why.
    pub reason: String,
}

impl Organisation {
    /// Proposes another profile or other limits.
    pub async fn propose_profile(
        &self,
        new: NewProfileChange,
        by: &Member,
    ) -> Result<profile_change::Model, OrganisationError> {
        by.must_be(&DECIDERS)?;
        let reason = sized(&new.reason, 500, "reason", "请填写原因，最多500字")?;
        let invalid = |field, problem| Err(OrganisationError::Invalid { field, problem });
        if new.single_limit > new.third_limit {
            return invalid("single_limit", "单人审批限额不得高于第三人审批限额");
        }
        if new.third_limit > MOST {
            return invalid("third_limit", "限额过大");
        }
        if !(0..=3650).contains(&new.account_quiet_days) {
            return invalid("account_quiet_days", "账户变更观察期为0至3650天");
        }
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let (_, place) = charity::locked(&tx, new.book).await?;
        let acting_for = by.acts(&DECIDERS, new.book, &place)?.acting_for;
        if let Some(standing) = profile_change::Entity::find_by_id(new.id).one(&tx).await? {
            let same = standing.author_id == by.id
                && NewProfileChange {
                    id: standing.id,
                    book: standing.book_id,
                    profile: standing.profile,
                    single_limit: standing.single_limit_fen,
                    third_limit: standing.third_limit_fen,
                    account_quiet_days: standing.account_quiet_days,
                    reason: standing.reason.clone(),
                } == NewProfileChange { reason, ..new };
            return if same { Ok(standing) } else { Err(OrganisationError::IdReused) };
        }
        let row = profile_change::ActiveModel {
            id: Set(new.id),
            book_id: Set(new.book),
            profile: Set(new.profile),
            single_limit_fen: Set(new.single_limit),
            third_limit_fen: Set(new.third_limit),
            account_quiet_days: Set(new.account_quiet_days),
            reason: Set(reason),
            state: Set(ProposalState::Proposed),
            author_id: Set(by.id),
            author_for_id: Set(acting_for),
            approver_id: Set(None),
            acting_for_id: Set(None),
            created_us: Set(now),
            decided_us: Set(None),
        };
        let row = row.insert(&tx).await?;
        told(&tx, now, Some(by), "charity.propose_profile", charity::object(new.book), said(&row)).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Decides on a proposed change: another person than whoever proposed it, or whom they stand in for. Agreed, it is in
    /// force at once. A foundation that turns small has at least three persons.
    pub async fn decide_profile(
        &self,
        id: ProfileChangeId,
        decision: impl Into<Decision>,
        by: &Member,
    ) -> Result<profile_change::Model, OrganisationError> {
        by.must_be(&DECIDERS)?;
        let decision = decision.into();
        let approve = decision.agrees();
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = profile_change::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(OrganisationError::NoSuchProfileChange)?;
        let (charity, place) = charity::locked(&tx, row.book_id).await?;
        let grant = by.acts(&DECIDERS, row.book_id, &place)?;
        let acting_for = grant.acting_for;
        if by.is_among(grant, [Some(row.author_id), row.author_for_id]) {
            return Err(OrganisationError::OtherPerson);
        }
        let event = if approve { ProposalEvent::Approve } else { ProposalEvent::Decline };
        let to = row.state.on(event)?;
        let mut active: profile_change::ActiveModel = row.into();
        active.state = Set(to);
        active.approver_id = Set(Some(by.id));
        active.acting_for_id = Set(acting_for);
        active.decided_us = Set(Some(now));
        let row = active.update(&tx).await?;
        if approve {
            let turns_small = row.profile == Profile::Small && charity.profile != Profile::Small;
            if turns_small && workers(&tx, &place).await? < PERSONS {
                return Err(OrganisationError::TooFewPersons);
            }
            let mut charity: charity_row::ActiveModel = charity.into();
            charity.profile = Set(row.profile);
            charity.single_limit_fen = Set(row.single_limit_fen);
            charity.third_limit_fen = Set(row.third_limit_fen);
            charity.account_quiet_days = Set(row.account_quiet_days);
            charity.changed_us = Set(now);
            charity.update(&tx).await?;
        }
        let action = if approve { "charity.approve_profile" } else { "charity.decline_profile" };
        told(&tx, now, Some(by), action, charity::object(row.book_id), said(&row)).await?;
        trail::because(&tx, now, format!("profile_change:{id}"), decision.reason(), by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The changes of a charity, newest first.
    pub async fn profile_changes(&self, book: BookId) -> Result<Vec<profile_change::Model>, OrganisationError> {
        self.charity(book).await?;
        let rows = profile_change::Entity::find().filter(profile_change::Column::BookId.eq(book));
        let newest_first =
            rows.order_by_desc(profile_change::Column::CreatedUs).order_by_desc(profile_change::Column::Id);
        Ok(newest_first.all(self.db.read()).await?)
    }
}

/// How many persons who can sign in write, approve, book or pay at a place. One statement.
async fn workers(tx: &Tx, place: &UnitPath) -> Result<usize, OrganisationError> {
    let sql = "SELECT r.staff_id, r.role, u.path FROM staff_role r JOIN staff s ON s.id = r.staff_id LEFT JOIN unit u ON u.id = r.unit_id \
               WHERE s.active";
    let mut persons: HashSet<StaffId> = HashSet::new();
    for row in tx.query_all_raw(Statement::from_string(tx.get_database_backend(), sql)).await? {
        let over: Option<UnitPath> = row.try_get("", "path")?;
        if WORKERS.contains(&row.try_get("", "role")?) && over.is_none_or(|over| over.covers(place)) {
            persons.insert(row.try_get("", "staff_id")?);
        }
    }
    Ok(persons.len())
}

fn said(row: &profile_change::Model) -> serde_json::Value {
    json!({
        "change": row.id, "profile": row.profile, "single_limit": row.single_limit_fen, "third_limit": row.third_limit_fen,
        "account_quiet_days": row.account_quiet_days,
    })
}
