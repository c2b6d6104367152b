//! The invented year, as somebody sees it who tries the program for the first time.

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
    let raised = |name: &str| -> Value {
        let campaigns = first["campaigns"].as_array().unwrap();
        campaigns.iter().find(|one| one["name"] == name).unwrap()["raised"].clone()
    };
    assert_eq!(raised("助学·关爱行动"), "6840000.00");
    assert_eq!(raised("邢台扶困助学"), "3627800.00");
    let again = played();
    for part in ["campaigns", "staff", "loans", "trial_balance", "audit"] {
        assert_eq!(again[part], first[part], "{part}");
    }
}
