//! What proves a step of a campaign: documents under the campaign, under a change of its plan, and the pictures of an update.

use std::sync::Arc;

use app::App;
use crowdfunding::{Access, Exhibit};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json};
use uuid::Uuid;

use crate::auth::Officer;
use crate::document::{self, Attachment, Download};
use crate::error::ApiError;
use crate::page::Page;
use crate::tag::Tag;

pub(crate) struct EvidenceApi {
    pub(crate) app: Arc<App>,
}

impl EvidenceApi {
    async fn object(&self, officer: &Officer, exhibit: Exhibit, access: Access) -> Result<String, ApiError> {
        Ok(self.app.campaigns.exhibit(exhibit, access, &officer.0).await?)
    }
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Campaigns")]
impl EvidenceApi {
    /// The papers of a campaign: its filing, agreement, evaluation, full report.
    #[oai(path = "/campaigns/:campaign_id/attachments", method = "get")]
    async fn campaign_attachments(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
    ) -> Result<Json<Page<Attachment>>, ApiError> {
        let object = self.object(&officer, Exhibit::Campaign(campaign_id.0.into()), Access::Read).await?;
        document::list(&self.app, &object).await
    }

    /// Attaches a paper to a campaign, sent as the body; `kind` says what it proves.
    #[oai(path = "/campaigns/:campaign_id/attachments", method = "post")]
    async fn attach_to_campaign(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        /// What it proves: `contract`, `invoice`, `roster`, `list`, `filing`, `filing_receipt`, `minutes`, `report`, `statement`, `scan`,
        /// `order`, `picture` or `other`.
        #[oai(validator(min_length = 1, max_length = 40))]
        kind: Query<String>,
        #[oai(validator(min_length = 1, max_length = 200))] file_name: Query<String>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<Attachment>, ApiError> {
        let object = self.object(&officer, Exhibit::Campaign(campaign_id.0.into()), Access::Add).await?;
        document::upload(&self.app, &officer.0, &object, &kind, &file_name, body).await
    }

    /// A paper of a campaign.
    #[oai(path = "/campaigns/:campaign_id/attachments/:attachment_id", method = "get")]
    async fn campaign_attachment(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<Download, ApiError> {
        let object = self.object(&officer, Exhibit::Campaign(campaign_id.0.into()), Access::Read).await?;
        document::download(&self.app, &object, attachment_id.0).await
    }

    /// Withdraws a paper of a campaign; what somebody decided on stays to be seen in the trail.
    #[oai(path = "/campaigns/:campaign_id/attachments/:attachment_id", method = "delete")]
    async fn detach_from_campaign(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<(), ApiError> {
        let object = self
            .object(&officer, Exhibit::Campaign(campaign_id.0.into()), Access::Withdraw(attachment_id.0.into()))
            .await?;
        document::withdraw(&self.app, &officer.0, &object, attachment_id.0).await
    }

    /// The papers of a change: what proves that it was filed.
    #[oai(path = "/campaign-changes/:change_id/attachments", method = "get")]
    async fn change_attachments(
        &self,
        officer: Officer,
        change_id: Path<Uuid>,
    ) -> Result<Json<Page<Attachment>>, ApiError> {
        let object = self.object(&officer, Exhibit::Change(change_id.0.into()), Access::Read).await?;
        document::list(&self.app, &object).await
    }

    /// Attaches a paper to a change that is not decided, sent as the body.
    #[oai(path = "/campaign-changes/:change_id/attachments", method = "post")]
    async fn attach_to_change(
        &self,
        officer: Officer,
        change_id: Path<Uuid>,
        /// What it proves: `contract`, `invoice`, `roster`, `list`, `filing`, `filing_receipt`, `minutes`, `report`, `statement`, `scan`,
        /// `order`, `picture` or `other`.
        #[oai(validator(min_length = 1, max_length = 40))]
        kind: Query<String>,
        #[oai(validator(min_length = 1, max_length = 200))] file_name: Query<String>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<Attachment>, ApiError> {
        let object = self.object(&officer, Exhibit::Change(change_id.0.into()), Access::Add).await?;
        document::upload(&self.app, &officer.0, &object, &kind, &file_name, body).await
    }

    /// A paper of a change.
    #[oai(path = "/campaign-changes/:change_id/attachments/:attachment_id", method = "get")]
    async fn change_attachment(
        &self,
        officer: Officer,
        change_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<Download, ApiError> {
        let object = self.object(&officer, Exhibit::Change(change_id.0.into()), Access::Read).await?;
        document::download(&self.app, &object, attachment_id.0).await
    }

    /// Withdraws a paper of a change that is not decided.
    #[oai(path = "/campaign-changes/:change_id/attachments/:attachment_id", method = "delete")]
    async fn detach_from_change(
        &self,
        officer: Officer,
        change_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<(), ApiError> {
        let object = self
            .object(&officer, Exhibit::Change(change_id.0.into()), Access::Withdraw(attachment_id.0.into()))
            .await?;
        document::withdraw(&self.app, &officer.0, &object, attachment_id.0).await
    }

    /// The pictures of an update.
    #[oai(path = "/updates/:update_id/attachments", method = "get")]
    async fn update_attachments(
        &self,
        officer: Officer,
        update_id: Path<Uuid>,
    ) -> Result<Json<Page<Attachment>>, ApiError> {
        let object = self.object(&officer, Exhibit::Update(update_id.0.into()), Access::Read).await?;
        document::list(&self.app, &object).await
    }

    /// Attaches a picture to an update that is not published, sent as the body. Another person publishes it.
    #[oai(path = "/updates/:update_id/attachments", method = "post")]
    async fn attach_to_update(
        &self,
        officer: Officer,
        update_id: Path<Uuid>,
        #[oai(validator(min_length = 1, max_length = 200))] file_name: Query<String>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<Attachment>, ApiError> {
        let object = self.object(&officer, Exhibit::Update(update_id.0.into()), Access::Add).await?;
        Ok(Json(self.app.documents.attach_picture(&officer.0, &object, &file_name, body.0).await?.into()))
    }

    /// A picture of an update, withdrawn ones included.
    #[oai(path = "/updates/:update_id/attachments/:attachment_id", method = "get")]
    async fn update_attachment(
        &self,
        officer: Officer,
        update_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<Download, ApiError> {
        let object = self.object(&officer, Exhibit::Update(update_id.0.into()), Access::Read).await?;
        document::download(&self.app, &object, attachment_id.0).await
    }

    /// Withdraws a picture: strangers see it no more.
    #[oai(path = "/updates/:update_id/attachments/:attachment_id", method = "delete")]
    async fn detach_from_update(
        &self,
        officer: Officer,
        update_id: Path<Uuid>,
        attachment_id: Path<Uuid>,
    ) -> Result<(), ApiError> {
        let object = self
            .object(&officer, Exhibit::Update(update_id.0.into()), Access::Withdraw(attachment_id.0.into()))
            .await?;
        document::withdraw(&self.app, &officer.0, &object, attachment_id.0).await
    }
}
