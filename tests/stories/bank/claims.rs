//! Money that nobody knows: claimed by two persons, or returned.

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ACCOUNT, accept, account, bring, file, first_of_next, kinds, line, lines, suggested};
use crate::spending::id;
use crate::world::{Officer, story};

#[tokio::test(flavor = "multi_thread")]
async fn unknown_money_waits_until_two_persons_know_it_and_the_month_agrees() {
    story(async |w| {
        // The middle of a month that has still some days.
        let today = w.app.business.today();
        let day = if today.day() > 20 { first_of_next(today) } else { today };
        w.lever("clock", json!({ "now": format!("{day}T12:00:00+08:00") })).await;
        let campaign = w.open_campaign("1000.00").await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let head = w.staff(Role::FinanceHead).await;
        let (donor, codes) = (w.donor("o-one").await, format!("/campaigns/{campaign}/bank-codes"));
        w.stranger.get(&format!("/campaigns/{campaign}/bank-code")).await.refused(404, "no_such_code");
        let wish = json!({ "id": Uuid::now_v7() });
        let public = cashier.post(&format!("/staff{codes}"), wish.clone()).await.ok();
        assert_eq!(cashier.post(&format!("/staff{codes}"), wish).await.ok(), public);
        assert_eq!(w.stranger.get(&format!("/campaigns/{campaign}/bank-code")).await.ok()["code"], public["code"]);
        let own = donor.post(&codes, json!({ "id": Uuid::now_v7(), "amount": "88.00" })).await.ok();
        let (public, own) = (public["code"].as_str().unwrap().to_owned(), own["code"].as_str().unwrap().to_owned());

        let statement = file(
            day,
            0,
            &[
                ("L1", 10_000, "示例公司", &format!("捐款 {}", public.to_lowercase())),
                ("L2", 8_800, "张三", &own),
                ("L3", 5_000, "李四", "心意"),
                ("L4", 700, "王五", ""),
                ("L5", 33, "", "结息"),
                ("L6", -100, "", "网银手续费"),
            ],
        );
        bring(&cashier, &book, statement, "&write=true").await.ok();
        assert_eq!(kinds(&suggested(w, "L1").await), ["gift", "unclaimed"]);
        assert_eq!(kinds(&suggested(w, "L4").await), ["unclaimed"]);
        assert_eq!(kinds(&suggested(w, "L5").await), ["interest", "unclaimed"]);
        assert_eq!(kinds(&suggested(w, "L6").await), ["charge"]);

        // Many at once, all or none; the cashier keeps no books.
        let mut items = Vec::new();
        for (number, kind) in [("L3", "unclaimed"), ("L4", "unclaimed"), ("L5", "interest"), ("L6", "charge")] {
            items.push(json!({ "line": line(w, "open", number).await, "kind": kind }));
        }
        accept(&cashier, &book, json!(items)).await.refused(403, "forbidden");
        let mut wrong = items.clone();
        wrong[2]["kind"] = json!("charge");
        accept(&keeper, &book, json!(wrong)).await.refused(422, "wrong_choice");
        assert_eq!(w.balance("2209[payable=unidentified]").await, "0.00");
        assert_eq!(accept(&keeper, &book, json!(items)).await.ok()["accepted"], 4);
        accept(&keeper, &book, json!(items)).await.refused(409, "wrong_state");
        assert_eq!(w.balance("2209[payable=unidentified]").await, "-57.00");
        assert_eq!(w.balance("490101").await, "-0.33");
        assert_eq!(w.balance("5301").await, "1.00");
        assert_eq!(lines(w, "unclaimed").await.len(), 2);
        w.attacked("UPDATE bank_line SET state = 'claimed' WHERE state = 'unclaimed'", "bank_line_undecided").await;
        w.attacked("UPDATE bank_line SET state = 'open' WHERE state = 'unclaimed'", "bank_line_over").await;

        // Gifts by their code, from the line itself: claimed by one, booked by another.
        let claim = |choice: &str, more: Value| {
            let mut claim = json!({ "id": Uuid::now_v7(), "choice": choice, "reason": "电话核实" });
            claim.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            claim
        };
        let decide = async |who: &Officer, claims: &[&Value], how: &str| {
            let ids: Vec<Uuid> = claims.iter().map(|claim| id(claim)).collect();
            let body = match how {
                "declines" => json!({ "claims": ids, "reason": "与来款人核对不符" }),
                _ => json!({ "claims": ids }),
            };
            who.post(&format!("/staff/bank-claims/{how}"), body).await
        };
        let to = json!({ "campaign": campaign, "name": "示例公司", "organisation": true, "anonymity": "name" });
        let named = json!({ "campaign": campaign, "name": "张三" });
        let (company, person) = (claim("gift", to), claim("gift", named));
        for (number, claim) in [("L1", &company), ("L2", &person)] {
            let path = format!("/staff/bank-lines/{}/claims", line(w, "open", number).await);
            let first = keeper.post(&path, claim.clone()).await.ok();
            assert_eq!(keeper.post(&path, claim.clone()).await.ok(), first, "the same claim again is the same");
            let mut other = claim.clone();
            other["reason"] = json!("别的");
            keeper.post(&path, other).await.refused(409, "id_reused");
        }
        decide(&cashier, &[&company], "approvals").await.refused(403, "forbidden");
        decide(&keeper, &[&company, &person], "approvals").await.refused(403, "other_person_needed");
        w.attacked(
            "UPDATE bank_claim SET state = 'done', approver_id = author_id WHERE state = 'proposed'",
            "bank_claim_own",
        )
        .await;
        decide(&head, &[&company, &person], "approvals").await.ok();
        assert_eq!(w.raised(campaign).await, "188.00");
        let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await;
        assert!(wall.text.contains("示例公司") && !wall.text.contains("张三"), "{}", wall.text);
        let mine = donor.get("/me/donations").await.ok();
        assert_eq!((mine["items"].as_array().unwrap().len(), &mine["items"][0]["amount"]), (1, &json!("88.00")));
        // The name that was claimed for a donor opens with their key.
        assert_eq!(donor.get("/me/data").await.ok()["donations"][0]["name"], "张三");

        // A claim against a return: one of them is under way.
        let of = format!("/staff/bank-lines/{}/claims", line(w, "unclaimed", "L3").await);
        let (gift, back) = (claim("gift", json!({ "campaign": campaign })), claim("return", json!({})));
        let (one, two) =
            futures_util::future::join(keeper.post(&of, gift.clone()), cashier.post(&of, back.clone())).await;
        let mut both = [one.status, two.status];
        both.sort_unstable();
        assert_eq!(both, [200, 409], "{} {}", one.text, two.text);
        let standing = if one.status == 200 { &gift } else { &back };
        decide(&head, &[standing], "declines").await.ok();
        let gift = claim("gift", json!({ "campaign": campaign, "name": "李四", "anonymity": "name" }));
        cashier.post(&of, gift.clone()).await.ok();
        let (one, two) =
            futures_util::future::join(decide(&head, &[&gift], "approvals"), decide(&keeper, &[&gift], "approvals")).await;
        let mut both = [one.status, two.status];
        both.sort_unstable();
        assert_eq!(both, [200, 409], "{} {}", one.text, two.text);
        assert_eq!(w.raised(campaign).await, "238.00");
        assert_eq!(w.balance("2209[payable=unidentified]").await, "-7.00");
        let wall = w.stranger.get(&format!("/campaigns/{campaign}/donations")).await;
        assert!(wall.text.contains("李四"), "who wants to be named is: {}", wall.text);

        // Back to whoever sent it: decided by two, done when the bank has paid.
        let of = format!("/staff/bank-lines/{}/claims", line(w, "unclaimed", "L4").await);
        let back = claim("return", json!({}));
        cashier.post(&of, back.clone()).await.ok();
        assert_eq!(decide(&head, &[&back], "approvals").await.ok()["items"][0]["state"], "approved");
        assert_eq!(w.balance("2209[payable=unidentified]").await, "-7.00", "until it is paid it is owed");
        let paid = file(day, 24_433, &[("M1", -700, "王五", "退款")]);
        bring(&cashier, &book, paid, "&write=true").await.ok();
        let suggestion = suggested(w, "M1").await.remove(0);
        assert_eq!(suggestion["kind"], "return");
        let item = json!({ "line": line(w, "open", "M1").await, "kind": "return", "ids": suggestion["ids"] });
        accept(&keeper, &book, json!([item])).await.ok();
        assert_eq!(w.balance("2209[payable=unidentified]").await, "0.00");
        assert_eq!(lines(w, "returned").await.len(), 1);

        // A gift that the bank has not shown yet, and a line nobody has looked at.
        let early = json!({
            "id": Uuid::now_v7(), "campaign": campaign, "amount": "10.00", "counterparty": "示例公司", "bank_account": "基本户",
            "reference": "B-77", "received_on": day.to_string(),
        });
        cashier.post("/staff/bank-gifts", early.clone()).await.ok();
        head.act(&format!("/staff/bank-gifts/{}/confirmation", id(&early))).await.ok();
        bring(&cashier, &book, file(day, 23_733, &[("N1", 4, "赵六", "")]), "&write=true").await.ok();

        let month = day.to_string()[..7].to_owned();
        let sheet = format!("{book}/bank-balances/{month}");
        let seen = keeper.get(&format!("{sheet}?{ACCOUNT}")).await.ok();
        assert_eq!(seen["agrees"], true, "{seen:#}");
        assert_eq!((&seen["ledger"], &seen["statement"]), (&json!("247.33"), &json!("237.37")), "{seen:#}");
        let items: Vec<(&str, &str)> = seen["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (item["kind"].as_str().unwrap(), item["amount"].as_str().unwrap()))
            .collect();
        assert_eq!(items, [("bank_received", "0.04"), ("booked_received", "10.00")]);
        assert_eq!((&seen["adjusted_ledger"], &seen["adjusted_statement"]), (&json!("247.37"), &json!("247.37")));
        let prepare = json!({ "id": Uuid::now_v7() });
        keeper.post(&format!("{sheet}?{ACCOUNT}"), prepare.clone()).await.refused(422, "invalid_field");
        w.lever("clock", json!({ "now": format!("{}T12:00:00+08:00", first_of_next(day)) })).await;
        cashier.post(&format!("{sheet}?{ACCOUNT}"), prepare.clone()).await.refused(403, "forbidden");
        let made = keeper.post(&format!("{sheet}?{ACCOUNT}"), prepare.clone()).await.ok();
        assert_eq!(keeper.post(&format!("{sheet}?{ACCOUNT}"), prepare.clone()).await.ok(), made);
        w.attacked("UPDATE bank_balance SET state = 'reviewed', reviewer_id = author_id, reviewed_us = 1", "bank_balance_own").await;
        let step = |how: &str| format!("/staff/bank-balances/{}/{how}", id(&prepare));
        // What changes meanwhile is not signed.
        accept(&keeper, &book, json!([{ "line": line(w, "open", "N1").await, "kind": "unclaimed" }])).await.ok();
        head.act(&step("review")).await.refused(409, "changed_meanwhile");
        head.post(&step("return"), json!({ "reason": "" })).await.refused(422, "invalid_field");
        head.post(&step("return"), json!({ "reason": "未达账项不全" })).await.ok();
        let second = json!({ "id": Uuid::now_v7() });
        keeper.post(&format!("{sheet}?{ACCOUNT}"), second.clone()).await.ok();
        let signed = head.act(&format!("/staff/bank-balances/{}/review", id(&second))).await.ok();
        assert_eq!((&signed["state"], &signed["adjusted"]), (&json!("reviewed"), &json!("247.37")));
        w.attacked("UPDATE bank_balance SET state = 'returned' WHERE state = 'reviewed'", "bank_balance_decided").await;
        let workbook = keeper.request(Method::GET, &format!("/api/v1{sheet}/workbook?{ACCOUNT}"));
        let workbook = crate::caller::send(workbook).await;
        assert!(workbook.status == 200 && workbook.text.starts_with("PK"), "{}", workbook.status);

        // A month of which the bank has told nothing has no sheet, whatever it tells of the next one.
        let next = first_of_next(day);
        let after = first_of_next(next);
        w.lever("clock", json!({ "now": format!("{}T12:00:00+08:00", after.next()) })).await;
        let quiet = format!("{book}/bank-balances/{}?{ACCOUNT}", &next.to_string()[..7]);
        let gaps = async || keeper.get(&quiet).await.ok()["gaps"].to_string();
        assert!(gaps().await.contains("没有银行对账单"), "{}", gaps().await);
        let hole = file(after, 23_837, &[("O1", 4, "赵六", "")]);
        bring(&cashier, &book, hole, "&write=true&despite_warnings=true").await.ok();
        assert!(gaps().await.contains("没有银行对账单"), "something moved meanwhile: {}", gaps().await);
        keeper.post(&quiet, json!({ "id": Uuid::now_v7() })).await.refused(409, "statements_incomplete");
        // Unless the one ends with what the other begins with: then nothing moved in between.
        let meets = file(after, 23_737, &[("O2", 4, "赵六", "")]);
        bring(&cashier, &book, meets, "&write=true&despite_warnings=true").await.ok();
        assert!(!gaps().await.contains("没有银行对账单"), "{}", gaps().await);
    })
    .await;
}

/// What the second person could not agree with is not proposed: a campaign that takes nothing now is claimed for by nobody.
#[tokio::test(flavor = "multi_thread")]
async fn money_is_not_claimed_for_a_campaign_that_takes_none() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let (book, day) = (account(w).await, w.app.business.today());
        let (keeper, head) = (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        bring(&keeper, &book, file(day, 0, &[("W1", 1_000, "王五（示例）", "心意")]), "&write=true").await.ok();
        w.paper(&format!("/staff/campaigns/{campaign}"), "order").await;
        let order = json!({ "id": Uuid::now_v7(), "reason": "民政部门要求核查" });
        head.post(&format!("/staff/campaigns/{campaign}/suspensions"), order).await.ok();
        let of = format!("/staff/bank-lines/{}/claims", line(w, "open", "W1").await);
        let claim = json!({ "id": Uuid::now_v7(), "choice": "gift", "campaign": campaign, "reason": "电话核实" });
        keeper.post(&of, claim.clone()).await.refused(409, "campaign_not_open");
        let lift = json!({ "reason": "核查结束" });
        w.staff(Role::Chair).await.post(&format!("/staff/campaigns/{campaign}/suspension-lift"), lift).await.ok();
        keeper.post(&of, claim.clone()).await.ok();
        head.post("/staff/bank-claims/approvals", json!({ "claims": [claim["id"]] })).await.ok();
        assert_eq!(w.raised(campaign).await, "10.00");
        // The line leads to what became of it.
        let of = line(w, "matched", "W1").await;
        let sheet = keeper.get(&format!("/staff/bank-lines/{of}")).await.ok();
        let claims: Vec<(&Value, &Value)> =
            sheet["claims"].as_array().unwrap().iter().map(|one| (&one["id"], &one["state"])).collect();
        assert_eq!(claims, [(&claim["id"], &json!("done"))], "{sheet:#}");
    })
    .await;
}
