//! The console of staff: signing in, what waits, and the charity's half of the work.

mod desk;
mod login;
mod session;

use std::sync::Arc;

use app::throttle::Throttle;
use poem::{EndpointExt, Route, get, post};

use crate::menu::{Item, Section};

/// What is offered.
pub(crate) const MENU: &[Section] = &[
    Section { name: "工作台", items: &[Item { path: "/console", name: "待办事项", roles: &[] }] },
    Section { name: "账号", items: &[Item { path: "/console/sessions", name: "我的登录", roles: &[] }] },
];

/// The addresses.
pub(crate) fn routes(route: Route, throttle: Arc<Throttle>) -> Route {
    route
        .at("/console", get(desk::desk))
        .at("/console/login", get(login::ask).post(login::sign_in).data(throttle))
        .at("/console/logout", post(login::sign_out))
        .at("/console/sessions", get(session::list))
        .at("/console/sessions/end", post(session::end))
}
