//! What the invented year spends: papers that one person writes and others approve, paid by the cashier, told by the bookkeeper;
//! one is refused, one payment comes back and is paid again.

use anyhow::{Context, ensure};
use domain::role::Role;
use domain::{BusinessDate, Money};
use serde_json::{Value, json};
use uuid::Uuid;

use super::campaigns::{Campaign, PARTNER};
use super::client::CallError;
use super::drive::{Driver, text};
use super::loans::borrower;
use super::people;
use super::world::{House, World};

/// What becomes of a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Approved and paid.
    Paid,
    /// The first payment comes back, and goes to another account.
    BouncesOnce,
    /// The head of finance sends it back with this reason.
    Refused(&'static str),
    /// Handed in, and nobody has looked at it yet.
    Waits,
}

/// Who is paid.
#[derive(Clone, Copy, Debug)]
enum Payees {
    /// So many students.
    Students(usize),
    /// A company.
    Supplier(&'static str),
    /// The disclosure officer, who laid money out.
    Officer,
    /// The campaign's partner.
    Partner,
    /// Who borrows and has paid interest.
    Borrower(usize),
}

/// A paper of the year.
struct Paper {
    number: usize,
    /// How the name of its campaign begins.
    of: &'static str,
    /// On which day of work.
    day: usize,
    kind: &'static str,
    line: &'static str,
    purpose: &'static str,
    payees: Payees,
    /// What each of them gets.
    fen: i64,
    fate: Fate,
}

/// Companies that sell what campaigns need; each has one account.
const SUPPLIERS: [&str; 3] = ["燕赵文具有限公司（示例）", "京津冀乐器有限公司（示例）", "冀南应急装备有限公司（示例）"];
/// So many payees a paper has at most.
const MOST_PAYEES: usize = 20;
/// The paper of the advance to the partner.
const ADVANCE: usize = 8;
/// Two papers, the first student of each of which has a name that stands on a list, too: the first one, and the one that waits at the end.
const WATCHED: [usize; 2] = [0, 5];

const PAPERS: [Paper; 12] = [
    Paper {
        number: 0,
        of: "助学",
        day: 11,
        kind: "grant",
        line: "a",
        purpose: "春季学期助学金（石家庄、保定）",
        payees: Payees::Students(8),
        fen: 150_000,
        fate: Fate::Paid,
    },
    Paper {
        number: 1,
        of: "助学",
        day: 20,
        kind: "grant",
        line: "a",
        purpose: "春季学期助学金（张家口、承德）",
        payees: Payees::Students(6),
        fen: 180_000,
        fate: Fate::BouncesOnce,
    },
    Paper {
        number: 2,
        of: "助学",
        day: 23,
        kind: "purchase",
        line: "a",
        purpose: "书包、文具采购",
        payees: Payees::Supplier(SUPPLIERS[0]),
        fen: 3_652_000,
        fate: Fate::Paid,
    },
    Paper {
        number: 3,
        of: "助学",
        day: 27,
        kind: "purchase",
        line: "d",
        purpose: "宣传海报印制",
        payees: Payees::Supplier(SUPPLIERS[0]),
        fen: 980_000,
        fate: Fate::Refused("超出本项目募捐成本预算的合理范围，请改用电子海报。"),
    },
    Paper {
        number: 4,
        of: "助学",
        day: 33,
        kind: "reimbursement",
        line: "b",
        purpose: "入户走访交通费",
        payees: Payees::Officer,
        fen: 63_250,
        fate: Fate::Paid,
    },
    Paper {
        number: 5,
        of: "助学",
        day: 38,
        kind: "grant",
        line: "a",
        purpose: "秋季学期助学金（沧州、衡水）",
        payees: Payees::Students(5),
        fen: 150_000,
        fate: Fate::Waits,
    },
    // Small enough for one approval (facts: charity 6.6a).
    Paper {
        number: 6,
        of: "山村",
        day: 35,
        kind: "purchase",
        line: "a",
        purpose: "第一批图书采购",
        payees: Payees::Supplier(SUPPLIERS[0]),
        fen: 480_000,
        fate: Fate::Paid,
    },
    // Above the limit of one approval the chair gives the second.
    Paper {
        number: 7,
        of: "山村",
        day: 37,
        kind: "purchase",
        line: "a",
        purpose: "书架和阅读灯采购",
        payees: Payees::Supplier(SUPPLIERS[0]),
        fen: 860_000,
        fate: Fate::Paid,
    },
    // The partner accounts for most of it and gives the rest back.
    Paper {
        number: ADVANCE,
        of: "春芽",
        day: 12,
        kind: "advance",
        line: "a",
        purpose: "音乐教师培训预付款",
        payees: Payees::Partner,
        fen: 6_000_000,
        fate: Fate::Paid,
    },
    Paper {
        number: 9,
        of: "春芽",
        day: 14,
        kind: "purchase",
        line: "a",
        purpose: "乐器采购",
        payees: Payees::Supplier(SUPPLIERS[1]),
        fen: 8_000_000,
        fate: Fate::Paid,
    },
    Paper {
        number: 10,
        of: "燕赵同心",
        day: 25,
        kind: "purchase",
        line: "a",
        purpose: "救生衣、排水泵和帐篷采购",
        payees: Payees::Supplier(SUPPLIERS[2]),
        fen: 18_000_000,
        fate: Fate::Paid,
    },
    Paper {
        number: 11,
        of: "燕赵同心",
        day: 36,
        kind: "grant",
        line: "a",
        purpose: "受灾学生家庭生活补助",
        payees: Payees::Students(4),
        fen: 300_000,
        fate: Fate::Paid,
    },
];

/// A paper with the ids that follow from the seed.
struct Made {
    id: Uuid,
    payees: Vec<(Uuid, Value)>,
    payouts: Vec<Uuid>,
    body: Value,
}

impl Paper {
    fn campaign<'a>(&self, world: &'a World) -> &'a Campaign {
        world.named(self.of)
    }

    fn many(&self) -> usize {
        match self.payees {
            Payees::Students(many) => many,
            Payees::Supplier(_) | Payees::Officer | Payees::Partner | Payees::Borrower(_) => 1,
        }
    }

    fn made(&self, world: &World) -> Made {
        let at = world.days[self.day].opens;
        let id = |of: &str, number: usize| world.seed.id(of, self.number * 10_000 + number, at);
        let campaign = self.campaign(world).id;
        let payee = |number: usize| {
            let (kind, part, name, account) = match self.payees {
                Payees::Students(_) => {
                    let person = self.student(world, number);
                    ("person", "beneficiary", format!("{}（示例）", people::person(person)), person)
                }
                Payees::Supplier(name) => {
                    let place = SUPPLIERS.iter().position(|known| *known == name).unwrap_or_default();
                    ("organisation", "supplier", name.to_owned(), 90_000 + place)
                }
                Payees::Officer => ("person", "staff", "王公开（示例）".to_owned(), 91_000),
                Payees::Partner => ("organisation", "partner", PARTNER.to_owned(), 92_000),
                Payees::Borrower(person) => ("person", "beneficiary", borrower(person), 93_000 + person),
            };
            let staff = world.staff().into_iter().find(|member| part == "staff" && member.word == "disclosure");
            let payee = id("payee", number);
            let body = json!({
                "staff": staff.map(|member| member.id),
                "id": payee, "campaign": campaign, "kind": kind, "part": part, "name": name,
                "account": { "number": account_number(account, 0), "bank": "示例银行石家庄分行" },
                "phone": "00000000000",
            });
            (payee, body)
        };
        let payees: Vec<(Uuid, Value)> = (0..self.many()).map(payee).collect();
        let payouts: Vec<Uuid> = (0..self.many()).map(|number| id("payout", number)).collect();
        let lines: Vec<Value> = payees
            .iter()
            .zip(&payouts)
            .map(|((payee, _), payout)| json!({ "id": payout, "payee": payee, "amount": Money::from_fen(self.fen) }))
            .collect();
        let paper = id("disbursement", 0);
        let body = json!({
            "id": paper, "campaign": campaign, "line": self.line, "kind": self.kind, "purpose": self.purpose,
            "payouts": lines,
        });
        Made { id: paper, payees, payouts, body }
    }

    /// Which person one of its students is: another one in each place of each paper.
    fn student(&self, world: &World, number: usize) -> usize {
        let first = usize::try_from(world.seed.dice("student", 0).below(1_000)).unwrap_or_default();
        (first + self.number * MOST_PAYEES + number) % people::PERSONS
    }
}

/// A number no bank has given out.
fn account_number(person: usize, attempt: usize) -> String {
    format!("99990000{person:08}{attempt:03}")
}

/// The names of two students who are paid, as they stand on lists too.
pub(super) fn watched_names(world: &World) -> Vec<String> {
    let name = |number: &usize| people::person(PAPERS[*number].student(world, 0)) + "（示例）";
    WATCHED.iter().map(name).collect()
}

impl Driver {
    /// Takes the papers of a day as far as they come.
    pub(super) async fn spend(&self, day: usize) -> anyhow::Result<()> {
        for paper in PAPERS.iter().filter(|paper| paper.day == day) {
            self.take(paper).await.with_context(|| format!("the paper “{}”", paper.purpose))?;
        }
        Ok(())
    }

    /// Pays a borrower so much interest from what was raised for it, as a grant like any other. Answers the payout.
    pub(super) async fn pay_interest(&self, day: usize, person: usize, amount: Money) -> anyhow::Result<Uuid> {
        let paper = Paper {
            number: PAPERS.len(),
            of: "返乡",
            day,
            kind: "grant",
            line: "a",
            purpose: "青扶贷贴息（已按期还息各期）",
            payees: Payees::Borrower(person),
            fen: amount.fen(),
            fate: Fate::Paid,
        };
        self.take(&paper).await.with_context(|| format!("the paper “{}”", paper.purpose))?;
        Ok(paper.made(self.world()).payouts[0])
    }

    /// The id of the list of students of 邢台.
    pub(super) fn aid_paper(&self) -> Uuid {
        self.world().seed.id("aid", 0, self.world().days[AID_DAY].opens)
    }

    /// The payout of the advance to the partner.
    pub(super) fn advance_payout(&self) -> Uuid {
        PAPERS[ADVANCE].made(self.world()).payouts[0]
    }

    /// The aid of 邢台扶困助学: one list of 1 978 students, three approvals, one payment file. Nothing is left.
    pub(super) async fn aid_of_xingtai(&self, day: usize) -> anyhow::Result<()> {
        if day != AID_DAY {
            return Ok(());
        }
        let campaign = self.world().xingtai().id;
        let at = self.world().days[day].opens;
        let id = self.aid_paper();
        let path = format!("/staff/disbursements/{id}");
        let author = self.officer_named("xingtai-organiser").await?;
        let mut state = match self.paper_state(id).await? {
            Some(state) => state,
            None => {
                let list = aid_list(self.world());
                let query = format!(
                    "id={id}&campaign={campaign}&line=a&purpose=秋季学期扶困助学金&write=true&despite_warnings=true"
                );
                let upload = format!("/staff/disbursement-batches?{query}");
                let answer = self.api().upload(&upload, Some(&author), list.into_bytes()).await?;
                let written = text(&answer["disbursement"]["state"]).to_owned();
                ensure!(!written.is_empty(), "the list of students was not taken: {}", answer["findings"]);
                written
            }
        };
        loop {
            let (word, step) = match state.as_str() {
                "draft" => {
                    let words = "受助学生名单已公示五个工作日，无异议。".to_owned();
                    self.attach_as(&author, &path, ("list", "list.txt"), words).await?;
                    ("xingtai-organiser", "submission")
                }
                "submitted" => ("manager", "approval"),
                "pm_approved" => ("finance", "approval"),
                "finance_approved" => ("chair", "approval"),
                "approved" => break,
                _ => return Ok(()),
            };
            let officer = self.officer_named(word).await?;
            let moved = self.api().post(&format!("{path}/{step}"), Some(&officer), &json!({})).await?;
            state = text(&moved["state"]).to_owned();
        }
        let today = BusinessDate::of(at);
        let payouts = self.payouts(id).await?;
        let lines = payouts.iter().map(|(payout, _)| json!({ "payout": payout, "paid": true, "on": today })).collect();
        self.names_are_cleared().await?;
        let file = self.world().seed.id("payment file", 1_000, at);
        let body = json!({ "id": file, "bank_account": House::Foundation.bank_account(), "disbursements": [id] });
        self.through_the_bank(House::Foundation, file, &body, lines).await
    }

    async fn take(&self, paper: &Paper) -> anyhow::Result<()> {
        let made = paper.made(self.world());
        let house = paper.campaign(self.world()).house;
        let organiser = self.officer_named(house.member(Role::Organiser)).await?;
        for (_, payee) in &made.payees {
            self.api().post("/staff/payees", Some(&organiser), payee).await?;
        }
        let mut state = match self.paper_state(made.id).await? {
            Some(state) => state,
            None => {
                text(&self.api().post("/staff/disbursements", Some(&organiser), &made.body).await?["state"]).to_owned()
            }
        };
        let path = format!("/staff/disbursements/{}", made.id);
        loop {
            let (role, step, body) = match (state.as_str(), paper.fate) {
                // A paper of the second round was refused before.
                ("draft", Fate::Refused(_)) if self.round(made.id).await? > 1 => return Ok(()),
                ("draft", _) => {
                    self.attach(&path, paper).await?;
                    (Role::Organiser, "submission", json!({}))
                }
                ("submitted", Fate::Waits) => return Ok(()),
                ("submitted", _) => (Role::ProjectManager, "approval", json!({})),
                ("pm_approved", Fate::Refused(reason)) => (Role::FinanceHead, "rejection", json!({ "reason": reason })),
                // In a small charity the second word is the chair's.
                ("pm_approved", _) if house == House::Wuan => (Role::Chair, "approval", json!({})),
                ("pm_approved", _) => (Role::FinanceHead, "approval", json!({})),
                ("finance_approved", _) => (Role::Chair, "approval", json!({})),
                ("approved", _) => return self.pay_out(paper, &made).await,
                _ => return Ok(()),
            };
            let officer = self.officer_named(house.member(role)).await?;
            let moved = self.api().post(&format!("{path}/{step}"), Some(&officer), &body).await?;
            state = text(&moved["state"]).to_owned();
        }
    }

    async fn paper_state(&self, id: Uuid) -> anyhow::Result<Option<String>> {
        let auditor = self.officer(Role::Auditor).await?;
        match self.api().get(&format!("/staff/disbursements/{id}"), Some(&auditor)).await {
            Ok(paper) => Ok(Some(text(&paper["state"]).to_owned())),
            Err(error) if error.code() == "no_such_disbursement" => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn round(&self, id: Uuid) -> anyhow::Result<i64> {
        let auditor = self.officer(Role::Auditor).await?;
        let paper = self.api().get(&format!("/staff/disbursements/{id}"), Some(&auditor)).await?;
        Ok(paper["round"].as_i64().unwrap_or_default())
    }

    /// A paper is handed in with what proves it.
    async fn attach(&self, path: &str, paper: &Paper) -> anyhow::Result<()> {
        let house = paper.campaign(self.world()).house;
        let organiser = self.officer_named(house.member(Role::Organiser)).await?;
        let list = format!("{}\n共{}笔，每笔{}元\n", paper.purpose, paper.many(), Money::from_fen(paper.fen));
        self.attach_as(&organiser, path, ("list", "list.txt"), list).await
    }

    /// Attaches a document of a kind, unless one of it is there.
    pub(super) async fn attach_as(
        &self,
        token: &str,
        path: &str,
        (kind, file_name): (&str, &str),
        words: String,
    ) -> anyhow::Result<()> {
        let attachments = format!("{path}/attachments");
        let there = self.api().get(&attachments, Some(token)).await?;
        let stands = there["items"].as_array().is_some_and(|items| items.iter().any(|item| item["kind"] == kind));
        if !stands {
            let upload = format!("{attachments}?kind={kind}&file_name={file_name}");
            self.api().upload(&upload, Some(token), words.into_bytes()).await?;
        }
        Ok(())
    }

    /// The cashier makes the file and hands it in, the bookkeeper says what the bank did.
    async fn pay_out(&self, paper: &Paper, made: &Made) -> anyhow::Result<()> {
        let (at, house) = (self.world().days[paper.day].opens, paper.campaign(self.world()).house);
        let id = |number: usize| self.world().seed.id("payment file", paper.number * 10 + number, at);
        let file = json!({ "id": id(0), "bank_account": house.bank_account(), "disbursements": [made.id] });
        self.names_are_cleared().await?;
        let comes_back = usize::from(paper.fate == Fate::BouncesOnce);
        let today = BusinessDate::of(at);
        let paid = |payout: &Uuid| json!({ "payout": payout, "paid": true, "on": today });
        let bounced =
            |payout: &Uuid| json!({ "payout": payout, "paid": false, "on": today, "reason": "收款账户户名不符" });
        let lines = made.payouts[..comes_back].iter().map(bounced).chain(made.payouts[comes_back..].iter().map(paid));
        if !self.payout_states(made.id).await?.iter().any(|state| matches!(state.as_str(), "bounced" | "retried")) {
            self.through_the_bank(house, id(0), &file, lines.collect()).await?;
        }
        if paper.fate != Fate::BouncesOnce {
            return Ok(());
        }
        let cashier = self.officer_named(house.member(Role::Cashier)).await?;
        let first = made.payouts[0];
        if self.payout_states(made.id).await?.first().is_some_and(|state| state == "bounced") {
            self.api().post(&format!("/staff/payouts/{first}/retry"), Some(&cashier), &json!({})).await?;
        }
        let payee = format!("/staff/payees/{}", made.payees[0].0);
        let number = account_number(paper.student(self.world(), 0), 1);
        let other = json!({ "number": number, "bank": "示例银行张家口分行" });
        self.api().put(&format!("{payee}/account"), Some(&cashier), &other).await?;
        let manager = self.officer_named(house.member(Role::ProjectManager)).await?;
        match self.api().post(&format!("{payee}/account-confirmation"), Some(&manager), &json!({})).await {
            // Confirmed before the world was stopped.
            Err(CallError::Refused { status: 409, .. }) | Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let file = json!({ "id": id(1), "bank_account": house.bank_account(), "payouts": [first] });
        self.through_the_bank(house, id(1), &file, vec![paid(&first)]).await
    }

    async fn through_the_bank(&self, house: House, id: Uuid, file: &Value, lines: Vec<Value>) -> anyhow::Result<()> {
        let cashier = self.officer_named(house.member(Role::Cashier)).await?;
        let made = self.api().post("/staff/payment-files", Some(&cashier), file).await?;
        let path = format!("/staff/payment-files/{id}");
        if made["state"] == "made" {
            self.api().post(&format!("{path}/sending"), Some(&cashier), &json!({})).await?;
        }
        let bookkeeper = self.officer_named(house.member(Role::Bookkeeper)).await?;
        self.api().post(&format!("{path}/results"), Some(&bookkeeper), &json!({ "lines": lines })).await?;
        Ok(())
    }

    async fn payout_states(&self, paper: Uuid) -> anyhow::Result<Vec<String>> {
        Ok(self.payouts(paper).await?.into_iter().map(|(_, state)| state).collect())
    }

    /// The payouts and where they stand, in the order of the paper.
    async fn payouts(&self, paper: Uuid) -> anyhow::Result<Vec<(String, String)>> {
        let auditor = self.officer(Role::Auditor).await?;
        let (mut payouts, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/staff/disbursements/{paper}/payouts?limit=100{after}");
            let page = self.api().get(&path, Some(&auditor)).await?;
            let items = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            payouts
                .extend(items.iter().map(|payout| (text(&payout["id"]).to_owned(), text(&payout["state"]).to_owned())));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(payouts),
            }
        }
    }
}

/// How many students 邢台 helps: the figure of the seed.
const STUDENTS: usize = 1_978;
const AID_DAY: usize = 37;
/// The districts, counties and cities of 邢台.
const COUNTIES: [&str; 18] = [
    "130502", "130503", "130505", "130506", "130522", "130523", "130524", "130525", "130528", "130529", "130530",
    "130531", "130532", "130533", "130534", "130535", "130581", "130582",
];

/// What each student gets, in fen: 1 800 yuan and up to a little more, by need, and 362.78万元 in all.
fn aid(world: &World) -> Vec<i64> {
    let need = |number| 180_000 + i64::try_from(world.seed.dice("need", number).below(68)).unwrap_or(0) * 100;
    let mut amounts: Vec<i64> = (0..STUDENTS).map(need).collect();
    let mut left = world.xingtai().target.fen() - amounts.iter().sum::<i64>();
    let step = if left < 0 { -100 } else { 100 };
    for number in (0..STUDENTS).cycle() {
        if left.abs() < 100 {
            amounts[number] += left;
            break;
        }
        amounts[number] += step;
        left -= step;
    }
    amounts
}

/// The list of students as a county would send it: the guardian receives for the child.
fn aid_list(world: &World) -> String {
    let mut list = String::from("收款人户名,收款人账号,开户银行,金额,受益人,关系,未成年人,行政区划代码\n");
    for (number, fen) in aid(world).into_iter().enumerate() {
        let mut dice = world.seed.dice("child", number);
        let (guardian, child) = (people::parent(number), people::name(&mut dice));
        let (amount, county) = (Money::from_fen(fen), dice.pick(&COUNTIES));
        list.push_str(&format!(
            "{guardian}（示例）,8888{number:012},示例银行邢台分行,{amount},{child}（示例）,监护人,是,{county}\n"
        ));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_students_share_exactly_what_was_raised() {
        for seed in ["sangzi", "another", "third"] {
            let amounts = aid(&World::new(seed, 200));
            assert_eq!((amounts.len(), amounts.iter().sum::<i64>()), (STUDENTS, 362_780_000));
            assert!(amounts.iter().all(|fen| (170_000..200_000).contains(fen)));
        }
    }
}
