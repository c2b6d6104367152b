//! Interest subsidy (贴息): which part of the scheduled interest the government pays.

use super::{LoanError, Schedule, Terms, minus, plus, product, share};
use crate::{BusinessDate, Fraction, Money, Rate};

/// How the part is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// A share of the interest.
    Share(Rate),
    /// So many points of the rate.
    Points(Rate),
    /// Everything above the rate the borrower bears.
    AboveFloor(Rate),
}

/// A subsidy and where it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subsidy {
    /// How the part is found.
    pub model: Model,
    /// Instalments that were paid late have none.
    pub late_instalments: Vec<u32>,
    /// None after so many instalments.
    pub max_instalments: Option<u32>,
    /// None for what falls due after this day.
    pub until: Option<BusinessDate>,
    /// Never more than this in all.
    pub cap_total: Option<Money>,
}

/// Who pays the interest of an instalment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subsidised {
    /// Which instalment.
    pub number: u32,
    /// When it is due.
    pub due: BusinessDate,
    /// Its interest.
    pub interest: Money,
    /// The part of the government.
    pub government: Money,
    /// The rest.
    pub borrower: Money,
}

/// The rates of an instalment's period, each with the part of a year it holds for. Of one rate alone the part has no say.
pub type Rates = Vec<(Rate, Fraction)>;

impl Subsidy {
    /// Instalment by instalment, at the rate of the terms.
    pub fn of(&self, terms: &Terms, schedule: &Schedule) -> Result<Vec<Subsidised>, LoanError> {
        let steady = vec![vec![(terms.annual_rate, Fraction::parts(1, 1))]; schedule.instalments.len()];
        self.by_rates(schedule, &steady)
    }

    /// The same where the rate has changed: each instalment at the rates of its own period.
    pub fn by_rates(&self, schedule: &Schedule, rates: &[Rates]) -> Result<Vec<Subsidised>, LoanError> {
        let mut paid = Money::ZERO;
        let split = schedule.instalments.iter().zip(rates).map(|(one, rates)| {
            let granted = match (self.part(rates)?, self.reaches(one.number, one.due)) {
                (_, false) => Money::ZERO,
                (Part::Government(part), true) => share(part, one.interest)?.min(one.interest),
                (Part::Borrower(part), true) => minus(one.interest, share(part, one.interest)?)?,
            };
            let government = match self.cap_total {
                Some(cap) => granted.min(minus(cap, paid)?),
                None => granted,
            };
            paid = plus(paid, government)?;
            let borrower = minus(one.interest, government)?;
            Ok(Subsidised { number: one.number, due: one.due, interest: one.interest, government, borrower })
        });
        split.collect()
    }

    fn reaches(&self, number: u32, due: BusinessDate) -> bool {
        !self.late_instalments.contains(&number)
            && self.max_instalments.is_none_or(|most| number <= most)
            && self.until.is_none_or(|until| due <= until)
    }

    /// As a part of the interest. Without a rate there is no interest to share.
    fn part(&self, rates: &[(Rate, Fraction)]) -> Result<Part, LoanError> {
        let over = |of: &dyn Fn(Rate) -> Rate| {
            rates.iter().try_fold(Fraction::ZERO, |sum, (rate, years)| {
                sum.plus(product(of(*rate).fraction(), *years)?).ok_or(LoanError::TooLarge)
            })
        };
        let of_interest = |of: &dyn Fn(Rate) -> Rate| match over(&|rate| rate)?.inverse() {
            Some(inverse) => product(over(of)?, inverse),
            None => Ok(Fraction::ZERO),
        };
        Ok(match self.model {
            Model::Share(share) => Part::Government(share.fraction()),
            Model::Points(points) => Part::Government(of_interest(&|_| points)?),
            Model::AboveFloor(floor) => Part::Borrower(of_interest(&|rate| floor.min(rate))?),
        })
    }
}

/// Whose part is rounded; the other has what is left.
#[derive(Clone, Copy, Debug)]
enum Part {
    Government(Fraction),
    Borrower(Fraction),
}
