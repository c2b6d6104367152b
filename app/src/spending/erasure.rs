//! Erasure of payees and beneficiaries (个人信息保护法 15, 47; facts: charity 2.11, 2.13). They have no account here, so staff puts their wish
//! down and a person responsible for personal data decides. What nothing keeps is erased at once: the key goes, and nobody can read what was
//! sealed with it. What vouchers of paid money need is kept to the last day of the law, sealed and used for nothing: not shown whole, not paid
//! anew, not changed, not told in public; then the job erases it. So is whoever was declared close, paid or not: the prohibition of paying them
//! (慈善法 40, 59) rests on their accounts. What comes back of theirs from the bank is given up, not paid again.
//!
//! Refused: an organisation, money on its way, a name that is being looked at. Costs: a handful of statements a decision.

use std::collections::HashSet;

use aws_lc_rs::rand;
use crowdfunding::spending::{self, READERS, SpendingError};
use domain::role::{Member, Role};
use domain::{BusinessDate, PayeeErasureId, PayeeId, Timestamp};
use entity::{Tx, payee, payee_erasure, screening_hit};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde_json::json;

use super::children::{GUARDIANS, WATCHERS, watched};
use super::payees::MaskedPayee;
use super::{SpendError, Spending, invalid, reasoned};
use crate::trail::{self, Line};

/// Who puts a wish down: whoever the person speaks to.
pub const ASKERS: [Role; 3] = [Role::Organiser, Role::ProjectManager, Role::Cashier];
/// How many a run of the job looks at.
const BATCH: u64 = 500;

/// A payee's wish to be erased.
#[derive(Clone, Debug)]
pub struct Erasure {
    /// The row.
    pub row: payee_erasure::Model,
    /// Whose, masked.
    pub payee: MaskedPayee,
}

impl Spending {
    /// Puts down that a payee or beneficiary wishes to be erased. The same id again is the same wish; one at a time.
    pub async fn ask_erasure(
        &self,
        id: PayeeErasureId,
        payee: PayeeId,
        reason: &str,
        by: &Member,
    ) -> Result<Erasure, SpendError> {
        let reason = reasoned(reason)?;
        by.must_be(&ASKERS).map_err(SpendingError::from)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let person = payee::Entity::find_by_id(payee).one(&tx).await?.ok_or(SpendingError::NoSuchPayee)?;
        let acting_for = by.may(&ASKERS, &person.unit_path).map_err(|_| SpendingError::NoSuchPayee)?.acting_for;
        if let Some(known) = payee_erasure::Entity::find_by_id(id).one(&tx).await? {
            let same = (known.payee_id, known.author_id, known.reason.as_str()) == (payee, by.id, reason);
            return if same { self.erasure(known, person) } else { Err(SpendingError::IdReused.into()) };
        }
        if person.kind != "person" {
            return Err(invalid("payee", "收款人是单位，不涉及个人信息的删除"));
        }
        if spending::kept(&tx, self.clock.today(), payee).await?.under_way {
            return Err(SpendingError::PayeeUnderWay.into());
        }
        let row = payee_erasure::ActiveModel {
            id: Set(id),
            payee_id: Set(payee),
            reason: Set(reason.to_owned()),
            state: Set("asked".to_owned()),
            author_id: Set(by.id),
            author_for_id: Set(acting_for),
            created_us: Set(now),
            ..Default::default()
        }
        .insert(&tx)
        .await
        .map_err(SpendingError::from)?;
        self.erasure_trail(&tx, now, &row, "payee_erasure.ask_erasure", trail::staff(by.id), &by.origin).await?;
        tx.commit().await?;
        self.erasure(row, person)
    }

    /// Follows a wish or declines it; somebody else than who put it down, once. Followed, the payee is erased now, or on the day after the law
    /// lets go of the vouchers.
    pub async fn decide_erasure(
        &self,
        id: PayeeErasureId,
        agreed: bool,
        reason: &str,
        by: &Member,
    ) -> Result<Erasure, SpendError> {
        let reason = reasoned(reason)?;
        by.must_be(&GUARDIANS).map_err(SpendingError::from)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = payee_erasure::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(SpendingError::NoSuchErasure)?;
        // Whoever writes a paper for them meanwhile waits, and is refused.
        let person = payee::Entity::find_by_id(row.payee_id).lock_exclusive().one(&tx).await?;
        let person = person.ok_or(SpendingError::NoSuchPayee)?;
        let grant = by.may(&GUARDIANS, &person.unit_path).map_err(|_| SpendingError::NoSuchErasure)?;
        if by.is_among(grant, [Some(row.author_id), row.author_for_id, person.staff_id]) {
            return Err(SpendingError::OtherPerson.into());
        }
        if row.state != "asked" {
            return Err(SpendingError::Decided.into());
        }
        let acting_for = grant.acting_for;
        let mut active: payee_erasure::ActiveModel = row.into();
        active.decider_id = Set(Some(by.id));
        active.decider_for_id = Set(acting_for);
        active.decision_reason = Set(Some(reason.to_owned()));
        active.decided_us = Set(Some(now));
        let mut erased = false;
        if agreed {
            self.nothing_found(&tx, person.id).await?;
            let kept = spending::kept(&tx, BusinessDate::of(now), person.id).await?;
            if kept.under_way {
                return Err(SpendingError::PayeeUnderWay.into());
            }
            active.kept_until = Set(kept.until);
            erased = kept.until.is_none_or(|last| last < BusinessDate::of(now));
            if erased {
                active.erased_us = Set(Some(now));
            }
        }
        let word = if erased { "erased" } else { "restricted" };
        active.state = Set(if agreed { word } else { "declined" }.to_owned());
        let row = active.update(&tx).await.map_err(SpendingError::from)?;
        if erased {
            spending::forget_payee(&tx, row.payee_id, nobody()).await?;
        }
        self.erasure_trail(&tx, now, &row, "payee_erasure.decide", trail::staff(by.id), &by.origin).await?;
        let person = payee::Entity::find_by_id(row.payee_id).one(&tx).await?.ok_or(SpendingError::NoSuchPayee)?;
        tx.commit().await?;
        self.erasure(row, person)
    }

    /// Erases those whose vouchers the law no longer keeps. Answers how many.
    pub async fn erase_due(&self) -> Result<u64, SpendError> {
        use payee_erasure::Column as C;
        let now = self.clock.now();
        let due = payee_erasure::Entity::find()
            .filter(C::State.eq("restricted"))
            .filter(C::KeptUntil.lt(BusinessDate::of(now)))
            .order_by_asc(C::KeptUntil)
            .limit(BATCH);
        let mut erased = 0;
        for row in due.all(self.db.read()).await? {
            let tx = self.db.begin().await?;
            let row = payee_erasure::Entity::find_by_id(row.id).lock(LockType::NoKeyUpdate).one(&tx).await?;
            let Some(row) = row.filter(|row| row.state == "restricted") else { continue };
            // What came to light meanwhile is looked at first; a payment that bounced after all is given up first.
            let held = self.nothing_found(&tx, row.payee_id).await.is_err();
            if held || spending::kept(&tx, BusinessDate::of(now), row.payee_id).await?.under_way {
                continue;
            }
            let mut active: payee_erasure::ActiveModel = row.into();
            active.state = Set("erased".to_owned());
            active.erased_us = Set(Some(now));
            let row = active.update(&tx).await.map_err(SpendingError::from)?;
            spending::forget_payee(&tx, row.payee_id, nobody()).await?;
            self.erasure_trail(&tx, now, &row, "payee_erasure.erase", trail::SYSTEM.to_owned(), "job").await?;
            tx.commit().await?;
            erased += 1;
        }
        Ok(erased)
    }

    /// A page of wishes, newest first: of their part of the tree for those who decide and audit, their own for everybody else.
    pub async fn erasures(
        &self,
        state: Option<&str>,
        by: &Member,
        after: Option<PayeeErasureId>,
        limit: u64,
    ) -> Result<Vec<Erasure>, SpendError> {
        use payee_erasure::Column as C;
        by.must_be(&[&ASKERS[..], &WATCHERS[..]].concat()).map_err(SpendingError::from)?;
        let db = self.read();
        let mut seen = Condition::any().add(C::AuthorId.eq(by.id));
        if let Some(payees) = watched(by) {
            seen = seen.add(C::PayeeId.in_subquery(payees));
        }
        let mut query = payee_erasure::Entity::find().filter(seen);
        if let Some(state) = state {
            query = query.filter(C::State.eq(state));
        }
        if let Some(after) = after {
            let last = query.clone().filter(C::Id.eq(after)).one(db).await?.ok_or(SpendingError::NoSuchErasure)?;
            let same = Condition::all().add(C::CreatedUs.eq(last.created_us)).add(C::Id.lt(last.id));
            query = query.filter(Condition::any().add(C::CreatedUs.lt(last.created_us)).add(same));
        }
        let rows = query.order_by_desc(C::CreatedUs).order_by_desc(C::Id).limit(limit).all(db).await?;
        let people = self.masked_payees(rows.iter().map(|row| row.payee_id)).await?;
        let erasure = |row: payee_erasure::Model| {
            let payee = people.get(&row.payee_id).ok_or(SpendingError::NoSuchPayee)?.clone();
            Ok(Erasure { row, payee })
        };
        rows.into_iter().map(erasure).collect()
    }

    /// The wish of a payee that waits or was followed, if any, for whoever may know of the payee.
    pub async fn erasure_of(&self, id: PayeeId, by: &Member) -> Result<Option<payee_erasure::Model>, SpendError> {
        by.must_be(&[&READERS[..], &[Role::Compliance]].concat()).map_err(SpendingError::from)?;
        live(self.read(), id).await
    }

    /// Refuses what is done with a payee whose data is kept for the vouchers alone, or gone.
    pub(super) async fn unrestricted(&self, db: &impl ConnectionTrait, id: PayeeId) -> Result<(), SpendError> {
        let wish = live(db, id).await?;
        if wish.is_some_and(|wish| wish.state != "asked") { Err(SpendingError::PayeeRestricted.into()) } else { Ok(()) }
    }

    /// Those of some payees whose data is used for nothing any more. One statement.
    pub(super) async fn restricted(
        &self,
        ids: impl IntoIterator<Item = PayeeId>,
    ) -> Result<HashSet<PayeeId>, SpendError> {
        use payee_erasure::Column as C;
        let ids: Vec<PayeeId> = ids.into_iter().collect();
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let found = payee_erasure::Entity::find()
            .filter(C::PayeeId.is_in(ids))
            .filter(C::State.is_in(["restricted", "erased"]))
            .all(self.read())
            .await?;
        Ok(found.into_iter().map(|wish| wish.payee_id).collect())
    }

    /// Refuses while a name that was found is not said to be somebody else's; why is not said (facts: charity 2.12).
    async fn nothing_found(&self, tx: &Tx, id: PayeeId) -> Result<(), SpendError> {
        let hit = screening_hit::Entity::find()
            .filter(screening_hit::Column::PayeeId.eq(id))
            .filter(screening_hit::Column::State.ne("cleared"));
        match hit.one(tx).await? {
            Some(_) => Err(SpendingError::InHand.into()),
            None => Ok(()),
        }
    }

    fn erasure(&self, row: payee_erasure::Model, person: payee::Model) -> Result<Erasure, SpendError> {
        Ok(Erasure { row, payee: self.masked(person)? })
    }

    async fn erasure_trail(
        &self,
        tx: &Tx,
        now: Timestamp,
        row: &payee_erasure::Model,
        action: &'static str,
        actor: String,
        origin: &str,
    ) -> Result<(), SpendError> {
        let (object, origin) = (format!("payee_erasure:{}", row.id), origin.to_owned());
        let detail = json!({ "payee": row.payee_id, "state": row.state, "kept_until": row.kept_until });
        Ok(trail::record(tx, now, Line { actor, action, object, origin, detail }).await?)
    }
}

/// The wish of a payee that waits or was followed.
async fn live(db: &impl ConnectionTrait, id: PayeeId) -> Result<Option<payee_erasure::Model>, SpendError> {
    use payee_erasure::Column as C;
    Ok(payee_erasure::Entity::find().filter(C::PayeeId.eq(id)).filter(C::State.ne("declined")).one(db).await?)
}

/// What nobody's name or account is compared by.
fn nobody() -> Vec<u8> {
    let mut bytes = vec![0; 32];
    rand::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
