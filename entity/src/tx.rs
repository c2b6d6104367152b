//! An open transaction, and the count of those that were committed here.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement, StreamTrait,
};

/// How often this process has committed, or may have.
pub(crate) type Commits = Arc<AtomicU64>;

/// An open transaction. Dropping it rolls back.
#[derive(Debug)]
pub struct Tx {
    inner: DatabaseTransaction,
    commits: Commits,
}

impl Tx {
    pub(crate) fn new(inner: DatabaseTransaction, commits: &Commits) -> Tx {
        Tx { inner, commits: commits.clone() }
    }

    /// Commits. Whoever asks for [`crate::Db::commits`] after this has returned hears another number, also where the outcome is unknown.
    pub async fn commit(self) -> Result<(), DbErr> {
        let done = self.inner.commit().await;
        self.commits.fetch_add(1, Ordering::SeqCst);
        done
    }

    /// Undoes everything.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        ConnectionTrait::get_database_backend(&self.inner)
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.inner.query_all_raw(statement).await
    }
}

impl StreamTrait for Tx {
    type Stream<'a> = <DatabaseTransaction as StreamTrait>::Stream<'a>;

    fn get_database_backend(&self) -> DbBackend {
        StreamTrait::get_database_backend(&self.inner)
    }

    fn stream_raw<'a>(
        &'a self,
        statement: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<Self::Stream<'a>, DbErr>> + 'a + Send>> {
        self.inner.stream_raw(statement)
    }
}
