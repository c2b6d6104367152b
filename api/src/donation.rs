//! Gifts: the public wall, the donor's own, and those that reached the bank account.

use std::sync::Arc;

use app::App;
use app::giving::{self, Given, WallGift, Wish, WishedTribute};
use crowdfunding::BankGift;
use domain::anonymity;
use domain::donation as rules;
use domain::role::{Member, Role};
use entity::donation;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;
use wechat::RequestPayment;

use crate::auth::{Donor, Officer};
use crate::cached::Cached;
use crate::campaign::Reason;
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

wire_enum! {
    /// Whether a person gives (自然人) or an organisation (法人或其他组织).
    DonorType = rules::DonorType { Person, Organisation }
}

wire_enum! {
    /// For whose sake a gift is given: in honour of somebody who lives (致敬), or in memory of somebody who has died (纪念).
    TributeKind = rules::Tribute { Honour, Memory }
}

/// A gift as strangers may see it.
#[derive(Object)]
pub(crate) struct PublicGift {
    id: Uuid,
    /// As far as the donor agreed.
    donor: String,
    /// If the donor agreed.
    #[oai(nullable)]
    amount: Option<Yuan>,
    /// The donor's words, once checked.
    #[oai(nullable)]
    message: Option<String>,
    /// 纪念某某 or 致敬某某, if the donor wishes it and once checked.
    #[oai(nullable)]
    tribute: Option<String>,
    at: Instant,
}

impl From<WallGift> for PublicGift {
    fn from(gift: WallGift) -> PublicGift {
        PublicGift {
            id: gift.id.uuid(),
            donor: gift.shown.donor,
            amount: gift.shown.amount.map(Yuan),
            message: gift.shown.message,
            tribute: gift.shown.tribute,
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
    /// Null for a gift to the general fund of a charity.
    #[oai(nullable)]
    campaign: Option<Uuid>,
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
    /// For whose sake it is given; the name is in the gift's own answer.
    #[oai(nullable)]
    tribute: Option<TributeKind>,
    /// The team it is given through.
    #[oai(nullable)]
    team: Option<Uuid>,
}

impl From<donation::Model> for Donation {
    fn from(row: donation::Model) -> Donation {
        Donation {
            id: row.id.uuid(),
            out_trade_no: row.id.out_trade_no(),
            campaign: row.campaign_id.map(|id| id.uuid()),
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
            tribute: row.tribute.map(Into::into),
            team: row.team_id.map(|id| id.uuid()),
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
    /// In whose honour or memory it was given.
    #[oai(nullable)]
    tribute_name: Option<String>,
    /// The page of the card that the donor passes on to whoever shall know of the tribute. Whoever has the address can read it.
    #[oai(nullable)]
    card: Option<String>,
}

/// What a donor passes on: for whose sake a gift was given, and by whom as far as the wall tells.
#[derive(Object)]
struct Card {
    campaign: Uuid,
    campaign_name: String,
    tribute: TributeKind,
    /// In whose honour or memory.
    tribute_name: String,
    /// As far as the donor agreed.
    donor: String,
    /// If the donor agreed.
    #[oai(nullable)]
    amount: Option<Yuan>,
    #[oai(nullable)]
    message: Option<String>,
    /// The day it was given.
    on: Day,
}

impl From<giving::Card> for Card {
    fn from(card: giving::Card) -> Card {
        Card {
            campaign: card.campaign.uuid(),
            campaign_name: card.campaign_name,
            tribute: card.kind.into(),
            tribute_name: card.name,
            donor: card.shown.donor,
            amount: card.shown.amount.map(Yuan),
            message: card.shown.message,
            on: Day(card.on),
        }
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
    tribute: Option<NewTribute>,
    /// The team it is given through: an open one of this campaign.
    team: Option<Uuid>,
}

/// For whose sake a gift is given.
#[derive(Object)]
struct NewTribute {
    kind: TributeKind,
    /// In whose honour or memory; sealed like the donor's own name.
    #[oai(validator(max_length = 40))]
    name: Text,
    /// Whether the wall shows it; the person, or those left behind, have to agree.
    #[oai(default)]
    shown: bool,
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
            tribute: new.tribute.map(|tribute| WishedTribute {
                kind: tribute.kind.into(),
                name: tribute.name.0,
                shown: tribute.shown,
            }),
            team: new.team.map(Into::into),
        };
        Ok(Json(self.app.giving.give(donor.0, wish).await?.into()))
    }

    /// An own gift with its refunds.
    #[oai(path = "/donations/:donation_id", method = "get")]
    async fn get(&self, donor: Donor, donation_id: Path<Uuid>) -> Result<Json<DonationWithRefunds>, ApiError> {
        let giving = &self.app.giving;
        let (row, refunds) = giving.own(donor.0, donation_id.0.into()).await?;
        let card = giving.card_key(&row).map(|key| format!("/cards/{}/{key}", row.id));
        let tribute_name = giving.tribute_names(std::slice::from_ref(&row)).await?.pop().flatten();
        let refunds = refunds.into_iter().map(OwnRefund::from).collect();
        Ok(Json(DonationWithRefunds { donation: row.into(), refunds, tribute_name, card }))
    }

    /// The card of a gift that was given for somebody's sake, for whoever has its address from the donor: while the gift stands and its
    /// words may be read.
    #[oai(path = "/cards/:donation_id/:key", method = "get", tag = "Tag::Public")]
    async fn card(&self, donation_id: Path<Uuid>, key: Path<String>) -> Result<Json<Card>, ApiError> {
        Ok(Json(self.app.giving.card(donation_id.0.into(), &key).await?.into()))
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
    /// Null for a gift to a general fund.
    #[oai(nullable)]
    campaign: Option<Uuid>,
    /// The book of the charity whose general fund it is for (不限定用途); null for a gift to a campaign.
    #[oai(nullable)]
    general_fund: Option<Uuid>,
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
    /// Null if nothing is known of who gave by bank.
    #[oai(nullable)]
    donor_type: Option<DonorType>,
    /// The organisation a bank gift came from; a person's name stays sealed.
    #[oai(nullable)]
    counterparty: Option<String>,
    /// Its 统一社会信用代码, if it told it.
    #[oai(nullable)]
    credit_code: Option<String>,
    #[oai(nullable)]
    tribute: Option<TributeKind>,
    /// The team it came through.
    #[oai(nullable)]
    team: Option<Uuid>,
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
        let donor_type = row.donor_type().map(Into::into);
        OfficeDonation {
            id: row.id.uuid(),
            out_trade_no: row.id.out_trade_no(),
            campaign: row.campaign_id.map(|id| id.uuid()),
            general_fund: row.book_id.map(|id| id.uuid()),
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
            donor_type,
            counterparty: row.counterparty,
            credit_code: row.payer_code,
            tribute: row.tribute.map(Into::into),
            team: row.team_id.map(|id| id.uuid()),
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
    /// What it is for, or `general_fund`.
    campaign: Option<Uuid>,
    /// The book of the charity whose general fund it is for (不限定用途), instead of a campaign.
    general_fund: Option<Uuid>,
    amount: Yuan,
    /// Who gave it: an organisation unless said otherwise.
    donor_type: Option<DonorType>,
    /// The name of who gave it; a person's is sealed.
    #[oai(validator(max_length = 200))]
    counterparty: Text,
    /// 统一社会信用代码 of an organisation that wants a receipt.
    #[oai(validator(max_length = 18))]
    credit_code: Option<Text>,
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

/// What gifts are for that staff enters: one of the two.
pub(crate) fn purpose(campaign: Option<Uuid>, general_fund: Option<Uuid>) -> Result<rules::Purpose, ApiError> {
    match (campaign, general_fund) {
        (Some(id), None) => Ok(rules::Purpose::Campaign(id.into())),
        (None, Some(book)) => Ok(rules::Purpose::General(book.into())),
        _ => Err(ApiError::field("campaign", "请指明捐给哪个项目，或指明捐给哪家机构、不限定用途，二者只填一项")),
    }
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
        let (kind, code) = (new.donor_type.unwrap_or(DonorType::Organisation), said(new.credit_code));
        let gift = BankGift {
            id: new.id.into(),
            purpose: purpose(new.campaign, new.general_fund)?,
            payer: self.app.giving.payer(new.id.into(), kind.into(), &new.counterparty.0, code.as_deref())?,
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

    /// Rejects a bank gift with a reason; nothing was booked.
    #[oai(path = "/bank-gifts/:donation_id/rejection", method = "post")]
    async fn reject(
        &self,
        officer: Officer,
        donation_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<OfficeDonation>, ApiError> {
        let no = body.0.declines()?;
        Ok(Json(self.app.cashier.decide_bank_gift(donation_id.0.into(), no, &officer.0).await?.into()))
    }
}
