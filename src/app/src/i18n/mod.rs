//! The page's two languages, from Fluent message files.

pub mod fluent;
pub mod format;
pub mod formula;
pub mod labels;
pub mod troubles;

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

    /// What was measured of a scheme.
    pub fn seen(&self, id: &str) -> String {
        self.format(id, "seen", &[])
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
mod tests;
