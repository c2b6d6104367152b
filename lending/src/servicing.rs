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
pub mod file;
mod interest;
pub mod loan;
pub mod price;
pub mod programme;
pub mod subsidy;

use std::collections::{BTreeMap, BTreeSet};

use domain::lending::product::CompensationRule;
use domain::lending::{LoanEvent, LoanState};
use domain::loan::allocation::Component;
use domain::loan::life::{Outcome, Split, State, What};
use domain::loan::overdue::Class;
use domain::loan::reckoning::{Books, Reckoning};
use domain::{BusinessDate, LoanContractId, LoanEventId, LoanFileId, Money, Timestamp};
use entity::{Rows, Tx, loan_programme};
use ledger::Entry;
use sea_orm::{ActiveEnum, ConnectionTrait, Iterable};

use crate::postings::{self, Delta, Nets, Occasion};
pub use error::ServeError;

use interest::Moved;
use loan::{Fact, Loan, Replayed};

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

/// A step of a contract's state.
#[derive(Debug)]
pub(crate) struct Step {
    contract: LoanContractId,
    from: LoanState,
    to: LoanState,
    event: LoanEvent,
    on: BusinessDate,
    actor: String,
    reason: Option<String>,
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
            match take(tx, programme, &mut loans, &mut work, one, today).await {
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
        finish(tx, now, programme, self.work, &self.loans).await?;
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

/// One event: checked by a replay with it, booked, and what it changed of the days before.
async fn take(
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
fn recipe(at: &Occasion<'_>, fact: &Fact, outcome: Option<&Outcome>) -> Option<Entry> {
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

/// The last day a loan is booked through: that of the programme, or later if something happened to it since.
pub(crate) fn through(programme: &loan_programme::Model, loan: &Loan) -> BusinessDate {
    let own = loan.standing.as_ref().map(|standing| standing.as_of);
    own.map_or(programme.closed_through, |day| day.max(programme.closed_through))
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

/// What the pool may pay of a loan by its contract.
pub struct Compensable {
    /// Whether it is late enough.
    late: bool,
    trigger_days: u32,
    /// How much more.
    pub most: Money,
}

impl Compensable {
    /// Whether it may pay this much.
    pub fn allows(&self, amount: Money) -> Result<(), ServeError> {
        if !self.late {
            return Err(ServeError::TooEarlyForPool { days: self.trigger_days });
        }
        if amount > self.most {
            return Err(ServeError::TooMuchForPool { most: self.most });
        }
        Ok(())
    }
}

/// 代偿 by the contract's rule: the pool's share of what was owed when it first paid, once an instalment is late enough.
pub fn compensable(loan: &Loan, on: BusinessDate) -> Result<Compensable, ServeError> {
    let Some(text) = &loan.row.compensation else {
        return Err(ServeError::Invalid { field: "kind", problem: "合同没有约定风险补偿" });
    };
    let rule: CompensationRule = serde_json::from_str(text)?;
    let state = loan.replay(on)?.ok_or(ServeError::NotPaidOut)?.state;
    let lost = state.principal()?.checked_add(state.compensated);
    let share = lost.and_then(|lost| rule.ratio.of(lost)).ok_or(domain::loan::LoanError::TooLarge)?;
    let most = Money::from_fen(share.fen().saturating_sub(state.compensated.fen()).max(0));
    let late = state.days_past_due >= i64::from(rule.trigger_days) || state.compensated.is_positive();
    Ok(Compensable { late, trigger_days: rule.trigger_days, most })
}

/// Whether the contract allows a fact, as far as it is not for the arithmetic to say: 代偿 by its rule and the pool's means, 核销 of what
/// is late, 挪用 of no more than is lent, a rate by its pricing.
async fn by_contract(
    tx: &Tx,
    programme: &loan_programme::Model,
    loan: &Loan,
    from_pool: &mut Money,
    new: &NewEvent,
) -> Result<(), ServeError> {
    match new.fact {
        Fact::Event(What::Compensation(amount)) => {
            *from_pool = from_pool.checked_add(amount).ok_or(domain::loan::LoanError::TooLarge)?;
            compensable(loan, new.on)?.allows(amount)?;
            match programme::left_in_pool(tx, programme).await? {
                Some(left) if *from_pool > left => Err(ServeError::PoolEmpty { left }),
                _ => Ok(()),
            }
        }
        Fact::Event(What::WriteOff) => match loan.replay(new.on)? {
            Some(it) if it.state.days_past_due > 0 => Ok(()),
            _ => Err(ServeError::Invalid { field: "on", problem: "没有逾期的贷款不能核销" }),
        },
        Fact::Event(What::Misuse(Some(amount))) => {
            let it = loan.replay(new.on)?.ok_or(ServeError::NotPaidOut)?;
            match amount.is_positive() && amount <= it.state.principal()? {
                true => Ok(()),
                false => Err(ServeError::Invalid {
                    field: "amount", problem: "挪用金额应大于零，不超过当日未还本金"
                }),
            }
        }
        Fact::Event(What::MisuseMended) => match loan.replay(new.on)? {
            Some(it) if it.state.misused.is_positive() => Ok(()),
            _ => Err(ServeError::Invalid { field: "on", problem: "当日没有登记在案的挪用" }),
        },
        // Officers tell what borrower and bank agreed, within what the contract allows; a file tells what the contract says.
        Fact::Event(What::RateChange(rate)) if new.told.is_none() => match price::is_within(tx, &loan.row, rate).await?
        {
            true => Ok(()),
            false => Err(ServeError::Invalid { field: "rate", problem: "利率超出合同约定的下限或上限" }),
        },
        Fact::Event(What::RateChange(rate)) => match price::expected(tx, loan, new.on).await? {
            Some(price) if price.annual_rate != rate => Err(ServeError::OtherRate { expected: price.annual_rate }),
            _ => Ok(()),
        },
        Fact::Payout(_) | Fact::Event(_) => Ok(()),
    }
}

/// Whether it is the contract that refuses, and no failure.
fn is_beyond(error: &ServeError) -> bool {
    use ServeError::*;
    matches!(
        error,
        Invalid { .. } | TooEarlyForPool { .. } | TooMuchForPool { .. } | PoolEmpty { .. } | OtherRate { .. } | NoLpr
    )
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

/// The steps of the contract to where its loan stands.
pub(crate) fn advance(
    loan: &mut Loan,
    steps: &mut Vec<Step>,
    state: &State,
    on: BusinessDate,
    actor: &str,
    reason: Option<&str>,
) -> Result<(), ServeError> {
    let to = loan::state_of(loan, state);
    walk(loan, steps, to, on, actor, reason)
}

fn walk(
    loan: &mut Loan,
    steps: &mut Vec<Step>,
    to: LoanState,
    on: BusinessDate,
    actor: &str,
    reason: Option<&str>,
) -> Result<(), ServeError> {
    let way = way(loan.row.state, to).ok_or(ServeError::Conflict)?;
    for (event, state) in way {
        steps.push(Step {
            contract: loan.row.id,
            from: loan.row.state,
            to: state,
            event,
            on,
            actor: actor.to_owned(),
            reason: reason.map(str::to_owned),
        });
        loan.row.state = state;
    }
    Ok(())
}

/// The shortest way from one state to another by the table of [`LoanState::on`].
fn way(from: LoanState, to: LoanState) -> Option<Vec<(LoanEvent, LoanState)>> {
    let mut ways = vec![(from, Vec::new())];
    for _ in 0..4 {
        if let Some((_, way)) = ways.iter().find(|(state, _)| *state == to) {
            return Some(way.clone());
        }
        let longer = |(state, way): &(LoanState, Vec<(LoanEvent, LoanState)>)| {
            let (state, way) = (*state, way.clone());
            LoanEvent::iter().filter_map(move |event| {
                let next = state.on(event).ok()?;
                let mut way = way.clone();
                way.push((event, next));
                Some((next, way))
            })
        };
        ways = ways.iter().flat_map(longer).collect();
    }
    None
}

/// Writes everything: contracts, events, entries, standings.
async fn finish(
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

/// Writes states, principal, class and ends of contracts, and the steps they took.
async fn contracts(
    tx: &Tx,
    now: Timestamp,
    changed: &[(&Loan, Option<&State>)],
    steps: &[Step],
) -> Result<(), ServeError> {
    if changed.is_empty() {
        return Ok(());
    }
    let backend = tx.get_database_backend();
    let outstanding =
        |(_, state): &(&Loan, Option<&State>)| state.map_or(Ok(Money::ZERO), State::principal).map(Money::fen);
    let outstanding: Vec<i64> = changed.iter().map(outstanding).collect::<Result<_, _>>()?;
    let rows = Rows::new()
        .uuid("id", changed.iter().map(|(loan, _)| loan.row.id.uuid()))
        .int("outstanding_fen", outstanding)
        .text(
            "class",
            changed
                .iter()
                .map(|(loan, state)| domain::bank_file::class_of(state.map_or(loan.row.class, |state| state.class))),
        )
        .text_or_null("paid_out_on", changed.iter().map(|(loan, _)| loan.payout().map(|(_, on)| on.to_string())))
        .bool("ended", changed.iter().map(|(_, state)| state.is_some_and(|state| state.end.is_some())));
    let sql = "UPDATE loan_contract SET outstanding_fen = r.outstanding_fen, class = r.class, \
               paid_out_on = COALESCE(r.paid_out_on, loan_contract.paid_out_on), \
               changed_us = $1, ended_us = CASE WHEN r.ended THEN COALESCE(loan_contract.ended_us, $1) END \
               FROM {rows} WHERE loan_contract.id = r.id";
    tx.execute_raw(rows.statement(backend, sql, [now.into()])).await?;
    if steps.is_empty() {
        return Ok(());
    }
    let mut taken: BTreeMap<LoanContractId, i64> = BTreeMap::new();
    let places: Vec<i64> = steps
        .iter()
        .map(|step| {
            let place = taken.entry(step.contract).or_default();
            *place += 1;
            *place
        })
        .collect();
    // The database lets a contract go one step at a time.
    for place in 1..=places.iter().copied().max().unwrap_or(0) {
        let now_taken = || steps.iter().zip(&places).filter(move |(_, at)| **at == place).map(|(step, _)| step);
        let rows = Rows::new()
            .uuid("id", now_taken().map(|step| step.contract.uuid()))
            .text("state", now_taken().map(|step| step.to.to_value()));
        let sql = "UPDATE loan_contract SET state = r.state FROM {rows} WHERE loan_contract.id = r.id";
        tx.execute_raw(rows.statement(backend, sql, [])).await?;
    }
    let unpaid = changed.iter().filter(|(loan, _)| loan.payout().is_none()).map(|(loan, _)| loan.row.id.uuid());
    let sql = "UPDATE loan_contract SET paid_out_on = NULL FROM {rows} WHERE loan_contract.id = r.id AND loan_contract.state = 'signed'";
    tx.execute_raw(Rows::new().uuid("id", unpaid).statement(backend, sql, [])).await?;
    let rows = Rows::new()
        .int("place", places)
        .uuid("contract_id", steps.iter().map(|step| step.contract.uuid()))
        .text("from_state", steps.iter().map(|step| step.from.to_value()))
        .text("to_state", steps.iter().map(|step| step.to.to_value()))
        .text("event", steps.iter().map(|step| step.event.to_value()))
        .text("on_day", steps.iter().map(|step| step.on.to_string()))
        .text("actor", steps.iter().map(|step| step.actor.clone()))
        .text_or_null("reason", steps.iter().map(|step| step.reason.clone()));
    let sql = "INSERT INTO loan_contract_history (contract_id, seq, from_state, to_state, event, on_day, at_us, actor, reason) \
               SELECT r.contract_id, r.place + (SELECT COALESCE(MAX(h.seq), 0) FROM loan_contract_history h WHERE h.contract_id = r.contract_id), \
               r.from_state, r.to_state, r.event, r.on_day, $1, r.actor, r.reason FROM {rows} ORDER BY r.contract_id, r.place";
    tx.execute_raw(rows.statement(backend, sql, [now.into()])).await?;
    Ok(())
}
