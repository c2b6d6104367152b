//! An accounting entry (凭证). Never changed once written.

use domain::{BookId, BusinessDate, DonorId, EntryId, Money, Timestamp};
use sea_orm::entity::prelude::*;

/// An accounting entry (凭证). Never changed once written.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entry")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EntryId,
    pub book_id: BookId,
    pub reference: String,
    pub kind: String,
    pub book_date: BusinessDate,
    pub event_date: BusinessDate,
    pub booked_us: Timestamp,
    pub actor: String,
    pub source: String,
    pub donor_id: Option<DonorId>,
    pub channel: Option<String>,
    pub unit: Option<String>,
    pub region: Option<String>,
    pub counterparty: Option<String>,
    pub document: Option<String>,
    pub memo: Option<String>,
    pub reverses: Option<EntryId>,
    pub postings: i64,
    pub total_fen: Money,
    pub digest: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
