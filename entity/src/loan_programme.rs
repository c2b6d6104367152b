//! The loans of a bank that we follow, with a memo book of their own.

use domain::{BankId, BookId, BusinessDate, LoanProgrammeId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// The loans of a bank that we follow, with a memo book of their own.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_programme")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoanProgrammeId,
    pub bank_id: BankId,
    pub book_id: BookId,
    pub name: String,
    pub pace: String,
    pub match_days: i64,
    pub first_day: BusinessDate,
    pub closed_through: BusinessDate,
    pub author_id: Option<StaffId>,
    pub created_us: Timestamp,
    pub told_count: i64,
}

impl ActiveModelBehavior for ActiveModel {}
