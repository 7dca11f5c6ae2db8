//! Page objects: what a test may say to the page and ask of it, in words of the page.

mod offline_server;
mod page_worker;

use std::{env, time::Duration};

use anyhow::{Context as _, Result, bail};
use fantoccini::{
    Client, ClientBuilder, Locator,
    elements::Element,
    error::{CmdError, ErrorStatus},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

pub use offline_server::OfflineServer;
pub use page_worker::PageWorker;

/// How long anything may take before a test gives up. Machines differ; this is no measurement.
const PATIENCE: Duration = Duration::from_secs(120);

/// All views at once: what a test asks for is on the page, whichever tab it belongs to.
const EVERYTHING: &str = "depth=everything";

/// How a browser is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gpu {
    /// WebGPU by the software adapter.
    Software,
    /// No WebGPU.
    None,
}

/// Puts a script in front of the page's own.
pub fn before(script: &str) -> [(&'static str, Value); 1] {
    [("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }))]
}

/// The page in a browser of its own.
pub struct Page {
    client: Client,
}

impl Page {
    /// Opens the page at a permalink, in a browser that has never seen it, with all views one below the other.
    ///
    /// # Errors
    /// Where the harness of `cargo xtask test` is not there, or the browser refuses.
    pub async fn open(permalink: &str, gpu: Gpu) -> Result<Self> {
        Self::open_after(permalink, gpu, "").await
    }

    /// Opens the page after a script has been put in front of its own.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_after(permalink: &str, gpu: Gpu, script: &str) -> Result<Self> {
        Self::start(&format!("{}{}", harness("RETORT_URL")?, everything(permalink)), gpu, &before(script)).await
    }

    /// Opens the page as a link opens it, with its tabs.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_first(permalink: &str, gpu: Gpu) -> Result<Self> {
        Self::open_as(permalink, gpu, &[]).await
    }

    /// Opens the page as a link opens it, after these commands of the DevTools protocol.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_as(permalink: &str, gpu: Gpu, commands: &[(&str, Value)]) -> Result<Self> {
        Self::start(&format!("{}{permalink}", harness("RETORT_URL")?), gpu, commands).await
    }

    /// Opens the page behind a server of its own.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_offline(permalink: &str, gpu: Gpu) -> Result<(Self, OfflineServer)> {
        let server = OfflineServer::open(&harness("RETORT_URL")?).await?;
        Ok((Self::start(&format!("{}{}", server.address(), everything(permalink)), gpu, &[]).await?, server))
    }

    async fn start(address: &str, gpu: Gpu, commands: &[(&str, Value)]) -> Result<Self> {
        let mut arguments = vec![
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-sync",
            "--disable-background-networking",
            "--disable-component-update",
            // A test turns the address a thousand times, of which Chromium would ignore most.
            "--disable-ipc-flooding-protection",
            "--window-size=1280,800",
            "--lang=en-US",
        ];
        match gpu {
            Gpu::Software => arguments.extend(["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]),
            Gpu::None => arguments.push("--disable-features=WebGPU"),
        }
        let capabilities = json!({ "goog:chromeOptions": { "binary": harness("RETORT_CHROMIUM")?, "args": arguments }, "timeouts": { "script": PATIENCE.as_millis() as u64 } });
        let Value::Object(capabilities) = capabilities else { bail!("capabilities are an object") };
        let connect = async || {
            let mut builder = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
            builder
                .capabilities(capabilities.clone())
                .connect(&harness("RETORT_CHROMEDRIVER")?)
                .await
                .context("no browser")
        };
        // A browser that does not start is not what is tested.
        let client = match connect().await {
            Ok(client) => client,
            Err(_) => connect().await?,
        };
        let page = Self { client };
        for (command, parameters) in commands {
            page.devtools(command, parameters.clone()).await?;
        }
        page.client.goto(address).await?;
        Ok(page)
    }

    /// Ends the browser.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn close(self) -> Result<()> {
        Ok(self.client.close().await?)
    }

    /// Sends a command of the DevTools protocol.
    ///
    /// # Errors
    /// Where the browser refuses.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        #[derive(Debug)]
        struct DevTools(Value);
        impl fantoccini::wd::WebDriverCompatibleCommand for DevTools {
            fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
                base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
            }
            fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
                (http::Method::POST, Some(self.0.to_string()))
            }
        }
        Ok(self.client.issue_cmd(DevTools(json!({ "cmd": command, "params": parameters }))).await?)
    }

    /// Runs a script in the page and gives what it returns.
    ///
    /// # Errors
    /// Where the script throws.
    pub async fn script(&self, script: &str) -> Result<Value> {
        Ok(self.client.execute(script, Vec::new()).await?)
    }

    /// The element of a CSS selector, as soon as it is there.
    ///
    /// # Errors
    /// Where it does not come.
    pub async fn find(&self, selector: &str) -> Result<Element> {
        let wait = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        wait.with_context(|| format!("{selector} does not come"))
    }

    /// What an element says, or holds.
    ///
    /// # Errors
    /// Where it does not come.
    pub async fn text(&self, selector: &str) -> Result<String> {
        Ok(self
            .script(&format!(
                "const found = document.querySelector({selector:?});
                 return (found instanceof HTMLInputElement ? found.value : found?.textContent) ?? ''"
            ))
            .await?
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    /// The first number that an element shows.
    ///
    /// # Errors
    /// Where it shows none.
    pub async fn number(&self, selector: &str) -> Result<f64> {
        let text = self.text(selector).await?.replace(',', "");
        let digits: String =
            text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        digits.parse().with_context(|| format!("{selector} shows {text:?}"))
    }

    /// Clicks; looks again where the page has just drawn the element anew.
    ///
    /// # Errors
    /// Where there is nothing to click.
    pub async fn click(&self, selector: &str) -> Result<()> {
        let start = Instant::now();
        loop {
            match self.find(selector).await?.click().await {
                Err(error) if error.is_stale_element_reference() && start.elapsed() < PATIENCE => {}
                // The head of the page stays in view and may cover it.
                Err(CmdError::Standard(error))
                    if error.error == ErrorStatus::ElementClickIntercepted && start.elapsed() < PATIENCE =>
                {
                    let center = format!("document.querySelector({selector:?})?.scrollIntoView({{ block: 'center' }})");
                    self.script(&center).await?;
                }
                clicked => return Ok(clicked?),
            }
        }
    }

    /// Gives a control a value, as a visitor's hand does: it moves, then it is let go.
    ///
    /// # Errors
    /// Where there is no such control.
    pub async fn set(&self, selector: &str, value: &str) -> Result<()> {
        self.find(selector).await?;
        self.script(&format!(
            "const control = document.querySelector({selector:?}); control.value = {value:?};
             for (const kind of ['input', 'change']) control.dispatchEvent(new Event(kind, {{ bubbles: true }}));"
        ))
        .await?;
        Ok(())
    }

    /// Presses a key while an element has the focus, as browsers name keys.
    ///
    /// # Errors
    /// Where there is no such element.
    pub async fn key(&self, selector: &str, key: &str) -> Result<()> {
        self.find(selector).await?;
        self.script(&format!(
            "const target = document.querySelector({selector:?}); target.focus();
             for (const kind of ['keydown', 'keyup'])
               target.dispatchEvent(new KeyboardEvent(kind, {{ key: {key:?}, bubbles: true, cancelable: true }}));"
        ))
        .await?;
        Ok(())
    }

    /// Presses a key together with Control, wherever the focus is.
    ///
    /// # Errors
    /// Where the page does not answer.
    pub async fn control(&self, key: &str) -> Result<()> {
        let event =
            format!("new KeyboardEvent('keydown', {{ key: {key:?}, ctrlKey: true, bubbles: true, cancelable: true }})");
        self.script(&format!("document.body.dispatchEvent({event})")).await?;
        Ok(())
    }

    /// Unfolds a `<details>`.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn open_fold(&self, selector: &str) -> Result<()> {
        self.find(selector).await?;
        self.script(&format!("document.querySelector({selector:?}).open = true")).await?;
        Ok(())
    }

    /// What a promise of the page comes to.
    ///
    /// # Errors
    /// Where it is refused.
    pub async fn promise(&self, expression: &str) -> Result<Value> {
        let script =
            format!("const done = arguments[arguments.length - 1]; ({expression}).then(done, (e) => done(String(e)));");
        Ok(self.client.execute_async(&script, Vec::new()).await?)
    }

    /// What axe-core finds wrong with the page as it stands, by the rules of WCAG 2.2 A and AA: one line a finding.
    ///
    /// # Errors
    /// Where axe cannot run.
    pub async fn violations(&self) -> Result<Vec<String>> {
        const AXE: &str = include_str!("../vendor/axe-core/axe.min.js");
        const RUN: &str =
            "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((found) =>
            found.violations.flatMap((rule) => rule.nodes.map((node) =>
                `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary.replaceAll('\\n', ' ')}`)))";
        self.script(AXE).await?;
        // What scrolling has brought below the bar is not covered by it for good.
        self.script("scrollTo(0, 0)").await?;
        let found = self.promise(RUN).await?;
        serde_json::from_value(found.clone()).with_context(|| format!("axe says {found}"))
    }

    /// Waits until a JavaScript expression is true.
    ///
    /// # Errors
    /// Where it does not become true; says what the page shows instead.
    pub async fn until(&self, expression: &str) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            // An element that is not there yet makes the expression throw; that is not true either.
            let tried = format!("try {{ return Boolean({expression}) }} catch {{ return false }}");
            if self.script(&tried).await? == json!(true) {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        let shown = self.script("return document.body.innerText").await?;
        bail!("{expression} does not become true; the page shows:\n{}", shown.as_str().unwrap_or_default())
    }

    /// Waits until this page's own training is over, and remembers how many have begun.
    ///
    /// # Errors
    /// Where it does not end.
    pub async fn until_finished(&self) -> Result<()> {
        // Whichever tab is shown, the result stands in the sentence above it.
        let told = "document.querySelector('#verdict-words, #lede .result b')";
        self.until(&format!("document.querySelector('main[data-state=finished][data-recorded=false]') && {told}"))
            .await?;
        self.script("window.begunKnown = document.querySelector('main').dataset.begun").await?;
        Ok(())
    }

    /// Waits until training has begun again since it was last waited for its end; it may be over already.
    ///
    /// # Errors
    /// Where it does not begin.
    pub async fn until_begun(&self) -> Result<()> {
        self.until("Number(document.querySelector('main').dataset.begun) > Number(window.begunKnown)").await
    }

    /// Waits until an engine is there: `cpu` or `gpu`.
    ///
    /// # Errors
    /// Where it does not come.
    pub async fn until_engine(&self, device: &str) -> Result<()> {
        self.until(&format!("document.querySelector('#device[data-device={device}]')")).await
    }

    /// Loads the page anew.
    ///
    /// # Errors
    /// Where the browser cannot.
    pub async fn reload(&self) -> Result<()> {
        Ok(self.client.refresh().await?)
    }

    /// Waits until the service worker has kept the page's files, which it does before it takes over.
    ///
    /// # Errors
    /// Where it does not come.
    pub async fn until_kept(&self) -> Result<()> {
        self.until("navigator.serviceWorker.controller?.state === 'activated'").await
    }

    /// The names of the files that the service worker keeps.
    ///
    /// # Errors
    /// Where the page does not answer.
    pub async fn kept(&self) -> Result<Vec<String>> {
        let names = "const keys = await caches.keys(), ours = keys.filter((key) => key.startsWith('retort-page-'));
            const requests = await Promise.all(ours.map(async (key) => (await caches.open(key)).keys()));
            return requests.flat().map(({ url }) => url.slice(document.baseURI.split(/[?#]/)[0].length))";
        Ok(serde_json::from_value(self.later(names).await?)?)
    }

    /// Opens another file of the site in the same browser.
    ///
    /// # Errors
    /// Where the browser refuses.
    pub async fn go(&self, file: &str) -> Result<()> {
        Ok(self.client.goto(&format!("{}{file}", harness("RETORT_URL")?)).await?)
    }

    /// Runs a script that may wait, and gives what it returns.
    async fn later(&self, script: &str) -> Result<Value> {
        let promise = format!(
            "const done = arguments[0]; (async () => {{ {script} }})().then(done, (error) => done(`${{error}}`))"
        );
        Ok(self.client.execute_async(&promise, Vec::new()).await?)
    }

    /// Every address that the page itself asked for.
    ///
    /// # Errors
    /// Where the page does not answer.
    pub async fn requests(&self) -> Result<Vec<String>> {
        let entries = self.script("return performance.getEntriesByType('resource').map((entry) => entry.name)").await?;
        Ok(serde_json::from_value(entries)?)
    }

    /// Makes the window this wide.
    ///
    /// # Errors
    /// Where the browser refuses.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await?;
        Ok(())
    }

    /// A picture of the whole page, as PNG.
    ///
    /// # Errors
    /// Where the browser refuses.
    pub async fn picture(&self) -> Result<Vec<u8>> {
        Ok(self.client.screenshot().await?)
    }
}

/// The permalink with all views, where it does not say itself what it shows.
fn everything(permalink: &str) -> String {
    let says = ["depth=", "tab=", "hide="].iter().any(|key| permalink.contains(key));
    let joint = if permalink.contains(['#', '?']) { '&' } else { '#' };
    if says { permalink.to_owned() } else { format!("{permalink}{joint}{EVERYTHING}") }
}

/// What `cargo xtask test` tells the tests.
fn harness(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("{name} is not set; run cargo xtask test"))
}
