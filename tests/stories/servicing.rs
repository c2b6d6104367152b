//! Loans after the signature: what happens to one from its payout to its end, told by its bank, booked in the memo book; days closed by
//! the job; subsidies; the pool. Each story ends with the audit, which replays every loan and compares the memo book with all of them.

use std::sync::Mutex;

use app::servicing::Servicing;
use domain::bank_file::{BankFile, Detail, Kind, Pace, Position, Total};
use domain::loan::allocation::Component;
use domain::loan::life::Split;
use domain::loan::overdue::Class;
use domain::role::{Member, Role};
use domain::{BusinessDate, LoanProgrammeId, Money};
use lending::servicing::close::Piece;
use lending::view::Wanted;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::{Answer, Caller, send};
use crate::lending::{Town, terms, town_with};
use crate::world::{LOAN_PROGRESS, Officer, World, story};

/// Who holds the pool of the example: no charity.
const POOL_HOLDER: &str = "11130000MB0000000U";

/// The example product with interest by days and no grace: 36 000 yuan cost 4.15 yuan a day.
fn by_days() -> Value {
    let mut terms = terms();
    (terms["interest_mode"], terms["odd_first_period"]) = (json!("daily"), json!(false));
    terms["penalty"]["grace_days"] = json!(0);
    terms["methods"] = json!(["equal_installment", "equal_principal", "interest_only", "flat", "bullet"]);
    terms
}

/// It is this day, nine in the morning.
async fn on(w: &World, day: &str) {
    w.lever("clock", json!({ "now": format!("{day}T09:00:00+08:00") })).await;
}

/// A bank whose loans are followed since the twenty-fifth of January.
pub(crate) struct House {
    pub(crate) town: Town,
    pub(crate) programme: Uuid,
    admin: Officer,
}

/// A loan of it.
pub(crate) struct Loan {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) borrower: Caller,
}

/// Opens the programme of a bank with this product.
pub(crate) async fn house(w: &World, terms: Value) -> House {
    house_that_tells(w, terms, "daily").await
}

/// The same of a bank that tells at another pace.
async fn house_that_tells(w: &World, terms: Value, pace: &str) -> House {
    on(w, "2026-01-25").await;
    let town = town_with(w, terms).await;
    let (admin, programme) = (w.staff(Role::Admin).await, Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
    let wish = json!({
        "id": programme, "bank": town.bank, "name": "青农贷（示例银行）", "pace": pace, "match_days": 3, "first_day": "2026-01-25",
    });
    let opened = admin.post("/staff/loan-programmes", wish.clone()).await.ok();
    assert_eq!(admin.post("/staff/loan-programmes", wish.clone()).await.ok(), opened, "again is the same");
    let mut other = wish;
    other["match_days"] = json!(4);
    admin.post("/staff/loan-programmes", other).await.refused(409, "id_reused");
    House { town, programme, admin }
}

impl House {
    /// A signed contract of twelve months, instalments on the first of each.
    pub(crate) async fn signed(&self, w: &World, method: &str, amount: &str, serial: u32) -> Loan {
        let (borrower, contract) = self.granted(w, method, amount, serial).await;
        let signed = self.town.lender.post("/staff/loan-contracts", contract.clone()).await.ok();
        let number = contract["number"].as_str().unwrap().to_owned();
        Loan { id: signed["contract"]["id"].as_str().unwrap().to_owned(), number, borrower }
    }

    /// What the bank has granted, and the contract that may be signed.
    async fn granted(&self, w: &World, method: &str, amount: &str, serial: u32) -> (Caller, Value) {
        let borrower = w.donor(&format!("o-borrower-{serial}")).await;
        let mut request = self.town.request(amount, serial);
        request["method"] = json!(method);
        let application = self.town.before_the_bank(&borrower, &request).await;
        let grant = self.town.grant(amount);
        self.town.lender.post(&format!("/staff/loan-applications/{application}/grant"), grant).await.ok();
        let today = w.app.business.today();
        let contract = json!({
            "id": Uuid::from_u128(0x0190_0000_0000_7000_9000_0000_0000_0000 + u128::from(serial)), "application": application,
            "number": format!("HT-{serial}"), "signed_on": today, "payout_on": today, "due_day": 1,
        });
        (borrower, contract)
    }

    /// A contract that takes another of the same person over, signed.
    async fn taking_over(&self, w: &World, (old, person): (&Loan, u32), kind: &str, amount: &str, serial: u32) -> Loan {
        let mut request = self.town.request(amount, person);
        (request["kind"], request["contract"], request["method"]) =
            (json!(kind), json!(old.id), json!("interest_only"));
        let application = self.town.before_the_bank(&old.borrower, &request).await;
        let grant = self.town.grant(amount);
        self.town.lender.post(&format!("/staff/loan-applications/{application}/grant"), grant).await.ok();
        let today = w.app.business.today();
        let contract = json!({
            "id": Uuid::now_v7(), "application": application, "number": format!("HT-{serial}"), "signed_on": today, "payout_on": today,
            "due_day": 1,
        });
        let signed = self.town.lender.post("/staff/loan-contracts", contract.clone()).await.ok();
        let id = signed["contract"]["id"].as_str().unwrap().to_owned();
        Loan { id, number: format!("HT-{serial}"), borrower: old.borrower.clone() }
    }

    /// Registers the pool, or says how large it is now.
    async fn pool(&self, size: &str) {
        let pool = json!({ "holder": "示例市财政局", "holder_credit_code": POOL_HOLDER, "size": size });
        self.admin.post(&format!("/staff/loan-programmes/{}/pool", self.programme), pool).await.ok();
    }

    /// A loan that was paid out on the first of February: the first instalment falls due on the first of March.
    pub(crate) async fn lent(&self, w: &World, method: &str, amount: &str, serial: u32) -> Loan {
        on(w, "2026-02-01").await;
        let loan = self.signed(w, method, amount, serial).await;
        self.tell(&loan, "payout", "2026-02-01", json!({ "amount": amount })).await.ok();
        loan
    }

    /// What the bank's officer tells.
    pub(crate) async fn tell(&self, loan: &Loan, kind: &str, on: &str, more: Value) -> Answer {
        self.told(loan, &notice(kind, on, more)).await
    }

    async fn told(&self, loan: &Loan, notice: &Value) -> Answer {
        self.town.lender.post(&format!("/staff/loan-contracts/{}/events", loan.id), notice.clone()).await
    }

    /// What the bank's officer tells, and how the loan stands then.
    pub(crate) async fn pay(&self, loan: &Loan, on: &str, amount: &str) -> Value {
        self.tell(loan, "repayment", on, json!({ "amount": amount })).await.ok()["standing"].clone()
    }

    pub(crate) async fn seen(&self, loan: &Loan) -> Value {
        self.town.lender.get(&format!("/staff/loan-contracts/{}/servicing", loan.id)).await.ok()
    }

    async fn standing(&self, loan: &Loan) -> Value {
        self.seen(loan).await["standing"].clone()
    }

    /// The state of its contract.
    async fn state(&self, loan: &Loan) -> String {
        let seen = self.town.lender.get(&format!("/staff/loan-contracts/{}", loan.id)).await.ok();
        seen["contract"]["state"].as_str().unwrap().to_owned()
    }

    /// The job closes every day before this one, which begins.
    pub(crate) async fn closed_before(&self, w: &World, day: &str) -> u64 {
        on(w, day).await;
        w.run_job("close_loans").await
    }

    /// What the books say of one account.
    async fn days(&self) -> Vec<Value> {
        let path = format!("/staff/loan-programmes/{}/days?limit=100", self.programme);
        self.town.lender.get(&path).await.ok()["items"].as_array().unwrap().clone()
    }

    /// Brings a file of the bank.
    pub(crate) async fn bring(&self, by: &Officer, file: &BankFile) -> Answer {
        let request = by.request(Method::POST, "/api/v1/staff/loan-files");
        send(request.header("content-type", "application/octet-stream").body(file.to_string().into_bytes())).await
    }
}

pub(crate) fn notice(kind: &str, on: &str, more: Value) -> Value {
    let mut notice = json!({ "id": Uuid::now_v7(), "kind": kind, "on": on, "reason": "经核实（示例）" });
    for (key, value) in more.as_object().unwrap() {
        notice[key] = value.clone();
    }
    notice
}

/// An amount that may be negative.
fn fen(text: &str) -> i64 {
    let (sign, amount) = text.strip_prefix('-').map_or((1, text), |amount| (-1, amount));
    sign * amount.parse::<Money>().unwrap().fen()
}

/// What the parts come to.
fn total(amounts: &Value) -> String {
    Money::from_fen(parts(amounts).into_iter().map(fen).sum()).to_string()
}

fn parts(amounts: &Value) -> [&str; 5] {
    ["principal", "interest", "penalty", "compound", "fee"].map(|part| amounts[part].as_str().unwrap())
}

/// The splits of what was paid, in the order of the days.
fn splits(seen: &Value) -> Vec<[&str; 5]> {
    let paid = seen["events"].as_array().unwrap().iter().filter(|one| one["kind"] == "repayment");
    paid.map(|one| parts(&one["split"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_goes_from_the_payout_to_the_last_instalment() {
    story(async |w| {
        let h = house(w, by_days()).await;
        on(w, "2026-02-01").await;
        let loan = h.signed(w, "equal_principal", "36000.00", 1).await;
        let early = h.tell(&loan, "repayment", "2026-02-01", json!({ "amount": "1.00" })).await;
        early.refused(409, "loan_not_paid_out");
        let short = h.tell(&loan, "payout", "2026-02-01", json!({ "amount": "35999.99" })).await;
        short.refused(422, "invalid_field");
        assert!(short.body["detail"].as_str().unwrap().contains("放款金额应等于合同本金"), "{}", short.text);
        let payout = notice("payout", "2026-02-01", json!({ "amount": "36000.00" }));
        let paid_out = h.told(&loan, &payout).await.ok();
        assert_eq!(h.told(&loan, &payout).await.ok(), paid_out, "told again it changes nothing");
        let mut other = payout.clone();
        other["on"] = json!("2026-01-31");
        h.told(&loan, &other).await.refused(409, "id_reused");
        h.tell(&loan, "payout", "2026-02-01", json!({ "amount": "36000.00" })).await.refused(409, "changed_meanwhile");
        assert_eq!(h.state(&loan).await, "paid_out");
        assert_eq!(w.balance("L1301[contract=HT-1]").await, "36000.00");
        assert_eq!(w.balance("L1003").await, "-36000.00");

        // Each day earns 4.15, booked when it is over.
        assert_eq!(h.closed_before(w, "2026-02-11").await, 17);
        assert_eq!(w.run_job("close_loans").await, 0, "once");
        assert_eq!((w.balance("L1321").await, w.balance("L6011").await), ("37.35".into(), "-37.35".into()));
        assert_eq!(h.state(&loan).await, "performing");
        let days = h.days().await;
        assert_eq!(
            (&days[0]["day"], &days[0]["interest"], &days[0]["loans"]),
            (&json!("2026-02-10"), &json!("4.15"), &json!(1))
        );

        // The first instalment falls due, and is paid on its day.
        h.closed_before(w, "2026-03-01").await;
        assert_eq!(parts(&h.standing(&loan).await["due"]), ["3000.00", "116.20", "0.00", "0.00", "0.00"]);
        let standing = h.pay(&loan, "2026-03-01", "3116.20").await;
        assert_eq!((&standing["principal"], &standing["days_past_due"]), (&json!("33000.00"), &json!(0)));
        h.closed_before(w, "2026-03-02").await;
        assert_eq!(w.balance("L1302[contract=HT-1]").await, "0.00");
        assert_eq!(w.balance("L1301[contract=HT-1]").await, "33000.00");
        assert_eq!(w.balance("L1321").await, "0.00");

        // More than is due is the borrower's credit; less is taken by the order of the contract.
        h.closed_before(w, "2026-04-01").await;
        let standing = h.pay(&loan, "2026-04-01", "3200.00").await;
        assert_eq!((&standing["principal"], &standing["credit"]), (&json!("30000.00"), &json!("82.07")));
        assert_eq!(w.balance("L2011").await, "-82.07");
        h.closed_before(w, "2026-05-01").await;
        let standing = h.pay(&loan, "2026-05-01", "1000.00").await;
        assert_eq!(parts(&standing["due"]), ["2103.75", "0.00", "0.00", "0.00", "0.00"], "interest of 103.75 first");
        h.closed_before(w, "2026-05-12").await;
        assert_eq!(h.state(&loan).await, "overdue");
        let standing = h.pay(&loan, "2026-05-12", "2107.75").await;
        assert_eq!(standing["days_past_due"], json!(0));
        assert_eq!(
            splits(&h.seen(&loan).await)[3],
            ["2103.75", "0.00", "4.00", "0.00", "0.00"],
            "eleven days of penalty first"
        );
        assert_eq!(h.state(&loan).await, "performing");

        // The borrower sees their own; others do not know of it; the League not without consent.
        let mine = loan.borrower.get(&format!("/loans/{}/servicing", loan.id)).await.ok();
        assert_eq!(mine["standing"]["principal"], "27000.00");
        assert_eq!(mine["payoff"]["principal"], "27000.00");
        let stranger = w.donor("o-stranger").await;
        stranger.get(&format!("/loans/{}/servicing", loan.id)).await.refused(404, "no_such_contract");
        let path = format!("/staff/loan-contracts/{}/servicing", loan.id);
        let head = w.staff(Role::FinanceHead).await;
        for officer in [&h.town.city, &head] {
            officer.get(&path).await.refused(403, "no_consent");
        }
        let listed = head.get("/staff/loan-contracts").await.ok();
        assert_eq!(listed["items"], json!([]), "finance sees no more than the League");
        h.town.agree(&loan.borrower, "servicing").await;
        for officer in [&h.town.city, &head] {
            assert_eq!(officer.get(&path).await.ok()["number"], "HT-1");
        }
        assert_eq!(head.get("/staff/loan-contracts").await.ok()["items"].as_array().unwrap().len(), 1);
        let contract = head.get(&format!("/staff/loan-contracts/{}", loan.id)).await.ok();
        assert!(contract["borrower"].as_str().unwrap().contains('*'), "{contract}");
        head.get("/staff/loan-applications").await.refused(403, "forbidden");
        let rival = w.hire_over(Role::BankOfficer, "rival", "/").await;
        rival.get(&path).await.refused(404, "no_such_contract");
        let steal = notice("repayment", "2026-05-12", json!({ "amount": "1.00" }));
        rival.post(&format!("/staff/loan-contracts/{}/events", loan.id), steal).await.refused(403, "no_bank_seat");

        // To the end: nothing is owed, nothing more can happen, and every fact was one entry.
        let instalments = h.standing(&loan).await["instalments"].as_array().unwrap().clone();
        assert_eq!(instalments.len(), 9);
        for row in &instalments {
            let due = row["due"].as_str().unwrap();
            h.closed_before(w, due).await;
            h.pay(&loan, due, row["total"].as_str().unwrap()).await;
        }
        let standing = h.standing(&loan).await;
        assert_eq!((&standing["principal"], &standing["credit"]), (&json!("0.00"), &json!("82.07")));
        assert_eq!(h.state(&loan).await, "settled");
        h.tell(&loan, "repayment", "2027-02-01", json!({ "amount": "1.00" })).await.refused(422, "loan_ended");
        h.closed_before(w, "2027-02-03").await;
        for account in ["L1301[contract=HT-1]", "L1302[contract=HT-1]", "L1321", "L1322"] {
            assert_eq!(w.balance(account).await, "0.00", "{account}");
        }
        let events = h.seen(&loan).await["events"].as_array().unwrap().len();
        let entries = "SELECT CAST(COUNT(*) AS BIGINT) FROM entry WHERE reference LIKE 'loan_event:%'";
        assert_eq!(w.count(entries).await, i64::try_from(events).unwrap());
        let unbalanced =
            "SELECT CAST(COUNT(*) AS BIGINT) FROM posting WHERE amount_fen <= 0 OR debit_account = credit_account";
        assert_eq!(w.count(unbalanced).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_is_repaid_before_its_days_in_three_ways() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let smaller = h.lent(w, "equal_principal", "36000.00", 1).await;
        let shorter = h.lent(w, "equal_principal", "36000.00", 2).await;
        let whole = h.lent(w, "equal_installment", "36000.00", 3).await;
        h.closed_before(w, "2026-02-11").await;
        let early = |mode: &str, amount: Option<&str>| json!({ "mode": mode, "amount": amount });
        // Ten days of interest on the whole, one in a hundred of what is repaid as a fee.
        let seen =
            h.tell(&smaller, "prepayment", "2026-02-11", early("reduce_installment", Some("12000.00"))).await.ok();
        assert_eq!(parts(&seen["standing"]["paid"]), ["12000.00", "41.50", "0.00", "0.00", "120.00"]);
        let rows = seen["standing"]["instalments"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[0]["principal"]), (12, &json!("2000.00")), "as many, smaller");
        let seen = h.tell(&shorter, "prepayment", "2026-02-11", early("shorten_term", Some("12000.00"))).await.ok();
        let rows = seen["standing"]["instalments"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[0]["principal"]), (8, &json!("3000.00")), "as large, fewer");
        assert_eq!(w.balance("L6031").await, "-240.00");
        let all = json!({ "mode": "full" });
        let none = h.tell(&smaller, "prepayment", "2026-02-11", early("shorten_term", Some("24000.00"))).await;
        none.refused(422, "prepaid_amount_out_of_range");
        h.tell(&smaller, "prepayment", "2026-02-11", early("shorten_term", None)).await.refused(422, "invalid_field");

        // What is due is paid first; then all of it goes at once, as the payoff said.
        h.closed_before(w, "2026-03-02").await;
        h.tell(&whole, "prepayment", "2026-03-02", all.clone()).await.refused(422, "loan_in_arrears");
        let due = h.standing(&whole).await["due"].clone();
        h.pay(&whole, "2026-03-02", &total(&due)).await;
        let payoff = h.seen(&whole).await["payoff"].clone();
        let seen = h.tell(&whole, "prepayment", "2026-03-02", all).await.ok();
        let last = seen["events"].as_array().unwrap().last().unwrap()["kind"].clone();
        assert_eq!((last, &seen["standing"]["principal"]), (json!("prepayment"), &json!("0.00")));
        let fee = payoff["principal"].as_str().unwrap().parse::<Money>().unwrap().fen();
        assert_eq!(payoff["fee"], json!(Money::from_fen((fee + 50) / 100)));
        assert_eq!(h.state(&whole).await, "settled");
        h.closed_before(w, "2026-03-04").await;
        assert_eq!(w.balance("L1301[contract=HT-3]").await, "0.00");
    })
    .await;

    // Monthly interest has no part of a month: a part of the principal comes back on a due day only.
    story(async |w| {
        let h = house(w, terms()).await;
        let loan = h.lent(w, "equal_installment", "36000.00", 1).await;
        h.closed_before(w, "2026-02-11").await;
        let part = json!({ "mode": "reduce_installment", "amount": "12000.00" });
        let between = h.tell(&loan, "prepayment", "2026-02-11", part.clone()).await;
        between.refused(422, "prepayment_between_due_days");
        h.closed_before(w, "2026-03-01").await;
        let due = h.standing(&loan).await["due"].clone();
        h.pay(&loan, "2026-03-01", &total(&due)).await;
        let seen = h.tell(&loan, "prepayment", "2026-03-01", part).await.ok();
        assert_eq!(parts(&seen["standing"]["paid"])[4], "120.00");
        assert_eq!(seen["standing"]["instalments"].as_array().unwrap().len(), 11);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_falls_behind_comes_back_and_another_is_lost() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let back = h.lent(w, "equal_principal", "36000.00", 1).await;
        let lost = h.lent(w, "equal_principal", "36000.00", 2).await;
        h.pool("500000.00").await;
        let charity =
            json!({ "holder": "示例基金会", "holder_credit_code": crate::world::CREDIT_CODE, "size": "1.00" });
        h.admin
            .post(&format!("/staff/loan-programmes/{}/pool", h.programme), charity)
            .await
            .refused(409, "changed_meanwhile");

        // Nothing of what is not late is given up.
        h.closed_before(w, "2026-02-15").await;
        for kind in ["write_off", "class", "waiver", "compensation", "reversal"] {
            let amounts = json!({ "principal": "0", "interest": "0.01", "penalty": "0", "compound": "0", "fee": "0" });
            let mute = json!({ "reason": " ", "amount": "1.00", "class": "doubtful", "split": amounts, "reverses": Uuid::now_v7() });
            let refused = h.tell(&back, kind, "2026-02-15", mute).await;
            refused.refused(422, "invalid_field");
            assert!(refused.text.contains("请说明原因"), "{kind}: {}", refused.text);
        }
        let write_off = h.tell(&back, "write_off", "2026-02-15", json!({})).await;
        write_off.refused(422, "invalid_field");
        assert!(write_off.text.contains("没有逾期的贷款不能核销"), "{}", write_off.text);

        // Ten days late: 3 000 × 4.15 % × 1.5 × 10 / 360, and the same of the interest of 116.20.
        h.closed_before(w, "2026-03-11").await;
        let standing = h.standing(&back).await;
        assert_eq!(parts(&standing["due"]), ["3000.00", "116.20", "5.19", "0.20", "0.00"]);
        assert_eq!((&standing["class"], &standing["days_past_due"]), (&json!("special_mention"), &json!(10)));
        let early = h.tell(&lost, "compensation", "2026-03-11", json!({ "amount": "100.00" })).await;
        early.refused(422, "pool_not_yet");
        assert!(early.text.contains("逾期满90天"), "{}", early.text);

        // Ninety days: income. Ninety-one: what was income and not paid is taken back and stands beside the balance sheet.
        h.closed_before(w, "2026-05-31").await;
        assert_eq!(h.standing(&back).await["days_past_due"], 91, "this morning");
        assert_eq!(w.balance("L7001").await, "0.00", "until the evening");
        assert_ne!(w.balance("L1321").await, "0.00");
        h.closed_before(w, "2026-06-01").await;
        let standing = h.standing(&back).await;
        assert_eq!((&standing["class"], &standing["accruing"]), (&json!("substandard"), &json!(false)));
        for account in ["L1321", "L1322", "L1323", "L6021", "L6022"] {
            assert_eq!(w.balance(account).await, "0.00", "{account}");
        }
        let mut income = 0;
        for account in ["L6011", "L6012", "L6013", "L6014", "L6015"] {
            income += fen(&w.balance(account).await);
        }
        assert_eq!(income, 0, "nothing was paid, so nothing is income");
        assert_ne!(w.balance("L7001").await, "0.00");
        h.closed_before(w, "2026-06-03").await;

        // A part changes nothing of that; principal is first now.
        h.pay(&back, "2026-06-03", "3000.00").await;
        assert_eq!(splits(&h.seen(&back).await)[0], ["3000.00", "0.00", "0.00", "0.00", "0.00"], "先本后息");
        assert_eq!(h.standing(&back).await["accruing"], json!(false));
        // A judgement can only make it worse.
        h.tell(&back, "class", "2026-06-03", json!({ "class": "doubtful", "reason": "经营停止" })).await.ok();
        assert_eq!(h.standing(&back).await["class"], "doubtful");
        h.tell(&back, "class", "2026-06-03", json!({ "class": "normal" })).await.ok();
        assert_eq!(h.standing(&back).await["class"], "substandard", "the days say no less");
        // Everything that is late is paid: it is income again.
        let due = h.standing(&back).await["due"].clone();
        let standing = h.pay(&back, "2026-06-03", &total(&due)).await;
        assert_eq!((&standing["class"], &standing["accruing"]), (&json!("normal"), &json!(true)));
        assert_eq!(h.state(&back).await, "performing");

        // The pool pays six tenths of what is lost, not more; what comes back goes back in the same share.
        let too_much = h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "21600.01" })).await;
        too_much.refused(422, "pool_share_exceeded");
        assert!(too_much.text.contains("21600.00"), "{}", too_much.text);
        h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "21600.00" })).await.ok();
        assert_eq!(h.state(&lost).await, "compensated");
        assert_eq!(w.balance("L1401").await, "21600.00");
        h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "0.01" }))
            .await
            .refused(422, "pool_share_exceeded");
        h.tell(&lost, "write_off", "2026-06-03", json!({ "reason": "核销批复（示例）" })).await.ok();
        assert_eq!(h.state(&lost).await, "written_off");
        assert_eq!(h.standing(&lost).await["class"], "loss", "what is written off is lost");
        assert_eq!(w.balance("L1304").await, "14400.00");
        h.closed_before(w, "2026-06-04").await;
        h.tell(&lost, "repayment", "2026-06-04", json!({ "amount": "1.00" })).await.refused(422, "loan_ended");
        h.tell(&lost, "recovery", "2026-06-04", json!({ "amount": "1000.00" })).await.ok();
        assert_eq!((w.balance("L1401").await, w.balance("L1304").await), ("21000.00".into(), "14000.00".into()));
        h.tell(&lost, "recovery", "2026-06-04", json!({ "amount": "99999.00" }))
            .await
            .refused(422, "more_than_outstanding");
        h.closed_before(w, "2026-06-05").await;
        assert_eq!(w.balance("L1302[contract=HT-2]").await, "0.00");

        // The month as the League reads it: no names without consent.
        let report = h.town.city.get("/staff/loan-report?month=2026-06").await.ok();
        assert_eq!((&report["total"]["count"], &report["unnamed"]), (&json!(1), &json!(0)));
        assert_eq!(report["lines"][0]["division"], "130502001");
        let sheet = h.town.city.get("/staff/loan-report.xlsx?month=2026-06").await;
        assert_eq!((sheet.status, &sheet.text[..2]), (200, "PK"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subsidy_is_claimed_for_what_was_paid_in_time_and_received_once() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let good = h.lent(w, "equal_principal", "36000.00", 1).await;
        let bad = h.lent(w, "equal_principal", "36000.00", 2).await;
        h.closed_before(w, "2026-03-01").await;
        h.pay(&good, "2026-03-01", "3116.20").await;
        h.closed_before(w, "2026-03-05").await;
        h.pay(&bad, "2026-03-05", "4000.00").await;
        let claims = format!("/staff/loan-programmes/{}/subsidies", h.programme);
        h.town.lender.act(&claims).await.refused(403, "forbidden");
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let claimed = bookkeeper.act(&claims).await.ok();
        let claimed = claimed["items"].as_array().unwrap();
        assert_eq!(claimed.len(), 1, "whoever was late gets none");
        assert_eq!((&claimed[0]["contract"], &claimed[0]["amount"]), (&json!(good.id), &json!("58.10")));
        assert_eq!(bookkeeper.act(&claims).await.ok()["items"], json!([]), "once");
        assert_eq!((w.balance("L1221").await, w.balance("L2241").await), ("58.10".into(), "-58.10".into()));
        let receipt = format!("/staff/loan-subsidies/{}/receipt", claimed[0]["id"].as_str().unwrap());
        bookkeeper.post(&receipt, json!({ "on": "2026-03-04" })).await.refused(422, "invalid_field");
        bookkeeper.post(&receipt, json!({ "on": "2026-03-06" })).await.refused(422, "invalid_field");
        on(w, "2026-03-20").await;
        let received = bookkeeper.post(&receipt, json!({ "on": "2026-03-18" })).await.ok();
        assert_eq!((&received["state"], &received["received_on"]), (&json!("received"), &json!("2026-03-18")));
        assert_eq!(bookkeeper.post(&receipt, json!({ "on": "2026-03-18" })).await.ok(), received, "again is the same");
        bookkeeper.post(&receipt, json!({ "on": "2026-03-19" })).await.refused(409, "id_reused");
        assert_eq!((w.balance("L1221").await, w.balance("L2241").await), ("0.00".into(), "0.00".into()));
        assert_eq!(h.seen(&good).await["subsidies"][0]["state"], "received");
        w.attacked("UPDATE loan_subsidy SET amount_fen = 1", "loan_subsidy_fixed").await;
    })
    .await;

    // Where the bank asks the borrower for less, the claim takes the place of interest that is due.
    let mut terms = by_days();
    terms["subsidy"]["recipient"] = json!("bank");
    story(async |w| {
        let h = house(w, terms.clone()).await;
        let less = h.lent(w, "equal_principal", "36000.00", 1).await;
        let all = h.lent(w, "equal_principal", "36000.00", 2).await;
        let short = h.lent(w, "equal_principal", "36000.00", 3).await;
        h.closed_before(w, "2026-03-01").await;
        for (loan, amount) in [(&less, "3058.10"), (&all, "3116.20"), (&short, "3058.09")] {
            h.pay(loan, "2026-03-01", amount).await;
        }
        h.closed_before(w, "2026-03-05").await;
        assert_eq!(h.standing(&less).await["days_past_due"], 4, "until it is claimed");
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let claims = format!("/staff/loan-programmes/{}/subsidies", h.programme);
        let claimed = bookkeeper.act(&claims).await.ok()["items"].as_array().unwrap().clone();
        assert_eq!(claimed.len(), 2, "{claimed:?}");
        let standing = h.standing(&less).await;
        assert_eq!(
            (&standing["days_past_due"], parts(&standing["due"])),
            (&json!(0), ["0.00"; 5]),
            "and it never was late"
        );
        assert_eq!(w.balance("L1321").await, "34.23", "three days of three loans");
        assert_eq!((w.balance("L1221").await, w.balance("L2241").await), ("116.20".into(), "-58.10".into()));
        for claim in &claimed {
            let receipt = format!("/staff/loan-subsidies/{}/receipt", claim["id"].as_str().unwrap());
            bookkeeper.post(&receipt, json!({ "on": "2026-03-05" })).await.ok();
        }
        assert_eq!((w.balance("L1221").await, w.balance("L2241").await), ("0.00".into(), "0.00".into()));
    })
    .await;
}

/// The list of arrears as an auditor sees it: contract, days late, principal late, all that is late.
async fn late(w: &World) -> Vec<(String, i64, String, String)> {
    let by = Member::everywhere(w.staff(Role::Auditor).await.id.into(), &[Role::Auditor], "test");
    let rows = w.app.servicing.late(&Wanted::default(), &by, None, 10).await.unwrap();
    rows.into_iter()
        .map(|one| {
            let (principal, all) = (one.late[Component::Principal], one.late.total().unwrap());
            (one.contract.number, one.days, principal.to_string(), all.to_string())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due_today_is_not_late() {
    story(async |w| {
        let h = house(w, by_days()).await;
        h.lent(w, "equal_principal", "36000.00", 1).await;
        let report = async |month: &str| {
            h.town.city.get(&format!("/staff/loan-report?month={month}")).await.ok()["total"].clone()
        };
        h.closed_before(w, "2026-03-01").await;
        assert!(late(w).await.is_empty());
        assert_eq!(report("2026-03").await["overdue_count"], 0);
        h.closed_before(w, "2026-03-02").await;
        assert_eq!(late(w).await[0].1, 1);
        assert_eq!(report("2026-03").await["overdue_count"], 1);
        // The second instalment falls due: what is late is the first, as the books say.
        h.closed_before(w, "2026-04-01").await;
        let listed = late(w).await;
        assert_eq!((listed[0].1, listed[0].2.as_str()), (31, "3000.00"));
        assert_eq!(w.balance("L1302[contract=HT-1]").await, "3000.00");
        assert_eq!(report("2026-04").await["arrears"], listed[0].3.as_str());
        h.closed_before(w, "2026-04-02").await;
        assert_eq!(late(w).await[0].2, "6000.00");
        assert_eq!(w.balance("L1302[contract=HT-1]").await, "6000.00");
    })
    .await;
}

/// Whether what fell due after the last file of a bank was paid nobody has heard: it is late when the next file does not tell of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_tells_by_month_has_no_late_loans_before_it_tells_of_them() {
    story(async |w| {
        let h = house_that_tells(w, by_days(), "monthly").await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        let report = async |month: &str| h.town.city.get(&format!("/staff/loan-report?month={month}")).await.ok();
        let month = |day: &str, sequence: u64, position: Position| {
            let mut month = file(day, sequence, Vec::new(), vec![position]);
            month.pace = Pace::Monthly;
            month
        };
        h.closed_before(w, "2026-03-01").await;
        let first = month("2026-02-28", 1, stands(&loan, "36000.00", Class::Normal));
        assert_eq!(h.bring(&h.town.lender, &first).await.ok()["breaks"], json!([]));
        h.closed_before(w, "2026-03-20").await;
        let seen = report("2026-03").await;
        assert_eq!((&seen["total"]["count"], &seen["total"]["overdue_count"]), (&json!(1), &json!(0)), "{seen}");
        assert_eq!(seen["total"]["classes"][0]["count"], 1);
        let bank = &seen["banks"][0];
        assert_eq!(
            (&bank["pace"], &bank["told_through"], &bank["as_of"]),
            (&json!("monthly"), &json!("2026-02-28"), &json!("2026-02-28"))
        );
        assert_eq!(seen["day"], "2026-03-20");
        assert!(late(w).await.is_empty());
        assert_eq!(h.days().await[0]["day"], "2026-02-28", "no day is closed that nobody has told of");
        assert_eq!(h.state(&loan).await, "performing");
        assert_eq!(w.balance("L1301[contract=HT-1]").await, "36000.00", "nothing is overdue in the books either");
        // A month later the bank has told of March, and the instalment of March is not in its file.
        h.closed_before(w, "2026-04-02").await;
        assert!(late(w).await.is_empty(), "not before the file");
        let mut second = month("2026-03-31", 2, stands(&loan, "36000.00", Class::SpecialMention));
        second.positions[0].arrears = "3132.36".parse().unwrap();
        assert_eq!(h.bring(&h.town.lender, &second).await.ok()["breaks"], json!([]));
        w.run_job("close_loans").await;
        let listed = late(w).await;
        assert_eq!((listed[0].1, listed[0].2.as_str()), (30, "3000.00"), "as of the day of the file");
        assert_eq!((h.days().await[0]["day"].as_str(), h.state(&loan).await.as_str()), (Some("2026-03-31"), "overdue"));
        let seen = report("2026-04").await;
        assert_eq!((&seen["total"]["overdue_count"], &seen["banks"][0]["as_of"]), (&json!(1), &json!("2026-03-31")));
        assert_eq!(seen["total"]["arrears"], listed[0].3.as_str());
    })
    .await;
}

/// What must not depend on the way it came about: days with their digests, and every balance.
async fn picture(w: &World, h: &House) -> (Vec<Value>, Value, Vec<Value>) {
    let auditor = w.staff(Role::Auditor).await;
    let balance = auditor.get("/staff/trial-balance").await.ok()["items"].clone();
    let contracts =
        h.town.lender.get("/staff/loan-contracts?limit=100").await.ok()["items"].as_array().unwrap().clone();
    let mut loans = Vec::new();
    for one in &contracts {
        let id = one["contract"]["id"].as_str().unwrap();
        let seen = h.town.lender.get(&format!("/staff/loan-contracts/{id}/servicing")).await.ok();
        loans.push(json!([seen["number"], one["contract"]["state"], seen["standing"]]));
    }
    loans.sort_by_key(Value::to_string);
    (h.days().await, balance, loans)
}

#[tokio::test(flavor = "multi_thread")]
async fn days_closed_at_once_in_pieces_twice_or_late_are_the_same_days() {
    let pictures = Mutex::new(Vec::new());
    for way in ["daily", "killed", "late"] {
        story(async |w| {
            let h = house(w, by_days()).await;
            let mut loans = Vec::new();
            for (serial, method) in (1..).zip([
                "equal_installment",
                "equal_principal",
                "interest_only",
                "flat",
                "bullet",
                "equal_principal",
            ]) {
                loans.push(h.lent(w, method, "36000.00", serial).await);
            }
            let servicing: &Servicing = &w.app.servicing;
            let programme = LoanProgrammeId::from(h.programme);
            let piece = async |day: BusinessDate| servicing.close_piece(programme, day, 2).await.unwrap();
            let mut day: BusinessDate = "2026-02-26".parse().unwrap();
            h.closed_before(w, &day.to_string()).await;
            while day.to_string().as_str() < "2026-03-08" {
                let next = day.next();
                on(w, &next.to_string()).await;
                match way {
                    "daily" => assert_eq!(w.run_job("close_loans").await, 1),
                    "killed" => {
                        // One piece of two loans, then the program dies; the job goes on and is run once more.
                        let first = piece(day).await;
                        assert!(matches!(first, Piece::Changed(_) | Piece::Closed(_)), "{first:?}");
                        let left = u64::from(matches!(first, Piece::Changed(_)));
                        assert_eq!(w.run_job("close_loans").await, left);
                        assert_eq!(w.run_job("close_loans").await, 0);
                        assert!(matches!(piece(day).await, Piece::There(_)));
                    }
                    _ => {}
                }
                // Told on the fifth, whatever is closed by then.
                if next.to_string() == "2026-03-05" {
                    if way == "late" {
                        assert_eq!(w.run_job("close_loans").await, 7);
                    }
                    h.pay(&loans[5], "2026-03-05", "3116.20").await;
                }
                day = next;
            }
            if way == "late" {
                assert_eq!(w.run_job("close_loans").await, 3, "three days late");
            }
            let not_over = servicing.close_piece(programme, day, 2).await;
            assert!(not_over.is_err(), "a day that is not over is not closed");
            let seen = picture(w, &h).await;
            pictures.lock().unwrap().push(seen);
        })
        .await;
    }
    let pictures = pictures.into_inner().unwrap();
    let (first, others) = pictures.split_first().unwrap();
    assert!(first.0.len() > 40 && first.2.len() == 6);
    for other in others {
        assert_eq!(first, other);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_of_late_or_never_was_leaves_the_books_of_the_ordered_run() {
    let pictures = Mutex::new(Vec::new());
    for ordered in [true, false] {
        story(async |w| {
            let h = house(w, by_days()).await;
            let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
            let other = h.lent(w, "equal_installment", "24000.00", 2).await;
            let payments = [("2026-03-01", "3116.20"), ("2026-04-03", "3120.00"), ("2026-05-20", "2000.00")];
            if ordered {
                for (day, amount) in payments {
                    h.closed_before(w, day).await;
                    h.pay(&loan, day, amount).await;
                }
                h.closed_before(w, "2026-07-10").await;
            } else {
                // Nobody heard of any of it until it was months late and its interest no income any more.
                h.closed_before(w, "2026-07-10").await;
                assert_eq!(h.standing(&loan).await["accruing"], json!(false));
                for (day, amount) in payments.iter().rev() {
                    h.pay(&loan, day, amount).await;
                }
                // A payment that was somebody else's, and a whole payout that never was.
                let wrong = notice("repayment", "2026-04-01", json!({ "amount": "500.00" }));
                let seen = h.told(&other, &wrong).await.ok();
                assert_eq!(w.balance("L1003").await, "-51263.80");
                let back = notice("reversal", "2026-04-01", json!({ "reverses": wrong["id"], "reason": "记错合同" }));
                let undone = h.told(&other, &back).await.ok();
                assert_ne!(seen["standing"], undone["standing"]);
                assert_eq!(h.told(&other, &back).await.ok(), undone, "told again it changes nothing");
                let twice = notice("reversal", "2026-04-01", json!({ "reverses": wrong["id"] }));
                h.told(&other, &twice).await.refused(409, "changed_meanwhile");
                let of_itself = notice("reversal", "2026-04-01", json!({ "reverses": back["id"] }));
                h.told(&other, &of_itself).await.refused(422, "no_such_loan_event");
                let payout = h.seen(&loan).await["events"][0]["id"].clone();
                let never = notice("reversal", "2026-02-01", json!({ "reverses": payout }));
                h.told(&loan, &never).await.refused(409, "changed_meanwhile");
            }
            h.closed_before(w, "2026-07-12").await;
            let (_, balance, loans) = picture(w, &h).await;
            // Debits and credits that met are not told; what is left is the same.
            let net = |line: &Value| {
                let side = |side: &str| fen(line[side].as_str().unwrap());
                (line["account"].as_str().unwrap().to_owned(), side("debit") - side("credit"))
            };
            let mut net: Vec<_> = balance.as_array().unwrap().iter().map(net).filter(|(_, fen)| *fen != 0).collect();
            // Interest stands at the class the loan had when it was booked: what was booked late stands at that of today.
            let of_interest = |(account, _): &(String, i64)| account.starts_with("L601");
            let income: i64 = net.iter().filter(|one| of_interest(one)).map(|(_, fen)| *fen).sum();
            net.retain(|one| !of_interest(one));
            pictures.lock().unwrap().push((net, income, loans));
        })
        .await;
    }
    let pictures = pictures.into_inner().unwrap();
    for other in &pictures[1..] {
        assert_eq!(&pictures[0], other);
    }
}

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
            (json!({ "kind": "rate", "rate": "4,35%" }), "invalid_field", "不要用逗号"),
            (json!({ "kind": "rate", "rate": "-0.01" }), "invalid_field", "年利率不能为负"),
            (json!({ "kind": "rate", "rate": "435" }), "invalid_field", "年利率应在0至100%之间"),
            (json!({ "kind": "loan" }), "invalid_body", "无法识别"),
            (json!({ "kind": "recovery", "amount": "1.00" }), "more_than_outstanding", "超过可以登记的余额"),
            (json!({ "kind": "waiver", "split": { "principal": "1.00", "interest": "0", "penalty": "0", "compound": "0", "fee": "0" } }), "more_than_outstanding", "超过"),
            (json!({ "kind": "reversal", "reverses": Uuid::now_v7() }), "no_such_loan_event", "没有可以冲正"),
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

/// A payment as the bank's file tells it: principal and interest, what is left, and the class.
fn told(loan: &Loan, serial: &str, principal: &str, interest: &str, balance: &str, class: Class) -> Detail {
    let yuan = |text: &str| text.parse::<Money>().unwrap();
    let mut split = Split::default();
    (split.amounts[Component::Principal], split.amounts[Component::Interest]) = (yuan(principal), yuan(interest));
    Detail {
        line: 0,
        contract: loan.number.clone(),
        serial: serial.to_owned(),
        kind: Kind::Repayment,
        on: "2026-03-01".parse().unwrap(),
        amount: split.total().unwrap(),
        split,
        balance: yuan(balance),
        class,
        reverses: None,
    }
}

fn file(day: &str, sequence: u64, details: Vec<Detail>, positions: Vec<Position>) -> BankFile {
    let (bank, pace) = ("shili".to_owned(), Pace::Daily);
    BankFile { bank, day: day.parse().unwrap(), pace, sequence, details, positions, totals: Vec::new() }
}

fn stands(loan: &Loan, balance: &str, class: Class) -> Position {
    let (contract, balance) = (loan.number.clone(), balance.parse().unwrap());
    Position { line: 0, contract, balance, arrears: Money::ZERO, class }
}

/// The open breaks of loans, by class.
async fn open(w: &World) -> Vec<Value> {
    let all =
        w.staff(Role::Auditor).await.get("/staff/breaks?limit=100").await.ok()["items"].as_array().unwrap().clone();
    let mut open: Vec<Value> = all.into_iter().filter(|one| one["state"] == "open").collect();
    open.sort_by_key(|one| one["class"].as_str().unwrap().to_owned());
    open
}

/// The open break of a class.
async fn one(w: &World, class: &str) -> Value {
    let found = open(w).await.into_iter().find(|one| one["class"] == class);
    found.unwrap_or_else(|| panic!("no {class}"))
}

async fn ways(w: &World, of: &Value) -> Vec<String> {
    let path = format!("/staff/breaks/{}/ways", of["id"].as_str().unwrap());
    let ways = w.staff(Role::Cashier).await.get(&path).await.ok();
    ways["items"].as_array().unwrap().iter().map(|way| way["choice"].as_str().unwrap().to_owned()).collect()
}

/// One proposes, another agrees.
async fn settled(w: &World, of: &Value, choice: &str) {
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

/// A pool stands for ten times its size, and pays what it has.
#[tokio::test(flavor = "multi_thread")]
async fn a_pool_stands_for_so_many_times_its_size() {
    story(async |w| {
        let h = house(w, by_days()).await;
        h.pool("4000.00").await;
        let lost = h.lent(w, "equal_principal", "36000.00", 1).await;
        let (_, contract) = h.granted(w, "equal_principal", "36000.00", 2).await;
        let full = h.town.lender.post("/staff/loan-contracts", contract.clone()).await;
        full.refused(409, "pool_full");
        assert!(full.text.contains("还能覆盖4000.00元"), "{}", full.text);
        h.pool("7200.00").await;
        h.town.lender.post("/staff/loan-contracts", contract).await.ok();

        h.closed_before(w, "2026-06-03").await;
        let share = || json!({ "amount": "21600.00" });
        let empty = h.tell(&lost, "compensation", "2026-06-03", share()).await;
        empty.refused(409, "pool_empty");
        assert!(empty.text.contains("剩余7200.00元"), "{}", empty.text);
        h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "7200.00" })).await.ok();
        h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "0.01" })).await.refused(409, "pool_empty");
        h.pool("21600.00").await;
        h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "14400.00" })).await.ok();
        let less = json!({ "holder": "示例市财政局", "holder_credit_code": POOL_HOLDER, "size": "21599.99" });
        let refused = h.admin.post(&format!("/staff/loan-programmes/{}/pool", h.programme), less).await;
        refused.refused(409, "pool_paid");
        assert!(refused.text.contains("21600.00元"), "{}", refused.text);
        assert_eq!(w.balance("L1401").await, "21600.00");
    })
    .await;
}

/// 续贷: the new contract repays the whole of the old one and pays nothing out; what the old one's interest came to is still paid.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_takes_over_all_that_is_owed_and_the_interest_to_the_day_is_paid() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let old = h.lent(w, "interest_only", "36000.00", 1).await;
        h.closed_before(w, "2026-03-01").await;
        h.pay(&old, "2026-03-01", "116.20").await;
        h.closed_before(w, "2026-03-11").await;
        // Less than what is owed would leave a rest to nobody.
        let part = h.taking_over(w, (&old, 1), "renewal", "20000.00", 2).await;
        let short = h.tell(&part, "payout", "2026-03-11", json!({ "amount": "20000.00" })).await;
        short.refused(409, "not_the_whole_loan");
        assert!(short.text.contains("36000.00元"), "{}", short.text);
        let give_up = format!("/staff/loan-contracts/{}/withdrawal", part.id);
        h.town.lender.post(&give_up, json!({ "reason": "金额有误，重新签订" })).await.ok();
        let new = h.taking_over(w, (&old, 1), "renewal", "36000.00", 3).await;
        let early = h.tell(&new, "payout", "2026-03-10", json!({ "amount": "36000.00" })).await;
        early.refused(422, "invalid_field");
        assert!(early.text.contains("放款日不能早于签约日"), "{}", early.text);
        let payout = notice("payout", "2026-03-11", json!({ "amount": "36000.00" }));
        let paid_out = h.told(&new, &payout).await.ok();
        assert_eq!(h.told(&new, &payout).await.ok(), paid_out, "told again it changes nothing");
        assert_eq!((h.state(&old).await.as_str(), h.state(&new).await.as_str()), ("renewed", "paid_out"));
        // It never was: what it took over is the old contract's again. Then it is paid out after all.
        let back = json!({ "reverses": payout["id"], "reason": "放款登记有误" });
        h.tell(&new, "reversal", "2026-03-11", back).await.ok();
        assert_eq!((h.state(&old).await.as_str(), h.state(&new).await.as_str()), ("performing", "signed"));
        assert_eq!(h.standing(&old).await["principal"], "36000.00");
        assert_eq!(w.balance("L1301[contract=HT-3]").await, "0.00");
        h.tell(&new, "payout", "2026-03-11", json!({ "amount": "36000.00" })).await.ok();
        assert_eq!((h.state(&old).await.as_str(), h.state(&new).await.as_str()), ("renewed", "paid_out"));
        for (account, balance) in [
            ("L1301[contract=HT-1]", "0.00"),
            ("L1302[contract=HT-1]", "0.00"),
            ("L1301[contract=HT-3]", "36000.00"),
            ("L1003", "-35883.80"),
        ] {
            assert_eq!(w.balance(account).await, balance, "{account}: no money went but the first interest");
        }
        // Ten days of interest are due with it; nothing of that grows, and it makes nobody late.
        for day in ["2026-03-11", "2026-03-20"] {
            h.closed_before(w, day).await;
            let standing = h.standing(&old).await;
            assert_eq!(parts(&standing["due"]), ["0.00", "41.50", "0.00", "0.00", "0.00"], "{day}");
            assert_eq!((&standing["class"], &standing["days_past_due"]), (&json!("normal"), &json!(0)));
        }
        let events = h.seen(&old).await["events"].as_array().unwrap().clone();
        let stands =
            |one: &&Value| one["kind"] == "replaced" && !events.iter().any(|other| other["reverses"] == one["id"]);
        let end = events.iter().find(stands).unwrap()["id"].clone();
        let alone = h.tell(&old, "reversal", "2026-03-11", json!({ "reverses": end })).await;
        alone.refused(422, "invalid_field");
        assert!(alone.text.contains("请冲正新合同的放款"), "{}", alone.text);
        let standing = h.pay(&old, "2026-03-20", "41.50").await;
        assert_eq!((parts(&standing["due"]), h.state(&old).await.as_str()), (["0.00"; 5], "renewed"));
        h.tell(&old, "repayment", "2026-03-20", json!({ "amount": "1.00" })).await.refused(422, "loan_ended");
        h.closed_before(w, "2026-03-22").await;
    })
    .await;
}

/// 重组 of what is late: what was due beside the principal stays with the old contract as it was, and may be waived.
#[tokio::test(flavor = "multi_thread")]
async fn a_restructured_loan_keeps_what_was_due_beside_its_principal() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let old = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-03-11").await;
        assert_eq!(h.state(&old).await, "overdue");
        let new = h.taking_over(w, (&old, 1), "restructuring", "36000.00", 2).await;
        h.tell(&new, "payout", "2026-03-11", json!({ "amount": "36000.00" })).await.ok();
        assert_eq!(h.state(&old).await, "restructured");
        // 116.20 of February and ten days of 33 000.00; ten days of penalty of 3 000.00 and of compound interest.
        let due = ["0.00", "154.24", "5.19", "0.20", "0.00"];
        h.closed_before(w, "2026-08-01").await;
        let standing = h.standing(&old).await;
        assert_eq!(
            (parts(&standing["due"]), &standing["class"]),
            (due, &json!("special_mention")),
            "nothing of it grows"
        );
        let split = json!({ "principal": "0", "interest": "0", "penalty": "5.19", "compound": "0.20", "fee": "0" });
        h.tell(&old, "waiver", "2026-08-01", json!({ "split": split, "reason": "重组协议约定减免" })).await.ok();
        h.closed_before(w, "2026-08-02").await;
        let standing = h.pay(&old, "2026-08-02", "154.24").await;
        assert_eq!((total(&standing["due"]).as_str(), h.state(&old).await.as_str()), ("0.00", "restructured"));
        h.closed_before(w, "2026-08-03").await;
    })
    .await;
}

/// A subsidy above the rate the borrower bears is what lies above it at the rate of each day.
#[tokio::test(flavor = "multi_thread")]
async fn a_subsidy_follows_the_rate_of_its_instalment() {
    let mut terms = by_days();
    (terms["subsidy"]["model"], terms["subsidy"]["value"]) = (json!("above_floor"), json!("0.015"));
    story(async |w| {
        let h = house(w, terms.clone()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-03-01").await;
        h.pay(&loan, "2026-03-01", "3116.20").await;
        let over = h.tell(&loan, "rate", "2026-03-01", json!({ "rate": "0.0501" })).await;
        over.refused(422, "invalid_field");
        assert!(over.text.contains("利率超出合同约定的下限或上限"), "{}", over.text);
        h.tell(&loan, "rate", "2026-03-01", json!({ "rate": "0.02" })).await.ok();
        h.closed_before(w, "2026-04-01").await;
        // 33 000.00 × 2 % × 31 / 360.
        h.pay(&loan, "2026-04-01", "3056.83").await;
        h.closed_before(w, "2026-04-11").await;
        h.tell(&loan, "rate", "2026-04-11", json!({ "rate": "0.04" })).await.ok();
        h.closed_before(w, "2026-05-01").await;
        // Ten days at 2 % and twenty at 4 %: of these the borrower bears 1.5 of 10 / 3.
        let standing = h.pay(&loan, "2026-05-01", "3083.33").await;
        assert_eq!(parts(&standing["due"]), ["0.00"; 5]);
        on(w, "2026-05-02").await;
        let claims = format!("/staff/loan-programmes/{}/subsidies", h.programme);
        let claimed = w.staff(Role::Bookkeeper).await.act(&claims).await.ok()["items"].as_array().unwrap().clone();
        let amounts: Vec<&str> = claimed.iter().map(|one| one["amount"].as_str().unwrap()).collect();
        assert_eq!(amounts, ["74.20", "14.21", "45.83"]);
    })
    .await;
}

/// What comes back of a loss before it is written off goes back in the share in which it is borne: the pool's part, and principal.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_recovered_before_a_loan_is_written_off_is_shared_with_the_pool() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let lost = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.pool("500000.00").await;
        h.closed_before(w, "2026-06-03").await;
        h.tell(&lost, "recovery", "2026-06-03", json!({ "amount": "1.00" }))
            .await
            .refused(422, "more_than_outstanding");
        h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "18000.00" })).await.ok();
        h.tell(&lost, "recovery", "2026-06-03", json!({ "amount": "1000.00" })).await.ok();
        assert_eq!(w.balance("L1401").await, "17500.00", "half of it");
        assert_eq!(h.standing(&lost).await["principal"], "17500.00", "and half");
        h.closed_before(w, "2026-06-04").await;
        h.tell(&lost, "write_off", "2026-06-04", json!({})).await.ok();
        h.tell(&lost, "recovery", "2026-06-04", json!({ "amount": "1000.00" })).await.ok();
        assert_eq!((w.balance("L1401").await, w.balance("L1304").await), ("17000.00".into(), "17000.00".into()));
        h.closed_before(w, "2026-06-06").await;
        assert_eq!(h.state(&lost).await, "written_off");
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

/// Whoever is close to a borrower tells nothing of their loan.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_tells_what_happened_to_a_relatives_loan() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        let (contract, lender) = (w.sql_id(&loan.id), w.sql_id(&h.town.lender.id.to_string()));
        w.sql(&format!(
            "INSERT INTO loan_relation (id, application_id, staff_id, relation, actor, created_us) \
             SELECT {contract}, application_id, {lender}, '表兄', 'test', 1 FROM loan_contract WHERE id = {contract}"
        ))
        .await
        .unwrap();
        h.closed_before(w, "2026-03-01").await;
        for (kind, more) in [("repayment", json!({ "amount": "1.00" })), ("class", json!({ "class": "doubtful" }))] {
            h.tell(&loan, kind, "2026-03-01", more).await.refused(403, "related_party");
        }
    })
    .await;
}

/// A borrower who agreed to receive messages learns that the money came, what falls due, what is late, and the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_borrower_is_told_what_becomes_of_a_loan_once_each() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        loan.borrower.post("/me/consents", json!({ "template": LOAN_PROGRESS, "count": 9 })).await.ok();
        let told = async |words: &str| {
            w.run_job("loan_deadlines").await;
            let sql = format!(
                "SELECT CAST(count(*) AS BIGINT) FROM message WHERE topic LIKE 'loan_contract:%' AND content LIKE '%{words}%'"
            );
            w.count(&sql).await
        };
        assert_eq!(told("2月1日已放款36000.00元").await, 1);
        h.closed_before(w, "2026-02-26").await;
        assert_eq!(told("3月1日应还3116.20元").await, 1);
        assert_eq!(told("3月1日应还3116.20元").await, 1, "once");
        h.closed_before(w, "2026-03-03").await;
        assert_eq!(told("3月1日应还款项未还").await, 1);
        let due = h.standing(&loan).await["due"].clone();
        h.pay(&loan, "2026-03-03", &total(&due)).await;
        h.tell(&loan, "prepayment", "2026-03-03", json!({ "mode": "full" })).await.ok();
        assert_eq!(told("贷款已全部结清").await, 1);
        assert_eq!(told("").await, 4);
    })
    .await;
}

/// What a borrower paid too much is paid back, not more.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_too_much_is_paid_back() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-03-01").await;
        h.pay(&loan, "2026-03-01", "3216.20").await;
        assert_eq!(w.balance("L2011").await, "-100.00");
        let back = async |amount: &str| h.tell(&loan, "credit_back", "2026-03-02", json!({ "amount": amount })).await;
        on(w, "2026-03-02").await;
        back("100.01").await.refused(422, "more_than_outstanding");
        back("60.00").await.ok();
        assert_eq!(h.standing(&loan).await["credit"], "40.00");
        back("40.00").await.ok();
        assert_eq!((w.balance("L2011").await, w.balance("L1003").await), ("0.00".into(), "-32883.80".into()));
        h.closed_before(w, "2026-03-04").await;
    })
    .await;
}

/// A claim is withdrawn when the payment it was for turns out never to have been; the payer may cut one, or refuse it.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_withdrawn_with_its_payment_and_may_be_cut() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        let other = h.lent(w, "equal_principal", "36000.00", 2).await;
        h.closed_before(w, "2026-03-01").await;
        let paid = notice("repayment", "2026-03-01", json!({ "amount": "3116.20" }));
        h.told(&loan, &paid).await.ok();
        h.pay(&other, "2026-03-01", "3116.20").await;
        h.closed_before(w, "2026-03-05").await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let claims = format!("/staff/loan-programmes/{}/subsidies", h.programme);
        let claimed = bookkeeper.act(&claims).await.ok()["items"].as_array().unwrap().clone();
        assert_eq!((claimed.len(), w.balance("L1221").await.as_str()), (2, "116.20"));
        let of = |loan: &Loan| {
            claimed.iter().find(|one| one["contract"] == json!(loan.id)).unwrap()["id"].as_str().unwrap().to_owned()
        };
        let receipt = |id: &str| format!("/staff/loan-subsidies/{id}/receipt");

        // The payment never was: what was claimed for it is not owed to anybody.
        h.tell(&loan, "reversal", "2026-03-01", json!({ "reverses": paid["id"] })).await.ok();
        assert_eq!((w.balance("L1221").await, w.balance("L2241").await), ("58.10".into(), "-58.10".into()));
        assert_eq!(h.seen(&loan).await["subsidies"][0]["state"], "withdrawn");
        bookkeeper.post(&receipt(&of(&loan)), json!({ "on": "2026-03-05" })).await.refused(409, "subsidy_withdrawn");
        assert_eq!(bookkeeper.act(&claims).await.ok()["items"], json!([]), "it is not paid in time");
        // It was paid on its day after all, and is claimed again.
        h.pay(&loan, "2026-03-01", "3116.20").await;
        let again = bookkeeper.act(&claims).await.ok()["items"].as_array().unwrap().clone();
        assert_eq!((again.len(), &again[0]["amount"]), (1, &json!("58.10")));

        // Less came than was claimed, and for a reason.
        let more = json!({ "on": "2026-03-05", "amount": "58.11", "reason": "试" });
        bookkeeper.post(&receipt(&of(&other)), more).await.refused(422, "invalid_field");
        let mute = json!({ "on": "2026-03-05", "amount": "50.00" });
        bookkeeper.post(&receipt(&of(&other)), mute).await.refused(422, "invalid_field");
        let less = json!({ "on": "2026-03-05", "amount": "50.00", "reason": "财政核减" });
        let cut = bookkeeper.post(&receipt(&of(&other)), less.clone()).await.ok();
        assert_eq!(
            (&cut["state"], &cut["received"], &cut["reason"]),
            (&json!("received"), &json!("50.00"), &json!("财政核减"))
        );
        assert_eq!(bookkeeper.post(&receipt(&of(&other)), less).await.ok(), cut, "again is the same");
        let refused = json!({ "on": "2026-03-05", "amount": "0.00", "reason": "不在补贴范围" });
        let refused = bookkeeper.post(&receipt(again[0]["id"].as_str().unwrap()), refused).await.ok();
        assert_eq!((&refused["state"], &refused["received"]), (&json!("rejected"), &json!("0.00")));
        assert_eq!((w.balance("L1221").await, w.balance("L2241").await), ("0.00".into(), "0.00".into()));
        assert_eq!(bookkeeper.act(&claims).await.ok()["items"], json!([]), "what was refused is not claimed again");
        w.attacked(
            "UPDATE loan_subsidy SET state = 'claimed', received_on = NULL, received_fen = NULL WHERE state = 'received'",
            "loan_subsidy_over",
        )
        .await;
        h.closed_before(w, "2026-03-07").await;
    })
    .await;

    // Where the claim took the place of interest, the borrower owes what was cut, as of its day.
    let mut terms = by_days();
    terms["subsidy"]["recipient"] = json!("bank");
    story(async |w| {
        let h = house(w, terms.clone()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-03-01").await;
        h.pay(&loan, "2026-03-01", "3058.10").await;
        h.closed_before(w, "2026-03-02").await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let claims = format!("/staff/loan-programmes/{}/subsidies", h.programme);
        let claimed = bookkeeper.act(&claims).await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(h.standing(&loan).await["due"]["interest"], "0.00");
        let less = json!({ "on": "2026-03-02", "amount": "40.00", "reason": "财政核减" });
        bookkeeper.post(&format!("/staff/loan-subsidies/{claimed}/receipt"), less).await.ok();
        let standing = h.standing(&loan).await;
        assert_eq!((total(&standing["due"]).as_str(), &standing["days_past_due"]), ("18.10", &json!(1)));
        assert_eq!(w.balance("L1221").await, "0.00");
        h.closed_before(w, "2026-03-04").await;
    })
    .await;

    // What was cut of one claim makes nobody late for the next: the borrower did not know it then.
    story(async |w| {
        let h = house(w, terms.clone()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-03-01").await;
        h.pay(&loan, "2026-03-01", "3058.10").await;
        h.closed_before(w, "2026-03-02").await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let claims = format!("/staff/loan-programmes/{}/subsidies", h.programme);
        let first = bookkeeper.act(&claims).await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
        h.closed_before(w, "2026-04-01").await;
        let owed = Money::from_fen(fen(&total(&h.standing(&loan).await["due"])) - 5_800);
        h.pay(&loan, "2026-04-01", &owed.to_string()).await;
        h.closed_before(w, "2026-04-02").await;
        let second = bookkeeper.act(&claims).await.ok()["items"].as_array().unwrap().clone();
        assert_eq!(second.len(), 1, "{second:?}");
        let less = json!({ "on": "2026-04-02", "amount": "58.09", "reason": "财政核减" });
        bookkeeper.post(&format!("/staff/loan-subsidies/{first}/receipt"), less).await.ok();
        let seen = h.seen(&loan).await;
        let states: Vec<_> = seen["subsidies"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
        assert_eq!(states, [json!("received"), json!("claimed")], "{seen}");
        assert_eq!(bookkeeper.act(&claims).await.ok()["items"], json!([]));
        // A claim is not taken back behind its back.
        let events = seen["events"].as_array().unwrap().clone();
        let applied = events.iter().rfind(|one| one["kind"] == "subsidy").unwrap()["id"].clone();
        let alone = h.tell(&loan, "reversal", "2026-04-02", json!({ "reverses": applied })).await;
        alone.refused(422, "invalid_field");
        assert!(alone.text.contains("贴息不能直接冲正"), "{}", alone.text);
        h.closed_before(w, "2026-04-04").await;
    })
    .await;
}

/// A bank that grants and signs on paper writes both down later: not before it had the application.
#[tokio::test(flavor = "multi_thread")]
async fn a_contract_is_signed_before_its_grant_is_written_down() {
    story(async |w| {
        let h = house(w, by_days()).await;
        on(w, "2026-02-01").await;
        let borrower = w.donor("o-borrower-1").await;
        let mut request = h.town.request("36000.00", 1);
        request["method"] = json!("equal_principal");
        let application = h.town.before_the_bank(&borrower, &request).await;
        on(w, "2026-02-03").await;
        let grant = h.town.grant("36000.00");
        h.town.lender.post(&format!("/staff/loan-applications/{application}/grant"), grant).await.ok();
        let mut contract = json!({
            "id": Uuid::now_v7(), "application": application, "number": "HT-1", "signed_on": "2026-01-31", "payout_on": "2026-02-03",
            "due_day": 1,
        });
        let early = h.town.lender.post("/staff/loan-contracts", contract.clone()).await;
        early.refused(422, "invalid_field");
        assert!(early.text.contains("签约日期不能早于申请送达银行的日期"), "{}", early.text);
        contract["signed_on"] = json!("2026-02-02");
        h.town.lender.post("/staff/loan-contracts", contract).await.ok();
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

/// A flat loan and one that is repaid at once go their way to the end; where interest is flat the rate cannot change.
#[tokio::test(flavor = "multi_thread")]
async fn a_flat_loan_and_one_repaid_at_once_go_to_their_end() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let flat = h.lent(w, "flat", "36000.00", 1).await;
        let bullet = h.lent(w, "bullet", "36000.00", 2).await;
        h.closed_before(w, "2026-02-11").await;
        h.tell(&flat, "rate", "2026-02-11", json!({ "rate": "0.04" })).await.refused(422, "cannot_reprice");
        let mut rows = Vec::new();
        for loan in [&flat, &bullet] {
            for row in h.standing(loan).await["instalments"].as_array().unwrap() {
                rows.push((row["due"].as_str().unwrap().to_owned(), row["total"].as_str().unwrap().to_owned(), loan));
            }
        }
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(rows.len(), 13);
        // February has 28 days: 36 000.00 × 4.15 % × 28 / 360, of the whole to the last.
        assert_eq!(rows[0].1, "3116.20");
        for (due, amount, loan) in &rows {
            h.closed_before(w, due).await;
            let standing = h.pay(loan, due, amount).await;
            assert_eq!((parts(&standing["due"]), &standing["credit"]), (["0.00"; 5], &json!("0.00")), "{due}");
        }
        for loan in [&flat, &bullet] {
            assert_eq!(h.state(loan).await, "settled");
        }
        h.closed_before(w, "2027-02-04").await;
        assert_eq!((w.balance("L1321").await, w.balance("L1301[contract=HT-2]").await), ("0.00".into(), "0.00".into()));
    })
    .await;
}

/// A contract that is priced anew on 1 January has the LPR of that day, with its spread; a bank's file that says nothing of it, or
/// something else, is a break.
#[tokio::test(flavor = "multi_thread")]
async fn a_contract_is_priced_anew_and_the_bank_has_to_say_so() {
    let mut terms = by_days();
    terms["price"]["repricing"] = json!("new_year");
    story(async |w| {
        let h = house(w, terms.clone()).await;
        let loan = h.lent(w, "interest_only", "36000.00", 1).await;
        for month in 3..=12 {
            let due = format!("2026-{month:02}-01");
            h.closed_before(w, &due).await;
            let owed = h.standing(&loan).await["due"].clone();
            h.pay(&loan, &due, &total(&owed)).await;
        }
        let rate = json!({ "tenor": "one_year", "published_on": "2026-12-21", "rate": "0.028" });
        on(w, "2026-12-22").await;
        h.town.lender.post("/staff/lpr", rate.clone()).await.ok();
        h.town.rates(&rate).await;
        assert_eq!(h.seen(&loan).await["expected_rate"]["annual_rate"], "0.0415");
        h.closed_before(w, "2027-01-01").await;
        let owed = h.standing(&loan).await["due"].clone();
        h.pay(&loan, "2027-01-01", &total(&owed)).await;
        h.closed_before(w, "2027-01-11").await;
        let seen = h.seen(&loan).await;
        assert_eq!(
            (&seen["annual_rate"], &seen["expected_rate"]),
            (&json!("0.0415"), &json!({ "annual_rate": "0.0395", "since": "2027-01-01" }))
        );
        let position = || vec![stands(&loan, "36000.00", Class::Normal)];
        let read = h.bring(&h.town.lender, &file("2027-01-10", 1, Vec::new(), position())).await.ok();
        assert_eq!(read["breaks"].as_array().unwrap().len(), 1, "{read}");
        let words = "按合同自2027-01-01起年利率应为3.95%，截至2027-01-10登记的是4.15%";
        assert!(read.to_string().contains(words), "{read}");
        // Told, it is what the contract says.
        let mut line = told(&loan, "S1", "0.00", "0.00", "36000.00", Class::Normal);
        (line.kind, line.on) = (Kind::Rate("0.0395".parse().unwrap()), "2027-01-01".parse().unwrap());
        on(w, "2027-01-12").await;
        let read = h.bring(&h.town.lender, &file("2027-01-11", 2, vec![line], position())).await.ok();
        assert_eq!((&read["breaks"], &h.seen(&loan).await["annual_rate"]), (&json!([]), &json!("0.0395")), "{read}");
        let left = open(w).await;
        assert!(left.iter().all(|one| one["class"] != "loan_missing_there"), "{left:?}");
    })
    .await;
}
