//! Who may read a child's data: those responsible for it, and whoever asked them and was allowed, for one child, for some days
//! (未成年人网络保护条例 36; facts: charity 2.11, 5). Each reading is written down like any other.

use std::time::Duration;

use domain::role::{Member, Role};
use domain::{ChildAccessId, PayeeId, Timestamp};
use entity::{Tx, child_access, payee};
use sea_orm::sea_query::{LockType, Query, SelectStatement};
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::json;

use crowdfunding::spending::SpendingError;

use super::payees::{MaskedPayee, OPENERS, openers};
use super::{SpendError, Spending, invalid, reasoned};
use crate::trail::{self, Line};

/// Who is responsible for the data of children.
pub const GUARDIANS: [Role; 2] = [Role::Chair, Role::Compliance];
/// Who sees what was asked and answered; whoever asked sees their own.
pub const WATCHERS: [Role; 3] = [Role::Chair, Role::Compliance, Role::Auditor];
/// How long one word holds at most, in days.
pub const LONGEST: i64 = 30;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A request to read a child's data.
#[derive(Clone, Debug)]
pub struct Access {
    /// The row.
    pub row: child_access::Model,
    /// Whose data, masked.
    pub payee: MaskedPayee,
}

impl Spending {
    /// Asks those responsible to be allowed to read a child's data for some days. The same id again is the same request; who has one
    /// open for the child is refused.
    pub async fn ask_child_access(
        &self,
        id: ChildAccessId,
        payee: PayeeId,
        reason: &str,
        days: i64,
        by: &Member,
    ) -> Result<Access, SpendError> {
        let reason = reasoned(reason)?;
        if !(1..=LONGEST).contains(&days) {
            return Err(invalid("days", "查阅期限为1至30天"));
        }
        by.must_be(&OPENERS).map_err(SpendingError::from)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let child = payee::Entity::find_by_id(payee).one(&tx).await?.ok_or(SpendingError::NoSuchPayee)?;
        by.may(&OPENERS, &child.unit_path).map_err(|_| SpendingError::NoSuchPayee)?;
        let acting_for = by.may(openers(&child), &child.unit_path).map_err(SpendingError::from)?.acting_for;
        if let Some(known) = child_access::Entity::find_by_id(id).one(&tx).await? {
            let same =
                (known.payee_id, known.requester_id, known.days, known.reason.as_str()) == (payee, by.id, days, reason);
            return if same { self.access(known, child) } else { Err(SpendingError::IdReused.into()) };
        }
        self.unrestricted(&tx, payee).await?;
        if !child.minor {
            return Err(invalid("payee", "该受益人不是未成年人，可直接查看"));
        }
        if by.may(&GUARDIANS, &child.unit_path).is_ok() {
            return Err(invalid("payee", "您是未成年人信息负责人，可直接查看"));
        }
        let row = child_access::ActiveModel {
            id: Set(id),
            payee_id: Set(payee),
            reason: Set(reason.to_owned()),
            days: Set(days),
            state: Set("asked".to_owned()),
            requester_id: Set(by.id),
            requester_for_id: Set(acting_for),
            created_us: Set(now),
            ..Default::default()
        }
        .insert(&tx)
        .await
        .map_err(SpendingError::from)?;
        self.access_trail(&tx, now, &row, "child_access.ask", by).await?;
        tx.commit().await?;
        self.access(row, child)
    }

    /// Allows a request, from now for as many days as it asked, or declines it; somebody else than who asked, once.
    pub async fn decide_child_access(
        &self,
        id: ChildAccessId,
        granted: bool,
        reason: &str,
        by: &Member,
    ) -> Result<Access, SpendError> {
        let reason = reasoned(reason)?;
        by.must_be(&GUARDIANS).map_err(SpendingError::from)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = child_access::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(SpendingError::NoSuchAccess)?;
        let child = payee::Entity::find_by_id(row.payee_id).one(&tx).await?.ok_or(SpendingError::NoSuchPayee)?;
        let grant = by.may(&GUARDIANS, &child.unit_path).map_err(|_| SpendingError::NoSuchAccess)?;
        if by.is_among(grant, [Some(row.requester_id), row.requester_for_id]) {
            return Err(SpendingError::OtherPerson.into());
        }
        if row.state != "asked" {
            return Err(SpendingError::Decided.into());
        }
        let ends = now.after(DAY * u32::try_from(row.days).unwrap_or(0));
        let mut active: child_access::ActiveModel = row.into();
        active.state = Set(if granted { "granted" } else { "declined" }.to_owned());
        active.decider_id = Set(Some(by.id));
        active.decider_for_id = Set(grant.acting_for);
        active.decision_reason = Set(Some(reason.to_owned()));
        active.decided_us = Set(Some(now));
        active.ends_us = Set(granted.then_some(ends));
        let row = active.update(&tx).await.map_err(SpendingError::from)?;
        let action = if granted { "child_access.grant" } else { "child_access.decline" };
        self.access_trail(&tx, now, &row, action, by).await?;
        tx.commit().await?;
        self.access(row, child)
    }

    /// A page of requests, newest first: of the children in one's part of the tree, or one's own.
    pub async fn child_accesses(
        &self,
        state: Option<&str>,
        by: &Member,
        after: Option<ChildAccessId>,
        limit: u64,
    ) -> Result<Vec<Access>, SpendError> {
        use child_access::Column as C;
        by.must_be(&OPENERS).map_err(SpendingError::from)?;
        let db = self.db.read();
        let mut seen = Condition::any().add(C::RequesterId.eq(by.id));
        if let Some(payees) = watched(by) {
            seen = seen.add(C::PayeeId.in_subquery(payees));
        }
        let mut query = child_access::Entity::find().filter(seen);
        if let Some(state) = state {
            query = query.filter(C::State.eq(state));
        }
        if let Some(after) = after {
            let last = query.clone().filter(C::Id.eq(after)).one(db).await?.ok_or(SpendingError::NoSuchAccess)?;
            let same = Condition::all().add(C::CreatedUs.eq(last.created_us)).add(C::Id.lt(last.id));
            query = query.filter(Condition::any().add(C::CreatedUs.lt(last.created_us)).add(same));
        }
        let rows = query.order_by_desc(C::CreatedUs).order_by_desc(C::Id).limit(limit).all(db).await?;
        let children = self.masked_payees(rows.iter().map(|row| row.payee_id)).await?;
        let access = |row: child_access::Model| {
            let payee = children.get(&row.payee_id).ok_or(SpendingError::NoSuchPayee)?.clone();
            Ok(Access { row, payee })
        };
        rows.into_iter().map(access).collect()
    }

    /// The last request somebody made for a child, if any.
    pub async fn own_child_access(
        &self,
        payee: PayeeId,
        by: &Member,
    ) -> Result<Option<child_access::Model>, SpendError> {
        use child_access::Column as C;
        let own = child_access::Entity::find().filter(C::PayeeId.eq(payee)).filter(C::RequesterId.eq(by.id));
        Ok(own.order_by_desc(C::CreatedUs).order_by_desc(C::Id).one(self.db.read()).await?)
    }

    /// Whether the data of a payee is open to an opener now: no child's, or the asker is responsible for it or allowed by them.
    pub async fn may_unmask(&self, payee: &payee::Model, by: &Member) -> Result<bool, SpendError> {
        use child_access::Column as C;
        if !payee.minor || by.may(&GUARDIANS, &payee.unit_path).is_ok() {
            return Ok(true);
        }
        let allowed = child_access::Entity::find()
            .filter(C::PayeeId.eq(payee.id))
            .filter(C::RequesterId.eq(by.id))
            .filter(C::EndsUs.gt(self.clock.now()));
        Ok(allowed.one(self.db.read()).await?.is_some())
    }

    fn access(&self, row: child_access::Model, child: payee::Model) -> Result<Access, SpendError> {
        Ok(Access { row, payee: self.masked(child)? })
    }

    async fn access_trail(
        &self,
        tx: &Tx,
        now: Timestamp,
        row: &child_access::Model,
        action: &'static str,
        by: &Member,
    ) -> Result<(), SpendError> {
        let (actor, object, origin) = (trail::staff(by.id), format!("child_access:{}", row.id), by.origin.clone());
        let detail = json!({ "payee": row.payee_id, "days": row.days });
        Ok(trail::record(tx, now, Line { actor, action, object, origin, detail }).await?)
    }
}

/// The ids of the payees in the parts of the tree where somebody watches what is asked about them; none if they watch nowhere.
pub(super) fn watched(by: &Member) -> Option<SelectStatement> {
    let parts = by.parts(&WATCHERS).into_iter();
    let within = parts.fold(Condition::any(), |any, part| any.add(payee::Column::UnitPath.starts_with(part.as_str())));
    (!within.is_empty())
        .then(|| Query::select().column(payee::Column::Id).from(payee::Entity).cond_where(within).to_owned())
}
