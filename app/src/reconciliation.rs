//! Reconciliation of a day: our books, the trade bill, the fund-flow bill and the bank's statement against each other
//! (facts: wechat 4, charity 6.5 (3)).
//!
//! A run reads the bills that are in force for the day and the books as they stand, heals what is safe through the one door
//! ([`crate::cashier`], the confirmation of refunds, the transfers), and writes down every other difference as a break. It keeps no
//! state of its own besides the bills: run again, late, in pieces, in any order or after a corrected bill, it comes to the same books.
//! Each step is a transaction that may be repeated, so that a run that was killed is simply run again.

pub(crate) mod audit;
mod bills;
mod channel;
mod fee;
mod findings;
mod flow;
mod follow;
mod ours;
mod report;
mod rule;
mod sheet;
mod transit;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crowdfunding::CrowdfundingError;
use domain::reconciliation::BreakClass;
use domain::role::{Forbidden, Member, Role};
use domain::{BookId, BusinessDate, Clock, Money, ReconciliationRunId, Timestamp};
use entity::{Db, bank_line, bank_statement, book, charity, discrepancy, reconciliation_run};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Set, Statement,
};
use wechat::{Bill, FundFlowAccount, TradeBillKind, WechatError};

use crate::breaks::BreakError;
use crate::cashier;
use crate::transfers::TransferError;
use crate::{Templates, runs, trail};
pub(crate) use bills::BankLine;
use bills::{Bills, Kept};
use channel::Sound;
use findings::Findings;
use rule::Terms;

pub(crate) use findings::proposal;
pub(crate) use follow::{Follow, Told, follow, refund_key, told};
pub(crate) use transit::{AT_BANK, pairs};

pub use report::{BreakLine, BufferLine, DayReport, Proof, ProofItem, Side, Sides};
pub use rule::Rule;
pub(crate) use sheet::class as class_word;

/// From when on the bills of a day can be had: ten hours after it ends.
const READY: Duration = Duration::from_secs(34 * 3_600);
/// How far the lines of a day and their other sides lie apart.
const AROUND_DAYS: i64 = 14;
/// How far back the channel keeps bills.
const REACH_DAYS: usize = 90;
/// After how many days it surely has none any more: three months of any length.
const GONE_DAYS: i64 = 93;
/// How many days are looked through for the first on which something moved.
const FIRST_DAYS: u64 = 62;

/// Why a day was not reconciled. Nothing of a refused file was kept or booked.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// No charity of this installation has a merchant number, or none has this book.
    #[error("没有开通微信支付商户号的慈善组织")]
    NoSuchCharity,
    /// Several charities take money: which?
    #[error("有多个慈善组织，请用 --book 指明账套")]
    WhichCharity,
    /// A file is damaged, of another day or merchant, or contradicts itself.
    #[error("{file}被拒收：{why}")]
    Refused {
        /// Which file.
        file: &'static str,
        /// In the words of the bookkeeper.
        why: String,
    },
    /// The day is not over.
    #[error("{0}尚未结束，账单要到次日10时才能取得")]
    NotOver(BusinessDate),
    /// The bank's file is of a day before the books begin: what moved then is in the opening balances.
    #[error("银行对账单是{day}的，账套自{begun}起记账，此前的收支体现在期初余额中，不参与对账")]
    BeforeBooks {
        /// Of when it is.
        day: BusinessDate,
        /// The first day of the books.
        begun: BusinessDate,
    },
    /// The channel keeps bills for three months.
    #[error("{0}的账单已超过微信支付保留的三个月，请用 --trade-bill 和 --fund-flow 提供账单文件")]
    Gone(BusinessDate),
    /// There is nobody to fetch bills from.
    #[error("没有账单文件，也没有配置微信支付")]
    NoChannel,
    /// The id stands for another rule.
    #[error("this id was used with other content")]
    IdReused,
    /// A field is not acceptable.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// In Chinese, for the person who filled it in.
        problem: &'static str,
    },
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The channel could not be asked.
    #[error(transparent)]
    Channel(#[from] WechatError),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] ledger::Refusal),
    /// A gift or refund cannot be moved on.
    #[error(transparent)]
    Gift(#[from] CrowdfundingError),
    /// A transfer cannot be moved on.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// A return cannot be moved on.
    #[error(transparent)]
    Break(#[from] BreakError),
    /// The workbook could not be written.
    #[error("the workbook")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// Files of a day, as somebody brings them.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// 交易账单.
    pub trade: Option<Vec<u8>>,
    /// 资金账单.
    pub fund_flow: Option<Vec<u8>>,
    /// 银行对账单, CSV `date,reference,amount,counterparty,remark`.
    pub bank: Option<Vec<u8>>,
}

/// A charity that takes money through the channel, and what settling needs to know of it.
struct House {
    owner: charity::Model,
    door: cashier::House,
}

/// How far a run is: what it does, how many of it are done, of how many.
pub type Progress = Arc<dyn Fn(&'static str, usize, usize) + Send + Sync>;

/// Reconciles days.
#[derive(Clone)]
pub struct Reconciliation {
    db: Db,
    business: Clock,
    templates: Templates,
    wechat: Option<wechat::Client>,
    progress: Option<Progress>,
}

impl fmt::Debug for Reconciliation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconciliation").finish_non_exhaustive()
    }
}

impl Reconciliation {
    /// Without a channel, bills come from files only.
    pub fn new(db: Db, business: Clock, templates: Templates, wechat: Option<wechat::Client>) -> Reconciliation {
        Reconciliation { db, business, templates, wechat, progress: None }
    }

    /// The same, telling how far it is.
    pub fn telling(mut self, progress: Progress) -> Reconciliation {
        self.progress = Some(progress);
        self
    }

    fn tell(&self, what: &'static str, done: usize, of: usize) {
        if let Some(progress) = &self.progress {
            progress(what, done, of);
        }
    }

    /// Keeps the files of a day, if there are any, and reconciles it with all that is known of it. A file that is refused changes
    /// nothing, nor do its neighbours.
    pub async fn run(
        &self,
        book: Option<BookId>,
        day: BusinessDate,
        files: &Files,
        actor: &str,
    ) -> Result<DayReport, ReconcileError> {
        let house = self.house(book, files.trade.as_deref(), day).await?;
        if [&files.trade, &files.fund_flow, &files.bank].into_iter().flatten().any(Vec::is_empty) {
            return Err(ReconcileError::Refused { file: "文件", why: "文件是空的".to_owned() });
        }
        self.keep(&house, day, files, false, actor).await?;
        self.day(&house, day, actor).await
    }

    /// Fetches the bills of a day from the channel and reconciles it. A bill that is still being made is asked for again later: the day
    /// waits.
    pub async fn fetch(
        &self,
        book: Option<BookId>,
        day: BusinessDate,
        actor: &str,
    ) -> Result<DayReport, ReconcileError> {
        let (wechat, house) = self.fetched(book, day).await?;
        let (trade, flow) = tokio::join!(
            wechat.trade_bill(day, TradeBillKind::All, true),
            wechat.fund_flow_bill(day, FundFlowAccount::Basic, true)
        );
        let bytes = |bill: Bill| match bill {
            Bill::File(file) => Some(file.bytes),
            // Nothing happened that day: kept as no bytes.
            Bill::NoStatement => Some(Vec::new()),
            Bill::Creating => None,
        };
        let came = |file: &'static str| {
            move |error| match error {
                WechatError::HashMismatch => ReconcileError::Refused {
                    file,
                    why: "与微信支付公布的校验值（SHA-1）不符".to_owned(),
                },
                error => error.into(),
            }
        };
        let (trade, flow) = (trade.map_err(came(bills::TRADE))?, flow.map_err(came(bills::FUND_FLOW))?);
        let files = Files { trade: bytes(trade), fund_flow: bytes(flow), bank: None };
        self.keep(&house, day, &files, true, actor).await?;
        self.day(&house, day, actor).await
    }

    /// Whether somebody can have files of a day: of one that is still to come nobody has.
    pub fn can_be_brought(&self, day: BusinessDate) -> Result<(), ReconcileError> {
        if day > self.business.today() { Err(ReconcileError::NotOver(day)) } else { Ok(()) }
    }

    /// Whether the bills of a day can be fetched, by somebody who will do so.
    pub async fn can_fetch(&self, book: Option<BookId>, day: BusinessDate) -> Result<(), ReconcileError> {
        self.fetched(book, day).await.map(|_| ())
    }

    /// From whom, and for whom, the bills of a day are fetched.
    async fn fetched(
        &self,
        book: Option<BookId>,
        day: BusinessDate,
    ) -> Result<(&wechat::Client, House), ReconcileError> {
        let wechat = self.wechat.as_ref().ok_or(ReconcileError::NoChannel)?;
        if self.business.now() < day.start().after(READY) {
            return Err(ReconcileError::NotOver(day));
        }
        if self.is_gone(day) {
            return Err(ReconcileError::Gone(day));
        }
        let house = self.house_of(wechat.mchid()).await?;
        // The channel has bills of its own merchant only.
        if book.is_some_and(|book| book != house.owner.book_id) {
            return Err(ReconcileError::NoSuchCharity);
        }
        Ok((wechat, house))
    }

    /// The book of the charity whose money the channel holds; nothing without a channel, or if no charity has its merchant number.
    pub async fn book_of_channel(&self) -> Result<Option<BookId>, ReconcileError> {
        let Some(wechat) = &self.wechat else { return Ok(None) };
        match self.house_of(wechat.mchid()).await {
            Ok(house) => Ok(Some(house.owner.book_id)),
            Err(ReconcileError::NoSuchCharity) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the channel has no bill of this day any more: only files can reconcile it.
    pub fn is_gone(&self, day: BusinessDate) -> bool {
        day.days_to(self.business.today()) > GONE_DAYS
    }

    /// Reconciles a day, and again the days around it whose lines waited for it.
    async fn day(&self, house: &House, day: BusinessDate, actor: &str) -> Result<DayReport, ReconcileError> {
        let book = house.owner.book_id;
        self.reconcile(house, day, actor).await?;
        let waiting = findings::waiting_days(self.db.read(), book).await?;
        let near = |other: &BusinessDate| *other != day && day.days_to(*other).abs() <= AROUND_DAYS;
        for other in waiting.into_keys().filter(near) {
            self.reconcile(house, other, actor).await?;
        }
        let newest = self.report(book, day).await?;
        newest.ok_or_else(|| DbErr::Custom("a run wrote no report".to_owned()).into())
    }

    /// What the job does: days whose bills are due and not in force yet, oldest first, as far back as the channel keeps them. Answers how
    /// many were reconciled, and how many wait or failed.
    pub async fn catch_up(&self) -> Result<(u64, u64), ReconcileError> {
        let mut done = (0, 0);
        let missing = self.missing().await?;
        let of = missing.len();
        for (nth, day) in missing.into_iter().enumerate() {
            self.tell("days", nth, of);
            match self.one_day(day).await {
                Ok((more, _)) => done.0 += more,
                Err(error) => {
                    done.1 += 1;
                    runs::tell(format!("{day}：未能对账：{error}"));
                    tracing::warn!(%day, error = &error as &dyn std::error::Error, "a day was not reconciled");
                }
            }
        }
        self.tell("days", of, of);
        self.end_waiting().await?;
        let left = u32::try_from(self.missing().await?.len()).unwrap_or(u32::MAX);
        metrics::gauge!("sangzi_reconciliation_days_missing").set(left);
        Ok(done)
    }

    /// Fetches the bills of one day and reconciles it, and tells the run it is part of. Answers how many days were reconciled: one, or none
    /// while its bills are still being made; and none that failed.
    pub async fn one_day(&self, day: BusinessDate) -> Result<(u64, u64), ReconcileError> {
        let report = self.fetch(None, day, trail::SYSTEM).await?;
        if report.state == "waiting" || report.state == "read" {
            tracing::info!(%day, "the bills of a day are still being made");
            runs::tell(format!("{day}：账单尚未生成，稍后再取"));
            return Ok((0, 0));
        }
        let (matched, healed, open) = (report.matched, report.healed, report.breaks.len());
        runs::tell(format!("{day}：相符{matched}笔，补记{healed}笔，未决差错{open}笔"));
        Ok((1, 0))
    }

    /// Looks again at the days on which a line has waited as long as it may: it becomes a break.
    async fn end_waiting(&self) -> Result<(), ReconcileError> {
        let Some(wechat) = &self.wechat else { return Ok(()) };
        let Ok(house) = self.house_of(wechat.mchid()).await else { return Ok(()) };
        let today = self.business.today();
        for (day, until) in findings::waiting_days(self.db.read(), house.owner.book_id).await? {
            if until < today {
                self.reconcile(&house, day, trail::SYSTEM).await?;
            }
        }
        Ok(())
    }

    /// Days from the first entry (or ninety days ago) to the last that is due, without both bills or without a run that read them.
    pub async fn missing(&self) -> Result<Vec<BusinessDate>, ReconcileError> {
        let Some(wechat) = &self.wechat else { return Ok(Vec::new()) };
        let Ok(house) = self.house_of(wechat.mchid()).await else { return Ok(Vec::new()) };
        let db = self.db.read();
        let Some((first, _)) = first_day(db, house.owner.book_id).await? else { return Ok(Vec::new()) };
        let last = BusinessDate::of(self.business.now().before(READY));
        let reach = (0..REACH_DAYS).fold(last, |day, _| day.previous());
        let ran: Vec<BusinessDate> = reconciliation_run::Entity::find()
            .select_only()
            .column(reconciliation_run::Column::Day)
            .filter(reconciliation_run::Column::BookId.eq(house.owner.book_id))
            .filter(reconciliation_run::Column::State.is_in(["matched", "with_breaks"]))
            .distinct()
            .into_tuple()
            .all(db)
            .await?;
        let mut missing = Vec::new();
        let mut day = first.max(reach);
        while day <= last && day.start().after(READY) <= self.business.now() {
            if !ran.contains(&day) {
                missing.push(day);
            }
            day = day.next();
        }
        Ok(missing)
    }

    /// The last day up to which every day has both bills in force and was reconciled with them, so that it may be sealed: what differs is
    /// listed and lies on somebody's desk. Empty days count. None before the first.
    pub async fn sealable(&self, book: BookId) -> Result<Option<BusinessDate>, ReconcileError> {
        Ok(through(self.db.read(), book).await?)
    }

    /// The newest report of a day.
    pub async fn report(&self, book: BookId, day: BusinessDate) -> Result<Option<DayReport>, ReconcileError> {
        let row = reconciliation_run::Entity::find()
            .filter(reconciliation_run::Column::BookId.eq(book))
            .filter(reconciliation_run::Column::Day.eq(day))
            .order_by_desc(reconciliation_run::Column::Id)
            .one(self.db.read())
            .await?;
        Ok(row.map(report::of_row).transpose()?)
    }

    /// The newest report of the first day whose bills tell a balance: what the sides differed by when it began is older than all that
    /// was ever reconciled. Nothing before the first.
    pub async fn first(&self, book: BookId) -> Result<Option<DayReport>, ReconcileError> {
        let sql = format!(
            "SELECT r.* FROM reconciliation_run r WHERE r.book_id = $1 AND r.state IN ('matched', 'with_breaks') AND NOT EXISTS \
             (SELECT 1 FROM reconciliation_run n WHERE n.book_id = r.book_id AND n.day = r.day AND n.id > r.id) \
             ORDER BY r.day LIMIT {FIRST_DAYS}"
        );
        let statement = Statement::from_sql_and_values(self.db.backend(), sql, [book.into()]);
        let rows = reconciliation_run::Model::find_by_statement(statement).all(self.db.read()).await?;
        for row in rows {
            let report = report::of_row(row)?;
            if report.proof.channel.is_some() {
                return Ok(Some(report));
            }
        }
        Ok(None)
    }

    /// The newest report of a day as a workbook: 日对账报告.
    pub async fn sheet(&self, book: BookId, day: BusinessDate) -> Result<Option<(String, Vec<u8>)>, ReconcileError> {
        let Some(report) = self.report(book, day).await? else { return Ok(None) };
        let row = book::Entity::find_by_id(book).one(self.db.read()).await?;
        let of = row.map_or_else(|| book.to_string(), |row| row.name);
        Ok(Some((format!("日对账报告-{day}.xlsx"), sheet::workbook(&of, &report)?)))
    }

    /// The newest reports of the last days, newest day first, before the day named.
    pub async fn reports(
        &self,
        book: BookId,
        before: Option<BusinessDate>,
        limit: u64,
    ) -> Result<Vec<DayReport>, ReconcileError> {
        let db = self.db.read();
        let sql = "SELECT r.* FROM reconciliation_run r WHERE r.book_id = $1 AND r.day < $2 AND NOT EXISTS \
                   (SELECT 1 FROM reconciliation_run n WHERE n.book_id = r.book_id AND n.day = r.day AND n.id > r.id) \
                   ORDER BY r.day DESC LIMIT $3";
        let before = before.map_or("9999-12-31".to_owned(), |day| day.to_string());
        let values = [book.into(), before.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()];
        let statement = Statement::from_sql_and_values(self.db.backend(), sql, values);
        let rows = reconciliation_run::Model::find_by_statement(statement).all(db).await?;
        rows.into_iter().map(report::of_row).collect::<Result<_, _>>().map_err(Into::into)
    }

    /// The book of the merchant, for whoever may see its money there.
    pub async fn shown(&self, book: BookId, by: &Member, roles: &[Role]) -> Result<(), ReconcileError> {
        by.may(roles, &crowdfunding::book_place(self.db.read(), book).await?)?;
        Ok(())
    }

    /// The charity whose books a run is about.
    async fn house(
        &self,
        book: Option<BookId>,
        trade: Option<&[u8]>,
        day: BusinessDate,
    ) -> Result<House, ReconcileError> {
        let mut owners = charity::Entity::find()
            .filter(charity::Column::Mchid.is_not_null())
            .order_by_asc(charity::Column::CreatedUs)
            .all(self.db.read())
            .await?;
        let charities = owners.len();
        if let Some(book) = book {
            owners.retain(|owner| owner.book_id == book);
        } else if let (Some(trade), true) = (trade, owners.len() > 1) {
            // The trade bill names its merchant on every line.
            let of_it = |owner: &charity::Model| {
                bills::read_trade(trade, owner.mchid.as_deref().unwrap_or_default(), day).is_ok()
            };
            owners.retain(of_it);
        }
        match owners.len() {
            0 if charities > 0 && book.is_none() => Err(ReconcileError::Refused {
                file: bills::TRADE,
                why: "不属于任何一个慈善组织的商户号，或文件已损坏；请用 --book 指明账套以得到具体原因".to_owned(),
            }),
            0 => Err(ReconcileError::NoSuchCharity),
            1 => Ok(self.open(owners.remove(0))),
            _ => Err(ReconcileError::WhichCharity),
        }
    }

    async fn house_of(&self, mchid: &str) -> Result<House, ReconcileError> {
        let owner = charity::Entity::find().filter(charity::Column::Mchid.eq(mchid)).one(self.db.read()).await?;
        Ok(self.open(owner.ok_or(ReconcileError::NoSuchCharity)?))
    }

    fn open(&self, owner: charity::Model) -> House {
        let mchid = owner.mchid.clone().unwrap_or_default();
        House { owner, door: cashier::House { templates: self.templates.clone(), mchid } }
    }

    /// Reads every file to its end, and keeps them only then, together. What was fetched from the channel is of our merchant; of a fund-flow
    /// bill that somebody brings, something has to say so.
    async fn keep(
        &self,
        house: &House,
        day: BusinessDate,
        files: &Files,
        fetched: bool,
        actor: &str,
    ) -> Result<(), ReconcileError> {
        let mchid = house.door.mchid.as_str();
        let mut kept = Vec::new();
        let mut bills = Bills::default();
        if let Some(bytes) = &files.trade {
            let (kind, trade) = bills::read_trade(bytes, mchid, day)?;
            kept.push(Kept { kind: bills::kind_of(kind), bytes });
            bills.trade = Some(trade);
        }
        if let Some(bytes) = &files.fund_flow {
            let flow = bills::following(bills::read_flow(bytes, mchid, day)?)?;
            if !fetched && !flow.is_empty() {
                if bills.trade.is_none() {
                    bills.trade = self.bills(house, day, day).await?.remove(&day).and_then(|bills| bills.trade);
                }
                bills.flow = Some(flow);
                // The movements of a great day are many, and mostly the bill says enough without them.
                let mut known = self.is_ours(house, day, &bills, &[]).await?;
                if !known {
                    let ours = ours::movements(self.db.read(), house.owner.book_id, day).await?;
                    known = self.is_ours(house, day, &bills, &ours).await?;
                }
                if !known {
                    let why = "没有一行与本商户有关：没有本商户号，没有账上或交易账单中的支付、退款和订单，期初余额也接不上前一日；\
                               像是别的商户的账单";
                    return Err(ReconcileError::Refused { file: bills::FUND_FLOW, why: why.to_owned() });
                }
            }
            kept.push(Kept { kind: "fund_flow", bytes });
        }
        drop(bills);
        if let Some(bytes) = &files.bank {
            let begun = begun(self.db.read(), house.owner.book_id).await?;
            if day < begun {
                return Err(ReconcileError::BeforeBooks { day, begun });
            }
            bills::read_bank(bytes, day)?;
            kept.push(Kept { kind: "bank", bytes });
        }
        let now = self.business.now();
        let tx = self.db.begin().await?;
        for file in &kept {
            bills::keep(&tx, now, house.owner.book_id, day, file, actor).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn bills(
        &self,
        house: &House,
        from: BusinessDate,
        to: BusinessDate,
    ) -> Result<BTreeMap<BusinessDate, Bills>, ReconcileError> {
        bills::in_force(self.db.read(), &house.owner, from, to).await
    }

    /// The bank's statements of these days.
    async fn statements(
        &self,
        house: &House,
        from: BusinessDate,
        to: BusinessDate,
    ) -> Result<Vec<(BusinessDate, Vec<BankLine>)>, ReconcileError> {
        bills::statements(self.db.read(), house.owner.book_id, from, to).await
    }

    /// What moved at the bank on a day: by the file of the day, otherwise by the statements of the console that cover it.
    async fn at_bank(&self, house: &House, day: BusinessDate, bills: &Bills) -> Result<Option<Vec<Money>>, DbErr> {
        if let Some(lines) = &bills.bank {
            return Ok(Some(lines.iter().map(|line| line.amount).collect()));
        }
        let db = self.db.read();
        let (book, account) = (house.owner.book_id, house.owner.bank_account.as_str());
        let covered = bank_statement::Entity::find()
            .filter(bank_statement::Column::BookId.eq(book))
            .filter(bank_statement::Column::BankAccount.eq(account))
            .filter(bank_statement::Column::FirstDay.lte(day))
            .filter(bank_statement::Column::LastDay.gte(day))
            .count(db)
            .await?;
        if covered == 0 {
            return Ok(None);
        }
        let amounts = bank_line::Entity::find()
            .select_only()
            .column(bank_line::Column::AmountFen)
            .filter(bank_line::Column::BookId.eq(book))
            .filter(bank_line::Column::BankAccount.eq(account))
            .filter(bank_line::Column::Day.eq(day))
            .into_tuple()
            .all(db)
            .await?;
        Ok(Some(amounts))
    }

    async fn reconcile(&self, house: &House, day: BusinessDate, actor: &str) -> Result<(), ReconcileError> {
        let book = house.owner.book_id;
        let db = self.db.read();
        let terms = Terms {
            rule: rule::in_force(db, book).await?,
            day,
            today: self.business.today(),
            calendar: rule::calendar(db).await?,
        };
        self.tell("reading bills", 0, 1);
        let bills = self.bills(house, day, day).await?.remove(&day).unwrap_or_default();
        self.tell("reading bills", 1, 1);
        let mut found = Findings::new(terms.today);
        let ours = ours::movements(db, book, day).await?;
        if let Some(trade) = &bills.trade {
            let mut sound = Sound::default();
            if trade.lists.0 {
                let told = (trade, bills.flow.as_deref());
                self.payments(house, &terms, told, &ours, (&mut sound, &mut found)).await?;
            }
            if trade.lists.1 {
                self.refunds(house, &terms, trade, &ours, (&mut sound, &mut found)).await?;
            }
            self.fees(house, day, &bills, &ours, (&sound, &mut found)).await?;
        }
        if bills.flow.is_some() {
            // What was booked just now came from the trade bill, and is compared as that.
            self.flows(house, &terms, &bills, &ours, &mut found).await?;
            self.withdrawals(house, &terms, &bills, &ours, &mut found).await?;
        }
        self.bank(house, &terms, &mut found).await?;
        self.followed(house, (day, &bills), &ours, &mut found).await?;
        let bank = self.at_bank(house, day, &bills).await?;

        let now = self.business.now();
        let tx = self.db.begin().await?;
        let ours = if found.booked { ours::movements(&tx, book, day).await? } else { ours };
        let proof = report::proof(&tx, book, day, bills.flow.as_deref(), &ours).await?;
        if proof.unexplained != Money::ZERO {
            let key = report::balance_key(day);
            let detail = "资金账单的期初余额与上一份资金账单的期末余额不同，差额没有流水";
            found.add(BreakClass::UnknownLine, &key, proof.unexplained, None, detail);
            found.advise(
                BreakClass::UnknownLine,
                &key,
                "余额衔接不上：核对前后两份资金账单并向微信核实，缺账单的补取，或说明原因",
            );
        }
        findings::write(&tx, now, book, day, &found).await?;
        findings::buffer(&tx, now, book, day, &found).await?;
        let open = findings::open(&tx, book, day).await?;
        let sides = report::sides(day, &bills, &ours, bank);
        let state = self.write(&tx, now, (book, &terms), actor, (&bills, &found, open, sides, proof)).await?;
        tx.commit().await?;
        metrics::counter!("sangzi_reconciliations_total", "state" => state).increment(1);
        Ok(())
    }

    async fn write(
        &self,
        tx: &entity::Tx,
        now: Timestamp,
        (book, terms): (BookId, &Terms),
        actor: &str,
        (bills, found, open, sides, proof): (&Bills, &Findings, Vec<discrepancy::Model>, Sides, Proof),
    ) -> Result<&'static str, ReconcileError> {
        let day = terms.day;
        let whole = bills.trade.as_ref().is_some_and(|trade| trade.lists == (true, true)) && bills.flow.is_some();
        let any = bills.trade.is_some() || bills.flow.is_some() || bills.bank.is_some();
        let state = match (whole, any, open.is_empty()) {
            (true, _, true) => "matched",
            (true, _, false) => "with_breaks",
            (false, true, _) => "read",
            (false, false, _) => "waiting",
        };
        let report = DayReport {
            date: day,
            state: state.to_owned(),
            matched: found.matched,
            healed: found.healed,
            waiting: found.waiting.len() as u64,
            buffer: found.waiting.iter().map(|one| report::BufferLine::of(one, day, terms.today)).collect(),
            breaks: open.iter().map(|row| BreakLine::of(row, now)).collect(),
            sides,
            proof,
            ran_at: now,
        };
        let row = reconciliation_run::ActiveModel {
            id: Set(ReconciliationRunId::new()),
            book_id: Set(book),
            day: Set(day),
            state: Set(state.to_owned()),
            report: Set(report::text(&report)?),
            actor: Set(actor.to_owned()),
            ran_us: Set(now),
        };
        row.insert(tx).await?;
        Ok(state)
    }
}

/// The first day of a book that has anything to reconcile, and whether it began with opening balances (期初余额). They hold all that moved
/// until their day: with nothing else booked on it the books begin with the next, and its bills would tell everything twice.
async fn first_day(db: &impl ConnectionTrait, id: BookId) -> Result<Option<(BusinessDate, bool)>, DbErr> {
    let Some((first, _)) = ledger::booked_days(db, id).await? else { return Ok(None) };
    let sql = "SELECT (SELECT CAST(count(*) AS BIGINT) FROM entry o WHERE o.book_id = $1 AND o.book_date = $2) AS n \
               FROM manual_voucher v JOIN entry e ON e.id = v.entry_id \
               WHERE v.book_id = $1 AND v.kind = 'opening' AND v.state = 'posted' AND e.book_date = $2";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [id.into(), first.into()]);
    let Some(row) = db.query_one_raw(statement).await? else { return Ok(Some((first, false))) };
    let alone = row.try_get::<i64>("", "n")? == 1;
    Ok(Some((if alone { first.next() } else { first }, true)))
}

/// The first day of which a bank's file can be about a book: after its opening balances; without them from the year it was opened in, or
/// from what was booked before that.
async fn begun(db: &impl ConnectionTrait, id: BookId) -> Result<BusinessDate, ReconcileError> {
    let book = book::Entity::find_by_id(id).one(db).await?.ok_or(ReconcileError::NoSuchCharity)?;
    let opened = BusinessDate::of(book.created_us);
    let year = BusinessDate::new(opened.year(), 1, 1).unwrap_or(opened);
    Ok(match first_day(db, id).await? {
        Some((first, true)) => first,
        Some((first, false)) => first.min(year),
        None => year,
    })
}

/// The last day up to which every day was reconciled with both its bills; none before the first.
pub(crate) async fn through(db: &impl ConnectionTrait, book: BookId) -> Result<Option<BusinessDate>, DbErr> {
    let Some((first, _)) = first_day(db, book).await? else { return Ok(None) };
    let ran: BTreeSet<BusinessDate> = reconciliation_run::Entity::find()
        .select_only()
        .column(reconciliation_run::Column::Day)
        .filter(reconciliation_run::Column::BookId.eq(book))
        .filter(reconciliation_run::Column::State.is_in(["matched", "with_breaks"]))
        .distinct()
        .into_tuple::<BusinessDate>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let mut last = None;
    let mut day = first;
    while ran.contains(&day) {
        last = Some(day);
        day = day.next();
    }
    Ok(last)
}
