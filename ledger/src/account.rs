//! Accounts: a subject and the dimensions that money is kept apart by.

use domain::{AccountId, BookId, CampaignId};
use uuid::Uuid;

use crate::Subject;

/// An account of a book. It need not exist before it is posted to; its id follows from book and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    pub(crate) book: BookId,
    pub(crate) subject: Subject,
    pub(crate) campaign: Option<CampaignId>,
    pub(crate) budget_line: Option<String>,
    pub(crate) channel: Option<String>,
    pub(crate) bank_account: Option<String>,
    pub(crate) contract: Option<String>,
    pub(crate) payable: Option<String>,
    pub(crate) goods: bool,
}

impl Account {
    /// The account of a subject without further dimensions.
    pub fn new(book: BookId, subject: Subject) -> Account {
        Account {
            book,
            subject,
            campaign: None,
            budget_line: None,
            channel: None,
            bank_account: None,
            contract: None,
            payable: None,
            goods: false,
        }
    }

    /// 1009 微信余额: what the payment channel holds for us.
    pub fn wechat_balance(book: BookId) -> Account {
        Account { channel: Some("wechat".into()), ..Account::new(book, Subject::OTHER_MONETARY) }
    }

    /// 1009 微信在途: withdrawn or topped up, not yet arrived.
    pub fn wechat_in_transit(book: BookId) -> Account {
        Account { channel: Some("wechat_transit".into()), ..Account::new(book, Subject::OTHER_MONETARY) }
    }

    /// 5401 筹资费用—通道费: what the payment channel takes for its service. The general fund bears it.
    pub fn wechat_fees(book: BookId) -> Account {
        Account { channel: Some("wechat".into()), ..Account::new(book, Subject::FUNDRAISING_COST) }
    }

    /// 1002: one account at a bank, by our own short name for it.
    pub fn bank(book: BookId, bank_account: &str) -> Account {
        Account { bank_account: Some(bank_account.into()), ..Account::new(book, Subject::BANK) }
    }

    /// 1001: what lies in the cash box.
    pub fn cash(book: BookId) -> Account {
        Account::new(book, Subject::CASH)
    }

    /// 1009: what a designated platform has received for us and not settled yet, by its name.
    pub fn platform(book: BookId, platform: &str) -> Account {
        Account { channel: Some(format!("platform:{platform}")), ..Account::new(book, Subject::OTHER_MONETARY) }
    }

    /// 2209 by kind of debt: `refund` 待退捐款, `suspense` 待查款, …
    pub fn payable(book: BookId, kind: &str) -> Account {
        Account { payable: Some(kind.into()), ..Account::new(book, Subject::OTHER_PAYABLE) }
    }

    /// Any subject kept apart by campaign.
    pub fn of_campaign(book: BookId, subject: Subject, campaign: CampaignId) -> Account {
        Account { campaign: Some(campaign), ..Account::new(book, subject) }
    }

    /// Any subject kept apart by contract.
    pub fn of_contract(book: BookId, subject: Subject, contract: &str) -> Account {
        Account { contract: Some(contract.to_owned()), ..Account::new(book, subject) }
    }

    /// The account of a row; none if its subject is of another chart.
    pub fn of_row(row: &entity::account::Model) -> Option<Account> {
        Some(Account {
            book: row.book_id,
            subject: Subject::of(&row.subject).filter(|subject| row.chart == subject.chart())?,
            campaign: row.campaign_id,
            budget_line: row.budget_line.clone(),
            channel: row.channel.clone(),
            bank_account: row.bank_account.clone(),
            contract: row.contract.clone(),
            payable: row.payable.clone(),
            goods: row.goods,
        })
    }

    /// The same account for gifts in kind.
    pub fn in_goods(mut self) -> Account {
        self.goods = true;
        self
    }

    /// The same account for one budget line.
    pub fn on_line(mut self, budget_line: &str) -> Account {
        self.budget_line = Some(budget_line.into());
        self
    }

    /// The same account for one campaign.
    pub fn for_campaign(mut self, campaign: CampaignId) -> Account {
        self.campaign = Some(campaign);
        self
    }

    /// The same account for one payment channel, or for one cash box.
    pub fn through(mut self, channel: &str) -> Account {
        self.channel = Some(channel.into());
        self
    }

    /// The same account at one bank account of ours.
    pub fn at_bank(mut self, bank_account: &str) -> Account {
        self.bank_account = Some(bank_account.into());
        self
    }

    /// The same account for one contract.
    pub fn under(mut self, contract: &str) -> Account {
        self.contract = Some(contract.into());
        self
    }

    /// The same account for one kind of debt.
    pub fn owed_as(mut self, payable: &str) -> Account {
        self.payable = Some(payable.into());
        self
    }

    /// Its subject.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// Whether it holds gifts in kind.
    pub fn is_goods(&self) -> bool {
        self.goods
    }

    /// Its campaign.
    pub fn campaign(&self) -> Option<CampaignId> {
        self.campaign
    }

    /// The book it belongs to.
    pub fn book(&self) -> BookId {
        self.book
    }

    /// The canonical name: the code, then the dimensions in a fixed order. `410102[campaign=0198…]`.
    pub fn name(&self) -> String {
        let campaign = self.campaign.map(|id| id.to_string());
        let dimensions = [
            ("campaign", campaign.as_deref()),
            ("line", self.budget_line.as_deref()),
            ("channel", self.channel.as_deref()),
            ("bank", self.bank_account.as_deref()),
            ("contract", self.contract.as_deref()),
            ("payable", self.payable.as_deref()),
            ("goods", self.goods.then_some("yes")),
        ];
        let mut name = self.subject.code().to_owned();
        let mut separator = '[';
        for (dimension, value) in dimensions {
            if let Some(value) = value {
                name.push(separator);
                name.push_str(dimension);
                name.push('=');
                name.push_str(value);
                separator = ',';
            }
        }
        if separator == ',' {
            name.push(']');
        }
        name
    }

    /// The id, derived from book and name (UUID version 5).
    pub fn id(&self) -> AccountId {
        Uuid::new_v5(&self.book.uuid(), self.name().as_bytes()).into()
    }
}
