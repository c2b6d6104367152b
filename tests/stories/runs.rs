//! Jobs as finance sees them: what runs when, started by hand and watched, failing and missing; and the morning's report as a workbook.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use domain::role::Role;
use reqwest::Method;
use serde_json::Value;

use crate::caller::{Caller, send};
use crate::world::{World, story};

async fn job(officer: &Caller, name: &str) -> Value {
    let jobs = officer.get("/jobs").await.ok();
    jobs["items"].as_array().unwrap().iter().find(|job| job["name"] == name).unwrap().clone()
}

async fn troubled(officer: &Caller) -> Vec<String> {
    let desk = officer.get("/staff/waiting").await.ok();
    let failing = desk["jobs"].as_array().unwrap().iter().filter(|job| job["failing"] == true);
    failing.map(|job| job["name"].as_str().unwrap().to_owned()).collect()
}

/// A sheet of a workbook as text, row by row.
async fn sheet(w: &World, path: &str, name: &str) -> Vec<Vec<String>> {
    let officer = w.staff(Role::Bookkeeper).await;
    let answer = officer.request(Method::GET, &format!("/api/v1{path}")).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    assert_eq!(answer.headers()["content-type"], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(answer.bytes().await.unwrap().to_vec())).unwrap();
    let range = workbook.worksheet_range(name).unwrap();
    range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn finance_starts_a_run_and_watches_it_and_sees_what_fails() {
    story(async |w| {
        let head = w.staff(Role::FinanceHead).await;
        let id = w.open_campaign("1000.00").await;
        w.gift(&w.donor("o-one").await, id, "80.00").await;
        let day = w.app.business.today();
        w.pass(2 * 86_400).await;

        let never = job(&head, "reconcile").await;
        assert_eq!((&never["missing"], &never["last"]), (&Value::Bool(true), &Value::Null), "it never ran");
        assert!(never["next"].as_str().unwrap().ends_with("+08:00"));
        let begun = head.act("/jobs/reconcile/runs?wait=false").await;
        assert_eq!(begun.status, 202, "{}", begun.text);
        let place = begun.header("location").unwrap().trim_start_matches("/api/v1").to_owned();
        let progress = async || head.get(&place).await.ok();
        w.until("the run ends", async || progress().await["run"]["outcome"] != "running").await;
        let ended = progress().await;
        assert_eq!(
            (&ended["run"]["outcome"], ended["run"]["asked_by"].as_str()),
            (&"done".into(), Some(head.id.to_string().as_str()))
        );
        let lines = ended["lines"].as_array().unwrap();
        assert!(lines.iter().any(|line| line["words"].as_str().unwrap().contains(&day.to_string())), "{ended}");
        let known = job(&head, "reconcile").await;
        assert_eq!(
            (&known["missing"], &known["failing"], &known["last"]["id"]),
            (&false.into(), &false.into(), &ended["run"]["id"])
        );
        head.act("/jobs/nothing/runs?wait=false").await.refused(404, "no_such_job");

        // A run that fails is seen where the day begins, until one succeeds.
        let fault = serde_json::json!({ "api": { "path": "/v3/certificates", "status": 500, "times": 1 } });
        w.lever("faults", fault).await;
        assert_eq!(head.act("/jobs/certificates/runs").await.ok()["outcome"], "failed");
        assert_eq!(troubled(&head).await, ["certificates"]);
        let disclosure = w.staff(Role::Disclosure).await;
        assert_eq!(troubled(&disclosure).await, Vec::<String>::new());
        assert_eq!(head.act("/jobs/certificates/runs").await.ok()["outcome"], "done");
        assert_eq!(troubled(&head).await, Vec::<String>::new());

        // The morning's report as a workbook, with the numbers of the report.
        let path = format!("/staff/reconciliations/{day}/sheet?book={}", w.book.uuid());
        let summary = sheet(w, &path, "汇总").await;
        let row = |title: &str| {
            summary.iter().find(|row| row[0] == title).unwrap_or_else(|| panic!("{title}: {summary:?}")).clone()
        };
        assert_eq!(row("结论")[1], "相符");
        assert_eq!((row("账簿：收款")[1].as_str(), row("账簿：收款")[2].as_str()), ("1", "80"));
        assert_eq!(row("微信资金账单：收入")[2], "80");
        assert_eq!(row("银行对账单：收入")[1], "未取得");
        let proof = sheet(w, &path, "1009微信余额核对").await;
        let of = |title: &str| proof.iter().find(|row| row[0] == title).unwrap()[2].clone();
        assert_eq!(of("账簿：1009微信余额"), of("资金账单：期末余额"));
        assert_eq!(of("加：无法解释的差额"), "0");
        assert_eq!(sheet(w, &path, "未决差错").await[0][0], "差错类别");
        assert_eq!(sheet(w, &path, "缓冲").await[0][0], "所在方");
        let none =
            send(head.request(Method::GET, &format!("/api/v1{}", path.replace(&day.to_string(), "2026-01-01")))).await;
        none.refused(404, "not_reconciled");
    })
    .await;
}
