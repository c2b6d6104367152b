//! 金团助青企: the needs of enterprises for staff of the League and of banks.

use std::sync::Arc;

use app::App;
use app::loans::needs::PlainNeed;
use domain::lending as rules;
use domain::lending::need::NeedEvent;
use entity::{enterprise_need, need_follow_up, need_match};
use lending::need::{Fit, NewFollowUp};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::campaign::Reason;
use crate::error::ApiError;
use crate::loan_terms::{Guarantee, Industry, LoanFamily};
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text, Yuan, wire_enum};

wire_enum! {
    /// Where a need stands.
    NeedState = rules::NeedState { Open, Matched, Met, Closed }
}

wire_enum! {
    /// What a bank said to a need.
    MatchState = rules::MatchState { Proposed, Accepted, Declined }
}

/// What an enterprise needs.
#[derive(Object)]
struct Need {
    id: Uuid,
    division: String,
    enterprise: String,
    credit_code: String,
    industry: Industry,
    amount: Yuan,
    term: i64,
    guarantee: Guarantee,
    words: String,
    state: NeedState,
    /// What came of it.
    #[oai(nullable)]
    outcome: Option<String>,
    author: Uuid,
    created_at: Instant,
    changed_at: Instant,
}

impl From<enterprise_need::Model> for Need {
    fn from(row: enterprise_need::Model) -> Need {
        Need {
            id: row.id.uuid(),
            division: row.division,
            enterprise: row.enterprise,
            credit_code: row.credit_code,
            industry: row.industry.into(),
            amount: row.amount_fen.into(),
            term: row.term,
            guarantee: row.guarantee.into(),
            words: row.words,
            state: row.state.into(),
            outcome: row.outcome,
            author: row.author_id.uuid(),
            created_at: row.created_us.into(),
            changed_at: row.changed_us.into(),
        }
    }
}

#[derive(Object)]
struct NeedProposal {
    /// Made by the client: the same id again is the same need.
    id: Uuid,
    /// The county (6 digits) or township (9) it is in.
    division: Text,
    enterprise: Text,
    credit_code: Text,
    industry: Industry,
    amount: Yuan,
    /// In months.
    term: u32,
    guarantee: Guarantee,
    /// What for.
    words: Text,
    /// Who to talk to, and how. Kept sealed.
    contact: Text,
}

/// A product beside a need.
#[derive(Object)]
struct NeedFit {
    product: Uuid,
    bank: Uuid,
    bank_name: String,
    family: LoanFamily,
    name: String,
    /// Whether nothing is against it.
    fits: bool,
    /// What is against it.
    against: Vec<String>,
}

impl From<Fit> for NeedFit {
    fn from(fit: Fit) -> NeedFit {
        NeedFit {
            product: fit.product.id.uuid(),
            bank: fit.product.bank_id.uuid(),
            bank_name: fit.bank,
            family: fit.product.family.into(),
            name: fit.product.name,
            fits: fit.against.is_empty(),
            against: fit.against.into_iter().map(|one| one.problem).collect(),
        }
    }
}

/// A product put before its bank for a need.
#[derive(Object)]
struct NeedMatch {
    id: Uuid,
    need: Uuid,
    product: Uuid,
    bank: Uuid,
    state: MatchState,
    #[oai(nullable)]
    reason: Option<String>,
    author: Uuid,
    #[oai(nullable)]
    answerer: Option<Uuid>,
    created_at: Instant,
    #[oai(nullable)]
    answered_at: Option<Instant>,
}

impl From<need_match::Model> for NeedMatch {
    fn from(row: need_match::Model) -> NeedMatch {
        NeedMatch {
            id: row.id.uuid(),
            need: row.need_id.uuid(),
            product: row.product_id.uuid(),
            bank: row.bank_id.uuid(),
            state: row.state.into(),
            reason: row.reason,
            author: row.author_id.uuid(),
            answerer: row.answerer_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
            answered_at: row.answered_us.map(Instant),
        }
    }
}

#[derive(Object)]
struct MatchProposal {
    /// Made by the client: the same id again is the same match.
    id: Uuid,
    product: Uuid,
}

/// What was done about a need.
#[derive(Object)]
struct FollowUp {
    id: Uuid,
    #[oai(rename = "match", nullable)]
    matched: Option<Uuid>,
    on: Day,
    words: String,
    author: Uuid,
    created_at: Instant,
}

impl From<need_follow_up::Model> for FollowUp {
    fn from(row: need_follow_up::Model) -> FollowUp {
        FollowUp {
            id: row.id.uuid(),
            matched: row.match_id.map(|id| id.uuid()),
            on: row.on_day.into(),
            words: row.words,
            author: row.author_id.uuid(),
            created_at: row.created_us.into(),
        }
    }
}

#[derive(Object)]
struct FollowUpProposal {
    /// Made by the client: the same id again is the same record.
    id: Uuid,
    #[oai(rename = "match")]
    matched: Option<Uuid>,
    on: Day,
    words: Text,
}

#[derive(Object)]
struct Outcome {
    /// What came of it, or why it is taken up again.
    outcome: Text,
}

#[derive(Object)]
struct NeedContact {
    contact: String,
}

pub(crate) struct NeedApi {
    pub(crate) app: Arc<App>,
}

impl NeedApi {
    async fn conclude(
        &self,
        officer: &Officer,
        id: Uuid,
        event: NeedEvent,
        body: Json<Outcome>,
    ) -> Result<Json<Need>, ApiError> {
        let need = self.app.loans.conclude_need(id.into(), event, &body.0.outcome.0, &officer.0).await?;
        Ok(Json(need.into()))
    }
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Loans")]
impl NeedApi {
    /// Needs, newest first: the League's officers see those of their part of the tree, a bank's those it was asked about.
    #[oai(path = "/needs", method = "get")]
    async fn needs(
        &self,
        officer: Officer,
        state: Query<Option<NeedState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Need>>, ApiError> {
        let (state, after) = (state.0.map(Into::into), after.0.map(Into::into));
        let rows = self.app.loans.needs(state, &officer.0, after, limit.0 + 1).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.id.uuid())))
    }

    /// Writes a need down.
    #[oai(path = "/needs", method = "post")]
    async fn add(&self, officer: Officer, body: Json<NeedProposal>) -> Result<Json<Need>, ApiError> {
        let new = body.0;
        let need = PlainNeed {
            id: new.id.into(),
            division: new.division.0,
            enterprise: new.enterprise.0,
            credit_code: new.credit_code.0,
            industry: new.industry.into(),
            amount: new.amount.0,
            term: new.term,
            guarantee: new.guarantee.into(),
            words: new.words.0,
            contact: new.contact.0,
        };
        Ok(Json(self.app.loans.add_need(need, &officer.0).await?.into()))
    }

    /// A need.
    #[oai(path = "/needs/:need_id", method = "get")]
    async fn need(&self, officer: Officer, need_id: Path<Uuid>) -> Result<Json<Need>, ApiError> {
        Ok(Json(self.app.loans.need(need_id.0.into(), &officer.0).await?.into()))
    }

    /// Who to talk to, for a reason that is written down.
    #[oai(path = "/needs/:need_id/contact", method = "post")]
    async fn contact(
        &self,
        officer: Officer,
        need_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<NeedContact>, ApiError> {
        let contact = self.app.loans.need_contact(need_id.0.into(), &body.0.reason.0, &officer.0).await?;
        Ok(Json(NeedContact { contact }))
    }

    /// Public products beside a need, those that fit first, each with what is against it.
    #[oai(path = "/needs/:need_id/products", method = "get")]
    async fn fits(&self, officer: Officer, need_id: Path<Uuid>) -> Result<Json<Page<NeedFit>>, ApiError> {
        Ok(Json(Page::whole(self.app.loans.fits(need_id.0.into(), &officer.0).await?)))
    }

    /// The products that were put before banks for it.
    #[oai(path = "/needs/:need_id/matches", method = "get")]
    async fn matches(&self, officer: Officer, need_id: Path<Uuid>) -> Result<Json<Page<NeedMatch>>, ApiError> {
        Ok(Json(Page::whole(self.app.loans.matches(need_id.0.into(), &officer.0).await?)))
    }

    /// Puts a product before its bank.
    #[oai(path = "/needs/:need_id/matches", method = "post")]
    async fn propose(
        &self,
        officer: Officer,
        need_id: Path<Uuid>,
        body: Json<MatchProposal>,
    ) -> Result<Json<NeedMatch>, ApiError> {
        let MatchProposal { id, product } = body.0;
        let loans = &self.app.loans;
        Ok(Json(loans.propose_match(id.into(), need_id.0.into(), product.into(), &officer.0).await?.into()))
    }

    /// The bank takes the need up.
    #[oai(path = "/need-matches/:match_id/acceptance", method = "post")]
    async fn accept(&self, officer: Officer, match_id: Path<Uuid>) -> Result<Json<NeedMatch>, ApiError> {
        Ok(Json(self.app.loans.answer_match(match_id.0.into(), None, &officer.0).await?.into()))
    }

    /// The bank does not take it up.
    #[oai(path = "/need-matches/:match_id/decline", method = "post")]
    async fn decline(
        &self,
        officer: Officer,
        match_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<NeedMatch>, ApiError> {
        let reason = Some(body.0.reason.0.as_str());
        Ok(Json(self.app.loans.answer_match(match_id.0.into(), reason, &officer.0).await?.into()))
    }

    /// What was done about a need, oldest first.
    #[oai(path = "/needs/:need_id/follow-ups", method = "get")]
    async fn follow_ups(&self, officer: Officer, need_id: Path<Uuid>) -> Result<Json<Page<FollowUp>>, ApiError> {
        Ok(Json(Page::whole(self.app.loans.follow_ups(need_id.0.into(), &officer.0).await?)))
    }

    /// Writes down what was done about a need.
    #[oai(path = "/needs/:need_id/follow-ups", method = "post")]
    async fn follow_up(
        &self,
        officer: Officer,
        need_id: Path<Uuid>,
        body: Json<FollowUpProposal>,
    ) -> Result<Json<FollowUp>, ApiError> {
        let FollowUpProposal { id, matched, on, words } = body.0;
        let new = NewFollowUp {
            id: id.into(),
            need: need_id.0.into(),
            matched: matched.map(Into::into),
            on: on.0,
            words: words.0,
        };
        Ok(Json(self.app.loans.follow_up(new, &officer.0).await?.into()))
    }

    /// The enterprise has its money.
    #[oai(path = "/needs/:need_id/fulfilment", method = "post")]
    async fn meet(&self, officer: Officer, need_id: Path<Uuid>, body: Json<Outcome>) -> Result<Json<Need>, ApiError> {
        self.conclude(&officer, need_id.0, NeedEvent::Meet, body).await
    }

    /// Gives a need up.
    #[oai(path = "/needs/:need_id/closing", method = "post")]
    async fn close(&self, officer: Officer, need_id: Path<Uuid>, body: Json<Outcome>) -> Result<Json<Need>, ApiError> {
        self.conclude(&officer, need_id.0, NeedEvent::Close, body).await
    }

    /// Takes a need up again.
    #[oai(path = "/needs/:need_id/reopening", method = "post")]
    async fn reopen(&self, officer: Officer, need_id: Path<Uuid>, body: Json<Outcome>) -> Result<Json<Need>, ApiError> {
        self.conclude(&officer, need_id.0, NeedEvent::Reopen, body).await
    }
}
