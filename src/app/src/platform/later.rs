//! The later part of the app: what a first visit does not run, as `xtask/split.rs` parts it.

use std::cell::Cell;

use js_sys::{Object, Reflect, Uint8Array, WebAssembly};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen, throw_val};
use web_sys::XmlHttpRequest;

use crate::platform::fetch::{await_promise, fetch, stated, text};

thread_local! {
    static IS_THERE: Cell<bool> = const { Cell::new(false) };
}

/// Fetches the later part, unless it is there. A failure is met again, and told, by [`await_later_part`].
pub async fn load() {
    if IS_THERE.get() {
        return;
    }
    let Some(address) = address() else { return };
    let Ok(bytes) = fetch(&address, &|_, _| {}).await else { return };
    // What was called in the meantime has not waited for this.
    if !IS_THERE.get()
        && let Ok(imports) = imports()
        && await_promise(WebAssembly::instantiate_buffer(&bytes.to_vec(), &imports)).await.is_ok()
    {
        IS_THERE.set(true);
    }
}

/// Returns once the later part is there. Whatever calls a function of it calls this first, so it has to wait where it
/// stands: the page is still until the file has come. Where none comes, the page breaks and says why.
#[wasm_bindgen]
pub fn await_later_part() {
    if IS_THERE.get() {
        return;
    }
    let address = address().unwrap_or_default();
    match fetch_now(&address) {
        Ok(()) => IS_THERE.set(true),
        // `index.html` knows the file by its name.
        Err(error) => throw_val(js_sys::Error::new(&format!("{address}: {}", text(error))).into()),
    }
}

fn fetch_now(address: &str) -> Result<(), JsValue> {
    let request = XmlHttpRequest::new()?;
    request.open_with_async("GET", address, false)?;
    // The only way to receive bytes at once: each stands in the lower half of a character.
    request.override_mime_type("text/plain; charset=x-user-defined")?;
    request.send()?;
    if request.status()? != 200 {
        return Err(request.status_text()?.into());
    }
    let body = request.response_text()?.unwrap_or_default();
    let bytes: Vec<u8> = body.chars().map(|letter| letter as u8).collect();
    let module = WebAssembly::Module::new(&Uint8Array::from(bytes.as_slice()))?;
    WebAssembly::Instance::new(&module, &imports()?)?;
    Ok(())
}

/// Where the file is; nowhere in a page that was not built by `cargo xtask build`.
fn address() -> Option<String> {
    stated("later")
}

/// All that the first part exports, by the name of the first part.
fn imports() -> Result<Object, JsValue> {
    let imports = Object::new();
    Reflect::set(&imports, &"first".into(), &wasm_bindgen::exports())?;
    Ok(imports)
}
