//! Who is let in, and who is not: by the server, whatever a page offers.

use domain::role::Role;
use reqwest::Method;

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
        ("/console/bank-gifts", money.clone()),
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
        ("/console/loans", vec![LeagueOfficer, BankOfficer, Auditor]),
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
