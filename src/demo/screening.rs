//! Names in the invented year (facts: charity 2.12): compliance loads a list on which two names of students stand. What is found on whoever is
//! paid is decided before the money goes; the finding of the paper that waits at the end waits too.

use domain::role::Role;
use serde_json::json;

use super::client::unless;
use super::drive::{Driver, text};
use super::spending::watched_names;

/// On which day the list is loaded, before anybody is paid.
const LIST_DAY: usize = 2;

impl Driver {
    /// What is due on a day.
    pub(super) async fn screen(&self, day: usize) -> anyhow::Result<()> {
        if day == LIST_DAY {
            let officer = self.officer(Role::Compliance).await?;
            let list = json!({ "list": "关注名单（示例）", "names": watched_names(self.world()) });
            self.api().post("/staff/screening/names", Some(&officer), &list).await?;
        }
        Ok(())
    }

    /// Compliance looks at what was found, before a paper is paid: each is somebody else of the same name.
    pub(super) async fn names_are_cleared(&self) -> anyhow::Result<()> {
        let officer = self.officer(Role::Compliance).await?;
        loop {
            let open = self.api().get("/staff/screening/findings?state=open&limit=100", Some(&officer)).await?;
            let Some(found) = open["items"].as_array().filter(|items| !items.is_empty()) else { return Ok(()) };
            for finding in found {
                let path = format!("/staff/screening/findings/{}/clearance", text(&finding["id"]));
                let why = json!({ "reason": "同名不同人：与名单登记的出生年份和籍贯不符" });
                unless("wrong_state", self.api().post(&path, Some(&officer), &why).await)?;
            }
        }
    }
}
