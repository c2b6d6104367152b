//! Screening of names (facts: charity 2.12): everybody who is paid or for whom it is, against lists of persons nobody may pay. What is
//! found is seen by compliance alone; whoever works on a paper sees that it is being handled, and nothing else.
//!
//! The house's own staff is a list, too: a payee of the same name who was not said to be that person is looked at by somebody who has no part
//! in the paper (慈善法 Art. 59; facts: charity 2.1).
//!
//! So are the organisations whose large gifts compliance has seen: paying one of them is a dealing with a related party (令81 Art. 14; facts:
//! charity 2.5), which somebody has to know of. Persons who give are no list: a donor can be erased, a list cannot.
//!
//! A payee is looked up when they are written down and when a paper that pays them is handed in, and every payee again when a list is loaded. Nothing is paid while a finding is
//! undecided or confirmed: the database asks it of each payout that goes into a file. Costs: one join by the HMAC of the name.

use std::collections::HashSet;

use domain::role::{Grant, Member, Role};
use domain::{DisbursementId, PayeeId, ScreeningHitId, Timestamp, UnitPath, WatchNameId};
use entity::{Rows, Tx, payee, payout, screening_hit, staff, watch_name};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    Statement,
};
use serde_json::json;

use crowdfunding::spending::SpendingError;

use super::payees::{MaskedPayee, name_problem};
use super::{SpendError, Spending};
use crate::trail::{self, Line};

/// A finding as compliance sees it.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The row.
    pub row: screening_hit::Model,
    /// The name on the list.
    pub name: String,
    /// Which list.
    pub list: String,
    /// Whom it was found on.
    pub payee: MaskedPayee,
}

/// The list of the house's own staff, which nobody has to load.
pub(crate) const OWN_STAFF: &str = "本机构工作人员";

/// The list of organisations that gave much, which nobody has to load either.
pub(crate) const LARGE_GIVERS: &str = "大额捐赠单位";

/// What the sealed name is for.
const PURPOSE: &str = "sangzi: name on a watch list";

impl Spending {
    /// Loads names onto a list, which holds for the whole house: only who holds the role everywhere. Those that stand there already stay. Answers how many are new and how many findings came of it.
    pub async fn load_watchlist(&self, list: &str, names: &[String], by: &Member) -> Result<(u64, u64), SpendError> {
        by.may(&[Role::Compliance], &UnitPath::whole()).map_err(SpendingError::from)?;
        let invalid = |field, problem| Err(SpendingError::Invalid { field, problem }.into());
        if !(1..=40).contains(&list.trim().chars().count()) {
            return invalid("list", "请填写名单名称，最多40字");
        }
        if names.is_empty() || names.len() > 5_000 || names.iter().any(|name| name_problem(name).is_some()) {
            return invalid("names", "请填写1至5000个姓名或名称");
        }
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let new = self.write_names(&tx, now, list.trim(), names, by).await?;
        let found = self.screen(&tx, now, None, by).await?;
        let detail = json!({ "list": list.trim(), "new": new });
        let (actor, object) = (trail::staff(by.id), "watchlist".to_owned());
        let line = Line { actor, action: "watchlist.load", object, origin: by.origin.clone(), detail };
        trail::record(&tx, now, line).await?;
        tx.commit().await?;
        Ok((new, found))
    }

    /// Writes names onto a list. Answers how many are new.
    async fn write_names(
        &self,
        tx: &Tx,
        now: Timestamp,
        list: &str,
        names: &[String],
        by: &Member,
    ) -> Result<u64, SpendError> {
        let rows = Rows::new()
            .uuid("id", names.iter().map(|_| WatchNameId::new().uuid()))
            .bytes("name_hmac", names.iter().map(|name| self.name_hmac(name)))
            .bytes("name_sealed", names.iter().map(|name| self.vault.seal_own(PURPOSE, name.trim().as_bytes())));
        let sql = "INSERT INTO watch_name (id, list, name_hmac, name_sealed, author_id, created_us) \
                   SELECT id, $1, name_hmac, name_sealed, $2, $3 FROM {rows} WHERE true ON CONFLICT DO NOTHING";
        let values = [list.into(), by.id.into(), now.into()];
        Ok(tx.execute_raw(rows.statement(tx.get_database_backend(), sql, values)).await?.rows_affected())
    }

    /// Brings the lists of the house itself up to everybody who can sign in, and every organisation whose gift was large. Who left stays on it.
    async fn list_own(&self, tx: &Tx, now: Timestamp, by: &Member) -> Result<(), SpendError> {
        let people: Vec<String> = staff::Entity::find()
            .select_only()
            .column(staff::Column::Name)
            .filter(staff::Column::Active.eq(true))
            .into_tuple()
            .all(tx)
            .await?;
        let sql = "SELECT DISTINCT d.counterparty FROM gift_alert a JOIN donation d ON d.id = a.donation_id \
                   WHERE a.ground = 'single' AND d.counterparty IS NOT NULL";
        let given = tx.query_all_raw(Statement::from_string(tx.get_database_backend(), sql)).await?;
        let givers = given.iter().map(|row| row.try_get("", "counterparty")).collect::<Result<Vec<String>, _>>()?;
        for (list, names) in [(OWN_STAFF, people), (LARGE_GIVERS, givers)] {
            let listed: HashSet<Vec<u8>> = watch_name::Entity::find()
                .select_only()
                .column(watch_name::Column::NameHmac)
                .filter(watch_name::Column::List.eq(list))
                .into_tuple()
                .all(tx)
                .await?
                .into_iter()
                .collect();
            let new: Vec<String> = names.into_iter().filter(|name| !listed.contains(&self.name_hmac(name))).collect();
            if !new.is_empty() {
                self.write_names(tx, now, list, &new, by).await?;
            }
        }
        Ok(())
    }

    /// Looks up everybody whom a paper pays or is for.
    pub(super) async fn screen_paper(
        &self,
        tx: &Tx,
        now: Timestamp,
        id: DisbursementId,
        by: &Member,
    ) -> Result<u64, SpendError> {
        let paid = payout::Entity::find().filter(payout::Column::DisbursementId.eq(id)).all(tx).await?;
        let mut people: Vec<PayeeId> =
            paid.iter().flat_map(|payout| [Some(payout.payee_id), payout.beneficiary_id]).flatten().collect();
        people.sort_unstable();
        people.dedup();
        self.screen(tx, now, Some(&people), by).await
    }

    /// Looks some payees up, or all of them, and writes down what is found. Answers how much is new.
    pub(super) async fn screen(
        &self,
        tx: &Tx,
        now: Timestamp,
        payees: Option<&[PayeeId]>,
        by: &Member,
    ) -> Result<u64, SpendError> {
        self.list_own(tx, now, by).await?;
        let backend = tx.get_database_backend();
        // Who is said to be of the staff is no finding for being of the staff.
        let unknown = format!(
            "JOIN watch_name w ON w.name_hmac = p.name_hmac WHERE w.removed_us IS NULL AND (p.staff_id IS NULL OR w.list <> '{OWN_STAFF}') \
             AND NOT EXISTS (SELECT 1 FROM screening_hit h WHERE h.payee_id = p.id AND h.watch_name_id = w.id)"
        );
        let found = match payees {
            Some([]) => return Ok(0),
            Some(ids) => {
                let rows = Rows::new().uuid("id", ids.iter().map(|id| id.uuid()));
                let sql = format!(
                    "SELECT p.id AS payee_id, w.id AS watch_id FROM {{rows}} JOIN payee p ON p.id = r.id {unknown}"
                );
                tx.query_all_raw(rows.statement(backend, &sql, [])).await?
            }
            None => {
                let sql = format!("SELECT p.id AS payee_id, w.id AS watch_id FROM payee p {unknown}");
                tx.query_all_raw(Statement::from_string(backend, sql)).await?
            }
        };
        if found.is_empty() {
            return Ok(0);
        }
        let column =
            |name: &str| found.iter().map(|row| row.try_get::<uuid::Uuid>("", name)).collect::<Result<Vec<_>, _>>();
        let rows = Rows::new()
            .uuid("id", found.iter().map(|_| ScreeningHitId::new().uuid()))
            .uuid("payee_id", column("payee_id")?)
            .uuid("watch_name_id", column("watch_id")?);
        let sql = "INSERT INTO screening_hit (id, payee_id, watch_name_id, state, created_us) \
                   SELECT id, payee_id, watch_name_id, 'open', $1 FROM {rows} WHERE true ON CONFLICT DO NOTHING";
        Ok(tx.execute_raw(rows.statement(backend, sql, [now.into()])).await?.rows_affected())
    }

    /// The findings, newest first; compliance alone.
    pub async fn hits(
        &self,
        state: Option<&str>,
        by: &Member,
        after: Option<ScreeningHitId>,
        limit: u64,
    ) -> Result<Vec<Hit>, SpendError> {
        by.may(&[Role::Compliance], &UnitPath::whole()).map_err(SpendingError::from)?;
        let db = self.db.read();
        let mut query = screening_hit::Entity::find();
        if let Some(state) = state {
            query = query.filter(screening_hit::Column::State.eq(state));
        }
        if let Some(after) = after {
            let last = screening_hit::Entity::find_by_id(after).one(db).await?.ok_or(SpendingError::NoSuchHit)?;
            query = query.filter(
                Condition::any().add(screening_hit::Column::CreatedUs.lt(last.created_us)).add(
                    Condition::all()
                        .add(screening_hit::Column::CreatedUs.eq(last.created_us))
                        .add(screening_hit::Column::Id.lt(last.id)),
                ),
            );
        }
        let rows = query
            .order_by_desc(screening_hit::Column::CreatedUs)
            .order_by_desc(screening_hit::Column::Id)
            .limit(limit)
            .all(db)
            .await?;
        self.told(rows).await
    }

    async fn told(&self, rows: Vec<screening_hit::Model>) -> Result<Vec<Hit>, SpendError> {
        let payees = self.masked_payees(rows.iter().map(|row| row.payee_id)).await?;
        let names = watch_name::Entity::find()
            .filter(watch_name::Column::Id.is_in(rows.iter().map(|row| row.watch_name_id)))
            .all(self.db.read())
            .await?;
        let mut hits = Vec::with_capacity(rows.len());
        for row in rows {
            let name = names.iter().find(|name| name.id == row.watch_name_id).ok_or(SpendingError::Conflict)?;
            let payee = payees.get(&row.payee_id).ok_or(SpendingError::Conflict)?.clone();
            let plain = self.vault.open_own(PURPOSE, &name.name_sealed)?;
            let list = name.list.clone();
            hits.push(Hit { row, name: String::from_utf8_lossy(&plain).into_owned(), list, payee });
        }
        Ok(hits)
    }

    /// Decides a finding: somebody else of the same name, or the person meant. Once; nobody about themselves, about who bears their name, or
    /// about whom they wrote down or asked money for.
    pub async fn decide_hit(
        &self,
        id: ScreeningHitId,
        cleared: bool,
        reason: &str,
        by: &Member,
    ) -> Result<Hit, SpendError> {
        let grant = by.may(&[Role::Compliance], &UnitPath::whole()).map_err(SpendingError::from)?;
        let reason = reason.trim();
        if !(2..=500).contains(&reason.chars().count()) {
            return Err(SpendingError::Invalid { field: "reason", problem: "请填写原因，2至500字" }.into());
        }
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = screening_hit::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(SpendingError::NoSuchHit)?;
        if row.state != "open" {
            return Err(SpendingError::Decided.into());
        }
        if self.has_part(&tx, row.payee_id, by, grant).await? {
            return Err(SpendingError::OtherPerson.into());
        }
        let mut active: screening_hit::ActiveModel = row.into();
        active.state = Set(if cleared { "cleared" } else { "blocked" }.to_owned());
        active.decider_id = Set(Some(by.id));
        active.reason = Set(Some(reason.to_owned()));
        active.decided_us = Set(Some(now));
        let row = active.update(&tx).await.map_err(SpendingError::from)?;
        let (actor, object, detail) = (trail::staff(by.id), format!("screening:{id}"), json!({ "state": row.state }));
        let line = Line { actor, action: "screening.decide", object, origin: by.origin.clone(), detail };
        trail::record(&tx, now, line).await?;
        tx.commit().await?;
        Ok(self.told(vec![row]).await?.remove(0))
    }

    /// Whether somebody, or whom they act for, is a payee, bears their name, wrote them down, or wrote a paper that pays them or is for them.
    async fn has_part(&self, tx: &Tx, id: PayeeId, by: &Member, grant: &Grant) -> Result<bool, SpendError> {
        let payee = payee::Entity::find_by_id(id).one(tx).await?.ok_or(SpendingError::NoSuchPayee)?;
        if by.is_among(grant, [payee.staff_id, Some(payee.author_id)]) {
            return Ok(true);
        }
        let persons = [Some(by.id), grant.acting_for].into_iter().flatten();
        let persons = staff::Entity::find().filter(staff::Column::Id.is_in(persons)).all(tx).await?;
        if persons.iter().any(|person| self.name_hmac(&person.name) == payee.name_hmac) {
            return Ok(true);
        }
        let sql = "SELECT DISTINCT d.author_id, d.author_for_id FROM payout o JOIN disbursement d ON d.id = o.disbursement_id \
                   WHERE o.payee_id = $1 OR o.beneficiary_id = $1";
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [id.into()]);
        for row in tx.query_all_raw(statement).await? {
            if by.is_among(grant, [row.try_get("", "author_id")?, row.try_get("", "author_for_id")?]) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
