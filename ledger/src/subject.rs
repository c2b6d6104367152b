//! Subjects (会计科目) of the chart in force since 2026-01-01: 民间非营利组织会计制度, 财会〔2024〕25号 (facts: charity 6.1). The details
//! 01 and 02 of an income subject are 非限定性 and 限定性.

/// The version every account of today is opened under. A code means nothing without its version.
pub(crate) const CHART: &str = "2024";

/// Every code of the chart; a test compares it with the table `subject`.
pub(crate) const CODES: [&str; 65] = [
    "1001", "1002", "1009", "1101", "1102", "1111", "1121", "1122", "1131", "1141", "1201", "1202", "1301", "1401",
    "1402", "1403", "1421", "1501", "1502", "1505", "1506", "1509", "1601", "1602", "1701", "1801", "2101", "2201",
    "2202", "2203", "2204", "2206", "2209", "2301", "2501", "2502", "2503", "2601", "3101", "3102", "320101", "320102",
    "410101", "410102", "420101", "420102", "430101", "430102", "440101", "440102", "450101", "450102", "460101",
    "460102", "470101", "470102", "490101", "490102", "5101", "5201", "5301", "5401", "5501", "5601", "5901",
];

/// The chart of a loan programme's memo book (facts: lending 6).
pub(crate) const LOAN_CHART: &str = "loan";

/// Every code of that chart. All begin with L and none of the other does, so the code alone tells the chart.
pub(crate) const LOAN_CODES: [&str; 23] = [
    "L1003", "L1221", "L1301", "L1302", "L1304", "L1321", "L1322", "L1323", "L1401", "L2011", "L2241", "L6011",
    "L6012", "L6013", "L6014", "L6015", "L6021", "L6022", "L6031", "L7001", "L7002", "L7011", "L7012",
];

/// A subject of a chart, by its code. The constants are those that recipes use; the table `subject` holds the whole chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(&'static str);

impl Subject {
    /// 库存现金.
    pub const CASH: Subject = Subject("1001");
    /// 银行存款.
    pub const BANK: Subject = Subject("1002");
    /// 其他货币资金: what stands at the payment channel (微信余额) and on its way (微信在途).
    pub const OTHER_MONETARY: Subject = Subject("1009");
    /// 其他应收款: what is missing of counted cash until it is settled.
    pub const OTHER_RECEIVABLE: Subject = Subject("1122");
    /// 预付账款: conditional grants paid ahead.
    pub const PREPAID: Subject = Subject("1141");
    /// 应付账款: what suppliers are owed.
    pub const PAYABLE: Subject = Subject("2202");
    /// 其他应付款: refunds owed, money not yet identified, grants payable.
    pub const OTHER_PAYABLE: Subject = Subject("2209");
    /// 非限定性净资产.
    pub const UNRESTRICTED_NET_ASSETS: Subject = Subject("3101");
    /// 限定性净资产.
    pub const RESTRICTED_NET_ASSETS: Subject = Subject("3102");
    /// 以前年度净资产调整—非限定性.
    pub const PRIOR_YEAR_UNRESTRICTED: Subject = Subject("320101");
    /// 以前年度净资产调整—限定性.
    pub const PRIOR_YEAR_RESTRICTED: Subject = Subject("320102");
    /// 捐赠收入—非限定性.
    pub const DONATION_UNRESTRICTED: Subject = Subject("410101");
    /// 捐赠收入—限定性.
    pub const DONATION_RESTRICTED: Subject = Subject("410102");
    /// 其他收入—非限定性.
    pub const OTHER_INCOME: Subject = Subject("490101");
    /// 业务活动成本.
    pub const PROGRAMME_COST: Subject = Subject("5101");
    /// 管理费用.
    pub const MANAGEMENT_COST: Subject = Subject("5301");
    /// 筹资费用.
    pub const FUNDRAISING_COST: Subject = Subject("5401");

    /// 银行清算: what the bank took in and paid out, in a loan programme's memo book.
    pub const LOAN_BANK: Subject = Subject("L1003");
    /// 应收贴息.
    pub const LOAN_SUBSIDY: Subject = Subject("L1221");
    /// 贷款本金—未到期.
    pub const LOAN_UNDUE: Subject = Subject("L1301");
    /// 贷款本金—到期未还.
    pub const LOAN_DUE: Subject = Subject("L1302");
    /// 贷款损失准备.
    pub const LOAN_ALLOWANCE: Subject = Subject("L1304");
    /// 应收利息.
    pub const LOAN_INTEREST: Subject = Subject("L1321");
    /// 应收罚息.
    pub const LOAN_PENALTY: Subject = Subject("L1322");
    /// 应收复利.
    pub const LOAN_COMPOUND: Subject = Subject("L1323");
    /// 风险补偿金（备查）.
    pub const LOAN_POOL: Subject = Subject("L1401");
    /// 借款人溢缴款.
    pub const LOAN_CREDIT: Subject = Subject("L2011");
    /// 应退借款人贴息.
    pub const LOAN_SUBSIDY_OWED: Subject = Subject("L2241");
    /// 利息收入, by class: 正常, 关注, 次级, 可疑, 损失.
    pub const LOAN_INTEREST_INCOME: [Subject; 5] =
        [Subject("L6011"), Subject("L6012"), Subject("L6013"), Subject("L6014"), Subject("L6015")];
    /// 罚息收入.
    pub const LOAN_PENALTY_INCOME: Subject = Subject("L6021");
    /// 复利收入.
    pub const LOAN_COMPOUND_INCOME: Subject = Subject("L6022");
    /// 提前还款违约金收入.
    pub const LOAN_FEE_INCOME: Subject = Subject("L6031");
    /// 表外应收利息, and its contra account.
    pub const LOAN_OFF_BALANCE: [Subject; 2] = [Subject("L7001"), Subject("L7002")];
    /// 已核销贷款备查, and its contra account.
    pub const LOAN_WRITTEN_OFF: [Subject; 2] = [Subject("L7011"), Subject("L7012")];

    /// 其他费用.
    pub const OTHER_EXPENSES: Subject = Subject("5901");

    /// The subject of a code, if a chart has it.
    pub fn of(code: &str) -> Option<Subject> {
        CODES.iter().chain(&LOAN_CODES).find(|known| **known == code).map(|known| Subject(known))
    }

    /// The chart it belongs to.
    pub(crate) fn chart(self) -> &'static str {
        if self.0.starts_with('L') { LOAN_CHART } else { CHART }
    }

    /// The code in the chart.
    pub const fn code(self) -> &'static str {
        self.0
    }

    /// Whether it is cash in the sense of 现金流量表: 1001, 1002, 1009.
    pub fn is_cash(self) -> bool {
        matches!(self.0, "1001" | "1002" | "1009")
    }

    /// Whether it is an income subject.
    pub fn is_income(self) -> bool {
        self.0.starts_with('4')
    }

    /// Whether it is an expense subject.
    pub fn is_expense(self) -> bool {
        self.0.starts_with('5')
    }

    /// Whether it is 限定性: the second detail of income and of 3201, and 3102.
    pub fn is_restricted(self) -> bool {
        is_received(self.0)
    }
}

/// Whether credits on this subject with a campaign are money received for it: 41xx02 … 49xx02, 3102, 320102 (charity 6.5 (4)).
pub(crate) fn is_received(code: &str) -> bool {
    code == "3102" || code == "320102" || (code.len() == 6 && code.starts_with('4') && code.ends_with("02"))
}

/// Whether debits on this subject with a campaign are money used of it: 5xxx and advances 1141 (charity 6.5 (4)), and 320101, where an
/// expense of an earlier year is taken back (entries 12d, 12e).
pub(crate) fn is_used(code: &str) -> bool {
    code.starts_with('5') || code == "1141" || code == "320101"
}

/// Whether this subject can carry the public total: 4101, 3201, 3102 (charity 6.5 (5)).
pub(crate) fn is_raised(code: &str) -> bool {
    code.starts_with("4101") || code.starts_with("3201") || code == "3102"
}
