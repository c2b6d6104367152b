//! What can be refused about loans.

use domain::lending::need::NeedEvent;
use domain::lending::{LoanEvent, LoanState, NeedState};
use domain::loan::LoanError;
use domain::plan::Problem;
use domain::role::Forbidden;
use domain::{Money, Refused};
use entity::violation;
use sea_orm::DbErr;

/// Why something about loans was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum LendingError {
    /// There is no such bank.
    #[error("no such bank")]
    NoSuchBank,
    /// There is no such member of staff.
    #[error("no such member of staff")]
    NoSuchStaff,
    /// There is no such unit, or none is responsible for the place.
    #[error("no such unit")]
    NoSuchUnit,
    /// The office whose step it is comes first, as long as it is not late.
    #[error("the office below has its days")]
    OfficeFirst,
    /// There is no such product, or it is not public.
    #[error("no such product")]
    NoSuchProduct,
    /// The product has no such version.
    #[error("no such version")]
    NoSuchVersion,
    /// No such rate is written down.
    #[error("no such published rate")]
    NoSuchLpr,
    /// There is no such quota.
    #[error("no such quota")]
    NoSuchQuota,
    /// There is no such application, or the asker may not know of it.
    #[error("no such application")]
    NoSuchApplication,
    /// There is no such contract, or the asker may not know of it.
    #[error("no such contract")]
    NoSuchContract,
    /// There is no such consent, or it is not the asker's.
    #[error("no such consent")]
    NoSuchConsent,
    /// There is no such need, or the asker may not know of it.
    #[error("no such need")]
    NoSuchNeed,
    /// There is no such paper under the application.
    #[error("no such paper")]
    NoSuchPaper,
    /// There is no such match, or the asker may not know of it.
    #[error("no such match")]
    NoSuchMatch,
    /// The id stands for something else already.
    #[error("this id was used with other content")]
    IdReused,
    /// A code or number that is taken.
    #[error("the code or number is taken")]
    CodeTaken,
    /// A field that is not acceptable; the sentence is for the person who filled it in, in Chinese.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Several things that are wrong at once.
    #[error("{} things are wrong", .0.len())]
    Unsound(Vec<Problem>),
    /// The borrower or what they ask for is not admitted by the product.
    #[error("the product does not admit it, for {} reasons", .0.len())]
    NotAdmitted(Vec<Problem>),
    /// The terms cannot be reckoned with.
    #[error(transparent)]
    Loan(#[from] LoanError),
    /// No LPR is confirmed for the day.
    #[error("no published rate is confirmed")]
    NoLpr,
    /// The product takes no applications.
    #[error("the product is closed")]
    ProductClosed,
    /// A version that was published never changes.
    #[error("it is published")]
    Published,
    /// The officer of a bank is nobody's officer yet.
    #[error("the officer has no bank")]
    NoSeat,
    /// The asker lacks the role, or lacks it there.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Nobody decides twice in a round, nor confirms their own.
    #[error("another person has to do this step")]
    OtherPerson,
    /// Whoever decides is the borrower, or close to them.
    #[error("the officer is close to the borrower")]
    Related,
    /// The borrower has not agreed.
    #[error("the borrower has not agreed")]
    NoConsent,
    /// No quota is set for the city, product and year.
    #[error("no quota is set")]
    NoQuota,
    /// The quota has less left.
    #[error("only {left} is left of the quota")]
    QuotaShort {
        /// What is left.
        left: Money,
    },
    /// A limit below what is reserved and used.
    #[error("{taken} of the quota is taken")]
    QuotaTaken {
        /// What is reserved and used.
        taken: Money,
    },
    /// The pool stands for as much as it may.
    #[error("the pool may stand for {left} more")]
    PoolFull {
        /// What it may still stand for.
        left: Money,
    },
    /// Renewed as often as the product allows.
    #[error("it was renewed as often as may be")]
    NoMoreRenewals,
    /// The contract is not in a state to be changed so.
    #[error("the contract cannot be changed so now")]
    NotChangeable,
    /// Only a loan of the normal class is renewed.
    #[error("the loan is not of the normal class")]
    Classed,
    /// Another change of the contract is under way.
    #[error("another change is under way")]
    ChangeUnderWay,
    /// The borrower has too many applications under way.
    #[error("too many applications are under way")]
    TooMany,
    /// A charity's money bears no lending risk (facts: lending 6).
    #[error("a charity's book holds no risk pool")]
    CharityPool,
    /// It is purged, or its borrower was erased.
    #[error("the personal data is gone")]
    Gone,
    /// The loan is in no state for it.
    #[error(transparent)]
    State(#[from] Refused<LoanState, LoanEvent>),
    /// The need is in no state for it.
    #[error(transparent)]
    Need(#[from] Refused<NeedState, NeedEvent>),
    /// It is decided or confirmed already.
    #[error("this is decided already")]
    Decided,
    /// A draft is being completed; only its borrower changes it.
    #[error("it was changed by someone else")]
    Conflict,
    /// A stored text cannot be read.
    #[error("stored terms")]
    Stored(#[from] serde_json::Error),
    /// The database failed.
    #[error("database")]
    Db(#[source] DbErr),
}

/// A guard by its name, and what running into it means.
type Guard = (&'static str, fn() -> LendingError);

/// The guards of the database and what they say.
const GUARDS: &[Guard] = &[
    ("loan_related", || LendingError::Related),
    ("loan_decision_person_key", || LendingError::OtherPerson),
    // SQLite names the columns.
    ("loan_decision.decider_id", || LendingError::OtherPerson),
    ("loan_decision_bank", || LendingError::NoSeat),
    ("bank_seat_own_check", || LendingError::OtherPerson),
    ("product_version_own_check", || LendingError::OtherPerson),
    ("lpr_own_check", || LendingError::OtherPerson),
    ("lpr_confirmed", || LendingError::Decided),
    ("product_version_published", || LendingError::Published),
    ("loan_application_consent", || LendingError::NoConsent),
    ("loan_application_change_key", || LendingError::ChangeUnderWay),
    ("loan_application.contract_id", || LendingError::ChangeUnderWay),
    ("loan_contract_replaces", || LendingError::NotChangeable),
    ("loan_contract_replaced_key", || LendingError::NotChangeable),
    ("loan_contract.replaces_id", || LendingError::NotChangeable),
    ("loan_contract_number_key", || LendingError::CodeTaken),
    ("loan_contract.number", || LendingError::CodeTaken),
    ("bank_code_key", || LendingError::CodeTaken),
    ("bank.code", || LendingError::CodeTaken),
    ("loan_product_code_key", || LendingError::CodeTaken),
    ("loan_product.code", || LendingError::CodeTaken),
    ("loan_quota_place_key", || LendingError::CodeTaken),
    ("loan_quota.unit_id", || LendingError::CodeTaken),
    ("need_match_once_key", || LendingError::CodeTaken),
    ("need_match.need_id", || LendingError::CodeTaken),
    ("need_match_answered", || LendingError::Decided),
    ("loan_paper_file", || LendingError::Decided),
];

impl From<DbErr> for LendingError {
    /// A guard that was run into says what it is for; everything else is a failure.
    fn from(error: DbErr) -> LendingError {
        let Some(violation) = violation(&error) else { return LendingError::Db(error) };
        let found = GUARDS.iter().find(|(guard, _)| violation.contains(guard));
        found.map_or(LendingError::Db(error), |(_, refusal)| refusal())
    }
}
