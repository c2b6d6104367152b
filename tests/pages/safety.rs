//! Who is let in, and who is not: by the server, whatever a page offers.

use domain::role::Role;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::browser::ask;
use crate::world::{Terms, World, story_on_sqlite};

const ALL: [Role; 12] = [
    Role::Admin,
    Role::ProjectManager,
    Role::Cashier,
    Role::Bookkeeper,
    Role::FinanceHead,
    Role::Chair,
    Role::Disclosure,
    Role::Compliance,
    Role::LeagueOfficer,
    Role::BankOfficer,
    Role::Organiser,
    Role::Auditor,
];

/// Pages and who may see them; everybody else is told that they may not.
fn pages() -> Vec<(&'static str, Vec<Role>)> {
    use Role::*;
    let campaigns = vec![Organiser, ProjectManager, FinanceHead, Chair, Cashier, Bookkeeper, Disclosure, Auditor];
    let money = vec![ProjectManager, Cashier, Bookkeeper, FinanceHead, Auditor];
    vec![
        ("/console", ALL.to_vec()),
        ("/console/sessions", ALL.to_vec()),
        ("/console/delegations", ALL.to_vec()),
        ("/console/campaigns", campaigns.clone()),
        ("/console/campaigns/new", vec![Organiser, ProjectManager]),
        ("/console/donations", money.clone()),
        ("/console/bank-gifts", money.clone()),
        ("/console/duties", vec![Disclosure, ProjectManager, FinanceHead, Chair, Auditor, Cashier, Admin]),
        ("/console/disbursements/batch", vec![Organiser, ProjectManager]),
        ("/console/bank-gifts/new", vec![Cashier, Bookkeeper]),
        ("/console/duty-rules", vec![Disclosure, ProjectManager, FinanceHead, Chair, Auditor, Admin]),
        ("/console/messages", vec![Disclosure, ProjectManager, Auditor]),
        ("/console/partners", campaigns.clone()),
        ("/console/events", vec![Disclosure, ProjectManager, FinanceHead, Chair, Auditor]),
        ("/console/gift-lists", money.clone()),
        ("/console/gift-lists/new", vec![Cashier, Bookkeeper]),
        ("/console/vouchers", vec![Cashier, Bookkeeper, FinanceHead, Auditor]),
        ("/console/vouchers/new", vec![Bookkeeper]),
        ("/console/voucher-templates", vec![Cashier, Bookkeeper, FinanceHead, Auditor]),
        ("/console/voucher-templates/new", vec![Bookkeeper]),
        ("/console/cash-counts", vec![Cashier, Bookkeeper, FinanceHead, Chair, Auditor]),
        ("/console/cash-counts/new", vec![Cashier]),
        ("/console/years", vec![Cashier, Bookkeeper, FinanceHead, Auditor]),
        ("/console/reconciliation/rule", vec![Cashier, Bookkeeper, FinanceHead, Auditor]),
        ("/console/refunds", money),
        ("/console/receipts", vec![Cashier, Bookkeeper, FinanceHead, Auditor]),
        ("/console/screening", vec![Compliance]),
        ("/console/complaints", vec![Disclosure, ProjectManager, Chair, Auditor]),
        ("/console/enquiries", vec![Disclosure, ProjectManager, FinanceHead, Auditor]),
        ("/console/disbursements/new", vec![Organiser, ProjectManager]),
        ("/console/payees/new", vec![Organiser, ProjectManager, Cashier]),
        ("/console/members", vec![Admin, Auditor]),
        ("/console/members/new", vec![Admin]),
        ("/console/trail", vec![Admin, Auditor]),
        ("/console/unmaskings", vec![Admin, Auditor]),
        ("/console/jobs", vec![Admin, Cashier, Bookkeeper, FinanceHead, Auditor]),
        ("/console/loan-applications", vec![LeagueOfficer, BankOfficer, Auditor]),
        ("/console/loans", vec![LeagueOfficer, BankOfficer, Auditor, Bookkeeper, FinanceHead]),
        ("/console/loan-arrears", vec![LeagueOfficer, BankOfficer, Auditor]),
        ("/console/loan-report", vec![LeagueOfficer, BankOfficer, Auditor]),
        (
            "/console/loan-programmes",
            vec![Admin, LeagueOfficer, BankOfficer, Bookkeeper, FinanceHead, Cashier, Auditor],
        ),
        ("/console/loan-products", vec![LeagueOfficer, BankOfficer, Auditor]),
        ("/console/loan-quotas", vec![LeagueOfficer, BankOfficer, Auditor]),
        ("/console/lpr", vec![LeagueOfficer, BankOfficer, Auditor]),
        ("/console/needs", vec![LeagueOfficer, BankOfficer, Auditor]),
        ("/console/needs/new", vec![LeagueOfficer]),
        ("/console/calendar", vec![Admin, Disclosure, ProjectManager, Cashier, Bookkeeper, FinanceHead, Auditor]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_shown_to_those_who_may_see_it_and_to_nobody_else() {
    story_on_sqlite(Terms::default(), async |w| {
        for role in ALL {
            let officer = w.staff(role).await;
            for (path, allowed) in pages() {
                let (status, text) = ask(w, Some(&officer), path).await;
                let expected = if allowed.contains(&role) { 200 } else { 403 };
                assert_eq!(status, expected, "{role:?} asks for {path}: {text}");
                assert!(text.starts_with("<!DOCTYPE html>"), "{path}");
            }
        }
        for (path, _) in pages() {
            let (status, _) = ask(w, None, path).await;
            assert_eq!(status, 303, "a stranger asks for {path}");
        }
        let (status, text) = ask(w, None, "/console/nowhere").await;
        assert_eq!((status, text.contains("没有这个页面")), (404, true));
        let problem = w.stranger.request(Method::GET, "/console/nowhere").send().await.unwrap();
        assert_eq!(problem.headers()["content-type"], "application/problem+json", "a program is answered as a program");
    })
    .await;
}

/// Sends a form as some page would.
async fn post(w: &World, headers: &[(&str, &str)], path: &str, form: &str) -> (u16, String) {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut request = http
        .post(format!("{}{path}", w.stranger.base))
        .header("Accept", "text/html")
        .header("Content-Type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.body(form.to_owned()).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_taken_from_our_own_pages_and_from_nobody_else() {
    story_on_sqlite(Terms::default(), async |w| {
        let (admin, other) = (w.staff(Role::Admin).await, w.staff(Role::Auditor).await);
        let cookie = format!("sangzi-console={}", admin.caller.token.clone().unwrap());
        let end = "/console/sessions/end";
        let token_of = async |officer| {
            let (_, page) = ask(w, Some(officer), "/console/sessions").await;
            let (_, rest) = page.split_once("name=\"_token\" value=\"").unwrap();
            rest.split_once('"').unwrap().0.to_owned()
        };
        let (own, strange) = (token_of(&admin).await, token_of(&other).await);
        /// Headers, a token, and the status that is answered.
        type Case<'a> = (&'a [(&'a str, &'a str)], String, u16);
        let cases: [Case<'_>; 6] = [
            (&[("Cookie", &cookie)], String::new(), 403),
            (&[("Cookie", &cookie)], format!("_token={strange}"), 403),
            (&[("Cookie", &cookie), ("Sec-Fetch-Site", "cross-site")], format!("_token={own}"), 403),
            (&[("Cookie", &cookie), ("Origin", "https://evil.example")], format!("_token={own}"), 403),
            (&[], format!("_token={own}"), 401),
            (&[("Cookie", &cookie), ("Sec-Fetch-Site", "same-origin")], format!("_token={own}"), 303),
        ];
        for (headers, form, expected) in cases {
            let (status, text) = post(w, headers, end, &form).await;
            assert_eq!(status, expected, "{headers:?} {form}: {text}");
        }
        assert_eq!(ask(w, Some(&admin), "/console").await.0, 303, "the last one ended the sessions");
        let (status, _) =
            post(w, &[("Origin", "https://evil.example")], "/console/login", "username=a&password=b").await;
        assert_eq!(status, 403, "nobody signs somebody in from elsewhere");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_always_gives_a_new_session_and_ends_the_old_one() {
    story_on_sqlite(Terms::default(), async |w| {
        let officer = w.staff(Role::ProjectManager).await;
        let held = officer.caller.token.clone().unwrap();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("username", &officer.username)
            .append_pair("password", &officer.password)
            .append_pair("next", "//evil.example")
            .finish();
        let answer = http
            .post(format!("{}/console/login", w.stranger.base))
            .header("Cookie", format!("sangzi-console={held}"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["location"]), (303, &"/console".parse().unwrap()));
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains(&held), "the token a browser comes with is never the one it leaves with");
        assert_eq!(ask(w, Some(&officer), "/console").await.0, 303, "the old session is over");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_has_the_headers_that_guard_it() {
    story_on_sqlite(Terms::default(), async |w| {
        let answer =
            w.stranger.request(Method::GET, "/console/login").header("Accept", "text/html").send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers()["referrer-policy"], "same-origin");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let page = answer.text().await.unwrap();
        for never in ["<style", "style=", "onclick=", "javascript:", "https://", "//cdn"] {
            assert!(!page.contains(never), "{never}");
        }
        let (_, asset) = page.split_once("href=\"/assets/sangzi.").unwrap();
        let path = format!("/assets/sangzi.{}", asset.split_once('"').unwrap().0);
        let asset = w.stranger.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(asset.headers()["cache-control"], "public, max-age=31536000, immutable");
        let gone = w.stranger.request(Method::GET, "/assets/sangzi.0000000000000000.css").send().await.unwrap();
        assert_eq!(gone.status(), 404);
    })
    .await;
}

/// What the console tells staff: in words, of the right things, and no more of it than a browser can bear.
#[tokio::test(flavor = "multi_thread")]
async fn what_staff_look_for_is_found_and_told_in_words() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let (organiser, auditor) = (w.staff(Role::Organiser).await, w.staff(Role::Auditor).await);
        let (bookkeeper, compliance) = (w.staff(Role::Bookkeeper).await, w.staff(Role::Compliance).await);
        let mut payees = Vec::new();
        for number in 0..40_u64 {
            let id = Uuid::now_v7();
            let new = json!({
                "id": id, "campaign": campaign, "kind": "person", "part": "beneficiary",
                "name": if number == 0 { "罗最早（示例）" } else { "罗某某（示例）" },
                "account": { "number": format!("62220200{number:011}"), "bank": "示例银行邢台分行" },
            });
            organiser.post("/staff/payees", new).await.ok();
            payees.push(id);
        }
        let first = payees[0];

        // Thirty are offered, each told from the others; the first is found by the full name.
        let new = format!("/console/disbursements/new?campaign={campaign}");
        let (status, page) = ask(w, Some(&organiser), &new).await;
        assert_eq!(status, 200, "{page}");
        assert!(page.len() < 60_000, "{} bytes", page.len());
        let offered = page.split_once("<select name=\"payee\"").unwrap().1.split_once("</select>").unwrap().0;
        assert_eq!(offered.matches("<option").count(), 31);
        assert!(!page.contains(&first.to_string()));
        let token = page.split_once("name=\"_token\" value=\"").unwrap().1.split_once('"').unwrap().0;
        let cookie = format!("sangzi-console={}", organiser.caller.token.clone().unwrap());
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("_token", token)
            .append_pair("do", "find")
            .append_pair("find", "罗最早（示例）")
            .append_pair("campaign", &campaign.to_string())
            .append_pair("purpose", "春季助学金")
            .append_pair("payout", &Uuid::now_v7().to_string())
            .append_pair("payee", &payees[39].to_string())
            .append_pair("amount", "12.00")
            .finish();
        let headers = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "same-origin")];
        let (status, found) = post(w, &headers, "/console/disbursements", &form).await;
        assert_eq!(status, 200, "{found}");
        for kept in ["春季助学金", "12.00", &first.to_string(), "找到1个"] {
            assert!(found.contains(kept), "{kept}");
        }
        assert!(found.contains(&format!("value=\"{}\" selected", payees[39])), "what was chosen stays chosen");

        // Whoever looked is written down, and where and at whom is told.
        let unmask = format!("/staff/payees/{first}/unmasking");
        bookkeeper.post(&unmask, json!({ "reason": "核对账户" })).await.ok();
        let (_, trail) = ask(w, Some(&auditor), "/console/trail?what=payee").await;
        assert!(trail.contains("收款人：查看个人信息") && trail.contains("姓名、账户、开户行、电话"), "{trail}");
        let (_, seen) = ask(w, Some(&auditor), "/console/unmaskings").await;
        assert!(seen.contains("收款人 罗") && seen.contains("姓名、账户、开户行、电话"), "{seen}");
        assert!(!seen.contains("罗最早"), "masked");

        // The trail is filtered by what was done to what.
        let gift = json!({
            "id": Uuid::now_v7(), "campaign": campaign, "amount": "10.00", "counterparty": "示例公司", "bank_account": "基本户",
            "reference": "B-1", "received_on": w.app.business.today().to_string(),
        });
        bookkeeper.post("/staff/bank-gifts", gift.clone()).await.ok();
        let (_, trail) = ask(w, Some(&auditor), "/console/trail?what=bank_gift").await;
        assert!(trail.contains("银行捐赠：登记") && !trail.contains("查看个人信息"), "{trail}");

        // Gifts are listed, and a gift leads to its entry once there is one.
        let number = gift["id"].as_str().unwrap().replace('-', "");
        let one = format!("/console/donations/{}", gift["id"].as_str().unwrap());
        for (filter, told) in
            [("", true), (&format!("?number={number}"), true), ("?channel=wechat", false), ("?channel=bank&state=created", true)]
        {
            let (_, list) = ask(w, Some(&auditor), &format!("/console/donations{filter}")).await;
            assert_eq!(list.contains(&number), told, "{filter}");
        }
        let (_, page) = ask(w, Some(&auditor), &one).await;
        assert!(page.contains("还没有入账"), "{page}");
        let confirmation = format!("/staff/bank-gifts/{}/confirmation", gift["id"].as_str().unwrap());
        w.staff(Role::FinanceHead).await.act(&confirmation).await.ok();
        let (_, page) = ask(w, Some(&auditor), &one).await;
        assert!(page.contains("/console/entry?reference=donation"), "{page}");

        // Compliance reads what it has to look at, masked like others.
        for path in [&one, &format!("/console/payees/{first}")] {
            let (status, page) = ask(w, Some(&compliance), path).await;
            assert_eq!(status, 200, "{path}: {page}");
        }
        let (_, template) = ask(w, Some(&organiser), "/console/disbursements/batch/template?as=csv").await;
        assert!(template.starts_with("收款人户名,收款人账号,开户银行,金额,"), "{template}");
    })
    .await;
}

/// Somebody who was handed a password is told so until they have changed it.
#[tokio::test(flavor = "multi_thread")]
async fn a_handed_out_password_is_told_of_until_it_is_changed() {
    story_on_sqlite(Terms::default(), async |w| {
        let officer = w.staff(Role::Disclosure).await;
        let (_, desk) = ask(w, Some(&officer), "/console").await;
        assert!(desk.contains("初始密码"), "{desk}");
        let (_, page) = ask(w, Some(&officer), "/console/sessions").await;
        let token = page.split_once("name=\"_token\" value=\"").unwrap().1.split_once('"').unwrap().0;
        let cookie = format!("sangzi-console={}", officer.caller.token.clone().unwrap());
        let headers = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "same-origin")];
        let change = async |new: &str, again: &str| {
            let form = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("_token", token)
                .append_pair("current", &officer.password)
                .append_pair("new", new)
                .append_pair("again", again)
                .finish();
            post(w, &headers, "/console/sessions/password", &form).await
        };
        let (status, page) = change("correct horse battery", "correct horse batteries").await;
        assert!(status == 422 && page.contains("两次输入的新密码不一致"), "{page}");
        assert_eq!(change("correct horse battery", "correct horse battery").await.0, 303);
        let (_, desk) = ask(w, Some(&officer), "/console").await;
        assert!(!desk.contains("初始密码"), "{desk}");
    })
    .await;
}
