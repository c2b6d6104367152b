//! Loans after their contracts are signed: how one stands, and what happened to it.

use std::sync::Arc;

use app::App;
use app::problem::Problem;
use app::servicing::Served;
use domain::loan::allocation::{Amounts, Component};
use domain::loan::life::{Split, State, What};
use domain::loan::{overdue as rules, prepayment as prepayment_rules};
use domain::{LoanContractId, Money};
use entity::loan_event;
use lending::servicing::NewEvent;
use lending::servicing::loan::Fact;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use crate::auth::{Donor, Officer};
use crate::error::ApiError;
use crate::loan_subsidy::LoanSubsidyClaim;
use crate::loan_terms::LoanClass;
use crate::tag::Tag;
use crate::wire::{self, Day, Instant, Text, Yuan};

/// What becomes of the rest after a prepayment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum PrepaymentMode {
    Full,
    #[oai(rename = "reduce_installment")]
    ReduceInstalment,
    ShortenTerm,
}

impl From<PrepaymentMode> for prepayment_rules::Mode {
    fn from(mode: PrepaymentMode) -> prepayment_rules::Mode {
        match mode {
            PrepaymentMode::Full => prepayment_rules::Mode::Full,
            PrepaymentMode::ReduceInstalment => prepayment_rules::Mode::ReduceInstalment,
            PrepaymentMode::ShortenTerm => prepayment_rules::Mode::ShortenTerm,
        }
    }
}

/// How much of each kind.
#[derive(Object)]
struct LoanAmounts {
    principal: Yuan,
    interest: Yuan,
    penalty: Yuan,
    compound: Yuan,
    fee: Yuan,
}

impl From<Amounts> for LoanAmounts {
    fn from(amounts: Amounts) -> LoanAmounts {
        LoanAmounts {
            principal: amounts[Component::Principal].into(),
            interest: amounts[Component::Interest].into(),
            penalty: amounts[Component::Penalty].into(),
            compound: amounts[Component::Compound].into(),
            fee: amounts[Component::Fee].into(),
        }
    }
}

impl From<&LoanAmounts> for Amounts {
    fn from(wire: &LoanAmounts) -> Amounts {
        let mut amounts = Amounts::default();
        for (component, part) in [
            (Component::Principal, wire.principal),
            (Component::Interest, wire.interest),
            (Component::Penalty, wire.penalty),
            (Component::Compound, wire.compound),
            (Component::Fee, wire.fee),
        ] {
            amounts[component] = part.0;
        }
        amounts
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum LoanEventKind {
    Payout,
    Repayment,
    Prepayment,
    Rate,
    /// 挪用: so much of the principal is used for another purpose from the day on, all of it without `amount`.
    Misuse,
    /// 挪用已纠正.
    MisuseMended,
    Class,
    Reversal,
    Waiver,
    Compensation,
    Recovery,
    WriteOff,
    CreditBack,
}

/// Something that happened to a loan, as its bank's officer tells it. What is not known here is refused: a wrongly spelt `amount` would be all of it.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct LoanEventNotice {
    /// Made by the client: the same id with the same content again changes nothing.
    id: Uuid,
    kind: LoanEventKind,
    /// The day it counts for.
    on: Day,
    /// Of a prepayment the principal, refused if all of it is repaid; of misuse all that is misused from then on, not needed if all of it is;
    /// refused for the end of misuse, rate, class, reversal, waiver and write-off.
    #[oai(nullable)]
    amount: Option<Yuan>,
    /// How the bank spread a payment, if it is known; of a waiver what is not asked for any more.
    #[oai(nullable)]
    split: Option<LoanAmounts>,
    /// What is left of a payment, with `split`.
    #[oai(nullable)]
    credit: Option<Yuan>,
    #[oai(nullable)]
    mode: Option<PrepaymentMode>,
    /// The annual rate from the day on: `"0.0435"`.
    #[oai(nullable)]
    rate: Option<Text>,
    /// The class it is at least; `normal` lifts a judgement.
    #[oai(nullable)]
    class: Option<LoanClass>,
    /// The event a reversal takes back.
    #[oai(nullable)]
    reverses: Option<Uuid>,
    /// Needed for misuse and its end (by which paper it was found), class, reversal, waiver, compensation and write-off.
    #[oai(nullable)]
    reason: Option<Text>,
}

impl LoanEventNotice {
    fn fact(&self) -> Result<Fact, ApiError> {
        let needed = |field: &'static str| ApiError::field(field, "请填写此项");
        let amount = || match self.amount {
            Some(Yuan(amount)) if amount.is_positive() => Ok(amount),
            Some(_) => Err(ApiError::field("amount", "金额应大于零")),
            None => Err(needed("amount")),
        };
        let unused = match self.kind {
            LoanEventKind::Prepayment => self.mode == Some(PrepaymentMode::Full),
            LoanEventKind::Rate | LoanEventKind::MisuseMended | LoanEventKind::Class => true,
            LoanEventKind::Reversal | LoanEventKind::Waiver | LoanEventKind::WriteOff => true,
            LoanEventKind::Payout | LoanEventKind::Repayment | LoanEventKind::Misuse => false,
            LoanEventKind::Compensation | LoanEventKind::Recovery | LoanEventKind::CreditBack => false,
        };
        if unused && self.amount.is_some() {
            return Err(ApiError::field("amount", "此项不填金额"));
        }
        let split = || {
            self.split.as_ref().map(|split| Split {
                amounts: split.into(),
                credit: self.credit.map_or(Money::ZERO, |credit| credit.0),
            })
        };
        Ok(Fact::Event(match self.kind {
            LoanEventKind::Payout => return Ok(Fact::Payout(amount()?)),
            LoanEventKind::Repayment => {
                let (amount, booked) = (amount()?, split());
                if booked.is_some_and(|split| split.total().ok() != Some(amount)) {
                    return Err(ApiError::field("split", "分项合计应等于金额"));
                }
                What::Repayment { amount, booked }
            }
            LoanEventKind::Prepayment => {
                let mode: prepayment_rules::Mode = self.mode.ok_or_else(|| needed("mode"))?.into();
                let principal = match mode {
                    prepayment_rules::Mode::Full => None,
                    _ => Some(amount()?),
                };
                What::Prepayment { mode, principal, booked: split() }
            }
            LoanEventKind::Rate => {
                let Text(rate) = self.rate.as_ref().ok_or_else(|| needed("rate"))?;
                let rate = wire::rate(rate.trim()).map_err(|problem| Problem::field("rate", "").saying(problem))?;
                What::RateChange(rate)
            }
            LoanEventKind::Misuse => What::Misuse(self.amount.map(|_| amount()).transpose()?),
            LoanEventKind::MisuseMended => What::MisuseMended,
            LoanEventKind::Class => {
                let class: rules::Class = self.class.ok_or_else(|| needed("class"))?.into();
                What::Judgement((class != rules::Class::Normal).then_some(class))
            }
            LoanEventKind::Reversal => What::Reversal(self.reverses.ok_or_else(|| needed("reverses"))?.into()),
            LoanEventKind::Waiver => What::Waiver(self.split.as_ref().ok_or_else(|| needed("split"))?.into()),
            LoanEventKind::Compensation => What::Compensation(amount()?),
            LoanEventKind::Recovery => What::Recovery(amount()?),
            LoanEventKind::WriteOff => What::WriteOff,
            LoanEventKind::CreditBack => What::CreditBack(amount()?),
        }))
    }
}

/// Something that happened to a loan.
#[derive(Object)]
struct LoanHappening {
    id: Uuid,
    kind: String,
    on: Day,
    amount: Yuan,
    /// Whether the split is the bank's.
    booked: bool,
    split: LoanAmounts,
    credit: Yuan,
    #[oai(nullable)]
    rate: Option<String>,
    #[oai(nullable)]
    class: Option<LoanClass>,
    #[oai(nullable)]
    reverses: Option<Uuid>,
    /// The bank's number, once its file has told it.
    #[oai(nullable)]
    serial: Option<String>,
    #[oai(nullable)]
    reason: Option<String>,
    told_at: Instant,
}

impl From<loan_event::Model> for LoanHappening {
    fn from(row: loan_event::Model) -> LoanHappening {
        LoanHappening {
            id: row.id.uuid(),
            kind: row.kind,
            on: row.on_day.into(),
            amount: row.amount_fen.into(),
            booked: row.booked,
            split: LoanAmounts {
                principal: row.principal_fen.into(),
                interest: row.interest_fen.into(),
                penalty: row.penalty_fen.into(),
                compound: row.compound_fen.into(),
                fee: row.fee_fen.into(),
            },
            credit: row.credit_fen.into(),
            rate: row.rate.map(|rate| rate.to_string()),
            class: row.class.map(Into::into),
            reverses: row.reverses.map(|id| id.uuid()),
            serial: row.serial,
            reason: row.reason,
            told_at: row.created_us.into(),
        }
    }
}

/// An instalment that is still to fall due.
#[derive(Object)]
struct LoanInstalment {
    number: u32,
    due: Day,
    principal: Yuan,
    interest: Yuan,
    total: Yuan,
    /// Principal after it.
    closing: Yuan,
}

/// Where a loan stands at the end of today.
#[derive(Object)]
struct LoanStanding {
    /// Principal not repaid, due or not.
    principal: Yuan,
    /// Principal not yet due.
    undue: Yuan,
    /// Due and not paid.
    due: LoanAmounts,
    /// Interest of the period under way, to the day.
    accrued: Yuan,
    /// Principal that is used for another purpose (挪用), and what that has cost in the period under way beyond its interest: due with it.
    misused: Yuan,
    misuse_penalty: Yuan,
    /// Credit of the borrower (溢缴).
    credit: Yuan,
    days_past_due: i64,
    class: LoanClass,
    /// Whether interest is income before it is paid.
    accruing: bool,
    paid: LoanAmounts,
    /// Principal the risk pool has repaid.
    compensated: Yuan,
    recovered: Yuan,
    instalments: Vec<LoanInstalment>,
}

impl TryFrom<State> for LoanStanding {
    type Error = ApiError;

    fn try_from(state: State) -> Result<LoanStanding, ApiError> {
        let principal = state.principal().map_err(|error| ApiError::internal(&error))?;
        let row = |row: domain::loan::Instalment| LoanInstalment {
            number: row.number,
            due: row.due.into(),
            principal: row.principal.into(),
            interest: row.interest.into(),
            total: row.total.into(),
            closing: row.closing.into(),
        };
        Ok(LoanStanding {
            principal: principal.into(),
            undue: state.undue.into(),
            due: state.due.into(),
            accrued: state.accrued.into(),
            misused: state.misused.into(),
            misuse_penalty: state.misuse_penalty.into(),
            credit: state.credit.into(),
            days_past_due: state.days_past_due,
            class: state.class.into(),
            accruing: state.accruing,
            paid: state.paid.into(),
            compensated: state.compensated.into(),
            recovered: state.recovered.into(),
            instalments: state.rows.into_iter().map(row).collect(),
        })
    }
}

/// The rate of a contract.
#[derive(Object)]
struct ExpectedRate {
    annual_rate: String,
    since: Day,
}

/// A loan that runs.
#[derive(Object)]
struct ServedLoan {
    contract: Uuid,
    number: String,
    /// Nothing before the payout.
    #[oai(nullable)]
    standing: Option<LoanStanding>,
    /// What it would cost to be rid of it today, if that is possible today.
    #[oai(nullable)]
    payoff: Option<LoanAmounts>,
    /// The annual rate in force, as it was told.
    annual_rate: String,
    /// What the contract says it is, and since when: another one means that a repricing was not told, or was told otherwise.
    #[oai(nullable)]
    expected_rate: Option<ExpectedRate>,
    /// The day the bank's last file tells of, where its bank does not tell every day: what fell due later may be paid.
    #[oai(nullable)]
    told_through: Option<Day>,
    events: Vec<LoanHappening>,
    subsidies: Vec<LoanSubsidyClaim>,
}

impl TryFrom<Served> for ServedLoan {
    type Error = ApiError;

    fn try_from(served: Served) -> Result<ServedLoan, ApiError> {
        Ok(ServedLoan {
            contract: served.contract.id.uuid(),
            number: served.contract.number,
            standing: served.state.map(LoanStanding::try_from).transpose()?,
            payoff: served.payoff.map(|split| split.amounts.into()),
            annual_rate: served.rate.0.to_string(),
            told_through: served.told.map(Into::into),
            expected_rate: served
                .rate
                .1
                .map(|price| ExpectedRate { annual_rate: price.annual_rate.to_string(), since: price.since.into() }),
            events: served.events.into_iter().map(Into::into).collect(),
            subsidies: served.subsidies.into_iter().map(Into::into).collect(),
        })
    }
}

pub(crate) struct ServicingApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(tag = "Tag::Loans")]
impl ServicingApi {
    /// A loan that runs, for its bank, for auditors, and for the League if the borrower agreed.
    #[oai(path = "/staff/loan-contracts/:contract_id/servicing", method = "get")]
    async fn loan(&self, officer: Officer, contract_id: Path<Uuid>) -> Result<Json<ServedLoan>, ApiError> {
        let served = self.app.servicing.loan(contract_id.0.into(), &officer.0).await?;
        Ok(Json(served.try_into()?))
    }

    /// Tells what happened to a loan: an officer of its bank.
    #[oai(path = "/staff/loan-contracts/:contract_id/events", method = "post")]
    async fn tell(
        &self,
        officer: Officer,
        contract_id: Path<Uuid>,
        body: Json<LoanEventNotice>,
    ) -> Result<Json<ServedLoan>, ApiError> {
        let notice = body.0;
        let new = NewEvent {
            id: notice.id.into(),
            contract: LoanContractId::from(contract_id.0),
            on: notice.on.0,
            fact: notice.fact()?,
            told: None,
            reason: notice.reason.as_ref().map(|Text(reason)| reason.trim().to_owned()).filter(|text| !text.is_empty()),
            actor: String::new(),
        };
        Ok(Json(self.app.servicing.tell(new, &officer.0).await?.try_into()?))
    }

    /// A borrower's own loan: where it stands, what it would cost to be rid of it today.
    #[oai(path = "/loans/:contract_id/servicing", method = "get")]
    async fn own(&self, donor: Donor, contract_id: Path<Uuid>) -> Result<Json<ServedLoan>, ApiError> {
        Ok(Json(self.app.servicing.own_loan(contract_id.0.into(), donor.0).await?.try_into()?))
    }
}
