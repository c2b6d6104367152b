//! Spending: the service over the papers, payees, payouts and payment files of `crowdfunding`. It seals what is personal, writes the
//! audit trail, and makes the files that go to the bank.
//!
//! Refused: whatever `crowdfunding::spending` refuses. Costs: a paper or a file of five thousand payouts takes as many statements as one of
//! one; opening a name costs microseconds.

pub mod batch;
pub mod children;
pub mod erasure;
pub mod files;
pub mod lists;
pub mod open;
pub mod payees;
pub mod screening;

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use crowdfunding::Decision;
use crowdfunding::spending::{
    self, NewDisbursement, NewPayout, NewSettlement, PaperSearch, PayoutSearch, SpendingError,
};
use domain::disbursement::DisbursementKind;
use domain::role::Member;
use domain::{BusinessDate, CampaignId, Clock, DisbursementId, Money, PayoutId, SettlementId};
use entity::{Db, Tx, disbursement, disbursement_history, payout, payout_settlement};
use sea_orm::DbErr;
use serde_json::json;

use crate::documents::DocumentError;
use crate::trail;
use crate::vault::{Vault, VaultError};

/// Why something about spending was not done.
#[derive(Debug, thiserror::Error)]
pub enum SpendError {
    /// The rules refuse.
    #[error(transparent)]
    Refused(#[from] SpendingError),
    /// The document is not given.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Personal data stays sealed.
    #[error("personal data cannot be opened")]
    Sealed(#[from] VaultError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// That a field is wrong, and how.
fn invalid(field: &'static str, problem: &'static str) -> SpendError {
    SpendingError::Invalid { field, problem }.into()
}

/// A reason for the record, as it is kept.
fn reasoned(reason: &str) -> Result<&str, SpendError> {
    let reason = reason.trim();
    if (2..=200).contains(&reason.chars().count()) {
        Ok(reason)
    } else {
        Err(invalid("reason", "请填写理由，2至200字"))
    }
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
    /// Why it is no second paper for the same payment, where another of the campaign pays the same person as much for the same purpose.
    pub repeat_reason: Option<String>,
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
        let mut content = json!([self.campaign, self.line, self.kind, self.purpose.trim(), payouts, file_hash]);
        // What was written before there was a reason to say is known again, too.
        if let (Some(reason), Some(content)) = (&self.repeat_reason, content.as_array_mut()) {
            content.push(json!(reason.trim()));
        }
        NewDisbursement {
            content: digest(&SHA256, content.to_string().as_bytes()).as_ref().to_vec(),
            id: self.id,
            campaign: self.campaign,
            line: self.line,
            kind: self.kind,
            purpose: self.purpose,
            payouts: self.payouts,
            relations: HashMap::new(),
            file_hash,
            repeat_reason: self.repeat_reason,
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

/// Refuses a paper that asks for what another of its campaign asks for, unless its author says why.
async fn not_again(tx: &Tx, new: &NewDisbursement) -> Result<(), SpendError> {
    if new.repeat_reason.is_some() {
        return Ok(());
    }
    match spending::same_before(tx, new).await? {
        Some(before) => Err(SpendingError::Repeated(before).into()),
        None => Ok(()),
    }
}

impl Spending {
    pub(crate) fn new(db: Db, clock: Clock, vault: Vault) -> Spending {
        Spending { db, clock, vault }
    }

    /// Writes a draft. The same id with the same content again answers the draft that stands. What another paper of the campaign asks for
    /// already wants a reason.
    pub async fn draft(&self, draft: Draft, by: &Member) -> Result<disbursement::Model, SpendError> {
        let mut new = draft.digested(None);
        step!(self, by, "disbursement.draft", |tx, now| async {
            let stood = spending::stands(&tx, new.id).await?;
            if !stood {
                self.seal_words_of(&tx, &mut new).await?;
            }
            let asked = new.clone();
            let paper = spending::draft(&tx, now, new, &self.names(), by).await?;
            if !stood {
                not_again(&tx, &asked).await?;
            }
            Ok::<_, SpendError>(paper)
        })
    }

    /// Rewrites a draft; its author only.
    pub async fn edit(&self, draft: Draft, by: &Member) -> Result<disbursement::Model, SpendError> {
        let mut new = draft.digested(None);
        step!(self, by, "disbursement.edit", |tx, now| async {
            self.seal_words_of(&tx, &mut new).await?;
            let asked = new.clone();
            let paper = spending::edit(&tx, now, new, &self.names(), by).await?;
            not_again(&tx, &asked).await?;
            Ok::<_, SpendError>(paper)
        })
    }

    /// Hands a draft in. Everybody whom it pays or is for is looked up on the lists of names as they are now.
    pub async fn submit(&self, id: DisbursementId, by: &Member) -> Result<disbursement::Model, SpendError> {
        step!(self, by, "disbursement.submit", |tx, now| async {
            let paper = spending::submit(&tx, now, id, &self.names(), by).await?;
            self.screen_paper(&tx, now, id, by).await?;
            Ok::<_, SpendError>(paper)
        })
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
        wanted: &PaperSearch,
        by: &Member,
        after: Option<DisbursementId>,
        limit: u64,
    ) -> Result<Vec<disbursement::Model>, SpendError> {
        Ok(spending::disbursements(self.db.read(), wanted, by, after, limit).await?)
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
        self.worded(spending::payouts_of(self.db.read(), id, after, limit).await?).await
    }

    /// A page of payouts, as a rule by their last change: those in one state the longest unchanged first, all of them the last changed first.
    pub async fn payouts(
        &self,
        wanted: impl Into<PayoutSearch>,
        by: &Member,
        after: Option<PayoutId>,
        limit: u64,
    ) -> Result<Vec<payout::Model>, SpendError> {
        self.worded(spending::payouts(self.db.read(), &wanted.into(), by, after, limit).await?).await
    }

    /// What was paid back of payouts that somebody may know of.
    pub async fn recovered(&self, ids: &[PayoutId]) -> Result<HashMap<PayoutId, Money>, SpendError> {
        Ok(spending::recovered(self.db.read(), ids).await?)
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
        decision: impl Into<Decision>,
        by: &Member,
    ) -> Result<payout_settlement::Model, SpendError> {
        let decision = decision.into();
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = spending::decide(&tx, now, id, decision.agrees(), by).await?;
        self.settlement_trail(&tx, &row, "settlement.decide", by).await?;
        trail::because(&tx, now, format!("settlement:{id}"), decision.reason(), by).await?;
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

    /// Refuses whoever may not add documents to a settlement, or not any more.
    pub async fn may_document_settlement(&self, id: SettlementId, by: &Member) -> Result<(), SpendError> {
        Ok(spending::may_document_settlement(self.db.read(), id, by).await?)
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
