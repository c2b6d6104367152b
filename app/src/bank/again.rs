//! What waits is looked at again: the other side of a line often comes after it. A withdrawal is written down once the money is there, a
//! voucher is posted a day later. Only what is certain is tied, as when a statement is read; a suggestion stays a suggestion.

use domain::BookId;
use domain::bank::LineState;
use entity::bank_line;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Bank, BankError, locked_account};
use crate::trail::{self, SYSTEM};

impl Bank {
    /// Ties what has become clear of the lines that wait; run again it finds nothing. Answers how many lines, and on how many accounts it
    /// failed. One transaction for each account on which a line waits.
    pub async fn match_again(&self) -> Result<(u64, u64), BankError> {
        let waiting: Vec<(BookId, String)> = bank_line::Entity::find()
            .select_only()
            .column(bank_line::Column::BookId)
            .column(bank_line::Column::BankAccount)
            .filter(bank_line::Column::State.eq(LineState::Open))
            .distinct()
            .order_by_asc(bank_line::Column::BookId)
            .order_by_asc(bank_line::Column::BankAccount)
            .into_tuple()
            .all(self.db.read())
            .await?;
        let mut done = (0, 0);
        for (book, name) in waiting {
            match self.match_account(book, &name).await {
                Ok(matched) => done.0 += matched,
                Err(error) => {
                    done.1 += 1;
                    tracing::warn!(%book, error = &error as &dyn std::error::Error, "the lines of an account were not matched");
                }
            }
        }
        Ok(done)
    }

    async fn match_account(&self, book: BookId, name: &str) -> Result<u64, BankError> {
        let (now, tx) = (self.clock.now(), self.db.begin().await?);
        locked_account(&tx, book, name).await?;
        let matched = self.tie_what_is_clear(&tx, now, book, name, SYSTEM).await?;
        if matched > 0 {
            let line = trail::Line {
                actor: SYSTEM.to_owned(),
                action: "bank.match_again",
                object: format!("book:{book}"),
                origin: "job".to_owned(),
                detail: serde_json::json!({ "bank_account": name, "matched": matched }),
            };
            trail::record(&tx, now, line).await?;
        }
        tx.commit().await?;
        Ok(matched)
    }
}
