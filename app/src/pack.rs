//! The annual audit pack (年度审计资料): everything an auditor asks of a year, in one archive with a list of its files and their SHA-256.
//!
//! One snapshot gives all of it, so the parts agree. Memory holds the archive and one table at a time.

mod records;

use std::collections::HashMap;
use std::io::{Cursor, Write as _};

use aws_lc_rs::digest::{SHA256, digest};
use domain::role::{Member, Role};
use domain::voucher::{Side, VoucherLine};
use domain::{AccountId, BookId, BusinessDate, Money, StaffId};
use entity::{
    Tx, audit_log, audited_year, bank_balance, book, campaign, cash_count, manual_voucher, reconciliation_run, staff,
    year_closing,
};
use futures_util::TryStreamExt;
use ledger::{Adjustments, JournalEntry};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Statement, StreamTrait,
};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::campaign_sheet::{self as sheet};
use crate::closing::{
    Closing, Period, Statements, adjustments, sheets_missing, statements_workbook, taken_back, unmet,
};
use crate::exports::Chart;
use crate::ratios::{self, Ratio, Verdict};
use crate::reconciliation::DayReport;

/// Who takes it.
const READERS: [Role; 3] = [Role::Bookkeeper, Role::FinanceHead, Role::Auditor];

/// Why there is no pack.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// There is no such book.
    #[error("no such book")]
    NoSuchBook,
    /// There is no such year.
    #[error("there is no such year")]
    NoSuchYear,
    /// The asker lacks the role.
    #[error(transparent)]
    Forbidden(#[from] domain::role::Forbidden),
    /// A sheet could not be written.
    #[error("the sheet cannot be written")]
    Sheet(#[from] rust_xlsxwriter::XlsxError),
    /// A table could not be written.
    #[error("the table cannot be written")]
    Csv(#[from] csv::Error),
    /// The archive could not be written.
    #[error("the archive cannot be written")]
    Zip(#[from] zip::result::ZipError),
    /// The archive could not be written.
    #[error("the archive cannot be written")]
    Io(#[from] std::io::Error),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
}

/// The archive under way.
struct Archive {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    /// Name and SHA-256 of each file.
    list: Vec<(String, String)>,
}

impl Archive {
    fn add(&mut self, name: &str, bytes: &[u8]) -> Result<(), PackError> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.zip.start_file(name, options)?;
        self.zip.write_all(bytes)?;
        self.list.push((name.to_owned(), hex::encode(digest(&SHA256, bytes))));
        Ok(())
    }

    fn table(&mut self, name: &str, table: Table) -> Result<(), PackError> {
        let bytes = table.0.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?;
        self.add(name, &bytes)
    }
}

/// A table that office programs open as it is: UTF-8 with its mark.
struct Table(csv::Writer<Vec<u8>>);

impl Table {
    fn new(head: &[&str]) -> Result<Table, PackError> {
        let mut table = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
        table.write_record(head)?;
        Ok(Table(table))
    }

    fn row<const N: usize>(&mut self, cells: [&str; N]) -> Result<(), PackError> {
        // What begins like a formula is text.
        let cells =
            cells.map(|cell| if cell.starts_with(['=', '+', '@']) { format!("'{cell}") } else { cell.to_owned() });
        Ok(self.0.write_record(cells)?)
    }
}

/// What people are called, beside their ids: two may have one name.
struct Names(HashMap<StaffId, String>);

impl Names {
    async fn read(tx: &Tx) -> Result<Names, DbErr> {
        let rows = staff::Entity::find().all(tx).await?;
        Ok(Names(rows.into_iter().map(|row| (row.id, row.name)).collect()))
    }

    fn of(&self, id: Option<StaffId>) -> String {
        let Some(id) = id else { return String::new() };
        match self.0.get(&id) {
            Some(name) => format!("{name}（{id}）"),
            None => id.to_string(),
        }
    }

    /// Who did it, and whom they stood in for.
    fn signed(&self, id: Option<StaffId>, acting_for: Option<StaffId>) -> String {
        match acting_for {
            Some(_) => format!("{} 代 {}", self.of(id), self.of(acting_for)),
            None => self.of(id),
        }
    }

    /// Who booked an entry: a person by name, the system by its word.
    fn actor(&self, actor: &str) -> String {
        let id = actor.rsplit(':').next().and_then(|id| id.parse::<StaffId>().ok());
        id.filter(|id| self.0.contains_key(id)).map_or_else(|| actor.to_owned(), |id| self.of(Some(id)))
    }
}

/// The word of the program for a state or a kind; nothing for nothing.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::json!(value).as_str().unwrap_or_default().to_owned()
}

impl Closing {
    /// The pack of a year, up to today if it is not over.
    pub async fn audit_pack(&self, id: BookId, year: i32, by: &Member) -> Result<(String, Vec<u8>), PackError> {
        by.must_be(&READERS)?;
        by.may(&READERS, &crowdfunding::book_place(self.db.read(), id).await?)?;
        let tx = self.db.snapshot().await?;
        let row = book::Entity::find_by_id(id).one(&tx).await?.ok_or(PackError::NoSuchBook)?;
        let whole = Period::year(year).ok_or(PackError::NoSuchYear)?;
        let period = Period { last: whole.last.min(self.clock.today()), ..whole };
        if period.last < period.first {
            return Err(PackError::NoSuchYear);
        }
        let late = adjustments(&tx, id, year).await?;
        let mut archive = Archive { zip: ZipWriter::new(Cursor::new(Vec::new())), list: Vec::new() };
        let chart = Chart::read(&tx, &row).await?;
        statements(&mut archive, &tx, &row, period, &late).await?;
        balances(&mut archive, &tx, &row, &chart, period).await?;
        let names = Names::read(&tx).await?;
        journal(&mut archive, &tx, &row, (&chart, &names), period).await?;
        ledgers(&mut archive, &tx, &row, period).await?;
        vouchers(&mut archive, &tx, &names, id, year).await?;
        proofs(&mut archive, &tx, &names, id, period).await?;
        records::breaks(&mut archive, &tx, &names, id, period).await?;
        counts(&mut archive, &tx, &names, id, period).await?;
        seals(&mut archive, &tx, id, period).await?;
        records::papers(&mut archive, &tx, &names, id, period).await?;
        small(&mut archive, &tx, &names, id, period).await?;
        records::refunds(&mut archive, &tx, &names, id, period).await?;
        records::ages(&mut archive, &tx, &chart, id, period).await?;
        records::disclosures(&mut archive, &tx, &names, id, period).await?;
        figures(&mut archive, &tx, id, (year, period)).await?;
        campaigns(&mut archive, &tx, id, period).await?;
        months(&mut archive, &tx, &names, id, year).await?;
        reports(&mut archive, &tx, &names, id, year).await?;
        tx.commit().await?;
        let mut list = String::from("SHA-256  文件\n");
        for (name, hash) in &archive.list {
            list.push_str(&format!("{hash}  {name}\n"));
        }
        archive.add("清单.txt", list.as_bytes())?;
        let bytes = archive.zip.finish()?.into_inner();
        Ok((format!("{}-{year}-审计资料.zip", row.code), bytes))
    }
}

/// 会计报表, as closed, and with the adjustments if there are any.
async fn statements(
    archive: &mut Archive,
    tx: &Tx,
    book: &book::Model,
    period: Period,
    late: &Adjustments,
) -> Result<(), PackError> {
    let Period { first, last } = period;
    let none = Adjustments::default();
    let both = [(&none, "会计报表.xlsx"), (late, "会计报表（含审计调整）.xlsx")];
    let wanted = if late.nets.is_empty() { 1 } else { 2 };
    for (adjustments, name) in both.into_iter().take(wanted) {
        let found = Statements {
            balance_sheet: ledger::adjusted_balance_sheet(tx, book.id, last, adjustments).await?,
            activities: ledger::adjusted_activities(tx, book.id, (first, last), adjustments).await?,
            cash_flows: ledger::cash_flows(tx, book.id, first, last).await?,
        };
        archive.add(name, &statements_workbook(book, period, !adjustments.nets.is_empty(), &found)?)?;
    }
    Ok(())
}

/// 科目余额表: each account with what stood, what moved and what stands.
async fn balances(
    archive: &mut Archive,
    tx: &Tx,
    book: &book::Model,
    chart: &Chart,
    period: Period,
) -> Result<(), PackError> {
    let opening = ledger::balances(tx, book.id, Some(period.first.previous())).await?;
    let closing = ledger::balances(tx, book.id, Some(period.last)).await?;
    let mut table = Table::new(&["科目", "账户", "年初余额", "本期借方", "本期贷方", "期末余额"])?;
    for (id, account) in chart.accounts() {
        let (before, after) =
            (opening.get(id).copied().unwrap_or_default(), closing.get(id).copied().unwrap_or_default());
        let moved = |after: Money, before: Money| Money::from_fen(after.fen() - before.fen()).to_string();
        table.row([
            &account.title(),
            &account.name,
            &before.net().to_string(),
            &moved(after.debit, before.debit),
            &moved(after.credit, before.credit),
            &after.net().to_string(),
        ])?;
    }
    archive.table("科目余额表.csv", table)
}

/// 序时账: each voucher line by line.
async fn journal(
    archive: &mut Archive,
    tx: &Tx,
    book: &book::Model,
    (chart, names): (&Chart, &Names),
    period: Period,
) -> Result<(), PackError> {
    let mut table = Table::new(&[
        "凭证号",
        "记账日期",
        "业务日期",
        "业务",
        "凭证索引",
        "摘要",
        "附件号",
        "经办",
        "科目",
        "账户",
        "借方",
        "贷方",
    ])?;
    let write = &mut |entry: JournalEntry| -> Result<(), PackError> {
        let number = entry.voucher.as_ref().map(|(number, _)| number.to_string()).unwrap_or_default();
        for (id, balance) in entry.voucher_lines() {
            let (title, name) = named(chart, id);
            table.row([
                &number,
                &entry.book_date.to_string(),
                &entry.event_date.to_string(),
                &entry.kind,
                &entry.reference,
                entry.memo.as_deref().unwrap_or_default(),
                entry.document.as_deref().unwrap_or_default(),
                &names.actor(&entry.actor),
                &title,
                &name,
                &balance.debit.to_string(),
                &balance.credit.to_string(),
            ])?;
        }
        Ok(())
    };
    ledger::journal(tx, book.id, Some(period.first), Some(period.last), write).await?;
    archive.table("序时账.csv", table)
}

fn named(chart: &Chart, id: AccountId) -> (String, String) {
    chart.get(id).map(|account| (account.title(), account.name.clone())).unwrap_or_default()
}

/// 明细账: each account with its lines and the balance after each.
async fn ledgers(archive: &mut Archive, tx: &Tx, book: &book::Model, period: Period) -> Result<(), PackError> {
    let half = |own: &str, other: &str, debit: &str, credit: &str| {
        format!(
            "SELECT a.name, s.name AS subject, e.book_date, e.event_date, e.booked_us, e.reference, p.line, c.name AS contra, {debit} AS debit_fen, \
             {credit} AS credit_fen FROM entry e JOIN posting p ON p.entry_id = e.id JOIN account a ON a.id = p.{own} \
             JOIN account c ON c.id = p.{other} JOIN subject s ON s.chart = a.chart AND s.code = a.subject \
             WHERE e.book_id = $1 AND e.book_date >= $2 AND e.book_date <= $3"
        )
    };
    let sql = format!(
        "SELECT * FROM ({} UNION ALL {}) t ORDER BY name, book_date, booked_us, reference, line",
        half("debit_account", "credit_account", "p.amount_fen", "0"),
        half("credit_account", "debit_account", "0", "p.amount_fen"),
    );
    let before = ledger::trial_balance(tx, Some(book.id), Some(period.first.previous())).await?;
    let values = [book.id.into(), period.first.to_string().into(), period.last.to_string().into()];
    let statement = Statement::from_sql_and_values(ConnectionTrait::get_database_backend(tx), sql, values);
    let mut table =
        Table::new(&["账户", "科目", "记账日期", "业务日期", "凭证索引", "对方账户", "借方", "贷方", "余额"])?;
    let (mut account, mut balance) = (String::new(), 0i64);
    let mut rows = StreamTrait::stream_raw(tx, statement).await?;
    while let Some(row) = rows.try_next().await? {
        let name: String = row.try_get("", "name")?;
        if name != account {
            let stood = before.iter().find(|line| line.account == name);
            balance = stood.map_or(0, |line| line.debit.fen() - line.credit.fen());
            let (subject, stands) = (row.try_get::<String>("", "subject")?, Money::from_fen(balance).to_string());
            table.row([&name, &subject, "", "", "年初余额", "", "", "", &stands])?;
            account.clone_from(&name);
        }
        let (debit, credit): (i64, i64) = (row.try_get("", "debit_fen")?, row.try_get("", "credit_fen")?);
        balance += debit - credit;
        table.row([
            &name,
            &row.try_get::<String>("", "subject")?,
            &row.try_get::<String>("", "book_date")?,
            &row.try_get::<String>("", "event_date")?,
            &row.try_get::<String>("", "reference")?,
            &row.try_get::<String>("", "contra")?,
            &Money::from_fen(debit).to_string(),
            &Money::from_fen(credit).to_string(),
            &Money::from_fen(balance).to_string(),
        ])?;
    }
    drop(rows);
    archive.table("明细账.csv", table)
}

/// 手工凭证: who wrote, handed in and posted each, and how many documents it has.
async fn vouchers(archive: &mut Archive, tx: &Tx, names: &Names, book: BookId, year: i32) -> Result<(), PackError> {
    let rows = manual_voucher::Entity::find()
        .filter(manual_voucher::Column::BookId.eq(book))
        .filter(manual_voucher::Column::EventDate.starts_with(year.to_string()))
        .order_by_asc(manual_voucher::Column::EventDate)
        .order_by_asc(manual_voucher::Column::Id)
        .all(tx)
        .await?;
    let campaigns = campaign::Entity::find().filter(campaign::Column::BookId.eq(book)).all(tx).await?;
    let campaigns: HashMap<_, _> = campaigns.into_iter().map(|row| (row.id, row.name)).collect();
    let chart = book::Entity::find_by_id(book).one(tx).await?.map(|row| row.chart).unwrap_or_default();
    let subjects = ledger::subjects(tx).await?;
    let subjects: HashMap<String, String> =
        subjects.into_iter().filter(|((of, _), _)| *of == chart).map(|((_, code), row)| (code, row.name)).collect();
    let sql = "SELECT object, CAST(count(*) AS BIGINT) AS n FROM attachment WHERE object LIKE 'manual_voucher:%' AND withdrawn_us IS NULL \
               GROUP BY object";
    let attached = tx.query_all_raw(Statement::from_string(ConnectionTrait::get_database_backend(tx), sql)).await?;
    let attached: std::collections::HashMap<String, i64> = attached
        .iter()
        .map(|row| Ok((row.try_get("", "object")?, row.try_get("", "n")?)))
        .collect::<Result<_, DbErr>>()?;
    let mut table = Table::new(&[
        "编号",
        "种类",
        "状态",
        "业务日期",
        "摘要",
        "金额",
        "制单",
        "提交",
        "审核记账",
        "冲销原凭证",
        "附件数",
        "分录",
    ])?;
    for row in rows {
        let documents = attached.get(&crate::vouchers::object(row.id)).copied().unwrap_or_default();
        table.row([
            &row.id.to_string(),
            &word(&row.kind),
            &word(&row.state),
            &row.event_date.to_string(),
            &row.summary,
            &row.total_fen.to_string(),
            &names.signed(Some(row.author_id), row.author_for_id),
            &names.signed(row.submitter_id, row.submitter_for_id),
            &names.signed(row.poster_id, row.poster_for_id),
            &row.reverses_id.map(|id| id.to_string()).unwrap_or_default(),
            &documents.to_string(),
            &spelled(&row.lines, &campaigns, &subjects)?,
        ])?;
    }
    archive.table("手工凭证.csv", table)
}

/// The lines of a voucher in words: `借 5301 管理费用 30.00；贷 2202 应付账款 30.00`.
fn spelled(
    lines: &str,
    campaigns: &HashMap<domain::CampaignId, String>,
    subjects: &HashMap<String, String>,
) -> Result<String, PackError> {
    let lines: Vec<VoucherLine> = serde_json::from_str(lines).map_err(|error| DbErr::Json(error.to_string()))?;
    let one = |line: VoucherLine| {
        let side = if line.side == Side::Debit { "借" } else { "贷" };
        let of = line.account;
        let name = subjects.get(&of.subject).map_or("", String::as_str);
        let campaign = of.campaign.map(|id| campaigns.get(&id).cloned().unwrap_or_else(|| id.to_string()));
        let apart = [campaign, of.budget_line, of.channel, of.bank_account, of.contract, of.payable];
        let apart: Vec<String> = apart.into_iter().flatten().chain(of.goods.then(|| "物资".to_owned())).collect();
        let apart = if apart.is_empty() { String::new() } else { format!("［{}］", apart.join("，")) };
        format!("{side} {} {name}{apart} {}", of.subject, line.amount)
    };
    Ok(lines.into_iter().map(one).collect::<Vec<_>>().join("；"))
}

/// 对账证明: the newest report of each day, 1009 against the channel; and what each bank account held at the end of each month.
async fn proofs(archive: &mut Archive, tx: &Tx, names: &Names, book: BookId, period: Period) -> Result<(), PackError> {
    let sql = "SELECT * FROM reconciliation_run r WHERE book_id = $1 AND day >= $2 AND day <= $3 AND NOT EXISTS (SELECT 1 FROM reconciliation_run n \
               WHERE n.book_id = r.book_id AND n.day = r.day AND (n.ran_us, n.id) > (r.ran_us, r.id)) ORDER BY day";
    let span = || [book.into(), period.first.to_string().into(), period.last.to_string().into()];
    let backend = ConnectionTrait::get_database_backend(tx);
    let mut table = Table::new(&[
        "日期",
        "状态",
        "账面微信余额",
        "渠道余额",
        "期初差额",
        "当日列示项目",
        "未解释",
        "在途",
        "已核对",
        "未决差错",
    ])?;
    for row in tx.query_all_raw(Statement::from_sql_and_values(backend, sql, span())).await? {
        let run = reconciliation_run::Model::from_query_result(&row, "")?;
        let report: DayReport = serde_json::from_str(&run.report).map_err(|error| DbErr::Json(error.to_string()))?;
        let listed: i64 = report.proof.items.iter().map(|item| item.amount.fen()).sum();
        table.row([
            &report.date.to_string(),
            &report.state,
            &report.proof.ledger.to_string(),
            &report.proof.channel.map(|amount| amount.to_string()).unwrap_or_default(),
            &report.proof.carried.to_string(),
            &Money::from_fen(listed).to_string(),
            &report.proof.unexplained.to_string(),
            &report.proof.in_transit.to_string(),
            &report.matched.to_string(),
            &report.breaks.len().to_string(),
        ])?;
    }
    archive.table("微信余额对账证明.csv", table)?;
    let sql = "SELECT a.name, substr(d.day, 1, 7) AS month, CAST(SUM(d.debit_fen) AS BIGINT) AS debit_fen, \
               CAST(SUM(d.credit_fen) AS BIGINT) AS credit_fen FROM account a JOIN account_day d ON d.account_id = a.id \
               WHERE a.book_id = $1 AND a.subject = '1002' AND d.day <= $2 GROUP BY a.name, substr(d.day, 1, 7) ORDER BY a.name, month";
    let values = [book.into(), period.last.to_string().into()];
    let mut table = Table::new(&["银行账户", "月份", "借方", "贷方", "月末余额"])?;
    let (mut account, mut balance) = (String::new(), 0i64);
    for row in tx.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await? {
        let (name, month): (String, String) = (row.try_get("", "name")?, row.try_get("", "month")?);
        if name != account {
            balance = 0;
            account.clone_from(&name);
        }
        let (debit, credit): (i64, i64) = (row.try_get("", "debit_fen")?, row.try_get("", "credit_fen")?);
        balance += debit - credit;
        if month.starts_with(&period.first.year().to_string()) {
            let yuan = |fen| Money::from_fen(fen).to_string();
            table.row([&name, &month, &yuan(debit), &yuan(credit), &yuan(balance)])?;
        }
    }
    archive.table("银行存款月末余额.csv", table)?;
    let signed = bank_balance::Entity::find()
        .filter(bank_balance::Column::BookId.eq(book))
        .filter(bank_balance::Column::Month.starts_with(period.first.year().to_string()))
        .order_by_asc(bank_balance::Column::BankAccount)
        .order_by_asc(bank_balance::Column::Month)
        .order_by_asc(bank_balance::Column::CreatedUs);
    let mut table = Table::new(&["银行账户", "月份", "账面余额", "对账单余额", "调节后余额", "状态", "编制", "复核"])?;
    for row in signed.all(tx).await? {
        table.row([
            &row.bank_account,
            &row.month,
            &row.ledger_fen.to_string(),
            &row.statement_fen.to_string(),
            &row.adjusted_fen.to_string(),
            &word(&row.state),
            &names.signed(Some(row.author_id), row.author_for_id),
            &names.signed(row.reviewer_id, row.reviewer_for_id),
        ])?;
    }
    // Months that are over and of which nobody has reviewed one.
    let whole = Period::month(period.last.year(), period.last.month()).filter(|month| month.last == period.last);
    let over =
        whole.map_or(BusinessDate::new(period.last.year(), period.last.month(), 1), |_| Some(period.last.next()));
    if let Some(over) = over.map(BusinessDate::previous).filter(|over| *over >= period.first) {
        for missing in sheets_missing(tx, book, (period.first, over)).await? {
            let (account, month) = missing.rsplit_once(' ').unwrap_or((missing.as_str(), ""));
            table.row([account, month, "", "", "", "未编制或未复核", "", ""])?;
        }
    }
    archive.table("银行存款余额调节表.csv", table)
}

async fn counts(archive: &mut Archive, tx: &Tx, names: &Names, book: BookId, period: Period) -> Result<(), PackError> {
    let rows = cash_count::Entity::find()
        .filter(cash_count::Column::BookId.eq(book))
        .filter(cash_count::Column::CountedOn.between(period.first, period.last))
        .order_by_asc(cash_count::Column::CreatedUs)
        .all(tx)
        .await?;
    let mut table =
        Table::new(&["日期", "钱箱", "实点", "账面", "状态", "处理", "盘点人", "监盘人", "决定人", "原因"])?;
    for row in rows {
        table.row([
            &row.counted_on.to_string(),
            &row.cash_box,
            &row.counted_fen.to_string(),
            &row.booked_fen.to_string(),
            &word(&row.state),
            &word(&row.choice),
            &names.signed(Some(row.counter_id), row.counter_for_id),
            &names.signed(row.witness_id, row.witness_for_id),
            &names.signed(row.decider_id, row.decider_for_id),
            row.reason.as_deref().unwrap_or_default(),
        ])?;
    }
    archive.table("现金盘点.csv", table)
}

async fn seals(archive: &mut Archive, tx: &Tx, book: BookId, period: Period) -> Result<(), PackError> {
    let mut table = Table::new(&["日期", "首号", "末号", "树根", "前一日封存", "封存"])?;
    let days = ledger::seals(tx, book, Some(period.last.next()), 366).await?;
    for seal in days.into_iter().rev().filter(|seal| seal.day >= period.first) {
        table.row([
            &seal.day.to_string(),
            &seal.first_number.to_string(),
            &seal.last_number.to_string(),
            &hex::encode(&seal.tree_head),
            &seal.previous.map(hex::encode).unwrap_or_default(),
            &hex::encode(&seal.seal),
        ])?;
    }
    archive.table("日封存.csv", table)
}

/// What was approved under the profile `small`.
async fn small(archive: &mut Archive, tx: &Tx, names: &Names, book: BookId, period: Period) -> Result<(), PackError> {
    let sql = "SELECT d.id, d.kind, d.amount_fen, d.purpose, d.author_id, d.approved_us, a.approver_id FROM disbursement d \
               LEFT JOIN disbursement_approval a ON a.disbursement_id = d.id AND a.round = d.round \
               WHERE d.book_id = $1 AND d.profile = 'small' AND d.approved_us >= $2 AND d.approved_us < $3 ORDER BY d.approved_us, d.id";
    let values = [book.into(), period.first.start().into(), period.last.next().start().into()];
    let rows = tx
        .query_all_raw(Statement::from_sql_and_values(ConnectionTrait::get_database_backend(tx), sql, values))
        .await?;
    let mut table = Table::new(&["编号", "种类", "金额", "用途", "申请人", "审批人", "批准日期"])?;
    for row in rows {
        let approved: domain::Timestamp = row.try_get("", "approved_us")?;
        let approver: Option<domain::StaffId> = row.try_get("", "approver_id")?;
        table.row([
            &row.try_get::<uuid::Uuid>("", "id")?.to_string(),
            &row.try_get::<String>("", "kind")?,
            &Money::from_fen(row.try_get("", "amount_fen")?).to_string(),
            &row.try_get::<String>("", "purpose")?,
            &names.of(Some(row.try_get("", "author_id")?)),
            &names.of(approver),
            &BusinessDate::of(approved).to_string(),
        ])?;
    }
    archive.table("小型组织审批清单.csv", table)
}

async fn figures(archive: &mut Archive, tx: &Tx, book: BookId, (year, period): (i32, Period)) -> Result<(), PackError> {
    let (of_book, of_campaigns) = ratios::measure(tx, book, year, period.last).await?;
    let mut table = Table::new(&["指标", "项目", "分子", "分母", "比例", "限额", "提示线", "结论", "依据"])?;
    let whole = of_book.into_iter().map(|measured| (String::new(), measured));
    for (name, measured) in whole.chain(of_campaigns.into_iter().map(|one| (one.name, one.measured))) {
        let (bound, warning, source) =
            measured.rule.map(|rule| (rule.bound, rule.warning, rule.source)).unwrap_or_default();
        let verdict = match measured.verdict {
            Verdict::Holds => "符合",
            Verdict::Warns => "提示",
            Verdict::Breaks => "不符合",
            Verdict::Exempt => "豁免",
            Verdict::Undefined => "不适用",
        };
        table.row([
            Ratio::title(measured.ratio),
            &name,
            &measured.numerator.to_string(),
            &measured.denominator.to_string(),
            &measured.percent.unwrap_or_default(),
            &bound.unwrap_or_default(),
            &warning.unwrap_or_default(),
            verdict,
            &source,
        ])?;
    }
    archive.table("财务指标.csv", table)
}

async fn campaigns(archive: &mut Archive, tx: &Tx, book: BookId, period: Period) -> Result<(), PackError> {
    let mut table = Table::new(&["项目", "状态", "名目", "金额"])?;
    let rows = campaign::Entity::find().filter(campaign::Column::BookId.eq(book)).order_by_asc(campaign::Column::Id);
    for sheet in sheet::sheets(tx, book, rows.all(tx).await?, period.last).await? {
        let state = serde_json::json!(sheet.campaign.state).as_str().unwrap_or_default().to_owned();
        if sheet.totals == sheet::Totals::default() {
            continue;
        }
        for (title, amount) in sheet::titled(&sheet.totals) {
            table.row([&sheet.campaign.name, &state, title, &amount.to_string()])?;
        }
        for line in sheet.lines {
            let title = format!("支出：{} {}（预算{}）", line.code, line.name, line.planned);
            table.row([&sheet.campaign.name, &state, &title, &line.spent.to_string()])?;
        }
    }
    archive.table("项目收支表.csv", table)
}

/// 月结: which months were locked, by whom, and in spite of what, as the trail keeps it.
async fn months(archive: &mut Archive, tx: &Tx, names: &Names, book: BookId, year: i32) -> Result<(), PackError> {
    let locks = audit_log::Entity::find()
        .filter(audit_log::Column::Action.eq("book.close_month"))
        .filter(audit_log::Column::Object.eq(format!("book:{book}")))
        .order_by_asc(audit_log::Column::AtUs)
        .order_by_asc(audit_log::Column::Id);
    let mut table = Table::new(&["锁定至", "未办完的事项", "原因", "锁定人", "锁定日期"])?;
    for row in locks.all(tx).await? {
        let detail: serde_json::Value =
            serde_json::from_str(&row.detail).map_err(|error| DbErr::Json(error.to_string()))?;
        let said = |key: &str| detail[key].as_str().unwrap_or_default();
        let unmet = detail["unmet"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
        if said("through").starts_with(&year.to_string()) {
            table.row([
                said("through"),
                &unmet.collect::<Vec<_>>().join("；"),
                said("reason"),
                &names.actor(&row.actor),
                &BusinessDate::of(row.at_us).to_string(),
            ])?;
        }
    }
    archive.table("月结.csv", table)
}

/// 审计报告, and by whom the year was ended in spite of what.
async fn reports(archive: &mut Archive, tx: &Tx, names: &Names, book: BookId, year: i32) -> Result<(), PackError> {
    let closings = year_closing::Entity::find()
        .filter(year_closing::Column::BookId.eq(book))
        .filter(year_closing::Column::Year.eq(i64::from(year)))
        .order_by_asc(year_closing::Column::CreatedUs);
    let mut table = Table::new(&["状态", "未办完的事项", "原因", "提出人", "提出日期", "决定人", "决定日期"])?;
    for row in closings.all(tx).await? {
        table.row([
            &word(&row.state),
            &unmet(&row).join("；"),
            row.reason.as_deref().unwrap_or_default(),
            &names.signed(Some(row.author_id), row.author_for_id),
            &BusinessDate::of(row.created_us).to_string(),
            &if taken_back(&row) {
                "提出人撤回".to_owned()
            } else {
                names.signed(row.approver_id, row.approver_for_id)
            },
            &row.decided_us.map(|at| BusinessDate::of(at).to_string()).unwrap_or_default(),
        ])?;
    }
    archive.table("年终结转.csv", table)?;
    let rows = audited_year::Entity::find()
        .filter(audited_year::Column::BookId.eq(book))
        .filter(audited_year::Column::Year.eq(i64::from(year)))
        .order_by_asc(audited_year::Column::CreatedUs);
    let mut table = Table::new(&["会计师事务所", "报告号", "报告日期", "状态", "登记人", "确认人"])?;
    for row in rows.all(tx).await? {
        table.row([
            &row.auditor,
            &row.report_number,
            &row.reported_on.to_string(),
            &word(&row.state),
            &names.signed(Some(row.author_id), row.author_for_id),
            &names.signed(row.approver_id, row.approver_for_id),
        ])?;
    }
    archive.table("审计报告.csv", table)
}
