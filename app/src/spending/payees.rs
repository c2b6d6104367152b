//! Payees: everything personal is sealed with a key of their own, shown masked, and opened for a reason that is written down.

use std::collections::HashMap;

use crowdfunding::spending::{self, NewDisbursement, NewPayee, NewPayout, READERS, SealedAccount, SpendingError};
use domain::role::{Member, Role};
use domain::{BookId, CampaignId, PayeeId, StaffId, UnmaskingId, mask};
use entity::{Tx, campaign, payee, payout, unmasking};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, Set};
use serde_json::json;

use super::{SpendError, Spending, invalid};
use crate::trail::{self, Line};
use crate::vault::{SealedKey, Vault, VaultError};

/// Who may read a payee's data whole, for a reason (facts: charity 5); a child's, if they are allowed ([`super::children`]).
pub const OPENERS: [Role; 7] = [
    Role::ProjectManager,
    Role::FinanceHead,
    Role::Cashier,
    Role::Bookkeeper,
    Role::Auditor,
    Role::Compliance,
    Role::Chair,
];

/// Who of them reads about somebody to whom no money goes, a pupil whose guardian receives it, say: finance knows payees only (facts: charity 5).
const CASE_OPENERS: [Role; 4] = [Role::ProjectManager, Role::Auditor, Role::Compliance, Role::Chair];

/// How many payees' words are sealed in one transaction.
const SEALED_AT_ONCE: u64 = 500;

/// What stands where the name of somebody stood who was erased.
pub(super) const ERASED: &str = "已删除";

/// A payee in plain words, as somebody writes them down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainPayee {
    /// Made by the client.
    pub id: PayeeId,
    /// The campaign they come with.
    pub campaign: CampaignId,
    /// `person` or `organisation`.
    pub kind: &'static str,
    /// `beneficiary`, `guardian`, `supplier`, `partner`, `staff`.
    pub part: &'static str,
    /// A child.
    pub minor: bool,
    /// The division (行政区划代码) they live in.
    pub division: Option<String>,
    /// The member of staff it is.
    pub staff: Option<StaffId>,
    /// How they are close to a manager or donor, if they are.
    pub related: Option<String>,
    /// The name, as the bank knows it.
    pub name: String,
    /// The phone number.
    pub phone: Option<String>,
    /// The account.
    pub account: Option<PlainAccount>,
}

/// A bank account in plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainAccount {
    /// The number.
    pub number: String,
    /// The bank's name.
    pub bank: String,
}

/// A payee as staff sees them.
#[derive(Clone, Debug)]
pub struct MaskedPayee {
    /// The row, sealed.
    pub row: payee::Model,
    /// An organisation's name, a person's first character; of whoever was erased, that they were.
    pub name: String,
    /// The last digits of the account.
    pub account: Option<String>,
    /// The bank.
    pub bank: Option<String>,
    /// The last digits of the phone number.
    pub phone: Option<String>,
}

/// A payee's data, opened.
#[derive(Clone, Debug)]
pub struct OpenPayee {
    /// The name.
    pub name: String,
    /// The account and the bank.
    pub account: Option<PlainAccount>,
    /// The phone number.
    pub phone: Option<String>,
    /// How they are close to a manager or donor, if that was declared.
    pub related: Option<String>,
}

/// What a name is compared by, of payees, on lists and of givers.
pub(crate) fn name_hmac(vault: &Vault, name: &str) -> Vec<u8> {
    vault.lookup(&format!("name:{}", compared(name)))
}

/// A name as it is compared: without spaces and signs, in one case and one width.
pub(crate) fn compared(name: &str) -> String {
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    };
    name.chars().map(plain).filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// What is wrong with a name, if anything. A spreadsheet would take one that begins with a sign for a formula.
pub(crate) fn name_problem(name: &str) -> Option<&'static str> {
    let name = name.trim();
    if !(1..=60).contains(&name.chars().count()) || compared(name).is_empty() {
        Some("请填写户名，最多60字")
    } else if name.starts_with(['=', '+', '-', '@']) || name.contains(['\n', '\r', '\t']) {
        Some("户名不能以符号开头，也不能换行")
    } else {
        None
    }
}

/// What is wrong with an account number, if anything. Spaces are left out before.
pub(crate) fn number_problem(number: &str) -> Option<&'static str> {
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    if digits && (8..=32).contains(&number.len()) { None } else { Some("银行账号为8至32位数字") }
}

/// What is wrong with a bank's name, if anything.
pub(crate) fn bank_problem(bank: &str) -> Option<&'static str> {
    let bank = bank.trim();
    let plain = !bank.starts_with(['=', '+', '-', '@']) && !bank.contains(['\n', '\r', '\t']);
    if plain && (2..=60).contains(&bank.chars().count()) { None } else { Some("请填写开户银行，2至60字") }
}

/// The words by which somebody is declared close, if there are any.
fn declared(note: Option<&str>) -> Result<Option<String>, SpendError> {
    let Some(note) = note.map(str::trim) else { return Ok(None) };
    if !(1..=200).contains(&note.chars().count()) {
        return Err(invalid("related", "请说明关联关系，最多200字"));
    }
    Ok(Some(note.to_owned()))
}

/// An account is one holder's: nobody registers it, or moves to it, under another name.
async fn nobody_elses(tx: &Tx, book: BookId, account: &SealedAccount, name_hmac: &[u8]) -> Result<(), SpendError> {
    let same = spending::same_account(tx, book, [account.hmac.clone()]).await?;
    if same.iter().any(|known| known.name_hmac != name_hmac) {
        return Err(invalid("account", "该账号已登记在另一户名下"));
    }
    Ok(())
}

impl Spending {
    /// Writes a payee down. The same id with the same content again answers the one that stands.
    pub async fn register_payee(&self, new: PlainPayee, by: &Member) -> Result<MaskedPayee, SpendError> {
        let (id, campaign, words) = (new.id, new.campaign, declared(new.related.as_deref())?);
        let sealed = self.sealed(new)?;
        let tx = self.db.begin().await?;
        if let Some(known) = payee::Entity::find_by_id(id).one(&tx).await? {
            let same = known.author_id == by.id
                && known.name_hmac == sealed.name_hmac
                && (known.kind.as_str(), known.part.as_str(), known.minor)
                    == (&sealed.kind, &sealed.part, sealed.minor)
                && (&known.division, known.staff_id, self.words(&known)?) == (&sealed.division, sealed.staff, words)
                && (known.account_changed_us.is_some()
                    || known.account_hmac.as_ref() == sealed.account.as_ref().map(|account| &account.hmac));
            return if same { self.masked(known) } else { Err(SpendingError::IdReused.into()) };
        }
        if let Some(account) = &sealed.account {
            let book =
                campaign::Entity::find_by_id(campaign).one(&tx).await?.ok_or(SpendingError::NoSuchCampaign)?.book_id;
            nobody_elses(&tx, book, account, &sealed.name_hmac).await?;
        }
        let now = self.clock.now();
        spending::register(&tx, now, campaign, vec![sealed], by).await?;
        self.screen(&tx, now, Some(&[id]), by).await?;
        let row = payee::Entity::find_by_id(id).one(&tx).await?.ok_or(SpendingError::Conflict)?;
        self.payee_trail(&tx, id, "payee.register", json!({ "part": row.part }), by).await?;
        tx.commit().await?;
        self.masked(row)
    }

    /// Checks and seals a payee.
    pub(super) fn sealed(&self, new: PlainPayee) -> Result<NewPayee, SpendError> {
        if let Some(problem) = name_problem(&new.name) {
            return Err(invalid("name", problem));
        }
        let phone = new.phone.as_deref().map(str::trim).filter(|phone| !phone.is_empty());
        let dialled =
            |phone: &str| phone.bytes().all(|b| b.is_ascii_digit() || b == b'-') && (5..=20).contains(&phone.len());
        if phone.is_some_and(|phone| !dialled(phone)) {
            return Err(invalid("phone", "请填写正确的电话号码"));
        }
        if new.division.as_deref().is_some_and(|code| code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit())) {
            return Err(invalid("division", "行政区划代码为6位数字"));
        }
        if new.minor && (new.kind != "person" || new.part != "beneficiary") {
            return Err(invalid("minor", "只有受益人可以标记为未成年人"));
        }
        if new.part == "staff" && new.staff.is_none() {
            return Err(invalid("staff", "请填写对应的工作人员"));
        }
        let words = declared(new.related.as_deref())?;
        let key = self.vault.new_key();
        let account = new.account.map(|account| self.sealed_account(&key, &account)).transpose()?;
        Ok(NewPayee {
            id: new.id,
            campaign: new.campaign,
            kind: new.kind.to_owned(),
            part: new.part.to_owned(),
            minor: new.minor,
            division: new.division,
            staff: new.staff,
            related: words.map(|words| self.vault.seal(&key, &words)).transpose()?,
            name: self.vault.seal(&key, new.name.trim())?,
            name_hmac: self.name_hmac(&new.name),
            phone: phone.map(|phone| self.vault.seal(&key, phone)).transpose()?,
            account,
            key_version: i64::from(key.version),
            key_sealed: key.sealed,
        })
    }

    fn sealed_account(&self, key: &SealedKey, account: &PlainAccount) -> Result<SealedAccount, SpendError> {
        let number: String = account.number.chars().filter(|c| !c.is_whitespace()).collect();
        if let Some(problem) = number_problem(&number) {
            return Err(invalid("account", problem));
        }
        if let Some(problem) = bank_problem(&account.bank) {
            return Err(invalid("bank", problem));
        }
        Ok(SealedAccount {
            hmac: self.account_hmac(&number),
            number: self.vault.seal(key, &number)?,
            bank: self.vault.seal(key, account.bank.trim())?,
        })
    }

    /// What a name is compared by, also with the lists of screening.
    pub(super) fn name_hmac(&self, name: &str) -> Vec<u8> {
        name_hmac(&self.vault, name)
    }

    /// What an account number is compared by.
    pub(super) fn account_hmac(&self, number: &str) -> Vec<u8> {
        self.vault.lookup(&format!("account:{number}"))
    }

    /// Changes a payee's account.
    pub async fn change_account(
        &self,
        id: PayeeId,
        account: PlainAccount,
        by: &Member,
    ) -> Result<MaskedPayee, SpendError> {
        let tx = self.db.begin().await?;
        let row = spending::payee(&tx, id, by).await?;
        self.unrestricted(&tx, id).await?;
        let sealed = self.sealed_account(&key_of(&row)?, &account)?;
        nobody_elses(&tx, row.book_id, &sealed, &row.name_hmac).await?;
        let row = spending::change_account(&tx, self.clock.now(), id, sealed, by).await?;
        self.payee_trail(&tx, id, "payee.change_account", json!({}), by).await?;
        tx.commit().await?;
        self.masked(row)
    }

    /// Another person confirms the changed account.
    pub async fn confirm_account(&self, id: PayeeId, by: &Member) -> Result<MaskedPayee, SpendError> {
        let tx = self.db.begin().await?;
        let row = spending::confirm_account(&tx, id, by).await?;
        self.payee_trail(&tx, id, "payee.confirm_account", json!({}), by).await?;
        tx.commit().await?;
        self.masked(row)
    }

    /// Declares a payee close to a manager or a donor: from now on nothing is paid to them. The same words again change nothing.
    pub async fn declare_related(&self, id: PayeeId, note: &str, by: &Member) -> Result<MaskedPayee, SpendError> {
        let words = declared(Some(note))?;
        let tx = self.db.begin().await?;
        let known = spending::to_declare(&tx, id, by).await?;
        if known.related && self.words(&known)? == words {
            return self.masked(known);
        }
        self.unrestricted(&tx, id).await?;
        let row = self.declare(&tx, &known, note, by).await?;
        tx.commit().await?;
        self.masked(row)
    }

    /// The same of a payee who is known, in a transaction of its caller.
    pub(super) async fn declare(
        &self,
        tx: &Tx,
        known: &payee::Model,
        note: &str,
        by: &Member,
    ) -> Result<payee::Model, SpendError> {
        let sealed = self.vault.seal(&key_of(known)?, note.trim())?;
        let row = spending::declare_related(tx, known.id, sealed, by).await?;
        self.payee_trail(tx, known.id, "payee.declare_related", json!({}), by).await?;
        Ok(row)
    }

    /// How a payee is close, as it was declared; nothing of whoever was erased.
    fn words(&self, row: &payee::Model) -> Result<Option<String>, SpendError> {
        match &row.related_sealed {
            Some(sealed) if !row.key_sealed.is_empty() => Ok(Some(self.vault.open(&key_of(row)?, sealed)?)),
            _ => Ok(row.related_note.clone()),
        }
    }

    /// Seals words of before they were sealed. Answers of how many payees.
    pub async fn seal_declared(&self) -> Result<u64, SpendError> {
        let mut sealed = 0;
        loop {
            let rows = spending::declared_in_clear(self.db.read(), SEALED_AT_ONCE).await?;
            if rows.is_empty() {
                return Ok(sealed);
            }
            let tx = self.db.begin().await?;
            for row in &rows {
                let words = row.related_note.as_deref().unwrap_or_default();
                spending::seal_words(&tx, row.id, self.vault.seal(&key_of(row)?, words)?).await?;
            }
            tx.commit().await?;
            sealed += rows.len() as u64;
        }
    }

    /// Seals how whoever is paid stands to whom it is for (监护人): it tells of both, and goes with the second. One statement.
    pub(super) async fn seal_words_of(&self, tx: &Tx, new: &mut NewDisbursement) -> Result<(), SpendError> {
        let said = |one: &NewPayout| Some((one.id, one.beneficiary?, one.relation.clone()?));
        let said: Vec<_> = new.payouts.iter().filter_map(said).collect();
        if said.is_empty() {
            return Ok(());
        }
        let people = spending::payees_of(tx, said.iter().map(|(_, beneficiary, _)| *beneficiary)).await?;
        for (id, beneficiary, words) in said {
            // Whoever is not there, or was erased, is refused further on.
            if let Some(row) = people.get(&beneficiary).filter(|row| !row.key_sealed.is_empty()) {
                new.relations.insert(id, self.vault.seal(&key_of(row)?, words.trim())?);
            }
        }
        Ok(())
    }

    /// Payouts with their words opened; of whoever was erased there are none. One statement.
    pub(super) async fn worded(&self, mut rows: Vec<payout::Model>) -> Result<Vec<payout::Model>, SpendError> {
        let sealed = rows.iter().filter(|row| row.relation_sealed.is_some()).filter_map(|row| row.beneficiary_id);
        let people = match sealed.collect::<Vec<_>>() {
            none if none.is_empty() => HashMap::new(),
            some => spending::payees_of(self.db.read(), some).await?,
        };
        for row in &mut rows {
            let Some(words) = &row.relation_sealed else { continue };
            let known = row.beneficiary_id.and_then(|id| people.get(&id)).filter(|one| !one.key_sealed.is_empty());
            row.relation = known.map(|one| Ok::<_, SpendError>(self.vault.open(&key_of(one)?, words)?)).transpose()?;
        }
        Ok(rows)
    }

    /// Seals words for relations of before they were sealed; of whoever was erased they go. Answers of how many payouts.
    pub async fn seal_relations(&self) -> Result<u64, SpendError> {
        let mut sealed = 0;
        loop {
            let rows = spending::relations_in_clear(self.db.read(), SEALED_AT_ONCE).await?;
            if rows.is_empty() {
                return Ok(sealed);
            }
            let tx = self.db.begin().await?;
            let people = spending::payees_of(&tx, rows.iter().filter_map(|row| row.beneficiary_id)).await?;
            let mut words = Vec::with_capacity(rows.len());
            for row in &rows {
                let known = row.beneficiary_id.and_then(|id| people.get(&id)).filter(|one| !one.key_sealed.is_empty());
                let plain = row.relation.as_deref().unwrap_or_default();
                let of = known.map(|one| Ok::<_, SpendError>(self.vault.seal(&key_of(one)?, plain)?)).transpose()?;
                words.push((row.id, of.unwrap_or_default()));
            }
            spending::seal_relations(&tx, words).await?;
            tx.commit().await?;
            sealed += rows.len() as u64;
        }
    }

    /// A payee, masked.
    pub async fn payee(&self, id: PayeeId, by: &Member) -> Result<MaskedPayee, SpendError> {
        self.masked(spending::payee(self.db.read(), id, by).await?)
    }

    /// A page of payees, newest first, masked; of one name, if it is given.
    pub async fn payees(
        &self,
        name: Option<&str>,
        by: &Member,
        after: Option<PayeeId>,
        limit: u64,
    ) -> Result<Vec<MaskedPayee>, SpendError> {
        let hmac = name.map(|name| self.name_hmac(name));
        let rows = spending::payees(self.db.read(), hmac, by, after, limit).await?;
        rows.into_iter().map(|row| self.masked(row)).collect()
    }

    /// The payees a campaign's next paper is likely for, masked, the latest first.
    pub async fn recent_payees(
        &self,
        campaign: CampaignId,
        by: &Member,
        limit: u64,
    ) -> Result<Vec<MaskedPayee>, SpendError> {
        let rows = spending::recent_payees(self.db.read(), campaign, by, limit).await?;
        rows.into_iter().map(|row| self.masked(row)).collect()
    }

    /// Payees by id, masked; what a list of payouts shows beside them.
    pub async fn masked_payees(
        &self,
        ids: impl IntoIterator<Item = PayeeId>,
    ) -> Result<HashMap<PayeeId, MaskedPayee>, SpendError> {
        let rows = spending::payees_of(self.db.read(), ids).await?;
        rows.into_iter().map(|(id, row)| Ok((id, self.masked(row)?))).collect()
    }

    /// A payee's data whole. Who reads it and why is written down, whatever is done with it.
    pub async fn unmask_payee(&self, id: PayeeId, reason: &str, by: &Member) -> Result<OpenPayee, SpendError> {
        let reason = reason.trim();
        if !(2..=200).contains(&reason.chars().count()) {
            return Err(invalid("reason", "请填写查看原因，2至200字"));
        }
        by.must_be(&OPENERS).map_err(SpendingError::from)?;
        let tx = self.db.begin().await?;
        let row = payee::Entity::find_by_id(id).one(&tx).await?.ok_or(SpendingError::NoSuchPayee)?;
        by.may(&OPENERS, &row.unit_path).map_err(|_| SpendingError::NoSuchPayee)?;
        by.may(openers(&row), &row.unit_path).map_err(SpendingError::from)?;
        self.unrestricted(&tx, id).await?;
        if !self.may_unmask(&row, by).await? {
            return Err(SpendingError::Child.into());
        }
        let fields = ["name", "account", "bank", "phone", "related"];
        self.note_unmasking(&tx, format!("payee:{id}"), &fields.join(","), reason, by).await?;
        self.payee_trail(&tx, id, "payee.unmask", json!({ "fields": fields }), by).await?;
        tx.commit().await?;
        self.opened(&row)
    }

    /// Writes down that personal data was shown whole.
    pub(super) async fn note_unmasking(
        &self,
        tx: &Tx,
        object: String,
        fields: &str,
        reason: &str,
        by: &Member,
    ) -> Result<(), DbErr> {
        unmasking::ActiveModel {
            id: Set(UnmaskingId::new()),
            at_us: Set(self.clock.now()),
            staff_id: Set(by.id),
            object: Set(object),
            fields: Set(fields.to_owned()),
            reason: Set(reason.to_owned()),
            origin: Set(by.origin.clone()),
        }
        .insert(tx)
        .await
        .map(|_| ())
    }

    /// Opens a row.
    pub(super) fn opened(&self, row: &payee::Model) -> Result<OpenPayee, SpendError> {
        let key = key_of(row)?;
        let account = match (&row.account_sealed, &row.bank_sealed) {
            (Some(number), Some(bank)) => {
                Some(PlainAccount { number: self.vault.open(&key, number)?, bank: self.vault.open(&key, bank)? })
            }
            _ => None,
        };
        let phone = row.phone_sealed.as_ref().map(|phone| self.vault.open(&key, phone)).transpose()?;
        Ok(OpenPayee { name: self.vault.open(&key, &row.name_sealed)?, account, phone, related: self.words(row)? })
    }

    pub(super) fn masked(&self, row: payee::Model) -> Result<MaskedPayee, SpendError> {
        if row.key_sealed.is_empty() {
            return Ok(MaskedPayee { name: ERASED.to_owned(), account: None, bank: None, phone: None, row });
        }
        let open = self.opened(&row)?;
        let name = if row.kind == "organisation" { open.name } else { mask::name(&open.name) };
        let (account, bank) = open.account.map(|account| (mask::tail(&account.number), account.bank)).unzip();
        Ok(MaskedPayee { name, account, bank, phone: open.phone.as_deref().map(mask::tail), row })
    }

    pub(super) async fn payee_trail(
        &self,
        tx: &Tx,
        id: PayeeId,
        action: &'static str,
        detail: serde_json::Value,
        by: &Member,
    ) -> Result<(), DbErr> {
        let (actor, object) = (trail::staff(by.id), format!("payee:{id}"));
        trail::record(tx, self.clock.now(), Line { actor, action, object, origin: by.origin.clone(), detail }).await
    }

    /// Whether somebody may read payees at all.
    pub fn may_read(by: &Member) -> Result<(), SpendError> {
        Ok(by.must_be(&READERS).map_err(SpendingError::from)?)
    }

    /// A connection for reading.
    pub(super) fn read(&self) -> &impl ConnectionTrait {
        self.db.read()
    }
}

/// Who may read a payee's data whole: of whoever is paid finance, too.
pub(super) fn openers(row: &payee::Model) -> &'static [Role] {
    if row.account_hmac.is_some() { &OPENERS } else { &CASE_OPENERS }
}

/// Whether somebody may read a payee's data whole, a child's if they are allowed.
pub fn may_open(row: &payee::Model, by: &Member) -> bool {
    by.may(openers(row), &row.unit_path).is_ok()
}

/// The wrapped key of a payee.
fn key_of(row: &payee::Model) -> Result<SealedKey, SpendError> {
    let version = u32::try_from(row.key_version).map_err(|_| VaultError::UnknownVersion(0))?;
    Ok(SealedKey { sealed: row.key_sealed.clone(), version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_read_them() {
        assert_eq!(compared(" 阿依古丽 · 买买提 "), compared("阿依古丽买买提"));
        assert_eq!(compared("Ｓａｍｐｌｅ Co., Ltd."), compared("SAMPLE CO LTD"));
        assert_ne!(compared("王小明"), compared("王小名"));
        assert!(name_problem("=HYPERLINK(1)").is_some() && name_problem("···").is_some());
        assert!(name_problem("示例文化用品有限公司").is_none());
        assert!(number_problem("1234567").is_some() && number_problem("6222020000000001234").is_none());
    }
}
