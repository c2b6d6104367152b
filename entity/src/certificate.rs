//! A fundraising certificate of a charity.

use domain::{BookId, BusinessDate, CertificateId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// A fundraising certificate of a charity.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "certificate")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CertificateId,
    pub book_id: BookId,
    pub number: String,
    pub issuer: String,
    pub issued_on: BusinessDate,
    pub expires_on: BusinessDate,
    pub revoked_on: Option<BusinessDate>,
    pub author_id: StaffId,
    pub created_us: Timestamp,
    pub author_for_id: Option<StaffId>,
    pub confirmer_id: Option<StaffId>,
    pub confirmer_for_id: Option<StaffId>,
    pub confirmed_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}
