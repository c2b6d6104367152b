//! The WeChat protocol: mini-program login and messages, payment, refunds, bills, notifications.

pub mod crypto;
