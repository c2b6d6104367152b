//! Typed ids. The maker of a thing makes its id, so that a retry is the same request; ids made here are UUID version 7, which
//! sort by time. Numbers shown to the outside are derived from the id.

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, later than every earlier one of this process.
            #[allow(clippy::new_without_default, reason = "a default id would look like a known one")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The bare UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// 32 hexadecimal digits: what WeChat accepts as an order number and what a reference carries.
            pub fn simple(self) -> String {
                self.0.simple().to_string()
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl sea_orm::TryFromU64 for $name {
            /// Databases do not number these ids.
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// Another bank account or merchant number of a charity.
    AccountChangeId
    /// An account of a book.
    AccountId
    /// A document under something.
    AttachmentId
    /// A line of the audit trail.
    AuditId
    /// A 银行存款余额调节表 of an account and a month.
    BankBalanceId
    /// What two persons make of money that came to the bank.
    BankClaimId
    /// A bank that lends.
    BankId
    /// A line of a bank statement.
    BankLineId
    /// A line and an entry that are the same movement.
    BankMatchId
    /// A bank statement.
    BankStatementId
    /// A bill of the channel, or a statement of the bank.
    BillId
    /// When a bill was in force.
    BillHistoryId
    /// The audited report of a year.
    AuditedYearId
    /// The books of one legal entity.
    BookId
    /// A difference that somebody has to settle.
    BreakId
    /// A line that waits for its other side.
    BufferedLineId
    /// A crowdfunding campaign.
    CampaignId
    /// A change of a filed plan.
    CampaignChangeId
    /// What is said about a section of a plan.
    CampaignCommentId
    /// What two persons decide about campaigns.
    CampaignDecisionId
    /// What is told of a campaign's progress.
    CampaignUpdateId
    /// A count of a cash box.
    CashCountId
    /// A fundraising certificate.
    CertificateId
    /// A request to read a child's data.
    ChildAccessId
    /// What somebody complains of.
    ComplaintId
    /// A role lent to somebody.
    DelegationId
    /// A paper that asks for money of a campaign.
    DisbursementId
    /// A version of what is published.
    DisclosureId
    /// A gift, from the wish to the money.
    DonationId
    /// A person who gives.
    DonorId
    /// That somebody was told of a duty.
    DutyNoticeId
    /// What a donor asks.
    EnquiryId
    /// An accounting entry (凭证).
    EntryId
    /// What was done about an enterprise's need.
    FollowUpId
    /// A gift that compliance looks at.
    GiftAlertId
    /// What a donor writes into the remark of a transfer.
    GiftCodeId
    /// A list of gifts that came outside of the mini-program.
    GiftListId
    /// One run of a job.
    JobRunId
    /// An application for a loan, or for a change of one.
    LoanApplicationId
    /// What a borrower agrees to, for one bank.
    LoanConsentId
    /// A contract about a loan.
    LoanContractId
    /// A paper of an application for a loan.
    LoanPaperId
    /// A loan product of a bank.
    LoanProductId
    /// What a bank lends of a product in a city in a year.
    LoanQuotaId
    /// Somebody close to a borrower.
    LoanRelationId
    /// Something of a charity that has to be told.
    MajorEventId
    /// Something that happened to a loan.
    LoanEventId
    /// A file of a bank.
    LoanFileId
    /// The loans of a bank that we follow.
    LoanProgrammeId
    /// Interest subsidy of an instalment.
    LoanSubsidyId
    /// A voucher a person writes.
    ManualVoucherId
    /// A message on its way to a donor.
    MessageId
    /// What an enterprise needs.
    NeedId
    /// A product put before its bank for a need.
    NeedMatchId
    /// Somebody with whom money is raised.
    PartnerId
    /// Somebody who is paid, or for whom it is.
    PayeeId
    /// A payee's wish to be erased.
    PayeeErasureId
    /// A payment file for the bank.
    PaymentFileId
    /// A payment to one payee.
    PayoutId
    /// Another profile or other limits of a charity.
    ProfileChangeId
    /// That something was published at a place.
    PublicationId
    /// A receipt of the finance bureau.
    ReceiptId
    /// How long reconciliation lets lines wait.
    ReconciliationRuleId
    /// One run of a day's reconciliation.
    ReconciliationRunId
    /// A refund of a gift.
    RefundId
    /// What of a campaign's money is no longer restricted.
    ReleaseId
    /// What is done about a break.
    ResolutionId
    /// A name that was found on a list.
    ScreeningHitId
    /// A role proposed for somebody.
    RoleGrantId
    /// A session of a donor or of staff.
    SessionId
    /// Money paid back, or accounted for.
    SettlementId
    /// A member of staff.
    StaffId
    /// A suspension of a campaign.
    SuspensionId
    /// A team that gives together.
    TeamId
    /// Money moved between the payment channel and the bank.
    TransferId
    /// A unit of the organisation tree.
    UnitId
    /// Personal data shown in plain.
    UnmaskingId
    /// A voucher that comes again.
    VoucherTemplateId
    /// A name on a list that nobody may be paid on.
    WatchNameId
    /// That a year is ended.
    YearClosingId
}

impl DonationId {
    /// The order number at WeChat (`out_trade_no`): the id's 32 hexadecimal digits.
    pub fn out_trade_no(self) -> String {
        self.simple()
    }

    /// The donation an order number belongs to, if it is one of ours.
    pub fn from_out_trade_no(number: &str) -> Option<DonationId> {
        (number.len() == 32).then(|| Uuid::try_parse(number).ok().map(DonationId)).flatten()
    }
}

impl RefundId {
    /// The refund number at WeChat (`out_refund_no`). A refund that WeChat closed is sent again under a new attempt, because
    /// the same number is the same refund for ever.
    pub fn out_refund_no(self, attempt: i32) -> String {
        format!("{}-{attempt}", self.simple())
    }

    /// The refund and attempt a refund number belongs to, if it is one of ours.
    pub fn from_out_refund_no(number: &str) -> Option<(RefundId, i32)> {
        let (id, attempt) = number.split_once('-')?;
        if id.len() != 32 {
            return None;
        }
        Some((RefundId(Uuid::try_parse(id).ok()?), attempt.parse().ok()?))
    }
}

impl ResolutionId {
    /// The refund number at WeChat of money that was never a gift and goes back.
    pub fn out_refund_no(self, attempt: i64) -> String {
        format!("B{}-{attempt}", self.simple())
    }

    /// The resolution and attempt a refund number belongs to, if it is one of ours.
    pub fn from_out_refund_no(number: &str) -> Option<(ResolutionId, i64)> {
        let (id, attempt) = number.strip_prefix('B')?.split_once('-')?;
        if id.len() != 32 {
            return None;
        }
        Some((ResolutionId(Uuid::try_parse(id).ok()?), attempt.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outward_numbers_lead_back_to_the_id() {
        let donation = DonationId::new();
        assert_eq!(DonationId::from_out_trade_no(&donation.out_trade_no()), Some(donation));
        assert_eq!(DonationId::from_out_trade_no("D20260115090036000001"), None);
        let refund = RefundId::new();
        assert_eq!(RefundId::from_out_refund_no(&refund.out_refund_no(3)), Some((refund, 3)));
        assert_eq!(RefundId::from_out_refund_no("R2026"), None);
        let resolution = ResolutionId::new();
        let number = resolution.out_refund_no(2);
        assert_eq!(ResolutionId::from_out_refund_no(&number), Some((resolution, 2)));
        assert_eq!(RefundId::from_out_refund_no(&number), None);
        assert!(refund.out_refund_no(i32::MAX).len() <= 64);
    }
}
