//! The papers of an application. Their bytes are sealed with the borrower's key: they go with it.

use domain::document::{MediaType, NotTaken};
use domain::lending::LoanState;
use domain::role::{Member, Role};
use domain::{DonorId, LoanApplicationId, LoanPaperId};
use entity::loan_application;
use lending::LendingError;
use lending::paper::{NewPaper, PaperLine};
use serde_json::json;

use super::{Loans, LoansError, application_object};

type Result<T, E = LoansError> = std::result::Result<T, E>;

/// A file as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// What it proves.
    pub kind: String,
    /// Its name.
    pub file_name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A paper to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPaper {
    /// Its name.
    pub file_name: String,
    /// What it is.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Loans {
    async fn add_paper(
        &self,
        file: &loan_application::Model,
        upload: Upload,
        by: Option<&Member>,
    ) -> Result<PaperLine> {
        let media_type = MediaType::of(&upload.file_name, &upload.bytes)?;
        let size = i64::try_from(upload.bytes.len()).map_err(|_| NotTaken::Size)?;
        let new = NewPaper {
            application: file.id,
            kind: upload.kind,
            file_name: upload.file_name,
            media_type: media_type.as_str().to_owned(),
            size,
            hash: self.vault.lookup_bytes(&upload.bytes),
            content: self.identity.seal_bytes_for(file.donor_id, &upload.bytes).await?,
            staff: by.map(|by| by.id),
        };
        let tx = self.db.begin().await?;
        let paper = lending::paper::add(&tx, self.clock.now(), new).await?;
        if let Some(by) = by {
            self.tell(&tx, "loan_paper.add", application_object(file), by, json!({ "paper": paper.id })).await?;
        }
        tx.commit().await?;
        Ok(paper)
    }

    /// The borrower adds a paper to a draft.
    pub async fn add_own_paper(&self, donor: DonorId, id: LoanApplicationId, upload: Upload) -> Result<PaperLine> {
        let file = self.own_draft(donor, id).await?;
        self.add_paper(&file, upload, None).await
    }

    async fn own_draft(&self, donor: DonorId, id: LoanApplicationId) -> Result<loan_application::Model> {
        let file = lending::application::own(self.db.read(), donor, id).await?;
        if file.state != LoanState::Draft {
            file.state.on(domain::lending::LoanEvent::Submit).map_err(LendingError::from)?;
        }
        Ok(file)
    }

    /// The papers of a borrower's own application.
    pub async fn own_papers(&self, donor: DonorId, id: LoanApplicationId) -> Result<Vec<PaperLine>> {
        lending::application::own(self.db.read(), donor, id).await?;
        Ok(lending::paper::of(self.db.read(), id).await?)
    }

    /// A paper of a borrower's own application.
    pub async fn own_paper(&self, donor: DonorId, id: LoanApplicationId, paper: LoanPaperId) -> Result<OpenPaper> {
        lending::application::own(self.db.read(), donor, id).await?;
        self.open_paper(donor, id, paper).await
    }

    /// The borrower withdraws a paper of a draft.
    pub async fn withdraw_own_paper(&self, donor: DonorId, id: LoanApplicationId, paper: LoanPaperId) -> Result<()> {
        self.own_draft(donor, id).await?;
        let tx = self.db.begin().await?;
        lending::paper::withdraw(&tx, self.clock.now(), id, paper, None).await?;
        Ok(tx.commit().await?)
    }

    async fn open_paper(&self, donor: DonorId, id: LoanApplicationId, paper: LoanPaperId) -> Result<OpenPaper> {
        let row = lending::paper::one(self.db.read(), id, paper).await?;
        let bytes = self.identity.open_bytes_for(donor, &row.content_sealed).await?;
        Ok(OpenPaper { file_name: row.file_name, media_type: row.media_type, bytes })
    }

    /// An officer adds a paper to an application in their hands: a survey, a recommendation, a decision.
    pub async fn add_paper_by(&self, id: LoanApplicationId, upload: Upload, by: &Member) -> Result<PaperLine> {
        by.must_be(&[Role::LeagueOfficer, Role::BankOfficer]).map_err(LendingError::from)?;
        let file = lending::application::known(self.db.read(), id, by).await?;
        self.add_paper(&file, upload, Some(by)).await
    }

    /// The papers of an application, for whoever may know of it.
    pub async fn papers(&self, id: LoanApplicationId, by: &Member) -> Result<Vec<PaperLine>> {
        lending::application::known(self.db.read(), id, by).await?;
        Ok(lending::paper::of(self.db.read(), id).await?)
    }

    /// A paper of an application. Who read it is written down.
    pub async fn paper(&self, id: LoanApplicationId, paper: LoanPaperId, by: &Member) -> Result<OpenPaper> {
        let file = lending::application::known(self.db.read(), id, by).await?;
        let open = self.open_paper(file.donor_id, id, paper).await?;
        let tx = self.db.begin().await?;
        self.tell(&tx, "loan_paper.read", application_object(&file), by, json!({ "paper": paper })).await?;
        tx.commit().await?;
        Ok(open)
    }

    /// An officer withdraws a paper they added.
    pub async fn withdraw_paper(&self, id: LoanApplicationId, paper: LoanPaperId, by: &Member) -> Result<()> {
        by.must_be(&[Role::LeagueOfficer, Role::BankOfficer]).map_err(LendingError::from)?;
        let file = lending::application::known(self.db.read(), id, by).await?;
        let tx = self.db.begin().await?;
        lending::paper::withdraw(&tx, self.clock.now(), id, paper, Some(by.id)).await?;
        self.tell(&tx, "loan_paper.withdraw", application_object(&file), by, json!({ "paper": paper })).await?;
        Ok(tx.commit().await?)
    }
}
