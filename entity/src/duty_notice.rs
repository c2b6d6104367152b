//! That somebody was told of a duty.

use domain::duty::DutyKind;
use domain::role::Role;
use domain::{BookId, BusinessDate, CampaignId, DisclosureId, DutyNoticeId, Timestamp};
use sea_orm::entity::prelude::*;

/// That somebody was told of a duty.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "duty_notice")]
#[allow(missing_docs, reason = "a column is documented where it is made: migration/sql")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DutyNoticeId,
    pub kind: DutyKind,
    pub book_id: BookId,
    pub campaign_id: Option<CampaignId>,
    pub subject: Uuid,
    pub due: BusinessDate,
    pub level: String,
    pub addressee: Role,
    pub created_us: Timestamp,
    pub closed_us: Option<Timestamp>,
    pub disclosure_id: Option<DisclosureId>,
    pub closed_why: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
