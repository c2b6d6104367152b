//! Refunds. An accepted refund is not a paid one: its notification or a query says when it is.
//!
//! The same refund number is the same refund for ever, so a refund whose outcome is unknown is sent again as it was. Refused:
//! an answer about another refund, or another amount.

use domain::{Money, Timestamp};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use crate::client::{Client, segment};
use crate::error::WechatError;
use crate::wire::{self, words};

/// The order that is refunded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderReference {
    /// By WeChat's number.
    TransactionId(String),
    /// By ours.
    OutTradeNo(String),
}

/// A refund to be sent.
#[derive(Clone, Debug)]
pub struct RefundRequest {
    /// The order.
    pub order: OrderReference,
    /// Our number: at most 64 letters, digits, `_`, `-`, `|`, `*`, `@`.
    pub out_refund_no: String,
    /// What the payer reads, at most 80 characters.
    pub reason: Option<String>,
    /// How much goes back.
    pub refund: Money,
    /// The order's amount.
    pub total: Money,
}

words! {
    /// The state of a refund.
    RefundStatus {
        /// The money is with the payer.
        Success = "SUCCESS",
        /// It will not be paid, for instance because the balance did not suffice for seven days.
        Closed = "CLOSED",
        /// On its way.
        Processing = "PROCESSING",
        /// The payer's card or account cannot take it; a person has to act in the merchant platform.
        Abnormal = "ABNORMAL",
    }
}

/// A refund as WeChat knows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Refund {
    /// WeChat's number.
    pub refund_id: String,
    /// Our number.
    pub out_refund_no: String,
    /// WeChat's number of the order.
    pub transaction_id: String,
    /// Our number of the order.
    pub out_trade_no: String,
    /// `ORIGINAL`, `BALANCE`, …
    #[serde(default, deserialize_with = "wire::text_if_any")]
    pub channel: Option<String>,
    /// Where the payer finds it.
    #[serde(default, deserialize_with = "wire::text_if_any")]
    pub user_received_account: Option<String>,
    /// When the money was with the payer.
    #[serde(default, deserialize_with = "wire::instant_if_any")]
    pub success_time: Option<Timestamp>,
    /// When WeChat accepted it.
    #[serde(default, deserialize_with = "wire::instant_if_any")]
    pub create_time: Option<Timestamp>,
    /// The state.
    pub status: RefundStatus,
    /// The account it comes from.
    #[serde(default, deserialize_with = "wire::text_if_any")]
    pub funds_account: Option<String>,
    /// The amounts.
    pub amount: RefundAmount,
}

/// The amounts of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RefundAmount {
    /// The order's amount.
    #[serde(deserialize_with = "wire::fen")]
    pub total: Money,
    /// What goes back.
    #[serde(deserialize_with = "wire::fen")]
    pub refund: Money,
    /// What the payer paid.
    #[serde(default, deserialize_with = "wire::fen_if_any")]
    pub payer_total: Option<Money>,
    /// What goes back to the payer.
    #[serde(default, deserialize_with = "wire::fen_if_any")]
    pub payer_refund: Option<Money>,
    /// The refund less coupons that are not settled.
    #[serde(default, deserialize_with = "wire::fen_if_any")]
    pub settlement_refund: Option<Money>,
    /// The order less coupons that are not settled.
    #[serde(default, deserialize_with = "wire::fen_if_any")]
    pub settlement_total: Option<Money>,
    /// What goes back to coupons.
    #[serde(default, deserialize_with = "wire::fen_if_any")]
    pub discount_refund: Option<Money>,
    /// The fee that comes back.
    #[serde(default, deserialize_with = "wire::fen_if_any")]
    pub refund_fee: Option<Money>,
    /// The currency.
    #[serde(default)]
    pub currency: Option<String>,
    /// The accounts it comes from.
    #[serde(default, deserialize_with = "wire::list")]
    pub from: Vec<RefundSource>,
}

impl RefundAmount {
    /// Whether the amounts are in fen.
    pub fn in_yuan(&self) -> bool {
        wire::in_yuan(self.currency.as_deref())
    }
}

/// An account a refund comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RefundSource {
    /// `AVAILABLE` or `UNAVAILABLE`.
    pub account: String,
    /// How much.
    #[serde(deserialize_with = "wire::fen")]
    pub amount: Money,
}

impl Client {
    /// Sends a refund. An answer means it was accepted. Whatever is unknown: send it again as it was.
    pub async fn refund(&self, request: &RefundRequest) -> Result<Refund, WechatError> {
        segment(&request.out_refund_no)?;
        if !request.refund.is_positive() || request.refund > request.total {
            return Err(WechatError::Invalid("a refund is of at least one fen and at most the order"));
        }
        let mut body = json!({
            "out_refund_no": request.out_refund_no,
            "notify_url": self.0.refund_notify_url,
            "amount": { "refund": request.refund.fen(), "total": request.total.fen(), "currency": "CNY" },
        });
        match &request.order {
            OrderReference::TransactionId(id) => body["transaction_id"] = id.as_str().into(),
            OrderReference::OutTradeNo(number) => body["out_trade_no"] = number.as_str().into(),
        }
        if let Some(reason) = &request.reason {
            body["reason"] = reason.as_str().into();
        }
        let body = body.to_string().into_bytes();
        let refund: Refund = self.call(Method::POST, "/v3/refund/domestic/refunds", Some(body)).await?;
        let same_order = match &request.order {
            OrderReference::TransactionId(id) => refund.transaction_id == *id,
            OrderReference::OutTradeNo(number) => refund.out_trade_no == *number,
        };
        if !same_order || refund.out_refund_no != request.out_refund_no {
            return Err(WechatError::Unexpected("another refund than the one sent"));
        }
        if refund.amount.refund != request.refund || refund.amount.total != request.total {
            return Err(WechatError::Unexpected("the refund has another amount than the one sent"));
        }
        Ok(refund)
    }

    /// The refund of our number.
    pub async fn query_refund(&self, out_refund_no: &str) -> Result<Refund, WechatError> {
        let path = format!("/v3/refund/domestic/refunds/{}", segment(out_refund_no)?);
        let refund: Refund = self.call(Method::GET, &path, None).await?;
        if refund.out_refund_no == out_refund_no {
            Ok(refund)
        } else {
            Err(WechatError::Unexpected("another refund than the one asked about"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::testing::{self, Reply, TestServer};

    fn request() -> RefundRequest {
        RefundRequest {
            order: OrderReference::TransactionId("4200002601202601150000000002".to_owned()),
            out_refund_no: "R20260115182008000001".to_owned(),
            reason: Some("项目取消".to_owned()),
            refund: Money::from_fen(2000),
            total: Money::from_fen(5000),
        }
    }

    fn accepted() -> Value {
        json!({
            "refund_id": "50300006012026011500000000001", "out_refund_no": "R20260115182008000001",
            "transaction_id": "4200002601202601150000000002", "out_trade_no": "D20260115153512000002", "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱", "create_time": "2026-01-15T18:20:09+08:00", "status": "PROCESSING",
            "funds_account": "AVAILABLE", "promotion_detail": [],
            "amount": {
                "total": 5000, "refund": 2000, "payer_total": 5000, "payer_refund": 2000, "settlement_refund": 2000,
                "settlement_total": 5000, "discount_refund": 0, "currency": "CNY", "refund_fee": 0, "from": [],
            },
        })
    }

    #[tokio::test]
    async fn a_refund_travels_and_its_answer_is_read() {
        let server = TestServer::start(|_, _| Reply::signed(200, accepted().to_string())).await;
        let client = testing::client(&server.url);
        let refund = client.refund(&request()).await.unwrap();
        assert_eq!(
            (refund.status, refund.amount.refund, refund.success_time),
            (RefundStatus::Processing, Money::from_fen(2000), None)
        );
        let by_number = RefundRequest {
            order: OrderReference::OutTradeNo("D20260115153512000002".to_owned()),
            reason: None,
            ..request()
        };
        client.refund(&by_number).await.unwrap();
        client.query_refund("R20260115182008000001").await.unwrap();
        let seen = server.seen();
        seen.iter().for_each(testing::Seen::assert_signed);
        let amount = json!({ "refund": 2000, "total": 5000, "currency": "CNY" });
        let notify_url = "https://pay.example.org/wechat/notify/refund";
        assert_eq!(
            seen[0].json(),
            json!({
                "transaction_id": "4200002601202601150000000002", "out_refund_no": "R20260115182008000001",
                "reason": "项目取消", "notify_url": notify_url, "amount": amount,
            })
        );
        assert_eq!(
            seen[1].json(),
            json!({
                "out_trade_no": "D20260115153512000002", "out_refund_no": "R20260115182008000001",
                "notify_url": notify_url, "amount": amount,
            })
        );
        assert_eq!(seen[2].path_and_query, "/v3/refund/domestic/refunds/R20260115182008000001");
    }

    #[tokio::test]
    async fn another_refund_or_amount_than_sent_is_refused_and_may_have_happened() {
        for (pointer, value) in [
            ("/out_refund_no", json!("R2")),
            ("/transaction_id", json!("42")),
            ("/amount/refund", json!(2001)),
            ("/amount/total", json!(5001)),
        ] {
            let mut body = accepted();
            *body.pointer_mut(pointer).unwrap() = value;
            let server = TestServer::start(move |_, _| Reply::signed(200, body.to_string())).await;
            let error = testing::client(&server.url).refund(&request()).await.unwrap_err();
            assert!(matches!(error, WechatError::Unexpected(_)) && error.outcome_unknown(), "{pointer}: {error:?}");
        }
    }

    #[tokio::test]
    async fn a_refund_that_cannot_be_one_does_not_travel() {
        let client = testing::client(&testing::nobody());
        for bad in [
            RefundRequest { refund: Money::ZERO, ..request() },
            RefundRequest { refund: Money::from_fen(5001), ..request() },
            RefundRequest { out_refund_no: String::new(), ..request() },
        ] {
            assert!(matches!(client.refund(&bad).await, Err(WechatError::Invalid(_))), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn a_balance_that_does_not_suffice_is_told() {
        let server = TestServer::start(|_, _| Reply::plain(403, r#"{"code":"NOT_ENOUGH","message":"余额不足"}"#)).await;
        let error = testing::client(&server.url).refund(&request()).await.unwrap_err();
        assert!(matches!(error, WechatError::NotEnough(_)) && !error.outcome_unknown(), "{error:?}");
    }
}
