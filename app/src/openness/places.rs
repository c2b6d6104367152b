//! What each unit of the tree has to do with, with all that lies below it, year by year (地区年度汇总): a city with its counties, the province
//! with its cities.
//!
//! Given is what `ledger::flows` says is raised, paid is what left the bank for papers less what came back (entries 12b, 12c, 12d and 13a), both in
//! the year they are booked in: the sum of the whole tree is the books'. A campaign's money belongs to the unit that organises it, that of a
//! general fund to the unit of its charity. Persons are told apart by name, once a year in every part of the tree, so a city may count fewer
//! than its counties together. Loans are what banks have paid out. Seven statements.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::role::{Member, Role};
use domain::{BookId, CampaignId, Money, PayoutId, UnitPath};
use entity::{Rows, campaign, charity, unit};
use ledger::FlowKind;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryResult, QuerySelect, Statement};
use uuid::Uuid;

use super::{OpenBooks, Result};

/// Who reads it, of their part of the tree.
pub const PLACE_READERS: [Role; 7] = [
    Role::ProjectManager,
    Role::Bookkeeper,
    Role::FinanceHead,
    Role::Chair,
    Role::Disclosure,
    Role::LeagueOfficer,
    Role::Auditor,
];
/// Who of them reads of loans.
pub const LOAN_READERS: [Role; 2] = [Role::LeagueOfficer, Role::Auditor];

/// A unit and all below it, in a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceYear {
    /// `2026`.
    pub year: String,
    /// The unit.
    pub path: UnitPath,
    /// What it is called.
    pub name: String,
    /// What the unit above is called; there are units of the same name.
    pub above: Option<String>,
    /// How far below the top that is shown it stands.
    pub depth: usize,
    /// 筹集, less what goes back.
    pub raised: Money,
    /// 已支付, less what came back.
    pub paid: Money,
    /// How many persons were paid, or paid for.
    pub persons: i64,
    /// How many loans were paid out and how much; none for who does not read of loans there.
    pub loans: Option<(i64, Money)>,
}

/// What a year of a unit adds up to.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    raised: i64,
    paid: i64,
    persons: i64,
    loans: i64,
    lent: i64,
}

/// The units, and what lies where.
struct Tree {
    units: BTreeMap<UnitPath, unit::Model>,
    campaigns: HashMap<CampaignId, UnitPath>,
    books: HashMap<BookId, UnitPath>,
}

impl Tree {
    async fn read(db: &impl ConnectionTrait) -> std::result::Result<Tree, DbErr> {
        let units = unit::Entity::find().all(db).await?;
        let of: HashMap<_, _> = units.iter().map(|unit| (unit.id, unit.path.clone())).collect();
        let campaigns: Vec<(CampaignId, UnitPath)> = campaign::Entity::find()
            .select_only()
            .column(campaign::Column::Id)
            .column(campaign::Column::UnitPath)
            .into_tuple()
            .all(db)
            .await?;
        let charities = charity::Entity::find().all(db).await?;
        let books = charities.into_iter().filter_map(|one| Some((one.book_id, of.get(&one.unit_id)?.clone())));
        Ok(Tree {
            books: books.collect(),
            campaigns: campaigns.into_iter().collect(),
            units: units.into_iter().map(|unit| (unit.path.clone(), unit)).collect(),
        })
    }

    /// The unit and all above it; what belongs to none of the tree belongs to its top.
    fn line(&self, of: Option<&UnitPath>) -> Vec<UnitPath> {
        let above: Vec<UnitPath> =
            self.units.keys().filter(|unit| of.is_some_and(|of| unit.covers(of))).cloned().collect();
        if above.is_empty() { self.units.keys().next().cloned().into_iter().collect() } else { above }
    }
}

/// The years of every unit.
#[derive(Default)]
struct Years(BTreeMap<(Reverse<String>, UnitPath), Sums>);

impl Years {
    fn add(&mut self, tree: &Tree, year: &str, of: Option<&UnitPath>, add: impl Fn(&mut Sums)) {
        for unit in tree.line(of) {
            add(self.0.entry((Reverse(year.to_owned()), unit)).or_default());
        }
    }
}

impl OpenBooks {
    /// The years of the units that somebody reaches with one of these roles, newest first, in the order of the tree; a year without anything is
    /// left out.
    pub async fn places(&self, by: &Member) -> Result<Vec<PlaceYear>> {
        let db = self.db.read();
        let tree = Tree::read(db).await?;
        let mut years = Years::default();
        for flow in ledger::flows(db).await?.into_iter().filter(|flow| flow.kind == FlowKind::Raised) {
            let of = match flow.campaign {
                Some(id) => tree.campaigns.get(&id),
                None => tree.books.get(&flow.book),
            };
            let year = flow.month.get(..4).unwrap_or(&flow.month);
            years.add(&tree, year, of, |sums| sums.raised += flow.amount.fen());
        }
        for ((year, campaign), fen) in paid(db).await? {
            years.add(&tree, &year, tree.campaigns.get(&campaign), |sums| sums.paid += fen);
        }
        for row in persons(db).await? {
            let (year, unit): (String, UnitPath) = (row.try_get("", "year")?, row.try_get("", "path")?);
            let sums = years.0.entry((Reverse(year), unit)).or_default();
            sums.persons += row.try_get::<i64>("", "n")?;
        }
        for row in lent(db).await? {
            let (year, unit): (String, UnitPath) = (row.try_get("", "year")?, row.try_get("", "path")?);
            let (n, fen): (i64, i64) = (row.try_get("", "n")?, row.try_get("", "fen")?);
            years.add(&tree, &year, Some(&unit), |sums| {
                sums.loans += n;
                sums.lent += fen;
            });
        }
        let (parts, lending) = (by.parts(&PLACE_READERS), by.parts(&LOAN_READERS));
        let within = |parts: &[&UnitPath], path: &UnitPath| parts.iter().any(|part| part.covers(path));
        let shown: BTreeSet<&UnitPath> = tree.units.keys().filter(|path| within(&parts, path)).collect();
        let named: HashMap<_, _> = tree.units.values().map(|unit| (unit.id, unit.name.as_str())).collect();
        let depth = |path: &UnitPath| shown.iter().filter(|above| **above != path && above.covers(path)).count();
        let row = |((year, path), sums): ((Reverse<String>, UnitPath), Sums)| {
            let unit = tree.units.get(&path)?;
            let loans = within(&lending, &path).then_some((sums.loans, Money::from_fen(sums.lent)));
            let one = PlaceYear {
                year: year.0,
                name: unit.name.clone(),
                above: unit.parent_id.and_then(|id| named.get(&id)).map(|name| (*name).to_owned()),
                depth: depth(&path),
                raised: Money::from_fen(sums.raised),
                paid: Money::from_fen(sums.paid),
                persons: sums.persons,
                loans,
                path,
            };
            let any = sums.raised != 0 || sums.paid != 0 || sums.persons != 0 || loans.is_some_and(|(n, _)| n != 0);
            (any && shown.contains(&one.path)).then_some(one)
        };
        Ok(years.0.into_iter().filter_map(row).collect())
    }
}

/// What the bank paid for the papers of each campaign in each year, less what came back. Three statements.
async fn paid(db: &impl ConnectionTrait) -> std::result::Result<BTreeMap<(String, CampaignId), i64>, DbErr> {
    let backend = db.get_database_backend();
    let ask = |sql: &str| Statement::from_string(backend, sql);
    let mut meant: Vec<(String, i64, CampaignId, Option<i64>)> = Vec::new();
    let sql = "SELECT o.id, o.attempt, d.campaign_id FROM payout o JOIN disbursement d ON d.id = o.disbursement_id";
    for row in db.query_all_raw(ask(sql)).await? {
        let (id, attempts): (PayoutId, i64) = (row.try_get("", "id")?, row.try_get("", "attempt")?);
        let campaign = row.try_get("", "campaign_id")?;
        for attempt in 0..=attempts {
            meant.push((format!("disbursement_paid:{id}:{attempt}"), 1, campaign, None));
            meant.push((format!("disbursement_bounced:{id}:{attempt}"), -1, campaign, None));
        }
    }
    let sql = "SELECT s.id, s.amount_fen, d.campaign_id FROM payout_settlement s JOIN payout o ON o.id = s.payout_id \
               JOIN disbursement d ON d.id = o.disbursement_id WHERE s.kind = 'recovered' AND s.state = 'confirmed'";
    for row in db.query_all_raw(ask(sql)).await? {
        let id: Uuid = row.try_get("", "id")?;
        let (fen, campaign) = (row.try_get("", "amount_fen")?, row.try_get("", "campaign_id")?);
        meant.push((format!("disbursement_settled:{id}"), -1, campaign, Some(fen)));
    }
    let sql = "SELECT r.reference, substr(e.book_date, 1, 4) AS year, e.total_fen, substr(b.book_date, 1, 4) AS back \
               FROM {rows} JOIN entry e ON e.reference = r.reference LEFT JOIN entry b ON b.reverses = e.id";
    let rows = Rows::new().text("reference", meant.iter().map(|(reference, ..)| reference.clone()));
    let of: HashMap<&str, (i64, CampaignId, Option<i64>)> =
        meant.iter().map(|(reference, sign, campaign, fen)| (reference.as_str(), (*sign, *campaign, *fen))).collect();
    let mut paid = BTreeMap::new();
    for row in db.query_all_raw(rows.statement(backend, sql, [])).await? {
        let (reference, year): (String, String) = (row.try_get("", "reference")?, row.try_get("", "year")?);
        let Some((sign, campaign, known)) = of.get(reference.as_str()) else { continue };
        // What is recovered may free in the same entry what was released before.
        let fen = sign * known.map_or_else(|| row.try_get("", "total_fen"), Ok)?;
        *paid.entry((year, *campaign)).or_default() += fen;
        // An entry that was reversed counts back in the year of its reversal.
        if let Some(back) = row.try_get::<Option<String>>("", "back")? {
            *paid.entry((back, *campaign)).or_default() -= fen;
        }
    }
    Ok(paid)
}

/// How many persons were paid or paid for in each year, by every unit above the campaign.
async fn persons(db: &impl ConnectionTrait) -> std::result::Result<Vec<QueryResult>, DbErr> {
    let sql = "SELECT substr(o.paid_on, 1, 4) AS year, u.path, CAST(count(DISTINCT COALESCE(b.name_hmac, p.name_hmac)) AS BIGINT) AS n \
               FROM payout o JOIN disbursement d ON d.id = o.disbursement_id JOIN campaign c ON c.id = d.campaign_id \
               JOIN payee p ON p.id = o.payee_id LEFT JOIN payee b ON b.id = o.beneficiary_id \
               JOIN unit u ON c.unit_path LIKE u.path || '%' OR (c.unit_path = '/' AND u.parent_id IS NULL) \
               WHERE o.state = 'confirmed' AND (b.id IS NOT NULL OR (p.kind = 'person' AND p.part = 'beneficiary')) GROUP BY 1, 2";
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await
}

/// Loans that their banks have paid out, by year and unit.
async fn lent(db: &impl ConnectionTrait) -> std::result::Result<Vec<QueryResult>, DbErr> {
    let sql = "SELECT substr(v.on_day, 1, 4) AS year, c.unit_path AS path, CAST(count(*) AS BIGINT) AS n, CAST(SUM(v.amount_fen) AS BIGINT) AS fen \
               FROM loan_event v JOIN loan_contract c ON c.id = v.contract_id WHERE v.kind = 'payout' \
               AND NOT EXISTS (SELECT 1 FROM loan_event r WHERE r.reverses = v.id) GROUP BY 1, 2";
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await
}
