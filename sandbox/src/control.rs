//! The levers: `/sandbox/*`. They play the payer, the bank, the calendar and bad luck; none of them is signed.
//!
//! | call | does |
//! | --- | --- |
//! | `POST pay {out_trade_no, amount?, coupon?, again?, force?}` | the payer pays; answers the transaction |
//! | `POST refund {out_refund_no, outcome}` | ends a refund that hangs in PROCESSING or ABNORMAL |
//! | `POST withdraw {amount?, fail?}` | to the bank: the whole balance unless an amount in yuan is given |
//! | `POST top-up {amount}` | from the bank into the balance |
//! | `GET bank?date=` | that day's bank statement; a top-up is a negative amount |
//! | `POST clock {now} / {advance_seconds} / {}`, `GET clock` | business time |
//! | `POST faults {…}`, `GET faults` | replaces the faults; what is left of them |
//! | `POST key-change {}` | a new platform certificate; the old one stays listed |
//! | `GET state?orders=0` | all that is known, or only the sums |
//! | `GET code?openid=&phone=` | a login code, and a phone code if a number is given |

use std::fmt::Write as _;
use std::sync::Arc;

use domain::{BusinessDate, Money, Timestamp};
use poem::http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::book::{Book, Event, RefundStatus, Transfer, TransferKind};
use crate::clock::{sensible, shifted};
use crate::fault::Faults;
use crate::order::{self, Pay};
use crate::refund;
use crate::server::{Call, Server};

/// Serves a call below `/sandbox`.
pub(crate) async fn serve(server: &Arc<Server>, call: &Call) -> Answer {
    let name = call.path.strip_prefix("/sandbox/").unwrap_or_default();
    let result = match (&call.method, name) {
        (&Method::POST, "pay") => read(call).and_then(|pay: Pay| order::pay(server, &pay)),
        (&Method::POST, "refund") => {
            read(call).and_then(|end: End| refund::end_by_hand(server, &end.out_refund_no, end.outcome))
        }
        (&Method::POST, "withdraw") => read(call).and_then(|asked| withdraw(server, &asked)),
        (&Method::POST, "top-up") => read(call).and_then(|asked| top_up(server, &asked)),
        (&Method::GET, "bank") => return bank(server, call).unwrap_or_else(Answer::from),
        (&Method::POST, "clock") => read(call).and_then(|asked| set_clock(server, &asked)),
        (&Method::GET, "clock") => Ok(json!({"now": server.clock.now()})),
        (&Method::POST, "faults") => read(call).and_then(|faults| set_faults(server, faults)),
        (&Method::GET, "faults") => Ok(json!(server.faults.current())),
        (&Method::POST, "key-change") => key_change(server).await,
        (&Method::GET, "state") => Ok(state(server, call.query("orders") != Some("0"))),
        (&Method::GET, "code") => code(server, call),
        (
            _,
            "pay" | "refund" | "withdraw" | "top-up" | "bank" | "clock" | "faults" | "key-change" | "state" | "code",
        ) => Err(Refusal::new(405, "METHOD_NOT_ALLOWED", "this control is called with the other of GET and POST")),
        _ => Err(Refusal::new(404, "NOT_FOUND", "there is no such control")),
    };
    match result {
        Ok(body) => Answer::json(&body),
        Err(refusal) => refusal.into(),
    }
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, Refusal> {
    let body: &[u8] = if call.body.is_empty() { b"{}" } else { &call.body };
    serde_json::from_slice(body).map_err(|error| Refusal::invalid(error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    out_refund_no: String,
    outcome: RefundStatus,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdraw {
    amount: Option<Money>,
    #[serde(default)]
    fail: bool,
}

fn withdraw(server: &Server, asked: &Withdraw) -> Result<Value, Refusal> {
    let at = server.clock.now();
    let mut book = server.book_mut();
    let amount = asked.amount.unwrap_or(book.balance);
    if !amount.is_positive() {
        return Err(Refusal::invalid("there is nothing to withdraw"));
    }
    if amount > book.balance {
        return Err(Refusal::new(403, "NOT_ENOUGH", format!("the balance is {}", book.balance)));
    }
    let kind = if asked.fail { TransferKind::FailedWithdrawal } else { TransferKind::Withdrawal };
    transfer(&mut book, kind, amount, at, next_working_day(at))
}

/// The day after, weekends skipped.
fn next_working_day(at: Timestamp) -> BusinessDate {
    let mut day = BusinessDate::of(at).next();
    while day.is_weekend() {
        day = day.next();
    }
    day
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TopUp {
    amount: Money,
}

fn top_up(server: &Server, asked: &TopUp) -> Result<Value, Refusal> {
    if !(1..=10_000_000_000).contains(&asked.amount.fen()) {
        return Err(Refusal::invalid("a top-up is between 0.01 and 100000000.00 yuan"));
    }
    let at = server.clock.now();
    let mut book = server.book_mut();
    transfer(&mut book, TransferKind::TopUp, asked.amount, at, BusinessDate::of(at))
}

fn transfer(
    book: &mut Book,
    kind: TransferKind,
    amount: Money,
    at: Timestamp,
    bank_day: BusinessDate,
) -> Result<Value, Refusal> {
    let digits = BusinessDate::of(at).to_string().replace('-', "");
    let number = format!("1{digits}{:011}", book.transfers.len() + 1);
    let transfer = Transfer { number, kind, amount, at, bank_day };
    let view = transfer_view(&transfer);
    book.record(Event::Transferred(transfer))?;
    Ok(view)
}

fn transfer_view(transfer: &Transfer) -> Value {
    let status = if transfer.kind == TransferKind::FailedWithdrawal { "FAIL" } else { "SUCCESS" };
    json!({
        "reference": transfer.number,
        "kind": transfer.kind,
        "status": status,
        "amount": transfer.amount,
        "amount_fen": transfer.amount.fen(),
        "at": transfer.at,
        "bank_date": (status == "SUCCESS").then_some(transfer.bank_day),
    })
}

/// The bank's statement of a day: `date,reference,amount,counterparty,remark`.
fn bank(server: &Server, call: &Call) -> Result<Answer, Refusal> {
    let date = call.query("date").unwrap_or_default();
    let date: BusinessDate = date.parse().map_err(|_| Refusal::invalid("date is written 2026-01-15"))?;
    let mut out = String::from("date,reference,amount,counterparty,remark\n");
    for transfer in server.book().transfers.iter().filter(|transfer| transfer.bank_day == date) {
        let (sign, remark) = match transfer.kind {
            TransferKind::Withdrawal => ("", "微信支付提现"),
            TransferKind::TopUp => ("-", "微信支付充值"),
            TransferKind::FailedWithdrawal => continue,
        };
        let (number, amount, mchid) = (&transfer.number, transfer.amount, &server.keys.mchid);
        // Writing to a text cannot fail.
        let _ = writeln!(out, "{date},{number},{sign}{amount},财付通支付科技有限公司,{remark} {mchid}");
    }
    Ok(Answer { status: StatusCode::OK, content_type: "text/csv; charset=utf-8", body: out.into_bytes() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetClock {
    now: Option<Timestamp>,
    advance_seconds: Option<i64>,
}

fn set_clock(server: &Server, asked: &SetClock) -> Result<Value, Refusal> {
    let far = || Refusal::invalid("the clock stays in the years 2000 to 2099");
    let target = match (asked.now, asked.advance_seconds) {
        (Some(_), Some(_)) => return Err(Refusal::invalid("now or advance_seconds, not both")),
        (Some(now), None) => Some(sensible(now).ok_or_else(far)?),
        (None, Some(seconds)) => Some(shifted(server.clock.now(), seconds).ok_or_else(far)?),
        (None, None) => None,
    };
    let seconds = asked.advance_seconds;
    let moved = server.clock.change(|now| match seconds {
        Some(seconds) => shifted(now, seconds).or(target),
        None => target,
    });
    let ahead_us = moved.map_err(|error| Refusal::system(format!("the clock file cannot be written: {error}")))?;
    server.book_mut().record(Event::Clock { ahead_us })?;
    Ok(json!({"now": server.clock.now(), "ahead_us": ahead_us}))
}

fn set_faults(server: &Server, mut faults: Faults) -> Result<Value, Refusal> {
    let token = faults.token.take();
    server.faults.replace(faults)?;
    if let Some(how) = token {
        server.login.end_tokens(how, server.real.now());
    }
    Ok(json!(server.faults.current()))
}

async fn key_change(server: &Arc<Server>) -> Result<Value, Refusal> {
    let office = server.clone();
    let changed = tokio::task::spawn_blocking(move || {
        let serials = office.keys.change().map_err(|error| Refusal::system(error.to_string()))?;
        office.postman.key_changed();
        office.write_connection().map_err(|error| Refusal::system(error.to_string()))?;
        Ok(serials)
    });
    let (old, new) = changed.await.unwrap_or_else(|error| Err(Refusal::system(error.to_string())))?;
    Ok(json!({"old_serial": old, "new_serial": new}))
}

fn code(server: &Server, call: &Call) -> Result<Value, Refusal> {
    let openid = call.query("openid").unwrap_or_default();
    if openid.is_empty() || openid.len() > 128 || !openid.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Refusal::invalid("openid is 1 to 128 visible ASCII characters"));
    }
    let now = server.real.now();
    let mut codes = json!({"code": server.login.code(openid, now)});
    if let Some(phone) = call.query("phone") {
        codes["phone_code"] = json!(server.login.phone_code(phone, now));
    }
    Ok(codes)
}

/// Everything, or only the sums.
pub(crate) fn state(server: &Server, everything: bool) -> Value {
    let now = server.clock.now();
    let book = server.book();
    let totals = &book.totals;
    let mut state = json!({
        "now": now,
        "fee_rate": server.fee_rate.percent(),
        "balance_fen": book.balance.fen(),
        "totals": {
            "paid_fen": totals.paid.fen(),
            "refunded_fen": totals.refunded.fen(),
            "refunding_fen": totals.refunding.fen(),
            "withdrawn_fen": totals.withdrawn.fen(),
            "topped_up_fen": totals.topped_up.fen(),
            "fee_fen": totals.fee_charged.fen() - totals.fee_returned.fen(),
            "fee_charged_fen": totals.fee_charged.fen(),
            "fee_returned_fen": totals.fee_returned.fen(),
            "orders": book.orders.len(),
            "payments": book.payments.len(),
            "refunds": book.refunds.len(),
            "transfers": book.transfers.len(),
        },
        "callbacks": server.postman.report(),
        "callbacks_waiting": book.untold.len(),
        "messages": server.login.messages(),
    });
    if everything {
        let orders = book.orders.iter().map(|order| {
            let terms = &order.terms;
            let paid = order.payments.first().map(|&payment| book.payment(payment));
            let trade_state = order::view(&server.keys, &book, order, now)["trade_state"].take();
            json!({
                "out_trade_no": terms.out_trade_no, "trade_state": trade_state, "total_fen": terms.total.fen(),
                "openid": terms.openid, "description": terms.description, "attach": terms.attach,
                "created_at": terms.created, "expires_at": terms.expires,
                "transaction_id": paid.map(|payment| &payment.transaction_id),
            })
        });
        state["orders"] = orders.collect();
        let payments = book.payments.iter().map(|payment| {
            json!({
                "transaction_id": payment.transaction_id, "out_trade_no": payment.terms.out_trade_no,
                "amount_fen": payment.amount.fen(), "coupon_fen": payment.coupon.fen(), "fee_fen": payment.fee.fen(),
                "refunded_fen": payment.refunded.fen(), "paid_at": payment.at,
            })
        });
        state["payments"] = payments.collect();
        let refunds = book.refunds.iter().map(|refund| {
            let terms = &refund.terms;
            let payment = book.payment(terms.payment);
            json!({
                "out_refund_no": terms.out_refund_no, "refund_id": terms.refund_id, "status": refund.status.word(),
                "transaction_id": payment.transaction_id, "out_trade_no": payment.terms.out_trade_no,
                "amount_fen": terms.amount.fen(), "fee_returned_fen": terms.fee_returned.fen(),
                "created_at": terms.created, "ended_at": refund.ended,
            })
        });
        state["refunds"] = refunds.collect();
        state["withdrawals"] = book.transfers.iter().map(transfer_view).collect();
    }
    state
}
