//! Sentences that an engine asks for.

use retort_spec::{Phrase, PhraseValue};

use crate::{context::AppContext, i18n::format::number};

/// A message with its values.
pub fn phrase(page: &AppContext, phrase: &Phrase) -> String {
    let values: Vec<_> = phrase
        .values
        .iter()
        .map(|(name, value)| {
            let value = match value {
                PhraseValue::Text(text) => text.as_str().into(),
                // As a number where a message may choose words by it.
                PhraseValue::Number(value) if value.fract() == 0.0 && *value >= 0.0 => (*value as u32).into(),
                PhraseValue::Number(value) => number(&page.texts, *value, 1).into(),
            };
            (name.as_str(), value)
        })
        .collect();
    page.texts.with(&phrase.key, &values)
}
