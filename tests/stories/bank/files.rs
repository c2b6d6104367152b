//! Statements become lines, once however often they are told.

use domain::role::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ACCOUNT, account, bring, file, lines, mapping};
use crate::world::story;

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_lines_once_however_often_it_is_told() {
    story(async |w| {
        let day = w.app.business.today();
        let (cashier, keeper) = (w.staff(Role::Cashier).await, w.staff(Role::Bookkeeper).await);
        let book = format!("/staff/books/{}", w.book);
        bring(&cashier, &book, file(day, 0, &[("A1", 100, "张三", "心意")]), "").await.refused(404, "no_such_bank_account");
        account(w).await;
        let mut wrong = mapping();
        wrong["mapping"]["income"] = json!("贷方");
        keeper.call(Method::PUT, &format!("{book}/bank-accounts"), Some(wrong)).await.refused(422, "invalid_field");

        // Two that say the same, told apart by their balance.
        let first = file(day, 0, &[("A1", 10_000, "张三", "心意"), ("", 500, "李四", ""), ("", 500, "李四", "")]);
        let looked = bring(&cashier, &book, first.clone(), "").await.ok();
        assert_eq!((looked["fresh"].as_u64(), &looked["statement"]), (Some(3), &Value::Null), "{looked:#}");
        assert_eq!(looked["closing"], "110.00");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM bank_line").await, 0, "a look writes nothing");
        let taken = bring(&cashier, &book, first.clone(), "&write=true").await.ok();
        assert_eq!(taken["fresh"], 3);
        let again = bring(&keeper, &book, first.clone(), "&write=true").await.ok();
        assert_eq!((&again["fresh"], &again["statement"]), (&json!(0), &taken["statement"]));
        // A longer file of the same day adds what is new, and two persons who bring it at once add it once.
        let longer =
            file(day, 0, &[("A1", 10_000, "张三", "心意"), ("", 500, "李四", ""), ("", 500, "李四", ""), ("", 500, "李四", "")]);
        let other = longer.clone() + "\n";
        let at_once = futures_util::future::join(
            bring(&cashier, &book, longer, "&write=true"),
            bring(&keeper, &book, other, "&write=true"),
        );
        let (one, two) = at_once.await;
        let fresh = [one.ok(), two.ok()].map(|report| report["fresh"].as_u64().unwrap());
        assert_eq!(fresh.iter().sum::<u64>(), 1, "{fresh:?}");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM bank_line").await, 4);
        assert_eq!(lines(w, "open").await.len(), 4);

        // What contradicts itself is refused, with its line, and writes nothing.
        let good = file(day, 11_500, &[("B1", 100, "王五", ""), ("B2", -100, "", "手续费")]);
        for (from, to, line) in [("115.00\n", "115.01\n", 4), ("116.00", "116.01", 5), ("B1,1.00", "B1,x", 4)] {
            let report = bring(&cashier, &book, good.replacen(from, to, 1), "&write=true&despite_warnings=true").await.ok();
            assert_eq!(report["problems"][0]["line"], line, "{from}: {report:#}");
            assert_eq!(report["statement"], Value::Null);
            let windows = good.replacen(from, to, 1).replace('\n', "\r\n");
            let report = bring(&cashier, &book, windows, "&write=true&despite_warnings=true").await.ok();
            assert_eq!(report["problems"][0]["line"], line, "{from}, CRLF: {report:#}");
        }
        // Rows that say a balance or a sum are no movements, and what they were taken for is told.
        let with_rows = format!(
            "记账日期,流水号,金额,余额,对方户名,摘要\n{day},,,115.00,,期初余额\n{day},B1,1.00,116.00,王五,\n,,,116.00,,期末余额\n合计,,1.00,,,\n"
        );
        let read = bring(&cashier, &book, with_rows.clone(), "").await.ok();
        assert_eq!((&read["problems"], read["lines"].as_u64()), (&json!([]), Some(1)), "{read:#}");
        assert_eq!((&read["opening"], &read["closing"]), (&json!("115.00"), &json!("116.00")));
        let rows: Vec<(&Value, &str)> = read["balance_rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (&one["line"], one["problem"].as_str().unwrap()))
            .collect();
        assert_eq!(rows, [(&json!(2), "取作期初余额115.00"), (&json!(4), "取作期末余额116.00")]);
        let wrong = with_rows.replacen(",,,116.00,,期末余额", ",,,116.01,,期末余额", 1);
        let read = bring(&cashier, &book, wrong, "&write=true&despite_warnings=true").await.ok();
        assert_eq!((&read["problems"][0]["line"], &read["statement"]), (&json!(3), &Value::Null), "{read:#}");
        // Nobody knows tomorrow.
        let future = bring(&cashier, &book, file(day.next(), 11_500, &[("F1", 100, "王五", "")]), "&write=true&despite_warnings=true").await.ok();
        assert!(future["problems"][0]["problem"].as_str().unwrap().contains("还没有到"), "{future:#}");
        assert_eq!((&future["problems"][0]["line"], &future["statement"]), (&json!(4), &Value::Null));
        w.pass(86_400).await;
        // A hole between two statements wants a word, and so does a movement that is there in other words.
        let later = file(day.next(), 999, &[("C1", 100, "王五", "")]);
        let warned = bring(&cashier, &book, later, "&write=true").await.ok();
        assert!(warned["warnings"][0]["problem"].as_str().unwrap().contains("不衔接"), "{warned:#}");
        let same = file(day, 0, &[("A1", 10_000, "张三（改）", "心意")]);
        let warned = bring(&cashier, &book, same, "&write=true").await.ok();
        assert_eq!(warned["warnings"][0]["line"], 4, "{warned:#}");
        assert_eq!(w.count("SELECT CAST(count(*) AS BIGINT) FROM bank_line").await, 4);

        // A form around the file is not the file.
        let path = format!("/api/v1{book}/bank-statements?id={}&{ACCOUNT}", Uuid::now_v7());
        // Whoever is still writing a long one hears why.
        for sent in [Vec::from(good.clone()), vec![b'x'; 8 << 20]] {
            let form = cashier.request(Method::POST, &path).header("content-type", "multipart/form-data; boundary=x");
            let refused = crate::caller::send(form.body(sent)).await;
            assert!(refused.refused(415, "unsupported_media_type").text.contains("application/octet-stream"));
        }
        // CAMT.053, whatever the mapping says.
        let camt = format!(
            "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt>\
             <Acct><Id><Othr><Id>6222000011112222</Id></Othr></Id></Acct><Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">115.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>\
             <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"CNY\">116.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>\
             <Ntry><Amt Ccy=\"CNY\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>{}</Dt></BookgDt>\
             <AcctSvcrRef>D1</AcctSvcrRef></Ntry></Stmt></BkToCstmrStmt></Document>",
            day.next()
        );
        let read = bring(&cashier, &book, camt.clone(), "&write=true&file_name=十月.xml").await.ok();
        assert_eq!((&read["format"], &read["fresh"]), (&json!("camt053"), &json!(1)), "{read:#}");
        let kept = keeper.get(&format!("{book}/bank-statements?{ACCOUNT}")).await.ok();
        assert_eq!(kept["items"][0]["file_name"], "十月.xml", "{kept:#}");
        // The first statement that says the account's number says it for those that follow; who keeps the books sets it right.
        let accounts = async || keeper.get(&format!("{book}/bank-accounts")).await.ok()["items"][0]["number"].clone();
        assert_eq!(accounts().await, "6222000011112222");
        let foreign = camt.replace("6222000011112222", "6222000011119999").replace("D1", "D2");
        let refused = bring(&cashier, &book, foreign.clone(), "&write=true&despite_warnings=true").await.ok();
        assert!(refused["problems"][0]["problem"].as_str().unwrap().contains("不是同一个账户"), "{refused:#}");
        assert_eq!(refused["statement"], Value::Null);
        let head = file(day, 0, &[("A9", 1, "王五", "")]).replacen("账户明细", "账号：6222 **** 9999", 1);
        let refused = bring(&cashier, &book, head, "&write=true&despite_warnings=true").await.ok();
        assert!(refused["problems"][0]["problem"].as_str().unwrap().contains("不是同一个账户"), "{refused:#}");
        let mut number = mapping();
        number["number"] = json!("12");
        keeper.call(Method::PUT, &format!("{book}/bank-accounts"), Some(number.clone())).await.refused(422, "invalid_field");
        number["number"] = json!("6222 0000 1111 9999");
        keeper.call(Method::PUT, &format!("{book}/bank-accounts"), Some(number)).await.ok();
        keeper.call(Method::PUT, &format!("{book}/bank-accounts"), Some(mapping())).await.ok();
        assert_eq!(accounts().await, "6222000011119999", "left out, it stays");
        let right = bring(&cashier, &book, foreign, "").await.ok();
        assert_eq!(right["problems"], json!([]), "{right:#}");
        // No name of a person stands in the trail.
        let trail = w.staff(Role::Admin).await.get("/staff/trail?limit=100").await;
        assert!(!trail.text.contains("张三") && trail.text.contains("bank.import"));
        w.attacked("UPDATE bank_line SET amount_fen = 1", "bank_line_fixed").await;
        w.attacked("DELETE FROM bank_line", "bank_line_fixed").await;
        w.attacked("DELETE FROM bank_statement", "bank_statement_fixed").await;
    })
    .await;
}
