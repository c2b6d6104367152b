//! Gifts: the public wall, the donor's own, and those that reached the bank account.

use std::sync::Arc;

use app::App;
use app::giving::{Given, WallGift, Wish};
use crowdfunding::BankGift;
use domain::anonymity;
use domain::donation as rules;
use domain::role::{Member, Role};
use entity::{donation, refund};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;
use wechat::RequestPayment;

use crate::auth::{Donor, Officer};
use crate::cached::Cached;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::refund::{OwnRefund, RefundReason};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text, Yuan, said, wire_enum};

/// Who may look a gift up by its number.
pub(crate) const SEARCHERS: [Role; 5] =
    [Role::ProjectManager, Role::Cashier, Role::Bookkeeper, Role::FinanceHead, Role::Auditor];

wire_enum! {
    /// Where a gift stands.
    DonationState = rules::DonationState {
        Created,
        Paying,
        Paid,
        Settled,
        Closed,
        RefundRequested,
        Refunding,
        RefundFailed,
        PartlyRefunded,
        Refunded,
    }
}

wire_enum! {
    /// How much of the donor strangers see.
    Anonymity = anonymity::Anonymity { Name, Nickname, Hidden }
}

wire_enum! {
    /// What the donor wants in the way of a receipt (捐赠票据).
    ReceiptChoice = rules::ReceiptChoice { Requested, Waived, Anonymous }
}

wire_enum! {
    /// Which way a gift came.
    Channel = rules::Channel { Wechat, Bank }
}

/// A gift as strangers may see it.
#[derive(Object)]
struct PublicGift {
    id: Uuid,
    /// As far as the donor agreed.
    donor: String,
    /// If the donor agreed.
    #[oai(nullable)]
    amount: Option<Yuan>,
    /// The donor's words, once checked.
    #[oai(nullable)]
    message: Option<String>,
    at: Instant,
}

impl From<WallGift> for PublicGift {
    fn from(gift: WallGift) -> PublicGift {
        PublicGift {
            id: gift.id.uuid(),
            donor: gift.shown.donor,
            amount: gift.shown.amount.map(Yuan),
            message: gift.shown.message,
            at: gift.at.into(),
        }
    }
}

/// A donor's own gift.
#[derive(Object)]
struct Donation {
    id: Uuid,
    /// The order number at WeChat.
    out_trade_no: String,
    campaign: Uuid,
    state: DonationState,
    amount: Yuan,
    /// What has been given back.
    refunded: Yuan,
    #[oai(nullable)]
    paid_at: Option<Instant>,
    created_at: Instant,
    /// Until when it can be paid.
    expires_at: Instant,
    anonymity: Anonymity,
    show_amount: bool,
    #[oai(nullable)]
    message: Option<String>,
    receipt: ReceiptChoice,
}

impl From<donation::Model> for Donation {
    fn from(row: donation::Model) -> Donation {
        Donation {
            id: row.id.uuid(),
            out_trade_no: row.id.out_trade_no(),
            campaign: row.campaign_id.uuid(),
            state: row.state.into(),
            amount: row.amount_fen.into(),
            refunded: row.refunded_fen.into(),
            paid_at: row.paid_us.map(Instant),
            created_at: row.created_us.into(),
            expires_at: row.expires_us.into(),
            anonymity: row.anonymity.into(),
            show_amount: row.show_amount,
            message: row.message,
            receipt: row.receipt.into(),
        }
    }
}

/// A donor's own gift, in the list.
#[derive(Object)]
struct DonationLine {
    #[oai(flatten)]
    donation: Donation,
    campaign_name: String,
}

impl From<(donation::Model, String)> for DonationLine {
    fn from((row, campaign_name): (donation::Model, String)) -> DonationLine {
        DonationLine { donation: row.into(), campaign_name }
    }
}

/// A donor's own gift with its refunds.
#[derive(Object)]
struct DonationWithRefunds {
    #[oai(flatten)]
    donation: Donation,
    refunds: Vec<OwnRefund>,
}

impl From<(donation::Model, Vec<refund::Model>)> for DonationWithRefunds {
    fn from((row, refunds): (donation::Model, Vec<refund::Model>)) -> DonationWithRefunds {
        DonationWithRefunds { donation: row.into(), refunds: refunds.into_iter().map(OwnRefund::from).collect() }
    }
}

/// What `wx.requestPayment` takes, as it takes it.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct Payment {
    time_stamp: String,
    nonce_str: String,
    package: String,
    sign_type: String,
    pay_sign: String,
}

impl From<RequestPayment> for Payment {
    fn from(payment: RequestPayment) -> Payment {
        let RequestPayment { time_stamp, nonce_str, package, sign_type, pay_sign } = payment;
        Payment { time_stamp, nonce_str, package, sign_type, pay_sign }
    }
}

/// A gift and, while it can be paid, how.
#[derive(Object)]
struct PlacedDonation {
    donation: Donation,
    /// Null when there is nothing left to pay.
    #[oai(nullable)]
    payment: Option<Payment>,
}

impl From<Given> for PlacedDonation {
    fn from(given: Given) -> PlacedDonation {
        PlacedDonation { donation: given.donation.into(), payment: given.payment.map(Payment::from) }
    }
}

/// What a donor asks for.
#[derive(Object)]
struct NewDonation {
    /// Made by the client: the same id again is the same gift.
    id: Uuid,
    amount: Yuan,
    /// How much of the donor strangers see; nothing unless the donor says so.
    anonymity: Option<Anonymity>,
    /// Whether strangers see the amount.
    #[oai(default)]
    show_amount: bool,
    /// A name, for this gift.
    #[oai(validator(max_length = 40))]
    name: Option<Text>,
    /// A nickname, for this gift.
    #[oai(validator(max_length = 40))]
    nickname: Option<Text>,
    /// Some words.
    #[oai(validator(max_length = 200))]
    message: Option<Text>,
    receipt: Option<ReceiptChoice>,
    /// The share code it came by.
    #[oai(validator(max_length = 64))]
    source: Option<Text>,
}

/// What a donor asks back.
#[derive(Object)]
struct RefundRequest {
    /// Made by the client: the same id again is the same request.
    id: Uuid,
    amount: Yuan,
    reason: RefundReason,
    /// In the donor's words.
    #[oai(validator(max_length = 500))]
    note: Option<Text>,
}

#[derive(Object)]
struct Consent {
    /// The template of the subscribe message.
    #[oai(validator(min_length = 1, max_length = 64))]
    template: Text,
    /// How often the donor agreed: each consent buys one message.
    #[oai(default = "once", validator(minimum(value = "1"), maximum(value = "20")))]
    count: u32,
}

fn once() -> u32 {
    1
}

/// The donor's side, and the wall.
pub(crate) struct GivingApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(tag = "Tag::Giving")]
impl GivingApi {
    /// The gifts to a campaign as strangers may see them, newest first.
    #[oai(path = "/campaigns/:campaign_id/donations", method = "get", tag = "Tag::Public")]
    async fn wall(
        &self,
        campaign_id: Path<Uuid>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<PublicGift>>, ApiError> {
        let page = self.app.giving.wall(campaign_id.0.into(), after.0.map(Into::into), limit.0).await;
        let (gifts, more) = page.map_err(ApiError::of_list)?;
        if gifts.is_empty() {
            // Perhaps nobody gave yet; perhaps there is no such campaign.
            self.app.campaigns.public(campaign_id.0.into()).await?;
        }
        let next = gifts.last().filter(|_| more).map(|gift| gift.id.to_string());
        let items = gifts.into_iter().map(PublicGift::from).collect();
        Ok(Cached::of(Page { items, next }, known.0.as_deref()))
    }

    /// Gives, or goes on with a gift that was begun: the same id with the same content answers the same gift, with other
    /// content 409 `id_reused`.
    #[oai(path = "/campaigns/:campaign_id/donations", method = "post")]
    async fn give(
        &self,
        donor: Donor,
        campaign_id: Path<Uuid>,
        body: Json<NewDonation>,
    ) -> Result<Json<PlacedDonation>, ApiError> {
        let new = body.0;
        let wish = Wish {
            id: new.id.into(),
            campaign: campaign_id.0.into(),
            amount: new.amount.0,
            anonymity: new.anonymity.unwrap_or(Anonymity::Hidden).into(),
            show_amount: new.show_amount,
            name: said(new.name),
            nickname: said(new.nickname),
            message: said(new.message),
            receipt: new.receipt.unwrap_or(ReceiptChoice::Waived).into(),
            source: said(new.source),
        };
        Ok(Json(self.app.giving.give(donor.0, wish).await?.into()))
    }

    /// An own gift with its refunds.
    #[oai(path = "/donations/:donation_id", method = "get")]
    async fn get(&self, donor: Donor, donation_id: Path<Uuid>) -> Result<Json<DonationWithRefunds>, ApiError> {
        Ok(Json(self.app.giving.own(donor.0, donation_id.0.into()).await?.into()))
    }

    /// Asks WeChat now how an own gift stands, after the payment dialogue has closed.
    #[oai(path = "/donations/:donation_id/query", method = "post")]
    async fn query(&self, donor: Donor, donation_id: Path<Uuid>) -> Result<Json<Donation>, ApiError> {
        Ok(Json(self.app.giving.query(donor.0, donation_id.0.into()).await?.into()))
    }

    /// Asks for an own gift back, or a part of it. Another person decides.
    #[oai(path = "/donations/:donation_id/refund-requests", method = "post")]
    async fn ask_back(
        &self,
        donor: Donor,
        donation_id: Path<Uuid>,
        body: Json<RefundRequest>,
    ) -> Result<Json<OwnRefund>, ApiError> {
        let RefundRequest { id, amount, reason, note } = body.0;
        let new = crowdfunding::NewRefund {
            id: id.into(),
            donation: donation_id.0.into(),
            amount: amount.0,
            reason: reason.into(),
            note: said(note),
        };
        Ok(Json(self.app.refunds.request_as_donor(donor.0, new).await?.into()))
    }

    /// Own gifts, newest first.
    #[oai(path = "/me/donations", method = "get")]
    async fn mine(
        &self,
        donor: Donor,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<DonationLine>>, ApiError> {
        let rows = self.app.giving.history(donor.0, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |(row, _)| row.id.uuid())))
    }

    /// Says that the donor agreed to subscribe messages.
    #[oai(path = "/me/consents", method = "post")]
    async fn consent(&self, donor: Donor, body: Json<Consent>) -> Result<(), ApiError> {
        Ok(self.app.outbox.give_consent(donor.0, &body.template.0, body.count).await?)
    }
}

/// A gift as staff sees it. The donor stays sealed.
#[derive(Object)]
struct OfficeDonation {
    id: Uuid,
    out_trade_no: String,
    campaign: Uuid,
    channel: Channel,
    state: DonationState,
    amount: Yuan,
    refunded: Yuan,
    #[oai(nullable)]
    donor: Option<Uuid>,
    created_at: Instant,
    #[oai(nullable)]
    paid_at: Option<Instant>,
    #[oai(nullable)]
    confirmed_at: Option<Instant>,
    /// Started in time, paid after the campaign's end.
    late: bool,
    /// The channel's number of the payment.
    #[oai(nullable)]
    transaction_id: Option<String>,
    #[oai(nullable)]
    bank_account: Option<String>,
    #[oai(nullable)]
    bank_reference: Option<String>,
    /// The organisation a bank gift came from.
    #[oai(nullable)]
    counterparty: Option<String>,
    /// Who entered a bank gift.
    #[oai(nullable)]
    author: Option<Uuid>,
    /// Who confirmed it.
    #[oai(nullable)]
    approver: Option<Uuid>,
    /// Whom they stood in for.
    #[oai(nullable)]
    approver_for: Option<Uuid>,
}

impl From<donation::Model> for OfficeDonation {
    fn from(row: donation::Model) -> OfficeDonation {
        OfficeDonation {
            id: row.id.uuid(),
            out_trade_no: row.id.out_trade_no(),
            campaign: row.campaign_id.uuid(),
            channel: row.channel.into(),
            state: row.state.into(),
            amount: row.amount_fen.into(),
            refunded: row.refunded_fen.into(),
            donor: row.donor_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
            paid_at: row.paid_us.map(Instant),
            confirmed_at: row.confirmed_us.map(Instant),
            late: row.late,
            transaction_id: row.transaction_id,
            bank_account: row.bank_account,
            bank_reference: row.bank_reference,
            counterparty: row.counterparty,
            author: row.author_id.map(|id| id.uuid()),
            approver: row.approver_id.map(|id| id.uuid()),
            approver_for: row.approver_for_id.map(|id| id.uuid()),
        }
    }
}

/// A gift that reached the bank account, as it stands on the statement.
#[derive(Object)]
struct NewBankGift {
    /// Made by the client: the same id again is the same gift.
    id: Uuid,
    campaign: Uuid,
    amount: Yuan,
    /// The organisation that gave it.
    #[oai(validator(max_length = 200))]
    counterparty: Text,
    /// Our short name of the bank account.
    #[oai(validator(max_length = 64))]
    bank_account: Text,
    /// The bank's reference; it can be booked once.
    #[oai(validator(max_length = 128))]
    reference: Text,
    /// The day it arrived.
    received_on: Day,
    /// Whether its name is shown.
    anonymity: Option<Anonymity>,
    receipt: Option<ReceiptChoice>,
}

/// Gifts, as staff handles them.
pub(crate) struct OfficeDonationApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Donations")]
impl OfficeDonationApi {
    /// Gifts that carry a number: our order number, the channel's number of the payment, or the bank's reference.
    #[oai(path = "/donations", method = "get")]
    async fn search(
        &self,
        officer: Officer,
        #[oai(validator(min_length = 1, max_length = 128))] number: Query<String>,
    ) -> Result<Json<Page<OfficeDonation>>, ApiError> {
        Ok(Json(Page::whole(self.app.giving.search((&officer.0, &SEARCHERS), &number).await?)))
    }

    /// Bank gifts that wait for a second person, newest first; with `all` the others, too.
    #[oai(path = "/bank-gifts", method = "get")]
    async fn bank_gifts(
        &self,
        officer: Officer,
        #[oai(default)] all: Query<bool>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<OfficeDonation>>, ApiError> {
        let whose: (&Member, &[Role]) = (&officer.0, &SEARCHERS);
        let rows = self.app.giving.bank_gifts(whose, !all.0, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Json(Page::of(rows, limit.0, |row| row.id.uuid())))
    }

    /// Enters a gift that reached the bank account. Nothing is booked until another person confirms it.
    #[oai(path = "/bank-gifts", method = "post")]
    async fn enter(&self, officer: Officer, body: Json<NewBankGift>) -> Result<Json<OfficeDonation>, ApiError> {
        let new = body.0;
        let gift = BankGift {
            id: new.id.into(),
            campaign: new.campaign.into(),
            counterparty: new.counterparty.0,
            amount: new.amount.0,
            bank_account: new.bank_account.0,
            reference: new.reference.0,
            received_on: new.received_on.0,
            anonymity: new.anonymity.unwrap_or(Anonymity::Hidden).into(),
            receipt: new.receipt.unwrap_or(ReceiptChoice::Waived).into(),
        };
        Ok(Json(self.app.cashier.enter_bank_gift(gift, &officer.0).await?.into()))
    }

    /// Confirms a bank gift; that books it. Another person than who entered it.
    #[oai(path = "/bank-gifts/:donation_id/confirmation", method = "post")]
    async fn confirm(&self, officer: Officer, donation_id: Path<Uuid>) -> Result<Json<OfficeDonation>, ApiError> {
        Ok(Json(self.app.cashier.decide_bank_gift(donation_id.0.into(), true, &officer.0).await?.into()))
    }

    /// Rejects a bank gift; nothing was booked.
    #[oai(path = "/bank-gifts/:donation_id/rejection", method = "post")]
    async fn reject(&self, officer: Officer, donation_id: Path<Uuid>) -> Result<Json<OfficeDonation>, ApiError> {
        Ok(Json(self.app.cashier.decide_bank_gift(donation_id.0.into(), false, &officer.0).await?.into()))
    }
}
