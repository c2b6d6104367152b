//! Who is let in, and who is not: by the server, whatever a page offers.

use domain::role::Role;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::browser::ask;
use crate::world::{Officer, Terms, World, story_on_sqlite};

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
    let spending = vec![Organiser, ProjectManager, FinanceHead, Chair, Cashier, Bookkeeper, Auditor];
    let books = vec![Cashier, Bookkeeper, FinanceHead, Auditor];
    let of_books = [
        "/console/reconciliation",
        "/console/breaks",
        "/console/bank",
        "/console/bank/statements",
        "/console/bank/matching",
        "/console/bank/claims",
        "/console/bank/balance",
        "/console/transfers",
        "/console/payment-files",
        "/console/ledger",
        "/console/entries",
        "/console/statements",
        "/console/ratios",
        "/console/closing",
        "/console/seals",
        "/console/exports",
    ];
    let mut all = vec![
        ("/console/units", ALL.to_vec()),
        ("/console/charities", ALL.to_vec()),
        ("/console/audit", vec![Admin, Cashier, Bookkeeper, FinanceHead, Auditor]),
        ("/console/roles", vec![Admin, Auditor]),
        ("/console/banks", vec![Admin]),
        ("/console/decisions", campaigns.clone()),
        ("/console/disclosures", vec![Disclosure, ProjectManager, FinanceHead, Chair, Auditor]),
        ("/console/disbursements", spending.clone()),
        ("/console/payouts", spending.clone()),
        ("/console/payees", spending),
        ("/console/small-reviews", vec![Auditor]),
        ("/console/child-access", vec![ProjectManager, FinanceHead, Cashier, Bookkeeper, Auditor, Compliance, Chair]),
        ("/console/payee-erasures", vec![Organiser, ProjectManager, Cashier, Chair, Compliance, Auditor]),
    ];
    all.extend(of_books.map(|path| (path, books.clone())));
    all.extend([
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
        ("/console/teams", vec![Disclosure, ProjectManager, Auditor]),
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
        ("/console/refunds", [&money[..], &[Chair]].concat()),
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
    ]);
    all
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
        let officer = w.staff(Role::Organiser).await;
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

/// The token of the forms of a page.
fn token_in(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"_token\" value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// Takes a step as a browser that shows one of our pages would, with these fields.
async fn step(w: &World, officer: &Officer, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let (_, page) = ask(w, Some(officer), "/console/sessions").await;
    let cookie = format!("sangzi-console={}", officer.caller.token.clone().unwrap());
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("_token", &token_in(&page)).extend_pairs(fields);
    post(w, &[("Cookie", &cookie), ("Sec-Fetch-Site", "same-origin")], path, &form.finish()).await
}

/// A gift by bank that waits for a second person, and the path of its page.
async fn bank_gift(w: &World, campaign: Uuid, reference: &str) -> String {
    let id = Uuid::now_v7();
    let gift = json!({
        "id": id, "campaign": campaign, "amount": "10.00", "counterparty": "示例公司", "bank_account": "基本户",
        "reference": reference, "received_on": w.app.business.today().to_string(),
    });
    w.staff(Role::Bookkeeper).await.post("/staff/bank-gifts", gift).await.ok();
    format!("/console/donations/{id}")
}

/// A form that was left open while the thing moved on is refused, and the page says why although it offers the step no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_step_says_why_though_its_panel_is_gone() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let (head, manager) = (w.staff(Role::FinanceHead).await, w.staff(Role::ProjectManager).await);
        let gift = bank_gift(w, campaign, "B-1").await;
        assert_eq!(step(w, &head, &format!("{gift}/confirmation"), &[]).await.0, 303);
        let open = format!("/console/campaigns/{campaign}");
        type Step<'a> = (&'a Officer, String, &'a [(&'a str, &'a str)]);
        let cases: [Step<'_>; 4] = [
            (&head, format!("{gift}/bank-rejection"), &[("reason", "重复登记")]),
            (&manager, format!("{open}/approval"), &[]),
            (&manager, format!("{open}/rejection"), &[("reason", "再想想")]),
            (&manager, format!("{open}/submission"), &[]),
        ];
        for (officer, path, fields) in cases {
            let (status, page) = step(w, officer, &path, fields).await;
            assert!((400..500).contains(&status), "{path}: {status}");
            let (_, said) = page.split_once("role=\"alert\"").unwrap_or_else(|| panic!("{path} says nothing: {page}"));
            let (said, _) = said.split_once("</p>").unwrap();
            assert!(said.contains('。'), "{path} says why in a sentence: {said}");
        }
    })
    .await;
}

/// A list under a paper is no link: whoever may read people says why, and gets it as a file.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_people_is_given_for_a_reason() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let payee = json!({
            "id": Uuid::now_v7(), "campaign": campaign, "kind": "person", "part": "beneficiary", "name": "王一（示例）",
            "account": { "number": "6222020000000000001", "bank": "示例银行" },
        });
        organiser.post("/staff/payees", payee.clone()).await.ok();
        let paper = Uuid::now_v7();
        let new = json!({
            "id": paper, "campaign": campaign, "line": "a", "kind": "grant", "purpose": "秋季助学金",
            "payouts": [{ "id": Uuid::now_v7(), "payee": payee["id"], "amount": "10.00" }],
        });
        organiser.post("/staff/disbursements", new).await.ok();
        let to = format!("/api/v1/staff/disbursements/{paper}/attachments?kind=roster&file_name=a.txt");
        let upload = organiser.request(Method::POST, &to).header("content-type", "application/octet-stream");
        let list = crate::caller::send(upload.body("王一（示例）")).await.ok();
        let page = format!("/console/disbursements/{paper}");
        let at = format!("{page}/papers/{}", list["id"].as_str().unwrap());
        let manager = w.staff(Role::ProjectManager).await;
        let (_, shown) = ask(w, Some(&manager), &page).await;
        assert!(shown.contains(&format!("{at}/reading")) && !shown.contains(&format!("href=\"{at}\"")), "{shown}");
        assert_eq!(ask(w, Some(&manager), &at).await.0, 409);
        let reading = format!("{at}/reading");
        let (status, said) = step(w, &manager, &reading, &[("reason", "")]).await;
        assert!(status == 422 && said.contains("请填写查看原因"), "{status} {said}");
        assert_eq!(step(w, &organiser, &reading, &[("reason", "复核名单")]).await.0, 403);
        assert_eq!(step(w, &manager, &reading, &[("reason", "复核名单")]).await, (200, "王一（示例）".to_owned()));
    })
    .await;
}

/// Whoever does not agree says why, and who had proposed it reads that on the page of the thing.
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_agree_says_why() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let (head, keeper) = (w.staff(Role::FinanceHead).await, w.staff(Role::Bookkeeper).await);
        let gift = bank_gift(w, campaign, "B-3").await;
        let path = format!("{gift}/bank-rejection");
        let (status, page) = step(w, &head, &path, &[]).await;
        assert!(status == 422 && page.contains("请填写此项"), "{status}: {page}");
        assert_eq!(step(w, &head, &path, &[("reason", "这笔是货款")]).await.0, 303);
        let (_, page) = ask(w, Some(&keeper), &gift).await;
        assert!(page.contains("不同意的原因：这笔是货款"), "{page}");
        let (_, trail) = ask(w, Some(&w.staff(Role::Auditor).await), "/console/trail").await;
        assert!(trail.contains("不同意：说明原因") && trail.contains("这笔是货款"), "{trail}");
    })
    .await;
}

/// What a page does not offer is refused by the server, too, and nothing comes of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_refused_to_whoever_may_not_take_it() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let gift = bank_gift(w, campaign, "B-2").await;
        let pause = format!("/console/campaigns/{campaign}/pause");
        let cases: [(Role, String); 8] = [
            (Role::Auditor, format!("{gift}/confirmation")),
            (Role::Cashier, format!("{gift}/confirmation")),
            (Role::ProjectManager, format!("{gift}/confirmation")),
            (Role::Organiser, format!("{gift}/bank-rejection")),
            (Role::LeagueOfficer, format!("{gift}/confirmation")),
            (Role::Cashier, pause.clone()),
            (Role::Auditor, pause.clone()),
            (Role::BankOfficer, pause),
        ];
        for (role, path) in cases {
            let officer = w.staff(role).await;
            let (status, page) = step(w, &officer, &path, &[("reason", "试一试")]).await;
            assert_eq!(status, 403, "{role:?} {path}: {page}");
        }
        let auditor = w.staff(Role::Auditor).await;
        let (_, page) = ask(w, Some(&auditor), &gift).await;
        assert!(page.contains("还没有入账"), "nothing came of it: {page}");
        assert_eq!(w.raised(campaign).await, "0.00");
    })
    .await;
}

/// Whoever types longer than the session lasts loses nothing: what was sent is shown, and sent again after signing in.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_outlives_the_session() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await.to_string();
        let officer = w.staff(Role::ProjectManager).await;
        let held = officer.caller.token.clone().unwrap();
        let (_, page) = ask(w, Some(&officer), "/console/payees/new").await;
        let (token, id) = (token_in(&page), Uuid::now_v7().to_string());
        let fields = [
            ("id", id.as_str()),
            ("campaign", campaign.as_str()),
            ("kind", "person"),
            ("part", "beneficiary"),
            ("name", "罗某某（示例）"),
        ];
        assert_eq!(step(w, &officer, "/console/sessions/end", &[]).await.0, 303, "the session is over");

        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("_token", &token)
            .append_pair("password", "不留下的")
            .extend_pairs(fields)
            .finish();
        let cookie = format!("sangzi-console={held}");
        let headers = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "same-origin")];
        let (status, lost) = post(w, &headers, "/console/payees", &form).await;
        assert_eq!(status, 401);
        for told in
            ["登录已过期", "罗某某（示例）", "name=\"_again\" value=\"/console/payees\"", "action=\"/console/login\""]
        {
            assert!(lost.contains(told), "{told}: {lost}");
        }
        assert!(!lost.contains("不留下的") && !lost.contains(&token), "neither a password nor a token is kept: {lost}");

        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut login = url::form_urlencoded::Serializer::new(String::new());
        login.append_pair("username", &officer.username).append_pair("password", &officer.password);
        login.append_pair("otp", &w.otp(officer.seed.as_deref().unwrap(), 30)).append_pair("_again", "/console/payees");
        login.extend_pairs(fields.map(|(name, value)| (format!("_kept:{name}"), value)));
        let answer = http
            .post(format!("{}/console/login", w.stranger.base))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(login.finish())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split_once(';').unwrap().0.to_owned();
        let again = answer.text().await.unwrap();
        assert!(again.contains("再次提交") && again.contains("罗某某（示例）"), "{again}");
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("_token", &token_in(&again))
            .extend_pairs(fields)
            .finish();
        let headers = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "same-origin")];
        let (status, page) = post(w, &headers, "/console/payees", &form).await;
        assert_eq!(status, 303, "{page}");

        // What leads out of the console is not sent again.
        let mut login = url::form_urlencoded::Serializer::new(String::new());
        let other = w.staff(Role::Organiser).await;
        login.append_pair("username", &other.username).append_pair("password", &other.password);
        login.append_pair("_again", "//evil.example/steal").append_pair("_kept:name", "甲");
        let (status, _) = post(w, &[], "/console/login", &login.finish()).await;
        assert_eq!(status, 303);
    })
    .await;
}

/// Long lists are sorted as a whole, a filter that makes no sense is refused, and what a campaign has paid leads to its payments.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_sorted_as_a_whole_and_says_what_it_does_not_understand() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("100000.00").await;
        let keeper = w.staff(Role::Bookkeeper).await;
        for number in 1..=60_i64 {
            let gift = json!({
                "id": Uuid::now_v7(), "campaign": campaign, "amount": format!("{number}.00"), "counterparty": "示例公司",
                "bank_account": "基本户", "reference": format!("S-{number}"), "received_on": w.app.business.today().to_string(),
            });
            keeper.post("/staff/bank-gifts", gift).await.ok();
        }
        let (_, page) = ask(w, Some(&keeper), "/console/donations?sort=-4").await;
        let first = page.split_once("<tbody").unwrap().1.split_once("</tr>").unwrap().0;
        assert!(first.contains("60.00"), "the largest of all of them: {first}");
        assert!(!page.contains("仅对本页排序"), "{page}");
        let (_, next) = page.split_once("rel=\"next\"").map_or(("", ""), |(before, _)| before.rsplit_once("href=\"").unwrap());
        let (_, page) = ask(w, Some(&keeper), &next.trim_end_matches(['"', ' ']).replace("&amp;", "&")).await;
        assert_eq!(page.matches("data-name=\"订单号\"").count(), 10, "the rest, and none twice");
        assert!(page.contains(">10.00<") && !page.contains(">11.00<"), "{page}");
        let (_, page) = ask(w, Some(&keeper), "/console/donations?sort=2").await;
        assert!(page.contains("仅对本页排序"), "{page}");
        let (_, page) = ask(w, Some(&keeper), "/console/donations?amount=7").await;
        assert_eq!(page.matches("data-name=\"订单号\"").count(), 1);
        for wrong in ["from=2026-13-01", "paid_from=2026-02-30", "state=nonsense", "amount=much"] {
            let (status, page) = ask(w, Some(&keeper), &format!("/console/donations?{wrong}")).await;
            assert_eq!(status, 400, "{wrong}: {page}");
        }
        for (path, status) in [
            (format!("/console/payouts?campaign={campaign}&line=a&state=confirmed"), 200),
            (format!("/console/payouts?campaign={campaign}&state=owed&sort=-3"), 200),
            (format!("/console/refunds?campaign={campaign}&state=decided"), 200),
            (format!("/console/ledger?campaign={campaign}"), 200),
            ("/console/ledger?day=2026-02-30".to_owned(), 400),
        ] {
            assert_eq!(ask(w, Some(&keeper), &path).await.0, status, "{path}");
        }
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
        assert!(seen.contains("收款人 罗") && seen.contains("姓名、账户、开户行、电话") && !seen.contains("related"), "{seen}");
        assert!(!seen.contains("罗最早"), "masked");
        // From the payee one comes to who saw their data, and to nobody else's.
        let (_, page) = ask(w, Some(&auditor), &format!("/console/payees/{first}")).await;
        assert!(page.contains(&format!("/console/unmaskings?object=payee%3A{first}")), "{page}");
        for (one, told) in [(payees[0], true), (payees[1], false)] {
            let (_, seen) = ask(w, Some(&auditor), &format!("/console/unmaskings?object=payee:{one}")).await;
            assert_eq!(seen.contains("核对账户"), told, "{seen}");
        }

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

/// A role is lent to a colleague by the name they sign in with; one that nobody has is told at its field.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_lent_to_whoever_has_a_user_name() {
    story_on_sqlite(Terms::default(), async |w| {
        let (lender, holder) = (w.staff(Role::Disclosure).await, w.staff(Role::Organiser).await);
        let (_, own) = ask(w, Some(&holder), "/console/sessions").await;
        assert!(own.contains(&holder.username), "who is asked for it finds it: {own}");
        let (today, id) = (w.app.business.today(), Uuid::now_v7().to_string());
        let (first, last) = (today.to_string(), today.after_days(6).unwrap().to_string());
        let lend = async |to: &str| {
            let fields = [
                ("id", id.as_str()),
                ("holder", to),
                ("role", "disclosure"),
                ("starts_on", first.as_str()),
                ("ends_on", last.as_str()),
                ("reason", "年休假"),
            ];
            step(w, &lender, "/console/delegations", &fields).await
        };
        let (status, page) = lend("nobody-of-this-name").await;
        assert!(status == 422 && page.contains("没有这个用户名"), "{page}");
        assert_eq!(lend(&holder.username).await.0, 303);
        assert_eq!(lend(&holder.id.to_string()).await.0, 303, "the same again, by the number");
        let lent = lender.get("/staff/delegations").await.ok();
        assert_eq!(lent["items"][0]["holder"], json!(holder.id), "{lent:#}");
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
