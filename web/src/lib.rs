//! Pages: the console of staff below `/console`, and what everybody may see below `/`.
//!
//! Pages are made here, as text, from what the services answer. There is no second program in the browser: htmx replaces parts of
//! a page where that is quicker than a new page, and every page works without it. Nothing is loaded from elsewhere, no script and
//! no style stands in a page; the policy of every answer says so to the browser.
//!
//! # How to add a page
//!
//! Copy [`console::session`](crate::console), the smallest one that has everything: a list, a step with its confirmation, and a
//! refusal. Then:
//!
//! 1. **A handler takes an [`Officer`](session::Officer)**: whoever has no session never reaches it. What they may do is asked by
//!    the service; what no service guards is guarded by `officer.must_be(&ROLES)?`. `?` turns every error of a service into a page
//!    with the sentence of [`app::problem`].
//! 2. **It answers `officer.page(title, crumbs, content)`**, made of the parts of [`part`] (facts, badges, amounts, times, panels
//!    for steps), [`table`] (lists that sort, page by key and are exported) and [`field`] (fields that keep what was typed and say
//!    what is wrong with it).
//! 3. **Whatever changes something is a POST** whose form comes from `officer.form(…)`; a form without the token of the session
//!    is refused before a handler sees it. A handler takes the [`Form`](form::Form), reads it with [`Form::check`](form::Form),
//!    calls the service, and answers `officer.done("…", "/console/…")`, or the same page again with what was typed.
//!    What is made gets its id from the form (`field::new_id()`), so that a form sent twice makes one thing.
//! 4. **Its address goes into `routes()` of its file's area and its entry into the area's `MENU`**, with the roles who see it.
//! 5. **It gets a line in `tests/pages`**: it is visited at both widths, looked at by axe, weighed, and refused to those who may not.
//!
//! A handler's name is the name of a type in its file, too, so no variable there may have it: it begins with `get_` or `post_`.
//!
//! Words for states stand in [`words`], each by an exhaustive match. Amounts are `part::yuan`, times `part::at`, days as they print.

mod asset;
mod chart;
mod console;
mod field;
mod finance;
mod form;
mod gate;
mod glossary;
mod layout;
mod lending;
mod menu;
mod open;
mod page;
mod part;
mod quote;
mod session;
mod table;
mod words;

use std::sync::Arc;

use app::App;
use app::runs::{ListJobs, StartDay, StartJob};
use app::throttle::Throttle;
use poem::endpoint::BoxEndpoint;
use poem::{Endpoint, EndpointExt, Request, Response, Result, Route};

use crate::gate::Gate;
use crate::session::Cookies;

pub use page::refuse;

/// What pages need besides the services.
pub struct WebOptions {
    /// Whether the world comes by https: cookies are then for https only.
    pub https: bool,
    /// Tries of staff to sign in, for each address; counted together with those at the interface.
    pub staff_logins: Arc<Throttle>,
    /// Complaints, for each address; counted together with those at the interface.
    pub complaints: Arc<Throttle>,
    /// Begins a job by hand.
    pub start_job: StartJob,
    /// Begins a job by hand about one day.
    pub start_day: StartDay,
    /// Names the jobs.
    pub jobs: ListJobs,
}

/// All pages.
pub fn endpoint(app: Arc<App>, options: WebOptions) -> BoxEndpoint<'static, Response> {
    let inside = lending::routes(finance::routes(console::routes(Route::new(), options.staff_logins)));
    let pages = open::routes(inside, options.complaints);
    let pages = pages.with(poem::middleware::Compression::new());
    let gate = Gate { inner: pages, app: app.clone(), cookies: Cookies { https: options.https } };
    let all = All { assets: Route::new().at("/assets/:name", poem::get(asset::serve)), pages: gate };
    all.data(app)
        .data(Cookies { https: options.https })
        .data(options.start_job)
        .data(options.start_day)
        .data(options.jobs)
        .boxed()
}

/// What pages load, and the pages: only these ask who is there.
struct All<P> {
    assets: Route,
    pages: P,
}

impl<P: Endpoint<Output = Response>> Endpoint for All<P> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if request.uri().path().starts_with("/assets/") {
            return self.assets.call(request).await;
        }
        self.pages.call(request).await
    }
}
