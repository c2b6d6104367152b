//! What everybody may see of spending, what became of a gift, and word to the organiser's side before money goes out.

use std::sync::Arc;

use app::App;
use app::spending::open::{GiftUse, OpenPayout, SHARE_NOTE};
use crowdfunding::spending::ChildrenCell;
use entity::payout_notice;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::{Donor, Officer};
use crate::cached::Cached;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, SignedYuan, Yuan};

/// A payment as everybody may see it.
#[derive(Object)]
struct PublicPayment {
    id: Uuid,
    paid_on: Day,
    /// Net of what was paid back.
    amount: Yuan,
    purpose: String,
    /// Masked.
    payee: String,
}

impl From<OpenPayout> for PublicPayment {
    fn from(payout: OpenPayout) -> PublicPayment {
        PublicPayment {
            id: payout.id.uuid(),
            paid_on: payout.paid_on.into(),
            amount: payout.amount.into(),
            purpose: payout.purpose,
            payee: payout.payee,
        }
    }
}

/// Aid to children: sums by county, never of fewer than five.
#[derive(Object)]
struct ChildrenAid {
    /// 行政区划代码; null for several counties together.
    #[oai(nullable)]
    division: Option<String>,
    /// How many payments.
    count: i64,
    amount: Yuan,
}

impl From<ChildrenCell> for ChildrenAid {
    fn from(cell: ChildrenCell) -> ChildrenAid {
        ChildrenAid { division: cell.division, count: cell.count, amount: cell.amount.into() }
    }
}

/// What a campaign has paid.
#[derive(Object)]
struct Payments {
    items: Vec<PublicPayment>,
    /// What `after` is for the next page; null on the last.
    #[oai(nullable)]
    next: Option<String>,
    /// The whole of it, on every page.
    children: Vec<ChildrenAid>,
}

/// What was spent of a budget line, and the gift's share of it.
#[derive(Object)]
struct LineUse {
    name: String,
    used: Yuan,
    share: Yuan,
}

/// What became of a gift.
#[derive(Object)]
struct DonationUse {
    /// Null for a gift to the general fund of a charity, of which no share is told.
    #[oai(nullable)]
    campaign: Option<Uuid>,
    /// What is left of the gift after refunds.
    gift: Yuan,
    /// What the campaign received.
    received: SignedYuan,
    lines: Vec<LineUse>,
    /// How to read it.
    note: String,
}

impl From<GiftUse> for DonationUse {
    fn from(of: GiftUse) -> DonationUse {
        let line = |(name, used, share): (String, domain::Money, domain::Money)| LineUse {
            name,
            used: used.into(),
            share: share.into(),
        };
        DonationUse {
            campaign: of.campaign.map(|id| id.uuid()),
            gift: of.gift.into(),
            received: of.received.into(),
            lines: of.lines.into_iter().map(line).collect(),
            note: SHARE_NOTE.to_owned(),
        }
    }
}

/// Word that money is about to go out.
#[derive(Object)]
struct PayoutNotice {
    disbursement: Uuid,
    at: Instant,
    #[oai(nullable)]
    read_at: Option<Instant>,
}

impl From<payout_notice::Model> for PayoutNotice {
    fn from(row: payout_notice::Model) -> PayoutNotice {
        PayoutNotice {
            disbursement: row.disbursement_id.uuid(),
            at: row.at_us.into(),
            read_at: row.read_us.map(Instant),
        }
    }
}

pub(crate) struct SpentApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi]
impl SpentApi {
    /// What a campaign has paid, newest first: payees masked, aid to children as sums by county only.
    #[oai(path = "/campaigns/:campaign_id/disbursements", method = "get", tag = "Tag::Public")]
    async fn payments(
        &self,
        campaign_id: Path<Uuid>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Payments>, ApiError> {
        let open = self.app.spending.open(campaign_id.0.into(), after.0.map(Into::into), limit.0 + 1).await?;
        let page: Page<PublicPayment> = Page::of(open.payouts, limit.0, |payout| payout.id.uuid());
        let children = open.children.into_iter().map(Into::into).collect();
        Ok(Cached::of(Payments { items: page.items, next: page.next, children }, known.0.as_deref()))
    }

    /// What became of an own gift: its share of what the campaign has spent so far.
    #[oai(path = "/donations/:donation_id/use", method = "get", tag = "Tag::Giving")]
    async fn gift_use(&self, donor: Donor, donation_id: Path<Uuid>) -> Result<Json<DonationUse>, ApiError> {
        Ok(Json(self.app.spending.gift_use(donation_id.0.into(), donor.0).await?.into()))
    }

    /// Payments about to go out of which the caller has not said that they know, oldest first.
    #[oai(path = "/staff/payout-notices", method = "get", tag = "Tag::Spending")]
    async fn notices(
        &self,
        officer: Officer,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<PayoutNotice>>, ApiError> {
        Ok(Json(Page::whole(self.app.spending.notices(&officer.0, limit.0).await?)))
    }

    /// The caller knows of it.
    #[oai(path = "/staff/payout-notices/:disbursement_id/reading", method = "post", tag = "Tag::Spending")]
    async fn read(&self, officer: Officer, disbursement_id: Path<Uuid>) -> Result<Json<PayoutNotice>, ApiError> {
        Ok(Json(self.app.spending.read_notice(disbursement_id.0.into(), &officer.0).await?.into()))
    }
}
