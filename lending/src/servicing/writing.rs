//! What one transaction writes of the loans it changes: events, contracts, standings, entries.

use std::collections::BTreeMap;

use domain::loan::allocation::Component;
use domain::loan::life::{Split, State, What};
use domain::loan::overdue::Class;
use domain::{LoanContractId, LoanEventId, Money, Timestamp};
use entity::{Rows, Tx, loan_programme};
use sea_orm::ConnectionTrait;

use super::loan::{self, Fact, Loan};
use super::steps::contracts;
use super::{NewEvent, ServeError, Work, subsidy};

/// Writes everything: contracts, events, entries, standings.
pub(super) async fn finish(
    tx: &Tx,
    now: Timestamp,
    programme: &loan_programme::Model,
    work: Work,
    loans: &BTreeMap<LoanContractId, Loan>,
) -> Result<(), ServeError> {
    insert(tx, now, programme, &work.events).await?;
    let changed: Vec<(&Loan, Option<&State>)> = loans
        .values()
        .filter(|loan| work.standings.contains_key(&loan.row.id) || work.unpaid.contains(&loan.row.id))
        .map(|loan| (loan, work.standings.get(&loan.row.id).map(|(_, state)| state)))
        .collect();
    contracts(tx, now, &changed, &work.steps).await?;
    let unpaid = || Rows::new().uuid("id", work.unpaid.iter().map(|id| id.uuid()));
    if !work.unpaid.is_empty() {
        let late = "DELETE FROM loan_late WHERE contract_id IN (SELECT id FROM {rows})";
        let standing = "DELETE FROM loan_standing WHERE contract_id IN (SELECT id FROM {rows})";
        for sql in [late, standing] {
            tx.execute_raw(unpaid().statement(tx.get_database_backend(), sql, [])).await?;
        }
    }
    let standings: Vec<_> = work.standings.iter().map(|(id, (reckoning, state))| (*id, reckoning, state)).collect();
    loan::write(tx, programme.id, &standings).await?;
    for posted in ledger::post(tx, now, &work.entries).await? {
        posted?;
    }
    Box::pin(subsidy::review(tx, now, programme, &work.events, loans)).await
}

/// Writes down what happened, and that something did: the close of a day that has read ahead looks for it.
async fn insert(
    tx: &Tx,
    now: Timestamp,
    programme: &loan_programme::Model,
    events: &[NewEvent],
) -> Result<(), ServeError> {
    if events.is_empty() {
        return Ok(());
    }
    struct Written {
        amount: Money,
        booked: bool,
        split: Split,
        mode: Option<&'static str>,
        rate: Option<String>,
        class: Option<&'static str>,
        reverses: Option<LoanEventId>,
    }
    let written: Vec<Written> = events
        .iter()
        .map(|one| {
            let mut row = Written {
                amount: Money::ZERO,
                booked: false,
                split: Split::default(),
                mode: None,
                rate: None,
                class: None,
                reverses: None,
            };
            match one.fact {
                Fact::Payout(amount) => row.amount = amount,
                Fact::Event(what) => match what {
                    What::Repayment { amount, booked } => {
                        (row.amount, row.booked, row.split) = (amount, booked.is_some(), booked.unwrap_or_default());
                    }
                    What::Prepayment { mode, principal, booked } => {
                        row.mode = Some(loan::mode_word(mode));
                        row.amount = booked.and_then(|split| split.total().ok()).or(principal).unwrap_or_default();
                        (row.booked, row.split) = (booked.is_some(), booked.unwrap_or_default());
                    }
                    What::RateChange(rate) => row.rate = Some(rate.to_string()),
                    What::Judgement(class) => {
                        row.class = Some(domain::bank_file::class_of(class.unwrap_or(Class::Normal)))
                    }
                    What::Reversal(of) => row.reverses = Some(of),
                    What::Subsidy(amount)
                    | What::Compensation(amount)
                    | What::Recovery(amount)
                    | What::CreditBack(amount) => row.amount = amount,
                    What::Waiver(amounts) => {
                        row.split = Split { amounts, credit: Money::ZERO };
                        row.amount = row.split.total().unwrap_or_default();
                        row.booked = true;
                    }
                    What::Replaced(amount) | What::Misuse(amount) => row.amount = amount.unwrap_or_default(),
                    What::WriteOff | What::MisuseMended => {}
                },
            }
            row
        })
        .collect();
    let part = |of: fn(&Split) -> Money| written.iter().map(move |row| of(&row.split).fen()).collect::<Vec<_>>();
    let rows = Rows::new()
        .uuid("id", events.iter().map(|one| one.id.uuid()))
        .uuid("contract_id", events.iter().map(|one| one.contract.uuid()))
        .text("kind", events.iter().map(|one| loan::word(&one.fact)))
        .text("on_day", events.iter().map(|one| one.on.to_string()))
        .int("amount_fen", written.iter().map(|row| row.amount.fen()))
        .bool("booked", written.iter().map(|row| row.booked))
        .int("principal_fen", part(|split| split.amounts[Component::Principal]))
        .int("interest_fen", part(|split| split.amounts[Component::Interest]))
        .int("penalty_fen", part(|split| split.amounts[Component::Penalty]))
        .int("compound_fen", part(|split| split.amounts[Component::Compound]))
        .int("fee_fen", part(|split| split.amounts[Component::Fee]))
        .int("credit_fen", part(|split| split.credit))
        .text_or_null("mode", written.iter().map(|row| row.mode.map(str::to_owned)))
        .text_or_null("rate", written.iter().map(|row| row.rate.clone()))
        .text_or_null("class", written.iter().map(|row| row.class.map(str::to_owned)))
        .uuid_or_null("reverses", written.iter().map(|row| row.reverses.map(|id| id.uuid())))
        .text_or_null("serial", events.iter().map(|one| one.told.as_ref().map(|(serial, _)| serial.clone())))
        .uuid_or_null("file_id", events.iter().map(|one| one.told.as_ref().map(|(_, file)| file.uuid())))
        .text_or_null("reason", events.iter().map(|one| one.reason.clone()))
        .text("actor", events.iter().map(|one| one.actor.clone()));
    let columns = "id, contract_id, kind, on_day, amount_fen, booked, principal_fen, interest_fen, penalty_fen, compound_fen, fee_fen, \
                   credit_fen, mode, rate, class, reverses, serial, file_id, reason, actor";
    let sql = format!(
        "INSERT INTO loan_event (programme_id, created_us, {columns}) SELECT $1, $2, {columns} FROM {{rows}} ORDER BY id"
    );
    let values = [programme.id.into(), now.into()];
    tx.execute_raw(rows.statement(tx.get_database_backend(), &sql, values)).await?;
    let told = "UPDATE loan_programme SET told_count = told_count + 1 WHERE id = $1";
    entity::execute(tx, told, [programme.id.into()]).await?;
    Ok(())
}
