//! What being late costs (罚息, 复利), and the five classes (五级分类).

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

use super::{DayCount, LoanError, plus, product, share, sum};
use crate::{BusinessDate, Fraction, Money, Rate};

/// The least bad class the days past due allow (商业银行金融资产风险分类办法); judgement may only worsen it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// 正常.
    #[sea_orm(string_value = "normal")]
    Normal,
    /// 关注.
    #[sea_orm(string_value = "special_mention")]
    SpecialMention,
    /// 次级.
    #[sea_orm(string_value = "substandard")]
    Substandard,
    /// 可疑.
    #[sea_orm(string_value = "doubtful")]
    Doubtful,
    /// 损失.
    #[sea_orm(string_value = "loss")]
    Loss,
}

impl Class {
    /// By days past due (逾期天数).
    pub const fn of(days_past_due: i64) -> Class {
        match days_past_due {
            ..=0 => Class::Normal,
            1..=90 => Class::SpecialMention,
            91..=270 => Class::Substandard,
            271..=360 => Class::Doubtful,
            361.. => Class::Loss,
        }
    }
}

/// Days past due: none on the due day itself, nor before it.
pub fn days_past_due(due: BusinessDate, as_of: BusinessDate) -> i64 {
    due.days_to(as_of).max(0)
}

/// What late money costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Penalty {
    /// The contract rate.
    pub annual_rate: Rate,
    /// How many times it.
    pub multiplier: Fraction,
    /// Whether late interest costs too.
    pub compound: bool,
    /// What part of a year days are.
    pub day_count: DayCount,
}

impl Penalty {
    /// What a late yuan costs in a year.
    pub fn a_year(&self) -> Result<Fraction, LoanError> {
        product(self.annual_rate.fraction(), self.multiplier)
    }

    /// What a late yuan costs between two days.
    pub fn factor(&self, from: BusinessDate, to: BusinessDate) -> Result<Fraction, LoanError> {
        product(self.a_year()?, self.day_count.year_fraction(from, to))
    }

    /// Penalty on principal and compound interest on interest between two days, each rounded.
    pub fn between(
        &self,
        from: BusinessDate,
        to: BusinessDate,
        principal: Money,
        interest: Money,
    ) -> Result<(Money, Money), LoanError> {
        let factor = self.factor(from, to)?;
        Ok((share(factor, principal)?, if self.compound { share(factor, interest)? } else { Money::ZERO }))
    }
}

/// What the grace days spare a borrower who overstays them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
#[serde(rename_all = "snake_case")]
pub enum GraceMode {
    /// Nothing: all overdue days are charged.
    #[sea_orm(string_value = "retroactive")]
    Retroactive,
    /// The grace days are never charged.
    #[sea_orm(string_value = "excluded")]
    Excluded,
}

/// 宽限期.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace {
    /// Days within which nothing is charged.
    pub days: u32,
    /// And beyond them.
    pub mode: GraceMode,
}

impl Grace {
    /// From which day an instalment is charged, if it is at all.
    pub fn charged_from(&self, due: BusinessDate, as_of: BusinessDate) -> Result<Option<BusinessDate>, LoanError> {
        if days_past_due(due, as_of) <= i64::from(self.days) {
            return Ok(None);
        }
        match self.mode {
            GraceMode::Retroactive => Ok(Some(due)),
            GraceMode::Excluded => due.after_days(self.days.into()).map(Some).ok_or(LoanError::DateOutOfRange),
        }
    }
}

/// What an instalment that is due owes, and what its delay costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overdue {
    /// Days past due; the grace days do not change them.
    pub days: i64,
    /// Days that are charged.
    pub charged_days: i64,
    /// Principal unpaid.
    pub principal: Money,
    /// Interest unpaid.
    pub interest: Money,
    /// 罚息.
    pub penalty: Money,
    /// 复利.
    pub compound: Money,
}

impl Overdue {
    /// One instalment on a day. What is not yet due owes nothing.
    pub fn of(
        penalty: &Penalty,
        grace: Grace,
        due: BusinessDate,
        as_of: BusinessDate,
        principal: Money,
        interest: Money,
    ) -> Result<Overdue, LoanError> {
        if due > as_of {
            return Ok(Overdue::default());
        }
        let days = days_past_due(due, as_of);
        let plain = Overdue { days, principal, interest, ..Overdue::default() };
        let Some(from) = grace.charged_from(due, as_of)? else { return Ok(plain) };
        let (penalty, compound) = penalty.between(from, as_of, principal, interest)?;
        Ok(Overdue { charged_days: from.days_to(as_of), penalty, compound, ..plain })
    }

    /// Several instalments; the oldest says how many days.
    pub fn total<'a>(of: impl IntoIterator<Item = &'a Overdue>) -> Result<Overdue, LoanError> {
        of.into_iter().try_fold(Overdue::default(), |total, one| {
            Ok(Overdue {
                days: total.days.max(one.days),
                charged_days: total.charged_days.max(one.charged_days),
                principal: plus(total.principal, one.principal)?,
                interest: plus(total.interest, one.interest)?,
                penalty: plus(total.penalty, one.penalty)?,
                compound: plus(total.compound, one.compound)?,
            })
        })
    }

    /// What a borrower pays to be in time again.
    pub fn to_clear(&self) -> Result<Money, LoanError> {
        sum([self.principal, self.interest, self.penalty, self.compound])
    }
}
