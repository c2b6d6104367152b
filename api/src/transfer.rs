//! Money between the payment channel and the bank: recorded by one person, confirmed by another.

use std::sync::Arc;

use app::App;
use app::transfers::NewTransfer;
use domain::role::Role;
use domain::transfer as rules;
use entity::transfer;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::campaign::Reason;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Instant, Text, Yuan, said, wire_enum};

/// Who may see transfers.
const READERS: [Role; 4] = [Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];

wire_enum! {
    /// Which way the money goes.
    TransferKind = rules::TransferKind { Withdrawal, TopUp }
}

wire_enum! {
    /// Where a transfer stands.
    TransferState = rules::TransferState {
        Proposed,
        Departed,
        ArrivalProposed,
        Arrived,
        ReturnProposed,
        Returned,
        Rejected,
    }
}

#[derive(Object)]
struct Transfer {
    id: Uuid,
    book: Uuid,
    kind: TransferKind,
    state: TransferState,
    amount: Yuan,
    /// Our short name of the bank account.
    bank_account: String,
    #[oai(nullable)]
    note: Option<String>,
    /// Nobody, if the channel's bill showed it first.
    #[oai(nullable)]
    author: Option<Uuid>,
    #[oai(nullable)]
    approver: Option<Uuid>,
    /// Whom the approver stood in for.
    #[oai(nullable)]
    approver_for: Option<Uuid>,
    /// Who reported how it ended.
    #[oai(nullable)]
    outcome_author: Option<Uuid>,
    #[oai(nullable)]
    outcome_approver: Option<Uuid>,
    #[oai(nullable)]
    outcome_approver_for: Option<Uuid>,
    created_at: Instant,
    #[oai(nullable)]
    departed_at: Option<Instant>,
    #[oai(nullable)]
    finished_at: Option<Instant>,
}

impl From<transfer::Model> for Transfer {
    fn from(row: transfer::Model) -> Transfer {
        Transfer {
            id: row.id.uuid(),
            book: row.book_id.uuid(),
            kind: row.kind.into(),
            state: row.state.into(),
            amount: row.amount_fen.into(),
            bank_account: row.bank_account,
            note: row.note,
            author: row.author_id.map(|id| id.uuid()),
            approver: row.approver_id.map(|id| id.uuid()),
            approver_for: row.approver_for_id.map(|id| id.uuid()),
            outcome_author: row.outcome_author_id.map(|id| id.uuid()),
            outcome_approver: row.outcome_approver_id.map(|id| id.uuid()),
            outcome_approver_for: row.outcome_approver_for_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
            departed_at: row.departed_us.map(Instant),
            finished_at: row.finished_us.map(Instant),
        }
    }
}

#[derive(Object)]
struct TransferProposal {
    /// Made by the client: the same id again is the same transfer.
    id: Uuid,
    book: Uuid,
    kind: TransferKind,
    amount: Yuan,
    /// Our short name of the bank account.
    #[oai(validator(max_length = 64))]
    bank_account: Text,
    /// For whoever confirms.
    #[oai(validator(max_length = 500))]
    note: Option<Text>,
}

pub(crate) struct TransferApi {
    pub(crate) app: Arc<App>,
}

type Answer = Result<Json<Transfer>, ApiError>;

#[OpenApi(prefix_path = "/staff/transfers", tag = "Tag::Transfers")]
impl TransferApi {
    /// Transfers, newest first.
    #[oai(path = "/", method = "get")]
    async fn list(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Transfer>>, ApiError> {
        let rows = self.app.transfers.page((&officer.0, &READERS), None, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// Records a transfer; nothing is booked until another person confirms it.
    #[oai(path = "/", method = "post")]
    async fn propose(&self, officer: Officer, body: Json<TransferProposal>) -> Answer {
        let TransferProposal { id, book, kind, amount, bank_account, note } = body.0;
        let new = NewTransfer {
            id: id.into(),
            book: book.into(),
            kind: kind.into(),
            amount: amount.0,
            bank_account: bank_account.0,
            note: said(note),
        };
        Ok(Json(self.app.transfers.propose(new, &officer.0).await?.into()))
    }

    /// A transfer.
    #[oai(path = "/:transfer_id", method = "get")]
    async fn get(&self, officer: Officer, transfer_id: Path<Uuid>) -> Answer {
        officer.must_be(&READERS)?;
        Ok(Json(self.app.transfers.shown(transfer_id.0.into(), &officer.0, &READERS).await?.into()))
    }

    /// Reports that it arrived.
    #[oai(path = "/:transfer_id/arrival", method = "post")]
    async fn arrived(&self, officer: Officer, transfer_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.transfers.report(transfer_id.0.into(), true, &officer.0).await?.into()))
    }

    /// Reports that it came back.
    #[oai(path = "/:transfer_id/return", method = "post")]
    async fn returned(&self, officer: Officer, transfer_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.transfers.report(transfer_id.0.into(), false, &officer.0).await?.into()))
    }

    /// Confirms what was said last; that books it. Another person than who said it.
    #[oai(path = "/:transfer_id/confirmation", method = "post")]
    async fn confirm(&self, officer: Officer, transfer_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.transfers.confirm(transfer_id.0.into(), &officer.0).await?.into()))
    }

    /// Does not confirm what was said last, and says why.
    #[oai(path = "/:transfer_id/rejection", method = "post")]
    async fn reject(&self, officer: Officer, transfer_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        let no = body.0.declines()?;
        Ok(Json(self.app.transfers.reject(transfer_id.0.into(), no.reason(), &officer.0).await?.into()))
    }
}
