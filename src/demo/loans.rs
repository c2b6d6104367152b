//! Loans of the invented year: two banks, three products, who asks for what on which day and how it goes on. All of it follows from the
//! seed; what the banks book follows from it by their own arithmetic ([`super::bank_side`]), which happens to be ours.

use domain::bank_file::BankFile;
use domain::lending::RepaymentMethod;
use domain::lending::product::AllocationRule;
use domain::loan::life::{Contract, Orders};
use domain::loan::overdue::{Grace, GraceMode};
use domain::loan::prepayment::Mode;
use domain::loan::{DayCount, DueDays, InterestMode, LoanError, Repayment, Terms};
use domain::{BusinessDate, Money, Rate, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::bank_side;
use super::chance::Seed;
use super::people;
use super::world::{CREDIT_CODE, House};

/// Which loan is used for another purpose, from which day on and until which, and how much of it.
pub(crate) const MISUSED: (usize, [usize; 2], Money) = (11, [16, 21], Money::from_fen(10_000_000));
/// How many applications there are, changes of contracts besides.
const FILES: usize = 126;
/// The numbers of their borrowers begin here: none of them gives anything under the same number.
const FIRST_BORROWER: usize = 1_000_000;

/// A bank of the world.
#[derive(Debug)]
pub(crate) struct Bank {
    pub(crate) id: Uuid,
    /// Of its programme.
    pub(crate) programme: Uuid,
    pub(crate) code: String,
    pub(crate) name: &'static str,
    /// How much it tells.
    pub(crate) pace: &'static str,
    /// The word of its officer.
    pub(crate) officer: &'static str,
    /// What it sends, in order.
    pub(crate) files: Vec<BankFile>,
}

/// A product of the world.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) id: Uuid,
    /// Whose.
    pub(crate) bank: usize,
    pub(crate) code: &'static str,
    pub(crate) family: &'static str,
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    prefix: &'static str,
    spread_bp: i64,
    interest_mode: InterestMode,
    /// In thousands of yuan.
    amounts: (i64, i64),
    enterprises: bool,
}

/// How a loan that was paid out goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Pays on the day.
    Punctual,
    /// Pays every third instalment so many days late.
    Slow(i64),
    /// Pays so many instalments and none after.
    Stops(usize),
    /// Leaves out so many instalments after the first, then pays all that is late.
    ComesBack(usize),
    /// Pays so many instalments, and all the rest with the last of them.
    PaysOff(usize),
    /// Pays a third before its day, with the second instalment.
    PaysSome(Mode),
    /// Pays two instalments; the pool pays its share, the borrower a little of it back.
    Compensated,
    /// The same, and the bank gives the rest up.
    WrittenOff,
    /// Is renewed or extended.
    Changed,
}

/// What the bank's file says otherwise than our arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plant {
    /// A fen more interest.
    Fen,
    /// Five yuan more interest, less principal.
    Split,
    /// Another balance.
    Balance,
    /// Another class.
    Class,
    /// Tells a payment twice.
    Twice,
}

/// How far a file comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Draft,
    /// Waits for the county.
    Applied,
    /// Waits for the city.
    AtTheCity,
    /// Recommended, and the borrower has not agreed to have it sent.
    Recommended,
    Withdrawn,
    RefusedByCounty,
    BankReview,
    RefusedByBank,
    Approved,
    Signed,
    Runs(Habit),
}

/// A file of the world.
#[derive(Debug)]
pub(crate) struct Loan {
    /// Of its application.
    pub(crate) id: Uuid,
    pub(crate) contract_id: Uuid,
    pub(crate) payout_id: Uuid,
    /// Of both consents.
    pub(crate) consents: [Uuid; 2],
    /// The bank's number of the contract.
    pub(crate) number: String,
    pub(crate) product: usize,
    pub(crate) county: usize,
    /// The number of the donor who borrows.
    pub(crate) borrower: usize,
    pub(crate) person: usize,
    pub(crate) amount: Money,
    pub(crate) term: u32,
    pub(crate) method: RepaymentMethod,
    pub(crate) due_day: u8,
    /// On which day all of it happens.
    pub(crate) day: usize,
    /// That day.
    pub(crate) on: BusinessDate,
    pub(crate) fate: Fate,
    pub(crate) plant: Option<Plant>,
    /// From when until when a part of it is misused.
    pub(crate) misused: Option<[BusinessDate; 2]>,
    /// The contract it changes, by its place, and how.
    pub(crate) changes: Option<(usize, &'static str)>,
}

/// A county whose officers recommend.
pub(crate) struct County {
    pub(crate) division: &'static str,
    pub(crate) officer: &'static str,
    /// The officer of its city.
    pub(crate) city: &'static str,
    pub(crate) city_unit: &'static str,
}

/// Where borrowers live.
pub(crate) const COUNTIES: [County; 2] = [
    County { division: "130502", officer: "xiangdu-league", city: "xingtai-league", city_unit: "1305" },
    County { division: "130481", officer: "wuan-league", city: "handan-league", city_unit: "1304" },
];

/// Rates published in the year, with the first day they count.
pub(crate) const LPR: [(&str, &str); 3] = [("2025-12-22", "0.03"), ("2026-05-20", "0.0295"), ("2026-08-20", "0.029")];

/// All of it.
#[derive(Debug)]
pub(crate) struct Loans {
    pub(crate) banks: Vec<Bank>,
    pub(crate) products: Vec<Product>,
    pub(crate) loans: Vec<Loan>,
}

impl Product {
    /// Whether the foundation pays its subsidy with its own money.
    pub(crate) fn is_paid_by_us(&self) -> bool {
        self.family == "support"
    }

    /// What its officer writes down. `book` is the foundation's.
    pub(crate) fn terms(&self, book: Uuid) -> Value {
        let (first, last) = (
            ["fee", "penalty", "compound", "interest", "principal"],
            ["principal", "fee", "interest", "compound", "penalty"],
        );
        let order = |class: &str, order: [&str; 5]| json!({ "class": class, "order": order });
        let yuan = |thousands: i64| Money::from_fen(thousands * 100_000);
        let subsidy = |payer: &str, flow: &str, book: Option<Uuid>| {
            json!({
                "model": "share", "value": "0.5", "max_instalments": 24, "until": null, "cap_total": null, "payer": payer,
                "flow": flow, "book": book, "recipient": "borrower",
            })
        };
        let subsidy = match () {
            () if self.enterprises => Value::Null,
            () if self.is_paid_by_us() => subsidy(House::Foundation.name(), "own", Some(book)),
            () => subsidy("示例市财政局", "direct", None),
        };
        json!({
            "applicants": if self.enterprises { json!(["enterprise"]) } else { json!(["person"]) },
            "min_age": 18, "max_age": 45, "min_amount": yuan(self.amounts.0), "max_amount": yuan(self.amounts.1),
            "min_term": 6, "max_term": 36, "divisions": [], "industries": [], "guarantees": ["credit", "surety"],
            "price": { "tenor": "one_year", "spread_bp": self.spread_bp, "floor": null, "cap": "0.05", "repricing": "fixed" },
            "fees": [], "methods": ["equal_installment", "equal_principal", "interest_only"],
            "interest_mode": match self.interest_mode { InterestMode::Daily => "daily", InterestMode::Monthly => "monthly" },
            "day_count": "ACT/360", "odd_first_period": false,
            "allocation": { "scan": "installment_first", "orders": [
                order("normal", first), order("special_mention", first), order("substandard", last), order("doubtful", last), order("loss", last),
            ] },
            "penalty": { "multiplier": "1.5", "misuse": "2", "compound": true, "grace_days": 3, "grace_mode": "excluded" },
            "prepayment": { "fee_rate": "0.005", "fee_months": 6 },
            "subsidy": subsidy,
            "compensation": { "holder": "示例风险补偿资金", "book": null, "ratio": "0.6", "trigger_days": 90, "cap_multiple": 10 },
            "renewals": 3,
        })
    }

    /// What the bank's officer grants.
    pub(crate) fn grant(&self, loan: &Loan) -> Value {
        json!({ "amount": loan.amount, "term": loan.term, "spread_bp": self.spread_bp })
    }

    /// What the contract says, for the bank's arithmetic.
    pub(crate) fn contract(&self, loan: &Loan) -> Result<Contract, LoanError> {
        let base = LPR.iter().rev().find(|(from, _)| from.parse().is_ok_and(|from: BusinessDate| from <= loan.on));
        let points = base.and_then(|(_, rate)| rate.parse::<Rate>().ok()?.of(Money::from_fen(1_000_000)));
        let points = points.map_or(0, Money::fen) + self.spread_bp * 100;
        let annual_rate = format!("0.{points:06}").parse().map_err(|_| LoanError::RateAboveOne)?;
        let method = loan.method.instalments().ok_or(LoanError::Term)?;
        let first_due_on = loan.on.day_of_month_after(1, loan.due_day).ok_or(LoanError::DateOutOfRange)?;
        let due = DueDays { first_due_on, due_day: loan.due_day, term: loan.term };
        let usual = AllocationRule::usual();
        Ok(Contract {
            terms: Terms {
                principal: loan.amount,
                annual_rate,
                disbursed_on: loan.on,
                interest_mode: self.interest_mode,
                day_count: DayCount::Actual360,
                repayment: Repayment::Instalments { method, due, odd_first_period: false },
            },
            multiplier: "1.5".parse().map_err(|_| LoanError::TooLarge)?,
            misuse: "2".parse().map_err(|_| LoanError::TooLarge)?,
            compound: true,
            grace: Grace { days: 3, mode: GraceMode::Excluded },
            orders: Orders::new(|class| usual.order(class).expect("the usual order names no component twice")),
            scan: usual.scan,
            fee_rate: "0.005".parse().map_err(|_| LoanError::TooLarge)?,
            fee_until: loan.on.day_of_month_after(6, loan.on.day()),
        })
    }
}

impl Loans {
    /// The loans of a world whose days begin at these moments. `tag` keeps two worlds apart that share a database.
    pub(crate) fn plan(seed: Seed, tag: &str, opens: &[Timestamp]) -> Result<Loans, LoanError> {
        let seed = seed.branch("loans");
        let first = opens[0];
        let bank = |number: usize, code: &str, name, pace, officer| Bank {
            id: seed.id("bank", number, first),
            programme: seed.id("programme", number, first),
            code: format!("demo-{tag}{code}"),
            name,
            pace,
            officer,
            files: Vec::new(),
        };
        let banks = vec![
            bank(0, "taihang", "太行农村商业银行（示例）", "daily", "lender-taihang"),
            bank(1, "hutuo", "滹沱银行（示例）", "monthly", "lender-hutuo"),
        ];
        let product = |number: usize, bank, code, family, name, summary| Product {
            id: seed.id("product", number, first),
            bank,
            code,
            family,
            name,
            summary,
            prefix: ["QND", "QFD", "QKC"][number],
            spread_bp: [115, 50, 100][number],
            interest_mode: if number == 2 { InterestMode::Monthly } else { InterestMode::Daily },
            amounts: [(20, 300), (10, 50), (200, 2_000)][number],
            enterprises: number == 2,
        };
        let products = vec![
            product(0, 0, "qnd", "farm", "青农贷（示例）", "支持农村青年发展种植、养殖等产业，财政贴息一半"),
            product(
                1,
                0,
                "qfd",
                "support",
                "青扶贷（示例）",
                "支持返乡青年创业，额度1万至5万元，基金会以所募贴息款贴息一半",
            ),
            product(2, 1, "qkc", "innovation", "青企科创贷（示例）", "支持青年科技企业，按月付息、到期还本"),
        ];
        let mut plan = Loans { banks, products, loans: Vec::new() };
        for number in 0..FILES {
            let loan = plan.file(seed, opens, number);
            plan.loans.push(loan);
        }
        plan.add_changes(seed, opens);
        for at in 0..plan.banks.len() {
            plan.banks[at].files = bank_side::files(&plan, seed, at, opens)?;
        }
        Ok(plan)
    }

    fn file(&self, seed: Seed, opens: &[Timestamp], number: usize) -> Loan {
        let mut dice = seed.dice("loan", number);
        let product = number % 3;
        let fate = fate(number);
        let last = opens.len() - 1;
        let day = match fate {
            Fate::Runs(Habit::Punctual) => 1 + number * 29 / FILES,
            Fate::Runs(Habit::Slow(_) | Habit::PaysSome(_)) => 2 + number * 18 / FILES,
            // Long enough ago for all that becomes of them.
            Fate::Runs(_) => 1 + number % 8,
            _ => last - number % 4,
        };
        let (least, most) = self.products[product].amounts;
        let thousands = least + i64::try_from(dice.below(((most - least) / 5) as u64)).unwrap_or(0);
        let method = match (product, number % 2) {
            (2, _) => RepaymentMethod::InterestOnly,
            (_, 0) => RepaymentMethod::LevelInstalment,
            _ => RepaymentMethod::EqualPrincipal,
        };
        let term = if product == 1 && number.is_multiple_of(4) { 6 } else { 12 };
        let plant = match number {
            30 => Some(Plant::Fen),
            33 => Some(Plant::Split),
            36 => Some(Plant::Balance),
            39 => Some(Plant::Class),
            42 => Some(Plant::Twice),
            _ => None,
        };
        self.made(seed, opens, (number, day), |loan| {
            (loan.product, loan.fate, loan.plant) = (product, fate, plant);
            loan.misused = (number == MISUSED.0).then(|| MISUSED.1.map(|day| BusinessDate::of(opens[day])));
            (loan.amount, loan.term, loan.method) = (Money::from_fen(thousands * 100_000), term, method);
        })
    }

    fn made(
        &self,
        seed: Seed,
        opens: &[Timestamp],
        (number, day): (usize, usize),
        change: impl FnOnce(&mut Loan),
    ) -> Loan {
        let at = opens[day];
        let id = |what: &str| seed.id(what, number, at);
        let mut loan = Loan {
            id: id("application"),
            contract_id: id("contract"),
            payout_id: id("payout"),
            consents: [id("consent to send"), id("consent to tell")],
            number: String::new(),
            product: 0,
            county: number / 3 % 2,
            borrower: FIRST_BORROWER + number,
            person: number,
            amount: Money::ZERO,
            term: 12,
            method: RepaymentMethod::LevelInstalment,
            due_day: if number.is_multiple_of(2) { 10 } else { 20 },
            day,
            on: BusinessDate::of(at),
            fate: Fate::Draft,
            plant: None,
            misused: None,
            changes: None,
        };
        change(&mut loan);
        loan.number = format!("{}-2026-{:04}", self.products[loan.product].prefix, number + 1);
        loan
    }

    /// Contracts that take the place of others: 续贷 and 展期.
    fn add_changes(&mut self, seed: Seed, opens: &[Timestamp]) {
        let changed: Vec<usize> = (0..FILES).filter(|at| self.loans[*at].fate == Fate::Runs(Habit::Changed)).collect();
        // Early in a month, when all of the month before has been told.
        let early = |day: &usize| *day >= 27 && BusinessDate::of(opens[*day]).day() < 9;
        let days: Vec<usize> = (0..opens.len()).filter(early).collect();
        for (turn, (old, day)) in changed.into_iter().zip(days).enumerate() {
            let kind = if turn % 2 == 0 { "renewal" } else { "extension" };
            let (product, county, borrower, person) = {
                let old = &self.loans[old];
                (old.product, old.county, old.borrower, old.person)
            };
            // Interest only: nothing of the principal has been repaid.
            let amount = self.loans[old].amount;
            let loan = self.made(seed, opens, (FILES + turn, day), |loan| {
                (loan.product, loan.county, loan.borrower, loan.person) = (product, county, borrower, person);
                (loan.amount, loan.method) = (amount, RepaymentMethod::InterestOnly);
                loan.fate = Fate::Runs(Habit::Punctual);
                loan.changes = Some((old, kind));
            });
            self.loans.push(loan);
        }
    }

    /// The day a contract was taken over, if it was.
    pub(crate) fn replaced_on(&self, at: usize) -> Option<BusinessDate> {
        self.loans.iter().find(|loan| loan.changes.is_some_and(|(old, _)| old == at)).map(|loan| loan.on)
    }

    /// What a borrower writes down.
    pub(crate) fn request(&self, loan: &Loan) -> Value {
        let product = &self.products[loan.product];
        let (industry, purpose) = match loan.product {
            0 => ("planting", "购买大棚材料和种苗"),
            1 => ("breeding", "扩建养殖圈舍"),
            _ => ("technology", "采购研发设备"),
        };
        let mut request = json!({
            "id": loan.id, "product": product.id, "applicant": "person", "amount": loan.amount, "term": loan.term,
            "method": match loan.method {
                RepaymentMethod::EqualPrincipal => "equal_principal",
                RepaymentMethod::InterestOnly => "interest_only",
                _ => "equal_installment",
            },
            "division": COUNTIES[loan.county].division, "industry": industry, "guarantee": "credit", "purpose": purpose,
            "borrower": {
                "name": borrower(loan.person), "identity_number": nobody(loan.person), "phone": "13800000000",
                "address": "示例镇示例村",
            },
        });
        if product.enterprises {
            request["applicant"] = json!("enterprise");
            request["enterprise"] = json!(format!("示例青创科技{}号有限公司", loan.person + 1));
            request["credit_code"] = json!(CREDIT_CODE);
        }
        if let Some((old, kind)) = loan.changes {
            (request["kind"], request["contract"]) = (json!(kind), json!(self.loans[old].contract_id));
        }
        request
    }
}

/// How far a file comes, and how it goes on: one in four is still under way, or came to nothing.
fn fate(number: usize) -> Fate {
    use Habit::*;
    match number {
        // Interest only, so that the principal is what it was.
        2 | 5 | 8 => Fate::Runs(Changed),
        1 | 4 | 7 => Fate::Runs(Compensated),
        0 | 3 => Fate::Runs(WrittenOff),
        6 | 9 => Fate::Runs(Stops(1)),
        12 => Fate::Runs(Stops(3)),
        10 | 13 | 15 => Fate::Runs(ComesBack(2)),
        16 | 18 => Fate::Runs(ComesBack(4)),
        19 | 21 | 22 | 24 => Fate::Runs(PaysOff(3)),
        25 => Fate::Runs(PaysSome(Mode::ReduceInstalment)),
        27 => Fate::Runs(PaysSome(Mode::ShortenTerm)),
        28 | 31 | 34 | 37 => Fate::Runs(Slow(12)),
        40 | 43 | 46 => Fate::Runs(Slow(6)),
        ..94 => Fate::Runs(Punctual),
        94..=96 => Fate::Draft,
        97..=101 => Fate::Applied,
        102..=104 => Fate::AtTheCity,
        105..=107 => Fate::Recommended,
        108 | 109 => Fate::Withdrawn,
        110..=112 => Fate::RefusedByCounty,
        113..=116 => Fate::BankReview,
        117..=119 => Fate::RefusedByBank,
        120..=122 => Fate::Approved,
        _ => Fate::Signed,
    }
}

/// The name of a borrower.
pub(crate) fn borrower(person: usize) -> String {
    format!("{}（示例）", people::name(&mut Seed::named("borrowers").dice("borrower", person)))
}

/// The number of an identity card that nobody has: no division has this code.
fn nobody(serial: usize) -> String {
    people::with_check_digit(&format!("130599199{}0{}15{:03}", serial % 9, 1 + serial % 9, serial % 1_000))
}
