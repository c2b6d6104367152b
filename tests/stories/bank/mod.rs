//! What the bank says: statements line by line, what each line is in the books, and money that nobody knows.

mod claims;
mod files;
mod lists;
mod matching;
mod month;

use domain::role::Role;
use domain::{BusinessDate, Money};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::Answer;
use crate::spending::id;
use crate::world::{Officer, World};

const ACCOUNT: &str = "account=基本户";

/// A movement: the bank's number, fen, who, and what is said.
pub(crate) type Move<'a> = (&'a str, i64, &'a str, &'a str);

/// A statement of a day as this bank writes it, with balances that follow from one another.
pub(crate) fn file(day: BusinessDate, opening: i64, moves: &[Move<'_>]) -> String {
    let mut balance = opening;
    let mut text = format!("账户明细\n期初余额,{}\n记账日期,流水号,金额,余额,对方户名,摘要\n", yuan(opening));
    for (number, fen, who, words) in moves {
        balance += fen;
        text += &format!("{day},{number},{},{},{who},{words}\n", yuan(*fen), yuan(balance));
    }
    text
}

fn yuan(fen: i64) -> String {
    Money::from_fen(fen).to_string()
}

fn mapping() -> Value {
    json!({
        "name": "基本户",
        "mapping": {
            "encoding": "utf8", "date": "记账日期", "date_format": "YYYY-MM-DD", "amount": "金额", "balance": "余额", "reference": "流水号",
            "counterparty": "对方户名", "remarks": ["摘要"], "opening_label": "期初余额",
        },
    })
}

/// The account with its mapping.
pub(crate) async fn account(w: &World) -> String {
    let path = format!("/staff/books/{}", w.book);
    let keeper = w.staff(Role::Bookkeeper).await;
    keeper.call(Method::PUT, &format!("{path}/bank-accounts"), Some(mapping())).await.ok();
    path
}

pub(crate) async fn bring(who: &Officer, book: &str, file: impl Into<reqwest::Body>, more: &str) -> Answer {
    let path = format!("/api/v1{book}/bank-statements?id={}&{ACCOUNT}{more}", Uuid::now_v7());
    let request = who.request(Method::POST, &path).header("content-type", "application/octet-stream");
    crate::caller::send(request.body(file)).await
}

/// A line of the bank that waits, and a claim on another that waits for the second person.
pub(crate) async fn waiting_lines(w: &World, campaign: Uuid) -> (Uuid, Uuid) {
    let (book, day) = (account(w).await, w.app.business.today());
    let keeper = w.staff(Role::Bookkeeper).await;
    let moves = [("W1", 1_000, "王五（示例）", "心意"), ("W2", 2_000, "赵六（示例）", "心意")];
    bring(&keeper, &book, file(day, 0, &moves), "&write=true").await.ok();
    let claim = json!({ "id": Uuid::now_v7(), "choice": "gift", "campaign": campaign, "reason": "电话核实" });
    keeper.post(&format!("/staff/bank-lines/{}/claims", line(w, "open", "W2").await), claim.clone()).await.ok();
    (line(w, "open", "W1").await, id(&claim))
}

async fn lines(w: &World, state: &str) -> Vec<Value> {
    let path = format!("/staff/books/{}/bank-lines?{ACCOUNT}&state={state}&limit=100", w.book);
    w.staff(Role::Auditor).await.get(&path).await.ok()["items"].as_array().unwrap().clone()
}

/// The line that carries this number of the bank.
pub(crate) async fn line(w: &World, state: &str, number: &str) -> Uuid {
    let lines = lines(w, state).await;
    id(lines.iter().find(|line| line["reference"] == number).unwrap_or_else(|| panic!("no {number} in {lines:#?}")))
}

async fn suggested(w: &World, number: &str) -> Vec<Value> {
    let path = format!("/staff/books/{}/bank-suggestions?{ACCOUNT}&limit=100", w.book);
    let open = w.staff(Role::Bookkeeper).await.get(&path).await.ok();
    let open = open["items"].as_array().unwrap().clone();
    let found = open.into_iter().find(|one| one["line"]["reference"] == number);
    found.map(|one| one["suggestions"].as_array().unwrap().clone()).unwrap_or_default()
}

fn kinds(suggestions: &[Value]) -> Vec<&str> {
    suggestions.iter().map(|one| one["kind"].as_str().unwrap()).collect()
}

pub(crate) async fn accept(who: &Officer, book: &str, items: Value) -> Answer {
    who.post(&format!("{book}/bank-lines/acceptance?{ACCOUNT}"), json!({ "items": items })).await
}

fn first_of_next(day: BusinessDate) -> BusinessDate {
    let mut next = day.next();
    while next.day() != 1 {
        next = next.next();
    }
    next
}
