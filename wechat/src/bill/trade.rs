//! The trade bill (交易账单; facts: wechat 4.3): a line for each payment and each refund of a day.

use std::io::Read;

use domain::{BusinessDate, Money, Timestamp};

use super::TradeBillKind;
use super::sheet::{self, BillError, Cells, Columns, Day, UNITS_PER_FEN, unescaped};

const WHAT: &str = "交易账单";
const COUNT: &str = "总交易单数";
/// What 交易类型, 付款银行, 货币种类 and 退款类型 say: as the state of a payment or a refund it means that cells have moved away from their columns.
const NO_STATES: [&str; 16] = [
    "JSAPI",
    "NATIVE",
    "APP",
    "MICROPAY",
    "MWEB",
    "H5",
    "FACEPAY",
    "AUTH",
    "OTHERS",
    "CFT",
    "LQT",
    "CNY",
    "ORIGINAL",
    "BALANCE",
    "OTHER_BALANCE",
    "OTHER_BANKCARD",
];

/// Whether a word is one of another column's.
fn is_of_elsewhere(word: &str) -> bool {
    NO_STATES.contains(&word) || word.ends_with("_DEBIT") || word.ends_with("_CREDIT")
}

/// Whether a word can be the state of something.
fn is_state(word: &str) -> bool {
    !word.is_empty() && !is_of_elsewhere(word) && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// Whether a cell can be a number of WeChat's: an openid cannot, nor an app's id.
fn is_channel_number(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    cell != "0"
        && !matches!(bytes, [b'o', ..] | [b'w', b'x', ..])
        && bytes.iter().any(u8::is_ascii_digit)
        && bytes.iter().all(u8::is_ascii_alphanumeric)
}

/// Whether a cell can be a number that a merchant gives to an order or a refund.
fn is_merchant_number(cell: &str) -> bool {
    !matches!(cell, "" | "0")
        && !is_of_elsewhere(cell)
        && cell.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'|' | b'*' | b'@'))
}

/// A line of the bill. A payment has no refund; a refund names the order it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradeRow<'a> {
    /// Counted from 1.
    pub line: u64,
    /// Of a payment its moment; of a refund uncertain in a bill of refunds.
    pub at: Timestamp,
    /// WeChat's number of the payment.
    pub transaction_id: &'a str,
    /// Our number of the order.
    pub out_trade_no: &'a str,
    /// `SUCCESS`, `REFUND`, `REVOKED`.
    pub trade_state: &'a str,
    /// What the order was for: 订单金额, or 总金额 of old bills; nothing on a refund.
    pub order_amount: Money,
    /// What is settled for it: 应结订单金额.
    pub settlement: Money,
    /// The fee; negative where it is given back.
    pub fee: Money,
    /// The rate it was computed with, `0.60%`; empty in a bill without such a column.
    pub rate: &'a str,
    /// The refund, if it is one.
    pub refund: Option<TradeRefund<'a>>,
    text: [&'a str; 2],
    sums: Amounts,
}

/// What only the totals want of a line, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Amounts {
    refund: i64,
    coupon_refund: i64,
    requested: i64,
}

/// What a line says of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradeRefund<'a> {
    /// WeChat's number.
    pub refund_id: &'a str,
    /// Ours.
    pub out_refund_no: &'a str,
    /// What goes back: 申请退款金额, or 退款金额 where there is no such column.
    pub amount: Money,
    /// A snapshot: SUCCESS, PROCESSING, FAIL, CHANGE.
    pub state: &'a str,
}

impl TradeRow<'_> {
    /// What the payer read.
    pub fn product(&self) -> String {
        unescaped(self.text[0])
    }

    /// Our words with the order.
    pub fn attachment(&self) -> String {
        unescaped(self.text[1])
    }
}

/// What the lines add up to, and the bill says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TradeTotals {
    /// Which trades the bill lists, by its columns.
    pub kind: TradeBillKind,
    /// How many payments.
    pub payments: u64,
    /// How many refunds.
    pub refunds: u64,
    /// 应结订单总金额.
    pub settlement: Money,
    /// 订单总金额.
    pub orders: Money,
    /// What went back.
    pub refunded: Money,
    /// 手续费总金额, with its sign.
    pub fees: Money,
}

/// Where the columns stand.
struct Places {
    at: usize,
    mchid: usize,
    /// 特约商户号, or 子商户号 of old bills: `0` where the money is the merchant's own.
    sub_mchid: Option<usize>,
    transaction_id: usize,
    out_trade_no: usize,
    trade_state: usize,
    settlement: usize,
    order_amount: Option<usize>,
    refund_id: Option<usize>,
    out_refund_no: Option<usize>,
    refund: Option<usize>,
    coupon_refund: Option<usize>,
    requested: Option<usize>,
    refund_state: Option<usize>,
    /// When a refund was asked for, and when it succeeded.
    refund_times: [Option<usize>; 2],
    currency: Option<usize>,
    fee: usize,
    rate: Option<usize>,
    product: Option<usize>,
    attachment: Option<usize>,
    sums: Sums,
}

#[derive(Default)]
struct Sums {
    totals: TradeTotals,
    amounts: Amounts,
}

impl Places {
    fn find(columns: &Columns) -> Result<Places, BillError> {
        let must = |column| columns.must(WHAT, column);
        let settlement = match columns.find("应结订单金额") {
            Some(at) => at,
            // Before 2018.
            None => must("总金额")?,
        };
        let one_of = |names: [&str; 3]| names.into_iter().find_map(|name| columns.find(name));
        let found = Places {
            at: must("交易时间")?,
            mchid: must("商户号")?,
            sub_mchid: columns.find("特约商户号").or_else(|| columns.find("子商户号")),
            transaction_id: must("微信订单号")?,
            out_trade_no: must("商户订单号")?,
            trade_state: must("交易状态")?,
            settlement,
            order_amount: columns.find("订单金额"),
            refund_id: columns.find("微信退款单号"),
            out_refund_no: columns.find("商户退款单号"),
            refund: columns.find("退款金额"),
            coupon_refund: one_of(["充值券退款金额", "企业红包退款金额", "代金券或立减优惠退款金额"]),
            requested: columns.find("申请退款金额"),
            refund_state: columns.find("退款状态"),
            refund_times: [columns.find("退款申请时间"), columns.find("退款成功时间")],
            currency: columns.find("货币种类"),
            fee: must("手续费")?,
            rate: columns.find("费率"),
            product: columns.find("商品名称"),
            attachment: columns.find("商户数据包"),
            sums: Sums { totals: TradeTotals { kind: kind(columns), ..TradeTotals::default() }, ..Sums::default() },
        };
        if found.refund_id.is_some() {
            must("商户退款单号")?;
            must("退款金额")?;
        }
        Ok(found)
    }

    fn row<'a>(&self, cells: &Cells<'a>, day: &Day) -> Result<TradeRow<'a>, BillError> {
        if !is_channel_number(cells.get(self.transaction_id)) {
            return Err(cells.bad("微信订单号"));
        }
        if !is_merchant_number(cells.get(self.out_trade_no)) {
            return Err(cells.bad("商户订单号"));
        }
        let fen = |at: Option<usize>, column| cells.money_if_any(at, column).map(Money::fen);
        let sums = Amounts {
            refund: fen(self.refund, "退款金额")?,
            coupon_refund: fen(self.coupon_refund, "充值券退款金额")?,
            requested: fen(self.requested, "申请退款金额")?,
        };
        let settlement = cells.money(self.settlement, "应结订单金额")?;
        let trade_state = cells.get(self.trade_state);
        let rate = cells.optional(self.rate);
        // What a cell that has moved away from its column cannot be.
        if !is_state(trade_state) {
            return Err(cells.bad("交易状态"));
        }
        if self.currency.is_some_and(|at| cells.get(at) != "CNY") {
            return Err(cells.bad("货币种类"));
        }
        if !rate.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'%')) {
            return Err(cells.bad("费率"));
        }
        let fee = cells.fen(self.fee, "手续费")?;
        let refund_id = cells.optional(self.refund_id);
        let refund = if matches!(refund_id, "" | "0") {
            // A payment gives nothing back, and its fee is taken.
            if trade_state == "REFUND" || sums != Amounts::default() {
                return Err(cells.bad("微信退款单号"));
            }
            if fee < 0 {
                return Err(cells.bad("手续费"));
            }
            None
        } else {
            let out_refund_no = cells.optional(self.out_refund_no);
            if !is_merchant_number(out_refund_no) {
                return Err(cells.bad("商户退款单号"));
            }
            if !is_channel_number(refund_id) {
                return Err(cells.bad("微信退款单号"));
            }
            // In a bill without the column a refund that stands there has succeeded.
            let state = self.refund_state.map_or("SUCCESS", |at| cells.get(at));
            if state == "REFUND" || !is_state(state) {
                return Err(cells.bad("退款状态"));
            }
            if trade_state == "SUCCESS" {
                return Err(cells.bad("交易状态"));
            }
            // What is said of the fee of a refund was given back.
            if fee > 0 {
                return Err(cells.bad("手续费"));
            }
            let amount = Money::from_fen(if self.requested.is_some() { sums.requested } else { sums.refund });
            Some(TradeRefund { refund_id, out_refund_no, amount, state })
        };
        let at = cells.instant(self.at, "交易时间", day)?;
        self.of_day(cells, day, at, refund.is_some())?;
        Ok(TradeRow {
            line: cells.line,
            at,
            transaction_id: cells.get(self.transaction_id),
            out_trade_no: cells.get(self.out_trade_no),
            trade_state,
            order_amount: self.order_amount.map_or(Ok(settlement), |at| cells.money(at, "订单金额"))?,
            settlement,
            fee: Money::from_fen(fee),
            rate,
            refund,
            text: [cells.optional(self.product), cells.optional(self.attachment)],
            sums,
        })
    }

    /// A line is of its bill's day. What 交易时间 says of a refund in a bill of refunds is uncertain: there one of its three times is.
    fn of_day(&self, cells: &Cells<'_>, day: &Day, at: Timestamp, refund: bool) -> Result<(), BillError> {
        if day.holds(at) {
            return Ok(());
        }
        if refund && self.sums.totals.kind == TradeBillKind::Refund {
            for column in self.refund_times.into_iter().flatten() {
                let filled = !cells.get(column).is_empty();
                if filled && day.holds(cells.instant(column, "退款申请时间", day)?) {
                    return Ok(());
                }
            }
        }
        Err(BillError::OtherDay { line: cells.line, found: BusinessDate::of(at), expected: day.date })
    }

    fn add(&mut self, row: &TradeRow<'_>) -> Result<(), BillError> {
        let sums = &mut self.sums;
        let totals = &mut sums.totals;
        match &row.refund {
            Some(refund) => {
                totals.refunds += 1;
                add(&mut totals.refunded, refund.amount)?;
            }
            None => totals.payments += 1,
        }
        add(&mut totals.settlement, row.settlement)?;
        add(&mut totals.orders, row.order_amount)?;
        add(&mut totals.fees, row.fee)?;
        let (all, one) = (&mut sums.amounts, row.sums);
        for (sum, fen) in [
            (&mut all.refund, one.refund),
            (&mut all.coupon_refund, one.coupon_refund),
            (&mut all.requested, one.requested),
        ] {
            *sum = sum.checked_add(fen).ok_or(BillError::TooMuch)?;
        }
        Ok(())
    }
}

fn kind(columns: &Columns) -> TradeBillKind {
    match (columns.find("微信退款单号"), columns.find("退款成功时间")) {
        (None, _) => TradeBillKind::Success,
        (Some(_), Some(_)) => TradeBillKind::Refund,
        (Some(_), None) => TradeBillKind::All,
    }
}

fn add(sum: &mut Money, amount: Money) -> Result<(), BillError> {
    *sum = sum.checked_add(amount).ok_or(BillError::TooMuch)?;
    Ok(())
}

/// Reads the trade bill of a merchant's day, of every kind (ALL, SUCCESS, REFUND, and the form of before 2018), and hands out
/// its lines. Nothing the lines did before an error may stand: the bill is believed as a whole or not at all.
pub fn read_trade_bill(
    file: impl Read,
    mchid: &str,
    day: BusinessDate,
    mut each: impl FnMut(TradeRow<'_>) -> Result<(), BillError>,
) -> Result<TradeTotals, BillError> {
    let of = Day::of(day);
    let (places, totals) = sheet::read(file, COUNT, Places::find, |places: &mut Places, cells| {
        let row = places.row(&cells, &of)?;
        // Of a merchant under ours the money is theirs.
        if cells.get(places.mchid) != mchid || !matches!(cells.optional(places.sub_mchid), "" | "0") {
            return Err(BillError::ForeignMerchant(row.line));
        }
        places.add(&row)?;
        each(row)
    })?;
    let (has_orders, has_requested) = (places.order_amount.is_some(), places.requested.is_some());
    let Sums { totals: sums, amounts: Amounts { refund, coupon_refund, requested } } = places.sums;
    // What no total stands for could be anything.
    totals.must(WHAT, COUNT)?;
    totals.must_one_of(WHAT, ["应结订单总金额", "总交易额"])?;
    totals.must(WHAT, "手续费总金额")?;
    if has_orders {
        totals.must(WHAT, "订单总金额")?;
    }
    if sums.kind != TradeBillKind::Success {
        totals.must_one_of(WHAT, ["退款总金额", "总退款金额"])?;
        if has_requested {
            totals.must(WHAT, "申请退款总金额")?;
        }
    }
    totals.agrees(COUNT, sheet::count(sums.payments + sums.refunds)?)?;
    for (name, fen) in [
        ("应结订单总金额", sums.settlement.fen()),
        ("总交易额", sums.settlement.fen()),
        ("退款总金额", refund),
        ("总退款金额", refund),
        ("充值券退款总金额", coupon_refund),
        ("总企业红包退款金额", coupon_refund),
        ("总代金券或立减优惠退款金额", coupon_refund),
        ("手续费总金额", sums.fees.fen()),
        ("订单总金额", sums.orders.fen()),
        ("申请退款总金额", requested),
    ] {
        totals.agrees(name, fen.checked_mul(UNITS_PER_FEN).ok_or(BillError::TooMuch)?)?;
    }
    Ok(sums)
}
