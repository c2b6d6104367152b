//! Subsidies (贴息): claimed for what was paid in time, and received.

use std::sync::Arc;

use app::App;
use entity::loan_subsidy;
use lending::servicing::subsidy::Receipt;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Text, Yuan};

/// Interest subsidy of an instalment.
#[derive(Object)]
pub(crate) struct LoanSubsidyClaim {
    id: Uuid,
    contract: Uuid,
    instalment: i64,
    due: Day,
    interest: Yuan,
    amount: Yuan,
    /// `claimed`, `received`, `rejected` or `withdrawn`: not granted any more, because what was paid turned out otherwise.
    state: String,
    claimed_on: Day,
    #[oai(nullable)]
    received_on: Option<Day>,
    /// How much came of it.
    #[oai(nullable)]
    received: Option<Yuan>,
    #[oai(nullable)]
    withdrawn_on: Option<Day>,
    /// Why less came than was claimed.
    #[oai(nullable)]
    reason: Option<String>,
    /// The payment by which a foundation paid it with its own money.
    #[oai(nullable)]
    payout: Option<Uuid>,
}

impl From<loan_subsidy::Model> for LoanSubsidyClaim {
    fn from(row: loan_subsidy::Model) -> LoanSubsidyClaim {
        LoanSubsidyClaim {
            id: row.id.uuid(),
            contract: row.contract_id.uuid(),
            instalment: row.instalment,
            due: row.due_on.into(),
            interest: row.interest_fen.into(),
            amount: row.amount_fen.into(),
            state: row.state,
            claimed_on: row.claimed_on.into(),
            received_on: row.received_on.map(Day),
            received: row.received_fen.map(Yuan),
            withdrawn_on: row.withdrawn_on.map(Day),
            reason: row.reason,
            payout: row.payout_id.map(|id| id.uuid()),
        }
    }
}

/// What came of a claimed subsidy.
#[derive(Object)]
struct SubsidyReceipt {
    /// The day it came, or was refused.
    on: Day,
    /// All of the claim if nothing is said; `"0.00"` if it was refused.
    #[oai(nullable)]
    amount: Option<Yuan>,
    /// Why it is less than what was claimed.
    #[oai(nullable)]
    reason: Option<Text>,
    /// Where a foundation pays with its own money: the payment of its grant that the bank has confirmed, of a campaign that says so.
    #[oai(nullable)]
    payout: Option<Uuid>,
}

pub(crate) struct LoanSubsidyApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(tag = "Tag::Loans")]
impl LoanSubsidyApi {
    /// Claims every subsidy of a programme that is due: for instalments paid in time, each once.
    #[oai(path = "/staff/loan-programmes/:programme_id/subsidies", method = "post")]
    async fn claim(
        &self,
        officer: Officer,
        programme_id: Path<Uuid>,
    ) -> Result<Json<Page<LoanSubsidyClaim>>, ApiError> {
        let claimed = self.app.servicing.claim_subsidies(programme_id.0.into(), &officer.0).await?;
        Ok(Json(Page::whole(claimed)))
    }

    /// What was claimed of a programme, newest first; with `waiting` what nobody has paid yet.
    #[oai(path = "/staff/loan-programmes/:programme_id/subsidies", method = "get")]
    async fn claims(
        &self,
        officer: Officer,
        programme_id: Path<Uuid>,
        #[oai(default)] waiting: Query<bool>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<LoanSubsidyClaim>>, ApiError> {
        let (after, more) = (after.0.map(Into::into), limit.0 + 1);
        let rows = self.app.servicing.claims(programme_id.0.into(), waiting.0, after, more, &officer.0).await?;
        let rows = rows.into_iter().map(|(row, _)| row).collect();
        Ok(Json(Page::of(rows, limit.0, |row: &loan_subsidy::Model| row.id.uuid())))
    }

    /// Writes down that a claimed subsidy was paid, in part or not at all: what was cut is booked back.
    #[oai(path = "/staff/loan-subsidies/:subsidy_id/receipt", method = "post")]
    async fn receive(
        &self,
        officer: Officer,
        subsidy_id: Path<Uuid>,
        body: Json<SubsidyReceipt>,
    ) -> Result<Json<LoanSubsidyClaim>, ApiError> {
        let SubsidyReceipt { on, amount, reason, payout } = body.0;
        let receipt = Receipt {
            on: on.0,
            amount: amount.map(|amount| amount.0),
            reason: reason.map(|reason| reason.0),
            payout: payout.map(Into::into),
            actor: String::new(),
        };
        let row = self.app.servicing.receive_subsidy(subsidy_id.0.into(), receipt, &officer.0).await?;
        Ok(Json(row.into()))
    }
}
