//! What is late, in the list of arrears and in the report.

use domain::bank_file::{Pace, Position};
use domain::loan::allocation::Component;
use domain::loan::overdue::Class;
use domain::role::{Member, Role};
use lending::view::Wanted;
use serde_json::json;

use crate::world::{World, story};

use super::{by_days, file, house, house_that_tells, stands};

/// The list of arrears as an auditor sees it: contract, days late, principal late, all that is late.
async fn late(w: &World) -> Vec<(String, i64, String, String)> {
    let by = Member::everywhere(w.staff(Role::Auditor).await.id.into(), &[Role::Auditor], "test");
    let rows = w.app.servicing.late(&Wanted::default(), &by, None, 10).await.unwrap();
    rows.into_iter()
        .map(|one| {
            let (principal, all) = (one.late[Component::Principal], one.late.total().unwrap());
            (one.contract.number, one.days, principal.to_string(), all.to_string())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due_today_is_not_late() {
    story(async |w| {
        let h = house(w, by_days()).await;
        h.lent(w, "equal_principal", "36000.00", 1).await;
        let report = async |month: &str| {
            h.town.city.get(&format!("/staff/loan-report?month={month}")).await.ok()["total"].clone()
        };
        h.closed_before(w, "2026-03-01").await;
        assert!(late(w).await.is_empty());
        assert_eq!(report("2026-03").await["overdue_count"], 0);
        h.closed_before(w, "2026-03-02").await;
        assert_eq!(late(w).await[0].1, 1);
        assert_eq!(report("2026-03").await["overdue_count"], 1);
        // The second instalment falls due: what is late is the first, as the books say.
        h.closed_before(w, "2026-04-01").await;
        let listed = late(w).await;
        assert_eq!((listed[0].1, listed[0].2.as_str()), (31, "3000.00"));
        assert_eq!(w.balance("L1302[contract=HT-1]").await, "3000.00");
        assert_eq!(report("2026-04").await["arrears"], listed[0].3.as_str());
        h.closed_before(w, "2026-04-02").await;
        assert_eq!(late(w).await[0].2, "6000.00");
        assert_eq!(w.balance("L1302[contract=HT-1]").await, "6000.00");
    })
    .await;
}

/// Whether what fell due after the last file of a bank was paid nobody has heard: it is late when the next file does not tell of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_tells_by_month_has_no_late_loans_before_it_tells_of_them() {
    story(async |w| {
        let h = house_that_tells(w, by_days(), "monthly").await;
        let loan = h.lent(w, "equal_principal", "36000.00", 1).await;
        let report = async |month: &str| h.town.city.get(&format!("/staff/loan-report?month={month}")).await.ok();
        let month = |day: &str, sequence: u64, position: Position| {
            let mut month = file(day, sequence, Vec::new(), vec![position]);
            month.pace = Pace::Monthly;
            month
        };
        h.closed_before(w, "2026-03-01").await;
        let first = month("2026-02-28", 1, stands(&loan, "36000.00", Class::Normal));
        assert_eq!(h.bring(&h.town.lender, &first).await.ok()["breaks"], json!([]));
        h.closed_before(w, "2026-03-20").await;
        let seen = report("2026-03").await;
        assert_eq!((&seen["total"]["count"], &seen["total"]["overdue_count"]), (&json!(1), &json!(0)), "{seen}");
        assert_eq!(seen["total"]["classes"][0]["count"], 1);
        let bank = &seen["banks"][0];
        assert_eq!(
            (&bank["pace"], &bank["told_through"], &bank["as_of"]),
            (&json!("monthly"), &json!("2026-02-28"), &json!("2026-02-28"))
        );
        assert_eq!(seen["day"], "2026-03-20");
        assert_eq!(h.seen(&loan).await["told_through"], "2026-02-28");
        assert!(late(w).await.is_empty());
        assert_eq!(h.days().await[0]["day"], "2026-02-28", "no day is closed that nobody has told of");
        assert_eq!(h.state(&loan).await, "performing");
        assert_eq!(w.balance("L1301[contract=HT-1]").await, "36000.00", "nothing is overdue in the books either");
        // A month later the bank has told of March, and the instalment of March is not in its file.
        h.closed_before(w, "2026-04-02").await;
        assert!(late(w).await.is_empty(), "not before the file");
        let mut second = month("2026-03-31", 2, stands(&loan, "36000.00", Class::SpecialMention));
        second.positions[0].arrears = "3132.36".parse().unwrap();
        assert_eq!(h.bring(&h.town.lender, &second).await.ok()["breaks"], json!([]));
        w.run_job("close_loans").await;
        let listed = late(w).await;
        assert_eq!((listed[0].1, listed[0].2.as_str()), (30, "3000.00"), "as of the day of the file");
        assert_eq!((h.days().await[0]["day"].as_str(), h.state(&loan).await.as_str()), (Some("2026-03-31"), "overdue"));
        let seen = report("2026-04").await;
        assert_eq!((&seen["total"]["overdue_count"], &seen["banks"][0]["as_of"]), (&json!(1), &json!("2026-03-31")));
        assert_eq!(seen["total"]["arrears"], listed[0].3.as_str());
    })
    .await;
}
