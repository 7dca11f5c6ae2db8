//! A run as files: its curves as CSV, and all that was measured for JSON. Pure: the page's state in, records out.

use std::fmt::Write;

use retort_spec::{
    ByteBreakdown, CompressionResult, CurvePoint, Experiment, Measured, NetworkId, Pipeline, Plan, Terms, Verdict,
    encode,
};
use serde::Serialize;

use crate::state::{State, order::sorted};

/// How a run's files begin their names.
pub fn stem(experiment: &Experiment) -> String {
    format!("retort-{}-seed-{}", experiment.data, experiment.seed)
}

/// How the files of the network that is compressed begin theirs.
pub fn packed_stem(experiment: &Experiment) -> String {
    let stem = stem(experiment);
    match experiment.pack {
        pack if pack == experiment.plan().product => stem,
        pack => format!("{stem}-{pack}"),
    }
}

/// One row for each point of each curve; what was not measured is left empty.
pub fn csv(points: &[CurvePoint]) -> String {
    let mut text = "run,network,epoch,step,train_loss,train_accuracy,test_loss,test_accuracy\n".to_owned();
    let cell = |value: Option<f64>| value.filter(|value| value.is_finite()).map(|value| value.to_string());
    for point in points {
        let [train_loss, train_accuracy, test_loss, test_accuracy] =
            [point.train_loss, point.train_accuracy, Some(point.test_loss), Some(point.test_accuracy)]
                .map(|value| cell(value).unwrap_or_default());
        let CurvePoint { run, network_id, epoch, step, .. } = point;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{run},{},{epoch},{step},{train_loss},{train_accuracy},{test_loss},{test_accuracy}",
            network_id
        );
    }
    text
}

/// A run with everything that was measured of it.
#[derive(Serialize)]
pub struct Record<'a> {
    retort: &'static str,
    permalink: String,
    recorded: bool,
    own_examples: u32,
    experiment: &'a Experiment,
    plan: &'a Plan,
    curves: &'a [CurvePoint],
    terms: &'a [Terms],
    measured: Vec<Summary<'a>>,
    compressed: Vec<Packed<'a>>,
    verdict: Option<&'a Verdict>,
}

/// A network without its logits.
#[derive(Serialize)]
struct Summary<'a> {
    run: u32,
    #[serde(rename = "network")]
    network_id: NetworkId,
    accuracy: f64,
    per_class_accuracy: &'a [f64],
    agreement: Option<f64>,
    calibration_error: f64,
    parameters: u32,
    extra_parameters: u32,
    bytes: u32,
    seconds: f64,
}

/// A packed file without its answers.
#[derive(Serialize)]
struct Packed<'a> {
    #[serde(rename = "network")]
    network_id: NetworkId,
    made: &'a Pipeline,
    bytes: u32,
    parts: &'a ByteBreakdown,
    accuracy: f64,
}

impl<'a> Record<'a> {
    /// The record of the run that is shown; `address` is the page's, without what stands behind `#`.
    pub fn of(state: &'a State, address: &str) -> Self {
        let measured: Vec<&Measured> =
            state.measured.iter().map(|measured| &**measured).filter(|one| state.is_of_this_training(one)).collect();
        let place =
            |index: usize| (measured[index].run, state.networks().position(|id| id == measured[index].network_id));
        let order = sorted(measured.len(), &|a, b| place(a).cmp(&place(b)));
        let rows = if state.outdated { &[][..] } else { &state.compressed };
        Self {
            retort: env!("CARGO_PKG_VERSION"),
            permalink: format!("{address}#{}", encode(&state.experiment)),
            recorded: state.recorded,
            own_examples: state.data.as_ref().map_or(0, |data| data.own),
            experiment: &state.experiment,
            plan: &state.plan,
            curves: &state.curves,
            terms: &state.terms,
            measured: order.into_iter().map(|index| summary(measured[index])).collect(),
            compressed: rows.iter().map(packed).collect(),
            verdict: state.verdict.as_deref(),
        }
    }
}

fn summary(measured: &Measured) -> Summary<'_> {
    let &Measured { run, network_id, accuracy, agreement, calibration_error, .. } = measured;
    let &Measured { parameters, extra_parameters, bytes, seconds, .. } = measured;
    Summary {
        run,
        network_id,
        accuracy,
        per_class_accuracy: &measured.per_class_accuracy,
        agreement,
        calibration_error,
        parameters,
        extra_parameters,
        bytes,
        seconds,
    }
}

fn packed(row: &CompressionResult) -> Packed<'_> {
    let &CompressionResult { network_id, bytes, accuracy, .. } = row;
    Packed { network_id, made: &row.pipeline, bytes, parts: &row.breakdown, accuracy }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::fixture::compressed;
    use retort_spec::{Floats, decode};
    use serde_json::{Value, json};
    use std::rc::Rc;

    fn point(epoch: u32) -> CurvePoint {
        let train_loss = (epoch > 0).then_some(0.25);
        CurvePoint {
            run: 1,
            network_id: NetworkId::STUDENT,
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
            network_id: NetworkId::STUDENT,
            accuracy: 0.1,
            per_class_accuracy: vec![0.2, f64::NAN],
            agreement: Some(0.5),
            calibration_error: 0.0,
            parameters: 10,
            extra_parameters: 3,
            bytes: 40,
            logits: Floats(vec![1.0; 9]),
            seconds: 1.5,
        };
        state.measured.push(Rc::new(measured));
        let made = "quantize:8:tensor".parse().unwrap();
        state.compressed =
            Rc::new(vec![CompressionResult { pipeline: made, bytes: 99, accuracy: 0.1, ..compressed() }]);
        state
    }

    fn read(state: &State) -> Value {
        serde_json::to_value(Record::of(state, "https://example.org/")).unwrap()
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
        assert_eq!(
            (&record["measured"][0]["bytes"], &record["measured"][0]["extra_parameters"]),
            (&json!(40), &json!(3))
        );
        assert_eq!(record["measured"][0]["per_class_accuracy"], json!([0.2, null]));
        assert_eq!(record["compressed"][0]["made"], "quantize:8:tensor");
        assert!(record["measured"][0].get("logits").is_none() && record["compressed"][0].get("answers").is_none());
        assert_eq!(record["verdict"], Value::Null);
    }

    #[test]
    fn json_leaves_out_what_another_training_measured() {
        let mut state = state();
        state.outdated = true;
        let record = read(&state);
        assert_eq!(record["measured"], json!([]), "the curve has not reached its second epoch");
        assert_eq!(record["compressed"], json!([]));
    }
}
