//! Personal data (facts: charity 2.11, 5): a donor's own copy of everything, erasure, and plain data shown to staff for a
//! reason.
//!
//! Erasure destroys the donor's key and what the donor was found by, ends the sessions and takes names and words out of the
//! gifts; amounts, days and numbers stay, because the books must (个人信息保护法 47). What was sealed cannot be read again by
//! anybody. The same person who comes back is a new donor.
//!
//! Staff see donors masked. Who needs a name says why, and the reason stands in a table that nothing changes.

use std::collections::BTreeMap;

use aws_lc_rs::rand;
use domain::role::{Forbidden, Member, Role};
use domain::{Clock, DonationId, DonorId, StaffId, Timestamp, UnmaskingId};
use entity::{
    Db, consent, donation, donor, enquiry, execute, loan_application, loan_consent, loan_contract, message, refund,
    session, team, unmasking,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde_json::json;

use crate::identity::{Identity, IdentityError};
use crate::loans::applications::Personal;
use crate::trail::{self, Line};
use crowdfunding::CrowdfundingError;

/// Who may see plain data for a reason (facts: charity 5).
const UNMASKERS: [Role; 4] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];
/// Who sees who saw personal data, of the whole house.
pub const WATCHERS: [Role; 2] = [Role::Admin, Role::Auditor];

/// Why personal data was not shown or erased.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    /// There is no such unmasking.
    #[error("no such unmasking")]
    NoSuchUnmasking,
    /// No reason, or no field.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// In Chinese, for the person who filled it in.
        problem: &'static str,
    },
    /// The asker lacks the role, there.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// No such gift, or money is on its way.
    #[error(transparent)]
    Gift(#[from] CrowdfundingError),
    /// An application for a loan is under way, or a contract binds.
    #[error("a loan binds the donor")]
    Borrower,
    /// The loans cannot be read.
    #[error(transparent)]
    Loan(#[from] lending::LendingError),
    /// The donor cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// Everything that is known of a donor.
#[derive(Debug)]
pub struct PersonalData {
    /// The donor.
    pub donor: DonorId,
    /// Since when.
    pub created: Timestamp,
    /// The openid of WeChat.
    pub openid: String,
    /// The gifts, oldest first, each with its campaign's name and the names given with it.
    pub gifts: Vec<OwnGift>,
    /// The teams that the donor founded.
    pub teams: Vec<team::Model>,
    /// The refunds.
    pub refunds: Vec<refund::Model>,
    /// The sessions that are remembered.
    pub sessions: Vec<session::Model>,
    /// The consents to messages.
    pub consents: Vec<consent::Model>,
    /// The messages.
    pub messages: Vec<message::Model>,
    /// The enquiries, each with its question.
    pub enquiries: Vec<(enquiry::Model, Option<String>)>,
    /// The applications for loans, each with what is sealed in it.
    pub loan_applications: Vec<(loan_application::Model, Option<Personal>)>,
    /// What was agreed to for banks.
    pub loan_consents: Vec<loan_consent::Model>,
    /// The contracts.
    pub loans: Vec<loan_contract::Model>,
}

/// A gift with everything its donor said.
#[derive(Debug)]
pub struct OwnGift {
    /// The gift.
    pub gift: donation::Model,
    /// Its campaign's name.
    pub campaign: String,
    /// The name given with it.
    pub name: Option<String>,
    /// The nickname given with it.
    pub nickname: Option<String>,
    /// In whose honour or memory it was given.
    pub tribute_name: Option<String>,
}

/// What of a donor can be shown in plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlainField {
    /// The name given with the gift.
    Name,
    /// The nickname given with the gift.
    Nickname,
    /// The openid of WeChat.
    Openid,
}

impl PlainField {
    fn as_str(self) -> &'static str {
        match self {
            PlainField::Name => "name",
            PlainField::Nickname => "nickname",
            PlainField::Openid => "openid",
        }
    }
}

/// Plain data, by field; nothing where there is none or the donor was erased.
pub type Plain = BTreeMap<PlainField, Option<String>>;

/// Personal data of the program. Cheap to clone.
#[derive(Clone)]
pub struct Privacy {
    db: Db,
    clock: Clock,
    identity: Identity,
}

impl Privacy {
    pub(crate) fn new(db: Db, clock: Clock, identity: Identity) -> Privacy {
        Privacy { db, clock, identity }
    }

    /// A donor's own data, complete.
    pub async fn export(&self, id: DonorId) -> Result<PersonalData, PrivacyError> {
        let db = self.db.read();
        let row = donor::Entity::find_by_id(id).one(db).await?.ok_or(IdentityError::NoSuchDonor)?;
        let openid = self.identity.openid_of(id).await?;
        let (gifts, refunds) = crowdfunding::everything_of(db, id).await?;
        let sealed: Vec<(DonorId, Vec<u8>)> = gifts
            .iter()
            .flat_map(|(gift, _)| [&gift.name_sealed, &gift.nickname_sealed, &gift.tribute_sealed])
            .flatten()
            .map(|sealed| (id, sealed.clone()))
            .collect();
        let mut texts = self.identity.open_many(&sealed).await?.into_iter();
        let mut next = |sealed: &Option<Vec<u8>>| sealed.as_ref().and_then(|_| texts.next().flatten());
        let gifts = gifts
            .into_iter()
            .map(|(gift, campaign)| {
                let (name, nickname) = (next(&gift.name_sealed), next(&gift.nickname_sealed));
                let tribute_name = next(&gift.tribute_sealed);
                OwnGift { gift, campaign, name, nickname, tribute_name }
            })
            .collect();
        let applications = lending::view::applications_of(db, id, None, 1_000).await?;
        let sealed: Vec<(DonorId, Vec<u8>)> =
            applications.iter().filter_map(|row| Some((id, row.personal_sealed.clone()?))).collect();
        let mut opened = self.identity.open_many(&sealed).await?.into_iter();
        let personal = |row: &loan_application::Model| {
            let text = row.personal_sealed.as_ref().and_then(|_| opened.next().flatten())?;
            serde_json::from_str::<Personal>(&text).ok()
        };
        let personal: Vec<_> = applications.iter().map(personal).collect();
        let asked = enquiry::Entity::find().filter(enquiry::Column::DonorId.eq(id)).all(db).await?;
        let sealed: Vec<(DonorId, Vec<u8>)> = asked.iter().map(|row| (id, row.question_sealed.clone())).collect();
        let questions = self.identity.open_many(&sealed).await?;
        Ok(PersonalData {
            donor: id,
            created: row.created_us,
            openid: openid.as_str().to_owned(),
            gifts,
            teams: crowdfunding::own_teams(db, id).await?,
            refunds,
            sessions: session::Entity::find().filter(session::Column::DonorId.eq(id)).all(db).await?,
            consents: consent::Entity::find().filter(consent::Column::DonorId.eq(id)).all(db).await?,
            messages: message::Entity::find().filter(message::Column::DonorId.eq(id)).all(db).await?,
            enquiries: asked.into_iter().zip(questions).collect(),
            loan_applications: applications.into_iter().zip(personal).collect(),
            loan_consents: lending::consent::of_donor(db, id).await?,
            loans: lending::view::contracts_of(db, id).await?,
        })
    }

    /// Erases a donor. Refused while an own gift can still be paid, a refund is under way, or a loan binds.
    pub async fn erase(&self, id: DonorId, origin: &str) -> Result<(), PrivacyError> {
        let now = self.clock.now();
        let tx = self.db.begin().await?;
        let row = donor::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
        let row = row.ok_or(IdentityError::NoSuchDonor)?;
        if lending::application::binding(&tx, id).await? {
            return Err(PrivacyError::Borrower);
        }
        crowdfunding::forget_donor(&tx, now, id).await?;
        let mut nobody = vec![0; 32];
        rand::fill(&mut nobody).expect("the system gives random bytes");
        let mut row: donor::ActiveModel = row.into();
        row.openid_hmac = Set(nobody);
        row.openid_sealed = Set(Vec::new());
        row.key_sealed = Set(Vec::new());
        row.update(&tx).await?;
        let sql = "UPDATE session SET revoked_us = $1 WHERE donor_id = $2 AND revoked_us IS NULL";
        execute(&tx, sql, [self.identity.real().now().into(), id.into()]).await?;
        let sql = "UPDATE message SET state = 'dropped', last_error = 'the donor was erased', finished_us = $1 \
                   WHERE donor_id = $2 AND state IN ('pending', 'sending')";
        execute(&tx, sql, [now.into(), id.into()]).await?;
        execute(&tx, "DELETE FROM consent WHERE donor_id = $1", [id.into()]).await?;
        let (actor, object) = (format!("donor:{id}"), format!("donor:{id}"));
        let line = Line { actor, action: "donor.erase", object, origin: origin.to_owned(), detail: json!({}) };
        trail::record(&tx, now, line).await?;
        Ok(tx.commit().await?)
    }

    /// Shows plain data of the donor of a gift to somebody who says why. The reason is kept before anything is shown.
    pub async fn unmask(
        &self,
        gift: DonationId,
        mut fields: Vec<PlainField>,
        reason: &str,
        by: &Member,
    ) -> Result<Plain, PrivacyError> {
        by.must_be(&UNMASKERS)?;
        let reason = reason.trim();
        if !(2..=500).contains(&reason.chars().count()) {
            return Err(PrivacyError::Invalid { field: "reason", problem: "请说明查看原因，2至500字" });
        }
        fields.sort_unstable();
        fields.dedup();
        if fields.is_empty() {
            return Err(PrivacyError::Invalid { field: "fields", problem: "请选择要查看的内容" });
        }
        let now = self.clock.now();
        let row = crowdfunding::donation(self.db.read(), gift).await?;
        by.may(&UNMASKERS, &crowdfunding::purpose_place(self.db.read(), row.purpose()).await?)?;
        let words: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
        let tx = self.db.begin().await?;
        let object = format!("donation:{gift}");
        unmasking::ActiveModel {
            id: Set(UnmaskingId::new()),
            at_us: Set(now),
            staff_id: Set(by.id),
            object: Set(object.clone()),
            fields: Set(words.join(",")),
            reason: Set(reason.to_owned()),
            origin: Set(by.origin.clone()),
        }
        .insert(&tx)
        .await?;
        let detail = json!({ "fields": words });
        let (actor, origin) = (trail::staff(by.id), by.origin.clone());
        trail::record(&tx, now, Line { actor, action: "donation.unmask", object, origin, detail }).await?;
        tx.commit().await?;
        let mut plain = Plain::new();
        for field in fields {
            let sealed = match field {
                PlainField::Name => &row.name_sealed,
                PlainField::Nickname => &row.nickname_sealed,
                PlainField::Openid => &None,
            };
            let text = match (row.donor_id, sealed) {
                (Some(donor), None) if field == PlainField::Openid => {
                    self.identity.openids_of(&[donor]).await?.remove(&donor).map(|openid| openid.as_str().to_owned())
                }
                (Some(donor), Some(sealed)) => {
                    self.identity.open_many(&[(donor, sealed.clone())]).await?.pop().flatten()
                }
                // Who gave without the mini-program has no key of their own.
                (None, Some(sealed)) => Some(self.identity.house_name(gift, sealed)?),
                _ => None,
            };
            plain.insert(field, text);
        }
        Ok(plain)
    }

    /// Who saw what and why, newest first: everybody, or one of them; of everything, or of one object. For administrators and auditors
    /// of the whole house.
    pub async fn unmaskings(
        &self,
        by: &Member,
        (who, object): (Option<StaffId>, Option<&str>),
        after: Option<UnmaskingId>,
        limit: u64,
    ) -> Result<Vec<unmasking::Model>, PrivacyError> {
        use unmasking::Column as C;
        by.must_be(&WATCHERS)?;
        by.may(&WATCHERS, &domain::UnitPath::whole())?;
        let mut query = unmasking::Entity::find();
        if let Some(who) = who {
            query = query.filter(C::StaffId.eq(who));
        }
        if let Some(object) = object {
            query = query.filter(C::Object.eq(object));
        }
        if let Some(after) = after {
            let last = unmasking::Entity::find_by_id(after).one(self.db.read()).await?;
            let last = last.ok_or(PrivacyError::NoSuchUnmasking)?;
            let same = Condition::all().add(C::AtUs.eq(last.at_us)).add(C::Id.lt(last.id));
            query = query.filter(Condition::any().add(C::AtUs.lt(last.at_us)).add(same));
        }
        let newest_first = query.order_by_desc(C::AtUs).order_by_desc(C::Id);
        Ok(newest_first.limit(limit).all(self.db.read()).await?)
    }
}
