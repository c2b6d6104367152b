//! The report of a day: the four sides, what is open, and the proof of 1009 微信余额.

use std::collections::{BTreeMap, HashMap};

use domain::{BookId, BusinessDate, Money, Timestamp};
use entity::{Tx, discrepancy, reconciliation_run, transfer};
use ledger::Account;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::bills::{Bills, FlowKind, FlowLine};
use super::findings::Waiting;
use super::ours::{self, Movement};
use super::transit;

/// What a run found on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayReport {
    /// The day.
    pub date: BusinessDate,
    /// `waiting` for its bills, partly `read`, `matched`, or `with_breaks`.
    pub state: String,
    /// What agrees.
    pub matched: u64,
    /// What was booked from the bills in this run because nobody had told us.
    pub healed: u64,
    /// What waits for the bill of another day.
    pub waiting: u64,
    /// The lines that wait (缓冲).
    #[serde(default)]
    pub buffer: Vec<BufferLine>,
    /// What is open.
    pub breaks: Vec<BreakLine>,
    /// Counts and sums of each side.
    pub sides: Sides,
    /// 1009 微信余额, explained to the fen.
    pub proof: Proof,
    /// When.
    pub ran_at: Timestamp,
}

/// An open break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakLine {
    /// Its class.
    pub class: String,
    /// What it is about: a transaction, a refund, a line.
    pub key: String,
    /// How much.
    #[serde(deserialize_with = "signed")]
    pub amount: Money,
    /// What the other side says, if it says anything.
    #[serde(deserialize_with = "signed_or_none")]
    pub expected: Option<Money>,
    /// What could be done.
    pub proposal: String,
    /// Whose desk it lies on.
    pub owner: String,
    /// How many days it is open.
    pub age_days: u64,
    /// Why it is one.
    #[serde(default)]
    pub why: String,
}

/// A line that waits for its other side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BufferLine {
    /// Where it stands: `books`, `trade`, `fund_flow`, `bank`.
    pub side: String,
    /// What it becomes if nothing comes.
    pub class: String,
    /// What it is about.
    pub key: String,
    /// How much.
    #[serde(deserialize_with = "signed")]
    pub amount: Money,
    /// For how many days it has waited.
    pub age_days: u64,
    /// The last day it may wait.
    pub until: BusinessDate,
}

impl BufferLine {
    pub(super) fn of(one: &Waiting, day: BusinessDate, today: BusinessDate) -> BufferLine {
        BufferLine {
            side: one.side.as_str().to_owned(),
            class: one.class.to_string(),
            key: one.item.clone(),
            amount: one.amount,
            age_days: u64::try_from(day.days_to(today)).unwrap_or_default(),
            until: one.until,
        }
    }
}

impl BreakLine {
    pub(super) fn of(row: &discrepancy::Model, now: Timestamp) -> BreakLine {
        BreakLine {
            class: row.class.clone(),
            key: row.item.clone(),
            amount: row.amount_fen,
            expected: row.expected_fen,
            proposal: row.proposal.clone(),
            owner: row.owner.clone(),
            age_days: u64::try_from((now.seconds() - row.created_us.seconds()) / 86_400).unwrap_or_default(),
            why: row.detail.clone(),
        }
    }
}

/// How many, and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// How many.
    pub count: u64,
    /// How much.
    #[serde(deserialize_with = "signed")]
    pub sum: Money,
}

impl Side {
    fn of(amounts: impl Iterator<Item = Money>) -> Side {
        amounts.fold(Side::default(), |side, amount| Side {
            count: side.count + 1,
            sum: side.sum.checked_add(amount).unwrap_or(Money::MAX),
        })
    }
}

/// The four sides of a day; a bill that is not there has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides {
    /// Payments in our books.
    pub booked_payments: Side,
    /// Refunds in our books.
    pub booked_refunds: Side,
    /// Payments in the trade bill.
    pub trade_payments: Option<Side>,
    /// Refunds in the trade bill.
    pub trade_refunds: Option<Side>,
    /// What came in by the fund-flow bill.
    pub flow_in: Option<Side>,
    /// What went out by it.
    pub flow_out: Option<Side>,
    /// What came in at the bank.
    pub bank_in: Option<Side>,
    /// What went out there.
    pub bank_out: Option<Side>,
}

/// `bank`: what moved at the bank that day, from whatever statement there is.
pub(super) fn sides(day: BusinessDate, bills: &Bills, ours: &[Movement], bank: Option<Vec<Money>>) -> Sides {
    let payments = Side::of(ours::received(ours, day).into_iter().map(|one| one.amount_fen));
    let refunds = Side::of(ours.iter().filter(|one| one.sent_on(day)).map(Movement::out));
    let signed = |amounts: Vec<Money>, positive: bool| {
        let wanted = amounts.into_iter().filter(|amount| amount.is_positive() == positive);
        Side::of(wanted.map(|amount| Money::from_fen(amount.fen().abs())))
    };
    let lines = |lines: &Vec<FlowLine>| lines.iter().chain(&bills.twice).map(|line| line.amount).collect::<Vec<_>>();
    let flow = bills.flow.as_ref().map(lines);
    let trade = bills.trade.as_ref();
    Sides {
        booked_payments: payments,
        booked_refunds: refunds,
        trade_payments: trade.map(|trade| Side::of(trade.payments.iter().map(|line| line.amount))),
        trade_refunds: trade.map(|trade| Side::of(trade.refunds.iter().map(|line| line.amount))),
        flow_in: flow.clone().map(|amounts| signed(amounts, true)),
        flow_out: flow.map(|amounts| signed(amounts, false)),
        bank_in: bank.clone().map(|amounts| signed(amounts, true)),
        bank_out: bank.map(|amounts| signed(amounts, false)),
    }
}

/// Why the books and the channel name different balances at the end of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// 1009 微信余额 at the end of the day.
    #[serde(deserialize_with = "signed")]
    pub ledger: Money,
    /// The last balance of the fund-flow bill.
    #[serde(deserialize_with = "signed_or_none")]
    pub channel: Option<Money>,
    /// By how much the channel was ahead of the books when the day began.
    #[serde(deserialize_with = "signed")]
    pub carried: Money,
    /// What that consists of: what earlier days have left.
    #[serde(default)]
    pub carried_items: Vec<ProofItem>,
    /// What the day added to that.
    pub items: Vec<ProofItem>,
    /// What nothing explains: the bill does not begin where the last one ended.
    #[serde(deserialize_with = "signed")]
    pub unexplained: Money,
    /// 1009 微信在途 at the end of the day: withdrawals not yet at the bank, top-ups not yet at the channel.
    #[serde(deserialize_with = "signed")]
    pub in_transit: Money,
}

/// Differences by what they are and their numbers, in fen.
type Sums = BTreeMap<(String, String), i64>;
/// Since which day there is such a difference, where that is known.
type Since = BTreeMap<(String, String), BusinessDate>;

fn listed(mut sums: Sums, since: &Since) -> Vec<ProofItem> {
    // Reports of before told transfers as one sum: while it stands, they stay one.
    let told = (TRANSFERS.to_owned(), String::new());
    if sums.get(&told).is_some_and(|fen| *fen != 0) {
        let all: i64 = sums.iter().filter(|((what, _), _)| what == TRANSFERS).map(|(_, fen)| fen).sum();
        sums.retain(|(what, _), _| what != TRANSFERS);
        sums.insert(told, all);
    }
    let items = sums.into_iter().filter(|(_, fen)| *fen != 0);
    let item = |(about, fen): ((String, String), i64)| ProofItem {
        since: since.get(&about).copied(),
        what: about.0,
        key: about.1,
        amount: Money::from_fen(fen),
    };
    items.map(item).collect()
}

impl DayReport {
    /// What the day has left behind: what it found and what it added, and what nothing explained; and since when.
    fn left(&self, transfers: &Transfers) -> (Sums, Since) {
        let (mut left, mut since) = (Sums::new(), Since::new());
        let mut add = |what: &str, key: String, amount: i64, from: Option<BusinessDate>| {
            let about = (what.to_owned(), key);
            if let Some(from) = from.filter(|_| amount != 0) {
                since.entry(about.clone()).or_insert(from);
            }
            *left.entry(about).or_default() += amount;
        };
        let key = |one: &ProofItem| {
            if one.what == TRANSFERS { transfers.canonical(&one.key) } else { one.key.clone() }
        };
        for one in &self.proof.carried_items {
            add(&one.what, key(one), one.amount.fen(), one.since);
        }
        for one in &self.proof.items {
            add(&one.what, key(one), one.amount.fen(), Some(self.date));
        }
        let told: i64 = self.proof.carried_items.iter().map(|one| one.amount.fen()).sum();
        add(BEFORE, String::new(), self.proof.carried.fen() - told, None);
        add(UNEXPLAINED, balance_key(self.date), self.proof.unexplained.fen(), Some(self.date));
        (left, since)
    }
}

/// The transfers of a book. Whatever number a day knows one by, it is listed under its id, so that both its sides meet.
struct Transfers(Vec<transfer::Model>);

impl Transfers {
    async fn of(tx: &Tx, book: BookId) -> Result<Transfers, DbErr> {
        Ok(Transfers(transfer::Entity::find().filter(transfer::Column::BookId.eq(book)).all(tx).await?))
    }

    /// What a line of the fund-flow bill is listed under: its transfer, or its number while no transfer is tied to it.
    fn of_line(&self, number: &str, line: &FlowLine) -> String {
        let tied = |one: &transfer::Model| match line.kind {
            FlowKind::WithdrawalReturned => one.return_no.clone(),
            _ => one.flow_no.clone(),
        };
        let exact = self.0.iter().find(|one| tied(one).as_deref() == Some(number));
        let known = exact.or_else(|| self.0.iter().find(|one| tied(one).is_some_and(|tied| line.names(&tied))));
        known.map_or_else(|| number.to_owned(), |one| one.id.to_string())
    }

    /// What an earlier report has listed, by the transfer that was tied to its number since.
    fn canonical(&self, key: &str) -> String {
        let names = |one: &&transfer::Model| [&one.flow_no, &one.return_no].iter().any(|no| no.as_deref() == Some(key));
        self.0.iter().find(names).map_or_else(|| key.to_owned(), |one| one.id.to_string())
    }
}

/// What withdrawals and top-ups are listed as.
const TRANSFERS: &str = "提现与充值";

/// What the days left that were not reconciled, or whose reports did not list it.
const BEFORE: &str = "此前未对账日期的差额";
/// What nothing explained on its day.
const UNEXPLAINED: &str = "余额衔接不上";
/// What was booked on earlier days after their reports, as a sum.
const LATER: &str = "报告以后补记于此前日期";

/// What the break about a day's unexplained difference is called by.
pub(super) fn balance_key(day: BusinessDate) -> String {
    format!("balance:{day}")
}

/// What only one side has moved that day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofItem {
    /// What it is.
    pub what: String,
    /// Its number.
    pub key: String,
    /// By how much it puts the channel ahead of the books.
    #[serde(deserialize_with = "signed")]
    pub amount: Money,
    /// Of what earlier days have left: since which day, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<BusinessDate>,
}

/// What a movement of the books is listed as.
fn listed_as(one: &Movement) -> (&'static str, String) {
    let document = one.document.clone().unwrap_or_default();
    match one.kind.as_str() {
        "donation" | "suspense" | "payment_difference" => ("收款", document),
        "reversal" if one.reference.starts_with("reversal:suspense:") => ("收款", document),
        "fee" => ("手续费", document),
        "refund_sent" | "suspense_returned" | "fee_returned" | "refund_difference" => ("退款", String::new()),
        "line_difference" => ("其他流水", document),
        "withdrawal" | "top_up" => {
            let id = one.reference.strip_prefix("transfer_left:").or(one.reference.strip_prefix("transfer_done:"));
            (TRANSFERS, id.unwrap_or(&one.reference).to_owned())
        }
        _ => ("账上其他", one.reference.clone()),
    }
}

/// Compares the movements of the day by what they are about: what cancels is gone, the rest is listed; and so is what earlier days have left.
/// A day on which nothing moved at the channel ends as the last one did.
pub(super) async fn proof(
    tx: &Tx,
    book: BookId,
    day: BusinessDate,
    flow: Option<&[FlowLine]>,
    ours: &[Movement],
) -> Result<Proof, DbErr> {
    let balance = Account::wechat_balance(book);
    let ledger = ledger::balance(tx, &balance, Some(day)).await?.net();
    let in_transit = ledger::balance(tx, &Account::wechat_in_transit(book), Some(day)).await?.net();
    let none = Proof { ledger, in_transit, ..Proof::default() };
    let Some(flow) = flow else { return Ok(none) };
    let last = ended(tx, book, day).await?;
    let stood = last.as_ref().and_then(|last| last.proof.channel).map(Money::fen);
    let Some((opening, closing)) = ends(flow).or(stood.map(|stood| (stood, stood))) else { return Ok(none) };
    let before = ledger::balance(tx, &balance, Some(day.previous())).await?.net();
    let transfers = Transfers::of(tx, book).await?;
    let mut sums: BTreeMap<(&str, String), i64> = BTreeMap::new();
    for (number, line) in transit::numbered(day, flow) {
        *sums.entry((TRANSFERS, transfers.of_line(&number, line))).or_default() += line.amount.fen();
    }
    for line in flow {
        let (what, key) = match line.kind {
            FlowKind::Payment => ("收款", line.business_no.clone()),
            FlowKind::Fee => ("手续费", line.business_no.clone()),
            FlowKind::Refund | FlowKind::FeeReturned | FlowKind::RefundClosed => ("退款", line.business_no.clone()),
            FlowKind::Withdrawal | FlowKind::WithdrawalReturned | FlowKind::TopUp => continue,
            FlowKind::Unknown => ("其他流水", line.key().to_owned()),
        };
        *sums.entry((what, key)).or_default() += line.amount.fen();
    }
    // Refunds go net at the channel and gross in the books, and are numbered differently: they are compared in one sum.
    let mut refunds = 0;
    sums.retain(|(what, _), fen| {
        let of_refunds = *what == "退款";
        refunds += if of_refunds { *fen } else { 0 };
        !of_refunds
    });
    sums.insert(("退款", String::new()), refunds);
    for one in ours.iter().filter(|one| one.book_date == day) {
        *sums.entry(listed_as(one)).or_default() -= one.amount_fen.fen();
    }
    let sums: Sums = sums.into_iter().map(|((what, key), fen)| ((what.to_owned(), key), fen)).collect();
    let items = listed(sums, &Since::new());
    // Where the last bill ended, this one begins; what lies between is in neither.
    let jump = stood.map_or(0, |stood| opening - stood);
    let carried = opening - jump - before.fen();
    let carried_items = match &last {
        Some(last) => carried_from(tx, book, (last, &transfers), (day.previous(), before)).await?,
        None => listed(Sums::from([((BEFORE.to_owned(), String::new()), carried)]), &Since::new()),
    };
    let told: i64 = items.iter().chain(&carried_items).map(|one| one.amount.fen()).sum();
    Ok(Proof {
        ledger,
        channel: Some(Money::from_fen(closing)),
        carried: Money::from_fen(carried),
        unexplained: Money::from_fen(closing - ledger.fen() - told),
        carried_items,
        items,
        in_transit,
    })
}

/// What a day's report and those before it have left at the end of a later day: less what was booked since, by what it is about.
async fn carried_from(
    tx: &Tx,
    book: BookId,
    (last, transfers): (&DayReport, &Transfers),
    (day, stands): (BusinessDate, Money),
) -> Result<Vec<ProofItem>, DbErr> {
    let (mut left, since_when) = last.left(transfers);
    let booked = stands.fen() - last.proof.ledger.fen();
    if booked == 0 && last.date == day {
        return Ok(listed(left, &since_when));
    }
    let since = ours::since(tx, book, (last.date, last.ran_at), day).await?;
    if since.iter().map(|one| one.amount_fen.fen()).sum::<i64>() == booked {
        for one in &since {
            let (what, key) = listed_as(one);
            *left.entry((what.to_owned(), key)).or_default() -= one.amount_fen.fen();
        }
    } else {
        *left.entry((LATER.to_owned(), String::new())).or_default() -= booked;
    }
    Ok(listed(left, &since_when))
}

/// How many days without any movement are gone back over for the last balance.
const QUIET_DAYS: u64 = 62;

/// The report of the last day before this one that tells a balance, as far as every day between was read and had nothing to tell.
async fn ended(tx: &Tx, book: BookId, day: BusinessDate) -> Result<Option<DayReport>, DbErr> {
    let sql = "SELECT r.* FROM reconciliation_run r WHERE r.book_id = $1 AND r.day < $2 AND NOT EXISTS \
               (SELECT 1 FROM reconciliation_run n WHERE n.book_id = r.book_id AND n.day = r.day AND n.id > r.id) \
               ORDER BY r.day DESC LIMIT $3";
    // Mostly the day before tells one.
    for limit in [1, QUIET_DAYS] {
        let values = [book.into(), day.into(), i64::try_from(limit).unwrap_or(1).into()];
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        let mut before = day.previous();
        for row in reconciliation_run::Model::find_by_statement(statement).all(tx).await? {
            let report = of_row(row)?;
            let empty = report.sides.flow_in.is_some_and(|side| side.count == 0)
                && report.sides.flow_out.is_some_and(|side| side.count == 0);
            match report.proof.channel {
                _ if report.date != before => return Ok(None),
                Some(_) => return Ok(Some(report)),
                None if !empty => return Ok(None),
                None => before = before.previous(),
            }
        }
    }
    Ok(None)
}

/// The balances, in fen, with which a fund-flow bill begins and ends, in whatever order its lines stand: each line leads from one balance to
/// another, and the ends of that chain are those that are left once more. Where it ends as it began, its earliest line says where. A bill
/// that makes no chain is refused; of one that was kept before that was asked, the first and the last line say it.
pub(super) fn ends(flow: &[FlowLine]) -> Option<(i64, i64)> {
    let (first, last) = flow.first().zip(flow.last())?;
    let mut degree: HashMap<i64, i64> = HashMap::new();
    for line in flow {
        *degree.entry(line.before()).or_default() += 1;
        *degree.entry(line.balance.fen()).or_default() -= 1;
    }
    degree.retain(|_, times| *times != 0);
    let starts: Vec<(i64, i64)> = degree.into_iter().collect();
    match starts.as_slice() {
        [(a, 1), (b, -1)] | [(b, -1), (a, 1)] => Some((*a, *b)),
        [] => flow.iter().min_by_key(|line| line.at).map(|line| (line.before(), line.before())),
        _ => Some((first.before(), last.balance.fen())),
    }
}

/// Amounts of a stored report: differences and what left the account are negative.
fn signed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    let text = String::deserialize(deserializer)?;
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |digits| (-1, digits));
    let amount: Money = digits.parse().map_err(de::Error::custom)?;
    Ok(Money::from_fen(sign * amount.fen()))
}

fn signed_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Money>, D::Error> {
    #[derive(Deserialize)]
    struct Signed(#[serde(deserialize_with = "signed")] Money);
    Ok(Option::<Signed>::deserialize(deserializer)?.map(|signed| signed.0))
}

pub(super) fn text(report: &DayReport) -> Result<String, DbErr> {
    serde_json::to_string(report).map_err(|error| DbErr::Custom(format!("a report cannot be written: {error}")))
}

pub(super) fn of_row(row: reconciliation_run::Model) -> Result<DayReport, DbErr> {
    serde_json::from_str(&row.report)
        .map_err(|error| DbErr::Custom(format!("the report {} cannot be read: {error}", row.id)))
}
