//! What borrower and bank agree on: the terms that everything else is computed from.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use super::{DayCount, LoanError, product};
use crate::{BusinessDate, Fraction, Money, Rate};

/// Fifty years of months.
pub const MOST_INSTALMENTS: u32 = 600;

/// How instalments are made (还款方式).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// 等额本息.
    #[serde(rename = "equal_installment")]
    LevelInstalment,
    /// 等额本金.
    EqualPrincipal,
    /// 先息后本, 按月付息到期还本.
    InterestOnly,
    /// 等本等息: interest on the first principal although it falls.
    Flat,
}

/// How long a period is (计息方式).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum InterestMode {
    /// A month is a twelfth of a year, whatever its days.
    #[sea_orm(string_value = "monthly")]
    Monthly,
    /// By days, as the day count says.
    #[sea_orm(string_value = "daily")]
    Daily,
}

/// The days instalments fall due: always reckoned from the day of the month, never from the instalment before, so that a 31st
/// comes back after February.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueDays {
    /// A day in the month of the first instalment.
    pub first_due_on: BusinessDate,
    /// Day of the month, or its last if it is shorter.
    pub due_day: u8,
    /// How many.
    pub term: u32,
}

impl DueDays {
    /// The days, the first first.
    pub fn list(self) -> Result<Vec<BusinessDate>, LoanError> {
        if !(1..=MOST_INSTALMENTS).contains(&self.term) {
            return Err(LoanError::Term);
        }
        if !(1..=31).contains(&self.due_day) {
            return Err(LoanError::DueDay);
        }
        let due = |k| self.first_due_on.day_of_month_after(k, self.due_day).ok_or(LoanError::DateOutOfRange);
        (0..self.term).map(due).collect()
    }
}

/// How the money comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repayment {
    /// A day each month.
    Instalments {
        /// How they are made.
        method: Method,
        /// When they are due.
        due: DueDays,
        /// Whether, with monthly interest, the first period costs its actual days.
        odd_first_period: bool,
    },
    /// 到期一次还本付息, 利随本清.
    Bullet {
        /// The day.
        maturity_on: BusinessDate,
    },
}

/// The terms of a loan with a single payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// 本金.
    pub principal: Money,
    /// 年利率.
    pub annual_rate: Rate,
    /// 放款日.
    pub disbursed_on: BusinessDate,
    /// How long a period is.
    pub interest_mode: InterestMode,
    /// What part of a year days are.
    pub day_count: DayCount,
    /// How the money comes back.
    pub repayment: Repayment,
}

/// The time between two due days and what a yuan costs in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period {
    pub(super) number: u32,
    pub(super) from: BusinessDate,
    pub(super) due: BusinessDate,
    /// What interest is charged by.
    pub(super) factor: Fraction,
    /// What the level instalment is solved with: another one only in an odd first month.
    pub(super) regular: Fraction,
}

impl Terms {
    /// A bullet is one period of interest with the principal at its end.
    pub(super) fn method(&self) -> Method {
        match self.repayment {
            Repayment::Instalments { method, .. } => method,
            Repayment::Bullet { .. } => Method::InterestOnly,
        }
    }

    /// What a yuan costs from one day to another, by actual days.
    pub(super) fn by_days(&self, from: BusinessDate, to: BusinessDate) -> Result<Fraction, LoanError> {
        product(self.annual_rate.fraction(), self.day_count.year_fraction(from, to))
    }

    /// A twelfth of the annual rate.
    pub(super) fn by_month(&self) -> Result<Fraction, LoanError> {
        product(self.annual_rate.fraction(), Fraction::parts(1, 12))
    }

    /// What a yuan costs in whole months and odd days, the style of the central bank's rules: rate / 12 and rate / 360.
    pub(super) fn by_months_and_days(&self, to: BusinessDate) -> Result<Fraction, LoanError> {
        let from = self.disbursed_on;
        let later = |months| from.day_of_month_after(months, from.day()).ok_or(LoanError::DateOutOfRange);
        let (year, month) = (to.year() - from.year(), i32::from(to.month()) - i32::from(from.month()));
        let mut months = u32::try_from(year * 12 + month).map_err(|_| LoanError::Maturity)?;
        if later(months)? > to {
            months = months.checked_sub(1).ok_or(LoanError::Maturity)?;
        }
        let days = i128::from(months) * 30 + i128::from(later(months)?.days_to(to));
        product(self.annual_rate.fraction(), Fraction::parts(days, 360))
    }

    /// The periods, the first first. Refuses terms that cannot be.
    pub(super) fn periods(&self) -> Result<Vec<Period>, LoanError> {
        if !self.principal.is_positive() {
            return Err(LoanError::NoPrincipal);
        }
        if self.principal > Money::MAX {
            return Err(LoanError::TooLarge);
        }
        match self.repayment {
            Repayment::Bullet { maturity_on } => {
                if maturity_on <= self.disbursed_on {
                    return Err(LoanError::Maturity);
                }
                let factor = match self.interest_mode {
                    InterestMode::Monthly => self.by_months_and_days(maturity_on)?,
                    InterestMode::Daily => self.by_days(self.disbursed_on, maturity_on)?,
                };
                let from = self.disbursed_on;
                Ok(vec![Period { number: 1, from, due: maturity_on, factor, regular: factor }])
            }
            Repayment::Instalments { due, odd_first_period, .. } => {
                let month = self.by_month()?;
                let mut from = self.disbursed_on;
                let mut periods = Vec::with_capacity(due.term as usize);
                for (number, due) in (1..).zip(due.list()?) {
                    if due <= from {
                        return Err(LoanError::FirstDue(due));
                    }
                    let (factor, regular) = match self.interest_mode {
                        InterestMode::Monthly if number == 1 && odd_first_period => (self.by_days(from, due)?, month),
                        InterestMode::Monthly => (month, month),
                        InterestMode::Daily => {
                            let factor = self.by_days(from, due)?;
                            (factor, factor)
                        }
                    };
                    periods.push(Period { number, from, due, factor, regular });
                    from = due;
                }
                Ok(periods)
            }
        }
    }
}
