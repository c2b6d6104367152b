//! The monthly report to the League (月报): how many loans, how much, arrears by class, subsidies; by county, bank and product. What is
//! late is listed by contract only where the borrower agreed that the bank tells the League; of all others it says how many they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::loan::overdue::Class;
use domain::role::Member;
use domain::{BankId, BusinessDate, DonorId, LoanProductId, Money, division};
use entity::{bank, loan_consent, loan_contract, loan_product, loan_subsidy};
use lending::Reach;
use lending::servicing::programme::{self, Known};
use lending::servicing::{ServeError, loan};
use rust_decimal::Decimal;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::{Servicing, ServicingError};
use crate::closing::Period;

const CLASSES: [Class; 5] = [Class::Normal, Class::SpecialMention, Class::Substandard, Class::Doubtful, Class::Loss];

/// How many loans are read at once.
const PAGE: usize = 2_000;

/// What some loans add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// How many are not ended.
    pub count: u64,
    /// Principal not repaid.
    pub balance: Money,
    /// How many have something late.
    pub overdue_count: u64,
    /// Of those: principal that fell due before the day and is not paid, and interest with what its delay costs.
    pub arrears: Money,
    /// Of each class.
    pub classes: [OfClass; 5],
    /// Subsidies claimed in the month.
    pub subsidy_claimed: Money,
    /// Subsidies received in the month.
    pub subsidy_received: Money,
}

/// What the loans of a class add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfClass {
    /// How many.
    pub count: u64,
    /// Principal not repaid.
    pub balance: Money,
    /// What is late of it, as of all.
    pub arrears: Money,
}

/// A line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The county's code.
    pub division: String,
    /// The bank.
    pub bank: String,
    /// The bank's id.
    pub bank_id: BankId,
    /// The product.
    pub product: String,
    /// The product's id.
    pub product_id: LoanProductId,
    /// What its loans add up to.
    pub group: Group,
}

/// A loan that is late, of a borrower who agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late {
    /// The bank's number.
    pub contract: String,
    /// The county's code.
    pub division: String,
    /// 逾期天数.
    pub days: i64,
    /// Due and not paid.
    pub arrears: Money,
    /// Its class.
    pub class: Class,
}

/// How fresh a bank's figures are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// The bank.
    pub bank: String,
    /// How much it tells: `daily`, `monthly` or `summary`.
    pub pace: String,
    /// The day its last file tells of.
    pub told: Option<BusinessDate>,
    /// The day at whose end its loans are told: the report's, or that of the last file of a bank that does not tell every day.
    pub as_of: BusinessDate,
}

/// The report of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its last day.
    pub day: BusinessDate,
    /// How far the slowest of its programmes is closed.
    pub closed_through: Option<BusinessDate>,
    /// How fresh the figures of each bank are.
    pub banks: Vec<Fresh>,
    /// By county, bank and product.
    pub lines: Vec<Line>,
    /// All of them.
    pub total: Group,
    /// What is late, the longest first.
    pub late: Vec<Late>,
    /// How many more are late, whose borrowers did not agree.
    pub unnamed: u64,
}

/// Which month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Its year.
    pub year: i32,
    /// Its number.
    pub month: u8,
}

fn plus(a: &mut Money, b: Money) {
    *a = Money::from_fen(a.fen().saturating_add(b.fen()));
}

impl Group {
    fn add(&mut self, other: &Group) {
        self.count += other.count;
        plus(&mut self.balance, other.balance);
        self.overdue_count += other.overdue_count;
        plus(&mut self.arrears, other.arrears);
        for (sum, one) in self.classes.iter_mut().zip(other.classes) {
            sum.count += one.count;
            plus(&mut sum.balance, one.balance);
            plus(&mut sum.arrears, one.arrears);
        }
        plus(&mut self.subsidy_claimed, other.subsidy_claimed);
        plus(&mut self.subsidy_received, other.subsidy_received);
    }
}

/// Whether a borrower agreed that the bank tells the League.
pub(super) async fn agreed(db: &impl ConnectionTrait, row: &loan_contract::Model) -> Result<bool, DbErr> {
    Ok(agreements(db, row.bank_id).await?.contains(&row.donor_id))
}

async fn agreements(db: &impl ConnectionTrait, bank: BankId) -> Result<BTreeSet<DonorId>, DbErr> {
    let rows = loan_consent::Entity::find()
        .filter(loan_consent::Column::BankId.eq(bank))
        .filter(loan_consent::Column::Scope.eq("servicing"))
        .filter(loan_consent::Column::WithdrawnUs.is_null())
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.donor_id).collect())
}

impl Servicing {
    /// The report of a month that has begun, as far as somebody sees. Of the month under way it tells what is so today; of a bank that does
    /// not tell every day what was so on the day of its last file, for whether later instalments were paid nobody has heard yet.
    pub async fn report(&self, scope: Scope, by: &Member) -> Result<Report, ServicingError> {
        let period = Period::month(scope.year, scope.month).ok_or(ServicingError::NoSuchMonth)?;
        let today = self.business.today();
        if period.first > today {
            return Err(ServicingError::NoSuchMonth);
        }
        let day = period.last.min(today);
        let db = self.db.read();
        let reach = Reach::of(db, by).await?;
        let banks = bank::Entity::find().all(db).await?;
        let products: HashMap<LoanProductId, String> =
            loan_product::Entity::find().all(db).await?.into_iter().map(|row| (row.id, row.name)).collect();
        let mut groups: BTreeMap<(String, String, String), (BankId, LoanProductId, Group)> = BTreeMap::new();
        let mut report = Report {
            day,
            closed_through: None,
            banks: Vec::new(),
            lines: Vec::new(),
            total: Group::default(),
            late: Vec::new(),
            unnamed: 0,
        };
        for Known { programme, told, until } in programme::known(db, today).await? {
            let Some(bank) = banks.iter().find(|bank| bank.id == programme.bank_id) else { continue };
            let (of_bank, as_of) = (reach.is_of(bank.id), until.min(day));
            if !of_bank && reach.parts.is_empty() {
                continue;
            }
            let closed = programme.closed_through;
            report.closed_through = Some(report.closed_through.map_or(closed, |slowest| slowest.min(closed)));
            let (name, pace) = (bank.name.clone(), programme.pace.clone());
            report.banks.push(Fresh { bank: name, pace, told, as_of });
            let known = agreements(db, bank.id).await?;
            let subsidies = self.subsidies(programme.id, period).await?;
            for page in loan::paid_out(db, programme.id).await?.chunks(PAGE) {
                for (id, one) in loan::load(db, page, false).await? {
                    if !reach.covers(&one.row.unit_path, Some(bank.id)) {
                        continue;
                    }
                    let paid_out = one.payout().is_some_and(|(_, on)| on <= as_of);
                    let Some(it) = (if paid_out { one.replay(as_of)? } else { None }) else { continue };
                    let mut group = Group::default();
                    if let Some((claimed, received)) = subsidies.get(&id) {
                        (group.subsidy_claimed, group.subsidy_received) = (*claimed, *received);
                    }
                    if it.state.end.is_none() {
                        group.count = 1;
                        group.balance = it.state.principal().map_err(ServeError::Loan)?;
                        let class = it.state.class as usize;
                        (group.classes[class].count, group.classes[class].balance) = (1, group.balance);
                        if it.state.days_past_due > 0 {
                            let arrears = one.late(&it.state, as_of)?.total().map_err(ServeError::Loan)?;
                            (group.overdue_count, group.arrears) = (1, arrears);
                            group.classes[class].arrears = arrears;
                            if of_bank || reach.audits || known.contains(&one.row.donor_id) {
                                report.late.push(Late {
                                    contract: one.row.number.clone(),
                                    division: one.row.division.clone(),
                                    days: it.state.days_past_due,
                                    arrears,
                                    class: it.state.class,
                                });
                            } else {
                                report.unnamed += 1;
                            }
                        }
                    }
                    let product = products.get(&one.row.product_id).cloned().unwrap_or_default();
                    let key = (one.row.division.clone(), bank.name.clone(), product);
                    let of_key = groups.entry(key).or_insert((bank.id, one.row.product_id, Group::default()));
                    of_key.2.add(&group);
                }
            }
        }
        report.late.sort_by(|a, b| b.days.cmp(&a.days).then_with(|| a.contract.cmp(&b.contract)));
        for ((division, bank, product), (bank_id, product_id, group)) in groups {
            report.total.add(&group);
            report.lines.push(Line { division, bank, bank_id, product, product_id, group });
        }
        Ok(report)
    }

    /// What was claimed and what came in a month, by loan.
    async fn subsidies(
        &self,
        id: domain::LoanProgrammeId,
        period: Period,
    ) -> Result<HashMap<domain::LoanContractId, (Money, Money)>, DbErr> {
        let within = |day: BusinessDate| day >= period.first && day <= period.last;
        let rows =
            loan_subsidy::Entity::find().filter(loan_subsidy::Column::ProgrammeId.eq(id)).all(self.db.read()).await?;
        let mut sums: HashMap<_, (Money, Money)> = HashMap::new();
        for row in rows {
            let sum = sums.entry(row.contract_id).or_default();
            if within(row.claimed_on) && row.withdrawn_on.is_none() {
                plus(&mut sum.0, row.amount_fen);
            }
            if row.received_on.is_some_and(within) {
                plus(&mut sum.1, row.received_fen.unwrap_or_default());
            }
        }
        Ok(sums)
    }

    /// The same as a workbook: 月报 and 逾期明细, each under its title, with the month and how fresh the figures are.
    pub async fn report_sheet(&self, scope: Scope, by: &Member) -> Result<Vec<u8>, ServicingError> {
        let report = self.report(scope, by).await?;
        let month = format!("{}年{}月", scope.year, scope.month);
        let mut workbook = Workbook::new();
        let (head, money) = (Format::new().set_bold(), Format::new().set_num_format("#,##0.00"));
        let yuan = |amount: Money| Decimal::new(amount.fen(), 2);
        let sheet = workbook.add_worksheet();
        sheet.set_name("月报")?;
        let first = top(sheet, &format!("{month}青年贷款月报"), &report, &head)?;
        let titles =
            ["县（市、区）", "银行", "产品", "户数", "余额", "逾期户数", "逾期金额", "本月申报贴息", "本月到账贴息"];
        let of_class = CLASSES.map(super::files::chinese);
        let of_class =
            of_class.iter().flat_map(|class| ["户数", "余额", "逾期金额"].map(|what| format!("{class}{what}")));
        for (column, title) in (0u16..).zip(titles.map(str::to_owned).into_iter().chain(of_class)) {
            sheet.write_string_with_format(first, column, title, &head)?;
            sheet.set_column_width(column, 16)?;
        }
        let lines =
            report.lines.iter().map(|line| (division::place(&line.division), &line.bank, &line.product, &line.group));
        let nothing = String::new();
        let total = ("合计".to_owned(), &nothing, &nothing, &report.total);
        for (row, (place, bank, product, group)) in (first + 1..).zip(lines.chain([total])) {
            for (column, text) in [(0u16, &place), (1, bank), (2, product)] {
                sheet.write_string(row, column, text)?;
            }
            sheet.write(row, 3, group.count)?;
            sheet.write_with_format(row, 4, yuan(group.balance), &money)?;
            sheet.write(row, 5, group.overdue_count)?;
            sheet.write_with_format(row, 6, yuan(group.arrears), &money)?;
            sheet.write_with_format(row, 7, yuan(group.subsidy_claimed), &money)?;
            sheet.write_with_format(row, 8, yuan(group.subsidy_received), &money)?;
            for (column, one) in (9u16..).step_by(3).zip(group.classes) {
                sheet.write(row, column, one.count)?;
                sheet.write_with_format(row, column + 1, yuan(one.balance), &money)?;
                sheet.write_with_format(row, column + 2, yuan(one.arrears), &money)?;
            }
        }
        let sheet = workbook.add_worksheet();
        sheet.set_name("逾期明细")?;
        let first = top(sheet, &format!("{month}青年贷款逾期明细"), &report, &head)?;
        for (column, title) in (0u16..).zip(["合同号", "县（市、区）", "逾期天数", "逾期金额", "五级分类"])
        {
            sheet.write_string_with_format(first, column, title, &head)?;
            sheet.set_column_width(column, 20)?;
        }
        let mut row = first + 1;
        for late in &report.late {
            sheet.write_string(row, 0, &late.contract)?;
            sheet.write_string(row, 1, division::place(&late.division))?;
            sheet.write(row, 2, late.days)?;
            sheet.write_with_format(row, 3, yuan(late.arrears), &money)?;
            sheet.write_string(row, 4, super::files::chinese(late.class))?;
            row += 1;
        }
        if report.unnamed > 0 {
            sheet.write_string(
                row,
                0,
                format!("另有{}户借款人未同意银行向团组织提供明细，只计户数", report.unnamed),
            )?;
        }
        Ok(workbook.save_to_buffer()?)
    }
}

/// The head of a sheet: its title, the day, and a line for each bank. Answers the row of the headings.
fn top(sheet: &mut Worksheet, title: &str, report: &Report, head: &Format) -> Result<u32, XlsxError> {
    sheet.write_string_with_format(0, 0, title, head)?;
    sheet.write_string(1, 0, format!("截至{}", report.day))?;
    let mut row = 2;
    for fresh in &report.banks {
        sheet.write_string(row, 0, fresh.words())?;
        row += 1;
    }
    Ok(row + 1)
}

impl Fresh {
    /// In words: what the figures of the bank go by.
    pub fn words(&self) -> String {
        match self.told {
            Some(told) => format!("{}：银行数据截至{told}，贷款情况按{}计", self.bank, self.as_of),
            None => format!("{}：还没有银行文件，贷款情况按{}计", self.bank, self.as_of),
        }
    }
}
