use std::path::Path;

use super::*;
use crate::{
    panels::compression_bench::presets::PRESETS,
    platform::place::{Depth, Tab},
    state::{
        loss_terms::{LABELS, SOFT_TARGETS},
        pipeline_editor::MENUS,
    },
};
use fluent_bundle::FluentResource;
use retort_spec::{
    COMPRESSION_STEPS, ClassCodeProblem, ClassNames, Contrast, DataSet, FileFormat, FileProblem, KNOBS, Kind,
    Knowledge, Manner, NetworkKind, Objective, PipelineError, Role, Scheme, SchemeGroup, Shown,
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
        } else if let Some((attribute, _)) = line.trim_start().strip_prefix('.').and_then(|line| line.split_once('=')) {
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
    let named = DataSet::ALL.iter().filter(|data| data.class_names() == ClassNames::Words);
    ids.extend(named.map(|data| format!("{data}-class")));
    for knob in KNOBS {
        ids.extend([format!("knob-{}", knob.key), format!("knob-{}.help", knob.key)]);
        if let Kind::Choice(words) = knob.kind {
            ids.extend(words.iter().map(|word| format!("{}-{word}", knob.key)));
        }
    }
    for word in Role::WORDS
        .iter()
        .chain(&["control", "start", "average", "votes", "before", "source", "tuned", "frozen", "taught"])
    {
        ids.extend([format!("network-{word}"), format!("short-{word}")]);
    }
    // A scheme may have several of these; and the default scheme says in one line who each is.
    ids.extend(["teacher", "assistant", "student", "ingredient"].map(|word| format!("role-{word}")));
    ids.extend(["teacher", "student", "baseline"].map(|word| format!("score-{word}")));
    let tasks = DataSet::ALL.iter().filter(|data| data.is_of_sequences() && !data.needs_files());
    ids.extend(tasks.map(|data| format!("data-{data}.seen")));
    ids.extend(Scheme::WORDS.iter().flat_map(|word| ["help", "seen"].map(|part| format!("scheme-{word}.{part}"))));
    ids.extend(SchemeGroup::WORDS.iter().map(|word| format!("scheme-group-{word}")));
    ids.extend(Contrast::WORDS.iter().map(|word| format!("contrast-{word}")));
    ids.extend(Contrast::WORDS.iter().filter(|word| **word != "alone").map(|word| format!("verdict-{word}")));
    ids.extend(Objective::WORDS.iter().map(|word| format!("why-{word}")));
    for word in Knowledge::WORDS {
        ids.extend([format!("knowledge-{word}"), format!("knowledge-{word}.help")]);
    }
    for word in NetworkKind::WORDS {
        ids.extend([format!("kind-{word}"), format!("use-with-{word}")]);
    }
    ids.extend(Tab::ALL.map(|tab| format!("tab-{}", tab.word())));
    ids.extend(Depth::ALL.map(|depth| format!("depth-{}", depth.word())));
    ids.extend(PipelineError::ALL.map(|error| format!("disorder-{}", error.word())));
    ids.extend(FileProblem::WORDS.map(|word| format!("file-problem-{word}")));
    ids.extend(COMPRESSION_STEPS.iter().map(|word| format!("treatment-{word}")));
    ids.extend(ClassCodeProblem::WORDS.map(|word| format!("class-refused-{word}")));
    for (menu, words) in MENUS {
        ids.insert(menu.into());
        ids.extend(words.iter().map(|word| format!("{menu}-{word}")));
    }
    let presets = PRESETS.iter().map(|(word, _)| format!("preset-{word}"));
    for id in presets.chain(FileFormat::ALL.iter().map(|format| format!("file-{}", format.word()))) {
        ids.extend([format!("{id}.help"), id]);
    }
    ids.extend(Manner::WORDS[1..].iter().flat_map(|word| [format!("network-{word}"), format!("short-{word}")]));
    for word in &Shown::WORDS[1..] {
        ids.extend(["network", "short"].map(|kind| format!("{kind}-{word}")));
    }
    ids.extend(["noise", "sparse", "generated", "matching", "means"].map(|word| format!("drawing-{word}")));
    ids.extend(["classes", "tokens", "numbers"].map(|output| format!("task-{output}-score")));
    // The parts that the engine gives curves of their own.
    ids.extend(["term-target", "term-others", "term-fooling", "term-telling-apart"].map(String::from));
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
    // What the engines show of tasks and schemes names its texts there.
    for folder in ["../sequences/src/session/exhibits", "../engine/src/session"] {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut source);
    }
    let is_used = |id: &&String| match id.strip_suffix(".help") {
        Some(message) => source.contains(&format!("help(\"{message}\")")),
        None => source.contains(&format!("\"{id}\"")),
    };
    let unused: Vec<_> = defined.difference(&derived).filter(|id| !is_used(id)).collect();
    assert!(unused.is_empty(), "unused: {unused:?}");
    // Every text asked for by a literal id is there.
    for call in ["texts.get(\"", "texts.with(\"", "texts.help(\"", "Phrase::new(\""] {
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
