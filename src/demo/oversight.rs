//! What happens to campaigns of the invented year besides their straight way: a filed plan changes, a complaint stops a campaign and
//! freezes its money, and what the long ones raised is published in time. Of 小橘灯, which ended in June, nobody has told yet.

use domain::role::Role;
use domain::{BusinessDate, Money};
use serde_json::json;

use super::client::CallError;
use super::drive::{Driver, text};
use super::world::House;

/// On which day 寸草心 asks for more, and on which the authority has filed it.
const CHANGE_DAY: usize = 26;
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
            COMPLAINT_DAY => self.somebody_complains(day).await,
            REMINDER_DAY => self.run_job("duties").await,
            _ if STATUS_DAYS.contains(&day) => self.the_officer_tells(day).await,
            _ => Ok(()),
        }
    }

    /// 寸草心 raises its target: two approvals, a new filing, and the old version stays readable.
    async fn heart_asks_for_more(&self, day: usize) -> anyhow::Result<()> {
        let (campaign, at) = (self.world().heart(), self.world().days[day].opens);
        let id = self.world().seed.id("change", 0, at);
        let mut draft = campaign.draft_for(self.book(House::Foundation)?, None, Money::from_fen(18_000_000));
        if let Some(members) = draft.as_object_mut() {
            members.remove("id");
        }
        let organiser = self.officer(Role::Organiser).await?;
        let body = json!({ "id": id, "reason": "报名老人超出预期，增加助浴车辆和护理人员", "draft": draft });
        let path = format!("/staff/campaigns/{}/changes", campaign.id);
        let mut change = self.api().post(&path, Some(&organiser), &body).await?;
        loop {
            let (role, step, body) = match text(&change["state"]) {
                "submitted" => (Role::ProjectManager, "approval", json!({})),
                "manager_approved" => (Role::FinanceHead, "approval", json!({})),
                "approved" => {
                    let filing = json!({ "evidence": "变更备案回执（示例）", "filed_on": BusinessDate::of(at) });
                    (Role::Disclosure, "filing", filing)
                }
                _ => return Ok(()),
            };
            let officer = self.officer(role).await?;
            change = self.api().post(&format!("/staff/campaign-changes/{id}/{step}"), Some(&officer), &body).await?;
        }
    }

    /// The regular reports, drawn up from the books and recorded as published.
    async fn the_officer_tells(&self, day: usize) -> anyhow::Result<()> {
        let at = self.world().days[day].opens;
        let officer = self.officer(Role::Disclosure).await?;
        for (number, campaign) in [self.world().main(), self.world().heart()].into_iter().enumerate() {
            let number = day * 10 + number;
            let id = self.world().seed.id("disclosure", number, at);
            let words = json!({ "summary": "募捐按方案进行，募得款项全部进入公募机构账户。" });
            let wish = json!({ "kind": "raising_status", "campaign": campaign.id, "through": BusinessDate::of(at), "words": words });
            let body = json!({ "id": id, "wish": wish });
            self.api().post("/staff/disclosures", Some(&officer), &body).await?;
            let proof = json!({
                "id": self.world().seed.id("publication", number, at), "place": "charity_china",
                "reference": format!("慈善中国 示例{number}"), "published_on": BusinessDate::of(at),
            });
            self.api().post(&format!("/staff/disclosures/{id}/publications"), Some(&officer), &proof).await?;
        }
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
