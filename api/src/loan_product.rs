//! Loan products: what everybody may read and ask the price of, and what staff write.

use std::sync::Arc;

use app::App;
use app::loans::products::Priced;
use app::loans::terms::{Answer, ByTerms, Question};
use app::problem::Problem;
use domain::loan::Instalment;
use domain::loan::subsidy::Subsidised;
use domain::{Fraction, Money};
use entity::{bank, bank_seat, loan_product, loan_quota, lpr};
use lending::product::{NewProduct, Search, Version};
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::auth::Officer;
use crate::cached::Cached;
use crate::error::ApiError;
use crate::loan_terms::{LoanDayCount, LoanFamily, LoanInterestMode, LoanMethod, LoanTerms, LprTenor};
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{self, Day, Instant, Part, Text, Yuan};

/// A bank that lends.
#[derive(Object)]
struct Bank {
    id: Uuid,
    code: String,
    name: String,
    active: bool,
}

impl From<bank::Model> for Bank {
    fn from(row: bank::Model) -> Bank {
        Bank { id: row.id.uuid(), code: row.code, name: row.name, active: row.active }
    }
}

#[derive(Object)]
struct NewBank {
    /// Made by the client: the same id again is the same bank.
    id: Uuid,
    code: Text,
    name: Text,
}

/// Whose officer somebody is.
#[derive(Object)]
struct BankSeat {
    officer: Uuid,
    bank: Uuid,
    author: Uuid,
    since: Instant,
}

impl From<bank_seat::Model> for BankSeat {
    fn from(row: bank_seat::Model) -> BankSeat {
        BankSeat {
            officer: row.staff_id.uuid(),
            bank: row.bank_id.uuid(),
            author: row.author_id.uuid(),
            since: row.created_us.into(),
        }
    }
}

/// A loan product that is offered, with its price of today.
#[derive(Object)]
struct OfferedProduct {
    id: Uuid,
    bank: Uuid,
    bank_name: String,
    family: LoanFamily,
    name: String,
    summary: String,
    /// Whether it takes applications.
    open: bool,
    version: i64,
    /// The highest annual rate of today; null until an LPR is confirmed. What a loan truly costs in a year is told by a quote.
    #[oai(nullable)]
    annual_rate: Option<Part>,
    /// The LPR it begins with.
    #[oai(nullable)]
    lpr: Option<Lpr>,
    terms: LoanTerms,
}

impl From<Priced> for OfferedProduct {
    fn from(priced: Priced) -> OfferedProduct {
        let Priced { offered, lpr, rate } = priced;
        let product = offered.product;
        OfferedProduct {
            id: product.id.uuid(),
            bank: product.bank_id.uuid(),
            bank_name: offered.bank,
            family: product.family.into(),
            name: product.name,
            summary: product.summary,
            open: product.open,
            version: product.version,
            annual_rate: rate.map(Part),
            lpr: lpr.map(Lpr::from),
            terms: offered.terms.into(),
        }
    }
}

/// A published loan prime rate.
#[derive(Object)]
struct Lpr {
    tenor: LprTenor,
    published_on: Day,
    rate: Part,
    /// Whether a second person has compared it with the publication; it counts only then.
    confirmed: bool,
}

impl From<lpr::Model> for Lpr {
    fn from(row: lpr::Model) -> Lpr {
        Lpr {
            tenor: row.tenor.into(),
            published_on: row.published_on.into(),
            rate: row.rate.into(),
            confirmed: row.confirmer_id.is_some(),
        }
    }
}

#[derive(Object)]
struct LprEntry {
    tenor: LprTenor,
    published_on: Day,
    rate: Part,
}

/// A loan product, for staff.
#[derive(Object)]
struct LoanProduct {
    id: Uuid,
    bank: Uuid,
    code: String,
    family: LoanFamily,
    name: String,
    summary: String,
    /// The version in force; 0 before the first.
    version: i64,
    /// Whether it takes applications.
    open: bool,
    author: Uuid,
    created_at: Instant,
}

impl From<loan_product::Model> for LoanProduct {
    fn from(row: loan_product::Model) -> LoanProduct {
        LoanProduct {
            id: row.id.uuid(),
            bank: row.bank_id.uuid(),
            code: row.code,
            family: row.family.into(),
            name: row.name,
            summary: row.summary,
            version: row.version,
            open: row.open,
            author: row.author_id.uuid(),
            created_at: row.created_us.into(),
        }
    }
}

#[derive(Object)]
struct LoanProductProposal {
    /// Made by the client: the same id again is the same product.
    id: Uuid,
    bank: Uuid,
    code: Text,
    family: LoanFamily,
    name: Text,
    summary: Text,
}

/// A version of a product's terms.
#[derive(Object)]
struct LoanVersion {
    product: Uuid,
    version: i64,
    published: bool,
    terms: LoanTerms,
    author: Uuid,
    #[oai(nullable)]
    publisher: Option<Uuid>,
    created_at: Instant,
    #[oai(nullable)]
    published_at: Option<Instant>,
}

impl From<Version> for LoanVersion {
    fn from(version: Version) -> LoanVersion {
        let row = version.row;
        LoanVersion {
            product: row.product_id.uuid(),
            version: row.version,
            published: row.publisher_id.is_some(),
            terms: version.terms.into(),
            author: row.author_id.uuid(),
            publisher: row.publisher_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
            published_at: row.published_us.map(Instant),
        }
    }
}

#[derive(Object)]
struct OpenState {
    /// Whether it takes applications.
    open: bool,
}

/// What a bank lends of a product in a city in a year.
#[derive(Object)]
struct LoanQuota {
    id: Uuid,
    unit: Uuid,
    bank: Uuid,
    product: Uuid,
    year: i64,
    limit: Yuan,
    /// Approved, not yet signed.
    reserved: Yuan,
    /// Signed.
    used: Yuan,
    /// What is left.
    left: Yuan,
}

impl From<loan_quota::Model> for LoanQuota {
    fn from(row: loan_quota::Model) -> LoanQuota {
        let taken = row.reserved_fen.checked_add(row.used_fen);
        let left = taken.and_then(|taken| row.limit_fen.checked_sub(taken)).unwrap_or(Money::ZERO);
        LoanQuota {
            id: row.id.uuid(),
            unit: row.unit_id.uuid(),
            bank: row.bank_id.uuid(),
            product: row.product_id.uuid(),
            year: row.year,
            limit: row.limit_fen.into(),
            reserved: row.reserved_fen.into(),
            used: row.used_fen.into(),
            left: left.into(),
        }
    }
}

#[derive(Object)]
struct LoanQuotaProposal {
    /// Made by the client: the same id again is the same quota.
    id: Uuid,
    /// The city; a county where the province runs it directly.
    unit: Uuid,
    product: Uuid,
    year: i32,
    limit: Yuan,
}

#[derive(Object)]
struct LoanQuotaLimit {
    limit: Yuan,
}

/// What somebody asks the price of. Amounts, rates and days are read here with care, so that whoever slips is told in words what to
/// write instead.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct LoanQuestion {
    /// A product, at its price of today. Without one, `annual_rate` is needed.
    product: Option<Uuid>,
    /// In yuan: `"100000.00"`.
    amount: Text,
    /// In months.
    term: i64,
    method: LoanMethod,
    /// The nominal rate of an offer from elsewhere: `"4.35%"` or `"0.0435"`.
    annual_rate: Option<Text>,
    /// Of an offer from elsewhere; monthly if it is not said.
    interest_mode: Option<LoanInterestMode>,
    /// Of an offer from elsewhere; ACT/360 if it is not said.
    day_count: Option<LoanDayCount>,
    /// Of an offer from elsewhere: what is paid beside interest, when the money comes.
    fees: Option<Text>,
    /// Today if it is not said.
    paid_out_on: Option<Text>,
    /// The day of the month instalments fall due on; the payout's if it is not said.
    due_day: Option<i64>,
}

/// What something costs in a year.
#[derive(Object)]
struct AnnualCost {
    /// As a fraction, six decimals.
    rate: String,
    /// As a percentage, two decimals.
    percent: String,
}

fn annual_cost(cost: Fraction) -> Result<AnnualCost, ApiError> {
    let told = || {
        let percent = cost.times(Fraction::new(100, 1)?)?.decimal(2)?;
        Some(AnnualCost { rate: cost.decimal(6)?, percent: format!("{percent}%") })
    };
    told().ok_or_else(|| ApiError::from(lending::LendingError::Loan(domain::loan::LoanError::TooLarge)))
}

/// A row of the table.
#[derive(Object)]
struct QuoteRow {
    number: u32,
    due_on: Day,
    principal: Yuan,
    interest: Yuan,
    total: Yuan,
    /// Principal left.
    balance: Yuan,
    /// What of the interest the government pays.
    #[oai(skip_serializing_if_is_none)]
    subsidy: Option<Yuan>,
}

/// What of it somebody else pays.
#[derive(Object)]
struct QuoteSubsidy {
    /// In all, if every instalment is paid in time.
    total: Yuan,
    /// What the loan costs the borrower in a year then, compound.
    annual_cost: AnnualCost,
}

/// The annualised cost, to be shown before and above everything else.
#[derive(Object)]
struct QuoteCost {
    /// Compound (复利法): the rate at which what is received and paid is worth nothing. Interest and fees are in it.
    compound: AnnualCost,
    /// In words.
    headline: String,
    /// Simple (单利法): cost over the principal in use.
    simple: AnnualCost,
    /// What to be wary of, if anything.
    #[oai(skip_serializing_if_is_none)]
    warning: Option<String>,
}

/// The loan of a quote.
#[derive(Object)]
struct QuotedLoan {
    /// The nominal rate of the contract.
    annual_rate: Part,
    amount: Yuan,
    method: LoanMethod,
    paid_out_on: Day,
    /// What is paid each month; with equal principal the principal of each month.
    regular_instalment: Yuan,
    total_interest: Yuan,
    /// What is paid beside interest, when the money comes.
    fees: Yuan,
    /// Interest and fees.
    total_cost: Yuan,
    /// All instalments.
    total_paid: Yuan,
}

/// What a loan would cost, the annualised cost first.
#[derive(Object)]
struct LoanQuote {
    annual_cost: QuoteCost,
    loan: QuotedLoan,
    rows: Vec<QuoteRow>,
    #[oai(skip_serializing_if_is_none)]
    subsidy: Option<QuoteSubsidy>,
}

fn wrong(field: &'static str, problem: &'static str) -> ApiError {
    ApiError::field(field, problem)
}

/// What somebody typed into a field, or what is wrong with it.
fn typed<T>(
    field: &'static str,
    Text(text): &Text,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, ApiError> {
    read(text.trim()).map_err(|problem| Problem::field(field, "").saying(problem).into())
}

impl LoanQuestion {
    fn read(self) -> Result<Question, ApiError> {
        let principal = typed("amount", &self.amount, wire::yuan)?;
        if !principal.is_positive() {
            return Err(wrong("amount", "贷款金额必须大于零"));
        }
        let months = u32::try_from(self.term).ok().filter(|term| (1..=600).contains(term));
        let term = months.ok_or_else(|| wrong("term", "贷款期限应为1至600个月的整数"))?;
        let due_day = match self.due_day {
            None => None,
            Some(day) => {
                let day = u8::try_from(day).ok().filter(|day| (1..=31).contains(day));
                Some(day.ok_or_else(|| wrong("due_day", "还款日应为1至31的整数"))?)
            }
        };
        let by = match (self.product, &self.annual_rate) {
            (Some(_), Some(_)) => return Err(wrong("annual_rate", "选择产品后利率按产品计算，不必填写年利率")),
            (Some(product), None) => ByTerms::Product(product.into()),
            (None, None) => return Err(wrong("annual_rate", "请选择产品，或填写年利率")),
            (None, Some(text)) => ByTerms::Offer {
                annual_rate: typed("annual_rate", text, wire::rate)?,
                interest_mode: self.interest_mode.unwrap_or(LoanInterestMode::Monthly).into(),
                day_count: self.day_count.unwrap_or(LoanDayCount::Actual360).into(),
                fees: self.fees.as_ref().map_or(Ok(Money::ZERO), |fees| typed("fees", fees, wire::yuan))?,
            },
        };
        Ok(Question {
            by,
            amount: principal,
            term,
            method: self.method.into(),
            paid_out_on: self.paid_out_on.as_ref().map(|text| typed("paid_out_on", text, wire::day)).transpose()?,
            due_day,
        })
    }
}

fn told(answer: Answer, amount: Money, method: LoanMethod) -> Result<LoanQuote, ApiError> {
    let Answer { annual_rate, paid_out_on, quote } = answer;
    let cost = annual_cost(quote.annual_cost)?;
    let parts: Vec<Option<Subsidised>> = match &quote.subsidised {
        Some(subsidy) => subsidy.parts.iter().copied().map(Some).collect(),
        None => vec![None; quote.schedule.instalments.len()],
    };
    let row = |(one, part): (&Instalment, Option<Subsidised>)| QuoteRow {
        number: one.number,
        due_on: one.due.into(),
        principal: one.principal.into(),
        interest: one.interest.into(),
        total: one.total.into(),
        balance: one.closing.into(),
        subsidy: part.map(|part| Yuan(part.government)),
    };
    let subsidy = match &quote.subsidised {
        Some(subsidy) => {
            Some(QuoteSubsidy { total: subsidy.total.into(), annual_cost: annual_cost(subsidy.annual_cost)? })
        }
        None => None,
    };
    let flat = method == LoanMethod::Flat;
    let warning = flat.then(|| {
        format!(
            "等本等息按最初本金计息，本金越还越少而利息不减：名义年利率{}，真实年化成本{}。",
            annual_rate.percent(),
            cost.percent
        )
    });
    Ok(LoanQuote {
        annual_cost: QuoteCost {
            headline: format!("年化利率（复利法，含全部费用）{}", cost.percent),
            compound: cost,
            simple: annual_cost(quote.simple_cost)?,
            warning,
        },
        loan: QuotedLoan {
            annual_rate: annual_rate.into(),
            amount: amount.into(),
            method,
            paid_out_on: paid_out_on.into(),
            regular_instalment: quote.schedule.regular_instalment.into(),
            total_interest: quote.totals.interest.into(),
            fees: quote.fees.into(),
            total_cost: quote.cost.into(),
            total_paid: quote.totals.total.into(),
        },
        rows: quote.schedule.instalments.iter().zip(parts).map(row).collect(),
        subsidy,
    })
}

pub(crate) struct LoanApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(tag = "Tag::Borrowing")]
impl LoanApi {
    /// The banks.
    #[oai(path = "/banks", method = "get")]
    async fn banks(
        &self,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<Bank>>, ApiError> {
        Ok(Cached::of(Page::whole(self.app.loans.banks().await?), known.0.as_deref()))
    }

    /// The published loan prime rates, newest first.
    #[oai(path = "/lpr", method = "get")]
    async fn lprs(
        &self,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<Lpr>>, ApiError> {
        Ok(Cached::of(Page::whole(self.app.loans.lprs(true).await?), known.0.as_deref()))
    }

    /// Loan products that take applications, newest first.
    #[oai(path = "/loan-products", method = "get")]
    async fn offers(
        &self,
        family: Query<Option<LoanFamily>>,
        bank: Query<Option<Uuid>>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<Page<OfferedProduct>>, ApiError> {
        let search = Search { family: family.0.map(Into::into), bank: bank.0.map(Into::into) };
        let rows = self.app.loans.offers(&search, after.0.map(Into::into), limit.0 + 1).await;
        let rows = rows.map_err(ApiError::of_list)?;
        Ok(Cached::of(Page::of(rows, limit.0, |row| row.offered.product.id.uuid()), known.0.as_deref()))
    }

    /// A loan product.
    #[oai(path = "/loan-products/:product_id", method = "get")]
    async fn offer(
        &self,
        product_id: Path<Uuid>,
        #[oai(name = "If-None-Match")] known: Header<Option<String>>,
    ) -> Result<Cached<OfferedProduct>, ApiError> {
        Ok(Cached::of(self.app.loans.offer(product_id.0.into()).await?.into(), known.0.as_deref()))
    }

    /// What a loan would cost: the annualised cost first, then the whole table. Of a product, or of an offer from elsewhere. Nothing is
    /// kept.
    #[oai(path = "/loan-quotes", method = "post")]
    async fn quote(&self, body: Json<LoanQuestion>) -> Result<Json<LoanQuote>, ApiError> {
        let method = body.0.method;
        let question = body.0.read()?;
        let answer = self.app.loans.quote(&question).await?;
        Ok(Json(told(answer, question.amount, method)?))
    }
}

pub(crate) struct OfficeLoanApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::Loans")]
impl OfficeLoanApi {
    /// Writes a bank down.
    #[oai(path = "/banks", method = "post")]
    async fn add_bank(&self, officer: Officer, body: Json<NewBank>) -> Result<Json<Bank>, ApiError> {
        let NewBank { id, code, name } = body.0;
        let new = lending::bank::NewBank { id: id.into(), code: code.0, name: name.0 };
        Ok(Json(self.app.loans.add_bank(new, &officer.0).await?.into()))
    }

    /// The officers of a bank.
    #[oai(path = "/banks/:bank_id/officers", method = "get")]
    async fn bank_officers(&self, officer: Officer, bank_id: Path<Uuid>) -> Result<Json<Page<BankSeat>>, ApiError> {
        Ok(Json(Page::whole(self.app.loans.bank_officers(bank_id.0.into(), &officer.0).await?)))
    }

    /// Says that a member of staff with the role bank_officer is this bank's. Nobody says it of themselves.
    #[oai(path = "/banks/:bank_id/officers/:member_id", method = "put")]
    async fn seat(
        &self,
        officer: Officer,
        bank_id: Path<Uuid>,
        member_id: Path<Uuid>,
    ) -> Result<Json<BankSeat>, ApiError> {
        let seat = self.app.loans.seat_officer(bank_id.0.into(), member_id.0.into(), &officer.0).await?;
        Ok(Json(seat.into()))
    }

    /// Takes an officer's seat away.
    #[oai(path = "/banks/:bank_id/officers/:member_id", method = "delete")]
    async fn unseat(&self, officer: Officer, bank_id: Path<Uuid>, member_id: Path<Uuid>) -> Result<(), ApiError> {
        Ok(self.app.loans.unseat_officer(bank_id.0.into(), member_id.0.into(), &officer.0).await?)
    }

    /// Loan products, newest first; for officers of a bank its own.
    #[oai(path = "/loan-products", method = "get")]
    async fn products(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<LoanProduct>>, ApiError> {
        let rows = self.app.loans.products(&officer.0, after.0.map(Into::into), limit.0 + 1).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.id.uuid())))
    }

    /// Writes a product down. It is public once a version of its terms is.
    #[oai(path = "/loan-products", method = "post")]
    async fn add_product(
        &self,
        officer: Officer,
        body: Json<LoanProductProposal>,
    ) -> Result<Json<LoanProduct>, ApiError> {
        let LoanProductProposal { id, bank, code, family, name, summary } = body.0;
        let new = NewProduct {
            id: id.into(),
            bank: bank.into(),
            code: code.0,
            family: family.into(),
            name: name.0,
            summary: summary.0,
        };
        Ok(Json(self.app.loans.add_product(new, &officer.0).await?.into()))
    }

    /// Takes applications, or takes none for a while.
    #[oai(path = "/loan-products/:product_id/open", method = "put")]
    async fn open_product(
        &self,
        officer: Officer,
        product_id: Path<Uuid>,
        body: Json<OpenState>,
    ) -> Result<Json<LoanProduct>, ApiError> {
        let row = self.app.loans.set_product_open(product_id.0.into(), body.0.open, &officer.0).await?;
        Ok(Json(row.into()))
    }

    /// The versions of a product's terms, oldest first.
    #[oai(path = "/loan-products/:product_id/versions", method = "get")]
    async fn versions(&self, officer: Officer, product_id: Path<Uuid>) -> Result<Json<Page<LoanVersion>>, ApiError> {
        Ok(Json(Page::whole(self.app.loans.versions(product_id.0.into(), &officer.0).await?)))
    }

    /// Writes a version of the terms, or writes one's own draft over. Versions count from 1.
    #[oai(path = "/loan-products/:product_id/versions/:version", method = "put")]
    async fn write_version(
        &self,
        officer: Officer,
        product_id: Path<Uuid>,
        version: Path<i64>,
        body: Json<LoanTerms>,
    ) -> Result<Json<LoanVersion>, ApiError> {
        let terms = body.0.into();
        let written = self.app.loans.write_version(product_id.0.into(), version.0, &terms, &officer.0).await?;
        Ok(Json(written.into()))
    }

    /// Publishes a version; another person than who wrote it. It never changes then.
    #[oai(path = "/loan-products/:product_id/versions/:version/publication", method = "post")]
    async fn publish(
        &self,
        officer: Officer,
        product_id: Path<Uuid>,
        version: Path<i64>,
    ) -> Result<Json<LoanVersion>, ApiError> {
        let published = self.app.loans.publish_version(product_id.0.into(), version.0, &officer.0).await?;
        Ok(Json(published.into()))
    }

    /// The published rates, those that nobody has confirmed included.
    #[oai(path = "/lpr", method = "get")]
    async fn all_lprs(&self, officer: Officer) -> Result<Json<Page<Lpr>>, ApiError> {
        officer.must_be(&lending::READERS)?;
        Ok(Json(Page::whole(self.app.loans.lprs(false).await?)))
    }

    /// Writes a published rate down.
    #[oai(path = "/lpr", method = "post")]
    async fn enter_lpr(&self, officer: Officer, body: Json<LprEntry>) -> Result<Json<Lpr>, ApiError> {
        let LprEntry { tenor, published_on, rate } = body.0;
        let row = self.app.loans.enter_lpr(tenor.into(), published_on.0, rate.0, &officer.0).await?;
        Ok(Json(row.into()))
    }

    /// Confirms a published rate; another person than who wrote it down.
    #[oai(path = "/lpr/confirmation", method = "post")]
    async fn confirm_lpr(&self, officer: Officer, body: Json<LprEntry>) -> Result<Json<Lpr>, ApiError> {
        let LprEntry { tenor, published_on, rate } = body.0;
        let row = self.app.loans.confirm_lpr(tenor.into(), published_on.0, rate.0, &officer.0).await?;
        Ok(Json(row.into()))
    }

    /// Quotas, newest first.
    #[oai(path = "/loan-quotas", method = "get")]
    async fn quotas(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<LoanQuota>>, ApiError> {
        let rows = self
            .app
            .loans
            .quotas(&lending::quota::QuotaSearch::default(), &officer.0, after.0.map(Into::into), limit.0 + 1)
            .await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.id.uuid())))
    }

    /// Sets a quota city × bank × product × year.
    #[oai(path = "/loan-quotas", method = "post")]
    async fn set_quota(&self, officer: Officer, body: Json<LoanQuotaProposal>) -> Result<Json<LoanQuota>, ApiError> {
        let LoanQuotaProposal { id, unit, product, year, limit } = body.0;
        let new = lending::quota::NewQuota {
            id: id.into(),
            unit: unit.into(),
            product: product.into(),
            year,
            limit: limit.0,
        };
        Ok(Json(self.app.loans.set_quota(new, &officer.0).await?.into()))
    }

    /// Another limit, not below what is taken.
    #[oai(path = "/loan-quotas/:quota_id", method = "put")]
    async fn change_quota(
        &self,
        officer: Officer,
        quota_id: Path<Uuid>,
        body: Json<LoanQuotaLimit>,
    ) -> Result<Json<LoanQuota>, ApiError> {
        let row = self.app.loans.change_quota(quota_id.0.into(), body.0.limit.0, &officer.0).await?;
        Ok(Json(row.into()))
    }
}
