//! Which entry a line is: found, offered, chosen, taken back.

use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ACCOUNT, accept, account, bring, file, kinds, line, lines, suggested};
use crate::spending::{approved, funded, id, paper, payee, payouts, results, sent};
use crate::world::story;

#[tokio::test(flavor = "multi_thread")]
async fn withdrawals_payments_and_bounces_are_found_in_the_statement() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let head = w.staff(Role::FinanceHead).await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "100.00").await;
        let mut transfers = Vec::new();
        for amount in ["40.00", "30.00"] {
            let new = json!({
                "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": amount, "bank_account": "基本户",
            });
            cashier.post("/staff/transfers", new.clone()).await.ok();
            w.lever("withdraw", json!({ "amount": amount })).await;
            head.act(&format!("/staff/transfers/{}/confirmation", id(&new))).await.ok();
            transfers.push(new);
        }
        let students = [payee(w, campaign, "王一（示例）", 1).await, payee(w, campaign, "王二（示例）", 2).await];
        let grant = paper(campaign, "a", &students, "10.00");
        approved(w, &grant).await;
        let sent_file = sent(w, &grant).await;
        let day = w.app.business.today();
        let funding = w.count("SELECT CAST(amount_fen AS BIGINT) FROM donation WHERE channel = 'bank'").await;
        assert_eq!(funding, 100_000);
        // Two withdrawals in one line, a file in one line, and one payment of it that came back.
        let statement = file(
            day,
            100_000,
            &[
                ("W1", 7_000, "财付通支付科技有限公司", "提现"),
                ("P1", -2_000, "代发", "批量代发"),
                ("R1", 1_000, "代发", "退汇 户名不符"),
            ],
        );
        let taken = bring(&cashier, &book, statement, "&write=true").await.ok();
        assert_eq!(taken["matched"], 1, "{taken:#}");
        assert_eq!(w.balance("1009[channel=wechat_transit]").await, "0.00", "what had arrived is booked from its line");
        assert_eq!(w.balance("1002[bank=基本户]").await, "1070.00");

        let suggestion = suggested(w, "P1").await.remove(0);
        assert_eq!((&suggestion["kind"], suggestion["ids"].as_array().unwrap().len()), (&json!("payouts"), 2));
        let item = json!({ "line": line(w, "open", "P1").await, "kind": "payouts", "ids": suggestion["ids"] });
        let one_only = json!({ "line": line(w, "open", "P1").await, "kind": "payouts", "ids": [payouts(&grant)[0]] });
        accept(&keeper, &book, json!([one_only])).await.refused(422, "wrong_choice");
        accept(&keeper, &book, json!([item])).await.ok();
        assert_eq!(w.balance("1002[bank=基本户]").await, "1050.00");
        let suggestions = suggested(w, "R1").await;
        assert_eq!(kinds(&suggestions), ["bounced", "bounced", "unclaimed"], "{suggestions:#?}");
        let bounced = payouts(&grant)[1];
        let item = json!({ "line": line(w, "open", "R1").await, "kind": "bounced", "ids": [bounced], "name": "户名不符" });
        accept(&keeper, &book, json!([item])).await.ok();
        assert_eq!(w.balance("1002[bank=基本户]").await, "1060.00");
        assert_eq!(w.balance("2209[payable=grant]").await, "-10.00", "what came back is owed again");
        assert_eq!(lines(w, "open").await.len(), 0);
        let _ = sent_file;

        // The day's own reconciliation has nothing to add, and a tie of hands can be undone.
        let gift = json!({
            "id": Uuid::now_v7(), "campaign": campaign, "amount": "5.00", "counterparty": "示例公司", "bank_account": "基本户",
            "reference": "B-9", "received_on": day.to_string(),
        });
        cashier.post("/staff/bank-gifts", gift.clone()).await.ok();
        head.act(&format!("/staff/bank-gifts/{}/confirmation", id(&gift))).await.ok();
        bring(&cashier, &book, file(day, 106_000, &[("X-9", 500, "示例公司", "捐款")]), "&write=true").await.ok();
        let suggestion = suggested(w, "X-9").await.remove(0);
        assert_eq!(suggestion["kind"], "entry");
        let of = line(w, "open", "X-9").await;
        let item = json!([{ "line": of, "kind": "entry", "ids": suggestion["ids"] }]);
        accept(&keeper, &book, item.clone()).await.ok();
        assert_eq!(keeper.act(&format!("/staff/bank-lines/{of}/untying")).await.ok()["state"], "open");
        accept(&keeper, &book, item).await.ok();
        let matched = line(w, "matched", "P1").await;
        keeper.act(&format!("/staff/bank-lines/{matched}/untying")).await.refused(422, "wrong_choice");
        let entry = suggestion["ids"][0].as_str().unwrap();
        let steal = format!(
            "INSERT INTO bank_match (id, line_id, entry_id, amount_fen, rule, actor, at_us) \
             SELECT {}, id, {}, amount_fen, 'entry', 'x', 1 FROM bank_line WHERE reference = 'R1'",
            w.sql_id(&Uuid::now_v7().to_string()),
            w.sql_id(entry),
        );
        w.attacked(&steal.replace("SELECT '", "SELECT uuid '").replace("id, '", "id, uuid '"), "bank_match_").await;
    })
    .await;
}

/// Whoever confirms a file by the bank's slip, before its statement comes, finds its one line among the entries of the file.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_confirmed_before_its_statement_is_one_line_of_it() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let students = [payee(w, campaign, "王一（示例）", 1).await, payee(w, campaign, "王二（示例）", 2).await];
        let grant = paper(campaign, "a", &students, "10.00");
        approved(w, &grant).await;
        let sent_file = sent(w, &grant).await;
        let day = w.app.business.today();
        let all_paid = results(w, &payouts(&grant), true);
        keeper.post(&format!("/staff/payment-files/{sent_file}/results"), all_paid).await.ok();
        assert_eq!(w.balance("1002[bank=基本户]").await, "980.00");
        let statement = file(day, 100_000, &[("P1", -2_000, "代发", "批量代发")]);
        bring(&cashier, &book, statement, "&write=true").await.ok();
        let suggestion = suggested(w, "P1").await.remove(0);
        assert_eq!((&suggestion["kind"], suggestion["ids"].as_array().unwrap().len()), (&json!("entry"), 2));
        let item = json!({ "line": line(w, "open", "P1").await, "kind": "entry", "ids": suggestion["ids"] });
        accept(&keeper, &book, json!([item])).await.ok();
        assert_eq!(lines(w, "open").await.len(), 0);
        assert_eq!(w.balance("1002[bank=基本户]").await, "980.00", "it is booked once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_booked_from_a_line_is_taken_back_by_another_person_and_booked_anew() {
    story(async |w| {
        let day = w.app.business.today();
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let head = w.staff(Role::FinanceHead).await;
        bring(
            &cashier,
            &book,
            file(day, 0, &[("U1", 3_000, "示例银行", "结息"), ("U2", -200, "", "手续费")]),
            "&write=true",
        )
        .await
        .ok();
        let statements = head.get(&format!("{book}/bank-statements?{ACCOUNT}")).await.ok();
        assert_eq!(statements["items"][0]["open"], 2, "{statements:#}");
        let of = line(w, "open", "U1").await;
        let item = json!([{ "line": of, "kind": "interest" }]);
        accept(&keeper, &book, item.clone()).await.ok();
        assert_eq!(w.balance("490101").await, "-30.00");
        let path = format!("/staff/bank-lines/{of}");
        let undo = format!("{path}/untying");
        let sheet = head.get(&path).await.ok();
        assert_eq!((&sheet["undo"], &sheet["ties"][0]["rule"]), (&json!("reverse"), &json!("interest")), "{sheet:#}");
        cashier.act(&undo).await.refused(403, "forbidden");
        keeper.act(&undo).await.refused(403, "other_person_needed");
        assert_eq!(w.balance("490101").await, "-30.00", "nothing was changed");
        assert_eq!(head.act(&undo).await.ok()["state"], "open");
        head.act(&undo).await.refused(409, "wrong_state");
        assert_eq!((w.balance("490101").await, w.balance("1002[bank=基本户]").await), ("0.00".into(), "0.00".into()));
        let undone = head.get(&path).await.ok();
        assert_eq!(undone["undo"], "nothing");
        assert!(!undone["ties"][0]["untied_at"].is_null(), "{undone:#}");

        // What cancels out is no suggestion and nothing that a statement would have to show.
        assert_eq!(kinds(&suggested(w, "U1").await), ["interest", "unclaimed"]);
        // It may be the same after all: that is a new entry, and can be taken back in its turn.
        accept(&keeper, &book, item.clone()).await.ok();
        assert_eq!(w.balance("490101").await, "-30.00");
        head.act(&undo).await.ok();
        assert_eq!(w.balance("1002[bank=基本户]").await, "0.00");
        w.attacked(
            "UPDATE bank_match SET untied_us = 1, untied_by = NULL WHERE untied_us IS NOT NULL",
            "bank_match_fixed",
        )
        .await;

        // Nor is it unclaimed for ever: who set it aside by mistake has somebody else take that back, unless a claim is under way.
        let aside = json!([{ "line": of, "kind": "unclaimed" }]);
        accept(&keeper, &book, aside.clone()).await.ok();
        assert_eq!(w.balance("2209[payable=unidentified]").await, "-30.00");
        w.attacked(
            "UPDATE bank_match SET untied_us = 1, untied_by = actor WHERE rule = 'unclaimed' AND untied_us IS NULL",
            "bank_match_persons",
        )
        .await;
        keeper.act(&undo).await.refused(403, "other_person_needed");
        let claim = json!({ "id": Uuid::now_v7(), "choice": "return", "reason": "汇错了" });
        keeper.post(&format!("{path}/claims"), claim.clone()).await.ok();
        head.act(&undo).await.refused(409, "claim_under_way");
        let ids = json!({ "claims": [claim["id"]], "reason": "先核对来款" });
        head.post("/staff/bank-claims/declines", ids).await.ok();
        assert_eq!(head.act(&undo).await.ok()["state"], "open");
        accept(&keeper, &book, aside).await.ok();
        head.act(&undo).await.ok();
        assert_eq!(w.balance("2209[payable=unidentified]").await, "0.00");
        let at_once =
            futures_util::future::join(accept(&keeper, &book, item.clone()), accept(&head, &book, item)).await;
        let taken = [at_once.0.status, at_once.1.status].iter().filter(|status| **status == 200).count();
        assert_eq!(taken, 1, "one of two who accept the same line");
        assert_eq!(w.balance("490101").await, "-30.00");
        let statements = head.get(&format!("{book}/bank-statements?{ACCOUNT}")).await.ok();
        assert_eq!(statements["items"][0]["open"], 1, "only the charge waits");
        let references = "SELECT CAST(count(*) AS BIGINT) FROM entry WHERE reference LIKE '%bank_interest:%'";
        assert_eq!(w.count(references).await, 5, "three times booked, twice taken back");
        let month = day.to_string()[..7].to_owned();
        let balance = head.get(&format!("{book}/bank-balances/{month}?{ACCOUNT}")).await.ok();
        let items = balance["items"].as_array().unwrap();
        assert!(items.len() == 1 && items[0]["kind"] == "bank_paid", "only the charge is not booked yet: {balance:#}");
    })
    .await;
}

/// Of several that have the very same amount, each is offered with its reason, the nearest first, and none is chosen.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_the_same_amount_is_offered_whole_and_chosen_by_a_person() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let head = w.staff(Role::FinanceHead).await;
        let day = w.app.business.today();
        w.pass(3 * 86_400).await;
        let last = w.app.business.today();
        for (reference, on) in [("Z-1", day), ("Z-2", last), ("Z-3", day), ("Z-4", day), ("QR-77", day)] {
            let gift = json!({
                "id": Uuid::now_v7(), "campaign": campaign, "amount": "7.00", "counterparty": "示例公司", "bank_account": "基本户",
                "reference": reference, "received_on": on.to_string(),
            });
            cashier.post("/staff/bank-gifts", gift.clone()).await.ok();
            head.act(&format!("/staff/bank-gifts/{}/confirmation", id(&gift))).await.ok();
        }
        let students = [payee(w, campaign, "王一（示例）", 1).await, payee(w, campaign, "王二（示例）", 2).await];
        let grant = paper(campaign, "a", &students, "10.00");
        approved(w, &grant).await;
        sent(w, &grant).await;
        let moves = [("G2", 700, "示例公司", "捐款 单据 QR-77"), ("P1", -1_000, "王某", "助学金")];
        let taken = bring(&cashier, &book, file(last, 100_000, &moves), "&write=true").await.ok();
        assert_eq!(taken["matched"], 0, "{taken:#}");

        let gifts = suggested(w, "G2").await;
        assert_eq!(kinds(&gifts), ["entry", "entry", "entry", "entry", "entry", "unclaimed"], "{gifts:#?}");
        let why = |one: &Value| one["reason"].as_str().unwrap().to_owned();
        assert!(why(&gifts[0]).contains("单据号也相同"), "{gifts:#?}");
        assert!(why(&gifts[1]).contains("同日") && why(&gifts[2]).contains("相差3天"), "{gifts:#?}");
        assert!(gifts[..5].iter().all(|one| why(one).contains("金额相同的凭证有5笔")), "{gifts:#?}");
        let paid = suggested(w, "P1").await;
        assert_eq!(kinds(&paid), ["payouts", "payouts"], "{paid:#?}");
        assert!(paid.iter().all(|one| why(one).contains("待付款项有2笔")), "{paid:#?}");
        let offered: Vec<&Value> = paid.iter().map(|one| &one["ids"][0]).collect();
        assert!(payouts(&grant).iter().all(|one| offered.contains(&&json!(one))), "{paid:#?}");

        // A person says which.
        let item = json!({ "line": line(w, "open", "P1").await, "kind": "payouts", "ids": paid[1]["ids"] });
        let gift = json!({ "line": line(w, "open", "G2").await, "kind": "entry", "ids": gifts[0]["ids"] });
        accept(&keeper, &book, json!([item, gift])).await.ok();
        assert_eq!(lines(w, "open").await.len(), 0);
        let of = line(w, "matched", "G2").await;
        let sheet = keeper.get(&format!("/staff/bank-lines/{of}")).await.ok();
        assert_eq!((&sheet["ties"][0]["entry"], &sheet["claims"]), (&gifts[0]["ids"][0], &json!([])), "{sheet:#}");
    })
    .await;
}

/// The other side of a line often comes after it: the day's run looks again. What only looks alike stays a suggestion, and what a person
/// parted is not put together again.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_whose_other_side_comes_later_is_matched_by_the_days_run() {
    story(async |w| {
        let campaign = funded(w, "1000.00").await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let head = w.staff(Role::FinanceHead).await;
        w.gift(&w.donor("o-one").await, campaign, "100.00").await;
        let withdraw = async |amount: &str| {
            let new = json!({
                "id": Uuid::now_v7(), "book": w.book.uuid(), "kind": "withdrawal", "amount": amount, "bank_account": "基本户",
            });
            cashier.post("/staff/transfers", new.clone()).await.ok();
            w.lever("withdraw", json!({ "amount": amount })).await;
            head.act(&format!("/staff/transfers/{}/confirmation", id(&new))).await.ok();
        };
        let day = w.app.business.today();
        // The bank shows a withdrawal that nobody has written down, and money that looks like a gift somebody has yet to write down.
        let moves =
            [("W1", 4_000, "财付通支付科技有限公司", "提现"), ("G1", 500, "示例公司", "捐款"), ("G2", 700, "示例公司", "捐款")];
        let statement = file(day, 100_000, &moves);
        assert_eq!(bring(&cashier, &book, statement, "&write=true").await.ok()["matched"], 0);
        w.run_job("reconcile").await;
        assert_eq!(lines(w, "open").await.len(), 3, "nothing is there yet");
        withdraw("40.00").await;
        let gift = async |amount: &str, reference: &str| {
            let gift = json!({
                "id": Uuid::now_v7(), "campaign": campaign, "amount": amount, "counterparty": "示例公司", "bank_account": "基本户",
                "reference": reference, "received_on": day.to_string(),
            });
            cashier.post("/staff/bank-gifts", gift.clone()).await.ok();
            head.act(&format!("/staff/bank-gifts/{}/confirmation", id(&gift))).await.ok();
        };
        // One with the number of the line, one with another.
        gift("5.00", "G1").await;
        gift("7.00", "Z-7").await;
        assert_eq!(lines(w, "open").await.len(), 3);
        assert_eq!(w.run_job("reconcile").await, 2, "the lines it matched are what it did");
        assert_eq!(w.balance("1009[channel=wechat_transit]").await, "0.00", "what had arrived is booked from its line");
        let open = lines(w, "open").await;
        assert_eq!((open.len(), &open[0]["reference"]), (1, &json!("G2")), "{open:#?}");
        assert_eq!(kinds(&suggested(w, "G2").await)[0], "entry", "what only looks alike is for a person");
        let ties = "SELECT CAST(count(*) AS BIGINT) FROM bank_match WHERE untied_us IS NULL AND actor = 'system'";
        assert_eq!(w.count(ties).await, 2);
        assert_eq!(w.run_job("reconcile").await, 0);
        assert_eq!(w.count(ties).await, 2, "a second look finds nothing");

        // A person says that they do not belong together: so it stays.
        let parted = line(w, "matched", "G1").await;
        assert_eq!(keeper.act(&format!("/staff/bank-lines/{parted}/untying")).await.ok()["state"], "open");
        w.run_job("reconcile").await;
        assert_eq!(lines(w, "open").await.len(), 2);
        // Nor is a line taken from under a claim that waits for its second person.
        let of = line(w, "open", "G2").await;
        let claim = json!({ "id": Uuid::now_v7(), "choice": "gift", "campaign": campaign, "reason": "电话核实" });
        keeper.post(&format!("/staff/bank-lines/{of}/claims"), claim).await.ok();
        gift("7.00", "G2").await;
        w.run_job("reconcile").await;
        assert_eq!(line(w, "open", "G2").await, of);
    })
    .await;
}
