//! Spending (facts: charity 3.5, 6.6a): who is paid, the papers that ask for it and their approvals, the payouts and the files they
//! travel in, and what comes back.
//!
//! That nobody approves, pays or confirms their own is kept by the database (`migration/sql/0005_spending.*`), which compares natural
//! persons, and asks whoever approves for the role of the step, held for these books (`0048_reach.*`); what is checked here says it in better
//! words. Locks are taken in this order: campaign (shared), disbursements, payouts, payees (shared), budget lines, then the ledger's. A paper of five thousand
//! payouts takes as many statements as one of one.

mod advance;
mod disbursement;
mod due;
mod erasure;
mod error;
mod file;
mod line;
mod payee;
mod payout;
pub mod postings;
mod public;
mod results;
mod review;
mod room;
mod settlement;

pub use advance::Compared;
pub use disbursement::{
    NewDisbursement, NewPayout, PaperSearch, approve, cancel, disbursement, disbursements, draft, edit, history,
    mark_notice, may_document, payouts_of, purpose_problem, reject, relations_in_clear, seal_relations, submit,
    waiting,
};
pub use due::{Due, due};
pub use erasure::{Kept, VOUCHER_YEARS, forget_payee, kept};
pub use error::SpendingError;
pub use file::{NewFile, file, file_of, files, payouts_in, schedule, send, withdraw};
pub use line::charge_line;
pub use payee::{
    DECLARERS, NewPayee, SealedAccount, change_account, confirm_account, declare_related, declared_in_clear,
    forgotten_accounts, names_with_accounts, payee, payees, payees_of, recent_payees, register, same_account,
    seal_words, to_declare,
};
pub use payout::{PayoutSearch, cancel_payout, payout, payouts, recovered, retry};
pub use public::{
    Before, ChildrenCell, LinePaid, PublicPayout, children, counties, known_payees, lines_paid, names_before, of_list,
    paid_before, public_payouts, same_before,
};
pub use results::{Outcome, Verdict, results};
pub use review::{SmallReview, small_reviews};
pub use room::{Room, room, stands};
pub use settlement::{
    NewSettlement, SettlementKind, decide, may_document_settlement, propose, settlement, settlement_object, settlements,
};

use domain::role::Role;

/// Who may read papers that spend money (facts: charity 5).
pub const READERS: [Role; 7] = [
    Role::Organiser,
    Role::ProjectManager,
    Role::FinanceHead,
    Role::Chair,
    Role::Cashier,
    Role::Bookkeeper,
    Role::Auditor,
];

/// Who writes them.
pub const AUTHORS: [Role; 2] = [Role::Organiser, Role::ProjectManager];
