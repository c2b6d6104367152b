//! Refunds: asked for, under way, ended.

use std::sync::Arc;
use std::time::Duration;

use domain::{BusinessDate, Money, Timestamp};
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::book::{Book, Event, Notice, Payment, Refund, RefundStatus, RefundTerms, minus, plus};
use crate::callback;
use crate::form::Form;
use crate::keys::{Keys, Mode};
use crate::order::digest;
use crate::server::Server;

const YEAR: Duration = Duration::from_secs(365 * 86_400);
/// Refunds an order can have.
const MOST: usize = 50;

/// `POST /v3/refund/domestic/refunds`.
pub(crate) fn ask(server: &Arc<Server>, body: &[u8], mode: Mode) -> Result<Answer, Refusal> {
    let form = Form::read(body)?;
    let transaction_id = form.text("/transaction_id", "微信支付订单号", 32)?.filter(|id| !id.is_empty());
    let out_trade_no = form.text("/out_trade_no", "商户订单号", 32)?.filter(|no| !no.is_empty());
    let out_refund_no = form.number("/out_refund_no", "商户退款单号", 1..=64, b"_-|*@")?;
    form.text("/reason", "退款原因", 80)?;
    let notify_url = form.notify_url(256)?;
    let account = form.word("/funds_account", "退款资金来源", &["AVAILABLE", "UNSETTLED"])?.unwrap_or("AVAILABLE");
    if !form.object("/amount", "金额信息")? {
        return Err(form.refuse("/amount", "金额信息", "此字段为必填项"));
    }
    let amount = Money::from_fen(form.required_integer("/amount/refund", "退款金额", 1)?);
    let total = Money::from_fen(form.required_integer("/amount/total", "原订单金额", 1)?);
    form.required_text("/amount/currency", "退款币种", 16)?;
    form.word("/amount/currency", "退款币种", &["CNY"])?;
    form.list("/amount/from", "退款出资账户及金额")?;
    form.list("/goods_detail", "退款商品")?;
    if transaction_id.is_none() && out_trade_no.is_none() {
        return Err(form.refuse("/transaction_id", "微信支付订单号", "微信支付订单号和商户订单号至少填一个"));
    }

    let now = server.clock.now();
    let fingerprint = digest(form.value());
    let mut book = server.book_mut();
    if let Some(known) = book.refund_number(out_refund_no) {
        let refund = book.refund(known);
        if refund.terms.fingerprint != fingerprint {
            return Err(Refusal::invalid("订单金额或退款金额与之前请求不一致，请核实后再试"));
        }
        return Ok(answered(server, &book, refund));
    }
    let number = find(&book, transaction_id, out_trade_no)?;
    let payment = book.payment(number);
    check(server, &book, payment, amount, total, now)?;
    let share = share(payment, amount);
    if minus(amount, share.fee) > book.balance {
        return Err(Refusal::new(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起"));
    }
    let (outcome, delay_ms) = server.faults.refund();
    let refund = book.refunds.len();
    let digits = BusinessDate::of(now).to_string().replace('-', "");
    let terms = RefundTerms {
        out_refund_no: out_refund_no.to_owned(),
        refund_id: format!("5030000601{digits}{:011}", refund + 1),
        payment: number,
        amount,
        fee_returned: share.fee,
        coupon_returned: share.coupon,
        funds_account: account.to_owned(),
        notify_url: notify_url.map(str::to_owned),
        created: now,
        fingerprint,
        mode,
        outcome,
        delay_ms,
    };
    book.record(Event::RefundAsked(terms))?;
    let answer = answered(server, &book, &book.refunds[refund]);
    drop(book);
    finish_later(server, u32::try_from(refund).unwrap_or(u32::MAX), delay_ms);
    Ok(answer)
}

fn find(book: &Book, transaction_id: Option<&str>, out_trade_no: Option<&str>) -> Result<u32, Refusal> {
    let missing = || Refusal::new(404, "RESOURCE_NOT_EXISTS", "订单不存在");
    let order = out_trade_no.map(|no| book.order(no).ok_or_else(missing)).transpose()?;
    match (transaction_id, order) {
        (Some(id), order) => {
            let number = book.transaction(id).ok_or_else(missing)?;
            if order.is_some_and(|order| !order.payments.contains(&number)) {
                return Err(Refusal::invalid("微信支付订单号与商户订单号不匹配"));
            }
            Ok(number)
        }
        (None, Some(order)) => order.payments.first().copied().ok_or_else(|| Refusal::invalid("订单未支付，不能退款")),
        (None, None) => Err(missing()),
    }
}

fn check(
    server: &Server,
    book: &Book,
    payment: &Payment,
    amount: Money,
    total: Money,
    now: Timestamp,
) -> Result<(), Refusal> {
    if total != payment.amount {
        return Err(Refusal::invalid("订单金额不一致，请核实原订单金额后再试"));
    }
    if now > payment.at.after(YEAR) {
        return Err(Refusal::new(403, "TRADE_OVERDUE", "订单已超过可退款的最大期限"));
    }
    if plus(payment.refunded, amount) > payment.amount {
        return Err(Refusal::invalid("申请退款金额超过订单可退金额"));
    }
    let live = payment.refunds.iter().map(|&refund| book.refund(refund));
    if live.clone().filter(|refund| refund.status != RefundStatus::Closed).count() >= MOST {
        return Err(Refusal::invalid("同一笔订单最多支持50次部分退款"));
    }
    if server.faults.minute_apart() && live.into_iter().any(|refund| refund.terms.created.apart(now).as_secs() < 60) {
        return Err(Refusal::new(429, "FREQUENCY_LIMITED", "同一笔订单的多次退款需间隔1分钟"));
    }
    Ok(())
}

/// What comes back with a refund.
struct Share {
    fee: Money,
    coupon: Money,
}

/// Pro rata of everything given back so far, less what was given back: the last refund returns the rest to the fen.
fn share(payment: &Payment, amount: Money) -> Share {
    let back = plus(payment.refunded, amount);
    let fee = payment.rate.of(back).unwrap_or_default().min(payment.fee);
    let coupon = part(payment.coupon, back, payment.amount);
    Share {
        fee: minus(fee, payment.fee_returned).max(Money::ZERO),
        coupon: minus(coupon, payment.coupon_returned).max(Money::ZERO),
    }
}

/// `whole` × `some` / `all`, half up.
fn part(whole: Money, some: Money, all: Money) -> Money {
    let (whole, some, all) = (i128::from(whole.fen()), i128::from(some.fen()), i128::from(all.fen().max(1)));
    Money::from_fen(i64::try_from((2 * whole * some + all) / (2 * all)).unwrap_or(i64::MAX))
}

/// `GET /v3/refund/domestic/refunds/{out_refund_no}`.
pub(crate) fn query(server: &Server, out_refund_no: &str) -> Result<Answer, Refusal> {
    let book = server.book();
    match book.refund_number(out_refund_no) {
        Some(number) => Ok(answered(server, &book, book.refund(number))),
        None => Err(Refusal::new(404, "RESOURCE_NOT_EXISTS", "退款单不存在")),
    }
}

/// A refund that ends by itself does so in a while of real time.
pub(crate) fn finish_later(server: &Arc<Server>, number: u32, delay_ms: u64) {
    let office = server.clone();
    server.spawn(async move {
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        let (outcome, at) = {
            let book = office.book();
            let terms = &book.refund(number).terms;
            // Not the time then: the clock may have been put on in between, and the refund would move to another day.
            (terms.outcome, terms.created.after(Duration::from_millis(terms.delay_ms)))
        };
        if outcome != RefundStatus::Processing
            && let Err(refusal) = end(&office, number, outcome, at)
        {
            tracing::error!(message = refusal.message, "a refund could not be ended");
        }
    });
}

/// Ends a refund by hand.
pub(crate) fn end_by_hand(server: &Arc<Server>, out_refund_no: &str, status: RefundStatus) -> Result<Value, Refusal> {
    let number = server
        .book()
        .refund_number(out_refund_no)
        .ok_or_else(|| Refusal::new(404, "RESOURCE_NOT_EXISTS", "no such refund"))?;
    if status == RefundStatus::Processing {
        return Err(Refusal::invalid("a refund ends as SUCCESS, CLOSED or ABNORMAL"));
    }
    if !end(server, number, status, server.clock.now())? {
        return Err(Refusal::new(409, "REFUND_ENDED", "the refund has ended already"));
    }
    let book = server.book();
    Ok(view(&book, book.refund(number)))
}

/// Ends a refund and tells the merchant; `false` if it had ended.
fn end(server: &Arc<Server>, number: u32, status: RefundStatus, at: Timestamp) -> Result<bool, Refusal> {
    let mut book = server.book_mut();
    let refund = book.refund(number);
    let told = refund.terms.notify_url.is_some();
    if matches!(refund.status, RefundStatus::Success | RefundStatus::Closed) || refund.status == status {
        return Ok(false);
    }
    book.record(Event::RefundEnded { refund: number, status, at })?;
    drop(book);
    if told {
        callback::announce(server, Notice::Refund(number));
    }
    Ok(true)
}

fn amounts(payment: &Payment, refund: &Refund) -> (i64, i64, i64, i64) {
    let terms = &refund.terms;
    (
        payment.amount.fen(),
        terms.amount.fen(),
        minus(payment.amount, payment.coupon).fen(),
        minus(terms.amount, terms.coupon_returned).fen(),
    )
}

/// The answer about a refund, a wrong one if that is wanted.
fn answered(server: &Server, book: &Book, refund: &Refund) -> Answer {
    let mut view = view(book, refund);
    if let Some(fen) = server.faults.said_fen() {
        view["amount"]["refund"] = json!(fen);
    }
    Answer::json(&view)
}

/// A refund as its answers show it.
fn view(book: &Book, refund: &Refund) -> Value {
    let terms = &refund.terms;
    let payment = book.payment(terms.payment);
    let (total, amount, payer_total, payer_refund) = amounts(payment, refund);
    let discount = terms.coupon_returned.fen();
    let mut promotion = Vec::new();
    if discount > 0 {
        promotion.push(json!({
            "promotion_id": "109519", "scope": "GLOBAL", "type": "COUPON",
            "amount": payment.coupon.fen(), "refund_amount": discount,
        }));
    }
    let mut view = json!({
        "refund_id": terms.refund_id,
        "out_refund_no": terms.out_refund_no,
        "transaction_id": payment.transaction_id,
        "out_trade_no": payment.terms.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": terms.created,
        "status": refund.status.word(),
        "funds_account": terms.funds_account,
        "amount": {
            "total": total, "refund": amount, "payer_total": payer_total, "payer_refund": payer_refund,
            "settlement_refund": amount, "settlement_total": total, "discount_refund": discount,
            "currency": "CNY", "refund_fee": 0, "from": [],
        },
        "promotion_detail": promotion,
    });
    if let (RefundStatus::Success, Some(ended)) = (refund.status, refund.ended) {
        view["success_time"] = json!(ended);
    }
    view
}

/// A refund as its notification shows it.
pub(crate) fn told(keys: &Keys, book: &Book, refund: &Refund) -> Value {
    let terms = &refund.terms;
    let payment = book.payment(terms.payment);
    let (total, amount, payer_total, payer_refund) = amounts(payment, refund);
    let mut view = json!({
        "mchid": keys.mchid,
        "transaction_id": payment.transaction_id,
        "out_trade_no": payment.terms.out_trade_no,
        "refund_id": terms.refund_id,
        "out_refund_no": terms.out_refund_no,
        "refund_status": refund.status.word(),
        "user_received_account": "支付用户零钱",
        "amount": {"total": total, "refund": amount, "payer_total": payer_total, "payer_refund": payer_refund},
    });
    if let (RefundStatus::Success, Some(ended)) = (refund.status, refund.ended) {
        view["success_time"] = json!(ended);
    }
    view
}

/// The summary line of a refund's notification.
pub(crate) fn summary(status: RefundStatus) -> &'static str {
    match status {
        RefundStatus::Success => "退款成功",
        RefundStatus::Closed => "退款关闭",
        RefundStatus::Abnormal => "退款异常",
        RefundStatus::Processing => "退款处理中",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_coupon_are_rounded_half_up() {
        let fen = Money::from_fen;
        assert_eq!(part(fen(5), fen(50), fen(100)), fen(3));
        assert_eq!(part(fen(5), fen(100), fen(100)), fen(5));
        assert_eq!(part(fen(0), fen(7), fen(9)), fen(0));
    }
}
