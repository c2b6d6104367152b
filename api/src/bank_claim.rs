//! What two persons make of money that came to the bank, and the codes by which a gift is known when it comes.

use std::sync::Arc;

use app::App;
use app::bank::{CodeMaker, NewClaim, NewCode, ShownCode};
use crowdfunding::Decision;
use domain::bank as rules;
use entity::{bank_claim, gift_code};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::{Donor, Officer};
use crate::cached::Cached;
use crate::campaign::declined;
use crate::donation::{Anonymity, ReceiptChoice};
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Instant, Text, Yuan, said, wire_enum};

wire_enum! {
    /// What shall become of money that came to the bank.
    ClaimChoice = rules::ClaimChoice { Gift, Return }
}

wire_enum! {
    /// Where a claim stands.
    ClaimState = rules::ClaimState { Proposed, Declined, Approved, Done }
}

/// What was proposed about a line, and what came of it. Names stay sealed.
#[derive(Object)]
pub(crate) struct BankClaim {
    id: Uuid,
    line: Uuid,
    choice: ClaimChoice,
    /// Of a gift; null for one to the general fund.
    #[oai(nullable)]
    campaign: Option<Uuid>,
    reason: String,
    state: ClaimState,
    proposed_by: Uuid,
    #[oai(nullable)]
    decided_by: Option<Uuid>,
    /// Whom the decider stood in for.
    #[oai(nullable)]
    decided_for: Option<Uuid>,
    /// The line that shows the payment of a return.
    #[oai(nullable)]
    payment_line: Option<Uuid>,
    created_at: Instant,
    #[oai(nullable)]
    decided_at: Option<Instant>,
    #[oai(nullable)]
    finished_at: Option<Instant>,
}

impl From<bank_claim::Model> for BankClaim {
    fn from(row: bank_claim::Model) -> BankClaim {
        BankClaim {
            id: row.id.uuid(),
            line: row.line_id.uuid(),
            choice: row.choice.into(),
            campaign: row.campaign_id.map(|id| id.uuid()),
            reason: row.reason,
            state: row.state.into(),
            proposed_by: row.author_id.uuid(),
            decided_by: row.approver_id.map(|id| id.uuid()),
            decided_for: row.approver_for_id.map(|id| id.uuid()),
            payment_line: row.payment_line_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
            decided_at: row.decided_us.map(Instant),
            finished_at: row.finished_us.map(Instant),
        }
    }
}

/// A way that money shall go.
#[derive(Object)]
struct ClaimProposal {
    /// Made by the client: the same id again is the same claim. A gift gets this id.
    id: Uuid,
    choice: ClaimChoice,
    /// Of a gift.
    campaign: Option<Uuid>,
    /// Whether a gift is for no campaign, but for the general fund of the charity whose account it came to (不限定用途).
    #[oai(default)]
    general_fund: bool,
    /// Who gave it, if that is known.
    #[oai(validator(max_length = 100))]
    name: Option<Text>,
    /// Whether that is an organisation.
    #[oai(default)]
    organisation: bool,
    /// Its 统一社会信用代码, if it is known.
    #[oai(validator(max_length = 18))]
    credit_code: Option<Text>,
    anonymity: Option<Anonymity>,
    receipt: Option<ReceiptChoice>,
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: Text,
}

/// Claims that are decided together, all or none.
#[derive(Object)]
struct ClaimIds {
    claims: Vec<Uuid>,
}

/// Claims that somebody does not agree with, all for one reason.
#[derive(Object)]
struct DeclinedClaims {
    claims: Vec<Uuid>,
    /// For the record and for whoever is concerned, in Chinese.
    #[oai(validator(max_length = 500))]
    reason: Text,
}

/// A code for the remark of a transfer.
#[derive(Object)]
struct CodeWish {
    /// Made by the client: the same id again is the same code.
    id: Uuid,
    /// How much is expected.
    amount: Option<Yuan>,
    receipt: Option<ReceiptChoice>,
}

/// A code, and where the money goes with it.
#[derive(Object)]
struct BankCode {
    id: Uuid,
    /// To be written into the remark (附言).
    code: String,
    campaign: Uuid,
    #[oai(nullable)]
    amount: Option<Yuan>,
    /// 户名.
    payee: String,
    /// The charity's name of its account.
    bank_account: String,
    created_at: Instant,
}

impl From<ShownCode> for BankCode {
    fn from(shown: ShownCode) -> BankCode {
        BankCode {
            id: shown.row.id.uuid(),
            code: shown.row.code,
            campaign: shown.row.campaign_id.uuid(),
            amount: shown.row.amount_fen.map(Yuan),
            payee: shown.payee,
            bank_account: shown.bank_account,
            created_at: shown.row.created_us.into(),
        }
    }
}

/// A code as staff lists it.
#[derive(Object)]
struct IssuedCode {
    id: Uuid,
    code: String,
    #[oai(nullable)]
    amount: Option<Yuan>,
    /// Whether a donor asked for it.
    of_donor: bool,
    created_at: Instant,
}

impl From<gift_code::Model> for IssuedCode {
    fn from(row: gift_code::Model) -> IssuedCode {
        IssuedCode {
            id: row.id.uuid(),
            code: row.code,
            amount: row.amount_fen.map(Yuan),
            of_donor: row.donor_id.is_some(),
            created_at: row.created_us.into(),
        }
    }
}

fn wish(campaign: Uuid, body: CodeWish) -> NewCode {
    NewCode {
        id: body.id.into(),
        campaign: campaign.into(),
        amount: body.amount.map(|amount| amount.0),
        receipt: body.receipt.map_or(domain::donation::ReceiptChoice::Waived, Into::into),
    }
}

pub(crate) struct BankClaimApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi]
impl BankClaimApi {
    /// Proposes what a line is: a gift (认领), or back to whoever sent it (退回): the first of two persons.
    #[oai(path = "/staff/bank-lines/:line_id/claims", method = "post", tag = "Tag::Bank")]
    async fn propose(
        &self,
        officer: Officer,
        line_id: Path<Uuid>,
        body: Json<ClaimProposal>,
    ) -> Result<Json<BankClaim>, ApiError> {
        let body = body.0;
        let new = NewClaim {
            id: body.id.into(),
            line: line_id.0.into(),
            choice: body.choice.into(),
            campaign: body.campaign.map(Into::into),
            general: body.general_fund,
            name: said(body.name),
            organisation: body.organisation,
            credit_code: said(body.credit_code),
            anonymity: body.anonymity.map_or(domain::anonymity::Anonymity::Hidden, Into::into),
            receipt: body.receipt.map_or(domain::donation::ReceiptChoice::Waived, Into::into),
            reason: body.reason.0,
        };
        Ok(Json(self.app.bank.propose_claim(new, &officer.0).await?.into()))
    }

    /// The claims of a book, newest first: all, or those in one state.
    #[oai(path = "/staff/books/:book_id/bank-claims", method = "get", tag = "Tag::Bank")]
    async fn claims(
        &self,
        officer: Officer,
        book_id: Path<Uuid>,
        state: Query<Option<ClaimState>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<BankClaim>>, ApiError> {
        let state = state.0.map(Into::into);
        let after = after.0.map(Into::into);
        let rows = self.app.bank.claims(book_id.0.into(), state, after, limit.0 + 1, &officer.0).await?;
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// Agrees with claims, all or none: the second person. A gift is booked at once, a return when the bank has paid it.
    #[oai(path = "/staff/bank-claims/approvals", method = "post", tag = "Tag::Bank")]
    async fn agree(&self, officer: Officer, body: Json<ClaimIds>) -> Result<Json<Page<BankClaim>>, ApiError> {
        self.decide(officer, body.0.claims, Decision::Approve).await
    }

    /// Does not agree, and says why; or calls a return off before it is paid: the second person.
    #[oai(path = "/staff/bank-claims/declines", method = "post", tag = "Tag::Bank")]
    async fn decline(&self, officer: Officer, body: Json<DeclinedClaims>) -> Result<Json<Page<BankClaim>>, ApiError> {
        let no = declined(&body.0.reason.0)?;
        self.decide(officer, body.0.claims, no).await
    }

    /// Issues a code: for an expected gift if it has an amount, otherwise for everybody who gives to the campaign.
    #[oai(path = "/staff/campaigns/:campaign_id/bank-codes", method = "post", tag = "Tag::Bank")]
    async fn issue(
        &self,
        officer: Officer,
        campaign_id: Path<Uuid>,
        body: Json<CodeWish>,
    ) -> Result<Json<BankCode>, ApiError> {
        let new = wish(campaign_id.0, body.0);
        Ok(Json(self.app.bank.issue_code(new, CodeMaker::Staff(&officer.0)).await?.into()))
    }

    /// The codes of a campaign, newest first.
    #[oai(path = "/staff/campaigns/:campaign_id/bank-codes", method = "get", tag = "Tag::Bank")]
    async fn codes(&self, officer: Officer, campaign_id: Path<Uuid>) -> Result<Json<Page<IssuedCode>>, ApiError> {
        Ok(Json(Page::whole(self.app.bank.codes(campaign_id.0.into(), &officer.0).await?)))
    }

    /// A code of one's own for a gift by bank transfer: the gift will stand among one's gifts.
    #[oai(path = "/campaigns/:campaign_id/bank-codes", method = "post", tag = "Tag::Giving")]
    async fn own(
        &self,
        donor: Donor,
        campaign_id: Path<Uuid>,
        body: Json<CodeWish>,
    ) -> Result<Json<BankCode>, ApiError> {
        let new = wish(campaign_id.0, body.0);
        Ok(Json(self.app.bank.issue_code(new, CodeMaker::Donor(donor.0)).await?.into()))
    }

    /// The code everybody may write into the remark of a transfer to this campaign.
    #[oai(path = "/campaigns/:campaign_id/bank-code", method = "get", tag = "Tag::Public")]
    async fn public(
        &self,
        campaign_id: Path<Uuid>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<BankCode>, ApiError> {
        Ok(Cached::of(self.app.bank.public_code(campaign_id.0.into()).await?.into(), known.0.as_deref()))
    }

    async fn decide(
        &self,
        officer: Officer,
        claims: Vec<Uuid>,
        decision: Decision,
    ) -> Result<Json<Page<BankClaim>>, ApiError> {
        let ids: Vec<_> = claims.into_iter().map(Into::into).collect();
        Ok(Json(Page::whole(self.app.bank.decide_claims(&ids, decision, &officer.0).await?)))
    }
}
