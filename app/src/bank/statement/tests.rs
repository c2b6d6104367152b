use domain::Money;

use super::writing::day;
use super::*;
use crate::sheet::Encoding;

fn mapping() -> Mapping {
    let name = |name: &str| Some(name.to_owned());
    Mapping {
        encoding: Encoding::Gbk,
        date: "交易日期".to_owned(),
        date_format: "YYYY/MM/DD".to_owned(),
        amount: None,
        income: name("贷方发生额"),
        expense: name("借方发生额"),
        balance: name("余额"),
        reference: name("流水号"),
        counterparty: name("对方户名"),
        counterparty_account: None,
        remarks: vec!["摘要".to_owned(), "附言".to_owned()],
        opening_label: name("期初余额"),
        closing_label: None,
    }
}

const TEXT: &str = "账户明细\n期初余额：,\"1,000.00\"\n交易日期,流水号,借方发生额,贷方发生额,余额,对方户名,摘要,附言\n\
    2026/3/1 09:00,A1,,\"1,200.50\",\"2,200.50\",示例公司,汇款,捐款\n2026/03/02,A2,0.50,,\"2,200.00\",,手续费,\n合计,,0.50,1200.50,,,,\n";

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

#[test]
fn a_table_of_a_bank_is_read_by_its_mapping() {
    let read = read(&gbk(TEXT), Some(&mapping())).unwrap();
    assert_eq!((read.opening, read.closing), (amount("1000.00"), amount("2200.00")));
    let lines: Vec<(u64, String, String, &str)> = read
        .lines
        .iter()
        .map(|line| (line.line, line.day.to_string(), line.amount.to_string(), line.remark.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            (4, "2026-03-01".to_owned(), "1200.50".to_owned(), "汇款 捐款"),
            (5, "2026-03-02".to_owned(), "-0.50".to_owned(), "手续费")
        ]
    );
}

#[test]
fn a_table_that_contradicts_itself_is_refused_with_its_line() {
    for (from, to, line) in [
        ("\"2,200.00\"", "\"2,200.01\"", 5),
        ("\"1,000.00\"", "\"1,000.01\"", 4),
        ("0.50,,\"2", "0.5x,,\"2", 5),
        ("2026/03/02", "2026/13/02", 5),
        ("0.50,,\"2", "0.50,1.00,\"2", 5),
        ("\"1,200.50\"", "\"1,20.50\"", 4),
    ] {
        let text = TEXT.replacen(from, to, 1);
        assert_ne!(text, TEXT);
        let problems = read(&gbk(&text), Some(&mapping())).unwrap_err();
        assert_eq!(problems[0].line, line, "{from} → {to}: {problems:?}");
    }
    assert!(read(TEXT.as_bytes(), Some(&mapping())).is_err(), "UTF-8 is not GBK");
    assert!(read(b"date,x\n", None).unwrap_err()[0].words.contains("列对应关系"));
}

#[test]
fn rows_of_balances_and_sums_are_read_as_what_they_say() {
    const HEAD: &str = "交易日期,流水号,借方发生额,贷方发生额,余额,对方户名,摘要,附言\n";
    let own = Mapping { opening_label: None, ..mapping() };
    let said = |text: &str| -> Vec<(u64, String)> {
        let read = read(&gbk(text), Some(&own)).unwrap();
        assert_eq!(read.lines.len(), 2, "{read:?}");
        assert_eq!((read.opening, read.closing), (amount("1000.00"), amount("2200.00")));
        assert_eq!(read.doubts, []);
        read.said.into_iter().map(|one| (one.line, one.words)).collect()
    };
    let taken = |line: u64, words: &str| (line, words.to_owned());
    let (first, second) = (
        "2026/3/1 09:00,A1,,\"1,200.50\",\"2,200.50\",示例公司,汇款,捐款\n",
        "2026/03/02,A2,0.50,,\"2,200.00\",,手续费,\n",
    );
    // Under the head with a day, without one, and with zeros where nothing moved.
    let (opening, closing) = (taken(2, "取作期初余额1000.00"), taken(5, "取作期末余额2200.00"));
    for (above, below) in [
        ("2026/03/01,,,,\"1,000.00\",,期初余额,\n", "2026/03/02,,,,\"2,200.00\",,期末余额,\n"),
        (",,0.00,0.00,\"1,000.00\",,上期余额,\n", "期末余额：,,,,\"2,200.00\",,,\n"),
        ("期初余额,\"1,000.00\",,,,,,\n", "本期结余,,,\"2,200.00\",,,,\n"),
        ("承前页,,,,\"1,000.00\",,,\n", "2026/03/02,,--,--,\"2,200.00\",,期末 余额,\n"),
    ] {
        let text = format!("{HEAD}{above}{first}{second}{below}");
        assert_eq!(said(&text), [opening.clone(), closing.clone()], "{text}");
    }
    // Above the head in one cell, and a page that ends in the middle.
    let text = format!(
        "期初余额：\"1,000.00\"\n{HEAD}{first}过次页,,,,\"2,200.50\",,,\n{HEAD}承前页,,,,\"2,200.50\",,,\n{second}合计,,0.50,\"1,200.50\",,,,\n"
    );
    assert!(read(&gbk(&text), Some(&own)).is_ok(), "a quote within a cell is none");
    let text = text.replacen("期初余额：\"1,000.00\"", "\"期初余额：1,000.00\"", 1);
    let words = ["取作期初余额1000.00", "取作转页余额2200.50", "取作转页余额2200.50", "合计与各行相符"];
    assert_eq!(
        said(&text),
        [(1, words[0]), (4, words[1]), (6, words[2]), (8, words[3])].map(|(line, words)| taken(line, words))
    );

    // What contradicts the lines is refused, with the row that says so or the line where it breaks.
    for (extra, line, word) in [
        ("2026/03/02,,,,\"2,200.01\",,期末余额,\n", 3, "2200.01"),
        ("期末余额,,,,\"2,200.00\",,,\n期末余额,,,,\"2,300.00\",,,\n", 5, "第4行"),
        ("期初余额,,,,999.00,,,\n", 2, "999.00"),
        ("过次页,,,,\"2,200.50\",,,\n", 0, ""),
        ("过次页,,,,1.00,,,\n", 4, "不衔接"),
    ] {
        let read = read(&gbk(&format!("{HEAD}{first}{second}{extra}")), Some(&own));
        match line {
            0 => assert!(read.is_ok(), "{read:?}"),
            line => {
                let problem = &read.unwrap_err()[0];
                assert_eq!(problem.line, line, "{extra}: {problem:?}");
                assert!(problem.words.contains(word), "{extra}: {problem:?}");
            }
        }
    }
    // A sum that differs wants a look; a movement is never taken for a balance.
    let read_in = |text: String| read(&gbk(&text), Some(&own)).unwrap();
    let less = read_in(format!("{HEAD}{first}{second}合计,,0.50,\"1,300.50\",,,,\n"));
    assert_eq!((less.doubts[0].line, less.lines.len()), (4, 2), "{less:?}");
    let named = read_in(format!("{HEAD}{first}{}", second.replacen("手续费", "期初余额", 1)));
    assert_eq!((named.lines.len(), named.said.len()), (2, 0), "{named:?}");
    let blind = Mapping { balance: None, ..own.clone() };
    let text = format!("{HEAD}{first}{}", second.replacen("手续费", "期初余额", 1));
    let refused = read(&gbk(&text), Some(&blind)).unwrap_err();
    assert_eq!((refused[0].line, refused.len()), (3, 1), "{refused:?}");
}

#[test]
fn the_newest_line_may_stand_first() {
    let text = "交易日期,流水号,借方发生额,贷方发生额,余额,对方户名,摘要,附言\n\
        2026/03/02,A2,0.50,,\"2,200.00\",,手续费,\n2026/03/01,A1,,\"1,200.50\",\"2,200.50\",示例公司,汇款,捐款\n";
    let read = read(&gbk(text), Some(&mapping())).unwrap();
    assert_eq!(read.lines[0].reference, "A1");
    assert_eq!(read.opening, amount("1000.00"));
}

#[test]
fn a_line_with_a_day_is_never_taken_for_a_sum() {
    let name = |name: &str| Some(name.to_owned());
    let mapping = Mapping {
        encoding: Encoding::Utf8,
        date: "date".to_owned(),
        date_format: "YYYY-MM-DD".to_owned(),
        amount: name("amount"),
        income: None,
        expense: None,
        balance: None,
        reference: name("number"),
        counterparty: name("who"),
        counterparty_account: None,
        remarks: Vec::new(),
        opening_label: None,
        closing_label: None,
    };
    let table = |rows: &str| read(format!("who,date,number,amount\n{rows}").as_bytes(), Some(&mapping));
    let found = table(
        "打印耗材公司,2026-11-03,R1,-55.00\n合计建材,2026-11-04,R2,-5\n合计,,,-60.00\n打印时间：2026-11-05,,,\n制表人,张三,,\n",
    );
    let amounts: Vec<i64> = found.unwrap().lines.iter().map(|line| line.amount.fen()).collect();
    assert_eq!(amounts, [-5_500, -500]);
    // Nor does it vanish when its day cannot be read.
    for wrong in ["打印耗材公司,2026-13-03,R1,-55.00\n", "打印耗材公司,,R1,-55.00\n", "合计建材,2026-13-03,R1,-55.00\n"]
    {
        assert_eq!(table(wrong).unwrap_err()[0].line, 2, "{wrong}");
    }
    // A row that was cut off holds another amount than it had.
    let cut = table("某人,2026-11-03,R1,7.00\n某人,2026-11-03,R1").unwrap_err();
    assert_eq!(cut[0].line, 3);
    assert!(cut[0].words.contains("不完整"), "{cut:?}");
    let plain = "date,reference,amount,counterparty,remark\n2026-11-03,R14,7";
    assert!(read(plain.as_bytes(), None).unwrap_err()[0].words.contains("不完整"));
}

#[test]
fn a_sum_may_carry_a_day() {
    const HEAD: &str = "交易日期,流水号,借方发生额,贷方发生额,余额,对方户名,摘要,附言\n";
    let (first, second) = (
        "2026/3/1 09:00,A1,,\"1,200.50\",\"2,200.50\",示例公司,汇款,捐款\n",
        "2026/03/02,A2,0.50,,\"2,200.00\",,手续费,\n",
    );
    let taken = |row: &str| read(&gbk(&format!("{HEAD}{first}{second}{row}")), Some(&mapping()));
    for (row, words) in [
        ("2026/03/02,合计,0.00,0.00,\"2,200.00\",,,\n", "没有发生额"),
        ("2026/03/02,,,,,,本期合计：,\n", "没有发生额"),
        ("2026/03/02,,0.00,0.00,,,累计发生2笔,\n", "没有发生额"),
        ("2026/03/02,合计,0.50,\"1,200.50\",,,,\n", "与各行相符"),
    ] {
        let read = taken(row).unwrap();
        let said = read.said.last().unwrap();
        assert_eq!((read.lines.len(), said.line), (2, 4), "{row}: {read:?}");
        assert!(said.words.contains(words), "{row}: {said:?}");
    }
    // One that the lines do not make may be a movement: the balance beside it says so, and without one it is taken for neither.
    assert_eq!(taken("2026/03/02,A3,,100.00,\"2,300.00\",,合计,\n").unwrap().lines.len(), 3);
    for (row, words) in [
        ("2026/03/02,合计,,\"1,300.50\",,,,\n", "没有余额"),
        ("2026/03/02,合计,,100.00,\"2,200.00\",,,\n", "不衔接"),
        ("2026/03/02,A3,0.00,0.00,\"2,200.00\",,查询,\n", "“贷方发生额”和“借方发生额”没有金额或为0"),
    ] {
        let refused = taken(row).unwrap_err();
        assert_eq!((refused[0].line, refused.len()), (4, 1), "{row}: {refused:?}");
        assert!(refused[0].words.contains(words), "{row}: {refused:?}");
    }
    // Signed, in one column.
    let plain = "date,reference,amount,counterparty,remark\n2026-03-01,R1,9.00,,\n2026-03-02,R2,-2.00,,\n";
    let signed = |row: &str| read(format!("{plain}{row}").as_bytes(), None);
    for row in ["2026-03-02,,7.00,,合计\n", "2026-03-02,,0.00,,合计\n"] {
        assert_eq!(signed(row).unwrap().lines.len(), 2, "{row}");
    }
    assert!(signed("2026-03-02,,11.00,,合计\n").unwrap_err()[0].words.contains("分不清"));
}

#[test]
fn forms_that_are_not_read_are_called_by_their_name() {
    for (bytes, word) in [
        (&b":20:START\n:25:1\n:60F:C"[..], "MT940"),
        (b"{1:F01}{2:O940}{4:\n:20:A\n-}", "MT940"),
        (b"%PDF-1.7", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xls"),
        (b"<HTML><body>", "网页"),
    ] {
        let problems = read(bytes, None).unwrap_err();
        assert!(problems[0].words.contains(word), "{problems:?}");
    }
}

#[test]
fn a_table_says_whose_it_is() {
    for (line, number) in [
        ("账号：6222 0000 1111,户名：某会", Some("622200001111")),
        ("户名,某会,账号,6222****1111", Some("6222****1111")),
        ("账号：622200001111 币种：CNY 起止日期：20261001-20261031", Some("622200001111")),
        ("账号：622200001111 币种：CNY 起止日期：20261101-20261130", Some("622200001111")),
        ("账号类型,对公", None),
    ] {
        let text = TEXT.replacen("账户明细", line, 1);
        assert_eq!(read(&gbk(&text), Some(&mapping())).unwrap().account.as_deref(), number, "{line}");
    }
    for (one, other, same) in [
        ("6222 0000 1111", "622200001111", true),
        ("622200001111", "622200001112", false),
        ("6222****1111", "622200001111", true),
        ("6222****1111", "622200002222", false),
        ("*1111", "622200001111", true),
    ] {
        assert_eq!(same_account(one, other), same, "{one} {other}");
    }
}

#[test]
fn days_and_amounts_as_banks_write_them() {
    for (text, format) in [
        ("20260301", "YYYYMMDD"),
        ("2026年3月1日", "YYYY年MM月DD日"),
        ("01/03/2026", "DD/MM/YYYY"),
        ("2026-03-01 10:00:00", "YYYY-MM-DD"),
    ] {
        assert_eq!(day(text, format).map(|day| day.to_string()).as_deref(), Some("2026-03-01"), "{text}");
    }
    assert_eq!(day("202603011", "YYYYMMDD"), None);
    assert_eq!(day("2026-02-30", "YYYY-MM-DD"), None);
    assert_eq!(amount("-1,234,567.8"), Some(Money::from_fen(-123_456_780)));
    assert_eq!(amount("￥12"), Some(Money::from_fen(1_200)));
    for wrong in ["", "1,2", "1e3", "12.345", "1.2.3", "--1"] {
        assert_eq!(amount(wrong), None, "{wrong}");
    }
}
