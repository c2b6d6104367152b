//! What can be refused about spending.

use domain::disbursement::{DisbursementEvent, DisbursementState, PayoutEvent, PayoutState};
use domain::role::Forbidden;
use domain::{BusinessDate, Money, Refused};
use entity::violation;
use sea_orm::DbErr;

use super::public::Before;

/// Why something about spending was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SpendingError {
    /// There is no such campaign.
    #[error("no such campaign")]
    NoSuchCampaign,
    /// The campaign has no such budget line.
    #[error("no such budget line")]
    NoSuchLine,
    /// There is no such disbursement, or the asker may not know of it.
    #[error("no such disbursement")]
    NoSuchDisbursement,
    /// There is no such payout, or the asker may not know of it.
    #[error("no such payout")]
    NoSuchPayout,
    /// There is no such payee, or the asker may not know of it.
    #[error("no such payee")]
    NoSuchPayee,
    /// There is no such payment file, or the asker may not know of it.
    #[error("no such payment file")]
    NoSuchFile,
    /// There is no such settlement, or the asker may not know of it.
    #[error("no such settlement")]
    NoSuchSettlement,
    /// There is no such gift, or the asker may not know of it.
    #[error("no such donation")]
    NoSuchDonation,
    /// There is no such finding.
    #[error("no such finding")]
    NoSuchHit,
    /// The book is no charity's.
    #[error("the book belongs to no charity")]
    NoCharity,
    /// The id stands for something else already.
    #[error("this id was used with other content")]
    IdReused,
    /// The same list was handed in before.
    #[error("this list was handed in already")]
    ListReused,
    /// A field that is not acceptable; the sentence is for the person who filled it in, in Chinese.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The asker lacks the role, or lacks it there.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Nobody approves, pays or confirms their own, and nobody does two of these.
    #[error("another person has to do this step")]
    OtherPerson,
    /// A payee or beneficiary is close to whoever decides, or was declared so (慈善法 Art. 40, 59).
    #[error("a payee or beneficiary is a related party")]
    Related,
    /// It is a child's data, which those responsible for it read, and whoever they allowed.
    #[error("the data of children is read by those responsible for it")]
    Child,
    /// There is no such request to read a child's data, or the asker may not know of it.
    #[error("no such request to read a child's data")]
    NoSuchAccess,
    /// A request of the same person for the same child waits for an answer.
    #[error("a request to read this child's data waits already")]
    AccessAsked,
    /// There is no such wish to be erased, or the asker may not know of it.
    #[error("no such wish to be erased")]
    NoSuchErasure,
    /// A wish of the same payee waits for an answer, or was followed.
    #[error("a wish to erase this payee stands already")]
    ErasureAsked,
    /// Money of the payee is under way: they are erased afterwards.
    #[error("money of the payee is under way")]
    PayeeUnderWay,
    /// The payee's data is kept for the vouchers alone, or gone (个人信息保护法 47).
    #[error("the data of the payee is kept for the vouchers alone, or gone")]
    PayeeRestricted,
    /// Nothing is attached that proves it.
    #[error("a document has to be attached")]
    NoDocument,
    /// The campaign is in no state to spend.
    #[error("the campaign cannot spend now")]
    NotSpendable,
    /// A parent campaign holds no money of its own; its leaves do.
    #[error("a parent campaign holds no money")]
    ParentCampaign,
    /// An advance goes to nobody but an executing partner with whom the campaign has an agreement (facts: charity 2.1 Art. 26, 6.2 entry 13).
    #[error("an advance needs a partner with an agreement")]
    NoPartner,
    /// The campaign's money is frozen.
    #[error("the money of the campaign is frozen")]
    Frozen,
    /// The budget line has less left.
    #[error("only {left} is left of the budget line")]
    LineShort {
        /// What is left.
        left: Money,
    },
    /// A payee has no account.
    #[error("a payee has no bank account")]
    NoAccount,
    /// The account changed lately: another person confirms it, or the quiet days pass.
    #[error("the account of a payee changed lately")]
    AccountQuiet {
        /// The first day it may be used without a confirmation.
        from: BusinessDate,
    },
    /// Another paper of the campaign pays the same person as much for the same purpose, and nobody said why this is no second one.
    #[error("another paper of the campaign asks for the same payment")]
    Repeated(Before),
    /// The document names people; it is read for a reason that is written down.
    #[error("a reason has to be given")]
    ReasonNeeded,
    /// The account of a payee is another than the one in the file.
    #[error("the account of a payee is not the one in the file")]
    AccountChanged,
    /// It is looked at by somebody; by whom and why is not said.
    #[error("it is being handled")]
    InHand,
    /// More than what is left of the payout.
    #[error("only {left} of the payout is left")]
    TooMuch {
        /// What is left.
        left: Money,
    },
    /// The disbursement is in no state for it.
    #[error(transparent)]
    Disbursement(#[from] Refused<DisbursementState, DisbursementEvent>),
    /// The payout is in no state for it.
    #[error(transparent)]
    Payout(#[from] Refused<PayoutState, PayoutEvent>),
    /// A file or a settlement is in no state for it.
    #[error("this is decided already")]
    Decided,
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] ledger::Refusal),
    /// Somebody else changed it meanwhile.
    #[error("it was changed by someone else")]
    Conflict,
    /// The database failed.
    #[error("database")]
    Db(#[source] DbErr),
}

/// A guard by its name, and what running into it means.
type Guard = (&'static str, fn() -> SpendingError);

/// The guards of the database and what they say.
const GUARDS: &[Guard] = &[
    // The role, or the loan of it, ended between the question and the answer.
    ("disbursement_approval_role", || SpendingError::Conflict),
    ("payout_payer_role", || SpendingError::Conflict),
    ("payout_confirmer_role", || SpendingError::Conflict),
    ("payout_settlement_role", || SpendingError::Conflict),
    ("disbursement_approval_own_check", || SpendingError::OtherPerson),
    ("disbursement_approval_acting_check", || SpendingError::OtherPerson),
    ("disbursement_approval_person_key", || SpendingError::OtherPerson),
    ("disbursement_approval", || SpendingError::OtherPerson),
    ("payout_own", || SpendingError::OtherPerson),
    ("payout_unbooked", || SpendingError::Conflict),
    ("payout_confirmer_check", || SpendingError::OtherPerson),
    ("payee_confirmed_check", || SpendingError::OtherPerson),
    ("payee_acting_check", || SpendingError::OtherPerson),
    ("payee_persons", || SpendingError::OtherPerson),
    ("payout_acting_check", || SpendingError::OtherPerson),
    ("payout_hands", || SpendingError::OtherPerson),
    ("payout_settlement_own_check", || SpendingError::OtherPerson),
    ("payout_settlement_acting_check", || SpendingError::OtherPerson),
    ("payout_settlement_persons", || SpendingError::OtherPerson),
    ("payout_settlement_document", || SpendingError::NoDocument),
    ("screening_hit_persons", || SpendingError::OtherPerson),
    ("disbursement_related", || SpendingError::Related),
    ("disbursement_document", || SpendingError::NoDocument),
    ("disbursement_file_key", || SpendingError::ListReused),
    ("disbursement.file_hash", || SpendingError::ListReused),
    ("budget_line_used_check", || SpendingError::Invalid {
        field: "lines",
        problem: "冲减金额超过该预算行已列支的金额",
    }),
    ("campaign_frozen", || SpendingError::Frozen),
    ("payout_account", || SpendingError::AccountChanged),
    ("payout_held", || SpendingError::InHand),
    ("payout_settled", || SpendingError::Decided),
    ("child_access_own_check", || SpendingError::OtherPerson),
    ("child_access_acting_check", || SpendingError::OtherPerson),
    ("child_access_persons", || SpendingError::OtherPerson),
    ("child_access_open_key", || SpendingError::AccessAsked),
    ("payout_foreign", || SpendingError::NoSuchPayee),
    ("payee_erasure_own_check", || SpendingError::OtherPerson),
    ("payee_erasure_acting_check", || SpendingError::OtherPerson),
    ("payee_erasure_persons", || SpendingError::OtherPerson),
    ("payee_erasure_live_key", || SpendingError::ErasureAsked),
    ("payee_erasure_paying", || SpendingError::PayeeUnderWay),
    ("payee_restricted", || SpendingError::PayeeRestricted),
    ("payee_erased", || SpendingError::PayeeRestricted),
];

impl From<DbErr> for SpendingError {
    /// A guard that was run into says what it is for; everything else is a failure.
    fn from(error: DbErr) -> SpendingError {
        let Some(violation) = violation(&error) else { return SpendingError::Db(error) };
        let found = GUARDS.iter().find(|(guard, _)| violation.contains(guard));
        found.map_or(SpendingError::Db(error), |(_, refusal)| refusal())
    }
}
