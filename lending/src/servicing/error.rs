//! What can be refused about a loan that runs.

use domain::lending::{LoanEvent, LoanState};
use domain::loan::LoanError;
use domain::{Money, Rate, Refused};
use entity::violation;
use sea_orm::DbErr;

/// Why nothing was done about a loan that runs. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// There is no such contract, or the asker may not know of it.
    #[error("no such contract")]
    NoSuchContract,
    /// There is no such bank.
    #[error("no such bank")]
    NoSuchBank,
    /// The bank has no programme, or there is no such programme.
    #[error("no such programme")]
    NoSuchProgramme,
    /// Nothing of this id happened to the loan.
    #[error("no such event")]
    NoSuchEvent,
    /// There is no such claim.
    #[error("no such subsidy")]
    NoSuchSubsidy,
    /// The officer of a bank is nobody's officer yet.
    #[error("the officer has no bank")]
    NoSeat,
    /// The borrower has not agreed that the bank tells the League.
    #[error("the borrower has not agreed")]
    NoConsent,
    /// The id stands for something else already.
    #[error("this id was used with other content")]
    IdReused,
    /// A field that is not acceptable; the sentence is for the person who filled it in, in Chinese.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The claim was withdrawn: the instalment was not paid in time after all.
    #[error("the claim was withdrawn")]
    Withdrawn,
    /// The pool pays only what is late enough.
    #[error("the pool pays from {days} days past due on")]
    TooEarlyForPool {
        /// How late it has to be.
        days: u32,
    },
    /// The pool pays its share, not more.
    #[error("the pool pays {most} at most")]
    TooMuchForPool {
        /// How much is left of it.
        most: Money,
    },
    /// The pool has less left.
    #[error("the pool has {left} left")]
    PoolEmpty {
        /// What it can still pay.
        left: Money,
    },
    /// The contract says another rate.
    #[error("the rate by the contract is {expected}")]
    OtherRate {
        /// What it says.
        expected: Rate,
    },
    /// No rate is confirmed by which it could be priced.
    #[error("no published rate is confirmed")]
    NoLpr,
    /// Whoever tells it is the borrower, or close to them.
    #[error("the officer is close to the borrower")]
    Related,
    /// The pool has paid more than this, and not got it back.
    #[error("the pool has paid {paid}")]
    PoolPaid {
        /// What it has paid and not got back.
        paid: Money,
    },
    /// A contract that takes another over is the whole of what is owed there.
    #[error("the contract it takes over has {principal} left")]
    NotTheWholeLoan {
        /// What is not repaid of the other.
        principal: Money,
    },
    /// The loan is not paid out.
    #[error("the loan is not paid out")]
    NotPaidOut,
    /// Days are closed in their order, when they are over.
    #[error("this day cannot be closed now")]
    NotThatDay,
    /// It does not go with what is written down already.
    #[error("it does not go with what is written down")]
    Conflict,
    /// A charity's money bears no lending risk (facts: lending 6).
    #[error("a charity holds no risk pool")]
    CharityPool,
    /// The loan's arithmetic does not allow it.
    #[error(transparent)]
    Loan(#[from] LoanError),
    /// The loan is in no state for it.
    #[error(transparent)]
    State(#[from] Refused<LoanState, LoanEvent>),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] ledger::Refusal),
    /// A stored text cannot be read.
    #[error("stored terms")]
    Stored(#[from] serde_json::Error),
    /// The database failed.
    #[error("database")]
    Db(#[source] DbErr),
}

impl ServeError {
    /// What takes something back, gives it up or judges it says why.
    pub const UNEXPLAINED: ServeError = ServeError::Invalid { field: "reason", problem: "请说明原因" };
}

impl From<DbErr> for ServeError {
    /// A guard that was run into says what it is for; everything else is a failure.
    fn from(error: DbErr) -> ServeError {
        match violation(&error) {
            Some(rule) if rule.contains("loan_pool_charity") => ServeError::CharityPool,
            Some(rule) if rule.contains("loan_related") => ServeError::Related,
            Some(rule) if rule.contains("loan_event_unexplained") => ServeError::UNEXPLAINED,
            Some(rule) if rule.contains("loan_subsidy_payout") => ServeError::Invalid {
                field: "payout",
                problem: "这笔付款已退回，或已登记支付其他贴息",
            },
            // PostgreSQL names the constraint, SQLite its column.
            Some(rule) if rule.contains("loan_programme_bank_key") || rule.contains("loan_programme.bank_id") => {
                ServeError::Conflict
            }
            _ => ServeError::Db(error),
        }
    }
}
