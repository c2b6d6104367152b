//! A donor's own data and its erasure; plain data for staff who say why, and the list of that.

use app::origin::Origin;
use std::sync::Arc;

use app::App;
use app::loans::applications::Personal;
use app::privacy::{OwnGift, PersonalData, PlainField};
use entity::{consent, enquiry, loan_application, message, refund, session, team, unmasking};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::{Donor, Officer};
use crate::error::ApiError;
use crate::loan_application::{Borrower, LoanApplication, LoanConsent, LoanContract};
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Instant, Text, Yuan, wire_enum};

/// Everything that is known of a donor.
#[derive(Object)]
struct OwnData {
    donor: Uuid,
    since: Instant,
    /// As WeChat tells it to this program.
    openid: String,
    donations: Vec<KnownDonation>,
    /// The teams that the donor founded.
    teams: Vec<KnownTeam>,
    refunds: Vec<KnownRefund>,
    sessions: Vec<KnownSession>,
    consents: Vec<KnownConsent>,
    messages: Vec<KnownMessage>,
    enquiries: Vec<KnownEnquiry>,
    loan_applications: Vec<KnownApplication>,
    loan_consents: Vec<LoanConsent>,
    loans: Vec<LoanContract>,
}

/// What is known of an application for a loan.
#[derive(Object)]
struct KnownApplication {
    application: LoanApplication,
    #[oai(nullable)]
    borrower: Option<Borrower>,
}

impl From<(loan_application::Model, Option<Personal>)> for KnownApplication {
    fn from((row, personal): (loan_application::Model, Option<Personal>)) -> KnownApplication {
        KnownApplication { application: row.into(), borrower: personal.map(Into::into) }
    }
}

/// What is known of a gift.
#[derive(Object)]
struct KnownDonation {
    id: Uuid,
    out_trade_no: String,
    /// Null for a gift to the general fund of a charity.
    #[oai(nullable)]
    campaign: Option<Uuid>,
    campaign_name: String,
    channel: crate::donation::Channel,
    state: crate::donation::DonationState,
    amount: Yuan,
    refunded: Yuan,
    anonymity: crate::donation::Anonymity,
    show_amount: bool,
    #[oai(nullable)]
    name: Option<String>,
    #[oai(nullable)]
    nickname: Option<String>,
    #[oai(nullable)]
    message: Option<String>,
    #[oai(nullable)]
    tribute: Option<crate::donation::TributeKind>,
    /// In whose honour or memory.
    #[oai(nullable)]
    tribute_name: Option<String>,
    /// Whether the wall shows it.
    tribute_shown: bool,
    /// The team it was given through.
    #[oai(nullable)]
    team: Option<Uuid>,
    receipt: crate::donation::ReceiptChoice,
    /// The share code it came by.
    #[oai(nullable)]
    source: Option<String>,
    /// The channel's number of the payment.
    #[oai(nullable)]
    transaction_id: Option<String>,
    created_at: Instant,
    #[oai(nullable)]
    paid_at: Option<Instant>,
}

impl From<OwnGift> for KnownDonation {
    fn from(own: OwnGift) -> KnownDonation {
        let OwnGift { gift, campaign, name, nickname, tribute_name } = own;
        KnownDonation {
            id: gift.id.uuid(),
            out_trade_no: gift.id.out_trade_no(),
            campaign: gift.campaign_id.map(|id| id.uuid()),
            campaign_name: campaign,
            channel: gift.channel.into(),
            state: gift.state.into(),
            amount: gift.amount_fen.into(),
            refunded: gift.refunded_fen.into(),
            anonymity: gift.anonymity.into(),
            show_amount: gift.show_amount,
            name,
            nickname,
            message: gift.message,
            tribute: gift.tribute.map(Into::into),
            tribute_name,
            tribute_shown: gift.tribute_shown,
            team: gift.team_id.map(|id| id.uuid()),
            receipt: gift.receipt.into(),
            source: gift.origin,
            transaction_id: gift.transaction_id,
            created_at: gift.created_us.into(),
            paid_at: gift.paid_us.map(Instant),
        }
    }
}

/// What is known of a team.
#[derive(Object)]
struct KnownTeam {
    id: Uuid,
    campaign: Uuid,
    #[oai(nullable)]
    name: Option<String>,
    #[oai(nullable)]
    goal: Option<Yuan>,
    state: crate::team::TeamState,
    created_at: Instant,
}

impl From<team::Model> for KnownTeam {
    fn from(row: team::Model) -> KnownTeam {
        KnownTeam {
            id: row.id.uuid(),
            campaign: row.campaign_id.uuid(),
            name: row.name,
            goal: row.goal_fen.map(Yuan),
            state: row.state.into(),
            created_at: row.created_us.into(),
        }
    }
}

/// What is known of a refund.
#[derive(Object)]
struct KnownRefund {
    id: Uuid,
    donation: Uuid,
    amount: Yuan,
    state: crate::refund::RefundState,
    #[oai(nullable)]
    note: Option<String>,
    created_at: Instant,
    #[oai(nullable)]
    finished_at: Option<Instant>,
}

impl From<refund::Model> for KnownRefund {
    fn from(row: refund::Model) -> KnownRefund {
        KnownRefund {
            id: row.id.uuid(),
            donation: row.donation_id.uuid(),
            amount: row.amount_fen.into(),
            state: row.state.into(),
            note: row.note,
            created_at: row.created_us.into(),
            finished_at: row.finished_us.map(Instant),
        }
    }
}

/// A session that is remembered.
#[derive(Object)]
struct KnownSession {
    created_at: Instant,
    expires_at: Instant,
    #[oai(nullable)]
    ended_at: Option<Instant>,
}

impl From<session::Model> for KnownSession {
    fn from(row: session::Model) -> KnownSession {
        KnownSession {
            created_at: row.created_us.into(),
            expires_at: row.expires_us.into(),
            ended_at: row.revoked_us.map(Instant),
        }
    }
}

/// Consents to a message template.
#[derive(Object)]
struct KnownConsent {
    template: String,
    given: i64,
    used: i64,
}

impl From<consent::Model> for KnownConsent {
    fn from(row: consent::Model) -> KnownConsent {
        KnownConsent { template: row.template, given: row.given, used: row.used }
    }
}

/// A message that was written to the donor.
#[derive(Object)]
struct KnownMessage {
    template: String,
    content: String,
    state: String,
    created_at: Instant,
}

impl From<message::Model> for KnownMessage {
    fn from(row: message::Model) -> KnownMessage {
        KnownMessage {
            template: row.template,
            content: row.content,
            state: row.state,
            created_at: row.created_us.into(),
        }
    }
}

/// An enquiry of the donor.
#[derive(Object)]
struct KnownEnquiry {
    id: Uuid,
    #[oai(nullable)]
    question: Option<String>,
    #[oai(nullable)]
    answer: Option<String>,
    created_at: Instant,
    #[oai(nullable)]
    answered_at: Option<Instant>,
}

impl From<(enquiry::Model, Option<String>)> for KnownEnquiry {
    fn from((row, question): (enquiry::Model, Option<String>)) -> KnownEnquiry {
        KnownEnquiry {
            id: row.id.uuid(),
            question,
            answer: row.answer,
            created_at: row.created_us.into(),
            answered_at: row.answered_us.map(Instant),
        }
    }
}

fn all<R, T: From<R>>(rows: Vec<R>) -> Vec<T> {
    rows.into_iter().map(T::from).collect()
}

impl From<PersonalData> for OwnData {
    fn from(data: PersonalData) -> OwnData {
        OwnData {
            donor: data.donor.uuid(),
            since: data.created.into(),
            openid: data.openid,
            donations: all(data.gifts),
            teams: all(data.teams),
            refunds: all(data.refunds),
            sessions: all(data.sessions),
            consents: all(data.consents),
            messages: all(data.messages),
            enquiries: all(data.enquiries),
            loan_applications: all(data.loan_applications),
            loan_consents: all(data.loan_consents),
            loans: all(data.loans),
        }
    }
}

wire_enum! {
    /// What of a donor can be shown in plain.
    UnmaskedField = PlainField { Name, Nickname, Openid }
}

#[derive(Object)]
struct UnmaskingRequest {
    /// Why it is needed; kept for ever.
    #[oai(validator(min_length = 2, max_length = 500))]
    reason: Text,
    #[oai(validator(min_items = 1, max_items = 3))]
    fields: Vec<UnmaskedField>,
}

/// Plain data of a donor; what was not asked for, is not there or was erased, is null.
#[derive(Object)]
struct PlainDonor {
    #[oai(nullable)]
    name: Option<String>,
    #[oai(nullable)]
    nickname: Option<String>,
    #[oai(nullable)]
    openid: Option<String>,
}

/// Who saw what of whom, and why.
#[derive(Object)]
struct Unmasking {
    id: Uuid,
    at: Instant,
    member: Uuid,
    /// `donation:{id}` and the like.
    object: String,
    fields: Vec<String>,
    reason: String,
    origin: String,
}

impl From<unmasking::Model> for Unmasking {
    fn from(row: unmasking::Model) -> Unmasking {
        Unmasking {
            id: row.id.uuid(),
            at: row.at_us.into(),
            member: row.staff_id.uuid(),
            object: row.object,
            fields: row.fields.split(',').map(str::to_owned).collect(),
            reason: row.reason,
            origin: row.origin,
        }
    }
}

/// Personal data.
pub(crate) struct PrivacyApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi]
impl PrivacyApi {
    /// Everything that is known of the donor who asks.
    #[oai(path = "/me/data", method = "get", tag = "Tag::Giving")]
    async fn own(&self, donor: Donor) -> Result<Json<OwnData>, ApiError> {
        Ok(Json(self.app.privacy.export(donor.0).await?.into()))
    }

    /// Erases the donor who asks: names, words and the login are gone for good, the amounts stay in the books. Refused while
    /// an own gift is being paid or a refund is under way.
    #[oai(path = "/me", method = "delete", tag = "Tag::Giving")]
    async fn erase(&self, donor: Donor, origin: Data<&Origin>) -> Result<(), ApiError> {
        Ok(self.app.privacy.erase(donor.0, &origin.0.0.to_string()).await?)
    }

    /// Shows plain data of the donor of a gift. The reason is kept.
    #[oai(path = "/staff/donations/:donation_id/unmasking", method = "post", tag = "Tag::Donations")]
    async fn unmask(
        &self,
        officer: Officer,
        donation_id: Path<Uuid>,
        body: Json<UnmaskingRequest>,
    ) -> Result<Json<PlainDonor>, ApiError> {
        let UnmaskingRequest { reason, fields } = body.0;
        let fields = fields.into_iter().map(Into::into).collect();
        let plain = self.app.privacy.unmask(donation_id.0.into(), fields, &reason.0, &officer.0).await?;
        let of = |field| plain.get(&field).cloned().flatten();
        Ok(Json(PlainDonor {
            name: of(PlainField::Name),
            nickname: of(PlainField::Nickname),
            openid: of(PlainField::Openid),
        }))
    }

    /// Who saw what of whom, newest first.
    #[oai(path = "/staff/unmaskings", method = "get", tag = "Tag::House")]
    async fn unmaskings(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Unmasking>>, ApiError> {
        let rows = self.app.privacy.unmaskings(&officer.0, (None, None), after.0.map(Into::into), limit.0 + 1).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.id.uuid())))
    }
}
