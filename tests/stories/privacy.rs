//! What strangers may see of donors, and what needs a token.

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::{Caller, send};
use crate::spending::{approved, attach, funded, id, lit, paper, payee, payouts, person, results, sent, step};
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
        // For whose sake it is given is personal as well: of one who may be named on the wall, and of one who may not.
        for (name, shown) in [("赵先慈甲", false), ("钱先慈甲", true)] {
            let mut wish = w.wish("0.50");
            wish["tribute"] = json!({ "kind": "memory", "name": name, "shown": shown });
            let placed = w.donor("o-tribute").await.give(campaign, &wish).await.ok();
            w.sandbox.pay(placed["donation"]["out_trade_no"].as_str().unwrap()).unwrap();
        }
        gift_of(w, &w.donor("o-nickname-donor").await, campaign, "nickname", "李四光甲", "小李乙").await;
        gift_of(w, &w.donor("o-named-donor").await, campaign, "name", "王五常甲", "小王乙").await;
        w.until("all have paid", async || w.raised(campaign).await == "4.00").await;
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
        let nobody = ("爱心人士", false);
        assert_eq!(donors, [("小李乙", true), nobody, nobody, nobody, ("王五常甲", true)]);

        let mut read = 0;
        let mut look = async |path: &str, agreed: &[&str]| {
            let answer = send(w.stranger.request(Method::GET, path)).await;
            assert!(
                answer.status == 200
                    || path.contains("donations?after")
                    || path.contains("/complaints/")
                    || path.contains("/pictures")
                    || path.contains("/seals")
                    || path.contains("/disclosures")
                    || path.contains("/bank-code")
                    || path.contains("/cards/")
                    || path.contains("/teams/")
                    || path.contains("/loan-products/"),
                "{path}: {}",
                answer.text
            );
            let headers = format!("{:?}", answer.headers);
            for secret in [
                "张三丰甲",
                "小张乙",
                "李四光甲",
                "小李乙",
                "王五常甲",
                "小王乙",
                "赵先慈甲",
                "钱先慈甲",
                "o-hidden",
                "o-nickname",
                "o-named",
                "o-tribute",
            ] {
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
                look(&path, &["小李乙", "王五常甲", "钱先慈甲"]).await;
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
                for secret in [
                    "小张乙",
                    "李四光甲",
                    "小李乙",
                    "王五常甲",
                    "小王乙",
                    "赵先慈甲",
                    "钱先慈甲",
                    "o-hidden-donor",
                    "o-named-donor",
                ] {
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
                "GET /api/v1/banks",
                "GET /api/v1/books/{code}/disclosures",
                "GET /api/v1/books/{code}/seals",
                "GET /api/v1/campaigns",
                "GET /api/v1/campaigns/{campaign_id}",
                "GET /api/v1/campaigns/{campaign_id}/bank-code",
                "GET /api/v1/campaigns/{campaign_id}/disbursements",
                "GET /api/v1/campaigns/{campaign_id}/disclosures",
                "GET /api/v1/campaigns/{campaign_id}/donations",
                "GET /api/v1/campaigns/{campaign_id}/milestones",
                "GET /api/v1/campaigns/{campaign_id}/plans",
                "GET /api/v1/campaigns/{campaign_id}/teams",
                "GET /api/v1/campaigns/{campaign_id}/updates",
                "GET /api/v1/campaigns/{campaign_id}/updates/{update_id}/pictures",
                "GET /api/v1/campaigns/{campaign_id}/updates/{update_id}/pictures/{picture_id}",
                "GET /api/v1/cards/{donation_id}/{key}",
                "POST /api/v1/complaints",
                "GET /api/v1/complaints/{complaint_id}",
                "GET /api/v1/disclosures/{disclosure_id}/content",
                "GET /api/v1/loan-products",
                "GET /api/v1/loan-products/{product_id}",
                "POST /api/v1/loan-quotes",
                "GET /api/v1/lpr",
                "POST /api/v1/sessions/staff",
                "POST /api/v1/sessions/wechat",
                "GET /api/v1/teams/{team_id}",
                "GET /api/v1/teams/{team_id}/donations",
            ]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_donor_has_a_copy_of_everything_and_can_be_forgotten() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-leaving").await;
        gift_of(w, &donor, campaign, "name", "孙悟空甲", "小孙乙").await;
        gift_of(w, &w.donor("o-staying").await, campaign, "name", "猪八戒甲", "小猪乙").await;
        w.until("both have paid", async || w.raised(campaign).await == "2.00").await;
        let consent = |template: &str| json!({ "template": template, "count": 2 });
        donor.post("/me/consents", consent(crate::world::THANKS)).await.ok();
        donor.post("/me/consents", consent("TEMPLATE-OF-SOMEBODY")).await.refused(422, "invalid_consent");
        let data = donor.get("/me/data").await.ok();
        assert_eq!((&data["openid"], &data["donations"][0]["name"]), (&json!("o-leaving"), &json!("孙悟空甲")));
        assert_eq!(data["donations"][0]["nickname"], "小孙乙");
        assert_eq!(data["donations"].as_array().unwrap().len(), 1);
        assert_eq!(data["consents"], json!([{ "template": crate::world::THANKS, "given": 2, "used": 0 }]));
        assert!(!data.to_string().contains("猪八戒甲"), "nobody else's");

        // Not while money is on its way.
        let leave = async || donor.call(Method::DELETE, "/me", None).await;
        let order = w.order(&donor, campaign, "3.00").await;
        leave().await.refused(409, "gift_under_way");
        w.sandbox.pay(&order.order).unwrap();
        w.until_gift(&donor, &order, "paid").await;
        let request = json!({ "id": Uuid::now_v7(), "amount": "1.00", "reason": "error", "note": "孙悟空甲付错了" });
        donor.post(&format!("/donations/{}/refund-requests", order.id), request.clone()).await.ok();
        leave().await.refused(409, "refund_under_way");
        let decline = format!("/staff/refunds/{}/decline", request["id"].as_str().unwrap());
        w.staff(Role::FinanceHead).await.post(&decline, json!({ "reason": "已核实" })).await.ok();

        // Staff see a name for a reason, and that is kept.
        let (auditor, bookkeeper) = (w.staff(Role::Auditor).await, w.staff(Role::Bookkeeper).await);
        let unmask = format!("/staff/donations/{}/unmasking", data["donations"][0]["id"].as_str().unwrap());
        let asked = json!({ "reason": "开具票据核对姓名", "fields": ["name", "openid"] });
        bookkeeper.post(&unmask, json!({ "reason": " ", "fields": ["name"] })).await.refused(400, "invalid_body");
        bookkeeper.post(&unmask, json!({ "reason": "  ", "fields": ["name"] })).await.refused(422, "invalid_field");
        let far = w.hire_over(Role::Bookkeeper, "far-bookkeeper", "/hebei/1306/130606/").await;
        far.post(&unmask, asked.clone()).await.refused(403, "forbidden");
        let plain = bookkeeper.post(&unmask, asked.clone()).await.ok();
        assert_eq!(plain, json!({ "name": "孙悟空甲", "nickname": null, "openid": "o-leaving" }));
        let list = auditor.get("/staff/unmaskings").await.ok();
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "a refusal shows nothing");
        assert_eq!(list["items"][0]["member"], json!(bookkeeper.id));
        assert_eq!(list["items"][0]["reason"], "开具票据核对姓名");
        w.attacked("DELETE FROM unmasking", "unmasking_immutable").await;
        w.attacked("UPDATE unmasking SET reason = 'x'", "unmasking_immutable").await;

        let before = w.count("SELECT CAST(count(*) AS BIGINT) FROM entry").await;
        leave().await.ok();
        donor.get("/me/data").await.refused(401, "unauthorized");
        let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await.ok();
        let told = wall.to_string();
        assert!(!told.contains("孙悟空甲") && !told.contains("小孙乙") && told.contains("猪八戒甲"), "{told}");
        let words = wall["items"].as_array().unwrap().iter().filter(|gift| gift["message"].is_string()).count();
        assert_eq!(words, 1, "words go with the name");
        assert_eq!(w.raised(campaign).await, "5.00", "money stays");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM entry").await, before);
        let plain = bookkeeper.post(&unmask, asked).await.ok();
        assert_eq!(plain, json!({ "name": null, "nickname": null, "openid": null }));
        let refund = auditor.get(&format!("/staff/refunds/{}", request["id"].as_str().unwrap())).await.ok();
        assert!(!refund.to_string().contains("孙悟空甲"));
        let trail = auditor.get("/staff/trail?limit=100").await.ok().to_string();
        assert!(trail.contains("donor.erase") && trail.contains("donation.unmask") && !trail.contains("孙悟空甲"));
        // Who comes back is somebody new.
        let back = w.donor("o-leaving").await;
        assert_eq!(back.get("/me/donations").await.ok()["items"], json!([]));
        assert_ne!(back.get("/me/data").await.ok()["donor"], data["donor"]);
        back.get(&format!("/donations/{}", order.id)).await.refused(404, "no_such_donation");
        assert!(w.app.books.audit(&|_| {}).await.unwrap().is_clean());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_does_not_tell_strangers_what_it_does_not_show() {
    story(async |w| {
        let shown = w.open_campaign("10.00").await;
        let draft = w.draft("1.00");
        w.staff(Role::Organiser).await.post("/staff/campaigns", draft.clone()).await.ok();
        w.stranger.get(&format!("/campaigns?after={shown}")).await.ok();
        for hidden in [draft["id"].as_str().unwrap().to_owned(), Uuid::now_v7().to_string()] {
            w.stranger.get(&format!("/campaigns?after={hidden}")).await.refused(400, "invalid_cursor");
        }
        let auditor = w.staff(Role::Auditor).await;
        let nobody = Uuid::now_v7();
        auditor.get(&format!("/staff/accounts/{nobody}/statement")).await.refused(404, "no_such_account");
        auditor.get(&format!("/staff/trial-balance?book={nobody}")).await.refused(404, "no_such_book");
        assert_eq!(auditor.get(&format!("/staff/trial-balance?book={}", w.book)).await.ok()["items"], json!([]));
    })
    .await;
}

/// A payee has no account here: staff puts their wish down, a person responsible decides. Whoever was never paid is erased at once; of whoever was,
/// the vouchers keep what they need until the last day of the law, and it is used for nothing (个人信息保护法 47; facts: charity 2.11, 2.13).
#[tokio::test(flavor = "multi_thread")]
async fn a_payee_is_erased_as_far_as_the_vouchers_let_go() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let (organiser, chair) = (w.staff(Role::Organiser).await, w.staff(Role::Chair).await);
        let manager = w.staff(Role::ProjectManager).await;
        let (never, paid) = (payee(w, campaign, "孙悟空（示例）", 1).await, payee(w, campaign, "猪八戒（示例）", 2).await);
        let path = |payee: Uuid, word: &str| format!("/staff/payees/{payee}/{word}");
        let wish = || json!({ "id": Uuid::now_v7(), "reason": "本人2026年来电提出" });
        let decide = |wish: &Value, word: &str| format!("/staff/payee-erasures/{}/{word}", id(wish));
        let why = || json!({ "reason": "已核实身份" });

        // Not while money is on its way.
        let grant = paper(campaign, "a", &[paid], "10.00");
        organiser.post("/staff/disbursements", grant.clone()).await.ok();
        organiser.post(&path(paid, "erasures"), wish()).await.refused(409, "payee_under_way");
        approved(w, &grant).await;
        let file = sent(w, &grant).await;
        let told = format!("/staff/payment-files/{file}/results");
        w.staff(Role::Bookkeeper).await.post(&told, results(w, &payouts(&grant), true)).await.ok();
        let at = format!("/campaigns/{campaign}/disbursements");
        let public = async || w.stranger.get(&at).await;
        assert!(public().await.text.contains("猪"));

        // Whoever was never paid goes at once, by two persons.
        let first = wish();
        w.staff(Role::Bookkeeper).await.post(&path(never, "erasures"), first.clone()).await.refused(403, "forbidden");
        for _ in 0..2 {
            assert_eq!(organiser.post(&path(never, "erasures"), first.clone()).await.ok()["state"], "asked");
        }
        organiser.post(&path(never, "erasures"), wish()).await.refused(409, "erasure_asked");
        let waiting = chair.get("/staff/waiting").await.ok().to_string();
        assert!(waiting.contains("payee_erasure"), "{waiting}");
        manager.post(&decide(&first, "approval"), why()).await.refused(403, "forbidden");
        let draft = paper(campaign, "a", &[never], "1.00");
        organiser.post("/staff/disbursements", draft.clone()).await.ok();
        chair.post(&decide(&first, "approval"), why()).await.refused(409, "payee_under_way");
        organiser.post(&format!("/staff/disbursements/{}/cancellation", id(&draft)), why()).await.ok();
        let gone = chair.post(&decide(&first, "approval"), why()).await.ok();
        assert_eq!((&gone["state"], &gone["kept_until"]), (&json!("erased"), &Value::Null));
        assert_eq!((&gone["payee"]["name"], &gone["payee"]["account"]), (&json!("已删除"), &Value::Null));
        chair.post(&decide(&first, "decline"), why()).await.refused(409, "wrong_state");
        let left = format!(
            "SELECT CAST(count(*) AS BIGINT) FROM payee p LEFT JOIN payee_account a ON a.payee_id = p.id WHERE p.id = {} \
             AND length(p.key_sealed) + length(p.name_sealed) + COALESCE(length(a.account_sealed), 0) = 0 AND p.phone_sealed IS NULL",
            lit(w, never)
        );
        assert_eq!(w.count(&left).await, 1);
        assert_eq!(manager.get("/staff/payees?name=孙悟空（示例）").await.ok()["items"], json!([]));
        manager.post(&path(never, "unmasking"), why()).await.refused(409, "payee_restricted");
        let account = json!({ "number": "6222020099999999999", "bank": "示例银行" });
        organiser.call(Method::PUT, &path(never, "account"), Some(account)).await.refused(409, "payee_restricted");
        let again = paper(campaign, "a", &[never], "1.00");
        organiser.post("/staff/disbursements", again).await.refused(409, "payee_restricted");

        // Of whoever was paid the vouchers keep what they need, to a day that is told, and nobody uses it.
        let second = wish();
        organiser.post(&path(paid, "erasures"), second.clone()).await.ok();
        let early = format!(
            "UPDATE payee_erasure SET state = 'restricted', decider_id = {}, decision_reason = '无', decided_us = 1, kept_until = '2020-01-01' WHERE id = {}",
            lit(w, chair.id),
            lit(w, id(&second))
        );
        w.attacked(&early, "payee_erasure_kept").await;
        let kept = chair.post(&decide(&second, "approval"), why()).await.ok();
        let last = format!("{}-12-31", w.app.business.today().year() + 30);
        assert_eq!((&kept["state"], &kept["kept_until"]), (&json!("restricted"), &json!(last)));
        manager.post(&path(paid, "unmasking"), why()).await.refused(409, "payee_restricted");
        organiser
            .post("/staff/disbursements", paper(campaign, "a", &[paid], "1.00"))
            .await
            .refused(409, "payee_restricted");
        let shown = public().await;
        assert!(shown.text.contains("应本人要求不公示") && !shown.text.contains('猪'), "{}", shown.text);
        // The same person may come back, and is another payee.
        organiser.post("/staff/payees", person(campaign, "猪八戒（示例）", 2)).await.ok();
        assert_eq!(w.run_job("erase_payees").await, 0);

        // A hand at the database gets no further.
        let other = lit(w, chair.id);
        for (attack, rule) in [
            ("UPDATE payee SET key_sealed = name_hmac WHERE length(key_sealed) = 0", "payee_erased"),
            ("UPDATE payee SET phone_sealed = name_hmac WHERE length(key_sealed) = 0", "payee_"),
            ("UPDATE payee SET related = true WHERE length(key_sealed) = 0", "payee_"),
            ("UPDATE payee_account SET account_sealed = account_hmac", "payee_account_immutable"),
            ("UPDATE payee_account SET at_us = 1", "payee_account_immutable"),
            ("DELETE FROM payee_account", "payee_account_immutable"),
            ("DELETE FROM payee_erasure", "payee_erasure_fixed"),
            ("UPDATE payee_erasure SET reason = '别的'", "payee_erasure_fixed"),
            ("UPDATE payee_erasure SET kept_until = '2020-01-01' WHERE state = 'restricted'", "payee_erasure_fixed"),
            ("UPDATE payee_erasure SET state = 'asked' WHERE state = 'restricted'", "payee_erasure_"),
            ("UPDATE payee_erasure SET state = 'erased', erased_us = decided_us WHERE state = 'restricted'", "payee_erasure_kept"),
        ] {
            w.attacked(attack, rule).await;
        }
        let emptied = |payee: Uuid, empty: &str| {
            format!(
                "UPDATE payee SET key_sealed = {empty}, name_sealed = {empty}, name_hmac = key_sealed, phone_sealed = NULL, account_sealed = NULL, \
                 bank_sealed = NULL, account_hmac = NULL, related_note = NULL WHERE id = {}",
                lit(w, payee)
            )
        };
        let empty = if lit(w, paid).starts_with('X') { "X''" } else { "'\\x'::bytea" };
        w.attacked(&emptied(paid, empty), "payee_erased").await;
        let third = payee(w, campaign, "沙僧（示例）", 3).await;
        let asked = wish();
        manager.post(&path(third, "erasures"), asked.clone()).await.ok();
        let forged = |decider: &str| {
            format!(
                "UPDATE payee_erasure SET state = 'declined', decider_id = {decider}, decision_reason = '无', decided_us = 1 WHERE id = {}",
                lit(w, id(&asked))
            )
        };
        w.attacked(&forged(&lit(w, manager.id)), "payee_erasure_own_check").await;
        let twice = format!(
            "INSERT INTO payee_erasure (id, payee_id, reason, state, author_id, created_us) VALUES ({}, {}, '无', 'asked', {other}, 1)",
            lit(w, Uuid::now_v7()),
            lit(w, paid)
        );
        assert!(w.sql(&twice).await.is_err(), "one wish at a time");
        assert_eq!(chair.post(&decide(&asked, "decline"), why()).await.ok()["state"], "declined");
        manager.post(&path(third, "unmasking"), why()).await.ok();
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM audit_log WHERE object LIKE 'payee_erasure:%'").await, 6);

        // The law lets go: the job erases, the books stay as they were.
        w.pass(31 * 366 * 86_400).await;
        assert_eq!(w.run_job("erase_payees").await, 1);
        assert_eq!(w.run_job("erase_payees").await, 0);
        let auditor = w.staff(Role::Auditor).await;
        let listed = auditor.get("/staff/payee-erasures?state=erased").await.ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), 2);
        let row = auditor.get(&format!("/staff/payees/{paid}")).await.ok();
        assert_eq!((&row["name"], &row["account"], &row["phone"]), (&json!("已删除"), &Value::Null, &Value::Null));
        assert!(public().await.text.contains("应本人要求不公示"));
    })
    .await;
}

/// Finance knows who is paid, and not for whom it is (facts: charity 5).
#[tokio::test(flavor = "multi_thread")]
async fn finance_reads_whole_of_whoever_is_paid_alone() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let guardian = payee(w, campaign, "红父（示例）", 1).await;
        let mut pupil = person(campaign, "小红（示例）", 2);
        pupil.as_object_mut().unwrap().remove("account");
        w.staff(Role::Organiser).await.post("/staff/payees", pupil.clone()).await.ok();
        let path = |payee: Uuid| format!("/staff/payees/{payee}/unmasking");
        let why = || json!({ "reason": "核对付款" });
        for role in [Role::Cashier, Role::Bookkeeper, Role::FinanceHead] {
            let officer = w.staff(role).await;
            officer.post(&path(guardian), why()).await.ok();
            officer.post(&path(id(&pupil)), why()).await.refused(403, "forbidden");
        }
        for role in [Role::ProjectManager, Role::Auditor, Role::Compliance, Role::Chair] {
            let read = w.staff(role).await.post(&path(id(&pupil)), why()).await.ok();
            assert_eq!(read["name"], "小红（示例）", "{role:?}");
        }
    })
    .await;
}

/// Whoever was declared close is known by their accounts for as long as vouchers are kept; else they would be paid as somebody new.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_declared_close_is_not_forgotten_at_once() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let (organiser, chair) = (w.staff(Role::Organiser).await, w.staff(Role::Chair).await);
        let close = payee(w, campaign, "沙僧（示例）", 1).await;
        let relation = Some(json!({ "relation": "项目负责人的外甥" }));
        let manager = w.staff(Role::ProjectManager).await;
        manager.call(Method::PUT, &format!("/staff/payees/{close}/related"), relation).await.ok();
        let wish = json!({ "id": Uuid::now_v7(), "reason": "本人2026年来电提出" });
        organiser.post(&format!("/staff/payees/{close}/erasures"), wish.clone()).await.ok();
        let forged = |state: &str| {
            format!(
                "UPDATE payee_erasure SET {state}, decider_id = {}, decision_reason = '无', decided_us = {} WHERE id = {}",
                lit(w, chair.id), w.app.business.now().us(), lit(w, id(&wish))
            )
        };
        w.attacked(&forged("state = 'erased', erased_us = 1"), "payee_erasure_kept").await;
        w.attacked(&forged("state = 'restricted', kept_until = '2027-12-31'"), "payee_erasure_kept").await;
        let agreed = json!({ "reason": "已核实身份" });
        let kept = chair.post(&format!("/staff/payee-erasures/{}/approval", id(&wish)), agreed).await.ok();
        let last = format!("{}-12-31", w.app.business.today().year() + 30);
        assert_eq!((&kept["state"], &kept["kept_until"]), (&json!("restricted"), &json!(last)));

        // Written down anew, with the account they had, they are paid as little as before.
        let again = payee(w, campaign, "沙僧（示例）", 1).await;
        let grant = paper(campaign, "a", &[again], "10.00");
        organiser.post("/staff/disbursements", grant.clone()).await.ok();
        attach(&organiser, &grant).await.ok();
        step(&organiser, &grant, "submission").await.refused(409, "related_party");
        assert_eq!(w.run_job("erase_payees").await, 0);
        w.pass(31 * 366 * 86_400).await;
        assert_eq!(w.run_job("erase_payees").await, 1);
    })
    .await;
}

/// A paper that was done with, and is open again because the bank sent the money back: of whoever is kept for the vouchers alone, a child whose
/// guardian received it too, the money is given up and not paid anew.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_of_whoever_was_forgotten_is_not_paid_anew() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let (organiser, chair) = (w.staff(Role::Organiser).await, w.staff(Role::Chair).await);
        let (student, guardian) =
            (payee(w, campaign, "猪八戒（示例）", 1).await, payee(w, campaign, "红父（示例）", 2).await);
        let mut pupil = person(campaign, "小红（示例）", 3);
        pupil.as_object_mut().unwrap().remove("account");
        organiser.post("/staff/payees", pupil.clone()).await.ok();
        let mut grant = paper(campaign, "a", &[student, guardian], "10.00");
        (grant["payouts"][1]["beneficiary"], grant["payouts"][1]["relation"]) = (pupil["id"].clone(), json!("父亲"));
        approved(w, &grant).await;
        let file = sent(w, &grant).await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let told = format!("/staff/payment-files/{file}/results");
        bookkeeper.post(&told, results(w, &payouts(&grant), true)).await.ok();
        for forgotten in [student, id(&pupil)] {
            let wish = json!({ "id": Uuid::now_v7(), "reason": "本人2026年来电提出" });
            organiser.post(&format!("/staff/payees/{forgotten}/erasures"), wish.clone()).await.ok();
            let path = format!("/staff/payee-erasures/{}/approval", id(&wish));
            assert_eq!(chair.post(&path, json!({ "reason": "已核实身份" })).await.ok()["state"], "restricted");
        }
        // A list that still names them says so before it writes them down anew.
        let path = format!(
            "/api/v1/staff/disbursement-batches?id={}&campaign={campaign}&line=a&purpose=春季助学金",
            Uuid::now_v7()
        );
        let list = "收款人户名,收款人账号,开户银行,金额\n猪八戒（示例）,6222020000000000001,示例银行邢台分行,10.00\n";
        let request = organiser.request(Method::POST, &path).header("content-type", "application/octet-stream");
        let looked = send(request.body(list)).await.ok();
        assert!(looked["findings"].to_string().contains("要求删除个人信息"), "{looked}");

        bookkeeper.post(&told, results(w, &payouts(&grant), false)).await.ok();
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        for payout in payouts(&grant) {
            cashier.act(&format!("/staff/payouts/{payout}/retry")).await.refused(409, "payee_restricted");
            let forged =
                format!("UPDATE payout SET state = 'retried', attempt = attempt + 1 WHERE id = {}", lit(w, payout));
            w.attacked(&forged, "payee_restricted").await;
        }
        for payout in payouts(&grant) {
            head.post(&format!("/staff/payouts/{payout}/cancellation"), json!({ "reason": "退票，本人已要求删除" }))
                .await
                .ok();
        }
        w.pass(31 * 366 * 86_400).await;
        assert_eq!(w.run_job("erase_payees").await, 2);
    })
    .await;
}

/// How somebody is close to whom is sealed like their name, shown to nobody without a reason, and sealed of those of before.
#[tokio::test(flavor = "multi_thread")]
async fn how_somebody_is_close_is_sealed() {
    story(async |w| {
        let campaign = funded(w, "10.00").await;
        let (organiser, manager) = (w.staff(Role::Organiser).await, w.staff(Role::ProjectManager).await);
        let mut close = person(campaign, "王三（示例）", 3);
        close["related"] = json!(" 项目负责人的表弟 ");
        for _ in 0..2 {
            organiser.post("/staff/payees", close.clone()).await.ok();
        }
        let mut other = close.clone();
        other["related"] = json!("捐赠人的邻居");
        organiser.post("/staff/payees", other).await.refused(409, "id_reused");
        let (told, before) = (payee(w, campaign, "王四（示例）", 4).await, payee(w, campaign, "王五（示例）", 5).await);
        let relation = Some(json!({ "relation": "捐赠人的女儿" }));
        manager.call(Method::PUT, &format!("/staff/payees/{told}/related"), relation).await.ok();
        let sealed = "SELECT CAST(count(*) AS BIGINT) FROM payee WHERE related AND related_note IS NULL AND length(related_sealed) > 40";
        assert_eq!(w.count(sealed).await, 2);
        let read = async |payee: Uuid| {
            let shown = manager.get(&format!("/staff/payees/{payee}")).await;
            assert!(shown.text.contains("\"related\":true") && !shown.text.contains('的'), "{}", shown.text);
            let path = format!("/staff/payees/{payee}/unmasking");
            manager.post(&path, json!({ "reason": "核实关联关系" })).await.ok()["related"].clone()
        };
        assert_eq!([read(id(&close)).await, read(told).await], ["项目负责人的表弟", "捐赠人的女儿"]);
        for (attack, rule) in [
            ("UPDATE payee SET related_note = '在明处' WHERE NOT related", "payee_plain"),
            ("UPDATE payee SET related_sealed = name_sealed WHERE NOT related", "payee_plain"),
            ("UPDATE payee SET related_sealed = name_sealed WHERE related", "payee_related"),
            ("UPDATE payee SET related_sealed = NULL WHERE related", "payee_related"),
        ] {
            w.attacked(attack, rule).await;
        }
        // Of before this was sealed.
        let on = if w.app.db.backend() == sea_orm::DbBackend::Postgres { " ON payee" } else { "" };
        w.sql(&format!("DROP TRIGGER payee_plain_update{on}")).await.unwrap();
        let old = format!("UPDATE payee SET related = true, related_note = '理事的邻居' WHERE id = {}", lit(w, before));
        w.sql(&old).await.unwrap();
        assert_eq!(read(before).await, "理事的邻居");
        w.run_job("erase_payees").await;
        assert_eq!((w.count(sealed).await, read(before).await), (3, json!("理事的邻居")));
    })
    .await;
}
