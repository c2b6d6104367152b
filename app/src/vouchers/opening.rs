//! Opening balances (期初余额): what stood when a book was begun, signed by two persons like every voucher, with the money of each campaign
//! on its 3102 so that its fund is right from the first day. They are dated the day before the books begin, or the first open day of
//! books that have begun; the day before is closed with them. Balances kept under the chart of 2004 come through [`ledger::converted`].

use std::collections::BTreeMap;

use domain::role::Member;
use domain::voucher::{Side, VoucherAccount, VoucherKind, VoucherLine};
use domain::{BookId, BusinessDate, ManualVoucherId, Money};
use entity::{Tx, book, manual_voucher};
use sea_orm::{DbErr, EntityTrait};
use serde::Serialize;

use super::{NewVoucher, READERS, Voucher, VoucherError, Vouchers};

/// A balance under the chart of 2004.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OldLine {
    /// The account, its subject a code of 2004.
    pub account: VoucherAccount,
    /// On which side.
    pub side: Side,
    /// More than nothing.
    pub amount: Money,
}

/// A balance and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// As it stood.
    pub from: OldLine,
    /// The name of its subject in the chart of 2004.
    pub from_name: String,
    /// Code and name of its subject today.
    pub to: Option<(String, String)>,
    /// Why it cannot go there.
    pub problem: Option<&'static str>,
}

/// What a conversion would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// The whole map of the charts: (code, name) of 2004 beside (code, name) of today.
    pub map: Vec<((String, String), (String, String))>,
    /// Each balance.
    pub lines: Vec<Converted>,
    /// The balances as lines of an opening voucher; empty if there is a problem.
    pub voucher: Vec<VoucherLine>,
    /// Debits and credits before.
    pub before: (Money, Money),
    /// And after: the same sums.
    pub after: (Money, Money),
}

impl Vouchers {
    /// Shows what a conversion of balances from the chart of 2004 would do, and does nothing.
    pub async fn convert(&self, book: BookId, old: &[OldLine], by: &Member) -> Result<Conversion, VoucherError> {
        by.must_be(&READERS)?;
        let db = self.db.read();
        book::Entity::find_by_id(book).one(db).await?.ok_or(VoucherError::NoSuchBook)?;
        by.may(&READERS, &crowdfunding::book_place(db, book).await?)?;
        let names = ledger::subjects(db).await?;
        converted(&names, old)
    }

    /// Writes the draft of opening balances that were kept under the chart of 2004.
    pub async fn open_converted(
        &self,
        id: ManualVoucherId,
        (book, event_date): (BookId, BusinessDate),
        summary: &str,
        old: &[OldLine],
        by: &Member,
    ) -> Result<Voucher, VoucherError> {
        let names = ledger::subjects(self.db.read()).await?;
        let conversion = converted(&names, old)?;
        let wrong = conversion.lines.iter().zip(1..).find_map(|(line, n)| Some((n, line.problem?)));
        if let Some((line, problem)) = wrong {
            return Err(VoucherError::Line { line, problem });
        }
        let from = serde_json::to_string(&(ledger::OLD_CHART, old)).map_err(|error| DbErr::Json(error.to_string()))?;
        let new = NewVoucher {
            id,
            book,
            kind: VoucherKind::Opening,
            event_date,
            summary: summary.to_owned(),
            lines: conversion.voucher,
        };
        self.draft_from(new, Some(from), by).await
    }
}

type Names = BTreeMap<(String, String), entity::subject::Model>;

fn converted(names: &Names, old: &[OldLine]) -> Result<Conversion, VoucherError> {
    if old.len() > 500 {
        return Err(VoucherError::Invalid { field: "lines", problem: "一次最多500行" });
    }
    let name = |chart: &str, code: &str| {
        names.get(&(chart.to_owned(), code.to_owned())).map(|subject| subject.name.clone()).unwrap_or_default()
    };
    let today = |code: &str| (code.to_owned(), name("2024", code));
    let mut lines = Vec::with_capacity(old.len());
    // Two accounts of then may be one of today.
    let mut sums: BTreeMap<VoucherAccount, i128> = BTreeMap::new();
    for line in old {
        let code = &line.account.subject;
        let to = ledger::converted(code);
        let problem = match to {
            None => Some("2004制度下没有这个会计科目"),
            Some(to) if to.is_income() || to.is_expense() => Some("损益类科目年末应已结转，没有期初余额"),
            Some(_) => None,
        };
        if let Some(to) = to.filter(|_| problem.is_none()) {
            let account = VoucherAccount { subject: to.code().to_owned(), ..line.account.clone() };
            let fen = i128::from(line.amount.fen());
            *sums.entry(account).or_default() += if line.side == Side::Debit { fen } else { -fen };
        }
        let from_name = name(ledger::OLD_CHART, code);
        lines.push(Converted { from: line.clone(), from_name, to: to.map(|to| today(to.code())), problem });
    }
    let whole = lines.iter().all(|line| line.problem.is_none());
    let voucher: Vec<VoucherLine> =
        sums.into_iter().filter(|(_, fen)| whole && *fen != 0).filter_map(line_of).collect();
    let before = sides(old.iter().map(|line| (line.side, line.amount)))?;
    let after = sides(voucher.iter().map(|line| (line.side, line.amount)))?;
    let map = ledger::conversion()
        .map(|(old, new)| ((old.to_owned(), name(ledger::OLD_CHART, old)), today(new.code())))
        .collect();
    Ok(Conversion { map, lines, voucher, before, after })
}

fn line_of((account, fen): (VoucherAccount, i128)) -> Option<VoucherLine> {
    let side = if fen > 0 { Side::Debit } else { Side::Credit };
    let amount = Money::from_fen(i64::try_from(fen.abs()).ok()?);
    Some(VoucherLine { account, side, amount, cash_flow: None })
}

fn sides(lines: impl Iterator<Item = (Side, Money)> + Clone) -> Result<(Money, Money), VoucherError> {
    let sum = |of: Side| {
        let amounts = lines.clone().filter(move |(side, _)| *side == of).map(|(_, amount)| amount);
        Money::checked_sum(amounts).ok_or(VoucherError::Invalid { field: "lines", problem: "金额过大" })
    };
    Ok((sum(Side::Debit)?, sum(Side::Credit)?))
}

/// Opening balances come before everything else, or on the first open day of books that have begun.
pub(super) async fn may_begin(tx: &Tx, book: &book::Model, on: BusinessDate) -> Result<(), VoucherError> {
    if book.closed_through.map(BusinessDate::next) == Some(on) {
        return Ok(());
    }
    match ledger::booked_days(tx, book.id).await? {
        Some((first, _)) if first <= on => Err(VoucherError::OpeningTooLate(on)),
        _ => Ok(()),
    }
}

/// The day before the books begin holds the opening balances and nothing else: it is closed and its month locked with them, so that the
/// first month that waits for a lock is the first of the books.
pub(super) async fn close_before(tx: &Tx, row: &manual_voucher::Model) -> Result<(), VoucherError> {
    let begins = row.event_date.next();
    if (begins.month(), begins.day()) == (1, 1) {
        ledger::lock_through(tx, row.book_id, row.event_date).await.map_err(|error| match error {
            ledger::BookError::NoSuchBook => VoucherError::NoSuchBook,
            ledger::BookError::ClosedFurther(day) => VoucherError::Ledger(ledger::Refusal::PeriodClosed(day)),
            ledger::BookError::Db(error) => VoucherError::Db(error),
        })?;
    }
    Ok(())
}
