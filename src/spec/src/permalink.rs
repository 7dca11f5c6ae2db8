//! The permalink: an experiment as readable `key=value` pairs, only what differs from the default.

use serde::{Deserialize, Serialize};

use crate::{
    experiment::Experiment,
    knobs::{KNOBS, knob},
    link::{self, unpunctuated},
    problem::ProblemKind,
    scheme_word::Scheme,
    values::{DataSet, Transfer},
};

/// The version of the encoding, written as `v`. It rises when an old link would otherwise mean something else.
pub const VERSION: u32 = 2;

/// The least version by which a link with this data set means what it says: version 2 changed the defaults of spirals.
fn version_for(data: DataSet) -> u32 {
    if data == DataSet::Spirals { 2 } else { 1 }
}

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
    let defaults = Experiment::usual(experiment.data, experiment.scheme);
    let mut query = format!("v={}", version_for(experiment.data));
    for knob in KNOBS {
        let value = knob.get(experiment);
        let is_default = match knob.key {
            "data" => knob.is_same(experiment, &Experiment::default()),
            "scheme" => knob.is_same(experiment, &Experiment::for_data(experiment.data)),
            _ => value == knob.get(&defaults),
        };
        if !is_default {
            query.push_str(&format!("&{}={value}", knob.key));
        }
    }
    query
}

/// Reads a permalink: a whole address, the part behind its `#` or `?`, or pairs alone, bent as [`link::pairs`] says.
///
/// Never fails: every bad value is named in the problems and replaced by its default, unknown keys are reported, and
/// pairs with one of the keys in `foreign` (the page's own settings) are passed over in silence.
pub fn decode(query: &str, foreign: &[&str]) -> Decoded {
    let pairs = link::pairs(query);
    let mut problems = Vec::new();
    let mut report = |key: &str, value: &str, kind, used: Option<String>| {
        problems.push(Problem { key: key.into(), value: value.into(), kind, used });
    };
    // Data set and scheme decide the defaults of the other knobs, wherever in the link they stand.
    let given = |key: &str| pairs.iter().find(|(other, _)| other.eq_ignore_ascii_case(key)).map(|(_, value)| value);
    let mut defaults = Experiment::default();
    for key in ["data", "scheme"] {
        if let (Some(knob), Some(value)) = (knob(key), given(key)) {
            // A bad one is told below.
            let _ = knob.set(&mut defaults, value);
        }
        if key == "data" {
            defaults = Experiment::for_data(defaults.data);
        }
    }
    let version = given("v").and_then(|value| unpunctuated(value).parse().ok()).unwrap_or(VERSION);
    let defaults = Experiment::for_data_of_version(defaults.data, version).with_defaults(defaults.scheme);
    let mut experiment = defaults.clone();
    let mut seen: Vec<&str> = Vec::new();
    for (key, value) in &pairs {
        let lower = key.to_ascii_lowercase();
        if foreign.contains(&lower.as_str()) {
            continue;
        }
        if seen.iter().any(|other| other.eq_ignore_ascii_case(key)) {
            report(key, value, ProblemKind::GivenTwice, None);
            continue;
        }
        seen.push(key);
        if lower == "v" {
            match unpunctuated(value).parse::<u32>() {
                Ok(version) if version <= VERSION && version > 0 => {}
                Ok(version) if version > VERSION => {
                    report(key, value, ProblemKind::NewerVersion { known: VERSION }, Some(VERSION.to_string()));
                }
                _ => report(key, value, ProblemKind::NotANumber, Some(VERSION.to_string())),
            }
            continue;
        }
        match knob(&lower) {
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
            "members" => {
                let (least, most) = asked.scheme.entry().members;
                ProblemKind::OutOfRange { min: least.into(), max: most.into() }
            }
            "scheme" | "transfer" => {
                let all = if key == "scheme" { Scheme::WORDS } else { Transfer::WORDS };
                let words: Vec<&str> = all.iter().copied().filter(|word| asked.offers(key, word)).collect();
                ProblemKind::NotAChoice { words: words.join(", ") }
            }
            "teacher" | "student" if asked.data.is_of_sequences() || !asked.data.is_plane() => {
                ProblemKind::WrongNetwork
            }
            "pack" => ProblemKind::NotAChoice { words: experiment.plan().weighted_words() },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::PAGE_KEYS;
    use crate::network_id::NetworkId;
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
    fn a_network_to_pack_that_the_plan_does_not_have_is_named_with_those_that_it_has() {
        for (link, words) in [
            ("pack=assistant", "teacher, baseline, student"),
            ("pack=pupil", "teacher, baseline, student"),
            ("scheme=mutual&pack=ensemble", "baseline, student, student-2"),
        ] {
            let read = decode(link, &[]);
            assert_eq!((read.experiment.pack, read.problems.len()), (NetworkId::STUDENT, 1), "{link}");
            assert_eq!(read.problems[0].kind, ProblemKind::NotAChoice { words: words.into() });
            assert_eq!(read.problems[0].used.as_deref(), Some("student"));
        }
        let link = "v=1&pack=teacher";
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
    fn a_link_of_an_older_version_keeps_its_defaults() {
        let old = decode("v=1&data=spirals&seed=3", &[]).experiment;
        assert_eq!((old.noise, old.labels, old.seed), (0.1, Labels::Count(12), 3));
        assert_eq!(encode(&old), "v=2&data=spirals&noise=0.1&seed=3&student=6&labels=12");
        assert_eq!(decode(&encode(&old), &[]).experiment, old);
        for new in ["data=spirals", "v=2&data=spirals"] {
            assert_eq!(decode(new, &[]).experiment, Experiment::for_data(DataSet::Spirals));
        }
    }

    #[test]
    fn unknown_keys_and_newer_versions_are_reported() {
        let decoded = decode("v=9&flux=1", &[]);
        assert_eq!(decoded.problems[0].kind, ProblemKind::NewerVersion { known: VERSION });
        assert_eq!(decoded.problems[1].kind, ProblemKind::UnknownKey);
        assert_eq!(decoded.experiment, Experiment::default());
    }

    #[test]
    fn values_are_read_as_people_type_them() {
        let link = "#V=1&Data=Moons&temperature=2,5&soft=０。５&student=６４、32&labels= 20.&omit=none.&optimizer=SGD)";
        let read = decode(link, &[]);
        assert_eq!(read.problems, []);
        let straight = "v=1&data=moons&student=64,32&labels=20&temperature=2.5&soft=0.5&optimizer=sgd";
        assert_eq!(read.experiment, decode(straight, &[]).experiment);
        assert_eq!(read.experiment.temperature, 2.5);
        let out = decode("soft=1,5&temperature=1,000&seed=3 4", &[]).problems;
        assert_eq!(out[0].kind, ProblemKind::OutOfRange { min: 0.0, max: 1.0 });
        assert_eq!([&out[1].kind, &out[2].kind], [&ProblemKind::NotANumber, &ProblemKind::NotANumber]);
        assert_eq!((out.len(), out[1].value.as_str()), (3, "1,000"), "told as it was typed");
    }

    /// Links of nasty values: what is decoded and written again is read without a problem and means the same.
    #[test]
    fn random_links_come_back() {
        const VALUES: [&str; 44] = [
            "",
            "0",
            "-0",
            "1",
            "-1",
            "0,5",
            "1e-120",
            "1e300",
            "1e999",
            "NaN",
            "inf",
            "99999999999999999999",
            "４",
            "%",
            "%zz",
            "%F0%28",
            "%2525",
            "all",
            "none",
            "ALL.",
            "0.30000000000000004",
            "5e-324",
            "2.5",
            "3,1,4",
            ",,,",
            "conv:8,16",
            "res:4",
            "linear",
            "2048,2048",
            "2049",
            "mnist",
            "moons",
            "digits8",
            "prune:0.9",
            "quantize:2",
            "prune:0.5,finetune:3,quantize:4,huffman",
            "huffman,huffman",
            "qat:2:10",
            "on",
            "off",
            "\u{202e}",
            "&amp;",
            "1;seed=2",
            "\u{0}",
        ];
        // A count from outside for a longer search.
        let count = std::env::var("RETORT_LINKS").ok().and_then(|count| count.parse().ok()).unwrap_or(20_000_u64);
        let mut state = 1_u64;
        let mut draw = |below: usize| {
            // Knuth's linear congruential generator (TAOCP vol. 2, 3.3.4).
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below as u64) as usize
        };
        for _ in 0..count {
            let mut link = String::from("#v=1");
            for _ in 0..draw(6) {
                let key = KNOBS.get(draw(KNOBS.len() + 2)).map_or("utm_x", |knob| knob.key);
                link += &format!("&{key}={}", VALUES[draw(VALUES.len())]);
            }
            let read = decode(&link, PAGE_KEYS);
            let written = encode(&read.experiment);
            let again = decode(&written, &[]);
            assert_eq!((&again.experiment, &again.problems[..]), (&read.experiment, &[][..]), "{link}");
            assert_eq!(encode(&again.experiment), written, "{link}");
        }
    }

    #[test]
    fn hostile_links_do_not_panic() {
        for link in ["%", "%zz=%", "&&&===", "a=%F0%28", "v=&data=&teacher=,,,", "temperature=-0", "omit=256"] {
            let decoded = decode(link, &[]);
            assert_eq!(decode(&encode(&decoded.experiment), &[]).problems, []);
        }
    }
}
