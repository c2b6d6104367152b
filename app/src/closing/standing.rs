//! What stands for and against locking a month, or ending a year, looked at before it is done: after that nothing is dated into it any
//! more. Months before it that are not locked are looked at with it, since they are locked with it.

use std::collections::{BTreeMap, BTreeSet};

use domain::bank::{BalanceState, LineState};
use domain::role::Member;
use domain::transfer::TransferState;
use domain::voucher::VoucherState;
use domain::working_day::WorkingCalendar;
use domain::{BookId, BusinessDate};
use entity::{
    bank_balance, bank_line, book, calendar_day, charity, discrepancy, loan_programme, manual_voucher,
    reconciliation_rule, transfer,
};
use ledger::Subject;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};

use super::{Closing, ClosingError, Period, READERS};
use crate::reconciliation::{self, Rule};

/// How many 余额调节表 are named that are missing.
const NAMED: usize = 6;

/// Where a month stands, or a year, with the months before it that are not locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthStanding {
    /// Whether debits are credits at its end.
    pub balanced: bool,
    /// Whether the book's money goes through the channel: only then its days are reconciled.
    pub on_channel: bool,
    /// The last day up to which every day is reconciled; none before the first.
    pub reconciled: Option<BusinessDate>,
    /// How many breaks of its days are open.
    pub breaks: u64,
    /// Which 银行存款余额调节表 are missing or not reviewed: account and month.
    pub sheets: Vec<String>,
    /// How many lines of the bank nobody has looked at.
    pub lines: u64,
    /// On which accounts at the bank, by name.
    pub lines_at: Vec<String>,
    /// How many vouchers are handed in and not posted.
    pub vouchers: u64,
    /// How much money is longer on its way (在途) than the book's rule lets it.
    pub transit: u64,
    /// The last closed day of its loans, if it is a programme's memo book.
    pub loans: Option<BusinessDate>,
}

impl MonthStanding {
    /// Whether every day of the month is reconciled, or none has to be.
    pub fn is_reconciled(&self, month: Period) -> bool {
        !self.on_channel || self.reconciled.is_some_and(|day| day >= month.last)
    }

    /// Whether the days of its loans are closed to its end, or it has none.
    pub fn has_all_loan_days(&self, month: Period) -> bool {
        self.loans.is_none_or(|through| through >= month.last)
    }

    /// What stands against locking it, in the words of the bookkeeper; nothing if all is well.
    pub fn against(&self, month: Period) -> Vec<String> {
        let mut against = Vec::new();
        if !self.balanced {
            against.push("试算不平衡".to_owned());
        }
        if !self.is_reconciled(month) {
            against.push(match self.reconciled {
                Some(day) => format!("连续对账只到{day}，其后还有未对账的日子"),
                None => "还没有对账".to_owned(),
            });
        }
        if self.breaks > 0 {
            against.push(format!("期间内有{}笔差错待处理", self.breaks));
        }
        if let Some(words) = self.sheets_missing() {
            against.push(words);
        }
        if self.lines > 0 {
            against.push(format!("有{}笔银行流水还没有核对", self.lines));
        }
        if self.vouchers > 0 {
            against.push(format!("有{}张凭证已提交、尚未记账", self.vouchers));
        }
        if self.transit > 0 {
            against.push(format!("有{}笔在途资金超过期限仍未到账", self.transit));
        }
        if let Some(through) = self.loans.filter(|_| !self.has_all_loan_days(month)) {
            against.push(format!("贷款日终只结到{through}，其后的日子和银行文件将记在下一期间"));
        }
        against
    }

    /// Which 余额调节表 are missing, the first by name.
    pub fn sheets_missing(&self) -> Option<String> {
        let more = if self.sheets.len() > NAMED { format!("等{}份", self.sheets.len()) } else { String::new() };
        let named = self.sheets.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("、");
        (!self.sheets.is_empty()).then(|| format!("银行存款余额调节表未编制或未复核：{named}{more}"))
    }
}

impl Closing {
    /// Where a month of a book stands, or a year.
    pub async fn standing(&self, id: BookId, month: Period, by: &Member) -> Result<MonthStanding, ClosingError> {
        let db = self.db.read();
        by.may(&READERS, &crowdfunding::book_place(db, id).await?)?;
        let row = book::Entity::find_by_id(id).one(db).await?.ok_or(ClosingError::NoSuchBook)?;
        Ok(standing(db, &row, month, self.clock.today()).await?)
    }
}

/// Where a month of a book stands, with the open months before it. A dozen statements.
pub(super) async fn standing(
    db: &impl ConnectionTrait,
    row: &book::Model,
    Period { first, last }: Period,
    today: BusinessDate,
) -> Result<MonthStanding, DbErr> {
    let id = row.id;
    let open = Closing::unlocked_from(db, row).await?.and_then(|day| BusinessDate::new(day.year(), day.month(), 1));
    let first = open.map_or(first, |open| open.min(first));
    let balances = ledger::balances(db, id, Some(last)).await?;
    let owner = charity::Entity::find().filter(charity::Column::BookId.eq(id)).one(db).await?;
    let breaks = discrepancy::Entity::find()
        .filter(discrepancy::Column::BookId.eq(id))
        .filter(discrepancy::Column::State.eq("open"))
        .filter(discrepancy::Column::Day.between(first, last))
        .count(db)
        .await?;
    let lines: Vec<(String, i64)> = bank_line::Entity::find()
        .select_only()
        .column(bank_line::Column::BankAccount)
        .column_as(bank_line::Column::Id.count(), "lines")
        .filter(bank_line::Column::BookId.eq(id))
        .filter(bank_line::Column::State.eq(LineState::Open))
        .filter(bank_line::Column::Day.lte(last))
        .group_by(bank_line::Column::BankAccount)
        .order_by_asc(bank_line::Column::BankAccount)
        .into_tuple()
        .all(db)
        .await?;
    let vouchers = manual_voucher::Entity::find()
        .filter(manual_voucher::Column::BookId.eq(id))
        .filter(manual_voucher::Column::State.eq(VoucherState::Submitted))
        .filter(manual_voucher::Column::EventDate.lte(last))
        .count(db)
        .await?;
    let programme = loan_programme::Entity::find().filter(loan_programme::Column::BookId.eq(id)).one(db).await?;
    Ok(MonthStanding {
        balanced: balances.values().map(|balance| balance.net().fen()).sum::<i64>() == 0,
        on_channel: owner.is_some_and(|owner| owner.mchid.is_some()),
        reconciled: reconciliation::through(db, id).await?,
        breaks,
        sheets: sheets_missing(db, id, (first, last)).await?,
        lines: lines.iter().map(|(_, count)| u64::try_from(*count).unwrap_or_default()).sum(),
        lines_at: lines.into_iter().map(|(account, _)| account).collect(),
        vouchers,
        transit: overdue(db, id, last, today).await?,
        loans: programme.map(|row| row.closed_through),
    })
}

/// The bank accounts and months of a stretch in which money stood or moved and whose 余额调节表 nobody has reviewed. Two statements.
pub(crate) async fn sheets_missing(
    db: &impl ConnectionTrait,
    book: BookId,
    (first, last): (BusinessDate, BusinessDate),
) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT a.bank_account, substr(d.day, 1, 7) AS month, CAST(SUM(d.debit_fen) - SUM(d.credit_fen) AS BIGINT) AS fen \
               FROM account a JOIN account_day d ON d.account_id = a.id \
               WHERE a.book_id = $1 AND a.subject = $2 AND a.bank_account IS NOT NULL AND d.day <= $3 \
               GROUP BY a.bank_account, substr(d.day, 1, 7) ORDER BY a.bank_account, month";
    let values: [sea_orm::Value; 3] = [book.into(), Subject::BANK.code().into(), last.into()];
    let mut moved: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for row in db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await? {
        let (account, month): (String, String) = (row.try_get("", "bank_account")?, row.try_get("", "month")?);
        moved.entry(account).or_default().insert(month, row.try_get("", "fen")?);
    }
    let reviewed: BTreeSet<(String, String)> = bank_balance::Entity::find()
        .select_only()
        .column(bank_balance::Column::BankAccount)
        .column(bank_balance::Column::Month)
        .filter(bank_balance::Column::BookId.eq(book))
        .filter(bank_balance::Column::State.eq(BalanceState::Reviewed))
        .into_tuple::<(String, String)>()
        .all(db)
        .await?
        .into_iter()
        .collect();
    let mut missing = Vec::new();
    for (account, months) in moved {
        let (mut year, mut month) = (first.year(), first.month());
        while (year, month) <= (last.year(), last.month()) {
            let name = format!("{year:04}-{month:02}");
            let stands: i64 = months.range(..=name.clone()).map(|(_, fen)| fen).sum();
            let here = stands != 0 || months.contains_key(&name);
            if here && !reviewed.contains(&(account.clone(), name.clone())) {
                missing.push(format!("{account} {name}"));
            }
            (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        }
    }
    Ok(missing)
}

/// How much money left up to a day and should have arrived before today. Three statements.
async fn overdue(
    db: &impl ConnectionTrait,
    book: BookId,
    last: BusinessDate,
    today: BusinessDate,
) -> Result<u64, DbErr> {
    let under_way = [TransferState::Departed, TransferState::ArrivalProposed, TransferState::ReturnProposed];
    let rows = transfer::Entity::find()
        .filter(transfer::Column::BookId.eq(book))
        .filter(transfer::Column::State.is_in(under_way))
        .all(db)
        .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let rule = reconciliation_rule::Entity::find()
        .filter(reconciliation_rule::Column::BookId.eq(book))
        .order_by_desc(reconciliation_rule::Column::CreatedUs)
        .order_by_desc(reconciliation_rule::Column::Id)
        .one(db)
        .await?;
    let days = rule.map_or(Rule::default().bank_days, |row| row.bank_days);
    let days = u32::try_from(days).unwrap_or(1);
    let free = calendar_day::Entity::find().all(db).await?;
    let calendar = WorkingCalendar::new(free.into_iter().map(|row| (row.day, row.working)));
    let left = rows.iter().filter_map(|row| row.left_on.or(row.departed_us.map(BusinessDate::of)));
    Ok(left.filter(|day| *day <= last && calendar.term(*day, days) < today).count() as u64)
}
