//! A reader of message files in Fluent's syntax, as much of it as the page's files use: texts, attributes, variables, and
//! choices by number. The reference implementation, with which the tests compare it, weighs 27 kB of a first visit.

use std::borrow::Cow;

use crate::order::sorted;

/// What stands for a variable of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A text, as it stands.
    Text(Cow<'a, str>),
    /// A number, by which a message may choose its words.
    Number(f64),
}

impl Value<'_> {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Value<'_> {
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

/// A variable's name and what stands for it.
pub type Argument<'a> = (&'static str, Value<'a>);

/// A message or an attribute of one, whose name is empty for the message itself.
type Entry = (&'static str, &'static str, &'static str);

/// The messages of a file.
pub struct Messages {
    /// In the order of their names.
    entries: Vec<Entry>,
    /// Whether one thing has words of its own in this language.
    has_singular: bool,
}

impl Messages {
    /// Reads a file. It stays in memory as long as the page, which reads each language once.
    pub fn read(file: String, has_singular: bool) -> Self {
        let file: &'static str = file.leak();
        let mut found: Vec<Entry> = Vec::new();
        let mut end = 0;
        // Where the pattern of the last entry begins.
        let mut begin = 0;
        for line in file.split_inclusive('\n') {
            let start = end;
            end += line.len();
            let attribute = line.trim_start().strip_prefix('.');
            let is_new = attribute.is_some() || line.starts_with(|first: char| first.is_ascii_lowercase());
            if let Some((name, rest)) = attribute.unwrap_or(line).split_once('=').filter(|_| is_new) {
                let id = found.last().map_or("", |(id, ..)| *id);
                let (id, attribute) = if attribute.is_some() { (id, name.trim()) } else { (name.trim(), "") };
                begin = start + line.len() - rest.len();
                found.push((id, attribute, ""));
            }
            if let Some((.., pattern)) = found.last_mut() {
                *pattern = file[begin..end].trim();
            }
        }
        let name = |place: usize| (found[place].0, found[place].1);
        let order = sorted(found.len(), &|a, b| name(a).cmp(&name(b)));
        Self { entries: order.into_iter().map(|place| found[place]).collect(), has_singular }
    }

    /// A message with its variables; `None` where there is none of this name.
    pub fn format(&self, id: &str, attribute: &str, arguments: &[Argument<'_>]) -> Option<String> {
        let place = self.entries.partition_point(|entry| (entry.0, entry.1) < (id, attribute));
        let (.., pattern) = self.entries.get(place).filter(|entry| (entry.0, entry.1) == (id, attribute))?;
        let mut text = String::new();
        self.write(pattern, arguments, &mut text);
        Some(text)
    }

    fn write(&self, mut pattern: &str, arguments: &[Argument<'_>], text: &mut String) {
        while let Some((before, placeable)) = pattern.split_once("{ $") {
            text.push_str(before);
            let (name, rest) = placeable.split_once(' ').unwrap_or((placeable, ""));
            let value = arguments.iter().find(|(other, _)| *other == name).map(|(_, value)| value);
            pattern = match rest.strip_prefix("->") {
                // The choices stand on lines of their own, and so does the brace behind them.
                Some(choices) => {
                    let (choices, after) = choices.split_once("\n}").unwrap_or((choices, ""));
                    self.write(self.choose(choices, value), arguments, text);
                    after
                }
                None => {
                    text.push_str(&value.map(Value::text).unwrap_or_default());
                    rest.strip_prefix('}').unwrap_or(rest)
                }
            };
        }
        text.push_str(pattern);
    }

    /// The words of the first choice that fits; of the one with a star where none does.
    fn choose<'p>(&self, choices: &'p str, value: Option<&Value<'_>>) -> &'p str {
        let mut usual = "";
        for line in choices.lines() {
            let (line, is_usual) = (line.trim_start(), line.trim_start().starts_with('*'));
            let Some((key, words)) = line.trim_start_matches('*').split_once(']') else { continue };
            let (key, words) = (key.trim_start_matches('['), words.trim());
            let fits = match value {
                Some(Value::Number(number)) if key == "one" => self.has_singular && *number == 1.0,
                Some(value) => value.text() == key,
                None => false,
            };
            if fits {
                return words;
            }
            if is_usual {
                usual = words;
            }
        }
        usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;
    use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};

    /// All messages of a language as the reference implementation formats them, if its value for every variable is this.
    fn reference(language: Language, value: &Value<'_>, names: &[&'static str]) -> Vec<(String, String, String)> {
        let resource = FluentResource::try_new(language.messages().to_owned()).unwrap();
        let mut bundle = FluentBundle::new(vec![language.tag().parse().unwrap()]);
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).unwrap();
        let mut arguments = FluentArgs::new();
        for name in names {
            match value {
                Value::Text(text) => arguments.set(*name, FluentValue::from(text.clone())),
                Value::Number(number) => arguments.set(*name, FluentValue::from(*number)),
            }
        }
        let format = |pattern| bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned();
        let lines = language.messages().lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
        let ids = lines.filter_map(|line| line.split_once(" =")).map(|(id, _)| id);
        let formatted = ids.flat_map(|id| {
            let message = bundle.get_message(id).unwrap();
            let whole = message.value().map(|pattern| (id.to_owned(), String::new(), format(pattern)));
            let attributes = message.attributes().map(|of| (id.to_owned(), of.id().to_owned(), format(of.value())));
            whole.into_iter().chain(attributes).collect::<Vec<_>>()
        });
        formatted.collect()
    }

    #[test]
    fn every_message_reads_as_the_reference_has_it() {
        for language in [Language::English, Language::Chinese] {
            let file = language.messages();
            let names: Vec<&'static str> =
                file.split("{ $").skip(1).filter_map(|rest| rest.split(' ').next()).collect();
            let messages = Messages::read(file.to_owned(), language == Language::English);
            let values = [0.0, 1.0, 2.0, 9.0, 1.5].map(Value::Number).into_iter().chain([Value::from("x { $y")]);
            for value in values {
                let arguments: Vec<Argument<'_>> = names.iter().map(|name| (*name, value.clone())).collect();
                let reference = reference(language, &value, &names);
                assert_eq!(reference.len(), messages.entries.len());
                for (id, attribute, expected) in reference {
                    assert_eq!(messages.format(&id, &attribute, &arguments), Some(expected), "{id}.{attribute}");
                }
            }
        }
    }

    #[test]
    fn what_is_missing_leaves_a_gap_and_breaks_nothing() {
        let messages = Messages::read("a = b { $c } d\n    .e = f\nhalf = { $c ->\n".to_owned(), true);
        assert_eq!(messages.format("a", "", &[]), Some("b  d".into()));
        assert_eq!(messages.format("a", "e", &[]), Some("f".into()));
        assert_eq!(messages.format("half", "", &[("c", 1_u32.into())]), Some(String::new()));
        assert_eq!(messages.format("a", "g", &[]), None);
        assert!(Messages::read(String::new(), true).format("a", "", &[]).is_none());
    }
}
