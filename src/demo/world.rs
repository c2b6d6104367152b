//! The invented year: which campaigns there are, who gives what on which day, what is given back, what companies give and
//! what is withdrawn. All of it follows from the seed and the number of gifts; nothing follows from a clock.
//!
//! 助学·关爱行动 ends at exactly 6 840 000.00 whatever the number: gifts less refunds are known in advance, and companies give
//! the rest by bank. Amounts are what people give (a mean near 36 yuan); if so many give that it would be too much, all
//! amounts shrink in proportion.

use std::ops::Range;

use domain::role::Role;
use domain::{BusinessDate, Money, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::campaigns::{Campaign, campaigns};
use super::chance::{Dice, Seed};
use super::people;
use super::teams;

/// What 助学·关爱行动 has raised in the end: the figure of the seed, 684万元.
pub(crate) const RAISED: Money = Money::from_fen(684_000_000);
/// What people may give of it, so that something is left for companies.
const BY_PEOPLE_FEN: i64 = 650_000_000;
/// On how many days something happens.
const DAYS: usize = 40;
/// From the first day to the last.
const SPAN_DAYS: usize = 319;
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

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            House::Foundation => "河北省青少年发展基金会（示例）",
            House::Wuan => "武安市青少年发展基金会（示例）",
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

    /// Whether the donor says this.
    pub(crate) fn has(&self, what: &str) -> bool {
        !self.wish[what].is_null()
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
    /// Whether it is for no campaign, but for the general fund of the house.
    pub(crate) general: bool,
    body: Value,
}

impl CompanyGift {
    /// What the cashier enters; beside it the book of the house, for its general fund.
    pub(crate) fn body(&self) -> &Value {
        &self.body
    }
}

/// A withdrawal to the bank: that it arrived is known on the next day of work, that it failed at once.
#[derive(Debug)]
pub(crate) struct Withdrawal {
    pub(crate) id: Uuid,
    pub(crate) day: usize,
    pub(crate) amount: Money,
    pub(crate) fails: bool,
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
        self.named("邢台")
    }

    /// 爱心午餐, about which somebody complains.
    pub(crate) fn lunch(&self) -> &Campaign {
        self.named("爱心午餐")
    }

    /// 春芽·乡村音乐教室, which is carried out with a partner and closed.
    pub(crate) fn classroom(&self) -> &Campaign {
        self.named("春芽")
    }

    /// 燕赵同心·防汛救灾, which does not wait for its filing.
    pub(crate) fn flood(&self) -> &Campaign {
        self.named("燕赵同心")
    }

    /// 读书岛, which is given up.
    pub(crate) fn island(&self) -> &Campaign {
        self.named("读书岛")
    }

    /// The campaign whose name begins so; 助学·关爱行动 if there is none.
    pub(crate) fn named(&self, beginning: &str) -> &Campaign {
        self.campaigns.iter().find(|campaign| campaign.name.starts_with(beginning)).unwrap_or(self.main())
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
        let mut gift = self.wish(seed, MAIN_GIFT, number, day, self.main().id, Money::from_fen(self.amounts[number]));
        // Six in a hundred come through a team, as soon as there are any.
        if day > teams::TEAM_DAY && number % 50 < teams::COUNT {
            gift.wish["team"] = json!(self.team(number % 50));
        }
        // The last one of all waits for a person: the check of words does not trust what it says.
        if number + 1 == self.gifts {
            gift.wish["message"] = json!(people::DOUBTFUL_MESSAGE);
        }
        gift
    }

    /// The id of a team.
    pub(crate) fn team(&self, number: usize) -> Uuid {
        let seed = self.seed.branch(&format!("of {}", self.gifts));
        seed.id("team", number, self.days[teams::TEAM_DAY].opens)
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
        if dice.percent(1) {
            let shown = dice.percent(50);
            wish["tribute"] = json!({ "kind": "memory", "name": people::name(&mut dice), "shown": shown });
        } else if dice.percent(1) {
            let teacher = format!("{}老师", people::family(&mut dice));
            wish["tribute"] = json!({ "kind": "honour", "name": teacher, "shown": true });
        }
        Gift { seed, kind, number, at: self.days[day].opens, campaign, donor, amount, wish }
    }

    /// The openid of a donor.
    pub(crate) fn openid(&self, donor: usize) -> String {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        format!("oDEMO{}", self.seed.word(&format!("openid {donor}"), 23, letters))
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
            CompanyGift { id, day, house: House::Foundation, general: false, body }
        };
        people::COMPANIES.iter().enumerate().map(gift).collect()
    }

    /// What others get by bank; 邢台扶困助学 and the county's campaign get all of it so.
    fn plan_other_bank_gifts(&self) -> Vec<CompanyGift> {
        let plan = [
            (30, "邢台", "邢襄钢铁有限公司（示例）", 120_000_000),
            (31, "邢台", "在京邢台商会（示例）", 100_000_000),
            (32, "邢台", "大陆泽食品有限公司（示例）", 90_000_000),
            (34, "邢台", "邢台青年企业家协会（示例）", 52_780_000),
            (29, "爱心午餐", "滏阳乳业有限公司（示例）", 3_000_000),
            (28, "山村", "武安青年商会（示例）", 1_800_000),
            (33, "山村", "洺河建材有限公司（示例）", 650_000),
            (8, "春芽", "滦河文化有限公司（示例）", 10_000_000),
            (10, "春芽", "热河青年商会（示例）", 5_600_000),
            (24, "燕赵同心", "漳河水泥有限公司（示例）", 30_000_000),
            (35, "冬衣计划", "坝上牧业有限公司（示例）", 4_000_000),
            (13, "读书岛", "固安图书有限公司（示例）", 1_200_000),
            // For no campaign: 不限定用途.
            (22, "", "太行机械有限公司（示例）", 20_000_000),
            (24, "返乡", "河北青年企业家协会（示例）", 600_000),
        ];
        let gift = |(number, &(day, to, name, fen)): (usize, &(usize, &str, &str, i64))| {
            let campaign = (!to.is_empty()).then(|| self.named(to));
            let house = campaign.map_or(House::Foundation, |campaign| campaign.house);
            let on = self.days[day].date();
            let id = self.seed.id("other bank gift", number, self.days[day].opens);
            let reference = format!("DEMO{}9{:03}-{}", on.to_string().replace('-', ""), number + 1, self.tag);
            let mut body = json!({
                "id": id, "amount": Money::from_fen(fen), "counterparty": name,
                "bank_account": house.bank_account(), "reference": reference,
                "received_on": on, "anonymity": "name", "receipt": "requested",
            });
            if let Some(campaign) = campaign {
                body["campaign"] = json!(campaign.id);
            }
            CompanyGift { id, day, house, general: campaign.is_none(), body }
        };
        plan.iter().enumerate().map(gift).collect()
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
