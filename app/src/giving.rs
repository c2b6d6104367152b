//! Giving: the donor's way from the wish to the payment (facts: charity 3.2).
//!
//! The gift is written down and committed before the channel hears of it; what the channel answers is recorded after. A crash
//! or a lost answer in between leaves a gift that says where to go on: the same request again goes on from there.

use std::time::Duration;

use crowdfunding::{CrowdfundingError, GiftSearch, NewDonation, Placed};
use domain::anonymity::Anonymity;
use domain::campaign::{GivingClosed, may_give};
use domain::donation::{DonationState, ReceiptChoice};
use domain::role::{Member, Role};
use domain::{CampaignId, Clock, DonationId, DonorId, Money};
use entity::{Db, campaign, donation, refund};
use sea_orm::{DbErr, EntityTrait};
use wechat::{Order, RequestPayment, Suggestion, WechatError};

use crate::Limits;
use crate::cashier::{Cashier, CashierError};
use crate::identity::{Identity, IdentityError};
use crate::vault::Vault;

/// A prepay id lives two hours at the channel; it is not handed out in its last minutes.
const PREPAY_LIFE: Duration = Duration::from_secs(2 * 3600 - 300);

/// What a donor asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Made by the client.
    pub id: DonationId,
    /// What it is for.
    pub campaign: CampaignId,
    /// How much.
    pub amount: Money,
    /// How much of the donor is shown.
    pub anonymity: Anonymity,
    /// Whether the amount is shown.
    pub show_amount: bool,
    /// A name, for this gift.
    pub name: Option<String>,
    /// A nickname, for this gift.
    pub nickname: Option<String>,
    /// Some words.
    pub message: Option<String>,
    /// Receipt wanted or not.
    pub receipt: ReceiptChoice,
    /// The share code it came by.
    pub source: Option<String>,
}

/// Why a gift was refused or not placed.
#[derive(Debug, thiserror::Error)]
pub enum GivingError {
    /// A field is not acceptable.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// In Chinese, for the donor.
        problem: &'static str,
    },
    /// More than one gift may be.
    #[error("a gift may be {most} at most")]
    TooMuch {
        /// The ceiling.
        most: Money,
    },
    /// The content check found the message unfit.
    #[error("the message did not pass the content check")]
    MessageRefused,
    /// The order can no longer be paid; a new gift has to be made.
    #[error("the order has expired")]
    Expired,
    /// The channel cannot be reached or did not take the order; the same request again goes on.
    #[error("the payment channel did not take the order")]
    ChannelUnavailable(#[source] WechatError),
    /// The cashier refused.
    #[error(transparent)]
    Cashier(#[from] CashierError),
    /// The donor could not be looked up.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl From<CrowdfundingError> for GivingError {
    fn from(error: CrowdfundingError) -> GivingError {
        CashierError::Gift(error).into()
    }
}

impl From<DbErr> for GivingError {
    fn from(error: DbErr) -> GivingError {
        CashierError::from(error).into()
    }
}

/// A gift and, while it can be paid, what `wx.requestPayment` takes.
#[derive(Debug)]
pub struct Given {
    /// The gift.
    pub donation: donation::Model,
    /// Signed anew with every answer.
    pub payment: Option<RequestPayment>,
}

/// A gift of the wall, as strangers may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallGift {
    /// The gift.
    pub id: DonationId,
    /// What may be shown.
    pub shown: domain::anonymity::PublicGift,
    /// When it was confirmed.
    pub at: domain::Timestamp,
}

/// The donor's side of the program.
#[derive(Clone)]
pub struct Giving {
    db: Db,
    business: Clock,
    wechat: wechat::Client,
    identity: Identity,
    vault: Vault,
    cashier: Cashier,
    limits: Limits,
}

impl Giving {
    pub(crate) fn new(
        db: Db,
        business: Clock,
        wechat: wechat::Client,
        identity: Identity,
        vault: Vault,
        cashier: Cashier,
        limits: Limits,
    ) -> Giving {
        Giving { db, business, wechat, identity, vault, cashier, limits }
    }

    /// Creates a gift and places its order at the channel, or goes on with one that was begun. The same id with other content
    /// is refused.
    pub async fn give(&self, donor: DonorId, wish: Wish) -> Result<Given, GivingError> {
        let wish = self.checked(wish)?;
        let openid = self.identity.openid_of(donor).await?;
        let content = self.vault.lookup(&content(donor, &wish));
        let standing = match crowdfunding::donation(self.db.read(), wish.id).await {
            Ok(known) if known.donor_id == Some(donor) && known.content == content => Some(known),
            Ok(_) => return Err(CrowdfundingError::IdReused.into()),
            Err(CrowdfundingError::NoSuchDonation) => None,
            Err(error) => return Err(error.into()),
        };
        let gift = match standing {
            Some(known) => known,
            None => {
                let message_state = self.state_of_words(&wish, &openid).await?;
                self.cashier.create(self.new_donation(donor, wish, message_state, content).await?).await?
            }
        };
        self.placed(gift, openid).await
    }

    /// Whether strangers may read what the donor wrote for the wall: the message, and the name it is signed with.
    async fn state_of_words(&self, wish: &Wish, openid: &wechat::OpenId) -> Result<&'static str, GivingError> {
        let signed = match wish.anonymity {
            Anonymity::Name => &wish.name,
            Anonymity::Nickname => &wish.nickname,
            Anonymity::Hidden => &None,
        };
        let words: Vec<&str> = [&wish.message, signed].into_iter().flatten().map(String::as_str).collect();
        if words.is_empty() {
            return Ok("none");
        }
        Ok(match self.wechat.check_content(openid, &words.join("\n")).await {
            // A number that somebody could be reached by is no thing for a wall; a person looks.
            Ok(Suggestion::Pass) if !words.iter().any(|text| domain::mask::tells_number(text)) => "passed",
            Ok(Suggestion::Risky) => return Err(GivingError::MessageRefused),
            Ok(_) => "review",
            // An unavailable check never holds a gift up; the words wait for a person.
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the content check is unavailable");
                "review"
            }
        })
    }

    async fn new_donation(
        &self,
        donor: DonorId,
        wish: Wish,
        message_state: &'static str,
        content: Vec<u8>,
    ) -> Result<NewDonation, GivingError> {
        let mut sealed = [None, None];
        for (sealed, text) in sealed.iter_mut().zip([&wish.name, &wish.nickname]) {
            if let Some(text) = text {
                *sealed = Some(self.identity.seal_for(donor, text).await?);
            }
        }
        let [name_sealed, nickname_sealed] = sealed;
        Ok(NewDonation {
            id: wish.id,
            campaign: wish.campaign,
            donor,
            amount: wish.amount,
            anonymity: wish.anonymity,
            show_amount: wish.show_amount,
            name_sealed,
            nickname_sealed,
            message: wish.message,
            message_state,
            receipt: wish.receipt,
            origin: wish.source,
            content,
            expires: self.business.now().after(self.limits.order_life),
        })
    }

    /// Sees to it that the order of an unpaid gift stands at the channel, and signs the payment.
    async fn placed(&self, gift: donation::Model, openid: wechat::OpenId) -> Result<Given, GivingError> {
        match gift.state {
            DonationState::Created | DonationState::Paying => {}
            DonationState::Closed => return Err(GivingError::Expired),
            _ => return Ok(Given { donation: gift, payment: None }),
        }
        let now = self.business.now();
        if now > gift.expires_us {
            return Err(GivingError::Expired);
        }
        let campaign = campaign::Entity::find_by_id(gift.campaign_id).one(self.db.read()).await?;
        let campaign = campaign.ok_or(CrowdfundingError::NoSuchCampaign)?;
        let open = may_give(campaign.state, campaign.starts_us, campaign.ends_us, now);
        if let (Some(prepay_id), Some(at)) = (&gift.prepay_id, gift.prepay_us)
            && now < at.after(PREPAY_LIFE)
        {
            // What was begun in time may arrive late; what is paused or suspended takes nothing.
            if let Err(closed @ GivingClosed::NotOpen) = open {
                return Err(CrowdfundingError::from(closed).into());
            }
            let payment = self.wechat.request_payment(prepay_id);
            return Ok(Given { donation: gift, payment: Some(payment) });
        }
        // An order the channel has not taken begins now.
        open.map_err(CrowdfundingError::from)?;
        let order = Order {
            out_trade_no: gift.id.out_trade_no(),
            description: format!("捐赠：{}", campaign.name.chars().take(30).collect::<String>()),
            amount: gift.amount_fen,
            openid,
            expires: gift.expires_us,
            attach: None,
        };
        match self.wechat.prepay(&order).await {
            Ok(prepay_id) => {
                self.cashier.place(Placed { id: gift.id, prepay_id: prepay_id.clone() }).await?;
                let payment = self.wechat.request_payment(&prepay_id);
                let donation = crowdfunding::donation(self.db.read(), gift.id).await?;
                Ok(Given { donation, payment: Some(payment) })
            }
            Err(WechatError::OrderPaid(_)) => Ok(Given { donation: self.cashier.query(gift.id).await?, payment: None }),
            Err(WechatError::OrderClosed(_)) => Err(GivingError::Expired),
            Err(error) => Err(GivingError::ChannelUnavailable(error)),
        }
    }

    fn checked(&self, mut wish: Wish) -> Result<Wish, GivingError> {
        if !wish.amount.is_positive() {
            return Err(GivingError::Invalid { field: "amount", problem: "捐赠金额至少0.01元" });
        }
        if wish.amount > self.limits.max_gift {
            return Err(GivingError::TooMuch { most: self.limits.max_gift });
        }
        let fields = [
            (&mut wish.name, "name", 40, "姓名最多40字"),
            (&mut wish.nickname, "nickname", 40, "昵称最多40字"),
            (&mut wish.message, "message", 200, "留言最多200字"),
            (&mut wish.source, "source", 64, "来源最多64字"),
        ];
        for (text, field, most, problem) in fields {
            *text = text.take().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
            let Some(text) = text else { continue };
            if text.chars().count() > most {
                return Err(GivingError::Invalid { field, problem });
            }
            if text.chars().any(|c| c.is_control() && c != '\n') {
                return Err(GivingError::Invalid { field, problem: "不能含有控制字符" });
            }
        }
        let needed = match wish.anonymity {
            Anonymity::Name => Some(("name", wish.name.is_none(), "选择实名公开时请填写姓名")),
            Anonymity::Nickname => Some(("nickname", wish.nickname.is_none(), "选择昵称公开时请填写昵称")),
            Anonymity::Hidden => None,
        };
        if let Some((field, true, problem)) = needed {
            return Err(GivingError::Invalid { field, problem });
        }
        Ok(wish)
    }

    /// A donor's own gift with its refunds.
    pub async fn own(
        &self,
        donor: DonorId,
        id: DonationId,
    ) -> Result<(donation::Model, Vec<refund::Model>), GivingError> {
        let gift = crowdfunding::donation(self.db.read(), id).await?;
        if gift.donor_id != Some(donor) {
            return Err(CrowdfundingError::NoSuchDonation.into());
        }
        let refunds = crowdfunding::refund_of(self.db.read(), id).await?;
        Ok((gift, refunds))
    }

    /// Asks the channel for a donor's own gift and answers how it stands.
    pub async fn query(&self, donor: DonorId, id: DonationId) -> Result<donation::Model, GivingError> {
        self.own(donor, id).await?;
        Ok(self.cashier.query(id).await?)
    }

    /// A page of a donor's own gifts with the names of their campaigns, newest first.
    pub async fn history(
        &self,
        donor: DonorId,
        after: Option<DonationId>,
        limit: u64,
    ) -> Result<Vec<(donation::Model, String)>, GivingError> {
        Ok(crowdfunding::of_donor(self.db.read(), donor, after, limit).await?)
    }

    /// A page of bank gifts, newest first: those that wait for a second person, or all.
    pub async fn bank_gifts(
        &self,
        whose: (&Member, &[Role]),
        waiting: bool,
        after: Option<DonationId>,
        limit: u64,
    ) -> Result<Vec<donation::Model>, GivingError> {
        Ok(crowdfunding::bank_gifts(self.db.read(), whose, waiting, after, limit).await?)
    }

    /// A page of the gifts where somebody has one of these roles, newest first.
    pub async fn gifts(
        &self,
        whose: (&Member, &[Role]),
        search: GiftSearch,
        after: Option<DonationId>,
        limit: u64,
    ) -> Result<Vec<donation::Model>, GivingError> {
        Ok(crowdfunding::gifts(self.db.read(), whose, search, after, limit).await?)
    }

    /// Gifts that carry a number, where somebody has one of these roles.
    pub async fn search(&self, whose: (&Member, &[Role]), number: &str) -> Result<Vec<donation::Model>, GivingError> {
        Ok(crowdfunding::search_number(self.db.read(), whose, number).await?)
    }

    /// A page of a campaign's wall, masked. The flag says whether more follow.
    pub async fn wall(
        &self,
        campaign: CampaignId,
        after: Option<DonationId>,
        limit: u64,
    ) -> Result<(Vec<WallGift>, bool), GivingError> {
        let page = crowdfunding::wall(self.db.read(), campaign, after, limit).await?;
        let names = self.chosen_names(&page.gifts).await?;
        let gifts = page.gifts.iter().zip(&names).map(|(gift, name)| {
            let fit = matches!(gift.message_state.as_str(), "none" | "passed");
            let name = name.as_deref().filter(|_| fit);
            let known = domain::anonymity::KnownGift {
                anonymity: gift.anonymity,
                show_amount: gift.show_amount,
                // An organisation that gave by bank has a name and no nickname.
                name: name.or(gift.counterparty.as_deref()),
                nickname: name,
                amount: gift.amount_fen,
                message: gift.message.as_deref().filter(|_| gift.message_state == "passed"),
            };
            WallGift {
                id: gift.id,
                shown: domain::anonymity::public(&known),
                at: gift.confirmed_us.unwrap_or_default(),
            }
        });
        Ok((gifts.collect(), page.more))
    }

    /// The name each donor chose to be read with, in the order of the gifts; nothing where they chose none. Whoever shows it to strangers
    /// looks first whether it may be read ([`donation::Model::message_state`]).
    pub async fn chosen_names(&self, gifts: &[donation::Model]) -> Result<Vec<Option<String>>, GivingError> {
        let mut sealed = Vec::new();
        let mut places = Vec::new();
        for (i, gift) in gifts.iter().enumerate() {
            let text = match gift.anonymity {
                Anonymity::Name => &gift.name_sealed,
                Anonymity::Nickname => &gift.nickname_sealed,
                Anonymity::Hidden => &None,
            };
            if let (Some(donor), Some(text)) = (gift.donor_id, text) {
                sealed.push((donor, text.clone()));
                places.push(i);
            }
        }
        let mut names: Vec<Option<String>> = vec![None; gifts.len()];
        // Who gave without the mini-program has no key of their own; the house keeps the name.
        for (name, gift) in names.iter_mut().zip(gifts) {
            if let (Anonymity::Name, None, Some(sealed)) = (gift.anonymity, gift.donor_id, &gift.name_sealed) {
                let plain = self.vault.open_own(&house_name(gift.id), sealed).map_err(IdentityError::from)?;
                *name = String::from_utf8(plain).ok();
            }
        }
        for (place, name) in places.into_iter().zip(self.identity.open_many(&sealed).await?) {
            names[place] = name;
        }
        Ok(names)
    }
}

/// What the name of somebody who gave without the mini-program is sealed for.
pub(crate) fn house_name(id: DonationId) -> String {
    format!("sangzi: gift name {id}")
}

/// Everything the donor sent, in one text that reads one way only.
fn content(donor: DonorId, wish: &Wish) -> String {
    serde_json::json!([
        donor,
        wish.campaign,
        wish.amount,
        wish.anonymity,
        wish.show_amount,
        wish.name,
        wish.nickname,
        wish.message,
        wish.receipt,
        wish.source
    ])
    .to_string()
}
