//! Files of the page and of the web, with progress; what JavaScript promises and errors say.

use js_sys::{Promise, Reflect, Uint8Array};
use retort_spec::{codec, read_number};
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStream, ReadableStreamDefaultReader, RequestInit, Response, window};

/// What `index.html` states of this build under a name.
pub fn stated(name: &str) -> Option<String> {
    let document = window()?.document()?;
    document.query_selector(&format!("meta[name={name}]")).ok()??.get_attribute("content")
}

/// The build's stamp, which tells its files from an older build's in the browser's cache.
pub fn build() -> String {
    stated("build").unwrap_or_default()
}

/// Fetches a file of the page, reporting bytes received and in all.
///
/// # Errors
/// What the browser says where that fails.
pub async fn fetch(url: &str, progress: &dyn Fn(f64, Option<f64>)) -> Result<Uint8Array, String> {
    fetch_until(url, None, progress).await
}

/// The same, given up when `signal` says so.
///
/// # Errors
/// What the browser says where that fails, or that it was given up.
pub async fn fetch_until(
    url: &str,
    signal: Option<&AbortSignal>,
    progress: &dyn Fn(f64, Option<f64>),
) -> Result<Uint8Array, String> {
    let window = window().ok_or("there is no window")?;
    let options = RequestInit::new();
    options.set_signal(signal);
    let answer = JsFuture::from(window.fetch_with_str_and_init(url, &options));
    let response: Response = answer.await.map_err(text)?.unchecked_into();
    if !response.ok() {
        return Err(format!("{url}: {} {}", response.status(), response.status_text()));
    }
    let header = |name: &str| response.headers().get(name).ok().flatten();
    // The length of a compressed answer is not that of its contents.
    let total = match header("content-encoding") {
        None => header("content-length").and_then(|length| read_number(&length)),
        Some(_) => header("x-content-length").and_then(|length| read_number(&length)),
    };
    let Some(body) = response.body() else { return Err(format!("{url} is empty")) };
    read_stream(&body, &|received| progress(received.into(), total)).await
}

/// Reads a stream to its end, reporting bytes received.
async fn read_stream(body: &ReadableStream, progress: &dyn Fn(u32)) -> Result<Uint8Array, String> {
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let (mut chunks, mut received) = (Vec::new(), 0_u32);
    loop {
        let part = await_promise(reader.read()).await?;
        let value = Reflect::get(&part, &"value".into()).map_err(text)?;
        if value.is_undefined() {
            break;
        }
        let chunk: Uint8Array = value.unchecked_into();
        received = received.saturating_add(chunk.length());
        progress(received);
        chunks.push(chunk);
    }
    let whole = Uint8Array::new_with_length(received);
    let mut at = 0;
    for chunk in chunks {
        whole.set(&chunk, at);
        at += chunk.length();
    }
    Ok(whole)
}

/// Fetches a text of the page.
///
/// # Errors
/// What the browser says where that fails.
pub async fn fetch_text(url: &str) -> Result<String, String> {
    let bytes = fetch(url, &|_, _| {}).await?;
    Ok(String::from_utf8_lossy(&bytes.to_vec()).into_owned())
}

/// Fetches a JSON file of the page. The browser parses it: a parser of our own would weigh thirty kilobytes.
///
/// # Errors
/// What the browser says, or where the file holds something else.
pub async fn fetch_json<T: DeserializeOwned>(url: &str) -> Result<T, String> {
    let parsed = js_sys::JSON::parse(&fetch_text(url).await?).map_err(text)?;
    serde_wasm_bindgen::from_value(parsed).map_err(|error| format!("{url}: {error}"))
}

/// Fetches a file of the page that holds a message.
///
/// # Errors
/// What the browser says, or where the file holds something else.
pub async fn fetch_message<T: DeserializeOwned>(url: &str) -> Result<T, String> {
    let bytes = fetch(url, &|_, _| {}).await?;
    codec::decode(&bytes.to_vec()).map_err(|error| format!("{url}: {error}"))
}

/// A pause that a promise can wait for.
pub async fn await_promise(promise: Promise) -> Result<JsValue, String> {
    JsFuture::from(promise).await.map_err(text)
}

/// What a JavaScript error says.
pub fn text(error: JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => error.as_string().unwrap_or_else(|| format!("{error:?}")),
    }
}
