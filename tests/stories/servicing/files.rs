//! What a bank's file says, and what comes of what it says otherwise.

use domain::Money;
use domain::bank_file::{BankFile, Kind, Pace, Position, Total};
use domain::loan::overdue::Class;
use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::send;
use crate::world::{World, story};

use super::{Loan, by_days, file, house, house_that_tells, notice, on, open, stands, told};

#[tokio::test(flavor = "multi_thread")]
async fn the_memo_book_is_the_banks_file_and_what_is_wrong_is_said_in_words() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        let late = h.lent(w, "equal_principal", "36000.00", 2).await;
        h.closed_before(w, "2026-03-01").await;
        h.pay(&loan, "2026-03-01", "3116.20").await;
        h.closed_before(w, "2026-03-11").await;
        let position = |number: &str, balance: &str, arrears: &str, class| Position {
            line: 0,
            contract: number.to_owned(),
            balance: balance.parse().unwrap(),
            arrears: arrears.parse().unwrap(),
            class,
        };
        let file = BankFile {
            bank: "shili".into(),
            day: "2026-03-10".parse().unwrap(),
            pace: Pace::Daily,
            sequence: 1,
            details: Vec::new(),
            positions: vec![
                position(&loan.number, "33000.00", "0.00", Class::Normal),
                // 9 days: 4.67 and 0.18.
                position(&late.number, "36000.00", "3121.05", Class::SpecialMention),
            ],
            totals: Vec::new(),
        };
        let read = h.bring(&h.town.lender, &file).await.ok();
        assert_eq!((&read["agreed"], &read["breaks"]), (&json!(2), &json!([])), "{read}");
        assert_eq!(h.bring(&h.town.lender, &file).await.ok()["known"], json!(true));
        let due: Money = w.balance("L1302[contract=HT-2]").await.parse().unwrap();
        let undue: Money = w.balance("L1301[contract=HT-2]").await.parse().unwrap();
        assert_eq!(due.checked_add(undue), Some("36000.00".parse().unwrap()));

        let pay = |change: Value| {
            let mut notice = notice("repayment", "2026-03-11", json!({ "amount": "1.00" }));
            for (key, value) in change.as_object().unwrap() {
                notice[key] = value.clone();
            }
            notice
        };
        for (wrong, code, words) in [
            (json!({ "amount": "-5.00" }), "invalid_body", "金额不能为负数"),
            (json!({ "amount": "1,000.00" }), "invalid_body", "金额不要写逗号"),
            (json!({ "amount": "1.005" }), "invalid_body", "小数"),
            (json!({ "amount": "0" }), "invalid_field", "金额应大于零"),
            (json!({ "amount": null }), "invalid_field", "请填写此项"),
            (json!({ "amount": "99999999999999.00" }), "invalid_body", "金额"),
            (json!({ "on": "2026-02-31" }), "invalid_body", "日历上没有2026-02-31这一天"),
            (json!({ "on": "2026-03-12" }), "invalid_field", "业务日期不能晚于今天"),
            (json!({ "on": "2026-01-31" }), "payment_date_outside", "2026-01-31"),
            (json!({ "kind": "rate", "rate": "4,35%", "amount": null }), "invalid_field", "不要用逗号"),
            (json!({ "kind": "rate", "rate": "-0.01", "amount": null }), "invalid_field", "年利率不能为负"),
            (json!({ "kind": "rate", "rate": "435", "amount": null }), "invalid_field", "年利率应在0至100%之间"),
            (json!({ "kind": "loan" }), "invalid_body", "无法识别"),
            (json!({ "kind": "class", "class": "doubtful" }), "invalid_field", "此项不填金额"),
            (json!({ "kind": "recovery", "amount": "1.00" }), "more_than_outstanding", "超过可以登记的余额"),
            (json!({ "kind": "waiver", "amount": null, "split": { "principal": "1.00", "interest": "0", "penalty": "0", "compound": "0", "fee": "0" } }), "more_than_outstanding", "超过"),
            (json!({ "kind": "reversal", "amount": null, "reverses": Uuid::now_v7() }), "no_such_loan_event", "没有可以冲正"),
            (json!({ "split": { "principal": "2.00", "interest": "0", "penalty": "0", "compound": "0", "fee": "0" } }), "invalid_field", "分项合计应等于金额"),
        ] {
            let answer = h.told(&late, &pay(wrong.clone())).await;
            assert!(answer.status == 422 || answer.status == 400, "{wrong}: {}", answer.text);
            assert_eq!(answer.body["code"], code, "{wrong}: {}", answer.text);
            assert!(answer.body["detail"].as_str().unwrap().contains(words), "{wrong}: {}", answer.text);
        }
        // A file that is not one.
        let bytes = async |text: &str| {
            let request = h.town.lender.request(Method::POST, "/api/v1/staff/loan-files");
            send(request.header("content-type", "application/octet-stream").body(text.to_owned())).await
        };
        let mut next = file.clone();
        next.sequence = 3;
        h.bring(&h.town.lender, &next).await.refused(409, "bank_file_gap");
        next.sequence = 1;
        next.positions.pop();
        h.bring(&h.town.lender, &next).await.refused(409, "bank_file_repeated");
        let text = file.to_string();
        for (from, to, words) in [
            ("2026-03-10|daily", "2026-02-31|daily", "2026-02-31"),
            ("36000.00|3121.05", "36000.00|-3121.05", "金额"),
            ("3121.05", "3121.06", "摘要不符"),
            ("special_mention", "watch", "五级分类应为"),
            ("SANGZI-LOAN|1", "SANGZI-LOAN|2", "版本不对"),
        ] {
            let answer = bytes(&text.replace(from, to)).await;
            answer.refused(422, "bank_file_refused");
            assert!(answer.body["detail"].as_str().unwrap().contains(words), "{}", answer.text);
        }
        bytes("").await.refused(422, "bank_file_refused");
        next.sequence = 2;
        next.bank = "other".into();
        h.bring(&h.town.lender, &next).await.refused(422, "no_such_bank");
    })
    .await;
}

/// The open break of a class.
pub(super) async fn one(w: &World, class: &str) -> Value {
    let found = open(w).await.into_iter().find(|one| one["class"] == class);
    found.unwrap_or_else(|| panic!("no {class}"))
}

pub(super) async fn ways(w: &World, of: &Value) -> Vec<String> {
    let path = format!("/staff/breaks/{}/ways", of["id"].as_str().unwrap());
    let ways = w.staff(Role::Cashier).await.get(&path).await.ok();
    ways["items"].as_array().unwrap().iter().map(|way| way["choice"].as_str().unwrap().to_owned()).collect()
}

/// One proposes, another agrees.
pub(super) async fn settled(w: &World, of: &Value, choice: &str) {
    let path = format!("/staff/breaks/{}/resolutions", of["id"].as_str().unwrap());
    let body = json!({ "id": Uuid::now_v7(), "choice": choice, "reason": "已与银行核对（示例）" });
    let bookkeeper = w.staff(Role::Bookkeeper).await;
    bookkeeper.post(&path, body.clone()).await.ok();
    let approval = format!("/staff/resolutions/{}/approval", body["id"].as_str().unwrap());
    bookkeeper.act(&approval).await.refused(403, "other_person_needed");
    assert_eq!(w.staff(Role::FinanceHead).await.act(&approval).await.ok()["state"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_bank_says_otherwise_is_followed_handed_back_or_cleared_up() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let mut loans = Vec::new();
        for serial in 1..=5 {
            loans.push(h.lent(w, "equal_principal", "36000.00", serial).await);
        }
        let [plain, split, ours, class, balance] = <[Loan; 5]>::try_from(loans).ok().unwrap();
        h.closed_before(w, "2026-03-01").await;
        // The officer books a payment that nobody made.
        h.pay(&ours, "2026-03-01", "3116.20").await;
        on(w, "2026-03-02").await;
        let stranger = Loan { id: String::new(), number: "HT-99".into(), borrower: w.stranger.clone() };
        let details = vec![
            told(&plain, "S1", "3000.00", "116.20", "33000.00", Class::Normal),
            told(&split, "S2", "3000.00", "106.20", "33000.00", Class::Normal),
            told(&class, "S4", "3000.00", "116.20", "33000.00", Class::SpecialMention),
            told(&balance, "S5", "3000.00", "116.20", "32900.00", Class::Normal),
            told(&stranger, "S9", "1.00", "0.00", "0.00", Class::Normal),
        ];
        let read = h.bring(&h.town.lender, &file("2026-03-01", 1, details, Vec::new())).await.ok();
        assert_eq!((&read["booked"], read["breaks"].as_array().unwrap().len()), (&json!(4), 4), "{read}");
        let classes: Vec<Value> = open(w).await.iter().map(|one| one["class"].clone()).collect();
        assert_eq!(classes, ["loan_balance", "loan_class", "loan_split", "loan_unknown_line"]);
        for (class, choices) in [
            ("loan_balance", &["follow", "correct", "explain"][..]),
            ("loan_class", &["follow", "correct", "explain"]),
            ("loan_split", &["follow", "correct", "explain"]),
            ("loan_unknown_line", &["correct", "explain"]),
        ] {
            assert_eq!(ways(w, &one(w, class).await).await, choices, "{class}");
        }
        let of = one(w, "loan_unknown_line").await;
        let path = format!("/staff/breaks/{}/resolutions", of["id"].as_str().unwrap());
        let cannot = json!({ "id": Uuid::now_v7(), "choice": "follow", "reason": "以银行为准" });
        w.staff(Role::Bookkeeper).await.post(&path, cannot.clone()).await.refused(422, "wrong_choice");
        h.town.lender.post(&path, cannot).await.refused(403, "forbidden");

        // Followed: interest that the bank did not ask for is waived, principal it has is taken, its class counts.
        assert_eq!(h.standing(&split).await["due"]["interest"], "10.00");
        for class in ["loan_split", "loan_balance", "loan_class"] {
            settled(w, &one(w, class).await, "follow").await;
        }
        assert_eq!(h.standing(&split).await["due"]["interest"], "0.00");
        assert_eq!(h.standing(&balance).await["principal"], "32900.00");
        assert_eq!(h.standing(&class).await["class"], "special_mention");
        // Handed back: nothing is booked.
        let entries = "SELECT CAST(COUNT(*) AS BIGINT) FROM entry";
        let before = w.count(entries).await;
        settled(w, &one(w, "loan_unknown_line").await, "correct").await;
        assert_eq!((w.count(entries).await, open(w).await.len()), (before, 0));

        // The next file agrees with all of that, and does not tell the payment of the officer.
        h.closed_before(w, "2026-03-07").await;
        let positions = vec![
            stands(&plain, "33000.00", Class::Normal),
            stands(&split, "33000.00", Class::Normal),
            stands(&class, "33000.00", Class::SpecialMention),
            stands(&balance, "32900.00", Class::Normal),
        ];
        let read = h.bring(&h.town.lender, &file("2026-03-06", 2, Vec::new(), positions)).await.ok();
        let missing: Vec<&Value> = read["breaks"].as_array().unwrap().iter().map(|one| &one["class"]).collect();
        assert_eq!((&read["agreed"], &missing[..]), (&json!(4), &[&json!("missing_there"); 2][..]), "{read}");
        assert_eq!(open(w).await.len(), 2, "what followed the bank is no payment that the bank forgot");
        let (loans, payments): (Vec<Value>, Vec<Value>) =
            open(w).await.into_iter().partition(|one| one["item"] == "loan:HT-3:2026-03-06:missing_there");
        assert_eq!(
            ways(w, &loans[0]).await,
            ["correct", "explain"],
            "a list that leaves a loan out says nothing to follow"
        );
        settled(w, &payments[0], "follow").await;
        assert_eq!(h.standing(&ours).await["principal"], "36000.00", "it never was");
        // Who may not see single loans sees how many differ.
        let files = format!("/staff/loan-programmes/{}/files", h.programme);
        for officer in [&h.town.city, &h.admin, &w.staff(Role::Cashier).await] {
            let seen = officer.get(&files).await.ok()["items"][0].clone();
            assert_eq!((&seen["breaks"], &seen["break_count"]), (&json!([]), &json!(2)));
        }
        for officer in [&h.town.lender, &w.staff(Role::Bookkeeper).await, &w.staff(Role::Auditor).await] {
            assert_eq!(officer.get(&files).await.ok()["items"][0]["breaks"], read["breaks"]);
        }

        // A month in one file; the bank is wrong, and says so itself with the next.
        h.closed_before(w, "2026-04-01").await;
        let mut unpaid = stands(&ours, "36000.00", Class::SpecialMention);
        unpaid.arrears = "3132.36".parse().unwrap();
        let mut positions = vec![
            stands(&plain, "33100.00", Class::Normal),
            stands(&split, "33000.00", Class::Normal),
            unpaid,
            stands(&class, "33000.00", Class::SpecialMention),
            stands(&balance, "32900.00", Class::Normal),
        ];
        let mut month = file("2026-03-31", 3, Vec::new(), positions.clone());
        month.pace = Pace::Monthly;
        h.bring(&h.town.lender, &month).await.ok();
        let of = one(w, "loan_balance").await;
        assert_eq!(ways(w, &of).await, ["correct", "explain"], "more than we know of cannot be followed");
        positions[0].balance = "33000.00".parse().unwrap();
        (month.sequence, month.positions) = (4, positions);
        h.bring(&h.town.lender, &month).await.ok();
        assert_eq!(open(w).await.len(), 0, "cleared up by the file itself");
        let state = format!(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM discrepancy WHERE state = 'cleared' AND id = {}",
            w.sql_id(of["id"].as_str().unwrap())
        );
        assert_eq!(w.count(&state).await, 1);

        // Only totals.
        let total = |class, count, balance: &str| Total {
            line: 0,
            class,
            count,
            balance: balance.parse().unwrap(),
            arrears: Money::ZERO,
        };
        let mut sums = file("2026-03-31", 5, Vec::new(), Vec::new());
        sums.pace = Pace::Summary;
        sums.totals = vec![total(Class::Normal, 3, "98900.00"), total(Class::SpecialMention, 2, "69000.00")];
        sums.totals[1].arrears = "3132.36".parse().unwrap();
        assert_eq!(h.bring(&h.town.lender, &sums).await.ok()["agreed"], json!(2));
        // What is late is compared, too, and a class that is left out.
        (sums.sequence, sums.totals[1].arrears) = (6, "999999.00".parse().unwrap());
        sums.totals.retain(|one| one.class != Class::Normal);
        let read = h.bring(&h.town.lender, &sums).await.ok();
        assert_eq!(read["breaks"].as_array().unwrap().len(), 2, "{read}");
        let of = one(w, "loan_total").await;
        assert_eq!(ways(w, &of).await, ["correct", "explain"]);
        assert!(read.to_string().contains("999999.00") && read.to_string().contains("银行0户0.00"), "{read}");
        w.attacked("UPDATE discrepancy SET contract_id = NULL", "fixed").await;
        w.attacked("UPDATE discrepancy SET class = 'loan_split'", "fixed").await;
    })
    .await;
}

/// The bank keeps the loan, so what its file says is booked; what the contract does not allow is a break.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_banks_file_does_beyond_the_contract_is_a_break() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let mut loans = Vec::new();
        for serial in 1..=3 {
            loans.push(h.lent(w, "equal_principal", "36000.00", serial).await);
        }
        h.closed_before(w, "2026-02-16").await;
        let line = |loan: &Loan, serial: &str, kind, amount: &str, interest: &str, balance: &str, class| {
            let mut line = told(loan, serial, amount, interest, balance, class);
            (line.kind, line.on) = (kind, "2026-02-15".parse().unwrap());
            line
        };
        let details = vec![
            line(&loans[0], "S1", Kind::Rate("0.09".parse().unwrap()), "0.00", "0.00", "36000.00", Class::Normal),
            line(&loans[1], "S2", Kind::Compensation, "30000.00", "0.00", "6000.00", Class::Normal),
            line(&loans[2], "S3", Kind::WriteOff, "36000.00", "58.10", "0.00", Class::Loss),
        ];
        let read = h.bring(&h.town.lender, &file("2026-02-15", 1, details, Vec::new())).await.ok();
        assert_eq!(read["booked"], 3, "{read}");
        let said: Vec<&str> =
            read["breaks"].as_array().unwrap().iter().map(|one| one["detail"].as_str().unwrap()).collect();
        assert_eq!(said.len(), 3, "{read}");
        for (said, words) in said.iter().zip(["当日年利率应为4.15%", "逾期未满90天", "没有逾期的贷款不能核销"])
        {
            assert!(said.contains("不符合合同约定") && said.contains(words), "{said}");
        }
        assert!(open(w).await.iter().all(|one| one["class"] == "loan_amount"));
        assert_eq!(ways(w, &open(w).await[0]).await, ["follow", "correct", "explain"]);
        h.closed_before(w, "2026-02-17").await;
    })
    .await;
}

/// A file goes with how its bank tells.
#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_tells_by_month_sends_no_days_nor_parts_of_a_month() {
    story(async |w| {
        let h = house_that_tells(w, by_days(), "monthly").await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-03-01").await;
        let position = || vec![stands(&loan, "36000.00", Class::Normal)];
        let mut wrong = file("2026-02-28", 1, Vec::new(), position());
        h.bring(&h.town.lender, &wrong).await.refused(422, "bank_file_pace");
        (wrong.pace, wrong.day) = (Pace::Monthly, "2026-02-27".parse().unwrap());
        let part = h.bring(&h.town.lender, &wrong).await;
        part.refused(422, "bank_file_pace");
        assert!(part.text.contains("按月文件的日期应为当月最后一天"), "{}", part.text);
        let mut sums = file("2026-02-28", 1, Vec::new(), Vec::new());
        sums.pace = Pace::Summary;
        h.bring(&h.town.lender, &sums).await.refused(422, "bank_file_pace");
        wrong.day = "2026-02-28".parse().unwrap();
        h.bring(&h.town.lender, &wrong).await.ok();
        sums.sequence = 2;
        h.bring(&h.town.lender, &sums).await.ok();

        // A month may be locked before its file comes: what that tells is booked on the first open day.
        h.closed_before(w, "2026-04-10").await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let lock = format!("/staff/books/{}/years/2026/months/3/closing", h.programme);
        let refused = bookkeeper.act(&lock).await;
        refused.refused(409, "month_not_ready");
        assert!(refused.text.contains("贷款日终只结到2026-02-28"), "{}", refused.text);
        bookkeeper.act(&format!("{lock}?reason=银行文件随后补报")).await.ok();
        let line = told(&loan, "S1", "3000.00", "116.20", "33000.00", Class::Normal);
        let mut march = file("2026-03-31", 3, vec![line], vec![stands(&loan, "33000.00", Class::Normal)]);
        march.pace = Pace::Monthly;
        let read = h.bring(&h.town.lender, &march).await.ok();
        assert_eq!((&read["booked"], &read["breaks"]), (&json!(1), &json!([])), "{read}");
        assert_eq!(h.closed_before(w, "2026-04-11").await, 31, "every day of March");
        let booked = "SELECT CAST(count(*) AS BIGINT) FROM entry WHERE kind = 'loan_day' AND event_date LIKE '2026-03-%' AND book_date <> '2026-04-01'";
        assert_eq!(w.count(booked).await, 0);
    })
    .await;
}
