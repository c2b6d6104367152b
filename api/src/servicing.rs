//! Loans after their contracts are signed: programmes and how fresh they are, what happened to a loan, banks' files, subsidies, the
//! monthly report.

use std::sync::Arc;

use app::App;
use app::problem::Problem;
use app::servicing::{FileBreak, Fresh, Group, Imported, Late, Line, OfClass, Report, Scope, Served, Standing};
use domain::loan::allocation::{Amounts, Component};
use domain::loan::life::{Split, State, What};
use domain::loan::overdue as rules;
use domain::loan::prepayment as prepayment_rules;
use domain::{LoanContractId, Money};
use entity::{loan_day, loan_event, loan_file, loan_pool, loan_programme, loan_subsidy};
use lending::servicing::NewEvent;
use lending::servicing::loan::Fact;
use lending::servicing::programme::NewProgramme;
use lending::servicing::subsidy::Receipt;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::{Attachment, AttachmentType, Binary, Json};
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use uuid::Uuid;

use crate::auth::{Donor, Officer};
use crate::error::ApiError;
use crate::loan_terms::LoanClass;
use crate::page::{Page, default_limit};
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

/// A programme: the loans of a bank that we follow, in a memo book of their own.
#[derive(Object)]
struct LoanProgramme {
    id: Uuid,
    bank: Uuid,
    bank_code: String,
    bank_name: String,
    name: String,
    /// The memo book.
    book: Uuid,
    /// How much the bank tells: `daily`, `monthly` or `summary`.
    pace: String,
    /// How far a fact of ours and one of the bank's may lie apart, in days.
    match_days: i64,
    first_day: Day,
    /// The last closed day.
    closed_through: Day,
    /// The day the bank's last file tells of: the figures are as fresh as that.
    #[oai(nullable)]
    told_through: Option<Day>,
    #[oai(nullable)]
    last_sequence: Option<i64>,
    #[oai(nullable)]
    loans: Option<i64>,
    #[oai(nullable)]
    balance: Option<Yuan>,
    #[oai(nullable)]
    pool: Option<LoanPool>,
}

/// Who holds the pool that bears a part of the losses (风险补偿金). Memo.
#[derive(Object)]
struct LoanPool {
    holder: String,
    holder_credit_code: String,
    size: Yuan,
}

/// Who shall hold it. A public body or a firm, never a charity.
#[derive(Object)]
struct LoanPoolWish {
    holder: Text,
    /// 统一社会信用代码.
    holder_credit_code: Text,
    size: Yuan,
}

impl From<loan_pool::Model> for LoanPool {
    fn from(row: loan_pool::Model) -> LoanPool {
        LoanPool { holder: row.holder, holder_credit_code: row.holder_credit_code, size: row.size_fen.into() }
    }
}

impl From<Standing> for LoanProgramme {
    fn from(standing: Standing) -> LoanProgramme {
        let Standing { programme, bank, pool, file, day } = standing;
        let loan_programme::Model { id, bank_id, book_id, name, pace, match_days, first_day, closed_through, .. } =
            programme;
        LoanProgramme {
            id: id.uuid(),
            bank: bank_id.uuid(),
            bank_code: bank.code,
            bank_name: bank.name,
            name,
            book: book_id.uuid(),
            pace,
            match_days,
            first_day: first_day.into(),
            closed_through: closed_through.into(),
            told_through: file.as_ref().map(|file| Day(file.day)),
            last_sequence: file.as_ref().map(|file| file.sequence),
            loans: day.as_ref().map(|day| day.loans),
            balance: day.as_ref().map(|day| Yuan(day.balance_fen)),
            pool: pool.map(Into::into),
        }
    }
}

/// A programme to be opened.
#[derive(Object)]
struct LoanProgrammeWish {
    /// Made by the client.
    id: Uuid,
    bank: Uuid,
    name: Text,
    pace: Text,
    match_days: i64,
    first_day: Day,
}

/// A closed day (日终).
#[derive(Object)]
struct LoanDay {
    day: Day,
    /// `closing` while its pieces are under way, then `closed`.
    state: String,
    loans: i64,
    /// How many were reckoned anew.
    changed: i64,
    balance: Yuan,
    /// Principal of loans with something late.
    overdue: Yuan,
    interest: crate::wire::SignedYuan,
    penalty: crate::wire::SignedYuan,
    compound: crate::wire::SignedYuan,
    off_balance: crate::wire::SignedYuan,
    /// SHA-256, chained to the day before.
    digest: String,
}

impl From<loan_day::Model> for LoanDay {
    fn from(row: loan_day::Model) -> LoanDay {
        LoanDay {
            day: row.day.into(),
            state: row.state,
            loans: row.loans,
            changed: row.changed,
            balance: row.balance_fen.into(),
            overdue: row.overdue_fen.into(),
            interest: row.interest_fen.into(),
            penalty: row.penalty_fen.into(),
            compound: row.compound_fen.into(),
            off_balance: row.off_balance_fen.into(),
            digest: row.digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// A file of a bank.
#[derive(Object)]
struct LoanFile {
    id: Uuid,
    day: Day,
    pace: String,
    sequence: i64,
    /// Whether it had been read before: then nothing was changed.
    known: bool,
    records: u64,
    booked: u64,
    matched: u64,
    /// Positions and totals that agree.
    agreed: u64,
    /// What the bank says otherwise: for the bank itself, finance and auditors.
    breaks: Vec<LoanFileBreak>,
    /// How many differences there are.
    break_count: u64,
    #[oai(nullable)]
    received_at: Option<Instant>,
}

/// What the bank says otherwise than we expected.
#[derive(Object)]
struct LoanFileBreak {
    /// amount, split, balance, arrears, class, total, date, rounding, missing_here, missing_there, duplicate_there, unknown_line.
    class: String,
    key: String,
    amount: Yuan,
    #[oai(nullable)]
    expected: Option<Yuan>,
    detail: String,
}

impl From<FileBreak> for LoanFileBreak {
    fn from(one: FileBreak) -> LoanFileBreak {
        LoanFileBreak {
            class: one.class,
            key: one.key,
            amount: one.amount.into(),
            expected: one.expected.map(Yuan),
            detail: one.detail,
        }
    }
}

impl From<Imported> for LoanFile {
    fn from(imported: Imported) -> LoanFile {
        let Imported { id, day, pace, sequence, known, report, .. } = imported;
        LoanFile {
            id: id.uuid(),
            day: day.into(),
            pace,
            sequence,
            known,
            records: report.records,
            booked: report.booked,
            matched: report.matched,
            agreed: report.agreed,
            break_count: report.breaks.len() as u64 + report.hidden,
            breaks: report.breaks.into_iter().map(Into::into).collect(),
            received_at: None,
        }
    }
}

impl From<loan_file::Model> for LoanFile {
    fn from(row: loan_file::Model) -> LoanFile {
        let report: app::servicing::FileReport = serde_json::from_str(&row.report).unwrap_or_default();
        LoanFile {
            id: row.id.uuid(),
            day: row.day.into(),
            pace: row.pace,
            sequence: row.sequence,
            known: true,
            records: report.records,
            booked: report.booked,
            matched: report.matched,
            agreed: report.agreed,
            break_count: report.breaks.len() as u64 + report.hidden,
            breaks: report.breaks.into_iter().map(Into::into).collect(),
            received_at: Some(row.received_us.into()),
        }
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
    Class,
    Reversal,
    Waiver,
    Compensation,
    Recovery,
    WriteOff,
    CreditBack,
}

/// Something that happened to a loan, as its bank's officer tells it.
#[derive(Object)]
struct LoanEventNotice {
    /// Made by the client: the same id with the same content again changes nothing.
    id: Uuid,
    kind: LoanEventKind,
    /// The day it counts for.
    on: Day,
    /// Of a prepayment the principal, not needed if all of it is repaid; not for rate, class, reversal, waiver and write-off.
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
    /// Needed for class, reversal, waiver, compensation and write-off.
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

/// Interest subsidy of an instalment.
#[derive(Object)]
struct LoanSubsidyClaim {
    id: Uuid,
    contract: Uuid,
    instalment: i64,
    due: Day,
    interest: Yuan,
    amount: Yuan,
    /// `claimed`, `received`, `rejected` or `withdrawn`: not granted any more, because what was paid turned out otherwise.
    state: String,
    claimed_on: Day,
    #[oai(nullable)]
    received_on: Option<Day>,
    /// How much came of it.
    #[oai(nullable)]
    received: Option<Yuan>,
    #[oai(nullable)]
    withdrawn_on: Option<Day>,
    /// Why less came than was claimed.
    #[oai(nullable)]
    reason: Option<String>,
}

impl From<loan_subsidy::Model> for LoanSubsidyClaim {
    fn from(row: loan_subsidy::Model) -> LoanSubsidyClaim {
        LoanSubsidyClaim {
            id: row.id.uuid(),
            contract: row.contract_id.uuid(),
            instalment: row.instalment,
            due: row.due_on.into(),
            interest: row.interest_fen.into(),
            amount: row.amount_fen.into(),
            state: row.state,
            claimed_on: row.claimed_on.into(),
            received_on: row.received_on.map(Day),
            received: row.received_fen.map(Yuan),
            withdrawn_on: row.withdrawn_on.map(Day),
            reason: row.reason,
        }
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
            expected_rate: served
                .rate
                .1
                .map(|price| ExpectedRate { annual_rate: price.annual_rate.to_string(), since: price.since.into() }),
            events: served.events.into_iter().map(Into::into).collect(),
            subsidies: served.subsidies.into_iter().map(Into::into).collect(),
        })
    }
}

/// How many loans of a class, and how much.
#[derive(Object)]
struct LoanClassTotal {
    class: LoanClass,
    count: u64,
    balance: Yuan,
    /// What is late of it.
    arrears: Yuan,
}

/// What some loans add up to.
#[derive(Object)]
struct LoanReportLine {
    /// The county's code.
    division: String,
    bank: String,
    product: String,
    count: u64,
    balance: Yuan,
    overdue_count: u64,
    arrears: Yuan,
    classes: Vec<LoanClassTotal>,
    subsidy_claimed: Yuan,
    subsidy_received: Yuan,
}

fn line(division: String, bank: String, product: String, group: Group) -> LoanReportLine {
    use rules::Class::*;
    let classes = [Normal, SpecialMention, Substandard, Doubtful, Loss].into_iter().zip(group.classes);
    LoanReportLine {
        division,
        bank,
        product,
        count: group.count,
        balance: group.balance.into(),
        overdue_count: group.overdue_count,
        arrears: group.arrears.into(),
        classes: classes
            .map(|(class, OfClass { count, balance, arrears })| LoanClassTotal {
                class: class.into(),
                count,
                balance: balance.into(),
                arrears: arrears.into(),
            })
            .collect(),
        subsidy_claimed: group.subsidy_claimed.into(),
        subsidy_received: group.subsidy_received.into(),
    }
}

/// A loan that is late, of a borrower who agreed that the bank tells the League.
#[derive(Object)]
struct LoanInArrears {
    contract: String,
    division: String,
    days_past_due: i64,
    arrears: Yuan,
    class: LoanClass,
}

impl From<Late> for LoanInArrears {
    fn from(late: Late) -> LoanInArrears {
        LoanInArrears {
            contract: late.contract,
            division: late.division,
            days_past_due: late.days,
            arrears: late.arrears.into(),
            class: late.class.into(),
        }
    }
}

/// How fresh the figures of a bank are in the report.
#[derive(Object)]
struct LoanReportBank {
    bank: String,
    /// How much the bank tells: `daily`, `monthly` or `summary`.
    pace: String,
    /// The day its last file tells of.
    #[oai(nullable)]
    told_through: Option<Day>,
    /// The day at whose end its loans are told: the report's, or that of the last file of a bank that does not tell every day, for what fell
    /// due later is not known to be late.
    as_of: Day,
}

impl From<Fresh> for LoanReportBank {
    fn from(fresh: Fresh) -> LoanReportBank {
        LoanReportBank {
            bank: fresh.bank,
            pace: fresh.pace,
            told_through: fresh.told.map(Day),
            as_of: fresh.as_of.into(),
        }
    }
}

/// The monthly report to the League (月报).
#[derive(Object)]
struct LoanReport {
    /// The day it tells of: the last of the month, or today.
    day: Day,
    /// How far the slowest programme in it is closed.
    #[oai(nullable)]
    closed_through: Option<Day>,
    /// How fresh the figures of each bank are.
    banks: Vec<LoanReportBank>,
    lines: Vec<LoanReportLine>,
    total: LoanReportLine,
    late: Vec<LoanInArrears>,
    /// How many more are late, whose borrowers did not agree.
    unnamed: u64,
}

impl From<Report> for LoanReport {
    fn from(report: Report) -> LoanReport {
        let own = |Line { division, bank, product, group, .. }: Line| line(division, bank, product, group);
        LoanReport {
            day: report.day.into(),
            closed_through: report.closed_through.map(Day),
            banks: report.banks.into_iter().map(Into::into).collect(),
            lines: report.lines.into_iter().map(own).collect(),
            total: line(String::new(), String::new(), String::new(), report.total),
            late: report.late.into_iter().map(Into::into).collect(),
            unnamed: report.unnamed,
        }
    }
}

/// A workbook.
#[derive(ApiResponse)]
enum Sheet {
    /// The workbook.
    #[oai(status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")]
    Bytes(Attachment<Vec<u8>>),
}

/// What came of a claimed subsidy.
#[derive(Object)]
struct SubsidyReceipt {
    /// The day it came, or was refused.
    on: Day,
    /// All of the claim if nothing is said; `"0.00"` if it was refused.
    #[oai(nullable)]
    amount: Option<Yuan>,
    /// Why it is less than what was claimed.
    #[oai(nullable)]
    reason: Option<Text>,
}

fn scope(month: &str) -> Result<Scope, ApiError> {
    let wrong = || ApiError::field("month", "月份写作 2026-05");
    let (year, month) = month.split_once('-').filter(|_| month.len() == 7).ok_or_else(wrong)?;
    Ok(Scope { year: year.parse().map_err(|_| wrong())?, month: month.parse().map_err(|_| wrong())? })
}

pub(crate) struct ServicingApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(tag = "Tag::Loans")]
impl ServicingApi {
    /// Programmes, and how fresh each is. Officers of a bank see its own.
    #[oai(path = "/staff/loan-programmes", method = "get")]
    async fn programmes(&self, officer: Officer) -> Result<Json<Page<LoanProgramme>>, ApiError> {
        Ok(Json(Page::whole(self.app.servicing.programmes(&officer.0).await?)))
    }

    /// Opens a programme and its memo book.
    #[oai(path = "/staff/loan-programmes", method = "post")]
    async fn open(&self, officer: Officer, body: Json<LoanProgrammeWish>) -> Result<Json<LoanProgramme>, ApiError> {
        let LoanProgrammeWish { id, bank, name, pace, match_days, first_day } = body.0;
        let new = NewProgramme {
            id: id.into(),
            bank: bank.into(),
            name: name.0,
            pace: pace.0,
            match_days,
            first_day: first_day.0,
        };
        self.app.servicing.open(new, &officer.0).await?;
        let all = self.app.servicing.programmes(&officer.0).await?;
        let opened = all.into_iter().find(|one| one.programme.id.uuid() == id);
        let none = || ApiError::not_found("no_such_loan_programme", "没有这个贷款项目。");
        Ok(Json(opened.ok_or_else(none)?.into()))
    }

    /// Says who holds the programme's risk pool, and how large it is. No charity does.
    #[oai(path = "/staff/loan-programmes/:programme_id/pool", method = "post")]
    async fn pool(
        &self,
        officer: Officer,
        programme_id: Path<Uuid>,
        body: Json<LoanPoolWish>,
    ) -> Result<Json<LoanPool>, ApiError> {
        let LoanPoolWish { holder, holder_credit_code, size } = body.0;
        let id = programme_id.0.into();
        let row = self.app.servicing.set_pool(id, &holder.0, &holder_credit_code.0, size.0, &officer.0).await?;
        Ok(Json(row.into()))
    }

    /// Closed days of a programme, newest first. `after` is a day.
    #[oai(path = "/staff/loan-programmes/:programme_id/days", method = "get")]
    async fn days(
        &self,
        officer: Officer,
        programme_id: Path<Uuid>,
        after: Query<Option<Day>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<LoanDay>>, ApiError> {
        let before = after.0.map(|day| day.0);
        let mut rows = self.app.servicing.days(programme_id.0.into(), before, limit.0 + 1, &officer.0).await?;
        let more = rows.len() as u64 > limit.0;
        rows.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.day.to_string());
        Ok(Json(Page { items: rows.into_iter().map(Into::into).collect(), next }))
    }

    /// Files of a programme, newest first. `after` is a sequence number.
    #[oai(path = "/staff/loan-programmes/:programme_id/files", method = "get")]
    async fn files(
        &self,
        officer: Officer,
        programme_id: Path<Uuid>,
        after: Query<Option<i64>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<LoanFile>>, ApiError> {
        let mut rows = self.app.servicing.files(programme_id.0.into(), after.0, limit.0 + 1, &officer.0).await?;
        let more = rows.len() as u64 > limit.0;
        rows.truncate(usize::try_from(limit.0).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.sequence.to_string());
        Ok(Json(Page { items: rows.into_iter().map(Into::into).collect(), next }))
    }

    /// Reads a bank's file (docs/bank-file.md): taken whole or refused. The same file again changes nothing.
    #[oai(path = "/staff/loan-files", method = "post")]
    async fn import(&self, officer: Officer, body: Binary<Vec<u8>>) -> Result<Json<LoanFile>, ApiError> {
        Ok(Json(self.app.servicing.import(&body.0, &officer.0).await?.into()))
    }

    /// Claims every subsidy of a programme that is due: for instalments paid in time, each once.
    #[oai(path = "/staff/loan-programmes/:programme_id/subsidies", method = "post")]
    async fn claim(
        &self,
        officer: Officer,
        programme_id: Path<Uuid>,
    ) -> Result<Json<Page<LoanSubsidyClaim>>, ApiError> {
        let claimed = self.app.servicing.claim_subsidies(programme_id.0.into(), &officer.0).await?;
        Ok(Json(Page::whole(claimed)))
    }

    /// What was claimed of a programme, newest first; with `waiting` what nobody has paid yet.
    #[oai(path = "/staff/loan-programmes/:programme_id/subsidies", method = "get")]
    async fn claims(
        &self,
        officer: Officer,
        programme_id: Path<Uuid>,
        #[oai(default)] waiting: Query<bool>,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<LoanSubsidyClaim>>, ApiError> {
        let (after, more) = (after.0.map(Into::into), limit.0 + 1);
        let rows = self.app.servicing.claims(programme_id.0.into(), waiting.0, after, more, &officer.0).await?;
        let rows = rows.into_iter().map(|(row, _)| row).collect();
        Ok(Json(Page::of(rows, limit.0, |row: &loan_subsidy::Model| row.id.uuid())))
    }

    /// Writes down that a claimed subsidy was paid, in part or not at all: what was cut is booked back.
    #[oai(path = "/staff/loan-subsidies/:subsidy_id/receipt", method = "post")]
    async fn receive(
        &self,
        officer: Officer,
        subsidy_id: Path<Uuid>,
        body: Json<SubsidyReceipt>,
    ) -> Result<Json<LoanSubsidyClaim>, ApiError> {
        let SubsidyReceipt { on, amount, reason } = body.0;
        let receipt = Receipt {
            on: on.0,
            amount: amount.map(|amount| amount.0),
            reason: reason.map(|reason| reason.0),
            actor: String::new(),
        };
        let row = self.app.servicing.receive_subsidy(subsidy_id.0.into(), receipt, &officer.0).await?;
        Ok(Json(row.into()))
    }

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

    /// The report of a month, by county, bank and product (月报).
    #[oai(path = "/staff/loan-report", method = "get")]
    async fn report(&self, officer: Officer, month: Query<String>) -> Result<Json<LoanReport>, ApiError> {
        Ok(Json(self.app.servicing.report(scope(&month.0)?, &officer.0).await?.into()))
    }

    /// The same as a workbook.
    #[oai(path = "/staff/loan-report.xlsx", method = "get")]
    async fn report_sheet(&self, officer: Officer, month: Query<String>) -> Result<Sheet, ApiError> {
        let bytes = self.app.servicing.report_sheet(scope(&month.0)?, &officer.0).await?;
        let name = format!("loans-{}.xlsx", month.0);
        Ok(Sheet::Bytes(Attachment::new(bytes).attachment_type(AttachmentType::Attachment).filename(name)))
    }
}
