//! 公开募捐资格证书 (facts: charity 2.1, Art. 22): without a valid one a charity raises no money in public. One person registers it, another
//! compares it with the paper and confirms it; before that it opens nothing.

use domain::role::{Grant, Member, Role};
use domain::{BookId, BusinessDate, CertificateId};
use entity::{Tx, certificate};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use serde_json::json;

use super::{Organisation, OrganisationError, charity, sized, taken, told};

/// Who keeps certificates.
const KEEPERS: [Role; 2] = [Role::Admin, Role::FinanceHead];

/// Who may be the second person.
const CONFIRMERS: [Role; 3] = [Role::Admin, Role::FinanceHead, Role::Chair];

/// A certificate to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCertificate {
    /// Made by the client.
    pub id: CertificateId,
    /// Whose it is.
    pub book: BookId,
    /// Its number.
    pub number: String,
    /// Who issued it.
    pub issuer: String,
    /// Its first day.
    pub issued_on: BusinessDate,
    /// Its last day.
    pub expires_on: BusinessDate,
}

impl Organisation {
    /// Registers a certificate; it counts when another person has confirmed it.
    pub async fn register_certificate(
        &self,
        new: NewCertificate,
        by: &Member,
    ) -> Result<certificate::Model, OrganisationError> {
        by.must_be(&KEEPERS)?;
        let number = sized(&new.number, 60, "number", "证书编号为1至60个字")?;
        let issuer = sized(&new.issuer, 100, "issuer", "请填写发证机关，最多100字")?;
        if new.issued_on > new.expires_on {
            return Err(OrganisationError::Invalid {
                field: "expires_on", problem: "有效期止不得早于发证日期"
            });
        }
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let (_, place) = charity::locked(&tx, new.book).await?;
        let acting_for = by.acts(&KEEPERS, new.book, &place)?.acting_for;
        if let Some(standing) = certificate::Entity::find_by_id(new.id).one(&tx).await? {
            let same = (standing.book_id, &standing.number, &standing.issuer, standing.issued_on, standing.expires_on)
                == (new.book, &number, &issuer, new.issued_on, new.expires_on);
            return if same { Ok(standing) } else { Err(OrganisationError::IdReused) };
        }
        let row = certificate::ActiveModel {
            id: Set(new.id),
            book_id: Set(new.book),
            number: Set(number),
            issuer: Set(issuer),
            issued_on: Set(new.issued_on),
            expires_on: Set(new.expires_on),
            revoked_on: Set(None),
            author_id: Set(by.id),
            created_us: Set(now),
            author_for_id: Set(acting_for),
            confirmer_id: Set(None),
            confirmer_for_id: Set(None),
            confirmed_us: Set(None),
        };
        let row = row.insert(&tx).await.map_err(taken)?;
        told(&tx, now, Some(by), "certificate.register", object(row.id), said(&row)).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Confirms a certificate: another person than whoever registered it, or in whose name, who has compared it with the paper. Confirmed
    /// already is as good.
    pub async fn confirm_certificate(
        &self,
        id: CertificateId,
        by: &Member,
    ) -> Result<certificate::Model, OrganisationError> {
        by.must_be(&CONFIRMERS)?;
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let (row, grant) = unconfirmed(&tx, id, &CONFIRMERS, by).await?;
        if by.is_among(&grant, [Some(row.author_id), row.author_for_id]) {
            return Err(OrganisationError::OtherPerson);
        }
        if row.confirmed_us.is_some() {
            return Ok(row);
        }
        if row.revoked_on.is_some() {
            return Err(OrganisationError::Decided);
        }
        let mut row: certificate::ActiveModel = row.into();
        row.confirmer_id = Set(Some(by.id));
        row.confirmer_for_id = Set(grant.acting_for);
        row.confirmed_us = Set(Some(now));
        let row = row.update(&tx).await?;
        told(&tx, now, Some(by), "certificate.confirm", object(id), said(&row)).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Takes back a registration that nobody has confirmed, so that what was mistyped can be registered anew under its number.
    pub async fn discard_certificate(&self, id: CertificateId, by: &Member) -> Result<(), OrganisationError> {
        by.must_be(&CONFIRMERS)?;
        let tx = self.db.begin().await?;
        let (row, _) = unconfirmed(&tx, id, &CONFIRMERS, by).await?;
        if row.confirmed_us.is_some() || row.revoked_on.is_some() {
            return Err(OrganisationError::Decided);
        }
        let detail = said(&row);
        certificate::Entity::delete_by_id(id).exec(&tx).await?;
        told(&tx, self.clock.now(), Some(by), "certificate.discard", object(id), detail).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Notes that a certificate was revoked, today. It was good until yesterday.
    pub async fn revoke_certificate(
        &self,
        id: CertificateId,
        by: &Member,
    ) -> Result<certificate::Model, OrganisationError> {
        by.must_be(&KEEPERS)?;
        let tx = self.db.begin().await?;
        let row = certificate::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&tx).await?;
        let row = row.ok_or(OrganisationError::NoSuchCertificate)?;
        let (_, place) = charity::locked(&tx, row.book_id).await?;
        by.acts(&KEEPERS, row.book_id, &place)?;
        if row.revoked_on.is_some() {
            return Ok(row);
        }
        let mut row: certificate::ActiveModel = row.into();
        row.revoked_on = Set(Some(self.clock.today()));
        let row = row.update(&tx).await?;
        let detail = json!({ "charity": row.book_id, "revoked_on": row.revoked_on });
        told(&tx, self.clock.now(), Some(by), "certificate.revoke", object(id), detail).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The certificates of a charity, newest first.
    pub async fn certificates(&self, book: BookId) -> Result<Vec<certificate::Model>, OrganisationError> {
        self.charity(book).await?;
        let rows = certificate::Entity::find().filter(certificate::Column::BookId.eq(book));
        Ok(rows.order_by_desc(certificate::Column::IssuedOn).all(self.db.read()).await?)
    }

    /// The name of a certificate for its documents, if the member may change it, or, for reading, merely if it is there.
    pub async fn certificate_object(
        &self,
        id: CertificateId,
        changing: Option<&Member>,
    ) -> Result<String, OrganisationError> {
        if let Some(by) = changing {
            by.must_be(&KEEPERS)?;
        }
        let row = certificate::Entity::find_by_id(id).one(self.db.read()).await?;
        let row = row.ok_or(OrganisationError::NoSuchCertificate)?;
        if let Some(by) = changing {
            by.keeps(&KEEPERS, row.book_id)?;
        }
        Ok(object(id))
    }

    /// See [`valid_for`].
    pub async fn valid_for(
        &self,
        book: BookId,
        from: BusinessDate,
        to: BusinessDate,
    ) -> Result<Option<certificate::Model>, OrganisationError> {
        Ok(valid_for(self.db.read(), book, from, to).await?)
    }
}

/// A certificate of a charity that is good on every day of a period (facts: charity 3.1).
pub async fn valid_for(
    db: &impl ConnectionTrait,
    book: BookId,
    from: BusinessDate,
    to: BusinessDate,
) -> Result<Option<certificate::Model>, DbErr> {
    let good =
        Condition::any().add(certificate::Column::RevokedOn.is_null()).add(certificate::Column::RevokedOn.gt(to));
    certificate::Entity::find()
        .filter(certificate::Column::BookId.eq(book))
        .filter(certificate::Column::IssuedOn.lte(from))
        .filter(certificate::Column::ExpiresOn.gte(to))
        .filter(certificate::Column::ConfirmedUs.is_not_null())
        .filter(good)
        .order_by_desc(certificate::Column::ExpiresOn)
        .one(db)
        .await
}

/// A certificate, held, and by which of their roles somebody has a say on it.
async fn unconfirmed(
    tx: &Tx,
    id: CertificateId,
    roles: &[Role],
    by: &Member,
) -> Result<(certificate::Model, Grant), OrganisationError> {
    let row = certificate::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(tx).await?;
    let row = row.ok_or(OrganisationError::NoSuchCertificate)?;
    let (_, place) = charity::locked(tx, row.book_id).await?;
    let grant = by.acts(roles, row.book_id, &place)?.clone();
    Ok((row, grant))
}

fn said(row: &certificate::Model) -> serde_json::Value {
    json!({ "charity": row.book_id, "number": row.number, "issued_on": row.issued_on, "expires_on": row.expires_on })
}

fn object(id: CertificateId) -> String {
    format!("certificate:{id}")
}
