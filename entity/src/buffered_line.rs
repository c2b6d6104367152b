//! A line that waits for its other side (缓冲).

use domain::{BookId, BufferedLineId, BusinessDate, Money, Timestamp};
use sea_orm::entity::prelude::*;

/// A line that waits for its other side.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "buffered_line")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BufferedLineId,
    pub book_id: BookId,
    pub day: BusinessDate,
    pub side: String,
    pub class: String,
    pub item: String,
    pub amount_fen: Money,
    pub until: BusinessDate,
    pub entered_us: Timestamp,
    pub left_us: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}
