//! Giving: the donor's way from the wish to the payment (facts: charity 3.2).
//!
//! The gift is written down and committed before the channel hears of it; what the channel answers is recorded after. A crash
//! or a lost answer in between leaves a gift that says where to go on: the same request again goes on from there.
//!
//! The attributes of a gift and where they are kept: amount, campaign or general fund (which is the designation: decision 22), anonymity,
//! message, tribute, team, source, receipt choice stand in [`Wish`]; the donor's type in [`DonorType`]; the order number is the gift's id.

mod teams;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use crowdfunding::{CrowdfundingError, GiftSearch, NewDonation, NewTribute, Payer, Placed};
use domain::anonymity::{self, Anonymity, KnownGift, PublicGift};
use domain::campaign::{GivingClosed, may_give};
use domain::donation::{DonationState, DonorType, MessageState, ReceiptChoice, Tribute};
use domain::filing::CreditCode;
use domain::role::{Member, Role};
use domain::{BusinessDate, CampaignId, Clock, DonationId, DonorId, Money, TeamId};
use entity::{Db, campaign, donation, refund};
use sea_orm::{DbErr, EntityTrait};
use wechat::{Order, RequestPayment, Suggestion, WechatError};

use crate::Limits;
use crate::cashier::{Cashier, CashierError};
use crate::identity::{Identity, IdentityError};
use crate::throttle::Questions;
use crate::vault::Vault;

pub use teams::{OwnTeam, PublicTeam, WishedTeam};

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
    /// For whose sake it is given.
    pub tribute: Option<WishedTribute>,
    /// The team it is given through.
    pub team: Option<TeamId>,
}

/// For whose sake a donor gives. Who is to be told of it, the donor tells: they get a card ([`Giving::card`]) and pass it on, so that we know
/// nothing of a third person but a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WishedTribute {
    /// In honour or in memory.
    pub kind: Tribute,
    /// Of whom.
    pub name: String,
    /// Whether the wall shows it; the donor says that the person, or those left behind, agree.
    pub shown: bool,
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
    /// The donor had words looked at too often.
    #[error("too many words were to be looked at")]
    TooManyWords,
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

/// What a donor passes on to those who shall know of a gift: for whose sake it was given, and by whom as far as the wall tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The campaign.
    pub campaign: CampaignId,
    /// Its name.
    pub campaign_name: String,
    /// In honour or in memory.
    pub kind: Tribute,
    /// Of whom.
    pub name: String,
    /// The gift as strangers may see it.
    pub shown: PublicGift,
    /// The day it was paid.
    pub on: BusinessDate,
}

/// A gift of the wall, as strangers may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallGift {
    /// The gift.
    pub id: DonationId,
    /// What may be shown.
    pub shown: PublicGift,
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
    questions: Arc<Questions>,
}

/// How often a minute one donor may make us ask WeChat, for words they write and orders they may have paid. WeChat counts what we ask for all.
const QUESTIONS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).expect("a hundred and twenty is more than nothing");

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
        let questions = Arc::new(Questions::per_minute(QUESTIONS_PER_MINUTE));
        Giving { db, business, wechat, identity, vault, cashier, limits, questions }
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
                if let Some(team) = wish.team {
                    crowdfunding::open_team(self.db.read(), team, wish.campaign).await?;
                }
                let message_state = self.state_of_words(&wish, (donor, &openid)).await?;
                self.cashier.create(self.new_donation(donor, wish, message_state, content).await?).await?
            }
        };
        self.placed(gift, openid).await
    }

    /// Whether strangers may read what the donor wrote for others: the message, the name it is signed with, and for whose sake it is given.
    async fn state_of_words(
        &self,
        wish: &Wish,
        whose: (DonorId, &wechat::OpenId),
    ) -> Result<&'static str, GivingError> {
        let signed = match wish.anonymity {
            Anonymity::Name => &wish.name,
            Anonymity::Nickname => &wish.nickname,
            Anonymity::Hidden => &None,
        };
        let of = wish.tribute.as_ref().map(|tribute| tribute.name.as_str());
        let words: Vec<&str> = [&wish.message, signed].into_iter().flatten().map(String::as_str).chain(of).collect();
        if words.is_empty() {
            return Ok("none");
        }
        Ok(self.judged(whose, &words).await?.as_str())
    }

    /// What the content check says of words that strangers shall read.
    async fn judged(
        &self,
        (donor, openid): (DonorId, &wechat::OpenId),
        words: &[&str],
    ) -> Result<MessageState, GivingError> {
        if !self.questions.may_ask(donor) {
            return Err(GivingError::TooManyWords);
        }
        Ok(match self.wechat.check_content(openid, &words.join("\n")).await {
            // A number that somebody could be reached by is no thing for a wall; a person looks.
            Ok(Suggestion::Pass) if !words.iter().any(|text| domain::mask::tells_number(text)) => MessageState::Passed,
            Ok(Suggestion::Risky) => return Err(GivingError::MessageRefused),
            Ok(_) => MessageState::Review,
            // An unavailable check never holds a gift up; the words wait for a person.
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the content check is unavailable");
                MessageState::Review
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
        let tribute = match wish.tribute {
            Some(WishedTribute { kind, name, shown }) => {
                Some(NewTribute { kind, name_sealed: self.identity.seal_for(donor, &name).await?, shown })
            }
            None => None,
        };
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
            tribute,
            team: wish.team,
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
            // Paid at the last moment and not told of: whoever has paid is not asked to give anew.
            let gift = self.cashier.query(gift.id).await?;
            return match gift.state {
                DonationState::Created | DonationState::Paying | DonationState::Closed => Err(GivingError::Expired),
                _ => Ok(Given { donation: gift, payment: None }),
            };
        }
        // Only for a campaign money is taken by WeChat.
        let id = gift.campaign_id.ok_or(CrowdfundingError::NoSuchCampaign)?;
        let campaign = campaign::Entity::find_by_id(id).one(self.db.read()).await?;
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
                let donation = crowdfunding::donation(self.db.read(), gift.id).await?;
                if donation.state == DonationState::Closed {
                    // Its time was over while the channel was asked, and it was not there yet to be closed: now it is.
                    return match self.wechat.close(&order.out_trade_no).await {
                        Ok(()) | Err(WechatError::OrderClosed(_) | WechatError::NotFound(_)) => {
                            Err(GivingError::Expired)
                        }
                        Err(WechatError::OrderPaid(_)) => {
                            Ok(Given { donation: self.cashier.query(gift.id).await?, payment: None })
                        }
                        Err(error) => Err(GivingError::ChannelUnavailable(error)),
                    };
                }
                let payment = self.wechat.request_payment(&prepay_id);
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
        if let Some(tribute) = &mut wish.tribute {
            tribute.name = tribute.name.trim().to_owned();
            let invalid = |problem| Err(GivingError::Invalid { field: "tribute", problem });
            match tribute.name.chars().count() {
                0 => return invalid("请填写致敬或纪念的人的姓名"),
                1..=40 if tribute.name.chars().any(char::is_control) => return invalid("不能含有控制字符"),
                1..=40 => {}
                _ => return invalid("致敬或纪念的人的姓名最多40字"),
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

    /// Asks the channel for a donor's own gift and answers how it stands. Whoever asks all the time hears what stands here; the job asks
    /// the channel.
    pub async fn query(&self, donor: DonorId, id: DonationId) -> Result<donation::Model, GivingError> {
        let (gift, _) = self.own(donor, id).await?;
        if !gift.state.was_paid() && !self.questions.may_ask(donor) {
            return Ok(gift);
        }
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

    /// Who gave a gift that came by bank, as whoever enters it says: an organisation by its name, a person sealed by the house.
    pub fn payer(&self, id: DonationId, kind: DonorType, name: &str, code: Option<&str>) -> Result<Payer, GivingError> {
        let invalid = |field, problem| GivingError::Invalid { field, problem };
        let name = name.trim();
        if !(1..=100).contains(&name.chars().count()) {
            return Err(invalid("counterparty", "不能为空，也不能过长"));
        }
        let credit_code = credit_code(code).map_err(|problem| invalid("credit_code", problem))?;
        match kind {
            DonorType::Organisation => Ok(Payer::Organisation { name: name.to_owned(), credit_code }),
            DonorType::Person if credit_code.is_some() => Err(invalid("credit_code", "个人没有统一社会信用代码")),
            DonorType::Person => Ok(Payer::Person {
                name_sealed: self.vault.seal_own(&house_name(id), name.as_bytes()),
                digest: self.vault.lookup(&serde_json::json!(["payer", id, name]).to_string()),
            }),
        }
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
        Ok((self.on_wall(&page.gifts).await?, page.more))
    }

    /// The same of the gifts through one team.
    pub async fn team_wall(
        &self,
        team: TeamId,
        after: Option<DonationId>,
        limit: u64,
    ) -> Result<(Vec<WallGift>, bool), GivingError> {
        let page = crowdfunding::team_wall(self.db.read(), team, after, limit).await?;
        Ok((self.on_wall(&page.gifts).await?, page.more))
    }

    /// Gifts as strangers may see them.
    async fn on_wall(&self, gifts: &[donation::Model]) -> Result<Vec<WallGift>, GivingError> {
        let names = self.chosen_names(gifts).await?;
        let tributes = self.tribute_names(gifts).await?;
        let shown = gifts.iter().zip(names.iter().zip(&tributes)).map(|(gift, (name, tribute))| {
            let fit = matches!(gift.message_state.as_str(), "none" | "passed");
            let passed = gift.message_state == MessageState::Passed.as_str();
            let name = name.as_deref().filter(|_| fit);
            let known = KnownGift {
                anonymity: gift.anonymity,
                show_amount: gift.show_amount,
                // An organisation that gave by bank has a name and no nickname.
                name: name.or(gift.counterparty.as_deref()),
                nickname: name,
                amount: gift.amount_fen,
                message: gift.message.as_deref().filter(|_| passed),
                tribute: gift.tribute.zip(tribute.as_deref()).filter(|_| passed && gift.tribute_shown),
            };
            WallGift { id: gift.id, shown: anonymity::public(&known), at: gift.confirmed_us.unwrap_or_default() }
        });
        Ok(shown.collect())
    }

    /// For whose sake each gift was given, in the order of the gifts. Whoever shows it to strangers looks first whether it may be read, as with
    /// [`Giving::chosen_names`].
    pub async fn tribute_names(&self, gifts: &[donation::Model]) -> Result<Vec<Option<String>>, GivingError> {
        let sealed: Vec<(DonorId, Vec<u8>)> =
            gifts.iter().filter_map(|gift| Some((gift.donor_id?, gift.tribute_sealed.clone()?))).collect();
        let mut opened = self.identity.open_many(&sealed).await?.into_iter();
        let name = |gift: &donation::Model| match gift.donor_id.zip(gift.tribute_sealed.as_ref()) {
            Some(_) => opened.next().flatten(),
            None => None,
        };
        Ok(gifts.iter().map(name).collect())
    }

    /// What opens the card of a gift: whoever has it has it from the donor. It follows from the gift, and nothing of it is stored.
    pub fn card_key(&self, gift: &donation::Model) -> Option<String> {
        gift.tribute?;
        let digest = self.vault.lookup(&format!("sangzi: card of gift {}", gift.id));
        Some(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }

    /// The card of a gift that was given for somebody's sake, for whoever has its key: while the gift stands and its words may be read.
    pub async fn card(&self, id: DonationId, key: &str) -> Result<Card, GivingError> {
        let missing = CrowdfundingError::NoSuchDonation;
        let gift = crowdfunding::donation(self.db.read(), id).await?;
        let expected = self.card_key(&gift).ok_or(missing)?;
        let missing = || GivingError::from(CrowdfundingError::NoSuchDonation);
        if verify_slices_are_equal(expected.as_bytes(), key.as_bytes()).is_err() {
            return Err(missing());
        }
        let stands = gift.confirmed_us.is_some() && gift.state != DonationState::Refunded;
        if !stands || gift.message_state != MessageState::Passed.as_str() {
            return Err(missing());
        }
        let (Some(kind), Some(campaign)) = (gift.tribute, gift.campaign_id) else { return Err(missing()) };
        let gift = [gift];
        let name = self.tribute_names(&gift).await?.pop().flatten().ok_or_else(missing)?;
        let shown = self.on_wall(&gift).await?.pop().ok_or_else(missing)?.shown;
        let campaign = campaign::Entity::find_by_id(campaign).one(self.db.read()).await?;
        let campaign = campaign.filter(|one| one.state.is_public()).ok_or_else(missing)?;
        let on = BusinessDate::of(gift[0].paid_us.or(gift[0].confirmed_us).unwrap_or_default());
        Ok(Card { campaign: campaign.id, campaign_name: campaign.name, kind, name, shown, on })
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
                *name = Some(open_house_name(&self.vault, gift.id, sealed)?);
            }
        }
        for (place, name) in places.into_iter().zip(self.identity.open_many(&sealed).await?) {
            names[place] = name;
        }
        Ok(names)
    }
}

/// What is said of a credit code that is none.
pub const NO_CREDIT_CODE: &str = "统一社会信用代码为18位，请核对";

/// The 统一社会信用代码 of an organisation that gave, if one was told and can be one.
pub(crate) fn credit_code(told: Option<&str>) -> Result<Option<String>, &'static str> {
    let told = told.map(str::trim).filter(|code| !code.is_empty());
    match told {
        Some(code) if code.parse::<CreditCode>().is_err() => Err(NO_CREDIT_CODE),
        told => Ok(told.map(str::to_owned)),
    }
}

/// What the name of somebody who gave without the mini-program is sealed for.
pub(crate) fn house_name(id: DonationId) -> String {
    format!("sangzi: gift name {id}")
}

/// The name of somebody who gave without the mini-program.
pub(crate) fn open_house_name(vault: &Vault, id: DonationId, sealed: &[u8]) -> Result<String, IdentityError> {
    let plain = vault.open_own(&house_name(id), sealed)?;
    Ok(String::from_utf8_lossy(&plain).into_owned())
}

/// Everything the donor sent, in one text that reads one way only. A gift with nothing of what came later reads as it always did.
fn content(donor: DonorId, wish: &Wish) -> String {
    let mut said = vec![serde_json::json!([
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
    ])];
    if let Some(tribute) = &wish.tribute {
        said.push(serde_json::json!([tribute.kind, tribute.name, tribute.shown]));
    }
    if let Some(team) = wish.team {
        said.push(serde_json::json!(team));
    }
    match said.as_slice() {
        [plain] => plain.to_string(),
        more => serde_json::json!(more).to_string(),
    }
}
