//! What a loan would cost: by a product at its price of today, or by terms somebody was offered elsewhere.

use domain::lending::{ProductTerms, RepaymentMethod};
use domain::loan::{DayCount, DueDays, InterestMode, LoanError, Repayment, Terms};
use domain::role::Member;
use domain::{BusinessDate, LoanApplicationId, LoanProductId, Money, Rate};
use lending::LendingError;
use lending::quote::{Quote, quote};

use super::{Loans, LoansError};

/// What somebody asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// By which terms.
    pub by: ByTerms,
    /// How much.
    pub amount: Money,
    /// In months.
    pub term: u32,
    /// How it is repaid.
    pub method: RepaymentMethod,
    /// When it is paid out; today if it is not said.
    pub paid_out_on: Option<BusinessDate>,
    /// The day of the month instalments fall due on; the payout's if it is not said.
    pub due_day: Option<u8>,
}

/// By which terms a quote is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByTerms {
    /// A product's, at its price on the day.
    Product(LoanProductId),
    /// Somebody's offer.
    Offer {
        /// The nominal rate.
        annual_rate: Rate,
        /// How interest is reckoned.
        interest_mode: InterestMode,
        /// What part of a year days are.
        day_count: DayCount,
        /// What is paid beside interest, when the money comes.
        fees: Money,
    },
}

/// A quote and the rate it was made at.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The nominal rate.
    pub annual_rate: Rate,
    /// When it would be paid out.
    pub paid_out_on: BusinessDate,
    /// The quote.
    pub quote: Quote,
}

/// What an application would cost, by the version of its product it was handed in under.
#[derive(Clone, Debug)]
pub struct FileQuote {
    /// The terms of that version.
    pub terms: ProductTerms,
    /// As it was asked for, or granted if it was; nothing while no LPR is confirmed.
    pub answer: Option<Answer>,
}

impl Loans {
    /// What an application would cost if it were signed today; for whoever may know of it.
    pub async fn quote_of(&self, id: LoanApplicationId, by: &Member) -> Result<FileQuote, LoansError> {
        let db = self.db.read();
        let file = lending::application::known(db, id, by).await?;
        let terms = lending::product::terms_of(db, file.product_id, file.version).await?;
        let today = self.clock.today();
        let refused = |error: LoanError| LoansError::from(LendingError::Loan(error));
        let lpr = match lending::lpr::on(db, terms.price.tenor, today).await {
            Ok(lpr) => lpr,
            Err(LendingError::NoLpr) => return Ok(FileQuote { terms, answer: None }),
            Err(error) => return Err(error.into()),
        };
        let annual_rate =
            terms.rate(lpr.rate, file.approved_spread_bp.unwrap_or(terms.price.spread_bp)).map_err(refused)?;
        let amount = file.approved_fen.unwrap_or(file.amount_fen);
        let months = u32::try_from(file.approved_term.unwrap_or(file.term)).map_err(|_| refused(LoanError::Term))?;
        let reckoned = terms.terms(amount, annual_rate, file.method, months, today, today.day()).map_err(refused)?;
        let fees = terms.fees_of(amount).map_err(refused)?;
        let quote = quote(&reckoned, fees, terms.subsidy.as_ref()).map_err(refused)?;
        Ok(FileQuote { terms, answer: Some(Answer { annual_rate, paid_out_on: today, quote }) })
    }

    /// What a loan would cost.
    pub async fn quote(&self, question: &Question) -> Result<Answer, LoansError> {
        let paid_out_on = question.paid_out_on.unwrap_or_else(|| self.clock.today());
        let due_day = question.due_day.unwrap_or(paid_out_on.day());
        let refused = |error: LoanError| LoansError::from(LendingError::Loan(error));
        if !(1..=31).contains(&due_day) {
            return Err(refused(LoanError::DueDay));
        }
        let (annual_rate, terms, fees, subsidy) = match question.by {
            ByTerms::Product(id) => {
                let product = lending::product::offered(self.db.read(), id).await?;
                let against = product.terms.quote_refusals(question.amount, question.term, question.method);
                if !against.is_empty() {
                    return Err(LendingError::NotAdmitted(against).into());
                }
                let price = &product.terms.price;
                let lpr = lending::lpr::on(self.db.read(), price.tenor, self.clock.today()).await?;
                let rate = product.terms.rate(lpr.rate, price.spread_bp).map_err(refused)?;
                let (amount, method, term) = (question.amount, question.method, question.term);
                let terms = product.terms.terms(amount, rate, method, term, paid_out_on, due_day).map_err(refused)?;
                let fees = product.terms.fees_of(amount).map_err(refused)?;
                (rate, terms, fees, product.terms.subsidy)
            }
            ByTerms::Offer { annual_rate, interest_mode, day_count, fees } => {
                if !(1..=600).contains(&question.term) {
                    return Err(refused(LoanError::Term));
                }
                if fees >= question.amount && question.amount.is_positive() {
                    return Err(LendingError::Invalid { field: "fees", problem: "费用应小于贷款金额" }.into());
                }
                let after = |months, day| paid_out_on.day_of_month_after(months, day).ok_or(LoanError::DateOutOfRange);
                let repayment = match question.method.instalments() {
                    Some(method) => {
                        let first_due_on = after(1, due_day).map_err(refused)?;
                        let due = DueDays { first_due_on, due_day, term: question.term };
                        Repayment::Instalments { method, due, odd_first_period: false }
                    }
                    None => {
                        let maturity_on = after(question.term, paid_out_on.day()).map_err(refused)?;
                        Repayment::Bullet { maturity_on }
                    }
                };
                let principal = question.amount;
                let terms =
                    Terms { principal, annual_rate, disbursed_on: paid_out_on, interest_mode, day_count, repayment };
                (annual_rate, terms, fees, None)
            }
        };
        let quote = quote(&terms, fees, subsidy.as_ref()).map_err(refused)?;
        Ok(Answer { annual_rate, paid_out_on, quote })
    }
}
