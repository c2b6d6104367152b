//! The invented year, as somebody sees it who tries the program for the first time.

use entity::Db;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::binary::Program;

#[tokio::test(flavor = "multi_thread")]
async fn the_invented_year_is_played_to_its_end_and_played_again_adds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let played = || {
        let words = ["demo", "--once", "--json", "--donations", "200", "--data", data];
        Program::new(&words).set("SANGZI_HTTP__LISTEN", &free).run().ended(0).document()
    };
    let first = played();
    assert_eq!(first["audit"]["ok"], json!(true), "{}", first["audit"]);
    let campaigns = first["campaigns"].as_array().unwrap();
    let of = |name: &str| campaigns.iter().find(|one| one["name"].as_str().unwrap().starts_with(name)).unwrap();
    assert_eq!(of("助学·关爱行动")["raised"], "6840000.00");
    let aid = of("邢台扶困助学");
    assert_eq!((&aid["raised"], &aid["left"]), (&json!("3627800.00"), &json!("0.00")));
    let state = |one: &Value| format!("{} {}", one["name"].as_str().unwrap(), one["state"].as_str().unwrap());
    let states: Vec<String> = campaigns.iter().map(state).collect();
    for stands in [
        "助学·关爱行动 open",
        "小橘灯·困境儿童陪伴 ended",
        "寸草心·为老助浴 open",
        "邢台扶困助学 ended",
        "扬帆护航·返校路费 rejected",
        "梦想口袋·乡村科学实验室 approved",
        "捐书助教·百校书架 submitted",
        "山村图书角（武安） open",
        "青春助农·山区校舍修缮 finance_review",
        "微光图书·乡村教师研修 filed",
        "青春暖邢·寒假日间托管 draft",
        "爱心午餐·校园营养 suspended",
        "春芽·乡村音乐教室 closed",
        "燕赵同心·防汛救灾 executing",
        "暖冬冀行·冬衣计划 open",
        "冬衣计划·张家口 open",
        "读书岛·社区阅览室 terminated",
        "返乡青年·创业贴息 open",
    ] {
        assert!(states.iter().any(|state| state == stands), "{stands}: {states:?}");
    }
    assert_eq!(states.len(), 18);
    // A parent is the sum of its parts; what was closed has nothing left, and what it left is no new raising.
    assert_eq!(of("暖冬冀行")["raised"], of("冬衣计划")["raised"]);
    assert_eq!((&of("春芽")["raised"], &of("春芽")["left"]), (&json!("156000.00"), &json!("0.00")));

    let db = Db::connect(&format!("sqlite://{data}/sangzi.db")).await.unwrap();
    for (many, what) in [
        // One list of 1 978 lines, all of them paid.
        (
            1,
            "(SELECT disbursement_id FROM payout GROUP BY disbursement_id HAVING count(*) = 1978 AND min(state) = 'confirmed' AND max(state) = 'confirmed')",
        ),
        (1, "cooperation WHERE score >= 60"),
        (2, "payout_settlement WHERE state = 'confirmed'"),
        (1, "campaign_decision WHERE kind = 'leftover' AND state = 'approved'"),
        (1, "campaign_decision WHERE kind = 'leftover' AND state = 'proposed'"),
        (1, "campaign_decision WHERE kind = 'termination' AND state = 'approved'"),
        (1, "campaign_change WHERE state = 'submitted'"),
        (1, "campaign WHERE emergency AND filing_number IS NOT NULL"),
        (6, "campaign_update WHERE state = 'published'"),
        (1, "moderation WHERE hidden"),
        (1, "donation WHERE message_state = 'review' AND confirmed_us IS NOT NULL"),
        (1, "receipt WHERE state = 'voided'"),
        (1, "receipt WHERE state = 'reversed'"),
        (1, "enquiry WHERE state = 'open'"),
        (3, "enquiry WHERE state = 'answered'"),
        (1, "delegation WHERE approver_id IS NOT NULL"),
        (2, "unmasking"),
        (1, "child_access WHERE state = 'granted'"),
        (1, "payee_erasure WHERE state = 'restricted'"),
        (1, "team_moderation WHERE step = 'hidden'"),
        (1, "donation WHERE campaign_id IS NULL AND confirmed_us IS NOT NULL"),
        // A loan was misused and mended, and its bank's files tell what we expect.
        (2, "loan_event WHERE kind IN ('misuse', 'misuse_mended')"),
        (0, "discrepancy d JOIN loan_event e ON e.contract_id = d.contract_id WHERE e.kind = 'misuse'"),
        // One grant of the foundation has paid claims of its own subsidy.
        (1, "(SELECT payout_id FROM loan_subsidy WHERE payout_id IS NOT NULL GROUP BY payout_id HAVING count(*) > 1)"),
        // Every book is locked to the end of September; October waits on the desks.
        (4, "book WHERE locked_through = '2026-09-30'"),
        (11, "bank_balance WHERE state = 'reviewed'"),
        (0, "bank_line WHERE state = 'open'"),
        // No day begins with a difference that another has left: the books follow the channel day by day.
        (0, r#"reconciliation_run WHERE report NOT LIKE '%"carried":"0.00"%'"#),
        // Of the foundation's months three have an open break; nothing else stands against any.
        (9, &of_months("hebei", "")),
        (3, &of_months("hebei", "AND a.detail LIKE '%笔差错待处理\"]%'")),
        (3, &of_months("hebei", "AND a.detail LIKE '%unmet%'")),
        (0, &of_months("wuan", "AND a.detail LIKE '%unmet%'")),
        (1, "book WHERE code = 'hebei' AND closed_through > locked_through"),
    ] {
        assert_eq!(count(&db, what).await, many, "{what}");
    }
    assert!(count(&db, "screening_hit WHERE state = 'cleared'").await > 0);
    let (issued, waiting) = (count(&db, "receipt WHERE state = 'issued'").await, count(&db, WAITING).await);
    assert!(issued > waiting, "{issued} receipts were given and {waiting} wait");
    db.close().await.unwrap();

    let again = played();
    for part in ["campaigns", "staff", "loans", "trial_balance", "audit"] {
        assert_eq!(again[part], first[part], "{part}");
    }
}

/// Months of a book that were locked.
fn of_months(code: &str, more: &str) -> String {
    // An id is stored as bytes, and named in the trail as text.
    format!(
        "audit_log a JOIN book b ON replace(a.object, '-', '') = 'book:' || lower(hex(b.id)) \
         WHERE a.action = 'book.close_month' AND b.code = '{code}' {more}"
    )
}

/// Gifts that wait for a receipt.
const WAITING: &str = "donation d WHERE d.receipt = 'requested' AND d.confirmed_us IS NOT NULL AND d.amount_fen > d.refunded_fen \
    AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.donation_id = d.id AND r.state = 'issued')";

async fn count(db: &Db, what: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {what}");
    let row = db.read().query_one_raw(Statement::from_string(db.backend(), sql)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}
