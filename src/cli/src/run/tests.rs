use super::*;
use crate::{
    command,
    golden::{differences, without_seconds},
};

/// Small experiments of every kind, their results beside them.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/runs.jsonl");

/// What `retort run --json` writes, without what a clock decides.
fn lines(permalink: &str) -> Result<Vec<Value>, Failure> {
    lines_of(&[permalink])
}

/// The same of any arguments.
fn lines_of(arguments: &[&str]) -> Result<Vec<Value>, Failure> {
    let all = ["retort", "run", "--json", "--device", "cpu"].iter().chain(arguments);
    let matches = command().get_matches_from(all);
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

/// The experiment that these arguments ask for, written as a permalink.
fn read(arguments: &[&str]) -> Result<String, String> {
    let all = ["retort", "run"].iter().chain(arguments);
    let matches = command().try_get_matches_from(all).map_err(|error| error.to_string())?;
    let experiment = experiment(matches.subcommand().unwrap().1, &[]).map_err(|failure| failure.to_string())?;
    Ok(retort_spec::encode(&experiment))
}

#[test]
fn links_are_read_as_a_page_has_them() {
    let expected = read(&["seed=9&temperature=8"]).unwrap();
    for link in [
        "#v=1&seed=9&temperature=8&lang=zh-CN&hide=cost&lock=all&view=projector&lesson=temperature&theme=dark",
        "?seed=9&temperature=8",
        "https://example.org/retort/#v=1&seed=9&temperature=8",
        "http://127.0.0.1:8080/?utm=a#seed=9&temperature=8",
        "https://example.org/retort/?seed=9&temperature=8",
    ] {
        assert_eq!(read(&[link]), Ok(expected.clone()), "{link}");
    }
    assert_eq!(read(&["#seed=3&temperature=2", "--seed", "9", "--temperature", "8"]), Ok(expected));
    assert_eq!(read(&["https://example.org/retort/"]), read(&[]));
}

#[test]
fn bad_values_are_named_and_nothing_claims_to_go_on() {
    let why = |arguments: &[&str]| read(arguments).unwrap_err();
    assert!(why(&["--temperature", "-1"]).contains("temperature=-1: outside the range from"));
    assert!(why(&["--seed=-1"]).contains("seed=-1: "));
    assert!(why(&["v=99&seed=9"]).contains("v=99: made by a newer version"));
    for link in ["v=99&seed=9", "seed=1&seed=2"] {
        let said = why(&[link]);
        assert!(!said.contains("is used") && !said.contains("counts"), "{said}");
    }
}

#[test]
fn the_last_line_has_the_scheme_that_the_knobs_choose() {
    let chosen = |knobs: &str| {
        let link = format!("data=moons&examples=50&student=6&teacher-epochs=1&student-epochs=1&runs=1&{knobs}");
        lines(&link).unwrap().pop().unwrap()["chosen"].clone()
    };
    for (knobs, scheme) in [
        ("seed=1", "quantize:8"),
        ("bits=4&zero-point=affine", "quantize:4:affine"),
        ("bits=4&range=mse", "quantize:4:mse"),
        ("bits=4&rounding=stochastic", "quantize:4:stochastic"),
        ("bits=4&activations=static-min-max", "quantize:4:static-min-max"),
    ] {
        let row = chosen(knobs);
        assert_eq!(row["scheme"], scheme, "{knobs}");
        assert!(row["bytes"].as_u64().unwrap() > 0 && row["accuracy"].as_f64().unwrap() > 0.0, "{row}");
    }
}

#[test]
fn the_network_that_the_knob_names_is_compressed_in_every_run() {
    let link = "data=moons&examples=80&teacher=6&student=3&teacher-epochs=2&student-epochs=2&labels=12&batch=20&runs=2";
    for network in ["teacher", "baseline", "student"] {
        let lines = lines(&format!("{link}&compress=finetune:1,quantize:4&pack={network}")).unwrap();
        let result = lines.last().unwrap();
        let float = &result["compressed"][0];
        assert_eq!((&float["bits"], &float["bytes"]), (&json!("32"), &result[network]["bytes"]), "{network}");
        let accuracy = |row: &Value| row["accuracy"].as_f64().unwrap();
        assert!((accuracy(float) - accuracy(&result[network])).abs() < 1e-9, "{network}: the mean over runs");
        assert_eq!(lines.iter().filter(|line| line["event"] == "stage").count(), 2 * 3, "{network}");
    }
}

#[test]
fn an_experiment_that_cannot_be_run_says_why() {
    let why = |permalink: &str| lines(permalink).unwrap_err().to_string();
    assert!(why("temperature=warm").contains("temperature=warm"));
    assert!(why("similarity=1&batch=1").contains("at least 2"), "{}", why("similarity=1&batch=1"));
    assert!(why("data=mnist").contains("mnist"), "{}", why("data=mnist"));
    let unknown = why("scheme=mutual&pack=teacher");
    assert!(unknown.contains("pack=teacher: not one of baseline, student, student-2"), "{unknown}");
}

#[test]
fn a_table_is_read_from_its_file_and_the_result_says_what_was_set_for_it() {
    let path = std::env::temp_dir().join(format!("retort-table-{}.csv", std::process::id()));
    let link = "data=table&teacher=4&student=4&teacher-epochs=1&student-epochs=1&runs=1&target-column=2";
    let train = |text: &str| {
        std::fs::write(&path, text).unwrap();
        lines_of(&[link, "--data-dir", path.to_str().unwrap()])
    };
    let rows: String = (0..20).map(|row| format!("{row},{},1\n", ["small", "large"][row / 10])).collect();
    let lines = train(&format!("size,word,same\n{rows}")).unwrap();
    let result = lines.last().unwrap();
    assert!(result["experiment"].as_str().unwrap().contains("target-kind=class"), "{result}");
    assert_eq!(result["student"]["per_class_accuracy"].as_array().unwrap().len(), 2);
    let fault = train("size,word\n1,a\n2\n").unwrap_err().to_string();
    assert!(fault.ends_with(".csv: line 3 has 1 values, and the first line names 2 columns"), "{fault}");
    std::fs::remove_file(&path).unwrap();
}
