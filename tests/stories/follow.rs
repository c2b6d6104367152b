//! 以微信为准: what the books post when two persons say that the channel is right, and what they post when the channel says otherwise later.

use app::cashier::Payment;
use app::reconciliation::{DayReport, Files};
use domain::role::Role;
use domain::{BusinessDate, Money};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::reconciliation::{Sheet, bills, classes, morning_after, noon, run};
use crate::world::{World, story};

/// The open breaks, oldest first.
pub(crate) async fn open(w: &World) -> Vec<Value> {
    let listed = w.staff(Role::Bookkeeper).await.get("/staff/breaks?limit=100").await.ok();
    let mut items = listed["items"].as_array().unwrap().clone();
    items.retain(|one| one["state"] == "open");
    items.reverse();
    items
}

pub(crate) async fn ways(w: &World, of: &Value) -> Value {
    let path = format!("/staff/breaks/{}/ways", of["id"].as_str().unwrap());
    w.staff(Role::Bookkeeper).await.get(&path).await.ok()["items"].clone()
}

/// The lines that following the channel would post, as they are shown before anybody decides.
pub(crate) async fn shown(w: &World, of: &Value) -> Vec<String> {
    let ways = ways(w, of).await;
    let way = ways.as_array().unwrap().iter().find(|way| way["choice"] == "follow");
    let way = way.unwrap_or_else(|| panic!("{of:#} cannot be followed: {ways:#}"));
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let postings = way["postings"].as_array().unwrap();
    postings
        .iter()
        .map(|line| format!("{} / {} {}", text(line, "debit"), text(line, "credit"), text(line, "amount")))
        .collect()
}

/// Two persons follow the channel.
pub(crate) async fn follow(w: &World, of: &Value) {
    decide(w, of, "follow").await;
}

async fn decide(w: &World, of: &Value, choice: &str) {
    let path = format!("/staff/breaks/{}/resolutions", of["id"].as_str().unwrap());
    let body = json!({ "id": Uuid::now_v7(), "choice": choice, "reason": "已向微信核实" });
    let proposed = w.staff(Role::Cashier).await.post(&path, body).await.ok();
    let step = format!("/staff/resolutions/{}/approval", proposed["id"].as_str().unwrap());
    assert_eq!(w.staff(Role::FinanceHead).await.act(&step).await.ok()["state"], "done");
}

async fn back(w: &World, donor: &crate::caller::Caller, gift: Uuid, amount: &str) {
    let request = json!({ "id": Uuid::now_v7(), "amount": amount, "reason": "error" });
    donor.post(&format!("/donations/{gift}/refund-requests"), request.clone()).await.ok();
    let head = w.staff(Role::FinanceHead).await;
    head.act(&format!("/staff/refunds/{}/approval", request["id"].as_str().unwrap())).await.ok();
    w.run_job("send_refunds").await;
    w.until("it is back", async || w.balance("2209[payable=refund]").await == "0.00").await;
}

pub(crate) fn proved(report: &DayReport) {
    assert_eq!(report.proof.channel, Some(report.proof.ledger), "{:#?}", report.proof);
    assert_eq!(report.proof.unexplained, Money::ZERO, "{:#?}", report.proof);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_channel_says_the_books_can_follow_it_and_come_back() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let mut gifts = Vec::new();
        for amount in ["100.00", "50.00", "30.00", "10.00", "20.00", "8.00"] {
            gifts.push(w.gift(&donor, campaign, amount).await);
        }
        back(w, &donor, gifts[4].id, "20.00").await;
        back(w, &donor, gifts[5].id, "8.00").await;
        w.lever("faults", json!({ "callback": { "lose": 1000 } })).await;
        let silent = w.order(&donor, campaign, "33.00").await;
        w.sandbox.pay(&silent.order).unwrap();
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;

        // A bill in which everything differs that can differ, told alike by both files.
        let (mut told, mut moved) = (Sheet::of(&trade), Sheet::of(&flow));
        let order = |nth: usize| gifts[nth].order.clone();
        let paid = |sheet: &Sheet, nth: usize| sheet.find("商户订单号", &order(nth));
        let flow_row = |sheet: &Sheet, voucher: &str| sheet.find("业务凭证号", voucher);
        let refund = |sheet: &Sheet, amount: &str| sheet.find("退款金额", amount);
        for name in ["应结订单金额", "订单金额"] {
            told.set(paid(&told, 0), name, "100.01");
        }
        moved.set(flow_row(&moved, &order(0)), "收支金额(元)", "100.01");
        told.set(paid(&told, 1), "应结订单金额", "49.00");
        moved.set(flow_row(&moved, &order(1)), "收支金额(元)", "49.00");
        told.set(paid(&told, 2), "交易状态", "REVOKED");
        moved.drop("业务凭证号", &order(2));
        told.drop("商户订单号", &order(3));
        moved.drop("业务凭证号", &order(3));
        let number = |sheet: &Sheet, amount: &str| sheet.rows[refund(sheet, amount)][sheet.at("商户退款单号")].clone();
        let (less, gone) = (number(&told, "20.00"), number(&told, "8.00"));
        let mut foreign = told.rows[refund(&told, "8.00")].clone();
        told.drop("商户退款单号", &gone);
        let mut left = moved.rows[flow_row(&moved, &gone)].clone();
        moved.drop("业务凭证号", &gone);
        for name in ["退款金额", "申请退款金额"] {
            told.set(refund(&told, if name == "退款金额" { "20.00" } else { "19.99" }), name, "19.99");
        }
        moved.set(flow_row(&moved, &less), "收支金额(元)", "19.87");
        // Somebody gave money back at the merchant's own console.
        for (name, cell) in [
            ("微信退款单号", "5030009999"),
            ("商户退款单号", "R-of-somebody"),
            ("退款金额", "7.00"),
            ("申请退款金额", "7.00"),
            ("手续费", "0.00000"),
        ] {
            foreign[told.at(name)] = cell.into();
        }
        told.rows.push(foreign);
        for (name, cell) in
            [("微信支付业务单号", "5030009999"), ("业务凭证号", "R-of-somebody"), ("收支金额(元)", "7.00")]
        {
            left[moved.at(name)] = cell.into();
        }
        moved.rows.push(left.clone());
        // And the channel took something for a reason nobody knows.
        for (name, cell) in [
            ("微信支付业务单号", "9990001"),
            ("资金流水单号", "9990002"),
            ("业务凭证号", "9990003"),
            ("业务名称", "其他"),
            ("业务类型", "不明扣款"),
            ("收支金额(元)", "1.11"),
        ] {
            left[moved.at(name)] = cell.into();
        }
        moved.rows.push(left);
        // Nobody told us of a payment, and the trade bill does not either.
        told.drop("商户订单号", &silent.order);
        let fee = moved.rows.iter().position(|row| {
            row[moved.at("业务类型")] == "扣除交易手续费" && row[moved.at("业务凭证号")] == silent.order
        });
        moved.rows.remove(fee.unwrap());
        moved.balance_from(0);

        let report = run(w, day, Some(&told.bytes()), Some(&moved.bytes())).await;
        let differing = [
            "amount",
            "missing_here",
            "missing_there",
            "refund_amount",
            "refund_missing_here",
            "refund_missing_there",
            "settlement_amount",
            "status",
            "unknown_line",
        ];
        assert_eq!(classes(&report), differing, "{report:#?}");
        let (short, over) = ("1122[channel=wechat]", "2209[payable=channel_surplus]");
        let wechat = "1009[channel=wechat]";
        let income = format!("410102[campaign={campaign}]");
        for of in open(w).await {
            let class = of["class"].as_str().unwrap().to_owned();
            let expected = match class.as_str() {
                "amount" | "refund_amount" => format!("{wechat} / {over} 0.01"),
                "missing_here" => format!("{wechat} / {income} 33.00"),
                "missing_there" => format!("{short} / {wechat} 10.00"),
                "refund_missing_here" => format!("{short} / {wechat} 7.00"),
                "refund_missing_there" => format!("{wechat} / {over} 8.00"),
                "settlement_amount" => format!("{short} / {wechat} 1.00"),
                "status" => format!("{short} / {wechat} 30.00"),
                _ => format!("{short} / {wechat} 1.11"),
            };
            assert_eq!(shown(w, &of).await, [expected], "{class}");
            assert_eq!(ways(w, &of).await.as_array().unwrap().last().unwrap()["postings"], json!([]), "the books' way");
            follow(w, &of).await;
            assert_eq!(open(w).await.iter().filter(|one| one["id"] == of["id"]).count(), 0, "{class}");
        }
        assert_eq!((w.balance(short).await, w.balance(over).await), ("49.11".to_owned(), "-8.02".to_owned()));
        assert_eq!(w.raised(campaign).await, "223.00", "what differs at the channel is no matter of the donors");
        let report = run(w, day, Some(&told.bytes()), Some(&moved.bytes())).await;
        // The one that the trade bill still does not list is in the books and moved money: there is nothing to book.
        assert_eq!(classes(&report), ["missing_there"], "{report:#?}");
        proved(&report);
        assert_eq!(w.state(&donor, &silent).await, "settled");
        let unlisted = open(w).await.remove(0);
        assert_eq!(ways(w, &unlisted).await.as_array().unwrap().len(), 1);
        decide(w, &unlisted, "explain").await;

        // What it was is said by a voucher with its document.
        let keeper = w.staff(Role::Bookkeeper).await;
        let draft = json!({
            "id": Uuid::now_v7(), "kind": "ordinary", "event_date": day.to_string(), "summary": "微信不明扣款核销",
            "lines": [
                { "subject": "5901", "debit": "1.11" },
                { "subject": "1122", "channel": "wechat", "credit": "1.11" },
            ],
        });
        keeper.post(&format!("/staff/books/{}/vouchers", w.book), draft).await.ok();

        // The right bills at last: each is a difference again, and following them undoes what was followed.
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert_eq!(
            classes(&report),
            ["amount", "amount", "amount", "amount", "refund_amount", "refund_amount", "refund_amount", "unknown_line"],
            "{report:#?}"
        );
        for of in open(w).await {
            shown(w, &of).await;
            follow(w, &of).await;
        }
        assert_eq!((w.balance(short).await, w.balance(over).await), ("0.00".to_owned(), "0.00".to_owned()));
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert_eq!((report.state.as_str(), classes(&report)), ("matched", vec![]), "{report:#?}");
        proved(&report);
        let before = w.staff(Role::Auditor).await.get("/staff/trial-balance").await.ok();
        run(w, day, None, Some(&flow)).await;
        run(w, day, Some(&trade), None).await;
        assert_eq!(w.staff(Role::Auditor).await.get("/staff/trial-balance").await.ok(), before);
    })
    .await;
}

/// A payment that stands in our books and in no bill of the channel's: a break, whether it was taken for a gift or stands in suspense, and
/// never settled.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_payment_is_a_break_and_leaves_the_books_when_two_persons_say_so() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let order = w.order(&donor, campaign, "25.00").await;
        for (out_trade_no, transaction_id, amount) in [
            (order.order.as_str(), "4200009999000000000000000001", "25.00"),
            ("D-of-nobody", "4200009999000000000000000002", "77.00"),
        ] {
            let forged = Payment {
                out_trade_no: out_trade_no.to_owned(),
                transaction_id: transaction_id.to_owned(),
                amount: amount.parse().unwrap(),
                paid: w.app.business.now(),
            };
            w.app.cashier.settle(forged).await.unwrap();
        }
        assert_eq!(w.raised(campaign).await, "125.00");
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert_eq!(classes(&report), ["missing_here", "missing_there", "missing_there"], "{report:#?}");
        assert_eq!(w.state(&donor, &order).await, "paid", "it is not settled, so that its campaign cannot close on it");
        let found = open(w).await;
        let of = |suspense: bool, amount: &str| {
            let same = |one: &&Value| one["suspense"] == json!(suspense) && one["amount"] == amount;
            found.iter().find(same).unwrap().clone()
        };
        let choices = |ways: Value| {
            ways.as_array().unwrap().iter().map(|way| way["choice"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(choices(ways(w, &of(true, "77.00")).await), ["return", "follow"]);
        assert_eq!(
            choices(ways(w, &of(false, "77.00")).await),
            ["explain"],
            "its money is decided as what stands in suspense"
        );
        assert_eq!(shown(w, &of(true, "77.00")).await, ["2209[payable=suspense] / 1009[channel=wechat] 77.00"]);
        assert_eq!(shown(w, &of(false, "25.00")).await, ["1122[channel=wechat] / 1009[channel=wechat] 25.00"]);
        follow(w, &of(true, "77.00")).await;
        follow(w, &of(false, "25.00")).await;
        assert_eq!(w.balance("2209[payable=suspense]").await, "0.00");
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert_eq!((report.state.as_str(), classes(&report)), ("matched", vec![]), "{report:#?}");
        proved(&report);
        assert_eq!(report.sides.booked_payments.count, 2, "what never was is not counted");

        // It was none, after all: the channel lists it in a corrected bill. It is told, and not booked twice by itself.
        let (mut told, mut moved) = (Sheet::of(&trade), Sheet::of(&flow));
        let mut line = told.rows[0].clone();
        let mut row = moved.rows[0].clone();
        for (name, cell) in [("微信订单号", "4200009999000000000000000002"), ("商户订单号", "D-of-nobody")] {
            line[told.at(name)] = cell.into();
        }
        for (name, cell) in [("应结订单金额", "77.00"), ("订单金额", "77.00"), ("手续费", "0.00000"), ("费率", "0.00%")]
        {
            line[told.at(name)] = cell.into();
        }
        for (name, cell) in [
            ("微信支付业务单号", "4200009999000000000000000002"),
            ("资金流水单号", "4200009999000000000000000002"),
            ("业务凭证号", "D-of-nobody"),
            ("收支金额(元)", "77.00"),
        ] {
            row[moved.at(name)] = cell.into();
        }
        told.rows.push(line);
        moved.rows.push(row);
        moved.balance_from(0);
        let report = run(w, day, Some(&told.bytes()), Some(&moved.bytes())).await;
        assert_eq!(classes(&report), ["missing_here"], "{report:#?}");
        let again = open(w).await.remove(0);
        assert_eq!(shown(w, &again).await, ["1009[channel=wechat] / 2209[payable=channel_surplus] 77.00"]);
        follow(w, &again).await;
        let report = run(w, day, Some(&told.bytes()), Some(&moved.bytes())).await;
        assert_eq!((report.state.as_str(), classes(&report)), ("matched", vec![]), "{report:#?}");
        proved(&report);
        // And it was a mistake of the bill's: what was followed is followed back.
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert_eq!(classes(&report), ["amount"], "{report:#?}");
        let back = open(w).await.remove(0);
        assert_eq!(shown(w, &back).await, ["2209[payable=channel_surplus] / 1009[channel=wechat] 77.00"]);
        follow(w, &back).await;
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert_eq!((report.state.as_str(), classes(&report)), ("matched", vec![]), "{report:#?}");
        proved(&report);
    })
    .await;
}

/// Three withdrawals arrive as two lines on two working days, in whatever order their statements are brought.
#[tokio::test(flavor = "multi_thread")]
async fn several_withdrawals_arrive_in_several_lines_over_working_days() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "200.00").await;
        for amount in ["40.00", "30.00", "50.00"] {
            w.lever("withdraw", json!({ "amount": amount })).await;
        }
        morning_after(w, day).await;
        w.app.reconciliation.fetch(None, day, "story").await.unwrap();
        assert_eq!(w.balance("1009[channel=wechat_transit]").await, "120.00");
        let (first, second) = (day.next(), day.next().next());
        w.lever("clock", json!({ "now": format!("{second}T18:00:00+08:00") })).await;
        let statement = |on: BusinessDate, lines: &[(&str, &str)]| {
            let lines: Vec<String> = lines
                .iter()
                .map(|(number, amount)| format!("{on},{number},{amount},财付通支付科技有限公司,提现\n"))
                .collect();
            let text = format!("date,reference,amount,counterparty,remark\n{}", lines.concat());
            Files { bank: Some(text.into_bytes()), ..Files::default() }
        };
        let early =
            w.app.reconciliation.run(None, first, &statement(first, &[("B-1", "60.00")]), "story").await.unwrap();
        assert_eq!(classes(&early), Vec::<&str>::new(), "{early:#?}");
        let waits: Vec<_> = early.buffer.iter().map(|one| (one.side.as_str(), one.key.as_str())).collect();
        assert_eq!(waits, [("bank", "B-1")], "a part of what is on its way");
        assert_eq!(w.balance("1009[channel=wechat_transit]").await, "120.00");
        let late =
            w.app.reconciliation.run(None, second, &statement(second, &[("B-2", "60.00")]), "story").await.unwrap();
        assert_eq!((classes(&late), late.healed, late.buffer.len()), (vec![], 1, 0), "{late:#?}");
        assert_eq!(w.balance("1009[channel=wechat_transit]").await, "0.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "120.00");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM buffered_line WHERE left_us IS NULL").await, 0);
        let before = w.staff(Role::Auditor).await.get("/staff/trial-balance").await.ok();
        for day in [second, first, day] {
            let again = w.app.reconciliation.run(None, day, &Files::default(), "story").await.unwrap();
            assert_eq!(classes(&again), Vec::<&str>::new(), "{again:#?}");
        }
        assert_eq!(w.staff(Role::Auditor).await.get("/staff/trial-balance").await.ok(), before);
        // A line of the channel's that belongs to nothing is a break, once it has waited long enough for its bill.
        let stray = w
            .app
            .reconciliation
            .run(None, second, &statement(second, &[("B-2", "60.00"), ("B-3", "9.00")]), "story")
            .await;
        assert_eq!(stray.unwrap().buffer.len(), 1);
        w.pass(6 * 86_400).await;
        let report = w.app.reconciliation.run(None, second, &Files::default(), "story").await.unwrap();
        assert_eq!(classes(&report), ["unknown_line"], "{report:#?}");
    })
    .await;
}

/// A day of a month that is locked gets other bills: what they say is booked on the first open day, with the day it is about, and what is
/// open is decided there.
#[tokio::test(flavor = "multi_thread")]
async fn bills_that_come_after_the_month_is_locked_are_booked_on_the_first_open_day() {
    story(async |w| {
        let mut day = noon(w).await;
        // Not in December: its month is locked with its year.
        while day.month() == 12 {
            w.pass(20 * 86_400).await;
            day = noon(w).await;
        }
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let gift = w.gift(&donor, campaign, "100.00").await;
        w.gift(&donor, campaign, "50.00").await;
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let (mut told, mut moved) = (Sheet::of(&trade), Sheet::of(&flow));
        for name in ["应结订单金额", "订单金额"] {
            told.set(told.find("商户订单号", &gift.order), name, "99.00");
        }
        told.set(told.find("商户订单号", &gift.order), "手续费", "0.59000");
        moved.set(moved.find("业务凭证号", &gift.order), "收支金额(元)", "99.00");
        moved.set(moved.find("收支金额(元)", "0.60"), "收支金额(元)", "0.59");
        moved.balance_from(0);
        let report = run(w, day, Some(&told.bytes()), Some(&moved.bytes())).await;
        assert_eq!(classes(&report), ["amount"], "{report:#?}");
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.30", "the fee of what differs waits");

        w.pass(31 * 86_400).await;
        let keeper = w.staff(Role::Bookkeeper).await;
        let book = format!("/staff/books/{}", w.book);
        let lock = format!("{book}/years/{}/months/{}/closing", day.year(), day.month());
        keeper.act(&lock).await.refused(409, "month_not_ready");
        keeper.act(&format!("{lock}?reason=差错在下月处理")).await.ok();
        let first_open = w.app.books.all().await.unwrap()[0].closed_through.unwrap().next();
        // The break is followed now: of the locked day, on the first open one.
        let open_break = open(w).await.remove(0);
        follow(w, &open_break).await;
        let reference = format!("channel_difference:{}", open_break["item"].as_str().unwrap());
        let (entry, _) = ledger::entry_by_reference(w.app.db.read(), &reference).await.unwrap().unwrap();
        assert_eq!((entry.event_date, entry.book_date), (day, first_open));
        let report = run(w, day, Some(&told.bytes()), Some(&moved.bytes())).await;
        assert_eq!((report.state.as_str(), classes(&report)), ("matched", vec![]), "{report:#?}");
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.89", "its fee is booked with it");
        // At the end of the locked day the books did not know it yet, and the proof says so to the fen.
        assert_eq!(report.proof.unexplained, Money::ZERO, "{:#?}", report.proof);
        let listed: i64 = report.proof.items.iter().map(|item| item.amount.fen()).sum();
        assert_eq!(report.proof.channel.unwrap().fen(), report.proof.ledger.fen() + listed, "{:#?}", report.proof);

        // The right bills come after that.
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert_eq!(classes(&report), ["amount"], "{report:#?}");
        follow(w, &open(w).await.remove(0)).await;
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert_eq!((report.state.as_str(), classes(&report)), ("matched", vec![]), "{report:#?}");
        assert_eq!(w.balance("1122[channel=wechat]").await, "0.00");
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.90");
        assert_eq!(w.balance("1009[channel=wechat]").await, "149.10");

        // The workbook and the screen's JSON are the report.
        let path = format!("/staff/reconciliations/{day}?book={}", w.book.uuid());
        let shown = keeper.get(&path).await.ok();
        assert_eq!((&shown["state"], &shown["matched"]), (&json!(report.state), &json!(report.matched)));
        assert_eq!(shown["proof"]["channel"], json!(report.proof.channel));
        assert_eq!(shown["proof"]["items"].as_array().unwrap().len(), report.proof.items.len());
    })
    .await;
}
