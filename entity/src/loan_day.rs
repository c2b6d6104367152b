//! A day of a programme that is being closed, or is.

use domain::{BusinessDate, LoanProgrammeId, Money, Timestamp};
use sea_orm::entity::prelude::*;

/// A day of a programme that is being closed, or is.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_day")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub programme_id: LoanProgrammeId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: BusinessDate,
    pub state: String,
    pub step: i64,
    pub loans: i64,
    pub changed: i64,
    pub balance_fen: Money,
    pub overdue_fen: Money,
    pub interest_fen: Money,
    pub penalty_fen: Money,
    pub compound_fen: Money,
    pub off_balance_fen: Money,
    pub digest: Vec<u8>,
    pub began_us: Timestamp,
    pub closed_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}
