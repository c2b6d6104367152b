//! A great day against its bills, from the database: 170 000 gifts, as `sangzi reconcile` does it.
//!
//! In one run, on one database: the trade bill while nobody has told us of any gift (every one is settled from it), the morning as it should
//! be (all gifts are in the books; their fees are booked, the fund-flow bill is compared, the gifts become settled), and the same again,
//! which changes nothing. Prints seconds, what was found, and the peak of memory; the books are audited at the end.
//!
//! `cargo bench --bench day` measures SQLite, with `SANGZI_TEST_POSTGRES` set PostgreSQL too.
#![allow(clippy::float_arithmetic, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints seconds")]
#![allow(missing_docs, reason = "a program")]

use std::fmt::Write;
use std::sync::Arc;
use std::time::Instant;

use app::Templates;
use app::reconciliation::{Files, Reconciliation};
use domain::{BusinessDate, Clock, DonationId, Money};

#[path = "house/mod.rs"]
mod house;
#[path = "house/postgres.rs"]
mod postgres;

use postgres::on_postgres;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const GIFTS: usize = 170_000;
const COLUMNS: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,\
    应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,\
    申请退款金额,费率备注";
const FLOW_COLUMNS: &str = "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号";

/// The trade bill of the gifts, all of ten yuan, at this rate.
fn trade(ids: &[DonationId], day: BusinessDate, fee: &str, rate: &str) -> Vec<u8> {
    let mut bill = format!("\u{feff}{COLUMNS}\r\n");
    for (n, id) in ids.iter().enumerate() {
        let second = n * 86_400 / ids.len();
        let at = format!("{day} {:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
        write!(
            bill,
            "`{at},`wx0123456789abcdef,`1900000001,`0,`,`42000026{n:020},`{},`oSample000000000000000000001,`JSAPI,`SUCCESS,`OTHERS,\
             `CNY,`10.00,`0.00,`0,`0,`0.00,`0.00,`,`,`爱心捐款,`,`{fee}000,`{rate},`10.00,`0.00,`\r\n",
            id.out_trade_no()
        )
        .unwrap();
    }
    let count = i64::try_from(ids.len()).unwrap();
    let (paid, fees) = (Money::from_fen(1_000 * count), Money::from_fen(fee.parse::<Money>().unwrap().fen() * count));
    let names = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
    write!(bill, "{names}\r\n`{count},`{paid},`0.00,`0.00,`{fees}000,`{paid},`0.00\r\n").unwrap();
    bill.into_bytes()
}

/// Their fund-flow bill: gross, and the fee in a line of its own.
fn flow(ids: &[DonationId], day: BusinessDate) -> Vec<u8> {
    let mut bill = format!("\u{feff}{FLOW_COLUMNS}\r\n");
    let mut balance = 0;
    for (n, id) in ids.iter().enumerate() {
        let second = n * 86_400 / ids.len();
        let at = format!("{day} {:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
        for (kind, way, amount, signed) in [("交易", "收入", "10.00", 1_000), ("扣除交易手续费", "支出", "0.06", -6)]
        {
            balance += signed;
            write!(
                bill,
                "`{at},`42000026{n:020},`42000026{n:020},`交易,`{kind},`{way},`{amount},`{},`system,`,`{}\r\n",
                Money::from_fen(balance),
                id.out_trade_no()
            )
            .unwrap();
        }
    }
    let count = i64::try_from(ids.len()).unwrap();
    let (paid, fees) = (Money::from_fen(1_000 * count), Money::from_fen(6 * count));
    write!(
        bill,
        "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n`{},`{count},`{paid},`{count},`{fees}\r\n",
        2 * count
    )
    .unwrap();
    bill.into_bytes()
}

async fn database(url: &str, name: &str, key: &rcgen::KeyPair) {
    let (app, campaign, ids) = house::world(url, key, GIFTS).await;
    let day = app.business.today();
    let progress = Arc::new(|what: &'static str, done: usize, of: usize| {
        if std::env::var_os("SANGZI_BENCH_PROGRESS").is_some() {
            eprintln!("{what} {done}/{of}");
        }
    });
    let reconciliation =
        Reconciliation::new(app.db.clone(), Clock::system(), Templates::default(), None).telling(progress);
    println!("{name}, {GIFTS} gifts of one day");
    let (untold, told) = (trade(&ids, day, "0.00", "0.00%"), trade(&ids, day, "0.06", "0.60%"));
    let morning = || Files { trade: Some(told.clone()), fund_flow: Some(flow(&ids, day)), bank: None };
    for (what, files) in [
        ("every gift settled from the trade bill", Files { trade: Some(untold), ..Files::default() }),
        ("the morning: fees booked, gifts settled", morning()),
        ("again, changing nothing", morning()),
    ] {
        let begun = Instant::now();
        let report = reconciliation.run(None, day, &files, "bench").await.unwrap();
        println!(
            "  {what:<42} {:>6.2} s   {} matched, {} healed, {} breaks",
            begun.elapsed().as_secs_f64(),
            report.matched,
            report.healed,
            report.breaks.len()
        );
        assert!(report.breaks.is_empty(), "{:#?}", report.breaks.first());
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let book = app.books.all().await.unwrap()[0].id;
    let raised = ledger::raised(app.db.read(), book, campaign).await.unwrap();
    assert_eq!(raised, Money::from_fen(1_000 * i64::try_from(GIFTS).unwrap()));
    let audit = app.books.audit(&|_| {}).await.unwrap();
    println!(
        "  peak{peak}; raised {raised}; audit: {} numbers compared, {} differ\n",
        audit.checked,
        audit.differences.len()
    );
}

#[tokio::main]
async fn main() {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let dir = tempfile::tempdir().unwrap();
    database(&format!("sqlite://{}", dir.path().join("bench.db").display()), "SQLite, synchronous=FULL", &key).await;
    on_postgres(async |url| database(&url, "PostgreSQL, synchronous_commit=on", &key).await).await;
}
