//! Rows of the vector files in the repository, and rows that are wrong or foreign.

use super::*;
use pollster::block_on;
use retort_spec::Objective;

use crate::mixture::{Specialist, fuse_specialists};

fn rows(name: &str) -> Vec<Row> {
    let path = format!("{}/../../tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

const LOSSES: [&str; 3] = ["distillation.json", "objectives.json", "schemes.json"];

/// Makes a row one that the engine does not have, or cannot read.
type Spoil = fn(&mut LossRow);

#[test]
fn the_losses_that_others_computed_are_met() {
    for file in LOSSES {
        let checked = block_on(verify(&rows(file), &Device::flex())).unwrap();
        assert!(checked.iter().all(|row| matches!(row.result, RowOutcome::Passed { .. })), "{checked:#?}");
    }
}

#[test]
fn every_objective_has_a_row() {
    let rows: Vec<Row> = LOSSES.into_iter().flat_map(rows).collect();
    for objective in Objective::ALL {
        let is_it = |row: &Row| matches!(row, Row::Loss(row) if row.objective == objective.word());
        assert!(rows.iter().any(is_it), "{objective}");
    }
}

#[test]
fn rows_that_the_engine_does_not_know_are_absent() {
    let known = r#""student": {"logits": [[1, 2]]}, "labels": [0], "loss": 1.3132617, "grad": {"logits": [[-0.7310586, 0.7310586]]}"#;
    let cases = [
        // Names of another kind, and none.
        (r#"{"scheme": "mixup", "alpha": 2}"#.to_string(), "mixup"),
        (r#"{"name": "a", "x": []}"#.into(), "a"),
        (r#"{"y": 1}"#.into(), "row 0"),
        (r#"{"objective": 3}"#.into(), "row 0"),
        ("7".into(), "row 0"),
        ("[[1]]".into(), "row 0"),
        // Another objective, another shape, another field, another parameter, a parameter of another type.
        (format!(r#"{{"objective": "generator", "id": "generator/1", {known}}}"#), "generator/1"),
        (r#"{"objective": "fsp", "student": 1}"#.into(), "fsp"),
        (r#"{"dtype": "int8", "x": 1}"#.into(), "int8"),
        (format!(r#"{{"objective": "cross-entropy", "mask": [1], {known}}}"#), "cross-entropy"),
        (format!(r#"{{"objective": "cross-entropy", "variant": "sum", {known}}}"#), "cross-entropy"),
        (format!(r#"{{"objective": "cross-entropy", "peers": [{{}}], {known}}}"#), "cross-entropy"),
        (format!(r#"{{"objective": "cross-entropy", "params": {{"epsilon": 0.1}}, {known}}}"#), "cross-entropy"),
        (format!(r#"{{"objective": "cross-entropy", "params": {{"alpha": true}}, {known}}}"#), "cross-entropy"),
        (format!(r#"{{"objective": "cross-entropy", "params": {{"alpha": "a"}}, {known}}}"#), "cross-entropy"),
        (format!(r#"{{"objective": "ensemble", "variant": "median", {known}}}"#), "ensemble"),
        (format!(r#"{{"objective": "ensemble", {known}}}"#), "ensemble"),
        (
            format!(r#"{{"objective": "mutual", "variant": "sum", "grad_teacher": {{"logits": [[1]]}}, {known}}}"#),
            "mutual",
        ),
        (
            format!(r#"{{"objective": "dense", "params": {{"temperature": 2, "lambda": 1, "drop": 1}}, {known}}}"#),
            "dense T=2",
        ),
    ];
    let check = |row: &str| {
        let rows: Vec<Row> = serde_json::from_str(&format!("[{row}]")).unwrap();
        block_on(verify(&rows, &Device::flex())).unwrap()
    };
    for (row, name) in cases {
        assert_eq!(check(&row), [RowResult { name: name.into(), result: RowOutcome::Absent }], "{row}");
    }
    let passed = check(&format!(r#"{{"objective": "cross-entropy", {known}}}"#));
    assert!(matches!(passed[0].result, RowOutcome::Passed { .. }), "the same without what is foreign: {passed:?}");
}

#[test]
fn numbers_that_do_not_fit_each_other_are_an_error() {
    let spoil: [(&str, Spoil); 16] = [
        ("mutual", |row| row.peers[0].logits[0].truncate(2)),
        ("mutual", |row| row.peers.clear()),
        ("dense", |row| row.labels[0] = 200),
        ("dense", |row| row.labels.clear()),
        ("ensemble", |row| row.grad.logits.push(vec![0.0; 3])),
        ("native-ensemble", |row| row.student.gate[0].push(1.0)),
        ("native-ensemble", |row| row.grad.branches.truncate(1)),
        ("native-ensemble", |row| row.student.branches.clear()),
        ("exits", |row| row.student.features.clear()),
        ("exits", |row| row.grad.last.truncate(1)),
        ("confidence", |row| row.teacher.logits.clear()),
        ("specialists", |row| row.teachers.clear()),
        ("specialists", |row| row.teachers[0].logits[0].push(0.0)),
        ("generator", |row| row.grad_teacher.logits.truncate(1)),
        ("generator", |row| row.teacher.logits.clear()),
        ("generator", |row| row.teacher.embedding = vec![vec![1.0]; 2]),
    ];
    for (objective, spoil) in spoil {
        let mut all = rows("schemes.json");
        all.retain(|row| matches!(row, Row::Loss(row) if row.objective == objective));
        let Row::Loss(row) = &mut all[0] else { panic!("not a loss") };
        spoil(row);
        let refused = block_on(verify(&all[..1], &Device::flex()));
        assert!(matches!(refused, Err(VerifyError::BadRow { row: 0, .. })), "{objective}: {refused:?}");
    }
}

/// The loss of the rows, not of the code, has no gradient where the specialists' answers are fused.
#[test]
fn fused_specialists_minimize_the_loss_of_their_rows() {
    let mut checked = 0;
    for row in rows("schemes.json") {
        let Row::Loss(mut row) = row else { continue };
        if row.objective != "specialists" {
            continue;
        }
        let classes = row.teacher.logits[0].len();
        let answers: Vec<Vec<f32>> = row.teachers.iter().map(|teacher| teacher.logits.concat()).collect();
        let specialists: Vec<Specialist> = answers
            .iter()
            .zip(row.params.subsets("subsets"))
            .map(|(logits, subset)| Specialist { logits, subset })
            .collect();
        let fused = fuse_specialists(&row.teacher.logits.concat(), &specialists, classes);
        row.student.logits = fused.chunks(classes).map(<[f32]>::to_vec).collect();
        let computed = schemes::compute(&row, &Device::flex()).unwrap();
        let gradient = computed.outputs[0].1.grad(&computed.loss.backward()).unwrap();
        assert!(gradient.into_data().iter::<f32>().all(|g| g.abs() < 1e-6), "{}", row.name());
        let loss = f64::from(computed.loss.into_scalar::<f32>());
        assert!(loss < row.loss, "{loss} at the minimum, {} at the row's student", row.loss);
        checked += 1;
    }
    assert!(checked >= 2);
}

#[test]
fn a_memory_that_does_not_fit_is_an_error() {
    for memory in [vec![vec![1.0; 2]; 2], vec![vec![1.0; 3]; 3], vec![]] {
        let mut rows = rows("objectives.json");
        rows.retain(|row| matches!(row, Row::Loss(row) if row.objective == "contrastive"));
        let Row::Loss(row) = &mut rows[0] else { panic!("not a loss") };
        row.student.memory = memory;
        let refused = block_on(verify(&rows[..1], &Device::flex()));
        assert!(matches!(refused, Err(VerifyError::BadRow { row: 0, .. })), "{refused:?}");
    }
}

#[test]
fn the_integers_of_onnx_are_met() {
    let checked = block_on(verify(&rows("quantization.json"), &Device::flex())).unwrap();
    assert!(
        checked.len() == 18 && checked.iter().all(|row| matches!(row.result, RowOutcome::Passed { .. })),
        "{checked:?}"
    );
}

#[test]
fn a_wrong_number_is_noticed() {
    let mut all = rows("distillation.json");
    let Row::Loss(row) = &mut all[1] else { panic!("not a loss") };
    row.grad.logits[0][0] += 0.01;
    let checked = block_on(verify(&all[1..2], &Device::flex())).unwrap();
    assert!(matches!(checked[0].result, RowOutcome::Missed { .. }));
}

#[test]
fn a_wrong_number_of_a_scheme_is_noticed() {
    let spoil: [(&str, Spoil); 6] = [
        ("exits", |row| row.grad.exits[0][1][0] *= 1.01),
        ("exits", |row| row.grad.last[1][0] *= 1.01),
        ("generator", |row| row.grad_teacher.logits[1][0] *= 1.01),
        ("mutual", |row| row.loss *= 1.001),
        ("native-ensemble", |row| row.grad.gate[1][0] *= 1.01),
        ("native-ensemble", |row| row.grad.branches[1][0][0] *= 1.01),
    ];
    for (objective, spoil) in spoil {
        let mut all = rows("schemes.json");
        all.retain(|row| matches!(row, Row::Loss(row) if row.objective == objective));
        let Row::Loss(row) = &mut all[0] else { panic!("not a loss") };
        spoil(row);
        let checked = block_on(verify(&all[..1], &Device::flex())).unwrap();
        assert!(matches!(checked[0].result, RowOutcome::Missed { .. }), "{objective}");
    }
}
