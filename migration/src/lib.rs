//! The history of the schema.
//!
//! Tables are written once, in SQL that both databases read after a few type names are exchanged; what the databases say
//! differently (the guards) stands in one file each. Every table is STRICT on SQLite, so that money columns hold integers and
//! nothing else. A migration that has been released is never edited, imports nothing of the other crates, and keeps the
//! release before it working. There is no way down: a mistake is mended by the next migration. Where a CHECK, or a
//! trigger of its own row, compares with more than two words, it says CASE and not IN (`lists` tells why).

mod lists;

pub use sea_orm_migration::prelude::MigratorTrait;
use sea_orm_migration::prelude::*;

/// All migrations, oldest first.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(Step {
                name: "m20261122_000001_ledger",
                tables: include_str!("../sql/0001_ledger.sql"),
                guards_sqlite: include_str!("../sql/0001_ledger.sqlite.sql"),
                guards_postgres: include_str!("../sql/0001_ledger.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261122_000002_giving",
                tables: include_str!("../sql/0002_giving.sql"),
                guards_sqlite: include_str!("../sql/0002_giving.sqlite.sql"),
                guards_postgres: include_str!("../sql/0002_giving.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261122_000003_people",
                tables: include_str!("../sql/0003_people.sql"),
                guards_sqlite: include_str!("../sql/0003_people.sqlite.sql"),
                guards_postgres: include_str!("../sql/0003_people.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261122_000004_campaigns",
                tables: include_str!("../sql/0004_campaigns.sql"),
                guards_sqlite: include_str!("../sql/0004_campaigns.sqlite.sql"),
                guards_postgres: include_str!("../sql/0004_campaigns.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261122_000005_spending",
                tables: include_str!("../sql/0005_spending.sql"),
                guards_sqlite: include_str!("../sql/0005_spending.sqlite.sql"),
                guards_postgres: include_str!("../sql/0005_spending.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261122_000006_breaks",
                tables: include_str!("../sql/0006_breaks.sql"),
                guards_sqlite: include_str!("../sql/0006_breaks.sqlite.sql"),
                guards_postgres: include_str!("../sql/0006_breaks.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261122_000007_service",
                tables: include_str!("../sql/0007_service.sql"),
                guards_sqlite: include_str!("../sql/0007_service.sqlite.sql"),
                guards_postgres: include_str!("../sql/0007_service.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261124_000008_reconciliation",
                tables: include_str!("../sql/0008_reconciliation.sql"),
                guards_sqlite: include_str!("../sql/0008_reconciliation.sqlite.sql"),
                guards_postgres: include_str!("../sql/0008_reconciliation.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261124_000009_evidence",
                tables: include_str!("../sql/0009_evidence.sql"),
                guards_sqlite: include_str!("../sql/0009_evidence.sqlite.sql"),
                guards_postgres: include_str!("../sql/0009_evidence.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000010_bank",
                tables: include_str!("../sql/0010_bank.sql"),
                guards_sqlite: include_str!("../sql/0010_bank.sqlite.sql"),
                guards_postgres: include_str!("../sql/0010_bank.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261124_000011_closing",
                tables: include_str!("../sql/0011_closing.sql"),
                guards_sqlite: include_str!("../sql/0011_closing.sqlite.sql"),
                guards_postgres: include_str!("../sql/0011_closing.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261127_000012_disclosure",
                tables: include_str!("../sql/0012_disclosure.sql"),
                guards_sqlite: include_str!("../sql/0012_disclosure.sqlite.sql"),
                guards_postgres: include_str!("../sql/0012_disclosure.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261127_000013_lending",
                tables: include_str!("../sql/0013_lending.sql"),
                guards_sqlite: include_str!("../sql/0013_lending.sqlite.sql"),
                guards_postgres: include_str!("../sql/0013_lending.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261127_000014_servicing",
                tables: include_str!("../sql/0014_servicing.sql"),
                guards_sqlite: include_str!("../sql/0014_servicing.sqlite.sql"),
                guards_postgres: include_str!("../sql/0014_servicing.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261127_000016_buffer",
                tables: include_str!("../sql/0016_buffer.sql"),
                guards_sqlite: include_str!("../sql/0016_buffer.sqlite.sql"),
                guards_postgres: include_str!("../sql/0016_buffer.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000017_loan_papers",
                tables: include_str!("../sql/0017_loan_papers.sql"),
                guards_sqlite: include_str!("../sql/0017_loan_papers.sqlite.sql"),
                guards_postgres: include_str!("../sql/0017_loan_papers.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261127_000019_born_whole",
                tables: include_str!("../sql/0019_born_whole.sql"),
                guards_sqlite: include_str!("../sql/0019_born_whole.sqlite.sql"),
                guards_postgres: include_str!("../sql/0019_born_whole.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000020_open_books",
                tables: include_str!("../sql/0020_open_books.sql"),
                guards_sqlite: "",
                guards_postgres: "",
            }),
            Box::new(Step {
                name: "m20261127_000011_vouchers",
                tables: include_str!("../sql/0011_vouchers.sql"),
                guards_sqlite: include_str!("../sql/0011_vouchers.sqlite.sql"),
                guards_postgres: include_str!("../sql/0011_vouchers.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261127_000011_year",
                tables: include_str!("../sql/0011_year.sql"),
                guards_sqlite: include_str!("../sql/0011_year.sqlite.sql"),
                guards_postgres: include_str!("../sql/0011_year.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000022_loan_breaks",
                tables: "",
                guards_sqlite: include_str!("../sql/0022_loan_breaks.sqlite.sql"),
                guards_postgres: include_str!("../sql/0022_loan_breaks.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000024_messages",
                tables: include_str!("../sql/0024_messages.sql"),
                guards_sqlite: "",
                guards_postgres: "",
            }),
            Box::new(Step {
                name: "m20261128_000028_closing_entries",
                tables: include_str!("../sql/0028_closing_entries.sql"),
                guards_sqlite: "",
                guards_postgres: "",
            }),
            Box::new(Step {
                name: "m20261128_000025_follow",
                tables: include_str!("../sql/0025_follow.sql"),
                guards_sqlite: "",
                guards_postgres: "",
            }),
            Box::new(Step {
                name: "m20261128_000027_guards",
                tables: include_str!("../sql/0027_guards.sql"),
                guards_sqlite: include_str!("../sql/0027_guards.sqlite.sql"),
                guards_postgres: include_str!("../sql/0027_guards.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000029_charity",
                tables: include_str!("../sql/0029_charity.sql"),
                guards_sqlite: include_str!("../sql/0029_charity.sqlite.sql"),
                guards_postgres: include_str!("../sql/0029_charity.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000030_children",
                tables: include_str!("../sql/0030_children.sql"),
                guards_sqlite: include_str!("../sql/0030_children.sqlite.sql"),
                guards_postgres: include_str!("../sql/0030_children.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000031_bank_lines",
                tables: include_str!("../sql/0031_bank_lines.sql"),
                guards_sqlite: include_str!("../sql/0031_bank_lines.sqlite.sql"),
                guards_postgres: include_str!("../sql/0031_bank_lines.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000032_own_password",
                tables: include_str!("../sql/0032_own_password.sql"),
                guards_sqlite: "",
                guards_postgres: "",
            }),
            Box::new(Step {
                name: "m20261128_000033_columns",
                tables: "",
                guards_sqlite: include_str!("../sql/0033_columns.sqlite.sql"),
                guards_postgres: include_str!("../sql/0033_columns.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000034_gates",
                tables: include_str!("../sql/0034_gates.sql"),
                guards_sqlite: include_str!("../sql/0034_gates.sqlite.sql"),
                guards_postgres: include_str!("../sql/0034_gates.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000035_spending",
                tables: include_str!("../sql/0035_spending.sql"),
                guards_sqlite: include_str!("../sql/0035_spending.sqlite.sql"),
                guards_postgres: include_str!("../sql/0035_spending.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000036_house",
                tables: include_str!("../sql/0036_house.sql"),
                guards_sqlite: include_str!("../sql/0036_house.sqlite.sql"),
                guards_postgres: include_str!("../sql/0036_house.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000037_loans",
                tables: include_str!("../sql/0037_loans.sql"),
                guards_sqlite: include_str!("../sql/0037_loans.sqlite.sql"),
                guards_postgres: include_str!("../sql/0037_loans.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000039_closing",
                tables: include_str!("../sql/0039_closing.sql"),
                guards_sqlite: include_str!("../sql/0039_closing.sqlite.sql"),
                guards_postgres: include_str!("../sql/0039_closing.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000040_words",
                tables: include_str!("../sql/0040_words.sql"),
                guards_sqlite: "",
                guards_postgres: "",
            }),
            Box::new(Step {
                name: "m20261128_000041_general_fund",
                tables: include_str!("../sql/0041_general_fund.sql"),
                guards_sqlite: include_str!("../sql/0041_general_fund.sqlite.sql"),
                guards_postgres: include_str!("../sql/0041_general_fund.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000042_wish",
                tables: include_str!("../sql/0042_wish.sql"),
                guards_sqlite: include_str!("../sql/0042_wish.sqlite.sql"),
                guards_postgres: include_str!("../sql/0042_wish.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000043_people",
                tables: include_str!("../sql/0043_people.sql"),
                guards_sqlite: include_str!("../sql/0043_people.sqlite.sql"),
                guards_postgres: include_str!("../sql/0043_people.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000044_closing",
                tables: include_str!("../sql/0044_closing.sql"),
                guards_sqlite: include_str!("../sql/0044_closing.sqlite.sql"),
                guards_postgres: include_str!("../sql/0044_closing.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000045_loans",
                tables: include_str!("../sql/0045_loans.sql"),
                guards_sqlite: include_str!("../sql/0045_loans.sqlite.sql"),
                guards_postgres: include_str!("../sql/0045_loans.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261128_000046_hands",
                tables: include_str!("../sql/0046_hands.sql"),
                guards_sqlite: include_str!("../sql/0046_hands.sqlite.sql"),
                guards_postgres: include_str!("../sql/0046_hands.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261129_000047_giving",
                tables: include_str!("../sql/0047_giving.sql"),
                guards_sqlite: include_str!("../sql/0047_giving.sqlite.sql"),
                guards_postgres: include_str!("../sql/0047_giving.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261129_000048_reach",
                tables: include_str!("../sql/0048_reach.sql"),
                guards_sqlite: include_str!("../sql/0048_reach.sqlite.sql"),
                guards_postgres: include_str!("../sql/0048_reach.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261129_000049_search",
                tables: include_str!("../sql/0049_search.sql"),
                guards_sqlite: "",
                guards_postgres: "",
            }),
            Box::new(Step {
                name: "m20261129_000050_lending",
                tables: include_str!("../sql/0050_lending.sql"),
                guards_sqlite: include_str!("../sql/0050_lending.sqlite.sql"),
                guards_postgres: include_str!("../sql/0050_lending.postgres.sql"),
            }),
            Box::new(Step {
                name: "m20261129_000051_steps",
                tables: "",
                guards_sqlite: include_str!("../sql/0051_steps.sqlite.sql"),
                guards_postgres: "",
            }),
            Box::new(Step {
                name: "m20261129_000052_transfer_steps",
                tables: "",
                guards_sqlite: include_str!("../sql/0052_transfer_steps.sqlite.sql"),
                guards_postgres: include_str!("../sql/0052_transfer_steps.postgres.sql"),
            }),
            Box::new(lists::Lists),
        ]
    }
}

/// One step of the history: tables for both databases, then the guards of the one at hand.
struct Step {
    name: &'static str,
    tables: &'static str,
    guards_sqlite: &'static str,
    guards_postgres: &'static str,
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    /// A step is done whole or not at all, on SQLite as on PostgreSQL.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let db = manager.get_connection();
        db.execute_unprepared(&dialect(self.tables, backend)).await?;
        let guards = match backend {
            sea_orm::DbBackend::Sqlite => self.guards_sqlite,
            _ => self.guards_postgres,
        };
        db.execute_unprepared(guards).await?;
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("there is no way down; write the next migration".to_owned()))
    }
}

/// Exchanges the type names of PostgreSQL for those a STRICT table of SQLite knows.
fn dialect(sql: &str, backend: sea_orm::DbBackend) -> String {
    let pairs: &[(&str, &str)] = match backend {
        sea_orm::DbBackend::Sqlite => &[
            ("UUID", "BLOB"),
            ("BYTEA", "BLOB"),
            ("BOOLEAN", "INTEGER"),
            ("BIGINT", "INTEGER"),
            ("/*strict*/", "STRICT"),
            ("/*hot*/", "STRICT"),
        ],
        _ => &[("/*strict*/", ""), ("/*hot*/", "WITH (fillfactor = 50)")],
    };
    pairs.iter().fold(sql.to_owned(), |sql, (from, to)| sql.replace(from, to))
}
