//! The borrower's side: an application written, handed in, taken back; what they agree to; where it all stands.

use domain::lending::application::ConsentScope;
use domain::lending::product::{Guarantee, Industry, age_on};
use domain::lending::{ApplicantKind, ApplicationKind, RepaymentMethod};
use domain::person::IdentityNumber;
use domain::{
    BankId, DonorId, LoanApplicationId, LoanConsentId, LoanContractId, LoanProductId, LoanRelationId, Money, StaffId,
};
use entity::{
    Tx, loan_application, loan_application_history, loan_consent, loan_contract, loan_contract_history, staff,
};
use lending::LendingError;
use lending::application::{NewApplication, Relative};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Loans, LoansError, application_object};
use crate::trail::{self, Line};

type Result<T, E = LoansError> = std::result::Result<T, E>;

/// What a borrower writes down, in plain.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Made by the client.
    pub id: LoanApplicationId,
    /// What is asked for.
    pub kind: ApplicationKind,
    /// The contract that is to be changed.
    pub contract: Option<LoanContractId>,
    /// Of which product.
    pub product: LoanProductId,
    /// Who borrows.
    pub applicant: ApplicantKind,
    /// The enterprise, if it is one.
    pub enterprise: Option<String>,
    /// Its 统一社会信用代码.
    pub credit_code: Option<String>,
    /// How much.
    pub amount: Money,
    /// In months.
    pub term: u32,
    /// How it is repaid.
    pub method: RepaymentMethod,
    /// The code of a county or township.
    pub division: String,
    /// What for, by trade.
    pub industry: Industry,
    /// What secures it.
    pub guarantee: Guarantee,
    /// What for, in words.
    pub purpose: String,
    /// The borrower.
    pub person: Person,
    /// Who of the League or the bank is close to the borrower.
    pub relatives: Vec<PlainRelative>,
}

/// The borrower, in plain. Of an enterprise: whoever acts for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name on the identity card.
    pub name: String,
    /// Its number.
    pub number: IdentityNumber,
    /// The phone number.
    pub phone: String,
    /// The address.
    pub address: String,
}

/// Somebody close to the borrower who works for the League or a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainRelative {
    /// Made by the client.
    pub id: LoanRelationId,
    /// The name.
    pub name: String,
    /// The number of the identity card, if the borrower knows it.
    pub number: Option<IdentityNumber>,
    /// 配偶, 父亲 and the like.
    pub relation: String,
}

/// What is sealed of a borrower.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// The name.
    pub name: String,
    /// The number of the identity card.
    pub number: String,
    /// The phone number.
    pub phone: String,
    /// The address.
    pub address: String,
}

fn invalid(field: &'static str, problem: &'static str) -> LoansError {
    LendingError::Invalid { field, problem }.into()
}

impl Loans {
    /// Writes a draft. The same id with the same content again answers the one that stands.
    pub async fn draft(&self, donor: DonorId, draft: Draft) -> Result<loan_application::Model> {
        let relatives = draft.relatives.clone();
        let new = self.sealed(donor, draft).await?;
        let tx = self.db.begin().await?;
        let setting = self.setting(&tx).await?;
        let row = lending::application::draft(&tx, &setting, donor, new).await?;
        if row.created_us == setting.now {
            self.declare(&tx, &row, &relatives).await?;
            self.told(&tx, donor, "loan_application.draft", &row).await?;
        }
        tx.commit().await?;
        Ok(row)
    }

    /// Rewrites a draft, or what was sent back. Relatives who were declared stay declared.
    pub async fn edit(&self, donor: DonorId, draft: Draft) -> Result<loan_application::Model> {
        let relatives = draft.relatives.clone();
        let new = self.sealed(donor, draft).await?;
        let tx = self.db.begin().await?;
        let setting = self.setting(&tx).await?;
        let row = lending::application::edit(&tx, &setting, donor, new).await?;
        self.declare(&tx, &row, &relatives).await?;
        self.told(&tx, donor, "loan_application.edit", &row).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Checks what is personal and seals it with the borrower's key.
    async fn sealed(&self, donor: DonorId, draft: Draft) -> Result<NewApplication> {
        let Person { name, number, phone, address } = &draft.person;
        let (name, phone, address) = (name.trim(), phone.trim(), address.trim());
        if !(2..=30).contains(&name.chars().count()) {
            return Err(invalid("name", "请填写姓名，2至30字"));
        }
        let dialled = phone.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        if !dialled || !(5..=20).contains(&phone.len()) {
            return Err(invalid("phone", "请填写正确的电话号码"));
        }
        if !(2..=100).contains(&address.chars().count()) {
            return Err(invalid("address", "请填写地址，2至100字"));
        }
        if draft.relatives.len() > 10 {
            return Err(invalid("relatives", "最多填写10位亲属"));
        }
        let personal = Personal {
            name: name.to_owned(),
            number: number.expose().to_owned(),
            phone: phone.to_owned(),
            address: address.to_owned(),
        };
        let plain = serde_json::to_string(&personal).map_err(LendingError::from)?;
        let relatives: Vec<_> = draft
            .relatives
            .iter()
            .map(|one| (one.id, one.name.trim(), one.number.as_ref().map(IdentityNumber::expose), &one.relation))
            .collect();
        let content = json!([
            draft.kind,
            draft.contract,
            draft.product,
            draft.applicant,
            draft.enterprise,
            draft.credit_code,
            draft.amount,
            draft.term,
            draft.method,
            draft.division,
            draft.industry,
            draft.guarantee,
            draft.purpose.trim(),
            plain,
            relatives,
        ]);
        Ok(NewApplication {
            person_hmac: self.person_hmac(number),
            personal: self.identity.seal_for(donor, &plain).await?,
            // A digest of a number of an identity card could be guessed; this one has a key.
            content: self.vault.lookup(&format!("loan_application:{content}")),
            id: draft.id,
            kind: draft.kind,
            contract: draft.contract,
            product: draft.product,
            applicant: draft.applicant,
            enterprise: draft.enterprise,
            credit_code: draft.credit_code,
            amount: draft.amount,
            term: draft.term,
            method: draft.method,
            division: draft.division,
            industry: draft.industry,
            guarantee: draft.guarantee,
            purpose: draft.purpose,
        })
    }

    /// What tells one natural person from another: the same for borrowers and staff.
    fn person_hmac(&self, number: &IdentityNumber) -> Vec<u8> {
        self.vault.lookup(&format!("person:{}", number.expose()))
    }

    /// Relatives by their number; by their name every member of staff who has it, which may be one too many and never one too few.
    async fn declare(&self, tx: &Tx, file: &loan_application::Model, relatives: &[PlainRelative]) -> Result<()> {
        if relatives.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let actor = format!("donor:{}", file.donor_id);
        let names: Vec<&str> = relatives.iter().map(|one| one.name.trim()).collect();
        let named = staff::Entity::find().filter(staff::Column::Name.is_in(names)).all(tx).await?;
        let standing = lending::view::relations(tx, file.id).await?;
        let mut declared: Vec<StaffId> = standing.iter().filter_map(|one| one.staff_id).collect();
        for one in relatives {
            let mut id = one.id;
            if let Some(number) = &one.number {
                let person = Relative::Person(self.person_hmac(number));
                lending::application::relate(tx, now, (id, file.id), person, &one.relation, &actor).await?;
                id = LoanRelationId::new();
            }
            for member in named.iter().filter(|member| member.name == one.name.trim()) {
                if declared.contains(&member.id) {
                    continue;
                }
                let whom = Relative::Staff(member.id);
                lending::application::relate(tx, now, (id, file.id), whom, &one.relation, &actor).await?;
                declared.push(member.id);
                id = LoanRelationId::new();
            }
        }
        Ok(())
    }

    /// Hands it in.
    pub async fn submit(&self, donor: DonorId, id: LoanApplicationId) -> Result<loan_application::Model> {
        let seen = lending::application::own(self.db.read(), donor, id).await?;
        let sealed = seen.personal_sealed.as_deref().ok_or(LendingError::Gone)?;
        let personal = self.personal(donor, sealed).await?;
        let number: IdentityNumber =
            personal.number.parse().map_err(|_| invalid("identity_number", "身份证号码不正确"))?;
        let age = age_on(number.born(), self.clock.today());
        let tx = self.db.begin().await?;
        let setting = self.setting(&tx).await?;
        let row = lending::application::submit(&tx, &setting, donor, id, age).await?;
        self.told(&tx, donor, "loan_application.submit", &row).await?;
        self.inform(&tx, &row).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Opens what was sealed of a borrower.
    pub(super) async fn personal(&self, donor: DonorId, sealed: &[u8]) -> Result<Personal> {
        let plain = self.identity.open_for(donor, sealed).await?;
        Ok(serde_json::from_str(&plain).map_err(LendingError::from)?)
    }

    /// Takes it back.
    pub async fn withdraw(&self, donor: DonorId, id: LoanApplicationId) -> Result<loan_application::Model> {
        let tx = self.db.begin().await?;
        let row = lending::application::withdraw(&tx, self.clock.now(), donor, id).await?;
        self.told(&tx, donor, "loan_application.withdraw", &row).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A borrower's applications.
    pub async fn own_applications(
        &self,
        donor: DonorId,
        after: Option<LoanApplicationId>,
        limit: u64,
    ) -> Result<Vec<loan_application::Model>> {
        Ok(lending::view::applications_of(self.db.read(), donor, after, limit).await?)
    }

    /// A borrower's own application, what was written in it, and what happened to it.
    pub async fn own_application(
        &self,
        donor: DonorId,
        id: LoanApplicationId,
    ) -> Result<(loan_application::Model, Option<Personal>, Vec<loan_application_history::Model>)> {
        let row = lending::application::own(self.db.read(), donor, id).await?;
        let personal = match &row.personal_sealed {
            Some(sealed) => Some(self.personal(donor, sealed).await?),
            None => None,
        };
        let steps = lending::view::steps(self.db.read(), id).await?;
        Ok((row, personal, steps))
    }

    /// Agrees to something for a bank. What waited for it goes to the bank in the same transaction.
    pub async fn consent(
        &self,
        donor: DonorId,
        id: LoanConsentId,
        bank: BankId,
        scope: ConsentScope,
    ) -> Result<loan_consent::Model> {
        let tx = self.db.begin().await?;
        let setting = self.setting(&tx).await?;
        let row = lending::consent::give(&tx, setting.now, id, donor, (bank, scope)).await?;
        let line = Line {
            actor: format!("donor:{donor}"),
            action: "loan_consent.give",
            object: format!("loan_consent:{}", row.id),
            origin: String::new(),
            detail: json!({ "bank": bank, "scope": scope }),
        };
        trail::record(&tx, setting.now, line).await?;
        if scope == ConsentScope::Application {
            for sent in lending::review::send_waiting(&tx, &setting, donor, bank).await? {
                self.told(&tx, donor, "loan_application.send", &sent).await?;
                self.inform(&tx, &sent).await?;
            }
        }
        tx.commit().await?;
        Ok(row)
    }

    /// Takes a consent back.
    pub async fn withdraw_consent(&self, donor: DonorId, id: LoanConsentId) -> Result<loan_consent::Model> {
        let tx = self.db.begin().await?;
        let row = lending::consent::withdraw(&tx, self.clock.now(), id, donor).await?;
        let line = Line {
            actor: format!("donor:{donor}"),
            action: "loan_consent.withdraw",
            object: format!("loan_consent:{id}"),
            origin: String::new(),
            detail: json!({}),
        };
        trail::record(&tx, self.clock.now(), line).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// What a borrower ever agreed to.
    pub async fn consents(&self, donor: DonorId) -> Result<Vec<loan_consent::Model>> {
        Ok(lending::consent::of_donor(self.db.read(), donor).await?)
    }

    /// A borrower's contracts.
    pub async fn own_contracts(&self, donor: DonorId) -> Result<Vec<loan_contract::Model>> {
        Ok(lending::view::contracts_of(self.db.read(), donor).await?)
    }

    /// A borrower's own contract and what happened to it.
    pub async fn own_contract(
        &self,
        donor: DonorId,
        id: LoanContractId,
    ) -> Result<(loan_contract::Model, Vec<loan_contract_history::Model>)> {
        let row = lending::view::own_contract(self.db.read(), donor, id).await?;
        Ok((row, lending::contract::steps(self.db.read(), id).await?))
    }

    async fn told(&self, tx: &Tx, donor: DonorId, action: &'static str, file: &loan_application::Model) -> Result<()> {
        let line = Line {
            actor: format!("donor:{donor}"),
            action,
            object: application_object(file),
            origin: String::new(),
            detail: json!({ "state": file.state, "amount": file.amount_fen }),
        };
        Ok(trail::record(tx, self.clock.now(), line).await?)
    }
}
