//! How finance ends the months of the invented year (月结; facts: charity 6.2): early in the next one the days are reconciled, the bank's
//! statement is brought and its 余额调节表 signed, and the head of finance locks the month, in the books of the loans too. Where a break that the
//! year makes on purpose is open, the month is locked for a reason, which stays. October waits on the desk.

use domain::BusinessDate;
use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use super::bank_statement::{Month, first_of};
use super::drive::{Driver, text};
use super::world::House;

/// On which days the month before is locked.
const LOCK_DAYS: [usize; 9] = [4, 7, 12, 15, 19, 22, 26, 30, 34];

impl Driver {
    /// What is due on a day, after everything else of it.
    pub(super) async fn month_end(&self, day: usize) -> anyhow::Result<()> {
        self.a_code_is_given(day).await?;
        if !LOCK_DAYS.contains(&day) {
            return Ok(());
        }
        let last = first_of(self.world().days[day].date()).previous();
        self.run_job("reconcile").await?;
        for house in [House::Foundation, House::Wuan] {
            let (book, head) = (self.book(house)?, house.member(Role::FinanceHead));
            if self.can_be_locked(book, last, head).await? {
                self.bank_month(&Month { house, book, last }).await?;
                let why = "差错已登记，款项挂账，待查明后退回或转捐，不影响其他账目";
                self.lock(book, last, head, why).await?;
            }
        }
        for bank in &self.loans().banks {
            // The book of a programme has its id.
            let (book, head) = (bank.programme, House::Foundation.member(Role::FinanceHead));
            if self.can_be_locked(book, last, head).await? {
                let why = "与银行文件的差异已登记为差错，正与银行逐笔核对";
                self.lock(book, last, head, why).await?;
            }
        }
        Ok(())
    }

    /// Whether something is booked up to the last day of a month, and the month is not locked.
    async fn can_be_locked(&self, book: Uuid, last: BusinessDate, head: &str) -> anyhow::Result<bool> {
        let head = self.officer_named(head).await?;
        let closing = self.api().get(&format!("/staff/books/{book}/closing"), Some(&head)).await?;
        let last = last.to_string();
        // Days compare as their texts do.
        let (first, locked) = (text(&closing["first_booked"]), text(&closing["locked_through"]));
        Ok(!first.is_empty() && first <= last.as_str() && locked < last.as_str())
    }

    /// Locks a month; where something stands against it, for a reason.
    async fn lock(&self, book: Uuid, last: BusinessDate, head: &str, why: &str) -> anyhow::Result<()> {
        let head = self.officer_named(head).await?;
        let path = format!("/staff/books/{book}/years/{}/months/{}/closing", last.year(), last.month());
        match self.api().post(&path, Some(&head), &json!({})).await {
            Err(error) if error.code() == "month_not_ready" => {
                tracing::debug!(%book, %last, %error, "a month is locked for a reason");
                self.api().post(&format!("{path}?reason={why}"), Some(&head), &json!({})).await?;
            }
            other => drop(other?),
        }
        Ok(())
    }
}
