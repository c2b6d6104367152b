//! Loans after the signature: what happens to one from its payout to its end, told by its bank, booked in the memo book; days closed by
//! the job; subsidies; the pool. Each story ends with the audit, which replays every loan and compares the memo book with all of them.

mod close;
mod differences;
mod files;
mod life;
mod pool;
mod renewals;
mod report;
mod subsidy;

use domain::Money;
use domain::bank_file::{BankFile, Detail, Kind, Pace, Position};
use domain::loan::allocation::Component;
use domain::loan::life::Split;
use domain::loan::overdue::Class;
use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::{Answer, Caller, send};
use crate::lending::{Town, terms, town_with};
use crate::world::{Officer, World};

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
