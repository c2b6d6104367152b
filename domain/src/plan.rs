//! The fundraising plan (募捐方案): a typed record with everything that the law wants written down before money is asked for
//! (facts: charity 2.1 Art. 24, 2.4). A plan is a whole: once it is in force another one takes its place, and the old one stays
//! readable.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use crate::campaign::Cause;
use crate::{BusinessDate, Money, Timestamp};

/// Below so many beneficiaries a campaign is for named persons, and that we do not offer (facts: charity 6.6).
pub const FEWEST_BENEFICIARIES: i64 = 3;

/// With fewer points of a hundred the evaluation of a partner failed: no money is raised with them, and none goes to them ahead. The law asks
/// that a partner is evaluated (facts: charity 2.1 Art. 26) and leaves the measure to the charity; this is ours.
pub const PASSING_SCORE: i64 = 60;

/// A way money is asked for (facts: charity 2.1 Art. 23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// 互联网.
    Internet,
    /// 媒体.
    Media,
    /// 募捐箱.
    Boxes,
    /// 义演、义赛、义卖 and the like.
    Events,
    /// 其他.
    Other,
}

/// A way to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// 微信支付.
    Wechat,
    /// 银行转账.
    Bank,
    /// 现金.
    Cash,
    /// 物资.
    Goods,
}

/// Which of the four budget lines of the filing form (facts: charity 2.4, a to d).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, sea_orm::DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum BudgetKind {
    /// a: grants to beneficiaries, direct or through others.
    Grant,
    /// b: staff and related cost of the service.
    Service,
    /// c: management cost.
    Management,
    /// d: 募捐成本.
    Fundraising,
}

/// A line of the budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetItem {
    /// Its short name within the campaign, for ever.
    pub code: String,
    /// What it is.
    pub name: String,
    /// Of which kind.
    pub kind: BudgetKind,
    /// How much.
    pub planned: Money,
    /// In words, as the filing form wants it.
    pub note: String,
}

/// Who answers for the campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responsible {
    /// 负责人.
    pub name: String,
    /// 办公地址.
    pub office_address: String,
    /// 联系方式, an office's.
    pub contact: String,
}

/// Whom the money is for: a group, never one named person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beneficiaries {
    /// 受益人范围.
    pub scope: String,
    /// 预计人数.
    pub expected: i64,
    /// 确定方式.
    pub selection: String,
}

/// Of which kind a partner is (facts: charity 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, sea_orm::DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum PartnerKind {
    /// 不具有公开募捐资格的组织.
    Organisation,
    /// 个人.
    Individual,
}

/// With whom money is raised (facts: charity 2.1 Art. 26).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cooperation {
    /// Of which kind the partner is.
    pub kind: PartnerKind,
    /// 合作方名称.
    pub name: String,
}

/// A step of the project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    /// Its short name within the campaign.
    pub code: String,
    /// What will be reached.
    pub name: String,
    /// By when.
    pub due: BusinessDate,
}

/// A fundraising plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// 募捐活动名称.
    pub name: String,
    /// For everybody to read.
    pub summary: String,
    /// What is to be raised.
    pub target: Money,
    /// Whether gifts are welcome beyond the target.
    pub over_target: bool,
    /// First moment.
    pub starts: Timestamp,
    /// Last moment.
    pub ends: Timestamp,
    /// What the law wants besides.
    pub terms: Terms,
}

/// A section of a plan, as reviewers speak of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Section {
    /// 名称、说明、目标、期限.
    Head,
    /// 募捐目的与用途.
    Purpose,
    /// 地域与方式.
    Area,
    /// 负责人与联系方式.
    Responsible,
    /// 捐赠途径与银行账户.
    Ways,
    /// 受益人.
    Beneficiaries,
    /// 预算.
    Budget,
    /// 剩余财产.
    Leftover,
    /// 合作方.
    Cooperation,
    /// 里程碑.
    Milestones,
    /// 其他.
    Remarks,
}

/// The part of a plan that is not also a part of its page's head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Of which kind the purpose is.
    pub cause: Cause,
    /// 募捐目的.
    pub purpose: String,
    /// 活动地域.
    pub area: String,
    /// How money is asked for.
    pub methods: Vec<Method>,
    /// Whether boxes or events are used outside the area of registration, and the filing there (facts: charity 2.1 Art. 23).
    pub offsite: bool,
    /// 异地备案情况.
    pub offsite_filing: Option<String>,
    /// Who answers for it.
    pub responsible: Responsible,
    /// Ways to give.
    pub ways: Vec<Way>,
    /// Our short name of the charity's account that gifts by bank reach.
    pub bank_account: String,
    /// Whom it is for.
    pub beneficiaries: Beneficiaries,
    /// 募得款物用途.
    pub usage: String,
    /// The budget; its lines add up to the target.
    pub budget: Vec<BudgetItem>,
    /// What happens with what comes beyond the target.
    pub over_target_rule: String,
    /// 剩余财产的处理.
    pub leftover: String,
    /// With whom.
    pub cooperation: Option<Cooperation>,
    /// Whether it answers a disaster and may open before it is filed (facts: charity 2.1 Art. 73).
    pub emergency: bool,
    /// The steps of the project.
    pub milestones: Vec<Milestone>,
    /// The number of the charity project on 慈善中国, if it has one.
    pub project_number: Option<String>,
    /// 其他需要说明的情况.
    pub remarks: Option<String>,
}

impl Default for Terms {
    /// Nothing written down yet.
    fn default() -> Terms {
        Terms {
            cause: Cause::Other,
            purpose: String::new(),
            area: String::new(),
            methods: Vec::new(),
            offsite: false,
            offsite_filing: None,
            responsible: Responsible::default(),
            ways: Vec::new(),
            bank_account: String::new(),
            beneficiaries: Beneficiaries::default(),
            usage: String::new(),
            budget: Vec::new(),
            over_target_rule: String::new(),
            leftover: String::new(),
            cooperation: None,
            emergency: false,
            milestones: Vec::new(),
            project_number: None,
            remarks: None,
        }
    }
}

/// What is wrong with a field, for the person who filled it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which field, as the wire names it.
    pub field: String,
    /// In Chinese.
    pub problem: String,
}

/// Where the problems are gathered.
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.0.push(Problem { field: field.into(), problem: problem.into() });
    }

    fn unless(&mut self, right: bool, field: impl Into<String>, problem: &str) {
        if !right {
            self.add(field, problem);
        }
    }

    /// A text that has to be there and may not be longer than so many signs.
    fn text(&mut self, text: &str, longest: usize, field: impl Into<String>, what: &str) {
        let length = text.trim().chars().count();
        if length == 0 {
            self.add(field, format!("请填写{what}"));
        } else if length > longest {
            self.add(field, format!("{what}最多{longest}字"));
        }
    }
}

impl Plan {
    /// Everything that keeps this plan from being handed in, at once; nothing if it is complete.
    pub fn check(&self) -> Vec<Problem> {
        let mut found = Problems(Vec::new());
        let terms = &self.terms;
        found.unless((2..=60).contains(&self.name.trim().chars().count()), "name", "项目名称为2至60个字");
        found.text(&self.summary, 2000, "summary", "项目说明");
        found.unless(self.target.is_positive(), "target", "筹款目标必须大于零");
        found.unless(self.starts < self.ends, "ends_at", "结束时间必须晚于开始时间");
        found.text(&terms.purpose, 500, "purpose", "募捐目的");
        found.text(&terms.area, 100, "area", "募捐活动地域");
        found.unless(!terms.methods.is_empty(), "methods", "请选择募捐方式");
        found.unless(!terms.ways.is_empty(), "ways", "请选择捐赠方式");
        if terms.offsite {
            found.text(terms.offsite_filing.as_deref().unwrap_or_default(), 200, "offsite_filing", "异地备案情况");
        }
        found.text(&terms.responsible.name, 40, "responsible.name", "负责人");
        found.text(&terms.responsible.office_address, 200, "responsible.office_address", "办公地址");
        found.text(&terms.responsible.contact, 100, "responsible.contact", "联系方式");
        found.text(&terms.bank_account, 40, "bank_account", "收款银行账户简称");
        found.text(&terms.usage, 1000, "usage", "募得款物用途");
        found.text(&terms.leftover, 800, "leftover", "剩余财产处理方式");
        if self.over_target {
            found.text(&terms.over_target_rule, 500, "over_target_rule", "超出目标部分的处理方式");
        }
        if let Some(cooperation) = &terms.cooperation {
            found.text(&cooperation.name, 100, "cooperation.name", "合作方名称");
        }
        if let Some(number) = &terms.project_number {
            let fits = number.parse::<crate::filing::ProjectNumber>().is_ok();
            found.unless(fits, "project_number", "慈善项目编号的格式不正确");
        }
        // Only what answers a disaster may open before it is filed (facts: charity 2.1 Art. 73).
        let urgent = !terms.emergency || terms.cause == Cause::Disaster;
        found.unless(urgent, "emergency", "应急募捐只适用于应对重大突发事件的救灾项目");
        self.check_beneficiaries(&mut found);
        self.check_budget(&mut found);
        self.check_milestones(&mut found);
        found.0
    }

    /// Groups with criteria, and not too few (facts: charity 6.6).
    fn check_beneficiaries(&self, found: &mut Problems) {
        let whom = &self.terms.beneficiaries;
        found.text(&whom.scope, 200, "beneficiaries.scope", "受益人范围");
        found.text(&whom.selection, 200, "beneficiaries.selection", "受益人确定方式");
        if whom.expected < FEWEST_BENEFICIARIES {
            let problem =
                format!("不得为特定个人募捐：受益人须为符合条件的群体，预计人数不少于{FEWEST_BENEFICIARIES}人");
            found.add("beneficiaries.expected", problem);
        }
        found.unless(whom.expected <= 100_000_000, "beneficiaries.expected", "受益人预计人数过大");
    }

    fn check_budget(&self, found: &mut Problems) {
        let lines = &self.terms.budget;
        found.unless((1..=40).contains(&lines.len()), "budget", "请填写预算，最多40项");
        for (at, line) in lines.iter().enumerate() {
            let field = |name: &str| format!("budget[{at}].{name}");
            found.unless(is_code(&line.code), field("code"), "预算项代码为1至20个小写字母、数字或连字符");
            let first = lines.iter().position(|other| other.code == line.code) == Some(at);
            found.unless(first, field("code"), "预算项代码重复");
            found.text(&line.name, 60, field("name"), "预算项名称");
            found.unless(line.planned >= Money::ZERO, field("planned"), "预算金额不能为负数");
            // The form gives the fundraising cost more room than the others.
            let longest = if line.kind == BudgetKind::Fundraising { 800 } else { 500 };
            found.unless(line.note.chars().count() <= longest, field("note"), "预算说明过长");
        }
        let total = Money::checked_sum(lines.iter().map(|line| line.planned));
        found.unless(total == Some(self.target), "budget", "预算合计必须等于筹款目标");
    }

    fn check_milestones(&self, found: &mut Problems) {
        let steps = &self.terms.milestones;
        found.unless(steps.len() <= 40, "milestones", "里程碑最多40项");
        for (at, step) in steps.iter().enumerate() {
            let field = |name: &str| format!("milestones[{at}].{name}");
            found.unless(is_code(&step.code), field("code"), "里程碑代码为1至20个小写字母、数字或连字符");
            let first = steps.iter().position(|other| other.code == step.code) == Some(at);
            found.unless(first, field("code"), "里程碑代码重复");
            found.text(&step.name, 100, field("name"), "里程碑名称");
        }
    }
}

fn is_code(code: &str) -> bool {
    let plain = |sign: u8| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == b'-';
    (1..=20).contains(&code.len()) && code.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan() -> Plan {
        let line = |code: &str, kind, yuan: i64| BudgetItem {
            code: code.into(),
            name: "助学金".into(),
            kind,
            planned: Money::from_fen(yuan * 100),
            note: String::new(),
        };
        Plan {
            name: "示例助学".into(),
            summary: "资助困难学生".into(),
            target: Money::from_fen(100_000),
            over_target: false,
            starts: Timestamp::from_seconds(10),
            ends: Timestamp::from_seconds(20),
            terms: Terms {
                cause: Cause::Education,
                purpose: "助学".into(),
                area: "河北省".into(),
                methods: vec![Method::Internet],
                offsite: false,
                offsite_filing: None,
                responsible: Responsible {
                    name: "示例甲".into(),
                    office_address: "示例路1号".into(),
                    contact: "0311-00000000".into(),
                },
                ways: vec![Way::Wechat],
                bank_account: "基本户".into(),
                beneficiaries: Beneficiaries { scope: "学生".into(), expected: 3, selection: "申请评审".into() },
                usage: "发放助学金".into(),
                budget: vec![line("a", BudgetKind::Grant, 970), line("d", BudgetKind::Fundraising, 30)],
                over_target_rule: String::new(),
                leftover: "用于同类项目".into(),
                cooperation: None,
                emergency: false,
                milestones: Vec::new(),
                project_number: None,
                remarks: None,
            },
        }
    }

    fn fields(plan: &Plan) -> Vec<String> {
        plan.check().into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn a_complete_plan_has_no_problem() {
        assert_eq!(plan().check(), []);
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let mut wrong = plan();
        wrong.name.clear();
        wrong.target = Money::ZERO;
        wrong.over_target = true;
        wrong.terms.beneficiaries.expected = 1;
        wrong.terms.budget[1].code = "a".into();
        wrong.terms.project_number = Some("P26".into());
        let expected = [
            "name",
            "target",
            "over_target_rule",
            "project_number",
            "beneficiaries.expected",
            "budget[1].code",
            "budget",
        ];
        assert_eq!(fields(&wrong), expected);
    }

    #[test]
    fn one_named_person_is_refused() {
        for few in [-1, 0, 1, 2] {
            let mut wrong = plan();
            wrong.terms.beneficiaries.expected = few;
            assert_eq!(fields(&wrong), ["beneficiaries.expected"]);
        }
    }

    #[test]
    fn only_a_disaster_may_open_before_it_is_filed() {
        let mut wrong = plan();
        wrong.terms.emergency = true;
        assert_eq!(fields(&wrong), ["emergency"]);
        wrong.terms.cause = Cause::Disaster;
        assert_eq!(fields(&wrong), [""; 0]);
    }

    proptest! {
        #[test]
        fn a_budget_of_any_other_sum_is_refused(fen in proptest::collection::vec(0_i64..1_000_000, 1..6), target in 1_i64..5_000_000) {
            let mut plan = plan();
            plan.target = Money::from_fen(target);
            plan.terms.budget = fen.iter().enumerate().map(|(at, fen)| BudgetItem {
                code: at.to_string(), name: "项".into(), kind: BudgetKind::Grant, planned: Money::from_fen(*fen), note: String::new(),
            }).collect();
            prop_assert_eq!(plan.check().is_empty(), fen.iter().sum::<i64>() == target);
        }
    }

    #[test]
    fn what_is_written_down_is_read_again() {
        let json = serde_json::to_string(&plan()).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan());
    }
}
