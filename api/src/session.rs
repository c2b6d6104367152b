//! Signing in and out.

use app::origin::Origin;
use app::throttle::Throttle;
use std::sync::Arc;

use app::App;
use domain::role::{Grant, Member};
use poem::Request;
use poem::http::header;
use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::auth::{Holder, Officer};
use crate::error::ApiError;
use crate::member::MemberRole;
use crate::tag::Tag;
use crate::wire::{Instant, Text};

pub(crate) struct SessionApi {
    pub(crate) app: Arc<App>,
    pub(crate) staff_logins: Arc<Throttle>,
    pub(crate) donor_logins: Throttle,
}

#[derive(Object)]
struct WechatLogin {
    /// What `wx.login` gave.
    #[oai(validator(min_length = 1, max_length = 512))]
    code: Text,
}

#[derive(Object)]
struct DonorSession {
    /// For `Authorization: Bearer`.
    token: String,
    expires_at: Instant,
}

#[derive(Object)]
struct StaffLogin {
    #[oai(validator(max_length = 64))]
    username: Text,
    #[oai(validator(max_length = 1024))]
    password: Text,
    /// The one-time password, six digits; money roles need it.
    #[oai(validator(max_length = 16))]
    otp: Option<Text>,
}

#[derive(Object)]
struct StaffSession {
    /// For `Authorization: Bearer`.
    token: String,
    expires_at: Instant,
    id: Uuid,
    roles: Vec<MemberRole>,
}

#[derive(Object)]
struct WhoAmI {
    id: Uuid,
    roles: Vec<MemberRole>,
    /// The roles, each over its part of the tree.
    grants: Vec<OwnGrant>,
}

#[derive(Object)]
struct PasswordChange {
    #[oai(validator(max_length = 1024))]
    current: Text,
    /// At least 12 characters, at most 1024 bytes.
    #[oai(validator(max_length = 1024))]
    new: Text,
}

#[derive(Object)]
struct ChangedPassword {
    /// How many other sessions ended.
    ended: u64,
}

/// What one may do where.
#[derive(Object)]
struct OwnGrant {
    role: MemberRole,
    /// The part of the tree, by the codes from the root.
    over: String,
    /// Whom one stands in for, if the role is lent.
    #[oai(nullable)]
    acting_for: Option<Uuid>,
}

impl From<Grant> for OwnGrant {
    fn from(grant: Grant) -> OwnGrant {
        OwnGrant {
            role: grant.role.into(),
            over: grant.over.as_str().to_owned(),
            acting_for: grant.acting_for.map(|id| id.uuid()),
        }
    }
}

fn roles(member: &Member) -> Vec<MemberRole> {
    member.roles().into_iter().map(MemberRole::from).collect()
}

#[OpenApi(prefix_path = "/sessions", tag = "Tag::Sessions")]
impl SessionApi {
    /// Signs a donor in with a code of `wx.login`.
    #[oai(path = "/wechat", method = "post")]
    async fn wechat(&self, origin: Data<&Origin>, body: Json<WechatLogin>) -> Result<Json<DonorSession>, ApiError> {
        self.donor_logins.admit(*origin.0)?;
        let session = self.app.identity.login_donor(&body.code.0).await?;
        Ok(Json(DonorSession { token: session.token.expose_secret().to_owned(), expires_at: session.expires.into() }))
    }

    /// Signs a member of staff in.
    #[oai(path = "/staff", method = "post")]
    async fn staff(&self, origin: Data<&Origin>, body: Json<StaffLogin>) -> Result<Json<StaffSession>, ApiError> {
        self.staff_logins.admit(*origin.0)?;
        let StaffLogin { username: Text(username), password: Text(password), otp } = body.0;
        let origin = origin.0.0.to_string();
        let session = self
            .app
            .identity
            .login_staff(&username, &password, otp.as_ref().map(|otp| otp.0.as_str()), &origin)
            .await?;
        Ok(Json(StaffSession {
            token: session.token.expose_secret().to_owned(),
            expires_at: session.expires.into(),
            id: session.member.id.uuid(),
            roles: roles(&session.member),
        }))
    }

    /// Who a token of staff belongs to, and what they may do at this moment.
    #[oai(path = "/current", method = "get")]
    async fn current(&self, officer: Officer) -> Result<Json<WhoAmI>, ApiError> {
        let (id, roles) = (officer.0.id.uuid(), roles(&officer.0));
        Ok(Json(WhoAmI { id, roles, grants: officer.0.grants.into_iter().map(OwnGrant::from).collect() }))
    }

    /// Changes one's own password. The other sessions end; an attempt with a wrong one counts like one to sign in.
    #[oai(path = "/current/password", method = "put")]
    async fn change_password(
        &self,
        origin: Data<&Origin>,
        officer: Officer,
        request: &Request,
        body: Json<PasswordChange>,
    ) -> Result<Json<ChangedPassword>, ApiError> {
        self.staff_logins.admit(*origin.0)?;
        let PasswordChange { current: Text(current), new: Text(new) } = body.0;
        // It let the officer in just now.
        let token = request.header(header::AUTHORIZATION).and_then(|held| held.split_once(' '));
        let token = token.map(|(_, token)| token.trim()).unwrap_or_default();
        let ended = self.app.identity.change_password(&officer.0, token, &current, &new).await?;
        Ok(Json(ChangedPassword { ended }))
    }

    /// Signs out. A token that is over already is as good as signed out.
    #[oai(path = "/current", method = "delete")]
    async fn end(&self, holder: Holder) -> Result<(), ApiError> {
        Ok(self.app.identity.logout(&holder.0.token).await?)
    }
}
