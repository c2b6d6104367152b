//! Spending under two pairs of eyes (facts: charity 3.5, 6.6a): each rule tried to be broken by the interface, by direct SQL and by
//! one person with several roles.

mod advances;
mod endings;
mod grants;
mod hands;
mod payees;

use domain::role::Role;
use reqwest::Method;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::Answer;
use crate::world::{Officer, World};

/// A campaign that has raised so much by bank, with one budget line for aid of its whole target.
pub(crate) async fn funded(w: &World, amount: &str) -> Uuid {
    paid_in(w, w.open_campaign("5000000.00").await, amount).await
}

/// The same of a campaign that is carried out with a partner of this name.
pub(crate) async fn funded_with(w: &World, partner: &str, amount: &str) -> Uuid {
    let draft = w.drafted_with(w.draft("5000000.00"), partner).await;
    paid_in(w, w.open_as(draft).await, amount).await
}

/// A campaign that is open, and has raised so much by bank.
pub(crate) async fn paid_in(w: &World, campaign: Uuid, amount: &str) -> Uuid {
    let gift = json!({
        "id": Uuid::now_v7(), "campaign": campaign, "amount": amount, "counterparty": "示例公司", "bank_account": "基本户",
        "reference": format!("B-{}", Uuid::now_v7().simple()), "received_on": w.app.business.today().to_string(),
    });
    w.staff(Role::Cashier).await.post("/staff/bank-gifts", gift.clone()).await.ok();
    let path = format!("/staff/bank-gifts/{}/confirmation", gift["id"].as_str().unwrap());
    w.staff(Role::Bookkeeper).await.act(&path).await.ok();
    campaign
}

/// The code of the line that aid is paid from.
pub(crate) async fn line(w: &World, campaign: Uuid) -> String {
    let budget = w.staff(Role::FinanceHead).await.get(&format!("/staff/campaigns/{campaign}/budget")).await.ok();
    budget["items"][0]["code"].as_str().unwrap().to_owned()
}

pub(crate) fn person(campaign: Uuid, name: &str, number: u64) -> Value {
    json!({
        "id": Uuid::now_v7(), "campaign": campaign, "kind": "person", "part": "beneficiary", "name": name,
        "account": { "number": format!("62220200{number:011}"), "bank": "示例银行邢台分行" }, "phone": "00000000000",
    })
}

pub(crate) async fn payee(w: &World, campaign: Uuid, name: &str, number: u64) -> Uuid {
    let new = person(campaign, name, number);
    id(&w.staff(Role::Organiser).await.post("/staff/payees", new).await.ok())
}

/// The partner of a campaign that was opened with one, evaluated with so many points, as somebody who can be paid.
pub(crate) async fn partner(w: &World, campaign: Uuid, name: &str, score: i64) -> Uuid {
    let found = json!({ "score": score, "findings": "实地走访" });
    let path = format!("/staff/campaigns/{campaign}/partner-evaluation");
    w.staff(Role::ProjectManager).await.post(&path, found).await.ok();
    let mut new = person(campaign, name, 7);
    new["part"] = json!("partner");
    id(&w.staff(Role::Organiser).await.post("/staff/payees", new).await.ok())
}

pub(crate) fn id(value: &Value) -> Uuid {
    value["id"].as_str().unwrap().parse().unwrap()
}

pub(crate) fn paper(campaign: Uuid, line: &str, payees: &[Uuid], amount: &str) -> Value {
    let payouts: Vec<Value> =
        payees.iter().map(|payee| json!({ "id": Uuid::now_v7(), "payee": payee, "amount": amount })).collect();
    // Many papers of a story are alike, and mean to be.
    json!({
        "id": Uuid::now_v7(), "campaign": campaign, "line": line, "kind": "grant", "purpose": "秋季助学金", "payouts": payouts,
        "repeat_reason": "按月分次发放",
    })
}

/// Attaches what proves a settlement; whoever wrote it down.
pub(crate) async fn proves(who: &Officer, settlement: Uuid) -> Answer {
    let path = format!("/api/v1/staff/settlements/{settlement}/attachments?kind=invoice&file_name=invoice.txt");
    let request = who.request(Method::POST, &path).header("content-type", "application/octet-stream");
    crate::caller::send(request.body(format!("发票 {settlement}"))).await
}

pub(crate) async fn attach(who: &Officer, paper: &Value) -> Answer {
    let path = format!("/api/v1/staff/disbursements/{}/attachments?kind=list&file_name=list.txt", id(paper));
    crate::caller::send(
        who.request(Method::POST, &path)
            .header("content-type", "application/octet-stream")
            .body(format!("名单 {}", id(paper))),
    )
    .await
}

pub(crate) async fn step(who: &Officer, paper: &Value, step: &str) -> Answer {
    who.post(&format!("/staff/disbursements/{}/{step}", id(paper)), json!({ "reason": "核实情况" })).await
}

/// A paper that is handed in.
pub(crate) async fn submitted(w: &World, paper: &Value) {
    let organiser = w.staff(Role::Organiser).await;
    organiser.post("/staff/disbursements", paper.clone()).await.ok();
    attach(&organiser, paper).await.ok();
    step(&organiser, paper, "submission").await.ok();
}

/// A paper with every approval it needs up to the third limit.
pub(crate) async fn approved(w: &World, paper: &Value) {
    submitted(w, paper).await;
    step(&w.staff(Role::ProjectManager).await, paper, "approval").await.ok();
    step(&w.staff(Role::FinanceHead).await, paper, "approval").await.ok();
}

/// What pages tell of a campaign: approved and not paid, and paid.
async fn paid(w: &World, campaign: Uuid) -> [String; 2] {
    let (owed, paid) = w.app.spending.paid(campaign.into()).await.unwrap().total();
    [owed.to_string(), paid.to_string()]
}

/// A payment file of a paper, handed to the bank.
pub(crate) async fn sent(w: &World, paper: &Value) -> Uuid {
    let cashier = w.staff(Role::Cashier).await;
    let new = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(paper)] });
    let file = id(&cashier.post("/staff/payment-files", new).await.ok());
    cashier.act(&format!("/staff/payment-files/{file}/sending")).await.ok();
    file
}

pub(crate) fn results(w: &World, payouts: &[Uuid], paid: bool) -> Value {
    let on = w.app.business.today().to_string();
    let line = |payout: &Uuid| json!({ "payout": payout, "paid": paid, "on": on, "reason": (!paid).then_some("账号户名不符") });
    json!({ "lines": payouts.iter().map(line).collect::<Vec<_>>() })
}

pub(crate) fn payouts(paper: &Value) -> Vec<Uuid> {
    paper["payouts"].as_array().unwrap().iter().map(id).collect()
}

async fn state(w: &World, paper: &Value) -> String {
    let row = w.staff(Role::Auditor).await.get(&format!("/staff/disbursements/{}", id(paper))).await.ok();
    row["state"].as_str().unwrap().to_owned()
}

async fn payout_states(w: &World, paper: &Value) -> Vec<String> {
    let path = format!("/staff/disbursements/{}/payouts?limit=100", id(paper));
    let rows = w.staff(Role::Auditor).await.get(&path).await.ok();
    rows["items"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect()
}

/// Runs a statement of somebody who sits at the database.
async fn sql(w: &World, statement: &str) -> Result<(), String> {
    let tx = w.app.db.begin().await.unwrap();
    let done = tx.execute_unprepared(statement).await.map(|_| ()).map_err(|error| error.to_string());
    if done.is_ok() {
        tx.commit().await.unwrap();
    }
    done
}

/// An id as the database at hand writes it.
pub(crate) fn lit(w: &World, id: Uuid) -> String {
    match w.app.db.backend() {
        sea_orm::DbBackend::Postgres => format!("'{id}'::uuid"),
        _ => format!("X'{}'", id.simple()),
    }
}

/// Papers and payments for operations to be tried on, each in a state that the operation is for.
pub(crate) struct Papers {
    pub(crate) payee: String,
    pub(crate) draft: String,
    pub(crate) submitted: String,
    /// Of the draft.
    pub(crate) document: String,
    pub(crate) approved_payout: String,
    pub(crate) bounced_payout: String,
    pub(crate) paid_payout: String,
    pub(crate) settlement: String,
    pub(crate) made_file: String,
    pub(crate) sent_file: String,
    /// In the file that was sent.
    pub(crate) sent_payout: String,
    pub(crate) campaign: Uuid,
}

pub(crate) async fn papers(w: &World) -> Papers {
    let campaign = funded(w, "1000.00").await;
    let student = payee(w, campaign, "王一（示例）", 1).await;
    let account = json!({ "number": "6222020099999999999", "bank": "示例银行" });
    let grant = || paper(campaign, "a", &[student], "10.00");
    let (organiser, cashier) = (w.staff(Role::Organiser).await, w.staff(Role::Cashier).await);
    let draft = grant();
    organiser.post("/staff/disbursements", draft.clone()).await.ok();
    attach(&organiser, &draft).await.ok();
    let path = format!("/api/v1/staff/disbursements/{}/attachments?kind=contract&file_name=a.txt", id(&draft));
    let request = organiser.request(Method::POST, &path).header("content-type", "application/octet-stream");
    let document = id(&crate::caller::send(request.body("合同")).await.ok());
    let handed_in = grant();
    submitted(w, &handed_in).await;
    let paid = async |paid: bool| {
        let grant = grant();
        approved(w, &grant).await;
        let file = sent(w, &grant).await;
        let path = format!("/staff/payment-files/{file}/results");
        w.staff(Role::Bookkeeper).await.post(&path, results(w, &payouts(&grant), paid)).await.ok();
        payouts(&grant)[0]
    };
    let (bounced, done) = (paid(false).await, paid(true).await);
    let settlement = json!({
        "id": Uuid::now_v7(), "kind": "recovered", "amount": "1.00", "reason": "退回余款", "on": w.app.business.today().to_string(),
        "bank": { "bank_account": "基本户", "reference": "R-1" },
    });
    cashier.post(&format!("/staff/payouts/{done}/settlements"), settlement.clone()).await.ok();
    let (waiting, made, on_the_way) = (grant(), grant(), grant());
    for grant in [&waiting, &made, &on_the_way] {
        approved(w, grant).await;
    }
    let new = json!({ "id": Uuid::now_v7(), "bank_account": "基本户", "disbursements": [id(&made)] });
    cashier.post("/staff/payment-files", new.clone()).await.ok();
    let sent_file = sent(w, &on_the_way).await;
    cashier.call(Method::PUT, &format!("/staff/payees/{student}/account"), Some(account)).await.ok();
    Papers {
        payee: student.to_string(),
        draft: id(&draft).to_string(),
        submitted: id(&handed_in).to_string(),
        document: format!("{} {document}", id(&draft)),
        approved_payout: payouts(&waiting)[0].to_string(),
        bounced_payout: bounced.to_string(),
        paid_payout: done.to_string(),
        settlement: id(&settlement).to_string(),
        made_file: id(&new).to_string(),
        sent_file: sent_file.to_string(),
        sent_payout: payouts(&on_the_way)[0].to_string(),
        campaign,
    }
}
