//! Bills of every shape are read right, and damaged ones are refused with the reason.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Write;

use domain::{BusinessDate, Money};
use flate2::Compression;
use flate2::write::GzEncoder;
use wechat::{BillError, Flow, FundFlowTotals, TradeTotals, read_fund_flow_bill, read_trade_bill};

const TRADE: &[u8] = include_bytes!("samples/tradebill_all.csv");
const FLOW: &[u8] = include_bytes!("samples/fundflow_basic.csv");

fn yuan(text: &str) -> Money {
    text.parse().unwrap()
}

fn day(text: &str) -> BusinessDate {
    text.parse().unwrap()
}

fn trade(bytes: &[u8]) -> Result<TradeTotals, BillError> {
    read_trade_bill(bytes, "1900000001", day("2026-01-15"), |_| Ok(()))
}

fn flow(bytes: &[u8]) -> Result<FundFlowTotals, BillError> {
    read_fund_flow_bill(bytes, day("2026-01-15"), |_| Ok(()))
}

fn changed(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn the_samples_are_read_to_the_fen() {
    let mut rows = Vec::new();
    let totals = read_trade_bill(TRADE, "1900000001", day("2026-01-15"), |row| {
        rows.push((row.out_trade_no.to_owned(), row.order_amount, row.fee, row.refund.as_ref().map(|r| r.amount)));
        if row.line == 2 {
            assert_eq!((row.attachment(), row.product()), ("p=7,r=2".to_owned(), "爱心捐款".to_owned()));
            assert_eq!(row.at.to_string(), "2026-01-15T17:07:11+08:00");
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(rows.len(), 6);
    assert_eq!(rows[1], ("D20260115153512000002".into(), Money::ZERO, Money::from_fen(-12), Some(yuan("20.00"))));
    assert_eq!((totals.payments, totals.refunds), (4, 2));
    assert_eq!((totals.orders, totals.refunded), (yuan("175.03"), yuan("120.00")));
    assert_eq!(totals.fees, yuan("0.33"));

    let mut closing = Money::ZERO;
    let totals = read_fund_flow_bill(FLOW, day("2026-01-15"), |row| {
        closing = row.balance;
        assert_eq!(row.flow == Flow::In, row.kind == "交易");
        Ok(())
    })
    .unwrap();
    assert_eq!(closing, yuan("1054.70"));
    assert_eq!((totals.ins, totals.outs), (4, 5));
    assert_eq!((totals.received, totals.paid), (yuan("175.03"), yuan("120.33")));
}

#[test]
fn marks_line_ends_and_packing_change_nothing() {
    let (wanted, wanted_flow) = (trade(TRADE).unwrap(), flow(FLOW).unwrap());
    let text = std::str::from_utf8(TRADE).unwrap();
    let bare = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    assert_eq!(trade(bare.as_bytes()).unwrap(), wanted);
    assert_eq!(trade(bare.trim_end().as_bytes()).unwrap(), wanted);
    assert_eq!(trade(format!("{bare}\n\n").as_bytes()).unwrap(), wanted);
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(TRADE).unwrap();
    assert_eq!(trade(&packed.finish().unwrap()).unwrap(), wanted);
    let wide = std::str::from_utf8(FLOW).unwrap().replace("(元)", "（元）");
    assert_eq!(flow(wide.as_bytes()).unwrap(), wanted_flow);
    let old = changed(FLOW, "`9,`4,`175.03,`5,`120.33", "`9.0,`4.0,`175.03,`5.0,`120.33");
    assert_eq!(flow(&old).unwrap(), wanted_flow);
}

/// The columns in another order, with one more that nobody knows.
#[test]
fn columns_are_found_by_name() {
    let text = std::str::from_utf8(TRADE).unwrap().trim_start_matches('\u{feff}');
    let mut out = String::new();
    let mut below = false;
    for line in text.lines() {
        if line.starts_with("总交易单数") {
            below = true;
        }
        if below {
            out.push_str(line);
        } else {
            let mark = if line.starts_with('`') { "`" } else { "" };
            let cells: Vec<String> = if mark.is_empty() {
                line.split(',').map(str::to_owned).collect()
            } else {
                line[1..].split(",`").map(str::to_owned).collect()
            };
            let moved: Vec<String> = cells.iter().rev().map(|cell| format!("{mark}{cell}")).collect();
            out.push_str(&format!("{},{mark}新增列", moved.join(",")));
        }
        out.push('\n');
    }
    assert_eq!(trade(out.as_bytes()).unwrap(), trade(TRADE).unwrap());
}

#[test]
fn the_other_kinds_of_the_trade_bill_are_read() {
    let success = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,商品名称,商户数据包,手续费,费率,订单金额,费率备注\n\
        `2026-01-15 17:07:11,`wx0,`1900000001,`0,`,`4200000001,`D1,`o1,`JSAPI,`SUCCESS,`OTHERS,`CNY,`45.00,`0.00,`捐款,`,`0.27000,`0.60%,`45.00,`\n\
        总交易单数,应结订单总金额,手续费总金额,订单总金额\n`1,`45.0,`0.27000,`45.00\n";
    let totals = trade(success.as_bytes()).unwrap();
    assert_eq!((totals.payments, totals.refunds, totals.fees), (1, 0, yuan("0.27")));

    let refund = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,退款申请时间,退款成功时间,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\n\
        `2025-12-30 17:07:11,`wx0,`1900000001,`0,`,`4200000001,`D1,`o1,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`2026-01-15 09:00:00,`2026-01-15 09:00:03,`5030000001,`R1,`45.00,`0.00,`ORIGINAL,`SUCCESS,`捐款,`,`-0.27000,`0.60%,`0.00,`45.00,`\n\
        总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\n`1,`0.00,`45.00,`0.00,`-0.27000,`0.00,`45.00\n";
    let totals = trade(refund.as_bytes()).unwrap();
    assert_eq!((totals.payments, totals.refunds, totals.refunded), (0, 1, yuan("45.00")));

    let old = "交易时间,公众账号ID,商户号,子商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,总金额,企业红包金额,微信退款单号,商户退款单号,退款金额,企业红包退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率\n\
        `2026-01-15 17:07:11,`wx0,`1900000001,`0,`,`4200000001,`D1,`o1,`JSAPI,`SUCCESS,`CFT,`CNY,`45.00,`0.0,`0,`0,`0,`0,`,`,`捐款,`,`0.27000,`0.60%\n\
        总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额\n`1.0,`45.0,`0.0,`0.0,`0.27\n";
    let totals = trade(old.as_bytes()).unwrap();
    assert_eq!((totals.payments, totals.orders), (1, yuan("45.00")));
}

#[test]
fn a_damaged_bill_is_refused_with_the_reason() {
    let refused = |bytes: &[u8], why: &str| {
        let error = trade(bytes).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    let text = std::str::from_utf8(TRADE).unwrap();
    refused(b"", "不完整");
    refused(&TRADE[..TRADE.len() / 2], "");
    let lines: Vec<&str> = text.lines().collect();
    refused(lines[..4].join("\n").as_bytes(), "不完整");
    refused(lines[..8].join("\n").as_bytes(), "不完整");
    // A fen off, a line missing, a line twice: the totals tell.
    refused(&changed(TRADE, "`CNY,`50.00", "`CNY,`50.01"), "应结订单总金额");
    refused(&changed(TRADE, "`-0.12000", "`-0.13000"), "手续费总金额");
    refused(&changed(TRADE, &format!("{}\r\n", lines[1]), ""), "总交易单数");
    refused(&changed(TRADE, lines[1], &format!("{}\r\n{}", lines[1], lines[1])), "总交易单数");
    // A column moved away from its name, or away altogether.
    refused(&changed(TRADE, "`JSAPI,`SUCCESS,", "`JSAPI,"), "第2行有26列");
    refused(&changed(TRADE, "微信订单号", "订单"), "缺少列“微信订单号”");
    refused(&changed(TRADE, "设备号", "商户号"), "出现两次");
    refused(&changed(TRADE, "`0.03,`0.00,`0,`0,", "`0.0３,`0.00,`0,`0,"), "“应结订单金额”");
    refused(&changed(TRADE, "`0.00000,`0.60%", "`0.00100,`0.60%"), "“手续费”");
    refused(&changed(TRADE, "2026-01-15 17:07:11", "2026-01-14 17:07:11"), "第2行的日期是2026-01-14");
    refused(&changed(TRADE, "1900000001", "1900000002"), "第2行属于其他商户");
    refused(&[TRADE, b"`x"].concat(), "合计行之后");
    refused(FLOW, "不是交易账单");
    let error = flow(TRADE).unwrap_err().to_string();
    assert!(error.contains("不是资金账单"), "{error}");
    let error = flow(&changed(FLOW, "`收入,`50.00", "`收入,`50.01")).unwrap_err().to_string();
    assert!(error.contains("“收入金额”合计为175.03，逐行相加为175.04"), "{error}");
    let mut bytes = TRADE.to_vec();
    bytes[600] = 0xff;
    refused(&bytes, "UTF-8");
}

/// Numbers that look like chance and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(end).unwrap()).unwrap()
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// What a reader has to take from a line: number of the payment and the order, amount, settlement, fee, state, refund.
type Read = (String, String, Money, Money, Money, String, Option<(String, String, Money, String)>);

/// A bill as columns and cells, before it is written.
#[derive(Clone)]
struct Sheet {
    names: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    total_names: Vec<&'static str>,
    totals: Vec<String>,
}

/// How a file is written down.
#[derive(Clone, Copy)]
struct Style {
    mark: bool,
    crlf: bool,
    last_end: bool,
    packed: bool,
}

impl Sheet {
    fn at(&self, name: &str) -> usize {
        self.names.iter().position(|known| *known == name).unwrap_or_else(|| panic!("no column {name}"))
    }

    fn bytes(&self, style: Style) -> Vec<u8> {
        let line = |cells: &[String]| format!("`{}", cells.join(",`"));
        let mut lines = vec![self.names.join(",")];
        lines.extend(self.rows.iter().map(|row| line(row)));
        lines.push(self.total_names.join(","));
        lines.push(line(&self.totals));
        let end = if style.crlf { "\r\n" } else { "\n" };
        let mut text = format!("{}{}", if style.mark { "\u{feff}" } else { "" }, lines.join(end));
        if style.last_end {
            text.push_str(end);
        }
        if !style.packed {
            return text.into_bytes();
        }
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        packed.finish().unwrap()
    }
}

const ALL: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
const ALL_TOTALS: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";

/// A number as bills print it, or as old ones did: `45.00`, `45.0`, `45`.
fn printed(fen: i64, old: bool) -> String {
    let text = Money::from_fen(fen).to_string();
    if old { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A bill of this kind with a few lines, and what it says.
fn invented(random: &mut Random, kind: &str) -> (Sheet, Vec<Read>) {
    let names: Vec<&'static str> = match kind {
        "success" => ALL.split(',').filter(|name| !name.contains("退款")).collect(),
        "refund" => ALL
            .split(',')
            .flat_map(|name| {
                let times: &[&'static str] =
                    if name == "代金券金额" { &["退款申请时间", "退款成功时间"] } else { &[] };
                std::iter::once(name).chain(times.iter().copied())
            })
            .collect(),
        "old" => ALL
            .split(',')
            .filter(|name| !matches!(*name, "订单金额" | "申请退款金额" | "费率备注"))
            .map(|name| match name {
                "应结订单金额" => "总金额",
                "特约商户号" => "子商户号",
                "代金券金额" => "企业红包金额",
                "充值券退款金额" => "企业红包退款金额",
                name => name,
            })
            .collect(),
        _ => ALL.split(',').collect(),
    };
    let mut sheet = Sheet { names, rows: Vec::new(), total_names: Vec::new(), totals: Vec::new() };
    let (mut read, mut sums) = (Vec::new(), [0i64; 4]);
    for n in 0..1 + random.below(6) {
        let refund = kind == "refund" || (kind != "success" && random.below(3) == 0);
        let fen = 1 + i64::try_from(random.below(20_000)).unwrap();
        let fee = (fen * 6 + 500) / 1_000 * if refund { -1 } else { 1 };
        let transaction = format!("42000026012026011500{n:08}");
        let order = format!("{:032x}", random.below(1 << 30));
        let (refund_id, number) = (format!("5030000601{n:018}"), format!("{:032x}-1", random.below(1 << 30)));
        let state = if refund { ["SUCCESS", "PROCESSING", "FAIL", "CHANGE"][random.below(4)] } else { "" };
        let amount = |holds: bool| if holds { printed(fen, false) } else { "0.00".to_owned() };
        let cell = |name: &str| match name {
            "交易时间" if kind == "refund" => "2025-12-30 17:07:11".to_owned(),
            "交易时间" => format!("2026-01-15 {:02}:07:11", n),
            "退款申请时间" | "退款成功时间" => "2026-01-15 09:00:03".to_owned(),
            "公众账号ID" => "wx0123456789abcdef".to_owned(),
            "商户号" => "1900000001".to_owned(),
            "特约商户号" | "子商户号" => "0".to_owned(),
            "微信订单号" => transaction.clone(),
            "商户订单号" => order.clone(),
            "用户标识" => "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o".to_owned(),
            "交易类型" => "JSAPI".to_owned(),
            "交易状态" => if refund { "REFUND" } else { "SUCCESS" }.to_owned(),
            "付款银行" => ["OTHERS", "ICBC_DEBIT", "CMB_CREDIT"][n % 3].to_owned(),
            "货币种类" => "CNY".to_owned(),
            "应结订单金额" | "总金额" | "订单金额" => amount(!refund),
            "退款金额" | "申请退款金额" => amount(refund),
            "代金券金额" | "企业红包金额" | "充值券退款金额" | "企业红包退款金额" => {
                "0.00".to_owned()
            }
            "微信退款单号" => {
                if refund {
                    refund_id.clone()
                } else {
                    "0".to_owned()
                }
            }
            "商户退款单号" => {
                if refund {
                    number.clone()
                } else {
                    "0".to_owned()
                }
            }
            "退款类型" if refund => "ORIGINAL".to_owned(),
            "退款状态" => state.to_owned(),
            "商品名称" => "给山区孩子\\ 的书\\n谢谢".to_owned(),
            "手续费" => format!("{}000", Money::from_fen(fee)),
            "费率" => "0.60%".to_owned(),
            _ => String::new(),
        };
        let row = sheet.names.iter().map(|name| cell(name)).collect();
        sheet.rows.push(row);
        let (paid, back) = if refund { (0, fen) } else { (fen, 0) };
        for (sum, fen) in sums.iter_mut().zip([1, paid, back, fee]) {
            *sum += fen;
        }
        let given = refund.then(|| (refund_id, number, Money::from_fen(fen), state.to_owned()));
        let (paid, trade) = (Money::from_fen(paid), if refund { "REFUND" } else { "SUCCESS" });
        read.push((transaction, order, paid, paid, Money::from_fen(fee), trade.to_owned(), given));
    }
    let old = kind == "old" || random.coin();
    let [count, paid, back, fees] = sums;
    let (count, money) = (if old { format!("{count}.0") } else { count.to_string() }, |fen| printed(fen, old));
    let fees = if old { money(fees) } else { format!("{}000", money(fees)) };
    (sheet.total_names, sheet.totals) = match kind {
        "old" => (
            "总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额".split(',').collect(),
            vec![count, money(paid), money(back), "0.0".to_owned(), fees],
        ),
        "success" if random.coin() => (
            "总交易单数,应结订单总金额,手续费总金额,订单总金额".split(',').collect(),
            vec![count, money(paid), fees, money(paid)],
        ),
        _ => (
            ALL_TOTALS.split(',').collect(),
            vec![count, money(paid), money(back), "0.00".to_owned(), fees, money(paid), money(back)],
        ),
    };
    (sheet, read)
}

fn rows_of(bytes: &[u8]) -> Result<Vec<Read>, BillError> {
    let mut rows = Vec::new();
    read_trade_bill(bytes, "1900000001", day("2026-01-15"), |row| {
        let refund = row
            .refund
            .as_ref()
            .map(|one| (one.refund_id.to_owned(), one.out_refund_no.to_owned(), one.amount, one.state.to_owned()));
        rows.push((
            row.transaction_id.to_owned(),
            row.out_trade_no.to_owned(),
            row.order_amount,
            row.settlement,
            row.fee,
            row.trade_state.to_owned(),
            refund,
        ));
        Ok(())
    })?;
    Ok(rows)
}

/// Bills of every shape are read to the fen; damaged by chance, each is refused, or says what it said before.
#[test]
fn invented_bills_are_read_right_and_damaged_ones_refused() {
    let mut refused = 0;
    for seed in 0..400 {
        let mut random = Random(seed);
        let kind = ["all", "success", "refund", "old"][random.below(4)];
        let (mut sheet, read) = invented(&mut random, kind);
        let style =
            Style { mark: random.coin(), crlf: random.coin(), last_end: random.coin(), packed: random.below(4) == 0 };
        assert_eq!(rows_of(&sheet.bytes(style)).unwrap(), read, "seed {seed}, {kind}");
        // Columns in another order, under their names, and one that nobody knows.
        if random.coin() {
            let (from, to) = (random.below(sheet.names.len()), random.below(sheet.names.len()));
            sheet.names.swap(from, to);
            sheet.rows.iter_mut().for_each(|row| row.swap(from, to));
            sheet.names.push("新增列");
            sheet.rows.iter_mut().for_each(|row| row.push("x".to_owned()));
            assert_eq!(rows_of(&sheet.bytes(style)).unwrap(), read, "seed {seed}, {kind}, other columns");
        }
        let mut hurt = sheet.clone();
        let row = random.below(hurt.rows.len());
        let must_refuse = match random.below(8) {
            0 => {
                hurt.rows.remove(row);
                true
            }
            1 => {
                let again = hurt.rows[row].clone();
                hurt.rows.push(again);
                true
            }
            2 => {
                let names = ["应结订单金额", "总金额", "手续费", "订单金额", "申请退款金额", "退款金额"];
                let there: Vec<&str> = names.into_iter().filter(|name| hurt.names.contains(name)).collect();
                let at = hurt.at(there[random.below(there.len())]);
                let cell = &mut hurt.rows[row][at];
                *cell = if cell.starts_with("0.00") {
                    "0.01".to_owned()
                } else {
                    format!("1{}", cell.trim_start_matches('-'))
                };
                true
            }
            3 => {
                let at = hurt.at("商户号");
                hurt.rows[row][at] = "1900000002".to_owned();
                true
            }
            4 => {
                let times = ["交易时间", "退款申请时间", "退款成功时间"];
                for at in times
                    .into_iter()
                    .filter(|name| hurt.names.contains(name))
                    .map(|name| hurt.at(name))
                    .collect::<Vec<_>>()
                {
                    hurt.rows[row][at] = "2026-01-14 12:00:00".to_owned();
                }
                true
            }
            5 => {
                let at = random.below(hurt.rows[row].len());
                hurt.rows[row].remove(at);
                true
            }
            6 => {
                let (from, to) = (random.below(hurt.names.len()), random.below(hurt.names.len()));
                hurt.rows.iter_mut().for_each(|row| row.swap(from, to));
                let both = [hurt.names[from], hurt.names[to]];
                // Whose numbers these are nobody can tell who does not know them.
                let ours = [
                    "商户订单号",
                    "用户标识",
                    "商户退款单号",
                    "微信订单号",
                    "微信退款单号",
                    "商户数据包",
                    "公众账号ID",
                    "新增列",
                ];
                if both.iter().all(|name| ours.contains(name)) {
                    continue;
                }
                false
            }
            _ => {
                let mut bytes = sheet.bytes(style);
                bytes.truncate(random.below(bytes.len()));
                if let Ok(rows) = rows_of(&bytes) {
                    assert_eq!(rows, read, "seed {seed}: cut");
                } else {
                    refused += 1;
                }
                continue;
            }
        };
        match rows_of(&hurt.bytes(style)) {
            Ok(rows) => {
                assert!(!must_refuse, "seed {seed}, {kind}: {rows:#?}");
                assert_eq!(rows, read, "seed {seed}, {kind}: moved");
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > 250, "{refused}");
}

/// What has to become of a file: read as the sample is, or refused with these words.
enum Fate {
    Read,
    Refused(&'static str),
}

/// Files as other programs, other banks and other hands leave them: each says what the sample says, or is refused, saying why.
#[test]
fn odd_files_are_read_right_or_refused_saying_why() {
    use Fate::{Read, Refused};
    let sample = std::str::from_utf8(TRADE).unwrap();
    let bare = sample.trim_start_matches('\u{feff}');
    let lines: Vec<&str> = bare.lines().collect();
    let (names, sums) = (lines[7], lines[8]);
    let with = |from: &str, to: &str| {
        assert!(sample.contains(from), "{from}");
        sample.replacen(from, to, 1).into_bytes()
    };
    let joined = |lines: &[&str], end: &str| lines.join(end).into_bytes();
    let packed = |bytes: &[u8]| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    };
    let wide = |text: &str, first: [u8; 2], of: fn(u16) -> [u8; 2]| {
        first.into_iter().chain(text.encode_utf16().flat_map(of)).collect::<Vec<u8>>()
    };
    let twice: Vec<u8> = joined(&[&lines[..], &lines[7..]].concat(), "\r\n");
    let cut = |bytes: Vec<u8>, keep: usize| bytes[..keep].to_vec();
    let zipped = packed(TRADE);
    let half = zipped.len() / 2;
    let plain = |line: &str| line.replace('`', "");
    let quoted =
        bare.lines().map(|line| format!("\"{}\"", line.replace(',', "\",\""))).collect::<Vec<_>>().join("\r\n");
    // 交易账单 in GBK.
    let gbk = [&[0xbd_u8, 0xbb, 0xd2, 0xd7, 0xd5, 0xcb, 0xb5, 0xa5][..], b",", TRADE].concat();
    let first = lines[1];
    let table: Vec<(&str, Vec<u8>, Fate)> = vec![
        ("no mark", bare.as_bytes().to_vec(), Read),
        ("LF", joined(&lines, "\n"), Read),
        ("both line ends", with("\r\n", "\n"), Read),
        ("CR alone", joined(&lines, "\r"), Refused("换行符")),
        ("two marks", format!("\u{feff}{sample}").into_bytes(), Read),
        ("a blank line before", format!("\r\n{bare}").into_bytes(), Refused("缺少列")),
        ("blank lines behind", format!("{sample}\r\n\r\n  \r\n").into_bytes(), Read),
        ("blank lines between", bare.replace("\r\n`", "\r\n\r\n`").into_bytes(), Refused("第")),
        ("UTF-16, little end first", wide(bare, [0xff, 0xfe], u16::to_le_bytes), Refused("UTF-8")),
        ("UTF-16, big end first", wide(bare, [0xfe, 0xff], u16::to_be_bytes), Refused("UTF-8")),
        ("GBK", gbk, Refused("第1行不是UTF-8文本")),
        ("packed", zipped.clone(), Read),
        ("packed twice", packed(&zipped), Refused("UTF-8")),
        ("packed in two parts", [packed(&TRADE[..700]), packed(&TRADE[700..])].concat(), Read),
        ("packed and cut", cut(zipped.clone(), half), Refused("压缩文件")),
        ("packed, its last byte gone", cut(zipped.clone(), zipped.len() - 1), Refused("压缩文件")),
        ("packed, with something behind", [&zipped[..], b"x"].concat(), Refused("压缩文件")),
        ("two bills in one", [TRADE, TRADE].concat(), Refused("合计行之后还有内容（第10行）")),
        ("the totals twice", twice, Refused("合计行之后还有内容（第10行）")),
        ("the header twice", joined(&[&lines[..1], &lines[..]].concat(), "\r\n"), Refused("第2行不是账单的明细")),
        ("no totals", joined(&lines[..7], "\r\n"), Refused("不完整")),
        ("the names of the totals without them", joined(&lines[..8], "\r\n"), Refused("不完整")),
        ("the totals without their names", joined(&[&lines[..7], &lines[8..]].concat(), "\r\n"), Refused("第8行有7列")),
        ("a total with a comma", with("`6,`175.03", "`6,`1,75.03"), Refused("“应结订单总金额”")),
        ("a total that is no number", with("`6,`175.03", "`6,`一百"), Refused("“应结订单总金额”")),
        ("half a line of totals", with("`6,`175.03", "`6.5,`175.03"), Refused("总交易单数")),
        ("old totals", with("`6,`175.03,`120.00,`0.00,`0.33000", "`6.0,`175.03,`120.0,`0,`0.33"), Read),
        ("totals without backticks", with(sums, &plain(sums)), Read),
        (
            "a count and nothing else",
            joined(&[&lines[..7], &["总交易单数", "`6"][..]].concat(), "\r\n"),
            Refused("缺少列“应结订单总金额”"),
        ),
        ("no total of the fees", with("手续费总金额", "其他总金额"), Refused("缺少列“手续费总金额”")),
        ("no total of the orders", with("订单总金额,申请", "其他总金额,申请"), Refused("缺少列“订单总金额”")),
        ("no total of what goes back", with("申请退款总金额", "其他退款"), Refused("缺少列“申请退款总金额”")),
        ("a total nobody knows", with(names, &format!("{names},新增合计")), Refused("第9行有7列")),
        ("one cell of a line lost its backtick", with("`SUCCESS,`OTHERS", "SUCCESS,`OTHERS"), Read),
        ("a line lost its backticks", with(first, &plain(first)), Refused("第2行不是账单的明细")),
        ("a blank before the backtick", with(first, &format!(" {first}")), Refused("第2行不是账单的明细")),
        (
            "a tab behind the backtick",
            with("`4200002601202601150000000003", "`\t4200002601202601150000000003"),
            Refused("“微信订单号”"),
        ),
        ("a tab before an amount", with("`CNY,`0.03", "`CNY,`\t0.03"), Refused("“应结订单金额”")),
        ("quotes around every cell", quoted.into_bytes(), Refused("缺少列")),
        ("semicolons", bare.replace(',', ";").into_bytes(), Refused("缺少列")),
        ("a comma in the name of the product", with("`爱心捐款,`p=7\\ r=2", "`爱心,捐款,`p=7\\ r=2"), Read),
        ("quotes in the name of the product", with("`爱心捐款,`p=7\\ r=2", "`\"爱心\"捐款,`p=7\\ r=2"), Read),
        ("a backtick in the name of the product", with("`爱心捐款,`p=7\\ r=2", "`爱`心捐款,`p=7\\ r=2"), Read),
        (
            "a cell's end in the name of the product",
            with("`爱心捐款,`p=7\\ r=2", "`爱心,`捐款,`p=7\\ r=2"),
            Refused("第2行有28列"),
        ),
        ("an amount of one decimal", with("`CNY,`50.00", "`CNY,`50.0"), Read),
        ("an amount of none", with("`CNY,`50.00", "`CNY,`50"), Read),
        ("an amount that ends with its point", with("`CNY,`50.00", "`CNY,`50."), Refused("“应结订单金额”")),
        ("an amount of three decimals", with("`CNY,`50.00", "`CNY,`50.001"), Refused("“应结订单金额”")),
        ("an amount of many noughts", with("`CNY,`50.00", "`CNY,`50.00000"), Read),
        ("an amount with its sign", with("`CNY,`50.00", "`CNY,`¥50.00"), Refused("“应结订单金额”")),
        ("a plus", with("`CNY,`50.00", "`CNY,`+50.00"), Refused("“应结订单金额”")),
        ("less than nothing", with("`CNY,`50.00", "`CNY,`-50.00"), Refused("“应结订单金额”")),
        (
            "less than nothing goes back",
            with("`20.00,`0.00,`ORIGINAL", "`-20.00,`0.00,`ORIGINAL"),
            Refused("“退款金额”"),
        ),
        ("a fee that is given with a payment", with("`0.30000,`0.60%", "`-0.30000,`0.60%"), Refused("第4行“手续费”")),
        ("a fee that is taken with a refund", with("`-0.12000,`0.60%", "`0.12000,`0.60%"), Refused("第3行“手续费”")),
        ("no fee", with("`0.00000,`0.60%", "`,`0.60%"), Refused("“手续费”")),
        ("no rate", with("`0.00000,`0.60%", "`0.00000,`"), Read),
        ("a rate in words", with("`0.00000,`0.60%", "`0.00000,`免"), Refused("“费率”")),
        ("no coupon columns filled", with("`0.00,`0.00,`,`,`爱心捐款,`p=7\\ ", "`0.00,`,`,`,`爱心捐款,`p=7\\ "), Read),
        ("another currency", with("`CNY,`50.00", "`USD,`50.00"), Refused("“货币种类”")),
        ("another month", with("2026-01-15 17:07:11", "2026-02-15 17:07:11"), Refused("第2行的日期是2026-02-15")),
        ("another way to write a day", with("2026-01-15 17:07:11", "2026/1/15 17:07"), Refused("“交易时间”")),
        ("midnight of the next day", with("2026-01-15 22:48:30", "2026-01-16 00:00:00"), Refused("2026-01-16")),
        (
            "a line of another merchant",
            with(lines[3], &lines[3].replace("1900000001", "1900000009")),
            Refused("第4行属于其他商户"),
        ),
        (
            "a line of a merchant under ours",
            with(
                "`1900000001,`0,`,`4200002601202601150000000003",
                "`1900000001,`1900000777,`,`4200002601202601150000000003",
            ),
            Refused("第2行属于其他商户"),
        ),
        (
            "nothing about a merchant under ours",
            with("`1900000001,`0,`,`4200002601202601150000000003", "`1900000001,`,`,`4200002601202601150000000003"),
            Read,
        ),
        (
            "a refund that is no refund",
            with("`JSAPI,`REFUND,`CMB_DEBIT", "`JSAPI,`SUCCESS,`CMB_DEBIT"),
            Refused("“交易状态”"),
        ),
        ("a refund without a number", with("`50300006012026011500000000001,", "`,"), Refused("“微信退款单号”")),
        ("a workbook", b"PK\x03\x04\x14\0".to_vec(), Refused("XLSX")),
        ("a page of an error", b"{\"code\":\"INVALID_REQUEST\"}".to_vec(), Refused("缺少列")),
        ("a page", b"<!DOCTYPE html><html></html>\n".to_vec(), Refused("缺少列")),
        ("a byte of nothing", with("`CNY,`50.00", "`CNY,`50\0.00"), Refused("“应结订单金额”")),
    ];
    let wanted = rows_of(TRADE).unwrap();
    for (what, bytes, fate) in table {
        match (rows_of(&bytes), fate) {
            (Ok(rows), Read) => assert_eq!(rows, wanted, "{what}"),
            (Err(error), Refused(why)) => assert!(error.to_string().contains(why), "{what}: {error}"),
            (Ok(_), Refused(why)) => panic!("{what}: read, and not refused with {why}"),
            (Err(error), Read) => panic!("{what}: {error}"),
        }
    }
}

/// The same of the fund-flow bill: its totals cannot be left out, nor a movement's way or amount be anything.
#[test]
fn odd_fund_flow_bills_are_read_right_or_refused_saying_why() {
    let sample = std::str::from_utf8(FLOW).unwrap();
    let with = |from: &str, to: &str| changed(FLOW, from, to);
    let lines: Vec<&str> = sample.lines().collect();
    let trades: Vec<&str> = std::str::from_utf8(TRADE).unwrap().lines().collect();
    let wanted = flow(FLOW).unwrap();
    for (what, bytes) in [
        ("LF", lines.join("\n").into_bytes()),
        ("old counts", with("`9,`4,`175.03", "`9.0,`4.0,`175.03")),
        ("an amount of one decimal", with("`收入,`50.00", "`收入,`50.0")),
        ("a remark with a comma", with("结算总金额 50.00 元;", "结算总金额 50.00 元,")),
        ("no applicant", with("`system,`结算总金额 50.00", "`,`结算总金额 50.00")),
        ("no remark", with("`结算总金额 50.00 元;含手续费 0.30 元", "`")),
    ] {
        assert_eq!(flow(&bytes).unwrap_or_else(|error| panic!("{what}: {error}")), wanted, "{what}");
    }
    for (what, bytes, why) in [
        ("CR alone", lines.join("\r").into_bytes(), "换行符"),
        ("a minus", with("`支出,`99.40", "`支出,`-99.40"), "“收支金额(元)”"),
        ("the other way", with("`支出,`99.40", "`收入,`99.40"), "“收入笔数”"),
        ("no way", with("`支出,`99.40", "`,`99.40"), "“收支类型”"),
        ("a comma in an amount", with("`收入,`100.00,`1100.00", "`收入,`100.00,`1,100.00"), "“账户结余(元)”"),
        ("a debt", with("`支出,`99.40,`1000.00", "`支出,`99.40,`-1000.00"), "“账户结余(元)”"),
        ("another day", with("2026-01-15 09:00:42", "2026-01-16 09:00:42"), "2026-01-16"),
        ("no totals of what came in", with("收入笔数,收入金额", "其他笔数,其他金额"), "缺少列“收入笔数”"),
        (
            "a count and nothing else",
            [&lines[..10], &["资金流水总笔数", "`9"][..]].concat().join("\r\n").into_bytes(),
            "缺少列“收入笔数”",
        ),
        ("two summaries", [&lines[..], &lines[10..]].concat().join("\r\n").into_bytes(), "合计行之后"),
        ("a line twice", [&lines[..2], &lines[1..]].concat().join("\r\n").into_bytes(), "资金流水总笔数"),
        ("the trade bill's lines", [&lines[..1], &trades[1..]].concat().join("\r\n").into_bytes(), "第2行有27列"),
    ] {
        let error = flow(&bytes).expect_err(what).to_string();
        assert!(error.contains(why), "{what}: {error}");
    }
}
