//! The proof of servicing: every loan replayed from its contract and events and compared with what is stored of it, and what all of a
//! programme come to compared with its memo book.

use domain::loan::reckoning::{Books, Reckoning};
use domain::{LoanContractId, Money};
use entity::loan_programme;
use ledger::{Account, AuditReport, Subject};
use sea_orm::ConnectionTrait;

use super::ServeError;
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
        for (id, one) in loan::load(db, page, false).await? {
            let Some(standing) = &one.standing else { continue };
            let day = through(programme, &one);
            let stored = standing.books(day)?;
            let Some(replayed) = one.replay(day)? else { continue };
            let computed = replayed.state.books()?;
            compare(report, id, standing, &stored, &computed);
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
