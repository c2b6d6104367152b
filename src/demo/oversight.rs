//! What happens to campaigns of the invented year besides their straight way: a filed plan changes and another change is asked for, a
//! complaint stops a campaign and freezes its money, and what the long ones raised is published in time.

use domain::role::Role;
use domain::{BusinessDate, Money, Timestamp};
use serde_json::{Value, json};

use super::campaigns::Campaign;
use super::client::CallError;
use super::drive::{Driver, text};
use super::world::House;

/// On which day 寸草心 asks for more, and on which the authority has filed it.
const CHANGE_DAY: usize = 26;
/// On which day it asks for more once again; nobody has looked at that yet.
const SECOND_CHANGE_DAY: usize = 38;
/// On which day somebody complains.
const COMPLAINT_DAY: usize = 33;
/// On which days the disclosure officer tells how the long campaigns stand: never more than three months apart.
const STATUS_DAYS: [usize; 4] = [9, 18, 27, 36];
/// On which day everybody is told what is late.
const REMINDER_DAY: usize = 39;

impl Driver {
    /// What is due on a day.
    pub(super) async fn oversee(&self, day: usize) -> anyhow::Result<()> {
        match day {
            CHANGE_DAY => self.heart_asks_for_more(day).await,
            SECOND_CHANGE_DAY => self.heart_asks_once_more(day).await,
            COMPLAINT_DAY => self.somebody_complains(day).await,
            REMINDER_DAY => self.run_job("duties").await,
            _ if STATUS_DAYS.contains(&day) => self.the_officer_tells(day).await,
            _ => Ok(()),
        }
    }

    /// 寸草心 raises its target: two approvals, a new filing, and the old version stays readable.
    async fn heart_asks_for_more(&self, day: usize) -> anyhow::Result<()> {
        let at = self.world().days[day].opens;
        let mut change = self.ask_for_more(at, 18_000_000, "报名老人超出预期，增加助浴车辆和护理人员").await?;
        let path = format!("/staff/campaign-changes/{}", text(&change["id"]));
        loop {
            let (role, step, body) = match text(&change["state"]) {
                "submitted" => (Role::ProjectManager, "approval", json!({})),
                "manager_approved" => (Role::FinanceHead, "approval", json!({})),
                "approved" => {
                    let today = BusinessDate::of(at);
                    let officer = self.officer(Role::Disclosure).await?;
                    self.attach_filing_receipt(&officer, &path, self.world().heart().name, today).await?;
                    let filing = json!({ "evidence": "变更备案回执（示例）", "filed_on": today });
                    (Role::Disclosure, "filing", filing)
                }
                _ => return Ok(()),
            };
            let officer = self.officer(role).await?;
            change = self.api().post(&format!("{path}/{step}"), Some(&officer), &body).await?;
        }
    }

    /// The organiser has asked; the project manager has not looked at it.
    async fn heart_asks_once_more(&self, day: usize) -> anyhow::Result<()> {
        self.ask_for_more(self.world().days[day].opens, 22_000_000, "新增两个县的社区报名，拟增加一个助浴点").await?;
        Ok(())
    }

    async fn ask_for_more(&self, at: Timestamp, fen: i64, reason: &str) -> anyhow::Result<Value> {
        let campaign = self.world().heart();
        let mut draft = campaign.draft_for(self.book(House::Foundation)?, None, Money::from_fen(fen));
        if let Some(members) = draft.as_object_mut() {
            members.remove("id");
        }
        let organiser = self.officer(Role::Organiser).await?;
        let body = json!({ "id": self.world().seed.id("change", 0, at), "reason": reason, "draft": draft });
        let path = format!("/staff/campaigns/{}/changes", campaign.id);
        Ok(self.api().post(&path, Some(&organiser), &body).await?)
    }

    /// The regular reports of those that are open.
    async fn the_officer_tells(&self, day: usize) -> anyhow::Result<()> {
        let (world, at) = (self.world(), self.world().days[day].opens);
        for (number, campaign) in [world.main(), world.heart(), world.island()].into_iter().enumerate() {
            if !self.state_of(campaign).await?.accepts_gifts() {
                continue;
            }
            let words = json!({ "summary": "募捐按方案进行，募得款项全部进入公募机构账户。" });
            self.publish_at(at, day * 10 + number, "raising_status", campaign, &words).await?;
        }
        Ok(())
    }

    /// Draws a report up as of a moment, and records where it was published.
    pub(super) async fn publish_at(
        &self,
        at: Timestamp,
        number: usize,
        kind: &str,
        campaign: &Campaign,
        words: &Value,
    ) -> anyhow::Result<()> {
        let officer = self.officer(Role::Disclosure).await?;
        let (today, id) = (BusinessDate::of(at), self.world().seed.id("disclosure", number, at));
        let wish = json!({ "kind": kind, "campaign": campaign.id, "through": today, "words": words });
        let body = json!({ "id": id, "wish": wish });
        self.api().post("/staff/disclosures", Some(&officer), &body).await?;
        let proof = json!({
            "id": self.world().seed.id("publication", number, at), "place": "charity_china",
            "reference": format!("慈善中国 示例{number}"), "published_on": today,
        });
        self.api().post(&format!("/staff/disclosures/{id}/publications"), Some(&officer), &proof).await?;
        Ok(())
    }

    /// A complaint is taken up and the campaign suspended; nobody has lifted that yet.
    async fn somebody_complains(&self, day: usize) -> anyhow::Result<()> {
        let (campaign, at) = (self.world().lunch().id, self.world().days[day].opens);
        let (complaint, order) = (self.world().seed.id("complaint", 0, at), self.world().seed.id("suspension", 0, at));
        let words = "公示的供餐学校与实际不符，请核查采购合同。";
        let body = json!({ "id": complaint, "campaign": campaign, "words": words });
        self.api().post("/complaints", None, &body).await?;
        let disclosure = self.officer(Role::Disclosure).await?;
        let taken =
            self.api().post(&format!("/staff/complaints/{complaint}/taking"), Some(&disclosure), &json!({})).await;
        match taken {
            // Taken up before the world was stopped.
            Err(CallError::Refused { status: 409, .. }) | Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let head = self.officer(Role::FinanceHead).await?;
        let body = json!({ "id": order, "complaint": complaint, "reason": "收到投诉，核查期间暂停募捐并冻结资金" });
        self.api().post(&format!("/staff/campaigns/{campaign}/suspensions"), Some(&head), &body).await?;
        Ok(())
    }
}
