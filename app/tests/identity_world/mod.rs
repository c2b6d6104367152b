//! A fresh database, a stand-in for WeChat and the services of identity between them.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "a test helper, of which each file uses a part")]

use app::identity::Identity;
use app::vault::{MasterKeys, Vault};
use domain::Clock;
use entity::Db;
use migration::{Migrator, MigratorTrait};
use sea_orm::ConnectionTrait;
use tokio::sync::OnceCell;

pub struct World {
    pub db: Db,
    pub identity: Identity,
    pub wechat: wechat::Client,
    pub sandbox: sandbox::Running,
    /// Business time.
    pub business: Clock,
    /// Real time; settable here. The sandbox's is the computer's.
    pub real: Clock,
    _dir: tempfile::TempDir,
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
    let wechat = wechat::Client::new(settings, Clock::system()).unwrap();
    let vault = Vault::new(MasterKeys::derived_from("a secret for tests"));
    let (business, real) = (Clock::settable(), Clock::settable());
    let identity = Identity::new(db.clone(), wechat.clone(), vault, business.clone(), real.clone());
    World { db, identity, wechat, sandbox, business, real, _dir: dir }
}

/// Runs a test on a fresh SQLite file and, if there is a server, on a fresh PostgreSQL database.
pub async fn on_both<F: AsyncFn(&World)>(test: F) {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = open(&format!("sqlite://{}", dir.path().join("app.db").display()), dir).await;
    test(&sqlite).await;
    if let Ok(server) = std::env::var("SANGZI_TEST_POSTGRES") {
        let name = format!("app_{}", uuid::Uuid::now_v7().simple());
        let admin = sea_orm::Database::connect(&server).await.unwrap();
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        let postgres = open(&format!("{base}/{name}"), tempfile::tempdir().unwrap()).await;
        test(&postgres).await;
        postgres.db.close().await.unwrap();
        admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
    }
}
