//! The documents under a paper. Most are read by whoever may know of the paper; a list or a roster names the people it pays, children among
//! them, and is given for a reason that is written down, like any personal data (facts: charity 5, 2.11).

use crowdfunding::spending::SpendingError;
use domain::document::AttachmentKind;
use domain::role::Member;
use domain::{AttachmentId, DisbursementId};
use entity::{Tx, disbursement};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Statement};
use serde_json::json;

use super::children::GUARDIANS;
use super::payees::OPENERS;
use super::{SpendError, Spending};
use crate::documents::{self, Content};
use crate::trail::{self, Line};

/// What documents under a paper and the trail call it.
pub fn object(id: DisbursementId) -> String {
    format!("disbursement:{id}")
}

/// Whether a document of this kind names the people that are paid.
pub fn names_people(kind: &str) -> bool {
    [AttachmentKind::List, AttachmentKind::Roster].iter().any(|list| list.as_str() == kind)
}

impl Spending {
    /// A document of a paper that is no list of people.
    pub async fn document(
        &self,
        id: DisbursementId,
        document: AttachmentId,
        by: &Member,
    ) -> Result<Content, SpendError> {
        self.get(id, by).await?;
        let content = documents::read(self.read(), &object(id), document).await?;
        if names_people(&content.attachment.kind) {
            return Err(SpendingError::ReasonNeeded.into());
        }
        Ok(content)
    }

    /// A document of a paper, whatever it is. Who reads it and why is written down; where it pays children, only those responsible for them
    /// read it, and whoever they allowed.
    pub async fn read_list(
        &self,
        id: DisbursementId,
        document: AttachmentId,
        reason: &str,
        by: &Member,
    ) -> Result<Content, SpendError> {
        by.must_be(&OPENERS).map_err(SpendingError::from)?;
        let reason = reason.trim();
        if !(2..=200).contains(&reason.chars().count()) {
            return Err(SpendingError::Invalid { field: "reason", problem: "请填写查看原因，2至200字" }.into());
        }
        let tx = self.db.begin().await?;
        let paper = disbursement::Entity::find_by_id(id).one(&tx).await?.ok_or(SpendingError::NoSuchDisbursement)?;
        by.may(&OPENERS, &paper.unit_path).map_err(|_| SpendingError::NoSuchDisbursement)?;
        let content = documents::read(&tx, &object(id), document).await?;
        if by.may(&GUARDIANS, &paper.unit_path).is_err() && self.keeps_a_child(&tx, id, by).await? {
            return Err(SpendingError::Child.into());
        }
        self.note_unmasking(&tx, object(id), &content.attachment.kind, reason, by).await?;
        let (actor, detail) = (trail::staff(by.id), json!({ "attachment": document }));
        let line =
            Line { actor, action: "disbursement.read_list", object: object(id), origin: by.origin.clone(), detail };
        trail::record(&tx, self.clock.now(), line).await?;
        tx.commit().await?;
        Ok(content)
    }

    /// Whether a paper pays a child, or is for one, whose data this person was not allowed to read. One statement.
    async fn keeps_a_child(&self, tx: &Tx, id: DisbursementId, by: &Member) -> Result<bool, DbErr> {
        let sql = "SELECT p.id FROM payout o JOIN payee p ON p.id IN (o.payee_id, o.beneficiary_id) \
                   WHERE o.disbursement_id = $1 AND p.minor = $2 AND NOT EXISTS (SELECT 1 FROM child_access a \
                   WHERE a.payee_id = p.id AND a.requester_id = $3 AND a.ends_us > $4) LIMIT 1";
        let values = [id.into(), true.into(), by.id.into(), self.clock.now().into()];
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        Ok(tx.query_one_raw(statement).await?.is_some())
    }
}
