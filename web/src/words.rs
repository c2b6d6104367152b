//! The words of pages for what has a name in the program. By exhaustive matches: a new state asks what people shall read.

use app::waiting::WaitingKind;
use domain::role::Role;

/// What a role is called.
pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => "系统管理员",
        Role::ProjectManager => "项目管理员",
        Role::Cashier => "出纳",
        Role::Bookkeeper => "会计",
        Role::FinanceHead => "财务负责人",
        Role::Chair => "理事长",
        Role::Disclosure => "信息公开专员",
        Role::Compliance => "反洗钱专员",
        Role::LeagueOfficer => "团委干部",
        Role::BankOfficer => "银行客户经理",
        Role::Organiser => "发起方",
        Role::Auditor => "审计",
    }
}

/// Several roles in a row.
pub(crate) fn roles(roles: &[Role]) -> String {
    roles.iter().map(|one| role(*one)).collect::<Vec<_>>().join("、")
}

/// What a kind of waiting thing is called.
pub(crate) fn waiting(kind: WaitingKind) -> &'static str {
    match kind {
        WaitingKind::Campaign => "项目审核与备案",
        WaitingKind::CampaignChange => "方案变更",
        WaitingKind::CampaignDecision => "两人决定事项",
        WaitingKind::Disbursement => "支出审批",
        WaitingKind::Payment => "待付款",
        WaitingKind::Settlement => "追回与核销",
        WaitingKind::Refund => "退款",
        WaitingKind::Transfer => "提现与充值",
        WaitingKind::BankGift => "银行捐赠",
        WaitingKind::Break => "差错",
        WaitingKind::RoleGrant => "角色授予",
        WaitingKind::Enquiry => "捐赠人查询",
        WaitingKind::Complaint => "投诉",
        WaitingKind::Screening => "名单筛查",
    }
}
