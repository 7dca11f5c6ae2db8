//! Every lesson of the house is held to what the page can show.

use std::{collections::BTreeSet, fs, path::PathBuf};

use retort_spec::{changed, decode, knob};

use crate::{
    i18n::Language,
    lessons::{
        CATALOGUE, entry,
        model::{Condition, Lesson, Step, Text},
        quantity::Quantity,
    },
    panels::IDS,
    state::setting::{is_turned, opening, turned},
};

/// The lessons' files with their names; none where the folder is not there.
fn lessons() -> Vec<(String, Lesson)> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/lessons"));
    if !folder.is_dir() {
        return Vec::new();
    }
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let lesson = |path: PathBuf| {
        let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let lesson = serde_json::from_str(&fs::read_to_string(&path).unwrap());
        let lesson = lesson.unwrap_or_else(|error| panic!("{id}: {error}"));
        (id, lesson)
    };
    paths.map(lesson).collect()
}

fn texts(lesson: &Lesson) -> Vec<&Text> {
    let mut texts = vec![&lesson.title, &lesson.summary, &lesson.learn];
    for step in &lesson.steps {
        texts.push(&step.text);
        texts.extend(&step.task);
        if let Some(predict) = &step.predict {
            texts.extend([&predict.question, &predict.explain]);
            texts.extend(predict.choices.iter().map(|choice| &choice.text));
        }
    }
    texts
}

fn conditions(step: &Step) -> impl Iterator<Item = &Condition> {
    let choices = step.predict.iter().flat_map(|predict| &predict.choices);
    step.until.iter().chain(choices.flat_map(|choice| &choice.when))
}

#[test]
fn every_file_is_in_the_list_and_its_order_is_its_own() {
    let lessons = lessons();
    let orders: BTreeSet<u32> = lessons.iter().map(|(_, lesson)| lesson.order).collect();
    assert_eq!(orders.len(), lessons.len(), "two lessons have the same order");
    assert_eq!(CATALOGUE.len(), lessons.len());
    for (id, lesson) in &lessons {
        assert_eq!(entry(id).unwrap().minutes, lesson.minutes, "{id}");
        assert!(id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{id} in an address");
        assert!(!lesson.steps.is_empty(), "{id} has no steps");
    }
}

#[test]
fn every_text_speaks_both_languages_and_closes_its_bold() {
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    for (id, lesson) in &lessons() {
        for text in texts(lesson) {
            // A choice may be a number and nothing else.
            let speaks = text.zh.contains(is_chinese) || !text.en.contains(char::is_alphabetic);
            assert!(!text.en.trim().is_empty() && speaks, "{id}: {text:?}");
            assert!(!text.en.contains(is_chinese), "{id}: {text:?}");
            for text in [&text.en, &text.zh] {
                assert!(text.matches("**").count().is_multiple_of(2), "{id}: {text}");
            }
        }
    }
}

#[test]
fn every_name_is_known() {
    for (id, lesson) in &lessons() {
        for key in &lesson.knobs {
            assert!(knob(key).is_some(), "{id}: knob {key}");
        }
        for (index, step) in lesson.steps.iter().enumerate() {
            let names = conditions(step).flat_map(Condition::names).chain(step.show.iter().map(String::as_str));
            for name in names {
                assert!(Quantity::named(name).is_some(), "{id}, step {}: quantity {name}", index + 1);
            }
            let look = step.look.iter().find(|panel| !IDS.contains(&panel.as_str()));
            assert!(look.is_none(), "{id}, step {}: panel {look:?}", index + 1);
            let has_end = step.goal.is_some() || !step.until.is_empty();
            assert!(!has_end || step.task.is_some(), "{id}, step {}: an end without a task", index + 1);
            assert!(step.predict.iter().all(|predict| predict.choices.len() > 1), "{id}, step {}", index + 1);
        }
    }
}

#[test]
fn every_link_and_every_set_can_be_turned() {
    for (id, lesson) in &lessons() {
        assert_eq!(decode(&lesson.link, &[]).problems, [], "{id}");
        let mut experiment = opening(&retort_spec::Experiment::default(), &lesson.link);
        for before in lesson.steps.iter().filter_map(|step| step.before.as_deref()) {
            assert!(is_turned(&turned(&experiment, before), before), "{id}: {before} is repaired away");
        }
        for (set, goal) in lesson.steps.iter().map(|step| (step.set.as_deref().unwrap_or_default(), &step.goal)) {
            for pair in
                set.split('&').chain(goal.iter().flat_map(|goal| goal.split('&'))).filter(|pair| !pair.is_empty())
            {
                let (key, value) = pair.split_once('=').unwrap_or_else(|| panic!("{id}: {pair}"));
                let knob = knob(key).unwrap_or_else(|| panic!("{id}: knob {key}"));
                let turned = knob.set(&mut experiment.clone(), value);
                assert_eq!(turned, Ok(()), "{id}: {pair}");
            }
            experiment = turned(&experiment, set);
            assert!(is_turned(&experiment, set), "{id}: {set} is repaired away");
            assert!(!goal.as_ref().is_some_and(|goal| is_turned(&experiment, goal)), "{id}: {goal:?} holds at once");
        }
    }
}

/// The texts of a message file.
fn said(language: &str) -> BTreeSet<String> {
    let file = format!("{}/../../assets/locales/{language}.ftl", env!("CARGO_MANIFEST_DIR"));
    let file = fs::read_to_string(file).unwrap();
    file.lines().filter_map(|line| line.split_once(" = ")).map(|(_, text)| text.trim().to_owned()).collect()
}

/// What stands in a text's quotation marks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('“').skip(1).filter_map(|rest| rest.split_once('”')).map(|(quoted, _)| quoted)
}

#[test]
fn what_a_lesson_quotes_stands_on_the_page() {
    let lessons = lessons();
    for (language, tag) in [(Language::English, "en"), (Language::Chinese, "zh-CN")] {
        let messages = said(tag);
        let titles: BTreeSet<&str> = lessons.iter().map(|(_, lesson)| lesson.title.said(language)).collect();
        for (id, lesson) in &lessons {
            let texts = texts(lesson);
            let own: BTreeSet<&str> = texts.iter().map(|text| text.said(language)).collect();
            for quoted in texts.iter().flat_map(|text| quoted(text.said(language))) {
                // A class of the data, and what a visitor may think, are on no button.
                let is_speech = quoted.ends_with(['!', '！']) || quoted.parse::<u32>().is_ok();
                let is_there = messages.contains(quoted) || titles.contains(quoted) || own.contains(quoted);
                assert!(is_speech || is_there, "{id}, {tag}: nothing on the page is called “{quoted}”");
            }
        }
    }
}

#[test]
fn a_question_that_turns_back_shows_no_numbers_of_another_experiment() {
    for (id, lesson) in &lessons() {
        let mut now = opening(&retort_spec::Experiment::default(), &lesson.link);
        let mut past = vec![now.clone()];
        // Knobs that the visitor turned by hand.
        let mut touched = BTreeSet::new();
        for (index, step) in lesson.steps.iter().enumerate() {
            assert!(step.before.is_none() || step.predict.is_some(), "{id}, step {}: no question", index + 1);
            if let (Some(before), Some(_)) = (&step.before, &step.predict) {
                now = turned(&now, before);
                touched.retain(|key: &&str| !before.split('&').any(|pair| pair.starts_with(&format!("{key}="))));
            }
            let set = step.set.as_deref().unwrap_or_default();
            let after = turned(&now, set);
            let is_set = |key: &str| set.split('&').any(|pair| pair.starts_with(&format!("{key}=")));
            let changes: BTreeSet<&str> = changed(&now, &after).map(|knob| knob.key).collect();
            let changes: BTreeSet<&str> = changes.union(&touched).copied().filter(|key| is_set(key)).collect();
            let is_back = |key: &&&str| {
                let get = |experiment| knob(key).map(|knob| knob.get(experiment));
                past.iter().any(|past| get(past) == get(&after))
            };
            let back = changes.iter().filter(is_back).count();
            let is_told = step.predict.is_none() || step.show.is_empty() || step.anew;
            assert!(is_told || back == 0 || back == changes.len(), "{id}, step {}: {changes:?}", index + 1);
            past.push(after.clone());
            touched.retain(|key| !is_set(key));
            now = turned(&after, step.goal.as_deref().unwrap_or_default());
            past.push(now.clone());
            touched.extend(step.until.iter().flat_map(Condition::names).filter_map(knob).map(|knob| knob.key));
        }
    }
}
