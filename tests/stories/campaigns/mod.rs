//! A campaign from the draft to the close-out, and every gate on its way tried to be broken: by the interface, by direct SQL, and
//! by somebody with all the roles.

mod changes;
mod course;
mod emergency;
mod evidence;
mod gates;
mod partners;
mod public;
mod review;
mod suspension;

use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::send;
use crate::world::{Officer, World};

const DAY_S: i64 = 86_400;

fn gates(answer: &crate::caller::Answer) -> Vec<String> {
    let problems: Value = serde_json::from_str(&answer.text).unwrap();
    let fields = problems["problems"].as_array().into_iter().flatten();
    fields.map(|problem| problem["field"].as_str().unwrap().to_owned()).collect()
}

async fn days_pass(w: &World, days: i64) {
    w.lever("clock", json!({ "advance_seconds": days * DAY_S })).await;
}

async fn drafted(w: &World, change: impl Fn(&mut Value)) -> Uuid {
    let mut draft = w.draft("100.00");
    change(&mut draft);
    w.staff(Role::Organiser).await.post("/staff/campaigns", draft.clone()).await.ok();
    draft["id"].as_str().unwrap().parse().unwrap()
}

fn reason() -> Value {
    json!({ "reason": "核实情况" })
}

/// Sends a document to be attached.
async fn attach(who: &Officer, path: &str, query: &str, bytes: &[u8]) -> crate::caller::Answer {
    let request = who.request(reqwest::Method::POST, &format!("/api/v1{path}/attachments?{query}"));
    send(request.header("content-type", "application/octet-stream").body(bytes.to_vec())).await
}
