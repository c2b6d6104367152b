//! What a run found, and how it is written down: a difference once, cleared by the run that does not find it any more.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::reconciliation::BreakClass;
use domain::{BookId, BreakId, BufferedLineId, BusinessDate, Money, Timestamp};
use entity::{Rows, Tx, buffered_line, discrepancy};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// A difference that holds no money in suspense.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) class: BreakClass,
    pub(super) item: String,
    pub(super) amount: Money,
    pub(super) expected: Option<Money>,
    pub(super) detail: String,
    /// What could be done, in the words of finance.
    pub(super) proposal: &'static str,
}

/// Where a line stands that waits for its other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Books,
    Trade,
    FundFlow,
    Bank,
}

impl Side {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Side::Books => "books",
            Side::Trade => "trade",
            Side::FundFlow => "fund_flow",
            Side::Bank => "bank",
        }
    }
}

/// A line that may still find its other side (缓冲).
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) side: Side,
    /// What it becomes when its time is over.
    pub(super) class: BreakClass,
    pub(super) item: String,
    pub(super) amount: Money,
    /// The last day it may wait.
    pub(super) until: BusinessDate,
}

/// What a run gathers.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) matched: u64,
    pub(super) healed: u64,
    /// Whether the run has booked anything on the day, or tied a transfer to its line.
    pub(super) booked: bool,
    /// Lines that wait for the bill of another day.
    pub(super) waiting: Vec<Waiting>,
    pub(super) breaks: Vec<Found>,
    known: HashSet<(BreakClass, String)>,
    known_waiting: HashSet<(Side, BreakClass, String)>,
    /// What another day did not find and this one did.
    pub(super) cleared: HashSet<String>,
    today: BusinessDate,
}

impl Findings {
    pub(super) fn new(today: BusinessDate) -> Findings {
        Findings {
            matched: 0,
            healed: 0,
            booked: false,
            waiting: Vec::new(),
            breaks: Vec::new(),
            known: HashSet::new(),
            known_waiting: HashSet::new(),
            cleared: HashSet::new(),
            today,
        }
    }

    pub(super) fn add(
        &mut self,
        class: BreakClass,
        item: &str,
        amount: Money,
        expected: Option<Money>,
        detail: impl Into<String>,
    ) {
        if self.known.insert((class, item.to_owned())) {
            let (item, detail) = (item.to_owned(), detail.into());
            self.breaks.push(Found { class, item, amount, expected, detail, proposal: proposal(class) });
        }
    }

    /// Whether a break of this class about this is found already.
    pub(super) fn has(&self, class: BreakClass, item: &str) -> bool {
        self.known.contains(&(class, item.to_owned()))
    }

    /// Whether it is found, or waits to become one.
    pub(super) fn tells(&self, side: Side, class: BreakClass, item: &str) -> bool {
        self.has(class, item) || self.known_waiting.contains(&(side, class, item.to_owned()))
    }

    /// Another proposal for a break that was found, if it was, than its class has.
    pub(super) fn advise(&mut self, class: BreakClass, item: &str, proposal: &'static str) {
        let of_it = |one: &&mut Found| one.class == class && one.item == item;
        if let Some(one) = self.breaks.iter_mut().rev().find(of_it) {
            one.proposal = proposal;
        }
    }

    /// A line without its other side: it waits as long as finance lets it, and is a break after that.
    pub(super) fn wait(
        &mut self,
        side: Side,
        class: BreakClass,
        (item, amount): (&str, Money),
        until: BusinessDate,
        detail: impl Into<String>,
    ) {
        if self.today > until {
            self.add(class, item, amount, None, format!("{}（缓冲期至{until}）", detail.into()));
        } else if self.known_waiting.insert((side, class, item.to_owned())) {
            self.waiting.push(Waiting { side, class, item: item.to_owned(), amount, until });
        }
    }
}

/// What could be done, in the words of finance.
pub(crate) fn proposal(class: BreakClass) -> &'static str {
    match class {
        BreakClass::MissingHere => "长款：微信有、账上无。核对交易账单后以微信为准入账，或说明原因",
        BreakClass::MissingThere => "短款：账上有、账单无。向微信核实；以微信为准则转入短款待查，以账本为准则说明原因",
        BreakClass::Amount => "金额不一致：向微信核实；以微信为准则按差额入账，以账本为准则说明原因",
        BreakClass::Fee => "手续费不一致：核对费率与资金账单；以微信为准则按账单补记手续费，以账本为准则说明原因",
        BreakClass::Status => {
            "状态不一致：向微信核实该笔交易或退款的最终状态；以微信为准则按实际变动入账，以账本为准则说明原因"
        }
        BreakClass::DuplicateHere => "账上重复：核对凭证；以微信为准则将多记的一笔转入短款待查",
        BreakClass::DuplicateThere => "账单重复：向微信核实，等待更正的账单或说明原因",
        BreakClass::RefundMissingHere => {
            "微信有退款、账上无：查明是谁在商户平台退款；以微信为准则转入短款待查，再按凭证处理"
        }
        BreakClass::RefundMissingThere => {
            "账上有退款、微信无：查询退款状态；未退出的以微信为准转入长款待查，再退还捐赠人"
        }
        BreakClass::RefundAmount => "退款金额不一致：向微信核实；以微信为准则按差额入账，以账本为准则说明原因",
        BreakClass::SettlementAmount => {
            "结算金额与交易金额不一致：核对代金券与资金账单；以微信为准则按差额入账，以账本为准则说明原因"
        }
        BreakClass::PaidAfterClose | BreakClass::PaidTwice => "联系付款人，退回或确认为捐赠",
        BreakClass::UnknownLine => "无法识别的流水：查明业务；以微信为准则转入待查，再按凭证处理，或说明原因",
        BreakClass::Currency => {
            "以外币支付，无法按人民币入账：在商户平台核对结算金额；资金账单列出人民币金额后以微信为准入账，或退回付款人后说明原因"
        }
        BreakClass::Loan(class) => crate::servicing::proposal(class),
    }
}

/// The cashier looks after money that is missing or too much, the bookkeeper after what was said wrongly.
fn owner(class: BreakClass) -> &'static str {
    match class {
        BreakClass::MissingHere
        | BreakClass::MissingThere
        | BreakClass::RefundMissingHere
        | BreakClass::RefundMissingThere
        | BreakClass::PaidAfterClose
        | BreakClass::PaidTwice
        | BreakClass::UnknownLine
        | BreakClass::Currency => "cashier",
        BreakClass::Amount
        | BreakClass::Fee
        | BreakClass::Status
        | BreakClass::DuplicateHere
        | BreakClass::DuplicateThere
        | BreakClass::RefundAmount
        | BreakClass::SettlementAmount
        | BreakClass::Loan(_) => "bookkeeper",
    }
}

/// Writes the differences of a day. What stands open and is found again as it is stays; what is not found any more is cleared; what
/// was decided stays decided.
pub(super) async fn write(
    tx: &Tx,
    now: Timestamp,
    book: BookId,
    day: BusinessDate,
    findings: &Findings,
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let open = discrepancy::Entity::find()
        .filter(discrepancy::Column::BookId.eq(book))
        .filter(discrepancy::Column::State.eq("open"))
        .filter(discrepancy::Column::Suspense.eq(false))
        // What the channel told by itself of money that cannot be booked, no bill shows.
        .filter(discrepancy::Column::Class.ne(BreakClass::Currency.as_str()))
        .all(tx)
        .await?;
    let found: HashMap<(&str, &str), &Found> =
        findings.breaks.iter().map(|one| ((one.class.as_str(), one.item.as_str()), one)).collect();
    let over = open.iter().filter(|row| match found.get(&(row.class.as_str(), row.item.as_str())) {
        Some(one) => one.amount != row.amount_fen || one.expected != row.expected_fen,
        None => row.day == day || findings.cleared.contains(&row.item),
    });
    let rows = Rows::new().uuid("id", over.map(|row| row.id.uuid()));
    // A break whose resolution is under way is the two persons' to end.
    let sql = "UPDATE discrepancy SET state = 'cleared', cleared_us = $1 FROM {rows} WHERE discrepancy.id = r.id AND discrepancy.state = 'open' \
               AND NOT EXISTS (SELECT 1 FROM resolution s WHERE s.break_id = discrepancy.id AND s.state <> 'declined')";
    tx.execute_raw(rows.statement(backend, sql, [now.into()])).await?;
    let fresh = &findings.breaks;
    let rows = Rows::new()
        .uuid("id", fresh.iter().map(|_| BreakId::new().uuid()))
        .text("class", fresh.iter().map(|one| one.class.as_str()))
        .text("item", fresh.iter().map(|one| one.item.clone()))
        .int("amount_fen", fresh.iter().map(|one| one.amount.fen()))
        .int_or_null("expected_fen", fresh.iter().map(|one| one.expected.map(Money::fen)))
        .text("detail", fresh.iter().map(|one| one.detail.clone()))
        .text("proposal", fresh.iter().map(|one| one.proposal))
        .text("owner", fresh.iter().map(|one| owner(one.class)));
    let sql = "INSERT INTO discrepancy (id, class, item, state, amount_fen, expected_fen, book_id, detail, proposal, created_us, suspense, \
               day, owner) \
               SELECT id, class, item, 'open', amount_fen, expected_fen, $1, detail, proposal, $2, false, $3, owner FROM {rows} \
               WHERE NOT EXISTS (SELECT 1 FROM discrepancy d WHERE d.book_id = $1 AND d.class = r.class AND d.item = r.item AND NOT d.suspense \
               AND d.state = 'open' AND d.state <> 'cleared') ON CONFLICT DO NOTHING";
    tx.execute_raw(rows.statement(backend, sql, [book.into(), now.into(), day.into()])).await?;
    Ok(())
}

/// Writes the lines that wait: those that wait no longer leave, those that are new enter.
pub(super) async fn buffer(
    tx: &Tx,
    now: Timestamp,
    book: BookId,
    day: BusinessDate,
    findings: &Findings,
) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    let open = buffered_line::Entity::find()
        .filter(buffered_line::Column::BookId.eq(book))
        .filter(buffered_line::Column::Day.eq(day))
        .filter(buffered_line::Column::LeftUs.is_null())
        .all(tx)
        .await?;
    let still: HashSet<(&str, &str, &str, BusinessDate)> = findings
        .waiting
        .iter()
        .map(|one| (one.side.as_str(), one.class.as_str(), one.item.as_str(), one.until))
        .collect();
    let waits = |row: &buffered_line::Model| {
        still.contains(&(row.side.as_str(), row.class.as_str(), row.item.as_str(), row.until))
    };
    let over: Vec<_> = open.iter().filter(|row| !waits(row)).map(|row| row.id.uuid()).collect();
    if !over.is_empty() {
        let rows = Rows::new().uuid("id", over);
        let sql = "UPDATE buffered_line SET left_us = $1 FROM {rows} WHERE buffered_line.id = r.id";
        tx.execute_raw(rows.statement(backend, sql, [now.into()])).await?;
    }
    if findings.waiting.is_empty() {
        return Ok(());
    }
    let fresh = &findings.waiting;
    let rows = Rows::new()
        .uuid("id", fresh.iter().map(|_| BufferedLineId::new().uuid()))
        .text("side", fresh.iter().map(|one| one.side.as_str()))
        .text("class", fresh.iter().map(|one| one.class.as_str()))
        .text("item", fresh.iter().map(|one| one.item.clone()))
        .int("amount_fen", fresh.iter().map(|one| one.amount.fen()))
        .text("until", fresh.iter().map(|one| one.until.to_string()));
    let sql = "INSERT INTO buffered_line (id, book_id, day, side, class, item, amount_fen, until, entered_us) \
               SELECT id, $1, $2, side, class, item, amount_fen, until, $3 FROM {rows} WHERE true ON CONFLICT DO NOTHING";
    tx.execute_raw(rows.statement(backend, sql, [book.into(), day.into(), now.into()])).await?;
    Ok(())
}

/// The days on which lines wait, and until when the first of each may.
pub(super) async fn waiting_days(
    db: &impl ConnectionTrait,
    book: BookId,
) -> Result<BTreeMap<BusinessDate, BusinessDate>, DbErr> {
    let rows: Vec<(BusinessDate, BusinessDate)> = buffered_line::Entity::find()
        .select_only()
        .column(buffered_line::Column::Day)
        .column(buffered_line::Column::Until)
        .filter(buffered_line::Column::BookId.eq(book))
        .filter(buffered_line::Column::LeftUs.is_null())
        .order_by_desc(buffered_line::Column::Until)
        .distinct()
        .into_tuple()
        .all(db)
        .await?;
    // The first to end is the one that stays.
    Ok(rows.into_iter().collect())
}

/// Remembers of money in suspense that its row of the fund-flow bill was found, so that the gift it may become is settled.
pub(super) async fn settle(tx: &Tx, now: Timestamp, transactions: &[&str]) -> Result<(), DbErr> {
    if transactions.is_empty() {
        return Ok(());
    }
    let rows = Rows::new().text("item", transactions.iter().copied());
    let sql = "UPDATE discrepancy SET settled_us = $1 FROM {rows} WHERE discrepancy.item = r.item AND discrepancy.suspense AND discrepancy.settled_us IS NULL";
    tx.execute_raw(rows.statement(tx.get_database_backend(), sql, [now.into()])).await?;
    Ok(())
}

/// The breaks of a day that are open, by class and item.
pub(super) async fn open(
    db: &impl ConnectionTrait,
    book: BookId,
    day: BusinessDate,
) -> Result<Vec<discrepancy::Model>, DbErr> {
    let mut rows = discrepancy::Entity::find()
        .filter(discrepancy::Column::BookId.eq(book))
        .filter(discrepancy::Column::Day.eq(day))
        .filter(discrepancy::Column::State.eq("open"))
        .all(db)
        .await?;
    rows.sort_by(|a, b| (&a.class, &a.item).cmp(&(&b.class, &b.item)));
    Ok(rows)
}
