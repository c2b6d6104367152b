//! HTTP for the mini-program and for staff.
//!
//! A handler extracts, parses, makes one call and converts; what is true of every request stands in [`door`]. It cannot
//! query: it knows the services, and rows as they hand them out, and not the database.
//!
//! The OpenAPI document is made from the handlers and is a snapshot in `tests/`; it is served at `/api/openapi.json` and can
//! be read and tried at `/api/docs`, without the internet.

mod auth;
mod bank;
mod bank_claim;
mod batch;
mod books;
mod breaks;
mod cached;
mod campaign;
mod cash;
mod child_access;
mod closing;
mod complaint;
mod disbursement;
mod disclosure;
mod document;
mod donation;
mod door;
mod enquiry;
mod error;
mod evidence;
mod gift_list;
mod health;
mod house;
mod loan_application;
mod loan_need;
mod loan_paper;
mod loan_product;
mod loan_programme;
mod loan_report;
mod loan_review;
mod loan_subsidy;
mod loan_terms;
mod member;
mod misread;
mod notify;
mod organisation;
mod origin;
mod oversight;
mod page;
mod payee;
mod payee_erasure;
mod payment;
mod plan;
mod privacy;
mod ratio;
mod receipt;
mod reconciliation;
mod refund;
mod screening;
mod servicing;
mod session;
mod spent;
mod tag;
mod team;
mod transfer;
mod voucher;
mod waiting;
mod wire;

use app::throttle::Throttle;
use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use app::App;
use app::problem::Problem;
use app::runs::{ListJobs, RunJob, Runs, StartJob};
use poem::endpoint::{BoxEndpoint, make_sync};
use poem::http::{HeaderName, HeaderValue, Method, header};
use poem::{Endpoint, EndpointExt, Response, Route, get, post};
use poem_openapi::registry::{MetaApi, MetaPath, Registry};
use poem_openapi::{OpenApi, OpenApiService};
use tokio::sync::Semaphore;

use crate::bank::{BankApi, BankThingApi};
use crate::bank_claim::BankClaimApi;
use crate::batch::BatchApi;
use crate::books::BookApi;
use crate::breaks::BreakApi;
use crate::campaign::{CampaignApi, OfficeCampaignApi};
use crate::cash::CashApi;
use crate::child_access::ChildAccessApi;
use crate::closing::ClosingApi;
use crate::complaint::ComplaintApi;
use crate::disbursement::DisbursementApi;
use crate::disclosure::DisclosureApi;
use crate::donation::{GivingApi, OfficeDonationApi};
use crate::door::{Door, DoorOptions, KnownRoute};
use crate::enquiry::EnquiryApi;
use crate::evidence::EvidenceApi;
use crate::gift_list::GiftListApi;
use crate::house::HouseApi;
use crate::loan_application::BorrowerApi;
use crate::loan_need::NeedApi;
use crate::loan_paper::{LoanPaperApi, OwnPaperApi};
use crate::loan_product::{LoanApi, OfficeLoanApi};
use crate::loan_programme::LoanProgrammeApi;
use crate::loan_report::LoanReportApi;
use crate::loan_review::LoanReviewApi;
use crate::loan_subsidy::LoanSubsidyApi;
use crate::member::{MemberApi, RoleApi};
use crate::organisation::{CharityApi, UnitApi};
use crate::oversight::{ChangeApi, DecisionApi, OversightApi, PartnerApi, ProgressApi};
use crate::payee::PayeeApi;
use crate::payee_erasure::PayeeErasureApi;
use crate::payment::PaymentApi;
use crate::privacy::PrivacyApi;
use crate::ratio::RatioApi;
use crate::receipt::ReceiptApi;
use crate::reconciliation::ReconciliationApi;
use crate::refund::RefundApi;
use crate::screening::ScreeningApi;
use crate::servicing::ServicingApi;
use crate::session::SessionApi;
use crate::spent::SpentApi;
use crate::team::TeamApi;
use crate::transfer::TransferApi;
use crate::voucher::VoucherApi;
use crate::waiting::WaitingApi;

pub use error::ApiError;

type Future<T> = Pin<Box<dyn std::future::Future<Output = T> + Send>>;

/// Prints what is counted, in Prometheus' format.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// Says whether the program can work, or in a sentence why not.
pub type Ready = Arc<dyn Fn() -> Future<Result<(), String>> + Send + Sync>;

/// Pages for people, beside the interface. `api` does not know them either: it lets them in by the same door.
pub struct Pages {
    /// Answers every path that is not the interface's.
    pub endpoint: BoxEndpoint<'static, Response>,
    /// The page of a refusal that comes from the door, with the number of the request.
    pub refuse: fn(&Problem, &str) -> Response,
}

/// What the interface needs besides the services.
pub struct ApiOptions {
    /// Longer bodies are refused, except documents.
    pub body_limit_bytes: usize,
    /// A permit for each request that may be under way at once. Whoever stops the program waits until all are back.
    pub room: Arc<Semaphore>,
    /// The header our own proxy writes the client's address into.
    pub client_address_header: Option<String>,
    /// Whether the world comes by https.
    pub https: bool,
    /// Whether `/api/docs` is there.
    pub docs: bool,
    /// Tries of staff to sign in, for each address; counted together with those on pages.
    pub staff_logins: Arc<Throttle>,
    /// Complaints, for each address; counted together with those on pages.
    pub complaints: Arc<Throttle>,
    /// Tries of donors to sign in, for each address.
    pub donor_logins_per_minute: NonZeroU32,
    /// See [`Metrics`].
    pub metrics: Metrics,
    /// See [`Ready`].
    pub ready: Ready,
    /// See [`RunJob`].
    pub run_job: RunJob,
    /// See [`StartJob`].
    pub start_job: StartJob,
    /// See [`ListJobs`].
    pub jobs: ListJobs,
    /// See [`Pages`].
    pub pages: Option<Pages>,
}

/// What is about campaigns; a tuple of handlers has sixteen places at most, and may be one of them.
type CampaignHandlers = (
    CampaignApi,
    OfficeCampaignApi,
    ComplaintApi,
    OversightApi,
    ChangeApi,
    DecisionApi,
    PartnerApi,
    ProgressApi,
    EvidenceApi,
    WaitingApi,
    DisclosureApi,
    TeamApi,
);

/// Youth loans.
type LoanHandlers = (
    LoanApi,
    OfficeLoanApi,
    BorrowerApi,
    OwnPaperApi,
    LoanReviewApi,
    LoanPaperApi,
    NeedApi,
    LoanProgrammeApi,
    ServicingApi,
    LoanSubsidyApi,
    LoanReportApi,
);

/// Everything below `/api/v1`.
type Handlers = (
    CampaignHandlers,
    SessionApi,
    GivingApi,
    OfficeDonationApi,
    RefundApi,
    TransferApi,
    (PayeeApi, PayeeErasureApi, ChildAccessApi, DisbursementApi, BatchApi, PaymentApi, ScreeningApi, SpentApi),
    (
        BookApi,
        BreakApi,
        ClosingApi,
        ReconciliationApi,
        BankApi,
        BankThingApi,
        BankClaimApi,
        GiftListApi,
        VoucherApi,
        CashApi,
        RatioApi,
    ),
    LoanHandlers,
    // A tuple of the library holds sixteen.
    (UnitApi, CharityApi, ReceiptApi, EnquiryApi, MemberApi, RoleApi, PrivacyApi, HouseApi),
);

/// The description of handlers without the handlers, and so without an [`App`].
struct Description<T>(PhantomData<T>);

impl<T: OpenApi> OpenApi for Description<T> {
    fn meta() -> Vec<MetaApi> {
        T::meta()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

const PREFIX: &str = "/api/v1";

fn service<T: OpenApi>(handlers: T) -> OpenApiService<T, ()> {
    OpenApiService::new(handlers, "桑梓 Sangzi", env!("CARGO_PKG_VERSION"))
        .description(
            "Crowdfunding with books exact to the fen. Amounts are strings in yuan (\"12.30\"), instants RFC 3339, lists \
             {items, next} with ?after= for the next page. Every error is a problem document (RFC 9457) with a stable code. \
             The client makes the id of what it creates: the same id with the same content again is the same request.",
        )
        .url_prefix(PREFIX)
}

fn description() -> OpenApiService<Description<Handlers>, ()> {
    service(Description(PhantomData))
}

/// What each operation expects, gathered when the first request could not be read.
fn expected() -> &'static misread::Expected {
    static EXPECTED: OnceLock<misread::Expected> = OnceLock::new();
    EXPECTED.get_or_init(|| misread::Expected::of::<Handlers>(PREFIX))
}

/// The OpenAPI document, JSON.
pub fn document() -> String {
    let mut document = serde_json::from_str(&description().spec()).unwrap_or_default();
    plain(&mut document);
    absent_or_null(&mut document);
    any_kind_of_document(&mut document);
    format!("{document:#}")
}

/// A document comes back as what it is, whatever that is. A header of that name is ignored by readers of the document; the kind stands
/// with the content.
fn any_kind_of_document(document: &mut serde_json::Value) {
    let Some(paths) = document.get_mut("paths").and_then(|paths| paths.as_object_mut()) else { return };
    let operations = paths.values_mut().filter_map(|path| path.as_object_mut()).flat_map(|path| path.values_mut());
    for operation in operations {
        let Some(response) = operation.pointer_mut("/responses/200") else { continue };
        let Some(headers) = response.get_mut("headers").and_then(|headers| headers.as_object_mut()) else { continue };
        let told = headers.keys().find(|name| name.eq_ignore_ascii_case("content-type")).cloned();
        if told.and_then(|name| headers.remove(&name)).is_none() {
            continue;
        }
        if let Some(content) = response.get_mut("content").and_then(|content| content.as_object_mut())
            && let Some(bytes) = content.remove("application/octet-stream")
        {
            content.insert("*/*".to_owned(), bytes);
        }
    }
}

/// What a request may leave out it may also send as null, and the document says so.
fn absent_or_null(document: &mut serde_json::Value) {
    use serde_json::{Value, json};
    fn named(value: &Value, names: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                let name = members.get("$ref").and_then(|to| to.as_str()?.strip_prefix("#/components/schemas/"));
                names.extend(name.map(str::to_owned));
                members.values().for_each(|member| named(member, names));
            }
            Value::Array(items) => items.iter().for_each(|item| named(item, names)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut ahead = Vec::new();
    let operations = document["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    for operation in operations.filter_map(Value::as_object).flat_map(|operations| operations.values()) {
        named(&operation["requestBody"], &mut ahead);
    }
    let mut seen = HashSet::new();
    while let Some(name) = ahead.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let Some(schema) = document.pointer_mut(&format!("/components/schemas/{name}")) else { continue };
        named(schema, &mut ahead);
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) else { continue };
        for (_, member) in members.iter_mut().filter(|(name, _)| !required.iter().any(|one| one == name.as_str())) {
            if member.get("$ref").is_some() {
                *member = json!({ "allOf": [member.take()] });
            }
            member["nullable"] = json!(true);
        }
    }
}

/// The library says of a reference with a description "both this and something without a type", and of one that may be null
/// "both this and null", which is nothing at all. Generators read neither; they read "this, described so, or null".
fn plain(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(plain);
            if let Some(Value::Array(all)) = members.get_mut("allOf") {
                all.retain(|part| part.get("$ref").is_some() || part.get("type").is_some());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The whole interface, behind its door.
pub fn endpoint(app: Arc<App>, options: ApiOptions) -> impl Endpoint<Output = Response> + 'static {
    let mut routes = routes();
    let with = |app: &Arc<App>| app.clone();
    let campaigns = (
        CampaignApi { app: with(&app), pages: Arc::default() },
        OfficeCampaignApi { app: with(&app) },
        ComplaintApi { app: with(&app), throttle: options.complaints },
        OversightApi { app: with(&app) },
        ChangeApi { app: with(&app) },
        DecisionApi { app: with(&app) },
        PartnerApi { app: with(&app) },
        ProgressApi { app: with(&app) },
        EvidenceApi { app: with(&app) },
        WaitingApi { app: with(&app), runs: Runs::new(app.db.clone(), app.real.clone()), jobs: options.jobs.clone() },
        DisclosureApi { app: with(&app) },
        TeamApi { app: with(&app), pages: Arc::default() },
    );
    let handlers: Handlers = (
        campaigns,
        SessionApi {
            app: with(&app),
            staff_logins: options.staff_logins,
            donor_logins: Throttle::per_minute(options.donor_logins_per_minute),
        },
        GivingApi { app: with(&app) },
        OfficeDonationApi { app: with(&app) },
        RefundApi { app: with(&app) },
        TransferApi { app: with(&app) },
        (
            PayeeApi { app: with(&app) },
            PayeeErasureApi { app: with(&app) },
            ChildAccessApi { app: with(&app) },
            DisbursementApi { app: with(&app) },
            BatchApi { app: with(&app) },
            PaymentApi { app: with(&app) },
            ScreeningApi { app: with(&app) },
            SpentApi { app: with(&app) },
        ),
        (
            BookApi { app: with(&app) },
            BreakApi { app: with(&app) },
            ClosingApi { app: with(&app) },
            ReconciliationApi { app: with(&app) },
            BankApi { app: with(&app) },
            BankThingApi { app: with(&app) },
            BankClaimApi { app: with(&app) },
            GiftListApi { app: with(&app) },
            VoucherApi { app: with(&app) },
            CashApi { app: with(&app) },
            RatioApi { app: with(&app) },
        ),
        (
            LoanApi { app: with(&app) },
            OfficeLoanApi { app: with(&app) },
            BorrowerApi { app: with(&app) },
            OwnPaperApi { app: with(&app) },
            LoanReviewApi { app: with(&app) },
            LoanPaperApi { app: with(&app) },
            NeedApi { app: with(&app) },
            LoanProgrammeApi { app: with(&app) },
            ServicingApi { app: with(&app) },
            LoanSubsidyApi { app: with(&app) },
            LoanReportApi { app: with(&app) },
        ),
        (
            UnitApi { app: with(&app) },
            CharityApi { app: with(&app) },
            ReceiptApi { app: with(&app) },
            EnquiryApi { app: with(&app) },
            MemberApi { app: with(&app) },
            RoleApi { app: with(&app) },
            PrivacyApi { app: with(&app) },
            HouseApi {
                app: with(&app),
                runs: Runs::new(app.db.clone(), app.real.clone()),
                run_job: options.run_job,
                start_job: options.start_job,
                jobs: options.jobs,
            },
        ),
    );
    let proxy = options.client_address_header.and_then(|name| HeaderName::try_from(name).ok());
    let mut route = Route::new()
        .nest(PREFIX, service(handlers))
        .at("/wechat/notify/payment", post(notify::payment))
        .at("/wechat/notify/refund", post(notify::refund))
        .at("/healthz", get(health::alive))
        .at("/readyz", get(health::ready))
        .at("/metrics", get(health::metrics).data(health::Outside(proxy.clone())))
        .at("/api/openapi.json", get(told("application/json", None, document)));
    if options.docs {
        let page = || description().swagger_ui_html();
        route = route.at("/api/docs", get(told("text/html; charset=utf-8", Some(DOCS_POLICY), page)));
    }
    let fixed_routes = [
        ("/wechat/notify/payment", "POST"),
        ("/wechat/notify/refund", "POST"),
        ("/healthz", "GET, HEAD"),
        ("/readyz", "GET, HEAD"),
        ("/metrics", "GET, HEAD"),
        ("/api/openapi.json", "GET, HEAD"),
        ("/api/docs", "GET, HEAD"),
    ];
    for (path, methods) in fixed_routes {
        routes.insert(path.to_owned(), KnownRoute { path: path.to_owned(), methods: methods.to_owned() });
    }
    let inner = route.data(app).data(options.metrics).data(options.ready);
    Door::new(
        inner,
        DoorOptions {
            body_limit: options.body_limit_bytes,
            room: options.room,
            client_address_header: proxy,
            https: options.https,
            routes,
            pages: options.pages,
        },
    )
}

/// The documentation page carries its script and style in itself and talks to nobody but us.
const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; \
     frame-ancestors 'none'",
);

/// What is told rather than done, written when somebody first asks for it: the whole document is megabytes, and few processes are ever asked.
fn told(content_type: &'static str, policy: Option<HeaderValue>, write: fn() -> String) -> impl Endpoint + 'static {
    let body = OnceLock::new();
    make_sync(move |_| {
        let mut response = Response::builder().content_type(content_type).body(body.get_or_init(write).clone());
        if let Some(policy) = &policy {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        response
    })
}

/// The routes of the handlers, by the router's pattern, which numbers parameters where the document names them.
fn routes() -> HashMap<String, KnownRoute> {
    let route = |path: MetaPath| {
        let mut methods: Vec<String> = path.operations.iter().map(|one| one.method.to_string()).collect();
        if methods.iter().any(|method| method == "GET") {
            methods.push("HEAD".to_owned());
        }
        methods.sort();
        let path = format!("{PREFIX}{}", path.path);
        let mut parameters = 0..;
        let segment = |segment: &str| match segment.strip_prefix('{') {
            Some(_) => format!(":param{}", parameters.next().unwrap_or(0)),
            None => segment.to_owned(),
        };
        let pattern: Vec<String> = path.split('/').map(segment).collect();
        (pattern.join("/"), KnownRoute { path, methods: methods.join(", ") })
    };
    Handlers::meta().into_iter().flat_map(|api| api.paths).map(route).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client may send null for what it may leave out, and gets documents of every kind; the document says both.
    #[test]
    fn the_document_says_what_is_taken_and_what_comes_back() {
        let document: serde_json::Value = serde_json::from_str(&document()).unwrap();
        let gift = &document["components"]["schemas"]["NewDonation"]["properties"];
        for name in ["message", "anonymity", "receipt", "show_amount"] {
            assert_eq!(gift[name]["nullable"], true, "{name}");
        }
        assert!(gift["id"].get("nullable").is_none() && gift["amount"].get("nullable").is_none());
        assert!(gift["receipt"].get("$ref").is_none(), "what stands beside a reference is not read");
        let picture = "/api/v1/campaigns/{campaign_id}/updates/{update_id}/pictures/{picture_id}";
        let content = &document["paths"][picture]["get"]["responses"]["200"]["content"];
        assert!(content.get("*/*").is_some(), "{content}");
    }

    /// Two structs that know the same path would write it twice into the document, and a reader keeps the second.
    #[test]
    fn every_path_stands_in_the_document_once() {
        let mut paths: Vec<String> =
            Handlers::meta().into_iter().flat_map(|api| api.paths.into_iter().map(|path| path.path)).collect();
        let all = paths.len();
        paths.sort();
        paths.dedup();
        assert_eq!(paths.len(), all);
        assert_eq!(routes().len(), all);
        assert_eq!(routes()["/api/v1/campaigns/:param0"].methods, "GET, HEAD");
    }
}
