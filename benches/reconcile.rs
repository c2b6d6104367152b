//! A million rows of a bill against a million rows of the books, from files, as multi-sets, exactly; and the same job in DuckDB and in polars.
//!
//! In one run: both files are made (fixed seed, the shape of a real trade bill, some rows missing, changed or twice on either side), then
//! each of the three compares them in a process of its own, in turn, several times. Printed are seconds from the first byte to the last
//! finding, without the start of the process, the peak of memory, and the ratios of each round; all three have to find the same.
//! Ours is what `sangzi reconcile` does with a bill: read by column name, every cell and the bill's own totals checked, then
//! `domain::reconciliation::compare`. The aims are in docs/performance.md.
//!
//! `scripts/bench-tools` installs the other two under `target`; without them ours alone is measured. `cargo bench --bench reconcile`
#![allow(clippy::float_arithmetic, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints ratios")]
#![allow(missing_docs, reason = "a program")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use domain::reconciliation::{Finding, Item, Key, compare};
use domain::{BusinessDate, Money};
use wechat::read_trade_bill;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: u32 = 1_000_000;
const ROUNDS: usize = 5;
const MCHID: &str = "1900000001";
const DAY: &str = "2026-01-15";
const COLUMNS: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,\
    应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,\
    申请退款金额,费率备注";

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        mixed ^ (mixed >> 33)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// What the three have to find: matched, differing, only here, only there, once more here, once more there.
type Found = [u64; 6];

/// Writes both files, and says what there is to find.
fn write(bill: &Path, book: &Path) -> Found {
    let mut random = Random(20_260_115);
    let (mut bill, mut book) = (create(bill), create(book));
    let mut found = Found::default();
    let (mut rows, mut paid, mut refunded, mut fees) = (0u32, 0i64, 0i64, 0i64);
    write!(bill, "\u{feff}{COLUMNS}\r\n").unwrap();
    writeln!(book, "kind,number,amount,fee").unwrap();
    for n in 0..ROWS {
        let refund = n % 50 == 0;
        let fen = 100 + i64::try_from(random.below(20_000)).unwrap();
        let fee = (fen * 6 + 500) / 1_000;
        let second = u64::from(n) * 86_400 / u64::from(ROWS);
        let at = format!("{DAY} {:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
        // Rows are not sorted by number.
        let transaction = format!("42000026012026011500{:08}", u64::from(n) * 7_919 % 100_000_000);
        let order = format!("{:016x}{:016x}", random.next(), random.next());
        let payer = format!("o{:016x}{:011x}", random.next(), random.next() >> 20);
        let (amount, signed) = (yuan(fen), if refund { -fee } else { fee });
        let (cells, key) = if refund {
            let number = format!("{:016x}{:016x}-1", random.next(), random.next());
            let refund_id = format!("5030000601{n:018}");
            let cells = format!(
                "`{at},`wx0123456789abcdef,`{MCHID},`0,`,`{transaction},`{order},`{payer},`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,\
                 `{refund_id},`{number},`{amount},`0.00,`ORIGINAL,`SUCCESS,`爱心捐款,`,`{}000,`0.60%,`0.00,`{amount},`\r\n",
                yuan(signed)
            );
            (cells, format!("R,{number}"))
        } else {
            let cells = format!(
                "`{at},`wx0123456789abcdef,`{MCHID},`0,`,`{transaction},`{order},`{payer},`JSAPI,`SUCCESS,`OTHERS,`CNY,`{amount},`0.00,\
                 `0,`0,`0.00,`0.00,`,`,`爱心捐款,`,`{}000,`0.60%,`{amount},`0.00,`\r\n",
                yuan(signed)
            );
            (cells, format!("P,{transaction}"))
        };
        let fate = random.below(20_000);
        let (there, here) = match fate {
            0 => (0, 1),
            1 => (1, 0),
            4 => (1, 2),
            5 => (2, 1),
            _ => (1, 1),
        };
        for _ in 0..there {
            bill.write_all(cells.as_bytes()).unwrap();
            rows += 1;
            fees += signed;
            *if refund { &mut refunded } else { &mut paid } += fen;
        }
        for _ in 0..here {
            writeln!(book, "{key},{},{}", yuan(fen + i64::from(fate == 2)), yuan(signed + i64::from(fate == 3)))
                .unwrap();
        }
        let what = match fate {
            0 => 2,
            1 => 3,
            2 | 3 => 1,
            _ => 0,
        };
        found[what] += 1;
        found[4] += u64::from(here == 2);
        found[5] += u64::from(there == 2);
    }
    let (paid, refunded, fees) = (yuan(paid), yuan(refunded), yuan(fees));
    let names = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
    write!(bill, "{names}\r\n`{rows},`{paid},`{refunded},`0.00,`{fees}000,`{paid},`{refunded}\r\n").unwrap();
    bill.flush().unwrap();
    book.flush().unwrap();
    found
}

fn create(path: &Path) -> BufWriter<File> {
    BufWriter::with_capacity(1 << 20, File::create(path).unwrap())
}

fn yuan(fen: i64) -> String {
    Money::from_fen(fen).to_string()
}

/// The books' side: a line is an item.
fn books(path: &Path) -> Vec<Item> {
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(1 << 18).from_path(path).unwrap();
    let mut items = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).unwrap() {
        let fen = |text: &str| {
            let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
            sign * digits.parse::<Money>().unwrap().fen()
        };
        items.push(Item {
            key: Key::of(u8::from(&record[0] == "R"), &record[1]),
            amount_fen: fen(&record[2]),
            fee_fen: fen(&record[3]),
            status: 0,
            place: u32::try_from(items.len()).unwrap(),
        });
    }
    items
}

/// The bill's side.
fn bill(path: &Path) -> Vec<Item> {
    let day: BusinessDate = DAY.parse().unwrap();
    let mut items = Vec::new();
    read_trade_bill(File::open(path).unwrap(), MCHID, day, |row| {
        let (key, amount) = match &row.refund {
            Some(refund) => (Key::of(1, refund.out_refund_no), refund.amount),
            None => (Key::of(0, row.transaction_id), row.order_amount),
        };
        items.push(Item {
            key,
            amount_fen: amount.fen(),
            fee_fen: row.fee.fen(),
            status: 0,
            place: u32::try_from(row.line).unwrap(),
        });
        Ok(())
    })
    .unwrap();
    items
}

/// Ours, in a process of its own: what was found, the seconds, and the peak of memory in KiB.
fn ours(bill_path: &Path, book_path: &Path) {
    let begun = Instant::now();
    let (mut here, mut there) = std::thread::scope(|scope| {
        let here = scope.spawn(|| books(book_path));
        let there = bill(bill_path);
        (here.join().unwrap(), there)
    });
    let read = begun.elapsed().as_secs_f64();
    let mut found = Found::default();
    compare(&mut here, &mut there, |finding| {
        let what = match finding {
            Finding::Matched(..) => 0,
            Finding::Differs(..) => 1,
            Finding::OnlyHere(_) => 2,
            Finding::OnlyThere(_) => 3,
            Finding::DuplicateHere(_) => 4,
            Finding::DuplicateThere(_) => 5,
        };
        found[what] += 1;
    });
    let took = begun.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    let peak = peak.trim().trim_end_matches(" kB");
    let words: Vec<String> = found.iter().map(u64::to_string).collect();
    println!("{} {took:.4} {peak}", words.join(" "));
    eprintln!("    read in {read:.3} s, compared in {:.3} s", took - read);
}

/// What one of the three says at the end of its process.
struct Said {
    found: Found,
    seconds: f64,
    peak_mib: f64,
}

fn run(command: &mut Command) -> Said {
    let out = command.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found = Found::default();
    for (into, word) in found.iter_mut().zip(&words) {
        *into = word.parse().unwrap();
    }
    Said { found, seconds: words[6].parse().unwrap(), peak_mib: words[7].parse::<f64>().unwrap() / 1_024.0 }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let [_, child, bill, book] = words.as_slice()
        && child == "--child"
    {
        return ours(Path::new(bill), Path::new(book));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dir = tempfile::tempdir_in(root.join("target")).unwrap();
    let (bill, book) = (dir.path().join("bill.csv"), dir.path().join("book.csv"));
    let expected = write(&bill, &book);
    let sizes = [&bill, &book].map(|path| std::fs::metadata(path).unwrap().len() / 1_000_000);
    println!("{ROWS} rows: the bill of {} MB, the books of {} MB", sizes[0], sizes[1]);

    let python = root.join("target/bench-tools/bin/python");
    let columns = COLUMNS.split(',').count().to_string();
    let script =
        |name: &str| -> (String, PathBuf) { (name.to_owned(), root.join(format!("benches/reconcile/in_{name}.py"))) };
    let others: Vec<(String, PathBuf)> =
        if python.exists() { vec![script("duckdb"), script("polars")] } else { Vec::new() };
    if others.is_empty() {
        println!("DuckDB and polars are not installed: scripts/bench-tools");
    }
    let mut worst: Vec<(String, f64)> = others.iter().map(|(name, _)| (name.clone(), 0.0)).collect();
    for round in 1..=ROUNDS {
        let ours = run(Command::new(std::env::current_exe().unwrap()).arg("--child").args([&bill, &book]));
        assert_eq!(ours.found, expected, "what was planted is what is found");
        print!("round {round}: ours {:.3} s, {:.0} MiB", ours.seconds, ours.peak_mib);
        for ((name, path), (_, worst)) in others.iter().zip(&mut worst) {
            let other = run(Command::new(&python).arg(path).args([&bill, &book]).arg(&columns));
            assert_eq!(other.found, expected, "{name} finds the same");
            let ratio = ours.seconds / other.seconds;
            *worst = worst.max(ratio);
            print!("; {name} {:.3} s, {:.0} MiB: {ratio:.2} x", other.seconds, other.peak_mib);
        }
        println!();
    }
    for (name, ratio) in worst {
        println!("at worst {ratio:.2} x of {name}");
    }
}
