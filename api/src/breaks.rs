//! Breaks (差错), and what is done about them by two persons.

use std::sync::Arc;

use app::App;
use app::breaks::{NewResolution, Way};
use domain::resolution as rules;
use entity::{discrepancy, resolution};
use ledger::Posting;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::books::READERS;
use crate::campaign::Reason;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::refund::BankPayment;
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text, Yuan, wire_enum};

wire_enum! {
    /// What becomes of a break. Money in suspense becomes a gift of the donor whose order it names (2209 待查款 / 410102), or goes back to
    /// the payer (2209 待查款 / 1009 微信余额), or becomes a gift to the general fund (`general`: 转入一般捐赠, 2209 待查款 / 410101): what names no
    /// order, or what its campaign cannot receive any more and WeChat could not give back; `follow` (以微信为准) books what the channel's bills say and the books do not: a fee, a payment nobody
    /// told us of, a difference (1122 微信短款, 2209 待查长款), or takes out of suspense what the channel never had; any difference without money in
    /// suspense is explained (`explain`: 以账本为准), and nothing is booked. A loan
    /// follows its bank (`follow`), or the bank corrects its file (`correct`: 退回银行更正).
    ResolutionChoice = rules::ResolutionChoice { Gift, General, Return, Follow, Correct, Explain }
}

wire_enum! {
    /// Where a resolution stands. `superseded`: a return that failed, when another way was carried out, or another way, when the money went back
    /// after all.
    ResolutionState = rules::ResolutionState { Proposed, Declined, Approved, Processing, Failed, Done, Superseded }
}

/// A difference that somebody has to settle (差错).
#[derive(Object)]
struct Break {
    id: Uuid,
    class: String,
    /// What it is about: an order, a payment.
    item: String,
    /// `open`, `resolved`, or `cleared` by a later bill.
    state: String,
    amount: Yuan,
    /// What the books expected, if they expected anything.
    #[oai(nullable)]
    expected: Option<Yuan>,
    book: Uuid,
    #[oai(nullable)]
    donation: Option<Uuid>,
    detail: String,
    /// What could be done about it.
    proposal: String,
    /// The day whose bills show it.
    day: Day,
    /// Whether its money stands in 2209 待查款.
    suspense: bool,
    /// Whose desk it lies on.
    owner: String,
    created_at: Instant,
    /// Why it is none any more, of a loan's that a later file, or what was told since, cleared up.
    #[oai(nullable)]
    cleared_because: Option<String>,
    /// When the bank first said of a settled difference what the books say, or told another: the same told after that is a new break.
    #[oai(nullable)]
    gone_at: Option<Instant>,
}

impl From<discrepancy::Model> for Break {
    fn from(row: discrepancy::Model) -> Break {
        Break {
            id: row.id.uuid(),
            class: row.class,
            item: row.item,
            state: row.state,
            amount: row.amount_fen.into(),
            expected: row.expected_fen.map(Yuan),
            book: row.book_id.uuid(),
            donation: row.donation_id.map(|id| id.uuid()),
            detail: row.detail,
            proposal: row.proposal,
            day: row.day.into(),
            suspense: row.suspense,
            owner: row.owner,
            created_at: row.created_us.into(),
            cleared_because: row.cleared_because,
            gone_at: row.gone_us.map(Instant),
        }
    }
}

/// What was proposed, and what came of it.
#[derive(Object)]
struct Resolution {
    id: Uuid,
    #[oai(rename = "break")]
    of: Uuid,
    choice: ResolutionChoice,
    reason: String,
    state: ResolutionState,
    proposed_by: Uuid,
    #[oai(nullable)]
    decided_by: Option<Uuid>,
    /// Whom the decider stood in for.
    #[oai(nullable)]
    decided_for: Option<Uuid>,
    /// How often it was sent to the channel.
    attempt: i64,
    #[oai(nullable)]
    last_error: Option<String>,
    created_at: Instant,
    #[oai(nullable)]
    decided_at: Option<Instant>,
    #[oai(nullable)]
    finished_at: Option<Instant>,
}

impl From<resolution::Model> for Resolution {
    fn from(row: resolution::Model) -> Resolution {
        Resolution {
            id: row.id.uuid(),
            of: row.break_id.uuid(),
            choice: row.choice.into(),
            reason: row.reason,
            state: row.state.into(),
            proposed_by: row.author_id.uuid(),
            decided_by: row.approver_id.map(|id| id.uuid()),
            decided_for: row.approver_for_id.map(|id| id.uuid()),
            attempt: row.attempt,
            last_error: row.last_error,
            created_at: row.created_us.into(),
            decided_at: row.decided_us.map(Instant),
            finished_at: row.finished_us.map(Instant),
        }
    }
}

/// A line of the entry that a way out would book.
#[derive(Object)]
struct ResolutionPosting {
    /// The account debited, by its name in the books.
    debit: String,
    /// The account credited.
    credit: String,
    amount: Yuan,
}

/// A way out of a break that is open, and the entry it would book today.
#[derive(Object)]
struct ResolutionWay {
    choice: ResolutionChoice,
    /// In the words of finance.
    title: String,
    /// What it books, and when; nothing for an explanation.
    postings: Vec<ResolutionPosting>,
}

impl From<Way> for ResolutionWay {
    fn from(way: Way) -> ResolutionWay {
        let title = match way.choice {
            rules::ResolutionChoice::Gift => "确认为捐赠：决定时入账",
            rules::ResolutionChoice::General => "转入一般捐赠（不限定用途）：决定时入账",
            rules::ResolutionChoice::Return => "原路退回付款人：微信退款成功时入账",
            rules::ResolutionChoice::Follow if way.of_loan && way.recorded => "以银行为准：决定时调整备查账",
            rules::ResolutionChoice::Follow if way.of_loan => "以银行为准：账上已按银行数据，不另记账",
            rules::ResolutionChoice::Follow if way.of_bank => "以银行为准：决定时按对账单入账",
            rules::ResolutionChoice::Follow => "以微信为准：决定时按账单入账",
            rules::ResolutionChoice::Correct => "退回银行更正：等待更正文件，不记账",
            rules::ResolutionChoice::Explain => "以账本为准：说明原因，不记账",
        };
        let line = |posting: &Posting| ResolutionPosting {
            debit: posting.debit.name(),
            credit: posting.credit.name(),
            amount: posting.amount.into(),
        };
        let postings = way.entry.iter().flat_map(|entry| entry.postings()).map(line).collect();
        ResolutionWay { choice: way.choice.into(), title: title.to_owned(), postings }
    }
}

/// A way out of a break.
#[derive(Object)]
struct ResolutionProposal {
    /// Made by the client: the same id again is the same proposal.
    id: Uuid,
    choice: ResolutionChoice,
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: Text,
}

pub(crate) struct BreakApi {
    pub(crate) app: Arc<App>,
}

type Answer = Result<Json<Resolution>, ApiError>;

#[OpenApi(prefix_path = "/staff", tag = "Tag::Books")]
impl BreakApi {
    /// Differences, newest first.
    #[oai(path = "/breaks", method = "get")]
    async fn breaks(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Break>>, ApiError> {
        let rows = self.app.breaks.page((&officer.0, &READERS), after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// What was proposed and done about a break, oldest first.
    #[oai(path = "/breaks/:break_id/resolutions", method = "get")]
    async fn resolutions(&self, officer: Officer, break_id: Path<Uuid>) -> Result<Json<Page<Resolution>>, ApiError> {
        officer.must_be(&READERS)?;
        Ok(Json(Page::whole(self.app.breaks.resolutions(break_id.0.into(), &officer.0, &READERS).await?)))
    }

    /// The ways out of a break that is open, each with the entry it would book.
    #[oai(path = "/breaks/:break_id/ways", method = "get")]
    async fn ways(&self, officer: Officer, break_id: Path<Uuid>) -> Result<Json<Page<ResolutionWay>>, ApiError> {
        officer.must_be(&READERS)?;
        Ok(Json(Page::whole(self.app.breaks.ways(break_id.0.into(), &officer.0, &READERS).await?)))
    }

    /// Proposes what shall become of the money: the first of two persons.
    #[oai(path = "/breaks/:break_id/resolutions", method = "post")]
    async fn propose(&self, officer: Officer, break_id: Path<Uuid>, body: Json<ResolutionProposal>) -> Answer {
        let ResolutionProposal { id, choice, reason: Text(reason) } = body.0;
        let new = NewResolution { id: id.into(), of: break_id.0.into(), choice: choice.into(), reason };
        Ok(Json(self.app.breaks.propose(new, &officer.0).await?.into()))
    }

    /// Agrees: the second person. A gift is booked at once; a return is sent by the job. Where a return failed before, WeChat is asked for it first.
    #[oai(path = "/resolutions/:resolution_id/approval", method = "post")]
    async fn agree(&self, officer: Officer, resolution_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.breaks.decide(resolution_id.0.into(), true, &officer.0).await?.into()))
    }

    /// Does not agree, and says why: the second person. Another way can be proposed.
    #[oai(path = "/resolutions/:resolution_id/decline", method = "post")]
    async fn decline(&self, officer: Officer, resolution_id: Path<Uuid>, body: Json<Reason>) -> Answer {
        let no = body.0.declines()?;
        Ok(Json(self.app.breaks.decide(resolution_id.0.into(), no, &officer.0).await?.into()))
    }

    /// Sends a return that failed again, under a new number, after WeChat was asked for it.
    #[oai(path = "/resolutions/:resolution_id/retry", method = "post")]
    async fn retry(&self, officer: Officer, resolution_id: Path<Uuid>) -> Answer {
        Ok(Json(self.app.breaks.retry(resolution_id.0.into(), &officer.0).await?.into()))
    }

    /// Says that a failed return was paid by bank: not whoever proposed it.
    #[oai(path = "/resolutions/:resolution_id/bank-payment", method = "post")]
    async fn paid_by_bank(&self, officer: Officer, resolution_id: Path<Uuid>, body: Json<BankPayment>) -> Answer {
        let account = body.0.bank_account.0;
        Ok(Json(self.app.breaks.paid_by_bank(resolution_id.0.into(), &account, &officer.0).await?.into()))
    }
}
