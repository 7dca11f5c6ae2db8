use super::*;
use crate::{
    command,
    golden::{differences, without_seconds},
};

/// Small experiments of every kind, their results beside them.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/runs.jsonl");

/// What `retort run --json` writes, without what a clock decides.
fn lines(permalink: &str) -> Result<Vec<Value>, Failure> {
    let matches = command().get_matches_from(["retort", "run", "--json", permalink, "--device", "cpu"]);
    let mut written = Vec::new();
    run(matches.subcommand().unwrap().1, &mut written)?;
    let mut lines: Vec<Value> =
        String::from_utf8(written).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.retain(|line| line["event"] != "progress");
    lines.iter_mut().for_each(without_seconds);
    Ok(lines)
}

#[test]
fn small_experiments_end_as_they_did() {
    let rows: Vec<Value> =
        std::fs::read_to_string(FILE).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() >= 12);
    let (mut found, mut written) = (Vec::new(), String::new());
    for row in rows {
        let link = row["link"].as_str().unwrap();
        let lines = lines(link).unwrap();
        differences(link, &row["lines"], &Value::Array(lines.clone()), &mut found);
        written += &format!("{}\n", json!({ "link": link, "lines": lines }));
    }
    // To be asked for by a change that moves results and says why.
    if std::env::var_os("RETORT_GOLDEN").is_some_and(|word| word == "write") {
        std::fs::write(FILE, written).unwrap();
        return;
    }
    assert!(found.is_empty(), "{} differences, the first: {:#?}", found.len(), &found[..found.len().min(12)]);
}

#[test]
fn an_experiment_that_cannot_be_run_says_why() {
    let why = |permalink: &str| lines(permalink).unwrap_err().to_string();
    assert!(why("temperature=warm").contains("temperature=warm"));
    assert!(why("similarity=1&batch=1").contains("at least 2"), "{}", why("similarity=1&batch=1"));
    assert!(why("data=mnist").contains("mnist"), "{}", why("data=mnist"));
}
