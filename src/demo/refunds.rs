//! What is asked back in the invented year: asked for, decided by another person, sent.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::drive::{Driver, Patience, text};
use super::world::{Refund, RefundWay};

impl Driver {
    /// Refunds of a day's gifts: asked for, decided by another person, sent.
    pub(super) async fn refunds_of(self: &Arc<Self>, day: usize) -> anyhow::Result<()> {
        let gifts = &self.world().days[day].gifts;
        let refunds: Vec<&Refund> = self.world().refunds.iter().filter(|refund| gifts.contains(&refund.gift)).collect();
        for refund in &refunds {
            self.ask_back(refund).await.context("a refund is asked for")?;
        }
        let patience = Patience::new(self.real());
        let mut open: Vec<Uuid> = refunds.iter().map(|refund| refund.id).collect();
        let mut rounds = 0;
        while !open.is_empty() {
            self.run_job("send_refunds").await?;
            // What the channel works on comes to its end by a callback; if that is lost, by asking.
            if rounds % 50 == 49 {
                self.run_job("query_refunds").await?;
            }
            rounds += 1;
            let mut left = Vec::new();
            for id in open {
                if !self.refund_is_over(id).await? {
                    left.push(id);
                }
            }
            open = left;
            if !open.is_empty() {
                patience.pause(Duration::from_millis(100), || "a refund does not end".to_owned()).await?;
            }
        }
        Ok(())
    }

    async fn ask_back(&self, refund: &Refund) -> anyhow::Result<()> {
        let gift = self.world().gift(refund.gift);
        let donation = match self.known_id(refund.gift) {
            Some(id) => id,
            None => self.paid_id(&gift).await?.context("what is given back was given")?,
        };
        let mut body = json!({
            "id": refund.id, "amount": refund.amount, "reason": refund.reason, "note": refund.note,
        });
        match refund.way {
            RefundWay::Donor | RefundWay::Declined => {
                let token = self.donor(gift.donor).await?;
                self.api().post(&format!("/donations/{donation}/refund-requests"), Some(&token), &body).await?;
            }
            RefundWay::Staff | RefundWay::ClosedOnce => {
                let manager = self.officer(Role::ProjectManager).await?;
                body["donation"] = json!(donation);
                self.api().post("/staff/refunds", Some(&manager), &body).await?;
            }
        }
        if self.refund(refund.id).await?["state"] != "requested" {
            return Ok(());
        }
        let head = self.officer(Role::FinanceHead).await?;
        if refund.way == RefundWay::ClosedOnce {
            let closed = json!({ "refund": { "outcome": "CLOSED", "times": 1 } });
            self.sandbox().post("/faults", None, &closed).await?;
        }
        let (step, body) = match refund.way {
            RefundWay::Declined => ("decline", json!({ "reason": "捐赠已用于本项目，不符合退款条件" })),
            RefundWay::Donor | RefundWay::Staff | RefundWay::ClosedOnce => ("approval", json!({})),
        };
        self.api().post(&format!("/staff/refunds/{}/{step}", refund.id), Some(&head), &body).await?;
        Ok(())
    }

    async fn refund(&self, id: Uuid) -> anyhow::Result<Value> {
        let token = self.officer(Role::FinanceHead).await?;
        Ok(self.api().get(&format!("/staff/refunds/{id}"), Some(&token)).await?)
    }

    async fn refund_is_over(&self, id: Uuid) -> anyhow::Result<bool> {
        let refund = self.refund(id).await?;
        match text(&refund["state"]) {
            "succeeded" | "declined" | "paid_by_bank" | "given_up" => Ok(true),
            "failed" => {
                let cashier = self.officer(Role::Cashier).await?;
                self.api().post(&format!("/staff/refunds/{id}/retry"), Some(&cashier), &json!({})).await?;
                Ok(false)
            }
            _ => Ok(false),
        }
    }
}
