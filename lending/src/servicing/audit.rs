//! The proof of servicing: every loan replayed from its contract and events and compared with what is stored of it, its class, its state and
//! what the pool bore of it as well, and what all of a programme come to compared with its memo book, interest income class by class; and the
//! closed days with their seals. That a day's interest stands at the class of its end costs a replay for each change of a loan.

use std::collections::HashMap;

use domain::lending::LoanState;
use domain::loan::reckoning::{Books, Reckoning};
use domain::{BusinessDate, LoanContractId, Money};
use entity::{loan_day, loan_programme, loan_standing};
use ledger::{Account, AuditReport, Subject};
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Statement};

use super::ServeError;
use super::loan::{Loan, Replayed};
use super::{close, interest, loan, programme, through};

/// How many loans are read at once.
const PAGE: usize = 2_000;

/// Audits every programme. Give it a snapshot, so that one state is seen.
pub async fn audit(db: &impl ConnectionTrait, report: &mut AuditReport) -> Result<(), ServeError> {
    for one in programme::all(db).await? {
        of(db, &one, report).await?;
    }
    Ok(())
}

async fn of(
    db: &impl ConnectionTrait,
    programme: &loan_programme::Model,
    report: &mut AuditReport,
) -> Result<(), ServeError> {
    let ids = loan::paid_out(db, programme.id).await?;
    let (mut total, mut by_class) = (Books::default(), [0; 5]);
    let plus = |a: &mut Money, b: Money| *a = Money::from_fen(a.fen().saturating_add(b.fen()));
    for page in ids.chunks(PAGE) {
        let mut rows: HashMap<LoanContractId, loan_standing::Model> = HashMap::new();
        let of_page = loan_standing::Column::ContractId.is_in(page.iter().copied());
        for row in loan_standing::Entity::find().filter(of_page).all(db).await? {
            rows.insert(row.contract_id, row);
        }
        for (id, one) in loan::load(db, page, false).await? {
            let (Some(standing), Some(row)) = (&one.standing, rows.get(&id)) else { continue };
            let day = through(programme, &one);
            let stored = standing.books(day)?;
            let Some(replayed) = one.replay(day)? else {
                report.compare("loan.standing", id, format!("as of {}", standing.as_of), "not paid out");
                continue;
            };
            let computed = replayed.state.books()?;
            compare(report, id, standing, &stored, &computed);
            columns(report, programme, &one, row, &replayed);
            report.compare("loan.outstanding", id, one.row.outstanding_fen, computed.principal()?);
            for (sum, fen) in by_class.iter_mut().zip(interest::earned(&one, programme.book_id, day)?) {
                *sum += fen;
            }
            plus(&mut total.undue, stored.undue);
            plus(&mut total.due, stored.due);
            plus(&mut total.off_balance, stored.off_balance);
            plus(&mut total.credit, stored.credit);
            for at in 0..3 {
                plus(&mut total.receivable[at], stored.receivable[at]);
                plus(&mut total.income[at], stored.income[at]);
            }
        }
    }
    report.compare("loan.state", &programme.name, 0, unpaid(db, programme).await?);
    days(db, programme, report).await?;
    let balances = ledger::balances(db, programme.book_id, None).await?;
    let accounts = ledger::accounts(db, programme.book_id).await?;
    let net = |subject: Subject| -> i64 {
        let of_subject = accounts.iter().filter(|row| Account::of_row(row).is_some_and(|a| a.subject() == subject));
        of_subject.map(|row| balances.get(&row.id).map_or(0, |balance| balance.net().fen())).sum()
    };
    let key = &programme.name;
    report.compare("loan.undue", key, net(Subject::LOAN_UNDUE), total.undue.fen());
    report.compare("loan.due", key, net(Subject::LOAN_DUE), total.due.fen());
    report.compare("loan.interest", key, net(Subject::LOAN_INTEREST), total.receivable[0].fen());
    report.compare("loan.penalty", key, net(Subject::LOAN_PENALTY), total.receivable[1].fen());
    report.compare("loan.compound", key, net(Subject::LOAN_COMPOUND), total.receivable[2].fen());
    report.compare("loan.off_balance", key, net(Subject::LOAN_OFF_BALANCE[0]), total.off_balance.fen());
    report.compare("loan.credit", key, -net(Subject::LOAN_CREDIT), total.credit.fen());
    let income: i64 = Subject::LOAN_INTEREST_INCOME.into_iter().map(net).sum();
    report.compare("loan.interest_income", key, -income, total.income[0].fen());
    for (subject, fen) in Subject::LOAN_INTEREST_INCOME.into_iter().zip(by_class) {
        report.compare("loan.interest_class", format!("{key} {}", subject.code()), -net(subject), fen);
    }
    Ok(())
}

fn compare(report: &mut AuditReport, id: LoanContractId, standing: &Reckoning, stored: &Books, computed: &Books) {
    let text = |books: &Books| format!("{books:?}");
    report.compare("loan.standing", format!("{id} as of {}", standing.as_of), text(stored), text(computed));
}

/// The closed days: one after the other, each sealed over its figures and the seal before it, and grown by what its entries booked.
async fn days(
    db: &impl ConnectionTrait,
    programme: &loan_programme::Model,
    report: &mut AuditReport,
) -> Result<(), ServeError> {
    let closed = loan_day::Entity::find()
        .filter(loan_day::Column::ProgrammeId.eq(programme.id))
        .filter(loan_day::Column::State.eq("closed"))
        .order_by_asc(loan_day::Column::Day)
        .all(db)
        .await?;
    let booked = booked(db, programme).await?;
    let hex = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut before: Option<&loan_day::Model> = None;
    let mut next = programme.first_day;
    for row in &closed {
        let key = format!("{} {}", programme.name, row.day);
        report.compare("loan.day", &key, row.day, next);
        let figures = [
            row.loans,
            row.changed,
            row.balance_fen.fen(),
            row.overdue_fen.fen(),
            row.interest_fen.fen(),
            row.penalty_fen.fen(),
            row.compound_fen.fen(),
            row.off_balance_fen.fen(),
        ];
        let sealed = close::seal(before, programme.id, row.day, &figures);
        report.compare("loan.day_digest", &key, hex(&row.digest), hex(&sealed));
        let grown = booked.get(&row.day).copied().unwrap_or_default();
        report.compare("loan.day_grown", &key, format!("{:?}", &figures[4..]), format!("{:?}", &grown[..]));
        (before, next) = (Some(row), row.day.next());
    }
    report.compare("loan.day", &programme.name, programme.closed_through, next.previous());
    Ok(())
}

/// What the entries of each closed day booked, in fen: interest, penalty, compound interest, and what stands beside the balance sheet.
async fn booked(
    db: &impl ConnectionTrait,
    programme: &loan_programme::Model,
) -> Result<HashMap<BusinessDate, [i64; 4]>, DbErr> {
    let subjects =
        [Subject::LOAN_INTEREST, Subject::LOAN_PENALTY, Subject::LOAN_COMPOUND, Subject::LOAN_OFF_BALANCE[0]];
    let side = |account: &str, sign: &str| {
        format!(
            "SELECT e.event_date AS day, a.subject AS subject, {sign}p.amount_fen AS fen FROM entry e \
             JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.{account} \
             WHERE e.book_id = $1 AND e.kind = 'loan_day' AND a.subject IN ($2, $3, $4, $5)"
        )
    };
    let sql = format!(
        "SELECT day, subject, CAST(SUM(fen) AS BIGINT) AS fen FROM ({} UNION ALL {}) lines GROUP BY day, subject",
        side("debit_account", ""),
        side("credit_account", "-")
    );
    let values =
        std::iter::once(sea_orm::Value::from(programme.book_id)).chain(subjects.map(|subject| subject.code().into()));
    let mut sums: HashMap<BusinessDate, [i64; 4]> = HashMap::new();
    for row in db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await? {
        let (day, subject): (BusinessDate, String) = (row.try_get("", "day")?, row.try_get("", "subject")?);
        if let Some(at) = subjects.iter().position(|one| one.code() == subject) {
            sums.entry(day).or_default()[at] = row.try_get("", "fen")?;
        }
    }
    Ok(sums)
}

/// What is stored beside the amounts, column by column.
fn columns(
    report: &mut AuditReport,
    programme: &loan_programme::Model,
    one: &Loan,
    row: &loan_standing::Model,
    replayed: &Replayed,
) {
    let (id, contract, state) = (one.row.id, &one.row, &replayed.state);
    let day = |day: Option<domain::BusinessDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let word = |class| domain::bank_file::class_of(class);
    report.compare("loan.class", id, word(contract.class), word(state.class));
    report.compare("loan.class", id, word(row.class), word(state.class));
    report.compare("loan.state", id, contract.state.to_value(), expected(programme, one, replayed).to_value());
    report.compare("loan.state", id, row.ended.as_deref().unwrap_or_default(), state.end.map_or("", loan::end_word));
    report.compare("loan.paid_out_on", id, day(contract.paid_out_on), day(one.payout().map(|(_, on)| on)));
    report.compare("loan.late_since", id, day(row.late_since), day(replayed.reckoning.late_since));
    report.compare("loan.compensated", id, row.compensated_fen, state.compensated);
    report.compare("loan.recovered", id, row.recovered_fen, state.recovered);
}

/// The state of a contract by the replay. A loan that was paid out waits for the close of its first day to be performing.
fn expected(programme: &loan_programme::Model, one: &Loan, replayed: &Replayed) -> LoanState {
    let first_day = one.row.paid_out_on.is_some_and(|on| on > programme.closed_through);
    match loan::state_of(one, &replayed.state) {
        LoanState::Performing if first_day && one.row.state == LoanState::PaidOut => LoanState::PaidOut,
        state => state,
    }
}

/// How many contracts of a programme's bank say that they were paid out and have no standing.
async fn unpaid(db: &impl ConnectionTrait, programme: &loan_programme::Model) -> Result<i64, DbErr> {
    let sql = "SELECT CAST(count(*) AS BIGINT) AS n FROM loan_contract c WHERE c.bank_id = $1 AND c.state NOT IN ('signed', 'withdrawn') \
               AND NOT EXISTS (SELECT 1 FROM loan_standing s WHERE s.contract_id = c.id)";
    let values = [programme.bank_id.into()];
    let row = db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    row.map_or(Ok(0), |row| row.try_get("", "n"))
}
