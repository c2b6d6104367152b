//! A complete plan, and the way from a draft to the day before it opens.
#![allow(unreachable_pub, clippy::unwrap_used, reason = "a test helper")]

use std::time::Duration;

use crowdfunding::{CampaignDraft, Channel, Opening, Step};
use domain::campaign::{CampaignKind, Cause};
use domain::plan::{Beneficiaries, BudgetItem, BudgetKind, Method, Plan, Responsible, Terms, Way};
use domain::role::Member;
use domain::{BookId, BusinessDate, Money, Timestamp};

/// The credit code of the charity; invented, its check digit fits.
pub const CREDIT_CODE: &str = "53130000MJX000000U";

/// A draft with everything the law wants.
pub fn draft(book: BookId, target: Money, over_target: bool, starts: Timestamp, ends: Timestamp) -> CampaignDraft {
    let line = BudgetItem {
        code: "a".into(),
        name: "助学金".into(),
        kind: BudgetKind::Grant,
        planned: target,
        note: String::new(),
    };
    let terms = Terms {
        cause: Cause::Education,
        purpose: "资助困难学生".into(),
        area: "河北省".into(),
        methods: vec![Method::Internet],
        responsible: Responsible {
            name: "示例甲".into(),
            office_address: "示例路1号".into(),
            contact: "0311-00000000".into(),
        },
        ways: vec![Way::Wechat, Way::Bank],
        bank_account: "基本户".into(),
        beneficiaries: Beneficiaries { scope: "困难学生".into(), expected: 100, selection: "申请评审".into() },
        usage: "发放助学金".into(),
        budget: vec![line],
        over_target_rule: "扩大受益范围".into(),
        leftover: "用于同类项目".into(),
        ..Terms::default()
    };
    let plan =
        Plan {
            name: "助学·关爱行动".into(), summary: "资助困难学生".into(), target, over_target, starts, ends, terms
        };
    CampaignDraft { book, unit: None, parent: None, kind: CampaignKind::Leaf, plan }
}

/// The steps from a draft to a campaign that waits for its first moment, each with who takes it: author, manager, head of finance.
pub fn way(now: Timestamp, [author, manager, head]: [&Member; 3]) -> Vec<(Step, &Member)> {
    let today = BusinessDate::of(now);
    let handed_in = BusinessDate::of(now.before(Duration::from_secs(12 * 86_400)));
    let number = format!("{CREDIT_CODE}A{:02}001", today.year() % 100);
    let opening = Opening {
        channels: [Channel::DesignatedPlatform, Channel::OwnSite].into(),
        platform_number: Some("P-1".into()),
        platform_url: Some("https://platform.example/1".into()),
        operator_code: Some(CREDIT_CODE.into()),
    };
    vec![
        (Step::Submit, author),
        (Step::Approve { for_a_group: true }, manager),
        (Step::Approve { for_a_group: true }, head),
        (Step::SubmitFiling(handed_in), manager),
        (Step::File { number, on: today }, manager),
        (Step::Schedule(opening), manager),
    ]
}
