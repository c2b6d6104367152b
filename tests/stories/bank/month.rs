//! The account and the books agree at the end of a month, or it is said why not.

use app::reconciliation::{Files, ReconcileError};
use domain::BusinessDate;
use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use super::{ACCOUNT, account, bring, file, first_of_next};
use crate::world::story;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_account_held_before_is_explained_by_opening_balances_or_nothing_is_signed() {
    story(async |w| {
        let today = w.app.business.today();
        let day = if today.day() > 20 { first_of_next(today) } else { today };
        w.lever("clock", json!({ "now": format!("{day}T12:00:00+08:00") })).await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        bring(&cashier, &book, file(day, 590_632_700, &[("Z1", 33, "", "结息")]), "&write=true").await.ok();
        let month = format!("{book}/bank-balances/{}?{ACCOUNT}", &day.to_string()[..7]);
        let seen = keeper.get(&month).await.ok();
        assert_eq!((&seen["agrees"], &seen["items"][0]["kind"]), (&json!(false), &json!("opening")), "{seen:#}");
        assert!(seen["gaps"].to_string().contains("相差5906327.00"), "{seen:#}");
        w.lever("clock", json!({ "now": format!("{}T12:00:00+08:00", first_of_next(day)) })).await;
        keeper.post(&month, json!({ "id": Uuid::now_v7() })).await.refused(409, "statements_incomplete");
        // The opening balances of the book say so too, booked a day later than the statement begins.
        let opening = json!({
            "id": Uuid::now_v7(), "kind": "opening", "event_date": day, "summary": "期初余额",
            "lines": [
                { "subject": "1002", "bank_account": "基本户", "debit": "5906327.00" },
                { "subject": "3101", "credit": "5906327.00" },
            ],
        });
        crate::vouchers::posted(w, opening).await;
        let seen = keeper.get(&month).await.ok();
        assert_eq!(seen["agrees"], true, "{seen:#}");
    })
    .await;
}

/// A file of the last day that was taken at noon, and one of the whole month afterwards: the later one knows how the day ended.
#[tokio::test(flavor = "multi_thread")]
async fn the_file_that_came_last_says_how_a_day_ended() {
    story(async |w| {
        let today = w.app.business.today();
        let day = if today.day() > 20 { first_of_next(today) } else { today };
        w.lever("clock", json!({ "now": format!("{day}T12:00:00+08:00") })).await;
        let book = account(w).await;
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let next = day.next();
        w.lever("clock", json!({ "now": format!("{next}T12:00:00+08:00") })).await;
        // The day's own file begins after what the first day brought.
        bring(&cashier, &book, file(next, 33, &[("Z2", 44, "", "结息")]), "&write=true").await.ok();
        let both = format!(
            "账户明细\n期初余额,0.00\n记账日期,流水号,金额,余额,对方户名,摘要\n{day},Z1,0.33,0.33,,结息\n\
             {next},Z2,0.44,0.77,,结息\n{next},Z3,0.55,1.32,,结息\n"
        );
        bring(&cashier, &book, both, "&write=true&despite_warnings=true").await.ok();
        let month = format!("{book}/bank-balances/{}?{ACCOUNT}", &day.to_string()[..7]);
        let seen = keeper.get(&month).await.ok();
        assert_eq!((&seen["statement"], &seen["gaps"]), (&json!("1.32"), &json!([])), "{seen:#}");
        assert_eq!(seen["agrees"], true, "{seen:#}");
    })
    .await;
}

/// What moved before the opening balances is in them: a bank's file of such a day is refused, one of the next is read.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_from_before_the_opening_balances_is_no_break() {
    story(async |w| {
        let today = w.app.business.today();
        let before = today.previous();
        let opening = json!({
            "id": Uuid::now_v7(), "kind": "opening", "event_date": before, "summary": "期初余额",
            "lines": [
                { "subject": "1002", "bank_account": "基本户", "debit": "100.00" },
                { "subject": "3101", "credit": "100.00" },
            ],
        });
        crate::vouchers::posted(w, opening).await;
        let text = |day: BusinessDate| {
            format!("date,reference,amount,counterparty,remark\n{day},E-1,6.00,某人（示例）,流水\n").into_bytes()
        };
        let bank = async |day: BusinessDate| {
            let files = Files { bank: Some(text(day)), ..Files::default() };
            w.app.reconciliation.run(Some(w.book), day, &files, "test").await
        };
        let refused = bank(before).await.unwrap_err();
        assert!(matches!(refused, ReconcileError::BeforeBooks { begun, .. } if begun == today), "{refused:?}");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM discrepancy").await, 0);
        assert_eq!(bank(today).await.unwrap().breaks.len(), 1);
        // Nor are its bills asked for: they would tell everything that is in the balances a second time.
        w.pass(3 * 86_400).await;
        assert_eq!(w.app.reconciliation.missing().await.unwrap().first(), Some(&today));
    })
    .await;
}
