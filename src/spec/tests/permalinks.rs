//! Golden permalinks: links that stand on the web keep their meaning.
//!
//! `permalinks.jsonl` holds one link a line: the knobs that differ from the default experiment, as a permalink writes
//! them, and what was reported. Its first line lists every knob. The file guards a refactoring; it is no authority on
//! what is right. To add a link, append `{"link":"…"}` and run `RETORT_GOLDEN=write cargo test -p retort-spec`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read its file has failed")]

use std::{collections::BTreeMap, path::Path};

use retort_spec::{DataSet, Experiment, KNOBS, Kind, decode, encode};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Golden {
    link: String,
    #[serde(default)]
    knobs: BTreeMap<String, String>,
    #[serde(default)]
    problems: Vec<String>,
}

/// What a link means today.
fn today(link: &str) -> Golden {
    let decoded = decode(link, &[]);
    let default = Experiment::default();
    let knobs = KNOBS
        .iter()
        .map(|knob| (knob.key.to_owned(), knob.get(&decoded.experiment), knob.get(&default)))
        .filter(|(_, value, usual)| link.is_empty() || value != usual)
        .map(|(key, value, _)| (key, value))
        .collect();
    let problems = decoded.problems.iter().map(|problem| format!("{problem}; used {:?}", problem.used)).collect();
    Golden { link: link.to_owned(), knobs, problems }
}

fn goldens() -> (std::path::PathBuf, Vec<Golden>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/permalinks.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")));
    (path, lines.collect())
}

#[test]
fn every_link_means_what_it_meant() {
    let (path, goldens) = goldens();
    if std::env::var_os("RETORT_GOLDEN").is_some() {
        let lines: Vec<String> =
            goldens.iter().map(|golden| serde_json::to_string(&today(&golden.link)).unwrap() + "\n").collect();
        std::fs::write(path, lines.concat()).unwrap();
        return;
    }
    assert!(goldens.len() >= 60);
    for golden in goldens {
        assert_eq!(today(&golden.link), golden);
    }
}

#[test]
fn every_link_is_written_as_it_is_read() {
    for golden in goldens().1 {
        let experiment = decode(&golden.link, &[]).experiment;
        let again = decode(&encode(&experiment), &[]);
        assert_eq!((&again.experiment, again.problems.len()), (&experiment, 0), "{}", golden.link);
    }
}

#[test]
fn every_knob_and_every_word_has_a_link() {
    let links: Vec<String> = goldens().1.into_iter().map(|golden| golden.link).collect();
    let has = |pair: String| links.iter().any(|link| link.split(['#', '?', '&']).any(|part| part == pair));
    for knob in KNOBS {
        let start = format!("{}=", knob.key);
        assert!(links.iter().any(|link| link.split(['#', '?', '&']).any(|part| part.starts_with(&start))), "{start}");
        if let Kind::Choice(words) = knob.kind {
            // A data set's own defaults are what its link means.
            assert!(words.iter().all(|word| has(format!("{}={word}", knob.key))), "{}: {words:?}", knob.key);
        }
    }
    assert!(DataSet::WORDS.iter().all(|word| has(format!("data={word}"))));
}
