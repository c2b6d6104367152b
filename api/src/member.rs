//! Members of staff: proposed by one administrator, activated by another.

use std::sync::Arc;

use app::App;
use app::identity::{SessionLine, StaffLine, StaffStanding};
use domain::role as rules;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::auth::Officer;
use crate::error::ApiError;
use crate::page::Page;
use crate::tag::Tag;
use crate::wire::{Instant, Text, wire_enum};

wire_enum! {
    /// What a member of staff may do.
    MemberRole = rules::Role {
        Admin,
        ProjectManager,
        Cashier,
        Bookkeeper,
        FinanceHead,
        Disclosure,
        LeagueOfficer,
        BankOfficer,
        Organiser,
        Auditor,
    }
}

wire_enum! {
    /// Where an account of staff stands.
    MemberStanding = StaffStanding { Proposed, Active, Disabled }
}

/// A member of staff.
#[derive(Object)]
struct Member {
    id: Uuid,
    username: String,
    name: String,
    roles: Vec<MemberRole>,
    standing: MemberStanding,
    /// Who asked for the account, or for its last reset; null if it was made on the command line.
    #[oai(nullable)]
    asked_by: Option<Uuid>,
    created_at: Instant,
}

impl From<StaffLine> for Member {
    fn from(line: StaffLine) -> Member {
        Member {
            id: line.id.uuid(),
            username: line.username,
            name: line.name,
            roles: line.roles.into_iter().map(MemberRole::from).collect(),
            standing: line.standing.into(),
            asked_by: line.asked_by.map(|id| id.uuid()),
            created_at: line.created.into(),
        }
    }
}

#[derive(Object)]
struct MemberProposal {
    /// Made by the client: the same id again is the same proposal.
    id: Uuid,
    /// 2 to 40 lower-case letters, digits, `.`, `_` and `-`.
    #[oai(validator(max_length = 64))]
    username: Text,
    #[oai(validator(max_length = 64))]
    name: Text,
    #[oai(validator(max_items = 16))]
    roles: Vec<MemberRole>,
}

/// Credentials, shown once and kept nowhere.
#[derive(Object)]
struct Credentials {
    id: Uuid,
    password: String,
    /// The seed of the one-time passwords, Base32, if a role needs them.
    #[oai(nullable)]
    totp_secret: Option<String>,
}

/// A session that has not ended.
#[derive(Object)]
struct MemberSession {
    id: Uuid,
    created_at: Instant,
    expires_at: Instant,
}

impl From<SessionLine> for MemberSession {
    fn from(line: SessionLine) -> MemberSession {
        MemberSession { id: line.id.uuid(), created_at: line.created.into(), expires_at: line.expires.into() }
    }
}

#[derive(Object)]
struct EndedSessions {
    /// How many there were.
    ended: u64,
}

pub(crate) struct MemberApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff/members", tag = "Tag::House")]
impl MemberApi {
    /// Everybody, by user name. For administrators and auditors.
    #[oai(path = "/", method = "get")]
    async fn list(&self, officer: Officer) -> Result<Json<Page<Member>>, ApiError> {
        Ok(Json(Page::whole(self.app.identity.staff(&officer.0).await?)))
    }

    /// Proposes a member of staff, who cannot sign in until another administrator activates them.
    #[oai(path = "/", method = "post")]
    async fn propose(&self, officer: Officer, body: Json<MemberProposal>) -> Result<(), ApiError> {
        let MemberProposal { id, username: Text(username), name: Text(name), roles } = body.0;
        let roles: Vec<rules::Role> = roles.into_iter().map(Into::into).collect();
        Ok(self.app.identity.propose_staff(&officer.0, id.into(), &username, &name, &roles).await?)
    }

    /// Hands out credentials, once. Not by whoever proposed the account.
    #[oai(path = "/:member_id/activation", method = "post")]
    async fn activate(&self, officer: Officer, member_id: Path<Uuid>) -> Result<Json<Credentials>, ApiError> {
        let made = self.app.identity.activate_staff(&officer.0, member_id.0.into()).await?;
        Ok(Json(Credentials {
            id: made.id.uuid(),
            password: made.password.expose_secret().to_owned(),
            totp_secret: made.totp_secret.map(|seed| seed.expose_secret().to_owned()),
        }))
    }

    /// Takes the right to sign in away, at once.
    #[oai(path = "/:member_id/disablement", method = "post")]
    async fn disable(&self, officer: Officer, member_id: Path<Uuid>) -> Result<(), ApiError> {
        Ok(self.app.identity.disable_staff(&officer.0, member_id.0.into()).await?)
    }

    /// Destroys the credentials; another administrator hands out new ones by activating the account.
    #[oai(path = "/:member_id/credentials-reset", method = "post")]
    async fn reset(&self, officer: Officer, member_id: Path<Uuid>) -> Result<(), ApiError> {
        Ok(self.app.identity.reset_credentials(&officer.0, member_id.0.into()).await?)
    }

    /// Sessions that have not ended: one's own, or as an administrator or auditor.
    #[oai(path = "/:member_id/sessions", method = "get")]
    async fn sessions(&self, officer: Officer, member_id: Path<Uuid>) -> Result<Json<Page<MemberSession>>, ApiError> {
        Ok(Json(Page::whole(self.app.identity.sessions_of(&officer.0, member_id.0.into()).await?)))
    }

    /// Ends all sessions: one's own, or as an administrator.
    #[oai(path = "/:member_id/sessions", method = "delete")]
    async fn end_sessions(&self, officer: Officer, member_id: Path<Uuid>) -> Result<Json<EndedSessions>, ApiError> {
        let ended = self.app.identity.end_sessions_of(&officer.0, member_id.0.into()).await?;
        Ok(Json(EndedSessions { ended }))
    }
}
