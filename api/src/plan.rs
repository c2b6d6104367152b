//! The fundraising plan on the wire: what organisers write down and everybody may read.

use domain::plan as rules;
use poem_openapi::Object;
use uuid::Uuid;

use crate::campaign::Cause;
use crate::wire::{Day, Instant, Text, Yuan, said, wire_enum};

wire_enum! {
    /// A way money is asked for.
    FundraisingMethod = rules::Method { Internet, Media, Boxes, Events, Other }
}

wire_enum! {
    /// A way to give.
    GivingWay = rules::Way { Wechat, Bank, Cash, Goods }
}

wire_enum! {
    /// Which of the four budget lines of the filing form.
    BudgetKind = rules::BudgetKind { Grant, Service, Management, Fundraising }
}

wire_enum! {
    /// Of which kind a partner is.
    PartnerKind = rules::PartnerKind { Organisation, Individual }
}

/// Who answers for a campaign.
#[derive(Object)]
struct ResponsiblePerson {
    #[oai(validator(max_length = 40))]
    name: Text,
    #[oai(validator(max_length = 200))]
    office_address: Text,
    #[oai(validator(max_length = 100))]
    contact: Text,
}

/// Whom the money is for: a group, never one named person.
#[derive(Object)]
struct Beneficiaries {
    /// 受益人范围.
    #[oai(validator(max_length = 200))]
    scope: Text,
    /// 预计人数.
    expected: i64,
    /// 确定方式.
    #[oai(validator(max_length = 200))]
    selection: Text,
}

/// A line of the budget.
#[derive(Object)]
struct BudgetItem {
    /// Its short name within the campaign, for ever.
    #[oai(validator(max_length = 20))]
    code: Text,
    #[oai(validator(max_length = 60))]
    name: Text,
    kind: BudgetKind,
    planned: Yuan,
    /// In words, as the filing form wants it.
    #[oai(default, validator(max_length = 800))]
    note: Text,
}

/// With whom money is raised.
#[derive(Object)]
struct Cooperation {
    kind: PartnerKind,
    #[oai(validator(max_length = 100))]
    name: Text,
}

/// A step of the project.
#[derive(Object)]
struct Milestone {
    /// Its short name within the campaign.
    #[oai(validator(max_length = 20))]
    code: Text,
    #[oai(validator(max_length = 100))]
    name: Text,
    due: Day,
}

/// What the law wants written down before money is asked for.
#[derive(Object)]
pub(crate) struct PlanTerms {
    cause: Cause,
    /// 募捐目的.
    #[oai(validator(max_length = 500))]
    purpose: Text,
    /// 活动地域.
    #[oai(validator(max_length = 100))]
    area: Text,
    methods: Vec<FundraisingMethod>,
    /// Whether boxes or events are used outside the area of registration.
    #[oai(default)]
    offsite: bool,
    /// The filing there.
    #[oai(nullable, validator(max_length = 200))]
    offsite_filing: Option<Text>,
    responsible: ResponsiblePerson,
    ways: Vec<GivingWay>,
    /// Our short name of the charity's bank account.
    #[oai(validator(max_length = 40))]
    bank_account: Text,
    beneficiaries: Beneficiaries,
    /// 募得款物用途.
    #[oai(validator(max_length = 1000))]
    usage: Text,
    /// Its lines add up to the target.
    #[oai(validator(max_items = 40))]
    budget: Vec<BudgetItem>,
    /// What happens with what comes beyond the target.
    #[oai(default, validator(max_length = 500))]
    over_target_rule: Text,
    /// 剩余财产的处理.
    #[oai(validator(max_length = 800))]
    leftover: Text,
    #[oai(nullable)]
    cooperation: Option<Cooperation>,
    /// Whether it answers a disaster and may open before it is filed.
    #[oai(default)]
    emergency: bool,
    #[oai(default, validator(max_items = 40))]
    milestones: Vec<Milestone>,
    /// The number of the charity project on 慈善中国.
    #[oai(nullable, validator(max_length = 25))]
    project_number: Option<Text>,
    #[oai(nullable, validator(max_length = 1000))]
    remarks: Option<Text>,
}

impl From<PlanTerms> for rules::Terms {
    fn from(terms: PlanTerms) -> rules::Terms {
        let item = |item: BudgetItem| rules::BudgetItem {
            code: item.code.0,
            name: item.name.0,
            kind: item.kind.into(),
            planned: item.planned.0,
            note: item.note.0,
        };
        let step = |step: Milestone| rules::Milestone { code: step.code.0, name: step.name.0, due: step.due.0 };
        rules::Terms {
            cause: terms.cause.into(),
            purpose: terms.purpose.0,
            area: terms.area.0,
            methods: terms.methods.into_iter().map(Into::into).collect(),
            offsite: terms.offsite,
            offsite_filing: said(terms.offsite_filing),
            responsible: rules::Responsible {
                name: terms.responsible.name.0,
                office_address: terms.responsible.office_address.0,
                contact: terms.responsible.contact.0,
            },
            ways: terms.ways.into_iter().map(Into::into).collect(),
            bank_account: terms.bank_account.0,
            beneficiaries: rules::Beneficiaries {
                scope: terms.beneficiaries.scope.0,
                expected: terms.beneficiaries.expected,
                selection: terms.beneficiaries.selection.0,
            },
            usage: terms.usage.0,
            budget: terms.budget.into_iter().map(item).collect(),
            over_target_rule: terms.over_target_rule.0,
            leftover: terms.leftover.0,
            cooperation: terms
                .cooperation
                .map(|partner| rules::Cooperation { kind: partner.kind.into(), name: partner.name.0 }),
            emergency: terms.emergency,
            milestones: terms.milestones.into_iter().map(step).collect(),
            project_number: said(terms.project_number),
            remarks: said(terms.remarks),
        }
    }
}

impl From<rules::Terms> for PlanTerms {
    fn from(terms: rules::Terms) -> PlanTerms {
        let item = |item: rules::BudgetItem| BudgetItem {
            code: Text(item.code),
            name: Text(item.name),
            kind: item.kind.into(),
            planned: item.planned.into(),
            note: Text(item.note),
        };
        let step =
            |step: rules::Milestone| Milestone { code: Text(step.code), name: Text(step.name), due: Day(step.due) };
        PlanTerms {
            cause: terms.cause.into(),
            purpose: Text(terms.purpose),
            area: Text(terms.area),
            methods: terms.methods.into_iter().map(Into::into).collect(),
            offsite: terms.offsite,
            offsite_filing: terms.offsite_filing.map(Text),
            responsible: ResponsiblePerson {
                name: Text(terms.responsible.name),
                office_address: Text(terms.responsible.office_address),
                contact: Text(terms.responsible.contact),
            },
            ways: terms.ways.into_iter().map(Into::into).collect(),
            bank_account: Text(terms.bank_account),
            beneficiaries: Beneficiaries {
                scope: Text(terms.beneficiaries.scope),
                expected: terms.beneficiaries.expected,
                selection: Text(terms.beneficiaries.selection),
            },
            usage: Text(terms.usage),
            budget: terms.budget.into_iter().map(item).collect(),
            over_target_rule: Text(terms.over_target_rule),
            leftover: Text(terms.leftover),
            cooperation: terms
                .cooperation
                .map(|partner| Cooperation { kind: partner.kind.into(), name: Text(partner.name) }),
            emergency: terms.emergency,
            milestones: terms.milestones.into_iter().map(step).collect(),
            project_number: terms.project_number.map(Text),
            remarks: terms.remarks.map(Text),
        }
    }
}

/// A version of a plan. One is in force; the others stay readable.
#[derive(Object)]
pub(crate) struct PlanVersion {
    version: i64,
    /// `draft`, `in_force`, `superseded` or `declined`.
    state: String,
    /// Who wrote it; told to staff only.
    #[oai(skip_serializing_if_is_none)]
    author: Option<Uuid>,
    created_at: Instant,
    /// Since when it has been in force, or was.
    #[oai(nullable)]
    in_force_at: Option<Instant>,
    name: String,
    summary: String,
    target: Yuan,
    over_target: bool,
    starts_at: Instant,
    ends_at: Instant,
    plan: PlanTerms,
}

impl From<crowdfunding::PlanVersion> for PlanVersion {
    fn from(version: crowdfunding::PlanVersion) -> PlanVersion {
        let plan = version.plan;
        PlanVersion {
            version: version.version,
            state: version.state,
            author: Some(version.author.uuid()),
            created_at: version.created.into(),
            in_force_at: version.in_force.map(Instant),
            name: plan.name,
            summary: plan.summary,
            target: plan.target.into(),
            over_target: plan.over_target,
            starts_at: plan.starts.into(),
            ends_at: plan.ends.into(),
            plan: plan.terms.into(),
        }
    }
}

impl PlanVersion {
    /// As everybody may read it.
    pub(crate) fn public(version: crowdfunding::PlanVersion) -> PlanVersion {
        PlanVersion { author: None, ..version.into() }
    }
}
