//! `retort table tasks`: sequences and regression, each teacher beside its students and their controls.

use std::{
    fmt::Write as _,
    io::{Write, stderr, stdout},
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Arg, ArgMatches, Command, value_parser};
use retort_sequences::{
    nets::Network,
    tasks::{self, Language, Task},
    train::{
        MetricKind, Phase, PlanError, Study, StudyEvent, Tested,
        presets::{self, noise},
    },
};
use retort_spec::{DataSet, Spread};

use crate::{Failure, text};

/// A task and the phases in which its networks learn.
type Planned = Result<(Task, Vec<Phase>), Failure>;

/// A table: a task, and what is trained for it.
struct Section {
    /// The name of its mark in the document.
    mark: &'static str,
    metrics: &'static [MetricKind],
    plan: fn() -> Planned,
}

const CLASSES: &[MetricKind] = &[MetricKind::Accuracy, MetricKind::HeldOutLoss];
const NUMBERS: &[MetricKind] = &[MetricKind::RootMeanSquare, MetricKind::Explained];
const TEXTS: &[MetricKind] = &[
    MetricKind::HeldOutLoss,
    MetricKind::TeacherLoss,
    MetricKind::PairEntropy,
    MetricKind::MeanLength,
    MetricKind::Acceptance,
];
const BRACKETS: &[MetricKind] = &[
    MetricKind::Legal,
    MetricKind::Ends,
    MetricKind::Valid,
    MetricKind::MeanLength,
    MetricKind::HeldOutLoss,
    MetricKind::TeacherLoss,
];

const SECTIONS: [Section; 10] = [
    Section { mark: "opinions", metrics: CLASSES, plan: || Ok(opinions(Language::English)) },
    Section { mark: "opinions-chinese", metrics: CLASSES, plan: || Ok(opinions(Language::Chinese)) },
    Section {
        mark: "pretraining",
        metrics: CLASSES,
        plan: || {
            let task = tasks::opinions(Language::English);
            let phases = presets::opinions_pretraining(&task);
            Ok((task, phases))
        },
    },
    Section {
        mark: "places",
        metrics: CLASSES,
        plan: || {
            let task = tasks::places();
            let phases = presets::places(&task);
            Ok((task, phases))
        },
    },
    Section {
        mark: "names",
        metrics: TEXTS,
        plan: || {
            let task = tasks::names();
            let phases = presets::names(&task);
            Ok((task, phases))
        },
    },
    Section {
        mark: "brackets",
        metrics: BRACKETS,
        plan: || {
            let task = tasks::brackets();
            let phases = presets::brackets(&task);
            Ok((task, phases))
        },
    },
    Section { mark: "curve-few", metrics: NUMBERS, plan: || Ok(curve(false)) },
    Section { mark: "curve-all", metrics: NUMBERS, plan: || Ok(curve(true)) },
    Section { mark: "table-few", metrics: NUMBERS, plan: || friedman(false) },
    Section { mark: "table-all", metrics: NUMBERS, plan: || friedman(true) },
];

fn opinions(language: Language) -> (Task, Vec<Phase>) {
    let task = tasks::opinions(language);
    let data = if language == Language::English { DataSet::Opinions } else { DataSet::OpinionsChinese };
    let phases = presets::opinions(&task, data);
    (task, phases)
}

fn curve(all_labels: bool) -> (Task, Vec<Phase>) {
    let task = tasks::curve(noise(DataSet::Curve));
    let phases = presets::regression(&task, DataSet::Curve, all_labels);
    (task, phases)
}

fn friedman(all_labels: bool) -> Planned {
    let failure = |error: tasks::TableError| Failure::TaskPlan { task: "table", reason: error.to_string() };
    let task = tasks::friedman(noise(DataSet::Friedman)).map_err(failure)?.task;
    let phases = presets::regression(&task, DataSet::Friedman, all_labels);
    Ok((task, phases))
}

/// What a network came to, seed by seed.
struct Row {
    network: String,
    weights: usize,
    metrics: Vec<(MetricKind, Vec<f64>)>,
}

/// The command's arguments.
pub fn command() -> Command {
    let number = |name: &'static str| Arg::new(name).long(name).value_name("COUNT").default_value("3");
    Command::new("tasks").about("Every task of sequences and of regression: teachers, students and controls").args([
        number("seeds").value_parser(value_parser!(u32).range(1..=20)),
        Arg::new("task").long("task").value_parser(SECTIONS.map(|section| section.mark)).help("All unless given"),
        Arg::new("into")
            .long("into")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("Writes each table into this file, behind its line '<!-- measured: TASK -->'"),
    ])
}

/// Prints the tables, or writes them into a file.
pub fn table(matches: &ArgMatches) -> Result<(), Failure> {
    let seeds = *matches.get_one::<u32>("seeds").unwrap_or(&3);
    let asked = text(matches, "task");
    for section in SECTIONS.iter().filter(|section| asked.is_none_or(|asked| asked == section.mark)) {
        let table = measure(section, seeds)?;
        match matches.get_one::<PathBuf>("into") {
            Some(path) => {
                let failure = |error: std::io::Error| Failure::File {
                    path: path.display().to_string(),
                    reason: error.to_string(),
                };
                let before = std::fs::read_to_string(path).map_err(failure)?;
                std::fs::write(path, replaced(&before, section.mark, &table)).map_err(failure)?;
            }
            None => write!(stdout(), "\n## `{}`\n\n{table}", section.mark)?,
        }
    }
    Ok(())
}

/// A text with a table behind its mark, up to the next empty line behind a table or the next mark.
fn replaced(text: &str, mark: &str, table: &str) -> String {
    let mark = format!("<!-- measured: {mark} -->\n");
    let Some((before, behind)) = text.split_once(&mark) else { return text.to_owned() };
    let is_table = |line: &&str| line.trim().is_empty() || line.starts_with('|');
    let old: usize = behind.split_inclusive('\n').take_while(is_table).map(str::len).sum();
    let rest = &behind[old..];
    let space = if rest.is_empty() { "" } else { "\n" };
    format!("{before}{mark}\n{table}{space}{rest}")
}

/// What a network came to with one seed.
struct Trained {
    network: String,
    weights: usize,
    tested: Tested,
}

/// Carries a section's plan out with each seed, all at once, and makes a table.
fn measure(section: &Section, seeds: u32) -> Result<String, Failure> {
    let start = Instant::now();
    let trained: Result<Vec<Vec<Trained>>, Failure> = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..=seeds).map(|seed| scope.spawn(move || carry_out(section, seed))).collect();
        let ended = workers.into_iter().map(|worker| worker.join());
        let stopped = |_| Failure::TaskPlan { task: section.mark, reason: "a thread stopped".into() };
        ended.map(|result| result.map_err(stopped)?).collect()
    });
    let mut rows: Vec<Row> = Vec::new();
    for Trained { network, weights, tested } in trained?.into_iter().flatten() {
        let at = rows.iter().position(|row| row.network == network).unwrap_or_else(|| {
            let metrics = section.metrics.iter().map(|&kind| (kind, Vec::new())).collect();
            rows.push(Row { network, weights, metrics });
            rows.len() - 1
        });
        for (kind, values) in &mut rows[at].metrics {
            let of = tested.metrics.iter().find(|metric| metric.kind == *kind);
            values.extend(of.map(|metric| metric.value));
        }
    }
    writeln!(stderr(), "{}: {:.1} s", section.mark, start.elapsed().as_secs_f64())?;
    let mut table = String::new();
    let heads: Vec<&str> = section.metrics.iter().map(|&kind| head(kind)).collect();
    let _ = writeln!(table, "| | weights | {} |", heads.join(" | "));
    let _ = writeln!(table, "| --- | --- |{}", " --- |".repeat(heads.len()));
    for Row { network, weights, metrics } in rows {
        let cells: Vec<String> = metrics.into_iter().map(|(kind, values)| cell(kind, values)).collect();
        if cells.iter().any(|cell| cell != "–") {
            let _ = writeln!(table, "| {network} | {weights} | {} |", cells.join(" | "));
        }
    }
    Ok(table)
}

/// Carries a section's plan out with one seed.
fn carry_out(section: &Section, seed: u32) -> Result<Vec<Trained>, Failure> {
    let (task, phases) = (section.plan)()?;
    let failure = |error: PlanError| Failure::TaskPlan { task: section.mark, reason: error.to_string() };
    let mut study = Study::new(task, phases, seed).map_err(failure)?;
    let mut trained = Vec::new();
    while study.is_running() {
        for event in study.advance(Duration::from_secs(1)) {
            if let StudyEvent::Finished { network, tested, .. } = event {
                writeln!(stderr(), "{}: seed {seed}, {network}", section.mark)?;
                let weights = study.network(&network).map_or(0, |network: &mut Network| network.weights.count());
                trained.push(Trained { network, weights, tested });
            }
        }
    }
    Ok(trained)
}

fn head(kind: MetricKind) -> &'static str {
    match kind {
        MetricKind::Accuracy => "accuracy %",
        MetricKind::HeldOutLoss => "held-out loss",
        MetricKind::RootMeanSquare => "root of the mean squared error",
        MetricKind::Explained => "variance explained %",
        MetricKind::TeacherLoss => "teacher's loss of its texts",
        MetricKind::PairEntropy => "entropy of pairs",
        MetricKind::MeanLength => "mean length",
        MetricKind::Legal => "no wrong token %",
        MetricKind::Ends => "ended in time %",
        MetricKind::Valid => "both %",
        MetricKind::Acceptance => "accepted drafts %",
    }
}

/// Mean and spread; shares in percent.
fn cell(kind: MetricKind, values: Vec<f64>) -> String {
    if values.is_empty() {
        return "–".into();
    }
    let Spread { mean, deviation, .. } = Spread::of(values);
    match kind {
        MetricKind::Accuracy
        | MetricKind::Explained
        | MetricKind::Legal
        | MetricKind::Ends
        | MetricKind::Valid
        | MetricKind::Acceptance => format!("{:.1} ± {:.1}", 100.0 * mean, 100.0 * deviation),
        MetricKind::MeanLength | MetricKind::PairEntropy => format!("{mean:.2} ± {deviation:.2}"),
        MetricKind::HeldOutLoss | MetricKind::RootMeanSquare | MetricKind::TeacherLoss => {
            format!("{mean:.3} ± {deviation:.3}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_can_be_carried_out() {
        for section in &SECTIONS {
            let (task, phases) = (section.plan)().unwrap();
            assert_eq!(Study::new(task, phases, 1).err(), None, "{}", section.mark);
        }
    }

    #[test]
    fn a_table_takes_the_place_of_the_one_before() {
        let text = "# A\n\n<!-- measured: b -->\n\n| old |\n\nkept\n";
        let new = replaced(text, "b", "| new |\n");
        assert_eq!(new, "# A\n\n<!-- measured: b -->\n\n| new |\n\nkept\n");
        assert_eq!(replaced(&new, "b", "| new |\n"), new);
        assert_eq!(replaced("<!-- measured: b -->\n", "b", "| new |\n"), "<!-- measured: b -->\n\n| new |\n");
    }
}
