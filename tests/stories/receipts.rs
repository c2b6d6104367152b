//! Receipts of the finance bureau: wished by donors, imported as numbers, void or reversed, and counted while they are missing.

use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::Caller;
use crate::world::{CREDIT_CODE, Gift, World, story};

const HEAD: &str = "订单号,票据代码,票据号码,校验码,开票日期,金额";

fn line(w: &World, gift: &Gift, number: u32, amount: &str) -> String {
    format!("{},13060126,{number:010},a1b2c3,{},{amount}", gift.order, w.app.business.today())
}

async fn import(w: &World, lines: &[String], trial: bool) -> Value {
    let csv = format!("\u{feff}{HEAD}\r\n{}\r\n", lines.join("\r\n"));
    let cashier = w.staff(Role::Cashier).await;
    cashier.post("/staff/receipts/import", json!({ "csv": csv, "trial": trial })).await.ok()
}

async fn backlog(w: &World) -> (i64, i64, i64) {
    let seen = w.staff(Role::Auditor).await.get("/staff/receipts/backlog").await.ok();
    let number = |name: &str| seen[name].as_i64().unwrap();
    (number("waiting"), number("overdue"), number("to_reverse"))
}

async fn wishing(w: &World, donor: &Caller, campaign: uuid::Uuid, amount: &str) -> Gift {
    let gift = w.gift(donor, campaign, amount).await;
    donor.post(&format!("/donations/{}/receipt-wish", gift.id), json!({ "name": "=甲示例" })).await.ok();
    gift
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_waits_until_its_number_is_imported() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let gift = w.gift(&donor, campaign, "100.00").await;
        let wish = format!("/donations/{}/receipt-wish", gift.id);
        donor.post(&wish, json!({})).await.refused(422, "invalid_field");
        w.donor("o-two").await.post(&wish, json!({ "name": "乙" })).await.refused(404, "no_such_donation");
        assert_eq!(backlog(w).await, (0, 0, 0));
        donor.post(&wish, json!({ "name": "=甲示例" })).await.ok();
        donor.post(&wish, json!({})).await.ok();
        assert_eq!(backlog(w).await, (1, 0, 0));
        w.pass(8 * 86_400).await;
        assert_eq!(backlog(w).await, (1, 1, 0), "after seven days it is backlog");
        donor.get(&format!("/donations/{}/receipt", gift.id)).await.refused(404, "no_receipt");

        let cashier = w.staff(Role::Cashier).await;
        let exported = cashier.post("/staff/receipts/wishes/export", json!({ "reason": "开具一月票据" })).await.ok();
        let csv = exported["csv"].as_str().unwrap();
        let (head, wished) = csv.trim_start_matches('\u{feff}').split_once('\n').unwrap();
        assert_eq!(
            head.trim_end(),
            "订单号,付款人,金额,到账日期,收款单位,统一社会信用代码,付款人类型,付款人统一社会信用代码"
        );
        assert!(wished.starts_with(&format!("{},'=甲示例,100.00,", gift.order)), "{csv}");
        assert!(
            wished.trim_end().ends_with(&format!(",示例青少年发展基金会,{CREDIT_CODE},个人,")),
            "whose receipt it is: {csv}"
        );
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM unmasking").await, 1);
        cashier.post("/staff/receipts/wishes/export", json!({ "reason": " " })).await.refused(422, "invalid_field");

        let numbers = [line(w, &gift, 1, "100.00")];
        assert_eq!(import(w, &numbers, true).await["taken"], 1);
        assert_eq!(backlog(w).await, (1, 1, 0), "a trial takes nothing");
        assert_eq!(import(w, &numbers, false).await["taken"], 1);
        let again = import(w, &numbers, false).await;
        assert_eq!((&again["taken"], &again["known"]), (&json!(0), &json!(1)));
        assert_eq!(backlog(w).await, (0, 0, 0));
        let receipt = donor.get(&format!("/donations/{}/receipt", gift.id)).await.ok();
        assert_eq!((&receipt["number"], &receipt["amount"]), (&json!("0000000001"), &json!("100.00")));
        w.donor("o-two").await.get(&format!("/donations/{}/receipt", gift.id)).await.refused(404, "no_such_donation");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_one_faulty_line_is_not_taken_at_all() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let (good, other) = (wishing(w, &donor, campaign, "10.00").await, wishing(w, &donor, campaign, "20.00").await);
        let unwished = w.gift(&donor, campaign, "30.00").await;
        let lines = [
            line(w, &good, 1, "10.00"),
            line(w, &good, 2, "10.00"),
            line(w, &other, 3, "20.01"),
            line(w, &unwished, 4, "30.00"),
            format!("{},13060126,5,a1b2c3,2026-01-20,20.00", other.order),
            line(w, &Gift { order: "0".repeat(32), ..other.clone() }, 6, "1.00"),
            format!("{},13060126,0000000007,a1b2c3,2026-02-30,20.00", "1".repeat(32)),
        ];
        let report = import(w, &lines, false).await;
        let faulty: Vec<(i64, &str)> = report["faulty"]
            .as_array()
            .unwrap()
            .iter()
            .map(|bad| (bad["line"].as_i64().unwrap(), bad["column"].as_str().unwrap()))
            .collect();
        let expected = [(3, "订单号"), (4, "金额"), (5, "订单号"), (6, "票据号码"), (7, "订单号"), (8, "开票日期")];
        assert_eq!(faulty, expected);
        assert_eq!(backlog(w).await, (2, 0, 0));
        let cashier = w.staff(Role::Cashier).await;
        for csv in ["订单号,金额\n", "订单号,订单号,票据代码,票据号码,校验码,开票日期,金额\n", ""]
        {
            let refused = cashier.post("/staff/receipts/import", json!({ "csv": csv })).await;
            refused.refused(422, "file_unreadable");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_ends_and_is_never_edited() {
    story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let gift = wishing(w, &donor, campaign, "50.00").await;
        import(w, &[line(w, &gift, 1, "50.00")], false).await;
        let request = json!({ "id": uuid::Uuid::now_v7(), "amount": "20.00", "reason": "error" });
        donor.post(&format!("/donations/{}/refund-requests", gift.id), request.clone()).await.ok();
        let path = format!("/staff/refunds/{}/approval", request["id"].as_str().unwrap());
        w.staff(Role::FinanceHead).await.act(&path).await.ok();
        w.run_job("send_refunds").await;
        w.until_gift(&donor, &gift, "partly_refunded").await;
        assert_eq!(backlog(w).await, (0, 0, 1), "its receipt says too much now");

        let cashier = w.staff(Role::Cashier).await;
        let listed = cashier.get("/staff/receipts").await.ok();
        let of = |step: &str| format!("/staff/receipts/{}/{step}", listed["items"][0]["id"].as_str().unwrap());
        let red = json!({ "reason": "部分退款", "code": "13060126", "number": "9000000001" });
        assert_eq!(cashier.post(&of("reversal"), red.clone()).await.ok()["state"], "reversed");
        cashier.post(&of("reversal"), red).await.refused(409, "wrong_state");
        cashier.post(&of("void"), json!({ "reason": "错误" })).await.refused(409, "wrong_state");
        assert_eq!(backlog(w).await, (1, 0, 0), "the wish waits for a receipt over the rest");
        assert_eq!(import(w, &[line(w, &gift, 2, "30.00")], false).await["taken"], 1);
        for attack in [
            "UPDATE receipt SET amount_fen = 1",
            "UPDATE receipt SET number = '0000000009'",
            "UPDATE receipt SET state = 'issued' WHERE state = 'reversed'",
            "UPDATE receipt SET state = 'voided' WHERE state = 'issued'",
            "DELETE FROM receipt",
        ] {
            assert!(w.sql(attack).await.is_err(), "{attack}");
        }
    })
    .await;
}

/// A receipt is given by the legal entity that received the gift: its cashier handles its own lines, and nobody else's.
#[tokio::test(flavor = "multi_thread")]
async fn the_cashier_of_a_countys_own_legal_entity_gives_its_receipts_and_no_others() {
    story(async |w| {
        let ours = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        let gift = wishing(w, &donor, ours, "100.00").await;
        let here = w.hire_over(Role::Cashier, "cashier-130502", "/hebei/1305/130502/").await;
        let reason = json!({ "reason": "开具票据" });
        here.post("/staff/receipts/wishes/export", reason.clone()).await.refused(403, "forbidden");
        let county = crate::entities::county(w).await;
        let bank = json!({
            "id": Uuid::now_v7(), "campaign": county.campaign, "amount": "80.00", "counterparty": "示例公司", "bank_account": "区基本户", "reference": "K-1",
            "received_on": w.app.business.today().to_string(), "receipt": "requested",
        });
        county.cashier.post("/staff/bank-gifts", bank.clone()).await.ok();
        county.keeper.act(&format!("/staff/bank-gifts/{}/confirmation", bank["id"].as_str().unwrap())).await.ok();

        let order = bank["id"].as_str().unwrap().replace('-', "");
        let exported = here.post("/staff/receipts/wishes/export", reason.clone()).await.ok();
        let csv = exported["csv"].as_str().unwrap();
        assert!(csv.contains(&order) && !csv.to_lowercase().contains(&gift.order.to_lowercase()), "{csv}");
        let today = w.app.business.today();
        let file = |order: &str, number: u32, amount: &str| {
            json!({ "csv": format!("{HEAD}\r\n{order},13060126,{number:010},a1b2c3,{today},{amount}\r\n"), "trial": false })
        };
        let of_county = |csv: &Value| csv["csv"].as_str().unwrap().contains(&order);
        let above = w.staff(Role::Cashier).await.post("/staff/receipts/wishes/export", reason.clone()).await.ok();
        assert!(!of_county(&above), "nor does the cashier of the legal entity above");
        let foreign = here.post("/staff/receipts/import", file(&gift.order, 1, "100.00")).await.ok();
        assert_eq!((&foreign["taken"], &foreign["faulty"][0]["problem"]), (&json!(0), &json!("没有这个订单号")));
        assert_eq!(here.post("/staff/receipts/import", file(&order, 2, "80.00")).await.ok()["taken"], 1);
        assert_eq!(import(w, &[line(w, &gift, 1, "100.00")], false).await["taken"], 1, "the province's cashier");

        let listed = w.staff(Role::Auditor).await.get("/staff/receipts").await.ok();
        let receipt = |number: &str| {
            let items = listed["items"].as_array().unwrap();
            items.iter().find(|one| one["number"] == number).unwrap()["id"].as_str().unwrap().to_owned()
        };
        let void = json!({ "reason": "抬头有误" });
        here.post(&format!("/staff/receipts/{}/void", receipt("0000000001")), void.clone()).await.refused(403, "forbidden");
        here.post(&format!("/staff/receipts/{}/void", receipt("0000000002")), void).await.ok();
        let far = w.hire_over(Role::Cashier, "cashier-1306", "/hebei/1306/").await;
        far.post("/staff/receipts/wishes/export", reason).await.refused(403, "forbidden");
        far.post("/staff/receipts/import", file(&order, 3, "80.00")).await.refused(403, "forbidden");
    })
    .await;
}
