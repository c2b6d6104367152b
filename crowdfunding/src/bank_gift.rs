//! Gifts by bank: entered by one person, confirmed by another (facts: charity 3.3), and where whatever reaches the charity without the
//! mini-program may go.

use domain::anonymity::Anonymity;
use domain::campaign::{CampaignKind, may_receive};
use domain::donation::{Channel, DonationEvent, DonationState, Purpose, ReceiptChoice, Via};
use domain::role::{Member, Role};
use domain::{BookId, BusinessDate, DonationId, Money, StaffId, Timestamp};
use entity::{Tx, bank_account, book, campaign, charity, donation as row, violation};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, Set};

use crate::CrowdfundingError;
use crate::donation::last_moment;
use crate::history::{self, Step};
use crate::postings::{self, Gift};
use crate::reach::{Hand, hand_on};

/// A gift that reached the bank account, as its maker reads it off the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankGift {
    /// Made by the client.
    pub id: DonationId,
    /// What it is for.
    pub purpose: Purpose,
    /// Who gave it.
    pub payer: Payer,
    /// How much.
    pub amount: Money,
    /// Our short name of the bank account.
    pub bank_account: String,
    /// The bank's reference; it can be booked once.
    pub reference: String,
    /// The day it arrived.
    pub received_on: BusinessDate,
    /// Whether its name is shown.
    pub anonymity: Anonymity,
    /// Receipt wanted or not.
    pub receipt: ReceiptChoice,
}

/// Who gave a gift that came by bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payer {
    /// 法人或其他组织: its name is no secret.
    Organisation {
        /// The name, which a receipt is made out to.
        name: String,
        /// 统一社会信用代码, if the organisation told it.
        credit_code: Option<String>,
    },
    /// 自然人.
    Person {
        /// The name, sealed by the house.
        name_sealed: Vec<u8>,
        /// A digest of the name, so that the same id with another name is noticed.
        digest: Vec<u8>,
    },
}

/// Enters a bank gift; nothing is booked until another person confirms it.
pub async fn bank_gift(tx: &Tx, now: Timestamp, gift: BankGift, by: &Member) -> Result<row::Model, CrowdfundingError> {
    let roles = &[Role::Cashier, Role::Bookkeeper];
    by.must_be(roles)?;
    let hand = hand_on(tx, gift.purpose, by, roles).await?;
    let text = |field, text: &str, most| match text.trim().chars().count() {
        n if n == 0 || n > most => Err(CrowdfundingError::Invalid { field, problem: "不能为空，也不能过长" }),
        _ => Ok(text.trim().to_owned()),
    };
    let (counterparty, payer_code, name_sealed, content) = match gift.payer {
        Payer::Organisation { name, credit_code } => {
            (Some(text("counterparty", &name, 100)?), credit_code, None, Vec::new())
        }
        Payer::Person { name_sealed, digest } => (None, None, Some(name_sealed), digest),
    };
    let arrived = Arrived {
        id: gift.id,
        purpose: gift.purpose,
        amount: gift.amount,
        received_on: gift.received_on,
        bank_account: text("bank_account", &gift.bank_account, 40)?,
        reference: text("reference", &gift.reference, 64)?,
        counterparty,
        payer_code,
        name_sealed,
        anonymity: gift.anonymity,
        receipt: gift.receipt,
        author: by.id,
        author_for: hand.acting_for(),
    };
    let new = row::Model { content, ..arrived.row(now) };
    if !gift.amount.is_positive() {
        return Err(CrowdfundingError::Invalid { field: "amount", problem: "金额必须大于零" });
    }
    if gift.received_on > BusinessDate::of(now) {
        return Err(CrowdfundingError::Invalid { field: "received_on", problem: "到账日期不能晚于今天" });
    }
    if let Some(known) = row::Entity::find_by_id(gift.id).one(tx).await? {
        let same = known.channel == Channel::Bank
            && (
                known.purpose(),
                known.amount_fen,
                &known.bank_account,
                &known.bank_reference,
                (&known.counterparty, &known.payer_code, &known.content),
                (known.paid_us, known.anonymity),
                known.author_id,
            ) == (
                gift.purpose,
                new.amount_fen,
                &new.bank_account,
                &new.bank_reference,
                (&new.counterparty, &new.payer_code, &new.content),
                (new.paid_us, new.anonymity),
                new.author_id,
            );
        return if same { Ok(known) } else { Err(CrowdfundingError::IdReused) };
    }
    let target = Target::of(tx, gift.purpose, Some(LockType::Share)).await?;
    target.given_on(gift.received_on)?;
    bank_account_known(tx, target.book, new.bank_account.as_deref().unwrap_or_default()).await?;
    insert(tx, new).await
}

/// What is told of a gift that a bank account shows, whoever writes it down first.
pub(crate) struct Arrived {
    pub(crate) id: DonationId,
    pub(crate) purpose: Purpose,
    pub(crate) amount: Money,
    pub(crate) received_on: BusinessDate,
    pub(crate) bank_account: String,
    pub(crate) reference: String,
    pub(crate) counterparty: Option<String>,
    pub(crate) payer_code: Option<String>,
    pub(crate) name_sealed: Option<Vec<u8>>,
    pub(crate) anonymity: Anonymity,
    pub(crate) receipt: ReceiptChoice,
    pub(crate) author: StaffId,
    pub(crate) author_for: Option<StaffId>,
}

impl Arrived {
    /// Its row before a second person has looked at it: nothing of the channel, and of what a donor wishes nothing that only the
    /// mini-program asks.
    pub(crate) fn row(self, now: Timestamp) -> row::Model {
        row::Model {
            id: self.id,
            campaign_id: self.purpose.campaign(),
            book_id: self.purpose.general(),
            channel: Channel::Bank,
            state: DonationState::Created,
            amount_fen: self.amount,
            refunded_fen: Money::ZERO,
            donor_id: None,
            content: Vec::new(),
            anonymity: self.anonymity,
            show_amount: true,
            name_sealed: self.name_sealed,
            nickname_sealed: None,
            message: None,
            message_state: "none".to_owned(),
            receipt: self.receipt,
            receipt_us: now,
            origin: None,
            created_us: now,
            expires_us: now,
            prepay_id: None,
            prepay_us: None,
            queries: 0,
            next_query_us: now,
            transaction_id: None,
            paid_us: Some(self.received_on.start()),
            confirmed_us: None,
            late: false,
            settled_us: None,
            bank_account: Some(self.bank_account),
            bank_reference: Some(self.reference),
            counterparty: self.counterparty,
            payer_code: self.payer_code,
            tribute: None,
            tribute_sealed: None,
            tribute_shown: false,
            team_id: None,
            author_id: Some(self.author),
            author_for_id: self.author_for,
            approver_id: None,
            approver_for_id: None,
            via: Via::Offline,
            list_id: None,
        }
    }
}

/// Inserts a gift by bank; its reference names one gift.
pub(crate) async fn insert(tx: &Tx, new: row::Model) -> Result<row::Model, CrowdfundingError> {
    let active: row::ActiveModel = new.into();
    // Every column is written: a row made from a model counts as unchanged otherwise.
    active.reset_all().insert(tx).await.map_err(|error| match violation(&error) {
        Some(rule) if rule.contains("bank") => CrowdfundingError::ReferenceUsed,
        _ => error.into(),
    })
}

/// What is said of an account that is none of the book's.
pub const NO_BANK_ACCOUNT: &str = "该账套没有这个银行账户，请先由会计或财务负责人登记";

/// Whether a book has a bank account of this name: booked on, or registered. In another one money would stand that no statement ever shows.
/// A book that knows none yet learns its first from its first gift.
pub async fn has_bank_account(db: &impl ConnectionTrait, book: BookId, name: &str) -> Result<bool, DbErr> {
    let known = ledger::bank_accounts(db, book).await?;
    let registered = bank_account::Entity::find().filter(bank_account::Column::BookId.eq(book)).all(db).await?;
    let mut names = known.into_iter().chain(registered.into_iter().map(|row| row.name)).peekable();
    Ok(names.peek().is_none() || names.any(|known| known == name))
}

/// Refuses the name of a bank account that is none of the book's.
pub(crate) async fn bank_account_known(
    db: &impl ConnectionTrait,
    book: BookId,
    name: &str,
) -> Result<(), CrowdfundingError> {
    if has_bank_account(db, book, name).await? {
        return Ok(());
    }
    Err(CrowdfundingError::Invalid { field: "bank_account", problem: NO_BANK_ACCOUNT })
}

/// Where a gift goes that reached the charity without the mini-program: to a campaign that may receive, or to the general fund.
#[derive(Clone, Debug)]
pub struct Target {
    /// Whose books receive it.
    pub book: BookId,
    /// The first day on which it could be given: nothing reached a campaign before it took gifts (facts: charity 3.1), nor a book before the
    /// year it was opened in.
    pub from: BusinessDate,
    campaign: Option<campaign::Model>,
}

impl Target {
    /// Of a purpose; its campaign is locked if that is asked for. A general fund is a charity's.
    pub(crate) async fn of(
        db: &impl ConnectionTrait,
        purpose: Purpose,
        lock: Option<LockType>,
    ) -> Result<Target, CrowdfundingError> {
        match purpose {
            Purpose::Campaign(id) => {
                let query = campaign::Entity::find_by_id(id);
                let found = match lock {
                    Some(lock) => query.lock(lock).one(db).await?,
                    None => query.one(db).await?,
                };
                let campaign = found
                    .filter(|one| one.state.is_public() && one.kind != CampaignKind::Parent)
                    .ok_or(CrowdfundingError::NoSuchCampaign)?;
                may_receive(campaign.state)?;
                let from = BusinessDate::of(campaign.opened_us.unwrap_or(campaign.starts_us));
                Ok(Target { book: campaign.book_id, from, campaign: Some(campaign) })
            }
            Purpose::General(id) => {
                charity::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchBook)?;
                let book = book::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchBook)?;
                let opened = BusinessDate::of(book.created_us);
                let from = BusinessDate::new(opened.year(), 1, 1).unwrap_or(opened);
                Ok(Target { book: id, from, campaign: None })
            }
        }
    }

    /// Refuses a day on which nothing was given yet: a year typed wrongly would open a year of the books that was never there.
    pub(crate) fn given_on(&self, day: BusinessDate) -> Result<(), CrowdfundingError> {
        if day >= self.from {
            return Ok(());
        }
        let problem = match self.campaign {
            Some(_) => "到账日期早于项目开始募捐之日",
            None => "到账日期早于该账套启用的年度",
        };
        Err(CrowdfundingError::Invalid { field: "received_on", problem })
    }

    /// The last moment at which it is in time; none for the general fund, which takes gifts for ever.
    pub(crate) async fn last_moment(&self, db: &impl ConnectionTrait) -> Result<Option<Timestamp>, DbErr> {
        match &self.campaign {
            Some(campaign) => Ok(Some(last_moment(db, campaign).await?)),
            None => Ok(None),
        }
    }
}

async fn locked_bank_gift(tx: &Tx, id: DonationId, by: &Member) -> Result<(row::Model, Hand), CrowdfundingError> {
    let roles = &[Role::Bookkeeper, Role::FinanceHead];
    by.must_be(roles)?;
    let row = row::Entity::find_by_id(id)
        .filter(row::Column::Channel.eq(Channel::Bank))
        // A gift of a list is posted with its list.
        .filter(row::Column::ListId.is_null())
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?
        .ok_or(CrowdfundingError::NoSuchDonation)?;
    let hand = hand_on(tx, row.purpose(), by, roles).await?;
    if hand.is_of([row.author_id, row.author_for_id]) {
        return Err(CrowdfundingError::OtherPerson);
    }
    Ok((row, hand))
}

/// Confirms a bank gift and books it (entry 6a); another person than its maker.
pub async fn confirm_bank_gift(
    tx: &Tx,
    now: Timestamp,
    id: DonationId,
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    let (row, hand) = locked_bank_gift(tx, id, by).await?;
    if row.state == DonationState::Paid && row.approver_id == Some(by.id) {
        return Ok(row);
    }
    let to = row.state.on(DonationEvent::Pay)?;
    let campaign = match row.campaign_id {
        Some(id) => {
            let campaign = campaign::Entity::find_by_id(id).lock(LockType::Share).one(tx).await?;
            Some(campaign.ok_or(CrowdfundingError::NoSuchCampaign)?)
        }
        None => None,
    };
    if let Some(campaign) = &campaign {
        may_receive(campaign.state)?;
    }
    let book = campaign.as_ref().map(|campaign| campaign.book_id).or(row.book_id);
    let book = book.ok_or(CrowdfundingError::NoSuchBook)?;
    let (Some(account), Some(reference), Some(received)) = (&row.bank_account, &row.bank_reference, row.paid_us) else {
        return Err(CrowdfundingError::Conflict);
    };
    let gift = Gift {
        id,
        book,
        campaign: row.campaign_id,
        donor: None,
        counterparty: row.counterparty.clone(),
        amount: row.amount_fen,
    };
    let entry =
        postings::bank_gift_received(&gift, account, reference, BusinessDate::of(received)).by(by.id.to_string());
    for booked in ledger::post(tx, now, &[entry]).await? {
        booked?;
    }
    let late = match &campaign {
        Some(campaign) => received > last_moment(tx, campaign).await?,
        None => false,
    };
    let from = row.state;
    let mut row: row::ActiveModel = row.into();
    row.state = Set(to);
    row.confirmed_us = Set(Some(now));
    row.settled_us = Set(Some(now));
    row.late = Set(late);
    row.approver_id = Set(Some(by.id));
    row.approver_for_id = Set(hand.acting_for());
    let row = row.update(tx).await?;
    history::donations(tx, now, &by.id.to_string(), &[Step { donation: id, from, to }]).await?;
    Ok(row)
}

/// Rejects a bank gift; nothing was booked.
pub async fn reject_bank_gift(
    tx: &Tx,
    now: Timestamp,
    id: DonationId,
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    let (row, hand) = locked_bank_gift(tx, id, by).await?;
    let (from, to) = (row.state, row.state.on(DonationEvent::Expire)?);
    let mut row: row::ActiveModel = row.into();
    row.state = Set(to);
    // The reference is free again: what was entered wrongly can be entered rightly.
    row.bank_reference = Set(Some(format!("rejected:{id}")));
    row.approver_id = Set(Some(by.id));
    row.approver_for_id = Set(hand.acting_for());
    let row = row.update(tx).await?;
    history::donations(tx, now, &by.id.to_string(), &[Step { donation: id, from, to }]).await?;
    Ok(row)
}
