//! Guided lessons: data in `assets/lessons`, one file each, run beside the live bench.

pub mod change;
pub mod condition;
#[cfg(test)]
pub mod files;
pub mod guide;
pub mod model;
pub mod prose;
pub mod quantity;
pub mod steer;

use retort_spec::{Experiment, PAGE_KEYS, decode, encode};
use yew::prelude::*;

use crate::{i18n::Language, lessons::guide::Guide};

/// A lesson of the menu; the rest of it is fetched when it is opened.
#[derive(Debug, PartialEq)]
pub struct Entry {
    /// Its file's name without the ending, which is its name in permalinks.
    pub id: &'static str,
    /// About how long it takes.
    pub minutes: u32,
    /// Its title in English and in Chinese.
    title: [&'static str; 2],
    /// What it is about, likewise.
    summary: [&'static str; 2],
    /// What one learns from it, likewise.
    learn: [&'static str; 2],
    /// What it looks like: two lines of 48 × 32 units, as an SVG path writes them, the first in the teacher's hue and
    /// the second in the student's.
    pub picture: [&'static str; 2],
    /// The panels that its steps speak of.
    pub panels: &'static [&'static str],
    /// The knobs that it explains.
    pub knobs: &'static [&'static str],
    /// The experiment that it begins with, as a permalink.
    pub link: &'static str,
}

impl Entry {
    /// Its title.
    pub fn title(&self, language: Language) -> &'static str {
        self.title[usize::from(language == Language::Chinese)]
    }

    /// What it is about.
    pub fn summary(&self, language: Language) -> &'static str {
        self.summary[usize::from(language == Language::Chinese)]
    }

    /// What one learns from it.
    pub fn learn(&self, language: Language) -> &'static str {
        self.learn[usize::from(language == Language::Chinese)]
    }

    /// The experiment that it begins with.
    pub fn experiment(&self) -> Experiment {
        decode(self.link, PAGE_KEYS).experiment
    }
}

/// All lessons, in their order.
pub const CATALOGUE: &[Entry] = include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

/// The names of all lessons.
pub fn ids() -> Vec<&'static str> {
    CATALOGUE.iter().map(|entry| entry.id).collect()
}

/// The lesson of this name.
pub fn entry(id: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.id == id)
}

/// A link of these words that opens a lesson, and says so first.
pub fn lesson_link(entry: &'static Entry, guide: &Guide, words: String, first: Callback<()>) -> Html {
    // A real link: it can be copied, and opened in another tab.
    let address = format!("#{}&lesson={}", encode(&entry.experiment()), entry.id);
    let guide = guide.clone();
    let open = Callback::from(move |event: MouseEvent| {
        // With a modifier the browser opens it elsewhere.
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            first.emit(());
            guide.open.emit(Some(entry));
        }
    });
    html! { <a href={address} onclick={open}>{ words }</a> }
}
