//! The words of finance, each by an exhaustive match where there is something to match.

use app::closing::YearState;
use domain::bank::ListState;
use domain::cash::{CountState, DifferenceChoice};
use domain::donation::Via;
use domain::proposal::ProposalState;
use domain::reconciliation::{BreakClass, LoanBreak};
use domain::resolution::{ResolutionChoice, ResolutionState};
use domain::transfer::{TransferKind, TransferState};
use domain::voucher::{Cadence, VoucherKind, VoucherState};

use crate::part::Tone;

type State = (&'static str, Tone);

const CLASSES: [BreakClass; 14] = [
    BreakClass::MissingHere,
    BreakClass::MissingThere,
    BreakClass::Amount,
    BreakClass::Fee,
    BreakClass::Status,
    BreakClass::DuplicateHere,
    BreakClass::DuplicateThere,
    BreakClass::RefundMissingHere,
    BreakClass::RefundMissingThere,
    BreakClass::RefundAmount,
    BreakClass::SettlementAmount,
    BreakClass::PaidAfterClose,
    BreakClass::PaidTwice,
    BreakClass::UnknownLine,
];

fn class_word(class: BreakClass) -> &'static str {
    match class {
        BreakClass::MissingHere => "长款：微信有、账上无",
        BreakClass::MissingThere => "短款：账上有、微信无",
        BreakClass::Amount => "金额不一致",
        BreakClass::Fee => "手续费不一致",
        BreakClass::Status => "状态不一致",
        BreakClass::DuplicateHere => "账上重复",
        BreakClass::DuplicateThere => "账单重复",
        BreakClass::RefundMissingHere => "微信有退款、账上无",
        BreakClass::RefundMissingThere => "账上有退款、微信无",
        BreakClass::RefundAmount => "退款金额不一致",
        BreakClass::SettlementAmount => "结算金额不一致",
        BreakClass::PaidAfterClose => "订单关闭后付款",
        BreakClass::PaidTwice => "同一订单重复付款",
        BreakClass::UnknownLine => "无法识别的流水",
        BreakClass::Loan(class) => match class {
            LoanBreak::Amount => "贷款：金额不一致",
            LoanBreak::Split => "贷款：本息分项不一致",
            LoanBreak::Rounding => "贷款：一分钱尾差",
            LoanBreak::Balance => "贷款：合同余额不一致",
            LoanBreak::Arrears => "贷款：逾期金额不一致",
            LoanBreak::Class => "贷款：五级分类不一致",
            LoanBreak::Total => "贷款：分类汇总不一致",
            LoanBreak::Date => "贷款：业务日期不一致",
            LoanBreak::MissingHere => "贷款：银行有、账上无",
            LoanBreak::MissingThere => "贷款：账上有、银行未报",
            LoanBreak::DuplicateThere => "贷款：银行流水号重复",
            LoanBreak::UnknownLine => "贷款：无法入账的记录",
        },
    }
}

/// Every class.
fn all_classes() -> impl Iterator<Item = BreakClass> {
    CLASSES.into_iter().chain(LoanBreak::ALL.into_iter().map(BreakClass::Loan))
}

/// The class that a word of the database stands for.
pub(super) fn break_class(word: &str) -> Option<BreakClass> {
    all_classes().find(|class| class.as_str() == word)
}

/// What a class of breaks is called.
pub(super) fn class(word: &str) -> &str {
    match break_class(word) {
        Some(class) => class_word(class),
        None => word,
    }
}

/// All classes, for a choice.
pub(super) fn classes() -> Vec<(String, String)> {
    all_classes().map(|class| (class.as_str().to_owned(), class_word(class).to_owned())).collect()
}

/// Where a break stands.
pub(super) fn break_state(word: &str) -> (&str, Tone) {
    match word {
        "open" => ("待处理", Tone::Waiting),
        "resolved" => ("已处理", Tone::Good),
        "cleared" => ("已消除", Tone::Calm),
        other => (other, Tone::Calm),
    }
}

/// Whose desk a break lies on.
pub(super) fn desk(owner: &str) -> &str {
    match owner {
        "cashier" => "出纳",
        "bookkeeper" => "会计",
        other => other,
    }
}

/// A way out of a break.
pub(super) fn choice(choice: ResolutionChoice) -> &'static str {
    match choice {
        ResolutionChoice::Gift => "确认为捐赠",
        ResolutionChoice::Return => "退回付款人",
        ResolutionChoice::Follow => "以对方为准，按其数据补记",
        ResolutionChoice::Correct => "退回银行更正",
        ResolutionChoice::Explain => "以账本为准，说明原因",
    }
}

/// What a way out will book.
pub(super) fn will_book(choice: ResolutionChoice) -> &'static str {
    match choice {
        ResolutionChoice::Gift => "决定时记账，计入订单所属项目的募集额。",
        ResolutionChoice::Return => "微信原路退回成功时记账。",
        ResolutionChoice::Follow => "决定时记账，使账上与对方（微信账单或银行数据）一致；查明后的去向另填记账凭证。",
        ResolutionChoice::Correct => "不记账：银行更正后重报，届时重新核对。",
        ResolutionChoice::Explain => "不记账：账本不动，只留下原因和两位办理人。",
    }
}

/// Where a resolution stands.
pub(super) fn resolution(state: ResolutionState) -> State {
    match state {
        ResolutionState::Proposed => ("待决定", Tone::Waiting),
        ResolutionState::Declined => ("未同意", Tone::Calm),
        ResolutionState::Approved => ("待退回", Tone::Waiting),
        ResolutionState::Processing => ("退回中", Tone::Waiting),
        ResolutionState::Failed => ("退回失败", Tone::Bad),
        ResolutionState::Done => ("已办结", Tone::Good),
    }
}

/// Which way a transfer goes.
pub(super) fn transfer_kind(kind: TransferKind) -> &'static str {
    match kind {
        TransferKind::Withdrawal => "提现（微信到银行）",
        TransferKind::TopUp => "充值（银行到微信）",
    }
}

/// Where a transfer stands.
pub(super) fn transfer(state: TransferState) -> State {
    match state {
        TransferState::Proposed => ("待确认", Tone::Waiting),
        TransferState::Departed => ("在途", Tone::Waiting),
        TransferState::ArrivalProposed => ("待确认到账", Tone::Waiting),
        TransferState::Arrived => ("已到账", Tone::Good),
        TransferState::ReturnProposed => ("待确认退回", Tone::Waiting),
        TransferState::Returned => ("已退回", Tone::Calm),
        TransferState::Rejected => ("未确认", Tone::Calm),
    }
}

/// How a day's reconciliation stands.
pub(super) fn day_state(word: &str) -> (&str, Tone) {
    match word {
        "waiting" => ("等待账单", Tone::Waiting),
        "read" => ("账单不全", Tone::Waiting),
        "matched" => ("已对平", Tone::Good),
        "with_breaks" => ("有差错", Tone::Bad),
        other => (other, Tone::Calm),
    }
}

/// Where a line stands that waits for its other side.
pub(super) fn waiting_side(side: &str) -> &str {
    match side {
        "books" => "账本",
        "trade" => "交易账单",
        "fund_flow" => "资金账单",
        "bank" => "银行对账单",
        other => other,
    }
}

/// Where a payment file stands.
pub(super) fn payment_file(word: &str) -> (&str, Tone) {
    match word {
        "made" => ("已制作", Tone::Waiting),
        "sent" => ("已交银行", Tone::Waiting),
        "withdrawn" => ("已撤回", Tone::Calm),
        other => (other, Tone::Calm),
    }
}

/// What a manual voucher is for.
pub(super) fn voucher_kind(kind: VoucherKind) -> &'static str {
    match kind {
        VoucherKind::Ordinary => "记账凭证",
        VoucherKind::Reversal => "红字凭证",
        VoucherKind::Opening => "期初余额",
        VoucherKind::Adjustment => "审计调整",
    }
}

/// Where a manual voucher stands.
pub(super) fn voucher(state: VoucherState) -> State {
    match state {
        VoucherState::Draft => ("草稿", Tone::Calm),
        VoucherState::Submitted => ("待审核", Tone::Waiting),
        VoucherState::Posted => ("已记账", Tone::Good),
        VoucherState::Discarded => ("已作废", Tone::Calm),
    }
}

/// How often a voucher comes again.
pub(super) fn cadence(cadence: Cadence) -> &'static str {
    match cadence {
        Cadence::Monthly => "每月",
        Cadence::Quarterly => "每季",
        Cadence::Yearly => "每年",
    }
}

/// Where the template of a voucher stands.
pub(super) fn template(word: &str) -> (&str, Tone) {
    match word {
        "active" => ("启用", Tone::Good),
        "stopped" => ("停用", Tone::Calm),
        other => (other, Tone::Calm),
    }
}

/// Where a count of cash stands.
pub(super) fn count(state: CountState) -> State {
    match state {
        CountState::Counted => ("待监盘签字", Tone::Waiting),
        CountState::Agreed => ("账实相符", Tone::Good),
        CountState::Different => ("有差额，待处理", Tone::Bad),
        CountState::Settled => ("差额已处理", Tone::Good),
        CountState::Withdrawn => ("已撤回", Tone::Calm),
    }
}

/// What becomes of a difference of cash.
pub(super) fn difference(choice: DifferenceChoice) -> &'static str {
    match choice {
        DifferenceChoice::WriteOff => "短款核销",
        DifferenceChoice::MadeGood => "短款由责任人赔补",
        DifferenceChoice::Income => "长款转为收入",
        DifferenceChoice::PaidOut => "长款付还应得的人",
    }
}

/// How far a year is closed.
pub(super) fn year(state: YearState) -> State {
    match state {
        YearState::Open => ("未结转", Tone::Calm),
        YearState::SoftClosed => ("已结转，可作审计调整", Tone::Waiting),
        YearState::Audited => ("已审计", Tone::Good),
    }
}

/// Where something stands that one person proposes and another confirms.
pub(super) fn proposal(state: ProposalState) -> State {
    match state {
        ProposalState::Proposed => ("待确认", Tone::Waiting),
        ProposalState::Approved => ("已确认", Tone::Good),
        ProposalState::Declined => ("未同意", Tone::Calm),
    }
}

/// Where a list of gifts stands.
pub(super) fn gift_list(state: ListState) -> State {
    match state {
        ListState::Proposed => ("待审核入账", Tone::Waiting),
        ListState::Declined => ("未同意", Tone::Calm),
        ListState::Posted => ("已入账", Tone::Good),
    }
}

/// Where gifts were given.
pub(super) fn via(via: Via) -> &'static str {
    match via {
        Via::OwnSite => "自有平台",
        Via::DesignatedPlatform => "指定平台",
        Via::Offline => "线下",
    }
}

/// The business event of an entry (摘要).
pub(super) fn event(kind: &str) -> &str {
    match kind {
        "donation" => "收到捐赠",
        "suspense" => "收到待查款",
        "suspense_returned" => "退回待查款",
        "payment_difference" => "以微信为准：收款差额",
        "refund_difference" => "以微信为准：退款差额",
        "line_difference" => "以微信为准：其他流水",
        "fee" => "微信支付手续费",
        "fee_returned" => "手续费退回",
        "refund_decided" => "批准退款",
        "refund_sent" => "退款已付",
        "refund_given_up" => "放弃退款",
        "refund_covered" => "非限定性净资产弥补退款",
        "withdrawal" => "微信提现",
        "top_up" => "微信充值",
        "disbursement" => "支出批准",
        "disbursement_paid" => "支出付款",
        "disbursement_bounced" => "付款退票",
        "disbursement_cancelled" => "付款取消",
        "disbursement_recovered" => "支出追回",
        "advance_accounted" => "预付核销",
        "release" => "限定性净资产解除限定",
        "leftover" => "剩余资金转入同类项目",
        "year_end_income" | "year_end_expense" | "year_end_release" | "year_end" => "年终结转",
        "voucher" => "手工凭证",
        "adjustment" => "审计调整",
        "opening" => "期初余额",
        "cash_difference" => "现金盘点差额",
        "reversal" => "红字冲销",
        other => other,
    }
}

/// What a debt of 2209 is.
pub(super) fn payable(kind: &str) -> &str {
    match kind {
        "refund" => "待退捐款",
        "suspense" => "待查款",
        "channel_surplus" => "待查长款（微信）",
        "grant" => "应付资助",
        "reimbursement" => "应付报销",
        other => other,
    }
}

/// Where money of a channel stands, or what it paid.
pub(super) fn money_place<'a>(subject: &str, channel: &'a str) -> &'a str {
    match (subject, channel) {
        ("1009", "wechat") => "微信余额",
        ("1009", "wechat_transit") => "微信在途",
        ("5401", "wechat") => "通道费",
        ("1122", "wechat") => "微信短款",
        (_, "wechat") => "微信",
        (_, "bank") => "银行",
        (_, other) => other,
    }
}

/// Which way a gift came.
pub(super) fn channel(word: &str) -> &str {
    match word {
        "wechat" => "微信支付",
        "bank" => "银行",
        other => other,
    }
}
