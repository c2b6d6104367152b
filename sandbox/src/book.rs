//! What the sandbox knows: orders, payments, refunds, transfers to and from the bank, and the balance.
//!
//! Everything that happens is an [`Event`]. Events carry every value that was decided (numbers, times, fees), so replaying
//! the journal gives the same book, whatever the options of this run are.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use domain::{BusinessDate, Money, Rate, Timestamp};
use serde::{Deserialize, Serialize};

use crate::answer::Refusal;
use crate::journal::Journal;
use crate::keys::Mode;

/// What the merchant asked for in an order. Never changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Terms {
    pub(crate) out_trade_no: String,
    pub(crate) description: String,
    pub(crate) openid: String,
    pub(crate) total: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attach: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) device_id: Option<String>,
    pub(crate) notify_url: String,
    pub(crate) created: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) prepay_id: String,
    /// Tells a repeated request from another one under the same number.
    pub(crate) fingerprint: String,
    /// How the merchant wants to be spoken to about it.
    pub(crate) mode: Mode,
}

/// An order and what became of it.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) terms: Arc<Terms>,
    pub(crate) prepay: (String, Timestamp),
    pub(crate) closed: bool,
    /// Normally none or one; more only by the test mode `again`.
    pub(crate) payments: Vec<u32>,
}

impl Order {
    /// Closed by the merchant, or unpaid when its time ran out.
    pub(crate) fn is_closed(&self, now: Timestamp) -> bool {
        self.payments.is_empty() && (self.closed || now >= self.terms.expires)
    }
}

/// A payment.
#[derive(Debug)]
pub(crate) struct Payment {
    pub(crate) terms: Arc<Terms>,
    pub(crate) transaction_id: String,
    pub(crate) at: Timestamp,
    pub(crate) amount: Money,
    /// The part a WeChat coupon paid; the merchant gets it all the same.
    pub(crate) coupon: Money,
    pub(crate) rate: Rate,
    pub(crate) fee: Money,
    /// Sums over its refunds that were not closed.
    pub(crate) refunded: Money,
    pub(crate) fee_returned: Money,
    pub(crate) coupon_returned: Money,
    pub(crate) refunds: Vec<u32>,
}

/// Where a refund stands, or shall end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum RefundStatus {
    Processing,
    Success,
    Closed,
    Abnormal,
}

impl RefundStatus {
    /// As the wire spells it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            RefundStatus::Processing => "PROCESSING",
            RefundStatus::Success => "SUCCESS",
            RefundStatus::Closed => "CLOSED",
            RefundStatus::Abnormal => "ABNORMAL",
        }
    }
}

/// What the merchant asked for in a refund, and what was decided about it at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RefundTerms {
    pub(crate) out_refund_no: String,
    pub(crate) refund_id: String,
    pub(crate) payment: u32,
    pub(crate) amount: Money,
    pub(crate) fee_returned: Money,
    pub(crate) coupon_returned: Money,
    pub(crate) funds_account: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notify_url: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) fingerprint: String,
    pub(crate) mode: Mode,
    /// How it ends by itself after `delay_ms`; `PROCESSING` means not at all.
    pub(crate) outcome: RefundStatus,
    pub(crate) delay_ms: u64,
}

impl RefundTerms {
    /// What leaves the balance: the fee comes back, so the merchant is debited less than the payer gets.
    pub(crate) fn net(&self) -> Money {
        minus(self.amount, self.fee_returned)
    }
}

/// A refund and what became of it.
#[derive(Debug)]
pub(crate) struct Refund {
    pub(crate) terms: RefundTerms,
    pub(crate) status: RefundStatus,
    pub(crate) ended: Option<Timestamp>,
}

/// Which way money moved between the balance and the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TransferKind {
    Withdrawal,
    /// Left the balance and came back; the bank never saw it.
    FailedWithdrawal,
    TopUp,
}

/// A withdrawal or a top-up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Transfer {
    pub(crate) number: String,
    pub(crate) kind: TransferKind,
    pub(crate) amount: Money,
    pub(crate) at: Timestamp,
    /// The day of the bank statement that has it.
    pub(crate) bank_day: BusinessDate,
}

/// What a row of the fund-flow bill is about; the number is the place in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlowOf {
    Payment(u32),
    Fee(u32),
    Refund(u32),
    RefundClosed(u32),
    Withdrawal(u32),
    WithdrawalReturned(u32),
    TopUp(u32),
}

impl FlowOf {
    /// Whether money came in.
    pub(crate) fn is_income(self) -> bool {
        match self {
            FlowOf::Payment(_) | FlowOf::RefundClosed(_) | FlowOf::WithdrawalReturned(_) | FlowOf::TopUp(_) => true,
            FlowOf::Fee(_) | FlowOf::Refund(_) | FlowOf::Withdrawal(_) => false,
        }
    }
}

/// A movement of the balance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    pub(crate) of: FlowOf,
    pub(crate) at: Timestamp,
    pub(crate) amount: Money,
    pub(crate) balance: Money,
}

/// What happened on one business day, in the order in which it happened.
#[derive(Debug, Default)]
pub(crate) struct Day {
    pub(crate) payments: Vec<u32>,
    pub(crate) refunds: Vec<u32>,
    pub(crate) flows: Vec<Flow>,
}

/// Something the merchant is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Notice {
    Payment(u32),
    Refund(u32),
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    Ordered(Terms),
    Closed {
        out_trade_no: String,
    },
    Paid {
        out_trade_no: String,
        transaction_id: String,
        at: Timestamp,
        amount: Money,
        coupon: Money,
        rate: String,
        fee: Money,
    },
    RefundAsked(RefundTerms),
    RefundEnded {
        refund: u32,
        status: RefundStatus,
        at: Timestamp,
    },
    Transferred(Transfer),
    Told {
        notice: Notice,
    },
    Clock {
        ahead_us: i64,
    },
}

/// Sums over everything, to check against.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) paid: Money,
    pub(crate) refunded: Money,
    pub(crate) refunding: Money,
    pub(crate) withdrawn: Money,
    pub(crate) topped_up: Money,
    pub(crate) fee_charged: Money,
    pub(crate) fee_returned: Money,
}

/// The whole state that survives.
#[derive(Debug, Default)]
pub(crate) struct Book {
    journal: Journal,
    pub(crate) orders: Vec<Order>,
    order_numbers: HashMap<String, u32>,
    pub(crate) payments: Vec<Payment>,
    transactions: HashMap<String, u32>,
    pub(crate) refunds: Vec<Refund>,
    refund_numbers: HashMap<String, u32>,
    pub(crate) transfers: Vec<Transfer>,
    pub(crate) days: BTreeMap<BusinessDate, Day>,
    pub(crate) balance: Money,
    pub(crate) totals: Totals,
    pub(crate) untold: HashSet<Notice>,
    pub(crate) ahead_us: i64,
}

impl Book {
    /// From now on events are written down there.
    pub(crate) fn keep(&mut self, journal: Journal) {
        self.journal = journal;
    }

    /// Writes an event down and lets it happen.
    pub(crate) fn record(&mut self, event: Event) -> Result<(), Refusal> {
        self.journal
            .append(&event)
            .map_err(|error| Refusal::system(format!("the journal cannot be written: {error}")))?;
        self.apply(event);
        Ok(())
    }

    /// An order by the merchant's number.
    pub(crate) fn order(&self, out_trade_no: &str) -> Option<&Order> {
        self.order_numbers.get(out_trade_no).map(|&index| &self.orders[index as usize])
    }

    pub(crate) fn order_mut(&mut self, out_trade_no: &str) -> Option<&mut Order> {
        self.order_numbers.get(out_trade_no).map(|&index| &mut self.orders[index as usize])
    }

    pub(crate) fn payment(&self, index: u32) -> &Payment {
        &self.payments[index as usize]
    }

    pub(crate) fn refund(&self, index: u32) -> &Refund {
        &self.refunds[index as usize]
    }

    /// A payment by WeChat's number.
    pub(crate) fn transaction(&self, transaction_id: &str) -> Option<u32> {
        self.transactions.get(transaction_id).copied()
    }

    /// A refund by the merchant's number.
    pub(crate) fn refund_number(&self, out_refund_no: &str) -> Option<u32> {
        self.refund_numbers.get(out_refund_no).copied()
    }

    /// Lets an event happen. Events of an undamaged journal always fit; one that does not is passed over.
    pub(crate) fn apply(&mut self, event: Event) {
        match event {
            Event::Ordered(terms) => {
                self.order_numbers.insert(terms.out_trade_no.clone(), index(self.orders.len()));
                let prepay = (terms.prepay_id.clone(), terms.created);
                self.orders.push(Order { terms: Arc::new(terms), prepay, closed: false, payments: Vec::new() });
            }
            Event::Closed { out_trade_no } => {
                if let Some(order) = self.order_mut(&out_trade_no) {
                    order.closed = true;
                }
            }
            Event::Paid { out_trade_no, transaction_id, at, amount, coupon, rate, fee } => {
                let number = index(self.payments.len());
                let Some(order) = self.order_mut(&out_trade_no) else { return };
                order.payments.push(number);
                let terms = order.terms.clone();
                self.transactions.insert(transaction_id.clone(), number);
                self.payments.push(Payment {
                    terms,
                    transaction_id,
                    at,
                    amount,
                    coupon,
                    rate: rate.parse().unwrap_or(Rate::ZERO),
                    fee,
                    refunded: Money::ZERO,
                    fee_returned: Money::ZERO,
                    coupon_returned: Money::ZERO,
                    refunds: Vec::new(),
                });
                self.day(at).payments.push(number);
                self.flow(FlowOf::Payment(number), at, amount);
                if fee.is_positive() {
                    self.flow(FlowOf::Fee(number), at, fee);
                }
                self.totals.paid = plus(self.totals.paid, amount);
                self.totals.fee_charged = plus(self.totals.fee_charged, fee);
                self.untold.insert(Notice::Payment(number));
            }
            Event::RefundAsked(terms) => {
                let number = index(self.refunds.len());
                let payment = &mut self.payments[terms.payment as usize];
                payment.refunded = plus(payment.refunded, terms.amount);
                payment.fee_returned = plus(payment.fee_returned, terms.fee_returned);
                payment.coupon_returned = plus(payment.coupon_returned, terms.coupon_returned);
                payment.refunds.push(number);
                self.day(terms.created).refunds.push(number);
                self.flow(FlowOf::Refund(number), terms.created, terms.net());
                self.totals.refunding = plus(self.totals.refunding, terms.amount);
                self.totals.fee_returned = plus(self.totals.fee_returned, terms.fee_returned);
                self.refund_numbers.insert(terms.out_refund_no.clone(), number);
                self.refunds.push(Refund { terms, status: RefundStatus::Processing, ended: None });
            }
            Event::RefundEnded { refund, status, at } => self.end_refund(refund, status, at),
            Event::Transferred(transfer) => {
                let number = index(self.transfers.len());
                let (at, amount) = (transfer.at, transfer.amount);
                match transfer.kind {
                    TransferKind::Withdrawal => {
                        self.flow(FlowOf::Withdrawal(number), at, amount);
                        self.totals.withdrawn = plus(self.totals.withdrawn, amount);
                    }
                    TransferKind::FailedWithdrawal => {
                        self.flow(FlowOf::Withdrawal(number), at, amount);
                        self.flow(FlowOf::WithdrawalReturned(number), at, amount);
                    }
                    TransferKind::TopUp => {
                        self.flow(FlowOf::TopUp(number), at, amount);
                        self.totals.topped_up = plus(self.totals.topped_up, amount);
                    }
                }
                self.transfers.push(transfer);
            }
            Event::Told { notice } => {
                self.untold.remove(&notice);
            }
            Event::Clock { ahead_us } => self.ahead_us = ahead_us,
        }
    }

    fn end_refund(&mut self, number: u32, status: RefundStatus, at: Timestamp) {
        let Some(refund) = self.refunds.get_mut(number as usize) else { return };
        let before = refund.status;
        refund.status = status;
        refund.ended = Some(at);
        let terms = &refund.terms;
        let (amount, fee, coupon, net) = (terms.amount, terms.fee_returned, terms.coupon_returned, terms.net());
        let (payment, told) = (terms.payment, terms.notify_url.is_some());
        match status {
            RefundStatus::Success => {
                self.totals.refunding = minus(self.totals.refunding, amount);
                self.totals.refunded = plus(self.totals.refunded, amount);
            }
            RefundStatus::Closed => {
                self.totals.refunding = minus(self.totals.refunding, amount);
                self.totals.fee_returned = minus(self.totals.fee_returned, fee);
                let payment = &mut self.payments[payment as usize];
                payment.refunded = minus(payment.refunded, amount);
                payment.fee_returned = minus(payment.fee_returned, fee);
                payment.coupon_returned = minus(payment.coupon_returned, coupon);
                self.flow(FlowOf::RefundClosed(number), at, net);
            }
            RefundStatus::Processing | RefundStatus::Abnormal => {}
        }
        if told && before != status {
            self.untold.insert(Notice::Refund(number));
        }
    }

    fn day(&mut self, at: Timestamp) -> &mut Day {
        self.days.entry(BusinessDate::of(at)).or_default()
    }

    fn flow(&mut self, of: FlowOf, at: Timestamp, amount: Money) {
        self.balance = if of.is_income() { plus(self.balance, amount) } else { minus(self.balance, amount) };
        let balance = self.balance;
        self.day(at).flows.push(Flow { of, at, amount, balance });
    }
}

fn index(len: usize) -> u32 {
    u32::try_from(len).expect("memory ends long before four thousand million things")
}

/// Every amount is at most a hundred million yuan, so a sum that does not fit would need nine hundred million of them.
pub(crate) fn plus(a: Money, b: Money) -> Money {
    a.checked_add(b).expect("bounded amounts add up")
}

/// See [`plus`].
pub(crate) fn minus(a: Money, b: Money) -> Money {
    a.checked_sub(b).expect("bounded amounts can be subtracted")
}
