//! What the books say, and the audit of the whole program: the ledger against itself, then gifts, refunds, suspense and
//! transfers against the ledger, and every entry against the paper it was made of.

mod papers;
mod reading;
pub mod words;

use std::collections::BTreeMap;

use domain::role::{Member, Role};
use domain::{AccountId, BookId, BusinessDate, EntryId, Money, UnitPath};
use entity::{Db, Tx, account, book, entry, posting};
use ledger::{AuditReport, StatementLine, TrialLine};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Statement};
use uuid::Uuid;

pub use reading::{AccountBalance, BooksError, READERS};

/// Reads the books.
#[derive(Clone, Debug)]
pub struct Books {
    db: Db,
}

impl Books {
    /// On a database.
    pub fn new(db: Db) -> Books {
        Books { db }
    }

    /// The books that somebody may read by one of these roles, by code: those of charities in their part of the tree.
    pub async fn within(&self, by: &Member, roles: &[Role]) -> Result<Vec<book::Model>, DbErr> {
        self.placed(|place| by.may(roles, place).is_ok()).await
    }

    /// The books that somebody may name in a draft by one of these roles, by code: also those of charities above their part of the
    /// tree, for which it raises money.
    pub async fn named_by(&self, by: &Member, roles: &[Role]) -> Result<Vec<book::Model>, DbErr> {
        let parts = by.parts(roles);
        self.placed(|place| parts.iter().any(|part| part.covers(place) || place.covers(part))).await
    }

    async fn placed(&self, shown: impl Fn(&UnitPath) -> bool) -> Result<Vec<book::Model>, DbErr> {
        let places = crowdfunding::book_places(self.db.read()).await?;
        let mut books = self.all().await?;
        books.retain(|book| shown(places.get(&book.id).unwrap_or(&UnitPath::whole())));
        Ok(books)
    }

    /// The book of an account.
    pub async fn book_of(&self, account: AccountId) -> Result<Option<BookId>, DbErr> {
        Ok(account::Entity::find_by_id(account).one(self.db.read()).await?.map(|account| account.book_id))
    }

    /// All books, by code.
    pub async fn all(&self) -> Result<Vec<book::Model>, DbErr> {
        ledger::books(self.db.read()).await
    }

    /// The trial balance of one book or all, at the end of a day or now.
    pub async fn trial_balance(
        &self,
        book: Option<BookId>,
        day: Option<BusinessDate>,
    ) -> Result<Vec<TrialLine>, DbErr> {
        ledger::trial_balance(self.db.read(), book, day).await
    }

    /// A page of an account's statement.
    pub async fn statement(
        &self,
        account: AccountId,
        after: Option<(EntryId, i64)>,
        limit: u64,
    ) -> Result<Vec<StatementLine>, DbErr> {
        ledger::statement(self.db.read(), account, after, limit).await
    }

    /// An entry with its lines.
    pub async fn entry(&self, reference: &str) -> Result<Option<(entry::Model, Vec<posting::Model>)>, DbErr> {
        ledger::entry_by_reference(self.db.read(), reference).await
    }

    /// Computes everything again and compares. Reads one state of the database, changes nothing.
    pub async fn audit(&self, progress: &(dyn Fn(u64) + Sync)) -> Result<AuditReport, DbErr> {
        let tx = self.db.snapshot().await?;
        let report = audit(&tx, progress).await?;
        tx.commit().await?;
        Ok(report)
    }
}

/// Computes everything again from what a transaction sees, and compares.
pub async fn audit(tx: &Tx, progress: &(dyn Fn(u64) + Sync)) -> Result<AuditReport, DbErr> {
    let mut report = ledger::audit(tx, progress).await?;
    public_totals(tx, &mut report).await?;
    gifts_have_entries(tx, &mut report).await?;
    papers::gifts_and_refunds(tx, &mut report).await?;
    papers::behind_entries(tx, &mut report).await?;
    papers::bills_in_force(tx, &mut report).await?;
    crate::reconciliation::audit::audit(tx, &mut report).await?;
    papers::seats(tx, &mut report).await?;
    debts(tx, &mut report).await?;
    spending(tx, &mut report).await?;
    lending::servicing::audit::audit(tx, &mut report).await.map_err(|error| match error {
        lending::servicing::ServeError::Db(error) => error,
        other => DbErr::Custom(format!("loans cannot be replayed: {other}")),
    })?;
    lending::quota::audit(tx, &mut report).await?;
    Ok(report)
}

/// What an audit compared, in words.
pub fn compared(what: &'static str) -> &'static str {
    match what {
        "account" => "账户余额",
        "account.debit" => "账户借方累计",
        "account.credit" => "账户贷方累计",
        "account_day" => "账户日合计",
        "account_day.debit" => "账户日借方",
        "account_day.credit" => "账户日贷方",
        "bank_seat" => "银行人员席位",
        "bill.books" => "账单与账簿",
        "bill.in_force" => "账单效力",
        "book.balances" => "账套借贷平衡",
        "budget_line.committed" => "预算项目已批未付",
        "budget_line.used" => "预算项目已用",
        "campaign.raised" => "项目公开募得款",
        "day_seal.day" => "封存日期",
        "day_seal.first_number" => "封存起始凭证号",
        "day_seal.numbers" => "封存凭证数",
        "day_seal.previous" => "封存链的上一日",
        "day_seal.seal" => "封存指纹",
        "day_seal.tree_head" => "封存树根",
        "difference.bill" => "以微信为准的入账",
        "disbursement.entry" => "支出的凭证",
        "donation.entry" => "捐赠的凭证",
        "donation.refunded" => "捐赠已退款",
        "donation.state" => "捐赠状态",
        "entry.book" => "凭证的账套",
        "entry.digest" => "凭证指纹",
        "entry.donation" => "凭证对应的捐赠",
        "entry.paper" => "凭证的依据",
        "entry.postings" => "凭证分录数",
        "entry.total" => "凭证金额",
        "fee.bill" => "账单手续费",
        "fee_returned.bill" => "账单退还手续费",
        "fund" => "项目资金",
        "fund.committed" => "项目已批未付",
        "fund.raised_cash" => "项目募得款",
        "fund.raised_goods" => "项目募得物资",
        "fund.received" => "项目收入",
        "fund.used" => "项目支出",
        "general.raised" => "一般捐赠募得款",
        "loan.class" => "贷款风险分类",
        "loan.compensated" => "贷款代偿款",
        "loan.compound" => "贷款复利",
        "loan.credit" => "贷款溢缴款",
        "loan.due" => "贷款到期未还",
        "loan.interest" => "贷款利息",
        "loan.interest_income" => "贷款利息收入",
        "loan.late_since" => "贷款逾期起日",
        "loan.off_balance" => "贷款表外利息",
        "loan.outstanding" => "贷款余额",
        "loan.paid_out_on" => "贷款放款日",
        "loan.penalty" => "贷款罚息",
        "loan.recovered" => "贷款追偿款",
        "loan.standing" => "贷款状态",
        "loan.day" => "贷款结账日",
        "loan.day_digest" => "贷款结账日摘要",
        "loan.day_grown" => "贷款结账日计提",
        "loan.state" => "贷款合同状态",
        "loan.undue" => "贷款未到期本金",
        "loan_quota.reserved" => "贷款额度已预留",
        "loan_quota.used" => "贷款额度已使用",
        "owed" => "应付款",
        "paper.entry" => "依据的凭证",
        "posting.entry" => "分录的凭证",
        "voucher.count" => "凭证号数量",
        "voucher.missing" => "凭证号断号",
        other => other,
    }
}

/// Raised(X) is gifts paid − refunds decided (given up excepted), for every campaign (charity 6.5 (5)), and for the general fund of every book.
async fn public_totals(db: &impl ConnectionTrait, report: &mut AuditReport) -> Result<(), DbErr> {
    let paid = sums(
        db,
        "SELECT campaign_id AS id, CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) AS fen FROM donation \
         WHERE confirmed_us IS NOT NULL AND campaign_id IS NOT NULL GROUP BY campaign_id",
    )
    .await?;
    let back = sums(
        db,
        "SELECT d.campaign_id AS id, CAST(COALESCE(SUM(r.amount_fen), 0) AS BIGINT) AS fen FROM refund r \
         JOIN donation d ON d.id = r.donation_id \
         WHERE d.campaign_id IS NOT NULL AND r.state IN ('approved', 'processing', 'succeeded', 'failed', 'paid_by_bank') GROUP BY d.campaign_id",
    )
    .await?;
    let raised = sums(
        db,
        "SELECT campaign_id AS id, CAST(SUM(raised_cash_fen) AS BIGINT) AS fen FROM fund GROUP BY campaign_id",
    )
    .await?;
    raised_as_given(report, "campaign.raised", &raised, (&paid, &back));
    let paid = sums(
        db,
        "SELECT book_id AS id, CAST(SUM(amount_fen) AS BIGINT) AS fen FROM donation \
         WHERE book_id IS NOT NULL AND confirmed_us IS NOT NULL GROUP BY book_id",
    )
    .await?;
    let back = sums(
        db,
        "SELECT d.book_id AS id, CAST(SUM(r.amount_fen) AS BIGINT) AS fen FROM donation d JOIN refund r ON r.donation_id = d.id \
         WHERE d.book_id IS NOT NULL AND r.state IN ('approved', 'processing', 'succeeded', 'failed', 'paid_by_bank') GROUP BY d.book_id",
    )
    .await?;
    let side = |own: &str, sign: &str| {
        format!(
            "SELECT a.book_id, {sign}p.amount_fen AS fen FROM account a JOIN posting p ON p.{own} = a.id AND p.raised = 'cash' \
             WHERE a.campaign_id IS NULL AND a.subject IN ('410101', '320101')"
        )
    };
    let raised = sums(
        db,
        &format!(
            "SELECT book_id AS id, CAST(SUM(fen) AS BIGINT) AS fen FROM ({} UNION ALL {}) m GROUP BY book_id",
            side("credit_account", ""),
            side("debit_account", "-")
        ),
    )
    .await?;
    raised_as_given(report, "general.raised", &raised, (&paid, &back));
    Ok(())
}

/// Compares what is booked as raised with what was given and went back.
fn raised_as_given(
    report: &mut AuditReport,
    what: &'static str,
    raised: &BTreeMap<Uuid, i64>,
    (paid, back): (&BTreeMap<Uuid, i64>, &BTreeMap<Uuid, i64>),
) {
    let all: std::collections::BTreeSet<&Uuid> = paid.keys().chain(raised.keys()).collect();
    for one in all {
        let of = |sums: &BTreeMap<Uuid, i64>| sums.get(one).copied().unwrap_or_default();
        report.compare(what, one, Money::from_fen(of(raised)), Money::from_fen(of(paid) - of(back)));
    }
}

/// Every gift paid has its entry with its amount, and no entry of a gift stands alone.
async fn gifts_have_entries(db: &impl ConnectionTrait, report: &mut AuditReport) -> Result<(), DbErr> {
    let key = papers::text(db.get_database_backend(), "d.id");
    let sql = format!(
        "SELECT CAST(count(*) AS BIGINT) AS n FROM donation d LEFT JOIN entry e ON e.reference = 'donation:' || {key} \
         WHERE (d.confirmed_us IS NOT NULL AND (e.id IS NULL OR e.total_fen <> d.amount_fen)) OR (d.confirmed_us IS NULL AND e.id IS NOT NULL)"
    );
    report.compare("donation.entry", "all", 0, one(db, &sql).await?);
    let sql = "SELECT (SELECT count(*) FROM entry WHERE kind = 'donation') - (SELECT count(*) FROM donation WHERE confirmed_us IS NOT NULL) AS n";
    report.compare("entry.donation", "all", 0, one(db, sql).await?);
    Ok(())
}

/// What we owe and what is on its way, against the things it is owed for.
async fn debts(db: &impl ConnectionTrait, report: &mut AuditReport) -> Result<(), DbErr> {
    let account = |filter: &str| {
        format!("SELECT CAST(COALESCE(SUM(debit_fen - credit_fen), 0) AS BIGINT) AS n FROM account WHERE {filter}")
    };
    let refunds = "SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) AS n FROM refund WHERE state IN ('approved', 'processing', 'failed')";
    let owed = one(db, &account("subject = '2209' AND payable = 'refund'")).await?;
    report.compare("2209 refund", "all", -owed, one(db, refunds).await?);
    let open =
        "SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) AS n FROM discrepancy WHERE suspense AND state = 'open'";
    let suspense = one(db, &account("subject = '2209' AND payable = 'suspense'")).await?;
    report.compare("2209 suspense", "all", -suspense, one(db, open).await?);
    let unclaimed = one(db, &account("subject = '2209' AND payable = 'unidentified'")).await?;
    let nobodys = "SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) AS n FROM bank_line WHERE state = 'unclaimed'";
    report.compare("2209 unclaimed", "all", -unclaimed, one(db, nobodys).await?);
    let missing = one(db, &account("subject = '1122' AND channel <> 'wechat'")).await?;
    let counted = |sign: &str| {
        format!(
            "SELECT CAST(COALESCE(SUM({sign}), 0) AS BIGINT) AS n FROM cash_count WHERE state = 'different' AND {sign} > 0"
        )
    };
    report.compare("1122 cash", "all", missing, one(db, &counted("booked_fen - counted_fen")).await?);
    let surplus = one(db, &account("subject = '2209' AND payable = 'cash_surplus'")).await?;
    report.compare("2209 cash", "all", -surplus, one(db, &counted("counted_fen - booked_fen")).await?);
    let on_the_way = "SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) AS n FROM transfer \
                      WHERE state IN ('departed', 'arrival_proposed', 'return_proposed')";
    let transit = one(db, &account("subject = '1009' AND channel = 'wechat_transit'")).await?;
    report.compare("1009 transit", "all", transit, one(db, on_the_way).await?);
    Ok(())
}

/// What is promised and spent, against the payouts and vouchers it is promised and spent for: promises of funds, budget lines, what is owed, and an
/// entry for each paper that got its last approval.
async fn spending(db: &impl ConnectionTrait, report: &mut AuditReport) -> Result<(), DbErr> {
    const OWED: &str = "o.state IN ('approved', 'scheduled', 'sent', 'bounced', 'retried')";
    let promised = sums(
        db,
        &format!(
            "SELECT d.campaign_id AS id, CAST(SUM(o.amount_fen) AS BIGINT) AS fen FROM payout o JOIN disbursement d ON d.id = o.disbursement_id \
             WHERE d.kind = 'advance' AND {OWED} GROUP BY d.campaign_id"
        ),
    )
    .await?;
    let committed =
        sums(db, "SELECT campaign_id AS id, CAST(SUM(committed_fen) AS BIGINT) AS fen FROM fund GROUP BY campaign_id")
            .await?;
    for campaign in promised.keys().chain(committed.keys()).collect::<std::collections::BTreeSet<_>>() {
        let of = |sums: &BTreeMap<Uuid, i64>| sums.get(campaign).copied().unwrap_or_default();
        report.compare("fund.committed", campaign, of(&committed), of(&promised));
    }
    let lines = format!(
        "SELECT l.campaign_id, l.code, l.committed_fen, l.used_fen, \
         CAST(COALESCE((SELECT SUM(o.amount_fen) FROM payout o JOIN disbursement d ON d.id = o.disbursement_id WHERE d.campaign_id = l.campaign_id \
             AND d.line_code = l.code AND d.kind = 'advance' AND {OWED}), 0) AS BIGINT) AS promised_fen, \
         CAST(COALESCE((SELECT SUM(o.amount_fen) FROM payout o JOIN disbursement d ON d.id = o.disbursement_id WHERE d.campaign_id = l.campaign_id \
             AND d.line_code = l.code AND (o.state = 'confirmed' OR (d.kind <> 'advance' AND {OWED}))), 0) \
         - COALESCE((SELECT SUM(s.amount_fen) FROM payout_settlement s JOIN payout o ON o.id = s.payout_id JOIN disbursement d ON d.id = o.disbursement_id \
             WHERE d.campaign_id = l.campaign_id AND d.line_code = l.code AND s.kind = 'recovered' AND s.state = 'confirmed'), 0) \
         + COALESCE((SELECT SUM(v.amount_fen) FROM voucher_charge v WHERE v.campaign_id = l.campaign_id AND v.line_code = l.code), 0) AS BIGINT) AS spent_fen \
         FROM budget_line l"
    );
    for row in db.query_all_raw(Statement::from_string(db.get_database_backend(), lines)).await? {
        let key = format!("{} {}", row.try_get::<Uuid>("", "campaign_id")?, row.try_get::<String>("", "code")?);
        let fen = |column: &str| row.try_get::<i64>("", column);
        report.compare("budget_line.committed", &key, fen("committed_fen")?, fen("promised_fen")?);
        report.compare("budget_line.used", &key, fen("used_fen")?, fen("spent_fen")?);
    }
    for (account, kind) in [
        ("subject = '2209' AND payable = 'grant'", "grant"),
        ("subject = '2209' AND payable = 'reimbursement'", "reimbursement"),
        ("subject = '2202' AND payable IS NULL", "purchase"),
    ] {
        let booked = format!(
            "SELECT CAST(COALESCE(SUM(credit_fen - debit_fen), 0) AS BIGINT) AS n FROM account WHERE {account}"
        );
        let owed = format!(
            "SELECT CAST(COALESCE(SUM(o.amount_fen), 0) AS BIGINT) AS n FROM payout o JOIN disbursement d ON d.id = o.disbursement_id \
             WHERE d.kind = '{kind}' AND {OWED}"
        );
        report.compare("owed", kind, one(db, &booked).await?, one(db, &owed).await?);
    }
    let entries = one(db, "SELECT CAST(count(*) AS BIGINT) AS n FROM entry WHERE kind = 'disbursement'").await?;
    let papers =
        "SELECT CAST(count(*) AS BIGINT) AS n FROM disbursement WHERE approved_us IS NOT NULL AND kind <> 'advance'";
    report.compare("disbursement.entry", "all", entries, one(db, papers).await?);
    Ok(())
}

async fn one(db: &impl ConnectionTrait, sql: &str) -> Result<i64, DbErr> {
    match db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await? {
        Some(row) => row.try_get("", "n"),
        None => Ok(0),
    }
}

async fn sums(db: &impl ConnectionTrait, sql: &str) -> Result<BTreeMap<Uuid, i64>, DbErr> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "id")?, row.try_get("", "fen")?))).collect()
}
