//! What proves a step of a campaign (facts: charity 2.4, 3.1, 3.7): papers under the campaign itself (filing receipt, agreement,
//! evaluation, the full report), papers under a change of its plan, and the pictures of an update. Here is said who may read and who
//! may add; the documents are kept by `app`.
//!
//! A picture is seen by strangers once another person than whoever attached it has published its update, and until it is withdrawn:
//! it may show somebody who did not agree to be seen (facts: charity 5). Nothing joins an update that is published
//! (`attachment_published`).

use domain::campaign::CampaignState;
use domain::change::{ChangeEvent, ChangeState};
use domain::document::AttachmentKind;
use domain::role::{Member, Role};
use domain::{AttachmentId, CampaignChangeId, CampaignId, CampaignUpdateId};
use entity::{attachment, campaign, campaign_change, campaign_update, cooperation, suspension};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::campaign::{AUTHORS, READERS};
use crate::{CrowdfundingError, gate};

/// Who adds papers.
const CLERKS: [Role; 3] = [Role::Organiser, Role::ProjectManager, Role::Disclosure];
/// Who adds papers to a campaign: whoever may stop one brings the order, too.
const BRINGERS: [Role; 5] = [Role::Organiser, Role::ProjectManager, Role::Disclosure, Role::FinanceHead, Role::Chair];
/// Who takes a picture back that is published.
const MODERATORS: [Role; 2] = [Role::Disclosure, Role::ProjectManager];

/// What a document is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhibit {
    /// A campaign.
    Campaign(CampaignId),
    /// A change of a filed plan.
    Change(CampaignChangeId),
    /// An update: its pictures.
    Update(CampaignUpdateId),
}

/// What somebody wants with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read it.
    Read,
    /// To add one.
    Add,
    /// To take this one back.
    Withdraw(AttachmentId),
}

impl Exhibit {
    /// Its name among documents and in the trail.
    pub fn object(self) -> String {
        match self {
            Exhibit::Campaign(id) => format!("campaign:{id}"),
            Exhibit::Change(id) => format!("campaign_change:{id}"),
            Exhibit::Update(id) => format!("campaign_update:{id}"),
        }
    }

    fn roles(self, access: Access) -> &'static [Role] {
        match (self, access) {
            (_, Access::Read) => &READERS,
            (Exhibit::Campaign(_), Access::Add) => &BRINGERS,
            (Exhibit::Campaign(_), Access::Withdraw(_)) | (Exhibit::Change(_), Access::Add | Access::Withdraw(_)) => {
                &CLERKS
            }
            (Exhibit::Update(_), Access::Add) => &AUTHORS,
            (Exhibit::Update(_), Access::Withdraw(_)) => &CLERKS,
        }
    }
}

/// Refuses who may not do this with documents of an exhibit, and answers its name among documents. Who holds none of the roles
/// anywhere is told so; of a campaign of another part of the tree one is told nothing.
pub async fn exhibit(
    db: &impl ConnectionTrait,
    exhibit: Exhibit,
    access: Access,
    by: &Member,
) -> Result<String, CrowdfundingError> {
    let roles = exhibit.roles(access);
    by.must_be(roles)?;
    let (campaign, unknown) = match exhibit {
        Exhibit::Campaign(id) => (Some(id), CrowdfundingError::NoSuchCampaign),
        Exhibit::Change(id) => {
            let change = campaign_change::Entity::find_by_id(id).one(db).await?;
            (change.map(|row| row.campaign_id), CrowdfundingError::NoSuchChange)
        }
        Exhibit::Update(id) => {
            let update = campaign_update::Entity::find_by_id(id).one(db).await?;
            (update.map(|row| row.campaign_id), CrowdfundingError::NoSuchUpdate)
        }
    };
    let row = match campaign {
        Some(id) => campaign::Entity::find_by_id(id).one(db).await?,
        None => None,
    };
    let Some(row) = row.filter(|row| by.may(&READERS, &row.unit_path).is_ok() || row.author_id == by.id) else {
        return Err(unknown);
    };
    if access != Access::Read {
        by.may(roles, &row.unit_path)?;
        changes(db, exhibit, access, &row, by).await?;
    }
    Ok(exhibit.object())
}

/// What proves a step that is done stays as it was; a picture can always be taken back.
async fn changes(
    db: &impl ConnectionTrait,
    exhibit: Exhibit,
    access: Access,
    row: &campaign::Model,
    by: &Member,
) -> Result<(), CrowdfundingError> {
    let over = matches!(row.state, CampaignState::Closed | CampaignState::Cancelled);
    match exhibit {
        Exhibit::Campaign(_) => {
            if let Access::Withdraw(paper) = access {
                stands(db, row, paper).await?;
            }
        }
        Exhibit::Change(id) => {
            let change = campaign_change::Entity::find_by_id(id).one(db).await?;
            if let Some(state @ (ChangeState::InForce | ChangeState::Declined)) = change.map(|row| row.state) {
                state.on(ChangeEvent::File)?;
            }
        }
        Exhibit::Update(id) => {
            let update = campaign_update::Entity::find_by_id(id).one(db).await?;
            let published = update.is_some_and(|row| row.state == "published");
            gate::need(access != Access::Add || !published, "published", "进展已发布，不能再添加图片")?;
            if published {
                by.may(&MODERATORS, &row.unit_path)?;
            }
            if matches!(access, Access::Withdraw(_)) {
                return Ok(());
            }
        }
    }
    gate::need(!over, "closed", "项目已结项或取消，材料不再变动")
}

/// Refuses to take back a paper on which a step was taken (`attachment_filed`): the receipt of a filing, the agreement with a partner, the
/// order of a suspension.
async fn stands(
    db: &impl ConnectionTrait,
    row: &campaign::Model,
    paper: AttachmentId,
) -> Result<(), CrowdfundingError> {
    let object = Exhibit::Campaign(row.id).object();
    let paper = attachment::Entity::find_by_id(paper).filter(attachment::Column::Object.eq(object)).one(db).await?;
    match paper.as_ref().and_then(|paper| AttachmentKind::of(&paper.kind)) {
        Some(AttachmentKind::FilingReceipt) => {
            gate::need(row.filing_submitted_on.is_none(), "filing_receipt", "报送日期已登记，备案回执不能撤下")
        }
        Some(AttachmentKind::Contract) => {
            let agreed = cooperation::Entity::find_by_id(row.id).one(db).await?.is_some();
            let fixed = agreed && (row.filing_number.is_some() || row.opened_us.is_some());
            gate::need(!fixed, "partner_paper", "项目已备案或已开放，与合作方的书面协议不能撤下")
        }
        Some(AttachmentKind::Order) => {
            let ordered = suspension::Entity::find()
                .filter(suspension::Column::CampaignId.eq(row.id))
                .filter(suspension::Column::Ground.eq("order"));
            gate::need(ordered.one(db).await?.is_none(), "suspension_order", "据此停募的决定或通知不能撤下")
        }
        _ => Ok(()),
    }
}

/// The name among documents of a published update of a public campaign.
pub async fn public_pictures(
    db: &impl ConnectionTrait,
    campaign: CampaignId,
    update: CampaignUpdateId,
) -> Result<String, CrowdfundingError> {
    crate::public_row(db, campaign).await?;
    let row = campaign_update::Entity::find_by_id(update).one(db).await?;
    row.filter(|row| row.campaign_id == campaign && row.state == "published").ok_or(CrowdfundingError::NoSuchUpdate)?;
    Ok(Exhibit::Update(update).object())
}
