//! What knobs and runs are called. Pure: texts in, texts out.

use retort_spec::{
    Channel, ClassNames, CompressionStep, Contrast, DataSet, Experiment, FileProblem, Kind, Knob, Manner, NetworkId,
    Origin, Pipeline, PipelineError, Plan, QuantScheme, Rank, Role, Shown, Sparsity, changed,
};

use crate::i18n::{
    Texts,
    format::{number, with_percent_sign},
};

/// A knob's name where it stands alone. In its own network's panel "Network" is enough, elsewhere it is not.
pub fn knob_name(texts: &Texts, knob: &Knob) -> String {
    let name = texts.get(&format!("knob-{}", knob.key));
    match knob.key {
        "teacher" => texts.with("teacher-knob", &[("knob", name.into())]),
        "student" => texts.with("student-knob", &[("knob", name.into())]),
        _ => name,
    }
}

/// A knob's value as the page writes it.
pub fn knob_value(texts: &Texts, knob: &Knob, experiment: &Experiment) -> String {
    let value = knob.get(experiment);
    match knob.kind {
        Kind::Choice(_) => texts.get(&format!("{}-{value}", knob.key)),
        Kind::Network => network_name(texts, &experiment.plan(), experiment.pack),
        _ => value_word(texts, value),
    }
}

/// A value as the page writes it, which is a word or figures: “all” labels, “none” of the classes.
pub fn value_word(texts: &Texts, value: String) -> String {
    match &*value {
        "all" => texts.get("value-all"),
        "none" => texts.get("value-none"),
        _ => value,
    }
}

/// What a visitor finds who turns no knob but those of data set and scheme: their defaults.
pub fn usual(experiment: &Experiment) -> Experiment {
    let (data, scheme) = (Experiment::default().data, Experiment::for_data(experiment.data).scheme);
    Experiment { data, scheme, ..Experiment::usual(experiment.data, experiment.scheme) }
}

/// The knobs at which an experiment differs from that, as far as they mean anything in its scheme.
pub fn differences(experiment: &Experiment) -> Vec<&'static Knob> {
    changed(&usual(experiment), experiment).filter(|knob| experiment.applies(knob.key)).collect()
}

/// A run's name: what differs from the run before it, or from the defaults. Where data set or scheme are others, what
/// follows from that alone is no difference.
pub fn run_name(texts: &Texts, before: Option<&Experiment>, experiment: &Experiment) -> String {
    /// A name that says more than this does not fit.
    const MOST: usize = 4;
    let own = differences(experiment);
    let moved = |before: &&Experiment| (before.data, before.scheme) != (experiment.data, experiment.scheme);
    let is_told = |knob: &&Knob| match before.filter(moved) {
        Some(_) => matches!(knob.key, "data" | "scheme") || own.iter().any(|other| other.key == knob.key),
        None => experiment.applies(knob.key),
    };
    let told: Vec<&Knob> = before.map_or_else(Vec::new, |before| changed(before, experiment).filter(is_told).collect());
    let knobs = if told.is_empty() { own } else { told };
    if knobs.is_empty() {
        return texts.get("keep-defaults");
    }
    let name = |knob: &&Knob| match knob.key {
        "data" | "scheme" | "bits" => knob_value(texts, knob, experiment),
        // The symbol that the page's formulas use.
        "temperature" => format!("T {}", knob_value(texts, knob, experiment)),
        _ => format!("{} {}", knob_name(texts, knob), knob_value(texts, knob, experiment)),
    };
    let comma = texts.language.comma();
    let more = if knobs.len() > MOST { [comma, "…"].concat() } else { String::new() };
    knobs.iter().take(MOST).map(name).collect::<Vec<_>>().join(comma) + &more
}

/// What a network is called where there is room: its role, and a number where the plan has several of it.
pub fn network_name(texts: &Texts, plan: &Plan, id: NetworkId) -> String {
    named(texts, plan, id, "network")
}

/// The same in a word.
pub fn short_name(texts: &Texts, plan: &Plan, id: NetworkId) -> String {
    named(texts, plan, id, "short")
}

fn named(texts: &Texts, plan: &Plan, id: NetworkId, prefix: &str) -> String {
    if let Some(manner) =
        plan.supervision(id).map(|(_, lesson)| lesson.manner).filter(|manner| *manner != Manner::Usual)
    {
        return texts.get(&format!("{prefix}-{manner}"));
    }
    /// What the students do with the source's weights, or with its answers.
    const HANDED_ON: [&str; 3] = ["tuned", "frozen", "taught"];
    if let (Role::Student, Contrast::FreshStart, Some(word)) =
        (id.role, plan.contrast, HANDED_ON.get(usize::from(id.index)))
    {
        return texts.get(&format!("{prefix}-{word}"));
    }
    let shown = plan.supervision(id).map(|(_, lesson)| lesson.shown).filter(|shown| *shown != Shown::Examples);
    if let Some(shown) = shown {
        return texts.get(&format!("{prefix}-{shown}"));
    }
    let word = match (id.role, plan.contrast) {
        (Role::Teacher, Contrast::Noiseless) => "votes",
        (Role::Teacher, Contrast::FineTuned) => "before",
        (Role::Teacher, Contrast::FreshStart) => "source",
        (Role::Baseline, Contrast::Alone) => "baseline",
        // Those that are averaged are nobody's control.
        (Role::Baseline, Contrast::Single) => "ingredient",
        (Role::Baseline, _) => "control",
        (Role::Student, Contrast::Single) => "average",
        (Role::Assistant, Contrast::Single) => "start",
        (role, _) => role.word(),
    };
    if plan.ids().filter(|other| other.role == id.role).count() > 1 {
        let args = [("role", texts.get(&format!("role-{word}")).into()), ("number", (u32::from(id.index) + 1).into())];
        texts.with("network-numbered", &args)
    } else {
        texts.get(&format!("{prefix}-{word}"))
    }
}

/// The names of networks as a list; of many how many they are.
pub fn network_names(texts: &Texts, plan: &Plan, ids: &[NetworkId]) -> String {
    /// A list of more would be a paragraph.
    const MOST: usize = 3;
    match ids.len() {
        count if count > MOST => texts.with("networks-count", &[("count", count.into())]),
        _ => {
            let names: Vec<String> = ids.iter().map(|id| network_name(texts, plan, *id)).collect();
            names.join(texts.language.comma())
        }
    }
}

/// What a network learns from, in a few words.
pub fn taught_by(texts: &Texts, plan: &Plan, id: NetworkId) -> String {
    let names = |ids: &[NetworkId]| network_names(texts, plan, ids).into();
    match plan.network(id).map(|network| &network.origin) {
        Some(Origin::Average(members)) => texts.with("average-of", &[("names", names(members))]),
        Some(Origin::Ensemble(members)) => texts.with("ensemble-of", &[("names", names(members))]),
        Some(Origin::Votes(members)) => texts.with("votes-of", &[("names", names(members))]),
        _ => {
            let teachers: Vec<NetworkId> = plan.teachers(id).iter().map(|(teacher, _)| *teacher).collect();
            let channel = plan.supervision(id).map(|(_, lesson)| lesson.channel);
            let key = match channel {
                _ if teachers.is_empty() => return texts.get("labels-alone"),
                Some(Channel::Extra) => "taught-by-extra",
                Some(Channel::Old) => "taught-by-old",
                Some(Channel::Votes(None)) => "taught-by-votes",
                Some(Channel::Votes(_)) => "taught-by-noisy-votes",
                Some(Channel::Pictures) => "taught-by-pictures",
                _ => "taught-by",
            };
            texts.with(key, &[("names", names(&teachers))])
        }
    }
}

/// A scheme in words: its format, and what else is not as usual.
pub fn scheme_name(texts: &Texts, scheme: &QuantScheme) -> String {
    let (scheme, usual) = (scheme.effective(), QuantScheme::of(scheme.bits));
    let mut name = texts.get(&format!("bits-{}", scheme.bits));
    let parts = [
        ("granularity", scheme.granularity.word(), usual.granularity.word()),
        ("zero-point", scheme.zero_point.word(), usual.zero_point.word()),
        ("range", scheme.range.word(), usual.range.word()),
        ("rounding", scheme.rounding.word(), usual.rounding.word()),
        ("repair", scheme.repair.word(), usual.repair.word()),
        ("activations", scheme.activations.word(), usual.activations.word()),
    ];
    for (knob, word, usual) in parts {
        if word != usual {
            let word = texts.get(&format!("{knob}-{word}"));
            name += " · ";
            // Two widths of bits stand in one name.
            if knob == "activations" {
                name += &format!("{} ", texts.get("knob-activations"));
            }
            name += &word;
        }
    }
    name
}

/// A stage of a pipeline in words.
pub fn treatment_name(texts: &Texts, treatment: &CompressionStep) -> String {
    let share = |share: f64| with_percent_sign(texts, &number(texts, 100.0 * share, 0));
    let (id, what) = match *treatment {
        CompressionStep::Prune { sparsity, structure: Sparsity::Unstructured } => ("stage-prune", share(sparsity)),
        CompressionStep::Prune { sparsity, structure: Sparsity::Structured } => ("stage-units", share(sparsity)),
        CompressionStep::Gradual { sparsity, .. } => ("stage-gradual", share(sparsity)),
        CompressionStep::FineTune { epochs, .. } => ("stage-finetune", epochs.to_string()),
        CompressionStep::Quantize(scheme) => return scheme_name(texts, &scheme),
        CompressionStep::QuantizationAware { scheme, .. } => ("stage-qat", scheme_name(texts, &scheme)),
        CompressionStep::LowRank(Rank::Count(count)) => ("stage-rank", count.to_string()),
        CompressionStep::LowRank(Rank::Energy(energy)) => ("stage-energy", share(energy)),
        CompressionStep::Share { bits } => ("stage-share", (1_u32 << bits).to_string()),
        CompressionStep::Huffman => ("stage-huffman", String::new()),
    };
    texts.with(id, &[("what", what.into())])
}

/// What was made of a student, in words.
pub fn made(texts: &Texts, pipeline: &Pipeline) -> String {
    match pipeline.0[..] {
        [] => texts.get("stage-none"),
        _ => pipeline.0.iter().map(|stage| treatment_name(texts, stage)).collect::<Vec<_>>().join(" → "),
    }
}

/// What a class is called: a digit, a garment, or a letter for points.
pub fn class_name(texts: &Texts, data: DataSet, class: usize) -> String {
    match data.class_names() {
        ClassNames::Digits | ClassNames::None => class.to_string(),
        ClassNames::Letters => char::from(b'A' + class as u8).to_string(),
        ClassNames::Words => texts.with(&format!("{data}-class"), &[("class", class.into())]),
    }
}

/// How long training all networks takes, measured here in seconds, and on a slower computer.
pub fn training_time(texts: &Texts, here: f64) -> String {
    /// A school's old laptop against a new one. The text says so: it is a ratio, not a measurement.
    const SLOWER: f64 = 4.0;
    let seconds = |seconds: f64| number(texts, seconds, if seconds < 9.95 { 1 } else { 0 }).into();
    texts.with("time-here", &[("here", seconds(here)), ("slow", seconds(SLOWER * here))])
}

/// A stage that makes no sense, and why.
pub fn disorder_text(texts: &Texts, place: usize, error: PipelineError) -> String {
    let reason = texts.get(&format!("disorder-{}", error.word()));
    texts.with("bench-disorder", &[("place", (place + 1).into()), ("reason", reason.into())])
}

/// What is wrong with a file, to follow its name.
pub fn file_problem(texts: &Texts, problem: &FileProblem) -> String {
    let (word, values) = problem.word();
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str().into())).collect();
    texts.with(&format!("file-problem-{word}"), &values)
}

/// Which files were no part of a data set; of many the first few.
pub fn passed_over_files(texts: &Texts, names: &[String]) -> String {
    /// A folder may hold thousands.
    const MOST: usize = 4;
    let named: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    let more = names.len() - named.len();
    texts.with(
        "files-passed-over",
        &[("files", named.join(texts.language.comma()).into()), ("more", (more as u32).into())],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;
    use retort_spec::{Architecture, DataSet, Labels, Scheme};

    #[test]
    fn a_run_is_named_by_what_differs() {
        let texts = Texts::new(Language::English);
        assert_eq!(run_name(&texts, None, &Experiment::default()), "Defaults");
        let warm = Experiment { temperature: 8.0, labels: Labels::Count(20), ..Experiment::default() };
        assert_eq!(run_name(&texts, None, &warm), "Labels 20, T 8");
        let wide = Experiment { student: Architecture::mlp([64]), ..Experiment::for_data(DataSet::Moons) };
        assert_eq!(run_name(&texts, None, &wide), "Moons, Student: Network 64");
    }

    #[test]
    fn a_run_is_named_by_what_differs_from_the_one_before() {
        let texts = Texts::new(Language::English);
        let warm = Experiment { temperature: 8.0, labels: Labels::Count(20), ..Experiment::default() };
        let warmer = Experiment { temperature: 20.0, ..warm.clone() };
        assert_eq!(run_name(&texts, Some(&warm), &warmer), "T 20");
        assert_eq!(run_name(&texts, Some(&warmer), &Experiment::default()), "Labels 50, T 2", "back to the defaults");
        assert_eq!(run_name(&texts, Some(&warm), &warm), "Labels 20, T 8", "nothing differs");
        // Moons have networks of their own, which nobody chose.
        let moons = Experiment { temperature: 8.0, ..Experiment::for_data(DataSet::Moons) };
        assert_eq!(run_name(&texts, Some(&Experiment::default()), &moons), "Moons, T 8");
    }

    #[test]
    fn a_scheme_is_named_and_what_means_nothing_in_it_is_not() {
        let texts = Texts::new(Language::English);
        let peers = Experiment { dropout: 0.5, ..Experiment::usual(DataSet::Digits8, Scheme::Mutual) };
        assert_eq!(run_name(&texts, None, &peers), texts.get("scheme-mutual"));
        assert_eq!(run_name(&texts, Some(&Experiment::default()), &peers), texts.get("scheme-mutual"));
    }

    #[test]
    fn networks_of_one_role_are_numbered() {
        let texts = Texts::new(Language::English);
        let names = |scheme| {
            let plan = Experiment { members: 2, ..Experiment::usual(DataSet::Digits8, scheme) }.plan();
            plan.ids().map(|id| network_name(&texts, &plan, id)).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(names(Scheme::Offline), "Teacher, Student, alone, Student, distilled");
        assert_eq!(names(Scheme::Mutual), "Student, alone, Student 1, Student 2, Ensemble");
        assert_eq!(names(Scheme::Soup), "Start, Network 1, Network 2, Average, Ensemble");
        assert_eq!(names(Scheme::EarlyStopped), "Teacher 1, Teacher 2, Student, control, Student, distilled");
    }

    #[test]
    fn a_long_name_says_that_there_is_more() {
        let texts = Texts::new(Language::Chinese);
        let other =
            Experiment { seed: 2, batch: 8, dropout: 0.5, jitter: 1, temperature: 3.0, ..Experiment::default() };
        assert_eq!(differences(&other).len(), 5);
        assert_eq!(run_name(&texts, None, &other), "随机种子 2，批次大小 8，Dropout 比率 0.5，抖动 1，…");
    }
}
