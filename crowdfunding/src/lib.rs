//! 冀青筹: campaigns, the gifts to them, and refunds.
//!
//! Nothing here knows how money travels: the cashier (in `app`) says that a gift was paid, by whatever channel, and these
//! functions make it true in one transaction: the gift's state, its history and its entry in the books.

mod campaign;
mod donation;
mod error;
mod history;
pub mod postings;
mod refund;

pub use campaign::{CampaignDraft, Campaigns, Decision, PublicCampaign};
pub use donation::{
    BankGift, Confirmation, NewDonation, Order, Paid, Placed, UnpaidLimit, WallPage, bank_gift, close,
    confirm_bank_gift, confirm_paid, create, donation, due_for_expiry, due_for_query, find_orders, of_donor, place,
    queried, reject_bank_gift, search_number, wall,
};
pub use error::CrowdfundingError;
pub use refund::{
    NewRefund, Outcome, RefundView, accepted, decide, due_to_query, due_to_send, failed, not_accepted, propose_outcome,
    refund, refund_of, refunds, request, retry, settle_outcome, succeeded,
};
