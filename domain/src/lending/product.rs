//! What a loan product says: whom it admits, what it costs, how it is repaid, what being late costs, who subsidises it (facts: lending
//! 1, 2). One version of it is fixed in a contract and never changes there.
//!
//! [`ProductTerms::check`] keeps a product within the rules of part 2: personal business loans at most ten years and loans to firms
//! five, penalties of 1.3 to 1.5 times the rate and 1.5 to 2 for misuse, at most three renewals.

use std::collections::BTreeMap;

use sea_orm::{DeriveActiveEnum, EnumIter, Iterable};
use serde::{Deserialize, Serialize};

use super::application::{ApplicantKind, MOST_RENEWALS};
use crate::loan::allocation::{Component, Order, Scan};
use crate::loan::overdue::{Class, GraceMode};
use crate::loan::pricing::Pricing;
use crate::loan::subsidy::{Model, Subsidy};
use crate::loan::{DayCount, DueDays, InterestMode, LoanError, Method, Repayment, Terms};
use crate::plan::Problem;
use crate::{BookId, BusinessDate, Fraction, Money, Multiplier, Rate, division};

/// Months: personal business loans at most ten years.
pub const LONGEST_FOR_PERSONS: u32 = 120;
/// Months: working capital of firms at most five years.
pub const LONGEST_FOR_ENTERPRISES: u32 = 60;

/// A family of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Family {
    /// 青农贷.
    Farm,
    /// 青扶贷.
    Support,
    /// 青企科创贷.
    Innovation,
}

/// What the money is for, by trade.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Industry {
    /// 种植.
    Planting,
    /// 养殖.
    Breeding,
    /// 农产品加工.
    Processing,
    /// 乡村旅游.
    Tourism,
    /// 电子商务.
    Commerce,
    /// 制造.
    Manufacturing,
    /// 科技.
    Technology,
    /// 生活服务.
    Services,
    /// 其他.
    Other,
}

/// What secures it (担保方式).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Guarantee {
    /// 信用.
    Credit,
    /// 自然人或企业保证.
    Surety,
    /// 担保公司.
    GuaranteeCompany,
    /// 抵押.
    Mortgage,
    /// 质押.
    Pledge,
}

/// How it is repaid (还款方式).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum RepaymentMethod {
    /// 等额本息.
    #[serde(rename = "equal_installment")]
    #[sea_orm(string_value = "equal_installment")]
    LevelInstalment,
    /// 等额本金.
    #[serde(rename = "equal_principal")]
    #[sea_orm(string_value = "equal_principal")]
    EqualPrincipal,
    /// 按月付息到期还本.
    #[serde(rename = "interest_only")]
    #[sea_orm(string_value = "interest_only")]
    InterestOnly,
    /// 等本等息.
    #[serde(rename = "flat")]
    #[sea_orm(string_value = "flat")]
    Flat,
    /// 到期一次还本付息.
    #[serde(rename = "bullet")]
    #[sea_orm(string_value = "bullet")]
    Bullet,
}

impl RepaymentMethod {
    /// With instalments, how they are made.
    pub fn instalments(self) -> Option<Method> {
        match self {
            RepaymentMethod::LevelInstalment => Some(Method::LevelInstalment),
            RepaymentMethod::EqualPrincipal => Some(Method::EqualPrincipal),
            RepaymentMethod::InterestOnly => Some(Method::InterestOnly),
            RepaymentMethod::Flat => Some(Method::Flat),
            RepaymentMethod::Bullet => None,
        }
    }
}

/// Which LPR a price begins with.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum LprTenor {
    /// 一年期.
    OneYear,
    /// 五年期以上.
    FiveYears,
}

/// When the rate of a running contract follows the LPR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Repricing {
    /// Never.
    Fixed,
    /// On 1 January.
    NewYear,
    /// On the anniversary of the payout.
    Anniversary,
}

/// What it costs: LPR plus basis points, within floor and cap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Which LPR.
    pub tenor: LprTenor,
    /// Basis points on it; a bank may grant less.
    pub spread_bp: i64,
    /// Never less.
    pub floor: Option<Rate>,
    /// Never more.
    pub cap: Option<Rate>,
    /// When it follows the LPR.
    pub repricing: Repricing,
}

/// A fee that comes with the loan (担保费 and the like): a part of the principal, paid when it is paid out. It belongs to the annual cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// What for, in Chinese.
    pub name: String,
    /// Of the principal.
    pub rate: Rate,
}

/// Which debt a payment settles first: an order for each class (facts: lending 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocationRule {
    /// Which way through instalments.
    pub scan: Scan,
    /// Of each class, all components, the first first.
    pub orders: BTreeMap<Class, Vec<Component>>,
}

impl AllocationRule {
    /// Fee, penalty, compound, interest, principal; from 次级 on the principal first.
    pub fn usual() -> AllocationRule {
        use Component::*;
        let order = |class| match class {
            Class::Normal | Class::SpecialMention => vec![Fee, Penalty, Compound, Interest, Principal],
            Class::Substandard | Class::Doubtful | Class::Loss => vec![Principal, Fee, Interest, Compound, Penalty],
        };
        AllocationRule {
            scan: Scan::InstallmentFirst,
            orders: Class::iter().map(|class| (class, order(class))).collect(),
        }
    }

    /// The order for a class.
    pub fn order(&self, class: Class) -> Result<Order, LoanError> {
        Order::new(self.orders.get(&class).cloned().unwrap_or_default())
    }

    fn is_complete(&self) -> bool {
        Class::iter().all(|class| {
            self.orders.get(&class).is_some_and(|order| {
                Order::new(order.clone()).is_ok() && Component::iter().all(|component| order.contains(&component))
            })
        })
    }
}

/// What being late, or using the money otherwise, costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PenaltyRule {
    /// Times the contract rate, for what is overdue.
    pub multiplier: Multiplier,
    /// Times the contract rate, for what is used otherwise than agreed.
    pub misuse: Multiplier,
    /// Whether late interest costs too.
    pub compound: bool,
    /// Days within which nothing is charged.
    pub grace_days: u32,
    /// And beyond them.
    pub grace_mode: GraceMode,
}

/// What paying early costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrepaymentRule {
    /// Of the principal paid early.
    pub fee_rate: Rate,
    /// Only in the first so many months.
    pub fee_months: u32,
}

/// How a subsidy is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum SubsidyModel {
    /// A share of the interest.
    Share,
    /// So many points of the rate.
    Points,
    /// Everything above the rate the borrower bears.
    AboveFloor,
}

/// How a subsidy's money goes, and so where it is booked (facts: lending 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum SubsidyFlow {
    /// Fiscal money that passes through a foundation, entrusted: its book.
    Entrusted,
    /// A foundation's own money: its book.
    Own,
    /// Paid by government directly: memo only.
    Direct,
}

/// Who receives a subsidy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum SubsidyRecipient {
    /// The borrower, who has paid the interest.
    Borrower,
    /// The bank, which asks the borrower for less.
    Bank,
}

/// 贴息.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubsidyRule {
    /// How it is found.
    pub model: SubsidyModel,
    /// The share, the points or the borrower's rate.
    pub value: Rate,
    /// For the first so many instalments.
    pub max_instalments: Option<u32>,
    /// For what falls due until this day.
    pub until: Option<BusinessDate>,
    /// Never more than this in all.
    pub cap_total: Option<Money>,
    /// Who pays, in Chinese.
    pub payer: String,
    /// How the money goes.
    pub flow: SubsidyFlow,
    /// The book it goes through, unless government pays directly.
    pub book: Option<BookId>,
    /// Who receives it.
    pub recipient: SubsidyRecipient,
}

impl SubsidyRule {
    /// For the arithmetic.
    pub fn subsidy(&self, late_instalments: Vec<u32>) -> Subsidy {
        Subsidy {
            model: match self.model {
                SubsidyModel::Share => Model::Share(self.value),
                SubsidyModel::Points => Model::Points(self.value),
                SubsidyModel::AboveFloor => Model::AboveFloor(self.value),
            },
            late_instalments,
            max_instalments: self.max_instalments,
            until: self.until,
            cap_total: self.cap_total,
        }
    }
}

/// 风险补偿: a pool repays the bank a share of a loss. No charity's money is in it: without a book it is memo, and a book is no charity's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompensationRule {
    /// Who holds the pool, in Chinese.
    pub holder: String,
    /// The book of whoever holds it, if it is kept here.
    pub book: Option<BookId>,
    /// The pool's share of a loss.
    pub ratio: Rate,
    /// After so many days past due.
    pub trigger_days: u32,
    /// The loans it stands for, signed or running, are at most so many times the pool.
    pub cap_multiple: u32,
}

/// The terms of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductTerms {
    /// Who may borrow.
    pub applicants: Vec<ApplicantKind>,
    /// In years.
    pub min_age: u32,
    /// In years; who is that old is still admitted.
    pub max_age: u32,
    /// The least.
    pub min_amount: Money,
    /// The most.
    pub max_amount: Money,
    /// In months.
    pub min_term: u32,
    /// In months.
    pub max_term: u32,
    /// Codes of divisions whose people are admitted; all of the province if there are none.
    pub divisions: Vec<String>,
    /// Trades that are admitted; all if there are none.
    pub industries: Vec<Industry>,
    /// What may secure it.
    pub guarantees: Vec<Guarantee>,
    /// What it costs.
    pub price: Price,
    /// What comes with it.
    pub fees: Vec<Fee>,
    /// How it may be repaid.
    pub methods: Vec<RepaymentMethod>,
    /// How interest is reckoned.
    pub interest_mode: InterestMode,
    /// What part of a year days are.
    pub day_count: DayCount,
    /// With monthly interest, whether the first period costs its actual days.
    pub odd_first_period: bool,
    /// Which debt first.
    pub allocation: AllocationRule,
    /// What being late costs.
    pub penalty: PenaltyRule,
    /// What paying early costs.
    pub prepayment: PrepaymentRule,
    /// Who pays a part of the interest.
    pub subsidy: Option<SubsidyRule>,
    /// Who bears a part of the loss.
    pub compensation: Option<CompensationRule>,
    /// How often it may be renewed.
    pub renewals: i64,
}

/// What somebody asks a product for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Who borrows.
    pub applicant: ApplicantKind,
    /// In full years, on the day of asking.
    pub age: u32,
    /// How much.
    pub amount: Money,
    /// In months.
    pub term: u32,
    /// How it is repaid.
    pub method: RepaymentMethod,
    /// The code of the division, six digits.
    pub division: String,
    /// What for.
    pub industry: Industry,
    /// What secures it.
    pub guarantee: Guarantee,
}

struct Problems(Vec<Problem>);

impl Problems {
    fn unless(&mut self, right: bool, field: &str, problem: impl FnOnce() -> String) {
        if !right {
            self.0.push(Problem { field: field.to_owned(), problem: problem() });
        }
    }
}

/// Full years from one day to another.
pub fn age_on(born: BusinessDate, day: BusinessDate) -> u32 {
    let had = (day.month(), day.day()) >= (born.month(), born.day());
    u32::try_from(day.year() - born.year() - i32::from(!had)).unwrap_or(0)
}

impl ProductTerms {
    /// Everything that keeps these terms from being published, at once; nothing if they are sound.
    pub fn check(&self) -> Vec<Problem> {
        let mut found = Problems(Vec::new());
        let said = |text: &str| (1..=40).contains(&text.trim().chars().count());
        let times = |low: &str, of: Multiplier, high: &str| {
            let bound = |text: &str| text.parse::<Multiplier>().ok();
            bound(low).is_some_and(|low| low <= of) && bound(high).is_some_and(|high| of <= high)
        };
        found.unless(!self.applicants.is_empty(), "applicants", || "请选择适用对象".to_owned());
        found.unless(18 <= self.min_age && self.min_age <= self.max_age && self.max_age <= 60, "max_age", || {
            "年龄范围应在18至60周岁之间".to_owned()
        });
        found.unless(
            self.min_amount.is_positive() && self.min_amount <= self.max_amount && self.max_amount <= Money::MAX,
            "max_amount",
            || "额度下限应大于零且不高于上限".to_owned(),
        );
        let longest = if self.applicants.contains(&ApplicantKind::Enterprise) {
            LONGEST_FOR_ENTERPRISES
        } else {
            LONGEST_FOR_PERSONS
        };
        found.unless(
            1 <= self.min_term && self.min_term <= self.max_term && self.max_term <= longest,
            "max_term",
            || format!("期限应为1至{longest}个月（个人经营贷款最长10年，企业流动资金贷款最长5年）"),
        );
        let known = |code: &String| division::hebei().iter().any(|known| known.code == code);
        found.unless(self.divisions.iter().all(known), "divisions", || "行政区划代码不在河北省内".to_owned());
        found.unless(!self.guarantees.is_empty(), "guarantees", || "请选择担保方式".to_owned());
        found.unless(!self.methods.is_empty(), "methods", || "请选择还款方式".to_owned());
        found.unless((-1_000..=1_000).contains(&self.price.spread_bp), "price.spread_bp", || {
            "加点应在-1000至1000个基点之间".to_owned()
        });
        let ordered = self.price.floor.zip(self.price.cap).is_none_or(|(floor, cap)| floor <= cap);
        found.unless(ordered, "price.cap", || "利率下限不能高于上限".to_owned());
        found.unless(self.fees.len() <= 5 && self.fees.iter().all(|fee| said(&fee.name)), "fees", || {
            "请填写费用名称，最多5项".to_owned()
        });
        found.unless(self.allocation.is_complete(), "allocation", || {
            "每个风险分类都要写明全部项目的冲销顺序".to_owned()
        });
        found.unless(times("1.3", self.penalty.multiplier, "1.5"), "penalty.multiplier", || {
            "逾期罚息应为合同利率的1.3至1.5倍".to_owned()
        });
        found.unless(times("1.5", self.penalty.misuse, "2"), "penalty.misuse", || {
            "挪用罚息应为合同利率的1.5至2倍".to_owned()
        });
        found.unless(self.penalty.grace_days <= 90, "penalty.grace_days", || "宽限期最多90天".to_owned());
        found.unless(
            self.prepayment.fee_months <= self.max_term
                && "0.05".parse().is_ok_and(|most| self.prepayment.fee_rate <= most),
            "prepayment",
            || "提前还款违约金不高于5%，收取期不长于最长期限".to_owned(),
        );
        if let Some(subsidy) = &self.subsidy {
            found.unless(said(&subsidy.payer), "subsidy.payer", || "请填写贴息出资方".to_owned());
            found.unless((subsidy.flow == SubsidyFlow::Direct) == subsidy.book.is_none(), "subsidy.book", || {
                "受托资金与自有资金贴息要写明账套，财政直接支付的不写".to_owned()
            });
        }
        if let Some(pool) = &self.compensation {
            found.unless(said(&pool.holder), "compensation.holder", || "请填写风险补偿金管理方".to_owned());
            found.unless(
                pool.ratio > Rate::ZERO
                    && (1..=360).contains(&pool.trigger_days)
                    && (1..=20).contains(&pool.cap_multiple),
                "compensation",
                || "补偿比例应大于零，触发天数1至360天，放大倍数1至20倍".to_owned(),
            );
        }
        found.unless((0..=MOST_RENEWALS).contains(&self.renewals), "renewals", || "最多续贷3次".to_owned());
        found.0
    }

    /// Everything that keeps somebody from borrowing by these terms, at once; nothing if they may ask.
    pub fn refusals(&self, ask: &Ask) -> Vec<Problem> {
        let mut found = Problems(self.quote_refusals(ask.amount, ask.term, ask.method));
        found.unless(self.applicants.contains(&ask.applicant), "applicant", || "该产品不适用于此类借款人".to_owned());
        found.unless((self.min_age..=self.max_age).contains(&ask.age), "identity_number", || {
            format!("借款人年龄应为{}至{}周岁，现为{}周岁", self.min_age, self.max_age, ask.age)
        });
        let admitted = self.divisions.is_empty() || self.divisions.iter().any(|code| ask.division.starts_with(code));
        found.unless(admitted, "division", || "该产品不在所填地区办理".to_owned());
        found.unless(self.industries.is_empty() || self.industries.contains(&ask.industry), "industry", || {
            "该产品不支持所填行业".to_owned()
        });
        found.unless(self.guarantees.contains(&ask.guarantee), "guarantee", || "该产品不接受所选担保方式".to_owned());
        found.0
    }

    /// What of it concerns a quote.
    pub fn quote_refusals(&self, amount: Money, term: u32, method: RepaymentMethod) -> Vec<Problem> {
        let mut found = Problems(Vec::new());
        found.unless((self.min_amount..=self.max_amount).contains(&amount), "amount", || {
            format!("贷款金额应为{}元至{}元", self.min_amount, self.max_amount)
        });
        found.unless((self.min_term..=self.max_term).contains(&term), "term", || {
            format!("贷款期限应为{}至{}个月", self.min_term, self.max_term)
        });
        found.unless(self.methods.contains(&method), "method", || "该产品不支持所选还款方式".to_owned());
        found.0
    }

    /// The contract rate at an LPR and a spread.
    pub fn rate(&self, lpr: Rate, spread_bp: i64) -> Result<Rate, LoanError> {
        let spread = Fraction::new(spread_bp.into(), 10_000).ok_or(LoanError::TooLarge)?;
        let rate = Pricing { lpr, spread, floor: self.price.floor, cap: self.price.cap }.contract_rate()?;
        rate.decimal(8).and_then(|text| text.parse().ok()).ok_or(LoanError::RateAboveOne)
    }

    /// What comes with it for such a principal.
    pub fn fees_of(&self, principal: Money) -> Result<Money, LoanError> {
        let fees = self.fees.iter().map(|fee| fee.rate.of(principal).ok_or(LoanError::TooLarge));
        fees.into_iter().try_fold(Money::ZERO, |sum, fee| sum.checked_add(fee?).ok_or(LoanError::TooLarge))
    }

    /// The terms of a loan paid out on a day. Instalments fall due on `due_day` from the month after.
    pub fn terms(
        &self,
        principal: Money,
        annual_rate: Rate,
        method: RepaymentMethod,
        term: u32,
        disbursed_on: BusinessDate,
        due_day: u8,
    ) -> Result<Terms, LoanError> {
        let repayment = match method.instalments() {
            Some(method) => Repayment::Instalments {
                method,
                due: DueDays {
                    first_due_on: disbursed_on.day_of_month_after(1, due_day).ok_or(LoanError::DateOutOfRange)?,
                    due_day,
                    term,
                },
                odd_first_period: self.odd_first_period,
            },
            None => Repayment::Bullet {
                maturity_on: disbursed_on
                    .day_of_month_after(term, disbursed_on.day())
                    .ok_or(LoanError::DateOutOfRange)?,
            },
        };
        let (interest_mode, day_count) = (self.interest_mode, self.day_count);
        Ok(Terms { principal, annual_rate, disbursed_on, interest_mode, day_count, repayment })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> ProductTerms {
        let text = serde_json::json!({
            "applicants": ["person"], "min_age": 18, "max_age": 45, "min_amount": "1000.00", "max_amount": "300000.00",
            "min_term": 3, "max_term": 36, "divisions": ["1305"], "industries": ["planting"], "guarantees": ["credit"],
            "price": { "tenor": "one_year", "spread_bp": 115, "floor": null, "cap": "0.05", "repricing": "fixed" },
            "fees": [], "methods": ["equal_installment"], "interest_mode": "monthly", "day_count": "ACT/360",
            "odd_first_period": false, "allocation": serde_json::to_value(AllocationRule::usual()).unwrap(),
            "penalty": { "multiplier": "1.5", "misuse": "2", "compound": true, "grace_days": 0, "grace_mode": "excluded" },
            "prepayment": { "fee_rate": "0", "fee_months": 0 }, "subsidy": null, "compensation": null, "renewals": 3,
        });
        serde_json::from_value(text).unwrap()
    }

    fn fields(problems: &[Problem]) -> Vec<&str> {
        problems.iter().map(|problem| problem.field.as_str()).collect()
    }

    #[test]
    fn sound_terms_come_back_from_their_text() {
        let sound = terms();
        assert_eq!(sound.check(), []);
        assert_eq!(serde_json::from_str::<ProductTerms>(&serde_json::to_string(&sound).unwrap()).unwrap(), sound);
    }

    #[test]
    fn what_the_rules_forbid_is_not_published() {
        let mut wrong = terms();
        wrong.max_age = 70;
        wrong.max_term = 121;
        wrong.divisions = vec!["110000".to_owned()];
        wrong.penalty.multiplier = "1.6".parse().unwrap();
        wrong.allocation.orders.remove(&Class::Loss);
        wrong.renewals = 4;
        assert_eq!(
            fields(&wrong.check()),
            ["max_age", "max_term", "divisions", "allocation", "penalty.multiplier", "renewals"]
        );
        let mut firms = terms();
        firms.applicants.push(ApplicantKind::Enterprise);
        firms.max_term = 61;
        assert_eq!(fields(&firms.check()), ["max_term"]);
    }

    #[test]
    fn whoever_is_not_admitted_learns_all_reasons() {
        let ask = Ask {
            applicant: ApplicantKind::Person,
            age: 46,
            amount: "300000.01".parse().unwrap(),
            term: 37,
            method: RepaymentMethod::Flat,
            division: "130602".to_owned(),
            industry: Industry::Technology,
            guarantee: Guarantee::Pledge,
        };
        let found = terms().refusals(&ask);
        assert_eq!(
            fields(&found),
            ["amount", "term", "method", "identity_number", "division", "industry", "guarantee"]
        );
        assert_eq!(found[3].problem, "借款人年龄应为18至45周岁，现为46周岁");
    }

    #[test]
    fn a_birthday_makes_older() {
        let day = |text: &str| text.parse::<BusinessDate>().unwrap();
        assert_eq!(age_on(day("1980-11-27"), day("2026-11-26")), 45);
        assert_eq!(age_on(day("1980-11-27"), day("2026-11-27")), 46);
        assert_eq!(age_on(day("2000-02-29"), day("2026-02-28")), 25);
        assert_eq!(age_on(day("2030-01-01"), day("2026-02-28")), 0);
    }

    #[test]
    fn a_price_keeps_within_its_cap() {
        let terms = terms();
        let rate = |lpr: &str, bp| terms.rate(lpr.parse().unwrap(), bp).unwrap().to_string();
        assert_eq!(rate("0.0300", 115), "0.0415");
        assert_eq!(rate("0.0400", 115), "0.05");
        assert_eq!(rate("0.0300", -15), "0.0285");
        assert!(terms.rate("0.0300".parse().unwrap(), -301).is_err());
    }
}
