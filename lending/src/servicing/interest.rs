//! Interest by class (facts: lending 6): what a day brings belongs to the class the loan has at the end of that day, whenever it is heard of
//! and however late the day is closed. An event that changes the days before moves it to where it belongs.
//!
//! Between two changes a loan has one class, so this costs a replay for each change and none for each day; and none at all for an event
//! of a day that was not booked yet, if the class stayed as it was.

use domain::loan::life::State;
use domain::loan::overdue::Class;
use domain::loan::reckoning::Reckoning;
use domain::{BookId, BusinessDate, Money};
use ledger::{Entry, Subject};

use super::event::recipe;
use super::loan::{Fact, Loan, Replayed};
use super::{NewEvent, ServeError};
use crate::postings::{Delta, Occasion};

/// Interest that follows the days (not what facts themselves book), in fen, by class.
pub(super) type ByClass = [i64; 5];

/// What an event changes of the interest of the days before it is told.
#[derive(Debug)]
pub(super) struct Moved {
    /// The evening before the first day it changes.
    after: BusinessDate,
    /// The last day that was booked before it.
    through: BusinessDate,
    /// What was booked since the one, up to the other.
    booked: ByClass,
}

impl Moved {
    /// Before the loan knows of the event: booked through a day.
    pub(super) fn by(loan: &Loan, book: BookId, new: &NewEvent, through: BusinessDate) -> Result<Moved, ServeError> {
        let first = match new.fact {
            Fact::Event(domain::loan::life::What::Reversal(of)) => {
                loan.facts.iter().find(|known| known.0 == of).map_or(new.on, |known| known.1)
            }
            Fact::Payout(_) | Fact::Event(_) => new.on,
        };
        let after = first.previous().min(through);
        Ok(Moved { after, through, booked: between(loan, book, after, through)? })
    }

    /// Whether nothing that was booked changes, and each day since then up to another has the class the loan has at the end of that one.
    fn is_plain(&self, loan: &Loan, class: Class, to: BusinessDate) -> bool {
        let eve = to.previous();
        let holds = |standing: &Reckoning| standing.holds(eve) && standing.class == class;
        self.after == self.through && (eve <= self.through || loan.standing.as_ref().is_none_or(holds))
    }

    /// Once it does, with its class then: what is left to be booked by class, beside what the mirror of an entry takes back; nothing if all
    /// of it is of that class.
    pub(super) fn left(
        &self,
        loan: &Loan,
        book: BookId,
        (to, class): (BusinessDate, Class),
        mirror: Option<&Entry>,
    ) -> Result<ByClass, ServeError> {
        if self.is_plain(loan, class, to) {
            return Ok(ByClass::default());
        }
        let mut left = between(loan, book, self.after, to)?;
        for (left, booked) in left.iter_mut().zip(self.booked) {
            *left -= booked;
        }
        let place = |subject: Subject| Subject::LOAN_INTEREST_INCOME.into_iter().position(|income| income == subject);
        for posting in mirror.into_iter().flat_map(Entry::postings) {
            for (account, fen) in [(&posting.credit, -posting.amount.fen()), (&posting.debit, posting.amount.fen())] {
                if let Some(class) = place(account.subject()) {
                    left[class] += fen;
                }
            }
        }
        Ok(left)
    }
}

/// What all days of a loan brought, up to one and with it: what its interest income comes to, class by class.
pub(super) fn earned(loan: &Loan, book: BookId, through: BusinessDate) -> Result<ByClass, ServeError> {
    loan.payout().map_or(Ok(ByClass::default()), |(_, on)| between(loan, book, on.previous(), through))
}

/// What the days after one, up to another and with it, bring; nothing before the payout.
fn between(loan: &Loan, book: BookId, after: BusinessDate, to: BusinessDate) -> Result<ByClass, ServeError> {
    let mut by_class = ByClass::default();
    let Some((_, paid_out_on)) = loan.payout().filter(|_| after < to) else { return Ok(by_class) };
    let mut before = 0;
    if after >= paid_out_on
        && let Some(it) = loan.replay(after)?
    {
        before = followed(loan, book, &it, it.state.books()?.receivable[0]);
    }
    let mut day = after.next().max(paid_out_on);
    while day <= to {
        let Some(it) = loan.replay(day)? else { break };
        let next = loan.facts.iter().map(|known| known.1).filter(|on| *on > day).min();
        let changes = it.reckoning.until.into_iter().chain(next).min();
        let last = changes.map_or(to, |change| change.previous().min(to));
        let now = followed(loan, book, &it, it.reckoning.books(last)?.receivable[0]);
        let State { class, .. } = it.state;
        by_class[class as usize] += now - before;
        (before, day) = (now, last.next());
    }
    Ok(by_class)
}

/// What 应收利息 would be if no fact had booked anything to it.
fn followed(loan: &Loan, book: BookId, it: &Replayed, receivable: Money) -> i64 {
    let own = |(id, on, fact): &(domain::LoanEventId, BusinessDate, Fact)| {
        let outcome = it.outcomes.iter().find(|outcome| outcome.id == *id)?;
        let at = Occasion { book, contract: &loan.row.number, event: *id, on: *on, booked_on: *on };
        Some(Delta::of(recipe(&at, fact, Some(outcome))?.postings()).receivable[0])
    };
    receivable.fen() - loan.facts.iter().filter_map(own).sum::<i64>()
}
