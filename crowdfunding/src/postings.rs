//! The recipes of gifts and refunds, one function a business event (facts: charity 6.2).

use domain::{BookId, BusinessDate, CampaignDecisionId, CampaignId, DonationId, DonorId, Money, RefundId};
use ledger::{Account, Entry, Raised, Subject};

/// Who gave what and for what: what the recipes need of a gift. 410102 [campaign] below reads 410101 for a gift to the general fund, and 320102
/// reads 320101; its mark then counts for no campaign, but for all that was given (facts: charity 6.5 (5)).
#[derive(Clone, Debug)]
pub struct Gift {
    /// The gift.
    pub id: DonationId,
    /// The books of the charity that receives it.
    pub book: BookId,
    /// What it is for; none for the general fund of the book.
    pub campaign: Option<CampaignId>,
    /// Who gave it.
    pub donor: Option<DonorId>,
    /// The organisation that gave it, for a bank gift.
    pub counterparty: Option<String>,
    /// Always gross.
    pub amount: Money,
}

/// The reference of the entry by which a gift stands in the books, whatever way it came.
pub(crate) fn gift_reference(id: DonationId) -> String {
    format!("donation:{id}")
}

/// Where a gift came in: this year's income.
fn income(gift: &Gift) -> Account {
    match gift.campaign {
        Some(campaign) => Account::of_campaign(gift.book, Subject::DONATION_RESTRICTED, campaign),
        None => Account::new(gift.book, Subject::DONATION_UNRESTRICTED),
    }
}

/// Where it is changed afterwards: a year whose books are closed takes no income, nor gives it back.
fn changed(gift: &Gift, prior_year: bool) -> Account {
    match gift.campaign {
        _ if !prior_year => income(gift),
        Some(campaign) => Account::of_campaign(gift.book, Subject::PRIOR_YEAR_RESTRICTED, campaign),
        None => Account::new(gift.book, Subject::PRIOR_YEAR_UNRESTRICTED),
    }
}

fn owed(book: BookId) -> Account {
    Account::payable(book, "refund")
}

/// Entry 1: a gift was paid through WeChat.
///
/// | account                              | debit  | credit | raised |
/// | ------------------------------------ | ------ | ------ | ------ |
/// | 1009 微信余额                        | amount |        |        |
/// | 410102 捐赠收入—限定性, campaign     |        | amount | cash   |
pub fn gift_received(gift: &Gift, transaction: &str, paid_on: BusinessDate) -> Entry {
    Entry::new(gift.book, "donation", gift_reference(gift.id), paid_on)
        .raising(Account::wechat_balance(gift.book), income(gift), gift.amount, Raised::Cash)
        .donor(gift.donor)
        .channel("wechat")
        .document(Some(transaction.to_owned()))
}

/// Entry 6d, by decision: money that stood in suspense is a gift, to the campaign of its order or to the general fund.
///
/// | account                              | debit  | credit | raised |
/// | ------------------------------------ | ------ | ------ | ------ |
/// | 2209 待查款                          | amount |        |        |
/// | 410102 捐赠收入—限定性, campaign     |        | amount | cash   |
pub fn gift_adopted(gift: &Gift, transaction: &str, on: BusinessDate) -> Entry {
    Entry::new(gift.book, "donation", gift_reference(gift.id), on)
        .raising(Account::payable(gift.book, "suspense"), income(gift), gift.amount, Raised::Cash)
        .donor(gift.donor)
        .channel("wechat")
        .document(Some(transaction.to_owned()))
}

/// Entry 4e: the general fund bears what a campaign has spent of a gift that must be given back.
///
/// | account                                                         | debit  | credit | raised |
/// | --------------------------------------------------------------- | ------ | ------ | ------ |
/// | 410101 捐赠收入—非限定性                                        | amount |        |        |
/// | 410102 捐赠收入—限定性, or 320102 for an earlier year; campaign |        | amount | none   |
pub fn refund_covered(gift: &Gift, refund: RefundId, amount: Money, prior_year: bool, on: BusinessDate) -> Entry {
    Entry::new(gift.book, "refund_covered", cover_reference(refund), on).posting(
        Account::new(gift.book, Subject::DONATION_UNRESTRICTED),
        changed(gift, prior_year),
        amount,
    )
}

/// The reference of what the general fund bears of a refund.
pub(crate) fn cover_reference(refund: RefundId) -> String {
    format!("refund_covered:{refund}")
}

/// The mirror of entry 4e: a refund that the general fund bore is given up, and the campaign has its money again. The years that may be closed:
/// that of the gift, that in which the general fund bore it.
///
/// | account                                                         | debit  | credit | raised |
/// | --------------------------------------------------------------- | ------ | ------ | ------ |
/// | 410102 捐赠收入—限定性, or 320102 for an earlier year; campaign | amount |        | none   |
/// | 410101 捐赠收入—非限定性, or 320101 for an earlier year         |        | amount |        |
pub fn refund_cover_returned(
    gift: &Gift,
    refund: RefundId,
    amount: Money,
    (gift_closed, cover_closed): (bool, bool),
    on: BusinessDate,
) -> Entry {
    let general = if cover_closed { Subject::PRIOR_YEAR_UNRESTRICTED } else { Subject::DONATION_UNRESTRICTED };
    Entry::new(gift.book, "refund_cover_returned", format!("refund_cover_returned:{refund}"), on).posting(
        changed(gift, gift_closed),
        Account::new(gift.book, general),
        amount,
    )
}

/// Entry 6a: a gift reached the bank account and is known by its reference.
///
/// | account                              | debit  | credit | raised |
/// | ------------------------------------ | ------ | ------ | ------ |
/// | 1002 银行存款, bank account          | amount |        |        |
/// | 410102 捐赠收入—限定性, campaign     |        | amount | cash   |
pub fn bank_gift_received(gift: &Gift, bank_account: &str, reference: &str, received_on: BusinessDate) -> Entry {
    Entry::new(gift.book, "donation", gift_reference(gift.id), received_on)
        .raising(Account::bank(gift.book, bank_account), income(gift), gift.amount, Raised::Cash)
        .donor(gift.donor)
        .channel("bank")
        .counterparty(gift.counterparty.clone())
        .document(Some(reference.to_owned()))
}

/// Entry 6c: money of nobody turned out to be a gift, by decision of two persons. Booked on the day it was found out; the day it
/// arrived is noted.
///
/// | account                              | debit  | credit | raised |
/// | ------------------------------------ | ------ | ------ | ------ |
/// | 2209 待认领                          | amount |        |        |
/// | 410102 捐赠收入—限定性, campaign     |        | amount | cash   |
pub fn gift_claimed(gift: &Gift, reference: &str, received_on: BusinessDate, on: BusinessDate) -> Entry {
    Entry::new(gift.book, "donation", gift_reference(gift.id), on)
        .raising(Account::payable(gift.book, "unidentified"), income(gift), gift.amount, Raised::Cash)
        .donor(gift.donor)
        .channel("bank")
        .counterparty(gift.counterparty.clone())
        .document(Some(reference.to_owned()))
        .memo(format!("{received_on}到账"))
}

/// Entry 7: a gift in cash, counted by two persons.
///
/// | account                              | debit  | credit | raised |
/// | ------------------------------------ | ------ | ------ | ------ |
/// | 1001 库存现金                        | amount |        |        |
/// | 410102 捐赠收入—限定性, campaign     |        | amount | cash   |
pub fn cash_gift_received(gift: &Gift, reference: &str, received_on: BusinessDate) -> Entry {
    Entry::new(gift.book, "donation", gift_reference(gift.id), received_on)
        .raising(Account::cash(gift.book), income(gift), gift.amount, Raised::Cash)
        .donor(gift.donor)
        .channel("cash")
        .counterparty(gift.counterparty.clone())
        .document(Some(reference.to_owned()))
}

/// Entry 1 of a designated platform: it has received a gift for us, as its list says, and holds it until it settles.
///
/// | account                              | debit  | credit | raised |
/// | ------------------------------------ | ------ | ------ | ------ |
/// | 1009 其他货币资金, platform          | amount |        |        |
/// | 410102 捐赠收入—限定性, campaign     |        | amount | cash   |
pub fn platform_gift_received(gift: &Gift, platform: &str, reference: &str, paid_on: BusinessDate) -> Entry {
    Entry::new(gift.book, "donation", gift_reference(gift.id), paid_on)
        .raising(Account::platform(gift.book, platform), income(gift), gift.amount, Raised::Cash)
        .donor(gift.donor)
        .channel("platform")
        .counterparty(gift.counterparty.clone())
        .document(Some(reference.to_owned()))
}

/// Entries 4a and 5: a refund is decided. It counts for the public total from now on. A gift of a year whose books are closed
/// goes back through the prior-year account instead of this year's income.
///
/// | account                                                         | debit  | credit | raised |
/// | --------------------------------------------------------------- | ------ | ------ | ------ |
/// | 410102 捐赠收入—限定性, or 320102 以前年度净资产调整; campaign  | amount |        | cash   |
/// | 2209 待退捐款                                                   |        | amount |        |
pub fn refund_decided(gift: &Gift, refund: RefundId, amount: Money, prior_year: bool, on: BusinessDate) -> Entry {
    Entry::new(gift.book, "refund_decided", format!("refund:{refund}"), on)
        .raising(changed(gift, prior_year), owed(gift.book), amount, Raised::Cash)
        .donor(gift.donor)
}

/// Entry 4b: the channel says that the money is back with the donor, under this number of ours.
///
/// | account          | debit  | credit |
/// | ---------------- | ------ | ------ |
/// | 2209 待退捐款    | amount |        |
/// | 1009 微信余额    |        | amount |
pub fn refund_sent(gift: &Gift, (refund, number): (RefundId, String), amount: Money, on: BusinessDate) -> Entry {
    Entry::new(gift.book, "refund_sent", format!("refund_sent:{refund}"), on)
        .posting(owed(gift.book), Account::wechat_balance(gift.book), amount)
        .donor(gift.donor)
        .channel("wechat")
        .document(Some(number))
}

/// Entry 4b by bank: a refund the channel could not make, or of a bank gift. Never more than the bank account holds.
///
/// | account          | debit  | credit |
/// | ---------------- | ------ | ------ |
/// | 2209 待退捐款    | amount |        |
/// | 1002 银行存款    |        | amount |
pub fn refund_paid_by_bank(
    gift: &Gift,
    refund: RefundId,
    amount: Money,
    bank_account: &str,
    on: BusinessDate,
) -> Entry {
    Entry::new(gift.book, "refund_sent", format!("refund_sent:{refund}"), on)
        .posting(owed(gift.book), Account::bank(gift.book, bank_account), amount)
        .within(Account::bank(gift.book, bank_account))
        .donor(gift.donor)
        .channel("bank")
}

/// Entry 4d, given up: the money stays with the campaign, or the general fund, and counts again.
///
/// | account                                                      | debit  | credit | raised |
/// | ------------------------------------------------------------ | ------ | ------ | ------ |
/// | 2209 待退捐款                                                | amount |        |        |
/// | 410102 捐赠收入—限定性, or 320102 for an earlier year; campaign |     | amount | cash   |
pub fn refund_given_up(gift: &Gift, refund: RefundId, amount: Money, prior_year: bool, on: BusinessDate) -> Entry {
    Entry::new(gift.book, "refund_given_up", format!("refund_given_up:{refund}"), on)
        .raising(owed(gift.book), changed(gift, prior_year), amount, Raised::Cash)
        .donor(gift.donor)
}

/// Entry 20: what is left of a campaign is moved to another, by a decision and with a publication. Never more than is there.
///
/// | account                                     | debit  | credit |
/// | ------------------------------------------- | ------ | ------ |
/// | 3102 限定性净资产, the campaign it is left of | amount |        |
/// | 3102 限定性净资产, the campaign it goes to   |        | amount |
pub fn leftover_moved(
    book: BookId,
    decision: CampaignDecisionId,
    (from, to): (CampaignId, CampaignId),
    amount: Money,
    on: BusinessDate,
) -> Entry {
    let of = |campaign| Account::of_campaign(book, Subject::RESTRICTED_NET_ASSETS, campaign);
    Entry::new(book, "leftover", format!("leftover:{decision}"), on).posting(of(from), of(to), amount)
}
