//! Another bank account or merchant number of a charity (facts: charity 2.1 Art. 24 and 26, 2.6): proposed by one person, decided by another
//! who has the paper of the bank or of the channel before them, from its first day on. What was before stays in the history.
//!
//! A campaign's plan keeps the account it names until a change of that campaign names the new one; which campaigns those are is told.

use crowdfunding::Decision;
use domain::document::AttachmentKind;
use domain::proposal::{ProposalEvent, ProposalState};
use domain::role::{Member, Role};
use domain::{AccountChangeId, BookId, BusinessDate, CampaignId};
use entity::{Tx, attachment, campaign, campaign_plan, charity as charity_row, charity_account_change as row};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::json;

use super::profile::DECIDERS;
use super::{Organisation, OrganisationError, charity, sized, taken, told};
use crate::trail;

/// Who reads what was proposed and on what paper.
pub const READERS: [Role; 6] =
    [Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Chair, Role::Auditor];
/// What proves an account: the contract with the channel, the bank's own paper, or a scan of the permit.
const EVIDENCE: [AttachmentKind; 3] = [AttachmentKind::Contract, AttachmentKind::Statement, AttachmentKind::Scan];
/// So many days ahead an account is proposed at most.
const LONGEST_DAYS: u64 = 366;

/// A change to be proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccountChange {
    /// Made by the client.
    pub id: AccountChangeId,
    /// Of which charity.
    pub book: BookId,
    /// Our short name of the bank account it shall have.
    pub bank_account: String,
    /// The merchant number it shall have.
    pub mchid: Option<String>,
    /// The first day; nobody decides before it.
    pub valid_from: BusinessDate,
    /// Why.
    pub reason: String,
}

/// A campaign under way whose plan names another account than the charity has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutdatedCampaign {
    /// The campaign.
    pub campaign: campaign::Model,
    /// The account its plan names.
    pub bank_account: String,
}

impl Organisation {
    /// Proposes another bank account or merchant number.
    pub async fn propose_account(&self, new: NewAccountChange, by: &Member) -> Result<row::Model, OrganisationError> {
        by.must_be(&DECIDERS)?;
        let reason = sized(&new.reason, 500, "reason", "请填写原因，最多500字")?;
        let bank_account = sized(&new.bank_account, 40, "bank_account", "请填写银行账户简称，最多40字")?;
        charity::merchant_checked(new.mchid.as_deref())?;
        let now = self.clock.now();
        let ahead = new.valid_from.start().apart(self.clock.today().start()).as_secs() / 86_400;
        if ahead > LONGEST_DAYS {
            return Err(OrganisationError::Invalid {
                field: "valid_from", problem: "启用日期须在今天前后一年之内"
            });
        }
        let tx = self.db.begin().await?;
        let (charity, place) = charity::locked(&tx, new.book).await?;
        let acting_for = by.acts(&DECIDERS, new.book, &place)?.acting_for;
        if let Some(standing) = row::Entity::find_by_id(new.id).one(&tx).await? {
            let same = standing.author_id == by.id
                && NewAccountChange {
                    id: standing.id,
                    book: standing.book_id,
                    bank_account: standing.new_bank_account.clone(),
                    mchid: standing.new_mchid.clone(),
                    valid_from: standing.valid_from,
                    reason: standing.reason.clone(),
                } == NewAccountChange { reason, bank_account, ..new };
            return if same { Ok(standing) } else { Err(OrganisationError::IdReused) };
        }
        if (&bank_account, &new.mchid) == (&charity.bank_account, &charity.mchid) {
            return Err(OrganisationError::Invalid {
                field: "bank_account",
                problem: "与现行的账户和商户号相同，无需变更",
            });
        }
        if let Some(mchid) = &new.mchid {
            let other = charity_row::Entity::find().filter(charity_row::Column::Mchid.eq(mchid.as_str()));
            if other.filter(charity_row::Column::BookId.ne(new.book)).one(&tx).await?.is_some() {
                return Err(OrganisationError::CodeTaken);
            }
        }
        self.may_leave(&charity, new.mchid.as_deref())?;
        let row = row::ActiveModel {
            id: Set(new.id),
            book_id: Set(new.book),
            old_bank_account: Set(charity.bank_account),
            old_mchid: Set(charity.mchid),
            new_bank_account: Set(bank_account),
            new_mchid: Set(new.mchid),
            valid_from: Set(new.valid_from),
            reason: Set(reason),
            state: Set(ProposalState::Proposed),
            author_id: Set(by.id),
            author_for_id: Set(acting_for),
            approver_id: Set(None),
            approver_for_id: Set(None),
            created_us: Set(now),
            decided_us: Set(None),
        };
        let row = row.insert(&tx).await?;
        told(&tx, now, Some(by), "charity.propose_account", charity::object(new.book), said(&row)).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The merchant number the program pays through is not left while it does: its gifts, bills and refunds are found by it.
    fn may_leave(&self, charity: &charity_row::Model, mchid: Option<&str>) -> Result<(), OrganisationError> {
        let in_use = charity.mchid.as_deref() == Some(self.merchant.as_str());
        if in_use && mchid != Some(self.merchant.as_str()) { Err(OrganisationError::MerchantInUse) } else { Ok(()) }
    }

    /// Decides on a proposed change: another person than whoever proposed it, or whom they stand in for. Agreed, it is in force at once, so
    /// not before its first day, not without a paper that proves it, and not if the charity has another account meanwhile.
    pub async fn decide_account(
        &self,
        id: AccountChangeId,
        decision: impl Into<Decision>,
        by: &Member,
    ) -> Result<row::Model, OrganisationError> {
        by.must_be(&DECIDERS)?;
        let decision = decision.into();
        let approve = decision.agrees();
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = row::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(OrganisationError::NoSuchAccountChange)?;
        let (charity, place) = charity::locked(&tx, row.book_id).await?;
        let grant = by.acts(&DECIDERS, row.book_id, &place)?;
        let acting_for = grant.acting_for;
        if by.is_among(grant, [Some(row.author_id), row.author_for_id]) {
            return Err(OrganisationError::OtherPerson);
        }
        let to = row.state.on(if approve { ProposalEvent::Approve } else { ProposalEvent::Decline })?;
        if approve {
            if row.valid_from > BusinessDate::of(now) {
                return Err(OrganisationError::AccountEarly);
            }
            if (&row.old_bank_account, &row.old_mchid) != (&charity.bank_account, &charity.mchid) {
                return Err(OrganisationError::AccountStale);
            }
            self.may_leave(&charity, row.new_mchid.as_deref())?;
            let papers = attachment::Entity::find()
                .filter(attachment::Column::Object.eq(object(id)))
                .filter(attachment::Column::Kind.is_in(EVIDENCE.map(AttachmentKind::as_str)))
                .filter(attachment::Column::WithdrawnUs.is_null());
            if papers.one(&tx).await?.is_none() {
                return Err(OrganisationError::AccountUnproved);
            }
        }
        let mut active: row::ActiveModel = row.into();
        active.state = Set(to);
        active.approver_id = Set(Some(by.id));
        active.approver_for_id = Set(acting_for);
        active.decided_us = Set(Some(now));
        let row = active.update(&tx).await?;
        if approve {
            let mut charity: charity_row::ActiveModel = charity.into();
            charity.bank_account = Set(row.new_bank_account.clone());
            charity.mchid = Set(row.new_mchid.clone());
            charity.changed_us = Set(now);
            charity.update(&tx).await.map_err(taken)?;
        }
        let action = if approve { "charity.approve_account" } else { "charity.decline_account" };
        told(&tx, now, Some(by), action, charity::object(row.book_id), said(&row)).await?;
        trail::because(&tx, now, object(id), decision.reason(), by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The changes of a charity's account, newest first, for whoever has to do with its money.
    pub async fn account_changes(&self, book: BookId, by: &Member) -> Result<Vec<row::Model>, OrganisationError> {
        by.must_be(&READERS)?;
        by.may(&READERS, &self.charity(book).await?.unit.path)?;
        let rows = row::Entity::find().filter(row::Column::BookId.eq(book));
        let newest_first = rows.order_by_desc(row::Column::CreatedUs).order_by_desc(row::Column::Id);
        Ok(newest_first.all(self.db.read()).await?)
    }

    /// The campaigns of a charity that are handed in and not over, and whose plan names another bank account than the charity has: each
    /// needs a change of its own. Two statements.
    pub async fn outdated_campaigns(
        &self,
        book: BookId,
        by: &Member,
    ) -> Result<Vec<OutdatedCampaign>, OrganisationError> {
        use domain::campaign::CampaignState::{Cancelled, Closed, Closing, Draft, Rejected, Terminated};
        by.must_be(&READERS)?;
        let line = self.charity(book).await?;
        by.may(&READERS, &line.unit.path)?;
        let current = line.charity.bank_account;
        let rows = campaign::Entity::find()
            .filter(campaign::Column::BookId.eq(book))
            .filter(campaign::Column::State.is_not_in([Draft, Cancelled, Closed, Closing, Rejected, Terminated]))
            .order_by_asc(campaign::Column::CreatedUs)
            .all(self.db.read())
            .await?;
        let plans = campaign_plan::Entity::find()
            .filter(campaign_plan::Column::CampaignId.is_in(rows.iter().map(|row| row.id)))
            .all(self.db.read())
            .await?;
        let named = |id: CampaignId, version: i64| {
            let plan = plans.iter().find(|plan| plan.campaign_id == id && plan.version == version)?;
            let content: serde_json::Value = serde_json::from_str(&plan.content).ok()?;
            Some(content.pointer("/terms/bank_account")?.as_str()?.trim().to_owned())
        };
        let outdated = |campaign: campaign::Model| {
            let bank_account = named(campaign.id, campaign.plan_version)?;
            (bank_account != current).then_some(OutdatedCampaign { campaign, bank_account })
        };
        Ok(rows.into_iter().filter_map(outdated).collect())
    }

    /// A change of a charity's account, for whoever has to do with its money.
    pub async fn account_change(&self, id: AccountChangeId, by: &Member) -> Result<row::Model, OrganisationError> {
        by.must_be(&READERS)?;
        let row = row::Entity::find_by_id(id).one(self.db.read()).await?;
        let row = row.ok_or(OrganisationError::NoSuchAccountChange)?;
        by.may(&READERS, &self.charity(row.book_id).await?.unit.path)?;
        Ok(row)
    }

    /// The name of a change for its papers: for whoever may read it, or, while it waits, for whoever may change it.
    pub async fn account_change_object(
        &self,
        id: AccountChangeId,
        by: &Member,
        changing: bool,
    ) -> Result<String, OrganisationError> {
        by.must_be(if changing { &DECIDERS } else { &READERS })?;
        let row = row::Entity::find_by_id(id).one(self.db.read()).await?;
        let row = row.ok_or(OrganisationError::NoSuchAccountChange)?;
        by.may(&READERS, &self.charity(row.book_id).await?.unit.path)?;
        if changing {
            by.keeps(&DECIDERS, row.book_id)?;
        }
        if changing && row.state != ProposalState::Proposed {
            return Err(OrganisationError::Decided);
        }
        Ok(object(id))
    }
}

/// The bank account and the merchant number a charity was opened with, whatever it has by now.
pub(super) async fn opened_with(tx: &Tx, charity: &charity_row::Model) -> Result<(String, Option<String>), DbErr> {
    let first = row::Entity::find()
        .filter(row::Column::BookId.eq(charity.book_id))
        .filter(row::Column::State.eq(ProposalState::Approved))
        .order_by_asc(row::Column::DecidedUs)
        .order_by_asc(row::Column::Id)
        .one(tx)
        .await?;
    let now = (charity.bank_account.clone(), charity.mchid.clone());
    Ok(first.map_or(now, |first| (first.old_bank_account, first.old_mchid)))
}

fn said(row: &row::Model) -> serde_json::Value {
    json!({
        "change": row.id, "before": { "bank_account": row.old_bank_account, "mchid": row.old_mchid },
        "after": { "bank_account": row.new_bank_account, "mchid": row.new_mchid }, "valid_from": row.valid_from,
    })
}

fn object(id: AccountChangeId) -> String {
    format!("charity_account_change:{id}")
}
