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

pub(super) use app::books::words::{event, money_place, payable, reference};

type State = (&'static str, Tone);

const CLASSES: [BreakClass; 15] = [
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
    BreakClass::Currency,
];

fn class_word(class: BreakClass) -> &'static str {
    match class {
        BreakClass::MissingHere => "长款：微信有、账上无",
        BreakClass::MissingThere => "短款：账上有、账单无",
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
        BreakClass::Currency => "以外币支付",
        BreakClass::Loan(class) => match class {
            LoanBreak::Amount => "贷款：金额或合同条件不一致",
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
        ResolutionChoice::General => "转入一般捐赠（不限定用途）",
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
        ResolutionChoice::General => {
            "决定时记账，作为不限定用途的捐赠，不计入任何项目的募集额；付款人日后要求退款的，按捐赠退款办理。"
        }
        ResolutionChoice::Return => "微信原路退回成功时记账。",
        ResolutionChoice::Follow => "决定时记账，使账上与对方（微信账单或银行数据）一致；查明后的去向另填记账凭证。",
        ResolutionChoice::Correct => "不记账：银行更正后重报，届时重新核对。",
        ResolutionChoice::Explain => "不记账：账本不动，只留下原因和两位办理人。",
    }
}

/// What following the bank about a loan will do: whether a fact of the loan is recorded, and whether that is booked.
pub(super) fn will_follow_bank(recorded: bool, booked: bool) -> &'static str {
    match (recorded, booked) {
        (true, true) => "决定时在贷款备查账登记并记账，使账上与银行一致。",
        (true, false) => "决定时在贷款备查账登记，使账上与银行一致；不涉及金额，不产生凭证。",
        (false, _) => "不再记账：读入银行文件时已照银行数据登记，账上与银行一致。同意即确认以银行为准。",
    }
}

/// What a break is about, as people say it. A number of somebody else stands as it is, after what it is.
pub(super) fn item(item: &str) -> String {
    let number = app::breaks::entry_number(item);
    let short = |id: &str| id.get(24..).unwrap_or(id).to_owned();
    match number.split_once(':') {
        Some(("loan", rest)) => loan_item(rest).unwrap_or_else(|| rest.to_owned()),
        Some(("balance", day)) => format!("余额衔接 {day}"),
        Some(("bank", line)) => format!("银行流水 {line}"),
        Some(("loan_event", id)) => format!("贷款业务 {}", short(id)),
        Some(("refund_sent", id)) => format!("退款 {}", short(id)),
        Some(("suspense_returned", id)) => format!("退回待查款 {}", short(id)),
        Some(_) => number,
        None if domain::DonationId::from_out_trade_no(item).is_some() => format!("订单号 {item}"),
        None if item.len() == 28 && item.bytes().all(|byte| byte.is_ascii_digit()) => format!("微信支付单号 {item}"),
        None => number,
    }
}

/// What a break of a loan is about: `{contract}:{serial or day}:{what}`.
fn loan_item(rest: &str) -> Option<String> {
    let (rest, what) = rest.rsplit_once(':')?;
    let (of, at) = rest.rsplit_once(':')?;
    let word = match what {
        "contract" => "合同号",
        "serial" => "流水号",
        "date" => "日期",
        "amount" => "金额",
        "split" => "本息分项",
        "balance" => "余额",
        "class" => "五级分类",
        "penalty" => "罚息复利",
        "refused" => "入账",
        "missing_here" => "贷款",
        "rounding" => "尾差",
        "arrears" => "逾期金额",
        "normal" => "正常类合计",
        "special_mention" => "关注类合计",
        "substandard" => "次级类合计",
        "doubtful" => "可疑类合计",
        "loss" => "损失类合计",
        other => other,
    };
    Some(match at.parse::<domain::BusinessDate>() {
        Ok(day) => format!("{of} {day} {word}"),
        Err(_) => format!("{of} 流水{at} {word}"),
    })
}

/// What was found, as it was written down, with its amounts as people read them and the keys of programs in words.
pub(super) fn told(detail: &str) -> String {
    let of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-');
    let mut told = String::with_capacity(detail.len());
    let mut word = String::new();
    // One more, so that the last word ends.
    for c in detail.chars().map(Some).chain([None]) {
        match c {
            Some(c) if of_word(c) => word.push(c),
            other => {
                told.push_str(&told_word(&word));
                word.clear();
                told.extend(other);
            }
        }
    }
    told
}

fn told_word(word: &str) -> String {
    let is_amount = word.rsplit_once('.').is_some_and(|(_, fen)| fen.len() == 2);
    match word.parse::<domain::Money>() {
        Ok(amount) if is_amount => crate::part::grouped(amount),
        _ if word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') => {
            crate::glossary::value("class", &serde_json::Value::from(word))
        }
        _ => item(word),
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
        ResolutionState::Superseded => ("已由其他办法取代", Tone::Calm),
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

/// Which way a gift came.
pub(super) fn channel(word: &str) -> &str {
    match word {
        "wechat" => "微信支付",
        "bank" => "银行",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_wrote_is_read_by_people() {
        assert_eq!(item("loan:QND-2026-0031:L7:split"), "QND-2026-0031 流水L7 本息分项");
        assert_eq!(item("loan:QND-2026-0031:2026-06-30:balance"), "QND-2026-0031 2026-06-30 余额");
        assert_eq!(item("loan:rcb:2026-06-30:loss"), "rcb 2026-06-30 损失类合计");
        assert_eq!(item("0198f0c0a1b27c3d8e4f001122334455"), "订单号 0198f0c0a1b27c3d8e4f001122334455");
        assert_eq!(item("4200002601202601150000000001"), "微信支付单号 4200002601202601150000000001");
        assert_eq!(item("comet"), "comet");
        assert_eq!(told("本金应为1234.50，银行2345.60（2026-06-30）"), "本金应为1,234.50，银行2,345.60（2026-06-30）");
        assert_eq!(told("退款状态 PROCESSING"), "退款状态 PROCESSING");
    }
}
