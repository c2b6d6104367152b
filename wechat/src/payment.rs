//! Orders: prepay, the parameters of `wx.requestPayment`, query, close.
//!
//! Only a verified notification or a query proves a payment; what the mini-program says does not. The number of a closed
//! order is used up. Refused: an answer about another order, merchant or mini-program than asked about.

use domain::{Money, Timestamp};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::{Client, segment};
use crate::crypto;
use crate::error::WechatError;
use crate::login::OpenId;
use crate::wire::{self, words};

/// What the payer is asked to pay. The same number with the same content is the same order.
#[derive(Clone, Debug)]
pub struct Order {
    /// Our number: 6 to 32 letters, digits, `_`, `-`, `|`, `*`.
    pub out_trade_no: String,
    /// What the payer reads, at most 127 characters.
    pub description: String,
    /// At least one fen.
    pub amount: Money,
    /// Who pays.
    pub openid: OpenId,
    /// Until when it can be paid. Only the first call for an order counts.
    pub expires: Timestamp,
    /// Comes back in queries, notifications and bills; at most 128 characters.
    pub attach: Option<String>,
}

/// What `wx.requestPayment` takes, under the names it takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestPayment {
    /// Seconds, as text.
    pub time_stamp: String,
    /// Random.
    pub nonce_str: String,
    /// `prepay_id=` and the id.
    pub package: String,
    /// Always `RSA`.
    pub sign_type: String,
    /// The merchant's signature.
    pub pay_sign: String,
}

words! {
    /// The state of an order.
    TradeState {
        /// Paid.
        Success = "SUCCESS",
        /// Paid, and a refund of it was accepted, be it of a part.
        Refund = "REFUND",
        /// Not paid.
        NotPay = "NOTPAY",
        /// Closed; it will not be paid.
        Closed = "CLOSED",
        /// Taken back; scanned codes only.
        Revoked = "REVOKED",
        /// The payer is at it; scanned codes only.
        UserPaying = "USERPAYING",
        /// Failed; scanned codes only.
        PayError = "PAYERROR",
        /// Accepted, waiting to be charged.
        Accept = "ACCEPT",
    }
}

words! {
    /// Where an order is paid.
    TradeType {
        /// In WeChat: official accounts and mini-programs.
        Jsapi = "JSAPI",
        /// By a code the payer scans.
        Native = "NATIVE",
        /// In another app.
        App = "APP",
        /// By a code of the payer's that is scanned.
        Micropay = "MICROPAY",
        /// In a browser of a phone.
        Mweb = "MWEB",
        /// By face.
        Facepay = "FACEPAY",
    }
}

/// An order as WeChat knows it. Queries and notifications have the same members.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Transaction {
    /// The mini-program.
    pub appid: String,
    /// The merchant.
    pub mchid: String,
    /// Our number.
    pub out_trade_no: String,
    /// WeChat's number, once paid.
    #[serde(default, deserialize_with = "wire::text_if_any")]
    pub transaction_id: Option<String>,
    /// Where it was paid, once paid.
    #[serde(default, deserialize_with = "wire::word_if_any")]
    pub trade_type: Option<TradeType>,
    /// The state.
    pub trade_state: TradeState,
    /// The state in Chinese.
    #[serde(default, deserialize_with = "wire::text_if_any")]
    pub trade_state_desc: Option<String>,
    /// The payer's bank, `OTHERS` for the WeChat balance.
    #[serde(default, deserialize_with = "wire::text_if_any")]
    pub bank_type: Option<String>,
    /// What we attached to the order.
    #[serde(default, deserialize_with = "wire::text_if_any")]
    pub attach: Option<String>,
    /// When it was paid.
    #[serde(default, deserialize_with = "wire::instant_if_any")]
    pub success_time: Option<Timestamp>,
    /// Who paid.
    #[serde(default)]
    pub payer: Option<Payer>,
    /// How much.
    #[serde(default)]
    pub amount: Option<TransactionAmount>,
    /// Where.
    #[serde(default)]
    pub scene_info: Option<SceneInfo>,
    /// Coupons that paid a part.
    #[serde(default, deserialize_with = "wire::list")]
    pub promotion_detail: Vec<Promotion>,
}

impl Transaction {
    /// The order's amount: what is booked, even if a coupon of WeChat's paid a part of it.
    pub fn total(&self) -> Option<Money> {
        self.amount.as_ref().map(|amount| amount.total)
    }

    /// Whether the order was paid at some time, be it refunded since.
    pub fn is_paid(&self) -> bool {
        matches!(self.trade_state, TradeState::Success | TradeState::Refund)
    }
}

/// Who paid.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Payer {
    /// The user at this mini-program.
    #[serde(default)]
    pub openid: Option<OpenId>,
}

/// The amounts of an order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TransactionAmount {
    /// The order's amount.
    #[serde(deserialize_with = "wire::fen")]
    pub total: Money,
    /// What the payer paid of it; coupons paid the rest.
    #[serde(default, deserialize_with = "wire::fen_if_any")]
    pub payer_total: Option<Money>,
    /// The order's currency.
    #[serde(default)]
    pub currency: Option<String>,
    /// The payer's currency.
    #[serde(default)]
    pub payer_currency: Option<String>,
}

/// Where an order was paid.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SceneInfo {
    /// The device.
    #[serde(default)]
    pub device_id: Option<String>,
}

/// A coupon that paid a part of an order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Promotion {
    /// Its number.
    pub coupon_id: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// `GLOBAL` or `SINGLE`.
    #[serde(default)]
    pub scope: Option<String>,
    /// `CASH` or `NOCASH`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// How much it paid.
    #[serde(deserialize_with = "wire::fen")]
    pub amount: Money,
    /// The batch it is of.
    #[serde(default)]
    pub stock_id: Option<String>,
    /// What WeChat pays of it.
    #[serde(default, deserialize_with = "wire::fen_if_any")]
    pub wechatpay_contribute: Option<Money>,
    /// What the merchant pays of it.
    #[serde(default, deserialize_with = "wire::fen_if_any")]
    pub merchant_contribute: Option<Money>,
    /// What others pay of it.
    #[serde(default, deserialize_with = "wire::fen_if_any")]
    pub other_contribute: Option<Money>,
    /// Its currency.
    #[serde(default)]
    pub currency: Option<String>,
}

#[derive(Deserialize)]
struct Prepared {
    prepay_id: String,
}

impl Client {
    /// Places an order; answers its `prepay_id`, good for two hours. Again with the same content it answers one again.
    pub async fn prepay(&self, order: &Order) -> Result<String, WechatError> {
        self.check_order(order)?;
        let mut body = json!({
            "appid": self.0.appid,
            "mchid": self.0.mchid,
            "description": order.description,
            "out_trade_no": order.out_trade_no,
            "time_expire": order.expires,
            "notify_url": self.0.payment_notify_url,
            "amount": { "total": order.amount.fen(), "currency": "CNY" },
            "payer": { "openid": order.openid },
        });
        if let Some(attach) = &order.attach {
            body["attach"] = attach.as_str().into();
        }
        let body = body.to_string().into_bytes();
        let prepared: Prepared = self.call(Method::POST, "/v3/pay/transactions/jsapi", Some(body)).await?;
        Ok(prepared.prepay_id)
    }

    /// What the mini-program hands to `wx.requestPayment`. Signed anew each time, good for as long as the `prepay_id`.
    pub fn request_payment(&self, prepay_id: &str) -> RequestPayment {
        let timestamp = self.now().seconds();
        let nonce_str = crypto::nonce();
        let package = format!("prepay_id={prepay_id}");
        let pay_sign = self.sign(&crypto::pay_message(&self.0.appid, timestamp, &nonce_str, &package));
        RequestPayment { time_stamp: timestamp.to_string(), nonce_str, package, sign_type: "RSA".to_owned(), pay_sign }
    }

    /// The order of our number, in any state.
    pub async fn query_by_out_trade_no(&self, out_trade_no: &str) -> Result<Transaction, WechatError> {
        let number = segment(out_trade_no)?;
        let path = format!("/v3/pay/transactions/out-trade-no/{number}?mchid={}", self.0.mchid);
        let transaction = self.query(&path).await?;
        if transaction.out_trade_no == out_trade_no {
            Ok(transaction)
        } else {
            Err(WechatError::Unexpected("another order than the one asked about"))
        }
    }

    /// The paid order of WeChat's number.
    pub async fn query_by_transaction_id(&self, transaction_id: &str) -> Result<Transaction, WechatError> {
        let number = segment(transaction_id)?;
        let transaction = self.query(&format!("/v3/pay/transactions/id/{number}?mchid={}", self.0.mchid)).await?;
        if transaction.transaction_id.as_deref() == Some(transaction_id) {
            Ok(transaction)
        } else {
            Err(WechatError::Unexpected("another order than the one asked about"))
        }
    }

    async fn query(&self, path: &str) -> Result<Transaction, WechatError> {
        let transaction: Transaction = self.call(Method::GET, path, None).await?;
        if transaction.mchid != self.0.mchid || transaction.appid != self.0.appid {
            return Err(WechatError::Unexpected("an order of another merchant or mini-program"));
        }
        Ok(transaction)
    }

    /// Closes an unpaid order; again is fine. Whatever the failure, ask for the order next: it may have been paid.
    pub async fn close(&self, out_trade_no: &str) -> Result<(), WechatError> {
        let path = format!("/v3/pay/transactions/out-trade-no/{}/close", segment(out_trade_no)?);
        let body = json!({ "mchid": self.0.mchid }).to_string().into_bytes();
        self.call_raw(Method::POST, &path, Some(body)).await?;
        Ok(())
    }

    fn check_order(&self, order: &Order) -> Result<(), WechatError> {
        if !order.amount.is_positive() {
            return Err(WechatError::Invalid("an order is of at least one fen"));
        }
        if !(6..=32).contains(&order.out_trade_no.len()) || order.out_trade_no.contains('@') {
            return Err(WechatError::Invalid("an order number has 6 to 32 letters, digits, _, -, | and *"));
        }
        segment(&order.out_trade_no).map(|_| ())
    }
}
