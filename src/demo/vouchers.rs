//! What the invented year writes into the books by hand: cash for the office box, the rent that comes again each month, and a count of
//! the box by two persons. No campaign's money moves, and the year stays open.

use domain::BusinessDate;
use domain::role::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::drive::{Driver, text};
use super::world::House;

/// On which day the box is filled and the rent is accrued, and on which it is counted.
const VOUCHER_DAY: usize = 24;
const COUNT_DAY: usize = 36;

impl Driver {
    /// What is due on a day.
    pub(super) async fn by_hand(&self, day: usize) -> anyhow::Result<()> {
        let at = self.world().days[day].opens;
        let (today, id) = (BusinessDate::of(at), |what: &str| self.world().seed.id(what, 0, at));
        let book = self.book(House::Foundation)?;
        match day {
            VOUCHER_DAY => {
                let bank = House::Foundation.bank_account();
                let cash = json!([
                    { "subject": "1001", "channel": "办公室", "debit": "500.00" },
                    { "subject": "1002", "bank_account": bank, "credit": "500.00" },
                ]);
                let cash = json!({ "id": id("cash voucher"), "kind": "ordinary", "event_date": today, "summary": "提取备用金", "lines": cash });
                self.write(&book, &cash).await?;
                let lines = json!([
                    { "subject": "5301", "debit": "3000.00" },
                    { "subject": "2202", "payable": "办公室租金", "credit": "3000.00" },
                ]);
                let rent = json!({ "id": id("rent voucher"), "kind": "ordinary", "event_date": today, "summary": "计提办公室租金", "lines": lines });
                self.write(&book, &rent).await?;
                let template = json!({
                    "id": id("rent template"), "name": "办公室租金", "summary": "计提办公室租金", "cadence": "monthly", "day": 25,
                    "starts_on": today, "ends_on": format!("{}-12-31", today.year()), "lines": lines,
                });
                let keeper = self.officer_named(House::Foundation.member(Role::Bookkeeper)).await?;
                self.api().post(&format!("/staff/books/{book}/voucher-templates"), Some(&keeper), &template).await?;
            }
            COUNT_DAY => {
                let pieces = json!([{ "face": "100.00", "count": 4 }, { "face": "50.00", "count": 2 }]);
                let count = json!({ "id": id("cash count"), "box": "办公室", "pieces": pieces });
                let cashier = self.officer_named(House::Foundation.member(Role::Cashier)).await?;
                let path = format!("/staff/books/{book}/cash-counts");
                let counted = self.api().post(&path, Some(&cashier), &count).await?;
                if counted["state"] == "counted" {
                    let keeper = self.officer_named(House::Foundation.member(Role::Bookkeeper)).await?;
                    let path = format!("/staff/cash-counts/{}/signature", text(&counted["id"]));
                    self.api().post(&path, Some(&keeper), &json!({})).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Written and handed in by the bookkeeper with its document, posted by the head of finance.
    async fn write(&self, book: &Uuid, voucher: &Value) -> anyhow::Result<()> {
        let keeper = self.officer_named(House::Foundation.member(Role::Bookkeeper)).await?;
        let head = self.officer_named(House::Foundation.member(Role::FinanceHead)).await?;
        let mut row = self.api().post(&format!("/staff/books/{book}/vouchers"), Some(&keeper), voucher).await?;
        let path = format!("/staff/vouchers/{}", text(&row["id"]));
        loop {
            let (officer, step) = match text(&row["state"]) {
                "draft" => {
                    let words = format!("{}\n金额{}元\n", text(&voucher["summary"]), text(&row["total"]));
                    self.attach_as(&keeper, &path, ("list", "list.txt"), words).await?;
                    (&keeper, "submission")
                }
                "submitted" => (&head, "posting"),
                _ => return Ok(()),
            };
            row = self.api().post(&format!("{path}/{step}"), Some(officer), &json!({})).await?;
        }
    }
}
