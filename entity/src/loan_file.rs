//! A file of a bank, as it came.

use domain::{BusinessDate, LoanFileId, LoanProgrammeId, Timestamp};
use sea_orm::entity::prelude::*;

/// A file of a bank, as it came.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loan_file")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoanFileId,
    pub programme_id: LoanProgrammeId,
    pub day: BusinessDate,
    pub pace: String,
    pub sequence: i64,
    pub sha256: Vec<u8>,
    pub content: Vec<u8>,
    pub report: String,
    pub actor: String,
    pub received_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
