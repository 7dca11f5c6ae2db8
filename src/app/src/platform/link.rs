//! The address bar and the settings that survive a reload.

use retort_spec::{Experiment, Problem, encode};
use wasm_bindgen::JsValue;
use web_sys::{Storage, window};

use crate::{i18n::Language, platform::view::View, state::PAGE_KEYS};

/// The part of the address behind `#`.
pub fn query() -> String {
    window().and_then(|window| window.location().hash().ok()).unwrap_or_default()
}

/// A page key of the address, such as `lang`. Messengers write its commas as `%2C`.
pub fn page_key(key: &str) -> Option<String> {
    let query = query();
    let value = raw(&query, key)?.to_owned();
    Some(js_sys::decode_uri_component(&value).ok().map_or(value, String::from))
}

/// What the address leaves out of the page and what it locks, and what it names in vain.
pub fn view(panels: &'static [&'static str]) -> (View, Vec<Problem>) {
    let key = |name| page_key(name);
    View::read(panels, key("hide").as_deref(), key("lock").as_deref(), key("view").as_deref())
}

/// A page key as it stands in an address.
fn raw<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    let pairs = query.trim_start_matches('#').split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| *name == key).map(|(_, value)| value).next()
}

/// Puts the experiment into the address as a step that Back undoes; page keys stay.
pub fn write(experiment: &Experiment) {
    go(&compose(&query(), experiment, None));
}

/// The same, with a page key set or taken out.
pub fn put(experiment: &Experiment, key: &str, value: Option<&str>) {
    go(&compose(&query(), experiment, Some((key, value))));
}

/// The address of an experiment, with the page keys of the old address but for one.
fn compose(old: &str, experiment: &Experiment, change: Option<(&str, Option<&str>)>) -> String {
    let mut address = format!("#{}", encode(experiment));
    for &key in PAGE_KEYS {
        let value = match change {
            Some((changed, value)) if changed == key => value,
            _ => raw(old, key),
        };
        if let Some(value) = value {
            address.push_str(&format!("&{key}={value}"));
        }
    }
    address
}

fn go(address: &str) {
    let old = query();
    if old == address {
        return;
    }
    let Some(history) = window().and_then(|window| window.history().ok()) else { return };
    // The first address is completed in place: Back should leave the page, not its short form.
    let _ = match old.is_empty() {
        true => history.replace_state_with_url(&JsValue::NULL, "", Some(address)),
        false => history.push_state_with_url(&JsValue::NULL, "", Some(address)),
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

/// What this tab was told to remember until it is closed.
pub fn session_get(name: &str) -> Option<String> {
    tab()?.get_item(name).ok().flatten()
}

/// Remembers something until this tab is closed, over reloads.
pub fn session_set(name: &str, value: &str) {
    if let Some(tab) = tab() {
        let _ = tab.set_item(name, value);
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
pub fn apply_document_attributes(language: Language, theme: &str, projector: bool) {
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

fn tab() -> Option<Storage> {
    window()?.session_storage().ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_keys_stay_unless_they_are_the_one_that_changes() {
        let experiment = Experiment { seed: 4, ..Experiment::default() };
        let old = "#v=1&seed=3&lesson=heat&hide=data%2Ccost";
        assert_eq!(compose(old, &experiment, None), "#v=1&seed=4&hide=data%2Ccost&lesson=heat");
        assert_eq!(compose(old, &experiment, Some(("lesson", None))), "#v=1&seed=4&hide=data%2Ccost");
        assert_eq!(compose("", &experiment, Some(("lesson", Some("cold")))), "#v=1&seed=4&lesson=cold");
    }
}
