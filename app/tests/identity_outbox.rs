//! The outbox on real databases and against a real stand-in for WeChat.
#![allow(clippy::unwrap_used, reason = "a test helper that fails has found what it looks for")]

mod identity_world;

use std::time::Duration;

use app::Templates;
use app::outbox::{NewMessage, Outbox, OutboxError, enqueue};
use app::runs::Report;
use domain::DonorId;
use entity::{consent, message};
use identity_world::{World, on_both};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::json;

const TEMPLATE: &str = "TPL_GIFT";
const NOT_A_TEMPLATE: &str = "TPL_invalid";

fn outbox(w: &World) -> Outbox {
    let templates = Templates {
        gift_received: Some(TEMPLATE.to_owned()),
        refund_sent: Some(NOT_A_TEMPLATE.to_owned()),
        loan_progress: None,
    };
    Outbox::new(w.db.clone(), w.business.clone(), w.wechat.clone(), w.identity.clone(), &templates)
}

async fn donor(w: &World, openid: &str) -> DonorId {
    w.identity.login_donor(&w.sandbox.code(openid)).await.unwrap().donor
}

fn to(topic: &str, donor: DonorId, template: &str) -> NewMessage {
    let content = json!({ "thing1": "一间教室".repeat(8), "amount2": "12.30元" });
    NewMessage { topic: topic.to_owned(), donor, template: template.to_owned(), content }
}

async fn write(w: &World, messages: &[NewMessage]) {
    let tx = w.db.begin().await.unwrap();
    enqueue(&tx, w.business.now(), messages).await.unwrap();
    tx.commit().await.unwrap();
}

async fn states(w: &World) -> Vec<(String, String)> {
    let rows = message::Entity::find().order_by_asc(message::Column::Topic).all(w.db.read()).await.unwrap();
    rows.into_iter().map(|row| (row.topic, row.state)).collect()
}

async fn used(w: &World, donor: DonorId, template: &str) -> (i64, i64) {
    let row = consent::Entity::find_by_id((donor, template.to_owned())).one(w.db.read()).await.unwrap().unwrap();
    (row.given, row.used)
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(topic, state)| ((*topic).to_owned(), (*state).to_owned())).collect()
}

fn forward(w: &World, seconds: u64) {
    w.real.set(w.real.now().after(Duration::from_secs(seconds)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_buys_a_message_and_an_occasion_speaks_once() {
    on_both(async |w| {
        let outbox = outbox(w);
        let (a, b) = (donor(w, "oA").await, donor(w, "oB").await);
        outbox.give_consent(a, TEMPLATE, 2).await.unwrap();
        for (template, count) in [("", 1), ("一", 1), (TEMPLATE, 0), (TEMPLATE, 21)] {
            assert!(matches!(outbox.give_consent(a, template, count).await, Err(OutboxError::BadConsent)));
        }
        let messages = [to("donation:1", a, TEMPLATE), to("donation:2", b, TEMPLATE), to("donation:3", a, TEMPLATE)];
        write(w, &messages).await;
        write(w, &messages[..1]).await;
        write(w, &[]).await;
        assert_eq!(
            states(w).await,
            pairs(&[("donation:1", "pending"), ("donation:3", "pending")]),
            "b agreed to nothing"
        );
        assert_eq!(outbox.send_due(100).await.unwrap(), Report::of(2));
        assert_eq!(states(w).await, pairs(&[("donation:1", "sent"), ("donation:3", "sent")]));
        assert_eq!(used(w, a, TEMPLATE).await, (2, 2));
        write(w, &[to("donation:4", a, TEMPLATE)]).await;
        assert_eq!(states(w).await.len(), 2, "the consents are used up");
        assert_eq!(outbox.send_due(100).await.unwrap(), Report::of(0));
        let seen = w.sandbox.state()["messages"].clone();
        assert_eq!(seen.as_array().unwrap().len(), 2);
        assert!(seen.to_string().contains(&format!("{}…", &"一间教室".repeat(5)[..19 * 3])), "{seen}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_wechat_will_never_take_is_dropped() {
    on_both(async |w| {
        let outbox = outbox(w);
        let (refuses, foreign, plain) =
            (donor(w, "o-refuses").await, donor(w, "o-foreign").await, donor(w, "oA").await);
        for donor in [refuses, foreign, plain] {
            outbox.give_consent(donor, TEMPLATE, 1).await.unwrap();
            outbox.give_consent(donor, NOT_A_TEMPLATE, 1).await.unwrap();
        }
        write(
            w,
            &[
                to("1", refuses, TEMPLATE),
                to("2", foreign, TEMPLATE),
                to("3", plain, NOT_A_TEMPLATE),
                // Two messages were written on one consent.
                to("4", plain, TEMPLATE),
                to("5", plain, TEMPLATE),
            ],
        )
        .await;
        let report = outbox.send_due(100).await.unwrap();
        assert_eq!((report.done, report.failed), (1, 4));
        let mut ends: Vec<String> = states(w).await.into_iter().map(|(_, state)| state).collect();
        ends.sort_unstable();
        assert_eq!(ends, ["dropped", "dropped", "dropped", "dropped", "sent"]);
        assert_eq!(used(w, refuses, TEMPLATE).await, (1, 1), "nothing is left there, whatever we counted");
        assert_eq!(used(w, foreign, TEMPLATE).await, (1, 0));
        let rows = message::Entity::find().all(w.db.read()).await.unwrap();
        let errors: Vec<String> = rows.into_iter().filter_map(|row| row.last_error).collect();
        assert_eq!(errors.len(), 4);
        assert!(errors.iter().any(|error| error.contains("43101")), "{errors:?}");
        assert!(!errors.iter().any(|error| error.contains("o-foreign")), "{errors:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_fails_is_tried_again_later_and_given_up_at_last() {
    on_both(async |w| {
        let outbox = outbox(w);
        let donor = donor(w, "oA").await;
        outbox.give_consent(donor, TEMPLATE, 1).await.unwrap();
        write(w, &[to("1", donor, TEMPLATE)]).await;
        let fault =
            |times: u32| json!({"api": {"path": "/cgi-bin/message/subscribe/send", "status": 500, "times": times}});
        control(w, "faults", &fault(1)).await;
        let report = outbox.send_due(100).await.unwrap();
        assert_eq!((report.done, report.failed), (0, 1));
        assert_eq!(states(w).await, pairs(&[("1", "pending")]));
        assert_eq!(outbox.send_due(100).await.unwrap(), Report::of(0), "not at once");
        forward(w, 31);
        assert_eq!(outbox.send_due(100).await.unwrap(), Report::of(1));

        outbox.give_consent(donor, TEMPLATE, 1).await.unwrap();
        write(w, &[to("2", donor, TEMPLATE)]).await;
        control(w, "faults", &fault(8)).await;
        for _ in 0..8 {
            assert_eq!(states(w).await[1].1, "pending");
            assert_eq!(outbox.send_due(100).await.unwrap().failed, 1);
            forward(w, 6 * 3_600 + 1);
        }
        assert_eq!(states(w).await[1].1, "dropped");
        assert_eq!(outbox.send_due(100).await.unwrap(), Report::of(0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_sender_died_is_sent_by_the_next() {
    on_both(async |w| {
        let outbox = outbox(w);
        let donor = donor(w, "oA").await;
        outbox.give_consent(donor, TEMPLATE, 1).await.unwrap();
        write(w, &[to("1", donor, TEMPLATE)]).await;
        let tx = w.db.begin().await.unwrap();
        message::Entity::update_many()
            .col_expr(message::Column::State, "sending".into())
            .col_expr(message::Column::Attempts, 1.into())
            .col_expr(message::Column::NextTryUs, w.real.now().after(Duration::from_secs(60)).into())
            .exec(&tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(outbox.send_due(100).await.unwrap(), Report::of(0), "somebody is at it");
        forward(w, 61);
        assert_eq!(outbox.send_due(100).await.unwrap(), Report::of(1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_messages_go_out_once_though_two_send() {
    on_both(async |w| {
        let outbox = outbox(w);
        let donor = donor(w, "oA").await;
        for _ in 0..5 {
            outbox.give_consent(donor, TEMPLATE, 20).await.unwrap();
        }
        let messages: Vec<NewMessage> = (0..100).map(|n| to(&format!("{n}"), donor, TEMPLATE)).collect();
        write(w, &messages).await;
        let both = [0, 1].map(|_| {
            let outbox = outbox.clone();
            tokio::spawn(async move { outbox.send_due(1_000).await.unwrap() })
        });
        let [one, two] = both;
        let (one, two) = (one.await.unwrap(), two.await.unwrap());
        assert_eq!((one.done + two.done, one.failed + two.failed), (100, 0));
        assert_eq!(w.sandbox.state()["messages"].as_array().unwrap().len(), 100);
        assert_eq!(used(w, donor, TEMPLATE).await, (100, 100));
    })
    .await;
}

async fn control(w: &World, what: &str, body: &serde_json::Value) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = w.sandbox.base_url.trim_start_matches("http://").to_owned();
    let body = body.to_string();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "POST /sandbox/{what} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
