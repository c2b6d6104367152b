//! What strangers may see of donors, and what needs a token.

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::{Caller, send};
use crate::world::{World, story};

/// An operation of the OpenAPI document.
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// With its parameters in braces.
    pub(crate) path: String,
    /// Whose token it needs: `Donor`, `Officer`, `Session`.
    pub(crate) token: Option<String>,
    /// Parameters of the query that must be there.
    pub(crate) query: Vec<String>,
}

pub(crate) async fn operations(w: &World) -> Vec<Operation> {
    let document = send(w.stranger.request(Method::GET, "/api/openapi.json")).await.ok();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let needed = |parameter: &&Value| parameter["in"] == "query" && parameter["required"] == true;
            let name = |parameter: &Value| parameter["name"].as_str().unwrap().to_owned();
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            operations.push(Operation {
                method: method.to_ascii_uppercase().parse().unwrap(),
                path: path.clone(),
                token: operation["security"][0].as_object().map(|token| token.keys().next().unwrap().clone()),
                query: parameters.iter().filter(needed).map(name).collect(),
            });
        }
    }
    operations
}

/// A path with every parameter filled in.
fn filled(operation: &Operation, with: &str) -> String {
    let segment = |segment: &str| if segment.starts_with('{') { with.to_owned() } else { segment.to_owned() };
    let path = operation.path.split('/').map(segment).collect::<Vec<_>>().join("/");
    let query: Vec<String> = operation.query.iter().map(|name| format!("{name}={with}")).collect();
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

async fn gift_of(w: &World, who: &Caller, campaign: Uuid, level: &str, name: &str, nickname: &str) {
    let wish = json!({
        "id": Uuid::now_v7(), "amount": "1.00", "anonymity": level, "show_amount": level != "hidden",
        "name": name, "nickname": nickname, "message": "愿你们越来越好",
    });
    let placed = who.give(campaign, &wish).await.ok();
    w.sandbox.pay(placed["donation"]["out_trade_no"].as_str().unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_donor_is_shown_as_far_as_they_agreed_and_nowhere_further() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let hidden = w.donor("o-hidden-donor").await;
        gift_of(w, &hidden, campaign, "hidden", "张三丰甲", "小张乙").await;
        gift_of(w, &w.donor("o-nickname-donor").await, campaign, "nickname", "李四光甲", "小李乙").await;
        gift_of(w, &w.donor("o-named-donor").await, campaign, "name", "王五常甲", "小王乙").await;
        w.until("all have paid", async || w.raised(campaign).await == "3.00").await;
        // The last one shows that a gift that went back tells no more than one that stayed.
        let given = hidden.get("/me/donations").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
        let request = json!({ "id": Uuid::now_v7(), "amount": "0.50", "reason": "error", "note": "张三丰甲" });
        hidden.post(&format!("/donations/{given}/refund-requests"), request).await.ok();

        let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await.ok();
        let mut donors: Vec<(&str, bool)> = wall["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|gift| (gift["donor"].as_str().unwrap(), gift["amount"].is_string()))
            .collect();
        donors.sort_unstable();
        assert_eq!(donors, [("小李乙", true), ("爱心人士", false), ("王五常甲", true)]);

        let mut read = 0;
        let mut look = async |path: &str, agreed: &[&str]| {
            let answer = send(w.stranger.request(Method::GET, path)).await;
            assert!(answer.status == 200 || path.contains("donations?after"), "{path}: {}", answer.text);
            let headers = format!("{:?}", answer.headers);
            for secret in
                ["张三丰甲", "小张乙", "李四光甲", "小李乙", "王五常甲", "小王乙", "o-hidden", "o-nickname", "o-named"]
            {
                let may = agreed.contains(&secret);
                assert!(may || !answer.text.contains(secret), "{path} tells {secret}: {}", answer.text);
                assert!(!headers.contains(secret), "{path} tells {secret} in a header");
            }
            read += 1;
        };
        let open: Vec<Operation> =
            operations(w).await.into_iter().filter(|o| o.token.is_none() && o.method == Method::GET).collect();
        for operation in &open {
            let path = filled(operation, &campaign.to_string());
            for path in [path.clone(), format!("{path}?limit=100")] {
                look(&path, &["小李乙", "王五常甲"]).await;
            }
        }
        for path in ["/healthz", "/readyz", "/metrics", "/api/openapi.json", "/api/docs"] {
            look(path, &[]).await;
        }
        assert!(read >= 11, "{read}");

        // Staff looks gifts up by number, and the donors stay sealed.
        let auditor = w.staff(Role::Auditor).await;
        let number = given.replace('-', "");
        for path in [
            format!("/staff/donations?number={number}"),
            "/staff/trail?limit=100".to_owned(),
            format!("/staff/entries?reference=donation:{given}"),
        ] {
            let answer = auditor.get(&path).await;
            assert!(
                answer.status == 200 && !answer.text.contains("张三丰甲") && !answer.text.contains("o-hidden"),
                "{path}"
            );
        }
        // And so they do in the file, whatever program reads it. What a donor writes of themselves elsewhere is their words.
        if let Some(file) = w.database_url.strip_prefix("sqlite://") {
            for file in [file.to_owned(), format!("{file}-wal")] {
                let bytes = std::fs::read(&file).unwrap_or_default();
                let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
                for secret in ["小张乙", "李四光甲", "小李乙", "王五常甲", "小王乙", "o-hidden-donor", "o-named-donor"]
                {
                    assert!(!has(secret), "{file} tells {secret}");
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_for_everybody_is_answered_without_a_token() {
    story(async |w| {
        let donor = w.donor("o-one").await;
        let officer = w.staff(Role::Auditor).await;
        let over = w.hire(Role::Disclosure, "gone").await;
        over.call(Method::DELETE, "/sessions/current", None).await.ok();
        let mut open = Vec::new();
        for operation in operations(w).await {
            let path = filled(&operation, &Uuid::now_v7().to_string());
            let Some(token) = &operation.token else {
                open.push(format!("{} {}", operation.method, operation.path));
                continue;
            };
            let mut callers = vec![w.stranger.clone()];
            // Signing out asks only for a token, be it over.
            if token != "Session" {
                let wrong = |token: &str| Caller { token: Some(token.to_owned()), ..w.stranger.clone() };
                callers.extend([wrong(""), wrong("x"), wrong(&"A".repeat(43)), over.caller.clone()]);
                callers.push(if token == "Donor" { officer.caller.clone() } else { donor.clone() });
            }
            for caller in callers {
                let answer = send(caller.request(operation.method.clone(), &path).json(&json!({}))).await;
                assert_eq!(answer.refused(401, "unauthorized").header("www-authenticate"), Some("Bearer"), "{path}");
            }
        }
        assert_eq!(
            open,
            [
                "GET /api/v1/campaigns",
                "GET /api/v1/campaigns/{campaign_id}",
                "GET /api/v1/campaigns/{campaign_id}/donations",
                "POST /api/v1/sessions/staff",
                "POST /api/v1/sessions/wechat",
            ]
        );
    })
    .await;
}
