//! 冀青筹: campaigns, the gifts to them, and refunds.
//!
//! Nothing here knows how money travels: the cashier (in `app`) says that a gift was paid, by whatever channel, and these
//! functions make it true in one transaction: the gift's state, its history and its entry in the books.

mod adoption;
mod bank_gift;
mod campaign;
mod campaign_view;
mod change;
mod comment;
mod decision;
mod donation;
mod donation_view;
mod error;
mod evidence;
mod gate;
mod gift_list;
mod history;
mod partner;
mod plan;
pub mod postings;
mod privacy;
mod reach;
mod refund;
mod release;
pub mod spending;
mod statement_gift;
mod suspension;
mod team;
mod update;

pub use adoption::{Adoption, adopt, adopt_to_general, adoption_entry, general_entry, order_entry};
pub use bank_gift::{
    BankGift, NO_BANK_ACCOUNT, Payer, Target, bank_gift, confirm_bank_gift, has_bank_account, reject_bank_gift,
};
pub use campaign::{
    AUTHORS, CampaignDraft, Channel, Opening, READERS, Step, clock_campaign, draft_campaign, due_campaigns,
    edit_campaign, step_campaign,
};
pub use campaign_view::{
    CampaignFilter, PublicCampaign, Search, Sorting, Standing, campaign, campaign_of, campaign_steps, campaigns,
    named_campaigns, public_campaign, public_row, search, standing, with_money,
};
pub use change::{campaign_of_change, changes, file_change, propose_change, review_change};
pub use comment::{comment, comments};
pub use decision::{Matter, decide_decision, decisions, propose_decision};
pub use donation::{
    Confirmation, NewDonation, NewTribute, Order, Paid, Placed, UnpaidLimit, choose_receipt, close, confirm_paid,
    create, donation, due_for_expiry, due_for_query, find_orders, place, queried, settle, settled_by,
};
pub use donation_view::{GiftSearch, WallPage, bank_gifts, gifts, of_donor, search_number, team_wall, wall};
pub use error::CrowdfundingError;
pub use evidence::{Access, Exhibit, exhibit, public_pictures};
pub use gate::{EXECUTED_PERCENT, EXECUTION_DAYS, FILING_DAYS, Setting, filing_due};
pub use gift_list::{
    ListGift, ListPlace, NewList, decide_list, gift_list, gift_lists, gifts_of_list, known_gifts, list_of_file,
    may_list, write_list,
};
pub use partner::{NewPartner, cooperation_of, evaluate_cooperation, partners, register_partner, sign_cooperation};
pub use plan::{PlanVersion, budget, plan_versions, planned_of};
pub use privacy::{everything_of, forget_donor};
pub use reach::{
    Hand, book_place, book_places, books_within, campaigns_within, gifts_within, purpose_name, purpose_place, reaches,
};
pub use refund::{
    NewRefund, Outcome, RefundSearch, RefundView, accepted, cover, decide, due_to_query, due_to_send, failed,
    not_accepted, propose_cover, propose_outcome, refund, refund_numbered, refund_of, refund_profile, refunds, request,
    retry, settle_outcome, succeeded,
};
pub use release::{Released, release};
pub use statement_gift::{StatementGift, statement_target, take_statement_gift};
pub use suspension::{
    Ground, complain, complaint_by_id, complaints, complaints_of, handle_complaint, lift, suspend, suspensions,
};
pub use team::{
    NewTeam, TeamSearch, TeamTotal, close_own_team, found_team, moderate_team, open_team, own_teams, team, team_name,
    team_totals, teams, teams_named, teams_of,
};
pub use update::{
    NewUpdate, disclose, messages, milestones, moderate, progress, publish_update, updates, write_update,
};

/// What a second person says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Agreed.
    Approve,
    /// Sent back, with a reason.
    Reject(String),
}

impl Decision {
    /// Whether it was agreed.
    pub fn agrees(&self) -> bool {
        matches!(self, Decision::Approve)
    }

    /// Why it was not, if that was said.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Decision::Approve => None,
            Decision::Reject(reason) => Some(reason.trim()).filter(|reason| !reason.is_empty()),
        }
    }
}

impl From<bool> for Decision {
    /// Without a word of why.
    fn from(agreed: bool) -> Decision {
        if agreed { Decision::Approve } else { Decision::Reject(String::new()) }
    }
}
