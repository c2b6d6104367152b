//! The proof of servicing: every loan replayed from its contract and events and compared with what is stored of it, its class, its state and
//! what the pool bore of it as well, and what all of a programme come to compared with its memo book.

use std::collections::HashMap;

use domain::lending::LoanState;
use domain::loan::reckoning::{Books, Reckoning};
use domain::{LoanContractId, Money};
use entity::{loan_programme, loan_standing};
use ledger::{Account, AuditReport, Subject};
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, Statement};

use super::ServeError;
use super::loan::{Loan, Replayed};
use super::{loan, programme, through};

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
    let mut total = Books::default();
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
    Ok(())
}

fn compare(report: &mut AuditReport, id: LoanContractId, standing: &Reckoning, stored: &Books, computed: &Books) {
    let text = |books: &Books| format!("{books:?}");
    report.compare("loan.standing", format!("{id} as of {}", standing.as_of), text(stored), text(computed));
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
