//! The PostgreSQL of a benchmark.
#![allow(unreachable_pub, clippy::unwrap_used, reason = "a helper of benchmarks")]

use sea_orm::ConnectionTrait;

/// Runs the work on a database of its own, which is dropped afterwards, on the server that `SANGZI_TEST_POSTGRES` names; without one it is left out.
pub async fn on_postgres(work: impl AsyncFnOnce(String)) {
    let Ok(server) = std::env::var("SANGZI_TEST_POSTGRES") else { return };
    let name = format!("bench_{}", uuid::Uuid::now_v7().simple());
    let admin = sea_orm::Database::connect(&server).await.unwrap();
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    work(format!("{base}/{name}")).await;
    admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
}
