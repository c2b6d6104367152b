//! The chapters of the document.

use poem_openapi::Tags;

#[derive(Tags)]
pub(crate) enum Tag {
    /// Signing in and out.
    Sessions,
    /// What everybody may see.
    Public,
    /// A donor's own gifts.
    Giving,
    /// Campaigns, from the draft to the end (staff).
    Campaigns,
    /// Gifts that reached the bank account, and the search for a gift (staff).
    Donations,
    /// Refunds (staff).
    Refunds,
    /// Who is paid, disbursements, payment files (staff).
    Spending,
    /// Receipts of the finance bureau (staff).
    Receipts,
    /// What donors ask (staff).
    Enquiries,
    /// Money between the payment channel and the bank (staff).
    Transfers,
    /// Statements of the bank, and what their lines are (staff).
    Bank,
    /// The books, and what differs from them (staff).
    Books,
    /// Youth loans: what everybody may ask, and a borrower's own applications.
    Borrowing,
    /// Banks, loan products, quotas, recommendations, decisions (staff).
    Loans,
    /// What is published, and what is due.
    Disclosure,
    /// Units, charities, certificates (staff).
    Organisation,
    /// Members of staff, the audit trail, the jobs (staff).
    House,
}
