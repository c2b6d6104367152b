//! That a version was published.

use domain::duty::Place;
use domain::{BusinessDate, DisclosureId, PublicationId, StaffId, Timestamp};
use sea_orm::entity::prelude::*;

/// That a version was published.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosure_publication")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PublicationId,
    pub disclosure_id: DisclosureId,
    pub place: Place,
    pub reference: String,
    pub published_on: BusinessDate,
    pub author_id: StaffId,
    pub created_us: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
