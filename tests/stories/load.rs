//! Too much at once, and the end of the program in the middle of its work.

use std::time::Duration;

use domain::role::Role;
use entity::Db;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::binary::{Program, Running, by_hand};
use crate::caller::Answer;
use crate::world::{Terms, World, story, story_with};

fn busy(answer: &Answer) {
    assert_eq!(answer.refused(503, "overloaded").header("retry-after"), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_takes_nothing_and_loses_nothing() {
    let terms = Terms { queue: 1, ..Terms::default() };
    story_with(terms, async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        // The callbacks find the same queue full; what is sent back comes again, and the job asks for the rest.
        let wishes: Vec<Value> = (0..60).map(|_| w.wish("1.00")).collect();
        let mut turned_away = 0;
        let mut left = wishes.clone();
        while !left.is_empty() {
            let answers = join_all(left.iter().map(|wish| donor.give(campaign, wish))).await;
            let mut again = Vec::new();
            for (wish, answer) in left.into_iter().zip(answers) {
                if answer.status == 200 {
                    w.sandbox.pay(answer.body["donation"]["out_trade_no"].as_str().unwrap()).unwrap();
                } else {
                    busy(&answer);
                    turned_away += 1;
                    again.push(wish);
                }
            }
            left = again;
        }
        assert!(turned_away > 0, "the queue was never full");
        // What the job asks for meets the same queue: what does not fit is asked for again.
        for _ in 0..60 {
            w.pass(1_800).await;
            jobs::run_once(w.app.clone(), "open_payments").await.unwrap();
            if w.raised(campaign).await == "60.00" {
                break;
            }
        }
        assert_eq!(w.raised(campaign).await, "60.00");
        assert_eq!(w.campaign(campaign).await["gifts"], 60);
        assert_eq!(w.sandbox.state()["totals"]["orders"], 60);
        assert_eq!(w.all_gifts(&donor).await.len(), 60);
    })
    .await;
}

/// What everybody may see is read once for many: what is committed here is on the page for whoever asks afterwards, and what another
/// process commits a moment later.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_many_ask_for_shows_what_was_committed() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let other = Db::connect(&w.database_url).await.unwrap();
        let path = format!("/campaigns/{campaign}");
        let contact = async || w.stranger.get(&path).await.ok()["contact"].as_str().unwrap().to_owned();
        for number in 0..20 {
            let (db, word) = if number % 5 == 4 { (&other, "别处") } else { (&w.app.db, "此处") };
            let next = format!("{word}改电话{number}");
            let tx = db.begin().await.unwrap();
            entity::execute(&tx, "UPDATE charity SET contact = $1", [next.as_str().into()]).await.unwrap();
            assert_ne!(contact().await, next, "not before it is committed");
            tx.commit().await.unwrap();
            if number % 5 == 4 {
                w.until("the other process's word is there", async || contact().await == next).await;
            } else {
                assert_eq!(contact().await, next);
            }
        }
        other.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_turns_requests_away_at_the_door() {
    let terms = Terms { room: 2, ..Terms::default() };
    story_with(terms, async |w| {
        w.lever("faults", json!({ "api": { "path": "/sns/jscode2session", "delay_ms": 1_500, "times": 2 } })).await;
        let slow = join_all((0..2).map(|number| {
            let code = w.sandbox.code(&format!("o-{number}"));
            async move { w.stranger.post("/sessions/wechat", json!({ "code": code })).await }
        }));
        let others = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            join_all((0..5).map(|_| w.stranger.get("/campaigns"))).await
        };
        let (slow, others) = tokio::join!(slow, others);
        for answer in slow {
            answer.ok();
        }
        others.iter().for_each(busy);
        w.stranger.get("/campaigns").await.ok();
    })
    .await;
}

/// The binary on the world's database and its port.
fn program(w: &World, words: &[&str]) -> Program {
    let base = &w.stranger.base;
    Program::new(words)
        .set("SANGZI_DATABASE__URL", &w.database_url)
        .set("SANGZI_GIVING__MAX_UNPAID", "1000")
        .set("SANGZI_HTTP__LISTEN", base.trim_start_matches("http://"))
        .set("SANGZI_HTTP__PUBLIC_URL", base)
        .set("SANGZI_WECHAT__SANDBOX", w.dir().to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_it_the_program_goes_on_where_it_was() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let head = w.staff(Role::FinanceHead).await;
        w.gift(&donor, campaign, "100.00").await;
        let back = w.gift(&donor, campaign, "30.00").await;
        w.stop_serving().await;

        // Whoever gets no answer asks again with the same request, as the mini-program does.
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().unwrap();
        let url = |path: &str| format!("{}/api/v1{path}", w.stranger.base);
        let insist = async |path: &str, token: &str, body: &Value| loop {
            let asked = http.post(url(path)).bearer_auth(token).json(body).send().await;
            if let Ok(answer) = asked
                && answer.status().as_u16() < 500
            {
                let status = answer.status().as_u16();
                if let Ok(body) = answer.json::<Value>().await {
                    return (status, body);
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let donors = join_all((0..40).map(|number| {
            let (http, token, wish) = (&insist, donor.token.clone().unwrap(), w.wish("1.00"));
            async move {
                tokio::time::sleep(Duration::from_millis(100 * number)).await;
                let (status, placed) = http(&format!("/campaigns/{campaign}/donations"), &token, &wish).await;
                assert_eq!(status, 200, "{placed}");
                let order = placed["donation"]["out_trade_no"].as_str().unwrap().to_owned();
                // The order stands at WeChat, whoever of us was killed since.
                w.sandbox.pay(&order).unwrap();
            }
        }));
        let refunding = async {
            let asked = json!({ "id": uuid::Uuid::now_v7(), "amount": "30.00", "reason": "error" });
            insist(&format!("/donations/{}/refund-requests", back.id), donor.token.as_ref().unwrap(), &asked).await;
            let path = format!("/staff/refunds/{}/approval", asked["id"].as_str().unwrap());
            // Said twice, it may have been done the first time.
            let (status, _) = insist(&path, head.token.as_ref().unwrap(), &json!({})).await;
            assert!([200, 409].contains(&status), "{status}");
        };
        let killing = async {
            for life in [700, 1_100, 900, 1_300] {
                let mut running = program(w, &["serve", "--with-jobs"]).spawn();
                tokio::time::sleep(Duration::from_millis(life)).await;
                running.kill();
            }
            program(w, &["serve", "--with-jobs"]).spawn()
        };
        let ((), _, mut last) = tokio::join!(refunding, donors, killing);
        // The last one is asked to end, and does.
        w.until("it serves", async || {
            http.get(format!("{}/readyz", w.stranger.base)).send().await.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
        last.terminate();

        w.serve().await;
        // A run that was cut short keeps its lease for a minute; nobody waits for it here.
        by_hand(&w.app.db, "UPDATE job_lease SET until_us = 0").await;
        w.pass(60).await;
        w.until("everything is finished", async || {
            for job in jobs::JOBS {
                w.run_job(job.name).await;
            }
            w.pass(60).await;
            w.raised(campaign).await == "140.00" && w.sandbox.refunded() == ["30.00"]
        })
        .await;
        assert_eq!(w.all_gifts(&donor).await.len(), 42);
        assert_eq!(w.sandbox.state()["totals"]["payments"], 42);
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM discrepancy").await, 0);
    })
    .await;
}

/// Several processes share a database: what one takes, another finishes, and nobody does it twice.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_database_do_everything_once() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let head = w.staff(Role::FinanceHead).await;
        w.gift(&donor, campaign, "100.00").await;
        let mut workers: Vec<_> = (0..2).map(|_| program(w, &["work"]).spawn()).collect();
        w.lever("faults", json!({ "callback": { "drop": 10, "repeat": 10 } })).await;
        let gifts = join_all((0..30).map(|_| w.order(&donor, campaign, "2.00"))).await;
        for gift in &gifts {
            w.sandbox.pay(&gift.order).unwrap();
        }
        w.pass(6).await;
        join_all(gifts.iter().map(|gift| w.until_gift(&donor, gift, "paid"))).await;
        join_all(gifts.iter().take(6).map(async |gift| {
            let asked = json!({ "id": uuid::Uuid::now_v7(), "amount": "2.00", "reason": "error" });
            donor.post(&format!("/donations/{}/refund-requests", gift.id), asked.clone()).await.ok();
            head.act(&format!("/staff/refunds/{}/approval", asked["id"].as_str().unwrap())).await.ok();
            w.until_gift(&donor, gift, "refunded").await;
        }))
        .await;
        assert_eq!(w.raised(campaign).await, "148.00");
        assert_eq!(w.sandbox.refunded(), ["2.00"; 6]);
        assert_eq!(w.sandbox.state()["totals"]["refunds"], 6);
        workers.iter_mut().for_each(Running::terminate);
    })
    .await;
}

/// A process dies with a job in its hands: while its lease holds nobody touches the job, then another takes it over and finishes it, and what
/// the dead one had asked WeChat for is not asked for again.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_process_died_is_taken_over_when_its_lease_is_over() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let head = w.staff(Role::FinanceHead).await;
        w.gift(&donor, campaign, "100.00").await;
        let mut refunds = Vec::new();
        for _ in 0..5 {
            let gift = w.gift(&donor, campaign, "2.00").await;
            let asked = json!({ "id": uuid::Uuid::now_v7(), "amount": "2.00", "reason": "error" });
            donor.post(&format!("/donations/{}/refund-requests", gift.id), asked.clone()).await.ok();
            head.act(&format!("/staff/refunds/{}/approval", asked["id"].as_str().unwrap())).await.ok();
            refunds.push(gift);
        }
        let made = || w.sandbox.state()["totals"]["refunds"].as_i64().unwrap();
        let count = async |outcome: &str| {
            let sql = format!(
                "SELECT CAST(count(*) AS BIGINT) FROM job_run WHERE job = 'send_refunds' AND outcome = '{outcome}'"
            );
            w.count(&sql).await
        };
        let api = json!({ "path": "/v3/refund/domestic/refunds", "delay_ms": 700, "times": 100 });
        w.lever("faults", json!({ "api": api, "callback": { "drop": 100 } })).await;
        let mut dying = program(w, &["job", "send_refunds"]).spawn();
        w.until("it is in the middle of it", async || made() >= 2).await;
        dying.kill();
        // What it had asked for when it died is done, or not.
        tokio::time::sleep(Duration::from_secs(1)).await;
        w.lever("faults", json!({ "callback": { "drop": 100 } })).await;
        let before = made();
        assert!(before < 5, "it was not done yet");
        assert_eq!((count("running").await, count("lost").await), (1, 0));

        let refused = program(w, &["--json", "job", "send_refunds"]).run().ended(1);
        assert!(refused.out.contains("under way"), "{refused:?}");
        assert_eq!(made(), before, "the lease holds");
        // A minute passes for the lease, and two processes are there to take it.
        by_hand(&w.app.db, "UPDATE job_lease SET until_us = until_us - 60000000 WHERE name = 'send_refunds'").await;
        let mut workers: Vec<_> = (0..2).map(|_| program(w, &["work"]).spawn()).collect();
        w.until("the others are sent, too", async || made() == 5).await;
        w.until("everything is back", async || {
            w.pass(20).await;
            w.balance("2209[payable=refund]").await == "0.00"
        })
        .await;
        workers.iter_mut().for_each(Running::terminate);
        for gift in &refunds {
            assert_eq!(w.state(&donor, gift).await, "refunded");
        }
        assert_eq!((count("running").await, count("lost").await), (0, 1), "one run was lost, and said so once");
        assert_eq!((made(), w.sandbox.refunded().len()), (5, 5));
        assert_eq!(w.raised(campaign).await, "100.00");
    })
    .await;
}
