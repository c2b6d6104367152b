//! Donors: known by the HMAC of their openid, everything personal sealed with their own key.

use std::collections::HashMap;
use std::time::Duration;

use domain::{DonationId, DonorId, Timestamp};
use entity::{Rows, Tx, donor};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Set, sea_query::OnConflict};
use wechat::{Errcode, OpenId, WechatError};

use super::session::{self, Owner};
use super::{Identity, IdentityError};
use crate::Once;
use crate::vault::{SealedKey, VaultError};

/// How long a donor stays signed in.
const LIFE: Duration = Duration::from_secs(30 * 86_400);

/// A donor who has just signed in.
#[derive(Debug)]
pub struct DonorSession {
    /// Shown to the donor's device once.
    pub token: Once,
    /// Who it is.
    pub donor: DonorId,
    /// When the session ends, in real time.
    pub expires: Timestamp,
}

impl Identity {
    /// Signs a donor in with a code of `wx.login`. The first login makes the donor; twenty first logins at once make one.
    ///
    /// One call to WeChat, then one read and two or four statements.
    pub async fn login_donor(&self, code: &str) -> Result<DonorSession, IdentityError> {
        let login = self.wechat.login(code).await.map_err(|error| match error.errcode() {
            Some(Errcode::InvalidCode | Errcode::CodeUsed | Errcode::CodeMissing) => IdentityError::LoginCode,
            Some(Errcode::RiskyUser) => IdentityError::Blocked,
            _ => wechat_failed(error),
        })?;
        let hmac = self.vault.lookup(login.openid.as_str());
        let known = find(self.db.read(), &hmac).await?;
        let tx = self.db.begin().await?;
        let donor = match known {
            Some(donor) => donor,
            None => self.insert_or_find(&tx, &login.openid, hmac).await?,
        };
        let now = self.real.now();
        let expires = now.after(LIFE);
        let token = session::insert(&tx, Owner::Donor(donor), now, expires).await?;
        tx.commit().await?;
        metrics::counter!("sangzi_logins_total", "who" => "donor", "outcome" => "done").increment(1);
        Ok(DonorSession { token, donor, expires })
    }

    async fn insert_or_find(&self, tx: &Tx, openid: &OpenId, hmac: Vec<u8>) -> Result<DonorId, IdentityError> {
        let key = self.vault.new_key();
        let row = donor::ActiveModel {
            id: Set(DonorId::new()),
            openid_hmac: Set(hmac.clone()),
            openid_sealed: Set(self.vault.seal(&key, openid.as_str())?),
            key_version: Set(i64::from(key.version)),
            key_sealed: Set(key.sealed),
            created_us: Set(self.business.now()),
        };
        // Somebody else may be inserting the same person: then this waits for them, and their row is the one.
        donor::Entity::insert(row)
            .on_conflict(OnConflict::column(donor::Column::OpenidHmac).do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
        find(tx, &hmac).await?.ok_or(IdentityError::NoSuchDonor)
    }

    /// The openid of a donor, for a call to WeChat. Who was erased meanwhile is nobody.
    pub async fn openid_of(&self, donor: DonorId) -> Result<OpenId, IdentityError> {
        let row = donor::Entity::find_by_id(donor).one(self.db.read()).await?.ok_or(IdentityError::NoSuchDonor)?;
        let key = sealed_key(row.key_sealed, row.key_version)?;
        Ok(OpenId::from(self.vault.open(&key, &row.openid_sealed).map_err(nobody)?))
    }

    /// The openids of some donors, one statement. Donors who were erased are left out, and so is, with a line in the log,
    /// whoever cannot be read.
    pub async fn openids_of(&self, donors: &[DonorId]) -> Result<HashMap<DonorId, OpenId>, IdentityError> {
        let ids = Rows::new().uuid("id", donors.iter().map(|donor| donor.uuid()));
        let sql = "SELECT d.id, d.openid_sealed, d.key_sealed, d.key_version FROM {rows} JOIN donor d ON d.id = r.id";
        let rows = self.db.read().query_all_raw(ids.statement(self.db.backend(), sql, [])).await?;
        let mut openids = HashMap::with_capacity(rows.len());
        for row in rows {
            let key = sealed_key(row.try_get("", "key_sealed")?, row.try_get("", "key_version")?)?;
            let donor: DonorId = row.try_get("", "id")?;
            match self.vault.open(&key, &row.try_get::<Vec<u8>>("", "openid_sealed")?) {
                Ok(openid) => drop(openids.insert(donor, OpenId::from(openid))),
                Err(VaultError::Erased) => {}
                Err(error) => tracing::error!(%donor, %error, "an openid cannot be opened"),
            }
        }
        Ok(openids)
    }

    /// Seals a text with a donor's key. One statement. Who was erased meanwhile is nobody.
    pub async fn seal_for(&self, donor: DonorId, text: &str) -> Result<Vec<u8>, IdentityError> {
        self.vault.seal(&self.key_of(donor).await?, text).map_err(nobody)
    }

    /// Opens what was sealed for a donor. One statement.
    pub async fn open_for(&self, donor: DonorId, sealed: &[u8]) -> Result<String, IdentityError> {
        Ok(self.vault.open(&self.key_of(donor).await?, sealed)?)
    }

    /// Seals bytes with a donor's key. One statement. Who was erased meanwhile is nobody.
    pub async fn seal_bytes_for(&self, donor: DonorId, bytes: &[u8]) -> Result<Vec<u8>, IdentityError> {
        self.vault.seal_bytes(&self.key_of(donor).await?, bytes).map_err(nobody)
    }

    /// Opens bytes that were sealed for a donor. One statement.
    pub async fn open_bytes_for(&self, donor: DonorId, sealed: &[u8]) -> Result<Vec<u8>, IdentityError> {
        Ok(self.vault.open_bytes(&self.key_of(donor).await?, sealed)?)
    }

    /// Opens many, one statement however many. What cannot be opened, the donor having been erased, is nothing; a box that
    /// was changed is nothing, too, and is logged: one bad box must not hide a whole list.
    pub async fn open_many(&self, sealed: &[(DonorId, Vec<u8>)]) -> Result<Vec<Option<String>>, IdentityError> {
        if sealed.is_empty() {
            return Ok(Vec::new());
        }
        let mut donors: Vec<DonorId> = sealed.iter().map(|(donor, _)| *donor).collect();
        donors.sort_unstable();
        donors.dedup();
        let ids = Rows::new().uuid("id", donors.into_iter().map(DonorId::uuid));
        let sql = "SELECT d.id, d.key_sealed, d.key_version FROM {rows} JOIN donor d ON d.id = r.id";
        let rows = self.db.read().query_all_raw(ids.statement(self.db.backend(), sql, [])).await?;
        let mut keys: HashMap<DonorId, SealedKey> = HashMap::with_capacity(rows.len());
        for row in rows {
            let key = sealed_key(row.try_get("", "key_sealed")?, row.try_get("", "key_version")?)?;
            keys.insert(row.try_get("", "id")?, key);
        }
        let open = |(donor, sealed): &(DonorId, Vec<u8>)| match self.vault.open(keys.get(donor)?, sealed) {
            Ok(text) => Some(text),
            Err(VaultError::Erased) => None,
            Err(error) => {
                tracing::error!(%donor, %error, "personal data cannot be opened");
                None
            }
        };
        Ok(sealed.iter().map(open).collect())
    }

    /// The name of somebody who gave without the mini-program and has no key of their own: the house keeps it.
    pub(crate) fn house_name(&self, gift: DonationId, sealed: &[u8]) -> Result<String, IdentityError> {
        crate::giving::open_house_name(&self.vault, gift, sealed)
    }

    async fn key_of(&self, donor: DonorId) -> Result<SealedKey, IdentityError> {
        let row = donor::Entity::find_by_id(donor).one(self.db.read()).await?.ok_or(IdentityError::NoSuchDonor)?;
        Ok(sealed_key(row.key_sealed, row.key_version)?)
    }
}

/// Whose key was destroyed is not there any more: not even for what they asked for in the same moment.
fn nobody(error: VaultError) -> IdentityError {
    match error {
        VaultError::Erased => IdentityError::NoSuchDonor,
        error @ (VaultError::UnknownVersion(_) | VaultError::Tag) => error.into(),
    }
}

fn wechat_failed(error: WechatError) -> IdentityError {
    metrics::counter!("sangzi_logins_total", "who" => "donor", "outcome" => "wechat_failed").increment(1);
    IdentityError::Wechat(error)
}

/// The key of a person as it stands in their row.
pub(crate) fn sealed_key(sealed: Vec<u8>, version: i64) -> Result<SealedKey, DbErr> {
    let version = u32::try_from(version).map_err(|_| DbErr::Type(format!("{version} is no version of a key")))?;
    Ok(SealedKey { sealed, version })
}

async fn find(db: &impl ConnectionTrait, hmac: &[u8]) -> Result<Option<DonorId>, DbErr> {
    let row = donor::Entity::find().filter(donor::Column::OpenidHmac.eq(hmac)).one(db).await?;
    Ok(row.map(|row| row.id))
}
