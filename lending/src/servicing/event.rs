//! One event: checked by a replay with it, booked with what it changed of the days before, and with the other contract it ends or gives back.

use std::collections::BTreeMap;

use domain::lending::{LoanEvent, LoanState};
use domain::loan::allocation::Component;
use domain::loan::life::{Outcome, What};
use domain::loan::overdue::Class;
use domain::loan::reckoning::Books;
use domain::{BusinessDate, LoanContractId, LoanEventId, Money};
use entity::{Tx, loan_programme};
use ledger::Entry;

use super::interest::Moved;
use super::loan::{Fact, Loan, Replayed};
use super::rules::{by_contract, is_beyond};
use super::steps::{advance, walk};
use super::{NewEvent, Recorded, ServeError, Work, through};
use crate::postings::{self, Delta, Nets, Occasion};

/// One event: checked by a replay with it, booked, and what it changed of the days before.
pub(super) async fn take(
    tx: &Tx,
    programme: &loan_programme::Model,
    loans: &mut BTreeMap<LoanContractId, Loan>,
    work: &mut Work,
    new: &NewEvent,
    today: BusinessDate,
) -> Result<Recorded, ServeError> {
    let taken_over = taken_over(loans, new)?;
    let is_given_back = is_given_back(loans, new);
    let loan = loans.get_mut(&new.contract).ok_or(ServeError::NoSuchContract)?;
    if loan.row.bank_id != programme.bank_id {
        return Err(ServeError::NoSuchContract);
    }
    if let Some((_, on, fact)) = loan.facts.iter().find(|known| known.0 == new.id) {
        if (*on, *fact) != (new.on, new.fact) {
            return Err(ServeError::IdReused);
        }
        let mut there = Recorded::of(new.id, true);
        if let Some(replayed) = loan.replay(through(programme, loan).max(new.on))? {
            there.outcome = replayed.outcomes.into_iter().find(|outcome| outcome.id == new.id);
        }
        return Ok(there);
    }
    if new.on > today {
        return Err(ServeError::Invalid { field: "on", problem: "业务日期不能晚于今天" });
    }
    match (loan.payout(), new.fact) {
        (None, Fact::Payout(amount)) => {
            if loan.row.state != LoanState::Signed {
                return Err(loan.row.state.on(LoanEvent::PayOut).err().map_or(ServeError::Conflict, Into::into));
            }
            if amount != loan.row.principal_fen {
                return Err(ServeError::Invalid { field: "amount", problem: "放款金额应等于合同本金" });
            }
            if new.on < loan.row.signed_on {
                return Err(ServeError::Invalid { field: "on", problem: "放款日不能早于签约日" });
            }
            // Nothing is paid out where a contract takes another over: it is the whole of it, no more and no less (facts: lending 2).
            if let Some(principal) = taken_over.filter(|principal| *principal != amount) {
                return Err(ServeError::NotTheWholeLoan { principal });
            }
        }
        (Some(_), Fact::Payout(_)) => return Err(ServeError::Conflict),
        (None, Fact::Event(_)) => return Err(ServeError::NotPaidOut),
        (Some((payout, _)), Fact::Event(What::Reversal(of))) => {
            if !loan.facts.iter().any(|known| known.0 == of && !matches!(known.2, Fact::Event(What::Reversal(_)))) {
                return Err(ServeError::NoSuchEvent);
            }
            let live = |known: &(LoanEventId, BusinessDate, Fact)| {
                known.0 != of && !matches!(known.2, Fact::Event(What::Reversal(_))) && !is_reversed(loan, known.0)
            };
            if is_reversed(loan, of) || of == payout && loan.facts.iter().any(live) {
                return Err(ServeError::Conflict);
            }
            let is_end = |known: &(LoanEventId, BusinessDate, Fact)| {
                known.0 == of && matches!(known.2, Fact::Event(What::Replaced(_)))
            };
            if !is_given_back && loan.facts.iter().any(is_end) {
                let problem = "请冲正新合同的放款，原合同随之恢复";
                return Err(ServeError::Invalid { field: "reverses", problem });
            }
        }
        (Some(_), Fact::Event(_)) => {}
    }
    let beyond = match by_contract(tx, programme, loan, &mut work.from_pool, new).await {
        Ok(()) => None,
        // The bank keeps the loan: what it says is booked, and said to be beyond the contract.
        Err(error) if new.told.is_some() && is_beyond(&error) => Some(error),
        Err(error) => return Err(error),
    };
    let before_day = through(programme, loan);
    let before = loan.books(before_day)?;
    let as_of = before_day.max(new.on);
    // What came after it may be spread otherwise now: how it was spread until now is known by a replay without it.
    let unsettled = if loan.facts.iter().any(|known| comes_after(known, new)) { loan.replay(as_of)? } else { None };
    let moved = Moved::by(loan, programme.book_id, new, before_day)?;
    loan.facts.push((new.id, new.on, new.fact));
    let at = Occasion {
        book: programme.book_id,
        contract: &loan.row.number.clone(),
        event: new.id,
        on: new.on,
        booked_on: as_of,
    };
    let replayed = loan.replay(as_of)?;
    let mut recorded = Recorded { beyond, ..Recorded::of(new.id, false) };
    let outcome = replayed.as_ref().and_then(|it| it.outcomes.iter().find(|outcome| outcome.id == new.id)).copied();
    if let Some(outcome) = &outcome {
        let penalties = [Component::Penalty, Component::Compound].map(|one| outcome.due_before[one]);
        recorded.penalties = Money::checked_sum(penalties).unwrap_or(Money::MAX);
    }
    let mut nets = respread(loan, &at, unsettled.as_ref(), replayed.as_ref());
    if let Fact::Event(What::Reversal(of)) = new.fact {
        // The mirror undoes what the event booked when it was told; what is left of it now is undone beside it.
        let mirror = mirror(tx, &work.entries, of, as_of).await?;
        if let Some(mirror) = mirror.as_ref().filter(|_| replayed.is_some()) {
            nets.add(mirror, -1);
        }
        let entry = nets.onto(postings::change(&at), at.book, at.contract);
        let (after, class) = after(&replayed)?;
        let mut left = Delta::between(&before, &after).less(Delta::of(entry.postings()));
        left = mirror.iter().fold(left, |left, mirror| left.less(Delta::of(mirror.postings())));
        let interest = moved.left(loan, at.book, (as_of, class), mirror.as_ref())?;
        work.entries.extend(mirror);
        push(work, postings::follow(entry, at.book, at.contract, class, interest, &left))?;
        let is_payout = loan.facts.iter().any(|known| known.0 == of && matches!(known.2, Fact::Payout(_)));
        let given_back = loan.row.replaces_id.filter(|_| is_payout);
        settle(loan, work, new, replayed)?;
        work.events.push(new.clone());
        if let Some(old) = given_back {
            // What it took over is the old contract's again.
            if let Some(loan) = loans.get_mut(&old) {
                loan.replaced_by = None;
            }
            let back = NewEvent {
                id: LoanEventId::from(uuid::Uuid::new_v5(&new.id.uuid(), b"replaced")),
                contract: old,
                fact: Fact::Event(What::Reversal(replaced(of))),
                told: None,
                reason: new.reason.clone().or_else(|| Some("新合同的放款已冲正".to_owned())),
                ..new.clone()
            };
            Box::pin(take(tx, programme, loans, work, &back, today)).await?;
        }
        return Ok(recorded);
    }
    let own = recipe(&at, &new.fact, outcome.as_ref()).ok_or(ServeError::Conflict)?;
    let own = nets.onto(own, at.book, at.contract);
    let (after, class) = after(&replayed)?;
    let left = Delta::between(&before, &after).less(Delta::of(own.postings()));
    let interest = moved.left(loan, at.book, (as_of, class), None)?;
    push(work, postings::follow(own, at.book, at.contract, class, interest, &left))?;
    recorded.outcome = outcome;
    recorded.after = loan.replay(new.on)?.map(|it| it.state);
    let takes_over = matches!(new.fact, Fact::Payout(_)).then_some(loan.row.replaces_id).flatten();
    let principal = loan.row.principal_fen;
    settle(loan, work, new, replayed)?;
    work.events.push(new.clone());
    if let Some(old) = takes_over {
        let kind = loan.row.kind;
        if let Some(loan) = loans.get_mut(&old) {
            loan.replaced_by = Some(kind);
        }
        let end = NewEvent {
            id: replaced(new.id),
            contract: old,
            fact: Fact::Event(What::Replaced(Some(principal))),
            told: None,
            ..new.clone()
        };
        Box::pin(take(tx, programme, loans, work, &end, today)).await?;
    }
    Ok(recorded)
}

/// The event by which a payout ends the contract it takes over.
fn replaced(payout: LoanEventId) -> LoanEventId {
    uuid::Uuid::new_v5(&payout.uuid(), b"replaced").into()
}

/// What is not repaid of the contract that a payout takes over, at the end of its day; nothing where it takes over none.
fn taken_over(loans: &BTreeMap<LoanContractId, Loan>, new: &NewEvent) -> Result<Option<Money>, ServeError> {
    if !matches!(new.fact, Fact::Payout(_)) {
        return Ok(None);
    }
    let old = loans.get(&new.contract).and_then(|loan| loans.get(&loan.row.replaces_id?));
    let replayed = old.map(|old| old.replay(new.on)).transpose()?.flatten();
    Ok(replayed.map(|it| it.state.principal()).transpose()?)
}

/// Whether a reversal is of the end of a contract that another had taken over and was never paid out itself.
fn is_given_back(loans: &BTreeMap<LoanContractId, Loan>, new: &NewEvent) -> bool {
    if !matches!(new.fact, Fact::Event(What::Reversal(_))) {
        return false;
    }
    let mut heirs = loans.values().filter(|one| one.row.replaces_id == Some(new.contract)).peekable();
    heirs.peek().is_some() && heirs.all(|heir| heir.payout().is_none())
}

/// The entry of a fact by its recipe; nothing if nothing became of it.
pub(super) fn recipe(at: &Occasion<'_>, fact: &Fact, outcome: Option<&Outcome>) -> Option<Entry> {
    let what = match fact {
        Fact::Payout(amount) => return Some(postings::payout(at, *amount)),
        Fact::Event(what) => what,
    };
    let outcome = outcome?;
    Some(match *what {
        What::Repayment { .. } | What::Prepayment { .. } => postings::repayment(at, outcome),
        What::Subsidy(amount) => postings::subsidy_applied(at, amount),
        What::Compensation(amount) => postings::compensation(at, amount, outcome.undue),
        What::Recovery(amount) => postings::recovery(at, amount, outcome),
        What::WriteOff => postings::write_off(at, outcome),
        What::Replaced(_) => postings::replaced(at, outcome),
        What::CreditBack(amount) => postings::credit_back(at, amount),
        What::RateChange(_)
        | What::Misuse(_)
        | What::MisuseMended
        | What::Judgement(_)
        | What::Waiver(_)
        | What::Reversal(_) => postings::change(at),
    })
}

/// Whether a fact that is known counts for the day of a new one or a later one, or a reversal takes back what may have changed it.
fn comes_after(known: &(LoanEventId, BusinessDate, Fact), new: &NewEvent) -> bool {
    matches!(new.fact, Fact::Event(What::Reversal(_))) || known.1 >= new.on
}

/// What all facts but the newest are spread otherwise than before.
fn respread(loan: &Loan, at: &Occasion<'_>, before: Option<&Replayed>, after: Option<&Replayed>) -> Nets {
    let mut nets = Nets::default();
    if before.is_none() {
        return nets;
    }
    for (id, _, fact) in loan.facts.iter().filter(|known| known.0 != at.event && matches!(known.2, Fact::Event(_))) {
        for (replayed, sign) in [(before, -1), (after, 1)] {
            let outcome = replayed.and_then(|it| it.outcomes.iter().find(|outcome| outcome.id == *id));
            if let Some(entry) = recipe(at, fact, outcome) {
                nets.add(&entry, sign);
            }
        }
    }
    nets
}

fn is_reversed(loan: &Loan, of: LoanEventId) -> bool {
    loan.facts.iter().any(|known| known.2 == Fact::Event(What::Reversal(of)))
}

fn after(replayed: &Option<Replayed>) -> Result<(Books, Class), ServeError> {
    Ok(match replayed {
        Some(it) => (it.state.books()?, it.state.class),
        None => (Books::default(), Class::Normal),
    })
}

/// An entry without lines is none.
fn push(work: &mut Work, entry: Option<Entry>) -> Result<(), ServeError> {
    let entry = entry.ok_or(ServeError::Ledger(ledger::Refusal::Unsound))?;
    if !entry.postings().is_empty() {
        work.entries.push(entry);
    }
    Ok(())
}

/// The exact mirror of an event's entry, naming it; nothing if the event booked nothing.
async fn mirror(tx: &Tx, fresh: &[Entry], of: LoanEventId, day: BusinessDate) -> Result<Option<Entry>, ServeError> {
    let reference = postings::reference(of);
    if fresh.iter().any(|entry| entry.reference() == reference) {
        // Both in one file: the bank tells of nothing that stands.
        return Err(ServeError::Conflict);
    }
    Ok(ledger::mirror(tx, &reference, day).await?)
}

/// Takes on where the loan stands now, and the step of its contract that follows.
fn settle(loan: &mut Loan, work: &mut Work, new: &NewEvent, replayed: Option<Replayed>) -> Result<(), ServeError> {
    let id = loan.row.id;
    match replayed {
        Some(replayed) => {
            work.unpaid.retain(|unpaid| *unpaid != id);
            advance(loan, &mut work.steps, &replayed.state, new.on, &new.actor, new.reason.as_deref())?;
            loan.standing = Some(replayed.reckoning.clone());
            work.standings.insert(id, (replayed.reckoning, replayed.state));
        }
        None => {
            work.standings.remove(&id);
            work.unpaid.push(id);
            walk(loan, &mut work.steps, LoanState::Signed, new.on, &new.actor, new.reason.as_deref())?;
            loan.standing = None;
        }
    }
    Ok(())
}
