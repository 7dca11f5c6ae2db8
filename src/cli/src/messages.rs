//! The knobs' help texts, from the same English message file as the page's tooltips.

use fluent_bundle::{FluentBundle, FluentResource};
use retort_spec::{Kind, Knob};

const ENGLISH: &str = include_str!("../../../assets/locales/en.ftl");

/// What a knob does and what it takes.
pub fn help(knob: &Knob) -> String {
    let resource = match FluentResource::try_new(ENGLISH.to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    let mut bundle = FluentBundle::new(vec![unic_langid::LanguageIdentifier::default()]);
    bundle.set_use_isolating(false);
    // A message that stands twice keeps its first wording; the page's tests forbid it.
    let _ = bundle.add_resource(&resource);
    let text = bundle
        .get_message(&format!("knob-{}", knob.key))
        .and_then(|message| message.get_attribute("help"))
        .map(|attribute| bundle.format_pattern(attribute.value(), None, &mut Vec::new()).into_owned())
        .unwrap_or_default();
    let range = match knob.kind {
        Kind::Integer { min, max } => format!("{min} to {max}"),
        Kind::Number { min, max, .. } => format!("{min} to {max}"),
        Kind::Labels { min, max } => format!("all, or {min} to {max}"),
        Kind::Choice(words) => words.join(", "),
        Kind::Widths => "hidden widths, such as 128,128; linear for none".into(),
        Kind::Classes => "classes, such as 3,8; none".into(),
        Kind::Network => "a network of the scheme, such as teacher, student, assistant-2".into(),
        Kind::Points => "points as number:x:y in hundredths, such as 3:-150:230; none".into(),
        Kind::Stages => "stages, such as prune:0.9,finetune:5,quantize:4; none".into(),
    };
    format!("{text} [{range}]")
}
