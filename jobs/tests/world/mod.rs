//! The whole of [`App`] on a fresh database, with a stand-in for WeChat.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "a test helper, of which each file uses a part")]

use std::sync::Arc;
use std::time::Duration;

use app::vault::MasterKeys;
use app::{App, Limits, Options, Templates};
use domain::{Clock, Money};
use entity::Db;
use migration::{Migrator, MigratorTrait};
use sea_orm::ConnectionTrait;
use tokio::sync::OnceCell;

pub struct World {
    pub app: Arc<App>,
    sandbox: std::sync::Mutex<Option<sandbox::Running>>,
    _dir: tempfile::TempDir,
}

impl World {
    pub async fn stop_wechat(&self) {
        let running = self.sandbox.lock().unwrap().take();
        if let Some(running) = running {
            running.stop().await;
        }
    }
}

/// The sandbox's keys are made once for all tests of a file.
static KEYS: OnceCell<Vec<u8>> = OnceCell::const_new();

async fn keys() -> &'static [u8] {
    KEYS.get_or_init(|| async {
        let dir = tempfile::tempdir().unwrap();
        let options = sandbox::Options { durable: false, ..sandbox::Options::new(dir.path()) };
        sandbox::start(options).await.unwrap().stop().await;
        std::fs::read(dir.path().join("keys.json")).unwrap()
    })
    .await
}

async fn open(url: &str, dir: tempfile::TempDir) -> World {
    let db = Db::connect(url).await.unwrap();
    Migrator::up(db.migrations(), None).await.unwrap();
    std::fs::write(dir.path().join("keys.json"), keys().await).unwrap();
    let options = sandbox::Options { durable: false, ..sandbox::Options::new(dir.path()) };
    let sandbox = sandbox::start(options).await.unwrap();
    let settings = wechat::Settings::from_sandbox(dir.path(), "http://127.0.0.1/p", "http://127.0.0.1/r").unwrap();
    let app = App::new(Options {
        db,
        business: Clock::settable(),
        real: Clock::settable(),
        wechat: wechat::Client::new(settings, Clock::system()).unwrap(),
        keys: MasterKeys::derived_from("a secret for tests"),
        limits: Limits {
            max_gift: Money::from_fen(10_000_000),
            max_unpaid: 5,
            unpaid_window: Duration::from_secs(3_600),
            order_life: Duration::from_secs(1_800),
            queue: 100,
        },
        templates: Templates::default(),
        loans: app::loans::Periods::default(),
    });
    World { app: Arc::new(app), sandbox: Some(sandbox).into(), _dir: dir }
}

/// Runs a test on a fresh SQLite file and, if there is a server, on a fresh PostgreSQL database.
pub async fn on_both<F: AsyncFn(&World)>(test: F) {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = open(&format!("sqlite://{}", dir.path().join("jobs.db").display()), dir).await;
    test(&sqlite).await;
    if let Ok(server) = std::env::var("SANGZI_TEST_POSTGRES") {
        let name = format!("jobs_{}", uuid::Uuid::now_v7().simple());
        let admin = sea_orm::Database::connect(&server).await.unwrap();
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        let postgres = open(&format!("{base}/{name}"), tempfile::tempdir().unwrap()).await;
        test(&postgres).await;
        postgres.app.db.clone().close().await.unwrap();
        admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
    }
}
