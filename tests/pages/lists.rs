//! What pages list: filtered, in pages, and what they do not understand said; and whom they offer what.

use domain::role::Role;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::browser::ask;
use crate::world::{Officer, Terms, story_on_sqlite};

#[tokio::test(flavor = "multi_thread")]
async fn a_public_page_says_what_it_does_not_understand() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await;
        for (path, given) in [
            ("/?state=nonsense".to_owned(), "nonsense"),
            ("/?state=draft".to_owned(), "draft"),
            ("/?cause=music".to_owned(), "music"),
            ("/?division=9999".to_owned(), "9999"),
            ("/?order=upwards".to_owned(), "upwards"),
            ("/?parent=1".to_owned(), "1"),
            ("/?after=third".to_owned(), "third"),
            ("/transparency?table=years&as=csv".to_owned(), "years"),
            ("/transparency?table=months&as=pdf".to_owned(), "pdf"),
            ("/disclosures?after=third".to_owned(), "third"),
            (format!("/campaigns/{campaign}/gifts?after=third"), "third"),
            (format!("/campaigns/{campaign}/payments?after=third"), "third"),
            (format!("/campaigns/{campaign}/disclosures?after=third"), "third"),
        ] {
            let (status, page) = ask(w, None, &path).await;
            assert_eq!(status, 400, "{path}: {page}");
            assert!(page.contains(&format!("筛选条件“{given}”不正确")), "{path}: {page}");
        }
        for path in ["/?state=open&cause=&division=1305&order=raised", "/transparency?table=places&as=csv"] {
            assert_eq!(ask(w, None, path).await.0, 200, "{path}");
        }
        for (path, said) in [
            ("/loans?product=none", "没有这个贷款产品"),
            ("/loans?product=01890000-0000-7000-8000-000000000000", "没有这个贷款产品"),
            ("/loans?term=12&method=flat", "请填写贷款金额"),
            ("/loans?amount=1000&term=many&method=flat&rate=5", "贷款期限应为"),
        ] {
            let (_, page) = ask(w, None, path).await;
            assert!(page.contains(said), "{path}: {page}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_for_receipts_are_filtered_and_sorted() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let mut gifts = Vec::new();
        for amount in ["10.00", "30.00", "20.00"] {
            let gift = w.gift(&donor, campaign, amount).await;
            donor.post(&format!("/donations/{}/receipt-wish", gift.id), json!({ "name": "甲示例" })).await.ok();
            gifts.push(gift);
        }
        let cashier = w.staff(Role::Cashier).await;
        let list = async |filter: &str| ask(w, Some(&cashier), &format!("/console/receipts/wishes{filter}")).await;
        let amounts = |page: &str| -> Vec<String> {
            let cells = page.split("data-name=\"金额\"").skip(1);
            cells.map(|cell| cell.split_once("yuan\">").unwrap().1.split_once('<').unwrap().0.to_owned()).collect()
        };
        assert_eq!(amounts(&list("").await.1), ["10.00", "30.00", "20.00"], "the oldest first");
        assert_eq!(amounts(&list("?sort=-2").await.1), ["30.00", "20.00", "10.00"]);
        assert_eq!(amounts(&list("?sort=2").await.1), ["10.00", "20.00", "30.00"]);
        assert_eq!(amounts(&list("?sort=-3").await.1), ["20.00", "30.00", "10.00"]);
        assert_eq!(amounts(&list("?amount=30").await.1), ["30.00"]);
        assert_eq!(amounts(&list(&format!("?number={}", gifts[2].order)).await.1), ["20.00"]);
        assert_eq!(amounts(&list("?state=waiting").await.1).len(), 3);
        assert!(list("?state=overdue").await.1.contains("没有这样的待开票据"));
        assert_eq!(amounts(&list(&format!("?after={}&sort=-2", gifts[1].id)).await.1), ["20.00", "10.00"]);
        let (status, csv) = list("?as=csv&amount=20.00").await;
        assert!(status == 200 && csv.contains("20.00") && !csv.contains("30.00"), "{csv}");
        for wrong in ["?state=late", "?number=12", "?entity=x", "?amount=much"] {
            assert_eq!(list(wrong).await.0, 400, "{wrong}");
        }
        for (filter, status) in [("?state=to_reverse", 200), ("?state=issued", 200), ("?state=lost", 400)] {
            assert_eq!(ask(w, Some(&cashier), &format!("/console/receipts{filter}")).await.0, status, "{filter}");
        }
        w.pass(8 * 86_400).await;
        assert_eq!(amounts(&list("?state=overdue").await.1).len(), 3);

        let auditor = w.staff(Role::Auditor).await;
        for (filter, status) in [
            ("?q=青创&pace=daily&file=none", 200),
            ("?pace=hourly", 400),
            ("?file=yesterday", 400),
            ("?bank=x", 400),
            ("?as=csv", 200),
        ] {
            let (answer, page) = ask(w, Some(&auditor), &format!("/console/loan-programmes{filter}")).await;
            assert_eq!(answer, status, "{filter}: {page}");
        }
    })
    .await;
}

/// Money at the bank is claimed for campaigns that take money themselves, and its line leads to the gift it became; what stands against locking
/// a month leads to the page where it is mended.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_leads_to_its_gift_and_a_lock_to_what_it_waits_for() {
    story_on_sqlite(Terms::default(), async |w| {
        let mut draft = w.draft("3000.00");
        draft["kind"] = json!("parent");
        draft["name"] = json!("桑梓·母计划");
        let parent = w.open_as(draft).await;
        let mut draft = w.draft("1000.00");
        draft["parent"] = json!(parent);
        let leaf = w.open_as(draft).await;
        let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        let (book, day) = (format!("/staff/books/{}", w.book), w.app.business.today());
        keeper.call(Method::PUT, &format!("{book}/bank-accounts"), Some(json!({ "name": "基本户" }))).await.ok();
        let file = format!(
            "date,reference,amount,counterparty,remark\n{day},L1,8.00,王五（示例）,心意\n{day},L2,9.00,赵六（示例）,\n\
             {day},L3,-7.00,某行,汇款\n"
        );
        let path = format!("/api/v1{book}/bank-statements?id={}&account=基本户&write=true", Uuid::now_v7());
        let request = keeper.request(Method::POST, &path).header("content-type", "application/octet-stream");
        assert_eq!(request.body(file).send().await.unwrap().status(), 200);
        let lines = keeper.get(&format!("{book}/bank-lines?account=基本户&state=open")).await.ok();
        let line = lines["items"].as_array().unwrap().iter().find(|one| one["reference"] == "L1").unwrap();
        let line = line["id"].as_str().unwrap().to_owned();

        let (status, form) =
            ask(w, Some(&keeper), &format!("/console/bank/claims/new?book={}&account=基本户&line={line}", w.book))
                .await;
        assert_eq!(status, 200, "{form}");
        assert!(form.contains(&leaf.to_string()) && !form.contains(&parent.to_string()), "{form}");
        let claim = json!({ "id": Uuid::now_v7(), "choice": "gift", "campaign": leaf, "reason": "电话核实" });
        keeper.post(&format!("/staff/bank-lines/{line}/claims"), claim.clone()).await.ok();
        let gift = format!("/console/donations/{}", claim["id"].as_str().unwrap());
        let shown = async |path: &str| {
            let (status, page) = ask(w, Some(&head), path).await;
            assert_eq!(status, 200, "{path}: {page}");
            page
        };
        let page = shown(&format!("/console/bank/lines/{line}")).await;
        assert!(page.contains("电话核实") && !page.contains(&gift), "{page}");
        head.post("/staff/bank-claims/approvals", json!({ "claims": [claim["id"]] })).await.ok();
        for path in [format!("/console/bank/lines/{line}"), format!("/console/bank/claims?book={}", w.book)] {
            let page = shown(&path).await;
            assert!(page.contains(&gift), "{path}: {page}");
        }
        assert_eq!(ask(w, Some(&head), &gift).await.0, 200);

        // What left is found by its amount like what came.
        let page = shown(&format!("/console/bank?book={}&account=基本户&amount=7.00", w.book)).await;
        assert!(page.contains("L3") && !page.contains("L1"), "{page}");
        let page = shown(&format!("/console/closing?book={}", w.book)).await;
        for lead in [
            "/console/bank/matching?book=",
            "/console/bank/balance?book=",
            "/console/reconciliation?book=",
            "去对应：基本户",
        ] {
            assert!(page.contains(lead), "{lead}: {page}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_paper_is_read_in_pages() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let organiser = w.staff(Role::Organiser).await;
        let payee = json!({
            "id": Uuid::now_v7(), "campaign": campaign, "kind": "person", "part": "beneficiary", "name": "王一（示例）",
            "account": { "number": "6222020000000000001", "bank": "示例银行" },
        });
        organiser.post("/staff/payees", payee.clone()).await.ok();
        let lines = |count: i64| -> Vec<_> {
            let line = |n| json!({ "id": Uuid::now_v7(), "payee": payee["id"], "amount": format!("1.{n:02}") });
            (1..=count).map(line).collect()
        };
        let paper = Uuid::now_v7();
        let new = json!({
            "id": paper, "campaign": campaign, "line": "a", "kind": "grant", "purpose": "秋季助学金", "payouts": lines(45),
        });
        organiser.post("/staff/disbursements", new).await.ok();
        let path = format!("/console/disbursements/{paper}");
        for (skip, rows, here, next) in [("", 20, "1.20", true), ("?skip=20", 20, "1.21", true), ("?skip=40", 5, "1.45", false)] {
            let (status, page) = ask(w, Some(&organiser), &format!("{path}{skip}")).await;
            assert_eq!((status, page.matches("data-name=\"收款人\"").count()), (200, rows), "{skip}: {page}");
            assert!(page.contains("共45笔，合计") && page.contains(here), "{skip}: {page}");
            assert_eq!(page.contains("rel=\"next\""), next, "{skip}");
        }
        for (words, told) in [("助学", true), ("春季", false)] {
            let (_, list) = ask(w, Some(&organiser), &format!("/console/disbursements?q={words}")).await;
            assert_eq!(list.contains(&path), told, "{words}");
        }
        let (_, csv) = ask(w, Some(&organiser), &format!("{path}?as=csv")).await;
        assert_eq!(csv.lines().count(), 46, "all of them: {csv}");
        assert_eq!(ask(w, Some(&organiser), &format!("{path}?skip=x")).await.0, 400);
        let (_, form) = ask(w, Some(&organiser), &format!("{path}/edit")).await;
        assert!(form.contains("1.45"), "a form has all of them");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_suspended_a_campaign_is_not_offered_to_lift_it() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let (head, chair) = (w.staff(Role::FinanceHead).await, w.staff(Role::Chair).await);
        let disclosure = w.staff(Role::Disclosure).await;
        let complaint = Uuid::now_v7();
        let words = json!({ "id": complaint, "campaign": campaign, "words": "用途与说明不符" });
        w.stranger.post("/complaints", words).await.ok();
        let order = json!({ "id": Uuid::now_v7(), "complaint": complaint, "reason": "收到投诉，先行核查" });
        head.post(&format!("/staff/campaigns/{campaign}/suspensions"), order).await.ok();
        let path = format!("/console/campaigns/{campaign}");
        let lift = format!("{path}/suspension-lift");
        let (_, page) = ask(w, Some(&head), &path).await;
        assert!(page.contains("须由另一位财务负责人或理事长解除") && !page.contains(&lift), "{page}");
        let (_, page) = ask(w, Some(&chair), &path).await;
        assert!(page.contains("投诉尚未答复") && !page.contains(&lift), "{page}");
        let of = |step: &str| format!("/staff/complaints/{complaint}/{step}");
        disclosure.act(&of("taking")).await.ok();
        disclosure.post(&of("answer"), json!({ "upheld": false, "answer": "已核实，用途相符" })).await.ok();
        let (_, page) = ask(w, Some(&chair), &path).await;
        assert!(page.contains(&lift), "{page}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enquiry_leads_to_its_gift_for_whoever_may_read_it() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let gift = w.gift(&donor, campaign, "10.00").await;
        let question = json!({ "id": Uuid::now_v7(), "donation": gift.id, "question": "我的捐款用在哪里了？" });
        donor.post("/me/enquiries", question).await.ok();
        for (role, leads) in [(Role::Disclosure, false), (Role::ProjectManager, true)] {
            let officer = w.staff(role).await;
            let (_, page) = ask(w, Some(&officer), "/console/enquiries").await;
            assert!(page.contains(&gift.order), "{role:?} has its number: {page}");
            assert!(page.contains(&format!("/console/campaigns/{campaign}")), "{role:?} has its campaign: {page}");
            let path = format!("/console/donations/{}", gift.id);
            assert_eq!(page.contains(&path), leads, "{role:?}: {page}");
            assert_eq!(ask(w, Some(&officer), &path).await.0, if leads { 200 } else { 403 }, "{role:?}");
        }
    })
    .await;
}

/// What is begun often is offered on the first page, and nothing is that would be refused.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_on_from_the_first_page_is_open() {
    story_on_sqlite(Terms::default(), async |w| {
        w.open_campaign("1000.00").await;
        let offered = [
            (Role::Organiser, "/console/campaigns/new"),
            (Role::Cashier, "/console/payment-files/new"),
            (Role::Bookkeeper, "/console/exports"),
            (Role::Disclosure, "/console/duties?state=late"),
            (Role::Admin, "/console/members/new"),
            (Role::LeagueOfficer, "/console/needs/new"),
            (Role::BankOfficer, "/console/loan-arrears"),
            (Role::Auditor, "/console/trail"),
            (Role::FinanceHead, "/console/reconciliation"),
            (Role::Chair, "/console/duties?state=late"),
        ];
        for (role, way) in offered {
            let officer = w.staff(role).await;
            let (_, page) = ask(w, Some(&officer), "/console").await;
            let main = page.split_once("<main").unwrap().1;
            let links: Vec<&str> =
                main.split("href=\"/console").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect();
            assert!(links.iter().any(|link| format!("/console{link}") == way), "{role:?} {way}: {links:?}");
            for link in links {
                let path = format!("/console{}", link.replace("&amp;", "&"));
                let (status, page) = ask(w, Some(&officer), &path).await;
                assert_eq!(status, 200, "{role:?} {path}: {page}");
            }
        }
        let keeper = w.staff(Role::Bookkeeper).await;
        let (_, found) = ask(w, Some(&keeper), "/console/search?q=20.50").await;
        assert!(found.contains("/console/breaks?amount=20.50"), "a difference is found by its amount: {found}");
        for (filter, status) in
            [("?amount=20.50", 200), ("?amount=much", 400), ("?state=lost", 400), ("?owner=me", 400)]
        {
            assert_eq!(ask(w, Some(&keeper), &format!("/console/breaks{filter}")).await.0, status, "{filter}");
        }
    })
    .await;
}

/// A field says what it is for where no heading stands over it, and offers what it asks for by code or by name.
#[tokio::test(flavor = "multi_thread")]
async fn forms_say_what_they_ask_for() {
    story_on_sqlite(Terms::default(), async |w| {
        w.open_campaign("1000.00").await;
        for (role, path, shown) in [
            (Role::Bookkeeper, "/console/vouchers/new", "<label class=\"cell\"><span>会计科目</span>"),
            (Role::Bookkeeper, "/console/vouchers/new", "<label class=\"cell\"><span>借方</span>"),
            (Role::Organiser, "/console/campaigns/new", "<label class=\"cell\"><span>金额</span>"),
            (Role::LeagueOfficer, "/console/needs/new", "<option value=\"130502 邢台市襄都区\">"),
            (Role::Admin, "/console/units", "<option value=\"130502 邢台市襄都区\">"),
        ] {
            let officer = w.staff(role).await;
            let (status, page) = ask(w, Some(&officer), path).await;
            assert!(status == 200 && page.contains(shown), "{path} {shown}: {page}");
        }
    })
    .await;
}

/// The search box finds what the officer may see by the words and numbers for it, and says what it can find where there is nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_search_box_finds_things_by_their_names_and_numbers() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let founder = w.donor("o-founder").await;
        let team = json!({ "id": Uuid::now_v7(), "name": "九班同学", "goal": "100.00" });
        founder.post(&format!("/campaigns/{campaign}/teams"), team).await.ok();
        let organiser = w.staff(Role::Organiser).await;
        let payee = json!({
            "id": Uuid::now_v7(), "campaign": campaign, "kind": "person", "part": "beneficiary", "name": "王一（示例）",
            "account": { "number": "6222020000000000001", "bank": "示例银行" },
        });
        organiser.post("/staff/payees", payee.clone()).await.ok();
        let line = json!({ "id": Uuid::now_v7(), "payee": payee["id"], "amount": "10.00" });
        let paper = json!({
            "id": Uuid::now_v7(), "campaign": campaign, "line": "a", "kind": "grant", "purpose": "秋季助学金", "payouts": [line],
        });
        organiser.post("/staff/disbursements", paper.clone()).await.ok();
        let plain = |id: &serde_json::Value| id.as_str().unwrap().to_owned();
        let simple = |id: &serde_json::Value| plain(id).replace('-', "");
        let (paper_id, payee_id, payout_id) = (&paper["id"], &payee["id"], &line["id"]);
        let search = async |who: &Officer, text: &str| {
            let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            ask(w, Some(who), &format!("/console/search?q={query}")).await
        };
        let manager = w.staff(Role::ProjectManager).await;
        for text in ["九班", "一般捐赠", "秋季助学", "王一（示例）"] {
            assert_eq!(search(&manager, text).await.0, 303, "{text} leads to the one thing there is");
        }
        for number in [paper_id, payee_id, payout_id] {
            for text in [plain(number), simple(number)] {
                assert_eq!(search(&manager, &text).await.0, 303, "{text}");
            }
        }
        let disclosure = w.staff(Role::Disclosure).await;
        for text in [simple(paper_id), simple(payee_id), "王一（示例）".to_owned()] {
            let (status, page) = search(&disclosure, &text).await;
            assert!(status == 200 && page.contains("没有找到"), "not within their rights: {page}");
            assert!(page.contains("捐赠团队：名称") && !page.contains("借款合同"), "what they can search for: {page}");
        }
        let (_, page) = search(&manager, "没有这样的东西").await;
        assert!(page.contains("没有找到“没有这样的东西”"), "{page}");
        // A number of WeChat's that is no gift's leads to the break it is about, beside the voucher that holds it.
        let twice = w.gift(&founder, campaign, "5.00").await;
        w.lever("pay", json!({ "out_trade_no": twice.order, "again": true })).await;
        let keeper = w.staff(Role::Bookkeeper).await;
        let strays = async || keeper.get("/staff/breaks").await.ok()["items"].as_array().unwrap().clone();
        w.until("a payment waits for a person", async || strays().await.len() == 1).await;
        let stray = strays().await.remove(0);
        let (_, page) = search(&keeper, stray["item"].as_str().unwrap()).await;
        assert!(page.contains(&format!("/console/breaks/{}", plain(&stray["id"]))), "{page}");
        // A refund by the number the channel gave it, which stands on WeChat's own pages.
        let back = w.gift(&founder, campaign, "7.00").await;
        let request = json!({ "id": Uuid::now_v7(), "amount": "7.00", "reason": "error" });
        let refund = founder.post(&format!("/donations/{}/refund-requests", back.id), request).await.ok();
        let refund: domain::RefundId = plain(&refund["id"]).parse().unwrap();
        w.staff(Role::FinanceHead).await.act(&format!("/staff/refunds/{refund}/approval")).await.ok();
        w.run_job("send_refunds").await;
        let number = async || w.app.refunds.get(refund).await.unwrap().channel_refund_id;
        w.until("the channel has taken the refund", async || number().await.is_some()).await;
        let number = number().await.unwrap();
        for who in [&keeper, &manager] {
            let (status, page) = search(who, &format!(" {number}")).await;
            assert_eq!(status, 303, "it leads to the refund: {page}");
        }
        assert!(search(&disclosure, &number).await.1.contains("没有找到"), "not within their rights");
        let (_, page) = search(&w.staff(Role::Compliance).await, "").await;
        assert!(page.contains("不在查找的范围"), "who has nothing to search for is told so: {page}");
        let (_, page) = search(&manager, "").await;
        assert!(page.contains("支出和付款：编号、银行流水号"), "{page}");
        let admin = w.staff(Role::Admin).await;
        let nowhere = format!("?after={}", Uuid::now_v7());
        for (filter, status) in [("", 200), ("?q=hebei", 200), ("?under=x", 400), (nowhere.as_str(), 400)] {
            assert_eq!(ask(w, Some(&admin), &format!("/console/units{filter}")).await.0, status, "{filter}");
        }
    })
    .await;
}

/// Lines that nobody can match today do not hide those behind them.
#[tokio::test(flavor = "multi_thread")]
async fn lines_of_the_bank_are_matched_page_by_page() {
    story_on_sqlite(Terms::default(), async |w| {
        let keeper = w.staff(Role::Bookkeeper).await;
        let day = w.app.business.today();
        let account = format!("/staff/books/{}/bank-accounts", w.book);
        keeper.call(Method::PUT, &account, Some(json!({ "name": "基本户" }))).await.ok();
        let lines: Vec<String> = (1..=51).map(|n| format!("{day},L{n:02},{n}.00,某人{n}（示例）,来款\n")).collect();
        let file = format!("date,reference,amount,counterparty,remark\n{}", lines.concat());
        let path =
            format!("/api/v1/staff/books/{}/bank-statements?id={}&account=基本户&write=true", w.book, Uuid::now_v7());
        let request = keeper.request(Method::POST, &path).header("content-type", "application/octet-stream");
        crate::caller::send(request.body(file)).await.ok();
        let seen = async |path: &str| {
            let (status, page) = ask(w, Some(&keeper), path).await;
            assert_eq!(status, 200, "{page}");
            page
        };
        let first = seen("/console/bank/matching").await;
        let next = first.split_once("rel=\"next\"").unwrap().0.rsplit_once("href=\"").unwrap().1;
        let second = seen(&next.split('"').next().unwrap().replace("&amp;", "&")).await;
        let on = |page: &str| (1..=51).filter(|n| page.contains(&format!("L{n:02}<"))).count();
        assert_eq!((on(&first), on(&second)), (50, 1), "each is on one page");
        assert!(!second.contains("rel=\"next\""), "{second}");

        // Of what nobody knows every claim is on a page, too; whatever account comes first, one that is refused is shown with its own.
        keeper.call(Method::PUT, &account, Some(json!({ "name": "一般户" }))).await.ok();
        let (_, other) = ask(w, Some(&keeper), "/console/bank/claims").await;
        assert!(other.contains("<option value=\"基本户\">"), "the other account can be chosen: {other}");
        let of = "account=基本户";
        let open = keeper.get(&format!("/staff/books/{}/bank-lines?{of}&state=open&limit=100", w.book)).await.ok();
        let ids: Vec<serde_json::Value> =
            open["items"].as_array().unwrap().iter().map(|line| line["id"].clone()).collect();
        let unclaimed: Vec<_> = ids.iter().map(|id| json!({ "line": id, "kind": "unclaimed" })).collect();
        let accepted = json!({ "items": unclaimed });
        keeper.post(&format!("/staff/books/{}/bank-lines/acceptance?{of}", w.book), accepted).await.ok();
        let mut claim = Uuid::nil();
        for id in &ids {
            claim = Uuid::now_v7();
            let body = json!({ "id": claim, "choice": "return", "reason": "查无此人" });
            keeper.post(&format!("/staff/bank-lines/{}/claims", id.as_str().unwrap()), body).await.ok();
        }
        let first = seen(&format!("/console/bank/claims?{of}")).await;
        let next = first.split_once("rel=\"next\"").unwrap().0.rsplit_once("href=\"").unwrap().1;
        let second = seen(&next.split('"').next().unwrap().replace("&amp;", "&")).await;
        let on = |page: &str| page.matches("查无此人").count();
        assert_eq!((on(&first), on(&second)), (50, 1));
        assert!(first.contains("列出全部") && second.contains("第一页"), "{first}");
        let cookie = format!("sangzi-console={}", keeper.caller.token.clone().unwrap());
        let own = w.stranger.request(Method::POST, &format!("/console/bank/claims/{claim}/approval"));
        let own = own.header("accept", "text/html").header("cookie", cookie).header("sec-fetch-site", "same-origin");
        let own = own.header("content-type", "application/x-www-form-urlencoded");
        let token = first.split_once("name=\"_token\" value=\"").unwrap().1.split('"').next().unwrap();
        let fields = [("_token", token), ("account", "基本户")];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let refused = crate::caller::send(own.body(body)).await;
        assert!(refused.status == 403 && on(&refused.text) > 0, "{}: {}", refused.status, refused.text);
        assert!(refused.text.contains("<option value=\"基本户\" selected>"), "{}", refused.text);
    })
    .await;
}

/// What is near a rule and breaks none is no cross: who approves may let a start stand that has passed.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_has_passed_is_told_and_breaks_no_rule() {
    story_on_sqlite(Terms::default(), async |w| {
        let draft = w.draft("1000.00");
        let organiser = w.staff(Role::Organiser).await;
        organiser.post("/staff/campaigns", draft.clone()).await.ok();
        let path = format!("/console/campaigns/{}", draft["id"].as_str().unwrap());
        let (_, page) = ask(w, Some(&organiser), &path).await;
        assert!(page.contains("募捐开始日期没有过去") && !page.contains("class=\"mind\""), "{page}");
        w.pass(2 * 86_400).await;
        let manager = w.staff(Role::ProjectManager).await;
        let (_, page) = ask(w, Some(&manager), &path).await;
        assert!(page.contains("class=\"mind\"") && page.contains("募捐开始日期已经过去"), "{page}");
        assert!(!page.contains("class=\"unmet\""), "{page}");
    })
    .await;
}

/// A month that still runs is locked by nobody, and its lock is not offered.
#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_runs_is_not_offered_to_be_locked() {
    story_on_sqlite(Terms::default(), async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "80.00").await;
        let head = w.staff(Role::FinanceHead).await;
        let (today, page) = (w.app.business.today(), ask(w, Some(&head), "/console/closing").await.1);
        assert!(page.contains("才结束") && !page.contains("/console/closing/"), "{today}: {page}");
        let next = today.day_of_month_after(1, 1).unwrap();
        w.lever("clock", json!({ "now": format!("{next}T09:00:00+08:00") })).await;
        let (_, page) = ask(w, Some(&head), "/console/closing").await;
        if today.month() != 12 {
            let step = format!("/month-{}-{}", today.year(), today.month());
            assert!(page.contains(&step), "{step}: {page}");
        }
    })
    .await;
}
