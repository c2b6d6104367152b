//! Partners with whom money is raised: the register, agreements, evaluations.

use std::sync::Arc;

use app::App;
use crowdfunding::NewPartner;
use entity::{cooperation, partner};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::plan::PartnerKind;
use crate::tag::Tag;
use crate::wire::{Day, Text, said};

/// Somebody without a certificate with whom money is raised.
#[derive(Object)]
struct Partner {
    id: Uuid,
    book: Uuid,
    kind: PartnerKind,
    name: String,
    #[oai(nullable)]
    credit_code: Option<String>,
}

impl From<partner::Model> for Partner {
    fn from(row: partner::Model) -> Partner {
        Partner {
            id: row.id.uuid(),
            book: row.book_id.uuid(),
            kind: row.kind.into(),
            name: row.name,
            credit_code: row.credit_code,
        }
    }
}

#[derive(Object)]
struct PartnerDraft {
    /// Made by the client: the same id again is the same partner.
    id: Uuid,
    book: Uuid,
    /// The campaign it is registered for: whoever manages it may do so wherever the charity is. Without one it is the charity's own staff that
    /// registers.
    campaign: Option<Uuid>,
    kind: PartnerKind,
    #[oai(validator(max_length = 100))]
    name: Text,
    #[oai(validator(max_length = 18))]
    credit_code: Option<Text>,
}

#[derive(Object)]
struct Agreement {
    partner: Uuid,
    signed_on: Day,
    /// Its number and what it says in short.
    #[oai(validator(max_length = 500))]
    agreement: Text,
}

#[derive(Object)]
struct Evaluation {
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    score: i64,
    #[oai(validator(max_length = 500))]
    findings: Text,
}

/// The agreement of a campaign with its partner, and the partner's evaluation.
#[derive(Object)]
struct CampaignCooperation {
    partner: Uuid,
    signed_on: Day,
    agreement: String,
    #[oai(nullable)]
    score: Option<i64>,
    #[oai(nullable)]
    findings: Option<String>,
    /// Who signed it; null of what was signed before that was asked.
    #[oai(nullable)]
    signer: Option<Uuid>,
    #[oai(nullable)]
    evaluator: Option<Uuid>,
    #[oai(nullable)]
    evaluated_on: Option<Day>,
}

impl From<cooperation::Model> for CampaignCooperation {
    fn from(row: cooperation::Model) -> CampaignCooperation {
        CampaignCooperation {
            partner: row.partner_id.uuid(),
            signed_on: row.signed_on.into(),
            agreement: row.agreement,
            score: row.score,
            findings: row.findings,
            signer: row.signer_id.map(|id| id.uuid()),
            evaluator: row.evaluator_id.map(|id| id.uuid()),
            evaluated_on: row.evaluated_on.map(Day),
        }
    }
}

/// Partners.
pub(crate) struct PartnerApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Campaigns")]
impl PartnerApi {
    /// The register of partners: of the charities one reaches; of those whose campaigns one manages the organisations, and the persons of these
    /// campaigns.
    #[oai(path = "/partners", method = "get")]
    async fn partners(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Partner>>, ApiError> {
        let rows = self.app.campaigns.partners(after.0.map(Into::into), limit.0 + 1, &officer.0).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.id.uuid())))
    }

    /// Registers a partner, for its charity or for one of its campaigns.
    #[oai(path = "/partners", method = "post")]
    async fn register_partner(&self, officer: Officer, body: Json<PartnerDraft>) -> Result<Json<Partner>, ApiError> {
        let PartnerDraft { id, book, campaign, kind, name, credit_code } = body.0;
        let credit_code = said(credit_code);
        let campaign = campaign.map(Into::into);
        let new =
            NewPartner { id: id.into(), book: book.into(), campaign, kind: kind.into(), name: name.0, credit_code };
        Ok(Json(self.app.campaigns.register_partner(new, &officer.0).await?.into()))
    }

    /// Records the agreement of a campaign with its partner.
    #[oai(path = "/campaigns/:campaign_id/cooperation", method = "post")]
    async fn sign_cooperation(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        body: Json<Agreement>,
    ) -> Result<Json<CampaignCooperation>, ApiError> {
        let Agreement { partner, signed_on, agreement } = body.0;
        let agreed = (partner.into(), signed_on.0, agreement.0);
        Ok(Json(self.app.campaigns.sign_cooperation(campaign_id.0.into(), agreed, &officer.0).await?.into()))
    }

    /// Evaluates a campaign's partner; another person than the campaign's author.
    #[oai(path = "/campaigns/:campaign_id/partner-evaluation", method = "post")]
    async fn evaluate_cooperation(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        body: Json<Evaluation>,
    ) -> Result<Json<CampaignCooperation>, ApiError> {
        let found = (body.0.score, body.0.findings.0);
        Ok(Json(self.app.campaigns.evaluate_cooperation(campaign_id.0.into(), found, &officer.0).await?.into()))
    }
}
