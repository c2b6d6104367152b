//! The three statements as a workbook: 会民非01表, 02表 and 03表.

use domain::{BusinessDate, Money};
use entity::book;
use ledger::{ActivityRow, BalanceRow, CashFlowRow};
use rust_decimal::Decimal;
use rust_xlsxwriter::{Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::{Period, Statements};

/// How a sheet is written: head, money, and rows that sum others.
struct Look {
    title: Format,
    head: Format,
    money: Format,
    sum: Format,
    name: Format,
}

impl Look {
    fn new() -> Look {
        let money = Format::new().set_num_format("#,##0.00;[Red]-#,##0.00");
        Look {
            title: Format::new().set_bold().set_font_size(16).set_align(FormatAlign::Center),
            head: Format::new().set_bold().set_align(FormatAlign::Center),
            sum: money.clone().set_bold(),
            name: Format::new().set_bold(),
            money,
        }
    }
}

pub(crate) fn workbook(
    book: &book::Model,
    period: Period,
    adjusted: bool,
    statements: &Statements,
) -> Result<Vec<u8>, XlsxError> {
    let look = Look::new();
    let mut workbook = Workbook::new();
    let span = if period.first.month() == period.last.month() {
        format!("{}年{}月", period.last.year(), period.last.month())
    } else {
        format!("{}年度", period.last.year())
    };
    let day = period.last;
    let note = if adjusted { "（含审计调整）" } else { "" };
    let on = format!("{}年{}月{}日{note}", day.year(), day.month(), day.day());
    let span = format!("{span}{note}");
    balance_sheet(workbook.add_worksheet(), &look, (book, &on), &statements.balance_sheet.rows)?;
    activities(workbook.add_worksheet(), &look, (book, &span), period.last, &statements.activities.rows)?;
    cash_flows(workbook.add_worksheet(), &look, (book, &span), &statements.cash_flows.rows)?;
    workbook.save_to_buffer()
}

pub(crate) fn yuan(amount: Money) -> Decimal {
    Decimal::new(amount.fen(), 2)
}

fn headed(
    sheet: &mut Worksheet,
    look: &Look,
    (title, form): (&str, &str),
    (book, when): (&book::Model, &str),
    columns: &[&str],
) -> Result<(), XlsxError> {
    let last = u16::try_from(columns.len() - 1).unwrap_or(u16::MAX);
    sheet.set_name(title)?;
    sheet.merge_range(0, 0, 0, last, title, &look.title)?;
    sheet.write_string(1, 0, format!("编制单位：{}", book.name))?;
    sheet.write_string(1, last, format!("{form}  单位：元"))?;
    sheet.write_string(2, 0, when)?;
    sheet.write_string(2, last, format!("科目版本：{}", book.chart))?;
    for (column, name) in (0u16..).zip(columns) {
        sheet.write_string_with_format(3, column, *name, &look.head)?;
        sheet.set_column_width(column, if name.ends_with('数') || name.ends_with("金额") { 18 } else { 34 })?;
    }
    sheet.set_freeze_panes(4, 0)?;
    Ok(())
}

fn balance_sheet(
    sheet: &mut Worksheet,
    look: &Look,
    of: (&book::Model, &str),
    rows: &[BalanceRow],
) -> Result<(), XlsxError> {
    let columns = ["资产", "年初数", "期末数", "负债和净资产", "年初数", "期末数"];
    headed(sheet, look, ("资产负债表", "会民非01表"), of, &columns)?;
    // Assets stand on the left, what they were paid with on the right; both end with the same sum.
    let assets = rows.iter().position(|row| row.key == "assets").map_or(rows.len(), |place| place + 1);
    let (left, right) = rows.split_at(assets);
    let longer = left.len().max(right.len());
    for (rows, first) in [(left, 0u16), (right, 3)] {
        for (row, n) in rows.iter().zip(0u32..) {
            let ends = matches!(row.key, "assets" | "liabilities_and_net_assets");
            let line = 4 + if ends { u32::try_from(longer - 1).unwrap_or(n) } else { n };
            write(sheet, look, (line, first), row.title, &[row.opening, row.closing], row.subjects.is_empty())?;
        }
    }
    Ok(())
}

fn activities(
    sheet: &mut Worksheet,
    look: &Look,
    of: (&book::Model, &str),
    day: BusinessDate,
    rows: &[ActivityRow],
) -> Result<(), XlsxError> {
    let period = if of.1.contains("年度") { "本期" } else { "本月" };
    let columns: Vec<String> = [period, "本年累计"]
        .iter()
        .flat_map(|span| ["非限定性", "限定性", "合计"].map(|part| format!("{span}{part}数")))
        .collect();
    let columns: Vec<&str> = std::iter::once("项目").chain(columns.iter().map(String::as_str)).collect();
    headed(sheet, look, ("业务活动表", "会民非02表"), of, &columns)?;
    sheet.write_string(2, 1, format!("累计自{}年1月1日", day.year()))?;
    for (row, line) in rows.iter().zip(4u32..) {
        let amounts = [row.period, row.year].map(|one| [one.unrestricted, one.restricted, one.total()]);
        write(sheet, look, (line, 0), row.title, amounts.as_flattened(), row.subjects.is_empty())?;
    }
    Ok(())
}

fn cash_flows(
    sheet: &mut Worksheet,
    look: &Look,
    of: (&book::Model, &str),
    rows: &[CashFlowRow],
) -> Result<(), XlsxError> {
    headed(sheet, look, ("现金流量表", "会民非03表"), of, &["项目", "本期金额", "本年累计金额"])?;
    for (row, line) in rows.iter().zip(4u32..) {
        let sum = matches!(row.key, "operating" | "investing" | "financing" | "change");
        write(sheet, look, (line, 0), row.title, &[row.period, row.year], sum)?;
    }
    Ok(())
}

fn write(
    sheet: &mut Worksheet,
    look: &Look,
    (line, first): (u32, u16),
    title: &str,
    amounts: &[Money],
    sum: bool,
) -> Result<(), XlsxError> {
    if sum {
        sheet.write_string_with_format(line, first, title, &look.name)?;
    } else {
        sheet.write_string(line, first, title)?;
    }
    for (column, amount) in (first + 1..).zip(amounts) {
        sheet.write_with_format(line, column, yuan(*amount), if sum { &look.sum } else { &look.money })?;
    }
    Ok(())
}
