//! The audit's part: what the books say of the channel's fees, and of what two persons have followed, computed again from the bills in force,
//! and the other way round. A difference that lies on somebody's desk, or was decided, is none. Days whose bills were replaced and not read
//! since are left to the run that reads them. Reads the bills of every day once: some seconds for a year of a county, minutes for millions.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::{BookId, BusinessDate, Money};
use entity::{Rows, Tx, charity};
use ledger::AuditReport;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement};

use super::bills::{self, Bills};
use super::channel::{NEIGHBOURS, refund_reference, trades};
use super::flow::{fees_given_back, fees_taken};
use super::follow::{paid, refunded, strange};
use super::ours::{self, Movement};
use super::{ReconcileError, bills::FlowKind};
use crate::postings::Moved;

/// A number of the books, what the bills make of it, and the breaks that explain why they differ.
struct Differs {
    what: &'static str,
    /// What the books are about, and what breaks about it may be called by.
    number: String,
    others: Vec<String>,
    stored: i64,
    computed: i64,
    /// Whether only a break that is open, or was explained, says why.
    open: bool,
}

/// Compares the books with the bills in force, day by day.
pub(crate) async fn audit(tx: &Tx, report: &mut AuditReport) -> Result<(), DbErr> {
    let owners = charity::Entity::find().filter(charity::Column::Mchid.is_not_null()).all(tx).await?;
    let before = report.differences.len();
    for owner in owners {
        for day in read_days(tx, owner.book_id).await? {
            match of_day(tx, &owner, day).await {
                Ok(differing) => tell(tx, owner.book_id, differing, report).await?,
                Err(ReconcileError::Db(error)) => return Err(error),
                Err(error) => report.compare("bill.books", day, error, "ok"),
            }
        }
    }
    report.compare("bill.books", "all", 0, report.differences.len() - before);
    Ok(())
}

/// The days whose bills in force were there when the day was last reconciled.
async fn read_days(tx: &Tx, book: BookId) -> Result<Vec<BusinessDate>, DbErr> {
    #[derive(FromQueryResult)]
    struct Found {
        day: BusinessDate,
    }
    let sql = "SELECT DISTINCT b.day FROM bill b WHERE b.book_id = $1 AND b.replaced_us IS NULL AND b.kind <> 'bank' \
               AND EXISTS (SELECT 1 FROM reconciliation_run r WHERE r.book_id = b.book_id AND r.day = b.day \
                   AND r.ran_us >= (SELECT MAX(h.created_us) FROM bill_history h JOIN bill o ON o.id = h.bill_id \
                       WHERE o.book_id = b.book_id AND o.day = b.day)) ORDER BY b.day";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [book.into()]);
    Ok(Found::find_by_statement(statement).all(tx).await?.into_iter().map(|found| found.day).collect())
}

async fn of_day(tx: &Tx, owner: &charity::Model, day: BusinessDate) -> Result<Vec<Differs>, ReconcileError> {
    let book = owner.book_id;
    let bills = bills::in_force(tx, owner, day, day).await?.remove(&day).unwrap_or_default();
    let ours = ours::movements(tx, book, day).await?;
    let mut differing = fees(&bills, &ours, day);
    let mut followed: HashMap<Moved, BTreeSet<String>> = HashMap::new();
    for one in ours.iter().filter(|one| one.event_date == day) {
        if let (Some(what), Some(number)) = (Moved::of_kind(&one.kind), &one.document) {
            followed.entry(what).or_default().insert(number.clone());
        }
    }
    let alone = differing.iter().all(|one| one.what != "fee.bill");
    if followed.is_empty() && alone {
        return Ok(differing);
    }
    let first = (0..NEIGHBOURS).fold(day, |day, _| day.previous());
    let mut around = bills::in_force(tx, owner, first, day.next()).await?;
    around.remove(&day);
    // A payment of midnight may stand in the neighbour's bill.
    let listed: HashSet<&str> =
        trades(&around).flat_map(|(_, trade)| trade.payments.iter().map(|line| line.transaction.as_str())).collect();
    differing.retain(|one| one.what != "fee.bill" || !listed.contains(one.number.as_str()));
    for (what, numbers) in followed {
        let numbers: Vec<String> = numbers.into_iter().collect();
        let stands = ours::on_channel(tx, book, what, &numbers).await?;
        for number in numbers {
            let says = match what {
                Moved::Payment => paid(&bills, &around, &number),
                Moved::Refund => refunded(&bills, &around, &number),
                Moved::Line => bills.flow.is_some().then(|| strange(day, &bills, &number).unwrap_or(0)),
            };
            let stored = stands.get(&number).map(|stands| stands.fen).unwrap_or_default();
            if let Some(computed) = says.filter(|says| *says != stored) {
                let others = Vec::new();
                differing.push(Differs { what: "difference.bill", number, others, stored, computed, open: true });
            }
        }
    }
    Ok(differing)
}

/// The fees of a day: what is booked and no bill says, and what both bills say of what stands in the books and is not booked.
fn fees(bills: &Bills, ours: &[Movement], day: BusinessDate) -> Vec<Differs> {
    let Some(trade) = &bills.trade else { return Vec::new() };
    let mut booked: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for one in ours.iter().filter(|one| one.event_date == day && one.kind.starts_with("fee")) {
        *booked.entry((one.kind.as_str(), one.transaction())).or_default() += one.amount_fen.fen();
    }
    let taken = bills.flow.as_ref().map(|flow| fees_taken(&trade.payments, flow)).unwrap_or_default();
    let back = bills.flow.as_ref().map(|flow| fees_given_back(&trade.refunds, flow)).unwrap_or_default();
    let shown: HashSet<&str> =
        bills.flow.iter().flatten().filter(|line| line.kind == FlowKind::Payment).map(|line| line.payment()).collect();
    let received: HashMap<&str, Money> =
        ours::received(ours, day).into_iter().map(|one| (one.transaction(), one.amount_fen)).collect();
    let sent: HashMap<&str, Money> =
        ours.iter().filter(|one| one.sent_on(day)).map(|one| (one.reference.as_str(), one.out())).collect();
    let mut differing = Vec::new();
    for line in trade.payments.iter().filter(|_| trade.lists.0) {
        let number = line.transaction.as_str();
        let stored = -booked.remove(&("fee", number)).unwrap_or_default();
        let moved = taken.get(number).copied().or_else(|| shown.contains(number).then_some(0));
        let said = line.fee.fen();
        // Either bill may be followed; until somebody has, what they do not agree on is not booked.
        let right = stored == said || moved == Some(stored);
        let due = received.get(number) == Some(&line.amount) && line.state == "SUCCESS";
        let waits = stored == 0 && (!due || moved.is_some_and(|moved| moved != said));
        if !right && !waits {
            let others = vec![line.order.clone()];
            let number = number.to_owned();
            differing.push(Differs { what: "fee.bill", number, others, stored, computed: said, open: false });
        }
    }
    for line in trade.refunds.iter().filter(|_| trade.lists.1) {
        let stored = booked.remove(&("fee_returned", line.refund_id.as_str())).unwrap_or_default();
        let moved = back.get(line.number.as_str()).copied();
        let said = line.fee.fen();
        let ours = refund_reference(&line.number).and_then(|reference| sent.get(reference.as_str()).copied());
        let right = stored == said || moved == Some(stored);
        let due = ours == Some(line.amount) && line.state == "SUCCESS";
        let waits = stored == 0 && (!due || moved.is_some_and(|moved| moved != said));
        if !right && !waits {
            let others = vec![line.number.clone(), line.transaction.clone()];
            let number = line.refund_id.clone();
            differing.push(Differs { what: "fee_returned.bill", number, others, stored, computed: said, open: false });
        }
    }
    for ((kind, number), fen) in booked {
        let (listed, what) = match kind {
            "fee" => (trade.lists.0, "fee.bill"),
            _ => (trade.lists.1, "fee_returned.bill"),
        };
        let stored = if kind == "fee" { -fen } else { fen };
        if listed && fen != 0 {
            let (number, others) = (number.to_owned(), Vec::new());
            differing.push(Differs { what, number, others, stored, computed: 0, open: false });
        }
    }
    differing
}

/// Tells what differs and no break says why.
async fn tell(tx: &Tx, book: BookId, differing: Vec<Differs>, report: &mut AuditReport) -> Result<(), DbErr> {
    #[derive(FromQueryResult)]
    struct Known {
        item: String,
        explained: bool,
    }
    if differing.is_empty() {
        return Ok(());
    }
    let items = differing.iter().flat_map(|one| one.others.iter().chain([&one.number]));
    let rows = Rows::new().text("item", items.cloned().collect::<BTreeSet<String>>());
    let sql = "SELECT d.item, CASE WHEN d.state = 'open' OR EXISTS (SELECT 1 FROM resolution s WHERE s.break_id = d.id \
                   AND s.state = 'done' AND s.choice = 'explain') THEN true ELSE false END AS explained \
               FROM {rows} JOIN discrepancy d ON d.item = r.item WHERE d.book_id = $1 AND d.state <> 'cleared' \
               UNION ALL SELECT l.item, true FROM {rows} JOIN buffered_line l ON l.item = r.item WHERE l.book_id = $1 AND l.left_us IS NULL";
    let statement = rows.statement(tx.get_database_backend(), sql, [book.into()]);
    let known = Known::find_by_statement(statement).all(tx).await?;
    for one in differing {
        let about = |known: &&Known| known.item == one.number || one.others.contains(&known.item);
        let told = known.iter().filter(about).any(|known| known.explained || !one.open);
        if !told {
            let yuan = |fen| Money::from_fen(fen);
            report.compare(one.what, &one.number, yuan(one.stored), yuan(one.computed));
        }
    }
    Ok(())
}
