//! The morning's report as a workbook, in the words finance knows: the four sides (四方), what is open by class and age (未决差错), what
//! waits for another day's bill (缓冲), and the proof of 1009 微信余额. The numbers are those of the report; nothing is asked again.

use std::collections::BTreeMap;

use domain::Money;
use rust_decimal::Decimal;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::{BreakLine, BufferLine, DayReport, Side};

/// How old an open break is, in the columns of the summary.
const AGES: [(&str, u64); 4] = [("当日", 0), ("1至3天", 3), ("4至7天", 7), ("7天以上", u64::MAX)];

fn yuan(amount: Money) -> Decimal {
    Decimal::new(amount.fen(), 2)
}

/// What a class of break is called.
pub(crate) fn class(word: &str) -> &str {
    match word {
        "missing_here" => "长款：渠道有、账上无",
        "missing_there" => "短款：账上有、账单无",
        "amount" => "金额不符",
        "fee" => "手续费不符",
        "status" => "状态不符",
        "duplicate_here" => "账上重复",
        "duplicate_there" => "渠道重复",
        "refund_missing_here" => "退款：渠道有、账上无",
        "refund_missing_there" => "退款：账上有、渠道无",
        "refund_amount" => "退款金额不符",
        "settlement_amount" => "结算金额不符",
        "paid_after_close" => "订单关闭后到账",
        "paid_twice" => "同一订单重复支付",
        "unknown_line" => "无法识别的账单行",
        "currency" => "以外币支付",
        other => other,
    }
}

/// Whose desk a break lies on.
fn desk(owner: &str) -> &str {
    match owner {
        "cashier" => "出纳",
        "bookkeeper" => "会计",
        other => other,
    }
}

/// What a state is called.
fn state(word: &str) -> &str {
    match word {
        "waiting" => "待取账单",
        "read" => "账单未齐",
        "matched" => "相符",
        "with_breaks" => "有未决差错",
        other => other,
    }
}

struct Formats {
    bold: Format,
    money: Format,
}

impl Formats {
    fn head(&self, sheet: &mut Worksheet, row: u32, titles: &[&str]) -> Result<(), XlsxError> {
        for (column, title) in (0u16..).zip(titles) {
            sheet.write_string_with_format(row, column, *title, &self.bold)?;
        }
        Ok(())
    }

    fn money(&self, sheet: &mut Worksheet, row: u32, column: u16, amount: Money) -> Result<(), XlsxError> {
        sheet.write_with_format(row, column, yuan(amount), &self.money).map(|_| ())
    }
}

/// The workbook of a day.
pub(super) fn workbook(of: &str, report: &DayReport) -> Result<Vec<u8>, XlsxError> {
    let formats =
        Formats { bold: Format::new().set_bold(), money: Format::new().set_num_format("#,##0.00;[Red]-#,##0.00") };
    let mut workbook = Workbook::new();
    summary(workbook.add_worksheet(), &formats, of, report)?;
    open(workbook.add_worksheet(), &formats, &report.breaks)?;
    buffer(workbook.add_worksheet(), &formats, &report.buffer)?;
    proof(workbook.add_worksheet(), &formats, report)?;
    workbook.save_to_buffer()
}

fn summary(sheet: &mut Worksheet, formats: &Formats, of: &str, report: &DayReport) -> Result<(), XlsxError> {
    sheet.set_name("汇总")?;
    sheet.set_column_width(0, 34)?.set_column_width(1, 16)?.set_column_width(2, 18)?;
    formats.head(sheet, 0, &["日对账报告"])?;
    let batch = format!("{}（{}）", report.date, report.ran_at.wall());
    for (row, (title, text)) in (1u32..).zip([("账套", of), ("批次", batch.as_str()), ("结论", state(&report.state))])
    {
        sheet.write_string(row, 0, title)?;
        sheet.write_string(row, 1, text)?;
    }
    for (row, (title, count)) in (4u32..).zip([
        ("相符（笔）", report.matched),
        ("按账单补记（笔）", report.healed),
        ("缓冲：等待其他日账单（笔）", report.waiting),
        ("未决差错（笔）", report.breaks.len() as u64),
    ]) {
        sheet.write_string(row, 0, title)?;
        sheet.write(row, 1, count)?;
    }
    formats.head(sheet, 9, &["四方核对", "笔数", "金额（元）"])?;
    let sides = &report.sides;
    let lines: [(&str, Option<Side>); 8] = [
        ("账簿：收款", Some(sides.booked_payments)),
        ("账簿：退款", Some(sides.booked_refunds)),
        ("微信交易账单：收款", sides.trade_payments),
        ("微信交易账单：退款", sides.trade_refunds),
        ("微信资金账单：收入", sides.flow_in),
        ("微信资金账单：支出", sides.flow_out),
        ("银行对账单：收入", sides.bank_in),
        ("银行对账单：支出", sides.bank_out),
    ];
    for (row, (title, side)) in (10u32..).zip(lines) {
        sheet.write_string(row, 0, title)?;
        match side {
            Some(side) => {
                sheet.write(row, 1, side.count)?;
                formats.money(sheet, row, 2, side.sum)?;
            }
            None => {
                sheet.write_string(row, 1, "未取得")?;
            }
        }
    }
    Ok(())
}

fn open(sheet: &mut Worksheet, formats: &Formats, breaks: &[BreakLine]) -> Result<(), XlsxError> {
    sheet.set_name("未决差错")?;
    sheet.set_column_width(0, 26)?.set_column_width(1, 36)?.set_column_width(5, 40)?;
    let titles: Vec<&str> =
        ["差错类别"].into_iter().chain(AGES.iter().map(|(title, _)| *title)).chain(["合计", "金额（元）"]).collect();
    formats.head(sheet, 0, &titles)?;
    let mut classes: BTreeMap<&str, Vec<&BreakLine>> = BTreeMap::new();
    for line in breaks {
        classes.entry(line.class.as_str()).or_default().push(line);
    }
    let mut row = 1;
    for (word, lines) in classes {
        sheet.write_string(row, 0, class(word))?;
        let age = |days: u64| AGES.iter().position(|(_, most)| days <= *most);
        for column in 0u16..4 {
            let of_age = lines.iter().filter(|line| age(line.age_days) == Some(usize::from(column))).count();
            sheet.write(row, column + 1, of_age as u64)?;
        }
        sheet.write(row, 5, lines.len() as u64)?;
        let sum = lines.iter().map(|line| line.amount.fen()).sum();
        formats.money(sheet, row, 6, Money::from_fen(sum))?;
        row += 1;
    }
    row += 1;
    formats.head(
        sheet,
        row,
        &["差错类别", "单号", "金额（元）", "对方金额（元）", "天数", "建议处理", "经办岗位", "原因"],
    )?;
    for line in breaks {
        row += 1;
        sheet.write_string(row, 0, class(&line.class))?;
        // As text: an order number is no number, and nothing here is a formula.
        sheet.write_string(row, 1, &line.key)?;
        formats.money(sheet, row, 2, line.amount)?;
        if let Some(expected) = line.expected {
            formats.money(sheet, row, 3, expected)?;
        }
        sheet.write(row, 4, line.age_days)?;
        sheet.write_string(row, 5, &line.proposal)?;
        sheet.write_string(row, 6, desk(&line.owner))?;
        sheet.write_string(row, 7, &line.why)?;
    }
    Ok(())
}

/// What waits for the bill of another day, on either side, and how long it may.
fn buffer(sheet: &mut Worksheet, formats: &Formats, lines: &[BufferLine]) -> Result<(), XlsxError> {
    sheet.set_name("缓冲")?;
    sheet.set_column_width(0, 16)?.set_column_width(1, 36)?.set_column_width(5, 26)?;
    formats.head(sheet, 0, &["所在方", "单号", "金额（元）", "已等天数", "最后等待日", "届时差错类别"])?;
    for (row, line) in (1u32..).zip(lines) {
        let side = match line.side.as_str() {
            "books" => "账簿",
            "trade" => "微信交易账单",
            "fund_flow" => "微信资金账单",
            "bank" => "银行对账单",
            other => other,
        };
        sheet.write_string(row, 0, side)?;
        sheet.write_string(row, 1, &line.key)?;
        formats.money(sheet, row, 2, line.amount)?;
        sheet.write(row, 3, line.age_days)?;
        sheet.write_string(row, 4, line.until.to_string())?;
        sheet.write_string(row, 5, class(&line.class))?;
    }
    Ok(())
}

fn proof(sheet: &mut Worksheet, formats: &Formats, report: &DayReport) -> Result<(), XlsxError> {
    sheet.set_name("1009微信余额核对")?;
    sheet.set_column_width(0, 34)?.set_column_width(1, 40)?.set_column_width(2, 18)?;
    let proof = &report.proof;
    formats.head(sheet, 0, &["项目", "单号", "金额（元）"])?;
    let mut row = 0;
    let mut line = |title: &str, key: &str, amount: Option<Money>| {
        row += 1;
        sheet.write_string(row, 0, title)?;
        sheet.write_string(row, 1, key)?;
        match amount {
            Some(amount) => formats.money(sheet, row, 2, amount),
            None => sheet.write_string(row, 2, "未取得").map(|_| ()),
        }
    };
    line("账簿：1009微信余额", "", Some(proof.ledger))?;
    let carried = Money::from_fen(proof.carried.fen().abs());
    if proof.carried.is_negative() {
        line("减：日初账簿多于渠道", "", Some(carried))?;
    } else {
        line("加：日初渠道多于账簿", "", Some(carried))?;
    }
    for item in &proof.carried_items {
        let since = item.since.map_or(String::new(), |day| format!("（{day}起）"));
        line(&format!("其中：{}{since}", item.what), &item.key, Some(item.amount))?;
    }
    for item in &proof.items {
        line(&format!("加：当日单方变动·{}", item.what), &item.key, Some(item.amount))?;
    }
    line("加：无法解释的差额", "", Some(proof.unexplained))?;
    line("资金账单：期末余额", "", proof.channel)?;
    line("另：1009微信在途", "", Some(proof.in_transit))?;
    Ok(())
}
