//! The permalink: an experiment as readable `key=value` pairs, only what differs from the default.

use serde::{Deserialize, Serialize};

use crate::{
    experiment::Experiment,
    knobs::{KNOBS, knob},
    problem::ProblemKind,
    values::DataSet,
};

/// The version of the encoding, written as `v`. It rises when an old link would otherwise mean something else.
pub const VERSION: u32 = 1;

/// Something in a permalink that could not be used as it stood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{key}={value}: {kind}")]
pub struct Problem {
    /// The key as it was given.
    pub key: String,
    /// The value as it was given.
    pub value: String,
    /// What is wrong with it.
    pub kind: ProblemKind,
    /// The value that is used instead; `None` where the pair is left out altogether.
    pub used: Option<String>,
}

/// What a permalink says.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The experiment, every bad value replaced by its default.
    pub experiment: Experiment,
    /// What could not be used as it stood, in the order of the link.
    pub problems: Vec<Problem>,
}

/// Writes an experiment as a permalink's query: `v=1&…`, only knobs that differ from the data set's defaults.
pub fn encode(experiment: &Experiment) -> String {
    let defaults = Experiment::for_data(experiment.data);
    let mut query = format!("v={VERSION}");
    for knob in KNOBS {
        let value = knob.get(experiment);
        let is_default = match knob.key {
            "data" => experiment.data == Experiment::default().data,
            _ => value == knob.get(&defaults),
        };
        if !is_default {
            query.push_str(&format!("&{}={value}", knob.key));
        }
    }
    query
}

/// Reads a permalink's query, with or without a leading `?` or `#`.
///
/// Never fails: every bad value is named in the problems and replaced by its default, unknown keys are reported, and
/// pairs whose key starts as one of `foreign` does (the page's own settings) are passed over in silence.
pub fn decode(query: &str, foreign: &[&str]) -> Decoded {
    let pairs = pairs(query);
    let mut problems = Vec::new();
    let mut report = |key: &str, value: &str, kind, used: Option<String>| {
        problems.push(Problem { key: key.into(), value: value.into(), kind, used });
    };
    // The data set decides the defaults of the other knobs, wherever in the link it stands.
    let data = pairs.iter().find(|(key, _)| key == "data").and_then(|(_, value)| value.parse::<DataSet>().ok());
    let defaults = data.map_or_else(Experiment::default, Experiment::for_data);
    let mut experiment = defaults.clone();
    let mut seen: Vec<&str> = Vec::new();
    for (key, value) in &pairs {
        if foreign.contains(&key.as_str()) {
            continue;
        }
        if seen.contains(&key.as_str()) {
            report(key, value, ProblemKind::GivenTwice, None);
            continue;
        }
        seen.push(key);
        if key == "v" {
            match value.parse::<u32>() {
                Ok(version) if version <= VERSION && version > 0 => {}
                Ok(version) if version > VERSION => {
                    report(key, value, ProblemKind::NewerVersion { known: VERSION }, Some(VERSION.to_string()));
                }
                _ => report(key, value, ProblemKind::NotANumber, Some(VERSION.to_string())),
            }
            continue;
        }
        match knob(key) {
            None => report(key, value, ProblemKind::UnknownKey, None),
            Some(knob) => {
                if let Err(kind) = knob.set(&mut experiment, value) {
                    report(key, value, kind, Some(knob.get(&defaults)));
                }
            }
        }
    }
    problems.extend(sanitize(&mut experiment));
    Decoded { experiment, problems }
}

/// Resets what no single knob's range can rule out, and tells what was put back.
pub fn sanitize(experiment: &mut Experiment) -> Vec<Problem> {
    let asked = experiment.clone();
    let keys = experiment.sanitize();
    let problem = |key: &str| {
        let knob = knob(key)?;
        let kind = match key {
            "omit" => ProblemKind::NotOmittable,
            "compress" => {
                let (place, error) = asked.compress.check().err()?;
                ProblemKind::PipelineError { place: place as u32, error }
            }
            _ => ProblemKind::NoImages,
        };
        Some(Problem { key: key.into(), value: knob.get(&asked), kind, used: Some(knob.get(experiment)) })
    };
    keys.into_iter().filter_map(problem).collect()
}

/// Splits a query into its pairs, percent-decoded; a key without `=` has an empty value.
fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .trim_start_matches(['?', '#'])
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (percent_decode(key), percent_decode(value)))
        .collect()
}

/// Decodes `%2C` and the like, which messengers put into links; anything malformed stays as it is.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let hex = (bytes[index] == b'%')
            .then(|| bytes.get(index + 1..index + 3))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match hex {
            Some(byte) => {
                decoded.push(byte);
                index += 3;
            }
            None => {
                decoded.push(bytes[index]);
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::PipelineError;
    use crate::values::{Bits, Classes, Labels};

    #[test]
    fn a_pipeline_that_makes_no_sense_is_named_by_its_stage() {
        let read = decode("compress=quantize:4,finetune:5", &[]);
        assert_eq!(read.experiment, Experiment::default());
        let kind = ProblemKind::PipelineError { place: 1, error: PipelineError::AfterQuantize };
        assert_eq!(read.problems[0].kind, kind);
        let link = "v=1&compress=prune:0.9,finetune:5,quantize:4";
        assert_eq!(encode(&decode(link, &[]).experiment), link);
    }

    #[test]
    fn the_default_is_an_empty_link() {
        assert_eq!(encode(&Experiment::default()), "v=1");
        assert_eq!(decode("", &[]), Decoded { experiment: Experiment::default(), problems: vec![] });
    }

    #[test]
    fn only_what_differs_is_written_and_it_comes_back() {
        let experiment = Experiment {
            seed: 7,
            labels: Labels::All,
            omitted_classes: Classes::new([3]),
            temperature: 20.0,
            soft_weight: 1.0,
            bits: Bits::B2,
            ..Experiment::for_data(DataSet::Mnist)
        };
        let link = encode(&experiment);
        assert_eq!(link, "v=1&data=mnist&seed=7&labels=all&omit=3&temperature=20&soft=1&bits=2");
        assert_eq!(decode(&link, &[]).experiment, experiment);
        assert_eq!(decode(&format!("#{}", link.replace('=', "%3D").replace("%3D", "=")), &[]).problems, []);
    }

    #[test]
    fn every_bad_value_is_named_and_replaced() {
        let decoded = decode(
            "v=1&temperature=1e9&soft=NaN&student=0&omit=3%2C12&bits=7&colour=red&seed=-1&labels=5&labels=6&batch",
            &["colour"],
        );
        let named: Vec<&str> = decoded.problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(named, ["temperature", "soft", "student", "bits", "seed", "labels", "batch", "omit"]);
        assert_eq!(decoded.experiment, Experiment { labels: Labels::Count(5), ..Experiment::default() });
        assert_eq!(decoded.problems[0].kind, ProblemKind::OutOfRange { min: 0.2, max: 100.0 });
        assert_eq!(decoded.problems[0].used, Some(Experiment::default().temperature.to_string()));
    }

    #[test]
    fn unknown_keys_and_newer_versions_are_reported() {
        let decoded = decode("v=9&flux=1", &[]);
        assert_eq!(decoded.problems[0].kind, ProblemKind::NewerVersion { known: VERSION });
        assert_eq!(decoded.problems[1].kind, ProblemKind::UnknownKey);
        assert_eq!(decoded.experiment, Experiment::default());
    }

    #[test]
    fn hostile_links_do_not_panic() {
        for link in ["%", "%zz=%", "&&&===", "a=%F0%28", "v=&data=&teacher=,,,", "temperature=-0", "omit=256"] {
            let decoded = decode(link, &[]);
            assert_eq!(decode(&encode(&decoded.experiment), &[]).problems, []);
        }
    }
}
