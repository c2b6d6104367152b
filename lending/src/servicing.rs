//! Servicing (贷后): what happens to a loan after its contract is signed, until nothing is owed. The bank keeps the loan; a programme
//! ([`programme`]) follows its figures in a memo book, and our arithmetic is what is expected of it.
//!
//! The truth about a loan is its contract and the list of what happened to it (`loan_event`, never changed). What it comes to is a replay;
//! what is stored of that (`loan_standing`) holds until something changes, so a day's close ([`close`]) costs what happens on it.
//! Every event is one balanced entry under its own reference ([`crate::postings`]); told again it changes nothing.
//!
//! A batch of events is ten statements however long it is.

pub mod audit;
pub mod close;
mod error;
mod event;
pub mod file;
mod interest;
pub mod loan;
pub mod price;
pub mod programme;
mod rules;
mod steps;
pub mod subsidy;
mod writing;

use std::collections::{BTreeMap, BTreeSet};

use domain::loan::life::{Outcome, State, What};
use domain::loan::reckoning::Reckoning;
use domain::{BusinessDate, LoanContractId, LoanEventId, LoanFileId, Money, Timestamp};
use entity::{Tx, loan_programme};
use ledger::Entry;

pub use error::ServeError;
pub use rules::{Compensable, compensable};

use loan::{Fact, Loan};
use steps::Step;

/// Something that happened to a loan, as somebody tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Made by whoever tells it: the same id with the same content again changes nothing.
    pub id: LoanEventId,
    /// Which loan.
    pub contract: LoanContractId,
    /// The day it counts for.
    pub on: BusinessDate,
    /// What it is.
    pub fact: Fact,
    /// The bank's number, and the file that told it.
    pub told: Option<(String, LoanFileId)>,
    /// Why, where somebody has to say so.
    pub reason: Option<String>,
    /// `staff:{id}`, `file:{id}` or `system`.
    pub actor: String,
}

impl NewEvent {
    /// Whether it says what somebody decided, and has to say why.
    pub fn is_decided(&self) -> bool {
        use What::*;
        matches!(
            self.fact,
            Fact::Event(Misuse(_) | MisuseMended | Judgement(_) | Waiver(_) | WriteOff | Reversal(_) | Compensation(_))
        )
    }
}

/// What became of it.
#[derive(Debug)]
pub struct Recorded {
    /// Which.
    pub id: LoanEventId,
    /// Whether it stood already.
    pub known: bool,
    /// How it was spread, and how our arithmetic would have; nothing for a payout and a reversal.
    pub outcome: Option<Outcome>,
    /// What penalty and compound interest had come to before it.
    pub penalties: Money,
    /// Where the loan stands after it, at the end of its day.
    pub after: Option<State>,
    /// What the contract says against it, where the bank told it and it is booked all the same.
    pub beyond: Option<ServeError>,
}

impl Recorded {
    fn of(id: LoanEventId, known: bool) -> Recorded {
        Recorded { id, known, outcome: None, penalties: Money::ZERO, after: None, beyond: None }
    }
}

/// What one transaction gathers about the loans it changes.
#[derive(Default)]
struct Work {
    entries: Vec<Entry>,
    events: Vec<NewEvent>,
    steps: Vec<Step>,
    standings: BTreeMap<LoanContractId, (Reckoning, State)>,
    unpaid: Vec<LoanContractId>,
    /// All 代偿.
    from_pool: Money,
}

/// What some events come to, checked and not yet written.
#[must_use]
pub struct Checked {
    work: Work,
    loans: BTreeMap<LoanContractId, Loan>,
    outcomes: Vec<Recorded>,
}

/// Events that are refused, and why.
pub type Refused = Vec<(LoanEventId, ServeError)>;

/// Reckons what happened, in the order given; the loans are locked and nothing is written. An error names the event.
pub async fn check(
    tx: &Tx,
    now: Timestamp,
    programme: &loan_programme::Model,
    new: &[NewEvent],
) -> Result<Checked, (Option<LoanEventId>, ServeError)> {
    let refused = match check_all(tx, now, programme, new).await.map_err(|error| (None, error))? {
        Ok(checked) => return Ok(checked),
        Err(refused) => refused,
    };
    let (id, error) = refused.into_iter().next().map_or((None, ServeError::Conflict), |(id, error)| (Some(id), error));
    Err((id, error))
}

/// The same; once an event is refused it goes on with other loans, so that a long list with many refusals is not begun anew for each. What
/// comes after it of its loan, and of those it took over or was taken over by, is not looked at.
pub async fn check_all(
    tx: &Tx,
    now: Timestamp,
    programme: &loan_programme::Model,
    new: &[NewEvent],
) -> Result<Result<Checked, Refused>, ServeError> {
    let today = BusinessDate::of(now);
    let mut ids: Vec<LoanContractId> = new.iter().map(|one| one.contract).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut loans = loan::load(tx, &ids, true).await?;
    let replaced: Vec<LoanContractId> = loans.values().filter_map(|loan| loan.row.replaces_id).collect();
    for (id, loan) in loan::load(tx, &replaced, true).await? {
        loans.entry(id).or_insert(loan);
    }
    let taken_over: Vec<(LoanContractId, LoanContractId)> =
        loans.values().filter_map(|loan| Some((loan.row.id, loan.row.replaces_id?))).collect();
    let mut work = Work::default();
    let mut outcomes = Vec::with_capacity(new.len());
    let (mut refused, mut stopped) = (Refused::new(), BTreeSet::new());
    for one in new {
        if !stopped.contains(&one.contract) {
            match event::take(tx, programme, &mut loans, &mut work, one, today).await {
                Ok(done) => {
                    outcomes.push(done);
                    continue;
                }
                Err(error @ ServeError::Db(_)) => return Err(error),
                Err(error) => refused.push((one.id, error)),
            }
        }
        stopped.insert(one.contract);
        for &(heir, old) in taken_over.iter().filter(|(heir, old)| [*heir, *old].contains(&one.contract)) {
            stopped.extend([heir, old]);
        }
    }
    Ok(if refused.is_empty() { Ok(Checked { work, loans, outcomes }) } else { Err(refused) })
}

impl Checked {
    /// What became of each event, in the order given.
    pub fn outcomes(&self) -> &[Recorded] {
        &self.outcomes
    }

    /// What the first of them books beside a mirror, if it books something.
    pub fn entry(&self) -> Option<&Entry> {
        self.work.entries.first()
    }

    /// The loans with these events.
    pub fn loans(&self) -> &BTreeMap<LoanContractId, Loan> {
        &self.loans
    }

    /// Writes and books all of it.
    pub async fn write(
        self,
        tx: &Tx,
        now: Timestamp,
        programme: &loan_programme::Model,
    ) -> Result<Vec<Recorded>, ServeError> {
        writing::finish(tx, now, programme, self.work, &self.loans).await?;
        Ok(self.outcomes)
    }
}

/// Writes down what happened and books it: all of it or nothing. An error names the event.
pub async fn record(
    tx: &Tx,
    now: Timestamp,
    programme: &loan_programme::Model,
    new: &[NewEvent],
) -> Result<Vec<Recorded>, (Option<LoanEventId>, ServeError)> {
    let checked = check(tx, now, programme, new).await?;
    checked.write(tx, now, programme).await.map_err(|error| (None, error))
}

/// The last day a loan is booked through: that of the programme, or later if something happened to it since.
pub(crate) fn through(programme: &loan_programme::Model, loan: &Loan) -> BusinessDate {
    let own = loan.standing.as_ref().map(|standing| standing.as_of);
    own.map_or(programme.closed_through, |day| day.max(programme.closed_through))
}
