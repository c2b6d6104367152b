//! One loan with its whole table, what it would cost to be rid of it on a day, and the entries behind its events; and those that are late.

use domain::loan::allocation::Amounts;
use domain::loan::life::{Split, Standing};
use domain::loan::overdue::Class;
use domain::role::Member;
use domain::{BusinessDate, LoanContractId, LoanEventId, Money};
use entity::loan_contract;
use ledger::EntrySheet;
use lending::postings;
use lending::servicing::{ServeError, loan, programme};
use lending::view::{self, Wanted};

use super::{Served, Servicing, ServicingError};

/// A loan with its table.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The loan.
    pub served: Served,
    /// Every instalment at the end of today.
    pub instalments: Vec<Standing>,
    /// What it would cost to be rid of it on the day that was asked about, if it can be.
    pub payoff: Option<Split>,
}

/// A loan with something late.
#[derive(Clone, Debug)]
pub struct LateLoan {
    /// The contract.
    pub contract: loan_contract::Model,
    /// 逾期天数.
    pub days: i64,
    /// Principal not repaid, due or not.
    pub balance: Money,
    /// What fell due before the day and is not paid.
    pub late: Amounts,
    /// Its class.
    pub class: Class,
    /// The day at whose end it stands so: today, or the day of the last file of a bank that does not tell every day.
    pub as_of: BusinessDate,
}

impl Servicing {
    /// A loan with its table, and its payoff on a day that is not over.
    pub async fn sheet(
        &self,
        id: LoanContractId,
        payoff_on: BusinessDate,
        by: &Member,
    ) -> Result<Sheet, ServicingError> {
        let served = self.loan(id, by).await?;
        let today = self.business.today();
        let mut loans = loan::load(self.db.read(), &[id], false).await?;
        let loan = loans.remove(&id).ok_or(ServeError::NoSuchContract)?;
        let runs = loan.payout().is_some_and(|(_, on)| on <= today);
        let payoff = if runs && payoff_on >= today { loan.payoff(payoff_on)? } else { None };
        Ok(Sheet { served, instalments: if runs { loan.instalments(today)? } else { Vec::new() }, payoff })
    }

    /// The entry of an event of a loan, for whoever may see the loan; nothing if it booked nothing.
    pub async fn event_entry(
        &self,
        id: LoanContractId,
        event: LoanEventId,
        by: &Member,
    ) -> Result<Option<EntrySheet>, ServicingError> {
        let served = self.loan(id, by).await?;
        if !served.events.iter().any(|known| known.id == event) {
            return Err(ServeError::NoSuchEvent.into());
        }
        Ok(ledger::entry_sheet(self.db.read(), &postings::reference(event)).await?)
    }

    /// A page of the loans with something late, for whoever may see them one by one; the longest first. Nine statements.
    pub async fn late(
        &self,
        wanted: &Wanted,
        by: &Member,
        after: Option<LoanContractId>,
        limit: u64,
    ) -> Result<Vec<LateLoan>, ServicingError> {
        let (db, today) = (self.db.read(), self.business.today());
        let known = programme::known(db, today).await?;
        let ids = view::late(db, wanted, &known, by, after, limit).await?;
        let mut loans = loan::load(db, &ids, false).await?;
        let mut late = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(loan) = loans.remove(&id) else { continue };
            let of_bank = known.iter().find(|one| one.programme.bank_id == loan.row.bank_id);
            let as_of = of_bank.map_or(today, |one| one.until);
            let Some(state) = loan.replay(as_of)?.map(|it| it.state).filter(|state| state.days_past_due > 0) else {
                continue;
            };
            late.push(LateLoan {
                late: loan.late(&state, as_of)?,
                contract: loan.row,
                days: state.days_past_due,
                balance: state.principal().map_err(ServeError::Loan)?,
                class: state.class,
                as_of,
            });
        }
        Ok(late)
    }
}
