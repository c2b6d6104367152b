//! What the rate of a running loan is by its contract: the one it was signed at, or, where it is priced anew on 1 January or on the
//! anniversary of its payout, the LPR of that day with the spread, floor and cap it was signed with (facts: lending 2). 等本等息, and a loan that
//! is repaid with all its interest at its end and reckoned by months, have one rate for all of it: none is priced anew, whatever its product says.

use std::collections::HashMap;

use domain::lending::RepaymentMethod;
use domain::lending::product::{LprTenor, ProductTerms, Repricing};
use domain::loan::InterestMode;
use domain::loan::life::{Event, What};
use domain::{BusinessDate, LoanProductId, Rate};
use entity::loan_contract;
use sea_orm::ConnectionTrait;

use super::ServeError;
use super::loan::Loan;
use crate::{LendingError, lpr, product};

impl From<LendingError> for ServeError {
    fn from(error: LendingError) -> ServeError {
        match error {
            LendingError::Db(error) => ServeError::Db(error),
            LendingError::Stored(error) => ServeError::Stored(error),
            LendingError::Loan(error) => ServeError::Loan(error),
            LendingError::NoLpr => ServeError::NoLpr,
            _ => ServeError::Conflict,
        }
    }
}

/// The rate on a day, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// The annual rate.
    pub annual_rate: Rate,
    /// The first day it holds.
    pub since: BusinessDate,
}

/// When a contract is priced anew: never where its interest is one sum for all of it.
fn repricing(row: &loan_contract::Model) -> Repricing {
    use RepaymentMethod::*;
    match (row.method, row.interest_mode) {
        (Flat, _) | (Bullet, InterestMode::Monthly) => Repricing::Fixed,
        (LevelInstalment | EqualPrincipal | InterestOnly, _) | (Bullet, InterestMode::Daily) => row.repricing,
    }
}

/// The last day by a day on which a contract paid out on another is priced anew; nothing if there was none yet.
fn priced_on(repricing: Repricing, paid_out_on: BusinessDate, day: BusinessDate) -> Option<BusinessDate> {
    let first = match repricing {
        Repricing::Fixed => return None,
        Repricing::NewYear => BusinessDate::new(day.year(), 1, 1)?,
        Repricing::Anniversary => {
            let years = u32::try_from(day.year() - paid_out_on.year()).ok()?;
            let anniversary = |years: u32| paid_out_on.day_of_month_after(12 * years, paid_out_on.day());
            match anniversary(years)? {
                later if later > day => anniversary(years.checked_sub(1)?)?,
                passed => passed,
            }
        }
    };
    (first > paid_out_on).then_some(first)
}

/// Rates that were looked up: few, however many loans are priced by them.
#[derive(Debug, Default)]
pub struct Known(HashMap<(LoanProductId, i64, LprTenor, i64, BusinessDate), Rate>);

impl Known {
    /// As [`expected`], for many loans.
    pub async fn expected(
        &mut self,
        db: &impl ConnectionTrait,
        loan: &Loan,
        day: BusinessDate,
    ) -> Result<Option<Price>, ServeError> {
        let row = &loan.row;
        let since = loan.payout().and_then(|(_, paid_out_on)| priced_on(repricing(row), paid_out_on, day));
        let Some(since) = since else { return expected(db, loan, day).await };
        let key = (row.product_id, row.version, row.lpr_tenor, row.spread_bp, since);
        if let Some(annual_rate) = self.0.get(&key) {
            return Ok(Some(Price { annual_rate: *annual_rate, since }));
        }
        let price = expected(db, loan, day).await?;
        self.0.extend(price.map(|price| (key, price.annual_rate)));
        Ok(price)
    }
}

/// The rate of a loan on a day by its contract; nothing before the payout.
pub async fn expected(db: &impl ConnectionTrait, loan: &Loan, day: BusinessDate) -> Result<Option<Price>, ServeError> {
    let Some((_, paid_out_on)) = loan.payout() else { return Ok(None) };
    let row = &loan.row;
    let Some(since) = priced_on(repricing(row), paid_out_on, day) else {
        return Ok(Some(Price { annual_rate: row.annual_rate, since: paid_out_on }));
    };
    let terms = terms(db, row).await?;
    let lpr = lpr::on(db, row.lpr_tenor, since).await?;
    Ok(Some(Price { annual_rate: terms.rate(lpr.rate, row.spread_bp)?, since }))
}

/// The rate of a loan on a day as it was told: the last change by then, or what was signed.
pub fn told(loan: &Loan, day: BusinessDate) -> Rate {
    let events = loan.events();
    let is_taken_back = |id| events.iter().any(|event| event.what == What::Reversal(id));
    let changes = events.iter().filter(|event| event.on <= day && !is_taken_back(event.id));
    let rate = |event: &Event| match event.what {
        What::RateChange(rate) => Some((event.on, rate)),
        _ => None,
    };
    changes.filter_map(rate).max_by_key(|(on, _)| *on).map_or(loan.row.annual_rate, |(_, rate)| rate)
}

/// Whether a rate is within the floor and the cap a contract was signed with.
pub(super) async fn is_within(
    db: &impl ConnectionTrait,
    row: &loan_contract::Model,
    rate: Rate,
) -> Result<bool, ServeError> {
    let price = terms(db, row).await?.price;
    Ok(price.floor.is_none_or(|floor| rate >= floor) && price.cap.is_none_or(|cap| rate <= cap))
}

async fn terms(db: &impl ConnectionTrait, row: &loan_contract::Model) -> Result<ProductTerms, ServeError> {
    Ok(product::terms_of(db, row.product_id, row.version).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_is_priced_anew_on_its_days() {
        let day = |text: &str| text.parse::<BusinessDate>().expect("a day");
        let (paid, leap) = (day("2026-02-01"), day("2028-02-29"));
        for (repricing, paid, on, expected) in [
            (Repricing::Fixed, paid, "2029-05-01", None),
            (Repricing::NewYear, paid, "2026-12-31", None),
            (Repricing::NewYear, paid, "2027-01-01", Some("2027-01-01")),
            (Repricing::NewYear, day("2027-01-01"), "2027-03-01", None),
            (Repricing::Anniversary, paid, "2027-01-31", None),
            (Repricing::Anniversary, paid, "2027-02-01", Some("2027-02-01")),
            (Repricing::Anniversary, paid, "2028-01-31", Some("2027-02-01")),
            (Repricing::Anniversary, leap, "2029-02-28", Some("2029-02-28")),
        ] {
            assert_eq!(priced_on(repricing, paid, day(on)), expected.map(day), "{repricing:?} of {paid} on {on}");
        }
    }
}
