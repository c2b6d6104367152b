//! What the books and the database say, and what the database refuses.

use domain::role::Role;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use super::World;

impl World {
    /// Locks the months of a year before December, whatever stands against it; nothing if they are locked.
    pub(crate) async fn lock_months(&self, year: i32) {
        let lock = format!("/staff/books/{}/years/{year}/months/11/closing?reason=其余事项随后补办", self.book);
        self.staff(Role::Bookkeeper).await.act(&lock).await;
    }

    /// Ends a year of the books by two persons, whatever stands against it.
    pub(crate) async fn end_year(&self, year: i32) -> Value {
        self.lock_months(year).await;
        let closing = json!({ "id": Uuid::now_v7(), "reason": "其余事项随后补办" });
        let path = format!("/staff/books/{}/years/{year}/closing", self.book);
        self.staff(Role::Bookkeeper).await.post(&path, closing.clone()).await.ok();
        let path = format!("/staff/year-closings/{}/approval", closing["id"].as_str().unwrap());
        self.staff(Role::FinanceHead).await.act(&path).await.ok()
    }

    /// The balance of an account as the trial balance prints it: debit less credit. `0.00` if it was never posted to.
    pub(crate) async fn balance(&self, account: &str) -> String {
        let lines = self.staff(Role::Auditor).await.get("/staff/trial-balance").await.ok();
        let line = lines["items"].as_array().unwrap().iter().find(|line| line["account"] == account);
        let Some(line) = line else { return "0.00".to_owned() };
        let (debit, credit) = (line["debit"].as_str().unwrap(), line["credit"].as_str().unwrap());
        if credit == "0.00" { debit.to_owned() } else { format!("-{credit}") }
    }

    /// A number the database knows.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let db = self.app.db.read();
        let row = db.query_one_raw(Statement::from_string(self.app.db.backend(), sql)).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    /// What somebody with a connection of their own to the database tries.
    pub(crate) async fn sql(&self, attack: &str) -> Result<(), sea_orm::DbErr> {
        let tx = self.app.db.begin().await?;
        tx.execute_unprepared(attack).await?;
        tx.commit().await
    }

    /// Makes sure that the database refuses a statement by this rule.
    pub(crate) async fn attacked(&self, sql: &str, rule: &str) {
        match self.sql(sql).await.map_err(|error| error.to_string()) {
            Ok(()) => panic!("it went through: {sql}"),
            Err(refusal) => assert!(refusal.contains(rule), "{sql}: {refusal}"),
        }
    }

    /// An id as it stands in a statement.
    pub(crate) fn sql_id(&self, id: &str) -> String {
        match self.app.db.backend() {
            sea_orm::DbBackend::Postgres => format!("'{id}'"),
            _ => format!("X'{}'", id.replace('-', "")),
        }
    }
}
