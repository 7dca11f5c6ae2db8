//! `retort run`.

use std::{
    io::{IsTerminal, Write, stderr},
    time::Duration,
};

use clap::ArgMatches;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use retort_spec::{
    Block, Command, CompressionResult, Event, Experiment, KNOBS, Measured, NetworkId, Output, PAGE_KEYS, Plan, Problem,
    ProblemKind, Progress, Spread, Verdict, WorkbenchEvent, decode, link,
};
use serde_json::{Map, Value, json};

use crate::{
    Failure, data_folder,
    local_driver::{LocalDriver, LocalEngine},
    text,
};

/// How long the engine trains before the progress bar moves.
const TICK: Duration = Duration::from_millis(100);

/// What is kept of the events for the last line.
#[derive(Default)]
struct Results {
    measured: Vec<Measured>,
    compressed: Vec<Vec<CompressionResult>>,
    verdict: Option<Verdict>,
    /// Each run's network in the scheme that the knobs choose, as the page packs it.
    chosen: Vec<CompressionResult>,
    /// What each stage of the pipeline left, run after run.
    stages: Vec<CompressionResult>,
}

/// Runs an experiment to its end and writes what came of it.
pub fn run(matches: &ArgMatches, out: &mut dyn Write) -> Result<(), Failure> {
    let mut experiment = experiment(matches, &[])?;
    let mut driver = LocalDriver::new(LocalEngine::of(&experiment)?);
    data_folder::give(matches, &mut driver, &experiment)?;
    let mut events = driver.handle(Command::Run(experiment.clone()));
    for event in &events {
        if let Event::Adapted(knobs) = event {
            eprintln!("retort: set for this table: {}", knobs.replace('&', " "));
            experiment = experiment.adapted(knobs);
        }
    }
    let json = matches.get_flag("json");
    let bar = bar("{msg:>24} {wide_bar} {pos}/{len} steps, {eta} left");
    let plan = experiment.plan();
    match json {
        true => writeln!(out, "{}", json!({ "event": "plan", "plan": plan }))?,
        false => write!(out, "{}", plan_lines(&plan))?,
    }
    let mut results = Results::default();
    loop {
        for event in std::mem::take(&mut events) {
            if json && let Some(line) = line(&event) {
                writeln!(out, "{line}")?;
            }
            match event {
                Event::Error(trouble) => return Err(Failure::EngineError(trouble)),
                Event::Progress(progress) => show(&bar, &plan, &progress),
                Event::Measured(measured) => results.measured.push(measured),
                Event::Workbench(WorkbenchEvent::Compressed { rows, .. }) => results.compressed.push(rows),
                Event::Verdict(verdict) => results.verdict = Some(verdict),
                _ => {}
            }
        }
        if !driver.is_running() {
            break;
        }
        events = driver.advance(TICK);
    }
    // Networks of sequences have no layers for the workbench.
    let runs = if experiment.data.is_of_sequences() { 0 } else { experiment.runs };
    for run in 0..runs {
        results.chosen.extend(driver.quantize(&experiment, run)?);
    }
    for report in compressed_further(&mut driver, &experiment)? {
        if json {
            writeln!(out, "{}", stage_line(&report))?;
        }
        results.stages.push(report);
    }
    bar.finish_and_clear();
    match json {
        true => writeln!(out, "{}", summary(&experiment, &results))?,
        false => writeln!(out, "{}", report(&experiment, &results))?,
    }
    Ok(())
}

/// Carries out the experiment's pipeline on every run's network; what each stage left.
fn compressed_further(driver: &mut LocalDriver, experiment: &Experiment) -> Result<Vec<CompressionResult>, Failure> {
    let mut stages = Vec::new();
    let runs = if experiment.compress.0.is_empty() { 0 } else { experiment.runs };
    for run in 0..runs {
        for report in driver.compress(experiment, run, &experiment.compress) {
            match report {
                WorkbenchEvent::Stage { done, .. } => stages.push(*done),
                WorkbenchEvent::Ended { reason: Some(reason), .. } => {
                    return Err(Failure::PipelineEnd(format!("{reason:?}")));
                }
                _ => {}
            }
        }
    }
    Ok(stages)
}

/// A stage as a line of JSON.
fn stage_line(done: &CompressionResult) -> Value {
    json!({
        "event": "stage", "made": done.pipeline.to_string(), "bytes": done.bytes, "parts": done.breakdown,
        "accuracy": percent(done.accuracy), "sparsity": percent(done.sparsity), "seconds": done.seconds,
        "layouts": done.layouts,
    })
}

/// The experiment of a link and of flags. A flag counts instead of the link's pair. Keys in `foreign` are the command's
/// own.
pub fn experiment(matches: &ArgMatches, foreign: &[&str]) -> Result<Experiment, Failure> {
    // Flags stand first, and the first of two equal keys counts.
    let flags = KNOBS.iter().filter_map(|knob| text(matches, knob.key).map(|value| (knob.key, value)));
    let mut query: Vec<String> = flags.map(|(key, value)| format!("{key}={value}")).collect();
    let given: Vec<&str> = KNOBS.iter().map(|knob| knob.key).filter(|key| text(matches, key).is_some()).collect();
    let link = link::pairs(text(matches, "experiment").unwrap_or_default());
    let kept = link.iter().filter(|(key, _)| !given.iter().any(|given| given.eq_ignore_ascii_case(key)));
    query.extend(kept.map(|(key, value)| format!("{key}={value}")));
    let decoded = decode(&query.join("&"), &[PAGE_KEYS, foreign].concat());
    match &decoded.problems[..] {
        [] => Ok(decoded.experiment),
        problems => {
            let problems: Vec<String> = problems.iter().map(problem).collect();
            Err(Failure::BadExperiment(problems.join("\n  ")))
        }
    }
}

/// What is wrong with a pair. The page goes on with another value, and the program does not.
fn problem(problem: &Problem) -> String {
    let Problem { key, value, kind, .. } = problem;
    match kind {
        ProblemKind::NewerVersion { known } => {
            format!("{key}={value}: made by a newer version than {known}; leave {key} out to use what is known of it")
        }
        ProblemKind::GivenTwice => format!("{key}={value}: given twice"),
        _ => format!("{key}={value}: {kind}"),
    }
}

/// A bar on a terminal, nothing in a pipe.
pub fn bar(template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    if !stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}

fn show(bar: &ProgressBar, plan: &Plan, progress: &Progress) {
    let what = match progress.phase {
        Some(phase) => names(plan.learners(phase)),
        None => "compressed network".into(),
    };
    bar.set_message(format!("run {}/{}: {what}", progress.run + 1, progress.runs));
    bar.set_length(progress.steps.into());
    bar.set_position(progress.step.into());
}

/// The names of some networks; of many only how many they are.
fn names(ids: impl Iterator<Item = NetworkId>) -> String {
    let names: Vec<String> = ids.map(|id| id.to_string()).collect();
    if names.len() > 3 { format!("{} networks", names.len()) } else { names.join(" and ") }
}

/// Who teaches whom, a line a phase.
fn plan_lines(plan: &Plan) -> String {
    let mut text = String::new();
    for phase in &plan.phases {
        for supervision in &phase.learners {
            let teachers: Vec<String> = supervision.teachers.iter().map(|(id, _)| id.to_string()).collect();
            let from = if teachers.is_empty() { "labels".into() } else { teachers.join(", ") };
            let architecture = plan.network(supervision.learner).map(|network| network.architecture.to_string());
            let architecture = architecture.unwrap_or_default();
            text += &format!(
                "{:<12} {architecture:<12} {:>4} epochs, from {from}\n",
                supervision.learner.to_string(),
                phase.epochs
            );
        }
    }
    for network in plan.networks.iter().filter(|network| !network.origin.is_trained()) {
        let members: Vec<String> = network.origin.members().iter().map(ToString::to_string).collect();
        text += &format!("{:<12} the mean of {}\n", network.id.to_string(), members.join(", "));
    }
    text + "\n"
}

/// An event as a line of JSON; accuracies in percent, logits left out.
fn line(event: &Event) -> Option<Value> {
    Some(match event {
        Event::Progress(progress) => json!({ "event": "progress", "tally": progress }),
        Event::Point(point) => json!({
            "event": "point", "run": point.run, "network": point.network_id, "epoch": point.epoch, "step": point.step,
            "train_loss": point.train_loss,
            "train_accuracy": point.train_accuracy.map(percent), "test_loss": point.test_loss, "test_accuracy": percent(point.test_accuracy),
        }),
        Event::Terms(terms) => json!({
            "event": "terms", "run": terms.run, "network": terms.network_id, "epoch": terms.epoch, "step": terms.step,
            "terms": terms.values.iter().cloned().collect::<std::collections::BTreeMap<String, f64>>(),
        }),
        Event::Measured(measured) => json!({
            "event": "measured", "run": measured.run, "network": measured.network_id, "accuracy": percent(measured.accuracy),
            "agreement": measured.agreement.map(percent), "calibration_error": percent(measured.calibration_error),
            "parameters": measured.parameters, "bytes": measured.bytes, "seconds": measured.seconds,
        }),
        Event::Exhibit(exhibit) => {
            // Pictures are for the page.
            let is_told = |block: &&Block| matches!(block, Block::Table { .. } | Block::Note(_));
            let blocks: Vec<&Block> = exhibit.blocks.iter().filter(is_told).collect();
            json!({ "event": "exhibit", "place": exhibit.place, "blocks": blocks })
        }
        Event::Error(trouble) => json!({ "event": "trouble", "message": trouble.to_string() }),
        _ => return None,
    })
}

fn summary(experiment: &Experiment, results: &Results) -> Value {
    let mut summary = Map::new();
    summary.insert("event".into(), json!("result"));
    summary.insert("experiment".into(), json!(retort_spec::encode(experiment)));
    for network_id in experiment.plan().ids() {
        let of_network = || results.measured.iter().filter(move |measured| measured.network_id == network_id);
        let Some(first) = of_network().next() else { continue };
        let accuracy = Spread::of(of_network().map(|measured| percent(measured.accuracy)).collect());
        let classes = 0..first.per_class_accuracy.len();
        let of_class =
            |class: usize| Spread::of(of_network().map(|m| percent(m.per_class_accuracy[class])).collect()).mean;
        let mean = |number: fn(&Measured) -> f64| Spread::of(of_network().map(number).collect()).mean;
        let mut entry = json!({
            "accuracy": accuracy.mean,
            "accuracy_deviation": accuracy.deviation,
            "accuracies": accuracy.values,
            "per_class_accuracy": classes.map(of_class).collect::<Vec<f64>>(),
            "calibration_error": percent(mean(|measured| measured.calibration_error)),
            "parameters": first.parameters,
            "bytes": first.bytes,
            "seconds": mean(|measured| measured.seconds),
        });
        if first.agreement.is_some() {
            entry["agreement"] = json!(percent(mean(|measured| measured.agreement.unwrap_or(f64::NAN))));
        }
        summary.insert(network_id.to_string(), entry);
    }
    if let Some(verdict) = &results.verdict {
        summary.insert(
            "verdict".into(),
            json!({ "outcome": verdict.outcome, "p_value": verdict.p_value, "examples": verdict.examples }),
        );
    }
    summary.insert("compressed".into(), compressed(results).into_iter().map(|(row, accuracy)| {
        {
        let scheme = row.quant_scheme();
        json!({
            "scheme": row.pipeline, "bits": scheme.map(|scheme| scheme.bits), "granularity": scheme.map(|scheme| scheme.granularity),
            "bytes": row.bytes, "accuracy": accuracy,
        })
        }
    }).collect());
    if let (Some(row), accuracy) = chosen(results) {
        let chosen = json!({ "scheme": row.pipeline.to_string(), "bytes": row.bytes, "accuracy": accuracy });
        summary.insert("chosen".into(), chosen);
    }
    Value::Object(summary)
}

/// The first run's network in the scheme that the knobs choose, and its accuracy in percent, mean over runs.
fn chosen(results: &Results) -> (Option<&CompressionResult>, f64) {
    let accuracies = results.chosen.iter().map(|row| percent(row.accuracy)).collect();
    (results.chosen.first(), Spread::of(accuracies).mean)
}

/// Each scheme with its accuracy in percent, mean over runs.
fn compressed(results: &Results) -> Vec<(CompressionResult, f64)> {
    let rows = results.compressed.first().cloned().unwrap_or_default();
    let mean =
        |index: usize| Spread::of(results.compressed.iter().map(|run| percent(run[index].accuracy)).collect()).mean;
    rows.into_iter().enumerate().map(|(index, row)| (row, mean(index))).collect()
}

/// The same for a person.
fn report(experiment: &Experiment, results: &Results) -> String {
    let Some(verdict) = &results.verdict else { return String::new() };
    let score = match experiment.output() {
        Output::Classes => "of test examples right",
        Output::NextToken => "probability of the next token",
        Output::Number => "of the variance explained",
    };
    let row = |name: &str, spread: &Spread| {
        format!("{name:<10} {:6.2} % {score} (± {:.2})\n", percent(spread.mean), percent(spread.deviation))
    };
    let mut text: String = verdict.accuracies.iter().map(|(id, spread)| row(&id.to_string(), spread)).collect();
    text += &format!(
        "verdict    {} against {}: {:?}, p = {:.2e}, {} test examples\n\n",
        verdict.product, verdict.control, verdict.outcome, verdict.p_value, verdict.examples
    );
    text += " format  granularity     bytes  accuracy\n";
    for (row, accuracy) in compressed(results) {
        if let Some(scheme) = row.quant_scheme() {
            let (bits, granularity) = (scheme.bits.word(), scheme.granularity.word());
            text += &format!("{bits:>7}  {granularity:<11} {:>9}  {accuracy:6.2} %\n", row.bytes);
        }
    }
    if let (Some(row), accuracy) = chosen(results) {
        let scheme = row.pipeline.to_string();
        text += &format!("\nchosen by the knobs: {scheme}, ");
        text += &format!("{} bytes, {accuracy:.2} %\n", row.bytes);
    }
    if !results.stages.is_empty() {
        text += "\n    bytes  accuracy  seconds  stages\n";
    }
    for stage in &results.stages {
        let (accuracy, seconds) = (percent(stage.accuracy), stage.seconds);
        text += &format!("{:>9}  {accuracy:6.2} %  {seconds:7.2}  {}\n", stage.bytes, stage.pipeline);
    }
    text
}

fn percent(share: f64) -> f64 {
    100.0 * share
}

#[cfg(test)]
mod tests;
