//! The address bar and the settings that survive a reload.

use std::cell::RefCell;

use retort_spec::{Experiment, PAGE_KEYS, Problem, ProblemKind, VERSION, encode, knob, link::unpunctuated};
use wasm_bindgen::JsValue;
use web_sys::{Storage, window};

use crate::{
    i18n::Language,
    platform::{
        place::{Depth, Place, Tab},
        view::View,
    },
};

/// The colours that a link may ask for.
const THEMES: [&str; 3] = ["auto", "light", "dark"];

thread_local! {
    /// The part behind `#` that the page wrote or followed last.
    static HANDLED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The experiment and the page's settings as the address has them: what stands behind `#`, else the known keys behind
/// `?`.
pub fn query() -> String {
    let hash = part_behind();
    let search = || window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    if hash.len() > 1 { hash } else { known_part(&search()) }
}

/// The pairs of a query that mean something here, as a part behind `#`; empty where there is none. Others belong to the
/// host or to trackers.
fn known_part(search: &str) -> String {
    let pairs = retort_spec::link::pairs(search);
    // A host may call its own version so, too.
    let is_version = |value: &str| value.parse().is_ok_and(|version: u32| version <= VERSION);
    let is_known = |(key, value): &&(String, String)| is_ours(key) && (key != "v" || is_version(value));
    let known: Vec<String> = pairs.iter().filter(is_known).map(|(key, value)| format!("{key}={value}")).collect();
    match known.iter().all(|pair| pair.starts_with("v=")) {
        true => String::new(),
        false => format!("#{}", known.join("&")),
    }
}

fn is_ours(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key == "v" || PAGE_KEYS.contains(&key.as_str()) || knob(&key).is_some()
}

/// A page key of the address, such as `lang`.
pub fn page_key(key: &str) -> Option<String> {
    retort_spec::link::page_key(&query(), key)
}

/// What the address leaves out of the page and what it locks, and what it names in vain in its page keys.
pub fn view(panels: &'static [&'static str], lessons: &[&str]) -> (View, Vec<Problem>) {
    let key = |name| page_key(name);
    let (view, mut problems) =
        View::read(panels, key("hide").as_deref(), key("lock").as_deref(), key("view").as_deref());
    problems.extend(Place::read(key("tab").as_deref(), key("depth").as_deref()).1);
    let mut report = |key: &str, value: String, words: &str| {
        let kind = ProblemKind::NotAChoice { words: words.to_owned() };
        problems.push(Problem { key: key.to_owned(), value, kind, used: None });
    };
    if let Some(tag) = page_key("lang").filter(|tag| Language::of_tag(tag).is_none()) {
        report("lang", tag, "en, zh-CN");
    }
    if let Some(name) = page_key("theme").filter(|name| theme_of(name).is_none()) {
        report("theme", name, &THEMES.join(", "));
    }
    if let Some(id) = page_key("lesson").filter(|id| !lessons.contains(&unpunctuated(id))) {
        report("lesson", id, &lessons.join(", "));
    }
    (view, problems)
}

/// Puts the experiment into the address as a step that Back undoes, or as more of the step before; page keys stay. An
/// address that came meanwhile is the visitor's newer wish: it stays, and the page follows it.
pub fn write(experiment: &Experiment, joined: bool) {
    let hash = part_behind();
    if HANDLED.with_borrow(|handled| handled.as_ref().is_some_and(|handled| *handled != hash)) {
        return;
    }
    go(&compose(&query(), experiment, None), joined || is_framed());
}

/// Completes the address in place, or puts right what it could not say: Back leaves the page, not the short form.
pub fn settle(experiment: &Experiment) {
    go(&compose(&query(), experiment, None), true);
}

/// Writes a page key, or takes it out, as a step that Back undoes.
pub fn put(experiment: &Experiment, key: &str, value: Option<&str>) {
    go(&compose(&query(), experiment, Some((key, value))), is_framed());
}

/// The same as more of the step before.
pub fn put_in_place(experiment: &Experiment, key: &str, value: Option<&str>) {
    go(&compose(&query(), experiment, Some((key, value))), true);
}

/// Writes where the page is. A step that Back undoes is it only where the visitor went there.
pub fn put_place(experiment: &Experiment, place: Place, in_place: bool) {
    let tab = (place.tab != Tab::default()).then(|| place.tab.word());
    let depth = (place.depth != Depth::default()).then(|| place.depth.word());
    let with_tab = compose(&query(), experiment, Some(("tab", tab)));
    go(&compose(&with_tab, experiment, Some(("depth", depth))), in_place || is_framed());
}

/// Which part of the page the address asks for. Where it hides panels, and names no part, all others are shown at
/// once: so such links were meant when the page had no tabs.
pub fn place() -> Place {
    let place = Place::read(page_key("tab").as_deref(), page_key("depth").as_deref()).0;
    match page_key("hide").is_some() && page_key("tab").is_none() && page_key("depth").is_none() {
        true => Place { depth: Depth::Everything, ..place },
        false => place,
    }
}

/// The address of an experiment with these page keys alone.
pub fn address_of(experiment: &Experiment, keys: &[(&str, &str)]) -> String {
    let keys = keys.iter().map(|(key, value)| ["&", key, "=", value].concat());
    [base(), "#".into(), encode(experiment)].into_iter().chain(keys).collect()
}

/// The page's whole address with another experiment and another value of a page key, to share.
pub fn address_with(experiment: &Experiment, key: &str, value: &str) -> String {
    format!("{}{}", base(), compose(&query(), experiment, Some((key, Some(value)))))
}

/// The address of an experiment, with the page keys of the old address but for one.
fn compose(old: &str, experiment: &Experiment, change: Option<(&str, Option<&str>)>) -> String {
    let mut address = format!("#{}", encode(experiment));
    for &key in PAGE_KEYS {
        let value = match change {
            Some((changed, value)) if changed == key => value.map(str::to_owned),
            _ => retort_spec::link::page_key(old, key),
        };
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            address.push_str(&format!("&{key}={value}"));
        }
    }
    address
}

/// Goes to an address of this page: in place of the current one, or as a step that Back undoes.
fn go(hash: &str, in_place: bool) {
    replace_or_push(hash, in_place);
    // As the browser has it, which may encode a letter or refuse a change.
    HANDLED.set(Some(part_behind()));
}

fn replace_or_push(hash: &str, in_place: bool) {
    let Some(window) = window() else { return };
    let (old, Ok(history)) = (part_behind(), window.history()) else { return };
    let (page, is_clean) = (base(), window.location().search().is_ok_and(|search| search == kept_search(&search)));
    if old == hash && is_clean {
        return;
    }
    // In a frame, Back belongs to the page around it.
    let address = format!("{page}{hash}");
    let _ = match in_place || !is_clean {
        true => history.replace_state_with_url(&JsValue::NULL, "", Some(&address)),
        false => history.push_state_with_url(&JsValue::NULL, "", Some(&address)),
    };
}

/// Whether the address asks for more than the page in a language and a theme.
pub fn asks_for_more() -> bool {
    retort_spec::link::pairs(&query()).iter().any(|(key, _)| !["v", "lang", "theme"].contains(&key.as_str()))
}

/// The part of the address behind `#`, with it.
fn part_behind() -> String {
    window().and_then(|window| window.location().hash().ok()).unwrap_or_default()
}

/// Whether the page stands in a frame of another.
pub fn is_framed() -> bool {
    // A browser may refuse to name a window of another origin: then there is one.
    window().is_some_and(|window| !matches!(window.top(), Ok(Some(top)) if top == window))
}

/// The page's whole address, to share: without what trackers added.
pub fn address() -> String {
    format!("{}{}", base(), part_behind())
}

/// The page's address without an experiment, and without what trackers added.
pub fn base() -> String {
    clean_base(&window().and_then(|window| window.location().href().ok()).unwrap_or_default())
}

fn clean_base(address: &str) -> String {
    let page = address.split('#').next().unwrap_or_default();
    match page.split_once('?') {
        Some((page, search)) => format!("{page}{}", kept_search(search)),
        None => page.to_owned(),
    }
}

/// The pairs of a query that belong to the host.
fn kept_search(search: &str) -> String {
    let pairs = search.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty());
    let is_kept = |pair: &&str| {
        let key = pair.split('=').next().unwrap_or_default();
        !is_ours(key) && !retort_spec::link::is_tracker(key)
    };
    let kept: Vec<&str> = pairs.filter(is_kept).collect();
    if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) }
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

/// The name of the frame in which the share dialog shows the page as others will see it.
pub const PREVIEW: &str = "retort-preview";

/// Remembers something until this tab is closed, over reloads. Whether there was room for it.
pub fn session_set(name: &str, value: &str) -> bool {
    tab().is_some_and(|tab| tab.set_item(name, value).is_ok())
}

/// The visitor's language: by the link, by an earlier choice, by the browser, else English.
pub fn language() -> Language {
    let browser = window().and_then(|window| window.navigator().language());
    let wishes = [page_key("lang"), setting("lang"), browser];
    wishes.into_iter().flatten().find_map(|tag| Language::of_tag(&tag)).unwrap_or(Language::English)
}

/// The colours that the link asks for.
pub fn theme() -> Option<String> {
    page_key("theme").and_then(|name| theme_of(&name)).map(str::to_owned)
}

fn theme_of(name: &str) -> Option<&'static str> {
    let name = unpunctuated(name.trim()).to_ascii_lowercase();
    THEMES.into_iter().find(|theme| *theme == name)
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

/// A preview begins as a new visitor does; the tab's memory is that of the page around it.
fn tab() -> Option<Storage> {
    window().filter(|window| window.name().is_ok_and(|name| name != PREVIEW))?.session_storage().ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_keys_stay_unless_they_are_the_one_that_changes() {
        let experiment = Experiment { seed: 4, ..Experiment::default() };
        let old = "#v=1&seed=3&lesson=heat&hide=data%2Ccost";
        assert_eq!(compose(old, &experiment, None), "#v=1&seed=4&hide=data,cost&lesson=heat");
        assert_eq!(compose(old, &experiment, Some(("lesson", None))), "#v=1&seed=4&hide=data,cost");
        assert_eq!(compose("", &experiment, Some(("lesson", Some("cold")))), "#v=1&seed=4&lesson=cold");
    }

    #[test]
    fn what_trackers_add_is_not_handed_on() {
        let page = "https://example.org/retort/";
        assert_eq!(clean_base(&format!("{page}?fbclid=abc&utm_source=course#v=1")), page);
        assert_eq!(clean_base(&format!("{page}?course=7&fbclid=abc&data=moons#v=1")), format!("{page}?course=7"));
        assert_eq!(clean_base(&format!("{page}#v=1&seed=9")), page);
    }

    #[test]
    fn an_experiment_behind_a_question_mark_is_read_and_what_the_host_adds_is_not() {
        assert_eq!(known_part("?data=moons&course=7&v=20240101"), "#data=moons");
        assert_eq!(known_part("?v=1&data=spirals"), "#v=1&data=spirals", "with the defaults of that version");
        assert_eq!(known_part("?course=7&v=3"), "");
        assert_eq!(known_part("?v=1"), "");
        assert_eq!(known_part(""), "");
    }

    #[test]
    fn colours_are_read_as_a_sentence_ends() {
        assert_eq!(theme_of("dark."), Some("dark"));
        assert_eq!(theme_of("Light"), Some("light"));
        assert_eq!(theme_of("pink"), None);
    }
}
