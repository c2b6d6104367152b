//! What a loan would cost, before anybody applies: the whole table, and the annualised cost first (facts: lending 2, PBoC announcement
//! 2021 no. 3). The same arithmetic as the contract's; flat quotes are shown at what they truly cost.

use domain::lending::product::SubsidyRule;
use domain::loan::cost::{self, Flow, Occupancy};
use domain::loan::subsidy::Subsidised;
use domain::loan::{LoanError, Schedule, Terms, Totals};
use domain::{Fraction, Money};

/// A quote.
#[derive(Clone, Debug)]
pub struct Quote {
    /// What it costs in a year, compound (复利法): the rate at which what the borrower receives and pays is worth nothing.
    pub annual_cost: Fraction,
    /// The same, simple (单利法): cost over the principal in use.
    pub simple_cost: Fraction,
    /// The table.
    pub schedule: Schedule,
    /// What it adds up to.
    pub totals: Totals,
    /// What is paid beside interest, when the money comes.
    pub fees: Money,
    /// Interest and fees.
    pub cost: Money,
    /// Who pays the interest, if it is subsidised.
    pub subsidised: Option<Subsidy>,
}

/// A quote's subsidy.
#[derive(Clone, Debug)]
pub struct Subsidy {
    /// Instalment by instalment.
    pub parts: Vec<Subsidised>,
    /// What others pay.
    pub total: Money,
    /// What it costs the borrower in a year if all of it comes, compound.
    pub annual_cost: Fraction,
}

/// Reckons it. `fees` are paid out of the principal.
pub fn quote(terms: &Terms, fees: Money, subsidy: Option<&SubsidyRule>) -> Result<Quote, LoanError> {
    let schedule = Schedule::of(terms)?;
    let totals = schedule.totals()?;
    let received = terms.principal.checked_sub(fees).ok_or(LoanError::TooLarge)?;
    let cost = totals.interest.checked_add(fees).ok_or(LoanError::TooLarge)?;
    let flows = |spared: &[Money]| {
        let payments = schedule.instalments.iter().enumerate().map(|(at, one)| {
            let paid = one.total.checked_sub(spared.get(at).copied().unwrap_or(Money::ZERO));
            let amount = paid.and_then(|paid| Money::ZERO.checked_sub(paid)).ok_or(LoanError::TooLarge)?;
            Ok(Flow { on: one.due, amount })
        });
        std::iter::once(Ok(Flow { on: terms.disbursed_on, amount: received }))
            .chain(payments)
            .collect::<Result<Vec<_>, LoanError>>()
    };
    let used: Vec<Occupancy> = schedule
        .instalments
        .iter()
        .map(|one| Occupancy { from: one.from, to: one.due, balance: one.opening })
        .collect();
    let subsidised = match subsidy {
        None => None,
        Some(rule) => {
            let parts = rule.subsidy(Vec::new()).of(terms, &schedule)?;
            let spared: Vec<Money> = parts.iter().map(|part| part.government).collect();
            let total = Money::checked_sum(spared.iter().copied()).ok_or(LoanError::TooLarge)?;
            Some(Subsidy { annual_cost: cost::xirr(&flows(&spared)?)?, parts, total })
        }
    };
    Ok(Quote {
        annual_cost: cost::xirr(&flows(&[])?)?,
        simple_cost: cost::simple(cost, &used)?,
        schedule,
        totals,
        fees,
        cost,
        subsidised,
    })
}

#[cfg(test)]
mod tests {
    use domain::loan::{DayCount, DueDays, InterestMode, Method, Repayment};

    use super::*;

    fn terms(method: Method) -> Terms {
        let day = |text: &str| text.parse().unwrap();
        Terms {
            principal: "120000.00".parse().unwrap(),
            annual_rate: "0.06".parse().unwrap(),
            disbursed_on: day("2026-01-15"),
            interest_mode: InterestMode::Monthly,
            day_count: DayCount::Actual360,
            repayment: Repayment::Instalments {
                method,
                due: DueDays { first_due_on: day("2026-02-15"), due_day: 15, term: 12 },
                odd_first_period: false,
            },
        }
    }

    fn percent(cost: Fraction) -> String {
        cost.times(Fraction::new(100, 1).unwrap()).unwrap().decimal(2).unwrap()
    }

    #[test]
    fn a_flat_loan_shows_about_twice_its_rate() {
        let honest = quote(&terms(Method::LevelInstalment), Money::ZERO, None).unwrap();
        let flat = quote(&terms(Method::Flat), Money::ZERO, None).unwrap();
        assert_eq!(percent(honest.annual_cost), "6.19");
        assert_eq!(percent(flat.annual_cost), "11.51");
        assert_eq!(flat.cost.to_string(), "7200.00");
    }

    #[test]
    fn a_fee_is_a_part_of_the_cost() {
        let plain = quote(&terms(Method::LevelInstalment), Money::ZERO, None).unwrap();
        let with_fee = quote(&terms(Method::LevelInstalment), "1200.00".parse().unwrap(), None).unwrap();
        assert!(percent(with_fee.annual_cost) > percent(plain.annual_cost));
        assert_eq!(with_fee.cost.checked_sub(plain.cost).unwrap().to_string(), "1200.00");
    }
}
