//! The pools, and the one way to begin.
//!
//! There are two pools. Writes go through [`Db::begin`]; on SQLite that pool is one connection and a transaction takes the
//! write lock at once (`BEGIN IMMEDIATE`), so that what it reads cannot change under it. Reads that need no transaction go
//! through [`Db::read`], several at a time, on connections that cannot write. Who reads much of the database for a while does it through
//! [`Db::wide_snapshot`]: there SQLite maps its file, so that a page costs no call and no copy; the pages of a mapping count as ours, so those
//! connections end when nobody has used them for some seconds.
//!
//! On PostgreSQL a group commit has a small pool of its own ([`Db::begin_steady`]), whose connections are not cleaned after use:
//! its worker drops no `begin`, and at hundreds of commits a second the cleaning would be half of the statements.
//!
//! A `begin` that is dropped half-way leaves a PostgreSQL session of sqlx 0.9 inside a transaction nobody ends: the next write
//! on it answers "done" and is lost. Two guards: [`Db::begin`] runs in a task of its own, which a dropped caller does not
//! take along, and every other connection says ROLLBACK when it goes back to
//! the pool.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, IsolationLevel,
    RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use crate::tx::{Commits, Tx};

/// The database: embedded SQLite or a PostgreSQL server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    write: DatabaseConnection,
    steady: DatabaseConnection,
    read: DatabaseConnection,
    wide: DatabaseConnection,
    commits: Commits,
}

impl Db {
    /// Connects to `sqlite://path` (made if it is missing) or `postgres://…`.
    pub async fn connect(url: &str) -> Result<Db, DbErr> {
        let sqlite = url.starts_with("sqlite:");
        if !sqlite && !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
            return Err(DbErr::Conn(RuntimeErr::Internal(
                "a database is named sqlite://path/to/file.db or postgres://user@host/name".to_owned(),
            )));
        }
        if sqlite {
            let write = Database::connect(sqlite_writer(url)).await?;
            let read = Database::connect(sqlite_readers(url)).await?;
            let wide = Database::connect(sqlite_wide_readers(url)).await?;
            return Ok(Db { steady: write.clone(), write, read, wide, commits: Commits::default() });
        }
        let write = Database::connect(postgres(url, Use::Write)).await?;
        let steady = Database::connect(postgres(url, Use::Steady)).await?;
        let read = Database::connect(postgres(url, Use::Read)).await?;
        Ok(Db { write, steady, wide: read.clone(), read, commits: Commits::default() })
    }

    /// Which database this is.
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// A connection for reading outside a transaction. It cannot write.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// The connection migrations run on. Nothing else has business here.
    pub fn migrations(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Begins a transaction that writes.
    pub async fn begin(&self) -> Result<Tx, DbErr> {
        let write = self.write.clone();
        let begun = tokio::spawn(async move { write.begin_with_options(writing()).await });
        let begun =
            begun.await.unwrap_or_else(|stopped| Err(DbErr::Conn(RuntimeErr::Internal(stopped.to_string()))))?;
        Ok(Tx::new(begun, &self.commits))
    }

    /// Begins a transaction of a worker that goes on until it has committed or rolled back, whoever waits for it.
    pub(crate) async fn begin_steady(&self) -> Result<Tx, DbErr> {
        Ok(Tx::new(self.steady.begin_with_options(writing()).await?, &self.commits))
    }

    /// How many batches of a group commit are written at a time: SQLite has one writer.
    pub(crate) fn batches_at_once(&self) -> usize {
        match self.backend() {
            DbBackend::Postgres => 2,
            _ => 1,
        }
    }

    /// Begins a transaction that only reads and sees one state of the database, however much is written meanwhile.
    pub async fn snapshot(&self) -> Result<Tx, DbErr> {
        self.snapshot_on(&self.read).await
    }

    /// The same for reading much of the database.
    pub async fn wide_snapshot(&self) -> Result<Tx, DbErr> {
        self.snapshot_on(&self.wide).await
    }

    async fn snapshot_on(&self, pool: &DatabaseConnection) -> Result<Tx, DbErr> {
        let begun = match self.backend() {
            DbBackend::Postgres => {
                let mode = (Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly));
                pool.begin_with_config(mode.0, mode.1).await?
            }
            _ => pool.begin().await?,
        };
        Ok(Tx::new(begun, &self.commits))
    }

    /// How often this process has committed: as long as it stays the same, nothing of what can be read was written here.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    /// Writes a consistent copy of an SQLite database to a file that does not exist yet, while others read and write.
    pub async fn copy_to(&self, file: &str) -> Result<(), DbErr> {
        let statement = Statement::from_sql_and_values(self.backend(), "VACUUM INTO $1", [file.into()]);
        self.write.execute_raw(statement).await.map(|_| ())
    }

    /// Closes the pools; waits for connections in use.
    pub async fn close(self) -> Result<(), DbErr> {
        self.read.close().await?;
        self.wide.close().await?;
        self.steady.close().await?;
        self.write.close().await
    }
}

/// How much nicer than the thread that writes SQLite the others are.
#[cfg(unix)]
const NICER: i32 = 10;

/// For each thread of the runtime, when it starts, where the database is SQLite: lets the thread that writes go first, for whom a whole
/// batch waits (`docs/decisions/0031-who-writes-goes-first.md`). That one is as nice as the thread that connected, which is not of the runtime.
pub fn make_way() {
    #[cfg(unix)]
    if let Err(error) = rustix::process::nice(NICER) {
        tracing::warn!(%error, "threads cannot be told to make way for the one that writes");
    }
}

fn writing() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}

fn sqlite_writer(url: &str) -> ConnectOptions {
    use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).acquire_timeout(Duration::from_secs(30));
    // It is made by whoever connects and stays as long as the program does: made anew, or by a task of the pool that sees to a least number,
    // its thread would be as nice as all others.
    options.max_lifetime(None).idle_timeout(None);
    options.max_connections(1).min_connections(0).map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            // What a batch reads is handed over at once; its thread does not wait for us in between.
            .row_buffer_size(1_024)
            .pragma("recursive_triggers", "on")
            .pragma("cache_size", "-65536")
            // A page that many batches change goes to the file once in 16 MiB of log, not once in four.
            .pragma("wal_autocheckpoint", "4000")
    });
    options
}

fn sqlite_readers(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).acquire_timeout(Duration::from_secs(30));
    options.max_connections(4).min_connections(0).map_sqlx_sqlite_opts(|sqlite| {
        sqlite.foreign_keys(true).busy_timeout(Duration::from_secs(10)).pragma("query_only", "on")
    });
    options
}

/// Made when they are asked for, and gone ten seconds after they were last used.
fn sqlite_wide_readers(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).acquire_timeout(Duration::from_secs(30));
    options.max_connections(4).min_connections(0).connect_lazy(true).idle_timeout(Duration::from_secs(10));
    options.map_sqlx_sqlite_opts(|sqlite| {
        let sqlite = sqlite.foreign_keys(true).busy_timeout(Duration::from_secs(10)).pragma("query_only", "on");
        // As much as SQLite maps at most.
        sqlite.pragma("mmap_size", "2147418112")
    });
    options
}

/// What a pool of PostgreSQL connections is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Write,
    Steady,
}

fn postgres(url: &str, what: Use) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).acquire_timeout(Duration::from_secs(30));
    // A plan made on an empty table lives as long as its connection: connections do not grow old.
    options.max_lifetime(Duration::from_secs(600));
    // A connection that has just been used is alive.
    options.test_before_acquire_if_idle_for(Duration::from_secs(1));
    if what == Use::Read {
        options.max_connections(8);
        options.map_sqlx_postgres_opts(|pg| pg.options([("timezone", "UTC"), ("default_transaction_read_only", "on")]));
        return options;
    }
    // Every statement that writes finds its rows by key, the guards and foreign keys included. A plan that was made while a
    // table was empty would scan it for as long as the connection lives (seen: 50 times slower).
    // A connection that comes back without a transaction is told so with each ROLLBACK: no news.
    let session = [
        ("timezone", "UTC"),
        ("lock_timeout", "10s"),
        ("enable_seqscan", "off"),
        ("jit", "off"),
        ("client_min_messages", "error"),
    ];
    options.map_sqlx_postgres_opts(move |pg| pg.options(session));
    if what == Use::Steady {
        // Two at work, two on their way back.
        options.max_connections(4);
        return options;
    }
    options.max_connections(8);
    options.map_sqlx_postgres_pool_opts(|pool| {
        pool.after_release(|connection, _| {
            Box::pin(async move {
                use sea_orm::sqlx::Executor;
                connection.execute("ROLLBACK").await.map(|_| true)
            })
        })
    });
    options
}

/// Whether nobody else has an SQLite database open. Only then may its file be exchanged.
pub async fn is_unused(url: &str) -> Result<bool, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).max_connections(1);
    options.map_sqlx_sqlite_opts(|sqlite| sqlite.pragma("locking_mode", "exclusive"));
    let tried = async {
        let alone = Database::connect(options).await?;
        let answer = alone.execute_unprepared("BEGIN EXCLUSIVE; COMMIT").await;
        alone.close().await?;
        answer
    };
    match tried.await {
        Ok(_) => Ok(true),
        Err(error) if crate::is_transient(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Runs one statement and says how many rows it changed.
pub async fn execute(
    db: &impl sea_orm::ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = sea_orm::Value>,
) -> Result<u64, DbErr> {
    let statement = sea_orm::Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Ok(db.execute_raw(statement).await?.rows_affected())
}
