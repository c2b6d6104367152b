//! The staff of the invented year, with credentials that follow from the seed, and how they sign in.

use std::time::Duration;

use anyhow::Context;
use domain::role::Role;
use serde_json::json;
use totp_rs::{Builder, Secret};
use uuid::Uuid;

use super::drive::{Driver, text};
use super::people;
use super::world::World;

/// A step of one-time passwords.
const STEP_S: i64 = 30;
/// Longer than it takes to look at a password.
const SPARE_S: i64 = 8;

/// A member of staff.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) id: Uuid,
    /// Short, unique in the world.
    pub(crate) word: &'static str,
    /// The code of the unit over which the role is held; everywhere if there is none.
    pub(crate) unit: Option<&'static str>,
    pub(crate) role: Role,
    pub(crate) username: String,
    pub(crate) name: &'static str,
    pub(crate) password: String,
    pub(crate) totp_secret: Option<String>,
    /// The number of an identity card that nobody has: no division has its code. One person has one account (facts: charity 6.6a).
    pub(crate) person: String,
}

impl World {
    /// The staff of the foundation, with credentials.
    pub(crate) fn staff(&self) -> Vec<Member> {
        let people = [
            ("admin-1", "赵系统（示例）", Role::Admin),
            ("admin-2", "钱系统（示例）", Role::Admin),
            ("organiser", "孙发起（示例）", Role::Organiser),
            ("manager", "李项目（示例）", Role::ProjectManager),
            ("cashier", "周出纳（示例）", Role::Cashier),
            ("bookkeeper", "吴会计（示例）", Role::Bookkeeper),
            ("finance", "郑财务（示例）", Role::FinanceHead),
            ("disclosure", "王公开（示例）", Role::Disclosure),
            ("auditor", "冯监事（示例）", Role::Auditor),
            ("chair", "韩理事（示例）", Role::Chair),
            ("compliance", "杨合规（示例）", Role::Compliance),
            ("xingtai-organiser", "朱邢台（示例）", Role::Organiser),
            ("wuan-organiser", "秦武安（示例）", Role::Organiser),
            ("wuan-chair", "尤理事（示例）", Role::Chair),
            ("wuan-manager", "许项目（示例）", Role::ProjectManager),
            ("wuan-finance", "何财务（示例）", Role::FinanceHead),
            ("wuan-cashier", "吕出纳（示例）", Role::Cashier),
            ("wuan-bookkeeper", "施会计（示例）", Role::Bookkeeper),
            ("province-league", "张省委（示例）", Role::LeagueOfficer),
            ("xingtai-league", "孔邢台（示例）", Role::LeagueOfficer),
            ("handan-league", "曹邯郸（示例）", Role::LeagueOfficer),
            ("xiangdu-league", "严襄都（示例）", Role::LeagueOfficer),
            ("wuan-league", "华武安（示例）", Role::LeagueOfficer),
            ("lender-taihang", "金太行（示例）", Role::BankOfficer),
            ("lender-hutuo", "魏滹沱（示例）", Role::BankOfficer),
        ];
        // Another seed's staff are other people, and no borrower is as old.
        let digit = |of: &str, among: &[u8]| self.seed.word(&format!("born {of}"), 1, among);
        let (decade, year) = (digit("decade", b"5678"), digit("year", b"0123456789"));
        let (month, day) = (digit("month", b"123456789"), digit("day", b"0123456789"));
        let born = format!("19{decade}{year}0{month}1{day}");
        let member = |(number, (word, name, role)): (usize, (&'static str, &'static str, Role))| {
            let username = format!("demo-{}{word}", self.tag());
            let letters = self.seed.word(&format!("password {word}"), 20, b"abcdefghijkmnpqrstuvwxyz23456789");
            let password = [&letters[..5], &letters[5..10], &letters[10..15], &letters[15..]].join("-");
            let secret = || self.seed.word(&format!("totp {word}"), 32, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
            Member {
                id: self.seed.id("staff", number, self.days[0].opens),
                word,
                unit: match word.split_once('-') {
                    Some(("xingtai", _)) => Some("1305"),
                    Some(("wuan", _)) => Some("130481"),
                    Some(("handan", _)) => Some("1304"),
                    Some(("xiangdu", _)) => Some("130502"),
                    Some(("province" | "lender", _)) => Some("hebei"),
                    _ => None,
                },
                role,
                username,
                name,
                password,
                totp_secret: role.needs_otp().then(secret),
                person: people::with_check_digit(&format!("130599{born}{number:03}")),
            }
        };
        people.into_iter().enumerate().map(member).collect()
    }
}

impl Driver {
    /// The id of a member of staff by their word.
    pub(super) fn member_id(&self, word: &str) -> anyhow::Result<Uuid> {
        let member = self.world().staff().into_iter().find(|member| member.word == word);
        Ok(member.with_context(|| format!("there is nobody called {word}"))?.id)
    }

    /// The token of the member of staff of the foundation with a role, who signs in the first time.
    pub(super) async fn officer(&self, role: Role) -> anyhow::Result<String> {
        let all = self.world().staff();
        let member = all.into_iter().find(|member| member.role == role && member.unit.is_none());
        self.enter(member.context("there is somebody for every role")?).await
    }

    /// The token of a member of staff by their word.
    pub(super) async fn officer_named(&self, word: &str) -> anyhow::Result<String> {
        let member = self.world().staff().into_iter().find(|member| member.word == word);
        self.enter(member.with_context(|| format!("there is nobody called {word}"))?).await
    }

    async fn enter(&self, member: Member) -> anyhow::Result<String> {
        let mut officers = self.officers.lock().await;
        if let Some(token) = officers.get(member.word) {
            return Ok(token.clone());
        }
        let token = self.sign_in(&member).await.with_context(|| format!("{} signs in", member.username))?;
        officers.insert(member.word, token.clone());
        Ok(token)
    }

    /// A one-time password is good once, and tries that fail are counted: so the first is made that was not used yet. It is
    /// that of the step before, if it can be, so that whoever reads the seed off the screen can come in at once; who begins
    /// again within the same minute waits for the next. Towards the end of a step it is that step's own: it is still good when the answer
    /// to the password is found.
    async fn sign_in(&self, member: &Member) -> anyhow::Result<String> {
        let mut body = json!({ "username": member.username, "password": member.password });
        if let Some(secret) = &member.totp_secret {
            let secret = Secret::try_from_base32(secret).map_err(|_| anyhow::anyhow!("the seed is no Base32"))?;
            let totp = Builder::new().with_secret(secret).build().map_err(|error| anyhow::anyhow!("{error:?}"))?;
            let used = self.stage().identity.used_otp_step(member.id.into()).await?;
            let now = self.real().now().seconds();
            let step = ((now + SPARE_S) / STEP_S - 1).max(used + 1);
            // It is accepted from one step before its own.
            let early = (step - 1) * STEP_S - now;
            if early > 0 {
                tokio::time::sleep(Duration::from_secs(u64::try_from(early).unwrap_or_default())).await;
            }
            body["otp"] = json!(totp.generate(u64::try_from(step * STEP_S).unwrap_or_default()).to_string());
        }
        match self.api().post("/sessions/staff", None, &body).await {
            Ok(session) => Ok(text(&session["token"]).to_owned()),
            Err(error) if error.code() == "wrong_credentials" => Err(error).context(
                "the password that follows from the seed is not the account's; it was changed, or the keys were",
            ),
            Err(error) => Err(error.into()),
        }
    }
}
