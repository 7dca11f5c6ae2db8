use std::collections::BTreeSet;

use retort_engine::NetworkCache;
use retort_spec::{Measured, NetworkId, decode, sweep::Results};
use serde_json::{Value, json};

use super::{
    engines::{Engines, Measuring},
    *,
};
use crate::{
    command as program,
    golden::{differences, without_seconds},
};

/// Small sweeps, their cells beside them.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sweeps.jsonl");

const SMALL: &str =
    "data=moons&examples=80&teacher=6&student=3&teacher-epochs=2&student-epochs=2&labels=12&batch=20&runs=2";

/// What a sweep writes, and its files as CSV and JSON.
fn swept(name: &str, arguments: &[&str]) -> Result<(String, String, Value), Failure> {
    let path = |end: &str| {
        std::env::temp_dir().join(format!("retort-sweep-{name}-{}.{end}", std::process::id())).display().to_string()
    };
    let paths = ["csv", "json"].map(path);
    let files = ["retort", "sweep", "--device", "cpu", "--csv", &paths[0], "--json", &paths[1]];
    let matches = program().get_matches_from([&files, arguments].concat());
    let mut written = Vec::new();
    let result = sweep(matches.subcommand().unwrap().1, &mut written);
    let [csv, json] = paths.map(|path| {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let _ = std::fs::remove_file(path);
        text
    });
    result.map(|()| (String::from_utf8(written).unwrap(), csv, serde_json::from_str(&json).unwrap()))
}

/// What came of each cell, in the order in which a table trains them.
fn trained(link: &str, knobs: &str) -> Vec<Results> {
    let matches = program().get_matches_from(["retort", "sweep"]);
    let sweep: Sweep = knobs.parse().unwrap();
    let cells = sweep.cells(&decode(link, &[]).experiment);
    let mut engines =
        Engines::new(matches.subcommand().unwrap().1, std::iter::empty(), Measuring::TestSet(NetworkCache::default()));
    let rows = Grid::new(&sweep, Metric::Accuracy).rows();
    let experiments = rows.iter().flatten().map(|&place| cells[place].experiment.clone().unwrap());
    experiments.map(|experiment| engines.train(&experiment, |_| {}).unwrap().unwrap()).collect()
}

/// How often a network was trained in a run: no two trainings take the same time to the last bit.
fn trainings(all: &[Results], id: NetworkId, run: u32) -> usize {
    let is_it = |one: &&Measured| one.network_id == id && one.run == run;
    let seconds = all.iter().flat_map(|results| results.measured.iter().filter(is_it));
    seconds.map(|one| one.seconds.to_bits()).collect::<BTreeSet<u64>>().len()
}

#[test]
fn small_sweeps_end_as_they_did() {
    let rows: Vec<Value> =
        std::fs::read_to_string(FILE).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() >= 4);
    let (mut found, mut text) = (Vec::new(), String::new());
    for row in rows {
        let (link, knobs) = (row["link"].as_str().unwrap(), row["sweep"].as_str().unwrap());
        let (_, _, mut json) = swept("golden", &[link, "--sweep", knobs]).unwrap();
        without_seconds(&mut json);
        differences(&format!("{link} {knobs}"), &row["cells"], &json["cells"], &mut found);
        text += &format!("{}\n", json!({ "link": link, "sweep": knobs, "cells": json["cells"] }));
    }
    // To be asked for by a change that moves results and says why.
    if std::env::var_os("RETORT_GOLDEN").is_some_and(|word| word == "write") {
        std::fs::write(FILE, text).unwrap();
        return;
    }
    assert!(found.is_empty(), "{} differences, the first: {:#?}", found.len(), &found[..found.len().min(12)]);
}

#[test]
fn what_cells_share_is_trained_once() {
    let teacher = NetworkId::TEACHER;
    for (knobs, teachers, baselines, students) in [
        ("temperature:1,2,4,8", 1, 1, 4),
        ("soft:0.3,0.6;student:2,3", 1, 2, 4),
        // In whatever order they stand.
        ("temperature:1,2;teacher:4,6", 2, 1, 4),
        ("data:moons,rings;temperature:1,2", 2, 2, 4),
        ("bits:2,4,8", 1, 1, 1),
        ("runs:2,3", 1, 1, 1),
    ] {
        let all = trained(SMALL, knobs);
        for run in 0..2 {
            let counted = [teacher, NetworkId::BASELINE, NetworkId::STUDENT].map(|id| trainings(&all, id, run));
            assert_eq!(counted, [teachers, baselines, students], "{knobs}, run {run}");
        }
    }
}

#[test]
fn what_cells_share_is_trained_once_however_many_cores_train_it() {
    let matches = program().get_matches_from(["retort", "sweep"]);
    for (knobs, expected) in [("temperature:1,2,4,8", [1, 1, 4]), ("student:2,3,4,5", [1, 4, 4])] {
        let sweep: Sweep = knobs.parse().unwrap();
        let cells = sweep.cells(&decode(SMALL, &[]).experiment);
        let experiments: Vec<Option<&Experiment>> = cells.iter().map(|cell| cell.experiment.as_deref().ok()).collect();
        let mut all = Vec::new();
        workers::train(matches.subcommand().unwrap().1, &experiments, &[0, 1, 2, 3], 3, |_, result| {
            all.push(result.unwrap());
            Ok(())
        })
        .unwrap();
        for run in 0..2 {
            let ids = [NetworkId::TEACHER, NetworkId::BASELINE, NetworkId::STUDENT];
            assert_eq!(ids.map(|id| trainings(&all, id, run)), expected, "{knobs}, run {run}");
        }
    }
}

#[test]
fn any_number_of_cores_gives_the_same_table() {
    let link = SMALL.replace("&runs=2", "&runs=3");
    for knobs in
        ["temperature:1,4;student:2,3", "scheme:offline,assistant,mutual,born-again,soup,private,transfer-learning"]
    {
        let on = |cores: &str| {
            let (table, _, mut json) = swept("cores", &[&link, "--sweep", knobs, "--cores", cores]).unwrap();
            without_seconds(&mut json);
            (table, json)
        };
        assert_eq!(on("1"), on("3"), "{knobs}");
    }
}

#[test]
fn every_cell_is_what_its_link_gives() {
    for knobs in ["temperature:1,8;student:2,3|linear", "bits:2,8", "runs:3,1,2", "pack:student,teacher"] {
        let (_, csv, json) = swept("links", &[SMALL, "--sweep", knobs]).unwrap();
        let cells = json["cells"].as_array().unwrap();
        assert_eq!(csv.lines().count(), cells.len() + 1, "{csv}");
        for cell in cells {
            let link = cell["link"].as_str().unwrap();
            let (_, _, alone) = swept("alone", &[link, "--sweep", "device:auto"]).unwrap();
            for field in ["accuracies", "gain", "p_value", "agreement", "calibration_error", "bytes", "packed_accuracy"]
            {
                assert_eq!(alone["cells"][0][field], cell[field], "{link}: {field}");
            }
        }
    }
}

#[test]
fn a_table_has_a_row_a_value_and_says_what_cannot_be() {
    let rows = |table: &str| table.lines().skip(2).map(str::to_owned).collect::<Vec<String>>();
    let knobs = "data:moons,digits8;student:3|conv:4";
    let link = format!("{}&labels=30", SMALL.replace("&labels=12", ""));
    let (table, csv, json) = swept("table", &[&link, "--sweep", knobs, "--metric", "gain"]).unwrap();
    let rows = rows(&table);
    assert!(rows[0].starts_with("data     student=3") && rows[1].starts_with("moons    "), "{table}");
    assert!(rows[1].ends_with(" –") && rows[2].contains(", p "), "{table}");
    let reason = "student=conv:4: a convolution needs images, and these data are points in the plane";
    assert_eq!(rows[4], format!("– data=moons student=conv:4: {reason}"));
    assert_eq!(json["cells"][1]["problem"], reason);
    assert!(csv.contains(&format!("moons,conv:4,{}\"{reason}\",", ",".repeat(19))), "{csv}");

    let (table, ..) = swept("idle", &[SMALL, "--scheme", "subliminal", "--sweep", "soft:0.5,1"]).unwrap();
    assert!(table.contains(" *\n") && table.contains("* soft=0.5: soft means nothing here"), "{table}");
}

#[test]
fn a_cell_that_fails_leaves_the_others_alone() {
    let knobs = "similarity:0,1;batch:1,20";
    let (table, _, json) = swept("refused", &[SMALL, "--sweep", knobs]).unwrap();
    let problems: Vec<bool> =
        json["cells"].as_array().unwrap().iter().map(|cell| cell["problem"].is_string()).collect();
    assert_eq!(problems, [false, false, true, false], "{table}");
    let link = "optimizer=sgd&runs=1&teacher=16&teacher-epochs=2&student-epochs=2";
    let (table, _, json) = swept("diverged", &[link, "--sweep", "logit-mse:0,100000,1"]).unwrap();
    assert!(json["cells"][1]["problem"].is_string() && json["cells"][2]["accuracy"].is_number(), "{table}");
}

#[test]
fn sequences_numbers_and_points_are_trained_by_their_engines() {
    let link = "runs=1&teacher-epochs=1&student-epochs=1";
    let (table, _, json) = swept("engines", &[link, "--sweep", "data:curve,moons"]).unwrap();
    for cell in json["cells"].as_array().unwrap() {
        assert!(cell["accuracy"].is_number() && cell["bytes"].is_number(), "{table}{cell}");
    }
}

#[test]
fn a_sweep_may_stand_in_the_link_and_must_stand_somewhere() {
    let (_, _, json) = swept("link", &[&format!("#v=1&{SMALL}&sweep=seed:1,2")]).unwrap();
    assert_eq!((&json["sweep"], json["cells"].as_array().map(Vec::len)), (&json!("seed:1,2"), Some(2)));
    let why = |arguments: &[&str]| swept("why", arguments).unwrap_err().to_string();
    assert!(why(&[SMALL]).contains("--sweep 'temperature:1,2,4;student:4,16'"));
    assert!(why(&[SMALL, "--sweep", "warmth:1"]).contains("'warmth': no knob has this name"));
    assert!(why(&["temperature=warm", "--sweep", "seed:1"]).contains("temperature=warm"));
    assert!(why(&["--sweep", "data:mnist,moons"]).contains("--data-dir"));
}

#[test]
fn a_sweep_goes_on_where_it_was_ended_and_is_gathered_from_its_cells() {
    const KNOBS: &str = "temperature:1,4;student:3|conv:4|2";
    let folder = std::env::temp_dir().join(format!("retort-cells-{}", std::process::id()));
    let place = folder.display().to_string();
    let sweep = |name: &str, more: &[&str]| {
        let arguments = [&[SMALL, "--sweep", KNOBS, "--metric", "gain"], more].concat();
        swept(name, &arguments).unwrap()
    };
    let (whole, ..) = sweep("whole", &[]);
    let kept = |more: &[&str]| sweep("kept", &[&["--cells", &place], more].concat());
    let planned = || {
        let arguments = ["retort", "sweep", SMALL, "--device", "cpu", "--sweep", KNOBS, "--cells", &place, "--plan"];
        let (matches, mut written) = (program().get_matches_from(arguments), Vec::new());
        super::sweep(matches.subcommand().unwrap().1, &mut written).unwrap();
        String::from_utf8(written).unwrap()
    };
    let plan = planned();
    let numbers: Vec<&str> = plan.lines().filter_map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(numbers, ["0", "2", "3", "5"], "the impossible ones are none's to train: {plan}");
    assert!(plan.starts_with("retort sweep 'v=1&data=moons&"), "{plan}");
    // Half of them elsewhere, in any order.
    for number in ["5", "2"] {
        kept(&["--only", number]);
    }
    let (table, _, json) = kept(&["--gather"]);
    assert_eq!(table.matches("not trained yet").count(), 2, "{table}");
    assert_eq!(json["cells"].as_array().unwrap().len(), 4, "two trained, two impossible");
    assert_eq!(planned().lines().count(), 2);
    let (rest, _, json) = kept(&[]);
    assert_eq!(rest, whole);
    // What is there is not trained again: it took the time that it took.
    let seconds =
        |json: &Value| json["cells"].as_array().unwrap().iter().map(|one| one["seconds"].clone()).collect::<Vec<_>>();
    let (again, _, same) = kept(&["--gather"]);
    assert_eq!((again, seconds(&same)), (whole, seconds(&json)));
    std::fs::remove_dir_all(folder).unwrap();
    let matches =
        program().get_matches_from(["retort", "sweep", SMALL, "--sweep", "seed:1", "--cells", &place, "--only", "7"]);
    assert!(sweep_fails(&matches).contains("no cell 7"));
}

fn sweep_fails(matches: &ArgMatches) -> String {
    sweep(matches.subcommand().unwrap().1, &mut Vec::new()).unwrap_err().to_string()
}

#[cfg(unix)]
mod cluster;
