//! Refunds: asked for with a reason, decided by another person, sent, and what happens when the channel cannot
//! (facts: charity 3.2, entries 4a-4d and 5).
//!
//! One refund of a gift is under way at a time (`refund_open_key`), so that what is given back never exceeds what was paid.
//! The decision books the debt; the ledger refuses it when the campaign's money is spent already. A gift to the general fund goes back only
//! while that holds as much.

use domain::charity::Profile;
use domain::donation::{Channel, DonationEvent, DonationState, Purpose, Standing};
use domain::refund::{RefundEvent, RefundReason, RefundState, cover_authors, deciders};
use domain::role::{Member, Role};
use domain::{BookId, BusinessDate, CampaignId, DonationId, Money, RefundId, StaffId, Timestamp};
use entity::{Tx, book, campaign, charity, donation, entry, execute, refund as row, violation};
use ledger::Entry;
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Set,
};

use crate::history::{self, Step, state};
use crate::postings::{self, Gift};
use crate::reach::{Hand, gifts_within, hand_on, purpose_book};
use crate::{CrowdfundingError, Decision, gate};

/// A refund as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefund {
    /// Made by the client.
    pub id: RefundId,
    /// The gift.
    pub donation: DonationId,
    /// How much of it.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
    /// In the asker's words.
    pub note: Option<String>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum RefundView<'a> {
    /// The donor, for an own gift.
    Donor(domain::DonorId),
    /// Staff.
    Staff(&'a Member),
}

/// How a refund ends that the channel could not make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Paid from this bank account.
    PaidByBank {
        /// Our short name of it.
        bank_account: String,
    },
    /// Given up: the money stays with the campaign.
    GivenUp,
}

/// What the general fund bears of a refund.
struct Cover {
    amount: Money,
    /// The year it was booked in is closed.
    prior_year: bool,
}

/// A refund and what its recipes need.
struct Loaded {
    refund: row::Model,
    donation: donation::Model,
    gift: Gift,
    /// The year of the gift is closed.
    prior_year: bool,
    /// What the general fund bears of it.
    covered: Option<Cover>,
    /// The money of the campaign is frozen by a suspension.
    frozen: bool,
    /// How the charity separates duties.
    profile: Profile,
}

/// How the charity that received a gift separates duties: who decides on its refunds depends on it.
pub async fn refund_profile(db: &impl ConnectionTrait, id: DonationId) -> Result<Profile, CrowdfundingError> {
    let gift = donation::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchDonation)?;
    profile_of(db, purpose_book(db, gift.purpose()).await?).await
}

/// A book without a charity knows the full profile only.
async fn profile_of(db: &impl ConnectionTrait, book: BookId) -> Result<Profile, CrowdfundingError> {
    let charity = charity::Entity::find_by_id(book).one(db).await?;
    Ok(charity.map_or(Profile::Full, |charity| charity.profile))
}

async fn lock_donation(tx: &Tx, id: DonationId) -> Result<donation::Model, CrowdfundingError> {
    let row = donation::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    row.ok_or(CrowdfundingError::NoSuchDonation)
}

async fn load(tx: &Tx, id: RefundId) -> Result<Loaded, CrowdfundingError> {
    load_under(tx, id, LockType::Share).await
}

/// The same with this lock on the book: shared, whether the year of the gift is closed stays so until the entry is booked; whoever is about to
/// look at what the general fund holds takes it alone from the first, for two who share it would wait for each other.
async fn load_under(tx: &Tx, id: RefundId, lock: LockType) -> Result<Loaded, CrowdfundingError> {
    // The donation first: it is what every step of a refund locks, in one order with settling.
    let seen = row::Entity::find_by_id(id).one(tx).await?.ok_or(CrowdfundingError::NoSuchRefund)?;
    let donation = lock_donation(tx, seen.donation_id).await?;
    let refund = row::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(tx)
        .await?
        .ok_or(CrowdfundingError::NoSuchRefund)?;
    let (book, frozen, lock) = match donation.purpose() {
        Purpose::Campaign(id) => {
            let campaign = campaign::Entity::find_by_id(id).one(tx).await?.ok_or(CrowdfundingError::NoSuchCampaign)?;
            (campaign.book_id, campaign.frozen, lock)
        }
        Purpose::General(book) => (book, false, LockType::NoKeyUpdate),
    };
    let book = book::Entity::find_by_id(book).lock(lock).one(tx).await?;
    let book = book.ok_or(CrowdfundingError::NoSuchBook)?;
    let gift = Gift {
        id: donation.id,
        book: book.id,
        campaign: donation.campaign_id,
        donor: donation.donor_id,
        counterparty: donation.counterparty.clone(),
        amount: donation.amount_fen,
    };
    // The year its income stands in: money that came without a name is booked as a gift when somebody claims it.
    let booked = booked(tx, &postings::gift_reference(donation.id)).await?;
    let prior_year = booked.is_some_and(|entry| year_is_closed(&book, entry.book_date));
    let covered = booked_cover(tx, &book, &refund).await?;
    let profile = profile_of(tx, book.id).await?;
    Ok(Loaded { refund, donation, gift, prior_year, covered, frozen, profile })
}

async fn booked(tx: &Tx, reference: &str) -> Result<Option<entry::Model>, DbErr> {
    entry::Entity::find().filter(entry::Column::Reference.eq(reference)).one(tx).await
}

fn year_is_closed(book: &book::Model, day: BusinessDate) -> bool {
    let year_end = BusinessDate::new(day.year(), 12, 31);
    matches!((book.closed_through, year_end), (Some(closed), Some(end)) if closed >= end)
}

/// What the general fund bore of a refund when it was decided.
async fn booked_cover(tx: &Tx, book: &book::Model, refund: &row::Model) -> Result<Option<Cover>, DbErr> {
    if refund.cover_approver_id.is_none() {
        return Ok(None);
    }
    let entry = booked(tx, &postings::cover_reference(refund.id)).await?;
    Ok(entry.map(|entry| Cover { amount: entry.total_fen, prior_year: year_is_closed(book, entry.book_date) }))
}

/// Asks for a refund. The same id with the same content again answers the refund that stands.
pub async fn request(
    tx: &Tx,
    now: Timestamp,
    new: NewRefund,
    by: RefundView<'_>,
) -> Result<row::Model, CrowdfundingError> {
    let donation = lock_donation(tx, new.donation).await?;
    let (requested_by, requester_id, requester_for_id, actor) = match &by {
        RefundView::Donor(donor) if donation.donor_id == Some(*donor) => ("donor", None, None, "donor".to_owned()),
        RefundView::Donor(_) => return Err(CrowdfundingError::NoSuchDonation),
        RefundView::Staff(member) => {
            let roles = &[Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
            let hand = hand_on(tx, donation.purpose(), member, roles).await?;
            ("staff", Some(member.id), hand.acting_for(), member.id.to_string())
        }
    };
    if let Some(known) = row::Entity::find_by_id(new.id).one(tx).await? {
        let same = (known.donation_id, known.amount_fen, known.reason, &known.note)
            == (new.donation, new.amount, new.reason, &new.note);
        return if same { Ok(known) } else { Err(CrowdfundingError::IdReused) };
    }
    if new.note.as_deref().is_some_and(|note| note.chars().count() > 500) {
        return Err(CrowdfundingError::Invalid { field: "note", problem: "说明最多500字" });
    }
    if !new.amount.is_positive() {
        return Err(CrowdfundingError::Invalid { field: "amount", problem: "金额必须大于零" });
    }
    let under_way = matches!(
        donation.state,
        DonationState::RefundRequested | DonationState::Refunding | DonationState::RefundFailed
    );
    if under_way {
        return Err(CrowdfundingError::RefundUnderWay);
    }
    let to = donation.state.on(DonationEvent::AskRefund)?;
    let left = donation.amount_fen.checked_sub(donation.refunded_fen).unwrap_or_default();
    if new.amount > left {
        return Err(CrowdfundingError::RefundTooLarge { left });
    }
    let inserted = row::ActiveModel {
        id: Set(new.id),
        donation_id: Set(new.donation),
        amount_fen: Set(new.amount),
        reason: Set(new.reason),
        note: Set(new.note),
        state: Set(RefundState::Requested),
        attempt: Set(1),
        requested_by: Set(requested_by.to_owned()),
        requester_id: Set(requester_id),
        requester_for_id: Set(requester_for_id),
        outcome_author_for_id: Set(None),
        cover_author_for_id: Set(None),
        decider_id: Set(None),
        outcome_author_id: Set(None),
        outcome_approver_id: Set(None),
        channel_refund_id: Set(None),
        last_error: Set(None),
        created_us: Set(now),
        decided_us: Set(None),
        next_try_us: Set(now),
        finished_us: Set(None),
        cover_author_id: Set(None),
        cover_approver_id: Set(None),
        decider_for_id: Set(None),
        outcome_approver_for_id: Set(None),
        cover_approver_for_id: Set(None),
    }
    .insert(tx)
    .await;
    let inserted = match inserted {
        Ok(row) => row,
        Err(error) if violation(&error).is_some_and(|v| v.contains("refund_open_key") || v.contains("donation_id")) => {
            return Err(CrowdfundingError::RefundUnderWay);
        }
        Err(error) => return Err(error.into()),
    };
    move_donation(tx, now, &donation, to, Money::ZERO, &actor).await?;
    Ok(inserted)
}

/// Who asked for a refund, and in whose name.
fn requesters(refund: &row::Model) -> [Option<StaffId>; 2] {
    [refund.requester_id, refund.requester_for_id]
}

/// Decides a request: the head of finance, in a small foundation also the chair, and not the person who asked; whoever keeps the books does
/// not approve what they book (facts: charity 1, 6.6a). Agreeing books the debt (entry 4a or 5).
pub async fn decide(
    tx: &Tx,
    now: Timestamp,
    id: RefundId,
    decision: Decision,
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    by.must_be(deciders(Profile::Small))?;
    let loaded = load(tx, id).await?;
    let hand = hand_on(tx, loaded.donation.purpose(), by, deciders(loaded.profile)).await?;
    if hand.is_of(requesters(&loaded.refund)) {
        return Err(CrowdfundingError::OtherPerson);
    }
    match decision {
        Decision::Approve => approve(tx, now, loaded, Money::ZERO, hand).await,
        Decision::Reject(reason) => {
            if reason.trim().is_empty() {
                return Err(CrowdfundingError::Invalid { field: "reason", problem: "请填写原因" });
            }
            let to = loaded.refund.state.on(RefundEvent::Decline)?;
            let donation_to =
                loaded.donation.state.on(DonationEvent::DropRefund(standing(&loaded.donation, Money::ZERO)))?;
            let actor = by.id.to_string();
            move_donation(tx, now, &loaded.donation, donation_to, Money::ZERO, &actor).await?;
            move_refund(tx, now, loaded.refund, to, &actor, Some(&reason), |row| {
                row.decider_id = Set(Some(by.id));
                row.decider_for_id = Set(hand.acting_for());
                row.decided_us = Set(Some(now));
                row.finished_us = Set(Some(now));
            })
            .await
        }
    }
}

/// Books the debt, and before it what the general fund bears of it, and hands the refund to the job.
async fn approve(
    tx: &Tx,
    now: Timestamp,
    loaded: Loaded,
    covered: Money,
    hand: Hand,
) -> Result<row::Model, CrowdfundingError> {
    let Loaded { refund: asked, donation, gift, prior_year, frozen, .. } = loaded;
    // What a donor wishes waits until the suspension is lifted; what the law orders does not (facts: charity 3.1).
    gate::need(!frozen || asked.reason.is_by_law(), "frozen", "该项目正在核查，资金已冻结")?;
    let (id, actor, on) = (asked.id, hand.person().to_string(), BusinessDate::of(now));
    let to = asked.state.on(RefundEvent::Approve)?;
    if gift.campaign.is_none() {
        // The ledger keeps what a campaign has from going below zero; of the general fund it knows no bound, so the book is locked and looked at.
        let available = ledger::lock_general_fund(tx, gift.book).await?;
        if available < asked.amount_fen {
            return Err(CrowdfundingError::GeneralFundShort { available });
        }
    }
    let mut entries = Vec::with_capacity(2);
    if covered.is_positive() {
        entries.push(postings::refund_covered(&gift, id, covered, prior_year, on).by(&actor));
    }
    entries.push(postings::refund_decided(&gift, id, asked.amount_fen, prior_year, on).by(&actor));
    for booked in ledger::post(tx, now, &entries).await? {
        booked?;
    }
    let donation_to = donation.state.on(DonationEvent::DecideRefund)?;
    move_donation(tx, now, &donation, donation_to, Money::ZERO, &actor).await?;
    let approved = move_refund(tx, now, asked, to, &actor, None, |row| {
        row.decider_id = Set(Some(hand.person()));
        row.decider_for_id = Set(hand.acting_for());
        row.decided_us = Set(Some(now));
        row.next_try_us = Set(now);
        if covered.is_positive() {
            row.cover_approver_id = Set(Some(hand.person()));
            row.cover_approver_for_id = Set(hand.acting_for());
        }
    })
    .await?;
    if donation.channel != Channel::Bank {
        return Ok(approved);
    }
    // No channel can give a bank gift back: two persons pay it from the bank account.
    failed(tx, now, id, approved.attempt, "银行捐赠须通过银行退回").await?;
    refund(tx, id).await
}

/// Proposes that the general fund bears what the campaign has spent of a gift that must be given back (entry 4e): the head of
/// finance, in a small foundation also the project manager, who did not ask for the refund.
pub async fn propose_cover(tx: &Tx, id: RefundId, by: &Member) -> Result<row::Model, CrowdfundingError> {
    by.must_be(cover_authors(Profile::Small))?;
    let loaded = load(tx, id).await?;
    let hand = hand_on(tx, loaded.donation.purpose(), by, cover_authors(loaded.profile)).await?;
    loaded.refund.state.on(RefundEvent::Approve)?;
    if hand.is_of(requesters(&loaded.refund)) {
        return Err(CrowdfundingError::OtherPerson);
    }
    // What was given to the general fund comes out of it as it is.
    let campaign = loaded.gift.campaign.ok_or(CrowdfundingError::CoverNotNeeded)?;
    let fund = ledger::fund(tx, loaded.gift.book, campaign).await?;
    if fund.available() >= loaded.refund.amount_fen {
        return Err(CrowdfundingError::CoverNotNeeded);
    }
    let mut row: row::ActiveModel = loaded.refund.into();
    row.cover_author_id = Set(Some(by.id));
    row.cover_author_for_id = Set(hand.acting_for());
    Ok(row.update(tx).await?)
}

/// Decides a refund with what the general fund bears of it: the chair, who neither asked for it nor proposed this. Only what the
/// campaign lacks is borne; refused if the general fund lacks it, too. The book is locked against every other entry meanwhile.
pub async fn cover(tx: &Tx, now: Timestamp, id: RefundId, by: &Member) -> Result<row::Model, CrowdfundingError> {
    let roles = &[Role::Chair];
    by.must_be(roles)?;
    let loaded = load_under(tx, id, LockType::NoKeyUpdate).await?;
    let hand = hand_on(tx, loaded.donation.purpose(), by, roles).await?;
    loaded.refund.state.on(RefundEvent::Approve)?;
    let author = loaded.refund.cover_author_id;
    let had_part = [author, loaded.refund.cover_author_for_id].into_iter().chain(requesters(&loaded.refund));
    if author.is_none() || hand.is_of(had_part) {
        return Err(CrowdfundingError::OtherPerson);
    }
    let campaign = loaded.gift.campaign.ok_or(CrowdfundingError::CoverNotNeeded)?;
    let general = ledger::lock_general_fund(tx, loaded.gift.book).await?;
    let fund = ledger::fund(tx, loaded.gift.book, campaign).await?;
    let lacking = loaded.refund.amount_fen.checked_sub(fund.available()).unwrap_or_default();
    if !lacking.is_positive() {
        return Err(CrowdfundingError::CoverNotNeeded);
    }
    if general < lacking {
        return Err(CrowdfundingError::GeneralFundShort { available: general });
    }
    approve(tx, now, loaded, lacking, hand).await
}

/// The channel has accepted the refund. It may have said more already: then this changes nothing.
pub async fn accepted(
    tx: &Tx,
    now: Timestamp,
    id: RefundId,
    attempt: i64,
    channel_refund_id: &str,
    ask_again: Timestamp,
) -> Result<(), CrowdfundingError> {
    let loaded = load(tx, id).await?;
    if loaded.refund.attempt != attempt {
        return Ok(());
    }
    let Ok(to) = loaded.refund.state.on(RefundEvent::Accepted) else {
        if loaded.refund.state == RefundState::Processing {
            let values = [ask_again.into(), id.into()];
            execute(tx, "UPDATE refund SET next_try_us = $1 WHERE id = $2", values).await?;
        }
        return Ok(());
    };
    move_refund(tx, now, loaded.refund, to, "system", None, |row| {
        row.channel_refund_id = Set(Some(channel_refund_id.to_owned()));
        row.last_error = Set(None);
        row.next_try_us = Set(ask_again);
    })
    .await?;
    Ok(())
}

/// The channel did not accept it for now (no balance, no answer): the same number is sent again at the time named.
pub async fn not_accepted(tx: &Tx, id: RefundId, why: &str, again: Timestamp) -> Result<(), CrowdfundingError> {
    let sql =
        "UPDATE refund SET last_error = $1, next_try_us = $2 WHERE id = $3 AND state IN ('approved', 'processing')";
    execute(tx, sql, [why.into(), again.into(), id.into()]).await?;
    Ok(())
}

/// The channel has given the money back (entry 4b). Saying it again changes nothing. `attempt` is the one the message speaks of: an earlier one
/// that was abnormal may have been mended at the channel's own site after it was tried again, and then the money is back all the same.
pub async fn succeeded(
    tx: &Tx,
    now: Timestamp,
    id: RefundId,
    attempt: i64,
    at: Timestamp,
) -> Result<bool, CrowdfundingError> {
    let loaded = load(tx, id).await?;
    if loaded.refund.state == RefundState::Succeeded {
        return Ok(false);
    }
    if attempt > loaded.refund.attempt {
        return Err(CrowdfundingError::Conflict);
    }
    let to = loaded.refund.state.on(RefundEvent::Success)?;
    let number = id.out_refund_no(i32::try_from(attempt).unwrap_or(i32::MAX));
    let entry = postings::refund_sent(&loaded.gift, (id, number), loaded.refund.amount_fen, BusinessDate::of(at));
    book_entry(tx, now, entry).await?;
    let amount = loaded.refund.amount_fen;
    let donation_to = loaded.donation.state.on(DonationEvent::RefundArrived(standing(&loaded.donation, amount)))?;
    move_donation(tx, now, &loaded.donation, donation_to, amount, "system").await?;
    move_refund(tx, now, loaded.refund, to, "system", None, |row| {
        row.finished_us = Set(Some(now));
        row.last_error = Set(None);
    })
    .await?;
    Ok(true)
}

/// The channel has closed it or found the payer's account unusable (entry 4d): the debt stands and a person decides.
pub async fn failed(tx: &Tx, now: Timestamp, id: RefundId, attempt: i64, why: &str) -> Result<bool, CrowdfundingError> {
    let loaded = load(tx, id).await?;
    if loaded.refund.attempt != attempt {
        return Ok(false);
    }
    // Told again, or overtaken by what came after.
    let Ok(to) = loaded.refund.state.on(RefundEvent::Failure) else { return Ok(false) };
    let donation_to = loaded.donation.state.on(DonationEvent::RefundFail)?;
    move_donation(tx, now, &loaded.donation, donation_to, Money::ZERO, "system").await?;
    move_refund(tx, now, loaded.refund, to, "system", Some(why), |row| row.last_error = Set(Some(why.to_owned())))
        .await?;
    Ok(true)
}

/// Sends a failed refund again, under a new number.
pub async fn retry(tx: &Tx, now: Timestamp, id: RefundId, by: &Member) -> Result<row::Model, CrowdfundingError> {
    let roles = &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
    by.must_be(roles)?;
    let loaded = load(tx, id).await?;
    hand_on(tx, loaded.donation.purpose(), by, roles).await?;
    let to = loaded.refund.state.on(RefundEvent::Retry)?;
    let actor = by.id.to_string();
    let donation_to = loaded.donation.state.on(DonationEvent::RetryRefund)?;
    move_donation(tx, now, &loaded.donation, donation_to, Money::ZERO, &actor).await?;
    let attempt = loaded.refund.attempt + 1;
    move_refund(tx, now, loaded.refund, to, &actor, None, |row| {
        row.attempt = Set(attempt);
        row.channel_refund_id = Set(None);
        row.outcome_author_id = Set(None);
        row.outcome_author_for_id = Set(None);
        row.next_try_us = Set(now);
    })
    .await
}

/// Proposes how a failed refund ends: the first of two persons.
pub async fn propose_outcome(tx: &Tx, id: RefundId, by: &Member) -> Result<row::Model, CrowdfundingError> {
    let roles = &[Role::Cashier, Role::Bookkeeper];
    by.must_be(roles)?;
    let loaded = load(tx, id).await?;
    let hand = hand_on(tx, loaded.donation.purpose(), by, roles).await?;
    loaded.refund.state.on(RefundEvent::GiveUp)?;
    let mut row: row::ActiveModel = loaded.refund.into();
    row.outcome_author_id = Set(Some(by.id));
    row.outcome_author_for_id = Set(hand.acting_for());
    Ok(row.update(tx).await?)
}

/// Ends a failed refund by bank or by giving it up: the second person, a head of finance, in a small foundation also the chair.
pub async fn settle_outcome(
    tx: &Tx,
    now: Timestamp,
    id: RefundId,
    outcome: Outcome,
    by: &Member,
) -> Result<row::Model, CrowdfundingError> {
    by.must_be(deciders(Profile::Small))?;
    let loaded = load(tx, id).await?;
    let hand = hand_on(tx, loaded.donation.purpose(), by, deciders(loaded.profile)).await?;
    let (event, amount) = match &outcome {
        Outcome::PaidByBank { .. } => (RefundEvent::PayByBank, loaded.refund.amount_fen),
        Outcome::GivenUp => (RefundEvent::GiveUp, Money::ZERO),
    };
    let to = loaded.refund.state.on(event)?;
    let author = loaded.refund.outcome_author_id;
    if author.is_none() || hand.is_of([author, loaded.refund.outcome_author_for_id]) {
        return Err(CrowdfundingError::OtherPerson);
    }
    let (actor, on) = (by.id.to_string(), BusinessDate::of(now));
    let standing = standing(&loaded.donation, amount);
    let (gift, prior_year) = (&loaded.gift, loaded.prior_year);
    let (entries, event) = match outcome {
        Outcome::PaidByBank { bank_account } => (
            vec![postings::refund_paid_by_bank(gift, id, loaded.refund.amount_fen, &bank_account, on)],
            DonationEvent::RefundArrived(standing),
        ),
        Outcome::GivenUp => {
            let mut entries = vec![postings::refund_given_up(gift, id, loaded.refund.amount_fen, prior_year, on)];
            // The campaign has its money again, and the general fund what it bore.
            entries.extend(loaded.covered.as_ref().map(|cover| {
                postings::refund_cover_returned(gift, id, cover.amount, (prior_year, cover.prior_year), on)
            }));
            (entries, DonationEvent::DropRefund(standing))
        }
    };
    for entry in entries {
        book_entry(tx, now, entry.by(&actor)).await?;
    }
    let donation_to = loaded.donation.state.on(event)?;
    move_donation(tx, now, &loaded.donation, donation_to, amount, &actor).await?;
    move_refund(tx, now, loaded.refund, to, &actor, None, |row| {
        row.outcome_approver_id = Set(Some(by.id));
        row.outcome_approver_for_id = Set(hand.acting_for());
        row.finished_us = Set(Some(now));
    })
    .await
}

/// Refunds that are decided and due to be sent, oldest first.
pub async fn due_to_send(db: &impl ConnectionTrait, now: Timestamp, limit: u64) -> Result<Vec<row::Model>, DbErr> {
    due(db, RefundState::Approved, now, limit).await
}

/// Refunds the channel is working on that are due to be asked for.
pub async fn due_to_query(db: &impl ConnectionTrait, now: Timestamp, limit: u64) -> Result<Vec<row::Model>, DbErr> {
    due(db, RefundState::Processing, now, limit).await
}

async fn due(
    db: &impl ConnectionTrait,
    state: RefundState,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<row::Model>, DbErr> {
    row::Entity::find()
        .filter(row::Column::State.eq(state))
        .filter(row::Column::NextTryUs.lte(now))
        .order_by_asc(row::Column::NextTryUs)
        .limit(limit)
        .all(db)
        .await
}

/// A refund by id.
pub async fn refund(db: &impl ConnectionTrait, id: RefundId) -> Result<row::Model, CrowdfundingError> {
    row::Entity::find_by_id(id).one(db).await?.ok_or(CrowdfundingError::NoSuchRefund)
}

/// The refund that the channel knows under a number of its own.
pub async fn refund_numbered(db: &impl ConnectionTrait, channel_refund_id: &str) -> Result<Option<row::Model>, DbErr> {
    row::Entity::find().filter(row::Column::ChannelRefundId.eq(channel_refund_id)).one(db).await
}

/// The refunds of a gift, oldest first.
pub async fn refund_of(db: &impl ConnectionTrait, donation: DonationId) -> Result<Vec<row::Model>, DbErr> {
    row::Entity::find().filter(row::Column::DonationId.eq(donation)).order_by_asc(row::Column::CreatedUs).all(db).await
}

/// Which refunds are wanted; nothing narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefundSearch {
    /// In one of these states.
    pub states: Vec<RefundState>,
    /// Of gifts to a campaign or its leaves.
    pub campaign: Option<CampaignId>,
    /// Of gifts to the general fund of a charity.
    pub general: bool,
}

/// A page of refunds, newest first, of one state or all.
pub async fn refunds(
    db: &impl ConnectionTrait,
    (by, roles): (&Member, &[Role]),
    wanted: &RefundSearch,
    after: Option<RefundId>,
    limit: u64,
) -> Result<Vec<row::Model>, CrowdfundingError> {
    by.must_be(roles)?;
    let mut query = row::Entity::find();
    if let Some(gifts) = gifts_within(by, roles) {
        query = query.filter(row::Column::DonationId.in_subquery(gifts));
    }
    if !wanted.states.is_empty() {
        query = query.filter(row::Column::State.is_in(wanted.states.iter().copied()));
    }
    if let Some(campaign) = wanted.campaign {
        let leaves = campaign::Entity::find().select_only().column(campaign::Column::Id).filter(
            Condition::any().add(campaign::Column::Id.eq(campaign)).add(campaign::Column::ParentId.eq(campaign)),
        );
        let gifts = donation::Entity::find()
            .select_only()
            .column(donation::Column::Id)
            .filter(donation::Column::CampaignId.in_subquery(leaves.into_query()));
        query = query.filter(row::Column::DonationId.in_subquery(gifts.into_query()));
    }
    if wanted.general {
        let gifts = donation::Entity::find().select_only().column(donation::Column::Id);
        let general = gifts.filter(donation::Column::BookId.is_not_null()).into_query();
        query = query.filter(row::Column::DonationId.in_subquery(general));
    }
    if let Some(after) = after {
        let last = refund(db, after).await?;
        query =
            query.filter(Condition::any().add(row::Column::CreatedUs.lt(last.created_us)).add(
                Condition::all().add(row::Column::CreatedUs.eq(last.created_us)).add(row::Column::Id.lt(last.id)),
            ));
    }
    Ok(query.order_by_desc(row::Column::CreatedUs).order_by_desc(row::Column::Id).limit(limit).all(db).await?)
}

/// Where a gift stands once so much more has been given back.
fn standing(donation: &donation::Model, more: Money) -> Standing {
    let refunded = donation.refunded_fen.checked_add(more).unwrap_or(Money::MAX);
    if refunded >= donation.amount_fen {
        Standing::Refunded
    } else if refunded.is_positive() {
        Standing::PartlyRefunded
    } else if donation.settled_us.is_some() && donation.transaction_id.is_some() {
        Standing::Settled
    } else {
        Standing::Paid
    }
}

async fn book_entry(tx: &Tx, now: Timestamp, entry: Entry) -> Result<(), CrowdfundingError> {
    for booked in ledger::post(tx, now, &[entry]).await? {
        booked?;
    }
    Ok(())
}

async fn move_donation(
    tx: &Tx,
    now: Timestamp,
    donation: &donation::Model,
    to: DonationState,
    refunded: Money,
    actor: &str,
) -> Result<(), CrowdfundingError> {
    let sql = "UPDATE donation SET state = $1, refunded_fen = refunded_fen + $2 WHERE id = $3 AND state = $4";
    let values = [state(to).into(), refunded.into(), donation.id.into(), state(donation.state).into()];
    if execute(tx, sql, values).await? != 1 {
        return Err(CrowdfundingError::Conflict);
    }
    history::donations(tx, now, actor, &[Step { donation: donation.id, from: donation.state, to }]).await?;
    Ok(())
}

async fn move_refund(
    tx: &Tx,
    now: Timestamp,
    refund: row::Model,
    to: RefundState,
    actor: &str,
    reason: Option<&str>,
    change: impl FnOnce(&mut row::ActiveModel),
) -> Result<row::Model, CrowdfundingError> {
    let (id, from) = (refund.id, refund.state);
    let mut active: row::ActiveModel = refund.into();
    active.state = Set(to);
    change(&mut active);
    let row = active.update(tx).await?;
    history::refund(tx, now, actor, id, from, to, reason).await?;
    Ok(row)
}
