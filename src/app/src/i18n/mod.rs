//! The page's two languages, from Fluent message files.

pub mod fluent;
pub mod format;
pub mod formula;
pub mod labels;

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use web_sys::console;

use crate::{
    i18n::fluent::{Argument, Messages, Value},
    platform::fetch::{build, fetch_text},
};

/// Messages remembered at most; then all are forgotten.
const MOST_MADE: usize = 4096;

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    English,
    /// 简体中文.
    Chinese,
}

impl Language {
    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// The language's own name.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "中文",
        }
    }

    /// What stands behind a percentage.
    pub fn percent_sign(self) -> &'static str {
        match self {
            Self::English => " %",
            Self::Chinese => "%",
        }
    }

    /// What stands between two sentences.
    pub fn gap(self) -> &'static str {
        match self {
            Self::English => " ",
            Self::Chinese => "",
        }
    }

    /// What stands between the parts of a list.
    pub fn comma(self) -> &'static str {
        match self {
            Self::English => ", ",
            Self::Chinese => "，",
        }
    }

    /// What stands between a name and what it names.
    pub fn colon(self) -> &'static str {
        match self {
            Self::English => ": ",
            Self::Chinese => "：",
        }
    }

    /// The language a tag asks for, if it is one of ours.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let first = tag.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
        match first.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "zh" => Some(Self::Chinese),
            _ => None,
        }
    }

    /// Its messages as the tests read them.
    #[cfg(test)]
    pub fn messages(self) -> &'static str {
        match self {
            Self::English => include_str!("../../../../assets/locales/en.ftl"),
            Self::Chinese => include_str!("../../../../assets/locales/zh-CN.ftl"),
        }
    }
}

thread_local! {
    /// The languages that were read already.
    static READ: RefCell<Vec<Texts>> = const { RefCell::new(Vec::new()) };
}

/// The messages of one language. Cheap to clone.
#[derive(Clone)]
pub struct Texts {
    /// Which language.
    pub language: Language,
    messages: Rc<Messages>,
    /// What was put together before, by id, attribute and arguments: every report draws hundreds of messages anew, of
    /// which few have changed, and Fluent is on the other side of wasm's border.
    made: Rc<RefCell<HashMap<String, String>>>,
}

impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        self.language == other.language
    }
}

impl Texts {
    /// A language's messages, fetched and read once; those of another language where they cannot be had.
    pub async fn load(language: Language) -> Self {
        let other = match language {
            Language::English => Language::Chinese,
            Language::Chinese => Language::English,
        };
        for language in [language, other] {
            if let Some(texts) = READ.with_borrow(|read| read.iter().find(|texts| texts.language == language).cloned())
            {
                return texts;
            }
            match fetch_text(&format!("locales/{}.ftl?{}", language.tag(), build())).await {
                Ok(messages) => {
                    let texts = Self::read(language, &messages);
                    READ.with_borrow_mut(|read| read.push(texts.clone()));
                    return texts;
                }
                Err(reason) => console::warn_1(&reason.into()),
            }
        }
        // The page with ids in the place of words still trains, and a reload may mend it.
        Self::read(language, "")
    }

    fn read(language: Language, messages: &str) -> Self {
        Self { language, messages: Rc::new(Messages::read(messages, language.tag())), made: Rc::default() }
    }

    /// A language's messages for tests.
    #[cfg(test)]
    pub fn new(language: Language) -> Self {
        Self::read(language, language.messages())
    }

    /// A message.
    pub fn get(&self, id: &str) -> String {
        self.format(id, "", &[])
    }

    /// A message with arguments. Numbers decide plurals; texts stand as they are.
    pub fn with(&self, id: &str, arguments: &[Argument<'_>]) -> String {
        self.format(id, "", arguments)
    }

    /// A message's help text.
    pub fn help(&self, id: &str) -> String {
        self.format(id, "help", &[])
    }

    /// The id itself stands where a message is missing, so that it is noticed and nothing breaks.
    fn format(&self, id: &str, attribute: &str, arguments: &[Argument<'_>]) -> String {
        let make = || self.messages.format(id, attribute, arguments).unwrap_or_else(|| id.to_owned());
        let mut made = self.made.borrow_mut();
        if made.len() >= MOST_MADE {
            made.clear();
        }
        made.entry(key(id, attribute, arguments)).or_insert_with(make).clone()
    }
}

/// Tells a message from all others.
fn key(id: &str, attribute: &str, arguments: &[Argument<'_>]) -> String {
    let mut key = format!("{id}.{attribute}");
    for (name, value) in arguments {
        key.extend(["\0", name, "\0"]);
        match value {
            Value::Text(text) => key.push_str(text),
            // Its bits, marked as what no text is.
            Value::Number(number) => key.extend(["\0", &number.to_bits().to_string()]),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        panels::compression_bench::presets::PRESETS,
        state::{
            loss_terms::{LABELS, SOFT_TARGETS},
            pipeline_editor::MENUS,
        },
    };
    use fluent_bundle::FluentResource;
    use retort_spec::{
        Actor, COMPRESSION_STEPS, FileFormat, FileProblem, KNOBS, Kind, Knowledge, NetworkKind, Objective,
        PipelineError,
    };
    use std::collections::{BTreeMap, BTreeSet};

    /// Message ids of a file with the variables each uses.
    fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        assert!(FluentResource::try_new(language.messages().to_owned()).is_ok(), "{} has errors", language.tag());
        let mut messages = BTreeMap::new();
        let mut current = String::new();
        for line in language.messages().lines() {
            if line.starts_with(|c: char| c.is_ascii_lowercase())
                && let Some((id, _)) = line.split_once('=')
            {
                current = id.trim().to_owned();
                assert!(messages.insert(current.clone(), BTreeSet::new()).is_none(), "{current} stands twice");
            } else if let Some((attribute, _)) =
                line.trim_start().strip_prefix('.').and_then(|line| line.split_once('='))
            {
                messages.insert(format!("{current}.{}", attribute.trim()), BTreeSet::new());
            }
            if let Some(variables) = messages.get_mut(&current) {
                let names = line
                    .split('$')
                    .skip(1)
                    .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
                variables.extend::<Vec<String>>(names.collect());
            }
        }
        messages
    }

    #[test]
    fn both_languages_say_the_same_things_with_the_same_variables() {
        let (english, chinese) = (messages(Language::English), messages(Language::Chinese));
        for (id, variables) in &english {
            let others = chinese.get(id);
            assert!(others.is_some(), "zh-CN.ftl lacks {id}");
            assert_eq!(others, Some(variables), "the variables of {id} in zh-CN.ftl and en.ftl");
        }
        let only: Vec<_> = chinese.keys().filter(|id| !english.contains_key(*id)).collect();
        assert!(only.is_empty(), "en.ftl lacks {only:?}");
    }

    /// Ids made from the table of knobs and from words of the spec.
    fn derived() -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for knob in KNOBS {
            ids.extend([format!("knob-{}", knob.key), format!("knob-{}.help", knob.key)]);
            if let Kind::Choice(words) = knob.kind {
                ids.extend(words.iter().map(|word| format!("{}-{word}", knob.key)));
            }
        }
        for word in Actor::ALL.map(Actor::word) {
            ids.extend([format!("actor-{word}"), format!("short-{word}")]);
        }
        ids.extend(Objective::WORDS.iter().map(|word| format!("why-{word}")));
        for word in Knowledge::WORDS {
            ids.extend([format!("knowledge-{word}"), format!("knowledge-{word}.help")]);
        }
        for word in NetworkKind::WORDS {
            ids.extend([format!("kind-{word}"), format!("use-with-{word}")]);
        }
        ids.extend(PipelineError::ALL.map(|error| format!("disorder-{}", error.word())));
        ids.extend(FileProblem::WORDS.map(|word| format!("file-problem-{word}")));
        ids.extend(COMPRESSION_STEPS.iter().map(|word| format!("treatment-{word}")));
        for (menu, words) in MENUS {
            ids.insert(menu.into());
            ids.extend(words.iter().map(|word| format!("{menu}-{word}")));
        }
        let presets = PRESETS.iter().map(|(word, _)| format!("preset-{word}"));
        for id in presets.chain(FileFormat::ALL.iter().map(|format| format!("file-{}", format.word()))) {
            ids.extend([format!("{id}.help"), id]);
        }
        // The parts that the engine gives curves of their own.
        ids.extend(["term-target", "term-others"].map(String::from));
        for term in [LABELS, SOFT_TARGETS] {
            ids.extend([format!("term-{term}"), format!("term-{term}.help"), format!("why-{term}")]);
        }
        ids
    }

    #[test]
    fn no_message_is_missing_and_none_is_unused() {
        let defined: BTreeSet<String> = messages(Language::English).into_keys().collect();
        let derived = derived();
        let missing: Vec<_> = derived.difference(&defined).collect();
        assert!(missing.is_empty(), "en.ftl lacks {missing:?}");
        fn read(folder: &Path, source: &mut String) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    read(&path, source);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    *source += &std::fs::read_to_string(path).unwrap();
                }
            }
        }
        let mut source = String::new();
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut source);
        let is_used = |id: &&String| match id.strip_suffix(".help") {
            Some(message) => source.contains(&format!("help(\"{message}\")")),
            None => source.contains(&format!("\"{id}\"")),
        };
        let unused: Vec<_> = defined.difference(&derived).filter(|id| !is_used(id)).collect();
        assert!(unused.is_empty(), "unused: {unused:?}");
        // Every text asked for by a literal id is there.
        for call in ["texts.get(\"", "texts.with(\"", "texts.help(\""] {
            for rest in source.split(call).skip(1) {
                let id = rest.split('"').next().unwrap_or_default();
                assert!(defined.contains(id), "{id} is asked for and missing");
            }
        }
    }

    #[test]
    fn languages_are_told_by_their_tags() {
        assert_eq!(Language::of_tag("zh-Hans-CN"), Some(Language::Chinese));
        assert_eq!(Language::of_tag("en_GB"), Some(Language::English));
        assert_eq!(Language::of_tag("ZH."), Some(Language::Chinese), "at the end of a sentence");
        assert_eq!(Language::of_tag("fr"), None);
    }
}
