//! Applications and contracts for the offices of the League and for banks.

use std::sync::Arc;

use app::App;
use app::loans::reviews::{MaskedApplication, MaskedContract};
use domain::lending as rules;
use entity::{loan_decision, loan_relation};
use lending::contract::NewContract;
use lending::review::{Grant, Word};
use lending::view::{Count, Wanted};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::campaign::Reason;
use crate::error::ApiError;
use crate::loan_application::{LoanApplication, LoanContract, LoanOffice, LoanState, LoanStep};
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text, Yuan, wire_enum};

wire_enum! {
    /// What an office or the bank said.
    LoanVerdict = rules::Verdict { Agreed, Returned, Refused }
}

/// An application, its borrower masked.
#[derive(Object)]
struct FiledApplication {
    application: LoanApplication,
    /// The first character of the name; null once it is purged.
    #[oai(nullable)]
    borrower: Option<String>,
}

impl From<MaskedApplication> for FiledApplication {
    fn from(masked: MaskedApplication) -> FiledApplication {
        FiledApplication { application: masked.row.into(), borrower: masked.name }
    }
}

/// What was said to an application.
#[derive(Object)]
struct LoanDecision {
    round: i64,
    office: LoanOffice,
    verdict: LoanVerdict,
    #[oai(nullable)]
    reason: Option<String>,
    decider: Uuid,
    /// Whom the decider stood in for.
    #[oai(nullable)]
    acting_for: Option<Uuid>,
    at: Instant,
}

impl From<loan_decision::Model> for LoanDecision {
    fn from(row: loan_decision::Model) -> LoanDecision {
        LoanDecision {
            round: row.round,
            office: row.office.into(),
            verdict: row.verdict.into(),
            reason: row.reason,
            decider: row.decider_id.uuid(),
            acting_for: row.acting_for_id.map(|id| id.uuid()),
            at: row.at_us.into(),
        }
    }
}

/// Who was declared close to the borrower.
#[derive(Object)]
struct LoanRelation {
    id: Uuid,
    /// The member of staff, if it was one.
    #[oai(nullable)]
    member: Option<Uuid>,
    relation: String,
    /// Whether the borrower declared it, or an officer.
    declared_by_borrower: bool,
    at: Instant,
}

impl From<loan_relation::Model> for LoanRelation {
    fn from(row: loan_relation::Model) -> LoanRelation {
        LoanRelation {
            id: row.id.uuid(),
            member: row.staff_id.map(|id| id.uuid()),
            relation: row.relation,
            declared_by_borrower: row.actor.starts_with("donor:"),
            at: row.created_us.into(),
        }
    }
}

/// An application with all that was done about it.
#[derive(Object)]
struct WholeApplication {
    application: LoanApplication,
    #[oai(nullable)]
    borrower: Option<String>,
    steps: Vec<LoanStep>,
    decisions: Vec<LoanDecision>,
    relations: Vec<LoanRelation>,
}

#[derive(Object)]
struct RelationDeclaration {
    /// Made by the client.
    id: Uuid,
    /// Who is close to the borrower; oneself if it is not said.
    member: Option<Uuid>,
    relation: Text,
}

/// What a bank grants; what was asked for, as far as it is not said.
#[derive(Object)]
struct LoanGrant {
    /// Not more than was asked for.
    amount: Yuan,
    /// In months, not more than was asked for.
    term: i64,
    /// Basis points on the LPR, not more than the product's.
    spread_bp: i64,
}

/// A borrower's data, opened.
#[derive(Object)]
struct PlainBorrower {
    name: String,
    identity_number: String,
    phone: String,
    address: String,
}

/// A contract as the bank's officer writes it down.
#[derive(Object)]
struct SignedContract {
    /// Made by the client: the same id again is the same contract.
    id: Uuid,
    application: Uuid,
    /// The bank's number.
    number: Text,
    signed_on: Day,
    /// When it is to be paid out.
    payout_on: Day,
    /// The day of the month instalments fall due on; the payout's if it is not said.
    due_day: Option<u8>,
    /// What is lent, if it is less than was granted.
    principal: Option<Yuan>,
}

/// A contract, its borrower masked.
#[derive(Object)]
struct FiledContract {
    contract: LoanContract,
    #[oai(nullable)]
    borrower: Option<String>,
}

impl From<MaskedContract> for FiledContract {
    fn from(masked: MaskedContract) -> FiledContract {
        FiledContract { contract: masked.row.into(), borrower: masked.name }
    }
}

/// A contract with what happened to it.
#[derive(Object)]
struct WholeContract {
    contract: LoanContract,
    #[oai(nullable)]
    borrower: Option<String>,
    steps: Vec<LoanStep>,
}

/// How many contracts stand in a state.
#[derive(Object)]
struct LoanCount {
    state: LoanState,
    contracts: i64,
    principal: Yuan,
    outstanding: Yuan,
}

impl From<Count> for LoanCount {
    fn from(count: Count) -> LoanCount {
        LoanCount {
            state: count.state.into(),
            contracts: count.contracts,
            principal: count.principal.into(),
            outstanding: count.outstanding.into(),
        }
    }
}

pub(crate) struct LoanReviewApi {
    pub(crate) app: Arc<App>,
}

impl LoanReviewApi {
    async fn say(&self, officer: &Officer, id: Uuid, word: Word) -> Result<Json<FiledApplication>, ApiError> {
        Ok(Json(self.app.loans.say(id.into(), word, &officer.0).await?.into()))
    }
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Loans")]
impl LoanReviewApi {
    /// Applications, newest first: the League's officers see those of their part of the tree, a bank's those that were sent to it.
    #[oai(path = "/loan-applications", method = "get")]
    async fn applications(
        &self,
        officer: Officer,
        state: Query<Option<LoanState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<FiledApplication>>, ApiError> {
        let (state, after) = (state.0.map(Into::into), after.0.map(Into::into));
        let rows =
            self.app.loans.applications(&Wanted { state, ..Wanted::default() }, &officer.0, after, limit.0 + 1).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.row.id.uuid())))
    }

    /// An application with all that was done about it.
    #[oai(path = "/loan-applications/:application_id", method = "get")]
    async fn application(
        &self,
        officer: Officer,
        application_id: Path<Uuid>,
    ) -> Result<Json<WholeApplication>, ApiError> {
        let whole = self.app.loans.application(application_id.0.into(), &officer.0).await?;
        Ok(Json(WholeApplication {
            application: whole.application.row.into(),
            borrower: whole.application.name,
            steps: whole.steps.into_iter().map(LoanStep::named).collect(),
            decisions: whole.decisions.into_iter().map(LoanDecision::from).collect(),
            relations: whole.relations.into_iter().map(LoanRelation::from).collect(),
        }))
    }

    /// Declares that a member of staff, or oneself, is close to the borrower (回避). It is not taken back.
    #[oai(path = "/loan-applications/:application_id/relations", method = "post")]
    async fn relate(
        &self,
        officer: Officer,
        application_id: Path<Uuid>,
        body: Json<RelationDeclaration>,
    ) -> Result<Json<LoanRelation>, ApiError> {
        let RelationDeclaration { id, member, relation } = body.0;
        let member = member.map_or(officer.0.id, Into::into);
        let loans = &self.app.loans;
        let row = loans.declare_relation(id.into(), application_id.0.into(), member, &relation.0, &officer.0).await?;
        Ok(Json(row.into()))
    }

    /// The office whose step is due recommends the application: to the next office, and from the last to the bank as soon as the
    /// borrower agrees.
    #[oai(path = "/loan-applications/:application_id/recommendation", method = "post")]
    async fn recommend(
        &self,
        officer: Officer,
        application_id: Path<Uuid>,
    ) -> Result<Json<FiledApplication>, ApiError> {
        self.say(&officer, application_id.0, Word::Recommend).await
    }

    /// The bank grants the application; the amount is reserved of the city's quota.
    #[oai(path = "/loan-applications/:application_id/grant", method = "post")]
    async fn grant(
        &self,
        officer: Officer,
        application_id: Path<Uuid>,
        body: Json<LoanGrant>,
    ) -> Result<Json<FiledApplication>, ApiError> {
        let LoanGrant { amount, term, spread_bp } = body.0;
        let grant = Grant { amount: amount.0, term, spread_bp };
        self.say(&officer, application_id.0, Word::Grant(Some(grant))).await
    }

    /// The office or the bank sends it back to be completed.
    #[oai(path = "/loan-applications/:application_id/return", method = "post")]
    async fn send_back(
        &self,
        officer: Officer,
        application_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<FiledApplication>, ApiError> {
        self.say(&officer, application_id.0, Word::Return(body.0.reason.0)).await
    }

    /// The office or the bank refuses it.
    #[oai(path = "/loan-applications/:application_id/refusal", method = "post")]
    async fn refuse(
        &self,
        officer: Officer,
        application_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<FiledApplication>, ApiError> {
        self.say(&officer, application_id.0, Word::Refuse(body.0.reason.0)).await
    }

    /// The borrower's data whole, for a reason that is written down.
    #[oai(path = "/loan-applications/:application_id/unmasking", method = "post")]
    async fn unmask(
        &self,
        officer: Officer,
        application_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<PlainBorrower>, ApiError> {
        let reason = &body.0.reason.0;
        let plain = self.app.loans.unmask_borrower(application_id.0.into(), reason, &officer.0).await?;
        Ok(Json(PlainBorrower {
            name: plain.name,
            identity_number: plain.number,
            phone: plain.phone,
            address: plain.address,
        }))
    }

    /// Contracts, newest first: a bank's own; of the League those whose borrowers agreed that it sees them. The others it counts.
    #[oai(path = "/loan-contracts", method = "get")]
    async fn contracts(
        &self,
        officer: Officer,
        state: Query<Option<LoanState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<FiledContract>>, ApiError> {
        let (state, after) = (state.0.map(Into::into), after.0.map(Into::into));
        let rows =
            self.app.loans.contracts(&Wanted { state, ..Wanted::default() }, &officer.0, after, limit.0 + 1).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.row.id.uuid())))
    }

    /// Writes a signed contract down; an officer of its bank. The rate is fixed by the LPR of the day it was signed.
    #[oai(path = "/loan-contracts", method = "post")]
    async fn sign(&self, officer: Officer, body: Json<SignedContract>) -> Result<Json<FiledContract>, ApiError> {
        let SignedContract { id, application, number, signed_on, payout_on, due_day, principal } = body.0;
        let new = NewContract {
            id: id.into(),
            application: application.into(),
            number: number.0,
            signed_on: signed_on.0,
            payout_on: payout_on.0,
            due_day,
            principal: principal.map(|principal| principal.0),
        };
        Ok(Json(self.app.loans.sign(new, &officer.0).await?.into()))
    }

    /// How many contracts stand in which state, whether or not their borrowers may be seen.
    #[oai(path = "/loan-counts", method = "get")]
    async fn counts(&self, officer: Officer) -> Result<Json<Page<LoanCount>>, ApiError> {
        Ok(Json(Page::whole(self.app.loans.contract_counts(&officer.0).await?)))
    }

    /// A contract with what happened to it.
    #[oai(path = "/loan-contracts/:contract_id", method = "get")]
    async fn contract(&self, officer: Officer, contract_id: Path<Uuid>) -> Result<Json<WholeContract>, ApiError> {
        let (masked, steps) = self.app.loans.contract(contract_id.0.into(), &officer.0).await?;
        Ok(Json(WholeContract {
            contract: masked.row.into(),
            borrower: masked.name,
            steps: steps.into_iter().map(LoanStep::named_of_contract).collect(),
        }))
    }

    /// Gives a signed contract up before it is paid out; the quota is free again.
    #[oai(path = "/loan-contracts/:contract_id/withdrawal", method = "post")]
    async fn give_up(
        &self,
        officer: Officer,
        contract_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<FiledContract>, ApiError> {
        let reason = &body.0.reason.0;
        Ok(Json(self.app.loans.give_up_contract(contract_id.0.into(), reason, &officer.0).await?.into()))
    }
}
