//! A year and what is made of it: statements that lead to their entries, an audit, ratios, counted cash, the sheet of a campaign.

use domain::Money;
use domain::role::Role;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::caller::send;
use crate::spending::{approved, paper, payee, payouts, results, sent};
use crate::vouchers::{on, posted, step, voucher, written};
use crate::world::{World, story};

/// What lies in a box: a hundred, and three of one yuan.
pub(crate) fn cash_count(cash_box: &str) -> Value {
    let pieces = json!([{ "face": "100.00", "count": 1 }, { "face": "1.00", "count": 3 }]);
    json!({ "id": Uuid::now_v7(), "box": cash_box, "pieces": pieces })
}

/// The same of a box that the books do not know yet.
pub(crate) fn new_box(count: Value) -> Value {
    let mut count = count;
    count["new_box"] = json!(true);
    count
}

/// The report of the auditors.
pub(crate) fn audit_report() -> Value {
    json!({ "id": Uuid::now_v7(), "auditor": "示例会计师事务所", "report_number": "示审字1号", "reported_on": "2027-03-01" })
}

/// A year with a gift, a refund, a grant of nothing yet, bank money, office cost and rent.
async fn busy_year(w: &World) -> (Uuid, i32) {
    let campaign = w.open_campaign("1000.00").await;
    let donor = w.donor("o-one").await;
    w.gift(&donor, campaign, "100.00").await;
    let gift = w.gift(&donor, campaign, "20.50").await;
    let asked = json!({ "id": Uuid::now_v7(), "amount": "20.50", "reason": "error" });
    donor.post(&format!("/donations/{}/refund-requests", gift.id), asked.clone()).await.ok();
    let head = w.staff(Role::FinanceHead).await;
    head.act(&format!("/staff/refunds/{}/approval", asked["id"].as_str().unwrap())).await.ok();
    w.run_job("send_refunds").await;
    w.until("the refund has arrived", async || w.balance("2209[payable=refund]").await == "0.00").await;
    let lines = |lines: Value| {
        let mut new = on(w, voucher(Uuid::now_v7()));
        new["lines"] = lines;
        new
    };
    // A subsidy, and what is paid from it.
    posted(
        w,
        lines(json!([
            { "subject": "1002", "bank_account": "基本户", "debit": "1000.00", "cash_flow": "government_grants" },
            { "subject": "440101", "credit": "1000.00" },
        ])),
    )
    .await;
    posted(
        w,
        lines(json!([
            { "subject": "5301", "debit": "30.00" },
            { "subject": "2202", "payable": "rent", "credit": "30.00" },
        ])),
    )
    .await;
    posted(
        w,
        lines(json!([
            { "subject": "2202", "payable": "rent", "debit": "30.00" },
            { "subject": "1001", "channel": "办公室", "debit": "103.00", "cash_flow": "suppliers_paid" },
            { "subject": "1002", "bank_account": "基本户", "credit": "133.00", "cash_flow": "suppliers_paid" },
        ])),
    )
    .await;
    let student = payee(w, campaign, "王一（示例）", 1).await;
    let grant = paper(campaign, "a", &[student], "60.00");
    approved(w, &grant).await;
    let results_of = format!("/staff/payment-files/{}/results", sent(w, &grant).await);
    w.staff(Role::Bookkeeper).await.post(&results_of, results(w, &payouts(&grant), true)).await.ok();
    (campaign, w.app.business.today().year())
}

fn row<'a>(rows: &'a Value, key: &str) -> &'a Value {
    rows.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap()
}

fn fen(text: &Value) -> i64 {
    text.as_str().unwrap().replace('.', "").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_of_a_statement_leads_to_its_entries() {
    story(async |w| {
        let (_, year) = busy_year(w).await;
        let keeper = w.staff(Role::Bookkeeper).await;
        let base = format!("/staff/books/{}/statements", w.book);
        let cells = async |ended: bool| {
            let statements = keeper.get(&format!("{base}?year={year}")).await.ok();
            assert_eq!(row(&statements["cash_flows"], "government_grants")["year"], "1000.00");
            assert_eq!(row(&statements["cash_flows"], "suppliers_paid")["year"], "30.00", "cash in a box is cash");
            let mut checked = 0;
            let mut check = async |form: &str, key: &str, column: &str, part: &str, expected: &Value| {
                let path = format!("{base}/lines?year={year}&form={form}&row={key}&column={column}{part}&limit=100");
                let lines = keeper.get(&path).await.ok();
                assert_eq!(&lines["total"], expected, "{path}, ended: {ended}");
                let sum: i64 = lines["items"].as_array().unwrap().iter().map(|line| fen(&line["amount"])).sum();
                assert_eq!((sum, &lines["next"]), (fen(expected), &Value::Null), "{path}");
                checked += 1;
            };
            for line in statements["balance_sheet"].as_array().unwrap() {
                let key = line["key"].as_str().unwrap();
                check("balance_sheet", key, "opening", "", &line["opening"]).await;
                check("balance_sheet", key, "closing", "", &line["closing"]).await;
            }
            for line in statements["activities"].as_array().unwrap() {
                let key = line["key"].as_str().unwrap();
                for part in ["unrestricted", "restricted", "total"] {
                    check("activities", key, "year", &format!("&part={part}"), &line["year"][part]).await;
                }
            }
            for line in statements["cash_flows"].as_array().unwrap() {
                check("cash_flows", line["key"].as_str().unwrap(), "period", "", &line["period"]).await;
            }
            assert!(checked > 100, "{checked}");
        };
        cells(false).await;
        let page = keeper
            .get(&format!("{base}/lines?year={year}&form=balance_sheet&row=assets&column=closing&limit=2"))
            .await
            .ok();
        let next = page["next"].as_str().unwrap().replace(' ', "%20");
        let rest = keeper
            .get(&format!(
                "{base}/lines?year={year}&form=balance_sheet&row=assets&column=closing&limit=100&after={next}"
            ))
            .await
            .ok();
        let both = [&page["items"], &rest["items"]].into_iter().flat_map(|items| items.as_array().unwrap());
        assert_eq!(both.map(|line| fen(&line["amount"])).sum::<i64>(), fen(&page["total"]));
        for wrong in [
            "form=balance_sheet&row=nothing&column=closing",
            "form=balance_sheet&row=assets&column=year",
            "form=cash_flows&row=donations&column=year&part=restricted",
        ] {
            keeper.get(&format!("{base}/lines?year={year}&{wrong}")).await.refused(404, "no_such_cell");
        }
        let book = send(keeper.request(Method::GET, &format!("/api/v1{base}/workbook?year={year}&month=1"))).await;
        assert!(book.header("content-type").unwrap().contains("spreadsheet") && book.status == 200);
        while w.app.business.today().year() == year {
            w.pass(15 * 86_400).await;
        }
        w.end_year(year).await;
        cells(true).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_is_ended_adjusted_audited_and_closed_for_good() {
    story(async |w| {
        let (campaign, year) = busy_year(w).await;
        let (keeper, head, chair) =
            (w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await, w.staff(Role::Chair).await);
        let book = format!("/staff/books/{}", w.book);
        let last = format!("{year}-12-31");
        let mut report = audit_report();
        let reports = format!("{book}/years/{year}/audit-reports");
        while w.app.business.today().year() == year {
            w.pass(15 * 86_400).await;
        }
        let today = w.app.business.today();
        report["reported_on"] = json!(today);
        keeper.post(&reports, report.clone()).await.refused(409, "year_open");
        w.end_year(year).await;
        let standing = async || keeper.get(&format!("{book}/years")).await.ok()["items"].as_array().unwrap().clone();
        let of_year = async || {
            let years = standing().await;
            years.into_iter().find(|one| one["year"] == year).unwrap()["state"].clone()
        };
        assert_eq!(of_year().await, "soft_closed");

        let adjustment = json!({
            "id": Uuid::now_v7(), "kind": "adjustment", "event_date": last, "summary": "补提审计费",
            "lines": [{ "subject": "5301", "debit": "7.00" }, { "subject": "2301", "credit": "7.00" }],
        });
        let adjusted = posted(w, adjustment.clone()).await;
        assert_eq!(
            (&adjusted["event_date"], &adjusted["book_date"]),
            (&json!(last), &json!(format!("{}-01-01", year + 1)))
        );
        assert_eq!(w.balance("320101").await, "7.00");
        let before_moving = w.balance("3101").await;
        let management = async |more: &str| {
            let statements = keeper.get(&format!("{book}/statements?year={year}{more}")).await.ok();
            let sheet = &statements["balance_sheet"];
            assert_eq!(row(sheet, "assets")["closing"], row(sheet, "liabilities_and_net_assets")["closing"]);
            let accrued = row(sheet, "accrued_expenses")["closing"].clone();
            (row(&statements["activities"], "management")["year"]["total"].clone(), accrued)
        };
        assert_eq!(management("").await, (json!("30.00"), json!("0.00")), "what was closed stays as it was");
        assert_eq!(management("&adjusted=true").await, (json!("37.00"), json!("7.00")));
        // The published ratio is that of the audited figures.
        let ratios = head.get(&format!("{book}/years/{year}/ratios")).await.ok();
        assert_eq!(
            (&ratios["ratios"][1]["numerator"], &ratios["ratios"][1]["denominator"]),
            (&json!("37.00"), &json!("97.00"))
        );

        // From one expense to another: no net assets change, and the adjusted statements show it.
        let moved = posted(
            w,
            json!({
                "id": Uuid::now_v7(), "kind": "adjustment", "event_date": last, "summary": "重分类：宣传费误记管理费用",
                "lines": [{ "subject": "5401", "debit": "1.00" }, { "subject": "5301", "credit": "1.00" }],
            }),
        )
        .await;
        assert!(moved["book_date"].is_string(), "{moved:#}");
        assert_eq!((w.balance("320101").await, w.balance("3101").await), ("7.00".to_owned(), before_moving.clone()));
        assert_eq!(management("").await, (json!("30.00"), json!("0.00")));
        assert_eq!(management("&adjusted=true").await, (json!("36.00"), json!("7.00")));
        let ratios = head.get(&format!("{book}/years/{year}/ratios")).await.ok();
        assert_eq!(
            (&ratios["ratios"][1]["numerator"], &ratios["ratios"][1]["denominator"]),
            (&json!("36.00"), &json!("97.00"))
        );

        let recorded = keeper.post(&reports, report.clone()).await.ok();
        assert_eq!(keeper.post(&reports, report.clone()).await.ok(), recorded);
        keeper.post(&reports, audit_report()).await.refused(422, "invalid_field");
        let mut again = report.clone();
        again["id"] = json!(Uuid::now_v7());
        keeper.post(&reports, again).await.refused(409, "year_audited");
        let id = recorded["id"].as_str().unwrap();
        let of = |name: &str| format!("/staff/audit-reports/{id}/{name}");
        keeper.act(&of("approval")).await.refused(403, "forbidden");
        chair.act(&of("approval")).await.refused(409, "document_needed");
        chair.post(&of("decline"), json!({ "reason": " " })).await.refused(422, "invalid_field");
        let at = w.sql_id(id);
        let by = |who: &str| {
            format!("UPDATE audited_year SET state = 'approved', approver_id = {who}, decided_us = 1 WHERE id = {at}")
        };
        w.attacked(&by(&w.sql_id(&chair.id.to_string())), "audited_year_undocumented").await;
        let path = format!("/api/v1{}?kind=report&file_name=a.txt", of("attachments"));
        send(keeper.request(Method::POST, &path).header(CONTENT_TYPE, "application/octet-stream").body("报告"))
            .await
            .ok();
        w.attacked(&format!("UPDATE audited_year SET year = {} WHERE id = {at}", year + 1), "audited_year_fixed").await;
        // Not before everybody can read it: the annual report of the year is published, and not before the auditors had signed.
        chair.act(&of("approval")).await.refused(409, "report_unpublished");
        w.attacked(&by(&w.sql_id(&chair.id.to_string())), "audited_year_unpublished").await;
        let disclosure = w.staff(Role::Disclosure).await;
        let annual = json!({ "id": Uuid::now_v7(), "wish": { "kind": "annual_report", "book": w.book.uuid(), "year": year } });
        let annual = disclosure.post("/staff/disclosures", annual).await.ok();
        let place = json!({ "id": Uuid::now_v7(), "place": "charity_china", "reference": "慈善中国 年报", "published_on": today });
        disclosure.post(&format!("/staff/disclosures/{}/publications", annual["id"].as_str().unwrap()), place).await.ok();
        w.attacked(&by(&w.sql_id(&keeper.id.to_string())), "audited_year_own_check").await;
        assert_eq!(of_year().await, "soft_closed", "not before it is confirmed");
        assert_eq!(chair.act(&of("approval")).await.ok()["state"], "approved");
        assert_eq!(of_year().await, "audited");
        w.attacked("UPDATE audited_year SET state = 'proposed'", "audited_year_decided").await;

        let mut late = adjustment;
        late["id"] = json!(Uuid::now_v7());
        let late = written(w, &keeper, late).await;
        keeper.act(&step(&late, "submission")).await.refused(409, "year_audited");
        let (at, author) = (w.sql_id(&late), w.sql_id(&keeper.id.to_string()));
        w.sql(&format!("UPDATE manual_voucher SET state = 'submitted', submitter_id = {author} WHERE id = {at}"))
            .await
            .unwrap();
        head.act(&step(&late, "posting")).await.refused(409, "year_audited");
        keeper.act(&step(&late, "discard")).await.ok();
        assert_eq!(w.raised(campaign).await, "100.00");

        // The year after ends too, with what the audit found: it goes to net assets, and the public total stays.
        while w.app.business.today().year() == year + 1 {
            w.pass(15 * 86_400).await;
        }
        w.end_year(year + 1).await;
        let signed = |text: &str| {
            let fen = text.trim_start_matches('-').parse::<Money>().unwrap().fen();
            if text.starts_with('-') { -fen } else { fen }
        };
        assert_eq!(w.balance("320101").await, "0.00");
        assert_eq!(signed(&w.balance("3101").await), signed(&before_moving) + 700);
        let next = keeper.get(&format!("{book}/statements?year={}", year + 1)).await.ok();
        let sheet = &next["balance_sheet"];
        assert_eq!(row(sheet, "assets")["closing"], row(sheet, "liabilities_and_net_assets")["closing"]);
        assert_eq!(w.raised(campaign).await, "100.00");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_is_counted_by_two_and_its_difference_settled_by_a_third() {
    story(async |w| {
        busy_year(w).await;
        let (cashier, keeper, head) =
            (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await, w.staff(Role::FinanceHead).await);
        let book = format!("/staff/books/{}/cash-counts", w.book);
        let of = |count: &Value, name: &str| format!("/staff/cash-counts/{}/{name}", count["id"].as_str().unwrap());
        let equal = cashier.post(&book, cash_count("办公室")).await.ok();
        // Who counts is not told what should lie there, nor who stands beside them.
        assert_eq!((&equal["counted"], &equal["booked"], &equal["difference"]), (&json!("103.00"), &Value::Null, &Value::Null));
        cashier.post(&book, cash_count("办公室")).await.refused(409, "count_under_way");
        // A name that the books do not know is a slip, unless it is said to be a new box.
        cashier.post(&book, cash_count("库存现金")).await.refused(422, "no_such_cash_box");
        let fresh = cashier.post(&book, new_box(cash_count("库存现金"))).await.ok();
        let given_up = cashier.act(&of(&fresh, "withdrawal")).await.ok();
        assert_eq!((&given_up["booked"], &given_up["difference"]), (&Value::Null, &Value::Null), "nor who gives a count up to count again");
        cashier.act(&of(&equal, "signature")).await.refused(403, "forbidden");
        let agreed = keeper.act(&of(&equal, "signature")).await.ok();
        assert_eq!((&agreed["state"], &agreed["booked"], &agreed["difference"]), (&json!("agreed"), &json!("103.00"), &json!("0.00")));
        head.post(&of(&equal, "settlement"), json!({ "choice": "write_off", "reason": "没有差异" })).await.refused(409, "wrong_state");

        let count = async |hundreds: u32, ones: u32| {
            let mut new = cash_count("办公室");
            new["pieces"] = json!([{ "face": "100.00", "count": hundreds }, { "face": "1.00", "count": ones }]);
            cashier.post(&book, new).await.ok()
        };
        let mut wrong = cash_count("办公室");
        wrong["pieces"] = json!([{ "face": "3.00", "count": 1 }]);
        cashier.post(&book, wrong).await.refused(422, "invalid_field");
        let short = count(1, 1).await;
        let signed = keeper.act(&of(&short, "signature")).await.ok();
        assert_eq!((&signed["state"], &signed["difference"]), (&json!("different"), &json!("-2.00")));
        assert_eq!(w.balance("1001[channel=办公室]").await, "101.00");
        assert_eq!(w.balance("1122[channel=办公室]").await, "2.00");
        let reason = |choice: &str| json!({ "choice": choice, "reason": "无法查明原因" });
        head.post(&of(&short, "settlement"), reason("income")).await.refused(409, "wrong_choice");
        let (at, cashier_id) = (w.sql_id(short["id"].as_str().unwrap()), w.sql_id(&cashier.id.to_string()));
        let settle = format!("UPDATE cash_count SET state = 'settled', choice = 'write_off', reason = '无', decider_id = {cashier_id} WHERE id = {at}");
        w.attacked(&settle, "cash_count_decider_check").await;
        w.attacked(&format!("UPDATE cash_count SET counted_fen = 1 WHERE id = {at}"), "cash_count_fixed").await;
        head.post(&of(&short, "settlement"), reason("write_off")).await.ok();
        assert_eq!((w.balance("5901").await, w.balance("1122[channel=办公室]").await), ("2.00".into(), "0.00".into()));
        w.attacked("DELETE FROM cash_count", "cash_count_decided").await;

        // Who signed does not settle: here the chair has to.
        let over = count(1, 4).await;
        head.act(&of(&over, "signature")).await.ok();
        assert_eq!(w.balance("2209[payable=cash_surplus]").await, "-3.00");
        head.post(&of(&over, "settlement"), reason("income")).await.refused(403, "other_person_needed");
        w.staff(Role::Chair).await.post(&of(&over, "settlement"), reason("income")).await.ok();
        assert_eq!((w.balance("490101").await, w.balance("1001[channel=办公室]").await), ("-3.00".into(), "104.00".into()));

        // The books move between the count and the signature: counted again.
        let stale = count(1, 4).await;
        let mut spent = on(w, voucher(Uuid::now_v7()));
        spent["lines"] = json!([
            { "subject": "5301", "debit": "1.00" },
            { "subject": "1001", "channel": "办公室", "credit": "1.00", "cash_flow": "other_operating_out" },
        ]);
        posted(w, spent).await;
        keeper.act(&of(&stale, "signature")).await.refused(409, "cash_moved");
        cashier.act(&of(&stale, "withdrawal")).await.ok();
        let at = w.sql_id(stale["id"].as_str().unwrap());
        w.attacked(&format!("UPDATE cash_count SET state = 'counted' WHERE id = {at}"), "cash_count_decided").await;
        let own = count(1, 3).await;
        let at = w.sql_id(own["id"].as_str().unwrap());
        let sign = format!("UPDATE cash_count SET state = 'agreed', witness_id = {cashier_id}, signed_us = 1 WHERE id = {at}");
        w.attacked(&sign, "cash_count_witness_check").await;
        keeper.act(&of(&own, "signature")).await.ok();
        let page = keeper.get(&format!("{book}?limit=2")).await.ok();
        assert_eq!(page["items"][0]["state"], "agreed");
        let rest = keeper.get(&format!("{book}?after={}", page["next"].as_str().unwrap())).await.ok();
        assert_eq!(rest["items"].as_array().unwrap().len(), 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ratios_and_the_sheet_of_a_campaign_are_the_ledgers() {
    story(async |w| {
        let (campaign, year) = busy_year(w).await;
        let (head, manager) = (w.staff(Role::FinanceHead).await, w.staff(Role::ProjectManager).await);
        let path = format!("/staff/books/{}/years/{year}/ratios", w.book);
        let found = head.get(&path).await.ok();
        let ratio = |found: &Value, n: usize| {
            let one = &found["ratios"][n];
            (one["value"].clone(), one["verdict"].as_str().unwrap().to_owned())
        };
        assert_eq!(ratio(&found, 0), (Value::Null, "undefined".into()), "there was no income the year before");
        assert_eq!(ratio(&found, 1), (json!("33.33%"), "exempt".into()));
        assert_eq!(found["ratios"][1]["bound"], "0.1");
        assert_eq!(ratio(&found, 2), (json!("0.00%"), "holds".into()));
        assert_eq!(found["campaigns"][0]["execution"]["value"], "60.00%");
        assert_eq!(found["campaigns"][0]["execution"]["verdict"], "warns");
        // Another rule holds from its day on, and for no day before.
        let today = w.app.business.today();
        let rule = json!({ "ratio": "management_share", "valid_from": today, "bound": "20%", "exempt_below": "10.00", "source": "新规定" });
        let stands = head.post("/staff/ratio-rules", rule.clone()).await.ok();
        assert_eq!((&stands["bound"], head.post("/staff/ratio-rules", rule.clone()).await.ok()["bound"].clone()), (&json!("0.2"), json!("0.2")));
        let mut other = rule;
        other["bound"] = json!("0.3");
        head.post("/staff/ratio-rules", other.clone()).await.refused(409, "rule_stands");
        other["bound"] = json!("1.5");
        head.post("/staff/ratio-rules", other).await.refused(422, "invalid_field");
        assert_eq!(ratio(&head.get(&path).await.ok(), 1), (json!("33.33%"), "breaks".into()));
        w.attacked("UPDATE ratio_rule SET bound = '1'", "ratio_rule_immutable").await;

        let sheet = async || manager.get(&format!("/staff/campaigns/{campaign}/sheet")).await.ok();
        let open = sheet().await;
        for (key, expected) in [
            ("given", "120.50"),
            ("refunded", "20.50"),
            ("raised", "100.00"),
            ("spent", "60.00"),
            ("left", "40.00"),
            ("other", "0.00"),
        ] {
            assert_eq!(open[key], expected, "{key}");
        }
        assert_eq!((&open["lines"][0]["code"], &open["lines"][0]["spent"]), (&json!("a"), &json!("60.00")));
        let fund = ledger::fund(w.app.db.read(), w.book, campaign.into()).await.unwrap();
        assert_eq!(fund.available().to_string(), "40.00", "what is left is what may be spent");
        let file = send(manager.request(Method::GET, &format!("/api/v1/staff/campaigns/{campaign}/sheet/workbook"))).await;
        assert!(file.header("content-type").unwrap().contains("spreadsheet") && file.status == 200);
        while w.app.business.today().year() == year {
            w.pass(15 * 86_400).await;
        }
        w.end_year(year).await;
        let mut closed = sheet().await;
        closed["through"] = open["through"].clone();
        assert_eq!(closed, open, "the end of a year changes nothing");
        manager.get(&format!("/staff/campaigns/{}/sheet", Uuid::now_v7())).await.refused(404, "no_such_campaign");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_takes_a_year_home_in_one_archive() {
    story(async |w| {
        let (_, year) = busy_year(w).await;
        let auditor = w.staff(Role::Auditor).await;
        let path = format!("/api/v1/staff/books/{}/years/{year}/audit-pack", w.book);
        let answer = auditor.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/zip");
        let bytes = answer.bytes().await.unwrap();
        let mut pack = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut file = |name: &str| {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut pack.by_name(name).unwrap(), &mut bytes).unwrap();
            bytes
        };
        let list = String::from_utf8(file("清单.txt")).unwrap();
        assert_eq!(list.lines().count(), 22, "{list}");
        for line in list.lines().skip(1) {
            let (hash, name) = line.split_once("  ").unwrap();
            let found = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &file(name));
            assert_eq!(hash, hex::encode(found.as_ref()), "{name}");
        }
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let balances = text(file("科目余额表.csv"));
        assert!(balances.contains("1001 库存现金,1001[channel=办公室],0.00,103.00,0.00,103.00"), "{balances}");
        let ledgers = text(file("明细账.csv"));
        let last = ledgers.lines().rfind(|line| line.starts_with("1002[bank=基本户]")).unwrap();
        assert!(last.ends_with(",807.00"), "{last}");
        assert_eq!(text(file("手工凭证.csv")).lines().count(), 4);
        assert!(text(file("财务指标.csv")).contains("管理费用占当年总支出比例,,30.00,90.00,33.33%,0.1,,豁免"));
        assert!(text(file("项目收支表.csv")).contains("结余,40.00"));
        // Vouchers and papers can be read: lines in words, persons by name.
        let vouchers = text(file("手工凭证.csv"));
        assert!(vouchers.contains("借 1002 ") && vouchers.contains("［基本户］ 1000.00；贷 440101 "), "{vouchers}");
        assert!(vouchers.contains("某人（") && !vouchers.contains("\"subject\""), "{vouchers}");
        let papers = text(file("支出审批.csv"));
        assert!(papers.lines().count() == 2 && papers.contains(",60.00,") && papers.contains("某人（"), "{papers}");
        let refunds = text(file("退款.csv"));
        assert!(refunds.lines().count() == 2 && refunds.contains(",20.50,"), "{refunds}");
        for (name, head) in [
            ("差错.csv", "处理原因"),
            ("往来账龄.csv", "365天以上"),
            ("信息公开.csv", "指纹"),
            ("月结.csv", "锁定至"),
            ("年终结转.csv", "未办完的事项"),
        ] {
            assert!(text(file(name)).contains(head), "{name}");
        }
        let next = format!("/staff/books/{}/years/{}/audit-pack", w.book, year + 2);
        auditor.get(&next).await.refused(404, "no_such_year");
    })
    .await;
}
