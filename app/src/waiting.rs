//! What waits for a person: by each of their roles, where they hold it, the things whose next step is theirs. The console opens on it.
//!
//! Nobody is told that their own paper waits for them, nor one that they have approved already. What is lent counts as what is owned;
//! whether the lender is the author is said when they decide. Costs: one statement for each kind that a role has to do with.

use domain::charity::Profile;
use domain::disbursement::{DisbursementState, approvers};
use domain::role::{Member, Role};
use domain::{BusinessDate, Clock, Money, Timestamp, UnitPath};
use entity::{Db, Rows};
use sea_orm::{ActiveEnum, ConnectionTrait, DbErr, FromQueryResult, Iterable, Statement};
use uuid::Uuid;

use crowdfunding::spending::AUTHORS;

use crate::spending::children::GUARDIANS;

/// How many of a kind are named; all are counted.
const FIRST: u64 = 5;

/// What can wait for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitingKind {
    /// 项目审核、备案.
    Campaign,
    /// 方案变更.
    CampaignChange,
    /// 两人决定.
    CampaignDecision,
    /// 支出审批.
    Disbursement,
    /// 待付款.
    Payment,
    /// 付款文件的银行结果.
    PaymentFile,
    /// 追回与核销.
    Settlement,
    /// 退款.
    Refund,
    /// 提现与充值.
    Transfer,
    /// 银行捐赠.
    BankGift,
    /// 待核对的银行流水.
    BankLine,
    /// 银行来款的认领与退回.
    BankClaim,
    /// 捐赠清单.
    GiftList,
    /// 银行存款余额调节表.
    BankBalance,
    /// 差错.
    Break,
    /// 手工凭证.
    Voucher,
    /// 现金盘点.
    CashCount,
    /// 月结: months that are over and not locked.
    MonthLock,
    /// 年终结转.
    YearClosing,
    /// 审计报告.
    AuditReport,
    /// 收款账户与商户号的变更.
    AccountChange,
    /// 小型机构规则的按月复核.
    SmallReview,
    /// 角色授予.
    RoleGrant,
    /// 授权代办.
    Delegation,
    /// 待启用的账号.
    Account,
    /// 捐赠人查询.
    Enquiry,
    /// 投诉.
    Complaint,
    /// 名单筛查.
    Screening,
    /// 未成年人信息查阅申请.
    ChildAccess,
    /// 收款人、受益人的删除申请.
    PayeeErasure,
    /// 留言审核: what the check of words left to a person.
    Message,
    /// 团队名称审核: likewise.
    TeamName,
    /// 贷款推荐.
    LoanApplication,
    /// 贷款审查.
    LoanDecision,
    /// 贷款签约.
    LoanSignature,
    /// 贷款产品与利率复核.
    LoanProduct,
    /// 融资需求对接.
    NeedMatch,
    /// 信息公开和办理期限: near or past its last day.
    Duty,
}

/// A thing that waits.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct WaitingItem {
    /// Which.
    pub id: Uuid,
    /// What it is called, or belongs to; nothing personal.
    pub title: Option<String>,
    /// What tells it from others of that name: its kind as a word of the program, a number, why it came back.
    pub note: Option<String>,
    /// Its last day, if it has one.
    pub last_day: Option<String>,
    /// How much it is about.
    pub fen: Option<Money>,
    /// Since when.
    pub since_us: Timestamp,
}

/// Everything of a kind that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What kind.
    pub kind: WaitingKind,
    /// How many.
    pub count: i64,
    /// The first, those that have waited longest.
    pub first: Vec<WaitingItem>,
}

/// A kind: where its things stand, and in which condition they wait for whom.
struct Source {
    kind: WaitingKind,
    /// The thing is `t`; the id of who asks is `$1`, and as text `$2`; `$3` is the first moment of this month, `$4` its first day, `$5` today.
    from: &'static str,
    /// Where it belongs in the tree.
    place: &'static str,
    title: &'static str,
    /// What tells it from others of that name.
    note: &'static str,
    /// Its last day.
    last_day: &'static str,
    fen: &'static str,
    since: &'static str,
    waits: Vec<(Vec<Role>, String)>,
}

/// What a gift is for, by its name.
const PURPOSE: &str = "COALESCE(c.name, '一般捐赠（不限定用途）')";

fn sources() -> Vec<Source> {
    use Role::{
        Admin, Auditor, BankOfficer, Bookkeeper, Cashier, Chair, Compliance, Disclosure, FinanceHead, LeagueOfficer,
        Organiser, ProjectManager as Manager,
    };
    let to = |roles: &[Role], condition: &str| (roles.to_vec(), condition.to_owned());
    let second = [Bookkeeper, FinanceHead];
    let filers = [Disclosure, Manager];
    let of_book: &'static str = "COALESCE(u.path, '/')";
    let of_gift: &'static str = "COALESCE(c.unit_path, u.path, '/')";
    vec![
        Source {
            kind: WaitingKind::Campaign,
            from: "campaign t",
            place: "t.unit_path",
            title: "t.name",
            note: "CASE WHEN t.state = 'rejected' THEN '退回：' || (SELECT h.reason FROM campaign_history h WHERE h.campaign_id = t.id \
                   AND h.to_state = 'rejected' ORDER BY h.seq DESC LIMIT 1) END",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.target_fen",
            since: "t.changed_us",
            waits: vec![
                to(&[Manager], "t.state IN ('submitted', 'org_review') AND t.author_id <> $1"),
                to(
                    &[FinanceHead],
                    "t.state = 'finance_review' AND t.author_id <> $1 AND NOT EXISTS (SELECT 1 FROM campaign_approval a \
                     WHERE a.campaign_id = t.id AND a.round = t.round AND a.approver_id = $1)",
                ),
                to(&filers, "t.state IN ('approved', 'filing')"),
                to(&[Manager], "t.state = 'filed'"),
                to(&[Organiser, Manager], "t.state = 'rejected' AND t.author_id = $1"),
            ],
        },
        Source {
            kind: WaitingKind::CampaignChange,
            from: "campaign_change t JOIN campaign c ON c.id = t.campaign_id",
            place: "c.unit_path",
            title: "c.name",
            note: "t.reason",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![
                to(&[Manager], "t.state = 'submitted' AND t.author_id <> $1"),
                to(
                    &[FinanceHead],
                    "t.state = 'manager_approved' AND t.author_id <> $1 AND NOT EXISTS (SELECT 1 FROM campaign_change_approval a \
                     WHERE a.change_id = t.id AND a.approver_id = $1)",
                ),
                to(&filers, "t.state = 'approved'"),
            ],
        },
        Source {
            kind: WaitingKind::CampaignDecision,
            from: "campaign_decision t LEFT JOIN campaign c ON c.id = t.campaign_id \
                   LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: "COALESCE(c.unit_path, u.path, '/')",
            title: "c.name",
            note: "t.kind",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![to(&[FinanceHead, Chair], "t.state = 'proposed' AND t.author_id <> $1")],
        },
        Source {
            kind: WaitingKind::Disbursement,
            from: "disbursement t",
            place: "t.unit_path",
            title: "t.purpose",
            note: "CASE WHEN t.state = 'draft' THEN '退回：' || (SELECT h.reason FROM disbursement_history h WHERE h.disbursement_id = t.id \
                   ORDER BY h.seq DESC LIMIT 1) ELSE (SELECT c.name FROM campaign c WHERE c.id = t.campaign_id) END",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.changed_us",
            waits: approvals()
                .into_iter()
                .chain([to(&AUTHORS, "t.state = 'draft' AND t.round > 1 AND t.author_id = $1")])
                .collect(),
        },
        Source {
            kind: WaitingKind::Payment,
            from: "disbursement t",
            place: "t.unit_path",
            title: "t.purpose",
            note: "CASE WHEN EXISTS (SELECT 1 FROM payout o WHERE o.disbursement_id = t.id AND o.state = 'bounced') THEN '有退票，更正账户后重新付款' \
                   ELSE (SELECT c.name FROM campaign c WHERE c.id = t.campaign_id) END",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.changed_us",
            waits: vec![
                to(
                    &[Cashier],
                    "t.state = 'approved' AND t.author_id <> $1 AND EXISTS (SELECT 1 FROM payout o WHERE o.disbursement_id = t.id \
                     AND o.state IN ('approved', 'retried')) AND NOT EXISTS (SELECT 1 FROM disbursement_approval a \
                     WHERE a.disbursement_id = t.id AND a.round = t.round AND a.approver_id = $1)",
                ),
                // What came back is paid again, or given up, by whoever looks after it.
                to(
                    &[Cashier, Manager],
                    "t.state = 'approved' AND EXISTS (SELECT 1 FROM payout o WHERE o.disbursement_id = t.id AND o.state = 'bounced')",
                ),
            ],
        },
        Source {
            kind: WaitingKind::PaymentFile,
            from: "payment_file t",
            place: "(SELECT MIN(d.unit_path) FROM payout o JOIN disbursement d ON d.id = o.disbursement_id WHERE o.payment_file_id = t.id)",
            title: "t.bank_account",
            note: "CAST(t.lines AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.total_fen",
            since: "COALESCE(t.sent_us, t.created_us)",
            // A file stays sent; it waits while the bank has not said of every payment in it what it did.
            waits: vec![to(
                &second,
                "t.state = 'sent' AND t.author_id <> $1 \
                 AND EXISTS (SELECT 1 FROM payout o WHERE o.payment_file_id = t.id AND o.state = 'sent') \
                 AND NOT EXISTS (SELECT 1 FROM payout o JOIN disbursement d ON d.id = o.disbursement_id \
                 WHERE o.payment_file_id = t.id AND d.profile = 'full' AND (d.author_id = $1 OR EXISTS (SELECT 1 \
                 FROM disbursement_approval a WHERE a.disbursement_id = d.id AND a.round = d.round AND a.approver_id = $1)))",
            )],
        },
        Source {
            kind: WaitingKind::Settlement,
            from: "payout_settlement t JOIN payout o ON o.id = t.payout_id JOIN disbursement d ON d.id = o.disbursement_id",
            place: "d.unit_path",
            title: "d.purpose",
            note: "t.kind",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![to(
                &second,
                "t.state = 'proposed' AND t.author_id <> $1 AND (d.profile <> 'full' OR (d.author_id <> $1 AND NOT EXISTS (SELECT 1 \
                 FROM disbursement_approval a WHERE a.disbursement_id = d.id AND a.round = d.round AND a.approver_id = $1)))",
            )],
        },
        Source {
            kind: WaitingKind::Refund,
            from: "refund t JOIN donation d ON d.id = t.donation_id LEFT JOIN campaign c ON c.id = d.campaign_id \
                   LEFT JOIN charity h ON h.book_id = d.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_gift,
            title: PURPOSE,
            note: "t.reason",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![
                to(&[FinanceHead], "t.state = 'requested' AND (t.requester_id IS NULL OR t.requester_id <> $1)"),
                to(&[Cashier, Bookkeeper], "t.state = 'failed' AND t.outcome_author_id IS NULL"),
                to(&[FinanceHead], "t.state = 'failed' AND t.outcome_author_id <> $1"),
                // In a small foundation the chair decides, too.
                to(
                    &[Chair],
                    "(t.state = 'requested' AND (t.requester_id IS NULL OR t.requester_id <> $1) \
                     OR t.state = 'failed' AND t.outcome_author_id <> $1) \
                     AND EXISTS (SELECT 1 FROM charity y WHERE y.book_id = COALESCE(c.book_id, d.book_id) AND y.profile = 'small')",
                ),
                to(
                    &[Chair],
                    "t.state = 'requested' AND t.cover_author_id <> $1 AND (t.requester_id IS NULL OR t.requester_id <> $1)",
                ),
            ],
        },
        Source {
            kind: WaitingKind::Transfer,
            from: "transfer t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_book,
            title: "t.bank_account",
            note: "t.kind",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![
                to(&second, "t.state = 'proposed' AND t.author_id <> $1"),
                to(&second, "t.state IN ('arrival_proposed', 'return_proposed') AND t.outcome_author_id <> $1"),
                to(&[Cashier], "t.state = 'departed'"),
            ],
        },
        Source {
            kind: WaitingKind::BankGift,
            from: "donation t LEFT JOIN campaign c ON c.id = t.campaign_id \
                   LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_gift,
            title: PURPOSE,
            note: "t.bank_reference",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![to(
                &second,
                "t.channel = 'bank' AND t.state = 'created' AND t.list_id IS NULL AND t.author_id <> $1",
            )],
        },
        Source {
            kind: WaitingKind::BankLine,
            from: "bank_line t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_book,
            title: "t.bank_account",
            note: "t.reference",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![to(&second, "t.state = 'open'")],
        },
        Source {
            kind: WaitingKind::BankClaim,
            from: "bank_claim t JOIN bank_line l ON l.id = t.line_id LEFT JOIN charity h ON h.book_id = l.book_id \
                   LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_book,
            title: "l.bank_account",
            note: "l.reference",
            last_day: "CAST(NULL AS TEXT)",
            fen: "l.amount_fen",
            since: "t.created_us",
            waits: vec![to(&second, "t.state = 'proposed' AND t.author_id <> $1")],
        },
        Source {
            kind: WaitingKind::GiftList,
            from: "gift_list t LEFT JOIN campaign c ON c.id = t.campaign_id \
                   LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_gift,
            title: PURPOSE,
            note: "t.place",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.total_fen",
            since: "t.created_us",
            waits: vec![to(&second, "t.state = 'proposed' AND t.author_id <> $1")],
        },
        Source {
            kind: WaitingKind::BankBalance,
            from: "bank_balance t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_book,
            title: "t.month",
            note: "t.bank_account",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.adjusted_fen",
            since: "t.created_us",
            waits: vec![to(&[FinanceHead], "t.state = 'prepared' AND t.author_id <> $1")],
        },
        Source {
            kind: WaitingKind::Break,
            from: "discrepancy t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id \
                   LEFT JOIN resolution r ON r.break_id = t.id AND r.state <> 'declined'",
            place: of_book,
            title: "t.class",
            note: "CAST(t.day AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.created_us",
            waits: vec![
                to(&[Bookkeeper], "t.state = 'open' AND r.id IS NULL"),
                // What is about loans is the bookkeeper's.
                to(&[Cashier], "t.state = 'open' AND r.id IS NULL AND t.contract_id IS NULL"),
                to(
                    &second,
                    "t.state = 'open' AND r.state = 'proposed' AND r.author_id <> $1 AND (r.author_for_id IS NULL OR r.author_for_id <> $1)",
                ),
                to(
                    &[FinanceHead],
                    "t.state = 'open' AND r.state = 'failed' AND r.author_id <> $1 AND (r.author_for_id IS NULL OR r.author_for_id <> $1)",
                ),
            ],
        },
        Source {
            kind: WaitingKind::Voucher,
            from: "manual_voucher t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_book,
            title: "t.summary",
            note: "'退回：' || t.returned_because",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.total_fen",
            since: "t.changed_us",
            waits: vec![
                to(&[FinanceHead], "t.state = 'submitted' AND t.author_id <> $1 AND t.submitter_id <> $1"),
                // What a template proposed, and what was sent back.
                to(
                    &[Bookkeeper],
                    "t.state = 'draft' AND (t.template_id IS NOT NULL OR (t.returned_because IS NOT NULL AND t.author_id = $1))",
                ),
            ],
        },
        Source {
            kind: WaitingKind::CashCount,
            from: "cash_count t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_book,
            title: "t.box",
            note: "CAST(t.counted_on AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.counted_fen",
            since: "t.created_us",
            waits: vec![
                to(&second, "t.state = 'counted' AND t.counter_id <> $1"),
                to(&[FinanceHead, Chair], "t.state = 'different' AND t.counter_id <> $1 AND t.witness_id <> $1"),
            ],
        },
        // Months that are over, by book: what is sealed day by day waits for its lock like what is not.
        Source {
            kind: WaitingKind::MonthLock,
            from: "book t LEFT JOIN charity h ON h.book_id = t.id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_book,
            title: "t.name",
            note: "CAST(t.locked_through AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            // The month that waits is found afterwards, see `since_months`.
            since: "CAST($3 AS BIGINT)",
            waits: vec![to(
                &[Bookkeeper, FinanceHead],
                "EXISTS (SELECT 1 FROM account a JOIN account_day d ON d.account_id = a.id WHERE a.book_id = t.id AND d.day < $4 \
                 AND (t.locked_through IS NULL OR d.day > t.locked_through))",
            )],
        },
        Source {
            kind: WaitingKind::YearClosing,
            from: "(SELECT x.id, x.book_id, x.state, x.author_id, x.year, x.created_us, b.name FROM year_closing x JOIN book b ON b.id = x.book_id) t \
                   LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_book,
            title: "t.name",
            note: "CAST(t.year AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(&[FinanceHead, Chair], "t.state = 'proposed' AND t.author_id <> $1")],
        },
        Source {
            kind: WaitingKind::AuditReport,
            from: "audited_year t LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_book,
            title: "t.report_number",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(&[FinanceHead, Chair], "t.state = 'proposed' AND t.author_id <> $1")],
        },
        Source {
            kind: WaitingKind::AccountChange,
            from: "(SELECT x.id, x.book_id, x.state, x.author_id, x.author_for_id, x.valid_from, x.created_us, b.name \
                   FROM charity_account_change x JOIN book b ON b.id = x.book_id) t \
                   LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_book,
            title: "t.name",
            note: "CAST(t.valid_from AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(
                &[FinanceHead, Chair],
                "t.state = 'proposed' AND t.author_id <> $1 AND (t.author_for_id IS NULL OR t.author_for_id <> $1)",
            )],
        },
        // Months that are over, by charity: the thing is the charity.
        Source {
            kind: WaitingKind::SmallReview,
            from: "(SELECT d.book_id AS id, MIN(b.name) AS name, MIN(COALESCE(u.path, '/')) AS path, count(*) AS papers, \
                   MIN(d.approved_us) AS first_us FROM disbursement d JOIN book b ON b.id = d.book_id \
                   LEFT JOIN charity h ON h.book_id = d.book_id LEFT JOIN unit u ON u.id = h.unit_id \
                   WHERE d.profile = 'small' AND d.approved_us < $3 AND NOT EXISTS (SELECT 1 FROM small_review r \
                   WHERE r.book_id = d.book_id AND d.approved_us >= r.first_us AND d.approved_us < r.until_us) GROUP BY d.book_id) t",
            place: "t.path",
            title: "t.name",
            note: "CAST(t.papers AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.first_us",
            waits: vec![to(&[Auditor], "t.papers > 0")],
        },
        Source {
            kind: WaitingKind::RoleGrant,
            from: "role_grant t LEFT JOIN unit u ON u.id = t.unit_id",
            place: of_book,
            title: "t.role",
            note: "(SELECT s.name FROM staff s WHERE s.id = t.staff_id)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(&[Admin], "t.state = 'proposed' AND t.author_id <> $1 AND t.staff_id <> $1")],
        },
        Source {
            kind: WaitingKind::Delegation,
            from: "delegation t LEFT JOIN unit u ON u.id = t.unit_id",
            place: of_book,
            title: "t.role",
            note: "(SELECT s.name FROM staff s WHERE s.id = t.holder_id)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            // What a lender asks for waits for an administrator, and the other way round.
            waits: vec![
                to(
                    &[Admin],
                    "t.approver_id IS NULL AND t.revoked_us IS NULL AND t.ends_on >= $5 AND t.author_id = t.lender_id \
                     AND t.author_id <> $1 AND t.holder_id <> $1",
                ),
                to(
                    &Role::iter().collect::<Vec<_>>(),
                    "t.approver_id IS NULL AND t.revoked_us IS NULL AND t.ends_on >= $5 AND t.author_id <> $1 AND t.lender_id = $1",
                ),
            ],
        },
        // Who asked for it stands with the roles, as text.
        Source {
            kind: WaitingKind::Account,
            from: "(SELECT s.id, s.name, s.username, MIN(COALESCE(u.path, '/')) AS path, MIN(r.granted_by) AS asked_by, \
                   MAX(r.granted_us) AS asked_us FROM staff s JOIN staff_role r ON r.staff_id = s.id LEFT JOIN unit u ON u.id = r.unit_id \
                   WHERE s.password_hash = 'awaiting credentials' GROUP BY s.id, s.name, s.username) t",
            place: "t.path",
            title: "t.name",
            note: "t.username",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.asked_us",
            waits: vec![to(&[Admin], "t.id <> $1 AND t.asked_by <> $2")],
        },
        Source {
            kind: WaitingKind::Enquiry,
            from: "enquiry t LEFT JOIN donation d ON d.id = t.donation_id \
                   LEFT JOIN campaign c ON c.id = COALESCE(t.campaign_id, d.campaign_id) \
                   LEFT JOIN charity h ON h.book_id = d.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_gift,
            title: "c.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(t.due_on AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(&filers, "t.state = 'open'")],
        },
        Source {
            kind: WaitingKind::Complaint,
            from: "complaint t LEFT JOIN campaign c ON c.id = t.campaign_id",
            place: "COALESCE(c.unit_path, '/')",
            title: "c.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(&filers, "t.state IN ('received', 'taken')")],
        },
        // What a list found is nobody's business but compliance's, and theirs everywhere or nowhere.
        Source {
            kind: WaitingKind::Screening,
            from: "(SELECT id, state, created_us, 'payee' AS ground FROM screening_hit \
                   UNION ALL SELECT id, state, created_us, ground FROM gift_alert) t",
            place: "'/'",
            title: "CAST(NULL AS TEXT)",
            note: "t.ground",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(&[Compliance], "t.state = 'open'")],
        },
        Source {
            kind: WaitingKind::ChildAccess,
            from: "child_access t JOIN payee p ON p.id = t.payee_id JOIN staff s ON s.id = t.requester_id",
            place: "p.unit_path",
            title: "s.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(
                &GUARDIANS,
                "t.state = 'asked' AND t.requester_id <> $1 AND (t.requester_for_id IS NULL OR t.requester_for_id <> $1)",
            )],
        },
        Source {
            kind: WaitingKind::PayeeErasure,
            from: "payee_erasure t JOIN payee p ON p.id = t.payee_id JOIN staff s ON s.id = t.author_id",
            place: "p.unit_path",
            title: "s.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![to(
                &GUARDIANS,
                "t.state = 'asked' AND t.author_id <> $1 AND (t.author_for_id IS NULL OR t.author_for_id <> $1)",
            )],
        },
        // An office's own files; those of the offices below once their day has passed.
        Source {
            kind: WaitingKind::Message,
            from: "donation t LEFT JOIN campaign c ON c.id = t.campaign_id \
                   LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: of_gift,
            title: PURPOSE,
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.confirmed_us",
            waits: vec![to(
                &[Disclosure, Manager],
                "t.message_state <> 'none' AND t.message_state = 'review' AND t.confirmed_us IS NOT NULL",
            )],
        },
        Source {
            kind: WaitingKind::TeamName,
            from: "team t JOIN campaign c ON c.id = t.campaign_id",
            place: "c.unit_path",
            title: "c.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.goal_fen",
            since: "t.created_us",
            waits: vec![to(&[Disclosure, Manager], "t.name_state = 'review' AND t.name IS NOT NULL")],
        },
        Source {
            kind: WaitingKind::LoanApplication,
            from: "loan_application t JOIN loan_product p ON p.id = t.product_id",
            place: "t.office_path",
            title: "p.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.changed_us",
            waits: vec![to(&[LeagueOfficer], OF_AN_OFFICE)],
        },
        Source {
            kind: WaitingKind::LoanDecision,
            from: "loan_application t JOIN loan_product p ON p.id = t.product_id",
            place: "t.unit_path",
            title: "p.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.amount_fen",
            since: "t.sent_us",
            waits: vec![
                to(
                    &[BankOfficer],
                    "t.state = 'bank_review' AND EXISTS (SELECT 1 FROM bank_seat b WHERE b.staff_id = $1 AND b.bank_id = t.bank_id) \
                     AND NOT EXISTS (SELECT 1 FROM loan_relation r WHERE r.application_id = t.id AND r.staff_id = $1)",
                ),
                to(&[LeagueOfficer], LATE_AT_THE_BANK),
            ],
        },
        Source {
            kind: WaitingKind::LoanSignature,
            from: "loan_application t JOIN loan_product p ON p.id = t.product_id",
            place: "t.unit_path",
            title: "p.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "t.approved_fen",
            since: "t.changed_us",
            waits: vec![to(
                &[BankOfficer],
                "t.state = 'approved' AND EXISTS (SELECT 1 FROM bank_seat b WHERE b.staff_id = $1 AND b.bank_id = t.bank_id)",
            )],
        },
        Source {
            kind: WaitingKind::LoanProduct,
            from: "(SELECT v.product_id AS id, p.name, p.bank_id, v.author_id, v.created_us FROM product_version v \
                   JOIN loan_product p ON p.id = v.product_id WHERE v.state = 'draft') t",
            place: "(SELECT u.path FROM unit u WHERE u.parent_id IS NULL ORDER BY u.path LIMIT 1)",
            title: "t.name",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: vec![
                to(&[LeagueOfficer], "t.author_id <> $1"),
                to(
                    &[BankOfficer],
                    "t.author_id <> $1 AND EXISTS (SELECT 1 FROM bank_seat b WHERE b.staff_id = $1 AND b.bank_id = t.bank_id)",
                ),
            ],
        },
        Source {
            kind: WaitingKind::NeedMatch,
            from: "need_match t JOIN enterprise_need n ON n.id = t.need_id",
            place: "n.unit_path",
            title: "n.enterprise",
            note: "CAST(NULL AS TEXT)",
            last_day: "CAST(NULL AS TEXT)",
            fen: "n.amount_fen",
            since: "t.created_us",
            waits: vec![to(
                &[BankOfficer],
                "t.state = 'proposed' AND EXISTS (SELECT 1 FROM bank_seat b WHERE b.staff_id = $1 AND b.bank_id = t.bank_id)",
            )],
        },
        Source {
            kind: WaitingKind::Duty,
            from: "duty_notice t JOIN book b ON b.id = t.book_id LEFT JOIN campaign c ON c.id = t.campaign_id \
                   LEFT JOIN charity h ON h.book_id = t.book_id LEFT JOIN unit u ON u.id = h.unit_id",
            place: "COALESCE(c.unit_path, u.path, '/')",
            title: "COALESCE((SELECT e.title FROM major_event e WHERE e.id = t.subject), c.name, b.name)",
            note: "t.kind",
            last_day: "CAST(t.due AS TEXT)",
            fen: "CAST(NULL AS BIGINT)",
            since: "t.created_us",
            waits: Role::iter()
                .map(|role| (vec![role], format!("t.closed_us IS NULL AND t.addressee = '{}'", role.as_str())))
                .collect(),
        },
    ]
}

/// A file waits for those whose office it is in, by a role of theirs or one that is lent to them, and for those above once it is late;
/// not for who has spoken already in this round, nor for who is close to the borrower.
const OF_AN_OFFICE: &str = "t.state = 'applied' AND (t.escalated_us IS NOT NULL \
     OR EXISTS (SELECT 1 FROM staff_role r JOIN unit u ON u.id = r.unit_id \
        WHERE r.staff_id = $1 AND r.role = 'league_officer' AND u.path = t.office_path) \
     OR EXISTS (SELECT 1 FROM delegation d JOIN unit u ON u.id = d.unit_id \
        WHERE d.holder_id = $1 AND d.role = 'league_officer' AND u.path = t.office_path)) \
     AND NOT EXISTS (SELECT 1 FROM loan_decision e WHERE e.application_id = t.id AND e.round = t.round AND e.decider_id = $1) \
     AND NOT EXISTS (SELECT 1 FROM loan_relation r WHERE r.application_id = t.id AND r.staff_id = $1)";

/// What a bank leaves lying is seen by the city that recommended it, which may ask the bank and decides nothing.
const LATE_AT_THE_BANK: &str = "t.state = 'bank_review' AND t.escalated_us IS NOT NULL \
     AND (EXISTS (SELECT 1 FROM staff_role r JOIN unit u ON u.id = r.unit_id \
        WHERE r.staff_id = $1 AND r.role = 'league_officer' AND u.path = t.city_path) \
     OR EXISTS (SELECT 1 FROM delegation d JOIN unit u ON u.id = d.unit_id \
        WHERE d.holder_id = $1 AND d.role = 'league_officer' AND u.path = t.city_path))";

/// Who approves a paper at which step, by the profile it was handed in under.
fn approvals() -> Vec<(Vec<Role>, String)> {
    let states = [DisbursementState::Submitted, DisbursementState::PmApproved, DisbursementState::FinanceApproved];
    let mut waits = Vec::new();
    for profile in [Profile::Full, Profile::Small] {
        for state in states {
            let Some(step) = state.step() else { continue };
            let condition = format!(
                "t.profile = '{}' AND t.state = '{}' AND t.author_id <> $1 AND (t.author_for_id IS NULL OR t.author_for_id <> $1) \
                 AND NOT EXISTS (SELECT 1 FROM disbursement_approval a WHERE a.disbursement_id = t.id AND a.round = t.round \
                 AND a.approver_id = $1)",
                profile.to_value(),
                state.to_value(),
            );
            waits.push((approvers(profile, step).to_vec(), condition));
        }
    }
    waits
}

/// What waits for whom.
#[derive(Clone, Debug)]
pub struct Desk {
    db: Db,
    clock: Clock,
}

impl Desk {
    pub(crate) fn new(db: Db, clock: Clock) -> Desk {
        Desk { db, clock }
    }

    /// Everything that waits for a member of staff, in a fixed order of kinds; kinds of which nothing waits are left out.
    pub async fn of(&self, by: &Member) -> Result<Vec<Waiting>, DbErr> {
        let mut all = Vec::new();
        // So many kinds there are, however much waits.
        for source in sources() {
            let waiting = self.of_kind(&source, by).await?;
            all.extend(waiting.filter(|waiting| waiting.count > 0));
        }
        Ok(all)
    }

    async fn of_kind(&self, source: &Source, by: &Member) -> Result<Option<Waiting>, DbErr> {
        let today = self.clock.today();
        let month = today.day_of_month_after(0, 1).unwrap_or(today);
        let mut values: Vec<sea_orm::Value> =
            vec![by.id.into(), by.id.to_string().into(), month.start().into(), month.into(), today.into()];
        let mut any = Vec::new();
        for (roles, condition) in &source.waits {
            let parts = by.parts(roles);
            if parts.contains(&&UnitPath::whole()) {
                any.push(format!("({condition})"));
                continue;
            }
            for part in parts {
                // A path holds no character that LIKE reads as another.
                values.push(format!("{}%", part.as_str()).into());
                any.push(format!("({condition} AND {} LIKE ${})", source.place, values.len()));
            }
        }
        if any.is_empty() {
            return Ok(None);
        }
        let Source { from, title, note, last_day, fen, since, .. } = source;
        let sql = format!(
            "SELECT t.id, {title} AS title, {note} AS note, {last_day} AS last_day, {fen} AS fen, {since} AS since_us, CAST(count(*) OVER () AS BIGINT) AS n FROM {from} \
             WHERE {} ORDER BY {since}, t.id LIMIT {FIRST}",
            any.join(" OR ")
        );
        let rows = self.db.read().query_all_raw(Statement::from_sql_and_values(self.db.backend(), sql, values)).await?;
        let count = rows.first().map_or(Ok(0), |row| row.try_get("", "n"))?;
        let mut first: Vec<WaitingItem> =
            rows.iter().map(|row| WaitingItem::from_query_result(row, "")).collect::<Result<_, _>>()?;
        if source.kind == WaitingKind::MonthLock && !first.is_empty() {
            self.since_months(&mut first).await?;
        }
        Ok(Some(Waiting { kind: source.kind, count, first }))
    }

    /// Books wait for a lock since the first of their months that is not locked was over. One statement.
    async fn since_months(&self, books: &mut [WaitingItem]) -> Result<(), DbErr> {
        let sql = "SELECT b.id, (SELECT MIN(e.book_date) FROM entry e WHERE e.book_id = b.id AND e.book_date > COALESCE(b.locked_through, '')) AS day \
                   FROM {rows} JOIN book b ON b.id = r.id";
        let rows = Rows::new().uuid("id", books.iter().map(|one| one.id));
        let found = self.db.read().query_all_raw(rows.statement(self.db.backend(), sql, [])).await?;
        for row in &found {
            let (id, day): (Uuid, Option<BusinessDate>) = (row.try_get("", "id")?, row.try_get("", "day")?);
            if let Some(over) = day.and_then(|day| day.day_of_month_after(1, 1)) {
                books.iter_mut().filter(|one| one.id == id).for_each(|one| one.since_us = over.start());
            }
        }
        books.sort_by_key(|one| (one.since_us, one.id));
        Ok(())
    }
}
