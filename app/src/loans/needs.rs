//! 金团助青企: the needs of enterprises, sealed contacts, matches and follow-up.

use domain::lending::NeedState;
use domain::lending::need::NeedEvent;
use domain::lending::product::{Guarantee, Industry};
use domain::role::{Member, Role};
use domain::{LoanProductId, Money, NeedId, NeedMatchId, UnmaskingId};
use entity::{enterprise_need, need_follow_up, need_match, unmasking};
use lending::LendingError;
use lending::need::{Fit, NewFollowUp, NewNeed};
use sea_orm::{ActiveModelTrait, Set};
use serde_json::json;

use super::{Loans, LoansError};
use crate::vault::{SealedKey, VaultError};

type Result<T, E = LoansError> = std::result::Result<T, E>;

/// A need in plain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainNeed {
    /// Made by the client.
    pub id: NeedId,
    /// The county or township it is in.
    pub division: String,
    /// The enterprise's name.
    pub enterprise: String,
    /// 统一社会信用代码.
    pub credit_code: String,
    /// Its trade.
    pub industry: Industry,
    /// How much it needs.
    pub amount: Money,
    /// For how many months.
    pub term: u32,
    /// What it can offer.
    pub guarantee: Guarantee,
    /// What for.
    pub words: String,
    /// Who to talk to, and how.
    pub contact: String,
}

impl Loans {
    /// Writes a need down.
    pub async fn add_need(&self, new: PlainNeed, by: &Member) -> Result<enterprise_need::Model> {
        let contact = new.contact.trim();
        if !(2..=100).contains(&contact.chars().count()) {
            return Err(LendingError::Invalid {
                field: "contact", problem: "请填写联系人和联系方式，2至100字"
            }
            .into());
        }
        let key = self.vault.new_key();
        let sealed = NewNeed {
            contact: self.vault.seal(&key, contact)?,
            key_version: i64::from(key.version),
            key: key.sealed,
            id: new.id,
            division: new.division,
            enterprise: new.enterprise,
            credit_code: new.credit_code,
            industry: new.industry,
            amount: new.amount,
            term: new.term,
            guarantee: new.guarantee,
            words: new.words,
        };
        let tx = self.db.begin().await?;
        let row = lending::need::add(&tx, self.clock.now(), sealed, by).await?;
        self.tell(&tx, "need.add", object(row.id), by, json!({ "amount": row.amount_fen })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A page of needs.
    pub async fn needs(
        &self,
        state: Option<NeedState>,
        by: &Member,
        after: Option<NeedId>,
        limit: u64,
    ) -> Result<Vec<enterprise_need::Model>> {
        Ok(lending::need::page(self.db.read(), state, by, after, limit).await?)
    }

    /// A need.
    pub async fn need(&self, id: NeedId, by: &Member) -> Result<enterprise_need::Model> {
        Ok(lending::need::known(self.db.read(), id, by).await?)
    }

    /// Public products beside a need, those that fit first.
    pub async fn fits(&self, id: NeedId, by: &Member) -> Result<Vec<Fit>> {
        Ok(lending::need::fits(self.db.read(), id, by).await?)
    }

    /// Who to talk to about a need. Who reads it and why is written down first.
    pub async fn need_contact(&self, id: NeedId, reason: &str, by: &Member) -> Result<String> {
        let reason = reason.trim();
        if !(2..=500).contains(&reason.chars().count()) {
            return Err(LendingError::Invalid { field: "reason", problem: "请说明查看原因，2至500字" }.into());
        }
        by.must_be(&[Role::LeagueOfficer, Role::BankOfficer]).map_err(LendingError::from)?;
        let tx = self.db.begin().await?;
        let row = lending::need::known(&tx, id, by).await?;
        unmasking::ActiveModel {
            id: Set(UnmaskingId::new()),
            at_us: Set(self.clock.now()),
            staff_id: Set(by.id),
            object: Set(object(id)),
            fields: Set("contact".to_owned()),
            reason: Set(reason.to_owned()),
            origin: Set(by.origin.clone()),
        }
        .insert(&tx)
        .await?;
        self.tell(&tx, "need.unmask", object(id), by, json!({})).await?;
        tx.commit().await?;
        let version = u32::try_from(row.key_version).map_err(|_| VaultError::UnknownVersion(0))?;
        let key = SealedKey { sealed: row.key_sealed, version };
        Ok(self.vault.open(&key, &row.contact_sealed)?)
    }

    /// Puts a product before its bank.
    pub async fn propose_match(
        &self,
        id: NeedMatchId,
        need: NeedId,
        product: LoanProductId,
        by: &Member,
    ) -> Result<need_match::Model> {
        let tx = self.db.begin().await?;
        let row = lending::need::propose(&tx, self.clock.now(), (id, need), product, by).await?;
        self.tell(&tx, "need.propose", object(need), by, json!({ "product": product })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The bank's answer.
    pub async fn answer_match(
        &self,
        id: NeedMatchId,
        declined: Option<&str>,
        by: &Member,
    ) -> Result<need_match::Model> {
        let tx = self.db.begin().await?;
        let row = lending::need::answer(&tx, self.clock.now(), id, declined, by).await?;
        self.tell(&tx, "need.answer", object(row.need_id), by, json!({ "state": row.state })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Ends a need, or takes it up again.
    pub async fn conclude_need(
        &self,
        id: NeedId,
        event: NeedEvent,
        outcome: &str,
        by: &Member,
    ) -> Result<enterprise_need::Model> {
        let tx = self.db.begin().await?;
        let row = lending::need::conclude(&tx, self.clock.now(), id, event, outcome, by).await?;
        self.tell(&tx, "need.conclude", object(id), by, json!({ "state": row.state })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Writes down what was done.
    pub async fn follow_up(&self, new: NewFollowUp, by: &Member) -> Result<need_follow_up::Model> {
        let tx = self.db.begin().await?;
        let row = lending::need::follow_up(&tx, self.clock.now(), new, by).await?;
        self.tell(&tx, "need.follow_up", object(row.need_id), by, json!({})).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The matches of a need.
    pub async fn matches(&self, id: NeedId, by: &Member) -> Result<Vec<need_match::Model>> {
        Ok(lending::need::matches(self.db.read(), id, by).await?)
    }

    /// What was done about a need.
    pub async fn follow_ups(&self, id: NeedId, by: &Member) -> Result<Vec<need_follow_up::Model>> {
        Ok(lending::need::follow_ups(self.db.read(), id, by).await?)
    }
}

fn object(id: NeedId) -> String {
    format!("need:{id}")
}
