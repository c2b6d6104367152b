//! What a database error means to a caller who can act on it.

use sea_orm::sqlx;
use sea_orm::{DbErr, RuntimeErr};

fn database_error(error: &DbErr) -> Option<&dyn sqlx::error::DatabaseError> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error()
}

/// A deadlock, a serialization failure, a lock that was not had in time, or a busy file: the same batch may be replayed.
pub fn is_transient(error: &DbErr) -> bool {
    let code = database_error(error).and_then(|e| e.code().map(|code| code.into_owned()));
    // PostgreSQL: deadlock_detected, serialization_failure, lock_not_available. SQLite: BUSY, BUSY_SNAPSHOT.
    matches!(code.as_deref(), Some("40P01" | "40001" | "55P03" | "5" | "517"))
}

/// What a refused statement ran into, when it ran into a constraint or a guard: the constraint's name where the database
/// tells it, and its message in any case. Callers look for the name of the rule, or on SQLite for its columns.
pub fn violation(error: &DbErr) -> Option<String> {
    let error = database_error(error)?;
    Some(format!("{} {}", error.constraint().unwrap_or_default(), error.message()))
}
