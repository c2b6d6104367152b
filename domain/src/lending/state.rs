//! The one life of a loan (facts: lending 6), from the draft of an application to the end of its contract.
//!
//! An application ends in a signed contract or before it; its contract goes on from there, in a row of its own. What follows
//! [`LoanState::Signed`] is told by servicing, after the bank's figures. A renewal, an extension or a restructuring is a contract of its
//! own: once it is paid out, which pays nothing, the one it replaces is at its end.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// Where a loan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum LoanState {
    /// 草稿: being written, or sent back to be completed.
    Draft,
    /// 已申请: waits for the office whose recommendation is due.
    Applied,
    /// 已推荐: the last office recommends it; waits for the borrower's consent to be sent to the bank.
    Recommended,
    /// 银行审查.
    BankReview,
    /// 已批准: the bank grants it; waits to be signed.
    Approved,
    /// 已拒绝, with a reason.
    Refused,
    /// 已签约.
    Signed,
    /// 已放款: not yet at the end of its first day.
    PaidOut,
    /// 正常还款.
    Performing,
    /// 逾期.
    Overdue,
    /// 已结清.
    Settled,
    /// 已核销: given up in the bank's books, not in law.
    WrittenOff,
    /// 已代偿: the risk pool has paid its share.
    Compensated,
    /// 已撤回 by the borrower, or never paid out.
    Withdrawn,
    /// 已过期: nobody went on in time.
    Expired,
    /// 已续贷: paid off by the contract that renews it.
    Renewed,
    /// 已展期: taken over by the contract that extends it.
    Extended,
    /// 已重组: taken over by the contract that restructures it.
    Restructured,
}

/// What can happen to a loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum LoanEvent {
    /// The borrower hands the application in.
    Submit,
    /// An office passes it on to the next.
    PassOn,
    /// The last office recommends it.
    Recommend,
    /// An office or the bank sends it back to be completed.
    Return,
    /// It goes to the bank, by the borrower's consent.
    Send,
    /// The bank grants it.
    Approve,
    /// An office or the bank refuses it.
    Refuse,
    /// Borrower and bank sign.
    Sign,
    /// The borrower takes it back, or a signed contract is given up before it is paid out.
    Withdraw,
    /// Nobody went on in time.
    Expire,
    /// The bank pays out.
    PayOut,
    /// A payout is taken back.
    UndoPayOut,
    /// The first day is over.
    Begin,
    /// Something due was not paid.
    FallOverdue,
    /// Everything due is paid.
    CatchUp,
    /// Nothing is owed any more.
    Settle,
    /// The bank gives it up in its books.
    WriteOff,
    /// The risk pool pays its share.
    Compensate,
    /// The contract that renews it is paid out.
    Renew,
    /// The contract that extends it is in force.
    Extend,
    /// The contract that restructures it is in force.
    Restructure,
    /// What ended it was reversed.
    Reopen,
}

impl LoanState {
    /// The whole table.
    pub fn on(self, event: LoanEvent) -> Result<LoanState, crate::Refused<LoanState, LoanEvent>> {
        use LoanEvent as E;
        use LoanState::*;
        Ok(match (self, event) {
            (Draft, E::Submit) | (Applied, E::PassOn) => Applied,
            (Applied, E::Recommend) => Recommended,
            (Applied | BankReview, E::Return) => Draft,
            (Recommended, E::Send) => BankReview,
            (BankReview, E::Approve) => Approved,
            (Applied | BankReview, E::Refuse) => Refused,
            (Approved, E::Sign) => Signed,
            (Draft | Applied | Recommended | BankReview | Approved | Signed, E::Withdraw) => Withdrawn,
            (Recommended | Approved, E::Expire) => Expired,
            (Signed, E::PayOut) => PaidOut,
            (PaidOut, E::UndoPayOut) => Signed,
            (PaidOut, E::Begin) | (Overdue, E::CatchUp) => Performing,
            (PaidOut | Performing, E::FallOverdue) => Overdue,
            (PaidOut | Performing | Overdue | WrittenOff | Compensated, E::Settle) => Settled,
            (Overdue | Compensated, E::WriteOff) => WrittenOff,
            (Overdue, E::Compensate) => Compensated,
            (Performing, E::Renew) => Renewed,
            (Performing | Overdue, E::Extend) => Extended,
            (Performing | Overdue, E::Restructure) => Restructured,
            (Settled | Renewed | Extended | Restructured, E::Reopen) => Performing,
            (WrittenOff | Compensated, E::Reopen) => Overdue,
            (
                Draft | Applied | Recommended | BankReview | Approved | Refused | Signed | PaidOut | Performing
                | Overdue | Settled | WrittenOff | Compensated | Withdrawn | Expired | Renewed | Extended
                | Restructured,
                _,
            ) => return Err(crate::Refused { state: self, event }),
        })
    }

    /// Whether somebody still has to do something before a contract stands.
    pub fn is_under_way(self) -> bool {
        use LoanState::*;
        match self {
            Draft | Applied | Recommended | BankReview | Approved => true,
            Refused | Signed | PaidOut | Performing | Overdue | Settled | WrittenOff | Compensated | Withdrawn
            | Expired | Renewed | Extended | Restructured => false,
        }
    }

    /// Whether a contract binds: signed, and something may be owed.
    pub fn binds(self) -> bool {
        use LoanState::*;
        match self {
            Signed | PaidOut | Performing | Overdue | WrittenOff | Compensated => true,
            Draft | Applied | Recommended | BankReview | Approved | Refused | Settled | Withdrawn | Expired
            | Renewed | Extended | Restructured => false,
        }
    }

    /// What it is called before people.
    pub fn chinese(self) -> &'static str {
        use LoanState::*;
        match self {
            Draft => "草稿",
            Applied => "推荐审核中",
            Recommended => "已推荐",
            BankReview => "银行审查中",
            Approved => "银行已批准",
            Refused => "未通过",
            Signed => "已签约",
            PaidOut => "已放款",
            Performing => "还款中",
            Overdue => "已逾期",
            Settled => "已结清",
            WrittenOff => "已核销",
            Compensated => "已代偿",
            Withdrawn => "已撤回",
            Expired => "已过期",
            Renewed => "已续贷",
            Extended => "已展期",
            Restructured => "已重组",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::grid;
    use sea_orm::Iterable;

    #[test]
    fn the_grid() {
        let states: Vec<_> = LoanState::iter().collect();
        let events: Vec<_> = LoanEvent::iter().collect();
        insta::assert_snapshot!(grid(&states, &events, LoanState::on));
    }

    #[test]
    fn what_is_under_way_does_not_bind() {
        assert!(LoanState::iter().all(|state| !(state.is_under_way() && state.binds())));
    }
}
