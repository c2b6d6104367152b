//! The recipes of the cashier: money of the payment channel or at the bank that belongs to no gift, transfers between them, and
//! counted cash (facts: charity 6.2).

use domain::cash::DifferenceChoice;
use domain::{BankClaimId, BankLineId, BookId, BusinessDate, CashCountId, Money, ResolutionId, TransferId};
use ledger::{Account, Entry, Subject};

/// Entry 6d: channel money without a valid order (unknown, paid twice, paid after close, another amount): what was really paid.
/// A break, never a gift before somebody decides.
///
/// | account          | debit  | credit |
/// | ---------------- | ------ | ------ |
/// | 1009 微信余额    | amount |        |
/// | 2209 待查款      |        | amount |
pub fn suspense(book: BookId, transaction: &str, amount: Money, paid_on: BusinessDate) -> Entry {
    Entry::new(book, "suspense", format!("suspense:{transaction}"), paid_on)
        .posting(Account::wechat_balance(book), Account::payable(book, "suspense"), amount)
        .channel("wechat")
        .document(Some(transaction.to_owned()))
}

/// Entry 6d, by decision: money that stood in suspense is back with the payer, as the channel says.
///
/// | account          | debit  | credit |
/// | ---------------- | ------ | ------ |
/// | 2209 待查款      | amount |        |
/// | 1009 微信余额    |        | amount |
pub fn suspense_returned(book: BookId, id: ResolutionId, amount: Money, on: BusinessDate) -> Entry {
    Entry::new(book, "suspense_returned", format!("suspense_returned:{id}"), on)
        .posting(Account::payable(book, "suspense"), Account::wechat_balance(book), amount)
        .channel("wechat")
}

/// Entry 6d, by decision, when the channel cannot: paid from the bank account, never more than it holds.
///
/// | account          | debit  | credit |
/// | ---------------- | ------ | ------ |
/// | 2209 待查款      | amount |        |
/// | 1002 银行存款    |        | amount |
pub fn suspense_returned_by_bank(
    book: BookId,
    id: ResolutionId,
    amount: Money,
    bank_account: &str,
    on: BusinessDate,
) -> Entry {
    let bank = Account::bank(book, bank_account);
    Entry::new(book, "suspense_returned", format!("suspense_returned:{id}"), on)
        .posting(Account::payable(book, "suspense"), bank.clone(), amount)
        .within(bank)
        .channel("bank")
}

/// What of the channel's an entry is about, where its bills were followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moved {
    /// A payment, by its number at the channel.
    Payment,
    /// A refund, by our reference, or by its number if it is none of ours.
    Refund,
    /// Another line of the fund-flow bill, by its number.
    Line,
}

impl Moved {
    /// The business event of its entry.
    pub const fn kind(self) -> &'static str {
        match self {
            Moved::Payment => "payment_difference",
            Moved::Refund => "refund_difference",
            Moved::Line => "line_difference",
        }
    }

    /// What an entry of this kind is about.
    pub fn of_kind(kind: &str) -> Option<Moved> {
        [Moved::Payment, Moved::Refund, Moved::Line].into_iter().find(|one| one.kind() == kind)
    }
}

/// The reference of what was booked because the channel's bills were followed: the first time, and again after another bill.
pub fn difference_reference(number: &str, entries: usize) -> String {
    match entries {
        0 => format!("channel_difference:{number}"),
        again => format!("channel_difference:{number}:{again}"),
    }
}

/// Entry 24 at the channel, by decision of two persons (以微信为准): the books follow its bills, `fen` more or less than they say now. What
/// it was is said later by a voucher with its document; what was followed before, `before` fen in so many entries, is taken back first.
///
/// | account                              | debit  | credit |
/// | ------------------------------------ | ------ | ------ |
/// | 1122 其他应收款, 微信短款 (less)     | amount |        |
/// | 1009 微信余额                        |        | amount |
/// | 1009 微信余额 (more)                 | amount |        |
/// | 2209 待查长款, 微信                  |        | amount |
pub fn channel_difference(
    book: BookId,
    what: Moved,
    number: &str,
    fen: i64,
    (before, entries): (i64, usize),
    on: BusinessDate,
) -> Entry {
    let balance = Account::wechat_balance(book);
    let short = Account::new(book, Subject::OTHER_RECEIVABLE).through("wechat");
    let over = Account::payable(book, "channel_surplus");
    let undone = if (fen > 0) == (before < 0) { fen.abs().min(before.abs()) } else { 0 };
    let rest = fen.abs() - undone;
    let mut entry = Entry::new(book, what.kind(), difference_reference(number, entries), on)
        .channel("wechat")
        .document(Some(number.to_owned()));
    let parts = if fen > 0 { [(&short, undone), (&over, rest)] } else { [(&over, undone), (&short, rest)] };
    for (other, part) in parts.into_iter().filter(|(_, part)| *part > 0) {
        let (balance, other, amount) = (balance.clone(), other.clone(), Money::from_fen(part));
        entry = if fen > 0 { entry.posting(balance, other, amount) } else { entry.posting(other, balance, amount) };
    }
    entry
}

/// Entry 24 at the bank, by decision of two persons (以银行为准): a withdrawal that was booked as arrived in a line of the bank's follows its
/// statement, `fen` more or less than the books say now; never more than the account holds.
///
/// | account                              | debit  | credit |
/// | ------------------------------------ | ------ | ------ |
/// | 1122 其他应收款, 微信短款 (less)     | amount |        |
/// | 1002 银行存款                        |        | amount |
/// | 1002 银行存款 (again)                | amount |        |
/// | 1122 其他应收款, 微信短款            |        | amount |
pub fn bank_difference(
    book: BookId,
    bank_account: &str,
    number: &str,
    (fen, entries): (i64, usize),
    on: BusinessDate,
) -> Entry {
    let bank = Account::bank(book, bank_account);
    let short = Account::new(book, Subject::OTHER_RECEIVABLE).through("wechat");
    let amount = Money::from_fen(fen.abs());
    let entry = Entry::new(book, Moved::Line.kind(), difference_reference(number, entries), on)
        .channel("bank")
        .document(Some(number.to_owned()));
    if fen > 0 { entry.posting(bank, short, amount) } else { entry.posting(short, bank.clone(), amount).within(bank) }
}

/// Entry 2: what the channel took for a payment, as its bill says. A later bill that says another fee is booked as the difference,
/// which may be given back.
///
/// | account                | debit | credit |
/// | ---------------------- | ----- | ------ |
/// | 5401 筹资费用—通道费   | fee   |        |
/// | 1009 微信余额          |       | fee    |
pub fn channel_fee(book: BookId, reference: String, transaction: &str, fee: Money, on: BusinessDate) -> Entry {
    let (fees, balance) = (Account::wechat_fees(book), Account::wechat_balance(book));
    let entry = Entry::new(book, "fee", reference, on).channel("wechat").document(Some(transaction.to_owned()));
    if fee.is_negative() {
        entry.posting(balance, fees, Money::from_fen(-fee.fen()))
    } else {
        entry.posting(fees, balance, fee)
    }
}

/// Entry 4c: the fee of a refund was given back, because the bill shows it.
///
/// | account                | debit | credit |
/// | ---------------------- | ----- | ------ |
/// | 1009 微信余额          | fee   |        |
/// | 5401 筹资费用—通道费   |       | fee    |
pub fn channel_fee_returned(book: BookId, reference: String, refund: &str, fee: Money, on: BusinessDate) -> Entry {
    let (fees, balance) = (Account::wechat_fees(book), Account::wechat_balance(book));
    let entry = Entry::new(book, "fee_returned", reference, on).channel("wechat").document(Some(refund.to_owned()));
    if fee.is_negative() {
        entry.posting(fees, balance, Money::from_fen(-fee.fen()))
    } else {
        entry.posting(balance, fees, fee)
    }
}

/// Entry 3a: a withdrawal has left the channel.
///
/// | account          | debit  | credit |
/// | ---------------- | ------ | ------ |
/// | 1009 微信在途    | amount |        |
/// | 1009 微信余额    |        | amount |
pub fn withdrawal_left(book: BookId, id: TransferId, amount: Money, on: BusinessDate) -> Entry {
    Entry::new(book, "withdrawal", format!("transfer_left:{id}"), on)
        .posting(Account::wechat_in_transit(book), Account::wechat_balance(book), amount)
        .within(Account::wechat_balance(book))
}

/// Entry 3b: it has reached the bank.
///
/// | account          | debit  | credit |
/// | ---------------- | ------ | ------ |
/// | 1002 银行存款    | amount |        |
/// | 1009 微信在途    |        | amount |
pub fn withdrawal_arrived(book: BookId, id: TransferId, amount: Money, bank_account: &str, on: BusinessDate) -> Entry {
    Entry::new(book, "withdrawal", format!("transfer_done:{id}"), on).posting(
        Account::bank(book, bank_account),
        Account::wechat_in_transit(book),
        amount,
    )
}

/// Entry 3c: it failed and is back at the channel. The mirror of 3a.
pub fn withdrawal_returned(book: BookId, id: TransferId, amount: Money, on: BusinessDate) -> Entry {
    Entry::new(book, "withdrawal", format!("transfer_done:{id}"), on).posting(
        Account::wechat_balance(book),
        Account::wechat_in_transit(book),
        amount,
    )
}

/// Entry 3d, first half: a top-up has left the bank.
///
/// | account          | debit  | credit |
/// | ---------------- | ------ | ------ |
/// | 1009 微信在途    | amount |        |
/// | 1002 银行存款    |        | amount |
pub fn top_up_left(book: BookId, id: TransferId, amount: Money, bank_account: &str, on: BusinessDate) -> Entry {
    let bank = Account::bank(book, bank_account);
    Entry::new(book, "top_up", format!("transfer_left:{id}"), on)
        .posting(Account::wechat_in_transit(book), bank.clone(), amount)
        .within(bank)
}

/// Entry 3d, second half: it stands at the channel.
pub fn top_up_arrived(book: BookId, id: TransferId, amount: Money, on: BusinessDate) -> Entry {
    Entry::new(book, "top_up", format!("transfer_done:{id}"), on).posting(
        Account::wechat_balance(book),
        Account::wechat_in_transit(book),
        amount,
    )
}

/// A top-up that came back to the bank: the mirror of its first half.
pub fn top_up_returned(book: BookId, id: TransferId, amount: Money, bank_account: &str, on: BusinessDate) -> Entry {
    Entry::new(book, "top_up", format!("transfer_done:{id}"), on).posting(
        Account::bank(book, bank_account),
        Account::wechat_in_transit(book),
        amount,
    )
}

/// Entry 6b: money reached the bank and nobody knows whose it is. Never income while it is unknown.
///
/// | account          | debit  | credit |
/// | ---------------- | ------ | ------ |
/// | 1002 银行存款    | amount |        |
/// | 2209 待认领      |        | amount |
pub fn unclaimed(
    book: BookId,
    (line, turn): (BankLineId, usize),
    amount: Money,
    bank_account: &str,
    on: BusinessDate,
) -> Entry {
    Entry::new(book, "unclaimed", of_line("unclaimed", line, turn), on)
        .posting(Account::bank(book, bank_account), Account::payable(book, "unidentified"), amount)
        .channel("bank")
}

/// Entry 6b undone by decision of two persons: the bank has paid it back.
///
/// | account          | debit  | credit |
/// | ---------------- | ------ | ------ |
/// | 2209 待认领      | amount |        |
/// | 1002 银行存款    |        | amount |
pub fn unclaimed_returned(
    book: BookId,
    claim: BankClaimId,
    amount: Money,
    bank_account: &str,
    on: BusinessDate,
) -> Entry {
    Entry::new(book, "unclaimed_returned", format!("unclaimed_returned:{claim}"), on)
        .posting(Account::payable(book, "unidentified"), Account::bank(book, bank_account), amount)
        .channel("bank")
}

/// The name of what is booked from a line of the bank: the first time by the line, after it was taken back with the number of the turn.
fn of_line(kind: &str, line: BankLineId, turn: usize) -> String {
    if turn == 1 { format!("{kind}:{line}") } else { format!("{kind}:{line}:{turn}") }
}

/// Entry 18, bank interest. One policy: other income of the general fund, whichever campaign's money earned it (docs/decisions/0007).
///
/// | account                        | debit  | credit |
/// | ------------------------------ | ------ | ------ |
/// | 1002 银行存款                  | amount |        |
/// | 490101 其他收入—非限定性       |        | amount |
pub fn bank_interest(
    book: BookId,
    (line, turn): (BankLineId, usize),
    amount: Money,
    bank_account: &str,
    on: BusinessDate,
) -> Entry {
    Entry::new(book, "bank_interest", of_line("bank_interest", line, turn), on)
        .posting(Account::bank(book, bank_account), Account::new(book, Subject::OTHER_INCOME), amount)
        .channel("bank")
}

/// Entry 23, a charge of the bank. One policy: management cost, borne by the general fund (docs/decisions/0007).
///
/// | account          | debit  | credit |
/// | ---------------- | ------ | ------ |
/// | 5301 管理费用    | amount |        |
/// | 1002 银行存款    |        | amount |
pub fn bank_charge(
    book: BookId,
    (line, turn): (BankLineId, usize),
    amount: Money,
    bank_account: &str,
    on: BusinessDate,
) -> Entry {
    Entry::new(book, "bank_charge", of_line("bank_charge", line, turn), on)
        .posting(Account::new(book, Subject::MANAGEMENT_COST), Account::bank(book, bank_account), amount)
        .channel("bank")
}

/// Entry 7, second half: cash of the box was banked. Never more than the box holds.
///
/// | account          | debit  | credit |
/// | ---------------- | ------ | ------ |
/// | 1002 银行存款    | amount |        |
/// | 1001 库存现金    |        | amount |
pub fn cash_banked(
    book: BookId,
    (line, turn): (BankLineId, usize),
    amount: Money,
    bank_account: &str,
    on: BusinessDate,
) -> Entry {
    Entry::new(book, "cash_banked", of_line("cash_banked", line, turn), on)
        .posting(Account::bank(book, bank_account), Account::cash(book), amount)
        .within(Account::cash(book))
        .channel("bank")
}

/// A designated platform has settled what it held for us. Never more than its lists of gifts make it hold.
///
/// | account                          | debit  | credit |
/// | -------------------------------- | ------ | ------ |
/// | 1002 银行存款                    | amount |        |
/// | 1009 其他货币资金, platform      |        | amount |
pub fn platform_settled(
    book: BookId,
    (line, turn): (BankLineId, usize),
    platform: &str,
    amount: Money,
    bank_account: &str,
    on: BusinessDate,
) -> Entry {
    Entry::new(book, "platform_settled", of_line("platform_settled", line, turn), on)
        .posting(Account::bank(book, bank_account), Account::platform(book, platform), amount)
        .within(Account::platform(book, platform))
        .channel("bank")
}

/// Entry 24: a cash box holds less (`fen` below nothing) or more than the books say, as two persons counted.
///
/// | account                                   | debit  | credit |
/// | ----------------------------------------- | ------ | ------ |
/// | 1122 其他应收款, box (missing)            | amount |        |
/// | 1001 库存现金, box                        |        | amount |
/// | 1001 库存现金, box (too much)             | amount |        |
/// | 2209 待查长款                             |        | amount |
pub fn cash_difference(book: BookId, id: CashCountId, cash_box: &str, fen: i64, on: BusinessDate) -> Entry {
    let cash = crate::cash::account(book, cash_box);
    let amount = Money::from_fen(fen.saturating_abs());
    let entry = Entry::new(book, "cash_difference", format!("cash_count:{id}"), on);
    if fen < 0 {
        let missing = Account::new(book, Subject::OTHER_RECEIVABLE).through(cash_box);
        entry.posting(missing, cash.clone(), amount).within(cash)
    } else {
        entry.posting(cash, Account::payable(book, "cash_surplus"), amount)
    }
}

/// Entry 24, by decision of a third person.
///
/// | account                                                       | debit  | credit |
/// | ------------------------------------------------------------- | ------ | ------ |
/// | missing: 5901 其他费用, or 1001 when it was made good          | amount |        |
/// | 1122 其他应收款, box                                           |        | amount |
/// | too much: 2209 待查长款                                        | amount |        |
/// | 490101 其他收入, or 1001 when it was paid to whom it belongs   |        | amount |
pub fn cash_difference_settled(
    book: BookId,
    id: CashCountId,
    cash_box: &str,
    choice: DifferenceChoice,
    amount: Money,
    on: BusinessDate,
) -> Entry {
    let cash = crate::cash::account(book, cash_box);
    let missing = Account::new(book, Subject::OTHER_RECEIVABLE).through(cash_box);
    let surplus = Account::payable(book, "cash_surplus");
    let entry = Entry::new(book, "cash_difference", format!("cash_count_settled:{id}"), on);
    match choice {
        DifferenceChoice::WriteOff => entry.posting(Account::new(book, Subject::OTHER_EXPENSES), missing, amount),
        DifferenceChoice::MadeGood => entry.posting(cash, missing, amount),
        DifferenceChoice::Income => entry.posting(surplus, Account::new(book, Subject::OTHER_INCOME), amount),
        DifferenceChoice::PaidOut => entry.posting(surplus, cash.clone(), amount).within(cash),
    }
}
