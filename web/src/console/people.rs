//! Who did something, by name.

use std::collections::HashMap;
use std::pin::Pin;

use app::problem::Problem;
use domain::StaffId;
use maud::{Markup, html};

use crate::page::PageError;
use crate::session::Officer;

/// Something that is being read.
pub(crate) type Reading<'a, T> = Pin<Box<dyn Future<Output = Result<T, PageError>> + Send + 'a>>;

/// What members of staff are called.
pub(crate) struct Names(HashMap<StaffId, String>);

impl Names {
    /// Of those named here. One statement. What names them is read before anything is awaited.
    pub(crate) fn of(officer: &Officer, ids: impl IntoIterator<Item = StaffId>) -> Reading<'_, Names> {
        let mut ids: Vec<StaffId> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Box::pin(async move { Ok(Names(officer.app.identity.names_of(&ids).await?)) })
    }

    /// The name of somebody.
    pub(crate) fn name(&self, id: StaffId) -> String {
        self.0.get(&id).cloned().unwrap_or_else(|| "（未知）".to_owned())
    }

    /// The name of somebody, if that is somebody.
    pub(crate) fn known(&self, id: StaffId) -> Option<String> {
        self.0.get(&id).cloned()
    }

    /// The name of somebody, or nothing.
    pub(crate) fn maybe(&self, id: Option<StaffId>) -> String {
        id.map(|id| self.name(id)).unwrap_or_default()
    }

    /// Who signed, and for whom, if it was with a role that was lent.
    pub(crate) fn signed(&self, id: Option<StaffId>, acting_for: Option<StaffId>) -> Markup {
        html! { (self.maybe(id)) @if acting_for.is_some() { "（代" (self.maybe(acting_for)) "）" } }
    }

    /// The name of an actor as histories and the trail write one: the program, a member of staff, a donor.
    pub(crate) fn actor(&self, actor: &str) -> String {
        match staff_of(actor) {
            Some(id) => self.name(id),
            None if actor == "system" => "系统".to_owned(),
            None if actor.starts_with("donor") => "捐赠人".to_owned(),
            None => actor.to_owned(),
        }
    }
}

/// Why things were not agreed to, by object as the trail names it; for a page whose reader may see them.
pub(crate) fn why_not(
    officer: &Officer,
    objects: impl IntoIterator<Item = String>,
) -> Reading<'_, HashMap<String, String>> {
    let objects: Vec<String> = objects.into_iter().collect();
    Box::pin(async move {
        let said = app::trail::refusals(officer.app.db.read(), objects).await;
        said.map_err(|error| PageError(Problem::internal(&error)))
    })
}

/// The member of staff that an actor is, if it is one.
pub(crate) fn staff_of(actor: &str) -> Option<StaffId> {
    actor.strip_prefix("staff:").unwrap_or(actor).parse().ok()
}
