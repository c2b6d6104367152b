//! The partner of 春芽 in the invented year (慈善法 26): registered, bound by an agreement, evaluated by another person than who signed, paid
//! ahead (entry 13). It accounts for most of the advance with its papers and gives the rest back.

use domain::BusinessDate;
use domain::role::Role;
use serde_json::{Value, json};

use super::campaigns::Campaign;
use super::chance::Seed;
use super::drive::{Driver, text};
use super::world::House;

/// On which day the partner accounts for its advance and gives the rest back.
const ACCOUNT_DAY: usize = 16;

impl Driver {
    /// Before the plan of a campaign with a partner is handed in: the agreement is signed and the partner evaluated.
    pub(super) async fn agree_with_partner(&self, campaign: &Campaign) -> anyhow::Result<()> {
        let Some(name) = campaign.partner else { return Ok(()) };
        let today = BusinessDate::of(self.world().days[campaign.day].opens);
        let organiser = self.officer_named(campaign.house.member(Role::Organiser)).await?;
        // The register of the charity has a partner once, whichever world is played.
        let partner = Seed::named("hebei").id("partner", 0, self.world().days[0].date().start());
        let entry = json!({
            "id": partner, "book": self.book(campaign.house)?, "kind": "organisation", "name": name,
            "credit_code": "51130800MJ0000000X",
        });
        self.api().post("/staff/partners", Some(&organiser), &entry).await?;
        let path = format!("/staff/campaigns/{}", campaign.id);
        let words = format!("合作协议（示例）\n甲方：{}\n乙方：{name}\n{today}\n", campaign.house.name());
        self.attach_as(&organiser, &path, ("contract", "agreement.txt"), words).await?;
        let agreement = json!({ "partner": partner, "signed_on": today, "agreement": "合作协议 示例2026-01号" });
        let signed = self.api().post(&format!("{path}/cooperation"), Some(&organiser), &agreement).await?;
        if signed["score"].is_null() {
            let officer = self.officer_named(campaign.house.member(Role::Disclosure)).await?;
            let found = json!({ "score": 86, "findings": "登记合法，账目清楚，两年内承办过三个同类项目。" });
            self.api().post(&format!("{path}/partner-evaluation"), Some(&officer), &found).await?;
        }
        Ok(())
    }

    /// What comes of the advance. What is written down is confirmed by the bookkeeper, who had no part in the paper.
    pub(super) async fn partner_accounts(&self, day: usize) -> anyhow::Result<()> {
        if day != ACCOUNT_DAY {
            return Ok(());
        }
        let at = self.world().days[day].opens;
        let (today, id) = (BusinessDate::of(at), |number| self.world().seed.id("settlement", number, at));
        let used = json!({
            "id": id(0), "kind": "accounted", "amount": "55000.00", "reason": "培训课时费、场地费发票与签到表", "on": today,
        });
        self.settle_advance(Role::ProjectManager, &used).await?;
        let reference = format!("DEMO{}8001-{}", today.to_string().replace('-', ""), self.world().tag());
        let rest = json!({
            "id": id(1), "kind": "recovered", "amount": "5000.00", "reason": "预付款结余退回", "on": today,
            "bank": { "bank_account": House::Foundation.bank_account(), "reference": reference },
        });
        self.settle_advance(Role::Cashier, &rest).await
    }

    async fn settle_advance(&self, author: Role, settlement: &Value) -> anyhow::Result<()> {
        let author = self.officer_named(House::Foundation.member(author)).await?;
        let path = format!("/staff/payouts/{}/settlements", self.advance_payout());
        let written = self.api().post(&path, Some(&author), settlement).await?;
        if written["state"] != "proposed" {
            return Ok(());
        }
        let path = format!("/staff/settlements/{}", text(&written["id"]));
        let kind = if settlement["kind"] == "accounted" { "invoice" } else { "statement" };
        let words = format!("{}\n{}元\n", text(&settlement["reason"]), text(&settlement["amount"]));
        self.attach_as(&author, &path, (kind, "paper.txt"), words).await?;
        let keeper = self.officer_named(House::Foundation.member(Role::Bookkeeper)).await?;
        self.api().post(&format!("{path}/confirmation"), Some(&keeper), &json!({})).await?;
        Ok(())
    }
}
