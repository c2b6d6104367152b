//! The invented year: which campaigns there are, who gives what on which day, what is given back, what companies give and
//! what is withdrawn. All of it follows from the seed and the number of gifts; nothing follows from a clock.
//!
//! 助学·关爱行动 ends at exactly 6 840 000.00 whatever the number: gifts less refunds are known in advance, and companies give
//! the rest by bank. Amounts are what people give (a mean near 36 yuan); if so many give that it would be too much, all
//! amounts shrink in proportion.

use std::ops::Range;

use domain::campaign::CampaignState;
use domain::role::Role;
use domain::{BusinessDate, Money, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::chance::{Dice, Seed};
use super::people;

/// What 助学·关爱行动 has raised in the end: the figure of the seed, 684万元.
pub(crate) const RAISED: Money = Money::from_fen(684_000_000);
/// What people may give of it, so that something is left for companies.
const BY_PEOPLE_FEN: i64 = 650_000_000;
/// On how many days something happens.
const DAYS: usize = 40;
/// From the first day to the last.
const SPAN_DAYS: usize = 319;
/// The day on whose evening 小橘灯 ends.
const LAST_DAY_OF_LAMP: usize = 19;
/// More than so many people would wait for the limit on logins.
const MOST_DONORS: usize = 20_000;

/// The world.
#[derive(Debug)]
pub(crate) struct World {
    /// Everything follows from it.
    pub(crate) seed: Seed,
    /// What comes before the names of staff, so that two worlds can share a database.
    tag: String,
    gifts: usize,
    donors: usize,
    amounts: Vec<i64>,
    /// The days on which something happens, in order.
    pub(crate) days: Vec<Day>,
    /// All campaigns; the first one is 助学·关爱行动.
    pub(crate) campaigns: Vec<Campaign>,
    /// What is asked back.
    pub(crate) refunds: Vec<Refund>,
    /// Gifts of companies to 助学·关爱行动.
    pub(crate) company_gifts: Vec<CompanyGift>,
    /// Gifts by bank to the others.
    pub(crate) other_bank_gifts: Vec<CompanyGift>,
    /// Money that goes to the bank.
    pub(crate) withdrawals: Vec<Withdrawal>,
}

/// A day on which something happens.
#[derive(Debug)]
pub(crate) struct Day {
    /// When work begins.
    pub(crate) opens: Timestamp,
    /// Which gifts to 助学·关爱行动 are made.
    pub(crate) gifts: Range<usize>,
    /// What goes wrong at the payment channel.
    pub(crate) fault: Option<&'static str>,
}

impl Day {
    pub(crate) fn date(&self) -> BusinessDate {
        BusinessDate::of(self.opens)
    }
}

/// How far a campaign comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Reaches this state by the work of its staff.
    Reaches(CampaignState),
    /// Is sent back with this reason.
    SentBack(&'static str),
}

/// Which charity: the province's, or the small one of a county.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum House {
    Foundation,
    Wuan,
}

impl House {
    /// The word of its member of staff with a role.
    pub(crate) fn member(self, role: Role) -> &'static str {
        match (self, role) {
            (House::Foundation, Role::Organiser) => "organiser",
            (House::Foundation, Role::ProjectManager) => "manager",
            (House::Foundation, Role::FinanceHead) => "finance",
            (House::Foundation, Role::Chair) => "chair",
            (House::Foundation, Role::Cashier) => "cashier",
            (House::Foundation, Role::Bookkeeper) => "bookkeeper",
            (House::Wuan, Role::Organiser) => "wuan-organiser",
            (House::Wuan, Role::ProjectManager) => "wuan-manager",
            (House::Wuan, Role::FinanceHead) => "wuan-finance",
            (House::Wuan, Role::Chair) => "wuan-chair",
            (House::Wuan, Role::Cashier) => "wuan-cashier",
            (House::Wuan, Role::Bookkeeper) => "wuan-bookkeeper",
            // What is published goes through one hand.
            (_, Role::Disclosure) => "disclosure",
            _ => "auditor",
        }
    }

    /// Our short name of its bank account.
    pub(crate) fn bank_account(self) -> &'static str {
        match self {
            House::Foundation => BANK_ACCOUNT,
            House::Wuan => "武安农商基本户",
        }
    }

    /// 统一社会信用代码.
    pub(crate) fn credit_code(self) -> &'static str {
        match self {
            House::Foundation => CREDIT_CODE,
            House::Wuan => "53130481MJ00000007",
        }
    }
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
    /// On which day it is drafted.
    pub(crate) day: usize,
    pub(crate) name: &'static str,
    summary: &'static str,
    pub(crate) target: Money,
    starts: Timestamp,
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
            "id": self.id, "book": book, "unit": unit, "name": self.name, "summary": self.summary, "target": target,
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
        json!({
            "cause": self.cause,
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

/// A gift through WeChat.
#[derive(Clone, Debug)]
pub(crate) struct Gift {
    seed: Seed,
    kind: &'static str,
    number: usize,
    at: Timestamp,
    /// For which campaign.
    pub(crate) campaign: Uuid,
    /// Who gives.
    pub(crate) donor: usize,
    /// How much.
    pub(crate) amount: Money,
    wish: Value,
}

impl Gift {
    /// The id of an attempt: an order that expired unpaid is followed by another one for the same gift.
    pub(crate) fn id(&self, attempt: usize) -> Uuid {
        self.seed.branch(self.kind).id(&format!("attempt {attempt}"), self.number, self.at)
    }

    /// Which gift to 助学·关爱行动 it is, if it is one of those that are counted.
    pub(crate) fn main_number(&self) -> Option<usize> {
        (self.kind == MAIN_GIFT).then_some(self.number)
    }

    /// What the donor sends.
    pub(crate) fn body(&self, id: Uuid) -> Value {
        let mut body = self.wish.clone();
        body["id"] = json!(id);
        body
    }
}

/// Who asks for a refund, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefundWay {
    /// The donor asks, it is agreed and paid.
    Donor,
    /// Staff asks for it, it is agreed and paid.
    Staff,
    /// Staff asks, the channel closes it once, it is sent again.
    ClosedOnce,
    /// The donor asks, it is declined.
    Declined,
}

/// A refund of a gift to 助学·关爱行动.
#[derive(Debug)]
pub(crate) struct Refund {
    pub(crate) id: Uuid,
    /// Of which gift.
    pub(crate) gift: usize,
    pub(crate) amount: Money,
    pub(crate) way: RefundWay,
    pub(crate) reason: &'static str,
    pub(crate) note: &'static str,
}

/// A company's gift by bank.
#[derive(Debug)]
pub(crate) struct CompanyGift {
    pub(crate) id: Uuid,
    pub(crate) day: usize,
    pub(crate) house: House,
    body: Value,
}

impl CompanyGift {
    /// What the cashier enters.
    pub(crate) fn body(&self) -> &Value {
        &self.body
    }
}

/// A withdrawal to the bank; the outcome is known on the next day of work.
#[derive(Debug)]
pub(crate) struct Withdrawal {
    pub(crate) id: Uuid,
    pub(crate) day: usize,
    pub(crate) amount: Money,
    pub(crate) fails: bool,
}

/// A member of staff.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) id: Uuid,
    /// Short, unique in the world.
    pub(crate) word: &'static str,
    /// The code of the unit over which the role is held; everywhere if there is none.
    pub(crate) unit: Option<&'static str>,
    pub(crate) role: Role,
    pub(crate) username: String,
    pub(crate) name: &'static str,
    pub(crate) password: String,
    pub(crate) totp_secret: Option<String>,
}

/// The counted gifts to 助学·关爱行动.
const MAIN_GIFT: &str = "gift";
/// Our short name of the foundation's bank account.
pub(crate) const BANK_ACCOUNT: &str = "建行基本户";
/// The foundation's credit code. Nobody's: its first digits are those of Hebei, and its check digit fits.
pub(crate) const CREDIT_CODE: &str = "53130000MJX000000U";
/// The seed if none is given.
pub(crate) const USUAL_SEED: &str = "sangzi";

impl World {
    /// The world of a seed with so many gifts to 助学·关爱行动.
    pub(crate) fn new(name: &str, gifts: usize) -> World {
        let seed = Seed::named(name);
        let tag = if name == USUAL_SEED {
            String::new()
        } else {
            format!("{}-", seed.word("tag", 4, b"abcdefghijkmnpqrstuvwxyz23456789"))
        };
        let days = days(seed, gifts);
        let amounts = amounts(seed, gifts);
        let mut world = World {
            seed,
            tag,
            gifts,
            donors: (gifts / 2).clamp(1, MOST_DONORS),
            amounts,
            campaigns: campaigns(seed, &days),
            days,
            refunds: Vec::new(),
            company_gifts: Vec::new(),
            other_bank_gifts: Vec::new(),
            withdrawals: Vec::new(),
        };
        world.refunds = world.plan_refunds();
        world.company_gifts = world.plan_company_gifts();
        world.other_bank_gifts = world.plan_other_bank_gifts();
        world.withdrawals = world.plan_withdrawals();
        world
    }

    /// What comes before the names of this world's things, if it is not the usual one.
    pub(crate) fn tag(&self) -> &str {
        &self.tag
    }

    /// When work begins on each day.
    pub(crate) fn opens(&self) -> Vec<Timestamp> {
        self.days.iter().map(|day| day.opens).collect()
    }

    /// 助学·关爱行动.
    pub(crate) fn main(&self) -> &Campaign {
        &self.campaigns[0]
    }

    /// 小橘灯, which ends in June.
    pub(crate) fn lamp(&self) -> &Campaign {
        &self.campaigns[1]
    }

    /// 寸草心, on which things go wrong.
    pub(crate) fn heart(&self) -> &Campaign {
        &self.campaigns[2]
    }

    /// 邢台扶困助学.
    pub(crate) fn xingtai(&self) -> &Campaign {
        self.campaigns.iter().find(|campaign| campaign.unit == Some("1305")).unwrap_or(&self.campaigns[0])
    }

    /// 爱心午餐, about which somebody complains.
    pub(crate) fn lunch(&self) -> &Campaign {
        self.campaigns.iter().find(|campaign| campaign.name.starts_with("爱心午餐")).unwrap_or(&self.campaigns[0])
    }

    /// The county's campaign.
    pub(crate) fn library(&self) -> &Campaign {
        self.campaigns.iter().find(|campaign| campaign.house == House::Wuan).unwrap_or(&self.campaigns[0])
    }

    /// When the world is complete the clock stands here.
    pub(crate) fn last_moment(&self) -> Timestamp {
        let last = &self.days[DAYS - 1];
        last.opens.after(std::time::Duration::from_secs(4 * 3600))
    }

    /// How many payments through WeChat there are in all.
    pub(crate) fn payments(&self) -> u64 {
        (self.gifts + self.side_gifts().count() + 8) as u64
    }

    /// A gift to 助学·关爱行动.
    pub(crate) fn gift(&self, number: usize) -> Gift {
        let day = self.days.iter().position(|day| day.gifts.contains(&number)).unwrap_or(DAYS - 1);
        // The number of gifts is a part of the id: another number is another world, and may not be taken for this one.
        let seed = self.seed.branch(&format!("of {}", self.gifts));
        self.wish(seed, MAIN_GIFT, number, day, self.main().id, Money::from_fen(self.amounts[number]))
    }

    /// A gift to another campaign: one a day for each that is open.
    pub(crate) fn side_gift(&self, campaign: &Campaign, day: usize) -> Gift {
        let number = self.campaigns.iter().position(|known| known.id == campaign.id).unwrap_or_default() * 1000 + day;
        self.odd_gift("side gift", number, day, campaign)
    }

    /// A gift for a purpose of its own.
    pub(crate) fn odd_gift(&self, kind: &'static str, number: usize, day: usize, campaign: &Campaign) -> Gift {
        let amount = Money::from_fen(size(&mut self.seed.dice(kind, number)));
        self.wish(self.seed, kind, number, day, campaign.id, amount)
    }

    /// The campaigns besides 助学·关爱行动 that take gifts on a day.
    pub(crate) fn also_open(&self, day: usize) -> impl Iterator<Item = &Campaign> {
        let opens = self.days[day].opens;
        [self.lamp(), self.heart()].into_iter().filter(move |c| c.starts < opens && opens < c.ends)
    }

    fn side_gifts(&self) -> impl Iterator<Item = (usize, &Campaign)> {
        (0..DAYS).flat_map(|day| self.also_open(day).map(move |campaign| (day, campaign)))
    }

    fn wish(&self, seed: Seed, kind: &'static str, number: usize, day: usize, campaign: Uuid, amount: Money) -> Gift {
        let mut dice = seed.dice(kind, number + 1_000_000_000);
        let donor = usize::try_from(dice.below(self.donors as u64)).unwrap_or_default();
        let mut who = self.seed.dice("donor", donor);
        let (name, nickname) = (people::name(&mut who), people::nickname(&mut who));
        let shown = dice.below(100);
        let mut wish = json!({ "amount": amount, "show_amount": dice.percent(60) });
        wish["anonymity"] = json!(match shown {
            0..15 => "name",
            15..35 => "nickname",
            _ => "hidden",
        });
        let receipt = dice.below(100);
        // A receipt is made out to a name.
        if shown < 15 || receipt < 8 {
            wish["name"] = json!(name);
        }
        if (15..35).contains(&shown) {
            wish["nickname"] = json!(nickname);
        }
        wish["receipt"] = json!(match receipt {
            0..8 => "requested",
            8..20 => "anonymous",
            _ => "waived",
        });
        if dice.percent(12) {
            wish["message"] = json!(people::message(&mut dice));
        }
        if dice.percent(30) {
            wish["source"] = json!(people::source(&mut dice));
        }
        Gift { seed, kind, number, at: self.days[day].opens, campaign, donor, amount, wish }
    }

    /// The openid of a donor.
    pub(crate) fn openid(&self, donor: usize) -> String {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        format!("oDEMO{}", self.seed.word(&format!("openid {donor}"), 23, letters))
    }

    /// The staff of the foundation, with credentials.
    pub(crate) fn staff(&self) -> Vec<Member> {
        let people = [
            ("admin-1", "赵系统（示例）", Role::Admin),
            ("admin-2", "钱系统（示例）", Role::Admin),
            ("organiser", "孙发起（示例）", Role::Organiser),
            ("manager", "李项目（示例）", Role::ProjectManager),
            ("cashier", "周出纳（示例）", Role::Cashier),
            ("bookkeeper", "吴会计（示例）", Role::Bookkeeper),
            ("finance", "郑财务（示例）", Role::FinanceHead),
            ("disclosure", "王公开（示例）", Role::Disclosure),
            ("auditor", "冯监事（示例）", Role::Auditor),
            ("chair", "韩理事（示例）", Role::Chair),
            ("compliance", "杨合规（示例）", Role::Compliance),
            ("xingtai-organiser", "朱邢台（示例）", Role::Organiser),
            ("wuan-organiser", "秦武安（示例）", Role::Organiser),
            ("wuan-chair", "尤理事（示例）", Role::Chair),
            ("wuan-manager", "许项目（示例）", Role::ProjectManager),
            ("wuan-finance", "何财务（示例）", Role::FinanceHead),
            ("wuan-cashier", "吕出纳（示例）", Role::Cashier),
            ("wuan-bookkeeper", "施会计（示例）", Role::Bookkeeper),
            ("province-league", "张省委（示例）", Role::LeagueOfficer),
            ("xingtai-league", "孔邢台（示例）", Role::LeagueOfficer),
            ("handan-league", "曹邯郸（示例）", Role::LeagueOfficer),
            ("xiangdu-league", "严襄都（示例）", Role::LeagueOfficer),
            ("wuan-league", "华武安（示例）", Role::LeagueOfficer),
            ("lender-taihang", "金太行（示例）", Role::BankOfficer),
            ("lender-hutuo", "魏滹沱（示例）", Role::BankOfficer),
        ];
        let member = |(number, (word, name, role)): (usize, (&'static str, &'static str, Role))| {
            let username = format!("demo-{}{word}", self.tag);
            let letters = self.seed.word(&format!("password {word}"), 20, b"abcdefghijkmnpqrstuvwxyz23456789");
            let password = [&letters[..5], &letters[5..10], &letters[10..15], &letters[15..]].join("-");
            let secret = || self.seed.word(&format!("totp {word}"), 32, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
            Member {
                id: self.seed.id("staff", number, self.days[0].opens),
                word,
                unit: match word.split_once('-') {
                    Some(("xingtai", _)) => Some("1305"),
                    Some(("wuan", _)) => Some("130481"),
                    Some(("handan", _)) => Some("1304"),
                    Some(("xiangdu", _)) => Some("130502"),
                    Some(("province" | "lender", _)) => Some("hebei"),
                    _ => None,
                },
                role,
                username,
                name,
                password,
                totp_secret: role.needs_otp().then(secret),
            }
        };
        people.into_iter().enumerate().map(member).collect()
    }

    /// Three gifts in a thousand are asked back, four at least; one request is declined, one is closed by the channel.
    fn plan_refunds(&self) -> Vec<Refund> {
        let count = (self.gifts * 3 / 1000).max(4);
        let width = self.gifts / count;
        let refund = |number: usize| {
            let mut dice = self.seed.dice("refund", number);
            let gift = number * width + usize::try_from(dice.below(width as u64)).unwrap_or_default();
            let whole = self.amounts[gift];
            let (way, fen, reason, note) = match number {
                1 => (RefundWay::ClosedOnce, (whole / 2).max(1), "error", "多输了一位数，请退一半"),
                2 => (RefundWay::Declined, whole, "error", "想改捐其他项目"),
                _ => match number % 3 {
                    0 => (RefundWay::Donor, whole, "error", "误操作"),
                    1 => (RefundWay::Donor, (whole / 2).max(1), "duplicate", "与家人重复捐赠了一部分"),
                    _ => (RefundWay::Staff, whole, "minor", "监护人来电：未成年人使用家长手机支付"),
                },
            };
            let at = self.gift(gift).at;
            Refund { id: self.seed.id("refund", number, at), gift, amount: Money::from_fen(fen), way, reason, note }
        };
        (0..count).map(refund).collect()
    }

    /// What of the gifts up to and with a day stays.
    fn kept_fen(&self, day: usize) -> i64 {
        let until = self.days[day].gifts.end;
        let back = self.refunds.iter().filter(|r| r.gift < until && r.way != RefundWay::Declined);
        self.amounts[..until].iter().sum::<i64>() - back.map(|r| r.amount.fen()).sum::<i64>()
    }

    fn plan_company_gifts(&self) -> Vec<CompanyGift> {
        let all = RAISED.fen() - self.kept_fen(DAYS - 1);
        let mut left = all;
        let last = people::COMPANIES.len() - 1;
        let gift = |(number, &(name, hundredths)): (usize, &(&str, i64))| {
            let unit = if all >= 100_000_000 { 1_000_000 } else { 10_000 };
            let fen = if number == last { left } else { all * hundredths / 100 / unit * unit };
            left -= fen;
            let day = number * 7;
            let on = self.days[day].date();
            let id = self.seed.id("company gift", number, self.days[day].opens);
            // The number of gifts is in the reference, too: then this id cannot be taken for the one of another number.
            let reference =
                format!("DEMO{}{:04}-{}{}", on.to_string().replace('-', ""), number + 1, self.tag, self.gifts);
            let body = json!({
                "id": id, "campaign": self.main().id, "amount": Money::from_fen(fen), "counterparty": name,
                "bank_account": BANK_ACCOUNT, "reference": reference,
                "received_on": on, "anonymity": "name", "receipt": "requested",
            });
            CompanyGift { id, day, house: House::Foundation, body }
        };
        people::COMPANIES.iter().enumerate().map(gift).collect()
    }

    /// What 邢台扶困助学 and the county's campaign get: all of it by bank.
    fn plan_other_bank_gifts(&self) -> Vec<CompanyGift> {
        let plan = [
            (30, "邢台", "邢襄钢铁有限公司（示例）", 120_000_000),
            (31, "邢台", "在京邢台商会（示例）", 100_000_000),
            (32, "邢台", "大陆泽食品有限公司（示例）", 90_000_000),
            (34, "邢台", "邢台青年企业家协会（示例）", 52_780_000),
            (29, "爱心午餐", "滏阳乳业有限公司（示例）", 3_000_000),
            (28, "山村", "武安青年商会（示例）", 1_800_000),
            (33, "山村", "洺河建材有限公司（示例）", 650_000),
        ];
        let gift = |(number, &(day, to, name, fen)): (usize, &(usize, &str, &str, i64))| {
            let campaign = self.campaigns.iter().find(|campaign| campaign.name.starts_with(to))?;
            let on = self.days[day].date();
            let id = self.seed.id("other bank gift", number, self.days[day].opens);
            let reference = format!("DEMO{}9{:03}-{}", on.to_string().replace('-', ""), number + 1, self.tag);
            let body = json!({
                "id": id, "campaign": campaign.id, "amount": Money::from_fen(fen), "counterparty": name,
                "bank_account": campaign.house.bank_account(), "reference": reference,
                "received_on": on, "anonymity": "name", "receipt": "requested",
            });
            Some(CompanyGift { id, day, house: campaign.house, body })
        };
        plan.iter().enumerate().filter_map(gift).collect()
    }

    /// Each time seven tenths of what has come in and stays, in whole yuan; one of them fails and is made again.
    fn plan_withdrawals(&self) -> Vec<Withdrawal> {
        let mut gone = 0;
        let plan = [(9, false), (19, true), (20, false), (29, false), (37, false)];
        let withdrawal = |(number, &(day, fails)): (usize, &(usize, bool))| {
            let fen = (self.kept_fen(day) * 7 / 10 - gone) / 100 * 100;
            if !fails {
                gone += fen.max(0);
            }
            let id = self.seed.id("withdrawal", number, self.days[day].opens);
            Withdrawal { id, day, amount: Money::from_fen(fen), fails }
        };
        plan.iter().enumerate().map(withdrawal).filter(|planned| planned.amount.is_positive()).collect()
    }
}

/// Forty days of work from 5 January to 20 November 2026, and how many give on each: more at the beginning, on Children's
/// Day, around 9 September (中华慈善日, 99公益日) and at the end.
fn days(seed: Seed, gifts: usize) -> Vec<Day> {
    let busy = |day: usize| match day {
        0 => 14,
        18 | 19 => 9,
        29..=31 => 16,
        39 => 6,
        _ => 4,
    };
    let all: usize = (0..DAYS).map(busy).sum();
    let mut until = 0;
    let (mut date, mut after) = (BusinessDate::new(2026, 1, 5).expect("this day exists"), 0);
    let day = |day: usize| {
        while after < day * SPAN_DAYS / (DAYS - 1) {
            (date, after) = (date.next(), after + 1);
        }
        let mut open = date;
        while open.is_weekend() {
            open = open.next();
        }
        let minutes = 8 * 60 + 30 + seed.dice("opens", day).below(150);
        let from = gifts * until / all;
        until += busy(day);
        Day {
            opens: open.start().after(std::time::Duration::from_secs(minutes * 60)),
            gifts: from..gifts * until / all,
            fault: fault(day),
        }
    };
    (0..DAYS).map(day).collect()
}

/// What goes wrong at the payment channel on a day, as `POST /sandbox/faults` takes it.
fn fault(day: usize) -> Option<&'static str> {
    Some(match day {
        3 => r#"{"callback": {"lose": 3}}"#,
        6 => r#"{"callback": {"drop": 2}}"#,
        10 => r#"{"callback": {"repeat": 4}}"#,
        12 => r#"{"callback": {"reorder": true}}"#,
        15 => r#"{"callback": {"delay_ms": 300}}"#,
        18 => r#"{"callback": {"signtest": true}}"#,
        22 => r#"{"callback": {"stale": true}}"#,
        24 => r#"{"callback": {"unknown_serial": true}}"#,
        26 => r#"{"api": {"path": "/v3/pay/transactions/jsapi", "status": 500, "times": 2}}"#,
        33 => r#"{"callback": {"lose": 1, "repeat": 2, "reorder": true}}"#,
        _ => return None,
    })
}

/// What people give, in fen. Sums to a mean near 36 yuan: many small gifts, few large ones.
const SIZES: [(u64, i64); 24] = [
    (10, 1),
    (90, 100),
    (50, 200),
    (110, 500),
    (30, 666),
    (40, 888),
    (190, 1000),
    (40, 1888),
    (130, 2000),
    (60, 3000),
    (110, 5000),
    (20, 6600),
    (15, 8800),
    (60, 10_000),
    (6, 16_800),
    (12, 20_000),
    (5, 30_000),
    (7, 50_000),
    (3, 100_000),
    (1, 200_000),
    (4, 1314),
    (3, 5200),
    (2, 9999),
    (2, 12_345),
];

fn size(dice: &mut Dice) -> i64 {
    dice.weighted(&SIZES)
}

fn amounts(seed: Seed, gifts: usize) -> Vec<i64> {
    let mut amounts: Vec<i64> = (0..gifts).map(|number| size(&mut seed.dice("amount", number))).collect();
    let all: i64 = amounts.iter().sum();
    if all > BY_PEOPLE_FEN {
        for amount in &mut amounts {
            let part = i128::from(*amount) * i128::from(BY_PEOPLE_FEN) / i128::from(all);
            *amount = i64::try_from(part).unwrap_or(1).max(1);
        }
    }
    amounts
}

fn campaigns(seed: Seed, days: &[Day]) -> Vec<Campaign> {
    use CampaignState::{Approved, Draft, Filed, FinanceReview, Open, Submitted};
    let first_of = |month, day| BusinessDate::new(2026, month, day).expect("this day exists").start();
    let evening = |month, day| first_of(month, day).after(std::time::Duration::from_secs(86_399));
    let hour = |hours: u64| std::time::Duration::from_secs(hours * 3600);
    let lamp_ends = days[LAST_DAY_OF_LAMP].date().start().after(hour(20));
    let mut campaigns = Vec::new();
    let mut plan = |day: usize, name, summary, yuan: i64, starts, ends, fate| {
        let id = seed.id("campaign", campaigns.len(), days[day].opens);
        let number = campaigns.len();
        let cares = ["小橘灯", "寸草心", "青春暖邢"].iter().any(|word| str::starts_with(name, word));
        let cause = if cares { "care" } else { "education" };
        campaigns.push(Campaign {
            id,
            number,
            cause,
            house: if name.contains("武安") { House::Wuan } else { House::Foundation },
            unit: match name {
                _ if name.starts_with("邢台") => Some("1305"),
                // A city's: whoever has not done with a campaign that is over begins no other.
                _ if name.starts_with("小橘灯") => Some("1306"),
                _ => None,
            },
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
    campaigns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn company_fen(world: &World) -> i64 {
        world
            .company_gifts
            .iter()
            .map(|gift| gift.body()["amount"].as_str().unwrap().parse::<Money>().unwrap())
            .inspect(|amount| assert!(amount.is_positive()))
            .map(Money::fen)
            .sum()
    }

    #[test]
    fn the_total_is_exact_whatever_the_number() {
        for gifts in [200, 201, 300, 999, 3000, 12_345, 170_000, 400_000] {
            let world = World::new("sangzi", gifts);
            let back: i64 = world.refunds.iter().filter(|r| r.way != RefundWay::Declined).map(|r| r.amount.fen()).sum();
            let paid: i64 = world.amounts.iter().sum();
            assert_eq!(paid - back + company_fen(&world), RAISED.fen(), "{gifts}");
            assert!(world.amounts.iter().all(|fen| *fen > 0));
            assert!(world.refunds.iter().all(|r| r.amount.fen() > 0 && r.amount.fen() <= world.amounts[r.gift]));
        }
    }

    #[test]
    fn people_give_what_people_give() {
        let world = World::new("sangzi", 170_000);
        let mean = world.amounts.iter().sum::<i64>() / 170_000;
        assert!((3_300..4_100).contains(&mean), "{mean}");
    }

    #[test]
    fn every_day_has_gifts_and_every_gift_its_day() {
        for gifts in [200, 3000] {
            let world = World::new("sangzi", gifts);
            assert!(world.days.iter().all(|day| !day.gifts.is_empty() && day.date().year() == 2026));
            assert!(world.days.windows(2).all(|pair| pair[0].opens < pair[1].opens));
            assert!(world.days.windows(2).all(|pair| pair[0].gifts.end == pair[1].gifts.start));
            assert_eq!(world.days[DAYS - 1].gifts.end, gifts);
            assert_eq!(world.days[DAYS - 1].date().to_string(), "2026-11-20");
            assert_eq!(world.days[DAYS - 1].gifts.end - 1, world.gift(gifts - 1).number);
        }
    }

    #[test]
    fn another_number_of_gifts_is_another_world_of_the_same_campaigns() {
        let (one, other) = (World::new("sangzi", 300), World::new("sangzi", 301));
        assert_eq!(one.main().id, other.main().id);
        assert_ne!(one.gift(0).id(0), other.gift(0).id(0));
        assert_ne!(one.company_gifts[0].body(), other.company_gifts[0].body());
        assert_eq!(one.company_gifts[0].id, other.company_gifts[0].id);
        let stranger = World::new("another", 300);
        assert_ne!(one.main().id, stranger.main().id);
        assert_ne!(one.staff()[0].username, stranger.staff()[0].username);
    }

    #[test]
    fn withdrawals_leave_enough_for_refunds() {
        for gifts in [200, 500, 3000] {
            let world = World::new("sangzi", gifts);
            let mut gone = 0;
            for planned in world.withdrawals.iter().filter(|planned| !planned.fails) {
                gone += planned.amount.fen();
                assert!(gone <= world.kept_fen(planned.day) * 7 / 10);
            }
        }
    }
}
