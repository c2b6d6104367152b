//! What the end of a year (年终结转) will book, for whoever decides it: the very entries that agreeing books, account by account, and what
//! they make of the net assets. Reckoned from the books as they stand; nothing is written.

use std::collections::{BTreeMap, HashMap};

use domain::role::Member;
use domain::{AccountId, CampaignId, Money, YearClosingId};
use entity::campaign;
use ledger::{Account, Entry, Subject};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::{Closing, ClosingError, Period};
use crate::books::words;

/// An account that the end of a year moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The account, if something was posted to it before.
    pub id: Option<AccountId>,
    /// What it is called.
    pub name: String,
    /// What it holds before, debits less credits.
    pub before: Money,
    /// What will be debited.
    pub debit: Money,
    /// What will be credited.
    pub credit: Money,
}

/// Net assets of one kind, before and after; positive as the balance sheet shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetAssets {
    /// At the end of the year, before it is ended.
    pub before: Money,
    /// After.
    pub after: Money,
}

/// What the end of a year will book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The accounts it moves, by subject; none if there is nothing to carry.
    pub accounts: Vec<Moved>,
    /// 3101 非限定性净资产.
    pub unrestricted: NetAssets,
    /// 3102 限定性净资产.
    pub restricted: NetAssets,
}

impl Closing {
    /// What a proposal to end a year would book if it were agreed to now. Nothing once the year is ended: its entries stand. Six statements.
    pub async fn ending(&self, id: YearClosingId, by: &Member) -> Result<Ending, ClosingError> {
        let row = self.closing_of(id, by).await?;
        let db = self.db.read();
        let year = i32::try_from(row.year).map_err(|_| ClosingError::NoSuchClosing)?;
        let period = Period::year(year).ok_or(ClosingError::YearOpen(year))?;
        let entries = ledger::year_end(db, row.book_id, year).await?;
        let standing = ledger::balances(db, row.book_id, Some(period.last)).await?;
        let net = |id: &AccountId| standing.get(id).map_or(0, |balance| balance.net().fen());
        let mut moved: BTreeMap<Account, (i64, i64)> = BTreeMap::new();
        for line in entries.iter().flat_map(Entry::postings) {
            moved.entry(line.debit.clone()).or_default().0 += line.amount.fen();
            moved.entry(line.credit.clone()).or_default().1 += line.amount.fen();
        }
        let all = ledger::accounts(db, row.book_id).await?;
        let known: Vec<Account> = all.iter().filter_map(Account::of_row).collect();
        let of = |subject: Subject| {
            let here = |account: &Account| account.subject() == subject;
            let before: i64 = known.iter().filter(|account| here(account)).map(|account| -net(&account.id())).sum();
            let more: i64 = moved.iter().filter(|(account, _)| here(account)).map(|(_, sums)| sums.1 - sums.0).sum();
            NetAssets { before: Money::from_fen(before), after: Money::from_fen(before + more) }
        };
        let (unrestricted, restricted) = (of(Subject::UNRESTRICTED_NET_ASSETS), of(Subject::RESTRICTED_NET_ASSETS));
        let campaigns = self.named(moved.keys().filter_map(Account::campaign).collect()).await?;
        let in_force = ledger::subjects(db).await?.into_iter().filter(|((chart, _), _)| chart != ledger::OLD_CHART);
        let titles: HashMap<String, String> = in_force.map(|((_, code), subject)| (code, subject.name)).collect();
        let name = |account: &Account| {
            let title = titles.get(account.subject().code()).map(String::as_str).unwrap_or_default();
            let campaign = account.campaign().and_then(|id| campaigns.get(&id)).map(String::as_str);
            words::unborn(account, title, campaign)
        };
        let accounts = moved.iter().map(|(account, (debit, credit))| Moved {
            id: Some(account.id()).filter(|id| standing.contains_key(id)),
            name: name(account),
            before: Money::from_fen(net(&account.id())),
            debit: Money::from_fen(*debit),
            credit: Money::from_fen(*credit),
        });
        Ok(Ending { accounts: accounts.collect(), unrestricted, restricted })
    }

    /// The names of campaigns.
    async fn named(&self, ids: Vec<CampaignId>) -> Result<HashMap<CampaignId, String>, DbErr> {
        let query = campaign::Entity::find().select_only().column(campaign::Column::Id).column(campaign::Column::Name);
        let named: Vec<(CampaignId, String)> =
            query.filter(campaign::Column::Id.is_in(ids)).into_tuple().all(self.db.read()).await?;
        Ok(named.into_iter().collect())
    }
}
