//! Money on its way to the bank.

use anyhow::Context;
use domain::BusinessDate;
use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Driver, text};
use crate::demo::client::CallError;
use crate::demo::world::{BANK_ACCOUNT, House, Withdrawal};

impl Driver {
    /// The cashier withdraws at the channel and records it, the bookkeeper confirms.
    pub(super) async fn depart(&self, planned: &Withdrawal) -> anyhow::Result<()> {
        if self.transfer(planned.id).await?.is_none() {
            if !self.is_withdrawn(planned).await? {
                let body = json!({ "amount": planned.amount, "fail": planned.fails });
                self.sandbox.post("/withdraw", None, &body).await?;
            }
            let cashier = self.officer(Role::Cashier).await?;
            let body = json!({
                "id": planned.id, "book": self.book(House::Foundation)?, "kind": "withdrawal", "amount": planned.amount,
                "bank_account": BANK_ACCOUNT, "note": "微信支付商户平台提现",
            });
            self.api.post("/staff/transfers", Some(&cashier), &body).await?;
        }
        if self.transfer_state(planned.id).await? == "proposed" {
            self.confirm("transfers", planned.id, Role::Bookkeeper).await?;
        }
        Ok(())
    }

    /// The cashier says how it ended, the head of finance confirms.
    pub(super) async fn finish(&self, planned: &Withdrawal) -> anyhow::Result<()> {
        if self.transfer_state(planned.id).await? == "departed" {
            let cashier = self.officer(Role::Cashier).await?;
            let step = if planned.fails { "return" } else { "arrival" };
            self.api.post(&format!("/staff/transfers/{}/{step}", planned.id), Some(&cashier), &json!({})).await?;
        }
        if self.transfer_state(planned.id).await?.ends_with("_proposed") {
            self.confirm("transfers", planned.id, Role::FinanceHead).await?;
        }
        Ok(())
    }

    async fn transfer(&self, id: Uuid) -> anyhow::Result<Option<Value>> {
        let cashier = self.officer(Role::Cashier).await?;
        match self.api.get(&format!("/staff/transfers/{id}"), Some(&cashier)).await {
            Ok(transfer) => Ok(Some(transfer)),
            Err(error) if matches!(&error, CallError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn transfer_state(&self, id: Uuid) -> anyhow::Result<String> {
        let transfer = self.transfer(id).await?.context("the transfer was recorded")?;
        Ok(text(&transfer["state"]).to_owned())
    }

    /// Whether the bank's statements show it: a withdrawal has no number of ours, and must not be made twice.
    async fn is_withdrawn(&self, planned: &Withdrawal) -> anyhow::Result<bool> {
        if planned.fails {
            return Ok(false);
        }
        let mut date = self.world.days[planned.day].date();
        let mut ahead = 0;
        let today = BusinessDate::of(self.now().await?);
        while ahead < 6 {
            let statement = self.sandbox.get(&format!("/bank?date={date}"), None).await?;
            if text(&statement).contains(&format!(",{},", planned.amount)) {
                return Ok(true);
            }
            ahead += usize::from(date >= today);
            date = date.next();
        }
        Ok(false)
    }
}
