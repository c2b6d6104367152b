//! Bills: the trade bill and the fund-flow bill of one business day, made from what really happened, byte for byte as the
//! real ones: BOM, CRLF on every line, a backtick before every cell.
//!
//! A bill is made under the book's read lock (a fifth of a second for 170 000 rows); hashing and packing happen outside it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{BusinessDate, Money, Timestamp};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use sha1::{Digest, Sha1};

use crate::answer::{Answer, Refusal};
use crate::book::{Book, Day, Flow, FlowOf, Payment, Refund, RefundStatus, minus, plus};
use crate::keys::Keys;
use crate::server::{Call, Server};

const BOM: &str = "\u{feff}";
/// How long a download link lives, in real time.
const LINK: Duration = Duration::from_secs(300);
/// How far back bills go, in days: three months of any length.
const REACH: u64 = 93;
/// A bill is there ten hours after its day ends, and shows refunds as they stood nine hours after.
const READY: Duration = Duration::from_secs(34 * 3_600);
const MADE: Duration = Duration::from_secs(33 * 3_600);

/// Which rows a trade bill has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trades {
    All,
    Success,
    Refund,
}

/// Bills waiting to be fetched.
#[derive(Default)]
pub(crate) struct Downloads(Mutex<HashMap<String, Download>>);

struct Download {
    file: Arc<Vec<u8>>,
    gzip: bool,
    until: Timestamp,
}

/// `GET /v3/bill/tradebill`. Blocks while the bill is made.
pub(crate) fn trade_bill(server: &Server, call: &Call) -> Result<Answer, Refusal> {
    let date = bill_date(server, call)?;
    let trades = match call.query("bill_type").unwrap_or("ALL") {
        "ALL" => Trades::All,
        "SUCCESS" => Trades::Success,
        "REFUND" => Trades::Refund,
        other => return Err(refuse("bill_type", "账单类型", "值不在允许的枚举范围内", other)),
    };
    let gzip = tar_type(call)?;
    let file = {
        let book = server.book();
        let day = book.days.get(&date).ok_or_else(empty_day)?;
        trade_file(&server.keys, &book, day, trades, date.start().after(MADE)).ok_or_else(empty_day)?
    };
    Ok(offer(server, file, gzip))
}

/// `GET /v3/bill/fundflowbill`. Blocks while the bill is made.
pub(crate) fn fund_bill(server: &Server, call: &Call) -> Result<Answer, Refusal> {
    let date = bill_date(server, call)?;
    let account = call.query("account_type").unwrap_or("BASIC");
    if !["BASIC", "OPERATION", "FEES"].contains(&account) {
        return Err(refuse("account_type", "资金账户类型", "值不在允许的枚举范围内", account));
    }
    let gzip = tar_type(call)?;
    let file = {
        let book = server.book();
        // Everything here moves on the basic account.
        let day = book.days.get(&date).filter(|day| account == "BASIC" && !day.flows.is_empty());
        flow_file(&server.keys, &book, day.ok_or_else(empty_day)?)
    };
    Ok(offer(server, file, gzip))
}

fn refuse(field: &str, title: &str, issue: &str, value: &str) -> Refusal {
    Refusal::param("query", field, title, issue, json!(value))
}

fn empty_day() -> Refusal {
    Refusal::new(400, "NO_STATEMENT_EXIST", "账单文件不存在，请检查当前商户号在指定日期内是否有交易")
}

fn bill_date(server: &Server, call: &Call) -> Result<BusinessDate, Refusal> {
    let text = call.query("bill_date").unwrap_or_default();
    let date: BusinessDate = text.parse().map_err(|_| refuse("bill_date", "账单日期", "格式应为yyyy-MM-DD", text))?;
    let now = server.clock.now();
    let today = BusinessDate::of(now);
    if date >= today {
        return Err(Refusal::invalid("账单日期不能是当天或以后的日期"));
    }
    if date.start().after(Duration::from_secs(REACH * 86_400)) < today.start() {
        return Err(Refusal::invalid("仅支持下载三个月以内的账单"));
    }
    if now < date.start().after(READY) {
        return Err(Refusal::new(400, "STATEMENT_CREATING", "账单生成中，请稍后再试"));
    }
    Ok(date)
}

fn tar_type(call: &Call) -> Result<bool, Refusal> {
    match call.query("tar_type") {
        None | Some("") => Ok(false),
        Some("GZIP") => Ok(true),
        Some(other) => Err(refuse("tar_type", "压缩类型", "值不在允许的枚举范围内", other)),
    }
}

/// Keeps the file for five minutes and answers where it is.
fn offer(server: &Server, file: Vec<u8>, gzip: bool) -> Answer {
    let mut hash = hex::encode(Sha1::digest(&file));
    if server.faults.wrong_hash() {
        hash = hash.chars().rev().collect();
        hash.replace_range(..1, if hash.starts_with('0') { "1" } else { "0" });
    }
    let file = if gzip { pack(&file) } else { file };
    let token = format!("{}{}", wechat::crypto::nonce(), wechat::crypto::nonce());
    let now = server.real.now();
    let mut links = server.downloads.0.lock().unwrap_or_else(PoisonError::into_inner);
    links.retain(|_, download| now < download.until);
    links.insert(token.clone(), Download { file: Arc::new(file), gzip, until: now.after(LINK) });
    let suffix = if gzip { "&tartype=gzip" } else { "" };
    Answer::json(&json!({
        "hash_type": "SHA1",
        "hash_value": hash,
        "download_url": format!("{}/v3/billdownload/file?token={token}{suffix}", server.base_url),
    }))
}

fn pack(file: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(file).and_then(|()| gzip.finish()).expect("writing to memory does not fail")
}

/// `GET /v3/billdownload/file`.
pub(crate) fn download(server: &Server, call: &Call) -> Result<Answer, Refusal> {
    let links = server.downloads.0.lock().unwrap_or_else(PoisonError::into_inner);
    let now = server.real.now();
    let download = call
        .query("token")
        .and_then(|token| links.get(token))
        .filter(|download| now < download.until)
        .ok_or_else(|| Refusal::invalid("下载链接过期,请重新请求文件下载"))?;
    let file = download.file.clone();
    let content_type = if download.gzip { "application/x-gzip" } else { "text/plain" };
    drop(links);
    let body = Arc::try_unwrap(file).unwrap_or_else(|file| file.to_vec());
    Ok(Answer { status: poem::http::StatusCode::OK, content_type, body })
}

/// A line of cells, each after a backtick; commas in the merchant's text become `\ ` and line breaks `\n`.
struct Line<'a>(&'a mut String);

impl Line<'_> {
    fn begin(out: &mut String) -> Line<'_> {
        Line(out)
    }

    fn put(&mut self, cell: impl std::fmt::Display) {
        self.separate();
        // Writing to a text cannot fail.
        let _ = write!(self.0, "{cell}");
    }

    fn put_text(&mut self, cell: &str) {
        self.separate();
        let mut chars = cell.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                ',' => self.0.push_str("\\ "),
                '\r' if chars.peek() == Some(&'\n') => {}
                '\r' | '\n' => self.0.push_str("\\n"),
                '\u{1}' => self.0.push(' '),
                c => self.0.push(c),
            }
        }
    }

    fn separate(&mut self) {
        self.0.push_str(if self.0.ends_with('\n') { "`" } else { ",`" });
    }

    fn end(self) {
        self.0.push_str("\r\n");
    }
}

const TRADE_HEAD: [&str; 27] = [
    "交易时间",
    "公众账号ID",
    "商户号",
    "特约商户号",
    "设备号",
    "微信订单号",
    "商户订单号",
    "用户标识",
    "交易类型",
    "交易状态",
    "付款银行",
    "货币种类",
    "应结订单金额",
    "代金券金额",
    "微信退款单号",
    "商户退款单号",
    "退款金额",
    "充值券退款金额",
    "退款类型",
    "退款状态",
    "商品名称",
    "商户数据包",
    "手续费",
    "费率",
    "订单金额",
    "申请退款金额",
    "费率备注",
];

fn trade_head(trades: Trades) -> String {
    let mut names: Vec<&str> = TRADE_HEAD.to_vec();
    match trades {
        Trades::All => {}
        Trades::Success => {
            names.retain(|name| !["申请退款金额", "微信退款单号", "商户退款单号"].contains(name));
            names.retain(|name| !["退款金额", "充值券退款金额", "退款类型", "退款状态"].contains(name));
        }
        Trades::Refund => {
            names.splice(14..14, ["退款申请时间", "退款成功时间"]);
        }
    }
    names.join(",")
}

/// Sums of a trade bill.
#[derive(Default)]
struct Sums {
    rows: usize,
    paid: Money,
    refunded: Money,
    coupons: Money,
    /// In fen; below nothing when more fees came back than were taken.
    fees: Money,
}

/// The trade bill of a day, or nothing if it would have no rows. Rows come in no order that means anything, as in the
/// real ones.
fn trade_file(keys: &Keys, book: &Book, day: &Day, trades: Trades, made: Timestamp) -> Option<Vec<u8>> {
    let payments =
        day.payments.iter().map(|&n| (scatter(u64::from(n) * 2), false, n)).filter(|_| trades != Trades::Refund);
    let refunds =
        day.refunds.iter().map(|&n| (scatter(u64::from(n) * 2 + 1), true, n)).filter(|_| trades != Trades::Success);
    let mut rows: Vec<(u64, bool, u32)> = payments.chain(refunds).collect();
    if rows.is_empty() {
        return None;
    }
    rows.sort_unstable();
    let mut out = String::with_capacity(400 * (rows.len() + 3));
    out.push_str(BOM);
    out.push_str(&trade_head(trades));
    out.push_str("\r\n");
    let mut sums = Sums { rows: rows.len(), ..Sums::default() };
    for (_, is_refund, number) in rows {
        if is_refund {
            let refund = book.refund(number);
            refund_row(&mut out, keys, book.payment(refund.terms.payment), refund, trades, made);
            sums.refunded = plus(sums.refunded, refund.terms.amount);
            sums.coupons = plus(sums.coupons, refund.terms.coupon_returned);
            sums.fees = minus(sums.fees, refund.terms.fee_returned);
        } else {
            let payment = book.payment(number);
            payment_row(&mut out, keys, payment, trades);
            sums.paid = plus(sums.paid, payment.amount);
            sums.fees = plus(sums.fees, payment.fee);
        }
    }
    let mut line = if trades == Trades::Success {
        out.push_str("总交易单数,应结订单总金额,手续费总金额,订单总金额\r\n");
        let mut line = Line::begin(&mut out);
        line.put(sums.rows);
        line.put(sums.paid);
        line
    } else {
        out.push_str(
            "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n",
        );
        let mut line = Line::begin(&mut out);
        line.put(sums.rows);
        line.put(sums.paid);
        line.put(sums.refunded);
        line.put(sums.coupons);
        line
    };
    line.put(format_args!("{}000", sums.fees));
    line.put(sums.paid);
    if trades != Trades::Success {
        line.put(sums.refunded);
    }
    line.end();
    Some(out.into_bytes())
}

/// A number that looks like chance and is always the same.
fn scatter(number: u64) -> u64 {
    let mixed = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

fn row_head(line: &mut Line<'_>, keys: &Keys, payment: &Payment, at: Timestamp, state: &str) {
    line.put(at.wall());
    line.put(&keys.appid);
    line.put(&keys.mchid);
    line.put("0");
    line.put_text(payment.terms.device_id.as_deref().unwrap_or_default());
    line.put(&payment.transaction_id);
    line.put(&payment.terms.out_trade_no);
    line.put_text(&payment.terms.openid);
    line.put("JSAPI");
    line.put(state);
    line.put("OTHERS");
    line.put("CNY");
}

fn payment_row(out: &mut String, keys: &Keys, payment: &Payment, trades: Trades) {
    let mut line = Line::begin(out);
    row_head(&mut line, keys, payment, payment.at, "SUCCESS");
    line.put(payment.amount);
    line.put(payment.coupon);
    if trades != Trades::Success {
        for cell in ["0", "0", "0.00", "0.00", "", ""] {
            line.put(cell);
        }
    }
    line.put_text(&payment.terms.description);
    line.put_text(payment.terms.attach.as_deref().unwrap_or_default());
    line.put(format_args!("{}000", payment.fee));
    line.put(payment.rate.percent());
    line.put(payment.amount);
    if trades != Trades::Success {
        line.put("0.00");
    }
    line.put("");
    line.end();
}

fn refund_row(out: &mut String, keys: &Keys, payment: &Payment, refund: &Refund, trades: Trades, made: Timestamp) {
    let terms = &refund.terms;
    // The bill shows what was known when it was made; it is never made anew.
    let status = if refund.ended.is_some_and(|ended| ended < made) { refund.status } else { RefundStatus::Processing };
    let word = match status {
        RefundStatus::Success => "SUCCESS",
        RefundStatus::Processing => "PROCESSING",
        RefundStatus::Closed => "FAIL",
        RefundStatus::Abnormal => "CHANGE",
    };
    let mut line = Line::begin(out);
    row_head(&mut line, keys, payment, terms.created, "REFUND");
    line.put("0.00");
    line.put("0.00");
    if trades == Trades::Refund {
        line.put(terms.created.wall());
        let ended = refund.ended.filter(|_| status == RefundStatus::Success);
        line.put(ended.map(Timestamp::wall).unwrap_or_default());
    }
    line.put(&terms.refund_id);
    line.put(&terms.out_refund_no);
    line.put(terms.amount);
    line.put(terms.coupon_returned);
    line.put("ORIGINAL");
    line.put(word);
    line.put_text(&payment.terms.description);
    line.put_text(payment.terms.attach.as_deref().unwrap_or_default());
    line.put(format_args!("{}000", minus(Money::ZERO, terms.fee_returned)));
    line.put(payment.rate.percent());
    line.put("0.00");
    line.put(terms.amount);
    line.put("");
    line.end();
}

/// The fund-flow bill of a day.
fn flow_file(keys: &Keys, book: &Book, day: &Day) -> Vec<u8> {
    let mut out = String::with_capacity(260 * (day.flows.len() + 3));
    out.push_str(BOM);
    out.push_str("记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),");
    out.push_str("资金变更提交申请人,备注,业务凭证号\r\n");
    let (mut income, mut outgo) = ((0usize, Money::ZERO), (0usize, Money::ZERO));
    for flow in &day.flows {
        let side = if flow.of.is_income() { &mut income } else { &mut outgo };
        *side = (side.0 + 1, plus(side.1, flow.amount));
        flow_row(&mut out, keys, book, flow);
    }
    out.push_str("资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n");
    let mut line = Line::begin(&mut out);
    line.put(day.flows.len());
    line.put(income.0);
    line.put(income.1);
    line.put(outgo.0);
    line.put(outgo.1);
    line.end();
    out.into_bytes()
}

fn flow_row(out: &mut String, keys: &Keys, book: &Book, flow: &Flow) {
    let api = || format!("{}API", keys.mchid);
    let system = || "system".to_owned();
    let transfer = |number: u32| &book.transfers[number as usize].number;
    let (business, number, name, kind, by, remark, voucher) = match flow.of {
        FlowOf::Payment(number) => {
            let payment = book.payment(number);
            let remark = format!("结算总金额 {} 元;含手续费 {} 元", payment.amount, payment.fee);
            let id = &payment.transaction_id;
            (id, id, "交易", "交易", system(), remark, &payment.terms.out_trade_no)
        }
        FlowOf::Fee(number) => {
            let payment = book.payment(number);
            let id = &payment.transaction_id;
            (id, id, "交易", "扣除交易手续费", system(), String::new(), &payment.terms.out_trade_no)
        }
        FlowOf::Refund(number) => {
            let terms = &book.refund(number).terms;
            let remark = format!("退款总金额{}元;含手续费{}元", terms.amount, terms.fee_returned);
            let id = &book.payment(terms.payment).transaction_id;
            (&terms.refund_id, id, "退款", "退款", api(), remark, &terms.out_refund_no)
        }
        FlowOf::RefundClosed(number) => {
            let terms = &book.refund(number).terms;
            let id = &book.payment(terms.payment).transaction_id;
            (&terms.refund_id, id, "退款", "退款关闭", system(), String::new(), &terms.out_refund_no)
        }
        FlowOf::Withdrawal(number) => {
            let id = transfer(number);
            (id, id, "充值/提现", "提现", system(), "提现到银行账户".to_owned(), id)
        }
        FlowOf::WithdrawalReturned(number) => {
            let id = transfer(number);
            (id, id, "充值/提现", "提现", system(), "提现失败，资金退回".to_owned(), id)
        }
        FlowOf::TopUp(number) => {
            let id = transfer(number);
            (id, id, "充值/提现", "扫码充值", system(), String::new(), id)
        }
    };
    let mut line = Line::begin(out);
    line.put(flow.at.wall());
    line.put(business);
    line.put(number);
    line.put(name);
    line.put(kind);
    line.put(if flow.of.is_income() { "收入" } else { "支出" });
    line.put(flow.amount);
    line.put(flow.balance);
    line.put(by);
    line.put_text(&remark);
    line.put(voucher);
    line.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_backticks_and_commas_whatever_the_merchant_wrote() {
        let mut out = String::from("head\r\n");
        let mut line = Line::begin(&mut out);
        line.put("");
        line.put_text("a,b\r\nc\nd");
        line.put("");
        line.end();
        assert_eq!(out, "head\r\n`,`a\\ b\\nc\\nd,`\r\n");
    }

    /// The sample beside the facts names the columns.
    #[test]
    fn each_kind_of_bill_has_its_columns() {
        assert_eq!(trade_head(Trades::All).split(',').count(), 27);
        assert_eq!(trade_head(Trades::Success).split(',').count(), 20);
        let refund = trade_head(Trades::Refund);
        assert_eq!(refund.split(',').count(), 29);
        assert!(refund.contains("代金券金额,退款申请时间,退款成功时间,微信退款单号"));
    }
}
