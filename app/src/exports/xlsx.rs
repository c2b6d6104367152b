//! A workbook: the vouchers line by line (凭证), then every account with what stood before, what moved and what stands (科目余额).

use std::path::PathBuf;

use domain::Money;
use ledger::JournalEntry;
use rust_decimal::Decimal;
use rust_xlsxwriter::{Format, Workbook};

use super::{ExportError, Form, Frame};
use crate::books::words;

/// Rows a sheet holds, the head included.
const ROWS: u32 = 1_048_576;
const VOUCHER: [(&str, u16); 10] = [
    ("凭证号", 10),
    ("记账日期", 12),
    ("业务日期", 12),
    ("摘要", 18),
    ("科目", 22),
    ("账户", 60),
    ("借方", 16),
    ("贷方", 16),
    ("凭证索引", 48),
    ("附件号", 32),
];
const BALANCE: [(&str, u16); 6] =
    [("科目", 30), ("账户", 60), ("期初余额", 18), ("本期借方", 18), ("本期贷方", 18), ("期末余额", 18)];

pub(super) struct Sheets<'a> {
    frame: Frame<'a>,
    file: PathBuf,
    workbook: Workbook,
    /// Which sheet of vouchers is written, and its next row.
    sheet: usize,
    row: u32,
    money: Format,
}

pub(super) fn open(frame: Frame<'_>, file: PathBuf) -> Result<Sheets<'_>, ExportError> {
    let mut sheets = Sheets {
        frame,
        file,
        workbook: Workbook::new(),
        sheet: 0,
        row: 0,
        money: Format::new().set_num_format("#,##0.00;[Red]-#,##0.00"),
    };
    sheets.vouchers("凭证")?;
    Ok(sheets)
}

fn yuan(amount: Money) -> Decimal {
    Decimal::new(amount.fen(), 2)
}

/// A sheet with a line that says what it is, if there is one, and the heads of its columns below. Answers which sheet, and its next row.
fn titled(
    workbook: &mut Workbook,
    (name, title): (&str, Option<&str>),
    columns: &[(&str, u16)],
) -> Result<(usize, u32), ExportError> {
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(name)?;
    let head = Format::new().set_bold();
    let row = u32::from(title.is_some());
    if let Some(title) = title {
        sheet.write_string_with_format(0, 0, title, &head)?;
    }
    sheet.set_freeze_panes(row + 1, 0)?;
    for (column, (title, width)) in (0u16..).zip(columns) {
        sheet.set_column_width(column, *width)?;
        sheet.write_string_with_format(row, column, *title, &head)?;
    }
    Ok((workbook.worksheets().len() - 1, row + 1))
}

impl Sheets<'_> {
    fn vouchers(&mut self, name: &str) -> Result<(), ExportError> {
        (self.sheet, self.row) = titled(&mut self.workbook, (name, None), &VOUCHER)?;
        Ok(())
    }
}

impl Form for Sheets<'_> {
    fn entry(&mut self, entry: &JournalEntry) -> Result<(), ExportError> {
        for (id, balance) in entry.voucher_lines() {
            if self.row == ROWS {
                let number = self.workbook.worksheets().len() + 1;
                self.vouchers(&format!("凭证{number}"))?;
            }
            let row = self.row;
            self.row += 1;
            let account = self.frame.chart.get(id);
            let sheet = self.workbook.worksheet_from_index(self.sheet)?;
            if let Some((number, _)) = &entry.voucher {
                sheet.write(row, 0, *number)?;
            }
            sheet.write_string(row, 1, entry.book_date.to_string())?;
            sheet.write_string(row, 2, entry.event_date.to_string())?;
            sheet.write_string(row, 3, entry.memo.as_deref().unwrap_or_else(|| words::event(&entry.kind)))?;
            if let Some(account) = account {
                sheet.write_string(row, 4, account.title())?;
                sheet.write_string(row, 5, &account.shown)?;
            }
            if balance.debit != Money::ZERO {
                sheet.write_with_format(row, 6, yuan(balance.debit), &self.money)?;
            }
            if balance.credit != Money::ZERO {
                sheet.write_with_format(row, 7, yuan(balance.credit), &self.money)?;
            }
            sheet.write_string(row, 8, &entry.reference)?;
            sheet.write_string(row, 9, entry.document.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> Result<(), ExportError> {
        let Frame { book, from, to, .. } = &self.frame;
        let title = format!("{} 科目余额表 {from}至{to}（单位：元）", book.name);
        let (index, first) = titled(&mut self.workbook, ("科目余额", Some(&title)), &BALANCE)?;
        let sheet = self.workbook.worksheet_from_index(index)?;
        for (row, (id, account)) in (first..).zip(self.frame.chart.accounts()) {
            let opening = self.frame.opening.get(id).copied().unwrap_or_default();
            let closing = self.frame.closing.get(id).copied().unwrap_or_default();
            let moved = |after: Money, before: Money| Money::from_fen(after.fen() - before.fen());
            sheet.write_string(row, 0, account.title())?;
            sheet.write_string(row, 1, &account.shown)?;
            for (column, amount) in (2u16..).zip([
                opening.net(),
                moved(closing.debit, opening.debit),
                moved(closing.credit, opening.credit),
                closing.net(),
            ]) {
                sheet.write_with_format(row, column, yuan(amount), &self.money)?;
            }
        }
        self.workbook.save(&self.file)?;
        Ok(())
    }
}
