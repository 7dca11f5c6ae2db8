//! What a browser's tab keeps over a reload: work that no link holds.

use serde::{Serialize, de::DeserializeOwned};
use serde_wasm_bindgen::{Serializer, from_value};

use crate::platform::link;

/// Keeps a value until the tab is closed. Whether the browser had room for it.
pub fn keep<T: Serialize>(name: &str, value: &T) -> bool {
    let text =
        value.serialize(&Serializer::json_compatible()).ok().and_then(|value| js_sys::JSON::stringify(&value).ok());
    text.is_some_and(|text| link::session_set(name, &String::from(text)))
}

/// What was kept; `None` where nothing was, or where it was another version's.
pub fn kept<T: DeserializeOwned>(name: &str) -> Option<T> {
    from_value(js_sys::JSON::parse(&link::session_get(name)?).ok()?).ok()
}
