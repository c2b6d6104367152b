//! What everybody may see of spending, and how a donor follows a gift.

use crowdfunding::spending::{self, ChildrenCell, LinePaid, SpendingError};
use domain::disbursement::PayoutState;
use domain::role::Member;
use domain::{BusinessDate, CampaignId, DisbursementId, DonationId, DonorId, Money, PayoutId, mask};
use entity::{budget_line, campaign, donation, payout, payout_notice};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::{SpendError, Spending};

/// A payment as everybody may see it.
#[derive(Clone, Debug)]
pub struct OpenPayout {
    /// The payout.
    pub id: PayoutId,
    /// The day the bank paid.
    pub paid_on: BusinessDate,
    /// How much.
    pub amount: Money,
    /// What for.
    pub purpose: String,
    /// Who, masked.
    pub payee: String,
}

/// What a campaign has paid, a page of it.
#[derive(Clone, Debug)]
pub struct OpenSpending {
    /// Payments to and for grown-ups and organisations.
    pub payouts: Vec<OpenPayout>,
    /// Aid to children, by county.
    pub children: Vec<ChildrenCell>,
}

/// What a campaign has paid and owes: what was approved, by whether the bank has paid it.
#[derive(Clone, Debug)]
pub struct Paid {
    campaign: CampaignId,
    lines: Vec<LinePaid>,
}

impl Paid {
    /// Of a line of its own: 已批准未付 and 已支付.
    pub fn of(&self, line: &str) -> (Money, Money) {
        let own = |one: &&LinePaid| one.campaign == self.campaign && one.line == line;
        self.lines.iter().find(own).map(|one| (one.owed, one.paid)).unwrap_or_default()
    }

    /// Of all lines, those of its leaves, too: 已批准未付 and 已支付.
    pub fn total(&self) -> (Money, Money) {
        let sum = |of: fn(&LinePaid) -> Money| Money::checked_sum(self.lines.iter().map(of)).unwrap_or(Money::MAX);
        (sum(|one| one.owed), sum(|one| one.paid))
    }
}

/// Said with every share, so that it is not taken for a trace.
pub const SHARE_NOTE: &str = "项目善款统一使用。以上按您的捐赠占项目已筹善款的比例折算，向下取整到分，不表示您的捐款逐笔对应某项支出；已批准未付款的支出也计入已使用金额。";

/// What the public reads in place of somebody who wished to be erased.
const UNNAMED: &str = "应本人要求不公示";

/// What became of a gift, as far as it can be said.
#[derive(Clone, Debug)]
pub struct GiftUse {
    /// The campaign; none for the general fund, of which no share is told.
    pub campaign: Option<CampaignId>,
    /// What is left of the gift after refunds.
    pub gift: Money,
    /// What the campaign received.
    pub received: Money,
    /// By budget line: its name, what was spent of it, and the gift's share of that.
    pub lines: Vec<(String, Money, Money)>,
}

impl Spending {
    /// What a public campaign has paid, newest first.
    pub async fn open(&self, id: CampaignId, after: Option<PayoutId>, limit: u64) -> Result<OpenSpending, SpendError> {
        let db = self.db.read();
        let campaign = campaign::Entity::find_by_id(id).one(db).await?.filter(|row| row.state.is_public());
        campaign.ok_or(SpendingError::NoSuchCampaign)?;
        let rows = spending::public_payouts(db, id, after, limit).await?;
        let people = spending::payees_of(db, rows.iter().map(|row| row.payee)).await?;
        let unnamed = self.restricted(people.keys().copied()).await?;
        let mut payouts = Vec::with_capacity(rows.len());
        for row in rows {
            let payee = people.get(&row.payee).ok_or(SpendingError::Conflict)?;
            let payee = if unnamed.contains(&payee.id) {
                UNNAMED.to_owned()
            } else {
                let name = self.opened(payee)?.name;
                if payee.kind == "organisation" { mask::organisation(&name) } else { mask::name(&name) }
            };
            payouts.push(OpenPayout {
                id: row.id,
                paid_on: row.paid_on,
                amount: row.amount,
                purpose: row.purpose,
                payee,
            });
        }
        Ok(OpenSpending { payouts, children: spending::children(db, id).await? })
    }

    /// What was paid by all campaigns, by the county it went to.
    pub async fn counties(&self) -> Result<Vec<ChildrenCell>, SpendError> {
        Ok(spending::counties(self.db.read()).await?)
    }

    /// What a campaign and its leaves have paid and owe, by budget line.
    pub async fn paid(&self, id: CampaignId) -> Result<Paid, SpendError> {
        Ok(Paid { campaign: id, lines: spending::lines_paid(self.db.read(), id).await? })
    }

    /// What became of a donor's own gift.
    pub async fn gift_use(&self, id: DonationId, donor: DonorId) -> Result<GiftUse, SpendError> {
        let gift = donation::Entity::find_by_id(id).one(self.db.read()).await?;
        let gift = gift.filter(|gift| gift.donor_id == Some(donor)).ok_or(SpendingError::NoSuchDonation)?;
        self.use_of(&gift).await
    }

    /// What became of a gift: its share of what the campaign has spent so far, by budget line. Money of one campaign is one fund, so this is
    /// a share and no trace.
    pub async fn use_of(&self, gift: &donation::Model) -> Result<GiftUse, SpendError> {
        let db = self.db.read();
        let paid = gift.confirmed_us.is_some();
        let left = gift.amount_fen.checked_sub(gift.refunded_fen).filter(|_| paid).unwrap_or_default();
        let Some(campaign) = gift.campaign_id else {
            return Ok(GiftUse { campaign: None, gift: left, received: Money::ZERO, lines: Vec::new() });
        };
        let campaign = campaign::Entity::find_by_id(campaign).one(db).await?;
        let campaign = campaign.ok_or(SpendingError::NoSuchCampaign)?;
        let received = ledger::raised(db, campaign.book_id, campaign.id).await?;
        let budget = budget_line::Entity::find()
            .filter(budget_line::Column::CampaignId.eq(campaign.id))
            .order_by_asc(budget_line::Column::Position)
            .all(db)
            .await?;
        let share = |used: Money| {
            let whole = i128::from(received.fen());
            if whole <= 0 {
                return Money::ZERO;
            }
            // Rounded down: no share is told larger than it is.
            let fen = i128::from(left.fen()) * i128::from(used.fen()) / whole;
            Money::from_fen(i64::try_from(fen).unwrap_or_default()).min(left)
        };
        let lines = budget.into_iter().map(|line| (line.name, line.used_fen, share(line.used_fen))).collect();
        Ok(GiftUse { campaign: Some(campaign.id), gift: left, received, lines })
    }

    /// Word of payments about to go out that the caller has not acknowledged, oldest first; not of papers of which all is paid or given up.
    pub async fn notices(&self, by: &Member, limit: u64) -> Result<Vec<payout_notice::Model>, SpendError> {
        use PayoutState::{Approved, Bounced, Retried, Scheduled, Sent};
        let coming = payout::Entity::find()
            .select_only()
            .column(payout::Column::DisbursementId)
            .filter(payout::Column::State.is_in([Approved, Scheduled, Sent, Bounced, Retried]));
        let rows = payout_notice::Entity::find()
            .filter(payout_notice::Column::StaffId.eq(by.id))
            .filter(payout_notice::Column::ReadUs.is_null())
            .filter(payout_notice::Column::DisbursementId.in_subquery(coming.into_query()))
            .order_by_asc(payout_notice::Column::AtUs)
            .limit(limit)
            .all(self.db.read())
            .await?;
        Ok(rows)
    }

    /// The caller has read it.
    pub async fn read_notice(&self, paper: DisbursementId, by: &Member) -> Result<payout_notice::Model, SpendError> {
        let tx = self.db.begin().await?;
        let notice = payout_notice::Entity::find_by_id((paper, by.id)).one(&tx).await?;
        let notice = notice.ok_or(SpendingError::NoSuchDisbursement)?;
        if notice.read_us.is_some() {
            return Ok(notice);
        }
        crowdfunding::spending::mark_notice(&tx, self.clock.now(), paper, by).await?;
        let notice = payout_notice::Entity::find_by_id((paper, by.id)).one(&tx).await?;
        tx.commit().await?;
        Ok(notice.ok_or(SpendingError::NoSuchDisbursement)?)
    }
}
