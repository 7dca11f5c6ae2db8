//! What is wrong with a link, a file or a sweep, and what an engine cannot do. Pure: texts in, texts out.

use retort_spec::{
    Architecture, DataSet, EngineError, FileProblem, Incompatibility, MOST_CELLS, Plan, ProblemKind, SweepError,
};

use crate::i18n::{
    Texts,
    format::number,
    labels::{file_problem, network_name},
};

/// What is wrong with a value, as a clause.
pub fn problem_reason(texts: &Texts, kind: &ProblemKind) -> String {
    match kind {
        ProblemKind::UnknownKey => texts.get("problem-unknown"),
        ProblemKind::UnknownName => texts.get("problem-name"),
        ProblemKind::NotANumber => texts.get("problem-number"),
        ProblemKind::OutOfRange { min, max } => {
            texts.with("problem-range", &[("min", min.to_string().into()), ("max", max.to_string().into())])
        }
        ProblemKind::NotAChoice { words } => texts.with("problem-choice", &[("words", words.as_str().into())]),
        ProblemKind::NotWidths { layers, width } => {
            let args = [
                ("layers", layers.to_string().into()),
                ("width", width.to_string().into()),
                ("channels", Architecture::MAX_CHANNELS.to_string().into()),
            ];
            texts.with("problem-widths", &args)
        }
        ProblemKind::NotClasses => texts.get("problem-classes"),
        ProblemKind::NotStages => texts.get("problem-stages"),
        ProblemKind::NotPoints => texts.get("problem-points"),
        ProblemKind::PipelineError { place, error } => texts.with(
            "problem-disorder",
            &[("place", (place + 1).into()), ("reason", texts.get(&format!("disorder-{}", error.word())).into())],
        ),
        ProblemKind::NotOmittable => texts.get("problem-omit"),
        ProblemKind::NoImages => texts.get("problem-images"),
        ProblemKind::WrongNetwork => texts.get("problem-network"),
        ProblemKind::GivenTwice => texts.get("problem-twice"),
        ProblemKind::NewerVersion { known } => texts.with("problem-newer", &[("known", known.to_string().into())]),
    }
}

/// What is wrong with a file.
pub fn bad_file(texts: &Texts, name: &str, problem: &FileProblem) -> String {
    texts.with("trouble-bad-file", &[("name", name.into()), ("reason", file_problem(texts, problem).into())])
}

/// Why an experiment of this plan cannot go on, and what the visitor can do.
pub fn trouble_text(texts: &Texts, plan: &Plan, trouble: &EngineError) -> String {
    match trouble {
        EngineError::Diverged { network_id, step, learning_rate } => {
            let args = [
                ("network", network_name(texts, plan, *network_id).into()),
                ("step", number(texts, (*step).into(), 0).into()),
                ("rate", learning_rate.to_string().into()),
            ];
            texts.with("trouble-diverged", &args)
        }
        EngineError::FilesNeeded { data } => {
            let id = if *data == DataSet::Table { "trouble-table-needed" } else { "trouble-files-needed" };
            texts.with(id, &[("data", texts.get(&format!("data-{data}")).into())])
        }
        EngineError::BadFile { name, reason } => bad_file(texts, name, reason),
        EngineError::NothingToLearn => texts.get("trouble-nothing"),
        EngineError::Refused { objective, refusal } => {
            let args = [
                ("objective", texts.get(&format!("knob-{objective}")).into()),
                ("reason", refusal_text(texts, *refusal).into()),
            ];
            texts.with("trouble-refused", &args)
        }
        EngineError::OtherEngine { data } => {
            texts.with("trouble-other-engine", &[("data", texts.get(&format!("data-{data}")).into())])
        }
        EngineError::Device { reason } | EngineError::Engine { reason } => {
            texts.with("trouble-engine", &[("reason", reason.as_str().into())])
        }
    }
}

/// Why an objective cannot be used, as a clause.
pub fn refusal_text(texts: &Texts, refusal: Incompatibility) -> String {
    let count = |value: u32| number(texts, value.into(), 0).into();
    match refusal {
        Incompatibility::Batch { needed, given } => {
            texts.with("refusal-batch", &[("needed", count(needed)), ("given", count(given))])
        }
        Incompatibility::NoStages => texts.get("refusal-no-stages"),
        Incompatibility::NoPlaces => texts.get("refusal-no-places"),
        Incompatibility::OneStage => texts.get("refusal-one-stage"),
        Incompatibility::Channels { student, teacher } => {
            texts.with("refusal-channels", &[("student", count(student)), ("teacher", count(teacher))])
        }
    }
}

/// What is wrong with the text of a sweep.
pub fn sweep_error(texts: &Texts, error: &SweepError) -> String {
    let of = |id: &str, what: &str| texts.with(id, &[("what", what.into())]);
    match error {
        SweepError::Empty => texts.get("sweep-choose"),
        SweepError::TooManyKnobs { .. } => texts.get("sweep-two-knobs"),
        SweepError::NoColon { part } => of("sweep-no-values", part),
        SweepError::UnknownKnob { key } => [key, texts.language.colon(), &texts.get("problem-unknown")].concat(),
        SweepError::KnobTwice { .. } => texts.get("sweep-knob-twice"),
        SweepError::EmptyValue { usual, .. } => of("sweep-empty-value", usual),
        SweepError::BadValue { value, kind, .. } => {
            [value, texts.language.colon(), &problem_reason(texts, kind)].concat()
        }
        SweepError::ValueTwice { value, commas, .. } => {
            of(if *commas { "sweep-twice-commas" } else { "sweep-value-twice" }, value)
        }
        SweepError::BadRange { range, .. } => of("sweep-bad-range", range),
        SweepError::TooManyCells { .. } => {
            texts.with("sweep-too-many", &[("count", number(texts, MOST_CELLS as f64, 0).into())])
        }
    }
}
