//! Why a question about a loan has no answer.

use crate::{BusinessDate, Money};

/// Terms or events that cannot be reckoned with. Each has a stable [`LoanError::code`] and a sentence for whoever typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoanError {
    /// Beyond [`Money::MAX`], or a rate with more digits than exact arithmetic holds.
    #[error("金额、利率或期限超出可以精确计算的范围。")]
    TooLarge,
    /// A day after the end of the calendar.
    #[error("日期超出可以计算的范围。")]
    DateOutOfRange,
    /// Nothing is lent.
    #[error("贷款本金必须大于零。")]
    NoPrincipal,
    /// No instalment, or more than [`super::terms::MOST_INSTALMENTS`].
    #[error("期数应为 1 至 600 的整数。")]
    Term,
    /// Not a day of any month.
    #[error("还款日应为 1 至 31 的整数。")]
    DueDay,
    /// An instalment would fall due before the money is there.
    #[error("首期还款日（{0}）必须晚于放款日。")]
    FirstDue(BusinessDate),
    /// The loan would end before it begins.
    #[error("到期日必须晚于放款日。")]
    Maturity,
    /// The end lies before the beginning.
    #[error("结束日期不能早于开始日期。")]
    DatesReversed,
    /// All instalments are paid, or more than there are.
    #[error("已还期数必须小于总期数，已结清的贷款不能提前还款。")]
    PaidInstalments,
    /// Not between the last paid instalment and the next.
    #[error("提前还款日应不早于 {from}，且早于下一期还款日 {before}。")]
    PrepaymentDate {
        /// The first day possible.
        from: BusinessDate,
        /// The day by which it is too late.
        before: BusinessDate,
    },
    /// Monthly interest has no part of a month.
    #[error("按月计息的贷款只能在还款日提前归还部分本金。")]
    PrepaymentBetweenDueDays,
    /// Nothing, or all or more than is owed.
    #[error("部分提前还款的本金应大于零并小于剩余本金 {0}；全部还清请选择 full。")]
    PrepaidAmount(Money),
    /// The whole balance was to be repaid, and another amount is named.
    #[error("全部提前还款的本金是剩余本金 {0}，不能另填金额。")]
    PrepaidInFull(Money),
    /// Without principal in the instalments there is nothing to shorten.
    #[error("这种还款方式不能缩短期限，请选择 reduce_installment。")]
    CannotShorten,
    /// No convention says how.
    #[error("这种还款方式与计息方式不支持利率重定价。")]
    CannotReprice,
    /// Two rates from one day on.
    #[error("{0} 有两次利率变更。")]
    RateChangedTwice(BusinessDate),
    /// The spread takes more than the LPR.
    #[error("加点后利率小于零。")]
    NegativeRate,
    /// A rate above one.
    #[error("利率大于 100%。")]
    RateAboveOne,
    /// No rate is both.
    #[error("利率下限不能高于上限。")]
    FloorAboveCap,
    /// Before the payout or after the day asked for.
    #[error("还款日期 {0} 不在放款日与截止日之间。")]
    PaymentDate(BusinessDate),
    /// Nothing happens to a loan that has ended, but recoveries.
    #[error("这笔贷款已经结束，不能再登记此项业务。")]
    Ended,
    /// A prepayment while something is late.
    #[error("贷款有到期未还款项，请先还清后再提前还款。")]
    InArrears,
    /// More than there is to be had.
    #[error("金额 {0} 超过可以登记的余额。")]
    TooMuch(Money),
    /// A component that is to be paid twice.
    #[error("冲销顺序中同一项目出现了两次。")]
    ComponentTwice,
    /// Two instalments with one number.
    #[error("第 {0} 期出现了两次。")]
    InstalmentTwice(u32),
    /// A borrower receives first and pays later.
    #[error("现金流应至少有两天，第一天为借款人收款（正数）。")]
    FirstFlow,
    /// No rate makes the flows worth nothing.
    #[error("这组现金流没有可以确定的收益率。")]
    NoCost,
    /// Nobody had the use of any money.
    #[error("本金占用的金额与天数之积应大于零。")]
    NoOccupancy,
}

impl LoanError {
    /// For programs: never renamed.
    pub const fn code(self) -> &'static str {
        match self {
            LoanError::TooLarge => "out_of_range",
            LoanError::DateOutOfRange => "date_out_of_range",
            LoanError::NoPrincipal => "principal_not_positive",
            LoanError::Term => "term_out_of_range",
            LoanError::DueDay => "due_day_out_of_range",
            LoanError::FirstDue(_) => "first_due_not_after_payout",
            LoanError::Maturity => "maturity_not_after_payout",
            LoanError::DatesReversed => "dates_reversed",
            LoanError::PaidInstalments => "paid_installments_out_of_range",
            LoanError::PrepaymentDate { .. } => "prepayment_date_outside",
            LoanError::PrepaymentBetweenDueDays => "prepayment_between_due_days",
            LoanError::PrepaidAmount(_) => "prepaid_amount_out_of_range",
            LoanError::PrepaidInFull(_) => "prepaid_amount_not_balance",
            LoanError::CannotShorten => "cannot_shorten",
            LoanError::CannotReprice => "cannot_reprice",
            LoanError::RateChangedTwice(_) => "rate_changed_twice",
            LoanError::NegativeRate => "rate_negative",
            LoanError::RateAboveOne => "rate_above_one",
            LoanError::FloorAboveCap => "floor_above_cap",
            LoanError::PaymentDate(_) => "payment_date_outside",
            LoanError::Ended => "loan_ended",
            LoanError::InArrears => "loan_in_arrears",
            LoanError::TooMuch(_) => "more_than_outstanding",
            LoanError::ComponentTwice => "component_twice",
            LoanError::InstalmentTwice(_) => "installment_twice",
            LoanError::FirstFlow => "first_flow_not_positive",
            LoanError::NoCost => "no_annual_cost",
            LoanError::NoOccupancy => "no_occupancy",
        }
    }
}
