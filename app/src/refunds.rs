//! Refunds through the channel: the decision is committed before the channel hears of it, and what it answers is recorded
//! after. On doubt the same number is sent again, which the channel takes for the same refund.

use std::time::Duration;

use crowdfunding::{CrowdfundingError, Decision, NewRefund, Outcome, RefundSearch, RefundView};
use domain::charity::Profile;
use domain::donation::Purpose;
use domain::refund::{RefundEvent, RefundReason, RefundState, deciders};
use domain::role::{Member, Role};
use domain::{Clock, DonorId, Money, RefundId, Refused, Timestamp};
use entity::{Db, Tx, donation, refund};
use sea_orm::DbErr;
use serde_json::json;
use wechat::{OrderReference, RefundNotification, RefundRequest, RefundStatus, WechatError};

use crate::cashier::CashierError;
use crate::outbox::{self, NewMessage};
use crate::{Templates, trail};

const BATCH: u64 = 200;
/// When to ask for a refund the channel is working on.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// When to send again what found no balance: the cashier has to top it up.
const NOT_ENOUGH_AGAIN: Duration = Duration::from_secs(600);
/// When to send again what got no clear answer.
const UNCLEAR_AGAIN: Duration = Duration::from_secs(20);
/// When to send again what was refused for a reason that is ours to mend.
pub(crate) const REFUSED_US_AGAIN: Duration = Duration::from_secs(60);

/// Refunds, from the request to the money.
#[derive(Clone)]
pub struct Refunds {
    db: Db,
    business: Clock,
    wechat: wechat::Client,
    templates: Templates,
}

/// What the channel says of a refund, or of a return.
pub(crate) struct Told<'a> {
    /// Its own number.
    pub(crate) number: &'a str,
    transaction: &'a str,
    total: Money,
    amount: Money,
    in_yuan: bool,
    pub(crate) status: &'a RefundStatus,
    pub(crate) success: Option<Timestamp>,
}

impl Told<'_> {
    /// In which way it is not about this much of that payment (its number and its amount), for whoever looks at it. The payment says which
    /// order it was: a gift that was adopted names the order of another.
    pub(crate) fn contradicts(
        &self,
        amount: Money,
        (transaction, total): (Option<&str>, Money),
    ) -> Option<&'static str> {
        if !self.in_yuan {
            return Some("微信答复的退款币种与本系统不符，请财务核对");
        }
        if self.amount != amount {
            return Some("微信答复的退款金额与本系统不符，请财务核对");
        }
        let ours = transaction == Some(self.transaction) && total == self.total;
        (!ours).then_some("微信答复的支付单号或订单金额与本系统不符，请财务核对")
    }

    /// The same of a refund of a gift.
    fn contradicts_refund(&self, refund: &refund::Model, donation: &donation::Model) -> Option<&'static str> {
        self.contradicts(refund.amount_fen, (donation.transaction_id.as_deref(), donation.amount_fen))
    }
}

impl<'a> From<&'a wechat::Refund> for Told<'a> {
    fn from(answer: &'a wechat::Refund) -> Told<'a> {
        Told {
            number: &answer.refund_id,
            transaction: &answer.transaction_id,
            total: answer.amount.total,
            amount: answer.amount.refund,
            in_yuan: answer.amount.in_yuan(),
            status: &answer.status,
            success: answer.success_time,
        }
    }
}

impl<'a> From<&'a RefundNotification> for Told<'a> {
    fn from(message: &'a RefundNotification) -> Told<'a> {
        Told {
            number: &message.refund_id,
            transaction: &message.transaction_id,
            total: message.amount.total,
            amount: message.amount.refund,
            in_yuan: message.amount.in_yuan(),
            status: &message.refund_status,
            success: message.success_time,
        }
    }
}

impl Refunds {
    pub(crate) fn new(db: Db, business: Clock, wechat: wechat::Client, templates: Templates) -> Refunds {
        Refunds { db, business, wechat, templates }
    }

    /// A donor asks for an own gift back.
    pub async fn request_as_donor(&self, donor: DonorId, new: NewRefund) -> Result<refund::Model, CashierError> {
        let tx = self.db.begin().await?;
        let row = crowdfunding::request(&tx, self.business.now(), new, RefundView::Donor(donor)).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Staff asks for it on a donor's behalf.
    pub async fn request(&self, new: NewRefund, by: &Member) -> Result<refund::Model, CashierError> {
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::request(&tx, now, new, RefundView::Staff(by)).await?;
        self.trail(&tx, now, &row, "refund.request", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Another person decides.
    pub async fn decide(&self, id: RefundId, decision: Decision, by: &Member) -> Result<refund::Model, CashierError> {
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::decide(&tx, now, id, decision, by).await?;
        self.trail(&tx, now, &row, "refund.decide", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A head of finance proposes that the general fund bears what the campaign has spent of it (entry 4e).
    pub async fn propose_cover(&self, id: RefundId, by: &Member) -> Result<refund::Model, CashierError> {
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::propose_cover(&tx, id, by).await?;
        self.trail(&tx, now, &row, "refund.propose_cover", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The chair decides it, and with it the refund.
    pub async fn cover(&self, id: RefundId, by: &Member) -> Result<refund::Model, CashierError> {
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::cover(&tx, now, id, by).await?;
        self.trail(&tx, now, &row, "refund.cover", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Sends a failed refund again, after the channel was asked for it: what was mended at its own site goes back under its own number.
    pub async fn retry(&self, id: RefundId, by: &Member) -> Result<refund::Model, CashierError> {
        let roles = &[Role::Cashier, Role::Bookkeeper, Role::FinanceHead];
        self.shown(id, by, roles).await?;
        self.clear_up(id).await?;
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::retry(&tx, now, id, by).await?;
        self.trail(&tx, now, &row, "refund.retry", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Before a failed refund is sent again or ended without the channel: asks it for each number the refund had. What it has refunded after all is
    /// booked, what it works on is waited for, and while it does not answer, or speaks of another refund, nothing is decided.
    async fn clear_up(&self, id: RefundId) -> Result<(), CashierError> {
        let refund = crowdfunding::refund(self.db.read(), id).await?;
        let donation = crowdfunding::donation(self.db.read(), refund.donation_id).await?;
        if refund.state != RefundState::Failed || donation.transaction_id.is_none() {
            return Ok(());
        }
        for attempt in 1..=refund.attempt {
            match self.wechat.query_refund(&number(id, attempt)).await {
                Ok(answer) => {
                    let told = Told::from(&answer);
                    if let Some(why) = told.contradicts_refund(&refund, &donation) {
                        return Err(CashierError::Contradicted(why));
                    }
                    match answer.status {
                        RefundStatus::Processing => return Err(CrowdfundingError::RefundUnderWay.into()),
                        RefundStatus::Success => self.heard(id, attempt, &told).await?,
                        _ => {}
                    }
                }
                // It never took the refund, so it cannot make it.
                Err(WechatError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The first of two persons proposes to end a failed refund without the channel.
    pub async fn propose_outcome(&self, id: RefundId, by: &Member) -> Result<refund::Model, CashierError> {
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::propose_outcome(&tx, id, by).await?;
        self.trail(&tx, now, &row, "refund.propose_outcome", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// The second person ends it, by bank or given up, after the channel was asked once more: what it has refunded is not paid twice.
    pub async fn settle_outcome(
        &self,
        id: RefundId,
        outcome: Outcome,
        by: &Member,
    ) -> Result<refund::Model, CashierError> {
        // Before the channel is asked, too.
        by.must_be(deciders(Profile::Small)).map_err(CrowdfundingError::from)?;
        self.clear_up(id).await?;
        let refund = crowdfunding::refund(self.db.read(), id).await?;
        let donation = crowdfunding::donation(self.db.read(), refund.donation_id).await?;
        let now = self.business.now();
        let tx = self.db.begin().await?;
        let row = crowdfunding::settle_outcome(&tx, now, id, outcome, by).await?;
        if row.state == RefundState::PaidByBank {
            self.tell(&tx, now, &row, &donation, now).await?;
        }
        self.trail(&tx, now, &row, "refund.settle_outcome", by).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// A refund, for somebody who has one of these roles where its campaign is, or the charity whose general fund it was given to.
    pub async fn shown(&self, id: RefundId, by: &Member, roles: &[Role]) -> Result<refund::Model, CashierError> {
        by.must_be(roles).map_err(CrowdfundingError::from)?;
        let row = self.get(id).await?;
        let gift = crowdfunding::donation(self.db.read(), row.donation_id).await?;
        crowdfunding::reaches(self.db.read(), gift.purpose(), by, roles).await?;
        Ok(row)
    }

    /// The refund that the channel knows under a number of its own, for somebody who has one of these roles where it belongs.
    pub async fn numbered(
        &self,
        channel_refund_id: &str,
        by: &Member,
        roles: &[Role],
    ) -> Result<Option<refund::Model>, CashierError> {
        match crowdfunding::refund_numbered(self.db.read(), channel_refund_id).await? {
            Some(row) => self.shown(row.id, by, roles).await.map(Some),
            None => Ok(None),
        }
    }

    /// What the gift of a refund is for.
    pub async fn purpose(&self, row: &refund::Model) -> Result<Purpose, CashierError> {
        Ok(crowdfunding::donation(self.db.read(), row.donation_id).await?.purpose())
    }

    /// How the charity of a refund separates duties.
    pub async fn profile(&self, row: &refund::Model) -> Result<Profile, CashierError> {
        Ok(crowdfunding::refund_profile(self.db.read(), row.donation_id).await?)
    }

    /// A refund by id.
    pub async fn get(&self, id: RefundId) -> Result<refund::Model, CashierError> {
        Ok(crowdfunding::refund(self.db.read(), id).await?)
    }

    /// A page of the refunds where somebody has one of these roles, newest first.
    pub async fn page(
        &self,
        whose: (&Member, &[Role]),
        wanted: &RefundSearch,
        after: Option<RefundId>,
        limit: u64,
    ) -> Result<Vec<refund::Model>, CashierError> {
        Ok(crowdfunding::refunds(self.db.read(), whose, wanted, after, limit).await?)
    }

    /// Sends refunds that are decided. Answers how many the channel took, and how many it did not.
    pub async fn send_due(&self) -> Result<(u64, u64), CashierError> {
        let due = crowdfunding::due_to_send(self.db.read(), self.business.now(), BATCH).await?;
        let mut done = (0, 0);
        for refund in due {
            let sent = self.send(&refund).await;
            tally(&mut done, refund.id, sent);
        }
        Ok(done)
    }

    async fn send(&self, listed: &refund::Model) -> Result<(), CashierError> {
        // The list may have grown old: whoever ended it meanwhile knows that the channel has not got it.
        let refund = &crowdfunding::refund(self.db.read(), listed.id).await?;
        if refund.state != RefundState::Approved || refund.attempt != listed.attempt {
            return Ok(());
        }
        let donation = crowdfunding::donation(self.db.read(), refund.donation_id).await?;
        let Some(transaction) = donation.transaction_id.clone() else {
            return self.give_to_a_person(refund, "该捐赠没有微信支付单号").await;
        };
        let request = RefundRequest {
            order: OrderReference::TransactionId(transaction),
            out_refund_no: number(refund.id, refund.attempt),
            reason: Some(words(refund.reason).to_owned()),
            refund: refund.amount_fen,
            total: donation.amount_fen,
        };
        match self.wechat.refund(&request).await {
            Ok(answer) => self.heard(refund.id, refund.attempt, &Told::from(&answer)).await,
            Err(WechatError::NotEnough(_)) => {
                self.wait(refund.id, "微信商户可用余额不足，请充值后自动重试", NOT_ENOUGH_AGAIN).await
            }
            Err(error) if error.refuses_us() => {
                self.wait(refund.id, &refused_us(&error), REFUSED_US_AGAIN).await?;
                Err(error.into())
            }
            Err(error @ (WechatError::Refused(_) | WechatError::NotFound(_) | WechatError::Invalid(_))) => {
                self.give_to_a_person(refund, &refused(&error)).await
            }
            Err(error) => {
                self.wait(refund.id, "微信未明确答复，将以同一单号重试", UNCLEAR_AGAIN).await?;
                Err(error.into())
            }
        }
    }

    /// Asks for refunds the channel is working on.
    pub async fn query_due(&self) -> Result<(u64, u64), CashierError> {
        let due = crowdfunding::due_to_query(self.db.read(), self.business.now(), BATCH).await?;
        let mut done = (0, 0);
        for refund in due {
            let asked = self.ask(&refund).await;
            tally(&mut done, refund.id, asked);
        }
        Ok(done)
    }

    async fn ask(&self, refund: &refund::Model) -> Result<(), CashierError> {
        match self.wechat.query_refund(&number(refund.id, refund.attempt)).await {
            Ok(answer) => self.heard(refund.id, refund.attempt, &Told::from(&answer)).await,
            Err(error) => {
                self.wait(refund.id, "微信退款查询失败，稍后再查", UNCLEAR_AGAIN).await?;
                Err(error.into())
            }
        }
    }

    /// What the channel's signed message says of a refund. A number that is not ours is answered as understood: there is
    /// nothing to repeat.
    pub async fn notified(&self, message: &RefundNotification) -> Result<(), CashierError> {
        let Some((id, attempt)) = RefundId::from_out_refund_no(&message.out_refund_no) else {
            tracing::warn!("a refund notification names a number that is not ours");
            return Ok(());
        };
        match self.heard(id, attempt.into(), &Told::from(message)).await {
            Err(CashierError::Gift(CrowdfundingError::NoSuchRefund)) => {
                tracing::warn!(refund = %id, "a refund notification names a refund we do not know");
                Ok(())
            }
            other => other,
        }
    }

    /// The one door for what the channel says: the answer to our request, to our question, and its own message. What does not speak of our
    /// refund of our payment (facts: wechat 3.6) changes nothing and is told where somebody looks.
    async fn heard(&self, id: RefundId, attempt: i64, told: &Told<'_>) -> Result<(), CashierError> {
        let now = self.business.now();
        let refund = crowdfunding::refund(self.db.read(), id).await?;
        let donation = crowdfunding::donation(self.db.read(), refund.donation_id).await?;
        if let Some(why) = told.contradicts_refund(&refund, &donation) {
            tracing::error!(refund = %id, why, "the channel speaks of another refund under this number");
            return self.wait(id, why, UNCLEAR_AGAIN).await;
        }
        let tx = self.db.begin().await?;
        let heard = match told.status {
            RefundStatus::Success => {
                let at = told.success.unwrap_or(now);
                let arrived = crowdfunding::succeeded(&tx, now, id, attempt, at).await;
                if let Ok(true) = arrived {
                    self.tell(&tx, now, &refund, &donation, at).await?;
                }
                arrived.map(|_| ())
            }
            RefundStatus::Closed | RefundStatus::Abnormal => {
                crowdfunding::failed(&tx, now, id, attempt, told.status.as_str()).await.map(|_| ())
            }
            _ => crowdfunding::accepted(&tx, now, id, attempt, told.number, now.after(ASK_AGAIN)).await,
        };
        match heard {
            Ok(()) => {
                tx.commit().await?;
                Ok(())
            }
            // It speaks of an attempt that is over: what came after stands.
            Err(CrowdfundingError::Conflict) => Ok(()),
            // Two persons have ended it since the channel said that it cannot. The bill lists what left twice, and reconciliation makes
            // a break of it; told again, it would be no other.
            Err(CrowdfundingError::Refund(Refused {
                state: RefundState::PaidByBank | RefundState::GivenUp,
                event: RefundEvent::Success,
            })) => {
                tracing::error!(refund = %id, "the channel made a refund that was ended without it");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The message that money is on its way back, if there is a template for it.
    async fn tell(
        &self,
        tx: &Tx,
        now: Timestamp,
        refund: &refund::Model,
        donation: &donation::Model,
        at: Timestamp,
    ) -> Result<(), CashierError> {
        let (Some(template), Some(donor)) = (&self.templates.refund_sent, donation.donor_id) else { return Ok(()) };
        let purpose = crowdfunding::purpose_name(tx, donation.purpose()).await?;
        let message = NewMessage {
            topic: format!("refund:{}", refund.id),
            donor,
            template: template.clone(),
            content: json!({
                "thing1": purpose.chars().take(20).collect::<String>(),
                "amount2": format!("{}元", refund.amount_fen),
                "time3": at.wall(),
            }),
        };
        Ok(outbox::enqueue(tx, now, &[message]).await?)
    }

    async fn wait(&self, id: RefundId, why: &str, again: Duration) -> Result<(), CashierError> {
        let tx = self.db.begin().await?;
        crowdfunding::not_accepted(&tx, id, why, self.business.now().after(again)).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn give_to_a_person(&self, refund: &refund::Model, why: &str) -> Result<(), CashierError> {
        let tx = self.db.begin().await?;
        crowdfunding::failed(&tx, self.business.now(), refund.id, refund.attempt, why).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn trail(
        &self,
        tx: &Tx,
        now: Timestamp,
        row: &refund::Model,
        action: &'static str,
        by: &Member,
    ) -> Result<(), DbErr> {
        trail::money(tx, now, action, format!("refund:{}", row.id), (row.amount_fen, row.state), by).await
    }
}

fn tally(done: &mut (u64, u64), refund: RefundId, outcome: Result<(), CashierError>) {
    match outcome {
        Ok(()) => done.0 += 1,
        Err(error) => {
            done.1 += 1;
            tracing::warn!(%refund, error = &error as &dyn std::error::Error, "a refund did not go on");
        }
    }
}

fn number(id: RefundId, attempt: i64) -> String {
    id.out_refund_no(i32::try_from(attempt).unwrap_or(i32::MAX))
}

/// Why the channel refused a refund, for whoever decides what comes next.
pub(crate) fn refused(error: &WechatError) -> String {
    match error.refusal() {
        Some(answer) => format!("微信拒绝退款：{} {}", answer.code, answer.message).trim_end().to_owned(),
        None => format!("退款申请无法发出：{error}"),
    }
}

/// The same where it is we who are refused.
pub(crate) fn refused_us(error: &WechatError) -> String {
    let (status, code) = error.refusal().map_or((0, ""), |answer| (answer.status, answer.code.as_str()));
    let answered = format!("{status} {code}");
    format!("微信不接受本商户的请求（{}），请检查商户配置；改正后以同一单号自动重试", answered.trim_end())
}

/// What the donor reads at the channel.
fn words(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::Error => "误操作退款",
        RefundReason::Duplicate => "重复捐赠退款",
        RefundReason::Minor => "未成年人捐赠退款",
        RefundReason::Incapacity => "捐赠人无民事行为能力退款",
        RefundReason::UnlawfulRaising => "募捐终止退款",
        RefundReason::ConditionFailed => "捐赠条件未成就退款",
        RefundReason::CampaignCancelled => "项目取消退款",
    }
}
