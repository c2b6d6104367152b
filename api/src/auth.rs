//! Who is asking. A handler that takes a [`Donor`] or an [`Officer`] is only called with one; what an officer may do is asked
//! by the service, with the roles of this moment.

use app::origin::Origin;
use std::sync::Arc;

use app::App;
use domain::DonorId;
use domain::role::{Member, Role};
use poem::Request;
use poem_openapi::SecurityScheme;
use poem_openapi::auth::Bearer;

use crate::error::ApiError;

/// A donor, signed in through WeChat. `Authorization: Bearer` with the token of POST /api/v1/sessions/wechat.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", checker = "donor")]
pub(crate) struct Donor(pub(crate) DonorId);

/// A member of staff. `Authorization: Bearer` with the token of POST /api/v1/sessions/staff.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", checker = "officer")]
pub(crate) struct Officer(pub(crate) Member);

/// Whoever holds a token, be it over.
#[derive(SecurityScheme)]
#[oai(rename = "Session", ty = "bearer")]
pub(crate) struct Holder(pub(crate) Bearer);

impl Officer {
    /// For what no service guards: refuses unless the member holds one of these roles.
    pub(crate) fn must_be(&self, roles: &[Role]) -> Result<(), ApiError> {
        Ok(self.0.must_be(roles)?)
    }
}

async fn donor(request: &Request, bearer: Bearer) -> poem::Result<DonorId> {
    Ok(app(request)?.identity.donor_of(&bearer.token).await.map_err(ApiError::from)?)
}

async fn officer(request: &Request, bearer: Bearer) -> poem::Result<Member> {
    let origin = request.data::<Origin>().map(|origin| origin.0.to_string()).unwrap_or_default();
    Ok(app(request)?.identity.member_of(&bearer.token, &origin).await.map_err(ApiError::from)?)
}

fn app(request: &Request) -> Result<&Arc<App>, ApiError> {
    request.data::<Arc<App>>().ok_or_else(|| {
        tracing::error!("a route is mounted outside of the program");
        ApiError::overloaded()
    })
}
