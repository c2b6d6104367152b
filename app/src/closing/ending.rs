//! What the end of a year (年终结转) will book, for whoever decides it: the very entries that agreeing books, account by account, and what
//! they make of the net assets. Reckoned from the books as they stand; nothing is written. Once the year is ended, what was booked is told
//! in the same shape, from the entries.

use std::collections::{BTreeMap, HashMap};

use domain::proposal::ProposalState;
use domain::role::Member;
use domain::{AccountId, CampaignId, EntryId, Money, YearClosingId};
use entity::{campaign, entry, posting, year_closing};
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

/// What the end of a year will book, or has booked.
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
    /// What a proposal to end a year would book if it were agreed to now, or what it has booked once it was. Six statements.
    pub async fn ending(&self, id: YearClosingId, by: &Member) -> Result<Ending, ClosingError> {
        let row = self.closing_of(id, by).await?;
        let db = self.db.read();
        let year = i32::try_from(row.year).map_err(|_| ClosingError::NoSuchClosing)?;
        let period = Period::year(year).ok_or(ClosingError::YearOpen(year))?;
        let all = ledger::accounts(db, row.book_id).await?;
        let known: Vec<Account> = all.iter().filter_map(Account::of_row).collect();
        let ended = row.state == ProposalState::Approved;
        let mut moved: BTreeMap<Account, (i64, i64)> = BTreeMap::new();
        let mut line = |debit: Account, credit: Account, amount: Money| {
            moved.entry(debit).or_default().0 += amount.fen();
            moved.entry(credit).or_default().1 += amount.fen();
        };
        if ended {
            let accounts: HashMap<AccountId, &Account> = known.iter().map(|account| (account.id(), account)).collect();
            for posted in self.booked(&row).await? {
                let both = accounts.get(&posted.debit_account).zip(accounts.get(&posted.credit_account));
                let (debit, credit) = both.ok_or(ClosingError::NoSuchClosing)?;
                line((*debit).clone(), (*credit).clone(), posted.amount_fen);
            }
        } else {
            let entries = ledger::year_end(db, row.book_id, year).await?;
            for one in entries.iter().flat_map(Entry::postings) {
                line(one.debit.clone(), one.credit.clone(), one.amount);
            }
        }
        let standing = ledger::balances(db, row.book_id, Some(period.last)).await?;
        // The entries of the end are dated on the last day: what stood before them is that day's balance without them.
        let net = |account: &Account| {
            let stands = standing.get(&account.id()).map_or(0, |balance| balance.net().fen());
            let own = moved.get(account).filter(|_| ended).map_or(0, |(debit, credit)| debit - credit);
            stands - own
        };
        let of = |subject: Subject| {
            let here = |account: &Account| account.subject() == subject;
            let before: i64 = known.iter().filter(|account| here(account)).map(|account| -net(account)).sum();
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
            before: Money::from_fen(net(account)),
            debit: Money::from_fen(*debit),
            credit: Money::from_fen(*credit),
        });
        Ok(Ending { accounts: accounts.collect(), unrestricted, restricted })
    }

    /// What the end of a year booked, line by line; its entries have one reference in common.
    async fn booked(&self, row: &year_closing::Model) -> Result<Vec<posting::Model>, DbErr> {
        let reference = format!("year_end:{}:{}:", row.book_id, row.year);
        let entries = entry::Entity::find()
            .select_only()
            .column(entry::Column::Id)
            .filter(entry::Column::BookId.eq(row.book_id))
            .filter(entry::Column::Reference.starts_with(reference));
        let ids: Vec<EntryId> = entries.into_tuple().all(self.db.read()).await?;
        posting::Entity::find().filter(posting::Column::EntryId.is_in(ids)).all(self.db.read()).await
    }

    /// The names of campaigns.
    async fn named(&self, ids: Vec<CampaignId>) -> Result<HashMap<CampaignId, String>, DbErr> {
        let query = campaign::Entity::find().select_only().column(campaign::Column::Id).column(campaign::Column::Name);
        let named: Vec<(CampaignId, String)> =
            query.filter(campaign::Column::Id.is_in(ids)).into_tuple().all(self.db.read()).await?;
        Ok(named.into_iter().collect())
    }
}
