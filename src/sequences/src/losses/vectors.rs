//! Rows of vector files, computed by code outside this repository.

use std::path::Path;

use serde_json::Value;

use super::*;

/// Tolerances of `tests/vectors/README.md`.
const LOSS: f64 = 1e-4;
const GRADIENT: f64 = 1e-3;

/// The numbers of a list of lists.
fn flat(value: &Value, to: &mut Vec<f32>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| flat(value, to)),
        value => to.push(value.as_f64().unwrap() as f32),
    }
}

fn numbers(value: &Value) -> Vec<f32> {
    let mut to = Vec::new();
    flat(value, &mut to);
    to
}

/// The length of the innermost list.
fn width(value: &Value) -> usize {
    let list = value.as_array().unwrap();
    if list[0].is_array() { width(&list[0]) } else { list.len() }
}

/// Loss, gradient and expected gradient of a row; nothing if it is of another objective.
fn computed(row: &Value) -> Option<(f64, Vec<f32>, Vec<f32>)> {
    let objective = row["objective"].as_str()?;
    let (key, parameters) = (if objective.starts_with("sequence") { "logits" } else { "values" }, &row["params"]);
    let [student, teacher] = ["student", "teacher"].map(|who| numbers_or_none(&row[who][key]));
    let (student, teacher) = (student?, teacher?);
    let outputs = width(&row["student"][key]);
    let counted: Option<Vec<bool>> =
        numbers_or_none(&row["mask"]).map(|mask| mask.into_iter().map(|number| number != 0.0).collect());
    let mut gradient = vec![0.0; student.len()];
    let both = [&student[..], &teacher[..]];
    let mut imitate =
        |how| imitation(both, outputs, counted.as_deref(), how, &mut ImitationRoom::default(), &mut gradient);
    let loss = match objective {
        "sequence-kl" => imitate(Comparison::Divergence {
            temperature: parameters["temperature"].as_f64()? as f32,
            scaled: parameters["t2"].as_bool()?,
            direction: FORWARD,
            top: None,
        }),
        "sequence-logit-mse" => imitate(Comparison::LogitMse),
        "regression-mse" => mean_squared_error(&student, &teacher, &mut gradient),
        "bounded-regression" => {
            let kind = match row["variant"].as_str()? {
                "bound" => Bounded::Bound,
                _ => Bounded::Total { nu: parameters["nu"].as_f64()? },
            };
            let target = numbers(&row["targets"]);
            let margin = parameters["margin"].as_f64()?;
            bounded_regression([&student, &teacher, &target], outputs, margin, kind, &mut gradient)
        }
        _ => return None,
    };
    Some((loss, gradient, numbers(&row["grad"][key])))
}

fn numbers_or_none(value: &Value) -> Option<Vec<f32>> {
    value.is_array().then(|| numbers(value))
}

#[test]
fn losses_and_gradients_are_those_computed_elsewhere() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/sequence-losses.json");
    let rows: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for row in &rows {
        let (loss, gradient, expected) = computed(row).unwrap();
        let wanted = row["loss"].as_f64().unwrap();
        assert!((loss - wanted).abs() <= LOSS * wanted.abs(), "{}: {loss} {wanted}", row["id"]);
        let largest = expected.iter().fold(0.0_f32, |most, number| most.max(number.abs()));
        for (found, expected) in gradient.iter().zip(&expected) {
            assert!(f64::from((found - expected).abs()) <= GRADIENT * f64::from(largest), "{}", row["id"]);
        }
    }
    assert_eq!(rows.len(), 36);
}
