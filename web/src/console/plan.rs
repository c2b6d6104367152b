//! The fundraising plan: read, written, held against the rules it must meet, and compared with another version.

use std::str::FromStr;

use app::problem::Problem;
use domain::campaign::Cause;
use domain::plan::{
    Beneficiaries, BudgetItem, BudgetKind, Cooperation, FEWEST_BENEFICIARIES, Method, Milestone, PartnerKind, Plan,
    Responsible, Terms, Way,
};
use domain::{BusinessDate, Money, Timestamp};
use maud::{Markup, html};

use crate::field::{Field, cell, ticks};
use crate::form::{Form, Typed};
use crate::part::{self, grouped};
use crate::words;

/// What a plan says, line by line: the section, what it is, and what it says.
pub(super) fn lines(plan: &Plan) -> Vec<(&'static str, String)> {
    let terms = &plan.terms;
    let joined = |words: Vec<&str>| words.join("、");
    let budget = terms.budget.iter().map(|line| {
        let note = if line.note.is_empty() { String::new() } else { format!("（{}）", line.note) };
        format!("{} {} {} {}元{note}", line.code, line.name, words::budget_kind(line.kind), grouped(line.planned))
    });
    let milestones = terms.milestones.iter().map(|step| format!("{} {} {}", step.code, step.name, step.due));
    let minute = |at: domain::Timestamp| at.wall().chars().take(16).collect::<String>();
    vec![
        ("项目名称", plan.name.clone()),
        ("项目说明", plan.summary.clone()),
        ("筹款目标", format!("{}元", grouped(plan.target))),
        ("超出目标", if plan.over_target { terms.over_target_rule.clone() } else { "不接受超出目标的捐赠".to_owned() }),
        ("募捐期限", format!("{} 至 {}", minute(plan.starts), minute(plan.ends))),
        ("类别", words::cause(terms.cause).to_owned()),
        ("募捐目的", terms.purpose.clone()),
        ("活动地域", terms.area.clone()),
        ("募捐方式", joined(terms.methods.iter().map(|one| words::method(*one)).collect())),
        ("异地募捐", if terms.offsite { terms.offsite_filing.clone().unwrap_or_default() } else { "无".to_owned() }),
        ("负责人", terms.responsible.name.clone()),
        ("办公地址", terms.responsible.office_address.clone()),
        ("联系方式", terms.responsible.contact.clone()),
        ("捐赠途径", joined(terms.ways.iter().map(|one| words::way(*one)).collect())),
        ("收款账户", terms.bank_account.clone()),
        ("受益人范围", terms.beneficiaries.scope.clone()),
        ("预计人数", terms.beneficiaries.expected.to_string()),
        ("确定方式", terms.beneficiaries.selection.clone()),
        ("款物用途", terms.usage.clone()),
        ("预算", budget.collect::<Vec<_>>().join("\n")),
        ("里程碑", milestones.collect::<Vec<_>>().join("\n")),
        ("剩余财产", terms.leftover.clone()),
        (
            "合作方",
            terms
                .cooperation
                .as_ref()
                .map(|with| format!("{}（{}）", with.name, words::partner_kind(with.kind)))
                .unwrap_or_default(),
        ),
        ("应急募捐", if terms.emergency { "是，备案前先行开展" } else { "否" }.to_owned()),
        ("项目编号", terms.project_number.clone().unwrap_or_default()),
        ("其他说明", terms.remarks.clone().unwrap_or_default()),
    ]
}

/// A plan as it is read.
pub(super) fn show(plan: &Plan) -> Markup {
    html! {
        dl class="plan" {
            @for (name, text) in lines(plan) {
                @if !text.is_empty() { div { dt { (name) } dd { (part::lines(&text)) } } }
            }
        }
    }
}

/// Two versions beside each other: only what differs.
pub(super) fn compare(old: &Plan, new: &Plan) -> Markup {
    let differ: Vec<_> = lines(old).into_iter().zip(lines(new)).filter(|(old, new)| old != new).collect();
    html! {
        @if differ.is_empty() { (part::nothing_here("两个版本没有差别。")) }
        @else {
            div class="scroll" tabindex="0" role="region" aria-label="变更前后对照" {
                table {
                    thead { tr { th scope="col" { "项" } th scope="col" { "变更前" } th scope="col" { "变更后" } } }
                    tbody {
                        @for ((name, old), (_, new)) in &differ {
                            tr { th scope="row" { (name) } td class="old" { (part::lines(old)) } td class="new" { (part::lines(new)) } }
                        }
                    }
                }
            }
        }
    }
}

/// A rule a plan must meet: which fields it is about, and what it says.
struct Rule {
    fields: &'static [&'static str],
    says: &'static str,
}

/// What the law and the house want (facts: charity 2.1 Art. 24, 2.4, 6.6). Whether it is met is said by `Plan::check`.
const RULES: [Rule; 9] = [
    Rule { fields: &["name", "summary"], says: "名称2至60字，说明完整（《慈善法》第24条）" },
    Rule { fields: &["target", "ends_at"], says: "目标大于零，起止时间有先后" },
    Rule { fields: &["purpose", "usage"], says: "写明募捐目的和款物用途" },
    Rule {
        fields: &["area", "methods", "ways", "offsite_filing", "bank_account"],
        says: "写明地域、方式、捐赠途径和收款账户",
    },
    Rule { fields: &["responsible"], says: "写明负责人、办公地址和联系方式" },
    Rule { fields: &["beneficiaries"], says: "受益人为不特定群体，有范围、人数和确定方式" },
    Rule { fields: &["budget"], says: "预算分项列明，合计等于筹款目标" },
    Rule { fields: &["over_target_rule", "leftover"], says: "写明超出目标和剩余财产的处理" },
    Rule {
        fields: &["cooperation", "project_number", "milestones"], says: "合作方、项目编号、里程碑填写规范"
    },
];

/// The rules, and which of them the plan does not meet yet and why.
pub(super) fn rules(plan: &Plan, starts_after: Option<Timestamp>) -> Markup {
    let problems = plan.check();
    let about = |rule: &Rule, field: &str| {
        rule.fields
            .iter()
            .any(|name| field == *name || field.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', '['])))
    };
    html! {
        ul class="rules" {
            @for rule in &RULES {
                @let broken: Vec<_> = problems.iter().filter(|problem| about(rule, &problem.field)).collect();
                li class={ @if broken.is_empty() { "met" } @else { "unmet" } } {
                    span class="unseen" { @if broken.is_empty() { "符合：" } @else { "不符合：" } }
                    (rule.says)
                    @if !broken.is_empty() { ul { @for problem in broken { li class="fault" { (problem.problem) } } } }
                }
            }
            @if let Some(now) = starts_after {
                @let starts = BusinessDate::of(plan.starts);
                // No rule of the law: whoever approves may let it stand, and gifts are taken from the opening on.
                @if starts < BusinessDate::of(now) {
                    li class="mind" {
                        span class="unseen" { "请注意：" }
                        "募捐开始日期已经过去"
                        p class="faint" { "方案写的是" (starts) "。不影响审批；备案完成、开放募捐之后才收捐款。要与实际相符的，请改期后再提交。" }
                    }
                } @else {
                    li class="met" { span class="unseen" { "符合：" } "募捐开始日期没有过去" }
                }
            }
        }
        p class="faint" { "特定个人的募捐不在此开展：预计受益人不少于" (FEWEST_BENEFICIARIES) "人。" }
    }
}

/// How many empty lines a form offers beyond those that are filled.
const SPARE: usize = 3;

/// A plan as the fields of a form.
pub(super) fn to_form(plan: &Plan) -> Form {
    let terms = &plan.terms;
    let moment = |at: domain::Timestamp| at.wall().chars().take(16).collect::<String>().replace(' ', "T");
    let yes = |is: bool| if is { "yes" } else { "" }.to_owned();
    let mut fields: Vec<(String, String)> = vec![
        ("name".into(), plan.name.clone()),
        ("summary".into(), plan.summary.clone()),
        ("target".into(), plan.target.to_string()),
        ("over_target".into(), yes(plan.over_target)),
        ("over_target_rule".into(), terms.over_target_rule.clone()),
        ("starts_at".into(), moment(plan.starts)),
        ("ends_at".into(), moment(plan.ends)),
        ("cause".into(), words::key(terms.cause)),
        ("purpose".into(), terms.purpose.clone()),
        ("area".into(), terms.area.clone()),
        ("offsite".into(), yes(terms.offsite)),
        ("offsite_filing".into(), terms.offsite_filing.clone().unwrap_or_default()),
        ("responsible.name".into(), terms.responsible.name.clone()),
        ("responsible.office_address".into(), terms.responsible.office_address.clone()),
        ("responsible.contact".into(), terms.responsible.contact.clone()),
        ("bank_account".into(), terms.bank_account.clone()),
        ("beneficiaries.scope".into(), terms.beneficiaries.scope.clone()),
        ("beneficiaries.expected".into(), terms.beneficiaries.expected.to_string()),
        ("beneficiaries.selection".into(), terms.beneficiaries.selection.clone()),
        ("usage".into(), terms.usage.clone()),
        ("leftover".into(), terms.leftover.clone()),
        ("cooperation.kind".into(), terms.cooperation.as_ref().map(|with| words::key(with.kind)).unwrap_or_default()),
        ("cooperation.name".into(), terms.cooperation.as_ref().map(|with| with.name.clone()).unwrap_or_default()),
        ("emergency".into(), yes(terms.emergency)),
        ("project_number".into(), terms.project_number.clone().unwrap_or_default()),
        ("remarks".into(), terms.remarks.clone().unwrap_or_default()),
    ];
    fields.extend(terms.methods.iter().map(|one| ("methods".to_owned(), words::key(*one))));
    fields.extend(terms.ways.iter().map(|one| ("ways".to_owned(), words::key(*one))));
    for line in &terms.budget {
        fields.extend([
            ("budget_code".to_owned(), line.code.clone()),
            ("budget_name".to_owned(), line.name.clone()),
            ("budget_kind".to_owned(), words::key(line.kind)),
            ("budget_planned".to_owned(), line.planned.to_string()),
            ("budget_note".to_owned(), line.note.clone()),
        ]);
    }
    for step in &terms.milestones {
        fields.extend([
            ("milestone_code".to_owned(), step.code.clone()),
            ("milestone_name".to_owned(), step.name.clone()),
            ("milestone_due".to_owned(), step.due.to_string()),
        ]);
    }
    Form::of(fields)
}

/// When a draft may not leave it out any more.
const BEFORE_REVIEW: &str = "提交审核前必填";

/// The fields of a plan.
pub(super) fn fields(typed: &Typed) -> Markup {
    let causes = crate::field::options(words::all(words::cause));
    let partners = words::all::<PartnerKind>(words::partner_kind);
    let mut with = vec![(String::new(), "没有合作方".to_owned())];
    with.extend(partners);
    let fewest = format!("不得为特定个人募捐：不少于{FEWEST_BENEFICIARIES}人。");
    html! {
        fieldset {
            legend { "名称、目标与期限" }
            (Field::text(typed, "name", "项目名称").required().longest(60))
            (Field::area(typed, "summary", "项目说明").longest(2000).needed(BEFORE_REVIEW))
            div class="fields" {
                (Field::money(typed, "target", "筹款目标（元）").required())
                (Field::moment(typed, "starts_at", "开始时间").required())
                (Field::moment(typed, "ends_at", "结束时间").required())
                (Field::choice(typed, "cause", "类别", &causes).required())
            }
            (Field::tick(typed, "over_target", "达到目标后继续接受捐赠"))
            (Field::area(typed, "over_target_rule", "超出目标部分的处理").longest(500).needed("继续接受捐赠时必填"))
        }
        fieldset {
            legend { "目的、地域与方式" }
            (Field::area(typed, "purpose", "募捐目的").longest(500).needed(BEFORE_REVIEW))
            (Field::area(typed, "usage", "募得款物用途").longest(1000).needed(BEFORE_REVIEW))
            (Field::text(typed, "area", "活动地域").longest(100).needed(BEFORE_REVIEW))
            (ticks(typed, "methods", "募捐方式（提交审核前必选）", &words::all(words::method)))
            (ticks(typed, "ways", "捐赠途径（提交审核前必选）", &words::all(words::way)))
            (Field::text(typed, "bank_account", "收款银行账户简称").longest(40).needed(BEFORE_REVIEW))
            (Field::tick(typed, "offsite", "在登记地以外设置募捐箱或举办活动"))
            (Field::text(typed, "offsite_filing", "异地备案情况").longest(200).needed("在登记地以外开展时必填"))
        }
        fieldset {
            legend { "负责人" }
            div class="fields" {
                (Field::text(typed, "responsible.name", "负责人").longest(40).needed(BEFORE_REVIEW))
                (Field::text(typed, "responsible.office_address", "办公地址").longest(200).needed(BEFORE_REVIEW))
                (Field::text(typed, "responsible.contact", "联系方式").longest(100).needed(BEFORE_REVIEW))
            }
        }
        fieldset {
            legend { "受益人" }
            (Field::text(typed, "beneficiaries.scope", "受益人范围").longest(200).needed(BEFORE_REVIEW))
            (Field::number(typed, "beneficiaries.expected", "预计人数").needed(BEFORE_REVIEW).hint(&fewest))
            (Field::text(typed, "beneficiaries.selection", "确定方式").longest(200).needed(BEFORE_REVIEW))
        }
        fieldset {
            legend { "预算" }
            p class="hint" { "提交审核前至少填一项，各项合计须等于筹款目标；代码用小写字母、数字或连字符，不能重复。不用的行留空即可；保存后会再多出几行。" }
            @if let Some(fault) = typed.fault("budget") { p class="fault" { (fault) } }
            (budget(typed.form()))
        }
        fieldset {
            legend { "里程碑" }
            p class="hint" { "没有的留空；填了的行，代码、名称和期限都要写，代码用小写字母、数字或连字符。" }
            @if let Some(fault) = typed.fault("milestones") { p class="fault" { (fault) } }
            (milestones(typed.form()))
        }
        fieldset {
            legend { "其他" }
            (Field::area(typed, "leftover", "剩余财产的处理").longest(800).needed(BEFORE_REVIEW))
            div class="fields" {
                (Field::choice(typed, "cooperation.kind", "合作方", &with))
                (Field::text(typed, "cooperation.name", "合作方名称").longest(100).needed("有合作方时必填"))
                (Field::text(typed, "project_number", "慈善项目编号").longest(40).hint("统一社会信用代码 + P + 两位年份 + 四位序号"))
            }
            (Field::tick(typed, "emergency", "应对突发事件，备案前先行开展").hint("只适用于类别为救灾的项目。"))
            (Field::area(typed, "remarks", "其他需要说明的情况").longest(800))
        }
    }
}

fn budget(form: &Form) -> Markup {
    let column = |name: &str| form.all(name).map(str::to_owned).collect::<Vec<_>>();
    let (codes, names, kinds) = (column("budget_code"), column("budget_name"), column("budget_kind"));
    let (planned, notes) = (column("budget_planned"), column("budget_note"));
    let filled = codes.iter().filter(|code| !code.is_empty()).count();
    let options = crate::field::options(words::all(words::budget_kind));
    let at = |column: &[String], row: usize| column.get(row).cloned().unwrap_or_default();
    html! {
        div class="rows" {
            @for row in 0..(filled + SPARE).max(codes.len()) {
                @let label = |what: &str| format!("第{}项预算的{what}", row + 1);
                div class="row" {
                    (cell("代码", &html! { input name="budget_code" value=(at(&codes, row)) placeholder="代码" aria-label=(label("代码")) maxlength="20" size="6"; }))
                    (cell("名称", &html! { input name="budget_name" value=(at(&names, row)) placeholder="名称" aria-label=(label("名称")) maxlength="60"; }))
                    (cell("类别", &html! { select name="budget_kind" aria-label=(label("类别")) {
                        @for (key, word) in &options { option value=(key) selected[*key == at(&kinds, row)] { (word) } }
                    } }))
                    (cell("金额", &html! { input name="budget_planned" value=(at(&planned, row)) placeholder="金额" inputmode="decimal" aria-label=(label("金额")) size="10"; }))
                    (cell("说明", &html! { input name="budget_note" value=(at(&notes, row)) placeholder="说明" aria-label=(label("说明")) maxlength="800"; }))
                }
            }
        }
    }
}

fn milestones(form: &Form) -> Markup {
    let column = |name: &str| form.all(name).map(str::to_owned).collect::<Vec<_>>();
    let (codes, names, dues) = (column("milestone_code"), column("milestone_name"), column("milestone_due"));
    let filled = codes.iter().filter(|code| !code.is_empty()).count();
    let at = |column: &[String], row: usize| column.get(row).cloned().unwrap_or_default();
    html! {
        div class="rows" {
            @for row in 0..(filled + SPARE).max(codes.len()) {
                @let label = |what: &str| format!("第{}个里程碑的{what}", row + 1);
                div class="row" {
                    (cell("代码", &html! { input name="milestone_code" value=(at(&codes, row)) placeholder="代码" aria-label=(label("代码")) maxlength="20" size="6"; }))
                    (cell("名称", &html! { input name="milestone_name" value=(at(&names, row)) placeholder="名称" aria-label=(label("名称")) maxlength="100"; }))
                    (cell("期限", &html! { input type="date" name="milestone_due" value=(at(&dues, row)) aria-label=(label("期限")); }))
                }
            }
        }
    }
}

/// Reads a plan. What is missing is no fault of a draft; what cannot be read is.
pub(super) fn read(form: &Form) -> Result<Plan, Problem> {
    let mut check = form.check();
    let name = check.text("name");
    let target = check.money("target");
    let (starts, ends) = (check.moment("starts_at"), check.moment("ends_at"));
    let cause = check.choice::<words::Key<Cause>>("cause");
    let expected =
        if form.given("beneficiaries.expected").is_some() { check.number("beneficiaries.expected") } else { Some(0) };
    let (budget, milestones) = (budget_of(form), milestones_of(form));
    if let Err(fault) = &budget {
        check.say("budget", fault);
    }
    if let Err(fault) = &milestones {
        check.say("milestones", fault);
    }
    check.done()?;
    let text = |name: &str| form.get(name).to_owned();
    let missing = || Problem::field("starts_at", "请填写时间");
    let cooperation = form.get("cooperation.kind").parse::<words::Key<PartnerKind>>().ok();
    Ok(Plan {
        name,
        summary: text("summary"),
        target,
        over_target: form.ticked("over_target"),
        starts: starts.ok_or_else(missing)?,
        ends: ends.ok_or_else(missing)?,
        terms: Terms {
            cause: cause.map_or(Cause::Other, |key| key.0),
            purpose: text("purpose"),
            area: text("area"),
            methods: chosen::<Method>(form, "methods"),
            offsite: form.ticked("offsite"),
            offsite_filing: form.given("offsite_filing").map(str::to_owned),
            responsible: Responsible {
                name: text("responsible.name"),
                office_address: text("responsible.office_address"),
                contact: text("responsible.contact"),
            },
            ways: chosen::<Way>(form, "ways"),
            bank_account: text("bank_account"),
            beneficiaries: Beneficiaries {
                scope: text("beneficiaries.scope"),
                expected: expected.unwrap_or_default(),
                selection: text("beneficiaries.selection"),
            },
            usage: text("usage"),
            budget: budget.unwrap_or_default(),
            over_target_rule: text("over_target_rule"),
            leftover: text("leftover"),
            cooperation: cooperation.map(|kind| Cooperation { kind: kind.0, name: text("cooperation.name") }),
            emergency: form.ticked("emergency"),
            milestones: milestones.unwrap_or_default(),
            project_number: form.given("project_number").map(str::to_owned),
            remarks: form.given("remarks").map(str::to_owned),
        },
    })
}

fn chosen<T>(form: &Form, name: &str) -> Vec<T>
where
    words::Key<T>: FromStr,
{
    form.all(name).filter_map(|one| one.parse::<words::Key<T>>().ok()).map(|key| key.0).collect()
}

/// The lines of the budget that have a code or a name.
fn budget_of(form: &Form) -> Result<Vec<BudgetItem>, String> {
    let column = |name: &str| form.all(name).collect::<Vec<_>>();
    let (codes, names, kinds) = (column("budget_code"), column("budget_name"), column("budget_kind"));
    let (planned, notes) = (column("budget_planned"), column("budget_note"));
    let mut lines = Vec::new();
    for (row, code) in codes.iter().enumerate() {
        let at = |column: &[&str]| column.get(row).copied().unwrap_or_default().to_owned();
        let (name, amount) = (at(&names), at(&planned).replace([',', '，'], ""));
        if code.is_empty() && name.is_empty() && amount.is_empty() {
            continue;
        }
        let which = row + 1;
        let kind: words::Key<BudgetKind> = at(&kinds).parse().map_err(|_| format!("请选择第{which}项预算的类别"))?;
        let planned: Money = amount.parse().map_err(|_| format!("第{which}项预算的金额写法如 1200.50"))?;
        lines.push(BudgetItem { code: (*code).to_owned(), name, kind: kind.0, planned, note: at(&notes) });
    }
    Ok(lines)
}

fn milestones_of(form: &Form) -> Result<Vec<Milestone>, String> {
    let column = |name: &str| form.all(name).collect::<Vec<_>>();
    let (codes, names, dues) = (column("milestone_code"), column("milestone_name"), column("milestone_due"));
    let mut steps = Vec::new();
    for (row, code) in codes.iter().enumerate() {
        let at = |column: &[&str]| column.get(row).copied().unwrap_or_default().to_owned();
        if code.is_empty() && at(&names).is_empty() && at(&dues).is_empty() {
            continue;
        }
        let due: BusinessDate = at(&dues).parse().map_err(|_| format!("请填写第{}个里程碑的期限", row + 1))?;
        steps.push(Milestone { code: (*code).to_owned(), name: at(&names), due });
    }
    Ok(steps)
}
