//! A world for a story: a fresh database, a stand-in for WeChat with its own clock, and the program served on a port of its
//! own, put together as `serve` does it.

mod books;
mod campaigns;
mod gifts;
mod people;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::{ApiOptions, Pages};
use app::identity::GivenStaff;
use app::organisation::{ContactData, NewCertificate, NewCharity};
use app::runs::{ListJobs, RunJob, StartDay, StartJob, Started};
use app::throttle::{COMPLAINTS_PER_MINUTE, Throttle};
use app::vault::MasterKeys;
use app::{App, Limits, Templates};
use domain::role::{Member, Role};
use domain::{BookId, CertificateId, Clock, StaffId};
use entity::Db;
use jobs::JobError;
use ledger::Account;
use migration::{Migrator, MigratorTrait};
use poem::listener::{Acceptor, Listener, TcpAcceptor, TcpListener};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tokio::sync::{OnceCell, Semaphore, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::caller::{Caller, send};

/// The number of an identity card that nobody has: of a day no law knew identity cards on.
pub(crate) fn identity_number(serial: u32) -> String {
    let digits = format!("13050218990101{serial:03}");
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize = digits.bytes().zip(weights).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{digits}{}", char::from(b"10X98765432"[sum % 11]))
}

/// How long anything may take that should come by itself.
const PATIENCE: Duration = Duration::from_secs(30);
/// The secret that the development profile derives its keys from, so that the binary can read what the world wrote.
const SECRET: &str = "sangzi development";
/// The templates of the messages to donors.
pub(crate) const THANKS: &str = "TEMPLATE-THANKS";
pub(crate) const REFUNDED: &str = "TEMPLATE-REFUNDED";
/// The template of messages to borrowers.
pub(crate) const LOAN_PROGRESS: &str = "TEMPLATE-LOAN";
/// 统一社会信用代码 of the foundation; nobody's, with a check digit that is right.
pub(crate) const CREDIT_CODE: &str = "53130000MJX000000U";
/// Who registered the foundation's certificate, and who confirmed it; they do nothing else.
const REGISTRARS: [&str; 2] = ["registrar", "registrar-2"];
/// Of staff made beside the console.
const PASSWORD: &str = "correct horse battery staple";
const SEED: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// How the program is set up, as far as stories differ.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// How much may wait for a commit.
    pub(crate) queue: usize,
    /// How many requests may be under way.
    pub(crate) room: usize,
    pub(crate) staff_logins_per_minute: u32,
    pub(crate) max_unpaid: u32,
}

impl Default for Terms {
    fn default() -> Terms {
        Terms { queue: 4_096, room: 1_024, staff_logins_per_minute: 1_000, max_unpaid: 1_000 }
    }
}

pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) sandbox: sandbox::Running,
    pub(crate) book: BookId,
    /// Somebody who is not signed in.
    pub(crate) stranger: Caller,
    pub(crate) database_url: String,
    terms: Terms,
    served: Mutex<Option<Served>>,
    staff: tokio::sync::Mutex<HashMap<Role, Officer>>,
    dir: tempfile::TempDir,
}

struct Served {
    stop: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
}

/// A member of staff who has signed in.
#[derive(Clone)]
pub(crate) struct Officer {
    pub(crate) id: Uuid,
    pub(crate) caller: Caller,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) seed: Option<String>,
    /// The one-time password they signed in with.
    pub(crate) otp: Option<String>,
}

impl std::ops::Deref for Officer {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// A gift whose order stands at the channel.
#[derive(Clone, Debug)]
pub(crate) struct Gift {
    pub(crate) id: Uuid,
    /// The order number.
    pub(crate) order: String,
}

/// Tells a story on both databases.
pub(crate) async fn story<F: AsyncFn(&World)>(tell: F) {
    story_with(Terms::default(), tell).await;
}

/// The same in a program that is set up differently.
pub(crate) async fn story_with<F: AsyncFn(&World)>(terms: Terms, tell: F) {
    eprintln!("on SQLite");
    story_on_sqlite(terms, &tell).await;
    let Ok(server) = std::env::var("SANGZI_TEST_POSTGRES") else { return };
    eprintln!("on PostgreSQL");
    let postgres = Postgres::create(&server).await;
    let world = World::open(postgres.url.clone(), tempfile::tempdir().unwrap(), terms).await;
    tell(&world).await;
    world.close().await;
    postgres.destroy().await;
}

/// The same on SQLite alone.
pub(crate) async fn story_on_sqlite<F: AsyncFn(&World)>(terms: Terms, tell: F) {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(format!("sqlite://{}", dir.path().join("sangzi.db").display()), dir, terms).await;
    tell(&world).await;
    world.close().await;
}

/// A database of a PostgreSQL server.
pub(crate) struct Postgres {
    pub(crate) url: String,
    name: String,
    admin: sea_orm::DatabaseConnection,
}

impl Postgres {
    pub(crate) async fn create(server: &str) -> Postgres {
        let name = format!("story_{}", Uuid::now_v7().simple());
        let admin = sea_orm::Database::connect(server).await.unwrap();
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        Postgres { url: format!("{base}/{name}"), name, admin }
    }

    pub(crate) async fn destroy(self) {
        self.admin.execute_unprepared(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await.unwrap();
    }
}

/// The stand-in's keys are made once.
static KEYS: OnceCell<Vec<u8>> = OnceCell::const_new();

async fn keys() -> &'static [u8] {
    KEYS.get_or_init(|| async {
        let dir = tempfile::tempdir().unwrap();
        let options = sandbox::Options { durable: false, ..sandbox::Options::new(dir.path()) };
        sandbox::start(options).await.unwrap().stop().await;
        std::fs::read(dir.path().join("keys.json")).unwrap()
    })
    .await
}

/// What the law wants written down, for a target.
pub(crate) fn plan(target: &str) -> Value {
    json!({
        "cause": "education", "purpose": "资助困难学生", "area": "河北省", "methods": ["internet"],
        "responsible": { "name": "示例甲", "office_address": "示例路1号", "contact": "0311-00000000" },
        "ways": ["wechat", "bank"], "bank_account": "基本户",
        "beneficiaries": { "scope": "家庭经济困难学生", "expected": 100, "selection": "本人申请、学校评议、基金会评审" },
        "usage": "发放助学金",
        "budget": [{ "code": "a", "name": "助学金", "kind": "grant", "planned": target }],
        "over_target_rule": "扩大受益范围", "leftover": "用于同类项目",
        "milestones": [{ "code": "m1", "name": "完成评审", "due": "2026-12-31" }],
    })
}

/// What a reviewer says who agrees to a campaign.
pub(crate) fn agreed() -> Value {
    json!({ "for_a_group": true })
}

/// How a campaign is opened.
pub(crate) fn opening() -> Value {
    json!({
        "channels": ["designated_platform", "own_site"], "platform_number": "P-1",
        "platform_url": "https://platform.example/1", "operator_code": CREDIT_CODE,
    })
}

/// The League's tree, and a foundation at its top with a certificate of these years.
async fn found(app: &App, mchid: String) -> BookId {
    app.organisation.plant().await.unwrap();
    let new = NewCharity {
        id: BookId::new(),
        code: "hebei".into(),
        name: "示例青少年发展基金会".into(),
        credit_code: Some(CREDIT_CODE.into()),
        unit: app.organisation.unit("hebei").await.unwrap().id,
        mchid: Some(mchid),
        bank_account: "基本户".into(),
        contact: ContactData {
            office_address: "示例市示例路1号".into(),
            contact: "0311-00000000".into(),
            information_url: "https://example.org/hebei".into(),
        },
    };
    let book = app.organisation.open_charity(new, None).await.unwrap().book_id;
    let mut registrars = Vec::new();
    for username in REGISTRARS {
        let given = GivenStaff {
            id: StaffId::new(),
            role: Role::FinanceHead,
            username: username.into(),
            name: "登记人".into(),
            password: PASSWORD.into(),
            totp_secret: Some(SEED.into()),
            unit: None,
            person: None,
        };
        let id = app.identity.create_staff_with(given).await.unwrap();
        registrars.push(Member::everywhere(id, &[Role::FinanceHead], "world"));
    }
    let certificate = NewCertificate {
        id: CertificateId::new(),
        book,
        number: "示例-2026".into(),
        issuer: "示例民政厅".into(),
        issued_on: "2026-01-01".parse().unwrap(),
        expires_on: "2027-12-31".parse().unwrap(),
    };
    let certificate = app.organisation.register_certificate(certificate, &registrars[0]).await.unwrap();
    app.organisation.confirm_certificate(certificate.id, &registrars[1]).await.unwrap();
    book
}

/// A port that nobody is given by chance, so that it is still free when a story serves no more for a while.
async fn take_port() -> TcpAcceptor {
    loop {
        let port = 10_000 + Uuid::new_v4().as_u128() % 20_000;
        if let Ok(acceptor) = TcpListener::bind(format!("127.0.0.1:{port}")).into_acceptor().await {
            return acceptor;
        }
    }
}

impl World {
    async fn open(database_url: String, dir: tempfile::TempDir, terms: Terms) -> World {
        std::fs::write(dir.path().join("keys.json"), keys().await).unwrap();
        let db = Db::connect(&database_url).await.unwrap();
        Migrator::up(db.migrations(), None).await.unwrap();
        let options = sandbox::Options { durable: false, ..sandbox::Options::new(dir.path()) };
        let sandbox = sandbox::start(options).await.unwrap();
        let acceptor = take_port().await;
        let base = format!("http://{}", acceptor.local_addr()[0].as_socket_addr().unwrap());
        let notify = |kind: &str| format!("{base}/wechat/notify/{kind}");
        let settings = wechat::Settings::from_sandbox(dir.path(), notify("payment"), notify("refund")).unwrap();
        let mchid = settings.mchid.clone();
        let app = Arc::new(App::new(app::Options {
            business: Clock::following(dir.path().join("clock")),
            real: Clock::system(),
            wechat: wechat::Client::new(settings, Clock::system()).unwrap(),
            keys: MasterKeys::derived_from(SECRET),
            limits: Limits {
                max_gift: "50000.00".parse().unwrap(),
                max_unpaid: terms.max_unpaid,
                unpaid_window: Duration::from_secs(600),
                order_life: Duration::from_secs(900),
                queue: terms.queue,
            },
            templates: Templates {
                gift_received: Some(THANKS.to_owned()),
                refund_sent: Some(REFUNDED.to_owned()),
                loan_progress: Some(LOAN_PROGRESS.to_owned()),
            },
            loans: app::loans::Periods::default(),
            db,
        }));
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let world = World {
            book: found(&app, mchid).await,
            stranger: Caller { http, base, token: None },
            app,
            sandbox,
            database_url,
            terms,
            served: Mutex::new(None),
            staff: tokio::sync::Mutex::default(),
            dir,
        };
        world.serve_on(acceptor);
        world
    }

    /// Serves again, on the same port.
    pub(crate) async fn serve(&self) {
        let address = self.stranger.base.trim_start_matches("http://").to_owned();
        self.serve_on(TcpListener::bind(address).into_acceptor().await.unwrap());
    }

    fn serve_on(&self, acceptor: TcpAcceptor) {
        let per_minute = |times| NonZeroU32::new(times).unwrap();
        let (asked, working, starting) = (self.app.clone(), self.app.clone(), self.app.clone());
        let of_day = self.app.clone();
        let real = self.app.real.clone();
        let staff_logins = Arc::new(Throttle::per_minute(per_minute(self.terms.staff_logins_per_minute)));
        let complaints = Arc::new(Throttle::per_minute(COMPLAINTS_PER_MINUTE));
        let refused = |error: JobError| match error {
            JobError::NoSuchJob => Started::NoSuchJob,
            JobError::UnderWay => Started::UnderWay,
            error => Started::Failed(error.to_string()),
        };
        let run_job: RunJob = Arc::new(move |name| {
            let app = working.clone();
            Box::pin(async move { jobs::run_once(app, &name).await.map_or_else(refused, Started::Ended) })
        });
        let start_job: StartJob = Arc::new(move |name, asked_by| {
            let app = starting.clone();
            Box::pin(async move { jobs::start_once(app, &name, asked_by).await.map_err(refused) })
        });
        let start_day: StartDay = Arc::new(move |name, day, asked_by| {
            let app = of_day.clone();
            Box::pin(async move { jobs::start_day(app, &name, day, asked_by).await.map_err(refused) })
        });
        let list_jobs: ListJobs = Arc::new(move || jobs::expected(real.now()));
        let pages = web::endpoint(
            self.app.clone(),
            web::WebOptions {
                https: false,
                staff_logins: staff_logins.clone(),
                complaints: complaints.clone(),
                start_job: start_job.clone(),
                start_day,
                jobs: list_jobs.clone(),
            },
        );
        let endpoint = api::endpoint(
            self.app.clone(),
            ApiOptions {
                body_limit_bytes: 1 << 20,
                room: Arc::new(Semaphore::new(self.terms.room)),
                client_address_header: None,
                https: false,
                docs: true,
                staff_logins,
                complaints,
                donor_logins_per_minute: per_minute(100_000),
                metrics: Arc::new(|| "# nothing is counted here\n".to_owned()),
                ready: Arc::new(move || {
                    let app = asked.clone();
                    Box::pin(async move {
                        let pending = Migrator::get_pending_migrations(app.db.migrations()).await;
                        if pending.is_ok_and(|pending| pending.is_empty()) { Ok(()) } else { Err("no".to_owned()) }
                    })
                }),
                run_job,
                start_job,
                jobs: list_jobs,
                pages: Some(Pages { endpoint: pages, refuse: web::refuse }),
            },
        );
        let (stop, mut stopping) = watch::channel(false);
        let stopped = async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        let server = poem::Server::new_with_acceptor(acceptor);
        let task = tokio::spawn(server.run_with_graceful_shutdown(endpoint, stopped, Some(Duration::from_secs(1))));
        *self.served.lock().unwrap() = Some(Served { stop, task });
    }

    /// Serves no more, until [`World::serve`].
    pub(crate) async fn stop_serving(&self) {
        let served = self.served.lock().unwrap().take();
        if let Some(served) = served {
            served.stop.send_replace(true);
            served.task.await.unwrap().unwrap();
        }
    }

    /// The directory of the stand-in for WeChat.
    pub(crate) fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Waits for what comes by itself.
    pub(crate) async fn until(&self, what: &str, happened: impl AsyncFn() -> bool) {
        let waiting = async {
            while !happened().await {
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "it never came that {what}");
    }

    /// Moves a lever of the stand-in for WeChat.
    pub(crate) async fn lever(&self, name: &str, body: Value) -> Value {
        let url = format!("{}/sandbox/{name}", self.sandbox.base_url);
        send(self.stranger.http.post(url).json(&body)).await.ok()
    }

    /// Business time passes.
    pub(crate) async fn pass(&self, seconds: u64) {
        self.lever("clock", json!({ "advance_seconds": seconds })).await;
    }

    /// Runs a job once. Nothing in it may fail.
    pub(crate) async fn run_job(&self, name: &str) -> u64 {
        let report = jobs::run_once(self.app.clone(), name).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(report.failed, 0, "{name}: {report:?}");
        report.done
    }

    async fn hanging(&self) -> Vec<String> {
        let sql = "SELECT 'a gift is ' || state AS what FROM donation \
                     WHERE channel = 'wechat' AND state IN ('created', 'paying') \
                   UNION ALL SELECT 'a refund is ' || state FROM refund \
                     WHERE state IN ('approved', 'processing') \
                   UNION ALL SELECT 'a return is ' || state FROM resolution WHERE state IN ('approved', 'processing') \
                   UNION ALL SELECT 'a message is ' || state FROM message WHERE state IN ('pending', 'sending') \
                   UNION ALL SELECT 'a run of ' || job || ' has not ended' FROM job_run WHERE outcome = 'running'";
        let db = self.app.db.read();
        let rows = db.query_all_raw(Statement::from_string(self.app.db.backend(), sql)).await.unwrap();
        rows.iter().map(|row| row.try_get("", "what").unwrap()).collect()
    }

    /// Lets time pass and jobs run until nothing is left to be done; then everything must agree.
    pub(crate) async fn close(self) {
        self.lever("faults", json!({})).await;
        self.sandbox.settled(Duration::from_secs(3)).await;
        for _ in 0..30 {
            self.pass(700).await;
            for job in ["open_payments", "expire_orders", "send_refunds", "query_refunds", "outbox", "campaign_clock"] {
                self.run_job(job).await;
            }
            if self.hanging().await.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(self.hanging().await, Vec::<String>::new());
        let report = self.app.books.audit(&|_| {}).await.unwrap();
        assert!(report.is_clean(), "{:#?}", report.differences);
        let totals = self.sandbox.state()["totals"].clone();
        let fen = |name: &str| totals[name].as_i64().unwrap();
        let there = fen("paid_fen") + fen("topped_up_fen") - fen("refunded_fen") - fen("withdrawn_fen");
        let here = async |account| ledger::balance(self.app.db.read(), &account, None).await.unwrap().net().fen();
        let fees = here(Account::wechat_fees(self.book)).await;
        let balance = here(Account::wechat_balance(self.book)).await;
        assert_eq!(balance + fees, there, "our books and WeChat's, before fees");
        self.stop_serving().await;
        self.sandbox.stop().await;
    }
}
