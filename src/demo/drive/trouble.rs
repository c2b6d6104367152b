//! What goes wrong: orders that nobody pays, and payments that stand in suspense.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use super::gifts::{Awaited, Order};
use super::{Driver, Patience, text};
use crate::demo::client::CallError;
use crate::demo::world::Gift;

impl Driver {
    /// Orders that are never paid and expire.
    pub(super) async fn nobody_pays(&self, day: usize) -> anyhow::Result<()> {
        for number in 0..5 {
            let gift = self.world.odd_gift("unpaid", number, day, self.world.main());
            self.order(&gift, gift.id(0)).await?;
        }
        Ok(())
    }

    /// The second payment of an order stands in suspense.
    pub(super) async fn somebody_pays_twice(self: &Arc<Self>, day: usize) -> anyhow::Result<()> {
        let gift = self.world.odd_gift("paid twice", 0, day, self.world.heart());
        let id = self.pay_and_settle(&gift).await?;
        if !self.has_break("paid_twice", id).await? {
            self.pay_order(id, json!({ "again": true })).await?;
        }
        self.await_break("paid_twice", id).await
    }

    /// A payment that comes when its order is long closed stands in suspense.
    pub(super) async fn somebody_is_slow(&self, day: usize, now_pays: bool) -> anyhow::Result<()> {
        let gift = self.world.odd_gift("paid after close", 0, day, self.world.heart());
        let id = gift.id(0);
        self.order(&gift, id).await?;
        if !now_pays {
            return Ok(());
        }
        let patience = Patience::new(&self.real);
        loop {
            self.run_job("expire_orders").await?;
            let found = self.look(gift.donor, id).await?.context("the order was made")?;
            if found["state"] == "closed" {
                break;
            }
            patience.pause(Duration::from_millis(200), || "an order does not expire".to_owned()).await?;
        }
        self.pay_order(id, json!({ "force": true })).await?;
        self.await_break("paid_after_close", id).await
    }

    /// A payment of another amount than the order's stands in suspense.
    pub(super) async fn somebody_pays_something_else(&self, day: usize) -> anyhow::Result<()> {
        let gift = self.world.odd_gift("another amount", 0, day, self.world.heart());
        let id = gift.id(0);
        // If it is over, the break was made before, or nobody paid in time.
        let open = matches!(self.order(&gift, id).await?, Order::Open);
        if open && self.pay_order(id, json!({ "amount": gift.amount.fen() + 100 })).await? {
            self.await_break("amount", id).await?;
        }
        Ok(())
    }

    /// 小橘灯 ends in the evening; two gifts that were begun in time arrive after its end and are accepted as late.
    pub(super) async fn the_lamp_goes_out(self: &Arc<Self>, day: usize) -> anyhow::Result<()> {
        let lamp = self.world.lamp();
        let gifts: Vec<Gift> = (0..2).map(|number| self.world.odd_gift("late", number, day, lamp)).collect();
        self.clock_to(lamp.ends.before(Duration::from_secs(600)), false).await?;
        let mut begun = Vec::new();
        for gift in &gifts {
            match self.order(gift, gift.id(0)).await {
                Ok(Order::Open) => begun.push(gift),
                Ok(Order::Paid | Order::Over) => {}
                Err(error) if refused_with(&error, "campaign_ended") => {
                    tracing::warn!("the world was stopped while a campaign ended; its late gifts are left out");
                }
                Err(error) => return Err(error),
            }
        }
        self.clock_to(lamp.ends.after(Duration::from_secs(60)), false).await?;
        self.run_job("campaign_clock").await?;
        let mut awaited = Vec::new();
        for gift in begun {
            if self.pay_order(gift.id(0), json!({})).await? {
                self.bar.inc(1);
                awaited.push(Awaited { donor: gift.donor, id: gift.id(0) });
            }
        }
        self.settle_each(awaited).await
    }

    async fn has_break(&self, class: &str, donation: Uuid) -> anyhow::Result<bool> {
        let bookkeeper = self.officer(Role::Bookkeeper).await?;
        let page = self.api.get("/staff/breaks?limit=100", Some(&bookkeeper)).await?;
        let breaks = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let id = donation.to_string();
        Ok(breaks.iter().any(|found| text(&found["class"]) == class && text(&found["donation"]) == id))
    }

    async fn await_break(&self, class: &str, donation: Uuid) -> anyhow::Result<()> {
        let patience = Patience::new(&self.real);
        while !self.has_break(class, donation).await? {
            patience.pause(Duration::from_millis(100), || format!("a payment does not become a break {class}")).await?;
        }
        Ok(())
    }
}

fn refused_with(error: &anyhow::Error, code: &str) -> bool {
    error.downcast_ref::<CallError>().is_some_and(|error| error.code() == code)
}
