//! The officers' side: what offices and banks say to an application, who may not, the signed contract; and what the clock does.

use std::collections::HashMap;

use domain::role::{Member, Role};
use domain::{DonorId, LoanApplicationId, LoanContractId, LoanRelationId, StaffId, UnmaskingId, mask};
use entity::{
    loan_application, loan_application_history, loan_consent, loan_contract, loan_contract_history, loan_decision,
    loan_relation, unmasking,
};
use lending::application::Relative;
use lending::contract::NewContract;
use lending::review::Word;
use lending::view::{Count, Wanted};
use lending::{LendingError, READERS};
use sea_orm::{ActiveModelTrait, Set};
use serde_json::json;

use super::applications::Personal;
use super::{Loans, LoansError, application_object};
use crate::trail::{self, Line};

type Result<T, E = LoansError> = std::result::Result<T, E>;

/// An application as officers see it.
#[derive(Clone, Debug)]
pub struct MaskedApplication {
    /// The row.
    pub row: loan_application::Model,
    /// The borrower's first character and stars; nothing once it is purged or the borrower was erased.
    pub name: Option<String>,
}

/// An application with all that was done about it.
#[derive(Clone, Debug)]
pub struct WholeApplication {
    /// The application.
    pub application: MaskedApplication,
    /// What happened to it.
    pub steps: Vec<loan_application_history::Model>,
    /// What was said to it.
    pub decisions: Vec<loan_decision::Model>,
    /// Who was declared close to the borrower.
    pub relations: Vec<loan_relation::Model>,
    /// What the borrower agreed to for its bank, and took back.
    pub consents: Vec<loan_consent::Model>,
    /// The contract it came to.
    pub contract: Option<LoanContractId>,
}

/// A contract as officers see it.
#[derive(Clone, Debug)]
pub struct MaskedContract {
    /// The row.
    pub row: loan_contract::Model,
    /// The borrower's first character and stars.
    pub name: Option<String>,
}

impl Loans {
    /// Says the word of an office or a bank.
    pub async fn say(&self, id: LoanApplicationId, word: Word, by: &Member) -> Result<MaskedApplication> {
        let action = word.action();
        let tx = self.db.begin().await?;
        let setting = self.setting(&tx).await?;
        let row = lending::review::say(&tx, &setting, id, word, by).await?;
        let detail = json!({ "state": row.state, "amount": row.approved_fen.unwrap_or(row.amount_fen) });
        self.tell(&tx, action, application_object(&row), by, detail).await?;
        self.inform(&tx, &row).await?;
        tx.commit().await?;
        self.masked(row).await
    }

    /// Declares that a member of staff is close to a borrower; by the officer of themselves, or of another.
    pub async fn declare_relation(
        &self,
        id: LoanRelationId,
        application: LoanApplicationId,
        staff: StaffId,
        relation: &str,
        by: &Member,
    ) -> Result<loan_relation::Model> {
        by.must_be(&[Role::LeagueOfficer, Role::BankOfficer]).map_err(LendingError::from)?;
        let tx = self.db.begin().await?;
        let file = lending::application::known(&tx, application, by).await?;
        let whom = Relative::Staff(staff);
        let actor = trail::staff(by.id);
        let row =
            lending::application::relate(&tx, self.clock.now(), (id, application), whom, relation, &actor).await?;
        let object = application_object(&file);
        self.tell(&tx, "loan_application.relate", object, by, json!({ "staff": staff })).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A page of applications, masked.
    pub async fn applications(
        &self,
        wanted: &Wanted,
        by: &Member,
        after: Option<LoanApplicationId>,
        limit: u64,
    ) -> Result<Vec<MaskedApplication>> {
        let rows = lending::view::applications(self.db.read(), wanted, by, after, limit).await?;
        self.masked_all(rows).await
    }

    /// A page of the applications whose next step is the member's, those that have waited longest first, masked.
    pub async fn waiting_applications(
        &self,
        wanted: &Wanted,
        by: &Member,
        after: Option<LoanApplicationId>,
        limit: u64,
    ) -> Result<Vec<MaskedApplication>> {
        let rows = lending::view::waiting(self.db.read(), wanted, by, after, limit).await?;
        self.masked_all(rows).await
    }

    async fn masked_all(&self, rows: Vec<loan_application::Model>) -> Result<Vec<MaskedApplication>> {
        let sealed = rows.iter().map(|row| (row.donor_id, row.personal_sealed.clone())).collect();
        let names = self.names(sealed).await?;
        Ok(rows.into_iter().zip(names).map(|(row, name)| MaskedApplication { row, name }).collect())
    }

    /// An application with all that was done about it.
    pub async fn application(&self, id: LoanApplicationId, by: &Member) -> Result<WholeApplication> {
        let db = self.db.read();
        let row = lending::application::known(db, id, by).await?;
        let consents = lending::consent::of_donor(db, row.donor_id).await?;
        Ok(WholeApplication {
            consents: consents.into_iter().filter(|one| one.bank_id == row.bank_id).collect(),
            contract: lending::contract::of_application(db, id).await?,
            application: self.masked(row).await?,
            steps: lending::view::steps(db, id).await?,
            decisions: lending::view::decisions(db, id).await?,
            relations: lending::view::relations(db, id).await?,
        })
    }

    async fn masked(&self, row: loan_application::Model) -> Result<MaskedApplication> {
        let mut names = self.names(vec![(row.donor_id, row.personal_sealed.clone())]).await?;
        Ok(MaskedApplication { name: names.pop().flatten(), row })
    }

    /// Masked names, one statement however many.
    async fn names(&self, sealed: Vec<(DonorId, Option<Vec<u8>>)>) -> Result<Vec<Option<String>>> {
        let there: Vec<_> = sealed.iter().filter_map(|(donor, sealed)| Some((*donor, sealed.clone()?))).collect();
        let mut opened = self.identity.open_many(&there).await?.into_iter();
        let masked =
            |text: String| serde_json::from_str::<Personal>(&text).ok().map(|personal| mask::name(&personal.name));
        let name = |(_, sealed): &(DonorId, Option<Vec<u8>>)| {
            sealed.as_ref().and_then(|_| opened.next().flatten()).and_then(masked)
        };
        Ok(sealed.iter().map(name).collect())
    }

    /// A borrower's data whole. Who reads it and why is written down first.
    pub async fn unmask_borrower(&self, id: LoanApplicationId, reason: &str, by: &Member) -> Result<Personal> {
        let reason = reason.trim();
        if !(2..=500).contains(&reason.chars().count()) {
            return Err(LendingError::Invalid { field: "reason", problem: "请说明查看原因，2至500字" }.into());
        }
        by.must_be(&READERS).map_err(LendingError::from)?;
        let tx = self.db.begin().await?;
        let row = lending::application::known(&tx, id, by).await?;
        // Who may not decide on the file of somebody close has no need of who it is.
        if lending::view::relations(&tx, id).await?.iter().any(|one| one.staff_id == Some(by.id)) {
            return Err(LendingError::Related.into());
        }
        let sealed = row.personal_sealed.clone().ok_or(LendingError::Gone)?;
        unmasking::ActiveModel {
            id: Set(UnmaskingId::new()),
            at_us: Set(self.clock.now()),
            staff_id: Set(by.id),
            object: Set(application_object(&row)),
            fields: Set("name,identity_number,phone,address".to_owned()),
            reason: Set(reason.to_owned()),
            origin: Set(by.origin.clone()),
        }
        .insert(&tx)
        .await?;
        self.tell(&tx, "loan_application.unmask", application_object(&row), by, json!({})).await?;
        tx.commit().await?;
        self.personal(row.donor_id, &sealed).await
    }

    /// Writes a signed contract down.
    pub async fn sign(&self, new: NewContract, by: &Member) -> Result<MaskedContract> {
        let tx = self.db.begin().await?;
        let setting = self.setting(&tx).await?;
        let application = new.application;
        let row = lending::contract::sign(&tx, &setting, new, by).await?;
        if row.created_us == setting.now {
            let detail = json!({ "application": application, "amount": row.principal_fen, "rate": row.annual_rate });
            self.tell(&tx, "loan_contract.sign", contract_object(row.id), by, detail).await?;
            let file = lending::application::known(&tx, application, by).await?;
            self.inform(&tx, &file).await?;
        }
        tx.commit().await?;
        self.masked_contract(row).await
    }

    /// Gives a signed contract up before it is paid out.
    pub async fn give_up_contract(&self, id: LoanContractId, reason: &str, by: &Member) -> Result<MaskedContract> {
        let tx = self.db.begin().await?;
        let setting = self.setting(&tx).await?;
        let row = lending::contract::give_up(&tx, &setting, id, reason, by).await?;
        self.tell(&tx, "loan_contract.give_up", contract_object(id), by, json!({})).await?;
        tx.commit().await?;
        self.masked_contract(row).await
    }

    /// A page of contracts whose borrowers may be seen.
    pub async fn contracts(
        &self,
        wanted: &Wanted,
        by: &Member,
        after: Option<LoanContractId>,
        limit: u64,
    ) -> Result<Vec<MaskedContract>> {
        let rows = lending::view::contracts(self.db.read(), wanted, by, after, limit).await?;
        let sealed = rows.iter().map(|row| (row.donor_id, Some(row.personal_sealed.clone()))).collect();
        let names = self.names(sealed).await?;
        Ok(rows.into_iter().zip(names).map(|(row, name)| MaskedContract { row, name }).collect())
    }

    /// A contract and what happened to it.
    pub async fn contract(
        &self,
        id: LoanContractId,
        by: &Member,
    ) -> Result<(MaskedContract, Vec<loan_contract_history::Model>)> {
        let row = lending::contract::known(self.db.read(), id, by).await?;
        let steps = lending::contract::steps(self.db.read(), id).await?;
        Ok((self.masked_contract(row).await?, steps))
    }

    async fn masked_contract(&self, row: loan_contract::Model) -> Result<MaskedContract> {
        let mut names = self.names(vec![(row.donor_id, Some(row.personal_sealed.clone()))]).await?;
        Ok(MaskedContract { name: names.pop().flatten(), row })
    }

    /// Counts of all contracts within reach, by state.
    pub async fn contract_counts(&self, by: &Member) -> Result<Vec<Count>> {
        Ok(lending::view::counts(self.db.read(), by).await?)
    }

    /// Escalates what offices have not decided in time, ends what waits for its borrower too long, and tells borrowers of loans that run
    /// what is due ([`Loans::remind_borrowers`]). Answers how many changed.
    pub async fn keep_deadlines(&self) -> Result<u64> {
        let tx = self.db.begin().await?;
        let setting = self.setting(&tx).await?;
        let late = lending::review::escalate(&tx, &setting).await?;
        let mut changed = late.len() as u64;
        let lines: HashMap<LoanApplicationId, serde_json::Value> =
            late.iter().map(|row| (row.id, json!({ "office": row.office, "due_on": row.due_on }))).collect();
        for (id, detail) in lines {
            self.by_clock(&tx, "loan_application.escalate", id, detail).await?;
        }
        tx.commit().await?;
        let since = (self.days_ago(self.periods.consent_days), self.days_ago(self.periods.signing_days));
        for id in lending::review::due_to_expire(self.db.read(), since).await? {
            let tx = self.db.begin().await?;
            if let Some(row) = lending::review::expire(&tx, self.clock.now(), id, since).await? {
                self.by_clock(&tx, "loan_application.expire", id, json!({ "state": row.state })).await?;
                self.inform(&tx, &row).await?;
                tx.commit().await?;
                changed += 1;
            }
        }
        self.remind_borrowers().await?;
        Ok(changed)
    }

    /// Purges files that came to nothing a while ago. Answers how many.
    pub async fn purge(&self) -> Result<u64> {
        let mut purged = 0;
        for id in lending::review::due_to_purge(self.db.read(), self.days_ago(self.periods.purge_days)).await? {
            let tx = self.db.begin().await?;
            lending::review::purge(&tx, self.clock.now(), id).await?;
            self.by_clock(&tx, "loan_application.purge", id, json!({})).await?;
            tx.commit().await?;
            purged += 1;
        }
        Ok(purged)
    }

    async fn by_clock(
        &self,
        tx: &entity::Tx,
        action: &'static str,
        id: LoanApplicationId,
        detail: serde_json::Value,
    ) -> Result<()> {
        let line = Line {
            actor: trail::SYSTEM.to_owned(),
            action,
            object: format!("loan_application:{id}"),
            origin: "clock".to_owned(),
            detail,
        };
        Ok(trail::record(tx, self.clock.now(), line).await?)
    }
}

fn contract_object(id: LoanContractId) -> String {
    format!("loan_contract:{id}")
}
