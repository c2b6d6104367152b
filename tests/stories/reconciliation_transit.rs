//! Money between the channel and the bank against their bills: what has no number, what a corrected file does not show any more, balances that
//! do not follow from one another, bills of somebody else, and what the console knows already.

use std::time::Duration;

use app::reconciliation::{DayReport, Files, ReconcileError};
use domain::role::Role;
use domain::{BusinessDate, Money};
use jobs::JobError;
use ledger::{Account, Entry};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::bank::{accept, account, bring, file, line};
use crate::binary::Program;
use crate::caller::{Answer, send};
use crate::follow::{follow, open, proved, shown, ways};
use crate::reconciliation::{Sheet, bills, classes, morning_after, noon, run};
use crate::transfers::withdrawal;
use crate::world::{World, story};

const WECHAT: &str = "1009[channel=wechat]";
const TRANSIT: &str = "1009[channel=wechat_transit]";
const BANK: &str = "1002[bank=基本户]";

fn statement(on: BusinessDate, lines: &[(&str, &str, &str)]) -> Files {
    let lines: Vec<String> =
        lines.iter().map(|(number, amount, who)| format!("{on},{number},{amount},{who},流水\n")).collect();
    let text = format!("date,reference,amount,counterparty,remark\n{}", lines.concat());
    Files { bank: Some(text.into_bytes()), ..Files::default() }
}

async fn brought(w: &World, day: BusinessDate, files: &Files) -> DayReport {
    w.app.reconciliation.run(None, day, files, "story").await.unwrap()
}

/// Why a bill is refused.
async fn refused(w: &World, day: BusinessDate, flow: &Sheet) -> String {
    let files = Files { fund_flow: Some(flow.bytes()), ..Files::default() };
    match w.app.reconciliation.run(None, day, &files, "story").await {
        Err(ReconcileError::Refused { why, .. }) => why,
        other => panic!("it is not refused: {other:?}"),
    }
}

fn rows_of(sheet: &Sheet, kind: &str) -> Vec<usize> {
    let at = sheet.at("业务类型");
    (0..sheet.rows.len()).filter(|row| sheet.rows[*row][at] == kind).collect()
}

fn matched(report: &DayReport) {
    assert_eq!((report.state.as_str(), classes(report)), ("matched", vec![]), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawals_without_numbers_are_booked_once_in_any_order() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "200.00").await;
        for _ in 0..2 {
            w.lever("withdraw", json!({ "amount": "40.00" })).await;
        }
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let mut bare = Sheet::of(&flow);
        let moment = bare.rows[0][0].clone();
        for row in rows_of(&bare, "提现") {
            for name in ["微信支付业务单号", "资金流水单号", "业务凭证号"] {
                bare.set(row, name, "-");
            }
            // In one second, too.
            bare.set(row, "记账时间", &moment);
        }
        let report = run(w, day, Some(&trade), Some(&bare.bytes())).await;
        assert_eq!(report.healed, 2, "{report:#?}");
        matched(&report);
        assert_eq!(w.balance(TRANSIT).await, "80.00");
        for _ in 0..2 {
            bare.rows.reverse();
            let again = run(w, day, Some(&trade), Some(&bare.bytes())).await;
            assert_eq!(again.healed, 0, "{again:#?}");
            matched(&again);
            proved(&again);
        }
        assert_eq!(w.balance(TRANSIT).await, "80.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_that_no_bill_shows_any_more_is_taken_back_by_two_persons() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "200.00").await;
        w.lever("withdraw", json!({ "amount": "40.00" })).await;
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        matched(&run(w, day, Some(&trade), Some(&flow)).await);
        assert_eq!(w.balance(TRANSIT).await, "40.00");

        let mut without = Sheet::of(&flow);
        without.drop("业务类型", "提现");
        let report = run(w, day, None, Some(&without.bytes())).await;
        let waits: Vec<_> = report.buffer.iter().map(|one| (one.side.as_str(), one.class.as_str())).collect();
        assert_eq!(waits, [("books", "missing_there")], "{report:#?}");
        w.pass(4 * 86_400).await;
        let report = run(w, day, None, None).await;
        assert_eq!(classes(&report), ["missing_there"], "{report:#?}");
        assert!(report.breaks[0].proposal.contains("资金账单无"), "{report:#?}");
        assert!(report.breaks[0].why.contains("资金账单无此笔"), "{report:#?}");
        let back = open(w).await.remove(0);
        assert_eq!(shown(w, &back).await, [format!("{WECHAT} / {TRANSIT} 40.00")]);
        follow(w, &back).await;
        assert_eq!((w.balance(TRANSIT).await, w.balance(WECHAT).await), ("0.00".to_owned(), "198.80".to_owned()));
        let report = run(w, day, None, None).await;
        matched(&report);
        proved(&report);

        // The channel shows it after all: it is told, and followed by two persons again.
        let report = run(w, day, None, Some(&flow)).await;
        assert_eq!(classes(&report), ["unknown_line"], "{report:#?}");
        let again = open(w).await.remove(0);
        assert_eq!(shown(w, &again).await, [format!("1122[channel=wechat] / {WECHAT} 40.00")]);
        follow(w, &again).await;
        for _ in 0..2 {
            let report = run(w, day, Some(&trade), Some(&flow)).await;
            matched(&report);
            proved(&report);
        }
        assert_eq!(w.balance(WECHAT).await, "158.80");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arrival_that_no_statement_shows_any_more_is_taken_back_by_two_persons() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "200.00").await;
        w.lever("withdraw", json!({ "amount": "40.00" })).await;
        morning_after(w, day).await;
        w.app.reconciliation.fetch(None, day, "story").await.unwrap();
        let on = day.next();
        w.lever("clock", json!({ "now": format!("{on}T18:00:00+08:00") })).await;
        let line = ("B-1", "40.00", "财付通支付科技有限公司");
        brought(w, on, &statement(on, &[line])).await;
        assert_eq!(w.balance(BANK).await, "40.00");

        let report = brought(w, on, &statement(on, &[])).await;
        assert_eq!(classes(&report), ["missing_there"], "{report:#?}");
        assert!(report.breaks[0].proposal.starts_with("银行未到账"), "{report:#?}");
        let gone = open(w).await.remove(0);
        assert_eq!(shown(w, &gone).await, [format!("1122[channel=wechat] / {BANK} 40.00")]);
        follow(w, &gone).await;
        assert_eq!(w.balance(BANK).await, "0.00");
        assert_eq!(classes(&brought(w, on, &Files::default()).await), Vec::<&str>::new());

        let report = brought(w, on, &statement(on, &[line])).await;
        assert_eq!(classes(&report), ["unknown_line"], "{report:#?}");
        let back = open(w).await.remove(0);
        assert_eq!(shown(w, &back).await, [format!("{BANK} / 1122[channel=wechat] 40.00")]);
        follow(w, &back).await;
        assert_eq!(w.balance(BANK).await, "40.00");
        assert_eq!(classes(&brought(w, on, &Files::default()).await), Vec::<&str>::new());
    })
    .await;
}

/// What left our side and stands in the bill of a later day is listed on every day between, over a day on which nothing moved; and a bill that
/// does not begin where the last one ended is a break.
#[tokio::test(flavor = "multi_thread")]
async fn every_day_is_proved_from_the_last_balance_there_is() {
    story(async |w| {
        let first = noon(w).await;
        let (quiet, third) = (first.next(), first.next().next());
        let mut draft = w.draft("1000.00");
        draft["ends_at"] = json!(third.next().start().to_string());
        let campaign = w.open_as(draft).await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let new = json!({
            "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": "20.00", "bank_account": "基本户",
        });
        w.staff(Role::Cashier).await.post("/staff/transfers", new.clone()).await.ok();
        let confirm = format!("/staff/transfers/{}/confirmation", new["id"].as_str().unwrap());
        w.staff(Role::FinanceHead).await.act(&confirm).await.ok();
        w.lever("clock", json!({ "now": format!("{third}T12:00:00+08:00") })).await;
        w.gift(&donor, campaign, "50.00").await;
        w.lever("withdraw", json!({ "amount": "20.00" })).await;
        morning_after(w, third).await;

        let report = w.app.reconciliation.fetch(None, first, "story").await.unwrap();
        let waits: Vec<_> = report.buffer.iter().map(|one| (one.side.as_str(), one.class.as_str())).collect();
        assert_eq!(waits, [("books", "missing_there")], "what left on our side only waits: {report:#?}");
        let report = w.app.reconciliation.fetch(None, quiet, "story").await.unwrap();
        // By its name, and since when.
        let of = |one: &app::reconciliation::ProofItem| (one.what.clone(), one.key.clone(), one.amount.to_string(), one.since);
        let carried: Vec<_> = report.proof.carried_items.iter().map(of).collect();
        let id = new["id"].as_str().unwrap().to_owned();
        assert_eq!(carried, [("提现与充值".to_owned(), id, "20.00".to_owned(), Some(first))], "{report:#?}");
        assert_eq!(report.proof.channel.map(|channel| channel.to_string()), Some("99.40".to_owned()), "{report:#?}");
        assert_eq!(report.proof.unexplained, Money::ZERO);

        let (trade, flow) = bills(w, third).await;
        let mut shifted = Sheet::of(&flow);
        shifted.balance_from(9_940 + 100);
        let report = run(w, third, Some(&trade), Some(&shifted.bytes())).await;
        assert_eq!(report.state, "with_breaks", "{report:#?}");
        let found: Vec<_> =
            report.breaks.iter().map(|one| (one.class.as_str(), one.key.clone(), one.amount.to_string())).collect();
        assert_eq!(found, [("unknown_line", format!("balance:{third}"), "1.00".to_owned())], "{report:#?}");
        let jump = open(w).await.remove(0);
        assert_eq!(ways(w, &jump).await.as_array().unwrap().len(), 1, "it can be explained");
        let report = run(w, third, Some(&trade), Some(&flow)).await;
        matched(&report);
        proved(&report);
        let report = w.app.reconciliation.report(w.book, first).await.unwrap().unwrap();
        assert_eq!((classes(&report), report.waiting), (vec![], 0), "it was found on its day: {report:#?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_that_contradicts_itself_or_is_of_somebody_else_is_refused() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        w.gift(&donor, campaign, "50.00").await;
        morning_after(w, day).await;
        let (_, flow) = bills(w, day).await;
        let balance = "账户结余(元)";
        for row in 0..Sheet::of(&flow).rows.len() {
            let mut off = Sheet::of(&flow);
            let stood: Money = off.rows[row][off.at(balance)].parse().unwrap();
            off.set(row, balance, &Money::from_fen(stood.fen() + 1).to_string());
            let why = refused(w, day, &off).await;
            // A wrong first line shows with the second.
            assert!(why.contains("账户结余接不上") && why.contains(&format!("第{}行", row.max(1) + 2)), "{row}: {why}");
        }
        // Every line from another's balance: two ways that do not meet.
        let mut apart = Sheet::of(&flow);
        let last = apart.rows.len() - 1;
        for row in [last - 1, last] {
            let stood: Money = apart.rows[row][apart.at(balance)].parse().unwrap();
            apart.set(row, balance, &Money::from_fen(stood.fen() + 100_000).to_string());
        }
        assert!(refused(w, day, &apart).await.contains("账户结余接不上"));

        let mut foreign = Sheet::of(&flow);
        for row in 0..foreign.rows.len() {
            for (name, cell) in [
                ("微信支付业务单号", format!("42000077770000000000000000{row:02}")),
                ("资金流水单号", format!("42000077770000000000000000{row:02}")),
                ("业务凭证号", format!("SHOP{row:08}")),
                ("资金变更提交申请人", "system".to_owned()),
            ] {
                foreign.set(row, name, &cell);
            }
        }
        foreign.balance_from(77_700);
        assert!(refused(w, day, &foreign).await.contains("别的商户"));
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM bill").await, 0);
        // In another order it is the same bill.
        let mut turned = Sheet::of(&flow);
        turned.rows.reverse();
        let report = run(w, day, None, Some(&turned.bytes())).await;
        assert_eq!((report.state.as_str(), report.proof.unexplained), ("read", Money::ZERO), "{report:#?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_back_at_the_channel_can_reach_the_books() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let mut more = Sheet::of(&flow);
        let mut back = more.rows[0].clone();
        for (name, cell) in [
            ("微信支付业务单号", "9990001"),
            ("资金流水单号", "9990002"),
            ("业务凭证号", "9990003"),
            ("业务名称", "充值/提现"),
            ("业务类型", "提现"),
            ("收支类型", "收入"),
            ("收支金额(元)", "5.00"),
        ] {
            back[more.at(name)] = cell.into();
        }
        more.rows.push(back);
        more.balance_from(0);
        let report = run(w, day, Some(&trade), Some(&more.bytes())).await;
        assert_eq!(classes(&report), ["unknown_line"], "{report:#?}");
        let stray = open(w).await.remove(0);
        assert_eq!(shown(w, &stray).await, [format!("{WECHAT} / 2209[payable=channel_surplus] 5.00")]);
        follow(w, &stray).await;
        for _ in 0..2 {
            let report = run(w, day, Some(&trade), Some(&more.bytes())).await;
            matched(&report);
            proved(&report);
        }
        let report = run(w, day, None, Some(&flow)).await;
        assert_eq!(classes(&report), ["unknown_line"], "{report:#?}");
        follow(w, &open(w).await.remove(0)).await;
        let report = run(w, day, None, None).await;
        matched(&report);
        proved(&report);
    })
    .await;
}

/// One person has said that a withdrawal arrived; the channel's bill shows that it came back, and that is stronger.
#[tokio::test(flavor = "multi_thread")]
async fn a_bill_is_stronger_than_what_one_person_has_said() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let new = withdrawal(w, "40.00");
        let step = |name: &str| format!("/staff/transfers/{}/{name}", new["id"].as_str().unwrap());
        w.lever("withdraw", json!({ "amount": "40.00", "fail": true })).await;
        cashier.post("/staff/transfers", new.clone()).await.ok();
        head.act(&step("confirmation")).await.ok();
        cashier.act(&step("arrival")).await.ok();
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        matched(&report);
        proved(&report);
        head.act(&step("confirmation")).await.refused(409, "wrong_state");
        let seen = head.get(&format!("/staff/transfers/{}", new["id"].as_str().unwrap())).await.ok();
        assert_eq!(seen["state"], "returned");
        assert_eq!((w.balance(TRANSIT).await, w.balance(BANK).await), ("0.00".to_owned(), "0.00".to_owned()));
    })
    .await;
}

/// A line belongs to the withdrawal that left, not to an older one of the same amount that was booked back and never did.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_belongs_to_the_withdrawal_that_left() {
    story(async |w| {
        noon(w).await;
        let mut draft = w.draft("1000.00");
        draft["ends_at"] = json!(w.app.business.now().after(Duration::from_secs(10 * 86_400)).to_string());
        let campaign = w.open_as(draft).await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "200.00").await;
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let step = |of: &Value, name: &str| format!("/staff/transfers/{}/{name}", of["id"].as_str().unwrap());
        let never = withdrawal(w, "40.00");
        cashier.post("/staff/transfers", never.clone()).await.ok();
        head.act(&step(&never, "confirmation")).await.ok();
        cashier.act(&step(&never, "return")).await.ok();
        head.act(&step(&never, "confirmation")).await.ok();
        w.pass(86_400).await;
        let day = w.app.business.today();
        w.gift(&donor, campaign, "5.00").await;
        let left = withdrawal(w, "40.00");
        w.lever("withdraw", json!({ "amount": "40.00" })).await;
        cashier.post("/staff/transfers", left.clone()).await.ok();
        head.act(&step(&left, "confirmation")).await.ok();
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        matched(&report);
        let tied = "SELECT CAST(count(*) AS BIGINT) FROM transfer WHERE flow_no IS NOT NULL AND state = 'departed'";
        assert_eq!(w.count(tied).await, 1, "{report:#?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_console_knows_of_the_bank_is_no_break_and_a_side_of_the_day() {
    story(async |w| {
        let day = w.app.business.today();
        let book = account(w).await;
        let keeper = w.staff(Role::Bookkeeper).await;
        let moves = [("I-1", 300, "示例银行", "利息"), ("U-1", 500, "某人（示例）", "汇款")];
        bring(&keeper, &book, file(day, 0, &moves), "&write=true").await.ok();
        for (number, kind) in [("I-1", "interest"), ("U-1", "unclaimed")] {
            let item = json!([{ "line": line(w, "open", number).await, "kind": kind }]);
            accept(&keeper, &book, item).await.ok();
        }
        let report = brought(w, day, &Files::default()).await;
        let side = report.sides.bank_in.unwrap();
        assert_eq!((side.count, side.sum.to_string()), (2, "8.00".to_owned()), "{report:#?}");
        assert_eq!(report.sides.bank_out.unwrap().count, 0);
        let lines = [("I-1", "3.00", "示例银行"), ("U-1", "5.00", "某人（示例）"), ("U-2", "7.00", "某人（示例）")];
        let report = brought(w, day, &statement(day, &lines)).await;
        let found: Vec<_> = report.breaks.iter().map(|one| (one.class.as_str(), one.key.as_str())).collect();
        assert_eq!(found, [("unknown_line", "U-2")], "{report:#?}");
        assert_eq!(report.sides.bank_in.unwrap().count, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fee_on_which_the_bills_differ_waits_for_two_persons() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let mut less = Sheet::of(&flow);
        less.set(less.find("业务类型", "扣除交易手续费"), "收支金额(元)", "0.30");
        less.balance_from(0);
        let report = run(w, day, Some(&trade), Some(&less.bytes())).await;
        assert_eq!(classes(&report), ["fee"], "{report:#?}");
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.00", "neither bill is believed");
        let fee = open(w).await.remove(0);
        assert_eq!(shown(w, &fee).await, [format!("5401[channel=wechat] / {WECHAT} 0.30")]);
        follow(w, &fee).await;
        proved(&run(w, day, Some(&trade), Some(&less.bytes())).await);
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.30");
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        matched(&report);
        proved(&report);
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.60");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fee_of_a_suspended_payment_goes_with_it_when_its_bill_is_corrected() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let order = wechat::Order {
            out_trade_no: "D-of-somebody".into(),
            description: "爱心捐款".into(),
            amount: "70.00".parse().unwrap(),
            openid: "o-stranger".to_owned().into(),
            expires: w.app.business.now().after(std::time::Duration::from_secs(900)),
            attach: None,
        };
        w.app.wechat.prepay(&order).await.unwrap();
        w.sandbox.pay("D-of-somebody").unwrap();
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert_eq!(classes(&report), ["missing_here"], "{report:#?}");
        assert_eq!(w.balance("5401[channel=wechat]").await, "1.02");

        let (mut told, mut moved) = (Sheet::of(&trade), Sheet::of(&flow));
        told.drop("商户订单号", "D-of-somebody");
        moved.drop("业务凭证号", "D-of-somebody");
        moved.balance_from(0);
        let report = run(w, day, Some(&told.bytes()), Some(&moved.bytes())).await;
        assert_eq!(classes(&report), ["fee", "missing_here", "missing_there"], "{report:#?}");
        let fee = open(w).await.into_iter().find(|one| one["class"] == "fee").unwrap();
        assert_eq!(shown(w, &fee).await, [format!("{WECHAT} / 5401[channel=wechat] 0.42")]);
        follow(w, &fee).await;
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.60");
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert_eq!(classes(&report), ["missing_here"], "{report:#?}");
        assert_eq!(w.balance("5401[channel=wechat]").await, "1.02");
    })
    .await;
}

/// A form with these parts.
async fn sent(w: &World, day: BusinessDate, parts: &[(&str, &[u8])]) -> Answer {
    let path = format!("/api/v1/staff/reconciliations/{day}/bills?book={}", w.book.uuid());
    let mut body = Vec::new();
    for (name, bytes) in parts {
        let head = format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}.csv\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--x--\r\n");
    let request = w.staff(Role::Cashier).await.request(Method::POST, &path);
    send(request.header("content-type", "multipart/form-data; boundary=x").body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_of_a_day_can_be_brought_by_the_interface() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        sent(w, day, &[]).await.refused(422, "invalid_field");
        // What cannot be read is named by its part, and nothing is taken of what stands beside it.
        let broken = async |kind: &str, body: &str| {
            let path = format!("/api/v1/staff/reconciliations/{day}/bills?book={}", w.book.uuid());
            let request = w.staff(Role::Cashier).await.request(Method::POST, &path).header("content-type", kind);
            let answer = send(request.body(body.to_owned())).await;
            let told = answer.refused(400, "invalid_body");
            let problem = &told.body["problems"][0];
            format!("{} {}", problem["field"].as_str().unwrap(), problem["problem"].as_str().unwrap())
        };
        let part =
            |name: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a\"\r\n\r\na\r\n");
        let form = "multipart/form-data; boundary=x";
        for (kind, body, said) in [
            ("multipart/form-data", format!("{}--x--\r\n", part("trade")), "Content-Type 缺少分隔符"),
            (form, part("trade"), "body 表单没有写完"),
            (form, "nonsense".to_owned(), "body "),
            (form, format!("{0}{0}--x--\r\n", part("trade")), "trade 只能有一份"),
            (
                form,
                format!("{}{}--x--\r\n", part("trade"), part("fundflow")),
                "fundflow 没有这一部分，应为trade、fund_flow、bank之一",
            ),
        ] {
            let told = broken(kind, &body).await;
            assert!(told.starts_with(said), "{kind} {body:?}: {told}");
        }
        let path = format!("/api/v1/staff/reconciliations/{day}/bills?book={}", w.book.uuid());
        let bytes = w.staff(Role::Cashier).await.request(Method::POST, &path).header("content-type", "text/csv");
        let refused = send(bytes.body(trade.clone())).await;
        let told = refused.refused(415, "unsupported_media_type");
        assert!(told.text.contains("multipart/form-data") && told.text.contains("fund_flow"), "{}", told.text);
        let cut = &flow[..flow.len() - 30];
        let answer = sent(w, day, &[("trade", &trade), ("fund_flow", cut)]).await;
        answer.refused(422, "bill_refused");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM bill").await, 0);
        let bank = statement(day, &[("B-7", "7.00", "某人（示例）")]).bank.unwrap();
        let report = sent(w, day, &[("trade", &trade), ("fund_flow", &flow), ("bank", &bank)]).await.ok();
        let breaks: Vec<(&Value, &Value)> =
            report["breaks"].as_array().unwrap().iter().map(|one| (&one["class"], &one["why"])).collect();
        assert_eq!(breaks, [(&json!("unknown_line"), &json!("某人（示例） 流水"))], "{report:#}");
        assert_eq!(report["proof"]["carried_items"], json!([]));
        assert_eq!(sent(w, day, &[("trade", &trade)]).await.ok()["matched"], report["matched"]);
        // What the bank did before the books began is in their opening balances, and no break.
        let breaks = w.count("SELECT CAST(count(*) AS BIGINT) FROM discrepancy").await;
        let early = BusinessDate::new(day.year() - 1, 12, 31).unwrap();
        let told =
            sent(w, early, &[("bank", &statement(early, &[("B-6", "6.00", "某人（示例）")]).bank.unwrap())]).await;
        let told = told.refused(422, "before_books");
        assert!(told.text.contains(&format!("账套自{}-01-01起记账", day.year())), "{}", told.text);
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM discrepancy").await, breaks);
        // Of a day that is still to come nobody has a file.
        let ahead = w.app.business.today().next();
        sent(w, ahead, &[("bank", &statement(ahead, &[("B-8", "8.00", "某人（示例）")]).bank.unwrap())])
            .await
            .refused(409, "bill_not_ready");
    })
    .await;
}

/// A day's files under another day's date: what they tell was told before, is not taken twice, and does not hold the day up; that the balance
/// does not begin where the last one ended is what somebody is asked about.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_bills_of_two_days_tell_is_booked_once() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        matched(&run(w, day, Some(&trade), Some(&flow)).await);
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.60");
        let next = day.next();
        let dated = |bytes: &[u8]| {
            String::from_utf8(bytes.to_vec()).unwrap().replace(&day.to_string(), &next.to_string()).into_bytes()
        };
        morning_after(w, next).await;
        for _ in 0..2 {
            let report = run(w, next, Some(&dated(&trade)), Some(&dated(&flow))).await;
            assert_eq!(classes(&report), ["unknown_line"], "{report:#?}");
            assert_eq!(report.breaks[0].key, format!("balance:{next}"));
            assert_eq!(w.balance("5401[channel=wechat]").await, "0.60", "one fee");
            assert_eq!(w.raised(campaign).await, "100.00");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_about_days_takes_a_day_and_others_refuse_one() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        morning_after(w, day).await;
        let no_day = jobs::run_day(w.app.clone(), "outbox", day).await.unwrap_err();
        assert!(matches!(no_day, JobError::NoDay("outbox")), "{no_day}");
        let said = Program::new(&["job", "outbox", "--date", &day.to_string()]).run().ended(2);
        assert!(said.err.contains("close_loans, reconcile, seal_days"), "{said:#?}");
        assert_eq!(jobs::run_day(w.app.clone(), "seal_days", day).await.unwrap().done, 0, "it is not reconciled");
        let ran = jobs::run_day(w.app.clone(), "reconcile", day).await.unwrap();
        assert_eq!((ran.done, ran.failed), (1, 0));
        matched(&w.app.reconciliation.report(w.book, day).await.unwrap().unwrap());
        assert!(jobs::run_day(w.app.clone(), "reconcile", day.next()).await.is_err(), "it is not over");
        assert_eq!(
            jobs::run_day(w.app.clone(), "seal_days", day.previous()).await.unwrap().done,
            0,
            "only up to the day"
        );
        assert_eq!(jobs::run_day(w.app.clone(), "close_loans", day).await.unwrap().failed, 0);
    })
    .await;
}

/// Entries that balance and bear their papers' names, and say of a fee what no bill says; or take it back as if none had been taken.
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_reads_the_fees_in_the_bills() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        matched(&run(w, day, Some(&trade), Some(&flow)).await);
        let told = Sheet::of(&trade);
        let number = told.rows[0][told.at("微信订单号")].clone();
        for (nth, back, amount, differs) in [
            (1, true, "0.60", Some(("0.00", "0.60"))),
            (2, false, "0.60", None),
            (3, false, "0.10", Some(("0.70", "0.60"))),
            (4, true, "0.10", None),
        ] {
            let (fees, balance) = (Account::wechat_fees(w.book), Account::wechat_balance(w.book));
            let (debit, credit) = if back { (balance, fees) } else { (fees, balance) };
            let entry = Entry::new(w.book, "fee", format!("fee:{number}:{nth}"), day)
                .posting(debit, credit, amount.parse().unwrap())
                .channel("wechat")
                .document(Some(number.clone()));
            let tx = w.app.db.begin().await.unwrap();
            for posted in ledger::post(&tx, w.app.business.now(), &[entry]).await.unwrap() {
                posted.unwrap();
            }
            tx.commit().await.unwrap();
            let report = w.app.books.audit(&|_| {}).await.unwrap();
            let found = report.differences.iter().find(|one| one.what == "fee.bill");
            let found = found.map(|one| (one.stored.as_str(), one.computed.as_str()));
            assert_eq!(found, differs, "{nth}: {:#?}", report.differences);
        }
    })
    .await;
}
