//! SQLite makes a tree of a list of more than two words for each row that a CHECK or a trigger asks it, and throws it away again: as much work as
//! writing the row. A CASE compares. PostgreSQL has no such trouble.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

/// Asks every list of words that a table or a trigger asks of the row at hand as a CASE; what is allowed stays as it is.
///
/// SQLite takes no constraint off a column, and hot tables are not written anew for it: their text is changed as its manual says
/// (`lang_altertable.html`, part 7), which leaves every row as it is.
pub(crate) struct Lists;

impl MigrationName for Lists {
    fn name(&self) -> &str {
        "m20261129_000053_lists"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Lists {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Sqlite {
            return Ok(());
        }
        let db = manager.get_connection();
        let all = "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('table', 'trigger') AND sql LIKE '% IN (%'";
        let found = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, all)).await?;
        db.execute_unprepared("PRAGMA writable_schema = ON").await?;
        for row in found {
            let (kind, name, sql): (String, String, String) =
                (row.try_get("", "type")?, row.try_get("", "name")?, row.try_get("", "sql")?);
            // What a trigger asks of other rows is found by their keys.
            let rewritten =
                compared(&sql, |word| kind == "table" || word.starts_with("NEW.") || word.starts_with("OLD."));
            let change = "UPDATE sqlite_schema SET sql = $1 WHERE type = $2 AND name = $3";
            let values = [rewritten.into(), kind.into(), name.into()];
            db.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, change, values)).await?;
        }
        db.execute_unprepared("PRAGMA writable_schema = RESET").await?;
        // Whoever else has the file open reads the schema again.
        let version = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, "PRAGMA schema_version")).await?;
        let version: i64 = version.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        db.execute_unprepared(&format!("PRAGMA schema_version = {}", version + 1)).await?;
        Ok(())
    }
}

/// The text with each `x IN ('a', 'b', 'c')` of an `x` that is asked for as `CASE x WHEN 'a' THEN 1 WHEN 'b' THEN 1 WHEN 'c' THEN 1 WHEN x THEN 0 END`:
/// true, false and, for NULL, unknown as before. Two words are compared anyway.
fn compared(sql: &str, asked: impl Fn(&str) -> bool) -> String {
    let mut done = String::with_capacity(sql.len() * 2);
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once(" IN (") {
        let Some((list, behind)) = after.split_once(')') else { break };
        let (head, not) = match before.strip_suffix(" NOT") {
            Some(head) => (head, "NOT "),
            None => (before, ""),
        };
        let start = head.rfind(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').map_or(0, |at| at + 1);
        let word = &head[start..];
        let mut quoted = false;
        let commas = |c: char| {
            quoted ^= c == '\'';
            c == ',' && !quoted
        };
        let literals: Vec<&str> = list.split(commas).map(str::trim).collect();
        let plain = literals.iter().all(|one| one.len() > 1 && one.starts_with('\'') && one.ends_with('\''));
        if literals.len() > 2 && plain && !word.is_empty() && asked(word) {
            done.push_str(&head[..start]);
            done.push_str(&format!("{not}CASE {word}"));
            for literal in literals {
                done.push_str(&format!(" WHEN {literal} THEN 1"));
            }
            done.push_str(&format!(" WHEN {word} THEN 0 END"));
        } else {
            done.push_str(before);
            done.push_str(" IN (");
            done.push_str(list);
            done.push(')');
        }
        rest = behind;
    }
    done.push_str(rest);
    done
}

#[cfg(test)]
mod tests {
    use super::compared;

    #[test]
    fn a_list_of_words_is_compared_one_by_one() {
        let all = |sql: &str| compared(sql, |_| true);
        assert_eq!(
            all("CHECK (state IN ('a', 'b',\n    'c') OR n > 1)"),
            "CHECK (CASE state WHEN 'a' THEN 1 WHEN 'b' THEN 1 WHEN 'c' THEN 1 WHEN state THEN 0 END OR n > 1)"
        );
        assert_eq!(
            all("WHEN x AND NEW.state NOT IN ('a', 'b', 'c') BEGIN"),
            "WHEN x AND NOT CASE NEW.state WHEN 'a' THEN 1 WHEN 'b' THEN 1 WHEN 'c' THEN 1 WHEN NEW.state THEN 0 END BEGIN"
        );
    }

    #[test]
    fn a_word_may_have_a_comma() {
        assert_eq!(
            compared("CHECK (way IN ('', 'a', 'a,b'))", |_| true),
            "CHECK (CASE way WHEN '' THEN 1 WHEN 'a' THEN 1 WHEN 'a,b' THEN 1 WHEN way THEN 0 END)"
        );
    }

    #[test]
    fn what_is_no_such_list_stays() {
        for sql in [
            "CHECK (state IN ('a', 'b'))",
            "WHERE id IN (SELECT id FROM t WHERE f(a, b, c))",
            "WHEN NEW.author_for_id IN (NEW.a, NEW.b, NEW.c)",
            "(OLD.state || ' ' || NEW.state) NOT IN ('a b', 'b c', 'c d')",
            "CHECK (length(division) IN (2, 4, 6))",
        ] {
            assert_eq!(compared(sql, |_| true), sql);
        }
        let row_at_hand = |word: &str| word.starts_with("NEW.");
        let other = "SELECT 1 FROM refund WHERE state IN ('a', 'b', 'c')";
        assert_eq!(compared(other, row_at_hand), other);
    }
}
