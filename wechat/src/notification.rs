//! What WeChat tells us by itself: payments and refunds.
//!
//! In this order: the signature over the raw bytes, within five minutes, by a known key; then the box is opened; then the
//! content is read; then it must be ours. Whatever fails: answer 4xx or 5xx and do nothing, and WeChat repeats it, freshly
//! signed. The same notification comes more than once and out of order; applying it once is the caller's business, and so
//! is comparing order and amount with our own.
//!
//! [`NotificationError::UnknownSerial`] is the one failure with something to do: [`Client::learn`] the key, answer 5xx, and
//! the repetition verifies. A probe (`WECHATPAY/SIGNTEST/…`) is an ordinary wrong signature.

use std::fmt;

use domain::{Money, Timestamp};
use serde::Deserialize;

use crate::client::Client;
use crate::crypto::OpenError;
use crate::error::{SignatureError, Unreadable};
use crate::payment::Transaction;
use crate::refund::RefundStatus;
use crate::wire;

/// The headers a signature is made of, as far as they are there.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotificationHeaders<'a> {
    /// `Wechatpay-Timestamp`
    pub timestamp: Option<&'a str>,
    /// `Wechatpay-Nonce`
    pub nonce: Option<&'a str>,
    /// `Wechatpay-Signature`
    pub signature: Option<&'a str>,
    /// `Wechatpay-Serial`
    pub serial: Option<&'a str>,
}

/// Why a notification is not believed. Answer 4xx or 5xx; nothing is to be done about the order.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// Signed by a key we do not know: ask WeChat for its certificates, and answer so that it comes again.
    #[error("the notification is signed by the unknown key {0}")]
    UnknownSerial(String),
    /// The signature is missing, old or wrong.
    #[error("the notification is not signed as it should be")]
    BadSignature(#[source] SignatureError),
    /// Signed well, but nothing that can be read.
    #[error("the notification cannot be read")]
    Unreadable(#[source] Unreadable),
    /// The box does not open: most likely our APIv3 key was changed.
    #[error("the content of the notification cannot be opened")]
    Sealed(#[source] OpenError),
    /// About something else than this address is for.
    #[error("the notification is about {0}, which this address is not for")]
    WrongKind(String),
    /// Of another merchant or mini-program.
    #[error("the notification is for another merchant or mini-program")]
    NotOurs,
}

/// A verified notification of whatever kind, its content opened.
#[derive(Clone)]
pub struct Notification {
    /// The same in every repetition.
    pub id: String,
    /// When the first was made.
    pub create_time: Option<Timestamp>,
    /// `TRANSACTION.SUCCESS`, `REFUND.CLOSED`, …
    pub event_type: String,
    /// What the content is: `transaction`, `refund`, …
    pub original_type: Option<String>,
    /// The content, JSON.
    pub content: Vec<u8>,
}

impl fmt::Debug for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notification")
            .field("id", &self.id)
            .field("event_type", &self.event_type)
            .finish_non_exhaustive()
    }
}

/// A payment, told by WeChat.
#[derive(Clone, Debug)]
pub struct PaymentNotification {
    /// The same in every repetition.
    pub id: String,
    /// The order, as a query would answer it.
    pub transaction: Transaction,
}

/// A refund that came to an end, told by WeChat: `refund_status` where a query has `status`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RefundNotification {
    /// The same in every repetition.
    #[serde(skip)]
    pub id: String,
    /// The merchant.
    pub mchid: String,
    /// WeChat's number of the order.
    pub transaction_id: String,
    /// Our number of the order.
    pub out_trade_no: String,
    /// WeChat's number.
    pub refund_id: String,
    /// Our number.
    pub out_refund_no: String,
    /// How it ended.
    pub refund_status: RefundStatus,
    /// When the money was with the payer.
    #[serde(default, deserialize_with = "wire::instant_if_any")]
    pub success_time: Option<Timestamp>,
    /// Where the payer finds it.
    #[serde(default, deserialize_with = "wire::text_if_any")]
    pub user_received_account: Option<String>,
    /// The amounts.
    pub amount: NotifiedRefundAmount,
}

/// The amounts of a refund as a notification tells them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct NotifiedRefundAmount {
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
    /// The currency, where it is told.
    #[serde(default)]
    pub currency: Option<String>,
}

impl NotifiedRefundAmount {
    /// Whether the amounts are in fen.
    pub fn in_yuan(&self) -> bool {
        wire::in_yuan(self.currency.as_deref())
    }
}

#[derive(Deserialize)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "wire::instant_if_any")]
    pub(crate) create_time: Option<Timestamp>,
    pub(crate) event_type: String,
    pub(crate) resource: Resource,
}

#[derive(Deserialize)]
pub(crate) struct Resource {
    #[serde(default, deserialize_with = "wire::text_if_any")]
    pub(crate) original_type: Option<String>,
    pub(crate) ciphertext: String,
    #[serde(default)]
    pub(crate) associated_data: Option<String>,
    pub(crate) nonce: String,
}

impl Client {
    /// Verifies a notification of any kind and opens its content. `body` is what came, byte for byte.
    pub fn notification(
        &self,
        headers: NotificationHeaders<'_>,
        body: &[u8],
    ) -> Result<Notification, NotificationError> {
        let envelope = self.verified_envelope(headers, body)?;
        let resource = envelope.resource;
        let associated_data = resource.associated_data.as_deref().unwrap_or_default();
        let content = self
            .0
            .apiv3_key
            .open(&resource.nonce, associated_data, &resource.ciphertext)
            .map_err(NotificationError::Sealed)?;
        Ok(Notification {
            id: envelope.id,
            create_time: envelope.create_time,
            event_type: envelope.event_type,
            original_type: resource.original_type,
            content,
        })
    }

    /// A notification of a payment, verified and ours.
    pub fn payment_notification(
        &self,
        headers: NotificationHeaders<'_>,
        body: &[u8],
    ) -> Result<PaymentNotification, NotificationError> {
        let notification = self.notification(headers, body)?;
        if !notification.event_type.starts_with("TRANSACTION.") {
            return Err(NotificationError::WrongKind(notification.event_type));
        }
        let transaction: Transaction =
            serde_json::from_slice(&notification.content).map_err(|e| NotificationError::Unreadable(e.into()))?;
        if transaction.mchid != self.0.mchid || transaction.appid != self.0.appid {
            return Err(NotificationError::NotOurs);
        }
        Ok(PaymentNotification { id: notification.id, transaction })
    }

    /// A notification of a refund, verified and ours.
    pub fn refund_notification(
        &self,
        headers: NotificationHeaders<'_>,
        body: &[u8],
    ) -> Result<RefundNotification, NotificationError> {
        let notification = self.notification(headers, body)?;
        if !notification.event_type.starts_with("REFUND.") {
            return Err(NotificationError::WrongKind(notification.event_type));
        }
        let refund: RefundNotification =
            serde_json::from_slice(&notification.content).map_err(|e| NotificationError::Unreadable(e.into()))?;
        if refund.mchid != self.0.mchid {
            return Err(NotificationError::NotOurs);
        }
        Ok(RefundNotification { id: notification.id, ..refund })
    }

    pub(crate) fn verified_envelope(
        &self,
        headers: NotificationHeaders<'_>,
        body: &[u8],
    ) -> Result<Envelope, NotificationError> {
        self.0.keyring.verify(headers, body, self.now()).map_err(|error| match error {
            SignatureError::UnknownSerial(serial) => NotificationError::UnknownSerial(serial),
            other => NotificationError::BadSignature(other),
        })?;
        serde_json::from_slice(body).map_err(|e| NotificationError::Unreadable(e.into()))
    }
}

#[cfg(test)]
mod tests {
    use domain::Clock;
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{self, KEY, PUBLIC_KEY_ID, Reply, notification};
    use crate::{TradeState, TradeType};

    fn paid() -> Value {
        json!({
            "appid": "wx0123456789abcdef", "mchid": "1900000001", "out_trade_no": "D20260115090036000001",
            "transaction_id": "4200002601202601150000000001", "trade_type": "JSAPI", "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功", "bank_type": "OTHERS", "attach": "", "success_time": "2026-01-15T09:00:42+08:00",
            "payer": { "openid": "oSample000000000000000000001" },
            "amount": { "total": 10000, "payer_total": 9000, "currency": "CNY", "payer_currency": "CNY" },
            "promotion_detail": [{ "coupon_id": "109519", "type": "NOCASH", "amount": 1000, "wechatpay_contribute": 1000 }],
        })
    }

    fn refunded() -> Value {
        json!({
            "mchid": "1900000001", "transaction_id": "4200002601202601150000000002", "out_trade_no": "D20260115153512000002",
            "refund_id": "50300006012026011500000000001", "out_refund_no": "R20260115182008000001", "refund_status": "SUCCESS",
            "success_time": "2026-01-15T18:20:30+08:00", "user_received_account": "支付用户零钱",
            "amount": { "total": 5000, "refund": 2000, "payer_total": 5000, "payer_refund": 2000 },
        })
    }

    fn client() -> Client {
        testing::client("http://127.0.0.1:1")
    }

    #[test]
    fn a_payment_is_read() {
        let sent = Reply::signed(200, notification("TRANSACTION.SUCCESS", "transaction", &paid()));
        let told = client().payment_notification(sent.signature(), &sent.body).unwrap();
        assert_eq!(told.id, "EV-2026011509004200000001");
        let transaction = told.transaction;
        assert_eq!(transaction.total(), Some(Money::from_fen(10_000)), "coupons do not make the gift smaller");
        assert_eq!(
            (transaction.trade_state.clone(), transaction.trade_type.clone()),
            (TradeState::Success, Some(TradeType::Jsapi))
        );
        assert_eq!(transaction.attach, None, "empty is none");
        assert_eq!(transaction.success_time.unwrap().to_string(), "2026-01-15T09:00:42+08:00");
        assert_eq!(transaction.promotion_detail[0].wechatpay_contribute, Some(Money::from_fen(1000)));
        assert!(!format!("{transaction:?}").contains("oSample"), "people are not printed");
    }

    #[test]
    fn a_refund_is_read() {
        for (event, status, known) in [
            ("REFUND.SUCCESS", "SUCCESS", RefundStatus::Success),
            ("REFUND.ABNORMAL", "ABNORMAL", RefundStatus::Abnormal),
            ("REFUND.CLOSED", "CLOSED", RefundStatus::Closed),
            ("REFUND.SOMETHING", "SOMETHING", RefundStatus::Other("SOMETHING".to_owned())),
        ] {
            let mut content = refunded();
            content["refund_status"] = status.into();
            let sent = Reply::signed(200, notification(event, "refund", &content));
            let told = client().refund_notification(sent.signature(), &sent.body).unwrap();
            assert_eq!(told.refund_status, known);
            assert_eq!((told.id.as_str(), told.amount.refund), ("EV-2026011509004200000001", Money::from_fen(2000)));
        }
    }

    #[test]
    fn a_notification_of_another_kind_is_not_read_as_this_one() {
        let sent = Reply::signed(200, notification("REFUND.SUCCESS", "refund", &refunded()));
        let error = client().payment_notification(sent.signature(), &sent.body).unwrap_err();
        assert!(matches!(error, NotificationError::WrongKind(_)), "{error:?}");
        let sent = Reply::signed(200, notification("TRANSACTION.SUCCESS", "transaction", &paid()));
        let error = client().refund_notification(sent.signature(), &sent.body).unwrap_err();
        assert!(matches!(error, NotificationError::WrongKind(_)), "{error:?}");
        let sent = Reply::signed(200, notification("PAYSCORE.USER_OPEN_SERVICE", "payscore", &json!({ "a": 1 })));
        let told = client().notification(sent.signature(), &sent.body).unwrap();
        assert_eq!(
            (told.original_type.as_deref(), told.content.as_slice()),
            (Some("payscore"), br#"{"a":1}"#.as_slice())
        );
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        for member in ["mchid", "appid"] {
            let mut content = paid();
            content[member] = "1999999999".into();
            let sent = Reply::signed(200, notification("TRANSACTION.SUCCESS", "transaction", &content));
            let error = client().payment_notification(sent.signature(), &sent.body).unwrap_err();
            assert!(matches!(error, NotificationError::NotOurs), "{member}: {error:?}");
        }
    }

    #[test]
    fn what_does_not_verify_is_not_even_read() {
        let body = notification("TRANSACTION.SUCCESS", "transaction", &paid());
        let sent = Reply::signed(200, body.clone());
        let mut changed = body.clone();
        changed.push(b' ');
        let error = client().payment_notification(sent.signature(), &changed).unwrap_err();
        assert!(matches!(error, NotificationError::BadSignature(SignatureError::Wrong)), "{error:?}");
        let old = Reply::signed_by(KEY, PUBLIC_KEY_ID, Clock::system().now().seconds() - 301, 200, body.clone());
        let error = client().payment_notification(old.signature(), &old.body).unwrap_err();
        assert!(matches!(error, NotificationError::BadSignature(SignatureError::Stale)), "{error:?}");
        let unknown =
            Reply::signed(200, body.clone()).with("wechatpay-serial", "5157F09EFDC096DE15EBE81A47057A72AAAAAAAA");
        let error = client().payment_notification(unknown.signature(), &unknown.body).unwrap_err();
        assert!(matches!(&error, NotificationError::UnknownSerial(s) if s.starts_with("5157F0")), "{error:?}");
        let error = client().payment_notification(NotificationHeaders::default(), &body).unwrap_err();
        assert!(matches!(error, NotificationError::BadSignature(SignatureError::Missing(_))), "{error:?}");
    }

    #[test]
    fn what_is_signed_and_yet_no_notification_is_refused() {
        for body in ["", "null", "[]", "{}", r#"{"id":"1","event_type":"TRANSACTION.SUCCESS"}"#] {
            let sent = Reply::signed(200, body);
            let error = client().payment_notification(sent.signature(), &sent.body).unwrap_err();
            assert!(matches!(error, NotificationError::Unreadable(_)), "{body}: {error:?}");
        }
        let sent =
            Reply::signed(200, notification("TRANSACTION.SUCCESS", "transaction", &json!({ "appid": "oSecret" })));
        let error = client().payment_notification(sent.signature(), &sent.body).unwrap_err();
        assert!(matches!(error, NotificationError::Unreadable(_)) && !format!("{error:?}").contains("oSecret"));
        let mut other_box: Value =
            serde_json::from_slice(&notification("TRANSACTION.SUCCESS", "transaction", &paid())).unwrap();
        other_box["resource"]["associated_data"] = "refund".into();
        let sent = Reply::signed(200, other_box.to_string());
        let error = client().payment_notification(sent.signature(), &sent.body).unwrap_err();
        assert!(matches!(error, NotificationError::Sealed(OpenError::Tag)), "{error:?}");
    }
}
