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
