//! Subsidies: claimed, cut, withdrawn, at the rate of each day.

use domain::Money;
use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use crate::spending;
use crate::world::{World, story};

use super::{Loan, by_days, fen, house, notice, on, parts, total};

#[tokio::test(flavor = "multi_thread")]
async fn a_subsidy_is_claimed_for_what_was_paid_in_time_and_received_once() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let good = h.lent(w, "equal_principal", "36000.00", 1).await;
        let bad = h.lent(w, "equal_principal", "36000.00", 2).await;
        h.closed_before(w, "2026-03-01").await;
        h.pay(&good, "2026-03-01", "3116.20").await;
        h.closed_before(w, "2026-03-05").await;
        h.pay(&bad, "2026-03-05", "4000.00").await;
        let claims = format!("/staff/loan-programmes/{}/subsidies", h.programme);
        h.town.lender.act(&claims).await.refused(403, "forbidden");
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let claimed = bookkeeper.act(&claims).await.ok();
        let claimed = claimed["items"].as_array().unwrap();
        assert_eq!(claimed.len(), 1, "whoever was late gets none");
        assert_eq!((&claimed[0]["contract"], &claimed[0]["amount"]), (&json!(good.id), &json!("58.10")));
        assert_eq!(bookkeeper.act(&claims).await.ok()["items"], json!([]), "once");
        assert_eq!((w.balance("L1221").await, w.balance("L2241").await), ("58.10".into(), "-58.10".into()));
        let receipt = format!("/staff/loan-subsidies/{}/receipt", claimed[0]["id"].as_str().unwrap());
        bookkeeper.post(&receipt, json!({ "on": "2026-03-04" })).await.refused(422, "invalid_field");
        bookkeeper.post(&receipt, json!({ "on": "2026-03-06" })).await.refused(422, "invalid_field");
        on(w, "2026-03-20").await;
        let received = bookkeeper.post(&receipt, json!({ "on": "2026-03-18" })).await.ok();
        assert_eq!((&received["state"], &received["received_on"]), (&json!("received"), &json!("2026-03-18")));
        assert_eq!(bookkeeper.post(&receipt, json!({ "on": "2026-03-18" })).await.ok(), received, "again is the same");
        bookkeeper.post(&receipt, json!({ "on": "2026-03-19" })).await.refused(409, "id_reused");
        assert_eq!((w.balance("L1221").await, w.balance("L2241").await), ("0.00".into(), "0.00".into()));
        assert_eq!(h.seen(&good).await["subsidies"][0]["state"], "received");
        w.attacked("UPDATE loan_subsidy SET amount_fen = 1", "loan_subsidy_fixed").await;
    })
    .await;

    // Where the bank asks the borrower for less, the claim takes the place of interest that is due.
    let mut terms = by_days();
    terms["subsidy"]["recipient"] = json!("bank");
    story(async |w| {
        let h = house(w, terms.clone()).await;
        let less = h.lent(w, "equal_principal", "36000.00", 1).await;
        let all = h.lent(w, "equal_principal", "36000.00", 2).await;
        let short = h.lent(w, "equal_principal", "36000.00", 3).await;
        h.closed_before(w, "2026-03-01").await;
        for (loan, amount) in [(&less, "3058.10"), (&all, "3116.20"), (&short, "3058.09")] {
            h.pay(loan, "2026-03-01", amount).await;
        }
        h.closed_before(w, "2026-03-05").await;
        assert_eq!(h.standing(&less).await["days_past_due"], 4, "until it is claimed");
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let claims = format!("/staff/loan-programmes/{}/subsidies", h.programme);
        let claimed = bookkeeper.act(&claims).await.ok()["items"].as_array().unwrap().clone();
        assert_eq!(claimed.len(), 2, "{claimed:?}");
        let standing = h.standing(&less).await;
        assert_eq!(
            (&standing["days_past_due"], parts(&standing["due"])),
            (&json!(0), ["0.00"; 5]),
            "and it never was late"
        );
        assert_eq!(w.balance("L1321").await, "34.23", "three days of three loans");
        assert_eq!((w.balance("L1221").await, w.balance("L2241").await), ("116.20".into(), "-58.10".into()));
        for claim in &claimed {
            let receipt = format!("/staff/loan-subsidies/{}/receipt", claim["id"].as_str().unwrap());
            bookkeeper.post(&receipt, json!({ "on": "2026-03-05" })).await.ok();
        }
        assert_eq!((w.balance("L1221").await, w.balance("L2241").await), ("0.00".into(), "0.00".into()));
    })
    .await;
}

/// A subsidy above the rate the borrower bears is what lies above it at the rate of each day.
#[tokio::test(flavor = "multi_thread")]
async fn a_subsidy_follows_the_rate_of_its_instalment() {
    let mut terms = by_days();
    (terms["subsidy"]["model"], terms["subsidy"]["value"]) = (json!("above_floor"), json!("0.015"));
    story(async |w| {
        let h = house(w, terms.clone()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-03-01").await;
        h.pay(&loan, "2026-03-01", "3116.20").await;
        let over = h.tell(&loan, "rate", "2026-03-01", json!({ "rate": "0.0501" })).await;
        over.refused(422, "invalid_field");
        assert!(over.text.contains("利率超出合同约定的下限或上限"), "{}", over.text);
        h.tell(&loan, "rate", "2026-03-01", json!({ "rate": "0.02" })).await.ok();
        h.closed_before(w, "2026-04-01").await;
        // 33 000.00 × 2 % × 31 / 360.
        h.pay(&loan, "2026-04-01", "3056.83").await;
        h.closed_before(w, "2026-04-11").await;
        h.tell(&loan, "rate", "2026-04-11", json!({ "rate": "0.04" })).await.ok();
        h.closed_before(w, "2026-05-01").await;
        // Ten days at 2 % and twenty at 4 %: of these the borrower bears 1.5 of 10 / 3.
        let standing = h.pay(&loan, "2026-05-01", "3083.33").await;
        assert_eq!(parts(&standing["due"]), ["0.00"; 5]);
        on(w, "2026-05-02").await;
        let claims = format!("/staff/loan-programmes/{}/subsidies", h.programme);
        let claimed = w.staff(Role::Bookkeeper).await.act(&claims).await.ok()["items"].as_array().unwrap().clone();
        let amounts: Vec<&str> = claimed.iter().map(|one| one["amount"].as_str().unwrap()).collect();
        assert_eq!(amounts, ["74.20", "14.21", "45.83"]);
    })
    .await;
}

/// A claim is withdrawn when the payment it was for turns out never to have been; the payer may cut one, or refuse it.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_withdrawn_with_its_payment_and_may_be_cut() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        let other = h.lent(w, "equal_principal", "36000.00", 2).await;
        h.closed_before(w, "2026-03-01").await;
        let paid = notice("repayment", "2026-03-01", json!({ "amount": "3116.20" }));
        h.told(&loan, &paid).await.ok();
        h.pay(&other, "2026-03-01", "3116.20").await;
        h.closed_before(w, "2026-03-05").await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let claims = format!("/staff/loan-programmes/{}/subsidies", h.programme);
        let claimed = bookkeeper.act(&claims).await.ok()["items"].as_array().unwrap().clone();
        assert_eq!((claimed.len(), w.balance("L1221").await.as_str()), (2, "116.20"));
        let of = |loan: &Loan| {
            claimed.iter().find(|one| one["contract"] == json!(loan.id)).unwrap()["id"].as_str().unwrap().to_owned()
        };
        let receipt = |id: &str| format!("/staff/loan-subsidies/{id}/receipt");

        // The payment never was: what was claimed for it is not owed to anybody.
        h.tell(&loan, "reversal", "2026-03-01", json!({ "reverses": paid["id"] })).await.ok();
        assert_eq!((w.balance("L1221").await, w.balance("L2241").await), ("58.10".into(), "-58.10".into()));
        assert_eq!(h.seen(&loan).await["subsidies"][0]["state"], "withdrawn");
        bookkeeper.post(&receipt(&of(&loan)), json!({ "on": "2026-03-05" })).await.refused(409, "subsidy_withdrawn");
        assert_eq!(bookkeeper.act(&claims).await.ok()["items"], json!([]), "it is not paid in time");
        // It was paid on its day after all, and is claimed again.
        h.pay(&loan, "2026-03-01", "3116.20").await;
        let again = bookkeeper.act(&claims).await.ok()["items"].as_array().unwrap().clone();
        assert_eq!((again.len(), &again[0]["amount"]), (1, &json!("58.10")));

        // Less came than was claimed, and for a reason.
        let more = json!({ "on": "2026-03-05", "amount": "58.11", "reason": "试" });
        bookkeeper.post(&receipt(&of(&other)), more).await.refused(422, "invalid_field");
        let mute = json!({ "on": "2026-03-05", "amount": "50.00" });
        bookkeeper.post(&receipt(&of(&other)), mute).await.refused(422, "invalid_field");
        let less = json!({ "on": "2026-03-05", "amount": "50.00", "reason": "财政核减" });
        let cut = bookkeeper.post(&receipt(&of(&other)), less.clone()).await.ok();
        assert_eq!(
            (&cut["state"], &cut["received"], &cut["reason"]),
            (&json!("received"), &json!("50.00"), &json!("财政核减"))
        );
        assert_eq!(bookkeeper.post(&receipt(&of(&other)), less).await.ok(), cut, "again is the same");
        let refused = json!({ "on": "2026-03-05", "amount": "0.00", "reason": "不在补贴范围" });
        let refused = bookkeeper.post(&receipt(again[0]["id"].as_str().unwrap()), refused).await.ok();
        assert_eq!((&refused["state"], &refused["received"]), (&json!("rejected"), &json!("0.00")));
        assert_eq!((w.balance("L1221").await, w.balance("L2241").await), ("0.00".into(), "0.00".into()));
        assert_eq!(bookkeeper.act(&claims).await.ok()["items"], json!([]), "what was refused is not claimed again");
        w.attacked(
            "UPDATE loan_subsidy SET state = 'claimed', received_on = NULL, received_fen = NULL WHERE state = 'received'",
            "loan_subsidy_over",
        )
        .await;
        h.closed_before(w, "2026-03-07").await;
    })
    .await;

    // Where the claim took the place of interest, the borrower owes what was cut, as of its day.
    let mut terms = by_days();
    terms["subsidy"]["recipient"] = json!("bank");
    story(async |w| {
        let h = house(w, terms.clone()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-03-01").await;
        h.pay(&loan, "2026-03-01", "3058.10").await;
        h.closed_before(w, "2026-03-02").await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let claims = format!("/staff/loan-programmes/{}/subsidies", h.programme);
        let claimed = bookkeeper.act(&claims).await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(h.standing(&loan).await["due"]["interest"], "0.00");
        let less = json!({ "on": "2026-03-02", "amount": "40.00", "reason": "财政核减" });
        bookkeeper.post(&format!("/staff/loan-subsidies/{claimed}/receipt"), less).await.ok();
        let standing = h.standing(&loan).await;
        assert_eq!((total(&standing["due"]).as_str(), &standing["days_past_due"]), ("18.10", &json!(1)));
        assert_eq!(w.balance("L1221").await, "0.00");
        // A subsidy moves no due day: 18.10 × 4.15 % × 1.5 × 10 / 360 since the first of March.
        h.closed_before(w, "2026-03-11").await;
        let standing = h.standing(&loan).await;
        assert_eq!((total(&standing["due"]).as_str(), &standing["days_past_due"]), ("18.13", &json!(10)));
    })
    .await;

    // What was cut of one claim makes nobody late for the next: the borrower did not know it then.
    story(async |w| {
        let h = house(w, terms.clone()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-03-01").await;
        h.pay(&loan, "2026-03-01", "3058.10").await;
        h.closed_before(w, "2026-03-02").await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let claims = format!("/staff/loan-programmes/{}/subsidies", h.programme);
        let first = bookkeeper.act(&claims).await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
        h.closed_before(w, "2026-04-01").await;
        let owed = Money::from_fen(fen(&total(&h.standing(&loan).await["due"])) - 5_800);
        h.pay(&loan, "2026-04-01", &owed.to_string()).await;
        h.closed_before(w, "2026-04-02").await;
        let second = bookkeeper.act(&claims).await.ok()["items"].as_array().unwrap().clone();
        assert_eq!(second.len(), 1, "{second:?}");
        let less = json!({ "on": "2026-04-02", "amount": "58.09", "reason": "财政核减" });
        bookkeeper.post(&format!("/staff/loan-subsidies/{first}/receipt"), less).await.ok();
        let seen = h.seen(&loan).await;
        let states: Vec<_> = seen["subsidies"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
        assert_eq!(states, [json!("received"), json!("claimed")], "{seen}");
        assert_eq!(bookkeeper.act(&claims).await.ok()["items"], json!([]));
        // A claim is not taken back behind its back.
        let events = seen["events"].as_array().unwrap().clone();
        let applied = events.iter().rfind(|one| one["kind"] == "subsidy").unwrap()["id"].clone();
        let alone = h.tell(&loan, "reversal", "2026-04-02", json!({ "reverses": applied })).await;
        alone.refused(422, "invalid_field");
        assert!(alone.text.contains("贴息不能直接冲正"), "{}", alone.text);
        h.closed_before(w, "2026-04-04").await;
    })
    .await;
}

/// A grant of a campaign that is with the bank, and its only payment.
async fn grant(w: &World, campaign: Uuid, amount: &str) -> (Uuid, Uuid) {
    let code = spending::line(w, campaign).await;
    let payee = spending::payee(w, campaign, "示例银行", 1).await;
    let paper = spending::paper(campaign, &code, &[payee], amount);
    spending::approved(w, &paper).await;
    (spending::sent(w, &paper).await, spending::payouts(&paper)[0])
}

/// The bank has paid it.
async fn confirmed(w: &World, (file, payout): (Uuid, Uuid)) -> Uuid {
    let done = spending::results(w, &[payout], true);
    w.staff(Role::Bookkeeper).await.post(&format!("/staff/payment-files/{file}/results"), done).await.ok();
    payout
}

/// A foundation that pays interest with its own money pays it as a grant of a campaign that says so; a claim names the payment it came by, once,
/// and no more of it than it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_foundations_own_subsidy_is_a_grant_that_the_claim_names() {
    story(async |w| {
        let mut terms = by_days();
        terms["subsidy"]["payer"] = json!("示例基金会");
        (terms["subsidy"]["flow"], terms["subsidy"]["book"]) = (json!("own"), json!(w.book.uuid()));
        let h = house(w, terms).await;
        let loans =
            [h.lent(w, "equal_principal", "36000.00", 1).await, h.lent(w, "equal_principal", "36000.00", 2).await];
        h.closed_before(w, "2026-03-01").await;
        for loan in &loans {
            h.pay(loan, "2026-03-01", "3116.20").await;
        }
        h.closed_before(w, "2026-03-05").await;
        let bookkeeper = w.staff(Role::Bookkeeper).await;
        let claims = format!("/staff/loan-programmes/{}/subsidies", h.programme);
        let claimed = bookkeeper.act(&claims).await.ok()["items"].as_array().unwrap().clone();
        assert_eq!(claimed.len(), 2, "{claimed:?}");
        let receipt = |at: usize| format!("/staff/loan-subsidies/{}/receipt", claimed[at]["id"].as_str().unwrap());
        let came = |payout: Uuid| json!({ "on": "2026-03-05", "payout": payout });

        // Of another campaign's money no interest is paid; nor of money that is not yet gone.
        let elsewhere = spending::funded(w, "1000.00").await;
        let elsewhere = confirmed(w, grant(w, elsewhere, "100.00").await).await;
        let mut draft = w.draft("5000000.00");
        draft["name"] = json!("青年创业贷款贴息（示例）");
        let campaign = spending::paid_in(w, w.open_as(draft).await, "1000.00").await;
        let sent = grant(w, campaign, "100.00").await;
        for (body, words) in [
            (json!({ "on": "2026-03-05" }), "请填写支付它的付款"),
            (came(Uuid::now_v7()), "没有这笔付款"),
            (came(elsewhere), "没有写明贴息"),
            (came(sent.1), "银行尚未确认付出"),
        ] {
            let refused = bookkeeper.post(&receipt(0), body).await;
            refused.refused(422, "invalid_field");
            assert!(refused.text.contains(words), "{}", refused.text);
        }
        let named = |payout: Uuid| {
            let payout = w.sql_id(&payout.to_string());
            format!(
                "UPDATE loan_subsidy SET state = 'received', received_on = '2026-03-05', received_fen = amount_fen, payout_id = {payout} \
                 WHERE state = 'claimed'"
            )
        };
        w.attacked(&named(sent.1), "loan_subsidy_payout").await;
        let payout = confirmed(w, sent).await;
        let received = bookkeeper.post(&receipt(0), came(payout)).await.ok();
        assert_eq!((&received["state"], &received["payout"]), (&json!("received"), &json!(payout)));
        assert_eq!(bookkeeper.post(&receipt(0), came(payout)).await.ok(), received, "again is the same");
        bookkeeper.post(&receipt(0), came(elsewhere)).await.refused(409, "id_reused");

        // What is left of it pays the next, and no fen more.
        let more = bookkeeper.post(&receipt(1), came(payout)).await;
        more.refused(422, "invalid_field");
        assert!(more.text.contains("合计超过付款金额"), "{}", more.text);
        w.attacked(&named(payout), "loan_subsidy_payout").await;
        let early = format!(
            "UPDATE loan_subsidy SET payout_id = {} WHERE state = 'claimed'",
            w.sql_id(&payout.to_string())
        );
        w.attacked(&early, "loan_subsidy_payout").await;
        let mut rest = came(payout);
        (rest["amount"], rest["reason"]) = (json!("41.90"), json!("按年度预算支付"));
        // What its payee paid back paid nothing.
        let back = json!({
            "id": Uuid::now_v7(), "kind": "recovered", "amount": "0.01", "reason": "退回余款", "on": "2026-03-05",
            "bank": { "bank_account": "基本户", "reference": "R-9" },
        });
        w.staff(Role::Cashier).await.post(&format!("/staff/payouts/{payout}/settlements"), back.clone()).await.ok();
        bookkeeper.post(&receipt(1), rest.clone()).await.refused(422, "invalid_field");
        let declined = format!("/staff/settlements/{}/decline", back["id"].as_str().unwrap());
        bookkeeper.post(&declined, json!({ "reason": "款项属于另一笔付款" })).await.ok();
        bookkeeper.post(&receipt(1), rest).await.ok();
        assert_eq!((w.balance("L1221").await, w.balance("L2241").await), ("0.00".into(), "0.00".into()));
        let line = spending::line(w, campaign).await;
        assert_eq!(w.balance(&format!("5101[campaign={campaign},line={line}]")).await, "100.00");
        w.attacked("UPDATE loan_subsidy SET payout_id = NULL WHERE payout_id IS NOT NULL", "loan_subsidy_over").await;
        h.closed_before(w, "2026-03-07").await;
    })
    .await;
}
