//! The recipes of a loan programme's memo book (facts: lending 6). Amounts are the bank's wherever its file has told them; interest
//! that is not yet paid is our arithmetic. Principal is kept apart by contract, interest by class.
//!
//! One event is one entry. Beside what its recipe says it takes along what it changed of the days before ([`follow`]): an event that is
//! heard of late corrects the interest booked since, in the same moment.

use std::collections::BTreeMap;

use domain::loan::allocation::Component;
use domain::loan::life::{Outcome, Split};
use domain::loan::overdue::Class;
use domain::loan::reckoning::Books;
use domain::{BookId, BusinessDate, LoanEventId, Money};
use ledger::{Account, Entry, Subject};

/// What an event is booked under.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The memo book.
    pub book: BookId,
    /// The bank's number of the contract.
    pub contract: &'a str,
    /// The event.
    pub event: LoanEventId,
    /// The day it counts for.
    pub on: BusinessDate,
    /// The day it is booked on: the last one the loan is reckoned to; or the first that is open, if the book is closed further.
    pub booked_on: BusinessDate,
}

impl Occasion<'_> {
    fn entry(&self, kind: &'static str) -> Entry {
        Entry::new(self.book, kind, reference(self.event), self.on)
            .on_or_after(self.booked_on)
            .document(Some(self.contract.to_owned()))
    }

    fn account(&self, subject: Subject) -> Account {
        Account::new(self.book, subject)
    }

    fn undue(&self) -> Account {
        Account::of_contract(self.book, Subject::LOAN_UNDUE, self.contract)
    }

    fn due(&self) -> Account {
        Account::of_contract(self.book, Subject::LOAN_DUE, self.contract)
    }
}

/// The reference of an event's entry.
pub fn reference(event: LoanEventId) -> String {
    format!("loan_event:{event}")
}

/// The reference of a piece of a closed day.
pub fn day_reference(programme: domain::LoanProgrammeId, day: BusinessDate, step: i64) -> String {
    format!("loan_day:{programme}:{day}:{step}")
}

fn some(entry: Entry, debit: Account, credit: Account, amount: Money) -> Entry {
    if amount.is_positive() { entry.posting(debit, credit, amount) } else { entry }
}

/// 放款. A renewal, an extension or a restructuring is the same: what it pays out repays the contract it replaces ([`replaced`]).
///
/// | account                              | debit  | credit |
/// | ------------------------------------ | ------ | ------ |
/// | L1301 贷款本金—未到期, contract      | amount |        |
/// | L1003 银行清算                       |        | amount |
pub fn payout(at: &Occasion<'_>, amount: Money) -> Entry {
    at.entry("loan_payout").posting(at.undue(), at.account(Subject::LOAN_BANK), amount)
}

/// 还款 and 提前还款, as it was spread.
///
/// | account                              | debit  | credit                 |
/// | ------------------------------------ | ------ | ---------------------- |
/// | L1003 银行清算                       | amount |                        |
/// | L1322 应收罚息, L1323 应收复利       |        | penalty, compound      |
/// | L1321 应收利息                       |        | interest               |
/// | L1302 到期未还, L1301 未到期, contract |      | principal, due and not |
/// | L6031 提前还款违约金收入             |        | fee                    |
/// | L2011 借款人溢缴款                   |        | the rest               |
pub fn repayment(at: &Occasion<'_>, outcome: &Outcome) -> Entry {
    let Split { amounts, credit } = outcome.taken;
    let due = less(amounts[Component::Principal], outcome.undue);
    let parts = [
        (at.account(Subject::LOAN_PENALTY), amounts[Component::Penalty]),
        (at.account(Subject::LOAN_COMPOUND), amounts[Component::Compound]),
        (at.account(Subject::LOAN_INTEREST), amounts[Component::Interest]),
        (at.due(), due),
        (at.undue(), outcome.undue),
        (at.account(Subject::LOAN_FEE_INCOME), amounts[Component::Fee]),
        (at.account(Subject::LOAN_CREDIT), credit),
    ];
    let bank = at.account(Subject::LOAN_BANK);
    parts
        .into_iter()
        .fold(at.entry("loan_repayment"), |entry, (account, part)| some(entry, bank.clone(), account, part))
}

/// 贴息 that the bank takes for the borrower's interest.
///
/// | account            | debit  | credit |
/// | ------------------ | ------ | ------ |
/// | L1221 应收贴息     | amount |        |
/// | L1321 应收利息     |        | amount |
pub fn subsidy_applied(at: &Occasion<'_>, amount: Money) -> Entry {
    at.entry("loan_subsidy").posting(at.account(Subject::LOAN_SUBSIDY), at.account(Subject::LOAN_INTEREST), amount)
}

/// 代偿: the pool repays principal, what is due first.
///
/// | account                                | debit  | credit    |
/// | -------------------------------------- | ------ | --------- |
/// | L1401 风险补偿金（备查）               | amount |           |
/// | L1302 到期未还, L1301 未到期, contract |        | principal |
pub fn compensation(at: &Occasion<'_>, amount: Money, undue: Money) -> Entry {
    let pool = at.account(Subject::LOAN_POOL);
    let entry = some(at.entry("loan_compensation"), pool.clone(), at.due(), less(amount, undue));
    some(entry, pool, at.undue(), undue)
}

/// 追偿: what the borrower repays of it goes back to the pool in its share; the bank's share repays principal, or, once that is written
/// off, goes to the loss allowance.
///
/// | account                                | debit  | credit                |
/// | -------------------------------------- | ------ | --------------------- |
/// | L1003 银行清算                         | amount |                       |
/// | L1401 风险补偿金（备查）               |        | pool's share          |
/// | L1302 到期未还, L1301 未到期, contract |        | principal, due and not |
/// | L1304 贷款损失准备                     |        | the rest              |
/// | L7012 已核销贷款备查对方               | the rest |                     |
/// | L7011 已核销贷款备查                   |        | the rest              |
pub fn recovery(at: &Occasion<'_>, amount: Money, outcome: &Outcome) -> Entry {
    let bank = at.account(Subject::LOAN_BANK);
    let [memo, contra] = Subject::LOAN_WRITTEN_OFF.map(|subject| at.account(subject));
    let principal = outcome.taken.amounts[Component::Principal];
    let rest = less(less(amount, outcome.to_pool), principal);
    let parts = [
        (at.account(Subject::LOAN_POOL), outcome.to_pool),
        (at.due(), less(principal, outcome.undue)),
        (at.undue(), outcome.undue),
        (at.account(Subject::LOAN_ALLOWANCE), rest),
    ];
    let entry = parts
        .into_iter()
        .fold(at.entry("loan_recovery"), |entry, (account, part)| some(entry, bank.clone(), account, part));
    some(entry, contra, memo, rest)
}

/// 核销. What is not accruing has no receivable left and goes from beside the balance sheet.
///
/// | account                                | debit  | credit                       |
/// | -------------------------------------- | ------ | ---------------------------- |
/// | L1304 贷款损失准备                     | amount |                              |
/// | L1302 到期未还, L1301 未到期, contract |        | principal                    |
/// | L1321, L1322, L1323                    |        | interest, penalty, compound  |
/// | L7011 已核销贷款备查                   | everything owed |                     |
/// | L7012 已核销贷款备查对方               |        | everything owed              |
pub fn write_off(at: &Occasion<'_>, outcome: &Outcome) -> Entry {
    let amounts = outcome.taken.amounts;
    let booked = |component: Component| if outcome.accruing { amounts[component] } else { Money::ZERO };
    let parts = [
        (at.due(), less(amounts[Component::Principal], outcome.undue)),
        (at.undue(), outcome.undue),
        (at.account(Subject::LOAN_INTEREST), booked(Component::Interest)),
        (at.account(Subject::LOAN_PENALTY), booked(Component::Penalty)),
        (at.account(Subject::LOAN_COMPOUND), booked(Component::Compound)),
    ];
    let allowance = at.account(Subject::LOAN_ALLOWANCE);
    let entry = parts
        .into_iter()
        .fold(at.entry("loan_write_off"), |entry, (account, part)| some(entry, allowance.clone(), account, part));
    let [memo, contra] = Subject::LOAN_WRITTEN_OFF.map(|subject| at.account(subject));
    some(entry, memo, contra, outcome.taken.total().unwrap_or(Money::ZERO))
}

/// 续贷, 展期, 重组: the new contract repays the principal of the old one; nothing is paid out.
///
/// | account                                        | debit  | credit    |
/// | ---------------------------------------------- | ------ | --------- |
/// | L1003 银行清算                                 | amount |           |
/// | L1302 到期未还, L1301 未到期, the old contract |        | principal |
pub fn replaced(at: &Occasion<'_>, outcome: &Outcome) -> Entry {
    let principal = outcome.taken.amounts[Component::Principal];
    let bank = at.account(Subject::LOAN_BANK);
    let entry = some(at.entry("loan_replaced"), bank.clone(), at.due(), less(principal, outcome.undue));
    some(entry, bank, at.undue(), outcome.undue)
}

/// An event that moves nothing itself: a rate, 挪用, a class, a waiver; and a reversal, whose exact mirror stands in an entry of its own.
pub fn change(at: &Occasion<'_>) -> Entry {
    at.entry("loan_change")
}

/// 贴息 claimed for a borrower who has paid the interest.
///
/// | account                    | debit  | credit |
/// | -------------------------- | ------ | ------ |
/// | L1221 应收贴息             | amount |        |
/// | L2241 应退借款人贴息       |        | amount |
pub fn subsidy_claimed(
    book: BookId,
    contract: &str,
    id: domain::LoanSubsidyId,
    amount: Money,
    on: BusinessDate,
) -> Entry {
    Entry::new(book, "loan_subsidy_claimed", format!("loan_subsidy:{id}"), on)
        .posting(Account::new(book, Subject::LOAN_SUBSIDY), Account::new(book, Subject::LOAN_SUBSIDY_OWED), amount)
        .document(Some(contract.to_owned()))
}

/// 贴息 received, and what was claimed for the borrower paid on to them, less what the payer cut of it.
///
/// | account                    | debit       | credit      |
/// | -------------------------- | ----------- | ----------- |
/// | L1003 银行清算             | amount      |             |
/// | L1221 应收贴息             |             | amount      |
/// | L2241 应退借款人贴息       | theirs      |             |
/// | L1003 银行清算             |             | theirs      |
/// | L2241 应退借款人贴息       | cut         |             |
/// | L1221 应收贴息             |             | cut         |
pub fn subsidy_received(
    book: BookId,
    contract: &str,
    id: domain::LoanSubsidyId,
    (amount, of_the_borrower, cut): (Money, Money, Money),
    on: BusinessDate,
) -> Entry {
    let account = |subject| Account::new(book, subject);
    let entry = Entry::new(book, "loan_subsidy_received", format!("loan_subsidy_received:{id}"), on)
        .document(Some(contract.to_owned()));
    let entry = some(entry, account(Subject::LOAN_BANK), account(Subject::LOAN_SUBSIDY), amount);
    let entry = some(entry, account(Subject::LOAN_SUBSIDY_OWED), account(Subject::LOAN_BANK), of_the_borrower);
    some(entry, account(Subject::LOAN_SUBSIDY_OWED), account(Subject::LOAN_SUBSIDY), cut)
}

/// 贴息 claimed for a borrower who, as it turns out, has not paid in time: the mirror of the claim.
///
/// | account                    | debit  | credit |
/// | -------------------------- | ------ | ------ |
/// | L2241 应退借款人贴息       | amount |        |
/// | L1221 应收贴息             |        | amount |
pub fn subsidy_withdrawn(
    book: BookId,
    contract: &str,
    id: domain::LoanSubsidyId,
    amount: Money,
    on: BusinessDate,
) -> Entry {
    Entry::new(book, "loan_subsidy_withdrawn", format!("loan_subsidy_withdrawn:{id}"), on)
        .posting(Account::new(book, Subject::LOAN_SUBSIDY_OWED), Account::new(book, Subject::LOAN_SUBSIDY), amount)
        .document(Some(contract.to_owned()))
}

/// 溢缴 paid back to the borrower.
///
/// | account              | debit  | credit |
/// | -------------------- | ------ | ------ |
/// | L2011 借款人溢缴款   | amount |        |
/// | L1003 银行清算       |        | amount |
pub fn credit_back(at: &Occasion<'_>, amount: Money) -> Entry {
    at.entry("loan_credit_back").posting(at.account(Subject::LOAN_CREDIT), at.account(Subject::LOAN_BANK), amount)
}

/// 日终 of a piece of a programme: instalments fall due, interest and penalties grow, more than ninety days late they stop to be income
/// (and begin again when nothing is late).
///
/// | account                                        | debit     | credit    |
/// | ---------------------------------------------- | --------- | --------- |
/// | L1302 到期未还, contract                       | principal |           |
/// | L1301 未到期, contract                         |           | principal |
/// | L1321 应收利息                                 | interest  |           |
/// | L6011…L6015 利息收入 by class                  |           | interest  |
/// | L1322 应收罚息, L1323 应收复利                 | amount    |           |
/// | L6021 罚息收入, L6022 复利收入                 |           | amount    |
/// | L7001 表外应收利息                             | amount    |           |
/// | L7002 表外应收利息对方                         |           | amount    |
///
/// Each the other way round where it becomes less.
pub fn day(book: BookId, reference: String, day: BusinessDate) -> Entry {
    // Of a bank that tells by month the month may be locked before its file comes.
    Entry::new(book, "loan_day", reference, day)
}

fn less(amount: Money, part: Money) -> Money {
    Money::from_fen(amount.fen().saturating_sub(part.fen()))
}

/// By how much the books of a loan differ, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// 未到期本金.
    pub undue: i64,
    /// 到期未还本金.
    pub due: i64,
    /// 应收利息, 应收罚息, 应收复利.
    pub receivable: [i64; 3],
    /// 表外应收.
    pub off_balance: i64,
    /// 溢缴款.
    pub credit: i64,
}

impl Delta {
    /// From one to the other.
    pub fn between(before: &Books, after: &Books) -> Delta {
        let less = |a: Money, b: Money| b.fen().saturating_sub(a.fen());
        Delta {
            undue: less(before.undue, after.undue),
            due: less(before.due, after.due),
            receivable: [0, 1, 2].map(|at| less(before.receivable[at], after.receivable[at])),
            off_balance: less(before.off_balance, after.off_balance),
            credit: less(before.credit, after.credit),
        }
    }

    /// What postings do.
    pub fn of(postings: &[ledger::Posting]) -> Delta {
        let mut delta = Delta::default();
        for posting in postings {
            let fen = posting.amount.fen();
            delta.on(posting.debit.subject(), fen);
            delta.on(posting.credit.subject(), -fen);
        }
        delta
    }

    fn on(&mut self, subject: Subject, fen: i64) {
        match subject {
            Subject::LOAN_UNDUE => self.undue += fen,
            Subject::LOAN_DUE => self.due += fen,
            Subject::LOAN_INTEREST => self.receivable[0] += fen,
            Subject::LOAN_PENALTY => self.receivable[1] += fen,
            Subject::LOAN_COMPOUND => self.receivable[2] += fen,
            Subject::LOAN_CREDIT => self.credit -= fen,
            subject if subject == Subject::LOAN_OFF_BALANCE[0] => self.off_balance += fen,
            _ => {}
        }
    }

    /// What is left of it.
    pub fn less(self, other: Delta) -> Delta {
        Delta {
            undue: self.undue - other.undue,
            due: self.due - other.due,
            receivable: [0, 1, 2].map(|at| self.receivable[at] - other.receivable[at]),
            off_balance: self.off_balance - other.off_balance,
            credit: self.credit - other.credit,
        }
    }
}

/// What entries of facts come to, account by account, in fen: debits less credits. What only grows with the days is left out, and
/// principal is one, due or not: both follow ([`follow`]).
#[derive(Clone, Debug, Default)]
pub(crate) struct Nets(BTreeMap<Account, i64>);

impl Nets {
    /// Adds an entry, or takes it off.
    pub(crate) fn add(&mut self, entry: &Entry, sign: i64) {
        for posting in entry.postings().iter().filter(|posting| !follows(posting)) {
            let fen = sign * posting.amount.fen();
            for (account, fen) in [(&posting.debit, fen), (&posting.credit, -fen)] {
                *self.0.entry(account.clone()).or_default() += fen;
            }
        }
    }

    /// Adds the lines that bring the books there. What stands beside the balance sheet stays apart.
    pub(crate) fn onto(mut self, entry: Entry, book: BookId, contract: &str) -> Entry {
        let principal = |subject| Account::of_contract(book, subject, contract);
        if let Some(undue) = self.0.remove(&principal(Subject::LOAN_UNDUE)) {
            *self.0.entry(principal(Subject::LOAN_DUE)).or_default() += undue;
        }
        let (memo, own): (Vec<_>, Vec<_>) =
            self.0.into_iter().partition(|(account, _)| Subject::LOAN_WRITTEN_OFF.contains(&account.subject()));
        [own, memo].into_iter().fold(entry, pair)
    }
}

/// Lines that turn one set of balances into another: each account's difference against the next that has one the other way.
fn pair(mut entry: Entry, nets: Vec<(Account, i64)>) -> Entry {
    let (mut debits, mut credits): (Vec<_>, Vec<_>) = nets.into_iter().partition(|(_, fen)| *fen > 0);
    while let (Some((debit, gain)), Some((credit, loss))) = (debits.last_mut(), credits.last_mut()) {
        let part = (*gain).min(-*loss);
        entry = signed(entry, debit.clone(), credit.clone(), part);
        (*gain, *loss) = (*gain - part, *loss + part);
        debits.retain(|(_, fen)| *fen != 0);
        credits.retain(|(_, fen)| *fen != 0);
    }
    entry
}

/// Whether a line is one of those that [`follow`] adds.
fn follows(posting: &ledger::Posting) -> bool {
    let (a, b) = (posting.debit.subject(), posting.credit.subject());
    let between = |one: Subject, others: &[Subject]| a == one && others.contains(&b) || b == one && others.contains(&a);
    between(Subject::LOAN_UNDUE, &[Subject::LOAN_DUE])
        || between(Subject::LOAN_INTEREST, &Subject::LOAN_INTEREST_INCOME)
        || between(Subject::LOAN_PENALTY, &[Subject::LOAN_PENALTY_INCOME])
        || between(Subject::LOAN_COMPOUND, &[Subject::LOAN_COMPOUND_INCOME])
        || between(Subject::LOAN_OFF_BALANCE[0], &Subject::LOAN_OFF_BALANCE)
}

/// Adds a line one way or the other.
pub(crate) fn signed(entry: Entry, debit: Account, credit: Account, fen: i64) -> Entry {
    let amount = Money::from_fen(fen.saturating_abs());
    match fen {
        0 => entry,
        1.. => entry.posting(debit, credit, amount),
        _ => entry.posting(credit, debit, amount),
    }
}

/// Adds what a loan's books have to follow beside the recipe: principal that fell due, and interest that grew or never did, by the class
/// of each day; what nothing is said of is of the class the loan has. Nothing else may be left; whoever finds something has found a fault
/// in a recipe.
pub(crate) fn follow(
    entry: Entry,
    book: BookId,
    contract: &str,
    class: Class,
    mut interest: [i64; 5],
    left: &Delta,
) -> Option<Entry> {
    if left.undue != -left.due || left.credit != 0 {
        return None;
    }
    let principal = |subject| Account::of_contract(book, subject, contract);
    let entry = signed(entry, principal(Subject::LOAN_DUE), principal(Subject::LOAN_UNDUE), left.due);
    let [all, penalty, compound] = left.receivable;
    interest[class as usize] += all - interest.iter().sum::<i64>();
    let classes = [Class::Normal, Class::SpecialMention, Class::Substandard, Class::Doubtful, Class::Loss];
    let of_interest = |entry, (class, fen)| grow(entry, book, class, [fen, 0, 0], 0);
    let entry = classes.into_iter().zip(interest).fold(entry, of_interest);
    Some(grow(entry, book, class, [0, penalty, compound], left.off_balance))
}

/// Adds interest and penalties of a class that grew, and what stands beside the balance sheet.
pub(crate) fn grow(entry: Entry, book: BookId, class: Class, receivable: [i64; 3], off_balance: i64) -> Entry {
    let account = |subject| Account::new(book, subject);
    let pairs = [
        (Subject::LOAN_INTEREST, Subject::LOAN_INTEREST_INCOME[class as usize]),
        (Subject::LOAN_PENALTY, Subject::LOAN_PENALTY_INCOME),
        (Subject::LOAN_COMPOUND, Subject::LOAN_COMPOUND_INCOME),
    ];
    let entry = pairs
        .into_iter()
        .zip(receivable)
        .fold(entry, |entry, ((receivable, income), fen)| signed(entry, account(receivable), account(income), fen));
    let [memo, contra] = Subject::LOAN_OFF_BALANCE.map(account);
    signed(entry, memo, contra, off_balance)
}
