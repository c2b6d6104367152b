//! The bills of a day: read whole or refused, kept as they came, and read again from what is kept.
//!
//! A file is believed only if it is of this merchant and day and agrees with its own totals. It is kept for ever under the hash of its
//! bytes. The file that was brought last is in force, whether it is new or was there before; `bill_history` says what was in force when.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use domain::{BillHistoryId, BillId, BookId, BusinessDate, DonationId, Money, Timestamp};
use entity::{Rows, Tx, bill, bill_history, charity, execute};
use futures_util::TryStreamExt;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    StreamTrait,
};
use wechat::{BillError, Flow, TradeBillKind, read_fund_flow_bill, read_trade_bill};

use super::ReconcileError;
use super::channel::refund_reference;
use crate::bank::statement;

/// A payment in the trade bill.
#[derive(Clone, Debug)]
pub(super) struct Payment {
    pub(super) transaction: String,
    pub(super) order: String,
    pub(super) amount: Money,
    pub(super) settlement: Money,
    pub(super) fee: Money,
    pub(super) rate: Arc<str>,
    pub(super) state: Cow<'static, str>,
    pub(super) at: Timestamp,
}

/// A refund in the trade bill.
#[derive(Clone, Debug)]
pub(super) struct Refund {
    /// Ours.
    pub(super) number: String,
    pub(super) refund_id: String,
    /// Of which payment.
    pub(super) transaction: String,
    pub(super) amount: Money,
    /// What was given back of the fee.
    pub(super) fee: Money,
    pub(super) rate: Arc<str>,
    pub(super) state: Cow<'static, str>,
    pub(super) at: Timestamp,
}

/// The trade bill of a day, from one file or from two.
#[derive(Clone, Debug, Default)]
pub(super) struct Trade {
    pub(super) payments: Vec<Payment>,
    pub(super) refunds: Vec<Refund>,
    /// Whether payments were read, and refunds.
    pub(super) lists: (bool, bool),
}

/// What a line of the fund-flow bill is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum FlowKind {
    Payment,
    Fee,
    Refund,
    RefundClosed,
    FeeReturned,
    Withdrawal,
    WithdrawalReturned,
    TopUp,
    Unknown,
}

/// A line of the fund-flow bill.
#[derive(Clone, Debug)]
pub(super) struct FlowLine {
    /// Where it stands in the file, counted from 1.
    pub(super) line: u32,
    pub(super) kind: FlowKind,
    /// Income is positive.
    pub(super) amount: Money,
    pub(super) balance: Money,
    pub(super) business_no: String,
    /// Empty where it is the same.
    pub(super) flow_no: String,
    pub(super) voucher: String,
    pub(super) words: Cow<'static, str>,
    pub(super) at: Timestamp,
    /// Whether it names our merchant number.
    pub(super) names_us: bool,
}

impl FlowLine {
    /// What a break about it is called by.
    pub(super) fn key(&self) -> &str {
        let numbers = match self.kind {
            FlowKind::Payment | FlowKind::Fee => [&self.business_no, &self.voucher, &self.flow_no],
            FlowKind::Refund | FlowKind::RefundClosed | FlowKind::FeeReturned => {
                [&self.voucher, &self.business_no, &self.flow_no]
            }
            _ => [&self.flow_no, &self.business_no, &self.voucher],
        };
        numbers.into_iter().find(|number| is_number(number)).map_or(&*self.words, String::as_str)
    }

    /// Its own number; none where the channel gives it none.
    pub(super) fn number(&self) -> Option<&str> {
        let numbers = [&self.flow_no, &self.business_no, &self.voucher];
        numbers.into_iter().find(|number| is_number(number)).map(String::as_str)
    }

    /// The balance, in fen, from which it leads to its own.
    pub(super) fn before(&self) -> i64 {
        self.balance.fen() - self.amount.fen()
    }

    /// The number of the payment it is about.
    pub(super) fn payment(&self) -> &str {
        if is_number(&self.business_no) { &self.business_no } else { &self.flow_no }
    }

    /// Whether one of its numbers is this.
    pub(super) fn names(&self, number: &str) -> bool {
        is_number(number) && [&self.business_no, &self.flow_no, &self.voucher].iter().any(|one| *one == number)
    }
}

/// Whether a cell holds a number at all: what has none is empty, a dash or a zero.
fn is_number(cell: &str) -> bool {
    !matches!(cell, "" | "0" | "-" | "–" | "—" | "/")
}

/// A line of the bank's statement.
#[derive(Clone, Debug)]
pub(crate) struct BankLine {
    pub(crate) reference: String,
    /// Income is positive.
    pub(crate) amount: Money,
    pub(crate) words: String,
}

/// What there is of a day.
#[derive(Clone, Debug, Default)]
pub(super) struct Bills {
    pub(super) trade: Option<Trade>,
    pub(super) flow: Option<Vec<FlowLine>>,
    /// Lines of the fund-flow bill that stand there a second time.
    pub(super) twice: Vec<FlowLine>,
    pub(super) bank: Option<Vec<BankLine>>,
}

/// Which file a refusal speaks of.
pub(super) const TRADE: &str = "交易账单";
pub(super) const FUND_FLOW: &str = "资金账单";
const BANK: &str = "银行对账单";

fn refused(file: &'static str) -> impl FnOnce(BillError) -> ReconcileError {
    move |error| ReconcileError::Refused { file, why: error.to_string() }
}

pub(super) fn read_trade(
    bytes: &[u8],
    mchid: &str,
    day: BusinessDate,
) -> Result<(TradeBillKind, Trade), ReconcileError> {
    let mut trade = Trade { lists: (true, true), ..Trade::default() };
    // A day without trade has no file, and is kept as no bytes.
    if bytes.is_empty() {
        return Ok((TradeBillKind::All, trade));
    }
    // A day has some hundred thousand lines and one rate.
    let mut known: Arc<str> = Arc::from("");
    let mut rate = |said: &str| {
        if *known != *said {
            known = Arc::from(said);
        }
        known.clone()
    };
    let state = |said: &str| if said == "SUCCESS" { Cow::Borrowed("SUCCESS") } else { Cow::Owned(said.to_owned()) };
    let totals = read_trade_bill(bytes, mchid, day, |row| {
        // The numbers of payment and order have changed places.
        if DonationId::from_out_trade_no(row.transaction_id).is_some() {
            return Err(BillError::BadCell { line: row.line, column: "微信订单号" });
        }
        if row.refund.as_ref().is_some_and(|refund| refund_reference(refund.refund_id).is_some()) {
            return Err(BillError::BadCell { line: row.line, column: "微信退款单号" });
        }
        match &row.refund {
            None => trade.payments.push(Payment {
                transaction: row.transaction_id.to_owned(),
                order: row.out_trade_no.to_owned(),
                amount: row.order_amount,
                settlement: row.settlement,
                fee: row.fee,
                rate: rate(row.rate),
                state: state(row.trade_state),
                at: row.at,
            }),
            Some(refund) => trade.refunds.push(Refund {
                number: refund.out_refund_no.to_owned(),
                refund_id: refund.refund_id.to_owned(),
                transaction: row.transaction_id.to_owned(),
                amount: refund.amount,
                fee: row.fee.checked_neg().unwrap_or_default(),
                rate: rate(row.rate),
                state: state(refund.state),
                at: row.at,
            }),
        }
        Ok(())
    })
    .map_err(refused(TRADE))?;
    trade.lists = (totals.kind != TradeBillKind::Refund, totals.kind != TradeBillKind::Success);
    Ok((totals.kind, trade))
}

pub(super) fn read_flow(bytes: &[u8], mchid: &str, day: BusinessDate) -> Result<Vec<FlowLine>, ReconcileError> {
    let mut lines = Vec::new();
    if bytes.is_empty() {
        return Ok(lines);
    }
    read_fund_flow_bill(bytes, day, |row| {
        // Our numbers under the channel's name.
        if DonationId::from_out_trade_no(row.business_no).is_some() || refund_reference(row.business_no).is_some() {
            return Err(BillError::BadCell { line: row.line, column: "微信支付业务单号" });
        }
        let merchant = row.merchant();
        if merchant.is_some_and(|merchant| merchant != mchid) {
            return Err(BillError::ForeignMerchant(row.line));
        }
        let income = row.flow == Flow::In;
        let kind = match (row.kind, income) {
            ("交易", true) => FlowKind::Payment,
            ("扣除交易手续费", false) => FlowKind::Fee,
            ("退款", false) => FlowKind::Refund,
            ("退款关闭", true) => FlowKind::RefundClosed,
            ("退还交易手续费", true) => FlowKind::FeeReturned,
            ("提现", false) => FlowKind::Withdrawal,
            ("提现", true) => FlowKind::WithdrawalReturned,
            (words, true) if words.ends_with("充值") => FlowKind::TopUp,
            _ => FlowKind::Unknown,
        };
        lines.push(FlowLine {
            line: u32::try_from(row.line).unwrap_or(u32::MAX),
            kind,
            amount: if income { row.amount } else { row.amount.checked_neg().unwrap_or_default() },
            balance: row.balance,
            business_no: row.business_no.to_owned(),
            flow_no: if row.flow_no == row.business_no { String::new() } else { row.flow_no.to_owned() },
            voucher: row.voucher_no.to_owned(),
            words: match kind {
                FlowKind::Payment => Cow::Borrowed("交易 交易"),
                FlowKind::Fee => Cow::Borrowed("交易 扣除交易手续费"),
                _ => Cow::Owned(format!("{} {} {}", row.name, row.kind, row.remark())),
            },
            at: row.at,
            names_us: merchant.is_some(),
        });
        Ok(())
    })
    .map_err(refused(FUND_FLOW))?;
    Ok(lines)
}

/// The lines of a fund-flow bill, and apart from them those that stand there a second time, word for word. Two that have no number are two
/// if they lead to different balances.
pub(super) fn parted(lines: Vec<FlowLine>) -> (Vec<FlowLine>, Vec<FlowLine>) {
    let mut seen = HashSet::new();
    let again: Vec<bool> = lines
        .iter()
        .map(|line| {
            !seen.insert((
                line.kind,
                &line.business_no,
                &line.flow_no,
                &line.voucher,
                &line.words,
                line.amount,
                line.at,
                line.number().is_none().then_some(line.balance),
            ))
        })
        .collect();
    let (mut once, mut twice) = (Vec::with_capacity(lines.len()), Vec::new());
    for (line, again) in lines.into_iter().zip(again) {
        if again { twice.push(line) } else { once.push(line) }
    }
    (once, twice)
}

/// The lines of a fund-flow bill, each once, if its balances follow from one another; a line that stands there a second time may have moved
/// the balance twice, or not.
pub(super) fn following(lines: Vec<FlowLine>) -> Result<Vec<FlowLine>, ReconcileError> {
    let follow = must_follow(&lines);
    let (flow, _) = parted(lines);
    follow.or_else(|_| must_follow(&flow))?;
    Ok(flow)
}

/// Refuses a fund-flow bill whose balances do not follow from one another. Its lines may stand in any order, within a second in truth: each
/// is a step from one balance to another, and together they are one way from where the day began to where it ended.
fn must_follow(lines: &[FlowLine]) -> Result<(), ReconcileError> {
    let in_order = lines.windows(2).all(|pair| pair[1].before() == pair[0].balance.fen());
    if in_order || one_way(lines) {
        return Ok(());
    }
    let mut waiting: Vec<&FlowLine> = lines.iter().collect();
    waiting.sort_by_key(|line| line.at);
    let mut stands: Option<i64> = None;
    for second in waiting.chunk_by(|one, other| one.at == other.at) {
        let mut rest: Vec<&FlowLine> = second.to_vec();
        if stands.is_none() {
            let begins = |one: &&&FlowLine| rest.iter().all(|other| other.balance.fen() != one.before());
            stands = rest.iter().find(begins).or(rest.first()).map(|one| one.before());
        }
        while let (Some(from), Some(first)) = (stands, rest.first().copied()) {
            let Some(at) = rest.iter().position(|one| one.before() == from) else {
                let (from, amount) = (Money::from_fen(from), Money::from_fen(first.amount.fen().abs()));
                let way = if first.amount.is_negative() { "支出" } else { "收入" };
                let due = Money::from_fen(from.fen() + first.amount.fen());
                let why = format!(
                    "第{}行的账户结余接不上：此前结余{from}，{way}{amount}后应为{due}，文件为{}",
                    first.line, first.balance
                );
                return Err(ReconcileError::Refused { file: FUND_FLOW, why });
            };
            stands = Some(rest.remove(at).balance.fen());
        }
    }
    Ok(())
}

/// Whether the steps of some lines make one way from a balance to another.
fn one_way(lines: &[FlowLine]) -> bool {
    fn root(parents: &mut HashMap<i64, i64>, of: i64) -> i64 {
        let mut at = of;
        loop {
            let up = *parents.entry(at).or_insert(at);
            if up == at {
                parents.insert(of, at);
                return at;
            }
            at = up;
        }
    }
    let (mut degrees, mut parents): (HashMap<i64, i64>, HashMap<i64, i64>) = (HashMap::new(), HashMap::new());
    let steps = || lines.iter().filter(|line| line.amount != Money::ZERO);
    for line in steps() {
        let (from, to) = (line.before(), line.balance.fen());
        *degrees.entry(from).or_default() += 1;
        *degrees.entry(to).or_default() -= 1;
        let (from, to) = (root(&mut parents, from), root(&mut parents, to));
        parents.insert(to, from);
    }
    let Some(first) = steps().next().map(FlowLine::before) else { return true };
    let first = root(&mut parents, first);
    let (starts, ends) = degrees.values().fold((0, 0), |(starts, ends), degree| match degree {
        degree if *degree > 0 => (starts + degree, ends),
        degree => (starts, ends - degree),
    });
    starts <= 1 && ends <= 1 && steps().all(|line| root(&mut parents, line.before()) == first)
}

/// `date,reference,amount,counterparty,remark`; what left the account is negative. A CAMT.053 statement of the day does as well.
pub(super) fn read_bank(bytes: &[u8], day: BusinessDate) -> Result<Vec<BankLine>, ReconcileError> {
    let no = |why: String| ReconcileError::Refused { file: BANK, why };
    if bytes.trim_ascii_start().starts_with(b"<") {
        let told = |problem: &statement::Problem| match problem.line {
            0 => problem.words.clone(),
            line => format!("第{line}笔{}", problem.words),
        };
        let read = statement::read(bytes, None);
        let read = read.map_err(|problems| no(problems.first().map(told).unwrap_or_default()))?;
        let mut seen = std::collections::HashSet::new();
        return read
            .lines
            .into_iter()
            .map(|line| match line {
                line if line.day != day => Err(no(format!("第{}笔的日期是{}，应为{day}", line.line, line.day))),
                line if line.reference.is_empty() => Err(no(format!("第{}笔没有流水号", line.line))),
                line if !seen.insert(line.reference.clone()) => Err(no(format!("第{}笔的流水号出现两次", line.line))),
                line => Ok(BankLine {
                    reference: line.reference,
                    amount: line.amount,
                    words: format!("{} {}", line.counterparty, line.remark),
                }),
            })
            .collect();
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let headers = reader.headers().map_err(|error| no(format!("文件无法读取：{error}")))?.clone();
    let column =
        |name: &str| headers.iter().position(|known| known == name).ok_or_else(|| no(format!("缺少列“{name}”")));
    let places = [column("date")?, column("reference")?, column("amount")?, column("counterparty")?, column("remark")?];
    let mut lines = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (at, record) in reader.records().enumerate() {
        let line = at + 2;
        let record = record.map_err(|error| no(format!("第{line}行无法读取：{error}")))?;
        let [date, reference, amount, counterparty, remark] = places.map(|place| record.get(place).unwrap_or_default());
        let found: BusinessDate = date.parse().map_err(|_| no(format!("第{line}行“date”的内容无法识别")))?;
        if found != day {
            return Err(no(format!("第{line}行的日期是{found}，应为{day}")));
        }
        let (sign, digits) = amount.strip_prefix('-').map_or((1, amount), |digits| (-1, digits));
        let amount: Money = digits.parse().map_err(|_| no(format!("第{line}行“amount”的内容无法识别")))?;
        if amount == Money::ZERO || reference.is_empty() {
            return Err(no(format!("第{line}行没有金额或流水号")));
        }
        if !seen.insert(reference.to_owned()) {
            return Err(no(format!("第{line}行的流水号出现两次")));
        }
        lines.push(BankLine {
            reference: reference.to_owned(),
            amount: Money::from_fen(sign * amount.fen()),
            words: format!("{counterparty} {remark}"),
        });
    }
    Ok(lines)
}

/// The bank's statements in force of some days.
pub(super) async fn statements(
    db: &impl ConnectionTrait,
    book: BookId,
    from: BusinessDate,
    to: BusinessDate,
) -> Result<Vec<(BusinessDate, Vec<BankLine>)>, ReconcileError> {
    let rows = bill::Entity::find()
        .filter(bill::Column::BookId.eq(book))
        .filter(bill::Column::Kind.eq("bank"))
        .filter(bill::Column::Day.gte(from))
        .filter(bill::Column::Day.lte(to))
        .filter(bill::Column::ReplacedUs.is_null())
        .order_by_asc(bill::Column::Day)
        .all(db)
        .await?;
    rows.into_iter().map(|row| Ok((row.day, read_bank(&row.content, row.day)?))).collect()
}

/// A file that was read and is to be kept.
pub(super) struct Kept<'a> {
    pub(super) kind: &'static str,
    pub(super) bytes: &'a [u8],
}

pub(super) fn kind_of(kind: TradeBillKind) -> &'static str {
    match kind {
        TradeBillKind::All => "trade",
        TradeBillKind::Success => "trade_success",
        TradeBillKind::Refund => "trade_refund",
    }
}

/// Keeps a file and puts it in force. Whatever said the same before is in force no longer: a bill of all trades takes the place of one
/// of payments and one of refunds, and a later one of payments or refunds says it anew for its part.
pub(super) async fn keep(
    tx: &Tx,
    now: Timestamp,
    book: BookId,
    day: BusinessDate,
    file: &Kept<'_>,
    actor: &str,
) -> Result<(), DbErr> {
    let hash = digest(&SHA256, file.bytes).as_ref().to_vec();
    let of_day = bill::Entity::find().filter(bill::Column::BookId.eq(book)).filter(bill::Column::Day.eq(day));
    // The bytes of the others are not wanted.
    let others: Vec<(BillId, String, Vec<u8>, Option<Timestamp>)> = of_day
        .select_only()
        .columns([bill::Column::Id, bill::Column::Kind, bill::Column::Sha256, bill::Column::ReplacedUs])
        .into_tuple()
        .all(tx)
        .await?;
    let known = others.iter().find(|(_, kind, sha256, _)| *kind == file.kind && *sha256 == hash);
    let covers = |kind: &str| kind == file.kind || (file.kind == "trade" && kind.starts_with("trade_"));
    let replaced: Vec<BillId> = others
        .iter()
        .filter(|(id, kind, _, gone)| gone.is_none() && covers(kind) && known.is_none_or(|(known, ..)| known != id))
        .map(|(id, ..)| *id)
        .collect();
    if !replaced.is_empty() {
        let rows = Rows::new().uuid("id", replaced.iter().map(|id| id.uuid()));
        let sql = "UPDATE bill SET replaced_us = $1 FROM {rows} WHERE bill.id = r.id";
        tx.execute_raw(rows.statement(ConnectionTrait::get_database_backend(tx), sql, [now.into()])).await?;
    }
    for id in replaced {
        history(tx, now, id, false, actor).await?;
    }
    let id = match known {
        Some((_, _, _, None)) => return Ok(()),
        Some((id, ..)) => {
            execute(tx, "UPDATE bill SET replaced_us = NULL WHERE id = $1", [(*id).into()]).await?;
            *id
        }
        None => {
            let id = BillId::new();
            let row = bill::ActiveModel {
                id: Set(id),
                book_id: Set(book),
                day: Set(day),
                kind: Set(file.kind.to_owned()),
                sha256: Set(hash),
                content: Set(file.bytes.to_vec()),
                actor: Set(actor.to_owned()),
                received_us: Set(now),
                replaced_us: Set(None),
            };
            bill::Entity::insert(row).exec_without_returning(tx).await?;
            id
        }
    };
    history(tx, now, id, true, actor).await
}

async fn history(tx: &Tx, now: Timestamp, bill: BillId, in_force: bool, actor: &str) -> Result<(), DbErr> {
    let row = bill_history::ActiveModel {
        id: Set(BillHistoryId::new()),
        bill_id: Set(bill),
        in_force: Set(in_force),
        actor: Set(actor.to_owned()),
        created_us: Set(now),
    };
    row.insert(tx).await.map(|_| ())
}

/// The bills in force of the days from `from` to `to`; a day without any is not there. One file is in memory at a time.
pub(super) async fn in_force(
    db: &(impl ConnectionTrait + StreamTrait),
    owner: &charity::Model,
    from: BusinessDate,
    to: BusinessDate,
) -> Result<BTreeMap<BusinessDate, Bills>, ReconcileError> {
    let mchid = owner.mchid.as_deref().unwrap_or_default();
    let mut days: BTreeMap<BusinessDate, Bills> = BTreeMap::new();
    // One of all trades first: what stands beside it in force is newer and says its part anew.
    let rows = bill::Entity::find()
        .filter(bill::Column::BookId.eq(owner.book_id))
        .filter(bill::Column::Day.gte(from))
        .filter(bill::Column::Day.lte(to))
        .filter(bill::Column::ReplacedUs.is_null())
        .order_by_asc(bill::Column::Day)
        .order_by_asc(bill::Column::Kind)
        .stream(db)
        .await?;
    let mut rows = pin!(rows);
    while let Some(row) = rows.try_next().await? {
        let bills = days.entry(row.day).or_default();
        match row.kind.as_str() {
            "fund_flow" => {
                let (flow, twice) = parted(read_flow(&row.content, mchid, row.day)?);
                (bills.flow, bills.twice) = (Some(flow), twice);
            }
            "bank" => bills.bank = Some(read_bank(&row.content, row.day)?),
            _ => {
                let (_, part) = read_trade(&row.content, mchid, row.day)?;
                let trade = bills.trade.get_or_insert(Trade { lists: (false, false), ..Trade::default() });
                if part.lists.0 {
                    trade.payments = part.payments;
                }
                if part.lists.1 {
                    trade.refunds = part.refunds;
                }
                trade.lists = (trade.lists.0 || part.lists.0, trade.lists.1 || part.lists.1);
            }
        }
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u32, fen: i64, balance: i64, second: i64) -> FlowLine {
        FlowLine {
            line: number,
            kind: FlowKind::Payment,
            amount: Money::from_fen(fen),
            balance: Money::from_fen(balance),
            business_no: format!("42000099999999999999999{fen:05}"),
            flow_no: String::new(),
            voucher: String::new(),
            words: Cow::Borrowed("交易 交易"),
            at: Timestamp::from_seconds(second),
            names_us: true,
        }
    }

    #[test]
    fn a_line_told_twice_may_have_moved_the_balance_once_or_twice() {
        let moved_twice = vec![line(1, 100, 100, 1), line(2, 100, 200, 1), line(3, 50, 250, 2)];
        assert_eq!(following(moved_twice).unwrap().len(), 2);
        let told_twice = vec![line(1, 100, 100, 1), line(2, 100, 100, 1), line(3, 50, 150, 2)];
        assert_eq!(following(told_twice).unwrap().len(), 2);
        let gap = vec![line(1, 100, 100, 1), line(3, 50, 250, 2)];
        assert!(following(gap).is_err());
    }
}
