//! Gifts to the general fund of a charity (一般捐赠, 不限定用途): for no campaign. By bank, from a line of the statement, on a list; and back, while the
//! fund holds as much.

use domain::role::Role;
use futures_util::future::join;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::bank::{accept, account, bring, file, line};
use crate::spending::id;
use crate::vouchers::posted;
use crate::world::{Officer, World, story};

fn gift(w: &World, amount: &str, reference: &str) -> Value {
    json!({
        "id": Uuid::now_v7(), "general_fund": w.book, "amount": amount, "counterparty": "示例公司", "bank_account": "基本户",
        "reference": reference, "received_on": w.app.business.today().to_string(), "anonymity": "name", "receipt": "requested",
    })
}

/// Entered by one person and confirmed by another.
async fn given(w: &World, amount: &str, reference: &str) -> Value {
    let gift = gift(w, amount, reference);
    w.staff(Role::Cashier).await.post("/staff/bank-gifts", gift.clone()).await.ok();
    let path = format!("/staff/bank-gifts/{}/confirmation", id(&gift));
    w.staff(Role::Bookkeeper).await.act(&path).await.ok();
    gift
}

/// A refund of a gift that the cashier asked for.
async fn asked(w: &World, gift: &Value, amount: &str) -> Value {
    let request = json!({ "id": Uuid::now_v7(), "donation": id(gift), "amount": amount, "reason": "error" });
    w.staff(Role::Cashier).await.post("/staff/refunds", request.clone()).await.ok();
    request
}

fn step(refund: &Value, name: &str) -> String {
    format!("/staff/refunds/{}/{name}", id(refund))
}

/// An entry of the general fund beside its gifts.
async fn voucher(w: &World, amount: &str, debit: &str, credit: &str) {
    let voucher = json!({
        "id": Uuid::now_v7(), "kind": "ordinary", "event_date": w.app.business.today(), "summary": "办公费用",
        "lines": [{ "subject": debit, "debit": amount }, { "subject": credit, "credit": amount }],
    });
    posted(w, voucher).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gift_to_the_general_fund_takes_two_persons_and_counts_for_no_campaign() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        // One of the two, of a charity, and not of a year that was never there.
        for (field, value) in [
            ("campaign", json!(campaign)),
            ("general_fund", Value::Null),
            ("received_on", json!("2019-06-30")),
            ("bank_account", json!("不存在的户")),
        ] {
            let mut wrong = gift(w, "1000.00", "G-1");
            wrong[field] = value;
            if field == "general_fund" {
                wrong.as_object_mut().unwrap().remove(field);
            }
            if field == "bank_account" {
                // A book that knows no account learns its first.
                account(w).await;
            }
            cashier.post("/staff/bank-gifts", wrong).await.refused(422, "invalid_field");
        }
        let mut nobodys = gift(w, "1000.00", "G-1");
        nobodys["general_fund"] = json!(Uuid::now_v7());
        cashier.post("/staff/bank-gifts", nobodys).await.refused(422, "no_such_book");
        let far = w.hire_over(Role::Cashier, "cashier-1306", "/hebei/1306/").await;
        far.post("/staff/bank-gifts", gift(w, "1000.00", "G-1")).await.refused(403, "forbidden");

        let gift = gift(w, "1000.00", "G-1");
        let entered = cashier.post("/staff/bank-gifts", gift.clone()).await.ok();
        assert_eq!((&entered["general_fund"], &entered["campaign"]), (&json!(w.book), &Value::Null));
        assert_eq!(cashier.post("/staff/bank-gifts", gift.clone()).await.ok(), entered, "the same again is the same");
        let mut other = gift.clone();
        other.as_object_mut().unwrap().remove("general_fund");
        other["campaign"] = json!(campaign);
        cashier.post("/staff/bank-gifts", other).await.refused(409, "id_reused");
        assert!(keeper.get("/staff/waiting").await.ok().to_string().contains("一般捐赠（不限定用途）"));
        assert_eq!(w.balance("410101").await, "0.00", "nothing is booked before the second person");
        let confirm = format!("/staff/bank-gifts/{}/confirmation", id(&gift));
        cashier.act(&confirm).await.refused(403, "forbidden");
        keeper.act(&confirm).await.ok();
        keeper.act(&confirm).await.ok();
        assert_eq!(w.balance("410101").await, "-1000.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "1000.00");
        assert_eq!(w.raised(campaign).await, "0.00");
        let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await.ok();
        assert_eq!(wall["items"], json!([]));
        let open = w.app.open_books.all().await.unwrap();
        assert_eq!((open.total.raised.to_string().as_str(), open.gifts), ("1000.00", 1));
        assert!(open.causes.iter().any(|(cause, sums)| cause.is_none() && sums.raised.to_string() == "1000.00"));

        // It is found and read where the charity is, and nowhere else.
        let found = async |who: &Officer| who.get("/staff/donations?number=G-1").await.ok()["items"].clone();
        assert_eq!(found(&keeper).await[0]["general_fund"], json!(w.book));
        assert_eq!(found(&far).await, json!([]));

        // Its receipt is given by whoever received it.
        let reason = json!({ "reason": "开具票据" });
        let order = gift["id"].as_str().unwrap().replace('-', "");
        let exported = cashier.post("/staff/receipts/wishes/export", reason).await.ok();
        let csv = exported["csv"].as_str().unwrap().to_lowercase();
        assert!(csv.contains(&order) && csv.contains("示例青少年发展基金会"), "{csv}");
        assert_eq!(w.staff(Role::Auditor).await.get("/staff/receipts/backlog").await.ok()["waiting"], 1);
        let today = w.app.business.today();
        let numbers = format!("订单号,票据代码,票据号码,校验码,开票日期,金额\r\n{order},13010126,0000000001,a1b2c3,{today},1000.00\r\n");
        let import = json!({ "csv": numbers, "trial": false });
        assert_eq!(cashier.post("/staff/receipts/import", import).await.ok()["taken"], 1);

        // What it is for does not change, and WeChat brings none.
        let moved = "UPDATE donation SET campaign_id = (SELECT id FROM campaign LIMIT 1), book_id = NULL WHERE book_id IS NOT NULL";
        w.attacked(moved, "donation_fixed").await;
        let columns = "campaign_id, book_id, channel, state, amount_fen, refunded_fen, content, anonymity, show_amount, message_state, receipt, \
            receipt_us, created_us, expires_us, queries, next_query_us, late, bank_account, bank_reference, author_id";
        let copied = |from: &str, to: &str| {
            let values = "campaign_id, book_id, channel, 'created', amount_fen, 0, content, anonymity, show_amount, message_state, receipt, \
                receipt_us, created_us, expires_us, 0, next_query_us, late, bank_account, 'G-9', author_id";
            let (made, values) = (w.sql_id(&Uuid::now_v7().to_string()), values.replacen(from, to, 1));
            format!("INSERT INTO donation (id, {columns}) SELECT {made}, {values} FROM donation WHERE book_id IS NOT NULL")
        };
        w.attacked(&copied("channel", "'wechat'"), "donation_general_check").await;
        w.attacked(&copied("book_id", "NULL"), "donation_purpose_check").await;
        w.attacked(&copied("campaign_id", "(SELECT id FROM campaign LIMIT 1)"), "donation_purpose_check").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_on_the_statement_is_claimed_for_the_general_fund() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let (book, day) = (account(w).await, w.app.business.today());
        let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        let moves = [("G1", 50_000, "示例公司", "捐款，不限定用途"), ("G2", 3_000, "李四（示例）", "心意")];
        bring(&keeper, &book, file(day, 0, &moves), "&write=true").await.ok();
        let open = keeper.get(&format!("{book}/bank-suggestions?account=基本户&limit=100")).await.ok();
        let first = |number: &str| {
            let lines = open["items"].as_array().unwrap();
            lines.iter().find(|one| one["line"]["reference"] == number).unwrap()["suggestions"][0].clone()
        };
        assert_eq!((&first("G1")["kind"], &first("G1")["ids"]), (&json!("gift"), &json!([])));
        assert_eq!(first("G2")["kind"], "unclaimed");
        accept(&keeper, &book, json!([{ "line": line(w, "open", "G2").await, "kind": "unclaimed" }])).await.ok();
        assert_eq!(w.balance("2209[payable=unidentified]").await, "-30.00");

        let claim = |more: Value| {
            let mut claim = json!({ "id": Uuid::now_v7(), "choice": "gift", "reason": "电话核实" });
            claim.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            claim
        };
        let of = |line: Uuid| format!("/staff/bank-lines/{line}/claims");
        let unknown = of(line(w, "unclaimed", "G2").await);
        for wrong in [
            json!({}),
            json!({ "campaign": campaign, "general_fund": true }),
            json!({ "choice": "return", "general_fund": true }),
        ] {
            keeper.post(&unknown, claim(wrong)).await.refused(422, "invalid_field");
        }
        let decide = async |claim: &Value, how: &str| {
            let mut body = json!({ "claims": [id(claim)] });
            if how == "declines" {
                body["reason"] = json!("捐赠人没有指定项目");
            }
            head.post(&format!("/staff/bank-claims/{how}"), body).await.ok()
        };
        // Taken for a campaign's by mistake, declined, and claimed rightly.
        let mistaken = claim(json!({ "campaign": campaign }));
        keeper.post(&unknown, mistaken.clone()).await.ok();
        decide(&mistaken, "declines").await;
        let right = claim(json!({ "general_fund": true, "name": "李四", "anonymity": "name" }));
        let proposed = keeper.post(&unknown, right.clone()).await.ok();
        assert_eq!(proposed["campaign"], Value::Null);
        let company =
            claim(json!({ "general_fund": true, "name": "示例公司", "organisation": true, "receipt": "requested" }));
        keeper.post(&of(line(w, "open", "G1").await), company.clone()).await.ok();
        let own = json!({ "claims": [id(&right)] });
        keeper.post("/staff/bank-claims/approvals", own).await.refused(403, "other_person_needed");
        decide(&right, "approvals").await;
        decide(&company, "approvals").await;
        assert_eq!(w.balance("410101").await, "-530.00");
        assert_eq!(w.balance("2209[payable=unidentified]").await, "0.00");
        assert_eq!(w.balance("1002[bank=基本户]").await, "530.00");
        assert_eq!(w.raised(campaign).await, "0.00");
        let found = keeper.get("/staff/donations?number=G2").await.ok();
        assert_eq!((&found["items"][0]["general_fund"], &found["items"][0]["state"]), (&json!(w.book), &json!("paid")));
        assert_eq!(found["items"][0]["donor_type"], "person");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_gifts_to_the_general_fund_is_posted_by_another_person() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let day = w.app.business.today();
        let send = async |list: Uuid, to: &str, text: &str| {
            let path = format!("/api/v1/staff/gift-lists?id={list}{to}&money=bank&name=基本户&write=true");
            let request = cashier.request(Method::POST, &path).header("content-type", "application/octet-stream");
            crate::caller::send(request.body(text.to_owned())).await
        };
        let text = format!("日期,金额,捐赠人,单位捐赠,编号\n{day},20.00,,,P-1\n{day},30.50,示例公司,是,P-2\n");
        let (list, fund) = (Uuid::now_v7(), format!("&general_fund={}", w.book));
        send(list, "", &text).await.refused(422, "invalid_field");
        send(list, &format!("{fund}&campaign={campaign}"), &text).await.refused(422, "invalid_field");
        let early = "日期,金额\n2019-01-01,1.00\n";
        assert_eq!(send(list, &fund, early).await.ok()["problems"][0]["line"], 2);
        let written = send(list, &fund, &text).await.ok();
        assert_eq!(
            (&written["list"]["campaign"], &written["list"]["book"]),
            (&Value::Null, &json!(w.book)),
            "{written:#}"
        );
        assert_eq!(send(list, &fund, &text).await.ok()["list"], written["list"]);
        let again = send(Uuid::now_v7(), &fund, &text).await.ok();
        assert!(again["problems"].to_string().contains("已经导入过"), "{again:#}");
        assert!(keeper.get("/staff/waiting").await.ok().to_string().contains("一般捐赠（不限定用途）"));
        cashier.act(&format!("/staff/gift-lists/{list}/posting")).await.refused(403, "forbidden");
        keeper.act(&format!("/staff/gift-lists/{list}/posting")).await.ok();
        assert_eq!(w.balance("410101").await, "-50.50");
        assert_eq!(w.raised(campaign).await, "0.00");
        let types = async |number: &str| {
            keeper.get(&format!("/staff/donations?number={number}")).await.ok()["items"][0]["donor_type"].clone()
        };
        assert_eq!(
            (types("P-1").await, types("P-2").await),
            (Value::Null, json!("organisation")),
            "nobody knows who P-1 is"
        );
        let late = w.count("SELECT CAST(count(*) AS BIGINT) FROM donation WHERE late").await;
        assert_eq!(late, 0, "the general fund takes gifts for ever");
        let copy = "campaign_id, via, place, sha256, lines, total_fen, state, author_id, created_us";
        let twice = format!(
            "INSERT INTO gift_list (id, book_id, {copy}) SELECT {}, book_id, {} FROM gift_list",
            w.sql_id(&Uuid::now_v7().to_string()),
            copy.replace("state", "'proposed'"),
        );
        w.attacked(&twice, "gift_list_general_key").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gift_to_the_general_fund_goes_back_only_while_that_holds_as_much() {
    story(async |w| {
        let (one, two) = (given(w, "100.00", "G-1").await, given(w, "100.00", "G-2").await);
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        voucher(w, "150.00", "5301", "2301").await;
        let (first, second) = (asked(w, &one, "100.00").await, asked(w, &two, "100.00").await);
        head.act(&step(&first, "approval")).await.refused(409, "general_fund_short");
        // Nobody else bears it: it comes out of the general fund itself.
        head.act(&step(&first, "cover-proposal")).await.refused(409, "cover_not_needed");
        assert_eq!(w.balance("410101").await, "-200.00");
        voucher(w, "50.00", "1122", "490101").await;

        // It holds enough for one of the two, whoever comes first.
        let (a, b) = (step(&first, "approval"), step(&second, "approval"));
        let (left, right) = join(head.act(&a), head.act(&b)).await;
        let mut both = [left.status, right.status];
        both.sort_unstable();
        assert_eq!(both, [200, 409], "{} {}", left.text, right.text);
        let (lost, gone, kept) = if left.status == 200 { (&right, &first, &second) } else { (&left, &second, &first) };
        lost.refused(409, "general_fund_short");
        assert_eq!(w.balance("410101").await, "-100.00");
        assert_eq!(w.balance("2209[payable=refund]").await, "-100.00");

        // No channel gives it back: two persons pay it from the bank.
        cashier.act(&step(gone, "outcome-proposal")).await.ok();
        let paid = head.post(&step(gone, "bank-payment"), json!({ "bank_account": "基本户" })).await.ok();
        assert_eq!(paid["state"], "paid_by_bank");
        assert_eq!(w.balance("1002[bank=基本户]").await, "100.00");
        assert_eq!(w.balance("2209[payable=refund]").await, "0.00");
        head.post(&step(kept, "decline"), json!({ "reason": "已与捐赠人协商" })).await.ok();
        let numbered = async |number: &str| {
            let found = cashier.get(&format!("/staff/donations?number={number}")).await.ok();
            found["items"][0]["state"].as_str().unwrap().to_owned()
        };
        let mut states = [numbered("G-1").await, numbered("G-2").await];
        states.sort_unstable();
        assert_eq!(states, ["paid", "refunded"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gift_of_a_closed_year_goes_back_through_the_prior_years_account() {
    story(async |w| {
        let gift = given(w, "100.00", "G-1").await;
        let (cashier, head) = (w.staff(Role::Cashier).await, w.staff(Role::FinanceHead).await);
        let year = w.app.business.today().year();
        while w.app.business.today().year() == year {
            w.pass(15 * 86_400).await;
        }
        w.end_year(year).await;
        assert_eq!((w.balance("410101").await, w.balance("3101").await), ("0.00".to_owned(), "-100.00".to_owned()));
        let refund = asked(w, &gift, "40.00").await;
        head.act(&step(&refund, "approval")).await.ok();
        assert_eq!((w.balance("320101").await, w.balance("410101").await), ("40.00".to_owned(), "0.00".to_owned()));
        // Given up, it stays with the fund and counts again.
        cashier.act(&step(&refund, "outcome-proposal")).await.ok();
        assert_eq!(head.act(&step(&refund, "give-up")).await.ok()["state"], "given_up");
        assert_eq!(w.balance("320101").await, "0.00");
        assert_eq!(w.balance("2209[payable=refund]").await, "0.00");
    })
    .await;
}
