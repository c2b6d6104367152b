//! The parts of the tree by year: a unit with all below it, and the tree what the books say.

use std::collections::BTreeMap;

use domain::role::Role;
use ledger::FlowKind;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::caller::send;
use crate::spending::{approved, id, paid_in, paper, payee, payouts, results, sent};
use crate::world::{Officer, World, story};

const PLACES: &str = "/console/places";

/// A page or a file of the console, as a browser asks for it.
async fn seen(w: &World, who: &Officer, path: &str) -> (u16, String) {
    let cookie = format!("sangzi-console={}", who.caller.token.clone().unwrap());
    let request = w.stranger.request(Method::GET, path).header("accept", "text/html").header("cookie", cookie);
    let answer = send(request).await;
    (answer.status, answer.text)
}

/// The rows of the export by the name of the unit: given, paid, persons.
async fn rows(w: &World, who: &Officer, path: &str) -> BTreeMap<String, [String; 3]> {
    let (status, file) = seen(w, who, path).await;
    assert_eq!(status, 200, "{file}");
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<String>>();
    file.lines()
        .skip(1)
        .map(cells)
        .map(|row| (row[1].clone(), [row[3].clone(), row[4].clone(), row[5].clone()]))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_city_is_its_counties_and_the_tree_is_the_books() {
    story(async |w| {
        let names = async |code: &str| w.app.organisation.unit(code).await.unwrap().name;
        let at = async |code: &str, amount: &str| {
            let mut draft = w.draft("5000000.00");
            draft["unit"] = json!(w.unit(code).await);
            paid_in(w, w.open_as(draft).await, amount).await
        };
        let (one, two) = (at("130502", "1000.00").await, at("130503", "500.00").await);
        let (of_city, elsewhere) = (at("1305", "200.00").await, at("1301", "70.00").await);
        let donor = w.donor("o-places").await;
        w.gift(&donor, one, "80.00").await;
        let back = w.gift(&donor, two, "20.50").await;
        let request = json!({ "id": Uuid::now_v7(), "amount": "20.50", "reason": "error" });
        let refund = donor.post(&format!("/donations/{}/refund-requests", back.id), request).await.ok();
        let head = w.staff(Role::FinanceHead).await;
        head.act(&format!("/staff/refunds/{}/approval", id(&refund))).await.ok();
        // For no campaign: it belongs to the charity's unit, wherever that is.
        let free = json!({
            "id": Uuid::now_v7(), "general_fund": w.book, "amount": "9.00", "counterparty": "示例公司", "bank_account": "基本户",
            "reference": "B-FREE", "received_on": w.app.business.today(),
        });
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        cashier.post("/staff/bank-gifts", free.clone()).await.ok();
        keeper.act(&format!("/staff/bank-gifts/{}/confirmation", id(&free))).await.ok();

        // Two pupils are paid in one county, of whom one pays back a part; one of them in the other as well, beside one whose payment bounces.
        let pay = async |campaign: Uuid, payees: &[Uuid], amount: &str| {
            let new = paper(campaign, "a", payees, amount);
            approved(w, &new).await;
            (format!("/staff/payment-files/{}/results", sent(w, &new).await), payouts(&new))
        };
        let pupils = [payee(w, one, "王一（示例）", 1).await, payee(w, one, "赵二（示例）", 2).await];
        let (file, all) = pay(one, &pupils, "30.00").await;
        keeper.post(&file, results(w, &all, true)).await.ok();
        let settlement = json!({
            "id": Uuid::now_v7(), "kind": "recovered", "amount": "10.00", "reason": "多发的退回", "on": w.app.business.today(),
            "bank": { "bank_account": "基本户", "reference": "R-1" },
        });
        cashier.post(&format!("/staff/payouts/{}/settlements", all[0]), settlement.clone()).await.ok();
        keeper.act(&format!("/staff/settlements/{}/confirmation", id(&settlement))).await.ok();
        let others = [payee(w, two, "王一（示例）", 1).await, payee(w, two, "钱三（示例）", 4).await];
        let (file, all) = pay(two, &others, "40.00").await;
        keeper.post(&file, results(w, &all, true)).await.ok();
        keeper.post(&file, results(w, &all[1..], false)).await.ok();

        let auditor = w.staff(Role::Auditor).await;
        let year = w.app.business.today().year();
        let found = rows(w, &auditor, &format!("{PLACES}?year={year}&as=csv")).await;
        let row = async |code: &str| found[&names(code).await].clone();
        let is = |raised: &str, paid: &str, persons: &str| [raised, paid, persons].map(str::to_owned);
        assert_eq!(row("130502").await, is("1080.00", "50.00", "2"));
        assert_eq!(row("130503").await, is("500.00", "40.00", "1"));
        assert_eq!(row("1305").await, is("1780.00", "90.00", "2"), "one who is paid in both counties is one");
        assert_eq!(row("1301").await, is("70.00", "0.00", "0"));

        // The whole tree is what the books say, to the fen.
        let db = w.app.db.read();
        let flows = ledger::flows(db).await.unwrap();
        let raised: i64 = flows.iter().filter(|flow| flow.kind == FlowKind::Raised).map(|flow| flow.amount.fen()).sum();
        let paid = w
            .count(
                "SELECT CAST(SUM(CASE WHEN c.subject = '1002' THEN p.amount_fen ELSE -p.amount_fen END) AS BIGINT) FROM posting p \
                 JOIN entry e ON e.id = p.entry_id JOIN account d ON d.id = p.debit_account JOIN account c ON c.id = p.credit_account \
                 WHERE e.kind IN ('disbursement_paid', 'disbursement_bounced', 'disbursement_recovered') AND '1002' IN (d.subject, c.subject)",
            )
            .await;
        assert_eq!((raised, paid), (185_900, 9_000));
        assert_eq!(row("hebei").await, is("1859.00", "90.00", "2"));
        let before = rows(w, &auditor, &format!("{PLACES}?year={}&as=csv", year - 1)).await;
        assert!(before.is_empty(), "{before:?}");

        // The page says what the file says; who has a part of the tree sees that part, and of loans only whose they are.
        let (status, page) = seen(w, &auditor, &format!("{PLACES}?year={year}")).await;
        assert!(status == 200 && page.contains("1,859.00") && page.contains("发放贷款金额"), "{page}");
        let county = w.hire_over(Role::LeagueOfficer, "county-officer", "/hebei/1305/130502/").await;
        let own = rows(w, &county, &format!("{PLACES}?as=csv")).await;
        assert_eq!(own.into_iter().collect::<Vec<_>>(), [(names("130502").await, is("1080.00", "50.00", "2"))]);
        assert!(!seen(w, &head, PLACES).await.1.contains("发放贷款金额"));
        assert_eq!(seen(w, &cashier, PLACES).await.0, 403);
        let (status, page) = seen(w, &auditor, &format!("{PLACES}?year=去年")).await;
        assert!(status == 400 && page.contains("整数"), "{page}");
        assert_ne!(of_city, elsewhere);
    })
    .await;
}
