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
    /// The order's amount: what is booked, even if a coupon of WeChat's paid a part of it. None in another currency: we order in yuan.
    pub fn total(&self) -> Option<Money> {
        let amount = self.amount.as_ref().filter(|amount| wire::in_yuan(amount.currency.as_deref()));
        amount.map(|amount| amount.total)
    }

    /// How much was paid in another currency, in its smallest unit, and which: what cannot be booked in yuan.
    pub fn foreign(&self) -> Option<(i64, &str)> {
        let amount = self.amount.as_ref()?;
        let currency = amount.currency.as_deref().filter(|word| !wire::in_yuan(Some(word)))?;
        Some((amount.total.fen(), currency))
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::testing::{self, KEY, Reply, TestServer};

    const NUMBER: &str = "D20260115090036000001";

    fn order() -> Order {
        Order {
            out_trade_no: NUMBER.to_owned(),
            description: "爱心捐款".to_owned(),
            amount: "100.00".parse().unwrap(),
            openid: OpenId::from("oSample000000000000000000001"),
            expires: "2026-01-15T09:30:36+08:00".parse().unwrap(),
            attach: Some("p=3".to_owned()),
        }
    }

    #[tokio::test]
    async fn an_order_travels_as_wechat_wants_it() {
        let server =
            TestServer::start(|_, _| Reply::signed(200, r#"{"prepay_id":"wx15090036123456789abcdef0123456789"}"#))
                .await;
        let client = testing::client(&server.url);
        assert_eq!(client.prepay(&order()).await.unwrap(), "wx15090036123456789abcdef0123456789");
        let seen = &server.seen()[0];
        seen.assert_signed();
        assert_eq!((seen.method.as_str(), seen.path_and_query.as_str()), ("POST", "/v3/pay/transactions/jsapi"));
        assert_eq!(
            seen.json(),
            json!({
                "appid": "wx0123456789abcdef", "mchid": "1900000001", "description": "爱心捐款", "out_trade_no": NUMBER,
                "time_expire": "2026-01-15T09:30:36+08:00", "attach": "p=3",
                "notify_url": "https://pay.example.org/wechat/notify/payment",
                "amount": { "total": 10000, "currency": "CNY" }, "payer": { "openid": "oSample000000000000000000001" },
            })
        );
        client.prepay(&Order { attach: None, ..order() }).await.unwrap();
        assert_eq!(server.seen()[1].json().get("attach"), None);
    }

    #[tokio::test]
    async fn an_order_that_cannot_be_one_does_not_travel() {
        let client = testing::client(&testing::nobody());
        for bad in [
            Order { amount: Money::ZERO, ..order() },
            Order { amount: Money::from_fen(-1), ..order() },
            Order { out_trade_no: "short".to_owned(), ..order() },
            Order { out_trade_no: "a".repeat(33), ..order() },
            Order { out_trade_no: "D2026/0115".to_owned(), ..order() },
        ] {
            assert!(matches!(client.prepay(&bad).await, Err(WechatError::Invalid(_))), "{bad:?}");
        }
    }

    #[test]
    fn the_mini_program_gets_what_it_passes_on() {
        let client = testing::client("http://127.0.0.1:1");
        let payment = client.request_payment("wx201410272009395522657a690389285100");
        let json: Value = serde_json::to_value(&payment).unwrap();
        let mut names: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        names.sort();
        assert_eq!(names, ["nonceStr", "package", "paySign", "signType", "timeStamp"]);
        assert_eq!(
            (&json["package"], &json["signType"]),
            (&json!("prepay_id=wx201410272009395522657a690389285100"), &json!("RSA"))
        );
        let seconds = payment.time_stamp.parse().unwrap();
        let message = crypto::pay_message("wx0123456789abcdef", seconds, &payment.nonce_str, &payment.package);
        assert_eq!(crypto::PrivateKey::from_pem(KEY).unwrap().sign(&message), payment.pay_sign);
    }

    #[tokio::test]
    async fn an_unpaid_order_and_unknown_states_are_read() {
        for (state, known) in [
            ("NOTPAY", TradeState::NotPay),
            ("CLOSED", TradeState::Closed),
            ("REFUND", TradeState::Refund),
            ("SOMETHING_NEW", TradeState::Other("SOMETHING_NEW".to_owned())),
        ] {
            let body = json!({
                "appid": "wx0123456789abcdef", "mchid": "1900000001", "out_trade_no": NUMBER, "trade_state": state,
                "trade_state_desc": "订单", "amount": { "total": 10000, "currency": "CNY" }, "success_time": "",
                "promotion_detail": null,
            });
            let server = TestServer::start(move |_, _| Reply::signed(200, body.to_string())).await;
            let transaction = testing::client(&server.url).query_by_out_trade_no(NUMBER).await.unwrap();
            assert_eq!((transaction.trade_state.as_str(), &transaction.trade_state), (state, &known));
            assert_eq!((transaction.transaction_id.as_ref(), transaction.success_time), (None, None));
            assert_eq!(transaction.is_paid(), state == "REFUND");
        }
    }

    #[tokio::test]
    async fn an_answer_about_something_else_is_refused() {
        let good = json!({
            "appid": "wx0123456789abcdef", "mchid": "1900000001", "out_trade_no": NUMBER, "trade_state": "SUCCESS",
            "transaction_id": "4200002601202601150000000001",
        });
        for (member, value) in [("appid", "wx1"), ("mchid", "1"), ("out_trade_no", "D2"), ("transaction_id", "42")] {
            let mut body = good.clone();
            body[member] = value.into();
            let server = TestServer::start(move |_, _| Reply::signed(200, body.to_string())).await;
            let client = testing::client(&server.url);
            let outcome = if member == "transaction_id" {
                client.query_by_transaction_id("4200002601202601150000000001").await
            } else {
                client.query_by_out_trade_no(NUMBER).await
            };
            assert!(matches!(outcome, Err(WechatError::Unexpected(_))), "{member}: {outcome:?}");
        }
        let server = TestServer::start(move |_, _| Reply::signed(200, good.to_string())).await;
        let client = testing::client(&server.url);
        assert!(client.query_by_transaction_id("4200002601202601150000000001").await.is_ok());
        assert_eq!(
            server.seen()[0].path_and_query,
            "/v3/pay/transactions/id/4200002601202601150000000001?mchid=1900000001"
        );
    }
}
