//! A worker of the page without the page: a test sends it commands and reads what it reports.

use std::{collections::VecDeque, fmt::Debug};

use anyhow::{Context as _, Result, bail, ensure};
use retort_spec::{Parcel, codec};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use crate::{PATIENCE, Page};

/// Keeps what a worker sends until the test fetches it, and hands its parcels to the other worker.
const START: &str = "
    const base64 = (bytes) => { let text = ''; for (const byte of bytes) text += String.fromCharCode(byte); return btoa(text); };
    const worker = new Worker('./engine.js', { type: 'module' });
    const kept = { worker, messages: [], other: null, error: null };
    (window.workers ??= {})[name] = kept;
    worker.onerror = ({ message }) => { kept.error = message; };
    worker.onmessage = ({ data }) => {
        const isParcel = Array.isArray(data);
        if (isParcel) kept.other?.postMessage(data);
        kept.messages.push([isParcel, base64(isParcel ? data[0] : data)]);
    };
    fetch(`./${name}_bg.wasm`).then(WebAssembly.compileStreaming).then(
        (module) => worker.postMessage({ glue: `./${name}.js`, module }),
        (error) => { kept.error = String(error); });";

/// A worker that reports `E`s, on a page that is a file of the site's own.
pub struct PageWorker<'a, E> {
    page: &'a Page,
    name: &'static str,
    reports: VecDeque<E>,
    parcels: VecDeque<Parcel>,
}

impl<'a, E: DeserializeOwned + Debug> PageWorker<'a, E> {
    /// Starts a worker by the name of its program.
    ///
    /// # Errors
    /// Where the browser refuses.
    pub async fn start(page: &'a Page, name: &'static str) -> Result<Self> {
        page.script(&format!("const name = {name:?}; {START}")).await?;
        Ok(Self { page, name, reports: VecDeque::new(), parcels: VecDeque::new() })
    }

    /// From now on hands its parcels to another worker, as the page does.
    ///
    /// # Errors
    /// Where the browser refuses.
    pub async fn hand_parcels_to<F>(&self, other: &PageWorker<'_, F>) -> Result<()> {
        let (from, to) = (self.name, other.name);
        self.page.script(&format!("window.workers[{from:?}].other = window.workers[{to:?}].worker")).await?;
        Ok(())
    }

    /// Sends a command.
    ///
    /// # Errors
    /// Where the browser refuses.
    pub async fn send(&self, command: &impl Serialize) -> Result<()> {
        let bytes = json!(codec::encode(command)?);
        let script = format!("window.workers[{:?}].worker.postMessage(new Uint8Array({bytes}))", self.name);
        self.page.script(&script).await?;
        Ok(())
    }

    /// What it has reported that was not read yet.
    ///
    /// # Errors
    /// Where the worker fails.
    pub async fn reports(&mut self) -> Result<Vec<E>> {
        self.receive().await?;
        Ok(self.reports.drain(..).collect())
    }

    /// Reads reports until one is what the test looks for.
    ///
    /// # Errors
    /// Where none is, or the worker fails or is silent for long.
    pub async fn until<T>(&mut self, mut look: impl FnMut(E) -> Option<T>) -> Result<T> {
        let (mut heard, mut last) = (Instant::now(), String::from("nothing"));
        while heard.elapsed() < PATIENCE {
            while let Some(report) = self.reports.pop_front() {
                (heard, last) = (Instant::now(), format!("{report:?}"));
                if let Some(found) = look(report) {
                    return Ok(found);
                }
            }
            self.receive().await?;
        }
        bail!("{} does not report it; the last was {last:.1000}", self.name)
    }

    /// The parcels that have come with the reports so far, the oldest first.
    pub fn parcels(&mut self) -> impl Iterator<Item = Parcel> + '_ {
        self.parcels.drain(..)
    }

    async fn receive(&mut self) -> Result<()> {
        let script = format!(
            "const {{ error, messages }} = window.workers[{:?}]; return {{ error, messages: messages.splice(0) }}",
            self.name
        );
        let kept = self.page.script(&script).await?;
        ensure!(kept["error"].is_null(), "{}: {}", self.name, kept["error"]);
        let messages = kept["messages"].as_array().context("no messages")?;
        for message in messages {
            let bytes = from_base64(&message[1])?;
            match message[0].as_bool() {
                Some(true) => self.parcels.push_back(codec::decode(&bytes)?),
                _ => self.reports.extend(codec::decode::<Vec<E>>(&bytes)?),
            }
        }
        if messages.is_empty() {
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

/// What a script gave in base 64.
fn from_base64(text: &Value) -> Result<Vec<u8>> {
    let text = text.as_str().context("a script gave no text")?;
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(digit).map(u32::from).collect();
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let whole = four.iter().fold(0, |whole, digit| whole << 6 | digit) << (6 * (4 - four.len()));
        bytes.extend((0..four.len() - 1).map(|place| (whole >> (16 - 8 * place)) as u8));
    }
    Ok(bytes)
}
