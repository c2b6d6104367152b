//! What everybody may see of all the money: what came and what went, by month, purpose and place, and how far the books go that say so.
//!
//! The sums are the ledger's (`ledger::flows`), so a page never shows another total than the books. They are computed when the
//! books have gone on and the last answer is older than [`KEPT`]: a crowd of readers costs one computation a minute. Places are units that
//! organise, in the order of the tree and not of their sums (facts: charity 2.10).

mod places;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::campaign::{CampaignKind, CampaignState, Cause};
use domain::donation::GENERAL_FUND;
use domain::{BusinessDate, CampaignId, Clock, DonationId, Money, Timestamp, UnitPath};
use entity::{Db, campaign, day_seal, donation, unit};
use ledger::{FlowKind, Position};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};

pub use places::{LOAN_READERS, PLACE_READERS, PlaceYear};

/// How long an answer is given again although the books have gone on.
const KEPT: Duration = Duration::from_secs(60);

/// What came and what went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// 筹集.
    pub raised: Money,
    /// 业务活动成本.
    pub programme: Money,
    /// 管理费用.
    pub management: Money,
    /// 筹资费用.
    pub fundraising: Money,
    /// Every other expense.
    pub other: Money,
}

impl Sums {
    /// What went, whatever for.
    pub fn spent(&self) -> Money {
        let parts = [self.programme, self.management, self.fundraising, self.other];
        Money::checked_sum(parts).unwrap_or(Money::MAX)
    }

    fn add(&mut self, kind: FlowKind, amount: Money) {
        let cell = match kind {
            FlowKind::Raised => &mut self.raised,
            FlowKind::Programme => &mut self.programme,
            FlowKind::Management => &mut self.management,
            FlowKind::Fundraising => &mut self.fundraising,
            FlowKind::Other => &mut self.other,
        };
        *cell = cell.checked_add(amount).unwrap_or(Money::MAX);
    }
}

/// All the money, as everybody may see it.
#[derive(Clone, Debug, Default)]
pub struct Openness {
    /// The newest entry in it.
    pub position: Option<Position>,
    /// All of it.
    pub total: Sums,
    /// How many gifts were paid.
    pub gifts: i64,
    /// How many campaigns everybody may see.
    pub campaigns: i64,
    /// By month, oldest first: `2026-03`.
    pub months: Vec<(String, Sums)>,
    /// By what it is for; none for the general fund.
    pub causes: Vec<(Option<Cause>, Sums)>,
    /// By the unit that organises: its name and division, in the order of the tree.
    pub places: Vec<(String, Option<String>, Sums)>,
}

/// A gift as whoever holds its payment number may see it: nothing of the person.
#[derive(Clone, Debug)]
pub struct OwnGift {
    /// The gift.
    pub gift: donation::Model,
    /// What its campaign is called, or the general fund.
    pub campaign: String,
    /// Whether the campaign has a page.
    pub public: bool,
}

/// Why nothing can be shown.
#[derive(Debug, thiserror::Error)]
pub enum OpenBooksError {
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

type Result<T> = std::result::Result<T, OpenBooksError>;

/// An answer, and when it was computed.
type Kept = Option<(Timestamp, Arc<Openness>)>;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct OpenBooks {
    db: Db,
    real: Clock,
    kept: Arc<Mutex<Kept>>,
}

impl OpenBooks {
    /// On a database.
    pub fn new(db: Db, real: Clock) -> OpenBooks {
        OpenBooks { db, real, kept: Arc::default() }
    }

    /// All of it, at most a minute old.
    pub async fn all(&self) -> Result<Arc<Openness>> {
        let now = self.real.now();
        let kept = self.kept.lock().map(|kept| kept.clone()).unwrap_or_default();
        let position = ledger::position(self.db.read()).await?;
        if let Some((at, kept)) = kept
            && (kept.position == position || now < at.after(KEPT))
        {
            return Ok(kept);
        }
        let computed = Arc::new(self.compute(position).await?);
        if let Ok(mut kept) = self.kept.lock() {
            *kept = Some((now, computed.clone()));
        }
        Ok(computed)
    }

    async fn compute(&self, position: Option<Position>) -> Result<Openness> {
        let db = self.db.read();
        let campaigns: HashMap<CampaignId, (Cause, UnitPath, CampaignState)> = campaign::Entity::find()
            .filter(campaign::Column::Kind.eq(CampaignKind::Leaf))
            .all(db)
            .await?
            .into_iter()
            .map(|row| (row.id, (row.cause, row.unit_path, row.state)))
            .collect();
        let units = unit::Entity::find().all(db).await?;
        let units: HashMap<UnitPath, unit::Model> = units.into_iter().map(|row| (row.path.clone(), row)).collect();
        let sql = "SELECT CAST(count(*) AS BIGINT) AS n FROM donation WHERE confirmed_us IS NOT NULL";
        let counted = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        let mut open = Openness {
            position,
            gifts: counted.map(|row| row.try_get("", "n")).transpose()?.unwrap_or_default(),
            campaigns: campaigns.values().filter(|(_, _, state)| state.is_public()).count() as i64,
            ..Openness::default()
        };
        let mut months: BTreeMap<String, Sums> = BTreeMap::new();
        let mut causes: Vec<(Option<Cause>, Sums)> = Vec::new();
        let mut places: BTreeMap<Option<UnitPath>, Sums> = BTreeMap::new();
        for flow in ledger::flows(db).await? {
            let of = flow.campaign.and_then(|id| campaigns.get(&id));
            open.total.add(flow.kind, flow.amount);
            months.entry(flow.month).or_default().add(flow.kind, flow.amount);
            places.entry(of.map(|(_, place, _)| place.clone())).or_default().add(flow.kind, flow.amount);
            let cause = of.map(|(cause, _, _)| *cause);
            match causes.iter_mut().find(|(known, _)| *known == cause) {
                Some((_, sums)) => sums.add(flow.kind, flow.amount),
                None => {
                    let mut sums = Sums::default();
                    sums.add(flow.kind, flow.amount);
                    causes.push((cause, sums));
                }
            }
        }
        open.months = months.into_iter().collect();
        open.causes = causes;
        let place = |(path, sums): (Option<UnitPath>, Sums)| match path.and_then(|path| units.get(&path)) {
            Some(unit) => (unit.name.clone(), unit.division.clone(), sums),
            None => (String::new(), None, sums),
        };
        open.places = places.into_iter().map(place).collect();
        Ok(open)
    }

    /// How a campaign's total grew: the days on which something came or went back, and how much. A parent's is its leaves'.
    pub async fn growth(&self, id: CampaignId) -> Result<Vec<(BusinessDate, Money)>> {
        let db = self.db.read();
        let leaves: Vec<CampaignId> = campaign::Entity::find()
            .filter(campaign::Column::ParentId.eq(id))
            .select_only()
            .column(campaign::Column::Id)
            .into_tuple()
            .all(db)
            .await?;
        let all: Vec<CampaignId> = leaves.into_iter().chain([id]).collect();
        Ok(ledger::raised_by_day(db, &all).await?)
    }

    /// How far the books go.
    pub async fn position(&self) -> Result<Option<Position>> {
        Ok(ledger::position(self.db.read()).await?)
    }

    /// The newest seals of all books (facts: the head of a sealed day is public), newest first.
    pub async fn seals(&self, limit: u64) -> Result<Vec<(day_seal::Model, String)>> {
        let db = self.db.read();
        let names: HashMap<_, _> = ledger::books(db).await?.into_iter().map(|book| (book.id, book.name)).collect();
        let seals = day_seal::Entity::find()
            .order_by_desc(day_seal::Column::Day)
            .order_by_asc(day_seal::Column::BookId)
            .limit(limit)
            .all(db)
            .await?;
        let named = |seal: day_seal::Model| {
            let name = names.get(&seal.book_id).cloned().unwrap_or_default();
            (seal, name)
        };
        Ok(seals.into_iter().map(named).collect())
    }

    /// The gift that was paid under a number of the channel or the bank, for whoever knows the number and the amount: both stand in the
    /// donor's own bill and nowhere public.
    pub async fn gift_by_payment(&self, number: &str, amount: Money) -> Result<Option<OwnGift>> {
        let db = self.db.read();
        let any = Condition::any()
            .add(donation::Column::TransactionId.eq(number))
            .add(donation::Column::BankReference.eq(number));
        let found = donation::Entity::find().filter(any).filter(donation::Column::AmountFen.eq(amount)).one(db).await?;
        let Some(gift) = found.filter(|gift| gift.confirmed_us.is_some()) else { return Ok(None) };
        let Some(id) = gift.campaign_id else {
            return Ok(Some(OwnGift { gift, campaign: GENERAL_FUND.to_owned(), public: false }));
        };
        let campaign = campaign::Entity::find_by_id(id).one(db).await?;
        Ok(campaign.map(|campaign| OwnGift { gift, campaign: campaign.name, public: campaign.state.is_public() }))
    }

    /// What went back of a gift: how much, and since when it is decided or done.
    pub async fn refunds_of(&self, id: DonationId) -> Result<Vec<entity::refund::Model>> {
        Ok(crowdfunding::refund_of(self.db.read(), id).await?)
    }
}
