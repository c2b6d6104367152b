//! Teams of the invented year that give together to 助学·关爱行动: some donors found one each, later gifts come through them, and a name that is no
//! name is hidden. The sums are the same with them or without: a gift through a team is a gift to its campaign.

use domain::role::Role;
use serde_json::json;
use uuid::Uuid;

use super::drive::{Driver, text};
use super::world::House;

/// On which day they are founded; gifts come through them from the next day on.
pub(super) const TEAM_DAY: usize = 5;

/// What they are called, and how much they hope to raise.
const TEAMS: [(&str, Option<&str>); 3] =
    [("冀南老乡群", Some("20000.00")), ("九班同学", None), ("加微信一起捐", Some("5000.00"))];

/// How many teams there are.
pub(super) const COUNT: usize = TEAMS.len();

impl Driver {
    /// What is due on a day.
    pub(super) async fn teams(&self, day: usize) -> anyhow::Result<()> {
        if day != TEAM_DAY {
            return Ok(());
        }
        let main = self.world().main().id;
        for (number, (name, goal)) in TEAMS.iter().enumerate() {
            let founder = self.donor(self.world().gift(number).donor).await?;
            let team = json!({ "id": self.world().team(number), "name": name, "goal": goal });
            self.api().post(&format!("/campaigns/{main}/teams"), Some(&founder), &team).await?;
        }
        self.a_name_is_hidden(main).await
    }

    /// What the check of words left to a person is looked at by one.
    async fn a_name_is_hidden(&self, campaign: Uuid) -> anyhow::Result<()> {
        let officer = self.officer_named(House::Foundation.member(Role::Disclosure)).await?;
        let path = format!("/staff/teams?campaign={campaign}&name_state=review");
        let waiting = self.api().get(&path, Some(&officer)).await?;
        for team in waiting["items"].as_array().into_iter().flatten() {
            let why = json!({ "step": "hidden", "reason": "团队名称含有引导添加微信的内容" });
            let path = format!("/staff/teams/{}/moderation", text(&team["id"]));
            self.api().post(&path, Some(&officer), &why).await?;
        }
        Ok(())
    }
}
