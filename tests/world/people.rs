//! Who takes part: donors, and staff with their credentials.

use app::identity::GivenStaff;
use domain::StaffId;
use domain::role::Role;
use secrecy::ExposeSecret;
use serde_json::json;
use uuid::Uuid;

use super::{Officer, PASSWORD, SEED, World};
use crate::caller::Caller;

impl World {
    /// Signs a donor in.
    pub(crate) async fn donor(&self, openid: &str) -> Caller {
        let code = self.sandbox.code(openid);
        let session = self.stranger.post("/sessions/wechat", json!({ "code": code })).await.ok();
        Caller { token: Some(session["token"].as_str().unwrap().to_owned()), ..self.stranger.clone() }
    }

    /// The member of staff of a role, who signs in when first called for.
    pub(crate) async fn staff(&self, role: Role) -> Officer {
        let mut staff = self.staff.lock().await;
        if let Some(officer) = staff.get(&role) {
            return officer.clone();
        }
        let officer = self.hire(role, role.as_str()).await;
        staff.insert(role, officer.clone());
        officer
    }

    /// Makes a member of staff as `staff create` does, and signs them in.
    pub(crate) async fn hire(&self, role: Role, username: &str) -> Officer {
        self.hire_named(role, username, "某人").await
    }

    /// The same of somebody of this name.
    pub(crate) async fn hire_named(&self, role: Role, username: &str, name: &str) -> Officer {
        let made = self.app.identity.create_first_staff(role, username, name, None).await.unwrap();
        let seed = made.totp_secret.as_ref().map(|seed| seed.expose_secret().to_owned());
        self.sign_in(username, made.password.expose_secret(), seed).await
    }

    /// The same over a part of the tree, named by its path (`/hebei/1305/`), however many administrators there are.
    pub(crate) async fn hire_over(&self, role: Role, username: &str, unit: &str) -> Officer {
        let code = unit.trim_matches('/').rsplit('/').next().unwrap();
        let unit = if code.is_empty() { None } else { Some(self.app.organisation.unit(code).await.unwrap().id) };
        let seed = role.needs_otp().then(|| SEED.to_owned());
        let given = GivenStaff {
            id: StaffId::new(),
            role,
            username: username.into(),
            name: "某人".into(),
            password: PASSWORD.into(),
            totp_secret: seed.clone().map(Into::into),
            unit,
            person: None,
        };
        self.app.identity.create_staff_with(given).await.unwrap();
        self.sign_in(username, PASSWORD, seed).await
    }

    /// The id of a unit by its code.
    pub(crate) async fn unit(&self, code: &str) -> Uuid {
        self.app.organisation.unit(code).await.unwrap().id.uuid()
    }

    /// Signs a member of staff in.
    pub(crate) async fn sign_in(&self, username: &str, password: &str, seed: Option<String>) -> Officer {
        let otp = seed.as_deref().map(|seed| self.otp(seed, 0));
        let login = json!({ "username": username, "password": password, "otp": otp });
        let session = self.stranger.post("/sessions/staff", login).await.ok();
        Officer {
            id: session["id"].as_str().unwrap().parse().unwrap(),
            caller: Caller { token: Some(session["token"].as_str().unwrap().to_owned()), ..self.stranger.clone() },
            username: username.to_owned(),
            password: password.to_owned(),
            seed,
            otp,
        }
    }

    /// The one-time password of a moment that lies so many seconds ahead.
    pub(crate) fn otp(&self, seed: &str, ahead: i64) -> String {
        let secret = totp_rs::Secret::try_from_base32(seed).unwrap();
        let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
        totp.generate(u64::try_from(self.app.real.now().seconds() + ahead).unwrap()).to_string()
    }
}
