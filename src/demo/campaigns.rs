//! The campaigns of the invented year, and the straight way of each: drafted, reviewed by two persons, filed, opened. What happens to them
//! afterwards stands in [`super::oversight`], [`super::disaster`], [`super::endings`].

use std::time::Duration;

use domain::campaign::CampaignState;
use domain::role::Role;
use domain::{BusinessDate, Money, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::chance::Seed;
use super::drive::Driver;
use super::world::{CREDIT_CODE, Day, House};

/// The day on whose evening 小橘灯 ends.
const LAST_DAY_OF_LAMP: usize = 19;
/// With whom 春芽 is carried out.
pub(crate) const PARTNER: &str = "承德市青年志愿者协会（示例）";

/// How far a campaign comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Reaches this state by the work of its staff.
    Reaches(CampaignState),
    /// Is sent back with this reason.
    SentBack(&'static str),
}

/// A campaign of the world.
#[derive(Debug)]
pub(crate) struct Campaign {
    pub(crate) id: Uuid,
    number: usize,
    cause: &'static str,
    /// Whose it is.
    pub(crate) house: House,
    /// The code of the unit that organises it, if it is not the charity's own.
    pub(crate) unit: Option<&'static str>,
    /// Of which campaign it is a part (子项目).
    parent: Option<Uuid>,
    /// Whether it takes no gifts itself and is the sum of its parts (母项目).
    is_parent: bool,
    /// With whom it is carried out.
    pub(crate) partner: Option<&'static str>,
    /// On which day it is drafted.
    pub(crate) day: usize,
    pub(crate) name: &'static str,
    summary: &'static str,
    pub(crate) target: Money,
    pub(crate) starts: Timestamp,
    pub(crate) ends: Timestamp,
    pub(crate) fate: Fate,
}

impl Campaign {
    /// What the organiser sends.
    pub(crate) fn draft(&self, book: Uuid, unit: Option<Uuid>) -> Value {
        self.draft_for(book, unit, self.target)
    }

    /// The same with another target.
    pub(crate) fn draft_for(&self, book: Uuid, unit: Option<Uuid>, target: Money) -> Value {
        json!({
            "id": self.id, "book": book, "unit": unit, "parent": self.parent,
            "kind": if self.is_parent { "parent" } else { "leaf" }, "name": self.name, "summary": self.summary, "target": target,
            "over_target": true, "starts_at": self.starts, "ends_at": self.ends, "plan": self.plan(target),
        })
    }

    /// What the law wants written down besides.
    fn plan(&self, target: Money) -> Value {
        // Three in a hundred for raising the money, five for the work, the rest for those it is raised for.
        let (raising, work) = (target.fen() * 3 / 100, target.fen() * 5 / 100);
        let line = |code: &str, name: &str, kind: &str, fen: i64| json!({ "code": code, "name": name, "kind": kind, "planned": Money::from_fen(fen), "note": "" });
        let mut budget = vec![
            line("a", "资助支出", "grant", target.fen() - raising - work),
            line("b", "项目执行", "service", work),
            line("d", "募捐成本", "fundraising", raising),
        ];
        if self.unit == Some("1305") {
            // All of it goes to the students.
            budget = vec![line("a", "资助支出", "grant", target.fen())];
        }
        let (methods, ways): (&[&str], &[&str]) = match self.house {
            House::Foundation => (&["internet"], &["wechat", "bank"]),
            House::Wuan => (&["events"], &["bank"]),
        };
        let cooperation = self.partner.map(|name| json!({ "kind": "organisation", "name": name }));
        json!({
            "cause": self.cause,
            "emergency": self.cause == "disaster",
            "cooperation": cooperation,
            "purpose": self.summary,
            "area": "河北省",
            "methods": methods,
            "responsible": {
                "name": "王负责（示例）", "office_address": "石家庄市示例路1号", "contact": "0311-00000000（示例）",
            },
            "ways": ways,
            "bank_account": self.house.bank_account(),
            "beneficiaries": {
                "scope": "河北省内符合条件的困难群体", "expected": 300, "selection": "个人申请、县级团委初审、基金会评审并公示",
            },
            "usage": "按预算用于受益人资助、项目执行和募捐成本",
            "budget": budget,
            "over_target_rule": "超出部分用于扩大同类受益人范围",
            "leftover": "剩余财产用于目的相同或相近的慈善项目，并向社会公告",
            "milestones": [
                { "code": "m1", "name": "完成受益人评审", "due": BusinessDate::of(self.ends).next() },
            ],
        })
    }

    /// The number the authority gives it.
    pub(crate) fn filing_number(&self) -> String {
        format!("{}A26{:03}", self.house.credit_code(), self.number + 1)
    }
}

/// All campaigns of a world; the first one is 助学·关爱行动.
pub(super) fn campaigns(seed: Seed, days: &[Day]) -> Vec<Campaign> {
    use CampaignState::{Approved, Draft, EmergencyOpen, Filed, FinanceReview, Open, Submitted};
    let first_of = |month, day| BusinessDate::new(2026, month, day).expect("this day exists").start();
    let evening = |month, day| first_of(month, day).after(Duration::from_secs(86_399));
    let hour = |hours: u64| Duration::from_secs(hours * 3600);
    let lamp_ends = days[LAST_DAY_OF_LAMP].date().start().after(hour(20));
    let mut campaigns: Vec<Campaign> = Vec::new();
    let mut plan = |day: usize, name, summary, yuan: i64, starts, ends, fate| {
        let id = seed.id("campaign", campaigns.len(), days[day].opens);
        let number = campaigns.len();
        let begins = |words: &[&str]| words.iter().any(|word| str::starts_with(name, word));
        let cause = match name {
            _ if begins(&["燕赵同心"]) => "disaster",
            _ if begins(&["返乡"]) => "rural",
            _ if begins(&["小橘灯", "寸草心", "青春暖邢", "暖冬冀行", "冬衣"]) => "care",
            _ => "education",
        };
        let whole = campaigns.iter().find(|campaign| campaign.is_parent).map(|campaign| campaign.id);
        campaigns.push(Campaign {
            id,
            number,
            cause,
            house: if name.contains("武安") { House::Wuan } else { House::Foundation },
            unit: match name {
                _ if name.starts_with("邢台") => Some("1305"),
                // A city's: whoever has not done with a campaign that is over begins no other.
                _ if name.starts_with("小橘灯") => Some("1306"),
                _ if name.starts_with("春芽") => Some("1308"),
                _ if name.starts_with("燕赵同心") => Some("1304"),
                _ if name.starts_with("冬衣") => Some("1307"),
                _ if name.starts_with("读书岛") => Some("1310"),
                _ => None,
            },
            parent: whole.filter(|_| begins(&["冬衣"])),
            is_parent: begins(&["暖冬冀行"]),
            partner: begins(&["春芽"]).then_some(PARTNER),
            day,
            name,
            summary,
            target: Money::from_fen(yuan * 100),
            starts,
            ends,
            fate,
        });
    };
    plan(
        0,
        "助学·关爱行动",
        "资助河北省家庭经济困难学生完成学业：助学金、冬衣和书本。每一笔捐赠由省级公募机构收取，每一分钱的去向可查。",
        6_840_000,
        first_of(1, 5),
        evening(12, 20),
        Fate::Reaches(Open),
    );
    plan(
        2,
        "小橘灯·困境儿童陪伴",
        "为困境儿童提供“需求—服务—反馈”的陪伴服务：课业辅导、心理关怀和周末活动。",
        50_000,
        first_of(2, 2),
        lamp_ends,
        Fate::Reaches(Open),
    );
    plan(
        4,
        "寸草心·为老助浴",
        "青年志愿者与社区老人结对，上门助浴、理发、陪伴，并支持老人手工作品义卖。",
        120_000,
        first_of(2, 20),
        evening(12, 31),
        Fate::Reaches(Open),
    );
    plan(
        27,
        "邢台扶困助学",
        "资助邢台市1978名困难学生，预算362.78万元，由邢台市各县（市、区）团委推荐受助名单。",
        3_627_800,
        first_of(9, 1),
        evening(10, 31),
        Fate::Reaches(Open),
    );
    plan(
        32,
        "扬帆护航·返校路费",
        "资助困难大学生返校路费。",
        300_000,
        first_of(10, 1),
        evening(12, 31),
        Fate::SentBack("预算缺少受益人数测算和执行方资质证明，请补充后重新提交。"),
    );
    plan(
        36,
        "梦想口袋·乡村科学实验室",
        "为12所乡村小学建设科学实验室，每所含器材、教师培训和一年维护。",
        960_000,
        first_of(12, 24),
        evening(12, 31),
        Fate::Reaches(Approved),
    );
    plan(
        37,
        "捐书助教·百校书架",
        "为100余所乡村学校补充适龄图书和书架。",
        250_000,
        first_of(12, 10),
        evening(12, 31),
        Fate::Reaches(Submitted),
    );
    plan(
        25,
        "山村图书角（武安）",
        "为武安市西部山区教学点添置图书、书架和阅读灯。",
        60_000,
        first_of(8, 10),
        evening(12, 31),
        Fate::Reaches(Open),
    );
    plan(
        31,
        "青春助农·山区校舍修缮",
        "修缮太行山区教学点的门窗和取暖设施，入冬前完工。",
        420_000,
        first_of(10, 1),
        evening(12, 31),
        Fate::Reaches(FinanceReview),
    );
    plan(
        34,
        "微光图书·乡村教师研修",
        "资助乡村青年教师参加寒假研修。",
        180_000,
        first_of(12, 15),
        evening(12, 31),
        Fate::Reaches(Filed),
    );
    plan(
        38,
        "青春暖邢·寒假日间托管",
        "10个社区的寒假日间托管：作业辅导、体育和午餐。（草稿，预算待补）",
        80_000,
        first_of(12, 25),
        evening(12, 31),
        Fate::Reaches(Draft),
    );
    plan(
        24,
        "爱心午餐·校园营养",
        "为山区小学学生补助营养午餐。",
        150_000,
        first_of(7, 25),
        evening(12, 31),
        Fate::Reaches(Open),
    );
    plan(
        6,
        "春芽·乡村音乐教室",
        "与承德的青年志愿者一起，为乡村小学建音乐教室：乐器、教师培训和第一学期的课程。",
        160_000,
        first_of(3, 1),
        evening(4, 10),
        Fate::Reaches(Open),
    );
    plan(
        24,
        "燕赵同心·防汛救灾",
        "为邯郸受汛情影响的乡镇提供救生、排水和临时安置物资，并补助受灾学生家庭。",
        500_000,
        first_of(7, 20),
        evening(9, 30),
        Fate::Reaches(EmergencyOpen),
    );
    plan(
        31,
        "暖冬冀行·冬衣计划",
        "为山区和坝上的孩子准备冬衣，由各市分别实施；本页为各市项目之和。",
        300_000,
        first_of(10, 1),
        evening(12, 31),
        Fate::Reaches(Open),
    );
    plan(
        31,
        "冬衣计划·张家口",
        "为坝上四县的小学生每人准备一套棉衣、棉鞋。",
        120_000,
        first_of(10, 1),
        evening(12, 31),
        Fate::Reaches(Open),
    );
    plan(
        9,
        "读书岛·社区阅览室",
        "在廊坊的社区为随迁儿童开设周末阅览室。",
        80_000,
        first_of(4, 1),
        evening(12, 31),
        Fate::Reaches(Open),
    );
    plan(
        22,
        "返乡青年·创业贴息",
        "为返乡创业青年的贷款贴息：所募善款按银行实收利息的一半补助借款人，不用于任何风险补偿。",
        50_000,
        first_of(7, 10),
        evening(12, 31),
        Fate::Reaches(Open),
    );
    campaigns
}

/// How a campaign of the world is opened: on a designated platform, and beside it here.
fn opening(campaign: &Campaign) -> Value {
    let number = campaign.id.simple().to_string()[20..].to_owned();
    if campaign.house == House::Wuan {
        return json!({ "channels": ["offline"] });
    }
    json!({
        "channels": ["designated_platform", "own_site"], "platform_number": number,
        "platform_url": format!("https://platform.example/campaigns/{number}"), "operator_code": CREDIT_CODE,
    })
}

impl Driver {
    /// Drafts a campaign and takes it as far as it comes.
    pub(super) async fn bring(&self, campaign: &Campaign) -> anyhow::Result<()> {
        use domain::campaign::CampaignState as S;
        let author =
            if campaign.unit == Some("1305") { "xingtai-organiser" } else { campaign.house.member(Role::Organiser) };
        let organiser = self.officer_named(author).await?;
        let unit = match campaign.unit {
            Some(code) => Some(self.stage().organisation.unit(code).await?.id.uuid()),
            None => None,
        };
        let opens = self.world().days[campaign.day].opens;
        let today = BusinessDate::of(opens);
        let handed_in = BusinessDate::of(opens.before(Duration::from_secs(12 * 86_400)));
        let mut row = self
            .api()
            .post("/staff/campaigns", Some(&organiser), &campaign.draft(self.book(campaign.house)?, unit))
            .await?;
        loop {
            let state: S = serde_json::from_value(row["state"].clone())?;
            let (role, step, body) = match (state, campaign.fate) {
                (state, Fate::Reaches(goal)) if state == goal => return Ok(()),
                (S::Draft, _) => {
                    self.agree_with_partner(campaign).await?;
                    (Role::Organiser, "submission", json!({}))
                }
                (S::Submitted, Fate::SentBack(reason)) => {
                    (Role::ProjectManager, "rejection", json!({ "reason": reason }))
                }
                (S::Submitted | S::OrgReview, _) => (Role::ProjectManager, "approval", json!({ "for_a_group": true })),
                (S::FinanceReview, _) => (Role::FinanceHead, "approval", json!({ "for_a_group": true })),
                // A disaster does not wait for the filing.
                (S::Approved, Fate::Reaches(S::EmergencyOpen)) => {
                    (Role::ProjectManager, "emergency-opening", opening(campaign))
                }
                // The receipt of the authority tells the day the plan was handed in.
                (S::Approved, _) => (Role::Disclosure, "filing-submission", json!({ "submitted_on": handed_in })),
                (S::Filing, _) => {
                    let filing = json!({ "number": campaign.filing_number(), "filed_on": today });
                    (Role::Disclosure, "filing", filing)
                }
                (S::Filed, _) => (Role::ProjectManager, "schedule", opening(campaign)),
                // From here on the calendar leads.
                _ => return Ok(()),
            };
            let by = if role == Role::Organiser { author } else { campaign.house.member(role) };
            let token = self.officer_named(by).await?;
            let path = format!("/staff/campaigns/{}", campaign.id);
            if step == "filing-submission" {
                self.attach_filing_receipt(&token, &path, campaign.name, handed_in).await?;
            }
            row = self.api().post(&format!("{path}/{step}"), Some(&token), &body).await?;
        }
    }

    /// Where a campaign stands.
    pub(super) async fn state_of(&self, campaign: &Campaign) -> anyhow::Result<CampaignState> {
        let auditor = self.officer(Role::Auditor).await?;
        let row = self.api().get(&format!("/staff/campaigns/{}", campaign.id), Some(&auditor)).await?;
        Ok(serde_json::from_value(row["state"].clone())?)
    }

    /// The authority's receipt, under what was handed in.
    pub(super) async fn attach_filing_receipt(
        &self,
        token: &str,
        path: &str,
        name: &str,
        handed_in: BusinessDate,
    ) -> anyhow::Result<()> {
        let receipt = format!("备案回执（示例）\n{name}\n{handed_in}\n");
        self.attach_as(token, path, ("filing_receipt", "receipt.txt"), receipt).await
    }
}
