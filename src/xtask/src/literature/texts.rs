//! Texts in both languages, and the page's own names of knobs, values and objectives.

use std::fs;

use retort_spec::{Sweep, SweepCell};
use serde_json::Value;

use crate::tools::root;

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Chinese,
}

/// Both.
pub fn both() -> impl Iterator<Item = Language> {
    [Language::English, Language::Chinese].into_iter()
}

impl Language {
    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// A text that is the same in both languages, or an object with one for each.
    pub fn of(self, value: &Value) -> Option<String> {
        Some(value.as_str().or_else(|| value[self.tag()].as_str())?.to_owned())
    }

    /// A message of the page without arguments.
    fn message(self, id: &str) -> Option<String> {
        let file = root().join("assets/locales").join(self.tag()).with_extension("ftl");
        let text = fs::read_to_string(file).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(id)?.strip_prefix(" = "));
        line.filter(|line| !line.contains('{')).map(str::to_owned)
    }

    /// A cell's values with their knobs, as the page names them.
    pub fn cell(self, sweep: &Sweep, cell: &SweepCell) -> String {
        let pairs = sweep.axes().iter().zip(&cell.values).map(|(axis, value)| {
            let name = self.message(&format!("knob-{}", axis.key())).unwrap_or_else(|| axis.key().to_owned());
            let value = self.message(&format!("{}-{value}", axis.key())).unwrap_or_else(|| value.clone());
            format!("{name} {value}")
        });
        let comma = if self == Self::English { ", " } else { "，" };
        pairs.collect::<Vec<String>>().join(comma)
    }

    /// An objective's name.
    pub fn objective(self, word: &str) -> String {
        // The weight of soft targets is named as such.
        let id = if word == "soft" { "term-soft-targets".into() } else { format!("knob-{word}") };
        self.message(&id).unwrap_or_else(|| word.to_owned())
    }
}
