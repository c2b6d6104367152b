//! Bills: fetched from WeChat ([`Client::trade_bill`](crate::Client::trade_bill), [`Client::fund_flow_bill`](crate::Client::fund_flow_bill))
//! and read, by column name, in one pass over however many lines ([`read_trade_bill`], [`read_fund_flow_bill`]).

mod fetch;
mod fund_flow;
mod sheet;
mod trade;

pub use fetch::{Bill, BillFile, FundFlowAccount, TradeBillKind};
pub use fund_flow::{Flow, FundFlowRow, FundFlowTotals, read_fund_flow_bill};
pub use sheet::BillError;
pub use trade::{TradeRefund, TradeRow, TradeTotals, read_trade_bill};
