//! The accounts of a book under names that people and other programs read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::AccountId;
use entity::{account, book, campaign};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use crate::books::words;

/// The accounts of a book.
pub(crate) struct Chart {
    accounts: BTreeMap<AccountId, Named>,
    /// Their order: by our own names.
    order: Vec<AccountId>,
}

/// An account with the parts of its name.
pub(crate) struct Named {
    /// Our own name: `410102[campaign=0198…]`.
    pub(crate) name: String,
    /// asset, liability, net_assets, income, expense.
    pub(crate) element: String,
    /// The subject's code and name.
    pub(crate) subject: (String, String),
    /// What it is called on pages: its subject, and what it is kept apart by in words.
    pub(crate) shown: String,
    /// What it is kept apart by: the dimension's word and what is read for it. A campaign is its name and its id.
    pub(crate) dimensions: Vec<(&'static str, String)>,
}

impl Named {
    /// 科目: code and name.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.subject.0, self.subject.1)
    }
}

impl Chart {
    pub(crate) async fn read(db: &impl ConnectionTrait, book: &book::Model) -> Result<Chart, DbErr> {
        let subjects = ledger::subjects(db).await?;
        let rows = ledger::accounts(db, book.id).await?;
        let used: BTreeSet<_> = rows.iter().filter_map(|row| row.campaign_id).collect();
        let campaigns = campaign::Entity::find().filter(campaign::Column::Id.is_in(used)).all(db).await?;
        let campaigns: HashMap<_, _> = campaigns.into_iter().map(|row| (row.id, row.name)).collect();
        let named = |row: account::Model| {
            let subject = subjects.get(&(row.chart.clone(), row.subject.clone()));
            let title = subject.map(|subject| subject.name.as_str()).unwrap_or_default();
            let shown = words::account(&row, title, &campaigns);
            let campaign = row.campaign_id.map(|id| match campaigns.get(&id) {
                Some(name) => format!("{name} {id}"),
                None => id.to_string(),
            });
            let dimensions = [
                ("Campaign", campaign),
                ("Line", row.budget_line),
                ("Channel", row.channel.map(|channel| spoken(&channel))),
                ("Bank", row.bank_account),
                ("Contract", row.contract),
                ("Payable", row.payable.map(|kind| spoken(&kind))),
                ("Goods", row.goods.then(|| "物资".to_owned())),
            ];
            let named = Named {
                name: row.name,
                shown,
                element: subject.map(|subject| subject.element.clone()).unwrap_or_default(),
                subject: (row.subject, subject.map(|subject| subject.name.clone()).unwrap_or_default()),
                dimensions: dimensions.into_iter().filter_map(|(word, text)| Some((word, text?))).collect(),
            };
            (row.id, named)
        };
        let order = rows.iter().map(|row| row.id).collect();
        Ok(Chart { accounts: rows.into_iter().map(named).collect(), order })
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = (&AccountId, &Named)> {
        self.order.iter().filter_map(|id| self.accounts.get_key_value(id))
    }

    pub(crate) fn get(&self, id: AccountId) -> Option<&Named> {
        self.accounts.get(&id)
    }

    /// Our own name of an account.
    pub(crate) fn name(&self, id: AccountId) -> &str {
        self.accounts.get(&id).map_or("", |account| &account.name)
    }

    /// What an account is called on pages.
    pub(crate) fn shown(&self, id: AccountId) -> &str {
        self.accounts.get(&id).map_or("", |account| &account.shown)
    }

    /// A name for every account, each another, made from its parts.
    pub(crate) fn names(&self, make: impl Fn(&Named) -> String) -> BTreeMap<AccountId, String> {
        let mut taken = BTreeSet::new();
        let name = |(id, account): (&AccountId, &Named)| {
            let mut name = make(account);
            if !taken.insert(name.clone()) {
                name = format!("{name}-{}", id.uuid().simple());
                taken.insert(name.clone());
            }
            (*id, name)
        };
        self.accounts().map(name).collect()
    }
}

/// The words bookkeepers use for what we write short.
fn spoken(word: &str) -> String {
    match word {
        "wechat" => "微信余额",
        "wechat_transit" => "微信在途",
        "refund" => "待退捐款",
        "suspense" => "待查款",
        "unidentified" => "待认领",
        "channel_surplus" => "待查长款",
        "cash_surplus" => "现金长款",
        "grant" => "应付资助",
        "reimbursement" => "应付报销",
        other => other,
    }
    .to_owned()
}
