//! Following a bank's figures (以银行为准): what its file says otherwise of a loan becomes an event of the loan, which books the difference in the
//! memo book, like any other fact that is told. Not everything can be followed: principal the bank says is more than we know of has to be
//! told by the bank.

use domain::loan::allocation::{Amounts, Component};
use domain::loan::life::{Split, What};
use domain::reconciliation::LoanBreak;
use domain::{BreakId, BusinessDate, LoanContractId, LoanEventId, Money, Timestamp};
use entity::{Tx, discrepancy, loan_event, loan_programme, loan_standing, resolution};
use ledger::Entry;
use lending::servicing::loan::{self, Fact};
use lending::servicing::{self, NewEvent, ServeError, close};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::BreakError;

/// Whether a break is one of a loan.
pub(super) fn is_one(of: &discrepancy::Model) -> bool {
    LoanBreak::of(&of.class).is_some()
}

/// What following the bank does.
pub(super) struct Followed {
    /// Whether a fact of the loan is recorded: the bank's figure may have taken the place of ours when its file was read.
    pub(super) recorded: bool,
    /// What that books, if it moves an amount.
    pub(super) entry: Option<Entry>,
}

/// The references under which following the bank books: its own event, or the mirror of one that it takes back.
pub(super) fn references(of: &discrepancy::Model, resolution: &resolution::Model) -> [String; 2] {
    let event = event_id(of.id, resolution.id.uuid());
    [lending::postings::reference(event), format!("reversal:{}", of.item)]
}

/// What following the bank would do today; nothing if it cannot be followed.
pub(super) async fn followed(tx: &Tx, now: Timestamp, of: &discrepancy::Model) -> Result<Option<Followed>, BreakError> {
    let programme = programme(tx, of).await?;
    let event = match way(tx, now, of, &programme).await? {
        Way::No => return Ok(None),
        Way::There => return Ok(Some(Followed { recorded: false, entry: None })),
        Way::By(contract, on, fact) => event(of, Uuid::nil(), (contract, on, fact), ""),
    };
    match servicing::check(tx, now, &programme, std::slice::from_ref(&event)).await {
        Ok(checked) => Ok(Some(Followed { recorded: true, entry: checked.entry().cloned() })),
        Err((_, ServeError::Db(error))) => Err(error.into()),
        // The loan has gone on since.
        Err(_) => Ok(None),
    }
}

/// Follows the bank, for a resolution that two persons have agreed on.
pub(super) async fn follow(
    tx: &Tx,
    now: Timestamp,
    of: &discrepancy::Model,
    resolution: &resolution::Model,
    actor: &str,
) -> Result<(), BreakError> {
    let programme = programme(tx, of).await?;
    let fact = match way(tx, now, of, &programme).await? {
        Way::No => return Err(BreakError::WrongChoice),
        Way::There => return Ok(()),
        Way::By(contract, on, fact) => (contract, on, fact),
    };
    let mut event = event(of, resolution.id.uuid(), fact, actor);
    event.reason = Some(format!("以银行为准：{}", resolution.reason));
    servicing::record(tx, now, &programme, &[event]).await.map_err(|(_, error)| error)?;
    Ok(())
}

/// How the books come to say what the bank says.
enum Way {
    /// They cannot.
    No,
    /// They do.
    There,
    /// By a fact.
    By(LoanContractId, BusinessDate, Fact),
}

/// The event of a loan by which a resolution of a break followed the bank.
pub(crate) fn event_id(of: BreakId, resolution: Uuid) -> LoanEventId {
    Uuid::new_v5(&of.uuid(), resolution.as_bytes()).into()
}

fn event(
    of: &discrepancy::Model,
    resolution: Uuid,
    (contract, on, fact): (LoanContractId, BusinessDate, Fact),
    actor: &str,
) -> NewEvent {
    let id = event_id(of.id, resolution);
    NewEvent { id, contract, on, fact, told: None, reason: None, actor: actor.to_owned() }
}

async fn programme(tx: &Tx, of: &discrepancy::Model) -> Result<loan_programme::Model, BreakError> {
    let found = loan_programme::Entity::find().filter(loan_programme::Column::BookId.eq(of.book_id)).one(tx).await?;
    let found = found.ok_or(ServeError::NoSuchProgramme)?;
    Ok(close::locked(tx, found.id).await?)
}

async fn way(
    tx: &Tx,
    now: Timestamp,
    of: &discrepancy::Model,
    programme: &loan_programme::Model,
) -> Result<Way, BreakError> {
    let today = BusinessDate::of(now);
    let (Some(class), Some(contract)) = (LoanBreak::of(&of.class), of.contract_id) else { return Ok(Way::No) };
    let mut loans = loan::load(tx, &[contract], true).await?;
    let Some(loan) = loans.remove(&contract) else { return Ok(Way::No) };
    let by = |on, what| Way::By(contract, on, Fact::Event(what));
    // One fen of what is due, told of a loan and not of a line.
    let class = match class {
        LoanBreak::Rounding if of.item.ends_with(":rounding") => LoanBreak::Arrears,
        class => class,
    };
    Ok(match class {
        // The bank's figure took the place of ours when its file was read.
        LoanBreak::Amount | LoanBreak::Date => Way::There,
        LoanBreak::Split | LoanBreak::Rounding => {
            let Some(event) = told(tx, programme, of).await? else { return Ok(Way::No) };
            let Some(replayed) = loan.replay(today)? else { return Ok(Way::No) };
            let outcome = replayed.outcomes.iter().find(|outcome| outcome.id == event);
            let Some((expected, taken)) = outcome.and_then(|one| Some((one.expected?, one.taken))) else {
                return Ok(Way::There);
            };
            let mut waived = Amounts::default();
            for part in [Component::Penalty, Component::Compound, Component::Interest] {
                let asked_less = expected.amounts[part].fen() - taken.amounts[part].fen();
                waived[part] = Money::from_fen(asked_less.max(0)).min(replayed.state.due[part]);
            }
            if waived == Amounts::default() { Way::There } else { by(today, What::Waiver(waived)) }
        }
        LoanBreak::Balance => {
            let standing = loan_standing::Entity::find_by_id(contract).one(tx).await?;
            let said = standing.and_then(|row| Some((row.bank_day?, row.bank_balance_fen?)));
            let Some((day, balance)) = said else { return Ok(Way::No) };
            let Some(replayed) = loan.replay(day)? else { return Ok(Way::No) };
            let more = replayed.state.principal().map_err(ServeError::Loan)?.fen() - balance.fen();
            if more < 0 {
                return Ok(Way::No);
            }
            let mut split = Split::default();
            split.amounts[Component::Principal] = Money::from_fen(more);
            let what = What::Repayment { amount: Money::from_fen(more), booked: Some(split) };
            if more == 0 { Way::There } else { by(day, what) }
        }
        LoanBreak::Arrears => {
            let Some(replayed) = loan.replay(of.day)? else { return Ok(Way::No) };
            let due = replayed.state.due;
            let mut more = due.total().map_err(ServeError::Loan)?.fen() - of.amount_fen.fen();
            if more == 0 {
                return Ok(Way::There);
            }
            let mut waived = Amounts::default();
            for part in [Component::Compound, Component::Penalty, Component::Interest] {
                let share = due[part].fen().min(more.max(0));
                (waived[part], more) = (Money::from_fen(share), more - share);
            }
            if more == 0 { by(of.day, What::Waiver(waived)) } else { Way::No }
        }
        LoanBreak::Class => {
            let standing = loan_standing::Entity::find_by_id(contract).one(tx).await?;
            let Some(said) = standing.and_then(|row| row.bank_class) else { return Ok(Way::No) };
            let Some(replayed) = loan.replay(today)? else { return Ok(Way::No) };
            match said.cmp(&replayed.state.class) {
                std::cmp::Ordering::Equal => Way::There,
                std::cmp::Ordering::Greater => by(today, What::Judgement(Some(said))),
                // A judgement makes it worse only; one that stands can be lifted.
                std::cmp::Ordering::Less => Way::No,
            }
        }
        LoanBreak::MissingThere => {
            let id = of.item.strip_prefix("loan_event:").and_then(|id| id.parse::<Uuid>().ok());
            let Some(id) = id.map(LoanEventId::from) else { return Ok(Way::No) };
            let gone = loan.facts.iter().any(|known| known.2 == Fact::Event(What::Reversal(id)));
            let on = loan.facts.iter().find(|known| known.0 == id).map(|known| known.1);
            match on {
                Some(_) if gone => Way::There,
                Some(on) => by(on, What::Reversal(id)),
                None => Way::No,
            }
        }
        LoanBreak::Total | LoanBreak::MissingHere | LoanBreak::DuplicateThere | LoanBreak::UnknownLine => Way::No,
    })
}

/// The event that a line of a file became: `loan:{contract}:{serial}:{what}`.
async fn told(
    tx: &Tx,
    programme: &loan_programme::Model,
    of: &discrepancy::Model,
) -> Result<Option<LoanEventId>, BreakError> {
    let Some(serial) = of.item.split(':').nth(2) else { return Ok(None) };
    let found = loan_event::Entity::find()
        .filter(loan_event::Column::ProgrammeId.eq(programme.id))
        .filter(loan_event::Column::Serial.eq(serial));
    Ok(found.one(tx).await?.map(|row| row.id))
}
