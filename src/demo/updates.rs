//! What campaigns of the invented year tell of themselves: updates that one person writes and another publishes, one that corrects another, and
//! what a donor wrote that is taken off the wall. While the disclosure officer is away the organiser publishes with the role lent for those days.

use anyhow::Context;
use domain::BusinessDate;
use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::drive::{Driver, text};
use super::world::House;

/// An update.
struct Update {
    /// On which day it is published.
    day: usize,
    /// How the name of its campaign begins.
    of: &'static str,
    title: &'static str,
    words: &'static str,
    /// The place of the one it corrects.
    corrects: Option<usize>,
}

const UPDATES: [Update; 6] = [
    Update {
        day: 12,
        of: "助学",
        title: "春季学期助学金首批发放",
        words: "石家庄、保定首批受助学生的助学金已由基金会账户直接拨付，明细见“支出公示”。",
        corrects: None,
    },
    Update {
        day: 16,
        of: "春芽",
        title: "第一批乐器到校",
        words: "12所乡村小学的电子琴、口风琴和打击乐器已送达并安装，音乐教师培训结业。",
        corrects: None,
    },
    Update {
        day: 22,
        of: "寸草心",
        title: "入夏助浴服务满百次",
        words: "志愿者与56个社区的老人结对，上门助浴、理发服务累计108次。",
        corrects: None,
    },
    Update {
        day: 26,
        of: "燕赵同心",
        title: "首批物资发放完毕",
        words: "救生衣、排水泵和帐篷已发放至受灾乡镇，签收单由县级团委留存备查。",
        corrects: None,
    },
    Update {
        day: AWAY_DAY + 1,
        of: "寸草心",
        title: "更正：入夏助浴服务次数",
        words: "更正说明：此前公布的“累计108次”含理发服务，其中助浴为92次。",
        corrects: Some(2),
    },
    Update {
        day: 37,
        of: "邢台",
        title: "助学金一次性发放",
        words: "1978名学生的助学金按公示名单一次拨付到监护人账户，项目款项全部使用完毕。",
        corrects: None,
    },
];
/// On which day the disclosure officer goes away, and for how many days.
const AWAY_DAY: usize = 29;
const AWAY_DAYS: usize = 20;
/// On which day a donor's words are hidden.
const WALL_DAY: usize = 21;

impl Driver {
    /// What is due on a day.
    pub(super) async fn updates(&self, day: usize) -> anyhow::Result<()> {
        if day == AWAY_DAY {
            self.the_officer_goes_away(day).await?;
        }
        for (number, update) in UPDATES.iter().enumerate().filter(|(_, update)| update.day == day) {
            self.tell(number, update).await.with_context(|| update.title)?;
        }
        if day == WALL_DAY {
            self.words_are_hidden(day).await?;
        }
        Ok(())
    }

    async fn tell(&self, number: usize, update: &Update) -> anyhow::Result<()> {
        let campaign = self.world().named(update.of);
        let manager = self.officer_named(campaign.house.member(Role::ProjectManager)).await?;
        let id = |number: usize| -> Uuid {
            self.world().seed.id("update", number, self.world().days[UPDATES[number].day].opens)
        };
        let body = json!({
            "id": id(number), "corrects": update.corrects.map(id), "title": update.title, "words": update.words,
        });
        self.api().post(&format!("/staff/campaigns/{}/updates", campaign.id), Some(&manager), &body).await?;
        let away = update.day == AWAY_DAY + 1;
        let publisher = campaign.house.member(if away { Role::Organiser } else { Role::Disclosure });
        let publisher = self.officer_named(publisher).await?;
        self.api().post(&format!("/staff/updates/{}/publication", id(number)), Some(&publisher), &json!({})).await?;
        Ok(())
    }

    /// The officer lends the role for some days; an administrator agrees.
    async fn the_officer_goes_away(&self, day: usize) -> anyhow::Result<()> {
        let at = self.world().days[day].opens;
        let (lender, holder) = (House::Foundation.member(Role::Disclosure), House::Foundation.member(Role::Organiser));
        let ends_on = (0..AWAY_DAYS).fold(BusinessDate::of(at), |date, _| date.next());
        let body = json!({
            "id": self.world().seed.id("delegation", 0, at), "lender": self.member_id(lender)?, "holder": self.member_id(holder)?,
            "role": "disclosure", "starts_on": BusinessDate::of(at), "ends_on": ends_on, "reason": "年休假期间代办信息公开",
        });
        let officer = self.officer_named(lender).await?;
        let lent = self.api().post("/staff/delegations", Some(&officer), &body).await?;
        if lent["approver"].is_null() {
            let admin = self.officer(Role::Admin).await?;
            let path = format!("/staff/delegations/{}/approval", text(&lent["id"]));
            self.api().post(&path, Some(&admin), &json!({})).await?;
        }
        Ok(())
    }

    /// The last gift up to this day that says something says it no more.
    async fn words_are_hidden(&self, day: usize) -> anyhow::Result<()> {
        let until = self.world().days[day].gifts.end;
        let said = (0..until).rev().map(|number| self.world().gift(number)).find(|gift| gift.has("message"));
        let Some(gift) = said else { return Ok(()) };
        let donation = self.paid_id(&gift).await?.context("what was given was paid")?;
        let path = format!("/campaigns/{}/donations?limit=100", gift.campaign);
        let wall = self.api().get(&path, None).await?;
        let is_ours = |item: &&Value| text(&item["id"]) == donation.to_string();
        let on_the_wall = wall["items"].as_array().into_iter().flatten().find(is_ours);
        if on_the_wall.is_some_and(|item| item["message"].is_null()) {
            return Ok(());
        }
        let officer = self.officer_named(House::Foundation.member(Role::Disclosure)).await?;
        let why = json!({ "hidden": true, "reason": "有人举报留言与捐赠无关，核实期间先行隐藏" });
        self.api().post(&format!("/staff/donations/{donation}/message-moderation"), Some(&officer), &why).await?;
        Ok(())
    }
}
