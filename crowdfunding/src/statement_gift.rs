//! Gifts that a bank statement shows and two persons have claimed: from the line itself (entry 6a), or out of 2209 待认领 (entry 6c).

use domain::anonymity::Anonymity;
use domain::donation::{DonationEvent, DonationState, Purpose, ReceiptChoice};
use domain::role::{Member, Role};
use domain::{BookId, BusinessDate, DonationId, DonorId, EntryId, Money, StaffId, Timestamp};
use entity::{Tx, donation as row};
use sea_orm::ConnectionTrait;

use crate::CrowdfundingError;
use crate::bank_gift::{Arrived, Target, insert};
use crate::history::{self, Step};
use crate::postings::{self, Gift};
use crate::reach::hand_on;

/// A gift as its line and whoever claimed it say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementGift {
    /// The id of the claim.
    pub id: DonationId,
    /// Whose account it came to.
    pub book: BookId,
    /// What it is for.
    pub purpose: Purpose,
    /// The donor, if a code of theirs says so.
    pub donor: Option<DonorId>,
    /// The organisation that gave it.
    pub counterparty: Option<String>,
    /// Its 统一社会信用代码, if it told it.
    pub payer_code: Option<String>,
    /// The person who gave it, sealed by the house.
    pub name_sealed: Option<Vec<u8>>,
    /// How much.
    pub amount: Money,
    /// Our short name of the bank account.
    pub bank_account: String,
    /// The bank's reference; it can be booked once.
    pub reference: String,
    /// The day it arrived.
    pub received_on: BusinessDate,
    /// Whether it stands in 2209 待认领.
    pub unclaimed: bool,
    /// Whether the name is shown.
    pub anonymity: Anonymity,
    /// Receipt wanted or not.
    pub receipt: ReceiptChoice,
    /// Who claimed it first.
    pub author: StaffId,
    /// In whose name, if with a lent role.
    pub author_for: Option<StaffId>,
}

/// Where such a gift goes; refused if its purpose takes none any more, has other books, or took none yet on that day.
pub async fn statement_target(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    book: BookId,
    received_on: BusinessDate,
) -> Result<Target, CrowdfundingError> {
    let target = Target::of(db, purpose, None).await?;
    if target.book != book {
        return Err(CrowdfundingError::NoSuchCampaign);
    }
    target.given_on(received_on)?;
    Ok(target)
}

/// Writes the gift down, paid, and books it, by the second person. Answers its entry.
pub async fn take_statement_gift(
    tx: &Tx,
    now: Timestamp,
    gift: StatementGift,
    by: &Member,
) -> Result<EntryId, CrowdfundingError> {
    let roles = &[Role::Bookkeeper, Role::FinanceHead];
    by.must_be(roles)?;
    let hand = hand_on(tx, gift.purpose, by, roles).await?;
    if hand.is_of([Some(gift.author), gift.author_for]) {
        return Err(CrowdfundingError::OtherPerson);
    }
    let target = statement_target(tx, gift.purpose, gift.book, gift.received_on).await?;
    let last_moment = target.last_moment(tx).await?;
    let state = DonationState::Created.on(DonationEvent::Pay)?;
    let arrived = Arrived {
        id: gift.id,
        purpose: gift.purpose,
        amount: gift.amount,
        received_on: gift.received_on,
        bank_account: gift.bank_account.clone(),
        reference: gift.reference.clone(),
        counterparty: gift.counterparty.clone(),
        payer_code: gift.payer_code,
        name_sealed: gift.name_sealed,
        anonymity: gift.anonymity,
        receipt: gift.receipt,
        author: gift.author,
        author_for: gift.author_for,
    };
    let new = row::Model {
        state,
        donor_id: gift.donor,
        confirmed_us: Some(now),
        late: last_moment.is_some_and(|last| gift.received_on.start() > last),
        settled_us: Some(now),
        approver_id: Some(by.id),
        approver_for_id: hand.acting_for(),
        ..arrived.row(now)
    };
    insert(tx, new).await?;
    let of = Gift {
        id: gift.id,
        book: gift.book,
        campaign: gift.purpose.campaign(),
        donor: gift.donor,
        counterparty: gift.counterparty,
        amount: gift.amount,
    };
    let entry = if gift.unclaimed {
        postings::gift_claimed(&of, &gift.reference, gift.received_on, BusinessDate::of(now))
    } else {
        postings::bank_gift_received(&of, &gift.bank_account, &gift.reference, gift.received_on)
    };
    let mut booked = None;
    for posted in ledger::post(tx, now, &[entry.by(by.id.to_string())]).await? {
        booked = Some(posted?.id());
    }
    let step = Step { donation: gift.id, from: DonationState::Created, to: state };
    history::donations(tx, now, &by.id.to_string(), &[step]).await?;
    booked.ok_or(CrowdfundingError::Conflict)
}
