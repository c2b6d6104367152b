//! The words of pages for what has a name in the program. By exhaustive matches: a new state asks what people shall read.

use std::str::FromStr;

use app::waiting::WaitingKind;
use domain::anonymity::Anonymity;
use domain::campaign::{CampaignState, Cause};
use domain::change::ChangeState;
use domain::charity::Profile;
use domain::complaint::ComplaintState;
use domain::decision::DecisionKind;
use domain::disbursement::{DisbursementKind, DisbursementState, PayoutState};
use domain::donation::{Channel, DonationState, DonorType, ReceiptChoice};
use domain::lending::RepaymentMethod;
use domain::plan::{BudgetKind, Method, PartnerKind, Section, Way};
use domain::receipt::ReceiptState;
use domain::refund::{RefundReason, RefundState};
use domain::role::Role;
use domain::unit::UnitKind;
use domain::{Iterable, division};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::part::Tone;

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
        WaitingKind::PaymentFile => "付款文件待登记结果",
        WaitingKind::Settlement => "追回与核销",
        WaitingKind::Refund => "退款",
        WaitingKind::Transfer => "提现与充值",
        WaitingKind::BankGift => "银行捐赠",
        WaitingKind::BankLine => "待核对的银行流水",
        WaitingKind::BankClaim => "银行来款认领与退回",
        WaitingKind::GiftList => "捐赠清单",
        WaitingKind::BankBalance => "银行存款余额调节表",
        WaitingKind::Break => "差错",
        WaitingKind::Voucher => "手工凭证",
        WaitingKind::CashCount => "现金盘点",
        WaitingKind::MonthLock => "待锁定的月份",
        WaitingKind::YearClosing => "年终结转",
        WaitingKind::AuditReport => "审计报告",
        WaitingKind::AccountChange => "收款账户变更",
        WaitingKind::SmallReview => "小型机构支出按月复核",
        WaitingKind::RoleGrant => "角色授予",
        WaitingKind::Delegation => "授权代办",
        WaitingKind::Account => "待启用的账号",
        WaitingKind::Enquiry => "捐赠人查询",
        WaitingKind::Complaint => "投诉",
        WaitingKind::Screening => "名单筛查",
        WaitingKind::ChildAccess => "未成年人信息查阅",
        WaitingKind::PayeeErasure => "收款人信息删除",
        WaitingKind::Message => "留言审核",
        WaitingKind::TeamName => "团队名称审核",
        WaitingKind::LoanApplication => "贷款推荐",
        WaitingKind::LoanDecision => "贷款审查",
        WaitingKind::LoanSignature => "贷款签约",
        WaitingKind::LoanProduct => "贷款产品条款复核",
        WaitingKind::NeedMatch => "融资需求对接",
        WaitingKind::Duty => "公开与办理期限",
    }
}

/// A word as the database, the interface and the addresses of pages write it.
pub(crate) struct Key<T>(pub(crate) T);

impl<T: DeserializeOwned> FromStr for Key<T> {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Key<T>, serde_json::Error> {
        serde_json::from_value(serde_json::Value::String(text.to_owned())).map(Key)
    }
}

/// The word of something, as it is read by [`Key`].
pub(crate) fn key<T: Serialize>(thing: T) -> String {
    match serde_json::to_value(thing) {
        Ok(serde_json::Value::String(word)) => word,
        // No enum of the domain that has a word is anything else.
        Ok(_) | Err(_) => String::new(),
    }
}

/// All there are of something, for a choice: key and word.
pub(crate) fn all<T: Iterable + Serialize + Copy>(word: impl Fn(T) -> &'static str) -> Vec<(String, String)> {
    T::iter().map(|one| (key(one), word(one).to_owned())).collect()
}

/// Where something is, with the code of it.
pub(crate) fn place_named(code: &str) -> String {
    format!("{}（{code}）", division::place(code))
}

/// Cities and counties as a field lists them: code and name.
pub(crate) fn places() -> Vec<String> {
    let today = division::hebei().iter().filter(|one| one.valid_to.is_none() && one.parent.is_some());
    today.map(|one| format!("{} {}", one.code, division::place(one.code))).collect()
}

/// The code of a place as it was chosen from such a list, or typed: a code, be it of something within a county, or a name.
pub(crate) fn place_code(typed: &str) -> String {
    let named = division::hebei().iter().find(|one| one.valid_to.is_none() && division::place(one.code) == typed);
    let first = typed.split_whitespace().next().unwrap_or_default();
    named.map_or(first, |one| one.code).to_owned()
}

type State = (&'static str, Tone);

/// Where a campaign stands.
pub(crate) fn campaign(state: CampaignState) -> State {
    use CampaignState as S;
    match state {
        S::Draft => ("草稿", Tone::Calm),
        S::Submitted => ("待初审", Tone::Waiting),
        S::OrgReview => ("初审中", Tone::Waiting),
        S::FinanceReview => ("待财务审核", Tone::Waiting),
        S::Approved => ("已批准", Tone::Waiting),
        S::Filing => ("备案中", Tone::Waiting),
        S::Filed => ("已备案", Tone::Waiting),
        S::Scheduled => ("待开放", Tone::Waiting),
        S::Open => ("募捐中", Tone::Good),
        S::Paused => ("暂停", Tone::Waiting),
        S::Ended => ("募捐结束", Tone::Calm),
        S::Executing => ("执行中", Tone::Good),
        S::Closing => ("结项中", Tone::Waiting),
        S::Closed => ("已结项", Tone::Calm),
        S::Rejected => ("退回", Tone::Bad),
        S::Suspended => ("核查中", Tone::Bad),
        S::Cancelled => ("撤销", Tone::Calm),
        S::Terminated => ("终止", Tone::Bad),
        S::EmergencyOpen => ("应急募捐中", Tone::Good),
    }
}

/// The word of a campaign's state as its history writes it.
pub(crate) fn campaign_word(word: &str) -> &str {
    word.parse::<Key<CampaignState>>().map_or(word, |key| campaign(key.0).0)
}

/// What a campaign is for.
pub(crate) fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Education => "助学",
        Cause::Care => "关爱",
        Cause::Medical => "医疗救助",
        Cause::Disaster => "救灾",
        Cause::Rural => "乡村振兴",
        Cause::Environment => "生态环保",
        Cause::Other => "其他",
    }
}

/// A way money is asked for.
pub(crate) fn method(method: Method) -> &'static str {
    match method {
        Method::Internet => "互联网",
        Method::Media => "媒体",
        Method::Boxes => "募捐箱",
        Method::Events => "义演、义赛、义卖等活动",
        Method::Other => "其他",
    }
}

/// A way to give.
pub(crate) fn way(way: Way) -> &'static str {
    match way {
        Way::Wechat => "微信支付",
        Way::Bank => "银行转账",
        Way::Cash => "现金",
        Way::Goods => "物资",
    }
}

/// The counties of the province as options, each with its city.
pub(crate) fn counties() -> impl Iterator<Item = (&'static str, String)> {
    let counties = division::hebei().iter().filter(|one| one.code.len() == 6 && one.valid_to.is_none());
    counties.map(|one| (one.code, division::place(one.code)))
}

/// A kind of budget line.
pub(crate) fn budget_kind(kind: BudgetKind) -> &'static str {
    match kind {
        BudgetKind::Grant => "资助受益人",
        BudgetKind::Service => "项目服务",
        BudgetKind::Management => "管理费用",
        BudgetKind::Fundraising => "募捐成本",
    }
}

/// A kind of partner.
pub(crate) fn partner_kind(kind: PartnerKind) -> &'static str {
    match kind {
        PartnerKind::Organisation => "不具有公开募捐资格的组织",
        PartnerKind::Individual => "个人",
    }
}

/// A section of a plan.
pub(crate) fn section(section: Section) -> &'static str {
    match section {
        Section::Head => "名称、目标与期限",
        Section::Purpose => "募捐目的与用途",
        Section::Area => "地域与方式",
        Section::Responsible => "负责人与联系方式",
        Section::Ways => "捐赠途径与银行账户",
        Section::Beneficiaries => "受益人",
        Section::Budget => "预算",
        Section::Leftover => "剩余财产",
        Section::Cooperation => "合作方",
        Section::Milestones => "里程碑",
        Section::Remarks => "其他",
    }
}

/// Where a change of a plan stands.
pub(crate) fn change(state: ChangeState) -> State {
    match state {
        ChangeState::Submitted => ("待初审", Tone::Waiting),
        ChangeState::ManagerApproved => ("待财务审核", Tone::Waiting),
        ChangeState::Approved => ("待备案", Tone::Waiting),
        ChangeState::InForce => ("已生效", Tone::Good),
        ChangeState::Declined => ("未同意", Tone::Bad),
    }
}

/// What two persons decide.
pub(crate) fn decision_kind(kind: DecisionKind) -> &'static str {
    match kind {
        DecisionKind::Operator => "认可自有平台运营方",
        DecisionKind::Leftover => "剩余资金转入同类项目",
        DecisionKind::Exception => "例外开展新项目",
        DecisionKind::Termination => "终止项目",
    }
}

/// Where a complaint stands.
pub(crate) fn complaint(state: ComplaintState) -> State {
    match state {
        ComplaintState::Received => ("待受理", Tone::Waiting),
        ComplaintState::Taken => ("调查中", Tone::Waiting),
        ComplaintState::Upheld => ("属实", Tone::Bad),
        ComplaintState::Dismissed => ("不属实", Tone::Calm),
    }
}

/// Where a gift stands.
pub(crate) fn donation(state: DonationState) -> State {
    match state {
        DonationState::Created => ("未付款", Tone::Calm),
        DonationState::Paying => ("待付款", Tone::Waiting),
        DonationState::Paid => ("已到账", Tone::Good),
        DonationState::Settled => ("已对账", Tone::Good),
        DonationState::Closed => ("已关闭", Tone::Calm),
        DonationState::RefundRequested => ("申请退款", Tone::Waiting),
        DonationState::Refunding => ("退款中", Tone::Waiting),
        DonationState::RefundFailed => ("退款失败", Tone::Bad),
        DonationState::PartlyRefunded => ("部分退款", Tone::Calm),
        DonationState::Refunded => ("已退款", Tone::Calm),
    }
}

/// Which way a gift came.
pub(crate) fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Wechat => "微信支付",
        Channel::Bank => "银行转账",
    }
}

/// Who gives.
pub(crate) fn donor_type(kind: DonorType) -> &'static str {
    match kind {
        DonorType::Organisation => "法人或其他组织",
        DonorType::Person => "自然人",
    }
}

/// What strangers see of a donor.
pub(crate) fn anonymity(anonymity: Anonymity) -> &'static str {
    match anonymity {
        Anonymity::Name => "署名",
        Anonymity::Nickname => "昵称",
        Anonymity::Hidden => "匿名",
    }
}

/// What a donor wants in the way of a receipt.
pub(crate) fn receipt_choice(choice: ReceiptChoice) -> &'static str {
    match choice {
        ReceiptChoice::Requested => "需要票据",
        ReceiptChoice::Waived => "不需要票据",
        ReceiptChoice::Anonymous => "匿名票据",
    }
}

/// Where a receipt stands.
pub(crate) fn receipt(state: ReceiptState) -> State {
    match state {
        ReceiptState::Issued => ("有效", Tone::Good),
        ReceiptState::Voided => ("作废", Tone::Bad),
        ReceiptState::Reversed => ("已红冲", Tone::Calm),
    }
}

/// Where a refund stands.
pub(crate) fn refund(state: RefundState) -> State {
    match state {
        RefundState::Requested => ("待审批", Tone::Waiting),
        RefundState::Approved => ("待发起", Tone::Waiting),
        RefundState::Processing => ("退款中", Tone::Waiting),
        RefundState::Succeeded => ("已退款", Tone::Good),
        RefundState::Failed => ("退款失败", Tone::Bad),
        RefundState::PaidByBank => ("银行已退", Tone::Good),
        RefundState::GivenUp => ("已放弃", Tone::Calm),
        RefundState::Declined => ("不予退款", Tone::Calm),
    }
}

/// Why money goes back.
pub(crate) fn refund_reason(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::Error => "误捐",
        RefundReason::Duplicate => "重复支付",
        RefundReason::Minor => "未成年人捐赠",
        RefundReason::Incapacity => "无民事行为能力",
        RefundReason::UnlawfulRaising => "违法募捐",
        RefundReason::ConditionFailed => "附条件未成就",
        RefundReason::CampaignCancelled => "项目撤销",
    }
}

/// Where a paper that spends money stands.
pub(crate) fn disbursement(state: DisbursementState) -> State {
    match state {
        DisbursementState::Draft => ("草稿", Tone::Calm),
        DisbursementState::Submitted => ("待一级审批", Tone::Waiting),
        DisbursementState::PmApproved => ("待二级审批", Tone::Waiting),
        DisbursementState::FinanceApproved => ("待三级审批", Tone::Waiting),
        DisbursementState::Approved => ("已批准", Tone::Good),
        DisbursementState::Finished => ("已办结", Tone::Calm),
        DisbursementState::Cancelled => ("已作废", Tone::Calm),
    }
}

/// The word of a paper's state as its history writes it.
pub(crate) fn disbursement_word(word: &str) -> &str {
    word.parse::<Key<DisbursementState>>().map_or(word, |key| disbursement(key.0).0)
}

/// What somebody did who brought a paper from one state to another; nothing where it went on by itself.
pub(crate) fn disbursement_deed(from: &str, to: &str) -> &'static str {
    use DisbursementState as S;
    let state = |word: &str| word.parse::<Key<DisbursementState>>().ok().map(|key| key.0);
    match (state(from), state(to)) {
        (_, Some(S::Submitted)) => "提交",
        (
            Some(S::Submitted | S::PmApproved | S::FinanceApproved),
            Some(S::PmApproved | S::FinanceApproved | S::Approved),
        ) => "批准",
        (_, Some(S::Draft)) => "退回",
        (_, Some(S::Cancelled)) => "作废",
        _ => "",
    }
}

/// A kind of spending.
pub(crate) fn disbursement_kind(kind: DisbursementKind) -> &'static str {
    match kind {
        DisbursementKind::Grant => "资助",
        DisbursementKind::Purchase => "采购",
        DisbursementKind::Reimbursement => "报销",
        DisbursementKind::Advance => "预付",
    }
}

/// Where a payment stands.
pub(crate) fn payout(state: PayoutState) -> State {
    match state {
        PayoutState::Planned => ("未批准", Tone::Calm),
        PayoutState::Approved => ("待付款", Tone::Waiting),
        PayoutState::Scheduled => ("已列入付款文件", Tone::Waiting),
        PayoutState::Sent => ("已交银行", Tone::Waiting),
        PayoutState::Confirmed => ("已付款", Tone::Good),
        PayoutState::Bounced => ("退票", Tone::Bad),
        PayoutState::Retried => ("待重付", Tone::Waiting),
        PayoutState::Cancelled => ("已取消", Tone::Calm),
    }
}

/// What a payee is in a campaign, as its row writes it.
pub(crate) fn payee_part(part: &str) -> &str {
    match part {
        "beneficiary" => "受益人",
        "guardian" => "监护人",
        "supplier" => "供应商",
        "partner" => "合作方",
        "staff" => "工作人员",
        other => other,
    }
}

/// A charity's approval rules.
pub(crate) fn profile(profile: Profile) -> &'static str {
    match profile {
        Profile::Full => "完整规则",
        Profile::Small => "小型机构规则",
    }
}

/// A kind of unit.
pub(crate) fn unit_kind(kind: UnitKind) -> &'static str {
    match kind {
        UnitKind::Province => "省级",
        UnitKind::City => "市级",
        UnitKind::County => "县级",
        UnitKind::Township => "乡镇",
        UnitKind::School => "学校",
        UnitKind::Station => "工作站",
    }
}

/// How a loan is repaid.
pub(crate) fn repayment(method: RepaymentMethod) -> &'static str {
    match method {
        RepaymentMethod::LevelInstalment => "等额本息",
        RepaymentMethod::EqualPrincipal => "等额本金",
        RepaymentMethod::InterestOnly => "按月付息、到期还本",
        RepaymentMethod::Flat => "等本等息",
        RepaymentMethod::Bullet => "到期一次还本付息",
    }
}

/// What a job does, in few words; one that is not known here by its name.
pub(crate) fn job(name: &str) -> &str {
    match name {
        "audit_books" => "账簿核验",
        "campaign_clock" => "项目定时开放与结束",
        "certificates" => "更新微信支付平台证书",
        "close_loans" => "贷款日终",
        "duties" => "期限提醒与上报",
        "expire_orders" => "关闭超时未付订单",
        "large_gifts" => "筛查大额捐赠",
        "open_payments" => "查询未通知的付款",
        "loan_deadlines" => "贷款申请时限",
        "loan_purge" => "清除未成贷款的个人信息",
        "erase_payees" => "删除保管期满的收款人信息",
        "outbox" => "发送通知",
        "propose_vouchers" => "生成周期凭证草稿",
        "query_refunds" => "查询退款",
        "reconcile" => "对账",
        "seal_days" => "封存已对账的日子",
        "send_refunds" => "发起退款",
        "session_sweep" => "清理过期登录",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_known_by_its_code_or_its_name() {
        for typed in ["130502", "130502 邢台市襄都区", "邢台市襄都区"] {
            assert_eq!(place_code(typed), "130502", "{typed}");
        }
        assert_eq!(place_code("邢台市"), "1305");
        assert_eq!(place_code("130502001"), "130502001", "what lies within a county has a code of its own");
        assert_eq!(place_named("130502"), "邢台市襄都区（130502）");
        assert_eq!(places().len(), 178, "eleven cities and their counties");
    }
}
