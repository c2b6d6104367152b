//! What waits for a person: by each of their roles, where they hold it, the things whose next step is theirs. The console opens on it.
//!
//! Nobody is told that their own paper waits for them, nor one that they have approved already. What is lent counts as what is owned;
//! whether the lender is the author is said when they decide. Costs: one statement for each kind that a role has to do with.

mod books;
mod campaigns;
mod house;
mod loans;
mod public;
mod receiving;
mod spending;

use domain::role::{Member, Reach, Role};
use domain::{BusinessDate, Clock, Money, Timestamp, UnitPath};
use entity::{Db, Rows};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Iterable, Statement};
use uuid::Uuid;

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

/// Who decides second where money is.
const SECOND: [Role; 2] = [Role::Bookkeeper, Role::FinanceHead];
/// Who files with the authority and answers people.
const FILERS: [Role; 2] = [Role::Disclosure, Role::ProjectManager];
/// Where a charity's books belong in the tree.
const OF_BOOK: &str = "COALESCE(u.path, '/')";
/// Where a gift belongs: to its campaign, or to the charity that it is for as a whole.
const OF_GIFT: &str = "COALESCE(c.unit_path, u.path, '/')";

fn to(roles: &[Role], condition: &str) -> (Vec<Role>, String) {
    (roles.to_vec(), condition.to_owned())
}

/// In whose book a thing is that waits for those who keep it; none of what whoever is above does, too.
fn book_of(kind: WaitingKind) -> Option<&'static str> {
    use WaitingKind as W;
    match kind {
        W::Campaign
        | W::CampaignDecision
        | W::Disbursement
        | W::Payment
        | W::PaymentFile
        | W::Transfer
        | W::BankLine
        | W::BankBalance
        | W::Break
        | W::Voucher
        | W::CashCount
        | W::YearClosing
        | W::AuditReport
        | W::AccountChange => Some("t.book_id"),
        W::MonthLock | W::SmallReview => Some("t.id"),
        W::CampaignChange => Some("c.book_id"),
        W::Settlement => Some("d.book_id"),
        W::Refund => Some("COALESCE(c.book_id, d.book_id)"),
        W::BankGift | W::GiftList => Some("COALESCE(c.book_id, t.book_id)"),
        W::BankClaim => Some("l.book_id"),
        W::RoleGrant
        | W::Delegation
        | W::Account
        | W::Enquiry
        | W::Complaint
        | W::Screening
        | W::ChildAccess
        | W::PayeeErasure
        | W::Message
        | W::TeamName
        | W::LoanApplication
        | W::LoanDecision
        | W::LoanSignature
        | W::LoanProduct
        | W::NeedMatch
        | W::Duty => None,
    }
}

/// Every kind, in the order they are shown in.
fn sources() -> Vec<Source> {
    let rooms = [
        campaigns::sources(),
        spending::sources(),
        receiving::sources(),
        books::sources(),
        house::sources(),
        public::sources(),
        loans::sources(),
    ];
    rooms.into_iter().flatten().chain([duty()]).collect()
}

/// What a day is set for, whatever it is about: for the role it is addressed to.
fn duty() -> Source {
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
    }
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
        let book = book_of(source.kind);
        for (roles, condition) in &source.waits {
            for Reach { part, without } in by.reach(roles) {
                let mut wait = format!("({condition}");
                if *part != UnitPath::whole() {
                    // A path holds no character that LIKE reads as another.
                    values.push(format!("{}%", part.as_str()).into());
                    wait.push_str(&format!(" AND {} LIKE ${}", source.place, values.len()));
                }
                // What is another legal entity's waits for its own people.
                for other in book.map_or_else(Vec::new, |_| without) {
                    values.push(other.into());
                    wait.push_str(&format!(" AND {} <> ${}", book.unwrap_or_default(), values.len()));
                }
                wait.push(')');
                any.push(wait);
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
