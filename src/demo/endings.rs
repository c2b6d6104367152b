//! How campaigns of the invented year end: what was raised is used, the last accounts are drawn and what is left goes on to a like purpose by
//! the word of two persons (entry 20), or a campaign is given up after money came. Of 小橘灯, which ended in June, nobody has told yet.

use domain::campaign::CampaignState;
use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::campaigns::Campaign;
use super::drive::{Driver, text};

/// On which day 春芽 begins to use what it raised, and on which its last accounts are drawn.
const CLASSROOM_USED: usize = 12;
const CLASSROOM_CLOSED: usize = 18;
/// On which day the flood's money is used for what comes after it, and 读书岛 is given up.
const AUTUMN: usize = 34;
/// What 春芽 leaves.
const LEFTOVER: &str = "21000.00";

impl Driver {
    /// What is due on a day.
    pub(super) async fn endings(&self, day: usize) -> anyhow::Result<()> {
        match day {
            CLASSROOM_USED => self.begin_to_use(self.world().classroom()).await,
            CLASSROOM_CLOSED => self.close_the_classroom(day).await,
            AUTUMN => {
                self.begin_to_use(self.world().flood()).await?;
                self.give_the_island_up(day).await
            }
            _ => Ok(()),
        }
    }

    /// It has ended, and its money is going to be used.
    async fn begin_to_use(&self, campaign: &Campaign) -> anyhow::Result<()> {
        if self.state_of(campaign).await? == CampaignState::Ended {
            self.step(campaign, Role::ProjectManager, "execution").await?;
        }
        Ok(())
    }

    /// Both full reports, the leftover, and the word of the head of finance.
    async fn close_the_classroom(&self, day: usize) -> anyhow::Result<()> {
        let (campaign, at) = (self.world().classroom(), self.world().days[day].opens);
        if self.state_of(campaign).await? == CampaignState::Executing {
            let manager = self.officer_named(campaign.house.member(Role::ProjectManager)).await?;
            let done = json!({ "code": "m1", "progress": 100, "note": "12所小学的音乐教室全部开课" });
            let path = format!("/staff/campaigns/{}/milestone-progress", campaign.id);
            self.api().post(&path, Some(&manager), &done).await?;
            let words = json!({
                "summary": "募捐按方案完成，募得款项全部进入公募机构账户。", "rest": "剩余款项按方案转入“助学·关爱行动”。",
                "partner": "合作方按协议执行，预付款已核销，结余已退回。",
            });
            self.publish_at(at, day * 10 + 5, "raising_report", campaign, &words).await?;
            self.step(campaign, Role::ProjectManager, "closing").await?;
        }
        if self.state_of(campaign).await? != CampaignState::Closing {
            return Ok(());
        }
        let leftover = json!({
            "id": self.world().seed.id("decision", 0, at), "kind": "leftover", "campaign": campaign.id,
            "to_campaign": self.world().main().id, "amount": LEFTOVER,
            "publication": "“春芽·乡村音乐教室”剩余款项21000.00元按募捐方案转入目的相近的“助学·关爱行动”。",
            "reason": "项目已完成，乐器采购有节余",
        });
        self.decide(campaign, &leftover).await?;
        let words = json!({
            "summary": "12所小学的音乐教室已建成开课，培训教师36名。", "rest": "剩余款项已转入“助学·关爱行动”，并已公告。",
        });
        self.publish_at(at, day * 10 + 6, "project_report", campaign, &words).await?;
        self.step(campaign, Role::FinanceHead, "closure").await
    }

    /// Given up after money came. Where that goes is proposed, and nobody has decided it yet.
    async fn give_the_island_up(&self, day: usize) -> anyhow::Result<()> {
        let (campaign, at) = (self.world().island(), self.world().days[day].opens);
        let id = |number| -> Uuid { self.world().seed.id("decision", number, at) };
        let end = json!({
            "id": id(0), "kind": "termination", "campaign": campaign.id, "reason": "社区用房被收回，已无法按方案开设阅览室",
        });
        self.decide(campaign, &end).await?;
        let leftover = json!({
            "id": id(1), "kind": "leftover", "campaign": campaign.id, "to_campaign": self.world().main().id,
            "amount": "12000.00", "publication": "“读书岛”已终止，所募12000.00元拟按方案转入“助学·关爱行动”。",
            "reason": "项目终止，款项尚未使用",
        });
        self.propose(campaign, &leftover).await?;
        Ok(())
    }

    /// Proposed by the project manager, agreed to by the head of finance.
    async fn decide(&self, campaign: &Campaign, decision: &Value) -> anyhow::Result<()> {
        let proposed = self.propose(campaign, decision).await?;
        if proposed["state"] == "proposed" {
            let head = self.officer_named(campaign.house.member(Role::FinanceHead)).await?;
            let path = format!("/staff/campaign-decisions/{}/approval", text(&proposed["id"]));
            self.api().post(&path, Some(&head), &json!({})).await?;
        }
        Ok(())
    }

    async fn propose(&self, campaign: &Campaign, decision: &Value) -> anyhow::Result<Value> {
        let manager = self.officer_named(campaign.house.member(Role::ProjectManager)).await?;
        Ok(self.api().post("/staff/campaign-decisions", Some(&manager), decision).await?)
    }

    async fn step(&self, campaign: &Campaign, role: Role, step: &str) -> anyhow::Result<()> {
        let officer = self.officer_named(campaign.house.member(role)).await?;
        let path = format!("/staff/campaigns/{}/{step}", campaign.id);
        self.api().post(&path, Some(&officer), &json!({})).await?;
        Ok(())
    }
}
