//! The WeChat protocol: mini-program login and messages, payment, refunds, platform keys, bills, notifications.
//!
//! One concrete [`Client`] with base URLs; in development and tests they are the sandbox's. It knows the wire and nothing of
//! campaigns or donations. Every request is signed over the bytes that travel, every answer that is signed is verified
//! before it is read, and amounts are [`domain::Money`] as soon as they leave the wire.
//!
//! Refused: an answer or notification whose signature does not verify or is five minutes off, a file whose hash does not
//! fit, an answer about another order than the one asked about, redirects. Nothing is repeated here that could happen
//! twice; [`WechatError::outcome_unknown`] tells the caller when it has to ask again.
//!
//! Costs: one request a call. The exceptions are a renewed access token, a platform certificate not seen before, the backup
//! host after a connection that could not be made, and bills, which are two requests.

pub mod bill;
pub mod certificate;
pub mod client;
pub mod config;
pub mod content;
pub mod crypto;
pub mod error;
mod keyring;
pub mod login;
pub mod message;
pub mod notification;
pub mod payment;
pub mod refund;
#[cfg(test)]
mod testing;
pub mod token;
mod wire;

pub use bill::{
    Bill, BillError, BillFile, Flow, FundFlowAccount, FundFlowRow, FundFlowTotals, TradeBillKind, TradeRefund,
    TradeRow, TradeTotals, read_fund_flow_bill, read_trade_bill,
};
pub use client::Client;
pub use config::{PlatformPublicKey, Settings, SettingsError};
pub use content::Suggestion;
pub use error::{ApiError, Errcode, ErrorCode, MiniProgramError, SignatureError, WechatError};
pub use login::{Login, OpenId, PhoneNumber};
pub use notification::{Notification, NotificationError, NotificationHeaders, PaymentNotification, RefundNotification};
pub use payment::{Order, RequestPayment, TradeState, TradeType, Transaction};
pub use refund::{OrderReference, Refund, RefundRequest, RefundStatus};
pub use token::AccessToken;
