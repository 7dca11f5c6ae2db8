//! The text of a sweep as it is written on the page: its parts, and values that a knob may well be swept over. Pure.

use retort_spec::{
    Architecture, Axis, DataSet, Experiment, KNOBS, Kind, Knob, NetworkKind, Objective, Phase, Scale, read_number,
};

/// Knobs that a sweep has at most.
pub const MOST_KNOBS: usize = 2;

/// The knobs of a sweep's text with their lists, as they were written.
pub fn parts(text: &str) -> Vec<(String, String)> {
    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    let split = |part: &str| {
        let (key, list) = part.split_once(':').unwrap_or((part, ""));
        (key.trim().to_owned(), list.to_owned())
    };
    parts.map(split).collect()
}

/// Their text.
pub fn joined(parts: &[(String, String)]) -> String {
    parts.iter().map(|(key, list)| [key, ":", list].concat()).collect::<Vec<String>>().join(";")
}

/// The knobs that a sweep of the page may turn. Others decide how a trained network is compressed, which the sweep
/// does not do.
pub fn sweepable(experiment: &Experiment) -> impl Iterator<Item = &'static Knob> {
    // No class can be left out of two, and points are moved by hand.
    let has_values =
        |knob: &&Knob| (knob.kind != Kind::Classes || experiment.class_count() > 2) && knob.kind != Kind::Points;
    KNOBS.iter().filter(|knob| knob.phase != Phase::Show && experiment.applies(knob.key)).filter(has_values)
}

/// A list of values for a knob, around the one that it has; of so many training examples, where that is known.
pub fn suggestion(experiment: &Experiment, knob: &Knob, train: Option<u32>) -> String {
    let now = knob.get(experiment);
    let mut values: Vec<String> = match knob.kind {
        Kind::Choice(words) => {
            words.iter().filter(|word| is_offered(experiment, knob.key, word)).map(|word| (*word).to_owned()).collect()
        }
        Kind::Number { min, max, scale } => numbers(experiment, knob, (min, max), scale),
        Kind::Integer { min, max } if knob.key == "seed" => {
            let first = now.parse::<u32>().unwrap_or(min);
            (0..5).map(|more| first.saturating_add(more).min(max).to_string()).collect()
        }
        Kind::Integer { min, max } => {
            let now = read_number(&now).unwrap_or_default();
            let values = if now < 4.0 { [0.0, 1.0, 2.0, 4.0, 8.0] } else { around(now) };
            values.map(|value| value.round().clamp(min.into(), max.into()).to_string()).into()
        }
        Kind::Labels { min, .. } => {
            let some = [10, 30, 100, 300].into_iter().filter(|count| train.is_none_or(|train| *count < train));
            some.filter(|count| *count >= min).map(|count| count.to_string()).chain(["all".into()]).collect()
        }
        Kind::Widths if knob.key == "teacher" => widths(&experiment.teacher),
        Kind::Widths => widths(&experiment.student),
        Kind::Classes => {
            let last = experiment.class_count().saturating_sub(1);
            ["none".to_owned(), last.min(3).to_string(), last.min(7).to_string()].into()
        }
        Kind::Stages | Kind::Network | Kind::Points => vec![now.clone()],
    };
    let mut seen = Vec::new();
    values.retain(|value| {
        let is_new = !seen.contains(value);
        seen.push(value.clone());
        // What a knob does not take is left out.
        is_new && [knob.key, ":", value, "|"].concat().parse::<Axis>().is_ok()
    });
    listed(if values.is_empty() { std::slice::from_ref(&now) } else { &values })
}

/// Values as a list: bars stand between those that contain commas.
fn listed(values: &[String]) -> String {
    match values {
        [only] if only.contains(',') => [only, "|"].concat(),
        many if many.iter().any(|value| value.contains(',')) => many.join("|"),
        many => many.join(","),
    }
}

/// A fourth of a number up to four times as much.
fn around(now: f64) -> [f64; 5] {
    [now / 4.0, now / 2.0, now, 2.0 * now, 4.0 * now]
}

fn is_offered(experiment: &Experiment, key: &str, word: &str) -> bool {
    let is_at_hand = |data: DataSet| {
        data == experiment.data || !data.needs_files() && data.is_of_sequences() == experiment.data.is_of_sequences()
    };
    experiment.offers(key, word) && (key != "data" || word.parse().is_ok_and(is_at_hand))
}

fn numbers(experiment: &Experiment, knob: &Knob, (min, max): (f64, f64), scale: Scale) -> Vec<String> {
    let written = |value: f64| value.clamp(min, max).to_string();
    let now = read_number(&knob.get(experiment)).unwrap_or(min);
    match (knob.key, knob.key.parse::<Objective>()) {
        // From hard to nearly even, as in Hinton et al. 2015.
        ("temperature", _) => [1.0, 2.0, 4.0, 8.0, 20.0].map(written).into(),
        (_, Ok(objective)) => {
            let usual = objective.info().weight;
            [0.0, usual / 4.0, usual, 4.0 * usual].map(written).into()
        }
        _ if scale == Scale::Linear || now == 0.0 => vec![[&written(min), "..", &written(max), "/5"].concat()],
        _ => around(now).map(written).into(),
    }
}

/// Networks of a fourth of the width, of the same and of four times as much; the number of blocks stays.
fn widths(now: &Architecture) -> Vec<String> {
    let scaled_widths = if now.kind == NetworkKind::Transformer { 1 } else { now.widths.len() };
    let scaled = |factor: f64| {
        let mut network = now.clone();
        for width in network.widths.iter_mut().take(scaled_widths) {
            *width = (f64::from(*width) * factor).round().max(1.0) as u32;
        }
        network.to_string()
    };
    [0.25, 1.0, 4.0].map(scaled).into()
}

#[cfg(test)]
mod tests {
    use retort_spec::{Sweep, knob};

    use super::*;

    #[test]
    fn parts_are_put_together_again() {
        let text = "temperature:1,2;student:4,";
        assert_eq!(parts(text), [("temperature", "1,2"), ("student", "4,")].map(|(a, b)| (a.into(), b.into())));
        assert_eq!(joined(&parts(text)), text);
        assert_eq!((parts(""), parts("seed")), (vec![], vec![("seed".into(), String::new())]));
    }

    #[test]
    fn every_knob_has_values_that_can_be_swept() {
        for &data in DataSet::ALL {
            let experiment = Experiment::for_data(data);
            for knob in sweepable(&experiment) {
                let list = suggestion(&experiment, knob, Some(1000));
                let sweep: Sweep = format!("{}:{list}", knob.key).parse().unwrap();
                let cells = sweep.cells(&experiment);
                assert!(cells.len() > 1, "{data}: {} {list}", knob.key);
                assert!(cells.iter().filter(|cell| cell.experiment.is_ok()).count() > 1, "{data}: {} {list}", knob.key);
            }
        }
    }

    #[test]
    fn suggestions_lie_around_the_value_and_within_the_range() {
        let experiment = Experiment::default();
        let of = |key: &str| suggestion(&experiment, knob(key).unwrap(), Some(200));
        assert_eq!([of("temperature"), of("soft"), of("labels")], ["1,2,4,8,20", "0..1/5", "10,30,100,all"]);
        let experiment = Experiment { teacher: Architecture::mlp([64, 8]), ..experiment };
        assert_eq!(suggestion(&experiment, knob("teacher").unwrap(), None), "16,2|64,8|256,32");
    }
}
