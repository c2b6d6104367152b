//! The fund-flow bill (资金账单; facts: wechat 4.4): every movement of a merchant's balance on a day.

use std::io::Read;

use domain::{BusinessDate, Money, Timestamp};

use super::sheet::{self, BillError, Cells, Columns, Day, UNITS_PER_FEN, unescaped};

const WHAT: &str = "资金账单";
const COUNT: &str = "资金流水总笔数";

/// Which way money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// 收入.
    In,
    /// 支出.
    Out,
}

/// A line of the bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FundFlowRow<'a> {
    /// Counted from 1.
    pub line: u64,
    /// When it was booked there.
    pub at: Timestamp,
    /// 微信支付业务单号: of a payment the transaction, of a refund the refund's number at WeChat.
    pub business_no: &'a str,
    /// 资金流水单号.
    pub flow_no: &'a str,
    /// 业务名称, an open list: 交易, 退款, 充值/提现, …
    pub name: &'a str,
    /// 业务类型, an open list: 交易, 扣除交易手续费, 退款, 退还交易手续费, 提现, …
    pub kind: &'a str,
    /// Which way.
    pub flow: Flow,
    /// Always positive.
    pub amount: Money,
    /// What the balance was afterwards.
    pub balance: Money,
    /// 业务凭证号: our number of the order, or of the refund.
    pub voucher_no: &'a str,
    /// 资金变更提交申请人: `system`, `<mchid>API` or `<staff>@<mchid>`; empty where there is no such column.
    pub applicant: &'a str,
    remark: &'a str,
}

impl FundFlowRow<'_> {
    /// WeChat's words.
    pub fn remark(&self) -> String {
        unescaped(self.remark)
    }
}

/// What the lines add up to, and the bill says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FundFlowTotals {
    /// How many came in.
    pub ins: u64,
    /// What came in.
    pub received: Money,
    /// How many went out.
    pub outs: u64,
    /// What went out.
    pub paid: Money,
}

struct Places {
    at: usize,
    business_no: usize,
    flow_no: usize,
    name: usize,
    kind: usize,
    flow: usize,
    amount: usize,
    balance: usize,
    applicant: Option<usize>,
    remark: Option<usize>,
    voucher_no: usize,
    totals: FundFlowTotals,
}

/// Whether a cell can be a number: plain letters and digits, or a sign that there is none. The channel's own have digits among them.
fn is_number(cell: &str, of_channel: bool) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'|' | b'*' | b'@');
    let has_digit = cell.bytes().any(|byte| byte.is_ascii_digit());
    matches!(cell, "" | "-" | "–" | "—" | "/")
        || (cell.bytes().all(plain) && cell != "system" && (has_digit || !of_channel))
}

impl Places {
    fn find(columns: &Columns) -> Result<Places, BillError> {
        let must = |column| columns.must(WHAT, column);
        Ok(Places {
            at: must("记账时间")?,
            business_no: must("微信支付业务单号")?,
            flow_no: must("资金流水单号")?,
            name: must("业务名称")?,
            kind: must("业务类型")?,
            flow: must("收支类型")?,
            amount: must("收支金额(元)")?,
            balance: must("账户结余(元)")?,
            applicant: columns.find("资金变更提交申请人"),
            remark: columns.find("备注"),
            voucher_no: must("业务凭证号")?,
            totals: FundFlowTotals::default(),
        })
    }

    fn row<'a>(&self, cells: &Cells<'a>, day: &Day) -> Result<FundFlowRow<'a>, BillError> {
        let flow = match cells.get(self.flow) {
            "收入" => Flow::In,
            "支出" => Flow::Out,
            _ => return Err(cells.bad("收支类型")),
        };
        // What a cell that has moved away from its column cannot be.
        let numbers = [
            (self.business_no, "微信支付业务单号", true),
            (self.flow_no, "资金流水单号", true),
            (self.voucher_no, "业务凭证号", false),
        ];
        for (at, column, of_channel) in numbers {
            if !is_number(cells.get(at), of_channel) {
                return Err(cells.bad(column));
            }
        }
        Ok(FundFlowRow {
            line: cells.line,
            at: cells.instant(self.at, "记账时间", day)?,
            business_no: cells.get(self.business_no),
            flow_no: cells.get(self.flow_no),
            name: cells.get(self.name),
            kind: cells.get(self.kind),
            flow,
            amount: cells.money(self.amount, "收支金额(元)")?,
            balance: cells.money(self.balance, "账户结余(元)")?,
            voucher_no: cells.get(self.voucher_no),
            applicant: cells.optional(self.applicant),
            remark: cells.optional(self.remark),
        })
    }
}

impl FundFlowRow<'_> {
    /// The merchant number of whoever asked for the movement, if the line names one.
    pub fn merchant(&self) -> Option<&str> {
        let number =
            self.applicant.strip_suffix("API").or_else(|| self.applicant.rsplit_once('@').map(|(_, mchid)| mchid));
        number.filter(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

/// Reads the fund-flow bill of a day and hands out its lines. Nothing the lines did before an error may stand.
pub fn read_fund_flow_bill(
    file: impl Read,
    day: BusinessDate,
    mut each: impl FnMut(FundFlowRow<'_>) -> Result<(), BillError>,
) -> Result<FundFlowTotals, BillError> {
    let of = Day::of(day);
    let (places, said) = sheet::read(file, COUNT, Places::find, |places: &mut Places, cells| {
        let row = places.row(&cells, &of)?;
        if !of.holds(row.at) {
            return Err(BillError::OtherDay { line: row.line, found: BusinessDate::of(row.at), expected: day });
        }
        let totals = &mut places.totals;
        let (count, sum) = match row.flow {
            Flow::In => (&mut totals.ins, &mut totals.received),
            Flow::Out => (&mut totals.outs, &mut totals.paid),
        };
        *count += 1;
        *sum = sum.checked_add(row.amount).ok_or(BillError::TooMuch)?;
        each(row)
    })?;
    let totals = places.totals;
    let units = |sum: Money| sum.fen().checked_mul(UNITS_PER_FEN).ok_or(BillError::TooMuch);
    // What no total stands for could be anything.
    for name in [COUNT, "收入笔数", "收入金额", "支出笔数", "支出金额"] {
        said.must(WHAT, name)?;
    }
    said.agrees(COUNT, sheet::count(totals.ins + totals.outs)?)?;
    said.agrees("收入笔数", sheet::count(totals.ins)?)?;
    said.agrees("收入金额", units(totals.received)?)?;
    said.agrees("支出笔数", sheet::count(totals.outs)?)?;
    said.agrees("支出金额", units(totals.paid)?)?;
    Ok(totals)
}
