//! A run as files: its curves as CSV, and all that was measured as JSON. Pure: the page's state in, text out.

use std::fmt::Write;

use retort_spec::{Actor, Compressed, CurvePoint, Experiment, Measured, encode};
use serde_json::{Value, json};

use crate::state::State;

/// How a run's files begin their names.
pub fn stem(experiment: &Experiment) -> String {
    format!("retort-{}-seed-{}", experiment.data, experiment.seed)
}

/// One row for each point of each curve; what was not measured is left empty.
pub fn csv(points: &[CurvePoint]) -> String {
    let mut text = "run,actor,epoch,step,train_loss,train_accuracy,test_loss,test_accuracy\n".to_owned();
    let cell = |value: Option<f64>| value.filter(|value| value.is_finite()).map(|value| value.to_string());
    for point in points {
        let [train_loss, train_accuracy, test_loss, test_accuracy] =
            [point.train_loss, point.train_accuracy, Some(point.test_loss), Some(point.test_accuracy)]
                .map(|value| cell(value).unwrap_or_default());
        let CurvePoint { run, actor, epoch, step, .. } = point;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{run},{},{epoch},{step},{train_loss},{train_accuracy},{test_loss},{test_accuracy}",
            actor.word()
        );
    }
    text
}

/// The run with everything that was measured of it; `address` is the page's, without what stands behind `#`.
pub fn json(state: &State, address: &str) -> String {
    let permalink = encode(&state.experiment);
    let mut measured: Vec<&Measured> = state
        .measured
        .values()
        .map(|measured| &**measured)
        .filter(|measured| is_of_this_run(state, measured))
        .collect();
    measured.sort_by_key(|measured| (measured.run, Actor::ALL.iter().position(|actor| *actor == measured.actor)));
    let rows = if state.stale { &[][..] } else { &state.compressed };
    let record = json!({
        "retort": env!("CARGO_PKG_VERSION"),
        "permalink": format!("{address}#{permalink}"),
        "recorded": state.recorded,
        "own_examples": state.data.as_ref().map_or(0, |data| data.own),
        "experiment": state.experiment,
        "curves": state.curves,
        "measured": measured.into_iter().map(summary).collect::<Vec<_>>(),
        "compressed": rows.iter().map(packed).collect::<Vec<_>>(),
        "verdict": state.verdict.as_deref(),
    });
    // The alternate form is indented: a person may open the file.
    format!("{record:#}\n")
}

/// Whether a network that was measured is this training's: until its curve has reached the end, what stands there is
/// the last training's.
fn is_of_this_run(state: &State, measured: &Measured) -> bool {
    let epochs = match measured.actor {
        Actor::Teacher => state.experiment.teacher_epochs,
        Actor::Baseline | Actor::Student => state.experiment.student_epochs,
    };
    let mine = |point: &&CurvePoint| (point.run, point.actor) == (measured.run, measured.actor);
    state.curves.iter().rev().find(mine).is_some_and(|point| point.epoch >= epochs)
}

fn summary(measured: &Measured) -> Value {
    json!({
        "run": measured.run,
        "actor": measured.actor,
        "accuracy": measured.accuracy,
        "per_class_accuracy": measured.per_class_accuracy,
        "agreement": measured.agreement,
        "calibration_error": measured.calibration_error,
        "parameters": measured.parameters,
        "bytes": measured.bytes,
        "seconds": measured.seconds,
    })
}

fn packed(row: &Compressed) -> Value {
    json!({
        "bits": row.bits,
        "granularity": row.granularity,
        "bytes": row.bytes,
        "parts": row.parts,
        "accuracy": row.accuracy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use retort_spec::{Bits, Floats, Granularity, Parts, decode};
    use std::rc::Rc;

    fn point(epoch: u32) -> CurvePoint {
        let train_loss = (epoch > 0).then_some(0.25);
        CurvePoint {
            run: 1,
            actor: Actor::Student,
            epoch,
            step: 7 * epoch,
            train_loss,
            train_accuracy: None,
            test_loss: if epoch > 0 { f64::INFINITY } else { 2.5 },
            test_accuracy: 0.1,
        }
    }

    fn state() -> State {
        let mut state = State::open("#student-epochs=2&temperature=8");
        state.curves = vec![point(0), point(1)];
        let measured = Measured {
            run: 1,
            actor: Actor::Student,
            accuracy: 0.1,
            per_class_accuracy: vec![0.2, f64::NAN],
            agreement: Some(0.5),
            calibration_error: 0.0,
            parameters: 10,
            bytes: 40,
            logits: Floats(vec![1.0; 9]),
            seconds: 1.5,
        };
        state.measured.insert((1, Actor::Student), Rc::new(measured));
        state.compressed = vec![Compressed {
            bits: Bits::B8,
            granularity: Granularity::Tensor,
            bytes: 99,
            parts: Parts::default(),
            accuracy: 0.1,
            answers: vec![1, 2, 3],
            layers: vec![],
        }];
        state
    }

    fn read(state: &State) -> Value {
        serde_json::from_str(&json(state, "https://example.org/")).unwrap()
    }

    #[test]
    fn csv_leaves_out_what_was_not_measured() {
        let text = csv(&[point(0), point(1)]);
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(rows, ["1,student,0,0,,,2.5,0.1", "1,student,1,7,0.25,,,0.1"]);
        assert!(text.lines().all(|row| row.split(',').count() == 8));
    }

    #[test]
    fn json_leads_back_to_the_experiment_and_leaves_out_what_is_large() {
        let mut state = state();
        state.curves.push(point(2));
        let record = read(&state);
        let link = record["permalink"].as_str().unwrap().strip_prefix("https://example.org/").unwrap();
        assert_eq!(decode(link, &[]).experiment, state.experiment);
        assert_eq!(record["experiment"]["temperature"], 8.0);
        assert_eq!(record["curves"].as_array().unwrap().len(), 3);
        assert_eq!(record["measured"][0]["bytes"], 40);
        assert_eq!(record["measured"][0]["per_class_accuracy"], json!([0.2, null]));
        assert_eq!(record["compressed"][0]["bits"], "8");
        assert!(record["measured"][0].get("logits").is_none() && record["compressed"][0].get("answers").is_none());
        assert_eq!(record["verdict"], Value::Null);
    }

    #[test]
    fn json_leaves_out_what_another_training_measured() {
        let mut state = state();
        state.stale = true;
        let record = read(&state);
        assert_eq!(record["measured"], json!([]), "the curve has not reached its second epoch");
        assert_eq!(record["compressed"], json!([]));
    }
}
