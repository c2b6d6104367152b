//! The recipes of spending, one function a business event (facts: charity 6.2, entries 12 to 16).
//!
//! What a charity has approved it owes: a grant, a purchase or a reimbursement is booked with its last approval (12a), not with the
//! payment, so that the year it was promised in carries it and "available" (6.5 (4)) needs no second sum beside the books. An advance
//! is no expense before the partner accounts for it; between approval and payment it is a promise of the fund (`ledger::commit`),
//! redeemed by the entry that books the payment (13a).

use domain::disbursement::DisbursementKind;
use domain::plan::BudgetKind;
use domain::{BookId, BusinessDate, CampaignId, DisbursementId, Money, PayoutId, SettlementId};
use ledger::{Account, Entry, Subject};

/// Whose money is spent on what: what the recipes need of a disbursement.
#[derive(Clone, Debug)]
pub struct Spending {
    /// The paper.
    pub id: DisbursementId,
    /// The charity's books.
    pub book: BookId,
    /// The campaign.
    pub campaign: CampaignId,
    /// The code of its budget line.
    pub line: String,
    /// Which of the four lines of the filing form that is.
    pub budget: BudgetKind,
    /// What kind of paper.
    pub kind: DisbursementKind,
}

impl Spending {
    /// What the budget line is charged to: 5101 for aid and service, 5301 for management (entry 14), 5401 for raising (entry 15).
    pub fn expense(&self) -> Account {
        let subject = match self.budget {
            BudgetKind::Grant | BudgetKind::Service => Subject::PROGRAMME_COST,
            BudgetKind::Management => Subject::MANAGEMENT_COST,
            BudgetKind::Fundraising => Subject::FUNDRAISING_COST,
        };
        Account::of_campaign(self.book, subject, self.campaign).on_line(&self.line)
    }

    /// 2209 应付资助 or 应付报销, 2202 for suppliers.
    pub fn payable(&self) -> Account {
        match self.kind {
            DisbursementKind::Purchase => Account::new(self.book, Subject::PAYABLE),
            DisbursementKind::Reimbursement => Account::payable(self.book, "reimbursement"),
            DisbursementKind::Grant | DisbursementKind::Advance => Account::payable(self.book, "grant"),
        }
    }

    /// 1141 预付账款 of the campaign and line.
    fn prepaid(&self) -> Account {
        Account::of_campaign(self.book, Subject::PREPAID, self.campaign).on_line(&self.line)
    }

    /// Where an expense that is taken back is credited: itself in its own year, 320101 of the campaign later.
    fn taken_back(&self, prior_year: bool) -> Account {
        if prior_year {
            Account::of_campaign(self.book, Subject::PRIOR_YEAR_UNRESTRICTED, self.campaign)
        } else {
            self.expense()
        }
    }

    /// A release of an earlier year goes back with the expense it covered.
    fn with_release(&self, entry: Entry, amount: Money, prior_year: bool) -> Entry {
        if !prior_year {
            return entry;
        }
        let free = Account::new(self.book, Subject::UNRESTRICTED_NET_ASSETS);
        entry.posting(free, restricted(self.book, self.campaign), amount)
    }
}

/// Entries 12a, 14, 15: a grant, a purchase or a reimbursement got its last approval. Nothing of the kind for an advance.
///
/// | account                                                  | debit  | credit |
/// | -------------------------------------------------------- | ------ | ------ |
/// | 5101 业务活动成本 (5301, 5401 by line), campaign and line | amount |        |
/// | 2209 应付资助 (2202 for a purchase)                       |        | amount |
pub fn approved(spending: &Spending, amount: Money, on: BusinessDate) -> Entry {
    Entry::new(spending.book, "disbursement", format!("disbursement:{}", spending.id), on).posting(
        spending.expense(),
        spending.payable(),
        amount,
    )
}

/// Entry 12b, for an advance 13a: the bank has paid. Never more than the bank account holds.
///
/// | account                                             | debit  | credit |
/// | --------------------------------------------------- | ------ | ------ |
/// | 2209 应付资助 (2202; 1141 预付账款 for an advance)   | amount |        |
/// | 1002 银行存款                                        |        | amount |
pub fn paid(spending: &Spending, payout: PayoutId, attempt: i64, amount: Money, bank: &str, on: BusinessDate) -> Entry {
    let bank_account = Account::bank(spending.book, bank);
    let entry = Entry::new(spending.book, "disbursement_paid", format!("disbursement_paid:{payout}:{attempt}"), on)
        .within(bank_account.clone())
        .channel("bank");
    match spending.kind {
        DisbursementKind::Advance => {
            entry.posting(spending.prepaid(), bank_account, amount).redeeming(spending.campaign, amount)
        }
        DisbursementKind::Grant | DisbursementKind::Purchase | DisbursementKind::Reimbursement => {
            entry.posting(spending.payable(), bank_account, amount)
        }
    }
}

/// Entry 12c: what was paid came back; it stays owed. The mirror of [`paid`]. A payment the bank never made was not booked, so its
/// bouncing books nothing either.
pub fn bounced(
    spending: &Spending,
    payout: PayoutId,
    attempt: i64,
    amount: Money,
    bank: &str,
    on: BusinessDate,
) -> Entry {
    let bank_account = Account::bank(spending.book, bank);
    let reference = format!("disbursement_bounced:{payout}:{attempt}");
    let entry = Entry::new(spending.book, "disbursement_bounced", reference, on).channel("bank");
    match spending.kind {
        DisbursementKind::Advance => {
            entry.posting(bank_account, spending.prepaid(), amount).promising(spending.campaign, amount)
        }
        DisbursementKind::Grant | DisbursementKind::Purchase | DisbursementKind::Reimbursement => {
            entry.posting(bank_account, spending.payable(), amount)
        }
    }
}

/// Entry 12e: a payout is given up before it is paid. Nothing of the kind for an advance, which was only promised.
///
/// | account                                                   | debit  | credit |
/// | --------------------------------------------------------- | ------ | ------ |
/// | 2209 应付资助 (2202)                                       | amount |        |
/// | 5101 campaign and line, or 320101 campaign for an earlier year |   | amount |
/// | for an earlier year also 3101                              | amount |        |
/// | and 3102 campaign: its release goes back                   |        | amount |
pub fn cancelled(spending: &Spending, payout: PayoutId, amount: Money, prior_year: bool, on: BusinessDate) -> Entry {
    let reference = format!("disbursement_cancelled:{payout}");
    let entry = Entry::new(spending.book, "disbursement_cancelled", reference, on).posting(
        spending.payable(),
        spending.taken_back(prior_year),
        amount,
    );
    spending.with_release(entry, amount, prior_year)
}

/// Entry 12d: the payee paid back (慈善法 Art. 60); a partner what is left of an advance.
///
/// | account                                                                  | debit  | credit |
/// | ------------------------------------------------------------------------ | ------ | ------ |
/// | 1002 银行存款                                                             | amount |        |
/// | 5101 campaign and line, or 320101 campaign for an earlier year; 1141      |        | amount |
/// | for an earlier year also 3101, and 3102 campaign: its release goes back   | amount | amount |
pub fn recovered(
    spending: &Spending,
    settlement: SettlementId,
    amount: Money,
    bank: &str,
    prior_year: bool,
    on: BusinessDate,
) -> Entry {
    let entry = Entry::new(spending.book, "disbursement_recovered", format!("disbursement_settled:{settlement}"), on)
        .channel("bank");
    let bank_account = Account::bank(spending.book, bank);
    match spending.kind {
        DisbursementKind::Advance => entry.posting(bank_account, spending.prepaid(), amount),
        DisbursementKind::Grant | DisbursementKind::Purchase | DisbursementKind::Reimbursement => {
            let entry = entry.posting(bank_account, spending.taken_back(prior_year), amount);
            spending.with_release(entry, amount, prior_year)
        }
    }
}

/// Entry 13b: the partner has accounted for an advance; the documents are checked.
///
/// | account                               | debit  | credit |
/// | ------------------------------------- | ------ | ------ |
/// | 5101 业务活动成本, campaign and line   | amount |        |
/// | 1141 预付账款, campaign and line       |        | amount |
pub fn accounted(spending: &Spending, settlement: SettlementId, amount: Money, on: BusinessDate) -> Entry {
    Entry::new(spending.book, "advance_accounted", format!("disbursement_settled:{settlement}"), on).posting(
        spending.expense(),
        spending.prepaid(),
        amount,
    )
}

/// Entry 16: the restriction is lifted from as much as the expenses of the campaign used and no release covered before. If more was
/// released than is spent, because an expense was taken back, the other way round.
///
/// | account                          | debit  | credit |
/// | -------------------------------- | ------ | ------ |
/// | 3102 限定性净资产, campaign       | amount |        |
/// | 3101 非限定性净资产               |        | amount |
pub fn released(book: BookId, campaign: CampaignId, reference: String, amount: Money, on: BusinessDate) -> Entry {
    let (kept, free) = (restricted(book, campaign), Account::new(book, Subject::UNRESTRICTED_NET_ASSETS));
    let entry = Entry::new(book, "release", reference, on);
    if amount.is_positive() {
        entry.posting(kept, free, amount)
    } else {
        entry.posting(free, kept, Money::from_fen(-amount.fen()))
    }
}

/// 3102 限定性净资产 of a campaign.
pub fn restricted(book: BookId, campaign: CampaignId) -> Account {
    Account::of_campaign(book, Subject::RESTRICTED_NET_ASSETS, campaign)
}
