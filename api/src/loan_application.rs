//! A borrower's own side: applications, what they agree to, and their contracts.

use std::sync::Arc;

use app::App;
use app::loans::applications::{Draft, Person, Personal, PlainRelative};
use domain::lending as rules;
use domain::person::IdentityNumber;
use entity::{loan_application, loan_application_history, loan_consent, loan_contract, loan_contract_history};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Donor;
use crate::error::ApiError;
use crate::loan_terms::{ApplicantKind, Guarantee, Industry, LoanClass, LoanMethod};
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Part, Text, Yuan, said, wire_enum};

wire_enum! {
    /// What is asked for: a loan, or a change of one.
    LoanRequestKind = rules::ApplicationKind { New, Renewal, Extension, Restructuring }
}

wire_enum! {
    /// Where a loan stands, from the draft of its application to the end of its contract.
    LoanState = rules::LoanState {
        Draft,
        Applied,
        Recommended,
        BankReview,
        Approved,
        Refused,
        Signed,
        PaidOut,
        Performing,
        Overdue,
        Settled,
        WrittenOff,
        Compensated,
        Withdrawn,
        Expired,
        Renewed,
        Extended,
        Restructured,
    }
}

wire_enum! {
    /// What happened to a loan.
    LoanEvent = rules::LoanEvent {
        Submit,
        PassOn,
        Recommend,
        Return,
        Send,
        Approve,
        Refuse,
        Sign,
        Withdraw,
        Expire,
        PayOut,
        UndoPayOut,
        Begin,
        FallOverdue,
        CatchUp,
        Settle,
        WriteOff,
        Compensate,
        Renew,
        Extend,
        Restructure,
        Reopen,
    }
}

wire_enum! {
    /// An office that has a say.
    LoanOffice = rules::Office { Township, County, City, Province, Bank }
}

wire_enum! {
    /// What a borrower agrees to: that an application is sent to the bank; that the League sees by name what the bank sends back.
    LoanConsentScope = rules::application::ConsentScope { Application, Servicing }
}

/// The borrower; of an enterprise whoever acts for it.
#[derive(Object)]
pub(crate) struct Borrower {
    /// As on the identity card.
    name: Text,
    identity_number: Text,
    phone: Text,
    address: Text,
}

impl From<Personal> for Borrower {
    fn from(personal: Personal) -> Borrower {
        Borrower {
            name: Text(personal.name),
            identity_number: Text(personal.number),
            phone: Text(personal.phone),
            address: Text(personal.address),
        }
    }
}

/// Somebody close to the borrower who works for the League or a bank: they decide nothing about the application.
#[derive(Object)]
struct LoanRelative {
    /// Made by the client.
    id: Uuid,
    name: Text,
    /// If the borrower knows it.
    identity_number: Option<Text>,
    /// 配偶, 父亲 and the like.
    relation: Text,
}

/// An application as its borrower writes it.
#[derive(Object)]
struct LoanRequest {
    /// Made by the client: the same id again is the same application.
    id: Uuid,
    /// A new loan if it is not said.
    kind: Option<LoanRequestKind>,
    /// The contract that is to be changed.
    contract: Option<Uuid>,
    product: Uuid,
    applicant: ApplicantKind,
    enterprise: Option<Text>,
    /// 统一社会信用代码 of the enterprise.
    credit_code: Option<Text>,
    amount: Yuan,
    /// In months.
    term: u32,
    method: LoanMethod,
    /// Where the borrower lives or works: the code of a county (6 digits) or township (9).
    division: Text,
    industry: Industry,
    guarantee: Guarantee,
    /// What for, in words.
    purpose: Text,
    borrower: Borrower,
    relatives: Option<Vec<LoanRelative>>,
}

fn number(text: &Text) -> Result<IdentityNumber, ApiError> {
    text.0.parse().map_err(|_| ApiError::no_identity_number())
}

impl LoanRequest {
    fn read(self) -> Result<Draft, ApiError> {
        let relative = |one: LoanRelative| {
            Ok(PlainRelative {
                id: one.id.into(),
                number: one.identity_number.as_ref().map(number).transpose()?,
                name: one.name.0,
                relation: one.relation.0,
            })
        };
        let relatives =
            self.relatives.unwrap_or_default().into_iter().map(relative).collect::<Result<_, ApiError>>()?;
        Ok(Draft {
            id: self.id.into(),
            kind: self.kind.unwrap_or(LoanRequestKind::New).into(),
            contract: self.contract.map(Into::into),
            product: self.product.into(),
            applicant: self.applicant.into(),
            enterprise: said(self.enterprise),
            credit_code: said(self.credit_code),
            amount: self.amount.0,
            term: self.term,
            method: self.method.into(),
            division: self.division.0,
            industry: self.industry.into(),
            guarantee: self.guarantee.into(),
            purpose: self.purpose.0,
            person: Person {
                number: number(&self.borrower.identity_number)?,
                name: self.borrower.name.0,
                phone: self.borrower.phone.0,
                address: self.borrower.address.0,
            },
            relatives,
        })
    }
}

/// An application, where it stands and what was granted.
#[derive(Object)]
pub(crate) struct LoanApplication {
    id: Uuid,
    kind: LoanRequestKind,
    #[oai(nullable)]
    contract: Option<Uuid>,
    /// How often the loan will have been renewed.
    renewals: i64,
    bank: Uuid,
    product: Uuid,
    /// The version of the product's terms it goes by.
    version: i64,
    state: LoanState,
    /// The state in words.
    state_text: String,
    /// The office whose step is due.
    #[oai(nullable)]
    office: Option<LoanOffice>,
    /// Until when.
    #[oai(nullable)]
    due_on: Option<Day>,
    /// Whether that day has passed and the offices above were told.
    escalated: bool,
    /// Counts how often it was sent back.
    round: i64,
    applicant: ApplicantKind,
    #[oai(nullable)]
    enterprise: Option<String>,
    amount: Yuan,
    term: i64,
    method: LoanMethod,
    division: String,
    industry: Industry,
    guarantee: Guarantee,
    purpose: String,
    #[oai(nullable)]
    approved_amount: Option<Yuan>,
    #[oai(nullable)]
    approved_term: Option<i64>,
    #[oai(nullable)]
    approved_spread_bp: Option<i64>,
    /// Why it was sent back or ended.
    #[oai(nullable)]
    reason: Option<String>,
    created_at: Instant,
    changed_at: Instant,
    #[oai(nullable)]
    submitted_at: Option<Instant>,
    #[oai(nullable)]
    sent_at: Option<Instant>,
}

impl From<loan_application::Model> for LoanApplication {
    fn from(row: loan_application::Model) -> LoanApplication {
        LoanApplication {
            id: row.id.uuid(),
            kind: row.kind.into(),
            contract: row.contract_id.map(|id| id.uuid()),
            renewals: row.renewal_count,
            bank: row.bank_id.uuid(),
            product: row.product_id.uuid(),
            version: row.version,
            state_text: row.state.chinese().to_owned(),
            state: row.state.into(),
            office: row.office.map(Into::into),
            due_on: row.due_on.map(Day),
            escalated: row.escalated_us.is_some(),
            round: row.round,
            applicant: row.applicant.into(),
            enterprise: row.enterprise,
            amount: row.amount_fen.into(),
            term: row.term,
            method: row.method.into(),
            division: row.division,
            industry: row.industry.into(),
            guarantee: row.guarantee.into(),
            purpose: row.purpose,
            approved_amount: row.approved_fen.map(Yuan),
            approved_term: row.approved_term,
            approved_spread_bp: row.approved_spread_bp,
            reason: row.reason,
            created_at: row.created_us.into(),
            changed_at: row.changed_us.into(),
            submitted_at: row.submitted_us.map(Instant),
            sent_at: row.sent_us.map(Instant),
        }
    }
}

/// A step of an application or a contract.
#[derive(Object)]
pub(crate) struct LoanStep {
    from: LoanState,
    to: LoanState,
    event: LoanEvent,
    /// The office it happened in.
    #[oai(nullable)]
    office: Option<LoanOffice>,
    /// The day it counts for, of a contract.
    #[oai(nullable)]
    on: Option<Day>,
    at: Instant,
    /// `donor`, `staff` or `system`; who of staff, other staff are told.
    by: String,
    #[oai(nullable)]
    reason: Option<String>,
}

/// Whom a step is told to: borrowers learn which office, not which officer.
fn kind_of(actor: &str) -> String {
    actor.split(':').next().unwrap_or(actor).to_owned()
}

impl LoanStep {
    pub(crate) fn named(row: loan_application_history::Model) -> LoanStep {
        let by = row.actor.clone();
        LoanStep { by, ..LoanStep::from(row) }
    }

    pub(crate) fn named_of_contract(row: loan_contract_history::Model) -> LoanStep {
        let by = row.actor.clone();
        LoanStep { by, ..LoanStep::from(row) }
    }
}

impl From<loan_application_history::Model> for LoanStep {
    fn from(row: loan_application_history::Model) -> LoanStep {
        LoanStep {
            from: row.from_state.into(),
            to: row.to_state.into(),
            event: row.event.into(),
            office: row.office.map(Into::into),
            on: None,
            at: row.at_us.into(),
            by: kind_of(&row.actor),
            reason: row.reason,
        }
    }
}

impl From<loan_contract_history::Model> for LoanStep {
    fn from(row: loan_contract_history::Model) -> LoanStep {
        LoanStep {
            from: row.from_state.into(),
            to: row.to_state.into(),
            event: row.event.into(),
            office: None,
            on: Some(row.on_day.into()),
            at: row.at_us.into(),
            by: kind_of(&row.actor),
            reason: row.reason,
        }
    }
}

/// A borrower's own application, with what was written in it and what happened to it.
#[derive(Object)]
struct OwnLoanApplication {
    application: LoanApplication,
    /// Null once it is purged.
    #[oai(nullable)]
    borrower: Option<Borrower>,
    steps: Vec<LoanStep>,
}

/// What a borrower agreed to.
#[derive(Object)]
pub(crate) struct LoanConsent {
    id: Uuid,
    bank: Uuid,
    scope: LoanConsentScope,
    /// What was agreed to, word by word.
    words: String,
    given_at: Instant,
    #[oai(nullable)]
    withdrawn_at: Option<Instant>,
}

impl From<loan_consent::Model> for LoanConsent {
    fn from(row: loan_consent::Model) -> LoanConsent {
        LoanConsent {
            id: row.id.uuid(),
            bank: row.bank_id.uuid(),
            scope: row.scope.into(),
            words: row.words,
            given_at: row.given_us.into(),
            withdrawn_at: row.withdrawn_us.map(Instant),
        }
    }
}

#[derive(Object)]
struct LoanConsentRequest {
    /// Made by the client.
    id: Uuid,
    bank: Uuid,
    scope: LoanConsentScope,
}

/// A contract.
#[derive(Object)]
pub(crate) struct LoanContract {
    id: Uuid,
    /// The bank's number.
    number: String,
    application: Uuid,
    kind: LoanRequestKind,
    /// The contract it takes the place of.
    #[oai(nullable)]
    replaces: Option<Uuid>,
    /// How often the loan was renewed.
    renewals: i64,
    bank: Uuid,
    product: Uuid,
    version: i64,
    state: LoanState,
    /// The state in words.
    state_text: String,
    class: LoanClass,
    division: String,
    principal: Yuan,
    /// What is paid out: nothing where it takes the place of another.
    payout: Yuan,
    /// The principal not repaid, as the bank last told it.
    outstanding: Yuan,
    annual_rate: Part,
    lpr_on: Day,
    lpr: Part,
    spread_bp: i64,
    method: LoanMethod,
    term: i64,
    due_day: i64,
    signed_on: Day,
    payout_on: Day,
    first_due_on: Day,
    maturity_on: Day,
    #[oai(nullable)]
    paid_out_on: Option<Day>,
}

impl From<loan_contract::Model> for LoanContract {
    fn from(row: loan_contract::Model) -> LoanContract {
        LoanContract {
            id: row.id.uuid(),
            number: row.number,
            application: row.application_id.uuid(),
            kind: row.kind.into(),
            replaces: row.replaces_id.map(|id| id.uuid()),
            renewals: row.renewal_count,
            bank: row.bank_id.uuid(),
            product: row.product_id.uuid(),
            version: row.version,
            state_text: row.state.chinese().to_owned(),
            state: row.state.into(),
            class: row.class.into(),
            division: row.division,
            principal: row.principal_fen.into(),
            payout: row.payout_fen.into(),
            outstanding: row.outstanding_fen.into(),
            annual_rate: row.annual_rate.into(),
            lpr_on: row.lpr_on.into(),
            lpr: row.lpr_rate.into(),
            spread_bp: row.spread_bp,
            method: row.method.into(),
            term: row.term,
            due_day: row.due_day,
            signed_on: row.signed_on.into(),
            payout_on: row.payout_on.into(),
            first_due_on: row.first_due_on.into(),
            maturity_on: row.maturity_on.into(),
            paid_out_on: row.paid_out_on.map(Day),
        }
    }
}

/// A contract and what happened to it.
#[derive(Object)]
struct OwnLoan {
    contract: LoanContract,
    steps: Vec<LoanStep>,
}

pub(crate) struct BorrowerApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/me", tag = "Tag::Borrowing")]
impl BorrowerApi {
    /// My applications, newest first.
    #[oai(path = "/loan-applications", method = "get")]
    async fn applications(
        &self,
        donor: Donor,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<LoanApplication>>, ApiError> {
        let rows = self.app.loans.own_applications(donor.0, after.0.map(Into::into), limit.0 + 1).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.id.uuid())))
    }

    /// Writes an application down. It is a draft until it is handed in.
    #[oai(path = "/loan-applications", method = "post")]
    async fn draft(&self, donor: Donor, body: Json<LoanRequest>) -> Result<Json<LoanApplication>, ApiError> {
        Ok(Json(self.app.loans.draft(donor.0, body.0.read()?).await?.into()))
    }

    /// An application of mine, with what I wrote and what happened to it.
    #[oai(path = "/loan-applications/:application_id", method = "get")]
    async fn application(
        &self,
        donor: Donor,
        application_id: Path<Uuid>,
    ) -> Result<Json<OwnLoanApplication>, ApiError> {
        let (row, personal, steps) = self.app.loans.own_application(donor.0, application_id.0.into()).await?;
        Ok(Json(OwnLoanApplication {
            application: row.into(),
            borrower: personal.map(Into::into),
            steps: steps.into_iter().map(LoanStep::from).collect(),
        }))
    }

    /// Rewrites a draft, or what was sent back.
    #[oai(path = "/loan-applications/:application_id", method = "put")]
    async fn edit(
        &self,
        donor: Donor,
        application_id: Path<Uuid>,
        body: Json<LoanRequest>,
    ) -> Result<Json<LoanApplication>, ApiError> {
        let draft = Draft { id: application_id.0.into(), ..body.0.read()? };
        Ok(Json(self.app.loans.edit(donor.0, draft).await?.into()))
    }

    /// Hands an application in: by the product's terms of today, to the League's office where I live.
    #[oai(path = "/loan-applications/:application_id/submission", method = "post")]
    async fn submit(&self, donor: Donor, application_id: Path<Uuid>) -> Result<Json<LoanApplication>, ApiError> {
        Ok(Json(self.app.loans.submit(donor.0, application_id.0.into()).await?.into()))
    }

    /// Takes an application back, until it is signed.
    #[oai(path = "/loan-applications/:application_id/withdrawal", method = "post")]
    async fn withdraw(&self, donor: Donor, application_id: Path<Uuid>) -> Result<Json<LoanApplication>, ApiError> {
        Ok(Json(self.app.loans.withdraw(donor.0, application_id.0.into()).await?.into()))
    }

    /// What I ever agreed to, newest first.
    #[oai(path = "/loan-consents", method = "get")]
    async fn consents(&self, donor: Donor) -> Result<Json<Page<LoanConsent>>, ApiError> {
        Ok(Json(Page::whole(self.app.loans.consents(donor.0).await?)))
    }

    /// Agrees to something, for one bank. What was recommended and waited for this goes to the bank.
    #[oai(path = "/loan-consents", method = "post")]
    async fn consent(&self, donor: Donor, body: Json<LoanConsentRequest>) -> Result<Json<LoanConsent>, ApiError> {
        let LoanConsentRequest { id, bank, scope } = body.0;
        Ok(Json(self.app.loans.consent(donor.0, id.into(), bank.into(), scope.into()).await?.into()))
    }

    /// Takes a consent back. What was sent is not called back.
    #[oai(path = "/loan-consents/:consent_id", method = "delete")]
    async fn withdraw_consent(&self, donor: Donor, consent_id: Path<Uuid>) -> Result<Json<LoanConsent>, ApiError> {
        Ok(Json(self.app.loans.withdraw_consent(donor.0, consent_id.0.into()).await?.into()))
    }

    /// My contracts, newest first.
    #[oai(path = "/loans", method = "get")]
    async fn contracts(&self, donor: Donor) -> Result<Json<Page<LoanContract>>, ApiError> {
        Ok(Json(Page::whole(self.app.loans.own_contracts(donor.0).await?)))
    }

    /// A contract of mine and what happened to it.
    #[oai(path = "/loans/:contract_id", method = "get")]
    async fn contract(&self, donor: Donor, contract_id: Path<Uuid>) -> Result<Json<OwnLoan>, ApiError> {
        let (row, steps) = self.app.loans.own_contract(donor.0, contract_id.0.into()).await?;
        Ok(Json(OwnLoan { contract: row.into(), steps: steps.into_iter().map(LoanStep::from).collect() }))
    }
}
