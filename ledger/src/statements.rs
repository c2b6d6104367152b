//! The three statements (facts: charity 6.4): 资产负债表 会民非01表, 业务活动表 会民非02表, 现金流量表 会民非03表.
//!
//! They are computed from the books of a day or a period, year-end closing entries left out (表结法), so a month looks the same
//! before and after its year is closed. Each row names the subjects it is made of; their statements lead to the entries.

use std::collections::BTreeMap;

use domain::{BookId, BusinessDate, Money};
use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::year_end::CLOSING;

/// What an entry of opening balances is called; it is no flow of cash.
pub(crate) const OPENING: &str = "opening";

/// 资产负债表 on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceSheet {
    /// The rows in the order of the form.
    pub rows: Vec<BalanceRow>,
}

/// A row of the balance sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceRow {
    /// Its name for programs.
    pub key: &'static str,
    /// Its name on the form.
    pub title: &'static str,
    /// 年初数: at the end of the year before.
    pub opening: Money,
    /// 期末数.
    pub closing: Money,
    /// The subjects it is made of; none for a sum.
    pub subjects: Vec<&'static str>,
}

/// 业务活动表 of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activities {
    /// The rows in the order of the form.
    pub rows: Vec<ActivityRow>,
}

/// A row of the statement of activities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityRow {
    /// Its name for programs.
    pub key: &'static str,
    /// Its name on the form.
    pub title: &'static str,
    /// 本月数: of the period.
    pub period: Amounts,
    /// 本年累计数: from 1 January.
    pub year: Amounts,
    /// The subjects it is made of; none for a sum.
    pub subjects: Vec<&'static str>,
}

/// 非限定性 and 限定性.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// 非限定性.
    pub unrestricted: Money,
    /// 限定性.
    pub restricted: Money,
}

impl Amounts {
    fn new(unrestricted: i64, restricted: i64) -> Amounts {
        Amounts { unrestricted: Money::from_fen(unrestricted), restricted: Money::from_fen(restricted) }
    }

    fn plus(self, other: Amounts, sign: i64) -> Amounts {
        let sum = |a: Money, b: Money| a.fen() + sign * b.fen();
        Amounts::new(sum(self.unrestricted, other.unrestricted), sum(self.restricted, other.restricted))
    }

    /// 合计.
    pub fn total(self) -> Money {
        Money::from_fen(self.unrestricted.fen() + self.restricted.fen())
    }
}

/// 现金流量表 of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashFlows {
    /// The rows in the order of the form.
    pub rows: Vec<CashFlowRow>,
}

/// A row of the statement of cash flows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashFlowRow {
    /// Its name for programs.
    pub key: &'static str,
    /// Its name on the form.
    pub title: &'static str,
    /// Of the period.
    pub period: Money,
    /// From 1 January.
    pub year: Money,
}

/// How a row of the balance sheet comes about.
pub(crate) enum Part {
    /// Of subjects, on the side of assets.
    Of(&'static [&'static str]),
    /// The sum of rows above, by their keys.
    Sum(&'static [&'static str]),
}

use Part::{Of, Sum};

pub(crate) const ASSETS: &[(&str, &str, Part)] = &[
    ("cash", "货币资金", Of(&["1001", "1002", "1009"])),
    ("short_term_investments", "短期投资", Of(&["1101", "1102"])),
    ("receivables", "应收款项", Of(&["1111", "1121", "1122", "1131"])),
    ("prepaid", "预付账款", Of(&["1141"])),
    ("inventories", "存货", Of(&["1201", "1202"])),
    ("deferred_expenses", "待摊费用", Of(&["1301"])),
    (
        "current_assets",
        "流动资产合计",
        Sum(&["cash", "short_term_investments", "receivables", "prepaid", "inventories", "deferred_expenses"]),
    ),
    ("long_term_equity", "长期股权投资", Of(&["1401"])),
    ("long_term_debt_investments", "长期债权投资", Of(&["1402"])),
    ("other_long_term_investments", "其他长期投资", Of(&["1403", "1421"])),
    (
        "long_term_investments",
        "长期投资合计",
        Sum(&["long_term_equity", "long_term_debt_investments", "other_long_term_investments"]),
    ),
    ("fixed_assets_cost", "固定资产原价", Of(&["1501"])),
    ("depreciation", "减：累计折旧", Of(&["1502"])),
    ("fixed_assets_net", "固定资产净值", Sum(&["fixed_assets_cost", "depreciation"])),
    ("construction", "在建工程", Of(&["1505"])),
    ("cultural_relics", "文物资源", Of(&["1506"])),
    ("disposals", "固定资产清理", Of(&["1509"])),
    ("fixed_assets", "固定资产合计", Sum(&["fixed_assets_net", "construction", "cultural_relics", "disposals"])),
    ("intangible_assets", "无形资产", Of(&["1601", "1602"])),
    ("long_term_deferred", "长期待摊费用", Of(&["1701"])),
    ("entrusted_assets", "受托代理资产", Of(&["1801"])),
    (
        "assets",
        "资产总计",
        Sum(&[
            "current_assets",
            "long_term_investments",
            "fixed_assets",
            "intangible_assets",
            "long_term_deferred",
            "entrusted_assets",
        ]),
    ),
];

pub(crate) const LIABILITIES: &[(&str, &str, Part)] = &[
    ("short_term_loans", "短期借款", Of(&["2101"])),
    ("payables", "应付款项", Of(&["2201", "2202", "2209"])),
    ("advances_received", "预收账款", Of(&["2203"])),
    ("salaries", "应付职工薪酬", Of(&["2204"])),
    ("taxes", "应交税费", Of(&["2206"])),
    ("accrued_expenses", "预提费用", Of(&["2301"])),
    (
        "current_liabilities",
        "流动负债合计",
        Sum(&["short_term_loans", "payables", "advances_received", "salaries", "taxes", "accrued_expenses"]),
    ),
    ("long_term_loans", "长期借款", Of(&["2501"])),
    ("long_term_payables", "长期应付款", Of(&["2502"])),
    ("provisions", "预计负债", Of(&["2503"])),
    ("long_term_liabilities", "长期负债合计", Sum(&["long_term_loans", "long_term_payables", "provisions"])),
    ("entrusted_liabilities", "受托代理负债", Of(&["2601"])),
    ("liabilities", "负债合计", Sum(&["current_liabilities", "long_term_liabilities", "entrusted_liabilities"])),
];

pub(crate) const INCOME: &[(&str, &str, [&str; 2])] = &[
    ("donations", "捐赠收入", ["410101", "410102"]),
    ("membership_fees", "会费收入", ["420101", "420102"]),
    ("services", "提供服务收入", ["430101", "430102"]),
    ("government_grants", "政府补助收入", ["440101", "440102"]),
    ("sales", "商品销售收入", ["450101", "450102"]),
    ("investment_income", "投资收益", ["460101", "460102"]),
    ("head_office_grants", "总部拨款收入", ["470101", "470102"]),
    ("other_income", "其他收入", ["490101", "490102"]),
];

pub(crate) const EXPENSES: &[(&str, &str, &str)] = &[
    ("programme_cost", "业务活动成本", "5101"),
    ("taxes_and_levies", "税金及附加", "5201"),
    ("management", "管理费用", "5301"),
    ("fundraising", "筹资费用", "5401"),
    ("impairment", "资产减值损失", "5501"),
    ("income_tax", "所得税费用", "5601"),
    ("other_expenses", "其他费用", "5901"),
];

/// Debits less credits in fen, by subject.
type Nets = BTreeMap<String, i64>;

/// What an audit found of a year that is ended: booked later through 3201, and shown on the audited statements of the year it is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adjustments {
    /// The year.
    pub year: i32,
    /// Debits less credits in fen, by subject, as the auditors wrote them; a release beside an expense is on 3102 and 3101.
    pub nets: BTreeMap<String, i64>,
    /// What more was released of restricted net assets, in fen.
    pub released: i64,
}

impl Adjustments {
    /// Adds what belongs to the end of a day, if that is the last day of the year.
    fn apply(&self, nets: &mut Nets, day: BusinessDate) {
        if self.ends(day) {
            for (subject, net) in &self.nets {
                *nets.entry(subject.clone()).or_default() += net;
            }
        }
    }

    fn ends(&self, day: BusinessDate) -> bool {
        BusinessDate::new(self.year, 12, 31) == Some(day)
    }
}

fn of(nets: &Nets, subject: &str) -> i64 {
    nets.get(subject).copied().unwrap_or_default()
}

/// What moved on each subject between two days, both included, year-end closing left out.
async fn movements(db: &impl ConnectionTrait, book: BookId, from: &str, to: BusinessDate) -> Result<Nets, DbErr> {
    let closing = |own: &str, sign: &str| {
        format!(
            "SELECT a.subject, {sign}p.amount_fen AS fen FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.{own} \
             WHERE e.book_id = $1 AND e.book_date >= $2 AND e.book_date <= $3 AND e.kind = '{CLOSING}'"
        )
    };
    let sql = format!(
        "SELECT subject, CAST(SUM(fen) AS BIGINT) AS fen FROM ( \
         SELECT a.subject, d.debit_fen - d.credit_fen AS fen FROM account a JOIN account_day d ON d.account_id = a.id \
         WHERE a.book_id = $1 AND d.day >= $2 AND d.day <= $3 UNION ALL {} UNION ALL {}) moved GROUP BY subject",
        closing("debit_account", "-"),
        closing("credit_account", ""),
    );
    let values = [book.into(), from.to_owned().into(), to.to_string().into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), &sql, values)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "subject")?, row.try_get("", "fen")?))).collect()
}

fn new_year(day: BusinessDate) -> String {
    format!("{:04}-01-01", day.year())
}

fn last_year(day: BusinessDate) -> Option<BusinessDate> {
    BusinessDate::new(day.year() - 1, 12, 31)
}

/// 资产负债表 at the end of a day, beside the end of the year before.
pub async fn balance_sheet(db: &impl ConnectionTrait, book: BookId, day: BusinessDate) -> Result<BalanceSheet, DbErr> {
    adjusted_balance_sheet(db, book, day, &Adjustments::default()).await
}

/// The same with what an audit found of the year that ends on the day.
pub async fn adjusted_balance_sheet(
    db: &impl ConnectionTrait,
    book: BookId,
    day: BusinessDate,
    adjustments: &Adjustments,
) -> Result<BalanceSheet, DbErr> {
    let mut closing = movements(db, book, "", day).await?;
    adjustments.apply(&mut closing, day);
    let opening = match last_year(day) {
        Some(last) => movements(db, book, "", last).await?,
        None => Nets::new(),
    };
    let mut rows = Vec::new();
    side(&mut rows, ASSETS, &opening, &closing, 1);
    side(&mut rows, LIABILITIES, &opening, &closing, -1);
    let row = |key, title, opening: i64, closing: i64, subjects: &[&'static str]| BalanceRow {
        key,
        title,
        opening: Money::from_fen(opening),
        closing: Money::from_fen(closing),
        subjects: subjects.to_vec(),
    };
    let unrestricted = |nets: &Nets| -sum(nets, |code| !is_restricted(code));
    let restricted = |nets: &Nets| -sum(nets, is_restricted);
    rows.push(row(
        "unrestricted_net_assets",
        "非限定性净资产",
        unrestricted(&opening),
        unrestricted(&closing),
        &["3101", "320101"],
    ));
    rows.push(row(
        "restricted_net_assets",
        "限定性净资产",
        restricted(&opening),
        restricted(&closing),
        &["3102", "320102"],
    ));
    let net_assets = |nets: &Nets| unrestricted(nets) + restricted(nets);
    rows.push(row("net_assets", "净资产合计", net_assets(&opening), net_assets(&closing), &[]));
    let liabilities = |pick: fn(&BalanceRow) -> Money| {
        rows.iter().find(|row| row.key == "liabilities").map_or(0, |row| pick(row).fen())
    };
    let (before, after) = (liabilities(|row| row.opening), liabilities(|row| row.closing));
    let total = row(
        "liabilities_and_net_assets",
        "负债和净资产总计",
        before + net_assets(&opening),
        after + net_assets(&closing),
        &[],
    );
    rows.push(total);
    Ok(BalanceSheet { rows })
}

/// Whether a subject of net assets, income or expense belongs to 限定性. Expenses do not: a release carries what they used over.
pub(crate) fn is_restricted(code: &str) -> bool {
    code == "3102" || code == "320102" || (code.starts_with('4') && code.ends_with("02"))
}

/// The sum over net assets, income and expenses of one kind.
fn sum(nets: &Nets, kind: impl Fn(&str) -> bool) -> i64 {
    nets.iter().filter(|(code, _)| code.as_str() >= "3" && kind(code)).map(|(_, net)| net).sum()
}

fn side(
    rows: &mut Vec<BalanceRow>,
    form: &[(&'static str, &'static str, Part)],
    opening: &Nets,
    closing: &Nets,
    sign: i64,
) {
    for (key, title, part) in form {
        let (before, after, subjects) = match part {
            Of(subjects) => {
                let sum = |nets: &Nets| sign * subjects.iter().map(|subject| of(nets, subject)).sum::<i64>();
                (sum(opening), sum(closing), subjects.to_vec())
            }
            Sum(keys) => {
                let sum = |pick: fn(&BalanceRow) -> Money| -> i64 {
                    rows.iter().filter(|row| keys.contains(&row.key)).map(|row| pick(row).fen()).sum()
                };
                (sum(|row| row.opening), sum(|row| row.closing), Vec::new())
            }
        };
        let (opening, closing) = (Money::from_fen(before), Money::from_fen(after));
        rows.push(BalanceRow { key, title, opening, closing, subjects });
    }
}

/// 业务活动表 between two days of one year, beside the year up to the last day.
pub async fn activities(
    db: &impl ConnectionTrait,
    book: BookId,
    from: BusinessDate,
    to: BusinessDate,
) -> Result<Activities, DbErr> {
    adjusted_activities(db, book, (from, to), &Adjustments::default()).await
}

/// The same with what an audit found of the year that ends on the last day.
pub async fn adjusted_activities(
    db: &impl ConnectionTrait,
    book: BookId,
    (from, to): (BusinessDate, BusinessDate),
    adjustments: &Adjustments,
) -> Result<Activities, DbErr> {
    let period = activity(db, book, &from.to_string(), to, adjustments).await?;
    let year = activity(db, book, &new_year(to), to, adjustments).await?;
    let rows = period
        .into_iter()
        .zip(year)
        .map(|((key, title, period, subjects), (.., year, _))| ActivityRow { key, title, period, year, subjects })
        .collect();
    Ok(Activities { rows })
}

type Column = Vec<(&'static str, &'static str, Amounts, Vec<&'static str>)>;

async fn activity(
    db: &impl ConnectionTrait,
    book: BookId,
    from: &str,
    to: BusinessDate,
    adjustments: &Adjustments,
) -> Result<Column, DbErr> {
    let mut nets = movements(db, book, from, to).await?;
    adjustments.apply(&mut nets, to);
    let late = if adjustments.ends(to) { adjustments.released } else { 0 };
    let mut rows: Column = Vec::new();
    let mut income = Amounts::default();
    for (key, title, [free, bound]) in INCOME {
        let amounts = Amounts::new(-of(&nets, free), -of(&nets, bound));
        income = income.plus(amounts, 1);
        rows.push((key, title, amounts, vec![free, bound]));
    }
    rows.push(("income", "收入合计", income, Vec::new()));
    let mut expenses = Amounts::default();
    for (key, title, subject) in EXPENSES {
        let amounts = Amounts::new(of(&nets, subject), 0);
        expenses = expenses.plus(amounts, 1);
        rows.push((key, title, amounts, vec![subject]));
    }
    rows.push(("expenses", "费用合计", expenses, Vec::new()));
    let released = -between_net_assets(db, book, from, to, "3102", "3101").await? - late;
    let bound = -between_net_assets(db, book, from, to, "3101", "3102").await?;
    let released = Amounts::new(-released, released);
    rows.push(("released", "限定性净资产转为非限定性净资产", released, vec!["3102", "3101"]));
    let restricted = Amounts::new(bound, -bound);
    rows.push(("restricted", "非限定性净资产转为限定性净资产", restricted, vec!["3101", "3102"]));
    let adjusted = Amounts::new(-of(&nets, "320101"), -of(&nets, "320102"));
    rows.push(("prior_year_adjustment", "以前年度净资产调整", adjusted, vec!["320101", "320102"]));
    let change = income.plus(expenses, -1).plus(released, 1).plus(restricted, 1).plus(adjusted, 1);
    rows.push(("change", "净资产变动额", change, Vec::new()));
    Ok(rows)
}

/// What went from one subject of net assets to the other by entries of the year itself: releases, and what takes them back.
async fn between_net_assets(
    db: &impl ConnectionTrait,
    book: BookId,
    from: &str,
    to: BusinessDate,
    debit: &str,
    credit: &str,
) -> Result<i64, DbErr> {
    // From the accounts, which few entries move, and not from the entries of the year.
    let sql = "WITH moved AS MATERIALIZED (SELECT p.entry_id, p.amount_fen FROM account d JOIN posting p ON p.debit_account = d.id \
               JOIN account c ON c.id = p.credit_account WHERE d.book_id = $1 AND d.subject = $4 AND c.subject = $5) \
               SELECT CAST(COALESCE(SUM(m.amount_fen), 0) AS BIGINT) AS fen FROM moved m JOIN entry e ON e.id = m.entry_id \
               WHERE e.book_date >= $2 AND e.book_date <= $3";
    let values =
        [book.into(), from.to_owned().into(), to.to_string().into(), debit.to_owned().into(), credit.to_owned().into()];
    let row = db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    row.map_or(Ok(0), |row| row.try_get("", "fen"))
}

/// The rows of the cash-flow statement and the sum each ends its part with. 1 for money in, −1 for money out.
pub(crate) const FLOWS: &[(&str, &str, i64)] = &[
    ("donations", "接受捐赠收到的现金", 1),
    ("membership_fees", "收取会费收到的现金", 1),
    ("services", "提供服务收到的现金", 1),
    ("sales", "销售商品收到的现金", 1),
    ("government_grants", "政府补助收到的现金", 1),
    ("other_operating_in", "收到的其他与业务活动有关的现金", 1),
    ("grants_paid", "提供捐赠或者资助支付的现金", -1),
    ("staff_paid", "支付给员工以及为员工支付的现金", -1),
    ("suppliers_paid", "购买商品、接受服务支付的现金", -1),
    ("taxes_paid", "支付的各项税费", -1),
    ("other_operating_out", "支付的其他与业务活动有关的现金", -1),
    ("operating", "业务活动产生的现金流量净额", 0),
    ("investments_recovered", "收回投资所收到的现金", 1),
    ("investment_income", "取得投资收益所收到的现金", 1),
    ("assets_sold", "处置固定资产和无形资产所收回的现金", 1),
    ("assets_bought", "购建固定资产和无形资产所支付的现金", -1),
    ("investments_made", "对外投资所支付的现金", -1),
    ("investing", "投资活动产生的现金流量净额", 0),
    ("loans_taken", "借款所收到的现金", 1),
    ("loans_repaid", "偿还借款所支付的现金", -1),
    ("financing", "筹资活动产生的现金流量净额", 0),
    ("change", "现金及现金等价物净增加额", 0),
];

/// A line of 现金流量表 that money goes to or comes from: each cash posting has one, given on a manual voucher or by its accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CashFlow(&'static str);

impl CashFlow {
    /// The line of this key, if the form has it; a sum is no such line.
    pub fn of(key: &str) -> Option<CashFlow> {
        FLOWS.iter().find(|(known, _, sign)| *known == key && *sign != 0).map(|(known, ..)| CashFlow(known))
    }

    /// Its name for programs.
    pub const fn key(self) -> &'static str {
        self.0
    }

    /// Every line, with its name on the form and whether money comes in by it.
    pub fn all() -> impl Iterator<Item = (CashFlow, &'static str, bool)> {
        FLOWS.iter().filter(|(.., sign)| *sign != 0).map(|(key, title, sign)| (CashFlow(key), *title, *sign > 0))
    }
}

/// The row of a cash posting, by the subject on the other side, the kind of debt it stands for, and the direction. What is paid back
/// of a gift or a grant lowers the row the gift or the grant is in.
pub(crate) fn flow(contra: &str, payable: Option<&str>, inward: bool) -> &'static str {
    let either = |inwards: &'static str, outwards: &'static str| if inward { inwards } else { outwards };
    match (contra, payable) {
        ("2209", Some("grant")) | ("5101" | "1141" | "320101", _) => "grants_paid",
        ("2204", _) => "staff_paid",
        ("2202" | "1201", _) => "suppliers_paid",
        ("2206" | "5201" | "5601", _) => "taxes_paid",
        ("1101" | "1401" | "1402" | "1403", _) => either("investments_recovered", "investments_made"),
        ("1501" | "1505" | "1506" | "1509" | "1601" | "1701", _) => either("assets_sold", "assets_bought"),
        ("2101" | "2501", _) => either("loans_taken", "loans_repaid"),
        _ if contra.starts_with("41") || contra.starts_with("310") => "donations",
        _ if contra.starts_with("42") => "membership_fees",
        _ if contra.starts_with("43") => "services",
        _ if contra.starts_with("44") => "government_grants",
        _ if contra.starts_with("45") => "sales",
        _ if contra.starts_with("46") => "investment_income",
        _ => either("other_operating_in", "other_operating_out"),
    }
}

/// 现金流量表 (直接法) between two days of one year, beside the year up to the last day. Cash is 1001, 1002 and 1009; what moves between
/// them is no flow.
pub async fn cash_flows(
    db: &impl ConnectionTrait,
    book: BookId,
    from: BusinessDate,
    to: BusinessDate,
) -> Result<CashFlows, DbErr> {
    let [period, year] = flows(db, book, from, to).await?;
    let amount = |fen: &BTreeMap<&str, i64>, key: &str| Money::from_fen(fen.get(key).copied().unwrap_or_default());
    let row = |(key, title, _): &(&'static str, &'static str, i64)| CashFlowRow {
        key,
        title,
        period: amount(&period, key),
        year: amount(&year, key),
    };
    Ok(CashFlows { rows: FLOWS.iter().map(row).collect() })
}

/// The rows of the period and of the year, in one reading: nearly every entry moves cash.
async fn flows(
    db: &impl ConnectionTrait,
    book: BookId,
    from: BusinessDate,
    to: BusinessDate,
) -> Result<[BTreeMap<&'static str, i64>; 2], DbErr> {
    const CASH: &str = "('1001', '1002', '1009')";
    let half = |cash: &str, contra: &str, inward: i64| {
        format!(
            "SELECT o.subject, o.payable, p.cash_flow, {inward} AS inward, e.book_date, p.amount_fen AS fen \
             FROM entry e JOIN posting p ON p.entry_id = e.id \
             JOIN account c ON c.id = p.{cash} JOIN account o ON o.id = p.{contra} \
             WHERE e.book_id = $1 AND e.book_date >= $2 AND e.book_date <= $3 AND e.kind <> '{OPENING}' \
             AND c.subject IN {CASH} AND o.subject NOT IN {CASH}"
        )
    };
    let sql = format!(
        "SELECT subject, payable, cash_flow, CAST(inward AS BIGINT) AS inward, CAST(SUM(fen) AS BIGINT) AS year, \
         CAST(SUM(CASE WHEN book_date >= $4 THEN fen ELSE 0 END) AS BIGINT) AS period \
         FROM ({} UNION ALL {}) moved GROUP BY subject, payable, cash_flow, inward",
        half("debit_account", "credit_account", 1),
        half("credit_account", "debit_account", 0),
    );
    let values = [book.into(), new_year(to).into(), to.to_string().into(), from.to_string().into()];
    let mut spans = [BTreeMap::new(), BTreeMap::new()];
    for row in db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), &sql, values)).await? {
        let (subject, payable): (String, Option<String>) = (row.try_get("", "subject")?, row.try_get("", "payable")?);
        let inward = row.try_get::<i64>("", "inward")? == 1;
        let given = row.try_get::<Option<String>>("", "cash_flow")?.and_then(|key| CashFlow::of(&key));
        let key = given.map_or_else(|| flow(&subject, payable.as_deref(), inward), CashFlow::key);
        let sign = FLOWS.iter().find(|(row, ..)| *row == key).map_or(1, |(.., sign)| *sign);
        for (span, column) in spans.iter_mut().zip(["period", "year"]) {
            let fen: i64 = row.try_get("", column)?;
            *span.entry(key).or_default() += if inward { sign * fen } else { -sign * fen };
        }
    }
    spans.iter_mut().for_each(add_up);
    Ok(spans)
}

/// A sum ends its part: what is above it and below the sum before.
fn add_up(amounts: &mut BTreeMap<&'static str, i64>) {
    let (mut part, mut all) = (0, 0);
    for (key, _, sign) in FLOWS {
        match (*sign, *key) {
            (0, "change") => drop(amounts.insert(key, all)),
            (0, _) => {
                amounts.insert(key, part);
                all += part;
                part = 0;
            }
            (sign, _) => part += sign * amounts.get(key).copied().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::CODES;

    #[test]
    fn every_subject_has_its_place_on_a_statement() {
        let of = |form: &[(&str, &str, Part)]| -> Vec<&str> {
            let subjects = |part: &Part| match part {
                Of(subjects) => subjects.to_vec(),
                Sum(_) => Vec::new(),
            };
            form.iter().flat_map(|(.., part)| subjects(part)).collect()
        };
        let mut placed = [of(ASSETS), of(LIABILITIES), vec!["3101", "3102", "320101", "320102"]].concat();
        placed.extend(INCOME.iter().flat_map(|(.., subjects)| subjects));
        placed.extend(EXPENSES.iter().map(|(.., subject)| subject));
        placed.sort_unstable();
        assert_eq!(placed, CODES);
    }
}
