//! What becomes of one loan, from its payout to its end.

use domain::Money;
use domain::bank_file::Kind;
use domain::loan::overdue::Class;
use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::lending::terms;
use crate::world::{LOAN_PROGRESS, story};

use super::{by_days, fen, file, house, notice, on, open, parts, stands, told, total};

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_goes_from_the_payout_to_the_last_instalment() {
    story(async |w| {
        let h = house(w, by_days()).await;
        on(w, "2026-02-01").await;
        let loan = h.signed(w, "equal_principal", "36000.00", 1).await;
        let early = h.tell(&loan, "repayment", "2026-02-01", json!({ "amount": "1.00" })).await;
        early.refused(409, "loan_not_paid_out");
        let short = h.tell(&loan, "payout", "2026-02-01", json!({ "amount": "35999.99" })).await;
        short.refused(422, "invalid_field");
        assert!(short.body["detail"].as_str().unwrap().contains("放款金额应等于合同本金"), "{}", short.text);
        let payout = notice("payout", "2026-02-01", json!({ "amount": "36000.00" }));
        let paid_out = h.told(&loan, &payout).await.ok();
        assert_eq!(h.told(&loan, &payout).await.ok(), paid_out, "told again it changes nothing");
        let mut other = payout.clone();
        other["on"] = json!("2026-01-31");
        h.told(&loan, &other).await.refused(409, "id_reused");
        h.tell(&loan, "payout", "2026-02-01", json!({ "amount": "36000.00" })).await.refused(409, "changed_meanwhile");
        assert_eq!(h.state(&loan).await, "paid_out");
        assert_eq!(w.balance("L1301[contract=HT-1]").await, "36000.00");
        assert_eq!(w.balance("L1003").await, "-36000.00");

        // Each day earns 4.15, booked when it is over.
        assert_eq!(h.closed_before(w, "2026-02-11").await, 17);
        assert_eq!(w.run_job("close_loans").await, 0, "once");
        assert_eq!((w.balance("L1321").await, w.balance("L6011").await), ("37.35".into(), "-37.35".into()));
        assert_eq!(h.state(&loan).await, "performing");
        let days = h.days().await;
        assert_eq!(
            (&days[0]["day"], &days[0]["interest"], &days[0]["loans"]),
            (&json!("2026-02-10"), &json!("4.15"), &json!(1))
        );

        // The first instalment falls due, and is paid on its day.
        h.closed_before(w, "2026-03-01").await;
        assert_eq!(parts(&h.standing(&loan).await["due"]), ["3000.00", "116.20", "0.00", "0.00", "0.00"]);
        let standing = h.pay(&loan, "2026-03-01", "3116.20").await;
        assert_eq!((&standing["principal"], &standing["days_past_due"]), (&json!("33000.00"), &json!(0)));
        h.closed_before(w, "2026-03-02").await;
        assert_eq!(w.balance("L1302[contract=HT-1]").await, "0.00");
        assert_eq!(w.balance("L1301[contract=HT-1]").await, "33000.00");
        assert_eq!(w.balance("L1321").await, "0.00");

        // More than is due is the borrower's credit; less is taken by the order of the contract.
        h.closed_before(w, "2026-04-01").await;
        let standing = h.pay(&loan, "2026-04-01", "3200.00").await;
        assert_eq!((&standing["principal"], &standing["credit"]), (&json!("30000.00"), &json!("82.07")));
        assert_eq!(w.balance("L2011").await, "-82.07");
        h.closed_before(w, "2026-05-01").await;
        let standing = h.pay(&loan, "2026-05-01", "1000.00").await;
        assert_eq!(parts(&standing["due"]), ["2103.75", "0.00", "0.00", "0.00", "0.00"], "interest of 103.75 first");
        h.closed_before(w, "2026-05-12").await;
        assert_eq!(h.state(&loan).await, "overdue");
        let standing = h.pay(&loan, "2026-05-12", "2107.75").await;
        assert_eq!(standing["days_past_due"], json!(0));
        assert_eq!(
            splits(&h.seen(&loan).await)[3],
            ["2103.75", "0.00", "4.00", "0.00", "0.00"],
            "eleven days of penalty first"
        );
        assert_eq!(h.state(&loan).await, "performing");

        // The borrower sees their own; others do not know of it; the League not without consent.
        let mine = loan.borrower.get(&format!("/loans/{}/servicing", loan.id)).await.ok();
        assert_eq!(mine["standing"]["principal"], "27000.00");
        assert_eq!(mine["payoff"]["principal"], "27000.00");
        let stranger = w.donor("o-stranger").await;
        stranger.get(&format!("/loans/{}/servicing", loan.id)).await.refused(404, "no_such_contract");
        let path = format!("/staff/loan-contracts/{}/servicing", loan.id);
        let head = w.staff(Role::FinanceHead).await;
        for officer in [&h.town.city, &head] {
            officer.get(&path).await.refused(403, "no_consent");
        }
        let listed = head.get("/staff/loan-contracts").await.ok();
        assert_eq!(listed["items"], json!([]), "finance sees no more than the League");
        h.town.agree(&loan.borrower, "servicing").await;
        for officer in [&h.town.city, &head] {
            assert_eq!(officer.get(&path).await.ok()["number"], "HT-1");
        }
        assert_eq!(head.get("/staff/loan-contracts").await.ok()["items"].as_array().unwrap().len(), 1);
        let contract = head.get(&format!("/staff/loan-contracts/{}", loan.id)).await.ok();
        assert!(contract["borrower"].as_str().unwrap().contains('*'), "{contract}");
        head.get("/staff/loan-applications").await.refused(403, "forbidden");
        let rival = w.hire_over(Role::BankOfficer, "rival", "/").await;
        rival.get(&path).await.refused(404, "no_such_contract");
        let steal = notice("repayment", "2026-05-12", json!({ "amount": "1.00" }));
        rival.post(&format!("/staff/loan-contracts/{}/events", loan.id), steal).await.refused(403, "no_bank_seat");

        // To the end: nothing is owed, nothing more can happen, and every fact was one entry.
        let instalments = h.standing(&loan).await["instalments"].as_array().unwrap().clone();
        assert_eq!(instalments.len(), 9);
        for row in &instalments {
            let due = row["due"].as_str().unwrap();
            h.closed_before(w, due).await;
            h.pay(&loan, due, row["total"].as_str().unwrap()).await;
        }
        let standing = h.standing(&loan).await;
        assert_eq!((&standing["principal"], &standing["credit"]), (&json!("0.00"), &json!("82.07")));
        assert_eq!(h.state(&loan).await, "settled");
        h.tell(&loan, "repayment", "2027-02-01", json!({ "amount": "1.00" })).await.refused(422, "loan_ended");
        h.closed_before(w, "2027-02-03").await;
        for account in ["L1301[contract=HT-1]", "L1302[contract=HT-1]", "L1321", "L1322"] {
            assert_eq!(w.balance(account).await, "0.00", "{account}");
        }
        let events = h.seen(&loan).await["events"].as_array().unwrap().len();
        let entries = "SELECT CAST(COUNT(*) AS BIGINT) FROM entry WHERE reference LIKE 'loan_event:%'";
        assert_eq!(w.count(entries).await, i64::try_from(events).unwrap());
        let unbalanced =
            "SELECT CAST(COUNT(*) AS BIGINT) FROM posting WHERE amount_fen <= 0 OR debit_account = credit_account";
        assert_eq!(w.count(unbalanced).await, 0);
    })
    .await;
}

/// The splits of what was paid, in the order of the days.
fn splits(seen: &Value) -> Vec<[&str; 5]> {
    let paid = seen["events"].as_array().unwrap().iter().filter(|one| one["kind"] == "repayment");
    paid.map(|one| parts(&one["split"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_is_repaid_before_its_days_in_three_ways() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let smaller = h.lent(w, "equal_principal", "36000.00", 1).await;
        let shorter = h.lent(w, "equal_principal", "36000.00", 2).await;
        let whole = h.lent(w, "equal_installment", "36000.00", 3).await;
        h.closed_before(w, "2026-02-11").await;
        let early = |mode: &str, amount: Option<&str>| json!({ "mode": mode, "amount": amount });
        // Ten days of interest on the whole, one in a hundred of what is repaid as a fee.
        let seen =
            h.tell(&smaller, "prepayment", "2026-02-11", early("reduce_installment", Some("12000.00"))).await.ok();
        assert_eq!(parts(&seen["standing"]["paid"]), ["12000.00", "41.50", "0.00", "0.00", "120.00"]);
        let rows = seen["standing"]["instalments"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[0]["principal"]), (12, &json!("2000.00")), "as many, smaller");
        let seen = h.tell(&shorter, "prepayment", "2026-02-11", early("shorten_term", Some("12000.00"))).await.ok();
        let rows = seen["standing"]["instalments"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[0]["principal"]), (8, &json!("3000.00")), "as large, fewer");
        assert_eq!(w.balance("L6031").await, "-240.00");
        let all = json!({ "mode": "full" });
        let none = h.tell(&smaller, "prepayment", "2026-02-11", early("shorten_term", Some("24000.00"))).await;
        none.refused(422, "prepaid_amount_out_of_range");
        h.tell(&smaller, "prepayment", "2026-02-11", early("shorten_term", None)).await.refused(422, "invalid_field");
        // A part is not all of it.
        let both = h.tell(&smaller, "prepayment", "2026-02-11", early("full", Some("12000.00"))).await;
        both.refused(422, "invalid_field");
        assert!(both.text.contains("此项不填金额"), "{}", both.text);

        // What is due is paid first; then all of it goes at once, as the payoff said.
        h.closed_before(w, "2026-03-02").await;
        h.tell(&whole, "prepayment", "2026-03-02", all.clone()).await.refused(422, "loan_in_arrears");
        let due = h.standing(&whole).await["due"].clone();
        h.pay(&whole, "2026-03-02", &total(&due)).await;
        let payoff = h.seen(&whole).await["payoff"].clone();
        let seen = h.tell(&whole, "prepayment", "2026-03-02", all).await.ok();
        let last = seen["events"].as_array().unwrap().last().unwrap()["kind"].clone();
        assert_eq!((last, &seen["standing"]["principal"]), (json!("prepayment"), &json!("0.00")));
        let fee = payoff["principal"].as_str().unwrap().parse::<Money>().unwrap().fen();
        assert_eq!(payoff["fee"], json!(Money::from_fen((fee + 50) / 100)));
        assert_eq!(h.state(&whole).await, "settled");
        h.closed_before(w, "2026-03-04").await;
        assert_eq!(w.balance("L1301[contract=HT-3]").await, "0.00");
    })
    .await;

    // Monthly interest has no part of a month: a part of the principal comes back on a due day only.
    story(async |w| {
        let h = house(w, terms()).await;
        let loan = h.lent(w, "equal_installment", "36000.00", 1).await;
        h.closed_before(w, "2026-02-11").await;
        let part = json!({ "mode": "reduce_installment", "amount": "12000.00" });
        let between = h.tell(&loan, "prepayment", "2026-02-11", part.clone()).await;
        between.refused(422, "prepayment_between_due_days");
        h.closed_before(w, "2026-03-01").await;
        let due = h.standing(&loan).await["due"].clone();
        h.pay(&loan, "2026-03-01", &total(&due)).await;
        let seen = h.tell(&loan, "prepayment", "2026-03-01", part).await.ok();
        assert_eq!(parts(&seen["standing"]["paid"])[4], "120.00");
        assert_eq!(seen["standing"]["instalments"].as_array().unwrap().len(), 11);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_falls_behind_comes_back_and_another_is_lost() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let back = h.lent(w, "equal_principal", "36000.00", 1).await;
        let lost = h.lent(w, "equal_principal", "36000.00", 2).await;
        h.pool("500000.00").await;
        let charity =
            json!({ "holder": "示例基金会", "holder_credit_code": crate::world::CREDIT_CODE, "size": "1.00" });
        h.admin
            .post(&format!("/staff/loan-programmes/{}/pool", h.programme), charity)
            .await
            .refused(409, "changed_meanwhile");

        // Nothing of what is not late is given up.
        h.closed_before(w, "2026-02-15").await;
        for kind in ["write_off", "class", "waiver", "compensation", "reversal"] {
            let amounts = json!({ "principal": "0", "interest": "0.01", "penalty": "0", "compound": "0", "fee": "0" });
            let amount = (kind == "compensation").then_some("1.00");
            let mute = json!({ "reason": " ", "amount": amount, "class": "doubtful", "split": amounts, "reverses": Uuid::now_v7() });
            let refused = h.tell(&back, kind, "2026-02-15", mute).await;
            refused.refused(422, "invalid_field");
            assert!(refused.text.contains("请说明原因"), "{kind}: {}", refused.text);
        }
        let write_off = h.tell(&back, "write_off", "2026-02-15", json!({})).await;
        write_off.refused(422, "invalid_field");
        assert!(write_off.text.contains("没有逾期的贷款不能核销"), "{}", write_off.text);

        // Ten days late: 3 000 × 4.15 % × 1.5 × 10 / 360, and the same of the interest of 116.20.
        h.closed_before(w, "2026-03-11").await;
        let standing = h.standing(&back).await;
        assert_eq!(parts(&standing["due"]), ["3000.00", "116.20", "5.19", "0.20", "0.00"]);
        assert_eq!((&standing["class"], &standing["days_past_due"]), (&json!("special_mention"), &json!(10)));
        let early = h.tell(&lost, "compensation", "2026-03-11", json!({ "amount": "100.00" })).await;
        early.refused(422, "pool_not_yet");
        assert!(early.text.contains("逾期满90天"), "{}", early.text);

        // Ninety days: income. Ninety-one: what was income and not paid is taken back and stands beside the balance sheet.
        h.closed_before(w, "2026-05-31").await;
        assert_eq!(h.standing(&back).await["days_past_due"], 91, "this morning");
        assert_eq!(w.balance("L7001").await, "0.00", "until the evening");
        assert_ne!(w.balance("L1321").await, "0.00");
        h.closed_before(w, "2026-06-01").await;
        let standing = h.standing(&back).await;
        assert_eq!((&standing["class"], &standing["accruing"]), (&json!("substandard"), &json!(false)));
        for account in ["L1321", "L1322", "L1323", "L6021", "L6022"] {
            assert_eq!(w.balance(account).await, "0.00", "{account}");
        }
        let mut income = 0;
        for account in ["L6011", "L6012", "L6013", "L6014", "L6015"] {
            income += fen(&w.balance(account).await);
        }
        assert_eq!(income, 0, "nothing was paid, so nothing is income");
        assert_ne!(w.balance("L7001").await, "0.00");
        h.closed_before(w, "2026-06-03").await;

        // A part changes nothing of that; principal is first now.
        h.pay(&back, "2026-06-03", "3000.00").await;
        assert_eq!(splits(&h.seen(&back).await)[0], ["3000.00", "0.00", "0.00", "0.00", "0.00"], "先本后息");
        assert_eq!(h.standing(&back).await["accruing"], json!(false));
        // A judgement can only make it worse.
        h.tell(&back, "class", "2026-06-03", json!({ "class": "doubtful", "reason": "经营停止" })).await.ok();
        assert_eq!(h.standing(&back).await["class"], "doubtful");
        h.tell(&back, "class", "2026-06-03", json!({ "class": "normal" })).await.ok();
        assert_eq!(h.standing(&back).await["class"], "substandard", "the days say no less");
        // Everything that is late is paid: it is income again.
        let due = h.standing(&back).await["due"].clone();
        let standing = h.pay(&back, "2026-06-03", &total(&due)).await;
        assert_eq!((&standing["class"], &standing["accruing"]), (&json!("normal"), &json!(true)));
        assert_eq!(h.state(&back).await, "performing");

        // The pool pays six tenths of what is lost, not more; what comes back goes back in the same share.
        let too_much = h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "21600.01" })).await;
        too_much.refused(422, "pool_share_exceeded");
        assert!(too_much.text.contains("21600.00"), "{}", too_much.text);
        h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "21600.00" })).await.ok();
        assert_eq!(h.state(&lost).await, "compensated");
        assert_eq!(w.balance("L1401").await, "21600.00");
        h.tell(&lost, "compensation", "2026-06-03", json!({ "amount": "0.01" }))
            .await
            .refused(422, "pool_share_exceeded");
        h.tell(&lost, "write_off", "2026-06-03", json!({ "reason": "核销批复（示例）" })).await.ok();
        assert_eq!(h.state(&lost).await, "written_off");
        assert_eq!(h.standing(&lost).await["class"], "loss", "what is written off is lost");
        assert_eq!(w.balance("L1304").await, "14400.00");
        h.closed_before(w, "2026-06-04").await;
        h.tell(&lost, "repayment", "2026-06-04", json!({ "amount": "1.00" })).await.refused(422, "loan_ended");
        h.tell(&lost, "recovery", "2026-06-04", json!({ "amount": "1000.00" })).await.ok();
        assert_eq!((w.balance("L1401").await, w.balance("L1304").await), ("21000.00".into(), "14000.00".into()));
        h.tell(&lost, "recovery", "2026-06-04", json!({ "amount": "99999.00" }))
            .await
            .refused(422, "more_than_outstanding");
        h.closed_before(w, "2026-06-05").await;
        assert_eq!(w.balance("L1302[contract=HT-2]").await, "0.00");

        // The month as the League reads it: no names without consent.
        let report = h.town.city.get("/staff/loan-report?month=2026-06").await.ok();
        assert_eq!((&report["total"]["count"], &report["unnamed"]), (&json!(1), &json!(0)));
        assert_eq!(report["lines"][0]["division"], "130502001");
        let sheet = h.town.city.get("/staff/loan-report.xlsx?month=2026-06").await;
        assert_eq!((sheet.status, &sheet.text[..2]), (200, "PK"));
    })
    .await;
}

/// A flat loan and one that is repaid at once go their way to the end; where interest is flat the rate cannot change.
#[tokio::test(flavor = "multi_thread")]
async fn a_flat_loan_and_one_repaid_at_once_go_to_their_end() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let flat = h.lent(w, "flat", "36000.00", 1).await;
        let bullet = h.lent(w, "bullet", "36000.00", 2).await;
        h.closed_before(w, "2026-02-11").await;
        h.tell(&flat, "rate", "2026-02-11", json!({ "rate": "0.04" })).await.refused(422, "cannot_reprice");
        let mut rows = Vec::new();
        for loan in [&flat, &bullet] {
            for row in h.standing(loan).await["instalments"].as_array().unwrap() {
                rows.push((row["due"].as_str().unwrap().to_owned(), row["total"].as_str().unwrap().to_owned(), loan));
            }
        }
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(rows.len(), 13);
        // February has 28 days: 36 000.00 × 4.15 % × 28 / 360, of the whole to the last.
        assert_eq!(rows[0].1, "3116.20");
        for (due, amount, loan) in &rows {
            h.closed_before(w, due).await;
            let standing = h.pay(loan, due, amount).await;
            assert_eq!((parts(&standing["due"]), &standing["credit"]), (["0.00"; 5], &json!("0.00")), "{due}");
        }
        for loan in [&flat, &bullet] {
            assert_eq!(h.state(loan).await, "settled");
        }
        h.closed_before(w, "2027-02-04").await;
        assert_eq!((w.balance("L1321").await, w.balance("L1301[contract=HT-2]").await), ("0.00".into(), "0.00".into()));
    })
    .await;
}

/// What a borrower paid too much is paid back, not more.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_too_much_is_paid_back() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-03-01").await;
        h.pay(&loan, "2026-03-01", "3216.20").await;
        assert_eq!(w.balance("L2011").await, "-100.00");
        let back = async |amount: &str| h.tell(&loan, "credit_back", "2026-03-02", json!({ "amount": amount })).await;
        on(w, "2026-03-02").await;
        back("100.01").await.refused(422, "more_than_outstanding");
        back("60.00").await.ok();
        assert_eq!(h.standing(&loan).await["credit"], "40.00");
        back("40.00").await.ok();
        assert_eq!((w.balance("L2011").await, w.balance("L1003").await), ("0.00".into(), "-32883.80".into()));
        h.closed_before(w, "2026-03-04").await;
    })
    .await;
}

/// A contract that is priced anew on 1 January has the LPR of that day, with its spread; a bank's file that says nothing of it, or
/// something else, is a break. 等本等息 has one rate for all of it, by the same product.
#[tokio::test(flavor = "multi_thread")]
async fn a_contract_is_priced_anew_and_the_bank_has_to_say_so() {
    let mut terms = by_days();
    terms["price"]["repricing"] = json!("new_year");
    story(async |w| {
        let h = house(w, terms.clone()).await;
        let loan = h.lent(w, "interest_only", "36000.00", 1).await;
        let flat = h.lent(w, "flat", "36000.00", 2).await;
        let paid = async |due: &str| {
            h.closed_before(w, due).await;
            for one in [&loan, &flat] {
                let owed = h.standing(one).await["due"].clone();
                h.pay(one, due, &total(&owed)).await;
            }
        };
        for month in 3..=12 {
            paid(&format!("2026-{month:02}-01")).await;
        }
        let rate = json!({ "tenor": "one_year", "published_on": "2026-12-21", "rate": "0.028" });
        on(w, "2026-12-22").await;
        h.town.lender.post("/staff/lpr", rate.clone()).await.ok();
        h.town.rates(&rate).await;
        assert_eq!(h.seen(&loan).await["expected_rate"]["annual_rate"], "0.0415");
        paid("2027-01-01").await;
        h.closed_before(w, "2027-01-11").await;
        let seen = h.seen(&loan).await;
        assert_eq!(
            (&seen["annual_rate"], &seen["expected_rate"]),
            (&json!("0.0415"), &json!({ "annual_rate": "0.0395", "since": "2027-01-01" }))
        );
        assert_eq!(h.seen(&flat).await["expected_rate"], json!({ "annual_rate": "0.0415", "since": "2026-02-01" }));
        let repriced = h.tell(&flat, "rate", "2027-01-01", json!({ "rate": "0.0395" })).await;
        repriced.refused(422, "cannot_reprice");
        let position = || vec![stands(&loan, "36000.00", Class::Normal), stands(&flat, "3000.00", Class::Normal)];
        let read = h.bring(&h.town.lender, &file("2027-01-10", 1, Vec::new(), position())).await.ok();
        assert_eq!(read["breaks"].as_array().unwrap().len(), 1, "{read}");
        let words = "按合同自2027-01-01起年利率应为3.95%，截至2027-01-10登记的是4.15%";
        assert!(read.to_string().contains(words), "{read}");
        // Told, it is what the contract says.
        let mut line = told(&loan, "S1", "0.00", "0.00", "36000.00", Class::Normal);
        (line.kind, line.on) = (Kind::Rate("0.0395".parse().unwrap()), "2027-01-01".parse().unwrap());
        on(w, "2027-01-12").await;
        let read = h.bring(&h.town.lender, &file("2027-01-11", 2, vec![line], position())).await.ok();
        assert_eq!((&read["breaks"], &h.seen(&loan).await["annual_rate"]), (&json!([]), &json!("0.0395")), "{read}");
        let left = open(w).await;
        assert!(left.iter().all(|one| one["class"] != "loan_missing_there"), "{left:?}");
    })
    .await;
}

/// A bank that grants and signs on paper writes both down later: not before it had the application.
#[tokio::test(flavor = "multi_thread")]
async fn a_contract_is_signed_before_its_grant_is_written_down() {
    story(async |w| {
        let h = house(w, by_days()).await;
        on(w, "2026-02-01").await;
        let borrower = w.donor("o-borrower-1").await;
        let mut request = h.town.request("36000.00", 1);
        request["method"] = json!("equal_principal");
        let application = h.town.before_the_bank(&borrower, &request).await;
        on(w, "2026-02-03").await;
        let grant = h.town.grant("36000.00");
        h.town.lender.post(&format!("/staff/loan-applications/{application}/grant"), grant).await.ok();
        let mut contract = json!({
            "id": Uuid::now_v7(), "application": application, "number": "HT-1", "signed_on": "2026-01-31", "payout_on": "2026-02-03",
            "due_day": 1,
        });
        let early = h.town.lender.post("/staff/loan-contracts", contract.clone()).await;
        early.refused(422, "invalid_field");
        assert!(early.text.contains("签约日期不能早于申请送达银行的日期"), "{}", early.text);
        contract["signed_on"] = json!("2026-02-02");
        h.town.lender.post("/staff/loan-contracts", contract).await.ok();
    })
    .await;
}

/// Whoever is close to a borrower tells nothing of their loan.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_tells_what_happened_to_a_relatives_loan() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        let (contract, lender) = (w.sql_id(&loan.id), w.sql_id(&h.town.lender.id.to_string()));
        w.sql(&format!(
            "INSERT INTO loan_relation (id, application_id, staff_id, relation, actor, created_us) \
             SELECT {contract}, application_id, {lender}, '表兄', 'test', 1 FROM loan_contract WHERE id = {contract}"
        ))
        .await
        .unwrap();
        h.closed_before(w, "2026-03-01").await;
        for (kind, more) in [("repayment", json!({ "amount": "1.00" })), ("class", json!({ "class": "doubtful" }))] {
            h.tell(&loan, kind, "2026-03-01", more).await.refused(403, "related_party");
        }
    })
    .await;
}

/// A borrower who agreed to receive messages learns that the money came, what falls due, what is late, and the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_borrower_is_told_what_becomes_of_a_loan_once_each() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        loan.borrower.post("/me/consents", json!({ "template": LOAN_PROGRESS, "count": 9 })).await.ok();
        let told = async |words: &str| {
            w.run_job("loan_deadlines").await;
            let sql = format!(
                "SELECT CAST(count(*) AS BIGINT) FROM message WHERE topic LIKE 'loan_contract:%' AND content LIKE '%{words}%'"
            );
            w.count(&sql).await
        };
        assert_eq!(told("2月1日已放款36000.00元").await, 1);
        h.closed_before(w, "2026-02-26").await;
        assert_eq!(told("3月1日应还3116.20元").await, 1);
        assert_eq!(told("3月1日应还3116.20元").await, 1, "once");
        h.closed_before(w, "2026-03-03").await;
        assert_eq!(told("3月1日应还款项未还").await, 1);
        let due = h.standing(&loan).await["due"].clone();
        h.pay(&loan, "2026-03-03", &total(&due)).await;
        h.tell(&loan, "prepayment", "2026-03-03", json!({ "mode": "full" })).await.ok();
        assert_eq!(told("贷款已全部结清").await, 1);
        assert_eq!(told("").await, 4);
    })
    .await;
}

/// What a loan is used for otherwise costs the contract's rate for it from that day on, until it is mended; of what is late it takes the place
/// of the other penalty. Taken back, it never was.
#[tokio::test(flavor = "multi_thread")]
async fn a_misused_loan_costs_the_higher_rate_until_it_is_mended() {
    story(async |w| {
        let h = house(w, by_days()).await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        h.closed_before(w, "2026-02-11").await;
        for (kind, more, words) in [
            ("misuse", json!({ "reason": " " }), "请说明原因"),
            ("misuse", json!({ "amount": "36000.01" }), "挪用金额应大于零，不超过当日未还本金"),
            ("misuse", json!({ "amount": "0.00" }), "金额应大于零"),
            ("misuse_mended", json!({}), "当日没有登记在案的挪用"),
        ] {
            let refused = h.tell(&loan, kind, "2026-02-11", more).await;
            refused.refused(422, "invalid_field");
            assert!(refused.text.contains(words), "{}", refused.text);
        }
        let found = notice("misuse", "2026-02-11", json!({ "reason": "贷后检查意见书（示例）第1号" }));
        let seen = h.told(&loan, &found).await.ok();
        assert_eq!(h.told(&loan, &found).await.ok(), seen, "told again it changes nothing");
        assert_eq!((&seen["standing"]["misused"], &seen["standing"]["class"]), (&json!("36000.00"), &json!("normal")));

        // 36 000 × 4.15 % × (2 − 1) × 17 / 360 beside its interest; a day later it is due with the instalment.
        h.closed_before(w, "2026-03-01").await;
        assert_eq!((w.balance("L1322").await, w.balance("L6021").await), ("70.55".into(), "-70.55".into()));
        let standing = h.standing(&loan).await;
        assert_eq!(parts(&standing["due"]), ["3000.00", "116.20", "74.70", "0.00", "0.00"]);
        assert_eq!(standing["days_past_due"], json!(0));
        let standing = h.pay(&loan, "2026-03-01", "3190.90").await;
        assert_eq!((parts(&standing["due"]), &standing["credit"]), (["0.00"; 5], &json!("0.00")));

        // Ten days late: twice the rate, not one and a half beside it; what is not due goes on.
        h.closed_before(w, "2026-04-11").await;
        let standing = h.standing(&loan).await;
        assert_eq!(parts(&standing["due"]), ["3000.00", "117.93", "124.85", "0.27", "0.00"]);
        assert_eq!(standing["misuse_penalty"], "34.58");
        let mended = h.tell(&loan, "misuse_mended", "2026-04-11", json!({ "reason": "复查记录（示例）" })).await.ok();
        assert_eq!(
            (&mended["standing"]["misused"], &mended["standing"]["misuse_penalty"]),
            (&json!("0.00"), &json!("34.58"))
        );
        h.closed_before(w, "2026-04-21").await;
        let standing = h.standing(&loan).await;
        assert_eq!(parts(&standing["due"]), ["3000.00", "117.93", "130.04", "0.47", "0.00"], "one and a half again");
        assert_eq!(standing["misuse_penalty"], "34.58");

        // It never was: what was paid for it is the borrower's.
        let undone = h
            .tell(&loan, "reversal", "2026-04-21", json!({ "reverses": found["id"], "reason": "认定有误" }))
            .await
            .ok();
        assert_eq!(parts(&undone["standing"]["due"]), ["3000.00", "117.93", "10.38", "0.40", "0.00"]);
        assert_eq!(
            (&undone["standing"]["credit"], &undone["standing"]["misuse_penalty"]),
            (&json!("74.70"), &json!("0.00"))
        );
        assert_eq!((w.balance("L1322").await, w.balance("L6021").await), ("10.38".into(), "-10.38".into()));

        // A third of what is left, and paid off with it.
        let part = json!({ "amount": "11000.00", "reason": "贷后检查意见书（示例）第2号" });
        h.tell(&loan, "misuse", "2026-04-21", part).await.ok();
        assert_eq!(h.standing(&loan).await["misused"], "11000.00");
        h.closed_before(w, "2026-04-23").await;
        let refused = h.tell(&loan, "misuse", "2026-04-23", json!({ "amount": "33000.01" })).await;
        refused.refused(422, "invalid_field");
        let owed = h.standing(&loan).await["due"].clone();
        h.pay(&loan, "2026-04-23", &total(&owed)).await;
        // A third of 30 000 for two days.
        assert_eq!(h.standing(&loan).await["misuse_penalty"], "2.31");
        let end = h.tell(&loan, "prepayment", "2026-04-23", json!({ "mode": "full" })).await.ok();
        assert_eq!((h.state(&loan).await.as_str(), &end["standing"]["misuse_penalty"]), ("settled", &json!("0.00")));
        h.closed_before(w, "2026-04-25").await;
        assert_eq!((w.balance("L1322").await, w.balance("L1321").await), ("0.00".into(), "0.00".into()));
        w.attacked("UPDATE loan_event SET kind = 'class' WHERE kind = 'misuse'", "loan_event_immutable").await;
    })
    .await;
}
