//! Gifts: ordered, paid, waited for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::bail;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{Driver, Patience, text};
use crate::demo::world::Gift;

/// How many donors are at it at once.
const AT_ONCE: usize = 64;

impl Driver {
    /// Gives many, several at once. Answers those whose confirmation is awaited.
    pub(super) async fn give_all(self: &Arc<Self>, gifts: Vec<Gift>) -> anyhow::Result<Vec<Awaited>> {
        let (gifts, next) = (Arc::new(gifts), Arc::new(AtomicUsize::new(0)));
        let mut donors = JoinSet::new();
        for _ in 0..AT_ONCE.min(gifts.len()) {
            let (driver, gifts, next) = (self.clone(), gifts.clone(), next.clone());
            donors.spawn(async move {
                let mut awaited = Vec::new();
                while let Some(gift) = gifts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    awaited.push(driver.pay(gift).await?);
                }
                anyhow::Ok(awaited)
            });
        }
        let mut all = Vec::with_capacity(gifts.len());
        while let Some(awaited) = donors.join_next().await {
            all.extend(awaited??);
        }
        Ok(all)
    }

    /// The donor gives and pays; an attempt that came to nothing is followed by another.
    pub(super) async fn pay(&self, gift: &Gift) -> anyhow::Result<Awaited> {
        for attempt in 0..10 {
            let awaited = Awaited { donor: gift.donor, id: gift.id(attempt) };
            let paid = match self.order(gift, awaited.id).await? {
                Order::Paid => true,
                Order::Open => self.pay_order(awaited.id, json!({})).await?,
                Order::Over => false,
            };
            if paid {
                self.bar.inc(1);
                if let Some(number) = gift.main_number() {
                    self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(number, awaited.id);
                }
                return Ok(awaited);
            }
        }
        bail!("a gift expired ten times")
    }

    /// Sees to it that an order stands.
    pub(super) async fn order(&self, gift: &Gift, id: Uuid) -> anyhow::Result<Order> {
        let token = self.donor(gift.donor).await?;
        let path = format!("/campaigns/{}/donations", gift.campaign);
        match self.api.post(&path, Some(&token), &gift.body(id)).await {
            Ok(given) if is_open(&given["donation"]["state"]) => Ok(Order::Open),
            Ok(_) => Ok(Order::Paid),
            // Expired, or begun by a program at another address, which the channel takes for another order. It may have been
            // paid all the same.
            Err(error) if matches!(error.code(), "order_expired" | "channel_failed") => {
                let gift = self.api.post(&format!("/donations/{id}/query"), Some(&token), &json!({})).await?;
                Ok(if was_paid(&gift["state"]) { Order::Paid } else { Order::Over })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The payer pays. False if the order is over.
    pub(super) async fn pay_order(&self, id: Uuid, how: Value) -> anyhow::Result<bool> {
        let mut body = how;
        body["out_trade_no"] = json!(id.simple());
        match self.sandbox.post("/pay", None, &body).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == "ORDER_PAID" => Ok(true),
            Err(error) if error.code() == "ORDER_CLOSED" => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until payments are confirmed: as a rule the sandbox says that it has told of all of them. While it still has old
    /// ones to tell, it cannot be known whether ours are among them, and each gift is looked at.
    pub(super) async fn settle(self: &Arc<Self>, awaited: Vec<Awaited>) -> anyhow::Result<()> {
        if self.callbacks_told(Duration::from_millis(1500)).await? == 0 {
            return Ok(());
        }
        self.settle_each(awaited).await
    }

    /// Waits until no more notifications wait than did before. Answers how many still do.
    pub(super) async fn callbacks_told(&self, within: Duration) -> anyhow::Result<u64> {
        let began = self.real.now();
        loop {
            let state = self.sandbox.get("/state?orders=0", None).await?;
            let waiting = state["callbacks_waiting"].as_u64().unwrap_or_default();
            if waiting <= self.late_callbacks.load(Ordering::Relaxed) || self.real.now().apart(began) > within {
                self.late_callbacks.store(waiting, Ordering::Relaxed);
                return Ok(waiting);
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// Looks at each gift and asks the channel for those of which nothing was heard, as the mini-program does.
    pub(super) async fn settle_each(self: &Arc<Self>, awaited: Vec<Awaited>) -> anyhow::Result<()> {
        let mut looking = JoinSet::new();
        for one in awaited {
            while looking.len() >= AT_ONCE {
                looking.join_next().await.transpose()?.transpose()?;
            }
            let driver = self.clone();
            looking.spawn(async move { driver.settle_one(one).await });
        }
        while let Some(settled) = looking.join_next().await {
            settled??;
        }
        Ok(())
    }

    async fn settle_one(&self, awaited: Awaited) -> anyhow::Result<()> {
        let token = self.donor(awaited.donor).await?;
        let patience = Patience::new(&self.real);
        loop {
            let gift = self.api.get(&format!("/donations/{}", awaited.id), Some(&token)).await?;
            if was_paid(&gift["state"]) {
                return Ok(());
            }
            self.api.post(&format!("/donations/{}/query", awaited.id), Some(&token), &json!({})).await?;
            let what = || format!("the payment of {} is not confirmed", awaited.id);
            patience.pause(Duration::from_millis(50), what).await?;
        }
    }

    pub(super) async fn pay_and_settle(self: &Arc<Self>, gift: &Gift) -> anyhow::Result<Uuid> {
        let awaited = self.pay(gift).await?;
        self.settle_each(vec![awaited]).await?;
        Ok(awaited.id)
    }

    /// A donor's own gift, if it is there.
    pub(super) async fn look(&self, donor: usize, id: Uuid) -> anyhow::Result<Option<Value>> {
        let token = self.donor(donor).await?;
        match self.api.get(&format!("/donations/{id}"), Some(&token)).await {
            Ok(gift) => Ok(Some(gift)),
            Err(error) if error.code() == "no_such_donation" => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Under which id a gift was paid.
    pub(crate) async fn paid_id(&self, gift: &Gift) -> anyhow::Result<Option<Uuid>> {
        for attempt in 0.. {
            match self.look(gift.donor, gift.id(attempt)).await? {
                Some(found) if was_paid(&found["state"]) => return Ok(Some(gift.id(attempt))),
                Some(_) => {}
                None => break,
            }
        }
        Ok(None)
    }

    pub(super) async fn is_paid(&self, gift: &Gift) -> anyhow::Result<bool> {
        Ok(self.paid_id(gift).await?.is_some())
    }

    /// The last gift of the world: it is there when everything else is.
    pub(super) fn closing_gift(&self) -> Gift {
        self.world.odd_gift("closing gift", 0, self.world.days.len() - 1, self.world.heart())
    }
}

/// A gift whose confirmation is awaited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Awaited {
    pub(super) donor: usize,
    pub(super) id: Uuid,
}

/// What became of the wish to order.
pub(super) enum Order {
    /// It can be paid.
    Open,
    /// It is paid.
    Paid,
    /// It expired unpaid.
    Over,
}

fn is_open(state: &Value) -> bool {
    matches!(text(state), "created" | "paying")
}

fn was_paid(state: &Value) -> bool {
    !is_open(state) && text(state) != "closed"
}
