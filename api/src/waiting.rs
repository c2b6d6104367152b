//! What waits for whoever asks: the console opens on it.

use std::sync::Arc;

use app::App;
use app::waiting as rules;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::page::Page;
use crate::tag::Tag;
use crate::wire::{Instant, Yuan, wire_enum};

wire_enum! {
    /// What can wait for somebody.
    WaitingKind = rules::WaitingKind {
        Campaign,
        CampaignChange,
        CampaignDecision,
        Disbursement,
        Payment,
        Settlement,
        Refund,
        Transfer,
        BankGift,
        BankClaim,
        GiftList,
        BankBalance,
        Break,
        RoleGrant,
        Enquiry,
        Complaint,
        Screening,
        LoanApplication,
        LoanDecision,
        LoanSignature,
        LoanProduct,
        NeedMatch,
    }
}

/// A thing that waits.
#[derive(Object)]
struct WaitingItem {
    id: Uuid,
    /// What it is called, or belongs to.
    #[oai(nullable)]
    title: Option<String>,
    /// How much it is about.
    #[oai(nullable)]
    amount: Option<Yuan>,
    since: Instant,
}

/// Everything of a kind that waits.
#[derive(Object)]
struct WaitingOfKind {
    kind: WaitingKind,
    /// How many wait.
    count: i64,
    /// Those that have waited longest.
    first: Vec<WaitingItem>,
}

impl From<rules::Waiting> for WaitingOfKind {
    fn from(waiting: rules::Waiting) -> WaitingOfKind {
        let item = |item: rules::WaitingItem| WaitingItem {
            id: item.id,
            title: item.title,
            amount: item.fen.map(Yuan),
            since: item.since_us.into(),
        };
        let first = waiting.first.into_iter().map(item).collect();
        WaitingOfKind { kind: waiting.kind.into(), count: waiting.count, first }
    }
}

pub(crate) struct WaitingApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::House")]
impl WaitingApi {
    /// What waits for a step of mine, by my roles and where I hold them: how much of each kind, and the first few. Kinds of which
    /// nothing waits are left out.
    #[oai(path = "/waiting", method = "get")]
    async fn waiting(&self, officer: Officer) -> Result<Json<Page<WaitingOfKind>>, ApiError> {
        let waiting = self.app.desk.of(&officer.0).await.map_err(|error| ApiError::internal(&error))?;
        Ok(Json(Page::whole(waiting)))
    }
}
