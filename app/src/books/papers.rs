//! What stands behind each entry: an entry is named after the paper it was made of, and says as much as that. Who can write into the
//! database can write an entry that balances and bears its own digest; the paper it would need was made by two persons, by the bank or by
//! the channel, and the guards keep it. Gifts are compared beside this, one by one ([`super`]); what a loan comes to is replayed.

use domain::Money;
use ledger::AuditReport;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

/// The papers, as an entry would be called after them.
const PAPERS: &str = include_str!("papers.sql");
/// Entries without the paper they are called after.
const STRAYS: &str = include_str!("strays.sql");
/// Papers without the entry they were to be.
const UNBOOKED: &str = "SELECT p.reference, p.kind, p.least_fen FROM paper p LEFT JOIN entry e ON e.reference = p.reference \
     WHERE p.needed = 1 AND e.id IS NULL ORDER BY p.reference LIMIT 100";

/// The text form of a column of UUIDs.
pub(super) fn text(backend: DbBackend, column: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("{column}::text"),
        // From its bytes.
        _ => format!(
            "lower(substr(hex({column}),1,8)||'-'||substr(hex({column}),9,4)||'-'||substr(hex({column}),13,4)||'-'||substr(hex({column}),17,4)||'-'||substr(hex({column}),21))"
        ),
    }
}

/// Both databases read it: `text(column)` is the text of a UUID, a name in braces what the trail says in detail.
fn dialect(backend: DbBackend, sql: &str) -> String {
    let detail = if backend == DbBackend::Postgres { "CAST(l.detail AS JSONB)" } else { "l.detail" };
    let sql = ["release", "amount", "officer"]
        .iter()
        .fold(sql.to_owned(), |sql, name| sql.replace(&format!("{{{name}}}"), &format!("{detail} ->> '{name}'")));
    let mut parts = sql.split("text(");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |sql, part| {
        let (column, rest) = part.split_once(')').unwrap_or((part, ""));
        sql + &text(backend, column) + rest
    })
}

/// Every entry but a gift's has its paper, and every paper that is to be booked its entry; a kind that no recipe makes has none. Two
/// statements, however many.
pub(super) async fn behind_entries(db: &impl ConnectionTrait, report: &mut AuditReport) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let ask = |sql: &str| Statement::from_string(backend, dialect(backend, &format!("{PAPERS} {sql}")));
    let strays = db.query_all_raw(ask(STRAYS)).await?;
    for row in &strays {
        let (reference, kind): (String, String) = (row.try_get("", "reference")?, row.try_get("", "kind")?);
        let least: Option<i64> = row.try_get("", "least_fen")?;
        let computed = least.map_or("nothing".to_owned(), |fen| Money::from_fen(fen).to_string());
        report.compare("entry.paper", reference, format!("{kind} {}", fen(row, "total_fen")?), computed);
    }
    let unbooked = db.query_all_raw(ask(UNBOOKED)).await?;
    for row in &unbooked {
        report.compare("paper.entry", row.try_get::<String>("", "reference")?, "nothing", fen(row, "least_fen")?);
    }
    report.compare("entry.paper", "all", 0, strays.len());
    report.compare("paper.entry", "all", 0, unbooked.len());
    Ok(())
}

/// What was given back of a gift is the sum of its refunds that arrived, and its state what they say. One statement.
pub(super) async fn gifts_and_refunds(db: &impl ConnectionTrait, report: &mut AuditReport) -> Result<(), DbErr> {
    const WRONG: &str = "SELECT * FROM (SELECT d.id, d.refunded_fen, COALESCE(r.back_fen, 0) AS back_fen, d.state, \
             CASE WHEN r.under_way IS NOT NULL THEN r.under_way WHEN d.confirmed_us IS NULL THEN \
                 CASE WHEN d.state IN ('created', 'paying', 'closed') THEN d.state ELSE 'created' END \
             WHEN r.back_fen >= d.amount_fen THEN 'refunded' WHEN r.back_fen > 0 THEN 'partly_refunded' \
             WHEN d.settled_us IS NOT NULL AND d.transaction_id IS NOT NULL THEN 'settled' ELSE 'paid' END AS told \
         FROM donation d LEFT JOIN (SELECT donation_id, \
             CAST(SUM(CASE WHEN state IN ('succeeded', 'paid_by_bank') THEN amount_fen ELSE 0 END) AS BIGINT) AS back_fen, \
             MAX(CASE state WHEN 'requested' THEN 'refund_requested' WHEN 'approved' THEN 'refunding' WHEN 'processing' THEN 'refunding' \
                 WHEN 'failed' THEN 'refund_failed' END) AS under_way FROM refund GROUP BY donation_id) r ON r.donation_id = d.id) g \
         WHERE refunded_fen <> back_fen OR state <> told ORDER BY id LIMIT 100";
    let wrong = db.query_all_raw(Statement::from_string(db.get_database_backend(), WRONG)).await?;
    for row in &wrong {
        let id = row.try_get::<uuid::Uuid>("", "id")?;
        report.compare("donation.refunded", id, fen(row, "refunded_fen")?, fen(row, "back_fen")?);
        let state = |column: &str| row.try_get::<String>("", column);
        report.compare("donation.state", id, state("state")?, state("told")?);
    }
    report.compare("donation.refunded", "all", 0, wrong.len());
    Ok(())
}

/// A file of the channel or the bank gives way to a later one, or to one of all trades, and never to none; which one is in force is what
/// its history says last. One statement.
pub(super) async fn bills_in_force(db: &impl ConnectionTrait, report: &mut AuditReport) -> Result<(), DbErr> {
    const WRONG: &str = "SELECT * FROM (SELECT b.id, b.day, b.kind, CASE WHEN b.replaced_us IS NULL THEN 1 ELSE 0 END AS stands, \
             COALESCE((SELECT CASE WHEN h.in_force THEN 1 ELSE 0 END FROM bill_history h WHERE h.bill_id = b.id \
                 ORDER BY h.created_us DESC, h.id DESC LIMIT 1), CASE WHEN b.replaced_us IS NULL THEN 1 ELSE 0 END) AS told, \
             CASE WHEN EXISTS (SELECT 1 FROM bill n WHERE n.book_id = b.book_id AND n.day = b.day AND n.replaced_us IS NULL \
                 AND (n.kind = b.kind OR (n.kind = 'trade' AND b.kind LIKE 'trade%'))) THEN 1 ELSE 0 END AS followed FROM bill b) x \
         WHERE stands <> told OR followed = 0 ORDER BY day, kind, id LIMIT 100";
    let wrong = db.query_all_raw(Statement::from_string(db.get_database_backend(), WRONG)).await?;
    for row in &wrong {
        let key = format!("{} {}", row.try_get::<String>("", "day")?, row.try_get::<String>("", "kind")?);
        let number = |column: &str| row.try_get::<i32>("", column);
        report.compare("bill.in_force", &key, number("stands")?, number("told")?);
        report.compare("bill.in_force", &key, number("followed")?, 1);
    }
    report.compare("bill.in_force", "all", 0, wrong.len());
    Ok(())
}

/// Whose officer somebody is, is what the trail said of them last: a seat taken away by hand leaves its line. One statement.
pub(super) async fn seats(db: &impl ConnectionTrait, report: &mut AuditReport) -> Result<(), DbErr> {
    const WRONG: &str = "WITH told AS (SELECT l.action, l.object, {officer} AS officer, \
             ROW_NUMBER() OVER (PARTITION BY {officer} ORDER BY l.id DESC) AS nth \
             FROM audit_log l WHERE l.action IN ('bank.seat', 'bank.unseat')), \
         seat AS (SELECT text(s.staff_id) AS officer, 'bank:' || text(s.bank_id) AS object FROM bank_seat s) \
         SELECT t.officer, s.object AS stands, CASE t.action WHEN 'bank.seat' THEN t.object END AS told \
         FROM told t LEFT JOIN seat s ON s.officer = t.officer WHERE t.nth = 1 \
         AND COALESCE(s.object, '') <> CASE t.action WHEN 'bank.seat' THEN t.object ELSE '' END \
         UNION ALL SELECT s.officer, s.object, NULL FROM seat s WHERE NOT EXISTS (SELECT 1 FROM told t WHERE t.officer = s.officer)";
    let backend = db.get_database_backend();
    let wrong = db.query_all_raw(Statement::from_string(backend, dialect(backend, WRONG))).await?;
    for row in &wrong {
        let bank = |column: &str| Ok::<_, DbErr>(row.try_get::<Option<String>>("", column)?.unwrap_or_default());
        report.compare("bank_seat", row.try_get::<String>("", "officer")?, bank("stands")?, bank("told")?);
    }
    report.compare("bank_seat", "all", 0, wrong.len());
    Ok(())
}

fn fen(row: &QueryResult, column: &str) -> Result<Money, DbErr> {
    Ok(Money::from_fen(row.try_get("", column)?))
}
