//! The binary as operators call it: what it says, and the number it ends with.

use std::io::{Seek, Write};
use std::process::{Child, Command, Output, Stdio};

use entity::Db;
use serde_json::Value;

use crate::world::{Postgres, identity_number};

/// A call of the binary, with no setting but those named.
pub(crate) struct Program(Command);

impl Program {
    pub(crate) fn new(words: &[&str]) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sangzi"));
        command.args(words).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.current_dir(std::env::temp_dir()).stdin(Stdio::null());
        Program(command)
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Program {
        self.0.env(name, value);
        self
    }

    /// Gives it something to read.
    fn reading(mut self, text: &str) -> Program {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.rewind().unwrap();
        self.0.stdin(file);
        self
    }

    /// Starts it and lets it run.
    pub(crate) fn spawn(mut self) -> Running {
        Running(self.0.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Said {
        let Output { status, stdout, stderr } = tokio::task::block_in_place(|| self.0.output().unwrap());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: status.code(), out: text(stdout), err: text(stderr) }
    }
}

/// A program that runs, and does not outlive its story.
pub(crate) struct Running(Child);

impl Running {
    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Asks it to end, and makes sure that it ends in peace.
    pub(crate) fn terminate(&mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let ended = tokio::task::block_in_place(|| self.0.wait().unwrap());
        assert_eq!(ended.code(), Some(0), "{ended}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What it said.
#[derive(Debug)]
pub(crate) struct Said {
    code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Said {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// The one document on standard output.
    #[track_caller]
    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// Runs on a database that does not exist yet, of each kind.
async fn on_both(test: impl AsyncFn(&str)) {
    let dir = tempfile::tempdir().unwrap();
    test(&format!("sqlite://{}", dir.path().join("new/sangzi.db").display())).await;
    let Ok(server) = std::env::var("SANGZI_TEST_POSTGRES") else { return };
    let postgres = Postgres::create(&server).await;
    test(&postgres.url).await;
    postgres.destroy().await;
}

/// A stand-in for WeChat that only has to have been there.
async fn sandbox_dir() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let options = sandbox::Options { durable: false, ..sandbox::Options::new(dir.path()) };
    sandbox::start(options).await.unwrap().stop().await;
    dir
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_migrates_makes_an_administrator_and_audits() {
    let wechat = sandbox_dir().await;
    on_both(async |url| {
        let call = |words: &[&str]| {
            let program = Program::new(words).set("SANGZI_DATABASE__URL", url);
            program.set("SANGZI_WECHAT__SANDBOX", wechat.path().to_str().unwrap()).run()
        };
        let missing = call(&["migrate", "status", "--json"]).ended(1).document();
        assert_eq!(missing["applied"], serde_json::json!([]));
        let applied = call(&["migrate", "up", "--json"]).ended(0).document();
        assert_eq!(applied["applied"], missing["pending"]);
        assert_eq!(call(&["migrate", "up", "--json"]).ended(0).document()["applied"], serde_json::json!([]));
        call(&["migrate", "status"]).ended(0);

        // One natural person has one account, also of those that are made here.
        let known = |username: &str, number: &str| {
            call(&["staff", "create", "--role", "auditor", "--username", username, "--identity-number", number])
        };
        known("auditor-2", "130502189901010001").ended(2);
        known("auditor-2", &identity_number(7)).ended(0);
        known("auditor-3", &identity_number(7)).ended(2);
        known("auditor-3", "-").ended(2);
        for (role, username, seeded) in
            [("auditor", "auditor-1", false), ("admin", "admin-1", true), ("admin", "admin-2", true)]
        {
            let made = call(&["staff", "create", "--role", role, "--username", username, "--json"]).ended(0).document();
            assert_eq!((&made["role"], &made["username"]), (&role.into(), &username.into()));
            assert!(made["password"].as_str().unwrap().len() >= 20);
            assert_eq!(made["totp_secret"].is_string(), seeded, "{role}");
        }
        call(&["staff", "create", "--role", "cashier", "--username", "late"]).ended(2);
        call(&["staff", "create", "--role", "emperor", "--username", "late"]).ended(2);
        call(&["staff", "create", "--role", "auditor", "--username", "Nobody Home"]).ended(2);
        call(&["job", "session_sweep", "--json"]).ended(0);
        call(&["job", "nothing"]).ended(2);
        call(&["nonsense"]).ended(2);

        let clean = call(&["audit", "--json"]).ended(0).document();
        assert_eq!(clean["ok"], true);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_finds_a_fen_that_somebody_added() {
    crate::world::story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "12.30").await;
        // The audit needs the database and nothing else, and may run while the program works.
        let audit = || Program::new(&["audit", "--json"]).set("SANGZI_DATABASE__URL", &w.database_url).run();
        let clean = audit().ended(0).document();
        assert_eq!((&clean["ok"], &clean["differences"]), (&Value::Bool(true), &serde_json::json!([])));
        assert!(clean["checked"].as_u64().unwrap() > 0);
        for (attack, back) in [
            (
                "UPDATE account SET debit_fen = debit_fen + 1 WHERE subject = '1009'",
                "UPDATE account SET debit_fen = debit_fen - 1 WHERE subject = '1009'",
            ),
            (
                "UPDATE account SET credit_fen = credit_fen + 1 WHERE subject = '410102'",
                "UPDATE account SET credit_fen = credit_fen - 1 WHERE subject = '410102'",
            ),
            (
                "UPDATE fund SET raised_cash_fen = raised_cash_fen + 1",
                "UPDATE fund SET raised_cash_fen = raised_cash_fen - 1",
            ),
            (
                "UPDATE account_day SET debit_fen = debit_fen + 1 WHERE debit_fen > 0",
                "UPDATE account_day SET debit_fen = debit_fen - 1 WHERE debit_fen > 0",
            ),
        ] {
            by_hand(&w.app.db, attack).await;
            let found = audit().ended(1).document();
            assert_eq!(found["ok"], false, "{attack}");
            assert!(!found["differences"].as_array().unwrap().is_empty(), "{attack}");
            by_hand(&w.app.db, back).await;
            audit().ended(0);
        }
        let in_words = Program::new(&["audit"]).set("SANGZI_DATABASE__URL", &w.database_url).run().ended(0);
        assert!(in_words.out.contains("0 differ"), "{in_words:?}");
    })
    .await;
}

/// Somebody with the database's password.
pub(crate) async fn by_hand(db: &Db, sql: &str) {
    use sea_orm::ConnectionTrait;
    let tx = db.begin().await.unwrap();
    let changed = tx.execute_unprepared(sql).await.unwrap().rows_affected();
    assert!(changed > 0, "{sql}");
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_version_is_refused() {
    let wechat = sandbox_dir().await;
    on_both(async |url| {
        for words in [
            &["serve"][..],
            &["work"],
            &["audit"],
            &["job", "outbox"],
            &["staff", "create", "--role", "admin", "--username", "admin-1"],
        ] {
            let program =
                Program::new(words).set("SANGZI_DATABASE__URL", url).set("SANGZI_HTTP__LISTEN", "127.0.0.1:0");
            let said = program.set("SANGZI_WECHAT__SANDBOX", wechat.path().to_str().unwrap()).run();
            assert!(said.err.contains("sangzi migrate up"), "{said:#?}");
            said.ended(2);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn production_refuses_what_belongs_to_play_and_says_everything_at_once() {
    let wechat = sandbox_dir().await;
    let said = Program::new(&["serve"])
        .set("SANGZI_PROFILE", "production")
        .set("SANGZI_DATABASE__URL", "mysql://nowhere")
        .set("SANGZI_HTTP__LISTEN", "somewhere")
        .set("SANGZI_HTTP__LISTN", "127.0.0.1:8080")
        .set("SANGZI_GIVING__MAX_GIFT", "1e5")
        .set("SANGZI_WECHAT__SANDBOX", wechat.path().to_str().unwrap())
        .run()
        .ended(2);
    for problem in [
        "database.url",
        "http.listen is",
        "http.listn is not a setting",
        "giving.max_gift",
        "wechat.sandbox",
        "keys are needed",
    ] {
        assert!(said.err.contains(problem), "{problem}: {}", said.err);
    }
    assert_eq!(said.out, "", "documents go to standard output, problems do not");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_in_force_hides_its_secrets() {
    let said = Program::new(&["config", "--json"])
        .set("SANGZI_DATABASE__URL", "postgres://sangzi:open-sesame@db/sangzi")
        .set("SANGZI_WECHAT__SECRET", "open-sesame")
        .set("SANGZI_WECHAT__APIV3_KEY", "open-sesame-open-sesame-open-ses")
        .set("SANGZI_KEYS__LOOKUP", &"0b".repeat(32))
        .run();
    let said = format!("{}{}", said.out, said.err);
    assert!(said.contains("sangzi:***@db") && !said.contains("open-sesame") && !said.contains("0b0b"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_while_serving_and_restored_when_nobody_is() {
    crate::world::story(async |w| {
        let campaign = w.open_campaign("1000.00").await;
        let donor = w.donor("o-one").await;
        w.gift(&donor, campaign, "12.30").await;
        let copy = w.dir().join("copy.db").to_str().unwrap().to_owned();
        let call = |words: &[&str], url: &str| Program::new(words).set("SANGZI_DATABASE__URL", url).run();
        if !w.database_url.starts_with("sqlite") {
            assert!(call(&["backup", &copy], &w.database_url).ended(2).err.contains("pg_dump"));
            return;
        }
        call(&["backup", &copy, "--json"], &w.database_url).ended(0);
        assert!(call(&["backup", &copy], &w.database_url).ended(2).err.contains("overwrites nothing"));
        w.gift(&donor, campaign, "1.00").await;
        assert!(call(&["restore", &copy], &w.database_url).ended(2).err.contains("in use"));

        let other = format!("sqlite://{}", w.dir().join("other/books.db").display());
        let restored = call(&["restore", &copy, "--json"], &other).ended(0).document();
        assert_eq!((&restored["audit"]["ok"], &restored["kept"]), (&Value::Bool(true), &Value::Null));
        call(&["audit"], &other).ended(0);
        let again = call(&["restore", &copy, "--json"], &other).ended(0).document();
        assert!(std::path::Path::new(again["kept"].as_str().unwrap()).exists(), "the database of before is kept");

        let torn = w.dir().join("torn.db");
        let bytes = std::fs::read(&copy).unwrap();
        std::fs::write(&torn, &bytes[..bytes.len() / 2]).unwrap();
        call(&["restore", torn.to_str().unwrap()], &other).ended(2);
        std::fs::write(&torn, "no database").unwrap();
        call(&["restore", torn.to_str().unwrap()], &other).ended(2);
        call(&["restore", "/nowhere"], &other).ended(2);
        call(&["audit"], &other).ended(0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_about_loans_are_answered_without_a_database() {
    let asked = |text: &str| Program::new(&["loan", "calc"]).reading(text).run();
    let due = r#"{"id": "a", "kind": "due_dates", "input": {"first_due_on": "2024-01-31", "due_day": 31, "term": 2}}"#;
    let said = asked(&format!("[{due}]")).ended(0);
    let answers: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(answers, serde_json::json!([{ "id": "a", "result": { "dates": ["2024-01-31", "2024-02-29"] } }]));

    let wrong = due.replace("2024-01-31", "2024-02-31");
    let said = asked(&format!("[{wrong}, {due}]")).ended(1);
    let answers: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(answers[0]["error"]["code"], "no_such_day");
    assert_eq!(answers[1]["result"]["dates"][0], "2024-01-31");

    asked("[]").ended(0);
    for unreadable in ["", "{}", "[", "\u{feff}[]x"] {
        assert_eq!(asked(unreadable).ended(2).out, "", "{unreadable:?}");
    }
}
