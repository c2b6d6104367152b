//! Whatever goes wrong, the answer is a problem document that programs and people can read.

use std::time::Duration;

use domain::role::Role;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::caller::send;
use crate::world::story;

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_a_problem_document() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let auditor = w.staff(Role::Auditor).await;
        let gifts = format!("/api/v1/campaigns/{campaign}/donations");
        let post = |path: &str| donor.request(Method::POST, path).header("Content-Type", "application/json");

        for path in ["/nowhere", "/api/v1/nowhere", "/api", "/api/v1/campaigns/a/b/c", "/wechat/notify", "/%E4%BD%A0"] {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                send(donor.request(method, path)).await.refused(404, "no_such_address");
            }
        }
        for (method, path, allow) in [
            (Method::DELETE, "/api/v1/campaigns", "GET, HEAD"),
            (Method::PUT, &gifts, "GET, HEAD, POST"),
            (Method::GET, "/wechat/notify/payment", "POST"),
            (Method::POST, "/healthz", "GET, HEAD"),
            (Method::POST, "/api/openapi.json", "GET, HEAD"),
            (Method::PATCH, "/api/v1/sessions/current", "DELETE, GET, HEAD"),
        ] {
            let answer = send(donor.request(method, path)).await;
            assert_eq!(answer.refused(405, "method_not_allowed").header("allow"), Some(allow), "{path}");
        }
        for body in [
            "",
            "{",
            "null",
            "[]",
            "\"text\"",
            "{}",
            "{\"id\": 1}",
            "{\"id\": \"not an id\", \"amount\": \"1.00\"}",
            "\u{feff}{}",
        ] {
            send(post(&gifts).body(body)).await.refused(400, "invalid_body");
        }
        send(post(&gifts).body(vec![0xff, 0xfe])).await.refused(400, "invalid_body");
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        send(post(&gifts).body(deep)).await.refused(400, "invalid_body");
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "nonsense"] {
            let request = donor.request(Method::POST, &gifts).header("Content-Type", kind).body("{}");
            send(request).await.refused(415, "unsupported_media_type");
        }
        send(donor.request(Method::POST, &gifts).body("{}")).await.refused(415, "unsupported_media_type");

        let long = "x".repeat((1 << 20) + 1);
        send(post(&gifts).body(long.clone())).await.refused(413, "body_too_large");
        let chunked = post_in_chunks(w.stranger.base.trim_start_matches("http://"), &gifts, 257).await;
        assert!(chunked.starts_with("HTTP/1.1 413") && chunked.contains("application/problem+json"), "{chunked}");
        send(w.stranger.request(Method::POST, "/wechat/notify/payment").body(long))
            .await
            .refused(413, "body_too_large");

        for path in [
            "/api/v1/campaigns/not-an-id".to_owned(),
            "/api/v1/campaigns?limit=0".to_owned(),
            "/api/v1/campaigns?limit=101".to_owned(),
            "/api/v1/campaigns?limit=many".to_owned(),
            "/api/v1/campaigns?state=draft".to_owned(),
            "/api/v1/campaigns?after=x".to_owned(),
            format!("{gifts}?after=1"),
        ] {
            send(w.stranger.request(Method::GET, &path)).await.refused(400, "invalid_parameter");
        }
        w.stranger.get("/me/donations").await.refused(401, "unauthorized");
        auditor.get("/me/donations").await.refused(401, "unauthorized");
        donor.get("/staff/books").await.refused(401, "unauthorized");
        auditor.post("/staff/campaigns", w.draft("1.00")).await.refused(403, "forbidden");
        w.stranger.get(&format!("/campaigns/{}", Uuid::now_v7())).await.refused(404, "no_such_campaign");
        donor.get(&format!("/donations/{}", Uuid::now_v7())).await.refused(404, "no_such_donation");
        auditor.get(&format!("/staff/refunds/{}", Uuid::now_v7())).await.refused(404, "no_such_refund");
        auditor.get(&format!("/staff/transfers/{}", Uuid::now_v7())).await.refused(404, "no_such_transfer");
        auditor.get("/staff/entries?reference=nothing").await.refused(404, "no_such_entry");
        auditor.get(&format!("/staff/accounts/{}", Uuid::now_v7())).await.refused(404, "no_such_account");
        auditor
            .get(&format!("/staff/accounts/{}/statement?after=x", Uuid::now_v7()))
            .await
            .refused(400, "invalid_cursor");
        w.staff(Role::Cashier).await.act("/jobs/nothing/runs").await.refused(404, "no_such_job");
        w.stranger.post("/sessions/wechat", json!({ "code": "invented" })).await.refused(401, "login_code");
        w.stranger.post("/sessions/wechat", json!({ "code": "" })).await.refused(400, "invalid_body");
        donor.post("/me/consents", json!({ "template": "x", "count": 0 })).await.refused(400, "invalid_body");
        let mut elsewhere = w.draft("1.00");
        elsewhere["book"] = json!(Uuid::now_v7());
        w.staff(Role::Organiser).await.post("/staff/campaigns", elsewhere).await.refused(422, "no_such_book");
        w.lever("faults", json!({ "api": { "path": "/sns/jscode2session", "status": 500, "times": 10 } })).await;
        let code = w.sandbox.code("o-two");
        w.stranger.post("/sessions/wechat", json!({ "code": code })).await.refused(503, "channel_unavailable");
    })
    .await;
}

/// Posts a body of which nobody says how long it is; the head of the answer.
async fn post_in_chunks(address: &str, path: &str, chunks: usize) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    for _ in 0..chunks {
        // Whoever is refused may find the door closed.
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut answer = vec![0; 4_096];
    let read = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_its_number_and_keeps_the_browser_careful() {
    story(async |w| {
        for path in ["/healthz", "/api/v1/campaigns", "/nowhere", "/api/docs"] {
            let answer = send(w.stranger.request(Method::GET, path).header("X-Request-Id", "story-1")).await;
            assert_eq!(answer.header("x-request-id"), Some("story-1"), "{path}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert!(
                answer
                    .header("content-security-policy")
                    .is_some_and(|policy| policy.contains("frame-ancestors 'none'"))
            );
            assert!(answer.header("cache-control").is_some(), "{path}");
        }
        let mixed = send(w.stranger.request(Method::GET, "/healthz").header("X-Request-Id", "a b\"<script>")).await;
        assert_ne!(mixed.header("x-request-id"), Some("a b\"<script>"));
        assert_eq!(send(w.stranger.request(Method::GET, "/readyz")).await.status, 200);
        let head = send(w.stranger.request(Method::HEAD, "/api/v1/campaigns")).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_saves_the_second_answer_and_changes_with_a_gift() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let paths = [
            format!("/api/v1/campaigns/{campaign}"),
            "/api/v1/campaigns".to_owned(),
            format!("/api/v1/campaigns/{campaign}/donations"),
        ];
        let ask = async |path: &str, tag: &str| {
            send(w.stranger.request(Method::GET, path).header("If-None-Match", tag)).await
        };
        let mut tags = Vec::new();
        for path in &paths {
            let first = send(w.stranger.request(Method::GET, path)).await;
            let tag = first.header("etag").unwrap().to_owned();
            assert_eq!(first.header("cache-control"), Some("public, max-age=2"));
            let second = ask(path, &tag).await;
            assert_eq!((second.status, second.text.as_str()), (304, ""));
            assert_eq!(second.header("etag"), Some(&*tag));
            assert_eq!(ask(path, &format!("W/\"0\", {tag}")).await.status, 304);
            assert_eq!(ask(path, "W/\"0\"").await.status, 200);
            tags.push(tag);
        }
        w.gift(&donor, campaign, "1.00").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        for (path, tag) in paths.iter().zip(&tags) {
            let changed = ask(path, tag).await;
            assert_eq!(changed.status, 200, "{path}");
            assert_ne!(changed.header("etag"), Some(&**tag), "{path}");
        }
    })
    .await;
}

/// What cannot be read is named, and it is said in Chinese what is expected in its place.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_cannot_be_read_is_named_with_what_is_expected() {
    story(async |w| {
        let officer = w.staff(Role::Organiser).await;
        let nobody = Uuid::now_v7();
        let events = format!("/staff/loan-contracts/{nobody}/events");
        let event = json!({ "id": nobody, "kind": "repayment", "on": "2026-03-01", "amount": "1.00" });
        let quota = json!({ "id": nobody, "unit": nobody, "product": nobody, "year": 2026, "limit": "1.00" });
        let terms = crate::lending::terms();
        let version = format!("/staff/loan-products/{nobody}/versions/1");
        let with = |body: &serde_json::Value, path: &str, value: serde_json::Value| {
            let mut body = body.clone();
            *body.pointer_mut(path).unwrap() = value;
            body
        };
        let without = |body: &serde_json::Value, member: &str| {
            let mut body = body.clone();
            body.as_object_mut().unwrap().remove(member);
            body
        };
        let (post, put) = (Method::POST, Method::PUT);
        let large = "99999999999999999999.00";
        for (method, path, body, field, words) in [
            (&post, &*events, with(&event, "/on", json!("2026-02-31")), "on", "日历上没有2026-02-31这一天"),
            (&post, &events, with(&event, "/on", json!("0000-01-01")), "on", "0"),
            (&post, &events, with(&event, "/on", json!("9999-12-31")), "on", "年份应在2000至2199之间"),
            (&post, &events, with(&event, "/on", json!(20_260_301)), "on", "应为日期"),
            (&post, &events, with(&event, "/amount", json!(1.5)), "amount", "写成文字"),
            (&post, &events, with(&event, "/amount", json!("1,000.00")), "amount", "金额不要写逗号"),
            (&post, &events, with(&event, "/amount", json!("-1.00")), "amount", "金额不能为负数"),
            (&post, &events, with(&event, "/amount", json!(large)), "amount", "金额过大"),
            (&post, &events, with(&event, "/kind", json!("gift")), "kind", "repayment"),
            (&post, &events, without(&event, "kind"), "kind", "不能缺少"),
            (&post, &events, with(&event, "/id", json!("1")), "id", "UUID"),
            (&post, &events, json!([]), "body", "应为对象"),
            (&post, "/staff/loan-quotas", with(&quota, "/year", json!("2026")), "year", "应为整数"),
            (&post, "/staff/loan-quotas", with(&quota, "/year", json!(99_999_999_999_u64)), "year", "数值超出范围"),
            (&put, &version, with(&terms, "/price/spread_bp", json!("1")), "price.spread_bp", "应为整数"),
            (&put, &version, with(&terms, "/min_term", json!(-6)), "min_term", "不小于0的整数"),
            (&put, &version, with(&terms, "/penalty/multiplier", json!("1,5")), "penalty.multiplier", "倍数"),
            (&put, &version, with(&terms, "/price/cap", json!("0,05")), "price.cap", "小数点请用“.”"),
            (&put, &version, with(&terms, "/methods/0", json!("none")), "methods[0]", "equal_principal"),
        ] {
            let answer = officer.call(method.clone(), path, Some(body.clone())).await;
            answer.refused(400, "invalid_body");
            let told = &answer.body["problems"][0];
            assert_eq!(told["field"], field, "{body}: {}", answer.text);
            assert!(told["problem"].as_str().unwrap().contains(words), "{body}: {}", answer.text);
            assert!(answer.body["detail"].as_str().unwrap().contains(field), "{body}: {}", answer.text);
        }
        // Everything at once.
        let two = with(&with(&event, "/amount", json!("x")), "/on", json!("x"));
        let answer = officer.post(&events, two).await;
        assert_eq!(answer.body["problems"].as_array().unwrap().len(), 2, "{}", answer.text);
        let answer = officer.post("/staff/loan-quotas", json!({})).await;
        assert_eq!(answer.body["problems"].as_array().unwrap().len(), 5, "{}", answer.text);
        assert!(answer.body["detail"].as_str().unwrap().contains("另有2处"), "{}", answer.text);
        let broken =
            officer.request(Method::POST, &format!("/api/v1{events}")).header("Content-Type", "application/json");
        let answer = send(broken.body("{\"id\": ")).await;
        assert!(answer.refused(400, "invalid_body").text.contains("应为JSON，第1行"), "{}", answer.text);
        for (path, field, words) in [
            ("/staff/trial-balance?day=2026-02-31", "day", "日历上没有"),
            ("/staff/trial-balance?day=0000-01-01", "day", "0"),
            ("/staff/trial-balance?day=9999-12-31", "day", "年份应在2000至2199之间"),
            ("/campaigns?limit=-1", "limit", "1至100之间的整数"),
            ("/campaigns?state=draft", "state", "terminated"),
            ("/campaigns/not-an-id", "campaign_id", "UUID"),
        ] {
            let answer = w.staff(Role::FinanceHead).await.get(path).await;
            answer.refused(400, "invalid_parameter");
            let told = &answer.body["problems"][0];
            assert_eq!(told["field"], field, "{path}: {}", answer.text);
            assert!(told["problem"].as_str().unwrap().contains(words), "{path}: {}", answer.text);
        }
    })
    .await;
}

/// Whatever is written into a field, it is taken or refused; nothing of it is our failure.
#[tokio::test(flavor = "multi_thread")]
async fn no_text_amount_or_day_is_a_failure_of_ours() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let (organiser, manager) = (w.staff(Role::Organiser).await, w.staff(Role::ProjectManager).await);
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let texts = ["", " ", "\0", "a\0b", "\u{feff}", "\u{202e}abc", "';--", "%", "😀", "\r\n", "\u{7f}"];
        let amounts =
            ["0.01", "99999999999999.99", "99999999999999", "92233720368547758.07", "00.01", " 1.00", "1,00", "NaN"];
        let instants =
            ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "-1"];
        let days = ["0001-01-01", "9999-12-31", "2026-02-30", "x"];
        let mut failures = Vec::new();
        let mut look = |what: String, answer: crate::caller::Answer| {
            if answer.status >= 500 {
                failures.push(format!("{what}: {} {}", answer.status, answer.text));
            }
        };
        let with = |body: &serde_json::Value, member: &str, value: &str| {
            let mut body = body.clone();
            body["id"] = json!(Uuid::now_v7());
            body[member] = json!(value);
            body
        };
        for text in texts.into_iter().map(str::to_owned).chain(["长".repeat(500), "长".repeat(40)]) {
            let shown = format!("{:?}", text.chars().take(5).collect::<String>());
            for member in ["name", "nickname", "message", "source"] {
                look(format!("{member} {shown}"), donor.give(campaign, &with(&w.wish("1.00"), member, &text)).await);
            }
            for member in ["name", "summary"] {
                let draft = with(&w.draft("1.00"), member, &text);
                look(format!("draft {member} {shown}"), organiser.post("/staff/campaigns", draft).await);
            }
            let reason = json!({ "reason": text });
            look(format!("reason {shown}"), manager.post(&format!("/staff/campaigns/{campaign}/pause"), reason).await);
            manager.act(&format!("/staff/campaigns/{campaign}/resumption")).await;
            let gift = json!({
                "campaign": campaign, "amount": "1.00", "counterparty": "公司", "bank_account": "基本户",
                "reference": Uuid::now_v7(), "received_on": w.app.business.today().to_string(),
            });
            for member in ["counterparty", "bank_account", "reference"] {
                look(
                    format!("bank gift {member} {shown}"),
                    cashier.post("/staff/bank-gifts", with(&gift, member, &text)).await,
                );
            }
            let transfer =
                json!({ "book": w.book.uuid(), "kind": "withdrawal", "amount": "1.00", "bank_account": "基本户" });
            for member in ["bank_account", "note"] {
                look(
                    format!("transfer {member} {shown}"),
                    cashier.post("/staff/transfers", with(&transfer, member, &text)).await,
                );
            }
            let login = json!({ "username": text, "password": text, "otp": text });
            look(format!("login {shown}"), w.stranger.post("/sessions/staff", login).await);
            look(format!("code {shown}"), w.stranger.post("/sessions/wechat", json!({ "code": text })).await);
            look(format!("consent {shown}"), donor.post("/me/consents", json!({ "template": text })).await);
            let query =
                |path: &str, name: &str| head.request(Method::GET, &format!("/api/v1{path}")).query(&[(name, &text)]);
            look(format!("number {shown}"), send(query("/staff/donations", "number")).await);
            look(format!("reference {shown}"), send(query("/staff/entries", "reference")).await);
            look(format!("job {shown}"), send(query("/jobs/runs", "job")).await);
            look(format!("day {shown}"), send(query("/staff/trial-balance", "day")).await);
            look(format!("if-none-match {shown}"), send(query("/staff/refunds", "after")).await);
        }
        for amount in amounts {
            look(
                format!("target {amount}"),
                organiser.post("/staff/campaigns", with(&w.draft("1.00"), "target", amount)).await,
            );
            look(format!("gift {amount}"), donor.give(campaign, &w.wish(amount)).await);
            let gift = json!({
                "campaign": campaign, "counterparty": "公司", "bank_account": "基本户", "reference": Uuid::now_v7(),
                "received_on": w.app.business.today().to_string(),
            });
            let gift = with(&gift, "amount", amount);
            let entered = cashier.post("/staff/bank-gifts", gift.clone()).await;
            if entered.status == 200 {
                let path = format!("/staff/bank-gifts/{}/confirmation", gift["id"].as_str().unwrap());
                look(format!("bank gift confirmed {amount}"), head.act(&path).await);
            }
            look(format!("bank gift {amount}"), entered);
            let transfer = json!({ "book": w.book.uuid(), "kind": "top_up", "bank_account": "别的户" });
            let transfer = with(&transfer, "amount", amount);
            let proposed = cashier.post("/staff/transfers", transfer.clone()).await;
            if proposed.status == 200 {
                let path = format!("/staff/transfers/{}/confirmation", transfer["id"].as_str().unwrap());
                look(format!("transfer confirmed {amount}"), head.act(&path).await);
            }
            look(format!("transfer {amount}"), proposed);
        }
        for instant in instants {
            for member in ["starts_at", "ends_at"] {
                let draft = with(&w.draft("1.00"), member, instant);
                look(format!("{member} {instant}"), organiser.post("/staff/campaigns", draft).await);
            }
        }
        for day in days {
            let gift = json!({
                "campaign": campaign, "amount": "1.00", "counterparty": "公司", "bank_account": "基本户",
                "reference": Uuid::now_v7(),
            });
            let gift = with(&gift, "received_on", day);
            let entered = cashier.post("/staff/bank-gifts", gift.clone()).await;
            if entered.status == 200 {
                let path = format!("/staff/bank-gifts/{}/confirmation", gift["id"].as_str().unwrap());
                look(format!("bank gift of {day}"), head.act(&path).await);
            }
            look(format!("received_on {day}"), entered);
            look(format!("day {day}"), head.get(&format!("/staff/trial-balance?day={day}")).await);
        }
        assert!(failures.is_empty(), "{failures:#?}");
    })
    .await;
}
