//! Personal data in the invented year: a donor's name is read for a reason that is kept, and a child's by whoever asked those responsible for it
//! and was allowed, for a week; a guardian who was paid asks to be forgotten, and the vouchers keep what they need (facts: charity 2.11, 2.13, 5).

use anyhow::Context;
use domain::role::Role;
use serde_json::{Value, json};

use super::drive::{Driver, text};
use super::world::House;

/// On which day the cashier reads a donor's name.
const NAME_DAY: usize = 13;
/// On which day a child's data is asked for, after the list of 邢台 was paid.
const CHILD_DAY: usize = 38;

/// On which day a guardian of that list asks to be forgotten.
const ERASURE_DAY: usize = 39;

impl Driver {
    /// What is due on a day.
    pub(super) async fn privacy(&self, day: usize) -> anyhow::Result<()> {
        match day {
            NAME_DAY => self.a_name_is_read(day).await,
            CHILD_DAY => self.a_childs_data_is_asked_for(day).await,
            ERASURE_DAY => self.a_guardian_asks_to_be_forgotten(day).await,
            _ => Ok(()),
        }
    }

    async fn a_name_is_read(&self, day: usize) -> anyhow::Result<()> {
        let until = self.world().days[day].gifts.end;
        let named = (0..until).rev().map(|number| self.world().gift(number)).find(|gift| gift.has("name"));
        let Some(gift) = named else { return Ok(()) };
        let donation = self.paid_id(&gift).await?.context("what was given was paid")?;
        let request = json!({ "fields": ["name"], "reason": "核对票据抬头与付款人是否一致" });
        self.read_once(
            &format!("donation:{donation}"),
            Role::Cashier,
            &format!("/staff/donations/{donation}"),
            &request,
        )
        .await
    }

    async fn a_childs_data_is_asked_for(&self, day: usize) -> anyhow::Result<()> {
        let manager = self.officer_named(House::Foundation.member(Role::ProjectManager)).await?;
        let path = format!("/staff/disbursements/{}/payouts?limit=1", self.aid_paper());
        let first = self.api().get(&path, Some(&manager)).await?;
        let child = text(&first["items"][0]["beneficiary"]).to_owned();
        let at = self.world().days[day].opens;
        let reason = "监护人来电称收款人变更，需核实受助学生身份";
        let request = json!({ "id": self.world().seed.id("child access", 0, at), "reason": reason, "days": 7 });
        let path = format!("/staff/payees/{child}/child-access");
        let asked = self.api().post(&path, Some(&manager), &request).await?;
        if asked["state"] == "asked" {
            let chair = self.officer_named(House::Foundation.member(Role::Chair)).await?;
            let path = format!("/staff/child-access/{}/approval", text(&asked["id"]));
            let word = json!({ "reason": "同意，仅限核实本次变更" });
            self.api().post(&path, Some(&chair), &word).await?;
        }
        let request = json!({ "reason": reason });
        self.read_once(&format!("payee:{child}"), Role::ProjectManager, &format!("/staff/payees/{child}"), &request)
            .await
    }

    async fn a_guardian_asks_to_be_forgotten(&self, day: usize) -> anyhow::Result<()> {
        let manager = self.officer_named(House::Foundation.member(Role::ProjectManager)).await?;
        let path = format!("/staff/disbursements/{}/payouts?limit=2", self.aid_paper());
        let paid = self.api().get(&path, Some(&manager)).await?;
        let guardian = text(&paid["items"][1]["payee"]).to_owned();
        let id = self.world().seed.id("payee erasure", 0, self.world().days[day].opens);
        let wish = json!({ "id": id, "reason": "监护人来电提出，已回拨核实身份" });
        let asked = self.api().post(&format!("/staff/payees/{guardian}/erasures"), Some(&manager), &wish).await?;
        if asked["state"] == "asked" {
            let chair = self.officer_named(House::Foundation.member(Role::Chair)).await?;
            let word = json!({ "reason": "款项已付清，凭证保管期内仅保存" });
            let path = format!("/staff/payee-erasures/{}/approval", text(&asked["id"]));
            self.api().post(&path, Some(&chair), &word).await?;
        }
        Ok(())
    }

    /// Reads plain data, unless somebody has: each reading leaves a line.
    async fn read_once(&self, object: &str, by: Role, path: &str, request: &Value) -> anyhow::Result<()> {
        let auditor = self.officer(Role::Auditor).await?;
        let read = self.api().get("/staff/unmaskings?limit=100", Some(&auditor)).await?;
        if read["items"].as_array().is_some_and(|items| items.iter().any(|line| line["object"] == object)) {
            return Ok(());
        }
        let reader = self.officer_named(House::Foundation.member(by)).await?;
        self.api().post(&format!("{path}/unmasking"), Some(&reader), request).await?;
        Ok(())
    }
}
