//! Members of staff: proposed by one administrator, activated by another.

use std::sync::Arc;

use app::App;
use app::identity::{GrantLine, NewDelegation, NewRoleGrant, ProposedStaff, SessionLine, StaffLine, StaffStanding};
use crowdfunding::Decision;
use domain::{proposal, role as rules};
use entity::{delegation, role_grant};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::auth::Officer;
use crate::campaign::Reason;
use crate::error::ApiError;
use crate::page::{Page, default_limit};
use crate::tag::Tag;
use crate::wire::{Day, Instant, Text, wire_enum};

wire_enum! {
    /// What a member of staff may do.
    MemberRole = rules::Role {
        Admin,
        ProjectManager,
        Cashier,
        Bookkeeper,
        FinanceHead,
        Chair,
        Disclosure,
        Compliance,
        LeagueOfficer,
        BankOfficer,
        Organiser,
        Auditor,
    }
}

wire_enum! {
    /// Where a proposal stands.
    ProposalState = proposal::ProposalState { Proposed, Approved, Declined }
}

wire_enum! {
    /// Where an account of staff stands.
    MemberStanding = StaffStanding { Proposed, Active, Disabled }
}

/// A role over a part of the tree.
#[derive(Object)]
struct MemberGrant {
    role: MemberRole,
    /// The unit it is held over, with what is below it; null for the whole tree.
    #[oai(nullable)]
    unit: Option<Uuid>,
    /// Where that is in the tree.
    over: String,
}

impl From<GrantLine> for MemberGrant {
    fn from(line: GrantLine) -> MemberGrant {
        MemberGrant { role: line.role.into(), unit: line.unit.map(|id| id.uuid()), over: line.over.as_str().to_owned() }
    }
}

/// A member of staff.
#[derive(Object)]
struct Member {
    id: Uuid,
    username: String,
    name: String,
    roles: Vec<MemberRole>,
    /// The roles, each over its part of the tree.
    grants: Vec<MemberGrant>,
    standing: MemberStanding,
    /// Who asked for the account, or for its last reset; null if it was made on the command line.
    #[oai(nullable)]
    asked_by: Option<Uuid>,
    created_at: Instant,
    /// Whether it is known which natural person it is: of accounts made on the command line it may not be.
    identified: bool,
}

impl From<StaffLine> for Member {
    fn from(line: StaffLine) -> Member {
        Member {
            id: line.id.uuid(),
            username: line.username,
            name: line.name,
            roles: line.grants.iter().map(|grant| grant.role.into()).collect(),
            grants: line.grants.into_iter().map(MemberGrant::from).collect(),
            standing: line.standing.into(),
            asked_by: line.asked_by.map(|id| id.uuid()),
            created_at: line.created.into(),
            identified: line.identified,
        }
    }
}

#[derive(Object)]
struct Identification {
    /// The number of the identity card, 18 characters. Only an HMAC of it is kept.
    #[oai(validator(min_length = 18, max_length = 18))]
    identity_number: Text,
}

#[derive(Object)]
struct MemberProposal {
    /// Made by the client: the same id again is the same proposal.
    id: Uuid,
    /// 2 to 40 lower-case letters, digits, `.`, `_` and `-`.
    #[oai(validator(min_length = 2, max_length = 40))]
    username: Text,
    #[oai(validator(min_length = 1, max_length = 50))]
    name: Text,
    /// What they shall do, each role once.
    #[oai(validator(min_items = 1, max_items = 16))]
    grants: Vec<ProposedGrant>,
    /// The number of the identity card, 18 characters. Only an HMAC of it is kept: one natural person has one account.
    #[oai(validator(min_length = 18, max_length = 18))]
    identity_number: Text,
}

/// A role to be held over a part of the tree.
#[derive(Object)]
struct ProposedGrant {
    role: MemberRole,
    /// The unit it is held over, with what is below it; the whole tree if it is left away.
    unit: Option<Uuid>,
}

/// A further role for a member of staff, proposed or decided.
#[derive(Object)]
struct RoleGrant {
    id: Uuid,
    member: Uuid,
    role: MemberRole,
    #[oai(nullable)]
    unit: Option<Uuid>,
    reason: String,
    state: ProposalState,
    author: Uuid,
    #[oai(nullable)]
    approver: Option<Uuid>,
    /// Whom the approver stood in for.
    #[oai(nullable)]
    acting_for: Option<Uuid>,
    created_at: Instant,
    #[oai(nullable)]
    decided_at: Option<Instant>,
}

impl From<role_grant::Model> for RoleGrant {
    fn from(row: role_grant::Model) -> RoleGrant {
        RoleGrant {
            id: row.id.uuid(),
            member: row.staff_id.uuid(),
            role: row.role.into(),
            unit: row.unit_id.map(|id| id.uuid()),
            reason: row.reason,
            state: row.state.into(),
            author: row.author_id.uuid(),
            approver: row.approver_id.map(|id| id.uuid()),
            acting_for: row.acting_for_id.map(|id| id.uuid()),
            created_at: row.created_us.into(),
            decided_at: row.decided_us.map(Instant),
        }
    }
}

#[derive(Object)]
struct RoleProposal {
    /// Made by the client: the same id again is the same proposal.
    id: Uuid,
    role: MemberRole,
    /// The unit it is held over, with what is below it; the whole tree if it is left away.
    unit: Option<Uuid>,
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: Text,
}

#[derive(Object)]
struct DecidedRole {
    grant: RoleGrant,
    /// The seed of the one-time passwords, Base32, if the person had none and the role needs them. Shown once.
    #[oai(nullable)]
    totp_secret: Option<String>,
}

/// A role lent for some days.
#[derive(Object)]
struct Delegation {
    id: Uuid,
    /// Whose role it is.
    lender: Uuid,
    /// Who stands in for them.
    holder: Uuid,
    role: MemberRole,
    #[oai(nullable)]
    unit: Option<Uuid>,
    starts_on: Day,
    /// The last day, included.
    ends_on: Day,
    reason: String,
    author: Uuid,
    /// Null as long as nobody approved it; then it is not in force.
    #[oai(nullable)]
    approver: Option<Uuid>,
    /// Whom the approver stood in for.
    #[oai(nullable)]
    acting_for: Option<Uuid>,
    #[oai(nullable)]
    revoked_at: Option<Instant>,
    created_at: Instant,
}

impl From<delegation::Model> for Delegation {
    fn from(row: delegation::Model) -> Delegation {
        Delegation {
            id: row.id.uuid(),
            lender: row.lender_id.uuid(),
            holder: row.holder_id.uuid(),
            role: row.role.into(),
            unit: row.unit_id.map(|id| id.uuid()),
            starts_on: row.starts_on.into(),
            ends_on: row.ends_on.into(),
            reason: row.reason,
            author: row.author_id.uuid(),
            approver: row.approver_id.map(|id| id.uuid()),
            acting_for: row.acting_for_id.map(|id| id.uuid()),
            revoked_at: row.revoked_us.map(Instant),
            created_at: row.created_us.into(),
        }
    }
}

#[derive(Object)]
struct DelegationProposal {
    /// Made by the client: the same id again is the same proposal.
    id: Uuid,
    /// Whose role it is.
    lender: Uuid,
    /// Who stands in for them.
    holder: Uuid,
    role: MemberRole,
    /// The unit it is lent over; as far as the lender holds it if it is left away.
    unit: Option<Uuid>,
    starts_on: Day,
    /// The last day, included; at most 184 days are lent.
    ends_on: Day,
    #[oai(validator(min_length = 1, max_length = 500))]
    reason: Text,
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
        let MemberProposal { id, username: Text(username), name: Text(name), grants, identity_number } = body.0;
        let person = identity_number.0.parse().map_err(|_| ApiError::no_identity_number())?;
        let grants = grants.into_iter().map(|grant| (grant.role.into(), grant.unit.map(Into::into))).collect();
        let new = ProposedStaff { id: id.into(), username, name, grants, person };
        Ok(self.app.identity.propose_staff(&officer.0, new).await?)
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

    /// Writes down who a member of staff is of whom nobody said it, once: one natural person has one account. Not one's own.
    #[oai(path = "/:member_id/identification", method = "post")]
    async fn identify(
        &self,
        officer: Officer,
        member_id: Path<Uuid>,
        body: Json<Identification>,
    ) -> Result<(), ApiError> {
        let person = body.0.identity_number.0.parse().map_err(|_| ApiError::no_identity_number())?;
        Ok(self.app.identity.identify_staff(&officer.0, member_id.0.into(), &person).await?)
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

    /// Ends one session: one's own, or as an administrator.
    #[oai(path = "/:member_id/sessions/:session_id", method = "delete")]
    async fn end_session(
        &self,
        officer: Officer,
        member_id: Path<Uuid>,
        session_id: Path<Uuid>,
    ) -> Result<(), ApiError> {
        Ok(self.app.identity.end_session_of(&officer.0, member_id.0.into(), session_id.0.into()).await?)
    }

    /// Ends all sessions: one's own, or as an administrator.
    #[oai(path = "/:member_id/sessions", method = "delete")]
    async fn end_sessions(&self, officer: Officer, member_id: Path<Uuid>) -> Result<Json<EndedSessions>, ApiError> {
        let ended = self.app.identity.end_sessions_of(&officer.0, member_id.0.into()).await?;
        Ok(Json(EndedSessions { ended }))
    }
}

/// Further roles, and roles lent for some days.
pub(crate) struct RoleApi {
    pub(crate) app: Arc<App>,
}

#[OpenApi(prefix_path = "/staff", tag = "Tag::House")]
impl RoleApi {
    /// Proposes a further role for a member of staff, or another part of the tree for one they hold. Nobody for themselves.
    #[oai(path = "/members/:member_id/roles", method = "post")]
    async fn propose_role(
        &self,
        officer: Officer,
        member_id: Path<Uuid>,
        body: Json<RoleProposal>,
    ) -> Result<Json<RoleGrant>, ApiError> {
        let RoleProposal { id, role, unit, reason } = body.0;
        let new = NewRoleGrant {
            id: id.into(),
            staff: member_id.0.into(),
            role: role.into(),
            unit: unit.map(Into::into),
            reason: reason.0,
        };
        Ok(Json(self.app.identity.propose_role(&officer.0, new).await?.into()))
    }

    /// Takes a role away, at once.
    #[oai(path = "/members/:member_id/roles/:role", method = "delete")]
    async fn revoke_role(
        &self,
        officer: Officer,
        member_id: Path<Uuid>,
        role: Path<MemberRole>,
    ) -> Result<(), ApiError> {
        Ok(self.app.identity.revoke_role(&officer.0, member_id.0.into(), role.0.into()).await?)
    }

    /// Proposed roles, newest first.
    #[oai(path = "/role-grants", method = "get")]
    async fn role_grants(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<RoleGrant>>, ApiError> {
        let rows = self.app.identity.role_grants(&officer.0, after.0.map(Into::into), limit.0 + 1).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.id.uuid())))
    }

    /// Grants a proposed role. Another administrator than who proposed it.
    #[oai(path = "/role-grants/:grant_id/approval", method = "post")]
    async fn grant_role(&self, officer: Officer, grant_id: Path<Uuid>) -> Result<Json<DecidedRole>, ApiError> {
        self.decide(officer, grant_id.0, Decision::Approve).await
    }

    /// Does not grant a proposed role, and says why.
    #[oai(path = "/role-grants/:grant_id/decline", method = "post")]
    async fn decline_role(
        &self,
        officer: Officer,
        grant_id: Path<Uuid>,
        body: Json<Reason>,
    ) -> Result<Json<DecidedRole>, ApiError> {
        let no = body.0.declines()?;
        self.decide(officer, grant_id.0, no).await
    }

    /// Delegations, newest first: one's own, and for administrators and auditors all of their part of the tree.
    #[oai(path = "/delegations", method = "get")]
    async fn delegations(
        &self,
        officer: Officer,
        after: Query<Option<Uuid>>,
        #[oai(default = "default_limit", validator(minimum(value = "1"), maximum(value = "100")))] limit: Query<u64>,
    ) -> Result<Json<Page<Delegation>>, ApiError> {
        let rows = self.app.identity.delegations(&officer.0, after.0.map(Into::into), limit.0 + 1).await;
        Ok(Json(Page::of(rows.map_err(ApiError::of_list)?, limit.0, |row| row.id.uuid())))
    }

    /// Proposes to lend a role for some days: one's own, or as an administrator.
    #[oai(path = "/delegations", method = "post")]
    async fn lend(&self, officer: Officer, body: Json<DelegationProposal>) -> Result<Json<Delegation>, ApiError> {
        let DelegationProposal { id, lender, holder, role, unit, starts_on, ends_on, reason } = body.0;
        let new = NewDelegation {
            id: id.into(),
            lender: lender.into(),
            holder: holder.into(),
            role: role.into(),
            unit: unit.map(Into::into),
            starts_on: starts_on.0,
            ends_on: ends_on.0,
            reason: reason.0,
        };
        Ok(Json(self.app.identity.propose_delegation(&officer.0, new).await?.into()))
    }

    /// Approves a delegation: an administrator, or the lender; not who proposed it, not the holder.
    #[oai(path = "/delegations/:delegation_id/approval", method = "post")]
    async fn approve_delegation(
        &self,
        officer: Officer,
        delegation_id: Path<Uuid>,
    ) -> Result<Json<Delegation>, ApiError> {
        Ok(Json(self.app.identity.approve_delegation(&officer.0, delegation_id.0.into()).await?.into()))
    }

    /// Ends a delegation at once: lender, holder, or an administrator.
    #[oai(path = "/delegations/:delegation_id/revocation", method = "post")]
    async fn revoke_delegation(
        &self,
        officer: Officer,
        delegation_id: Path<Uuid>,
    ) -> Result<Json<Delegation>, ApiError> {
        Ok(Json(self.app.identity.revoke_delegation(&officer.0, delegation_id.0.into()).await?.into()))
    }
}

impl RoleApi {
    async fn decide(&self, officer: Officer, grant: Uuid, decision: Decision) -> Result<Json<DecidedRole>, ApiError> {
        let decided = self.app.identity.decide_role(&officer.0, grant.into(), decision).await?;
        Ok(Json(DecidedRole {
            grant: decided.grant.into(),
            totp_secret: decided.totp_secret.map(|seed| seed.expose_secret().to_owned()),
        }))
    }
}
