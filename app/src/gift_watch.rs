//! Gifts that are large, or add up (反洗钱; facts: charity 2.12): looked at after they were taken, by compliance alone. Nothing is stopped and
//! the donor reads nothing of it; whether the giver's name stands on a list is written down with it.
//!
//! A job looks at what was confirmed since it last looked; the settling of gifts knows nothing of it. Two statements and one more for
//! names, however many gifts; it reads the gifts of a day by campaign, and those to general funds. Names that come onto a list later are not looked up again.

use std::collections::HashMap;
use std::time::Duration;

use domain::role::{Forbidden, Member, Role};
use domain::{Clock, DonationId, DonorId, GiftAlertId, Money, Timestamp, UnitPath, WatchNameId};
use entity::{Db, Rows, donation, execute, gift_alert, watch_name};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, Set, Statement,
};
use serde_json::json;

use crate::identity::{Identity, IdentityError};
use crate::spending::payees::name_hmac;
use crate::spending::screening::{LARGE_GIVERS, OWN_STAFF};
use crate::trail::{self, Line};
use crate::vault::Vault;

/// A single gift of so much is looked at, and so are gifts that add up to it [C].
pub const LARGE: Money = Money::from_fen(5_000_000);
/// So many gifts of one giver are looked at together [C].
pub const REPEATED: i64 = 5;
/// Within so long [C].
pub const WITHIN: Duration = Duration::from_secs(86_400);
/// What was being committed while the job looked is looked at again.
const OVERLAP: Duration = Duration::from_secs(120);

/// Why an alert was not decided, or not shown.
#[derive(Debug, thiserror::Error)]
pub enum GiftWatchError {
    /// There is no such alert.
    #[error("no such alert")]
    NoSuchAlert,
    /// It is decided already.
    #[error("it is decided already")]
    Decided,
    /// No reason.
    #[error("a reason is needed")]
    NoReason,
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// A name stays sealed.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// An alert as compliance sees it.
#[derive(Clone, Debug)]
pub struct GiftAlert {
    /// The row.
    pub row: gift_alert::Model,
    /// The gift.
    pub gift: donation::Model,
    /// The list that the giver's name stands on.
    pub list: Option<String>,
}

/// A gift that is large or adds up.
#[derive(FromQueryResult)]
struct Found {
    id: DonationId,
    donor_id: Option<DonorId>,
    name_sealed: Option<Vec<u8>>,
    counterparty: Option<String>,
    amount_fen: Money,
    gifts: i64,
    total_fen: Money,
}

/// The watch on gifts.
#[derive(Clone)]
pub struct GiftWatch {
    db: Db,
    clock: Clock,
    identity: Identity,
    vault: Vault,
}

impl GiftWatch {
    pub(crate) fn new(db: Db, clock: Clock, identity: Identity, vault: Vault) -> GiftWatch {
        GiftWatch { db, clock, identity, vault }
    }

    /// Looks at what was confirmed since the last time. Answers how many gifts are new to compliance.
    pub async fn look(&self) -> Result<u64, GiftWatchError> {
        let now = self.clock.now();
        let found = self.found(self.looked_until().await?.before(OVERLAP)).await?;
        let names = self.named(&found).await?;
        let ground = |gift: &Found| if gift.amount_fen >= LARGE { "single" } else { "repeated" };
        let rows = Rows::new()
            .uuid("id", found.iter().map(|_| GiftAlertId::new().uuid()))
            .uuid("donation_id", found.iter().map(|gift| gift.id.uuid()))
            .text("ground", found.iter().map(ground))
            .int("gifts", found.iter().map(|gift| gift.gifts))
            .int("total_fen", found.iter().map(|gift| gift.total_fen.fen()))
            .uuid_or_null("watch_name_id", found.iter().map(|gift| names.get(&gift.id).map(|name| name.uuid())));
        let tx = self.db.begin().await?;
        let mut new = 0;
        if !found.is_empty() {
            let sql = "INSERT INTO gift_alert (id, donation_id, ground, gifts, total_fen, watch_name_id, state, created_us) \
                       SELECT id, donation_id, ground, gifts, total_fen, watch_name_id, 'open', $1 FROM {rows} WHERE true \
                       ON CONFLICT DO NOTHING";
            new = tx.execute_raw(rows.statement(self.db.backend(), sql, [now.into()])).await?.rows_affected();
        }
        execute(&tx, "UPDATE gift_watch SET until_us = $1 WHERE id = 1 AND until_us < $1", [now.into()]).await?;
        tx.commit().await?;
        Ok(new)
    }

    async fn looked_until(&self) -> Result<Timestamp, DbErr> {
        let sql = "SELECT until_us FROM gift_watch WHERE id = 1";
        let row = self.db.read().query_one_raw(Statement::from_string(self.db.backend(), sql)).await?;
        row.map_or(Ok(Timestamp::default()), |row| row.try_get("", "until_us"))
    }

    /// Gifts confirmed since that are large, and those that made the gifts of one giver within a day add up. Persons who gave without the
    /// mini-program cannot be told apart, so each gift of theirs stands alone.
    async fn found(&self, since: Timestamp) -> Result<Vec<Found>, DbErr> {
        let window = WITHIN.as_micros();
        let giver = "d.donor_id, d.counterparty, CASE WHEN d.donor_id IS NULL AND d.counterparty IS NULL THEN d.id END";
        // Gifts of one moment (a list, a day healed from the bill) make the sum together: what stood before is without all of them.
        let sql = format!(
            "SELECT id, donor_id, name_sealed, counterparty, amount_fen, gifts, CAST(total AS BIGINT) AS total_fen FROM \
             (SELECT d.id, d.donor_id, d.name_sealed, d.counterparty, d.amount_fen, d.confirmed_us, \
              CAST(count(*) OVER w AS BIGINT) AS gifts, SUM(d.amount_fen) OVER w AS total, \
              count(*) OVER w - count(*) OVER s AS gifts_before, SUM(d.amount_fen) OVER w - SUM(d.amount_fen) OVER s AS total_before \
              FROM (SELECT g.id, g.donor_id, g.name_sealed, g.counterparty, g.amount_fen, g.confirmed_us \
               FROM campaign c JOIN donation g ON g.campaign_id = c.id WHERE g.confirmed_us > $1 \
               UNION ALL SELECT g.id, g.donor_id, g.name_sealed, g.counterparty, g.amount_fen, g.confirmed_us \
               FROM donation g WHERE g.book_id IS NOT NULL AND g.confirmed_us > $1) d \
              WINDOW w AS (PARTITION BY {giver} ORDER BY d.confirmed_us RANGE BETWEEN {window} PRECEDING AND CURRENT ROW), \
              s AS (PARTITION BY {giver}, d.confirmed_us)) x \
             WHERE confirmed_us > $2 AND (amount_fen >= $3 OR (gifts >= {REPEATED} AND total >= $3 \
              AND NOT (gifts_before >= {REPEATED} AND total_before >= $3))) ORDER BY confirmed_us, id"
        );
        let values = [since.before(WITHIN).into(), since.into(), LARGE.into()];
        let rows = self.db.read().query_all_raw(Statement::from_sql_and_values(self.db.backend(), sql, values)).await?;
        rows.iter().map(|row| Found::from_query_result(row, "")).collect()
    }

    /// Whose name stands on a list.
    async fn named(&self, found: &[Found]) -> Result<HashMap<DonationId, WatchNameId>, GiftWatchError> {
        let sealed: Vec<(DonationId, DonorId, Vec<u8>)> =
            found.iter().filter_map(|gift| Some((gift.id, gift.donor_id?, gift.name_sealed.clone()?))).collect();
        let opened: Vec<_> = sealed.iter().map(|(_, donor, name)| (*donor, name.clone())).collect();
        let opened = self.identity.open_many(&opened).await?;
        let of_donors = sealed.iter().zip(opened).filter_map(|((gift, ..), name)| Some((*gift, name?)));
        let mut of_persons = Vec::new();
        for gift in found.iter().filter(|gift| gift.donor_id.is_none()) {
            if let Some(sealed) = &gift.name_sealed {
                of_persons.push((gift.id, self.identity.house_name(gift.id, sealed)?));
            }
        }
        let of_banks = found.iter().filter_map(|gift| Some((gift.id, gift.counterparty.clone()?)));
        let names: Vec<(DonationId, Vec<u8>)> = of_donors
            .chain(of_banks)
            .chain(of_persons)
            .map(|(gift, name)| (gift, name_hmac(&self.vault, &name)))
            .collect();
        if names.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = Rows::new()
            .uuid("donation_id", names.iter().map(|(gift, _)| gift.uuid()))
            .bytes("hmac", names.iter().map(|(_, hmac)| hmac.clone()));
        // Whoever works here may give like anybody else, and whoever gave much may give again.
        let sql = "SELECT r.donation_id, w.id FROM {rows} JOIN watch_name w ON w.name_hmac = r.hmac \
                   WHERE w.removed_us IS NULL AND w.list NOT IN ($1, $2)";
        let own = [OWN_STAFF.into(), LARGE_GIVERS.into()];
        let listed = self.db.read().query_all_raw(rows.statement(self.db.backend(), sql, own)).await?;
        let pair = |row: &sea_orm::QueryResult| Ok((row.try_get("", "donation_id")?, row.try_get("", "id")?));
        Ok(listed.iter().map(pair).collect::<Result<_, DbErr>>()?)
    }

    /// A page of the alerts, newest first; compliance alone.
    pub async fn page(
        &self,
        state: Option<&str>,
        by: &Member,
        after: Option<GiftAlertId>,
        limit: u64,
    ) -> Result<Vec<GiftAlert>, GiftWatchError> {
        use gift_alert::Column as C;
        by.may(&[Role::Compliance], &UnitPath::whole())?;
        let db = self.db.read();
        let mut query = gift_alert::Entity::find();
        if let Some(state) = state {
            query = query.filter(C::State.eq(state));
        }
        if let Some(after) = after {
            let last = gift_alert::Entity::find_by_id(after).one(db).await?.ok_or(GiftWatchError::NoSuchAlert)?;
            let same = Condition::all().add(C::CreatedUs.eq(last.created_us)).add(C::Id.lt(last.id));
            query = query.filter(Condition::any().add(C::CreatedUs.lt(last.created_us)).add(same));
        }
        let rows = query.order_by_desc(C::CreatedUs).order_by_desc(C::Id).limit(limit).all(db).await?;
        self.told(rows).await
    }

    /// Decides an alert: nothing is wrong with it, or it was reported to the authority. Once.
    pub async fn decide(
        &self,
        id: GiftAlertId,
        reported: bool,
        reason: &str,
        by: &Member,
    ) -> Result<GiftAlert, GiftWatchError> {
        by.may(&[Role::Compliance], &UnitPath::whole())?;
        let reason = reason.trim();
        if !(2..=500).contains(&reason.chars().count()) {
            return Err(GiftWatchError::NoReason);
        }
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = gift_alert::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(GiftWatchError::NoSuchAlert)?;
        if row.state != "open" {
            return Err(GiftWatchError::Decided);
        }
        let mut active: gift_alert::ActiveModel = row.into();
        active.state = Set(if reported { "reported" } else { "cleared" }.to_owned());
        active.decider_id = Set(Some(by.id));
        active.reason = Set(Some(reason.to_owned()));
        active.decided_us = Set(Some(now));
        let row = active.update(&tx).await?;
        let (actor, object, detail) = (trail::staff(by.id), format!("screening:{id}"), json!({ "state": row.state }));
        let line = Line { actor, action: "screening.decide", object, origin: by.origin.clone(), detail };
        trail::record(&tx, now, line).await?;
        tx.commit().await?;
        Ok(self.told(vec![row]).await?.remove(0))
    }

    async fn told(&self, rows: Vec<gift_alert::Model>) -> Result<Vec<GiftAlert>, GiftWatchError> {
        let db = self.db.read();
        let gifts = donation::Entity::find()
            .filter(donation::Column::Id.is_in(rows.iter().map(|row| row.donation_id)))
            .all(db)
            .await?;
        let names = watch_name::Entity::find()
            .filter(watch_name::Column::Id.is_in(rows.iter().filter_map(|row| row.watch_name_id)))
            .all(db)
            .await?;
        let mut alerts = Vec::with_capacity(rows.len());
        for row in rows {
            let gift = gifts.iter().find(|gift| gift.id == row.donation_id).ok_or(GiftWatchError::NoSuchAlert)?.clone();
            let list = names.iter().find(|name| Some(name.id) == row.watch_name_id).map(|name| name.list.clone());
            alerts.push(GiftAlert { row, gift, list });
        }
        Ok(alerts)
    }
}
