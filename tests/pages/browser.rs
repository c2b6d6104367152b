//! A browser with a fresh profile, driven through the driver that `SANGZI_TEST_CHROMEDRIVER` names, and what is asked of every
//! page it visits: no error on its console, nothing loaded from elsewhere, not too heavy, no serious finding of axe, and nothing wider
//! than the screen.

use std::path::PathBuf;
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Officer, World};

/// How much a page may load when it is visited first, as it travels.
const HEAVIEST_BYTES: u64 = 200 * 1024;
/// The widths pages are looked at.
pub(crate) const WIDTHS: [u32; 2] = [1280, 375];
/// axe-core 4.14.1 as its makers publish it (MPL-2.0; the licence stands beside it).
const AXE: &str = include_str!("axe-4.14.1.min.js");

/// Notes on the window that a form was sent or a link followed, unless a script took it over; a new document knows nothing of it.
const LEAVING: &str = "
    window.leaving = false;
    addEventListener('submit', e => { window.leaving = !e.defaultPrevented });
    addEventListener('click', e => {
        const link = e.target.closest('a[href]');
        if (link && !e.defaultPrevented && !link.hasAttribute('download')) window.leaving = link.pathname !== location.pathname;
    });";

pub(crate) struct Browser {
    client: Client,
    base: String,
    /// What pages may load from.
    host: String,
    profile: tempfile::TempDir,
}

/// A command of the driver that is in no standard.
#[derive(Debug)]
struct Special {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Special {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// Whether there is a browser; a test that needs one says so and ends.
pub(crate) fn driver() -> Option<String> {
    let driver = std::env::var("SANGZI_TEST_CHROMEDRIVER").ok();
    if driver.is_none() {
        eprintln!("no browser: SANGZI_TEST_CHROMEDRIVER names none (scripts/chromium prints one)");
    }
    driver
}

impl Browser {
    pub(crate) async fn open(world: &World, driver: &str) -> Browser {
        let profile = tempfile::tempdir().unwrap();
        let data = format!("--user-data-dir={}", profile.path().display());
        let capabilities: Capabilities = serde_json::from_value(json!({
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "goog:chromeOptions": { "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server", "--lang=zh-CN",
                data,
            ] },
        }))
        .unwrap();
        let client = ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(driver).await.unwrap();
        let base = world.stranger.base.clone();
        let host = base.trim_start_matches("http://").to_owned();
        Browser { client, base, host, profile }
    }

    /// Signs in as somebody: with the token they hold, as the form would set it.
    pub(crate) async fn sign_in(&self, officer: &Officer) {
        self.client.goto(&format!("{}/console/login", self.base)).await.unwrap();
        let token = officer.caller.token.clone().unwrap();
        let cookie = json!({ "name": "sangzi-console", "value": token, "url": self.base, "httpOnly": true });
        self.special("goog/cdp/execute", json!({ "cmd": "Network.setCookie", "params": cookie })).await;
        self.log("performance").await;
        self.log("browser").await;
    }

    async fn special(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Special { path, body }).await.unwrap()
    }

    /// What the browser noted since it was last asked.
    async fn log(&self, kind: &str) -> Vec<Value> {
        self.special("se/log", json!({ "type": kind })).await.as_array().cloned().unwrap_or_default()
    }

    /// Makes the screen so wide.
    pub(crate) async fn width(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.special("goog/cdp/execute", json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics }))
            .await;
    }

    /// Goes to a page.
    pub(crate) async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// Goes to a page and looks at it: at both widths, by axe, its weight, its console, its requests.
    pub(crate) async fn visit(&self, path: &str) {
        self.special("goog/cdp/execute", json!({ "cmd": "Network.clearBrowserCache", "params": {} })).await;
        self.log("performance").await;
        self.log("browser").await;
        self.width(WIDTHS[0]).await;
        self.go(path).await;
        self.weighed(path).await;
        for width in WIDTHS {
            self.width(width).await;
            self.sound(path, width).await;
        }
        let errors: Vec<Value> = self.log("browser").await;
        let errors: Vec<&Value> =
            errors.iter().filter(|line| line["level"] == "SEVERE" || line["level"] == "WARNING").collect();
        assert!(errors.is_empty(), "{path} says on its console: {errors:#?}");
    }

    /// No request to another host, and not too much from ours: neither as it is sent nor as it is unpacked.
    async fn weighed(&self, path: &str) {
        let (mut bytes, mut unpacked) = (0, 0);
        for line in self.log("performance").await {
            let message: Value = serde_json::from_str(line["message"].as_str().unwrap()).unwrap();
            let (method, params) = (&message["message"]["method"], &message["message"]["params"]);
            if method == "Network.requestWillBeSent" {
                let url = params["request"]["url"].as_str().unwrap();
                let ours = url.starts_with(&format!("http://{}/", self.host)) || url.starts_with("data:");
                assert!(ours, "{path} asks {url}");
            } else if method == "Network.loadingFinished" {
                bytes += params["encodedDataLength"].as_f64().unwrap() as u64;
            } else if method == "Network.dataReceived" {
                unpacked += params["dataLength"].as_u64().unwrap();
            }
        }
        assert!((1..HEAVIEST_BYTES).contains(&bytes), "{path} weighs {bytes} bytes");
        assert!(unpacked < HEAVIEST_BYTES, "{path} weighs {unpacked} bytes unpacked");
    }

    /// Nothing serious for axe, nothing wider than the screen. Keeps a picture if a folder for pictures is named.
    async fn sound(&self, path: &str, width: u32) {
        self.picture(path, width).await;
        let wide = self.script("return document.documentElement.scrollWidth").await;
        assert!(wide.as_u64().unwrap() <= u64::from(width), "{path} is {wide} wide on a screen of {width}");
        let run = format!(
            "const done = arguments[0]; {AXE};\n axe.run(document, {{ resultTypes: ['violations'] }}).then(\
             r => done(r.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(\
             v => v.id + ': ' + v.nodes.map(n => n.html + ' — ' + n.failureSummary).slice(0, 3).join(' | '))), e => done([String(e)]))"
        );
        let found = self.client.execute_async(&run, vec![]).await.unwrap();
        assert_eq!(found, json!([]), "{path} at {width}");
    }

    async fn picture(&self, path: &str, width: u32) {
        let Ok(dir) = std::env::var("SANGZI_TEST_PICTURES") else { return };
        let whole = json!({ "cmd": "Page.captureScreenshot", "params": { "captureBeyondViewport": true } });
        let picture = self.special("goog/cdp/execute", whole).await;
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        // An id says nothing about which page it was.
        let name: Vec<&str> =
            path.split(['/', '?', '&', '=']).map(|part| if part.len() == 36 { "id" } else { part }).collect();
        std::fs::write(PathBuf::from(dir).join(format!("{}-{width}.png", name.join("_"))), bytes).unwrap();
    }

    /// Runs a script in the page.
    pub(crate) async fn script(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    async fn find(&self, css: &str) -> Element {
        let found = self.client.wait().at_most(Duration::from_secs(10)).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{css} is not on {}: {error}\n{}", self.path().await, self.text().await),
        }
    }

    /// Types into the field of a name, within a part of the page.
    pub(crate) async fn fill(&self, within: &str, name: &str, text: &str) {
        let field = self.find(&format!("{within} [name='{name}']")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Sets what no keys are typed into: a day, a moment, a choice.
    pub(crate) async fn set(&self, within: &str, name: &str, value: &str) {
        self.find(&format!("{within} [name='{name}']")).await;
        let script = "const f = document.querySelector(arguments[0]); f.value = arguments[1]; return f.value";
        let selector = json!(format!("{within} [name='{name}']"));
        let set = self.client.execute(script, vec![selector, json!(value)]).await.unwrap();
        assert_eq!(set, json!(value), "{name}");
    }

    /// Chooses the option that reads so.
    pub(crate) async fn choose(&self, within: &str, name: &str, word: &str) {
        let field = self.find(&format!("{within} [name='{name}']")).await;
        field.select_by_label(word).await.unwrap();
    }

    /// Names a file.
    pub(crate) async fn upload(&self, within: &str, name: &str, file: &str, content: &[u8]) {
        let path = self.profile.path().join(file);
        std::fs::write(&path, content).unwrap();
        let field = self.find(&format!("{within} [name='{name}']")).await;
        field.send_keys(&path.display().to_string()).await.unwrap();
    }

    /// Presses a button or a link, or opens a panel. Where that leads to another document, waits for it: what follows must neither
    /// read nor touch the page that is going away.
    pub(crate) async fn press(&self, css: &str) {
        let element = self.find(css).await;
        self.script(LEAVING).await;
        element.click().await.unwrap_or_else(|error| panic!("{css}: {error}"));
        for _ in 0..200 {
            // A script that is cut off by the change of documents says nothing; the next one is asked of the new document.
            let stays = self.client.execute("return window.leaving !== true", vec![]).await;
            if stays.is_ok_and(|stays| stays == true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{css} on {} led nowhere", self.path().await);
    }

    /// Takes a step of the page that needs nothing but its confirmation.
    pub(crate) async fn step(&self, word: &str) {
        self.open_step(word).await;
        self.press(&format!("form[action$='/{word}'] .go button")).await;
    }

    /// Opens the panel of a step.
    pub(crate) async fn open_step(&self, word: &str) {
        self.press(&format!("details:has(> form[action$='/{word}']) > summary")).await;
    }

    /// The path of the page.
    pub(crate) async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// What the page says.
    pub(crate) async fn text(&self) -> String {
        self.script("return document.body.innerText").await.as_str().unwrap_or_default().to_owned()
    }

    /// Makes sure that the page says this, waiting a little for it.
    pub(crate) async fn says(&self, words: &str) {
        for _ in 0..100 {
            if self.script("return document.body.innerText").await.as_str().is_some_and(|text| text.contains(words)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} does not say {words}:\n{}", self.path().await, self.text().await);
    }

    /// Waits a little until nothing of this kind is on the page any more.
    pub(crate) async fn until_gone(&self, css: &str) {
        let script = format!("return document.querySelector('{css}') === null");
        for _ in 0..100 {
            if self.script(&script).await == true {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{css} is still on {}:\n{}", self.path().await, self.text().await);
    }

    pub(crate) async fn close(self) {
        self.client.close().await.unwrap();
    }
}

/// Asks for a page as a browser would, with somebody's session and without following where it leads.
pub(crate) async fn ask(world: &World, officer: Option<&Officer>, path: &str) -> (u16, String) {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut request = http.request(Method::GET, format!("{}{path}", world.stranger.base)).header("Accept", "text/html");
    if let Some(officer) = officer {
        request = request.header("Cookie", format!("sangzi-console={}", officer.caller.token.clone().unwrap()));
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}
