//! The terms of a loan product on the wire: the same thing as `domain::lending::ProductTerms`, in words that a form can be made of.

use domain::BookId;
use domain::lending::product as rules;
use domain::lending::{ApplicantKind as Applicants, RepaymentMethod};
use domain::loan::allocation::{Component, Scan};
use domain::loan::overdue::{Class, GraceMode};
use domain::loan::{DayCount, InterestMode};
use poem_openapi::Object;
use uuid::Uuid;

use crate::wire::{Day, Part, Text, Times, Yuan, wire_enum};

wire_enum! {
    /// 青农贷、青扶贷、青企科创贷.
    LoanFamily = rules::Family { Farm, Support, Innovation }
}

wire_enum! {
    /// Who borrows.
    ApplicantKind = Applicants { Person, Enterprise }
}

wire_enum! {
    /// What the money is for, by trade.
    Industry = rules::Industry {
        Planting,
        Breeding,
        Processing,
        Tourism,
        Commerce,
        Manufacturing,
        Technology,
        Services,
        Other,
    }
}

wire_enum! {
    /// What secures it.
    #[allow(clippy::enum_variant_names, reason = "担保公司 is a guarantee company in every text")]
    Guarantee = rules::Guarantee { Credit, Surety, GuaranteeCompany, Mortgage, Pledge }
}

wire_enum! {
    /// How it is repaid.
    LoanMethod = RepaymentMethod {
        /// 等额本息.
        #[oai(rename = "equal_installment")]
        LevelInstalment,
        /// 等额本金.
        EqualPrincipal,
        /// 按月付息到期还本.
        InterestOnly,
        /// 等本等息.
        Flat,
        /// 到期一次还本付息.
        Bullet,
    }
}

wire_enum! {
    /// Which LPR.
    LprTenor = rules::LprTenor { OneYear, FiveYears }
}

wire_enum! {
    /// When the rate follows the LPR.
    Repricing = rules::Repricing { Fixed, NewYear, Anniversary }
}

wire_enum! {
    /// How interest is reckoned.
    LoanInterestMode = InterestMode { Monthly, Daily }
}

wire_enum! {
    /// What part of a year days are.
    LoanDayCount = DayCount {
        #[oai(rename = "ACT/360")]
        Actual360,
        #[oai(rename = "ACT/365")]
        Actual365,
        #[oai(rename = "ACT/ACT")]
        ActualActual,
        #[oai(rename = "30/360")]
        Thirty360,
        #[oai(rename = "30E/360")]
        ThirtyE360,
    }
}

wire_enum! {
    /// A part of what an instalment owes.
    LoanComponent = Component { Fee, Penalty, Compound, Interest, Principal }
}

wire_enum! {
    /// Which way through instalments and components.
    AllocationScan = Scan {
        #[oai(rename = "installment_first")]
        InstallmentFirst,
        ComponentFirst,
    }
}

wire_enum! {
    /// 五级分类.
    LoanClass = Class { Normal, SpecialMention, Substandard, Doubtful, Loss }
}

wire_enum! {
    /// What the grace days spare.
    LoanGraceMode = GraceMode { Retroactive, Excluded }
}

wire_enum! {
    /// How a subsidy is found.
    SubsidyModel = rules::SubsidyModel { Share, Points, AboveFloor }
}

wire_enum! {
    /// How a subsidy's money goes.
    SubsidyFlow = rules::SubsidyFlow { Entrusted, Own, Direct }
}

wire_enum! {
    /// Who receives a subsidy.
    SubsidyRecipient = rules::SubsidyRecipient { Borrower, Bank }
}

/// What it costs: LPR plus basis points, within floor and cap.
#[derive(Object)]
struct LoanPrice {
    tenor: LprTenor,
    /// A hundredth of a percent each.
    spread_bp: i64,
    #[oai(nullable)]
    floor: Option<Part>,
    #[oai(nullable)]
    cap: Option<Part>,
    repricing: Repricing,
}

/// A fee that comes with the loan, a part of the principal.
#[derive(Object)]
struct LoanFee {
    name: Text,
    rate: Part,
}

/// Which debt a payment settles first, in each class.
#[derive(Object)]
struct LoanAllocation {
    scan: AllocationScan,
    orders: Vec<ClassOrder>,
}

/// The order of a class.
#[derive(Object)]
struct ClassOrder {
    class: LoanClass,
    order: Vec<LoanComponent>,
}

/// What being late costs.
#[derive(Object)]
struct LoanPenalty {
    /// Times the contract rate, for what is overdue: 1.3 to 1.5.
    multiplier: Times,
    /// Times the contract rate, for misuse: 1.5 to 2.
    misuse: Times,
    /// Whether late interest costs too.
    compound: bool,
    grace_days: u32,
    grace_mode: LoanGraceMode,
}

/// What paying early costs.
#[derive(Object)]
struct LoanPrepayment {
    fee_rate: Part,
    /// Only in the first so many months.
    fee_months: u32,
}

/// 贴息.
#[derive(Object)]
struct LoanSubsidy {
    model: SubsidyModel,
    /// The share, the points or the borrower's rate.
    value: Part,
    #[oai(nullable)]
    max_instalments: Option<u32>,
    #[oai(nullable)]
    until: Option<Day>,
    #[oai(nullable)]
    cap_total: Option<Yuan>,
    /// Who pays.
    payer: Text,
    flow: SubsidyFlow,
    /// The book the money goes through; none if government pays directly.
    #[oai(nullable)]
    book: Option<Uuid>,
    recipient: SubsidyRecipient,
}

/// 风险补偿. Never a charity's money.
#[derive(Object)]
struct LoanCompensation {
    /// Who holds the pool.
    holder: Text,
    /// Their book, if it is kept here.
    #[oai(nullable)]
    book: Option<Uuid>,
    /// The pool's share of a loss.
    ratio: Part,
    trigger_days: u32,
    cap_multiple: u32,
}

/// The terms of a loan product.
#[derive(Object)]
pub(crate) struct LoanTerms {
    applicants: Vec<ApplicantKind>,
    /// In years.
    min_age: u32,
    /// In years; who is that old is still admitted.
    max_age: u32,
    min_amount: Yuan,
    max_amount: Yuan,
    /// In months.
    min_term: u32,
    /// In months.
    max_term: u32,
    /// Codes of divisions; all of the province if there are none.
    divisions: Vec<Text>,
    /// All trades if there are none.
    industries: Vec<Industry>,
    guarantees: Vec<Guarantee>,
    price: LoanPrice,
    fees: Vec<LoanFee>,
    methods: Vec<LoanMethod>,
    interest_mode: LoanInterestMode,
    day_count: LoanDayCount,
    /// With monthly interest, whether the first period costs its actual days.
    odd_first_period: bool,
    allocation: LoanAllocation,
    penalty: LoanPenalty,
    prepayment: LoanPrepayment,
    #[oai(nullable)]
    subsidy: Option<LoanSubsidy>,
    #[oai(nullable)]
    compensation: Option<LoanCompensation>,
    /// How often it may be renewed, three times at most.
    renewals: i64,
}

fn words<A: Into<B>, B>(words: Vec<A>) -> Vec<B> {
    words.into_iter().map(Into::into).collect()
}

impl From<LoanTerms> for rules::ProductTerms {
    fn from(terms: LoanTerms) -> rules::ProductTerms {
        rules::ProductTerms {
            applicants: words(terms.applicants),
            min_age: terms.min_age,
            max_age: terms.max_age,
            min_amount: terms.min_amount.0,
            max_amount: terms.max_amount.0,
            min_term: terms.min_term,
            max_term: terms.max_term,
            divisions: terms.divisions.into_iter().map(|code| code.0).collect(),
            industries: words(terms.industries),
            guarantees: words(terms.guarantees),
            price: rules::Price {
                tenor: terms.price.tenor.into(),
                spread_bp: terms.price.spread_bp,
                floor: terms.price.floor.map(|rate| rate.0),
                cap: terms.price.cap.map(|rate| rate.0),
                repricing: terms.price.repricing.into(),
            },
            fees: terms.fees.into_iter().map(|fee| rules::Fee { name: fee.name.0, rate: fee.rate.0 }).collect(),
            methods: words(terms.methods),
            interest_mode: terms.interest_mode.into(),
            day_count: terms.day_count.into(),
            odd_first_period: terms.odd_first_period,
            allocation: rules::AllocationRule {
                scan: terms.allocation.scan.into(),
                orders: terms.allocation.orders.into_iter().map(|one| (one.class.into(), words(one.order))).collect(),
            },
            penalty: rules::PenaltyRule {
                multiplier: terms.penalty.multiplier.0,
                misuse: terms.penalty.misuse.0,
                compound: terms.penalty.compound,
                grace_days: terms.penalty.grace_days,
                grace_mode: terms.penalty.grace_mode.into(),
            },
            prepayment: rules::PrepaymentRule {
                fee_rate: terms.prepayment.fee_rate.0,
                fee_months: terms.prepayment.fee_months,
            },
            subsidy: terms.subsidy.map(|subsidy| rules::SubsidyRule {
                model: subsidy.model.into(),
                value: subsidy.value.0,
                max_instalments: subsidy.max_instalments,
                until: subsidy.until.map(|day| day.0),
                cap_total: subsidy.cap_total.map(|cap| cap.0),
                payer: subsidy.payer.0,
                flow: subsidy.flow.into(),
                book: subsidy.book.map(BookId::from),
                recipient: subsidy.recipient.into(),
            }),
            compensation: terms.compensation.map(|pool| rules::CompensationRule {
                holder: pool.holder.0,
                book: pool.book.map(BookId::from),
                ratio: pool.ratio.0,
                trigger_days: pool.trigger_days,
                cap_multiple: pool.cap_multiple,
            }),
            renewals: terms.renewals,
        }
    }
}

impl From<rules::ProductTerms> for LoanTerms {
    fn from(terms: rules::ProductTerms) -> LoanTerms {
        LoanTerms {
            applicants: words(terms.applicants),
            min_age: terms.min_age,
            max_age: terms.max_age,
            min_amount: terms.min_amount.into(),
            max_amount: terms.max_amount.into(),
            min_term: terms.min_term,
            max_term: terms.max_term,
            divisions: terms.divisions.into_iter().map(Text).collect(),
            industries: words(terms.industries),
            guarantees: words(terms.guarantees),
            price: LoanPrice {
                tenor: terms.price.tenor.into(),
                spread_bp: terms.price.spread_bp,
                floor: terms.price.floor.map(Part),
                cap: terms.price.cap.map(Part),
                repricing: terms.price.repricing.into(),
            },
            fees: terms.fees.into_iter().map(|fee| LoanFee { name: Text(fee.name), rate: Part(fee.rate) }).collect(),
            methods: words(terms.methods),
            interest_mode: terms.interest_mode.into(),
            day_count: terms.day_count.into(),
            odd_first_period: terms.odd_first_period,
            allocation: LoanAllocation {
                scan: terms.allocation.scan.into(),
                orders: terms
                    .allocation
                    .orders
                    .into_iter()
                    .map(|(class, order)| ClassOrder { class: class.into(), order: words(order) })
                    .collect(),
            },
            penalty: LoanPenalty {
                multiplier: terms.penalty.multiplier.into(),
                misuse: terms.penalty.misuse.into(),
                compound: terms.penalty.compound,
                grace_days: terms.penalty.grace_days,
                grace_mode: terms.penalty.grace_mode.into(),
            },
            prepayment: LoanPrepayment {
                fee_rate: terms.prepayment.fee_rate.into(),
                fee_months: terms.prepayment.fee_months,
            },
            subsidy: terms.subsidy.map(|subsidy| LoanSubsidy {
                model: subsidy.model.into(),
                value: subsidy.value.into(),
                max_instalments: subsidy.max_instalments,
                until: subsidy.until.map(Day),
                cap_total: subsidy.cap_total.map(Yuan),
                payer: Text(subsidy.payer),
                flow: subsidy.flow.into(),
                book: subsidy.book.map(|book| book.uuid()),
                recipient: subsidy.recipient.into(),
            }),
            compensation: terms.compensation.map(|pool| LoanCompensation {
                holder: Text(pool.holder),
                book: pool.book.map(|book| book.uuid()),
                ratio: pool.ratio.into(),
                trigger_days: pool.trigger_days,
                cap_multiple: pool.cap_multiple,
            }),
            renewals: terms.renewals,
        }
    }
}
