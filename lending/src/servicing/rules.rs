//! What a contract allows of what is told, as far as it is not for the arithmetic to say.

use domain::BusinessDate;
use domain::Money;
use domain::lending::product::CompensationRule;
use domain::loan::life::What;
use entity::{Tx, loan_programme};

use super::loan::{Fact, Loan};
use super::{NewEvent, ServeError, price, programme};

/// What the pool may pay of a loan by its contract.
pub struct Compensable {
    /// Whether it is late enough.
    late: bool,
    trigger_days: u32,
    /// How much more.
    pub most: Money,
}

impl Compensable {
    /// Whether it may pay this much.
    pub fn allows(&self, amount: Money) -> Result<(), ServeError> {
        if !self.late {
            return Err(ServeError::TooEarlyForPool { days: self.trigger_days });
        }
        if amount > self.most {
            return Err(ServeError::TooMuchForPool { most: self.most });
        }
        Ok(())
    }
}

/// 代偿 by the contract's rule: the pool's share of what was owed when it first paid, once an instalment is late enough.
pub fn compensable(loan: &Loan, on: BusinessDate) -> Result<Compensable, ServeError> {
    let Some(text) = &loan.row.compensation else {
        return Err(ServeError::Invalid { field: "kind", problem: "合同没有约定风险补偿" });
    };
    let rule: CompensationRule = serde_json::from_str(text)?;
    let state = loan.replay(on)?.ok_or(ServeError::NotPaidOut)?.state;
    let lost = state.principal()?.checked_add(state.compensated);
    let share = lost.and_then(|lost| rule.ratio.of(lost)).ok_or(domain::loan::LoanError::TooLarge)?;
    let most = Money::from_fen(share.fen().saturating_sub(state.compensated.fen()).max(0));
    let late = state.days_past_due >= i64::from(rule.trigger_days) || state.compensated.is_positive();
    Ok(Compensable { late, trigger_days: rule.trigger_days, most })
}

/// Whether the contract allows a fact, as far as it is not for the arithmetic to say: 代偿 by its rule and the pool's means, 核销 of what
/// is late, 挪用 of no more than is lent, a rate by its pricing.
pub(super) async fn by_contract(
    tx: &Tx,
    programme: &loan_programme::Model,
    loan: &Loan,
    from_pool: &mut Money,
    new: &NewEvent,
) -> Result<(), ServeError> {
    match new.fact {
        Fact::Event(What::Compensation(amount)) => {
            *from_pool = from_pool.checked_add(amount).ok_or(domain::loan::LoanError::TooLarge)?;
            compensable(loan, new.on)?.allows(amount)?;
            match programme::left_in_pool(tx, programme).await? {
                Some(left) if *from_pool > left => Err(ServeError::PoolEmpty { left }),
                _ => Ok(()),
            }
        }
        Fact::Event(What::WriteOff) => match loan.replay(new.on)? {
            Some(it) if it.state.days_past_due > 0 => Ok(()),
            _ => Err(ServeError::Invalid { field: "on", problem: "没有逾期的贷款不能核销" }),
        },
        Fact::Event(What::Misuse(Some(amount))) => {
            let it = loan.replay(new.on)?.ok_or(ServeError::NotPaidOut)?;
            match amount.is_positive() && amount <= it.state.principal()? {
                true => Ok(()),
                false => Err(ServeError::Invalid {
                    field: "amount", problem: "挪用金额应大于零，不超过当日未还本金"
                }),
            }
        }
        Fact::Event(What::MisuseMended) => match loan.replay(new.on)? {
            Some(it) if it.state.misused.is_positive() => Ok(()),
            _ => Err(ServeError::Invalid { field: "on", problem: "当日没有登记在案的挪用" }),
        },
        // Officers tell what borrower and bank agreed, within what the contract allows; a file tells what the contract says.
        Fact::Event(What::RateChange(rate)) if new.told.is_none() => match price::is_within(tx, &loan.row, rate).await?
        {
            true => Ok(()),
            false => Err(ServeError::Invalid { field: "rate", problem: "利率超出合同约定的下限或上限" }),
        },
        Fact::Event(What::RateChange(rate)) => match price::expected(tx, loan, new.on).await? {
            Some(price) if price.annual_rate != rate => Err(ServeError::OtherRate { expected: price.annual_rate }),
            _ => Ok(()),
        },
        Fact::Payout(_) | Fact::Event(_) => Ok(()),
    }
}

/// Whether it is the contract that refuses, and no failure.
pub(super) fn is_beyond(error: &ServeError) -> bool {
    use ServeError::*;
    matches!(
        error,
        Invalid { .. } | TooEarlyForPool { .. } | TooMuchForPool { .. } | PoolEmpty { .. } | OtherRate { .. } | NoLpr
    )
}
