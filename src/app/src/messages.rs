//! Reading message files: the part of Fluent that the page's files use, which is values, attributes, variables, and
//! choices by number. Fluent itself, with the plural rules of every language, would be a tenth of the page; a test holds
//! this reading to it. Pure.

use std::collections::HashMap;

/// The argument of a message. Numbers decide plurals; texts stand as they are.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Number(f64),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

/// The patterns of a file by their ids; that of an attribute by `id.attribute`.
#[derive(Debug)]
pub struct Messages(HashMap<String, String>);

impl Messages {
    /// Reads a file. A line at the margin begins a message, an indented one goes on with it.
    pub fn read(file: &str) -> Self {
        let (mut messages, mut message, mut id) = (HashMap::new(), "", String::new());
        for line in file.lines() {
            let text = line.trim();
            let is_message = line.starts_with(|first: char| first.is_ascii_lowercase());
            match text.split_once('=') {
                Some((name, pattern)) if is_message || text.starts_with('.') => {
                    let name = name.trim_end();
                    if is_message {
                        message = name;
                        id = name.to_owned();
                    } else {
                        id = format!("{message}{name}");
                    }
                    messages.insert(id.clone(), pattern.trim_start().to_owned());
                }
                _ if text.is_empty() || line.starts_with('#') => {}
                _ => {
                    if let Some(pattern) = messages.get_mut(&id) {
                        pattern.push('\n');
                        pattern.push_str(text);
                    }
                }
            }
        }
        Self(messages)
    }

    /// A message in words; `None` where there is none.
    pub fn say(&self, id: &str, args: &[(&'static str, Value)]) -> Option<String> {
        let mut words = String::new();
        fill(self.0.get(id)?, args, &mut words);
        Some(words)
    }
}

/// Writes a pattern with its variables and choices filled in.
fn fill(pattern: &str, args: &[(&'static str, Value)], words: &mut String) {
    let mut rest = pattern;
    while let Some((before, placeable)) = rest.split_once('{') {
        words.push_str(before);
        let end = closing(placeable);
        let (inside, after) = placeable.split_at(end);
        match inside.split_once("->") {
            Some((name, variants)) => fill(chosen(variants, value(args, name)), args, words),
            None => match value(args, inside) {
                Some(Value::Text(text)) => words.push_str(text),
                Some(Value::Number(number)) => words.push_str(&number.to_string()),
                None => words.push_str(inside),
            },
        }
        rest = after.get(1..).unwrap_or_default();
    }
    words.push_str(rest);
}

/// Where a placeable ends whose beginning is cut off.
fn closing(placeable: &str) -> usize {
    let mut depth = 1;
    let end = placeable.bytes().position(|byte| {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    end.unwrap_or(placeable.len())
}

fn value<'a>(args: &'a [(&'static str, Value)], variable: &str) -> Option<&'a Value> {
    let name = variable.trim().strip_prefix('$')?;
    args.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The first variant whose key is the number or its plural category, else the one with the star.
fn chosen<'a>(variants: &'a str, value: Option<&Value>) -> &'a str {
    let mut default = "";
    for line in variants.lines() {
        let Some((key, text)) = line.trim_start_matches('*').strip_prefix('[').and_then(|line| line.split_once(']'))
        else {
            continue;
        };
        let text = text.trim_start();
        // English alone has a category besides `other`, which is the one with the star.
        let is_it = |number: f64| key == number.to_string() || (key == "one" && number == 1.0);
        if matches!(value, Some(Value::Number(number)) if is_it(*number)) {
            return text;
        }
        if line.starts_with('*') {
            default = text;
        }
    }
    default
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;
    use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};

    /// What Fluent makes of a file with every variable of this value.
    fn fluent(language: Language, id: &str, args: &[(&'static str, Value)]) -> String {
        let resource = FluentResource::try_new(language.messages().to_owned()).unwrap();
        let mut bundle = FluentBundle::new(vec![language.tag().parse().unwrap()]);
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).unwrap();
        let (id, attribute) = id.split_once('.').map_or((id, None), |(id, attribute)| (id, Some(attribute)));
        let message = bundle.get_message(id).unwrap();
        let pattern = attribute.map_or(message.value(), |name| message.get_attribute(name).map(|found| found.value()));
        let mut fluent_args = FluentArgs::new();
        for (name, value) in args {
            let value = match value {
                Value::Text(text) => FluentValue::from(text.clone()),
                Value::Number(number) => FluentValue::from(*number),
            };
            fluent_args.set(*name, value);
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern.unwrap(), Some(&fluent_args), &mut errors).into_owned();
        assert!(errors.is_empty(), "{id}: {errors:?}");
        text
    }

    /// Every variable of a language's file.
    fn variables(language: Language) -> impl Iterator<Item = &'static str> {
        let after = language.messages().split('$').skip(1);
        after.map(|text| text.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default())
    }

    #[test]
    fn every_message_reads_as_fluent_reads_it() {
        for language in [Language::English, Language::Chinese] {
            let messages = Messages::read(language.messages());
            for value in [0.0, 1.0, 2.0, 7.0, 9.0, 21.0, 1.5].map(Value::Number).into_iter().chain([Value::from("1")]) {
                let args: Vec<_> = variables(language).map(|name| (name, value.clone())).collect();
                for id in messages.0.keys() {
                    assert_eq!(messages.say(id, &args).unwrap(), fluent(language, id, &args), "{id} with {value:?}");
                }
            }
        }
    }

    #[test]
    fn a_number_chooses_itself_before_its_plural() {
        let file = "own = You have { $count ->\n    [0] none\n    [one] one\n   *[other] { $count } of them\n}.\n    .help = Help\n";
        let messages = Messages::read(file);
        let own = |count: u32| messages.say("own", &[("count", count.into())]).unwrap();
        assert_eq!([own(0), own(1), own(2)], ["You have none.", "You have one.", "You have 2 of them."]);
        assert_eq!(messages.say("own.help", &[]).as_deref(), Some("Help"));
        assert_eq!(messages.say("other", &[]), None);
    }
}
