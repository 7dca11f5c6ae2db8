//! Hands a file to the visitor's download folder. Nothing leaves the machine.

use gloo_timers::callback::Timeout;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url, window};

/// The browser reads the file after the click; by then the address must still stand.
const KEPT_MILLIS: u32 = 30_000;

/// Saves bytes as a file.
///
/// # Errors
/// What the browser said.
pub fn save(name: &str, mime: &str, bytes: &[u8]) -> Result<(), String> {
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options).map_err(said)?;
    save_blob(name, &blob)
}

/// Saves a blob as a file.
///
/// # Errors
/// What the browser said.
pub fn save_blob(name: &str, blob: &Blob) -> Result<(), String> {
    let address = Url::create_object_url_with_blob(blob).map_err(said)?;
    let document = window().and_then(|window| window.document()).ok_or("no document")?;
    let anchor = document.create_element("a").map_err(said)?;
    let anchor: HtmlAnchorElement = anchor.dyn_into().map_err(|_| "no anchor")?;
    anchor.set_href(&address);
    anchor.set_download(name);
    anchor.click();
    // An address that cannot be revoked is gone already.
    Timeout::new(KEPT_MILLIS, move || drop(Url::revoke_object_url(&address))).forget();
    Ok(())
}

/// A browser's error in words.
pub fn said(error: JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |error| String::from(error.message()))
}
