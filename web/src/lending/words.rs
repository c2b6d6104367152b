//! The words of loans. By exhaustive matches where there is an enum.

use domain::lending::application::ConsentScope;
use domain::lending::need::MatchState;
use domain::lending::product::{
    Family, Guarantee, Industry, LprTenor, Repricing, SubsidyFlow, SubsidyModel, SubsidyRecipient,
};
use domain::lending::{ApplicantKind, ApplicationKind, LoanEvent, LoanState, NeedState, Office, Verdict};
use domain::loan::allocation::{Component, Scan};
use domain::loan::overdue::{Class, GraceMode};
use domain::loan::{DayCount, InterestMode};
use entity::loan_subsidy;

use crate::part::Tone;

type State = (&'static str, Tone);

/// Where a loan stands.
pub(super) fn loan(state: LoanState) -> State {
    use LoanState::*;
    let tone = match state {
        Draft | Withdrawn | Expired | Settled | Renewed => Tone::Calm,
        Applied | Recommended | BankReview | Approved | Signed => Tone::Waiting,
        PaidOut | Performing => Tone::Good,
        Refused | Overdue | WrittenOff | Compensated | Extended | Restructured => Tone::Bad,
    };
    (state.chinese(), tone)
}

/// What happened to a loan.
pub(super) fn event(event: LoanEvent) -> &'static str {
    match event {
        LoanEvent::Submit => "提交申请",
        LoanEvent::PassOn => "同意推荐，转上级",
        LoanEvent::Recommend => "同意推荐",
        LoanEvent::Return => "退回补正",
        LoanEvent::Send => "送交银行",
        LoanEvent::Approve => "银行批准",
        LoanEvent::Refuse => "不同意",
        LoanEvent::Sign => "签订合同",
        LoanEvent::Withdraw => "撤回",
        LoanEvent::Expire => "逾期失效",
        LoanEvent::PayOut => "放款",
        LoanEvent::UndoPayOut => "冲销放款",
        LoanEvent::Begin => "进入还款",
        LoanEvent::FallOverdue => "转为逾期",
        LoanEvent::CatchUp => "还清逾期",
        LoanEvent::Settle => "结清",
        LoanEvent::WriteOff => "核销",
        LoanEvent::Compensate => "代偿",
        LoanEvent::Renew => "续贷",
        LoanEvent::Extend => "展期",
        LoanEvent::Restructure => "重组",
        LoanEvent::Reopen => "恢复",
    }
}

/// What an office or a bank said.
pub(super) fn verdict(verdict: Verdict) -> State {
    match verdict {
        Verdict::Agreed => ("同意", Tone::Good),
        Verdict::Returned => ("退回补正", Tone::Waiting),
        Verdict::Refused => ("不同意", Tone::Bad),
    }
}

/// What is asked for.
pub(super) fn kind(kind: ApplicationKind) -> &'static str {
    match kind {
        ApplicationKind::New => "新贷",
        ApplicationKind::Renewal => "续贷",
        ApplicationKind::Extension => "展期",
        ApplicationKind::Restructuring => "重组",
    }
}

/// Who borrows.
pub(super) fn applicant(kind: ApplicantKind) -> &'static str {
    match kind {
        ApplicantKind::Person => "个人",
        ApplicantKind::Enterprise => "企业",
    }
}

/// A trade.
pub(super) fn industry(industry: Industry) -> &'static str {
    match industry {
        Industry::Planting => "种植",
        Industry::Breeding => "养殖",
        Industry::Processing => "农产品加工",
        Industry::Tourism => "乡村旅游",
        Industry::Commerce => "电子商务",
        Industry::Manufacturing => "制造",
        Industry::Technology => "科技",
        Industry::Services => "生活服务",
        Industry::Other => "其他",
    }
}

/// What secures a loan.
pub(super) fn guarantee(guarantee: Guarantee) -> &'static str {
    match guarantee {
        Guarantee::Credit => "信用",
        Guarantee::Surety => "保证",
        Guarantee::GuaranteeCompany => "担保公司",
        Guarantee::Mortgage => "抵押",
        Guarantee::Pledge => "质押",
    }
}

/// A family of products.
pub(super) fn family(family: Family) -> &'static str {
    match family {
        Family::Farm => "青农贷",
        Family::Support => "青扶贷",
        Family::Innovation => "青企科创贷",
    }
}

/// Which LPR.
pub(super) fn tenor(tenor: LprTenor) -> &'static str {
    match tenor {
        LprTenor::OneYear => "一年期",
        LprTenor::FiveYears => "五年期以上",
    }
}

/// When a rate follows the LPR.
pub(super) fn repricing(repricing: Repricing) -> &'static str {
    match repricing {
        Repricing::Fixed => "固定利率",
        Repricing::NewYear => "每年1月1日",
        Repricing::Anniversary => "放款周年日",
    }
}

/// How a subsidy is found.
pub(super) fn subsidy(model: SubsidyModel) -> &'static str {
    match model {
        SubsidyModel::Share => "按利息比例",
        SubsidyModel::Points => "按利率点数",
        SubsidyModel::AboveFloor => "借款人负担利率以上部分",
    }
}

/// How a subsidy's money goes.
pub(super) fn subsidy_flow(flow: SubsidyFlow) -> &'static str {
    match flow {
        SubsidyFlow::Entrusted => "财政委托慈善组织代付",
        SubsidyFlow::Own => "慈善组织自有资金",
        SubsidyFlow::Direct => "财政直接支付",
    }
}

/// Who receives a subsidy.
pub(super) fn recipient(recipient: SubsidyRecipient) -> &'static str {
    match recipient {
        SubsidyRecipient::Borrower => "借款人（先付后贴）",
        SubsidyRecipient::Bank => "银行（借款人少付）",
    }
}

/// How interest is reckoned.
pub(super) fn interest_mode(mode: InterestMode) -> &'static str {
    match mode {
        InterestMode::Monthly => "按月（每月为一年的十二分之一）",
        InterestMode::Daily => "按日",
    }
}

/// What part of a year days are.
pub(super) fn day_count(count: DayCount) -> &'static str {
    match count {
        DayCount::Actual360 => "实际天数/360",
        DayCount::Actual365 => "实际天数/365",
        DayCount::ActualActual => "实际天数/实际天数",
        DayCount::Thirty360 => "30/360",
        DayCount::ThirtyE360 => "30E/360",
    }
}

/// A part of what an instalment owes.
pub(super) fn component(component: Component) -> &'static str {
    match component {
        Component::Fee => "费用",
        Component::Penalty => "罚息",
        Component::Compound => "复利",
        Component::Interest => "利息",
        Component::Principal => "本金",
    }
}

/// Which way through instalments and components.
pub(super) fn scan(scan: Scan) -> &'static str {
    match scan {
        Scan::InstallmentFirst => "先还清最早一期",
        Scan::ComponentFirst => "各期同一项目一起冲抵",
    }
}

/// What the grace days spare.
pub(super) fn grace(mode: GraceMode) -> &'static str {
    match mode {
        GraceMode::Retroactive => "从到期日起全部计收罚息",
        GraceMode::Excluded => "只对宽限期以后计收罚息",
    }
}

/// What a borrower agreed to.
pub(super) fn consent(scope: ConsentScope) -> &'static str {
    match scope {
        ConsentScope::Application => "同意将申请提交该银行",
        ConsentScope::Servicing => "同意银行向团组织提供贷后信息",
    }
}

/// A class of risk.
pub(super) fn class(class: Class) -> State {
    match class {
        Class::Normal => ("正常", Tone::Good),
        Class::SpecialMention => ("关注", Tone::Waiting),
        Class::Substandard => ("次级", Tone::Bad),
        Class::Doubtful => ("可疑", Tone::Bad),
        Class::Loss => ("损失", Tone::Bad),
    }
}

/// Where a need stands.
pub(super) fn need(state: NeedState) -> State {
    match state {
        NeedState::Open => ("待对接", Tone::Waiting),
        NeedState::Matched => ("对接中", Tone::Waiting),
        NeedState::Met => ("已满足", Tone::Good),
        NeedState::Closed => ("已关闭", Tone::Calm),
    }
}

/// What a bank says to a need.
pub(super) fn answer(state: MatchState) -> State {
    match state {
        MatchState::Proposed => ("待银行回应", Tone::Waiting),
        MatchState::Accepted => ("已受理", Tone::Good),
        MatchState::Declined => ("不受理", Tone::Bad),
    }
}

/// An office.
pub(super) fn office(office: Option<Office>) -> &'static str {
    office.map_or("", Office::chinese)
}

/// What became of a claimed subsidy.
pub(super) fn claim(row: &loan_subsidy::Model) -> (&'static str, Tone) {
    match row.state.as_str() {
        "received" if row.received_fen == Some(row.amount_fen) => ("已到账", Tone::Good),
        "received" => ("部分到账", Tone::Good),
        "rejected" => ("未获批", Tone::Bad),
        "withdrawn" => ("已撤回", Tone::Bad),
        _ => ("待到账", Tone::Waiting),
    }
}

/// What happened to a running loan, by the word it is written down with.
pub(super) fn happening(word: &str) -> &str {
    match word {
        "payout" => "放款",
        "repayment" => "还款",
        "prepayment" => "提前还款",
        "rate" => "利率调整",
        "class" => "分类认定",
        "misuse" => "挪用",
        "misuse_mended" => "挪用已纠正",
        "reversal" => "冲正",
        "subsidy" => "贴息冲抵",
        "waiver" => "减免",
        "compensation" => "代偿",
        "recovery" => "追偿",
        "write_off" => "核销",
        "replaced" => "由新合同承接",
        "credit_back" => "退还溢缴",
        other => other,
    }
}

/// A way to prepay, by its word.
pub(super) fn prepayment(word: &str) -> &str {
    match word {
        "full" => "全部结清",
        "reduce_installment" => "减少每期还款",
        "shorten_term" => "缩短期限",
        other => other,
    }
}

/// How much a bank tells, by its word.
pub(super) fn pace(word: &str) -> &str {
    match word {
        "daily" => "每日明细",
        "monthly" => "每月明细",
        "summary" => "仅汇总",
        other => other,
    }
}
