//! The address bar and the settings that survive a reload.

use retort_spec::{Experiment, Problem, encode};
use wasm_bindgen::JsValue;
use web_sys::{Storage, window};

use crate::{i18n::Language, state::PAGE_KEYS, view::View};

/// The part of the address behind `#`.
pub fn query() -> String {
    window().and_then(|window| window.location().hash().ok()).unwrap_or_default()
}

/// A page key of the address, such as `lang`. Messengers write its commas as `%2C`.
pub fn page_key(key: &str) -> Option<String> {
    let value = raw(key)?;
    Some(js_sys::decode_uri_component(&value).ok().map_or(value, String::from))
}

/// What the address leaves out of the page and what it locks, and what it names in vain.
pub fn view() -> (View, Vec<Problem>) {
    let key = |name| page_key(name);
    View::read(key("hide").as_deref(), key("lock").as_deref(), key("view").as_deref())
}

/// A page key as it stands in the address.
fn raw(key: &str) -> Option<String> {
    let query = query();
    let pairs = query.trim_start_matches('#').split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| *name == key).map(|(_, value)| value.to_owned()).next()
}

/// Puts the experiment into the address as a step that Back undoes; page keys stay.
pub fn write(experiment: &Experiment) {
    let kept: String = PAGE_KEYS.iter().filter_map(|key| raw(key).map(|value| format!("&{key}={value}"))).collect();
    let address = format!("#{}{kept}", encode(experiment));
    let old = query();
    if old == address {
        return;
    }
    let Some(history) = window().and_then(|window| window.history().ok()) else { return };
    // The first address is completed in place: Back should leave the page, not its short form.
    let _ = match old.is_empty() {
        true => history.replace_state_with_url(&JsValue::NULL, "", Some(&address)),
        false => history.push_state_with_url(&JsValue::NULL, "", Some(&address)),
    };
}

/// The page's whole address, to share.
pub fn address() -> String {
    window().and_then(|window| window.location().href().ok()).unwrap_or_default()
}

/// The page's address without an experiment.
pub fn base() -> String {
    let address = address();
    address.split('#').next().unwrap_or_default().to_owned()
}

/// A stored setting. Private windows may refuse storage; the page then forgets, and works.
pub fn setting(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

/// Stores a setting.
pub fn store(name: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(name, value);
    }
}

/// The visitor's language: by the link, by an earlier choice, by the browser, else English.
pub fn language() -> Language {
    let browser = window().and_then(|window| window.navigator().language());
    let wishes = [page_key("lang"), setting("lang"), browser];
    wishes.into_iter().flatten().find_map(|tag| Language::of_tag(&tag)).unwrap_or(Language::English)
}

/// The colours that the link asks for.
pub fn theme() -> Option<String> {
    page_key("theme").filter(|theme| !theme.is_empty())
}

/// Tells the document its language, its colours and whether it is drawn for a projector, for readers, fonts and styles.
pub fn dress(language: Language, theme: &str, projector: bool) {
    if let Some(root) = window().and_then(|window| window.document()).and_then(|document| document.document_element()) {
        let _ = root.set_attribute("lang", language.tag());
        let _ = root.set_attribute("data-theme", theme);
        let _ = match projector {
            true => root.set_attribute("data-view", "projector"),
            false => root.remove_attribute("data-view"),
        };
    }
}

fn storage() -> Option<Storage> {
    window()?.local_storage().ok().flatten()
}
