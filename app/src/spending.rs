//! Spending: the service over the papers, payees, payouts and payment files of `crowdfunding`. It seals what is personal, writes the
//! audit trail, and makes the files that go to the bank.
//!
//! Refused: whatever `crowdfunding::spending` refuses. Costs: a paper or a file of five thousand payouts takes as many statements as one of
//! one; opening a name costs microseconds.

pub mod batch;
pub mod children;
pub mod files;
pub mod open;
pub mod payees;
pub mod screening;

use aws_lc_rs::digest::{SHA256, digest};
use crowdfunding::spending::{self, NewDisbursement, NewPayout, NewSettlement, SpendingError};
use domain::disbursement::{DisbursementKind, DisbursementState, PayoutState};
use domain::role::Member;
use domain::{BusinessDate, CampaignId, Clock, DisbursementId, PayoutId, SettlementId};
use entity::{Db, Tx, disbursement, disbursement_history, payout, payout_settlement};
use sea_orm::DbErr;
use serde_json::json;

use crate::trail;
use crate::vault::{Vault, VaultError};

/// Why something about spending was not done.
#[derive(Debug, thiserror::Error)]
pub enum SpendError {
    /// The rules refuse.
    #[error(transparent)]
    Refused(#[from] SpendingError),
    /// Personal data stays sealed.
    #[error("personal data cannot be opened")]
    Sealed(#[from] VaultError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// A paper as its author writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Made by the client.
    pub id: DisbursementId,
    /// Whose money.
    pub campaign: CampaignId,
    /// The code of the budget line.
    pub line: String,
    /// What for, in one word.
    pub kind: DisbursementKind,
    /// What for, in the author's words; the public reads it.
    pub purpose: String,
    /// To whom.
    pub payouts: Vec<NewPayout>,
}

/// Spending, from the paper to the bank.
#[derive(Clone, Debug)]
pub struct Spending {
    db: Db,
    clock: Clock,
    vault: Vault,
}

impl Draft {
    /// With the digest by which the same paper is known again.
    fn digested(self, file_hash: Option<Vec<u8>>) -> NewDisbursement {
        let payouts: Vec<_> = self
            .payouts
            .iter()
            .map(|payout| (payout.id, payout.payee, payout.beneficiary, &payout.relation, payout.amount))
            .collect();
        let content = json!([self.campaign, self.line, self.kind, self.purpose.trim(), payouts, file_hash]);
        NewDisbursement {
            content: digest(&SHA256, content.to_string().as_bytes()).as_ref().to_vec(),
            id: self.id,
            campaign: self.campaign,
            line: self.line,
            kind: self.kind,
            purpose: self.purpose,
            payouts: self.payouts,
            file_hash,
        }
    }
}

/// One step of a paper: a transaction, its line in the trail.
macro_rules! step {
    ($self:ident, $by:ident, $action:literal, |$tx:ident, $now:ident| $work:expr) => {{
        let $now = $self.clock.now();
        let $tx = $self.db.begin().await?;
        let paper: disbursement::Model = $work.await?;
        $self.trail(&$tx, &paper, $action, $by).await?;
        $tx.commit().await.map_err(SpendingError::from)?;
        Ok(paper)
    }};
}

impl Spending {
    pub(crate) fn new(db: Db, clock: Clock, vault: Vault) -> Spending {
        Spending { db, clock, vault }
    }

    /// Writes a draft. The same id with the same content again answers the draft that stands.
    pub async fn draft(&self, draft: Draft, by: &Member) -> Result<disbursement::Model, SpendError> {
        step!(self, by, "disbursement.draft", |tx, now| spending::draft(
            &tx,
            now,
            draft.digested(None),
            &self.names(),
            by
        ))
    }

    /// Rewrites a draft; its author only.
    pub async fn edit(&self, draft: Draft, by: &Member) -> Result<disbursement::Model, SpendError> {
        step!(self, by, "disbursement.edit", |tx, now| spending::edit(
            &tx,
            now,
            draft.digested(None),
            &self.names(),
            by
        ))
    }

    /// Hands a draft in.
    pub async fn submit(&self, id: DisbursementId, by: &Member) -> Result<disbursement::Model, SpendError> {
        step!(self, by, "disbursement.submit", |tx, now| spending::submit(&tx, now, id, &self.names(), by))
    }

    /// The approval that is due; the last one promises the money.
    pub async fn approve(&self, id: DisbursementId, by: &Member) -> Result<disbursement::Model, SpendError> {
        step!(self, by, "disbursement.approve", |tx, now| spending::approve(&tx, now, id, by))
    }

    /// Sends it back with a reason.
    pub async fn reject(
        &self,
        id: DisbursementId,
        reason: &str,
        by: &Member,
    ) -> Result<disbursement::Model, SpendError> {
        step!(self, by, "disbursement.reject", |tx, now| spending::reject(&tx, now, id, reason, by))
    }

    /// Gives it up before its last approval.
    pub async fn cancel(
        &self,
        id: DisbursementId,
        reason: &str,
        by: &Member,
    ) -> Result<disbursement::Model, SpendError> {
        step!(self, by, "disbursement.cancel", |tx, now| spending::cancel(&tx, now, id, reason, by))
    }

    /// A paper.
    pub async fn get(&self, id: DisbursementId, by: &Member) -> Result<disbursement::Model, SpendError> {
        Ok(spending::disbursement(self.db.read(), id, by).await?)
    }

    /// Refuses whoever may not add documents to a paper, or not any more.
    pub async fn may_document(&self, id: DisbursementId, by: &Member) -> Result<(), SpendError> {
        spending::may_document(self.db.read(), id, by).await?;
        Ok(())
    }

    /// A page of papers, newest first.
    pub async fn page(
        &self,
        campaign: Option<CampaignId>,
        state: Option<DisbursementState>,
        by: &Member,
        after: Option<DisbursementId>,
        limit: u64,
    ) -> Result<Vec<disbursement::Model>, SpendError> {
        Ok(spending::disbursements(self.db.read(), campaign, state, by, after, limit).await?)
    }

    /// How many papers wait for a decision of this person.
    pub async fn waiting(&self, by: &Member) -> Result<u64, SpendError> {
        Ok(spending::waiting(self.db.read(), by).await?)
    }

    /// A page of what was approved under the profile `small` in the month of a day, for supervisors.
    pub async fn small_reviews(
        &self,
        month: BusinessDate,
        by: &Member,
        after: Option<DisbursementId>,
        limit: u64,
    ) -> Result<Vec<spending::SmallReview>, SpendError> {
        Ok(spending::small_reviews(self.db.read(), month, by, after, limit).await?)
    }

    /// What happened to a paper, oldest first.
    pub async fn history(
        &self,
        id: DisbursementId,
        by: &Member,
    ) -> Result<Vec<disbursement_history::Model>, SpendError> {
        self.get(id, by).await?;
        Ok(spending::history(self.db.read(), id).await?)
    }

    /// A page of the payouts of a paper, in order, from behind a position.
    pub async fn payouts_of(
        &self,
        id: DisbursementId,
        by: &Member,
        after: i64,
        limit: u64,
    ) -> Result<Vec<payout::Model>, SpendError> {
        self.get(id, by).await?;
        Ok(spending::payouts_of(self.db.read(), id, after, limit).await?)
    }

    /// A page of payouts in one state, by their last change; of all, the last changed first.
    pub async fn payouts(
        &self,
        state: impl Into<Option<PayoutState>>,
        by: &Member,
        after: Option<PayoutId>,
        limit: u64,
    ) -> Result<Vec<payout::Model>, SpendError> {
        Ok(spending::payouts(self.db.read(), state.into(), by, after, limit).await?)
    }

    /// What bounced shall be paid again.
    pub async fn retry(&self, id: PayoutId, by: &Member) -> Result<payout::Model, SpendError> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let payout = spending::retry(&tx, now, id, by).await?;
        self.payout_trail(&tx, &payout, "payout.retry", by).await?;
        tx.commit().await?;
        Ok(payout)
    }

    /// Gives a payout up before it is paid.
    pub async fn cancel_payout(&self, id: PayoutId, reason: &str, by: &Member) -> Result<payout::Model, SpendError> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let payout = spending::cancel_payout(&tx, now, id, reason, by).await?;
        self.payout_trail(&tx, &payout, "payout.cancel", by).await?;
        tx.commit().await?;
        Ok(payout)
    }

    /// Writes down that a payee paid back, or that a partner accounts for an advance.
    pub async fn settle(&self, new: NewSettlement, by: &Member) -> Result<payout_settlement::Model, SpendError> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = spending::propose(&tx, now, new, by).await?;
        self.settlement_trail(&tx, &row, "settlement.propose", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Another person confirms or declines it.
    pub async fn decide_settlement(
        &self,
        id: SettlementId,
        confirmed: bool,
        by: &Member,
    ) -> Result<payout_settlement::Model, SpendError> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = spending::decide(&tx, now, id, confirmed, by).await?;
        self.settlement_trail(&tx, &row, "settlement.decide", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The settlements of a payout.
    pub async fn settlements(
        &self,
        payout: PayoutId,
        by: &Member,
    ) -> Result<Vec<payout_settlement::Model>, SpendError> {
        spending::payout(self.db.read(), payout, by).await?;
        Ok(spending::settlements(self.db.read(), payout).await?)
    }

    /// A settlement.
    pub async fn settlement(&self, id: SettlementId, by: &Member) -> Result<payout_settlement::Model, SpendError> {
        Ok(spending::settlement(self.db.read(), id, by).await?)
    }

    /// What names are compared by.
    fn names(&self) -> impl Fn(&str) -> Vec<u8> + Send + Sync + '_ {
        |name| payees::name_hmac(&self.vault, name)
    }

    async fn trail(
        &self,
        tx: &Tx,
        paper: &disbursement::Model,
        action: &'static str,
        by: &Member,
    ) -> Result<(), DbErr> {
        let moved = (paper.amount_fen, paper.state);
        trail::money(tx, self.clock.now(), action, format!("disbursement:{}", paper.id), moved, by).await
    }

    async fn payout_trail(
        &self,
        tx: &Tx,
        payout: &payout::Model,
        action: &'static str,
        by: &Member,
    ) -> Result<(), DbErr> {
        let moved = (payout.amount_fen, payout.state);
        trail::money(tx, self.clock.now(), action, format!("payout:{}", payout.id), moved, by).await
    }

    async fn settlement_trail(
        &self,
        tx: &Tx,
        row: &payout_settlement::Model,
        action: &'static str,
        by: &Member,
    ) -> Result<(), DbErr> {
        let moved = (row.amount_fen, row.state.as_str());
        trail::money(tx, self.clock.now(), action, format!("settlement:{}", row.id), moved, by).await
    }
}
