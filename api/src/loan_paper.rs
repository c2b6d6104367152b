//! The papers of an application, sent as the body and saved, never shown in place.

use std::sync::Arc;

use app::App;
use app::loans::papers::{OpenPaper, Upload};
use lending::paper::PaperLine;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::{Donor, Officer};
use crate::document::{Download, saved};
use crate::error::ApiError;
use crate::page::Page;
use crate::tag::Tag;
use crate::wire::Instant;

/// A paper of an application.
#[derive(Object)]
struct LoanPaper {
    id: Uuid,
    /// What it proves.
    kind: String,
    file_name: String,
    /// What it is, told from its bytes.
    media_type: String,
    /// In bytes.
    size: i64,
    /// Whether an officer added it, not the borrower.
    by_officer: bool,
    created_at: Instant,
}

impl From<PaperLine> for LoanPaper {
    fn from(line: PaperLine) -> LoanPaper {
        LoanPaper {
            id: line.id.uuid(),
            kind: line.kind,
            file_name: line.file_name,
            media_type: line.media_type,
            size: line.size,
            by_officer: line.staff_id.is_some(),
            created_at: line.created_us.into(),
        }
    }
}

fn upload(kind: Query<String>, file_name: Query<String>, body: Binary<Vec<u8>>) -> Upload {
    Upload { kind: kind.0, file_name: file_name.0, bytes: body.0 }
}

fn download(paper: OpenPaper) -> Download {
    saved(&paper.file_name, &paper.media_type, paper.bytes)
}

pub(crate) struct OwnPaperApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/me", tag = "Tag::Borrowing")]
impl OwnPaperApi {
    /// The papers of an application of mine.
    #[oai(path = "/loan-applications/:application_id/papers", method = "get")]
    async fn papers(&self, donor: Donor, application_id: Path<Uuid>) -> Result<Json<Page<LoanPaper>>, ApiError> {
        Ok(Json(Page::whole(self.app.loans.own_papers(donor.0, application_id.0.into()).await?)))
    }

    /// Adds a paper to a draft, sent as the body. The same bytes for the same purpose again are the paper that stands.
    #[oai(path = "/loan-applications/:application_id/papers", method = "post")]
    async fn add(
        &self,
        donor: Donor,
        application_id: Path<Uuid>,
        #[oai(validator(min_length = 1, max_length = 40))] kind: Query<String>,
        #[oai(validator(min_length = 1, max_length = 200))] file_name: Query<String>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<LoanPaper>, ApiError> {
        let upload = upload(kind, file_name, body);
        Ok(Json(self.app.loans.add_own_paper(donor.0, application_id.0.into(), upload).await?.into()))
    }

    /// A paper of an application of mine.
    #[oai(path = "/loan-applications/:application_id/papers/:paper_id", method = "get")]
    async fn paper(
        &self,
        donor: Donor,
        application_id: Path<Uuid>,
        paper_id: Path<Uuid>,
    ) -> Result<Download, ApiError> {
        let paper = self.app.loans.own_paper(donor.0, application_id.0.into(), paper_id.0.into()).await?;
        Ok(download(paper))
    }

    /// Withdraws a paper of a draft.
    #[oai(path = "/loan-applications/:application_id/papers/:paper_id", method = "delete")]
    async fn withdraw(&self, donor: Donor, application_id: Path<Uuid>, paper_id: Path<Uuid>) -> Result<(), ApiError> {
        Ok(self.app.loans.withdraw_own_paper(donor.0, application_id.0.into(), paper_id.0.into()).await?)
    }
}

pub(crate) struct LoanPaperApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Loans")]
impl LoanPaperApi {
    /// The papers of an application.
    #[oai(path = "/loan-applications/:application_id/papers", method = "get")]
    async fn papers(&self, officer: Officer, application_id: Path<Uuid>) -> Result<Json<Page<LoanPaper>>, ApiError> {
        Ok(Json(Page::whole(self.app.loans.papers(application_id.0.into(), &officer.0).await?)))
    }

    /// Adds a paper to an application that is in one's hands: a survey, a recommendation, a decision.
    #[oai(path = "/loan-applications/:application_id/papers", method = "post")]
    async fn add(
        &self,
        officer: Officer,
        application_id: Path<Uuid>,
        #[oai(validator(min_length = 1, max_length = 40))] kind: Query<String>,
        #[oai(validator(min_length = 1, max_length = 200))] file_name: Query<String>,
        body: Binary<Vec<u8>>,
    ) -> Result<Json<LoanPaper>, ApiError> {
        let upload = upload(kind, file_name, body);
        Ok(Json(self.app.loans.add_paper_by(application_id.0.into(), upload, &officer.0).await?.into()))
    }

    /// A paper of an application. Who read it is written down.
    #[oai(path = "/loan-applications/:application_id/papers/:paper_id", method = "get")]
    async fn paper(
        &self,
        officer: Officer,
        application_id: Path<Uuid>,
        paper_id: Path<Uuid>,
    ) -> Result<Download, ApiError> {
        let paper = self.app.loans.paper(application_id.0.into(), paper_id.0.into(), &officer.0).await?;
        Ok(download(paper))
    }

    /// Withdraws a paper one has added.
    #[oai(path = "/loan-applications/:application_id/papers/:paper_id", method = "delete")]
    async fn withdraw(
        &self,
        officer: Officer,
        application_id: Path<Uuid>,
        paper_id: Path<Uuid>,
    ) -> Result<(), ApiError> {
        Ok(self.app.loans.withdraw_paper(application_id.0.into(), paper_id.0.into(), &officer.0).await?)
    }
}
