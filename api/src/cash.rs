//! Counted cash.

use std::sync::Arc;

use app::App;
use app::cash::NewCount;
use domain::cash as rules;
use entity::cash_count;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, SignedYuan, Text, Yuan, wire_enum};

wire_enum! {
    /// Where a count stands: counted by one, signed by another (`agreed`, or `different` from the books), settled by a third.
    CountState = rules::CountState { Counted, Agreed, Different, Settled, Withdrawn }
}

wire_enum! {
    /// What becomes of a difference: 短款核销, 短款赔补, 长款转收入, 长款支付.
    DifferenceChoice = rules::DifferenceChoice { WriteOff, MadeGood, Income, PaidOut }
}

/// So many pieces of one face.
#[derive(Object)]
struct CashPieces {
    /// A note or coin of renminbi: `100.00` to `0.01`.
    face: Yuan,
    #[oai(validator(maximum(value = "1000000")))]
    count: u32,
}

/// A count of a cash box (库存现金盘点).
#[derive(Object)]
struct CashCount {
    id: Uuid,
    book: Uuid,
    #[oai(rename = "box")]
    cash_box: String,
    counted_on: Day,
    pieces: Vec<CashPieces>,
    /// What lay in it.
    counted: Yuan,
    /// What the books said; null before the count is signed: whoever counts does not know it.
    #[oai(nullable)]
    booked: Option<Yuan>,
    /// Positive for 长款, negative for 短款; null before the count is signed.
    #[oai(nullable)]
    difference: Option<SignedYuan>,
    state: CountState,
    #[oai(nullable)]
    choice: Option<DifferenceChoice>,
    #[oai(nullable)]
    reason: Option<String>,
    counted_by: Uuid,
    #[oai(nullable)]
    signed_by: Option<Uuid>,
    #[oai(nullable)]
    settled_by: Option<Uuid>,
    created_at: Instant,
    #[oai(nullable)]
    signed_at: Option<Instant>,
    #[oai(nullable)]
    settled_at: Option<Instant>,
}

impl From<cash_count::Model> for CashCount {
    fn from(row: cash_count::Model) -> CashCount {
        let pieces: Vec<rules::Pieces> = serde_json::from_str(&row.pieces).unwrap_or_default();
        let (booked, difference) = app::cash::told_of(&row).unzip();
        CashCount {
            id: row.id.uuid(),
            book: row.book_id.uuid(),
            cash_box: row.cash_box,
            counted_on: row.counted_on.into(),
            pieces: pieces.into_iter().map(|one| CashPieces { face: one.face.into(), count: one.count }).collect(),
            counted: row.counted_fen.into(),
            booked: booked.map(Into::into),
            difference: difference.map(SignedYuan),
            state: row.state.into(),
            choice: row.choice.map(Into::into),
            reason: row.reason,
            counted_by: row.counter_id.uuid(),
            signed_by: row.witness_id.map(|id| id.uuid()),
            settled_by: row.decider_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
            signed_at: row.signed_us.map(Instant),
            settled_at: row.decided_us.map(Instant),
        }
    }
}

/// A count as it is written down.
#[derive(Object)]
struct NewCashCount {
    /// Made by the client: the same id again is the same count.
    id: Uuid,
    #[oai(rename = "box", validator(min_length = 1, max_length = 60))]
    cash_box: Text,
    /// Whether it may be a box that the books do not know yet; otherwise such a name is refused.
    #[oai(default)]
    new_box: bool,
    #[oai(validator(max_items = 12))]
    pieces: Vec<CashPieces>,
}

/// What becomes of a difference, and why.
#[derive(Object)]
struct DifferenceDecision {
    choice: DifferenceChoice,
    #[oai(validator(min_length = 2, max_length = 500))]
    reason: Text,
}

pub(crate) struct CashApi {
    pub(crate) app: Arc<App>,
}

type Answer = Result<Json<CashCount>, ApiError>;

#[OpenApi(prefix_path = "/staff", tag = "Tag::Books")]
impl CashApi {
    /// The counts of a book's cash boxes, newest first.
    #[oai(path = "/books/:book_id/cash-counts", method = "get")]
    async fn list(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<CashCount>>, ApiError> {
        let after = after.0.map(Into::into);
        let rows = self.app.cash.page(book_id.0.into(), &officer.0, after, limit.0 + 1).await;
        let rows = rows.map_err(|error| if after.is_some() { ApiError::of_list(error) } else { error.into() })?;
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// Writes down what lies in a box today: the cashier.
    #[oai(path = "/books/:book_id/cash-counts", method = "post")]
    async fn count(&self, officer: Officer, book_id: Path<Uuid>, body: Json<NewCashCount>) -> Answer {
        let NewCashCount { id, cash_box, new_box, pieces } = body.0;
        let pieces = pieces.into_iter().map(|one| rules::Pieces { face: one.face.0, count: one.count }).collect();
        let new = NewCount { id: id.into(), book: book_id.0.into(), cash_box: cash_box.0, new_box, pieces };
        Ok(Json(self.app.cash.count(new, &officer.0).await?.into()))
    }

    /// Signs a count: another person, who saw it. A difference is booked at once (1122, or 2209 待查长款).
    #[oai(path = "/cash-counts/:count_id/signature", method = "post")]
    async fn sign(&self, officer: Officer, count_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.cash.sign(count_id.0.into(), &officer.0).await?.into()))
    }

    /// Says what becomes of a difference: a third person.
    #[oai(path = "/cash-counts/:count_id/settlement", method = "post")]
    async fn settle(&self, officer: Officer, count_id: Path<Uuid>, body: Json<DifferenceDecision>) -> Answer {
        let DifferenceDecision { choice, reason } = body.0;
        Ok(Json(self.app.cash.settle(count_id.0.into(), choice.into(), &reason.0, &officer.0).await?.into()))
    }

    /// Gives a count up before it is signed.
    #[oai(path = "/cash-counts/:count_id/withdrawal", method = "post")]
    async fn withdraw(&self, officer: Officer, count_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.cash.withdraw(count_id.0.into(), &officer.0).await?.into()))
    }
}
