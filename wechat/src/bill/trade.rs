//! The trade bill (交易账单; facts: wechat 4.3): a line for each payment and each refund of a day.

use std::io::Read;

use domain::{BusinessDate, Money, Timestamp};

use super::TradeBillKind;
use super::sheet::{self, BillError, Cells, Columns, UNITS_PER_FEN, unescaped};

const WHAT: &str = "交易账单";

/// A line of the bill. A payment has no refund; a refund names the order it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradeRow<'a> {
    /// Counted from 1.
    pub line: u64,
    /// Of a payment its moment; of a refund uncertain.
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
    fee: usize,
    rate: Option<usize>,
    product: Option<usize>,
    attachment: Option<usize>,
    sums: Sums,
}

#[derive(Default)]
struct Sums {
    totals: TradeTotals,
    refund: i64,
    coupon_refund: i64,
    requested: i64,
}

impl Places {
    fn find(columns: &Columns) -> Result<Places, BillError> {
        let must = |column| columns.must(WHAT, column);
        let settlement = match columns.find("应结订单金额") {
            Some(at) => at,
            // Before 2018.
            None => must("总金额")?,
        };
        Ok(Places {
            at: must("交易时间")?,
            mchid: must("商户号")?,
            transaction_id: must("微信订单号")?,
            out_trade_no: must("商户订单号")?,
            trade_state: must("交易状态")?,
            settlement,
            order_amount: columns.find("订单金额"),
            refund_id: columns.find("微信退款单号"),
            out_refund_no: columns.find("商户退款单号"),
            refund: columns.find("退款金额"),
            coupon_refund: columns.find("充值券退款金额").or(columns.find("企业红包退款金额")),
            requested: columns.find("申请退款金额"),
            refund_state: columns.find("退款状态"),
            fee: must("手续费")?,
            rate: columns.find("费率"),
            product: columns.find("商品名称"),
            attachment: columns.find("商户数据包"),
            sums: Sums { totals: TradeTotals { kind: kind(columns), ..TradeTotals::default() }, ..Sums::default() },
        })
    }

    fn row<'a>(&self, cells: &Cells<'a>) -> Result<TradeRow<'a>, BillError> {
        let settlement = cells.money(self.settlement, "应结订单金额")?;
        let refund_id = cells.optional(self.refund_id);
        let refund = if matches!(refund_id, "" | "0") {
            None
        } else {
            let amount = match self.requested {
                Some(at) => cells.money(at, "申请退款金额")?,
                None => cells.money_if_any(self.refund, "退款金额")?,
            };
            let out_refund_no = cells.optional(self.out_refund_no);
            let state = cells.optional(self.refund_state);
            Some(TradeRefund { refund_id, out_refund_no, amount, state })
        };
        let required = [(self.transaction_id, "微信订单号"), (self.out_trade_no, "商户订单号")];
        for (at, column) in required {
            if cells.get(at).is_empty() {
                return Err(cells.bad(column));
            }
        }
        Ok(TradeRow {
            line: cells.line,
            at: cells.instant(self.at, "交易时间")?,
            transaction_id: cells.get(self.transaction_id),
            out_trade_no: cells.get(self.out_trade_no),
            trade_state: cells.get(self.trade_state),
            order_amount: self.order_amount.map_or(Ok(settlement), |at| cells.money(at, "订单金额"))?,
            settlement,
            fee: Money::from_fen(cells.fen(self.fee, "手续费")?),
            rate: cells.optional(self.rate),
            refund,
            text: [cells.optional(self.product), cells.optional(self.attachment)],
        })
    }

    fn add(&mut self, row: &TradeRow<'_>, cells: &Cells<'_>) -> Result<(), BillError> {
        let fen = |at: Option<usize>, column| cells.money_if_any(at, column).map(Money::fen);
        let (refund, coupon) = (fen(self.refund, "退款金额")?, fen(self.coupon_refund, "充值券退款金额")?);
        let requested = fen(self.requested, "申请退款金额")?;
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
        for (sum, fen) in
            [(&mut sums.refund, refund), (&mut sums.coupon_refund, coupon), (&mut sums.requested, requested)]
        {
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
    let (places, totals) = sheet::read(file, Places::find, |places: &mut Places, cells| {
        let row = places.row(&cells)?;
        if cells.get(places.mchid) != mchid {
            return Err(BillError::ForeignMerchant(row.line));
        }
        let found = BusinessDate::of(row.at);
        // When a refund's line says what, is uncertain.
        if row.refund.is_none() && found != day {
            return Err(BillError::OtherDay { line: row.line, found, expected: day });
        }
        places.add(&row, &cells)?;
        each(row)
    })?;
    let Sums { totals: sums, refund, coupon_refund, requested } = places.sums;
    totals.must(WHAT, "总交易单数")?;
    totals.agrees("总交易单数", sheet::count(sums.payments + sums.refunds)?)?;
    for (name, fen) in [
        ("应结订单总金额", sums.settlement.fen()),
        ("总交易额", sums.settlement.fen()),
        ("退款总金额", refund),
        ("总退款金额", refund),
        ("充值券退款总金额", coupon_refund),
        ("总企业红包退款金额", coupon_refund),
        ("手续费总金额", sums.fees.fen()),
        ("订单总金额", sums.orders.fen()),
        ("申请退款总金额", requested),
    ] {
        totals.agrees(name, fen.checked_mul(UNITS_PER_FEN).ok_or(BillError::TooMuch)?)?;
    }
    Ok(sums)
}
