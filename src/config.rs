//! Configuration: one TOML file, every key of which the environment can replace (`SANGZI_HTTP__LISTEN` is `http.listen`).
//! Nothing else in the program reads the environment.
//!
//! Every setting is read by one line of [`read`], which knows its default and what it must look like. All problems are
//! collected and told at once, in sentences; unknown keys are problems too, because a misspelt limit is no limit. A production
//! profile refuses whatever belongs to play: a sandbox, keys derived from a secret that everybody knows, other hosts than
//! WeChat's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use app::loans::Periods;
use app::vault::MasterKeys;
use app::{Limits, Templates};
use domain::Clock;
use figment::Figment;
use figment::providers::{Format, Toml};
use figment::value::Value;
use secrecy::SecretString;

/// What development keys are derived from. Whoever reads this file knows them.
const DEVELOPMENT_SECRET: &str = "sangzi development";

/// What is logged if nothing else is said.
pub(crate) const USUAL_LOG_FILTER: &str = "info,tokio_cron_scheduler=warn";

/// What the program is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// On a developer's computer, with play money.
    Development,
    /// With people's money.
    Production,
}

/// What every command needs.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) profile: Profile,
    pub(crate) database_url: String,
    pub(crate) log: Log,
}

/// How logs are written.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) json: bool,
    pub(crate) filter: String,
}

/// What serving and working need besides.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) http: Http,
    pub(crate) wechat: wechat::Settings,
    pub(crate) templates: Templates,
    pub(crate) keys: MasterKeys,
    pub(crate) limits: Limits,
    /// How long applications for loans wait, and files that came to nothing are kept.
    pub(crate) loans: Periods,
    /// Business time.
    pub(crate) business: Clock,
}

/// Where and how HTTP is served.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: String,
    pub(crate) body_limit_bytes: usize,
    pub(crate) max_requests_in_flight: usize,
    pub(crate) docs: bool,
    pub(crate) client_address_header: Option<String>,
    pub(crate) staff_logins_per_minute: NonZeroU32,
    pub(crate) donor_logins_per_minute: NonZeroU32,
}

/// All that is wrong with a configuration.
#[derive(Debug)]
pub(crate) struct Problems(pub(crate) Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration cannot be used:")?;
        for problem in &self.0 {
            write!(f, "\n  - {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A configuration as it was read, usable or not.
pub(crate) struct Config {
    base: Base,
    service: Option<Service>,
    /// Section and sentence.
    problems: Vec<(String, String)>,
    effective: BTreeMap<String, Shown>,
}

/// A setting as it may be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// As it is.
    Plain(String),
    /// There, and not for eyes.
    Secret,
    /// Not there.
    Missing,
}

impl Config {
    /// Reads the file, then the environment, then what the command line says.
    pub(crate) fn load(file: Option<&Path>, overrides: &[(&str, String)]) -> Config {
        let environment = std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value)));
        // What is no text stays to be refused by its setting.
        let environment = environment.map(|(key, value)| (key, value.to_string_lossy().into_owned()));
        read(file, environment, overrides)
    }

    /// For commands that need the database alone: problems elsewhere do not matter to them.
    pub(crate) fn base(&self) -> Result<Base, Problems> {
        self.refuse(|section| matches!(section, "profile" | "database" | "log" | "file"))?;
        Ok(self.base.clone())
    }

    /// For commands that serve or work.
    pub(crate) fn service(&self) -> Result<(Base, Service), Problems> {
        self.refuse(|_| true)?;
        let service = self.service.clone().ok_or_else(|| Problems(vec!["wechat and keys are needed".to_owned()]))?;
        Ok((self.base.clone(), service))
    }

    /// Every setting, by key.
    pub(crate) fn effective(&self) -> &BTreeMap<String, Shown> {
        &self.effective
    }

    fn refuse(&self, matters: impl Fn(&str) -> bool) -> Result<(), Problems> {
        let mine: Vec<String> = self
            .problems
            .iter()
            .filter(|(section, _)| matters(section))
            .map(|(_, sentence)| sentence.clone())
            .collect();
        if mine.is_empty() { Ok(()) } else { Err(Problems(mine)) }
    }
}

fn read(
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
    overrides: &[(&str, String)],
) -> Config {
    let mut r = Reader::open(file, environment, overrides);

    let profile = r.word("profile", "development", &["development", "production"]);
    let profile = if profile == "production" { Profile::Production } else { Profile::Development };
    let production = profile == Profile::Production;
    let database_url = r.secret_url("database.url", "sqlite://data/sangzi.db");
    if !["sqlite://", "postgres://", "postgresql://"].iter().any(|scheme| database_url.starts_with(scheme)) {
        r.problem("database.url", "must be sqlite://path/to/file.db or postgres://user@host/name");
    }
    let log = Log {
        json: r.word("log.format", if production { "json" } else { "human" }, &["human", "json"]) == "json",
        filter: r.text("log.filter", USUAL_LOG_FILTER),
    };
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&log.filter) {
        r.problem("log.filter", &format!("is not a filter like info,access=warn ({error})"));
    }

    let listen: SocketAddr = r.parsed("http.listen", "127.0.0.1:8080", "an address and port like 127.0.0.1:8080");
    let public_url = r.text("http.public_url", &format!("http://{listen}"));
    let public_url = public_url.trim_end_matches('/').to_owned();
    if !public_url.starts_with("http://") && !public_url.starts_with("https://") {
        r.problem("http.public_url", "must begin with https:// (or http:// in development)");
    }
    let http = Http {
        listen,
        body_limit_bytes: r.count("http.body_limit_bytes", 1 << 20, 1 << 10..=64 << 20),
        max_requests_in_flight: r.count("http.max_requests_in_flight", 1024, 1..=1 << 20),
        docs: r.word("http.docs", "true", &["true", "false"]) == "true",
        client_address_header: r.maybe("http.client_address_header").map(|name| name.to_ascii_lowercase()),
        staff_logins_per_minute: r.parsed("limits.staff_logins_per_minute", "60", "a number above 0"),
        donor_logins_per_minute: r.parsed("limits.donor_logins_per_minute", "3000", "a number above 0"),
        public_url,
    };
    if http
        .client_address_header
        .as_ref()
        .is_some_and(|name| !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    {
        r.problem("http.client_address_header", "must be the name of a header");
    }

    let limits = Limits {
        max_gift: r.parsed("giving.max_gift", "50000.00", "an amount in yuan like 50000.00"),
        max_unpaid: r.parsed("giving.max_unpaid", "20", "a number"),
        unpaid_window: Duration::from_secs(r.parsed("giving.unpaid_window_s", "600", "a number of seconds")),
        order_life: Duration::from_secs(r.count("giving.order_life_s", 900, 60..=7200) as u64),
        queue: r.count("giving.queue", 8192, 1..=1 << 20),
    };

    let days = |days: usize| u32::try_from(days).unwrap_or(u32::MAX);
    let loans = Periods {
        consent_days: days(r.count("lending.consent_days", 30, 1..=3_650)),
        signing_days: days(r.count("lending.signing_days", 30, 1..=3_650)),
        purge_days: days(r.count("lending.purge_days", 180, 1..=3_650)),
    };

    let keys = master_keys(&mut r, production);
    let (wechat, business) = channel(&mut r, production, &http.public_url);
    let templates = Templates {
        gift_received: r.maybe("wechat.templates.gift_received"),
        refund_sent: r.maybe("wechat.templates.refund_sent"),
        loan_progress: r.maybe("wechat.templates.loan_progress"),
    };
    if production && !business.is_system() {
        r.problem("wechat.sandbox", "brings a clock that can be set; a production profile refuses that");
    }
    r.refuse_unknown();

    let service = match (wechat, keys) {
        (Some(wechat), Some(keys)) => Some(Service { http, wechat, templates, keys, limits, loans, business }),
        _ => None,
    };
    Config { base: Base { profile, database_url, log }, service, problems: r.problems, effective: r.effective }
}

/// The keys personal data is sealed with.
fn master_keys(r: &mut Reader, production: bool) -> Option<MasterKeys> {
    let versions = r.names_under("keys.master");
    let lookup = r.key("keys.lookup");
    let mut keys = BTreeMap::new();
    for version in &versions {
        let path = format!("keys.master.{version}");
        let key = r.key(&path);
        match (version.parse::<u32>(), key) {
            (Ok(version), Some(key)) => drop(keys.insert(version, key)),
            (Ok(_), None) => {}
            (Err(_), _) => r.problem(&path, "must be named by a version, a whole number"),
        }
    }
    let current = r.maybe("keys.current");
    if versions.is_empty() && current.is_none() && !r.has("keys.lookup") {
        if production {
            r.problem(
                "keys",
                "are needed in production: keys.current, keys.master.1 and keys.lookup, 64 hexadecimal digits each",
            );
            return None;
        }
        return Some(MasterKeys::derived_from(DEVELOPMENT_SECRET));
    }
    let Some(current) = current.and_then(|current| current.parse::<u32>().ok()) else {
        r.problem("keys.current", "must be the version of one of keys.master");
        return None;
    };
    if !r.has("keys.lookup") {
        r.problem("keys.lookup", "is needed: 64 hexadecimal digits, never changed once people have signed in");
    }
    if !versions.iter().any(|version| version.parse() == Ok(current)) {
        r.problem("keys.current", &format!("is {current}, and there is no keys.master.{current}"));
    }
    MasterKeys::new(current, keys, lookup?).ok()
}

/// Where WeChat Pay is asked, and where it is asked while that host cannot be reached (facts: wechat 1).
const BASE_URL: &str = "https://api.mch.weixin.qq.com";
const BACKUP_URL: &str = "https://api2.mch.weixin.qq.com";

/// WeChat, or the sandbox that stands in for it, and with the sandbox its clock.
fn channel(r: &mut Reader, production: bool, public_url: &str) -> (Option<wechat::Settings>, Clock) {
    let payment_notify_url = format!("{public_url}/wechat/notify/payment");
    let refund_notify_url = format!("{public_url}/wechat/notify/refund");
    let sandbox = r.maybe("wechat.sandbox").map(PathBuf::from);
    let mchid = r.maybe("wechat.mchid");
    let appid = r.maybe("wechat.appid");
    let secret = r.maybe_secret("wechat.secret");
    let merchant_serial = r.maybe("wechat.merchant_serial");
    let merchant_private_key = r.file("wechat.merchant_private_key_file");
    let apiv3_key = r.maybe_secret("wechat.apiv3_key");
    let platform_id = r.maybe("wechat.platform_public_key_id");
    let platform_key = r.file("wechat.platform_public_key_file");
    let base_url = r.text("wechat.base_url", BASE_URL);
    // Beside the usual host stands its usual substitute.
    let backup_url = r.maybe("wechat.backup_url").or_else(|| (base_url == BASE_URL).then(|| BACKUP_URL.to_owned()));
    let mini_program_url = r.text("wechat.mini_program_url", "https://api.weixin.qq.com");

    if let Some(dir) = sandbox {
        if production {
            r.problem("wechat.sandbox", "is for development; a production profile refuses it");
            return (None, Clock::system());
        }
        let clock = Clock::following(dir.join("clock"));
        return match wechat::Settings::from_sandbox(&dir, payment_notify_url, refund_notify_url) {
            Ok(settings) => {
                for problem in settings.problems() {
                    r.problems.push(("wechat".to_owned(), problem));
                }
                (Some(settings), clock)
            }
            Err(error) => {
                r.problem("wechat.sandbox", &format!("({}): {error}", dir.display()));
                (None, clock)
            }
        };
    }

    let mut missing = Vec::new();
    let needed = [
        ("mchid", mchid.is_some()),
        ("appid", appid.is_some()),
        ("secret", secret.is_some()),
        ("merchant_serial", merchant_serial.is_some()),
        ("merchant_private_key_file", merchant_private_key.is_some()),
        ("apiv3_key", apiv3_key.is_some()),
    ];
    missing.extend(needed.iter().filter(|(_, there)| !there).map(|(name, _)| format!("wechat.{name}")));
    if platform_id.is_some() != platform_key.is_some() {
        r.problem("wechat.platform_public_key_id", "and wechat.platform_public_key_file are needed together");
    }
    let (Some(mchid), Some(appid), Some(secret), Some(merchant_serial), Some(merchant_private_key), Some(apiv3_key)) =
        (mchid, appid, secret, merchant_serial, merchant_private_key, apiv3_key)
    else {
        let or =
            if production { "" } else { " (or, in development, wechat.sandbox: the directory of a running sandbox)" };
        let are = if missing.len() == 1 { "is" } else { "are" };
        r.problems.push(("wechat".to_owned(), format!("{} {are} missing{or}", missing.join(", "))));
        return (None, Clock::system());
    };
    let platform_public_key = platform_id.zip(platform_key).map(|(id, pem)| wechat::PlatformPublicKey { id, pem });
    let settings = wechat::Settings {
        base_url,
        backup_url,
        mini_program_url,
        mchid,
        appid,
        secret,
        merchant_serial,
        merchant_private_key: SecretString::from(merchant_private_key),
        apiv3_key,
        platform_public_key,
        platform_certificates: Vec::new(),
        payment_notify_url,
        refund_notify_url,
        connect_timeout_ms: r.count("wechat.connect_timeout_ms", 2_000, 100..=60_000) as u64,
        total_timeout_ms: r.count("wechat.total_timeout_ms", 8_000, 500..=120_000) as u64,
        download_timeout_ms: r.count("wechat.download_timeout_ms", 120_000, 1_000..=3_600_000) as u64,
        sandbox: false,
    };
    let problems = if production { settings.production_problems() } else { settings.problems() };
    r.problems.extend(problems.into_iter().map(|problem| ("wechat".to_owned(), problem)));
    (Some(settings), Clock::system())
}

/// Reads settings one by one and remembers what is wrong, what they were, and which keys exist.
struct Reader {
    values: BTreeMap<String, String>,
    known: BTreeSet<String>,
    problems: Vec<(String, String)>,
    effective: BTreeMap<String, Shown>,
}

impl Reader {
    fn open(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
        overrides: &[(&str, String)],
    ) -> Reader {
        let mut r = Reader {
            values: BTreeMap::new(),
            known: BTreeSet::new(),
            problems: Vec::new(),
            effective: BTreeMap::new(),
        };
        if let Some(file) = file {
            match std::fs::read_to_string(file) {
                Ok(text) => match Figment::from(Toml::string(&text)).extract::<figment::value::Dict>() {
                    Ok(tree) => r.flatten("", Value::from(tree)),
                    Err(error) => r.file_problem(format!("{}: {error}", file.display())),
                },
                Err(error) => r.file_problem(format!("{}: {error}", file.display())),
            }
        }
        for (key, value) in environment {
            // Only names with a section are settings: SANGZI_CONFIG, SANGZI_TEST_POSTGRES and the like are not.
            if let Some(path) = key.strip_prefix("SANGZI_").filter(|path| path.contains("__") || *path == "PROFILE") {
                r.values.insert(path.to_ascii_lowercase().replace("__", "."), value);
            }
        }
        r.values.extend(overrides.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        r
    }

    /// Values are texts until a setting says what they are: an order number of digits is no number.
    fn flatten(&mut self, path: &str, value: Value) {
        let text = match value {
            Value::Dict(_, tree) => {
                for (key, value) in tree {
                    let path = if path.is_empty() { key } else { format!("{path}.{key}") };
                    self.flatten(&path, value);
                }
                return;
            }
            Value::String(_, text) => text,
            Value::Bool(_, flag) => flag.to_string(),
            Value::Num(_, number) => match (number.to_i128(), number.to_u128()) {
                (Some(number), _) => number.to_string(),
                (None, Some(number)) => number.to_string(),
                (None, None) => {
                    return self.problem(path, "must be written in quotation marks: fractions are kept exactly");
                }
            },
            Value::Char(_, letter) => letter.to_string(),
            Value::Empty(..) | Value::Array(..) => return self.problem(path, "must be a text or a number"),
        };
        self.values.insert(path.to_owned(), text);
    }

    fn problem(&mut self, path: &str, sentence: &str) {
        let section = path.split('.').next().unwrap_or(path).to_owned();
        self.problems.push((section, format!("{path} {sentence}")));
    }

    fn file_problem(&mut self, sentence: String) {
        self.problems.push(("file".to_owned(), sentence));
    }

    fn has(&self, path: &str) -> bool {
        self.values.contains_key(path)
    }

    fn names_under(&self, path: &str) -> Vec<String> {
        let prefix = format!("{path}.");
        self.values.keys().filter_map(|key| key.strip_prefix(&prefix)).map(str::to_owned).collect()
    }

    /// An empty value is no value: that is how the environment takes one back.
    fn look(&mut self, path: &str) -> Option<String> {
        self.known.insert(path.to_owned());
        self.values.get(path).filter(|value| !value.is_empty()).cloned()
    }

    fn show(&mut self, path: &str, shown: Shown) {
        self.effective.insert(path.to_owned(), shown);
    }

    fn maybe(&mut self, path: &str) -> Option<String> {
        let value = self.look(path);
        self.show(path, value.clone().map_or(Shown::Missing, Shown::Plain));
        value
    }

    fn maybe_secret(&mut self, path: &str) -> Option<SecretString> {
        let value = self.look(path);
        self.show(path, if value.is_some() { Shown::Secret } else { Shown::Missing });
        value.map(SecretString::from)
    }

    fn text(&mut self, path: &str, default: &str) -> String {
        let value = self.look(path).unwrap_or_else(|| default.to_owned());
        self.show(path, Shown::Plain(value.clone()));
        value
    }

    fn word(&mut self, path: &str, default: &str, words: &[&str]) -> String {
        let value = self.text(path, default);
        if !words.contains(&value.as_str()) {
            self.problem(path, &format!("is {value:?}; it must be {}", words.join(" or ")));
        }
        value
    }

    fn parsed<T: FromStr>(&mut self, path: &str, default: &str, what: &str) -> T {
        let value = self.text(path, default);
        value.parse().unwrap_or_else(|_| {
            self.problem(path, &format!("is {value:?}; it must be {what}"));
            default.parse().unwrap_or_else(|_| unreachable!("defaults are written in this file and tested"))
        })
    }

    fn count(&mut self, path: &str, default: usize, range: std::ops::RangeInclusive<usize>) -> usize {
        let what = format!("a whole number from {} to {}", range.start(), range.end());
        let value: usize = self.parsed(path, &default.to_string(), &what);
        if !range.contains(&value) {
            self.problem(path, &format!("is {value}; it must be {what}"));
        }
        value
    }

    /// A URL whose password is not printed.
    fn secret_url(&mut self, path: &str, default: &str) -> String {
        let value = self.look(path).unwrap_or_else(|| default.to_owned());
        self.show(path, Shown::Plain(mask_password(&value)));
        value
    }

    /// A key of 32 bytes, written as 64 hexadecimal digits.
    fn key(&mut self, path: &str) -> Option<[u8; 32]> {
        let value = self.look(path);
        self.show(path, if value.is_some() { Shown::Secret } else { Shown::Missing });
        let mut key = [0; 32];
        match hex::decode_to_slice(value?, &mut key) {
            Ok(()) => Some(key),
            Err(_) => {
                self.problem(path, "must be 64 hexadecimal digits (openssl rand -hex 32)");
                None
            }
        }
    }

    /// The content of a file that a setting names.
    fn file(&mut self, path: &str) -> Option<String> {
        let name = self.maybe(path)?;
        match std::fs::read_to_string(&name) {
            Ok(content) => Some(content),
            Err(error) => {
                self.problem(path, &format!("names {name}, which cannot be read: {error}"));
                None
            }
        }
    }

    fn refuse_unknown(&mut self) {
        // Read only where WeChat itself is configured, known all the same.
        let timeouts = ["wechat.connect_timeout_ms", "wechat.total_timeout_ms", "wechat.download_timeout_ms"];
        let unknown: Vec<String> = self
            .values
            .keys()
            .filter(|key| !self.known.contains(*key) && !timeouts.contains(&key.as_str()))
            .cloned()
            .collect();
        for key in unknown {
            self.problem(&key, "is not a setting (see sangzi.example.toml)");
        }
    }
}

/// `postgres://user:***@host/name`.
fn mask_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((person, host)) => match person.split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:***@{host}"),
            None => url.to_owned(),
        },
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(settings: &[(&str, &str)]) -> Config {
        let environment = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        read(None, environment, &[])
    }

    fn problems(settings: &[(&str, &str)]) -> String {
        with(settings).service().err().map(|problems| problems.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_database_is_all_an_audit_needs() {
        let config =
            with(&[("SANGZI_DATABASE__URL", "postgres://me:pw@db/sangzi"), ("SANGZI_HTTP__LISTEN", "nowhere")]);
        assert_eq!(config.base().unwrap().database_url, "postgres://me:pw@db/sangzi");
        assert_eq!(config.effective()["database.url"], Shown::Plain("postgres://me:***@db/sangzi".to_owned()));
        assert!(config.service().is_err());
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let said = problems(&[
            ("SANGZI_PROFILE", "productoin"),
            ("SANGZI_HTTP__LISTEN", "here"),
            ("SANGZI_HTTP__LISTN", "127.0.0.1:1"),
            ("SANGZI_GIVING__MAX_GIFT", "1e5"),
            ("SANGZI_KEYS__CURRENT", "2"),
            ("SANGZI_KEYS__MASTER__1", "short"),
        ]);
        for part in [
            "profile",
            "http.listen is",
            "http.listn is not a setting",
            "giving.max_gift",
            "keys.master.1 must",
            "keys.lookup is needed",
            "there is no keys.master.2",
            "wechat.mchid",
            "wechat.apiv3_key",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
    }

    #[test]
    fn production_refuses_what_belongs_to_play() {
        let said = problems(&[("SANGZI_PROFILE", "production"), ("SANGZI_WECHAT__SANDBOX", "/nowhere")]);
        assert!(said.contains("keys are needed in production"), "{said}");
        assert!(said.contains("wechat.sandbox is for development"), "{said}");
    }

    #[test]
    fn numbers_that_are_names_keep_their_zeros() {
        let config = with(&[("SANGZI_WECHAT__MCHID", "0019"), ("SANGZI_WECHAT__SECRET", "0019")]);
        assert_eq!(config.effective()["wechat.mchid"], Shown::Plain("0019".to_owned()));
        assert_eq!(config.effective()["wechat.secret"], Shown::Secret);
    }

    #[test]
    fn the_example_is_the_development_default_and_names_every_setting() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("sangzi.example.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let example = read(Some(&file), std::iter::empty(), &[]);
        assert_eq!(
            example.base().map_err(|problems| problems.to_string()).map(|base| base.profile),
            Ok(Profile::Development)
        );
        let unusable = example.service().err().map(|problems| problems.0).unwrap_or_default();
        assert!(unusable.iter().all(|problem| problem.starts_with("wechat.sandbox")), "{unusable:?}");
        for key in read(None, std::iter::empty(), &[]).effective().keys() {
            let name = key.rsplit('.').next().unwrap_or(key);
            assert!(text.contains(&format!("{name} = ")), "{key} is not in the example");
        }
    }
}
