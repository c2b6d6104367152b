//! The flood of the invented year: 燕赵同心·防汛救灾 opens before it is filed (慈善法 73), is filed within ten days, and tells of its receipts
//! at least every five days (慈善法 72) until the emergency is over.

use std::time::Duration;

use domain::campaign::CampaignState;
use domain::role::Role;
use domain::{BusinessDate, Timestamp};
use serde_json::json;

use super::drive::Driver;

/// On which day it opens; it is filed on the next, and on the one after that the emergency is over.
pub(super) const FLOOD_DAY: usize = 24;
/// So long after the opening it tells for the second time.
const FOUR_DAYS: Duration = Duration::from_secs(4 * 86_400);

impl Driver {
    /// What is due on a day.
    pub(super) async fn flood(&self, day: usize) -> anyhow::Result<()> {
        let at = self.world().days[day].opens;
        if day == FLOOD_DAY {
            self.tell_of_receipts(at, day * 10 + 7).await?;
        } else if day == FLOOD_DAY + 1 {
            self.file_at_last(day).await?;
            self.tell_of_receipts(at, day * 10 + 7).await?;
        } else if day == FLOOD_DAY + 2 {
            self.emergency_is_over(day).await?;
        }
        Ok(())
    }

    /// The last of the first day: no day of work comes before the five days are over.
    pub(super) async fn five_days_pass(&self) -> anyhow::Result<()> {
        let at = self.world().days[FLOOD_DAY].opens.after(FOUR_DAYS);
        self.clock_to(at, false).await?;
        self.tell_of_receipts(at, FLOOD_DAY * 10 + 8).await
    }

    async fn tell_of_receipts(&self, at: Timestamp, number: usize) -> anyhow::Result<()> {
        let words = json!({ "summary": "募得款物全部进入公募机构账户，按受灾乡镇需求清单采购和发放。" });
        self.publish_at(at, number, "emergency_receipts", self.world().flood(), &words).await
    }

    async fn file_at_last(&self, day: usize) -> anyhow::Result<()> {
        let campaign = self.world().flood();
        if self.state_of(campaign).await? != CampaignState::EmergencyOpen {
            return Ok(());
        }
        let today = BusinessDate::of(self.world().days[day].opens);
        let officer = self.officer_named(campaign.house.member(Role::Disclosure)).await?;
        let path = format!("/staff/campaigns/{}", campaign.id);
        self.attach_filing_receipt(&officer, &path, campaign.name, today).await?;
        let handed_in = json!({ "submitted_on": today });
        self.api().post(&format!("{path}/filing-submission"), Some(&officer), &handed_in).await?;
        let filing = json!({ "number": campaign.filing_number(), "filed_on": today });
        self.api().post(&format!("{path}/filing"), Some(&officer), &filing).await?;
        Ok(())
    }

    async fn emergency_is_over(&self, day: usize) -> anyhow::Result<()> {
        let (campaign, at) = (self.world().flood(), self.world().days[day].opens);
        let over_on = (0..4).fold(self.world().days[day - 1].date(), |date, _| date.next());
        let event = json!({
            "id": self.world().seed.id("emergency over", 0, at), "book": self.book(campaign.house)?, "campaign": campaign.id,
            "kind": "emergency_over", "title": "邯郸防汛应急响应终止", "words": "市防汛指挥部终止应急响应，转入灾后恢复。",
            "happened_on": over_on,
        });
        let officer = self.officer_named(campaign.house.member(Role::Disclosure)).await?;
        self.api().post("/staff/major-events", Some(&officer), &event).await?;
        Ok(())
    }
}
