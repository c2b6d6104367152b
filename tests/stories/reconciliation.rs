//! The morning after: a day against its bills.

use app::reconciliation::{DayReport, Files};
use domain::BusinessDate;
use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;
use wechat::{Bill, FundFlowAccount, TradeBillKind};

use crate::binary::Program;
use crate::world::{World, story};

/// Tomorrow at noon: far from midnight whenever the story is told.
pub(crate) async fn noon(w: &World) -> BusinessDate {
    let day = w.app.business.today().next();
    w.lever("clock", json!({ "now": format!("{day}T12:00:00+08:00") })).await;
    day
}

/// The day after, at eleven: the bills of the day before are there.
pub(crate) async fn morning_after(w: &World, day: BusinessDate) {
    w.lever("clock", json!({ "now": format!("{}T11:00:00+08:00", day.next()) })).await;
}

/// The bytes of both bills of a day.
pub(crate) async fn bills(w: &World, day: BusinessDate) -> (Vec<u8>, Vec<u8>) {
    let bytes = |bill| match bill {
        Bill::File(file) => file.bytes,
        other => panic!("there is no bill: {other:?}"),
    };
    let trade = w.app.wechat.trade_bill(day, TradeBillKind::All, true).await.unwrap();
    let flow = w.app.wechat.fund_flow_bill(day, FundFlowAccount::Basic, false).await.unwrap();
    (bytes(trade), bytes(flow))
}

pub(crate) async fn run(w: &World, day: BusinessDate, trade: Option<&[u8]>, flow: Option<&[u8]>) -> DayReport {
    let files = Files { trade: trade.map(<[u8]>::to_vec), fund_flow: flow.map(<[u8]>::to_vec), bank: None };
    w.app.reconciliation.run(None, day, &files, "story").await.unwrap()
}

pub(crate) fn classes(report: &DayReport) -> Vec<&str> {
    report.breaks.iter().map(|one| one.class.as_str()).collect()
}

/// Everything the books say, to compare.
async fn books(w: &World) -> Value {
    w.staff(Role::Auditor).await.get("/staff/trial-balance").await.ok()
}

/// A class of breaks, and what in a bill makes one.
type Planted<'a> = (&'static str, &'a dyn Fn(&mut Sheet));

/// A bill taken apart, so that it can be damaged and still agree with itself.
pub(crate) struct Sheet {
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    totals: String,
}

impl Sheet {
    pub(crate) fn of(bytes: &[u8]) -> Sheet {
        let text = std::str::from_utf8(bytes).unwrap().trim_start_matches('\u{feff}');
        let mut lines = text.lines();
        let names = lines.next().unwrap().split(',').map(str::to_owned).collect();
        let rows = lines
            .by_ref()
            .take_while(|line| line.starts_with('`'))
            .map(|line| line[1..].split(",`").map(str::to_owned).collect());
        let rows: Vec<Vec<String>> = rows.collect();
        let totals = text.lines().nth(rows.len() + 1).unwrap().to_owned();
        Sheet { names, rows, totals }
    }

    pub(crate) fn at(&self, name: &str) -> usize {
        self.names.iter().position(|known| known == name).unwrap()
    }

    pub(crate) fn set(&mut self, row: usize, name: &str, cell: &str) {
        let at = self.at(name);
        cell.clone_into(&mut self.rows[row][at]);
    }

    /// The rows that say this in a column.
    pub(crate) fn find(&self, name: &str, cell: &str) -> usize {
        let at = self.at(name);
        self.rows.iter().position(|row| row[at] == cell).unwrap_or_else(|| panic!("no {cell} in {name}"))
    }

    /// Takes the rows away that say this in a column.
    pub(crate) fn drop(&mut self, name: &str, cell: &str) {
        let (at, before) = (self.at(name), self.rows.len());
        self.rows.retain(|row| row[at] != cell);
        assert!(self.rows.len() < before, "no {cell} in {name}");
    }

    /// Each line of a fund-flow bill leads from the balance of the line before, from this one on.
    pub(crate) fn balance_from(&mut self, opening: i64) {
        let (way, amount, balance) = (self.at("收支类型"), self.at("收支金额(元)"), self.at("账户结余(元)"));
        let mut stands = opening;
        for row in &mut self.rows {
            let fen = row[amount].parse::<domain::Money>().unwrap().fen();
            stands += if row[way] == "收入" { fen } else { -fen };
            row[balance] = domain::Money::from_fen(stands).to_string();
        }
    }

    fn sum(&self, name: &str, rows: impl Fn(&Vec<String>) -> bool) -> String {
        let at = self.at(name);
        let fen = |cell: &str| {
            let (sign, digits) = cell.strip_prefix('-').map_or((1, cell), |digits| (-1, digits));
            let digits =
                digits.strip_suffix("000").filter(|_| digits.len() > digits.find('.').unwrap() + 3).unwrap_or(digits);
            sign * digits.parse::<domain::Money>().unwrap().fen()
        };
        let sum: i64 = self.rows.iter().filter(|row| rows(row)).map(|row| fen(&row[at])).sum();
        domain::Money::from_fen(sum).to_string()
    }

    /// The file, with totals that are those of its rows.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let all = |_: &Vec<String>| true;
        let totals: Vec<String> = if self.totals.starts_with("总交易单数") {
            let fees = format!("{}000", self.sum("手续费", all));
            let sums = ["应结订单金额", "退款金额", "充值券退款金额"].map(|name| self.sum(name, all));
            let [settled, refunded, coupons] = sums;
            let last = ["订单金额", "申请退款金额"].map(|name| self.sum(name, all));
            vec![self.rows.len().to_string(), settled, refunded, coupons, fees, last[0].clone(), last[1].clone()]
        } else {
            let way = self.at("收支类型");
            let of = |word: &'static str| move |row: &Vec<String>| row[way] == word;
            let count = |word| self.rows.iter().filter(|row| of(word)(row)).count().to_string();
            let sum = |word| self.sum("收支金额(元)", of(word));
            vec![self.rows.len().to_string(), count("收入"), sum("收入"), count("支出"), sum("支出")]
        };
        let line = |cells: &[String]| format!("`{}", cells.join(",`"));
        let mut out = vec![self.names.join(",")];
        out.extend(self.rows.iter().map(|row| line(row)));
        out.push(self.totals.clone());
        out.push(line(&totals));
        format!("\u{feff}{}\r\n", out.join("\r\n")).into_bytes()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_day_agrees_to_the_fen_and_its_fees_are_booked() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let first = w.gift(&donor, campaign, "100.00").await;
        let back = w.gift(&donor, campaign, "20.50").await;
        w.gift(&donor, campaign, "0.01").await;
        let request = json!({ "id": Uuid::now_v7(), "amount": "20.50", "reason": "error" });
        donor.post(&format!("/donations/{}/refund-requests", back.id), request.clone()).await.ok();
        let head = w.staff(Role::FinanceHead).await;
        head.act(&format!("/staff/refunds/{}/approval", request["id"].as_str().unwrap())).await.ok();
        w.run_job("send_refunds").await;
        w.until("it is back", async || w.balance("2209[payable=refund]").await == "0.00").await;

        assert!(w.app.reconciliation.fetch(None, day, "story").await.is_err(), "the day is not over");
        // The channel keeps bills for three months: nobody asks it for an older one.
        let old = (0..100).fold(day, |day, _| day.previous());
        let path = format!("/staff/reconciliations/{old}/runs?book={}", w.book);
        w.staff(Role::Cashier).await.act(&path).await.refused(409, "bill_gone");
        morning_after(w, day).await;
        assert!(w.run_job("reconcile").await >= 1);
        assert_eq!(w.run_job("reconcile").await, 0, "nothing is missing any more");
        let report = w.app.reconciliation.report(w.book, day).await.unwrap().unwrap();
        assert_eq!((report.state.as_str(), report.matched, report.healed), ("matched", 4, 0), "{report:#?}");
        assert_eq!(report.breaks, []);
        assert_eq!(report.proof.channel, Some(report.proof.ledger), "{:#?}", report.proof);
        assert_eq!(report.proof.unexplained, domain::Money::ZERO);
        // 0.60, 0.12 and 0.00 less the 0.12 that came back.
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.60");
        assert_eq!(w.balance("1009[channel=wechat]").await, "99.41");
        assert_eq!(w.state(&donor, &first).await, "settled");
        assert_eq!(w.state(&donor, &back).await, "refunded");
        assert_eq!(w.app.reconciliation.sealable(w.book).await.unwrap(), Some(day));

        // Again, and in pieces.
        let before = books(w).await;
        let (trade, flow) = bills(w, day).await;
        for (trade, flow) in [(Some(&trade), None), (None, Some(&flow)), (Some(&trade), Some(&flow))] {
            let again = run(w, day, trade.map(Vec::as_slice), flow.map(Vec::as_slice)).await;
            assert_eq!((again.state.as_str(), again.matched, again.healed), ("matched", 4, 0));
        }
        assert_eq!(books(w).await, before);

        // A balance that does not follow from its lines: every line agrees, and the bill does not with itself.
        let mut off = Sheet::of(&flow);
        let (last, balance) = (off.rows.len() - 1, "账户结余(元)");
        let stood: domain::Money = off.rows[last][off.at(balance)].parse().unwrap();
        off.set(last, balance, &domain::Money::from_fen(stood.fen() + 1).to_string());
        let files = Files { trade: Some(trade.clone()), fund_flow: Some(off.bytes()), bank: None };
        let refused = w.app.reconciliation.run(None, day, &files, "story").await.unwrap_err().to_string();
        assert!(refused.contains(&format!("第{}行的账户结余接不上", off.rows.len() + 1)), "{refused}");
        assert_eq!(run(w, day, Some(&trade), Some(&flow)).await.state, "matched");
        assert_eq!(books(w).await, before);

        // What agrees is sealed, but for the last day of a year that is not ended. It can still be compared.
        let sealed = u64::from(!day.to_string().ends_with("12-31"));
        assert_eq!(w.run_job("seal_days").await, sealed);
        assert_eq!(w.run_job("seal_days").await, 0);
        let again = run(w, day, Some(&trade), Some(&flow)).await;
        assert_eq!((again.state.as_str(), again.matched), ("matched", 4));
        assert_eq!(books(w).await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_told_us_is_healed_and_a_night_without_news_changes_nothing() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.lever("faults", json!({ "callback": { "lose": 20 } })).await;
        let silent = w.order(&donor, campaign, "30.00").await;
        w.sandbox.pay(&silent.order).unwrap();
        // Paid after we had closed it, and unheard of: money, but no gift.
        let closed = w.order(&donor, campaign, "5.00").await;
        w.pass(1_000).await;
        w.lever("pay", json!({ "out_trade_no": closed.order, "force": true })).await;
        w.sql(&format!("UPDATE donation SET state = 'closed' WHERE id = {}", w.sql_id(&closed.id.to_string())))
            .await
            .unwrap();
        // Another system of the house took an order under our merchant number.
        let order = wechat::Order {
            out_trade_no: "D-of-somebody".into(),
            description: "爱心捐款".into(),
            amount: "7.00".parse().unwrap(),
            openid: "o-stranger".to_owned().into(),
            expires: w.app.business.now().after(std::time::Duration::from_secs(900)),
            attach: None,
        };
        w.app.wechat.prepay(&order).await.unwrap();
        w.sandbox.pay("D-of-somebody").unwrap();
        morning_after(w, day).await;
        assert_eq!(w.raised(campaign).await, "0.00");
        let (trade, flow) = bills(w, day).await;
        // The fund-flow bill alone proves nothing of an order; both together heal it.
        assert_eq!(run(w, day, None, Some(&flow)).await.healed, 0);
        let report = run(w, day, Some(&trade), None).await;
        assert_eq!((report.healed, classes(&report)), (1, vec!["missing_here", "paid_after_close"]), "{report:#?}");
        assert_eq!(w.raised(campaign).await, "30.00");
        assert_eq!(w.state(&donor, &silent).await, "settled");
        assert_eq!(w.balance("2209[payable=suspense]").await, "-12.00");
        assert_eq!(report.proof.channel, Some(report.proof.ledger), "{:#?}", report.proof);
        let before = books(w).await;
        assert_eq!(run(w, day, Some(&trade), Some(&flow)).await.healed, 0);
        assert_eq!(books(w).await, before);
        // The day after nothing happened at all: an empty day is a day.
        w.pass(86_400).await;
        let empty = w.app.reconciliation.fetch(None, day.next(), "story").await.unwrap();
        assert_eq!((empty.state.as_str(), empty.matched), ("matched", 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_is_booked_from_its_lines_unless_the_cashier_was_faster() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "200.00").await;
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let new = json!({
            "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": "50.00", "bank_account": "基本户",
        });
        cashier.post("/staff/transfers", new.clone()).await.ok();
        head.act(&format!("/staff/transfers/{}/confirmation", new["id"].as_str().unwrap())).await.ok();
        let known = w.lever("withdraw", json!({ "amount": "50.00" })).await;
        w.lever("withdraw", json!({ "amount": "40.00" })).await;
        w.lever("withdraw", json!({ "amount": "30.00", "fail": true })).await;
        let bank_day: BusinessDate = known["bank_date"].as_str().unwrap().parse().unwrap();
        morning_after(w, day).await;
        // The bank's statement before the bills: its lines wait for the withdrawals they belong to.
        let url = format!("{}/sandbox/bank?date={bank_day}", w.sandbox.base_url);
        let statement = w.stranger.http.get(url).send().await.unwrap().bytes().await.unwrap().to_vec();
        let bank = Files { bank: Some(statement.clone()), ..Files::default() };
        let early = w.app.reconciliation.run(None, bank_day, &bank, "story").await.unwrap();
        assert_eq!(classes(&early), Vec::<&str>::new(), "{early:#?}");
        assert_eq!(early.healed, 1, "the cashier's is known, by its amount: {early:#?}");
        let waits: Vec<_> = early.buffer.iter().map(|one| (one.side.as_str(), one.amount.to_string())).collect();
        assert_eq!(waits, [("bank", "40.00".to_owned())], "the bill it left by is still to come");

        let report = w.app.reconciliation.fetch(None, day, "story").await.unwrap();
        assert_eq!(report.breaks, [], "{report:#?}");
        assert_eq!(w.balance("1002[bank=基本户]").await, "90.00");
        assert_eq!(w.balance("1009[channel=wechat_transit]").await, "0.00");
        assert_eq!(report.proof.channel, Some(report.proof.ledger), "{:#?}", report.proof);
        let later = w.app.reconciliation.run(None, bank_day, &bank, "story").await.unwrap();
        assert_eq!((classes(&later), later.matched), (vec![], 2), "{later:#?}");
        let before = books(w).await;
        w.app.reconciliation.fetch(None, day, "story").await.unwrap();
        assert_eq!(books(w).await, before);
        // What the bill has booked is not booked again by a cashier who comes late.
        let late = json!({
            "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": "40.00", "bank_account": "基本户",
        });
        cashier.post("/staff/transfers", late).await.refused(409, "booked_from_bill");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_difference_is_found_and_goes_when_the_bill_is_corrected() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let gifts = [w.gift(&donor, campaign, "100.00").await, w.gift(&donor, campaign, "50.00").await];
        let back = w.gift(&donor, campaign, "20.00").await;
        let request = json!({ "id": Uuid::now_v7(), "amount": "20.00", "reason": "error" });
        donor.post(&format!("/donations/{}/refund-requests", back.id), request.clone()).await.ok();
        let head = w.staff(Role::FinanceHead).await;
        head.act(&format!("/staff/refunds/{}/approval", request["id"].as_str().unwrap())).await.ok();
        w.run_job("send_refunds").await;
        w.until("it is back", async || w.balance("2209[payable=refund]").await == "0.00").await;
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let first = |sheet: &Sheet| sheet.find("商户订单号", &gifts[0].order);
        let refunded = |sheet: &Sheet| sheet.find("交易状态", "REFUND");
        let planted: [Planted<'_>; 8] = [
            ("missing_there", &|s| {
                let at = first(s);
                s.rows.remove(at);
            }),
            ("amount", &|s| {
                let at = first(s);
                s.set(at, "应结订单金额", "100.01");
                s.set(at, "订单金额", "100.01");
            }),
            ("fee", &|s| s.set(first(s), "手续费", "0.61000")),
            ("status", &|s| s.set(first(s), "交易状态", "REVOKED")),
            ("duplicate_there", &|s| {
                let again = s.rows[first(s)].clone();
                s.rows.push(again);
            }),
            ("refund_missing_there", &|s| {
                let at = refunded(s);
                s.rows.remove(at);
            }),
            ("refund_amount", &|s| {
                let at = refunded(s);
                s.set(at, "退款金额", "19.99");
                s.set(at, "申请退款金额", "19.99");
            }),
            ("settlement_amount", &|s| s.set(first(s), "应结订单金额", "99.00")),
        ];
        for (class, plant) in planted {
            let mut sheet = Sheet::of(&trade);
            plant(&mut sheet);
            let report = run(w, day, Some(&sheet.bytes()), None).await;
            assert_eq!(classes(&report), [class], "{report:#?}");
        }
        // What the channel has refunded and we know nothing of.
        let mut sheet = Sheet::of(&trade);
        let mut refund = sheet.rows[refunded(&sheet)].clone();
        refund[sheet.at("微信退款单号")] = "5030009999".into();
        refund[sheet.at("商户退款单号")] = "R-of-somebody".into();
        sheet.rows.push(refund);
        let report = run(w, day, Some(&sheet.bytes()), None).await;
        assert_eq!(classes(&report), ["refund_missing_here"], "{report:#?}");
        let accountant = w.staff(Role::Bookkeeper).await;
        let listed = accountant.get("/staff/breaks").await.ok();
        let of = format!("/staff/breaks/{}/resolutions", listed["items"][0]["id"].as_str().unwrap());
        let (cashier, propose) = (
            w.staff(Role::Cashier).await,
            |choice: &str| json!({ "id": Uuid::now_v7(), "choice": choice, "reason": "系统外退款，已核实" }),
        );
        cashier.post(&of, propose("return")).await.refused(422, "wrong_choice");
        let explained = cashier.post(&of, propose("explain")).await.ok();
        let step = format!("/staff/resolutions/{}/approval", explained["id"].as_str().unwrap());
        assert_eq!(accountant.act(&step).await.ok()["state"], "done");
        assert_eq!(run(w, day, Some(&sheet.bytes()), None).await.breaks, [], "what was explained is not asked again");
        w.attacked("UPDATE bill SET day = '2026-01-01'", "bill_fixed").await;
        w.attacked("DELETE FROM reconciliation_run", "reconciliation_run_fixed").await;

        // The fund-flow bill says something else.
        let mut odd = Sheet::of(&flow);
        let fee = odd.find("业务类型", "扣除交易手续费");
        odd.set(fee, "收支金额(元)", "9.99");
        let kind = odd.find("业务类型", "退款");
        odd.set(kind, "业务类型", "不明扣款");
        odd.balance_from(0);
        let report = run(w, day, None, Some(&odd.bytes())).await;
        let found = classes(&report);
        assert!(found.contains(&"fee") && found.contains(&"unknown_line"), "{report:#?}");

        // The corrected bills: the refund gross with a line for the fee is as good as net.
        let mut gross = Sheet::of(&flow);
        let at = gross.find("业务类型", "退款");
        gross.set(at, "收支金额(元)", "20.00");
        let mut fee = gross.rows[at].clone();
        for (name, cell) in [("业务类型", "退还交易手续费"), ("收支类型", "收入"), ("收支金额(元)", "0.12")]
        {
            fee[gross.at(name)] = cell.into();
        }
        gross.rows.insert(at + 1, fee);
        gross.balance_from(0);
        let mut corrected = Sheet::of(&trade);
        corrected.rows.reverse();
        let report = run(w, day, Some(&corrected.bytes()), Some(&gross.bytes())).await;
        assert_eq!((report.state.as_str(), classes(&report)), ("matched", vec![]), "{report:#?}");
        assert_eq!(report.proof.channel, Some(report.proof.ledger), "{:#?}", report.proof);
        assert_eq!(w.raised(campaign).await, "150.00", "no difference moved the public total");
        // A bill that was replaced stays replaced.
        assert_eq!(run(w, day, Some(&trade), None).await.breaks, []);
        let path = format!("/staff/reconciliations/{day}?book={}", w.book.uuid());
        assert_eq!(accountant.get(&path).await.ok()["state"], "matched");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_refused_and_nothing_moves() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        w.gift(&donor, campaign, "50.00").await;
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let before = books(w).await;
        let dir = tempfile::tempdir().unwrap();
        let call = |trade: Option<&[u8]>, flow: Option<&[u8]>, date: BusinessDate| {
            let (date, mut words) = (date.to_string(), vec!["reconcile".to_owned(), "--json".into(), "--date".into()]);
            words.push(date);
            for (name, bytes) in [("trade-bill", trade), ("fund-flow", flow)] {
                let Some(bytes) = bytes else { continue };
                let path = dir.path().join(name);
                std::fs::write(&path, bytes).unwrap();
                words.extend([format!("--{name}"), path.display().to_string()]);
            }
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            Program::new(&words).set("SANGZI_DATABASE__URL", &w.database_url).run()
        };
        let row = text(&trade).lines().nth(1).unwrap().to_owned();
        let damaged: Vec<Vec<u8>> = vec![
            trade[..trade.len() / 2].to_vec(),
            text(&trade).replacen("`100.00", "`100.01", 1).into_bytes(),
            text(&trade).replacen("`JSAPI,`SUCCESS", "`SUCCESS,`JSAPI", 1).replacen("`CNY,", "", 1).into_bytes(),
            text(&trade).replacen(&row, &format!("{row}\r\n{row}"), 1).into_bytes(),
            text(&trade).replace(w.app.wechat.mchid(), "1999999999").into_bytes(),
            flow.clone(),
            Vec::new(),
        ];
        for bytes in &damaged {
            let said = call(Some(bytes), None, day).ended(2);
            assert!(said.err.contains("拒收") && said.out.is_empty(), "{said:#?}");
        }
        // One bad file, and its good neighbour is not taken either; nor is a file of another day.
        call(Some(&trade), Some(&flow[..flow.len() - 30]), day).ended(2);
        call(Some(&trade), None, day.next()).ended(2);
        call(
            None,
            Some(
                text(&flow)
                    .replace(&format!("{}API", w.app.wechat.mchid()), "1999999999API")
                    .replace("`system", "`1999999999API")
                    .as_bytes(),
            ),
            day,
        )
        .ended(2);
        assert_eq!(books(w).await, before);
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM bill").await, 0);
        // What the channel announces is what it has to send.
        w.lever("faults", json!({ "bill": { "wrong_hash": true } })).await;
        assert!(w.app.reconciliation.fetch(None, day, "story").await.is_err());
        w.lever("faults", json!({})).await;
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM bill").await, 0);

        let told = call(Some(&trade), Some(&flow), day).ended(0).document();
        assert_eq!(
            (&told["date"], &told["matched"], &told["healed"]),
            (&json!(day.to_string()), &json!(2), &json!(0)),
            "{told:#}"
        );
        assert_eq!(told["breaks"], json!([]));
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.90");
    })
    .await;
}

/// A gift is told of in one day's trade bill and moves the balance in the next day's fund-flow bill. Until that is there its line waits,
/// and is a break when finance lets it wait no longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_waits_over_midnight_as_long_as_finance_lets_it() {
    story(async |w| {
        let day = noon(w).await;
        w.lever("clock", json!({ "now": format!("{day}T23:40:00+08:00") })).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let gift = w.gift(&donor, campaign, "100.00").await;
        w.lever("clock", json!({ "now": format!("{}T09:00:00+08:00", day.next()) })).await;
        w.gift(&donor, campaign, "50.00").await;
        morning_after(w, day.next()).await;
        let ((trade, flow), (next_trade, next_flow)) = (bills(w, day).await, bills(w, day.next()).await);
        let (mut here, mut there) = (Sheet::of(&flow), Sheet::of(&next_flow));
        for mut row in std::mem::take(&mut here.rows) {
            row[0] = format!("{} 00:00:10", day.next());
            there.rows.insert(0, row);
        }

        let (head, cashier) = (w.staff(Role::FinanceHead).await, w.staff(Role::Cashier).await);
        let path = format!("/staff/reconciliations/rule?book={}", w.book.uuid());
        let rule =
            |days: i64| json!({ "id": Uuid::now_v7(), "border_minutes": 30, "buffer_days": days, "bank_days": 3 });
        assert_eq!(head.get(&path).await.ok()["buffer_days"], 3, "while nobody has set it");
        cashier.post(&path, rule(2)).await.refused(403, "forbidden");
        head.post(&path, rule(31)).await.refused(422, "invalid_field");
        let set = rule(2);
        assert_eq!(head.post(&path, set.clone()).await.ok()["buffer_days"], 2);
        assert_eq!(head.post(&path, set.clone()).await.ok()["buffer_days"], 2, "the same again is the same");
        let mut other = set;
        other["buffer_days"] = json!(4);
        head.post(&path, other).await.refused(409, "id_reused");
        w.attacked("UPDATE reconciliation_rule SET buffer_days = 9", "reconciliation_rule_fixed").await;

        let waits = run(w, day, Some(&trade), Some(&here.bytes())).await;
        assert_eq!((waits.state.as_str(), classes(&waits), waits.waiting), ("matched", vec![], 1), "{waits:#?}");
        let line = &waits.buffer[0];
        assert_eq!((line.side.as_str(), line.class.as_str(), line.age_days), ("trade", "missing_there", 2));
        w.attacked("DELETE FROM buffered_line", "buffered_line_fixed").await;
        assert_eq!(w.state(&donor, &gift).await, "paid");

        // Too long: the next run of the job makes it a break, without anybody bringing a file.
        w.pass(2 * 86_400).await;
        w.run_job("reconcile").await;
        let report = w.app.reconciliation.report(w.book, day).await.unwrap().unwrap();
        assert_eq!((classes(&report), report.waiting), (vec!["missing_there"], 0), "{report:#?}");
        // It is there after all.
        run(w, day.next(), Some(&next_trade), Some(&there.bytes())).await;
        let report = run(w, day, Some(&trade), None).await;
        assert_eq!((report.state.as_str(), classes(&report)), ("matched", vec![]), "{report:#?}");
        assert_eq!(w.state(&donor, &gift).await, "settled");
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.90");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM buffered_line WHERE left_us IS NULL").await, 0);
    })
    .await;
}

/// Cells that have moved away from their columns, every pair of columns once: refused, or read without moving the books.
#[tokio::test(flavor = "multi_thread")]
async fn moved_cells_never_move_the_books() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        w.gift(&donor, campaign, "50.00").await;
        let back = w.gift(&donor, campaign, "20.00").await;
        let request = json!({ "id": Uuid::now_v7(), "amount": "20.00", "reason": "error" });
        donor.post(&format!("/donations/{}/refund-requests", back.id), request.clone()).await.ok();
        let head = w.staff(Role::FinanceHead).await;
        head.act(&format!("/staff/refunds/{}/approval", request["id"].as_str().unwrap())).await.ok();
        w.run_job("send_refunds").await;
        w.until("it is back", async || w.balance("2209[payable=refund]").await == "0.00").await;
        w.lever("withdraw", json!({ "amount": "30.00" })).await;
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        run(w, day, Some(&trade), Some(&flow)).await;
        let auditor = w.staff(Role::Auditor).await;
        let before = auditor.get("/staff/trial-balance").await.ok();
        let (mut read, mut refused) = (0, 0);
        for (good, of_trade) in [(&trade, true), (&flow, false)] {
            let columns = Sheet::of(good).names.len();
            for (from, to) in (0..columns).flat_map(|from| (from + 1..columns).map(move |to| (from, to))) {
                let mut sheet = Sheet::of(good);
                sheet.rows.iter_mut().for_each(|row| row.swap(from, to));
                // Totals as they were: a file that was shifted carries them unshifted.
                let mut lines: Vec<String> =
                    String::from_utf8(good.clone()).unwrap().lines().map(str::to_owned).collect();
                for (line, row) in lines.iter_mut().skip(1).zip(&sheet.rows) {
                    *line = format!("`{}", row.join(",`"));
                }
                let bytes = format!("{}\r\n", lines.join("\r\n")).into_bytes();
                let files = match of_trade {
                    true => Files { trade: Some(bytes), ..Files::default() },
                    false => Files { fund_flow: Some(bytes), ..Files::default() },
                };
                let names = (sheet.names[from].clone(), sheet.names[to].clone());
                match w.app.reconciliation.run(None, day, &files, "story").await {
                    Ok(_) => read += 1,
                    Err(app::reconciliation::ReconcileError::Refused { .. }) => refused += 1,
                    Err(error) => panic!("{names:?}: {error:?}"),
                }
                assert_eq!(auditor.get("/staff/trial-balance").await.ok(), before, "{names:?}");
            }
        }
        assert!(refused > read, "{refused} refused, {read} read");
        // A payment that the fund-flow bill does not show is listed, and not booked.
        run(w, day, None, Some(&flow)).await;
        let mut forged = Sheet::of(&trade);
        let at = forged.find("订单金额", "100.00");
        forged.set(at, "微信订单号", "4200009999999999999999999999");
        forged.set(at, "商户订单号", "X2026");
        let report = run(w, day, Some(&forged.bytes()), None).await;
        assert_eq!(classes(&report), ["missing_here", "missing_there"], "{report:#?}");
        assert!(report.breaks.iter().all(|one| !one.why.is_empty()), "each says why: {report:#?}");
        assert_eq!(auditor.get("/staff/trial-balance").await.ok(), before);
        // The good files again take their places again, and nothing is left of it.
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert_eq!((report.state.as_str(), classes(&report)), ("matched", vec![]), "{report:#?}");
        assert_eq!(auditor.get("/staff/trial-balance").await.ok(), before);
        w.attacked("UPDATE bill_history SET in_force = NOT in_force", "bill_history_fixed").await;
    })
    .await;
}

/// What is wrong with a fee is shown with the entry that would follow the channel, and is booked when two persons say so.
#[tokio::test(flavor = "multi_thread")]
async fn a_fee_follows_the_channel_when_two_persons_say_so() {
    story(async |w| {
        let day = noon(w).await;
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        w.gift(&donor, campaign, "50.00").await;
        morning_after(w, day).await;
        let (trade, flow) = bills(w, day).await;
        let (mut wrong, mut twice) = (Sheet::of(&trade), Sheet::of(&flow));
        let at = wrong.find("订单金额", "100.00");
        wrong.set(at, "手续费", "0.61000");
        let again = twice.rows[0].clone();
        twice.rows.push(again);
        let report = run(w, day, Some(&wrong.bytes()), Some(&twice.bytes())).await;
        assert_eq!(classes(&report), ["duplicate_there", "fee"], "{report:#?}");
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.30", "what its rate does not give is not booked");

        let (cashier, bookkeeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let listed = bookkeeper.get("/staff/breaks").await.ok();
        let of = |class: &str| {
            let items = listed["items"].as_array().unwrap();
            items.iter().find(|one| one["class"] == class).unwrap()["id"].as_str().unwrap().to_owned()
        };
        let ways = async |class: &str| {
            bookkeeper.get(&format!("/staff/breaks/{}/ways", of(class))).await.ok()["items"].clone()
        };
        assert_eq!(ways("duplicate_there").await.as_array().unwrap().len(), 1, "it can be explained");
        let shown = ways("fee").await;
        assert_eq!(
            (&shown[0]["choice"], &shown[0]["postings"], &shown[1]["choice"]),
            (
                &json!("follow"),
                &json!([{ "debit": "5401[channel=wechat]", "credit": "1009[channel=wechat]", "amount": "0.60" }]),
                &json!("explain")
            ),
            "{shown:#}"
        );
        let propose = async |class: &str| {
            let body = json!({ "id": Uuid::now_v7(), "choice": "follow", "reason": "以资金账单为准" });
            cashier.post(&format!("/staff/breaks/{}/resolutions", of(class)), body).await
        };
        propose("duplicate_there").await.refused(422, "wrong_choice");
        let proposed = propose("fee").await.ok();
        let step = format!("/staff/resolutions/{}/approval", proposed["id"].as_str().unwrap());
        cashier.act(&step).await.refused(403, "forbidden");
        assert_eq!(bookkeeper.act(&step).await.ok()["state"], "done");
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.90");
        // The corrected bills say the same, and book nothing more.
        let report = run(w, day, Some(&trade), Some(&flow)).await;
        assert_eq!((report.state.as_str(), classes(&report)), ("matched", vec![]), "{report:#?}");
        assert_eq!(w.balance("5401[channel=wechat]").await, "0.90");
    })
    .await;
}

/// Three days in pieces, in an order of chance, some twice, some killed on the way: the books are the same.
#[tokio::test(flavor = "multi_thread")]
async fn in_any_order_in_pieces_and_killed_on_the_way_the_books_are_the_same() {
    story(async |w| {
        let first = noon(w).await;
        let donor = w.donor("o-one").await;
        let days = [first, first.next(), first.next().next()];
        let mut campaigns = Vec::new();
        for day in days {
            w.lever("clock", json!({ "now": format!("{day}T12:00:00+08:00") })).await;
            let campaign = w.open_campaign("1000.00").await;
            campaigns.push(campaign);
            w.gift(&donor, campaign, "100.00").await;
            w.lever("faults", json!({ "callback": { "lose": 20 } })).await;
            let silent = w.order(&donor, campaign, "30.00").await;
            w.sandbox.pay(&silent.order).unwrap();
            w.lever("faults", json!({})).await;
            w.lever("withdraw", json!({ "amount": "20.00" })).await;
        }
        morning_after(w, days[2]).await;
        let dir = tempfile::tempdir().unwrap();
        let mut pieces: Vec<(BusinessDate, &str, String)> = Vec::new();
        for day in &days {
            let (trade, flow) = bills(w, *day).await;
            for (name, bytes) in [("--trade-bill", trade), ("--fund-flow", flow)] {
                let path = dir.path().join(format!("{day}{name}"));
                std::fs::write(&path, bytes).unwrap();
                pieces.push((*day, name, path.display().to_string()));
            }
        }
        let seed = u64::from(uuid::Uuid::now_v7().as_fields().3[7]) + 1;
        let mut state = seed;
        let mut chance = |end: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % end
        };
        let program = |(day, name, path): &(BusinessDate, &str, String)| {
            let day = day.to_string();
            let words = ["reconcile", "--json", "--date", &day, name, path];
            Program::new(&words).set("SANGZI_DATABASE__URL", &w.database_url)
        };
        for _ in 0..6 {
            let mut running = program(&pieces[chance(pieces.len())]).spawn();
            tokio::time::sleep(std::time::Duration::from_millis(chance(120) as u64)).await;
            running.kill();
        }
        let mut order: Vec<usize> = (0..pieces.len()).chain((0..3).map(|_| chance(pieces.len()))).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, chance(at + 1));
        }
        for at in &order {
            program(&pieces[*at]).run().ended(0);
        }
        for day in &days {
            let report = w.app.reconciliation.report(w.book, *day).await.unwrap().unwrap();
            assert_eq!(
                (report.state.as_str(), classes(&report)),
                ("matched", vec![]),
                "seed {seed}, {order:?}: {report:#?}"
            );
        }
        for campaign in campaigns {
            assert_eq!(w.raised(campaign).await, "130.00", "seed {seed}");
        }
        assert_eq!(w.balance("5401[channel=wechat]").await, "2.34", "seed {seed}");
        assert_eq!(w.balance("1009[channel=wechat_transit]").await, "60.00", "seed {seed}");
        assert_eq!(w.balance("1009[channel=wechat]").await, "327.66", "seed {seed}");
        assert_eq!(
            w.count("SELECT CAST(count(*) AS BIGINT) FROM donation WHERE state <> 'settled'").await,
            0,
            "seed {seed}"
        );
    })
    .await;
}
