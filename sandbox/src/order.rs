//! Orders: prepay, query, close, and the payer's own act.

use std::sync::Arc;
use std::time::Duration;

use domain::{Money, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::book::{Book, Event, Notice, Order, Payment, Terms, minus};
use crate::callback;
use crate::form::{Form, canonical};
use crate::keys::{Keys, Mode};
use crate::server::Server;

const DAY: Duration = Duration::from_secs(86_400);
/// How long a `prepay_id` is good.
const PREPAY: Duration = Duration::from_secs(7_200);

/// `POST /v3/pay/transactions/jsapi`.
pub(crate) fn prepay(server: &Server, body: &[u8], mode: Mode) -> Result<Answer, Refusal> {
    let form = Form::read(body)?;
    let terms = read(server, &form, mode)?;
    let mut book = server.book_mut();
    if let Some(order) = book.order_mut(&terms.out_trade_no) {
        let now = terms.created;
        if order.is_closed(now) {
            return Err(Refusal::new(400, "ORDER_CLOSED", "该订单已关闭，请重新下单"));
        }
        if order.terms.fingerprint != terms.fingerprint {
            return Err(Refusal::new(403, "OUT_TRADE_NO_USED", "商户订单号重复：请求重入时，参数与首次请求时不一致"));
        }
        if !order.payments.is_empty() {
            return Err(Refusal::new(400, "ORDER_PAID", "该订单已支付"));
        }
        if now >= order.prepay.1.after(PREPAY) {
            order.prepay = (terms.prepay_id, now);
        }
        return Ok(Answer::json(&json!({"prepay_id": order.prepay.0})));
    }
    let answer = Answer::json(&json!({"prepay_id": terms.prepay_id}));
    book.record(Event::Ordered(terms))?;
    Ok(answer)
}

fn read(server: &Server, form: &Form, mode: Mode) -> Result<Terms, Refusal> {
    let appid = form.required_text("/appid", "公众账号ID", 32)?;
    let mchid = form.required_text("/mchid", "商户号", 32)?;
    let description = form.required_text("/description", "商品描述", 127)?;
    let out_trade_no = form.number("/out_trade_no", "商户订单号", 6..=32, b"_-|*")?;
    let time_expire = form.text("/time_expire", "支付结束时间", 64)?;
    let attach = form.text("/attach", "商户数据包", 128)?;
    form.required_text("/notify_url", "通知地址", 255)?;
    let notify_url = form.notify_url(255)?.unwrap_or_default();
    form.text("/goods_tag", "订单优惠标记", 32)?;
    form.flag("/support_fapiao", "电子发票入口开放标识")?;
    if !form.object("/amount", "订单金额")? {
        return Err(form.refuse("/amount", "订单金额", "此字段为必填项"));
    }
    let total = form.required_integer("/amount/total", "总金额", 1)?;
    form.word("/amount/currency", "货币类型", &["CNY"])?;
    if !form.object("/payer", "支付者")? {
        return Err(form.refuse("/payer", "支付者", "此字段为必填项"));
    }
    let openid = form.required_text("/payer/openid", "用户标识", 128)?;
    form.object("/detail", "优惠功能")?;
    form.integer("/detail/cost_price", "订单原价", 0)?;
    form.text("/detail/invoice_id", "商品小票ID", 32)?;
    form.list("/detail/goods_detail", "单品列表")?;
    let device_id = scene(form)?;
    form.object("/settle_info", "结算信息")?;
    form.flag("/settle_info/profit_sharing", "分账标识")?;
    form.list("/limit_pay", "指定支付方式")?;
    if mchid != server.keys.mchid {
        return Err(Refusal::new(400, "PARAM_ERROR", "http header中的mchid与post payload中的mchid不匹配"));
    }
    if appid != server.keys.appid {
        return Err(Refusal::new(400, "APPID_MCHID_NOT_MATCH", "appid和mchid不匹配，请检查后再试"));
    }
    let created = server.clock.now();
    let expires = match time_expire.map(str::parse::<Timestamp>) {
        None => created.after(DAY * 7),
        Some(Ok(at)) => at.max(created.after(Duration::from_secs(60))),
        Some(Err(_)) => return Err(form.refuse("/time_expire", "支付结束时间", "不符合RFC3339格式")),
    };
    let digits = created.wall().replace(['-', ' ', ':'], "");
    let random = wechat::crypto::nonce().to_lowercase();
    Ok(Terms {
        out_trade_no: out_trade_no.to_owned(),
        description: description.to_owned(),
        openid: openid.to_owned(),
        total: Money::from_fen(total),
        attach: attach.map(str::to_owned),
        device_id,
        notify_url: notify_url.to_owned(),
        created,
        expires,
        prepay_id: format!("wx{}{}", &digits[6..], &random[..26]),
        fingerprint: fingerprint(form),
        mode,
    })
}

fn scene(form: &Form) -> Result<Option<String>, Refusal> {
    if !form.object("/scene_info", "场景信息")? {
        return Ok(None);
    }
    form.required_text("/scene_info/payer_client_ip", "用户终端IP", 45)?;
    if form.object("/scene_info/store_info", "商户门店信息")? {
        form.required_text("/scene_info/store_info/id", "门店编号", 32)?;
        form.text("/scene_info/store_info/name", "门店名称", 256)?;
        form.text("/scene_info/store_info/area_code", "地区编码", 32)?;
        form.text("/scene_info/store_info/address", "详细地址", 512)?;
    }
    Ok(form.text("/scene_info/device_id", "商户端设备号", 32)?.map(str::to_owned))
}

/// Of all that was asked, except `time_expire`, of which only the first call counts.
fn fingerprint(form: &Form) -> String {
    let mut asked = form.value().clone();
    if let Value::Object(members) = &mut asked {
        members.remove("time_expire");
    }
    digest(&asked)
}

/// 32 hexadecimal digits that stand for this request.
pub(crate) fn digest(asked: &Value) -> String {
    let mut text = String::new();
    canonical(asked, &mut text);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    hex::encode(&digest.as_ref()[..16])
}

fn missing() -> Refusal {
    Refusal::new(404, "ORDER_NOT_EXIST", "订单不存在")
}

/// `GET /v3/pay/transactions/out-trade-no/{out_trade_no}`.
pub(crate) fn by_number(server: &Server, out_trade_no: &str) -> Result<Answer, Refusal> {
    let book = server.book();
    let order = book.order(out_trade_no).ok_or_else(missing)?;
    Ok(Answer::json(&said(server, view(&server.keys, &book, order, server.clock.now()))))
}

/// A payment as it is told: in another currency, if that is wanted.
pub(crate) fn said(server: &Server, mut view: Value) -> Value {
    if let Some(currency) = server.faults.said_currency() {
        view["amount"]["currency"] = json!(currency);
    }
    view
}

/// `GET /v3/pay/transactions/id/{transaction_id}`.
pub(crate) fn by_transaction(server: &Server, transaction_id: &str) -> Result<Answer, Refusal> {
    let book = server.book();
    let payment = book.payment(book.transaction(transaction_id).ok_or_else(missing)?);
    Ok(Answer::json(&said(server, paid(&server.keys, payment, is_refunded(&book, payment)))))
}

/// `POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close`.
pub(crate) fn close(server: &Server, out_trade_no: &str, body: &[u8]) -> Result<Answer, Refusal> {
    let form = Form::read(body)?;
    if form.required_text("/mchid", "商户号", 32)? != server.keys.mchid {
        return Err(Refusal::new(400, "PARAM_ERROR", "http header中的mchid与post payload中的mchid不匹配"));
    }
    let mut book = server.book_mut();
    let order = book.order(out_trade_no).ok_or_else(missing)?;
    if !order.payments.is_empty() {
        return Err(Refusal::new(400, "ORDER_PAID", "该订单已支付，不能关单"));
    }
    if !order.closed {
        book.record(Event::Closed { out_trade_no: out_trade_no.to_owned() })?;
    }
    Ok(Answer::no_content())
}

/// An order as the query shows it.
pub(crate) fn view(keys: &Keys, book: &Book, order: &Order, now: Timestamp) -> Value {
    if let Some(&first) = order.payments.first() {
        let payment = book.payment(first);
        return paid(keys, payment, is_refunded(book, payment));
    }
    let terms = &order.terms;
    let (state, words) =
        if order.is_closed(now) { ("CLOSED", "订单已关闭") } else { ("NOTPAY", "订单未支付") };
    let mut view = json!({
        "appid": keys.appid,
        "mchid": keys.mchid,
        "out_trade_no": terms.out_trade_no,
        "trade_state": state,
        "trade_state_desc": words,
        "amount": {"total": terms.total.fen(), "currency": "CNY"},
        "payer": {"openid": terms.openid},
    });
    if let Some(attach) = &terms.attach {
        view["attach"] = json!(attach);
    }
    view
}

fn is_refunded(book: &Book, payment: &Payment) -> bool {
    payment.refunds.iter().any(|&refund| book.refund(refund).status != crate::book::RefundStatus::Closed)
}

/// A payment as query and notification show it.
pub(crate) fn paid(keys: &Keys, payment: &Payment, refunded: bool) -> Value {
    let terms = &payment.terms;
    let (state, words) = if refunded { ("REFUND", "订单发生过退款") } else { ("SUCCESS", "支付成功") };
    let mut view = json!({
        "appid": keys.appid,
        "mchid": keys.mchid,
        "out_trade_no": terms.out_trade_no,
        "transaction_id": payment.transaction_id,
        "trade_type": "JSAPI",
        "trade_state": state,
        "trade_state_desc": words,
        "bank_type": "OTHERS",
        "success_time": payment.at,
        "payer": {"openid": terms.openid},
        "amount": {
            "total": payment.amount.fen(),
            "payer_total": minus(payment.amount, payment.coupon).fen(),
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    });
    if let Some(attach) = &terms.attach {
        view["attach"] = json!(attach);
    }
    if let Some(device_id) = &terms.device_id {
        view["scene_info"] = json!({"device_id": device_id});
    }
    if payment.coupon.is_positive() {
        let coupon = payment.coupon.fen();
        view["promotion_detail"] = json!([{
            "coupon_id": "109519", "name": "沙箱代金券", "scope": "GLOBAL", "type": "CASH", "stock_id": "931386",
            "amount": coupon, "wechatpay_contribute": coupon, "merchant_contribute": 0, "other_contribute": 0,
            "currency": "CNY",
        }]);
    }
    view
}

/// `POST /sandbox/pay`: which order, and how it differs from an honest payment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pay {
    pub(crate) out_trade_no: String,
    /// Pays this many fen instead of the order's total.
    #[serde(default)]
    pub(crate) amount: Option<i64>,
    /// A WeChat coupon pays this many fen of it.
    #[serde(default)]
    pub(crate) coupon: i64,
    /// Pays a paid order a second time, under a new transaction.
    #[serde(default)]
    pub(crate) again: bool,
    /// Pays a closed or expired order.
    #[serde(default)]
    pub(crate) force: bool,
}

/// The payer pays now; the merchant is told. Answers the transaction as the query by its number would.
pub(crate) fn pay(server: &Arc<Server>, pay: &Pay) -> Result<Value, Refusal> {
    let now = server.clock.now();
    let mut book = server.book_mut();
    let order = book.order(&pay.out_trade_no).ok_or_else(missing)?;
    if !order.payments.is_empty() && !pay.again {
        return Err(Refusal::new(409, "ORDER_PAID", "the order is paid; {\"again\": true} pays it a second time"));
    }
    if order.is_closed(now) && !pay.force {
        return Err(Refusal::new(
            409,
            "ORDER_CLOSED",
            "the order is closed or expired; {\"force\": true} pays it late",
        ));
    }
    let amount = pay.amount.unwrap_or(order.terms.total.fen());
    if !(1..=10_000_000_000).contains(&amount) {
        return Err(Refusal::invalid("amount is a number of fen between 1 and 10000000000"));
    }
    if !(0..=amount).contains(&pay.coupon) {
        return Err(Refusal::invalid("coupon is a number of fen between 0 and the amount"));
    }
    let amount = Money::from_fen(amount);
    let number = book.payments.len();
    let event = Event::Paid {
        out_trade_no: pay.out_trade_no.clone(),
        transaction_id: format!(
            "4200002601{}{:010}",
            domain::BusinessDate::of(now).to_string().replace('-', ""),
            number + 1
        ),
        at: now,
        amount,
        coupon: Money::from_fen(pay.coupon),
        rate: server.fee_rate.to_string(),
        fee: server.fee_rate.of(amount).unwrap_or_default(),
    };
    book.record(event)?;
    let view = paid(&server.keys, &book.payments[number], false);
    drop(book);
    callback::announce(server, Notice::Payment(u32::try_from(number).unwrap_or(u32::MAX)));
    Ok(view)
}
